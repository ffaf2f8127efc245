"""Scanning GeoJSON, newline-delimited GeoJSON and TopoJSON before GDAL sees them.

GDAL mends much of what is wrong in such files without a word: a repeated key, a line of one
point, a file cut off between features. The scan walks the text feature by feature, so that it
holds one feature at a time, and names the first fault with its place (RFC 7946).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from geo.catalogue.findings import note, refuse
from geo.errors import CrsError, LodemapError

__all__ = ["JsonLayer", "scan"]

DEEPEST = 64
"""Deepest nesting of arrays and objects that is read."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
# A NUL that is written as an escape, after no or an even number of backslashes.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_BLANK = re.compile(r"[ \t\r\n\x1e]*")
# Levels of arrays around the positions of each geometry.
_LEVELS = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_LOOSE = "TopoJSON"
_KINDS = ("FeatureCollection", "Feature", *_LEVELS, "GeometryCollection")


@dataclass
class JsonLayer:
    """What a scan found: the text to hand to GDAL and what it states.

    `crs` is the name in the old ``crs`` member, None when the standard's own system holds;
    `names` are the objects of a topology.
    """

    driver: str
    data: bytes
    crs: str | None = None
    count: int = 0
    names: tuple[str, ...] = ()
    nested: set[str] = field(default_factory=set)
    measured: list[int] = field(default_factory=list)


def scan(path: Path, data: bytes, driver: str) -> JsonLayer:
    """Check a JSON layer's text and say what it holds.

    Parameters
    ----------
    path : Path
        For messages.
    data : bytes
    driver : {"GeoJSON", "GeoJSONSeq", "TopoJSON"}
        What the file is taken for; a topology is recognised by its type.

    Returns
    -------
    JsonLayer

    Raises
    ------
    LayerError
        If the text is not UTF-8, not JSON, cut off, nested too deep, repeats a key, or a
        feature is none.
    """
    text = _decoded(path, data)
    if "\\u0000" in text and _NUL.search(text):
        what = "holds texts with NUL, behind which they would be cut off"
        raise refuse(path, "text-nul", what, "take the signs out")
    _bound_depth(path, text)
    try:
        found = _Scanner(path, text).layer(driver)
    except json.JSONDecodeError as error:
        raise _broken(path, text, error) from None
    except RecursionError:
        raise _too_deep(path, DEEPEST) from None
    except ValueError as error:
        raise refuse(path, "json-broken", f"holds {error}", "correct it") from None
    _tell(path, found)
    return found


def _decoded(path: Path, data: bytes) -> str:
    for mark, name in (
        (b"\xff\xfe\x00\x00", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"),
    ):  # fmt: skip
        if data.startswith(mark):
            raise _encoding(path, f"is {name}, JSON is UTF-8")
    if b"\x00" in data:
        raise _encoding(path, "holds NUL bytes: it is not UTF-8 text or damaged")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _encoding(path, f"is not UTF-8 (line {line}, byte {error.start + 1})") from None


def _encoding(path: Path, what: str) -> LodemapError:
    return refuse(path, "encoding-wrong", what, "save it again as UTF-8")


def _bound_depth(path: Path, text: str) -> None:
    bare = np.frombuffer(_STRING.sub(b"", text.encode()), dtype=np.uint8)
    opens = np.isin(bare, np.frombuffer(b"[{", dtype=np.uint8))
    closes = np.isin(bare, np.frombuffer(b"]}", dtype=np.uint8))
    steps = opens.astype(np.int8) - closes.astype(np.int8)
    deepest = int(np.cumsum(steps, dtype=np.int64).max(initial=0))
    if deepest > DEEPEST:
        raise _too_deep(path, deepest)


def _too_deep(path: Path, depth: int) -> LodemapError:
    what = f"is nested {depth} levels deep, at most {DEEPEST} are read"
    return refuse(path, "nesting-too-deep", what, "flatten its geometries or properties")


def _broken(path: Path, text: str, error: json.JSONDecodeError) -> LodemapError:
    if not text[error.pos :].strip() or error.msg.startswith("Unterminated string"):
        what = f"ends in the middle (line {error.lineno}, column {error.colno}): it was cut off"
        return refuse(path, "file-truncated", what, "restore it")
    what = f"is no JSON at line {error.lineno}, column {error.colno} ({error.msg})"
    return refuse(path, "json-broken", what, "correct it")


def _tell(path: Path, found: JsonLayer) -> None:
    if found.nested:
        names = ", ".join(sorted(found.nested)[:5])
        what = f"nested values in {len(found.nested)} properties ({names}) are kept as JSON text"
        note(path, "warning", "property-nested", what, count=len(found.nested))
    if found.measured:
        ids = ", ".join(str(n) for n in found.measured[:5])
        what = (
            f"{len(found.measured)} features (first {ids}) have more than three ordinates: "
            "the fourth and further ones are left out"
        )
        note(path, "warning", "ordinates-extra", what, count=len(found.measured))


class _Scanner:
    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant)
        self._value: Callable[[str, int], tuple[Any, int]] = decoder.raw_decode

    def layer(self, driver: str) -> JsonLayer:
        found = JsonLayer(driver, b"")
        if driver == "GeoJSONSeq":
            return self._sequence(found)
        members, end = self._document(self._blank(0), found)
        if end < len(self._text):
            if members.get("type") != "Feature":
                raise json.JSONDecodeError("Extra data", self._text, end)
            what = "holds one feature after the other, not one document"
            note(self._path, "warning", "ending-wrong", what, "name it .geojsonl")
            return self._sequence(JsonLayer("GeoJSONSeq", b""))
        self._judge(members, found)
        found.data = self._text.encode()
        return found

    # The outermost object is read member by member, and its features one by one.
    def _document(self, at: int, found: JsonLayer) -> tuple[dict[str, Any], int]:
        text = self._text
        members: dict[str, Any] = {}
        if text[at : at + 1] != "{":
            raise json.JSONDecodeError("Expecting an object", text, at)
        at = self._blank(at + 1)
        while text[at : at + 1] != "}":
            if text[at : at + 1] != '"':
                raise json.JSONDecodeError("Expecting a key in double quotes", text, at)
            key, at = scanstring(text, at + 1, True)
            at = self._expect(self._blank(at), ":")
            if key in members:
                raise self._repeated(key)
            if key == "features" and text[at : at + 1] == "[":
                members[key], at = True, self._features(at + 1, found)
            else:
                members[key], at = self._value(text, at)
            at = self._blank(at)
            if text[at : at + 1] != "}":
                at = self._expect(at, ",")
                if text[at : at + 1] == "}":
                    raise json.JSONDecodeError("Trailing comma", text, at - 1)
        return members, self._blank(at + 1)

    def _features(self, at: int, found: JsonLayer) -> int:
        text = self._text
        at = self._blank(at)
        while text[at : at + 1] != "]":
            feature, at = self._value(text, at)
            found.count += 1
            self._feature(feature, found)
            at = self._blank(at)
            if text[at : at + 1] != "]":
                at = self._expect(at, ",")
                if text[at : at + 1] == "]":
                    raise json.JSONDecodeError("Trailing comma", text, at - 1)
        return at + 1

    def _sequence(self, found: JsonLayer) -> JsonLayer:
        text, at, parts = self._text, self._blank(0), []
        while at < len(text):
            start = at
            feature, at = self._value(text, at)
            found.count += 1
            self._feature(feature, found)
            parts.append(text[start:at])
            at = self._blank(at)
        body = ",\n".join(parts)
        found.data = f'{{"type":"FeatureCollection","features":[{body}]}}'.encode()
        return found

    def _judge(self, members: Mapping[str, Any], found: JsonLayer) -> None:
        kind = members.get("type")
        if kind == "Topology":
            found.driver = "TopoJSON"
            found.names = tuple(_topology(self._path, members))
        elif kind not in _KINDS:
            what = f"has the type {kind!r}, required is one such as 'FeatureCollection'"
            if "geometryType" in members or "spatialReference" in members:
                what = "is Esri JSON, required is GeoJSON"
            raise refuse(self._path, "json-type-unknown", what, "export it as GeoJSON")
        elif kind == "FeatureCollection":
            if members.get("features") is not True:
                what = "is a FeatureCollection without a list of features"
                raise refuse(self._path, "json-broken", what, "restore it")
        elif kind == "Feature":
            found.count = 1
            self._feature(members, found)
        else:
            found.count = 1
            self._geometry(members, found)
        if "crs" in members:
            found.crs = self._crs(members["crs"])

    def _crs(self, member: object) -> str:
        if member is None:
            what = "its crs member is null: it states that its system is unknown"
            fix = "name it, or take the member out if it is longitude and latitude"
            raise refuse(self._path, "crs-missing", what, fix, error=CrsError)
        if isinstance(member, Mapping) and member.get("type") == "name":
            name = (member.get("properties") or {}).get("name")
            if isinstance(name, str) and name.strip():
                return name
        what = f"its crs member {str(member)[:60]!r} names no system"
        fix = "name it by its code, such as EPSG:32648"
        raise refuse(self._path, "crs-unknown", what, fix, error=CrsError)

    def _feature(self, feature: object, found: JsonLayer) -> None:
        if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
            kind = feature.get("type") if isinstance(feature, Mapping) else feature
            what = f"feature {found.count} is of type {str(kind)[:40]!r}, required is 'Feature'"
            raise refuse(self._path, "json-type-unknown", what, "correct it")
        properties = feature.get("properties")
        if properties is not None and not isinstance(properties, Mapping):
            what = f"feature {found.count} has properties that are no object"
            raise refuse(self._path, "json-broken", what, "correct it")
        for name, value in (properties or {}).items():
            if isinstance(value, dict | list):
                found.nested.add(name)
        if feature.get("geometry") is not None:
            self._geometry(feature["geometry"], found)

    def _geometry(self, geometry: object, found: JsonLayer) -> None:
        if not isinstance(geometry, Mapping):
            raise self._bad(found, "has a geometry that is no object")
        kind = geometry.get("type")
        if kind == "GeometryCollection":
            parts = geometry.get("geometries")
            if not isinstance(parts, list):
                raise self._bad(found, "is a GeometryCollection without a list of geometries")
            for part in parts:
                self._geometry(part, found)
            return
        if kind not in _LEVELS:
            raise self._bad(found, f"has a geometry of the unknown type {str(kind)[:40]!r}")
        coordinates = geometry.get("coordinates")
        if not isinstance(coordinates, list):
            raise self._bad(found, f"has a {kind} without coordinates")
        fault = _coordinates(kind, coordinates, _LEVELS[kind], found)
        if fault:
            raise self._bad(found, f"has {fault}")

    def _bad(self, found: JsonLayer, what: str) -> LodemapError:
        return refuse(
            self._path, "geometry-broken", f"feature {found.count} {what}",
            "correct the feature or take it out",
        )  # fmt: skip

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        return match.end() if match else at

    def _expect(self, at: int, sign: str) -> int:
        if self._text[at : at + 1] != sign:
            raise json.JSONDecodeError(f"Expecting {sign!r}", self._text, at)
        return self._blank(at + 1)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            raise self._repeated(next(key for key in keys if keys.count(key) > 1))
        return found

    def _repeated(self, key: str) -> LodemapError:
        what = f"repeats the key {key!r}, of which one would be lost"
        return refuse(self._path, "key-duplicate", what, "keep one of them")

    def _constant(self, name: str) -> float:
        raise refuse(self._path, "json-broken", f"holds {name}, which is no JSON", "write null")


def _coordinates(kind: str, found: Sequence[Any], level: int, layer: JsonLayer) -> str | None:
    """Fault of a geometry's coordinates, or None."""
    if level == 0:
        return _position(found, layer) if found else None
    if level == 1 and kind != "MultiPoint":
        if kind.endswith("LineString") and len(found) == 1:
            return "a line of one point"
        if kind.endswith("Polygon") and 0 < len(found) < 4:
            return f"a ring of {len(found)} points, a closed ring has at least four"
    for part in found:
        if not isinstance(part, list):
            return f"a {kind} whose coordinates are not nested as such"
        if level == 1 and not part:
            return "a position without numbers"
        fault = _coordinates(kind, part, level - 1, layer)
        if fault:
            return fault
    return None


def _position(found: Sequence[Any], layer: JsonLayer) -> str | None:
    if len(found) < 2:
        return f"a position of {len(found)} ordinates, required are two or three"
    for value in found:
        if (type(value) is not float and type(value) is not int) or not isfinite(value):
            return f"the position {str(list(found))[:40]}, required are numbers"
    if len(found) > 3 and (not layer.measured or layer.measured[-1] != layer.count):
        layer.measured.append(layer.count)
    return None


def _topology(path: Path, members: Mapping[str, Any]) -> Iterator[str]:
    objects, arcs = members.get("objects"), members.get("arcs")
    if not isinstance(objects, dict) or not objects or not isinstance(arcs, list):
        what = "is a topology without objects and arcs"
        raise refuse(path, "json-broken", what, "restore it")
    _require_transform(path, members.get("transform"))
    for name, entry in objects.items():
        for index in _arcs(entry):
            if not isinstance(index, int) or not -len(arcs) <= index < len(arcs):
                what = f"object {name!r} uses arc {str(index)[:20]}, there are {len(arcs)}"
                raise refuse(path, "json-broken", what, "restore it")
    # GDAL puts the objects that are no collections together into one layer of this name.
    collections = [n for n, entry in objects.items() if _is_collection(entry)]
    if len(collections) < len(objects):
        yield _LOOSE
    yield from collections


def _require_transform(path: Path, said: object) -> None:
    if said is None:
        return
    parts = [said.get(key) for key in ("scale", "translate")] if isinstance(said, Mapping) else []
    numbers = [one for part in parts if isinstance(part, list) for one in part]
    whole = len(numbers) == 4 and all(isinstance(n, int | float) for n in numbers)
    if not whole or not all(numbers[:2]):
        what = f"its transform {str(said)[:60]!r} is no scale and translation"
        raise refuse(path, "json-broken", what, "restore it")


def _is_collection(entry: object) -> bool:
    return isinstance(entry, Mapping) and entry.get("type") == "GeometryCollection"


def _arcs(entry: object) -> Iterator[object]:
    if isinstance(entry, Mapping):
        for part in entry.get("geometries") or ():
            yield from _arcs(part)
        yield from _flat(entry.get("arcs"))


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for part in value:
            yield from _flat(part)
    elif value is not None:
        yield value
