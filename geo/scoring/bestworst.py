"""Weights by the best-worst method: two rows of judgements instead of a whole matrix."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.weights import Weights

__all__ = ["CONSISTENCY_INDEX", "BestWorstWeights", "best_worst"]

Floats = npt.NDArray[np.float64]

CONSISTENCY_INDEX = (0.0, 0.44, 1.0, 1.63, 2.3, 3.0, 3.73, 4.47, 5.23)
"""Largest deviation that there can be, by how many times (1 to 9) the best is preferred to the
worst (Rezaei 2015, table 1)."""

_STEPS = 60
"""Halvings of the interval that holds the deviation, down to rounding."""


@dataclass(frozen=True, eq=False)
class BestWorstWeights(Weights):
    """Weights by the best-worst method, and how consistent the judgements are.

    `deviation` is the smallest largest deviation that weights can have from the judgements
    (xi in the papers). `consistency_ratio` is the deviation over the largest possible one in
    the nonlinear model and the deviation itself in the linear one; 0 is consistent.
    `input_consistency_ratio` is read off the judgements alone. `low` and `high` are
    (criteria,): where several weights are equally good, the range of each.
    """

    deviation: float = np.nan
    consistency_ratio: float = np.nan
    input_consistency_ratio: float = np.nan
    low: Floats | None = None
    high: Floats | None = None


def best_worst(
    best_to_others: npt.ArrayLike, others_to_worst: npt.ArrayLike, model: str = "linear"
) -> BestWorstWeights:
    r"""Weights from comparisons with the most and the least important criterion.

    Parameters
    ----------
    best_to_others : (criteria,) array_like
        How many times as important the most important criterion is as each, from 1 on; 1 for
        itself.
    others_to_worst : (criteria,) array_like
        How many times as important each criterion is as the least important, from 1 on; 1 for
        the least important itself.
    model : {"linear", "nonlinear"}
        Smallest largest deviation of :math:`w_B - a_{Bj} w_j` and :math:`w_j - a_{jW} w_W`
        (2016), or of the ratios :math:`w_B / w_j - a_{Bj}` and :math:`w_j / w_W - a_{jW}`
        (2015).

    Returns
    -------
    BestWorstWeights
        In the nonlinear model, where several weights can be equally good, the middles of
        their ranges, scaled to add up to 1.

    Raises
    ------
    DataError
        If lengths differ, a judgement is below 1, no criterion is the best or the worst, the
        two rows disagree about the best over the worst, or the model is unknown.

    References
    ----------
    Rezaei, J. (2015). Best-worst multi-criteria decision-making method. Omega 53, 49-57.
    https://doi.org/10.1016/j.omega.2014.11.009
    Rezaei, J. (2016). Best-worst multi-criteria decision-making method: some properties and a
    linear model. Omega 64, 126-130. https://doi.org/10.1016/j.omega.2015.12.001
    Liang, F., Brunelli, M., Rezaei, J. (2020). Consistency issues in the best worst method:
    measurements and thresholds. Omega 96, 102175. https://doi.org/10.1016/j.omega.2019.102175

    Examples
    --------
    >>> found = best_worst([8, 2, 1], [1, 5, 8], model="nonlinear")
    >>> found.weights.round(4).tolist(), round(found.deviation, 2)
    ([0.0714, 0.3387, 0.5899], 0.26)
    """
    if model not in ("linear", "nonlinear"):
        raise DataError(f"model is {model!r}, required is 'linear' or 'nonlinear'")
    down, up = (
        _judged(best_to_others, "best_to_others"),
        _judged(others_to_worst, "others_to_worst"),
    )
    best, worst = _ends(down, up)
    if down.size == 1 or best == worst:
        return _alike(down.size, model)
    if model == "linear":
        deviation, low, high = _linear(down, up, best, worst)
        ratio = deviation
    else:
        deviation, low, high = _nonlinear(down, up, best, worst)
        ratio = deviation / _largest_deviation(down[worst])
    middle = (low + high) / 2
    return BestWorstWeights(
        middle / middle.sum(),
        f"best-worst, {model}",
        True,
        deviation,
        ratio,
        _input_ratio(down, up, down[worst]),
        low,
        high,
    )


def _judged(row: npt.ArrayLike, name: str) -> Floats:
    try:
        given = np.asarray(row, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} must be numbers") from None
    if given.ndim != 1 or given.size == 0 or not (np.isfinite(given) & (given >= 1)).all():
        raise DataError(
            f"{name} is {given.tolist()}: required is a number from 1 on for each criterion"
        )
    return given


def _ends(down: Floats, up: Floats) -> tuple[int, int]:
    if down.size != up.size:
        raise DataError(
            f"{down.size} judgements of the best and {up.size} of the worst: give one each for "
            "every criterion"
        )
    for row, name, what in ((down, "best_to_others", "best"), (up, "others_to_worst", "worst")):
        if not (row == 1).any():
            raise DataError(f"{name} has no 1: write 1 for the {what} criterion itself")
    # Where several are judged equal to the best, the one farthest from the worst is meant.
    best = int(np.argmax(np.where(down == 1, up, 0.0)))
    worst = int(np.argmax(np.where(up == 1, down, 0.0)))
    if down[worst] != up[best]:
        raise DataError(
            f"the best over the worst is {down[worst]:g} in best_to_others and {up[best]:g} in "
            "others_to_worst: write the same number in both"
        )
    return best, worst


def _alike(count: int, model: str) -> BestWorstWeights:
    even = np.full(count, 1.0 / count)
    return BestWorstWeights(even, f"best-worst, {model}", True, 0.0, 0.0, 0.0, even, even)


def _differences(down: Floats, up: Floats, best: int, worst: int) -> Floats:
    """Rows whose products with the weights are the deviations of the linear model."""
    count = down.size
    first, second = -np.diag(down), np.eye(count)
    first[:, best] += 1.0
    second[:, worst] -= up
    return np.vstack([first, second])


def _linear(down: Floats, up: Floats, best: int, worst: int) -> tuple[float, Floats, Floats]:
    count = down.size
    rows = _differences(down, up, best, worst)
    bounds = np.hstack([np.vstack([rows, -rows]), -np.ones((4 * count, 1))])
    whole = np.append(np.ones(count), 0.0)[None]
    # Slow to import, and few recipes judge best and worst.
    from scipy.optimize import linprog

    found = linprog(np.append(np.zeros(count), 1.0), bounds, np.zeros(4 * count), whole, [1.0])
    weights = np.asarray(found.x, dtype=np.float64)[:count]
    return float(np.asarray(found.fun)), weights, weights


def _nonlinear(down: Floats, up: Floats, best: int, worst: int) -> tuple[float, Floats, Floats]:
    # The judgements of each criterion bound the best over the worst; the deviation is the
    # smallest at which all bounds have a value in common.
    low, high = 0.0, float(down[worst])
    for _ in range(_STEPS):
        middle = (low + high) / 2
        first, last = _bounds(down, up, down[worst], middle)
        low, high = (low, middle) if first <= last else (middle, high)
    first, last = _bounds(down, up, down[worst], high)
    whole = (first + last) / 2
    # Each criterion over the worst, as far as both its judgements allow.
    least = np.maximum(up - high, whole / (down + high))
    above = down - high
    most = np.minimum(up + high, np.where(above > 0, whole / np.where(above > 0, above, 1), np.inf))
    most = np.maximum(least, most)
    for at, pinned in ((best, whole), (worst, 1.0)):
        least[at] = most[at] = pinned
    return (
        high,
        least / (least + most.sum() - most),
        most / (most + least.sum() - least),
    )


def _bounds(down: Floats, up: Floats, whole: float, deviation: float) -> tuple[float, float]:
    low = (np.maximum(down - deviation, 0.0) * np.maximum(up - deviation, 0.0)).max()
    high = ((down + deviation) * (up + deviation)).min()
    return max(float(low), whole - deviation), min(float(high), whole + deviation)


def _largest_deviation(best_to_worst: float) -> float:
    r"""Deviation at which judgements contradict each other most (Rezaei 2015, equation 12).

    The smaller root of :math:`\xi^2 - (1 + 2 a) \xi + a^2 - a = 0`; the table of the paper has
    it for whole numbers, to two digits.
    """
    if best_to_worst <= len(CONSISTENCY_INDEX) and best_to_worst == int(best_to_worst):
        tabled = CONSISTENCY_INDEX[int(best_to_worst) - 1]
        return tabled if tabled > 0 else 1.0
    a = best_to_worst
    return float((1 + 2 * a - np.sqrt((1 + 2 * a) ** 2 - 4 * (a * a - a))) / 2)


def _input_ratio(down: Floats, up: Floats, best_to_worst: float) -> float:
    if best_to_worst == 1:
        return 0.0
    off = np.abs(down * up - best_to_worst)
    return float(off.max() / (best_to_worst**2 - best_to_worst))
