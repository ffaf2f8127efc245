"""Licences, column texts and small helpers that several layers share."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import Geod

__all__ = ["COMPILED", "CONFIDENCE", "GSHHG", "NATURAL_EARTH", "SOURCE_NOTE", "area_km2", "points"]

NATURAL_EARTH: Mapping[str, Any] = {
    "licence": "Public domain",
    "licence_url": "https://www.naturalearthdata.com/about/terms-of-use/",
    "attribution": "Made with Natural Earth",
}
COMPILED: Mapping[str, Any] = {
    "licence": "BSD-3-Clause (the compilation); single facts are free",
    "attribution": "Lodemap fact tables; each row names its source",
}
GSHHG: Mapping[str, Any] = {
    "licence": "LGPL-3.0-or-later",
    "licence_url": "https://www.gnu.org/licenses/lgpl-3.0.html",
    "attribution": "GSHHG 2.3.7, P. Wessel and W. H. F. Smith",
    "source": "Debian package gmt-gshhg-high (GSHHG 2.3.7, high resolution)",
}
SOURCE_NOTE = "Text that the value was read from; 'recall' means from memory: weak"
CONFIDENCE = "high, medium or low, as judged when the row was compiled"


def points(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Rows that have a longitude and a latitude, as points."""
    here = frame[frame.lon.notna() & frame.lat.notna()].reset_index(drop=True)
    return gpd.GeoDataFrame(here, geometry=gpd.points_from_xy(here.lon, here.lat), crs="EPSG:4326")


def area_km2(frame: gpd.GeoDataFrame) -> pd.Series:
    """Area of each polygon on the ellipsoid [km2]."""
    ellipsoid = Geod(ellps="WGS84")
    areas = [abs(ellipsoid.geometry_area_perimeter(shape)[0]) / 1e6 for shape in frame.geometry]
    return pd.Series(areas, index=frame.index)
