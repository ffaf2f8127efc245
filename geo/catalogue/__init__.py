"""Layers with records: what a file is, whose it is, and whether it is still the same.

``records`` is light; the readers, which pull in GDAL, load on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geo.catalogue.findings import Finding, LayerWarning
from geo.catalogue.records import (
    Catalogue,
    Column,
    Record,
    embedded_folders,
    load_record,
    verify,
)

if TYPE_CHECKING:
    from geo.catalogue.inspection import check, inspect
    from geo.catalogue.raster import read_block, read_raster, to_grid
    from geo.catalogue.vector import read_table, read_vector

__all__ = [
    "Catalogue",
    "Column",
    "Finding",
    "LayerWarning",
    "Record",
    "check",
    "embedded_folders",
    "inspect",
    "load_record",
    "read_block",
    "read_raster",
    "read_table",
    "read_vector",
    "to_grid",
    "verify",
]

_LATE = {
    "check": "geo.catalogue.inspection",
    "inspect": "geo.catalogue.inspection",
    "read_block": "geo.catalogue.raster",
    "read_raster": "geo.catalogue.raster",
    "read_table": "geo.catalogue.vector",
    "read_vector": "geo.catalogue.vector",
    "to_grid": "geo.catalogue.raster",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
