"""Lengths, rates and freights, against figures that others published."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = runpy.run_path(str(DOCS / "freight_published.py"))
ROWS = PAGE["rows"]()
KNOWN_MISSES = {
    # Published by Osumi Kaikyo; the same strait is a row of its own.
    ("sea", "tianjin - yokohama"),
    ("sea", "dalian - yokohama"),
    # The lanes of the layer do not pass Kii Suido.
    ("sea", "kobe - Nagoya Ko"),
    # 0.0852 in 2020, a hundredth above our range.
    ("rate", "rail MN"),
    # A difference of prices, which holds more than freight.
    ("freight", "ganqimaodu - caofeidian"),
}


def of(kind):
    return [pytest.param(row, id=row.what) for row in ROWS if row.kind == kind]


@pytest.mark.parametrize("row", of("rail"))
def test_rail_lengths_to_one_per_cent(row):
    assert row.published[0] * 0.99 <= row.ours <= row.published[1] * 1.01


@pytest.mark.parametrize("row", of("sea"))
def test_sea_distances_of_pub_151_to_five_per_cent_or_sixty_kilometres(row):
    # NGA, Pub. 151, Distances Between Ports, 2001.
    near = max(60.0, 0.05 * row.published[0])
    assert (abs(row.ours - row.published[0]) <= near) == (("sea", row.what) not in KNOWN_MISSES)


def test_enough_sea_distances_are_compared():
    assert len(of("sea")) >= 30


def test_the_range_of_mongolian_rail_spans_the_forecast_and_the_average():
    rate = PAGE["network"]().tariffs.rail["MN"]
    assert rate.low <= 0.034
    assert rate.high >= 0.084


@pytest.mark.parametrize("port", ["tianjin", "qinhuangdao"])
def test_freight_from_ulaanbaatar_to_a_chinese_port(port):
    # CAREC, Corridor Performance 2022, table 3.11: 360 to 852 USD per 500 km per 20 t by rail.
    (row,) = [r for r in ROWS if r.what == f"ulaanbaatar - {port}"]
    low, high = row.published
    assert low < row.ours < high
    km = {"tianjin": 1742, "qinhuangdao": 1833}[port]
    assert (low, high) == pytest.approx((360 / 1e4 * km, 852 / 1e4 * km), abs=0.1)


def test_freight_of_the_trial_run_to_vostochny():
    # The UB Post, 15 September 2017: 171 USD/t in 2011, without loading and unloading.
    (row,) = [r for r in ROWS if r.what == "tavantolgoi - vostochny (RU)"]
    assert row.low < 171 < row.high


def test_misses_are_the_known_ones_and_inputs_are_marked():
    assert {(row.kind, row.what) for row in ROWS if not row.holds} == KNOWN_MISSES
    assert all(row.kin == "input" for row in ROWS if row.kind == "rail")
    assert not any(row.kin for row in ROWS if row.kind in ("sea", "freight"))
