"""Choosing a projected reference system for a region, and saying how far it distorts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyproj import CRS, Proj

from geo.errors import CrsError

__all__ = ["Distortion", "distortion", "equal_area", "require_projected", "require_same"]


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
