"""Power for a load: the cheapest mix of plants, storage and bought power over a year of hours.

The capacities and every hour's operation are one linear programme. It is solved by
decomposition: capacities in a small master programme (HiGHS), the operation of a year by
:mod:`geo.compute.dispatch`, which answers with an exact affine bound. The master's value is a
lower bound of the whole programme, so the result carries its own proof of how close it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.compute.dispatch import Hours, operate
from geo.energy.economics import HOURS_PER_YEAR
from geo.errors import DataError

__all__ = ["Mix", "Plant", "Source", "Storage", "cheapest_mix"]

Floats = npt.NDArray[np.float64]

_STEPS = 1000
_TOWARDS = 0.5
"""How far each try goes from the best known capacities towards the master's."""
_SMALL = 1e-9


@dataclass(frozen=True, eq=False)
class Plant:
    """Power that comes as sun and wind will have it.

    Parameters
    ----------
    name : str
    output : (hours,) array
        Output as a share of capacity, 0 to 1.
    yearly_cost : float [USD/MW/year]
        Annuity of the capital, and fixed operation.
    limit : float [MW]
        Most that can be built.

    Raises
    ------
    DataError
        If an output is outside [0, 1] or unknown, or a cost or limit is negative.
    """

    name: str
    output: Floats
    yearly_cost: float
    limit: float = np.inf

    def __post_init__(self) -> None:
        output = _hourly(self.output, f"the output of {self.name!r}")
        if output.min() < 0 or output.max() > 1:
            raise DataError(
                f"the output of {self.name!r} runs from {output.min():g} to {output.max():g}: "
                "give shares of capacity from 0 to 1"
            )
        _not_negative(self.yearly_cost, f"the yearly cost of {self.name!r}")
        _limit(self.limit, f"the limit of {self.name!r}")
        object.__setattr__(self, "output", output)


@dataclass(frozen=True, eq=False)
class Source:
    """Power that is there when it is called, for a price: grid or diesel.

    Parameters
    ----------
    name : str
    price : float or (hours,) array [USD/MWh]
        Of energy, with fuel.
    yearly_cost : float [USD/MW/year]
        Of capacity.
    limit : float [MW]
        Largest capacity.
    co2 : float [t/MWh]
        Of the energy bought.

    Raises
    ------
    DataError
        If a price, cost, limit or emission is negative or unknown.
    """

    name: str
    price: float | Floats
    yearly_cost: float = 0.0
    limit: float = np.inf
    co2: float = 0.0

    def __post_init__(self) -> None:
        prices = np.asarray(self.price, dtype=np.float64)
        if not np.isfinite(prices).all() or (prices.size and prices.min() < 0):
            raise DataError(
                f"a price of {self.name!r} is {prices.min():g} USD/MWh: "
                "give finite prices of 0 or more"
            )
        _not_negative(self.yearly_cost, f"the yearly cost of {self.name!r}")
        _not_negative(self.co2, f"the CO2 of {self.name!r}")
        _limit(self.limit, f"the limit of {self.name!r}")


@dataclass(frozen=True)
class Storage:
    """A storage whose power and energy are sized apart.

    Parameters
    ----------
    energy_cost : float [USD/MWh/year]
        Of capacity for energy.
    power_cost : float [USD/MW/year]
        Of capacity to take and to give.
    charge, discharge : float
        Efficiencies, above 0 and up to 1; their product is that of a round trip.
    energy_limit, power_limit : float [MWh], [MW]

    Raises
    ------
    DataError
        If an efficiency is no share, or a cost or limit is negative.
    """

    energy_cost: float
    power_cost: float
    charge: float
    discharge: float
    energy_limit: float = np.inf
    power_limit: float = np.inf

    def __post_init__(self) -> None:
        for way in ("charge", "discharge"):
            share = getattr(self, way)
            if not 0 < share <= 1:
                raise DataError(
                    f"the efficiency of {way} is {share:g}: give a share above 0 and up to 1"
                )
        for what in ("energy", "power"):
            _not_negative(getattr(self, f"{what}_cost"), f"the storage's cost of {what}")
            _limit(getattr(self, f"{what}_limit"), f"the storage's limit of {what}")


@dataclass(frozen=True, eq=False)
class Mix:
    """The cheapest mix.

    `capacities` [MW] by plant and source; `storage_power` [MW], `storage_energy` [MWh];
    `yearly_cost` [USD/year] of everything, with what the unserved demand is charged;
    `parts` [USD/year] what it is made of; `cost` [USD/MWh] of the demand met; `met` the share
    of demand met; `shares` of the demand met, by plant, source and ``storage losses``
    (negative); `curtailed` the share of what the plants could have given; `co2` [t/year];
    `hours` a frame with one row an hour [MW, the stored level in MWh at the hour's end];
    `gap` by how much the yearly cost may lie above the least, as a share of it.
    """

    capacities: dict[str, float]
    storage_power: float
    storage_energy: float
    yearly_cost: float
    parts: dict[str, float]
    cost: float
    met: float
    shares: dict[str, float]
    curtailed: float
    co2: float
    hours: pd.DataFrame
    gap: float


def cheapest_mix(
    load: npt.ArrayLike,
    plants: Sequence[Plant],
    sources: Sequence[Source] = (),
    storage: Storage | None = None,
    *,
    unserved_cost: float | None = None,
    tolerance: float = 1e-6,
) -> Mix:
    """Cheapest mix of plants, storage and bought power that serves a load.

    Parameters
    ----------
    load : (hours,) array [MW]
        Demand of every hour. A year when it is 8,760 hours; of other lengths the operation's
        costs are scaled to a year.
    plants : sequence of Plant
    sources : sequence of Source
    storage : Storage, optional
        Holds at the end what it held at the beginning.
    unserved_cost : float, optional [USD/MWh]
        Charge on demand that is not met. Without it all demand must be met.
    tolerance : float
        Share by which the yearly cost may exceed the least.

    Returns
    -------
    Mix

    Raises
    ------
    DataError
        If lengths differ, a load is negative, names are repeated, or the load cannot be met
        within the limits.

    References
    ----------
    Benders (1962), https://doi.org/10.1007/BF01386316; tries between the best point and the
    master's after Ben-Ameur and Neto (2007), https://doi.org/10.1002/net.20137.

    Examples
    --------
    A plant that gives in one hour of two, and diesel at 300 USD/MWh. The plant would cost
    43,800 USD for the 4,380 MWh of its hours, 10 USD/MWh; the diesel has the others.

    >>> plant = Plant("sun", np.array([1.0, 0.0]), 43_800.0)
    >>> found = cheapest_mix([1.0, 1.0], [plant], [Source("diesel", 300.0)])
    >>> round(found.capacities["sun"], 6), round(found.cost, 4)
    (1.0, 155.0)
    """
    demand = _demand(load)
    _check_names(plants, sources, demand)
    scale = float(demand.mean())
    problem = _problem(demand, plants, sources, storage, unserved_cost)
    capacities, low = _solve(problem, tolerance)
    return _mix(problem, capacities, low, scale, (plants, sources), unserved_cost)


@dataclass(frozen=True, eq=False)
class _Problem:
    """The programme for a load of mean 1: yearly costs and limits of capacities, and hours."""

    hours: Hours
    costs: Floats
    limits: Floats
    year: float
    co2: Floats
    peak: float
    sources: slice


def _problem(
    load: Floats,
    plants: Sequence[Plant],
    sources: Sequence[Source],
    storage: Storage | None,
    unserved_cost: float | None,
) -> _Problem:
    count, scale = len(load), float(load.mean())
    shares = np.array([plant.output for plant in plants]).reshape(len(plants), count)
    prices = np.empty((count, len(sources)))
    for place, source in enumerate(sources):
        prices[:, place] = source.price
    kept = storage or Storage(0.0, 0.0, 1.0, 1.0, 0.0, 0.0)
    offers: list[Plant | Source] = [*plants, *sources]
    costs = [one.yearly_cost for one in offers]
    costs += [kept.power_cost, kept.energy_cost, 0.0]
    limits = [one.limit for one in offers]
    limits += [kept.power_limit, kept.energy_limit, kept.energy_limit]
    # So dear that no demand is left unserved which any capacity could serve for one hour.
    must = 100.0 * (sum(costs) * count / HOURS_PER_YEAR + float(prices.max(initial=0.0)) + 1.0)
    charge = must if unserved_cost is None else _not_negative(unserved_cost, "the unserved cost")
    if prices.size and charge < prices.max():
        raise DataError(
            f"unserved demand costs {charge:g} USD/MWh, less than a source's {prices.max():g}: "
            "charge at least as much"
        )
    return _Problem(
        Hours.of(load / scale, shares, prices, charge, kept.charge, kept.discharge),
        np.array(costs),
        np.array(limits) / scale,
        HOURS_PER_YEAR / count,
        np.array([source.co2 for source in sources]),
        float(load.max()) / scale,
        slice(len(plants), len(plants) + len(sources)),
    )


def _solve(problem: _Problem, tolerance: float) -> tuple[Floats, float]:
    """Capacities whose yearly cost is within the tolerance of the least, and a lower bound."""
    costs, year = problem.costs, problem.year
    best, least = _first(problem)
    tried, low = best, -np.inf
    cuts: list[Floats] = []
    for _ in range(_STEPS):
        found = operate(problem.hours, tried)
        total = float(costs @ tried) + year * found.cost
        if total < least:
            best, least = tried, total
        cuts.append(year * np.append(found.gradient, found.constant))
        aim, bound = _master(problem, np.array(cuts), least)
        low = max(low, bound)
        if least - low <= tolerance * least:
            break
        tried = best + _TOWARDS * (aim - best)
    return best, low


def _master(problem: _Problem, cuts: Floats, least: float) -> tuple[Floats, float]:
    """Capacities that would be cheapest if the cuts told all, and what they would cost."""
    from scipy.optimize import linprog

    size = len(problem.costs)
    unit = max(least, _SMALL)
    rows = np.zeros((len(cuts) + 1, size + 1))
    rows[:-1, :size], rows[:-1, size] = cuts[:, :-1] / unit, -1.0
    # The level at the beginning is no more than the storage holds.
    rows[-1, size - 2 : size] = -1.0, 1.0
    limits = np.append(_bounds(problem, least), np.inf)
    found = linprog(
        np.append(problem.costs / unit, 1.0),
        A_ub=rows,
        b_ub=np.append(-cuts[:, -1] / unit, 0.0),
        bounds=[(0.0, float(limit)) for limit in limits],
    )
    return np.asarray(found.x, dtype=np.float64)[:size], float(found.fun or 0.0) * unit


def _first(problem: _Problem) -> tuple[Floats, float]:
    """The cheaper of nothing at all and any source alone, to begin from."""
    nothing = np.zeros(len(problem.costs))
    tries = [nothing]
    for place in range(problem.sources.start, problem.sources.stop):
        one = nothing.copy()
        one[place] = min(problem.peak, problem.limits[place])
        tries.append(one)
    totals = [
        float(problem.costs @ one) + problem.year * operate(problem.hours, one).cost
        for one in tries
    ]
    place = int(np.argmin(totals))
    return tries[place], totals[place]


def _bounds(problem: _Problem, least: float) -> Floats:
    """Capacities beyond which a mix would cost more than one that is known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        by_cost = np.where(problem.costs > 0, least / problem.costs, 1000.0 * problem.peak)
    # The level at the beginning is bounded by the energy; free capacity by its use.
    by_cost[-1] = max(by_cost[-1], by_cost[-2])
    return np.minimum(problem.limits, by_cost)


def _mix(
    problem: _Problem,
    capacities: Floats,
    low: float,
    scale: float,
    named: tuple[Sequence[Plant], Sequence[Source]],
    unserved_cost: float | None,
) -> Mix:
    plants, sources = named
    table = _hours(problem, capacities, plants, sources)
    capacities = _used(problem, capacities, table, sources)
    names = _names(plants, sources)
    energy = table.sum() * problem.year
    unserved = max(0.0, float(energy["unserved"]))
    met = 1.0 - unserved / HOURS_PER_YEAR
    if unserved_cost is None and unserved > 1e-5 * HOURS_PER_YEAR:
        raise DataError(
            f"the load cannot be met: {unserved / HOURS_PER_YEAR:.2%} of the demand is left; "
            "raise a limit, add a source, or give unserved_cost"
        )
    built = [*names, "storage power", "storage energy"]
    yearly = problem.costs * capacities
    parts = {name: float(cost) for name, cost in zip(built, yearly, strict=False)}
    for place, source in enumerate(sources):
        spent = table[source.name] @ problem.hours.prices[:, place]
        parts[source.name] += float(spent) * problem.year
    if unserved_cost is not None:
        parts["unserved"] = unserved * unserved_cost
    total = sum(parts.values())
    possible = float((capacities[: len(plants)] @ problem.hours.shares).sum()) * problem.year
    served = HOURS_PER_YEAR * met
    losses = float(energy["discharge"] - energy["charge"])
    given = {name: float(energy[name]) / served if served > 0 else 0.0 for name in names}
    bought = energy[[source.name for source in sources]].to_numpy(dtype=np.float64)
    return Mix(
        capacities=dict(zip(names, map(float, capacities * scale), strict=False)),
        storage_power=float(capacities[-3]) * scale,
        storage_energy=float(capacities[-2]) * scale,
        yearly_cost=total * scale,
        parts={name: part * scale for name, part in parts.items()},
        cost=total / served if served > 0 else np.inf,
        met=met,
        shares=given | {"storage losses": losses / served if served > 0 else 0.0},
        curtailed=float(energy["curtailed"]) / possible if possible > _SMALL else 0.0,
        co2=float(bought @ problem.co2) * scale,
        hours=table * scale,
        gap=max(0.0, total - low) / max(total, _SMALL),
    )


def _used(
    problem: _Problem, capacities: Floats, table: pd.DataFrame, sources: Sequence[Source]
) -> Floats:
    """Capacities, those that cost nothing no larger than what is used of them."""
    used = capacities.copy()
    used[problem.sources] = table[[source.name for source in sources]].max().to_numpy()
    used[-3] = max(table["charge"].max(), table["discharge"].max())
    used[-2] = table["level"].max()
    return np.where(problem.costs > 0, capacities, np.minimum(used, capacities))


def _hours(
    problem: _Problem, capacities: Floats, plants: Sequence[Plant], sources: Sequence[Source]
) -> pd.DataFrame:
    """Every hour's operation, for a load of mean 1."""
    hours = problem.hours
    stored = operate(hours, capacities).stored
    charge = np.maximum(stored, 0.0) / hours.charge
    discharge = np.maximum(-stored, 0.0) * hours.discharge
    possible = capacities[: len(plants), None] * hours.shares
    total = possible.sum(axis=0)
    open_ = hours.load + charge - discharge - total
    # What is left over is cut from the plants; where they give less, the storage lets it go.
    over = np.maximum(-open_, 0.0)
    curtailed = np.minimum(over, total)
    discharge = discharge - (over - curtailed)
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(total > 0, 1.0 - curtailed / total, 0.0)
    rest = np.maximum(open_, 0.0)
    bought = np.zeros_like(hours.prices)
    firm = capacities[problem.sources]
    for rank in range(len(sources)):
        place = hours.order[:, rank]
        taken = np.minimum(rest, firm[place])
        np.put_along_axis(bought, place[:, None], taken[:, None], axis=1)
        rest = rest - taken
    columns = {"load": hours.load}
    columns |= {plant.name: possible[n] * used for n, plant in enumerate(plants)}
    columns |= {source.name: bought[:, n] for n, source in enumerate(sources)}
    level = min(capacities[-1], capacities[-2]) + np.cumsum(stored)
    return pd.DataFrame(
        columns
        | {"charge": charge, "discharge": discharge, "level": np.maximum(level, 0.0)}
        | {"curtailed": curtailed, "unserved": rest}
    )


def _names(plants: Sequence[Plant], sources: Sequence[Source]) -> list[str]:
    return [*(plant.name for plant in plants), *(source.name for source in sources)]


def _demand(load: npt.ArrayLike) -> Floats:
    demand = _hourly(load, "the load")
    if demand.min() < 0 or demand.max() <= 0:
        raise DataError(
            f"the load runs from {demand.min():g} to {demand.max():g} MW: "
            "give a demand of 0 or more that is not always 0"
        )
    return demand


_TAKEN = ("load", "charge", "discharge", "level", "curtailed", "unserved", "storage power",
          "storage energy", "storage losses")  # fmt: skip


def _check_names(plants: Sequence[Plant], sources: Sequence[Source], demand: Floats) -> None:
    names = _names(plants, sources)
    for name in names:
        if names.count(name) > 1 or name in _TAKEN:
            raise DataError(f"the name {name!r} stands twice: rename one")
    series = [(plant.name, plant.output) for plant in plants]
    series += [(one.name, one.price) for one in sources if isinstance(one.price, np.ndarray)]
    for name, values in series:
        if len(values) != len(demand):
            raise DataError(
                f"{name!r} has {len(values)} hours, the load {len(demand)}: give both the same"
            )


def _hourly(values: npt.ArrayLike, what: str) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not numbers.size:
        raise DataError(f"{what} has shape {numbers.shape}: give one number an hour")
    if not np.isfinite(numbers).all():
        raise DataError(
            f"{what} is unknown in {(~np.isfinite(numbers)).sum()} of {numbers.size} hours: "
            "fill them or leave the plant out"
        )
    return numbers


def _not_negative(value: float, what: str) -> float:
    if not (np.isfinite(value) and value >= 0):
        raise DataError(f"{what} is {value:g}: give a finite number of 0 or more")
    return value


def _limit(value: float, what: str) -> None:
    if not value >= 0:
        raise DataError(f"{what} is {value:g}: give a number of 0 or more")
