"""Freight from the mine gate to a port or smelter [USD per wet tonne of product].

A truck crosses the country to the place from which the rest of the way is cheapest in
all, which is often not the nearest one: the accumulated cost of trucking starts at every
access node with what the way onward from there costs.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from geo.compute.backlinks import number_sources
from geo.compute.engine import Engine
from geo.criteria.travel import cost_with_links, friction_surface
from geo.errors import DataError, NetworkError
from geo.grid import as_dataarray, at_cells, cell_size, centres
from geo.transport.graph import Onward, solve
from geo.transport.network import Network
from geo.transport.products import Product
from geo.transport.tariffs import Case, Tariffs

__all__ = [
    "FreightSurface",
    "Starts",
    "access_cells",
    "freight_surface",
    "onward_cost",
    "truck_friction",
]

_METRES = 1000.0

Starts = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]
"""Rows and columns of cells where a cost starts, and what it starts with."""


@dataclass(frozen=True, eq=False)
class FreightSurface:
    """Cheapest freight from every cell, and the way it takes.

    Attributes
    ----------
    cost : (rows, columns) float64 DataArray [USD/t]
        Per wet tonne, truck and all that follows; NaN where no way leads out.
    backlink : (rows, columns) int8 DataArray
        Step of the truck towards its access node, see `geo.compute.kernels`.
    access : DataFrame
        ``node_id, usd_per_t, row, column``: where trucks hand over or drive on.
    truck : (rows, columns) DataArray [USD/t per metre]
        As of `truck_friction`.
    grid : GeoBox
    destinations : tuple of str
    product : Product
    case : {"low", "central", "high"}
    onward : Onward
        The ways from the access nodes on.
    """

    cost: xr.DataArray
    backlink: xr.DataArray
    access: pd.DataFrame
    truck: xr.DataArray
    grid: GeoBox
    destinations: tuple[str, ...]
    product: Product
    case: Case
    onward: Onward

    @property
    def allocation(self) -> xr.DataArray:
        """Row of `access` that serves each cell (int32); -1 where none does."""
        numbers = np.full(self.backlink.shape, -1, dtype=np.int32)
        links = self.backlink.to_numpy()
        row, column = (self.access[name].to_numpy() for name in ("row", "column"))
        # A place from which trucks drive on to a better one serves no cell.
        ends_here = links[row, column] == 0
        numbers[row[ends_here], column[ends_here]] = np.flatnonzero(ends_here)
        number_sources(links, numbers)
        title = "row of the access node"
        return as_dataarray(numbers, self.grid, name="access", unit="1", long_name=title)


def onward_cost(
    network: Network,
    destinations: Sequence[str],
    product: Product,
    *,
    case: Case = "central",
) -> pd.DataFrame:
    """Cheapest cost from a truck at each place on land to the cheapest destination.

    Loading onto rail or ship, gauge changes, waiting at borders, sea freight and both
    ends of port handling are in it; the truck's way to the place is not.

    Parameters
    ----------
    network : Network
    destinations : sequence of str
        Node ids.
    product : Product
    case : {"low", "central", "high"}
        Rates by which the way is chosen and priced.

    Returns
    -------
    DataFrame
        ``node_id`` and ``usd_per_t`` [USD per wet tonne], in the order of the nodes; places
        from which no destination can be reached are left out.

    Raises
    ------
    NetworkError
        If a destination is unknown or none is given.
    """
    return _table(network, solve(network, tuple(destinations), product, case))


def _table(network: Network, onward: Onward) -> pd.DataFrame:
    cheapest = np.min([tree.at_nodes for tree in onward.trees], axis=0)
    names = network.nodes.index.astype(str)
    costs = pd.DataFrame({"node_id": names, "usd_per_t": cheapest})
    return pd.DataFrame(costs[np.isfinite(cheapest)]).reset_index(drop=True)


def truck_friction(
    grid: GeoBox,
    tariffs: Tariffs,
    roads: gpd.GeoDataFrame | None,
    *,
    barriers: gpd.GeoDataFrame | xr.DataArray | None = None,
    slope: xr.DataArray | None = None,
    inside: npt.NDArray[np.bool_] | None = None,
    case: Case = "central",
) -> xr.DataArray:
    """Cost of trucking a tonne a metre through each cell.

    Parameters
    ----------
    grid : GeoBox
    tariffs : Tariffs
        Paved rate on cells that a road touches, unpaved elsewhere.
    roads : GeoDataFrame or None
        Paved roads, in any CRS.
    barriers, slope
        See `geo.criteria.travel.friction_surface`; what trucks cannot cross, such as
        lakes. A road over a barrier is a bridge.
    inside : (rows, columns) array of bool, optional
        Where trucks may drive at all, such as `geo.grid.inside(grid, country)`. Roads do
        not open the rest: a border is passed over the network's links only.
    case : {"low", "central", "high"}

    Returns
    -------
    (rows, columns) DataArray [USD/t per metre]
        NaN is a barrier. The coordinate ``paved`` says which cells carry a road.
    """
    paths = None if roads is None or roads.empty else roads.to_crs(str(grid.crs))
    friction: xr.DataArray = friction_surface(
        grid,
        base=tariffs.truck_unpaved.case(case) / _METRES,
        roads=paths,
        road_value=None if paths is None else tariffs.truck_paved.case(case) / _METRES,
        barriers=barriers,
        slope=slope,
    )
    # The same routine marks the roads, so that the mark and the rate cannot differ.
    mark = None if paths is None else friction_surface(grid, base=1.0, roads=paths, road_value=0.0)
    paved = np.zeros(friction.shape, bool) if mark is None else mark.to_numpy() == 0.0
    if inside is not None:
        friction = friction.where(inside)
    friction.attrs.update(units="USD/t/m", long_name=f"trucking, {case} rate")
    return friction.assign_coords(paved=(("y", "x"), paved))


def _settle(truck: xr.DataArray, starts: Starts) -> dict[str, xr.DataArray]:
    """Work out the surfaces in memory."""
    return cost_with_links(truck, starts, Engine())


def freight_surface(
    network: Network,
    destinations: Sequence[str],
    product: Product,
    truck: xr.DataArray,
    *,
    grid: GeoBox,
    case: Case = "central",
    countries: Collection[str] | None = None,
    snap_km: float = 5.0,
    settle: Callable[[xr.DataArray, Starts], Mapping[str, xr.DataArray]] = _settle,
) -> FreightSurface:
    """Cheapest freight from every cell of a grid to the cheapest of some destinations.

    Parameters
    ----------
    network : Network
    destinations : sequence of str
        Node ids.
    product : Product
    truck : (rows, columns) DataArray [USD/t per metre]
        As of `truck_friction`.
    grid : GeoBox
    case : {"low", "central", "high"}
        Rates of the network; `truck` should be of the same case.
    countries : collection of str, optional
        Countries whose places trucks may go to by themselves. Give the region's own: a
        foreign place is then reached over the network's border links only. Without it
        every place on an open cell of the grid serves.
    snap_km : float
        With `countries`: a place on a barrier serves from the nearest open cell within
        this distance [km]. Border posts often lie a little outside the border as drawn.
    settle : callable, optional
        Given the friction and where trucks start at what cost, the surfaces of
        `geo.criteria.travel.cost_with_links`, which is called when it is missing.

    Returns
    -------
    FreightSurface

    Raises
    ------
    DataError
        If the friction is not on the grid.
    NetworkError
        If no access node lies on the grid's open cells.
    """
    if truck.shape != tuple(grid.shape):
        raise DataError(
            f"the friction has shape {truck.shape}, the grid {tuple(grid.shape)}: "
            "make it with truck_friction(grid, ...)"
        )
    names = tuple(destinations)
    onward = solve(network, names, product, case)
    costs = _table(network, onward)
    if countries is not None:
        home = network.nodes["country"].reindex(costs["node_id"]).isin(set(countries))
        costs = costs[home.to_numpy()].reset_index(drop=True)
    reach = 0.0 if countries is None else snap_km * _METRES
    access = _placed(network, costs, truck, grid, reach)
    if access.empty:
        raise NetworkError(
            f"no place with a way to {', '.join(names)} lies on open land of the grid: "
            "allow more statuses or countries, or enlarge the region"
        )
    starts = (
        access["row"].to_numpy(np.intp),
        access["column"].to_numpy(np.intp),
        access["usd_per_t"].to_numpy(np.float64),
    )
    # Double precision, so that the legs of a way add up to the surface within 1e-6.
    found = settle(truck, starts)
    title = f"freight of {product.title} to {', '.join(names)}, {case}"
    cost = found["cost"].rename("freight")
    cost.attrs = {"long_name": title, "units": "USD/t", "grid_mapping": "spatial_ref"}
    return FreightSurface(
        cost=cost,
        backlink=found["backlink"],
        access=access,
        truck=truck,
        grid=grid,
        destinations=names,
        product=product,
        case=case,
        onward=onward,
    )


def _placed(
    network: Network,
    costs: pd.DataFrame,
    friction: xr.DataArray,
    grid: GeoBox,
    reach: float,
) -> pd.DataFrame:
    """Cell of each access node; of several in one cell the cheapest, in row-major order."""
    row, column = access_cells(network, costs["node_id"], friction, grid, reach)
    table = costs.assign(row=row, column=column)
    table = table[table["row"] >= 0].sort_values("usd_per_t", kind="stable")
    table = table.drop_duplicates(["row", "column"]).sort_values(["row", "column"])
    return table.reset_index(drop=True)


def access_cells(
    network: Network,
    names: Iterable[str],
    friction: xr.DataArray,
    grid: GeoBox,
    reach: float,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Cells from which places serve trucks.

    Parameters
    ----------
    network : Network
    names : iterable of str
        Node ids.
    friction : (rows, columns) DataArray
        NaN is a barrier.
    grid : GeoBox
    reach : float
        A place on a barrier serves from the nearest open cell within this distance [m].

    Returns
    -------
    row, column : (n,) arrays of int
        -1 where a place lies outside the grid or has no open cell near by.
    """
    places = network.nodes.loc[list(names), ["lon", "lat"]].to_numpy(np.float64)
    to_grid = Transformer.from_crs(4326, str(grid.crs), always_xy=True)
    east, north = to_grid.transform(places[:, 0], places[:, 1])
    found = [_open_cell(friction, grid, x, y, reach) for x, y in zip(east, north, strict=True)]
    cells = np.array([(-1, -1) if cell is None else cell for cell in found], dtype=np.intp)
    row, column = cells.reshape(-1, 2).T
    return row, column


def _open_cell(
    friction: xr.DataArray, grid: GeoBox, x: float, y: float, reach: float
) -> tuple[int, int] | None:
    affine = grid.affine
    row, column = int((y - affine.f) // affine.e), int((x - affine.c) // affine.a)
    rows, columns = friction.shape
    on_grid = 0 <= row < rows and 0 <= column < columns
    if on_grid and np.isfinite(at_cells(friction, row, column)[0]):
        return row, column
    height, width = cell_size(grid)
    down, across = int(reach // height) + 1, int(reach // width) + 1
    window = np.s_[
        max(row - down, 0) : max(row + down + 1, 0),
        max(column - across, 0) : max(column + across + 1, 0),
    ]
    corner = np.array([window[0].start, window[1].start])
    near = np.argwhere(np.isfinite(friction[window].to_numpy())) + corner
    if not len(near):
        return None
    across_m, up_m = centres(grid)
    away = np.hypot(across_m[near[:, 1]] - x, up_m[near[:, 0]] - y)
    best = int(np.argmin(away))
    return (int(near[best, 0]), int(near[best, 1])) if away[best] <= reach else None
