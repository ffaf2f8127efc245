"""The transport network: places, and the railways, roads and sea lanes between them.

A network is made of two plain tables and a table of rates, and checked as a whole: what
leaves no network is raised at once, all faults together; what only looks odd is told by
`Network.validate`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, pairwise
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.errors import NetworkError
from geo.transport.lines import Drawn, LineNetwork, SeaLanes, straight
from geo.transport.paths import chain, shortest
from geo.transport.tables import (
    GEOD,
    check_tables,
    normal_links,
    normal_nodes,
)
from geo.transport.tariffs import Assumptions, Tariffs

__all__ = ["AVOID_STATUS", "Link", "Network", "Node", "Way"]

AVOID_STATUS = ("planned", "under construction", "disused", "restricted")
CROSSING_CLASSES = ("international", "bilateral", "seasonal", "unknown")


@dataclass(frozen=True)
class Node:
    """A place: country as ISO 3166, gauges of its tracks [mm], position [degrees]."""

    id: str
    name: str
    type: str
    country: str
    gauges: tuple[int, ...]
    lon: float
    lat: float


@dataclass(frozen=True)
class Link:
    """A row of the link table, see `Network.links`."""

    index: int
    start: str
    end: str
    mode: str
    gauges: tuple[int, ...]
    tariff_km: float
    status: str
    open: bool
    country: str
    border: bool
    crossing: str
    assumed: bool
    length_source: str
    length_confidence: str
    source: str
    confidence: str


@dataclass(frozen=True)
class Way:
    """Places on the shortest way, rows of the link table it uses, and its length [km]."""

    nodes: tuple[str, ...]
    links: tuple[int, ...]
    km: float


@dataclass(frozen=True, eq=False)
class Network:
    """Places and links, checked and normalised; make one with `Network.from_tables`.

    Attributes
    ----------
    nodes : DataFrame
        By node id: ``name, type, country, gauges, lon, lat``.
    links : DataFrame
        ``from, to, mode, gauges, tariff_km, status, open, country`` (whose rate holds),
        ``border`` (joins two countries by land), ``crossing`` (class of the crossing,
        empty inland), ``assumed`` and source texts.
    tariffs : Tariffs
    allow_crossings : tuple of str
        Classes of crossing that cargo for a third country may use.
    """

    nodes: pd.DataFrame
    links: pd.DataFrame
    tariffs: Tariffs
    allow_crossings: tuple[str, ...]
    lines: Mapping[str, LineNetwork | SeaLanes]

    @classmethod
    def from_tables(
        cls,
        nodes: gpd.GeoDataFrame,
        links: pd.DataFrame,
        factors: pd.DataFrame,
        *,
        avoid_status: Collection[str] = AVOID_STATUS,
        avoid_countries: Collection[str] = (),
        open_links: Collection[tuple[str, str]] = (),
        closed: Collection[str] = (),
        geometry: Mapping[str, gpd.GeoDataFrame] | None = None,
        crossings: pd.DataFrame | None = None,
        allow_crossings: Collection[str] = ("international", "unknown"),
        assume_crossings: bool = True,
        assumptions: Assumptions | None = None,
    ) -> "Network":
        """Make a network of tables.

        Parameters
        ----------
        nodes : GeoDataFrame
            Points in EPSG:4326: ``node_id, name, type, country, gauge_mm``.
        links : DataFrame
            ``from, to, mode`` (rail, road or sea), ``gauge_mm, tariff_km, status`` and
            ``usd_per_tkm``; source texts are kept.
        factors : DataFrame
            See `Tariffs.from_tables`.
        avoid_status : collection of str
            Links of these statuses are not used.
        avoid_countries : collection of str
            Links that touch these countries are not used (ISO 3166, two letters).
        open_links : collection of (str, str)
            Links by the ids of their ends, in either order, that are used whatever their
            status, as when a planned railway is built.
        closed : collection of str
            Places that no cargo may use, as when a border post or a port is shut.
        geometry : mapping, optional
            ``"rail"`` and ``"road"``: layers of lines; ``"sea"``: lanes with ``from`` and
            ``to``. Without a layer a mode is drawn straight.
        crossings : DataFrame, optional
            ``node_id, class``: international, bilateral, seasonal or unknown.
        allow_crossings : collection of str
            Classes that cargo for a third country may use. Cargo for one of the two
            neighbours may use them all.
        assume_crossings : bool
            Join facing border posts by road where the table has no road between them,
            see `Assumptions.crossing_km`. Such links carry ``assumed`` and say so.
        assumptions : Assumptions, optional

        Returns
        -------
        Network

        Raises
        ------
        NetworkError
            If the tables leave no network: every fault, one a line.
        CrsError
            If nodes or lines are not in EPSG:4326.
        """
        given = assumptions or Assumptions()
        places, table = normal_nodes(nodes), normal_links(links)
        faults = check_tables(places, table) + _foreign_classes(crossings)
        if faults:
            raise NetworkError("\n".join(faults))
        table["assumed"] = False
        ends = [frozenset(pair) for pair in zip(table["from"], table["to"], strict=True)]
        built = pd.Series(ends, table.index).isin({frozenset(pair) for pair in open_links})
        table["open"] = ~table["status"].isin(set(avoid_status)) | built
        if assume_crossings:
            table = _with_assumed(places, table, given.crossing_km)
        shut = places.index[
            places["country"].isin(set(avoid_countries)) | places.index.isin(set(closed))
        ]
        table["open"] &= ~(table["from"].isin(shut) | table["to"].isin(shut))
        table["country"] = places["country"].reindex(table["from"]).to_numpy()
        foreign = places["country"].reindex(table["to"]).to_numpy()
        table["border"] = (table["country"] != foreign) & (table["mode"] != "sea")
        table["crossing"] = _classes(table, crossings)
        tariffs = Tariffs.from_tables(factors, _domestic(table), assumptions=given)
        return cls(
            places,
            table.reset_index(drop=True),
            tariffs,
            tuple(allow_crossings),
            MappingProxyType(_lines(geometry or {})),
        )

    def with_tariffs(self, tariffs: Tariffs) -> "Network":
        """Return the same network under other rates."""
        return replace(self, tariffs=tariffs)

    def validate(self) -> list[str]:
        """Report what looks odd but can be used, one sentence each, in a fixed order."""
        return [*self._short(), *self._joins(), *self._parts(), *self._assumed()]

    def path(
        self,
        origin: str,
        destination: str,
        *,
        weight: str = "tariff_km",
        modes: Collection[str] = ("rail", "road", "sea"),
    ) -> Way:
        """Shortest way over open links, without regard to gauge or cost.

        Parameters
        ----------
        origin, destination : str
            Node ids.
        weight : {"tariff_km", "geometry_km"}
            Length to add up.
        modes : collection of str
            Modes to use.

        Returns
        -------
        Way

        Raises
        ------
        NetworkError
            If a place is unknown, the weight too, or no open links join the places.
        """
        for place in (origin, destination):
            self.require(place)
        wanted = set(modes)
        best: dict[tuple[int, int], tuple[float, int]] = {}
        position = self._position
        for link in self.open_links:
            if link.mode in wanted:
                # Of parallel links the shortest counts.
                a, b = position[link.start], position[link.end]
                candidate = (self._length(link, weight), link.index)
                best[a, b] = best[b, a] = min(candidate, best.get((a, b), candidate))
        tails, heads = zip(*best, strict=True) if best else ((), ())
        km = [length for length, _ in best.values()]
        distance, before = shortest(len(position), tails, heads, km, position[origin])
        end = position[destination]
        if not np.isfinite(distance[end]):
            raise NetworkError(
                f"no open {' or '.join(modes)} link leads from {origin} to {destination}: "
                "allow more statuses, countries or modes"
            )
        places = chain(before, end)
        names = list(position)
        return Way(
            tuple(names[i] for i in places),
            tuple(best[pair][1] for pair in pairwise(places)),
            float(distance[end]),
        )

    def rail_km(self, origin: str, destination: str) -> float:
        """Tariff distance by open railways [km]."""
        return self.path(origin, destination, modes=("rail",)).km

    @cached_property
    def open_links(self) -> tuple[Link, ...]:
        """Links that may be used, in the table's order."""
        return tuple(link for link in self._records if link.open)

    def link(self, index: int) -> Link:
        """Row of the link table by its index."""
        return self._records[index]

    def node(self, name: str) -> Node:
        """Return a node by its id.

        Raises
        ------
        NetworkError
            If the network has no such node.
        """
        return self._places[self.require(name)]

    def require(self, node: str) -> str:
        """Return a node's id.

        Raises
        ------
        NetworkError
            If the network has no such node.
        """
        if node not in self._places:
            raise NetworkError(f"the network has no node {node!r}: add it or mend the id")
        return node

    def draw(self, index: int) -> Drawn:
        """Where a link runs, from its ``from`` to its ``to``.

        Parameters
        ----------
        index : int
            Row of the link table.
        """
        if index not in self._drawn:
            self._drawn[index] = self._draw(self._records[index])
        return self._drawn[index]

    def place(self, name: str) -> tuple[float, float]:
        """Longitude and latitude of a node [degrees]."""
        node = self.node(name)
        return node.lon, node.lat

    @cached_property
    def _places(self) -> dict[str, Node]:
        return {
            str(row["node_id"]): Node(
                str(row["node_id"]),
                str(row["name"]),
                str(row["type"]),
                str(row["country"]),
                row["gauges"],
                float(row["lon"]),
                float(row["lat"]),
            )
            for row in self.nodes.reset_index().to_dict("records")
        }

    @cached_property
    def _records(self) -> tuple[Link, ...]:
        renamed = self.links.rename(columns={"from": "start", "to": "end"})
        names = [name for name in Link.__dataclass_fields__ if name != "index"]
        rows = zip(*(renamed[name].tolist() for name in names), strict=True)
        return tuple(Link(i, *row) for i, row in enumerate(rows))

    @cached_property
    def _position(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self._places)}

    @cached_property
    def _drawn(self) -> dict[int, Drawn]:
        return {}

    def _draw(self, link: Link) -> Drawn:
        start, end = self.place(link.start), self.place(link.end)
        layer = self.lines.get(link.mode)
        if isinstance(layer, SeaLanes):
            return layer.lane(link.start, link.end, start, end)
        if isinstance(layer, LineNetwork):
            return layer.way(start, end, link.tariff_km)
        return straight(start, end)

    def _length(self, link: Link, weight: str) -> float:
        if weight == "tariff_km":
            return link.tariff_km
        if weight == "geometry_km":
            return self.draw(link.index).km
        raise NetworkError(f"weight {weight!r} is unknown: write 'tariff_km' or 'geometry_km'")

    def _short(self) -> list[str]:
        crow = _crow_km(self.nodes, self.links)
        return [
            f"link {link.start}-{link.end} ({link.mode}) is charged for "
            f"{link.tariff_km:g} km, its ends lie {km:.1f} km apart"
            for link, km in zip(self._records, crow, strict=True)
            if link.tariff_km < km
        ]

    def _joins(self) -> list[str]:
        meeting: dict[str, list[set[int]]] = {}
        for link in self.open_links:
            if link.mode == "rail":
                meeting.setdefault(link.start, []).append(set(link.gauges))
                meeting.setdefault(link.end, []).append(set(link.gauges))
        problems = []
        for name, gauges in meeting.items():
            every = set[int]().union(*gauges)
            if not set.intersection(*gauges) and not every <= set(self.node(name).gauges):
                text = " and ".join(str(g) for g in sorted(every, reverse=True))
                problems.append(f"gauges {text} mm meet at {name}, which has no yard for both")
        return problems

    def _parts(self) -> list[str]:
        position = self._position
        tail = [position[link.start] for link in self.open_links]
        head = [position[link.end] for link in self.open_links]
        size = len(position)
        matrix = coo_array((np.ones(len(tail)), (tail, head)), shape=(size, size))
        _, part = connected_components(matrix, directed=False)
        groups: dict[int, list[str]] = {}
        for name, k in zip(position, part, strict=True):
            groups.setdefault(int(k), []).append(name)
        apart = sorted(groups.values(), key=len)[:-1]
        return [f"not joined to the rest by open links: {', '.join(names)}" for names in apart]

    def _assumed(self) -> list[str]:
        return [
            f"road {link.start}-{link.end} is assumed: {link.source}"
            for link in self._records
            if link.assumed
        ]


def _crow_km(nodes: pd.DataFrame, links: pd.DataFrame) -> npt.NDArray[np.float64]:
    a, b = nodes.loc[links["from"]], nodes.loc[links["to"]]
    metres = GEOD.inv(
        a["lon"].to_numpy(), a["lat"].to_numpy(), b["lon"].to_numpy(), b["lat"].to_numpy()
    )[2]
    return np.asarray(metres, dtype=np.float64) / 1000.0


def _domestic(links: pd.DataFrame) -> pd.DataFrame:
    """Links and the countries whose rates they tell of: those within one country.

    A link across a border may carry either side's rate; it only names its country, so
    that a country with no railway of its own in the table is not left without a rate.
    """
    told = links[["mode", "country", "usd_per_tkm"]].copy()
    told.loc[links["border"], "usd_per_tkm"] = np.nan
    return told


def _foreign_classes(crossings: pd.DataFrame | None) -> list[str]:
    if crossings is None:
        return []
    found = sorted(set(crossings["class"].fillna("unknown").astype(str)) - set(CROSSING_CLASSES))
    known = ", ".join(CROSSING_CLASSES)
    return [f"crossing class {name!r} is unknown: write one of {known}" for name in found]


def _classes(links: pd.DataFrame, crossings: pd.DataFrame | None) -> list[str]:
    stated: dict[str, str] = {}
    if crossings is not None:
        stated = dict(zip(crossings["node_id"], crossings["class"].fillna("unknown"), strict=True))
    return [
        _stricter(stated.get(a, "unknown"), stated.get(b, "unknown")) if border else ""
        for a, b, border in zip(links["from"], links["to"], links["border"], strict=True)
    ]


def _stricter(one: str, other: str) -> str:
    both = {one, other}
    return next(
        name for name in ("bilateral", "seasonal", "international", "unknown") if name in both
    )


def _lines(geometry: Mapping[str, gpd.GeoDataFrame]) -> dict[str, LineNetwork | SeaLanes]:
    return {
        mode: SeaLanes(layer) if mode == "sea" else LineNetwork(layer)
        for mode, layer in geometry.items()
    }


def _with_assumed(nodes: pd.DataFrame, links: pd.DataFrame, reach: float) -> pd.DataFrame:
    """Add roads between facing border posts that open links serve on both sides."""
    used = links[links["open"]]
    served = set(used["from"]) | set(used["to"])
    records = nodes.reset_index().to_dict("records")
    posts = [row for row in records if row["node_id"] in served and _post(str(row["type"]))]
    roads = links[links["mode"] == "road"]
    joined = {frozenset(pair) for pair in zip(roads["from"], roads["to"], strict=True)}
    detour = float(np.median(roads["tariff_km"] / _crow_km(nodes, roads))) if len(roads) else 1.0
    rows = []
    for one, other in combinations(posts, 2):
        km = GEOD.inv(one["lon"], one["lat"], other["lon"], other["lat"])[2] / 1000.0
        ends = {"from": one["node_id"], "to": other["node_id"]}
        abroad = one["country"] != other["country"]
        if abroad and km <= reach and frozenset(ends.values()) not in joined:
            rows.append({**_ROAD, **ends, "tariff_km": km * detour})
    return pd.concat([links, pd.DataFrame(rows)], ignore_index=True) if rows else links


_ROAD = {
    "mode": "road",
    "gauges": (),
    "status": "operating",
    "status_text": "",
    "usd_per_tkm": np.nan,
    "notes": "",
    "length_source": "straight line times the median detour of the table's roads",
    "length_confidence": "low",
    "source": "assumption: both posts are served, the table has no road between them",
    "confidence": "low",
    "assumed": True,
    "open": True,
}


def _post(kind: str) -> bool:
    """Whether a node is a border post that road vehicles may pass."""
    return "BCP" in kind and ("rail" not in kind or "road" in kind)
