"""Costs: hand values, laws, published examples and refusals."""

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.energy.economics import (
    CostAssumptions,
    CostRange,
    capital_recovery_factor,
    cheapest,
    lcoe,
    lcoe_surface,
    real_rate,
)
from geo.errors import DataError

RATES = st.floats(0.001, 0.4)
YEARS = st.integers(1, 60)


def costs(technology: str = "wind", **changes: object) -> CostAssumptions:
    given_values: dict[str, object] = {
        "capital_cost": CostRange(1000, 1400, 1800),
        "fixed_operating_cost": CostRange(30, 40, 50),
        "variable_operating_cost": CostRange(0, 0, 0),
        "rate": CostRange(0.05, 0.08, 0.11),
        "years": 25,
        "basis": "real",
        "currency_year": 2024,
    }
    return CostAssumptions(technology, **(given_values | changes))  # type: ignore[arg-type]


@settings(deadline=None)
@given(RATES, YEARS)
def test_the_annuity_repays_the_loan(rate: float, years: int) -> None:
    paid = capital_recovery_factor(rate, years) / (1 + rate) ** np.arange(1, years + 1)
    assert paid.sum() == pytest.approx(1, rel=1e-9)


def test_a_vanishing_rate_tends_to_equal_parts() -> None:
    assert capital_recovery_factor(0.0, 25) == 0.04
    assert capital_recovery_factor(1e-9, 25) == pytest.approx(0.04, rel=1e-6)


def test_fixed_charge_rate_by_hand() -> None:
    # 2155 * 0.095 / 3.345 = 61.2, and 34 / 3.345 = 10.2: 71 USD/MWh.
    cost = lcoe(
        2155.0,
        3.345,
        fixed_operating_cost=34.0,
        variable_operating_cost=0.0,
        fixed_charge_rate=0.095,
    )
    assert round(cost) == 71


def test_lcoe_by_hand() -> None:
    # 1000 a year for 10 years at 10 %: 1000 * 0.162745; plus 50, over 500, plus 3.
    cost = lcoe(
        1000.0, 500.0, fixed_operating_cost=50.0, variable_operating_cost=3.0, rate=0.1, years=10
    )
    assert cost == pytest.approx((162.745 + 50) / 500 + 3, abs=1e-6)
    assert isinstance(cost, float)


@settings(deadline=None)
@given(RATES, RATES, YEARS)
def test_lcoe_rises_with_the_rate(one: float, other: float, years: int) -> None:
    low, high = sorted((one, other))
    found = [
        lcoe(1e6, 3e3, fixed_operating_cost=1e4, variable_operating_cost=1, rate=r, years=years)
        for r in (low, high)
    ]
    assert found[0] <= found[1] * (1 + 1e-12)


def test_lcoe_keeps_arrays_and_what_is_unknown_in_them() -> None:
    found = lcoe(
        np.array([100.0, 100.0, 100.0]),
        np.array([10.0, 0.0, np.nan]),
        fixed_operating_cost=0,
        variable_operating_cost=0,
        fixed_charge_rate=0.1,
    )
    np.testing.assert_array_equal(found, [1.0, np.inf, np.nan])


def test_degradation_lowers_the_yield_and_raises_the_cost() -> None:
    factor = costs(degradation=0.005).yield_factor("central")
    year = np.arange(1, 26)
    expected = np.average(0.995 ** (year - 1), weights=1.08**-year)
    assert factor == pytest.approx(expected, rel=1e-12)
    sun = xr.DataArray([0.2])
    assert lcoe_surface(sun, costs(degradation=0.005)).item() > lcoe_surface(sun, costs()).item()


def test_a_surface_says_what_money_it_is_in_and_keeps_the_unknown() -> None:
    factor = xr.DataArray([[0.4, np.nan]], dims=("y", "x"), attrs={"grid_mapping": "spatial_ref"})
    found = lcoe_surface(factor, costs(), case="central")
    by_hand = (1400 * capital_recovery_factor(0.08, 25) + 40) / (0.4 * 8.76)
    assert found.values[0, 0] == pytest.approx(by_hand, rel=1e-12)
    assert np.isnan(found.values[0, 1])
    assert found.attrs["rate_basis"] == "real"
    assert found.attrs["units"] == "USD/MWh"
    assert found.attrs["grid_mapping"] == "spatial_ref"


def test_low_central_and_high_rise() -> None:
    factor = xr.DataArray([0.3])
    low, central, high = (
        lcoe_surface(factor, costs(), case=case).item() for case in ("low", "central", "high")
    )
    assert low < central < high


def test_the_cheapest_is_the_least_of_what_is_known_and_names_it() -> None:
    nan = np.nan
    solar = xr.DataArray([40.0, 50.0, nan, 30.0, nan])
    wind = xr.DataArray([40.0, 45.0, 60.0, nan, nan])
    least, which = cheapest(solar, wind)
    np.testing.assert_array_equal(least, [40.0, 45.0, 60.0, 30.0, nan])
    np.testing.assert_array_equal(which, [1, 2, 2, 1, 0])
    assert which.attrs["flag_meanings"] == "unknown solar wind"


def test_real_and_nominal_costs_are_not_compared() -> None:
    factor = xr.DataArray([0.3])
    real, nominal = (lcoe_surface(factor, costs(basis=b)) for b in ("real", "nominal"))
    with pytest.raises(DataError, match="rate_basis is real for solar and nominal for wind"):
        cheapest(real, nominal)


def test_fisher_takes_inflation_out_of_a_nominal_rate() -> None:
    assert (1 + real_rate(0.11, 0.025)) * 1.025 == pytest.approx(1.11)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: capital_recovery_factor(8, 20), r"rate is 8, that is 800% .* did you mean 0.08\?"),
        (lambda: capital_recovery_factor(-0.01, 20), "share a year of 0 or more"),
        (lambda: capital_recovery_factor(float("nan"), 20), "share a year of 0 or more"),
        (lambda: capital_recovery_factor(0.08, 0), "lifetime is 0 years"),
        (lambda: CostRange(3, 2, 1), "does not rise"),
        (lambda: CostRange(-1, 2, 3), "does not rise"),
        (lambda: costs(rate=CostRange(5, 8, 11)), r"did you mean 0.11\?"),
        (lambda: costs(basis="both"), "say 'real' or 'nominal'"),
        (lambda: costs(degradation=0.5), r"did you mean 0.005\?"),
        (lambda: costs(years=0), "above 0"),
        (lambda: costs("tidal"), "neither 'solar' nor 'wind'"),
        (lambda: lcoe_surface(xr.DataArray([35.0]), costs()), "capacity factor is 35"),
        (lambda: lcoe_surface(xr.DataArray([0.3]), costs(), case="mid"), "case 'mid'"),  # type: ignore[arg-type]
        (lambda: cheapest(xr.DataArray([1.0]), xr.DataArray([1.0, 2.0])), "one grid"),
        (lambda: real_rate(0.11, 2.5), r"did you mean 0.025\?"),
    ],
)
def test_costs_refuse_and_say_what_to_do(call: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capital_cost": -1.0}, "capital cost has -1"),
        ({"annual_energy": -5.0}, "annual energy has -5"),
        ({"fixed_operating_cost": -1.0}, "fixed operating cost has -1"),
        ({"variable_operating_cost": -1.0}, "variable operating cost has -1"),
        ({"rate": None}, "give rate and years, or fixed_charge_rate"),
        ({"fixed_charge_rate": 0.1}, "one of the two"),
        ({"rate": None, "years": None, "fixed_charge_rate": 9.5}, r"did you mean 0.095\?"),
    ],
)
def test_lcoe_refuses_negative_money_and_doubtful_rates(
    changes: dict[str, object], message: str
) -> None:
    call: dict[str, object] = {
        "capital_cost": 1.0,
        "annual_energy": 1.0,
        "fixed_operating_cost": 0.0,
        "variable_operating_cost": 0.0,
        "rate": 0.08,
        "years": 20,
    }
    with pytest.raises(DataError, match=message):
        lcoe(**(call | changes))  # type: ignore[arg-type,type-var]


def test_costs_import_without_the_solar_library() -> None:
    script = "import sys, geo.energy.economics; sys.exit('pvlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
