"""The first mile of a study's sites: trucking from each to every access place, found once."""

from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.grid import cell_of, cell_size
from geo.study.trade import home_of, network_key, network_of, transport_layers, truck_of
from geo.study.workbench import Workbench
from geo.transport.firstmile import FirstMile, first_mile
from geo.transport.freight import access_cells

__all__ = ["MOST_CELLS", "first_miles"]

MOST_CELLS = 4_000_000
"""Above this many cells the searches of the first mile would take longer than all the rest."""

_SNAP_M = 5000.0


def first_miles(bench: Workbench, groups: Sequence[gpd.GeoDataFrame]) -> list[FirstMile]:
    """First mile of each group of sites, from one search for each access place.

    Parameters
    ----------
    bench : Workbench
    groups : sequence of GeoDataFrame
        Sites inside the grid.

    Returns
    -------
    list of FirstMile
        One a group, all with the same places.
    """
    cells = [_cells(bench, sites) for sites in groups]
    told = (network_key(bench), [one.tolist() for one in cells])
    key = bench.key(__name__, transport_layers(bench), told)

    def make() -> FirstMile:
        network, truck = network_of(bench), truck_of(bench)
        names = network.nodes.index[network.nodes["country"].isin(home_of(bench))]
        row, column = access_cells(network, names, truck, bench.grid, _SNAP_M)
        on = row >= 0
        nodes = np.array([network.position(name) for name in names], dtype=np.int32)[on]
        places = np.column_stack([row[on], column[on]])
        return first_mile(truck, np.concatenate(cells), nodes, places, cell_size(bench.grid))

    whole = bench.keep(("first miles", repr(told)), lambda: bench.once(key, make))
    bounds = np.cumsum([0, *(len(one) for one in cells)])
    return [whole.of_sites(slice(a, b)) for a, b in pairwise(bounds)]


def _cells(bench: Workbench, sites: gpd.GeoDataFrame) -> npt.NDArray[np.intp]:
    points = sites.geometry.to_crs(str(bench.grid.crs))
    return np.column_stack(cell_of(bench.grid, points.x.to_numpy(), points.y.to_numpy()))
