"""Weights from judgements in pairs: the analytic hierarchy process, alone or in a group."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from geo.errors import DataError, LodemapWarning
from geo.scoring.weights import Weights, normalise

__all__ = ["RANDOM_INDEX", "PairwiseWeights", "Revision", "ahp", "consensus", "group_judgements"]

Floats = npt.NDArray[np.float64]

ACCEPTED = 0.10
"""Consistency ratio up to which judgements are taken as consistent (Saaty 1980, p. 21)."""

_ROUNDED = 0.05
"""How far a judgement and its opposite may be from reciprocal: 0.33 stands for 1/3."""

RANDOM_INDEX = {
    "saaty": (
        0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59,
    ),
    "tummala-ling": (
        0.0, 0.0, 0.5799, 0.8921, 1.1159, 1.2358, 1.3322, 1.3952, 1.4537, 1.4882, 1.5117, 1.5356,
        1.5571, 1.5714, 1.5831,
    ),
}  # fmt: skip
"""Mean consistency index of random judgements, for 1, 2, ... criteria."""


@dataclass(frozen=True)
class Revision:
    """A judgement that does not fit the others, and the one that would.

    `row` was judged `given` times as important as `column`; the other judgements together say
    `fitting` times, which would leave the consistency ratio at `consistency_ratio`.
    """

    row: int
    column: int
    given: float
    fitting: float
    consistency_ratio: float


@dataclass(frozen=True, eq=False)
class PairwiseWeights(Weights):
    """Weights from judgements in pairs, and how far the judgements agree with one another.

    `lambda_max` is the principal eigenvalue (its estimate, with the geometric mean),
    `consistency_index` is (lambda_max - n) / (n - 1), `random_index` what random judgements
    have, and `consistency_ratio` the one over the other (0 for one or two criteria, which
    cannot contradict each other). `revisions` holds the judgements whose change would mend
    the most, the most useful first; it is empty where the ratio is at most 0.10. `consensus`
    is in [0, 1], and NaN for one expert; `experts` holds each one's own weights.
    """

    lambda_max: float = np.nan
    consistency_index: float = np.nan
    random_index: float = np.nan
    consistency_ratio: float = np.nan
    revisions: tuple[Revision, ...] = ()
    consensus: float = np.nan
    experts: tuple["PairwiseWeights", ...] = ()


def ahp(
    judgements: npt.ArrayLike,
    method: str = "eigenvector",
    random_index: str = "saaty",
    *,
    names: Sequence[str] | None = None,
    influence: npt.ArrayLike | None = None,
) -> PairwiseWeights:
    r"""Weights from how many times as important each criterion is as each other.

    Parameters
    ----------
    judgements : (criteria, criteria) or (experts, criteria, criteria) array_like
        In a row, how many times as important the criterion is as that of the column; 1 on the
        diagonal, reciprocal across it. Several experts are joined by the geometric mean of
        each judgement.
    method : {"eigenvector", "geometric-mean"}
        Principal eigenvector, or geometric means of the rows.
    random_index : {"saaty", "tummala-ling"}
        Whose mean consistency index of random judgements the ratio is taken to.
    names : sequence of str, optional
        Names of the criteria for messages; their numbers from 0 when missing.
    influence : (experts,) array_like, optional
        Weight of each expert; all alike when missing.

    Returns
    -------
    PairwiseWeights

    Warns
    -----
    LodemapWarning
        If the consistency ratio exceeds 0.10, with the judgements that break it most and what
        would mend them.

    Raises
    ------
    DataError
        If the matrix is not square, holds anything but positive numbers, is not 1 on the
        diagonal or not reciprocal, has more criteria than the random index, or an argument is
        unknown.

    Notes
    -----
    A pair whose product is off 1 by up to 5 % counts as rounded, such as 0.33 for 1/3, and is
    taken as it is.

    References
    ----------
    Saaty, T. L. (1977). A scaling method for priorities in hierarchical structures. Journal of
    Mathematical Psychology 15(3), 234-281. https://doi.org/10.1016/0022-2496(77)90033-5
    Saaty, T. L. (1980). The analytic hierarchy process. McGraw-Hill.
    Crawford, G., Williams, C. (1985). A note on the analysis of subjective judgment matrices.
    Journal of Mathematical Psychology 29(4), 387-405.
    https://doi.org/10.1016/0022-2496(85)90002-1
    Tummala, V. M. R., Ling, H. (1998). A note on the computation of the mean random consistency
    index of the analytic hierarchy process. Theory and Decision 44, 221-230.
    https://doi.org/10.1023/A:1004953014736

    Examples
    --------
    >>> found = ahp([[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]])
    >>> found.weights.round(3).tolist(), round(found.consistency_ratio, 3)
    ([0.648, 0.23, 0.122], 0.003)
    """
    if method not in ("eigenvector", "geometric-mean"):
        raise DataError(f"method is {method!r}, required is 'eigenvector' or 'geometric-mean'")
    if random_index not in RANDOM_INDEX:
        raise DataError(f"random_index is {random_index!r}: use {' or '.join(RANDOM_INDEX)}")
    given = _numbers(judgements)
    count = given.shape[-1]
    called = [str(n) for n in range(count)] if names is None else [str(name) for name in names]
    if len(called) != count:
        raise DataError(f"{len(called)} names for {count} criteria: give one each")
    if count > len(RANDOM_INDEX[random_index]):
        raise DataError(
            f"{count} criteria are more than the {len(RANDOM_INDEX[random_index])} for which a "
            "random index is published: group them and weigh the groups first"
        )
    if given.ndim == 2:
        _check(given, called, "")
        found = _weights(given, method, random_index)
    else:
        found = _group(given, called, method, random_index, influence)
    if found.revisions:
        warnings.warn(_complaint(found, called), LodemapWarning, stacklevel=2)
    return found


def group_judgements(judgements: npt.ArrayLike, influence: npt.ArrayLike | None = None) -> Floats:
    """Join the judgements of several experts by their geometric mean.

    It is the only mean that keeps judgements reciprocal.

    Parameters
    ----------
    judgements : (experts, criteria, criteria) array_like
        Positive.
    influence : (experts,) array_like, optional
        Weight of each expert; all alike when missing.

    Returns
    -------
    (criteria, criteria) array

    Raises
    ------
    DataError
        If the shape is another, a judgement is not positive, or the numbers of experts differ.

    References
    ----------
    Aczél, J., Saaty, T. L. (1983). Procedures for synthesizing ratio judgements. Journal of
    Mathematical Psychology 27(1), 93-102. https://doi.org/10.1016/0022-2496(83)90028-7

    Examples
    --------
    >>> group_judgements([[[1, 2], [1 / 2, 1]], [[1, 8], [1 / 8, 1]]]).tolist()
    [[1.0, 4.0], [0.25, 1.0]]
    """
    given = _numbers(judgements)
    if given.ndim != 3 or len(given) == 0 or not (given > 0).all():
        raise DataError(
            f"judgements of shape {given.shape}: required are positive numbers, (experts, "
            "criteria, criteria)"
        )
    share = normalise(np.ones(len(given)) if influence is None else influence)
    if share.size != len(given):
        raise DataError(f"{share.size} influences for {len(given)} experts: give one each")
    return np.asarray(np.exp(np.tensordot(share, np.log(given), axes=1)), dtype=np.float64)


def consensus(weights: npt.ArrayLike, *, largest: float = 9.0) -> float:
    r"""How far several experts' weights agree, from 0 (not at all) to 1 (completely).

    Parameters
    ----------
    weights : (experts, criteria) array_like
        Each row adds up to 1.
    largest : float
        Largest judgement of the scale, which bounds how uneven weights can be.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If there is less than one expert and criterion, or a weight is negative or not finite.

    Notes
    -----
    With :math:`H_\alpha` the mean of the experts' Shannon entropies, :math:`H_\gamma` the
    entropy of their mean weights and :math:`\beta = e^{H_\gamma - H_\alpha}`, the index is
    :math:`(1/\beta - m) / (1 - m)`, where m is 1/beta if everyone preferred another criterion
    as strongly as the scale allows.

    References
    ----------
    Goepel, K. D. (2013). Implementing the analytic hierarchy process as a standard method for
    multi-criteria decision making in corporate enterprises. Proceedings of the ISAHP 2013.
    https://doi.org/10.13033/isahp.y2013.047
    Jost, L. (2006). Entropy and diversity. Oikos 113(2), 363-375.
    https://doi.org/10.1111/j.2006.0030-1299.14714.x

    Examples
    --------
    >>> consensus([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    1.0
    >>> round(consensus([[9 / 11, 1 / 11, 1 / 11], [1 / 11, 9 / 11, 1 / 11]]), 6)
    0.0
    """
    found = np.asarray(weights, dtype=np.float64)
    if found.ndim != 2 or 0 in found.shape:
        raise DataError(f"weights of shape {found.shape}: required are (experts, criteria)")
    rows = np.stack([normalise(row) for row in found])
    experts, criteria = rows.shape
    if experts == 1 or criteria == 1:
        return 1.0
    heavy, light = largest / (criteria + largest - 1), 1 / (criteria + largest - 1)
    extreme = np.full((experts, criteria), light)
    extreme[np.arange(experts), np.arange(experts) % criteria] = heavy
    lowest = _agreement(extreme)
    return float(np.clip((_agreement(rows) - lowest) / (1.0 - lowest), 0.0, 1.0))


def _agreement(rows: Floats) -> float:
    """One over the beta diversity of weights."""
    return float(np.exp(_entropy(rows).mean() - _entropy(rows.mean(axis=0))))


def _entropy(shares: Floats) -> Floats:
    return np.asarray(-(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=-1))


def _numbers(judgements: npt.ArrayLike) -> Floats:
    try:
        given = np.asarray(judgements, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("judgements must be numbers, as a matrix with a row a criterion") from None
    if given.ndim not in (2, 3) or given.shape[-1] != given.shape[-2] or 0 in given.shape:
        raise DataError(
            f"judgements of shape {given.shape}: required is a square matrix, or one an expert"
        )
    return given


def _check(matrix: Floats, names: Sequence[str], whose: str) -> None:
    bad = ~(np.isfinite(matrix) & (matrix > 0))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{whose}{names[row]!r} over {names[column]!r} is {matrix[row, column]:g}: required "
            "is a number above zero"
        )
    for at, name in enumerate(names):
        if matrix[at, at] != 1:
            raise DataError(
                f"{whose}{name!r} over itself is {matrix[at, at]:g}: write 1 on the diagonal"
            )
    off = np.abs(matrix * matrix.T - 1.0)
    if off.max() > _ROUNDED:
        row, column = divmod(int(np.argmax(np.triu(off))), len(matrix))
        there, back = matrix[row, column], matrix[column, row]
        raise DataError(
            f"{whose}{names[row]!r} over {names[column]!r} is {there:.4g} and "
            f"{names[column]!r} over {names[row]!r} is {back:.4g}: required are reciprocals, "
            f"write {_ratio(1.0 / there)} for the second"
        )


def _weights(matrix: Floats, method: str, random_index: str) -> PairwiseWeights:
    weights, lambda_max = _solve(matrix, method)
    index, table, ratio = _consistency(lambda_max, len(matrix), random_index)
    revisions = _revisions(matrix, method, random_index) if ratio > ACCEPTED else ()
    return PairwiseWeights(
        weights, f"AHP, {method}", True, lambda_max, index, table, ratio, revisions
    )


def _solve(matrix: Floats, method: str) -> tuple[Floats, float]:
    if method == "eigenvector":
        values, vectors = np.linalg.eig(matrix)
        principal = int(np.argmax(values.real))
        weights = np.abs(vectors[:, principal].real)
        return weights / weights.sum(), float(values[principal].real)
    means = np.exp(np.log(matrix).mean(axis=1))
    weights = means / means.sum()
    return weights, float(((matrix @ weights) / weights).mean())


def _consistency(lambda_max: float, count: int, table: str) -> tuple[float, float, float]:
    random = RANDOM_INDEX[table][count - 1]
    if count <= 2:
        return 0.0, random, 0.0
    # Rounding can leave the eigenvalue of consistent judgements a little below their number.
    index = max(0.0, (lambda_max - count) / (count - 1))
    return index, random, index / random


def _revisions(matrix: Floats, method: str, table: str) -> tuple[Revision, ...]:
    count, found = len(matrix), []
    for row, column in combinations(range(count), 2):
        fitting = _without(matrix, row, column)
        mended = matrix.copy()
        mended[row, column], mended[column, row] = fitting, 1.0 / fitting
        ratio = _consistency(_solve(mended, method)[1], count, table)[2]
        # Said the way that gives a number of 1 or more, as the question is asked.
        turned = matrix[row, column] < 1
        given = matrix[column, row] if turned else matrix[row, column]
        pair = (column, row) if turned else (row, column)
        mend = 1.0 / fitting if turned else fitting
        found.append(Revision(*pair, float(given), mend, ratio))
    return tuple(sorted(found, key=lambda r: (r.consistency_ratio, r.row, r.column)))


def _without(matrix: Floats, row: int, column: int) -> float:
    """Ratio of two criteria by all judgements but that of the pair itself (Harker 1987).

    Harker, P. T. (1987). Incomplete pairwise comparisons in the analytic hierarchy process.
    Mathematical Modelling 9(11), 837-848. https://doi.org/10.1016/0270-0255(87)90503-3
    """
    left = matrix.copy()
    left[row, column] = left[column, row] = 0.0
    left[row, row] = left[column, column] = 2.0
    weights, _ = _solve(left, "eigenvector")
    return float(weights[row] / weights[column])


def _group(
    given: Floats,
    names: Sequence[str],
    method: str,
    random_index: str,
    influence: npt.ArrayLike | None,
) -> PairwiseWeights:
    for expert, matrix in enumerate(given):
        _check(matrix, names, f"expert {expert}: ")
    experts = tuple(_weights(matrix, method, random_index) for matrix in given)
    joined = _weights(group_judgements(given, influence), method, random_index)
    agreed = consensus(np.stack([one.weights for one in experts]))
    return PairwiseWeights(
        joined.weights,
        joined.method,
        True,
        joined.lambda_max,
        joined.consistency_index,
        joined.random_index,
        joined.consistency_ratio,
        joined.revisions,
        agreed,
        experts,
    )


def _complaint(found: PairwiseWeights, names: Sequence[str]) -> str:
    worst = [
        f"{names[r.row]!r} over {names[r.column]!r} is {_ratio(r.given)}, {_ratio(r.fitting)} "
        f"would fit the others (ratio then {r.consistency_ratio:.2f})"
        for r in found.revisions[:3]
    ]
    return (
        f"the judgements contradict one another: consistency ratio {found.consistency_ratio:.2f}, "
        f"required is {ACCEPTED:.2f} or less. Look again at {'; '.join(worst)}"
    )


def _ratio(value: float) -> str:
    """Write a judgement as experts do: 3, 1/3, 2.4."""
    if value >= 1:
        return f"{value:.3g}"
    turned = 1.0 / value
    return f"1/{turned:.3g}"
