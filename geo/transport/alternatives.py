"""Ranked ways that really differ: cheap ones that share little with those before them.

The k cheapest ways of a network differ in a siding. Here a way counts only if what it has in
common with every way taken before it costs no more than a share of its own cost.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.transport.graph import Step, Tree, steps_of
from geo.transport.limited import (
    DETOUR,
    Gateways,
    Limits,
    Taken,
    gateways,
    next_way,
    parts,
    voyages,
)
from geo.transport.trees import grow

__all__ = ["Alternative", "alternatives"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Alternative:
    """One way from a site to a destination.

    Attributes
    ----------
    place : int
        Access place: column of the first mile.
    cost : float
        First mile and all that follows [USD/t].
    arcs : tuple of int
    overlap : float
        Share of its cost that it has in common with the way before it which it is most like.
    """

    place: int
    cost: float
    arcs: tuple[int, ...]
    overlap: float

    def steps(self, tree: Tree) -> tuple[list[Step], str]:
        """Steps from the truck at the access place, and the destination."""
        graph = tree.graph
        end = int(graph.node[graph.tail[self.arcs[-1]]])
        return steps_of(graph, self.arcs), graph.network.name_of(end)


def alternatives(
    tree: Tree,
    nodes: npt.ArrayLike,
    mile: Floats,
    *,
    count: int = 3,
    max_overlap: float = 0.5,
    max_stretch: float = 2.0,
    other_gateway: bool = False,
    labels: int = 2000,
) -> list[Alternative]:
    """Cheapest way of a site, and further ones that differ from it and from each other.

    Parameters
    ----------
    tree : Tree
        Cheapest ways to the destinations.
    nodes : (places,) array of int
        Access places: rows of the node table.
    mile : (places,) array [USD/t]
        Trucking from the site to each; infinite where no truck gets there.
    count : int
        Most ways to give.
    max_overlap : float
        Greatest share of a way's cost that it may have in common with one before it: links,
        whatever runs on them, and what is done at places.
    max_stretch : float
        A way dearer than this many times the cheapest is none.
    other_gateway : bool
        Whether a way counts only if it crosses another border or leaves from another port
        than each one before it.
    labels : int
        Most labels that the search for one way looks at.

    Returns
    -------
    list of Alternative
        By cost, none where no destination can be reached.

    Raises
    ------
    DataError
        If the count, the overlap or the stretch lies outside its range.

    Notes
    -----
    The first is the cheapest way, each further one the cheapest that keeps the overlap with all
    before it: k shortest paths with limited overlap, exact, see `geo.transport.limited`. Where a
    search would look at more labels than that, the cheapest ways through single states (single
    via paths) stand in, of which one may be dearer than need be. No further way comes back to a
    place, is handled twice in a row or goes to sea twice. One on which a truck stands where the
    first mile alone had brought it for a tenth less is a detour and is left out.

    References
    ----------
    Chondrogiannis, T. et al. (2020). Finding k-shortest paths with limited overlap. The VLDB
    Journal 29. https://doi.org/10.1007/s00778-020-00604-x

    Abraham, I. et al. (2013). Alternative routes in road networks. ACM Journal of Experimental
    Algorithmics 18. https://doi.org/10.1145/2444016.2444019
    """
    if count < 1 or not 0 <= max_overlap <= 1 or max_stretch < 1:
        raise DataError(
            f"{count} ways with overlap {max_overlap} and stretch {max_stretch} cannot be asked "
            "for: at least one way, an overlap in [0, 1], a stretch of 1 or more"
        )
    site = _Site.of(tree, np.asarray(nodes), np.asarray(mile, dtype=np.float64), max_stretch)
    first = next(site.through(), None)
    if first is None:
        return []
    limits = Limits(max_overlap, first.cost * max_stretch, other_gateway)
    found = [first]
    while len(found) < count:
        further = site.next_to(found, limits, labels)
        if further is None:
            break
        found.append(further)
    return found


@dataclass(frozen=True, eq=False)
class _Site:
    """Ways of one site: `place_of` is the access place by the state of its truck."""

    tree: Tree
    place_of: Mapping[int, int]
    mile: Floats
    stretch: float

    @classmethod
    def of(cls, tree: Tree, nodes: npt.NDArray[np.int64], mile: Floats, stretch: float) -> "_Site":
        trucks = tree.graph.trucks(nodes)
        usable = np.flatnonzero((trucks >= 0) & np.isfinite(mile))
        # Of places in one state, which cannot be, the last would win: states are places here.
        return cls(tree, {int(trucks[n]): int(n) for n in usable}, mile, stretch)

    def next_to(
        self, found: Sequence[Alternative], limits: Limits, labels: int
    ) -> Alternative | None:
        """The cheapest way that differs from those found; None without one."""
        taken = [
            Taken(one.place, _set(self.tree, one), gateways(self.tree, one.arcs)) for one in found
        ]
        arcs, whole = next_way(self.tree, self.place_of, self.mile, taken, limits, labels)
        if whole:
            return None if arcs is None else self.way(arcs, found)
        passed = {one.gateways for one in taken}
        ways = (self.way(one.arcs, found) for one in self.through())
        return next((one for one in ways if self._differs(one, limits, passed)), None)

    def way(self, arcs: tuple[int, ...], found: Sequence[Alternative]) -> Alternative:
        """Arcs as a way beside those found."""
        place = self.place_of[int(self.tree.graph.tail[arcs[0]])]
        cost = float(self.mile[place] + self.tree.costs[list(arcs)].sum())
        made = Alternative(place, cost, arcs, 0.0)
        shared = (_shared(self.tree, self.mile, made, other) for other in found)
        return replace(made, overlap=max(shared, default=0.0) / cost)

    def _differs(self, way: Alternative, limits: Limits, passed: Collection[Gateways]) -> bool:
        new = not limits.other_gateway or gateways(self.tree, way.arcs) not in passed
        hauls = self.tree.graph.link[list(way.arcs)] >= 0
        new &= bool((hauls[1:] | hauls[:-1]).all())
        return new and way.overlap <= limits.overlap + 1e-12

    def through(self) -> Iterator[Alternative]:
        """Cheapest way through each state, by cost, each way once."""
        tree, graph = self.tree, self.tree.graph
        trucks = np.array(list(self.place_of), dtype=np.int64)
        if not len(trucks):
            return
        mile = self.mile[list(self.place_of.values())]
        ahead, via = grow(graph.out_of, tree.costs, trucks, mile)
        through = ahead + tree.cost
        best = through[graph.end]
        if not np.isfinite(best):
            return
        seen: set[tuple[int, ...]] = set()
        order = np.argsort(through[: graph.end], kind="stable")
        # Where both trees go on by the same arc the way through its head is the same.
        on = tree.via[order]
        order = order[(on >= 0) & (via[graph.head[on]] != on)]
        near = order[through[order] <= best * self.stretch].tolist()
        # The cheapest way itself first: sums through its states differ in the last digits.
        for state in (graph.end, *near):
            arcs = tuple(_arcs_through(tree, via, int(state)))
            if arcs and arcs not in seen and self._sound(arcs):
                seen.add(arcs)
                yield self.way(arcs, ())

    def _sound(self, arcs: Sequence[int]) -> bool:
        return _simple(self.tree, arcs) and _straight(self.tree, arcs, self.place_of, self.mile)


def _arcs_through(tree: Tree, via: npt.NDArray[np.int32], state: int) -> list[int]:
    graph, before, at = tree.graph, [], state
    while via[at] >= 0:
        before.append(int(via[at]))
        at = int(graph.tail[before[-1]])
    return [*before[::-1], *(tree.arcs(state) if state != graph.end else [])]


def _simple(tree: Tree, arcs: Sequence[int]) -> bool:
    """Whether no place is left and come back to, and the cargo goes to sea but once."""
    graph = tree.graph
    places = [int(graph.node[graph.tail[arc]]) for arc in arcs]
    visits = [p for n, p in enumerate(places) if n == 0 or places[n - 1] != p]
    return len(visits) == len(set(visits)) and voyages(gateways(tree, arcs)) < 2


def _straight(tree: Tree, arcs: Sequence[int], place_of: Mapping[int, int], mile: Floats) -> bool:
    """Whether no truck stands where the first mile alone had brought it for much less."""
    spent = float(mile[place_of[int(tree.graph.tail[arcs[0]])]])
    for arc in arcs:
        there = place_of.get(int(tree.graph.tail[arc]))
        if there is not None and spent > DETOUR * mile[there]:
            return False
        spent += float(tree.costs[arc])
    return True


def _shared(tree: Tree, mile: Floats, one: Alternative, other: Alternative) -> float:
    """What a way has in common with another, at its own cost [USD/t]."""
    common = np.isin(parts(tree, one.arcs), parts(tree, other.arcs))
    first = float(mile[one.place]) if one.place == other.place else 0.0
    return first + float(tree.costs[list(one.arcs)][common].sum())


def _set(tree: Tree, way: Alternative) -> frozenset[int]:
    return frozenset(parts(tree, way.arcs).tolist())
