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

_BLOCK = 1 << 19
_STRIPE = 256


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
    height, width = cell_size
    found = np.empty(mask.shape, dtype=np.int32)
    stripes = row_blocks((mask.shape[1], 1), _STRIPE) if mask.size else []
    each(lambda a, b: scan_columns(mask, top, above, below, found, a, b), stripes)
    each(
        lambda a, b: rows_from_columns(found, top, height, width, a, b, distance, row, column),
        row_blocks(mask.shape, _BLOCK),
    )


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
    found: npt.NDArray[np.int32],
    first: int,
    last: int,
) -> None:
    """Write the row of the nearest target within each column, -1 where it has none.

    Columns ``first`` to ``last`` only; of two at the same distance the upper. Rows count
    in the whole raster, where the block's first is `top`.
    """
    rows = mask.shape[0]
    for i in range(rows):
        for j in range(first, last):
            upper = found[i - 1, j] if i > 0 else above[j]
            found[i, j] = top + i if mask[i, j] else upper
    for i in range(rows - 1, -1, -1):
        here = top + i
        for j in range(first, last):
            lower = found[i + 1, j] if i + 1 < rows else below[j]
            upper = found[i, j]
            if lower > here and (upper < 0 or lower - here < here - upper):
                found[i, j] = lower


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
def envelope(
    near: npt.NDArray[np.int32],
    i: int,
    height: float,
    width: float,
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
    height, width : float
        Sides of a cell.
    hull : (columns,) int32 array
        Filled with the columns whose parabolas make the envelope.
    since : (columns,) float64 array
        Filled with the column number from which each is the lowest.
    rise : (columns,) float64 array
        Filled with each column's squared distance to its target, in units of the width.

    Returns
    -------
    int
        Number of parabolas in the envelope; 0 if no column has a target.
    """
    count = 0
    for j in range(near.size):
        if near[j] < 0:
            continue
        up = (near[j] - i) * height / width
        rise[j] = up * up
        start = -np.inf
        while count > 0:
            k = hull[count - 1]
            start = ((rise[j] - rise[k]) / (j - k) + (j + k)) * 0.5
            # A tie goes to the column on the left, which keeps its cells up to `start`.
            if start > since[count - 1]:
                break
            count -= 1
            start = -np.inf
        hull[count] = j
        since[count] = start
        count += 1
    return count


@njit(cache=True, nogil=True)
def rows_from_columns(
    near: npt.NDArray[np.int32],
    top: int,
    height: float,
    width: float,
    first: int,
    last: int,
    distance: npt.NDArray[np.float64],
    row: npt.NDArray[np.int32],
    column: npt.NDArray[np.int32],
) -> None:
    """Write distance, and nearest target where asked, of rows whose columns are scanned."""
    columns = near.shape[1]
    hull = np.empty(columns, dtype=np.int32)
    since = np.empty(columns)
    rise = np.empty(columns)
    for i in range(first, last):
        count = envelope(near[i], top + i, height, width, hull, since, rise)
        if count == 0:
            distance[i, :] = np.nan
            if row.size > 0:
                row[i, :] = -1
                column[i, :] = -1
            continue
        k = 0
        for j in range(columns):
            while k + 1 < count and since[k + 1] < j:
                k += 1
            at = hull[k]
            down = (near[i, at] - top - i) * height
            along = (at - j) * width
            distance[i, j] = np.sqrt(down * down + along * along)
            if row.size > 0:
                row[i, j] = near[i, at]
                column[i, j] = at
