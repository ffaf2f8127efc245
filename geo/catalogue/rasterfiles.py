"""Which reader a raster file gets, by its ending and its first bytes together."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from geo.catalogue.findings import refuse
from geo.catalogue.sniff import not_a

__all__ = ["LARGEST_RASTER", "RASTER_SUFFIXES", "raster_driver"]

LARGEST_RASTER = 200_000_000_000
"""Largest raster file that is opened [bytes]: parts of it are read, never the whole."""

_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_CF = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02")
_KINDS: Mapping[str, tuple[str, tuple[bytes, ...], str]] = MappingProxyType(
    {
        **dict.fromkeys((".tif", ".tiff", ".gtiff", ".cog"), ("GTiff", _TIFF, "a GTiff file")),
        **dict.fromkeys((".nc", ".nc4", ".cdf"), ("CF", _CF, "a NetCDF file")),
        **dict.fromkeys((".h5", ".hdf5", ".he5"), ("CF", _CF, "an HDF5 file")),
        ".img": ("HFA", (b"EHFA_HEADER_TAG",), "an ERDAS IMAGINE raster"),
        ".asc": ("AAIGrid", (b"ncols", b"nrows", b"NCOLS", b"NROWS", b"Ncols", b"nCols"),
                 "an ESRI ASCII grid"),
    }
)  # fmt: skip
_INDIRECT = (".vrt", ".wms", ".gti", ".mrf", ".xml")

RASTER_SUFFIXES = (*_KINDS, ".zarr")
"""Endings of the raster files that are read."""


def raster_driver(path: Path) -> str:
    """Reader of a raster file: ``GTiff``, ``AAIGrid``, ``HFA`` or ``CF``.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str

    Raises
    ------
    LayerError
        If the ending is none of these, the bytes are of something else, or the file is empty
        or too large.

    Examples
    --------
    >>> raster_driver(Path("relief.vrt"))
    Traceback (most recent call last):
    geo.errors.LayerError: relief.vrt: is a file that leads to other files, ...
    """
    suffix = path.suffix.lower()
    if suffix in _INDIRECT:
        raise refuse(
            path,
            "indirection",
            "is a file that leads to other files, which are never followed",
            "convert it to GeoTIFF with gdal_translate",
        )
    if suffix == ".zarr" and path.is_dir():
        return _zarr(path)
    if suffix not in _KINDS:
        raise refuse(
            path,
            "format-unknown",
            f"cannot read {suffix!r} files as rasters, only {', '.join(RASTER_SUFFIXES)}",
            "convert it to GeoTIFF with gdal_translate",
        )
    driver, starts, name = _KINDS[suffix]
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        said = error.strerror or str(error)
        raise refuse(path, "unreadable", f"cannot be read ({said})", "check the path") from None
    if size > LARGEST_RASTER:
        raise refuse(
            path, "too-large", f"has {size:,} bytes, at most {LARGEST_RASTER:,} are read", "cut it"
        )
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(starts):
        raise not_a(path, name)
    return driver


def _zarr(path: Path) -> str:
    if not any((path / name).is_file() for name in (".zgroup", "zarr.json", ".zmetadata")):
        raise refuse(
            path, "disguised", "is a folder without Zarr metadata", "restore it from its source"
        )
    for count, one in enumerate(path.rglob("*")):
        if one.is_symlink() and not one.resolve().is_relative_to(path.resolve()):
            raise refuse(path, "indirection", f"leads out of itself by {one.name}", "copy the file")
        if count > 2_000_000:
            raise refuse(path, "too-large", "holds more than 2,000,000 files", "rechunk it")
    return "CF"
