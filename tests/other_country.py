"""A landlocked country of its own layers, for tests: Zambian copper, the TAZARA railway, the sea.

Places and lengths are real to a few kilometres; rates and products are those of the embedded
layers, so freights prove the way, not the country.
"""

from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry import LineString, Polygon
from small_world import record, vector

OUTLINE = [
    (22.0, -16.2), (22.0, -13.0), (24.0, -13.0), (24.3, -10.9), (27.2, -12.1), (28.6, -11.7),
    (28.5, -8.5), (30.8, -8.3), (32.9, -9.3), (33.3, -13.9), (30.2, -14.9), (28.9, -15.9),
    (26.9, -17.9), (25.3, -17.8), (23.4, -17.6),
]  # fmt: skip
NODES = [
    ("kapiri", "New Kapiri Mposhi", "rail terminus", "ZM", "1067", 28.67, -13.97),
    ("nakonde", "Nakonde", "rail/road BCP", "ZM", "1067", 32.72, -9.36),
    ("tunduma", "Tunduma", "rail/road BCP", "TZ", "1067", 32.77, -9.30),
    ("dar-es-salaam", "Dar es Salaam", "sea port", "TZ", "1067", 39.29, -6.83),
]
LINKS = [
    ("kapiri", "nakonde", "rail", "1067", 885.0, "operating"),
    ("nakonde", "tunduma", "rail", "1067", 8.0, "operating"),
    ("tunduma", "dar-es-salaam", "rail", "1067", 967.0, "operating"),
]
MINES = {"kansanshi": ("Kansanshi", 26.43, -12.10), "lumwana": ("Lumwana", 25.83, -12.24)}
PORTS = {
    "Durban": ("ZA", 31.03, -29.87),
    "Zanzibar": ("TZ", 39.18, -6.17),
    "Maputo Port": ("MZ", 32.57, -25.97),
}
CHANNEL = [(39.5, -6.7), (41.2, -11.5), (41.0, -15.5), (37.0, -22.0), (33.0, -28.0), (31.1, -29.9)]
RECIPE = """
[study]
title = "Zambian copper"
region = "zambia"
catalogue = ["layers"]

[grid]
cell_size = "20 km"

[draws]
count = 50

[transport]
nodes = "nodes-zambia"
links = "links-zambia"
factors = "transport-factors"
products = "products"
ports = "ports-africa"
land = "world-land"
avoid_status = []
interest = "10 %"

[transport.geometry]
rail = "tazara"
road = "great-north-road"
sea = "lanes-channel"

[[theme]]
id = "copper"
title = "Copper"

[theme.sites]
layer = "mines-zambia"

[theme.freight]
product = "copper-concentrate"
destinations = { ZA = ["durban"] }

[[theme.criterion]]
id = "freight"
title = "Freight"
measure = "freight-cost"
to = ["ZA"]
value = { linear = [["0 USD/t", 1.0], ["400 USD/t", 0.0]] }
weight = 1
source = "test"

[[theme.criterion]]
id = "port"
title = "Freight to Durban"
measure = "isocost"
to = ["durban"]
product = "copper-concentrate"
value = { linear = [["0 USD/t", 1.0], ["400 USD/t", 0.0]] }
weight = 1
source = "test"

[[theme.criterion]]
id = "quay"
title = "Freight to the quay"
measure = "isocost"
to = ["dar-es-salaam", "maputo"]
product = "coal-raw"
value = { linear = [["0 USD/t", 1.0], ["400 USD/t", 0.0]] }
weight = 1
source = "test"
"""


def points(table, x="x", y="y"):
    return gpd.GeoDataFrame(
        table.drop(columns=[x, y]), geometry=gpd.points_from_xy(table[x], table[y]), crs=4326
    )


def lines(*shapes):
    return gpd.GeoDataFrame({"name": ["line"] * len(shapes)}, geometry=list(shapes), crs=4326)


def node_layer():
    columns = ["node_id", "name", "type", "country", "gauge_mm", "x", "y"]
    return points(pd.DataFrame(NODES, columns=columns))


def link_table():
    return pd.DataFrame(
        LINKS, columns=["from", "to", "mode", "gauge_mm", "tariff_km", "status"]
    ).assign(cost_usd_per_tkm=0.05)


def port_layer():
    return points(
        pd.DataFrame([(n, c, x, y) for n, (c, x, y) in PORTS.items()], columns=list("ncxy")).rename(
            columns={"n": "name", "c": "country"}
        )
    )


def zambia(folder: Path, more: str = "") -> Path:
    """Write the country's layers and a recipe, with more at its end; give the recipe's path."""
    layers = folder / "layers"
    layers.mkdir()
    vector(layers, "zambia", gpd.GeoDataFrame(geometry=[Polygon(OUTLINE)], crs=4326))
    vector(layers, "nodes-zambia", node_layer())
    vector(layers, "ports-africa", port_layer())
    mines = pd.DataFrame(
        [(i, name, x, y) for i, (name, x, y) in MINES.items()], columns=["site_id", "name", *"xy"]
    )
    vector(layers, "mines-zambia", points(mines))
    at = {row[0]: row[-2:] for row in NODES}
    vector(layers, "tazara", lines(LineString(list(at.values()))))
    vector(layers, "great-north-road", lines(LineString([at["kapiri"], at["nakonde"]])))
    vector(layers, "lanes-channel", lines(LineString(CHANNEL)))
    link_table().to_csv(layers / "links-zambia.csv", index=False)
    record(layers, "links-zambia", "links-zambia.csv", kind="table", crs=None)
    path = folder / "zambia.toml"
    path.write_text(RECIPE + more, "utf-8")
    return path
