"""Weights from an order of importance, or from points for the swing of each criterion."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.weights import Weights, normalise

__all__ = ["rank_order_centroid", "rank_sum", "reciprocal", "swing"]

Floats = npt.NDArray[np.float64]


def rank_order_centroid(order: int | npt.ArrayLike) -> Weights:
    r"""Weights from an order: the centre of all weights that keep it.

    Parameters
    ----------
    order : int or (criteria,) array_like
        Number of criteria, given from the most to the least important; or the rank of each
        criterion, 1 for the most important. Criteria of equal rank share their places'
        weights evenly.

    Returns
    -------
    Weights
        :math:`w_k = \frac{1}{n} \sum_{i=k}^{n} \frac{1}{i}` for rank `k`.

    Raises
    ------
    DataError
        If there is no criterion, or a rank is not a whole number from 1 on.

    References
    ----------
    Barron, F. H., Barrett, B. E. (1996). Decision quality using ranked attribute weights.
    Management Science 42(11), 1515-1523. https://doi.org/10.1287/mnsc.42.11.1515

    Examples
    --------
    >>> rank_order_centroid(3).weights.round(4).tolist()
    [0.6111, 0.2778, 0.1111]
    >>> rank_order_centroid([2, 1, 2]).weights.round(4).tolist()
    [0.1944, 0.6111, 0.1944]
    """
    return _ranked(order, _centroid, "rank-order centroid")


def rank_sum(order: int | npt.ArrayLike) -> Weights:
    r"""Weights from an order: falling in equal steps.

    Parameters
    ----------
    order : int or (criteria,) array_like
        As for `rank_order_centroid`.

    Returns
    -------
    Weights
        :math:`w_k = 2 (n + 1 - k) / (n (n + 1))` for rank `k`.

    Raises
    ------
    DataError
        If there is no criterion, or a rank is not a whole number from 1 on.

    References
    ----------
    Stillwell, W. G., Seaver, D. A., Edwards, W. (1981). A comparison of weight approximation
    techniques in multiattribute utility decision making. Organizational Behavior and Human
    Performance 28(1), 62-77. https://doi.org/10.1016/0030-5073(81)90015-5

    Examples
    --------
    >>> rank_sum(4).weights.round(4).tolist()
    [0.4, 0.3, 0.2, 0.1]
    """
    return _ranked(order, lambda count: np.arange(count, 0.0, -1.0), "rank sum")


def reciprocal(order: int | npt.ArrayLike) -> Weights:
    r"""Weights from an order: in proportion to one over the rank.

    Parameters
    ----------
    order : int or (criteria,) array_like
        As for `rank_order_centroid`.

    Returns
    -------
    Weights
        :math:`w_k = (1 / k) / \sum_i (1 / i)` for rank `k`.

    Raises
    ------
    DataError
        If there is no criterion, or a rank is not a whole number from 1 on.

    References
    ----------
    Stillwell, W. G., Seaver, D. A., Edwards, W. (1981). A comparison of weight approximation
    techniques in multiattribute utility decision making. Organizational Behavior and Human
    Performance 28(1), 62-77. https://doi.org/10.1016/0030-5073(81)90015-5

    Examples
    --------
    >>> reciprocal(4).weights.round(4).tolist()
    [0.48, 0.24, 0.16, 0.12]
    """
    return _ranked(order, lambda count: 1.0 / np.arange(1.0, count + 1), "rank reciprocal")


def swing(points: npt.ArrayLike) -> Weights:
    """Weights from points for the swing of each criterion.

    Picture an alternative that is worst in everything. The criterion that one would move from
    its worst to its best value first gets 100 points; every other swing gets points in
    comparison with it.

    Parameters
    ----------
    points : (criteria,) array_like
        Zero or more each.

    Returns
    -------
    Weights
        The points over their sum.

    Raises
    ------
    DataError
        If there is no criterion, points are negative or not finite, or all are zero.

    References
    ----------
    von Winterfeldt, D., Edwards, W. (1986). Decision analysis and behavioral research,
    section 8.3. Cambridge University Press.

    Examples
    --------
    >>> swing([100, 60, 40]).weights.tolist()
    [0.5, 0.3, 0.2]
    """
    return Weights(normalise(points), "swing")


def _centroid(count: int) -> Floats:
    # From the smallest term on, which loses the least to rounding.
    return np.cumsum(1.0 / np.arange(count, 0.0, -1.0))[::-1] / count


def _ranked(order: int | npt.ArrayLike, places: Callable[[int], Floats], method: str) -> Weights:
    ranks = _ranks(order)
    by_place = normalise(places(ranks.size))
    # Equal ranks share the places that they take together.
    _, group, size = np.unique(ranks, return_inverse=True, return_counts=True)
    ends = np.cumsum(size)
    shared = [by_place[end - n : end].mean() for end, n in zip(ends, size, strict=True)]
    return Weights(np.array(shared)[group], method)


def _ranks(order: int | npt.ArrayLike) -> Floats:
    try:
        given = np.asarray(order, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"the order must be a number of criteria or ranks, found {order!r}"
        ) from None
    if given.ndim == 0:
        if not (given >= 1 and given == np.floor(given)):
            raise DataError(f"{order!r} criteria: required is a whole number from 1 on")
        return np.arange(1.0, float(given) + 1.0)
    if given.ndim != 1 or given.size == 0 or not ((given >= 1) & (given == np.floor(given))).all():
        raise DataError(
            f"the ranks are {given.tolist()}, required is a whole number from 1 on for each "
            "criterion"
        )
    return given
