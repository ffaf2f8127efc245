"""What outputs show of a scored theme: its tables, its rules and its surfaces."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from geo.compute.parts import Part
from geo.criteria.exclusion import ExclusionRule, exclude_mask, waterfall
from geo.grid import cell_areas, cell_size
from geo.publish.content import (
    CriterionView,
    ExclusionView,
    MethodView,
    PresetView,
    ThemeView,
)
from geo.publish.qml import mix
from geo.publish.tokens import ACCENTS
from geo.recipe import CriterionSpec
from geo.recipe.measures import MEASURES
from geo.scoring.unknowns import UNKNOWN
from geo.scoring.weighting import normalise, overlapping
from geo.study.ground import ground_key, placed
from geo.study.power import power_columns
from geo.study.scored import ScoredTheme, combination, surface_method, value_function, weight_range
from geo.study.trade import freight_columns, price_of
from geo.study.workbench import Workbench

__all__ = ["shown_surfaces", "theme_view"]

_OUTSIDE = np.uint16(65535)
_BESIDE = (
    "status_in",
    "geometry",
    "lon",
    "lat",
    "excluded_by",
    "warnings",
    "site_id",
    "name",
    "counted_within",
)


def theme_view(bench: Workbench, theme: ScoredTheme, place: int) -> ThemeView:
    """A theme's criteria, rules, sites and tables as outputs show them.

    Parameters
    ----------
    bench : Workbench
    theme : ScoredTheme
    place : int
        Of the theme in the recipe, from 0: gives it a colour where it names none.

    Returns
    -------
    ThemeView
        Without its scenarios.
    """
    view = _theme_view(bench, theme, place)
    asked = theme.spec.portfolio
    if asked is None:
        return view
    # Integer programming takes a while to import.
    from geo.study.portfolios import portfolio_table

    return replace(view, portfolio=portfolio_table(asked, view.sites, bench.recipe.path))


def _theme_view(bench: Workbench, theme: ScoredTheme, place: int) -> ThemeView:
    spec = theme.spec
    accents = bench.recipe.house.accents or ACCENTS
    accent = spec.accent or accents[place % len(accents)]
    deposits = spec.sites.kind == "deposits"
    return ThemeView(
        id=spec.id,
        title=spec.title,
        kind=spec.sites.kind,
        accent=accent,
        # Lighter by nearly half, to stand out on dark backgrounds.
        accent_dark=mix(accent, "#ffffff", 0.45),
        criteria=_criteria(bench, theme),
        omitted=spec.omitted,
        exclusions=_exclusions(bench, theme),
        sites=_sites(bench, theme),
        criteria_table=_criteria_table(theme),
        score_label="Location score" if deposits else "Score",
        score_note=_score_note(theme),
        price_usd_t=price_of(bench, spec),
        method=_method(theme),
        firmness=theme.scores.firmness,
        presets=_presets(bench, theme),
    )


def _presets(bench: Workbench, theme: ScoredTheme) -> tuple[PresetView, ...]:
    """Sets of weights that the recipe offers, those it leaves out as they are."""
    spread = bench.recipe.draws.weight_range
    own = {c.id: weight_range(c, spread).central for c in theme.spec.criteria}
    return tuple(PresetView(p.title, own | dict(p.weights)) for p in theme.spec.presets)


def _score_note(theme: ScoredTheme) -> str:
    total = len(theme.spec.criteria)
    method = surface_method(theme.spec)
    said = f"{method.about.title} of all criteria at every cell."
    if len(theme.surfaces) != total:
        share = ", their weights scaled to 1" if method.about.weighted else ""
        said = (
            f"The surface shows the {len(theme.surfaces)} of {total} criteria that exist in every "
            f"cell{share}: it tells places apart, not deposits, and is not the score of a site."
        )
    if method != combination(theme.spec):
        own = combination(theme.spec).about.title
        return f"{said} Sites are ranked by {own}; the surface is the weighted sum."
    return said


def _method(theme: ScoredTheme) -> MethodView:
    spec = theme.spec
    about = combination(spec).about
    options = ", ".join(f"{name} {value}" for name, value in sorted(spec.combine.options.items()))
    return MethodView(
        name=spec.combine.method,
        title=f"{about.title} ({options})" if options else about.title,
        says=about.says,
        unknown=spec.combine.unknown,
        unknown_says=UNKNOWN[spec.combine.unknown],
        weights=spec.weighting.says if about.weighted else "",
        weighted=about.weighted,
        live=about.local and about.weighted,
        adds_up=about.adds_up,
        cautions=(*spec.weighting.warnings, *_overlaps(theme)),
        options=dict(spec.combine.options),
        surface=surface_method(spec).method,
        surface_options=dict(surface_method(spec).options),
    )


def _overlaps(theme: ScoredTheme) -> list[str]:
    """Criteria that say the same of the ranked sites, whose weights count it twice."""
    spec, scores = theme.spec, theme.scores
    ranked = scores.sites.index[scores.sites["status"] == "ranked"]
    rows = scores.criteria[scores.criteria["site_id"].isin(ranked)]
    values = rows["value_score"].to_numpy(dtype=np.float64).reshape(-1, len(spec.criteria))
    if not len(values):
        return []
    return [str(found) for found in overlapping(values, [c.title for c in spec.criteria])]


def _criteria_table(theme: ScoredTheme) -> pd.DataFrame:
    """Rows of ``criteria.csv``: beside each weight the swing that it is worth."""
    table = theme.scores.criteria
    domains = {c.id: value_function(c.value).domain() for c in theme.spec.criteria}
    swings = {name: f"{worst} to {best}" for name, (worst, best) in domains.items()}
    titles = {c.id: c.title for c in theme.spec.criteria}
    told = [name for name in ("rank_if_known", "range_if_known") if name in table]
    named = table.drop(columns=told).assign(
        swing=table["criterion"].map(swings), title=table["criterion"].map(titles)
    )
    return named.join(table[told])


def _criteria(bench: Workbench, theme: ScoredTheme) -> tuple[CriterionView, ...]:
    spread = bench.recipe.draws.weight_range
    ranges = [weight_range(criterion, spread) for criterion in theme.spec.criteria]
    total = sum(found.central for found in ranges)
    weights = normalise([found.central for found in ranges])
    return tuple(
        _criterion(criterion, float(weight), found.low / total, found.high / total)
        for criterion, weight, found in zip(theme.spec.criteria, weights, ranges, strict=True)
    )


def _criterion(spec: CriterionSpec, weight: float, low: float, high: float) -> CriterionView:
    function = value_function(spec.value)
    worst, best = function.domain()
    return CriterionView(
        id=spec.id,
        title=spec.title,
        unit=spec.unit,
        weight=weight,
        weight_low=low,
        weight_high=high,
        worst=worst,
        best=best,
        source=spec.source,
        note=spec.note,
        spatial=MEASURES[spec.measure.name].spatial,
        shape=function.to_dict(),
        required=spec.required,
    )


def _exclusions(bench: Workbench, theme: ScoredTheme) -> tuple[ExclusionView, ...]:
    told = ("exclusions", theme.spec.exclusions, placed(theme.spec, theme.sites))
    key = ground_key(bench, __name__, theme.spec, *told)
    return bench.once(key, lambda: _taken(bench, theme))


def _taken(bench: Workbench, theme: ScoredTheme) -> tuple[ExclusionView, ...]:
    """Each rule with the area and the sites that it takes."""
    areas = cell_areas(bench.grid)
    cells = bench.cells(theme.sites)
    lost = waterfall(theme.bits, theme.rules, bench.inside, areas, sites=cells)
    taken = {row["rule"]: row for row in lost.to_dict("records")}
    return tuple(_rule(rule, bit, taken.get(rule.id)) for bit, rule in enumerate(theme.rules))


def _rule(rule: ExclusionRule, bit: int, lost: Mapping[Hashable, Any] | None) -> ExclusionView:
    if lost is None:
        return ExclusionView(rule.id, rule.title, bit, rule.effect, rule.source, None)
    return ExclusionView(
        rule.id,
        rule.title,
        bit,
        rule.effect,
        rule.source,
        float(lost["alone_km2"]),
        float(lost["in_order_km2"]),
        float(lost["only_km2"]),
        int(lost["alone_sites"]),
        int(lost["in_order_sites"]),
        int(lost["only_sites"]),
    )


def _sites(bench: Workbench, theme: ScoredTheme) -> gpd.GeoDataFrame:
    sites = theme.sites
    first = sites[["site_id", "name", "lon", "lat"]].copy()
    scores = theme.scores.sites.loc[sites.index]
    frame = pd.concat(
        [
            scores[["rank"]],
            first,
            scores[["status"]],
            sites[["excluded_by"]],
            scores.drop(columns=["rank", "status"]),
            sites[["warnings"]],
            _province(bench, sites),
            freight_columns(bench, theme.spec, sites),
            _power(bench, theme),
            _own_columns(sites),
        ],
        axis=1,
    )
    frame["warnings"] = _with_precision(bench, frame)
    order = frame.assign(status=frame["status"].map({"ranked": 0, "unknown": 1, "excluded": 2}))
    frame = frame.loc[order.sort_values(["status", "rank", "site_id"]).index]
    found = gpd.GeoDataFrame(frame, geometry=sites.geometry.loc[frame.index], crs=4326)
    return found.reset_index(drop=True)


def _power(bench: Workbench, theme: ScoredTheme) -> pd.DataFrame:
    key = ground_key(bench, __name__, theme.spec, "power", placed(theme.spec, theme.sites))
    return bench.once(key, lambda: power_columns(bench, theme.sites))


def _own_columns(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """The sites' own columns; what the table of sites calls by the same name is renamed."""
    own = sites.drop(columns=[c for c in (*_BESIDE, "province") if c in sites])
    renamed = own.rename(columns={"status": "stage", "confidence": "record_confidence"})
    return pd.DataFrame(renamed)


def _province(bench: Workbench, sites: gpd.GeoDataFrame) -> pd.Series:
    """Province of each site: its own column, else the polygon that holds it."""
    if "province" in sites:
        return pd.Series(sites["province"])
    blank = pd.Series("", sites.index, name="province", dtype=object)
    layers = bench.recipe.base.get("provinces", ())
    if not layers:
        return blank
    polygons = bench.features(layers[0]).to_crs(4326)[["name", "geometry"]]
    joined = gpd.sjoin(sites[["geometry"]], polygons, predicate="within")
    joined = joined[~joined.index.duplicated()]
    held = blank.index.isin(joined.index)
    return pd.Series(blank.where(~held, joined["name"]), name="province")


def _with_precision(bench: Workbench, frame: pd.DataFrame) -> pd.Series:
    """Add a warning where a point is coarser than the grid that it is read from."""
    if "precision_km" not in frame:
        return frame["warnings"]
    coarse = frame["precision_km"].astype(np.float64) * 1000 > cell_size(bench.grid)[0]
    said = "point ±" + frame["precision_km"].map(lambda km: f"{km:g}") + " km"
    joined = frame["warnings"].where(frame["warnings"] == "", frame["warnings"] + "; ") + said
    return frame["warnings"].where(~coarse, joined)


def _reason_bits(bench: Workbench, theme: ScoredTheme) -> dict[str, xr.DataArray]:
    """Bits of the rules that exclude, and apart from them of those that only warn."""
    masks = {"excluded": np.uint16(exclude_mask(theme.rules))}
    if any(rule.effect == "warn" for rule in theme.rules):
        masks["warned"] = ~masks["excluded"]
    within, bits = bench.inside, theme.bits

    def task(part: Part) -> dict[str, xr.DataArray]:
        here, words = part.of(within).to_numpy(), part.of(bits)
        return {
            kind: words.copy(data=np.where(here, words.to_numpy() & mask, _OUTSIDE))
            for kind, mask in masks.items()
        }

    return {f"{theme.spec.id}-{kind}": found for kind, found in bench.compute(task).items()}


def _shown_scores(bench: Workbench, theme: ScoredTheme) -> dict[str, xr.DataArray]:
    scores = {
        f"{theme.spec.id}-score": theme.score["score"],
        f"{theme.spec.id}-score-high": theme.score["score_high"],
    }
    return bench.masked(lambda part: {name: part.of(score) for name, score in scores.items()})


def shown_surfaces(bench: Workbench, theme: ScoredTheme) -> dict[str, xr.DataArray]:
    """Surfaces of a theme by the names of their files: criteria, scores and reason bits.

    Parameters
    ----------
    bench : Workbench
    theme : ScoredTheme

    Returns
    -------
    dict of str to DataArray
    """
    name = theme.spec.id
    criteria = {f"{name}-{key}": surface.value for key, surface in theme.surfaces.items()}
    return criteria | _shown_scores(bench, theme) | _reason_bits(bench, theme)
