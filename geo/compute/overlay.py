"""Value functions, weights, exclusion and bounds for unknowns in one pass.

The raster is worked through in blocks small enough to stay in the processor's cache:
each criterion is read once and no layer of intermediate values is ever written out.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each
from geo.compute.curves import Codes, Curve, Steps, Write, writer
from geo.errors import DataError

__all__ = [
    "Breakpoints",
    "Form",
    "Overlay",
    "check_parts",
    "closed_cells",
    "contiguous_layers",
    "piecewise",
    "weighted_overlay",
    "write_scores",
]

_TASK = 1 << 18
_CACHE = 1 << 13


class Breakpoints(NamedTuple):
    """A value function as points with straight lines between, flat outside.

    Parameters
    ----------
    x : (n,) float64 array
        Rising criterion values, at least two.
    score : (n,) float64 array
        Score of each, in [0, 1].
    log : bool
        Straight in log10 of the criterion value; all x are then positive, and values
        of 0 or less count as below the first point.
    """

    x: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    log: bool = False


Form = Breakpoints | Curve | Steps | Codes
"""A value function in the form that the compiled code takes."""


class Overlay(NamedTuple):
    """Weighted sum with its bound for unknowns.

    Parameters
    ----------
    score : (rows, columns) float32 array
        Sum of the known contributions: what holds if every unknown scored 0. NaN where
        excluded, where a required criterion is unknown, or where nothing is known.
    score_high : (rows, columns) float32 array
        The same if every unknown scored 1. NaN where `score` is.
    known : (rows, columns) uint8 array
        How many criteria are known.
    """

    score: npt.NDArray[np.float32]
    score_high: npt.NDArray[np.float32]
    known: npt.NDArray[np.uint8]


def weighted_overlay(
    criteria: Sequence[npt.ArrayLike],
    functions: Sequence[Form],
    weights: Sequence[float],
    *,
    excluded: npt.ArrayLike | None = None,
    exclude_mask: int = 0xFFFF,
    required: Sequence[bool] | None = None,
) -> Overlay:
    """Score every cell by the weighted sum of its criteria.

    Parameters
    ----------
    criteria : sequence of (rows, columns) array_like of float
        Criterion values in the unit of their value function; NaN is unknown.
    functions : sequence of Breakpoints, Curve, Steps or Codes
        One for each criterion.
    weights : sequence of float
        One for each criterion, 0 or more, summing to 1.
    excluded : (rows, columns) array_like of bool or integer, optional
        Exclusion bits; 0 is not excluded.
    exclude_mask : int, optional
        Which of the bits exclude; the others are ignored. All by default.
    required : sequence of bool, optional
        Criteria without which a cell gets no score; none by default.

    Returns
    -------
    Overlay
        ``(score, score_high, known)``.

    Raises
    ------
    DataError
        If the numbers of criteria, functions and weights differ, the weights do not sum
        to 1, or shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> near = Breakpoints(np.array([0.0, 10.0]), np.array([1.0, 0.0]))
    >>> low = Breakpoints(np.array([500.0, 1500.0]), np.array([1.0, 0.0]))
    >>> distance = np.array([[0.0, 5.0, np.nan]])
    >>> height = np.array([[1000.0, np.nan, 500.0]])
    >>> result = weighted_overlay([distance, height], [near, low], [0.75, 0.25])
    >>> result.score
    array([[0.875, 0.375, 0.25 ]], dtype=float32)
    >>> result.score_high
    array([[0.875, 0.625, 1.   ]], dtype=float32)
    """
    layers, shape = contiguous_layers(criteria)
    check_parts(len(layers), functions, weights, required)
    needed = np.zeros(len(layers), dtype=np.bool_) if required is None else np.array(required)
    blocked = closed_cells(excluded, exclude_mask, shape)
    result = Overlay(
        np.empty(shape, dtype=np.float32),
        np.empty(shape, dtype=np.float32),
        np.empty(shape, dtype=np.uint8),
    )
    flat = [layer.reshape(-1) for layer in layers]
    score, high = result.score.reshape(-1), result.score_high.reshape(-1)
    known = result.known.reshape(-1)
    adders = [
        _adder(layer, function, float(weight), bool(must))
        for layer, function, weight, must in zip(flat, functions, weights, needed, strict=True)
    ]

    def task(first: int, last: int) -> None:
        total, bound, values = np.empty((3, _CACHE))
        count = np.empty(_CACHE, dtype=np.int64)
        for a in range(first, last, _CACHE):
            b = min(last, a + _CACHE)
            open_block(blocked[a:b], exclude_mask, total, bound, count)
            for add in adders:
                add(a, b, total, bound, count, values)
            close_block(total, bound, count, score[a:b], high[a:b], known[a:b])

    size = score.size
    each(task, [(a, min(size, a + _TASK)) for a in range(0, size, _TASK)])
    return result


def piecewise(values: npt.ArrayLike, function: Breakpoints) -> npt.NDArray[np.float64]:
    """Apply one value function.

    Parameters
    ----------
    values : array_like of float
        Of any shape; NaN is unknown.
    function : Breakpoints

    Returns
    -------
    float64 array of the same shape
        In [0, 1], NaN where unknown: the numbers that `weighted_overlay` weighs.

    Examples
    --------
    >>> import numpy as np
    >>> piecewise([10.0, 100.0, 1e9], Breakpoints(np.array([1.0, 1e4]), np.array([0.0, 1.0]), True))
    array([0.25, 0.5 , 1.  ])
    """
    # An array of its own: one that is read only has another type, to be compiled again.
    given = np.array(values, dtype=np.float64)
    out = np.empty(given.size)
    apply_function(given.reshape(-1), *_stretches(function), function.log, out)
    return out.reshape(given.shape)


def write_scores(function: Form) -> Write:
    """Make the function that writes the scores of a block.

    Parameters
    ----------
    function : Breakpoints, Curve, Steps or Codes

    Returns
    -------
    callable
        ``write(values, out)``; it releases the GIL.

    Raises
    ------
    DataError
        If the function is not usable.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty(1)
    >>> write_scores(Breakpoints(np.array([0.0, 10.0]), np.array([0.0, 1.0])))(np.array([4.0]), out)
    >>> out.tolist()
    [0.4]
    """
    if not isinstance(function, Breakpoints):
        return writer(function)
    stretches, base = _stretches(function)
    log = function.log
    return lambda values, out: apply_function(values, stretches, base, log, out)


def _adder(
    layer: npt.NDArray[np.floating], function: Form, weight: float, must: bool
) -> Callable[..., None]:
    """Make the function that adds a criterion to the sums of a block."""
    # What an unknown adds: a cell without a required criterion has no score.
    lost = np.nan if must else 0.0
    if isinstance(function, Breakpoints):
        stretches, base = _stretches(function)
        log = function.log
        return lambda a, b, *sums: add_criterion(
            layer[a:b], stretches, base, log, weight, lost, *sums
        )
    write = writer(function)

    def add(a: int, b: int, *sums: Any) -> None:
        *sums_of_cells, values = sums
        score = values[: b - a]
        write(layer[a:b], score)
        add_scores(score, weight, lost, *sums_of_cells)

    return add


def _stretches(function: Breakpoints) -> tuple[npt.NDArray[np.float64], float]:
    """Start, end (in log10 where asked) and slope of every stretch, and the first score.

    Level stretches, which add nothing, fill them up to a multiple of four.
    """
    x = np.asarray(function.x, dtype=np.float64)
    scores = np.asarray(function.score, dtype=np.float64)
    if x.ndim != 1 or x.shape != scores.shape or x.size < 2 or not (np.diff(x) > 0).all():
        raise DataError(
            f"breakpoints have x = {x.tolist()} and {scores.size} scores: required are two or "
            "more rising x with one score each"
        )
    if function.log:
        if x[0] <= 0:
            raise DataError(f"the first breakpoint is {x[0]}: a log scale needs x above 0")
        x = np.log10(x)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        steps = np.diff(scores) / np.diff(x)
    if not np.isfinite(steps).all():
        raise DataError(f"the breakpoints {x.tolist()} lie too close together: move them apart")
    stretches = np.zeros((-(-steps.size // 4) * 4, 3))
    stretches[: steps.size] = np.column_stack([x[:-1], x[1:], steps])
    return stretches, float(scores[0])


def contiguous_layers(
    criteria: Sequence[npt.ArrayLike],
) -> tuple[list[npt.NDArray[np.floating]], tuple[int, ...]]:
    """Give layers as contiguous arrays of floats, or refuse them.

    Parameters
    ----------
    criteria : sequence of (rows, columns) array_like of float

    Returns
    -------
    layers : list of (rows, columns) arrays
    shape : tuple of int

    Raises
    ------
    DataError
        If there is none or more than 255, or shapes differ.

    Examples
    --------
    >>> contiguous_layers([[[1, 2]]])[1]
    (1, 2)
    """
    layers = [np.ascontiguousarray(layer) for layer in criteria]
    if not layers:
        raise DataError("there is no criterion: give at least one")
    if len(layers) > 255:
        raise DataError(f"{len(layers)} criteria are more than the 255 that can be counted")
    for n, layer in enumerate(layers):
        if layer.shape != layers[0].shape:
            raise DataError(
                f"criterion {n} has shape {layer.shape}, criterion 0 has {layers[0].shape}: "
                "bring all to one grid"
            )
        if layer.dtype not in (np.float32, np.float64):
            layers[n] = layer.astype(np.float64)
    return layers, layers[0].shape


def check_parts(
    count: int,
    functions: Sequence[Form],
    weights: Sequence[float],
    required: Sequence[bool] | None,
) -> None:
    """Refuse functions, weights and flags that do not fit the criteria.

    Parameters
    ----------
    count : int
        Number of criteria.
    functions, weights, required : sequence
        As for `weighted_overlay`.

    Raises
    ------
    DataError
        If a number differs, a weight is negative, or they do not sum to 1.

    Examples
    --------
    >>> check_parts(1, [Breakpoints(np.array([0.0, 1.0]), np.array([0.0, 1.0]))], [1.0], None)
    """
    found = (len(functions), len(weights), count if required is None else len(required))
    if found != (count, count, count):
        raise DataError(
            f"{count} criteria have {found[0]} value functions, {found[1]} weights and "
            f"{found[2]} required flags: give one of each for every criterion"
        )
    total = float(np.sum(weights))
    if not (abs(total - 1.0) < 1e-6 and min(weights) >= 0):
        raise DataError(
            f"weights {list(weights)} sum to {total:.6g}: required are weights of 0 or more "
            "that sum to 1, divide them by their sum"
        )


def closed_cells(
    excluded: npt.ArrayLike | None, mask: int, shape: tuple[int, ...]
) -> npt.NDArray[np.uint16]:
    """Give exclusion bits as one flat array, empty where there are none.

    Parameters
    ----------
    excluded : (rows, columns) array_like of bool or integer, optional
    mask : int
        Which of the bits exclude, 0 to 65535.
    shape : tuple of int
        Of the criteria.

    Returns
    -------
    (cells,) uint16 array

    Raises
    ------
    DataError
        If the shape or the type differs, or the mask has other bits.

    Examples
    --------
    >>> closed_cells([[True, False]], 1, (1, 2)).tolist()
    [1, 0]
    """
    if not 0 <= mask <= 0xFFFF:
        raise DataError(f"exclude_mask is {mask}, required are 16 bits: 0 to 65535")
    if excluded is None:
        return np.empty(0, dtype=np.uint16)
    bits = np.ascontiguousarray(excluded)
    if bits.shape != shape:
        raise DataError(f"excluded has shape {bits.shape}, the criteria {shape}")
    if bits.dtype.kind not in "bu" or bits.dtype.itemsize > 2:
        raise DataError(
            f"excluded has type {bits.dtype}, required is bool, uint8 or uint16: "
            "convert it with .astype('uint16')"
        )
    return bits.astype(np.uint16, copy=False).reshape(-1)


@njit(cache=True, nogil=True)
def rise(x: float, low: float, high: float, slope: float) -> float:
    """What a stretch of a value function adds up to `x`."""
    x = x if x > low else low
    x = x if x < high else high
    return float(slope * (x - low))


@njit(cache=True, nogil=True)
def apply_function(
    values: npt.NDArray[np.floating],
    stretches: npt.NDArray[np.float64],
    base: float,
    log: bool,
    out: npt.NDArray[np.float64],
) -> None:
    """Write the scores of `values` to `out`, NaN where they are.

    Every stretch between two points adds its own rise, clipped to the stretch, so a
    steep step costs no precision elsewhere and the processor can work on several cells;
    four stretches at a time, so that most value functions take one pass.
    """
    for i in range(values.size):
        out[i] = base
    for k in range(0, stretches.shape[0], 4):
        low_0, high_0, slope_0 = stretches[k, 0], stretches[k, 1], stretches[k, 2]
        low_1, high_1, slope_1 = stretches[k + 1, 0], stretches[k + 1, 1], stretches[k + 1, 2]
        low_2, high_2, slope_2 = stretches[k + 2, 0], stretches[k + 2, 1], stretches[k + 2, 2]
        low_3, high_3, slope_3 = stretches[k + 3, 0], stretches[k + 3, 1], stretches[k + 3, 2]
        for i in range(values.size):
            x = float(values[i])
            if log:
                x = float(np.log10(x)) if x > 0.0 else (-np.inf if x == x else x)
            score = out[i]
            score += rise(x, low_0, high_0, slope_0)
            score += rise(x, low_1, high_1, slope_1)
            score += rise(x, low_2, high_2, slope_2)
            score += rise(x, low_3, high_3, slope_3)
            # So far this is the score of the end of the fourth stretch, or of less.
            score = score if score > 0.0 else 0.0
            score = score if score < 1.0 else 1.0
            out[i] = score if x == x else np.nan


@njit(cache=True, nogil=True)
def open_block(
    blocked: npt.NDArray[np.uint16],
    mask: int,
    total: npt.NDArray[np.float64],
    bound: npt.NDArray[np.float64],
    count: npt.NDArray[np.int64],
) -> None:
    """Start the sums of a block; those of cells with a bit of `mask` stay unknown."""
    for i in range(total.size):
        total[i] = 0.0
        bound[i] = 0.0
        count[i] = 0
    for i in range(blocked.size):
        total[i] = np.nan if blocked[i] & mask else 0.0


@njit(cache=True, nogil=True)
def add_criterion(
    layer: npt.NDArray[np.floating],
    stretches: npt.NDArray[np.float64],
    base: float,
    log: bool,
    weight: float,
    lost: float,
    total: npt.NDArray[np.float64],
    bound: npt.NDArray[np.float64],
    count: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
) -> None:
    """Add one criterion's contributions to the sums of a block."""
    score = values[: layer.size]
    apply_function(layer, stretches, base, log, score)
    add_scores(score, weight, lost, total, bound, count)


@njit(cache=True, nogil=True)
def add_scores(
    score: npt.NDArray[np.float64],
    weight: float,
    lost: float,
    total: npt.NDArray[np.float64],
    bound: npt.NDArray[np.float64],
    count: npt.NDArray[np.int64],
) -> None:
    """Add one criterion's value scores to the sums of a block; an unknown adds `lost`."""
    for i in range(score.size):
        here = score[i]
        known = here == here
        total[i] += weight * here if known else lost
        bound[i] += weight * here if known else weight
        count[i] += 1 if known else 0


@njit(cache=True, nogil=True)
def close_block(
    total: npt.NDArray[np.float64],
    bound: npt.NDArray[np.float64],
    count: npt.NDArray[np.int64],
    score: npt.NDArray[np.float32],
    high: npt.NDArray[np.float32],
    known: npt.NDArray[np.uint8],
) -> None:
    """Write the sums of a block; NaN where closed or where nothing is known."""
    for i in range(score.size):
        # What is unknown in the total is unknown in its bound.
        here = total[i] if count[i] > 0 else np.nan
        score[i] = here
        high[i] = bound[i] if here == here else np.nan
        known[i] = np.uint8(count[i])
