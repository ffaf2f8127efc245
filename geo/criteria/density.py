"""How densely features lie around each cell, and where lines meet."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.criteria.shapes import corner, placed_segments, usable
from geo.errors import DataError, EmptyLayerError, LayerError
from geo.grid import as_dataarray, cell_size

__all__ = ["density_of", "intersections"]

Floats = npt.NDArray[np.float64]

_PIECES = 32
"""A line is cut into pieces of at most the radius over this; the kernel is taken at middles."""
_POLYGON = 3


def density_of(features: gpd.GeoDataFrame, grid: GeoBox, *, radius: float) -> xr.DataArray:
    """Density of points or lines around each cell centre, by the quartic kernel.

    Parameters
    ----------
    features : GeoDataFrame
        Points, or lines, in the grid's CRS; never both, since their units differ. Features
        outside the grid count like those inside.
    grid : GeoBox
        In a projected CRS.
    radius : float
        Beyond which a feature counts no more [m].

    Returns
    -------
    density : (rows, columns) float32 DataArray
        Points per square kilometre, or kilometres of line per square kilometre; zero where
        nothing lies within the radius. Never NaN: a layer that is not known everywhere has
        to be masked by its own area.

    Raises
    ------
    CrsError
        If the CRSs differ, or the grid's is geographic.
    EmptyLayerError
        If no usable geometry is left.
    LayerError
        If there are polygons, or points and lines together.
    DataError
        If the radius is not a positive number.

    Notes
    -----
    The kernel is 3 / (pi r2) (1 - d2 / r2)2 (Silverman 1986, Density Estimation for Statistics
    and Data Analysis, p. 76), so that the density over the plane adds up to the number of
    points, or to the length of the lines.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> mine = gpd.GeoDataFrame(geometry=[shapely.Point(500, 500)], crs=3857)
    >>> density_of(mine, grid, radius=2000).values.round(4)
    array([[0.2387, 0.1343, 0.    ]], dtype=float32)
    """
    if not 0 < radius < np.inf:
        raise DataError(f"a radius of {radius} m is not usable: give a positive number of metres")
    shapes = usable(features, grid, "the layer")
    kinds = set(np.minimum(shapely.get_type_id(shapes), _POLYGON).tolist())
    if len(kinds) > 1 or _POLYGON in kinds:
        raise LayerError(
            "a density is that of points or of lines, and the layer holds "
            f"{'polygons' if _POLYGON in kinds else 'both'}: give one kind"
        )
    points = kinds == {0}
    places, amounts = _pieces(placed_segments(shapes, grid)[0], radius)
    total = _spread(places - corner(grid), amounts, grid, radius)
    unit = "1/km2" if points else "km/km2"
    said = "points" if points else "lines"
    return as_dataarray(
        # Points per m2 become points per km2; metres per m2 become kilometres per km2.
        (total * (1e6 if points else 1e3)).astype(np.float32),
        grid,
        name="density",
        unit=unit,
        long_name=f"Density of {said} within {radius / 1000:g} km",
    )


def intersections(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Points at which two lines of a layer meet or cross, each once.

    Parameters
    ----------
    lines : GeoDataFrame
        Lines, such as faults, in any CRS. Stretches that two lines share count as no point.

    Returns
    -------
    GeoDataFrame
        Points in the same CRS, from west to east.

    Raises
    ------
    EmptyLayerError
        If no two lines meet.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> faults = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (2, 2)]),
    ...     shapely.LineString([(0, 2), (2, 0)])], crs=3857)
    >>> intersections(faults).geometry.to_wkt().tolist()
    ['POINT (1 1)']
    """
    parts = shapely.get_parts(np.asarray(lines.geometry.values, dtype=object))
    parts = parts[~(shapely.is_missing(parts) | shapely.is_empty(parts))]
    first, second = shapely.STRtree(parts).query(parts, predicate="intersects")
    once = first < second
    met = shapely.get_parts(shapely.intersection(parts[first[once]], parts[second[once]]))
    points = shapely.get_coordinates(met[shapely.get_type_id(met) == 0])
    if not len(points):
        raise EmptyLayerError("no two lines of the layer meet: there is no intersection")
    points = np.unique(points, axis=0)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*points.T), crs=lines.crs)


def _pieces(ends: Floats, radius: float) -> tuple[Floats, Floats]:
    """Middles of short pieces, and what each stands for: its length, or one for a point."""
    start, way = ends[:, :2], ends[:, 2:] - ends[:, :2]
    length = np.hypot(*way.T)
    count = np.maximum(np.ceil(length / (radius / _PIECES)), 1).astype(np.intp)
    of = np.repeat(np.arange(len(ends)), count)
    within = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    share = (within + 0.5) / count[of]
    amounts = np.where(length > 0, length / count, 1.0)
    return start[of] + share[:, None] * way[of], amounts[of]


def _spread(places: Floats, amounts: Floats, grid: GeoBox, radius: float) -> Floats:
    """Add the kernel of every piece, in the order of the pieces, so that windows agree."""
    rows, columns = grid.shape
    height, width = cell_size(grid)
    total = np.zeros((rows, columns))
    square = radius * radius
    for (x, y), amount in zip(places, amounts, strict=True):
        left, right = _reach(x, radius, width, columns)
        top, bottom = _reach(y, radius, height, rows)
        if left >= right or top >= bottom:
            continue
        across = (np.arange(left, right) + 0.5) * width - x
        down = (np.arange(top, bottom) + 0.5) * height - y
        near = np.maximum(1 - (down[:, None] ** 2 + across**2) / square, 0.0)
        near *= near
        near *= amount
        total[top:bottom, left:right] += near
    return total * (3.0 / (np.pi * square))


def _reach(at: float, radius: float, size: float, cells: int) -> tuple[int, int]:
    first = int(np.floor((at - radius) / size))
    last = int(np.ceil((at + radius) / size)) + 1
    return max(first, 0), min(last, cells)
