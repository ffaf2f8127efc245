"""Rasters as small palette PNGs in the web map's projection (EPSG:3857).

Leaflet stretches an image linearly between two corners in EPSG:3857: a raster in any other
projection would sit kilometres off its place, so it is warped here first.
"""

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import reproject
from scipy.ndimage import gaussian_filter

from geo.compute.kernels import euclidean_distance
from geo.errors import DataError
from geo.grid import cell_size
from geo.publish.tokens import LIGHT, RAMP

__all__ = [
    "Frame",
    "Overlay",
    "class_breaks",
    "mercator_frame",
    "palette_png",
    "relief",
    "score",
    "warped",
]

RGBA = tuple[int, int, int, int]
Floats = npt.NDArray[np.float64]
_RADIUS = 6378137.0
_HATCH = 9
_SHADES = 15


@dataclass(frozen=True)
class Frame:
    """A window in EPSG:3857: left and top edge [m], side of a pixel [m], rows and columns."""

    left: float
    top: float
    pixel: float
    shape: tuple[int, int]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north edge [degrees]."""
        rows, columns = self.shape
        back = Transformer.from_crs(3857, 4326, always_xy=True)
        _, north = back.transform(0.0, self.top)
        _, south = back.transform(0.0, self.top - rows * self.pixel)
        # Beyond 180 degrees the map goes on where the projection would begin anew.
        west, right = (
            np.degrees(x / _RADIUS) for x in (self.left, self.left + columns * self.pixel)
        )
        return float(west), south, float(right), north


@dataclass(frozen=True)
class Overlay:
    """A picture and where it lies: a PNG and its west, south, east and north edge [degrees]."""

    png: bytes
    bounds: tuple[float, float, float, float]

    @property
    def uri(self) -> str:
        """The picture as a ``data:`` address."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def mercator_frame(grid: GeoBox, width: int) -> Frame:
    """Window in EPSG:3857 that holds a grid.

    Parameters
    ----------
    grid : GeoBox
        The study's grid.
    width : int
        Columns of the picture.

    Returns
    -------
    Frame

    Raises
    ------
    DataError
        If the width is not positive.
    """
    if width < 1:
        raise DataError(f"a picture of {width} columns was asked for: at least 1 is needed")
    box = grid.extent.boundingbox
    steps = np.linspace(0, 1, 65)
    x = box.left + (box.right - box.left) * steps
    y = box.bottom + (box.top - box.bottom) * steps
    edge_x = np.concatenate([x, x, np.full(65, box.left), np.full(65, box.right)])
    edge_y = np.concatenate([np.full(65, box.bottom), np.full(65, box.top), y, y])
    east, north = _mercator(grid, edge_x, edge_y)
    left, top = float(east.min()), float(north.max())
    pixel = (float(east.max()) - left) / width
    rows = max(1, int(np.ceil((top - float(north.min())) / pixel)))
    return Frame(left, top, pixel, (rows, width))


def _mercator(grid: GeoBox, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Places of a grid in EPSG:3857, in one piece where it lies across 180 degrees."""
    forward = Transformer.from_crs(str(grid.crs), 4326, always_xy=True)
    lon, lat = forward.transform(x, y)
    box = grid.extent.boundingbox
    middle = forward.transform((box.left + box.right) / 2, (box.bottom + box.top) / 2)[0]
    # A grid whose middle lies in the west, on the far side of 180, is counted eastward as well.
    ends = middle + (lon - middle + 180.0) % 360.0 - 180.0
    if ends.min() < -180.0:
        ends += 360.0
    _, north = Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    return _RADIUS * np.radians(ends), north


def warped(
    values: npt.NDArray[np.generic], grid: GeoBox, frame: Frame, fill: float
) -> npt.NDArray[np.generic]:
    """Bring cells to a frame, each pixel from its nearest cell; `fill` is no data.

    Parameters
    ----------
    values : (rows, columns) array
        On `grid`.
    grid : GeoBox
    frame : Frame
    fill : float

    Returns
    -------
    array of the frame's shape
    """
    return _warp(values, grid, frame, fill, Resampling.nearest)


def _warp(
    values: npt.NDArray[np.generic], grid: GeoBox, frame: Frame, fill: float, how: Resampling
) -> npt.NDArray[np.generic]:
    out = np.full(frame.shape, fill, dtype=values.dtype)
    reproject(
        np.ascontiguousarray(values),
        out,
        src_transform=grid.affine,
        src_crs=str(grid.crs),
        dst_transform=from_origin(frame.left, frame.top, frame.pixel, frame.pixel),
        dst_crs="EPSG:3857",
        src_nodata=fill,
        dst_nodata=fill,
        resampling=how,
    )
    return out


def class_breaks(values: npt.NDArray[np.floating], most: int = len(RAMP)) -> list[float]:
    """Round limits of at most so many equal steps that hold nearly all finite values.

    Parameters
    ----------
    values : array
        NaN is unknown.
    most : int
        Largest number of classes.

    Returns
    -------
    list of float
        One more than there are classes, rising; empty when nothing is known.

    Examples
    --------
    >>> class_breaks(np.array([0.12, 0.5, 0.78, np.nan]))
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    """
    known = values[np.isfinite(values)]
    if known.size == 0:
        return []
    low, high = (float(q) for q in np.quantile(known, [0.005, 0.995]))
    # Limits are written with six digits: steps must be wide enough to differ.
    span = max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-6)
    exponent = np.floor(np.log10(span / most))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0):
        step = factor * 10.0**exponent
        first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
        if last - first <= most:
            break
    last = max(last, first + 1)
    return [float(f"{step * k:.6g}") for k in np.arange(first, last + 1)]


def score(
    values: xr.DataArray,
    excluded: npt.NDArray[np.bool_],
    inside: npt.NDArray[np.bool_],
    grid: GeoBox,
    frame: Frame,
) -> tuple[Overlay, list[float], list[str]]:
    """Draw a score surface: steps of the ramp, excluded grey, unknown hatched.

    Parameters
    ----------
    values : (rows, columns) DataArray
        NaN is unknown.
    excluded, inside : (rows, columns) bool
        Cells that a rule excludes, and cells of the region.
    grid : GeoBox
    frame : Frame

    Returns
    -------
    overlay : Overlay
    breaks : list of float
        Limits of the steps.
    colours : list of str
        One a step.
    """
    data = np.asarray(values.values, dtype=np.float64)
    shown = inside & ~excluded
    breaks = class_breaks(data[shown])
    count = max(len(breaks) - 1, 0)
    picks = np.round(np.linspace(0, len(RAMP) - 1, count)).astype(int) if count > 1 else [4] * count
    colours = [RAMP[int(k)] for k in picks]
    index = np.zeros(data.shape, dtype=np.uint8)
    if count:
        step = np.digitize(np.nan_to_num(data), breaks[1:-1])
        index[shown & np.isfinite(data)] = step[shown & np.isfinite(data)] + 1
    index[inside & excluded] = count + 1
    index[shown & ~np.isfinite(data)] = count + 2
    image = np.asarray(_warp(index, grid, frame, 0, Resampling.nearest), dtype=np.uint8)
    row, column = np.indices(image.shape)
    stripe = (row + column) % _HATCH < _HATCH // 3
    image[(image == count + 2) & ~stripe] = count + 3
    palette: list[RGBA] = [(0, 0, 0, 0)]
    palette += [(*_rgb(colour), 255) for colour in colours]
    palette += [
        (*_rgb(LIGHT["excluded"]), 235),
        (*_rgb(LIGHT["unknown"]), 255),
        (*_rgb(LIGHT["panel"]), 150),
    ]
    return Overlay(palette_png(image, palette), frame.bounds), breaks, colours


def relief(
    height: xr.DataArray, inside: npt.NDArray[np.bool_], grid: GeoBox, frame: Frame
) -> Overlay:
    """Soft relief shading that fades before the grid's edge.

    Light comes from the north-west. Shadows are dark and highlights white, both with little
    opacity; outside the region the shading is weaker and ends before the raster does, so
    that no rectangle is seen.

    Parameters
    ----------
    height : (rows, columns) DataArray
        Height [m]; NaN is drawn flat.
    inside : (rows, columns) bool
        Cells of the region.
    grid : GeoBox
    frame : Frame

    Returns
    -------
    Overlay
    """
    light = _light(height, inside, grid)
    level = np.round(light * _strength(inside) * (_SHADES // 2)) + _SHADES // 2
    warped = np.asarray(
        _warp(level.astype(np.float32), grid, frame, -1.0, Resampling.bilinear), dtype=np.float32
    )
    image = np.where(warped < 0, _SHADES // 2, np.round(warped)).astype(np.uint8)
    return Overlay(palette_png(image, _shades()), frame.bounds)


def _light(
    height: xr.DataArray, inside: npt.NDArray[np.bool_], grid: GeoBox
) -> npt.NDArray[np.float64]:
    """How much each cell faces the light, from -1 to 1."""
    filled = np.array(height.values, dtype=np.float64)
    known = np.isfinite(filled)
    filled[~known] = filled[known].mean() if known.any() else 0.0
    tall, wide = cell_size(grid)
    # Arrays of the whole picture are written over or let go as soon as they can be.
    smooth = gaussian_filter(filled, sigma=(4000.0 / tall, 4000.0 / wide), output=filled)
    light = np.gradient(smooth, wide, axis=1)
    light += np.gradient(smooth, tall, axis=0)
    del filled, smooth
    # Facing the light (rising to the south-east, away from it) counts as bright.
    light /= np.sqrt(2.0)
    light[~known] = 0.0
    light /= np.quantile(np.abs(light[inside]), 0.97) + 1e-12 if inside.any() else 1.0
    return np.asarray(np.clip(light, -1, 1, out=light))


def _strength(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """How much of the shading each cell shows: all of it in the region, none at the edge."""
    reach = 0.16 * min(inside.shape)
    fade = 0.75 * np.clip(_edge_distance(inside.shape) / reach, 0, 1)
    if inside.any():
        fade *= np.clip(1 - euclidean_distance(inside, (1.0, 1.0)) / (2.2 * reach), 0, 1)
    return np.where(inside, 1.0, fade**1.3)


def _edge_distance(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Cells between each cell and the nearest edge."""
    row, column = (np.arange(side, dtype=np.float64) for side in shape)
    down, across = np.minimum(row, row[::-1]), np.minimum(column, column[::-1])
    return np.minimum(down[:, None], across)


def _shades() -> list[RGBA]:
    middle = _SHADES // 2
    dark = [(72, 52, 28, round(70 * (middle - k) / middle)) for k in range(middle)]
    bright = [(255, 255, 255, round(130 * k / middle)) for k in range(1, middle + 1)]
    return [*dark, (255, 255, 255, 0), *bright]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def palette_png(index: npt.NDArray[np.uint8], palette: Sequence[RGBA]) -> bytes:
    """Write a PNG with a palette and transparency, four or eight bits a pixel.

    Parameters
    ----------
    index : (rows, columns) uint8
        Place of each pixel's colour in the palette.
    palette : sequence of (red, green, blue, alpha)
        At most 256 colours, 0 to 255 each.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If a pixel has no colour.

    References
    ----------
    PNG specification, third edition, W3C 2025, sections 4.4 and 11.2.

    Examples
    --------
    >>> palette_png(np.zeros((1, 1), np.uint8), [(0, 0, 0, 255)])[1:4]
    b'PNG'
    """
    if len(palette) > 256 or (index.size and int(index.max()) >= len(palette)):
        raise DataError(
            f"the picture has colour {int(index.max(initial=0))}, the palette {len(palette)}: "
            "give each pixel a colour, 256 at most"
        )
    rows, columns = index.shape
    depth = 4 if len(palette) <= 16 else 8
    pixels = np.ascontiguousarray(index)
    if depth == 4:
        padded = np.zeros((rows, columns + columns % 2), dtype=np.uint8)
        padded[:, :columns] = pixels
        pixels = np.bitwise_or(padded[:, 0::2] << 4, padded[:, 1::2]).astype(np.uint8)
    lines = np.zeros((rows, pixels.shape[1] + 1), dtype=np.uint8)
    lines[:, 1:] = pixels
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            _chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(channel for colour in palette for channel in colour[:3])),
            _chunk(b"tRNS", bytes(colour[3] for colour in palette)),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
