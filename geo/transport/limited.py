"""The cheapest way that shares no more than it may with some other ways: a search by labels.

A label is a way from the site to a state. It gives way to another label of the same state that
costs no more, has more of its sharing still to spend, and has been to no other places. Labels
are looked at by what a way to the destination that may share so little costs at the least.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.transport.graph import Tree
from geo.transport.states import SEA
from geo.transport.trees import grow

__all__ = ["DETOUR", "Gateways", "Limits", "Taken", "gateways", "next_way", "parts", "voyages"]

Floats = npt.NDArray[np.float64]
Gateways = frozenset[tuple[int, int]]
"""Borders that a way crosses, as pairs of places, and (port, -1) where it goes to sea."""

DETOUR = 1.1
"""A way to a place by way of another that is dearer by more than this is a detour. Assumption."""

# Weights of the sharing at which the least cost is looked up, as shares of the greatest sound one.
_WEIGHTS = (0.25, 0.5, 0.75, 1.0)
_LEAST_OVERLAP = 0.01
_ROUNDING = 1e-12
_PORT = -1


class Taken(NamedTuple):
    """A way that others must differ from: access place, what it goes over, gateways."""

    place: int
    parts: frozenset[int]
    gateways: Gateways


@dataclass(frozen=True)
class Limits:
    """How much of its cost a way may share, what it may cost [USD/t], and gateways.

    With `other_gateway` a way counts only if its gateways are those of no other.
    """

    overlap: float
    most_cost: float
    other_gateway: bool


class _Label(NamedTuple):
    """A way to a state; `slack` is what it may still share with each way taken [USD/t]."""

    state: int
    cost: float
    slack: tuple[float, ...]
    seen: frozenset[int]
    passed: Gateways
    arc: int
    before: "_Label | None"


def parts(tree: Tree, arcs: Collection[int]) -> npt.NDArray[np.int64]:
    """What arcs go over: the row of a link, or for what is done at a place -1 less its row.

    A link is one whatever wagons run on it, and so is a place.
    """
    graph, chosen = tree.graph, np.asarray(arcs, dtype=np.int64)
    at = -1 - graph.node[graph.tail[chosen]].astype(np.int64)
    return np.where(graph.link[chosen] >= 0, graph.link[chosen], at)


def gateways(tree: Tree, arcs: Collection[int]) -> Gateways:
    """Borders that arcs cross, as pairs of places, and ports at which the cargo goes to sea."""
    graph, ends = tree.graph, tree.graph.network.ends
    found = set()
    for arc in arcs:
        row, tail, head = (int(of[arc]) for of in (graph.link, graph.tail, graph.head))
        if row >= 0 and ends.border[row]:
            a, b = sorted((int(ends.start[row]), int(ends.end[row])))
            found.add((a, b))
        if head != graph.end and graph.vehicle[head] == SEA != graph.vehicle[tail]:
            found.add((int(graph.node[tail]), _PORT))
    return frozenset(found)


def voyages(passed: Gateways) -> int:
    """How often cargo goes to sea."""
    return sum(mark == _PORT for _, mark in passed)


def next_way(
    tree: Tree,
    places: Mapping[int, int],
    mile: Floats,
    taken: Sequence[Taken],
    limits: Limits,
    labels: int,
) -> tuple[tuple[int, ...] | None, bool]:
    """Cheapest way that differs enough from those taken.

    Parameters
    ----------
    tree : Tree
        Cheapest ways to the destinations.
    places : mapping of int to int
        Access place by the state of its truck.
    mile : (places,) array [USD/t]
        Trucking from the site to each.
    taken : sequence of Taken
    limits : Limits
    labels : int
        Most labels to look at.

    Returns
    -------
    arcs : tuple of int or None
        None where there is no such way, or none was found in time.
    whole : bool
        False where the search was given up: a way may have been missed.

    Notes
    -----
    A shortest path with a resource a way taken, elementary in its places. Cheapest costs with the
    shared arcs weighted are lower bounds that keep the labels few.

    References
    ----------
    Chondrogiannis, T. et al. (2020). Finding k-shortest paths with limited overlap. The VLDB
    Journal 29. https://doi.org/10.1007/s00778-020-00604-x

    Feillet, D. et al. (2004). An exact algorithm for the elementary shortest path problem with
    resource constraints. Networks 44. https://doi.org/10.1002/net.20033
    """
    return _Search(tree, places, mile, taken, limits).run(labels)


class _Search:
    def __init__(
        self,
        tree: Tree,
        places: Mapping[int, int],
        mile: Floats,
        taken: Sequence[Taken],
        limits: Limits,
    ) -> None:
        self.tree, self.graph = tree, tree.graph
        self.places, self.mile = places, mile
        self.taken, self.limits = taken, limits
        self.part = parts(tree, range(len(tree.costs)))
        self.bounds = [*self._bounds()]
        self.number = count()

    def run(self, labels: int) -> tuple[tuple[int, ...] | None, bool]:
        queue: list[tuple[float, int, _Label]] = []
        self._push(queue, self._starts())
        kept: dict[int, list[_Label]] = {}
        looked = 0
        while queue:
            label = heappop(queue)[2]
            if label.state == self.graph.end:
                if self._differs(label):
                    return _arcs(label), True
                continue
            own = kept.setdefault(label.state, [])
            if any(self._beats(other, label) for other in own):
                continue
            own.append(label)
            looked += 1
            if looked > labels:
                return None, False
            self._push(queue, self._further(label))
        return None, True

    def _push(self, queue: list[tuple[float, int, _Label]], made: Iterable[_Label]) -> None:
        for label in made:
            least = self._least(label)
            if least <= self.limits.most_cost * (1 + _ROUNDING):
                # Of equal costs the label that was made first, so that runs agree.
                heappush(queue, (least, next(self.number), label))

    def _bounds(self) -> Iterator[tuple[int, float, Floats]]:
        """Least costs onward with what is shared with each way taken weighted."""
        costs, most = self.tree.costs, max(self.limits.overlap, _LEAST_OVERLAP)
        for n, one in enumerate(self.taken):
            shared = np.isin(self.part, list(one.parts))
            for weight in (share / most for share in _WEIGHTS):
                factor = np.maximum(1 - weight * self.limits.overlap + weight * shared, 0.0)
                yield n, weight, grow(self.graph.into, costs * factor, [self.graph.end])[0]

    def _least(self, label: _Label) -> float:
        """What a way by this label that keeps the limits costs at the least."""
        state, cost = label.state, label.cost
        found = cost + float(self.tree.cost[state])
        for n, weight, onward in self.bounds:
            found = max(found, cost - weight * label.slack[n] + float(onward[state]))
        return found

    def _starts(self) -> Iterator[_Label]:
        for state, place in self.places.items():
            cost = float(self.mile[place])
            slack = tuple(
                self.limits.overlap * cost - (cost if one.place == place else 0.0)
                for one in self.taken
            )
            seen = frozenset([int(self.graph.node[state])])
            yield _Label(state, cost, slack, seen, frozenset(), -1, None)

    def _further(self, label: _Label) -> Iterator[_Label]:
        rows = self.graph.out_of
        begin, end = rows.first[label.state], rows.first[label.state + 1]
        arcs, heads = rows.arc[begin:end].tolist(), rows.far[begin:end].tolist()
        for arc, head in zip(arcs, heads, strict=True):
            step = self._step(label, arc, head)
            if step is not None:
                yield step

    def _step(self, label: _Label, arc: int, head: int) -> _Label | None:
        """The label one arc on; None where it comes back to a place, handles twice or strays."""
        if self._handled(label) and self.graph.link[arc] < 0:
            return None
        price = float(self.tree.costs[arc])
        cost = label.cost + price
        place = self.places.get(head)
        if place is not None and cost > DETOUR * self.mile[place]:
            return None
        there = label.seen
        if head != self.graph.end:
            here, node = int(self.graph.node[label.state]), int(self.graph.node[head])
            if here != node and node in label.seen:
                return None
            there = label.seen | {node}
        passed = label.passed | gateways(self.tree, [arc])
        if voyages(passed) > 1:
            return None
        part = int(self.part[arc])
        slack = tuple(
            own + self.limits.overlap * price - (price if part in one.parts else 0.0)
            for own, one in zip(label.slack, self.taken, strict=True)
        )
        return _Label(head, cost, slack, there, passed, arc, label)

    def _handled(self, label: _Label) -> bool:
        """Whether the cargo was handled last: twice at a place would only make the rest less."""
        return label.arc >= 0 and bool(self.graph.link[label.arc] < 0)

    def _differs(self, label: _Label) -> bool:
        if min(label.slack, default=0.0) < -_ROUNDING * label.cost:
            return False
        if self.limits.other_gateway and label.passed in {one.gateways for one in self.taken}:
            return False
        own = frozenset(self.part[list(_arcs(label))].tolist())
        return own not in {one.parts for one in self.taken}

    def _beats(self, one: _Label, other: _Label) -> bool:
        """Whether whatever comes of the other comes of the one for no more."""
        return (
            one.cost <= other.cost
            and all(a >= b for a, b in zip(one.slack, other.slack, strict=True))
            and one.seen <= other.seen
            and self._handled(one) <= self._handled(other)
            and voyages(one.passed) <= voyages(other.passed)
            and (one.passed == other.passed or not self.limits.other_gateway)
        )


def _arcs(label: _Label) -> tuple[int, ...]:
    found = []
    while label.before is not None:
        found.append(label.arc)
        label = label.before
    return tuple(found[::-1])
