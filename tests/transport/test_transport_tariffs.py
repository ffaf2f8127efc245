"""Rates read from the factor table, and what the table does not hold."""

import re
from dataclasses import replace

import numpy as np
import pytest
from freight_cases import FACTORS, GIVEN, LINKS, fact_network, link_table, network

from geo.errors import DataError, NetworkError
from geo.transport.tariffs import Assumptions, Rate, Tariffs


def tariffs(factors=FACTORS, assumptions=GIVEN):
    links = link_table(LINKS).assign(country=["AA", "AA", "BB", "BB", "BB"])
    return Tariffs.from_tables(factors, links, assumptions=assumptions)


def test_a_span_in_the_notes_bounds_the_rate():
    assert tariffs().truck_unpaved.triple == (0.15, 0.20, 0.30)
    assert tariffs().tranship.triple == (3.0, 4.0, 6.0)
    assert tariffs().port.triple == (4.0, 6.0, 10.0)


def test_years_in_the_notes_are_no_bounds():
    dated = FACTORS.assign(notes=FACTORS["notes"].replace("Screening value 3-6", "mean 2015-2023"))
    assert tariffs(dated).tranship.triple == pytest.approx((2.8, 4.0, 5.2))


def test_further_rows_bound_the_first_one_and_the_spread_the_open_side():
    assert tariffs().gauge_change.triple == pytest.approx((6 * 0.7, 6.0, 16.0))
    assert tariffs().truck_paved.triple == pytest.approx((0.08, 0.10, 0.13))


def test_a_rail_row_speaks_for_the_countries_whose_links_carry_its_rate():
    rail = tariffs().rail
    assert set(rail) == {"AA", "BB"}
    assert rail["AA"].triple == (0.04, 0.05, 0.09)


def test_the_fixed_part_leaves_the_average_rate_at_the_reference_haul():
    found = tariffs()
    whole = found.rail_fixed["BB"].central + 750 * found.rail["BB"].central
    assert whole == pytest.approx(750 * 0.02)
    assert "AA" not in found.rail_fixed


def test_sea_freight_is_the_line_through_the_two_stated_points():
    found = tariffs()
    for km, usd in ((1000, 8.0), (2400, 15.0)):
        assert found.sea_fixed.central + km * found.sea_km.central == pytest.approx(usd)


def test_dwell_reads_hours_and_speed_is_without_delay():
    found = tariffs()
    assert found.rail_dwell.triple == pytest.approx((14.0, 20.0, 31.0))
    assert found.road_dwell.high == 6.5
    assert (found.rail_speed, found.road_speed) == (40.0, 50.0)


def test_a_forecast_is_spanned_with_the_regional_average():
    rates = fact_network().tariffs.rail
    assert (rates["MN"].low, rates["MN"].high) == (0.034, 0.084)
    assert rates["MN"].central == pytest.approx(np.sqrt(0.034 * 0.084))
    assert "forecast" in rates["MN"].note
    assert rates["RU"].triple == (0.012, 0.018, 0.03)


def test_the_sea_line_spans_the_rate_that_the_table_states():
    found = fact_network().tariffs
    for km in (900, 1400, 1800):
        low = found.sea_fixed.low + km * found.sea_km.low
        high = found.sea_fixed.high + km * found.sea_km.high
        assert low < 0.006 * km < high


def test_a_country_without_its_own_row_gets_the_regional_average():
    average = FACTORS.iloc[[12]].assign(item="Rail average of the region", value=0.07, notes="")
    factors = FACTORS[FACTORS["item"] != "Rail of BB"]
    with pytest.raises(NetworkError, match="no rail rate for BB"):
        tariffs(factors)
    import pandas as pd

    found = tariffs(pd.concat([factors, average]), Assumptions(rail_fixed={}))
    assert found.rail["BB"].central == 0.07


def test_a_product_in_boxes_pays_the_lift():
    assert network().tariffs.lift("container").central == 2.5
    assert network().tariffs.lift("bulk").central == 4.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[t["group"] != "gauge_change"], "no row for gauge-change"),
        (lambda t: t.drop(columns="notes"), "lacks the columns notes"),
        (lambda t: t.assign(value=t["value"].mask(t["group"] == "cost", -1)), "positive value"),
        (
            lambda t: t.assign(notes=t["notes"].str.replace("8-15", "1-15")),
            "falls below zero",
        ),
    ],
)
def test_a_broken_factor_table_is_refused(change, message):
    with pytest.raises(NetworkError, match=message):
        tariffs(change(FACTORS))


def in_unit(item, unit):
    return FACTORS.assign(unit=FACTORS["unit"].mask(FACTORS["item"] == item, unit))


@pytest.mark.parametrize(
    ("item", "unit", "message"),
    [
        ("Rail of BB", "CNY/tkm", "'Rail of BB' is in 'CNY/tkm': no rate of CNY is known"),
        ("Rail of BB", "USD/t", "'Rail of BB' is in 'USD/t': write it in USD/tkm"),
        ("Container lift", "furlong", "'Container lift' is in 'furlong': write it in USD/t"),
        ("Road clearance", "days", "'Road clearance' is in 'days': write it in h"),
        ("Rail speed with delay", "mph", "'Rail speed with delay' is in 'mph': write it in km/h"),
    ],
)
def test_a_unit_that_is_not_the_factors_and_a_currency_without_a_rate_are_refused(
    item, unit, message
):
    with pytest.raises(NetworkError, match=re.escape(message)):
        tariffs(in_unit(item, unit))


def test_another_currency_is_charged_at_its_rate_with_its_bounds():
    item = "Unpaved road truck"
    found = tariffs(in_unit(item, "CNY/tkm"), assumptions=replace(GIVEN, usd={"CNY": 0.5}))
    assert found.truck_unpaved.triple == pytest.approx((0.075, 0.1, 0.15))
    assert found.truck_paved.triple == tariffs(FACTORS).truck_paved.triple


def test_a_sea_row_without_points_is_a_plain_rate():
    factors = FACTORS.assign(notes=FACTORS["notes"].where(FACTORS["item"] != "Sea", ""))
    factors.loc[factors["item"].str.contains("Sea"), "notes"] = ""
    found = tariffs(factors)
    assert found.sea_fixed.triple == (0.0, 0.0, 0.0)
    assert found.sea_km.central == 0.006


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rate(2.0, 1.0, 3.0), "does not rise"),
        (lambda: Rate(0.0, 1.0, np.inf), "does not rise"),
        (lambda: Assumptions(spread=1.0), "spread"),
        (lambda: Assumptions(sea_speed_kmh=0.0), "not positive"),
        (
            lambda: tariffs(assumptions=Assumptions(rail_fixed={"BB": (20.0, 20.0, 20.0)})),
            "exceeds the average rate",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(make, message):
    with pytest.raises(DataError, match=re.escape(message)):
        make()
