"""Fuzzy operators: memberships of several criteria to one, by logic instead of by weights."""

import numpy as np
import numpy.typing as npt

from geo.errors import DataError

__all__ = ["fuzzy_and", "fuzzy_gamma", "fuzzy_or", "fuzzy_product", "fuzzy_sum"]

Floats = npt.NDArray[np.float64]


def fuzzy_and(memberships: npt.ArrayLike) -> Floats:
    """Smallest membership: as good as the worst criterion.

    Parameters
    ----------
    memberships : (..., criteria) array_like
        In [0, 1]; NaN is unknown.

    Returns
    -------
    (...) array
        In [0, 1], NaN where a criterion is unknown.

    Raises
    ------
    DataError
        If a membership lies outside [0, 1] or there is no criterion.

    References
    ----------
    Zadeh, L. A. (1965). Fuzzy sets. Information and Control 8(3), 338-353.
    https://doi.org/10.1016/S0019-9958(65)90241-X

    Examples
    --------
    >>> fuzzy_and([[0.75, 0.5], [0.9, float("nan")]]).tolist()
    [0.5, nan]
    """
    return np.asarray(_checked(memberships).min(axis=-1))


def fuzzy_or(memberships: npt.ArrayLike) -> Floats:
    """Largest membership: as good as the best criterion.

    Parameters
    ----------
    memberships : (..., criteria) array_like
        In [0, 1]; NaN is unknown.

    Returns
    -------
    (...) array
        In [0, 1], NaN where a criterion is unknown.

    Raises
    ------
    DataError
        If a membership lies outside [0, 1] or there is no criterion.

    References
    ----------
    Zadeh, L. A. (1965). Fuzzy sets. Information and Control 8(3), 338-353.
    https://doi.org/10.1016/S0019-9958(65)90241-X

    Examples
    --------
    >>> fuzzy_or([0.75, 0.5]).tolist()
    0.75
    """
    return np.asarray(_checked(memberships).max(axis=-1))


def fuzzy_product(memberships: npt.ArrayLike) -> Floats:
    """Algebraic product: at most as good as the worst criterion, each one counts against.

    Parameters
    ----------
    memberships : (..., criteria) array_like
        In [0, 1]; NaN is unknown.

    Returns
    -------
    (...) array
        In [0, 1], NaN where a criterion is unknown.

    Raises
    ------
    DataError
        If a membership lies outside [0, 1] or there is no criterion.

    References
    ----------
    Bonham-Carter, G. F. (1994). Geographic information systems for geoscientists, pp. 297-298.
    Pergamon. https://doi.org/10.1016/C2013-0-03864-9

    Examples
    --------
    >>> fuzzy_product([0.75, 0.5]).tolist()
    0.375
    """
    return _product(_checked(memberships))


def fuzzy_sum(memberships: npt.ArrayLike) -> Floats:
    r"""Algebraic sum, :math:`1 - \prod (1 - \mu)`: at least as good as the best criterion.

    Parameters
    ----------
    memberships : (..., criteria) array_like
        In [0, 1]; NaN is unknown.

    Returns
    -------
    (...) array
        In [0, 1], NaN where a criterion is unknown.

    Raises
    ------
    DataError
        If a membership lies outside [0, 1] or there is no criterion.

    References
    ----------
    Bonham-Carter, G. F. (1994). Geographic information systems for geoscientists, p. 298.
    Pergamon. https://doi.org/10.1016/C2013-0-03864-9

    Examples
    --------
    >>> fuzzy_sum([0.75, 0.5]).tolist()
    0.875
    """
    return _sum(_checked(memberships))


def fuzzy_gamma(memberships: npt.ArrayLike, gamma: float) -> Floats:
    r"""Compromise of algebraic sum and product, :math:`sum^\gamma \, product^{1 - \gamma}`.

    Parameters
    ----------
    memberships : (..., criteria) array_like
        In [0, 1]; NaN is unknown.
    gamma : float
        In [0, 1]: 0 is the product, 1 the sum.

    Returns
    -------
    (...) array
        In [0, 1], NaN where a criterion is unknown.

    Raises
    ------
    DataError
        If a membership or `gamma` lies outside [0, 1] or there is no criterion.

    References
    ----------
    Zimmermann, H.-J., Zysno, P. (1980). Latent connectives in human decision making. Fuzzy
    Sets and Systems 4(1), 37-51. https://doi.org/10.1016/0165-0114(80)90062-7
    Bonham-Carter, G. F. (1994). Geographic information systems for geoscientists, pp. 298-300.
    Pergamon. https://doi.org/10.1016/C2013-0-03864-9

    Examples
    --------
    >>> fuzzy_gamma([0.75, 0.5], 0.9).round(3).tolist()
    0.804
    """
    if not 0 <= gamma <= 1:
        raise DataError(f"gamma is {gamma}, required is a number from 0 to 1")
    known = _checked(memberships)
    product, total = _product(known), _sum(known)
    # Rounding must not carry the compromise beyond the two that it lies between.
    return np.asarray(np.clip(total**gamma * product ** (1.0 - gamma), product, total))


def _product(values: Floats) -> Floats:
    # One after another: the pairwise product of NumPy differs between lengths.
    found = values[..., 0].copy()
    for column in range(1, values.shape[-1]):
        found *= values[..., column]
    return np.asarray(found)


def _sum(values: Floats) -> Floats:
    # Rounding must not carry the sum below its largest member.
    found = np.maximum(1.0 - _product(1.0 - values), values.max(axis=-1))
    return np.asarray(found, dtype=np.float64)


def _checked(memberships: npt.ArrayLike) -> Floats:
    try:
        values = np.asarray(memberships, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("memberships must be numbers, NaN where unknown") from None
    if values.ndim == 0 or values.shape[-1] == 0:
        raise DataError("there is no criterion: give memberships with criteria on the last axis")
    low, high = np.nanmin(values, initial=0.0), np.nanmax(values, initial=0.0)
    if low < 0 or high > 1:
        odd = low if low < 0 else high
        raise DataError(
            f"a membership is {odd:g}, required is 0 to 1: apply a value function first"
        )
    return values
