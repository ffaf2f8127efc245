"""Freight of the shipped study: spread, closures, further ways and the premium agree."""

import numpy as np
import pandas as pd
import pytest


def read(path):
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def freight(coarse_folder):
    return read(coarse_folder / "freight.csv")


@pytest.fixture(scope="module")
def legs(coarse_folder):
    return read(coarse_folder / "routes.csv")


def test_freight_is_the_sum_of_the_legs_of_the_cheapest_way(freight, legs):
    first = legs[(legs["alternative"] == 1) & (legs["mode"] != "unreachable")]
    sums = first.groupby(["site_id", "country"])[["usd_per_t_low", "usd_per_t", "usd_per_t_high"]]
    own = freight.dropna(subset=["usd_per_t"]).set_index(["site_id", "country"])
    found = sums.sum().reindex(own.index)
    # Another way of the same cost to the last digits would have other low and high rates.
    np.testing.assert_allclose(found["usd_per_t"], own["usd_per_t"], rtol=1e-6)


def test_ranges_hold_the_middle_and_bases_follow_from_each_other(freight):
    known = freight.dropna(subset=["usd_per_t"])
    assert (known["usd_per_t_low"] <= known["usd_per_t"]).all()
    assert (known["usd_per_t_p05"] < known["usd_per_t_p50"]).all()
    assert (known["usd_per_t_p50"] < known["usd_per_t_p95"]).all()
    assert (known["usd_per_t_p95"] <= known["usd_per_t_high"] + 1e-9).all()
    copper = known[known["product"] == "copper-concentrate"]
    np.testing.assert_allclose(copper["usd_per_dry_t"], copper["usd_per_t"] / (1 - 0.085))
    price = 2422.63 * (1 - 0.085)
    np.testing.assert_allclose(copper["share_of_value_percent"], 100 * copper["usd_per_t"] / price)


def test_the_premium_makes_both_markets_net_the_same(freight):
    known = freight.dropna(subset=["usd_per_t", "reference_usd_per_t"])
    assert len(known) > 100
    price = 2422.63 * (1 - 0.085)
    copper = known[known["product"] == "copper-concentrate"]
    far = price + copper["premium_usd_per_t"] - copper["usd_per_t"]
    np.testing.assert_allclose(far, copper["netback_reference_usd_per_t"])
    # The border lies on the way to the sea.
    assert (known["premium_usd_per_t"] > 0).all()


def test_further_ways_are_dearer_and_leave_by_another_border_or_port(legs):
    hauls = legs[legs["mode"] != "unreachable"]
    keys = ["site_id", "country"]
    total = hauls.pivot_table("usd_per_t", keys, "alternative", "sum")
    assert set(total.columns) == {1, 2, 3}
    with np.errstate(invalid="ignore"):
        assert not (total[2] < total[1] - 1e-6).any()
        assert not (total[3] < total[2] - 1e-6).any()
    gates = hauls[hauls["mode"].isin(["border", "sea"])]
    named = gates.groupby([*keys, "alternative"])["from"].agg(tuple)
    for _, group in named.groupby(level=[0, 1]):
        assert group.nunique() == len(group)


def test_what_is_charged_and_what_is_drawn_stand_side_by_side(legs):
    rail = legs[(legs["mode"] == "rail") & (legs["km"] > 0)]
    assert 1.0 < (rail["tariff_km"] / rail["km"]).median() < 1.25
    operations = legs[legs["mode"].isin(["port", "transfer", "gauge-change", "border"])]
    assert (operations["tariff_km"] == 0).all()


def test_closures_only_cost_more_and_some_shut_a_site_off(coarse_folder, freight):
    closed = read(coarse_folder / "closures.csv")
    assert set(closed["kind"]) == {"border", "port", "line"}
    left = closed[closed["reachable"]]
    assert (left["change_usd_per_t"] > 0).all()
    own = freight.set_index(["theme", "site_id", "country"])["usd_per_t"]
    base = own.reindex(pd.MultiIndex.from_frame(left[["theme", "site_id", "country"]]))
    np.testing.assert_allclose(
        left["usd_per_t"].to_numpy() - base.to_numpy(),
        left["change_usd_per_t"],
        rtol=1e-6,
        atol=1e-6,
    )
    shut = closed[~closed["reachable"]]
    assert shut["usd_per_t"].isna().all()
    # The only smelter of the recipe in Korea.
    assert "onsan" in set(shut.loc[shut["country"] == "KR", "closed"])
    at = closed.set_index(["site_id", "country", "closed"])
    assert at.loc[("erdenet", "KR", "zamynuud-erenhot"), "change_usd_per_t"] > 5


def test_borders_and_ports_are_told_with_their_share_of_the_draws(freight):
    own = freight[(freight["site_id"] == "erdenet") & (freight["country"] == "KR")].iloc[0]
    assert own["borders"].startswith("zamynuud-erenhot ")
    assert own["ports"].startswith("tianjin ")
    assert own["borders"].endswith(" %")


def test_a_planned_output_is_weighed_against_every_reading(coarse_folder):
    shares = read(coarse_folder / "capacity.csv")
    own = shares[(shares["site_id"] == "oyu-tolgoi") & (shares["country"] == "KR")]
    # 36.5 Mt of coal, 0.86 Mt of concentrate, 10 Mt of a terminal.
    assert sorted(own["share"]) == pytest.approx([2.02 / 36.5, 2.02 / 10, 2.02 / 0.86])
    assert set(own["node_id"]) == {"gashuunsukhait"}


def test_emissions_stand_beside_the_money(freight, legs):
    known = freight.dropna(subset=["usd_per_t"])
    assert (known["kg_co2e_per_t"] > 10).all()
    hauls = legs[legs["mode"].isin(["truck", "rail", "road", "sea"]) & (legs["tariff_km"] > 0)]
    assert hauls["kg_co2e_per_t"].notna().all()


def test_the_page_carries_the_block(coarse):
    from geo.publish.tradeblock import trade_block

    block = trade_block(coarse.content.trade)
    assert block["reference"] == "Chinese border"
    own = block["sites"]["copper"]["oyu-tolgoi"]["KR"]
    assert own["range"] == sorted(own["range"])
    assert len(own["closed"]) > 0
    assert own["missing"] == ""
    assert own["premium"] > 0


def test_what_is_odd_about_the_network_stands_among_the_findings(coarse):
    found = {one.code: one for one in coarse.content.findings if one.id == "transport-links"}
    published = found["network-published"]
    assert published.count == 6
    assert "6 charged for another length than published" in published.sentence
    assert "network-dates" not in found
