"""Whether fetched bytes are what was asked for, as far as they tell by themselves.

A file whose digest is known needs none of this. At its first use nothing else says whether it
came whole.
"""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from geo.catalogue.files import SAFE_OPTIONS
from geo.catalogue.findings import refuse

__all__ = ["FORMATS", "require_contents"]

FORMATS: Mapping[str, tuple[str, tuple[bytes, ...]]] = MappingProxyType(
    {
        "zip": (".zip", (b"PK\x03\x04",)),
        "geotiff": (".tif", (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
        "geojson": (".geojson", (b"{",)),
        "gpkg": (".gpkg", (b"SQLite format 3\x00",)),
        "csv": (".csv", ()),
    }
)
"""Formats that are fetched: ending, and how the bytes begin."""


def require_contents(where: str, path: Path, form: str) -> None:
    """Refuse a file that is not of a format, or ends early.

    Parameters
    ----------
    where : str
        What is fetched, for messages.
    path : Path
    form : str
        One of `FORMATS`.

    Raises
    ------
    LayerError
    """
    with path.open("rb") as stream:
        head = stream.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
        stream.seek(max(0, path.stat().st_size - 64))
        tail = stream.read().rstrip()
    if head[:1] == b"<" and b"<html" in head.lower():
        raise refuse(
            where,
            "web-page",
            "the server sent a web page, not the file",
            "look at the address in a browser: it may ask for consent or a log-in",
        )
    starts = FORMATS[form][1]
    if not head or (starts and not head.startswith(starts)):
        raise refuse(
            where,
            "contents",
            f"the bytes that came are no {form} file",
            "see at its publisher whether the address has changed",
        )
    whole = {"zip": _zip_is_whole, "geotiff": _tiff_is_whole, "gpkg": _gpkg_is_whole}.get(form)
    if (form == "geojson" and tail[-1:] != b"}") or (whole is not None and not whole(path)):
        raise refuse(
            where, "truncated", f"the {form} file that came is damaged or ends early", "fetch again"
        )


def _zip_is_whole(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(archive.infolist())
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError):
        return False


def _tiff_is_whole(path: Path) -> bool:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.Env(**SAFE_OPTIONS), rasterio.open(path, driver="GTiff") as source:
            # Reads every block once, one at a time.
            for band in range(1, source.count + 1):
                source.checksum(band)
    except (RasterioError, OSError):
        return False
    return True


def _gpkg_is_whole(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(100)
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    return path.stat().st_size == (65536 if page == 1 else page) * pages
