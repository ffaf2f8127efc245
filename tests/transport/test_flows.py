"""Tonnes over links when sites ship together."""

import numpy as np
import pytest
from freight_cases import ORE, network

from geo.transport.flows import link_flows
from geo.transport.new_links import Demand


def demand(tonnes):
    trucking = np.array([[0.0, 90.0], [30.0, 5.0], [np.inf, np.nan]])
    sites = ("mine", "pit", "lost")
    return Demand("CC", sites, np.array(tonnes), ORE, ("d",), ("a", "z"), trucking)


def flows(tonnes):
    found = link_flows(network(), [demand(tonnes)])
    return found.set_index(["from", "to"])


def test_tonnes_add_up_where_ways_meet_and_lost_sites_pass_nowhere():
    found = flows((1e6, 5e5, 9e9))
    assert found.loc[("a", "y"), "tonnes_per_year"] == 1e6
    assert found.loc[("z", "p"), "tonnes_per_year"] == 1.5e6
    assert found.loc[("p", "d"), "sites"] == 2
    assert found.crs.to_epsg() == 4326


def test_an_unknown_output_is_counted_as_a_site_not_as_nothing():
    found = flows((1e6, np.nan, np.nan))
    assert found.loc[("z", "p"), ["tonnes_per_year", "sites", "sites_unknown"]].tolist() == [
        1e6, 1, 1,
    ]  # fmt: skip
    alone = flows((np.nan, 1.0, np.nan)).loc[("a", "y")]
    assert np.isnan(alone["tonnes_per_year"])
    assert (alone["sites"], alone["sites_unknown"]) == (0, 1)


def test_what_leaves_the_sites_arrives():
    found = flows((3.0, 4.0, 5.0))
    assert found.loc[("p", "d"), "tonnes_per_year"] == pytest.approx(7.0)


def test_nobody_ships_nothing_flows():
    empty = Demand("CC", (), np.empty(0), ORE, ("d",), ("a",), np.empty((0, 1)))
    assert link_flows(network(), [empty]).empty
