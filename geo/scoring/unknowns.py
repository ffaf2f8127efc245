"""Scores of places of which something is unknown.

The truth lies between the score with every unknown at its worst and the one with every unknown
at its best. What stands for it in a ranking is a choice, and never made silently:

lower
    The worst case: what a place can show today.
middle
    The middle between worst and best case.
interval
    The worst case as the score, but ranks by what is certain: a place stands behind those
    only whose worst case beats its best.
refuse
    None: a place with an unknown criterion has no score.
reweight
    The known criteria alone, their weights scaled up. It lets a place of which little is
    known overtake one of which everything is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.combination import Combination
from geo.scoring.ranking import rank_scores

__all__ = ["UNKNOWN", "Scored", "score_cells", "score_places"]

Floats = npt.NDArray[np.float64]

UNKNOWN: dict[str, str] = {
    "lower": "an unknown counts as its worst case",
    "middle": "an unknown counts as the middle of its worst and best case",
    "interval": "ranks count only places that are better for certain",
    "refuse": "a place with an unknown criterion is not ranked",
    "reweight": "the weights of known criteria are scaled up where others are unknown",
}
"""Every choice, with what a map says of it."""


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of places.

    `score`, `worst`, `best` and `rank` are (places,), `contributions` (places, criteria). All
    are NaN where a place has no score. `worst` and `best` are the same where all is known.
    """

    score: Floats
    worst: Floats
    best: Floats
    rank: Floats
    contributions: Floats


def score_places(
    values: npt.ArrayLike,
    weights: npt.ArrayLike,
    combination: Combination | None = None,
    *,
    unknown: str = "lower",
) -> Scored:
    """Score places whose criteria may be unknown.

    Parameters
    ----------
    values : (places, criteria) array_like
        Value scores in [0, 1], NaN where unknown.
    weights : (criteria,) array_like
        Zero or more.
    combination : Combination, optional
        The weighted sum when missing.
    unknown : str
        One of `UNKNOWN`.

    Returns
    -------
    Scored
        A place of which nothing is known has no score.

    Raises
    ------
    DataError
        If `unknown` is none of them, or ``"reweight"`` is asked of a method that compares
        places with one another.

    Notes
    -----
    Of a local method `worst` and `best` hold every filling of the unknowns between them. Of a
    method that compares places, `best` fills a place's own unknowns while those of others stay
    at their worst.

    Examples
    --------
    >>> found = score_places([[1.0, np.nan], [0.5, 0.5]], [0.5, 0.5])
    >>> found.score.tolist(), found.best.tolist(), found.rank.tolist()
    ([0.5, 0.5], [1.0, 0.5], [1.0, 1.0])
    >>> score_places([[1.0, np.nan], [0.5, 0.5]], [0.5, 0.5], unknown="middle").score.tolist()
    [0.75, 0.5]
    """
    method = combination or Combination()
    _check(method, unknown)
    given = np.asarray(values, dtype=np.float64)
    shares = np.asarray(weights, dtype=np.float64)
    open_ = np.flatnonzero(_has_score(given, unknown))
    known = given[open_]
    score, worst, best = _scores(known, shares, method, unknown)
    rank = _ranks(score, worst, best, unknown)
    blank = np.full((4, len(given)), np.nan)
    blank[:, open_] = score, worst, best, rank
    contributions = np.full(given.shape, np.nan)
    contributions[open_] = _contributions(known, shares, method, unknown)
    return Scored(blank[0], blank[1], blank[2], blank[3], contributions)


def score_cells(
    values: npt.ArrayLike,
    weights: npt.ArrayLike,
    combination: Combination | None = None,
    *,
    unknown: str = "lower",
) -> tuple[Floats, Floats]:
    """Score cells as :func:`score_places` scores sites, without ranks and contributions.

    Parameters
    ----------
    values, weights, combination, unknown
        As there. The method must be local.

    Returns
    -------
    score, best : (cells,) arrays
        NaN where a cell has no score.

    Raises
    ------
    DataError
        If the method compares places with one another.
    """
    method = combination or Combination()
    _check(method, unknown)
    if not method.about.local:
        raise DataError(f"{method.about.title} ranks sites only: it compares places")
    given = np.asarray(values, dtype=np.float64)
    found = np.full((2, len(given)), np.nan)
    open_ = np.flatnonzero(_has_score(given, unknown))
    if open_.size:
        shares = np.asarray(weights, dtype=np.float64)
        score, _, best = _scores(given[open_], shares, method, unknown)
        found[:, open_] = score, best
    return found[0], found[1]


def _check(method: Combination, unknown: str) -> None:
    if unknown not in UNKNOWN:
        raise DataError(f"unknown is {unknown!r}, required is one of {', '.join(UNKNOWN)}")
    if unknown == "reweight" and not method.about.local:
        raise DataError(
            f"{method.about.title} compares places with one another, each by all criteria: "
            "'reweight' serves local methods only"
        )


def _has_score(values: Floats, unknown: str) -> npt.NDArray[np.bool_]:
    known = ~np.isnan(values)
    return np.asarray(known.all(axis=1) if unknown == "refuse" else known.any(axis=1))


def _scores(
    values: Floats, weights: Floats, method: Combination, unknown: str
) -> tuple[Floats, Floats, Floats]:
    """Score, worst and best case of places of which something is known."""
    low = np.nan_to_num(values, nan=0.0)
    worst = method.scores(low, weights)
    best = _best(values, low, worst, weights, method)
    if unknown == "middle":
        return (worst + best) / 2, worst, best
    if unknown == "reweight":
        return _reweighted(values, worst, weights, method, Combination.scores), worst, best
    return worst, worst, best


def _contributions(values: Floats, weights: Floats, method: Combination, unknown: str) -> Floats:
    low = np.nan_to_num(values, nan=0.0)
    parts = method.contributions(low, weights)
    if unknown == "middle":
        return (parts + _best_parts(values, low, parts, weights, method)) / 2
    if unknown == "reweight":
        return _reweighted(values, parts, weights, method, Combination.contributions)
    return parts


def _best(
    values: Floats, low: Floats, worst: Floats, weights: Floats, method: Combination
) -> Floats:
    lacking = np.flatnonzero(np.isnan(values).any(axis=1))
    best = worst.copy()
    if method.about.local:
        best[lacking] = method.scores(np.nan_to_num(values[lacking], nan=1.0), weights)
        return best
    for place in lacking:
        best[place] = method.scores(_with_own(values, low, place), weights)[place]
    return best


def _best_parts(
    values: Floats, low: Floats, parts: Floats, weights: Floats, method: Combination
) -> Floats:
    lacking = np.flatnonzero(np.isnan(values).any(axis=1))
    found = parts.copy()
    if method.about.local:
        found[lacking] = method.contributions(np.nan_to_num(values[lacking], nan=1.0), weights)
        return found
    for place in lacking:
        found[place] = method.contributions(_with_own(values, low, place), weights)[place]
    return found


def _with_own(values: Floats, low: Floats, place: np.intp) -> Floats:
    """One place's unknowns at their best, those of the others at their worst."""
    given = low.copy()
    given[place] = np.nan_to_num(values[place], nan=1.0)
    return given


def _reweighted(
    values: Floats,
    found: Floats,
    weights: Floats,
    method: Combination,
    ask: Callable[[Combination, Floats, Floats], Floats],
) -> Floats:
    """Scores or contributions by the known criteria alone, one pattern of them at a time."""
    found = found.copy()
    patterns, which = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.all():
            continue
        rows, kept = np.flatnonzero(which.ravel() == number), np.flatnonzero(pattern)
        found[rows] = 0.0
        if method.about.weighted and not weights[kept].any():
            # What is known has no weight: it tells nothing of the place.
            continue
        part = ask(_restricted(method, pattern), values[np.ix_(rows, kept)], weights[kept])
        if part.ndim == 1:
            found[rows] = part
        else:
            found[np.ix_(rows, kept)] = part
    return found


def _restricted(method: Combination, pattern: npt.NDArray[np.bool_]) -> Combination:
    """Give the method for some of the criteria; order weights keep their first places."""
    places = method.options.get("order_weights")
    if places is None:
        return method
    kept = list(places)[: int(pattern.sum())]
    if not any(kept):
        raise DataError(
            "the order weights of the places that are left are all zero: 'reweight' needs alpha"
        )
    return Combination(method.method, {"order_weights": kept})


def _ranks(score: Floats, worst: Floats, best: Floats, unknown: str) -> Floats:
    if unknown == "interval":
        return _certain(worst, best)
    return rank_scores(score) if score.size else score


def _certain(worst: Floats, best: Floats) -> Floats:
    """Rank by those whose worst case beats a place's best, ties sharing the better rank."""
    ordered = np.sort(worst)
    beaten = len(worst) - np.searchsorted(ordered, best, side="right")
    return np.asarray(1.0 + beaten)
