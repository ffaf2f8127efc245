"""The line of a recipe that puts an atlas, a reanalysis or a mast in the place of coarse layers."""

import math
from collections.abc import Mapping

from geo.recipe.reader import Table
from geo.recipe.schema import ResourceSpec

__all__ = ["resource_of"]


def resource_of(parent: Table) -> ResourceSpec | None:
    """Read ``resource`` of [energy.solar] or [energy.wind]: a layer, or a table with more."""
    found = parent.take("resource", None)
    if found is None or isinstance(found, str):
        return None if found is None else ResourceSpec(found)
    if not isinstance(found, Mapping):
        parent.report("resource", f"resource must be a layer or a table, found {found!r}")
        return None
    table = Table(parent.document, found, (*parent.path, "resource"))
    spec = ResourceSpec(
        layer=table.text("layer"),
        height=table.positive("height", "m") if "height" in found else None,
        error=_error(table) if "error" in found else None,
        place=_place(table),
        time=table.text("time", "time"),
        speeds=_speeds(table),
        radiation=table.text("radiation", "") or None,
    )
    table.done()
    return spec


def _error(table: Table) -> float:
    found = table.quantity("error", "")
    if not 0 < found < 1:
        table.report("error", f"error must lie between 0 % and 100 %, found {100 * found:g} %")
    return found


def _place(table: Table) -> tuple[float, float] | None:
    lon, lat = (table.take(key, None) for key in ("lon", "lat"))
    if lon is None and lat is None:
        return None
    numbers = all(isinstance(one, int | float) for one in (lon, lat))
    if not numbers or not (abs(lon) <= 180 and abs(lat) <= 90):
        table.report("lon", f"lon and lat must be degrees, found {lon!r} and {lat!r}")
        return None
    return float(lon), float(lat)


def _speeds(table: Table) -> dict[str, float]:
    speeds = table.child("speeds")
    if speeds is None:
        return {}
    found = {name: speeds.positive(name, "m") for name in speeds.data}
    return {name: height for name, height in found.items() if math.isfinite(height)}
