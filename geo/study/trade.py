"""Freight of a study: one network, one truck surface, one way out for every cell and site."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from scipy.ndimage import binary_dilation

from geo.compute.parts import Part
from geo.criteria.travel import accumulated_cost, cost_with_links
from geo.errors import NetworkError
from geo.grid import as_dataarray, inside
from geo.recipe import FreightSpec, ThemeSpec, TransportSpec
from geo.recipe.reader import closest
from geo.study.workbench import Workbench
from geo.transport.freight import FreightSurface, Starts, freight_surface, truck_friction
from geo.transport.markets import Markets, with_ports
from geo.transport.network import ALLOWED_CROSSINGS, Network
from geo.transport.products import Product, read_products, share_of_value
from geo.transport.routes import routes
from geo.transport.tariffs import Assumptions

__all__ = [
    "FreightOfTheme",
    "freight_columns",
    "freight_key",
    "freight_range",
    "freight_surfaces",
    "haul_length",
    "home_of",
    "isocost",
    "isocost_key",
    "network_key",
    "network_of",
    "price_of",
    "product_of",
    "routes_of",
    "transport_layers",
    "truck_of",
]

# What the network and the freight do not depend on.
_OUTSIDE: dict[str, Any] = {"price_factors": {}, "reference": None, "throughput": None}
_CASES = ("usd_per_t_low", "usd_per_t", "usd_per_t_high")


@dataclass(frozen=True, eq=False)
class FreightOfTheme:
    """Freight of one theme's product, to the cheapest destination of each country."""

    product: Product
    surfaces: dict[str, FreightSurface]

    def mean_cost(self, countries: Sequence[str], part: Part) -> xr.DataArray:
        """Mean over countries of the cost from every cell [USD/t]; NaN where one is unknown."""
        arrays = [part.of(self._of(country).cost) for country in countries]
        return arrays[0].copy(data=np.mean([a.values for a in arrays], axis=0))

    def mean_share(self, countries: Sequence[str], part: Part) -> xr.DataArray:
        """Mean over countries of the cost as a share of the product's value [%]."""
        return share_of_value(self.mean_cost(countries, part), self.product) * 100

    def _of(self, country: str) -> FreightSurface:
        if country not in self.surfaces:
            raise NetworkError(
                f"freight to {country!r} is asked for, the theme's destinations are in "
                f"{', '.join(self.surfaces)}: add it under [theme.freight]"
            )
        return self.surfaces[country]


def _spec(bench: Workbench) -> TransportSpec:
    spec = bench.recipe.transport
    if spec is None:
        raise NetworkError("the recipe has no [transport]: add it to use freight or haul")
    return spec


def network_key(bench: Workbench) -> str:
    """What the network is made of: runs with the same key share it and what follows from it."""
    return repr(replace(_spec(bench), **_OUTSIDE))


def freight_key(bench: Workbench, theme: ThemeSpec) -> str:
    """What a theme's freight is made of, see :func:`network_key`."""
    if theme.freight is None:
        return ""
    return f"{theme.freight!r} {product_of(bench, theme.freight)!r} {network_key(bench)}"


def isocost_key(bench: Workbench, product: str) -> str:
    """What an isocost surface is made of beside its ports, see :func:`network_key`."""
    return f"{_product_named(bench, product)!r} {network_key(bench)}"


def network_of(bench: Workbench) -> Network:
    """The transport network of a study."""

    def make() -> Network:
        spec = _spec(bench)
        tables = _tables(bench)
        return Network.from_tables(
            tables.nodes,
            tables.links,
            bench.table(spec.factors),
            avoid_status=spec.avoid_status,
            avoid_countries=spec.avoid_countries,
            open_links=spec.open_links,
            closed=spec.closed,
            gauges=spec.gauges,
            ports=spec.use_ports,
            geometry={
                mode: tables.lanes if mode == "sea" else bench.features(layer)
                for mode, layer in spec.geometry.items()
            },
            crossings=_crossings(bench),
            allow_crossings=spec.allow_crossings or ALLOWED_CROSSINGS,
            assumptions=Assumptions(interest_rate=spec.interest, usd=spec.usd),
        )

    return bench.keep(("network", network_key(bench)), make)


def _tables(bench: Workbench) -> Markets:
    """Tables of the network with the ports that the recipe's destinations need."""
    spec = _spec(bench)
    tables = (bench.features(spec.nodes), bench.table(spec.links))
    lanes = bench.features(spec.geometry["sea"])
    if spec.ports is None:
        return Markets(*tables, lanes)
    land = None if spec.land is None else bench.features(spec.land)
    wanted = [place for place, _ in bench.recipe.destinations()]
    return with_ports(*tables, lanes, bench.features(spec.ports), wanted, land=land)


def _crossings(bench: Workbench) -> pd.DataFrame | None:
    """Classes of crossings; readings stand in the place of what the layer does not know."""
    spec = _spec(bench)
    if spec.crossings is None:
        return None if spec.readings is None else bench.table(spec.readings)
    features = bench.features(spec.crossings)
    own = [c for c in ("node_id", "class", "rail_dwell_h", "road_dwell_h") if c in features]
    crossings = pd.DataFrame(features[own])
    if spec.readings is None:
        return crossings
    readings = bench.table(spec.readings)
    read = crossings["node_id"].isin(set(readings["node_id"])) & (crossings["class"] == "unknown")
    # The dwell of a crossing stays, whatever is read of its class.
    dwell = crossings[["node_id", *own[2:]]].drop_duplicates("node_id")
    told = readings[["node_id", "class"]].merge(dwell, on="node_id", how="left")
    return pd.concat([crossings[~read], told], ignore_index=True)


def truck_of(bench: Workbench) -> xr.DataArray:
    """Cost of trucking through each cell, see `geo.transport.freight.truck_friction`."""

    def make() -> dict[str, xr.DataArray]:
        spec = _spec(bench)
        roads = bench.features(spec.geometry["road"])
        west, south, east, north = bench.region.to_crs(roads.crs).total_bounds
        roads = roads.cx[west:east, south:north]
        if "status" in roads:
            roads = roads[~roads["status"].isin(set(spec.avoid_status))]
        roads = roads.to_crs(str(bench.grid.crs))
        tariffs = network_of(bench).tariffs
        barriers = [bench.on_grid(layer) for layer in spec.barriers]
        within = bench.inside

        def task(part: Part) -> dict[str, xr.DataArray]:
            wide = part.wider(1)
            # Cells beside the border stay open, for border posts stand there.
            near = binary_dilation(wide.of(within).to_numpy(), np.ones((3, 3), dtype=bool))
            open_ = part.cut(wide.of(within).copy(data=near), wide).to_numpy()
            friction = truck_friction(
                part.grid, tariffs, roads, barriers=_closed(part.grid, barriers), inside=open_
            )
            paved = friction.coords["paved"].reset_coords(drop=True)
            return {"friction": friction.drop_vars("paved"), "paved": paved}

        return bench.compute(task)

    def surface() -> xr.DataArray:
        made = bench.stage(__name__, transport_layers(bench), ("truck", _truck_told(bench)), make)
        return made["friction"].assign_coords(paved=made["paved"].variable)

    # Links change nothing of the roads and their rates, only which of them are avoided.
    return bench.keep(("truck", _spec(bench).avoid_status), surface)


def _truck_told(bench: Workbench) -> str:
    """What trucks drive on is made of, beside the layers."""
    spec, where = _spec(bench), bench.recipe.region_where
    return repr((spec.avoid_status, spec.barriers, spec.geometry, spec.interest, spec.usd, where))


def transport_layers(bench: Workbench) -> list[str]:
    """Layers that the network and the roads are made of, and the region's."""
    return sorted({bench.recipe.region, *bench.recipe.transport_layers()})


def _closed(grid: GeoBox, barriers: list[gpd.GeoDataFrame]) -> xr.DataArray | None:
    if not barriers:
        return None
    closed = np.any([inside(grid, areas) for areas in barriers], axis=0)
    return as_dataarray(closed, grid, name="barrier", unit="1", long_name="Barriers")


def haul_length(
    bench: Workbench, layer: str, where: Mapping[str, object]
) -> Callable[[Part], tuple[xr.DataArray]]:
    """Truck haul to the cheapest of some places, as kilometres of paved road that cost as much.

    Parameters
    ----------
    bench : Workbench
    layer : str
        Of the places.
    where : mapping
        Which of its features.

    Returns
    -------
    callable
        Given a part, the length on it [km]; NaN where no truck gets there.
    """

    def make() -> dict[str, xr.DataArray]:
        targets = bench.on_grid(layer, where)
        return {"cost": accumulated_cost(truck_of(bench), targets, engine=bench.engine)}

    told = ("haul", layer, repr(where or None), _truck_told(bench))
    cost = bench.stage(__name__, [layer, *transport_layers(bench)], told, make)["cost"]
    rate = np.float32(network_of(bench).tariffs.truck_paved.central)
    return lambda part: (part.of(cost) / rate,)


def product_of(bench: Workbench, freight: FreightSpec) -> Product:
    """The product that a theme ships, at the price of the scenario."""
    return _product_named(bench, freight.product)


def _product_named(bench: Workbench, name: str) -> Product:
    spec = _spec(bench)
    products = read_products(bench.table(spec.products))
    if name not in products:
        file = bench.catalogue[spec.products].path.name
        raise NetworkError(f"{file}: there is no product {name!r}{closest(name, products)}")
    found = products[name]
    factor = spec.price_factors.get(name, 1.0)
    return replace(found, price_usd_t=found.price_usd_t * factor)


def price_of(bench: Workbench, theme: ThemeSpec) -> float | None:
    """Price of a dry tonne of the theme's product [USD/t]; None without one, or unknown."""
    if theme.freight is None:
        return None
    price = product_of(bench, theme.freight).price_usd_t
    return None if np.isnan(price) else price


def home_of(bench: Workbench) -> set[str]:
    """Countries that the region is of: those with more than half of their places in it.

    A place just over the border may lie a little inside the region as drawn.
    """
    nodes = bench.features(_spec(bench).nodes)
    within = nodes.to_crs(4326).within(bench.region.to_crs(4326).union_all())
    share = within.groupby(nodes["country"]).mean()
    return set(share.index[share > 0.5])


def freight_surfaces(bench: Workbench, theme: ThemeSpec) -> FreightOfTheme:
    """Freight from every cell for a theme's product, by country of destination.

    Parameters
    ----------
    bench : Workbench
    theme : ThemeSpec

    Returns
    -------
    FreightOfTheme

    Raises
    ------
    NetworkError
        If the theme declares no freight, or a product or place is unknown.
    """
    spec = theme.freight
    if spec is None:
        raise NetworkError(f"theme {theme.id!r} measures freight but has no [theme.freight]")

    def make() -> FreightOfTheme:
        product = product_of(bench, spec)
        surfaces = {
            country: _surface(bench, places, product)
            for country, places in spec.destinations.items()
        }
        return FreightOfTheme(product, surfaces)

    return bench.keep(("freight", freight_key(bench, theme)), make)


def _surface(bench: Workbench, places: Sequence[str], product: Product) -> FreightSurface:
    """Freight from every cell to the cheapest of some places."""

    def settle(truck: xr.DataArray, starts: Starts) -> dict[str, xr.DataArray]:
        told = ("freight", list(starts), _truck_told(bench))
        return bench.stage(
            __name__,
            transport_layers(bench),
            told,
            lambda: cost_with_links(truck, starts, bench.engine),
        )

    return freight_surface(
        network_of(bench),
        places,
        product,
        truck_of(bench),
        grid=bench.grid,
        countries=home_of(bench),
        settle=settle,
    )


def isocost(bench: Workbench, places: Sequence[str], product: str) -> xr.DataArray:
    """Freight from every cell to the cheapest of some ports [USD/t].

    Parameters
    ----------
    bench : Workbench
    places : sequence of str
        Node ids, or ids of the layer of ports.
    product : str
        Id of a product.

    Returns
    -------
    (rows, columns) float64 DataArray [USD/t]
        Per wet tonne, truck and all that follows; NaN where no way leads out.

    Raises
    ------
    NetworkError
        If a place or the product is unknown, or none can be reached.
    """
    key = ("isocost", tuple(places), isocost_key(bench, product))
    return bench.keep(key, lambda: _surface(bench, places, _product_named(bench, product))).cost


def routes_of(bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Legs of every site's way to each country, with geometry.

    Parameters
    ----------
    bench : Workbench
    theme : ThemeSpec
        With freight.
    sites : GeoDataFrame
        With `site_id`.

    Returns
    -------
    GeoDataFrame
        In EPSG:4326 with the columns of :func:`geo.transport.routes.routes`, per wet tonne.
    """

    def make() -> gpd.GeoDataFrame:
        found = freight_surfaces(bench, theme)
        frames = [
            routes(sites, surface, network_of(bench), surface.destinations, found.product)
            for surface in found.surfaces.values()
        ]
        joined = pd.concat(frames, ignore_index=True)
        order = joined.sort_values(["site_id", "country", "leg"], kind="stable")
        return gpd.GeoDataFrame(order.reset_index(drop=True), geometry="geometry", crs=4326)

    def kept() -> gpd.GeoDataFrame:
        where = np.column_stack([sites.geometry.x, sites.geometry.y])
        named = [list(sites[c].astype(str)) for c in ("site_id", "name") if c in sites]
        told = ("routes", freight_key(bench, theme), _truck_told(bench), where, named)
        key = bench.key(__name__, transport_layers(bench), (told, str(sites.crs)))
        return bench.once(key, make)

    return bench.keep(("routes", theme.id, freight_key(bench, theme)), kept)


def _totals(legs: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, country: str) -> pd.DataFrame:
    """Low, central and high cost of each site's whole way; NaN where there is none."""
    chosen = legs[legs["country"] == country]
    totals = chosen.groupby("site_id")[list(_CASES)].sum(min_count=1)
    return pd.DataFrame(totals.reindex(sites.index))


def freight_range(
    bench: Workbench,
    theme: ThemeSpec,
    sites: gpd.GeoDataFrame,
    countries: Sequence[str],
    *,
    share: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of a freight criterion at the sites: the same way at low and high rates.

    Parameters
    ----------
    bench : Workbench
    theme : ThemeSpec
    sites : GeoDataFrame
    countries : sequence of str
    share : bool
        Whether the criterion is the share of the product's value [%], else the cost [USD/t].

    Returns
    -------
    low, high : (n,) arrays
    """
    legs = routes_of(bench, theme, sites)
    totals = [_totals(legs, sites, country) for country in countries]
    low, high = (np.mean([t[c].to_numpy() for t in totals], axis=0) for c in (_CASES[0], _CASES[2]))
    if not share:
        return low, high
    product = product_of(bench, cast(FreightSpec, theme.freight))
    return 100 * share_of_value(low, product), 100 * share_of_value(high, product)


def freight_columns(bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Total freight of each site by country, for the table of sites.

    Parameters
    ----------
    bench : Workbench
    theme : ThemeSpec
    sites : GeoDataFrame

    Returns
    -------
    DataFrame
        ``freight_KR_low``, ``freight_KR``, ``freight_KR_high`` [USD/t] and so on; no column
        where the theme has no freight.
    """
    if theme.freight is None:
        return pd.DataFrame(index=sites.index)
    legs = routes_of(bench, theme, sites)
    columns: dict[str, pd.Series] = {}
    for country in theme.freight.destinations:
        totals = _totals(legs, sites, country)
        for case, suffix in zip(_CASES, ("_low", "", "_high"), strict=True):
            columns[f"freight_{country}{suffix}"] = totals[case]
    return pd.DataFrame(columns, index=sites.index)
