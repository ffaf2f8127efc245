"""How far a weight may move before the first place changes hands."""

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.weighting import normalise

__all__ = ["weight_interval"]


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
    values = np.nan_to_num(np.asarray(value_scores, dtype=np.float64))
    shares = normalise(weights)
    if values.ndim != 2 or values.shape[1] != shares.size:
        raise DataError(f"{shares.size} weights for value scores of shape {values.shape}")
    others = np.delete(shares, criterion)
    if others.sum() == 0:
        raise DataError("all other weights are zero: they have no proportions to keep")
    rest = np.delete(values, criterion, axis=1) @ normalise(others)
    lead = rest[alternative] - rest
    slope = values[alternative, criterion] - values[:, criterion] - lead
    # lead + weight * slope >= 0 for every rival.
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = -lead / slope
    low = float(np.max(turn[slope > 0], initial=0.0))
    high = float(np.min(turn[slope < 0], initial=1.0))
    hopeless = bool(np.any((slope == 0) & (lead < 0)))
    return None if hopeless or low > high else (low, high)
