"""Cost of power: annuity, levelised cost, and the cheaper of two technologies.

The functions take rates as they are: a real rate gives a cost in money of the
base year, a nominal one in money of each year. :class:`CostAssumptions` makes
the choice explicit, and costs of different bases are never compared.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.errors import DataError

__all__ = [
    "Case",
    "CostAssumptions",
    "CostRange",
    "capital_recovery_factor",
    "cheapest",
    "lcoe",
    "lcoe_surface",
    "real_rate",
]

Case = Literal["low", "central", "high"]
Basis = Literal["real", "nominal"]
Numbers = TypeVar("Numbers", float, npt.NDArray[np.float64], xr.DataArray)

HOURS_PER_YEAR = 8760.0
TECHNOLOGIES = ("unknown", "solar", "wind")


def capital_recovery_factor(rate: float, years: float) -> float:
    """Share of a loan paid each year so that it is gone after its last payment.

    Parameters
    ----------
    rate : float
        Interest or discount rate a year, as a share: 0.08 for 8 %; 0 is allowed.
    years : float
        Number of yearly payments, above 0.

    Returns
    -------
    float
        ``rate / (1 - (1 + rate)**-years)`` [1/year]; ``1 / years`` at rate 0.

    Raises
    ------
    DataError
        If the rate is negative, 1 or more (a percentage?), or the years are not above 0.

    References
    ----------
    Short, Packey and Holt (1995), A Manual for the Economic Evaluation of Energy
    Efficiency and Renewable Energy Technologies, NREL/TP-462-5173, section 2.

    Examples
    --------
    >>> round(capital_recovery_factor(0.07, 20), 5)
    0.09439
    >>> capital_recovery_factor(0.0, 25)
    0.04
    """
    check_rate(rate, "the rate")
    if not (math.isfinite(years) and years > 0):
        raise DataError(f"the lifetime is {years} years: give a number above 0")
    if rate == 0:
        return 1.0 / years
    return rate / -math.expm1(-years * math.log1p(rate))


def real_rate(nominal: float, inflation: float) -> float:
    """Real rate of a nominal one, after Fisher.

    Parameters
    ----------
    nominal, inflation : float
        Shares a year.

    Returns
    -------
    float
        ``(1 + nominal) / (1 + inflation) - 1``.

    Raises
    ------
    DataError
        If the nominal rate is no share, or inflation is not in (-0.5, 1).

    Examples
    --------
    >>> round(real_rate(0.11, 0.025), 4)
    0.0829
    """
    check_rate(nominal, "the nominal rate")
    if not -0.5 < inflation < 1:
        raise DataError(
            f"inflation is {inflation}: give a share a year; did you mean {inflation / 100:g}?"
        )
    return (1 + nominal) / (1 + inflation) - 1


def lcoe(
    capital_cost: Numbers,
    annual_energy: Numbers,
    *,
    fixed_operating_cost: float,
    variable_operating_cost: float,
    rate: float | None = None,
    years: float | None = None,
    fixed_charge_rate: float | None = None,
) -> Numbers:
    """Levelised cost of energy by annuity.

    Parameters
    ----------
    capital_cost : float or array [money]
        Paid before the first year.
    annual_energy : float or array [MWh/year]
        Net energy of a mean year of the lifetime. NaN is unknown and stays so; 0 gives
        an infinite cost.
    fixed_operating_cost : float [money/year]
    variable_operating_cost : float [money/MWh]
    rate, years : float, optional
        Discount rate a year as a share, and lifetime [years]: together they give the
        capital recovery factor.
    fixed_charge_rate : float, optional
        Yearly revenue per capital [1/year], in place of `rate` and `years`.

    Returns
    -------
    float or array [money/MWh]
        Real or nominal as the rate is.

    Raises
    ------
    DataError
        If a cost or the energy is negative, a rate looks like a percentage, or not
        exactly one of the two ways to charge the capital is given.

    References
    ----------
    Short, Packey and Holt (1995), NREL/TP-462-5173, section 4.

    Examples
    --------
    A plant of 1 kW that costs 1501 USD, with 3.775 MWh a year:

    >>> lcoe(1501.0, 3.775, fixed_operating_cost=40, variable_operating_cost=0,
    ...      fixed_charge_rate=0.0588)
    33.97...
    """
    charge = _charge_rate(rate, years, fixed_charge_rate)
    _check_not_negative(capital_cost, "the capital cost")
    _check_not_negative(annual_energy, "the annual energy")
    _check_not_negative(fixed_operating_cost, "the fixed operating cost")
    _check_not_negative(variable_operating_cost, "the variable operating cost")
    yearly = capital_cost * charge + fixed_operating_cost
    with np.errstate(divide="ignore", invalid="ignore"):
        cost: Any = np.divide(yearly, annual_energy) + variable_operating_cost
    result: Numbers = cost.item() if np.ndim(cost) == 0 and np.isscalar(annual_energy) else cost
    return result


@dataclass(frozen=True)
class CostRange:
    """A cost or rate with its range.

    Parameters
    ----------
    low, central, high : float
        Rising; the low one is the cheap case.

    Raises
    ------
    DataError
        If a value is negative or they do not rise.

    Examples
    --------
    >>> CostRange(700, 900, 1100).central
    900
    """

    low: float
    central: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.central <= self.high < math.inf:
            raise DataError(
                f"the range {self.low}, {self.central}, {self.high} does not rise from 0 on: "
                "give low <= central <= high"
            )


@dataclass(frozen=True)
class CostAssumptions:
    """What one technology costs, where that is from, and in what money.

    Parameters
    ----------
    technology : str
        ``"solar"`` or ``"wind"``.
    capital_cost : CostRange [USD/kW]
        Per kW of the same rating as the capacity factor (AC for sun).
    fixed_operating_cost : CostRange [USD/kW/year]
    variable_operating_cost : CostRange [USD/MWh]
    rate : CostRange [1/year]
        Weighted cost of capital, as a share.
    years : int
        Book life [years].
    basis : {"real", "nominal"}
        Of the rate, and so of the result.
    currency_year : int
        Year whose money the costs are in.
    degradation : float
        Share of the yield lost each year.
    sources : mapping of str to str
        Where each value is from.

    Raises
    ------
    DataError
        If a value cannot be right; a percentage in place of a share is asked about.

    Examples
    --------
    >>> sun = CostAssumptions(
    ...     "solar", CostRange(700, 900, 1100), CostRange(10, 14, 20), CostRange(0, 0, 0),
    ...     CostRange(0.05, 0.08, 0.10), 25, "real", 2024, degradation=0.005)
    >>> round(sun.yield_factor("central"), 3)
    0.96
    """

    technology: str
    capital_cost: CostRange
    fixed_operating_cost: CostRange
    variable_operating_cost: CostRange
    rate: CostRange
    years: int
    basis: Basis
    currency_year: int
    degradation: float = 0.0
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.technology not in TECHNOLOGIES[1:]:
            raise DataError(f"technology {self.technology!r} is neither 'solar' nor 'wind'")
        if self.basis not in ("real", "nominal"):
            raise DataError(f"the basis is {self.basis!r}: say 'real' or 'nominal'")
        check_rate(self.rate.high, f"the rate of {self.technology}")
        if not 0 <= self.degradation < 0.1:
            raise DataError(
                f"degradation is {self.degradation} a year: give a share below 0.1; "
                f"did you mean {self.degradation / 100:g}?"
            )
        if not self.years > 0:
            raise DataError(f"the book life is {self.years} years: give a number above 0")

    def yield_factor(self, case: Case) -> float:
        """Mean yield of the lifetime over the first year's, discounted.

        Parameters
        ----------
        case : {"low", "central", "high"}
            Whose rate discounts.

        Returns
        -------
        float
            1 without degradation, else below 1.
        """
        year = np.arange(1, self.years + 1)
        weight = (1 + getattr(self.rate, case)) ** -year.astype(np.float64)
        return float(np.sum(weight * (1 - self.degradation) ** (year - 1)) / np.sum(weight))


def lcoe_surface(
    capacity_factor: xr.DataArray, costs: CostAssumptions, *, case: Case = "central"
) -> xr.DataArray:
    """Levelised cost of power in every cell.

    Parameters
    ----------
    capacity_factor : DataArray
        Net first-year yield as a share of the rated one, in [0, 1]; NaN is unknown.
    costs : CostAssumptions
    case : {"low", "central", "high"}
        Which end of the costs; the yield is as given.

    Returns
    -------
    DataArray [USD/MWh]
        NaN where the yield is unknown, infinite where it is 0. Attributes state the
        technology, basis, currency year and case.

    Raises
    ------
    DataError
        If a capacity factor is outside [0, 1] or the case is unknown.

    Examples
    --------
    >>> wind = CostAssumptions(
    ...     "wind", CostRange(1200, 1400, 1800), CostRange(30, 40, 50), CostRange(0, 0, 0),
    ...     CostRange(0.05, 0.08, 0.10), 25, "real", 2024)
    >>> cost = lcoe_surface(xr.DataArray([0.35, 0.45]), wind)
    >>> cost.round(1).values.tolist()
    [55.8, 43.4]
    """
    if case not in ("low", "central", "high"):
        raise DataError(f"case {case!r} is unknown: choose 'low', 'central' or 'high'")
    _check_share(capacity_factor)
    energy = capacity_factor.astype(np.float64) * (HOURS_PER_YEAR / 1000 * costs.yield_factor(case))
    cost = lcoe(
        xr.full_like(energy, getattr(costs.capital_cost, case)),
        energy,
        fixed_operating_cost=getattr(costs.fixed_operating_cost, case),
        variable_operating_cost=getattr(costs.variable_operating_cost, case),
        rate=getattr(costs.rate, case),
        years=costs.years,
    ).rename("lcoe")
    cost.attrs = _cost_attributes(capacity_factor, costs, case)
    return cost


def cheapest(solar: xr.DataArray, wind: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Cost of the cheaper technology in every cell, and which one it is.

    Parameters
    ----------
    solar, wind : DataArray [USD/MWh]
        As :func:`lcoe_surface` gives them, on one grid; NaN is unknown.

    Returns
    -------
    lcoe : DataArray [USD/MWh]
        The least of what is known; NaN only where both are unknown.
    technology : DataArray of uint8
        0 unknown, 1 solar, 2 wind, as CF ``flag_values`` and ``flag_meanings``. Solar
        where both cost the same.

    Raises
    ------
    DataError
        If shapes differ, or one cost is real and the other nominal, or their money is
        of different years.

    Examples
    --------
    >>> least, which = cheapest(xr.DataArray([40.0, 40.0, np.nan]),
    ...                         xr.DataArray([30.0, np.nan, np.nan]))
    >>> least.values.tolist(), which.values.tolist()
    ([30.0, 40.0, nan], [2, 1, 0])
    """
    if solar.shape != wind.shape:
        raise DataError(f"solar has shape {solar.shape}, wind {wind.shape}: give one grid")
    for key in ("rate_basis", "currency_year", "case"):
        one, other = solar.attrs.get(key), wind.attrs.get(key)
        if one != other:
            raise DataError(f"{key} is {one} for solar and {other} for wind: use one for both")
    sun, air = np.asarray(solar.values), np.asarray(wind.values)
    least = np.fmin(sun, air)
    which = np.where(np.isnan(least), 0, np.where(np.isnan(air) | (sun <= air), 1, 2))
    cost = solar.copy(data=least).rename("lcoe")
    cost.attrs |= {"long_name": "Levelised cost of the cheapest known clean power"}
    cost.attrs.pop("technology", None)
    flags = {
        "long_name": "Technology of the cheapest known clean power",
        "flag_values": np.arange(3, dtype=np.uint8),
        "flag_meanings": " ".join(TECHNOLOGIES),
    }
    kept = {k: v for k, v in solar.attrs.items() if k == "grid_mapping"}
    technology = solar.copy(data=which.astype(np.uint8)).rename("technology")
    technology.attrs = {**kept, **flags}
    return cost, technology


def _cost_attributes(
    capacity_factor: xr.DataArray, costs: CostAssumptions, case: Case
) -> dict[str, object]:
    kept = {k: v for k, v in capacity_factor.attrs.items() if k == "grid_mapping"}
    return kept | {
        "long_name": f"Levelised cost of {costs.technology} power",
        "units": "USD/MWh",
        "technology": costs.technology,
        "rate_basis": costs.basis,
        "currency_year": costs.currency_year,
        "case": case,
    }


def _charge_rate(rate: float | None, years: float | None, fixed: float | None) -> float:
    if fixed is not None:
        if rate is not None or years is not None:
            raise DataError("fixed_charge_rate was given with rate or years: give one of the two")
        return check_rate(fixed, "the fixed charge rate")
    if rate is None or years is None:
        raise DataError("the capital has no charge: give rate and years, or fixed_charge_rate")
    return capital_recovery_factor(rate, years)


def check_rate(rate: float, what: str) -> float:
    if math.isfinite(rate) and 0 <= rate < 1:
        return rate
    if rate >= 1:
        raise DataError(
            f"{what} is {rate:g}, that is {rate:.0%} a year: "
            f"write a share; did you mean {rate / 100:g}?"
        )
    raise DataError(f"{what} is {rate}: give a share a year of 0 or more")


def _check_not_negative(values: npt.ArrayLike | xr.DataArray, what: str) -> None:
    numbers = np.asarray(values, dtype=np.float64)
    if np.any(numbers < 0) or np.any(np.isinf(numbers)):
        worst = float(np.nanmin(numbers))
        raise DataError(f"{what} has {worst:g}: give finite numbers of 0 or more")


def _check_share(values: xr.DataArray) -> None:
    numbers = np.asarray(values.values, dtype=np.float64)
    wrong = (numbers < 0) | (numbers > 1)
    if wrong.any():
        found = float(numbers[wrong].flat[0])
        raise DataError(
            f"a capacity factor is {found:g}: it is a share of the rated yield, from 0 to 1; "
            "divide percent by 100"
        )
