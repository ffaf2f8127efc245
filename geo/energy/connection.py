"""What a plant's way to the grid and to the road adds to the cost of its power.

A line or a road is paid by the kilometre; a kilometre through hills costs a multiple of one on
flat ground. Both are spread over the energy that the plant sends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.energy.economics import HOURS_PER_YEAR
from geo.errors import DataError

__all__ = ["Connection", "connection_cost", "terrain_factor"]

Numbers = TypeVar("Numbers", float, npt.NDArray[np.float64], xr.DataArray)


@dataclass(frozen=True)
class Connection:
    """A line or a road from a plant to what exists.

    Parameters
    ----------
    cost_per_km : float [money/km]
        On flat ground.
    capacity : float [MW]
        Of the plant that pays for it.
    fixed_cost : float [money]
        Whatever the length: a substation, a junction.
    operating_per_km : float [money/km/year]

    Raises
    ------
    DataError
        If a cost is negative or the capacity not above 0.
    """

    cost_per_km: float
    capacity: float
    fixed_cost: float = 0.0
    operating_per_km: float = 0.0

    def __post_init__(self) -> None:
        costs = (self.cost_per_km, self.fixed_cost, self.operating_per_km)
        if not all(np.isfinite(cost) and cost >= 0 for cost in costs):
            raise DataError(f"a connection costs {min(costs):g}: give finite costs of 0 or more")
        if not (np.isfinite(self.capacity) and self.capacity > 0):
            raise DataError(f"the plant has {self.capacity:g} MW: give a capacity above 0")


def connection_cost(
    distance: Numbers, capacity_factor: Numbers, connection: Connection, *, charge_rate: float
) -> Numbers:
    """Cost that a connection adds to every unit of energy.

    Parameters
    ----------
    distance : float or array [km]
        Length, or length times the terrain factor; NaN is unknown and stays so.
    capacity_factor : float or array
        Of the plant, 0 to 1.
    connection : Connection
    charge_rate : float [1/year]
        Yearly charge on capital: a capital recovery factor or a fixed charge rate.

    Returns
    -------
    float or array [money/MWh]
        ``(distance * (cost * charge + operating) + fixed * charge) / (capacity * cf * 8760)``.

    Raises
    ------
    DataError
        If a distance is negative or the charge is not a share above 0.

    References
    ----------
    World Bank/ESMAP, Renewable Energy Zoning Tool (REZoning), cost of transmission and of roads.
    https://rezoning.energydata.info

    Examples
    --------
    20 km of 110 kV at 120,000 USD/km for 50 MW at a third of its capacity:

    >>> line = Connection(120_000.0, 50.0)
    >>> round(connection_cost(20.0, 1 / 3, line, charge_rate=0.1), 3)
    1.644
    """
    if np.any(np.asarray(distance) < 0):
        raise DataError(
            f"a distance is {float(np.nanmin(np.asarray(distance))):g} km: give 0 or more"
        )
    if not 0 < charge_rate < 1:
        raise DataError(
            f"the charge rate is {charge_rate:g}: give a share a year above 0 and below 1"
        )
    yearly = distance * (connection.cost_per_km * charge_rate + connection.operating_per_km)
    yearly = yearly + connection.fixed_cost * charge_rate
    energy = capacity_factor * (connection.capacity * HOURS_PER_YEAR)
    with np.errstate(divide="ignore", invalid="ignore"):
        return yearly / energy


def terrain_factor(
    slope: xr.DataArray, steps: Sequence[tuple[float, float]], *, beyond: float
) -> xr.DataArray:
    """How much dearer a kilometre is than on flat ground.

    Parameters
    ----------
    slope : DataArray [%]
    steps : sequence of (float, float)
        Rising slopes [%] with the factor up to and with each.
    beyond : float
        Factor on steeper ground.

    Returns
    -------
    DataArray
        NaN where the slope is unknown.

    Raises
    ------
    DataError
        If the slopes do not rise, or a factor is not above 0.

    Examples
    --------
    Black and Veatch for WECC (2014): flat to 2 %, rolling to 8 %, mountain beyond.

    >>> terrain_factor(xr.DataArray([1.0, 5.0, 12.0]), [(2, 1.0), (8, 1.4)], beyond=1.75).values
    array([1.  , 1.4 , 1.75])
    """
    limits = [limit for limit, _ in steps]
    factors = np.array([*(factor for _, factor in steps), beyond])
    if sorted(set(limits)) != limits or not (factors > 0).all():
        raise DataError(
            f"the steps {list(steps)} with {beyond:g} beyond are no terrain: "
            "give rising slopes and factors above 0"
        )
    found = factors[np.searchsorted(limits, slope.values, side="left")]
    return slope.copy(data=np.where(np.isnan(slope.values), np.nan, found))
