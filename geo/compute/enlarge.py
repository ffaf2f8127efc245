"""Warping a raster onto a grid of smaller cells: bilinear, exact to a hundredth of a cell."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer

from geo.compute.blocks import each, row_blocks

__all__ = ["enlarged"]

_STEPS = (64, 32, 16, 8, 4)
_TOLERANCE = 0.01
_BLOCK = 1 << 18
_TURN = 360.0

Places = npt.NDArray[np.float64]


class _Lattice(NamedTuple):
    """Where some cells of a grid lie in the raster's CRS, and how many cells apart they are."""

    east: Places
    north: Places
    step: int


def enlarged(
    values: npt.NDArray[np.float32], source: GeoBox, grid: GeoBox, *, whole: GeoBox | None = None
) -> npt.NDArray[np.float32] | None:
    """Warp a raster onto a grid whose cells are not larger, by bilinear interpolation.

    A cell is unknown when the raster's cell under its centre is unknown or there is none;
    elsewhere the known ones of the four nearest cells are weighted, their weights adding to one.
    Where a cell lies is worked out exactly for every few rows and columns of the whole grid and
    interpolated between them, to less than a hundredth of the raster's cell.

    Parameters
    ----------
    values : (rows, columns) or (bands, rows, columns) float32 array
        NaN is unknown.
    source : GeoBox
        Grid of `values`. In degrees it goes on round the Earth.
    grid : GeoBox
        The same kind of array is wanted on it.
    whole : GeoBox, optional
        The grid of which `grid` is a part: the part then gets, bit for bit, what it gets there.

    Returns
    -------
    float32 array or None
        None where this way does not apply: the grid has larger cells than the raster, lies
        aslant, is no part of `whole`, or bends too much between every fourth cell, as round a pole.

    Examples
    --------
    >>> source = GeoBox.from_bbox((100, 40, 104, 42), "EPSG:4326", resolution=2)
    >>> grid = GeoBox.from_bbox((100, 40, 105, 41), "EPSG:4326", resolution=1)
    >>> enlarged(np.array([[0, 4]], dtype=np.float32), source, grid)
    array([[ 0.,  1.,  3.,  4., nan]], dtype=float32)
    """
    whole = grid if whole is None else whole
    place = _place(grid, whole)
    if place is None or any(one.affine.b or one.affine.d for one in (source, whole)):
        return None
    lattice = _lattice(str(source.crs), (source.affine.a, source.affine.e), whole)
    if lattice is None:
        return None
    top, left = place
    rows = slice(top // lattice.step, (top + grid.shape[0] - 1) // lattice.step + 2)
    across = (lattice.east[rows] - source.affine.c) / source.affine.a
    down = (lattice.north[rows] - source.affine.f) / source.affine.e
    turn = _TURN / abs(source.affine.a) if _round(str(source.crs)) else 0.0
    out = np.empty((*values.shape[:-2], *grid.shape), dtype=np.float32)
    for band, written in zip(
        values.reshape(-1, *values.shape[-2:]), out.reshape(-1, *grid.shape), strict=True
    ):
        _fill(np.ascontiguousarray(band), across, down, (lattice.step, turn, top, left), written)
    return out


def _fill(
    band: npt.NDArray[np.float32],
    across: Places,
    down: Places,
    where: tuple[int, float, int, int],
    out: npt.NDArray[np.float32],
) -> None:
    step, turn, top, left = where
    each(
        lambda first, last: bilinear(
            band, across, down, step, turn, top % step, left, out, first, last
        ),
        row_blocks(out.shape, _BLOCK),
    )


def _place(grid: GeoBox, whole: GeoBox) -> tuple[int, int] | None:
    """Row and column of the whole grid where a part begins, None if it is no part."""
    found = (~whole.affine @ (grid.affine.c, grid.affine.f))[::-1]
    place = (round(found[0]), round(found[1]))
    within = all(
        first >= 0 and first + size <= most
        for first, size, most in zip(place, grid.shape, whole.shape, strict=True)
    )
    return place if within and np.allclose(found, place, rtol=0, atol=1e-3) else None


@lru_cache(maxsize=16)
def _lattice(crs: str, cell: tuple[float, float], grid: GeoBox) -> _Lattice | None:
    """Places of every few cells of a grid, as far apart as the tolerance lets them be."""
    over = Transformer.from_crs(str(grid.crs), crs, always_xy=True)
    for step in _STEPS:
        rows, columns = (np.arange(max(3, (n - 1) // step + 2)) * step + 0.5 for n in grid.shape)
        x = np.broadcast_to(grid.affine.c + grid.affine.a * columns, (rows.size, columns.size))
        y = np.broadcast_to((grid.affine.f + grid.affine.e * rows)[:, None], x.shape)
        east, north = (np.asarray(found) for found in over.transform(x, y))
        if not (np.isfinite(east).all() and np.isfinite(north).all()):
            continue
        if _round(crs):
            # The first column is followed down, every row from there.
            east = np.unwrap(east, period=_TURN, axis=1)
            east += (np.unwrap(east[:, 0], period=_TURN) - east[:, 0])[:, None]
        if max(_bend(east / cell[0]), _bend(north / cell[1])) > _TOLERANCE:
            continue
        return _Lattice(east, north, step) if _smaller(east, north, cell, step) else None
    return None


def _bend(place: Places) -> float:
    """Bound of how far the middle of a square of four places lies off its bilinear value.

    Measured on squares twice as wide, whose sides have a place in their middle; along both
    directions apart, since in a conformal projection the two cancel in the middle of a square.
    """
    found = (np.abs(np.diff(place, 2, axis=axis)).max() / 2 for axis in (0, 1))
    return float(sum(found))


def _smaller(east: Places, north: Places, cell: tuple[float, float], step: int) -> bool:
    """Whether no cell of the grid is larger than the raster's."""
    return all(
        float(np.abs(np.diff(place, axis=axis)).max()) <= abs(size) * step * (1 + 1e-6)
        for place, size in ((east, cell[0]), (north, cell[1]))
        for axis in (0, 1)
    )


@lru_cache(maxsize=64)
def _round(crs: str) -> bool:
    """Whether going east in this CRS leads back: it is one of degrees."""
    return CRS.from_user_input(crs).is_geographic


@njit(cache=True, nogil=True)
def bilinear(
    source: npt.NDArray[np.float32],
    across: Places,
    down: Places,
    step: int,
    turn: float,
    top: int,
    left: int,
    out: npt.NDArray[np.float32],
    first: int,
    last: int,
) -> None:
    """Fill some rows of `out` from places [cells of the source] of every `step`-th cell.

    `top` and `left` are the place of `out` from the first of those, `turn` the cells of the
    source round the Earth or 0.
    """
    rows, columns = source.shape
    right = left + out.shape[1]
    for i in range(first, last):
        node = (top + i) // step
        low = (top + i - node * step) / step
        # Places in this row, above and below of which they are known.
        u = across[node] + (across[node + 1] - across[node]) * low
        v = down[node] + (down[node + 1] - down[node]) * low
        for stop in range(left // step, (right - 1) // step + 1):
            begin = stop * step
            u0, v0 = u[stop], v[stop]
            east = (u[stop + 1] - u0) / step
            south = (v[stop + 1] - v0) / step
            for j in range(max(left, begin), min(right, begin + step)):
                x = u0 + east * (j - begin) - 0.5
                y = v0 + south * (j - begin) - 0.5
                if turn > 0.0 and not -0.5 <= x < columns - 0.5:
                    x -= turn * np.floor((x + 0.5) / turn)
                value = np.nan
                if 0.0 <= x < columns - 1 and 0.0 <= y < rows - 1:
                    column, row = int(x), int(y)
                    a, b = x - column, y - row
                    upper = source[row, column] * (1.0 - a) + source[row, column + 1] * a
                    lower = source[row + 1, column] * (1.0 - a) + source[row + 1, column + 1] * a
                    value = upper * (1.0 - b) + lower * b
                # One of the four cells is unknown or does not exist.
                out[i, j - left] = weighted(source, x, y) if np.isnan(value) else value


@njit(cache=True, nogil=True)
def weighted(source: npt.NDArray[np.float32], x: float, y: float) -> float:
    """Mean of the known ones of four cells, NaN where the one at the place is not.

    The place [cells] counts from the middle of the first cell.
    """
    rows, columns = source.shape
    if not (-0.5 <= x < columns - 0.5 and -0.5 <= y < rows - 0.5):
        return np.nan
    if np.isnan(source[int(y + 0.5), int(x + 0.5)]):
        return np.nan
    # A cell further is above zero, where truncation is the floor.
    column, row = int(x + 1.0) - 1, int(y + 1.0) - 1
    total = 0.0
    weights = 0.0
    for i in range(max(row, 0), min(row + 2, rows)):
        for j in range(max(column, 0), min(column + 2, columns)):
            weight = (1.0 - abs(y - i)) * (1.0 - abs(x - j))
            if not np.isnan(source[i, j]):
                total += weight * source[i, j]
                weights += weight
    return total / weights
