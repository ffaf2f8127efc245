"""One theme from its criteria to its ranked sites."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from geo.compute.engine import Task
from geo.compute.parts import Part
from geo.criteria.exclusion import (
    ExclusionRule,
    exclusion_bits,
    features_at,
    raster_margin,
    sites_flags,
)
from geo.criteria.qualifying import changes_needed
from geo.criteria.value_functions import (
    MEMBERSHIPS,
    Classes,
    Lookup,
    Membership,
    Piecewise,
    ValueFunction,
)
from geo.energy.setbacks import setback_distance
from geo.errors import DataError, GridError, RecipeError
from geo.grid import at_cells, cell_size
from geo.minerals.deposits import precision_note, value_spread
from geo.recipe import CriterionSpec, ExclusionSpec, ThemeSpec, ValueSpec
from geo.recipe.measures import MEASURES
from geo.scoring.combination import Combination
from geo.scoring.places import find_places
from geo.scoring.sites import SiteScores, score_sites
from geo.scoring.surface import combined_surface
from geo.scoring.weighting import WeightRange, critic, entropy, merec, standard_deviation
from geo.study.attributes import attribute_of, deposits_of
from geo.study.ground import ground_key, placed
from geo.study.measures import Surface, surface_of
from geo.study.power import machine_of
from geo.study.trade import freight_range
from geo.study.workbench import Cells, Workbench

__all__ = [
    "ScoredTheme",
    "combination",
    "rescore_theme",
    "score_theme",
    "surface_method",
    "value_function",
    "weight_range",
]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoredTheme:
    """What a theme came to: its surfaces on the grid, its sites and their reasons."""

    spec: ThemeSpec
    surfaces: Mapping[str, Surface]
    score: xr.Dataset
    bits: xr.DataArray
    rules: tuple[ExclusionRule, ...]
    sites: gpd.GeoDataFrame
    scores: SiteScores


def value_function(spec: ValueSpec) -> ValueFunction:
    """Make the value function that a recipe declares."""
    if spec.kind == "lookup":
        return Lookup(dict(spec.table))
    if spec.kind == "classes":
        return Classes(spec.breaks, spec.scores, unit=spec.unit)
    if spec.kind in MEMBERSHIPS:
        return Membership(spec.kind, unit=spec.unit, **spec.numbers)
    return Piecewise(spec.points, unit=spec.unit, log=spec.kind == "log")


def weight_range(criterion: CriterionSpec, spread: float) -> WeightRange:
    """Weight of a criterion with its range: its own, or the recipe's usual share either way."""
    low, central, high = criterion.weight
    if np.isnan(central):
        # The theme's method uses no weights.
        return WeightRange(1.0, 1.0, 1.0)
    if np.isnan(low):
        low, high = central * (1 - spread), central * (1 + spread)
    return WeightRange(central, low, high)


def combination(theme: ThemeSpec) -> Combination:
    """How a theme's criteria become the score of a site."""
    return Combination(theme.combine.method, dict(theme.combine.options))


def surface_method(theme: ThemeSpec) -> Combination:
    """How they become the score of a cell: the same where the method is local, else their sum."""
    method = combination(theme)
    everywhere = all(map(_spatial, theme.criteria))
    # Order weights are one for each criterion: they cannot serve some of them.
    fits = everywhere or "order_weights" not in method.options
    return method if method.about.local and fits else Combination()


def score_theme(bench: Workbench, theme: ThemeSpec) -> ScoredTheme:
    """Score every cell and every site of a theme.

    Parameters
    ----------
    bench : Workbench
    theme : ThemeSpec

    Returns
    -------
    ScoredTheme

    Raises
    ------
    GridError
        If a site lies outside the grid, naming its layer and id.
    """
    spatial = [c for c in theme.criteria if _spatial(c)]
    surfaces = {c.id: surface_of(bench, theme, c) for c in spatial}
    rules = _rules(bench, theme)
    bits = _bits(bench, theme)
    if theme.sites.layer is None:
        score = _surface_score(bench, theme, spatial, surfaces, bits)
        sites = _places(bench, theme, score)
    else:
        sites = deposits_of(bench, theme)
    cells = _cells(bench, theme, sites)
    sites = _flagged(bench, theme, sites, cells)
    found = _values_at_sites(bench, theme, sites, cells)
    if theme.sites.layer is not None:
        # Weights may be read off the sites, and serve the surface too.
        theme = _with_data_weights(bench, theme, sites, found)
        spatial = [c for c in theme.criteria if _spatial(c)]
        score = _surface_score(bench, theme, spatial, surfaces, bits)
    scores = _site_scores(bench, theme, sites, found)
    sites["to_qualify"] = _changes(bench, theme, sites, cells)
    sites["note"] = _notes(theme, sites, found)
    return ScoredTheme(theme, surfaces, score, bits, rules, sites, scores)


def rescore_theme(bench: Workbench, theme: ThemeSpec, base: ScoredTheme) -> SiteScores:
    """Score the sites of a theme again under other conditions.

    Parameters
    ----------
    bench : Workbench
        Under the other conditions, see :meth:`Workbench.under`.
    theme : ThemeSpec
        As it is then.
    base : ScoredTheme
        What the theme came to in the study itself. Its sites stay, also where they were
        found on the surface: only so can ranks be compared.

    Returns
    -------
    SiteScores
    """
    cells = bench.cells(base.sites)
    sites = _flagged(bench, theme, base.sites, cells)
    found = _values_at_sites(bench, theme, sites, cells)
    return _site_scores(bench, theme, sites, found)


def _spatial(criterion: CriterionSpec) -> bool:
    return MEASURES[criterion.measure.name].spatial


def _rules(bench: Workbench, theme: ThemeSpec) -> tuple[ExclusionRule, ...]:
    told = ("rules", repr(theme.exclusions))
    return bench.keep(told, lambda: tuple(_rule(bench, rule) for rule in theme.exclusions))


def _bits(bench: Workbench, theme: ThemeSpec) -> xr.DataArray:
    # Where a rule stands in the recipe does not matter.
    told = ("bits", repr([replace(rule, line=0) for rule in theme.exclusions]))
    layers = sorted({rule.layer for rule in theme.exclusions})

    def compute() -> dict[str, xr.DataArray]:
        return bench.compute(_bits_of(bench, _rules(bench, theme)))

    def make() -> xr.DataArray:
        if not theme.exclusions:
            return compute()["bits"]
        return bench.stage(__name__, layers, told, compute)["bits"]

    return bench.keep(told, make)


def _bits_of(bench: Workbench, rules: tuple[ExclusionRule, ...]) -> Task:
    halo = math.ceil(raster_margin(rules) / cell_size(bench.grid)[0]) + 1

    def task(part: Part) -> dict[str, xr.DataArray]:
        here = [
            rule if rule.raster is None else replace(rule, raster=part.wider(halo).of(rule.raster))
            for rule in rules
        ]
        return {"bits": exclusion_bits(here, part.grid)}

    return task


def _setback(bench: Workbench, spec: ExclusionSpec) -> float:
    """Buffer in tip heights of the recipe's turbine, in metres."""
    energy = bench.recipe.energy
    if energy is None or not spec.tip_heights:
        return 0.0
    machine = machine_of(bench, f"{spec.line}: rule {spec.id!r}")
    return setback_distance(spec.tip_heights, "tip heights", machine)


def _rule(bench: Workbench, spec: ExclusionSpec) -> ExclusionRule:
    record = bench.catalogue[spec.layer]
    limits = spec.above is not None or spec.below is not None or bool(spec.values)
    if limits != (record.kind == "raster") or (limits and spec.where):
        place = f"{bench.recipe.path.name}:{spec.line}"
        found = f"rule {spec.id!r} on the {record.kind} layer {spec.layer!r}"
        needed = "raster layers take 'above', 'below' or 'values', features take 'where'"
        raise RecipeError([f"{place}: {found}: {needed}"])
    raster = record.kind == "raster"
    return ExclusionRule(
        id=spec.id,
        title=spec.title,
        geometry=None if raster else bench.on_grid(spec.layer, spec.where),
        buffer_m=spec.buffer or _setback(bench, spec),
        # A class between two others is none of them: classes are taken from the nearest cell.
        raster=bench.raster(spec.layer, classes=bool(spec.values)) if raster else None,
        above=spec.above,
        below=spec.below,
        effect=spec.effect,
        source=spec.source,
        values=spec.values or None,
        invert=spec.invert,
    )


def _surface_score(
    bench: Workbench,
    theme: ThemeSpec,
    spatial: list[CriterionSpec],
    surfaces: Mapping[str, Surface],
    bits: xr.DataArray,
) -> xr.Dataset:
    spread = bench.recipe.draws.weight_range
    method = surface_method(theme)
    values = {c.id: surfaces[c.id].value for c in spatial}
    functions = {c.id: value_function(c.value) for c in spatial}
    weights = {c.id: weight_range(c, spread).central for c in spatial}
    required = [c.id for c in spatial if c.required]

    def task(part: Part) -> dict[str, xr.DataArray]:
        found = combined_surface(
            {name: part.of(value) for name, value in values.items()},
            functions,
            weights,
            method,
            unknown=theme.combine.unknown,
            excluded=part.of(bits),
            required=required,
        )
        return {str(name): found[name] for name in found}

    return xr.Dataset(bench.compute(task))


def _places(bench: Workbench, theme: ThemeSpec, score: xr.Dataset) -> gpd.GeoDataFrame:
    names = theme.sites.name_layer
    found = find_places(
        score["score"],
        theme_id=theme.id,
        count=theme.sites.best,
        spacing=theme.sites.spacing,
        towns=None if names is None else bench.features(names),
    )
    return found.set_index("site_id", drop=False).rename_axis(None)


def _cells(bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame) -> Cells:
    try:
        return bench.cells(sites)
    except GridError:
        layer = theme.sites.layer
        where = theme.id if layer is None else bench.catalogue[layer].path.name
        raise GridError(
            f"{where}: site {_outside(bench, sites)!r} lies outside the study's grid: correct its "
            "point, or leave it out with a filter in the recipe"
        ) from None


def _outside(bench: Workbench, sites: gpd.GeoDataFrame) -> str:
    """Id of the first site outside the grid."""
    for site in sites.index:
        try:
            bench.cells(sites.loc[[site]])
        except GridError:
            return str(site)
    return ""


def _flagged(
    bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame, cells: Cells
) -> gpd.GeoDataFrame:
    """Add status, what excludes each site, and its warnings."""

    def make() -> tuple[list[str], list[str]]:
        return _flags(bench, theme, sites, cells)

    told = ("flags", theme.exclusions, placed(theme, sites))
    excluded_by, warnings = bench.once(ground_key(bench, __name__, theme, *told), make)
    return sites.assign(
        excluded_by=excluded_by,
        status_in=["excluded" if text else "ranked" for text in excluded_by],
        warnings=warnings,
    )


def _flags(
    bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame, cells: Cells
) -> tuple[list[str], list[str]]:
    """What excludes each site, and what it is warned of."""
    rules = _rules(bench, theme)
    excluded, warned = sites_flags(_bits(bench, theme), rules, *cells)
    parents = sites.get("counted_within", pd.Series("", sites.index))
    named = _named_features(sites, rules, bench)
    excluded_by = [
        "; ".join([*([f"counted within {parent}"] if parent else []), *titles])
        for parent, titles in zip(parents, excluded, strict=True)
    ]
    warnings = [
        "; ".join(f"{title}{named.get((site, title), '')}" for title in titles)
        for site, titles in zip(sites.index, warned, strict=True)
    ]
    return excluded_by, warnings


def _changes(
    bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame, cells: Cells
) -> list[str]:
    """Say of each site what would have to change for the rules that exclude it to let it in."""
    key = ground_key(bench, __name__, theme, "changes", theme.exclusions, placed(theme, sites))
    return bench.once(key, lambda: _needed(bench, theme, cells))


def _needed(bench: Workbench, theme: ThemeSpec, cells: Cells) -> list[str]:
    rules = _rules(bench, theme)
    words = at_cells(_bits(bench, theme), *cells).astype(np.int64)
    hard = [
        rule
        for number, rule in enumerate(rules)
        if rule.effect == "exclude" and (words >> number & 1).any()
    ]
    said = [""] * len(cells[0])
    if hard:
        needed = changes_needed(hard, bench.grid, *cells)
        for site, texts in needed.groupby("site")["text"]:
            said[int(str(site))] = "; ".join(texts)
    return said


def _named_features(
    sites: gpd.GeoDataFrame, rules: tuple[ExclusionRule, ...], bench: Workbench
) -> dict[tuple[str, str], str]:
    """Names of the features that a rule met at a site, where the layer has names."""
    points = bench.points(sites)
    found: dict[tuple[str, str], str] = {}
    for rule in rules:
        if rule.geometry is None or "name" not in rule.geometry:
            continue
        for site, name in zip(sites.index, features_at(rule, points), strict=True):
            if name:
                found[site, rule.title] = f" ({name})"
    return found


@dataclass(frozen=True, eq=False)
class _SiteValues:
    """Values of every criterion at the sites, with their ranges, by criterion.

    `common` are criteria whose range has one cause for all sites: tariffs, plant costs, the
    atlas. A point's radius, the other kind of range, is each site's own.
    """

    values: dict[str, Any]
    lows: dict[str, Floats]
    highs: dict[str, Floats]
    common: list[str]


def _values_at_sites(
    bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame, cells: Cells
) -> _SiteValues:
    measured = [(one.id, one.measure, one.unit) for one in theme.criteria]
    key = ground_key(
        bench, __name__, theme, "values", measured, theme.freight, placed(theme, sites)
    )
    found: _SiteValues = bench.once(key, lambda: _surfaces_at_sites(bench, theme, sites, cells))
    # Loads are solved for all sites of a theme at once, and kept by themselves.
    of_sites = {
        one.id: attribute_of(bench, one, sites) for one in theme.criteria if not _spatial(one)
    }
    values = {one.id: (found.values | of_sites)[one.id] for one in theme.criteria}
    return replace(found, values=values)


def _surfaces_at_sites(
    bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame, cells: Cells
) -> _SiteValues:
    """Values of the spatial criteria."""
    found = _SiteValues({}, {}, {}, [])
    for criterion in filter(_spatial, theme.criteria):
        name, surface = criterion.id, surface_of(bench, theme, criterion)
        value, low, high = _at_sites(bench, surface, sites, cells)
        if _is_freight(criterion):
            low, high = _freight_range(bench, theme, criterion, sites)
        if _is_freight(criterion) or surface.low is not None:
            found.common.append(name)
        found.values[name], found.lows[name], found.highs[name] = value, low, high
    return found


def _is_freight(criterion: CriterionSpec) -> bool:
    return criterion.measure.name.startswith("freight")


def _site_scores(
    bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame, found: _SiteValues
) -> SiteScores:
    index = list(sites.index)
    draws = bench.recipe.draws
    return score_sites(
        theme.id,
        index,
        pd.DataFrame(found.values, index=index),
        pd.DataFrame(found.lows, index=index),
        pd.DataFrame(found.highs, index=index),
        {c.id: c.unit for c in theme.criteria},
        {c.id: value_function(c.value) for c in theme.criteria},
        {c.id: weight_range(c, draws.weight_range) for c in theme.criteria},
        [c.id for c in theme.criteria if c.required],
        sites["status_in"],
        {c.id: _quality(bench, c) for c in theme.criteria},
        {c.id: c.source for c in theme.criteria},
        draws=draws.count,
        seed=draws.seed,
        top=draws.top,
        pessimism=draws.pessimism,
        common=found.common,
        combination=combination(theme),
        unknown=theme.combine.unknown,
    )


def _with_data_weights(
    bench: Workbench, theme: ThemeSpec, sites: gpd.GeoDataFrame, found: _SiteValues
) -> ThemeSpec:
    """Give the theme the weights that its sites' values hold, where it asks for such."""
    if theme.weighting.preference:
        return theme
    known = sites["status_in"].to_numpy() == "ranked"
    columns = [
        np.asarray(value_function(c.value)(np.asarray(found.values[c.id])), dtype=np.float64)
        for c in theme.criteria
    ]
    matrix = np.column_stack(columns)[known]
    matrix = matrix[~np.isnan(matrix).any(axis=1)]
    try:
        weights = DATA_WEIGHTS[theme.weighting.method](matrix, ["max"] * matrix.shape[1])
    except DataError as error:
        place = f"{bench.recipe.path.name}:{theme.weighting.line}"
        problem = f"{place}: weights by {theme.weighting.method!r} of theme {theme.id!r}: {error}"
        raise RecipeError([problem]) from None
    criteria = tuple(
        replace(c, weight=(np.nan, float(weight), np.nan))
        for c, weight in zip(theme.criteria, weights.weights, strict=True)
    )
    says = f"{theme.weighting.says}, from {len(matrix)} sites of which all is known"
    return replace(theme, criteria=criteria, weighting=replace(theme.weighting, says=says))


DATA_WEIGHTS = {
    "entropy": entropy,
    "standard-deviation": standard_deviation,
    "critic": critic,
    "merec": merec,
}
"""Weights that are read off the values of sites."""


def _notes(theme: ThemeSpec, sites: gpd.GeoDataFrame, found: _SiteValues) -> list[str]:
    """Say of each site which criteria change within the precision of its point."""
    if "precision_km" not in sites:
        return [""] * len(sites)
    own = [c for c in theme.criteria if c.id in found.lows and c.id not in found.common]
    return [
        " ".join(
            note
            for c in own
            if (
                note := precision_note(
                    c.title, found.lows[c.id][n], found.highs[c.id][n], c.unit, km
                )
            )
        )
        for n, km in enumerate(sites["precision_km"].astype(np.float64))
    ]


def _at_sites(
    bench: Workbench, surface: Surface, sites: gpd.GeoDataFrame, cells: Cells
) -> tuple[Floats, Floats, Floats]:
    """Values of the sites' cells, and the range that the measure or the point's radius gives."""
    value = at_cells(surface.value, *cells).astype(np.float64)
    if surface.low is not None and surface.high is not None:
        low, high = at_cells(surface.low, *cells), at_cells(surface.high, *cells)
    else:
        radius = sites.get("precision_km", pd.Series(np.nan, sites.index)).to_numpy(np.float64)
        low, high = value_spread(surface.value, *cells, radius * 1000, cell_size(bench.grid))
    return value, np.fmin(low, value).astype(np.float64), np.fmax(high, value).astype(np.float64)


def _freight_range(
    bench: Workbench, theme: ThemeSpec, criterion: CriterionSpec, sites: gpd.GeoDataFrame
) -> tuple[Floats, Floats]:
    countries = cast(tuple[str, ...], criterion.measure.arguments["to"])
    share = criterion.measure.name == "freight-share"
    return freight_range(bench, theme, sites, countries, share=share)


def _quality(bench: Workbench, criterion: CriterionSpec) -> str:
    """Quality of the layer that a criterion reads, or what the measure itself is."""
    layer = criterion.measure.layer
    if layer is not None:
        return bench.catalogue[layer].quality
    return "modelled" if MEASURES[criterion.measure.name].spatial else "compiled"
