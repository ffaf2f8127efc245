"""Yield of photovoltaic plants from coarse radiation, clear-sky physics and temperature.

The chain: monthly all-sky radiation of coarse cells -> clear-sky index -> interpolated
to nodes and multiplied by the clear sky at the node's own height -> corrected by the
annual values of an atlas at named places -> kinds of days -> direct and diffuse parts
-> tilted plane -> reflection, cell temperature, losses, inverter limit.

References
----------
`docs/methods/energy.md` holds the formulas, their sources and their limits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.energy.fields import lonlat, points_of, raster_at, raster_mean
from geo.energy.interpolation import (
    Covariance,
    bilinear,
    fit_covariance,
    great_circle,
    krige,
    leave_one_out,
)
from geo.energy.pv import Plane, PvSystem, Sky, output, plane_of
from geo.energy.sun import (
    BRIGHTEST_MONTH,
    DAYS_IN_MONTH,
    clear_sky_ghi,
    day_classes,
    diurnal_swing,
    sun_position,
)
from geo.errors import DataError, EmptyLayerError
from geo.grid import as_dataarray

__all__ = [
    "best_tilt",
    "monthly_surface",
    "node_yield",
    "optimal_tilt",
    "radiation_course",
    "resource_at",
    "solar_resource",
    "yield_at",
    "yield_surface",
]

Array = npt.NDArray[np.float64]

HOURS_PER_YEAR = 8766.0
#: Two-sided 80 % of a normal distribution lies within this many standard deviations.
Z80 = 1.2815515655446004

_SAMPLE_ROWS = 8
_ROWS = 64
_TILTS = np.arange(10.0, 71.0, 10.0)


def solar_resource(
    ghi: xr.DataArray,
    points: gpd.GeoDataFrame,
    turbidity: xr.DataArray,
    relief: xr.DataArray,
    temperature: xr.DataArray,
    bounds: tuple[float, float, float, float],
    *,
    node_size: float = 0.5,
    support: float = 0.5,
    atlas_sd: float = 0.047,
    covariance: Covariance | None = None,
    hold_out: tuple[float, float, float] | None = None,
) -> xr.Dataset:
    """Monthly radiation at the nodes of a coarse grid, with its error.

    Parameters
    ----------
    ghi : (12, rows, columns) DataArray [kWh/m2/day]
        Monthly means of coarse cells in longitude and latitude; NaN is unknown.
    points : GeoDataFrame
        Columns ``quantity``, ``value``, ``unit``, ``kind``, ``confidence``; used are the
        rows of annual GHI [kWh/m2/yr] of an atlas that are not of low confidence.
    turbidity : (12, rows, columns) DataArray
        Linke turbidity.
    relief : (rows, columns) DataArray [m]
    temperature : (12, rows, columns) DataArray [degC]
    bounds : tuple of float
        West, south, east, north [degrees]; nodes reach half a node beyond.
    node_size : float [degrees]
    support : float [degrees]
        Side of the cells whose mean the atlas values are; points of one cell count once.
    atlas_sd : float
        Relative standard deviation of the atlas itself: +-6 % at 80 %, the middle of the
        maker's +-4 to +-8 %.
    covariance : Covariance, optional
        Of the correction (log ratio); chosen by leave-one-out when missing.
    hold_out : tuple of float, optional
        Longitude, latitude and radius [km]: atlas values within it are not used.

    Returns
    -------
    Dataset (month, lat, lon)
        ``ghi`` [kWh/m2/day], ``clear_sky_index``, ``turbidity``, ``temperature`` [degC],
        and (lat, lon) ``height`` [m], ``ghi_annual`` [kWh/m2/yr], ``correction`` and
        ``ghi_sd`` (relative, with the atlas's own). NaN is unknown. Attributes give the
        covariance and the leave-one-out's count, bias, error and coverage; the error is
        of the correction alone.

    Raises
    ------
    DataError
        If a raster has not 12 months, or values that cannot be of its unit.
    EmptyLayerError
        If there are fewer than three atlas values.

    Notes
    -----
    What is interpolated is the clear-sky index (all-sky over clear-sky radiation, both at
    the cell's mean height), not the radiation: height and latitude then come from physics.
    """
    _check_months(ghi, "ghi", 0.0, 12.0, "kWh/m2/day")
    _check_months(turbidity, "turbidity", 1.0, 15.0, "Linke turbidity")
    _check_months(temperature, "temperature", -70.0, 60.0, "degC")
    world = _World(ghi, turbidity, relief, temperature)
    lon, lat = _nodes(bounds, node_size)
    flat_lon, flat_lat = (a.ravel() for a in np.meshgrid(lon, lat))
    nodes = world.at(flat_lon, flat_lat, node_size)

    atlas_lon, atlas_lat, atlas = _atlas_values(points, support, hold_out)
    modelled = world.at(atlas_lon, atlas_lat, support).annual
    usable = np.isfinite(modelled)
    atlas_lon, atlas_lat = atlas_lon[usable], atlas_lat[usable]
    ratio = np.log(atlas[usable] / modelled[usable])
    if len(ratio) < 3:
        raise EmptyLayerError(f"{len(ratio)} atlas values lie on the radiation layer: give three")
    chosen = covariance or fit_covariance(atlas_lon, atlas_lat, ratio)
    check = leave_one_out(atlas_lon, atlas_lat, ratio, chosen)
    log_ratio, variance = krige(atlas_lon, atlas_lat, ratio, flat_lon, flat_lat, chosen)

    index = np.minimum(nodes.index * np.exp(log_ratio), BRIGHTEST_MONTH)
    monthly = index * nodes.clear
    shape = (len(lat), len(lon))

    def field(values: Array) -> tuple[tuple[str, ...], Array]:
        if values.ndim == 2:
            return ("month", "lat", "lon"), values.reshape(12, *shape)
        return ("lat", "lon"), values.reshape(shape)

    return xr.Dataset(
        {
            "ghi": field(monthly),
            "clear_sky_index": field(index),
            "turbidity": field(nodes.turbidity),
            "temperature": field(nodes.temperature),
            "height": field(nodes.height),
            "ghi_annual": field(DAYS_IN_MONTH @ monthly),
            "correction": field(np.exp(log_ratio)),
            "ghi_sd": field(np.hypot(np.sqrt(variance), atlas_sd)),
        },
        coords={"month": np.arange(1, 13), "lat": lat, "lon": lon},
        attrs={
            "correction_sill": float(chosen.sill),
            "correction_length_km": float(chosen.length_km),
            "correction_nugget": float(chosen.nugget),
            "loo_points": len(ratio),
            "loo_bias_percent": 100 * check.bias,
            "loo_rmse_percent": 100 * check.rmse,
            "loo_coverage_80": check.coverage(Z80),
            "loo_rmse_uncorrected_percent": 100 * float(np.sqrt(np.mean(ratio**2))),
            "atlas_sd": atlas_sd,
        },
    )


def optimal_tilt(resource: xr.Dataset, system: PvSystem) -> Array:
    """Tilt with the largest yearly radiation on the plane, for every row of nodes.

    Parameters
    ----------
    resource : Dataset
        As :func:`solar_resource` gives it.
    system : PvSystem
        Its azimuth and albedo are used.

    Returns
    -------
    (lat,) array [degrees]
        From a parabola through radiation at seven tilts, on rows' mean sky.
    """
    lat = resource["lat"].to_numpy().astype(np.float64)
    rows = np.unique(np.linspace(0, len(lat) - 1, _SAMPLE_ROWS).round().astype(int))
    sample = resource.isel(lat=rows).median("lon")
    best = best_tilt(sample["lat"].to_numpy(), sample, system)
    known = np.isfinite(best)
    if not known.any():
        raise DataError("the resource is unknown everywhere: give a tilt or another region")
    order = np.argsort(lat[rows][known])
    return np.asarray(np.interp(lat, lat[rows][known][order], best[known][order]))


def best_tilt(latitude: Array, at: xr.Dataset, system: PvSystem) -> Array:
    """Tilt with the largest yearly radiation on the plane, for each of some places.

    Parameters
    ----------
    latitude : (n,) array [degrees]
    at : Dataset
        ``clear_sky_index`` and ``turbidity`` (12, n) and ``height`` (n,) [m], as
        :func:`resource_at` gives them.
    system : PvSystem
        Its azimuth and albedo are used.

    Returns
    -------
    (n,) array [degrees]
        From a parabola through radiation at seven tilts; NaN where the sky is unknown.
    """
    days = _Days.of(latitude, at, system.classes)
    gained = np.stack([_annual(days.plane(tilt, system).total) for tilt in _TILTS])
    return np.array([_peak(_TILTS, row) for row in gained.T])


def node_yield(resource: xr.Dataset, system: PvSystem) -> xr.Dataset:
    """Yield of a system at the nodes.

    Parameters
    ----------
    resource : Dataset
        As :func:`solar_resource` gives it.
    system : PvSystem

    Returns
    -------
    Dataset (lat, lon)
        ``capacity_factor_ac`` and ``capacity_factor_dc`` (shares of either rating),
        ``performance_ratio`` (of the modules, clipping included), ``poa_annual``
        [kWh/m2/yr], ``relative_sd``, (month, lat, lon) ``month_over_year`` (mean output of a
        month over that of the year) and (lat,) ``tilt`` [degrees].
    """
    lat, lon = resource["lat"].to_numpy(), resource["lon"].to_numpy()
    tilts = _tilts(resource, system)
    stacked = resource.stack(node=("lat", "lon"))
    sky = _Days.of(stacked["lat"].to_numpy(), stacked, system.classes)
    plane = sky.plane(np.repeat(tilts, len(lon)), system)
    power = _power(plane, stacked["temperature"].to_numpy(), system)
    shape = (len(lat), len(lon))
    yearly = 1000.0 / HOURS_PER_YEAR
    capacity = (_annual(power) * yearly).reshape(shape)
    radiation = _annual(plane.total).reshape(shape)
    spread = np.sqrt(resource["ghi_sd"] ** 2 + system.chain_sd**2 + system.loss_sd**2)
    per_module = capacity / system.dc_ac_ratio
    dims = ("lat", "lon")
    return xr.Dataset(
        {
            "month_over_year": (("month", *dims), _course(power).reshape(12, *shape)),
            "capacity_factor_ac": (dims, capacity),
            "capacity_factor_dc": (dims, per_module),
            "performance_ratio": (dims, per_module * HOURS_PER_YEAR / radiation),
            "poa_annual": (dims, radiation),
            "relative_sd": spread,
            "tilt": ("lat", tilts),
        },
        coords={"month": np.arange(1, 13), "lat": lat, "lon": lon},
    )


def monthly_surface(
    annual: xr.DataArray,
    course: xr.DataArray,
    grid: GeoBox,
    *,
    months: Sequence[int] = range(1, 13),
    whole: GeoBox | None = None,
) -> xr.DataArray:
    """Mean of each month on a study's grid, from the year's and its course at the nodes.

    Parameters
    ----------
    annual : (y, x) DataArray
        Of the year on the grid: ``capacity_factor_ac`` or the mean radiation of
        :func:`yield_surface`, or a finer surface made of it.
    course : (month, lat, lon) DataArray
        Mean of a month over that of the year: ``month_over_year`` of :func:`node_yield`, or
        of :func:`radiation_course`.
    grid : GeoBox
    months : sequence of int
        1 to 12.
    whole : GeoBox, optional
        The grid of which `grid` is some rows.

    Returns
    -------
    (month, y, x) float32 DataArray
        In the unit of `annual`; NaN where it or the course is unknown. Weighed by the days of
        the months, all twelve give the year back.

    Raises
    ------
    DataError
        If a month is not from 1 to 12, or the year is not on the grid.

    Notes
    -----
    The course lies linearly between the nodes. An atlas of the year leaves it as it is.

    Examples
    --------
    >>> grid = GeoBox.from_bbox((0, 0, 2, 2), "EPSG:4326", resolution=1)
    >>> year = as_dataarray(np.full((2, 2), 0.2, np.float32), grid, name="y", unit="1",
    ...                     long_name="Year")
    >>> lat, lon = [2.5, 1.5, 0.5, -0.5], [-0.5, 0.5, 1.5, 2.5]
    >>> course = xr.DataArray(np.full((12, 4, 4), 1.5), dims=("month", "lat", "lon"),
    ...                       coords={"lat": lat, "lon": lon})
    >>> monthly_surface(year, course, grid, months=[6]).round(2).values.tolist()
    [[[0.3..., 0.3...], [0.3..., 0.3...]]]
    """
    wrong = [month for month in months if month not in range(1, 13)]
    if wrong or not len(months):
        raise DataError(f"the months are {list(months)}: give some of 1 to 12")
    if annual.shape != tuple(grid.shape):
        raise DataError(
            f"the year has shape {annual.shape}, the grid {tuple(grid.shape)}: bring it to the grid"
        )
    lon, lat = lonlat(grid, whole)
    x, y = course["lon"].to_numpy(), course["lat"].to_numpy()
    fields = course.to_numpy()[np.asarray(months) - 1]
    shaped = np.empty((len(months), *lon.shape), dtype=np.float32)
    for row in range(0, len(lon), _ROWS):
        block = np.s_[row : row + _ROWS]
        values = bilinear(fields, x, y, lon[block].ravel(), lat[block].ravel())
        here = values.reshape(len(fields), *lon[block].shape)
        shaped[:, block] = here * annual.to_numpy()[block]
    return xr.DataArray(
        shaped,
        dims=("month", *annual.dims),
        coords={"month": list(months), **{dim: annual[dim] for dim in annual.dims}},
        name=annual.name,
        attrs=dict(annual.attrs),
    )


def radiation_course(resource: xr.Dataset) -> xr.DataArray:
    """Mean radiation of each month over that of the year, at the nodes.

    Parameters
    ----------
    resource : Dataset
        As :func:`solar_resource` gives it.

    Returns
    -------
    (month, lat, lon) DataArray
    """
    daily: xr.DataArray = resource["ghi_annual"] / DAYS_IN_MONTH.sum()
    return resource["ghi"] / daily


def yield_surface(
    resource: xr.Dataset,
    grid: GeoBox,
    system: PvSystem,
    *,
    nodes: xr.Dataset | None = None,
    whole: GeoBox | None = None,
) -> xr.Dataset:
    """Yield of a system on a study's grid.

    Parameters
    ----------
    resource : Dataset
        As :func:`solar_resource` gives it, reaching over the grid.
    grid : GeoBox
    system : PvSystem
    nodes : Dataset, optional
        Of `node_yield`, where it is at hand already.
    whole : GeoBox, optional
        The grid of which `grid` is some rows.

    Returns
    -------
    Dataset (y, x) of float32
        ``capacity_factor_ac`` (net, first year, of the AC rating, in [0, 1]),
        ``capacity_factor_sd`` (absolute standard deviation), ``ghi_annual`` and its
        standard deviation ``ghi_sd`` [kWh/m2/yr]; NaN where the nodes do not reach or a
        source is unknown.

    Notes
    -----
    Linear between the nodes: structure finer than a node (single valleys, shading by
    terrain) is not in the result.
    """
    nodes = node_yield(resource, system) if nodes is None else nodes
    fields = np.stack(
        [
            nodes["capacity_factor_ac"].to_numpy(),
            (nodes["capacity_factor_ac"] * nodes["relative_sd"]).to_numpy(),
            resource["ghi_annual"].to_numpy(),
            (resource["ghi_annual"] * resource["ghi_sd"]).to_numpy(),
        ]
    )
    lon, lat = lonlat(grid, whole)
    x, y = resource["lon"].to_numpy(), resource["lat"].to_numpy()
    shaped = np.empty((len(fields), *lon.shape), dtype=np.float32)
    for row in range(0, len(lon), _ROWS):
        block = np.s_[row : row + _ROWS]
        values = bilinear(fields, x, y, lon[block].ravel(), lat[block].ravel())
        shaped[:, block] = values.reshape(len(fields), *lon[block].shape)
    names = (
        ("capacity_factor_ac", "1", "Solar capacity factor, net, of the AC rating"),
        ("capacity_factor_sd", "1", "Standard deviation of the solar capacity factor"),
        ("ghi_annual", "kWh/m2/yr", "Global horizontal radiation of a year"),
        ("ghi_sd", "kWh/m2/yr", "Standard deviation of the radiation of a year"),
    )
    result = xr.Dataset(
        {
            name: as_dataarray(layer, grid, name=name, unit=unit, long_name=title)
            for layer, (name, unit, title) in zip(shaped, names, strict=True)
        }
    )
    result.attrs = dict(resource.attrs)
    checked = ("loo_points", "loo_rmse_percent", "loo_coverage_80")
    result["ghi_annual"].attrs.update({name: resource.attrs[name] for name in checked})
    return result


def resource_at(resource: xr.Dataset, lon: npt.ArrayLike, lat: npt.ArrayLike) -> xr.Dataset:
    """Resource at points, linear between the nodes.

    Parameters
    ----------
    resource : Dataset
        As :func:`solar_resource` gives it.
    lon, lat : (n,) array_like [degrees]

    Returns
    -------
    Dataset (month, point), (point,)
        All variables of the resource; NaN where it does not reach.
    """
    x, y = resource["lon"].to_numpy(), resource["lat"].to_numpy()
    east, north = np.atleast_1d(lon), np.atleast_1d(lat)
    return xr.Dataset(
        {
            str(name): (
                (*values.dims[:-2], "point"),
                bilinear(values.to_numpy(), x, y, east, north),
            )
            for name, values in resource.items()
        },
        coords={"lon": ("point", east), "lat": ("point", north)},
    )


def yield_at(
    resource: xr.Dataset, lon: npt.ArrayLike, lat: npt.ArrayLike, system: PvSystem
) -> xr.Dataset:
    """Yield of a system at points.

    Parameters
    ----------
    resource : Dataset
        As :func:`solar_resource` gives it.
    lon, lat : (n,) array_like [degrees]
    system : PvSystem

    Returns
    -------
    Dataset (point,)
        The (lat, lon) variables of :func:`node_yield` and ``ghi_annual`` [kWh/m2/yr].
    """
    nodes = node_yield(resource, system).drop_vars("tilt")
    nodes["ghi_annual"] = resource["ghi_annual"]
    return resource_at(nodes, lon, lat)


@dataclass(frozen=True)
class _Nodes:
    """Clear sky, index and sources at points; arrays are (12, n) or (n,)."""

    clear: Array
    index: Array
    turbidity: Array
    temperature: Array
    height: Array

    @property
    def annual(self) -> Array:
        return np.asarray(DAYS_IN_MONTH @ (self.index * self.clear))


class _World:
    """The source rasters, and the clear-sky index on the radiation's own cells."""

    def __init__(
        self,
        ghi: xr.DataArray,
        turbidity: xr.DataArray,
        relief: xr.DataArray,
        temperature: xr.DataArray,
    ) -> None:
        self.turbidity, self.relief, self.temperature = turbidity, relief, temperature
        self.x = ghi["x"].to_numpy().astype(np.float64)
        self.y = ghi["y"].to_numpy().astype(np.float64)
        lon, lat = (a.ravel() for a in np.meshgrid(self.x, self.y))
        step = float(abs(self.x[1] - self.x[0])) if len(self.x) > 1 else 0.0
        clear, *_ = self._clear(lon, lat, step)
        all_sky = ghi.to_numpy().astype(np.float64).reshape(12, -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.index = (all_sky / clear).reshape(ghi.shape)

    def at(self, lon: Array, lat: Array, size: float) -> _Nodes:
        clear, height, turbidity = self._clear(lon, lat, size)
        index = bilinear(self.index, self.x, self.y, lon, lat)
        return _Nodes(clear, index, turbidity, raster_at(self.temperature, lon, lat), height)

    def _clear(self, lon: Array, lat: Array, size: float) -> tuple[Array, Array, Array]:
        height = raster_mean(self.relief, lon, lat, size)
        turbidity = raster_at(self.turbidity, lon, lat)
        hourly = clear_sky_ghi(sun_position(lat), height, turbidity)
        return hourly.sum(axis=2).T / 1000, height, turbidity


@dataclass(frozen=True)
class _Days:
    """Every kind of day at places: arrays of (n, 12, classes, 24)."""

    latitude: Array
    sky: Sky

    @classmethod
    def of(cls, latitude: Array, resource: xr.Dataset, classes: int) -> "_Days":
        sun = sun_position(latitude)
        height = resource["height"].to_numpy().astype(np.float64)
        clear = clear_sky_ghi(sun, height, resource["turbidity"].to_numpy())
        days = day_classes(resource["clear_sky_index"].to_numpy().T, classes)
        ghi = days[:, :, :, None] * clear[:, :, None, :]
        zenith, azimuth = sun.zenith[:, :, None, :], sun.azimuth[:, :, None, :]
        return cls(latitude, Sky.split(ghi, zenith, azimuth, sun.extraterrestrial[:, None, :]))

    def plane(self, tilt: float | Array, system: PvSystem) -> Plane:
        return plane_of(self.sky, self.latitude, tilt, system)


def _power(plane: Plane, monthly_temperature: Array, system: PvSystem) -> Array:
    """Power over the AC rating, after all losses: (n, 12, classes, 24)."""
    hour = np.arange(24) + 0.5
    air = monthly_temperature.T[:, :, None, None] + diurnal_swing(hour, system.diurnal_range)
    return output(plane, air, system)


def _tilts(resource: xr.Dataset, system: PvSystem) -> Array:
    """Of every row of nodes; NaN for a tracker, which has none."""
    if system.mounting == "tracking":
        return np.full(resource.sizes["lat"], np.nan)
    if system.tilt is None:
        return optimal_tilt(resource, system)
    return np.full(resource.sizes["lat"], float(system.tilt))


def _annual(power: Array) -> Array:
    """Sum of a year: (n, 12, classes, 24) [W or share] -> (n,) [kWh or thousand hours]."""
    daily = power.sum(axis=3).mean(axis=2)
    return np.asarray(daily @ DAYS_IN_MONTH / 1000)


def _course(power: Array) -> Array:
    """Mean of each month over that of the year: (n, 12, classes, 24) -> (12, n)."""
    monthly = power.mean(axis=(2, 3)).T
    return np.asarray(monthly / (DAYS_IN_MONTH @ monthly / DAYS_IN_MONTH.sum()))


def _peak(x: Array, y: Array) -> float:
    if not np.isfinite(y).all():
        return math.nan
    middle = int(np.clip(np.argmax(y), 1, len(x) - 2))
    near = slice(middle - 1, middle + 2)
    curve, slope, _ = np.polyfit(x[near], y[near], 2)
    return float(np.clip(-slope / (2 * curve), 0, 90))


def _nodes(bounds: tuple[float, float, float, float], size: float) -> tuple[Array, Array]:
    west, south, east, north = bounds
    if not (west < east and south < north and size > 0):
        raise DataError(f"bounds {bounds} are empty: give west, south, east, north [degrees]")
    columns = np.arange(math.floor(west / size) - 1, math.ceil(east / size) + 1)
    rows = np.arange(math.ceil(north / size), math.floor(south / size) - 2, -1)
    return np.asarray((columns + 0.5) * size), np.asarray((rows + 0.5) * size)


def _atlas_values(
    points: gpd.GeoDataFrame, support: float, hold_out: tuple[float, float, float] | None
) -> tuple[Array, Array, Array]:
    """Centres and values of the atlas cells that hold a point, each once."""
    used = (
        (points["quantity"] == "GHI")
        & (points["unit"] == "kWh/m2/yr")
        & (points["kind"] == "atlas")
        & (points["confidence"] != "low")
        & points["value"].notna()
    )
    lon, lat = points_of(points[used])
    value = points.loc[used, "value"].to_numpy(dtype=np.float64)
    if ((value < 300) | (value > 3000)).any():
        raise DataError(
            f"an atlas value is {value.min():g} to {value.max():g} kWh/m2/yr: "
            "a year has 300 to 3000; was the day meant?"
        )
    if hold_out is not None:
        far = great_circle(lon, lat, hold_out[0], hold_out[1])[:, 0] > hold_out[2]
        lon, lat, value = lon[far], lat[far], value[far]
    cells = np.stack([np.floor(lon / support), np.floor(lat / support)], axis=1)
    places, first = np.unique(cells, axis=0, return_index=True)
    centre = (places + 0.5) * support
    return centre[:, 0], centre[:, 1], value[first]


def _check_months(raster: xr.DataArray, what: str, low: float, high: float, unit: str) -> None:
    if raster.ndim != 3 or raster.shape[0] != 12:
        raise DataError(f"{what} has shape {raster.shape}: give 12 months x rows x columns")
    least, most = float(np.nanmin(raster.values)), float(np.nanmax(raster.values))
    if least < low or most > high:
        raise DataError(
            f"{what} runs from {least:g} to {most:g}, not from {low:g} to {high:g} {unit}: "
            "convert the layer or correct its record"
        )
