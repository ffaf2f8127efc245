"""A recipe under a scenario: the same study with some of its conditions changed."""

from dataclasses import replace

from geo.recipe.schema import (
    CriterionSpec,
    ExclusionSpec,
    Recipe,
    ScenarioSpec,
    ThemeSpec,
    TransportSpec,
)

__all__ = ["under"]

_REPLACED = ("avoid_status", "avoid_countries", "gauges", "use_ports", "allow_crossings")


def under(recipe: Recipe, scenario: ScenarioSpec) -> Recipe:
    """Give the recipe that holds under a scenario; it has no scenarios of its own.

    Parameters
    ----------
    recipe : Recipe
    scenario : ScenarioSpec
        One of the recipe's.

    Returns
    -------
    Recipe
    """
    transport = recipe.transport
    return replace(
        recipe,
        transport=None if transport is None else _transport(transport, scenario),
        themes=tuple(_theme(theme, scenario) for theme in recipe.themes),
        scenarios=(),
    )


def _transport(spec: TransportSpec, scenario: ScenarioSpec) -> TransportSpec:
    given = {key: getattr(scenario, key) for key in _REPLACED}
    return replace(
        spec,
        **{key: value for key, value in given.items() if value is not None},
        open_links=(*spec.open_links, *scenario.open_links),
        closed=(*spec.closed, *scenario.closed),
        price_factors={**spec.price_factors, **scenario.price_factors},
    )


def _theme(theme: ThemeSpec, scenario: ScenarioSpec) -> ThemeSpec:
    return replace(
        theme,
        criteria=tuple(_criterion(theme, found, scenario) for found in theme.criteria),
        exclusions=tuple(_rule(theme, rule, scenario) for rule in theme.exclusions),
    )


def _criterion(theme: ThemeSpec, spec: CriterionSpec, scenario: ScenarioSpec) -> CriterionSpec:
    weight = scenario.weights.get(theme.id, {}).get(spec.id, spec.weight)
    value = scenario.values.get(theme.id, {}).get(spec.id, spec.value)
    return replace(spec, weight=weight, value=value)


def _rule(theme: ThemeSpec, spec: ExclusionSpec, scenario: ScenarioSpec) -> ExclusionSpec:
    limits = scenario.rules.get(theme.id, {}).get(spec.id, {})
    return replace(
        spec,
        buffer=limits.get("buffer", spec.buffer),
        above=limits.get("above", spec.above),
        below=limits.get("below", spec.below),
    )
