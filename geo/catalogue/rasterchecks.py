"""What the header of a raster must fulfil before its values are believed.

The same checks stand before a study's reading, where a record says what to expect, and before
an inspection, where only the file speaks.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from geo.catalogue.findings import note, refuse
from geo.catalogue.openraster import OpenRaster
from geo.catalogue.records import Record
from geo.errors import CrsError, LodemapError, UnitError
from geo.units import same

__all__ = ["check_header", "check_record"]

_LARGEST_LOCAL = 1_000.0
_FAR = 5.0
_FROM_CF = {"degc": "degC", "celsius": "degC", "degreescelsius": "degC", "1": "", "k": "K",
            "none": "", "unitless": "", "dimensionless": "", "-": ""}  # fmt: skip


def check_header(raster: OpenRaster, *, placed: bool) -> None:
    """Refuse or remark what a raster's own header shows.

    Parameters
    ----------
    raster : OpenRaster
        North-up.
    placed : bool
        Whether it must lie on the Earth. Where not, a raster whose coordinates claim no place
        is only warned of; coordinates that look like a place still need a CRS.

    Raises
    ------
    CrsError
        If its CRS is missing, unfit, or cannot hold its coordinates.
    LayerError
        If it has no georeference or a scale that is zero.
    """
    if raster.facts.get("unplaced") and (placed or raster.crs is not None):
        raise refuse(
            raster.path,
            "no-georeference",
            "has no georeference",
            "write its transform and its CRS into the file",
        )
    if raster.crs is None:
        _without_crs(raster, placed)
    else:
        _check_system(raster, raster.crs)
        _check_place(raster, raster.crs)
        _check_cells(raster, raster.crs)
    if min(raster.shape) < 2:
        note(
            raster.path,
            "warning",
            "too-small",
            f"has {raster.shape[0]} x {raster.shape[1]} cells: slopes, distances and means over "
            "neighbours have nothing to work on",
            "check that this is the whole layer",
        )
    _check_bands(raster)


def check_record(raster: OpenRaster, record: Record) -> None:
    """Refuse a raster that contradicts its record.

    Raises
    ------
    CrsError
        If it has no CRS or another one than recorded.
    LayerError
        If the count of bands or a unit differs.
    """
    found = raster.crs
    if found is None:
        raise refuse(
            record.path,
            "crs-missing",
            f"layer {record.id!r} has no CRS, its record says {record.crs}",
            "write the CRS into the file, for example with gdal_edit -a_srs",
            error=CrsError,
        )
    if not _same_system(found, record.crs, raster):
        raise refuse(
            record.path,
            "crs-differs",
            f"has {found.name}, its record says {record.crs}",
            "correct the one that is wrong",
            error=CrsError,
        )
    if record.bands and len(record.bands) != len(raster.bands):
        raise refuse(
            record.path,
            "bands-differ",
            f"has {len(raster.bands)} bands, its record names {len(record.bands)}",
            "correct the record",
        )
    for unit in {band.unit for band in raster.bands if band.unit is not None}:
        _check_unit(record.path, unit, record.unit or "")


@lru_cache(maxsize=64)
def _system(text: str) -> CRS:
    return CRS.from_user_input(text)


def _same_system(found: CRS, recorded: str | None, raster: OpenRaster) -> bool:
    expected = _system(recorded or "")
    if raster.facts.get("datum_stated") is False:
        return bool(expected.is_geographic)
    return _equal(found.to_wkt(), recorded or "")


@lru_cache(maxsize=256)
def _equal(wkt: str, recorded: str) -> bool:
    found, expected = CRS.from_wkt(wkt), _system(recorded)
    if found.equals(expected, ignore_axis_order=True):
        return True
    # Esri writes other names for the same system.
    authority, _, code = recorded.partition(":")
    known = found.to_authority(auth_name=authority.upper(), min_confidence=70)
    return known is not None and known[1] == code


def _check_unit(path: Path, stated: str, recorded: str) -> None:
    try:
        agree = same(_FROM_CF.get(stated.lower().replace(" ", ""), stated), recorded)
    except UnitError:
        note(
            path,
            "warning",
            "unit-unknown",
            f"states the unit {stated!r}, which is none that is known; its record says "
            f"{recorded!r}",
            "check that they are the same",
        )
        return
    if not agree:
        raise refuse(
            path,
            "unit-differs",
            f"states the unit {stated!r}, its record says {recorded!r}",
            "correct the record",
        )


def _without_crs(raster: OpenRaster, placed: bool) -> None:
    west, south, east, north = raster.bounds
    degrees = -180.5 <= west <= east <= 360.5 and -90.5 <= south <= north <= 90.5
    far = max(abs(west), abs(south), abs(east), abs(north)) >= _LARGEST_LOCAL
    origin = raster.transform.c == 0 and min(abs(south), abs(north)) == 0
    if placed or ((degrees or far) and not origin):
        looks = "degrees" if degrees else "metres"
        raise refuse(
            raster.path,
            "crs-missing",
            f"has no CRS; its coordinates from ({west:.6g}, {south:.6g}) to ({east:.6g}, "
            f"{north:.6g}) could be {looks} of many systems",
            "write the CRS into the file, for example with gdal_edit -a_srs",
            error=CrsError,
        )
    kind = "a rotated image" if raster.transform.b or raster.transform.d else "an image"
    note(
        raster.path,
        "warning",
        "no-place",
        f"is {kind} without a CRS, its coordinates claim no place on the Earth",
        "write its transform and its CRS into the file before a study uses it",
    )


def _check_system(raster: OpenRaster, crs: CRS) -> None:
    if crs.is_engineering or crs.is_bound is None:
        raise refuse(
            raster.path,
            "crs-unfit",
            f"has a CRS by name only or a local one ({crs.name!r}), which ties it to no place",
            "write a CRS with a code into the file, for example with gdal_edit -a_srs",
            error=CrsError,
        )
    if not (crs.is_geographic or crs.is_projected):
        raise refuse(
            raster.path,
            "crs-unfit",
            f"has the CRS {crs.name!r}, required is a geographic or a projected one",
            "warp it to one, for example with gdalwarp -t_srs",
            error=CrsError,
        )
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if crs.is_projected and any(axis.unit_conversion_factor != 1 for axis in crs.axis_info[:2]):
        note(
            raster.path,
            "warning",
            "crs-unit",
            f"has a CRS in {', '.join(sorted(units)) or 'an unknown unit'} ({crs.name})",
            "distances are converted; check that heights are not in feet too",
        )


def _check_place(raster: OpenRaster, crs: CRS) -> None:
    west, south, east, north = raster.bounds
    # Grids whose outer centres lie on the poles reach half a cell beyond.
    room_x, room_y = abs(raster.transform.a) * 0.51, abs(raster.transform.e) * 0.51
    said = f"reaches from ({west:.4g}, {south:.4g}) to ({east:.4g}, {north:.4g})"
    if crs.is_geographic:
        if max(abs(south), abs(north)) > 90 + max(room_y, 0.5):
            swapped = max(abs(west), abs(east)) <= 90.5
            mend = "swap the axes" if swapped else "swap the axes or correct the CRS"
            raise _misplaced(raster, f"{said}, its latitudes outside longitude and latitude", mend)
        if west < -360 - room_x or east > 360 + room_x or east - west > 360 + 2 * room_x:
            raise _misplaced(raster, f"{said}, outside longitude and latitude", "correct the CRS")
        if west < 180 < east - room_x or west + room_x < -180 < east:
            note(
                raster.path,
                "warning",
                "antimeridian",
                f"{said}, across the 180th meridian",
                "none needed: it is placed on both sides",
            )
        return
    if max(abs(west), abs(east)) <= 360 and max(abs(south), abs(north)) <= 90 and room_x < 2.6:
        raise _misplaced(
            raster,
            f"{said}: these look like degrees, {crs.name} is in {crs.axis_info[0].unit_name}",
            "correct the CRS",
        )
    _check_area(raster, crs, said)


def _misplaced(raster: OpenRaster, what: str, fix: str) -> LodemapError:
    return refuse(raster.path, "crs-implausible", what, fix)


def _check_area(raster: OpenRaster, crs: CRS, said: str) -> None:
    west, south, east, north = raster.bounds
    try:
        lon, lat = _to_lonlat(crs.to_wkt())((west + east) / 2, (south + north) / 2)
    except (ProjError, CRSError):
        lon = lat = math.inf
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise _misplaced(
            raster, f"{said}, where {crs.name} has no place", "swap the axes or correct the CRS"
        )
    area = _area(crs.to_wkt())
    if area is None or area.west > area.east:
        return
    beyond = max(area.west - lon, lon - area.east, area.south - lat, lat - area.north)
    if beyond > _FAR:
        note(
            raster.path,
            "warning",
            "outside-area",
            f"lies at {abs(lat):.1f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.1f}° "
            f"{'E' if lon >= 0 else 'W'}, {beyond:.0f}° outside the area of {crs.name}",
            "check the CRS and the order of the axes",
        )


@lru_cache(maxsize=64)
def _to_lonlat(wkt: str) -> Callable[[float, float], tuple[float, float]]:
    transformer = Transformer.from_crs(CRS.from_wkt(wkt), 4326, always_xy=True)
    return lambda x, y: transformer.transform(x, y)


@lru_cache(maxsize=64)
def _area(wkt: str) -> Any:
    """Area of a system: files seldom state it, so it is looked up by its code."""
    crs = CRS.from_wkt(wkt)
    known = crs.to_authority(min_confidence=70)
    return crs.area_of_use if known is None else CRS.from_authority(*known).area_of_use


def _check_cells(raster: OpenRaster, crs: CRS) -> None:
    if crs.is_geographic:
        return
    width, height = abs(raster.transform.a), abs(raster.transform.e)
    if abs(width - height) > 0.01 * max(width, height):
        note(
            raster.path,
            "warning",
            "not-square",
            f"has cells of {width:g} by {height:g}, not square",
            "none needed: both sides are used as they are",
        )
    off = [abs(edge / size % 1 - 0.5) < 1e-3 for edge, size in
           ((raster.transform.c, width), (raster.transform.f, height))]  # fmt: skip
    cornered = raster.driver not in ("netCDF", "Zarr") and not raster.facts.get("pixel_is_point")
    if all(off) and cornered:
        note(
            raster.path,
            "warning",
            "half-cell",
            f"has its corner at ({raster.transform.c:.10g}, {raster.transform.f:.10g}), half a "
            f"cell off whole multiples of {width:g}: it may lie half a cell off other layers",
            "check whether its coordinates are those of cell centres",
        )


def _check_bands(raster: OpenRaster) -> None:
    for band in raster.bands:
        if not (math.isfinite(band.scale) and math.isfinite(band.offset) and band.scale):
            raise refuse(
                raster.path,
                "scale-invalid",
                f"has the scale {band.scale} and the offset {band.offset} in band {band.name}",
                "write a scale that is not zero",
            )
    unheld = [band for band in raster.bands if band.declared is not None]
    if unheld:
        note(
            raster.path,
            "warning",
            "nodata-outside-type",
            f"declares the nodata value {unheld[0].declared}, which {unheld[0].dtype} cannot "
            "hold: no cell is taken as unknown",
            "declare the value that stands for unknown",
            count=len(unheld),
        )
