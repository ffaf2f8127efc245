"""One theme of a recipe: its sites, freight, criteria and rules."""

import math
from collections.abc import Mapping
from typing import Any

from geo.errors import UnitError
from geo.recipe.measures import MEASURES
from geo.recipe.parse_criterion import criterion_of
from geo.recipe.parse_method import check_options, combine_of
from geo.recipe.parse_portfolio import portfolio_of
from geo.recipe.parse_view import preset_of
from geo.recipe.parse_weights import weighted_criteria
from geo.recipe.reader import Table
from geo.recipe.schema import (
    CombineSpec,
    CriterionSpec,
    ExclusionSpec,
    FreightSpec,
    SiteSpec,
    ThemeSpec,
    WeightingSpec,
)
from geo.scoring.combination import METHODS
from geo.units import magnitude

__all__ = ["buffer_of", "limit_of", "theme_of"]


def theme_of(table: Table, parts: Mapping[str, object]) -> ThemeSpec:
    """Read a theme; `parts` holds the shared tables and choices that a theme may need."""
    freight = _freight(table)
    combine = combine_of(table, str(parts["unknown"]))
    criteria = table.each("criterion", lambda t: criterion_of(t, parts))
    exclusions = table.each("exclusion", lambda t: _exclusion(t, parts))
    if not criteria:
        table.document.report(table.path, f"theme {table.data.get('id')!r} has no criterion")
    for found, what in ((criteria, "criterion"), (exclusions, "exclusion")):
        table.document.unique([(item.id, item.line) for item in found], what)
    if len(exclusions) > 16:
        table.document.report(table.path, f"{len(exclusions)} exclusions: 16 is the most")
    if criteria and not any(_is_spatial(criterion) for criterion in criteria):
        message = f"theme {table.data.get('id')!r} needs a criterion that every cell has"
        table.document.report(table.path, f"{message}, such as a distance")
    check_options(table, combine, len(criteria))
    criteria, weighting = weighted_criteria(table, criteria)
    _check_weights(table, criteria, combine, weighting)
    _note_sites_only(table, combine)
    return ThemeSpec(
        id=table.slug("id"),
        title=table.text("title"),
        accent=table.text("accent", "") or None,
        sites=_sites(table),
        criteria=criteria,
        exclusions=exclusions,
        omitted=table.each("omitted", lambda t: (t.text("title"), t.text("reason"))),
        freight=freight,
        line=table.line,
        combine=combine,
        weighting=weighting,
        portfolio=portfolio_of(table),
        presets=table.each("preset", lambda t: preset_of(t, [c.id for c in criteria])),
    )


def _is_spatial(criterion: CriterionSpec) -> bool:
    # A measure that is unknown has been reported already.
    measure = MEASURES.get(criterion.measure.name)
    return measure is None or measure.spatial


def _note_sites_only(table: Table, combine: CombineSpec) -> None:
    method = METHODS[combine.method]
    if not method.local:
        line = table.document.line((*table.path, "combine"))
        said = f"the surface of theme {table.data.get('id')!r} stays the weighted sum"
        table.document.notes.append((line, f"{method.title} ranks sites only: {said}"))


def _check_weights(
    table: Table,
    criteria: tuple[CriterionSpec, ...],
    combine: CombineSpec,
    weighting: WeightingSpec,
) -> None:
    method = METHODS[combine.method]
    if not method.weighted:
        for criterion in criteria:
            if not math.isnan(criterion.weight[1]):
                message = f"{method.title} takes no weights: leave the weight out"
                table.document.problems.append((criterion.line, message))
        return
    for criterion in criteria:
        if math.isnan(criterion.weight[1]) and weighting.method == "stated":
            message = f"criterion {criterion.id!r} needs a weight, or the theme [theme.weights]"
            table.document.problems.append((criterion.line, message))
    weights = [criterion.weight[1] for criterion in criteria]
    if criteria and not sum(weights) > 0 and not any(math.isnan(w) for w in weights):
        table.document.report(table.path, "the weights of the theme add up to zero: raise one")
    if not weighting.preference and "layer" not in table.data.get("sites", {}):
        message = f"weights by {weighting.method!r} are read off sites: these need a layer of sites"
        table.report("weights", message)


def _freight(table: Table) -> FreightSpec | None:
    child = table.child("freight")
    if child is None:
        return None
    where = child.child("destinations", required=True)
    found = {} if where is None else {country: where.texts(country) for country in where.data}
    for country in found:
        if len(country) != 2 or not country.isupper():
            child.report("destinations", f"{country!r} is no ISO 3166 code of two letters")
    spec = FreightSpec(
        product=child.text("product"),
        destinations=found,
        outputs=_outputs(child),
        line=child.line,
    )
    child.done()
    return spec


def _outputs(freight: Table) -> dict[str, float]:
    """Planned outputs by site, wet tonnes of product a year."""
    child = freight.child("outputs")
    if child is None:
        return {}
    found = {site: child.quantity(site, "t/year") for site in child.data}
    for site, tonnes in found.items():
        if tonnes <= 0:
            child.report(site, f"the output of {site!r} must be more than zero, found {tonnes:g}")
    return found


def _sites(theme: Table) -> SiteSpec:
    table = theme.child("sites", required=True)
    if table is None:
        return SiteSpec(None, {}, 0, 0.0, None)
    if "layer" in table.data and "best" in table.data:
        table.report("best", "sites come from a layer or are the best places, not both")
    if "layer" in table.data:
        spec = SiteSpec(table.text("layer"), table.where(), 0, 0.0, None)
    else:
        spec = SiteSpec(
            None,
            {},
            table.whole("best", least=1),
            table.positive("spacing", "m", "25 km"),
            table.text("names", "") or None,
        )
    table.done()
    return spec


def _exclusion(table: Table, parts: Mapping[str, object]) -> ExclusionSpec:
    limits = {key: limit_of(table, key) for key in ("above", "below")}
    return ExclusionSpec(
        id=table.slug("id"),
        title=table.text("title"),
        layer=table.text("layer"),
        where=table.where(),
        buffer=buffer_of(table),
        above=limits["above"],
        below=limits["below"],
        effect=table.choice("effect", ("exclude", "warn"), "exclude"),
        source=table.text("source"),
        line=table.line,
        values=values_of(table),
        invert=table.flag("invert", False),
        tip_heights=_tip_heights(table, parts),
    )


def _tip_heights(table: Table, parts: Mapping[str, object]) -> float:
    """Buffer of a rule in tip heights of the recipe's turbine; 0 where it has none."""
    found = table.quantity("tip_heights", "", 0.0)
    if found < 0:
        table.report("tip_heights", f"tip_heights must be zero or more, found {found:g}")
    if found and "buffer" in table.data:
        table.report("tip_heights", "buffer and tip_heights are both given: leave one out")
    if found and parts["energy"] is None:
        table.report("tip_heights", "tip_heights need the turbine of [energy.wind]")
    return found


def values_of(table: Table) -> tuple[tuple[float, float], ...]:
    """Classes and closed intervals of a raster, as the layer has them."""
    found = table.take("values", [])
    if not isinstance(found, list):
        table.report("values", f"values must be a list of classes and [low, high], found {found!r}")
        return ()
    return tuple(_interval(table, item) for item in found)


def _interval(table: Table, item: Any) -> tuple[float, float]:
    ends = item if isinstance(item, list) else [item, item]
    numbers = [e for e in ends if isinstance(e, int | float) and not isinstance(e, bool)]
    if len(ends) != 2 or len(numbers) != 2 or not numbers[0] <= numbers[1]:
        message = "must be a class such as 12, or a rising pair such as [5, 9] or [22, inf]"
        table.report("values", f"an item of values {message}, found {item!r}")
        return 0.0, 0.0
    return float(numbers[0]), float(numbers[1])


def limit_of(table: Table, key: str) -> float | None:
    """Limit of a rule on a raster, in the layer's own unit, which is checked when it is read."""
    found = table.take(key, None)
    if found is None:
        return None
    if isinstance(found, str):
        try:
            return magnitude(found, found.strip().partition(" ")[2])
        except UnitError as error:
            table.report(key, f"{key}: {error}")
            return None
    return table.convert(key, found, "")


def buffer_of(table: Table) -> float:
    """Buffer of a rule [m], zero or more."""
    found = table.quantity("buffer", "m", "0 m")
    if found < 0:
        table.report("buffer", f"buffer must be zero or more, found {found:g} m")
    return found
