"""Surfaces as Cloud-Optimized GeoTIFFs, each with a QGIS style beside it."""

import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from geo.errors import OutputError
from geo.grid import inside
from geo.publish.content import Content
from geo.publish.qml import document
from geo.publish.rasterstyles import raster_style
from geo.publish.surfaces import Surface, listed

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
    within = inside(content.grid, content.region)
    surfaces = listed(content)
    # Two at a time: compression takes the time and lets go of the interpreter.
    with ThreadPoolExecutor(max_workers=2) as pool:
        written = pool.map(lambda s: _write(content, s, within, folder), surfaces)
        return [_checked(path, checksum) for path, checksum in written]


def _write(
    content: Content, surface: Surface, within: npt.NDArray[np.bool_], folder: Path
) -> tuple[Path, int]:
    """Write one surface; return its path and the checksum of its values."""
    values = _values(content, surface, within)
    path = folder / f"{surface.name}.tif"
    bits = surface.role == "excluded"
    options = {
        "driver": "COG",
        "count": 1,
        "height": values.shape[0],
        "width": values.shape[1],
        "dtype": values.dtype,
        "crs": str(content.grid.crs),
        "transform": content.grid.affine,
        "nodata": OUTSIDE if bits else np.nan,
        # As small as deflate here, and two to three times as fast.
        "compress": "ZSTD",
        "level": 1,
        "predictor": "NO" if bits else "YES",
        "blocksize": _BLOCK,
        # A mean of reason bits would be another reason.
        "overview_resampling": "NEAREST" if bits else "AVERAGE",
        "num_threads": "1",
    }
    with rasterio.Env(), rasterio.open(path, "w", **options) as target:
        target.write(values, 1)
        target.set_band_description(1, _plain(surface.title))
        target.set_band_unit(1, surface.unit)
        target.update_tags(**_tags(content, surface))
    style = document(*raster_style(surface, values))
    path.with_suffix(".qml").write_text(style, encoding="utf-8")
    return path, zlib.crc32(np.ascontiguousarray(values).data)


def _values(
    content: Content, surface: Surface, within: npt.NDArray[np.bool_]
) -> npt.NDArray[np.generic]:
    found = content.surfaces[surface.name].to_numpy()
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
        "source": f"Lodemap {content.version}, recipe sha256 {content.recipe_sha256}",
    }
    if surface.role == "excluded" and surface.theme is not None:
        rules = surface.theme.exclusions
        tags["flag_masks"] = " ".join(str(1 << rule.bit) for rule in rules)
        tags["flag_meanings"] = " ".join(rule.id for rule in rules)
    return {key: value for key, value in tags.items() if value}


def _plain(text: str) -> str:
    """Text that XML can hold: GDAL stores its metadata as XML."""
    return "".join(sign for sign in text if sign.isprintable() or sign == " ")


def _checked(path: Path, checksum: int) -> Path:
    # GDAL says nothing when the disk is full: the file is short.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.Env(GDAL_PAM_ENABLED="NO"), rasterio.open(path, driver="GTiff") as found:
                same = zlib.crc32(found.read(1)) == checksum
    except RasterioIOError as error:
        raise OutputError(f"{path.name} came out damaged ({error}): is the disk full?") from None
    if not same:
        raise OutputError(f"{path.name} came out with other values: is the disk full?")
    return path
