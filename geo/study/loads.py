"""Power for the loads of a study: the cheapest mix at a site, over a typical year's hours.

Sites are solved where they stand, to a degree of longitude and latitude for the sun and to
half a metre a second for the wind: sites that share both share a mix. Where the wind is
unknown, none is built.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.energy.economics import capital_recovery_factor
from geo.energy.hours import DAYS_OF_MONTH, HOURS
from geo.energy.hybrid import Mix, Plant, Source, Storage, cheapest_mix
from geo.energy.pv import PvSystem
from geo.energy.solar import resource_at
from geo.energy.typical_year import typical_year
from geo.energy.wind import Turbine, WindLosses
from geo.energy.wind_series import turbine_year, weibull_year
from geo.errors import RecipeError
from geo.grid import at_cells
from geo.recipe import EnergySpec, LoadSpec
from geo.recipe.reader import closest
from geo.study.ground import ground_of
from geo.study.power import plant_costs, pv_system, solar_source, wind_surfaces
from geo.study.workbench import Workbench

__all__ = ["load_columns", "load_named"]

Floats = npt.NDArray[np.float64]

_DEGREE = 1.0
_SPEED = 0.5
_TOLERANCE = 1e-4
_KW = 1000.0
"""A cost a kW, as a cost a MW."""


class _Place(NamedTuple):
    """What a mix depends on; NaN is an unknown wind."""

    lon: float
    lat: float
    speed: float


def load_named(bench: Workbench, name: str, line: int) -> LoadSpec:
    """The load of an id.

    Raises
    ------
    RecipeError
        If there is none, at a line.
    """
    loads = (
        {} if bench.recipe.energy is None else {one.id: one for one in bench.recipe.energy.loads}
    )
    if name in loads:
        return loads[name]
    place = f"{bench.recipe.path.name}:{line}"
    raise RecipeError([f"{place}: there is no load {name!r}{closest(name, loads)}"])


def load_columns(bench: Workbench, load: LoadSpec, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Cost and mix of a load at sites.

    Parameters
    ----------
    bench : Workbench
    load : LoadSpec
    sites : GeoDataFrame

    Returns
    -------
    DataFrame
        By site: ``cost``, ``cost_low``, ``cost_high`` [USD/MWh; middle and ends of the
        seeds], ``met`` and ``curtailed`` [share], ``solar_mw``, ``wind_mw`` (NaN where the
        wind is unknown), ``storage_mw``, ``storage_mwh``, ``<source>_mw`` and
        ``<source>_share``, ``solar_share``, ``wind_share``, ``co2_t_mwh``; all NaN where the
        sun is unknown.
    """
    places = _places(bench, sites)
    wanted = sorted({place for place in places if not np.isnan(place.lon)}, key=repr)
    found = _solved(bench, load, wanted)
    rows = [found.get(repr(place), {}) for place in places]
    return pd.DataFrame(rows, index=sites.index)


def _places(bench: Workbench, sites: gpd.GeoDataFrame) -> list[_Place]:
    points = sites.geometry.to_crs(4326)
    recipe, cells = bench.recipe, bench.cells(sites)
    key = bench.key(__name__, recipe.layer_ids(), ("wind", ground_of(recipe), *cells))

    def make() -> Floats:
        return at_cells(wind_surfaces(bench).speed.central, *cells).astype(np.float64)

    speed = bench.once(key, make)
    return [
        _Place(_near(x, _DEGREE), _near(y, _DEGREE), _near(v, _SPEED))
        for x, y, v in zip(points.x, points.y, speed, strict=True)
    ]


def _near(value: float, step: float) -> float:
    return float(np.round(value / step) * step)


def _solved(
    bench: Workbench, load: LoadSpec, places: Sequence[_Place]
) -> dict[str, dict[str, float]]:
    """Mixes by place: from this run, from the cache, or solved now."""
    kept = bench.keep(("load", load.id), dict[str, dict[str, float]])
    missing = [place for place in places if repr(place) not in kept]
    if missing:
        energy = cast(EnergySpec, bench.recipe.energy)
        layers = sorted(bench.recipe.energy_layers())
        # What is shown of it does not change it.
        asked = replace(load, title="", themes=(), top=0, line=0)
        told = (asked, energy.solar, energy.wind, [tuple(place) for place in missing])
        key = bench.key(__name__, layers, told)
        kept.update(bench.once(key, lambda: _solve(bench, load, missing)))
    return kept


def _solve(
    bench: Workbench, load: LoadSpec, places: Sequence[_Place]
) -> dict[str, dict[str, float]]:
    seeds = range(1, load.seeds + 1)
    suns = {seed: _suns(bench, places, seed) for seed in seeds}
    winds = _winds(bench, places, seeds)
    demand = _demand(load)
    tasks = [(place, seed) for place in range(len(places)) for seed in seeds]

    def one(task: tuple[int, int]) -> dict[str, float]:
        place, seed = task
        sun = suns[seed][:, place]
        if not np.isfinite(sun).all():
            return {}
        return _row(_mix(bench, load, demand, sun, winds.get(task)), load)

    # The hours of a year run without Python's lock.
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        rows = list(pool.map(one, tasks))
    by_place = [rows[n * load.seeds : (n + 1) * load.seeds] for n in range(len(places))]
    return {repr(place): _over_seeds(some) for place, some in zip(places, by_place, strict=True)}


def _over_seeds(rows: list[dict[str, float]]) -> dict[str, float]:
    """The mix of the middle cost, with the ends of the cost."""
    known = sorted((row for row in rows if row), key=lambda row: row["cost"])
    if not known:
        return {}
    middle = known[(len(known) - 1) // 2]
    ends = {"cost_low": known[0]["cost"], "cost_high": known[-1]["cost"]}
    return {"cost": middle["cost"]} | ends | middle


def _suns(bench: Workbench, places: Sequence[_Place], seed: int) -> Floats:
    lon, lat = ([getattr(place, axis) for place in places] for axis in ("lon", "lat"))
    system: PvSystem = pv_system(bench)
    year = typical_year(solar_source(bench), lon, lat, system, seed=seed)
    return np.asarray(year["capacity_factor_ac"].to_numpy(), dtype=np.float64)


def _winds(
    bench: Workbench, places: Sequence[_Place], seeds: Sequence[int]
) -> dict[tuple[int, int], Floats]:
    spec = cast(EnergySpec, bench.recipe.energy).wind
    turbine = Turbine.from_table(bench.table(spec.turbines), spec.turbine,
                                 hub_height=spec.hub_height)  # fmt: skip
    losses = WindLosses(**dict(spec.losses))
    found = {}
    for n, place in enumerate(places):
        if np.isnan(place.speed):
            continue
        here = resource_at(solar_source(bench), np.array([place.lon]), np.array([place.lat]))
        height = float(here["height"].to_numpy().ravel()[0])
        air = np.asarray(here["temperature"].to_numpy(), dtype=np.float64).ravel()
        for seed in seeds:
            speed = weibull_year(place.speed, turbine.shape, seed=seed)
            output = turbine_year(speed, height, air, turbine, losses)
            if np.isfinite(output).all():
                found[n, seed] = output
    return found


def _demand(load: LoadSpec) -> Floats:
    """Hours of the load [MW], with the asked mean."""
    days = np.repeat(np.asarray(load.year), DAYS_OF_MONTH)
    shape = (days[:, None] * np.asarray(load.day)).reshape(HOURS)
    return np.asarray(shape * (load.mean / shape.mean()), dtype=np.float64)


def _mix(bench: Workbench, load: LoadSpec, demand: Floats, sun: Floats, wind: Floats | None) -> Mix:
    energy = cast(EnergySpec, bench.recipe.energy)
    plants = [Plant("solar", sun, _yearly(plant_costs("solar", energy.solar.cost)))]
    if wind is not None:
        plants.append(Plant("wind", wind, _yearly(plant_costs("wind", energy.wind.cost))))
    sources = [
        Source(one.id, one.price, one.capital * _KW * _charge(load, one.years), one.limit, one.co2)
        for one in load.sources
    ]
    return cheapest_mix(demand, plants, sources, _storage(load), tolerance=_TOLERANCE)


def _yearly(costs: Any) -> float:
    """Annuity and fixed operation of a plant [USD/MW/year], its wear as more of it."""
    charge = capital_recovery_factor(costs.rate.central, costs.years)
    yearly = costs.capital_cost.central * charge + costs.fixed_operating_cost.central
    return float(yearly * _KW / costs.yield_factor("central"))


def _charge(load: LoadSpec, years: float) -> float:
    return capital_recovery_factor(load.rate, years)


def _storage(load: LoadSpec) -> Storage | None:
    spec = load.storage
    if spec is None:
        return None
    charge, way = _charge(load, spec.years), float(np.sqrt(spec.round_trip))
    return Storage(
        energy_cost=spec.energy * _KW * charge,
        power_cost=(spec.power * charge + spec.fixed) * _KW,
        charge=way,
        discharge=way,
    )


def _row(mix: Mix, load: LoadSpec) -> dict[str, float]:
    names = ("solar", "wind", *(source.id for source in load.sources))
    found: Mapping[str, float] = {
        "cost": mix.cost,
        "met": mix.met,
        "curtailed": mix.curtailed,
        "storage_mw": mix.storage_power,
        "storage_mwh": mix.storage_energy,
        "co2_t_mwh": mix.co2 / (mix.met * float(mix.hours["load"].mean()) * HOURS),
    }
    sizes = {f"{name}_mw": mix.capacities.get(name, np.nan) for name in names}
    shares = {f"{name}_share": mix.shares.get(name, np.nan) for name in names}
    return {**found, **sizes, **shares}
