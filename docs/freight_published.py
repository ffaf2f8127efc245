"""Published lengths, rates and freights beside ours: the rows of a page of the documentation."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geo.catalogue import Catalogue, read_vector
from geo.catalogue.vector import read_table
from geo.transport.graph import solve
from geo.transport.network import Network
from geo.transport.products import read_products
from geo.transport.sea import SeaGraph

ROOT = Path(__file__).resolve().parents[1]
FIGURES = Path(__file__).parent / "data" / "freight-published.csv"

NAUTICAL_MILE = 1.852
SEA_SHARE, SEA_KM = 0.05, 60.0
RAIL_SHARE = 0.01
# Coordinates of the strait south of Kyushu [degrees].
STRAITS = {"osumi": (130.9, 30.9)}
PRODUCT = "coal-raw"


@dataclass(frozen=True)
class Row:
    """A published figure and ours, both in `unit`; lengths at sea in kilometres.

    ``low`` and ``high`` are our range where there is one. ``kin`` is "input" where the figure,
    or what it was made from, is what ours was made from.
    """

    kind: str
    what: str
    published: tuple[float, float]
    low: float
    ours: float
    high: float
    unit: str
    kin: str
    source: str

    @property
    def off(self) -> float:
        """By how much ours leaves what was published, 0 inside its range."""
        least, most = self.published
        return self.ours - min(max(self.ours, least), most)

    @property
    def holds(self) -> bool:
        """Whether ours is as near as it should be."""
        share = abs(self.off) / self.published[0]
        if self.kind == "rail":
            return share <= RAIL_SHARE
        if self.kind == "sea":
            return share <= SEA_SHARE or abs(self.off) <= SEA_KM
        least, most = self.published
        inside = self.low <= least * (1 + 1e-9) and self.high >= most * (1 - 1e-9)
        return inside or least <= self.ours <= most


@cache
def _layers() -> Catalogue:
    return Catalogue.open(ROOT / "layers")


def _features(layer: str) -> gpd.GeoDataFrame:
    return read_vector(_layers()[layer])


@cache
def network(avoid: tuple[str, ...] = ()) -> Network:
    """Network of the embedded layers."""
    tables = (read_table(_layers()[f"transport-{name}"]) for name in ("links", "factors"))
    return Network.from_tables(
        _features("transport-nodes"),
        *tables,
        avoid_countries=avoid,
        crossings=_features("border-crossings"),
    )


@cache
def _sea() -> SeaGraph:
    return SeaGraph(_features("sea-lanes"), _features("world-land"))


@cache
def _port(name: str) -> tuple[float, float]:
    if name in network().nodes.index:
        return network().place(name)
    ports = _features("ports")
    (point,) = ports.loc[(ports["name"] == name) & ports["wpi_number"].notna()].geometry
    return point.x, point.y


def _rail(row: pd.Series) -> tuple[float, float, float]:
    return (network().rail_km(row["from"], row["to"]),) * 3


def _sea_km(row: pd.Series) -> tuple[float, float, float]:
    stops = [_port(row["from"]), *([STRAITS[row["via"]]] if row["via"] else []), _port(row["to"])]
    return (sum(_sea().way(start, end).km for start, end in pairwise(stops)),) * 3


def _rate(row: pd.Series) -> tuple[float, float, float]:
    rates = network().tariffs
    mode, _, country = row["from"].partition(" ")
    return rates.rail[country].triple if mode == "rail" else rates.truck_paved.triple


def _freight(row: pd.Series) -> tuple[float, float, float]:
    # Our own choice would go by China: the trial run did not.
    net = network(("CN",)) if row["via"] == "RU" else network()
    product = read_products(read_table(_layers()["products"]))[PRODUCT]
    steps, _ = solve(net, (row["to"],), product).steps(row["from"])
    low, central, high = (sum(step.cost[k] for step in steps) for k in range(3))
    return low, central, high


_OURS = {"rail": _rail, "sea": _sea_km, "rate": _rate, "freight": _freight}


@cache
def rows() -> tuple[Row, ...]:
    """Every published figure with ours beside it."""
    return tuple(_rows())


def _rows() -> Iterator[Row]:
    table = pd.read_csv(FIGURES, keep_default_na=False)
    for _, row in table.iterrows():
        miles = NAUTICAL_MILE if row["unit"] == "nmi" else 1.0
        low, ours, high = _OURS[row["kind"]](row)
        via = f" ({row['via']})" if row["via"] else ""
        what = f"{row['from']} - {row['to']}{via}" if row["to"] else row["from"]
        yield Row(
            row["kind"],
            what,
            (float(row["published_low"]) * miles, float(row["published_high"]) * miles),
            low,
            ours,
            high,
            "km" if row["unit"] == "nmi" else row["unit"],
            row["kin"],
            row["source"],
        )


_TITLES = {
    "rail": "## Railways\n\nTo 1 %. The links of the fact table were split from the same posts: "
    "these rows show that nothing was lost on the way, and prove no more.\n",
    "sea": "## Sea\n\nTo 5 % or 60 km. Published: NGA, Pub. 151, Distances Between Ports (2001), "
    "as transcribed in [kaklin/sea-routes](https://github.com/kaklin/sea-routes), from nautical "
    "miles. Ours: ways over the lanes of the layer `sea-lanes`, cut short over open water 10 km "
    "off the land (`geo.transport.sea`). Ports of the network stand by their id, others by their "
    "name in the World Port Index.\n",
    "rate": "## Rates\n\nA published rate should lie inside our range.\n",
    "freight": "## Freight\n\nOurs, for raw coal, should lie inside a published range, or a single "
    "published figure inside ours. A figure of CAREC is one of a rate, times our own distance. "
    "No source was found that states the freight from Ulaanbaatar to a port as such.\n",
}


def page() -> str:
    """Text of the page."""
    missed = [row for row in rows() if not row.holds]
    inputs = sum(row.kin == "input" for row in rows())
    parts = [
        "# Published figures beside ours\n",
        f"{len(rows())} figures, of which {inputs} are inputs and prove nothing; {len(missed)} are "
        "missed. Written by `make docs` from the embedded layers.\n",
    ]
    for kind, title in _TITLES.items():
        parts.append(title)
        lines = ["| what | published | ours | off | | source |", "|---|---|---|---|---|---|"]
        lines += [_line(row) for row in rows() if row.kind == kind]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(row: Row) -> str:
    digits = {"km": 0, "USD/t": 1}.get(row.unit, 3)
    least, most = (f"{value:,.{digits}f}" for value in row.published)
    published = least if least == most else f"{least} to {most}"
    ours = f"{row.ours:,.{digits}f}"
    if row.low != row.high:
        ours += f" ({row.low:,.{digits}f} to {row.high:,.{digits}f})"
    off = "" if row.off == 0 else f"{row.off:+,.{digits}f} ({row.off / row.published[0]:+.1%})"
    marks = [*(["input"] if row.kin == "input" else []), *([] if row.holds else ["**missed**"])]
    told = ", ".join(marks) or "holds"
    return f"| {row.what} | {published} {row.unit} | {ours} | {off} | {told} | {row.source} |"
