"""A country's sun and wind beside a plain pvlib or windpowerlib loop and beside atlite.

    python -m benchmarks.energy [--rounds 3] [--cell-size 10000] [--sample 200]

Everybody gets the same input: monthly radiation and temperature at half-degree nodes over
Mongolia, and for the wind the hours of a year at the same nodes. Ours makes of it the hours
of a typical year at every second node and the surface on the country's grid; what that costs
in accuracy stands in the line of every node. The plain loop calls
pvlib (windpowerlib) for 200 cells, one after the other; its time is scaled to the nodes and
to the cells of the grid. atlite converts the hours at the nodes, which it is given. Each
side is a process of its own, in turn; the hours that the others need are made before their
clock starts. atlite is in the extra `bench`; without it its lines are left out.
"""

import argparse
import importlib.util
import json
import resource as resource_usage
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from geo.energy.interpolation import bilinear
from geo.energy.pv import PvSystem
from geo.energy.solar import node_yield, solar_resource
from geo.energy.typical_year import node_yield_by_hours, typical_year
from geo.energy.wind import Turbine, WindLosses
from geo.energy.wind_series import turbine_year, weibull_year

Floats = npt.NDArray[np.float64]

BOUNDS = (87.7, 41.5, 120.0, 52.2)
SYSTEM = PvSystem(tilt=40.0)
SIDES = {
    "sun": ("ours", "every node", "average days", "plain", "atlite"),
    "wind": ("ours", "plain", "atlite"),
}
_BLOCK = 256


def clock() -> tuple[float, float]:
    """Time on the wall and of the processor [s]."""
    return time.perf_counter(), time.process_time()


def since(start: tuple[float, float]) -> list[float]:
    """Both times since a moment [s]."""
    return [now - then for now, then in zip(clock(), start, strict=True)]


def layers() -> list[Any]:
    """Read what the sun's surface is made of."""
    from geo.catalogue import Catalogue, read_raster, read_vector

    at = Catalogue.open()
    return [
        read_raster(at["solar-ghi"]), read_vector(at["solar-points"]),
        read_raster(at["turbidity"]), read_raster(at["relief"]), read_raster(at["temperature"]),
    ]  # fmt: skip


def cells(size: float) -> tuple[Floats, Floats]:
    """Longitude and latitude of the grid's cells in the country."""
    from geo.catalogue import Catalogue, read_vector
    from geo.energy.fields import lonlat
    from geo.grid import inside, make_grid

    region = read_vector(Catalogue.open()["boundary-mongolia"])
    grid = make_grid(region, size)
    within = inside(grid, region)
    lon, lat = lonlat(grid)
    return lon[within], lat[within]


def sampled(lon: Floats, lat: Floats, count: int) -> tuple[Floats, Floats]:
    """Some of the cells, drawn by a seed."""
    at = np.sort(np.random.default_rng(7).choice(len(lon), min(count, len(lon)), replace=False))
    return lon[at], lat[at]


def nodes_of(resource: xr.Dataset) -> tuple[Floats, Floats]:
    """Longitude and latitude of the nodes, row by row."""
    lon, lat = np.meshgrid(resource["lon"], resource["lat"])
    return lon.ravel(), lat.ravel()


def on_cells(values: Floats, resource: xr.Dataset, lon: Floats, lat: Floats) -> Floats:
    """Values of the nodes between them."""
    shaped = values.reshape(resource.sizes["lat"], resource.sizes["lon"])
    return bilinear(shaped, resource["lon"].to_numpy(), resource["lat"].to_numpy(), lon, lat)


def sun_by_ours(size: float, sample: int, every: int = 2) -> dict[str, Any]:
    """Hours of a typical year at every second node, and the surface between them."""
    return sun_surface(size, sample, lambda made: node_yield_by_hours(made, SYSTEM, every=every))


def sun_by_every_node(size: float, sample: int) -> dict[str, Any]:
    """The same with hours at every node: what every second one costs in accuracy."""
    return sun_by_ours(size, sample, every=1)


def sun_by_average_days(size: float, sample: int) -> dict[str, Any]:
    """The same surface by average days and kinds of days, as a build makes it."""
    return sun_surface(size, sample, lambda made: node_yield(made, SYSTEM))


def sun_surface(
    size: float, sample: int, yields: Callable[[xr.Dataset], xr.Dataset]
) -> dict[str, Any]:
    """Time a surface from the layers to the cells."""
    given, (lon, lat) = layers(), cells(size)
    start = clock()
    resource = solar_resource(*given, BOUNDS)
    yearly = yields(resource)["capacity_factor_ac"].to_numpy()
    surface = on_cells(yearly, resource, lon, lat)
    seconds = since(start)
    assert np.isfinite(surface).all()
    few = on_cells(yearly, resource, *sampled(lon, lat, sample))
    return {"seconds": seconds, "units": yearly.size, "cells": len(lon), "result": few.tolist()}


def sun_by_plain(size: float, sample: int) -> dict[str, Any]:
    """What a user of pvlib writes for one place, in a loop over places."""
    from pvlib import iam, inverter, irradiance, location, temperature

    resource = solar_resource(*layers(), BOUNDS)
    lon, lat = cells(size)
    at = sampled(lon, lat, sample)
    year = typical_year(resource, *at, SYSTEM, utc_offset=7)
    stamps = pd.date_range("2001-01-01", periods=8760, freq="h", tz="Etc/GMT-7")
    middle, found = stamps + pd.Timedelta("30min"), []
    inputs = [(year["ghi"].to_numpy()[:, i], year["temperature"].to_numpy()[:, i])
              for i in range(len(at[0]))]  # fmt: skip
    start = clock()
    for (ghi, air), east, north in zip(inputs, *at, strict=True):
        sun = location.Location(north, east, "Etc/GMT-7").get_solarposition(middle)
        zenith, azimuth = sun["zenith"].to_numpy(), sun["azimuth"].to_numpy()
        split = irradiance.erbs(ghi, zenith, middle)
        extra = irradiance.get_extra_radiation(middle).to_numpy()
        plane = irradiance.get_total_irradiance(
            40, 180, zenith, azimuth, split["dni"], ghi, split["dhi"], dni_extra=extra,
            albedo=0.2, model="haydavies",
        )  # fmt: skip
        glass = iam.physical(irradiance.aoi(40, 180, zenith, azimuth))
        diffuse = iam.martin_ruiz_diffuse(40)
        effective = (
            plane["poa_direct"] * np.nan_to_num(glass)
            + plane["poa_sky_diffuse"] * diffuse["sky"]
            + plane["poa_ground_diffuse"] * diffuse["ground"]
        )
        cell = temperature.faiman(effective, air)
        modules = effective / 1000 * (1 - 0.0035 * (cell - 25)) * SYSTEM.before_inverter * 1.1
        power = inverter.pvwatts(modules, 1 / 0.975, 0.975) * SYSTEM.after_inverter
        found.append(float(np.mean(power)))
    seconds = since(start)
    return {"seconds": seconds, "units": len(found), "cells": len(lon), "result": found}


def cutout(fields: dict[str, Floats], resource: xr.Dataset, path: Path) -> Any:
    """Hours at the nodes as atlite's own data set: (time, node) arrays in."""
    from atlite import Cutout

    y, x = resource["lat"].to_numpy()[::-1], resource["lon"].to_numpy()
    stamps = pd.date_range("2001-01-01 00:30", periods=8760, freq="h")
    data = xr.Dataset(
        {
            name: (("time", "y", "x"), values.reshape(-1, len(y), len(x))[:, ::-1])
            for name, values in fields.items()
        },
        coords={"time": stamps, "y": y, "x": x, "lon": x, "lat": y},
        attrs={"module": "era5", "prepared_features": list(fields)},
    ).assign_coords(lon=("x", x), lat=("y", y))
    return Cutout(path, data=data.chunk({"time": 100}))


def sun_by_atlite(size: float, _: int) -> dict[str, Any]:
    """Convert the hours at the nodes by atlite."""
    resource = solar_resource(*layers(), BOUNDS)
    lon, _lat = cells(size)
    at = nodes_of(resource)
    year = typical_year(resource, *at, SYSTEM, utc_offset=0)
    direct = (year["ghi"] - year["dhi"]).to_numpy()
    day = np.arange(8760) // 24 + 1
    fields = {
        "influx_direct": direct, "influx_diffuse": year["dhi"].to_numpy(),
        "temperature": year["temperature"].to_numpy() + 273.15,
        "influx_toa": np.broadcast_to(
            1367 * (1 + 0.033 * np.cos(2 * np.pi * day / 365))[:, None], direct.shape
        ),
        "albedo": np.full(direct.shape, 0.2),
    }  # fmt: skip
    plane = year["poa"].sum("time").to_numpy()
    made = cutout(fields, resource, Path("in-memory.nc"))
    tilted = {"slope": 40.0, "azimuth": 180.0}
    start = clock()
    power = made.pv(panel="CSi", orientation=tilted, aggregate_time="mean").compute()
    seconds = since(start)
    theirs = made.irradiation(orientation=tilted, aggregate_time="sum").to_numpy()[::-1]
    known = np.isfinite(plane) & (plane > 0)
    off = theirs.ravel()[known] / plane[known] - 1
    return {
        "seconds": seconds, "units": int(power.size), "cells": len(lon), "result": [],
        "said": f"radiation on the plane {off.mean():+.1%}, {off.std():.1%} about that",
    }  # fmt: skip


def winds() -> tuple[xr.Dataset, Floats, Turbine, list[Any]]:
    """Hours of wind at the nodes, and the machine."""
    from geo.catalogue import Catalogue, read_table
    from geo.energy.fields import raster_at

    given = layers()
    resource = solar_resource(*given, BOUNDS)
    lon, lat = nodes_of(resource)
    mean = 6.5 + 1.5 * np.sin(lon / 2) * np.cos(lat)
    speed = weibull_year(1.0, 2.2, seed=1)[:, None] * mean
    curves = read_table(Catalogue.open()["wind-turbines"])
    machine = Turbine.from_table(curves, "V126/3450", hub_height=100.0)
    site = [raster_at(given[3], lon, lat), raster_at(given[4], lon, lat)]
    return resource, speed, machine, site


BARE = WindLosses(wake=0, availability=0, electrical=0, curtailment=0, other=0)


def wind_by_ours(size: float, sample: int) -> dict[str, Any]:
    """Output of a turbine in every hour at every node, and the surface between them."""
    resource, speed, machine, site = winds()
    lon, lat = cells(size)
    start = clock()
    yearly = [
        turbine_year(speed[:, i : i + _BLOCK], site[0][i : i + _BLOCK],
                     site[1][:, i : i + _BLOCK], machine, BARE).mean(axis=0)
        for i in range(0, speed.shape[1], _BLOCK)
    ]  # fmt: skip
    surface = np.concatenate(yearly)
    on_cells(surface, resource, lon, lat)
    seconds = since(start)
    few = surface[:: max(len(surface) // sample, 1)][:sample]
    return {"seconds": seconds, "units": len(surface), "cells": len(lon), "result": few.tolist()}


def wind_by_plain(size: float, sample: int) -> dict[str, Any]:
    """What a user of windpowerlib writes for one place, in a loop over places."""
    from windpowerlib import power_output

    from geo.energy.hours import MONTH_OF_HOUR
    from geo.energy.wind import air_density, cold_share

    _, speed, machine, site = winds()
    lon, _ = cells(size)
    every = max(speed.shape[1] // sample, 1)
    columns = list(range(0, speed.shape[1], every))[:sample]
    curve, found = machine.curve, []
    start = clock()
    for column in columns:
        months = site[1][:, column]
        density = air_density(site[0][column] + 100.0, months)[MONTH_OF_HOUR]
        # Its own correction is another one above 7.5 m/s: the third is applied before.
        wind = pd.Series(speed[:, column] * (density / 1.225) ** (1 / 3))
        power = power_output.power_curve(
            wind_speed=wind, power_curve_wind_speeds=curve["speed"],
            power_curve_values=curve["share"],
        )  # fmt: skip
        still = cold_share(months[None, :])[MONTH_OF_HOUR]
        found.append(float((power * (1 - still)).mean()))
    seconds = since(start)
    return {"seconds": seconds, "units": len(found), "cells": len(lon), "result": found}


def wind_by_atlite(size: float, _: int) -> dict[str, Any]:
    """Convert the hours at the nodes by atlite, without density or cold, which it has not.

    Ours beside its result is then that of standard air, at 15 degrees.
    """
    resource, speed, machine, _ = winds()
    lon, _ = cells(size)
    rough = np.full(speed.shape, 0.03)
    made = cutout({"wnd100m": speed, "roughness": rough}, resource, Path("in-memory.nc"))
    turbine = {
        "V": np.append(machine.curve["speed"], machine.curve["speed"].iloc[-1]),
        "POW": np.append(machine.curve["share"], 0.0) * 3.45, "hub_height": 100.0, "P": 3.45,
    }  # fmt: skip
    start = clock()
    power = made.wind(turbine=turbine, aggregate_time="mean").compute()
    seconds = since(start)
    theirs = power.to_numpy()[::-1].ravel()
    mild, sea = np.full((12, speed.shape[1]), 15.0), np.full(speed.shape[1], -100.0)
    own = turbine_year(speed, sea, mild, machine, BARE).mean(axis=0)
    off = theirs / own - 1
    said = f"{off.mean():+.2%}, {off.std():.2%} about that, both in standard air"
    return {
        "seconds": seconds, "units": speed.shape[1], "cells": len(lon), "result": [], "said": said,
    }  # fmt: skip


WORK = {
    ("sun", "ours"): sun_by_ours,
    ("sun", "every node"): sun_by_every_node,
    ("sun", "average days"): sun_by_average_days,
    ("sun", "plain"): sun_by_plain,
    ("sun", "atlite"): sun_by_atlite,
    ("wind", "ours"): wind_by_ours,
    ("wind", "plain"): wind_by_plain,
    ("wind", "atlite"): wind_by_atlite,
}


def run_once(what: str, side: str, size: float, sample: int) -> dict[str, Any]:
    """Run one side in a process of its own and read its report."""
    command = [sys.executable, "-m", "benchmarks.energy", "--what", what, "--side", side,
               "--cell-size", str(size), "--sample", str(sample)]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True,
                          cwd=Path(__file__).resolve().parent.parent)  # fmt: skip
    report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return report


def compare(what: str, size: float, sample: int, rounds: int) -> None:
    """Run all sides of one work in turn and print their medians."""
    sides = [s for s in SIDES[what] if s != "atlite" or importlib.util.find_spec("atlite")]
    reports: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            reports[side].append(run_once(what, side, size, sample))
    ours = reports["ours"][0]
    print(f"\n{what}: {ours['units']:,} nodes, {ours['cells']:,} cells of {size:g} m, "
          f"medians of {rounds} rounds")  # fmt: skip
    print(f"{'':14}{'a place':>11}{'the nodes':>11}{'processor':>11}{'the cells':>12}"
          f"{'peak MB':>9}  beside ours")  # fmt: skip
    for side in sides:
        seconds, work = (median(r["seconds"][i] for r in reports[side]) for i in (0, 1))
        first = reports[side][0]
        each = seconds / first["units"]
        nodes, busy = each * ours["units"], work / first["units"] * ours["units"]
        # Only the plain loop pays for every cell; the others lie between the nodes.
        grid = each * first["cells"] if side == "plain" else seconds
        off = ""
        if first["result"] and side != "ours":
            a, b = np.array(ours["result"]), np.array(first["result"])
            off = f"{np.mean(a / b - 1):+.2%}, {np.sqrt(np.mean((a / b - 1) ** 2)):.2%} rms"
        peak = max(r["peak"] for r in reports[side]) / 1e6
        print(
            f"{side:14}{1000 * each:8.2f} ms{nodes:9.2f} s{busy:9.2f} s{grid:10.1f} s{peak:9.0f}"
            f"  {off or first.get('said', '')}"
        )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cell-size", type=float, default=10_000.0)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--what", choices=tuple(SIDES))
    parser.add_argument("--side", choices=sorted({s for all_ in SIDES.values() for s in all_}))
    asked = parser.parse_args()
    if asked.side is None:
        for what in (asked.what,) if asked.what else SIDES:
            compare(what, asked.cell_size, asked.sample, asked.rounds)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = WORK[asked.what, asked.side](asked.cell_size, asked.sample)
    peak = resource_usage.getrusage(resource_usage.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**report, "peak": peak}))


if __name__ == "__main__":
    main()
