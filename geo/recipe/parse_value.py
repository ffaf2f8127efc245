"""The value function of a criterion, as a recipe writes it."""

import itertools
import math
from typing import Any

from geo.recipe.reader import Table
from geo.recipe.schema import ValueSpec

__all__ = ["curve_of", "value_of"]


def value_of(table: Table, unit: str, *, text_values: bool) -> ValueSpec:
    """Read a value function; classes (`text_values`) take a lookup, numbers a curve."""
    found = table.child("value", required=True)
    return ValueSpec("linear", unit) if found is None else curve_of(found, unit, text_values)


def curve_of(found: Table, unit: str, text_values: bool) -> ValueSpec:
    """Read the table of a value function itself."""
    kind = next((k for k in ("linear", "log", "lookup") if k in found.data), None)
    if kind is None or text_values != (kind == "lookup"):
        wanted = "lookup" if text_values else "linear or log"
        found.document.report(
            found.path, f"value needs {wanted}, found {', '.join(found.data) or 'nothing'}"
        )
        return ValueSpec("linear", unit)
    if kind == "lookup":
        return ValueSpec("lookup", unit, table=_lookup(found))
    raw = found.take(kind)
    found.done()
    points = _points(found, kind, raw, unit)
    return ValueSpec(kind, unit, points)


def _lookup(found: Table) -> dict[str, float]:
    table = found.child("lookup")
    if table is None:
        return {}
    scores = {name: table.quantity(name, "") for name in table.data}
    for name, score in scores.items():
        if not 0 <= score <= 1:
            table.report(name, f"score of {name!r} must lie in [0, 1], found {score:g}")
    return scores


def _points(table: Table, kind: str, raw: Any, unit: str) -> tuple[tuple[float, float], ...]:
    if not isinstance(raw, list) or len(raw) < 2:
        table.report(kind, f"{kind} needs two or more points such as [['0 km', 1.0], ['50 km', 0]]")
        return ()
    points = [_point(table, kind, item, unit) for item in raw]
    if any(math.isnan(number) for point in points for number in point):
        return ()
    xs = [x for x, _ in points]
    if any(b <= a for a, b in itertools.pairwise(xs)):
        table.report(kind, f"the points of {kind} must rise, found {xs}")
    if any(not 0 <= y <= 1 for _, y in points):
        table.report(kind, f"scores must lie in [0, 1], found {[y for _, y in points]}")
    if kind == "log" and xs[0] <= 0:
        table.report(kind, "points on a log scale must be more than zero")
    return tuple(points)


def _point(table: Table, kind: str, item: Any, unit: str) -> tuple[float, float]:
    if not isinstance(item, list) or len(item) != 2:
        table.report(kind, f"a point is [value, score], found {item!r}")
        return math.nan, math.nan
    return table.convert(kind, item[0], unit), table.convert(kind, item[1], "")
