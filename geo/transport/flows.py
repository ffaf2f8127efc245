"""What passes over each link when sites ship together: tonnes, and sites of unknown output."""

from collections import defaultdict
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from geo.transport.graph import solve
from geo.transport.network import Network
from geo.transport.new_links import Demand

__all__ = ["link_flows"]

_COLUMNS = ("from", "to", "mode", "product", "market", "tonnes_per_year", "sites", "sites_unknown")


def link_flows(network: Network, demands: Sequence[Demand]) -> gpd.GeoDataFrame:
    """Tonnes a year over each link, every site going its cheapest way.

    Parameters
    ----------
    network : Network
    demands : sequence of Demand

    Returns
    -------
    GeoDataFrame in EPSG:4326
        A row a link, product and market: ``from, to, mode, product, market``,
        ``tonnes_per_year`` of the ``sites`` whose output is known, NaN where there is none, and
        ``sites_unknown``, how many more would pass. Trucking to the network is not in it.
    """
    rows: list[dict[str, object]] = []
    shapes: list[BaseGeometry] = []
    for demand in demands:
        tonnes: dict[int, float] = defaultdict(float)
        known: dict[int, int] = defaultdict(int)
        unknown: dict[int, int] = defaultdict(int)
        for number, links in _ways(network, demand):
            output = float(demand.tonnes[number])
            for link in links:
                if np.isnan(output):
                    unknown[link] += 1
                else:
                    tonnes[link] += output
                    known[link] += 1
        for link in sorted({*known, *unknown}):
            told = network.link(link)
            rows.append(
                {
                    "from": told.start,
                    "to": told.end,
                    "mode": told.mode,
                    "product": demand.product.id,
                    "market": demand.market,
                    "tonnes_per_year": tonnes[link] if known[link] else np.nan,
                    "sites": known[link],
                    "sites_unknown": unknown[link],
                }
            )
            shapes.append(network.draw(link).line)
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=4326), crs=4326)


def _ways(network: Network, demand: Demand) -> list[tuple[int, list[int]]]:
    """Rows of the links that each site's cheapest way uses, for sites that have one."""
    onward = solve(network, demand.destinations, demand.product)
    costs = demand.trucking + np.array([onward.at(name) for name in demand.nodes])
    costs = np.where(np.isfinite(costs), costs, np.inf)
    found = []
    for number, row in enumerate(costs):
        if len(row) and np.isfinite(row.min()):
            steps, _ = onward.steps(demand.nodes[int(np.argmin(row))])
            found.append((number, [step.link for step in steps if step.link is not None]))
    return found
