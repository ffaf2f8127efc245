"""Cheapest ways over states: by hand, by law, and against networkx."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from freight_cases import BOXED, LINKS, NODES, ORE, PARTS, fact_network, network
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import NetworkError
from geo.transport.freight import onward_cost
from geo.transport.graph import solve
from geo.transport.products import Product


def cost(net, node="a", destinations=("d",), product=ORE, case="central"):
    return solve(net, tuple(destinations), product, case).at(node)


def test_every_part_of_a_way_by_hand():
    assert cost(network()) == pytest.approx(sum(PARTS))
    steps, destination = solve(network(), ("d",), ORE).steps("a")
    assert destination == "d"
    by_mode = {}
    for step in steps:
        by_mode.setdefault(step.mode, []).append(step.cost[1])
    assert by_mode["transfer"] == [4.0]
    assert by_mode["gauge-change"] == [6.0]
    assert by_mode["border"] == pytest.approx([0.2])
    assert by_mode["port"] == [6.0, 6.0]
    assert by_mode["sea"] == pytest.approx([8.0])
    assert sum(by_mode["rail"]) == pytest.approx(5 + 0.5 + 1.5 + 5.4)


def test_low_and_high_by_hand():
    low = 3 + 110 * 0.04 + 4.2 + 0.14 + 1.0 + 300 * (0.014 - 0.002) + 4 + 0.7 * 8 + 4
    high = 6 + 110 * 0.09 + 16 + 0.31 + 2.0 + 300 * (0.026 - 0.002) + 10 + 1.3 * 8 + 10
    steps, _ = solve(network(), ("d",), ORE).steps("a")
    assert sum(step.cost[0] for step in steps) == pytest.approx(low)
    assert sum(step.cost[2] for step in steps) == pytest.approx(high)
    assert cost(network(), case="low") == pytest.approx(low)


def test_two_loadings_at_one_place_do_not_pass_for_a_gauge_change():
    dear = sum(step.cost[2] for step in solve(network(), ("d",), ORE).steps("a")[0])
    assert cost(network(), case="high") == pytest.approx(dear)


def test_boxes_are_lifted():
    assert cost(network(), product=BOXED) == pytest.approx(sum(PARTS) - 4.0 + 2.5)


def test_cargo_without_a_price_waits_unvalued_and_says_so():
    unpriced = Product("u", "U", np.nan, 0.0, 1.0, 1.0, "bulk")
    assert cost(network(), product=unpriced) == pytest.approx(sum(PARTS) - 0.2)
    steps, _ = solve(network(), ("d",), unpriced).steps("a")
    border = next(step for step in steps if step.mode == "border")
    assert "price unknown" in border.source
    assert border.hours == 20.0


def test_the_gauge_changes_only_in_a_yard():
    nodes = {k: (*v[:4], v[4].replace("1520/1435", "1520")) for k, v in NODES.items()}
    assert np.isnan(cost(network(nodes=nodes)))
    # A road over the border instead: loaded onto a truck and off it.
    road = ("y", "z", "road", "", 10.0, "operating", np.nan)
    by_truck = 4 + 5 + 4 + 0.02 + 1.0 + 4 + 1.5 + 5.4 + 6 + 8 + 6
    assert cost(network([*LINKS, road], nodes)) == pytest.approx(by_truck)


def test_a_gauge_change_within_one_railway_pays_no_fixed_part_again():
    nodes = {**NODES, "z": (*NODES["z"][:4], "1520/1435"), "q": (3.0, 0.1, "BB", "station", "1520")}
    links = [*LINKS, ("z", "q", "rail", "1520", 100.0, "operating", 0.02)]
    expected = 4 + 1.5 + 100 * 0.018 + 6 + 300 * 0.018 + 6 + 8 + 6
    assert cost(network(links, nodes), "q") == pytest.approx(expected)


def test_of_parallel_links_the_cheaper_is_used():
    links = [*LINKS, ("y", "a", "rail", "1520/1435", 60.0, "operating", 0.05)]
    nodes = {**NODES, "a": (0.5, 0.0, "AA", "station", "1520/1435")}
    cheaper = sum(PARTS) - 40 * 0.05 - 6.0
    assert cost(network(links, nodes)) == pytest.approx(cheaper)
    longer = [*LINKS, ("y", "a", "rail", "1520/1000", 900.0, "operating", 0.05)]
    assert cost(network(longer, nodes)) == pytest.approx(sum(PARTS))


def test_places_in_order_and_only_those_with_a_way():
    table = onward_cost(network(), ["d"], ORE)
    assert table["node_id"].tolist() == ["a", "y", "z", "p"]
    assert table["usd_per_t"].iloc[-1] == pytest.approx(6 + 8 + 6)


def test_of_several_destinations_the_cheapest_counts():
    both = solve(network(), ("e", "d"), ORE)
    assert both.at("a") == min(cost(network(), destinations=("e",)), cost(network()))
    assert both.steps("a")[1] == "d"


def test_a_bilateral_crossing_is_for_the_two_neighbours():
    crossings = pd.DataFrame({"node_id": ["y"], "class": ["bilateral"]})
    shut = network(crossings=crossings)
    assert np.isnan(cost(shut))
    assert cost(shut, destinations=("p",)) > 0
    allowed = network(crossings=crossings, allow_crossings=("international", "bilateral"))
    assert cost(allowed) == pytest.approx(sum(PARTS))
    # The way to the neighbour does not open the crossing to the others.
    both = solve(shut, ("p", "d"), ORE)
    assert both.steps("a")[1] == "p"


def test_a_crossing_of_unknown_class_is_used_and_flagged():
    steps, _ = solve(network(), ("d",), ORE).steps("a")
    assert "crossing class unknown" in next(s.source for s in steps if s.mode == "border")


def test_the_dwell_of_a_crossing_stands_for_that_of_all():
    told = {"node_id": ["y", "z"], "class": ["international"] * 2, "rail_dwell_h": [30.0, 40.0]}
    own = network(crossings=pd.DataFrame(told))
    steps, _ = solve(own, ("d",), ORE).steps("a")
    border = next(s for s in steps if s.mode == "border")
    assert border.hours == 40
    assert border.cost[1] == pytest.approx(0.4)
    assert "dwell: 40 h at this crossing" in border.source
    assert cost(own) == pytest.approx(sum(PARTS) + 0.2)
    unknown = network(crossings=pd.DataFrame({**told, "rail_dwell_h": [np.nan, np.nan]}))
    assert cost(unknown) == pytest.approx(sum(PARTS))


def test_arriving_by_rail_is_unloaded():
    expected = 4 + 5 + 6 + 0.2 + 0.5 + 1.5 + 5.4 + 4
    assert cost(network(), destinations=("p",)) == pytest.approx(expected)


def test_what_cannot_be_answered_is_told():
    with pytest.raises(NetworkError, match="no destination"):
        solve(network(), (), ORE)
    with pytest.raises(NetworkError, match="no node 'x'"):
        solve(network(), ("x",), ORE)
    with pytest.raises(NetworkError, match="case 'mean'"):
        solve(network(), ("d",), ORE, "mean")
    with pytest.raises(NetworkError, match="no open way leads from d"):
        solve(network(LINKS[:3]), ("d",), ORE).steps("d")


def test_a_dearer_rate_never_cheapens():
    from dataclasses import fields, replace

    from geo.transport.tariffs import Rate

    net = network()
    for item in fields(net.tariffs):
        rate = getattr(net.tariffs, item.name)
        if isinstance(rate, Rate):
            dearer = replace(net.tariffs, **{item.name: rate.scaled(1.5)})
            assert cost(net.with_tariffs(dearer)) >= cost(net)
    assert cost(net.with_tariffs(replace(net.tariffs, port=net.tariffs.port.scaled(2)))) > cost(net)


more = st.lists(
    st.tuples(
        st.sampled_from(["a", "y", "z", "p"]),
        st.sampled_from(["a", "y", "z", "p"]),
        st.sampled_from(["rail", "road"]),
        st.sampled_from(["1520", "1435", "1520/1435"]),
        st.floats(1, 900),
    ).filter(lambda e: e[0] < e[1]),
    max_size=5,
    unique_by=lambda e: e[:3],
)


def as_links(extra):
    taken = {("a", "y", "rail"), ("y", "z", "rail"), ("p", "z", "rail")}
    return [
        (a, b, mode, gauge if mode == "rail" else "", km, "operating", np.nan)
        for a, b, mode, gauge, km in extra
        if (a, b, mode) not in taken
    ]


@settings(max_examples=15, deadline=None)
@given(more, st.integers(0, len(LINKS) - 1))
def test_more_links_never_make_it_dearer_and_closing_never_cheaper(extra, i):
    added = as_links(extra)
    whole = cost(network([*LINKS, *added]))
    assert whole <= sum(PARTS) + 1e-9
    closed = (*LINKS[i][:5], "disused", LINKS[i][6])
    assert not cost(network([*LINKS[:i], closed, *LINKS[i + 1 :], *added])) < whole - 1e-9


@settings(max_examples=20, deadline=None)
@given(more)
def test_costs_equal_those_of_networkx_on_a_graph_made_another_way(extra):
    links = [*LINKS, *as_links(extra)]
    net = network(links)
    expected = oracle(links)
    for node in ("a", "y", "z", "p"):
        found = cost(net, node)
        truck = (node, "road")
        if truck in expected:
            assert found == pytest.approx(expected[truck])
        else:
            assert np.isnan(found)


PER_KM = {"AA": 0.05, "BB": 0.02 - 1.5 / 750}


def oracle(links):
    """Costs to d, on a graph that is built by hand of (place, vehicle) pairs."""
    graph = nx.MultiDiGraph()
    vehicles = {}
    for a, b, mode, gauge, km, *_ in links:
        for kind in kinds_of(a, mode, gauge):
            for tail, head in ((a, b), (b, a)):
                usd = haul(a, b, mode, km)
                vehicles.setdefault(tail, {"truck"}).add(kind)
                graph.add_edge((tail, kind), (head, kind), weight=usd)
                if kind == "truck":
                    graph.add_edge((tail, "loaded here"), (head, "truck"), weight=usd)
    for node, kinds in vehicles.items():
        for one in kinds:
            for other in kinds - {"truck", one}:
                usd = changing(node, one, other)
                if usd is not None:
                    graph.add_edge((node, one), (node, other), weight=usd)
        for one in kinds - {"truck"}:
            usd = 6.0 if one == "ship" else 4.0
            graph.add_edge((node, one), (node, "loaded here"), weight=usd)
    graph.add_edge(("d", "ship"), "end", weight=6.0)
    found = nx.single_source_dijkstra_path_length(graph.reverse(), "end", weight="weight")
    return {(key[0], "road"): usd for key, usd in found.items() if key[1:] == ("truck",)}


def kinds_of(start, mode, gauge):
    wagons = [(g, NODES[start][2]) for g in gauge.replace("+", "/").split("/")]
    return {"road": ["truck"], "sea": ["ship"], "rail": wagons}[mode]


def haul(a, b, mode, km):
    country, abroad = NODES[a][2], NODES[a][2] != NODES[b][2]
    waiting = {"rail": 0.2, "road": 0.02, "sea": 0.0}[mode] if abroad else 0.0
    rate = {"rail": PER_KM.get(country, 0.0), "road": 0.10, "sea": 0.005}[mode]
    return rate * km + waiting + (3.0 if mode == "sea" else 0.0)


def changing(node, one, other):
    if "ship" in (one, other):
        return 6.0 + (1.5 if other[1:] == ("BB",) else 0.0)
    entered = 1.5 if other[1] == "BB" and (one == "truck" or one[1] != "BB") else 0.0
    if one == "truck":
        return 4.0 + entered
    if one[0] != other[0]:
        return 6.0 + entered if "/" in NODES[node][4] else None
    return entered


COPPER = Product("cu", "Copper concentrate", 2000.0, 0.085, 0.965, 0.265, "bulk")


@pytest.mark.parametrize("destination", ["onsan", "saganoseki"])
@pytest.mark.parametrize("mine", ["erdenet", "oyutolgoi"])
def test_freight_of_the_giants_is_of_the_known_order(mine, destination):
    net = fact_network()
    low, central, high = (
        cost(net, mine, (destination,), COPPER, case) for case in ("low", "central", "high")
    )
    assert 40 < low < central < high < 250
    assert 60 < central < 160


def test_no_way_passes_what_is_restricted_or_not_built():
    net = fact_network()
    onward = solve(net, ("onsan",), COPPER)
    for node in onward_cost(net, ["onsan"], COPPER)["node_id"]:
        steps, _ = onward.steps(node)
        assert all("rajin" not in (step.start, step.end) for step in steps)
        links = [net.link(step.link) for step in steps if step.link is not None]
        assert all(link.open and link.status == "operating" for link in links)


def test_southern_copper_crosses_by_truck_and_sails_from_a_chinese_port():
    steps, _ = solve(fact_network(), ("onsan",), COPPER).steps("oyutolgoi")
    crossing = next(step for step in steps if step.mode == "border")
    sea = next(step for step in steps if step.mode == "sea")
    assert crossing.start == "gashuunsukhait"
    assert fact_network().node(sea.start).country == "CN"


def test_the_triangle_law_holds_for_the_part_by_distance():
    from dataclasses import replace

    net = fact_network(avoid_countries=("RU",))
    free = {
        name: getattr(net.tariffs, name).scaled(0.0)
        for name in ("tranship", "port", "gauge_change", "sea_fixed", "rail_dwell", "road_dwell")
    }
    linear = net.with_tariffs(replace(net.tariffs, rail_fixed={}, **free))
    to_end = solve(linear, ("onsan",), COPPER)
    to_middle = solve(linear, ("zamynuud",), COPPER)
    for node in ("erdenet", "ulaanbaatar", "oyutolgoi", "choibalsan"):
        assert to_end.at(node) <= to_middle.at(node) + to_end.at("zamynuud") + 1e-9
