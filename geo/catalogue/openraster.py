"""An open raster, whatever its format: its grid, its bands, and a way to read a window of them.

Every format gives the same thing: rows from north to south, columns from west to east,
longitudes from -180 where the layer goes round the Earth, and stored values with what is known
about them. What the formats differ in ends here.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from affine import Affine
from pyproj import CRS

from geo.catalogue.findings import note, refuse

__all__ = ["Band", "OpenRaster", "Window", "north_up"]

Stored = npt.NDArray[np.generic]
Hidden = npt.NDArray[np.bool_] | None
Window = tuple[slice, slice]
"""Rows and columns, counted from the north-west corner."""


@dataclass(frozen=True)
class Band:
    """What a file says about one band.

    `nodata` are stored values that mean unknown, `valid` bounds stored values (outside is
    unknown), `unit` is the file's own text (None when it says nothing), `declared` the text of
    a nodata value that the type cannot hold.
    """

    name: str
    dtype: np.dtype[np.generic]
    nodata: tuple[float, ...] = ()
    scale: float = 1.0
    offset: float = 0.0
    valid: tuple[float, float] | None = None
    unit: str | None = None
    declared: str | None = None


@dataclass(frozen=True)
class OpenRaster:
    """An open raster.

    `read` takes a band's place from 0 and a window, and gives stored values with the cells that
    a mask hides (None for none). `facts` holds what only a report needs; `turned` says how the
    rows and columns were put in order.
    """

    path: Path
    driver: str
    shape: tuple[int, int]
    transform: Affine
    crs: CRS | None
    bands: tuple[Band, ...]
    read: Callable[[int, Window], tuple[Stored, Hidden]]
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    turned: tuple[str, ...] = ()
    block_rows: int = 256
    named: bool = False

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north edge of a raster that is north-up."""
        rows, columns = self.shape
        west, north = self.transform.c, self.transform.f
        return west, north + self.transform.e * rows, west + self.transform.a * columns, north

    @property
    def cells(self) -> int:
        """Count of values of all bands."""
        return self.shape[0] * self.shape[1] * len(self.bands)


def north_up(raster: OpenRaster) -> OpenRaster:
    """Put rows from north to south, columns from west to east and longitudes from -180.

    A rotated raster with a CRS is laid on a north-up grid with cells of the same area, each with
    the value of the nearest of its cells, and a warning says so.

    A raster round the whole Earth from 0 to 360 degrees has its eastern half moved to the west;
    one that lies beyond 180 altogether is moved by a turn. Apart from a rotation no value changes.

    Parameters
    ----------
    raster : OpenRaster

    Returns
    -------
    OpenRaster

    Raises
    ------
    LayerError
        If a cell has no size.
    """
    found = raster
    cell = found.transform
    if not all(math.isfinite(value) for value in cell[:6]) or cell.determinant == 0:
        raise refuse(
            found.path, "damaged", "has cells without a size", "write its transform into the file"
        )
    if found.crs is not None and (found.transform.b or found.transform.d):
        found = _straightened(found)
    if found.transform.e > 0:
        found = _rows_turned(found)
    if found.transform.a < 0:
        found = _columns_turned(found)
    if found.crs is not None and found.crs.is_geographic:
        found = _from_minus_180(found)
    return found


def _straightened(raster: OpenRaster) -> OpenRaster:
    turned, (rows, columns) = raster.transform, raster.shape
    corners = [turned @ (x, y) for x in (0, columns) for y in (0, rows)]
    west, east = min(x for x, _ in corners), max(x for x, _ in corners)
    south, north = min(y for _, y in corners), max(y for _, y in corners)
    side = math.sqrt(abs(turned.determinant))
    shape = math.ceil((north - south) / side), math.ceil((east - west) / side)
    straight = Affine(side, 0, west, 0, -side, north)
    inverse = ~turned @ straight
    note(
        raster.path,
        "warning",
        "rotated",
        "is rotated: each cell of a north-up grid gets the value of the nearest",
        "warp it north-up yourself to choose another way",
    )

    def read(band: int, window: Window) -> tuple[Stored, Hidden]:
        down = np.arange(window[0].start, window[0].stop)[:, None] + 0.5
        across = np.arange(window[1].start, window[1].stop)[None, :] + 0.5
        column = np.floor(inverse.a * across + inverse.b * down + inverse.c).astype(np.intp)
        row = np.floor(inverse.d * across + inverse.e * down + inverse.f).astype(np.intp)
        outside = (column < 0) | (column >= columns) | (row < 0) | (row >= rows)
        row, column = row.clip(0, rows - 1), column.clip(0, columns - 1)
        top, left = int(row.min()), int(column.min())
        inner = slice(top, int(row.max()) + 1), slice(left, int(column.max()) + 1)
        values, hidden = raster.read(band, inner)
        unknown = outside if hidden is None else outside | hidden[row - top, column - left]
        return values[row - top, column - left], unknown

    return replace(
        raster,
        shape=shape,
        transform=straight,
        read=read,
        turned=(*raster.turned, "rotated grid laid north-up"),
    )


def _rows_turned(raster: OpenRaster) -> OpenRaster:
    rows = raster.shape[0]
    moved = raster.transform * Affine.translation(0, rows) * Affine.scale(1, -1)

    def read(band: int, window: Window) -> tuple[Stored, Hidden]:
        inner = slice(rows - window[0].stop, rows - window[0].start)
        values, hidden = raster.read(band, (inner, window[1]))
        return values[::-1], None if hidden is None else hidden[::-1]

    return replace(raster, transform=moved, read=read, turned=(*raster.turned, "rows north-up"))


def _columns_turned(raster: OpenRaster) -> OpenRaster:
    columns = raster.shape[1]
    moved = raster.transform * Affine.translation(columns, 0) * Affine.scale(-1, 1)

    def read(band: int, window: Window) -> tuple[Stored, Hidden]:
        inner = slice(columns - window[1].stop, columns - window[1].start)
        values, hidden = raster.read(band, (window[0], inner))
        return values[:, ::-1], None if hidden is None else hidden[:, ::-1]

    return replace(raster, transform=moved, read=read, turned=(*raster.turned, "columns eastward"))


def _from_minus_180(raster: OpenRaster) -> OpenRaster:
    west, _, east, _ = raster.bounds
    step, columns = raster.transform.a, raster.shape[1]
    if east <= 180 + step * 0.51 or west < -180:
        return raster
    if west >= 180 - step * 0.01:
        moved = Affine.translation(-360, 0) * raster.transform
        return replace(raster, transform=moved, turned=(*raster.turned, "longitudes from -180"))
    if abs(columns * step - 360) > step * 0.01:
        return raster
    centres = west + step * (np.arange(columns) + 0.5)
    first = int(np.searchsorted(centres, 180 - step * 1e-6))
    moved = Affine.translation(first * step - 360, 0) * raster.transform

    def read(band: int, window: Window) -> tuple[Stored, Hidden]:
        pieces = [raster.read(band, (window[0], part)) for part in _rolled(window[1])]
        hidden = [one for _, one in pieces if one is not None]
        return (
            np.concatenate([values for values, _ in pieces], axis=1),
            np.concatenate(hidden, axis=1) if hidden else None,
        )

    def _rolled(part: slice) -> list[slice]:
        start, stop = part.start + first, part.stop + first
        if stop <= columns:
            return [slice(start, stop)]
        if start >= columns:
            return [slice(start - columns, stop - columns)]
        return [slice(start, columns), slice(0, stop - columns)]

    return replace(
        raster, transform=moved, read=read, turned=(*raster.turned, "longitudes from -180")
    )
