"""Distance from every grid cell to the nearest feature of a vector layer.

Distance is measured from the cell centre to the geometry itself, not to a rasterised
copy of it, so the result does not depend on the cell size.
"""

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.compute.segments import distance_to_segments, nearest_segment
from geo.criteria.shapes import corner, mark, number_cells, parts, placed_segments, usable
from geo.grid import as_dataarray, cell_size

__all__ = ["distance_to_nearest", "nearest_feature"]

_POLYGON = 3


def distance_to_nearest(
    features: gpd.GeoDataFrame, grid: GeoBox, *, max_distance: float | None = None
) -> xr.DataArray:
    """Distance from each cell centre to the nearest feature.

    Parameters
    ----------
    features : GeoDataFrame
        Points, lines or polygons in the grid's CRS. Missing and empty geometries are
        ignored; a cell centre inside a polygon is at distance 0. Features outside the
        grid count like those inside, however far they are.
    grid : GeoBox
        Target grid, in a projected CRS.
    max_distance : float, optional
        Search radius [m]. Cells with no feature within it get NaN: farther than we
        looked, not "at the limit".

    Returns
    -------
    distance : (rows, columns) float32 DataArray [m]
        In [0, max_distance], or NaN.

    Raises
    ------
    CrsError
        If the CRSs differ, or the grid's is geographic.
    EmptyLayerError
        If no usable geometry is left.
    DataError
        If `max_distance` is negative or not a number.

    Notes
    -----
    Lengths are those of the grid's CRS. Every distance is exact to the precision of
    float32, and a window of a grid gets the very numbers that the whole grid has there.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (0, 1000)])], crs=3857)
    >>> distance_to_nearest(road, grid).values
    array([[ 500., 1500., 2500.]], dtype=float32)
    """
    shapes = usable(features, grid, "the layer")
    rows, columns = grid.shape
    distance = distance_to_segments(
        placed_segments(shapes, grid)[0],
        (rows, columns),
        cell_size(grid),
        corner=corner(grid),
        max_distance=max_distance,
    )
    areas = shapes[shapely.get_type_id(shapes) == _POLYGON]
    if len(areas):
        distance[mark(areas, grid, touched=False)] = 0.0
    return as_dataarray(
        distance, grid, name="distance", unit="m", long_name="Distance to the nearest feature"
    )


def nearest_feature(
    features: gpd.GeoDataFrame, grid: GeoBox, *, max_distance: float | None = None
) -> xr.Dataset:
    """Distance from each cell centre to the nearest feature, and which feature it is.

    Parameters
    ----------
    features, grid, max_distance
        As of `distance_to_nearest`.

    Returns
    -------
    Dataset
        ``distance`` as of `distance_to_nearest`; ``allocation`` (int32), the number of the
        feature's row from 0, of equally near ones the first, -1 where none is near enough.

    Raises
    ------
    CrsError, EmptyLayerError, DataError
        As `distance_to_nearest`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> towns = gpd.GeoDataFrame(geometry=gpd.points_from_xy([2900, 500], [500, 500]), crs=3857)
    >>> nearest_feature(towns, grid).allocation.values
    array([[1, 1, 0]], dtype=int32)
    """
    shapes, row = parts(features, grid, "the layer")
    rows, columns = grid.shape
    ends, owner = placed_segments(shapes, grid)
    # In the order of the features, so that of equally near ones the first is found.
    order = np.argsort(row[owner], kind="stable")
    distance, number = nearest_segment(
        ends[order],
        (rows, columns),
        cell_size(grid),
        corner=corner(grid),
        max_distance=max_distance,
    )
    allocation = np.where(number >= 0, row[owner[order]][number], np.int32(-1))
    area = shapely.get_type_id(shapes) == _POLYGON
    if area.any():
        # The last one written stays: write the first feature last.
        within = number_cells(shapes[area][::-1], row[area][::-1], grid, touched=False)
        distance[within >= 0] = 0.0
        np.copyto(allocation, within, where=within >= 0)
    return xr.Dataset(
        {
            "distance": as_dataarray(
                distance,
                grid,
                name="distance",
                unit="m",
                long_name="Distance to the nearest feature",
            ),
            "allocation": as_dataarray(
                allocation, grid, name="allocation", unit="1", long_name="Nearest feature"
            ),
        }
    )
