"""Distance from every grid cell to the nearest feature of a vector layer.

Distance is measured from the cell centre to the geometry itself, not to a rasterised
copy of it, so the result does not depend on the cell size.
"""

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.compute.segments import distance_to_segments
from geo.criteria.shapes import mark, segments, usable
from geo.errors import DataError
from geo.grid import as_dataarray, cell_size

__all__ = ["distance_to_nearest"]

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
    Lengths are those of the grid's CRS. Cells nearer than six cells to a feature try
    every segment about them and are exact to the precision of float32. Farther cells
    hand candidates to one another, which can miss a segment whose share of the plane is
    narrower than a cell there; such a cell gets the distance to another segment almost
    as near. The distance is then never too small; on real roads, railways, rivers and
    borders it was too large by less than 4 % of a cell in fewer than one cell in 5,000,
    on thousands of random rasters made to provoke it by less than 5 % of a cell.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (0, 1000)])], crs=3857)
    >>> distance_to_nearest(road, grid).values
    array([[ 500., 1500., 2500.]], dtype=float32)
    """
    if max_distance is not None and not max_distance >= 0:
        raise DataError(f"max_distance is {max_distance} m, required is 0 or more, or None")
    shapes = usable(features, grid, "the layer")
    rows, columns = grid.shape
    distance = distance_to_segments(segments(shapes, grid), (rows, columns), cell_size(grid))
    areas = shapes[shapely.get_type_id(shapes) == _POLYGON]
    if len(areas):
        distance[mark(areas, grid, touched=False)] = 0.0
    if max_distance is not None:
        distance[distance > max_distance] = np.nan
    return as_dataarray(
        distance, grid, name="distance", unit="m", long_name="Distance to the nearest feature"
    )
