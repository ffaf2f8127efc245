"""Opening rasters through GDAL: GeoTIFF, ESRI ASCII grid and ERDAS IMAGINE.

The driver is named on every open, after the file's first bytes and its header were looked at.
"""

import math
import mmap
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import rasterio
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import DatasetReader
from rasterio.windows import Window as GdalWindow
from scipy.ndimage import maximum_filter, minimum_filter

from geo.catalogue.files import SAFE_OPTIONS
from geo.catalogue.findings import note, refuse
from geo.catalogue.openraster import Band, Hidden, OpenRaster, Stored, Window
from geo.catalogue.tiffheader import MOST_GROWTH, SMALL, TiffHeader, read_header
from geo.errors import CrsError

__all__ = ["ascii_grid", "geotiff", "imagine", "stale_overviews"]

# Some properties let GDAL's own errors through, which rasterio's do not cover, and texts of a
# broken header need not be UTF-8.
_FAULTS = (RasterioError, RasterioIOError, CPLE_BaseError, UnicodeDecodeError)
_SIDECARS = (".aux.xml", ".msk")
_WORLD = {".tif": ".tfw", ".tiff": ".tfw", ".img": ".igw"}
# What stands in no number, nor in the words nan and inf: other signs, a sign before no digit or
# after one, a second point.
_NO_NUMBER = re.compile(
    rb"[^\s0-9eE+.\-nNaAiIfF\x00]\S*|[-+](?![0-9.nNiI])\S*|[0-9.][-+]\S*|\.[0-9]*\.\S*"
)
_COLOURS = {ColorInterp.red, ColorInterp.green, ColorInterp.blue}
_FACTORS = {"ncols", "nrows", "xllcorner", "xllcenter", "yllcorner", "yllcenter", "cellsize",
            "dx", "dy", "nodata_value"}  # fmt: skip


@contextmanager
def geotiff(path: Path) -> Iterator[OpenRaster]:
    """Open a GeoTIFF or BigTIFF file, once its header holds together."""
    header = read_header(path)
    with _opened(path, "GTiff", NUM_THREADS="2") as source:
        # Of one bit GDAL makes a palette of its own.
        _refuse_forms(path, source, palette=header.directories[0].palette)
        if header.pages > 1:
            note(
                path,
                "warning",
                "many-pages",
                f"holds {header.pages} images, only the first is read",
                "write the others to files of their own",
            )
        if set(source.colorinterp) >= _COLOURS:
            note(
                path,
                "warning",
                "picture",
                "is a picture: its bands are red, green and blue, not measured values",
                "take the raster that the picture was made from",
            )
        tags = source.tags()
        facts = {
            "pages": header.pages,
            "pixel_is_point": tags.get("AREA_OR_POINT") == "Point",
            "overviews": tuple(source.overviews(1)),
            "tiff": header,
        }
        yield _raster(path, source, "GTiff", source.crs, facts, header)


def stale_overviews(path: Path, *, most: int = 1024) -> float:
    """Share of the first overview's cells that no resampling of the values could give.

    Parameters
    ----------
    path : Path
        A GeoTIFF with overviews.
    most : int, optional
        Rows and columns of the overview that are compared, from its north-west corner.

    Returns
    -------
    float
        0 when it agrees, and up to 1 % for what rounding may do.
    """
    with _opened(path, "GTiff", OVERVIEW_LEVEL="0") as small:
        rows, columns = min(small.height, most), min(small.width, most)
        thin = small.read(1, window=GdalWindow(0, 0, columns, rows)).astype(np.float64)
        size = small.height, small.width
    with _opened(path, "GTiff") as source:
        factor = round(source.height / size[0]), round(source.width / size[1])
        rows, columns = (
            min(rows, source.height // factor[0]),
            min(columns, source.width // factor[1]),
        )
        if min(rows, columns, *factor) < 1:
            return 0.0
        window = GdalWindow(0, 0, columns * factor[1], rows * factor[0])
        full = source.read(1, window=window).astype(np.float64)
    blocks = full.reshape(rows, factor[0], columns, factor[1])
    # A cubic kernel reaches into the neighbours and overshoots a little.
    low = minimum_filter(blocks.min(axis=(1, 3)), 3, mode="nearest")
    high = maximum_filter(blocks.max(axis=(1, 3)), 3, mode="nearest")
    room = 0.25 * (high - low) + 1e-6 * np.maximum(np.abs(high), np.abs(low))
    with np.errstate(invalid="ignore"):
        wrong = (thin[:rows, :columns] < low - room) | (thin[:rows, :columns] > high + room)
    share = float(wrong.mean())
    return share if share > 0.01 else 0.0


@contextmanager
def ascii_grid(path: Path) -> Iterator[OpenRaster]:
    """Open an ESRI ASCII grid; its CRS stands in a ``.prj`` file beside it."""
    _check_ascii(path)
    # Without this GDAL takes the type from the first values and cuts later decimals off.
    with _opened(path, "AAIGrid", DATATYPE="Float64") as source:
        yield _raster(path, source, "AAIGrid", _prj(path), {}, None)


@contextmanager
def imagine(path: Path) -> Iterator[OpenRaster]:
    """Open an ERDAS IMAGINE file whose values lie in the file itself."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(b"ExternalRasterDMS\0") >= 0 or data.find(b"DependentFile\0") >= 0:
            raise refuse(
                path,
                "indirection",
                "keeps its values in another file, required is one file",
                "convert it to GeoTIFF with gdal_translate where both files are",
            )
    with _opened(path, "HFA") as source:
        _refuse_forms(path, source, palette=ColorInterp.palette in source.colorinterp)
        yield _raster(path, source, "HFA", source.crs, {}, None)


@contextmanager
def _opened(path: Path, driver: str, **options: str) -> Iterator[DatasetReader]:
    for ending in (*_SIDECARS, _WORLD.get(path.suffix.lower(), ".tfw")):
        beside = path.with_name(path.name + ending)
        if ending in _WORLD.values():
            beside = path.with_suffix(ending)
        if beside.is_file():
            note(
                path,
                "warning",
                "sidecar-ignored",
                f"has {beside.name} beside it, which is not read",
                "write what it says into the file itself",
            )
    try:
        with rasterio.Env(**SAFE_OPTIONS), warnings.catch_warnings():
            # The checks say the same in a sentence.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver=driver, **options) as source:
                yield source
    except (*_FAULTS, CRSError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> Exception:
    said = str(error.__cause__ or error).replace(str(path), path.name).rstrip(".")
    return refuse(path, "damaged", f"cannot be read ({said})", "restore it from its source")


def _refuse_forms(path: Path, source: DatasetReader, *, palette: bool) -> None:
    decoded = sum(
        source.width * source.height * np.dtype(kind.replace("complex_int16", "complex64")).itemsize
        for kind in source.dtypes
    )
    size = path.stat().st_size
    if decoded > SMALL and decoded > MOST_GROWTH * size:
        raise refuse(
            path,
            "bomb",
            f"says that {size:,} bytes hold {source.width:,} x {source.height:,} cells",
            "restore it from its source",
        )
    if source.count == 0:
        raise refuse(path, "no-band", "holds no band", "give a file with values")
    if any(kind.startswith("complex") for kind in source.dtypes):
        raise refuse(path, "complex", "holds complex numbers", "convert it to real ones")
    if palette:
        raise refuse(
            path,
            "palette",
            "holds palette numbers, not values",
            "convert it first, or take the layer that it was painted from",
        )
    points, _ = source.gcps
    if points and source.transform.is_identity:
        raise refuse(
            path,
            "gcps-only",
            f"is placed by {len(points)} ground control points alone",
            "warp it to a north-up grid, for example with gdalwarp",
        )


def _raster(
    path: Path,
    source: DatasetReader,
    driver: str,
    crs: object,
    facts: dict[str, object],
    header: TiffHeader | None,
) -> OpenRaster:
    system = _crs(path, crs)
    numbers = [
        number
        for number, colour in enumerate(source.colorinterp, start=1)
        if colour != ColorInterp.alpha
    ]
    if not numbers:
        raise refuse(path, "no-band", "holds a transparency and no values", "give another file")
    bands = _bands(source, numbers, header)
    flags = source.mask_flag_enums
    masked = [_has_mask(flags[number - 1]) for number in numbers]
    facts["unplaced"] = source.transform.is_identity

    def read(place: int, window: Window) -> tuple[Stored, Hidden]:
        rows, columns = window
        part = GdalWindow.from_slices(rows, columns)
        try:
            values = source.read(numbers[place], window=part)
            hidden = source.read_masks(numbers[place], window=part) == 0 if masked[place] else None
        except _FAULTS as error:
            raise _damaged(path, error) from None
        return values, hidden

    return OpenRaster(
        path=path,
        driver=driver,
        shape=(source.height, source.width),
        transform=source.transform,
        crs=system,
        bands=bands,
        read=read,
        facts=MappingProxyType(facts),
        block_rows=source.block_shapes[0][0],
        named=any(source.descriptions),
    )


def _has_mask(flags: Sequence[MaskFlags]) -> bool:
    return MaskFlags.nodata not in flags and MaskFlags.all_valid not in flags


def _bands(
    source: DatasetReader, numbers: Sequence[int], header: TiffHeader | None
) -> tuple[Band, ...]:
    # Each of these goes through all bands when it is asked for.
    columns = (source.dtypes, source.nodatavals, source.descriptions)
    said = list(zip(*columns, source.scales, source.offsets, source.units, strict=True))
    text = header.directories[0].nodata if header is not None else None
    found = []
    for number in numbers:
        dtype, declared, description, scale, offset, unit = said[number - 1]
        kind = np.dtype(dtype)
        unheld = text if text and not _holds(kind, text) else None
        found.append(
            Band(
                name=description or str(number),
                dtype=kind,
                nodata=() if declared is None or unheld else (float(declared),),
                scale=float(scale),
                offset=float(offset),
                unit=unit or None,
                declared=unheld,
            )
        )
    return tuple(found)


def _holds(kind: "np.dtype[Any]", text: str) -> bool:
    """Whether a type can hold the nodata value that a tag states."""
    try:
        value = float(text)
    except ValueError:
        return False
    if np.issubdtype(kind, np.floating):
        return not math.isfinite(value) or abs(value) <= float(np.finfo(kind).max) * (1 + 1e-6)
    limits = np.iinfo(kind)
    return value.is_integer() and limits.min <= value <= limits.max


def _crs(path: Path, found: object) -> CRS | None:
    if not found:
        return None
    text = found if isinstance(found, str) else found.to_wkt()  # type: ignore[attr-defined]
    try:
        return _understood(text)
    except CRSError:
        raise refuse(
            path,
            "crs-unreadable",
            "has a CRS that cannot be understood",
            "write the CRS again, for example with gdal_edit -a_srs",
            error=CrsError,
        ) from None


@lru_cache(maxsize=64)
def _understood(text: str) -> CRS:
    return CRS.from_user_input(text)


def _prj(path: Path) -> str | None:
    beside = next(
        (one for end in (".prj", ".PRJ") if (one := path.with_suffix(end)).is_file()), None
    )
    if beside is None or beside.stat().st_size > 65_536:
        return None
    return beside.read_bytes().decode("utf-8-sig", "replace").strip() or None


def _check_ascii(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(65_536)
    lines = head.decode("latin-1").splitlines()
    said: dict[str, str] = {}
    for line in lines[:16]:
        words = line.split()
        if len(words) != 2 or words[0].lower() not in _FACTORS:
            break
        said[words[0].lower()] = words[1]
    size = {key: said.get(key, "") for key in ("ncols", "nrows")}
    if not all(re.fullmatch(r"[1-9]\d{0,8}", value) for value in size.values()):
        raise refuse(
            path,
            "damaged",
            f"has no whole ncols and nrows in its head, found {size}",
            "restore it from its source",
        )
    if "," in "".join(said.values()) or re.search(rb"\d,\d", head):
        raise refuse(
            path, "decimal-comma", "has decimal commas, required are points", "write it with points"
        )
    _require_steps(path, said)
    cells = int(size["ncols"]) * int(size["nrows"])
    _require_cells(path, cells, words=2 * len(said))
    _require_numbers(path, lines=len(said))


def _require_steps(path: Path, said: Mapping[str, str]) -> None:
    for key, value in said.items():
        try:
            number = float(value)
        except ValueError:
            number = math.inf
        step = key in ("cellsize", "dx", "dy")
        if math.isinf(number) or (step and not number > 0):
            needed = "a number above 0" if step else "a number"
            what = f"has the {key} {value!r}, required is {needed}"
            raise refuse(path, "damaged", what, "restore it from its source")


def _require_numbers(path: Path, *, lines: int) -> None:
    """Refuse words among the values, of which GDAL makes 0."""
    with path.open("rb") as stream:
        for _ in range(lines):
            stream.readline()
        # A block ends with a line, or some thousand signs on, so that it cuts no number.
        while block := stream.read(1 << 22) + stream.readline(4096):
            odd = _NO_NUMBER.search(block)
            if odd:
                what = f"holds {odd[0].decode('latin-1')[:20]!r} among its values"
                raise refuse(path, "cell-no-number", what, "correct it, or write the nodata value")


def _require_cells(path: Path, cells: int, words: int) -> None:
    found = _words(path) - words
    if found != cells:
        raise refuse(
            path,
            "truncated",
            f"says that it has {cells:,} values and holds {found:,}",
            "restore it from its source",
        )


def _words(path: Path) -> int:
    """Count the words of a text file, some hundred megabytes a second."""
    blank = np.zeros(256, dtype=bool)
    blank[list(b" \t\r\n\f\v\x00")] = True
    count, before = 0, True
    with path.open("rb") as stream:
        while block := stream.read(1 << 22):
            space = blank[np.frombuffer(block, dtype=np.uint8)]
            count += int(np.count_nonzero(space[:-1] & ~space[1:]))
            count += int(before and not space[0])
            before = bool(space[-1])
    return count
