"""Closures, alternatives and draws agree with networks built anew and with the freight surface."""

from dataclasses import fields, replace

import numpy as np
import pytest
from freight_cases import LINKS, NODES, ORE, PARTS, network
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from geo.errors import DataError, NetworkError
from geo.grid import as_dataarray
from geo.transport.alternatives import alternatives
from geo.transport.closures import closable, closure_table, knock_out, site_costs
from geo.transport.firstmile import first_mile
from geo.transport.freight import freight_surface
from geo.transport.graph import Tree
from geo.transport.spread import draw_rates, spread, triangular
from geo.transport.states import StateGraph
from geo.transport.tariffs import Rate
from geo.transport.trees import grow

# a lies at x = 0, y at 89.06 km; a second way out leads from a by road and another border.
GRID = GeoBox.from_bbox((-10_500, -3_500, 109_500, 3_500), "EPSG:3857", resolution=1000, tight=True)
TWO_WAYS = {**NODES, "w": (-0.05, 0.0, "AA", "BCP", ""), "x": (-0.1, 0.0, "BB", "BCP", "1435")}
DETOUR = [
    *LINKS,
    ("a", "w", "road", "", 12.0, "operating", np.nan),
    ("w", "x", "road", "", 6.0, "operating", np.nan),
    ("x", "p", "rail", "1435", 500.0, "operating", 0.02),
]
SITES = [(3, 12), (3, 50), (0, 95), (6, 30)]


def truck(seed=1):
    """Open country with a road through it and a lake."""
    random = np.random.default_rng(seed)
    values = 0.0002 * (1 + random.random(GRID.shape))
    paved = np.zeros(GRID.shape, bool)
    paved[3, :] = True
    values[paved] = 0.0001
    values[1:6, 60:63] = np.nan
    array = as_dataarray(values, GRID, name="truck", unit="USD/t/m", long_name="trucking")
    return array.assign_coords(paved=(("y", "x"), paved))


def laid_out(links=DETOUR, nodes=TWO_WAYS, destinations=("d",)):
    net = network(links, nodes)
    surface = freight_surface(net, destinations, ORE, truck(), grid=GRID, countries=["AA"])
    access = surface.access
    rows = [net.position(name) for name in access["node_id"]]
    mile = first_mile(truck(), SITES, rows, access[["row", "column"]], (1000.0, 1000.0))
    return net, surface, mile, Tree.of(StateGraph.of(net, destinations, ORE))


def at_sites(surface):
    return np.array([float(surface.cost[cell]) for cell in SITES])


def test_the_first_mile_and_the_way_on_make_up_the_freight_surface():
    _, surface, mile, tree = laid_out()
    cost, place = site_costs(tree, mile)
    np.testing.assert_allclose(cost, at_sites(surface), rtol=1e-12)
    served = surface.allocation.to_numpy()
    assert [served[cell] for cell in SITES] == place.tolist()


def test_the_way_of_the_first_mile_by_hand():
    values = np.full((3, 5), 0.001)
    values[1, 2] = np.nan
    grid = GeoBox.from_bbox((0, 0, 5000, 3000), "EPSG:3857", resolution=1000, tight=True)
    paved = np.zeros((3, 5), bool)
    paved[0, 2:] = True
    values[0, 2:] = 0.0005
    surface = as_dataarray(values, grid, name="truck", unit="USD/t/m", long_name="trucking")
    mile = first_mile(
        surface.assign_coords(paved=(("y", "x"), paved)), [(1, 0)], [0], [(1, 4)], (1000.0, 1000.0)
    )
    step = np.sqrt(2) * 1000
    expected = 1000 * 0.001 + step * 0.00075 + 1000 * 0.0005 + step * 0.00075
    assert mile.cost[0, 0] == pytest.approx(expected)
    assert mile.way(0, 0).tolist() == [[1, 0], [1, 1], [0, 2], [0, 3], [1, 4]]
    assert mile.paved[0, 0] == pytest.approx(2 * step * 0.00025 + 1000 * 0.0005)
    assert mile.km[0, 0] == pytest.approx(2 + 2 * np.sqrt(2))
    doubled = mile.at_rates(2.0, 1.0)
    assert doubled[0, 0] == pytest.approx(mile.cost[0, 0] + mile.paved[0, 0])


def test_the_ways_of_the_first_mile_lead_to_their_place():
    _, surface, mile, _ = laid_out()
    for site, cell in enumerate(SITES):
        for place, goal in enumerate(surface.access[["row", "column"]].to_numpy()):
            way = mile.way(site, place)
            assert way[0].tolist() == list(cell)
            assert way[-1].tolist() == goal.tolist()


def test_a_place_that_no_truck_reaches_costs_no_number():
    values = truck()
    values[:, 100] = np.nan
    mile = first_mile(values, [(3, 12)], [0, 1], [(3, 50), (3, 105)], (1000.0, 1000.0))
    assert np.isfinite(mile.cost[0]).tolist() == [True, False]
    assert np.isinf(mile.at_rates([1.0, 2.0], [1.0, 2.0])[:, 0, 1]).all()


def test_cells_beyond_the_surface_are_refused():
    with pytest.raises(DataError, match=r"the site at cell \(9, 0\) lies outside"):
        first_mile(truck(), [(9, 0)], [0], [(3, 10)], (1000.0, 1000.0))
    with pytest.raises(DataError, match="2 nodes have 1 cells"):
        first_mile(truck(), [(3, 0)], [0, 1], [(3, 10)], (1000.0, 1000.0))


def test_what_can_close():
    found = {(one.kind, one.id) for one in closable(network(DETOUR, TWO_WAYS))}
    assert found == {
        ("border", "y-z"), ("border", "w-x"), ("port", "p"), ("port", "d"), ("port", "e"),
        ("line", "a-y-rail"), ("line", "z-p-rail"), ("line", "a-w-road"), ("line", "x-p-rail"),
    }  # fmt: skip
    assert {one.kind for one in closable(network(), ["port"])} == {"port"}
    with pytest.raises(NetworkError, match="nothing of the kind 'bridge' closes"):
        closable(network(), ["bridge"])


def test_every_closure_equals_the_study_made_without_what_is_closed():
    net, surface, mile, tree = laid_out()
    cases = closable(net)
    closed = knock_out(tree, mile, cases)
    base = at_sites(surface)
    for case, found in zip(cases, closed, strict=True):
        names = [net.name_of(node) for node in case.nodes]
        less = net.without(links=case.links, nodes=names)
        try:
            anew = freight_surface(less, ["d"], ORE, truck(), grid=GRID, countries=["AA"])
        except NetworkError:
            assert np.isinf(found).all(), case.id
            continue
        expected = np.nan_to_num(at_sites(anew), nan=np.inf)
        np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=case.id)
        assert (found >= base - 1e-9).all()


def test_the_table_of_closures_names_what_a_site_hangs_on():
    net, _, mile, tree = laid_out()
    cases = closable(net)
    base = site_costs(tree, mile)[0]
    table = closure_table(base, knock_out(tree, mile, cases), cases, ["k", "l", "m", "n"])
    own = table[table["site_id"] == "l"].set_index("closed")
    assert own.index[:2].tolist() == ["p", "d"]
    assert not own.loc["p", "reachable"]
    assert np.isnan(own.loc["p", "usd_per_t"])
    assert own.loc["y-z", "reachable"]
    assert own.loc["y-z", "change_usd_per_t"] > 0
    assert "e" not in own.index
    assert "w-x" not in own.index


def test_alternatives_begin_with_the_cheapest_and_differ():
    _, surface, mile, tree = laid_out()
    for site in range(len(SITES)):
        found = alternatives(tree, mile.nodes, mile.cost[site], count=3, max_overlap=0.7)
        assert found[0].cost == pytest.approx(at_sites(surface)[site])
        assert [one.cost for one in found] == sorted(one.cost for one in found)
        assert len(found) > 1
        for n, one in enumerate(found):
            steps, destination = one.steps(tree)
            assert destination == "d"
            total = mile.cost[site, one.place] + sum(step.cost[1] for step in steps)
            assert total == pytest.approx(one.cost)
            for other in found[:n]:
                links = {int(tree.graph.link[arc]) for arc in other.arcs}
                common = sum(tree.costs[a] for a in one.arcs if tree.graph.link[a] in links - {-1})
                if one.place == other.place:
                    common += mile.cost[site, one.place]
                assert common <= 0.7 * one.cost + 1e-9
    borders = {step.start for one in found for step in one.steps(tree)[0] if step.mode == "border"}
    assert borders == {"y", "w"}


def test_a_stretch_and_a_count_bound_the_alternatives():
    _, _, mile, tree = laid_out()
    assert len(alternatives(tree, mile.nodes, mile.cost[1], count=1)) == 1
    assert len(alternatives(tree, mile.nodes, mile.cost[1], max_stretch=1.0)) == 1
    assert alternatives(tree, mile.nodes, np.full(len(mile.nodes), np.inf)) == []
    with pytest.raises(DataError, match="at least one way"):
        alternatives(tree, mile.nodes, mile.cost[1], count=0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.floats(0, 5), st.floats(0, 5))
def test_triangular_values_rise_with_the_number_and_stay_within(numbers, below, above):
    found = triangular(sorted(numbers), 10 - below, 10.0, 10 + above)
    assert (np.diff(found) >= -1e-12).all()
    assert (found >= 10 - below - 1e-9).all()
    assert (found <= 10 + above + 1e-9).all()


def test_triangular_draws_have_the_mean_of_the_book():
    # Mean (a + b + c) / 3: Kotz and van Dorp, Beyond Beta, equation 1.12.
    numbers = (np.arange(100_000) + 0.5) / 100_000
    assert triangular(numbers, 2.0, 3.0, 7.0).mean() == pytest.approx(4.0, abs=1e-4)


def test_draws_are_those_of_networks_with_the_drawn_rates():
    _, _, mile, tree = laid_out()
    found = spread(tree, mile, draws=70, seed=5)
    rates = draw_rates(tree.graph.charges, 70, 5)
    for draw in (0, 63, 69):
        costs = tree.graph.priced(rates[draw])
        onward = grow(tree.graph.into, costs, [tree.graph.end])[0][tree.graph.trucks(mile.nodes)]
        at = {charge.name: k for k, charge in enumerate(tree.graph.charges.items)}
        factor = rates[draw] / tree.graph.charges.rates[1]
        own = mile.at_rates(factor[at["road:paved"]], factor[at["road:unpaved"]])
        np.testing.assert_allclose(found.cost[draw], (own + onward).min(axis=1))
    low, middle, high = found.quantiles(0.05, 0.5, 0.95)
    assert (low < middle).all()
    assert (middle < high).all()


def test_draws_are_the_same_for_the_same_seed_and_tell_the_borders():
    _, _, mile, tree = laid_out()
    one, again, other = (spread(tree, mile, draws=50, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.cost, again.cost)
    assert (one.cost != other.cost).any()
    names = tree.graph.network.links
    shares = one.shares(1, one.border)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert all(names.loc[row, "border"] for row in shares)
    assert all(names.loc[row, "mode"] == "sea" for row in one.shares(1, one.port))
    with pytest.raises(DataError, match="0 draws"):
        spread(tree, mile, draws=0)


def test_sure_rates_leave_no_spread():
    net, surface, mile, _ = laid_out()
    sure = {
        f.name: Rate(*[getattr(net.tariffs, f.name).central] * 3)
        for f in fields(net.tariffs)
        if isinstance(getattr(net.tariffs, f.name), Rate)
    }
    rails = {
        name: {c: Rate(*[r.central] * 3) for c, r in getattr(net.tariffs, name).items()}
        for name in ("rail", "rail_fixed")
    }
    fixed = net.with_tariffs(replace(net.tariffs, **sure, **rails))
    found = spread(Tree.of(StateGraph.of(fixed, ("d",), ORE)), mile, draws=5)
    np.testing.assert_allclose(found.cost, np.tile(at_sites(surface), (5, 1)))


def test_the_small_network_still_costs_what_it_costs_by_hand():
    _, surface, _, _ = laid_out(LINKS, NODES)
    assert surface.access["usd_per_t"].tolist() == pytest.approx([sum(PARTS), sum(PARTS) - 11])
