"""The transport network: places, and the railways, roads and sea lanes between them.

A network is made of two plain tables and a table of rates, and checked as a whole: what
leaves no network is raised at once, all faults together; what only looks odd is told by
`Network.validate`, see `geo.transport.odd`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import NetworkError
from geo.transport.crossings import classes_of, dwell_of, foreign_classes, with_assumed
from geo.transport.kinds import CROSSING_CLASSES
from geo.transport.lines import Drawn, LineNetwork, SeaLanes, straight
from geo.transport.odd import oddities
from geo.transport.tables import (
    MODES,
    check_tables,
    normal_links,
    normal_nodes,
)
from geo.transport.tariffs import Assumptions, Tariffs
from geo.transport.trees import grow, rows_by

__all__ = [
    "ALLOWED_CROSSINGS",
    "AVOID_STATUS",
    "CROSSING_CLASSES",
    "Ends",
    "Link",
    "Network",
    "Node",
    "Way",
]

AVOID_STATUS = ("planned", "under construction", "disused", "restricted")
ALLOWED_CROSSINGS = ("international", "disputed", "unknown")


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


@dataclass(frozen=True, eq=False)
class Ends:
    """The link table as arrays, one entry a link.

    Attributes
    ----------
    start, end : int32 arrays
        Rows of the node table.
    mode : int8 array
        `rail`, `road` or `sea`.
    km : float64 array
        Tariff distance.
    country : int32 array
        Number in `Network.countries` of the country whose rate holds.
    gauges : int64 array
        One bit for each of `Network.gauges`.
    border, paved, open : bool arrays
    dwell : float64 array
        Hours that cargo stands at the border; NaN where not known.
    """

    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    mode: npt.NDArray[np.int8]
    km: npt.NDArray[np.float64]
    country: npt.NDArray[np.int32]
    gauges: npt.NDArray[np.int64]
    border: npt.NDArray[np.bool_]
    paved: npt.NDArray[np.bool_]
    open: npt.NDArray[np.bool_]
    dwell: npt.NDArray[np.float64]

    rail: ClassVar[int] = MODES.index("rail")
    road: ClassVar[int] = MODES.index("road")
    sea: ClassVar[int] = MODES.index("sea")


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
        empty inland), ``dwell_h`` (hours that cargo stands there; NaN where only the rate of
        the factor table is known), ``shut`` (why it is not open), ``surface`` (of a road:
        paved, unpaved, or empty, which counts as paved), ``published_km``, ``electrified``,
        ``opened``, ``due``, ``assumed`` and source texts.
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
        gauges: Collection[int] | None = None,
        ports: Collection[str] | None = None,
        geometry: Mapping[str, gpd.GeoDataFrame] | None = None,
        crossings: pd.DataFrame | None = None,
        allow_crossings: Collection[str] = ALLOWED_CROSSINGS,
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
        gauges, ports : collection, optional
            See `restricted`.
        geometry : mapping, optional
            ``"rail"`` and ``"road"``: layers of lines; ``"sea"``: lanes with ``from`` and
            ``to``. Without a layer a mode is drawn straight.
        crossings : DataFrame, optional
            ``node_id, class`` and, where known, ``rail_dwell_h, road_dwell_h`` [h]. A class is
            international, bilateral, seasonal, disputed (sources
            disagree) or unknown. Several rows of a place are several readings: where they
            differ the crossing is disputed.
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
            If the tables leave no network: every fault, one a line; if a restriction names a
            gauge, port or class that is not there.
        CrsError
            If nodes or lines are not in EPSG:4326.
        """
        given = assumptions or Assumptions()
        places, table = normal_nodes(nodes), normal_links(links)
        faults = check_tables(places, table) + foreign_classes(crossings)
        if faults:
            raise NetworkError("\n".join(faults))
        table["assumed"] = False
        table["open"] = ~table["status"].isin(set(avoid_status)) | _among(table, open_links)
        table["shut"] = np.where(table["open"], "", table["status"])
        if assume_crossings:
            table = with_assumed(places, table, given.crossing_km)
        table = _placed(places, table, crossings)
        tariffs = Tariffs.from_tables(factors, _domestic(table), assumptions=given)
        made = cls(
            places, table, tariffs, tuple(allow_crossings), MappingProxyType(_lines(geometry or {}))
        )
        return made.restricted(
            avoid_countries=avoid_countries,
            closed=closed,
            gauges=gauges,
            ports=ports,
            crossings=allow_crossings,
        )

    def restricted(
        self,
        *,
        avoid_countries: Collection[str] = (),
        closed: Collection[str] = (),
        gauges: Collection[int] | None = None,
        ports: Collection[str] | None = None,
        crossings: Collection[str] | None = None,
    ) -> "Network":
        """Return the same network with less of it open.

        Parameters
        ----------
        avoid_countries : collection of str
            Links that touch these countries are not used (ISO 3166, two letters).
        closed : collection of str
            Places that no cargo may use; a name that the network does not have closes nothing.
        gauges : collection of int, optional
            Railways of other gauges are not used [mm].
        ports : collection of str, optional
            Sea lanes between other ports are not used: cargo sails from one of these.
        crossings : collection of str, optional
            Classes of crossing that cargo for a third country may use.

        Raises
        ------
        NetworkError
            If no railway of the network has one of the gauges, no sea lane leads to one of the
            ports, or a class is not one of `CROSSING_CLASSES`.
        """
        _check_limits(self, gauges, ports, crossings)
        table, nodes = self.links, self.nodes
        reasons = pd.Series("", index=table.index)
        for places, why in (
            (nodes.index[nodes["country"].isin(set(avoid_countries))], "country avoided"),
            (nodes.index[nodes.index.isin(set(closed))], "place closed"),
        ):
            touched = _touching(table, places)
            reasons = reasons.mask(touched & (reasons == ""), why)
        if gauges is not None:
            fewer = table["gauges"].map(lambda own: tuple(g for g in own if g in set(gauges)))
            none = fewer.map(len) == 0
            other = (table["mode"] == "rail") & none
            reasons = reasons.mask(other & (reasons == ""), "gauge not allowed")
            # A railway that is shut keeps its gauges, so that it can be named as what is missing.
            table = table.assign(gauges=fewer.mask(none, table["gauges"]))
        if ports is not None:
            beyond = (table["mode"] == "sea") & ~_touching(table, ports)
            reasons = reasons.mask(beyond & (reasons == ""), "port not allowed")
        narrowed = self._shut(table, reasons)
        allowed = self.allow_crossings if crossings is None else tuple(crossings)
        return replace(narrowed, allow_crossings=allowed)

    def without(self, *, links: Collection[int] = (), nodes: Collection[str] = ()) -> "Network":
        """Return the same network with some links and places closed.

        Parameters
        ----------
        links : collection of int
            Rows of the link table.
        nodes : collection of str
            Node ids.
        """
        for name in nodes:
            self.require(name)
        table = self.links
        gone = table.index.isin(set(links)) | table["from"].isin(set(nodes))
        gone |= table["to"].isin(set(nodes))
        return self._shut(table, pd.Series("", table.index).mask(gone, "closed"))

    def with_links(self, links: pd.DataFrame) -> "Network":
        """Return the network with more links, open whatever their status says.

        Parameters
        ----------
        links : DataFrame
            As for :meth:`from_tables`, between places of this network.

        Raises
        ------
        NetworkError
            If a link cannot be used: every fault, one a line.
        """
        new = normal_links(links)
        both = pd.concat([self.links[list(new.columns)], new], ignore_index=True)
        faults = check_tables(self.nodes, both)
        if faults:
            raise NetworkError("\n".join(faults))
        placed = _placed(self.nodes, new.assign(assumed=False, open=True, shut=""), None)
        rail = set(placed.loc[placed["mode"] == "rail", "country"])
        if rail - set(self.tariffs.rail):
            raise NetworkError(
                f"no rail rate is known for {', '.join(sorted(rail - set(self.tariffs.rail)))}: "
                "add a row to the factor table, or a railway of that country to the link table"
            )
        table = pd.concat([self.links, placed], ignore_index=True)
        return replace(self, links=table)

    def with_nodes(self, nodes: gpd.GeoDataFrame) -> "Network":
        """Return the network with more places, to which `with_links` may lead.

        Parameters
        ----------
        nodes : GeoDataFrame
            As for :meth:`from_tables`.

        Raises
        ------
        NetworkError
            If an id comes twice or a place has no point.
        """
        places = pd.concat([self.nodes, normal_nodes(nodes)])
        faults = check_tables(places, self.links.iloc[:0])
        if faults:
            raise NetworkError("\n".join(faults))
        return replace(self, nodes=places)

    def _shut(self, table: pd.DataFrame, reasons: "pd.Series[str]") -> "Network":
        """The network with the links closed that a reason is given for."""
        newly = (reasons != "") & table["open"]
        shut = table["shut"].mask(newly, reasons)
        return replace(self, links=table.assign(open=table["open"] & ~newly, shut=shut))

    def validate(self) -> list[str]:
        """Report what looks odd but can be used, one sentence each, in a fixed order.

        See `geo.transport.odd.oddities` for the same as a table.
        """
        return [str(says) for says in oddities(self.nodes, self.links)["says"]]

    def with_tariffs(self, tariffs: Tariffs) -> "Network":
        """Return the same network under other rates."""
        return replace(self, tariffs=tariffs)

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
        ends = self.ends
        start, goal = self.position(origin), self.position(destination)
        used = np.flatnonzero(ends.open & np.isin(ends.mode, [MODES.index(m) for m in modes]))
        km = np.tile(self._lengths(used, weight), 2)
        one, other = ends.start[used], ends.end[used]
        tails, heads = np.concatenate([one, other]), np.concatenate([other, one])
        cost, via = grow(rows_by(heads, tails, len(self.nodes)), km, [goal])
        if not np.isfinite(cost[start]):
            raise NetworkError(
                f"no open {' or '.join(modes)} link leads from {origin} to {destination}: "
                "allow more statuses, countries or modes"
            )
        places, rows = [start], []
        while places[-1] != goal:
            arc = int(via[places[-1]])
            rows.append(int(used[arc % len(used)]))
            places.append(int(heads[arc]))
        return Way(tuple(self.name_of(i) for i in places), tuple(rows), float(cost[start]))

    def rail_km(self, origin: str, destination: str) -> float:
        """Tariff distance by open railways [km]."""
        return self.path(origin, destination, modes=("rail",)).km

    @cached_property
    def open_links(self) -> tuple[Link, ...]:
        """Links that may be used, in the table's order."""
        return tuple(self.link(int(row)) for row in np.flatnonzero(self.ends.open))

    def link(self, index: int) -> Link:
        """Row of the link table by its index."""
        row = {name: values[index] for name, values in self._columns.items()}
        return Link(index=index, **row)

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        """Columns of the link table by the names that a link has for them."""
        said = {"start": "from", "end": "to"}
        names = [name for name in Link.__dataclass_fields__ if name != "index"]
        return {name: self.links[said.get(name, name)].tolist() for name in names}

    @cached_property
    def ends(self) -> Ends:
        """The links as arrays."""
        table, place = self.links, pd.Index(self.nodes.index)
        country = pd.Index(self.countries)
        return Ends(
            start=place.get_indexer(pd.Index(table["from"])).astype(np.int32),
            end=place.get_indexer(pd.Index(table["to"])).astype(np.int32),
            mode=pd.Index(MODES).get_indexer(pd.Index(table["mode"])).astype(np.int8),
            km=table["tariff_km"].to_numpy(np.float64),
            country=country.get_indexer(pd.Index(table["country"])).astype(np.int32),
            gauges=_bits(table["gauges"], self.gauges),
            border=table["border"].to_numpy(np.bool_),
            paved=(table["surface"] != "unpaved").to_numpy(np.bool_),
            open=table["open"].to_numpy(np.bool_),
            dwell=table["dwell_h"].to_numpy(np.float64),
        )

    @cached_property
    def countries(self) -> tuple[str, ...]:
        """Countries of the places."""
        return tuple(sorted(set(self.nodes["country"])))

    @cached_property
    def gauges(self) -> tuple[int, ...]:
        """Gauges of railways and places [mm]."""
        named = {*self.links["gauges"].unique(), *self.nodes["gauges"].unique()}
        return tuple(sorted(set().union(*named)))

    @cached_property
    def yards(self) -> npt.NDArray[np.int64]:
        """Gauges that each place names, one bit for each of `gauges`."""
        return _bits(self.nodes["gauges"], self.gauges)

    def usable(self, country: str) -> npt.NDArray[np.bool_]:
        """Whether each link may be used by cargo for a country."""
        ends, (allowed, country_of) = self.ends, self._openness
        code = self.countries.index(country) if country in self.countries else -1
        own = country_of == code
        return np.asarray(ends.open & (~ends.border | allowed | own[ends.start] | own[ends.end]))

    @cached_property
    def _openness(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """Whether each link's crossing is open to all, and the country of each place."""
        allowed = self.links["crossing"].isin(self.allow_crossings).to_numpy(np.bool_)
        codes = pd.Index(self.countries).get_indexer(pd.Index(self.nodes["country"]))
        return allowed, np.asarray(codes, dtype=np.int64)

    def position(self, name: str) -> int:
        """Row of the node table that a place has.

        Raises
        ------
        NetworkError
            If the network has no such node.
        """
        return self._position[self.require(name)]

    @cached_property
    def _names(self) -> list[str]:
        return [str(name) for name in self.nodes.index]

    def name_of(self, position: int) -> str:
        """Id of a place by its row."""
        return self._names[position]

    def node(self, name: str) -> Node:
        """Return a node by its id.

        Raises
        ------
        NetworkError
            If the network has no such node.
        """
        at = self.position(name)
        return Node(name, *(values[at] for values in self._places))

    @cached_property
    def _places(self) -> tuple[list[Any], ...]:
        names = [name for name in Node.__dataclass_fields__ if name != "id"]
        return tuple(self.nodes[name].tolist() for name in names)

    def require(self, node: str) -> str:
        """Return a node's id.

        Raises
        ------
        NetworkError
            If the network has no such node.
        """
        if node not in self._position:
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
            self._drawn[index] = self._draw(self.link(index))
        return self._drawn[index]

    def place(self, name: str) -> tuple[float, float]:
        """Longitude and latitude of a node [degrees]."""
        node = self.node(name)
        return node.lon, node.lat

    @cached_property
    def _position(self) -> dict[str, int]:
        return {str(name): i for i, name in enumerate(self.nodes.index)}

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

    def _lengths(self, rows: npt.NDArray[np.intp], weight: str) -> npt.NDArray[np.float64]:
        if weight == "tariff_km":
            return self.ends.km[rows]
        if weight == "geometry_km":
            return np.array([self.draw(int(row)).km for row in rows])
        raise NetworkError(f"weight {weight!r} is unknown: write 'tariff_km' or 'geometry_km'")


def _among(table: pd.DataFrame, pairs: Collection[tuple[str, str]]) -> "pd.Series[bool]":
    """Links whose ends are one of some pairs, in either order."""
    wanted = {frozenset(pair) for pair in pairs}
    near = table["from"].isin({name for pair in wanted for name in pair})
    found = [
        touched and frozenset((a, b)) in wanted
        for touched, a, b in zip(near, table["from"], table["to"], strict=True)
    ]
    return pd.Series(found, table.index, dtype=bool)


def _touching(table: pd.DataFrame, places: Collection[str]) -> "pd.Series[bool]":
    """Links that begin or end at one of some places."""
    return pd.Series(table["from"].isin(set(places)) | table["to"].isin(set(places)))


def _check_limits(
    network: Network,
    gauges: Collection[int] | None,
    ports: Collection[str] | None,
    crossings: Collection[str] | None,
) -> None:
    """Refuse limits by what the network does not have: they would shut all of it unsaid."""
    table = network.links
    rail, sea = table[table["mode"] == "rail"], table[table["mode"] == "sea"]
    limits: tuple[tuple[Collection[Any] | None, set[Any], str], ...] = (
        (gauges, set().union(*rail["gauges"]), "railway of the gauge"),
        (ports, {*sea["from"], *sea["to"]}, "sea lane to the port"),
        (crossings, set(CROSSING_CLASSES), "class of crossing"),
    )
    for given, known, what in limits:
        strays = sorted(set(given or ()) - known)
        if strays:
            raise NetworkError(
                f"the network has no {what} {strays[0]}: "
                f"choose of {', '.join(str(one) for one in sorted(known))}"
            )


def _placed(
    places: pd.DataFrame, table: pd.DataFrame, crossings: pd.DataFrame | None
) -> pd.DataFrame:
    """Links with the country whose rate holds, whether they cross a border, and its class."""
    table = table.reset_index(drop=True)
    table["country"] = places["country"].reindex(table["from"]).to_numpy()
    foreign = places["country"].reindex(table["to"]).to_numpy()
    table["border"] = (table["country"] != foreign) & (table["mode"] != "sea")
    table["crossing"], table["dwell_h"] = "", np.nan
    table.loc[table["border"], "crossing"] = classes_of(table[table["border"]], crossings)
    table.loc[table["border"], "dwell_h"] = dwell_of(table[table["border"]], crossings)
    return table


def _bits(gauges: "pd.Series[Any]", known: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Sets of gauges as one bit each."""
    codes, different = pd.factorize(gauges.to_numpy(dtype=object))
    bits = [sum(1 << known.index(gauge) for gauge in own) for own in different]
    return np.array([*bits, 0], dtype=np.int64)[codes]


def _domestic(links: pd.DataFrame) -> pd.DataFrame:
    """Links and the countries whose rates they tell of: those within one country.

    A link across a border may carry either side's rate; it only names its country, so
    that a country with no railway of its own in the table is not left without a rate.
    """
    told = links[["mode", "country", "usd_per_tkm"]].copy()
    told.loc[links["border"], "usd_per_tkm"] = np.nan
    return told


def _lines(geometry: Mapping[str, gpd.GeoDataFrame]) -> dict[str, LineNetwork | SeaLanes]:
    return {
        mode: SeaLanes(layer) if mode == "sea" else LineNetwork(layer)
        for mode, layer in geometry.items()
    }
