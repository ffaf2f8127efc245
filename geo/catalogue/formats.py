"""Which vector and table formats are read, told by a file's ending and its first bytes together.

GDAL picks its driver from the content alone, so a file named ``.gpkg`` could send it anywhere.
Here the ending says what a file should be and the first bytes must agree. A file of another
format that is read as well is taken for what it is, with a warning; anything else is refused
with its true nature named, where it can be told.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from geo.catalogue.findings import note, refuse
from geo.catalogue.sniff import not_a, what_is
from geo.errors import LodemapError

__all__ = ["LARGEST_TEXT", "TABLES", "VECTORS", "bounded_bytes", "format_of"]

LARGEST_TEXT = 500_000_000
"""Largest file that is read into memory as a whole: text, XML, JSON and workbooks [bytes]."""

_LARGEST = 200_000_000_000

VECTORS: Mapping[str, str] = MappingProxyType(
    {
        ".gpkg": "GPKG",
        ".shp": "ESRI Shapefile",
        ".geojson": "GeoJSON",
        ".json": "GeoJSON",
        ".topojson": "TopoJSON",
        ".geojsonl": "GeoJSONSeq",
        ".geojsons": "GeoJSONSeq",
        ".ndjson": "GeoJSONSeq",
        ".fgb": "FlatGeobuf",
        ".parquet": "Parquet",
        ".geoparquet": "Parquet",
        ".kml": "KML",
        ".gml": "GML",
        ".gpx": "GPX",
        ".zip": "ZIP",
        ".kmz": "ZIP",
    }
)
"""Format of each ending of a vector file."""

TABLES: Mapping[str, str] = MappingProxyType(
    {".csv": "CSV", ".tsv": "CSV", ".txt": "CSV", ".xlsx": "XLSX"}
)
"""Format of each ending of a table; with coordinates, also a vector file."""

# What people bring and what serves instead.
_ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        ".pbf": "an OpenStreetMap extract, which holds the layers points, lines, "
        "multilinestrings, multipolygons and other_relations",
        ".osm": "an OpenStreetMap extract, which holds the layers points, lines, "
        "multilinestrings, multipolygons and other_relations",
        ".xls": "an old Excel workbook",
        ".xlsb": "a binary Excel workbook",
        ".ods": "an OpenDocument sheet",
        ".vrt": "a VRT, which leads to other files",
        ".gdb": "an ESRI geodatabase",
        ".sqlite": "an SQLite database",
        ".dbf": "the attributes of a Shapefile: name its .shp",
        ".shx": "the index of a Shapefile: name its .shp",
        ".prj": "the reference system of a Shapefile: name its .shp",
        ".gz": "a compressed file: unpack it first",
        ".7z": "an archive: unpack it first",
        ".rar": "an archive: unpack it first",
        ".tar": "an archive: unpack it first",
    }
)

_ARTICLES = {"ESRI Shapefile": "an", "XLSX": "an"}
_XML = ("KML", "GML", "GPX")
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_BINARY: tuple[tuple[bytes, str], ...] = (
    (b"SQLite format 3\x00", "GPKG"),
    (b"fgb\x03", "FlatGeobuf"),
    (b"PAR1", "Parquet"),
    (b"\x00\x00\x27\x0a", "ESRI Shapefile"),
    *((start, "ZIP") for start in _ZIPS),
)


def format_of(path: Path) -> str:
    """Tell the format of a vector or table file, by its ending and its first bytes.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        A value of `VECTORS` or `TABLES`; a LayerWarning tells when the content is of another
        readable format than the ending says.

    Raises
    ------
    LayerError
        If the file is missing, empty, too large, or nothing that is read here.
    """
    promised = _promised(path)
    head = _head(path)
    found = _told(head)
    if found == promised or (promised == "CSV" and found is None and _is_text(path)):
        return promised
    if promised == "XLSX" and found == "ZIP":
        return promised
    if promised in _XML and found in (*_XML, "XML"):
        return promised
    if (promised, found) in (("GeoJSONSeq", "GeoJSON"), ("TopoJSON", "GeoJSON")):
        return promised
    # A stray zip or text is no layer by another name.
    if found is None or found in ("ZIP", "XML") or promised in ("ZIP", "XLSX"):
        raise _stranger(path, promised)
    what = f"is named {path.suffix!r} and holds {found}"
    note(path, "warning", "ending-wrong", what, "name it after what it is")
    return found


def bounded_bytes(path: Path, most: int = LARGEST_TEXT) -> bytes:
    """Read a whole file that must fit into memory.

    Raises
    ------
    LayerError
        If it is larger than `most` bytes or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(data) > most:
        raise refuse(
            path, "file-too-large", f"has more than {most:,} bytes of a format that is read whole",
            "convert it to GeoPackage or FlatGeobuf",
        )  # fmt: skip
    return data


def _promised(path: Path) -> str:
    ending = path.suffix.lower()
    if ending in VECTORS:
        return VECTORS[ending]
    if ending in TABLES:
        return TABLES[ending]
    known = ", ".join([*VECTORS, *TABLES])
    if ending in _ELSEWHERE:
        what = f"is {_ELSEWHERE[ending]}"
        raise refuse(path, "format-unread", what, f"convert it to one of {known}")
    what = f"cannot read {path.suffix!r} files"
    raise refuse(path, "format-unread", what, f"convert it to one of {known}")


def _head(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise refuse(path, "format-unread", "is a folder", "name a file in it")
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise _unreadable(path, error) from None
    if size == 0:
        raise refuse(path, "file-empty", "has 0 bytes", "restore it")
    if size > _LARGEST:
        raise refuse(path, "file-too-large", f"has {size:,} bytes", f"keep it below {_LARGEST:,}")
    return head


def _unreadable(path: Path, error: OSError) -> LodemapError:
    return refuse(path, "file-unreadable", f"cannot be read ({error.strerror})", "restore it")


def _told(head: bytes) -> str | None:
    for start, found in _BINARY:
        if head.startswith(start):
            return found
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().removeprefix(b"\x1e").lstrip()
    if text.startswith(b"{"):
        return "GeoJSON"
    # GeoJSON in another encoding is told apart and refused by its reader.
    if head.startswith((b"\xff\xfe{", b"\xff\xfe\x00\x00{", b"\xfe\xff\x00{", b"{\x00")):
        return "GeoJSON"
    if text.startswith(b"<"):
        return _told_xml(text)
    return None


def _told_xml(text: bytes) -> str | None:
    lowered = text.lower()
    for mark, found in ((b"<kml", "KML"), (b":kml", "KML"), (b"<gpx", "GPX"), (b":gpx", "GPX")):
        if mark in lowered:
            return found
    if any(mark in lowered for mark in (b"<vrtdataset", b"<ogrvrt", b"<html", b"<!doctype html")):
        return None
    return "GML" if b"opengis.net/gml" in lowered else "XML"


def _is_text(path: Path) -> bool:
    return what_is(path) in ("a text", "unknown bytes", "a JSON document")


def _stranger(path: Path, promised: str) -> LodemapError:
    return not_a(path, f"{_ARTICLES.get(promised, 'a')} {promised} file")
