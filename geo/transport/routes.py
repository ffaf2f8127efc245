"""The way of each site to its destination, leg by leg, priced low, central and high."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from geo.compute.kernels import trace_back
from geo.compute.stored import stored_behind
from geo.errors import CrsError, DataError
from geo.grid import at_cells, cell_of, cell_size, centres
from geo.transport.alternatives import Alternative
from geo.transport.firstmile import FirstMile
from geo.transport.freight import FreightSurface
from geo.transport.graph import Step, Tree
from geo.transport.network import Network
from geo.transport.products import Product
from geo.transport.tables import GEOD
from geo.transport.tariffs import Tariffs

__all__ = ["ROUTE_COLUMNS", "alternative_routes", "routes"]

ROUTE_COLUMNS = (
    "site_id",
    "destination",
    "country",
    "leg",
    "mode",
    "from",
    "to",
    "km",
    "usd_per_t_low",
    "usd_per_t",
    "usd_per_t_high",
    "hours",
    "source",
    "alternative",
    "tariff_km",
    "kg_co2e_per_t",
)
_HAULS = ("rail", "road", "sea")
_Cell = tuple[int, int]
_Access = dict[_Cell, tuple[str, float]]


@dataclass(frozen=True)
class _Trucked:
    """The first mile: cells, length, cost and where it ends."""

    cells: npt.NDArray[np.intp]
    km: float
    cost: tuple[float, float, float]
    node: str


def routes(
    sites: gpd.GeoDataFrame,
    surface: FreightSurface,
    network: Network,
    destinations: tuple[str, ...],
    product: Product,
    tariffs: Tariffs | None = None,
) -> gpd.GeoDataFrame:
    """Legs of every site's cheapest way.

    The way is the surface's: chosen by central rates. Low and high are the same way at
    low and high rates, so that the three can be compared leg by leg.

    Parameters
    ----------
    sites : GeoDataFrame
        Points with ``site_id`` and, if there is one, ``name``; any CRS, inside the grid.
    surface : FreightSurface
        Of the central case.
    network, destinations, product
        Those of the surface.
    tariffs : Tariffs, optional
        Those of the truck friction; the network's when missing.

    Returns
    -------
    GeoDataFrame in EPSG:4326
        `ROUTE_COLUMNS` and the geometry, a row a leg, in the order of the sites.
        ``country`` is the destination's. Costs per wet tonne; the central ones of a site
        add up to the surface's value in its cell. ``km`` is the geodesic length of the line as
        drawn, ``tariff_km`` the one that is charged (of a truck that of the cells crossed);
        ``hours`` and ``kg_co2e_per_t`` are NaN where unknown. ``alternative`` is 1. The legs
        of a way join end to end.
        ``attrs["unreachable"]`` lists the sites without a way.

    Raises
    ------
    DataError
        If the surface is of another case, product or destinations, or `sites` has no ids.
    CrsError
        If the sites have no CRS.
    GridError
        If a site lies outside the grid.
    """
    _check(sites, surface, destinations, product)
    x, y = _projected(sites, surface)
    rows, columns = cell_of(surface.grid, x, y)
    writer = _Writer(network, tariffs or network.tariffs, surface.grid)
    legs: list[dict[str, Any]] = []
    unreachable = []
    costs = at_cells(surface.cost, rows, columns).tolist()
    access = _access_by_cell(surface.access)
    for site, *cell, cost in zip(_sites(sites), rows, columns, costs, strict=True):
        if np.isnan(cost):
            unreachable.append(site.id)
            continue
        trucked = _truck(surface, writer.rates, (int(cell[0]), int(cell[1])), cost, access)
        # The way on is the same for all sites of an access place.
        told = writer.once(trucked.node, partial(surface.onward.steps, trucked.node))
        legs += writer.way(site, trucked, *told, 1)
    frame = _frame(legs)
    frame.attrs["unreachable"] = unreachable
    return frame


def alternative_routes(
    sites: gpd.GeoDataFrame,
    mile: FirstMile,
    tree: Tree,
    grid: GeoBox,
    ways: Sequence[Sequence[Alternative]],
    *,
    first: int = 1,
) -> gpd.GeoDataFrame:
    """Legs of several ways of every site.

    Parameters
    ----------
    sites : GeoDataFrame
        As for :func:`routes`, in the order of the first mile's cells.
    mile : FirstMile
    tree : Tree
        That the ways are of.
    grid : GeoBox
        Of the first mile.
    ways : sequence of sequences of Alternative
        Of each site, see `geo.transport.alternatives.alternatives`.
    first : int
        Number that the first way of each site gets in the column ``alternative``.

    Returns
    -------
    GeoDataFrame
        As of :func:`routes`.
    """
    network = tree.graph.network
    writer = _Writer(network, network.tariffs, grid)
    legs: list[dict[str, Any]] = []
    for place, (site, own) in enumerate(zip(_sites(sites), ways, strict=True)):
        for number, way in enumerate(own, start=first):
            told = writer.once(way.arcs, partial(way.steps, tree))
            trucked = _trucked(mile, writer.rates, network, place, way.place)
            legs += writer.way(site, trucked, *told, number)
    return _frame(legs)


class _Site(NamedTuple):
    id: str
    name: str
    point: Point


def _sites(sites: gpd.GeoDataFrame) -> list[_Site]:
    names = sites["name"] if "name" in sites else sites["site_id"]
    points = sites.to_crs(4326).geometry
    return [
        _Site(str(a), str(b), c) for a, b, c in zip(sites["site_id"], names, points, strict=True)
    ]


def _frame(legs: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    columns = [*ROUTE_COLUMNS, "geometry"]
    return gpd.GeoDataFrame(legs, columns=columns, geometry="geometry", crs=4326)


class _Writer:
    """Writes ways as legs; what several sites share is written once."""

    def __init__(self, network: Network, rates: Tariffs, grid: GeoBox) -> None:
        self.network = network
        self.rates = rates
        self.centres = centres(grid)
        self.to_lonlat = Transformer.from_crs(str(grid.crs), 4326, always_xy=True)
        self._told: dict[Hashable, tuple[list[dict[str, Any]], str]] = {}

    def once(
        self, key: Hashable, find: Callable[[], tuple[list[Step], str]]
    ) -> tuple[list[dict[str, Any]], str]:
        """Legs and destination of the way on from an access place."""
        if key not in self._told:
            steps, destination = find()
            legs = [_leg(self.network, group) for group in _grouped(steps)]
            self._told[key] = legs, destination
        return self._told[key]

    def way(
        self,
        site: _Site,
        trucked: _Trucked,
        onward: list[dict[str, Any]],
        destination: str,
        number: int,
    ) -> list[dict[str, Any]]:
        """All legs of one way."""
        common = {
            "site_id": site.id,
            "destination": destination,
            "country": self.network.node(destination).country,
            "alternative": number,
        }
        whole = [self._truck_leg(trucked, site), *onward]
        return [{**common, "leg": n, **leg} for n, leg in enumerate(whole, start=1)]

    def _truck_leg(self, trucked: _Trucked, site: _Site) -> dict[str, Any]:
        x, y = self.centres
        inner = trucked.cells[1:-1]
        lon, lat = self.to_lonlat.transform(x[inner[:, 1]], y[inner[:, 0]])
        end = self.network.place(trucked.node)
        points = [(site.point.x, site.point.y), *zip(lon.tolist(), lat.tolist(), strict=True), end]
        line = _joined(points)
        rates = self.rates
        source = f"paved: {rates.truck_paved.source}; unpaved: {rates.truck_unpaved.source}"
        kg = rates.emissions.get("road")
        return {
            "mode": "truck",
            "from": site.name,
            "to": _title(self.network, trucked.node),
            "km": _length(line),
            **_costs([trucked.cost]),
            "hours": trucked.km / rates.road_speed,
            "source": f"{source}; way over the grid",
            "tariff_km": trucked.km,
            "kg_co2e_per_t": float("nan") if kg is None else trucked.km * kg.central,
            "geometry": line,
        }


def _trucked(mile: FirstMile, rates: Tariffs, network: Network, site: int, place: int) -> _Trucked:
    """A first mile as a leg, low and high at the rates of the cells that it crosses."""
    whole, paved = float(mile.cost[site, place]), float(mile.paved[site, place])
    cost = [
        paved * _ratio(rates.truck_paved, k) + (whole - paved) * _ratio(rates.truck_unpaved, k)
        for k in (0, 2)
    ]
    node = network.name_of(int(mile.nodes[place]))
    km = float(mile.km[site, place])
    return _Trucked(mile.way(site, place), km, (cost[0], whole, cost[1]), node)


def _check(
    sites: gpd.GeoDataFrame,
    surface: FreightSurface,
    destinations: tuple[str, ...],
    product: Product,
) -> None:
    if surface.case != "central":
        raise DataError(
            f"the surface is of the {surface.case} case: make it with case='central', "
            "the legs carry low and high beside it"
        )
    if tuple(destinations) != surface.destinations or product != surface.product:
        raise DataError(
            "the surface is of another product or other destinations: "
            "make one with freight_surface for these"
        )
    if "site_id" not in sites:
        raise DataError("the sites have no column site_id: add one")
    if sites.crs is None:
        raise CrsError("the sites have no CRS: state it with sites.set_crs(...)")


def _projected(
    sites: gpd.GeoDataFrame, surface: FreightSurface
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    points = sites.geometry.to_crs(str(surface.grid.crs))
    return points.x.to_numpy(), points.y.to_numpy()


def _truck(
    surface: FreightSurface, rates: Tariffs, site: _Cell, cost: float, access: _Access
) -> _Trucked:
    cells = trace_back(_links(surface), site)
    node, onward = access[int(cells[-1, 0]), int(cells[-1, 1])]
    height, width = cell_size(surface.grid)
    moves = np.diff(cells, axis=0)
    metres = np.hypot(moves[:, 0] * height, moves[:, 1] * width)
    friction = at_cells(surface.truck, *cells.T).astype(np.float64)
    paved = at_cells(surface.truck.coords["paved"], *cells.T)
    # What is left of the surface's own value, so that the legs add up to it exactly.
    central = cost - onward
    whole = _path_cost(friction, metres)
    ratios = [
        np.where(paved, _ratio(rates.truck_paved, k), _ratio(rates.truck_unpaved, k))
        for k in (0, 2)
    ]
    shares = [_path_cost(friction * r, metres) / whole if whole > 0 else 1.0 for r in ratios]
    ends = (central * shares[0], central, central * shares[1])
    return _Trucked(cells, float(metres.sum()) / 1000.0, ends, node)


def _links(surface: FreightSurface) -> npt.NDArray[np.int8]:
    """Back-links to step along: of a surface that is kept on disk only what a way crosses."""
    stored = stored_behind(surface.backlink)
    return surface.backlink.to_numpy() if stored is None else stored.mapped()


def _access_by_cell(access: pd.DataFrame) -> _Access:
    """The access node in each cell where a way ends, and the cost onward; the first of several."""
    found: _Access = {}
    columns = (access[name] for name in ("row", "column", "node_id", "usd_per_t"))
    for row, column, node, cost in zip(*columns, strict=True):
        found.setdefault((int(row), int(column)), (str(node), float(cost)))
    return found


def _ratio(rate: Any, case: int) -> float:
    return float(rate.triple[case] / rate.central) if rate.central > 0 else 1.0


def _path_cost(friction: npt.NDArray[np.float64], metres: npt.NDArray[np.float64]) -> float:
    return float(((friction[1:] + friction[:-1]) / 2 * metres).sum())


def _grouped(steps: list[Step]) -> Iterator[list[Step]]:
    """Hauls of one mode, railway and gauge in a row make one leg; operations stand alone."""
    numbered = enumerate(steps)

    def key(item: tuple[int, Step]) -> tuple[object, ...]:
        n, step = item
        return (step.mode, step.country, step.gauge) if step.mode in _HAULS else (n,)

    for _, group in groupby(numbered, key=key):
        yield [step for _, step in group]


def _leg(network: Network, steps: list[Step]) -> dict[str, Any]:
    first, last = steps[0], steps[-1]
    sources = list(dict.fromkeys(step.source for step in steps))
    lengths = list(dict.fromkeys(step.length for step in steps if step.length))
    told = [*sources, *([f"lengths: {', '.join(lengths)}"] if lengths else [])]
    railway = [f"{first.country} railway, {first.gauge} mm"] if first.mode == "rail" else []
    geometry, drawn = _geometry(network, steps)
    return {
        "mode": first.mode,
        "from": _title(network, first.start),
        "to": _title(network, last.end),
        "km": _length(geometry),
        **_costs([step.cost for step in steps]),
        "hours": float(sum(step.hours for step in steps)),
        "source": "; ".join([*railway, *told, *drawn]),
        "tariff_km": float(sum(step.km for step in steps)),
        "kg_co2e_per_t": float(sum(step.kg for step in steps)),
        "geometry": geometry,
    }


def _geometry(network: Network, steps: list[Step]) -> tuple[BaseGeometry, list[str]]:
    points = [network.place(steps[0].start)]
    straight = []
    for step in steps:
        if step.link is None:
            continue
        drawn = network.draw(step.link)
        forward = network.link(step.link).start == step.start
        points += list(drawn.line.coords)[:: 1 if forward else -1]
        if drawn.straight:
            straight.append(f"{step.start}-{step.end}")
    told = [f"drawn straight: {', '.join(straight)}"] if straight else []
    return _joined(points), told


def _joined(points: list[tuple[float, float]]) -> BaseGeometry:
    kept = [points[0]]
    kept += [b for a, b in pairwise(points) if a != b]
    return LineString(kept) if len(kept) > 1 else Point(kept[0])


def _length(line: BaseGeometry) -> float:
    """Geodesic length of a line as drawn [km]; 0 for a point."""
    return abs(GEOD.geometry_length(line)) / 1000.0


def _title(network: Network, node: str) -> str:
    return network.node(node).name


def _costs(triples: list[tuple[float, float, float]]) -> dict[str, float]:
    low, central, high = (float(sum(column)) for column in zip(*triples, strict=True))
    return {"usd_per_t_low": low, "usd_per_t": central, "usd_per_t_high": high}
