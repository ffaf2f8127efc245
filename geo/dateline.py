"""Regions that lie on both sides of 180 degrees, drawn in one piece."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

__all__ = ["crosses", "turned"]


def crosses(region: gpd.GeoDataFrame) -> bool:
    """Whether a region is cut at 180 degrees: parts on both sides, nearer to it than to 0.

    Parameters
    ----------
    region : GeoDataFrame
        In EPSG:4326.

    Examples
    --------
    >>> fiji = [shapely.box(177, -19, 180, -16), shapely.box(-180, -19, -178, -16)]
    >>> crosses(gpd.GeoDataFrame(geometry=fiji, crs=4326))
    True
    >>> crosses(gpd.GeoDataFrame(geometry=[shapely.box(-10, 0, 179, 5)], crs=4326))
    False
    """
    parts = shapely.get_parts(region.geometry.to_numpy())
    boxes = shapely.bounds(parts[~shapely.is_empty(parts)])
    west = boxes[boxes[:, 2] < 0]
    east = boxes[boxes[:, 0] > 0]
    if len(west) + len(east) < len(boxes) or not len(west) or not len(east):
        return False
    gap = 360.0 + float(west[:, 0].min()) - float(east[:, 2].max())
    return gap < float(east[:, 0].min()) - float(west[:, 2].max())


def turned(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give shapes of the west the longitude that they have counted eastward from 0.

    Parameters
    ----------
    frame : GeoDataFrame
        In EPSG:4326; shapes on both sides of 0 stay as they are.

    Returns
    -------
    GeoDataFrame
        A column ``lon`` follows.

    Examples
    --------
    >>> point = gpd.GeoDataFrame({"lon": [-178.5]}, geometry=[shapely.Point(-178.5, -17)], crs=4326)
    >>> found = turned(point)
    >>> found.geometry.iloc[0].x, float(found["lon"].iloc[0])
    (181.5, 181.5)
    """
    shapes = frame.geometry.to_numpy()
    found = frame.set_geometry(gpd.GeoSeries(_turned(shapes), index=frame.index, crs=frame.crs))
    if "lon" in found:
        lon = found["lon"].astype(float)
        found["lon"] = lon.where(~(lon < 0), lon + 360.0)
    return found


def _turned(shapes: Any) -> list[Any]:
    return [None if shape is None else _one(shape) for shape in shapes]


def _one(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    if len(parts) > 1:
        moved = [_one(part) for part in parts]
        if parts[0].geom_type == "Polygon":
            # Two halves that meet at 180 degrees become one again.
            return shapely.union_all(moved)
        return type(shape)(moved)
    west, _, east, _ = shapely.bounds(shape)
    if not np.isfinite(west) or west >= 0 or east > 0:
        return shape
    return shapely.transform(shape, lambda xy: xy + np.array([360.0, 0.0]))
