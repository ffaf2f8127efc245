"""Combination methods over a raster, and PROMETHEE over many sites, beside NumPy in turn.

    python -m benchmarks.methods [--cells 2000] [--sites 4000] [--criteria 8] [--rounds 3]

NumPy does what a competent user writes: value functions by np.interp, the method over the
whole stack, bounds for unknowns by a second evaluation; PROMETHEE by all pairs.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ALPHA, GAMMA, P = 2.0, 0.9, 0.3
X, SCORE = np.array([0.0, 20.0, 60.0, 100.0]), np.array([1.0, 0.7, 0.3, 0.0])


def layers(cells: int, criteria: int) -> list[npt.NDArray[np.float32]]:
    """Make layers with a few unknown cells."""
    random = np.random.default_rng(1)
    found = [random.uniform(0, 100, (cells, cells)).astype(np.float32) for _ in range(criteria)]
    for layer in found:
        layer[random.random(layer.shape) < 0.01] = np.nan
    return found


def by_numpy(given: list[npt.NDArray[np.float32]], weights: Floats, method: str) -> Floats:
    """Combine a whole stack, unknowns at their worst and at their best."""
    scores = np.stack([np.interp(layer, X, SCORE) for layer in given])
    unknown = np.isnan(scores)
    low, high = np.where(unknown, 0.0, scores), np.where(unknown, 1.0, scores)
    shaped = weights[:, None, None]

    def owa(values: Floats) -> Floats:
        order = np.argsort(-values, axis=0)
        reached = np.cumsum(weights[order], axis=0) ** ALPHA
        shares = np.diff(reached, axis=0, prepend=0.0)
        return (shares * np.take_along_axis(values, order, axis=0)).sum(axis=0)

    def gamma(values: Floats) -> Floats:
        total = 1.0 - (1.0 - values).prod(axis=0)
        return total**GAMMA * values.prod(axis=0) ** (1.0 - GAMMA)

    ways: dict[str, Callable[[Floats], Floats]] = {
        "weighted-sum": lambda v: (shaped * v).sum(axis=0),
        "weighted-product": lambda v: (v**shaped).prod(axis=0),
        "owa": owa,
        "fuzzy-gamma": gamma,
    }
    return np.stack([ways[method](low), ways[method](high)])


def by_ours(given: list[npt.NDArray[np.float32]], weights: Floats, method: str) -> Floats:
    """Combine by Lodemap."""
    from geo.compute.kernels import Breakpoints, combined_overlay, weighted_overlay

    forms = [Breakpoints(X, SCORE)] * len(given)
    if method == "weighted-sum":
        found = weighted_overlay(given, forms, weights.tolist())
    else:
        found = combined_overlay(given, forms, weights.tolist(), method, alpha=ALPHA, gamma=GAMMA)
    return np.stack([found.score, found.score_high])


def pairs_by_numpy(values: Floats) -> Floats:
    """Net flows by all pairs."""
    net = np.zeros(len(values))
    for column in values.T:
        ahead = np.clip((column[:, None] - column) / P, 0.0, 1.0)
        net += (ahead.sum(axis=1) - ahead.sum(axis=0)) / (len(values) - 1)
    return net / values.shape[1]


def pairs_by_ours(values: Floats) -> Floats:
    """Net flows by Lodemap."""
    from geo.scoring.ranking import promethee

    return promethee(values, np.ones(values.shape[1]), preference="v-shape", p=P).net_flow


def timed(run: Callable[[], Floats]) -> tuple[float, Floats]:
    """Seconds of a call, and what it gave."""
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def compare(
    name: str, usual: Callable[[], Floats], ours: Callable[[], Floats], rounds: int
) -> None:
    """Run both in turn, check that they agree, print medians and their ratio."""
    ours()  # compiles
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        answers = []
        for side, run in enumerate((usual, ours)):
            took, found = timed(run)
            seconds[side].append(took)
            answers.append(found)
        np.testing.assert_allclose(*answers, atol=1e-5)
    first, second = median(seconds[0]), median(seconds[1])
    print(f"{name:18} NumPy {first:8.3f} s   ours {second:8.3f} s   ratio {first / second:6.1f}")


def main() -> None:
    """Read the arguments and compare method by method."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, default=2000, help="rows and columns")
    parser.add_argument("--sites", type=int, default=4000)
    parser.add_argument("--criteria", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    given = layers(args.cells, args.criteria)
    weights = np.random.default_rng(2).dirichlet(np.ones(args.criteria))
    for method in ("weighted-sum", "weighted-product", "owa", "fuzzy-gamma"):
        compare(
            method,
            lambda method=method: by_numpy(given, weights, method),
            lambda method=method: by_ours(given, weights, method),
            args.rounds,
        )
    values = np.random.default_rng(3).random((args.sites, args.criteria))
    compare("promethee", lambda: pairs_by_numpy(values), lambda: pairs_by_ours(values), args.rounds)


if __name__ == "__main__":
    main()
