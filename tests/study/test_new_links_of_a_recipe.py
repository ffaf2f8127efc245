"""New links and flows from a recipe to the files of a result."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from other_country import RECIPE, zambia
from page_data import data_of
from rasterio.transform import from_origin
from small_world import record, vector

import geo
from geo.errors import RecipeError
from geo.study import new_links, resilience

PARK = (27.3, -13.4, 27.7, -12.4)
MORE = """
[new_links]
costs = "construction-costs"
relief = "relief-zambia"
rivers = "rivers-zambia"
cell_size = "5 km"
budget = "900 MUSD"
rate = "8 %"
years = "30 year"

[[new_links.ground]]
layer = "park-zambia"

[[new_links.link]]
id = "north-western"
title = "North-Western railway"
from = "kansanshi"
to = "kapiri"
mode = "rail"
gauge = 1067
build = "railway"

[[new_links.link]]
id = "haul-road"
title = "Lumwana haul road"
from = "lumwana"
to = "kapiri"
mode = "road"
build = "haul-road"
"""
OUTPUTS = '[theme.freight.outputs]\nkansanshi = "0.9 Mt/year"\n\n[[theme.criterion]]'


def layers(folder):

    vector(folder, "park-zambia", gpd.GeoDataFrame(geometry=[shapely.box(*PARK)], crs=4326))
    river = shapely.LineString([(27.9, -11.0), (27.9, -16.0)])
    vector(folder, "rivers-zambia", gpd.GeoDataFrame(geometry=[river], crs=4326))
    rows, columns = np.mgrid[0:120, 0:144]
    with rasterio.open(
        folder / "relief-zambia.tif", "w", driver="GTiff", height=120, width=144, count=1,
        dtype="float32", crs="EPSG:4326", transform=from_origin(21.8, -8.0, 1 / 12, 1 / 12),
    ) as target:  # fmt: skip
        target.write((1100 + 40 * np.sin(rows / 3) * np.cos(columns / 4)).astype("float32"), 1)
    record(folder, "relief-zambia", "relief-zambia.tif", kind="raster", unit="m")


def write(folder, more=MORE, recipe=RECIPE):
    path = zambia(folder)
    layers(folder / "layers")
    path.write_text(recipe.replace("[[theme.criterion]]", OUTPUTS, 1) + more, "utf-8")
    return path


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return write(tmp_path_factory.mktemp("links"))


@pytest.fixture(scope="module")
def written(recipe, tmp_path_factory):
    result = geo.Study.from_toml(recipe).run()
    return result, result.write(tmp_path_factory.mktemp("out") / "zambia")


def test_the_table_of_links_says_cost_worth_and_break_even(written):
    _, folder = written
    table = pd.read_csv(folder / "new_links.csv").set_index("link")
    rail = table.loc["north-western"]
    assert rail["capital_usd_low"] < rail["capital_usd"] < rail["capital_usd_high"]
    assert rail["built_km"] >= rail["map_km"] > 250
    assert rail["rivers"] == 1
    assert rail["best_site"] == "kansanshi"
    assert rail["usd_per_year"] > 0
    assert rail["break_even_tonnes"] == pytest.approx(
        rail["annuity_usd"] / rail["best_saving_usd_per_t"]
    )
    assert "too coarse to judge the grade" in rail["grade_note"]


def test_savings_are_those_of_the_freight_that_the_routes_tell(written):
    result, folder = written
    savings = pd.read_csv(folder / "new_link_savings.csv")
    mine = savings[(savings["link"] == "north-western") & (savings["site_id"] == "kansanshi")]
    total = result.routes.groupby("site_id")["usd_per_t"].sum()["kansanshi"]
    assert mine["usd_per_t_before"].iloc[0] == pytest.approx(total, rel=1e-6)
    assert mine["usd_per_year"].iloc[0] == pytest.approx(0.9e6 * mine["saving_usd_per_t"].iloc[0])
    other = savings[savings["site_id"] == "lumwana"]
    assert other["usd_per_year"].isna().all()


def test_the_alignment_goes_round_forbidden_ground(written):
    result, _ = written
    line = result.content.new_links.links.set_index("link").geometry["north-western"]
    park = shapely.box(*PARK)
    # Cells of five kilometres are tested by their centres.
    assert not line.intersects(park.buffer(-0.05))


def test_the_best_set_keeps_to_the_budget_and_says_how_sure_it_is(written):
    result, folder = written
    table = pd.read_csv(folder / "new_links.csv")
    assert table.loc[table["in_best_set"], "capital_usd"].sum() <= 900e6
    assert "proven to be the best" in result.content.new_links.says[-1]


def test_links_corridors_and_flows_stand_in_the_geopackage(written):
    _, folder = written
    path = folder / "lodemap.gpkg"
    tables = {str(name) for name in gpd.list_layers(path)["name"]}
    assert {"zambia_new_links", "zambia_corridors", "zambia_flows"} <= tables
    flows = gpd.read_file(path, layer="zambia_flows")
    assert flows["tonnes_per_year"].max() == pytest.approx(0.9e6)
    assert (flows["sites_unknown"] >= 0).all()
    corridors = gpd.read_file(path, layer="zambia_corridors")
    assert set(corridors["share"].round(2)) == {0.02, 0.05, 0.1}
    csv = pd.read_csv(folder / "flows.csv")
    assert len(csv) == len(flows)


def test_the_page_and_the_project_carry_them(written):
    _, folder = written
    assert data_of((folder / "index.html").read_text("utf-8"))["newLinks"]["says"]
    assert (folder / "zambia.qgz").stat().st_size > 0


def test_a_rerun_from_the_cache_gives_the_same(recipe, written, tmp_path):
    _, folder = written
    for _ in range(2):
        again = geo.Study.from_toml(recipe).run(cache=tmp_path / "cache").write(tmp_path / "again")
    for name in ("new_links.csv", "new_link_savings.csv", "flows.csv"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_other_ranks_make_no_freight_or_link_anew_and_change_no_byte(
    recipe, written, tmp_path, monkeypatch
):
    cache = tmp_path / "cache"
    before = geo.Study.from_toml(recipe).run(cache=cache).sites["site_id"].tolist()
    other = recipe.with_name("other.toml")
    # What costs more to ship is now the better, and weighs more than all the rest.
    head, _, tail = recipe.read_text("utf-8").rpartition('1.0], ["400 USD/t", 0.0]] }\nweight = 1')
    other.write_text(f'{head}0.0], ["400 USD/t", 1.0]] }}\nweight = 40{tail}', "utf-8")
    plain = geo.Study.from_toml(other).run()
    assert plain.sites["site_id"].tolist() != before
    for module in (new_links, resilience):
        monkeypatch.setattr(module, "_made", None)
    again = geo.Study.from_toml(other).run(cache=cache).write(tmp_path / "again")
    for path in sorted(plain.write(tmp_path / "plain").iterdir()):
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('from = "kansanshi"', 'from = "kansanshy"', r":\d+: .*no place and no site 'kansanshy'"),
        ('to = "kapiri"\nmode = "rail"', 'to = "kansanshi"\nmode = "rail"', "begins and ends at"),
        ('build = "railway"', 'build = "railwai"', "no row 'railwai': did you mean 'railway'"),
        ('build = "railway"', 'build = "paved-road"', "is a rail, 'paved-road' costs a road"),
        ('mode = "road"', 'mode = "canal"', "mode 'canal' is unknown"),
        ("gauge = 1067\n", "", r"needs the key 'gauge'"),
        ('budget = "900 MUSD"', 'budget = "-1 MUSD"', "budget must be zero or more"),
        ('budget = "900 MUSD"', 'budget = "900 km"', "budget"),
        ('rate = "8 %"', 'rate = "800 %"', "rate must lie between 0 % and 100 %"),
        ('id = "haul-road"', 'id = "north-western"', "'north-western' stands twice"),
        ('layer = "park-zambia"', 'layer = "park-zambia"\nfactor = -2', "factor must be more than"),
        ('layer = "park-zambia"', 'layer = "parks"', "no layer 'parks'"),
        ('costs = "construction-costs"', "", "needs the key 'costs'"),
        ('kansanshi = "0.9 Mt/year"', 'kansanshy = "0.9 Mt/year"', "no site 'kansanshy' to ship"),
    ],
)
def test_faults_name_their_line_and_what_mends_them(recipe, old, new, message):
    text = recipe.read_text("utf-8")
    assert old in text
    path = recipe.with_name("wrong.toml")
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(RecipeError, match=message) as told:
        geo.Study.from_toml(path).run()
    assert "wrong.toml:" in str(told.value)


def test_new_links_without_freight_are_refused(recipe):
    text = recipe.read_text("utf-8")
    start, end = text.index("[theme.freight]"), text.index("[[theme.criterion]]")
    path = recipe.with_name("nofreight.toml")
    path.write_text(text[:start] + text[end:], "utf-8")
    with pytest.raises(RecipeError, match=r"nofreight.toml:\d+: new links are valued by freight"):
        geo.Study.from_toml(path)
