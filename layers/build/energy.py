"""Power plants, their published yields, and measured sun and wind."""

import pandas as pd

from layers.build.common import Columns, facts, slug, write_table, write_vector
from layers.build.provinces import normal_province
from layers.build.terms import COMPILED, CONFIDENCE, SOURCE_NOTE, points

__all__ = ["build"]


def _yield_precision() -> dict[str, float]:
    """Precision [km] that the yields table states for a plant's point."""
    rows = facts("energy_yields").dropna(subset=["coord_precision_km"])
    # Only points taken from the sites table: the others are other points of the same plant.
    rows = rows[rows.coord_source.str.contains("energy_sites.csv")]
    return dict(zip(rows["name"], rows.coord_precision_km, strict=True))


def _build_energy_sites() -> None:
    frame = facts("energy_sites")
    frame = points(frame[frame.technology != "resource"])
    frame["site_id"] = frame.name.map(slug)
    frame["province"] = frame.aimag_polygon.map(normal_province)
    frame["target"] = frame.year.where(frame.year.str.contains("target"))
    years = frame.year.str.extract(r"^(\d{4})$")[0]
    frame["year"] = pd.to_numeric(years).astype("Int32")
    frame["coord_precision_km"] = frame.name.map(_yield_precision())
    same = "perhaps the same plant as {}: an article gives one name to both"
    pair = {"bukhug-solar": "khushig-valley-naran-solar"}
    flags = {**pair, **{b: a for a, b in pair.items()}}
    frame["flags"] = frame.site_id.map(lambda i: same.format(flags[i]) if i in flags else None)
    told: Columns = {
        "site_id": "Id",
        "name": "Name",
        "technology": "wind, solar, solar-wind, storage, hydro, coal, coal CHP",
        "capacity_mw": ("MW", "Nominal power; whether AC or DC is not stated"),
        "year": "Year of commissioning; empty where unknown or not yet built",
        "target": "Target date of a plant that is not built, as published",
        "status": "operating, development or planned",
        "province": "Province (aimag)",
        "coord_precision_km": ("km", "How far the point may be off; empty = not stated"),
        "flags": "Doubts",
        "notes": "Remarks; design yields are the developer's",
        "source": SOURCE_NOTE,
        "confidence": CONFIDENCE,
    }
    write_vector(
        frame[[*told, "geometry"]],
        "mongolia",
        "energy-sites-mongolia",
        columns=told,
        sort_by=["site_id"],
        title="Mongolia: power plants and storage",
        source="Press, developers' pages and open plant lists: see each row",
        quality="compiled",
        limits="Many points are the town's, not the plant's; small and recent plants are absent; "
        "status and capacity of the rows marked low were recalled and need a check.",
        **COMPILED,
    )


_YIELD_COLUMNS: Columns = {
    "name": "Plant or group of plants",
    "country": "Country",
    "province": "Province",
    "lon": ("degree", "Longitude, WGS 84"),
    "lat": ("degree", "Latitude, WGS 84"),
    "coord_source": "Where the point is from",
    "coord_precision_km": ("km", "How far the point may be off"),
    "technology": "wind, solar, csp or solar-csp",
    "capacity_mw": ("MW", "Nominal power"),
    "capacity_basis": "ac, dc or unstated",
    "yield_gwh_yr": ("GWh/yr", "Energy in a year"),
    "capacity_factor": ("1", "Mostly derived from yield and capacity"),
    "full_load_hours": ("h", "Mostly derived from yield and capacity"),
    "hub_height_m": ("m", "Hub height"),
    "mean_speed_ms": ("m/s", "Mean wind speed at the site"),
    "speed_height_m": ("m", "Height of that speed; empty = not stated"),
    "kind": "actual (metered), estimate or design",
    "year": "Year or period",
    "source": SOURCE_NOTE,
    "confidence": CONFIDENCE,
}


def _build_yields() -> None:
    frame = facts("energy_yields")
    frame["province"] = frame.province.map(normal_province)
    record = {
        "columns": _YIELD_COLUMNS,
        "source": "Press, developers' pages, project documents and statistics: see each row",
        "quality": "compiled",
        **COMPILED,
    }
    limits = (
        "Compare kind (actual, estimate, design) and capacity_basis before mixing rows. Speed and "
        "yield of one site often come from one developer: predicting one from the other is "
        "circular. Observed yields include curtailment."
    )
    write_vector(
        points(frame),
        "mongolia",
        "energy-yields",
        title="Published yields of wind and solar plants in and around Mongolia",
        limits=f"{limits} Many Chinese points are the seat of the banner or city "
        "(coord_precision_km 40 to 150): regional checks only.",
        **record,
    )
    write_table(
        frame[frame.lon.isna()],
        "mongolia",
        "energy-yields-unlocated",
        title="Published yields without a point: national totals and unnamed sites",
        limits=limits,
        **record,
    )


# ---------------------------------------------------------------- measured points

_POINT_COLUMNS: Columns = {
    "name": "Place",
    "lon": ("degree", "Longitude, WGS 84"),
    "lat": ("degree", "Latitude, WGS 84"),
    "elevation_m": ("m", "Height above the sea"),
    "period": "Years that the value stands for",
    "kind": "station, atlas, mast or reanalysis",
    "source": SOURCE_NOTE,
    "confidence": CONFIDENCE,
}


def _build_solar_points() -> None:
    frame = points(facts("solar_points"))
    told: Columns = {
        **_POINT_COLUMNS,
        "quantity": "GHI, DNI or sunshine",
        "value": "Annual value, in the row's unit",
        "unit": "Unit of the row's value",
    }
    write_vector(
        frame,
        "northeast-asia",
        "solar-points",
        columns=told,
        title="Annual radiation and sunshine at named places",
        source="Global Solar Atlas 2, typical meteorological years (CSWD), CRU CL 2.0",
        quality="compiled",
        limits="GHI of kind atlas is the mean of a half-degree cell. The radiation of the "
        "Chinese typical years is mostly modelled, and low against the atlas. Sunshine is "
        "interpolated between stations (1961-1990) and read at station points.",
        licence="CC-BY-4.0 (Global Solar Atlas values); the rest as their sources state: facts",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
        attribution="Global Solar Atlas 2.0 (Solargis, World Bank Group); CSWD (China "
        "Meteorological Bureau, Tsinghua University); CRU CL 2.0 (New and others 2002)",
    )


def _build_wind_points() -> None:
    told: Columns = {
        **_POINT_COLUMNS,
        "height_m": ("m", "Height above ground; empty = not stated"),
        "mean_speed_ms": ("m/s", "Mean wind speed"),
        "weibull_k": ("1", "Shape of the Weibull distribution"),
        "power_density_w_m2": ("W/m²", "Mean power density"),
    }
    write_vector(
        points(facts("wind_points")),
        "northeast-asia",
        "wind-points",
        columns=told,
        title="Mean wind speed at stations and sites",
        source="Typical meteorological years (CSWD), CRU CL 2.0, press and papers: see each row",
        quality="screening",
        limits="Nearly all at 10 m. Atlas values (1961-1990) are a smooth interpolation that "
        "reads low at exposed sites (about 3 m/s where 5.5 m/s were measured): they rank areas, "
        "they give no yields. Five values are above 10 m or without a height; the height of "
        "two of these (Sainshand 80 m) is assumed by the compiler.",
        licence="Facts, as their sources state (CRU CL 2.0: free with citation)",
        attribution="CSWD (China Meteorological Bureau, Tsinghua University); CRU CL 2.0 (New "
        "and others 2002); sources of single rows",
    )


def build() -> None:
    """Write energy sites, yields, and the points of sun and wind."""
    _build_energy_sites()
    _build_yields()
    _build_solar_points()
    _build_wind_points()
