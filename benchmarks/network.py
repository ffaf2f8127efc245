"""Freight with everything that can close, and a network of a million links.

    python -m benchmarks.network [--sites 200] [--draws 500] [--links 1000000]

First all sites by all destinations with all knock-outs: ours, a plain loop over scipy's
Dijkstra, and networkx (some of the knock-outs, the rest reckoned from them). Then a network
made of the railway and road layers, cut to pieces until it has that many links: made, checked and
routed from 1,000 sites.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.catalogue.vector import read_vector
from geo.study.find import catalogue_for
from geo.transport.closures import closable, knock_out
from geo.transport.firstmile import FirstMile
from geo.transport.graph import Tree
from geo.transport.network import Network
from geo.transport.odd import oddities
from geo.transport.products import read_products
from geo.transport.refine import tables_of_lines
from geo.transport.states import StateGraph
from geo.transport.trees import chains

RECIPE = Path(__file__).resolve().parents[1] / "maps" / "mongolia.toml"
NETWORKX_CASES = 5
UNPAVED = 0.2


def layers():
    """The layers of the shipped study."""
    catalogue = catalogue_for(RECIPE)
    frames = {k: read_vector(catalogue[k]) for k in ("transport-nodes", "railways", "trunk-roads")}
    tables = {
        k: pd.read_csv(catalogue[k].path)
        for k in ("transport-links", "transport-factors", "products")
    }
    return frames, tables


def real_network(frames, tables):
    """Network of the fact tables, Russia and North Korea avoided."""
    return Network.from_tables(
        frames["transport-nodes"],
        tables["transport-links"],
        tables["transport-factors"],
        avoid_countries=("RU", "KP"),
    )


def first_miles(network, count, seed=0):
    """Trucking from random places to all places of the country with most of them."""
    nodes = network.nodes
    home = nodes[nodes["country"] == nodes["country"].mode()[0]]
    random = np.random.default_rng(seed)
    lon = random.uniform(home["lon"].min(), home["lon"].max(), count)
    lat = random.uniform(home["lat"].min(), home["lat"].max(), count)
    east = (lon[:, None] - home["lon"].to_numpy()) * 111.3 * np.cos(np.radians(lat))[:, None]
    north = (lat[:, None] - home["lat"].to_numpy()) * 111.3
    access = np.array([network.position(name) for name in home.index])
    return access, UNPAVED * np.hypot(east, north)


def knock_outs(network, product, destinations, mile):
    """Ours: a graph and a tree for each destination, then all closures at once."""
    found = []
    cases = closable(network)
    for name in destinations:
        graph = StateGraph.of(network, [name], product)
        tree = Tree.of(graph)
        found.append(knock_out(tree, mile, cases))
    return np.array(found)


def removed_arcs(graph, case):
    """Arcs that a closure takes out, as one set."""
    return graph.closures([case.links], [case.nodes]).arc


def with_scipy(network, product, destinations, access, mile):
    """A loop over destinations and closures, each a Dijkstra of scipy on a matrix anew."""
    found = []
    for name in destinations:
        graph = StateGraph.of(network, [name], product)
        costs, size = graph.costs(), graph.end + 1
        trucks = graph.trucks(access)
        rows = []
        for case in closable(network):
            kept = np.ones(len(costs), bool)
            kept[removed_arcs(graph, case)] = False
            head, tail, cost = (x[kept] for x in (graph.head, graph.tail, costs))
            # Of parallel arcs the cheapest: the matrix would add them up.
            order = np.argsort(cost, kind="stable")
            pair = head[order].astype(np.int64) * size + tail[order]
            first = order[np.unique(pair, return_index=True)[1]]
            matrix = csr_array((cost[first], (head[first], tail[first])), shape=(size, size))
            onward = dijkstra(matrix, indices=graph.end)[trucks]
            onward[trucks < 0] = np.inf
            rows.append((mile + onward[None, :]).min(axis=1))
        found.append(rows)
    return np.array(found)


def with_networkx(network, product, destinations, access, mile, cases):
    """The same with networkx for some of the closures."""
    found = []
    for name in destinations:
        graph = StateGraph.of(network, [name], product)
        costs = graph.costs()
        trucks = graph.trucks(access)
        rows = []
        for case in cases:
            gone = set(removed_arcs(graph, case).tolist())
            ways = nx.MultiDiGraph()
            ways.add_weighted_edges_from(
                (int(graph.head[k]), int(graph.tail[k]), float(costs[k]))
                for k in range(len(costs))
                if k not in gone
            )
            cost = nx.single_source_dijkstra_path_length(ways, graph.end)
            rows.append(
                [
                    min(
                        own[n] + cost.get(int(state), np.inf)
                        for n, state in enumerate(trucks)
                        if state >= 0
                    )
                    for own in mile
                ]
            )
        found.append(rows)
    return np.array(found)


def timed(work, *given):
    """What some work gives, and its time [s]."""
    start = time.perf_counter()
    found = work(*given)
    return found, time.perf_counter() - start


def compare(sites):
    """All three, with the same answers."""
    frames, tables = layers()
    network = real_network(frames, tables)
    product = read_products(tables["products"])["copper-concentrate"]
    ends = network.ends
    sea = ends.open & (ends.mode == ends.sea)
    destinations = [network.name_of(n) for n in np.unique(ends.end[sea])]
    access, mile = first_miles(network, sites)
    given = (network, product, destinations, access, mile)
    empty = np.empty(0)
    as_ours = FirstMile(access.astype(np.int32), mile, empty, empty, (), empty)
    own = (network, product, destinations, as_ours)
    cases = closable(network)
    knock_outs(*own)  # compiles
    ours, seconds = timed(knock_outs, *own)
    scipys, scipy_seconds = timed(with_scipy, *given)
    np.testing.assert_allclose(ours, scipys, rtol=1e-9)
    some = cases[:: max(len(cases) // NETWORKX_CASES, 1)][:NETWORKX_CASES]
    theirs, networkx_seconds = timed(with_networkx, *given, some)
    which = [cases.index(case) for case in some]
    np.testing.assert_allclose(ours[:, which], theirs, rtol=1e-9)
    networkx_seconds *= len(cases) / len(some)
    return {
        "sites": sites,
        "destinations": len(destinations),
        "knock-outs": len(cases),
        "ours s": round(seconds, 3),
        "scipy s": round(scipy_seconds, 3),
        "networkx s (reckoned from some)": round(networkx_seconds, 1),
        "scipy / ours": round(scipy_seconds / seconds, 1),
        "networkx / ours": round(networkx_seconds / seconds, 1),
    }


def peak_gb():
    """Most memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def million(links, sites=1000):
    """A network of the layers' lines, cut finer until it has enough links."""
    frames, tables = layers()
    product = read_products(tables["products"])["copper-concentrate"]
    rail, road = frames["railways"], frames["trunk-roads"]
    countries = sorted(set(rail["country"].fillna("")) | set(road["country"].fillna("")))
    gauges = {
        c: 1520 if c in ("MN", "RU", "KZ") else 1067 if c == "JP" else 1435 for c in countries
    }
    length = sum(float(shapely.length(lines.geometry.to_numpy()).sum()) for lines in (rail, road))
    told = {"before": round(peak_gb(), 2)}
    (nodes, table), told["tables s"] = timed(
        lambda: tables_of_lines(rail, road, gauges, spacing=length / links)
    )
    network, told["network s"] = timed(
        lambda: Network.from_tables(nodes, table, tables["transport-factors"])
    )
    odd, told["validate s"] = timed(lambda: oddities(network.nodes, network.links))
    # The port: the place nearest to Tianjin's.
    at = frames["transport-nodes"].set_index("node_id").geometry["tianjin"]
    away = np.hypot(network.nodes["lon"] - at.x, network.nodes["lat"] - at.y)
    goal = str(away.idxmin())
    graph, told["graph s"] = timed(lambda: StateGraph.of(network, [goal], product))
    tree, told["tree s"] = timed(lambda: Tree.of(graph))
    random = np.random.default_rng(0)
    starts = random.choice(np.flatnonzero(np.isfinite(tree.at_nodes)), sites, replace=False)
    ways, told["ways s"] = timed(lambda: chains(tree.via, graph.head, graph.trucks(starts)))
    told = {key: round(value, 2) for key, value in told.items()}
    return {
        "links": len(network.links),
        "places": len(network.nodes),
        "arcs": len(graph.tail),
        "findings": len(odd),
        "sites": sites,
        "arcs of all ways": len(ways.arc),
        **told,
        "peak GB": round(peak_gb(), 2),
    }


def main():
    """Run what is asked for and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--links", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("compare", "million"))
    given = parser.parse_args()
    if given.only != "million":
        print(json.dumps(compare(given.sites), indent=1))
    if given.only != "compare":
        print(json.dumps(million(given.links), indent=1))


if __name__ == "__main__":
    main()
