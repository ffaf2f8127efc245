"""How far a weight may move before the first place changes hands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.weighting import normalise

__all__ = ["StableWeight", "stable_weights", "weight_interval"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StableWeight:
    """Weights of a criterion with which an alternative stays first.

    `weight` is the present one; `low` and `high` bound the interval, NaN where no weight makes
    the alternative first; `rival_low` and `rival_high` are the rows of those that take its
    place below and above, None at 0 and 1.
    """

    criterion: int
    weight: float
    low: float
    high: float
    rival_low: int | None
    rival_high: int | None

    @property
    def margin(self) -> float:
        """How far the weight may move either way before the first place changes hands."""
        return min(self.weight - self.low, self.high - self.weight)

    def sentence(self, criteria: Sequence[str], alternatives: Sequence[str], first: int) -> str:
        """Say it in words.

        Examples
        --------
        >>> found = stable_weights([[1.0, 0.2], [0.0, 0.8]], [0.5, 0.5])
        >>> found[0].sentence(["transport", "grade"], ["Oyu", "Erdenet"], 0)
        'Oyu is first as long as transport weighs 0.38 to 1.00 (now 0.50); below, Erdenet is.'
        """
        name, what = alternatives[first], criteria[self.criterion]
        if np.isnan(self.low):
            return f"No weight of {what} makes {name} first."
        ends = [
            f"{side}, {alternatives[rival]} is"
            for side, rival in (("below", self.rival_low), ("above", self.rival_high))
            if rival is not None
        ]
        text = f"{name} is first as long as {what} weighs {self.low:.2f} to {self.high:.2f}"
        return "; ".join([f"{text} (now {self.weight:.2f})", *ends]) + "."


def stable_weights(
    value_scores: npt.ArrayLike, weights: npt.ArrayLike, alternative: int | None = None
) -> tuple[StableWeight, ...]:
    """Interval of every criterion's weight in which an alternative stays first.

    Parameters
    ----------
    value_scores : (alternatives, criteria) array_like
        In [0, 1], NaN where unknown, which counts nothing.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    alternative : int, optional
        Row; the first by the weights when missing.

    Returns
    -------
    tuple of StableWeight
        One a criterion, in their order. A criterion that has all the weight is left out: the
        others have no proportions to keep.

    Raises
    ------
    DataError
        If shapes disagree or a weight is not usable.

    Examples
    --------
    >>> found = stable_weights([[1.0, 0.2], [0.0, 0.8]], [0.5, 0.5])
    >>> [(s.low, s.high, s.rival_low, s.rival_high) for s in found]
    [(0.375, 1.0, 1, None), (0.0, 0.625, None, 1)]
    """
    values, shares = _checked(value_scores, weights)
    row = int(np.argmax(values @ shares)) if alternative is None else alternative
    found = []
    for criterion in range(shares.size):
        if np.delete(shares, criterion).sum() == 0:
            continue
        crossing = _crossing(values, shares, criterion, row)
        found.append(StableWeight(criterion, float(shares[criterion]), *crossing))
    return tuple(found)


def weight_interval(
    value_scores: npt.ArrayLike, weights: npt.ArrayLike, criterion: int, alternative: int
) -> tuple[float, float] | None:
    """Weights of one criterion with which an alternative is first.

    The other weights keep their proportions. An unknown counts nothing, as in the score.
    The difference to each rival is linear in the weight, so the interval is exact.

    Parameters
    ----------
    value_scores : (alternatives, criteria) array_like
        In [0, 1], NaN where unknown.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    criterion, alternative : int
        Column and row.

    Returns
    -------
    (low, high) or None
        Within [0, 1], shared first places included; None when no weight makes it first.

    Raises
    ------
    DataError
        If all other weights are zero, so that they have no proportions to keep.

    References
    ----------
    Triantaphyllou, E., Sánchez, A. (1997). A sensitivity analysis approach for some
    deterministic multi-criteria decision-making methods. Decision Sciences 28(1), 151-194.
    https://doi.org/10.1111/j.1540-5915.1997.tb01306.x

    Examples
    --------
    >>> weight_interval([[1.0, 0.2], [0.0, 0.8]], [0.5, 0.5], criterion=0, alternative=0)
    (0.375, 1.0)
    """
    values, shares = _checked(value_scores, weights)
    if np.delete(shares, criterion).sum() == 0:
        raise DataError("all other weights are zero: they have no proportions to keep")
    low, high, _, _ = _crossing(values, shares, criterion, alternative)
    return None if np.isnan(low) else (low, high)


def _checked(value_scores: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Floats, Floats]:
    values = np.nan_to_num(np.asarray(value_scores, dtype=np.float64))
    shares = normalise(weights)
    if values.ndim != 2 or values.shape[1] != shares.size:
        raise DataError(f"{shares.size} weights for value scores of shape {values.shape}")
    return values, shares


def _crossing(
    values: Floats, shares: Floats, criterion: int, alternative: int
) -> tuple[float, float, int | None, int | None]:
    """Interval of the weight in which a row is first, and the rows that bound it."""
    others = np.delete(shares, criterion)
    rest = np.delete(values, criterion, axis=1) @ normalise(others)
    lead = rest[alternative] - rest
    slope = values[alternative, criterion] - values[:, criterion] - lead
    # lead + weight * slope >= 0 for every rival.
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = -lead / slope
    lows = np.where(slope > 0, turn, 0.0)
    highs = np.where(slope < 0, turn, 1.0)
    low, high = float(max(0.0, lows.max())), float(min(1.0, highs.min()))
    if bool(np.any((slope == 0) & (lead < 0))) or low > high:
        return np.nan, np.nan, None, None
    below = int(lows.argmax()) if low > 0 else None
    above = int(highs.argmin()) if high < 1 else None
    return low, high, below, above
