"""From a criterion of the recipe to its surface: every cell of the region, in its unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import xarray as xr

from geo.compute.parts import Part
from geo.criteria.density import density_of, intersections
from geo.criteria.proximity import distance_to_nearest
from geo.criteria.zonal import zonal_painter
from geo.errors import UnitError
from geo.recipe import CriterionSpec, ThemeSpec
from geo.recipe.measures import MEASURES
from geo.recipe.schema import EvidenceSpec
from geo.study.months import season
from geo.study.power import power_cost, solar_surfaces, wind_surfaces
from geo.study.prospects import Prospect, prospect
from geo.study.trade import (
    freight_key,
    freight_surfaces,
    haul_length,
    isocost,
    isocost_key,
    network_key,
)
from geo.study.workbench import Workbench

__all__ = ["SURFACES", "Surface", "model_of", "surface_of"]


@dataclass(frozen=True)
class Surface:
    """Values of a criterion on the grid, and their range where the measure knows one.

    All are NaN where unknown and outside the region.
    """

    value: xr.DataArray
    low: xr.DataArray | None = None
    high: xr.DataArray | None = None


def surface_of(bench: Workbench, theme: ThemeSpec, what: CriterionSpec | EvidenceSpec) -> Surface:
    """Make, or take from the bench, the surface of a spatial criterion or of a model's evidence.

    Parameters
    ----------
    bench : Workbench
    theme : ThemeSpec
        Its freight matters to the freight measures.
    what : CriterionSpec or EvidenceSpec
        With a spatial measure.

    Returns
    -------
    Surface
    """
    arguments, name = what.measure.arguments, what.measure.name
    ways = _ways(bench, theme, name, arguments)
    key = ("surface", name, repr(sorted(arguments.items())), what.unit, ways)

    def compute() -> dict[str, xr.DataArray]:
        task = SURFACES[name](bench, theme, arguments, what.unit)
        return bench.masked(lambda part: dict(zip(_CASES, task(part), strict=False)))

    def make() -> Surface:
        recipe = bench.recipe
        layers = sorted({recipe.region, *recipe.layers_of(what, theme)})
        shared = {
            "transport": (recipe.transport, sorted({place for place, _ in recipe.destinations()})),
            "energy": None if recipe.energy is None else recipe.energy.ground,
            "prospectivity": (recipe.prospectivity, recipe.draws.seed),
        }
        needs = shared.get(MEASURES[name].needs or "")
        told = (name, arguments, what.unit, ways, needs, recipe.region_where)
        found = bench.stage(__name__, layers, told, compute)
        for surface in found.values():
            surface.attrs.update(long_name=what.title, units=what.unit, source=what.source)
        return Surface(**found)

    return bench.keep(key, make)


def _ways(bench: Workbench, theme: ThemeSpec, measure: str, arguments: Mapping[str, object]) -> str:
    """What a measure takes from the transport network, as part of its key."""
    if measure.startswith("freight"):
        return freight_key(bench, theme)
    if measure == "isocost":
        return isocost_key(bench, str(arguments["product"]))
    return network_key(bench) if measure == "travel" else ""


_CASES = ("value", "low", "high")

Arguments = Mapping[str, object]
OfPart = Callable[[Part], tuple[xr.DataArray, ...]]
"""Gives the value on a part, and after it low and high where the measure knows a range."""
Maker = Callable[[Workbench, ThemeSpec, Arguments, str], OfPart]


def _where(arguments: Arguments) -> Mapping[str, object]:
    return cast(Mapping[str, object], arguments.get("where", {}))


def _band(arguments: Arguments) -> str | None:
    return cast(str | None, arguments.get("band"))


def _distance(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    found = bench.distance(str(arguments["layer"]), _where(arguments))
    return lambda part: (part.of(found) / np.float32(1000),)


def _crossings(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    def make() -> dict[str, xr.DataArray]:
        # The nearest crossing may lie far away, where lines themselves are near.
        lines = bench.on_grid(str(arguments["layer"]), _where(arguments), whole=True)
        meetings = intersections(lines)
        return bench.compute(lambda part: {"m": distance_to_nearest(meetings, part.grid)})

    told = ("crossings", repr(_where(arguments)))
    found = bench.stage("geo.criteria.density", [str(arguments["layer"])], told, make)["m"]
    return lambda part: (part.of(found) / np.float32(1000),)


def _density(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, unit: str) -> OfPart:
    layer, radius = str(arguments["layer"]), cast(float, arguments["radius"])

    def make() -> dict[str, xr.DataArray]:
        features = bench.on_grid(layer, _where(arguments))
        return bench.compute(
            lambda part: {"density": density_of(features, part.grid, radius=radius)}
        )

    told = ("density", repr(_where(arguments)), radius)
    found = bench.stage("geo.criteria.density", [layer], told, make)["density"]
    if found.attrs["units"] != unit:
        raise UnitError(
            f"the density of {layer} is in {found.attrs['units']}, the recipe says {unit!r}: "
            "points give 1/km2, lines give km/km2"
        )
    return _same(found)


def _prospectivity(bench: Workbench, theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    return model_of(bench, theme, str(arguments["model"])).on


def model_of(bench: Workbench, theme: ThemeSpec, name: str) -> Prospect:
    """A model of the recipe, fitted once."""
    spec = bench.recipe.model(name)

    def make() -> Prospect:
        return prospect(bench, spec, [surface_of(bench, theme, one).value for one in spec.evidence])

    return bench.keep(("prospectivity", name), make)


def _travel(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    return haul_length(bench, str(arguments["layer"]), _where(arguments))


def _slope(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    return _same(bench.slope(str(arguments["layer"])))


def _value(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, unit: str) -> OfPart:
    layer = str(arguments["layer"])
    bench.expect_unit(layer, unit)
    return _same(bench.raster(layer, _band(arguments)))


def _zonal(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, unit: str) -> OfPart:
    layer = str(arguments["layer"])
    bench.expect_unit(layer, unit)
    zones = bench.on_grid(str(arguments["zones"]))
    raster = bench.raster(layer, _band(arguments))
    paint = zonal_painter(zones, raster, str(arguments["statistic"]))
    return lambda part: (paint(part.grid),)


def _radiation(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    if "months" in arguments:
        return _same(*season(bench, "radiation", _months(arguments)))
    return _same(*solar_surfaces(bench).radiation)


def _solar_yield(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    if "months" in arguments:
        return _percent(*season(bench, "factor", _months(arguments)))
    return _percent(*solar_surfaces(bench).factor)


def _wind_speed(bench: Workbench, _theme: ThemeSpec, _arguments: Arguments, _unit: str) -> OfPart:
    return _same(*wind_surfaces(bench).speed)


def _wind_yield(bench: Workbench, _theme: ThemeSpec, _arguments: Arguments, _unit: str) -> OfPart:
    return _percent(*wind_surfaces(bench).factor)


def _power(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    return _same(*power_cost(bench, str(arguments["technology"])))


def _freight_cost(bench: Workbench, theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    freight, countries = freight_surfaces(bench, theme), _countries(arguments)
    return lambda part: (freight.mean_cost(countries, part),)


def _freight_share(bench: Workbench, theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    freight, countries = freight_surfaces(bench, theme), _countries(arguments)
    return lambda part: (freight.mean_share(countries, part),)


def _isocost(bench: Workbench, _theme: ThemeSpec, arguments: Arguments, _unit: str) -> OfPart:
    return _same(isocost(bench, _countries(arguments), str(arguments["product"])))


def _same(*surfaces: xr.DataArray) -> OfPart:
    return lambda part: tuple(part.of(surface) for surface in surfaces)


def _percent(*shares: xr.DataArray) -> OfPart:
    return lambda part: tuple(part.of(share) * 100 for share in shares)


def _months(arguments: Arguments) -> tuple[int, ...]:
    return cast(tuple[int, ...], arguments["months"])


def _countries(arguments: Arguments) -> tuple[str, ...]:
    return cast(tuple[str, ...], arguments["to"])


SURFACES: dict[str, Maker] = {
    "distance": _distance,
    "crossing-distance": _crossings,
    "density": _density,
    "prospectivity": _prospectivity,
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
    "isocost": _isocost,
}
"""How each spatial measure of a recipe is made."""
