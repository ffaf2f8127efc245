"""A typical year of sun in hours, at any point.

The months are those of :func:`geo.energy.solar.solar_resource`. Each month's days follow
the distribution of its kinds of days, one value a day, so that clear and cloudy days stay
apart and follow one another as weather does: a smoothed year undersizes storage. The
month's mean is met to the last digit.
"""

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.energy.hours import DAYS_OF_MONTH, HOURS, MONTH_OF_DAY, MONTH_OF_HOUR, hours_of_year
from geo.energy.interpolation import bilinear
from geo.energy.pv import PvSystem, Sky, output, plane_of
from geo.energy.solar import best_tilt, resource_at
from geo.energy.sun import (
    BRIGHTEST_MONTH,
    clear_sky_hours,
    day_classes,
    diurnal_swing,
)
from geo.errors import DataError

__all__ = ["DAY_TO_DAY", "node_yield_by_hours", "typical_year"]

Array = npt.NDArray[np.float64]

#: Of one day's cloud with the next (Graham, Hollands and Huget 1988,
#: doi:10.1016/0038-092X(88)90068-0).
DAY_TO_DAY = 0.29

_BLOCK = 32


def typical_year(
    resource: xr.Dataset,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    system: PvSystem,
    *,
    utc_offset: float | None = None,
    seed: int = 0,
    day_to_day: float = DAY_TO_DAY,
) -> xr.Dataset:
    """Radiation and output of a plant in each hour of a typical year.

    Parameters
    ----------
    resource : Dataset
        As :func:`~geo.energy.solar.solar_resource` gives it.
    lon, lat : (n,) array_like [degrees]
    system : PvSystem
        A tilt that is missing is the best one of each point.
    utc_offset : float, optional [h]
        Of the clock from UTC, in [-12, 14]; the nearest whole hour to the first point's
        solar time when missing.
    seed : int
        Orders the days. One order serves all points: weather is wide.
    day_to_day : float
        Correlation of one day's cloud with the next, in [0, 1).

    Returns
    -------
    Dataset (time, point)
        ``ghi``, ``dni``, ``dhi`` and ``poa`` (on the modules' front) [W/m2],
        ``temperature`` [degC], ``capacity_factor_ac`` and ``capacity_factor_dc`` (AC output
        over either rating, after all losses, in [0, 1]), and (point,) ``tilt`` [degrees];
        NaN where the resource does not reach. ``time`` is a year of 365 days in standard
        time at `utc_offset`, written as 2001, which it is not; a value is the mean of the
        hour that **begins** at its stamp.

    Raises
    ------
    DataError
        If the offset or the correlation is out of range.

    Notes
    -----
    Within a day the clear-sky index is constant, and months meet without a transition.
    The temperature is the month's mean with a daily swing: cold spells are not in it.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> flat = np.full((12, 2, 2), 0.7)
    >>> resource = xr.Dataset(
    ...     {"clear_sky_index": (("month", "lat", "lon"), flat),
    ...      "ghi": (("month", "lat", "lon"), 6 * flat),
    ...      "turbidity": (("month", "lat", "lon"), 0 * flat + 2.5),
    ...      "temperature": (("month", "lat", "lon"), 0 * flat),
    ...      "height": (("lat", "lon"), 0 * flat[0] + 1300.0)},
    ...     coords={"month": np.arange(1, 13), "lat": [48.0, 47.0], "lon": [106.0, 107.0]})
    >>> year = typical_year(resource, [106.9], [47.9], PvSystem(tilt=40))
    >>> year.sizes["time"], str(year["time"].values[0])[:16], year.attrs["utc_offset"]
    (8760, '2001-01-01T00:00', 7.0)
    """
    east, north = (np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in (lon, lat))
    offset = _offset(east, utc_offset)
    if not 0 <= day_to_day < 1:
        raise DataError(f"day_to_day is {day_to_day}: give a correlation from 0 to below 1")
    order = _weather(seed, day_to_day)
    parts = []
    for start in range(0, len(east), _BLOCK):
        block = slice(start, start + _BLOCK)
        here = resource_at(resource, east[block], north[block])
        parts.append(_year(here, system, offset, order))
    found = {name: np.concatenate([part[name] for part in parts], axis=0) for name in parts[0]}
    tilt = found.pop("tilt")
    year = xr.Dataset(
        {name: (("time", "point"), values.T) for name, values in found.items()},
        coords={"time": hours_of_year(), "lon": ("point", east), "lat": ("point", north)},
        attrs={
            "utc_offset": offset,
            "time_convention": "mean of the hour that begins at the stamp, standard time",
            "seed": seed,
            "dc_ac_ratio": system.dc_ac_ratio,
        },
    )
    year["tilt"] = ("point", tilt)
    units = {"ghi": "W/m2", "dni": "W/m2", "dhi": "W/m2", "poa": "W/m2", "temperature": "degC",
             "capacity_factor_ac": "1", "capacity_factor_dc": "1", "tilt": "degrees"}  # fmt: skip
    for name, unit in units.items():
        year[name].attrs["units"] = unit
    return year


def node_yield_by_hours(resource: xr.Dataset, system: PvSystem, *, every: int = 2) -> xr.Dataset:
    """Yearly yield at the nodes, from the hours of a typical year at some of them.

    Parameters
    ----------
    resource : Dataset
        As :func:`~geo.energy.solar.solar_resource` gives it.
    system : PvSystem
    every : int
        Hours are worked out at every so many nodes along and across. Between them the yield
        over the yearly radiation is interpolated, and multiplied by each node's radiation.

    Returns
    -------
    Dataset (lat, lon)
        ``capacity_factor_ac`` and ``capacity_factor_dc``; NaN where the radiation is unknown.

    Raises
    ------
    DataError
        If `every` is below 1, or leaves fewer than two rows or columns.

    Notes
    -----
    Over Mongolia every second node differs from every node by 0.12 % (root mean square, half
    a degree between nodes). The surfaces of a build come from average days
    (:func:`geo.energy.solar.node_yield`), which take less time and differ by 0.3 %.
    """
    lon, lat = resource["lon"].to_numpy(), resource["lat"].to_numpy()
    if every < 1:
        raise DataError(f"every is {every}: give 1 for all nodes, 2 for every second one")
    # Centred, so that no node lies further out than half a step.
    x, y = (axis[(len(axis) - 1) % every // 2 :: every] for axis in (lon, lat))
    at = np.meshgrid(x, y)
    parts = [
        typical_year(resource, east, np.full(len(x), north), system)["capacity_factor_ac"]
        for east, north in zip(at[0], y, strict=True)
    ]
    yearly = np.stack([part.mean("time").to_numpy() for part in parts])
    light = resource["ghi_annual"].to_numpy()
    grown = yearly / resource["ghi_annual"].sel(lat=y, lon=x).to_numpy()
    wide, high = (axis.ravel() for axis in np.meshgrid(lon, lat))
    factor = bilinear(grown, x, y, wide, high).reshape(light.shape) * light
    dims = ("lat", "lon")
    return xr.Dataset(
        {
            "capacity_factor_ac": (dims, factor),
            "capacity_factor_dc": (dims, factor / system.dc_ac_ratio),
        },
        coords={"lat": lat, "lon": lon},
    )


def _offset(lon: Array, stated: float | None) -> float:
    if stated is None:
        return float(np.round(lon[0] / 15))
    if not -12 <= stated <= 14:
        raise DataError(f"utc_offset is {stated}: give the hours of the clock from UTC, -12 to 14")
    return float(stated)


def _year(here: xr.Dataset, system: PvSystem, offset: float, order: Array) -> dict[str, Array]:
    """All hours of the year at some points: (n, 8760)."""
    latitude = here["lat"].to_numpy()
    zenith, azimuth, extraterrestrial, solar_time = _sun(here["lon"].to_numpy(), latitude, offset)
    # Nights are dark at all of the points: only the other hours are worked out.
    lit = np.flatnonzero((zenith < 90).any(axis=0))
    zenith, azimuth, extraterrestrial = zenith[:, lit], azimuth[:, lit], extraterrestrial[lit]
    clear = clear_sky_hours(
        zenith, extraterrestrial, here["height"].to_numpy()[:, None],
        here["turbidity"].to_numpy()[MONTH_OF_HOUR[lit]].T,
    )  # fmt: skip
    share = _index_of_days(here["ghi"].to_numpy(), _day_sums(clear, lit), order)
    sky = Sky.split(clear * share[:, lit // 24], zenith, azimuth, extraterrestrial)
    tilt = _tilt(here, system)
    plane = plane_of(sky, latitude, tilt, system)
    air = here["temperature"].to_numpy()[MONTH_OF_HOUR].T
    air = air + diurnal_swing(solar_time, system.diurnal_range)
    power = output(plane, air[:, lit], system)
    light = {
        "ghi": sky.ghi, "dni": sky.dni, "dhi": sky.dhi, "poa": plane.total,
        "capacity_factor_ac": power, "capacity_factor_dc": power / system.dc_ac_ratio,
    }  # fmt: skip
    night = np.where(np.isnan(clear).any(axis=1), np.nan, 0.0)
    found = {name: _with_nights(values, lit, night) for name, values in light.items()}
    return found | {"temperature": air, "tilt": tilt}


def _day_sums(hours: Array, lit: npt.NDArray[np.intp]) -> Array:
    """Sums of the 365 days, (n, 365), of hours that are not night."""
    first = np.searchsorted(lit // 24, np.arange(365))
    return np.asarray(np.add.reduceat(hours, first, axis=1))


def _with_nights(values: Array, lit: npt.NDArray[np.intp], night: Array) -> Array:
    whole = np.broadcast_to(night[:, None], (len(values), HOURS)).copy()
    whole[:, lit] = values
    return whole


def _tilt(here: xr.Dataset, system: PvSystem) -> Array:
    if system.mounting == "tracking":
        return np.full(here.sizes["point"], np.nan)
    if system.tilt is None:
        return best_tilt(here["lat"].to_numpy(), here, system)
    return np.full(here.sizes["point"], float(system.tilt))


def _sun(lon: Array, lat: Array, offset: float) -> tuple[Array, Array, Array, Array]:
    """Zenith and azimuth [degrees], radiation outside the air [W/m2], solar time [h]."""
    # pvlib takes a while to import.
    from pvlib import irradiance, solarposition

    day = np.arange(365).repeat(24) + 1.0
    clock = np.tile(np.arange(24) + 0.5, 365)
    correction = solarposition.equation_of_time_spencer71(day) / 60
    solar_time = (clock - offset + correction)[None, :] + lon[:, None] / 15
    angle = np.radians((solar_time - 12) * 15)
    # The azimuth wants the angle from noon within half a turn.
    angle = np.arctan2(np.sin(angle), np.cos(angle))
    declination = solarposition.declination_spencer71(day)[None, :]
    phi = np.radians(lat)[:, None]
    zenith = solarposition.solar_zenith_analytical(phi, angle, declination)
    azimuth = solarposition.solar_azimuth_analytical(phi, angle, declination, zenith)
    extraterrestrial = np.asarray(irradiance.get_extra_radiation(day))
    return np.degrees(zenith), np.degrees(azimuth), extraterrestrial, solar_time


def _index_of_days(daily: Array, clear_days: Array, order: Array) -> Array:
    """Clear-sky index of every day, (n, 365), from the months' radiation, (12, n)."""
    sums = np.stack([clear_days[:, month == MONTH_OF_DAY].sum(axis=1) for month in range(12)])
    # The month's radiation over the clear sky of its own days, not of its average day.
    mean = np.clip(daily * 1000 * DAYS_OF_MONTH[:, None] / sums, 0.1, BRIGHTEST_MONTH)
    found = np.empty(clear_days.shape)
    for days in np.unique(DAYS_OF_MONTH):
        months = np.flatnonzero(days == DAYS_OF_MONTH)
        for month, kinds in zip(months, day_classes(mean[months], int(days)), strict=True):
            at = np.flatnonzero(month == MONTH_OF_DAY)
            lost = 1 - kinds[:, np.argsort(np.argsort(order[at]))]
            # Clear days at the month's brighter end would lift the mean: what the days lack
            # to the clear sky is scaled, so that none is brighter.
            lacking = (lost * clear_days[:, at]).sum(axis=1) / sums[month]
            found[:, at] = 1 - lost * ((1 - mean[month]) / lacking)[:, None]
    return np.maximum(found, 0.0)


def _weather(seed: int, day_to_day: float) -> Array:
    """How clear each day is among its like: (365,), correlated from day to day."""
    noise = np.random.default_rng(seed).standard_normal(365)
    noise[1:] *= np.sqrt(1 - day_to_day**2)
    # All of scipy's statistics come with it.
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], [1.0, -day_to_day], noise))
