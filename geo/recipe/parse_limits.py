"""Limits on the ways of freight, the same in a recipe's transport and in its scenarios."""

from typing import Any

from geo.recipe.reader import Table, closest
from geo.transport.kinds import CROSSING_CLASSES

__all__ = ["LIMITS", "limits_of"]

LIMITS = ("gauges", "use_ports", "allow_crossings")


def limits_of(table: Table) -> dict[str, Any]:
    """Read gauges, ports to sail from and classes of crossing; None where a key is not given."""
    given = {key: None for key in LIMITS if key not in table.data}
    found: dict[str, Any] = {key: table.texts(key) for key in LIMITS[1:] if key in table.data}
    if "gauges" in table.data:
        found["gauges"] = _gauges(table)
    for key, limit in found.items():
        if limit == () and not table.data[key]:
            table.report(key, f"{key} names nothing, so that no freight could go: leave it out")
    for name in found.get("allow_crossings", ()):
        if name not in CROSSING_CLASSES:
            said = f"the class of crossing {name!r} is unknown{closest(name, CROSSING_CLASSES)}"
            table.report("allow_crossings", said)
    return given | found


def _gauges(table: Table) -> tuple[int, ...]:
    """Gauges [mm]: whole numbers, or lengths with a unit."""
    found = table.take("gauges")
    listed = found if isinstance(found, list) else [found]
    read = [
        float(one) if isinstance(one, int) else table.convert("gauges", one, "mm") for one in listed
    ]
    return tuple(round(gauge) for gauge in read if gauge == gauge)
