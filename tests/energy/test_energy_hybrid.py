"""Power for a load: hand values, the whole programme by HiGHS, laws and refusals."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from geo.energy.hybrid import Mix, Plant, Source, Storage, cheapest_mix
from geo.errors import DataError

DAY = np.clip(np.sin((np.arange(24) - 6) / 12 * np.pi), 0, None)


def whole_programme(load, plants, sources, storage, unserved_cost):
    """Least yearly cost by one programme over all hours, written down row by row."""
    hours, year = len(load), 8760 / len(load)
    firm = [np.broadcast_to(np.asarray(s.price, float), hours) for s in sources]
    caps = len(plants) + len(sources) + 2
    one, none = sparse.eye(hours), sparse.csr_matrix((hours, hours))
    # Columns: capacities; then an hour's charge, discharge, level, each source, unserved.
    blocks = 3 + len(sources) + 1

    def row(capacity, flows):
        left = np.zeros((hours, caps))
        for place, values in capacity.items():
            left[:, place] = values
        return sparse.hstack(
            [sparse.csr_matrix(left), *(flows.get(n, none) for n in range(blocks))]
        )

    power, energy = caps - 2, caps - 1
    use = {n: -plant.output for n, plant in enumerate(plants)}
    flows = {0: one, 1: -one} | dict.fromkeys(range(3, blocks), -one)
    upper = [row(use, flows), row({power: -1}, {0: one}), row({power: -1}, {1: one})]
    upper.append(row({energy: -1}, {2: one}))
    right = [-load, *[np.zeros(hours)] * 3]
    for n in range(len(sources)):
        upper.append(row({len(plants) + n: -1}, {3 + n: one}))
        right.append(np.zeros(hours))
    later = sparse.csr_matrix(np.roll(np.eye(hours), 1, axis=1))
    level = {0: -storage.charge * one, 1: one / storage.discharge, 2: later - one}
    costs = [p.yearly_cost for p in plants] + [s.yearly_cost for s in sources]
    costs += [storage.power_cost, storage.energy_cost]
    prices = [np.zeros(3 * hours), *[p * year for p in firm], np.full(hours, unserved_cost * year)]
    limits = [(0, p.limit) for p in plants] + [(0, s.limit) for s in sources]
    limits += [(0, storage.power_limit), (0, storage.energy_limit)]
    found = linprog(
        np.concatenate([costs, *prices]),
        A_ub=sparse.vstack(upper),
        b_ub=np.concatenate(right),
        A_eq=row({}, level),
        b_eq=np.zeros(hours),
        bounds=limits + [(0, None)] * (blocks * hours),
    )
    assert found.status == 0
    return found.fun


def balance(mix: Mix, plants, sources) -> float:
    table = mix.hours
    given_ = table[[*(p.name for p in plants), *(s.name for s in sources), "discharge"]].sum(axis=1)
    return float(np.abs(given_ + table["unserved"] - table["charge"] - table["load"]).max())


def draw_case(seed: int, days: int = 4):
    random = np.random.default_rng(seed)
    hours = 24 * days
    sun = np.tile(DAY, days) * np.repeat(random.uniform(0.1, 1, days), 24)
    wind = np.clip(np.cumsum(random.normal(0, 0.15, hours)) % 2 - 0.5, 0, 1)
    load = random.uniform(0.5, 1.5, hours)
    plants = [
        Plant("sun", sun, random.uniform(2e4, 2e5), random.choice([np.inf, 1.5])),
        Plant("wind", wind, random.uniform(4e4, 3e5)),
    ]
    tariff = np.where(np.arange(hours) % 24 < 8, 40.0, random.uniform(50, 200))
    sources = [
        Source("grid", tariff, random.uniform(0, 5e4), random.choice([0.4, 2.0]), 1.0),
        Source("diesel", random.uniform(200, 400), random.uniform(0, 4e4), co2=0.7),
    ]
    storage = Storage(random.uniform(2e3, 4e4), random.uniform(0, 4e4), 0.95, 0.9)
    return load, plants, sources, storage


def test_a_storage_carries_the_sun_into_the_night() -> None:
    # Two hours, one of sun. Each MW of load needs 1 + 1/0.81 MW of sun, and a storage that takes
    # 1/0.81 MW, holds 1/0.9 MWh: 1000 * (1 + 1/0.81) + 10/0.81 + 20/0.9 a year.
    plant = Plant("sun", np.array([1.0, 0.0]), 1000.0)
    mix = cheapest_mix([2.0, 2.0], [plant], storage=Storage(20.0, 10.0, 0.9, 0.9), tolerance=1e-9)
    by_hand = 2 * (1000 * (1 + 1 / 0.81) + 10 / 0.81 + 20 / 0.9)
    assert mix.yearly_cost == pytest.approx(by_hand, rel=1e-8)
    assert mix.capacities["sun"] == pytest.approx(2 * (1 + 1 / 0.81), rel=1e-6)
    assert mix.storage_power == pytest.approx(2 / 0.81, rel=1e-6)
    assert mix.storage_energy == pytest.approx(2 / 0.9, rel=1e-6)
    assert mix.met == pytest.approx(1)
    assert mix.cost == pytest.approx(by_hand / (2 * 8760), rel=1e-8)


def test_dear_storage_leaves_the_night_to_diesel_and_cheap_sun_is_curtailed() -> None:
    plant = Plant("sun", np.array([1.0, 0.5]), 1000.0)
    mix = cheapest_mix([1.0, 1.0], [plant], [Source("diesel", 300.0, co2=0.7)], tolerance=1e-9)
    # Sun of 2 MW gives all of both hours for 2000; half of the first hour's is cut.
    assert mix.capacities["sun"] == pytest.approx(2)
    assert mix.curtailed == pytest.approx(1 / 3, rel=1e-6)
    assert mix.co2 == pytest.approx(0, abs=1e-6)
    alone = cheapest_mix([1.0, 1.0], [], [Source("diesel", 300.0, 8760.0, co2=0.7)])
    assert alone.cost == pytest.approx(301)
    assert alone.co2 == pytest.approx(0.7 * 8760)
    assert alone.shares["diesel"] == pytest.approx(1)


def test_what_is_dearer_than_its_charge_stays_unserved() -> None:
    plant = Plant("sun", np.array([1.0, 0.0]), 8760.0)
    mix = cheapest_mix([1.0, 1.0], [plant], unserved_cost=100.0)
    assert mix.met == pytest.approx(0.5)
    assert mix.parts["unserved"] == pytest.approx(438_000)
    assert mix.hours["unserved"].tolist() == pytest.approx([0, 1])


@settings(max_examples=12)
@given(st.integers(0, 10_000))
def test_cost_is_that_of_the_whole_programme(seed: int) -> None:
    load, plants, sources, storage = draw_case(seed)
    mix = cheapest_mix(load, plants, sources, storage, unserved_cost=2000.0)
    least = whole_programme(load, plants, sources, storage, 2000.0)
    assert mix.yearly_cost == pytest.approx(least, rel=2e-6)
    assert mix.gap < 2e-6


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_energy_balance_closes_and_limits_hold(seed: int) -> None:
    load, plants, sources, storage = draw_case(seed)
    mix = cheapest_mix(load, plants, sources, storage)
    assert balance(mix, plants, sources) < 1e-6
    assert mix.met == pytest.approx(1, abs=1e-5)
    table, small = mix.hours, 1e-6
    for source in sources:
        assert table[source.name].max() <= mix.capacities[source.name] + small
        assert mix.capacities[source.name] <= source.limit + small
    assert table["level"].between(-small, mix.storage_energy + small).all()
    assert max(table["charge"].max(), table["discharge"].max()) <= mix.storage_power + small
    moved = 0.95 * table["charge"] - table["discharge"] / 0.9
    assert (np.diff(table["level"]) <= moved[1:] + small).all()
    assert moved.sum() >= -small
    assert moved.sum() <= 1e-3 * table["charge"].sum() + small
    assert sum(mix.parts.values()) == pytest.approx(mix.yearly_cost)
    assert sum(mix.shares.values()) == pytest.approx(1, abs=1e-5)


@settings(max_examples=8)
@given(st.integers(0, 10_000))
def test_every_added_option_and_every_raised_limit_makes_it_cheaper(seed: int) -> None:
    load, plants, sources, storage = draw_case(seed)
    diesel = sources[1:]
    tighter = Source("grid", sources[0].price, sources[0].yearly_cost, 0.2)
    steps = [
        cheapest_mix(load, [], diesel),
        cheapest_mix(load, plants[:1], diesel),
        cheapest_mix(load, plants, diesel),
        cheapest_mix(load, plants, diesel, storage),
        cheapest_mix(load, plants, [tighter, *diesel], storage),
        cheapest_mix(load, plants, sources, storage),
    ]
    costs = [step.yearly_cost for step in steps]
    assert all(later <= earlier * (1 + 2e-6) for earlier, later in pairwise(costs))


def test_a_load_ten_times_as_large_costs_ten_times_as_much() -> None:
    load, plants, sources, storage = draw_case(3)
    free = [Plant(p.name, p.output, p.yearly_cost) for p in plants]
    open_ = [Source(s.name, s.price, s.yearly_cost) for s in sources]
    one, ten = (cheapest_mix(load * by, free, open_, storage) for by in (1, 10))
    assert ten.yearly_cost == pytest.approx(10 * one.yearly_cost, rel=3e-6)
    assert ten.cost == pytest.approx(one.cost, rel=3e-6)


SUN = Plant("sun", np.array([1.0, 0.0]), 100.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cheapest_mix([1.0, 1.0], [SUN]), r"load cannot be met: 50.00% of the demand"),
        (lambda: cheapest_mix([1.0], [SUN]), "'sun' has 2 hours, the load 1"),
        (lambda: cheapest_mix([1.0, -1.0], [SUN]), "from -1 to 1 MW"),
        (lambda: cheapest_mix([1.0, np.nan], [SUN]), "unknown in 1 of 2 hours"),
        (lambda: cheapest_mix([0.0, 0.0], [SUN]), "not always 0"),
        (lambda: cheapest_mix([1.0, 1.0], [SUN, SUN]), "stands twice"),
        (lambda: Plant("sun", np.array([20.0, 0.0]), 1.0), "shares of capacity from 0 to 1"),
        (lambda: Plant("sun", np.array([0.5]), -1.0), "yearly cost of 'sun' is -1"),
        (lambda: Source("grid", -5.0), "price of 'grid' is -5 USD/MWh"),
        (lambda: Source("grid", 5.0, limit=-1), "limit of 'grid' is -1"),
        (lambda: Source("grid", 5.0, co2=np.nan), "CO2 of 'grid' is nan"),
        (lambda: Storage(1, 1, 90, 0.9), "efficiency of charge is 90"),
        (lambda: Storage(-1, 1, 0.9, 0.9), "cost of energy is -1"),
        (
            lambda: cheapest_mix([1.0, 1.0], [SUN], [Source("d", 300.0)], unserved_cost=100.0),
            "less than a source's 300",
        ),
    ],
)
def test_refuses_and_says_what_to_do(call, message) -> None:
    with pytest.raises(DataError, match=message):
        call()
