"""Scores to ranks, and the checks that every ranking method makes of its arguments."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.weights import normalise

__all__ = ["Ranking", "check_matrix", "check_weights", "rank_scores", "signs"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Scores and ranks of alternatives.

    `score` is (alternatives,), larger is better; `rank` is (alternatives,), 1 is best and
    ties share the better rank. Both are NaN where an alternative cannot be scored.
    """

    score: Floats
    rank: Floats


def rank_scores(scores: npt.ArrayLike, *, tolerance: float = 0.0) -> Floats:
    """Rank scores, 1 for the largest; ties share the better rank.

    Parameters
    ----------
    scores : (..., alternatives) array_like
        NaN takes no part. Each row of the last axis is ranked by itself.
    tolerance : float
        Scores that follow one another by no more than this are a tie, so that rounding does
        not part equals.

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
    new[:, 1:] = ordered[:, 1:] < ordered[:, :-1] - tolerance
    shared = np.maximum.accumulate(np.where(new, place, 0.0), axis=1)
    shared = np.where(np.isnan(ordered), np.nan, shared)
    ranks = np.empty_like(rows)
    np.put_along_axis(ranks, order, shared, axis=1)
    return ranks.reshape(found.shape)


def check_matrix(matrix: npt.ArrayLike) -> Floats:
    """Give a decision matrix as numbers, or refuse it.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown.

    Returns
    -------
    (alternatives, criteria) array

    Raises
    ------
    DataError
        If it holds anything but numbers, has not two dimensions, no row or column, or an
        infinite value.

    Examples
    --------
    >>> check_matrix([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    try:
        values = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("the matrix must hold numbers, NaN where unknown") from None
    if values.ndim != 2:
        raise DataError(
            f"the matrix has {values.ndim} dimensions, required are two: (alternatives, criteria)"
        )
    if 0 in values.shape:
        raise DataError(f"the matrix has the shape {values.shape}: give one row and column or more")
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        raise DataError(
            f"row {row}, column {column} of the matrix is infinite: write NaN where it is unknown"
        )
    return values


def check_weights(weights: npt.ArrayLike, criteria: int) -> Floats:
    """Give one weight a criterion, adding up to 1, or refuse them.

    Parameters
    ----------
    weights : (criteria,) array_like
        Zero or more each, not all zero.
    criteria : int
        Number of criteria.

    Returns
    -------
    (criteria,) array

    Raises
    ------
    DataError
        If their number differs or one is not usable.

    Examples
    --------
    >>> check_weights([1, 3], 2).tolist()
    [0.25, 0.75]
    """
    scaled = normalise(weights)
    if scaled.size != criteria:
        raise DataError(f"{scaled.size} weights for {criteria} criteria: give one each")
    return scaled


def signs(objectives: Sequence[str] | None, criteria: int) -> Floats:
    """Give 1 for each criterion to be large and -1 for each to be small.

    Parameters
    ----------
    objectives : sequence of {"max", "min"}, optional
        ``"max"`` for all when missing.
    criteria : int
        Number of criteria.

    Returns
    -------
    (criteria,) array

    Raises
    ------
    DataError
        If their number differs or one is neither.

    Examples
    --------
    >>> signs(["max", "min"], 2).tolist()
    [1.0, -1.0]
    """
    if objectives is None:
        return np.ones(criteria)
    if isinstance(objectives, str) or len(objectives) != criteria:
        raise DataError(f"{len(objectives)} objectives for {criteria} criteria: give one each")
    unknown = sorted({str(o) for o in objectives} - {"max", "min"})
    if unknown:
        raise DataError(f"objective {unknown[0]!r} is neither 'max' nor 'min'")
    return np.array([1.0 if o == "max" else -1.0 for o in objectives])
