"""New links of a study: where they would run, what they cost, and what they save whom."""

import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod

from geo.catalogue.raster import grid_of, to_grid
from geo.criteria.terrain import slope
from geo.errors import DataError, LodemapWarning, RecipeError
from geo.grid import cell_of, cell_size, make_grid
from geo.publish.content import LayerView, NewLinksView
from geo.recipe import NewLinkSpec, NewLinksSpec, ThemeSpec
from geo.recipe.reader import closest
from geo.study.firstmiles import MOST_CELLS, first_miles
from geo.study.ground import by_id
from geo.study.trade import (
    freight_key,
    home_of,
    network_of,
    product_of,
    transport_layers,
    truck_of,
)
from geo.study.workbench import Workbench
from geo.transport.corridor import (
    Alignment,
    Ground,
    UnitCost,
    align,
    bands,
    grade_note,
    ground_surface,
)
from geo.transport.firstmile import first_mile
from geo.transport.flows import link_flows
from geo.transport.network import Network
from geo.transport.new_links import Demand, LinkSet, best_links, link_values, link_worth

__all__ = ["flows_of", "link_layers", "new_links_view"]

Sites = Sequence[tuple[ThemeSpec, gpd.GeoDataFrame]]

_GEOD = Geod(ellps="WGS84")
# The ground reaches this share of a line's length, and at least so far, beyond its ends.
_MARGIN, _LEAST_MARGIN_M = 0.25, 20_000.0
_PERCENT = 100.0


@dataclass(frozen=True, eq=False)
class _Planned:
    """A new link with its cost, its line and its row for the network."""

    spec: NewLinkSpec
    cost: UnitCost
    line: Alignment
    row: pd.DataFrame
    note: str


def new_links_view(bench: Workbench, themes: Sites) -> NewLinksView | None:
    """Align every new link of the recipe, and work out what each and the best set is worth.

    Parameters
    ----------
    bench : Workbench
    themes : sequence of (ThemeSpec, GeoDataFrame)
        Those with freight count, with their sites.

    Returns
    -------
    NewLinksView or None
        None where the recipe has no new links.

    Raises
    ------
    RecipeError
        Naming the line of a link that cannot be built, and why.
    """
    spec = bench.recipe.new_links
    if spec is None or _too_large(bench, "new links"):
        return None
    freight = [(theme, by_id(sites)) for theme, sites in themes if theme.freight is not None]
    key = _key(bench, spec, freight, spec.layers())
    view, demand = bench.once(key, lambda: _made(bench, spec, freight))
    return replace(view, savings=_by_rank(view.savings, demand, themes))


def _by_rank(savings: pd.DataFrame, demand: npt.NDArray[np.intp], themes: Sites) -> pd.DataFrame:
    """Savings with the sites of each demand as the themes have them, by rank."""
    places = [
        {str(site): place for place, site in enumerate(sites["site_id"])}
        for theme, sites in themes
        if theme.freight is not None
        for _ in theme.freight.destinations
    ]
    own = [
        places[number % len(places)][str(site)]
        for number, site in zip(demand, savings["site_id"], strict=True)
    ]
    return savings.iloc[np.lexsort((own, demand))].reset_index(drop=True)


def _made(
    bench: Workbench, spec: NewLinksSpec, freight: Sites
) -> tuple[NewLinksView, npt.NDArray[np.intp]]:
    """New links with the number of the demand that each saving is of, link by link."""
    network = _with_ends(bench, spec, freight)
    planned = [_plan(bench, spec, link, network) for link in spec.links]
    demands = _demands(bench, network, freight)
    rows = {one.spec.id: one.row for one in planned}
    values = link_values(network, rows, demands)
    capital = {one.spec.id: one.line.usd for one in planned}
    worth = link_worth(values, capital, rate=spec.rate, years=spec.years)
    chosen = _best(bench, spec, network, rows, demands, capital)
    counts = [len(one.sites) for one in demands] * len(rows)
    saves = ~(values["saving_usd_per_t"] <= 0)
    view = NewLinksView(
        links=_table(planned, worth, chosen),
        corridors=_corridors(planned),
        savings=values[saves].reset_index(drop=True),
        says=_says(spec, chosen, values),
    )
    return view, np.repeat(np.arange(len(counts)), counts)[saves.to_numpy()]


def flows_of(bench: Workbench, themes: Sites) -> gpd.GeoDataFrame | None:
    """Tonnes over each link when the sites of all themes ship what is planned.

    Parameters
    ----------
    bench : Workbench
    themes : sequence of (ThemeSpec, GeoDataFrame)

    Returns
    -------
    GeoDataFrame or None
        Of :func:`geo.transport.flows.link_flows`; None where no output is stated.
    """
    freight = [(theme, by_id(sites)) for theme, sites in themes if theme.freight is not None]
    stated = any(theme.freight is not None and theme.freight.outputs for theme, _ in freight)
    if not stated or _too_large(bench, "flows"):
        return None
    key = _key(bench, "flows", freight, ())

    def make() -> gpd.GeoDataFrame:
        network = network_of(bench)
        return link_flows(network, _demands(bench, network, freight))

    return bench.once(key, make)


def _too_large(bench: Workbench, what: str) -> bool:
    cells = int(np.prod(bench.grid.shape))
    if cells > MOST_CELLS:
        warnings.warn(
            f"{bench.recipe.path.name}: {what} are left out: the grid has {cells:,} cells, and "
            f"trucking from every place is sought on {MOST_CELLS:,} at most: choose larger cells",
            LodemapWarning,
            stacklevel=3,
        )
    return cells > MOST_CELLS


def _key(bench: Workbench, told: object, freight: Sites, layers: Iterable[str]) -> str | None:
    """Key of what is made of the freight of some themes' sites, and of more layers."""
    where = [(list(sites["site_id"]), sites.geometry.to_wkb().tolist()) for _, sites in freight]
    themes = [freight_key(bench, theme) for theme, _ in freight]
    every = sorted({*transport_layers(bench), *layers})
    return bench.key(__name__, every, (told, themes, where))


def link_layers(
    bench: Workbench, links: NewLinksView | None, flows: gpd.GeoDataFrame | None
) -> tuple[LayerView, ...]:
    """New links, their corridors and flows as layers for the GeoPackage and QGIS.

    Parameters
    ----------
    bench : Workbench
    links : NewLinksView or None
    flows : GeoDataFrame or None

    Returns
    -------
    tuple of LayerView
    """
    frames = {} if links is None else {"new-links": links.links, "corridors": links.corridors}
    if flows is not None and len(flows):
        frames["flows"] = flows
    titles = {
        "new-links": "New links: cheapest alignments",
        "corridors": "New links: corridors of little more cost",
        "flows": "Tonnes a year over each link",
    }
    return tuple(
        LayerView(
            id=f"{bench.recipe.id}-{role}",
            title=titles[role],
            role=role,
            frame=frame,
            attribution="",
            licence="",
            quality="screening",
            limits="Computed by this study; see its notes.",
        )
        for role, frame in frames.items()
    )


def _fault(bench: Workbench, line: int, said: str) -> RecipeError:
    return RecipeError([f"{bench.recipe.path.name}:{line}: {said}"])


def _with_ends(bench: Workbench, spec: NewLinksSpec, themes: Sites) -> Network:
    """The network with a place for each end that is a site."""
    network = network_of(bench)
    sites = pd.concat([sites.to_crs(4326) for _, sites in themes], ignore_index=True)
    sites = sites.drop_duplicates("site_id").set_index("site_id")
    home = sorted(home_of(bench))
    rows: list[dict[str, Any]] = []
    for link in spec.links:
        for end in (link.start, link.end):
            if end in network.nodes.index or any(row["node_id"] == end for row in rows):
                continue
            if end not in sites.index or len(home) != 1:
                known = [*network.nodes.index, *sites.index]
                said = f"new link {link.id!r}: there is no place and no site {end!r}"
                raise _fault(bench, link.line, f"{said}{closest(end, known)}")
            rows.append(
                {
                    "node_id": end,
                    "name": str(sites.loc[end].get("name", end)),
                    "type": "mine",
                    "country": home[0],
                    "geometry": sites.loc[end].geometry,
                }
            )
    return network.with_nodes(gpd.GeoDataFrame(rows, crs=4326)) if rows else network


def _plan(bench: Workbench, spec: NewLinksSpec, link: NewLinkSpec, network: Network) -> _Planned:
    cost = _unit_cost(bench, spec, link)
    ends = network.place(link.start), network.place(link.end)
    grid = _window(bench, spec, ends)
    steep, note = _relief(bench, spec, grid, cost.grade)
    try:
        ground = ground_surface(
            grid,
            cost,
            slope=steep,
            rivers=_near(bench, spec.rivers, grid),
            grounds=_grounds(bench, spec, grid),
        )
        line = align(grid, ground, cost, *ends)
    except DataError as error:
        raise _fault(bench, link.line, f"new link {link.id!r}: {error}") from None
    return _Planned(link, cost, line, _row(network, link, line), note)


def _unit_cost(bench: Workbench, spec: NewLinksSpec, link: NewLinkSpec) -> UnitCost:
    rows = {str(row["build"]): row for row in bench.table(spec.costs).to_dict("records")}
    if link.build not in rows:
        said = f"new link {link.id!r}: {spec.costs} has no row {link.build!r}"
        raise _fault(bench, link.line, f"{said}{closest(link.build, rows)}")
    row = rows[link.build]
    if row["mode"] != link.mode:
        said = f"new link {link.id!r} is a {link.mode}, {link.build!r} costs a {row['mode']}"
        raise _fault(bench, link.line, f"{said}: name a row of that mode")
    try:
        grade = float(row["ruling_grade_percent"]) / _PERCENT
        return UnitCost(_range(row, "usd_per_km"), _range(row, "usd_per_river"), grade)
    except (DataError, KeyError, ValueError) as error:
        raise _fault(bench, link.line, f"{spec.costs}, row {link.build!r}: {error}") from None


def _range(row: Mapping[Hashable, Any], name: str) -> tuple[float, float, float]:
    return float(row[f"{name}_low"]), float(row[name]), float(row[f"{name}_high"])


def _window(
    bench: Workbench, spec: NewLinksSpec, ends: tuple[tuple[float, float], tuple[float, float]]
) -> GeoBox:
    """Grid of the ground round the two ends of a line."""
    points = gpd.GeoSeries(gpd.points_from_xy(*zip(*ends, strict=True)), crs=4326)
    local = points.to_crs(str(bench.grid.crs))
    margin = max(_LEAST_MARGIN_M, _MARGIN * local.iloc[0].distance(local.iloc[1]))
    area = gpd.GeoDataFrame(geometry=local.buffer(margin), crs=local.crs)
    return make_grid(area, spec.cell_size, CRS.from_user_input(str(bench.grid.crs)))


def _relief(
    bench: Workbench, spec: NewLinksSpec, grid: GeoBox, grade: float
) -> tuple[xr.DataArray | None, str]:
    """Slope of the ground [%], and what the relief cannot tell."""
    if spec.relief is None:
        return None, "no relief is given: the ground counts as level"
    height = bench.native(spec.relief)
    native = grid_of(height)
    box = native.boundingbox
    step = abs(native.resolution.y)
    if native.crs is not None and native.crs.geographic:
        middle = (box.bottom + box.top) / 2
        step = float(_GEOD.inv(0, middle, 0, middle + step)[2])
    note = grade_note(step, grade, spec.earthwork, called=f"the layer {spec.relief}")
    return slope(to_grid(height, grid)), note


def _near(bench: Workbench, layer: str | None, grid: GeoBox) -> gpd.GeoDataFrame | None:
    """Features of a layer round the ground, None where there are none."""
    return None if layer is None else _inside(bench.on_grid(layer), grid)


def _inside(features: gpd.GeoDataFrame, grid: GeoBox) -> gpd.GeoDataFrame | None:
    box = grid.boundingbox
    found = features.cx[box.left : box.right, box.bottom : box.top]
    return found if len(found) else None


def _grounds(bench: Workbench, spec: NewLinksSpec, grid: GeoBox) -> list[Ground]:
    found = []
    for one in spec.grounds:
        features = _inside(bench.on_grid(one.layer, one.where), grid)
        if features is not None:
            wide = features.set_geometry(features.buffer(one.buffer)) if one.buffer else features
            found.append(Ground(wide, one.factor))
    return found


def _row(network: Network, link: NewLinkSpec, line: Alignment) -> pd.DataFrame:
    """Row of the link table; a planned line keeps the length that is published."""
    same = network.links[
        (network.links["mode"] == link.mode)
        & network.links["from"].isin([link.start, link.end])
        & network.links["to"].isin([link.start, link.end])
    ]
    km = float(same["tariff_km"].iloc[0]) if len(same) else line.built_km
    told = "of the planned link" if len(same) else "of the alignment, with turns for the grade"
    row = {
        "from": link.start,
        "to": link.end,
        "mode": link.mode,
        "gauge_mm": str(link.gauge) if link.gauge else None,
        "tariff_km": km,
        "status": "planned",
        "length_source": told,
        "length_confidence": "low",
        "source": f"new link {link.id}",
        "confidence": "low",
    }
    return pd.DataFrame([row])


def _demands(bench: Workbench, network: Network, themes: Sites) -> list[Demand]:
    """What the sites of each theme ship to each of its countries, in equal parts."""
    nodes, costs = _trucking(bench, network, [sites for _, sites in themes])
    found = []
    for (theme, sites), trucking in zip(themes, costs, strict=True):
        freight = theme.freight
        if freight is None:
            continue
        ids = tuple(str(one) for one in sites["site_id"])
        strays = [one for one in freight.outputs if one not in ids]
        if strays:
            said = f"theme {theme.id!r} has no site {strays[0]!r} to ship an output"
            raise _fault(bench, freight.line, f"{said}{closest(strays[0], ids)}")
        tonnes = np.array([freight.outputs.get(one, np.nan) for one in ids])
        found += [
            Demand(
                market=country,
                sites=ids,
                tonnes=tonnes / len(freight.destinations),
                product=product_of(bench, freight),
                destinations=places,
                nodes=nodes,
                trucking=trucking,
            )
            for country, places in freight.destinations.items()
        ]
    return found


def _trucking(
    bench: Workbench, network: Network, groups: list[gpd.GeoDataFrame]
) -> tuple[tuple[str, ...], list[npt.NDArray[np.float64]]]:
    """Places where trucks hand over, and what the way there costs from each site."""
    miles = first_miles(bench, groups)
    study = network_of(bench)
    nodes = [study.name_of(int(number)) for number in miles[0].nodes]
    costs = [mile.cost for mile in miles]
    added = [name for name in network.nodes.index if name not in study.nodes.index]
    if added:
        points = gpd.GeoSeries(
            gpd.points_from_xy(network.nodes.loc[added, "lon"], network.nodes.loc[added, "lat"]),
            crs=4326,
        ).to_crs(str(bench.grid.crs))
        places = np.column_stack(cell_of(bench.grid, points.x.to_numpy(), points.y.to_numpy()))
        cells = np.concatenate([mile.cells for mile in miles])
        numbers = np.arange(len(added))
        more = first_mile(truck_of(bench), cells, numbers, places, cell_size(bench.grid)).cost
        ends = np.cumsum([len(mile.cells) for mile in miles])[:-1]
        costs = [np.hstack(pair) for pair in zip(costs, np.split(more, ends), strict=True)]
    return (*nodes, *added), costs


def _best(
    bench: Workbench,
    spec: NewLinksSpec,
    network: Network,
    rows: Mapping[str, pd.DataFrame],
    demands: Sequence[Demand],
    capital: Mapping[str, tuple[float, float, float]],
) -> LinkSet | None:
    if spec.budget is None:
        return None
    central = {link: usd[1] for link, usd in capital.items()}
    try:
        return best_links(network, rows, demands, central, spec.budget)
    except DataError as error:
        raise _fault(bench, spec.line, f"budget: {error}") from None


def _table(
    planned: Sequence[_Planned], worth: pd.DataFrame, chosen: LinkSet | None
) -> gpd.GeoDataFrame:
    rows = [
        {
            "link": one.spec.id,
            "title": one.spec.title,
            "mode": one.spec.mode,
            "gauge_mm": one.spec.gauge or None,
            "from": one.spec.start,
            "to": one.spec.end,
            "build": one.spec.build,
            "map_km": one.line.map_km,
            "built_km": one.line.built_km,
            "tariff_km": float(one.row["tariff_km"].iloc[0]),
            "rivers": one.line.rivers,
            "steep_km": one.line.steep_km,
        }
        for one in planned
    ]
    said = [
        {
            "in_best_set": None if chosen is None else one.spec.id in chosen.links,
            "grade_note": one.note,
            "note": one.spec.note,
        }
        for one in planned
    ]
    table = pd.concat([pd.DataFrame(rows), worth.drop(columns="link"), pd.DataFrame(said)], axis=1)
    return gpd.GeoDataFrame(table, geometry=[one.line.line for one in planned], crs=4326)


def _corridors(planned: Sequence[_Planned]) -> gpd.GeoDataFrame:
    frames = [bands(one.line).assign(link=one.spec.id) for one in planned]
    joined = pd.concat(frames, ignore_index=True)[["link", "share", "usd", "geometry"]]
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=4326)


def _says(spec: NewLinksSpec, chosen: LinkSet | None, values: pd.DataFrame) -> tuple[str, ...]:
    sites = values.drop_duplicates("site_id")
    known = int(sites["tonnes_per_year"].notna().sum())
    told = [
        f"Planned outputs are known for {known} of {len(sites)} sites; the others count in no sum.",
        "A site's output goes to the countries of its theme in equal parts.",
        f"Yearly payments: {spec.rate:.1%} real over {spec.years:g} years.",
    ]
    if chosen is not None and spec.budget is not None:
        proof = (
            "proven to be the best"
            if chosen.gap == 0
            else f"within {chosen.gap:.1%} of the best that there can be"
        )
        built = ", ".join(chosen.links) or "no link"
        told.append(
            f"For {spec.budget / 1e6:,.0f} million USD: {built}, at "
            f"{chosen.capital / 1e6:,.0f} million USD, which saves "
            f"{chosen.usd_per_year / 1e6:,.1f} million USD a year; {proof}."
        )
    return tuple(told)
