"""Criteria of different units brought to one scale: min-max, sum, vector, max, log.

Every function takes a matrix (alternatives, criteria) and the sense of each criterion, and
gives a matrix of the same shape in which more is better. NaN stays NaN and is left out of
what the others are divided by.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.ranks import check_matrix, signs

__all__ = ["NORMALISATIONS", "logarithmic", "maximum", "min_max", "total", "vector"]

Floats = npt.NDArray[np.float64]


def min_max(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Floats:
    """Scale each criterion from its worst to its best value, 0 to 1.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing.

    Returns
    -------
    (alternatives, criteria) array
        In [0, 1], or NaN.

    Raises
    ------
    DataError
        If a criterion has one value only, or the arguments do not fit together.

    Examples
    --------
    >>> min_max([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]], ["max", "min"]).tolist()
    [[0.0, 1.0], [0.5, 0.0], [1.0, 0.5]]
    """
    values = check_matrix(matrix)
    up = signs(objectives, values.shape[1]) > 0
    low, high = _extreme(values, np.fmin), _extreme(values, np.fmax)
    flat = np.flatnonzero(~(high > low))
    if flat.size:
        raise DataError(
            f"criterion {flat[0]} has one value only ({low[flat[0]]:g}) and cannot be scaled by "
            "its range: leave it out"
        )
    return np.where(up, values - low, high - values) / (high - low)


def total(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Floats:
    """Divide each criterion by its sum; one to be small by the sum of its reciprocals.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Zero or more, above zero where to be small. NaN is unknown.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing. A ``"min"`` value enters as its
        reciprocal.

    Returns
    -------
    (alternatives, criteria) array
        Columns add up to 1.

    Raises
    ------
    DataError
        If a value is negative, a ``"min"`` value is zero, or a column adds up to zero.

    Examples
    --------
    >>> total([[1.0, 1.0], [3.0, 3.0]], ["max", "min"]).tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    """
    values = check_matrix(matrix)
    up = signs(objectives, values.shape[1]) > 0
    _refuse(values < 0, values, "sums of shares need values of zero or more")
    _refuse((values == 0) & ~up, values, "its reciprocal needs a value above zero")
    turned = np.where(up, values, 1.0 / np.where(values == 0, 1.0, values))
    sums = np.nansum(turned, axis=0)
    _refuse_empty(sums, "adds up to zero")
    return np.asarray(turned / sums, dtype=np.float64)


def vector(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Floats:
    """Divide each criterion by its Euclidean length.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing. A ``"min"`` value enters as one minus
        its share.

    Returns
    -------
    (alternatives, criteria) array

    Raises
    ------
    DataError
        If a criterion is zero throughout.

    References
    ----------
    Hwang, C.-L., Yoon, K. (1981). Multiple attribute decision making, section 2.4.
    https://doi.org/10.1007/978-3-642-48318-9

    Examples
    --------
    >>> vector([[3.0, 3.0], [4.0, 4.0]], ["max", "min"]).round(2).tolist()
    [[0.6, 0.4], [0.8, 0.2]]
    """
    values = check_matrix(matrix)
    up = signs(objectives, values.shape[1]) > 0
    # The largest first: squares of very large or small values would overflow or vanish.
    largest = _extreme(np.abs(values), np.fmax)
    _refuse_empty(largest, "is zero throughout")
    share = values / largest
    share /= np.sqrt(np.nansum(share**2, axis=0))
    return np.asarray(np.where(up, share, 1.0 - share), dtype=np.float64)


def maximum(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Floats:
    """Divide each criterion by its largest value.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Zero or more; NaN is unknown.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing. A ``"min"`` value enters as one minus
        its share.

    Returns
    -------
    (alternatives, criteria) array
        In [0, 1], or NaN.

    Raises
    ------
    DataError
        If a value is negative or a criterion is zero throughout.

    Examples
    --------
    >>> maximum([[1.0, 1.0], [4.0, 4.0]], ["max", "min"]).tolist()
    [[0.25, 0.75], [1.0, 0.0]]
    """
    values = check_matrix(matrix)
    up = signs(objectives, values.shape[1]) > 0
    _refuse(values < 0, values, "shares of the largest need values of zero or more")
    largest = _extreme(values, np.fmax)
    _refuse_empty(largest, "is zero throughout")
    share = values / largest
    return np.where(up, share, 1.0 - share)


def logarithmic(matrix: npt.ArrayLike, objectives: Sequence[str] | None = None) -> Floats:
    r"""Divide the logarithm of each value by that of the column's product.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        1 or more; NaN is unknown.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing.

    Returns
    -------
    (alternatives, criteria) array
        :math:`\ln x / \ln \prod x`, and for ``"min"`` :math:`(1 - \ln x / \ln \prod x) /
        (m - 1)`; columns add up to 1.

    Raises
    ------
    DataError
        If a value is below 1, a column is 1 throughout, or a single alternative is to be
        small.

    References
    ----------
    Zavadskas, E. K., Turskis, Z. (2008). A new logarithmic normalization method in games
    theory. Informatica 19(2), 303-314. https://doi.org/10.15388/Informatica.2008.215

    Examples
    --------
    >>> logarithmic([[10.0, 10.0], [1000.0, 1000.0]], ["max", "min"]).round(2).tolist()
    [[0.25, 0.75], [0.75, 0.25]]
    """
    values = check_matrix(matrix)
    up = signs(objectives, values.shape[1]) > 0
    _refuse(values < 1, values, "logarithmic shares need values of 1 or more")
    logs = np.log(values)
    sums = np.nansum(logs, axis=0)
    _refuse_empty(sums, "is 1 throughout")
    others = np.sum(~np.isnan(values), axis=0) - 1
    if (others[~up] < 1).any():
        raise DataError("a single alternative has no logarithmic share: give two or more")
    share = logs / sums
    turned = (1.0 - share) / np.maximum(others, 1)
    return np.asarray(np.where(up, share, turned), dtype=np.float64)


NORMALISATIONS: dict[str, Callable[[npt.ArrayLike, Sequence[str] | None], Floats]] = {
    "minmax": min_max,
    "sum": total,
    "vector": vector,
    "max": maximum,
    "log": logarithmic,
}
"""The normalisations by the name that a recipe or a method takes."""


def _extreme(values: Floats, which: np.ufunc) -> Floats:
    return np.asarray(which.reduce(values, axis=0), dtype=np.float64)


def _refuse(bad: npt.NDArray[np.bool_], values: Floats, why: str) -> None:
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"row {row}, column {column} of the matrix is {values[row, column]:g}: {why}"
        )


def _refuse_empty(divisor: Floats, what: str) -> None:
    empty = np.flatnonzero(~(divisor > 0))
    if empty.size:
        raise DataError(f"criterion {empty[0]} {what} and cannot be scaled: leave it out")
