"""Why a destination cannot be reached: the missing piece, by its name."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from geo.transport.graph import Tree, by_country
from geo.transport.kinds import CROSSING_CLASSES
from geo.transport.network import Network
from geo.transport.products import Product
from geo.transport.states import OFF_RAILS, StateGraph
from geo.transport.trees import grow

__all__ = ["missing_piece"]

# Dearer than any way: of all ways the one with the fewest shut links is found first.
_SHUT = 1e7


def missing_piece(
    network: Network,
    destinations: Sequence[str],
    product: Product,
    nodes: Sequence[str],
    mile: npt.ArrayLike = 0.0,
) -> str:
    """Say what keeps cargo from some destinations.

    Parameters
    ----------
    network : Network
    destinations : sequence of str
        Node ids.
    product : Product
    nodes : sequence of str
        Places where a truck may begin.
    mile : float or (nodes,) array [USD/t]
        Trucking to each; infinite where no truck gets there.

    Returns
    -------
    str
        One sentence. Empty where a way leads from one of the places.
    """
    first = np.broadcast_to(np.asarray(mile, dtype=np.float64), (len(nodes),))
    goals = ", ".join(destinations)
    if not len(nodes) or not np.isfinite(first).any():
        return "no truck gets from here to any place of the network: barriers lie between"
    found = []
    for country, names in by_country(network, destinations).items():
        graph = StateGraph.of(network, names, product)
        if np.isfinite(_best(graph, Tree.of(graph).cost, network, nodes, first)[0]):
            return ""
        found.append(_fewest(network, country, names, product, nodes, first))
    told = min(found)[1] if found else ""
    return told or f"no link of the table leads on towards {goals}, open or not"


def _fewest(
    network: Network,
    country: str,
    names: Sequence[str],
    product: Product,
    nodes: Sequence[str],
    first: npt.NDArray[np.float64],
) -> tuple[float, str]:
    """Shut links and missing yards on the way that needs fewest of them, and how many."""
    usable = network.usable(country)
    every = replace(
        network,
        links=network.links.assign(open=True),
        nodes=network.nodes.assign(gauges=lambda t: t["gauges"].map(lambda _: network.gauges)),
        allow_crossings=CROSSING_CLASSES,
    )
    graph = StateGraph.of(every, names, product)
    shut = (graph.link >= 0) & ~usable[np.maximum(graph.link, 0)]
    unyarded = _unyarded(network, graph)
    costs = graph.costs() + _SHUT * (shut | unyarded)
    tree = Tree(graph, costs, *grow(graph.into, costs, [graph.end]))
    cost, state = _best(graph, tree.cost, network, nodes, first)
    if not np.isfinite(cost):
        return np.inf, ""
    arcs = tree.arcs(state)
    lacking = [_lacking(network, graph, arc, country) for arc in arcs if shut[arc]]
    lacking += [_yard(network, graph, arc) for arc in arcs if unyarded[arc]]
    return cost, f"to reach {_goal(graph, arcs)}: {'; '.join(lacking)}"


def _goal(graph: StateGraph, arcs: Sequence[int]) -> str:
    """Destination that arcs lead to."""
    return graph.network.name_of(int(graph.node[graph.tail[arcs[-1]]]))


def _best(
    graph: StateGraph,
    cost: npt.NDArray[np.float64],
    network: Network,
    nodes: Sequence[str],
    first: npt.NDArray[np.float64],
) -> tuple[float, int]:
    trucks = graph.trucks([network.position(name) for name in nodes])
    total = np.where(trucks >= 0, cost[np.maximum(trucks, 0)] + first, np.inf)
    best = int(np.argmin(total))
    return float(total[best]), int(trucks[best])


def _unyarded(network: Network, graph: StateGraph) -> npt.NDArray[np.bool_]:
    """Gauge changes at places that do not name both gauges."""
    changes = graph.factor[:, 0] == graph.charges.position("gauge-change")
    arcs = np.flatnonzero(changes)
    for arc in arcs:
        changes[arc] = bool(_gauges(graph, int(arc)) - set(_own(network, graph, int(arc))))
    return np.asarray(changes)


def _gauges(graph: StateGraph, arc: int) -> set[int]:
    return {
        graph.wagons[int(graph.vehicle[state]) - len(OFF_RAILS)][1]
        for state in (graph.tail[arc], graph.head[arc])
    }


def _own(network: Network, graph: StateGraph, arc: int) -> tuple[int, ...]:
    gauges: tuple[int, ...] = network.nodes["gauges"].iloc[int(graph.node[graph.tail[arc]])]
    return gauges


def _lacking(network: Network, graph: StateGraph, arc: int, country: str) -> str:
    link = network.link(int(graph.link[arc]))
    why = str(network.links["shut"].iloc[link.index])
    if not why:
        why = f"crossing is {link.crossing}, not open to cargo for {country}"
    return f"{link.mode} {link.start}-{link.end} is shut ({why})"


def _yard(network: Network, graph: StateGraph, arc: int) -> str:
    place = network.name_of(int(graph.node[graph.tail[arc]]))
    gauges = " and ".join(str(g) for g in sorted(_gauges(graph, arc), reverse=True))
    return f"{place} has no yard between {gauges} mm"
