"""What a file says about itself, before anyone says what it should be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

__all__ = ["Description"]


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Description:
    """Kind, system, size and content of a layer file, as the file itself states them.

    `kind` is ``"vector"``, ``"raster"`` or ``"table"`` and `driver` the format's name.

    `crs` is an authority and a code (``"EPSG:4326"``), the system's WKT where it has no code, or
    None where the file states none: it is never guessed. `layers` are the tables or subdatasets
    inside, of which `layer` is the one described (None where the file holds only one thing
    without a name). `columns` gives each column's type; `unit_hints` the units that column or
    band names seem to state, by name. `count` is the number of features or rows, and `bounds`
    is (west, south, east, north) in the file's own system.

    Of rasters, `shape` is (rows, columns), `dtype` the stored type, `nodata` the declared value
    that means unknown, `bands` their names (or numbers as text) and `transform` the six numbers
    of the affine (a, b, c, d, e, f) that turns a column and a row into coordinates.

    Examples
    --------
    >>> found = Description("table", "CSV", columns={"name": "text"}, count=3)
    >>> found.to_dict()["columns"]
    {'name': 'text'}
    """

    kind: str
    driver: str
    crs: str | None = None
    layers: tuple[str, ...] = ()
    layer: str | None = None
    columns: Mapping[str, str] = field(default_factory=_nothing)
    geometry_types: tuple[str, ...] = ()
    count: int | None = None
    bounds: tuple[float, float, float, float] | None = None
    unit_hints: Mapping[str, str] = field(default_factory=_nothing)
    shape: tuple[int, int] | None = None
    dtype: str | None = None
    nodata: float | None = None
    bands: tuple[str, ...] = ()
    transform: tuple[float, float, float, float, float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what the file does not state is left out."""
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None or (not isinstance(value, str | int | float) and not value):
                continue
            if isinstance(value, Mapping):
                value = dict(value)
            found[one.name] = list(value) if isinstance(value, tuple) else value
        return found
