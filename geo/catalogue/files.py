"""Which files may be opened, and with which driver.

GDAL takes nearly any text for a data source (addresses, chains of archives, connection strings,
inline XML) and picks the driver from the content, so a file that says ``.tif`` can send it
anywhere. Here a name must be a plain path inside the record's folder, and the first bytes must
be those that the ending promises.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType

from geo.errors import LayerError

__all__ = [
    "LARGEST_FILE",
    "SAFE_OPTIONS",
    "driver_of",
    "geopackage_rows",
    "inside_folder",
    "outside_allowed",
]

_OUTSIDE: ContextVar[bool] = ContextVar("outside", default=False)

LARGEST_FILE = 4_000_000_000
"""Largest layer file that is opened [bytes]."""

SAFE_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_VRT_ENABLE_PYTHON": "NO",
        "GDAL_PAM_ENABLED": "NO",
    }
)
"""GDAL settings under which layers are read: no network, no side files, no code."""

_MAGIC: Mapping[str, tuple[tuple[bytes, ...], str]] = MappingProxyType(
    {
        ".gpkg": ((b"SQLite format 3\x00",), "GPKG"),
        ".fgb": ((b"fgb\x03fgb",), "FlatGeobuf"),
        ".geojson": ((b"{",), "GeoJSON"),
        ".json": ((b"{",), "GeoJSON"),
        ".shp": ((b"\x00\x00\x27\x0a",), "ESRI Shapefile"),
        ".tif": ((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"), "GTiff"),
        ".tiff": ((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"), "GTiff"),
    }
)


@contextmanager
def outside_allowed() -> Iterator[None]:
    """Let the records that are read inside the block name files outside their folders.

    Addresses and GDAL's own notations stay refused. The command ``lodemap --allow-outside``
    does this for one call.

    Examples
    --------
    >>> with outside_allowed():
    ...     print(inside_folder("/data/b/x.tif", Path("/data/a")))
    /data/b/x.tif
    """
    token = _OUTSIDE.set(True)
    try:
        yield
    finally:
        _OUTSIDE.reset(token)


def inside_folder(text: str, folder: Path) -> Path:
    """Resolve the path of a layer file and keep it inside a folder.

    Parameters
    ----------
    text : str
        Path relative to `folder`, with forward slashes.
    folder : Path
        Absolute folder of the record.

    Returns
    -------
    Path
        Absolute; the file need not exist.

    Raises
    ------
    LayerError
        If the text is an address, a GDAL data source, or leads out of the folder (by a link
        too), unless `outside_allowed`.

    Examples
    --------
    >>> inside_folder("https://example.org/x.tif", Path("/data"))
    Traceback (most recent call last):
    geo.errors.LayerError: is the address 'https://example.org/x.tif', ...
    """
    if "://" in text or text.lower().startswith("www."):
        raise LayerError(f"is the address {text!r}, required is a file beside the record")
    # A colon, an exclamation or a question mark opens GDAL's own notations (driver:file,
    # zip!member, ?options); none is needed in a file name.
    if text.lower().startswith("/vsi") or any(sign in text for sign in ':!?*"<>|\\\x00\n'):
        raise LayerError(f"is {text!r}, required is a plain file name")
    path = (folder / text).resolve()
    if not path.is_relative_to(folder.resolve()) and not _OUTSIDE.get():
        raise LayerError(
            f"is {text!r} and leaves the record's folder: put the file beside it, or say "
            "lodemap --allow-outside if you trust the record"
        )
    return path


def driver_of(path: Path) -> str:
    """GDAL driver of a layer file, by its ending and its first bytes together.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        ``GPKG``, ``FlatGeobuf``, ``GeoJSON``, ``ESRI Shapefile`` or ``GTiff``.

    Raises
    ------
    LayerError
        If the ending is not one of these, the bytes are of something else, or the file is
        empty or too large.
    """
    if path.suffix.lower() not in _MAGIC:
        raise LayerError(f"{path}: cannot read {path.suffix!r} files, only {', '.join(_MAGIC)}")
    starts, driver = _MAGIC[path.suffix.lower()]
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise LayerError(f"{path}: cannot be read ({error.strerror})") from None
    if not 0 < size <= LARGEST_FILE:
        raise LayerError(f"{path}: has {size:,} bytes, required are 1 to {LARGEST_FILE:,}")
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip() if driver == "GeoJSON" else head
    if not body.startswith(starts):
        raise LayerError(
            f"{path}: its first bytes are not those of a {driver} file: "
            "restore it, or name it after what it is"
        )
    return driver


def geopackage_rows(path: Path, layer: str) -> int:
    """Count the rows of a table in a GeoPackage without trusting its own count.

    Parameters
    ----------
    path : Path
    layer : str
        Name of the table.

    Returns
    -------
    int

    Raises
    ------
    LayerError
        If there is no such table, it is a view (which may compute anything), or the file is
        damaged.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            kind = database.execute("SELECT type FROM sqlite_master WHERE name = ?", (layer,))
            found = kind.fetchone()
            if found == ("view",):
                raise LayerError(
                    f"{path}: {layer!r} is a view, which may compute anything: store it"
                )
            if found != ("table",):
                rows = database.execute("SELECT table_name FROM gpkg_contents ORDER BY 1")
                known = ", ".join(str(row[0]) for row in rows.fetchmany(8)) or "none"
                raise LayerError(f"{path}: has no table {layer!r}, it has {known}")
            quoted = layer.replace('"', '""')
            count = database.execute(f'SELECT count(*) FROM "{quoted}"')  # noqa: S608 - quoted
            return int(count.fetchone()[0])
    except sqlite3.Error as error:
        raise LayerError(f"{path}: is a damaged GeoPackage ({error}): restore it") from None
