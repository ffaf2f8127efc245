"""Sites that together are best: under a budget, apart from one another, sharing their links.

The best k sites one by one are seldom the best k together: they lie side by side, or each
needs a link of its own where two could share. The choice is an integer programme, solved by
HiGHS through SciPy with its gap stated.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.portfolio_conflict import conflict
from geo.scoring.portfolio_model import (
    SMALL,
    Floats,
    Places,
    Problem,
    Solution,
    cost_of,
    group_row,
    links_of,
    near_pairs,
    solve,
)

__all__ = ["Portfolio", "choose_sites", "pairs_within"]


@dataclass(frozen=True, eq=False)
class Portfolio:
    """A set of sites chosen together.

    Parameters
    ----------
    chosen : tuple of int
        Rows of the sites, in their order.
    score : float
        Sum of their scores.
    cost : float
        Of the sites and of the links that they need, each link once.
    links : tuple
        The links that they need.
    bound : float
        No set that keeps the limits has a higher score.
    gap : float
        ``(bound - score) / bound``, 0 where the set is proven to be the best.
    top : tuple of int
        The plain best by score, as many.
    top_score : float
        Sum of their scores.
    top_breaks : tuple of str
        Which limits the plain best break; empty if none.
    """

    chosen: tuple[int, ...]
    score: float
    cost: float
    links: tuple[Hashable, ...]
    bound: float
    gap: float
    top: tuple[int, ...]
    top_score: float
    top_breaks: tuple[str, ...]


def choose_sites(
    scores: npt.ArrayLike,
    *,
    count: int | None = None,
    costs: npt.ArrayLike | None = None,
    budget: float | None = None,
    links: Sequence[Sequence[Hashable]] | None = None,
    link_costs: Mapping[Any, float] | None = None,
    places: npt.ArrayLike | None = None,
    spacing: float = 0.0,
    groups: Sequence[Hashable] | None = None,
    limits: Mapping[Any, tuple[int, int | None]] | None = None,
    required: Sequence[int] = (),
    gap: float = 0.0,
    time_limit: float = 60.0,
) -> Portfolio:
    """Choose the sites that together have the highest score within limits.

    Parameters
    ----------
    scores : (sites,) array_like
        Larger is better; a site with NaN is never chosen.
    count : int, optional
        How many sites; as many as the other limits allow when missing.
    costs : (sites,) array_like, optional
        Cost of each site, zero or more; in one currency with the links and the budget.
    budget : float, optional
        Most that the sites and their links may cost together.
    links : sequence of sequences, optional
        Names of the links (roads, lines, substations) that each site needs.
    link_costs : mapping of name to float, optional
        Cost of each link, paid once however many sites share it.
    places : (sites, 2) array_like, optional
        Longitude and latitude [degrees], for `spacing`.
    spacing : float
        Smallest distance between two chosen sites along the ellipsoid [m].
    groups : sequence, optional
        Group of each site, such as its province, owner or commodity.
    limits : mapping of group to (least, most), optional
        How many of a group may be chosen; None is no upper limit.
    required : sequence of int
        Rows that must be chosen.
    gap : float
        A set proven to be within this share of the best is good enough.
    time_limit : float
        Seconds after which the best set found so far is given, with its gap.

    Returns
    -------
    Portfolio

    Raises
    ------
    DataError
        If no set keeps all limits: the message names limits that conflict, none of which could
        be left out of the conflict, and how far each would have to give way. Also if shapes
        disagree or a number is not usable.

    References
    ----------
    Chinneck, J. W. (2008). Feasibility and infeasibility in optimization, chapter 6 (deletion
    filter). https://doi.org/10.1007/978-0-387-74932-7

    Examples
    --------
    Two good sites that share a link are cheaper than the two best.

    >>> found = choose_sites(
    ...     [0.9, 0.8, 0.7], count=2, budget=100, links=[["east"], ["west"], ["west"]],
    ...     link_costs={"east": 60, "west": 60})
    >>> found.chosen, found.cost, found.top_breaks
    ((1, 2), 60.0, ('costs 120, the budget is 100',))
    """
    problem = _problem(
        scores, costs, links, link_costs, count, budget, spacing, places, groups, limits, required
    )
    solution = solve(problem, -np.nan_to_num(problem.scores), gap, time_limit)
    if solution is None:
        raise DataError(conflict(problem, time_limit), code="infeasible")
    return _portfolio(problem, solution)


def pairs_within(places: npt.ArrayLike, metres: float) -> Places:
    """Pairs of places that lie nearer to one another than a distance along the ellipsoid.

    Parameters
    ----------
    places : (n, 2) array_like
        Longitude and latitude [degrees].
    metres : float
        Distance [m]; pairs exactly so far apart are not near.

    Returns
    -------
    (pairs, 2) array of int
        Rows, the smaller first, in order.

    Examples
    --------
    >>> pairs_within([[100.0, 45.0], [100.5, 45.0], [105.0, 45.0]], 50_000).tolist()
    [[0, 1]]
    """
    return near_pairs(np.asarray(places, dtype=np.float64), metres)[0]


def _problem(
    scores: npt.ArrayLike,
    costs: npt.ArrayLike | None,
    links: Sequence[Sequence[Hashable]] | None,
    link_costs: Mapping[Any, float] | None,
    count: int | None,
    budget: float | None,
    spacing: float,
    places: npt.ArrayLike | None,
    groups: Sequence[Hashable] | None,
    limits: Mapping[Any, tuple[int, int | None]] | None,
    required: Sequence[int],
) -> Problem:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise DataError(f"the scores have the shape {values.shape}: required is one a site")
    if np.isinf(values).any():
        raise DataError("a score is infinite: write NaN where unknown")
    sites = values.size
    problem = Problem(
        scores=values,
        costs=_costs(costs, sites),
        links=_links(links, link_costs or {}, sites),
        link_costs=dict(link_costs or {}),
        count=count,
        budget=budget,
        spacing=spacing,
        places=_places(places, spacing, sites),
        groups=_groups(groups, limits or {}, sites),
        limits=dict(limits or {}),
        required=tuple(required),
    )
    _check_numbers(problem, sites)
    used = tuple(dict.fromkeys(name for names in problem.links for name in names))
    return replace(problem, all_links=used, pairs=_near(problem))


def _near(problem: Problem) -> Places:
    if problem.places is None or problem.spacing == 0:
        return np.empty((0, 2), dtype=np.intp)
    return pairs_within(problem.places, problem.spacing)


def _costs(costs: npt.ArrayLike | None, sites: int) -> Floats:
    found = np.zeros(sites) if costs is None else np.asarray(costs, dtype=np.float64)
    if found.shape != (sites,) or not (np.isfinite(found) & (found >= 0)).all():
        raise DataError(f"costs: required is a number of zero or more for each of {sites} sites")
    return found


def _links(
    links: Sequence[Sequence[Hashable]] | None, costs: Mapping[Any, float], sites: int
) -> tuple[tuple[Hashable, ...], ...]:
    if links is None:
        return ((),) * sites
    if len(links) != sites or any(isinstance(names, str) for names in links):
        raise DataError(f"links: required is a list of names for each of {sites} sites")
    for name in dict.fromkeys(name for names in links for name in names):
        if not 0 <= costs.get(name, np.nan) < np.inf:
            raise DataError(f"link {name!r} has no cost of zero or more in link_costs: add it")
    return tuple(tuple(dict.fromkeys(names)) for names in links)


def _places(places: npt.ArrayLike | None, spacing: float, sites: int) -> Floats | None:
    if not 0 <= spacing < np.inf:
        raise DataError(f"the spacing is {spacing} m, required is 0 or more")
    if places is None:
        if spacing > 0:
            raise DataError("a spacing needs places: give longitude and latitude of each site")
        return None
    found = np.asarray(places, dtype=np.float64)
    if found.shape != (sites, 2) or not np.isfinite(found).all():
        raise DataError(f"places: required are longitude and latitude of each of {sites} sites")
    return found


def _groups(
    groups: Sequence[Hashable] | None,
    limits: Mapping[Any, tuple[int, int | None]],
    sites: int,
) -> npt.NDArray[np.object_] | None:
    if groups is None:
        if limits:
            raise DataError("limits need groups: give the group of each site")
        return None
    if len(groups) != sites:
        raise DataError(f"{len(groups)} groups for {sites} sites: give one each")
    found = np.empty(sites, dtype=object)
    found[:] = list(groups)
    for name, (least, most) in limits.items():
        if name not in set(groups):
            raise DataError(f"a limit is set for {name!r}, a group without a site")
        if least < 0 or (most is not None and most < least):
            raise DataError(f"the limits of {name!r} are {least} to {most}: they rise from 0")
    return found


def _check_numbers(problem: Problem, sites: int) -> None:
    count, budget = problem.count, problem.budget
    if count is not None and count < 1:
        raise DataError(f"{count} sites: at least one must be chosen")
    if budget is not None and not 0 <= budget < np.inf:
        raise DataError(f"the budget is {budget}, required is zero or more")
    for row in problem.required:
        if not 0 <= row < sites:
            raise DataError(f"required site {row}: there are {sites}, counted from 0")
        if np.isnan(problem.scores[row]):
            raise DataError(f"required site {row} has no score and cannot be chosen")


def _portfolio(problem: Problem, solution: Solution) -> Portfolio:
    chosen = tuple(int(row) for row in solution.chosen)
    score = float(problem.scores[solution.chosen].sum())
    known = np.flatnonzero(~np.isnan(problem.scores))
    order = known[np.argsort(-problem.scores[known], kind="stable")]
    top = tuple(sorted(int(row) for row in order[: len(chosen)]))
    bound = max(score, solution.bound)
    return Portfolio(
        chosen=chosen,
        score=score,
        cost=cost_of(problem, chosen),
        links=links_of(problem, chosen),
        bound=bound,
        gap=(bound - score) / abs(bound) if bound - score > SMALL else 0.0,
        top=top,
        top_score=float(problem.scores[list(top)].sum()),
        top_breaks=tuple(_breaks(problem, top)),
    )


def _breaks(problem: Problem, chosen: Sequence[int]) -> list[str]:
    """Which limits a set breaks, in words."""
    found = []
    cost = cost_of(problem, chosen)
    if problem.budget is not None and cost > problem.budget * (1 + SMALL):
        found.append(f"costs {cost:g}, the budget is {problem.budget:g}")
    close = [pair for pair in problem.pairs.tolist() if set(pair) <= set(chosen)]
    if close:
        found.append(
            f"{len(close)} {'pair lies' if len(close) == 1 else 'pairs lie'} nearer than "
            f"{problem.spacing / 1000:g} km"
        )
    for name, (least, most) in problem.limits.items():
        number = int(group_row(problem, name)[list(chosen)].sum())
        if number < least or (most is not None and number > most):
            asked = f"{least} or more" if most is None else f"{least} to {most}"
            found.append(f"has {number} of {name}, {asked} are asked for")
    missing = sorted(set(problem.required) - set(chosen))
    return [*found, *(f"lacks the required site {row}" for row in missing)]
