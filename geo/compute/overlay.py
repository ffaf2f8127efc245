"""Value functions, weights, exclusion and bounds for unknowns in one pass.

The raster is worked through in blocks small enough to stay in the processor's cache:
each criterion is read once and no layer of intermediate values is ever written out.
"""

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import config, njit, types
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from geo.compute.blocks import each
from geo.compute.breakpoints import Breakpoints, add_points, fits_float32, passes, take_logs
from geo.compute.curves import Write, writer
from geo.compute.inputs import Form, Inputs, Overlay, checked_inputs, empty_overlay

__all__ = ["weighted_overlay"]

_TASK = 1 << 18
_CACHE = 1 << 15
_STRIP = 1 << 11
"""Cells whose sums lie in the first cache while one criterion after the other is added."""

_MOST_SINGLE = 32
"""Criteria whose sum float32 holds to well under a millionth."""

_ROUNDING = 2.0**-22
"""Scores nearer than this to 0 or 1 are 0 or 1."""

_IDENTITY = Breakpoints(np.array([0.0, 1.0]), np.array([0.0, 1.0]))


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
    inputs = checked_inputs(criteria, functions, weights, excluded, exclude_mask, required)
    result = empty_overlay(inputs.shape)
    score, high = result.score.reshape(-1), result.score_high.reshape(-1)
    known = result.known.reshape(-1)
    real = _working_type(inputs, functions)
    ready = [
        _readied(layer, form, real) for layer, form in zip(inputs.layers, functions, strict=True)
    ]
    weighted = [
        # A cell without a required criterion has no score.
        passes(part.line, weight, np.nan if must else 0.0, real)
        for part, weight, must in zip(ready, weights, inputs.required, strict=True)
    ]
    tables = np.concatenate([part.tables for part in weighted])
    numbers = np.concatenate([part.numbers for part in weighted])
    owner = np.repeat(np.arange(len(ready)), [len(part.numbers) for part in weighted])
    mask = np.uint16(exclude_mask)

    def task(first: int, last: int) -> None:
        sums = np.empty((2, _STRIP), dtype=real)
        room = np.empty((sum(part.write is not None for part in ready), _CACHE), dtype=real)
        rows = iter(room)
        made = [(part, part.layer if part.write is None else next(rows)) for part in ready]
        places = np.array([row.ctypes.data for _, row in made])[owner]
        # Values that are read where they lie move on from block to block.
        move = np.array([row.itemsize if row is part.layer else 0 for part, row in made])[owner]
        for a in range(first, last, _CACHE):
            b = min(last, a + _CACHE)
            for part, row in made:
                if part.write is not None:
                    part.write(part.layer[a:b], row[: b - a])
            sum_block(
                places + a * move, tables, numbers, sums, inputs.blocked[a:b], mask,
                score[a:b], high[a:b], known[a:b],
            )  # fmt: skip

    size = score.size
    each(task, [(a, min(size, a + _TASK)) for a in range(0, size, _TASK)])
    return result


class _Ready(NamedTuple):
    """A criterion, what makes numbers of its values, and straight lines over those."""

    layer: npt.NDArray[np.floating]
    write: Write | None
    line: Breakpoints


def _readied(layer: npt.NDArray[np.floating], form: Form, real: type[np.floating]) -> _Ready:
    if not isinstance(form, Breakpoints):
        return _Ready(layer, writer(form), _IDENTITY)
    if form.log:
        return _Ready(layer, take_logs, form)
    if layer.dtype != real:
        return _Ready(layer, lambda values, out: np.copyto(out, values), form)
    return _Ready(layer, None, form)


def _working_type(inputs: Inputs, functions: Sequence[Form]) -> type[np.floating]:
    """The type that holds every score to well under a millionth."""
    single = len(functions) <= _MOST_SINGLE and all(
        layer.dtype == np.float32 and (not isinstance(form, Breakpoints) or fits_float32(form))
        for layer, form in zip(inputs.layers, functions, strict=True)
    )
    return np.float32 if single else np.float64


@intrinsic
def _compiled_pointer(_typing: Any, address: Any, like: Any) -> Any:
    """Pointer to numbers at an address, of the type that an array has."""
    kind = types.CPointer(like.dtype)  # type: ignore[no-untyped-call]

    def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], context.get_value_type(kind))

    return kind(address, like), generate


def _plain_pointer(address: int, like: npt.NDArray[np.floating]) -> Any:
    """The same where nothing is compiled."""
    kind = np.ctypeslib.as_ctypes_type(like.dtype)
    return ctypes.cast(int(address), ctypes.POINTER(kind))


pointer: Any = _plain_pointer if getattr(config, "DISABLE_JIT", 0) else _compiled_pointer


@njit(cache=True, nogil=True)
def sum_block(
    places: npt.NDArray[np.intp],
    tables: npt.NDArray[np.floating],
    numbers: npt.NDArray[np.floating],
    sums: npt.NDArray[np.floating],
    blocked: npt.NDArray[np.uint16],
    mask: np.uint16,
    score: npt.NDArray[np.float32],
    high: npt.NDArray[np.float32],
    known: npt.NDArray[np.uint8],
) -> None:
    """Write the scores of a block, strip by strip.

    Parameters
    ----------
    places : (passes,) int array
        Address of the block's first value of each pass: any number of arrays, one code.
    tables, numbers : arrays
        Of `geo.compute.breakpoints.Passes`, those of all criteria one behind the other.
    sums : (2, strip) array
        Room to work in.
    blocked : (cells,) uint16 array
        Exclusion bits; empty where there are none.
    mask : uint16
    score, high, known : (cells,) arrays
    """
    size = sums.shape[1]
    for first in range(0, score.size, size):
        last = min(score.size, first + size)
        total, missing, count = sums[0, : last - first], sums[1, : last - first], known[first:last]
        for i in range(last - first):
            total[i] = 0.0
            missing[i] = 0.0
            count[i] = 0
        for k in range(places.size):
            at = places[k] + first * sums.itemsize
            values = carray(pointer(at, sums), (last - first,))
            add_points(values, tables[k], numbers[k], total, missing, count)
        close_strip(
            total, missing, count, blocked[first:last], mask, score[first:last], high[first:last]
        )


@njit(cache=True, nogil=True)
def close_strip(
    total: npt.NDArray[np.floating],
    missing: npt.NDArray[np.floating],
    count: npt.NDArray[np.uint8],
    blocked: npt.NDArray[np.uint16],
    mask: np.uint16,
    score: npt.NDArray[np.float32],
    high: npt.NDArray[np.float32],
) -> None:
    """Write the sums of a strip; NaN where a bit of `mask` is set or nothing is known."""
    unknown = np.float32(np.nan)
    nothing, all_of_it = np.float32(0.0), np.float32(1.0)
    # What rounding leaves beside 0 and 1 is 0 and 1; NaN stays what it is.
    least, most = np.float32(_ROUNDING), np.float32(1.0 - _ROUNDING)
    for i in range(score.size):
        here = total[i] if count[i] > 0 else unknown
        here = nothing if here < least else here
        best = here + missing[i]
        score[i] = all_of_it if here > most else here
        high[i] = all_of_it if best > most else best
    for i in range(blocked.size):
        closed = (blocked[i] & mask) != 0
        score[i] = unknown if closed else score[i]
        high[i] = unknown if closed else high[i]
