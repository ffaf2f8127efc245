"""Sun and wind of a study from the best source that its recipe names.

Coarse layers serve where a recipe says nothing else. A line ``resource`` puts in their
place an atlas (a raster), a reanalysis (a NetCDF file of hours) or a mast (a table).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from pyproj import Transformer

from geo.catalogue.records import Record
from geo.compute.parts import Part
from geo.energy.atlas import (
    ATLAS_COVARIANCE,
    atlas_points,
    atlas_speed,
    check_speed,
    check_year,
    elasticity,
    on_atlas,
)
from geo.energy.fields import lonlat, raster_at
from geo.energy.hours import DAYS_OF_MONTH
from geo.energy.mast import monthly_radiation, read_mast
from geo.energy.pv import PvSystem
from geo.energy.reanalysis import era5_radiation, era5_wind
from geo.energy.solar import solar_resource
from geo.energy.wind import Turbine, WindLosses
from geo.energy.wind_points import high_points, with_mast
from geo.energy.windfield import SpeedModel, speed_surface
from geo.errors import RecipeError
from geo.grid import as_dataarray
from geo.recipe import EnergySpec, ResourceSpec
from geo.study.workbench import Workbench

__all__ = ["Radiation", "radiation_of", "wind_speed_of"]

Kind = Literal["atlas", "reanalysis", "mast"]
SpeedOf = Callable[[Part], xr.Dataset]

#: Relative standard deviations of sources by default: of the Global Solar Atlas the middle of
#: its maker's +-4 to +-8 % at 80 %; of the Global Wind Atlas and of ERA5 assumptions.
SOLAR_ATLAS_SD = 0.047
WIND_ATLAS_SD = 0.10
REANALYSIS_SD = 0.15

_HOURS = (".nc", ".nc4", ".cdf", ".netcdf", ".h5", ".zarr", ".zip")


@dataclass(frozen=True, eq=False)
class Radiation:
    """Monthly radiation at nodes, and a yearly atlas on the study's grid where there is one.

    `per_year` brings the atlas to a year's sum where its values are means of a day.
    """

    nodes: xr.Dataset
    yearly: xr.DataArray | None = None
    atlas_sd: float = SOLAR_ATLAS_SD
    per_year: float = 1.0

    def sharpening(self, system: PvSystem) -> Callable[[xr.Dataset, Part], xr.Dataset]:
        """What brings a part of the solar surface to the atlas's radiation."""
        yearly = self.yearly
        if yearly is None:
            return lambda surface, _: surface
        power = elasticity(self.nodes, system)
        # Of the part alone: the whole may lie on the disk.
        return lambda surface, part: on_atlas(
            surface, part.of(yearly) * np.float32(self.per_year), self.atlas_sd, power
        )


def _kind(record: Record) -> Kind:
    if record.kind == "table":
        return "mast"
    return "reanalysis" if record.path.suffix.lower() in _HOURS else "atlas"


def _refuse(bench: Workbench, technology: str, said: str) -> RecipeError:
    return RecipeError([f"{bench.recipe.path.name}: [energy.{technology}] resource {said}"])


def _bounds(bench: Workbench) -> tuple[float, float, float, float]:
    """Extent of the whole grid in degrees, a little more than the region's."""
    box = bench.grid.boundingbox
    to_degrees = Transformer.from_crs(str(bench.grid.crs), 4326, always_xy=True)
    west, south, east, north = to_degrees.transform_bounds(*box.bbox)
    return west, south, east, north


def radiation_of(bench: Workbench, spec: EnergySpec) -> Radiation:
    """Radiation of a study.

    Parameters
    ----------
    bench : Workbench
    spec : EnergySpec

    Returns
    -------
    Radiation

    Raises
    ------
    RecipeError
        If the recipe does not say of a mast what it has to.
    """
    solar, source = spec.solar, spec.solar.resource
    kind = None if source is None else _kind(bench.catalogue[source.layer])
    yearly, covariance, per_year = None, None, 1.0
    if source is not None and kind == "atlas":
        native = _yearly(bench, source)
        points, covariance = atlas_points(native, _bounds(bench)), ATLAS_COVARIANCE
        yearly, per_year = bench.raster(source.layer), _per_year(bench.catalogue[source.layer])
    elif source is not None and kind == "mast":
        points = _with_station(bench, source, bench.features(solar.points))
    else:
        points = bench.features(solar.points)
    if source is not None and kind == "reanalysis":
        ghi = bench.reading(source.layer, "hours", lambda record: era5_radiation(record.path))
    else:
        ghi = bench.native(solar.radiation)
    sd = SOLAR_ATLAS_SD if source is None or source.error is None else source.error
    nodes = solar_resource(
        ghi, points, bench.native(solar.turbidity), bench.native(spec.relief),
        bench.native(spec.temperature), _bounds(bench), atlas_sd=sd, covariance=covariance,
    )  # fmt: skip
    return Radiation(nodes, yearly, sd, per_year)


def _per_year(record: Record) -> float:
    return 365.25 if (record.unit or "").replace("²", "2").endswith("/day") else 1.0


def _yearly(bench: Workbench, source: ResourceSpec) -> xr.DataArray:
    record = bench.catalogue[source.layer]
    native = bench.native(source.layer)
    if "band" in native.dims and native.sizes["band"] > 1:
        raise _refuse(
            bench, "solar", f"{source.layer!r} has {native.sizes['band']} bands: "
            "name a layer of yearly totals, of one band",
        )  # fmt: skip
    yearly = native.squeeze(drop=True) * _per_year(record)
    check_year(yearly, record.path.name)
    return yearly


def _with_station(
    bench: Workbench, source: ResourceSpec, points: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """The points behind a station, which stands for its cell."""
    if source.place is None or source.radiation is None:
        raise _refuse(
            bench, "solar", f"{source.layer!r} is a table: write {{ layer, lon, lat, radiation }} "
            "with the column of radiation [W/m2]",
        )  # fmt: skip
    daily = monthly_radiation(bench.table(source.layer), source.radiation, time=source.time)
    station = gpd.GeoDataFrame(
        {
            "quantity": ["GHI"],
            "value": [float(daily @ DAYS_OF_MONTH)],
            "unit": "kWh/m2/yr",
            "kind": "atlas",
            "confidence": "high",
        },
        geometry=gpd.points_from_xy([source.place[0]], [source.place[1]], crs=4326),
    )
    joined = pd.concat([station, points.to_crs(4326)], ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=4326)


def wind_speed_of(bench: Workbench, spec: EnergySpec, turbine: Turbine) -> SpeedOf:
    """Wind speed of a study at hub height, as a function of a part of the grid.

    Parameters
    ----------
    bench : Workbench
    spec : EnergySpec
    turbine : Turbine

    Returns
    -------
    callable
        Gives for a part a Dataset as :func:`geo.energy.windfield.yield_surface` takes it.

    Raises
    ------
    RecipeError
        If the recipe does not say of an atlas or a mast what it has to.
    """
    source = spec.wind.resource
    kind = None if source is None else _kind(bench.catalogue[source.layer])
    if source is not None and kind == "atlas":
        return _from_atlas(bench, source, turbine.hub_height)
    if source is not None and kind == "reanalysis":
        return _from_hours(bench, source, turbine.hub_height)
    points = _points(bench, spec, turbine)
    if source is not None:
        points = _beside_mast(bench, source, points, turbine.hub_height)
    model = SpeedModel.fit(points)

    def of_part(part: Part) -> xr.Dataset:
        return speed_surface(points, part.grid, turbine.hub_height, model=model, whole=part.whole)

    return of_part


def _from_atlas(bench: Workbench, source: ResourceSpec, hub_height: float) -> SpeedOf:
    if source.height is None:
        raise _refuse(
            bench, "wind", f"{source.layer!r} does not say its height: write "
            f"{{ layer = {source.layer!r}, height = '100 m' }}",
        )  # fmt: skip
    height = source.height
    check_speed(bench.native(source.layer), bench.catalogue[source.layer].path.name)
    speed = bench.raster(source.layer)
    sd = WIND_ATLAS_SD if source.error is None else source.error

    def of_part(part: Part) -> xr.Dataset:
        return atlas_speed(part.of(speed), part.grid, height, hub_height, relative_sd=sd)

    return of_part


def _from_hours(bench: Workbench, source: ResourceSpec, hub_height: float) -> SpeedOf:
    height = 100.0 if source.height is None else source.height
    found = bench.reading(
        source.layer, f"wind at {height:g} m", lambda record: era5_wind(record.path, height)
    )
    sd = REANALYSIS_SD if source.error is None else source.error

    def of_part(part: Part) -> xr.Dataset:
        lon, lat = lonlat(part.grid, part.whole)

        def on_grid(name: str) -> xr.DataArray:
            values = raster_at(found[name], lon.ravel(), lat.ravel()).reshape(lon.shape)
            return as_dataarray(
                values.astype(np.float32), part.grid, name=name, unit="1", long_name=name
            )

        return atlas_speed(
            on_grid("speed"), part.grid, height, hub_height,
            relative_sd=sd, shape=on_grid("shape"),
        )  # fmt: skip

    return of_part


def _points(bench: Workbench, spec: EnergySpec, turbine: Turbine) -> gpd.GeoDataFrame:
    wind = spec.wind
    curves = bench.table(wind.turbines)
    return high_points(
        bench.features(wind.points),
        bench.features(wind.stations),
        turbine,
        bench.native(spec.relief),
        bench.native(spec.temperature),
        hub_height=wind.hub_height,
        turbines={
            plant: Turbine.from_table(curves, name, hub_height=wind.hub_height)
            for plant, name in wind.machines.items()
        },
        losses=WindLosses(**dict(wind.losses)),
    )


def _beside_mast(
    bench: Workbench, source: ResourceSpec, points: gpd.GeoDataFrame, hub_height: float
) -> gpd.GeoDataFrame:
    if source.place is None or not source.speeds:
        raise _refuse(
            bench, "wind", f"{source.layer!r} is a table: write {{ layer, lon, lat, speeds = "
            "{ column = '80 m' } } with each column of speeds [m/s] and its height",
        )  # fmt: skip
    lon, lat = source.place
    mast = read_mast(bench.table(source.layer), source.speeds, lon=lon, lat=lat, time=source.time)
    return with_mast(points, mast, hub_height, name=source.layer, log_sd=source.error)
