"""Surfaces as Cloud-Optimized GeoTIFFs, each with a QGIS style beside it."""

import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from geo.compute.parts import strips
from geo.compute.stored import Stored
from geo.errors import OutputError
from geo.grid import inside
from geo.publish.cog import BOUNDED, write_cog
from geo.publish.content import Content
from geo.publish.qml import document
from geo.publish.rasterstyles import raster_style
from geo.publish.surfaces import Surface, listed, made_of

__all__ = ["OUTSIDE", "write_cogs"]

OUTSIDE = 65535
"""Value of an exclusion raster outside the region: neither allowed nor excluded."""

_BLOCK = 512


def write_cogs(content: Content, folder: Path) -> list[Path]:
    """Write ``<theme>-<criterion>.tif``, ``<theme>-score.tif`` and ``<theme>-excluded.tif``.

    Floats are float32 with nodata NaN, unknown. Exclusion rasters are uint16: bit n is set where
    the theme's rule n applies, 0 is free, 65535 lies outside the region. The relief is cut to
    the region.

    Parameters
    ----------
    content : Content
    folder : Path
        An existing folder.

    Returns
    -------
    list of Path
        The rasters, in order of theme.

    Raises
    ------
    OutputError
        If what stands in a file is not what was written, as on a full disk.
    """
    within = _Within(content)
    # Two at a time: compression takes the time and lets go of the interpreter.
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda s: _kept(content, s, within, folder), listed(content)))


class _Within:
    """Cells of the region by strips, a bit for each."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._shape = (int(content.grid.shape[0]), int(content.grid.shape[1]))
        self._lock = Lock()

    @cached_property
    def _bits(self) -> dict[int, npt.NDArray[np.uint8]]:
        grid, region = self._content.grid, self._content.region
        return {
            rows.start: np.packbits(inside(grid[rows, :], region), axis=1)
            for rows in strips(self._shape)
        }

    def __getitem__(self, rows: slice) -> npt.NDArray[np.bool_]:
        with self._lock:
            packed = self._bits[rows.start]
        return np.unpackbits(packed, axis=1, count=self._shape[1]).view(np.bool_)


def _kept(content: Content, surface: Surface, within: _Within, folder: Path) -> Path:
    """Write one surface and its style, or take them from a run before; return its path."""
    path = folder / f"{surface.name}.tif"
    told = made_of(content, surface)

    def make() -> None:
        _checked(*_write(content, surface, within, folder))

    if content.kin is None or told is None:
        make()
    else:
        content.kin.files(__name__, told, (path, path.with_suffix(".qml")), make)
    return path


def _write(content: Content, surface: Surface, within: _Within, folder: Path) -> tuple[Path, int]:
    """Write one surface; return its path and the checksum of its values."""
    raw, checksum = _raw(content, surface, within, folder / f"{surface.name}.raw")
    path = folder / f"{surface.name}.tif"
    bits = surface.role == "excluded"
    write_cog(
        raw,
        content.grid,
        path,
        nodata=OUTSIDE if bits else np.nan,
        title=_plain(surface.title),
        unit=surface.unit,
        tags=_tags(content, surface),
        classes=bits,
    )
    style = document(*raster_style(surface, raw.dataarray(content.grid)))
    path.with_suffix(".qml").write_text(style, encoding="utf-8")
    raw.path.unlink()
    return path, checksum


def _raw(content: Content, surface: Surface, within: _Within, path: Path) -> tuple[Stored, int]:
    """Write a surface's values as they are, strip by strip; return them and their checksum."""
    values = content.surfaces[surface.name]
    kind = "uint16" if surface.role == "excluded" else "float32"
    raw = Stored(path, (values.shape[0], values.shape[1]), kind)
    checksum = 0
    for rows in strips(values.shape):
        strip = np.ascontiguousarray(_values(values[rows].to_numpy(), surface, within[rows]))
        raw.write(rows.start, strip)
        checksum = zlib.crc32(strip.data, checksum)
    return raw, checksum


def _values(
    found: npt.NDArray[np.generic], surface: Surface, within: npt.NDArray[np.bool_]
) -> npt.NDArray[np.generic]:
    if surface.role == "excluded":
        return np.where(within, found, OUTSIDE).astype(np.uint16)
    values = found.astype(np.float32, copy=False)
    if surface.role == "relief":
        return np.where(within, values, np.float32(np.nan))
    return values


def _tags(content: Content, surface: Surface) -> dict[str, str]:
    tags = {
        "Conventions": "CF-1.11",
        "long_name": _plain(surface.title),
        "units": surface.unit,
        "comment": _plain(surface.note),
        "source": f"Lodemap {content.version}",
    }
    if surface.role == "excluded" and surface.theme is not None:
        rules = surface.theme.exclusions
        tags["flag_masks"] = " ".join(str(1 << rule.bit) for rule in rules)
        tags["flag_meanings"] = " ".join(rule.id for rule in rules)
    return {key: value for key, value in tags.items() if value}


def _plain(text: str) -> str:
    """Text that XML can hold: GDAL stores its metadata as XML."""
    return "".join(sign for sign in text if sign.isprintable() or sign == " ")


def _checked(path: Path, checksum: int) -> None:
    # GDAL says nothing when the disk is full: the file is short.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            options = {**BOUNDED, "GDAL_PAM_ENABLED": "NO"}
            with rasterio.Env(**options), rasterio.open(path, driver="GTiff") as found:
                same = _checksum(found) == checksum
    except RasterioIOError as error:
        raise OutputError(f"{path.name} came out damaged ({error}): is the disk full?") from None
    if not same:
        raise OutputError(f"{path.name} came out with other values: is the disk full?")


def _checksum(found: DatasetReader) -> int:
    checksum = 0
    for row in range(0, found.height, _BLOCK):
        window = Window(0, row, found.width, min(_BLOCK, found.height - row))
        checksum = zlib.crc32(found.read(1, window=window), checksum)
    return checksum
