"""The sites of a study ranked again under each of its scenarios."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from geo.publish.content import ScenarioView
from geo.recipe import Recipe, ScenarioSpec, ThemeSpec, under
from geo.study.scored import ScoredTheme, rescore_theme
from geo.study.themes import ThemeRun
from geo.study.trade import freight_columns
from geo.study.workbench import Workbench

__all__ = ["scenario_views"]


def scenario_views(
    bench: Workbench, themes: Sequence[ThemeRun], scenario: ScenarioSpec
) -> dict[str, ScenarioView]:
    """Rank every theme's sites under a scenario.

    Whatever the scenario leaves alone is taken from the study's own run: layers, network,
    freight and surfaces are made again only where they change.

    Parameters
    ----------
    bench : Workbench
        Of the study itself, after its themes were scored.
    themes : sequence of ThemeRun
    scenario : ScenarioSpec

    Returns
    -------
    dict of str to ScenarioView
        By theme. Sites are those of the study, also where they were found on its surface.
    """
    return {theme.spec.id: _view(bench, theme, scenario) for theme in themes}


def _view(bench: Workbench, theme: ThemeRun, scenario: ScenarioSpec) -> ScenarioView:
    key = theme.scenario_key(scenario)
    return bench.once(key, lambda: _made(bench, theme.scored, scenario))


def _made(bench: Workbench, theme: ScoredTheme, scenario: ScenarioSpec) -> ScenarioView:
    # As it was scored: weights that are read off the sites are known by now.
    recipe = under(replace(bench.recipe, themes=(theme.spec,)), scenario)
    # One draw is the least there is: a scenario has ranks, not ranges of ranks.
    other = bench.under(replace(recipe, draws=replace(recipe.draws, count=1)))
    tables = _tables(bench, other, theme, recipe.themes[0])
    return ScenarioView(scenario.id, scenario.title, scenario.note, *tables)


def _tables(
    bench: Workbench, other: Workbench, theme: ScoredTheme, spec: ThemeSpec
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sites and criteria under the scenario; the second is empty where nothing changes."""
    same = spec == theme.spec and _ways(other.recipe, spec) == _ways(bench.recipe, theme.spec)
    scores = theme.scores if same else rescore_theme(other, spec, theme)
    criteria = pd.DataFrame() if same else scores.criteria
    return _table(bench, other, theme, spec, scores.sites, same), criteria


def _table(
    bench: Workbench,
    other: Workbench,
    theme: ScoredTheme,
    spec: ThemeSpec,
    found: pd.DataFrame,
    same: bool,
) -> pd.DataFrame:
    base = theme.scores.sites
    table = pd.DataFrame({"site_id": theme.sites["site_id"], "name": theme.sites["name"]})
    table["status"] = found["status"]
    table["rank"] = found["rank"]
    # Upward is positive: from rank 5 to rank 3 is a change of 2.
    table["rank_change"] = base["rank"] - found["rank"]
    table["score"] = found["score"]
    table["score_change"] = found["score"] - base["score"]
    before = freight_columns(bench, theme.spec, theme.sites)
    after = before if same else freight_columns(other, spec, theme.sites)
    for column in after.columns:
        if not column.endswith(("_low", "_high")):
            table[column] = after[column]
            table[f"{column}_change"] = after[column] - before[column]
    order = {"ranked": 0, "unknown": 1, "excluded": 2}
    keyed = table.assign(order=table["status"].map(order))
    return table.loc[keyed.sort_values(["order", "rank", "site_id"]).index].reset_index(drop=True)


def _ways(recipe: Recipe, theme: ThemeSpec) -> Mapping[str, object] | None:
    """What of the transport a theme depends on; None where it uses none."""
    transport = recipe.transport
    measures = {criterion.measure.name for criterion in theme.criteria}
    uses = theme.freight is not None or "travel" in measures
    if transport is None or not uses:
        return None
    product = "" if theme.freight is None else theme.freight.product
    return {
        "network": replace(transport, price_factors={}),
        "price": transport.price_factors.get(product, 1.0),
    }
