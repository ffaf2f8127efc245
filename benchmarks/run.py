"""Run both sides of the benchmark in turn and print times, peak memory and ratios.

    python -m benchmarks.run [--cell-size 1000 500 250] [--rounds 3] [--ours-alone 100]

Each run is a process of its own. Lodemap first runs once with an empty kernel cache: that
is its first use, compilation included, and is told apart from the rounds that follow.
`--ours-alone` adds a size at which the usual way takes more memory than most machines have,
within a budget of 2 GB. The growth of the cost of a cell from the second size to the last is
told at the end: without the start of Python and the reading of layers, which do not grow.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

SIDES = ("usual", "ours")


# They take the same time at any cell size.
FIXED = ("start, import", "read")


def run_once(side: str, cell: float, folder: Path, memory: str = "1GB") -> dict[str, Any]:
    """Run one side in a process of its own and read its report."""
    command = [
        sys.executable,
        "-m",
        f"benchmarks.{side}",
        "--cell-size",
        str(cell),
        "--out",
        str(folder / f"{side}.tif"),
        "--memory",
        memory,
    ]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "kernels")}
    start = time.perf_counter()
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(__file__).resolve().parent.parent,
    )
    whole = time.perf_counter() - start
    report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    # What no stage accounts for is the start of Python and its imports.
    report["stages"]["start, import"] = whole - sum(report["stages"].values())
    return report


def compare(cell: float, rounds: int, folder: Path) -> dict[str, Any]:
    """Time both sides at one cell size; return one report of ours with median stages."""
    first = run_once("ours", cell, folder)
    reports: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            reports[side].append(run_once(side, cell, folder))
    print(f"\n{cell:g} m, {first['cells'] / 1e6:.1f} million cells, medians of {rounds} rounds")
    print(f"{'':16}{'usual':>10}{'ours':>10}{'ratio':>8}")
    stages = list(dict.fromkeys(s for side in SIDES for s in reports[side][0]["stages"]))
    for stage in stages:
        line(f"{stage} [s]", *(middle(reports[side], stage) for side in SIDES))
    totals = [median(sum(r["stages"].values()) for r in reports[side]) for side in SIDES]
    line("all [s]", *totals)
    line("processor [s]", *(median(r["processor_s"] for r in reports[side]) for side in SIDES))
    line("peak [MB]", *(max(r["peak_bytes"] for r in reports[side]) / 1e6 for side in SIDES))
    cold = sum(first["stages"].values())
    print(f"first use of ours, compilation included: {cold:.1f} s")
    shared = agreement(reports["usual"][0]["best"], reports["ours"][0]["best"])
    print(f"places found by both within 5 km: {shared} of {len(reports['ours'][0]['best'])}")
    return {**first, "stages": {s: middle(reports["ours"], s) for s in stages}}


def alone(cell: float, rounds: int, folder: Path, memory: str) -> dict[str, Any]:
    """Time our side at one cell size within a budget of memory."""
    reports = [run_once("ours", cell, folder, memory) for _ in range(rounds)]
    stages = {s: middle(reports, s) for s in reports[0]["stages"]}
    print(f"\n{cell:g} m, {reports[0]['cells'] / 1e6:.1f} million cells, ours within {memory}")
    for stage, seconds in stages.items():
        print(f"{stage + ' [s]':26}{seconds:10.2f}")
    print(f"{'all [s]':26}{sum(stages.values()):10.2f}")
    print(f"{'peak [MB]':26}{max(r['peak_bytes'] for r in reports) / 1e6:10.0f}")
    return {**reports[0], "stages": stages}


def growth(reports: list[dict[str, Any]]) -> None:
    """Tell what a cell costs at each size, and how that grows."""
    costs = []
    for report in reports:
        working = sum(t for stage, t in report["stages"].items() if stage not in FIXED)
        costs.append(working / report["cells"] * 1e9)
    for report, cost in zip(reports, costs, strict=True):
        print(f"{report['cells'] / 1e6:8.1f} million cells: {cost:6.0f} ns a cell")
    print(f"largest over smallest of those sizes: {max(costs) / min(costs):.2f}")


def middle(reports: list[dict[str, Any]], stage: str) -> float:
    """Median time of a stage [s]."""
    return median(r["stages"].get(stage, 0.0) for r in reports)


def line(name: str, usual: float, ours: float) -> None:
    """Print one line of the table; the ratio says how many times ours is better."""
    ratio = f"{usual / ours:8.1f}" if ours > 0 else f"{'':8}"
    print(f"{name:16}{usual:10.2f}{ours:10.2f}{ratio}")


def agreement(usual: list[list[float]], ours: list[list[float]]) -> int:
    """How many of our places lie within 5 km of one that the usual way found."""
    return sum(any((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 <= 5000**2 for b in usual) for a in ours)


def main() -> None:
    """Read the arguments and compare at each cell size."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cell-size", type=float, nargs="+", default=[1000.0, 500.0, 250.0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ours-alone", type=float, metavar="CELL_SIZE")
    args = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        reports = []
        for number, cell in enumerate(args.cell_size):
            folder = Path(name) / str(number)
            folder.mkdir()
            reports.append(compare(cell, args.rounds, folder))
        if args.ours_alone:
            reports.append(alone(args.ours_alone, 1, Path(name) / "0", "2GB"))
        # At the first size the fixed costs of every stage are still in sight.
        if len(reports) > 2:
            print()
            growth(reports[1:])


if __name__ == "__main__":
    main()
