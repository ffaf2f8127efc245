"""The best places of a surface that keep a distance from one another."""

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each
from geo.compute.distance import check_cell_size
from geo.errors import DataError

__all__ = ["peaks"]

_SIDE = 64


def peaks(
    score: npt.ArrayLike, spacing: float, cell_size: tuple[float, float], count: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Highest cells of a surface, each at least `spacing` from every better one.

    The best cell is taken, all nearer to it than `spacing` are struck out, and so on.
    Of equal scores the first in row-major order is the better.

    Parameters
    ----------
    score : (rows, columns) array_like of float
        NaN cells are never taken.
    spacing : float
        Least distance between the centres of two cells taken [m].
    cell_size : (height of a row, width of a column)
        Both positive [m].
    count : int
        Most cells to take.

    Returns
    -------
    rows, columns : (n,) arrays of int
        Best first; fewer than `count` where the surface has no more room.

    Raises
    ------
    DataError
        If the surface is no raster, or spacing or count is negative.

    Examples
    --------
    >>> import numpy as np
    >>> peaks(np.array([[0.9, 0.8, 0.1, 0.7]]), 1000.0, (500.0, 500.0), 5)
    (array([0, 0]), array([0, 3]))
    """
    surface = np.ascontiguousarray(score)
    if surface.dtype not in (np.float32, np.float64):
        surface = surface.astype(np.float64)
    if surface.ndim != 2:
        raise DataError(f"the score has shape {surface.shape}, required are rows and columns")
    if not (np.isfinite(spacing) and spacing >= 0 and count >= 0):
        raise DataError(f"spacing {spacing} m and count {count} must both be 0 or more")
    height, width = check_cell_size(cell_size)
    lines, places = (-(-side // _SIDE) for side in surface.shape)
    best = np.full((lines, places), -1, dtype=np.int64)
    taken = np.empty((count, 2), dtype=np.int64)
    each(
        lambda a, b: best_of_tiles(surface, best, taken[:0], 0.0, height, width, a, b, _SIDE),
        [(line, line + 1) for line in range(lines)],
    )
    found = take_peaks(surface, best, taken, float(spacing), height, width, _SIDE)
    return taken[:found, 0].astype(np.intp), taken[:found, 1].astype(np.intp)


@njit(cache=True, nogil=True)
def far_enough(
    i: int,
    j: int,
    taken: npt.NDArray[np.int64],
    spacing: float,
    height: float,
    width: float,
) -> bool:
    """Tell whether a cell is no taken one and at least `spacing` from each."""
    # Room for rounding: three cells of 0.1 are as far as 0.3.
    least = spacing * spacing * (1.0 - 1e-12)
    for n in range(taken.shape[0]):
        down = (taken[n, 0] - i) * height
        along = (taken[n, 1] - j) * width
        apart = down * down + along * along
        if apart < least or apart == 0.0:
            return False
    return True


@njit(cache=True, nogil=True)
def best_of_tiles(
    score: npt.NDArray[np.floating],
    best: npt.NDArray[np.int64],
    taken: npt.NDArray[np.int64],
    spacing: float,
    height: float,
    width: float,
    first: int,
    last: int,
    side: int,
) -> None:
    """Write the best free cell (row x columns + column, or -1) of lines of tiles."""
    for line in range(first, last):
        for place in range(best.shape[1]):
            best[line, place] = best_of_tile(
                score, taken, spacing, height, width, line, place, side
            )


@njit(cache=True, nogil=True)
def best_of_tile(
    score: npt.NDArray[np.floating],
    taken: npt.NDArray[np.int64],
    spacing: float,
    height: float,
    width: float,
    line: int,
    place: int,
    side: int,
) -> int:
    """Best free cell of one tile as row x columns + column, or -1."""
    rows, columns = score.shape
    top = -np.inf
    found = -1
    for i in range(line * side, min(rows, line * side + side)):
        for j in range(place * side, min(columns, place * side + side)):
            # NaN fails the comparison; the first of equals stays.
            if (score[i, j] > top or (found < 0 and score[i, j] == top)) and far_enough(
                i, j, taken, spacing, height, width
            ):
                top = score[i, j]
                found = i * columns + j
    return found


@njit(cache=True, nogil=True)
def take_peaks(
    score: npt.NDArray[np.floating],
    best: npt.NDArray[np.int64],
    taken: npt.NDArray[np.int64],
    spacing: float,
    height: float,
    width: float,
    side: int,
) -> int:
    """Fill `taken` with the peaks, best first; return how many there are.

    A tile's best cell may lie too near a peak taken since: then the tile is searched
    again, so only tiles that matter ever are.
    """
    columns = score.shape[1]
    count = 0
    while count < taken.shape[0]:
        top = -1
        for line in range(best.shape[0]):
            for place in range(best.shape[1]):
                here = best[line, place]
                if here < 0:
                    continue
                value = score[here // columns, here % columns]
                highest = score[top // columns, top % columns] if top >= 0 else -np.inf
                if top < 0 or value > highest or (value == highest and here < top):
                    top = here
        if top < 0:
            break
        i = top // columns
        j = top % columns
        if far_enough(i, j, taken[:count], spacing, height, width):
            taken[count, 0] = i
            taken[count, 1] = j
            count += 1
        line = i // side
        place = j // side
        best[line, place] = best_of_tile(
            score, taken[:count], spacing, height, width, line, place, side
        )
    return count
