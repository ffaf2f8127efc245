"""The scenarios of a recipe: other prices, networks, weights and thresholds."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from geo.recipe.parse_criterion import weight_of
from geo.recipe.parse_limits import LIMITS, limits_of
from geo.recipe.parse_theme import buffer_of, limit_of
from geo.recipe.parse_value import curve_of
from geo.recipe.reader import Table, closest
from geo.recipe.schema import CriterionSpec, ExclusionSpec, ScenarioSpec, ThemeSpec, TransportSpec

__all__ = ["scenario_of"]

Named = TypeVar("Named", CriterionSpec, ExclusionSpec)
_NETWORK = ("prices", "open_links", "closed", "avoid_status", "avoid_countries", *LIMITS)


def scenario_of(
    table: Table, themes: Sequence[ThemeSpec], transport: TransportSpec | None
) -> ScenarioSpec:
    """Read a scenario of a recipe with these themes and this transport."""
    if transport is None:
        for key in _NETWORK:
            if key in table.data:
                table.report(key, f"{key} changes the freight, which needs [transport]")
    spec = ScenarioSpec(
        id=table.slug("id"),
        title=table.text("title"),
        note=table.text("note", ""),
        price_factors=_prices(table),
        open_links=_links(table),
        closed=table.texts("closed", []),
        avoid_status=_given(table, "avoid_status"),
        avoid_countries=_given(table, "avoid_countries"),
        **limits_of(table),
        weights=_by_theme(table, "weights", themes, lambda t: t.criteria, _weights),
        values=_by_theme(table, "values", themes, lambda t: t.criteria, _values),
        rules=_by_theme(table, "rules", themes, lambda t: t.exclusions, _rules),
        line=table.line,
        lines={key: table.document.line((*table.path, key)) for key in table.data},
    )
    _check_sums(table, themes, spec)
    if not set(table.data) & {*_NETWORK, "weights", "values", "rules"}:
        table.document.report(
            table.path,
            f"scenario {spec.id!r} changes nothing: give it {', '.join(_NETWORK)}, weights, "
            "values or rules",
        )
    return spec


def _check_sums(table: Table, themes: Sequence[ThemeSpec], spec: ScenarioSpec) -> None:
    for theme in themes:
        changed = spec.weights.get(theme.id, {})
        if changed and not any(changed.get(c.id, c.weight)[1] > 0 for c in theme.criteria):
            table.report("weights", f"the weights of {theme.id!r} add up to zero: raise one")


def _given(table: Table, key: str) -> tuple[str, ...] | None:
    return table.texts(key) if key in table.data else None


def _prices(table: Table) -> dict[str, float]:
    child = table.child("prices")
    if child is None:
        return {}
    found = {name: child.quantity(name, "") for name in child.data}
    for name, factor in found.items():
        if not (math.isnan(factor) or 0 < factor < math.inf):
            child.report(name, f"the factor of a price must be more than zero, found {factor:g}")
    return found


def _links(table: Table) -> tuple[tuple[str, str], ...]:
    found = table.take("open_links", [])
    if isinstance(found, list) and all(_is_pair(item) for item in found):
        return tuple((str(one), str(other)) for one, other in found)
    table.report(
        "open_links", f"open_links must be pairs of places such as [['a', 'b']], found {found!r}"
    )
    return ()


def _is_pair(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and all(isinstance(p, str) for p in item)


def _by_theme(
    table: Table,
    key: str,
    themes: Sequence[ThemeSpec],
    parts: Callable[[ThemeSpec], Sequence[Named]],
    read: Callable[[Table, Mapping[str, Named]], dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """Read what a scenario changes of each theme's criteria or rules."""
    child = table.child(key)
    if child is None:
        return {}
    named = {theme.id: theme for theme in themes}
    found = {}
    for theme_id in child.data:
        if theme_id not in named:
            child.report(theme_id, f"there is no theme {theme_id!r}{closest(theme_id, named)}")
            continue
        inner = child.child(theme_id)
        if inner is not None:
            found[theme_id] = _known(inner, {p.id: p for p in parts(named[theme_id])}, read)
    return found


def _known(
    table: Table,
    parts: Mapping[str, Named],
    read: Callable[[Table, Mapping[str, Named]], dict[str, Any]],
) -> dict[str, Any]:
    for name in table.data:
        if name not in parts:
            theme = table.path[-1]
            table.report(name, f"theme {theme!r} has no {name!r}{closest(name, parts)}")
    return read(table, parts)


def _weights(table: Table, parts: Mapping[str, CriterionSpec]) -> dict[str, Any]:
    return {name: weight_of(table, name) for name in table.data if name in parts}


def _values(table: Table, parts: Mapping[str, CriterionSpec]) -> dict[str, Any]:
    found = {}
    for name in table.data:
        child = table.child(name)
        if child is not None and name in parts:
            classes = parts[name].measure.name == "class"
            found[name] = curve_of(child, parts[name].unit, classes)
    return found


def _rules(table: Table, parts: Mapping[str, ExclusionSpec]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in table.data:
        child = table.child(name)
        if child is None or name not in parts:
            continue
        limits = {key: limit_of(child, key) for key in ("above", "below")}
        found[name] = {key: limit for key, limit in limits.items() if limit is not None}
        if "buffer" in child.data:
            found[name]["buffer"] = buffer_of(child)
        child.done()
    return found
