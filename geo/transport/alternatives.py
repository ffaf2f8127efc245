"""Ranked ways that really differ: cheap ones that share little with those before them.

The k cheapest ways of a network differ in a siding. Here a way counts only if what it has in
common with every way taken before it costs no more than a share of its own cost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.transport.graph import Step, Tree, steps_of
from geo.transport.states import SEA
from geo.transport.trees import grow

__all__ = ["Alternative", "alternatives"]

Floats = npt.NDArray[np.float64]

# A way to a place by way of another that is dearer by more than this is a detour. Assumption.
_DETOUR = 1.1


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
        Greatest share of a way's cost that it may have in common with one before it.
    max_stretch : float
        A way dearer than this many times the cheapest is none.
    other_gateway : bool
        Whether a way counts only if it crosses another border or leaves from another port
        than each one before it.

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
    Single via paths: for every state the cheapest way through it, in the order of cost. Not
    every way is one of these, so a cheaper one that differs as much may be missed; each that
    is given is the cheapest through some state. A way on which a truck stands where the first
    mile alone had brought it for a tenth less is a detour and is left out.

    References
    ----------
    Chondrogiannis, T. et al. (2020). Finding k-shortest paths with limited overlap. The VLDB
    Journal 29. https://doi.org/10.1007/s00778-020-00604-x
    """
    if count < 1 or not 0 <= max_overlap <= 1 or max_stretch < 1:
        raise DataError(
            f"{count} ways with overlap {max_overlap} and stretch {max_stretch} cannot be asked "
            "for: at least one way, an overlap in [0, 1], a stretch of 1 or more"
        )
    found: list[Alternative] = []
    passed: set[frozenset[tuple[int, int]]] = set()
    for way in _via(tree, np.asarray(nodes), np.asarray(mile, dtype=np.float64), max_stretch):
        overlap = max((_shared(tree, mile, way, other) / way.cost for other in found), default=0.0)
        gateways = _gateways(tree, way.arcs)
        new = not other_gateway or gateways not in passed
        if not found or (new and overlap <= max_overlap + 1e-12):
            found.append(Alternative(way.place, way.cost, way.arcs, overlap))
            passed.add(gateways)
        if len(found) == count:
            break
    return found


def _via(
    tree: Tree, nodes: npt.NDArray[np.int64], mile: Floats, stretch: float
) -> Iterator[Alternative]:
    """Cheapest way through each state, by cost, each way once."""
    graph = tree.graph
    trucks = graph.trucks(nodes)
    usable = np.flatnonzero((trucks >= 0) & np.isfinite(mile))
    if not len(usable):
        return
    # Of places in one state, which cannot be, the last would win: states are places here.
    place_of = {int(trucks[n]): int(n) for n in usable}
    ahead, via = grow(graph.out_of, tree.costs, trucks[usable], mile[usable])
    through = ahead + tree.cost
    best = through[graph.end]
    if not np.isfinite(best):
        return
    seen: set[tuple[int, ...]] = set()
    order = np.argsort(through[: graph.end], kind="stable")
    # Where both trees go on by the same arc the way through its head is the same.
    on = tree.via[order]
    order = order[(on >= 0) & (via[graph.head[on]] != on)]
    # The cheapest way itself first: sums through its states differ in the last digits.
    for state in (graph.end, *order[through[order] <= best * stretch].tolist()):
        arcs = tuple(_arcs_through(tree, via, int(state)))
        fresh = arcs and arcs not in seen and _simple(tree, arcs)
        if fresh and _straight(tree, arcs, place_of, mile):
            seen.add(arcs)
            place = place_of[int(graph.tail[arcs[0]])]
            yield Alternative(place, float(mile[place] + tree.costs[list(arcs)].sum()), arcs, 0.0)


def _arcs_through(tree: Tree, via: npt.NDArray[np.int32], state: int) -> list[int]:
    graph, before, at = tree.graph, [], state
    while via[at] >= 0:
        before.append(int(via[at]))
        at = int(graph.tail[before[-1]])
    return [*before[::-1], *(tree.arcs(state) if state != graph.end else [])]


def _gateways(tree: Tree, arcs: Sequence[int]) -> frozenset[tuple[int, int]]:
    """Borders that a way crosses, as pairs of places, and the port that it leaves from."""
    graph, ends = tree.graph, tree.graph.network.ends
    found = set()
    for arc in arcs:
        row = int(graph.link[arc])
        if row >= 0 and ends.border[row]:
            a, b = sorted((int(ends.start[row]), int(ends.end[row])))
            found.add((a, b))
    shipped = _voyages(tree, arcs)
    return frozenset(found | {(port, -1) for port in shipped})


def _voyages(tree: Tree, arcs: Sequence[int]) -> list[int]:
    """Places where the cargo goes to sea."""
    graph = tree.graph
    boarded = (arc for arc in arcs if graph.head[arc] != graph.end)
    return [
        int(graph.node[graph.tail[arc]])
        for arc in boarded
        if graph.vehicle[graph.head[arc]] == SEA != graph.vehicle[graph.tail[arc]]
    ]


def _simple(tree: Tree, arcs: Sequence[int]) -> bool:
    """Whether no place is left and come back to, and the cargo goes to sea but once."""
    graph = tree.graph
    places = [int(graph.node[graph.tail[arc]]) for arc in arcs]
    visits = [p for n, p in enumerate(places) if n == 0 or places[n - 1] != p]
    return len(visits) == len(set(visits)) and len(_voyages(tree, arcs)) < 2


def _straight(tree: Tree, arcs: Sequence[int], place_of: Mapping[int, int], mile: Floats) -> bool:
    """Whether no truck stands where the first mile alone had brought it for much less."""
    spent = float(mile[place_of[int(tree.graph.tail[arcs[0]])]])
    for arc in arcs:
        there = place_of.get(int(tree.graph.tail[arc]))
        if there is not None and spent > _DETOUR * mile[there]:
            return False
        spent += float(tree.costs[arc])
    return True


def _shared(tree: Tree, mile: Floats, one: Alternative, other: Alternative) -> float:
    """What two ways have in common [USD/t]."""
    common = set(one.arcs) & set(other.arcs)
    first = float(mile[one.place]) if one.place == other.place else 0.0
    return first + float(tree.costs[sorted(common)].sum())
