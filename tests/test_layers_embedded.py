"""The embedded files themselves: complete records, true hashes, and facts that must hold."""

import hashlib
import tomllib
from datetime import date
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

LAYERS = Path(__file__).parents[1] / "layers"
BUILD = LAYERS / "build"
# Of remote sources there is no file here: their records are of another kind.
REMOTE = LAYERS / "remote"
RECORDS = sorted(p for p in LAYERS.glob("*/*.toml") if p.parent not in (BUILD, REMOTE))
EQUAL_AREA = "+proj=laea +lat_0=46.8 +lon_0=103 +datum=WGS84"

MONGOLIA = {
    "boundary-mongolia", "provinces-mongolia", "towns-mongolia", "deposits-mongolia",
    "deposits-unlocated", "protected-areas-mongolia", "rivers-mongolia", "lakes-mongolia",
    "energy-sites-mongolia", "energy-yields", "constraints",
}  # fmt: skip
ASIA = {
    "countries-northeast-asia", "disputed-borders-northeast-asia", "world-land", "solar-points",
    "wind-points", "wind-turbines", "critical-lists", "prices", "products", "assumptions",
    "labels",
}  # fmt: skip
REQUIRED = {
    "id", "title", "kind", "path", "sha256", "licence", "attribution", "source", "retrieved",
    "quality", "limits",
}  # fmt: skip


def record_of(path: Path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def vector(region: str, name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(LAYERS / region / f"{name}.gpkg", layer=name.replace("-", "_"))


@cache
def table(region: str, name: str) -> pd.DataFrame:
    return pd.read_csv(LAYERS / region / f"{name}.csv", keep_default_na=False, na_values=[""])


@cache
def deposits() -> pd.DataFrame:
    return vector("mongolia", "deposits-mongolia").set_index("site_id")


def fact(name: str) -> pd.DataFrame:
    return pd.read_csv(BUILD / "facts" / f"{name}.csv", keep_default_na=False, na_values=[""])


# ---------------------------------------------------------------- records


@pytest.mark.parametrize(("region", "names"), [("mongolia", MONGOLIA), ("northeast-asia", ASIA)])
def test_every_promised_layer_has_a_record(region, names):
    assert names <= {p.stem for p in (LAYERS / region).glob("*.toml")}


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.stem)
def test_a_record_is_complete_and_names_its_file(path):
    record = record_of(path)
    assert set(record) >= REQUIRED
    assert record["id"] == path.stem
    assert record["kind"] in {"vector", "raster", "table"}
    assert record["quality"] in {"surveyed", "compiled", "screening", "modelled"}
    assert isinstance(record["retrieved"], date)
    assert all(record[key] for key in REQUIRED)
    assert ("crs" in record) == (record["kind"] != "table")


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.stem)
def test_the_recorded_hash_is_that_of_the_file(path):
    record = record_of(path)
    data = (path.parent / record["path"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == record["sha256"]


WITH_COLUMNS = [path for path in RECORDS if not path.with_suffix(".tif").exists()]


@pytest.mark.parametrize("path", WITH_COLUMNS, ids=lambda p: p.stem)
def test_every_column_is_described_and_every_description_has_a_column(path):
    record = record_of(path)
    if record["kind"] == "table":
        columns = set(pd.read_csv(path.parent / record["path"], nrows=0))
    else:
        frame = gpd.read_file(path.parent / record["path"], layer=record["layer"], rows=1)
        columns = set(frame.columns) - {"geometry"}
    assert columns == set(record["columns"])
    assert all(told["description"] for told in record["columns"].values())


@pytest.mark.parametrize(
    "path", [p for p in RECORDS if record_of(p)["kind"] == "vector"], ids=lambda p: p.stem
)
def test_vectors_are_wgs84_valid_and_never_empty(path):
    record = record_of(path)
    frame = vector(path.parent.name, path.stem)
    assert frame.crs.to_epsg() == 4326
    assert record["layer"] == path.stem.replace("-", "_")
    assert len(frame) > 0
    assert not frame.geometry.isna().any()
    assert not frame.geometry.is_empty.any()
    assert frame.geometry.is_valid.all()
    west, south, east, north = frame.total_bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90


def test_no_file_lacks_a_record():
    files = {p for p in LAYERS.glob("*/*") if p.suffix in {".gpkg", ".csv", ".tif"}}
    assert files == {p.parent / record_of(p)["path"] for p in RECORDS}


def test_the_layers_weigh_less_than_25_megabytes():
    assert sum(p.stat().st_size for p in LAYERS.rglob("*") if p.is_file()) < 25e6


def test_no_registry_host_is_named():
    hosts = ("pypi" + ".org", "python" + "hosted", "npm" + "js", "deb.debian" + ".org")
    texts = [p for p in LAYERS.rglob("*") if p.suffix in {".py", ".toml", ".csv", ".md"}]
    for path in texts:
        text = path.read_text(encoding="utf-8")
        assert not [host for host in hosts if host in text], path


def test_no_text_of_a_layer_holds_markup_or_an_invisible_character():
    for path in RECORDS:
        if record_of(path)["kind"] != "vector":
            continue
        frame = vector(path.parent.name, path.stem).drop(columns="geometry")
        for column in frame.select_dtypes(exclude="number"):
            text = frame[column].dropna().astype(str)
            assert not text.str.contains("[<\u200b-\u200f\u202a-\u202e\x00]").any(), column


# ---------------------------------------------------------------- boundaries and towns


def test_the_country_has_its_published_area():
    outline = vector("mongolia", "boundary-mongolia").to_crs(EQUAL_AREA)
    # 1,564,116 km2 in the statistical yearbook; the outline is generalised.
    assert outline.area.sum() / 1e6 == pytest.approx(1_564_116, rel=0.002)


def test_22_provinces_cover_the_country_once():
    country = vector("mongolia", "boundary-mongolia").to_crs(EQUAL_AREA).geometry.iloc[0]
    provinces = vector("mongolia", "provinces-mongolia").to_crs(EQUAL_AREA)
    together = provinces.union_all()
    assert len(provinces) == 22
    assert provinces.iso_3166_2.is_unique
    assert country.symmetric_difference(together).area < 1e-4 * country.area
    assert provinces.area.sum() == pytest.approx(together.area, rel=1e-5)


@pytest.mark.parametrize(
    ("lon", "lat", "province"),
    [
        (106.917, 47.918, "Ulaanbaatar"),
        (104.425, 43.571, "Ömnögovi"),
        (100.163, 49.634, "Khövsgöl"),
        (89.963, 48.968, "Bayan-Ölgii"),
        (114.533, 48.073, "Dornod"),
        (96.258, 46.372, "Govi-Altai"),
        (98.0, 47.7, "Zavkhan"),
    ],
)
def test_a_known_place_lies_in_its_province(lon, lat, province):
    provinces = vector("mongolia", "provinces-mongolia")
    held = provinces[provinces.contains(shapely.Point(lon, lat))]
    assert held.name.tolist() == [province]


def test_every_province_has_one_centre_and_unknown_populations_are_empty():
    towns = vector("mongolia", "towns-mongolia")
    seats = towns[towns["rank"] != "town"]
    assert sorted(seats.province) == sorted(vector("mongolia", "provinces-mongolia").name)
    assert seats.population.notna().all()
    assert towns.loc[towns["rank"] == "capital", "name"].tolist() == ["Ulaanbaatar"]
    assert towns.population.isna().sum() > 250
    assert (towns.population.dropna() > 0).all()
    assert towns.name.map(lambda n: all(ord(c) < 0x400 for c in n)).all()


def test_town_and_province_agree_where_the_generalised_lines_allow():
    towns = vector("mongolia", "towns-mongolia")
    provinces = vector("mongolia", "provinces-mongolia")[["name", "geometry"]]
    joined = towns.sjoin(provinces, predicate="within", how="left", rsuffix="polygon")
    assert (joined.province == joined.name_polygon).mean() > 0.97


# ---------------------------------------------------------------- deposits


def test_every_fact_row_became_one_deposit_or_is_counted_as_left_out():
    hand, usgs = fact("deposits"), fact("deposits_usgs")
    expected = len(hand) + int(usgs.in_deposits_csv.isna().sum())
    limits = record_of(LAYERS / "mongolia" / "deposits-mongolia.toml")["limits"]
    unlocated = table("mongolia", "deposits-unlocated")
    outside = [n for n in usgs.name if n.endswith(("(Russia)", "(China)"))]
    assert "lies outside the outline (6)" in limits
    assert all(name in limits for name in outside)
    assert len(deposits()) + len(unlocated) + len(outside) == expected
    assert len(deposits()) == 287


def test_site_ids_are_unique_across_both_layers():
    ids = [*deposits().index, *table("mongolia", "deposits-unlocated").site_id]
    assert len(ids) == len(set(ids))
    assert all(i == i.lower() and " " not in i for i in ids)


def test_every_deposit_lies_inside_the_country():
    country = vector("mongolia", "boundary-mongolia").geometry.iloc[0]
    assert deposits().geometry.within(country).all()
    assert deposits().province.notna().all()


def test_the_giants_keep_the_newer_tonnage_and_grade():
    oyu, erdenet = deposits().loc["oyu-tolgoi"], deposits().loc["erdenet"]
    assert (oyu.resource_mt, oyu.grade, oyu.grade_unit, oyu.year) == (6372, 0.67, "% Cu", 2015)
    # 6,372 Mt at 0.67 % hold 42.7 Mt of copper; the compilation sums to 42.9.
    assert oyu.contained_kt == pytest.approx(42_692.4)
    assert oyu.status == "producing"
    assert erdenet.contained_kt == pytest.approx(9006.0)
    assert erdenet.status == "producing"


def test_a_child_names_its_parent_so_that_neither_is_counted_twice():
    children = deposits().part_of.dropna()
    assert children.to_dict() == {"heruga": "oyu-tolgoi", "ukhaa-khudag": "tavan-tolgoi"}


def test_contained_metal_is_tonnage_times_grade_or_the_statement():
    frame = deposits()
    known = frame[frame.resource_mt.notna() & frame.grade.notna()]
    factor = np.where(known.grade_unit.str.startswith("g/t"), 0.001, 10.0)
    np.testing.assert_allclose(known.contained_kt, known.resource_mt * known.grade * factor, 1e-3)
    assert frame.loc["khalzan-buregtei", "contained_kt"] == pytest.approx(1511.6)
    unlocated = table("mongolia", "deposits-unlocated").set_index("site_id")
    assert unlocated.loc["ulaan-del", "contained_kt"] == pytest.approx(0.12478)


def test_nothing_is_filled_in_where_no_row_states_it():
    frame = deposits()
    bare = frame[frame.resource_mt.isna() & ~frame.contained_basis.fillna("").str.startswith("st")]
    assert bare.contained_kt.isna().all()
    assert (bare.category == "not stated").all()
    assert frame.loc["bor-undur", "resource_mt"] != frame.loc["bor-undur", "resource_mt"]
    assert frame.loc["bor-undur", "grade"] == pytest.approx(26.76)
    assert set(frame.status.dropna()) <= {
        "producing", "development", "feasibility", "exploration", "occurrence",
    }  # fmt: skip


def test_the_categories_stand_only_where_the_source_states_them():
    stated = deposits().category[deposits().category != "not stated"]
    assert stated.to_dict() == {
        "altan-tsagaan-ovoo": "proven and probable reserve",
        "bayan-khundii": "measured and indicated",
        "bronze-fox": "preliminary, historical",
        "kharmagtai": "indicated",
        "urgen": "B+C, remaining",
    }


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ("khongoot", "Bronze Fox"),
        ("auyoute", "China"),
        ("turquoise", "Ulaan Del"),
        ("ulaan-del-bulgan", "Turquoise"),
        ("shuteen", "29.5 km"),
    ],
)
def test_a_known_doubt_is_flagged(site, words):
    assert words in deposits().loc[site, "flags"]


def test_every_point_has_an_honest_precision():
    precision = deposits().precision_km
    assert precision.notna().all()
    assert precision.between(1, 50).all()
    assert deposits().loc["salkhit", "precision_km"] == 45


def test_a_matched_deposit_keeps_its_registers():
    oyu = deposits().loc["oyu-tolgoi"]
    assert "USGS SIR 2010-5090-Z (8205)" in oyu.registers
    assert bool(oyu.in_register_usgs)
    assert not bool(deposits().loc["tavan-tolgoi", "in_register_usgs"])


def test_no_dollar_value_stands_in_the_deposits():
    words = " ".join(deposits().notes.dropna()) + " ".join(deposits().columns)
    assert "USD" not in words


# ---------------------------------------------------------------- waters, protected areas


def test_a_disc_has_the_published_area_unless_the_border_cuts_it():
    areas = vector("mongolia", "protected-areas-mongolia")
    inner = areas[areas.site_id == "khustain-nuruu-np"].to_crs(
        "+proj=laea +lat_0=47.7 +lon_0=105.9 +datum=WGS84"
    )
    assert inner.area.iloc[0] / 1e6 == pytest.approx(506, rel=1e-3)
    assert (areas.drawn_km2 <= areas.area_km2 + 1).all()
    assert (areas.outline == "disc of equal area").all()
    country = vector("mongolia", "boundary-mongolia").geometry.iloc[0]
    assert areas.within(country.buffer(1e-4)).all()


def test_the_great_lakes_are_named_and_have_their_published_size():
    lakes = vector("mongolia", "lakes-mongolia").set_index("name")
    # Published: Uvs Nuur about 3,350 km2, Khövsgöl Nuur about 2,760 km2.
    assert lakes.loc["Uvs Nuur", "area_km2"] == pytest.approx(3350, rel=0.03)
    assert lakes.loc["Khövsgöl Nuur", "area_km2"] == pytest.approx(2760, rel=0.03)
    drawn = lakes.loc[["Uvs Nuur"]].to_crs("+proj=laea +lat_0=50.3 +lon_0=92.7").area.iloc[0]
    assert drawn / 1e6 == pytest.approx(lakes.loc["Uvs Nuur", "area_km2"], rel=0.01)


def test_rivers_run_on_beyond_the_border():
    rivers = vector("mongolia", "rivers-mongolia").to_crs(EQUAL_AREA)
    country = vector("mongolia", "boundary-mongolia").to_crs(EQUAL_AREA).geometry.iloc[0]
    inside = rivers.intersection(country).length.sum() / 1000
    # GMT itself draws 9,556 km of these rivers inside the outline.
    assert inside == pytest.approx(9556, rel=0.01)
    assert rivers.length.sum() / 1000 > inside + 500


# ---------------------------------------------------------------- energy


def test_resource_notes_are_no_plants():
    sites = vector("mongolia", "energy-sites-mongolia")
    assert len(sites) == len(fact("energy_sites")) - 2
    assert not sites.name.str.startswith("Resource note").any()
    assert set(sites.status) == {"operating", "development", "planned"}
    assert sites.set_index("site_id").loc["salkhit-wind-farm", "capacity_mw"] == 49.6


def test_every_yield_is_kept_with_or_without_a_point():
    points, rest = vector("mongolia", "energy-yields"), table("mongolia", "energy-yields-unlocated")
    assert len(points) + len(rest) == len(fact("energy_yields")) == 58
    assert set(points.kind) | set(rest.kind) == {"actual", "estimate", "design"}


@pytest.mark.parametrize(("name", "rows"), [("solar_points", 847), ("wind_points", 663)])
def test_every_measured_point_is_kept(name, rows):
    frame = vector("northeast-asia", name.replace("_", "-"))
    original = fact(name)
    assert len(frame) == rows == len(original)
    column = "value" if "value" in original else "mean_speed_ms"
    np.testing.assert_allclose(frame[column], original[column])


def test_a_power_curve_is_the_makers_and_never_exceeds_the_rating():
    curves = table("northeast-asia", "wind-turbines")
    assert curves.turbine.nunique() == 9
    assert (curves.power_kw <= curves.rated_kw * 1.015).all()
    assert (curves.power_kw >= 0).all()
    facts_curve = fact("policy").query("section == 'power_curve' and key == 'E-141/4200'")
    ours = curves[(curves.turbine == "E-141/4200") & (curves.speed_ms % 1 == 0)]
    np.testing.assert_allclose(ours.power_kw, facts_curve.value.astype(float))


# ---------------------------------------------------------------- tables


def test_the_lists_say_what_was_read_of_copper_and_fluorspar():
    lists = table("northeast-asia", "critical-lists").set_index(["list", "commodity"]).listed
    assert lists["KR_critical33", "copper"] == 1
    assert lists["KR_critical33", "fluorspar"] == 0
    assert lists["JP_rare_metal34", "copper"] == 0
    assert lists["EU_critical", "fluorspar"] == 1
    assert lists.index.is_unique
    assert set(lists) == {0, 1}


def test_a_products_price_follows_from_the_price_table():
    products = table("northeast-asia", "products").set_index("product")
    prices = table("northeast-asia", "prices").set_index("price_id")
    copper = products.loc["copper-concentrate"]
    # 9,142 USD/t of copper x 26.5 %.
    assert copper.price_usd_t == pytest.approx(2422.63)
    assert copper.price_usd_t == pytest.approx(prices.loc["copper", "value"] * 0.265, abs=0.01)
    assert copper.payable == 0.965
    assert products.loc["fluorspar-acid", "moisture"] == 0.10
    assert products.payable.isna().sum() == 2
    assert products.price_id.isin(prices.index).all()
    assert set(products.form) == {"bulk", "container"}


@pytest.mark.parametrize("name", ["prices", "products", "assumptions"])
def test_every_number_names_its_source(name):
    frame = table("northeast-asia", name)
    assert frame.source.notna().all()
    assert set(frame.confidence) <= {"high", "medium", "low"}
    assert frame.iloc[:, 0].is_unique


def test_a_range_holds_its_central_value():
    frame = table("northeast-asia", "assumptions").dropna(subset=["low"])
    assert len(frame) > 15
    assert ((frame.low <= frame.value) & (frame.value <= frame.high)).all()


def test_law_and_thresholds_are_apart_from_the_areas():
    rules = table("mongolia", "constraints")
    areas = vector("mongolia", "protected-areas-mongolia")
    assert len(rules) + len(areas) == len(fact("constraints")) == 37
    assert "200 m" in rules.set_index("rule_id").loc["water-protection-zone-buffer", "rule"]


@pytest.mark.parametrize("path", sorted(LAYERS.glob("*/*.gpkg")), ids=lambda path: path.stem)
def test_every_geopackage_carries_a_default_style(path):
    styles = pyogrio.read_dataframe(path, layer="layer_styles", read_geometry=False)
    assert styles["f_table_name"].tolist() == [path.stem.replace("-", "_")]
    assert styles["useAsDefault"].astype(bool).all()
