"""Slope and aspect of a height raster on a projected grid."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.compute import kernels
from geo.criteria.rasters import like, sides

__all__ = ["aspect", "slope"]


def slope(height: xr.DataArray) -> xr.DataArray:
    """Steepness of each cell by Horn's formula.

    Parameters
    ----------
    height : (rows, columns) DataArray
        Height on a projected grid, rows from north to south [m]; NaN is unknown.

    Returns
    -------
    (rows, columns) float32 DataArray [%]
        NaN where the height is. A neighbour that is unknown or outside the raster is
        taken to be as high as the cell itself.

    Raises
    ------
    CrsError
        If the grid is geographic or has no CRS.
    DataError
        If the array is not one raster of rows and columns.

    References
    ----------
    Horn, B. K. P. (1981). Hill shading and the reflectance map. Proceedings of the IEEE
    69(1). https://doi.org/10.1109/PROC.1981.11918

    Examples
    --------
    >>> import numpy as np
    >>> from odc.geo.geobox import GeoBox
    >>> from geo.grid import as_dataarray
    >>> grid = GeoBox.from_bbox((0, 0, 300, 300), "EPSG:3857", resolution=100)
    >>> plane = np.tile([0.0, 10.0, 20.0], (3, 1))
    >>> height = as_dataarray(plane, grid, name="height", unit="m", long_name="Height")
    >>> float(slope(height)[1, 1])
    10.0
    """
    return _on_grid(height, kernels.slope(_values(height), sides(height)), "slope", "%", "Slope")


def aspect(height: xr.DataArray) -> xr.DataArray:
    """Direction in which each cell falls.

    Parameters
    ----------
    height : (rows, columns) DataArray
        As of `slope`.

    Returns
    -------
    (rows, columns) float32 DataArray [degrees clockwise from the north of the grid]
        In [0, 360); NaN where the height is unknown or the cell is flat.

    Raises
    ------
    CrsError, DataError
        As `slope`.

    Examples
    --------
    >>> import numpy as np
    >>> from odc.geo.geobox import GeoBox
    >>> from geo.grid import as_dataarray
    >>> grid = GeoBox.from_bbox((0, 0, 300, 300), "EPSG:3857", resolution=100)
    >>> plane = np.tile([0.0, 10.0, 20.0], (3, 1))
    >>> height = as_dataarray(plane, grid, name="height", unit="m", long_name="Height")
    >>> float(aspect(height)[1, 1])
    270.0
    """
    found = kernels.aspect(_values(height), sides(height))
    return _on_grid(height, found, "aspect", "degree", "Aspect, clockwise from grid north")


def _values(height: xr.DataArray) -> npt.NDArray[np.generic]:
    return np.asarray(height.to_numpy())


def _on_grid(
    height: xr.DataArray, values: npt.NDArray[np.float32], name: str, unit: str, title: str
) -> xr.DataArray:
    return like(height, values, name=name, unit=unit, long_name=title)
