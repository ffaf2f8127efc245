"""What a new link is worth: whose freight falls, by how much a year, and which set to build.

A link's worth is what shippers save over the ways that they had. It is told per tonne for
every site, and per year only where the site's output is known: an unknown output is not zero.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from geo.errors import DataError, NetworkError
from geo.transport.graph import solve
from geo.transport.network import Network
from geo.transport.products import Product
from geo.transport.states import StateGraph

__all__ = [
    "Demand",
    "LinkSet",
    "annuity",
    "best_links",
    "built",
    "freight_of",
    "link_values",
    "link_worth",
]

Floats = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

_MILLION = 1e6
_INFEASIBLE = 2
_GAP = 1e-6
# Savings below it are rounding [USD/t].
_SMALL = 1e-9


@dataclass(frozen=True, eq=False)
class Demand:
    """Sites of one product that ship to the cheapest of some destinations in one country.

    Attributes
    ----------
    market : str
        Country of the destinations.
    sites : tuple of str
    tonnes : (sites,) float64 array [t/yr]
        Wet tonnes that go there; NaN is unknown.
    product : Product
    destinations : tuple of str
        Node ids.
    nodes : tuple of str
        Places where trucks may hand over.
    trucking : (sites, nodes) float64 array [USD/t]
        Cost of the truck from site to place; infinite or NaN where none gets there.
    """

    market: str
    sites: tuple[str, ...]
    tonnes: Floats
    product: Product
    destinations: tuple[str, ...]
    nodes: tuple[str, ...]
    trucking: Floats

    def __post_init__(self) -> None:
        shape = (len(self.sites), len(self.nodes))
        if self.trucking.shape != shape or self.tonnes.shape != shape[:1]:
            raise DataError(
                f"the table of trucking has shape {self.trucking.shape} and that of tonnes "
                f"{self.tonnes.shape}, required are {shape} and {shape[:1]}: one row a site, "
                "one column a place"
            )
        if np.fmin.reduce(self.trucking, axis=None, initial=0.0) < 0:
            raise DataError("a trucking cost is negative: give 0 or more")
        if np.fmin.reduce(self.tonnes, initial=0.0) < 0:
            raise DataError("an output is negative: give 0 or more, or NaN where it is unknown")


@dataclass(frozen=True)
class LinkSet:
    """Links to build together.

    Attributes
    ----------
    links : tuple of str
        In the order they were given.
    usd_per_year : float
        What they save together [USD/yr], over sites with a known output.
    capital : float
        [USD]
    bound : float
        No affordable set saves more [USD/yr].
    gap : float
        By which share of the saving the bound may lie above it [1]; 0 is proven to be best.
    known, unknown : int
        Sites and markets whose output is known, and those that could not be counted.
    """

    links: tuple[str, ...]
    usd_per_year: float
    capital: float
    bound: float
    gap: float
    known: int
    unknown: int


def annuity(capital: float, rate: float, years: float) -> float:
    """Equal yearly payment that pays back a capital with interest.

    Parameters
    ----------
    capital : float
        [USD]
    rate : float
        Yearly, real [1]; 0 is allowed.
    years : float

    Returns
    -------
    float
        [USD/yr]

    Raises
    ------
    DataError
        If the rate is negative or the years are not positive.

    Examples
    --------
    >>> round(annuity(1000.0, 0.08, 30), 2)
    88.83
    """
    if not (rate >= 0 and years > 0):
        raise DataError(f"a rate of {rate} over {years} years pays nothing back: give 0.08 and 30")
    return capital / years if rate == 0 else capital * rate / (1 - (1 + rate) ** -years)


def built(network: Network, links: pd.DataFrame) -> Network:
    """Return the network with links that were not open before.

    Parameters
    ----------
    network : Network
    links : DataFrame
        Rows for `Network.with_links`. A row of the network between the same places by the
        same mode, such as a planned line, is replaced.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        If a link is open already, or cannot be used.
    """
    ours = _pairs(network.links)
    again = ours.isin(set(_pairs(links)))
    opened = network.links[again & network.links["open"]]
    if len(opened):
        told = ", ".join(f"{row['from']}-{row['to']}" for _, row in opened.iterrows())
        raise NetworkError(f"{told} is open already: leave it out of the new links")
    left = network.links[~again].reset_index(drop=True)
    return replace(network, links=left).with_links(links)


def _pairs(links: pd.DataFrame) -> "pd.Series[str]":
    ends = zip(links["from"], links["to"], links["mode"], strict=True)
    told = ["|".join([mode, *sorted((str(one), str(other)))]) for one, other, mode in ends]
    return pd.Series(told, index=links.index, dtype=object)


def freight_of(network: Network, demand: Demand) -> Floats:
    """Cheapest freight of each site, truck and all that follows.

    Parameters
    ----------
    network : Network
    demand : Demand

    Returns
    -------
    (sites,) float64 array [USD/t]
        NaN where no way leads there.
    """
    onward = solve(network, demand.destinations, demand.product)
    costs = np.array([onward.at(name) for name in demand.nodes])
    total = np.fmin.reduce(demand.trucking + costs, axis=1, initial=np.inf)
    return np.where(np.isfinite(total), total, np.nan)


def link_values(
    network: Network, links: Mapping[str, pd.DataFrame], demands: Sequence[Demand]
) -> pd.DataFrame:
    """What each link alone saves each site.

    Parameters
    ----------
    network : Network
        Without the links, with their ends.
    links : mapping of str to DataFrame
        Rows as for `built` by an id.
    demands : sequence of Demand

    Returns
    -------
    DataFrame
        ``link, market, product, site_id, usd_per_t_before, usd_per_t, saving_usd_per_t,
        tonnes_per_year, usd_per_year``. NaN where a site cannot be reached with the link,
        in the saving where it could not be reached without, and in the last column where
        the output is unknown.
    """
    frames = []
    before = [freight_of(network, demand) for demand in demands]
    for link, rows in links.items():
        after = built(network, rows)
        for demand, was in zip(demands, before, strict=True):
            # A way that stays is as dear to the last bit only if it is found alike.
            now = np.fmin(freight_of(after, demand), was)
            saving = was - now
            frames.append(
                pd.DataFrame(
                    {
                        "link": link,
                        "market": demand.market,
                        "product": demand.product.id,
                        "site_id": demand.sites,
                        "usd_per_t_before": was,
                        "usd_per_t": now,
                        "saving_usd_per_t": np.where(saving < _SMALL, 0.0, saving),
                        "tonnes_per_year": demand.tonnes,
                    }
                )
            )
    table = pd.concat(frames, ignore_index=True)
    # Nothing saved is nothing a year, whatever the output.
    table["usd_per_year"] = (table["saving_usd_per_t"] * table["tonnes_per_year"]).mask(
        table["saving_usd_per_t"] == 0, 0.0
    )
    return table


def link_worth(
    values: pd.DataFrame, capital: Mapping[str, Triple], *, rate: float, years: float
) -> pd.DataFrame:
    """Sum up what links are worth beside what they cost.

    Parameters
    ----------
    values : DataFrame
        Of `link_values`.
    capital : mapping of str to (low, central, high)
        [USD]
    rate, years : float
        See `annuity`.

    Returns
    -------
    DataFrame
        By ``link``: ``capital_usd_low, capital_usd, capital_usd_high, annuity_usd`` a year,
        ``sites_gaining``, ``best_site`` and its ``best_saving_usd_per_t``, ``usd_per_year``
        saved by sites of known output, ``gaining_of_unknown_output``, and
        ``break_even_tonnes_low``, ``break_even_tonnes``, ``break_even_tonnes_high`` a year at
        the best site's saving; NaN where nobody gains.
    """
    rows = []
    for link, (low, central, high) in capital.items():
        mine = values[values["link"] == link]
        gaining = mine[mine["saving_usd_per_t"] > 0]
        best = gaining.sort_values(
            ["saving_usd_per_t", "site_id"], ascending=[False, True], kind="stable"
        ).head(1)
        saving = float(best["saving_usd_per_t"].iloc[0]) if len(best) else np.nan
        known = gaining["usd_per_year"].dropna()
        yearly = [annuity(usd, rate, years) for usd in (low, central, high)]
        rows.append(
            {
                "link": link,
                "capital_usd_low": low,
                "capital_usd": central,
                "capital_usd_high": high,
                "annuity_usd": yearly[1],
                "sites_gaining": gaining["site_id"].nunique(),
                "best_site": best["site_id"].iloc[0] if len(best) else "",
                "best_saving_usd_per_t": saving,
                "usd_per_year": float(known.sum()) if len(known) or gaining.empty else np.nan,
                "gaining_of_unknown_output": gaining.loc[
                    gaining["usd_per_year"].isna(), "site_id"
                ].nunique(),
                "break_even_tonnes_low": yearly[0] / saving,
                "break_even_tonnes": yearly[1] / saving,
                "break_even_tonnes_high": yearly[2] / saving,
            }
        )
    return pd.DataFrame(rows)


def best_links(
    network: Network,
    links: Mapping[str, pd.DataFrame],
    demands: Sequence[Demand],
    capital: Mapping[str, float],
    budget: float,
    *,
    time_limit: float = 60.0,
) -> LinkSet:
    """Choose the links that lower the yearly freight of all sites most under a budget.

    Links may need or replace each other: what they save together is not the sum of what
    each saves alone.

    Parameters
    ----------
    network : Network
        Without the links, with their ends.
    links : mapping of str to DataFrame
        As for `link_values`.
    demands : sequence of Demand
        Sites of unknown output are left out and counted.
    capital : mapping of str to float
        [USD]
    budget : float
        [USD]
    time_limit : float
        [s]

    Returns
    -------
    LinkSet

    Raises
    ------
    DataError
        If the budget is negative, no output is known, or no set was found in time.

    Notes
    -----
    A fixed-charge network design, solved by HiGHS: tonnes flow over states from the sites
    to the destinations at least cost, and over a new link only if it is built.
    Magnanti, T. L. and Wong, R. T. (1984). Network design and transportation planning:
    models and algorithms. Transportation Science 18(1). https://doi.org/10.1287/trsc.18.1.1
    """
    if not budget >= 0:
        raise DataError(f"the budget is {budget} USD: give 0 or more")
    counted = [_countable(network, demand) for demand in demands]
    known = sum(int(kept.sum()) for kept in counted)
    if not known:
        raise DataError(
            "no site that ships has a known output, so no set of links can be weighed: "
            "state planned outputs"
        )
    names = tuple(links)
    whole = built(network, pd.concat(list(links.values()), ignore_index=True))
    pairs = {pair: n for n, name in enumerate(names) for pair in _pairs(links[name])}
    owner = np.array([pairs.get(pair, -1) for pair in _pairs(whole.links)], dtype=np.int64)
    parts = [
        _Part.of(whole, demand, kept, owner, len(names))
        for demand, kept in zip(demands, counted, strict=True)
        if kept.any()
    ]
    costs = np.array([float(capital[name]) for name in names])
    found, bound_cost = _solved(parts, costs, budget, time_limit)

    def cost_with(numbers: Sequence[int]) -> float:
        rows = [links[names[n]] for n in numbers]
        after = built(network, pd.concat(rows, ignore_index=True)) if rows else network
        return _yearly(after, demands, counted)

    start = cost_with([])
    chosen = _useful(found, costs, cost_with)
    saved = max(start - cost_with(chosen), 0.0)
    bound = max(start - bound_cost, saved)
    return LinkSet(
        links=tuple(names[n] for n in chosen),
        usd_per_year=saved,
        capital=float(costs[list(chosen)].sum()),
        bound=bound,
        # What the solver's tolerance leaves open is no gap.
        gap=0.0 if bound - saved <= 10 * _GAP * start else (bound - saved) / max(saved, 1.0),
        known=known,
        unknown=sum(len(d.sites) for d in demands) - known,
    )


def _useful(
    found: Sequence[int] | npt.NDArray[np.intp],
    costs: Floats,
    cost_with: Callable[[Sequence[int]], float],
) -> list[int]:
    """Numbers of the links without those that save nothing beside the others, dearest first."""
    kept = [int(n) for n in found]
    best = cost_with(kept)
    for number in sorted(kept, key=lambda n: (-costs[n], n)):
        left = [n for n in kept if n != number]
        if cost_with(left) <= best * (1 + _SMALL):
            kept = left
    return kept


def _countable(network: Network, demand: Demand) -> npt.NDArray[np.bool_]:
    """Sites that ship a known output over the network as it is."""
    reached = np.isfinite(freight_of(network, demand))
    return np.asarray(reached & (np.nan_to_num(demand.tonnes) > 0))


def _yearly(
    network: Network, demands: Sequence[Demand], counted: Sequence[npt.NDArray[np.bool_]]
) -> float:
    """Freight of all counted sites [USD/yr]."""
    return float(
        sum(
            (freight_of(network, demand)[kept] * demand.tonnes[kept]).sum()
            for demand, kept in zip(demands, counted, strict=True)
        )
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Flow of one demand: its costs, the rows that hold it, and which flows need which link."""

    cost: Floats
    rows: "scipy.sparse.csr_array"
    supply: Floats
    needs: "scipy.sparse.csr_array"

    @classmethod
    def of(
        cls,
        network: Network,
        demand: Demand,
        kept: npt.NDArray[np.bool_],
        owner: npt.NDArray[np.int64],
        links: int,
    ) -> "_Part":
        graph = StateGraph.of(network, demand.destinations, demand.product)
        tonnes = demand.tonnes[kept] / _MILLION
        trucks = graph.trucks([network.position(name) for name in demand.nodes])
        trucking = demand.trucking[kept]
        site, place = np.nonzero(np.isfinite(trucking) & (trucks >= 0)[None, :])
        # Vertices are the states, then the sites; what reaches the end is gone.
        states, arcs = graph.end, len(graph.tail)
        tail = np.r_[graph.tail, states + site]
        head = np.r_[graph.head, trucks[place]]
        flows = np.arange(len(tail))
        size = (states + len(tonnes), len(tail))
        out = scipy.sparse.csr_array((np.ones(len(tail)), (tail, flows)), shape=size)
        stays = head < states
        into = scipy.sparse.csr_array(
            (np.ones(stays.sum()), (head[stays], flows[stays])), shape=size
        )
        new = np.flatnonzero((graph.link >= 0) & (owner[graph.link] >= 0))
        at = np.arange(len(new))
        flow = scipy.sparse.csr_array((np.ones(len(new)), (at, new)), shape=(len(new), len(tail)))
        most = scipy.sparse.csr_array(
            (np.full(len(new), -tonnes.sum()), (at, owner[graph.link[new]])),
            shape=(len(new), links),
        )
        return cls(
            np.r_[graph.costs()[:arcs], trucking[site, place]],
            scipy.sparse.csr_array(out - into),
            np.r_[np.zeros(states), tonnes],
            scipy.sparse.hstack([flow, most], format="csr"),
        )


def _solved(
    parts: Sequence[_Part], capital: Floats, budget: float, time_limit: float
) -> tuple[npt.NDArray[np.intp], float]:
    """Numbers of the links to build, and the least that freight could cost [USD/yr]."""
    links, flows = len(capital), sum(len(part.cost) for part in parts)
    blocks, low, high = [], [], []
    first = 0
    for part in parts:
        size = len(part.cost)
        pads = [
            scipy.sparse.csr_array((part.rows.shape[0], n))
            for n in (first, flows - first - size + links)
        ]
        blocks.append(scipy.sparse.hstack([pads[0], part.rows, pads[1]], format="csr"))
        low.append(part.supply)
        high.append(part.supply)
        count = part.needs.shape[0]
        pads = [scipy.sparse.csr_array((count, n)) for n in (first, flows - first - size)]
        needs = [pads[0], part.needs[:, :size], pads[1], part.needs[:, size:]]
        blocks.append(scipy.sparse.hstack(needs, format="csr"))
        low.append(np.full(count, -np.inf))
        high.append(np.zeros(count))
        first += size
    spent = scipy.sparse.csr_array(np.r_[np.zeros(flows), capital / _MILLION][None, :])
    limits = scipy.optimize.LinearConstraint(
        scipy.sparse.vstack([*blocks, spent], format="csr"),
        np.concatenate([*low, [-np.inf]]),
        np.concatenate([*high, [budget / _MILLION * (1 + 1e-12)]]),
    )
    found = scipy.optimize.milp(
        np.r_[np.concatenate([part.cost for part in parts]), np.zeros(links)],
        constraints=limits,
        bounds=scipy.optimize.Bounds(0, np.r_[np.full(flows, np.inf), np.ones(links)]),
        integrality=np.r_[np.zeros(flows), np.ones(links)],
        options={"mip_rel_gap": _GAP, "time_limit": time_limit},
    )
    if found.x is None:
        why = "no flow is possible" if found.status == _INFEASIBLE else found.message
        raise DataError(f"no set of links was found: {why}; allow more time or fewer links")
    least = found.fun if found.mip_dual_bound is None else found.mip_dual_bound
    return np.flatnonzero(found.x[flows:] > 0.5), float(least) * _MILLION
