"""Yearly output of several wind farms together, with an interval for one year or many."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from geo.energy.fields import raster_at
from geo.energy.wind import Turbine, WindLosses
from geo.energy.windfield import SpeedModel, net_yield
from geo.errors import EmptyLayerError

__all__ = ["YEAR_TO_YEAR", "FleetOutput", "fleet_output", "fleet_table"]

#: Standard deviation of a year's mean wind speed about the long mean: what the industry takes
#: (Pryor, Shepherd and Barthelmie 2018, https://doi.org/10.5194/wes-3-651-2018, who find less
#: over the eastern United States).
YEAR_TO_YEAR = 0.06

Z80 = 1.2815515655446004


@dataclass(frozen=True)
class FleetOutput:
    """What a fleet gives a year, and how far years may lie from it.

    Parameters
    ----------
    central : float [GWh]
    lasting_sd : float [GWh]
        Of the long mean: errors that every year shares.
    year_sd : float [GWh]
        Of one year about the long mean.

    Examples
    --------
    >>> fleet = FleetOutput(500.0, 40.0, 30.0)
    >>> [round(one) for one in fleet.interval()], [round(one) for one in fleet.interval(7)]
    ([436, 564], [403, 597])
    """

    central: float
    lasting_sd: float
    year_sd: float

    def interval(self, years: int = 1, chance: float = 0.8) -> tuple[float, float]:
        """Bounds within which all of some years lie with a chance.

        Parameters
        ----------
        years : int
            Independent of one another about the long mean.
        chance : float

        Returns
        -------
        low, high : float [GWh]
        """

        def inside(reach: float) -> float:
            def at(lasting: float) -> float:
                shift = lasting * self.lasting_sd
                one = scipy.special.ndtr((reach - shift) / self.year_sd)
                one -= scipy.special.ndtr((-reach - shift) / self.year_sd)
                return float(one**years * math.exp(-(lasting**2) / 2) / math.sqrt(2 * math.pi))

            return float(scipy.integrate.quad(at, -8, 8, points=(0.0,))[0])

        widest = 20 * (self.lasting_sd + self.year_sd)
        reach = float(scipy.optimize.brentq(lambda one: inside(one) - chance, 0, widest))
        return max(self.central - reach, 0.0), self.central + reach


def fleet_output(
    model: SpeedModel,
    farms: pd.DataFrame,
    turbines: Mapping[str, Turbine],
    relief: xr.DataArray,
    temperature: xr.DataArray,
    losses: WindLosses | None = None,
    *,
    year_to_year: float = YEAR_TO_YEAR,
) -> FleetOutput:
    """Sum the farms of a fleet, each with the wind of its own place.

    Parameters
    ----------
    model : SpeedModel
        Fitted to the farms' designs and masts. What they gave must not be among the points
        where this output is held against it.
    farms : DataFrame
        ``name``, ``lon``, ``lat`` [degrees], ``capacity_mw`` [MW].
    turbines : mapping of str to Turbine
        By the farm's name.
    relief, temperature : DataArray [m], [degC]
    losses : WindLosses, optional
    year_to_year : float
        Relative standard deviation of a year's wind speed; one wind blows on all farms.

    Returns
    -------
    FleetOutput

    Raises
    ------
    EmptyLayerError
        If there is no farm, or the wind at one is unknown.

    Notes
    -----
    The errors of the farms' speeds are independent; those of losses and power curves are
    shared. A farm stands at its own point: the difference between a chosen site and the
    land around is left out.
    """
    lost = losses or WindLosses()
    if farms.empty:
        raise EmptyLayerError("the fleet has no farm: give at least one")
    own = replace(model, terrain_sd=0.0)
    central, of_speed, of_year = (np.empty(len(farms)) for _ in range(3))
    for place, farm in enumerate(farms.to_dict("records")):
        lon, lat = np.array([float(farm["lon"])]), np.array([float(farm["lat"])])
        log_speed, sd = own.at(lon, lat)
        if not np.isfinite(log_speed[0]):
            raise EmptyLayerError(f"the wind at {farm['name']} is unknown: give a point near it")
        machine = replace(turbines[str(farm["name"])], hub_height=model.height)
        site = raster_at(relief, lon, lat), raster_at(temperature, lon, lat), machine
        bare = replace(lost, sd=0.0)
        energy = float(farm["capacity_mw"]) * 8.766
        value, low, high = net_yield(np.exp(log_speed), sd, *site, bare)
        central[place] = energy * value[0]
        of_speed[place] = energy * (high - low)[0] / 2 / Z80
        _, low, high = net_yield(np.exp(log_speed), [year_to_year], *site, bare)
        of_year[place] = energy * (high - low)[0] / 2 / Z80
    total = float(central.sum())
    lasting = math.hypot(float(np.sqrt((of_speed**2).sum())), total * lost.sd)
    return FleetOutput(total, lasting, float(of_year.sum()))


def fleet_table(found: FleetOutput, published: pd.DataFrame) -> pd.DataFrame:
    """Set what a fleet gave in each year beside what the sum of its farms says.

    Parameters
    ----------
    found : FleetOutput
    published : DataFrame
        ``year`` and ``yield_gwh_yr`` [GWh].

    Returns
    -------
    DataFrame
        ``year``, ``published``, ``ours`` [GWh], ``error_percent``, ``inside`` (the 80 %
        interval of one year) and ``inside_all`` (that in which all the years lie with 80 %).

    Examples
    --------
    >>> years = pd.DataFrame({"year": ["2021", "2022"], "yield_gwh_yr": [575.0, 510.0]})
    >>> table = fleet_table(FleetOutput(500.0, 40.0, 30.0), years)
    >>> table[["inside", "inside_all"]].values.tolist()
    [[False, True], [True, True]]
    """
    given = published["yield_gwh_yr"].to_numpy(dtype=np.float64)
    one, every = found.interval(), found.interval(len(given))
    return pd.DataFrame(
        {
            "year": published["year"].to_numpy(),
            "published": given,
            "ours": round(found.central),
            "error_percent": (100 * (found.central / given - 1)).round(1),
            "inside": (given >= one[0]) & (given <= one[1]),
            "inside_all": (given >= every[0]) & (given <= every[1]),
        }
    )
