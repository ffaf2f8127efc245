"""Another landlocked country by other layers: Zambian copper by the TAZARA railway and the sea.

Places and lengths are real to a few kilometres; rates and products are those of the embedded
layers, so the freights prove the way, not the country.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from shapely.geometry import LineString, Point, Polygon
from small_world import record, vector

import geo
from geo.errors import NetworkError, RecipeError
from geo.transport.markets import port_ids, with_ports

GEOD = Geod(ellps="WGS84")
OUTLINE = [
    (22.0, -16.2), (22.0, -13.0), (24.0, -13.0), (24.3, -10.9), (27.2, -12.1), (28.6, -11.7),
    (28.5, -8.5), (30.8, -8.3), (32.9, -9.3), (33.3, -13.9), (30.2, -14.9), (28.9, -15.9),
    (26.9, -17.9), (25.3, -17.8), (23.4, -17.6),
]  # fmt: skip
NODES = [
    ("kapiri", "New Kapiri Mposhi", "rail terminus", "ZM", "1067", 28.67, -13.97),
    ("nakonde", "Nakonde", "rail/road BCP", "ZM", "1067", 32.72, -9.36),
    ("tunduma", "Tunduma", "rail/road BCP", "TZ", "1067", 32.77, -9.30),
    ("dar-es-salaam", "Dar es Salaam", "sea port", "TZ", "1067", 39.29, -6.83),
]
LINKS = [
    ("kapiri", "nakonde", "rail", "1067", 885.0, "operating"),
    ("nakonde", "tunduma", "rail", "1067", 8.0, "operating"),
    ("tunduma", "dar-es-salaam", "rail", "1067", 967.0, "operating"),
]
MINES = {"kansanshi": ("Kansanshi", 26.43, -12.10), "lumwana": ("Lumwana", 25.83, -12.24)}
PORTS = {
    "Durban": ("ZA", 31.03, -29.87),
    "Zanzibar": ("TZ", 39.18, -6.17),
    "Maputo Port": ("MZ", 32.57, -25.97),
}
CHANNEL = [(39.5, -6.7), (41.2, -11.5), (41.0, -15.5), (37.0, -22.0), (33.0, -28.0), (31.1, -29.9)]
RECIPE = """
[study]
title = "Zambian copper"
region = "zambia"
catalogue = ["layers"]

[grid]
cell_size = "20 km"

[draws]
count = 50

[transport]
nodes = "nodes-zambia"
links = "links-zambia"
factors = "transport-factors"
products = "products"
ports = "ports-africa"
land = "world-land"
avoid_status = []
interest = "10 %"

[transport.geometry]
rail = "tazara"
road = "great-north-road"
sea = "lanes-channel"

[[theme]]
id = "copper"
title = "Copper"

[theme.sites]
layer = "mines-zambia"

[theme.freight]
product = "copper-concentrate"
destinations = { ZA = ["durban"] }

[[theme.criterion]]
id = "freight"
title = "Freight"
measure = "freight-cost"
to = ["ZA"]
value = { linear = [["0 USD/t", 1.0], ["400 USD/t", 0.0]] }
weight = 1
source = "test"

[[theme.criterion]]
id = "port"
title = "Freight to Durban"
measure = "isocost"
to = ["durban"]
product = "copper-concentrate"
value = { linear = [["0 USD/t", 1.0], ["400 USD/t", 0.0]] }
weight = 1
source = "test"

[[theme.criterion]]
id = "quay"
title = "Freight to the quay"
measure = "isocost"
to = ["dar-es-salaam", "maputo"]
product = "coal-raw"
value = { linear = [["0 USD/t", 1.0], ["400 USD/t", 0.0]] }
weight = 1
source = "test"
"""


def points(table, x="x", y="y"):
    return gpd.GeoDataFrame(
        table.drop(columns=[x, y]), geometry=gpd.points_from_xy(table[x], table[y]), crs=4326
    )


def lines(*shapes):
    return gpd.GeoDataFrame({"name": ["line"] * len(shapes)}, geometry=list(shapes), crs=4326)


def node_layer():
    columns = ["node_id", "name", "type", "country", "gauge_mm", "x", "y"]
    return points(pd.DataFrame(NODES, columns=columns))


def link_table():
    return pd.DataFrame(
        LINKS, columns=["from", "to", "mode", "gauge_mm", "tariff_km", "status"]
    ).assign(cost_usd_per_tkm=0.05)


def port_layer():
    return points(
        pd.DataFrame([(n, c, x, y) for n, (c, x, y) in PORTS.items()], columns=list("ncxy")).rename(
            columns={"n": "name", "c": "country"}
        )
    )


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zambia")
    layers = folder / "layers"
    layers.mkdir()
    vector(layers, "zambia", gpd.GeoDataFrame(geometry=[Polygon(OUTLINE)], crs=4326))
    vector(layers, "nodes-zambia", node_layer())
    vector(layers, "ports-africa", port_layer())
    mines = pd.DataFrame(
        [(i, name, x, y) for i, (name, x, y) in MINES.items()], columns=["site_id", "name", *"xy"]
    )
    vector(layers, "mines-zambia", points(mines))
    at = {row[0]: row[-2:] for row in NODES}
    vector(layers, "tazara", lines(LineString(list(at.values()))))
    vector(layers, "great-north-road", lines(LineString([at["kapiri"], at["nakonde"]])))
    vector(layers, "lanes-channel", lines(LineString(CHANNEL)))
    link_table().to_csv(layers / "links-zambia.csv", index=False)
    record(layers, "links-zambia", "links-zambia.csv", kind="table", crs=None)
    path = folder / "zambia.toml"
    path.write_text(RECIPE, "utf-8")
    return path


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


def test_isocost_in_blocks_is_the_same(recipe, study, tmp_path):
    blocks = geo.Study.from_toml(recipe).run(memory="900MB", scratch=tmp_path)
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
