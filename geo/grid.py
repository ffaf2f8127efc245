"""The one grid of a study: made once from the region, passed everywhere."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.geom import BoundingBox
from pyproj import CRS

from geo.crs import equal_area, ground_metres, require_projected
from geo.dateline import crosses, turned
from geo.errors import DataError, EmptyLayerError, GridError

__all__ = [
    "as_dataarray",
    "at_cells",
    "cell_areas",
    "cell_of",
    "cell_size",
    "centres",
    "coordinates",
    "inside",
    "make_grid",
]

_LARGEST = 100_000_000_000
"""The world's land at 50 m: more cells are a slip of the unit, not a plan."""


def make_grid(region: gpd.GeoDataFrame, cell_size: float, crs: CRS | None = None) -> GeoBox:
    """Make the grid that covers a region.

    Parameters
    ----------
    region : GeoDataFrame
        Polygons with a CRS.
    cell_size : float
        Side of a cell [m].
    crs : CRS, optional
        A projected system; equal-area and centred on the region when missing.

    Returns
    -------
    GeoBox
        North-up, edges on whole multiples of the cell size.

    Raises
    ------
    EmptyLayerError
        If the region has no usable geometry.
    CrsError
        If the region has no CRS or `crs` is geographic.
    GridError
        If the cell size is not positive or there would be more than 100,000 million cells.
    """
    shapes = region.geometry
    usable = shapes[~(shapes.isna() | shapes.is_empty)]
    if usable.empty:
        raise EmptyLayerError("the region has no usable geometry: give a layer with polygons")
    if not cell_size > 0:
        raise GridError(f"cell size {cell_size} m is not positive: write one such as '1 km'")
    if region.crs is None:
        raise GridError("the region has no CRS: state it in the layer's record")
    around = gpd.GeoDataFrame(geometry=usable.to_crs(4326))
    chosen = crs or equal_area((turned(around) if crosses(around) else around).total_bounds)
    require_projected(chosen, "the grid")
    # Long edges bow when projected: add vertices so that the extent holds them.
    bounds = usable.segmentize(_segment(region.crs)).to_crs(chosen).total_bounds
    snapped = np.concatenate([np.floor(bounds[:2] / cell_size), np.ceil(bounds[2:] / cell_size)])
    columns, rows = snapped[2:] - snapped[:2]
    if columns * rows > _LARGEST:
        raise GridError(
            f"{columns:.0f} x {rows:.0f} cells are more than {_LARGEST:,}: choose larger cells"
        )
    west, south, east, north = (float(edge) for edge in snapped * cell_size)
    box = BoundingBox(west, south, east, north, crs=chosen.to_wkt())
    return GeoBox.from_bbox(box, resolution=cell_size, tight=True)


def _segment(crs: CRS) -> float:
    return 0.25 if CRS.from_user_input(crs).is_geographic else 25_000.0


def cell_size(grid: GeoBox) -> tuple[float, float]:
    """Height of a row and width of a column [m], both positive.

    Examples
    --------
    >>> from odc.geo.geobox import GeoBox
    >>> cell_size(GeoBox.from_bbox((0, 0, 3000, 2000), "EPSG:3857", resolution=500))
    (500.0, 500.0)
    """
    return abs(float(grid.resolution.y)), abs(float(grid.resolution.x))


def cell_areas(grid: GeoBox) -> npt.NDArray[np.float64]:
    """Area of every cell on the ellipsoid [km²].

    Parameters
    ----------
    grid : GeoBox
        In a projected CRS.

    Returns
    -------
    (rows, columns) array [km²]
        Constant, and read-only, where the CRS is equal-area.

    Notes
    -----
    The scale of areas is taken on a lattice of 33 x 33 points and interpolated: it is a
    smooth function, and the error stays below a millionth over a country.

    Examples
    --------
    >>> from odc.geo.geobox import GeoBox
    >>> cell_areas(GeoBox.from_bbox((4e6, 3e6, 4e6 + 2e3, 3e6 + 1e3), "EPSG:3035", resolution=1e3))
    array([[1., 1.]])
    >>> cell_areas(GeoBox.from_bbox((0, 8399e3, 1e3, 84e5), "EPSG:3857", resolution=1e3)).round(2)
    array([[0.25]])
    """
    from scipy.interpolate import RegularGridInterpolator

    height, width = cell_size(grid)
    x, y = centres(grid)
    east, north = np.linspace(x[0], x[-1], 33), np.linspace(y[0], y[-1], 33)
    metres = ground_metres(CRS.from_user_input(str(grid.crs)), *np.meshgrid(east, north))
    scale = np.abs(np.linalg.det(metres))
    flat = height * width / 1e6
    if np.ptp(scale) < 1e-6:
        return np.broadcast_to(flat * scale.mean().round(6), tuple(grid.shape))
    rows = np.interp(y, np.sort(north), np.linspace(0, 32, 33)[np.argsort(north)])
    columns = np.interp(x, east, np.linspace(0, 32, 33))
    find = RegularGridInterpolator((np.arange(33.0), np.arange(33.0)), scale, method="linear")
    return flat * np.asarray(find(np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)))


def centres(grid: GeoBox) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Coordinates of the cell centres: x of each column and y of each row [m]."""
    height, width = grid.shape
    affine = grid.affine
    x = affine.c + affine.a * (np.arange(width, dtype=np.float64) + 0.5)
    y = affine.f + affine.e * (np.arange(height, dtype=np.float64) + 0.5)
    return x, y


def cell_of(
    grid: GeoBox, x: npt.ArrayLike, y: npt.ArrayLike
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Row and column of the cell that holds each point.

    Parameters
    ----------
    grid : GeoBox
    x, y : (n,) array_like
        Coordinates in the grid's CRS [m].

    Returns
    -------
    rows, columns : (n,) arrays of int

    Raises
    ------
    GridError
        If a point lies outside the grid or is no number.
    """
    east = np.atleast_1d(np.asarray(x, dtype=np.float64))
    north = np.atleast_1d(np.asarray(y, dtype=np.float64))
    affine = grid.affine
    height, width = grid.shape
    with np.errstate(invalid="ignore"):
        column = np.floor((east - affine.c) / affine.a)
        row = np.floor((north - affine.f) / affine.e)
        good = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    if not good.all():
        first = int(np.flatnonzero(~good)[0])
        raise GridError(
            f"point {first} at x={east[first]:.0f}, y={north[first]:.0f} lies outside the grid: "
            "leave it out or enlarge the region"
        )
    return row.astype(np.intp), column.astype(np.intp)


def at_cells(
    surface: xr.DataArray, rows: npt.ArrayLike, columns: npt.ArrayLike
) -> npt.NDArray[Any]:
    """Values of single cells, without reading the rest of a surface that is kept on disk.

    Parameters
    ----------
    surface : (rows, columns) DataArray
    rows, columns : (n,) array_like of int

    Returns
    -------
    (n,) array

    Examples
    --------
    >>> at_cells(xr.DataArray([[1, 2], [3, 4]], dims=("y", "x")), [0, 1], [1, 0])
    array([2, 3])
    """
    at = {
        "y": xr.DataArray(np.atleast_1d(rows), dims="cell"),
        "x": xr.DataArray(np.atleast_1d(columns), dims="cell"),
    }
    return np.asarray(surface.variable.isel({k: v.variable for k, v in at.items()}).values)


def as_dataarray(
    values: npt.NDArray[np.generic],
    grid: GeoBox,
    *,
    name: str,
    unit: str,
    long_name: str,
    **attrs: object,
) -> xr.DataArray:
    """Wrap an array on the grid with coordinates, CRS and CF attributes.

    Parameters
    ----------
    values : (rows, columns) array
        NaN is unknown.
    grid : GeoBox
    name, unit, long_name : str
        CF attributes.
    **attrs
        Further attributes.

    Returns
    -------
    (rows, columns) DataArray
        With dimensions ``y`` and ``x`` and the coordinate ``spatial_ref``.

    Raises
    ------
    DataError
        If the array's shape is not the grid's.
    """
    if values.shape != tuple(grid.shape):
        raise DataError(f"the array has shape {values.shape}, the grid {tuple(grid.shape)}")
    all_attrs: Mapping[str, object] = {
        "long_name": long_name,
        "units": unit,
        "grid_mapping": "spatial_ref",
        **attrs,
    }
    return xr.DataArray(
        values, dims=("y", "x"), coords=coordinates(grid), name=name, attrs=dict(all_attrs)
    )


def coordinates(grid: GeoBox) -> dict[str, xr.Variable]:
    """CF coordinates of a grid: cell centres and the reference system.

    Parameters
    ----------
    grid : GeoBox

    Returns
    -------
    dict of str to Variable
        ``y`` and ``x`` [m, or degrees for a geographic grid] and the scalar ``spatial_ref``
        with the CRS.
    """
    x, y = centres(grid)
    geographic, described = _described(str(grid.crs))
    transform = " ".join(repr(v) for v in grid.affine.to_gdal())
    reference = {**described, "GeoTransform": transform}
    north = {"units": "m", "standard_name": "projection_y_coordinate"}
    east = {"units": "m", "standard_name": "projection_x_coordinate"}
    if geographic:
        north = {"units": "degrees_north", "standard_name": "latitude"}
        east = {"units": "degrees_east", "standard_name": "longitude"}
    return {
        "y": xr.Variable("y", y, north),
        "x": xr.Variable("x", x, east),
        "spatial_ref": xr.Variable((), 0, reference),
    }


@lru_cache(maxsize=64)
def _described(text: str) -> tuple[bool, Mapping[str, object]]:
    """Whether a system is geographic, and its CF attributes."""
    crs = CRS.from_user_input(text)
    return crs.is_geographic, {**crs.to_cf(), "spatial_ref": crs.to_wkt()}


def inside(grid: GeoBox, region: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Which cell centres lie in a region.

    Parameters
    ----------
    grid : GeoBox
    region : GeoDataFrame
        Polygons, in any CRS.

    Returns
    -------
    (rows, columns) array of bool
    """
    from rasterio.features import geometry_mask

    shapes = region.geometry.segmentize(_segment(region.crs)).to_crs(str(grid.crs))
    usable = [shape for shape in shapes if shape is not None and not shape.is_empty]
    if not usable:
        raise EmptyLayerError("the region has no usable geometry: give a layer with polygons")
    return np.asarray(
        geometry_mask(usable, out_shape=tuple(grid.shape), transform=grid.affine, invert=True)
    )
