"""From a matrix of alternatives by criteria to scores and ranks.

Every method takes ``(matrix, weights, objectives=…)``: a matrix (alternatives, criteria), a
weight and a sense (``"max"`` or ``"min"``) for each criterion.

=====================  ==========================================================
`weighted_sum`         the values as they are; a shortfall can be made up for
`weighted_product`     the values as they are; a shortfall counts more the deeper it is
`owa`                  the values as they are; from the best alone to the worst alone
`topsis`               near the ideal and far from its opposite
`vikor`                a compromise between the many and the worst off, as a set
`promethee`            pairwise preferences, flows, a partial order
`electre`              pairwise concordance and discordance, a kernel
=====================  ==========================================================

In the last four the alternatives are compared with one another: a further alternative may
turn the order of two others (rank reversal).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.ideal import Topsis, Vikor, topsis, vikor
from geo.scoring.ordered import OrderedAverage, order_weights_of, owa
from geo.scoring.outranking import Electre, Promethee, electre, preference_index, promethee
from geo.scoring.ranks import Ranking, check_matrix, check_weights, rank_scores, signs

__all__ = [
    "Electre",
    "OrderedAverage",
    "Promethee",
    "Ranking",
    "Topsis",
    "Vikor",
    "electre",
    "order_weights_of",
    "owa",
    "preference_index",
    "promethee",
    "rank_scores",
    "topsis",
    "vikor",
    "weighted_product",
    "weighted_sum",
]


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
    values = check_matrix(matrix)
    criteria = values.shape[1]
    signed = check_weights(weights, criteria) * signs(objectives, criteria)
    # Term by term rather than `@`: the order of a BLAS product differs between machines.
    score = np.zeros(len(values))
    for column, weight in enumerate(signed):
        score += weight * values[:, column]
    return Ranking(score, rank_scores(score))


def weighted_product(
    matrix: npt.ArrayLike, weights: npt.ArrayLike, objectives: Sequence[str] | None = None
) -> Ranking:
    r"""Score alternatives by the product of their values, each to the power of its weight.

    The matrix is taken as it is, without scaling. The ratio of two scores does not depend on
    the units, but a shift of a criterion changes the order: values must be ratios, with a true
    zero.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Zero or more, above zero where to be small. NaN is unknown; an alternative with an
        unknown has an unknown score.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing. A ``"min"`` value enters with the
        power :math:`-w`.

    Returns
    -------
    Ranking

    Raises
    ------
    DataError
        If shapes disagree, a value is negative, a ``"min"`` value is zero, or a weight is not
        usable.

    References
    ----------
    Bridgman, P. W. (1922). Dimensional analysis. Yale University Press.
    Miller, D. W., Starr, M. K. (1969). Executive decisions and operations research.
    Prentice-Hall.

    Examples
    --------
    >>> found = weighted_product([[1.0, 0.25], [0.5, 0.5], [0.9, 0.0]], [0.5, 0.5])
    >>> found.score.tolist(), found.rank.tolist()
    ([0.5, 0.5, 0.0], [1.0, 1.0, 3.0])
    """
    values = check_matrix(matrix)
    criteria = values.shape[1]
    powers = check_weights(weights, criteria) * signs(objectives, criteria)
    _refuse_powers(values, powers)
    score = np.ones(len(values))
    for column, power in enumerate(powers):
        # NaN to the power of 0 would be 1: an unknown of no weight is still unknown.
        known = ~np.isnan(values[:, column])
        score *= np.where(known, np.where(known, values[:, column], 1.0) ** power, np.nan)
    return Ranking(score, rank_scores(score, tolerance=1e-12 * _size(score)))


def _refuse_powers(values: npt.NDArray[np.float64], powers: npt.NDArray[np.float64]) -> None:
    bad = (values < 0) | ((values == 0) & (powers < 0))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        needed = "zero or more" if powers[column] >= 0 else "above zero, as it is to be small"
        raise DataError(
            f"row {row}, column {column} of the matrix is {values[row, column]:g}: a weighted "
            f"product needs a value {needed}"
        )


def _size(score: npt.NDArray[np.float64]) -> float:
    known = np.abs(score[~np.isnan(score)])
    return float(known.max()) if known.size else 0.0
