"""Sweeping accumulated costs to rest over tiles.

The raster is cut into tiles; each tile is swept until it rests, then wakes those
neighbours whose cost it can still lower, those first that it can lower furthest, until no
tile is awake. The result is the smallest sum over all paths, added from the source on, so
it does not depend on the order of the tiles, their size or the number of threads:
Dijkstra's algorithm gives the same numbers to the last bit.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import thread_pool, threads
from geo.compute.corridors import STEP_COLUMN, STEP_ROW, Front

__all__ = ["STEP_COLUMN", "STEP_ROW", "settle", "step_lengths", "tiles_of"]

_TILE = 64
# So few tiles awake are not shared out among threads.
_FEW = 4
# After so many rounds with few tiles awake it is taken for one wide corridor.
_PATIENCE = 8

Floats = npt.NDArray[np.float64]


def step_lengths(height: float, width: float) -> Floats:
    """Length of each of the eight steps, from index 1 on, clockwise from the north."""
    slant = float(np.hypot(height, width))
    return np.array([0.0, height, slant, width, slant, height, slant, width, slant])


def tiles_of(cells: npt.NDArray[np.intp], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Tiles of a raster that hold one of some cells, given by their flat numbers."""
    rows, columns = np.divmod(cells, max(1, shape[1]))
    tiles = np.zeros((-(-shape[0] // _TILE), -(-shape[1] // _TILE)), dtype=np.bool_)
    tiles[rows // _TILE, columns // _TILE] = True
    return tiles


def settle(
    friction: npt.NDArray[np.floating],
    cost: Floats,
    begun: npt.NDArray[np.bool_],
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
    begun : array of bool
        Tiles, as of `tiles_of`, that hold costs which have not spread yet.
    cell_size : (height of a row, width of a column)
    limit : float
        Costs above it need not spread.
    """
    _Sweeper(friction, cost, begun, cell_size, limit).run()


class _Sweeper:
    """The tiles of one raster, each with the lowest cost that waits to enter it."""

    def __init__(
        self,
        friction: npt.NDArray[np.floating],
        cost: Floats,
        begun: npt.NDArray[np.bool_],
        cell_size: tuple[float, float],
        limit: float,
    ) -> None:
        self.friction = friction
        self.cost = cost
        self.lengths = step_lengths(*cell_size)
        self.limit = limit
        self.front = Front(friction, self.lengths, _TILE)
        self.fresh = begun.copy()
        self.due = np.where(begun, 0.0, np.inf)

    def run(self) -> None:
        with thread_pool() as pool:
            rounds = 0
            while (self.due < np.inf).any():
                self.front.run(self.cost, self.limit, self.due, self.fresh)
                rounds = rounds + 1 if np.count_nonzero(self.due < np.inf) < _FEW else 0
                if rounds > _PATIENCE:
                    self.front.run_anywhere(self.cost, self.limit, self.due, self.fresh)
                lines, places = np.nonzero(self.due < np.inf)
                if lines.size > 0:
                    self._one_round(lines, places, pool)

    def _one_round(
        self,
        lines: npt.NDArray[np.intp],
        places: npt.NDArray[np.intp],
        pool: ThreadPoolExecutor,
    ) -> None:
        """Sweep the half of the waiting tiles into which the lowest costs wait to enter.

        What the others would do now they would mostly do again.
        """
        tiles = np.column_stack([lines, places])
        if len(tiles) >= _FEW:
            due = self.due[lines, places]
            half = len(tiles) // 2
            tiles = tiles[due <= np.partition(due, half)[half]]
        if len(tiles) < _FEW or threads() == 1:
            self._sweep(tiles)
            return
        # Tiles of one colour touch only tiles of other colours, so none reads what another
        # writes while they run side by side.
        colour = tiles[:, 0] % 2 * 2 + tiles[:, 1] % 2
        for now in range(4):
            mine = tiles[colour == now]
            # Handing out a part costs as much as a tile: few parts while there are few tiles.
            many = threads() if len(mine) < 8 * threads() else 4 * threads()
            parts = [mine[n::many] for n in range(min(many, len(mine)))]
            others = [pool.submit(self._sweep, part) for part in parts[1:]]
            for part in parts[:1]:
                self._sweep(part)
            for other in others:
                other.result()

    def _sweep(self, tiles: npt.NDArray[np.intp]) -> None:
        local, half = np.empty((2, _TILE + 2, _TILE + 2))
        # Arrays made here need not be made by compiled code, which would take longer to compile.
        due, fell = np.empty((2, _TILE + 2), np.bool_), np.empty((2, _TILE + 2), np.int64)
        _, height, slant, width = self.lengths[:4].tolist()
        for line, place in tiles.tolist():
            self.due[line, place] = np.inf
            top, left = line * _TILE - 1, place * _TILE - 1
            load(self.friction, self.cost, top, left, local, half)
            fresh = bool(self.fresh[line, place])
            settle_tile(local, half, height, width, slant, fresh, due, fell)
            self.fresh[line, place] = False
            store(local, top, left, self.cost)
            wake_neighbours(local, half, self.lengths, self.limit, line, place, self.due)


@njit(cache=True, nogil=True)
def load(
    friction: npt.NDArray[np.floating],
    cost: Floats,
    top: int,
    left: int,
    local: Floats,
    half: Floats,
) -> None:
    """Copy a tile with a ring of one cell round it; barriers lie outside the raster.

    `half` becomes half the friction, infinite on barriers.
    """
    rows, columns = cost.shape
    for i in range(half.shape[0]):
        r = top + i
        for j in range(half.shape[1]):
            c = left + j
            half[i, j] = np.inf
            local[i, j] = np.inf
            if 0 <= r < rows and 0 <= c < columns:
                local[i, j] = cost[r, c]
                f = friction[r, c]
                if f == f:
                    half[i, j] = 0.5 * f


@njit(cache=True, nogil=True)
def store(local: Floats, top: int, left: int, cost: Floats) -> None:
    """Copy the inside of a tile back."""
    for i in range(1, min(local.shape[0] - 1, cost.shape[0] - top)):
        for j in range(1, min(local.shape[1] - 1, cost.shape[1] - left)):
            cost[top + i, left + j] = local[i, j]


@njit(cache=True, nogil=True)
def settle_tile(
    cost: Floats,
    half: Floats,
    height: float,
    width: float,
    slant: float,
    fresh: bool,
    due: npt.NDArray[np.bool_],
    fell: npt.NDArray[np.int64],
) -> None:
    """Sweep the inside of a tile down and up until no cost falls.

    `half` is half the friction, infinite on barriers; the outermost ring is read only. A
    tile that is not `fresh` was at rest before its ring changed. `due` is filled with the
    rows still to be passed downwards and upwards, `fell` with the first and the last column
    of each row that fell since the row was passed along.
    """
    last = cost.shape[0] - 2
    for i in range(cost.shape[0]):
        due[0, i] = fresh
        due[1, i] = fresh
        fell[0, i] = 1 if fresh else cost.shape[1] - 1
        fell[1, i] = cost.shape[1] - 2 if fresh else 0
    enter(cost, half, width, slant, due, fell)
    busy = True
    while busy:
        busy = False
        for k in range(2 * last):
            # Down from row 1 to the last, then back up.
            upward = k // last
            i = 2 * last - k if upward else k + 1
            if due[upward, i]:
                due[upward, i] = False
                cross(cost, half, i, i + 2 * upward - 1, height, slant, fell)
                if fell[1, i] > 0:
                    spread_along(cost, half, i, width, fell[0, i], fell[1, i])
                    fell[0, i] = cost.shape[1] - 1
                    fell[1, i] = 0
                    due[0, i + 1] = True
                    due[1, i - 1] = True
                    busy = True


@njit(cache=True, nogil=True)
def enter(
    cost: Floats,
    half: Floats,
    width: float,
    slant: float,
    due: npt.NDArray[np.bool_],
    fell: npt.NDArray[np.int64],
) -> None:
    """Let costs step in from both sides of the ring, and note which rows they reach."""
    last = cost.shape[0] - 2
    end = cost.shape[1] - 1
    due[0, 1] = True
    due[1, last] = True
    for i in range(1, last + 1):
        for ring in (0, end):
            j = 1 if ring == 0 else end - 1
            here = half[i, j]
            best = cost[i, ring] + (half[i, ring] + here) * width
            above = cost[i - 1, ring] + (half[i - 1, ring] + here) * slant
            below = cost[i + 1, ring] + (half[i + 1, ring] + here) * slant
            best = above if above < best else best
            best = below if below < best else best
            if best < cost[i, j]:
                cost[i, j] = best
                fell[0, i] = j if j < fell[0, i] else fell[0, i]
                fell[1, i] = j if j > fell[1, i] else fell[1, i]
                due[0, i] = True


@njit(cache=True, nogil=True)
def cross(
    cost: Floats,
    half: Floats,
    i: int,
    other: int,
    height: float,
    slant: float,
    fell: npt.NDArray[np.int64],
) -> None:
    """Lower the costs of row `i` by steps from the row beside it, and note where they fell."""
    low = fell[0, i]
    high = fell[1, i]
    for j in range(1, cost.shape[1] - 1):
        here = half[i, j]
        best = cost[other, j] + (half[other, j] + here) * height
        left = cost[other, j - 1] + (half[other, j - 1] + here) * slant
        right = cost[other, j + 1] + (half[other, j + 1] + here) * slant
        best = left if left < best else best
        best = right if right < best else best
        old = cost[i, j]
        lower = best < old
        low = j if lower and j < low else low
        high = j if lower and j > high else high
        cost[i, j] = best if lower else old
    fell[0, i] = low
    fell[1, i] = high


@njit(cache=True, nogil=True)
def spread_along(cost: Floats, half: Floats, i: int, width: float, first: int, final: int) -> None:
    """Carry costs along row `i` to the right and back; one pass each way settles it.

    Nothing outside columns `first` to `final` has fallen since the row was at rest.
    """
    end = cost.shape[1] - 1
    for j in range(first + 1, end):
        carried = cost[i, j - 1] + (half[i, j - 1] + half[i, j]) * width
        if carried < cost[i, j]:
            cost[i, j] = carried
        elif j > final:
            break
    for j in range(final - 1, 0, -1):
        carried = cost[i, j + 1] + (half[i, j + 1] + half[i, j]) * width
        if carried < cost[i, j]:
            cost[i, j] = carried
        elif j < first:
            break


@njit(cache=True, nogil=True)
def wake_neighbours(
    cost: Floats,
    half: Floats,
    lengths: Floats,
    limit: float,
    line: int,
    place: int,
    due: Floats,
) -> None:
    """Tell the tiles round a settled one the lowest cost by which a step from it enters them."""
    end = cost.shape[0] - 1
    for i in range(end + 1):
        # Whole first and last rows of the ring, only both ends of the others.
        step = end if 0 < i < end else 1
        for j in range(0, end + 1, step):
            if half[i, j] == np.inf:
                continue
            to_line = line + (1 if i == end else (-1 if i == 0 else 0))
            to_place = place + (1 if j == end else (-1 if j == 0 else 0))
            for k in range(1, 9):
                a = i + STEP_ROW[k]
                b = j + STEP_COLUMN[k]
                if 1 <= a < end and 1 <= b < end:
                    reached = cost[a, b] + (half[a, b] + half[i, j]) * lengths[k]
                    if reached < cost[i, j] and reached <= limit:
                        waits = due[to_line, to_place]
                        due[to_line, to_place] = reached if reached < waits else waits
