"""What new links are worth, alone and together."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from freight_cases import LINKS, NODES, ORE, link_table, network
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import DataError, NetworkError
from geo.transport.new_links import (
    Demand,
    annuity,
    best_links,
    built,
    freight_of,
    link_values,
    link_worth,
)

ROAD = ("z", "p", "road", "", 300.0, "operating", 0.1)
SHORT = [("a", "z", "road", "", 20.0, "planned", 0.1)]


def demand(tonnes=(1e6, np.nan), trucking=((0.0, 90.0), (30.0, 5.0)), **changes):
    given_ = {
        "market": "CC",
        "sites": ("mine", "pit"),
        "tonnes": np.array(tonnes),
        "product": ORE,
        "destinations": ("d",),
        "nodes": ("a", "z"),
        "trucking": np.array(trucking),
    }
    return Demand(**{**given_, **changes})


def test_freight_is_the_truck_to_the_best_place_and_the_way_on():
    net = network()
    onward = [sum((4.0, 5.0, 6.0, 0.2, 0.5, 1.5, 5.4, 6.0, 8.0, 6.0)), 0.0]
    found = freight_of(net, demand())
    assert found[0] == pytest.approx(onward[0])
    # From z: load, fixed part and rail, port, sea, port; and 5 by truck.
    assert found[1] == pytest.approx(5.0 + 4.0 + 1.5 + 5.4 + 6.0 + 8.0 + 6.0)


def test_a_link_by_hand():
    values = link_values(network(), {"short": link_table(SHORT)}, [demand()])
    mine, pit = values.to_dict("records")
    # A truck for 20 km and its wait of 0.02 USD, then as from z: no train to the border.
    now = 20 * 0.1 + 2 * 0.01 + 4.0 + 1.5 + 5.4 + 6.0 + 8.0 + 6.0
    assert mine["usd_per_t"] == pytest.approx(now)
    assert mine["saving_usd_per_t"] == pytest.approx(mine["usd_per_t_before"] - now)
    assert mine["usd_per_year"] == pytest.approx(1e6 * mine["saving_usd_per_t"])
    assert (pit["saving_usd_per_t"], pit["usd_per_year"]) == (0.0, 0.0)


def test_a_planned_line_of_the_table_is_replaced_and_an_open_one_refused():
    planned = [*LINKS, ("a", "z", "road", "", 200.0, "planned", 0.1)]
    after = built(network(planned), link_table(SHORT))
    assert after.path("a", "z", modes=("road",)).km == 20.0
    with pytest.raises(NetworkError, match="z-p is open already"):
        built(network(), link_table([("p", "z", "rail", "1435", 30.0, "planned", 0.1)]))


def test_an_unknown_output_is_not_zero():
    values = link_values(network(), {"s": link_table(SHORT)}, [demand(tonnes=(np.nan, 1e6))])
    mine = values.iloc[0]
    assert mine["saving_usd_per_t"] > 0
    assert np.isnan(mine["usd_per_year"])
    worth = link_worth(values, {"s": (1e6, 2e6, 4e6)}, rate=0.08, years=30).iloc[0]
    assert np.isnan(worth["usd_per_year"])
    assert (worth["sites_gaining"], worth["gaining_of_unknown_output"]) == (1, 1)


def test_break_even_is_the_yearly_payment_over_the_best_saving():
    values = link_values(network(), {"s": link_table(SHORT)}, [demand()])
    worth = link_worth(values, {"s": (1e6, 2e6, 4e6)}, rate=0.08, years=30).iloc[0]
    saving = values["saving_usd_per_t"].max()
    assert worth["best_site"] == "mine"
    assert worth["break_even_tonnes"] == pytest.approx(annuity(2e6, 0.08, 30) / saving)
    assert worth["break_even_tonnes_low"] < worth["break_even_tonnes"]
    assert worth["usd_per_year"] == pytest.approx(1e6 * saving)


def test_nobody_gains_from_a_dear_link():
    dear = link_table([("a", "z", "road", "", 5000.0, "planned", 0.1)])
    values = link_values(network(), {"dear": dear}, [demand()])
    worth = link_worth(values, {"dear": (1.0, 2.0, 3.0)}, rate=0.08, years=30).iloc[0]
    assert (values["saving_usd_per_t"] == 0).all()
    assert worth["usd_per_year"] == 0
    assert worth["best_site"] == ""
    assert np.isnan(worth["break_even_tonnes"])


def test_annuity_without_interest_and_by_the_textbook():
    assert annuity(300.0, 0.0, 30) == 10.0
    # Brealey, Myers, Allen, Principles of Corporate Finance: 8 % over 10 years, factor 6.710.
    assert 1 / annuity(1.0, 0.08, 10) == pytest.approx(6.710, abs=5e-4)


def candidates(random, count):
    pairs = list(combinations(list(NODES)[:4], 2))
    found = {}
    for number, pair in enumerate(random.choice(len(pairs), count, replace=False)):
        one, other = pairs[pair]
        row = (one, other, "road", "", float(random.uniform(5, 200)), "planned", 0.1)
        found[f"l{number}"] = link_table([row])
    return found


def yearly(net, demands):
    total = 0.0
    for one in demands:
        known = ~np.isnan(one.tonnes)
        total += (freight_of(net, one)[known] * one.tonnes[known]).sum()
    return total


def with_(net, links, names):
    for name in names:
        net = built(net, links[name])
    return net


def case(seed):
    random = np.random.default_rng(seed)
    demands = [
        demand(
            tonnes=tuple(random.uniform(1e4, 2e6, 2)),
            trucking=random.uniform(0, 40, (2, 2)),
            destinations=(port,),
            market=market,
        )
        for port, market in (("d", "CC"), ("e", "DD"))
    ]
    links = candidates(random, 4)
    capital = {name: float(random.uniform(1e6, 9e6)) for name in links}
    return network(), links, demands, capital, float(random.uniform(0, 20e6))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_the_best_set_is_that_of_trying_all(seed):
    net, links, demands, capital, budget = case(seed)
    found = best_links(net, links, demands, capital, budget)
    before = yearly(net, demands)
    saved = [
        before - yearly(with_(net, links, names), demands)
        for size in range(len(links) + 1)
        for names in combinations(links, size)
        if sum(capital[name] for name in names) <= budget
    ]
    assert found.usd_per_year == pytest.approx(max(saved), rel=1e-5, abs=1.0)
    assert found.capital <= budget * (1 + 1e-9)
    assert found.bound >= max(saved) - 1.0
    assert found.gap <= 1e-4
    assert (found.known, found.unknown) == (4, 0)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_savings_are_never_negative_and_more_links_never_raise_freight(seed):
    net, links, demands, _, _ = case(seed)
    values = link_values(net, links, demands)
    assert (values["saving_usd_per_t"] >= 0).all()
    names = list(links)
    totals = [yearly(with_(net, links, names[:count]), demands) for count in range(5)]
    assert np.all(np.diff(totals) <= 1e-6 * totals[0])


def test_a_bigger_budget_never_saves_less():
    net, links, demands, capital, _ = case(3)
    saved = [
        best_links(net, links, demands, capital, budget).usd_per_year
        for budget in (0.0, 5e6, 10e6, 40e6)
    ]
    assert saved[0] == 0
    assert np.all(np.diff(saved) >= -1.0)


def test_a_link_that_saves_nothing_is_not_built():
    links = {"s": link_table(SHORT), "idle": link_table([ROAD])}
    found = best_links(network(), links, [demand()], {"s": 1e6, "idle": 1e5}, 9e9)
    assert found.links == ("s",)
    assert found.capital == 1e6


def test_sites_of_unknown_output_are_left_out_of_the_set_and_counted():
    found = best_links(network(), {"s": link_table(SHORT)}, [demand()], {"s": 1e6}, 2e6)
    assert found.links == ("s",)
    assert (found.known, found.unknown) == (1, 1)


def test_a_site_without_a_way_is_unknown():
    cut = [row for row in LINKS if row[2] != "sea"]
    values = link_values(network(cut), {"s": link_table(SHORT)}, [demand()])
    assert values["usd_per_t"].isna().all()
    assert values["usd_per_year"].isna().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tonnes": (-1.0, 1.0)}, "an output is negative"),
        ({"trucking": ((-1.0, 0.0), (0.0, 0.0))}, "trucking cost is negative"),
        ({"trucking": ((1.0, 0.0),)}, r"shape \(1, 2\)"),
    ],
)
def test_demands_that_make_no_sense_are_refused(change, message):
    with pytest.raises(DataError, match=message):
        demand(**change)


def test_sets_that_cannot_be_weighed_are_refused():
    links, capital = {"s": link_table(SHORT)}, {"s": 1e6}
    with pytest.raises(DataError, match="the budget is -1"):
        best_links(network(), links, [demand()], capital, -1.0)
    with pytest.raises(DataError, match="no site that ships has a known output"):
        best_links(network(), links, [demand(tonnes=(np.nan, np.nan))], capital, 1e6)
    with pytest.raises(DataError, match="pays nothing back"):
        annuity(1.0, -0.1, 30)


def test_values_are_tables_with_a_row_a_link_a_site_and_a_market():
    values = link_values(network(), {"s": link_table(SHORT), "r": link_table([ROAD])}, [demand()])
    assert isinstance(values, pd.DataFrame)
    assert len(values) == 4
