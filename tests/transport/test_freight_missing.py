"""What cannot be reached is told by the missing piece; outputs are weighed against throughput."""

import numpy as np
import pandas as pd
import pytest
from freight_cases import LINKS, NODES, ORE, network

from geo.errors import DataError
from geo.transport.capacity import annual_tonnes, capacity_shares
from geo.transport.missing import missing_piece
from geo.transport.products import Product, netback, premium, wet_tonnes


def why(net, destinations=("d",), nodes=("a",), mile=0.0):
    return missing_piece(net, destinations, ORE, nodes, mile)


def shut(row, status):
    return [*LINKS[:row], (*LINKS[row][:5], status, LINKS[row][6]), *LINKS[row + 1 :]]


def test_where_a_way_leads_nothing_is_missing():
    assert why(network()) == ""


def test_a_link_that_is_not_open_is_named_with_its_status():
    assert why(network(shut(2, "planned"))) == "to reach d: rail z-p is shut (planned)"
    closed = network().without(links=[3])
    assert why(closed) == "to reach d: sea p-d is shut (closed)"
    avoided = network().restricted(avoid_countries=["DD"])
    assert why(avoided, ("e",)) == "to reach e: sea p-e is shut (country avoided)"


def test_a_crossing_that_is_not_open_to_the_cargo_is_named_with_its_class():
    crossings = pd.DataFrame({"node_id": ["y"], "class": ["bilateral"]})
    told = why(network(crossings=crossings))
    assert told == "to reach d: rail y-z is shut (crossing is bilateral, not open to cargo for CC)"


def test_a_gauge_that_changes_nowhere_is_named_with_the_place():
    nodes = {k: (*v[:4], v[4].replace("1520/1435", "1520")) for k, v in NODES.items()}
    told = why(network(nodes=nodes))
    assert told.endswith("has no yard between 1520 and 1435 mm")


def test_of_several_pieces_the_fewest_are_asked_for():
    links = [*shut(2, "planned"), ("y", "p", "road", "", 90.0, "disused", np.nan)]
    links = [(*row[:5], "planned", row[6]) if row[:2] == ("y", "z") else row for row in links]
    assert why(network(links)) == "to reach d: road y-p is shut (disused)"


def test_where_no_link_leads_at_all_it_says_so():
    lone = {**NODES, "q": (1.0, 4.0, "AA", "station", "")}
    told = why(network([*LINKS[:3], *LINKS[4:]], lone), ("d",))
    assert told == "no link of the table leads on towards d, open or not"
    assert "no truck gets from here" in why(network(), mile=np.inf)


def test_the_first_mile_decides_where_a_way_may_begin():
    net = network().without(links=[0])
    assert why(net, nodes=("a", "y"), mile=[1.0, np.inf]).startswith("to reach d: rail a-y")
    assert why(net, nodes=("a", "y"), mile=[1.0, 50.0]) == ""


def test_mass_balance_by_hand():
    # Wills' Mineral Processing Technology: content in = content out.
    made = Product("c", "C", 2000.0, 0.10, 0.96, 0.25, "bulk", recovery=0.9)
    dry = 1e6 * 0.005 * 0.9 / 0.25
    assert wet_tonnes(1e6, made, of="ore", ore_grade=0.005) == pytest.approx(dry / 0.9)
    assert wet_tonnes(dry, made, of="dry") == pytest.approx(20_000)
    assert wet_tonnes(4500.0, made, of="content") == pytest.approx(20_000)
    assert wet_tonnes(7.0, made, of="wet") == 7.0
    assert np.isnan(wet_tonnes(1e6, made, of="ore"))
    with pytest.raises(DataError, match="an amount of 'metal' is unknown"):
        wet_tonnes(1.0, made, of="metal")
    with pytest.raises(DataError, match="negative"):
        wet_tonnes(-1.0, made, of="dry")


def test_with_the_premium_both_markets_net_the_same():
    price, near, far = 2216.7, 31.0, 72.0
    asked = premium(far, near)
    assert netback(price + asked, far) == pytest.approx(netback(price, near))


def test_shares_of_throughput_keep_every_reading():
    readings = pd.DataFrame(
        [("y", 2.0, "Mt/yr", 2023, "survey"), ("y", 50_000, "TEU/yr", 2020, "count"),
         ("z", 9.0, "Mt/yr", 2023, "survey")],
        columns=["node_id", "value", "unit", "year", "source"],
    )  # fmt: skip
    output = pd.Series({"k": 5e5, "l": np.nan})
    found = capacity_shares(output, {"k": ["y"], "l": ["z"]}, readings)
    assert found["share"].tolist() == [0.25, 0.5]
    assert found["year"].tolist() == [2023, 2020]
    with pytest.raises(DataError, match="'trains/day' is unknown"):
        annual_tonnes(7, "trains/day")
    with pytest.raises(DataError, match="not positive"):
        annual_tonnes(0, "t/yr")
