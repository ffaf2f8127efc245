"""What a file is by its first bytes, whatever its name says."""

from pathlib import Path

from geo.catalogue.findings import refuse
from geo.errors import LodemapError

__all__ = ["not_a", "what_is"]

_STARTS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"II+\x00", "a BigTIFF image"),
    (b"MM\x00+", "a BigTIFF image"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"RIFF", "a WebP picture or a sound"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000 picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"CDF", "a NetCDF file"),
    (b"EHFA_HEADER_TAG", "an ERDAS IMAGINE raster"),
    (b"GRIB", "a GRIB file"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"fgb\x03", "a FlatGeobuf file"),
    (b"\x00\x00\x27\x0a", "a Shapefile"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
)
_TEXTS = (
    (b"<vrtdataset", "a GDAL VRT, which leads to other files"),
    (b"<ogrvrtdatasource", "an OGR VRT, which leads to other files"),
    (b"<gdal_wms", "a GDAL WMS file, which leads to the network"),
    (b"<wms_capabilities", "a WMS answer"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"<", "an XML or HTML document"),
    (b"{", "a JSON document"),
    (b"ncols", "an ESRI ASCII grid"),
)
_FIXES = {
    "a Git LFS pointer, not the file itself": "fetch the real file with `git lfs pull`",
    "an HTML page": "download the file again: this is a page, perhaps an error message",
}


def what_is(path: Path) -> str:
    """Name what a file is by its first bytes.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    str
        With its article, such as ``"a JPEG picture"``; ``"a text"`` or ``"unknown bytes"`` where
        nothing else fits, ``"an empty file"`` for no byte.
    """
    with path.open("rb") as stream:
        head = stream.read(512)
    if not head:
        return "an empty file"
    if not head.strip(b"\x00"):
        return "nothing but zero bytes"
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, name in _TEXTS:
        if text.startswith(start):
            return name
    return "a text" if b"\x00" not in head else "unknown bytes"


def not_a(path: Path, wanted: str) -> LodemapError:
    """Make the error for a file that is not what its name says.

    Parameters
    ----------
    path : Path
    wanted : str
        What the name promises, such as ``"a GeoTIFF"``.

    Returns
    -------
    LodemapError
    """
    found = what_is(path)
    code = {"an empty file": "empty"}.get(found, "disguised")
    if "leads to" in found:
        code = "indirection"
    return refuse(
        path,
        code,
        f"its first bytes are not those of {wanted}: it is {found}",
        _FIXES.get(found, "restore it, or name it after what it is"),
    )
