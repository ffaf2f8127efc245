"""Least accumulated cost over a friction surface, and the way it takes.

A step to one of the 8 neighbours costs its length times the mean friction of the two
cells. The raster is cut into tiles; each tile is swept until it rests, then wakes those
neighbours whose cost it can still lower, until no tile is awake. The result is the
smallest sum over all paths, added from the source on, so it does not depend on the
order of the tiles, their size or the number of threads: Dijkstra's algorithm gives
the same numbers to the last bit.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each, row_blocks, thread_pool, threads
from geo.compute.distance import check_cell_size
from geo.errors import DataError

__all__ = [
    "CostAllocation",
    "accumulated_cost",
    "accumulated_cost_allocation",
    "least_cost_path",
    "trace_back",
]

_TILE = 96
_BLOCK = 1 << 19
# Row and column steps of the back-link codes 1 to 8: clockwise from the north.
_STEP_ROW = np.array([0, -1, -1, 0, 1, 1, 1, 0, -1], dtype=np.int64)
_STEP_COLUMN = np.array([0, 0, 1, 1, 1, 0, -1, -1, -1], dtype=np.int64)


class CostAllocation(NamedTuple):
    """Accumulated cost with the source it comes from and the way back.

    Parameters
    ----------
    cost : (rows, columns) float64 array
        NaN where no source reaches.
    allocation : (rows, columns) int32 array
        Which source: its number among the source cells in row-major order, from 0;
        -1 where none reaches.
    backlink : (rows, columns) int8 array
        Step towards the source: 0 at a source, 1 to 8 the neighbours clockwise from
        the north (1 north, 3 east, 5 south, 7 west); -1 where no source reaches.
    """

    cost: npt.NDArray[np.float64]
    allocation: npt.NDArray[np.int32]
    backlink: npt.NDArray[np.int8]


def accumulated_cost(
    friction: npt.ArrayLike,
    sources: npt.ArrayLike,
    cell_size: tuple[float, float],
    *,
    max_cost: float | None = None,
) -> npt.NDArray[np.float64]:
    """Cost of the cheapest way from any source to each cell.

    Parameters
    ----------
    friction : (rows, columns) array_like of float
        Cost of a unit of length. NaN and infinity are barriers, 0 is free.
    sources : (rows, columns) array_like
        Boolean: True cells start at cost 0. Float: the cost at which a source starts,
        NaN where there is none. A source on a barrier starts nothing.
    cell_size : (height of a row, width of a column)
        Both positive [m].
    max_cost : float, optional
        Cells that cost more get NaN; the search stops there.

    Returns
    -------
    (rows, columns) float64 array
        In units of friction times length. NaN on barriers and where no source reaches.

    Raises
    ------
    DataError
        If friction or a start cost is negative, shapes differ, or `max_cost` is
        negative or not a number.

    References
    ----------
    Tomlin, D. (2010). Propagating radial waves of travel cost in a grid. International
    Journal of Geographical Information Science 24(9).
    https://doi.org/10.1080/13658811003779152

    Examples
    --------
    A step of 500 m between frictions 1 and 3 costs 500 x 2.

    >>> import numpy as np
    >>> friction = np.array([[1.0, 3.0, np.nan, 1.0]])
    >>> accumulated_cost(friction, np.array([[True, False, False, False]]), (500.0, 500.0))
    array([[   0., 1000.,   nan,   nan]])
    """
    surface, start, (height, width) = _checked(friction, sources, cell_size)
    cost = _settle(surface, start, height, width, _limit(max_cost))
    each(lambda a, b: unreached_to_nan(cost, a, b), row_blocks(cost.shape, _BLOCK))
    return cost


def accumulated_cost_allocation(
    friction: npt.ArrayLike,
    sources: npt.ArrayLike,
    cell_size: tuple[float, float],
    *,
    max_cost: float | None = None,
) -> CostAllocation:
    """Accumulated cost with the source of each cell and its back-link.

    Where several steps are equally cheap, the one to a cell of lower cost comes first,
    and of those the first clockwise from the north.

    Parameters
    ----------
    friction, sources, cell_size, max_cost
        As of `accumulated_cost`.

    Returns
    -------
    CostAllocation
        ``(cost, allocation, backlink)``.

    Raises
    ------
    DataError
        As `accumulated_cost`.

    Examples
    --------
    >>> import numpy as np
    >>> found = accumulated_cost_allocation(
    ...     np.ones((1, 4)), np.array([[True, False, False, True]]), (1.0, 1.0)
    ... )
    >>> found.allocation
    array([[0, 0, 1, 1]], dtype=int32)
    >>> found.backlink
    array([[0, 7, 3, 0]], dtype=int8)
    """
    surface, start, (height, width) = _checked(friction, sources, cell_size)
    cost = _settle(surface, start, height, width, _limit(max_cost))
    at_source = (cost < np.inf) & (cost == _start_costs(start))
    link = np.where(at_source, np.int8(0), np.int8(-1))
    number = np.full(cost.shape, -1, dtype=np.int32)
    given = (start if start.dtype == np.bool_ else ~np.isnan(start)).astype(np.bool_)
    number[at_source] = (np.cumsum(given, dtype=np.int32) - 1).reshape(cost.shape)[at_source]
    lengths = _lengths(height, width)
    blocks = row_blocks(cost.shape, _BLOCK)
    each(lambda a, b: link_to_lower(surface, cost, lengths, link, a, b), blocks)
    waiting = int(np.count_nonzero(link == -2))
    if waiting > 0:
        link_level_ground(surface, cost, lengths, link, np.empty(waiting, dtype=np.int64))
    number_sources(link, number)
    each(lambda a, b: unreached_to_nan(cost, a, b), blocks)
    return CostAllocation(cost, number, link)


def least_cost_path(
    friction: npt.ArrayLike,
    start: tuple[int, int],
    goal: tuple[int, int],
    cell_size: tuple[float, float],
) -> npt.NDArray[np.intp]:
    """Cells of the cheapest way from one cell to another.

    Parameters
    ----------
    friction : (rows, columns) array_like of float
        As of `accumulated_cost`.
    start, goal : (row, column)
        Cells inside the raster, not on barriers.
    cell_size : (height of a row, width of a column)
        Both positive [m].

    Returns
    -------
    (n, 2) array of int
        Rows and columns from `start` to `goal`, both included.

    Raises
    ------
    DataError
        If a cell lies outside or on a barrier, or no way joins the two.

    Examples
    --------
    >>> import numpy as np
    >>> friction = np.array([[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]])
    >>> least_cost_path(friction, (0, 0), (0, 2), (1.0, 1.0))
    array([[0, 0],
           [1, 1],
           [0, 2]])
    """
    surface = _surface(friction)
    for name, cell in (("start", start), ("goal", goal)):
        _check_cell(name, cell, surface)
    sources = np.zeros(surface.shape, dtype=np.bool_)
    sources[start] = True
    found = accumulated_cost_allocation(surface, sources, cell_size)
    if found.backlink[goal] < 0:
        raise DataError(
            f"no way leads from cell {tuple(start)} to cell {tuple(goal)}: "
            "barriers (NaN friction) part them, open a passage or move one of the cells"
        )
    return trace_back(found.backlink, goal)[::-1].copy()


def trace_back(backlink: npt.NDArray[np.int8], start: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Cells from `start` along the back-links to its source.

    Parameters
    ----------
    backlink : (rows, columns) int8 array
        Of `accumulated_cost_allocation`.
    start : (row, column)

    Returns
    -------
    (n, 2) array of int
        Rows and columns, `start` first and the source last.

    Raises
    ------
    DataError
        If `start` lies outside, no source reaches it, or the links run in a circle.

    Examples
    --------
    >>> import numpy as np
    >>> trace_back(np.array([[0, 7, 7]], dtype=np.int8), (0, 2))
    array([[0, 2],
           [0, 1],
           [0, 0]])
    """
    links = np.asarray(backlink)
    _check_inside("start", start, links.shape)
    row, column = int(start[0]), int(start[1])
    if links[row, column] < 0:
        raise DataError(
            f"no source reaches cell ({row}, {column}): choose a cell whose back-link is not -1"
        )
    cells = [(row, column)]
    while links[row, column] > 0:
        code = links[row, column]
        row += int(_STEP_ROW[code])
        column += int(_STEP_COLUMN[code])
        cells.append((row, column))
        if len(cells) > links.size:
            raise DataError(
                "the back-links run in a circle: pass the array that "
                "accumulated_cost_allocation returned, unchanged"
            )
    return np.array(cells, dtype=np.intp)


def _surface(friction: npt.ArrayLike) -> npt.NDArray[np.floating]:
    surface = np.asarray(friction)
    if surface.dtype not in (np.float32, np.float64):
        surface = surface.astype(np.float64)
    if surface.ndim != 2 or surface.size == 0:
        raise DataError(
            f"friction has shape {surface.shape}, required is a raster of rows and columns"
        )
    return np.ascontiguousarray(surface)


def _checked(
    friction: npt.ArrayLike, sources: npt.ArrayLike, cell_size: tuple[float, float]
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.generic], tuple[float, float]]:
    surface = _surface(friction)
    if np.fmin.reduce(surface, axis=None) < 0:
        row, column = np.argwhere(surface < 0)[0]
        raise DataError(
            f"friction is negative ({surface[row, column]}) in cell ({row}, {column}): "
            "required is a cost of 0 or more, or NaN for a barrier"
        )
    start = np.ascontiguousarray(sources)
    if start.shape != surface.shape:
        raise DataError(
            f"sources have shape {start.shape}, friction {surface.shape}: bring both to one grid"
        )
    if start.dtype != np.bool_:
        start = start.astype(np.float64)
        if np.fmin.reduce(start, axis=None) < 0:
            raise DataError(
                f"the start cost {np.nanmin(start)} is negative: required is 0 or more, "
                "or NaN where there is no source"
            )
    return surface, start, check_cell_size(cell_size)


def _limit(max_cost: float | None) -> float:
    if max_cost is None:
        return float("inf")
    if not max_cost >= 0:
        raise DataError(f"max_cost is {max_cost}, required is a number of 0 or more")
    return float(max_cost)


def _check_inside(name: str, cell: tuple[int, int], shape: tuple[int, ...]) -> None:
    if len(cell) != 2 or not (0 <= cell[0] < shape[0] and 0 <= cell[1] < shape[1]):
        raise DataError(
            f"{name} {tuple(cell)} lies outside the raster of {shape[0]} rows and "
            f"{shape[1]} columns: give (row, column) counted from 0"
        )


def _check_cell(name: str, cell: tuple[int, int], surface: npt.NDArray[np.floating]) -> None:
    _check_inside(name, cell, surface.shape)
    if not np.isfinite(surface[cell[0], cell[1]]):
        raise DataError(
            f"{name} {tuple(cell)} lies on a barrier (friction NaN): move it to a passable cell"
        )


def _lengths(height: float, width: float) -> npt.NDArray[np.float64]:
    slant = float(np.hypot(height, width))
    return np.array([0.0, height, slant, width, slant, height, slant, width, slant])


def _settle(
    friction: npt.NDArray[np.floating],
    start: npt.NDArray[np.generic],
    height: float,
    width: float,
    limit: float,
) -> npt.NDArray[np.float64]:
    """Accumulated cost; infinite where nothing reaches or the limit is passed."""
    cost = _start_costs(start)
    cost[~(friction < np.inf)] = np.inf
    cost[cost > limit] = np.inf
    rows, columns = np.nonzero(cost < np.inf)
    awake = np.zeros((-(-cost.shape[0] // _TILE), -(-cost.shape[1] // _TILE)), dtype=np.bool_)
    awake[rows // _TILE, columns // _TILE] = True
    lengths = _lengths(height, width)

    def sweep(tiles: npt.NDArray[np.int64]) -> None:
        relax_tiles(friction, cost, lengths, limit, tiles, awake, _TILE)

    with thread_pool() as pool:
        while awake.any():
            _one_round(awake, sweep, pool)
    if limit < np.inf:
        cost[cost > limit] = np.inf
    return cost


def _start_costs(start: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    if start.dtype == np.bool_:
        cost = np.full(start.shape, np.inf)
        cost[start.astype(np.bool_, copy=False)] = 0.0
        return cost
    return np.asarray(np.where(np.isnan(start), np.inf, start), dtype=np.float64)


def _one_round(
    awake: npt.NDArray[np.bool_],
    sweep: Callable[[npt.NDArray[np.int64]], None],
    pool: ThreadPoolExecutor,
) -> None:
    # Tiles of one colour touch only tiles of other colours, so none reads what another
    # writes while they run side by side.
    for down in (0, 1):
        for along in (0, 1):
            tiles = np.argwhere(awake[down::2, along::2]) * 2 + (down, along)
            if len(tiles) == 0:
                continue
            awake[down::2, along::2] = False
            if len(tiles) < 4:
                sweep(tiles)
            else:
                list(pool.map(sweep, np.array_split(tiles, min(len(tiles), 4 * threads()))))


@njit(cache=True, nogil=True)
def relax_tiles(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    limit: float,
    tiles: npt.NDArray[np.int64],
    awake: npt.NDArray[np.bool_],
    side: int,
) -> None:
    """Sweep each of `tiles` to rest and wake the neighbours that it can still improve."""
    rows, columns = cost.shape
    half = np.empty((side + 2, side + 2))
    local = np.empty((side + 2, side + 2))
    for t in range(tiles.shape[0]):
        top = tiles[t, 0] * side - 1
        left = tiles[t, 1] * side - 1
        # A ring of one cell round the tile; barriers outside the raster.
        for i in range(side + 2):
            r = top + i
            for j in range(side + 2):
                c = left + j
                half[i, j] = np.inf
                local[i, j] = np.inf
                if 0 <= r < rows and 0 <= c < columns:
                    local[i, j] = cost[r, c]
                    f = friction[r, c]
                    if f == f:
                        half[i, j] = 0.5 * f
        settle_tile(local, half, lengths[1], lengths[3], lengths[2])
        for i in range(1, min(side + 1, rows - top)):
            for j in range(1, min(side + 1, columns - left)):
                cost[top + i, left + j] = local[i, j]
        wake_neighbours(local, half, lengths, limit, tiles[t, 0], tiles[t, 1], awake)


@njit(cache=True, nogil=True)
def settle_tile(
    cost: npt.NDArray[np.float64],
    half: npt.NDArray[np.float64],
    height: float,
    width: float,
    slant: float,
) -> None:
    """Sweep the inside of a tile down and up until no cost falls.

    `half` is half the friction, infinite on barriers; the outermost ring is read only.
    """
    rows = cost.shape[0]
    last = rows - 2
    from_above = np.ones(rows, dtype=np.bool_)
    from_below = np.ones(rows, dtype=np.bool_)
    for i in range(1, rows - 1):
        spread_along(cost[i], half[i], width)
    busy = True
    while busy:
        busy = False
        for k in range(2 * last):
            # Down from row 1 to the last, then back up.
            downward = k < last
            i = k + 1 if downward else 2 * last - k
            waiting = from_above if downward else from_below
            if not waiting[i]:
                continue
            waiting[i] = False
            other = i - 1 if downward else i + 1
            if cross(cost[other], half[other], cost[i], half[i], height, slant):
                spread_along(cost[i], half[i], width)
                from_above[i + 1] = True
                from_below[i - 1] = True
                busy = True


@njit(cache=True, nogil=True)
def cross(
    cost_from: npt.NDArray[np.float64],
    half_from: npt.NDArray[np.float64],
    cost: npt.NDArray[np.float64],
    half: npt.NDArray[np.float64],
    height: float,
    slant: float,
) -> bool:
    """Lower the costs of a row by steps from the row beside it; tell if any fell."""
    fell = 0
    for j in range(1, cost.size - 1):
        here = half[j]
        best = cost_from[j] + (half_from[j] + here) * height
        left = cost_from[j - 1] + (half_from[j - 1] + here) * slant
        right = cost_from[j + 1] + (half_from[j + 1] + here) * slant
        best = left if left < best else best
        best = right if right < best else best
        old = cost[j]
        fell += 1 if best < old else 0
        cost[j] = best if best < old else old
    return fell > 0


@njit(cache=True, nogil=True)
def spread_along(
    cost: npt.NDArray[np.float64], half: npt.NDArray[np.float64], width: float
) -> None:
    """Carry costs along a row to the right and back; one pass each way settles it."""
    last = cost.size - 1
    carried = cost[0]
    for j in range(1, last):
        carried = carried + (half[j - 1] + half[j]) * width
        old = cost[j]
        carried = carried if carried < old else old
        cost[j] = carried
    carried = cost[last]
    for j in range(last - 1, 0, -1):
        carried = carried + (half[j + 1] + half[j]) * width
        old = cost[j]
        carried = carried if carried < old else old
        cost[j] = carried


@njit(cache=True, nogil=True)
def wake_neighbours(
    cost: npt.NDArray[np.float64],
    half: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    limit: float,
    line: int,
    place: int,
    awake: npt.NDArray[np.bool_],
) -> None:
    """Wake the tiles round a settled one in whose rim a step from it lowers a cost."""
    end = cost.shape[0] - 1
    for i in range(end + 1):
        beside = 1 if 0 < i < end else end + 1
        for n in range(end + 1 if beside > 1 else 2):
            # Whole first and last rows of the ring, only both ends of the others.
            j = n if beside > 1 else n * end
            if half[i, j] == np.inf:
                continue
            to_line = line + (1 if i == end else (-1 if i == 0 else 0))
            to_place = place + (1 if j == end else (-1 if j == 0 else 0))
            if awake[to_line, to_place]:
                continue
            for k in range(1, 9):
                a = i + _STEP_ROW[k]
                b = j + _STEP_COLUMN[k]
                if 1 <= a < end and 1 <= b < end:
                    reached = cost[a, b] + (half[a, b] + half[i, j]) * lengths[k]
                    if reached < cost[i, j] and reached <= limit:
                        awake[to_line, to_place] = True


@njit(cache=True, nogil=True)
def link_to_lower(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    link: npt.NDArray[np.int8],
    first: int,
    last: int,
) -> None:
    """Link each reached cell that is no source to the cell of lower cost it came from.

    Cells whose step cost nothing stay at -2 for `link_level_ground`.
    """
    rows, columns = cost.shape
    for i in range(first, last):
        for j in range(columns):
            if link[i, j] == 0 or cost[i, j] == np.inf:
                continue
            link[i, j] = -2
            here = 0.5 * friction[i, j]
            for k in range(1, 9):
                a = i + _STEP_ROW[k]
                b = j + _STEP_COLUMN[k]
                if 0 <= a < rows and 0 <= b < columns and cost[a, b] < cost[i, j]:
                    reached = cost[a, b] + (0.5 * friction[a, b] + here) * lengths[k]
                    if reached == cost[i, j]:
                        link[i, j] = k
                        break


@njit(cache=True, nogil=True)
def link_level_ground(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    link: npt.NDArray[np.int8],
    queue: npt.NDArray[np.int64],
) -> None:
    """Link the cells reached at no cost, ring by ring from those already linked.

    `queue` has room for all cells that wait.
    """
    rows, columns = cost.shape
    filled = first_ring(friction, cost, lengths, link, queue)
    for n in range(filled):
        link[queue[n] // 9 // columns, queue[n] // 9 % columns] = queue[n] % 9
    n = 0
    while n < filled:
        i = queue[n] // 9 // columns
        j = queue[n] // 9 % columns
        n += 1
        for m in range(1, 9):
            a = i + _STEP_ROW[m]
            b = j + _STEP_COLUMN[m]
            if 0 <= a < rows and 0 <= b < columns and link[a, b] == -2:
                step = (0.5 * friction[a, b] + 0.5 * friction[i, j]) * lengths[m]
                if cost[a, b] == cost[i, j] and cost[i, j] + step == cost[a, b]:
                    # The opposite of step m leads back.
                    back = (m + 3) % 8 + 1
                    link[a, b] = back
                    queue[filled] = (a * columns + b) * 9 + back
                    filled += 1


@njit(cache=True, nogil=True)
def first_ring(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    link: npt.NDArray[np.int8],
    queue: npt.NDArray[np.int64],
) -> int:
    """Queue the waiting cells beside linked ones, as cell number x 9 + step; count them."""
    filled = 0
    for i in range(cost.shape[0]):
        for j in range(cost.shape[1]):
            if link[i, j] == -2:
                k = level_step(friction, cost, lengths, link, i, j)
                if k > 0:
                    queue[filled] = (i * cost.shape[1] + j) * 9 + k
                    filled += 1
    return filled


@njit(cache=True, nogil=True)
def level_step(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    link: npt.NDArray[np.int8],
    i: int,
    j: int,
) -> int:
    """First step from a cell to a linked one of the same cost that explains its cost."""
    rows, columns = cost.shape
    for k in range(1, 9):
        a = i + _STEP_ROW[k]
        b = j + _STEP_COLUMN[k]
        if 0 <= a < rows and 0 <= b < columns and link[a, b] >= 0:
            step = (0.5 * friction[a, b] + 0.5 * friction[i, j]) * lengths[k]
            if cost[a, b] == cost[i, j] and cost[a, b] + step == cost[i, j]:
                return k
    return 0


@njit(cache=True, nogil=True)
def number_sources(link: npt.NDArray[np.int8], number: npt.NDArray[np.int32]) -> None:
    """Give each linked cell the number of the source at the end of its links.

    `number` holds the numbers at the sources and -1 elsewhere.
    """
    rows, columns = link.shape
    trail = np.empty(64, dtype=np.int64)
    for start in range(rows * columns):
        i = start // columns
        j = start % columns
        if link[i, j] < 0 or number[i, j] >= 0:
            continue
        count = 0
        while number[i, j] < 0:
            if count == trail.size:
                longer = np.empty(2 * count, dtype=np.int64)
                longer[:count] = trail
                trail = longer
            trail[count] = i * columns + j
            count += 1
            k = link[i, j]
            i += _STEP_ROW[k]
            j += _STEP_COLUMN[k]
        for n in range(count):
            number[trail[n] // columns, trail[n] % columns] = number[i, j]


@njit(cache=True, nogil=True)
def unreached_to_nan(cost: npt.NDArray[np.float64], first: int, last: int) -> None:
    """Turn infinite costs into NaN."""
    for i in range(first, last):
        for j in range(cost.shape[1]):
            if cost[i, j] == np.inf:
                cost[i, j] = np.nan
