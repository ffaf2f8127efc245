"""The integer programme behind a choice of sites: its limits, its rows, its solution."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, vstack
from scipy.spatial import cKDTree

from geo.errors import DataError

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

__all__ = [
    "SMALL",
    "Floats",
    "Places",
    "Problem",
    "Solution",
    "cost_of",
    "group_row",
    "links_of",
    "near_pairs",
    "solve",
]

SMALL = 1e-6

_RADIUS = 6_400_000.0
_INFEASIBLE = 2
_TIME_OUT = 1


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be chosen from, and every limit; a limit that is not set is None or empty."""

    scores: Floats
    costs: Floats
    links: tuple[tuple[Hashable, ...], ...]
    link_costs: Mapping[Any, float]
    count: int | None = None
    budget: float | None = None
    spacing: float = 0.0
    places: Floats | None = None
    groups: npt.NDArray[np.object_] | None = None
    limits: Mapping[Any, tuple[int, int | None]] = field(default_factory=dict)
    required: tuple[int, ...] = ()
    all_links: tuple[Hashable, ...] = ()
    pairs: Places = field(default_factory=lambda: np.empty((0, 2), dtype=np.intp))


@dataclass(frozen=True, eq=False)
class Solution:
    """Rows that were chosen, the best that could be, and the share by which they may differ."""

    chosen: Places
    bound: float
    gap: float


def _rows(problem: Problem) -> tuple[csr_array, Floats, Floats]:
    """Rows of the programme: the sites' choices, then whether each link is built."""
    sites, links = problem.scores.size, len(problem.all_links)
    width = sites + links
    parts: list[csr_array] = []
    low: list[float] = []
    high: list[float] = []

    def add(row: Floats, least: float, most: float) -> None:
        parts.append(csr_array(row[None]))
        low.append(least)
        high.append(most)

    ones = np.concatenate([np.ones(sites), np.zeros(links)])
    if problem.count is not None:
        add(ones, problem.count, problem.count)
    if problem.budget is not None:
        # A millionth of slack, for costs that add up to the budget to the last bit.
        add(_cost_row(problem), -np.inf, problem.budget + SMALL * max(1.0, problem.budget))
    for name, (least, most) in problem.limits.items():
        add(group_row(problem, name), least, np.inf if most is None else most)
    for matrix, bound in (_pair_rows(problem, width), _link_rows(problem, width)):
        parts.append(matrix)
        low += [-np.inf] * matrix.shape[0]
        high += [bound] * matrix.shape[0]
    return vstack(parts, format="csr"), np.array(low), np.array(high)


def _cost_row(problem: Problem) -> Floats:
    shared = [problem.link_costs[name] for name in problem.all_links]
    return np.concatenate([problem.costs, np.asarray(shared, dtype=np.float64)])


def group_row(problem: Problem, name: Hashable) -> Floats:
    """1 for each site of a group, 0 for the others and for the links."""
    row = np.zeros(problem.scores.size + len(problem.all_links))
    # Limits without groups are refused.
    groups = () if problem.groups is None else problem.groups
    row[: problem.scores.size] = [group == name for group in groups]
    return row


def _pair_rows(problem: Problem, width: int) -> tuple[csr_array, float]:
    """At most one of each near pair."""
    pairs = problem.pairs
    at = np.repeat(np.arange(len(pairs)), 2)
    ones = np.ones(2 * len(pairs))
    return coo_array((ones, (at, pairs.ravel())), shape=(len(pairs), width)).tocsr(), 1.0


def _link_rows(problem: Problem, width: int) -> tuple[csr_array, float]:
    """A site is not chosen without each of its links."""
    number = {name: problem.scores.size + n for n, name in enumerate(problem.all_links)}
    needs = [(site, number[name]) for site, names in enumerate(problem.links) for name in names]
    matrix = np.array(needs, dtype=np.intp).reshape(-1, 2)
    at = np.repeat(np.arange(len(matrix)), 2)
    signs = np.tile([1.0, -1.0], len(matrix))
    return coo_array((signs, (at, matrix.ravel())), shape=(len(matrix), width)).tocsr(), 0.0


def solve(
    problem: Problem, site_worth: Floats, gap: float, time_limit: float, *, by_cost: bool = False
) -> Solution | None:
    """Make the sum of `site_worth`, or with `by_cost` the cost, as small as it will go."""
    sites, links = problem.scores.size, len(problem.all_links)
    matrix, low, high = _rows(problem)
    least, most = np.zeros(sites + links), np.ones(sites + links)
    most[:sites][np.isnan(problem.scores)] = 0
    least[list(problem.required)] = 1
    aim = _cost_row(problem) if by_cost else np.concatenate([site_worth, np.zeros(links)])
    found = milp(
        aim,
        constraints=LinearConstraint(matrix, low, high) if len(low) else (),
        bounds=Bounds(least, most),
        integrality=np.concatenate([np.ones(sites), np.zeros(links)]),
        options={"mip_rel_gap": gap, "time_limit": time_limit},
    )
    if found.status == _INFEASIBLE:
        return None
    if found.x is None:
        why = "in time: allow more" if found.status == _TIME_OUT else f"({found.message})"
        raise DataError(f"no set was found {why}")
    chosen = np.flatnonzero(found.x[:sites] > 0.5)
    bound = found.fun if found.mip_dual_bound is None else found.mip_dual_bound
    return Solution(chosen, -float(bound), float(found.mip_gap or 0.0))


def links_of(problem: Problem, chosen: Sequence[int]) -> tuple[Hashable, ...]:
    """Links that a set of sites needs, each once."""
    return tuple(dict.fromkeys(name for row in chosen for name in problem.links[row]))


def cost_of(problem: Problem, chosen: Sequence[int]) -> float:
    """Cost of a set of sites and of the links that they need."""
    links = sum(problem.link_costs[name] for name in links_of(problem, chosen))
    return float(problem.costs[list(chosen)].sum() + links)


def near_pairs(places: Floats, metres: float) -> tuple[Places, Floats]:
    """Pairs nearer than a distance, and how far apart each is."""
    from pyproj import Geod

    lon, lat = np.radians(places).T
    ball = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    # A chord is shorter than its arc, and one per cent covers the flattening of the Earth.
    reach = min(2.0, 1.01 * metres / _RADIUS + 1e-9)
    pairs = cKDTree(ball).query_pairs(reach, output_type="ndarray").astype(np.intp)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].reshape(-1, 2)
    ends = (places[pairs[:, 0]].T, places[pairs[:, 1]].T)
    away = np.asarray(Geod(ellps="WGS84").inv(*ends[0], *ends[1])[2]).reshape(-1)
    near = away < metres
    return pairs[near], away[near]
