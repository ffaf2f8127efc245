"""Sweeping accumulated costs to rest over tiles.

The raster is cut into tiles; each tile is swept until it rests, then wakes those
neighbours whose cost it can still lower, until no tile is awake. The result is the
smallest sum over all paths, added from the source on, so it does not depend on the
order of the tiles, their size or the number of threads: Dijkstra's algorithm gives
the same numbers to the last bit.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import thread_pool, threads

__all__ = ["settle", "step_lengths", "tiles_of"]

_TILE = 96
# Row and column steps of the back-link codes 1 to 8: clockwise from the north.
STEP_ROW = np.array([0, -1, -1, 0, 1, 1, 1, 0, -1], dtype=np.int64)
STEP_COLUMN = np.array([0, 0, 1, 1, 1, 0, -1, -1, -1], dtype=np.int64)


def step_lengths(height: float, width: float) -> npt.NDArray[np.float64]:
    """Length of each of the eight steps, from index 1 on, clockwise from the north."""
    slant = float(np.hypot(height, width))
    return np.array([0.0, height, slant, width, slant, height, slant, width, slant])


def tiles_of(cells: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tiles that hold one of some cells."""
    rows, columns = np.nonzero(cells)
    tiles = np.zeros((-(-cells.shape[0] // _TILE), -(-cells.shape[1] // _TILE)), dtype=np.bool_)
    tiles[rows // _TILE, columns // _TILE] = True
    return tiles


def settle(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    awake: npt.NDArray[np.bool_],
    cell_size: tuple[float, float],
    limit: float,
) -> None:
    """Lower `cost` in place until no step lowers any of it.

    Parameters
    ----------
    friction : (rows, columns) float array
        NaN and infinity are barriers.
    cost : (rows, columns) float64 array
        What is known so far: start costs, infinite elsewhere and on barriers.
    awake : array of bool
        Tiles, as of `tiles_of`, from which costs may still spread; left all False.
    cell_size : (height of a row, width of a column)
    limit : float
        Costs above it need not spread.
    """
    lengths = step_lengths(*cell_size)

    def sweep(tiles: npt.NDArray[np.int64]) -> None:
        relax_tiles(friction, cost, lengths, limit, tiles, awake, _TILE)

    with thread_pool() as pool:
        while awake.any():
            _one_round(awake, sweep, pool)


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
                a = i + STEP_ROW[k]
                b = j + STEP_COLUMN[k]
                if 1 <= a < end and 1 <= b < end:
                    reached = cost[a, b] + (half[a, b] + half[i, j]) * lengths[k]
                    if reached < cost[i, j] and reached <= limit:
                        awake[to_line, to_place] = True
