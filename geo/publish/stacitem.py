"""Objects of the SpatioTemporal Asset Catalog (STAC 1.1.0) as plain data.

The extensions are projection 2.0.0, raster 1.1.0, table 1.2.0 and file 2.1.0.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import rasterio
from pyproj import CRS

from geo.catalogue.files import SAFE_OPTIONS
from geo.provenance import sha256_of

__all__ = [
    "STAC_VERSION",
    "asset",
    "box",
    "extensions",
    "instant",
    "licence",
    "projection",
    "raster_fields",
    "table_columns",
]

STAC_VERSION = "1.1.0"

_EXTENSIONS = {
    "proj:": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "raster:": "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    "table:": "https://stac-extensions.github.io/table/v1.2.0/schema.json",
    "file:": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
}
_MEDIA = {
    ".tif": "image/tiff; application=geotiff; profile=cloud-optimized",
    ".tiff": "image/tiff; application=geotiff",
    ".gpkg": "application/geopackage+sqlite3",
    ".parquet": "application/vnd.apache.parquet",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".csv": "text/csv",
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".qgz": "application/vnd.qgis.qgz",
    ".qml": "application/xml",
    ".fgb": "application/vnd.flatgeobuf",
}
_SPDX = {
    "BSD-3-Clause": "BSD-3-Clause",
    "CC BY 4.0": "CC-BY-4.0",
    "CC-BY-4.0": "CC-BY-4.0",
    "CC0-1.0": "CC0-1.0",
    "ODbL 1.0": "ODbL-1.0",
    "ODbL-1.0": "ODbL-1.0",
}


def extensions(item: Mapping[str, Any]) -> list[str]:
    """Schemas of the extensions whose fields stand in an item or its assets.

    Examples
    --------
    >>> extensions({"properties": {"proj:code": None}, "assets": {"a": {"file:size": 1}}})[1]
    'https://stac-extensions.github.io/file/v2.1.0/schema.json'
    """
    fields = {*item["properties"], *(name for one in item["assets"].values() for name in one)}
    return [
        address
        for prefix, address in _EXTENSIONS.items()
        if any(name.startswith(prefix) for name in fields)
    ]


def box(bounds: Sequence[float]) -> tuple[dict[str, Any], list[float]]:
    """Geometry and bbox of west, south, east and north [degrees].

    Examples
    --------
    >>> box((1, 2, 3, 4))[1]
    [1.0, 2.0, 3.0, 4.0]
    """
    west, south, east, north = (round(float(edge), 6) for edge in bounds)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}, [west, south, east, north]


def instant(day: date) -> str:
    """Beginning of a day in UTC, as RFC 3339 writes it."""
    return f"{day.isoformat()}T00:00:00Z"


def licence(text: str) -> str:
    """SPDX name of a licence, or ``other``.

    Examples
    --------
    >>> licence("CC BY 4.0"), licence("Public domain")
    ('CC-BY-4.0', 'other')
    """
    return _SPDX.get(text.split(":")[0].split(" (")[0].strip(), "other")


def projection(crs: CRS) -> dict[str, Any]:
    """Fields of the projection extension that name a reference system."""
    authority = crs.to_authority(min_confidence=100)
    if authority is not None:
        return {"proj:code": ":".join(authority)}
    return {"proj:code": None, "proj:wkt2": crs.to_wkt("WKT2_2019")}


def table_columns(frame: pd.DataFrame, described: Mapping[str, str] | None = None) -> list[Any]:
    """Columns of a table with type and, where known, meaning."""
    found = []
    for name in frame.columns:
        said = {"name": str(name), "type": _type(frame, str(name))}
        if text := (described or {}).get(str(name)):
            said["description"] = text
        found.append(said)
    return found


def _type(frame: pd.DataFrame, name: str) -> str:
    if isinstance(frame, gpd.GeoDataFrame) and name == frame.geometry.name:
        return "geometry"
    kind = frame[name].dtype
    for is_one, text in (
        (pd.api.types.is_bool_dtype, "boolean"),
        (pd.api.types.is_integer_dtype, "int64"),
        (pd.api.types.is_float_dtype, "float64"),
        (pd.api.types.is_datetime64_any_dtype, "datetime"),
    ):
        if is_one(kind):
            return text
    return "string"


def raster_fields(path: Path, *, unit: str = "", names: Iterable[str] = ()) -> dict[str, Any]:
    """Grid and bands of a GeoTIFF, as the file states them.

    Parameters
    ----------
    path : Path
    unit : str, optional
        Of every band.
    names : iterable of str, optional
        Of the bands.

    Returns
    -------
    dict
    """
    named = list(names)
    with rasterio.Env(**SAFE_OPTIONS), rasterio.open(path, driver="GTiff") as source:
        transform = [float(number) for number in tuple(source.transform)[:6]]
        bands = [
            _band(source, number, unit, named[number] if number < len(named) else "")
            for number in range(source.count)
        ]
        return {
            "proj:shape": [source.height, source.width],
            "proj:transform": transform,
            "proj:bbox": [float(edge) for edge in source.bounds],
            "raster:bands": bands,
        }


def _band(source: Any, number: int, unit: str, name: str) -> dict[str, Any]:
    said: dict[str, Any] = {"data_type": str(source.dtypes[number])}
    nodata = source.nodatavals[number]
    if nodata is not None:
        said["nodata"] = "nan" if math.isnan(nodata) else float(nodata)
    if unit:
        said["unit"] = unit
    if name:
        said["name"] = name
    return said


def asset(
    path: Path, href: str, title: str, *roles: str, sha256: str | None = None
) -> dict[str, Any]:
    """Asset of a file: where, what, how large, and its digest as a multihash (SHA-256).

    Parameters
    ----------
    path : Path
    href : str
        Relative to the item.
    title : str
    *roles : str
    sha256 : str, optional
        Of the file, where it is known.

    Returns
    -------
    dict
    """
    said = {"href": href, "title": title, "roles": list(roles)}
    if media := _MEDIA.get(path.suffix.lower()):
        said["type"] = media
    digest = sha256 or sha256_of(path)
    return {**said, "file:size": path.stat().st_size, "file:checksum": f"1220{digest}"}
