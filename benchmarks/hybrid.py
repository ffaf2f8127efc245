"""Power for 20 loads by 3 seeds beside the same programme in linopy with HiGHS, in turn.

    python -m benchmarks.hybrid [--loads 20] [--seeds 3] [--plain 60] [--hours 8760]

The loads lie on a line across the embedded sun of Mongolia; the wind is drawn. `--plain` is how
many of the cases linopy solves, spread over all: its time is told a case, and scaled. The
yearly costs of both sides must agree to 1e-5.
"""

import argparse
import time
import warnings
from statistics import median

import numpy as np
import numpy.typing as npt

from geo.energy.hours import HOURS
from geo.energy.hybrid import Plant, Source, Storage, cheapest_mix
from geo.energy.pv import PvSystem
from geo.energy.solar import solar_resource
from geo.energy.typical_year import typical_year
from geo.energy.wind_series import weibull_year

Floats = npt.NDArray[np.float64]

SOURCES = [Source("grid", 110.0, 40_000.0, 8.0, 1.0), Source("diesel", 300.0, 52_000.0, co2=0.7)]
STORAGE = Storage(35_700.0, 10_000.0, 0.93, 0.93)
YEARLY = {"solar": 100_700.0, "wind": 174_800.0}
LOAD = 20.0
RAMP = np.array([[3.0, 0.0], [12.0, 1.0], [25.0, 1.0]])


def cases(loads: int, seeds: int, hours: int) -> list[list[Plant]]:
    """Plants of every load and seed, on the embedded sun."""
    from geo.catalogue import read_raster, read_vector
    from geo.study.find import catalogue_for, embedded_recipes

    layers = catalogue_for(embedded_recipes()["mongolia"])
    sun = solar_resource(
        read_raster(layers["solar-ghi"]),
        read_vector(layers["solar-points"]),
        read_raster(layers["turbidity"]),
        read_raster(layers["relief"]),
        read_raster(layers["temperature"]),
        (95.0, 42.5, 112.0, 49.0),
    )
    lon, lat = np.linspace(96.0, 111.0, loads), np.linspace(43.0, 48.5, loads)
    found = []
    for seed in range(1, seeds + 1):
        year = typical_year(sun, lon, lat, PvSystem(), seed=seed)["capacity_factor_ac"].to_numpy()
        for place in range(loads):
            speed = weibull_year(6.0 + 0.1 * place, 2.2, seed=seed)
            wind = np.interp(speed, RAMP[:, 0], RAMP[:, 1], right=0.0)
            found.append(
                [
                    Plant("solar", year[:hours, place], YEARLY["solar"]),
                    Plant("wind", wind[:hours], YEARLY["wind"]),
                ]
            )
    return found


def ours(plants: list[Plant], hours: int) -> float:
    """Yearly cost by decomposition."""
    return cheapest_mix(np.full(hours, LOAD), plants, SOURCES, STORAGE).yearly_cost


def by_linopy(plants: list[Plant], hours: int) -> float:
    """Yearly cost by the model that one writes down."""
    import linopy
    import pandas as pd

    model = linopy.Model()
    when = pd.RangeIndex(hours, name="hour")
    year = HOURS / hours

    def hourly(name: str) -> linopy.Variable:
        return model.add_variables(lower=0, coords=[when], name=name)

    charge, discharge, level = (hourly(name) for name in ("charge", "discharge", "level"))
    power = model.add_variables(lower=0, name="power")
    energy = model.add_variables(lower=0, name="energy")
    given = discharge - charge
    cost = STORAGE.power_cost * power + STORAGE.energy_cost * energy
    for plant in plants:
        size = model.add_variables(lower=0, name=plant.name)
        used = hourly(f"{plant.name} used")
        share = pd.Series(plant.output, when)
        model.add_constraints(used - share.to_xarray() * size <= 0, name=f"{plant.name} limit")
        given, cost = given + used, cost + plant.yearly_cost * size
    for source in SOURCES:
        size = model.add_variables(lower=0, upper=source.limit, name=source.name)
        bought = hourly(f"{source.name} bought")
        model.add_constraints(bought - size <= 0, name=f"{source.name} limit")
        given = given + bought
        cost = cost + source.yearly_cost * size + (source.price * year) * bought.sum()
    model.add_constraints(given >= LOAD, name="balance")
    model.add_constraints(charge - power <= 0, name="charging")
    model.add_constraints(discharge - power <= 0, name="discharging")
    model.add_constraints(level - energy <= 0, name="full")
    before = level.roll(hour=1)
    moved = STORAGE.charge * charge - (1 / STORAGE.discharge) * discharge
    model.add_constraints(level - before - moved == 0, name="stored")
    model.add_objective(cost)
    model.solve("highs", io_api="direct", output_flag=False)
    return float(model.objective.value)


def main() -> None:
    """Time both sides in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loads", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--plain", type=int, default=60)
    parser.add_argument("--hours", type=int, default=HOURS)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    all_cases = cases(asked.loads, asked.seeds, asked.hours)
    beside = set(np.linspace(0, len(all_cases) - 1, min(asked.plain, len(all_cases))).astype(int))
    start = time.perf_counter()
    ours(all_cases[0], asked.hours)
    first = time.perf_counter() - start
    times: dict[str, list[float]] = {"ours": [], "linopy": []}
    worst = 0.0
    for number, plants in enumerate(all_cases):
        start = time.perf_counter()
        cost = ours(plants, asked.hours)
        times["ours"].append(time.perf_counter() - start)
        if number in beside:
            start = time.perf_counter()
            other = by_linopy(plants, asked.hours)
            times["linopy"].append(time.perf_counter() - start)
            worst = max(worst, abs(cost - other) / other)
    mine, plain = median(times["ours"]), median(times["linopy"])
    print(f"{len(all_cases)} cases of {asked.hours} hours; first use {first:.2f} s")
    print(f"ours    {mine:8.3f} s a case, {sum(times['ours']):8.1f} s for all")
    print(f"linopy  {plain:8.3f} s a case, {plain * len(all_cases):8.1f} s for all "
          f"(from {len(beside)} of them)")  # fmt: skip
    print(f"ratio   {plain / mine:8.1f}; yearly costs differ by at most {worst:.1e}")
    if worst > 1e-5:
        raise SystemExit("the yearly costs differ")


if __name__ == "__main__":
    main()
