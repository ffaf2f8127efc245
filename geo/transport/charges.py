"""The list of what a way may be charged for, each with its rate, time and emissions.

Freight is linear in its rates: a way is so many tonne-kilometres of each railway, so many
gauge changes, so many hours at borders. Cost, range, time and CO2e all follow from the same
quantities, and a draw of the rates prices every way again without another look at the network.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.transport.products import Product, value_per_wet_tonne
from geo.transport.tariffs import HOURS_PER_YEAR, Rate, Tariffs

__all__ = ["Charge", "Charges"]

UNKNOWN = float("nan")


@dataclass(frozen=True)
class Charge:
    """One thing that is charged for.

    Attributes
    ----------
    name : str
    mode : str
        rail, road, sea, border, gauge-change, transfer or port: how a leg is called.
    rate : Rate
        [USD/t] of one unit: a kilometre of a haul, or an operation.
    by_km : bool
        Whether the unit is a kilometre.
    hours, kg : float
        Time [h] and CO2e [kg/t] of one unit; NaN is unknown.
    """

    name: str
    mode: str
    rate: Rate
    by_km: bool = False
    hours: float = UNKNOWN
    kg: float = UNKNOWN


@dataclass(frozen=True)
class Charges:
    """All charges of a network for one product.

    Attributes
    ----------
    items : tuple of Charge
    """

    items: tuple[Charge, ...]

    @classmethod
    def of(cls, tariffs: Tariffs, product: Product, countries: Collection[str] = ()) -> "Charges":
        """List the charges under some rates for a product.

        Parameters
        ----------
        tariffs : Tariffs
        product : Product
            Its form chooses the lift, its value prices the waiting at borders.
        countries : collection of str
            Those with railways, all of the tariffs' when missing.
        """
        return cls(tuple(_listed(tariffs, product, sorted(set(countries) or set(tariffs.rail)))))

    def position(self, name: str) -> int:
        """Place of a charge in the list; -1 where there is none."""
        return self._positions.get(name, -1)

    @cached_property
    def rates(self) -> npt.NDArray[np.float64]:
        """Low, central and high of every charge, (3, charges) [USD/t]."""
        return np.array([charge.rate.triple for charge in self.items]).T

    @cached_property
    def hours(self) -> npt.NDArray[np.float64]:
        """Time of one unit of every charge [h]."""
        return np.array([charge.hours for charge in self.items])

    @cached_property
    def kg(self) -> npt.NDArray[np.float64]:
        """Emissions of one unit of every charge [kg CO2e/t]."""
        return np.array([charge.kg for charge in self.items])

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {charge.name: k for k, charge in enumerate(self.items)}


def _listed(rates: Tariffs, product: Product, countries: list[str]) -> Iterator[Charge]:
    kg = {mode: rate.central for mode, rate in rates.emissions.items()}
    for country in countries:
        yield _haul(f"rail:{country}", "rail", rates.rail[country], rates.rail_speed, kg)
    for country in countries:
        if country in rates.rail_fixed:
            fixed = rates.rail_fixed[country]
            yield Charge(f"rail-fixed:{country}", "rail", fixed, hours=0.0, kg=0.0)
    yield _haul("road:paved", "road", rates.truck_paved, rates.road_speed, kg)
    yield _haul("road:unpaved", "road", rates.truck_unpaved, rates.road_speed, kg)
    yield Charge("sea-fixed", "sea", rates.sea_fixed, hours=0.0, kg=0.0)
    yield _haul("sea", "sea", rates.sea_km, rates.sea_speed, kg)
    yield Charge("gauge-change", "gauge-change", rates.gauge_change)
    yield Charge("transfer", "transfer", rates.lift(product.form))
    yield Charge("port", "port", rates.port)
    value = value_per_wet_tonne(product)
    # Without a price the waiting cannot be valued; the hours are still told.
    hourly = 0.0 if np.isnan(value) else value * rates.interest_rate / HOURS_PER_YEAR
    for mode, dwell in (("rail", rates.rail_dwell), ("road", rates.road_dwell)):
        yield Charge(f"border:{mode}", "border", dwell.scaled(hourly), hours=dwell.central)


def _haul(name: str, mode: str, rate: Rate, speed: float, kg: dict[str, float]) -> Charge:
    return Charge(name, mode, rate, True, 1.0 / speed, kg.get(mode, UNKNOWN))
