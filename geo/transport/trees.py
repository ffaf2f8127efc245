"""Cheapest ways over a graph in compressed rows: from many starts, with arcs taken out, in draws.

The kernels run Dijkstra's search with a binary heap over arrays. Parallel arcs are allowed,
free arcs too, and of equal ways the one found first is kept, so that a rerun is identical.
Searches run *against* the arcs, from where the cargo goes to where it comes from.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = [
    "Closures",
    "Rows",
    "chains",
    "closed_arcs",
    "grow",
    "grow_labelled",
    "regrow",
    "rows_by",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


class Rows(NamedTuple):
    """Arcs grouped by one of their ends.

    Attributes
    ----------
    first : (vertices + 1,) int64 array
        Where each vertex's arcs begin in the others.
    far : (arcs,) int32 array
        The other end.
    arc : (arcs,) int32 array
        Number of the arc.
    """

    first: npt.NDArray[np.int64]
    far: Ints
    arc: Ints


class Closures(NamedTuple):
    """Sets of arcs that are taken out, one set after the other.

    Attributes
    ----------
    first : (sets + 1,) int64 array
    arc : (n,) int32 array
    """

    first: npt.NDArray[np.int64]
    arc: Ints


def rows_by(ends: npt.ArrayLike, far: npt.ArrayLike, size: int) -> Rows:
    """Group arcs by one of their ends, those of a vertex in the arcs' own order.

    Parameters
    ----------
    ends, far : (arcs,) arrays of int
    size : int
        Number of vertices.

    Examples
    --------
    >>> rows_by([1, 0, 1], [2, 2, 0], 3)[:2]
    (array([0, 1, 3, 3]), array([2, 2, 0], dtype=int32))
    """
    near = np.asarray(ends, dtype=np.int32)
    order = np.argsort(near, kind="stable").astype(np.int32)
    first = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(near, minlength=size), out=first[1:])
    return Rows(first, np.asarray(far, dtype=np.int32)[order], order)


def grow(rows: Rows, costs: Floats, starts: npt.ArrayLike, offsets: npt.ArrayLike = 0.0) -> tuple[
    Floats, Ints
]:  # fmt: skip
    """Least cost from every vertex to the cheapest of some starts.

    Parameters
    ----------
    rows : Rows
        Arcs by their heads, `far` their tails: the search runs against the arcs. Grouped
        by tails it runs along them.
    costs : (arcs,) float64 array
        By number of the arc; not negative.
    starts : (n,) array of int
    offsets : (n,) array of float
        What each start costs itself.

    Returns
    -------
    cost : (vertices,) float64 array
        Infinite where no arcs lead.
    via : (vertices,) int32 array
        Arc that each vertex goes by; -1 at a start and where none leads.

    References
    ----------
    Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. Numerische
    Mathematik 1. https://doi.org/10.1007/BF01386390

    Examples
    --------
    >>> rows = rows_by([1, 2], [0, 1], 3)
    >>> cost, via = grow(rows, np.array([1.0, 2.5]), [2])
    >>> cost, via
    (array([3.5, 2.5, 0. ]), array([ 0,  1, -1], dtype=int32))
    """
    size = len(rows.first) - 1
    cost = np.full(size, np.inf)
    begun = np.atleast_1d(np.asarray(starts, dtype=np.int64))
    np.minimum.at(cost, begun, np.broadcast_to(np.asarray(offsets, dtype=np.float64), begun.shape))
    via = np.full(size, -1, dtype=np.int32)
    _search(rows, costs, cost, via)
    return cost, via


def grow_labelled(
    rows: Rows, costs: Floats, start: int, wanted: npt.ArrayLike, labels: Ints
) -> tuple[Floats, Ints]:
    """Least cost from some vertices to one start, for many sets of costs, and what is passed.

    Parameters
    ----------
    rows : Rows
        As for :func:`grow`.
    costs : (draws, arcs) float64 array
    start : int
    wanted : (n,) array of int
        Vertices to tell of.
    labels : (kinds, arcs) int32 array
        What an arc stands for, of each kind; -1 for nothing.

    Returns
    -------
    cost : (draws, n) float64 array
        Infinite where no arcs lead.
    label : (draws, kinds, n) int32 array
        The first label of each kind on the way from the vertex to the start; -1 for none.

    Examples
    --------
    >>> rows = rows_by([1, 2], [0, 1], 3)
    >>> cost, label = grow_labelled(rows, np.array([[1.0, 2.0]]), 2, [0], np.array([[7, 8]]))
    >>> cost, label
    (array([[3.]]), array([[[7]]], dtype=int32))
    """
    chosen = np.asarray(wanted, dtype=np.int32)
    return _labelled(rows, costs, start, chosen, np.asarray(labels, dtype=np.int32))


def regrow(
    into: Rows,
    out_of: Rows,
    costs: Floats,
    tree: tuple[Floats, Ints],
    closures: Closures,
    wanted: npt.ArrayLike,
) -> Floats:
    """Least costs with arcs taken out, working out again only what hung on them.

    Parameters
    ----------
    into, out_of : Rows
        The same arcs by heads and by tails.
    costs : (arcs,) float64 array
    tree : (cost, via)
        As :func:`grow` returns them for `into`.
    closures : Closures
        A set of arcs for each case.
    wanted : (n,) array of int
        Vertices to tell of.

    Returns
    -------
    (sets, n) float64 array
        Infinite where no arcs are left that lead. Equal to :func:`grow` on the graph without
        the arcs.

    Examples
    --------
    >>> into, out_of = rows_by([1, 1], [0, 0], 2), rows_by([0, 0], [1, 1], 2)
    >>> costs = np.array([1.0, 4.0])
    >>> shut = Closures(np.array([0, 1, 3]), np.array([0, 0, 1], dtype=np.int32))
    >>> regrow(into, out_of, costs, grow(into, costs, [1]), shut, [0])
    array([[ 4.],
           [inf]])
    """
    cost, via = tree
    # What goes by an arc hangs on that arc's head: the tree's children by their parent.
    gone = np.flatnonzero(via >= 0).astype(np.int32)
    heads = np.empty(len(costs), dtype=np.int32)
    heads[into.arc] = np.repeat(np.arange(len(cost), dtype=np.int32), np.diff(into.first))
    children = rows_by(heads[via[gone]], gone, len(cost))
    tails = np.empty(len(costs), dtype=np.int32)
    tails[into.arc] = into.far
    below = _Below(children.first, children.far, tails)
    chosen = np.asarray(wanted, dtype=np.int32)
    return _without(into, out_of, below, costs, cost, via, closures, chosen)


def closed_arcs(
    links: Closures,
    places: Closures,
    by_link: Rows,
    by_place: Rows,
    trucks: Rows,
    start: Ints,
    end: Ints,
    land: npt.NDArray[np.bool_],
) -> Closures:
    """Arcs that closing links and places takes out.

    Parameters
    ----------
    links, places : Closures
        What is closed in each case, as links and as places.
    by_link : Rows
        Arcs (`far`) of every link.
    by_place : Rows
        Links (`far`) of every place.
    trucks : Rows
        Arcs (`far`) from and to trucks at every place: they go too where no link on land is
        left, for then no truck gets there.
    start, end : (links,) int32 arrays
        Places of every link.
    land : (links,) bool array
        Whether a link lies on land.
    """
    first = np.zeros(len(links.first), dtype=np.int64)
    arcs = _closed(links, places, by_link, by_place, trucks, (start, end), land, first)
    return Closures(first, arcs)


@njit(cache=True, nogil=True)
def _closed(
    links: Closures,
    places: Closures,
    by_link: Rows,
    by_place: Rows,
    trucks: Rows,
    ends: tuple[Ints, Ints],
    land: npt.NDArray[np.bool_],
    first: npt.NDArray[np.int64],
) -> Ints:
    """Arcs of all cases; `first` is filled with where each begins."""
    arcs = np.empty(256, dtype=np.int32)
    count = 0
    seen = np.full(len(land), -1, dtype=np.int64)
    gone = np.empty(len(land), dtype=np.int32)
    for k in range(len(first) - 1):
        size = 0
        for row in links.arc[links.first[k] : links.first[k + 1]]:
            if seen[row] != k:
                seen[row], gone[size] = k, row
                size += 1
        for place in places.arc[places.first[k] : places.first[k + 1]]:
            for row in by_place.far[by_place.first[place] : by_place.first[place + 1]]:
                if seen[row] != k:
                    seen[row], gone[size] = k, row
                    size += 1
        for row in gone[:size]:
            arcs, count = _append(arcs, count, by_link, row)
            for side in ends:
                if not _served(by_place, side[row], land, seen, k):
                    arcs, count = _append(arcs, count, trucks, side[row])
        first[k + 1] = count
    return arcs[:count].copy()


@njit(cache=True, nogil=True)
def _append(arcs: Ints, count: int, rows: Rows, key: int) -> tuple[Ints, int]:
    for arc in rows.far[rows.first[key] : rows.first[key + 1]]:
        if count == len(arcs):
            arcs = np.concatenate((arcs, np.empty(count, dtype=np.int32)))
        arcs[count] = arc
        count += 1
    return arcs, count


@njit(cache=True, nogil=True)
def _served(
    by_place: Rows,
    place: int,
    land: npt.NDArray[np.bool_],
    seen: npt.NDArray[np.int64],
    case: int,
) -> bool:
    """Whether a link on land that is not closed in a case still leads to a place."""
    for row in by_place.far[by_place.first[place] : by_place.first[place + 1]]:
        if land[row] and seen[row] != case:
            return True
    return False


def chains(via: Ints, head: Ints, starts: npt.ArrayLike) -> Closures:
    """Arcs of the ways from some vertices to where a tree begins, one way after the other.

    Parameters
    ----------
    via : (vertices,) int32 array
        As :func:`grow` returns it.
    head : (arcs,) int32 array
        Where each arc leads.
    starts : (n,) array of int

    Examples
    --------
    >>> rows = rows_by([1, 2], [0, 1], 3)
    >>> _, via = grow(rows, np.array([1.0, 2.5]), [2])
    >>> chains(via, np.array([1, 2], dtype=np.int32), [0, 1])[:2]
    (array([0, 2, 3]), array([0, 1, 1], dtype=int32))
    """
    begun = np.asarray(starts, dtype=np.int32)
    first = np.zeros(len(begun) + 1, dtype=np.int64)
    np.cumsum(_lengths(via, head, begun), out=first[1:])
    return Closures(first, _follow(via, head, begun, first))


@njit(cache=True, nogil=True)
def _lengths(via: Ints, head: Ints, starts: Ints) -> npt.NDArray[np.int64]:
    found = np.zeros(len(starts), dtype=np.int64)
    for n in range(len(starts)):
        v = starts[n]
        while via[v] >= 0:
            v = head[via[v]]
            found[n] += 1
    return found


@njit(cache=True, nogil=True)
def _follow(via: Ints, head: Ints, starts: Ints, first: npt.NDArray[np.int64]) -> Ints:
    arcs = np.empty(first[-1], dtype=np.int32)
    for n in range(len(starts)):
        v = starts[n]
        for k in range(first[n], first[n + 1]):
            arcs[k] = via[v]
            v = head[via[v]]
    return arcs


class _Below(NamedTuple):
    """What hangs on each vertex of a tree, and the tail of every arc."""

    first: npt.NDArray[np.int64]
    child: Ints
    tail: Ints


@njit(cache=True, nogil=True)
def _push(keys: Floats, items: Ints, size: int, key: float, item: int) -> int:
    k = size
    while k > 0:
        up = (k - 1) >> 1
        if keys[up] <= key:
            break
        keys[k], items[k] = keys[up], items[up]
        k = up
    keys[k], items[k] = key, item
    return size + 1


@njit(cache=True, nogil=True)
def _pop(keys: Floats, items: Ints, size: int) -> int:
    """Take the least off the heap; it must have been read before. Gives the new size."""
    size -= 1
    key, item = keys[size], items[size]
    k = 0
    while True:
        down = 2 * k + 1
        if down >= size:
            break
        if down + 1 < size and keys[down + 1] < keys[down]:
            down += 1
        if keys[down] >= key:
            break
        keys[k], items[k] = keys[down], items[down]
        k = down
    keys[k], items[k] = key, item
    return size


@njit(cache=True, nogil=True)
def _search(rows: Rows, costs: Floats, cost: Floats, via: Ints) -> None:
    """Settle `cost` and `via` from the vertices whose cost is finite."""
    keys = np.empty(len(rows.arc) + len(cost))
    items = np.empty(len(rows.arc) + len(cost), dtype=np.int32)
    size = 0
    for v in range(len(cost)):
        if cost[v] < np.inf:
            size = _push(keys, items, size, cost[v], v)
    while size:
        key, v = keys[0], items[0]
        size = _pop(keys, items, size)
        if key > cost[v]:
            continue
        for k in range(rows.first[v], rows.first[v + 1]):
            u, other = rows.far[k], key + costs[rows.arc[k]]
            if other < cost[u]:
                cost[u], via[u] = other, rows.arc[k]
                size = _push(keys, items, size, other, u)


@njit(cache=True, nogil=True)
def _labelled(
    rows: Rows, costs: Floats, start: int, wanted: Ints, labels: Ints
) -> tuple[Floats, Ints]:
    vertices, kinds = len(rows.first) - 1, len(labels)
    head = np.empty(costs.shape[1], dtype=np.int32)
    for v in range(vertices):
        head[rows.arc[rows.first[v] : rows.first[v + 1]]] = v
    found = np.empty((len(costs), len(wanted)))
    label = np.full((len(costs), kinds, len(wanted)), -1, dtype=np.int32)
    cost, via = np.empty(vertices), np.empty(vertices, dtype=np.int32)
    for d in range(len(costs)):
        cost[:] = np.inf
        cost[start] = 0.0
        via[:] = -1
        _search(rows, costs[d], cost, via)
        for n in range(len(wanted)):
            found[d, n] = cost[wanted[n]]
            for kind in range(kinds):
                v = wanted[n]
                while via[v] >= 0 and labels[kind, via[v]] < 0:
                    v = head[via[v]]
                if via[v] >= 0:
                    label[d, kind, n] = labels[kind, via[v]]
    return found, label


@njit(cache=True, nogil=True)
def _without(
    into: Rows,
    out_of: Rows,
    below: _Below,
    costs: Floats,
    cost: Floats,
    via: Ints,
    closures: Closures,
    wanted: Ints,
) -> Floats:
    found = np.empty((len(closures.first) - 1, len(wanted)))
    now = cost.copy()
    hangs = np.zeros(len(cost), dtype=np.bool_)
    closed = np.zeros(len(costs), dtype=np.bool_)
    fallen = np.empty(len(cost), dtype=np.int32)
    keys = np.empty(len(costs) + len(cost))
    items = np.empty(len(costs) + len(cost), dtype=np.int32)
    for s in range(len(closures.first) - 1):
        gone = closures.arc[closures.first[s] : closures.first[s + 1]]
        closed[gone] = True
        count = _fall(gone, below, via, hangs, fallen)
        size = _catch(fallen[:count], out_of, costs, cost, hangs, closed, now, keys, items)
        _climb(size, into, costs, hangs, closed, now, keys, items)
        for k in range(len(wanted)):
            found[s, k] = now[wanted[k]]
        for v in fallen[:count]:
            now[v], hangs[v] = cost[v], False
        closed[gone] = False
    return found


@njit(cache=True, nogil=True)
def _fall(gone: Ints, below: _Below, via: Ints, hangs: npt.NDArray[np.bool_], fallen: Ints) -> int:
    """Mark all that hung on some arcs; gives how many, `fallen` which."""
    count = 0
    for arc in gone:
        v = below.tail[arc]
        if via[v] == arc and not hangs[v]:
            hangs[v], fallen[count] = True, v
            count += 1
    turn = 0
    while turn < count:
        v = fallen[turn]
        turn += 1
        for k in range(below.first[v], below.first[v + 1]):
            u = below.child[k]
            if not hangs[u]:
                hangs[u], fallen[count] = True, u
                count += 1
    return count


@njit(cache=True, nogil=True)
def _catch(
    fallen: Ints,
    out_of: Rows,
    costs: Floats,
    cost: Floats,
    hangs: npt.NDArray[np.bool_],
    closed: npt.NDArray[np.bool_],
    now: Floats,
    keys: Floats,
    items: Ints,
) -> int:
    """Join what fell to what still stands by one arc; gives the size of the heap."""
    size = 0
    for v in fallen:
        best = np.inf
        for k in range(out_of.first[v], out_of.first[v + 1]):
            arc, u = out_of.arc[k], out_of.far[k]
            if not closed[arc] and not hangs[u]:
                best = min(best, cost[u] + costs[arc])
        now[v] = best
        if best < np.inf:
            size = _push(keys, items, size, best, v)
    return size


@njit(cache=True, nogil=True)
def _climb(
    size: int,
    into: Rows,
    costs: Floats,
    hangs: npt.NDArray[np.bool_],
    closed: npt.NDArray[np.bool_],
    now: Floats,
    keys: Floats,
    items: Ints,
) -> None:
    """Settle what fell from the heap on."""
    while size:
        key, v = keys[0], items[0]
        size = _pop(keys, items, size)
        if key > now[v]:
            continue
        for k in range(into.first[v], into.first[v + 1]):
            u, arc = into.far[k], into.arc[k]
            if hangs[u] and not closed[arc] and key + costs[arc] < now[u]:
                now[u] = key + costs[arc]
                size = _push(keys, items, size, now[u], u)
