"""Cheapest ways over the network, step by step, each priced low, central and high.

Shortest paths over the states of `geo.transport.states` are cheapest ways over the network:
every change of vehicle, gauge or railway costs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.errors import NetworkError
from geo.transport.charges import Charge
from geo.transport.network import Link, Network
from geo.transport.products import Product, value_per_wet_tonne
from geo.transport.states import OFF_RAILS, StateGraph
from geo.transport.tariffs import CASES, Case, Rate
from geo.transport.trees import grow

__all__ = ["Onward", "Step", "Tree", "by_country", "solve", "steps_of"]

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Step:
    """One priced part of a way: a haul over a link, or an operation at a place.

    Attributes
    ----------
    mode : str
        rail, road, sea, border, gauge-change, transfer or port.
    start, end : str
        Node ids, the same for an operation.
    km : float
        Tariff distance [km]; 0 for an operation.
    cost : (low, central, high)
        [USD per wet tonne]
    hours : float
        NaN is unknown.
    source : str
    country, gauge : str, int
        Of a railway.
    link : int or None
        Row of the link table that is drawn.
    length : str
        Where the tariff distance comes from.
    kg : float
        CO2e [kg per wet tonne]; NaN is unknown.
    """

    mode: str
    start: str
    end: str
    km: float
    cost: Triple
    hours: float
    source: str
    country: str = ""
    gauge: int = 0
    link: int | None = None
    length: str = ""
    kg: float = float("nan")


@dataclass(frozen=True, eq=False)
class Tree:
    """Cheapest ways of one graph to its destinations.

    Attributes
    ----------
    graph : StateGraph
    costs : (arcs,) array [USD/t]
        Of the case that the ways were chosen by.
    cost : (states + 1,) array [USD/t]
        From every state; infinite where no way leads.
    via : (states + 1,) int32 array
        Arc by which each goes on.
    """

    graph: StateGraph
    costs: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]
    via: npt.NDArray[np.int32]

    @classmethod
    def of(cls, graph: StateGraph, case: Case = "central") -> "Tree":
        """Solve a graph."""
        costs = graph.costs(case)
        return cls(graph, costs, *grow(graph.into, costs, [graph.end]))

    @cached_property
    def at_nodes(self) -> npt.NDArray[np.float64]:
        """Cost from a truck at every node of the network [USD/t]; infinite where none leads."""
        trucks = self.graph.trucks(np.arange(len(self.graph.network.nodes)))
        return np.where(trucks >= 0, self.cost[trucks], np.inf)

    @property
    def goals(self) -> npt.NDArray[np.int32]:
        """Destinations that a way leads to, as rows of the node table."""
        arrivals = self.graph.head == self.graph.end
        return np.unique(self.graph.node[self.graph.tail[arrivals]])

    def arcs(self, state: int) -> list[int]:
        """Arcs from a state to its destination."""
        found = []
        while state != self.graph.end:
            found.append(int(self.via[state]))
            state = int(self.graph.head[found[-1]])
        return found


@dataclass(frozen=True)
class Onward:
    """Cheapest ways from every place to the cheapest of some destinations.

    Attributes
    ----------
    case : {"low", "central", "high"}
        Case that the ways were chosen by.
    trees : tuple of Tree
        One for each country of destination.
    """

    case: Case
    trees: tuple[Tree, ...]

    def at(self, node: str) -> float:
        """Cost from a truck standing at a node [USD/t], NaN where nothing can be reached."""
        cost = self._best(node)[0]
        return cost if np.isfinite(cost) else float("nan")

    def steps(self, node: str) -> tuple[list[Step], str]:
        """Steps from a truck at a node, and the destination that they reach.

        Raises
        ------
        NetworkError
            If no destination can be reached.
        """
        cost, tree = self._best(node)
        if not np.isfinite(cost):
            raise NetworkError(
                f"no open way leads from {node} to the destinations: "
                "allow more statuses, countries or crossings"
            )
        graph = tree.graph
        place = graph.network.position(node)
        arcs = tree.arcs(int(graph.trucks([place])[0]))
        return steps_of(graph, arcs), graph.network.name_of(int(graph.node[graph.tail[arcs[-1]]]))

    def _best(self, node: str) -> tuple[float, Tree]:
        place = self.trees[0].graph.network.position(node)
        return min(((float(t.at_nodes[place]), t) for t in self.trees), key=lambda pair: pair[0])


def by_country(network: Network, destinations: Sequence[str]) -> dict[str, list[str]]:
    """Sort destinations by country, in the order of the countries' codes.

    Raises
    ------
    NetworkError
        If a destination is unknown, or none is given.
    """
    if not destinations:
        raise NetworkError("no destination is given: name at least one node")
    found: dict[str, list[str]] = {}
    for name in destinations:
        found.setdefault(network.node(name).country, []).append(name)
    return dict(sorted(found.items()))


def solve(
    network: Network, destinations: tuple[str, ...], product: Product, case: Case = "central"
) -> Onward:
    """Cheapest ways to the cheapest of some destinations.

    Parameters
    ----------
    network : Network
    destinations : tuple of str
        Node ids.
    product : Product
    case : {"low", "central", "high"}

    Returns
    -------
    Onward

    Raises
    ------
    NetworkError
        If a destination is unknown, or none is given.
    """
    if case not in CASES:
        raise NetworkError(f"case {case!r} is unknown: write one of {', '.join(CASES)}")
    # Which crossings are open depends on where the cargo goes, so each country is solved alone.
    groups = by_country(network, destinations)
    trees = (Tree.of(StateGraph.of(network, names, product), case) for names in groups.values())
    return Onward(case, tuple(trees))


def steps_of(graph: StateGraph, arcs: Sequence[int]) -> list[Step]:
    """Tell arcs as steps: of a haul over a border the wait comes first.

    Parameters
    ----------
    graph : StateGraph
    arcs : sequence of int

    Returns
    -------
    list of Step
    """
    return [step for arc in arcs for step in _steps(graph, arc)]


def _steps(graph: StateGraph, arc: int) -> Iterator[Step]:
    place = graph.network.name_of
    tail, head = int(graph.tail[arc]), int(graph.head[arc])
    start = place(int(graph.node[tail]))
    end = start if head == graph.end else place(int(graph.node[head]))
    row = int(graph.link[arc])
    started: Triple = (0.0, 0.0, 0.0)
    for k, amount in zip(graph.factor[arc], graph.quantity[arc], strict=True):
        if k < 0:
            continue
        charge = graph.charges.items[int(k)]
        cost = _times(charge.rate.triple, float(amount))
        if charge.name == "sea-fixed":
            # The part of a voyage that does not depend on its length is no step of its own.
            started = cost
        elif charge.by_km:
            link = graph.network.link(row)
            country, gauge = _wagon(graph, tail)
            yield Step(
                charge.mode, start, end, float(amount), _add(started, cost),
                float(amount) * charge.hours, _told(charge.rate), country, gauge, row,
                _length_told(link), float(amount) * charge.kg,
            )  # fmt: skip
        else:
            yield _operation(graph, charge, float(amount), start, cost, head, row)


def _operation(
    graph: StateGraph, charge: Charge, amount: float, place: str, cost: Triple, head: int, row: int
) -> Step:
    if charge.mode == "border":
        valued = "waiting not valued, price unknown" if np.isnan(
            value_per_wet_tonne(graph.product)
        ) else "valued by the cargo"  # fmt: skip
        crossing = graph.network.link(row).crossing
        own = "" if amount == 1 else f"{amount * charge.hours:g} h at this crossing, by "
        source = f"dwell: {own}{_told(charge.rate)}, {valued}; crossing class {crossing}"
        return Step("border", place, place, 0.0, cost, amount * charge.hours, source)
    if charge.mode == "rail":
        source = f"fixed part: {_told(charge.rate)}"
        country, gauge = _wagon(graph, head)
        return Step("rail", place, place, 0.0, cost, 0.0, source, country, gauge, kg=0.0)
    return Step(charge.mode, place, place, 0.0, cost, charge.hours, _told(charge.rate))


def _wagon(graph: StateGraph, state: int) -> tuple[str, int]:
    """Country and gauge of a state on rails."""
    vehicle = int(graph.vehicle[state]) - len(OFF_RAILS)
    return graph.wagons[vehicle] if vehicle >= 0 else ("", 0)


def _told(rate: Rate) -> str:
    sure = f"confidence {rate.confidence}" if rate.confidence else "confidence not stated"
    return f"{rate.source} ({'; '.join(text for text in (sure, rate.note) if text)})"


def _length_told(link: Link) -> str:
    length = link.length_source or link.source or "not stated"
    sure = link.length_confidence or link.confidence or "not stated"
    assumed = f"; link: {link.source}" if link.assumed else ""
    return f"{length} (confidence {sure}{assumed})"


def _times(one: Triple, factor: float) -> Triple:
    return one[0] * factor, one[1] * factor, one[2] * factor


def _add(one: Triple, other: Triple) -> Triple:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]
