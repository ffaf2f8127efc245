"""Reference systems of vector layers: stated, understood, and plausible for the coordinates."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from geo.catalogue.findings import note, refuse
from geo.errors import CrsError

__all__ = ["authority", "require_plausible", "require_same", "understood"]

_SLACK = 1e-6
# Degrees that coordinates may lie outside a system's area of use.
_MARGIN = 10.0
_EDGE = 3.0


@lru_cache(maxsize=256)
def _parsed(said: str) -> CRS:
    found = CRS.from_user_input(said)
    # One system under one name, whatever order of axes a format states.
    return _wgs84() if _is_wgs84(found) else found


def understood(path: Path, said: object) -> CRS | None:
    """System that a file states, or None when it states none.

    Raises
    ------
    CrsError
        If it cannot be understood, or is tied to no place on the Earth.
    """
    if said is None or said == "":
        return None
    try:
        found = _parsed(said.to_wkt() if isinstance(said, CRS) else str(said))
    except CRSError as error:
        what = f"its CRS {str(said)[:80]!r} is unknown ({str(error).splitlines()[0][:80]})"
        fix = "write a known one into it, such as EPSG:4326"
        raise refuse(path, "crs-unknown", what, fix, error=CrsError) from None
    name = found.name.lower()
    if "undefined" in name or (name in ("unknown", "unnamed", "") and found.is_engineering):
        return None
    if found.is_engineering:
        what = f"its CRS {found.name!r} is a local one, tied to no place"
        raise refuse(path, "crs-local", what, "reproject it to a known one", error=CrsError)
    if not (found.is_geographic or found.is_projected):
        what = f"its CRS {found.name!r} is neither geographic nor projected"
        raise refuse(path, "crs-unfit", what, "reproject it to EPSG:4326", error=CrsError)
    return found


@lru_cache(maxsize=1)
def _wgs84() -> CRS:
    return CRS.from_epsg(4326)


def _is_wgs84(crs: CRS) -> bool:
    return bool(crs.is_geographic and crs.equals(_wgs84(), ignore_axis_order=True))


def authority(crs: CRS | None) -> str | None:
    """Authority and code of a system, its WKT where it has none.

    Examples
    --------
    >>> authority(CRS.from_user_input("EPSG:32648"))
    'EPSG:32648'
    >>> authority(CRS.from_user_input("OGC:CRS84"))
    'EPSG:4326'
    >>> authority(None) is None
    True
    """
    if crs is None:
        return None
    if _is_wgs84(crs):
        return "EPSG:4326"
    code = crs.to_authority(min_confidence=100) or crs.to_authority(min_confidence=70)
    return f"{code[0]}:{code[1]}" if code else str(crs.to_wkt())


def require_same(path: Path, found: CRS, required: str) -> None:
    """Refuse a file whose system is another than its record says.

    Raises
    ------
    CrsError
    """
    if not _same(found.to_wkt(), required):
        what = f"has {found.name}, its record says {required if len(required) < 60 else 'another'}"
        raise refuse(path, "crs-differs", what, "correct the one that is wrong", error=CrsError)


@lru_cache(maxsize=256)
def _same(found: str, required: str) -> bool:
    try:
        return bool(_parsed(found).equals(_parsed(required), ignore_axis_order=True))
    except CRSError:
        # A system pieced together wrongly can be read and yet have no valid text.
        return False


def require_plausible(path: Path, crs: CRS, bounds: Sequence[float]) -> None:
    """Refuse coordinates that cannot be of a system.

    Parameters
    ----------
    path : Path
    crs : CRS
    bounds : (west, south, east, north)
        Of all coordinates, in `crs`.

    Raises
    ------
    LayerError
        If they are no degrees under a geographic system, or plainly degrees or swapped under a
        projected one.
    """
    if crs.is_geographic:
        _degrees(path, crs, bounds)
    else:
        _metres(path, crs, bounds)


def _degrees(path: Path, crs: CRS, bounds: Sequence[float]) -> None:
    west, south, east, north = bounds
    turn = 360.0 if crs.axis_info[0].unit_name == "degree" else np.inf
    if -turn <= west <= east <= turn and -90 - _SLACK <= south <= north <= 90 + _SLACK:
        return
    swapped = -90 <= west <= east <= 90 and -180 <= south <= north <= 180
    what = (
        f"coordinates reach from ({west:.6g}, {south:.6g}) to ({east:.6g}, {north:.6g}), "
        f"outside longitude and latitude of {crs.name} (latitude out of range)"
    )
    if swapped:
        raise refuse(path, "axes-swapped", what, "swap the axes: they are latitude, longitude")
    large = max(abs(value) for value in bounds) > 1000
    said = "correct the CRS: they look like metres" if large else "correct the CRS or swap the axes"
    raise refuse(path, "crs-implausible", what, f"swap the axes or {said}" if not large else said)


def _metres(path: Path, crs: CRS, bounds: Sequence[float]) -> None:
    area = crs.area_of_use
    if area is None:
        return
    west, south, east, north = bounds
    if (
        area.west - _EDGE <= west <= east <= area.east + _EDGE
        and area.south - _EDGE <= south <= north <= area.north + _EDGE
        and max(abs(value) for value in bounds) <= 360
        and crs.axis_info[0].unit_name != "degree"
    ):
        what = (
            f"coordinates from ({west:.6g}, {south:.6g}) to ({east:.6g}, {north:.6g}) are degrees, "
            f"its CRS {crs.name} counts in {crs.axis_info[0].unit_name}"
        )
        raise refuse(path, "crs-implausible", what, "write EPSG:4326 into the file")
    if _within(crs, bounds, area):
        return
    turned = (south, west, north, east)
    where = f"coordinates from ({west:.6g}, {south:.6g}) to ({east:.6g}, {north:.6g})"
    if _within(crs, turned, area):
        what = f"{where} lie in {area.name} only with their axes swapped"
        raise refuse(path, "axes-swapped", what, "swap the axes: they are northing, easting")
    what = f"{where} lie far outside the area of {crs.name} ({area.name})"
    note(path, "warning", "crs-doubtful", what, "check the CRS")


def _within(crs: CRS, bounds: Sequence[float], area: object) -> bool:
    west, south, east, north = bounds
    try:
        change = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        lon, lat = change.transform((west + east) / 2, (south + north) / 2)
    except ProjError:
        return False
    if not np.isfinite([lon, lat]).all():
        return False
    left, right = area.west - _MARGIN, area.east + _MARGIN  # type: ignore[attr-defined]
    low, high = area.south - _MARGIN, area.north + _MARGIN  # type: ignore[attr-defined]
    # Areas across the antimeridian run from a larger to a smaller longitude.
    return bool(low <= lat <= high and (left > right or left <= lon <= right))
