"""Further ways equal the k shortest with limited overlap, found by listing all in order."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from freight_cases import ORE, network
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geo.transport.alternatives import alternatives
from geo.transport.graph import Tree
from geo.transport.states import SEA, StateGraph

ABROAD = 3.0
"""Longitude east of which places lie in the other country [degrees]."""
DETOUR = 1.1


def town(x, y):
    return (float(x), float(y), "AA" if x < ABROAD else "BB", "town", "")


def road_net(seed, towns=8):
    """Towns of two countries joined to their neighbours, two ports, one destination overseas."""
    rng = np.random.default_rng(seed)
    nodes = {f"n{k}": town(*place) for k, place in enumerate(rng.uniform(0, 5, (towns, 2)))}
    nodes |= {"p": (5.5, 1.5, "BB", "sea port", ""), "q": (5.5, 3.5, "BB", "sea port", "")}
    at = {name: np.array(row[:2]) for name, row in nodes.items()}
    pairs = set()
    for name in at:
        near = sorted(at, key=lambda other: np.hypot(*(at[name] - at[other])))
        pairs |= {tuple(sorted((name, other))) for other in near[1:4]}
    roads = [
        (a, b, "road", "", 110 * float(np.hypot(*(at[a] - at[b]))) * rng.uniform(1, 1.4),
         "operating", np.nan)
        for a, b in sorted(pairs)
    ]  # fmt: skip
    nodes["d"] = (9.0, 0.0, "CC", "smelter port", "")
    lanes = [("p", "d", "sea", "", 1000.0, "operating", 0.006),
             ("q", "d", "sea", "", 1100.0, "operating", 0.006)]  # fmt: skip
    tree = Tree.of(StateGraph.of(network([*roads, *lanes], nodes), ("d",), ORE))
    mile = np.full(towns, np.inf)
    mile[rng.choice(towns, 3, replace=False)] = rng.uniform(1, 30, 3)
    return tree, np.array([tree.graph.network.position(f"n{k}") for k in range(towns)]), mile


def every_way(tree, nodes, mile):
    """All ways by cost: Yen's algorithm of networkx, each arc with a node of its own."""
    graph = nx.DiGraph()
    for arc, (tail, head) in enumerate(zip(tree.graph.tail, tree.graph.head, strict=True)):
        graph.add_edge(int(tail), ("arc", arc), cost=float(tree.costs[arc]))
        graph.add_edge(("arc", arc), int(head), cost=0.0)
    trucks = dict(zip(tree.graph.trucks(nodes).tolist(), mile.tolist(), strict=True))
    for truck, cost in trucks.items():
        if np.isfinite(cost):
            graph.add_edge("site", truck, cost=cost)
    if "site" not in graph or not nx.has_path(graph, "site", tree.graph.end):
        return
    for way in nx.shortest_simple_paths(graph, "site", tree.graph.end, "cost"):
        arcs = [one[1] for one in way if isinstance(one, tuple)]
        yield way[1], arcs, trucks[way[1]] + float(tree.costs[arcs].sum())


def sound(tree, nodes, mile, truck, arcs):
    """No place twice, to sea once, and no truck where the first mile had brought it for less."""
    graph = tree.graph
    places = [int(graph.node[graph.tail[arc]]) for arc in arcs]
    visits = [places[0], *(b for a, b in pairwise(places) if a != b)]
    trucks = dict(zip(graph.trucks(nodes).tolist(), mile.tolist(), strict=True))
    spent = trucks[truck]
    for arc in arcs:
        if spent > DETOUR * trucks.get(int(graph.tail[arc]), np.inf):
            return False
        spent += tree.costs[arc]
    handled = [graph.link[arc] < 0 for arc in arcs]
    twice = any(a and b for a, b in pairwise(handled))
    return len(visits) == len(set(visits)) and len(boarded(graph, arcs)) < 2 and not twice


def boarded(graph, arcs):
    on = [arc for arc in arcs if graph.head[arc] != graph.end]
    return [int(graph.node[graph.tail[arc]]) for arc in on
            if graph.vehicle[graph.head[arc]] == SEA != graph.vehicle[graph.tail[arc]]]  # fmt: skip


def gateways(graph, arcs):
    links = graph.network.links
    crossed = {frozenset(links.loc[graph.link[arc], ["from", "to"]]) for arc in arcs
               if graph.link[arc] >= 0 and links.loc[graph.link[arc], "border"]}  # fmt: skip
    return crossed, set(boarded(graph, arcs))


def over(graph, arc):
    """The link that an arc goes over, or the place where something is done."""
    return (
        ("link", graph.link[arc]) if graph.link[arc] >= 0 else ("at", graph.node[graph.tail[arc]])
    )


def over_all(graph, arcs):
    return {over(graph, arc) for arc in arcs}


def by_listing(tree, nodes, mile, *, count, overlap, stretch, other):
    found = []
    for truck, arcs, cost in every_way(tree, nodes, mile):
        if found and cost > found[0][2] * stretch:
            break
        if not sound(tree, nodes, mile, truck, arcs):
            continue
        own = dict(zip(tree.graph.trucks(nodes).tolist(), mile.tolist(), strict=True))[truck]
        shared = [
            sum(tree.costs[a] for a in arcs if over(tree.graph, a) in over_all(tree.graph, before))
            + (own if first == truck else 0.0)
            for first, before, _ in found
        ]
        if over_all(tree.graph, arcs) in [over_all(tree.graph, b) for _, b, _ in found]:
            continue
        fresh = all(gateways(tree.graph, arcs) != gateways(tree.graph, b) for _, b, _ in found)
        if all(one <= overlap * cost + 1e-9 for one in shared) and (fresh or not other):
            found.append((truck, arcs, cost))
        if len(found) == count:
            break
    return [cost for _, _, cost in found]


@settings(max_examples=40)
@example(8, 0.5, False)
@example(191, 0.7, True)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.95]), st.booleans())
def test_ways_are_the_k_shortest_with_limited_overlap(seed, overlap, other):
    tree, nodes, mile = road_net(seed)
    wanted = by_listing(tree, nodes, mile, count=3, overlap=overlap, stretch=1.6, other=other)
    found = alternatives(
        tree, nodes, mile, count=3, max_overlap=overlap, max_stretch=1.6, other_gateway=other
    )
    assert [one.cost for one in found] == pytest.approx(wanted)
    assert all(one.overlap <= overlap + 1e-9 for one in found)


def test_with_all_overlap_allowed_they_are_the_cheapest_ways_at_all():
    tree, nodes, mile = road_net(4)
    wanted = by_listing(tree, nodes, mile, count=12, overlap=1.0, stretch=3.0, other=False)
    found = alternatives(tree, nodes, mile, count=12, max_overlap=1.0, max_stretch=3.0)
    assert [one.cost for one in found] == pytest.approx(wanted)
    assert len({one.arcs for one in found}) == 12


@pytest.mark.parametrize("seed", range(12))
def test_where_the_search_is_given_up_ways_through_states_stand_in(seed):
    tree, nodes, mile = road_net(seed)
    exact = alternatives(tree, nodes, mile, max_overlap=0.7)
    found = alternatives(tree, nodes, mile, max_overlap=0.7, labels=0)
    assert found[0] == exact[0]
    assert all(one.overlap <= 0.7 + 1e-12 for one in found)
    # The second is exact first of all ways that differ, whatever stands in.
    assert all(b.cost >= exact[1].cost - 1e-9 for b in found[1:])
