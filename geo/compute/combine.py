"""Other ways than the weighted sum to make one score of several, cell by cell in one pass.

All value scores of a small block of cells are made first and combined while they lie in the
processor's cache. Every method rises with every value score, so that the scores with all
unknowns at 0 and at 1 bound the truth. The one exception is the ordered average with order
weights over criteria of unequal weight, where a better value can change places with one of a
heavier criterion: a cell with an unknown is then bounded by 0 and 1 alone.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each
from geo.compute.breakpoints import Breakpoints, line_writer
from geo.compute.curves import writer
from geo.compute.inputs import Form, Overlay, checked_inputs, empty_overlay
from geo.errors import DataError

__all__ = ["METHODS", "combine_scores", "combined_overlay"]

Floats = npt.NDArray[np.float64]

METHODS = (
    "weighted-sum",
    "weighted-product",
    "owa",
    "topsis",
    "fuzzy-and",
    "fuzzy-or",
    "fuzzy-product",
    "fuzzy-sum",
    "fuzzy-gamma",
)
"""Methods that look at one cell at a time; the place of each is its number in compiled code."""

_SUM, _PRODUCT, _OWA, _TOPSIS, _AND, _OR, _TIMES, _ALGEBRAIC, _GAMMA = range(len(METHODS))

_MOST_ORDERED = 16
"""Criteria of which every set can be numbered in a table that stays in the cache."""

_TASK = 1 << 17
_CACHE = 1 << 11
"""Cells of a block: the value scores of a dozen criteria fit in the second cache."""


def combined_overlay(
    criteria: Sequence[npt.ArrayLike],
    functions: Sequence[Form],
    weights: Sequence[float],
    method: str,
    *,
    alpha: float = 1.0,
    order_weights: npt.ArrayLike | None = None,
    gamma: float = 0.9,
    excluded: npt.ArrayLike | None = None,
    exclude_mask: int = 0xFFFF,
    required: Sequence[bool] | None = None,
) -> Overlay:
    """Score every cell by one of the methods that look at one cell at a time.

    Parameters
    ----------
    criteria : sequence of (rows, columns) array_like of float
        Criterion values in the unit of their value function; NaN is unknown.
    functions : sequence of Breakpoints, Curve, Steps or Codes
        One for each criterion.
    weights : sequence of float
        One for each criterion, 0 or more, summing to 1. Fuzzy operators do not use them.
    method : str
        One of `METHODS`. ``"topsis"`` measures between the declared ideal, 1 in every value
        score, and its opposite, 0 in every one.
    alpha, order_weights : float, (criteria,) array_like, optional
        Of ``"owa"``: exponent of the quantifier, or the weight of each place, for the largest
        value score first, which then takes the place of `alpha`.
    gamma : float, optional
        Of ``"fuzzy-gamma"``, in [0, 1].
    excluded : (rows, columns) array_like of bool or integer, optional
        Exclusion bits; 0 is not excluded.
    exclude_mask : int, optional
        Which of the bits exclude; the others are ignored. All by default.
    required : sequence of bool, optional
        Criteria without which a cell gets no score; none by default.

    Returns
    -------
    Overlay
        ``(score, score_high, known)``: the score with every unknown at 0, the score with every
        unknown at 1, and the number of known criteria.

    Raises
    ------
    DataError
        If the numbers of criteria, functions and weights differ, the weights do not sum to 1,
        shapes differ, or the method or an option is not as above.

    Examples
    --------
    >>> from geo.compute.breakpoints import Breakpoints
    >>> plain = Breakpoints(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    >>> first, second = np.array([[0.25, 0.5]]), np.array([[1.0, np.nan]])
    >>> found = combined_overlay([first, second], [plain] * 2, [0.5, 0.5], "weighted-product")
    >>> found.score.tolist(), found.score_high.round(3).tolist()
    ([[0.5, 0.0]], [[0.5, 0.707]])
    """
    inputs = checked_inputs(criteria, functions, weights, excluded, exclude_mask, required)
    options = _options(method, weights, alpha, order_weights, gamma)
    result = empty_overlay(inputs.shape)
    score, high = result.score.reshape(-1), result.score_high.reshape(-1)
    known = result.known.reshape(-1)
    writers = [
        line_writer(form) if isinstance(form, Breakpoints) else writer(form) for form in functions
    ]

    def task(first: int, last: int) -> None:
        # Rows a little longer than a power of two, which would all fall on one set of the cache.
        stack = np.empty((len(writers), _CACHE + 8))
        low, top = np.empty(_CACHE), np.empty(_CACHE)
        for a in range(first, last, _CACHE):
            b = min(last, a + _CACHE)
            n = b - a
            for row, layer, write in zip(stack, inputs.layers, writers, strict=True):
                write(layer[a:b], row[:n])
            combine_block(stack, n, *options, low, top)
            write_block(
                stack, a, b, inputs.blocked, exclude_mask, inputs.required,
                low, top, score, high, known,
            )  # fmt: skip

    size = score.size
    each(task, [(a, min(size, a + _TASK)) for a in range(0, size, _TASK)])
    return result


def combine_scores(
    scores: npt.ArrayLike,
    weights: Sequence[float],
    method: str,
    *,
    alpha: float = 1.0,
    order_weights: npt.ArrayLike | None = None,
    gamma: float = 0.9,
) -> tuple[Floats, Floats]:
    """Combine value scores of places as `combined_overlay` combines those of cells.

    Parameters
    ----------
    scores : (places, criteria) array_like
        Value scores in [0, 1]; NaN is unknown.
    weights : sequence of float
        One for each criterion, 0 or more, summing to 1.
    method : str
        One of `METHODS`.
    alpha, order_weights, gamma
        As for `combined_overlay`.

    Returns
    -------
    score, score_high : (places,) arrays
        With every unknown at 0, and with every unknown at 1.

    Raises
    ------
    DataError
        If the numbers of criteria and weights differ, or the method or an option is not as
        above.

    Examples
    --------
    >>> low, high = combine_scores([[0.25, 1.0]], [0.5, 0.5], "fuzzy-gamma", gamma=0.5)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.5], [0.5])
    """
    given = np.asarray(scores, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != len(weights):
        raise DataError(
            f"value scores of shape {given.shape} for {len(weights)} weights: required are "
            "(places, criteria) and a weight for each criterion"
        )
    options = _options(method, weights, alpha, order_weights, gamma)
    low, top = np.empty(len(given)), np.empty(len(given))
    stack = np.ascontiguousarray(given.T)
    combine_block(stack, len(given), *options, low, top)
    return low, top


def _options(
    method: str,
    weights: Sequence[float],
    alpha: float,
    order_weights: npt.ArrayLike | None,
    gamma: float,
) -> tuple[int, Floats, Floats, Floats, float]:
    if method not in METHODS:
        raise DataError(f"method {method!r} is none of {', '.join(METHODS)}")
    if not alpha >= 0:
        raise DataError(f"alpha is {alpha}, required is a number of zero or more")
    if not 0 <= gamma <= 1:
        raise DataError(f"gamma is {gamma}, required is a number from 0 to 1")
    share = np.asarray(weights, dtype=np.float64)
    places = np.empty(0) if order_weights is None else np.asarray(order_weights, dtype=np.float64)
    if order_weights is not None:
        _check_places(places, share)
    by_quantifier = method == "owa" and order_weights is None
    reached = _reached(share, alpha) if by_quantifier else np.empty(0)
    return METHODS.index(method), share, places, reached, float(gamma)


def _reached(share: Floats, alpha: float) -> Floats:
    """Quantifier of the weight of every set of criteria, numbered by its members' bits."""
    if share.size > _MOST_ORDERED:
        raise DataError(
            f"{share.size} criteria are more than the {_MOST_ORDERED} that an ordered average "
            "can take: group them"
        )
    sums = np.zeros(1)
    for weight in share:
        sums = np.concatenate([sums, sums + weight])
    # Sets that hold all the weight hold it whatever the rounding, also for an infinite alpha.
    parts = np.where(sums > sums[-1] * (1 - 1e-12), 1.0, sums / sums[-1])
    return np.where(parts > 0, parts**alpha, 0.0)


def _check_places(places: Floats, share: Floats) -> None:
    if places.shape != share.shape or not (places >= 0).all() or not places.sum() > 0:
        raise DataError(
            f"order weights {places.tolist()} for {share.size} criteria: required is one each, "
            "zero or more and not all zero"
        )
    if not (share > 0).all():
        raise DataError(
            "order weights need a weight above zero for every criterion: leave out those of zero"
        )


@njit(cache=True, nogil=True)
def combine_block(
    stack: Floats,
    size: int,
    method: int,
    weights: Floats,
    places: Floats,
    reached: Floats,
    gamma: float,
    low: Floats,
    high: Floats,
) -> None:
    """Combine the value scores (criteria, cells) of a block, unknowns at 0 and at 1."""
    count = stack.shape[0]
    # Order weights over unequal weights are not monotone: no filling of unknowns is extreme.
    open_ended = method == _OWA and places.size > 0 and weights.min() < weights.max()
    values = np.empty(count)
    order = np.empty(count, dtype=np.int64)
    for i in range(size):
        unknown = False
        # Unknowns at 0 first, then at 1; one call in the code, so that it compiles once.
        for filling in range(2):
            for j in range(count):
                known = stack[j, i] == stack[j, i]
                values[j] = stack[j, i] if known else filling
                unknown = unknown or not known
            found = combine_cell(values, method, weights, places, reached, gamma, order)
            if filling == 0:
                low[i] = found
            high[i] = found
            if not unknown:
                break
        if unknown and open_ended:
            low[i] = 0.0
            high[i] = 1.0


@njit(cache=True, nogil=True)
def combine_cell(
    values: Floats,
    method: int,
    weights: Floats,
    places: Floats,
    reached: Floats,
    gamma: float,
    order: npt.NDArray[np.int64],
) -> float:
    """Combine the value scores of one cell."""
    found = 0.0
    if method == _OWA:
        found = ordered_average(values, weights, places, reached, order)
    elif method >= _AND:
        found = fuzzy_cell(values, method, gamma)
    elif method == _PRODUCT:
        # One exponential for all instead of a power for each; the logarithm of 0 is -infinity,
        # whose exponential is 0 again.
        for j in range(values.size):
            if weights[j] > 0.0:
                found += weights[j] * np.log(values[j])
        found = np.exp(found)
    elif method == _SUM:
        for j in range(values.size):
            found += weights[j] * values[j]
    else:
        lost = 0.0
        for j in range(values.size):
            found += (weights[j] * values[j]) ** 2
            lost += (weights[j] * (1.0 - values[j])) ** 2
        found = np.sqrt(found)
        found /= found + np.sqrt(lost)
    return found


@njit(cache=True, nogil=True)
def fuzzy_cell(values: Floats, method: int, gamma: float) -> float:
    """Combine the memberships of one cell by a fuzzy operator."""
    least = 1.0
    most = 0.0
    product = 1.0
    rest = 1.0
    for j in range(values.size):
        least = min(least, values[j])
        most = max(most, values[j])
        product *= values[j]
        rest *= 1.0 - values[j]
    found = least
    if method == _OR:
        found = most
    elif method == _TIMES:
        found = product
    elif method == _ALGEBRAIC:
        found = 1.0 - rest
    elif method == _GAMMA:
        found = (1.0 - rest) ** gamma * product ** (1.0 - gamma)
    return found


@njit(cache=True, nogil=True)
def ordered_average(
    values: Floats,
    weights: Floats,
    places: Floats,
    reached: Floats,
    order: npt.NDArray[np.int64],
) -> float:
    """Ordered weighted average of one cell; `order` is room to sort in.

    `reached` holds the quantifier of the weight of every set of criteria, numbered by its
    members' bits, so that no power is taken for a cell.
    """
    count = values.size
    # Insertion sort, largest first: a dozen criteria, and equal ones keep their order.
    for j in range(count):
        k = j
        while k > 0 and values[order[k - 1]] < values[j]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = j
    found = 0.0
    total = 0.0
    if places.size > 0:
        for k in range(count):
            share = weights[order[k]] * places[k]
            found += share * values[order[k]]
            total += share
        return found / total
    before = 0.0
    chosen = 0
    for k in range(count):
        chosen += 1 << order[k]
        after = reached[chosen]
        found += (after - before) * values[order[k]]
        before = after
    return found


@njit(cache=True, nogil=True)
def write_block(
    stack: Floats,
    first: int,
    last: int,
    blocked: npt.NDArray[np.uint16],
    mask: int,
    needed: npt.NDArray[np.bool_],
    low: Floats,
    top: Floats,
    score: npt.NDArray[np.float32],
    high: npt.NDArray[np.float32],
    known: npt.NDArray[np.uint8],
) -> None:
    """Write a block; NaN where closed, where a needed criterion or all are unknown."""
    for i in range(last - first):
        count = 0
        shown = blocked.size == 0 or (blocked[first + i] & mask) == 0
        for j in range(stack.shape[0]):
            if stack[j, i] == stack[j, i]:
                count += 1
            elif needed[j]:
                shown = False
        shown = shown and count > 0
        score[first + i] = low[i] if shown else np.nan
        high[first + i] = top[i] if shown else np.nan
        known[first + i] = count
