"""Deposits: the hand-made table and the USGS compilations, merged to one row a deposit.

Where both tables hold a deposit, tonnage, grade, status and point of the hand-made table win;
the USGS row adds its other names, its registers, and its tonnage where the other has none.
Nothing is filled in that no row states: empty stays empty.
"""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from layers.build.common import facts, slug, write_table, write_vector
from layers.build.provinces import PROVINCES, normal_province

__all__ = ["build", "merged", "point_precision_km"]

Row = dict[str, Any]

_PARENTS = {"heruga": "oyu-tolgoi", "ukhaa-khudag": "tavan-tolgoi"}
"""Children whose row states the parent: never count both."""

_DOUBTS = {
    "khongoot": "probably Bronze Fox under another of its names, with a point 650 km off",
    "bronze-fox": "the register's Khongoot (Bulgan) is probably this deposit with a wrong point",
    "auyoute": "may lie in China",
    "ondor-south": "may be part of Shand, whose register entry includes Ondor",
}
"""Doubts that the tables' notes or the registers' own entries give rise to."""

_CATEGORIES = {
    "kharmagtai": ("indicated", None),
    "bayan-khundii": ("measured and indicated", None),
    "altan-tsagaan-ovoo": ("proven and probable reserve", None),
    "urgen": ("B+C, remaining", None),
    "bronze-fox": ("preliminary, historical", "Soviet-Mongolian"),
}
"""Category and code, only where the text of the row states them for the tonnage given."""

_QUALIFIERS = {"Noyon", "W", "silver", "zeolite", "Zn-Pb-Ag", "Russia", "China"}
"""Words in parentheses that tell two places of one name apart; others are other names."""

_REGISTERS = {
    r"USGS ((?:SIR|OFR|PP) [\d-]+\w*)": r"USGS \1",
    r"USGS (?:M|m)ajor": "USGS OFR 2005-1294",
    r"sedznpb": "USGS sediment-hosted Zn-Pb",
    r"Ni-Cr-PGE": "USGS Ni-Cr-PGE",
    r"tin-tungsten": "World tin-tungsten compilation",
    r"Mudd & Jowitt": "Mudd & Jowitt copper compilation",
    r"GEM Coal Mine Boundaries|GEM 2026": "GEM Coal Mine Boundaries 2026",
}

_MASS = {"Mt": 1000.0, "kt": 1.0, "t": 0.001}
_STATED = re.compile(r"^(?:about )?([\d.,]+) (Mt|kt|t) (REO|Cu|Sn|U|Ag)\b")
_PROVINCE_NAMES = {province.name for province in PROVINCES.values()}
_EARTH = Geod(ellps="WGS84")
_SAME_POINT_KM = 0.5
_APART_KM = 5.0

_COLUMNS: dict[str, str | tuple[str, str]] = {
    "site_id": "Id, the same in every layer and result",
    "name": "Name, Latin",
    "other_names": "Other spellings and parts, ;-joined",
    "province": "Province: the table's where it has one, else the polygon's that holds the point",
    "commodity": "Primary commodity, lower case with hyphens",
    "other_commodities": "By-products and other elements",
    "deposit_type": "Type as the register says",
    "status": "producing, development, feasibility, exploration or occurrence; empty = unknown",
    "status_confidence": "high, medium or low; USGS status is of about 2010-13: low",
    "resource_mt": ("Mt", "Tonnage; never a sum of categories unless the source gives only it"),
    "grade": "Grade of that tonnage, in grade_unit",
    "grade_unit": "Unit of the grade",
    "contained_kt": ("kt", "Contained primary metal, oxide or mineral; empty = unknown"),
    "contained_basis": "tonnage x grade, or the statement it was read from",
    "category": "Category of the tonnage where the source states it, else not stated",
    "code": "Reporting code, where stated",
    "year": "Year of the tonnage or statement",
    "operator": "Operator or holder, as read",
    "part_of": "site_id of the deposit that already counts this one",
    "precision_km": ("km", "How far the point may be off"),
    "registers": "Compilations that list it, ;-joined, entry number in parentheses",
    "in_register_usgs": "Listed by a USGS compilation",
    "source": "Source of tonnage, grade and facts; 'recall' means from memory: weak",
    "confidence": "high, medium or low, as judged when the row was compiled",
    "notes": "Remarks",
    "flags": "Doubts about the row, ;-joined",
}


# ---------------------------------------------------------------- names and points


def _names(text: str) -> tuple[str, list[str]]:
    """Split a name into the name shown and its other names."""
    match = re.fullmatch(r"(.+?) \((.+)\)", text)
    if match is None:
        shown, *others = text.split(" / ")
        return shown, others
    shown, inside = match.groups()
    if inside in _PROVINCE_NAMES | _QUALIFIERS:
        return text, []
    # "Oyu Tolgoi trend, Entrée JV" places Heruga and names a partner: it is no other name.
    return shown, [] if "JV" in inside else inside.split(", ")


def _short_slug(name: str) -> str:
    return slug(re.sub(r" \(.*\)$", "", name))


def _site_ids(names: Iterable[str]) -> list[str]:
    """Short slugs; names that would share one keep their qualifier."""
    names = list(names)
    short = [_short_slug(name) for name in names]
    ids = [s if short.count(s) == 1 else slug(n) for s, n in zip(short, names, strict=True)]
    if doubles := {i for i in ids if ids.count(i) > 1}:
        raise SystemExit(f"deposits share the ids {sorted(doubles)}: tell their names apart")
    return ids


def _multiple(value: float, step: float) -> bool:
    """Tell whether a coordinate printed with four decimals is a multiple of a step [degrees]."""
    return abs(value / step - round(value / step)) * step < 0.7e-4


def point_precision_km(lon: float, lat: float) -> float:
    """Precision of a register's point, from how its coordinates were rounded.

    Parameters
    ----------
    lon, lat : float
        Degrees, printed with four decimals.

    Returns
    -------
    float
        [km]: 10 where both are multiples of 5 minutes or of a tenth of a degree, 3 where both
        are whole minutes, else 2, the best that any register point was found to have.

    Examples
    --------
    >>> point_precision_km(98.5, 50.3333), point_precision_km(107.7167, 43.4)
    (10.0, 3.0)
    >>> point_precision_km(104.1316, 49.0212)
    2.0
    """
    if all(_multiple(v, 1 / 12) for v in (lon, lat)) or all(_multiple(v, 0.1) for v in (lon, lat)):
        return 10.0
    return 3.0 if all(_multiple(v, 1 / 60) for v in (lon, lat)) else 2.0


# ---------------------------------------------------------------- one row


def _given(value: object) -> bool:
    return not (value is None or (isinstance(value, float) and math.isnan(value)))


def _text(value: object) -> str | None:
    return str(value) if _given(value) else None


def _number(value: object) -> float | None:
    return float(value) if _given(value) else None  # type: ignore[arg-type]


def _joined(parts: Iterable[str | None]) -> str | None:
    """Join the parts that are there, each once, with semicolons."""
    kept = list(dict.fromkeys(part for part in parts if part))
    return "; ".join(kept) or None


def _known_registers(*texts: str | None) -> list[str]:
    """Registers named in free text, without entry numbers."""
    found = []
    for text in texts:
        for pattern, name in _REGISTERS.items():
            found += [match.expand(name) for match in re.finditer(pattern, text or "")]
    return sorted(set(found))


def _contained(row: Row) -> tuple[float | None, str | None]:
    """Contained metal or mineral [kt] and where it comes from."""
    stated = _STATED.match(row["_stated"] or "")
    if row["resource_mt"] is not None and row["grade"] is not None:
        # 1 Mt at 1 % holds 10 kt; 1 Mt at 1 g/t holds 0.001 kt.
        factor = 0.001 if row["grade_unit"].startswith("g/t") else 10.0
        return round(row["resource_mt"] * row["grade"] * factor, 6), "tonnage x grade"
    if stated:
        amount = float(stated[1].replace(",", "")) * _MASS[stated[2]]
        return round(amount, 6), f"stated: {stated[0]}"
    return None, None


def _usgs_resource(usgs: Row) -> Row:
    """Tonnage and grade of the primary metal in a USGS row, where it has both."""
    column, unit = {"Copper": ("cu_pct", "% Cu"), "Molybdenum": ("mo_pct", "% Mo")}.get(
        usgs["primary_commodity"], (None, None)
    )
    tonnage, grade = _number(usgs["resource_mt"]), _number(usgs[column]) if column else None
    if tonnage is None or grade is None:
        return {}
    # SIR 2010-5090-Z closed its data in 2010.
    return {"resource_mt": tonnage, "grade": grade, "grade_unit": unit, "year": 2010}


def _from_hand(fact: Row) -> Row:
    shown, others = _names(fact["name"])
    stated = _text(fact["contained_or_other"])
    return {
        "name": shown,
        "other_names": _joined(others),
        "province": normal_province(fact["aimag"]),
        "commodity": slug(fact["primary_commodity"]),
        **{
            k: _text(fact[k])
            for k in ("other_commodities", "deposit_type", "status", "status_confidence")
        },
        **{k: _number(fact[k]) for k in ("resource_mt", "grade", "lon", "lat")},
        "grade_unit": _text(fact["grade_unit"]),
        "year": _number(fact["resource_year"]),
        "operator": _text(fact["operator"]),
        "precision_km": _number(fact["coord_precision_km"]),
        "registers": _joined(_known_registers(_text(fact["source"]), _text(fact["coord_source"]))),
        "source": _text(fact["source"]),
        "confidence": fact["confidence"],
        "notes": _joined(
            [
                _text(fact["notes"]),
                stated and f"contained or other: {stated}",
                f"point: {fact['coord_source']}" if _given(fact["coord_source"]) else None,
            ]
        ),
        "_stated": stated,
        "_flags": [],
    }


def _from_usgs(usgs: Row) -> Row:
    shown, others = _names(usgs["name"])
    precision = point_precision_km(usgs["lon"], usgs["lat"])
    resource = _usgs_resource(usgs)
    status = _text(usgs["status"])
    return {
        "name": shown,
        "other_names": _joined([*others, *_listed(usgs["other_names"])]),
        "province": None,
        "commodity": slug(usgs["primary_commodity"]),
        "other_commodities": _text(usgs["other_commodities"]),
        "deposit_type": _text(usgs["deposit_type"]),
        "status": status,
        "status_confidence": "low" if status else None,
        "resource_mt": None,
        "grade": None,
        "grade_unit": None,
        "year": None,
        **resource,
        "lon": usgs["lon"],
        "lat": usgs["lat"],
        "operator": None,
        "precision_km": max(precision, _number(usgs["coord_spread_km"]) or 0.0),
        "registers": _text(usgs["sources"]),
        "source": _text(usgs["sources"]),
        "confidence": usgs["confidence"],
        "notes": None,
        "_stated": None,
        "_flags": [],
    }


def _listed(value: object) -> list[str]:
    return [part.strip() for part in str(value).split(";")] if _given(value) else []


def _enrich(row: Row, usgs: Row) -> None:
    """Add to a hand-made row what only the USGS row has."""
    others = [n for n in (usgs["name"], *_listed(usgs["other_names"])) if n != row["name"]]
    row["other_names"] = _joined([*_listed(row["other_names"]), *others])
    row["other_commodities"] = row["other_commodities"] or _text(usgs["other_commodities"])
    entries = _listed(usgs["sources"])
    alone = [r for r in _listed(row["registers"]) if not any(e.startswith(r) for e in entries)]
    row["registers"] = _joined([*entries, *alone])
    resource = _usgs_resource(usgs)
    if resource and row["resource_mt"] is None and row["grade"] is None and not row["_stated"]:
        row.update(resource)
        row["source"] = _joined([row["source"], f"tonnage and grade: {entries[0]}"])
    spread, precision = _number(usgs["coord_spread_km"]), row["precision_km"] or 0.0
    if spread is not None and spread > max(_APART_KM, precision):
        row["_flags"].append(f"registers put it up to {spread:g} km apart")
    apart = _km(row, usgs)
    if apart > max(_APART_KM, precision):
        row["_flags"].append(f"the USGS point is {apart:.0f} km away")


def _km(one: Row, other: Row) -> float:
    return float(_EARTH.inv(one["lon"], one["lat"], other["lon"], other["lat"])[2]) / 1000


# ---------------------------------------------------------------- the merged table


def _finish(row: Row) -> None:
    """Columns that follow from the others."""
    site = row["site_id"]
    row["contained_kt"], row["contained_basis"] = _contained(row)
    category, code = _CATEGORIES.get(site, ("not stated", None))
    row["category"], row["code"] = (category if row["resource_mt"] else "not stated"), code
    row["part_of"] = _PARENTS.get(site)
    row["in_register_usgs"] = "USGS" in (row["registers"] or "")
    if site in _DOUBTS:
        row["_flags"].append(_DOUBTS[site])
    if row["lon"] is None:
        row["_flags"].append("no coordinate was found")


def _flag_shared_points(rows: list[Row]) -> None:
    """Flag rows of different names that lie on one point."""
    placed = [row for row in rows if row["lon"] is not None]
    for row in placed:
        shared = [r["name"] for r in placed if r is not row and _km(row, r) < _SAME_POINT_KM]
        if shared:
            row["_flags"].append(f"shares its point with {', '.join(shared)}")


def merged() -> pd.DataFrame:
    """Both tables as one, a row a deposit, with points outside the country still in it.

    Returns
    -------
    DataFrame
        The columns of the layer, and ``lon``, ``lat`` [degrees].
    """
    hand: list[Row] = facts("deposits").to_dict("records")  # type: ignore[assignment]
    usgs: list[Row] = facts("deposits_usgs").to_dict("records")  # type: ignore[assignment]
    by_name: Mapping[str, Row] = {fact["name"]: _from_hand(fact) for fact in hand}
    rows = list(by_name.values())
    for entry in usgs:
        match = _text(entry["in_deposits_csv"])
        if match is None:
            rows.append(_from_usgs(entry))
        else:
            _enrich(by_name[match], entry)
    for row, site in zip(rows, _site_ids(row["name"] for row in rows), strict=True):
        row["site_id"] = site
        _finish(row)
    _flag_shared_points(rows)
    for row in rows:
        row["flags"] = _joined(row.pop("_flags"))
    frame = pd.DataFrame(rows).drop(columns="_stated")
    return frame.astype({"year": "Int32"})[[*_COLUMNS, "lon", "lat"]].sort_values("site_id")


def _fill_provinces(frame: gpd.GeoDataFrame, regions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Province of the polygon that holds the point, where the table gives none."""
    inside = shapely.STRtree(regions.geometry.to_numpy()).query(
        frame.geometry.to_numpy(), predicate="intersects"
    )
    held = pd.Series(regions.name.to_numpy()[inside[1]], index=inside[0])
    held = held[~held.index.duplicated()].reindex(np.arange(len(frame)))
    return frame.assign(province=frame.province.fillna(pd.Series(held.to_numpy(), frame.index)))


_RECORD: Mapping[str, Any] = {
    "licence": "Public domain (USGS rows); BSD-3-Clause (the compilation)",
    "attribution": "U.S. Geological Survey; Lodemap fact tables, each row names its source",
    "source": "Hand-made table of 97 deposits and 253 USGS entries (SIR 2010-5090-Z, "
    "OFR 2005-1294, OFR 2008-1155, PP 1802), merged by name",
    "quality": "compiled",
}
_CAUTION = (
    "A screening compilation, not a technical report. Tonnages follow no single reporting code; "
    "category is not stated for most and categories are never added up. Do not add rows with "
    "part_of to their parents. Most USGS entries are prospects without tonnage or grade, with "
    "status of about 2010-13. "
)


def build(outline: gpd.GeoDataFrame, regions: gpd.GeoDataFrame) -> None:
    """Write ``deposits-mongolia`` and ``deposits-unlocated``.

    Parameters
    ----------
    outline : GeoDataFrame
        The country, one polygon, EPSG:4326.
    regions : GeoDataFrame
        Its provinces: ``name``.
    """
    frame = merged()
    unlocated, located = frame[frame.lon.isna()], frame[frame.lon.notna()]
    points = gpd.GeoDataFrame(
        located, geometry=gpd.points_from_xy(located.lon, located.lat), crs="EPSG:4326"
    )
    inside = points.within(outline.geometry.iloc[0])
    outside = "; ".join(sorted(points.name[~inside]))
    kept = _fill_provinces(points[inside], regions)
    write_vector(
        kept[[*_COLUMNS, "geometry"]],
        "mongolia",
        "deposits-mongolia",
        columns=_COLUMNS,
        title="Mongolia: mineral deposits and prospects",
        limits=f"{_CAUTION}precision_km is the table's; for USGS entries it is the spread of the "
        "registers, and at least 10 km where the coordinates are rounded to 5 minutes or a tenth "
        "of a degree, 3 km to the minute, else 2 km. Doubts stand in flags. "
        f"Left out because the point lies outside the outline ({(~inside).sum()}): {outside}.",
        **_RECORD,
    )
    told = {k: v for k, v in _COLUMNS.items() if k != "precision_km"}
    write_table(
        unlocated[[*told]],
        "mongolia",
        "deposits-unlocated",
        columns=told,
        title="Mongolia: deposits without a known point",
        limits=f"{_CAUTION}No coordinate was found for these: they are on no map.",
        **_RECORD,
    )
