"""Scanning KML, GML and GPX before GDAL sees them.

An XML file can grow without bound (entities), read other files (DOCTYPE, external schemas) or
lead elsewhere (network links). None of it is needed by a layer, and all of it is refused before
anything resolves it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from geo.catalogue.findings import refuse
from geo.errors import LodemapError

__all__ = ["XmlLayer", "scan"]

_DEEPEST = 200
_FILES = ("file:", "/", "../", "\\\\")
# GDAL writes an empty point as nan, and reads it as one.
_NUMBER = r"(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|nan)"
_ORDINATE = re.compile(_NUMBER)
# A place of KML: two or three numbers, between which GDAL bears spaces.
_TUPLES = re.compile(rf"\s*(?:{_NUMBER}(?:\s*,\s*{_NUMBER}){{1,2}}(?:\s+|$))*")
_NUMBERS = re.compile(rf"[\s,]*(?:{_NUMBER}(?:[\s,]+|$))*")
# Elements whose text is coordinates, by format, and how they are written.
_PLACES = {
    "KML": {"coordinates": _TUPLES, "coord": _NUMBERS},
    "GML": {"pos": _NUMBERS, "posList": _NUMBERS, "coordinates": _NUMBERS},
    "GPX": {},
}
_WAYPOINTS = ("wpt", "rtept", "trkpt")
_ROOTS = {"kml": "KML", "gpx": "GPX"}


@dataclass
class XmlLayer:
    """What a scan found: the format, the reference systems named and the GPX parts present."""

    driver: str = ""
    systems: set[str] = field(default_factory=set)
    parts: dict[str, int] = field(default_factory=dict)


def scan(path: Path, data: bytes) -> XmlLayer:
    """Check an XML layer without resolving anything.

    Parameters
    ----------
    path : Path
        For messages.
    data : bytes

    Returns
    -------
    XmlLayer

    Raises
    ------
    LayerError
        If the text has a DOCTYPE or entities, leads to other files, is not well formed, is cut
        off or nested too deep, or is neither KML, GML nor GPX.
    """
    found = XmlLayer()
    parser = expat.ParserCreate(namespace_separator=" ")
    reader = _Reader(path, found, parser)
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.EntityDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise _broken(path, error) from None
    except (LookupError, ValueError) as error:
        what = f"is in an encoding that cannot be read ({error})"
        raise refuse(path, "encoding-wrong", what, "save it as UTF-8") from None
    return found


def _broken(path: Path, error: expat.ExpatError) -> LodemapError:
    place = f"line {error.lineno}, column {error.offset + 1}"
    said = expat.ErrorString(error.code)
    if error.code in (
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
    ):
        return refuse(path, "file-truncated", f"ends in the middle ({place})", "restore it")
    return refuse(path, "xml-broken", f"is no XML at {place} ({said})", "correct it")


class _Reader:
    def __init__(self, path: Path, found: XmlLayer, parser: Any) -> None:
        self._path = path
        self._found = found
        self._parser = parser
        self._depth = 0
        self._form: re.Pattern[str] | None = None
        self._text: list[str] = []

    def doctype(self, *_said: Any) -> None:
        what = "has a DOCTYPE or entities, which a layer does not need and which may do harm"
        raise refuse(self._path, "xml-doctype", what, "take the declaration out")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        self._depth += 1
        if self._depth > _DEEPEST:
            what = f"is nested more than {_DEEPEST} levels deep"
            raise refuse(self._path, "nesting-too-deep", what, "flatten it")
        if self._depth == 1:
            self._found.driver = _ROOTS.get(local, "")
        if "opengis.net/gml" in space and not self._found.driver:
            self._found.driver = "GML"
        if local in ("NetworkLink", "include"):
            what = f"holds a {local}, which leads to another file"
            raise refuse(self._path, "indirection", what, "save what it points to and read that")
        if system := attributes.get("srsName"):
            self._found.systems.add(system)
        if self._depth == 2 and local in ("wpt", "trk", "rte"):
            self._found.parts[local] = self._found.parts.get(local, 0) + 1
        self._place(local, attributes)
        for key, value in attributes.items():
            if key.endswith("href") and value.lower().startswith(_FILES):
                what = f"refers to the file {value[:60]!r}"
                raise refuse(self._path, "indirection", what, "put its content into this file")

    def _place(self, local: str, attributes: dict[str, str]) -> None:
        """Check the place that an element holds: GDAL reads the number that a text begins with."""
        self._form = _PLACES.get(self._found.driver, {}).get(local)
        if self._form is not None:
            self._text.clear()
            self._parser.CharacterDataHandler = self._text.append
        if self._found.driver == "GPX" and local in _WAYPOINTS:
            self._waypoint(local, attributes)

    def _waypoint(self, local: str, attributes: dict[str, str]) -> None:
        for key in ("lat", "lon"):
            said = attributes.get(key)
            if said is None or not _ORDINATE.fullmatch(said.strip()):
                raise self._no_place(f"a {local} has {key} = {said!r}")

    def _no_place(self, what: str) -> LodemapError:
        place = f"line {self._parser.CurrentLineNumber}"
        fix = "write decimal degrees such as 106.917"
        return refuse(self._path, "geometry-broken", f"{what} ({place}), which is no place", fix)

    def _coordinates(self, form: re.Pattern[str]) -> None:
        self._parser.CharacterDataHandler = self._form = None
        said = "".join(self._text)
        if not form.fullmatch(said):
            raise self._no_place(f"coordinates are {' '.join(said.split())[:40]!r}")

    def end(self, _name: str) -> None:
        if self._form is not None:
            self._coordinates(self._form)
        self._depth -= 1
        if self._depth == 0 and not self._found.driver:
            what = "is XML, but neither KML, GML nor GPX"
            raise refuse(self._path, "content-wrong", what, "export it as one of them")
