"""Slope and aspect of a height raster by Horn's eight-neighbour formula."""

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each, row_blocks
from geo.compute.distance import check_cell_size
from geo.errors import DataError

__all__ = ["aspect", "slope"]

_BLOCK = 1 << 18


def slope(height: npt.ArrayLike, cell_size: tuple[float, float]) -> npt.NDArray[np.float32]:
    """Steepness of each cell.

    Parameters
    ----------
    height : (rows, columns) array_like of float
        Height, rows from north to south [m]; NaN is unknown.
    cell_size : (height of a row, width of a column)
        Both positive [m].

    Returns
    -------
    (rows, columns) float32 array [%]
        NaN where the height is. A neighbour that is unknown or outside the raster is
        taken to be as high as the cell itself.

    Raises
    ------
    DataError
        If `height` is no raster.

    References
    ----------
    Horn, B. K. P. (1981). Hill shading and the reflectance map. Proceedings of the IEEE
    69(1). https://doi.org/10.1109/PROC.1981.11918

    Examples
    --------
    >>> import numpy as np
    >>> plane = np.tile([0.0, 10.0, 20.0], (3, 1))
    >>> float(slope(plane, (500.0, 100.0))[1, 1])
    10.0
    """
    return _horn(height, cell_size, False)


def aspect(height: npt.ArrayLike, cell_size: tuple[float, float]) -> npt.NDArray[np.float32]:
    """Direction in which each cell falls.

    Parameters
    ----------
    height, cell_size
        As of `slope`.

    Returns
    -------
    (rows, columns) float32 array [degrees clockwise from the north of the grid]
        In [0, 360); NaN where the height is unknown or the cell is flat.

    Raises
    ------
    DataError
        If `height` is no raster.

    References
    ----------
    Horn, B. K. P. (1981). https://doi.org/10.1109/PROC.1981.11918

    Examples
    --------
    >>> import numpy as np
    >>> plane = np.tile([0.0, 10.0, 20.0], (3, 1))
    >>> float(aspect(plane, (500.0, 100.0))[1, 1])
    270.0
    """
    return _horn(height, cell_size, True)


def _horn(
    height: npt.ArrayLike, cell_size: tuple[float, float], direction: bool
) -> npt.NDArray[np.float32]:
    relief = np.ascontiguousarray(height)
    if relief.ndim != 2:
        raise DataError(f"the height has shape {relief.shape}, required are rows and columns")
    if relief.dtype not in (np.float32, np.float64):
        relief = relief.astype(np.float64)
    down, along = check_cell_size(cell_size)
    out = np.empty(relief.shape, dtype=np.float32)
    each(
        lambda a, b: horn(relief, down, along, direction, out, a, b),
        row_blocks(relief.shape, _BLOCK),
    )
    return out


@njit(cache=True, nogil=True)
def horn(
    height: npt.NDArray[np.floating],
    down: float,
    along: float,
    direction: bool,
    out: npt.NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Write slope [%] or aspect [degrees] of some rows."""
    rows, columns = height.shape
    for i in range(first, last):
        above = max(i - 1, 0)
        below = min(i + 1, rows - 1)
        for j in range(columns):
            left = max(j - 1, 0)
            right = min(j + 1, columns - 1)
            centre = height[i, j]
            if not centre < np.inf:
                out[i, j] = np.nan
                continue
            # Differences from the centre keep precision and make an unknown count as level.
            nw = rise(height[above, left], centre, above < i and left < j)
            n = rise(height[above, j], centre, above < i)
            ne = rise(height[above, right], centre, above < i and right > j)
            w = rise(height[i, left], centre, left < j)
            e = rise(height[i, right], centre, right > j)
            sw = rise(height[below, left], centre, below > i and left < j)
            s = rise(height[below, j], centre, below > i)
            se = rise(height[below, right], centre, below > i and right > j)
            east = (ne + 2.0 * e + se - nw - 2.0 * w - sw) / (8.0 * along)
            north = (nw + 2.0 * n + ne - sw - 2.0 * s - se) / (8.0 * down)
            if not direction:
                out[i, j] = 100.0 * np.sqrt(east * east + north * north)
            elif east == 0.0 and north == 0.0:
                out[i, j] = np.nan
            else:
                degrees = np.float32(np.degrees(np.arctan2(-east, -north)) % 360.0)
                out[i, j] = degrees if degrees < 360.0 else 0.0


@njit(cache=True, nogil=True)
def rise(there: float, centre: float, inside: bool) -> float:
    """Height above the centre, 0 where unknown or outside the raster."""
    up = np.float64(there) - np.float64(centre)
    return up if inside and -np.inf < up < np.inf else 0.0
