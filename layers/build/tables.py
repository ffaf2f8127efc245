"""Laws, critical-mineral lists, prices, products, assumptions, words and turbines."""

from io import BytesIO
from typing import NamedTuple

import pandas as pd

from layers.build.common import (
    Columns,
    facts,
    package_version,
    pypi_file,
    slug,
    write_table,
)
from layers.build.terms import COMPILED, CONFIDENCE, SOURCE_NOTE

__all__ = ["build"]

_ASIA = "northeast-asia"
_ORIGIN: Columns = {"source": SOURCE_NOTE, "confidence": CONFIDENCE}


# ---------------------------------------------------------------- laws and thresholds


def _build_constraints() -> None:
    frame = facts("constraints")
    frame = frame[frame.lon.isna()].rename(columns={"aimag": "applies_to"})
    frame.insert(0, "rule_id", frame.name.map(slug))
    told: Columns = {
        "rule_id": "Id",
        "name": "Name",
        "kind": "Law, Threshold or Statistic",
        "area_km2": ("km²", "Area, for a statistic"),
        "rule": "What is forbidden, or which distance is kept",
        "applies_to": "Where it holds",
        "notes": "Remarks",
        **_ORIGIN,
    }
    write_table(
        frame[[*told]],
        "mongolia",
        "constraints",
        columns=told,
        sort_by=["rule_id"],
        title="Mongolia: laws and thresholds that exclude or warn",
        source="Law texts in translation and siting literature: see each row",
        quality="compiled",
        limits="A reading aid, not legal advice: later amendments are marked (check) and several "
        "thresholds are recalled ranges. The areas are in protected-areas-mongolia.",
        **COMPILED,
    )


# ---------------------------------------------------------------- policy


def _policy(section: str) -> pd.DataFrame:
    frame = facts("policy")
    return frame[frame.section == section].reset_index(drop=True)


def _build_lists() -> None:
    frame = _policy("list")
    frame = frame[frame.commodity.notna()].rename(columns={"key": "list"})
    # "Phosphorus" and "Phosphate" stay apart: the lists name them so.
    frame = frame.assign(
        commodity=frame.commodity.map(slug),
        listed=pd.to_numeric(frame.value).astype("int8"),
        year=frame.year.astype("int32"),
    )
    told: Columns = {
        "list": "Whose list, and which",
        "commodity": "Commodity, lower case with hyphens",
        "listed": "1 = on the list, 0 = not on it",
        "year": "Year of the list",
        "notes": "Remarks",
        **_ORIGIN,
    }
    write_table(
        frame[[*told]],
        _ASIA,
        "critical-lists",
        columns=told,
        sort_by=["list", "commodity"],
        title="Critical-mineral lists of Korea, Japan, the United States and the European Union",
        source="Official lists and their summaries by the IEA, JOGMEC and USGS: see each row",
        quality="compiled",
        limits="Each list as of its year; only the commodities found in Mongolia are covered. "
        "JP_critical_added_dec2024 holds additions only: a commodity absent there is not denied. "
        "Memberships and targets that name no commodity are left out.",
        **COMPILED,
    )


def _prices() -> pd.DataFrame:
    frame = _policy("price").rename(columns={"key": "title"})
    return frame.assign(
        price_id=frame.title.map(slug),
        commodity=frame.commodity.map(slug),
        value=pd.to_numeric(frame.value),
        year=frame.year.astype("int32"),
    )


def _build_prices() -> None:
    told: Columns = {
        "price_id": "Id",
        "title": "What is priced",
        "commodity": "Commodity, lower case with hyphens",
        "value": "Price in the row's unit, nominal dollars of the year",
        "unit": "Unit of the price",
        "year": "Year of the price",
        "notes": "Remarks and range",
        **_ORIGIN,
    }
    write_table(
        _prices()[[*told]],
        _ASIA,
        "prices",
        columns=told,
        sort_by=["price_id"],
        title="Commodity prices for screening",
        source="World Bank, USGS and press, mostly recalled: see each row",
        quality="screening",
        limits="One yearly figure each, mostly recalled and not checked against the publication; "
        "several are screening values. For shares of freight in a product's value only: never for "
        "a value in the ground.",
        **COMPILED,
    )


class _Product(NamedTuple):
    """What the price table does not say about a product."""

    title: str
    commodity: str
    price_id: str
    share: float
    price_basis: str
    moisture: float
    moisture_source: str
    payable: float | None
    payable_source: str
    product_grade: str
    form: str


_TRADE = "general trade practice"
_ASSUMED = "assumption"

_PRODUCTS = {
    "copper-concentrate": _Product(
        "Copper concentrate",
        "copper",
        "copper",
        0.265,
        "LME copper x 26.5 % Cu in dry concentrate; before payability, treatment and refining "
        "charges; by-products (gold, silver) not counted",
        0.085,
        f"{_ASSUMED}: middle of 8 to 9 %, {_TRADE}",
        0.965,
        f"about 96.5 % of the copper, {_TRADE}",
        "26.5 % Cu (middle of 25 to 28 %; assumption)",
        "bulk",
    ),
    "molybdenum-concentrate": _Product(
        "Molybdenum concentrate",
        "molybdenum",
        "molybdenum",
        0.5,
        "contained Mo in oxide x 50 % Mo in dry concentrate; before roasting charges",
        0.05,
        _ASSUMED,
        None,
        "unknown: no source",
        "50 % Mo (assumption)",
        "container",
    ),
    "fluorspar-acid": _Product(
        "Fluorspar, acid grade (filter cake)",
        "fluorspar",
        "fluorspar-acid-grade-97-caf2",
        1.0,
        "acid grade, taken as per dry tonne",
        0.10,
        f"{_ASSUMED}: up to 10 %, {_TRADE}; freezes in winter",
        1.0,
        "sold by the dry tonne of product: all of it is paid",
        "97 % CaF2",
        "bulk",
    ),
    "fluorspar-metallurgical": _Product(
        "Fluorspar, metallurgical grade (lump)",
        "fluorspar",
        "fluorspar-metallurgical",
        1.0,
        "metallurgical lump, taken as per dry tonne",
        0.03,
        f"{_ASSUMED}: drained lump",
        1.0,
        "sold by the dry tonne of product: all of it is paid",
        "75 to 90 % CaF2",
        "bulk",
    ),
    "rare-earth-mixed": _Product(
        "Mixed rare-earth oxides",
        "rare-earths",
        "rare-earths-mixed-reo-basket",
        1.0,
        "screening basket per tonne of contained REO; the discount for separation is not taken off",
        0.01,
        f"{_ASSUMED}: calcined product",
        None,
        "unknown: the discount for separation is negotiated, no source",
        "per tonne of REO; thorium and uranium decide whether it ships as class 7",
        "container",
    ),
    "coal-raw": _Product(
        "Raw coking coal",
        "coal",
        "coking-coal-mongolian-raw-mine-gate",
        1.0,
        "mine gate, 2017, taken as per dry tonne",
        0.08,
        _ASSUMED,
        1.0,
        "sold by the tonne of product: all of it is paid",
        "raw coking coal",
        "bulk",
    ),
    "coal-thermal": _Product(
        "Thermal coal",
        "coal",
        "thermal-coal",
        1.0,
        "mine gate, taken as per dry tonne",
        0.10,
        _ASSUMED,
        1.0,
        "sold by the tonne of product: all of it is paid",
        "thermal coal",
        "bulk",
    ),
}


def _product_row(name: str, product: _Product, prices: pd.DataFrame) -> dict[str, object]:
    (price,) = prices[prices.price_id == product.price_id].to_dict("records")
    told = product._asdict()
    share, price_id = told.pop("share"), told.pop("price_id")
    weakest = "low" if _ASSUMED in product.moisture_source else price["confidence"]
    return {
        "product": name,
        **told,
        "price_usd_t": round(float(price["value"]) * share, 2),
        "price_id": price_id,
        "price_year": price["year"],
        "source": f"price: {price['source']}; moisture: {product.moisture_source}; "
        f"payable: {product.payable_source}",
        "confidence": weakest,
    }


def _build_products() -> None:
    prices = _prices()
    rows = [_product_row(name, product, prices) for name, product in _PRODUCTS.items()]
    told: Columns = {
        "product": "Id",
        "commodity": "Commodity of the deposit, lower case with hyphens",
        "title": "Name",
        "price_usd_t": ("USD/t", "Value of a dry tonne of product, before payability"),
        "price_basis": "How that value follows from the price",
        "price_id": "Row of the table prices",
        "price_year": "Year of the price",
        "moisture": ("1", "Water in the wet product, by mass"),
        "moisture_source": "Where the moisture is from",
        "payable": ("1", "Share of the value that is paid; empty = unknown"),
        "payable_source": "Where the payable share is from",
        "product_grade": "Grade of the product",
        "form": "bulk or container",
        **_ORIGIN,
    }
    write_table(
        pd.DataFrame(rows)[[*told]],
        _ASIA,
        "products",
        columns=told,
        title="Products that leave the mine gate",
        source="Table prices; moisture, grade and payability from general trade practice or "
        "assumed: see each row",
        quality="screening",
        limits="Numbers marked assumption come from no document. Payable value of a dry tonne = "
        "price_usd_t x payable; treatment and refining charges are dated inputs and are not here. "
        "Where payable is empty no payable value can be told.",
        **COMPILED,
    )


def _build_construction() -> None:
    told: Columns = {
        "build": "Id",
        "title": "What is built",
        "mode": "rail or road",
        "usd_per_km_low": ("USD/km", "Cost on level, dry ground, low"),
        "usd_per_km": ("USD/km", "The same, central"),
        "usd_per_km_high": ("USD/km", "The same, high"),
        "usd_per_river_low": ("USD", "Cost of crossing a river, low"),
        "usd_per_river": ("USD", "The same, central"),
        "usd_per_river_high": ("USD", "The same, high"),
        "ruling_grade_percent": ("%", "Steepest grade that the line may have"),
        "notes": "What is in it",
        **_ORIGIN,
    }
    write_table(
        facts("construction_costs")[[*told]],
        _ASIA,
        "construction-costs",
        columns=told,
        title="What railways and roads cost to build",
        source="Lodemap fact table construction_costs: assumptions",
        quality="screening",
        limits="Every number is an assumption for screening, from no document: replace it by a "
        "quotation before a decision. Without land, rolling stock, power and interest while "
        "building.",
        **COMPILED,
    )


def _build_assumptions() -> None:
    sections = {"power_demand": "power demand", "water_use": "water use", "lcoe": "lcoe"}
    frame = pd.concat([_policy(name) for name in sections], ignore_index=True)
    number = pd.to_numeric(frame.value, errors="coerce")
    limits = frame.notes.str.extract(r"^[Rr]ange ([\d.]+)-([\d.]+)").astype("float64")
    # One row is a formula, not a number: it keeps its text apart.
    frame = frame.assign(
        assumption_id=(frame.section + " " + frame["key"]).map(slug),
        section=frame.section.map(sections),
        title=frame["key"],
        commodity=frame.commodity.map(slug, na_action="ignore"),
        formula=frame.value.where(number.isna()),
        value=number,
        low=limits[0],
        high=limits[1],
        year=pd.to_numeric(frame.year).astype("Int32"),
    )
    told: Columns = {
        "assumption_id": "Id",
        "section": "power demand, water use or lcoe",
        "title": "What is assumed",
        "commodity": "Commodity that it holds for, where it is one",
        "value": "Central value in the row's unit",
        "low": "Lower end of the range, where the source gives one",
        "high": "Upper end of the range, where the source gives one",
        "unit": "Unit of value, low and high",
        "formula": "Formula in place of a value",
        "year": "Year that it stands for",
        "notes": "Remarks",
        **_ORIGIN,
    }
    write_table(
        frame[[*told]],
        _ASIA,
        "assumptions",
        columns=told,
        sort_by=["section", "assumption_id"],
        title="Power and water demand, and inputs of the levelised cost of electricity",
        source="Press, agency reports and judgement, mostly recalled: see each row",
        quality="screening",
        limits="Power and water demand are recalled and weak. Discount rates mix bases: 5 % is "
        "real, 11 % is nominal; a cost must use one basis throughout. Observed and planned "
        "capacity factors are checks, not inputs.",
        **COMPILED,
    )


def _build_labels() -> None:
    told: Columns = {
        "key": "Id",
        "en": "English",
        "mn": "Mongolian",
        "ja": "Japanese",
        "ko": "Korean",
        "source": "Where the words are from",
        "confidence": CONFIDENCE,
    }
    write_table(
        facts("labels")[[*told]],
        _ASIA,
        "labels",
        columns=told,
        title="Words for maps in English, Mongolian, Japanese and Korean",
        source="Own translations, by general usage; place names by common press forms",
        quality="compiled",
        limits="Not read by a translator: rows of low confidence want one first.",
        **COMPILED,
    )


# ---------------------------------------------------------------- turbines

_TURBINES = {
    "MM92/2050": "specific power near the GE 1.6-82.5 of Salkhit",
    "V90/2000": "the type of Tsetsii",
    "V100/1800": "specific power near the V110-2.2 of Sainshand",
    "MM100/2000": "low wind, 2 MW class",
    "GE120/2500": "low wind, 2.5 MW class",
    "V126/3450": "low wind, 3 MW class",
    "SWT142/3150": "lowest specific power of the source",
    "E-126/4200": "medium wind, 4 MW class",
    "E-141/4200": "low wind, 4 MW class",
}
"""Machines taken over, and what each stands for. The source has no curve of the first-named."""


def _oedb(name: str) -> pd.DataFrame:
    data = pypi_file("windpowerlib", f"windpowerlib/oedb/{name}.csv")
    return pd.read_csv(BytesIO(data)).set_index("turbine_type").loc[[*_TURBINES]]


def _heights(text: object) -> list[float]:
    """Hub heights of a list like ``"99;135; 159"`` [m]."""
    parts = [] if pd.isna(text) else str(text).replace("/", ";").split(";")  # type: ignore[call-overload]
    return sorted(float(part.replace(",", ".")) for part in parts if part.strip())


def _build_turbines() -> None:
    machines = _oedb("turbine_data")
    curves = _oedb("power_curves").rename_axis("turbine").reset_index()
    frame = curves.melt("turbine", var_name="speed_ms", value_name="power_kw").dropna()
    frame = frame.astype({"speed_ms": "float64"}).reset_index(drop=True)
    frame["power_kw"] = frame.power_kw / 1000
    machine = machines.loc[frame.turbine].reset_index()
    heights = machine.hub_height.map(_heights)
    frame["rated_kw"] = machine.nominal_power / 1000
    frame["rotor_m"] = machine.rotor_diameter.astype("float64")
    frame["specific_power_w_m2"] = (machine.nominal_power / machine.rotor_area).round(1)
    frame["hub_m"] = heights.map(lambda h: h[0] if h else None)
    frame["hub_heights_m"] = heights.map(lambda h: ";".join(f"{x:g}" for x in h) or None)
    frame["manufacturer"] = machine.manufacturer
    frame["stands_for"] = frame.turbine.map(_TURBINES)
    frame["source"] = machine.source
    told: Columns = {
        "turbine": "Type: model / rated power in kW",
        "manufacturer": "Maker",
        "rated_kw": ("kW", "Rated power"),
        "rotor_m": ("m", "Rotor diameter"),
        "specific_power_w_m2": ("W/m²", "Rated power over swept area"),
        "hub_m": ("m", "Lowest hub height that the source lists; empty = not stated"),
        "hub_heights_m": "All hub heights that the source lists [m], ;-joined",
        "speed_ms": ("m/s", "Wind speed at hub height"),
        "power_kw": ("kW", "Power at that speed and standard air density, 1.225 kg/m3"),
        "stands_for": "Why it was taken over",
        "source": "Where the library has the curve from",
    }
    write_table(
        frame[[*told]],
        _ASIA,
        "wind-turbines",
        columns=told,
        sort_by=["turbine", "speed_ms"],
        title="Power curves of wind turbines",
        licence="MIT (windpowerlib, which carries the table)",
        licence_url="https://github.com/wind-python/windpowerlib/blob/dev/LICENSE",
        attribution="windpowerlib, Copyright (c) 2019 oemof developer group; wind turbine "
        "library of the Open Energy Platform",
        source=f"windpowerlib {package_version('windpowerlib')}, oedb/power_curves.csv and "
        "oedb/turbine_data.csv",
        quality="compiled",
        limits="Makers' curves at sea-level density, without turbulence, icing or low-temperature "
        "shutdown. The source has no curve of the GE 1.6-82.5, the V110-2.2 or of machines after "
        "2017: machines of like specific power stand in, as stands_for says. Curves end where the "
        "source ends (V90/2000 at 16.5 m/s, others at 20 to 25): no cut-out speed is stated, so a "
        "user must say what holds between the end and cut-out.",
    )


def build() -> None:
    """Write every table of this part."""
    _build_constraints()
    _build_lists()
    _build_prices()
    _build_products()
    _build_construction()
    _build_assumptions()
    _build_labels()
    _build_turbines()
