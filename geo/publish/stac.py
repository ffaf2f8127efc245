"""Results and catalogues as STAC: an item beside every result, a static catalogue of layers."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo.catalogue.postgis import at_hand
from geo.catalogue.raster import open_raster
from geo.catalogue.records import Catalogue, Record, verify
from geo.catalogue.vector import read_table, read_vector
from geo.provenance import sha256_of
from geo.publish.content import Content
from geo.publish.folder import whole_folder
from geo.publish.stacitem import (
    STAC_VERSION,
    asset,
    box,
    extensions,
    instant,
    licence,
    projection,
    raster_fields,
    table_columns,
)
from geo.publish.surfaces import listed
from geo.publish.tables import plain_tables

__all__ = ["write_catalogue", "write_item"]

_ROOT = "catalog.json"
_SHAPEFILE = (".shx", ".dbf", ".prj", ".cpg")
_TITLES = {
    "index.html": ("Map for the browser, in one file", "overview"),
    "report.html": ("Report, a page a site", "overview"),
    "lodemap.gpkg": ("Sites, routes and layers with styles", "data"),
    "sites.csv": ("Ranked sites", "data"),
    "sites.parquet": ("Ranked sites, GeoParquet", "data"),
    "criteria.csv": ("Every criterion of every site", "data"),
    "routes.csv": ("Legs of every way to market", "data"),
    "freight.csv": ("Freight by site and country, with its spread and the premium", "data"),
    "closures.csv": ("Freight if a border, a port or a line closes", "data"),
    "capacity.csv": ("Shares of known throughputs that planned outputs would take", "data"),
    "portfolio.csv": ("Sites that together are best", "data"),
    "supply_curve.csv": ("Capacity by cost of power", "data"),
    "supply_curve.svg": ("Supply curves", "overview"),
    "power.csv": ("Cheapest mix of power for loads", "data"),
    "projects.csv": ("Whether plants pay, at the first sites", "data"),
    "projects_tornado.csv": ("What moves the cost of each plant", "data"),
    "projects_terms.csv": ("What each term would have to be for a target price", "data"),
    "new_links.csv": ("Lines that could be built", "data"),
    "new_link_savings.csv": ("What each line would save each site", "data"),
    "flows.csv": ("Tonnes over each link when sites ship together", "data"),
    "scenarios.csv": ("Sites under other conditions", "data"),
}


def write_item(content: Content, folder: Path, digests: Mapping[str, str] | None = None) -> Path:
    """Write ``item.json``: a STAC item that describes every other file of a result.

    Parameters
    ----------
    content : Content
    folder : Path
        With the files; ``provenance.json``, which names the item, is not among them yet.
    digests : mapping of str to str, optional
        SHA-256 of the files, by name, where they are known.

    Returns
    -------
    Path
    """
    surfaces = {f"{surface.name}.tif": surface for surface in listed(content)}
    assets: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".qml" or not path.is_file():
            continue
        surface = surfaces.get(path.name)
        title, *roles = (surface.title, "data") if surface else _TITLES.get(path.name, (path.name,))
        digest = (digests or {}).get(path.name)
        assets[path.name] = asset(path, f"./{path.name}", title, *roles, sha256=digest)
        if surface is not None:
            assets[path.name] |= raster_fields(path, unit=surface.unit)
    assets["provenance.json"] = {
        "href": "./provenance.json",
        "title": "Which bytes, licences, versions and recipe made the numbers",
        "type": "application/json",
        "roles": ["metadata"],
    }
    named = (frame for name, frame in plain_tables(content) if name.startswith("sites_"))
    sites = next(named, None)
    days = sorted(record.retrieved for record in content.records)
    geometry, bbox = box(content.region.to_crs(4326).total_bounds)
    properties = {
        "title": content.title,
        "description": content.subtitle or content.title,
        "datetime": None,
        "start_datetime": instant(days[0]),
        "end_datetime": instant(days[-1]),
        **projection(CRS.from_user_input(str(content.grid.crs))),
        "proj:shape": [int(side) for side in content.grid.shape],
        "proj:transform": [float(number) for number in tuple(content.grid.affine)[:6]],
        "table:columns": [] if sites is None else table_columns(sites),
        "table:row_count": sum(len(theme.sites) for theme in content.themes),
        "table:primary_geometry": "geometry",
    }
    item = _item(content.id, geometry, bbox, properties, assets, [])
    return _write(folder / "item.json", item)


def write_catalogue(catalogue: Catalogue, target: Path, ids: Sequence[str] = ()) -> Path:
    """Export layers as a static STAC catalogue that stands alone.

    The folder holds ``catalog.json`` and one folder a layer with its item and a copy of its
    file. It is replaced as a whole or not touched.

    Parameters
    ----------
    catalogue : Catalogue
    target : Path
    ids : sequence of str, optional
        Layers; all when empty.

    Returns
    -------
    Path
        Of ``catalog.json``.

    Raises
    ------
    LayerError
        If a layer cannot be read.
    OutputError
        If the folder cannot be written, or holds files that Lodemap did not write.
    """
    chosen = tuple(ids) or catalogue.ids()
    with whole_folder(target) as work:
        for identifier in chosen:
            _layer(at_hand(catalogue[identifier]), work / identifier)
        children = [
            {
                "rel": "item",
                "href": f"./{identifier}/{identifier}.json",
                "type": "application/geo+json",
                "title": catalogue[identifier].title,
            }
            for identifier in chosen
        ]
        root = {
            "type": "Catalog",
            "stac_version": STAC_VERSION,
            "id": "lodemap-layers",
            "title": "Layers of Lodemap",
            "description": "Layers with licence, quality and limits, exported by Lodemap.",
            "links": [{"rel": "root", "href": f"./{_ROOT}", "type": "application/json"}, *children],
        }
        _write(work / _ROOT, root)
        outputs = {path.name: _digest(path) for path in sorted(work.iterdir())}
        _write(work / "provenance.json", {"outputs": outputs})
    return target / _ROOT


def _digest(path: Path) -> str:
    """Digest of a file, or of a folder's main file."""
    return sha256_of(path if path.is_file() else path / f"{path.name}.json")


def _layer(record: Record, folder: Path) -> None:
    folder.mkdir()
    verify(record)
    beside = [record.path.with_suffix(ending) for ending in _SHAPEFILE]
    for path in [record.path, *(p for p in beside if record.path.suffix == ".shp" and p.exists())]:
        shutil.copyfile(path, folder / path.name)
    data = asset(record.path, f"./{record.path.name}", record.title, "data")
    said, bounds = _described(record, data)
    properties: dict[str, Any] = {
        "title": record.title,
        "description": record.limits,
        "datetime": instant(record.retrieved),
        "license": licence(record.licence),
        "providers": [{"name": record.attribution, "roles": ["producer"]}],
        "lodemap:quality": record.quality,
        "lodemap:source": record.source,
        "lodemap:licence": record.licence,
        **said,
    }
    geometry, bbox = box(bounds) if bounds is not None else (None, None)
    links = [
        {"rel": rel, "href": f"../{_ROOT}", "type": "application/json"}
        for rel in ("root", "parent")
    ]
    if record.licence_url is not None:
        links.append({"rel": "license", "href": record.licence_url, "title": record.licence})
    item = _item(record.id, geometry, bbox, properties, {"data": data}, links)
    _write(folder / f"{record.id}.json", item)


def _described(
    record: Record, data: dict[str, Any]
) -> tuple[dict[str, Any], Sequence[float] | None]:
    """Properties of a layer and its bounds in degrees; a raster's bands go to its asset."""
    if record.kind == "raster":
        return _raster(record, data)
    frame: pd.DataFrame = read_table(record) if record.kind == "table" else read_vector(record)
    meanings = {name: column.description for name, column in record.columns.items()}
    said: dict[str, Any] = {
        "table:columns": table_columns(frame, meanings),
        "table:row_count": len(frame),
    }
    if not isinstance(frame, gpd.GeoDataFrame):
        return said, None
    said["table:primary_geometry"] = frame.geometry.name
    bounds = [float(edge) for edge in frame.to_crs(4326).total_bounds]
    return said | projection(CRS.from_user_input(record.crs)), bounds


def _raster(record: Record, data: dict[str, Any]) -> tuple[dict[str, Any], Sequence[float]]:
    if record.path.suffix.lower() in (".tif", ".tiff"):
        data |= raster_fields(record.path, unit=record.unit or "", names=record.bands)
    with open_raster(record.path, variable=record.variable, record=record) as raster:
        (rows, columns), corner = raster.shape, raster.transform
    west, north = corner.c, corner.f
    east, south = west + columns * corner.a, north + rows * corner.e
    frame = gpd.GeoSeries.from_wkt(
        [f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, "
         f"{west} {south}))"], crs=record.crs,
    )  # fmt: skip
    bounds = [float(edge) for edge in frame.to_crs(4326).total_bounds]
    return projection(CRS.from_user_input(record.crs)), bounds


def _item(
    identifier: str,
    geometry: dict[str, Any] | None,
    bbox: list[float] | None,
    properties: dict[str, Any],
    assets: dict[str, Any],
    links: list[dict[str, str]],
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "id": identifier,
        "geometry": geometry,
        "properties": properties,
        "assets": assets,
        "links": links,
    }
    if bbox is not None:
        item["bbox"] = bbox
    return {**item, "stac_extensions": extensions(item)}


def _write(path: Path, said: dict[str, Any]) -> Path:
    text = json.dumps(said, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    path.write_text(text + "\n", "utf-8")
    return path
