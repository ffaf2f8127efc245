"""Least cost of running one storage beside plants and bought power, hour by hour, with its price.

For given capacities the cheapest use of a storage over a year of hours is a linear programme
with one state, the stored energy. The least cost of reaching a level is convex and piecewise
linear in the level, and its slopes come from a short list fixed beforehand: the prices of
power, each seen through the efficiency of charging or of discharging. An hour therefore only
adds the lengths of pieces of equal slope and cuts off what lies below empty or above full; a
year takes milliseconds, and the answer is that of the whole programme.

Going back through the hours gives the way the level takes, and a value of stored energy in
every hour, which is a solution of the dual programme: so the cost is told as an affine lower
bound in all capacities, exact at the given ones, from which a master programme can be built.

References
----------
Benders, J. F. (1962). Partitioning procedures for solving mixed-variables programming problems.
Numerische Mathematik 4, 238-252. https://doi.org/10.1007/BF01386316

Rockafellar, R. T. (1970). Convex Analysis, section 16: sums of convex functions of a split.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["Hours", "Operation", "operate"]

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

_NEAR = 1e-10


@dataclass(frozen=True, eq=False)
class Hours:
    """What the hours of a year give and ask for, apart from any capacity.

    `load` has one number an hour; `shares` (plants, hours) the output of each plant as a share
    of its capacity; `prices` (hours, sources) what each source of bought power costs; power
    that is not served costs `unserved`, at least as much as any source. `charge` and
    `discharge` are the efficiencies of the storage.
    """

    load: Floats
    shares: Floats
    prices: Floats
    unserved: float
    charge: float
    discharge: float
    slopes: Floats
    classes: Places
    order: Places
    sorted_prices: Floats

    @classmethod
    def of(
        cls,
        load: Floats,
        shares: Floats,
        prices: Floats,
        unserved: float,
        charge: float,
        discharge: float,
    ) -> "Hours":
        """Find the slopes and the order of the sources, once for all capacities."""
        order = np.argsort(prices, axis=1, kind="stable")
        ranked = np.take_along_axis(prices, order, axis=1)
        hours = len(load)
        steps = np.column_stack([np.zeros(hours), ranked, np.full(hours, unserved)])
        drawn, stored = steps * discharge, steps / charge
        slopes = np.unique(np.concatenate([drawn.ravel(), stored.ravel()]))
        places = np.searchsorted(slopes, drawn), np.searchsorted(slopes, stored)
        classes = np.stack(places, axis=2).astype(np.int64)
        contiguous = np.ascontiguousarray
        return cls(
            load, contiguous(shares), prices, unserved, charge, discharge,
            slopes, contiguous(classes), contiguous(order), contiguous(ranked),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Operation:
    """The cheapest operation under given capacities.

    `cost` is that of all hours; for any capacities x the cost is at least ``constant +
    gradient @ x``, and equal to it here. `stored` is what the storage takes in each hour,
    negative where it gives.
    """

    cost: float
    constant: float
    gradient: Floats
    stored: Floats


def operate(hours: Hours, capacities: Floats) -> Operation:
    """Run a storage at least cost.

    Parameters
    ----------
    hours : Hours
    capacities : (plants + sources + 3,) array
        Capacity of each plant and of each source, power of the storage, its energy, and the
        energy in it before the first hour, which must be there again after the last.

    Returns
    -------
    Operation

    Examples
    --------
    Two hours: a plant gives 2, then 0; a storage without loss carries the load over.

    >>> hours = Hours.of(np.ones(2), np.array([[1.0, 0.0]]), np.full((2, 1), 50.0), 1e3, 1.0, 1.0)
    >>> found = operate(hours, np.array([2.0, 1.0, 1.0, 1.0, 0.0]))
    >>> found.cost, found.stored.tolist()
    (0.0, [1.0, -1.0])
    >>> operate(hours, np.array([2.0, 1.0, 0.5, 1.0, 0.0])).cost
    25.0
    """
    plants, sources = len(hours.shares), hours.prices.shape[1]
    caps = np.ascontiguousarray(capacities[:plants])
    firm = np.ascontiguousarray(capacities[plants : plants + sources])
    power, energy, start = (float(one) for one in capacities[plants + sources :])
    residual = hours.load - caps @ hours.shares
    store = np.array([power, energy, min(start, energy), hours.charge, hours.discharge])
    pieces = np.zeros((len(residual) + 1, len(hours.slopes)))
    lowest = np.zeros(len(residual) + 1)
    supply = (hours.sorted_prices, hours.order, firm, hours.unserved)
    cost = _forward(residual, store, supply, hours.slopes, hours.classes, pieces, lowest)
    rest, place = _climb(pieces[-1], hours.slopes, store[2] - lowest[-1])
    stored, values, prices = (np.empty(len(residual)) for _ in range(3))
    _backward(
        residual, store, supply, hours.slopes, hours.classes, pieces, lowest,
        (place, stored, values, prices),
    )  # fmt: skip
    gradient = _gradient(hours, values, prices)
    return Operation(cost + rest, float(prices @ hours.load), gradient, stored)


def _gradient(hours: Hours, values: Floats, prices: Floats) -> Floats:
    """Change of the least cost with each capacity, from the values of stored energy and power."""
    rents = np.maximum(prices[:, None] - hours.prices, 0.0).sum(axis=0)
    by_power = np.maximum(prices - values / hours.discharge, 0.0)
    by_power += np.maximum(values * hours.charge - prices, 0.0)
    full = np.maximum(np.diff(values), 0.0).sum()
    ends = [-by_power.sum(), -full, values[-1] - values[0]]
    return np.concatenate([-(hours.shares @ prices), -rents, ends])


@njit(cache=True, nogil=True)
def _hour(residual, store, prices, order, firm, unserved, classes, lengths):  # type: ignore[no-untyped-def]
    """Lengths, by slope, of an hour's cost over what is stored; the cost of storing least."""
    power, up, down = store[0], store[3], store[4]
    low, high = residual - power, residual + power
    lengths[:] = 0.0
    cost, begin, last = 0.0, -np.inf, len(firm) + 1
    for step in range(last + 1):
        if step == 0:
            end, price = 0.0, 0.0
        elif step == last:
            end, price = np.inf, unserved
        else:
            end, price = begin + firm[order[step - 1]], prices[step - 1]
        if step > 0:
            cost += price * max(0.0, min(end, low) - begin)
        lengths[classes[step, 0]] += max(0.0, min(end, residual) - max(begin, low)) / down
        lengths[classes[step, 1]] += max(0.0, min(end, high) - max(begin, residual)) * up
        begin = end
    return cost


@njit(cache=True, nogil=True)
def _forward(residual, store, supply, slopes, classes, pieces, lowest):  # type: ignore[no-untyped-def]
    """Least cost of every level after every hour, as pieces; the cost of the lowest at the end."""
    power, energy, down = store[0], store[1], store[4]
    prices, order, firm, unserved = supply
    count = len(slopes)
    lengths = np.zeros(count)
    lowest[0] = store[2]
    cost = 0.0
    for t in range(len(residual)):
        cost += _hour(
            residual[t], store, prices[t], order[t], firm, unserved, classes[t], lengths
        )  # fmt: skip
        begin = lowest[t] - power / down
        below, total = max(0.0, -begin), 0.0
        for k in range(count):
            length = pieces[t, k] + lengths[k]
            cut = min(below, length)
            cost += cut * slopes[k]
            below -= cut
            pieces[t + 1, k] = length - cut
            total += length - cut
        lowest[t + 1] = max(begin, 0.0)
        above, k = lowest[t + 1] + total - energy, count - 1
        while above > 0.0 and k >= 0:
            cut = min(above, pieces[t + 1, k])
            pieces[t + 1, k] -= cut
            above -= cut
            k -= 1
    return cost


@njit(cache=True, nogil=True)
def _climb(pieces, slopes, height):  # type: ignore[no-untyped-def]
    """Cost of a height over the lowest level, and the piece in which it lies."""
    cost, k = 0.0, 0
    while k < len(slopes) - 1 and height > pieces[k]:
        cost += pieces[k] * slopes[k]
        height -= pieces[k]
        k += 1
    return cost + max(0.0, min(height, pieces[k])) * slopes[k], k


@njit(cache=True, nogil=True)
def _backward(residual, store, supply, slopes, classes, pieces, lowest, found):  # type: ignore[no-untyped-def]
    """What is stored in every hour, the value of stored energy, and the price of power."""
    prices, order, firm, unserved = supply
    place, stored, values, power_prices = found
    lengths = np.zeros(len(slopes))
    level, k = store[2], place
    for t in range(len(residual) - 1, -1, -1):
        _hour(residual[t], store, prices[t], order[t], firm, unserved, classes[t], lengths)
        # Lower ends of the pieces of slope k: of the levels before, of what the hour stores.
        before = lowest[t] + pieces[t, :k].sum()
        taken = lengths[:k].sum() - store[0] / store[4]
        while k > 0 and level < before + taken - _NEAR:
            k -= 1
            before -= pieces[t, k]
            taken -= lengths[k]
        while k < len(slopes) - 1 and level > before + taken + pieces[t, k] + lengths[k] + _NEAR:
            before += pieces[t, k]
            taken += lengths[k]
            k += 1
        # Of all that cost the same, what moves least.
        least = max(taken, level - before - pieces[t, k])
        most = min(taken + lengths[k], level - before)
        earlier = level - max(least, min(most, 0.0))
        stored[t], level = level - earlier, earlier
        values[t] = slopes[k]
        power_prices[t] = _price(residual[t], store, prices[t], order[t], firm, unserved, slopes[k])


@njit(cache=True, nogil=True)
def _price(residual, store, prices, order, firm, unserved, value):  # type: ignore[no-untyped-def]
    """Price of power in an hour in which stored energy has a value."""
    give, take = value / store[4], value * store[3]
    best, found, sources = -np.inf, 0.0, len(firm)
    for one in range(sources + 4):
        if one < sources:
            price = prices[one]
        elif one == sources:
            price = 0.0
        elif one == sources + 1:
            price = min(give, unserved)
        elif one == sources + 2:
            price = min(take, unserved)
        else:
            price = unserved
        gain = price * residual - store[0] * (max(0.0, price - give) + max(0.0, take - price))
        for j in range(sources):
            gain -= firm[order[j]] * max(0.0, price - prices[j])
        if gain > best:
            best, found = gain, price
    return found
