"""Choosing a projected reference system for a region, and saying how far it distorts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Geod, Proj, Transformer

from geo.errors import CrsError

__all__ = [
    "Distortion",
    "distortion",
    "equal_area",
    "ground_metres",
    "require_projected",
    "require_same",
]


@dataclass(frozen=True)
class Distortion:
    """Scale of a projection over a region: 1.003 means lengths are drawn 0.3 % too long."""

    smallest: float
    largest: float

    @property
    def worst_percent(self) -> float:
        """Largest error of a length in either sense [%]."""
        return 100.0 * max(abs(self.smallest - 1.0), abs(self.largest - 1.0))


def equal_area(bounds: Sequence[float]) -> CRS:
    """Make an equal-area system centred on a region.

    An Albers conic with standard parallels a sixth of the height inside the
    region's edges (Snyder 1987, p. 99), or a Lambert azimuthal where the region
    straddles the equator or reaches a pole and a cone would fail.

    Parameters
    ----------
    bounds : (west, south, east, north)
        Extent of the region in longitude and latitude [degrees].

    Returns
    -------
    CRS
        Projected, in metres, equal-area.

    Raises
    ------
    CrsError
        If the bounds are no extent in degrees.

    References
    ----------
    Snyder, J. P. (1987). Map projections: a working manual. USGS Professional
    Paper 1395. https://doi.org/10.3133/pp1395

    Examples
    --------
    >>> equal_area((87.7, 41.6, 119.9, 52.1)).coordinate_operation.method_name
    'Albers Equal Area'
    """
    west, south, east, north = (float(v) for v in bounds)
    if not (np.isfinite([west, south, east, north]).all() and -90 <= south < north <= 90):
        raise CrsError(f"bounds {tuple(bounds)} are no extent in degrees: reproject to EPSG:4326")
    lon = round((west + east) / 2, 1)
    lat = round((south + north) / 2, 1)
    sixth = (north - south) / 6
    if south * north <= 0 or max(abs(south), abs(north)) > 80:
        return CRS.from_proj4(
            f"+proj=laea +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m +no_defs"
        )
    return CRS.from_proj4(
        f"+proj=aea +lat_1={south + sixth:.1f} +lat_2={north - sixth:.1f} "
        f"+lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m +no_defs"
    )


def distortion(crs: CRS, bounds: Sequence[float]) -> Distortion:
    """Scale error of a projection over a region.

    Parameters
    ----------
    crs : CRS
        A projected system.
    bounds : (west, south, east, north)
        Extent [degrees], sampled on 21 x 21 points.

    Returns
    -------
    Distortion
        Smallest and largest scale in any direction.
    """
    west, south, east, north = bounds
    lon, lat = np.meshgrid(np.linspace(west, east, 21), np.linspace(south, north, 21))
    factors = Proj(crs).get_factors(lon.ravel(), lat.ravel())
    return Distortion(
        float(np.min(factors.tissot_semiminor)), float(np.max(factors.tissot_semimajor))
    )


def ground_metres(crs: CRS, x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """How a small step in the plane of a projection lies on the ground.

    Parameters
    ----------
    crs : CRS
        A projected system.
    x, y : (n,) array_like
        Places in it [m].

    Returns
    -------
    (n, 2, 2) array
        Metres east and north on the ellipsoid (first axis) for each metre of x and y (second
        axis); NaN outside the projection. The singular values are the inverse scales of
        length, the determinant that of area.

    Notes
    -----
    Measured along geodesics over 100 m, so that it also holds for Web Mercator, whose
    sphere PROJ's own factors take for the ellipsoid.

    Examples
    --------
    >>> ground_metres(CRS(3857), [0.0], [8_399_738.0]).round(2)
    array([[[0.5, 0. ],
            [0. , 0.5]]])
    """
    found = CRS.from_user_input(crs)
    to_degrees = Transformer.from_crs(found, found.geodetic_crs, always_xy=True)
    # A projected CRS always has an ellipsoid.
    geod = cast(Geod, found.get_geod())
    east, north = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    out = np.full((*east.shape, 2, 2), np.nan)
    for axis, (right, up) in enumerate(((50.0, 0.0), (0.0, 50.0))):
        ends = [to_degrees.transform(east + s * right, north + s * up) for s in (-1, 1)]
        fine = np.isfinite(ends).all(axis=(0, 1))
        azimuth, _, length = geod.inv(*(part[fine] for end in ends for part in end))
        out[fine, 0, axis] = length * np.sin(np.radians(azimuth)) / 100.0
        out[fine, 1, axis] = length * np.cos(np.radians(azimuth)) / 100.0
    return out


def require_projected(crs: CRS | None, what: str) -> CRS:
    """Return `crs` when lengths may be measured in it.

    Raises
    ------
    CrsError
        If it is missing or counts in degrees.
    """
    if crs is None:
        raise CrsError(f"{what} has no CRS: state it in the layer's record")
    found = CRS.from_user_input(crs)
    if not found.is_projected:
        raise CrsError(
            f"{what} has the geographic CRS {found.name}, lengths need a projected one: "
            "reproject it to the grid's CRS"
        )
    return found


def require_same(found: CRS | None, required: CRS, what: str) -> None:
    """Refuse `what` when its system is not the required one.

    Raises
    ------
    CrsError
        If it is missing or differs.
    """
    if found is None:
        raise CrsError(f"{what} has no CRS: state it in the layer's record")
    if CRS.from_user_input(found) != CRS.from_user_input(required):
        raise CrsError(
            f"{what} has {CRS.from_user_input(found).name}, the grid has "
            f"{CRS.from_user_input(required).name}: reproject with .to_crs(grid.crs)"
        )
