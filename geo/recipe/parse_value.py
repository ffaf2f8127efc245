"""The value function of a criterion, as a recipe writes it."""

import itertools
import math
from collections.abc import Callable
from typing import Any

from geo.criteria.value_functions import MEMBERSHIPS, Classes, Membership
from geo.errors import DataError
from geo.recipe.reader import Table
from geo.recipe.schema import ValueSpec

__all__ = ["VALUE_KINDS", "curve_of", "value_of"]

VALUE_KINDS = ("linear", "log", "lookup", "classes", *MEMBERSHIPS)
"""Every value function by its name in a recipe."""
_IN_UNIT = ("midpoint", "mean", "std")


def value_of(table: Table, unit: str, *, text_values: bool) -> ValueSpec:
    """Read a value function; classes (`text_values`) take a lookup, numbers a curve."""
    found = table.child("value", required=True)
    return ValueSpec("linear", unit) if found is None else curve_of(found, unit, text_values)


def curve_of(found: Table, unit: str, text_values: bool) -> ValueSpec:
    """Read the table of a value function itself."""
    kind = next((k for k in VALUE_KINDS if k in found.data), None)
    if kind is None or text_values != (kind == "lookup"):
        others = ", ".join(["classes", *MEMBERSHIPS])
        wanted = "lookup" if text_values else f"linear or log (or {others})"
        given = ", ".join(found.data) or "nothing"
        found.document.report(found.path, f"value needs {wanted}, found {given}")
        return ValueSpec("linear", unit)
    if kind in ("linear", "log"):
        raw = found.take(kind)
        found.done()
        return ValueSpec(kind, unit, _points(found, kind, raw, unit))
    table = found.child(kind)
    found.done()
    if table is None:
        return ValueSpec(kind, unit)
    if kind == "lookup":
        return ValueSpec(kind, unit, table=_lookup(table))
    spec = _classes(table, unit) if kind == "classes" else _membership(table, kind, unit)
    table.done()
    return spec


def _classes(table: Table, unit: str) -> ValueSpec:
    breaks, scores = (table.take(key) for key in ("breaks", "scores"))
    if not isinstance(breaks, list) or not isinstance(scores, list):
        table.document.report(table.path, "classes need the lists breaks and scores")
        return ValueSpec("classes", unit)
    at = tuple(table.convert("breaks", item, unit) for item in breaks)
    given = tuple(table.convert("scores", item, "") for item in scores)
    if not any(math.isnan(number) for number in (*at, *given)):
        _try(table, lambda: Classes(at, given, unit=unit))
    return ValueSpec("classes", unit, breaks=at, scores=given)


def _membership(table: Table, kind: str, unit: str) -> ValueSpec:
    numbers = {name: table.quantity(name, unit if name in _IN_UNIT else "") for name in table.data}
    if not any(math.isnan(number) for number in numbers.values()):
        _try(table, lambda: Membership(kind, unit=unit, **numbers))
    return ValueSpec(kind, unit, numbers=numbers)


def _try(table: Table, make: Callable[[], object]) -> None:
    try:
        make()
    except DataError as error:
        table.document.report(table.path, str(error))


def _lookup(table: Table) -> dict[str, float]:
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
