"""Another landlocked country by other layers: Zambian copper by the TAZARA railway and the sea."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from other_country import (
    CHANNEL,
    MINES,
    PORTS,
    RECIPE,
    lines,
    link_table,
    node_layer,
    port_layer,
    zambia,
)
from pyproj import Geod
from shapely.geometry import LineString, Point

import geo
from geo.errors import NetworkError, RecipeError
from geo.transport.markets import port_ids, with_ports

GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return zambia(tmp_path_factory.mktemp("zambia"))


@pytest.fixture(scope="module")
def study(recipe):
    return geo.Study.from_toml(recipe).run()


def test_a_port_that_the_tables_lack_is_reached_by_sea(study):
    legs = study.routes[study.routes["site_id"] == "kansanshi"]
    assert legs["mode"].tolist()[-2:] == ["sea", "port"]
    assert set(legs["destination"]) == {"durban"}
    by_rail = legs.loc[legs["mode"] == "rail", "tariff_km"].sum()
    # The railway is 1,860 km long (Encyclopaedia Britannica, "Tazara Railway").
    assert by_rail == pytest.approx(1860, rel=0.01)


def test_the_sea_leg_is_drawn_off_the_land(study):
    sea = study.routes[study.routes["mode"] == "sea"].iloc[0]
    assert len(sea.geometry.coords) > 3
    assert GEOD.geometry_length(sea.geometry) / 1000 == pytest.approx(sea["km"], abs=0.1)


def test_isocost_equals_the_freight_of_the_sites(study):
    table = study.sites.set_index("site_id")
    totals = study.routes.groupby("site_id")["usd_per_t"].sum()
    values = study.criteria.set_index(["site_id", "criterion"])["value"]
    for site in MINES:
        assert values[site, "port"] == pytest.approx(totals[site], rel=1e-6)
        assert values[site, "port"] == pytest.approx(table.loc[site, "freight_ZA"], rel=1e-6)
        assert values[site, "quay"] < values[site, "port"]


def test_isocost_covers_the_country_and_is_the_freight_surface(study):
    iso = study.surfaces["copper-port"].to_numpy()
    np.testing.assert_allclose(iso, study.surfaces["copper-freight"].to_numpy(), rtol=1e-6)
    assert np.isfinite(iso).sum() > 1500


def test_isocost_in_blocks_is_the_same(recipe, study, tmp_path, monkeypatch):
    # Parts of so many cells, whatever a budget would allow beside the tests that ran before.
    monkeypatch.setattr("geo.study.run.share_out", lambda *_: (1_500, 40_000_000))
    blocks = geo.Study.from_toml(recipe).run(memory="2GB", scratch=tmp_path)
    for name in ("copper-port", "copper-quay"):
        found = blocks.surfaces[name].to_numpy()
        np.testing.assert_array_equal(found, study.surfaces[name].to_numpy())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('ZA = ["durban"]', 'ZA = ["durbann"]', r"no destination 'durbann'.*mean 'durban'"),
        ('to = ["durban"]', 'to = ["duban"]', r"wrong.toml:\d+: there is no destination 'duban'"),
        ('product = "coal-raw"', 'product = "coal"', r"toml:\d+: there is no product 'coal'"),
        ('ports = "ports-africa"\n', "", r"no destination 'durban' among the nodes"),
        ('ports = "ports-africa"', 'ports = "ports-afrika"', r"no layer 'ports-afrika'"),
    ],
)
def test_places_and_products_that_are_not_there_name_their_line(recipe, old, new, message):
    path = recipe.with_name("wrong.toml")
    path.write_text(RECIPE.replace(old, new), "utf-8")
    with pytest.raises(RecipeError, match=message):
        geo.Study.from_toml(path)


def test_outputs_are_quantities_above_zero(recipe):
    path = recipe.with_name("outputs.toml")
    more = '[theme.freight.outputs]\nkansanshi = "0 t/year"\nlumwana = 3\n\n[[theme.criterion]]'
    path.write_text(RECIPE.replace("[[theme.criterion]]", more, 1), "utf-8")
    with pytest.raises(RecipeError, match=r"(?s)'kansanshi' must be more than zero.*needs a unit"):
        geo.Study.from_toml(path)


def test_the_way_from_zanzibar_to_durban_is_near_the_published_one():
    # NGA, Pub. 151, Distances Between Ports (2001): 1,607 nautical miles.
    land = gpd.read_file(
        geo.Study.from_toml("maps/mongolia.toml").catalogue["world-land"].path, layer="world_land"
    )
    nodes = node_layer().assign(node_id=["kapiri", "nakonde", "tunduma", "zanzibar-quay"])
    moved = [*nodes.geometry.to_list()[:3], Point(*PORTS["Zanzibar"][1:])]
    nodes = nodes.set_geometry(moved, crs=4326)
    found = with_ports(
        nodes, link_table(), lines(LineString(CHANNEL)), port_layer(), ["durban"], land=land
    )
    assert found.links["tariff_km"].iloc[-1] == pytest.approx(1607 * 1.852, rel=0.05)


def test_known_places_are_left_as_they_are():
    nodes, links, lanes = node_layer(), link_table(), lines(LineString(CHANNEL))
    found = with_ports(nodes, links, lanes, port_layer(), ["dar-es-salaam"])
    assert found.nodes is nodes
    assert found.links is links


def test_ports_that_cannot_serve_are_told():
    tables = node_layer(), link_table(), lines(LineString(CHANNEL))
    with pytest.raises(NetworkError, match="neither the nodes nor the layer of ports has 'oslo'"):
        with_ports(*tables, port_layer(), ["oslo"])
    twice = pd.concat([port_layer()] * 2, ignore_index=True)
    with pytest.raises(NetworkError, match="2 ports 'durban'"):
        with_ports(*tables, twice, ["durban"])
    inland = node_layer().assign(type="town")
    with pytest.raises(NetworkError, match="no port to ship from"):
        with_ports(inland, *tables[1:], port_layer(), ["durban"])


def test_ids_of_ports_leave_out_what_only_says_port():
    names = gpd.GeoDataFrame({"name": ["Tokyo Ko", "Qingdao Gang", "Kobe", "Sakata-Ko"]})
    assert port_ids(names).tolist() == ["tokyo", "qingdao", "kobe", "sakata"]
