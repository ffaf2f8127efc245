"""The whole way, from embedded layers to files, on coarse cells."""

import csv
import io
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio

import geo
from geo.grid import cell_of
from geo.recipe.measures import MEASURES

SITES = [
    "theme",
    "rank",
    "site_id",
    "name",
    "lon",
    "lat",
    "status",
    "excluded_by",
    "score",
    "score_low",
    "score_high",
    "rank_best",
    "rank_worst",
    "confidence",
    "known_criteria",
    "of_criteria",
]
CRITERIA = [
    "theme",
    "site_id",
    "criterion",
    "value",
    "unit",
    "value_score",
    "weight",
    "contribution",
    "quality",
    "source",
    "swing",
    "title",
    "rank_if_known",
    "range_if_known",
]
ROUTES = [
    "site_id",
    "destination",
    "country",
    "leg",
    "mode",
    "from",
    "to",
    "km",
    "usd_per_t_low",
    "usd_per_t",
    "usd_per_t_high",
    "hours",
    "source",
    "alternative",
    "tariff_km",
    "kg_co2e_per_t",
]


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def test_tables_have_the_columns_that_others_rely_on(coarse_folder):
    assert list(read(coarse_folder / "sites.csv"))[: len(SITES)] == SITES
    assert list(read(coarse_folder / "criteria.csv")) == CRITERIA
    assert list(read(coarse_folder / "routes.csv")) == ROUTES


def test_every_output_is_there(coarse_folder):
    found = {path.name for path in coarse_folder.iterdir()}
    assert {
        "index.html", "lodemap.gpkg", "mongolia.qgz", "sites.csv", "sites.parquet",
        "criteria.csv", "routes.csv", "exclusions.csv", "robustness.csv", "provenance.json",
        "freight.csv", "closures.csv",
        "copper-score.tif", "wind-speed.tif", "solar-excluded.tif",
    } <= found  # fmt: skip
    said = json.loads((coarse_folder / "provenance.json").read_text("utf-8"))
    assert set(said["outputs"]) == found - {"provenance.json"}
    assert 0 < said["length_error_percent"] < 1


def test_six_themes_each_rank_something(coarse):
    sites = coarse.sites
    assert list(sites["theme"].unique()) == [
        "copper", "fluorspar", "rare-earths", "solar", "wind", "food",
    ]  # fmt: skip
    for theme, rows in sites.groupby("theme"):
        ranks = rows.loc[rows["status"] == "ranked", "rank"].to_numpy(float)
        assert ranks.size > 0, theme
        assert ranks.min() == 1
        assert rows.loc[rows["status"] != "ranked", "rank"].isna().all()


def test_the_giants_stand_where_an_expert_expects_them(coarse):
    copper = coarse.sites[coarse.sites["theme"] == "copper"].set_index("site_id")
    ranked = copper[copper["status"] == "ranked"]
    assert set(ranked.index[ranked["rank"] <= 3]) >= {"oyu-tolgoi"}
    erdenet = next(site for site in ranked.index if site.startswith("erdenet"))
    assert ranked.loc[erdenet, "rank"] <= 3


def test_a_part_is_counted_within_its_parent(coarse):
    copper = coarse.sites[coarse.sites["theme"] == "copper"].set_index("site_id")
    heruga = next(site for site in copper.index if site.startswith("heruga"))
    assert copper.loc[heruga, "status"] == "excluded"
    assert "Oyu Tolgoi" in copper.loc[heruga, "excluded_by"]


def test_contributions_add_up_to_the_score(coarse):
    sums = coarse.criteria.groupby(["theme", "site_id"])["contribution"].sum()
    weights = coarse.criteria.groupby(["theme", "site_id"])["weight"].sum()
    assert weights.to_numpy() == pytest.approx(1.0)
    ranked = coarse.sites[coarse.sites["status"] == "ranked"].set_index(["theme", "site_id"])
    assert sums.loc[ranked.index].to_numpy() == pytest.approx(ranked["score"].to_numpy(float))


def test_unknowns_are_empty_and_called_so(coarse):
    unknown = coarse.criteria["value"].isna()
    assert unknown.any()
    assert (coarse.criteria.loc[unknown, "quality"] == "unknown").all()
    assert coarse.criteria.loc[unknown, "contribution"].isna().all()
    size = coarse.criteria[coarse.criteria["criterion"] == "size"]
    assert size["value"].isna().any()
    assert size["value"].notna().any()


def test_a_site_takes_the_value_of_its_cell(coarse):
    grid = coarse.content.grid
    for spec in coarse.recipe.themes:
        sites = coarse.sites[coarse.sites["theme"] == spec.id]
        points = sites.geometry.to_crs(str(grid.crs))
        cells = cell_of(grid, points.x.to_numpy(), points.y.to_numpy())
        table = coarse.criteria[coarse.criteria["theme"] == spec.id]
        for criterion in spec.criteria:
            if not MEASURES[criterion.measure.name].spatial:
                continue
            values = coarse.surfaces[f"{spec.id}-{criterion.id}"].to_numpy()[cells]
            rows = table[table["criterion"] == criterion.id].set_index("site_id")
            own = rows.loc[sites["site_id"], "value"].to_numpy(float)
            np.testing.assert_allclose(own, values, rtol=1e-6)


def test_surfaces_carry_cf_grid_mapping_and_units(coarse):
    for spec in coarse.recipe.themes:
        for criterion in spec.criteria:
            if MEASURES[criterion.measure.name].spatial:
                attrs = coarse.surfaces[f"{spec.id}-{criterion.id}"].attrs
                assert attrs["grid_mapping"] == "spatial_ref"
                assert attrs["units"] == criterion.unit


def test_unknown_excluded_and_zero_stay_three_things(coarse):
    speed = coarse.surfaces["wind-speed"].to_numpy()
    score = coarse.surfaces["wind-score"].to_numpy()
    bits = coarse.surfaces["wind-excluded"].to_numpy()
    within = bits != 65535
    assert np.isnan(score[within & np.isnan(speed)]).all()
    assert np.isnan(speed[within]).any()
    exclude = sum(1 << v.bit for v in coarse.content.themes[4].exclusions if v.effect == "exclude")
    assert np.isnan(score[within & (bits & exclude > 0)]).all()
    assert np.isfinite(score[within & (bits & exclude == 0) & ~np.isnan(speed)]).all()


def test_rules_that_warn_do_not_count_as_excluding(coarse):
    copper = coarse.content.themes[0]
    assert {rule.effect for rule in copper.exclusions} == {"warn"}
    bits = coarse.surfaces["copper-excluded"].to_numpy()
    warned = coarse.surfaces["copper-warned"].to_numpy()
    assert set(np.unique(bits)) == {0, 65535}
    assert ((warned > 0) & (warned < 65535)).any()
    assert ((bits == 65535) == (warned == 65535)).all()


def test_legs_of_a_route_add_up_to_the_freight_of_the_site(coarse):
    routes = coarse.routes
    assert set(routes["country"]) == {"KR", "JP"}
    assert (routes["usd_per_t_low"] <= routes["usd_per_t"] + 1e-9).all()
    assert (routes["usd_per_t"] <= routes["usd_per_t_high"] + 1e-9).all()
    totals = routes.groupby(["site_id", "country"])["usd_per_t"].sum()
    copper = coarse.sites[coarse.sites["theme"] == "copper"].set_index("site_id")
    for country in ("KR", "JP"):
        known = copper.index[copper[f"freight_{country}"].notna()]
        own = copper.loc[known, f"freight_{country}"].to_numpy()
        assert own == pytest.approx(totals.xs(country, level="country").loc[known].to_numpy())


def test_closed_links_are_never_used(coarse):
    places = set(coarse.routes["from"]) | set(coarse.routes["to"])
    assert not any("Rajin" in str(place) for place in places)


def test_no_output_names_a_value_in_the_ground(coarse_folder):
    for name in ("sites.csv", "criteria.csv", "index.html"):
        text = (coarse_folder / name).read_text("utf-8").casefold()
        for phrase in (
            "in-situ value",
            "in situ value",
            "value in the ground",
            "gross metal value",
        ):
            assert phrase not in text


def test_rasters_say_what_they_are(coarse_folder):
    with rasterio.open(coarse_folder / "wind-speed.tif") as raster:
        assert np.isnan(raster.nodata)
        assert raster.units[0] == "m/s"
    with rasterio.open(coarse_folder / "wind-excluded.tif") as raster:
        assert raster.nodata == 65535
        assert raster.dtypes[0] == "uint16"


def test_the_parquet_and_the_csv_hold_the_same_sites(coarse_folder):
    left = gpd.read_parquet(coarse_folder / "sites.parquet")
    right = read(coarse_folder / "sites.csv")
    assert left["site_id"].tolist() == right["site_id"].astype(str).tolist()
    np.testing.assert_allclose(
        left["score"].to_numpy(float), right["score"].to_numpy(float), rtol=1e-9
    )
    assert left.crs == 4326


def test_csv_is_plain_utf8_with_six_decimals(coarse_folder):
    text = (coarse_folder / "sites.csv").read_bytes().decode("utf-8")
    for row in csv.DictReader(io.StringIO(text)):
        assert len(row["lon"].partition(".")[2]) == 6
        assert len(row["lat"].partition(".")[2]) == 6


def test_written_twice_gives_the_same_bytes(coarse, coarse_folder, tmp_path):
    again = geo.Study.from_toml(coarse.recipe.path, cell_size=coarse.recipe.cell_size).run()
    again.write(tmp_path / "again")
    for path in sorted(coarse_folder.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_one_changed_weight_changes_only_its_theme(coarse, tmp_path):
    text = coarse.recipe.path.read_text("utf-8")
    changed = tmp_path / "mongolia.toml"
    assert text.count("weight = 0.22") == 3
    changed.write_text(text.replace("weight = 0.22", "weight = 0.30", 1), "utf-8")
    other = geo.Study.from_toml(changed, cell_size=coarse.recipe.cell_size).run()
    for name in coarse.surfaces:
        same = coarse.surfaces[name].equals(other.surfaces[name])
        assert same or name in ("copper-score", "copper-score-high"), name
    left, right = coarse.sites, other.sites
    for theme in left["theme"].unique():
        a = left[left["theme"] == theme].reset_index(drop=True)
        b = right[right["theme"] == theme].reset_index(drop=True)
        assert a.equals(b) == (theme != "copper")
    assert coarse.routes.drop(columns="geometry").equals(other.routes.drop(columns="geometry"))


def test_a_map_shows_itself_in_a_notebook(coarse):
    assert "leaflet" in coarse.map()._repr_html_()
