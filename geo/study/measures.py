"""From a criterion of the recipe to its surface: every cell of the region, in its unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import xarray as xr

from geo.criteria.proximity import distance_to_nearest
from geo.criteria.zonal import zonal_statistic
from geo.recipe import CriterionSpec, ThemeSpec
from geo.study.power import power_cost, solar_surfaces, wind_surfaces
from geo.study.trade import freight_key, freight_surfaces, haul_length, network_key
from geo.study.workbench import Workbench

__all__ = ["SURFACES", "Surface", "surface_of"]


@dataclass(frozen=True)
class Surface:
    """Values of a criterion on the grid, and their range where the measure knows one.

    All are NaN where unknown and outside the region.
    """

    value: xr.DataArray
    low: xr.DataArray | None = None
    high: xr.DataArray | None = None


def surface_of(bench: Workbench, theme: ThemeSpec, criterion: CriterionSpec) -> Surface:
    """Make, or take from the bench, the surface of a spatial criterion.

    Parameters
    ----------
    bench : Workbench
    theme : ThemeSpec
        Its freight matters to the freight measures.
    criterion : CriterionSpec
        With a spatial measure.

    Returns
    -------
    Surface
    """
    arguments = criterion.measure.arguments
    name = criterion.measure.name
    ways = _ways(bench, theme, name)
    key = ("surface", name, repr(sorted(arguments.items())), criterion.unit, ways)

    def make() -> Surface:
        made = SURFACES[name](bench, theme, arguments, criterion.unit)
        return Surface(*(None if s is None else _label(bench, s, criterion) for s in made))  # type: ignore[arg-type]

    return bench.keep(key, make)


def _ways(bench: Workbench, theme: ThemeSpec, measure: str) -> str:
    """What a measure takes from the transport network, as part of its key."""
    if measure.startswith("freight"):
        return freight_key(bench, theme)
    return network_key(bench) if measure == "travel" else ""


def _label(bench: Workbench, surface: xr.DataArray, criterion: CriterionSpec) -> xr.DataArray:
    masked = bench.mask(surface)
    masked.attrs.update(long_name=criterion.title, units=criterion.unit, source=criterion.source)
    return masked


Arguments = Mapping[str, object]
Made = tuple[xr.DataArray, xr.DataArray | None, xr.DataArray | None]
Maker = Callable[[Workbench, ThemeSpec, Arguments, str], Made]


def _where(arguments: Arguments) -> Mapping[str, object]:
    return cast(Mapping[str, object], arguments.get("where", {}))


def _band(arguments: Arguments) -> str | None:
    return cast(str | None, arguments.get("band"))


def _distance(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> Made:
    features = bench.on_grid(str(arguments["layer"]), _where(arguments))
    return distance_to_nearest(features, bench.grid) / np.float32(1000), None, None


def _travel(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> Made:
    targets = bench.on_grid(str(arguments["layer"]), _where(arguments))
    return haul_length(bench, targets), None, None


def _slope(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> Made:
    return bench.slope(str(arguments["layer"])), None, None


def _value(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, unit: str) -> Made:
    layer = str(arguments["layer"])
    bench.expect_unit(layer, unit)
    return bench.raster(layer, _band(arguments)), None, None


def _zonal(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, unit: str) -> Made:
    layer = str(arguments["layer"])
    bench.expect_unit(layer, unit)
    zones = bench.on_grid(str(arguments["zones"]))
    raster = bench.raster(layer, _band(arguments))
    return zonal_statistic(zones, raster, str(arguments["statistic"]), bench.grid), None, None


def _radiation(bench: Workbench, _theme: ThemeSpec, _arguments: Arguments, _unit: str) -> Made:
    found = solar_surfaces(bench).radiation
    return found.central, found.low, found.high


def _solar_yield(bench: Workbench, _theme: ThemeSpec, _arguments: Arguments, _unit: str) -> Made:
    found = solar_surfaces(bench).factor
    return found.central * 100, found.low * 100, found.high * 100


def _wind_speed(bench: Workbench, _theme: ThemeSpec, _arguments: Arguments, _unit: str) -> Made:
    found = wind_surfaces(bench).speed
    return found.central, found.low, found.high


def _wind_yield(bench: Workbench, _theme: ThemeSpec, _arguments: Arguments, _unit: str) -> Made:
    found = wind_surfaces(bench).factor
    return found.central * 100, found.low * 100, found.high * 100


def _power(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> Made:
    found = power_cost(bench, str(arguments["technology"]))
    return found.central, found.low, found.high


def _freight_cost(bench: Workbench, theme: ThemeSpec, arguments: Arguments, _unit: str) -> Made:
    return freight_surfaces(bench, theme).mean_cost(_countries(arguments)), None, None


def _freight_share(bench: Workbench, theme: ThemeSpec, arguments: Arguments, _unit: str) -> Made:
    return freight_surfaces(bench, theme).mean_share(_countries(arguments)), None, None


def _countries(arguments: Arguments) -> tuple[str, ...]:
    return cast(tuple[str, ...], arguments["to"])


SURFACES: dict[str, Maker] = {
    "distance": _distance,
    "travel": _travel,
    "slope": _slope,
    "value": _value,
    "zonal": _zonal,
    "solar-radiation": _radiation,
    "solar-yield": _solar_yield,
    "wind-speed": _wind_speed,
    "wind-yield": _wind_yield,
    "power-cost": _power,
    "freight-cost": _freight_cost,
    "freight-share": _freight_share,
}
"""How each spatial measure of a recipe is made."""
