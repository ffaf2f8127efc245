"""What the shipped tables tell of crossings, throughput and emissions, and how it is used."""

import pandas as pd
import pytest
from freight_cases import FACTORS, GIVEN, LINKS, NODES, ORE, link_table, network, node_table

from geo.transport.capacity import annual_tonnes
from geo.transport.graph import solve
from geo.transport.network import CROSSING_CLASSES, Network
from geo.transport.tariffs import Tariffs

EMISSIONS = pd.DataFrame(
    [
        ("emission", "Road freight", 0.08, "0.08-0.10"),
        ("emission", "Rail freight", 0.03, ""),
        ("emission", "Sea freight bulk carrier", 0.008, ""),
    ],
    columns=["group", "item", "value", "notes"],
)


def readings(*rows):
    return network(crossings=pd.DataFrame(rows, columns=["node_id", "class"]))


def test_readings_that_differ_make_a_crossing_disputed_and_it_stays_in_use():
    net = readings(("y", "bilateral"), ("y", "international"))
    assert net.link(1).crossing == "disputed"
    steps, _ = solve(net, ("d",), ORE).steps("a")
    assert "crossing class disputed" in next(s.source for s in steps if s.mode == "border")
    assert readings(("y", "bilateral"), ("y", "bilateral")).link(1).crossing == "bilateral"


def test_emissions_follow_the_tariff_distance():
    factors = pd.concat([FACTORS, EMISSIONS], ignore_index=True)
    net = Network.from_tables(node_table(NODES), link_table(LINKS), factors, assumptions=GIVEN)
    steps, _ = solve(net, ("d",), ORE).steps("a")
    kg = [step.kg for step in steps if step.mode in ("rail", "sea") and step.km > 0]
    assert kg == pytest.approx([100 * 0.03, 10 * 0.03, 300 * 0.03, 1000 * 0.008])
    unknown = [step for step in steps if step.mode in ("port", "transfer", "gauge-change")]
    assert all(step.kg != step.kg for step in unknown)


def test_without_emission_rows_emissions_are_unknown_not_nothing():
    steps, _ = solve(network(), ("d",), ORE).steps("a")
    assert all(step.kg != step.kg for step in steps if step.km > 0)


def test_the_shipped_tables_can_be_read():
    from pathlib import Path

    folder = Path(__file__).parents[2] / "layers" / "northeast-asia"
    told = pd.read_csv(folder / "crossing-readings.csv", keep_default_na=False)
    assert set(told["class"]) <= set(CROSSING_CLASSES)
    assert (told["source"] != "").all()
    passed = pd.read_csv(folder / "border-throughput.csv")
    tonnes = [annual_tonnes(v, u) for v, u in zip(passed["value"], passed["unit"], strict=True)]
    assert min(tonnes) > 1e5
    factors = pd.read_csv(folder / "transport-factors.csv")
    links = pd.DataFrame({"mode": ["rail"], "country": ["MN"], "usd_per_tkm": [0.034]})
    kg = Tariffs.from_tables(factors, links).emissions
    assert {mode: rate.central for mode, rate in kg.items()} == {
        "rail": 0.03159,
        "road": 0.08473,
        "sea": 0.008,
    }
