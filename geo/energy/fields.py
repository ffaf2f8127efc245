"""Readings of rasters and grids at points in longitude and latitude."""

from functools import lru_cache

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from geo.energy.interpolation import bilinear
from geo.errors import CrsError, DataError
from geo.grid import centres

__all__ = ["lonlat", "points_of", "raster_at", "raster_mean"]

Array = npt.NDArray[np.float64]

_KNOT_SPACING = 16_000.0
_KNOT_ERROR = 2e-4


def lonlat(grid: GeoBox, whole: GeoBox | None = None) -> tuple[Array, Array]:
    """Longitude and latitude of every cell centre of a grid.

    Parameters
    ----------
    grid : GeoBox
    whole : GeoBox, optional
        The grid of which `grid` is some rows: the cells then get the same positions as
        they have on the whole.

    Returns
    -------
    lon, lat : (rows, columns) array [degrees]
        WGS 84. Transformed exactly every 16 km or less and linear between, which is off
        by under 20 m; exactly where that does not hold: at the date line and the poles.
    """
    rows = slice(None) if whole is None else _rows_within(grid, whole)
    bent = _bent(whole or grid)
    if bent is None:
        x, y = centres(whole or grid)
        found = _exact(grid, x, y[rows])
    else:
        by_row, knots, by_column = bent
        found = by_row[rows] @ knots @ by_column.T
    return found[0], found[1]


@lru_cache(maxsize=2)
def _bent(grid: GeoBox) -> tuple[Array, Array, Array] | None:
    """Knots of a grid and their weights by row and by column; None where they do not serve.

    Kept, for every part of a grid asks for them.
    """
    x, y = centres(grid)
    across, down = _knots(x), _knots(y)
    by_row, by_column = _between(down, len(y)), _between(across, len(x))
    knots = _exact(grid, x[across], y[down])
    # At the date line and near the poles a line between knots is no longer straight.
    middle = (down[:-1] + down[1:]) // 2, (across[:-1] + across[1:]) // 2
    between = by_row[middle[0]] @ knots @ by_column[middle[1]].T
    missed = between - _exact(grid, x[middle[1]], y[middle[0]])
    return None if np.abs(missed).max(initial=0) > _KNOT_ERROR else (by_row, knots, by_column)


def _exact(grid: GeoBox, east: Array, north: Array) -> Array:
    to_degrees = Transformer.from_crs(str(grid.crs), 4326, always_xy=True)
    return np.stack(to_degrees.transform(*np.meshgrid(east, north)))


def points_of(points: gpd.GeoDataFrame) -> tuple[Array, Array]:
    """Longitude and latitude of a layer's points.

    Parameters
    ----------
    points : GeoDataFrame
        In any CRS.

    Returns
    -------
    lon, lat : (n,) array [degrees]

    Raises
    ------
    CrsError
        If the layer has no CRS.
    """
    if points.crs is None:
        raise CrsError("the points have no CRS: set it with points.set_crs('EPSG:4326')")
    geometry = points.geometry.to_crs(4326)
    return geometry.x.to_numpy(dtype=np.float64), geometry.y.to_numpy(dtype=np.float64)


def raster_at(raster: xr.DataArray, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Array:
    """Read a raster in longitude and latitude at points, linear between cells.

    Parameters
    ----------
    raster : (..., rows, columns) DataArray
        With coordinates ``x`` and ``y`` [degrees].
    lon, lat : (n,) array_like [degrees]

    Returns
    -------
    (..., n) array
        NaN outside the raster and where all cells around are unknown.
    """
    x, y = _axes(raster)
    return bilinear(raster.to_numpy().astype(np.float64), x, y, lon, lat)


def raster_mean(raster: xr.DataArray, lon: Array, lat: Array, size: float) -> Array:
    """Mean of a raster over squares around points.

    Parameters
    ----------
    raster : (rows, columns) DataArray
        With coordinates ``x`` and ``y`` [degrees]; NaN is left out.
    lon, lat : (n,) array [degrees]
    size : float [degrees]
        Side of the squares.

    Returns
    -------
    (n,) array
        Of the cells whose centres lie in the square, else the value at the point; NaN
        where nothing is known.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> raster = xr.DataArray(np.arange(4.0).reshape(2, 2), dims=("y", "x"),
    ...                       coords={"y": [1.0, 0.0], "x": [0.0, 1.0]})
    >>> raster_mean(raster, np.array([0.5]), np.array([0.5]), 2.0)
    array([1.5])
    """
    x, y = _axes(raster)
    values = raster.to_numpy().astype(np.float64)
    known = ~np.isnan(values)
    sums = _running_sum(np.where(known, values, 0))
    counts = _running_sum(known.astype(np.float64))
    top, bottom = _span(y, lat, size)
    left, right = _span(x, lon, size)

    def box(total: Array) -> Array:
        return np.asarray(
            total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
        )

    number = box(counts)
    mean = box(sums) / np.where(number > 0, number, 1)
    return np.where(number > 0, mean, bilinear(values, x, y, lon, lat))


def _knots(axis: Array) -> npt.NDArray[np.intp]:
    """Cells at which a coordinate is computed: the ends, and at most 16 km apart."""
    pitch = abs(axis[-1] - axis[0]) / max(len(axis) - 1, 1)
    step = max(int(_KNOT_SPACING // max(pitch, 1e-9)), 1)
    return np.unique(np.append(np.arange(0, len(axis), step), len(axis) - 1))


def _rows_within(grid: GeoBox, whole: GeoBox) -> slice:
    first = round((grid.affine.f - whole.affine.f) / whole.affine.e)
    return slice(first, first + int(grid.shape[0]))


def _between(knots: npt.NDArray[np.intp], length: int) -> Array:
    """Weights of the knots in every cell of an axis."""
    cells = np.arange(length)
    return np.stack([np.interp(cells, knots, unit) for unit in np.eye(len(knots))], axis=1)


def _running_sum(values: Array) -> Array:
    total = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    total[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    return total


def _span(
    axis: Array, middle: Array, size: float
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First and one past the last cell whose centre lies within half a size."""
    rising = axis if axis[0] < axis[-1] else axis[::-1]
    first = np.searchsorted(rising, middle - size / 2, side="left")
    last = np.searchsorted(rising, middle + size / 2, side="left")
    if axis[0] < axis[-1]:
        return first, last
    return len(axis) - last, len(axis) - first


def _axes(raster: xr.DataArray) -> tuple[Array, Array]:
    if "x" not in raster.coords or "y" not in raster.coords:
        raise DataError(f"a raster has the dimensions {raster.dims}: give it x and y [degrees]")
    return raster["x"].to_numpy().astype(np.float64), raster["y"].to_numpy().astype(np.float64)
