"""Costs of power as others publish or compute them: NREL's models, its baseline, REZoning.

Where the numbers were seen: the tidal turbine in the tests of NREL's System Advisor Model (ssc),
the plant of 20 years in the tests of willu47/lcoe.
"""

import pytest

from geo.energy.connection import Connection, connection_cost
from geo.energy.economics import capital_recovery_factor, lcoe
from geo.energy.finance import construction_finance_factor, fixed_charge_rate


def test_nrel_fixed_charge_rate_method_of_the_tests_of_the_system_advisor_model() -> None:
    # cmod_mhk_tidal_test: USD, USD a year, USD/kWh and kWh a year; 1.67476 USD/kWh.
    found = lcoe(
        14_902_710.0,
        2161.51737607,
        fixed_operating_cost=1_362_080.125,
        variable_operating_cost=0.30000001192092896 * 1000,
        fixed_charge_rate=0.1080000028014183,
    )
    assert found / 1000 == pytest.approx(1.67476, abs=5e-6)


def test_levelised_cost_of_the_tests_of_lcoe() -> None:
    # 500 million, 25 million a year, 2 TWh a year, 20 years at 7 %: 0.0361 USD/kWh
    found = lcoe(
        500e6,
        2e6,
        fixed_operating_cost=25e6,
        variable_operating_cost=0,
        rate=0.07,
        years=20,
    )
    assert found / 1000 == pytest.approx(0.03609823143581392, rel=1e-12)


def test_capital_recovery_table_of_short_packey_and_holt() -> None:
    # NREL/TP-462-5173: the uniform capital recovery factor; engineering tables at 10 %, 20 years.
    assert capital_recovery_factor(0.10, 20) == pytest.approx(0.11746, abs=5e-6)
    assert capital_recovery_factor(0.08, 30) == pytest.approx(0.08883, abs=5e-6)


def test_annual_technology_baseline_equations() -> None:
    # ATB 2024: FCR = CRF * (1 - TR * PVD) / (1 - TR); MACRS of five years, by hand.
    macrs = [0.2, 0.32, 0.192, 0.1152, 0.1152, 0.0576]
    rate, tax = 0.05, 0.257
    present = sum(share / 1.05**year for year, share in enumerate(macrs, 1))
    by_hand = capital_recovery_factor(rate, 30) * (1 - tax * present) / (1 - tax)
    assert fixed_charge_rate(rate, 30, tax_rate=tax, depreciation=macrs) == pytest.approx(by_hand)
    # ConFinFactor = sum FC_y * (1 + (1 - TR) * ((1 + IDC)^(y + 0.5) - 1)).
    expected = sum(
        share * (1 + (1 - tax) * (1.065 ** (year + 0.5) - 1))
        for year, share in enumerate([0.8, 0.1, 0.1])
    )
    found = construction_finance_factor([0.8, 0.1, 0.1], 0.065, tax_rate=tax)
    assert found == pytest.approx(expected)


def rezoning(cg, omfg, omvg, ct, omft, cs, cr, omfr, i, n, cf, ds, dr):
    """REZoning's three costs as its code has them: per kW, per MW and km, per km and 50 MW."""
    crf = i * (1 + i) ** n / ((1 + i) ** n - 1)
    generation = (cg * crf + omfg) / (cf * 8760) * 1000 + omvg
    interconnection = (ds * (ct * crf + omft) + cs * crf) / (cf * 8760)
    road = dr * (cr * crf + omfr) / (cf * 50 * 8760)
    return generation, interconnection, road


def test_rezoning_generation_interconnection_and_road() -> None:
    expected = rezoning(
        cg=2000, omfg=50, omvg=4, ct=990, omft=0, cs=71_000, cr=407_000, omfr=0,
        i=0.1, n=25, cf=0.32, ds=37.5, dr=12.25,
    )  # fmt: skip
    crf = capital_recovery_factor(0.1, 25)
    generation = lcoe(
        2000.0,
        0.32 * 8.76,
        fixed_operating_cost=50,
        variable_operating_cost=4,
        rate=0.1,
        years=25,
    )
    line = Connection(990.0, 1.0, fixed_cost=71_000.0)
    road = Connection(407_000.0, 50.0)
    assert generation == pytest.approx(expected[0], rel=1e-12)
    assert connection_cost(37.5, 0.32, line, charge_rate=crf) == pytest.approx(expected[1])
    assert connection_cost(12.25, 0.32, road, charge_rate=crf) == pytest.approx(expected[2])
