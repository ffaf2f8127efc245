"""A map built, and built again after one weight changed, each in a process of its own.

    python -m benchmarks.rescore [--recipe maps/mongolia.toml] [--cell 500] [--rounds 3]

Both builds share a folder of kept surfaces that is empty before the first. The kernels are
compiled before anything is timed. Times are of reading the recipe, running it and writing
every output; "cpu" is the processor time of all that, which other work on the machine hardly
changes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

_RECIPE = "maps/mongolia.toml"
_PHASES = ("load", "run", "write", "all", "cpu")
_FACTOR = 1.5


def one(recipe: str, cell: float, cache: str, factor: float) -> dict[str, float]:
    """Build here, the first weight of the first theme times a factor; seconds by phase."""
    import geo

    start = time.perf_counter()
    study = geo.Study.from_toml(recipe, cell_size=cell)
    first, *others = study.recipe.themes
    changed, *rest = first.criteria
    low, central, high = changed.weight
    changed = replace(changed, weight=(factor * low, factor * central, factor * high))
    first = replace(first, criteria=(changed, *rest))
    study.recipe = replace(study.recipe, themes=(first, *others))
    loaded = time.perf_counter()
    result = study.run(cache=cache)
    ran = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result.write(Path(folder) / "out")
        written = time.perf_counter()
    return {
        "load": loaded - start,
        "run": ran - loaded,
        "write": written - ran,
        "all": written - start,
        "cpu": time.process_time(),
    }


def apart(recipe: str, cell: float, cache: str, factor: float) -> dict[str, Any]:
    """Build in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.rescore", "--one", cache]
    command += ["--cell", str(cell), "--factor", str(factor), "--recipe", recipe]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Print seconds of the first build and of the second, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default=_RECIPE)
    parser.add_argument("--cell", type=float, default=500.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--factor", type=float, default=1.0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.recipe, given.cell, given.one, given.factor)))
        return
    with tempfile.TemporaryDirectory() as cache:
        apart(given.recipe, 20_000.0, cache, 1.0)
    rounds = []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as cache:
            rounds.append(
                [apart(given.recipe, given.cell, cache, factor) for factor in (1.0, _FACTOR)]
            )
    print(f"seconds at {given.cell:g} m, medians of {given.rounds}")
    print(f"{'':8}{'first':>8}{'again':>8}{'again/first':>13}")
    for phase in _PHASES:
        first, again = (median(pair[n][phase] for pair in rounds) for n in (0, 1))
        print(f"{phase:8}{first:8.1f}{again:8.1f}{again / first:13.3f}")


if __name__ == "__main__":
    main()
