# Two commands set everything up: `make map` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 2
# Test files run side by side; each process may take 2 GB.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help map test check fuzz bench layers docs gallery clean debian

help: ## say what each target does
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The stamps stand for installed environments: the small one runs, the large one also tests. The lock
# files are whole, so nothing is resolved again (pip would look at a newer `coverage[toml]` first).
$(VENV)/run.stamp: requirements/run.txt requirements/build.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/run.txt -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

map: $(VENV)/run.stamp ## build the Mongolia map from the embedded layers, with no network
	$(BIN)/lodemap build maps/mongolia.toml

debian:
	@bash tests/debian.sh

test: $(VENV)/dev.stamp debian ## run every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow" --cov --cov-report=
	$(BIN)/python -m pytest -m slow --cov --cov-append --cov-report=
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not compiled" tests/compute tests/criteria tests/scoring --cov --cov-append --cov-report=
	$(BIN)/python -m coverage report --fail-under=90

check: $(VENV)/dev.stamp debian ## ruff, mypy, import-linter, doctests and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

fuzz: $(VENV)/dev.stamp ## read spoilt files for ten minutes a reader
	$(BIN)/python tests/fuzz/fuzz_run.py --minutes 10

bench: $(VENV)/dev.stamp ## time each stage beside the usual way of doing the same work
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.kernels
	$(BIN)/python -m benchmarks.first_use

layers: $(VENV)/dev.stamp ## rebuild the embedded layers from their sources (needs a network)
	$(BIN)/python -m layers.build

docs: $(VENV)/dev.stamp ## write the generated pages of docs/
	$(BIN)/python docs/generate.py

gallery: $(VENV)/dev.stamp debian map ## take the pictures of the README from the built map
	$(BIN)/python docs/gallery.py

clean: ## remove what was built
	rm -rf $(VENV) dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis maps/mongolia
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
