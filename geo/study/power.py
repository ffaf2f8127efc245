"""Clean power of a study: yields and levelised cost, computed once for all themes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from geo.compute.parts import Part
from geo.energy.economics import CostAssumptions, CostRange, cheapest, lcoe_surface
from geo.energy.finance import construction_finance_factor
from geo.energy.pv import PvSystem
from geo.energy.setbacks import Machine
from geo.energy.solar import node_yield
from geo.energy.solar import yield_surface as solar_yield
from geo.energy.wind import Turbine, WindLosses
from geo.energy.windfield import yield_surface as wind_yield
from geo.errors import RecipeError
from geo.grid import at_cells
from geo.recipe import CostSpec, EnergySpec, ResourceSpec
from geo.study.resources import Radiation, radiation_of, wind_speed_of
from geo.study.workbench import Workbench

__all__ = [
    "Range",
    "country_cells",
    "machine_of",
    "plant_costs",
    "power_columns",
    "power_cost",
    "power_notes",
    "pv_system",
    "solar_nodes",
    "solar_source",
    "solar_surfaces",
    "wind_surfaces",
]

Z80 = 1.2815515655446004
"""Half width of the central 80 % of a normal distribution, in standard deviations."""

Case = Literal["low", "central", "high"]
_TECHNOLOGIES = ("", "solar", "wind")
_FEW_POINTS = 20


class Range(NamedTuple):
    """A surface with its 80 % interval, or its low and high case."""

    central: xr.DataArray
    low: xr.DataArray
    high: xr.DataArray

    @classmethod
    def of(cls, found: Mapping[str, xr.DataArray], prefix: str = "") -> "Range":
        """Take the three from surfaces named ``central``, ``low`` and ``high``."""
        return cls(*(found[f"{prefix}{case}"] for case in cls._fields))

    def named(self, prefix: str = "") -> dict[str, xr.DataArray]:
        """The three by name: what `of` takes."""
        return {f"{prefix}{case}": surface for case, surface in self._asdict().items()}

    def on(self, part: Part) -> "Range":
        """The three on a part."""
        return Range(*(part.of(surface) for surface in self))


@dataclass(frozen=True, eq=False)
class SolarSurfaces:
    """Yearly radiation [kWh/m2] and AC capacity factor [share]."""

    radiation: Range
    factor: Range


@dataclass(frozen=True, eq=False)
class WindSurfaces:
    """Mean speed at hub height [m/s] and net capacity factor [share]; NaN where unknown."""

    speed: Range
    factor: Range


def _spec(bench: Workbench) -> EnergySpec:
    spec = bench.recipe.energy
    if spec is None:
        raise RecipeError([f"{bench.recipe.path.name}:1: measures of power need [energy]"])
    return spec


def _interval(central: xr.DataArray, sd: xr.DataArray, most: float | None = None) -> Range:
    reach = np.float32(Z80) * sd
    return Range(central, (central - reach).clip(0, None), (central + reach).clip(None, most))


def _radiation(bench: Workbench) -> Radiation:
    return bench.keep("radiation", lambda: radiation_of(bench, _spec(bench)))


def solar_source(bench: Workbench) -> xr.Dataset:
    """Monthly sun at nodes, as `geo.energy.solar.solar_resource` gives it."""
    return _radiation(bench).nodes


def solar_nodes(bench: Workbench) -> xr.Dataset:
    """Yield of the recipe's solar plant at the nodes, see `geo.energy.solar.node_yield`."""
    return bench.keep("solar-nodes", lambda: node_yield(solar_source(bench), pv_system(bench)))


def pv_system(bench: Workbench) -> PvSystem:
    """The solar plant of the recipe."""
    return _system(_spec(bench).solar.system)


def solar_surfaces(bench: Workbench) -> SolarSurfaces:
    """Radiation and solar yield on the grid.

    Parameters
    ----------
    bench : Workbench

    Returns
    -------
    SolarSurfaces
    """

    def make() -> dict[str, xr.DataArray]:
        radiation, system = _radiation(bench), pv_system(bench)
        nodes = solar_nodes(bench)
        sharpen = radiation.sharpening(system)

        def task(part: Part) -> dict[str, xr.DataArray]:
            found = solar_yield(radiation.nodes, part.grid, system, nodes=nodes, whole=part.whole)
            found = sharpen(found, part)
            sun = _interval(found["ghi_annual"], found["ghi_sd"])
            factor = _interval(found["capacity_factor_ac"], found["capacity_factor_sd"], 1.0)
            return sun.named("radiation-") | factor.named("factor-")

        return bench.compute(task)

    def surfaces() -> SolarSurfaces:
        spec = _spec(bench)
        solar = spec.solar
        layers = [solar.radiation, solar.points, solar.turbidity, spec.relief, spec.temperature]
        layers += [] if solar.resource is None else [solar.resource.layer]
        told = ("solar", layers, sorted(solar.system.items()), repr(solar.resource))
        made = bench.stage(__name__, layers, told, make)
        return SolarSurfaces(Range.of(made, "radiation-"), Range.of(made, "factor-"))

    return bench.keep("solar", surfaces)


def _system(numbers: Mapping[str, Any]) -> PvSystem:
    """A plant with some of its numbers changed."""
    try:
        return replace(PvSystem(), **numbers)
    except TypeError as error:
        raise RecipeError([f"[energy.solar.system] {str(error).partition('() ')[2]}"]) from None


def wind_surfaces(bench: Workbench) -> WindSurfaces:
    """Wind speed and yield on the grid, unknown where no point supports them.

    Parameters
    ----------
    bench : Workbench

    Returns
    -------
    WindSurfaces
    """

    def make() -> dict[str, xr.DataArray]:
        spec = _spec(bench)
        wind = spec.wind
        turbine = Turbine.from_table(
            bench.table(wind.turbines), wind.turbine, hub_height=wind.hub_height
        )
        losses = WindLosses(**dict(wind.losses))
        relief, temperature = bench.native(spec.relief), bench.native(spec.temperature)
        speed_of = wind_speed_of(bench, spec, turbine)

        def task(part: Part) -> dict[str, xr.DataArray]:
            grid, whole = part.grid, part.whole
            speed = speed_of(part)
            found = wind_yield(
                speed, grid, turbine, relief, temperature, losses=losses, whole=whole
            )
            factor = Range(found["capacity_factor"], found["low"], found["high"])
            return _interval(speed["speed"], speed["speed_sd"]).named("speed-") | factor.named(
                "factor-"
            )

        return bench.compute(task)

    def surfaces() -> WindSurfaces:
        spec = _spec(bench)
        wind = spec.wind
        layers = [wind.turbines, wind.points, wind.stations, spec.relief, spec.temperature]
        numbers = (wind.turbine, wind.hub_height, sorted(wind.losses.items()))
        layers += [] if wind.resource is None else [wind.resource.layer]
        told = ("wind", layers, numbers, sorted(wind.machines.items()), repr(wind.resource))
        made = bench.stage(__name__, layers, told, make)
        return WindSurfaces(Range.of(made, "speed-"), Range.of(made, "factor-"))

    return bench.keep("wind", surfaces)


def machine_of(bench: Workbench, where: str) -> Machine:
    """The recipe's turbine as it stands in the air.

    Parameters
    ----------
    bench : Workbench
    where : str
        Whose it is, for the message: a rule, a curve.

    Returns
    -------
    Machine

    Raises
    ------
    RecipeError
        If its layer has no rotor of it.
    """
    wind = _spec(bench).wind
    turbines = bench.table(wind.turbines)
    rotors = turbines.loc[turbines["turbine"] == wind.turbine, "rotor_m"]
    if rotors.empty or not rotors.iloc[0] > 0:
        said = f"the layer {wind.turbines!r} has no rotor_m of {wind.turbine!r}"
        raise RecipeError([f"{bench.recipe.path.name}:{where}: {said}: write it in metres"])
    return Machine(wind.hub_height, float(rotors.iloc[0]))


def plant_costs(technology: str, spec: CostSpec, country: str | None = None) -> CostAssumptions:
    """Money of a plant as a recipe has it.

    Parameters
    ----------
    technology : {"solar", "wind"}
    spec : CostSpec
    country : str, optional
        Whose own rate counts, if the recipe gives one.

    Returns
    -------
    CostAssumptions
        Its capital holds the interest during construction.
    """
    rates = CostRange(*spec.countries.get(country or "", spec.rate))
    capital = CostRange(*spec.capital)
    if spec.construction:
        capital = CostRange(
            *(
                cost * construction_finance_factor(spec.construction, rate)
                for cost, rate in zip(spec.capital, (rates.low, rates.central, rates.high),
                                      strict=True)
            )
        )  # fmt: skip
    return CostAssumptions(
        technology=technology,
        capital_cost=capital,
        fixed_operating_cost=CostRange(*spec.fixed),
        variable_operating_cost=CostRange(0.0, 0.0, 0.0),
        rate=rates,
        years=round(spec.years),
        basis="nominal" if spec.basis == "nominal" else "real",
        currency_year=spec.currency_year,
        degradation=spec.degradation,
        sources={"all": spec.source},
    )


def power_cost(bench: Workbench, technology: str) -> Range:
    """Levelised cost of solar, wind or the cheaper of the two [USD/MWh].

    The low case joins the high yield with the low costs, and the other way round.

    Parameters
    ----------
    bench : Workbench
    technology : {"solar", "wind", "cheapest"}

    Returns
    -------
    Range
    """
    if technology != "cheapest":
        return bench.keep(
            ("power", technology),
            lambda: Range.of(_staged(bench, technology, lambda: _lcoe(bench, technology).named())),
        )

    def make() -> dict[str, xr.DataArray]:
        costs = _lcoe(bench, "solar"), _lcoe(bench, "wind")

        def task(part: Part) -> dict[str, xr.DataArray]:
            solar, wind = (cost.on(part) for cost in costs)
            central, which = cheapest(solar.central, wind.central)
            by_wind = which == _TECHNOLOGIES.index("wind")
            low, high = (
                solar.low.where(~by_wind, wind.low),
                solar.high.where(~by_wind, wind.high),
            )
            return {"which": which, **Range(central, low, high).named()}

        return bench.compute(task)

    def cost() -> Range:
        made = _staged(bench, technology, make)
        bench.keep("power-technology", lambda: made["which"])
        return Range.of(made)

    return bench.keep(("power", technology), cost)


def _staged(
    bench: Workbench, technology: str, make: Callable[[], dict[str, xr.DataArray]]
) -> dict[str, xr.DataArray]:
    # Loads are made from these surfaces, not the other way round.
    told = ("power", technology, repr(replace(_spec(bench).ground, loads=())))
    return bench.stage(__name__, sorted(bench.recipe.energy_layers()), told, make)


def _lcoe(bench: Workbench, technology: str) -> Range:
    return bench.keep(("lcoe", technology), lambda: _levelised(bench, technology))


def _levelised(bench: Workbench, technology: str) -> Range:
    spec = _spec(bench)
    if technology == "solar":
        factor, money = solar_surfaces(bench).factor, spec.solar.cost
    else:
        factor, money = wind_surfaces(bench).factor, spec.wind.cost
    costs = plant_costs(technology, money)
    others = [
        (plant_costs(technology, money, code), country_cells(bench, code, money))
        for code in money.countries
    ]
    yields = {"low": factor.high, "central": factor.central, "high": factor.low}

    def task(part: Part) -> dict[str, xr.DataArray]:
        found = {}
        for case in get_args(Case):
            here = part.of(yields[case])
            cost = lcoe_surface(here, costs, case=case)
            for other, within in others:
                cost = cost.where(~part.of(within), lcoe_surface(here, other, case=case))
            found[case] = cost
        return found

    return Range.of(bench.compute(task))


def country_cells(bench: Workbench, code: str, money: CostSpec) -> xr.DataArray:
    """Cells of a country whose rate the recipe gives."""
    place = f"{bench.recipe.path.name}:{money.line}"
    layers = bench.recipe.base.get("countries", ())
    if not layers:
        raise RecipeError([f"{place}: rates by country need a layer: name it as [base] countries"])
    features = bench.features(layers[0])
    held = features[features["iso_a2"] == code] if "iso_a2" in features else features[:0]
    if held.empty:
        raise RecipeError([f"{place}: the layer {layers[0]!r} has no iso_a2 {code!r}"])
    return bench.cover(held, f"country-{code}", f"Cells of {code}")


def power_notes(bench: Workbench) -> tuple[str, ...]:
    """How far sun and wind of a study are to be believed, in sentences for its page.

    Parameters
    ----------
    bench : Workbench

    Returns
    -------
    tuple of str
        Of the sun and of the wind; none where the recipe has no [energy].
    """
    spec = bench.recipe.energy
    if spec is None:
        return ()
    sun = solar_surfaces(bench).radiation.central.attrs
    wind = wind_surfaces(bench).speed.central.attrs
    beyond = ""
    if "range_km" in wind:
        beyond = f" Farther than {wind['range_km']:.0f} km from every point the wind is unknown."
    return (
        _checked("Radiation of the year", sun, spec.solar.resource),
        _checked(f"Wind at {wind['hub_height_m']:g} m", wind, spec.wind.resource) + beyond,
    )


def _checked(what: str, said: Mapping[str, Any], source: ResourceSpec | None) -> str:
    if source is not None and "atlas_sd" in said:
        return (
            f"{what} comes from the layer {source.layer}, with an error of "
            f"{100 * said['atlas_sd']:.2g} % as stated by the recipe or by default."
        )
    count = int(said["loo_points"])
    text = (
        f"{what} rests on {count} points. Each of them left out in turn is predicted with an "
        f"error of {said['loo_rmse_percent']:.2g} % (root mean square); "
        f"{100 * said['loo_coverage_80']:.0f} % lie within the stated 80 % interval."
    )
    if count < _FEW_POINTS:
        text += f" Fewer than {_FEW_POINTS} points are too few to prove that interval."
    return text


def power_columns(bench: Workbench, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Cheapest clean power at each site, for the table of sites.

    Parameters
    ----------
    bench : Workbench
    sites : GeoDataFrame

    Returns
    -------
    DataFrame
        ``power_usd_mwh``, ``power_low``, ``power_high`` [USD/MWh] and ``power_source``
        (solar or wind, empty where unknown); no column where the recipe has no [energy].
    """
    if bench.recipe.energy is None:
        return pd.DataFrame(index=sites.index)
    cost = power_cost(bench, "cheapest")
    which = bench.keep("power-technology", lambda: xr.zeros_like(cost.central, dtype=np.uint8))
    cells = bench.cells(sites)
    return pd.DataFrame(
        {
            "power_usd_mwh": at_cells(cost.central, *cells).astype(np.float64),
            "power_low": at_cells(cost.low, *cells).astype(np.float64),
            "power_high": at_cells(cost.high, *cells).astype(np.float64),
            "power_source": [_TECHNOLOGIES[int(code)] for code in at_cells(which, *cells)],
        },
        index=sites.index,
    )
