"""Ranked ways that really differ: cheap ones that share little with those before them.

The k cheapest ways of a network differ in a siding. Here a way counts only if what it has in
common with every way taken before it costs no more than a share of its own cost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.transport.graph import Step, Tree, steps_of
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
    max_overlap: float = 0.6,
    max_stretch: float = 2.0,
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
    is given is the cheapest through some state.

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
    for way in _via(tree, np.asarray(nodes), np.asarray(mile, dtype=np.float64), max_stretch):
        overlap = max((_shared(tree, mile, way, other) / way.cost for other in found), default=0.0)
        if not found or overlap <= max_overlap + 1e-12:
            found.append(Alternative(way.place, way.cost, way.arcs, overlap))
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
    order = np.argsort(through, kind="stable")
    # The cheapest way itself first: sums through its states differ in the last digits.
    for state in (graph.end, *order[through[order] <= best * stretch].tolist()):
        arcs = tuple(_arcs_through(tree, via, int(state)))
        places = [int(graph.tail[arc]) for arc in arcs]
        if arcs and arcs not in seen and _simple(tree, arcs):
            seen.add(arcs)
            place = place_of[places[0]]
            yield Alternative(place, float(mile[place] + tree.costs[list(arcs)].sum()), arcs, 0.0)


def _arcs_through(tree: Tree, via: npt.NDArray[np.int32], state: int) -> list[int]:
    graph, before, at = tree.graph, [], state
    while via[at] >= 0:
        before.append(int(via[at]))
        at = int(graph.tail[before[-1]])
    return [*before[::-1], *(tree.arcs(state) if state != graph.end else [])]


def _simple(tree: Tree, arcs: Sequence[int]) -> bool:
    """Whether no place is left and come back to, and no link used twice."""
    graph = tree.graph
    places = [int(graph.node[graph.tail[arc]]) for arc in arcs]
    visits = [p for n, p in enumerate(places) if n == 0 or places[n - 1] != p]
    return len(visits) == len(set(visits))


def _shared(tree: Tree, mile: Floats, one: Alternative, other: Alternative) -> float:
    """What two ways have in common [USD/t]."""
    common = set(one.arcs) & set(other.arcs)
    first = float(mile[one.place]) if one.place == other.place else 0.0
    return first + float(tree.costs[sorted(common)].sum())
