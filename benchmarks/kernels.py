"""Time every kernel beside the libraries that people use for the same work.

    python -m benchmarks.kernels [--cell-size 1000 500 250] [--rounds 5] [--only cost overlay]

Every run is a process of its own, forked from one that holds the input, and the contenders
take turns. Printed are medians, ratios (above 1: ours is better), the memory that a run takes
beside its input, the greatest relative difference from our result, and the growth of the
time per cell from size to size; then the time of the first call of each kernel with an empty
cache, compilation included. A contender runs as often as fits `--patience`, at least once and
at most as often as we do; the table tells where that was less.
"""

import argparse
import ctypes
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import contenders
from benchmarks.job import COUNT, NEAR, OFF_ROAD, ON_ROAD, SPACING

GROUPS = (
    "proximity", "features", "cost", "random", "maze", "corridor", "overlay", "slope", "peaks",
)  # fmt: skip
_TASK = None


def surfaces(cell):
    """The real layers of Mongolia on a grid, made when asked for."""
    from geo.catalogue import Catalogue, embedded_folders, read_raster, read_vector, to_grid
    from geo.criteria.shapes import mark, usable
    from geo.criteria.terrain import slope
    from geo.criteria.travel import friction_surface
    from geo.grid import as_dataarray, inside, make_grid

    catalogue = Catalogue.open(*embedded_folders())
    region = read_vector(catalogue["boundary-mongolia"])
    grid = make_grid(region, cell)
    layer = lambda name: read_vector(catalogue[name]).to_crs(str(grid.crs))  # noqa: E731
    outside = ~inside(grid, region)

    def raster(name):
        found = read_raster(catalogue[name])
        return to_grid(found.mean("band", keep_attrs=True) if "band" in found.dims else found, grid)

    def marks(name):
        return mark(usable(layer(name), grid, name), grid, touched=True)

    def friction():
        closed = as_dataarray(
            outside | inside(grid, layer("lakes-mongolia")),
            grid,
            name="closed",
            unit="1",
            long_name="Lakes and foreign land",
        )
        made = friction_surface(
            grid,
            base=OFF_ROAD,
            roads=layer("trunk-roads"),
            road_value=ON_ROAD,
            barriers=closed,
            slope=slope(raster("relief")),
        )
        return made.where(~outside).to_numpy()

    return grid, layer, raster, marks, friction, outside


def proximity(cell):
    """Distance to the cells of the trunk roads."""
    from geo.compute.kernels import euclidean_distance

    _, _, _, marks, _, _ = surfaces(cell)
    targets, sides = marks("trunk-roads"), (cell, cell)
    return targets.shape, {
        "ours": lambda: euclidean_distance(targets, sides),
        "scipy": lambda: contenders.proximity_scipy(targets, sides),
        "OpenCV": lambda: contenders.proximity_opencv(targets, sides),
        "GDAL": lambda: contenders.proximity_gdal(targets, sides),
        "xarray-spatial": lambda: contenders.proximity_xrspatial(targets, sides),
    }


def features(cell):
    """Distance to the trunk roads themselves; scipy measures to their raster copy."""
    from geo.criteria.proximity import distance_to_nearest
    from geo.criteria.shapes import mark, usable

    grid, layer, _, _, _, _ = surfaces(cell)
    roads, sides = layer("trunk-roads"), (cell, cell)

    def usual():
        targets = mark(usable(roads, grid, "roads"), grid, touched=True)
        return contenders.proximity_scipy(targets, sides)

    return tuple(grid.shape), {
        "ours": lambda: distance_to_nearest(roads, grid).to_numpy(),
        "scipy": usual,
    }


def costs(friction, sources, cell):
    """Contenders for the accumulated cost."""
    from geo.compute.kernels import accumulated_cost

    sides = (cell, cell)
    return friction.shape, {
        "ours": lambda: accumulated_cost(friction, sources, sides),
        "scikit-image": lambda: contenders.cost_scikit_image(friction, sources, sides),
        "GRASS": lambda: contenders.cost_grass(friction, sources, sides),
        "xarray-spatial": lambda: contenders.cost_xrspatial(friction, sources, sides),
    }


def cost(cell):
    """Accumulated cost from the railways over roads, slopes and lakes."""
    _, _, _, marks, friction, _ = surfaces(cell)
    return costs(friction(), marks("railways"), cell)


def random(cell):
    """Accumulated cost over random friction, as many cells."""
    grid = surfaces(cell)[0]
    rng = np.random.default_rng(1)
    friction = rng.uniform(0.1, 10, tuple(grid.shape)).astype(np.float32)
    sources = np.zeros(friction.shape, dtype=bool)
    sources[rng.integers(0, grid.shape[0], 20), rng.integers(0, grid.shape[1], 20)] = True
    return costs(friction, sources, 1.0)


def maze(cell):
    """Accumulated cost through a maze without circles, as many cells."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree

    grid = surfaces(cell)[0]
    rows, columns = grid.shape[0] // 2, grid.shape[1] // 2
    number = np.arange(rows * columns).reshape(rows, columns)
    one = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    other = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    lot = np.random.default_rng(1).uniform(1, 2, one.size)
    graph = coo_matrix((lot, (one, other)), shape=(number.size, number.size))
    tree = minimum_spanning_tree(graph).tocoo()
    friction = np.full((2 * rows + 1, 2 * columns + 1), np.nan, dtype=np.float32)
    friction[1::2, 1::2] = 1
    (a, b), (c, d) = np.divmod(tree.row, columns), np.divmod(tree.col, columns)
    friction[a + c + 1, b + d + 1] = 1
    sources = np.zeros(friction.shape, dtype=bool)
    sources[1, 1] = True
    return costs(friction, sources, 1.0)


def corridor(cell):
    """Accumulated cost through one winding corridor, five cells wide, of random friction."""
    shape = tuple(surfaces(cell)[0].shape)
    friction = np.random.default_rng(1).uniform(0.5, 2, shape).astype(np.float32)
    for number, row in enumerate(range(5, shape[0] - 1, 6)):
        friction[row, slice(5, None) if number % 2 else slice(0, -5)] = np.nan
    sources = np.zeros(shape, dtype=bool)
    sources[0, 0] = True
    return costs(friction, sources, 1.0)


def overlay(cell):
    """Weighted overlay of ten criteria with exclusions."""
    from benchmarks.job import COST, HEIGHT, SLOPE, SUN
    from geo.compute.kernels import Breakpoints, accumulated_cost, slope, weighted_overlay
    from geo.criteria.proximity import distance_to_nearest

    grid, layer, raster, marks, friction, outside = surfaces(cell)
    height = raster("relief").to_numpy()
    steep = slope(height, (cell, cell))
    dear = accumulated_cost(friction(), marks("railways"), (cell, cell)).astype(np.float32)
    parts = [(distance_to_nearest(layer(name), grid).to_numpy(), *NEAR[name]) for name in NEAR]
    parts += [(steep, *SLOPE), (height, *HEIGHT), (raster("solar-ghi").to_numpy(), *SUN)]
    parts += [(dear, *COST)]
    layers = [part[0] for part in parts]
    weights = [part[3] for part in parts]
    excluded = outside.astype(np.uint16)
    forms = [Breakpoints(np.array(x, float), np.array(y)) for _, x, y, _ in parts]
    points = [(x, y) for _, x, y, _ in parts]
    return outside.shape, {
        "ours": lambda: weighted_overlay(layers, forms, weights, excluded=excluded).score,
        "numpy": lambda: contenders.overlay_numpy(layers, points, weights, excluded),
        # Read ten layers and the exclusions, write two floats and a byte.
        "memory": lambda: triad(excluded.size * (4 * len(layers) + 2 + 9)),
    }


def slope(cell):
    """Slope of the relief."""
    from geo.compute.kernels import slope as ours

    _, _, raster, _, _, _ = surfaces(cell)
    height, sides = raster("relief").to_numpy(), (cell, cell)
    return height.shape, {
        "ours": lambda: ours(height, sides),
        "numpy": lambda: contenders.slope_numpy(height, sides),
    }


def peaks(cell):
    """The best places of a surface that keep a distance from one another."""
    from geo.compute.kernels import peaks as ours

    _, _, raster, _, _, outside = surfaces(cell)
    score, sides = raster("solar-ghi").to_numpy(), (cell, cell)
    score[outside] = np.nan

    def best():
        rows, columns = ours(score, SPACING, sides, COUNT)
        return score[rows, columns]

    return score.shape, {
        "ours": best,
        "numpy": lambda: contenders.peaks_numpy(score, SPACING, sides, COUNT),
    }


def triad(size):
    """Move so many bytes as STREAM's triad does, on all processors, and tell the time."""
    from numba import njit

    from geo.compute.blocks import each, row_blocks, threads

    @njit(nogil=True)
    def add(a, b, c, first, last):
        for i in range(first, last):
            a[i] = b[i] + np.float32(3) * c[i]

    a, b, c = (np.ones(size // 12, dtype=np.float32) for _ in range(3))
    add(a, b, c, 0, 1)
    blocks = row_blocks((a.size, 1), -(-a.size // threads()))
    start = time.perf_counter()
    each(lambda first, last: add(a, b, c, first, last), blocks)
    return a[:0], time.perf_counter() - start


def measured(pipe, wanted):
    """Run the task once, in a forked process, and send its time, memory and difference."""
    try:
        warnings.simplefilter("ignore")
        # From here on the peak counts anew.
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
        start = time.perf_counter()
        found = _TASK()
        seconds = time.perf_counter() - start
        memory = resident("VmHWM") - before
        if isinstance(found, tuple):
            found, seconds = found
        pipe.send({"s": seconds, "MB": memory / 1e3, "off": difference(found, wanted)})
    except (
        ImportError,
        MemoryError,
        OSError,
        RuntimeError,
        subprocess.SubprocessError,
        ValueError,
    ):
        pipe.send({"error": traceback.format_exc(limit=1).strip().splitlines()[-1]})


def resident(field):
    """A field of this process's memory [kB]."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1])


def difference(found, wanted):
    """Greatest relative difference, where both are known."""
    if wanted is None or found.shape != wanted.shape or found.size == 0:
        return None
    with np.errstate(invalid="ignore"):
        off = np.abs(found - wanted) / np.maximum(np.abs(wanted), 1e-6 * np.nanmax(wanted))
    return float(np.nanmax(off))


def give_back():
    """Return freed memory to the system: a forked process would copy it page by page."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def fork(task, wanted):
    """Measure a task in a process of its own."""
    global _TASK
    give_back()
    _TASK = task
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=measured, args=(there, wanted))
    child.start()
    there.close()
    try:
        return here.recv()
    except EOFError:
        return {"error": "died"}
    finally:
        child.join()


def warm(group):
    """Compile what this group needs, so that forks find it in memory."""
    first_call(group)
    if group == "proximity" and contenders.at_hand("xarray-spatial"):
        contenders.proximity_xrspatial(np.eye(9, dtype=bool), (1.0, 1.0))
    if group in ("cost", "random", "maze", "corridor") and contenders.at_hand("xarray-spatial"):
        contenders.cost_xrspatial(np.ones((9, 9), np.float32), np.eye(9, dtype=bool), (1.0, 1.0))


def first_call(group):
    """Call a kernel on a few cells and tell the time: the first time, that of compiling it."""
    from geo.compute import kernels
    from geo.compute.segments import distance_to_segments

    small = np.add.outer(np.arange(9.0), np.ones(9)).astype(np.float32)
    marks, line = np.eye(9, dtype=bool), kernels.Breakpoints(np.arange(2.0), np.arange(2.0))
    calls = {
        "proximity": lambda: kernels.euclidean_distance(marks, (1.0, 1.0)),
        "features": lambda: distance_to_segments([[0.0, 0.0, 1.0, 1.0]], (9, 9), (1.0, 1.0)),
        "overlay": lambda: kernels.weighted_overlay(
            [small], [line], [1.0], excluded=marks.astype(np.uint16)
        ),
        "slope": lambda: kernels.slope(small, (1.0, 1.0)),
        "peaks": lambda: kernels.peaks(small, 1.0, (1.0, 1.0), 3),
    }
    start = time.perf_counter()
    calls.get(group, lambda: kernels.accumulated_cost(small, marks, (1.0, 1.0)))()
    return time.perf_counter() - start


def cold(group):
    """Time of the first call with an empty kernel cache [s]."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.kernels", "--first", group],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "NUMBA_CACHE_DIR": folder},
            cwd=Path(__file__).resolve().parent.parent,
        )
    return float(done.stdout)


def compare(group, cell, rounds, patience):
    """Measure all contenders of a group in turn."""
    shape, tasks = globals()[group](cell)
    warm(group)
    tasks = {name: task for name, task in tasks.items() if contenders.at_hand(name)}
    wanted = tasks["ours"]()
    runs = {name: [] for name in tasks}
    for number in range(rounds):
        for name, task in tasks.items():
            done = runs[name]
            theirs = name not in ("ours", "memory")
            if number and (
                "error" in done[0] or (theirs and done[0]["s"] * (number + 1) > patience)
            ):
                continue
            done.append(fork(task, wanted))
    return {"group": group, "cell": cell, "cells": shape[0] * shape[1], "runs": runs}


def line(name, runs, ours, rounds):
    """One line of the table: median, ratio, memory, difference."""
    if "error" in runs[0]:
        return f"| {name} | failed: {runs[0]['error']} | | | |"
    seconds = median(run["s"] for run in runs)
    memory = max(run["MB"] for run in runs)
    off = "" if runs[0]["off"] is None else f"{runs[0]['off']:.1e}"
    fewer = f" (of {len(runs)})" if len(runs) < rounds else ""
    return f"| {name} | {seconds:.3f}{fewer} | {seconds / ours:.1f} | {memory:.0f} | {off} |"


def show(result):
    """Print one group at one size."""
    runs = result["runs"]
    ours = median(run["s"] for run in runs["ours"])
    rounds = len(runs["ours"])
    size = result["cells"] / 1e6
    print(f"\n### {result['group']}, {result['cell']:g} m, {size:.1f} million cells\n")
    print(f"Medians of {rounds} runs, or of as many as stand beside the time.\n")
    print("| | time [s] | times ours | memory [MB] | difference |\n|---|---|---|---|---|")
    for name, done in runs.items():
        print(line(name, done, ours, rounds))
    if "memory" in runs:
        share = median(run["s"] for run in runs["memory"]) / ours
        print(f"\nShare of the memory bandwidth (triad in the same run): {share:.0%}")
    return ours / result["cells"]


def main():
    """Read the arguments and compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cell-size", type=float, nargs="+", default=[1000.0, 500.0, 250.0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--patience", type=float, default=10.0, help="seconds for a contender")
    parser.add_argument("--json", type=Path, help="file for all runs")
    parser.add_argument("--first", choices=GROUPS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.first:
        print(first_call(args.first))
        return
    warnings.simplefilter("ignore")
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    results, per_cell = [], {}
    for group in args.only:
        for cell in args.cell_size:
            results.append(compare(group, cell, args.rounds, args.patience))
            per_cell.setdefault(group, []).append(show(results[-1]))
    print("\n| | first call, compiled [s] | growth of the time per cell |\n|---|---|---|")
    for group, times in per_cell.items():
        growth = ", ".join(f"{t / times[0]:.2f}" for t in times)
        print(f"| {group} | {cold(group):.1f} | {growth} |")
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
