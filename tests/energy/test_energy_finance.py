"""Finance and connection: hand values, laws and refusals."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from geo.energy.connection import Connection, connection_cost, terrain_factor
from geo.energy.economics import CostRange, capital_recovery_factor, lcoe
from geo.energy.finance import (
    Project,
    appraise,
    construction_finance_factor,
    fixed_charge_rate,
    internal_rate,
    net_present_value,
    project_lcoe,
    terms_for_price,
    tornado,
    weighted_cost_of_capital,
)
from geo.errors import DataError


def project(**changes: object) -> Project:
    given_ = {
        "capital_cost": 1400.0,
        "annual_energy": 3.5,
        "fixed_operating_cost": 40.0,
        "variable_operating_cost": 2.0,
        "rate": 0.083,
        "years": 25,
        "degradation": 0.005,
    }
    return Project(**(given_ | changes))  # type: ignore[arg-type]


PROJECTS = st.builds(
    project,
    capital_cost=st.floats(500, 3000),
    annual_energy=st.floats(1, 5),
    rate=st.floats(0.01, 0.2),
    years=st.integers(5, 40),
    degradation=st.floats(0, 0.02),
    grant=st.floats(0, 0.5),
)


@given(PROJECTS)
def test_at_its_levelised_cost_a_project_is_worth_nothing(plant: Project) -> None:
    price = project_lcoe(plant)
    found = appraise(plant, price)
    assert found.npv == pytest.approx(0, abs=1e-7 * plant.capital_cost)
    if (price - plant.variable_operating_cost) * plant.energy[-1] > plant.fixed_operating_cost:
        assert found.irr == pytest.approx(plant.rate, abs=1e-7)
        assert 0 < found.payback < plant.years
    else:  # It ends at a loss each year: no single rate.
        assert math.isnan(found.irr)


@given(PROJECTS, st.floats(20, 200))
def test_every_needed_term_reaches_the_price(plant: Project, price: float) -> None:
    table = terms_for_price(plant, price).set_index("term")["needed"]
    for term in ("rate", "capital_cost", "annual_energy", "grant"):
        if not math.isnan(table[term]):
            changed = project(**{**plant.__dict__, term: table[term]})
            assert project_lcoe(changed) == pytest.approx(price, rel=1e-6)


def test_a_loan_has_no_part_in_the_terms_of_a_price() -> None:
    plain = Project(1400.0, 3.5, 40.0, 0.0, rate=0.083, years=25)
    lent = replace(plain, debt_share=0.7, debt_rate=0.05, debt_years=15)
    pd.testing.assert_frame_equal(terms_for_price(lent, 45.0), terms_for_price(plain, 45.0))


def test_a_price_below_running_costs_is_beyond_any_finance() -> None:
    needed = terms_for_price(project(), 5.0).set_index("term")["needed"]
    assert needed[["rate", "grant", "years", "capital_cost"]].isna().all()
    assert needed["annual_energy"] > 3.5


def test_debt_cover_by_hand() -> None:
    # 70 % of 1000 lent for 10 years at 6 %: 700 * 0.135868 = 95.107 a year, against 120 earned.
    plant = Project(1000, 2, 20, 0, rate=0.1, years=15, debt_share=0.7, debt_rate=0.06,
                    debt_years=10)  # fmt: skip
    found = appraise(plant, 70.0)
    assert found.dscr_min == found.dscr_mean == pytest.approx(120 / 95.1075757, rel=1e-7)
    assert found.payback == pytest.approx(1000 / 120)
    # All that is earned is worth 120 / CRF(0.1, 15) = 912.7, less than the 1000 spent.
    assert math.isnan(found.discounted_payback)
    patient = appraise(
        project(
            capital_cost=210.0,
            annual_energy=1.0,
            fixed_operating_cost=0.0,
            variable_operating_cost=0.0,
            rate=0.1,
            degradation=0.0,
        ),
        110.0,
    )
    # 100 and 90.91 in the first two years leave 19.09 of the third's 82.64.
    assert patient.discounted_payback == pytest.approx(2 + 19.0909 / 82.6446, rel=1e-4)
    worth = -1000 + 120 / capital_recovery_factor(0.1, 15)
    assert found.npv == pytest.approx(worth)
    assert found.equity_irr > found.irr > 0.06
    assert math.isnan(appraise(project(), 50.0).dscr_min)


def test_what_never_pays_back_has_no_return() -> None:
    found = appraise(project(), 1.0)
    assert math.isnan(found.irr)
    assert math.isnan(found.payback)
    assert math.isnan(internal_rate([-1, 3, -3]))


@given(st.floats(0.0, 0.5), st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_present_value_is_the_sum_of_the_flows_at_rate_zero(rate: float, flows) -> None:
    assert net_present_value(0.0, flows) == pytest.approx(sum(flows), abs=1e-9)
    by_hand = sum(flow / (1 + rate) ** year for year, flow in enumerate(flows))
    assert net_present_value(rate, flows) == pytest.approx(by_hand, abs=1e-9)


@given(st.floats(0.01, 0.3), st.integers(5, 40), st.floats(0, 0.5))
def test_tax_makes_capital_dearer_unless_all_is_written_off_at_once(
    rate: float, years: int, tax: float
) -> None:
    free = fixed_charge_rate(rate, years)
    slow = fixed_charge_rate(rate, years, tax_rate=tax, depreciation=[1 / years] * years)
    assert slow >= free * (1 - 1e-12)
    assert construction_finance_factor([0.5, 0.5], rate) > 1


def test_cost_of_capital_by_hand() -> None:
    assert weighted_cost_of_capital(0.6, 0.05, 0.12, tax_rate=0.25) == pytest.approx(0.0705)


def test_tornado_puts_the_widest_first_and_holds_the_others() -> None:
    ranges = {"rate": CostRange(0.05, 0.083, 0.102), "capital": CostRange(1300, 1400, 1450)}
    table = tornado(
        lambda v: project_lcoe(project(rate=v["rate"], capital_cost=v["capital"])), ranges
    )
    assert list(table["name"]) == ["rate", "capital"]
    assert table.loc[0, "cost_low"] == pytest.approx(project_lcoe(project(rate=0.05)))
    assert (table["cost_low"] < table["cost_high"]).all()


@given(st.floats(0, 500), st.floats(0, 500), st.floats(0.05, 0.6), st.floats(0.01, 0.3))
def test_a_connection_costs_more_the_farther_and_the_dearer_its_money(
    one: float, other: float, factor: float, charge: float
) -> None:
    near, far = sorted((one, other))
    line = Connection(120_000, 50, fixed_cost=1e6, operating_per_km=500)
    costs = [connection_cost(d, factor, line, charge_rate=charge) for d in (near, far)]
    assert costs[0] <= costs[1]
    assert costs[0] <= connection_cost(near, factor, line, charge_rate=min(0.99, charge * 1.1))


def test_unknown_distances_and_slopes_stay_unknown() -> None:
    line = Connection(120_000, 50)
    far = xr.DataArray([10.0, np.nan])
    found = connection_cost(far, xr.DataArray([0.3, 0.3]), line, charge_rate=0.1)
    assert np.isnan(found.values).tolist() == [False, True]
    hills = terrain_factor(xr.DataArray([2.0, 2.1, np.nan]), [(2, 1.0)], beyond=1.4)
    np.testing.assert_array_equal(hills, [1.0, 1.4, np.nan])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: project(rate=8), r"did you mean 0.08\?"),
        (lambda: project(grant=30), r"did you mean 0.3\?"),
        (lambda: project(capital_cost=-1), "capital cost is -1"),
        (lambda: project(debt_share=0.5), "debt within it"),
        (lambda: appraise(project(), -5.0), "price is -5"),
        (lambda: terms_for_price(project(), 0.0), "target price is 0"),
        (lambda: construction_finance_factor([0.8, 0.1], 0.08), "sums to 0.9"),
        (lambda: construction_finance_factor([1.0], 8), r"did you mean 0.08\?"),
        (lambda: fixed_charge_rate(0.07, 20, tax_rate=0.25), "needs depreciation"),
        (lambda: weighted_cost_of_capital(70, 0.05, 0.1), r"did you mean 0.7\?"),
        (lambda: Connection(-1, 50), "give finite costs"),
        (lambda: Connection(1, 0), "capacity above 0"),
        (lambda: connection_cost(-1.0, 0.3, Connection(1, 1), charge_rate=0.1), "distance is -1"),
        (lambda: connection_cost(1.0, 0.3, Connection(1, 1), charge_rate=8), "charge rate is 8"),
        (lambda: terrain_factor(xr.DataArray([1.0]), [(8, 1.4), (2, 1)], beyond=2), "no terrain"),
    ],
)
def test_refuses_and_says_what_to_do(call, message) -> None:
    with pytest.raises(DataError, match=message):
        call()


def test_a_project_without_terms_has_the_plain_levelised_cost() -> None:
    plain = lcoe(
        1400.0, 3.5, fixed_operating_cost=40, variable_operating_cost=2, rate=0.083, years=25
    )
    assert project_lcoe(project(degradation=0.0)) == pytest.approx(plain)
