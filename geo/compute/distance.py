"""Exact Euclidean distance to the nearest target cell.

The transform is separable: first the nearest target within each column, then for each
row the lower envelope of the parabolas that those targets raise (Felzenszwalb and
Huttenlocher 2012; Meijster, Roerdink and Hesselink 2000). Cells need not be square.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each, row_blocks
from geo.errors import DataError

__all__ = [
    "Nearest",
    "check_cell_size",
    "distance_of_rows",
    "euclidean_distance",
    "nearest",
    "nearest_of_rows",
    "outermost",
]

_BLOCK = 1 << 17
"""Cells of a block, whose nearest targets by column stay in the second cache."""

_LEAST_ROWS = 16
"""Rows that it takes for leaving out columns to be worth a look."""


class Nearest(NamedTuple):
    """Distance to, and place of, the nearest target of each cell.

    Parameters
    ----------
    distance : (rows, columns) float64 array
        In the unit of the cell size; NaN where there is no target at all.
    row, column : (rows, columns) int32 arrays
        Cell of the nearest target; -1 where there is none.
    """

    distance: npt.NDArray[np.float64]
    row: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]


def euclidean_distance(
    targets: npt.ArrayLike, cell_size: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Distance from each cell's centre to the centre of the nearest target cell.

    Parameters
    ----------
    targets : (rows, columns) array_like of bool
        True where distance is 0.
    cell_size : (height of a row, width of a column)
        Both positive [m].

    Returns
    -------
    (rows, columns) float64 array [m]
        NaN everywhere if there is no target.

    Raises
    ------
    DataError
        If `targets` is not a boolean array of two dimensions, or a side of the cell is
        not positive.

    References
    ----------
    Felzenszwalb, P. F., Huttenlocher, D. P. (2012). Distance transforms of sampled
    functions. Theory of Computing 8. https://doi.org/10.4086/toc.2012.v008a019

    Examples
    --------
    >>> import numpy as np
    >>> euclidean_distance(np.array([[True, False, False]]), (1.0, 500.0))
    array([[   0.,  500., 1000.]])
    """
    mask, sides = _checked(targets, cell_size)
    none = np.full(mask.shape[1], -1, dtype=np.int32)
    return distance_of_rows(mask, 0, none, none, sides)


def nearest(targets: npt.ArrayLike, cell_size: tuple[float, float]) -> Nearest:
    """Distance to the nearest target cell, and which one it is.

    Of several targets at the same distance the leftmost is given, and of those in one
    column the upper.

    Parameters
    ----------
    targets : (rows, columns) array_like of bool
    cell_size : (height of a row, width of a column)
        Both positive [m].

    Returns
    -------
    Nearest
        ``(distance, row, column)``; distance as of `euclidean_distance` [m].

    Raises
    ------
    DataError
        As `euclidean_distance`.

    Examples
    --------
    >>> import numpy as np
    >>> found = nearest(np.array([[True, False, False, True]]), (500.0, 500.0))
    >>> found.column
    array([[0, 0, 3, 3]], dtype=int32)
    """
    mask, sides = _checked(targets, cell_size)
    none = np.full(mask.shape[1], -1, dtype=np.int32)
    return nearest_of_rows(mask, 0, none, none, sides)


def distance_of_rows(
    mask: npt.NDArray[np.bool_],
    top: int,
    above: npt.NDArray[np.int32],
    below: npt.NDArray[np.int32],
    cell_size: tuple[float, float],
) -> npt.NDArray[np.float64]:
    """Distance of a block of rows, knowing what targets its columns hold above and below it.

    Parameters
    ----------
    mask : (rows, columns) array of bool
        The block, C-contiguous.
    top : int
        Number of its first row in the whole raster.
    above, below : (columns,) int32 arrays
        Row, in the whole raster, of each column's nearest target above and below the
        block; -1 where there is none.
    cell_size : (height of a row, width of a column)

    Returns
    -------
    (rows, columns) float64 array
        As of `euclidean_distance` on the whole raster.
    """
    distance = np.empty(mask.shape)
    unused = np.empty((0, 0), dtype=np.int32)
    _fill(mask, top, above, below, cell_size, distance, unused, unused)
    return distance


def nearest_of_rows(
    mask: npt.NDArray[np.bool_],
    top: int,
    above: npt.NDArray[np.int32],
    below: npt.NDArray[np.int32],
    cell_size: tuple[float, float],
) -> Nearest:
    """Distance and nearest target of a block of rows; as `distance_of_rows`."""
    distance = np.empty(mask.shape)
    row = np.empty(mask.shape, dtype=np.int32)
    column = np.empty(mask.shape, dtype=np.int32)
    _fill(mask, top, above, below, cell_size, distance, row, column)
    return Nearest(distance, row, column)


def _fill(
    mask: npt.NDArray[np.bool_],
    top: int,
    above: npt.NDArray[np.int32],
    below: npt.NDArray[np.int32],
    cell_size: tuple[float, float],
    distance: npt.NDArray[np.float64],
    row: npt.NDArray[np.int32],
    column: npt.NDArray[np.int32],
) -> None:
    if not (mask.any() or (above >= 0).any() or (below >= 0).any()):
        distance.fill(np.nan)
        row.fill(-1)
        column.fill(-1)
        return
    height, width = cell_size
    blocks = row_blocks(mask.shape, max(_BLOCK, _LEAST_ROWS * mask.shape[1]))
    numbers = [(n, n + 1) for n in range(len(blocks))]
    over, under = _beside(mask, top, above, below, blocks)

    def task(number: int, _: int) -> None:
        a, b = blocks[number]
        near = np.empty(mask[a:b].shape, dtype=np.int32)
        scan_columns(mask[a:b], top + a, over[number], under[number], near)
        columns = mask.shape[1]
        live, hull = np.empty((2, columns), dtype=np.int32)
        since, rise = np.empty((2, columns))
        place = np.empty(columns, dtype=np.int64)
        count = undominated(near, top + a, height / width, live)
        distances_from_columns(
            near, top + a, height, width, live[:count], hull, since, rise, place,
            distance[a:b], row[a:b], column[a:b],
        )  # fmt: skip

    each(task, numbers)


def _beside(
    mask: npt.NDArray[np.bool_],
    top: int,
    above: npt.NDArray[np.int32],
    below: npt.NDArray[np.int32],
    blocks: list[tuple[int, int]],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Row of each column's nearest target above and below each block."""
    shape = (len(blocks), mask.shape[1])
    highest, lowest = np.full(shape, -1, dtype=np.int32), np.full(shape, -1, dtype=np.int32)

    def task(number: int, _: int) -> None:
        a, b = blocks[number]
        outermost(mask[a:b], top + a, highest[number], lowest[number])

    each(task, [(n, n + 1) for n in range(len(blocks))])
    for edges, carried in ((lowest, above), (highest[::-1], below)):
        for edge in edges:
            own = edge.copy()
            edge[:] = carried
            carried = np.where(own >= 0, own, carried)
    return lowest, highest


def check_cell_size(cell_size: tuple[float, float]) -> tuple[float, float]:
    """Return the sides of a cell as floats.

    Raises
    ------
    DataError
        If there are not two, or one is not a positive number.

    Examples
    --------
    >>> check_cell_size((500, 250))
    (500.0, 250.0)
    """
    sides = np.asarray(cell_size, dtype=np.float64)
    if sides.shape != (2,) or not (np.isfinite(sides).all() and (sides > 0).all()):
        raise DataError(
            f"cell_size is {cell_size!r}, required are two positive numbers: "
            "(height of a row, width of a column)"
        )
    return float(sides[0]), float(sides[1])


def _checked(
    targets: npt.ArrayLike, cell_size: tuple[float, float]
) -> tuple[npt.NDArray[np.bool_], tuple[float, float]]:
    mask = np.ascontiguousarray(targets)
    if mask.ndim != 2 or mask.dtype != np.bool_:
        raise DataError(
            f"targets have {mask.ndim} dimensions and type {mask.dtype}, required is a boolean "
            "array of rows and columns: compare first, for example `raster > 0`"
        )
    return mask, check_cell_size(cell_size)


@njit(cache=True, nogil=True)
def scan_columns(
    mask: npt.NDArray[np.bool_],
    top: int,
    above: npt.NDArray[np.int32],
    below: npt.NDArray[np.int32],
    near: npt.NDArray[np.int32],
) -> None:
    """Write the row of the nearest target within each column, -1 where it has none.

    Of two at the same distance the upper. Rows count in the whole raster, where the block's
    first is `top`.
    """
    rows, columns = mask.shape
    for i in range(rows):
        for j in range(columns):
            upper = near[i - 1, j] if i > 0 else above[j]
            near[i, j] = top + i if mask[i, j] else upper
    for i in range(rows - 1, -1, -1):
        here = top + i
        for j in range(columns):
            lower = near[i + 1, j] if i + 1 < rows else below[j]
            upper = near[i, j]
            if lower > here and (upper < 0 or lower - here < here - upper):
                near[i, j] = lower


@njit(cache=True, nogil=True)
def outermost(
    mask: npt.NDArray[np.bool_],
    top: int,
    highest: npt.NDArray[np.int32],
    lowest: npt.NDArray[np.int32],
) -> None:
    """Write each column's highest and lowest row with a target; leave columns without alone."""
    rows, columns = mask.shape
    for i in range(rows):
        for j in range(columns):
            lowest[j] = top + i if mask[i, j] else lowest[j]
    for i in range(rows - 1, -1, -1):
        for j in range(columns):
            highest[j] = top + i if mask[i, j] else highest[j]


@njit(cache=True, nogil=True)
def undominated(
    near: npt.NDArray[np.int32],
    top: int,
    ratio: float,
    live: npt.NDArray[np.int32],
) -> int:
    """List the columns that may be on the lower envelope of a row of a block.

    A column is left out if everywhere in the block one of two targets in two other columns is
    nearer. How far its parabola lies above the chord of those two changes evenly from row to
    row, so the first and the last row tell of all between; and no target of the column is
    nearer to either of these rows than the one that is looked at there.

    Parameters
    ----------
    near : (rows, columns) int32 array
        Row of the nearest target in each column, or -1.
    top : int
        Number of the block's first row in the whole raster.
    ratio : float
        Height of a cell over its width.
    live : (columns,) int32 array
        Filled with the columns that are left, from the left.

    Returns
    -------
    int
        How many are left.
    """
    count = 0
    end = near.shape[0] - 1
    for j in range(near.shape[1]):
        if near[0, j] < 0:
            continue
        while count > 1:
            a, m = live[count - 2], live[count - 1]
            before, after = m - a, j - m
            least = np.inf
            for i in (0, end):
                left = (near[0, a] - top - i) * ratio
                right = (near[0, j] - top - i) * ratio
                here = (near[i, m] - top - i) * ratio
                chord = after * (left * left) + before * (right * right)
                chord += float(before) * after * (j - a)
                # By more than rounding could make of it, so that blocks of any size agree.
                least = min(least, here * here * (j - a) * (1.0 - 1e-9) - chord)
            if least <= 0.0:
                break
            count -= 1
        live[count] = j
        count += 1
    return count


@njit(cache=True, nogil=True)
def envelope(
    near: npt.NDArray[np.int32],
    i: int,
    ratio: float,
    live: npt.NDArray[np.int32],
    hull: npt.NDArray[np.int32],
    since: npt.NDArray[np.float64],
    rise: npt.NDArray[np.float64],
) -> int:
    """Lower envelope, along row `i`, of the parabolas over its columns' nearest targets.

    Parameters
    ----------
    near : (columns,) int32 array
        Row of the nearest target in each column, or -1.
    i : int
        This row.
    ratio : float
        Height of a cell over its width.
    live : (some,) int32 array
        Columns to look at, from the left: all that have a target, or those of `undominated`.
    hull : (columns,) int32 array
        Filled with the columns whose parabolas are the lowest at a cell.
    since : (columns,) float64 array
        Filled with the first column where each is the lowest: whole numbers.
    rise : (columns,) float64 array
        Filled with each column's squared distance to its target, in units of the width.

    Returns
    -------
    int
        Number of parabolas in the envelope; 0 if no column has a target.
    """
    count = 0
    # The last of the envelope, in registers: most columns soon strike it out.
    last, last_rise, last_since = 0, 0.0, 0.0
    for j in live:
        up = (near[j] - i) * ratio
        here = up * up
        rise[j] = here
        meet = -1.0
        while count > 0:
            meet = ((here - last_rise) / (j - last) + (j + last)) * 0.5
            # A tie goes to the column on the left, which keeps its cells up to where they meet.
            if meet >= last_since:
                break
            count -= 1
            meet = -1.0
            if count > 0:
                last = hull[count - 1]
                last_rise, last_since = rise[last], since[count - 1]
        if meet < near.size - 1:
            last, last_rise, last_since = j, here, np.floor(meet) + 1.0
            hull[count] = last
            since[count] = last_since
            count += 1
    return count


@njit(cache=True, nogil=True)
def distances_from_columns(
    near: npt.NDArray[np.int32],
    top: int,
    height: float,
    width: float,
    live: npt.NDArray[np.int32],
    hull: npt.NDArray[np.int32],
    since: npt.NDArray[np.float64],
    rise: npt.NDArray[np.float64],
    place: npt.NDArray[np.int64],
    distance: npt.NDArray[np.float64],
    row: npt.NDArray[np.int32],
    column: npt.NDArray[np.int32],
) -> None:
    """Write distance, and nearest target where asked, of rows some of whose columns have one.

    `hull`, `since`, `rise` and `place`, (columns,) arrays, are room to work in.
    """
    columns = near.shape[1]
    for i in range(near.shape[0]):
        count = envelope(near[i], top + i, height / width, live, hull, since, rise)
        # Column and row of each cell's nearest target, as one number: it rises along the row.
        for j in range(columns):
            place[j] = 0
        for k in range(count):
            place[int(since[k])] = (np.int64(hull[k]) << 32) + near[i, hull[k]]
        both = np.int64(0)
        for j in range(columns):
            both = max(both, place[j])
            place[j] = both
        for j in range(columns):
            at, across = np.int32(place[j]), place[j] >> 32
            down = (at - top - i) * height
            along = (across - j) * width
            distance[i, j] = np.sqrt(down * down + along * along)
        if row.size > 0:
            for j in range(columns):
                row[i, j] = np.int32(place[j])
                column[i, j] = place[j] >> 32
