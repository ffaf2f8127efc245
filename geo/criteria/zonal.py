"""One statistic of a raster for each zone of a vector layer, painted on the grid."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from exactextract import exact_extract
from exactextract.raster import RasterSource
from odc.geo.geobox import GeoBox
from pyproj import CRS
from rasterio.features import rasterize

from geo.criteria.rasters import grid_of
from geo.criteria.shapes import usable
from geo.crs import require_same
from geo.errors import DataError
from geo.grid import as_dataarray, cell_size

__all__ = ["STATISTICS", "zonal_painter", "zonal_statistic"]

STATISTICS = {
    "mean": "mean",
    "sum": "sum",
    "min": "min",
    "max": "max",
    "median": "median",
    "stdev": "stdev",
    "majority": "mode",
    "cells": "count",
}
"""Names of the statistics, and what exactextract calls them.

``mean``, ``sum`` and ``stdev`` weigh each cell by the share of it that lies in the zone;
``cells`` is the sum of these shares over the cells with a value.
"""


def zonal_statistic(
    zones: gpd.GeoDataFrame, raster: xr.DataArray, statistic: str, grid: GeoBox
) -> xr.DataArray:
    """Statistic of a raster in each zone, on every cell of the zone.

    Parameters
    ----------
    zones : GeoDataFrame
        Polygons in the grid's CRS. Where zones overlap, a cell takes the value of the
        first in row order; every zone's own statistic still counts all of its area.
    raster : (rows, columns) DataArray
        In the grid's CRS, of any cell size; NaN is unknown and left out.
    statistic : str
        One of `STATISTICS`.
    grid : GeoBox
        Grid to paint on; a cell belongs to the zone that holds its centre.

    Returns
    -------
    (rows, columns) float32 DataArray
        In the raster's unit (``cells`` and shares without one); NaN outside all zones
        and in zones without a known value.

    Raises
    ------
    CrsError
        If the CRSs differ or the grid's is geographic.
    EmptyLayerError
        If no usable zone is left.
    DataError
        If the statistic is unknown, or the raster is no single band.

    References
    ----------
    Baston, D. exactextract. https://github.com/isciences/exactextract

    Examples
    --------
    >>> import geopandas as gpd, numpy as np, shapely
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> rain = as_dataarray(np.array([[1.0, 3.0, 8.0]]), grid, name="r", unit="mm", long_name="r")
    >>> west = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 1000)], crs=3857)
    >>> zonal_statistic(west, rain, "mean", grid).values
    array([[ 2.,  2., nan]], dtype=float32)
    """
    usable(zones, grid, "the layer of zones")
    require_same(_crs(grid_of(raster)), _crs(grid), f"the raster {raster.name!r}")
    return zonal_painter(zones, raster, statistic)(grid)


def zonal_painter(
    zones: gpd.GeoDataFrame, raster: xr.DataArray, statistic: str
) -> Callable[[GeoBox], xr.DataArray]:
    """Take the statistic of each zone once, to paint it on grids and parts of grids.

    Parameters
    ----------
    zones, raster, statistic
        As of `zonal_statistic`. A raster kept on disk is read window by window.

    Returns
    -------
    callable
        Given a grid in the same CRS, returns what `zonal_statistic` does.

    Raises
    ------
    CrsError
        If the zones and the raster have different CRSs.
    EmptyLayerError
        If no usable zone is left.
    DataError
        If the statistic is unknown, or the raster is no single band.
    """
    if statistic not in STATISTICS:
        raise DataError(f"statistic {statistic!r} is unknown, use one of {', '.join(STATISTICS)}")
    source = grid_of(raster)
    usable(zones, source, "the layer of zones")
    shapes = np.asarray(zones.geometry.values, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    values = _extract(shapes, _Windows(raster, source), statistic)
    unit = "1" if statistic == "cells" else str(raster.attrs.get("units", "1"))
    title = f"{raster.attrs.get('long_name', raster.name)}, {statistic} of the zone"
    name = f"{raster.name}_{statistic}"

    def paint(grid: GeoBox) -> xr.DataArray:
        painted = rasterize(
            # The last one painted stays: paint the first zone last.
            zip(shapes[::-1], values[::-1], strict=True),
            out_shape=tuple(grid.shape),
            transform=grid.affine,
            fill=np.nan,
            dtype="float32",
        )
        return as_dataarray(np.asarray(painted), grid, name=name, unit=unit, long_name=title)

    return paint


def _crs(grid: GeoBox) -> CRS:
    return CRS(str(grid.crs))


class _Windows(RasterSource):  # type: ignore[misc]
    """A raster that exactextract reads by the window."""

    def __init__(self, raster: xr.DataArray, grid: GeoBox) -> None:
        super().__init__()
        self._raster, self._grid = raster, grid

    def res(self) -> tuple[float, float]:
        height, width = cell_size(self._grid)
        return width, height

    def extent(self) -> tuple[float, float, float, float]:
        box = self._grid.boundingbox
        return box.left, box.bottom, box.right, box.top

    def srs_wkt(self) -> None:
        """Return no reference system: zones and raster are known to share theirs."""

    def nodata_value(self) -> float:
        return np.nan

    def read_window(self, x0: int, y0: int, nx: int, ny: int) -> npt.NDArray[np.float64]:
        window = self._raster[y0 : y0 + ny, x0 : x0 + nx].to_numpy()
        return np.ascontiguousarray(window, dtype=np.float64)


def _extract(
    shapes: npt.NDArray[np.object_], source: _Windows, statistic: str
) -> npt.NDArray[np.float64]:
    zones = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": {}}
        for shape in shapes
    ]
    found = exact_extract(source, zones, [STATISTICS[statistic]])
    results = [feature["properties"][STATISTICS[statistic]] for feature in found]
    return np.array([np.nan if value is None else value for value in results], dtype=np.float64)
