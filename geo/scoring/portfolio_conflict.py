"""Why no choice of sites is possible: limits that conflict, and what each would have to be."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from geo.scoring.portfolio_model import Problem, cost_of, group_row, near_pairs, solve

__all__ = ["conflict"]


@dataclass(frozen=True)
class _Limit:
    """One limit of a problem: its kind, and the group or site that it is for."""

    kind: str
    name: Hashable = None


def conflict(problem: Problem, time_limit: float) -> str:
    """Name limits that cannot hold together, and what each alone would have to become.

    Parameters
    ----------
    problem : Problem
        Without a solution.
    time_limit : float
        Seconds for each of the programmes that are tried.

    Returns
    -------
    str
        A sentence. No limit that it names could be left out of the conflict.

    References
    ----------
    Chinneck, J. W. (2008). Feasibility and infeasibility in optimization, chapter 6 (deletion
    filter). https://doi.org/10.1007/978-0-387-74932-7
    """
    members = []
    rest = problem
    for limit in _limits(problem):
        without = _lifted(rest, limit)
        # Deletion filter: a limit without which the rest still conflict is no part of it.
        if _possible(without, time_limit):
            members.append(limit)
        else:
            rest = without
    mends = [text for limit in members if (text := _mend(problem, limit, time_limit))]
    together = " and ".join(_say(problem, limit) for limit in members)
    advice = f"{', or '.join(mends)} would do" if mends else "relax two of them"
    return f"no set of sites keeps {together}: {advice}"


def _possible(problem: Problem, time_limit: float) -> bool:
    return solve(problem, np.zeros(problem.scores.size), 1.0, time_limit) is not None


def _limits(problem: Problem) -> list[_Limit]:
    """Every limit; those most likely to be meant as they are come last, and stay longest."""
    found: list[_Limit] = []
    for name, (least, most) in problem.limits.items():
        if most is not None:
            found.append(_Limit("most", name))
        if least > 0:
            found.append(_Limit("least", name))
    found += [_Limit("required", row) for row in problem.required]
    if len(problem.pairs):
        found.append(_Limit("spacing"))
    if problem.budget is not None:
        found.append(_Limit("budget"))
    if problem.count is not None:
        found.append(_Limit("count"))
    return found


def _lifted(problem: Problem, limit: _Limit) -> Problem:
    """The problem without one limit."""
    if limit.kind in ("most", "least"):
        least, most = problem.limits[limit.name]
        kept = (least, None) if limit.kind == "most" else (0, most)
        return replace(problem, limits={**problem.limits, limit.name: kept})
    if limit.kind == "required":
        rows = tuple(row for row in problem.required if row != limit.name)
        return replace(problem, required=rows)
    if limit.kind == "spacing":
        return replace(problem, pairs=problem.pairs[:0])
    if limit.kind == "budget":
        return replace(problem, budget=None)
    return replace(problem, count=None)


def _say(problem: Problem, limit: _Limit) -> str:
    if limit.kind in ("most", "least"):
        least, most = problem.limits[limit.name]
        number = f"at most {most}" if limit.kind == "most" else f"at least {least}"
        return f"{number} of {limit.name}"
    return {
        "count": f"the count of {problem.count}",
        "budget": f"the budget of {problem.budget or 0:g}",
        "spacing": f"the spacing of {problem.spacing / 1000:g} km",
        "required": f"the required site {limit.name}",
    }[limit.kind]


def _mend(problem: Problem, limit: _Limit, time_limit: float) -> str | None:
    """How far one limit would have to give way if all others stay; None if it cannot help."""
    if limit.kind == "spacing":
        return _spacing_mend(problem, time_limit)
    aim = _aim(problem, limit)
    lifted = _lifted(problem, limit)
    found = solve(lifted, aim, 0.0, time_limit, by_cost=limit.kind == "budget")
    if found is None:
        return None
    chosen = found.chosen.tolist()
    if limit.kind in ("most", "least"):
        return f"{int(group_row(problem, limit.name)[chosen].sum())} of {limit.name}"
    return {
        "budget": f"a budget of {cost_of(problem, chosen):g}",
        "count": f"{len(chosen)} site{'' if len(chosen) == 1 else 's'}",
        "required": f"leaving out site {limit.name}",
    }[limit.kind]


def _aim(problem: Problem, limit: _Limit) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """What to make small, to find the least change of a limit."""
    sites = problem.scores.size
    if limit.kind == "count":
        return -np.ones(sites)
    if limit.kind in ("most", "least"):
        sign = 1.0 if limit.kind == "most" else -1.0
        return sign * group_row(problem, limit.name)[:sites]
    return np.zeros(sites)


def _spacing_mend(problem: Problem, time_limit: float) -> str | None:
    """Give the largest spacing at which the other limits can be kept."""
    # Pairs are there only where places are.
    places = np.asarray(problem.places)
    pairs, away = near_pairs(places, problem.spacing)
    steps = np.unique(away)

    def fits(step: int) -> bool:
        return _possible(replace(problem, pairs=pairs[away < steps[step]]), time_limit)

    if not fits(0):
        return None
    low, high = 0, len(steps)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return f"a spacing of {np.floor(steps[low]) / 1000:g} km"
