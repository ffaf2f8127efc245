"""Features as the arrays and masks that the measures work on."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS
from rasterio.features import rasterize

from geo.compute.segments import touched_by
from geo.crs import require_projected, require_same
from geo.errors import EmptyLayerError
from geo.grid import cell_size

__all__ = ["corner", "mark", "number_cells", "parts", "placed_segments", "segments", "usable"]

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


def parts(
    features: gpd.GeoDataFrame, grid: GeoBox, what: str
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int32]]:
    """As `usable`, with the number of the row that each geometry belongs to."""
    usable(features, grid, what)
    shapes = np.asarray(features.geometry.values, dtype=object)
    rows = np.arange(len(shapes), dtype=np.int32)
    while (shapely.get_type_id(shapes) > _POLYGON).any():
        shapes, of_row = shapely.get_parts(shapes, return_index=True)
        rows = rows[of_row]
    good = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    return shapes[good], rows[good]


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
    ends = placed_segments(shapes, grid)[0]
    return np.asarray(ends - np.tile(corner(grid), 2), dtype=np.float64)


def placed_segments(
    shapes: npt.NDArray[np.object_], grid: GeoBox
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Straight pieces of geometries in the grid's CRS, with axes that run as the grid's do.

    Parameters
    ----------
    shapes : (n,) array of geometries
        Single points, lines and polygons; of polygons the rings.
    grid : GeoBox

    Returns
    -------
    ends : (m, 4) float64 array [m]
        x and y of both ends, with the sign of each axis turned so that x grows from column
        to column and y from row to row; a point is a piece of no length.
    owner : (m,) array of int
        The geometry that each belongs to.
    """
    area = shapely.get_type_id(shapes) == _POLYGON
    rings, of_area = shapely.get_rings(shapes[area], return_index=True)
    lines = np.concatenate([shapes[~area], rings])
    of_line = np.concatenate([np.flatnonzero(~area), np.flatnonzero(area)[of_area]])
    points, owner = shapely.get_coordinates(lines, return_index=True)
    points = points * _signs(grid)
    joined = owner[1:] == owner[:-1]
    single = np.bincount(owner, minlength=len(lines))[owner] == 1
    ends = np.concatenate(
        [
            np.hstack([points[:-1][joined], points[1:][joined]]),
            np.hstack([points[single], points[single]]),
        ]
    )
    return ends, of_line[np.concatenate([owner[1:][joined], owner[single]])]


def corner(grid: GeoBox) -> tuple[float, float]:
    """Outer corner of the grid's first cell in the coordinates of `placed_segments` [m]."""
    right, down = _signs(grid)
    return float(grid.affine.c * right), float(grid.affine.f * down)


def _signs(grid: GeoBox) -> npt.NDArray[np.float64]:
    return np.sign([grid.affine.a, grid.affine.e])


def mark(shapes: npt.NDArray[np.object_], grid: GeoBox, *, touched: bool) -> npt.NDArray[np.bool_]:
    """Cells that hold a geometry.

    Parameters
    ----------
    shapes : (n,) array of geometries
        Single points, lines and polygons.
    grid : GeoBox
    touched : bool
        True: every cell that a geometry touches. False: for polygons the cells whose
        centre is inside, for points and lines the cells that they touch.

    Returns
    -------
    (rows, columns) array of bool
    """
    return number_cells(shapes, np.zeros(len(shapes), dtype=np.int32), grid, touched=touched) >= 0


def number_cells(
    shapes: npt.NDArray[np.object_],
    numbers: npt.NDArray[np.int32],
    grid: GeoBox,
    *,
    touched: bool,
) -> npt.NDArray[np.int32]:
    """Write a number for each geometry to the cells that hold it.

    Parameters
    ----------
    shapes : (n,) array of geometries
        Single points, lines and polygons.
    numbers : (n,) array of int
        0 or more. Where geometries share a cell the last one stays; lines and points
        come after polygons.
    grid : GeoBox
    touched : bool
        As of `mark`.

    Returns
    -------
    (rows, columns) int32 array
        -1 where there is no geometry.
    """
    area = shapely.get_type_id(shapes) == _POLYGON
    if len(shapes) and area.all():
        return _filled(shapes, numbers, grid, touched)
    rows, columns = grid.shape
    ends, owner = placed_segments(shapes[~area], grid)
    ends = ends - np.tile(corner(grid), 2)
    out = touched_by(ends, numbers[~area][owner], (rows, columns), cell_size(grid))
    if area.any():
        np.copyto(out, _filled(shapes[area], numbers[area], grid, touched), where=out < 0)
    return out


def _filled(
    areas: npt.NDArray[np.object_], numbers: npt.NDArray[np.int32], grid: GeoBox, touched: bool
) -> npt.NDArray[np.int32]:
    return np.asarray(
        rasterize(
            zip(areas, numbers.tolist(), strict=True),
            out_shape=tuple(grid.shape),
            transform=grid.affine,
            fill=-1,
            all_touched=touched,
            dtype="int32",
        )
    )
