"""The network as arrays of states and arcs, each arc with what is charged on it.

A state is a place together with what the cargo stands on there: a truck, a wagon of one
gauge on one country's railway, or a ship. Links join states of one kind; transfers join the
states of one place. No object is made for a link or an arc, so that networks of millions of
links fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.errors import NetworkError
from geo.transport.charges import Charges
from geo.transport.network import Network
from geo.transport.products import Product
from geo.transport.tariffs import CASES, Case
from geo.transport.trees import Closures, Rows, closed_arcs, rows_by

__all__ = ["LEAVING", "OFF_RAILS", "ROAD", "SEA", "StateGraph"]

OFF_RAILS = ROAD, LEAVING, SEA = 0, 1, 2
"""Vehicles: a truck, one loaded here that has to drive off first, a ship; wagons follow.

A truck loaded from a train or ship has to drive off before it is unloaded: otherwise two
loadings at one place would pass for a gauge change.
"""
_RAIL = len(OFF_RAILS)
_NONE = -1

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class StateGraph:
    """States, and the arcs that lead from each towards the destinations.

    Attributes
    ----------
    network : Network
    product : Product
    charges : Charges
    wagons : tuple of (str, int)
        Country and gauge of the vehicles from number 3 on.
    node, vehicle : (states,) int32 arrays
    tail, head : (arcs,) int32 arrays
        States; the head of an arrival is `end`, one beyond the states.
    link : (arcs,) int32 array
        Row of the network's links, -1 for what is done at a place.
    factor, quantity : (arcs, 2) int32 and float64 arrays
        What is charged, and how much of it; -1 is nothing.
    """

    network: Network
    product: Product
    charges: Charges
    wagons: tuple[tuple[str, int], ...]
    node: Ints
    vehicle: Ints
    tail: Ints
    head: Ints
    link: Ints
    factor: Ints
    quantity: Floats

    @classmethod
    def of(cls, network: Network, destinations: Sequence[str], product: Product) -> "StateGraph":
        """Lay out the open links for cargo to some destinations of one country.

        Parameters
        ----------
        network : Network
        destinations : sequence of str
            Node ids, all in one country: which crossings are open depends on it.
        product : Product

        Raises
        ------
        NetworkError
            If a destination is unknown, none is given, or they lie in several countries.
        """
        if not destinations:
            raise NetworkError("no destination is given: name at least one node")
        countries = {network.node(name).country for name in destinations}
        if len(countries) > 1:
            raise NetworkError(
                f"the destinations lie in {', '.join(sorted(countries))}: give those of one "
                "country at a time, for crossings may be open to one and not to another"
            )
        return _laid_out(network, network.usable(*countries), tuple(destinations), product)

    @property
    def end(self) -> int:
        """The vertex that all destinations lead to."""
        return len(self.node)

    @cached_property
    def into(self) -> Rows:
        """Arcs by their heads."""
        return rows_by(self.head, self.tail, self.end + 1)

    @cached_property
    def out_of(self) -> Rows:
        """Arcs by their tails."""
        return rows_by(self.tail, self.head, self.end + 1)

    def costs(self, case: Case = "central") -> Floats:
        """Cost of every arc [USD/t]."""
        return self.priced(self.charges.rates[CASES.index(case)])

    def priced(self, rates: Floats) -> Floats:
        """Cost of every arc under given rates of the charges.

        Parameters
        ----------
        rates : (charges,) or (draws, charges) array [USD/t]

        Returns
        -------
        (arcs,) or (draws, arcs) array [USD/t]
        """
        padded = np.concatenate([rates, np.zeros((*rates.shape[:-1], 1))], axis=-1)
        first = padded[..., self.factor[:, 0]] * self.quantity[:, 0]
        return np.asarray(first + padded[..., self.factor[:, 1]] * self.quantity[:, 1])

    def trucks(self, nodes: npt.ArrayLike) -> Ints:
        """State of a truck at each node (row of the network's nodes); -1 where none can be."""
        at = np.full(len(self.network.nodes), _NONE, dtype=np.int32)
        standing = np.flatnonzero(self.vehicle == ROAD)
        at[self.node[standing]] = standing
        return np.asarray(at[np.asarray(nodes)])

    def closures(self, links: Sequence[Sequence[int]], nodes: Sequence[Sequence[int]]) -> Closures:
        """Arcs that closing links and places takes out, a set for each case.

        Parameters
        ----------
        links : sequence of sequences of int
            Rows of the link table, for each case.
        nodes : sequence of sequences of int
            Rows of the node table, for each case.
        """
        return closed_arcs(
            _sets(links), _sets(nodes), self._by_link, self._by_place, self._trucks_by_place,
            self.network.ends.start, self.network.ends.end,
            self.network.ends.mode != self.network.ends.sea,
        )  # fmt: skip

    @cached_property
    def _by_link(self) -> Rows:
        """Arcs by their links."""
        arcs = np.flatnonzero(self.link >= 0)
        rows = rows_by(self.link[arcs], arcs, len(self.network.links))
        return Rows(rows.first, rows.far, rows.far)

    @cached_property
    def _by_place(self) -> Rows:
        """Links that are used by their places."""
        ends = self.network.ends
        used = np.unique(self.link[self.link >= 0])
        places = np.concatenate([ends.start[used], ends.end[used]])
        return rows_by(places, np.concatenate([used, used]), len(self.network.nodes))

    @cached_property
    def _trucks_by_place(self) -> Rows:
        """Arcs from and to trucks by their places."""
        every = np.arange(len(self.tail))
        tails = every[self.vehicle[self.tail] <= LEAVING]
        inner = every[self.head < self.end]
        heads = inner[self.vehicle[self.head[inner]] <= LEAVING]
        places = np.concatenate([self.node[self.tail[tails]], self.node[self.head[heads]]])
        return rows_by(places, np.concatenate([tails, heads]), len(self.network.nodes))


def _sets(rows: Sequence[Sequence[int]]) -> Closures:
    first = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(own) for own in rows], out=first[1:])
    return Closures(first, np.array([k for own in rows for k in own], dtype=np.int32))


@dataclass
class _Arcs:
    """Arcs as they are laid out, states still by place and vehicle."""

    tail: npt.NDArray[np.int64]
    head: npt.NDArray[np.int64]
    link: Ints
    factor: Ints
    quantity: Floats


def _laid_out(
    network: Network,
    usable: npt.NDArray[np.bool_],
    destinations: tuple[str, ...],
    product: Product,
) -> StateGraph:
    ends = network.ends
    rows = np.flatnonzero(usable)
    railways = sorted({network.countries[c] for c in set(ends.country[ends.mode == ends.rail])})
    charges = Charges.of(network.tariffs, product, railways)
    wagons = tuple((country, gauge) for country in railways for gauge in network.gauges)
    kinds = _RAIL + len(wagons)
    hauls = _hauls(network, rows, wagons, charges, kinds)
    keys = _states(hauls, kinds)
    arcs = [
        hauls,
        _leaving(hauls, keys, kinds),
        _transfers(network, keys, wagons, charges, kinds),
    ]
    node, vehicle = (keys // kinds).astype(np.int32), (keys % kinds).astype(np.int32)
    tail, head = (np.searchsorted(keys, np.concatenate(x)) for x in zip(*(
        (part.tail, part.head) for part in arcs), strict=True))  # fmt: skip
    arrival = _arrivals(network, node, vehicle, destinations, charges)
    end = np.full(len(arrival.tail), len(keys))
    every = [*arcs, arrival]
    return StateGraph(
        network=network,
        product=product,
        charges=charges,
        wagons=wagons,
        node=node,
        vehicle=vehicle,
        tail=np.concatenate([tail, arrival.tail]).astype(np.int32),
        head=np.concatenate([head, end]).astype(np.int32),
        link=np.concatenate([part.link for part in every]),
        factor=np.concatenate([part.factor for part in every]),
        quantity=np.concatenate([part.quantity for part in every]),
    )


def _hauls(
    network: Network,
    rows: npt.NDArray[np.intp],
    wagons: tuple[tuple[str, int], ...],
    charges: Charges,
    kinds: int,
) -> _Arcs:
    """Both senses of every usable link, a railway once for each gauge."""
    ends = network.ends
    mode = ends.mode[rows]
    chosen = [rows[mode == ends.road], rows[mode == ends.sea]]
    vehicles = [np.full(len(chosen[0]), ROAD), np.full(len(chosen[1]), SEA)]
    rail = rows[mode == ends.rail]
    for k, (country, gauge) in enumerate(wagons):
        on = (ends.gauges[rail] & (1 << network.gauges.index(gauge))) > 0
        of = rail[on & (ends.country[rail] == network.countries.index(country))]
        chosen.append(of)
        vehicles.append(np.full(len(of), _RAIL + k))
    row, vehicle = np.concatenate(chosen), np.concatenate(vehicles)
    factor, quantity = _haul_charges(network, row, charges)
    start = ends.start[row].astype(np.int64) * kinds + vehicle
    end = ends.end[row].astype(np.int64) * kinds + vehicle
    return _Arcs(
        np.concatenate([start, end]),
        np.concatenate([end, start]),
        np.concatenate([row, row]).astype(np.int32),
        np.concatenate([factor, factor]),
        np.concatenate([quantity, quantity]),
    )


def _haul_charges(
    network: Network, row: npt.NDArray[np.intp], charges: Charges
) -> tuple[Ints, Floats]:
    ends = network.ends
    mode, at = ends.mode[row], charges.position
    by_country = np.array([at(f"rail:{name}") for name in network.countries], dtype=np.int32)
    haul = np.where(ends.paved[row], at("road:paved"), at("road:unpaved"))
    haul = np.where(mode == ends.rail, by_country[ends.country[row]], haul)
    haul = np.where(mode == ends.sea, at("sea"), haul)
    border = np.where(mode == ends.rail, at("border:rail"), at("border:road"))
    before = np.where(ends.border[row], border, _NONE)
    before = np.where(mode == ends.sea, at("sea-fixed"), before)
    factor = np.column_stack([before, haul]).astype(np.int32)
    dwell = np.array([charge.hours for charge in charges.items])[border]
    # What is known of this crossing, in the hours that crossings take in general.
    known = ends.border[row] & np.isfinite(ends.dwell[row]) & (dwell > 0)
    amount = np.where(known, ends.dwell[row] / np.where(known, dwell, 1.0), before >= 0)
    return factor, np.column_stack([amount, ends.km[row]])


def _states(hauls: _Arcs, kinds: int) -> npt.NDArray[np.int64]:
    """Keys of all states, in order: place times kinds plus vehicle."""
    keys = np.unique(np.concatenate([hauls.tail, hauls.head]))
    vehicle, place = keys % kinds, keys // kinds
    # Trucks reach every place on land, whether a road link does or not.
    trucks = np.unique(place[vehicle >= _RAIL]) * kinds + ROAD
    # Only where something else arrives can a truck be loaded and have to drive off.
    loading = np.intersect1d(place[vehicle == ROAD], place[vehicle != ROAD]) * kinds + LEAVING
    return np.unique(np.concatenate([keys, trucks, loading]))


def _leaving(hauls: _Arcs, keys: npt.NDArray[np.int64], kinds: int) -> _Arcs:
    """The same road links, for trucks that were loaded where they set out."""
    drives = hauls.tail % kinds == ROAD
    start = hauls.tail[drives] + (LEAVING - ROAD)
    found = keys[np.minimum(np.searchsorted(keys, start), max(len(keys) - 1, 0))] == start
    which = np.flatnonzero(drives)[found]
    return _Arcs(
        hauls.tail[which] + (LEAVING - ROAD),
        hauls.head[which],
        hauls.link[which],
        hauls.factor[which],
        hauls.quantity[which],
    )


def _pairs(keys: npt.NDArray[np.int64], kinds: int) -> tuple[npt.NDArray[np.intp], ...]:
    """All ordered pairs of different states of a place, for places with more than trucks."""
    place = keys // kinds
    _, group, count = np.unique(place, return_inverse=True, return_counts=True)
    several = np.flatnonzero(count[group] > 1)
    first = np.concatenate([[0], np.cumsum(count)])[:-1]
    times = count[group[several]]
    one = np.repeat(several, times)
    turn = np.arange(len(one)) - np.repeat(np.cumsum(times) - times, times)
    other = first[group[one]] + turn
    apart = one != other
    return one[apart], other[apart]


def _transfers(
    network: Network,
    keys: npt.NDArray[np.int64],
    wagons: tuple[tuple[str, int], ...],
    charges: Charges,
    kinds: int,
) -> _Arcs:
    one, other = _pairs(keys, kinds)
    vehicle, at = keys % kinds, charges.position
    tail, head = vehicle[one], vehicle[other]
    gauge, country = _of_wagons(network, wagons)
    rail_tail, rail_head = tail >= _RAIL, head >= _RAIL
    changes = rail_tail & rail_head & (gauge[tail] != gauge[head])
    yards = network.yards[keys[one] // kinds]
    both = ((yards >> gauge[tail]) & (yards >> gauge[head]) & 1) == 1
    may = (tail != LEAVING) & (head != ROAD) & ~((head == LEAVING) & (tail == ROAD))
    may &= ~changes | both
    done = np.where(changes, at("gauge-change"), _NONE)
    done = np.where(rail_tail & rail_head, done, at("transfer"))
    done = np.where((tail == SEA) | (head == SEA), at("port"), done)
    entered = rail_head & (country[tail] != country[head])
    fixed = np.array(
        [_NONE] * _RAIL + [at(f"rail-fixed:{name}") for name, _ in wagons], dtype=np.int32
    )
    second = np.where(entered, fixed[head], _NONE)
    factor = np.column_stack([done, second])[may].astype(np.int32)
    return _Arcs(
        keys[one[may]],
        keys[other[may]],
        np.full(int(may.sum()), _NONE, dtype=np.int32),
        factor,
        (factor >= 0).astype(np.float64),
    )


def _of_wagons(
    network: Network, wagons: tuple[tuple[str, int], ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Bit of the gauge and number of the country by vehicle; trucks and ships have neither."""
    gauge = [0] * _RAIL + [network.gauges.index(g) for _, g in wagons]
    country = [_NONE] * _RAIL + [network.countries.index(c) for c, _ in wagons]
    return np.array(gauge, dtype=np.int64), np.array(country, dtype=np.int64)


def _arrivals(
    network: Network, node: Ints, vehicle: Ints, destinations: tuple[str, ...], charges: Charges
) -> _Arcs:
    places = [network.position(name) for name in destinations]
    at_end = np.flatnonzero(np.isin(node, places))
    arrived = vehicle[at_end]
    done = np.where(arrived >= _RAIL, charges.position("transfer"), _NONE)
    done = np.where(arrived == SEA, charges.position("port"), done)
    factor = np.column_stack([done, np.full(len(done), _NONE)]).astype(np.int32)
    nothing = np.full(len(done), _NONE, dtype=np.int32)
    return _Arcs(
        at_end.astype(np.int64), nothing.astype(np.int64), nothing, factor,
        (factor >= 0).astype(np.float64),
    )  # fmt: skip
