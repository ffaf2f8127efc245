"""Freight under drawn rates: how far it spreads, and which border and port it goes by how often.

Rates are drawn together for all sites, for they are the same railways and ports. In every
draw each site takes the way that is cheapest then.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.transport.charges import Charges
from geo.transport.closures import cheapest
from geo.transport.firstmile import FirstMile
from geo.transport.graph import Tree
from geo.transport.states import StateGraph
from geo.transport.trees import grow_labelled

__all__ = ["Spread", "draw_rates", "spread", "triangular"]

Floats = npt.NDArray[np.float64]
_BLOCK = 64


@dataclass(frozen=True, eq=False)
class Spread:
    """Freight in every draw.

    Attributes
    ----------
    cost : (draws, sites) array [USD/t]
        Infinite where no way leads.
    border, port : (draws, sites) int32 arrays
        Row of the first link over a border, and of the first sea lane, that the way takes;
        -1 where it takes none.
    """

    cost: Floats
    border: npt.NDArray[np.int32]
    port: npt.NDArray[np.int32]

    def quantiles(self, *levels: float) -> Floats:
        """Quantiles of the draws, (levels, sites) [USD/t]; NaN where no way leads."""
        reached = np.isfinite(self.cost).all(axis=0)
        found = np.full((len(levels), self.cost.shape[1]), np.nan)
        found[:, reached] = np.quantile(self.cost[:, reached], levels, axis=0)
        return found

    def shares(self, site: int, rows: npt.NDArray[np.int32]) -> dict[int, float]:
        """Share of the draws in which a site's way takes each link of `border` or `port`."""
        taken, times = np.unique(rows[:, site], return_counts=True)
        return {int(k): float(n) / len(rows) for k, n in zip(taken, times, strict=True) if k >= 0}


def triangular(
    uniform: npt.ArrayLike, low: npt.ArrayLike, mode: npt.ArrayLike, high: npt.ArrayLike
) -> Floats:
    """Values of a triangular distribution for numbers between 0 and 1.

    Parameters
    ----------
    uniform : array_like
        In [0, 1].
    low, mode, high : array_like
        ``low <= mode <= high``; all three may be the same.

    References
    ----------
    Kotz, S. and van Dorp, J. R. (2004). Beyond Beta. World Scientific, chapter 1.
    https://doi.org/10.1142/5720

    Examples
    --------
    >>> triangular([0.0, 0.5, 1.0], 1.0, 2.0, 3.0)
    array([1., 2., 3.])
    >>> triangular(0.3, 5.0, 5.0, 5.0)
    array(5.)
    """
    u, a, c, b = (np.asarray(x, dtype=np.float64) for x in (uniform, low, mode, high))
    width = b - a
    rising = a + np.sqrt(u * width * (c - a))
    falling = b - np.sqrt((1 - u) * width * (b - c))
    return np.where(u * width <= c - a, rising, falling)


def draw_rates(charges: Charges, draws: int, seed: int) -> Floats:
    """Draw the rates of all charges, each triangular from low over central to high.

    Parameters
    ----------
    charges : Charges
    draws : int
    seed : int

    Returns
    -------
    (draws, charges) array [USD/t]
        Charges are drawn independently of each other, and in the order of their names, so
        that the draws of one do not depend on which others there are.

    Raises
    ------
    DataError
        If fewer than one draw is asked for.
    """
    if draws < 1:
        raise DataError(f"{draws} draws were asked for: give at least 1")
    low, central, high = charges.rates
    drawn = [
        np.random.default_rng([seed, *charge.name.encode()]).random(draws)
        for charge in charges.items
    ]
    return triangular(np.array(drawn).T, low, central, high)


def spread(tree: Tree, mile: FirstMile, *, draws: int = 1000, seed: int = 0) -> Spread:
    """Freight of every site under drawn rates.

    Parameters
    ----------
    tree : Tree
        Of the destinations; its graph is priced anew in every draw.
    mile : FirstMile
        Its ways stay, at the drawn rates of paved and unpaved road.
    draws, seed : int

    Returns
    -------
    Spread
        The same for the same seed.
    """
    graph = tree.graph
    rates = draw_rates(graph.charges, draws, seed)
    trucks = graph.trucks(mile.nodes)
    labels = _labels(graph)
    paved, unpaved = (
        _factor(graph.charges, rates, f"road:{kind}") for kind in ("paved", "unpaved")
    )
    parts = []
    for first in range(0, draws, _BLOCK):
        block = slice(first, min(first + _BLOCK, draws))
        onward, taken = grow_labelled(
            graph.into, graph.priced(rates[block]), graph.end, np.maximum(trucks, 0), labels
        )
        onward[:, trucks < 0] = np.inf
        cost, place = cheapest(mile.at_rates(paved[block], unpaved[block]), onward)
        chosen = np.maximum(place, 0)[:, None, :]
        found = np.take_along_axis(taken, chosen, axis=2)
        parts.append((cost, np.where(place[:, None, :] >= 0, found, -1)))
    taken = np.concatenate([part[1] for part in parts])
    return Spread(np.concatenate([part[0] for part in parts]), taken[:, 0], taken[:, 1])


def _factor(charges: Charges, rates: Floats, name: str) -> Floats:
    """Drawn rate over the central one."""
    k = charges.position(name)
    central = charges.rates[1, k]
    return rates[:, k] / central if central > 0 else np.ones(len(rates))


def _labels(graph: StateGraph) -> npt.NDArray[np.int32]:
    """Link of every arc that goes over a border, and of every one that goes by sea."""
    ends = graph.network.ends
    link = np.maximum(graph.link, 0)
    hauled = graph.link >= 0
    border = hauled & ends.border[link]
    sea = hauled & (ends.mode[link] == ends.sea)
    return np.array([np.where(border, graph.link, -1), np.where(sea, graph.link, -1)], np.int32)
