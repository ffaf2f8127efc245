"""A network of every line of a layer."""

import geopandas as gpd
import numpy as np
import pytest
from freight_cases import FACTORS, ORE
from shapely import LineString

from geo.errors import CrsError, NetworkError
from geo.transport.graph import Tree
from geo.transport.network import Network
from geo.transport.refine import tables_of_lines
from geo.transport.states import StateGraph
from geo.transport.trees import chains


def layer(*lines, **columns):
    columns.setdefault("country", ["AA"] * len(lines))
    return gpd.GeoDataFrame(columns, geometry=[LineString(line) for line in lines], crs=4326)


RAIL = layer([(0, 0), (1, 0)], [(1, 0), (2, 0)], country=["AA", "BB"])
ROAD = layer([(0.0, 0.01), (0.0, 1.0)], surface=["gravel"])


def made(**options):
    nodes, links = tables_of_lines(RAIL, ROAD, {"AA": 1520, "BB": 1435}, **options)
    return Network.from_tables(nodes, links, FACTORS)


def test_lines_are_cut_to_pieces_and_meet_at_shared_vertices():
    net = made(spacing=0.25)
    rail = net.links[net.links["mode"] == "rail"]
    assert len(rail) == 8
    assert rail["tariff_km"].sum() == pytest.approx(222.64, abs=0.01)
    assert net.links["border"].sum() == 1
    whole = made()
    assert (whole.links["mode"] == "rail").sum() == 2


def test_railways_and_roads_are_joined_where_they_come_near():
    net = made()
    joints = net.links[(net.links["mode"] == "road") & net.links["from"].str.startswith("rail")]
    assert joints["tariff_km"].tolist() == pytest.approx([1.106], abs=0.001)
    assert len(made(join_km=0.5).links) == len(net.links) - 1
    assert "unpaved" in set(net.links["surface"])


def test_a_way_leads_over_the_pieces_to_its_end():
    net = made(spacing=0.25)
    goal = net.nodes.index[(net.nodes["lon"] == 1.0) & (net.nodes["lat"] == 0.0)][0]
    tree = Tree.of(StateGraph.of(net, [goal], ORE))
    start = net.nodes.index.get_loc(net.nodes.index[net.nodes["lat"] == 1.0][0])
    truck = tree.graph.trucks([start])
    ways = chains(tree.via, tree.graph.head, truck)
    assert ways.arc.tolist() == tree.arcs(int(truck[0]))
    # A gravel road of 109.5 km, a joint, a loading, four pieces of rail, an unloading.
    expected = 109.47 * 0.2 + 1.106 * 0.10 + 4 + 111.32 * 0.05 + 4
    assert tree.at_nodes[start] == pytest.approx(expected, abs=0.05)


def test_unusable_layers_are_refused():
    with pytest.raises(NetworkError, match="no gauge is given for BB"):
        tables_of_lines(RAIL, None, {"AA": 1520})
    with pytest.raises(NetworkError, match="no column country"):
        tables_of_lines(RAIL.drop(columns="country"), None, {})
    with pytest.raises(CrsError, match="reproject with lines"):
        tables_of_lines(RAIL.to_crs(3857), None, {"AA": 1520, "BB": 1435})
    with pytest.raises(NetworkError, match="no line"):
        tables_of_lines(None, None, {})


def test_missing_lines_are_left_out():
    with_gap = gpd.GeoDataFrame(
        {"country": ["AA", "AA"]}, geometry=[LineString([(0, 0), (1, 0)]), None], crs=4326
    )
    nodes, links = tables_of_lines(with_gap, None, {"AA": 1435})
    assert len(nodes) == 2
    assert len(links) == 1
    assert np.isfinite(links["tariff_km"]).all()
