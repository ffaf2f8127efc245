"""Public registers of deposits, read as people download them, into one schema.

A register says where its facts stand (:class:`Layout`); :func:`read_register` does the rest,
the same for all: names stripped, commodities as slugs, kinds, stages and categories in the
words of :mod:`geo.minerals.vocabulary` beside the register's own text, quantities as
statements that are never added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import DataError, EmptyLayerError
from geo.minerals import resources
from geo.minerals.deposits import slug
from geo.minerals.vocabulary import deposit_type, status, tidy

__all__ = ["COLUMNS", "LAYOUTS", "Layout", "Register", "read_register"]

COLUMNS = (
    "site_id",
    "name",
    "other_names",
    "country",
    "province",
    "commodity",
    "co_products",
    "by_products",
    "deposit_type",
    "deposit_type_text",
    "model",
    "status",
    "status_text",
    "status_year",
    "product_form",
    "holder",
    "licence",
    "precision_km",
    "register",
    "register_id",
    "source",
)
"""Columns of a deposit record beside its point; empty text and NaN are unknown."""

_TEXTS = tuple(column for column in COLUMNS if column not in ("precision_km", "status_year"))


class Register(NamedTuple):
    """What a register holds.

    Attributes
    ----------
    deposits : GeoDataFrame
        Points in EPSG:4326 with :data:`COLUMNS`.
    statements : DataFrame
        With :data:`geo.minerals.resources.COLUMNS`.
    without_place : DataFrame
        Rows that give no usable coordinates, as they stand in the file: known, not mapped.
    """

    deposits: gpd.GeoDataFrame
    statements: pd.DataFrame
    without_place: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a register keeps what a record needs.

    Attributes
    ----------
    title : str
    columns : mapping
        Column of :data:`COLUMNS` -> column of the file.
    place : tuple of str
        Columns of longitude and latitude, or one of WKT.
    precision_km : float
        How far a point may be off where the file does not say [km].
    separator : str
        Between several commodities in one column; the first is the primary one.
    quantity : tuple of (str, str)
        Column and unit of the tonnage, empty where there is none.
    grades : mapping
        Column of a grade -> its unit with the substance, such as ``"% Cu"``.
    commodity : str
        What all deposits hold, where the file has no such column.
    """

    title: str
    columns: Mapping[str, str]
    place: tuple[str, ...]
    precision_km: float
    separator: str = ","
    quantity: tuple[str, str] = ("", "Mt")
    grades: Mapping[str, str] = field(default_factory=dict)
    commodity: str = ""


# Precisions are assumptions, coarse on purpose: MRDS states none, and its points are digitised
# from maps of many scales; the world compilations are rounded to a hundredth of a degree.
LAYOUTS: dict[str, Layout] = {
    "usgs-mrds": Layout(
        "USGS Mineral Resources Data System",
        {
            "register_id": "dep_id",
            "name": "site_name",
            "other_names": "names",
            "country": "country",
            "province": "state",
            "commodity": "commod1",
            "co_products": "commod2",
            "by_products": "commod3",
            "deposit_type_text": "dep_type",
            "status_text": "dev_stat",
        },
        ("longitude", "latitude"),
        5.0,
    ),
    "usgs-major-deposits": Layout(
        "USGS major mineral deposits of the world",
        {
            "register_id": "gid",
            "name": "dep_name",
            "country": "country",
            "province": "state",
            "commodity": "commodity",
            "deposit_type_text": "dep_type",
            "source": "citation",
        },
        ("longitude", "latitude"),
        5.0,
    ),
    "usgs-porphyry-copper": Layout(
        "USGS porphyry copper deposits of the world",
        {
            "register_id": "rec_id",
            "name": "depname",
            "country": "country",
            "province": "stprov",
            "deposit_type_text": "deptype",
        },
        ("longitude", "latitude"),
        5.0,
        quantity=("oreton", "Mt"),
        grades={"cugrd": "% Cu", "mogrd": "% Mo", "augrd": "g/t Au", "aggrd": "g/t Ag"},
        commodity="copper",
    ),
    "minmod": Layout(
        "MinMod, table of deduplicated sites",
        {
            "register_id": "ms",
            "name": "ms_name",
            "country": "country",
            "province": "state_or_province",
            "commodity": "commodity",
            "deposit_type_text": "top1_deposit_name",
            "status_text": "ms_type",
        },
        ("best_loc_centroid_epsg_4326",),
        5.0,
        quantity=("total_tonnage", "Mt"),
        grades={"total_grade": "%"},
    ),
}
"""Registers that are known by name."""

_PORPHYRY_MODELS = {"17": "porphyry Cu", "20c": "porphyry Cu-Au", "21a": "porphyry Cu-Mo"}


def read_register(table: pd.DataFrame, register: str | Layout) -> Register:
    """Bring a register's table into the one schema.

    Parameters
    ----------
    table : DataFrame
        As read from the register's file; headings are compared without case.
    register : str or Layout
        A key of :data:`LAYOUTS`, or where another register keeps its facts.

    Returns
    -------
    Register

    Raises
    ------
    DataError
        If the register is unknown, or the table has not its columns.
    EmptyLayerError
        If no row has coordinates.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"dep_id": [1], "site_name": ["Oyu Tolgoi "], "longitude": [106.86],
    ...     "latitude": [43.0], "country": ["Mongolia"], "state": [""], "names": [""],
    ...     "commod1": ["Copper, Gold"], "commod2": [""], "commod3": ["Molybdenum"],
    ...     "dep_type": ["Porphyry Cu-Au"], "dev_stat": ["Producer"]})
    >>> one = read_register(table, "usgs-mrds").deposits.iloc[0]
    >>> one["name"], one["commodity"], one["co_products"], one["status"], one["model"]
    ('Oyu Tolgoi', 'copper', 'gold', 'producing', '20c')
    """
    key, layout = _layout(register)
    rows = table.rename(columns=lambda name: str(name).strip().casefold())
    _require(rows, layout)
    points = _points(rows, layout.place)
    placed = ~(shapely.is_empty(points) | shapely.is_missing(points))
    if not placed.any():
        raise EmptyLayerError(
            f"{layout.title}: no row has coordinates in {', '.join(layout.place)}"
        )
    deposits = _records(rows[placed], key, layout)
    frame = gpd.GeoDataFrame(deposits, geometry=points[placed], crs=4326)
    said = _statements(rows[placed], deposits, layout)
    return Register(frame, said, rows[~placed].reset_index(drop=True))


def _layout(register: str | Layout) -> tuple[str, Layout]:
    if isinstance(register, Layout):
        return slug(register.title), register
    if register not in LAYOUTS:
        raise DataError(f"no register {register!r}: there are {', '.join(LAYOUTS)}")
    return register, LAYOUTS[register]


def _require(rows: pd.DataFrame, layout: Layout) -> None:
    needed = [layout.columns["name"], layout.columns["register_id"], *layout.place]
    if not layout.commodity:
        needed.append(layout.columns["commodity"])
    missing = [column for column in needed if column.casefold() not in rows.columns]
    if missing:
        raise DataError(
            f"{layout.title}: the table has no column {missing[0]!r}, it has "
            f"{', '.join(map(str, rows.columns[:12]))}: is it the download of another register?"
        )


def _points(rows: pd.DataFrame, place: tuple[str, ...]) -> np.ndarray:
    if len(place) == 1:
        texts = [text if isinstance(text, str) else None for text in rows[place[0].casefold()]]
        return np.asarray(shapely.from_wkt(texts, on_invalid="ignore"))
    degrees = [pd.to_numeric(rows[name.casefold()], errors="coerce") for name in place]
    east, north = (column.to_numpy(dtype=np.float64) for column in degrees)
    # Registers write 0, 0 where they know no place; no deposit lies in the Gulf of Guinea.
    known = (abs(east) <= 180) & (abs(north) <= 90) & ~((east == 0) & (north == 0))
    points = np.full(len(rows), None, dtype=object)
    points[known] = shapely.points(east[known], north[known])
    return points


def _records(rows: pd.DataFrame, key: str, layout: Layout) -> pd.DataFrame:
    records = pd.DataFrame(index=rows.index, columns=list(COLUMNS), dtype=object)
    for column, name in layout.columns.items():
        if name.casefold() in rows.columns:
            records[column] = rows[name.casefold()]
    records[list(_TEXTS)] = records[list(_TEXTS)].map(tidy)
    _name_commodities(records, layout)
    kinds = [
        deposit_type(_PORPHYRY_MODELS.get(text, text)) for text in records["deposit_type_text"]
    ]
    records["deposit_type"] = [kind.term for kind in kinds]
    records["model"] = [kind.model for kind in kinds]
    records["status"] = records["status_text"].map(status)
    records["precision_km"] = _numbers(records["precision_km"]).fillna(layout.precision_km)
    records["status_year"] = _numbers(records["status_year"])
    records["register"] = key
    records["source"] = records["source"].where(records["source"] != "", layout.title)
    records["site_id"] = [f"{key}-{slug(text)}" for text in records["register_id"]]
    twice = records["site_id"][records["site_id"].duplicated()]
    if not twice.empty:
        raise DataError(f"{layout.title}: the id {twice.iloc[0]!r} stands twice: keep one row")
    return records.reset_index(drop=True)


def _name_commodities(records: pd.DataFrame, layout: Layout) -> None:
    """Split what the register joins: the first commodity is primary, the others go with it."""
    lists = {name: records[name].map(_splitter(layout.separator)) for name in _ROLES}
    first = lists["commodity"].map(lambda names: names[:1])
    joined = lists["commodity"].map(lambda names: names[1:]) + lists["co_products"]
    records["commodity"] = first.map("".join).where(first.map(bool), layout.commodity)
    records["co_products"] = joined.map(";".join)
    records["by_products"] = lists["by_products"].map(";".join)


_ROLES = ("commodity", "co_products", "by_products")


def _splitter(separator: str) -> Callable[[str], list[str]]:
    return lambda text: [slug(part) for part in text.split(separator) if part.strip()]


def _statements(rows: pd.DataFrame, records: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    quantity, unit = layout.quantity
    if quantity not in rows.columns:
        return resources.statements(records.assign(resource_mt=np.nan).iloc[:0])
    if unit != "Mt":
        raise DataError(f"{layout.title}: a tonnage in {unit!r} is not read: give it in Mt")
    base = records[["site_id", "commodity", "source"]].copy()
    base["resource_mt"] = pd.to_numeric(rows[quantity], errors="coerce").to_numpy()
    parts = [
        _graded(base, rows[name], grade_unit)
        for name, grade_unit in layout.grades.items()
        if name in rows.columns
    ]
    return resources.statements(pd.concat(parts or [base], ignore_index=True))


def _graded(base: pd.DataFrame, grades: pd.Series, unit: str) -> pd.DataFrame:
    """One statement a grade: of the same ore, so never added to its neighbour."""
    share, _, substance = unit.partition(" ")
    known = pd.to_numeric(grades, errors="coerce").to_numpy()
    said = base.assign(grade=known)
    if substance:
        said["commodity"] = _METALS.get(substance, slug(substance))
        said["grade_unit"] = unit
    else:
        said["grade_unit"] = share + " " + said["commodity"]
    # Nothing is said of this metal where neither the grade nor (for the primary) the ore is.
    keep = np.isfinite(known) | (said["commodity"] == base["commodity"]).to_numpy()
    return pd.DataFrame(said[keep])


_METALS = {"Cu": "copper", "Mo": "molybdenum", "Au": "gold", "Ag": "silver"}


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce").astype(np.float64)
