"""Rivers and lakes from the binned files of GSHHG, the shorelines that GMT draws with.

The files cut the world into bins of two degrees. Coordinates are counted from the bin's
south-west corner in 65535ths of its size; both sides of a bin's edge hold the same point, so
that segments join exactly.

References
----------
Wessel, P. and Smith, W. H. F. (1996). A global, self-consistent, hierarchical, high-resolution
shoreline database. Journal of Geophysical Research 101(B4). https://doi.org/10.1029/96JB00104
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import geopandas as gpd
import h5py
import numpy as np
import numpy.typing as npt
import shapely

from layers.build.common import debian_file

__all__ = ["RIVER_CLASSES", "lakes", "rivers"]

RIVER_CLASSES = {
    0: "double-lined",
    1: "permanent, major",
    2: "permanent, additional major",
    3: "permanent, additional",
    4: "permanent, minor",
    5: "intermittent, major",
    6: "intermittent, additional",
    7: "intermittent, minor",
}
"""Levels of the source that are rivers; canals (8 to 10) are left out."""

_STEPS = 65535
_PERMANENT_LAKE = 2

Bounds = tuple[float, float, float, float]


def _open(name: str) -> h5py.File:
    member = f"usr/share/gmt-gshhg/binned_{name}_h.nc"
    return h5py.File(BytesIO(debian_file("gmt-gshhg-high", member)))


def _bins(data: h5py.File, bounds: Bounds) -> Iterator[tuple[int, float, float, float]]:
    """Bins that meet the bounds: index, south-west corner and size [degrees]."""
    size = data["Bin_size_in_minutes"][0] / 60
    across = int(data["N_bins_in_360_longitude_range"][0])
    west, south, east, north = bounds
    for row in range(int((90 - north) // size), int((90 - south) // size) + 1):
        for column in range(int(west // size), int(east // size) + 1):
            yield row * across + column, column * size, 90 - (row + 1) * size, size


def _segments(data: h5py.File, bounds: Bounds) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """Index and (points, 2) coordinates of every segment in the bins of the bounds."""
    first, count = data["Id_of_first_segment_in_a_bin"][:], data["N_segments_in_a_bin"][:]
    starts, lengths = data["Id_of_first_point_in_a_segment"][:], _lengths(data)
    x = data["Relative_longitude_from_SW_corner_of_bin"][:].view("uint16")
    y = data["Relative_latitude_from_SW_corner_of_bin"][:].view("uint16")
    for bin_, west, south, size in _bins(data, bounds):
        for segment in range(first[bin_], first[bin_] + count[bin_]):
            part = slice(starts[segment], starts[segment] + lengths[segment])
            lon, lat = west + x[part] / _STEPS * size, south + y[part] / _STEPS * size
            yield segment, np.column_stack([lon, lat])


def _lengths(data: h5py.File) -> npt.NDArray[Any]:
    """Points of each segment; the shoreline file packs them above nine bits of other things."""
    if "N_points_for_a_segment" in data:
        return np.asarray(data["N_points_for_a_segment"][:])
    return np.asarray(data["Embedded_npts_levels_exit_entry_for_a_segment"][:]) >> 9


def rivers(bounds: Bounds) -> gpd.GeoDataFrame:
    """Rivers in the bins of the bounds, joined across bins.

    Parameters
    ----------
    bounds : (west, south, east, north)
        Longitudes and latitudes [degrees].

    Returns
    -------
    GeoDataFrame
        One unbranched line a row, EPSG:4326: ``level``, ``river_class``.
    """
    data = _open("river")
    level = data["Hierarchial_level_of_a_segment"][:]
    lines: dict[int, list[shapely.LineString]] = {}
    for segment, points in _segments(data, bounds):
        if level[segment] in RIVER_CLASSES and len(points) > 1:
            lines.setdefault(int(level[segment]), []).append(shapely.LineString(points))
    rows = [
        {"level": key, "river_class": RIVER_CLASSES[key], "geometry": line}
        for key in sorted(lines)
        for line in shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines[key])))
    ]
    return gpd.GeoDataFrame(rows, crs="EPSG:4326")


def lakes(bounds: Bounds) -> gpd.GeoDataFrame:
    """Lakes in the bins of the bounds, with the area that the source gives them.

    A lake that runs out of the bins has no closed shore there and is left out: choose the
    bounds larger than the region.

    Parameters
    ----------
    bounds : (west, south, east, north)
        Longitudes and latitudes [degrees].

    Returns
    -------
    GeoDataFrame
        One lake a row, EPSG:4326: ``gshhg_id``, ``area_km2`` (of the full-resolution shore,
        islands not taken off).
    """
    data = _open("GSHHS")
    packed = data["Embedded_npts_levels_exit_entry_for_a_segment"][:]
    polygon, areas = data["Id_of_GSHHS_ID"][:], data["The_km_squared_area_of_polygons"][:]
    shores: dict[int, list[shapely.LineString]] = {}
    for segment, points in _segments(data, bounds):
        if (packed[segment] >> 6) & 7 == _PERMANENT_LAKE and len(points) > 1:
            shores.setdefault(int(polygon[segment]), []).append(shapely.LineString(points))
    rows = [
        {"gshhg_id": key, "area_km2": float(areas[key]), "geometry": face}
        for key in sorted(shores)
        for face in shapely.get_parts(shapely.polygonize(shores[key]))
    ]
    return gpd.GeoDataFrame(rows, crs="EPSG:4326")
