"""Features as the arrays and masks that the measures work on."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS
from rasterio.features import rasterize

from geo.crs import require_projected, require_same
from geo.errors import EmptyLayerError
from geo.grid import cell_size

__all__ = ["mark", "segments", "usable"]

_POLYGON = 3


def usable(features: gpd.GeoDataFrame, grid: GeoBox, what: str) -> npt.NDArray[np.object_]:
    """Single points, lines and polygons of a layer, without missing and empty ones.

    Parameters
    ----------
    features : GeoDataFrame
        In the grid's CRS.
    grid : GeoBox
        In a projected CRS.
    what : str
        What to call the layer in an error.

    Returns
    -------
    (n,) array of geometries
        At least one; multi-part geometries and collections are taken apart.

    Raises
    ------
    CrsError
        If the CRSs differ, or the grid's is geographic.
    EmptyLayerError
        If no usable geometry is left.
    """
    crs = require_projected(None if grid.crs is None else CRS(str(grid.crs)), "the grid")
    require_same(features.crs, crs, what)
    shapes = np.asarray(features.geometry.values, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    while (shapely.get_type_id(shapes) > _POLYGON).any():
        shapes = shapely.get_parts(shapes)
    shapes = shapes[~shapely.is_empty(shapes)]
    if len(shapes) == 0:
        raise EmptyLayerError(
            f"{what} has no usable geometry: all are missing or empty, or a filter left none"
        )
    return np.asarray(shapes, dtype=object)


def segments(shapes: npt.NDArray[np.object_], grid: GeoBox) -> npt.NDArray[np.float64]:
    """Straight pieces of geometries, in metres from the grid's upper left corner.

    Parameters
    ----------
    shapes : (n,) array of geometries
        Single points, lines and polygons; of polygons the rings.
    grid : GeoBox

    Returns
    -------
    (m, 4) float64 array [m]
        x rightwards and y downwards of both ends; a point is a piece of no length.
    """
    area = shapely.get_type_id(shapes) == _POLYGON
    lines = np.concatenate([shapes[~area], shapely.get_rings(shapes[area])])
    points, owner = shapely.get_coordinates(lines, return_index=True)
    height, width = cell_size(grid)
    affine = grid.affine
    points = np.column_stack(
        [
            (points[:, 0] - affine.c) / affine.a * width,
            (points[:, 1] - affine.f) / affine.e * height,
        ]
    )
    joined = owner[1:] == owner[:-1]
    single = points[np.bincount(owner, minlength=len(lines))[owner] == 1]
    return np.concatenate(
        [np.hstack([points[:-1][joined], points[1:][joined]]), np.hstack([single, single])]
    )


def mark(shapes: npt.NDArray[np.object_], grid: GeoBox, *, touched: bool) -> npt.NDArray[np.bool_]:
    """Cells that hold a geometry.

    Parameters
    ----------
    shapes : (n,) array of geometries
    grid : GeoBox
    touched : bool
        True: every cell that a geometry touches. False: for polygons the cells whose
        centre is inside, for points and lines the cells that they touch.

    Returns
    -------
    (rows, columns) array of bool
    """
    area = shapely.get_type_id(shapes) == _POLYGON
    out = np.zeros(tuple(grid.shape), dtype=np.uint8)
    for chosen, all_touched in ((shapes[area], touched), (shapes[~area], True)):
        if len(chosen):
            rasterize(
                ((shape, 1) for shape in chosen),
                out=out,
                transform=grid.affine,
                all_touched=all_touched,
            )
    return out.view(np.bool_)
