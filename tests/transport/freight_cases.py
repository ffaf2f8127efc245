"""Small tables whose freight can be worked out by hand."""

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geo.transport.network import Network
from geo.transport.products import Product
from geo.transport.tariffs import Assumptions

FACTS = Path(__file__).parents[2] / "layers" / "build" / "facts"

# 876 USD/t at 10 % a year is one cent an hour.
ORE = Product("ore", "Ore", 876.0, 0.0, 0.9, 0.5, "bulk")
BOXED = Product("boxed", "Boxed ore", 876.0, 0.0, 0.9, 0.5, "container")
GIVEN = Assumptions(rail_fixed={"BB": (1.0, 1.5, 2.0)}, rail_reference_km=750.0)

FACTORS = pd.DataFrame(
    [
        ("gauge_change", "Here", 6.0, ""),
        ("gauge_change", "Elsewhere, for comparison", 16.0, ""),
        ("transshipment", "Bulk tranship at border", 4.0, "Screening value 3-6"),
        ("transshipment", "Port handling (bulk load or discharge)", 6.0, "4-10 each end"),
        ("transshipment", "Container lift", 2.5, "USD 50 per lift of 20 t"),
        ("border_delay", "Post rail average 2015-2023", 20.0, "31 h in 2023 (record)"),
        ("border_delay", "Post rail inbound clearance", 99.0, "context only"),
        ("border_delay", "Road clearance", 2.0, "6.5 h in 2021"),
        ("capacity", "Trains handled", 7.0, ""),
        ("cost", "Road total", 0.10, ""),
        ("cost", "Truck of one mine", 0.08, ""),
        ("cost", "Unpaved road truck", 0.20, "Screening value 0.15-0.30"),
        ("cost", "Rail of AA", 0.05, "Screening value 0.04-0.09"),
        ("cost", "Rail of BB", 0.02, ""),
        ("cost", "Sea short-haul bulk", 0.006, "8-15 USD/t on 1000-2400 km"),
        ("speed", "Rail speed with delay", 20.0, "40 km/h without delay"),
        ("speed", "Road speed with delay", 25.0, "50 km/h without delay"),
    ],
    columns=["group", "item", "value", "notes"],
).assign(unit="", source="table", confidence="medium")

# A mine's station, a yard for both gauges, the first station abroad, a port, two smelters.
NODES = {
    "a": (0.0, 0.0, "AA", "station", "1520"),
    "y": (0.8, 0.0, "AA", "station", "1520/1435"),
    "z": (0.88, 0.0, "BB", "station", "1435"),
    "p": (3.0, 0.0, "BB", "sea port", "1435"),
    "d": (9.0, 0.0, "CC", "smelter port", ""),
    "e": (9.5, 1.0, "DD", "smelter port", ""),
}
LINKS = [
    ("a", "y", "rail", "1520", 100.0, "operating", 0.05),
    ("y", "z", "rail", "1520+1435", 10.0, "operating", 0.05),
    ("z", "p", "rail", "1435", 300.0, "operating", 0.02),
    ("p", "d", "sea", "", 1000.0, "operating", 0.006),
    ("p", "e", "sea", "", 1400.0, "operating", 0.006),
]
# load, rail AA, gauge change, waiting, rail AA over the border, fixed part and rail BB,
# port, sea, port
PARTS = (4.0, 5.0, 6.0, 0.2, 0.5, 1.5, 300 * (0.02 - 1.5 / 750), 6.0, 3.0 + 5.0, 6.0)


def node_table(rows: dict[str, tuple[float, float, str, str, str]]) -> gpd.GeoDataFrame:
    """Nodes as a layer gives them."""
    table = pd.DataFrame(
        [
            {"node_id": k, "name": k.upper(), "type": kind, "country": country, "gauge_mm": gauge}
            for k, (_, _, country, kind, gauge) in rows.items()
        ]
    )
    points = gpd.points_from_xy([r[0] for r in rows.values()], [r[1] for r in rows.values()])
    return gpd.GeoDataFrame(table, geometry=points, crs=4326)


def link_table(rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    """Links as a layer gives them."""
    columns = ["from", "to", "mode", "gauge_mm", "tariff_km", "status", "usd_per_tkm"]
    return pd.DataFrame(rows, columns=columns).assign(length_source="survey")


def network(
    links: Iterable[tuple[object, ...]] = LINKS,
    nodes: dict[str, tuple[float, float, str, str, str]] = NODES,
    **options: object,
) -> Network:
    """The small network, or one like it."""
    options.setdefault("assumptions", GIVEN)
    return Network.from_tables(node_table(nodes), link_table(links), FACTORS, **options)


def fact_network(**options: object) -> Network:
    """The real network of the fact tables."""
    nodes = pd.read_csv(FACTS / "transport_nodes.csv")
    points = gpd.points_from_xy(nodes["lon"], nodes["lat"])
    links = pd.read_csv(FACTS / "transport_links.csv").rename(columns={"length_km": "tariff_km"})
    factors = pd.read_csv(FACTS / "transport_factors.csv")
    placed = gpd.GeoDataFrame(nodes, geometry=points, crs=4326)
    return Network.from_tables(placed, links, factors, **options)
