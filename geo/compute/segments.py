"""Distance from every cell centre to the nearest of many line segments.

A point is a segment of no length. The raster is cut into quarters, and these again, each
with the list of the segments that may be nearest anywhere in it: a segment is struck off
where another has a point that is nearer from all four corners, and so from all between
(the places nearer to one point than to another are a half-plane). A part of few cells or
few segments is computed outright, so every cell gets the exact distance, and any window
of a raster gets the very bits that the whole raster has there.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import thread_pool
from geo.compute.distance import check_cell_size
from geo.errors import DataError

__all__ = ["NearestSegment", "distance_to_segments", "nearest_segment", "touched_by"]

# Cells along the side of a tile, that one thread does alone, and of the smallest part.
_TILE = 512
_PART = 16
# With so few segments left a part is not cut further.
_FEW = 2


class NearestSegment(NamedTuple):
    """Distance to, and number of, the nearest segment of each cell.

    Parameters
    ----------
    distance : (rows, columns) float32 array
        In the unit of the cell size; NaN where none is near enough.
    number : (rows, columns) int32 array
        Which segment, from 0; of equally near ones the first. -1 where none is near
        enough.
    """

    distance: npt.NDArray[np.float32]
    number: npt.NDArray[np.int32]


def distance_to_segments(
    segments: npt.ArrayLike,
    shape: tuple[int, int],
    cell_size: tuple[float, float],
    *,
    corner: tuple[float, float] = (0.0, 0.0),
    max_distance: float | None = None,
) -> npt.NDArray[np.float32]:
    """Distance from each cell centre to the nearest segment.

    Parameters
    ----------
    segments : (n, 4) array_like of float
        x and y of both ends, x to the right and y downwards [m]; they may lie outside
        the raster.
    shape : (rows, columns)
    cell_size : (height of a row, width of a column)
        Both positive [m].
    corner : (x, y), optional
        Upper left corner of the raster [m].
    max_distance : float, optional
        Farther cells get NaN [m]; the search stops there.

    Returns
    -------
    (rows, columns) float32 array [m]

    Raises
    ------
    DataError
        If there is no segment, a coordinate is not finite, or `max_distance` is negative
        or not a number.

    Examples
    --------
    >>> distance_to_segments([[0.0, 50.0, 0.0, 950.0]], (1, 3), (1000.0, 100.0))
    array([[ 50., 150., 250.]], dtype=float32)
    """
    unused = np.empty((0, 0), dtype=np.int32)
    return _nearest(segments, shape, cell_size, corner, max_distance, unused)


def nearest_segment(
    segments: npt.ArrayLike,
    shape: tuple[int, int],
    cell_size: tuple[float, float],
    *,
    corner: tuple[float, float] = (0.0, 0.0),
    max_distance: float | None = None,
) -> NearestSegment:
    """Distance from each cell centre to the nearest segment, and which one it is.

    Parameters
    ----------
    segments, shape, cell_size, corner, max_distance
        As of `distance_to_segments`.

    Returns
    -------
    NearestSegment
        ``(distance, number)``.

    Raises
    ------
    DataError
        As `distance_to_segments`.

    Examples
    --------
    >>> points = [[50.0, 50.0, 50.0, 50.0], [250.0, 50.0, 250.0, 50.0]]
    >>> nearest_segment(points, (1, 4), (100.0, 100.0)).number
    array([[0, 0, 1, 1]], dtype=int32)
    """
    number = np.full(shape, -1, dtype=np.int32)
    return NearestSegment(
        _nearest(segments, shape, cell_size, corner, max_distance, number), number
    )


def touched_by(
    segments: npt.ArrayLike,
    numbers: npt.ArrayLike,
    shape: tuple[int, int],
    cell_size: tuple[float, float],
) -> npt.NDArray[np.int32]:
    """Which segment touches each cell.

    Parameters
    ----------
    segments : (n, 4) array_like of float
        As of `distance_to_segments`.
    numbers : (n,) array_like of int
        What to write for each segment; where several touch a cell the last one stays.
    shape : (rows, columns)
    cell_size : (height of a row, width of a column)
        Both positive [m].

    Returns
    -------
    (rows, columns) int32 array
        -1 where no segment touches.

    Examples
    --------
    >>> touched_by([[50.0, 50.0, 150.0, 50.0]], [7], (1, 3), (100.0, 100.0))
    array([[ 7,  7, -1]], dtype=int32)
    """
    out = np.full(shape, -1, dtype=np.int32)
    ends = np.ascontiguousarray(segments, dtype=np.float64).reshape(-1, 4)
    burn(ends, np.ascontiguousarray(numbers, dtype=np.int32), *check_cell_size(cell_size), out)
    return out


def _nearest(
    segments: npt.ArrayLike,
    shape: tuple[int, int],
    cell_size: tuple[float, float],
    corner: tuple[float, float],
    max_distance: float | None,
    number: npt.NDArray[np.int32],
) -> npt.NDArray[np.float32]:
    ends = np.asarray(segments, dtype=np.float64)
    if ends.ndim != 2 or ends.shape[1] != 4 or len(ends) == 0 or not np.isfinite(ends).all():
        raise DataError(
            f"segments have shape {ends.shape}, required is one row or more of four finite numbers"
        )
    most = np.inf if max_distance is None else float(max_distance)
    if not most >= 0:
        raise DataError(f"max_distance is {max_distance} m, required is 0 or more, or None")
    height, width = check_cell_size(cell_size)
    x, y = (float(side) for side in corner)
    pieces = _pieces(ends)
    distance = np.empty(shape, dtype=np.float32)

    # A list for the tile and one for each time that it is cut.
    lists = 2 + int(np.ceil(np.log2(max(1.0, _TILE / _PART))))

    def fill(tile: tuple[int, int]) -> None:
        fill_tile(
            pieces, x, y, height, width, most, distance, number, *tile, _TILE, _PART,
            np.empty(lists * len(pieces), np.int32), np.empty(len(pieces)),
            np.empty((4 * lists, 6), np.int64), np.empty(_TILE), np.empty(_TILE, np.int32),
        )  # fmt: skip

    tiles = [(i, j) for i in range(0, shape[0], _TILE) for j in range(0, shape[1], _TILE)]
    with thread_pool() as pool:
        # The list consumes the results, so an error in a thread is raised here.
        list(pool.map(fill, tiles))
    return distance


def _pieces(ends: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Start, way to the end, and one over the squared length (0 for a point) of segments."""
    along = ends[:, 2:] - ends[:, :2]
    squares = (along * along).sum(axis=1)
    over = np.divide(1.0, squares, out=np.zeros(len(ends)), where=squares > 0)
    return np.column_stack([ends[:, :2], along, over])


@njit(cache=True, nogil=True)
def squared(pieces: npt.NDArray[np.float64], n: int, x: float, y: float) -> float:
    """Squared distance from a point to segment `n`."""
    right = x - pieces[n, 0]
    down = y - pieces[n, 1]
    part = (right * pieces[n, 2] + down * pieces[n, 3]) * pieces[n, 4]
    part = part if part > 0.0 else 0.0
    part = part if part < 1.0 else 1.0
    right -= part * pieces[n, 2]
    down -= part * pieces[n, 3]
    return float(right * right + down * down)


@njit(cache=True, nogil=True)
def fill_tile(
    pieces: npt.NDArray[np.float64],
    x: float,
    y: float,
    height: float,
    width: float,
    most: float,
    distance: npt.NDArray[np.float32],
    number: npt.NDArray[np.int32],
    top: int,
    left: int,
    side: int,
    part: int,
    lists: npt.NDArray[np.int32],
    away: npt.NDArray[np.float64],
    due: npt.NDArray[np.int64],
    best: npt.NDArray[np.float64],
    which: npt.NDArray[np.int32],
) -> None:
    """Write the distances of one tile of `side` cells, cutting it down to parts of `part`.

    `lists` holds lists of segments one behind the other: that of a part behind that of the
    part it was cut from, over what its finished sisters had. `due` holds the parts still to
    be done: first and last row and column, first and last place in the lists. The other
    arrays are room for `narrow` and `fill_row`; made outside, they need not be compiled.
    """
    total = pieces.shape[0]
    for n in range(total):
        lists[n] = n
    due[0, 0] = top
    due[0, 1] = min(distance.shape[0], top + side)
    due[0, 2] = left
    due[0, 3] = min(distance.shape[1], left + side)
    due[0, 4] = 0
    due[0, 5] = total
    waiting = 1
    while waiting > 0:
        waiting -= 1
        i = due[waiting, 0]
        bottom = due[waiting, 1]
        j = due[waiting, 2]
        right = due[waiting, 3]
        first = due[waiting, 4]
        last = due[waiting, 5]
        down = 0.5 * (bottom - 1 - i) * height
        along = 0.5 * (right - 1 - j) * width
        middle_x = x + (j + 0.5) * width + along
        middle_y = y + (i + 0.5) * height + down
        kept = narrow(pieces, lists, first, last, away, middle_x, middle_y, along, down, most)
        if (bottom - i <= part and right - j <= part) or kept - last <= _FEW:
            for row in range(i, bottom):
                fill_row(
                    pieces, lists, last, kept, x, y, height, width, most,
                    distance, number, row, j, right, best, which,
                )  # fmt: skip
            continue
        half = (max(bottom - i, right - j) + 1) // 2
        for n in range(4):
            a = i + half * (n >> 1)
            b = j + half * (n & 1)
            if a < bottom and b < right:
                due[waiting, 0] = a
                due[waiting, 1] = min(bottom, a + half)
                due[waiting, 2] = b
                due[waiting, 3] = min(right, b + half)
                due[waiting, 4] = last
                due[waiting, 5] = kept
                waiting += 1


@njit(cache=True, nogil=True)
def narrow(
    pieces: npt.NDArray[np.float64],
    lists: npt.NDArray[np.int32],
    first: int,
    last: int,
    away: npt.NDArray[np.float64],
    x: float,
    y: float,
    along: float,
    down: float,
    most: float,
) -> int:
    """Copy, behind place `last`, those segments of a list that may be nearest in a box.

    Parameters
    ----------
    lists : int32 array
        The list stands at ``first`` to ``last``.
    away : float64 array
        Room for one number for each segment of the list.
    x, y : float
        Middle of the box.
    along, down : float
        Half its width and half its height.
    most : float
        Segments farther than this from all of the box are left out.

    Returns
    -------
    int
        Place behind the last segment copied.
    """
    nearest = np.inf
    held = lists[first] if last > first else 0
    for k in range(first, last):
        here = squared(pieces, lists[k], x, y)
        away[k - first] = here
        if here < nearest:
            nearest = here
            held = lists[k]
    radius = np.sqrt(along * along + down * down)
    reach = np.sqrt(nearest) + 2.0 * radius
    reach = reach if reach < most + radius else most + radius
    # Room for rounding, so that nothing is struck off by a hair.
    slack = 1e-9 * (reach * reach + radius * radius)
    reach = reach * reach + slack
    # The point of the segment held that is nearest to the middle, seen from the middle.
    to_x = pieces[held, 0] - x
    to_y = pieces[held, 1] - y
    part = -(to_x * pieces[held, 2] + to_y * pieces[held, 3]) * pieces[held, 4]
    part = part if part > 0.0 else 0.0
    part = part if part < 1.0 else 1.0
    to_x += part * pieces[held, 2]
    to_y += part * pieces[held, 3]
    west = (to_x + along) * (to_x + along) + slack
    east = (to_x - along) * (to_x - along) + slack
    north = (to_y + down) * (to_y + down)
    south = (to_y - down) * (to_y - down)
    count = last
    for k in range(first, last):
        n = lists[k]
        if away[k - first] <= reach and (
            squared(pieces, n, x - along, y - down) <= west + north
            or squared(pieces, n, x + along, y - down) <= east + north
            or squared(pieces, n, x - along, y + down) <= west + south
            or squared(pieces, n, x + along, y + down) <= east + south
        ):
            lists[count] = n
            count += 1
    return count


@njit(cache=True, nogil=True)
def fill_row(
    pieces: npt.NDArray[np.float64],
    lists: npt.NDArray[np.int32],
    first: int,
    last: int,
    x: float,
    y: float,
    height: float,
    width: float,
    most: float,
    distance: npt.NDArray[np.float32],
    number: npt.NDArray[np.int32],
    i: int,
    left: int,
    right: int,
    best: npt.NDArray[np.float64],
    which: npt.NDArray[np.int32],
) -> None:
    """Write the distances of some cells of row `i`, trying every segment of a list."""
    for j in range(right - left):
        best[j] = np.inf
        which[j] = -1
    for k in range(first, last):
        n = lists[k]
        down = y + (i + 0.5) * height - pieces[n, 1]
        for j in range(right - left):
            along = x + (left + j + 0.5) * width - pieces[n, 0]
            part = (along * pieces[n, 2] + down * pieces[n, 3]) * pieces[n, 4]
            part = part if part > 0.0 else 0.0
            part = part if part < 1.0 else 1.0
            beside = along - part * pieces[n, 2]
            below = down - part * pieces[n, 3]
            here = beside * beside + below * below
            nearer = here < best[j]
            best[j] = here if nearer else best[j]
            which[j] = n if nearer else which[j]
    told = number.size > 0
    for j in range(right - left):
        here = np.sqrt(best[j])
        near = here <= most and which[j] >= 0
        distance[i, left + j] = here if near else np.nan
        if told:
            number[i, left + j] = which[j] if near else -1


@njit(cache=True, nogil=True)
def rows_of(ends: npt.NDArray[np.float64], n: int, height: float, rows: int) -> tuple[int, int]:
    """First and last row of the raster that segment `n` touches; none if first > last."""
    low = min(ends[n, 1], ends[n, 3]) / height
    high = max(ends[n, 1], ends[n, 3]) / height
    # Far outside the raster the row number may not fit an integer: clip it first.
    return (
        max(0, int(np.floor(max(low, -1.0)))) if low < rows else rows,
        min(rows - 1, int(np.floor(min(high, float(rows))))) if high >= 0.0 else -1,
    )


@njit(cache=True, nogil=True)
def columns_of(
    ends: npt.NDArray[np.float64], n: int, i: int, height: float, width: float, columns: int
) -> tuple[int, int]:
    """First and last column that segment `n` touches within row `i`."""
    x0, y0, x1, y1 = ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3]
    if y0 > y1:
        x0, y0, x1, y1 = x1, y1, x0, y0
    enters, leaves = x0, x1
    if y1 > y0:
        enters = x0 + (x1 - x0) * max(0.0, (i * height - y0) / (y1 - y0))
        leaves = x0 + (x1 - x0) * min(1.0, ((i + 1) * height - y0) / (y1 - y0))
    left = min(enters, leaves) / width
    right = max(enters, leaves) / width
    return (
        max(0, int(np.floor(max(left, -1.0)))) if left < columns else columns,
        min(columns - 1, int(np.floor(min(right, float(columns))))) if right >= 0.0 else -1,
    )


@njit(cache=True, nogil=True)
def burn(
    ends: npt.NDArray[np.float64],
    numbers: npt.NDArray[np.int32],
    height: float,
    width: float,
    out: npt.NDArray[np.int32],
) -> None:
    """Write the number of each segment to the cells that it touches; the last one stays."""
    rows, columns = out.shape
    for n in range(ends.shape[0]):
        first, last = rows_of(ends, n, height, rows)
        for i in range(first, last + 1):
            begin, end = columns_of(ends, n, i, height, width, columns)
            for j in range(begin, end + 1):
                out[i, j] = numbers[n]
