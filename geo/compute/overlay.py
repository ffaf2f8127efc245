"""Value functions, weights, exclusion and bounds for unknowns in one pass.

The sums of a few cells stay in the processor's registers until every criterion is added:
each is read once, and no layer of intermediate values is ever written out.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each
from geo.compute.breakpoints import Breakpoints, fits_float32, take_logs, weighted
from geo.compute.curves import Write, writer
from geo.compute.inputs import Form, Inputs, Overlay, checked_inputs, empty_overlay
from geo.compute.lanes import (
    WIDTH,
    above,
    add,
    add_rise,
    below,
    choose,
    flagged,
    is_known,
    read,
    spread,
    write,
)

__all__ = ["weighted_overlay"]

_TASK = 1 << 19
"""Cells that a thread takes at once."""

_CACHE = 1 << 15
"""Cells whose scores stay in the second cache where they are made before they are summed."""

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
    given = checked_inputs(criteria, functions, weights, excluded, exclude_mask, required)
    inputs = _filled_up(given)
    score, high, known = empty_overlay(inputs.layers[0].shape)
    real = _working_type(inputs, functions)
    ready = [
        _readied(layer, form, real) for layer, form in zip(inputs.layers, functions, strict=True)
    ]
    parts = [
        # A cell without a required criterion has no score.
        weighted(part.line, weight, np.nan if must else weight, real)
        for part, weight, must in zip(ready, weights, inputs.required, strict=True)
    ]
    numbers = np.array([part.numbers for part in parts])
    counts = np.array([len(part.stretches) for part in parts])
    stretches = np.zeros((len(parts), counts.max(), 3), dtype=real)
    for row, part in zip(stretches, parts, strict=True):
        row[: len(part.stretches)] = part.stretches
    mask = np.uint16(exclude_mask)
    made = sum(part.write is not None for part in ready)
    step = _CACHE if made else _TASK

    def task(first: int, last: int) -> None:
        room = np.empty((made, min(2 * step, last - first)), dtype=real)
        for a, b in _blocks(first, last, step):
            rows = iter(room)
            places = [_place(part, a, b, rows) for part in ready]
            sum_block(
                np.array(places), counts, stretches, numbers, inputs.blocked[a:b], mask,
                score[a:b], high[a:b], known[a:b],
            )  # fmt: skip

    each(task, _blocks(0, score.size, _TASK))
    size = given.layers[0].size
    return Overlay(
        score[:size].reshape(given.shape),
        high[:size].reshape(given.shape),
        known[:size].reshape(given.shape),
    )


def _filled_up(inputs: Inputs) -> Inputs:
    """Add cells to a raster of fewer than are worked on at once."""
    short = max(0, WIDTH - inputs.layers[0].size)
    if short == 0:
        return inputs
    blocked = np.pad(inputs.blocked, (0, short)) if inputs.blocked.size > 0 else inputs.blocked
    layers = [np.pad(layer, (0, short)) for layer in inputs.layers]
    return inputs._replace(layers=layers, blocked=blocked)


def _blocks(first: int, last: int, step: int) -> list[tuple[int, int]]:
    """Cut cells into blocks of at most twice `step`, none with less unless all have less."""
    starts = list(range(first, max(first + 1, last - step + 1), step))
    return list(zip(starts, [*starts[1:], last], strict=True))


class _Ready(NamedTuple):
    """A criterion, what makes numbers of its values, and straight lines over those."""

    layer: npt.NDArray[np.floating]
    write: Write | None
    line: Breakpoints


def _place(part: _Ready, first: int, last: int, room: Iterator[npt.NDArray[np.floating]]) -> int:
    """Address of a block's first value: where its layer lies, or in the next row of room."""
    if part.write is None:
        return part.layer[first:].ctypes.data
    row = next(room)
    part.write(part.layer[first:last], row[: last - first])
    return row.ctypes.data


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


@njit(cache=True, nogil=True)
def sum_block(
    places: npt.NDArray[np.intp],
    counts: npt.NDArray[np.intp],
    stretches: npt.NDArray[np.floating],
    numbers: npt.NDArray[np.floating],
    blocked: npt.NDArray[np.uint16],
    mask: np.uint16,
    score: npt.NDArray[np.float32],
    high: npt.NDArray[np.float32],
    known: npt.NDArray[np.uint8],
) -> None:
    """Write the scores of a block; NaN where a bit of `mask` is set or nothing is known.

    Parameters
    ----------
    places : (criteria,) int array
        Address of the block's first value of each: any number of arrays, one code.
    counts : (criteria,) int array
        How many stretches each has.
    stretches, numbers : (criteria, stretches, 3), (criteria, 2) arrays
        Of `geo.compute.breakpoints.Weighted`.
    blocked : (cells,) uint16 array
        Exclusion bits; empty where there are none.
    mask : uint16
    score, high, known : (cells,) arrays
        At least `geo.compute.lanes.WIDTH` cells.
    """
    real = stretches.dtype.type
    nothing, one, unknown = real(0.0), real(1.0), real(np.nan)
    # What rounding leaves beside 0 and 1 is 0 and 1; NaN stays what it is.
    least, most = real(_ROUNDING), real(1.0 - _ROUNDING)
    for first in range(0, score.size, WIDTH):
        # The last cells are taken together with some before them, once more.
        i = min(first, score.size - WIDTH)
        total = missing = count = spread(nothing, stretches)
        for k in range(places.size):
            cells = read(places[k] + i * stretches.itemsize, stretches)
            part = spread(numbers[k, 0], stretches)
            for s in range(counts[k]):
                part = add_rise(
                    part, cells, stretches[k, s, 0], stretches[k, s, 1], stretches[k, s, 2]
                )
            here = is_known(cells)
            total = choose(here, add(total, part), total)
            missing = choose(here, missing, add(missing, numbers[k, 1]))
            count = choose(here, add(count, one), count)
        total = choose(is_known(missing), total, unknown)
        total = choose(above(count, nothing), total, unknown)
        if blocked.size > 0:
            closed = flagged(blocked.ctypes.data + i * blocked.itemsize, mask, blocked, stretches)
            total = choose(closed, unknown, total)
        total = choose(below(total, least), nothing, total)
        best = add(total, missing)
        total = choose(above(total, most), one, total)
        best = choose(above(best, most), one, best)
        write(score.ctypes.data + i * score.itemsize, total, score)
        write(high.ctypes.data + i * high.itemsize, best, high)
        write(known.ctypes.data + i * known.itemsize, count, known)
