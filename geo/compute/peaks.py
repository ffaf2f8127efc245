"""The best places of a surface that keep a distance from one another."""

import numpy as np
import numpy.typing as npt
import xarray as xr
from numba import njit

from geo.compute.blocks import each
from geo.compute.distance import check_cell_size
from geo.errors import DataError

__all__ = ["peaks"]

_SIDE = 64
_STRIP = 1 << 21


def peaks(
    score: npt.ArrayLike | xr.DataArray, spacing: float, cell_size: tuple[float, float], count: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Highest cells of a surface, each at least `spacing` from every better one.

    The best cell is taken, all nearer to it than `spacing` are struck out, and so on.
    Of equal scores the first in row-major order is the better.

    Parameters
    ----------
    score : (rows, columns) array_like of float, or DataArray
        NaN cells are never taken. A DataArray is read by strips and windows.
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
    surface = score if isinstance(score, xr.DataArray) else np.asarray(score)
    if surface.ndim != 2:
        raise DataError(f"the score has shape {surface.shape}, required are rows and columns")
    if not (np.isfinite(spacing) and spacing >= 0 and count >= 0):
        raise DataError(f"spacing {spacing} m and count {count} must both be 0 or more")
    height, width = check_cell_size(cell_size)
    best, top = _best_of_all(surface, height, width)
    taken = np.empty((count, 2), dtype=np.int64)
    found = 0
    # A tile's best cell may lie too near a peak taken since: then the tile is searched
    # again, so only tiles that matter ever are.
    while found < count and (best >= 0).any():
        cell = best[(best >= 0) & (top == top[best >= 0].max())].min()
        i, j = divmod(int(cell), surface.shape[1])
        if far_enough(i, j, taken[:found], spacing, height, width):
            taken[found] = i, j
            found += 1
        tile = i // _SIDE, j // _SIDE
        best[tile], top[tile] = _search_again(surface, taken[:found], spacing, height, width, tile)
    return taken[:found, 0].astype(np.intp), taken[:found, 1].astype(np.intp)


def _best_of_all(
    surface: npt.NDArray[np.generic] | xr.DataArray, height: float, width: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Best cell of each tile (row x columns + column, or -1) and its score."""
    rows, columns = surface.shape
    best = np.full((-(-rows // _SIDE), -(-columns // _SIDE)), -1, dtype=np.int64)
    top = np.full(best.shape, -np.inf)
    none = np.empty((0, 2), dtype=np.int64)
    step = max(1, _STRIP // max(1, columns * _SIDE))
    for line in range(0, len(best), step):
        block = _floats(surface[line * _SIDE : (line + step) * _SIDE])
        found = np.full_like(best[line : line + step], -1)
        each(
            lambda a, b, block=block, found=found: best_of_tiles(  # type: ignore[misc]
                block, found, none, 0.0, height, width, a, b, _SIDE
            ),
            [(n, n + 1) for n in range(len(found))],
        )
        here = found >= 0
        top[line : line + step][here] = block.reshape(-1)[found[here]]
        best[line : line + step] = np.where(here, found + line * _SIDE * columns, -1)
    return best, top


def _search_again(
    surface: npt.NDArray[np.generic] | xr.DataArray,
    taken: npt.NDArray[np.int64],
    spacing: float,
    height: float,
    width: float,
    tile: tuple[int, int],
) -> tuple[int, float]:
    corner = np.array(tile) * _SIDE
    window = _floats(surface[corner[0] : corner[0] + _SIDE, corner[1] : corner[1] + _SIDE])
    found = best_of_tile(window, taken - corner, spacing, height, width, 0, 0, _SIDE)
    if found < 0:
        return -1, -np.inf
    i, j = divmod(int(found), window.shape[1])
    return int((corner[0] + i) * surface.shape[1] + corner[1] + j), float(window[i, j])


def _floats(values: npt.ArrayLike | xr.DataArray) -> npt.NDArray[np.floating]:
    found = np.ascontiguousarray(values)
    return found if found.dtype in (np.float32, np.float64) else found.astype(np.float64)


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
