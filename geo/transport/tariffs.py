"""What a tonne pays: low, central and high rates by mode and country, with their sources.

Every rate comes from the factor table of the layers. A number which that table does not
hold is a field of `Assumptions`, so that all of them stand in one place.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from geo.errors import DataError, NetworkError

__all__ = ["CASES", "Assumptions", "Case", "Rate", "Tariffs", "classify_factors", "in_dollars"]

Case = Literal["low", "central", "high"]
CASES: tuple[Case, ...] = ("low", "central", "high")

HOURS_PER_YEAR = 8760.0

_FACTORS = (
    ("gauge_change", r".", "gauge-change"),
    ("transshipment", r"port", "port"),
    ("transshipment", r"container", "container-lift"),
    ("transshipment", r"bulk", "tranship"),
    ("border_delay", r"rail average", "rail-dwell"),
    ("border_delay", r"road clearance", "road-dwell"),
    ("cost", r"unpaved", "truck-unpaved"),
    ("cost", r"road|truck", "truck-paved"),
    ("cost", r"\bsea\b", "sea"),
    ("cost", r"rail", "rail"),
    ("emission", r"rail", "kg-rail"),
    ("emission", r"road|truck", "kg-road"),
    ("emission", r"\bsea\b|ship", "kg-sea"),
    ("speed", r"rail", "rail-speed"),
    ("speed", r"road", "road-speed"),
)
_NUMBER = r"(\d+(?:\.\d+)?)"
_SPAN = re.compile(rf"(?<![\d.,]){_NUMBER}-{_NUMBER}")
_HOURS = re.compile(rf"{_NUMBER} h\b")
_FREE_SPEED = re.compile(rf"{_NUMBER} km/h without delay")
_NEEDED = (
    "gauge-change",
    "port",
    "container-lift",
    "tranship",
    "rail-dwell",
    "road-dwell",
    "truck-unpaved",
    "truck-paved",
    "sea",
    "rail",
    "rail-speed",
    "road-speed",
)


@dataclass(frozen=True)
class Assumptions:
    """Numbers that the factor table does not hold; every one is an assumption.

    Attributes
    ----------
    interest_rate : float
        Yearly rate at which cargo standing at a border is valued [1/yr]. Assumption:
        10 %, a rate for trade finance; the effect is below 1 USD/t for concentrates.
    spread : float
        Share by which low and high leave the central value where the table gives no
        bound. Assumption.
    sea_speed_kmh : float
        Speed of a bulk carrier [km/h]. Assumption: 12 knots, slow steaming.
    rail_fixed : mapping of str to (low, central, high)
        Part of a country's rail charge that does not depend on distance [USD/t].
        China's tariff adds a base price a tonne to one a tonne-kilometre. Its base
        price was 5.7 to 14.8 CNY/t by class of goods in July 2008 (National
        Development and Reform Commission, reported by Xinhua, 3 July 2008), 0.8 to
        2.2 USD/t at 6.74 CNY/USD, the rate that the factor table implies. That this
        range still holds, and its middle, are assumptions.
    rail_fixed_source : str
        What the legs say of it.
    rail_reference_km : float
        Haul at which a country's average rate per tonne-kilometre is taken to hold
        when a fixed part is split off [km]. Assumption: near China's mean rail haul.
    crossing_km : float
        Greatest distance between two facing border posts that a road is assumed to
        join where the table has no road link [km]. Assumption.
    usd : mapping of str to float
        US dollars for one unit of each other currency that the factor table is written
        in (ISO 4217), dated by whoever gives it.
    """

    interest_rate: float = 0.10
    spread: float = 0.30
    sea_speed_kmh: float = 22.2
    rail_fixed: Mapping[str, tuple[float, float, float]] = field(
        default_factory=lambda: MappingProxyType({"CN": (0.8, 1.5, 2.2)})
    )
    rail_fixed_source: str = (
        "assumption: base price a tonne, 5.7 to 14.8 CNY by class of goods "
        "(NDRC in Xinhua, 3 July 2008)"
    )
    rail_reference_km: float = 750.0
    crossing_km: float = 15.0
    usd: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        positive = (self.sea_speed_kmh, self.rail_reference_km)
        if not all(value > 0 for value in positive):
            raise DataError("a speed or a reference haul is not positive: give a positive number")
        if not (0 <= self.spread < 1 and self.interest_rate >= 0 and self.crossing_km >= 0):
            raise DataError(
                f"spread {self.spread}, interest {self.interest_rate} or crossing distance "
                f"{self.crossing_km} lies outside its range: spread is a share in [0, 1), "
                "the others are not negative"
            )


@dataclass(frozen=True)
class Rate:
    """One factor with its range and where it comes from.

    Attributes
    ----------
    low, central, high : float
        In the factor's own unit, ``0 <= low <= central <= high``.
    source, confidence, note : str

    Examples
    --------
    >>> Rate(0.15, 0.20, 0.30, "recall", "low").case("high")
    0.3
    """

    low: float
    central: float
    high: float
    source: str = ""
    confidence: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.central <= self.high < np.inf:
            raise DataError(
                f"the rate {self.low}, {self.central}, {self.high} ({self.source}) does not rise "
                "from low to high: give finite numbers, 0 <= low <= central <= high"
            )

    def case(self, case: Case) -> float:
        """Value of the low, central or high case."""
        return self.triple[CASES.index(case)]

    @property
    def triple(self) -> tuple[float, float, float]:
        """Low, central and high."""
        return self.low, self.central, self.high

    def scaled(self, factor: float) -> "Rate":
        """Rate times a factor that is not negative."""
        return replace(
            self, low=self.low * factor, central=self.central * factor, high=self.high * factor
        )


@dataclass(frozen=True)
class Tariffs:
    """Rates of every mode and operation.

    Attributes
    ----------
    rail : mapping of str to Rate
        By country (ISO 3166, two letters), the part by distance [USD/tkm].
    rail_fixed : mapping of str to Rate
        By country, the part that does not depend on distance [USD/t].
    truck_paved, truck_unpaved : Rate
        [USD/tkm]
    sea_fixed, sea_km : Rate
        Sea freight without port handling [USD/t] and [USD/tkm].
    gauge_change, tranship, container_lift, port : Rate
        Once per operation [USD/t].
    rail_dwell, road_dwell : Rate
        Time at a border [h].
    rail_speed, road_speed, sea_speed : float
        Without delay, since time at borders is counted by itself [km/h].
    interest_rate : float
        Values cargo that waits [1/yr].
    emissions : mapping of str to Rate
        By mode (rail, road, sea) [kg CO2e/tkm]; a mode that the table does not tell of is
        missing, and its emissions are unknown.
    """

    rail: Mapping[str, Rate]
    rail_fixed: Mapping[str, Rate]
    truck_paved: Rate
    truck_unpaved: Rate
    sea_fixed: Rate
    sea_km: Rate
    gauge_change: Rate
    tranship: Rate
    container_lift: Rate
    port: Rate
    rail_dwell: Rate
    road_dwell: Rate
    rail_speed: float
    road_speed: float
    sea_speed: float
    interest_rate: float
    emissions: Mapping[str, Rate] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_tables(
        cls,
        factors: pd.DataFrame,
        links: pd.DataFrame,
        *,
        assumptions: Assumptions | None = None,
    ) -> "Tariffs":
        """Read the rates from the factor table.

        A factor's first row gives the central value; further rows and a span in the
        notes ("0.15-0.30") give the bounds; where there is neither, the bounds are
        `Assumptions.spread` away. Three factors differ:

        * **rail** goes by country: a row speaks for the countries whose links carry its
          rate. Where the notes call a rate a *forecast* and the table also has an average
          that no link carries (an all-in average of the region), the range runs from the
          one to the other and the central value is their geometric mean, the middle
          between two single readings of a positive quantity that differ by a factor. A
          country without a row of its own gets the average.
        * **sea** freight is the straight line through the two points that its notes state
          ("8-15 USD/t on 1000-2400 km"): a fixed part and a part by distance.
        * **dwell** takes its upper bound from hours named in the notes, **speed** the
          value without delay.

        Parameters
        ----------
        factors : DataFrame
            Columns ``group, item, value, unit, notes, source, confidence``.
        links : DataFrame
            Columns ``mode``, ``country`` (of the railway) and ``usd_per_tkm``.
        assumptions : Assumptions, optional

        Returns
        -------
        Tariffs

        Raises
        ------
        NetworkError
            If the table lacks a factor; all of them are named. If a factor is in a unit that
            it cannot have, or in a currency without a rate in `Assumptions.usd`.
        """
        given = assumptions or Assumptions()
        table = in_dollars(classify_factors(factors), given.usd)
        missing = [name for name in _NEEDED if not (table["factor"] == name).any()]
        if missing:
            raise NetworkError(
                f"the factor table has no row for {', '.join(missing)}: complete the table"
            )
        rows = {name: table[table["factor"] == name] for name in _NEEDED}

        def plain(name: str) -> Rate:
            return _plain(rows[name], given.spread)

        rail = _rail(rows["rail"], links, given.spread)
        fixed = {
            country: Rate(*parts, given.rail_fixed_source, "low")
            for country, parts in given.rail_fixed.items()
            if country in rail
        }
        for country, part in fixed.items():
            rail[country] = _less(rail[country], part, given.rail_reference_km)
        sea_fixed, sea_km = _sea(rows["sea"], given.spread)
        return cls(
            rail=MappingProxyType(rail),
            rail_fixed=MappingProxyType(fixed),
            truck_paved=plain("truck-paved"),
            truck_unpaved=plain("truck-unpaved"),
            sea_fixed=sea_fixed,
            sea_km=sea_km,
            gauge_change=plain("gauge-change"),
            tranship=plain("tranship"),
            container_lift=plain("container-lift"),
            port=plain("port"),
            rail_dwell=_dwell(rows["rail-dwell"], given.spread),
            road_dwell=_dwell(rows["road-dwell"], given.spread),
            rail_speed=_free_speed(rows["rail-speed"]),
            road_speed=_free_speed(rows["road-speed"]),
            sea_speed=given.sea_speed_kmh,
            interest_rate=given.interest_rate,
            emissions=MappingProxyType(
                {
                    mode: _plain(found, given.spread)
                    for mode in ("rail", "road", "sea")
                    if len(found := table[table["factor"] == f"kg-{mode}"])
                }
            ),
        )

    def lift(self, form: str) -> Rate:
        """Rate of one transfer between vehicles for a product's form [USD/t].

        Parameters
        ----------
        form : {"bulk", "container"}
        """
        return self.container_lift if form == "container" else self.tranship


def classify_factors(factors: pd.DataFrame) -> pd.DataFrame:
    """Say which factor each row of the table speaks of.

    Parameters
    ----------
    factors : DataFrame
        Columns ``group``, ``item``, ``value`` and ``notes``.

    Returns
    -------
    DataFrame
        The same rows with a column ``factor``, empty where a row is only context.

    Raises
    ------
    NetworkError
        If a column is missing or a used value is no positive number.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": ["cost", "capacity"], "item": ["Unpaved road", "Trains"],
    ...                      "value": [0.2, 7], "notes": ["", ""]})
    >>> list(classify_factors(rows)["factor"])
    ['truck-unpaved', '']
    """
    needed = ("group", "item", "value", "notes")
    absent = [column for column in needed if column not in factors.columns]
    if absent:
        raise NetworkError(f"the factor table lacks the columns {', '.join(absent)}: add them")
    table = factors.copy()
    for column in ("notes", "source", "confidence"):
        table[column] = table[column].fillna("").astype(str) if column in table else ""
    table["value"] = pd.to_numeric(table["value"], errors="coerce")
    table["factor"] = [
        _factor(str(group), str(item))
        for group, item in zip(table["group"], table["item"], strict=True)
    ]
    bad = table[(table["factor"] != "") & ~(table["value"] > 0)]
    if len(bad):
        raise NetworkError(
            f"factor rows without a positive value: {'; '.join(bad['item'].astype(str))}: "
            "write a number above 0"
        )
    return table


def in_dollars(table: pd.DataFrame, usd: Mapping[str, float]) -> pd.DataFrame:
    """Factors with their money in US dollars.

    Parameters
    ----------
    table : DataFrame
        As of :func:`classify_factors`; a row without a ``unit`` is in that of its factor.
    usd : mapping of str to float
        US dollars for one unit of each other currency.

    Returns
    -------
    DataFrame
        Values, and spans of money in the notes, at the rate of the row's currency.

    Raises
    ------
    NetworkError
        If a unit is not the factor's or a currency has no rate: every row, one a line.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": ["cost"], "item": ["Rail"], "value": [0.155],
    ...                      "unit": ["CNY/tkm"], "notes": ["0.1-0.2"]})
    >>> made = in_dollars(classify_factors(rows), {"CNY": 0.14})
    >>> made["value"].round(4).item(), made["notes"].item()
    (0.0217, '0.014-0.028')
    """
    faults, rates = [], []
    units = table["unit"].fillna("").astype(str) if "unit" in table else [""] * len(table)
    for factor, item, unit in zip(table["factor"], table["item"], units, strict=True):
        rate = _rate_of(unit, _unit_of(factor), usd) if factor and unit else 1.0
        if isinstance(rate, str):
            faults.append(f"factor {item!r} is in {unit!r}: {rate}")
        rates.append(1.0 if isinstance(rate, str) else rate)
    if faults:
        raise NetworkError("\n".join(faults))
    notes = [_spans_at(text, rate) for text, rate in zip(table["notes"], rates, strict=True)]
    return table.assign(value=table["value"] * rates, notes=notes)


def _unit_of(factor: str) -> str:
    """Unit that a factor must come in."""
    if factor.startswith("kg-"):
        return "kg CO2e/tkm"
    if factor.endswith(("-dwell", "-speed")):
        return "h" if factor.endswith("-dwell") else "km/h"
    by_km = factor.startswith("truck") or factor in ("sea", "rail")
    return "USD/tkm" if by_km else "USD/t"


def _rate_of(unit: str, wanted: str, usd: Mapping[str, float]) -> float | str:
    """What a value is multiplied by to be in the unit wanted, or why it cannot be."""
    currency, slash, per = unit.partition("/")
    if unit == wanted:
        return 1.0
    if not wanted.startswith("USD/") or f"USD{slash}{per}" != wanted:
        return f"write it in {wanted}"
    if currency not in usd:
        return f"no rate of {currency} is known: give US dollars for one, or write it in {wanted}"
    return float(usd[currency])


def _spans_at(notes: str, rate: float) -> str:
    """Notes with the first span, which is money, at a rate."""
    if rate == 1.0:
        return notes

    def priced(found: re.Match[str]) -> str:
        return "-".join(f"{float(one) * rate:.6g}" for one in found.groups())

    return _SPAN.sub(priced, notes, count=1)


def _factor(group: str, item: str) -> str:
    for wanted, pattern, name in _FACTORS:
        if group == wanted and re.search(pattern, item, flags=re.IGNORECASE):
            return name
    return ""


def _texts(rows: pd.DataFrame) -> tuple[str, str]:
    sources = "; ".join(dict.fromkeys(text for text in rows["source"] if text))
    return sources, str(rows["confidence"].iloc[0])


def _bounded(central: float, bounds: Iterable[float], spread: float) -> tuple[float, float, float]:
    low = min([central, *bounds])
    high = max([central, *bounds])
    if low == central:
        low = central * (1 - spread)
    if high == central:
        high = central * (1 + spread)
    return low, central, high


def _plain(rows: pd.DataFrame, spread: float) -> Rate:
    central = float(rows["value"].iloc[0])
    bounds = [float(value) for value in rows["value"]]
    for notes in rows["notes"]:
        spans = [(float(a), float(b)) for a, b in _SPAN.findall(notes)]
        bounds += [edge for a, b in spans if a <= central <= b for edge in (a, b)]
    return Rate(*_bounded(central, bounds, spread), *_texts(rows))


def _rail(rows: pd.DataFrame, links: pd.DataFrame, spread: float) -> dict[str, Rate]:
    railways = links[links["mode"] == "rail"]
    carried = {
        str(country): set(group["usd_per_tkm"].dropna().round(6))
        for country, group in railways.groupby("country")
    }
    spoken = {round(float(value), 6) for value in rows["value"]}
    regional = rows[~rows["value"].round(6).isin(set().union(*carried.values()))]
    rates = {}
    for country, values in sorted(carried.items()):
        own = rows[rows["value"].round(6).isin(values & spoken)]
        if own.empty and regional.empty:
            raise NetworkError(
                f"no rail rate for {country} in the factor table: add a row with the rate "
                "that its links carry"
            )
        rates[country] = _national(own, regional, spread)
    return rates


def _national(own: pd.DataFrame, regional: pd.DataFrame, spread: float) -> Rate:
    if own.empty:
        return _plain(regional, spread)
    forecast = own["notes"].str.contains("forecast", case=False).any()
    if not forecast or regional.empty:
        return _plain(own, spread)
    both = pd.concat([own, regional])
    low, high = float(both["value"].min()), float(both["value"].max())
    note = "geometric mean of a forecast and an all-in average of the region"
    return Rate(low, float(np.sqrt(low * high)), high, _texts(both)[0], "low", note)


def _less(rate: Rate, fixed: Rate, haul: float) -> Rate:
    """Part by distance, such that the whole equals the average rate at the mean haul."""
    parts = [whole - fixed.central / haul for whole in rate.triple]
    if parts[0] < 0:
        raise DataError(
            f"the fixed part {fixed.central} USD/t over {haul} km exceeds the average rate "
            f"{rate.low} USD/tkm: lower it or lengthen the reference haul"
        )
    note = f"average rate less a fixed part of {fixed.central} USD/t at {haul:.0f} km (assumption)"
    return Rate(parts[0], parts[1], parts[2], rate.source, rate.confidence, note)


def _sea(rows: pd.DataFrame, spread: float) -> tuple[Rate, Rate]:
    source, confidence = _texts(rows)
    spans = _SPAN.findall(str(rows["notes"].iloc[0]))
    if len(spans) < 2:
        return Rate(0.0, 0.0, 0.0, source, confidence), _plain(rows, spread)
    (near, far), (short, long) = [(float(a), float(b)) for a, b in spans[:2]]
    slope = (far - near) / (long - short)
    start = near - slope * short
    if slope < 0 or start < 0:
        raise NetworkError(
            f"sea freight of {near:g}-{far:g} USD/t on {short:g}-{long:g} km falls below zero "
            "or with distance: check the notes of the sea row"
        )
    note = f"line through {near:g} USD/t at {short:g} km and {far:g} USD/t at {long:g} km"
    fixed = Rate(start * (1 - spread), start, start * (1 + spread), source, confidence, note)
    by_km = Rate(slope * (1 - spread), slope, slope * (1 + spread), source, confidence, note)
    return fixed, by_km


def _dwell(rows: pd.DataFrame, spread: float) -> Rate:
    central = float(rows["value"].iloc[0])
    hours = [float(text) for notes in rows["notes"] for text in _HOURS.findall(notes)]
    return Rate(*_bounded(central, hours, spread), *_texts(rows))


def _free_speed(rows: pd.DataFrame) -> float:
    found = _FREE_SPEED.search(str(rows["notes"].iloc[0]))
    return float(found.group(1)) if found else float(rows["value"].iloc[0])
