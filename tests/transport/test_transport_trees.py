"""Ways over arrays equal those of scipy and networkx, whole and with arcs taken out."""

import networkx as nx
import numpy as np
import pytest
from freight_cases import LINKS, NODES, ORE, PARTS, fact_network, link_table, network, node_table
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.errors import NetworkError
from geo.transport.graph import Tree, solve
from geo.transport.missing import missing_piece
from geo.transport.states import StateGraph
from geo.transport.trees import Closures, grow, grow_labelled, regrow, rows_by

arcs = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 9)), min_size=1, max_size=30
)


def as_arrays(drawn):
    tails, heads, costs = (np.array(column) for column in zip(*drawn, strict=True))
    return tails, heads, costs.astype(float)


def networkx_costs(drawn, goals):
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(8))
    # Against the arcs, from where the cargo goes.
    graph.add_weighted_edges_from((head, tail, cost) for tail, head, cost in drawn)
    found = nx.multi_source_dijkstra_path_length(graph, set(goals))
    return np.array([found.get(v, np.inf) for v in range(8)], dtype=float)


@settings(max_examples=60, deadline=None)
@given(arcs, st.sets(st.integers(0, 7), min_size=1))
def test_costs_equal_those_of_networkx_with_parallel_and_free_arcs(drawn, goals):
    tails, heads, costs = as_arrays(drawn)
    cost, via = grow(rows_by(heads, tails, 8), costs, sorted(goals))
    np.testing.assert_array_equal(cost, networkx_costs(drawn, goals))
    for v in np.flatnonzero(via >= 0):
        assert tails[via[v]] == v
        assert cost[v] == costs[via[v]] + cost[heads[via[v]]]


@settings(max_examples=40, deadline=None)
@given(arcs)
def test_costs_equal_those_of_scipy(drawn):
    best = {}
    for tail, head, cost in drawn:
        if tail != head:
            # A sparse matrix adds parallel arcs up.
            best[tail, head] = min(cost + 1.0, best.get((tail, head), np.inf))
    if not best:
        return
    tails, heads = np.array(list(best)).T
    costs = np.array(list(best.values()))
    expected = dijkstra(csr_array((costs, (heads, tails)), shape=(8, 8)), indices=0)
    np.testing.assert_array_equal(grow(rows_by(heads, tails, 8), costs, [0])[0], expected)


@settings(max_examples=80, deadline=None)
@given(arcs, st.lists(st.sets(st.integers(0, 29), max_size=5), min_size=1, max_size=4))
def test_with_arcs_taken_out_costs_equal_those_of_the_graph_without_them(drawn, cases):
    tails, heads, costs = as_arrays(drawn)
    sets = [sorted(k for k in case if k < len(drawn)) for case in cases]
    first = np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int64)
    gone = np.array([k for s in sets for k in s], dtype=np.int32)
    into, out_of = rows_by(heads, tails, 8), rows_by(tails, heads, 8)
    found = regrow(into, out_of, costs, grow(into, costs, [0]), Closures(first, gone), np.arange(8))
    for case, row in zip(sets, found, strict=True):
        left = [arc for k, arc in enumerate(drawn) if k not in case]
        np.testing.assert_array_equal(row, networkx_costs(left, [0]))


def test_each_draw_is_a_search_of_its_own_and_tells_what_it_passes():
    rows = rows_by([1, 2, 2], [0, 1, 0], 3)
    costs = np.array([[1.0, 1.0, 5.0], [4.0, 4.0, 5.0]])
    labels = np.array([[-1, 10, 20], [-1, -1, 30]])
    cost, label = grow_labelled(rows, costs, 2, [0, 1], labels)
    np.testing.assert_array_equal(cost, [[2.0, 1.0], [5.0, 4.0]])
    np.testing.assert_array_equal(label, [[[10, 10], [-1, -1]], [[20, 10], [30, -1]]])


def test_starts_may_cost_something_themselves():
    cost, via = grow(rows_by([1], [0], 3), np.array([2.0]), [1, 2], [3.0, 0.5])
    assert cost.tolist() == [5.0, 3.0, 0.5]
    assert via.tolist() == [0, -1, -1]


def test_the_rates_of_a_graph_price_every_case():
    graph = StateGraph.of(network(), ("d",), ORE)
    for case in ("low", "central", "high"):
        total = Tree.of(graph, case).at_nodes[graph.network.position("a")]
        assert total == pytest.approx(solve(network(), ("d",), ORE, case).at("a"))
    draws = graph.priced(graph.charges.rates)
    np.testing.assert_array_equal(draws[1], graph.costs())
    np.testing.assert_array_equal(draws[2], graph.costs("high"))


def shut(net, links, nodes, destinations=("d",), product=ORE):
    """Costs at all places with links and places closed, by regrowing the tree."""
    graph = StateGraph.of(net, destinations, product)
    tree = Tree.of(graph)
    rows = [[net.position(name) for name in nodes]]
    places = np.arange(len(net.nodes))
    trucks = graph.trucks(places)
    found = regrow(
        graph.into, graph.out_of, tree.costs, (tree.cost, tree.via),
        graph.closures([links], rows), np.maximum(trucks, 0),
    )[0]  # fmt: skip
    return np.where(trucks >= 0, found, np.inf)


def rebuilt(net, destinations=("d",), product=ORE):
    return Tree.of(StateGraph.of(net, destinations, product)).at_nodes


REAL = fact_network(avoid_countries=("RU", "KP"))


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.integers(0, len(REAL.links) - 1), max_size=4),
    st.sets(st.sampled_from(sorted(REAL.nodes.index)), max_size=2),
)
def test_a_closure_equals_the_network_built_without_it(links, nodes):
    links, nodes = sorted(links), sorted(nodes)
    goals = ("saganoseki", "onahama")
    found = shut(REAL, links, nodes, goals)
    expected = rebuilt(REAL.without(links=links, nodes=nodes), goals)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    # Closing never makes anything cheaper.
    assert np.all(found >= rebuilt(REAL, goals) - 1e-9)


def test_closing_the_only_railway_leaves_no_truck_at_a_station_without_a_road():
    net = network()
    found = shut(net, [0], [])
    assert np.isinf(found[net.position("a")])
    np.testing.assert_allclose(found, rebuilt(net.without(links=[0])))


def test_a_link_added_never_makes_it_dearer_and_is_used_where_cheaper():
    net = network()
    short = link_table([("a", "z", "rail", "1435", 20.0, "planned", 0.05)])
    assert solve(net.with_links(short), ("d",), ORE).at("a") < sum(PARTS)
    dear = link_table([("a", "p", "road", "", 9000.0, "operating", np.nan)])
    assert solve(net.with_links(dear), ("d",), ORE).at("a") == pytest.approx(sum(PARTS))
    assert net.with_links(short).without(links=[len(LINKS)]).path("a", "p").links == (0, 1, 2)


def test_a_link_to_a_new_place():
    new = node_table({"q": (0.1, 0.5, "AA", "mine", "1520")})
    spur = link_table([("q", "a", "rail", "1520", 60.0, "planned", 0.05)])
    net = network().with_nodes(new).with_links(spur)
    assert solve(net, ("d",), ORE).at("q") == pytest.approx(sum(PARTS) + 60 * 0.05)
    with pytest.raises(NetworkError, match="node a comes twice"):
        net.with_nodes(node_table({"a": NODES["a"]}))
    with pytest.raises(NetworkError, match="unknown node q"):
        network().with_links(spur)


def test_bad_links_are_refused_with_every_fault():
    net = network()
    bad = link_table(
        [
            ("a", "y", "rail", "1520", 5.0, "operating", 0.05),
            ("a", "p", "road", "", 5.0, "operating", -0.1),
        ]
    )
    with pytest.raises(NetworkError) as caught:
        net.with_links(bad)
    assert "a-y (rail) comes twice" in str(caught.value)
    assert "a-p (road) costs -0.1 USD/tkm: give a rate of 0 or more" in str(caught.value)
    abroad = link_table([("d", "e", "rail", "1435", 5.0, "operating", 0.05)])
    with pytest.raises(NetworkError, match="no rail rate is known for CC"):
        net.with_links(abroad)


def test_restrictions_narrow_what_is_open():
    net = network()
    assert np.isnan(solve(net.restricted(avoid_countries=["BB"]), ("d",), ORE).at("a"))
    assert np.isnan(solve(net.restricted(closed=["p"]), ("d",), ORE).at("a"))
    assert np.isnan(solve(net.restricted(gauges=[1520]), ("d",), ORE).at("a"))
    both = net.restricted(gauges=[1520, 1435])
    assert solve(both, ("d",), ORE).at("a") == pytest.approx(sum(PARTS))
    assert np.isnan(solve(net.restricted(crossings=["international"]), ("d",), ORE).at("a"))
    why = net.restricted(avoid_countries=["BB"], closed=["a"]).links["shut"].tolist()
    assert why == ["place closed", *["country avoided"] * 4]
    assert network(gauges=[1520], ports=["d"]).links["shut"].tolist() == [
        "", "", "gauge not allowed", "", "port not allowed",
    ]  # fmt: skip


def test_cargo_sails_only_from_the_ports_that_are_named():
    nodes = {**NODES, "q": (4.0, 0.0, "BB", "sea port", "1435")}
    more = [("p", "q", "rail", "1435", 50.0, "operating", 0.02),
            ("q", "d", "sea", "", 1000.0, "operating", 0.006)]  # fmt: skip
    net = network([*LINKS, *more], nodes)
    free, by_q = (solve(n, ("d",), ORE).at("a") for n in (net, net.restricted(ports=["q"])))
    assert by_q == pytest.approx(free + 50 * (0.02 - 1.5 / 750))
    assert solve(net.restricted(ports=["p", "q"]), ("d",), ORE).at("a") == pytest.approx(free)


def test_a_gauge_that_is_not_allowed_is_named_as_what_is_missing():
    shut = network().restricted(gauges=[1520])
    said = missing_piece(shut, ("d",), ORE, ["a"])
    assert "rail z-p is shut (gauge not allowed)" in said


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"gauges": [1000]}, "no railway of the gauge 1000: choose of 1435, 1520"),
        ({"ports": ["z"]}, "no sea lane to the port z: choose of d, e, p"),
        ({"crossings": ["open"]}, "no class of crossing open: choose of bilateral, disputed"),
    ],
)
def test_limits_by_what_the_network_does_not_have_are_refused(limit, message):
    with pytest.raises(NetworkError, match=message):
        network().restricted(**limit)


def test_unpaved_roads_are_charged_as_such():
    road = [("a", "y", "road", "", 50.0, "operating", np.nan)]
    roads = link_table([*LINKS, *road]).assign(surface=[""] * 5 + ["gravel track"])
    from freight_cases import FACTORS, GIVEN

    from geo.transport.network import Network

    net = Network.from_tables(node_table(NODES), roads, FACTORS, assumptions=GIVEN)
    steps, _ = solve(net.restricted(gauges=[1435]), ("d",), ORE).steps("a")
    assert steps[0].mode == "road"
    assert steps[0].cost == pytest.approx((7.5, 10.0, 15.0))


def test_destinations_of_two_countries_are_not_one_graph():
    with pytest.raises(NetworkError, match="one country at a time"):
        StateGraph.of(network(), ("d", "e"), ORE)
