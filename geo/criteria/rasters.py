"""The grid that a raster lies on, and rasters like another."""

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import CRS

from geo.catalogue import raster as catalogue_raster
from geo.crs import require_projected
from geo.errors import DataError
from geo.grid import cell_size, centres

__all__ = ["grid_of", "like", "sides"]


def grid_of(raster: xr.DataArray) -> GeoBox:
    """Projected grid that a raster lies on.

    Parameters
    ----------
    raster : (rows, columns) DataArray
        With the coordinate ``spatial_ref``, as of `geo.grid.as_dataarray`.

    Returns
    -------
    GeoBox

    Raises
    ------
    DataError
        If the array is not one raster of rows and columns.
    CrsError
        If it has no CRS or a geographic one.
    """
    what = f"the raster {raster.name!r}" if raster.name else "the raster"
    if raster.dims != ("y", "x"):
        raise DataError(
            f"{what} has the dimensions {raster.dims}, required are ('y', 'x'): choose one band"
        )
    grid = catalogue_raster.grid_of(raster)
    x, y = centres(grid)
    step = cell_size(grid)
    for axis, expected, side in (("x", x, step[1]), ("y", y, step[0])):
        # A slice keeps the reference of the whole raster: its corner is then elsewhere.
        if axis in raster.coords and abs(raster[axis].values[0] - expected[0]) > 1e-6 * side:
            raise DataError(
                f"{what} begins at {axis} = {raster[axis].values[0]}, its reference says "
                f"{expected[0]}: it was cut out of a larger one, make it anew with "
                "geo.grid.as_dataarray(values, grid)"
            )
    require_projected(None if grid.crs is None else CRS(str(grid.crs)), what)
    return grid


def sides(raster: xr.DataArray) -> tuple[float, float]:
    """Height of a row and width of a column of a raster [m]."""
    return cell_size(grid_of(raster))


def like(
    raster: xr.DataArray,
    values: npt.NDArray[np.generic],
    *,
    name: str,
    unit: str,
    long_name: str,
    **attrs: object,
) -> xr.DataArray:
    """Put values on the grid of another raster, with CF attributes.

    Parameters
    ----------
    raster : (rows, columns) DataArray
    values : (rows, columns) array
    name, unit, long_name : str
    **attrs
        Further attributes.

    Returns
    -------
    (rows, columns) DataArray
    """
    keep = {
        axis: raster.coords[axis] for axis in ("y", "x", "spatial_ref") if axis in raster.coords
    }
    described = {"long_name": long_name, "units": unit, "grid_mapping": "spatial_ref", **attrs}
    return xr.DataArray(values, dims=raster.dims, coords=keep, name=name, attrs=described)
