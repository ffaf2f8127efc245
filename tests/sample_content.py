"""A small study result, made by hand for tests: nothing in it is a fact about the world.

Names and titles carry text that must never run: HTML, Jinja, JavaScript templates, spreadsheet
formulas, a right-to-left override, quotes and a control character.
"""

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from geo.catalogue.records import Record
from geo.grid import as_dataarray, cell_of, coordinates, inside, make_grid
from geo.publish.content import Content, CriterionView, ExclusionView, LayerView, ThemeView

HOSTILE = (
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}{# no #}",
    '=HYPERLINK("https://example.org";"x")',
    "</script><!-- ${alert(1)} `x` & 'y' \"z\"",
    "abc\u202edef",
    "bell\x07 ]]> \u2028 end",
)

REGION = Polygon([(100, 44), (108, 43.5), (111, 46), (108, 49), (102, 49.5), (99, 47)])
OUTSIDE = 65535


def sample_content() -> Content:
    """Two themes (deposits and places) on a grid of 20 km cells, with routes and a base map."""
    region = gpd.GeoDataFrame(
        {"name": ["Sampleland"], "iso_a2": ["XX"]}, geometry=[REGION], crs=4326
    )
    grid = make_grid(region, 20_000.0)
    surfaces = _surfaces(grid, region)
    return Content(
        id="sample",
        title=f"Sampleland: what to test {HOSTILE[0]}",
        subtitle="Made by hand for tests",
        themes=(_copper(grid, surfaces), _solar(grid, surfaces)),
        routes=_routes(),
        layers=_layers(region),
        surfaces=surfaces,
        records=(_record(),),
        notes=("No wind layer supports this region.", f"A note with {HOSTILE[1]}"),
        disclaimer="A sample for tests, no basis for a decision.",
        version="0.0.0",
        recipe_sha256="ab" * 32,
        grid=grid,
        region=region,
    )


def _surfaces(grid: GeoBox, region: gpd.GeoDataFrame) -> xr.Dataset:
    rows, columns = grid.shape
    within = inside(grid, region)
    down, across = np.mgrid[0:rows, 0:columns]
    rail = np.where(within, (10.0 * (across + 1)), np.nan)
    slope = np.where(within, 1.0 + down % 7, np.nan)
    slope[within & (across % 11 == 3)] = np.nan
    yields = np.where(within, 1500.0 + 8.0 * down, np.nan)
    bits = np.where(within, 0, OUTSIDE).astype(np.uint16)
    bits[within & (across < 6)] = 1
    bits[within & (down < 12)] |= 2
    excluded = within & (bits != 0) & (bits & 1 == 1)
    parts = {
        "copper-rail": (rail, "km", "Distance to the railhead"),
        "copper-slope": (slope, "%", "Slope"),
        "copper-score": (_score(rail, slope, excluded), "", "Score of copper"),
        "solar-yield": (yields, "kWh/m2", "Yearly sun"),
        "solar-slope": (slope, "%", "Slope"),
        "solar-score": (_score(yields / 10.0, slope, excluded), "", "Score of solar"),
        "relief": (1000.0 + 400.0 * np.sin(down / 3.0) * np.cos(across / 4.0), "m", "Height"),
    }
    arrays = {
        name: as_dataarray(
            values.astype(np.float32), grid, name=name, unit=unit, long_name=long_name
        )
        for name, (values, unit, long_name) in parts.items()
    }
    for theme in ("copper", "solar"):
        name = f"{theme}-excluded"
        arrays[name] = as_dataarray(
            bits, grid, name=name, unit="", long_name="Excluded by",
            flag_masks=[1, 2], flag_meanings="protected steep",
        )  # fmt: skip
    return xr.Dataset(arrays, coords=coordinates(grid))


def _score(first: np.ndarray, second: np.ndarray, excluded: np.ndarray) -> np.ndarray:
    known = 0.6 * np.clip(1 - first / 500.0, 0, 1) + 0.4 * np.nan_to_num(1 - second / 10.0)
    return np.where(excluded | np.isnan(first), np.nan, known)


def _criterion(
    identifier: str, title: str, unit: str, weight: float, **more: object
) -> CriterionView:
    fields: dict[str, object] = {
        "worst": f"500 {unit}",
        "best": f"0 {unit}",
        "source": "the test's own choice",
        "note": "",
        "spatial": True,
        "shape": {"kind": "piecewise", "points": [[0.0, 1.0], [500.0, 0.0]]},
    }
    return CriterionView(
        id=identifier,
        title=title,
        unit=unit,
        weight=weight,
        weight_low=weight * 0.7,
        weight_high=weight * 1.3,
        **(fields | more),  # type: ignore[arg-type]
    )


def _exclusions() -> tuple[ExclusionView, ...]:
    return (
        ExclusionView("protected", f"Protected area {HOSTILE[5]}", 0, "exclude", "a law", 41_000.0),
        ExclusionView("steep", "Steep land", 1, "warn", "a rule of thumb", None),
    )


def _copper(grid: GeoBox, surfaces: xr.Dataset) -> ThemeView:
    sites = gpd.GeoDataFrame(
        {
            "rank": pd.array([1, 2, 3, None, None], dtype="Int64"),
            "site_id": ["great-hill", "red-ridge", "far-lake", "inside-park", "no-grade"],
            "name": ["Great Hill", HOSTILE[0], HOSTILE[2], f"Park {HOSTILE[3]}", HOSTILE[4]],
            "lon": [106.85, 103.4, 108.9, 100.2, 105.0],
            "lat": [45.0, 47.9, 46.4, 46.9, 46.0],
            "status": ["ranked", "ranked", "ranked", "excluded", "unknown"],
            "excluded_by": [None, None, None, "protected", None],
            "score": [0.81, 0.64, 0.33, np.nan, np.nan],
            "score_low": [0.72, 0.41, 0.21, np.nan, np.nan],
            "score_high": [0.88, 0.79, 0.52, np.nan, np.nan],
            "rank_best": pd.array([1, 1, 2, None, None], dtype="Int64"),
            "rank_worst": pd.array([1, 3, 3, None, None], dtype="Int64"),
            "confidence": [1.0, 0.93, 0.41, np.nan, np.nan],
            "known_criteria": [3, 2, 3, 3, 0],
            "of_criteria": [3, 3, 3, 3, 3],
            "warnings": ["", "steep", "", "", ""],
            "province": ["South", "North", "East", "West", HOSTILE[1]],
            "precision_km": [0.5, 5.0, np.nan, 1.0, 25.0],
            "note": ["", "one criterion unknown", "", "", "no grade is published"],
            "commodity": ["copper"] * 5,
            "deposit_type": ["porphyry", "porphyry", None, "skarn", None],
            "resource_mt": [6000.0, 240.0, 12.5, 80.0, np.nan],
            "grade": [0.85, 0.5, 1.2, 0.4, np.nan],
            "grade_unit": ["% Cu", "% Cu", "% Cu", "% Cu", None],
            "contained_kt": [51000.0, 1200.0, 150.0, 320.0, np.nan],
            "category": ["measured + indicated", "inferred", "not stated", "inferred", None],
            "year": pd.array([2024, 2019, 1987, 2011, None], dtype="Int64"),
            "freight_KR_low": [70.0, 95.0, 110.0, np.nan, 90.0],
            "freight_KR": [96.0, 121.5, 140.0, np.nan, 118.0],
            "freight_KR_high": [130.0, 160.0, 190.0, np.nan, 160.0],
            "freight_JP_low": [75.0, 99.0, 118.0, np.nan, 95.0],
            "freight_JP": [103.0, 128.0, 149.0, np.nan, 125.0],
            "freight_JP_high": [139.0, 171.0, 201.0, np.nan, 168.0],
            "power_usd_mwh": [48.0, 55.0, 51.0, np.nan, 60.0],
            "power_low": [40.0, 46.0, 43.0, np.nan, 45.0],
            "power_high": [60.0, 70.0, 64.0, np.nan, 80.0],
            "power_source": ["solar", "wind", "solar", None, "solar"],
        },
        crs=4326,
        geometry=gpd.points_from_xy(
            [106.85, 103.4, 108.9, 100.2, 105.0], [45.0, 47.9, 46.4, 46.9, 46.0]
        ),
    )
    criteria = (
        _criterion("rail", f"Distance to rail {HOSTILE[1]}", "km", 0.5),
        _criterion("slope", "Slope", "%", 0.3),
        _criterion("size", "Contained copper", "kt", 0.2, spatial=False),
    )
    return ThemeView(
        id="copper",
        title="Copper",
        kind="deposits",
        accent="#b5652b",
        accent_dark="#d98a50",
        criteria=criteria,
        omitted=(("Water rights", "no layer tells them"),),
        exclusions=_exclusions(),
        sites=sites,
        criteria_table=_table(sites, criteria, grid, surfaces, "copper"),
        score_label="Score of copper",
        score_note="Weighted sum of three criteria.",
    )


def _solar(grid: GeoBox, surfaces: xr.Dataset) -> ThemeView:
    lon, lat = [104.0, 107.5], [44.6, 47.5]
    sites = gpd.GeoDataFrame(
        {
            "rank": pd.array([1, 2], dtype="Int64"),
            "site_id": ["solar-01", "solar-02"],
            "name": ["Place 1", "Place 2"],
            "lon": lon,
            "lat": lat,
            "status": ["ranked", "ranked"],
            "excluded_by": [None, None],
            "score": [0.7, 0.55],
            "score_low": [0.6, 0.4],
            "score_high": [0.8, 0.66],
            "rank_best": pd.array([1, 1], dtype="Int64"),
            "rank_worst": pd.array([2, 2], dtype="Int64"),
            "confidence": [1.0, 1.0],
            "known_criteria": [2, 2],
            "of_criteria": [2, 2],
            "warnings": ["", ""],
            "province": ["South", "North"],
            "precision_km": [20.0, 20.0],
            "note": ["", ""],
        },
        crs=4326,
        geometry=gpd.points_from_xy(lon, lat),
    )
    criteria = (
        _criterion("yield", "Yearly sun", "kWh/m2", 0.6),
        _criterion("slope", "Slope", "%", 0.4),
    )
    return ThemeView(
        id="solar",
        title="Solar & storage",
        kind="places",
        accent="#b27a00",
        accent_dark="#e0a93a",
        criteria=criteria,
        omitted=(),
        exclusions=_exclusions(),
        sites=sites,
        criteria_table=_table(sites, criteria, grid, surfaces, "solar"),
        score_label="Score of solar",
        score_note="Weighted sum of two criteria.",
    )


def _table(
    sites: gpd.GeoDataFrame,
    criteria: tuple[CriterionView, ...],
    grid: GeoBox,
    surfaces: xr.Dataset,
    theme: str,
) -> pd.DataFrame:
    """Build the long table: a site takes its cell's value where a criterion has a surface."""
    there = sites.to_crs(str(grid.crs)).geometry
    rows, columns = cell_of(grid, there.x, there.y)
    lines = []
    for number, site in enumerate(sites.itertuples()):
        for criterion in criteria:
            name = f"{theme}-{criterion.id}"
            value = getattr(site, "contained_kt", np.nan)
            if criterion.spatial:
                value = float(surfaces[name].to_numpy()[rows[number], columns[number]])
            known = not np.isnan(value)
            lines.append(
                {
                    "theme": theme,
                    "site_id": site.site_id,
                    "criterion": criterion.id,
                    "value": value,
                    "unit": criterion.unit,
                    "value_score": 0.5 if known else np.nan,
                    "weight": criterion.weight,
                    "contribution": 0.5 * criterion.weight if known else np.nan,
                    "quality": "compiled" if known else "unknown",
                    "source": f"made for tests {HOSTILE[2]}",
                }
            )
    return pd.DataFrame(lines)


def _routes() -> gpd.GeoDataFrame:
    port, korea, japan = (117.7, 38.9), (129.0, 35.1), (139.0, 37.9)
    yard, border = (108.0, 45.8), (111.9, 43.7)
    legs: list[dict[str, object]] = []
    for site, start in (("great-hill", (106.85, 45.0)), ("red-ridge", (103.4, 47.9))):
        for destination, country, end in (("Korea port", "KR", korea), ("Japan port", "JP", japan)):
            path = [
                ("truck", "mine", "railhead", [start, yard]),
                ("rail", "railhead", "border", [yard, (110.0, 44.5), border]),
                ("rail", "border", "port", [border, (114.9, 40.8), port]),
                ("sea", "port", destination, [port, (122.0, 38.0), (125.0, 34.0), end]),
            ]
            for number, (mode, begin, stop, line) in enumerate(path, start=1):
                legs.append(
                    {
                        "site_id": site,
                        "destination": destination.lower().replace(" ", "-"),
                        "country": country,
                        "leg": number,
                        "mode": mode,
                        "from": begin,
                        "to": stop,
                        "km": 100.0 * number,
                        "usd_per_t_low": 8.0 * number,
                        "usd_per_t": 10.0 * number,
                        "usd_per_t_high": 13.5 * number,
                        "hours": 12.0 * number,
                        "source": "made for tests",
                        "geometry": LineString(line),
                    }
                )
    return gpd.GeoDataFrame(legs, geometry="geometry", crs=4326)


def _layers(region: gpd.GeoDataFrame) -> tuple[LayerView, ...]:
    land = [box(85, 30, 122, 56), box(126, 34.5, 129.5, 38.5), box(131, 33, 141, 41)]
    lakes = [Polygon([(100.2, 50.4), (100.8, 50.4), (100.6, 51.5)]), box(91.5, 50.2, 93.0, 50.8)]
    rail = [LineString([(106, 50.3), (107, 47.9), (108, 45.8), (111.9, 43.7), (117.7, 38.9)])]
    roads = [
        LineString([(98, 46), (103.4, 47.9), (107, 47.9)]),
        LineString([(107, 47.9), (104, 43)]),
    ]
    provinces = [REGION & box(95, 40, 105, 55), REGION & box(105, 40, 115, 55)]
    park = MultiPolygon([box(99.8, 46.5, 101.0, 47.5), box(105.0, 48.3, 105.8, 48.9)])
    shapes: list[tuple[str, str, list[object], dict[str, list[object]]]] = [
        ("boundary-sample", "region", list(region.geometry), {"name": ["Sampleland"]}),
        ("world-land", "land", land, {}),
        ("countries-around", "countries", [land[0]], {"name": ["Around"], "iso_a2": ["YY"]}),
        ("provinces-sample", "provinces", provinces, {"name": ["West", HOSTILE[0]]}),
        ("lakes-sample", "water", lakes, {"name": ["Long Lake", None]}),
        (
            "rivers-sample",
            "rivers",
            [LineString([(101, 49), (104, 48), (106, 50)])],
            {"name": ["R"]},
        ),
        ("railways", "rail", rail, {"country": ["XX"]}),
        ("trunk-roads", "roads", roads, {"source": ["osm", "fact table, straight line"]}),
        (
            "towns-sample",
            "towns",
            [Point(106.9, 47.9), Point(103.0, 45.1), Point(100.0, 46.0)],
            {
                "name": ["Capital", HOSTILE[1], "Village"],
                "population": [1_400_000.0, 30_000.0, None],
            },
        ),
        (
            "ports",
            "ports",
            [Point(117.7, 38.9), Point(129.0, 35.1)],
            {"name": ["Port A", "Port B"]},
        ),
        (
            "border-crossings",
            "crossings",
            [Point(111.9, 43.7)],
            {"name": ["Gate"], "class": ["unknown"]},
        ),
        ("protected-areas-sample", "protected", [park], {"name": [HOSTILE[3]]}),
        (
            "energy-sites-sample",
            "power",
            [Point(105.5, 46.2)],
            {"name": ["Plant"], "technology": ["wind"]},
        ),
        (
            "sea-lanes",
            "sea",
            [LineString([(117.7, 38.9), (125.0, 34.0), (129.0, 35.1)])],
            {"km": [900.0]},
        ),
    ]
    return tuple(
        LayerView(
            id=identifier,
            title=f"{identifier.replace('-', ' ').capitalize()}"
            + (f" {HOSTILE[3]}" if role == "power" else ""),
            role=role,
            frame=gpd.GeoDataFrame(columns, geometry=geometry, crs=4326),
            attribution=f"The maker of {identifier} {HOSTILE[0]}",
            licence="CC0-1.0",
            quality="screening",
            limits="made for tests",
        )
        for identifier, role, geometry, columns in shapes
    )


def _record() -> Record:
    return Record(
        id="boundary-sample",
        title="Boundary of the sample",
        kind="vector",
        path=Path("/nowhere/boundary-sample.gpkg"),
        toml=Path("/nowhere/boundary-sample.toml"),
        sha256="0" * 64,
        licence="CC0-1.0",
        attribution="The maker of tests",
        source=HOSTILE[3],
        retrieved=date(2026, 1, 31),
        quality="compiled",
        limits="made for tests",
        layer="boundary_sample",
        crs="EPSG:4326",
    )
