"""SMAA of many sites beside the same in NumPy, in turn, each in a process of its own.

    python -m benchmarks.smaa [--sites 10000] [--draws 10000] [--criteria 12] [--rounds 3]

Both draw the weights from the whole simplex and count how often each site takes each of the
first 20 ranks. NumPy does what a competent user writes: one BLAS product of weights and
values, then argpartition and a sort of the best. The memory is what the process takes at its
peak beyond what it had before.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

RANKS = 20
SIDES = ("numpy", "ours")

Floats = npt.NDArray[np.float64]


def make(sites: int, criteria: int) -> Floats:
    """Make the sites' values."""
    return np.random.default_rng(1).random((sites, criteria))


def by_numpy(values: Floats, draws: int) -> Floats:
    """Count by one product and one partial sort."""
    sites, criteria = values.shape
    weights = np.random.default_rng(2).dirichlet(np.ones(criteria), draws)
    scores = weights @ values.T
    best = np.argpartition(-scores, RANKS, axis=1)[:, :RANKS]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
    best = np.take_along_axis(best, order, axis=1)
    counts = [np.bincount(best[:, rank], minlength=sites) for rank in range(RANKS)]
    return np.stack(counts, axis=1) / draws


def by_ours(values: Floats, draws: int) -> Floats:
    """Count by Lodemap."""
    from geo.scoring.robustness import smaa

    return smaa(values, draws=draws, ranks=RANKS).rank_acceptability


def one(side: str, sites: int, criteria: int, draws: int) -> dict[str, Any]:
    """Run one side here, after a small run that compiles and warms up."""
    count = {"numpy": by_numpy, "ours": by_ours}[side]
    count(make(50, criteria), 50)
    values = make(sites, criteria)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = count(values, draws)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"seconds": seconds, "peak_mb": peak / 1024, "first": found[:, 0].tolist()}


def main() -> None:
    """Read the arguments; run both sides in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--criteria", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=SIDES)
    args = parser.parse_args()
    if args.side:
        print(json.dumps(one(args.side, args.sites, args.criteria, args.draws)))
        return
    options = ("sites", "criteria", "draws")
    passed = [part for name in options for part in (f"--{name}", str(getattr(args, name)))]
    reports: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for _ in range(args.rounds):
        for side in SIDES:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.smaa", "--side", side, *passed],
                check=True,
                capture_output=True,
                text=True,
                cwd=Path(__file__).resolve().parent.parent,
            )
            reports[side].append(json.loads(done.stdout.strip().splitlines()[-1]))
    print(f"{args.draws:,} draws, {args.sites:,} sites, {args.criteria} criteria")
    for name in ("seconds", "peak_mb"):
        usual, ours = (median(r[name] for r in reports[side]) for side in SIDES)
        print(f"{name:10} numpy {usual:9.2f}   ours {ours:9.2f}   ratio {usual / ours:6.1f}")
    apart = np.abs(np.subtract(reports["numpy"][0]["first"], reports["ours"][0]["first"]))
    print(f"largest difference of a first-rank acceptability: {apart.max():.4f}")


if __name__ == "__main__":
    main()
