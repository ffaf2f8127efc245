"""What a study tells of its freight besides the cheapest way: how sure, what else, what if.

All access places of the region compete for every site: the first mile is found once for all
themes, and closures, further ways and draws are worked out on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.publish.content import TradeView
from geo.recipe import ReferenceSpec, ThemeSpec
from geo.study.firstmiles import MOST_CELLS, first_miles
from geo.study.ground import by_id, placed
from geo.study.trade import freight_key, freight_surfaces
from geo.study.workbench import Workbench
from geo.transport.alternatives import Alternative, alternatives
from geo.transport.capacity import capacity_shares
from geo.transport.closures import closable, closure_table, knock_out, site_costs
from geo.transport.firstmile import FirstMile
from geo.transport.graph import Tree, solve
from geo.transport.missing import missing_piece
from geo.transport.network import Network
from geo.transport.products import (
    Product,
    per_dry_tonne,
    per_payable_tonne,
    premium,
    share_of_value,
    value_per_wet_tonne,
)
from geo.transport.routes import alternative_routes
from geo.transport.spread import Spread, spread

__all__ = ["trade_view"]

Floats = npt.NDArray[np.float64]

_DRAWS = 1000
_WAYS = 3


@dataclass(frozen=True, eq=False)
class _Way:
    """One theme's freight to one country, at every site."""

    theme: str
    country: str
    product: Product
    tree: Tree
    mile: FirstMile
    sites: gpd.GeoDataFrame
    legs: gpd.GeoDataFrame
    cost: Floats
    place: npt.NDArray[np.int32]

    @property
    def network(self) -> Network:
        return self.tree.graph.network

    @property
    def ids(self) -> list[str]:
        return [str(one) for one in self.sites["site_id"]]


Theme = tuple[ThemeSpec, gpd.GeoDataFrame, gpd.GeoDataFrame | None]
"""A theme's recipe, its sites, and the legs of their ways."""


def trade_view(bench: Workbench, themes: Sequence[Theme]) -> TradeView:
    """Work out spread, closures, further ways and shares of throughput for every theme.

    Parameters
    ----------
    bench : Workbench
    themes : sequence of (ThemeSpec, GeoDataFrame, GeoDataFrame or None)
        Every theme with its sites and, where it has freight, the legs of their ways.

    Returns
    -------
    TradeView
        Empty where no theme has freight, and where the grid has more than four million
        cells: one search a place over it would take longer than all the rest.
    """
    shipped = [theme for theme in themes if theme[2] is not None]
    if not shipped or np.prod(bench.grid.shape) > MOST_CELLS:
        return TradeView()
    # Sites are told by their ids, so that other ranks are no other freight.
    told = [(spec, by_id(sites), legs) for spec, sites, legs in shipped]
    parts = bench.once(_key(bench, told), lambda: _made(bench, told))
    places = {
        spec.id: {str(site): place for place, site in enumerate(sites["site_id"])}
        for spec, sites, _ in shipped
    }
    return parts.view(places)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Tables of the view, one a theme and country, with sites in the order of their ids."""

    freight: list[pd.DataFrame]
    closures: list[pd.DataFrame]
    alternatives: list[gpd.GeoDataFrame]
    capacity: pd.DataFrame
    reference: str

    def view(self, places: Mapping[str, Mapping[str, int]]) -> TradeView:
        """The view with the sites of each theme in their places."""
        further = [_placed(frame, places) for frame in self.alternatives]
        joined = pd.concat([frame for frame in further if len(frame)] or further, ignore_index=True)
        return TradeView(
            freight=_joined([_placed(frame, places) for frame in self.freight]),
            closures=_joined([_placed(frame, places) for frame in self.closures]),
            alternatives=gpd.GeoDataFrame(joined, geometry="geometry", crs=4326),
            capacity=self.capacity,
            reference=self.reference,
        )


def _placed(frame: pd.DataFrame, places: Mapping[str, Mapping[str, int]]) -> pd.DataFrame:
    """Rows of one theme by the places of its sites."""
    if frame.empty:
        return frame
    own = places[str(frame["theme"].iloc[0])]
    return frame.iloc[np.argsort([own[str(site)] for site in frame["site_id"]], kind="stable")]


def _key(bench: Workbench, themes: Sequence[Theme]) -> str | None:
    """Hash of all that the view depends on: the freight of the themes, and where sites lie."""
    told = [(spec.id, freight_key(bench, spec), placed(spec, sites)) for spec, sites, _ in themes]
    layers = {bench.recipe.region, *bench.recipe.transport_layers()}
    layers |= bench.recipe.capacity_layers()
    transport = bench.recipe.transport
    rest = (transport, bench.recipe.draws.seed, bench.recipe.region_where)
    return bench.key(__name__, sorted(layers), (told, repr(rest)))


def _made(bench: Workbench, themes: Sequence[Theme]) -> _Parts:
    miles = first_miles(bench, [sites for _, sites, _ in themes])
    ways = [
        way for theme, mile in zip(themes, miles, strict=True) for way in _ways(bench, theme, mile)
    ]
    reference = _reference(bench)
    return _Parts(
        freight=[_freight(bench, way) for way in ways],
        closures=[_closures(way) for way in ways],
        alternatives=[_further(bench, way) for way in ways],
        capacity=_capacity(bench, ways),
        reference="" if reference is None else reference.title,
    )


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _reference(bench: Workbench) -> ReferenceSpec | None:
    transport = bench.recipe.transport
    return None if transport is None else transport.reference


def _ways(bench: Workbench, theme: Theme, mile: FirstMile) -> list[_Way]:
    spec, sites, legs = theme
    found = freight_surfaces(bench, spec)
    ways = []
    for surface in found.surfaces.values():
        for tree in surface.onward.trees:
            country = tree.graph.network.node(tree.graph.network.name_of(tree.goals[0])).country
            cost, place = site_costs(tree, mile)
            ways.append(_Way(spec.id, country, found.product, tree, mile, sites, legs, cost, place))
    return ways


def _freight(bench: Workbench, way: _Way) -> pd.DataFrame:
    """A row a site: cost in all bases, spread, reference, what the way passes, what is missing."""
    own = way.legs[way.legs["country"] == way.country].groupby("site_id")
    columns = ["usd_per_t_low", "usd_per_t", "usd_per_t_high", "kg_co2e_per_t", "hours"]
    known = own[columns].sum(min_count=1).reindex(way.ids)
    drawn = spread(way.tree, way.mile, draws=_DRAWS, seed=bench.recipe.draws.seed)
    low, middle, high = drawn.quantiles(0.05, 0.5, 0.95)
    cost = pd.Series(np.where(np.isfinite(way.cost), way.cost, np.nan))
    near = _to_reference(bench, way)
    extra = premium(cost, near)
    frame = pd.DataFrame(
        {
            "theme": way.theme,
            "site_id": way.ids,
            "country": way.country,
            "product": way.product.id,
            "usd_per_t_low": known["usd_per_t_low"].to_numpy(),
            "usd_per_t": cost,
            "usd_per_t_high": known["usd_per_t_high"].to_numpy(),
            "usd_per_t_p05": low,
            "usd_per_t_p50": middle,
            "usd_per_t_p95": high,
            "usd_per_dry_t": per_dry_tonne(cost, way.product),
            "usd_per_payable_t": per_payable_tonne(cost, way.product),
            "share_of_value_percent": 100 * share_of_value(cost, way.product),
            "reference_usd_per_t": near,
            "netback_reference_usd_per_t": value_per_wet_tonne(way.product) - near,
            "premium_usd_per_t": extra,
            "premium_percent": 100 * share_of_value(extra, way.product),
            "kg_co2e_per_t": known["kg_co2e_per_t"].to_numpy(),
            "hours_known": known["hours"].to_numpy(),
        }
    )
    frame["borders"] = [_shares(way, drawn, n, "border") for n in range(len(frame))]
    frame["ports"] = [_shares(way, drawn, n, "port") for n in range(len(frame))]
    frame["unreachable"] = [_why(way, n) for n in range(len(frame))]
    return frame


def _spec(bench: Workbench, theme: str) -> ThemeSpec:
    return next(spec for spec in bench.recipe.themes if spec.id == theme)


def _to_reference(bench: Workbench, way: _Way) -> "pd.Series[float]":
    """Freight to the reference market [USD/t]; NaN without one, or where no way leads there."""
    reference = _reference(bench)
    if reference is None:
        return pd.Series(np.full(len(way.ids), np.nan))
    onward = solve(way.network, reference.places, way.product)
    costs = np.min([site_costs(tree, way.mile)[0] for tree in onward.trees], axis=0)
    return pd.Series(np.where(np.isfinite(costs), costs, np.nan))


def _shares(way: _Way, drawn: Spread, site: int, kind: str) -> str:
    """Borders or export ports with the share of the draws in which the way takes them."""
    taken = drawn.shares(site, drawn.border if kind == "border" else drawn.port)
    links = way.network.links
    by_name: dict[str, float] = {}
    for row, share in taken.items():
        name = str(links["from"].iloc[row])
        if kind == "border":
            name = f"{name}-{links['to'].iloc[row]}"
        by_name[name] = by_name.get(name, 0.0) + share
    ordered = sorted(by_name.items(), key=lambda one: (-one[1], one[0]))
    return "; ".join(f"{name} {100 * share:.0f} %" for name, share in ordered)


def _why(way: _Way, site: int) -> str:
    if np.isfinite(way.cost[site]):
        return ""
    goals = [way.network.name_of(int(n)) for n in way.tree.goals]
    names = [way.network.name_of(int(node)) for node in way.mile.nodes]
    return missing_piece(way.network, goals, way.product, names, way.mile.cost[site])


def _closures(way: _Way) -> pd.DataFrame:
    cases = closable(way.network)
    closed = knock_out(way.tree, way.mile, cases)
    table = closure_table(way.cost, closed, cases, way.ids)
    table.insert(0, "theme", way.theme)
    table.insert(2, "country", way.country)
    return table


def _further(bench: Workbench, way: _Way) -> gpd.GeoDataFrame:
    """Legs of the second and third way of every site."""
    found = [_after_first(way, site) for site in range(len(way.ids))]
    legs = alternative_routes(way.sites, way.mile, way.tree, bench.grid, found, first=2)
    return legs.assign(theme=way.theme)


def _after_first(way: _Way, site: int) -> list[Alternative]:
    mile = way.mile
    return alternatives(
        way.tree, mile.nodes, mile.cost[site], count=_WAYS, max_overlap=0.6, other_gateway=True
    )[1:]


def _capacity(bench: Workbench, ways: list[_Way]) -> pd.DataFrame:
    """Shares of throughput that planned outputs would take."""
    spec = bench.recipe.transport
    if spec is None or spec.throughput is None:
        return pd.DataFrame()
    readings = bench.table(spec.throughput)
    frames = []
    for way in ways:
        freight = _spec(bench, way.theme).freight
        output = pd.Series({} if freight is None else dict(freight.outputs), dtype=float)
        shares = capacity_shares(output, _passed(way), readings)
        shares.insert(0, "theme", way.theme)
        shares.insert(2, "country", way.country)
        frames.append(shares)
    return _joined(frames)


def _passed(way: _Way) -> dict[str, list[str]]:
    """Places that each site's way passes."""
    graph = way.tree.graph
    found = {}
    for site, name in enumerate(way.ids):
        place = int(way.place[site])
        if place >= 0:
            arcs = way.tree.arcs(int(graph.trucks([way.mile.nodes[place]])[0]))
            nodes = dict.fromkeys(int(graph.node[graph.tail[arc]]) for arc in arcs)
            found[name] = [way.network.name_of(node) for node in nodes]
    return found
