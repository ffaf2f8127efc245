"""Weights of evidence and a forest over a country, beside NumPy and plain scikit-learn.

    python -m benchmarks.prospectivity [--cells 45_000_000] [--trees 100] [--rounds 3]

The evidence is what the embedded layers say of Mongolia (height, slope, distance to rivers,
lakes, roads and towns) on as many cells, written to files beforehand; deposits are drawn from
a known surface over it, for none are needed to tell the time. Every run is a process of its
own, the contenders take turns, and the memory is what a process takes at its peak beyond what
it had with its libraries loaded.

`weights` counts the six layers in eight classes each, cuts each in two, and writes the
probability and its deviation. `forest` writes the probability by a forest from the six layers
as they are; `classes` from their classes. NumPy and scikit-learn get what a competent user
writes: whole arrays, a table by class, all processors.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

TASKS = ("weights", "forest", "classes")
SIDES = ("usual", "ours")
LAYERS = 6
CLASSES = 8
CUT = 4
BLOCK = 1 << 18
WIDE = 1 << 21


def make(folder: Path, cells: int) -> None:
    """Write evidence, its classes and the deposits, flat, to files."""
    from geo.catalogue import Catalogue, embedded_folders, read_raster, read_vector, to_grid
    from geo.criteria.proximity import distance_to_nearest
    from geo.criteria.terrain import slope
    from geo.grid import inside, make_grid

    catalogue = Catalogue.open(*embedded_folders())
    region = read_vector(catalogue["boundary-mongolia"])
    coarse = int(np.prod(make_grid(region, 10_000).shape)) * 1e8
    grid = make_grid(region, float(round((coarse / cells) ** 0.5)))
    within = np.asarray(inside(grid, region)).ravel()
    relief = to_grid(read_raster(catalogue["relief"]), grid)

    def near(name: str) -> Callable[[], Any]:
        return lambda: distance_to_nearest(read_vector(catalogue[name]).to_crs(str(grid.crs)), grid)

    lines = ("rivers-mongolia", "lakes-mongolia", "trunk-roads", "towns-mongolia")
    surfaces = [lambda: relief, lambda: slope(relief), *map(near, lines)]
    logit = np.zeros(within.size, dtype=np.float32)
    for number, surface in enumerate(surfaces):
        values = np.where(within, surface().to_numpy().ravel(), np.nan).astype(np.float32)
        values.tofile(folder / f"values{number}")
        sample = values[:: max(1, values.size // 100_000)]
        breaks = np.nanquantile(sample, np.arange(1, CLASSES) / CLASSES)
        # Unknown is class 0.
        classes = np.where(np.isnan(values), 0, np.searchsorted(breaks, values) + 1)
        classes.astype(np.uint8).tofile(folder / f"classes{number}")
        logit += np.where(classes <= CUT, 0.5, -0.5).astype(np.float32)
    chance = np.where(within, np.exp(logit), 0)
    chance *= 1000 / chance.sum()
    deposits = np.random.default_rng(1).random(within.size) < chance
    deposits.tofile(folder / "deposits")
    (folder / "about").write_text(
        json.dumps({"cells": within.size, "side": float(grid.resolution.x)})
    )


def read(folder: Path, name: str, dtype: Any, first: int = 0, count: int = -1) -> Array:
    """Cells of a layer, from one to another."""
    size = np.dtype(dtype).itemsize
    return np.fromfile(folder / name, dtype=dtype, count=count, offset=first * size)


def blocks(folder: Path, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Begin and count of short runs of cells."""
    cells = json.loads((folder / "about").read_text())["cells"]
    return ((first, min(size, cells - first)) for first in range(0, cells, size))


def layers(folder: Path, kind: str, first: int = 0, count: int = -1) -> list[Array]:
    """The evidence, as values or classes."""
    dtype = np.float32 if kind == "values" else np.uint8
    return [read(folder, f"{kind}{number}", dtype, first, count) for number in range(LAYERS)]


def usual_weights(folder: Path) -> None:
    """Whole arrays; counts by bincount; a table by class put on the cells."""
    deposits = read(folder, "deposits", bool)
    evidence = layers(folder, "classes")
    known = np.ones(deposits.size, dtype=bool)
    for one in evidence:
        known &= one > 0
    cells, found = int(known.sum()), int(deposits[known].sum())
    logit = np.full(deposits.size, np.log(found / (cells - found)), dtype=np.float32)
    variance = np.full(deposits.size, 1 / found, dtype=np.float32)
    for one in evidence:
        n = np.bincount(one, minlength=CLASSES + 1)[1:]
        d = np.bincount(one[deposits], minlength=CLASSES + 1)[1:]
        n_in, d_in = np.cumsum(n)[CUT - 1], np.cumsum(d)[CUT - 1]
        n_out, d_out = n.sum() - n_in, d.sum() - d_in
        barren = n.sum() - d.sum()
        plus = np.log(d_in / d.sum()) - np.log((n_in - d_in) / barren)
        minus = np.log(d_out / d.sum()) - np.log((n_out - d_out) / barren)
        weights = np.r_[np.nan, [plus] * CUT, [minus] * (CLASSES - CUT)].astype(np.float32)
        s_plus, s_minus = 1 / d_in + 1 / (n_in - d_in), 1 / d_out + 1 / (n_out - d_out)
        spread = np.r_[np.nan, [s_plus] * CUT, [s_minus] * (CLASSES - CUT)].astype(np.float32)
        logit += weights[one]
        variance += spread[one]
    probability = 1 / (1 + np.exp(-logit))
    probability.tofile(folder / "usual-weights")
    (probability * np.sqrt(variance)).tofile(folder / "deviation")


def our_weights(folder: Path) -> None:
    """Counts and answers by unique condition, block by block."""
    from geo.minerals.conditions import Conditions
    from geo.minerals.prospectivity import weights_of_counts

    tables = [np.zeros((2, CLASSES + 1), dtype=np.int64) for _ in range(LAYERS)]
    counted = Conditions(LAYERS)
    for first, count in blocks(folder):
        deposits = read(folder, "deposits", bool, first, count)
        evidence = layers(folder, "classes", first, count)
        for one, numbers in zip(evidence, tables, strict=True):
            numbers += [np.bincount(part, minlength=CLASSES + 1) for part in (one, one[deposits])]
        counted.add([np.ma.array(one <= CUT, mask=one == 0) for one in evidence], deposits)
    for n, d in tables:
        weights_of_counts(np.arange(1, CLASSES + 1), n[1:], d[1:], method="ascending")
    fitted = counted.fit()
    with (
        (folder / "ours-weights").open("wb") as probability,
        (folder / "deviation").open("wb") as deviation,
    ):
        for first, count in blocks(folder):
            evidence = layers(folder, "classes", first, count)
            given = [np.ma.array(one <= CUT, mask=one == 0) for one in evidence]
            found, spread, missing = fitted.on(given)
            found.astype(np.float32).tofile(probability)
            np.hypot(spread, missing).astype(np.float32).tofile(deviation)


def sample(folder: Path, kind: str) -> tuple[list[Array], Array]:
    """All deposits and ten thousand other cells, all evidence known."""
    evidence, deposits = layers(folder, kind), read(folder, "deposits", bool)
    known = np.all([~np.isnan(one) if kind == "values" else one > 0 for one in evidence], axis=0)
    draw = np.random.default_rng(2)
    rest = draw.choice(np.flatnonzero(known & ~deposits), 10_000, replace=False)
    rows = np.sort(np.r_[np.flatnonzero(known & deposits), rest])
    return [one[rows] for one in evidence], deposits[rows]


def grown(folder: Path, trees: int, kind: str) -> Any:
    """A forest as Lodemap grows it, in scikit-learn's own form."""
    from sklearn.ensemble import RandomForestClassifier

    evidence, deposits = sample(folder, kind)
    weight = np.where(deposits, (~deposits).sum() / deposits.sum(), 1.0)
    forest = RandomForestClassifier(
        trees, min_samples_leaf=3, max_samples=2 * int(deposits.sum()), random_state=0
    )
    return forest.fit(np.stack(evidence, axis=1), deposits, sample_weight=weight)


def usual_forest(folder: Path, forest: Any, kind: str) -> None:
    """One table of all cells that are known, and scikit-learn's own prediction."""
    forest.n_jobs = -1
    table = np.stack(layers(folder, kind), axis=1)
    known = ~np.isnan(table).any(axis=1) if kind == "values" else (table > 0).all(axis=1)
    out = np.full(len(table), np.nan, dtype=np.float32)
    out[known] = forest.predict_proba(table[known])[:, 1]
    out.tofile(folder / f"usual-{kind}")


def our_forest(folder: Path, forest: Any, kind: str) -> None:
    """The same trees, block by block."""
    from geo.compute.forest import Trees, mean_of_trees
    from geo.minerals.patterns import on_cells

    laid_out = Trees.of(tree.tree_ for tree in forest.estimators_)
    with (folder / f"ours-{kind}").open("wb") as out:
        for first, count in blocks(folder, WIDE):
            given = layers(folder, kind, first, count)
            found = on_cells(given, lambda rows: mean_of_trees(rows, laid_out))
            if kind == "classes":
                found[np.any([one == 0 for one in given], axis=0)] = np.nan
            found.astype(np.float32).tofile(out)


def one(task: str, side: str, folder: Path, trees: int) -> dict[str, float]:
    """Run one contender here, its libraries loaded and its forest grown before the clock."""
    import_module("geo.minerals.prospectivity")
    kind = "classes" if task == "classes" else "values"
    forest = None if task == "weights" else grown(folder, trees, kind)
    if side == "ours" and forest is not None:
        _warm_up(forest)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, spent = time.perf_counter(), time.process_time()
    if task == "weights":
        {"usual": usual_weights, "ours": our_weights}[side](folder)
    else:
        {"usual": usual_forest, "ours": our_forest}[side](folder, forest, kind)
    seconds, spent = time.perf_counter() - start, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    memory = {"beyond_mb": (peak - before) / 1024, "peak_mb": peak / 1024}
    return {"seconds": seconds, "processor": spent} | memory


def _warm_up(forest: Any) -> None:
    from geo.compute.forest import Trees, mean_of_trees

    mean_of_trees(np.zeros((2, LAYERS), np.float32), Trees.of([forest.estimators_[0].tree_]))


def apart(folder: Path, task: str) -> float:
    """Largest difference of the probabilities of both sides."""
    name = {"weights": "weights", "forest": "values", "classes": "classes"}[task]
    worst = 0.0
    for first, count in blocks(folder):
        usual, ours = (read(folder, f"{side}-{name}", np.float32, first, count) for side in SIDES)
        if (np.isnan(usual) != np.isnan(ours)).any():
            return float("inf")
        worst = max(worst, float(np.nanmax(np.abs(usual - ours), initial=0.0)))
    return worst


def run(options: Sequence[str]) -> str:
    """Run this module in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.prospectivity", *options],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parent.parent,
    )
    return done.stdout.strip().splitlines()[-1] if done.stdout else ""


def main() -> None:
    """Read the arguments; run the contenders in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, default=45_000_000)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=TASKS, nargs="+", default=TASKS)
    parser.add_argument("--one", nargs=3, metavar=("TASK", "SIDE", "FOLDER"))
    parser.add_argument("--make", type=Path)
    args = parser.parse_args()
    if args.make:
        make(args.make, args.cells)
    elif args.one:
        task, side, folder = args.one
        print(json.dumps(one(task, side, Path(folder), args.trees)))
    else:
        compare(args)


def compare(args: argparse.Namespace) -> None:
    """Make the input, let the contenders take turns, print a line a task."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(["--make", name, "--cells", str(args.cells)])
        about = json.loads((folder / "about").read_text())
        print(f"{about['cells']:,} cells of {about['side']:g} m, {args.trees} trees")
        for task in args.only:
            reports: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
            for _ in range(args.rounds):
                for side in SIDES:
                    options = ["--one", task, side, name, "--trees", str(args.trees)]
                    reports[side].append(json.loads(run(options)))
            figures = {
                side: {key: median(one[key] for one in several) for key in several[0]}
                for side, several in reports.items()
            }
            usual, ours = figures["usual"], figures["ours"]
            print(
                f"{task:8} usual {usual['seconds']:7.1f} s {usual['beyond_mb']:6.0f} MB   "
                f"ours {ours['seconds']:7.1f} s {ours['beyond_mb']:6.0f} MB   "
                f"(peak resident {ours['peak_mb']:.0f} MB)   "
                f"ratio {usual['seconds'] / ours['seconds']:.2f} "
                f"(of processor time {usual['processor'] / ours['processor']:.2f})   "
                f"apart {apart(folder, task):.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
