"""Atlases in fine cells, in the place of coarse layers: yearly radiation, mean wind speed.

An atlas says how much; what it does not say (the months, the kinds of days, the air) stays
with the coarse layers.
"""

import math

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.energy.fields import raster_at
from geo.energy.interpolation import Covariance
from geo.energy.pv import PvSystem
from geo.energy.solar import node_yield
from geo.energy.sun import BRIGHTEST_MONTH
from geo.energy.wind import hub_height_speed
from geo.errors import DataError, EmptyLayerError
from geo.grid import as_dataarray

__all__ = [
    "ATLAS_COVARIANCE", "atlas_points", "atlas_speed", "check_speed", "check_year",
    "elasticity", "on_atlas",
]  # fmt: skip

Array = npt.NDArray[np.float64]

#: Of the correction towards an atlas that is known everywhere: it follows the atlas's own
#: values at the nodes, so no covariance has to be chosen.
ATLAS_COVARIANCE = Covariance(0.04, 400.0, 0.0002)
_STEP = 0.02

_LEAST_YEAR, _MOST_YEAR = 300.0, 3500.0
_FASTEST = 25.0


def check_year(radiation: xr.DataArray, name: str) -> None:
    """Refuse a layer that holds no yearly radiation.

    Parameters
    ----------
    radiation : DataArray [kWh/m2/yr]
    name : str
        Of the file, for the message.

    Raises
    ------
    DataError
        If its values are those of a day, a month or another unit.
    EmptyLayerError
        If nothing is known.

    Examples
    --------
    >>> check_year(xr.DataArray([[4.4, 4.6]]), "GHI.tif")
    Traceback (most recent call last):
    geo.errors.DataError: GHI.tif: runs from 4.4 to 4.6, not from 300 to 3500 kWh/m2 a year: ...
    """
    least, most = _ends(radiation, name)
    if least >= _LEAST_YEAR and most <= _MOST_YEAR:
        return
    meant = "give yearly totals of the horizontal"
    if most <= 12:
        meant = "these are means of a day; take the yearly totals, or multiply by 365.25"
    raise DataError(
        f"{name}: runs from {least:g} to {most:g}, not from {_LEAST_YEAR:g} to {_MOST_YEAR:g} "
        f"kWh/m2 a year: {meant}"
    )


def check_speed(speed: xr.DataArray, name: str) -> None:
    """Refuse a layer that holds no mean wind speed.

    Parameters
    ----------
    speed : DataArray [m/s]
    name : str
        Of the file, for the message.

    Raises
    ------
    DataError
        If its values are no means [m/s], as those of a power density.
    EmptyLayerError
        If nothing is known.
    """
    least, most = _ends(speed, name)
    if least < 0 or most > _FASTEST:
        raise DataError(
            f"{name}: runs from {least:g} to {most:g}, not from 0 to {_FASTEST:g} m/s: take the "
            "mean wind speed, not the power density"
        )


def atlas_points(
    yearly: xr.DataArray, bounds: tuple[float, float, float, float], spacing: float = 0.5
) -> gpd.GeoDataFrame:
    """Values of a yearly atlas every half degree, as the points that correct the coarse layer.

    Parameters
    ----------
    yearly : (rows, columns) DataArray [kWh/m2/yr]
        In longitude and latitude.
    bounds : tuple of float
        West, south, east, north [degrees].
    spacing : float [degrees]

    Returns
    -------
    GeoDataFrame
        As :func:`geo.energy.solar.solar_resource` takes it; unknown places are left out.

    Raises
    ------
    EmptyLayerError
        If the atlas knows fewer than three of the places.
    """
    west, south, east, north = bounds
    x = (np.arange(math.floor(west / spacing), math.ceil(east / spacing)) + 0.5) * spacing
    y = (np.arange(math.floor(south / spacing), math.ceil(north / spacing)) + 0.5) * spacing
    lon, lat = (axis.ravel() for axis in np.meshgrid(x, y))
    value = raster_at(yearly, lon, lat)
    known = np.isfinite(value)
    if known.sum() < 3:
        raise EmptyLayerError(
            "the radiation atlas knows nothing in the region: give the tile that covers it"
        )
    return gpd.GeoDataFrame(
        {
            "quantity": "GHI",
            "value": value[known],
            "unit": "kWh/m2/yr",
            "kind": "atlas",
            "confidence": "high",
        },
        geometry=gpd.points_from_xy(lon[known], lat[known], crs=4326),
    )


def elasticity(resource: xr.Dataset, system: PvSystem) -> float:
    """By how many per cent a plant's yield grows with one per cent of radiation.

    Parameters
    ----------
    resource : Dataset
        As :func:`geo.energy.solar.solar_resource` gives it.
    system : PvSystem

    Returns
    -------
    float
        Median of the nodes. Over 1 on a tilted plane: more radiation is a clearer sky, with
        more of it direct.
    """

    def scaled(share: float) -> xr.DataArray:
        index = np.minimum(resource["clear_sky_index"] * share, BRIGHTEST_MONTH)
        return node_yield(resource.assign(clear_sky_index=index), system)["capacity_factor_ac"]

    ratio = scaled(1 + _STEP) / scaled(1 - _STEP)
    return float(np.log(ratio.median()) / math.log((1 + _STEP) / (1 - _STEP)))


def on_atlas(
    surface: xr.Dataset, yearly: xr.DataArray, atlas_sd: float, power: float
) -> xr.Dataset:
    """Bring a solar surface to the radiation that an atlas gives in each cell.

    Parameters
    ----------
    surface : Dataset (y, x)
        As :func:`geo.energy.solar.yield_surface` gives it, on the coarse layers.
    yearly : (y, x) DataArray [kWh/m2/yr]
        The atlas on the same grid.
    atlas_sd : float
        Relative standard deviation of the atlas.
    power : float
        Of the ratio of the atlas to the coarse radiation, with which the yield goes: its
        `elasticity`.

    Returns
    -------
    Dataset (y, x) of float32
        The same variables. Radiation is the atlas's. Where the atlas is unknown, all is.
    """
    ratio = yearly.to_numpy() / surface["ghi_annual"].to_numpy()
    factor = surface["capacity_factor_ac"] * ratio ** np.float32(power)
    coarse = surface["ghi_sd"] / surface["ghi_annual"]
    relative = surface["capacity_factor_sd"] / surface["capacity_factor_ac"]
    # What is left of the spread without the radiation is the plant's own.
    own = np.sqrt(np.maximum(relative**2 - coarse**2, 0) + np.float32(atlas_sd) ** 2)
    factor = np.minimum(factor, np.float32(1))
    found = {
        "capacity_factor_ac": factor,
        "capacity_factor_sd": factor * own,
        "ghi_annual": surface["ghi_annual"] * ratio,
        "ghi_sd": surface["ghi_annual"] * ratio * np.float32(atlas_sd),
    }
    result = xr.Dataset(
        {name: surface[name].copy(data=values.to_numpy()) for name, values in found.items()}
    )
    # What leaving places out found was of the coarse layers.
    kept = {name: said for name, said in result["ghi_annual"].attrs.items() if "loo_" not in name}
    result["ghi_annual"].attrs = kept | {"atlas_sd": atlas_sd}
    result.attrs = surface.attrs | {"source": "atlas", "atlas_sd": atlas_sd}
    return result


def atlas_speed(
    speed: xr.DataArray,
    grid: GeoBox,
    height: float,
    hub_height: float,
    *,
    relative_sd: float,
    shape: xr.DataArray | None = None,
    exponent: float = 1 / 7,
    exponent_sd: float = 0.05,
) -> xr.Dataset:
    """Wind speed at hub height out of an atlas on the grid.

    Parameters
    ----------
    speed : (y, x) DataArray [m/s]
        On the grid; NaN is unknown.
    grid : GeoBox
    height, hub_height : float [m]
        At which it holds, and of the hub.
    relative_sd : float
        Of the atlas itself.
    shape : (y, x) DataArray, optional
        Weibull shape on the grid.
    exponent, exponent_sd : float
        Of the power law between the heights, and its standard deviation.

    Returns
    -------
    Dataset (y, x) of float32
        ``speed`` and ``speed_sd`` [m/s], and ``shape`` where given, as
        :func:`geo.energy.windfield.yield_surface` takes them.
    """
    raised = hub_height_speed(speed.to_numpy(), height, hub_height, exponent=exponent)
    climb = abs(math.log(hub_height / height)) * exponent_sd
    fields = {
        "speed": (raised, "m/s", f"Mean wind speed at {hub_height:g} m"),
        "speed_sd": (
            raised * math.hypot(relative_sd, climb),
            "m/s",
            "Standard deviation of the mean wind speed",
        ),
    }
    if shape is not None:
        fields["shape"] = (shape.to_numpy(), "1", "Weibull shape of the wind speed")
    result = xr.Dataset(
        {
            name: as_dataarray(
                values.astype(np.float32), grid, name=name, unit=unit, long_name=title
            )
            for name, (values, unit, title) in fields.items()
        }
    )
    result.attrs = {"hub_height_m": hub_height, "atlas_height_m": height, "atlas_sd": relative_sd}
    result["speed"].attrs.update(atlas_sd=relative_sd, hub_height_m=hub_height)
    return result


def _ends(values: xr.DataArray, name: str) -> tuple[float, float]:
    found = values.to_numpy()
    if np.isnan(found).all():
        raise EmptyLayerError(f"{name}: every cell is unknown: restore it from its source")
    return float(np.nanmin(found)), float(np.nanmax(found))
