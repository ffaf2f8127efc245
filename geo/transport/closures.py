"""What freight costs if one border, one port or one line closes: all of them in one run.

A closed link changes only what hung on it in the tree of cheapest ways, so each case is
worked out from the tree and not from the network; then all access places compete again for
each site.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from numba import njit

from geo.errors import NetworkError
from geo.transport.firstmile import FirstMile
from geo.transport.graph import Tree
from geo.transport.network import Network
from geo.transport.tables import MODES
from geo.transport.trees import regrow

__all__ = [
    "CLOSABLE",
    "Closable",
    "cheapest",
    "closable",
    "closure_table",
    "knock_out",
    "site_costs",
]

CLOSABLE = ("border", "port", "line")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Closable:
    """Something that can close.

    Attributes
    ----------
    id : str
        Node id of a port, both node ids of a border, and the mode of a line besides.
    kind : {"border", "port", "line"}
    title : str
    links, nodes : tuple of int
        Rows of the tables that are closed with it.
    """

    id: str
    kind: str
    title: str
    links: tuple[int, ...] = ()
    nodes: tuple[int, ...] = ()


def closable(network: Network, kinds: Collection[str] = CLOSABLE) -> list[Closable]:
    """List what can close: every open border, port and line, in the tables' order.

    A border is all links between two facing places; a port is a place with a sea lane; a
    line is one inland link of rail or road. A sea lane does not close, its ports do.

    Parameters
    ----------
    network : Network
    kinds : collection of str
        Of `CLOSABLE`.

    Returns
    -------
    list of Closable
    """
    odd = sorted(set(kinds) - set(CLOSABLE))
    if odd:
        raise NetworkError(f"nothing of the kind {odd[0]!r} closes: write {', '.join(CLOSABLE)}")
    made = {"border": _borders, "port": _ports, "line": _lines}
    return [one for kind in CLOSABLE if kind in kinds for one in made[kind](network)]


def _borders(network: Network) -> Iterator[Closable]:
    ends, names = network.ends, network.nodes["name"].to_numpy()
    pairs: dict[frozenset[int], list[int]] = {}
    for row in np.flatnonzero(ends.open & ends.border):
        pairs.setdefault(frozenset((int(ends.start[row]), int(ends.end[row]))), []).append(int(row))
    for rows in pairs.values():
        a, b = int(ends.start[rows[0]]), int(ends.end[rows[0]])
        name = f"{network.name_of(a)}-{network.name_of(b)}"
        yield Closable(name, "border", f"{names[a]}-{names[b]}", tuple(rows))


def _ports(network: Network) -> Iterator[Closable]:
    ends, names = network.ends, network.nodes["name"].to_numpy()
    sea = ends.open & (ends.mode == ends.sea)
    for node in np.unique(np.concatenate([ends.start[sea], ends.end[sea]])):
        yield Closable(network.name_of(node), "port", str(names[node]), nodes=(int(node),))


def _lines(network: Network) -> Iterator[Closable]:
    ends, names = network.ends, network.nodes["name"].to_numpy()
    for row in np.flatnonzero(ends.open & (ends.mode != ends.sea) & ~ends.border):
        a, b = int(ends.start[row]), int(ends.end[row])
        mode = MODES[ends.mode[row]]
        name = f"{network.name_of(a)}-{network.name_of(b)}-{mode}"
        yield Closable(name, "line", f"{names[a]}-{names[b]} ({mode})", (row.item(),))


def site_costs(tree: Tree, mile: FirstMile) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Freight of every site and the access place that it goes by.

    Parameters
    ----------
    tree : Tree
    mile : FirstMile

    Returns
    -------
    cost : (sites,) array [USD/t]
        Infinite where no way leads.
    place : (sites,) int32 array
        Column of the first mile; -1 where no way leads.
    """
    cost, place = cheapest(mile.cost, tree.at_nodes[mile.nodes][None, :])
    return cost[0], place[0]


def knock_out(tree: Tree, mile: FirstMile, cases: Sequence[Closable]) -> Floats:
    """Freight of every site with each of some things closed.

    Parameters
    ----------
    tree : Tree
        Cheapest ways to the destinations with everything open.
    mile : FirstMile
    cases : sequence of Closable

    Returns
    -------
    (cases, sites) array [USD/t]
        Infinite where no way is left. Equal to what a network built without the closed
        links and places gives; never below the cost with everything open.
    """
    graph = tree.graph
    trucks = graph.trucks(mile.nodes)
    closures = graph.closures([case.links for case in cases], [case.nodes for case in cases])
    onward = regrow(
        graph.into, graph.out_of, tree.costs, (tree.cost, tree.via), closures, np.maximum(trucks, 0)
    )
    onward[:, trucks < 0] = np.inf
    # Most closures change nothing at the access places: those need no second look.
    whole = tree.at_nodes[mile.nodes]
    changed = (onward != whole).any(axis=1)
    found = np.repeat(cheapest(mile.cost, whole[None, :])[0], len(cases), axis=0)
    found[changed] = cheapest(mile.cost, onward[changed])[0]
    return found


def closure_table(
    base: Floats, closed: Floats, cases: Sequence[Closable], site_ids: Sequence[str]
) -> pd.DataFrame:
    """Tell which closures matter to which site.

    Parameters
    ----------
    base : (sites,) array [USD/t]
        With everything open.
    closed : (cases, sites) array [USD/t]
    cases : sequence of Closable
    site_ids : sequence of str

    Returns
    -------
    DataFrame
        ``site_id, closed, kind, title, usd_per_t, change_usd_per_t, reachable``: rows only
        where a closure makes freight dearer or leaves no way, dearest first within a site;
        then both figures are NaN and `reachable` is false.
    """
    reachable = np.isfinite(closed)
    with np.errstate(invalid="ignore"):
        change = closed - base
    # Sums of the same parts in another order differ in the last digits.
    matters = (~reachable | (change > 1e-9 * np.maximum(base, 1.0))) & np.isfinite(base)
    case, site = np.nonzero(matters)
    rows = pd.DataFrame(
        {
            "site_id": np.asarray(site_ids, dtype=object)[site],
            "closed": [cases[int(k)].id for k in case],
            "kind": [cases[int(k)].kind for k in case],
            "title": [cases[int(k)].title for k in case],
            "usd_per_t": np.where(reachable, closed, np.nan)[case, site],
            "change_usd_per_t": np.where(reachable, change, np.nan)[case, site],
            "reachable": reachable[case, site],
        }
    )
    order = rows.assign(
        site=site, worst=np.where(rows["reachable"], rows["change_usd_per_t"], np.inf)
    ).sort_values(["site", "worst"], ascending=[True, False], kind="stable")
    return rows.loc[order.index].reset_index(drop=True)


def cheapest(mile: Floats, onward: Floats) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Least sum of the first mile and the way on, over access places.

    Parameters
    ----------
    mile : (sites, places) or (cases, sites, places) array
    onward : (cases, places) array

    Returns
    -------
    cost : (cases, sites) array
    place : (cases, sites) int32 array
        -1 where every sum is infinite.
    """
    each = mile if mile.ndim == 3 else mile[None]
    return _least(np.ascontiguousarray(each), np.ascontiguousarray(onward))


@njit(cache=True, nogil=True)
def _least(mile: Floats, onward: Floats) -> tuple[Floats, npt.NDArray[np.int32]]:
    cases, sites = len(onward), mile.shape[1]
    cost = np.full((cases, sites), np.inf)
    place = np.full((cases, sites), -1, dtype=np.int32)
    for k in range(cases):
        own = mile[k if len(mile) > 1 else 0]
        for s in range(sites):
            for n in range(own.shape[1]):
                total = own[s, n] + onward[k, n]
                if total < cost[k, s]:
                    cost[k, s], place[k, s] = total, n
    return cost, place
