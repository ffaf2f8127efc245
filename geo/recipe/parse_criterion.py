"""One criterion of a theme: its measure, unit and weight."""

import math
from collections.abc import Mapping

from geo.errors import UnitError
from geo.recipe.measures import MEASURES, Argument
from geo.recipe.parse_value import value_of
from geo.recipe.reader import Table
from geo.recipe.schema import CriterionSpec, MeasureSpec
from geo.units import check

__all__ = ["criterion_of", "measure_of", "weight_of"]


def criterion_of(table: Table, parts: Mapping[str, object]) -> CriterionSpec:
    """Read a criterion; `parts` holds the shared tables that measures may need."""
    name = table.choice("measure", MEASURES)
    measure, unit = measure_of(table, name)
    needs = MEASURES[name].needs if name in MEASURES else None
    if needs is not None and not parts.get(needs):
        table.report("measure", f"measure {name!r} needs [{needs}] in the recipe")
    return CriterionSpec(
        id=table.slug("id"),
        title=table.text("title"),
        measure=measure,
        unit=unit,
        value=value_of(table, unit, text_values=name == "class"),
        weight=weight_of(table) if "weight" in table.data else (math.nan, math.nan, math.nan),
        source=table.text("source"),
        note=table.text("note", ""),
        required=table.flag("required", default=False),
        line=table.line,
    )


def measure_of(table: Table, name: str) -> tuple[MeasureSpec, str]:
    """Read a measure's own arguments and its unit."""
    measure = MEASURES.get(name)
    if measure is None:
        return MeasureSpec(name, {}), ""
    unit = table.text("unit") if measure.unit is None else measure.unit
    arguments = {k: _argument(table, k, a) for k, a in measure.arguments.items()}
    if unit:
        try:
            check(unit)
        except UnitError as error:
            table.report("unit", str(error))
    return MeasureSpec(name, {k: v for k, v in arguments.items() if v is not None}), unit


def _argument(table: Table, key: str, argument: Argument) -> object:
    if key not in table.data and not argument.required:
        table.take(key, None)
        return None
    if argument.kind == "where":
        return table.where(key)
    if argument.kind == "months":
        return _months(table, key)
    if argument.kind == "texts":
        return table.texts(key)
    if argument.kind == "number":
        return table.quantity(key, argument.unit)
    return table.choice(key, argument.allowed) if argument.allowed else table.text(key)


def _months(table: Table, key: str) -> tuple[int, ...]:
    found = table.take(key)
    if isinstance(found, list) and found and all(_is_month(one) for one in found):
        return tuple(sorted(set(found)))
    table.report(key, f"{key} must be some of the numbers 1 to 12, found {found!r}")
    return (1,)


def _is_month(found: object) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= 12


def weight_of(table: Table, key: str = "weight") -> tuple[float, float, float]:
    """Weight as (low, central, high); low and high are NaN for a plain number."""
    found = table.take(key)
    if isinstance(found, int | float) and not isinstance(found, bool):
        low = central = high = float(found)
        low, high = math.nan, math.nan
    else:
        low, central, high = table.triple(key, "")
    if central < 0 or low < 0 or not (found is None or math.isfinite(central)):
        table.report(key, f"weight must be finite and zero or more, found {found!r}")
        return math.nan, 1.0, math.nan
    return low, central, high
