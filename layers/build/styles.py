"""Default styles of the embedded layers, so that QGIS opens them as the map draws them.

Vectors carry theirs in the GeoPackage, rasters in a ``.qml`` beside them.
"""

import re
from pathlib import Path

import numpy as np
import pyogrio

from geo.catalogue import Catalogue, Record, read_raster
from geo.provenance import sha256_of
from geo.publish.content import LayerView
from geo.publish.mapstyles import layer_style
from geo.publish.qml import document
from geo.publish.rasterstyles import raster_style
from geo.publish.surfaces import Surface
from geo.publish.tables import fixed_date, write_styles

LAYERS = Path(__file__).resolve().parents[1]
ROLES = {
    "countries-northeast-asia": "countries",
    "disputed-borders-northeast-asia": "disputed",
    "world-land": "land",
    "provinces-mongolia": "provinces",
    "lakes-mongolia": "water",
    "rivers-mongolia": "rivers",
    "railways": "rail",
    "trunk-roads": "roads",
    "towns-mongolia": "towns",
    "ports": "ports",
    "border-crossings": "crossings",
    "protected-areas-mongolia": "protected",
    "energy-sites-mongolia": "power",
    "sea-lanes": "sea",
    "deposits-mongolia": "deposits",
}


def build() -> None:
    """Style every embedded layer that has no style yet."""
    for record in Catalogue.open(LAYERS).values():
        if record.kind == "vector":
            _style_vector(record)
        elif record.kind == "raster":
            _style_raster(record)


def _style_vector(record: Record) -> None:
    tables = [str(name) for name in pyogrio.list_layers(record.path)[:, 0]]
    if "layer_styles" in tables:
        return
    frame = pyogrio.read_dataframe(record.path, layer=record.layer)
    view = LayerView(record.id, record.title, ROLES.get(record.id, "other"), frame, "", "", "", "")
    with fixed_date():
        write_styles(record.path, {str(record.layer): layer_style(view)})
    said = record.toml.read_text("utf-8")
    found = f'sha256 = "{sha256_of(record.path)}"'
    record.toml.write_text(re.sub(r'^sha256 = ".*"$', found, said, flags=re.MULTILINE), "utf-8")


def _style_raster(record: Record) -> None:
    role = "relief" if record.id == "relief" else "criterion"
    surface = Surface(record.id, role, record.title, record.unit or "", "", None)
    values = read_raster(record).to_numpy()
    first = values[0] if values.ndim == 3 else values
    style = document(*raster_style(surface, np.asarray(first)))
    record.path.with_suffix(".qml").write_text(style, "utf-8")
