"""Which cells lie within so many true metres of a geometry.

A grid's CRS stretches lengths: by half a per cent in a good one, by half in Web Mercator.
Cells that are near or far however it stretches are settled in the plane; for the few between,
the way to the nearest piece is measured along the ellipsoid. The answer for a cell does not
depend on the rest of the grid, so a block gives what the whole gives.
"""

from typing import cast

import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod, Transformer

from geo.compute.segments import distance_to_segments
from geo.crs import ground_metres
from geo.grid import cell_size

__all__ = ["outlines", "true_distance", "within"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Of the distance in the plane, which is exact but for its rounding to float32.
_ROUNDING = 1e-6
_MICROMETRE = 1e-6


def within(pieces: npt.ArrayLike, grid: GeoBox, metres: float) -> Mask:
    """Cells whose centre lies within a true distance of straight pieces.

    Parameters
    ----------
    pieces : (n, 4) array_like of float [m]
        x and y of both ends in the grid's plane, from its upper left corner rightwards and
        downwards, as of `geo.criteria.shapes.segments`.
    grid : GeoBox
        In a projected CRS.
    metres : float
        Distance along the ellipsoid [m].

    Returns
    -------
    (rows, columns) array of bool

    Notes
    -----
    The nearest piece is the nearest in the plane of the grid.

    References
    ----------
    Karney, C. F. F. (2013). Algorithms for geodesics. Journal of Geodesy 87, 43-55.
    https://doi.org/10.1007/s00190-012-0578-z

    Examples
    --------
    In Web Mercator at 60 degrees north a kilometre of the ground is drawn two kilometres long.

    >>> grid = GeoBox.from_bbox((0, 8_399_000, 4000, 8_400_000), "EPSG:3857", resolution=1000)
    >>> within([[0, 0, 0, 1000]], grid, 1000.0)
    array([[ True,  True, False, False]])
    """
    ends = np.asarray(pieces, dtype=np.float64).reshape(-1, 4)
    shape, size = (int(grid.shape[0]), int(grid.shape[1])), cell_size(grid)
    low, high = _scale(grid, metres)
    most = (metres + _MICROMETRE) * high * (1 + _ROUNDING)
    ends = ends[_in_reach(ends, shape, size, most)]
    if len(ends) == 0:
        return np.zeros(shape, dtype=np.bool_)
    distance = distance_to_segments(ends, shape, size, max_distance=most)
    near = np.asarray(distance <= metres * low * (1 - _ROUNDING))
    rows, columns = np.nonzero((distance <= most) & ~near)
    if rows.size:
        near[rows, columns] = _true_distance(ends, grid, rows, columns) <= metres + _MICROMETRE
    return near


def true_distance(
    pieces: npt.ArrayLike, grid: GeoBox, rows: npt.ArrayLike, columns: npt.ArrayLike
) -> Floats:
    """Distance along the ellipsoid from cells to the piece nearest in the plane.

    Parameters
    ----------
    pieces : (n, 4) array_like of float [m]
        As of `within`, at least one.
    grid : GeoBox
    rows, columns : (m,) array_like of int
        Cells.

    Returns
    -------
    (m,) array [m]
    """
    ends = np.asarray(pieces, dtype=np.float64).reshape(-1, 4)
    return _true_distance(
        ends, grid, np.asarray(rows, dtype=np.intp), np.asarray(columns, dtype=np.intp)
    )


def outlines(holds: npt.ArrayLike, cell: tuple[float, float]) -> Floats:
    """Edges between the cells that hold and those that do not, as straight pieces.

    Parameters
    ----------
    holds : (rows, columns) array_like of bool
    cell : (height of a row, width of a column) [m]

    Returns
    -------
    (n, 4) array [m]
        As of `within`; edges in one line are joined.

    Examples
    --------
    >>> sorted(outlines([[False, True, True]], (10.0, 10.0)).tolist())
    [[10.0, 0.0, 10.0, 10.0], [10.0, 0.0, 30.0, 0.0], [10.0, 10.0, 30.0, 10.0],
     [30.0, 0.0, 30.0, 10.0]]
    """
    padded = np.pad(np.asarray(holds, dtype=np.bool_), 1)
    height, width = cell
    row, left, right = _runs(padded[1:, 1:-1] != padded[:-1, 1:-1])
    level = np.column_stack([left * width, row * height, right * width, row * height])
    column, top, foot = _runs((padded[1:-1, 1:] != padded[1:-1, :-1]).T)
    upright = np.column_stack([column * width, top * height, column * width, foot * height])
    return np.concatenate([level, upright]).astype(np.float64)


def _runs(
    edges: Mask,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Line, start and end of every run of edges."""
    padded = np.pad(edges, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    line, start = np.nonzero(change == 1)
    return line, start, np.nonzero(change == -1)[1]


def _in_reach(
    ends: Floats, shape: tuple[int, int], size: tuple[float, float], reach: float
) -> Mask:
    """Pieces whose box comes within `reach` of the grid: no other can matter."""
    x, y = ends[:, ::2], ends[:, 1::2]
    return np.asarray(
        (x.max(axis=1) >= -reach)
        & (x.min(axis=1) <= shape[1] * size[1] + reach)
        & (y.max(axis=1) >= -reach)
        & (y.min(axis=1) <= shape[0] * size[0] + reach)
    )


def _scale(grid: GeoBox, margin: float) -> tuple[float, float]:
    """Smallest and largest scale of the grid's CRS over the grid and a margin [m]."""
    crs = CRS.from_user_input(str(grid.crs))
    box = grid.boundingbox
    x, y = np.meshgrid(
        np.linspace(box.left - margin, box.right + margin, 9),
        np.linspace(box.bottom - margin, box.top + margin, 9),
    )
    metres = ground_metres(crs, x.ravel(), y.ravel())
    metres = metres[np.isfinite(metres).all(axis=(1, 2))]
    ground = np.linalg.svd(metres, compute_uv=False)
    low = 1.0 / float(np.max(ground, initial=1.0))
    high = 1.0 / float(np.min(ground, initial=1.0))
    spare = 0.1 * (high - low)
    return low - spare, high + spare


def _true_distance(
    ends: Floats, grid: GeoBox, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]
) -> Floats:
    height, width = cell_size(grid)
    centre = np.column_stack([(columns + 0.5) * width, (rows + 0.5) * height])
    tree = shapely.STRtree(shapely.linestrings(ends.reshape(-1, 2, 2)))
    which = np.empty(len(centre), dtype=np.intp)
    # Of equally near pieces any will do: the last one stays.
    at, found = tree.query_nearest(shapely.points(centre))
    which[at] = found
    nearest = _nearest_point(centre, ends[which])
    crs = CRS.from_user_input(str(grid.crs))
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    affine = grid.affine
    here, there = (
        to_degrees.transform(
            affine.c + points[:, 0] / width * affine.a, affine.f + points[:, 1] / height * affine.e
        )
        for points in (centre, nearest)
    )
    # A projected CRS always has an ellipsoid.
    geod = cast(Geod, crs.get_geod())
    return np.asarray(geod.inv(*here, *there)[2], dtype=np.float64)


def _nearest_point(points: Floats, ends: Floats) -> Floats:
    start, along = ends[:, :2], ends[:, 2:] - ends[:, :2]
    square = (along * along).sum(axis=1)
    share = ((points - start) * along).sum(axis=1)
    share = np.divide(share, square, out=np.zeros(len(points)), where=square > 0)
    return np.asarray(start + np.clip(share, 0, 1)[:, None] * along, dtype=np.float64)
