"""JSON schemas of the STAC extensions that Lodemap writes, and of the core from pystac.

The extensions publish theirs on the web alone, and no test asks the web. These are written here,
from the tables of fields of projection 2.0.0, raster 1.1.0, table 1.2.0 and file 2.1.0; a field
of theirs that no table names is refused.
"""

import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource

_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string", "minLength": 1}
_NUMBERS = {"type": "array", "items": _NUMBER}


def _sizes(fields: dict[str, Any], *sizes: int) -> dict[str, Any]:
    return {**fields, "oneOf": [{"minItems": size, "maxItems": size} for size in sizes]}


_PROJECTION = {
    "proj:code": {"type": ["string", "null"], "pattern": "^[A-Za-z]+:[A-Za-z0-9]+$"},
    "proj:wkt2": {"type": ["string", "null"]},
    "proj:projjson": {"type": ["object", "null"]},
    "proj:geometry": {"$ref": "https://geojson.org/schema/Geometry.json"},
    "proj:bbox": _sizes(_NUMBERS, 4, 6),
    "proj:centroid": {
        "type": "object",
        "required": ["lat", "lon"],
        "properties": {
            "lat": {"type": "number", "minimum": -90, "maximum": 90},
            "lon": {"type": "number", "minimum": -180, "maximum": 180},
        },
    },
    "proj:shape": {"type": "array", "items": _WHOLE, "minItems": 2, "maxItems": 2},
    "proj:transform": _sizes(_NUMBERS, 6, 9),
}

_TYPES = [
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
    "float32", "float64", "cint16", "cint32", "cfloat32", "cfloat64", "other",
]  # fmt: skip
_RASTER = {
    "raster:bands": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "minProperties": 1,
            "properties": {
                "nodata": {"oneOf": [_NUMBER, {"enum": ["nan", "inf", "-inf"]}]},
                "sampling": {"enum": ["area", "point"]},
                "data_type": {"enum": _TYPES},
                "bits_per_sample": _WHOLE,
                "spatial_resolution": _NUMBER,
                "unit": _TEXT,
                "scale": _NUMBER,
                "offset": _NUMBER,
            },
        },
    },
}

_TABLE = {
    "table:columns": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": _TEXT, "description": _TEXT, "type": _TEXT},
        },
    },
    "table:primary_geometry": _TEXT,
    "table:row_count": _WHOLE,
    "table:storage_options": {"type": "object"},
}

_FILE = {
    "file:byte_order": {"enum": ["big-endian", "little-endian"]},
    # A multihash: SHA-256 has the code 12, 32 bytes the code 20.
    "file:checksum": {"type": "string", "pattern": "^1220[0-9a-f]{64}$"},
    "file:header_size": _WHOLE,
    "file:size": _WHOLE,
    "file:local_path": _TEXT,
}


def _schema(address: str, prefix: str, fields: dict[str, Any], *required: str) -> dict[str, Any]:
    allowed = {
        "type": "object",
        "properties": fields,
        "patternProperties": {f"^(?!{prefix})": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": address,
        "type": "object",
        "required": ["type", "properties", "assets", "stac_extensions"],
        "properties": {
            "type": {"const": "Feature"},
            "stac_extensions": {"type": "array", "contains": {"const": address}},
            "properties": {**allowed, "required": list(required)},
            "assets": {"type": "object", "additionalProperties": allowed},
        },
    }


_PLACE = "https://stac-extensions.github.io"
EXTENSIONS = {
    schema["$id"]: schema
    for schema in (
        _schema(f"{_PLACE}/projection/v2.0.0/schema.json", "proj:", _PROJECTION, "proj:code"),
        _schema(f"{_PLACE}/raster/v1.1.0/schema.json", "raster:", _RASTER),
        _schema(f"{_PLACE}/table/v1.2.0/schema.json", "table:", _TABLE, "table:columns"),
        _schema(f"{_PLACE}/file/v2.1.0/schema.json", "file:", _FILE),
    )
}
_CORE = "https://schemas.stacspec.org/v1.1.0"


def _of_pystac() -> dict[str, dict[str, Any]]:
    folder = files("pystac.validation.jsonschemas")
    found = {}
    for path in folder.joinpath("stac-spec/v1.1.0").iterdir():
        name = path.name.removesuffix(".json")
        spec = name if name in ("catalog", "collection") else "item"
        found[f"{_CORE}/{spec}-spec/json-schema/{name}.json"] = json.loads(path.read_text("utf-8"))
    for path in folder.joinpath("geojson").iterdir():
        found[f"https://geojson.org/schema/{path.name}"] = json.loads(path.read_text("utf-8"))
    return found


def faults(said: dict[str, Any]) -> list[str]:
    """Everything that the schemas of a STAC object and of its extensions find wrong in it."""
    schemas = {**_of_pystac(), **EXTENSIONS}
    registry: Registry[Any] = Registry().with_resources(
        [(address, Resource.from_contents(schema)) for address, schema in schemas.items()]
    )
    kind = {"Feature": "item", "Catalog": "catalog", "Collection": "collection"}[said["type"]]
    addresses = [f"{_CORE}/{kind}-spec/json-schema/{kind}.json", *said.get("stac_extensions", ())]
    return [
        f"{address}: {error.json_path} {error.message[:200]}"
        for address in addresses
        for error in Draft7Validator(schemas[address], registry=registry).iter_errors(said)
    ]
