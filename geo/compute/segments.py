"""Distance from every cell centre to the nearest of many line segments.

Works in coordinates of the raster: x from its left edge to the right and y from its top
edge downwards, in the unit of the cell size. A point is a segment of no length.

1. Every cell that a segment touches keeps the list of its segments.
2. The exact Euclidean transform gives each cell the nearest touched cell, and that cell's
   nearest segment becomes its first candidate.
3. Where segments lie outside, the raster is worked on with a margin, and the cells of its
   rim are given their nearest segment by search: the straight way to any segment farther
   out crosses the rim.
4. Each cell tries the candidates of its neighbours until no distance falls any more.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each, row_blocks, thread_pool, threads
from geo.compute.distance import check_cell_size, envelope, scan_columns
from geo.errors import DataError

__all__ = ["distance_to_segments", "touched_by"]

_STRIP = 64
_RUN = 16
_MARGIN = 16
# Cells nearer than this to a feature try every segment about, and are exact.
_NEAR = 6.0


def distance_to_segments(
    segments: npt.ArrayLike, shape: tuple[int, int], cell_size: tuple[float, float]
) -> npt.NDArray[np.float32]:
    """Distance from each cell centre to the nearest segment.

    Parameters
    ----------
    segments : (n, 4) array_like of float
        x and y of both ends, from the raster's upper left corner rightwards and
        downwards [m]; they may lie outside the raster.
    shape : (rows, columns)
    cell_size : (height of a row, width of a column)
        Both positive [m].

    Returns
    -------
    (rows, columns) float32 array [m]

    Raises
    ------
    DataError
        If there is no segment or a coordinate is not finite.

    Examples
    --------
    >>> distance_to_segments([[0.0, 50.0, 0.0, 950.0]], (1, 3), (1000.0, 100.0))
    array([[ 50., 150., 250.]], dtype=float32)
    """
    ends = np.ascontiguousarray(segments, dtype=np.float64)
    if ends.ndim != 2 or ends.shape[1] != 4 or len(ends) == 0 or not np.isfinite(ends).all():
        raise DataError(
            f"segments have shape {ends.shape}, required is one row or more of four finite numbers"
        )
    height, width = check_cell_size(cell_size)
    # Segments just outside need the lists of the cells that they touch: add a margin.
    pad = _MARGIN if _beyond(ends, shape, height, width) else 0
    ends = ends + pad * np.array([width, height, width, height])
    wide = (shape[0] + 2 * pad, shape[1] + 2 * pad)
    heads = np.full(wide, -1, dtype=np.int32)
    count = touch(ends, height, width, heads, np.empty((0, 2), dtype=np.int32))
    touches = np.empty((count, 2), dtype=np.int32)
    touch(ends, height, width, heads, touches)
    pieces = _pieces(ends)
    nearest = _first_candidates(pieces, heads, touches, height, width)
    if _beyond(ends, wide, height, width):
        order = _near_together(ends)
        search_rim(pieces, order, _boxes(ends[order]), height, width, nearest, _RUN)
    _spread(pieces, heads, touches, height, width, nearest)
    distance = np.empty(shape, dtype=np.float32)
    each(
        lambda a, b: measure(pieces, heads, touches, height, width, nearest, distance, pad, a, b),
        row_blocks(shape, 1 << 18),
    )
    return distance


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


def _pieces(ends: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Start, way to the end, and one over the squared length (0 for a point) of segments."""
    along = ends[:, 2:] - ends[:, :2]
    squares = (along * along).sum(axis=1)
    over = np.divide(1.0, squares, out=np.zeros(len(ends)), where=squares > 0)
    return np.column_stack([ends[:, :2], along, over])


def _beyond(
    ends: npt.NDArray[np.float64], shape: tuple[int, int], height: float, width: float
) -> bool:
    x, y = ends[:, ::2], ends[:, 1::2]
    return bool(
        min(x.min(), y.min()) < 0 or x.max() >= shape[1] * width or y.max() >= shape[0] * height
    )


def _first_candidates(
    pieces: npt.NDArray[np.float64],
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
    height: float,
    width: float,
) -> npt.NDArray[np.int32]:
    """Nearest segment round the nearest touched cell, or -1 if no cell is touched."""
    nearest = np.empty(heads.shape, dtype=np.int32)
    touched = np.asarray(heads >= 0)
    none = np.full(heads.shape[1], -1, dtype=np.int32)
    each(
        lambda a, b: scan_columns(touched, 0, none, none, nearest, a, b),
        row_blocks((heads.shape[1], 1), 256),
    )
    each(
        lambda a, b: choose(pieces, height, width, heads, touches, nearest, a, b),
        row_blocks(heads.shape, 1 << 18),
    )
    return nearest


def _near_together(ends: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Order that puts segments beside those near them: along a Z-curve of their middles."""
    middle = ends[:, :2] + ends[:, 2:]
    low = middle.min(axis=0)
    span = np.maximum(middle.max(axis=0) - low, 1e-9)
    place = ((middle - low) / span * 1023).astype(np.int64)
    key = np.zeros(len(ends), dtype=np.int64)
    for bit in range(10):
        key |= ((place[:, 0] >> bit) & 1) << (2 * bit)
        key |= ((place[:, 1] >> bit) & 1) << (2 * bit + 1)
    return np.argsort(key, kind="stable")


def _boxes(ends: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Least and greatest x and y of each run of `_RUN` segments."""
    starts = np.arange(0, len(ends), _RUN)
    x = np.minimum(ends[:, 0], ends[:, 2]), np.maximum(ends[:, 0], ends[:, 2])
    y = np.minimum(ends[:, 1], ends[:, 3]), np.maximum(ends[:, 1], ends[:, 3])
    return np.stack(
        [
            np.minimum.reduceat(x[0], starts),
            np.minimum.reduceat(y[0], starts),
            np.maximum.reduceat(x[1], starts),
            np.maximum.reduceat(y[1], starts),
        ],
        axis=1,
    )


def _spread(
    pieces: npt.NDArray[np.float64],
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
    height: float,
    width: float,
    nearest: npt.NDArray[np.int32],
) -> None:
    """Let cells try their neighbours' candidates until none improves.

    Every other strip of rows runs at a time, so none reads what another writes.
    """
    strips = row_blocks((nearest.shape[0], 1), _STRIP)
    awake = np.ones(len(strips) + 2, dtype=np.bool_)

    def sweep(number: int) -> None:
        first, last = strips[number]
        up, down = spread_strip(pieces, heads, touches, height, width, nearest, first, last)
        awake[number] |= up
        awake[number + 2] |= down

    # A strip's flag stands one place to the right, so that the ends have neighbours.
    with thread_pool() as pool:
        while awake[1:-1].any():
            for odd in (0, 1):
                numbers = [n for n in range(odd, len(strips), 2) if awake[n + 1]]
                awake[[n + 1 for n in numbers]] = False
                if len(numbers) > 1 and threads() > 1:
                    list(pool.map(sweep, numbers))
                else:
                    for number in numbers:
                        sweep(number)


@njit(cache=True, nogil=True)
def nearest_part(pieces: npt.NDArray[np.float64], n: int, x: float, y: float) -> float:
    """Where on segment `n` it comes nearest to a point: 0 at its start, 1 at its end."""
    along = (x - pieces[n, 0]) * pieces[n, 2] + (y - pieces[n, 1]) * pieces[n, 3]
    part = along * pieces[n, 4]
    part = part if part > 0.0 else 0.0
    return part if part < 1.0 else 1.0


@njit(cache=True, nogil=True)
def squared(pieces: npt.NDArray[np.float64], n: int, x: float, y: float) -> float:
    """Squared distance from a point to segment `n`."""
    part = nearest_part(pieces, n, x, y)
    dx = x - pieces[n, 0] - part * pieces[n, 2]
    dy = y - pieces[n, 1] - part * pieces[n, 3]
    return float(dx * dx + dy * dy)


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
def touch(
    ends: npt.NDArray[np.float64],
    height: float,
    width: float,
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
) -> int:
    """Chain the segments that touch each cell; count the touches if `touches` is empty.

    ``heads[row, column]`` is the first link, ``touches[link]`` the segment and the next link.
    """
    rows, columns = heads.shape
    count = 0
    for n in range(ends.shape[0]):
        first, last = rows_of(ends, n, height, rows)
        for i in range(first, last + 1):
            begin, end = columns_of(ends, n, i, height, width, columns)
            for j in range(begin, end + 1):
                if touches.shape[0] > 0:
                    touches[count, 0] = n
                    touches[count, 1] = heads[i, j]
                    heads[i, j] = count
                count += 1
    return count


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


@njit(cache=True, nogil=True)
def choose(
    pieces: npt.NDArray[np.float64],
    height: float,
    width: float,
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
    nearest: npt.NDArray[np.int32],
    first: int,
    last: int,
) -> None:
    """Replace each cell's nearest row of its column by its nearest chained segment."""
    columns = nearest.shape[1]
    hull = np.empty(columns, dtype=np.int32)
    since = np.empty(columns)
    rise = np.empty(columns)
    ring = np.empty((9, 3), dtype=np.int64)
    for i in range(first, last):
        line = nearest[i].copy()
        count = envelope(line, i, height, width, hull, since, rise)
        if count == 0:
            nearest[i, :] = -1
            continue
        k = 0
        found = gather(heads, line[hull[0]], hull[0], ring)
        for j in range(columns):
            if k + 1 < count and since[k + 1] < j:
                while k + 1 < count and since[k + 1] < j:
                    k += 1
                found = gather(heads, line[hull[k]], hull[k], ring)
            guess = touches[ring[0, 2], 0]
            nearest[i, j] = best_of(pieces, height, width, touches, i, j, guess, ring, found)


@njit(cache=True, nogil=True)
def gather(heads: npt.NDArray[np.int32], row: int, column: int, ring: npt.NDArray[np.int64]) -> int:
    """List the touched cells among a cell and its 8 neighbours; return their number.

    Filled are row, column and first link. The cell itself comes first: what it holds
    rules most of its ring out.
    """
    rows, columns = heads.shape
    count = 0
    for da in (0, -1, 1):
        a = row + da
        for db in (0, -1, 1):
            b = column + db
            if 0 <= a < rows and 0 <= b < columns and heads[a, b] >= 0:
                ring[count, 0] = a
                ring[count, 1] = b
                ring[count, 2] = heads[a, b]
                count += 1
    return count


@njit(cache=True, nogil=True)
def nearer(
    pieces: npt.NDArray[np.float64],
    touches: npt.NDArray[np.int32],
    link: int,
    x: float,
    y: float,
    held: int,
    best: float,
) -> tuple[int, float]:
    """Nearest to a point of segment `held`, `best` squared away, and those of one cell's chain."""
    while link >= 0:
        n = touches[link, 0]
        link = touches[link, 1]
        if n != held:
            here = squared(pieces, n, x, y)
            # The lowest number wins a tie, whatever the order of the chain.
            if here < best or (here == best and n < held):
                best = here
                held = n
    return held, best


@njit(cache=True, nogil=True)
def best_of(
    pieces: npt.NDArray[np.float64],
    height: float,
    width: float,
    touches: npt.NDArray[np.int32],
    i: int,
    j: int,
    held: int,
    ring: npt.NDArray[np.int64],
    count: int,
) -> int:
    """Segment nearest to cell (i, j) among `held` and those of the `count` cells of a ring."""
    x = (j + 0.5) * width
    y = (i + 0.5) * height
    best = squared(pieces, held, x, y)
    for m in range(count):
        # No part of a segment inside a cell is nearer than the cell's own edge.
        down = abs(ring[m, 0] - i)
        along = abs(ring[m, 1] - j)
        dy = (down - 0.5) * height if down > 0 else 0.0
        dx = (along - 0.5) * width if along > 0 else 0.0
        if dx * dx + dy * dy > best:
            continue
        held, best = nearer(pieces, touches, ring[m, 2], x, y, held, best)
    return held


@njit(cache=True, nogil=True)
def look_at(
    pieces: npt.NDArray[np.float64],
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
    height: float,
    width: float,
    i: int,
    j: int,
    n: int,
) -> int:
    """Look round the place where segment `n` comes nearest to cell (i, j) for a nearer one."""
    rows, columns = heads.shape
    part = nearest_part(pieces, n, (j + 0.5) * width, (i + 0.5) * height)
    x = pieces[n, 0] + part * pieces[n, 2]
    y = pieces[n, 1] + part * pieces[n, 3]
    row = int(np.floor(y / height))
    column = int(np.floor(x / width))
    if not (-1 <= row <= rows and -1 <= column <= columns):
        return n
    ring = np.empty((9, 3), dtype=np.int64)
    return best_of(pieces, height, width, touches, i, j, n, ring, gather(heads, row, column, ring))


@njit(cache=True, nogil=True)
def search_rim(
    pieces: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    boxes: npt.NDArray[np.float64],
    height: float,
    width: float,
    nearest: npt.NDArray[np.int32],
    run: int,
) -> None:
    """Give the cells along the raster's four sides their nearest segment by search."""
    rows, columns = nearest.shape
    guess = 0
    for i in range(rows):
        for j in range(0, columns, 1 if i == 0 or i == rows - 1 else max(1, columns - 1)):
            if nearest[i, j] >= 0:
                guess = nearest[i, j]
            guess = search(pieces, order, boxes, (j + 0.5) * width, (i + 0.5) * height, guess, run)
            nearest[i, j] = guess


@njit(cache=True, nogil=True)
def search(
    pieces: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    boxes: npt.NDArray[np.float64],
    x: float,
    y: float,
    guess: int,
    run: int,
) -> int:
    """Number of the segment nearest to a point; a good guess makes it quick."""
    best = squared(pieces, guess, x, y)
    found = guess
    for k in range(boxes.shape[0]):
        dx = max(boxes[k, 0] - x, 0.0, x - boxes[k, 2])
        dy = max(boxes[k, 1] - y, 0.0, y - boxes[k, 3])
        if dx * dx + dy * dy < best:
            for m in range(k * run, min(pieces.shape[0], (k + 1) * run)):
                n = order[m]
                here = squared(pieces, n, x, y)
                if here < best:
                    best = here
                    found = n
    return found


@njit(cache=True, nogil=True)
def spread_strip(
    pieces: npt.NDArray[np.float64],
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
    height: float,
    width: float,
    nearest: npt.NDArray[np.int32],
    first: int,
    last: int,
) -> tuple[bool, bool]:
    """Sweep rows ``first`` to ``last`` down and up until no candidate changes.

    Returns whether the topmost and the lowest row changed.
    """
    rows = nearest.shape[0]
    top = False
    bottom = False
    # Rows still to be passed: column 1 downwards and rightwards, column 0 the other way.
    due = np.ones((last - first, 2), dtype=np.bool_)
    step = -1
    while due.any():
        step = -step
        way = 1 if step > 0 else 0
        for k in range(last - first):
            i = first + k if step > 0 else last - 1 - k
            if not due[i - first, way]:
                continue
            due[i - first, way] = False
            other = i - step if 0 <= i - step < rows else i
            if try_row(pieces, heads, touches, height, width, nearest, i, other, step):
                due[i - first, 1 - way] = True
                if i > first:
                    due[i - 1 - first, 0] = True
                if i + 1 < last:
                    due[i + 1 - first, 1] = True
                top = top or i == first
                bottom = bottom or i == last - 1
    return top, bottom


@njit(cache=True, nogil=True)
def try_row(
    pieces: npt.NDArray[np.float64],
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
    height: float,
    width: float,
    nearest: npt.NDArray[np.int32],
    i: int,
    other: int,
    step: int,
) -> bool:
    """Try, in row `i`, the candidates of the row beside and of the cell just passed.

    The row is passed rightwards with a `step` of 1, leftwards with -1.
    """
    columns = nearest.shape[1]
    y = (i + 0.5) * height
    fell = False
    for k in range(columns):
        j = k if step > 0 else columns - 1 - k
        held = nearest[i, j]
        one = nearest[i, j - step] if k > 0 else held
        two = nearest[other, j]
        three = nearest[other, j - 1] if j > 0 else held
        four = nearest[other, j + 1] if j + 1 < columns else held
        if one == held and two == held and three == held and four == held:
            continue
        x = (j + 0.5) * width
        best = squared(pieces, held, x, y) if held >= 0 else np.inf
        now = held
        for n in (one, two, three, four):
            if n >= 0 and n != now:
                here = squared(pieces, n, x, y)
                if here < best:
                    best = here
                    now = n
        if now != held:
            nearest[i, j] = look_at(pieces, heads, touches, height, width, i, j, now)
            fell = True
    return fell


@njit(cache=True, nogil=True)
def search_near(
    pieces: npt.NDArray[np.float64],
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
    height: float,
    width: float,
    i: int,
    j: int,
    held: int,
) -> int:
    """Segment nearest to cell (i, j), by trying every touched cell that may hold a nearer one."""
    rows, columns = heads.shape
    x = (j + 0.5) * width
    y = (i + 0.5) * height
    best = squared(pieces, held, x, y)
    reach = int(np.sqrt(best) / height + 0.5)
    for a in range(max(0, i - reach), min(rows, i + reach + 1)):
        dy = (abs(a - i) - 0.5) * height if a != i else 0.0
        across = int(np.sqrt(max(best - dy * dy, 0.0)) / width + 0.5)
        for b in range(max(0, j - across), min(columns, j + across + 1)):
            held, best = nearer(pieces, touches, heads[a, b], x, y, held, best)
    return held


@njit(cache=True, nogil=True)
def measure(
    pieces: npt.NDArray[np.float64],
    heads: npt.NDArray[np.int32],
    touches: npt.NDArray[np.int32],
    height: float,
    width: float,
    nearest: npt.NDArray[np.int32],
    distance: npt.NDArray[np.float32],
    pad: int,
    first: int,
    last: int,
) -> None:
    """Write the distance of each cell of some rows to its candidate, without the margin.

    Near the features, where many short segments share a cell, all of them are tried.
    """
    near = _NEAR * _NEAR * height * width
    for i in range(first, last):
        for j in range(distance.shape[1]):
            n = nearest[i + pad, j + pad]
            x = (j + pad + 0.5) * width
            y = (i + pad + 0.5) * height
            here = squared(pieces, n, x, y)
            if here < near:
                n = search_near(pieces, heads, touches, height, width, i + pad, j + pad, n)
                here = squared(pieces, n, x, y)
            distance[i, j] = np.sqrt(here)
