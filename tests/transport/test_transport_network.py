"""A network is checked as a whole and knows its distances."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from freight_cases import (
    FACTORS,
    GIVEN,
    LINKS,
    NODES,
    fact_network,
    link_table,
    network,
    node_table,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from geo.errors import CrsError, NetworkError
from geo.transport.lines import LineNetwork
from geo.transport.network import Network
from geo.transport.tables import normal_gauges, normal_status


def test_the_published_distance_of_the_trunk_line():
    # 709 km by the line's kilometre posts, 6304 to 7013.
    assert fact_network().rail_km("ulaanbaatar", "zamynuud") == pytest.approx(709, rel=0.01)


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [("sukhbaatar", "ulaanbaatar", 379), ("erenhot", "jining", 333), ("naushki", "erenhot", 1128)],
)
def test_other_published_distances_by_kilometre_posts(a, b, km):
    assert fact_network().rail_km(a, b) == pytest.approx(km, rel=0.01)


def test_a_status_is_read_by_its_first_words():
    assert normal_status("restricted (sanctions)") == "restricted"
    assert normal_status("operating; a second track is planned") == "operating"
    assert normal_status(float("nan")) == "unknown"
    assert normal_status("splendid") is None


def test_gauges_do_not_count_years_and_remarks():
    assert normal_gauges("1520 (1435 link agreed 2025)") == (1520,)
    assert normal_gauges("1520/1435 dual") == (1520, 1435)
    assert normal_gauges(None) == normal_gauges("gap") == ()


def test_every_fault_is_told_at_once():
    links = [
        ("a", "nowhere", "rail", "1520", 100.0, "operating", 0.05),
        ("a", "a", "road", "", 5.0, "operating", 0.1),
        ("a", "y", "road", "", 0.0, "operating", 0.1),
        ("a", "y", "cart", "", -5.0, "splendid", 0.1),
        ("y", "z", "rail", "", 10.0, "operating", 0.05),
        ("z", "p", "rail", "1435", 300.0, "operating", 0.02),
        ("p", "z", "rail", "1435", 300.0, "planned", 0.02),
    ]
    nodes = pd.concat([node_table(NODES), node_table({"a": NODES["a"]})])
    with pytest.raises(NetworkError) as caught:
        Network.from_tables(nodes, link_table(links), pd.DataFrame())
    text = str(caught.value)
    for part in (
        "node a comes twice",
        "unknown node nowhere",
        "joins a place to itself",
        "length 0.0 km",
        "unknown mode",
        "length -5.0 km",
        "status 'splendid'",
        "without a gauge",
        "p-z (rail) comes twice",
    ):
        assert part in text
    assert len(text.splitlines()) == 9


def test_a_node_without_a_point_is_told():
    nodes = node_table(NODES)
    nodes.loc[0, "geometry"] = None
    with pytest.raises(NetworkError, match="node a has no point"):
        Network.from_tables(nodes, link_table(LINKS), pd.DataFrame())


def test_missing_columns_and_other_systems_are_refused():
    with pytest.raises(NetworkError, match="node table lacks the columns country"):
        Network.from_tables(node_table(NODES).drop(columns="country"), link_table(LINKS), None)
    with pytest.raises(NetworkError, match="link table lacks the columns tariff_km"):
        Network.from_tables(node_table(NODES), link_table(LINKS).drop(columns="tariff_km"), None)
    with pytest.raises(CrsError, match="reproject with nodes"):
        Network.from_tables(node_table(NODES).to_crs(3857), link_table(LINKS), None)
    with pytest.raises(CrsError, match="reproject with lines"):
        network(geometry={"rail": gpd.GeoDataFrame(geometry=[], crs=3857)})


def test_oddities_are_reported_not_raised():
    links = [
        *LINKS,
        ("a", "z", "rail", "1435", 50.0, "operating", 0.05),
        ("d", "e", "road", "", 400.0, "planned", 0.1),
    ]
    nodes = {**NODES, "lone": (5.0, 5.0, "AA", "station", "")}
    report = "\n".join(network(links, nodes).validate())
    assert "a-z (rail) is charged for 50 km, its ends lie 98.0 km apart" in report
    assert "gauges 1520 and 1435 mm meet at a" in report
    assert "not joined to the rest by open links: lone" in report
    assert network().validate() == []


def test_lengths_other_than_published_and_dates_that_gainsay_the_status_are_told():
    links = link_table(LINKS).assign(published_km=[101.1, np.nan, 302.9, 1059.0, 1480.0])
    links["due"] = [None, 2028, None, None, None]
    links["opened"] = pd.Series([1956, None, "2022-09-09", None, None], dtype=object)
    links.loc[2, "status"] = "planned"
    found = Network.from_tables(node_table(NODES), links, FACTORS, assumptions=GIVEN).validate()
    assert [says for says in found if "published" in says or " was " in says] == [
        "link a-y (rail) is published as 101.1 km and charged for 100 km",
        "link p-e (sea) is published as 1480 km and charged for 1400 km",
        "link y-z (rail) is operating and was due in 2028",
        "link z-p (rail) is planned and was opened in 2022-09-09",
    ]


def test_the_planned_and_the_restricted_are_left_out():
    real = fact_network()
    used = {(link.start, link.end, link.mode) for link in real.open_links}
    assert not any("rajin" in (a, b) for a, b, _ in used)
    assert ("gashuunsukhait", "ganqimaodu", "rail") not in used
    assert ("khangi", "mandula", "rail") not in used
    everything = fact_network(avoid_status=())
    assert len(everything.open_links) > len(real.open_links)


def test_a_country_can_be_avoided():
    real = fact_network(avoid_countries=("RU",))
    russian = set(real.nodes.index[real.nodes["country"] == "RU"])
    assert not any({link.start, link.end} & russian for link in real.open_links)


def test_facing_posts_without_a_road_are_joined_by_an_assumed_one():
    real = fact_network()
    assumed = [link for link in real.open_links if link.assumed]
    assert {frozenset((link.start, link.end)) for link in assumed} == {
        frozenset(pair)
        for pair in (
            ("gashuunsukhait", "ganqimaodu"),
            ("shiveekhuren", "ceke"),
            ("khangi", "mandula"),
        )
    }
    assert all(link.mode == "road" and link.confidence == "low" for link in assumed)
    assert all(link.border and link.crossing == "unknown" for link in assumed)
    assert any("is assumed" in line for line in real.validate())
    assert not any(link.assumed for link in fact_network(assume_crossings=False).open_links)


def test_the_stricter_class_of_two_posts_holds():
    crossings = pd.DataFrame({"node_id": ["y", "z"], "class": ["bilateral", "international"]})
    border = [link for link in network(crossings=crossings).open_links if link.border]
    assert [link.crossing for link in border] == ["bilateral"]
    with pytest.raises(NetworkError, match="crossing class 'odd'"):
        network(crossings=pd.DataFrame({"node_id": ["y"], "class": ["odd"]}))


def test_no_way_and_no_place_are_told():
    with pytest.raises(NetworkError, match="no open rail link leads from a to d"):
        network().rail_km("a", "d")
    with pytest.raises(NetworkError, match="no node 'x'"):
        network().rail_km("a", "x")
    with pytest.raises(NetworkError, match="weight 'money'"):
        network().path("a", "d", weight="money")


def test_a_way_names_its_places_and_links():
    way = network().path("a", "d")
    assert way.nodes == ("a", "y", "z", "p", "d")
    assert way.links == (0, 1, 2, 3)
    assert way.km == 1410.0
    assert network().path("a", "y", weight="geometry_km").km == pytest.approx(89.06, abs=0.01)


edges = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 500)).filter(
        lambda e: e[0] < e[1]
    ),
    min_size=1,
    max_size=15,
    unique_by=lambda e: e[:2],
)


@settings(max_examples=15, deadline=None)
@given(edges)
def test_distances_equal_those_of_networkx(pairs):
    nodes = {f"n{i}": (i / 1000, 0.0, "AA", "town", "1520") for i in range(7)}
    links = [(f"n{a}", f"n{b}", "rail", "1520", float(km), "open", 0.05) for a, b, km in pairs]
    graph = nx.Graph()
    graph.add_nodes_from(nodes)
    graph.add_weighted_edges_from((a, b, km) for a, b, _, _, km, *_ in links)
    expected = nx.single_source_dijkstra_path_length(graph, "n0")
    made = network(links, nodes)
    for name in nodes:
        if name in expected:
            assert made.rail_km("n0", name) == pytest.approx(expected[name])
        else:
            with pytest.raises(NetworkError):
                made.rail_km("n0", name)


def lines(*shapes):
    return gpd.GeoDataFrame(geometry=[LineString(shape) for shape in shapes], crs=4326)


def test_a_link_runs_along_the_layer():
    layer = lines([(0, 0), (0.4, 0.3)], [(0.4, 0.3), (0.8, 0)])
    drawn = network(geometry={"rail": layer}).draw(0)
    assert not drawn.straight
    assert drawn.line.coords[0] == (0.0, 0.0)
    assert drawn.line.coords[-1] == (0.8, 0.0)
    assert (0.4, 0.3) in [tuple(np.round(c, 6)) for c in drawn.line.coords]
    assert drawn.km == pytest.approx(110.9, abs=0.5)


@pytest.mark.parametrize(
    "layer",
    [
        lines([(0, 0), (0.4, 2.0)], [(0.4, 2.0), (0.8, 0)]),
        lines([(0, 0), (0.3, 0)], [(0.5, 0), (0.8, 0)]),
        lines([(0, 0.22), (0.8, 0.22)]),
        lines([(40, 40), (41, 41)]),
    ],
    ids=["a long detour", "a gap", "long stubs", "far away"],
)
def test_a_link_that_the_layer_does_not_carry_is_straight_and_says_so(layer):
    drawn = network(geometry={"rail": layer}).draw(0)
    assert drawn.straight
    assert len(drawn.line.coords) == 2


def test_a_place_joins_a_long_line_between_its_ends():
    layer = LineNetwork(lines([(-5, 0.01), (5, 0.01)]))
    drawn = layer.way((0.0, 0.0), (0.8, 0.0), 100.0)
    assert not drawn.straight
    assert drawn.km == pytest.approx(91, abs=2)


def test_a_lane_is_drawn_in_the_sense_of_the_link():
    lane = gpd.GeoDataFrame(
        {"from": ["d"], "to": ["p"]}, geometry=[LineString([(9, 0), (6, -2), (3, 0)])], crs=4326
    )
    drawn = network(geometry={"sea": lane}).draw(3)
    assert list(drawn.line.coords) == [(3.0, 0.0), (6.0, -2.0), (9.0, 0.0)]
    assert network(geometry={"sea": lane}).draw(4).straight
