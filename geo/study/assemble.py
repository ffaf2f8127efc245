"""From scored themes to the content that every output reads."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import xarray as xr

from geo.compute.kept import Kin
from geo.errors import EmptyLayerError
from geo.provenance import package_version
from geo.publish.content import (
    Content,
    HouseView,
    LayerView,
    ScenarioView,
)
from geo.recipe import HouseSpec
from geo.study.ground import ground_of
from geo.study.measures import model_of
from geo.study.months import monthly_yields
from geo.study.new_links import flows_of, link_layers, new_links_view
from geo.study.oddities import network_findings
from geo.study.power import power_notes
from geo.study.projects import project_views
from geo.study.resilience import trade_view
from geo.study.served import load_views
from geo.study.supply import supply_views
from geo.study.themes import ThemeRun
from geo.study.words import words_of
from geo.study.workbench import Workbench
from geo.transport.routes import ROUTE_COLUMNS

__all__ = ["assemble"]

_ROLES = {
    "countries": "countries",
    "land": "land",
    "provinces": "provinces",
    "lakes": "water",
    "rivers": "rivers",
    "railways": "rail",
    "roads": "roads",
    "towns": "towns",
    "ports": "ports",
    "crossings": "crossings",
    "protected": "protected",
    "power": "power",
    "sea": "sea",
    "disputed": "disputed",
}


def assemble(
    bench: Workbench,
    themes: Sequence[ThemeRun],
    scenarios: Sequence[Mapping[str, ScenarioView]] = (),
) -> Content:
    """Gather everything that a study has to show.

    Parameters
    ----------
    bench : Workbench
    themes : sequence of ThemeRun
        In the recipe's order.
    scenarios : sequence of mapping of str to ScenarioView
        One a scenario, by theme.

    Returns
    -------
    Content
    """
    recipe = bench.recipe
    outcomes = [theme.outcome for theme in themes]
    views = [
        replace(outcome.view, scenarios=tuple(found[outcome.view.id] for found in scenarios))
        for outcome in outcomes
    ]
    routes = [outcome.routes for outcome in outcomes if outcome.routes is not None]
    placed = [(theme.spec, theme.outcome.view.sites) for theme in themes]
    links, flows = new_links_view(bench, placed), flows_of(bench, placed)
    return Content(
        id=recipe.id,
        title=recipe.title,
        subtitle=recipe.subtitle,
        themes=tuple(views),
        routes=_joined(routes),
        layers=(*_drawn(bench), *link_layers(bench, links, flows)),
        surfaces=_surfaces(bench, themes),
        records=bench.records,
        notes=(*recipe.notes, *_power_notes(bench)),
        disclaimer=recipe.disclaimer,
        version=package_version(),
        recipe_sha256=recipe.sha256,
        grid=bench.grid,
        region=bench.region.to_crs(4326),
        findings=(*bench.findings, *network_findings(bench)),
        trade=trade_view(bench, [(t.spec, t.outcome.view.sites, t.outcome.routes) for t in themes]),
        languages=recipe.languages,
        labels=words_of(bench.recipe, bench.table),
        house=_house(recipe.house),
        supply=supply_views(bench, themes),
        loads=load_views(bench, views),
        projects=project_views(bench, views),
        models=_models(bench),
        kin=_kin(bench, themes),
        new_links=links,
        flows=flows,
    )


def _power_notes(bench: Workbench) -> tuple[str, ...]:
    recipe = bench.recipe
    key = bench.key(__name__, recipe.layer_ids(), ("power", ground_of(recipe)))
    return bench.once(key, lambda: power_notes(bench))


def _house(spec: HouseSpec) -> HouseView:
    if spec.logo is None:
        return HouseView(spec.name)
    kind = "svg+xml" if spec.logo.suffix.lower() == ".svg" else "png"
    data = base64.b64encode(spec.logo.read_bytes()).decode("ascii")
    return HouseView(spec.name, f"data:image/{kind};base64,{data}")


def _models(bench: Workbench) -> tuple[Mapping[str, object], ...]:
    """Cards of the models that a criterion uses."""
    used = {
        str(one.measure.arguments["model"]): theme
        for theme in bench.recipe.themes
        for one in theme.criteria
        if one.measure.name == "prospectivity"
    }
    return tuple(model_of(bench, theme, name).card for name, theme in used.items())


def _joined(routes: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    filled = [frame for frame in routes if not frame.empty]
    if not filled:
        return gpd.GeoDataFrame({c: [] for c in ROUTE_COLUMNS}, geometry=[], crs=4326)
    joined = pd.concat(filled, ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=4326)


def _layers(bench: Workbench) -> tuple[LayerView, ...]:
    views = [_layer(bench, bench.recipe.region, "region", bench.region)]
    for role, layers in bench.recipe.base.items():
        if role in _ROLES:
            views += [_layer(bench, layer, _ROLES[role], bench.features(layer)) for layer in layers]
    shown = {view.id for view in views}
    for theme in bench.recipe.themes:
        layer = theme.sites.layer
        if layer is not None and layer not in shown:
            views.append(_layer(bench, layer, "deposits", bench.features(layer)))
            shown.add(layer)
    return tuple(views)


def _layer(bench: Workbench, layer: str, role: str, frame: gpd.GeoDataFrame) -> LayerView:
    record = bench.catalogue[layer]
    usable = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    if usable.empty:
        raise EmptyLayerError(f"{record.path.name}: nothing to draw: leave it out of [base]")
    return LayerView(
        id=layer,
        title=record.title,
        role=role,
        frame=usable.to_crs(4326).reset_index(drop=True),
        attribution=record.attribution,
        licence=record.licence,
        quality=record.quality,
        limits=record.limits,
    )


def _drawn(bench: Workbench) -> tuple[LayerView, ...]:
    """Layers to draw, as a run before this one kept them if nothing of them changed."""
    return bench.once(_ground(bench), lambda: _layers(bench))


def _ground(bench: Workbench) -> str | None:
    recipe = bench.recipe
    sites = [theme.sites.layer for theme in recipe.themes]
    return bench.key(__name__, recipe.layer_ids(), (ground_of(recipe), sites))


def _surfaces(bench: Workbench, themes: Sequence[ThemeRun]) -> xr.Dataset:
    found: dict[str, xr.DataArray] = {}
    for theme in themes:
        found |= theme.surfaces()
    found |= monthly_yields(bench)
    for layer in bench.recipe.base.get("relief", ()):
        found["relief"] = bench.raster(layer)
    return xr.Dataset(found)


def _kin(bench: Workbench, themes: Sequence[ThemeRun]) -> Kin | None:
    """What outputs may take over from runs before; nothing where a layer's bytes are unknown."""
    ground = _ground(bench)
    if bench.cache is None or ground is None:
        return None
    keys: dict[str, str | None] = {"relief": ground}
    for theme in themes:
        keys |= theme.surface_keys()
    known = {name: key for name, key in keys.items() if key is not None}
    whole = {theme.spec.id: _whole(bench, theme) for theme in themes}
    shown = {name: key for name, key in whole.items() if key is not None}
    return Kin(bench.cache, bench.code, known, ground, shown)


def _whole(bench: Workbench, theme: ThemeRun) -> str | None:
    """Hash of all that a theme shows, under its scenarios too."""
    keys = [theme.key, *(theme.scenario_key(one) for one in bench.recipe.scenarios)]
    return None if None in keys else bench.key(__name__, (), keys)
