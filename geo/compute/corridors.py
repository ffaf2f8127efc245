"""Following accumulated costs through corridors, cell by cell.

Where the ways are one or two cells wide a sweep over a tile would look at each cell many times
to lower a few. There the front itself is kept: a list of the cells that fell, taken a slice of
cost at a time, so that hardly a cell is lowered twice. What is settled so are the same numbers,
to the last bit, as sweeping gives.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["STEP_COLUMN", "STEP_ROW", "Front", "corridor_tiles"]

# Row and column steps of the back-link codes 1 to 8: clockwise from the north.
STEP_ROW = np.array([0, -1, -1, 0, 1, 1, 1, 0, -1], dtype=np.int64)
STEP_COLUMN = np.array([0, 0, 1, 1, 1, 0, -1, -1, -1], dtype=np.int64)

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

# Least room for the cells of a front. What does not fit waits in its tile.
_ROOM = 1 << 16
# A front of fewer cells is settled sooner cell by cell than tile by tile.
_SHORT = 1 << 12
# Corridors that hold less of the passable ground than this are swept like the rest.
_LEAST_SHARE = 1 / 64


class Front:
    """The narrow tiles of a raster, and the cells at which costs have come to in them.

    Parameters
    ----------
    friction : (rows, columns) float array
        NaN and infinity are barriers.
    lengths : (9,) array
        Length of each of the eight steps, as of `geo.compute.sweeps.step_lengths`.
    tile : int
        Rows and columns of a tile.
    """

    def __init__(self, friction: npt.NDArray[np.floating], lengths: Floats, tile: int) -> None:
        rows, columns = friction.shape
        self.narrow = corridor_tiles(friction, tile)
        self._friction = friction.reshape(-1)
        self._lengths = lengths
        self._tile = tile
        self._lines = np.arange(rows) // tile
        self._places = np.arange(columns) // tile
        # Steps from a cell to those beside it, inside the raster and at its edge.
        self._beside = np.zeros((2, 9), dtype=np.int64)
        self._beside[0] = STEP_ROW * columns + STEP_COLUMN
        # Memory that nothing is written to is not taken.
        room = max(_ROOM, friction.size // 16)
        self._cells = np.empty((2, room), dtype=np.int64)
        self._costs = np.empty((2, room))

    def run(self, cost: Floats, limit: float, due: Floats, fresh: Marks) -> None:
        """Spread what waits to enter narrow tiles until it rests or waits to enter others.

        Parameters
        ----------
        cost : (rows, columns) array
            Lowered in place.
        limit : float
            Costs above it need not spread.
        due, fresh : (tiles down, tiles along) arrays
            The lowest cost that waits to enter each tile; whether it never was at rest.
        """
        while (due[self.narrow] < np.inf).any():
            self._follow(cost, limit, self.narrow, due, fresh, self._costs.shape[1])

    def run_anywhere(self, cost: Floats, limit: float, due: Floats, fresh: Marks) -> None:
        """Spread what waits to enter any tile while the front is short; the rest goes on waiting.

        Parameters
        ----------
        cost, limit, due, fresh
            As of `run`.
        """
        self._follow(cost, limit, np.ones_like(self.narrow), due, fresh, _SHORT)

    def _follow(
        self, cost: Floats, limit: float, narrow: Marks, due: Floats, fresh: Marks, most: int
    ) -> None:
        cells, costs = self._cells, self._costs
        waiting = gather(cost, self._tile, narrow, due, fresh, cells[1], costs[1])
        # What the front begins with must spread, or it would come back for ever.
        most = max(most, 2 * waiting)
        follow(
            self._friction, cost.reshape(-1), self._lengths, limit, self._lines, self._places,
            narrow, due, fresh, self._beside, cells, costs, waiting, most,
        )  # fmt: skip


def corridor_tiles(friction: npt.NDArray[np.floating], tile: int) -> Marks:
    """Tiles whose passable cells form narrow ways rather than open ground.

    Parameters
    ----------
    friction : (rows, columns) float array
        NaN and infinity are barriers.
    tile : int
        Rows and columns of a tile.

    Returns
    -------
    (tiles down, tiles along) array of bool
        All False where such tiles hold too little of the raster to be worth telling apart.

    Examples
    --------
    >>> friction = np.ones((4, 8))
    >>> friction[1::2, :4] = np.nan
    >>> corridor_tiles(friction, 4)
    array([[ True, False]])
    """
    rows, columns = friction.shape
    # Some rows tell enough: an odd step, so that they are not all walls of one pattern.
    sampled = slice(0, max(1, rows - 1), (tile // 4) | 1)
    passable = friction[sampled] < np.inf
    squares = passable & (friction[1:][sampled] < np.inf) if rows > 1 else np.zeros_like(passable)
    squares[:, :-1] &= squares[:, 1:]
    squares[:, -1] = False
    lines = np.arange(rows)[sampled] // tile
    shape = (-(-rows // tile), -(-columns // tile))
    open_cells, open_squares = (
        _by_tile(marks, lines, tile, shape) for marks in (passable, squares)
    )
    narrow: Marks = (open_cells > 0) & (4 * open_squares < 3 * open_cells)
    if open_cells[narrow].sum() < _LEAST_SHARE * open_cells.sum():
        narrow[:] = False
    return narrow


def _by_tile(
    marks: Marks, lines: npt.NDArray[np.intp], tile: int, shape: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """Count the marks of some rows in each tile; `lines` are the tiles' rows they lie in."""
    along = np.add.reduceat(marks, np.arange(0, marks.shape[1], tile), axis=1, dtype=np.int64)
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, lines, along)
    return counts


@njit(cache=True, nogil=True)
def gather(
    cost: Floats,
    tile: int,
    narrow: Marks,
    due: Floats,
    fresh: Marks,
    cells: Whole,
    costs: Floats,
) -> int:
    """List the cells from which costs may enter the narrow tiles that are awake; count them.

    Those are the ring round a tile, and the cells of a fresh one too. Tiles for which there is
    no room stay awake.
    """
    rows, columns = cost.shape
    found = 0
    for line in range(narrow.shape[0]):
        for place in range(narrow.shape[1]):
            room = found + (tile + 2) * (tile + 2) < cells.size
            if not (narrow[line, place] and due[line, place] < np.inf and room):
                continue
            due[line, place] = np.inf
            top = line * tile
            left = place * tile
            for r in range(max(0, top - 1), min(rows, top + tile + 1)):
                whole = fresh[line, place] or r < top or r == top + tile
                along = 1 if whole else tile + 1
                for c in range(left - 1, min(columns, left + tile + 1), along):
                    if c >= 0 and cost[r, c] < np.inf:
                        cells[found] = r << 32 | c
                        costs[found] = cost[r, c]
                        found += 1
            fresh[line, place] = False
    return found


@njit(cache=True, nogil=True)
def follow(
    friction: npt.NDArray[np.floating],
    cost: Floats,
    lengths: Floats,
    limit: float,
    lines: Whole,
    places: Whole,
    narrow: Marks,
    due: Floats,
    fresh: Marks,
    beside: Whole,
    cells: Whole,
    costs: Floats,
    waiting: int,
    most: int,
) -> None:
    """Spread the costs of the cells listed, slice of cost by slice, until none waits.

    `cells` and `costs` hold this slice and the later ones, a cell as row x 2^32 + column; the
    first `waiting` of the later ones are filled. The raster is flat. Where more than `most`
    wait, they are left to their tiles.
    """
    width = 0.0
    while 0 < waiting <= most:
        lowest = np.inf
        highest = 0.0
        for n in range(waiting):
            lowest = min(lowest, costs[1, n])
            highest = max(highest, costs[1, n])
        bound = lowest + width
        front = waiting
        near = 0
        waiting = 0
        for n in range(front):
            later = 1 if costs[1, n] > bound else 0
            at = waiting if later else near
            cells[later, at] = cells[1, n]
            costs[later, at] = costs[1, n]
            waiting += later
            near += 1 - later
        near, waiting = advance(
            friction, cost, lengths, limit, lines, places, narrow, due, fresh, beside,
            cells, costs, bound, near, waiting,
        )  # fmt: skip
        # Slices as narrow as they can be while looking for the next one costs little.
        if near < 2 * front:
            width = 2.0 * width + (highest - lowest) / 64.0
        elif near > 8 * front:
            width *= 0.5
    for n in range(waiting):
        r = cells[1, n] >> 32
        c = cells[1, n] & 0xFFFFFFFF
        if costs[1, n] <= cost[r * places.size + c]:
            leave(lines[r], places[c], costs[1, n], due, fresh)


@njit(cache=True, nogil=True)
def advance(
    friction: npt.NDArray[np.floating],
    cost: Floats,
    lengths: Floats,
    limit: float,
    lines: Whole,
    places: Whole,
    narrow: Marks,
    due: Floats,
    fresh: Marks,
    beside: Whole,
    cells: Whole,
    costs: Floats,
    bound: float,
    near: int,
    waiting: int,
) -> tuple[int, int]:
    """Take the cells of a slice in turn, and those that they lower to `bound` or less.

    Returns how many cells were listed in the slice, and how many are for later ones.
    """
    n = 0
    while n < near:
        r = cells[0, n] >> 32
        c = cells[0, n] & 0xFFFFFFFF
        u = r * places.size + c
        begun = costs[0, n]
        n += 1
        # Where another way was cheaper than the one listed, that is listed too.
        following = begun <= cost[u]
        while following:
            edge = 0
            if r == 0 or c == 0 or r == lines.size - 1 or c == places.size - 1:
                edge = 1
                steps_inside(r, c, lines.size, places.size, beside)
            here = 0.5 * float(friction[u])
            on = 0
            lowered = 0
            cheapest = begun
            for k in range(1, 9):
                v = u + beside[edge, k]
                # On barriers this is infinite or NaN, so it is not less.
                reached = begun + (here + 0.5 * float(friction[v])) * lengths[k]
                if not (reached < cost[v] and reached <= limit):
                    continue
                line = lines[r + STEP_ROW[k]]
                place = places[c + STEP_COLUMN[k]]
                if not narrow[line, place]:
                    due[line, place] = min(reached, due[line, place])
                    continue
                cost[v] = reached
                lowered += 1
                if lowered == 1 and reached <= bound:
                    on = k
                    cheapest = reached
                    continue
                later = 0 if reached <= bound and near < costs.shape[1] else 1
                at = waiting if later else near
                if at == costs.shape[1]:
                    leave(line, place, reached, due, fresh)
                    continue
                cells[later, at] = (r + STEP_ROW[k]) << 32 | (c + STEP_COLUMN[k])
                costs[later, at] = reached
                waiting += later
                near += 1 - later
            if lowered > 1 and on > 0 and near < costs.shape[1]:
                # Ways part: each waits for its turn.
                cells[0, near] = (r + STEP_ROW[on]) << 32 | (c + STEP_COLUMN[on])
                costs[0, near] = cheapest
                near += 1
                break
            # In a corridor the one way on is followed at once.
            r += STEP_ROW[on]
            c += STEP_COLUMN[on]
            u += beside[edge, on]
            begun = cheapest
            following = on > 0 and begun <= cost[u]
    return near, waiting


@njit(cache=True, nogil=True)
def leave(line: int, place: int, reached: float, due: Floats, fresh: Marks) -> None:
    """Let a tile begin anew with all its costs, one of which has not spread."""
    due[line, place] = min(reached, due[line, place])
    fresh[line, place] = True


@njit(cache=True, nogil=True)
def steps_inside(r: int, c: int, rows: int, columns: int, beside: Whole) -> None:
    """Make the steps that leave the raster steps to the cell itself, which lower nothing."""
    for k in range(1, 9):
        inside = 0 <= r + STEP_ROW[k] < rows and 0 <= c + STEP_COLUMN[k] < columns
        beside[1, k] = beside[0, k] if inside else 0
