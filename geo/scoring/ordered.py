"""Ordered weighted averages: from the best criterion alone to the worst alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.ranks import Ranking, check_matrix, check_weights, rank_scores, signs
from geo.scoring.weights import normalise

__all__ = ["OrderedAverage", "order_weights_of", "owa"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OrderedAverage(Ranking):
    """Scores and ranks by an ordered weighted average, and its character.

    `order_weights` is (criteria,), for the largest value first. `orness` is 1 where the best
    criterion decides alone and 0 where the worst does, `andness` is the rest to 1, and
    `tradeoff` is 1 where every place counts alike and 0 where one decides alone. They describe
    the order weights, not the criteria's weights, and are NaN for a single criterion.
    """

    order_weights: Floats
    orness: float
    andness: float
    tradeoff: float


def owa(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    objectives: Sequence[str] | None = None,
    *,
    alpha: float | None = None,
    order_weights: npt.ArrayLike | None = None,
) -> OrderedAverage:
    r"""Score alternatives by the ordered weighted average of their values.

    The matrix is taken as it is, without scaling: give values on one scale, such as the
    outputs of value functions.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown; an alternative with an unknown has an unknown score.
    weights : (criteria,) array_like, optional
        Importance of each criterion, zero or more; all alike when missing.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing. A ``"min"`` value enters with its
        sign turned.
    alpha : float, optional
        Exponent of the quantifier :math:`Q(p) = p^\alpha`, 0 or more: 0 takes the largest
        value ("at least one"), 1 is the weighted sum ("half"), infinity the smallest ("all").
    order_weights : (criteria,) array_like, optional
        Weight of each place, for the largest value first; zero or more.

    Returns
    -------
    OrderedAverage

    Raises
    ------
    DataError
        If not exactly one of `alpha` and `order_weights` is given, either is not usable, or
        an alternative's order weights fall on criteria of weight zero only.

    Notes
    -----
    With :math:`z_{(1)} \ge z_{(2)} \ge \dots` an alternative's values in order and
    :math:`u_{(k)}` the weights of their criteria, `alpha` gives the place weights
    :math:`Q(\sum_{l \le k} u_{(l)}) - Q(\sum_{l < k} u_{(l)})` [1, 2], and order weights `v`
    give :math:`u_{(k)} v_k / \sum_l u_{(l)} v_l` [3]. With criteria of equal weight both are
    Yager's average [4]. The second form is not monotone where the weights differ: a better
    value can change places with one of a heavier criterion.

    Orness is :math:`\sum_k (n - k) v_k / (n - 1)` [4] and trade-off
    :math:`1 - \sqrt{n \sum_k (v_k - 1/n)^2 / (n - 1)}` [5], both of the place weights that
    hold for criteria of equal weight.

    References
    ----------
    1. Yager, R. R. (1996). Quantifier guided aggregation using OWA operators. International
       Journal of Intelligent Systems 11(1), 49-73.
       https://doi.org/10.1002/(SICI)1098-111X(199601)11:1<49::AID-INT3>3.0.CO;2-Z
    2. Malczewski, J. (2006). Ordered weighted averaging with fuzzy quantifiers: GIS-based
       multicriteria evaluation for land-use suitability analysis. International Journal of
       Applied Earth Observation and Geoinformation 8(4), 270-277.
       https://doi.org/10.1016/j.jag.2006.01.003
    3. Malczewski, J. (1999). GIS and multicriteria decision analysis, section 7.2. Wiley.
    4. Yager, R. R. (1988). On ordered weighted averaging aggregation operators in
       multicriteria decisionmaking. IEEE Transactions on Systems, Man, and Cybernetics 18(1),
       183-190. https://doi.org/10.1109/21.87068
    5. Jiang, H., Eastman, J. R. (2000). Application of fuzzy measures in multi-criteria
       evaluation in GIS. International Journal of Geographical Information Science 14(2),
       173-184. https://doi.org/10.1080/136588100240903

    Examples
    --------
    >>> found = owa([[0.9, 0.1], [0.5, 0.5]], [0.5, 0.5], alpha=2.0)
    >>> found.score.tolist(), round(found.orness, 2), round(found.tradeoff, 2)
    ([0.3, 0.5], 0.25, 0.5)
    >>> owa([[0.9, 0.1, 0.6]], order_weights=[0.0, 0.0, 1.0]).score.tolist()
    [0.1]
    """
    values = check_matrix(matrix)
    count = values.shape[1]
    importance = check_weights(np.ones(count) if weights is None else weights, count)
    if (alpha is None) == (order_weights is None):
        raise DataError("owa needs either alpha or order_weights, one of them")
    signed = values * signs(objectives, count)
    order = np.argsort(-signed, axis=1, kind="stable")
    ranked = np.take_along_axis(signed, order, axis=1)
    places = order_weights_of(count, alpha) if alpha is not None else _given(order_weights, count)
    if alpha is not None:
        shares = _quantified(importance[order], alpha)
    else:
        shares = _products(importance[order], places)
    score = np.zeros(len(values))
    for place in range(count):
        score += shares[:, place] * ranked[:, place]
    # Rounding must not carry an average beyond the values that it is an average of.
    score = np.clip(score, ranked[:, -1], ranked[:, 0])
    tolerance = 1e-12 * float(np.nanmax(np.abs(signed), initial=0.0))
    return OrderedAverage(
        score, rank_scores(score, tolerance=tolerance), places, *_character(places)
    )


def order_weights_of(criteria: int, alpha: float) -> Floats:
    r"""Order weights of the quantifier :math:`p^\alpha` for criteria of equal weight.

    Parameters
    ----------
    criteria : int
        Number of criteria.
    alpha : float
        Zero or more, also infinite.

    Returns
    -------
    (criteria,) array
        For the largest value first; adds up to 1.

    Raises
    ------
    DataError
        If `alpha` is negative or NaN.

    References
    ----------
    Yager, R. R. (1988). On ordered weighted averaging aggregation operators in multicriteria
    decisionmaking. IEEE Transactions on Systems, Man, and Cybernetics 18(1), 183-190.
    https://doi.org/10.1109/21.87068

    Examples
    --------
    >>> order_weights_of(4, 2.0).tolist()
    [0.0625, 0.1875, 0.3125, 0.4375]
    """
    return _quantified(np.full((1, criteria), 1.0 / criteria), alpha).ravel()


def _quantified(importance: Floats, alpha: float) -> Floats:
    if not alpha >= 0:
        raise DataError(f"alpha is {alpha}, required is a number of zero or more")
    sums = np.cumsum(importance, axis=1)
    # The last sum is exactly 1, so that an infinite alpha leaves the smallest value alone.
    sums /= sums[:, -1:]
    at_least = np.where(sums > 0, sums**alpha, 0.0)
    return np.asarray(np.diff(at_least, axis=1, prepend=0.0), dtype=np.float64)


def _given(order_weights: npt.ArrayLike | None, count: int) -> Floats:
    places = normalise([] if order_weights is None else order_weights)
    if places.size != count:
        raise DataError(f"{places.size} order weights for {count} criteria: give one each")
    return places


def _products(importance: Floats, places: Floats) -> Floats:
    products = importance * places
    sums = products.sum(axis=1, keepdims=True)
    if not (sums > 0).all():
        row = int(np.flatnonzero(~(sums[:, 0] > 0))[0])
        raise DataError(
            f"in row {row} the order weights fall on criteria of weight zero only: give these "
            "criteria a weight or leave them out"
        )
    return np.asarray(products / sums, dtype=np.float64)


def _character(places: Floats) -> tuple[float, float, float]:
    count = places.size
    if count == 1:
        return np.nan, np.nan, np.nan
    orness = float(np.arange(count - 1.0, -1.0, -1.0) @ places / (count - 1))
    spread = float(np.sqrt(count * ((places - 1.0 / count) ** 2).sum() / (count - 1)))
    return orness, 1.0 - orness, 1.0 - spread
