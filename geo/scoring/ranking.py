"""From a matrix of alternatives by criteria to scores and ranks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.weighting import normalise

__all__ = ["Ranking", "rank_scores", "weighted_sum"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Scores and ranks of alternatives.

    `score` is (alternatives,), larger is better; `rank` is (alternatives,), 1 is best and
    ties share the better rank. Both are NaN where an alternative cannot be scored.
    """

    score: Floats
    rank: Floats


def weighted_sum(
    matrix: npt.ArrayLike, weights: npt.ArrayLike, objectives: Sequence[str] | None = None
) -> Ranking:
    """Score alternatives by the weighted sum of their values.

    The matrix is taken as it is, without scaling: give values on one scale, such as the
    outputs of value functions.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown; an alternative with an unknown has an unknown score.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing. A ``"min"`` criterion counts against
        the alternative: its weighted value is subtracted.

    Returns
    -------
    Ranking

    Raises
    ------
    DataError
        If shapes disagree, the matrix holds anything but numbers, or a weight is not usable.

    References
    ----------
    Fishburn, P. C. (1967). Additive utilities with incomplete product sets. Operations
    Research 15(3), 537-542. https://doi.org/10.1287/opre.15.3.537

    Examples
    --------
    >>> found = weighted_sum([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]], [0.75, 0.25])
    >>> found.score.tolist(), found.rank.tolist()
    ([0.75, 0.5, 0.25], [1.0, 2.0, 3.0])
    """
    values = _matrix(matrix)
    scaled = normalise(weights)
    if scaled.size != values.shape[1]:
        raise DataError(f"{scaled.size} weights for {values.shape[1]} criteria: give one each")
    signed = scaled * _signs(objectives, values.shape[1])
    # Term by term rather than `@`: the order of a BLAS product differs between machines.
    score = np.zeros(len(values))
    for column, weight in enumerate(signed):
        score += weight * values[:, column]
    return Ranking(score, rank_scores(score))


def rank_scores(scores: npt.ArrayLike) -> Floats:
    """Rank scores, 1 for the largest; ties share the better rank.

    Parameters
    ----------
    scores : (..., alternatives) array_like
        NaN takes no part. Each row of the last axis is ranked by itself.

    Returns
    -------
    (..., alternatives) array
        Whole numbers, or NaN where the score is NaN.

    Raises
    ------
    DataError
        If the scores are no numbers.

    Examples
    --------
    >>> rank_scores([0.4, 0.9, 0.4, float("nan"), 0.1]).tolist()
    [2.0, 1.0, 2.0, nan, 4.0]
    """
    try:
        found = np.atleast_1d(np.asarray(scores, dtype=np.float64))
    except (TypeError, ValueError):
        raise DataError("scores must be numbers") from None
    rows = found.reshape(-1, found.shape[-1])
    # NaN sorts last, also after negation, and so never pushes a known score down.
    order = np.argsort(-rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    place = np.broadcast_to(np.arange(1.0, rows.shape[1] + 1), rows.shape)
    new = np.ones(rows.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    shared = np.maximum.accumulate(np.where(new, place, 0.0), axis=1)
    shared = np.where(np.isnan(ordered), np.nan, shared)
    ranks = np.empty_like(rows)
    np.put_along_axis(ranks, order, shared, axis=1)
    return ranks.reshape(found.shape)


def _matrix(matrix: npt.ArrayLike) -> Floats:
    try:
        values = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("the matrix must hold numbers, NaN where unknown") from None
    if values.ndim != 2:
        raise DataError(
            f"the matrix has {values.ndim} dimensions, required are two: (alternatives, criteria)"
        )
    return values


def _signs(objectives: Sequence[str] | None, count: int) -> Floats:
    if objectives is None:
        return np.ones(count)
    if len(objectives) != count or isinstance(objectives, str):
        raise DataError(f"{len(objectives)} objectives for {count} criteria: give one each")
    unknown = sorted({str(o) for o in objectives} - {"max", "min"})
    if unknown:
        raise DataError(f"objective {unknown[0]!r} is neither 'max' nor 'min'")
    return np.array([1.0 if o == "max" else -1.0 for o in objectives])
