"""The network as a graph of states, so that every change of vehicle, gauge or railway costs.

A state is a place together with what the cargo stands on there: a truck, a wagon of one
gauge on one country's railway, or a ship. Links join states of one kind; transfers join
the states of one place. Shortest paths over states are cheapest ways over the network.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

import numpy as np

from geo.errors import NetworkError
from geo.transport.network import Link, Network
from geo.transport.paths import shortest
from geo.transport.products import Product, value_per_wet_tonne
from geo.transport.tariffs import CASES, HOURS_PER_YEAR, Case, Rate, Tariffs

__all__ = ["Onward", "State", "Step", "solve"]

Triple = tuple[float, float, float]

# A truck loaded from a train or ship has to drive off before it is unloaded: otherwise two
# loadings at one place would pass for a gauge change.
_LEAVING = "leaving"


class State(NamedTuple):
    """A place and what the cargo stands on.

    ``mode`` is rail (of a country and gauge), road, sea, or a truck that was loaded at the
    place and has to leave it.
    """

    node: str
    mode: str
    country: str = ""
    gauge: int = 0


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


@dataclass(frozen=True)
class _Tree:
    """Cheapest ways of one solved graph: cost of a state, and where it goes on."""

    cost: dict[State, float]
    onward: dict[State, "_Arc"]


@dataclass(frozen=True)
class Onward:
    """Cheapest ways from every place to the cheapest of some destinations.

    Attributes
    ----------
    case : {"low", "central", "high"}
        Case that the ways were chosen by.
    """

    case: Case
    _trees: tuple[_Tree, ...]

    def at(self, node: str) -> float:
        """Cost from a truck standing at a node [USD/t], NaN where nothing can be reached."""
        return min(self._costs(node), default=float("nan"))

    def steps(self, node: str) -> tuple[list[Step], str]:
        """Steps from a truck at a node, and the destination that they reach.

        Raises
        ------
        NetworkError
            If no destination can be reached.
        """
        costs = self._costs(node)
        if not costs:
            raise NetworkError(
                f"no open way leads from {node} to the destinations: "
                "allow more statuses, countries or crossings"
            )
        state: State | None = State(node, "road")
        tree = next(t for t in self._trees if t.cost.get(State(node, "road")) == min(costs))
        steps: list[Step] = []
        destination = ""
        while state is not None:
            arc = tree.onward[state]
            steps += arc.steps
            state, destination = arc.head, arc.destination
        return steps, destination

    def _costs(self, node: str) -> list[float]:
        truck = State(node, "road")
        return [tree.cost[truck] for tree in self._trees if truck in tree.cost]


class _Arc(NamedTuple):
    tail: State
    head: State | None
    steps: tuple[Step, ...]
    destination: str = ""


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
    if not destinations:
        raise NetworkError("no destination is given: name at least one node")
    if case not in CASES:
        raise NetworkError(f"case {case!r} is unknown: write one of {', '.join(CASES)}")
    by_country: dict[str, list[str]] = {}
    for name in destinations:
        country = network.node(name).country
        by_country.setdefault(country, []).append(name)
    # Which crossings are open depends on where the cargo goes, so each country is solved alone.
    trees = (
        _solve_country(network, country, names, product, case)
        for country, names in sorted(by_country.items())
    )
    return Onward(case, tuple(trees))


def _solve_country(
    network: Network, country: str, names: list[str], product: Product, case: Case
) -> _Tree:
    arcs = _cheapest_parallel(_arcs(network, country, names, product), case)
    states = sorted({s for arc in arcs.values() for s in (arc.tail, arc.head) if s is not None})
    position: dict[State | None, int] = {state: i for i, state in enumerate(states)}
    position[None] = len(states)
    costs = [_cost(arc, case) for arc in arcs.values()]
    tails = [position[arc.tail] for arc in arcs.values()]
    heads = [position[arc.head] for arc in arcs.values()]
    # Arcs are turned round: the search runs from the destinations back to the mines.
    distance, before = shortest(len(position), heads, tails, costs, len(states))
    reached = [i for i in range(len(states)) if np.isfinite(distance[i])]
    heads_of = {i: states[before[i]] if before[i] < len(states) else None for i in reached}
    return _Tree(
        {states[i]: float(distance[i]) for i in reached},
        {states[i]: arcs[states[i], heads_of[i]] for i in reached},
    )


def _cost(arc: _Arc, case: Case) -> float:
    k = CASES.index(case)
    return float(sum(step.cost[k] for step in arc.steps))


def _cheapest_parallel(arcs: Iterator[_Arc], case: Case) -> dict[tuple[State, State | None], _Arc]:
    # A sparse matrix would add parallel arcs up.
    best: dict[tuple[State, State | None], _Arc] = {}
    for arc in arcs:
        key = (arc.tail, arc.head)
        if key not in best or _cost(arc, case) < _cost(best[key], case):
            best[key] = arc
    return best


def _arcs(network: Network, country: str, names: list[str], product: Product) -> Iterator[_Arc]:
    rates = network.tariffs
    states: set[State] = set()
    for link in network.open_links:
        if _may_use(network, link, country):
            for tail, head in _ends(link):
                states |= {tail, head}
                yield _Arc(tail, head, _haul(link, tail, head, rates, product))
    # Trucks reach every place on land, whether a road link does or not.
    states |= {State(state.node, "road") for state in states if state.mode == "rail"}
    at: dict[str, list[State]] = {}
    for state in sorted(states):
        at.setdefault(state.node, []).append(state)
    yield from _transfers(network, at, product)
    for name in names:
        for state in at.get(name, []):
            yield _Arc(state, None, _arrival(state, rates, product), name)


def _transfers(network: Network, at: dict[str, list[State]], product: Product) -> Iterator[_Arc]:
    for node, here in at.items():
        yards = set(network.node(node).gauges)
        for tail, head in permutations(here, 2):
            if _may_transfer(tail, head, yards):
                yield _Arc(tail, head, _transfer(tail, head, network.tariffs, product))


def _may_use(network: Network, link: Link, country: str) -> bool:
    if not link.border or link.crossing in network.allow_crossings:
        return True
    return country in (network.node(link.start).country, network.node(link.end).country)


def _ends(link: Link) -> Iterator[tuple[State, State]]:
    for start, end in ((link.start, link.end), (link.end, link.start)):
        if link.mode == "rail":
            for gauge in link.gauges:
                railway = ("rail", link.country, gauge)
                yield State(start, *railway), State(end, *railway)
        else:
            yield State(start, link.mode), State(end, link.mode)
        if link.mode == "road":
            yield State(start, _LEAVING), State(end, "road")


def _haul(
    link: Link, tail: State, head: State, rates: Tariffs, product: Product
) -> tuple[Step, ...]:
    km = link.tariff_km
    if link.mode == "sea":
        rate, speed = rates.sea_km, rates.sea_speed
        cost = _add(rates.sea_fixed.triple, rate.scaled(km).triple)
    elif link.mode == "rail":
        rate, speed = rates.rail[tail.country], rates.rail_speed
        cost = rate.scaled(km).triple
    else:
        rate, speed = rates.truck_paved, rates.road_speed
        cost = rate.scaled(km).triple
    haul = Step(
        link.mode,
        tail.node,
        head.node,
        km,
        cost,
        km / speed,
        _told(rate),
        tail.country,
        tail.gauge,
        link.index,
        _length_told(link),
    )
    return (_border(link, tail, rates, product), haul) if link.border else (haul,)


def _told(rate: Rate) -> str:
    sure = f"confidence {rate.confidence}" if rate.confidence else "confidence not stated"
    return f"{rate.source} ({'; '.join(text for text in (sure, rate.note) if text)})"


def _length_told(link: Link) -> str:
    length = link.length_source or link.source or "not stated"
    sure = link.length_confidence or link.confidence or "not stated"
    assumed = f"; link: {link.source}" if link.assumed else ""
    return f"{length} (confidence {sure}{assumed})"


def _border(link: Link, tail: State, rates: Tariffs, product: Product) -> Step:
    dwell = rates.rail_dwell if link.mode == "rail" else rates.road_dwell
    value = value_per_wet_tonne(product)
    # Without a price the waiting cannot be valued; the hours are still told.
    hourly = 0.0 if np.isnan(value) else value * rates.interest_rate / HOURS_PER_YEAR
    valued = "waiting not valued, price unknown" if np.isnan(value) else "valued by the cargo"
    source = f"dwell: {_told(dwell)}, {valued}; crossing class {link.crossing}"
    cost = dwell.scaled(hourly).triple
    return Step("border", tail.node, tail.node, 0.0, cost, dwell.central, source)


def _may_transfer(tail: State, head: State, yards: set[int]) -> bool:
    if tail.mode == _LEAVING or head.mode == "road":
        return False
    if head.mode == _LEAVING:
        return tail.mode != "road"
    changes = tail.mode == head.mode == "rail" and tail.gauge != head.gauge
    return not changes or {tail.gauge, head.gauge} <= yards


def _transfer(tail: State, head: State, rates: Tariffs, product: Product) -> tuple[Step, ...]:
    steps = []
    if tail.mode == head.mode == "rail":
        if tail.gauge != head.gauge:
            steps.append(_operation("gauge-change", head.node, rates.gauge_change))
    elif "sea" in (tail.mode, head.mode):
        steps.append(_operation("port", head.node, rates.port))
    else:
        steps.append(_operation("transfer", head.node, rates.lift(product.form)))
    entered = head.mode == "rail" and tail.country != head.country
    if entered and head.country in rates.rail_fixed:
        fixed = rates.rail_fixed[head.country]
        source = f"fixed part: {_told(fixed)}"
        at = head.node
        steps.append(Step("rail", at, at, 0.0, fixed.triple, 0.0, source, head.country, head.gauge))
    return tuple(steps)


def _arrival(state: State, rates: Tariffs, product: Product) -> tuple[Step, ...]:
    if state.mode == "sea":
        return (_operation("port", state.node, rates.port),)
    if state.mode == "rail":
        return (_operation("transfer", state.node, rates.lift(product.form)),)
    return ()


def _operation(mode: str, node: str, rate: Rate) -> Step:
    return Step(mode, node, node, 0.0, rate.triple, float("nan"), _told(rate))


def _add(one: Triple, other: Triple) -> Triple:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]
