"""The two tables of a theme: one row a site, and one row a site and criterion.

A site's score is the sum of its known contributions. An unknown counts nothing, its worst
case, so that an untested occurrence cannot outrank a mine; what it may still turn out to be
shows in the ranges, which come from seeded draws.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import DataError
from geo.scoring.combination import Combination
from geo.scoring.draws import unknown_draws
from geo.scoring.firmness import FIRMNESS_COLUMNS, Drawn, firmness_table
from geo.scoring.information import Information, value_of_information
from geo.scoring.ranks import rank_scores
from geo.scoring.robustness import (
    RankRanges,
    ValueFunction,
    ValueRange,
    draw_scores,
    rank_ranges,
)
from geo.scoring.unknowns import Scored, score_places
from geo.scoring.weighting import WeightRange, draw_weights

__all__ = ["CRITERIA_COLUMNS", "SITE_COLUMNS", "SiteScores", "score_sites"]

Floats = npt.NDArray[np.float64]
Texts = Mapping[str, str] | pd.DataFrame

SITE_COLUMNS = (
    "rank",
    "status",
    "score",
    "score_low",
    "score_high",
    "rank_best",
    "rank_worst",
    "confidence",
    "known_criteria",
    "of_criteria",
    "score_worst",
    "score_best",
)
CRITERIA_COLUMNS = (
    "theme",
    "site_id",
    "criterion",
    "value",
    "unit",
    "value_score",
    "weight",
    "contribution",
    "quality",
    "source",
    "rank_if_known",
    "range_if_known",
)

_LEAST = 100
"""Fewest draws that say how firm a rank is."""
_STATUSES = ("ranked", "excluded", "unknown")


@dataclass(frozen=True, eq=False)
class SiteScores:
    """Scores of a theme's sites.

    `sites` is indexed by `site_id`, in the order of the call, with the columns
    `SITE_COLUMNS`; rank, score, ranges and confidence are empty unless the status is
    ``"ranked"``. `criteria` has the columns `CRITERIA_COLUMNS`, one row a site and
    criterion; excluded sites keep theirs. `firmness` says how firm the ranks are, see
    `geo.scoring.firmness`; it is empty with fewer than 100 draws.
    """

    sites: pd.DataFrame
    criteria: pd.DataFrame
    firmness: pd.DataFrame


def score_sites(
    theme_id: str,
    site_ids: Sequence[str],
    values: pd.DataFrame,
    lows: pd.DataFrame | None,
    highs: pd.DataFrame | None,
    units: Mapping[str, str],
    value_functions: Mapping[str, ValueFunction],
    ranges: Mapping[str, WeightRange],
    required: Collection[str],
    status_in: pd.Series,
    qualities: Texts,
    sources: Texts,
    *,
    draws: int = 2000,
    seed: int = 1,
    top: int = 5,
    common: Collection[str] | None = None,
    pessimism: float = 1.0,
    combination: Combination | None = None,
    unknown: str = "lower",
) -> SiteScores:
    """Score and rank the sites of a theme, with ranges and reasons.

    Parameters
    ----------
    theme_id : str
        Keys the draws, so that one theme more does not change another.
    site_ids : sequence of str
        Unique; the order of the result.
    values : (sites, criteria) DataFrame
        Raw values by site id and criterion, in `units`; NaN or None is unknown. Numbers, or
        text where the value function looks up classes.
    lows, highs : (sites, criteria) DataFrame, optional
        Limits of the values; missing columns and NaN say that there is no range.
    units : mapping of str to str
        Unit of each criterion.
    value_functions : mapping of str to ValueFunction
        Value to value score in [0, 1], by criterion; its order is the order of the criteria.
    ranges : mapping of str to WeightRange
        By criterion.
    required : collection of str
        Criteria without which a site's status is ``"unknown"``.
    status_in : Series of {"ranked", "excluded", "unknown"}
        By site id, from the exclusion rules.
    qualities, sources : mapping of str to str, or (sites, criteria) DataFrame
        Quality and source by criterion, or by site and criterion. The quality of an unknown
        is ``"unknown"`` whatever is given.
    draws : int
        Number of draws.
    seed : int
        Seed of all draws.
    top : int
        Ranks up to this one count for the confidence.
    common : collection of str, optional
        Criteria whose ranges have one cause for all sites, such as a tariff; others are drawn
        site by site. All when missing.
    pessimism : float
        How likely an unknown is to be poor, see :func:`~geo.scoring.robustness.draw_scores`.
    combination : Combination, optional
        How criteria become one score; the weighted sum when missing.
    unknown : str
        What stands for an unknown in the score, see `geo.scoring.unknowns`.

    Returns
    -------
    SiteScores

    Raises
    ------
    DataError
        If ids repeat or are missing, the tables and mappings name different criteria, a value
        is no number where one is needed, a value lies outside its limits, or a value function
        leaves [0, 1].

    Notes
    -----
    Only sites with the status ``"ranked"`` compete, in the score's rank and in every draw.
    The score lies at the worst case of its unknowns, the ranges at the 5 % and 95 % quantiles
    of draws in which an unknown may be anything from worst to best: the score of a site with
    unknowns may therefore lie below `score_low`, and its rank outside its range.

    Examples
    --------
    >>> import pandas as pd
    >>> from geo.scoring.weighting import WeightRange
    >>> values = pd.DataFrame({"grade": [0.8, 0.4], "depth": [0.5, None]}, index=["a", "b"])
    >>> found = score_sites(
    ...     "copper", ["a", "b"], values, None, None, {"grade": "", "depth": ""},
    ...     {"grade": lambda v: v, "depth": lambda v: v},
    ...     {"grade": WeightRange(3, 3, 3), "depth": WeightRange(1, 1, 1)}, (),
    ...     pd.Series("ranked", ["a", "b"]), {"grade": "compiled", "depth": "compiled"},
    ...     {"grade": "made up", "depth": "made up"}, draws=200)
    >>> found.sites[["rank", "score", "known_criteria", "of_criteria"]].values.tolist()
    [[1, 0.725, 2, 2], [2, 0.3, 1, 2]]
    """
    names = list(value_functions)
    ids = _ids(site_ids)
    _check_names(names, values, units=units, ranges=ranges)
    for what, chosen in (("required", required), ("common", common or ())):
        _refuse_strays(what, chosen, names)
    _check_index(values, ids, "values")
    raw = {name: _column(values[name].reindex(ids), name) for name in names}
    scored = np.column_stack([_score(name, raw[name], value_functions[name]) for name in names])
    method = combination or Combination()
    weights = method.shares([ranges[name].central for name in names])
    needed = names if unknown == "refuse" else required
    status = _status(ids, names, scored, needed, status_in)
    ranked = status == "ranked"
    own = _own_scores(scored, weights, method, unknown, ranked)
    key = (seed, theme_id)
    shares = draw_weights({name: ranges[name] for name in names}, draws, key)
    spreads = _value_ranges(raw, lows, highs, value_functions, ids, ranked, common)
    chosen = [site for site, on in zip(ids, ranked, strict=True) if on]
    scores = draw_scores(
        scored[ranked],
        shares,
        sites=chosen,
        criteria=names,
        seed=key,
        ranges=spreads,
        pessimism=pessimism,
        combination=method,
    )
    drawn = Drawn(chosen, names, scored[ranked], scores, shares, key, spreads, pessimism)
    table = _criteria_table(theme_id, ids, raw, units, scored, weights, own.contributions,
                            qualities, sources)  # fmt: skip
    found = rank_ranges(scores, top=top)
    firm = pd.DataFrame(columns=list(FIRMNESS_COLUMNS))
    if draws >= _LEAST:
        firm = firmness_table(theme_id, drawn, own.score[ranked], weights, method, top=top)
    sites = _site_table(ids, status, own, scored, found)
    # One draw, as of a scenario, tells nothing of what knowing more would change.
    return SiteScores(sites, _with_information(table, drawn if draws > 1 else None), firm)


def _with_information(table: pd.DataFrame, drawn: Drawn | None) -> pd.DataFrame:
    """Add what knowing each unknown would change; empty where all is known or nothing ranked."""
    found = {} if drawn is None else _information(drawn)
    nothing = Information(np.nan, np.nan)
    keys = zip(table["site_id"], table["criterion"], strict=True)
    told = [found.get((str(site), str(name)), nothing) for site, name in keys]
    return table.assign(
        rank_if_known=[item.rank for item in told], range_if_known=[item.score for item in told]
    )


def _information(drawn: Drawn) -> dict[tuple[str, str], Information]:
    """What knowing each unknown would change, by site and criterion."""
    found: dict[tuple[str, str], Information] = {}
    ranks = rank_scores(drawn.scores) if len(drawn.sites) else drawn.scores
    for row, column in np.argwhere(np.isnan(drawn.values)).tolist():
        site, name = drawn.sites[row], drawn.criteria[column]
        taken = unknown_draws(len(drawn.scores), site, name, drawn.seed, drawn.pessimism)
        found[site, name] = value_of_information(drawn.scores[:, row], ranks[:, row], taken)
    return found


def _own_scores(
    scored: Floats,
    weights: Floats,
    method: Combination,
    unknown: str,
    ranked: npt.NDArray[np.bool_],
) -> Scored:
    """Score the ranked sites among themselves; of the others say what each criterion would add."""
    found = score_places(scored[ranked], weights, method, unknown=unknown)
    blank = np.full((4, len(scored)), np.nan)
    blank[:, ranked] = found.score, found.worst, found.best, found.rank
    parts = np.full(scored.shape, np.nan)
    parts[ranked] = found.contributions
    if method.about.local:
        parts[~ranked] = score_places(scored[~ranked], weights, method).contributions
    if method.method == "weighted-sum" and unknown in ("lower", "interval", "refuse"):
        # What is unknown counts nothing, and is told from a known zero.
        parts = np.where(np.isnan(scored), np.nan, parts)
    return Scored(blank[0], blank[1], blank[2], blank[3], parts)


def _ids(site_ids: Sequence[str]) -> list[str]:
    ids = [str(site) for site in site_ids]
    if len(set(ids)) != len(ids):
        twice = next(site for site in ids if ids.count(site) > 1)
        raise DataError(f"site {twice!r} stands twice: site ids must be unique")
    return ids


def _check_names(names: list[str], values: pd.DataFrame, **given: Mapping[str, object]) -> None:
    if not names:
        raise DataError("there is no criterion: give at least one value function")
    for what, found in (("values", list(values.columns)), *given.items()):
        _refuse_strays(what, found, names)
        missing = [name for name in names if name not in set(found)]
        if missing:
            raise DataError(f"{what} lack the criterion {missing[0]!r}")


def _refuse_strays(what: str, found: Collection[str], names: Sequence[str]) -> None:
    strays = sorted(str(name) for name in set(found) - set(names))
    if strays:
        near = difflib.get_close_matches(strays[0], names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"the criteria are {', '.join(names)}"
        raise DataError(f"{what}: {strays[0]!r} is no criterion: {hint}")


def _check_index(frame: pd.DataFrame | pd.Series, ids: list[str], what: str) -> None:
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()][0]
        raise DataError(f"{what}: site {twice!r} stands twice")
    missing = [site for site in ids if site not in frame.index]
    if missing:
        raise DataError(f"{what}: site {missing[0]!r} is missing")


def _column(column: pd.Series, name: str) -> pd.Series:
    """Take one criterion as floats, or as text and None where it holds classes."""
    if column.dtype == np.float64:
        return _finite(column, name)
    if any(isinstance(value, str) for value in column):
        return column.astype(object).where(column.notna(), None)
    try:
        numbers = column.astype("Float64").astype("float64")
    except (TypeError, ValueError):
        raise DataError(f"criterion {name!r} holds neither numbers nor text") from None
    return _finite(numbers, name)


def _finite(column: pd.Series, name: str) -> pd.Series:
    if np.isinf(column.to_numpy()).any():
        raise DataError(f"criterion {name!r} holds an infinite value: write NaN where unknown")
    return column


def _score(name: str, column: pd.Series, function: ValueFunction) -> Floats:
    try:
        scored = np.asarray(function(column.to_numpy()), dtype=np.float64)
    except (TypeError, ValueError) as error:
        text = next((v for v in column if isinstance(v, str)), None)
        raise DataError(
            f"criterion {name!r} needs numbers, found {text!r}: "
            "correct the layer or use a lookup of classes"
        ) from error
    except DataError as error:
        raise DataError(f"criterion {name!r}: {error}") from error
    known = ~np.isnan(scored)
    if scored.shape != (len(column),) or ((scored[known] < 0) | (scored[known] > 1)).any():
        raise DataError(f"the value function of {name!r} must give one score in [0, 1] a site")
    return np.where(column.isna().to_numpy(), np.nan, scored)


def _status(
    ids: list[str],
    names: list[str],
    scored: Floats,
    required: Collection[str],
    status_in: pd.Series,
) -> npt.NDArray[np.object_]:
    _check_index(status_in, ids, "status")
    status = status_in.reindex(ids).to_numpy(dtype=object)
    odd = [str(found) for found in status if found not in _STATUSES]
    if odd:
        raise DataError(f"status {odd[0]!r} is none of {', '.join(_STATUSES)}")
    unknown = np.isnan(scored)
    needed = np.array([name in set(required) for name in names])
    lacking = unknown.all(axis=1) | (unknown & needed).any(axis=1)
    return np.where((status == "ranked") & lacking, "unknown", status)


def _value_ranges(
    raw: Mapping[str, pd.Series],
    lows: pd.DataFrame | None,
    highs: pd.DataFrame | None,
    functions: Mapping[str, ValueFunction],
    ids: list[str],
    ranked: npt.NDArray[np.bool_],
    common: Collection[str] | None,
) -> dict[str, ValueRange]:
    if lows is None and highs is None:
        return {}
    if lows is None or highs is None or set(lows.columns) != set(highs.columns):
        raise DataError("lows and highs must come together, with the same criteria")
    _refuse_strays("lows and highs", list(lows.columns), list(raw))
    for what, frame in (("lows", lows), ("highs", highs)):
        _check_index(frame, ids, what)
    found = {}
    for name in lows.columns:
        limits = (_column(frame[name].reindex(ids), name) for frame in (lows, highs))
        low, high = (limit.to_numpy() for limit in limits)
        if low.dtype == object or high.dtype == object or raw[name].dtype == object:
            raise DataError(f"criterion {name!r} has limits, which need numbers: drop them")
        _check_limits(name, ids, low, raw[name].to_numpy(), high)
        found[name] = ValueRange(
            low[ranked],
            raw[name].to_numpy()[ranked],
            high[ranked],
            functions[name],
            common is None or name in common,
        )
    return found


def _check_limits(name: str, ids: list[str], low: Floats, value: Floats, high: Floats) -> None:
    wrong = np.flatnonzero((low > value) | (high < value) | (low > high))
    if wrong.size:
        at = int(wrong[0])
        raise DataError(
            f"criterion {name!r} of site {ids[at]!r}: {value[at]:g} does not lie in "
            f"[{low[at]:g}, {high[at]:g}]: give low <= value <= high"
        )


def _site_table(
    ids: list[str],
    status: npt.NDArray[np.object_],
    own: Scored,
    scored: Floats,
    found: RankRanges,
) -> pd.DataFrame:
    ranked = status == "ranked"
    table = {
        "rank": _whole(own.rank),
        "status": status,
        "score": own.score,
        "score_low": _spread(found.score_low, ranked),
        "score_high": _spread(found.score_high, ranked),
        "rank_best": _whole(_spread(found.rank_best, ranked)),
        "rank_worst": _whole(_spread(found.rank_worst, ranked)),
        "confidence": _spread(found.confidence, ranked),
        "known_criteria": (~np.isnan(scored)).sum(axis=1),
        "of_criteria": np.full(len(ids), scored.shape[1]),
        "score_worst": own.worst,
        "score_best": own.best,
    }
    index = pd.Index(ids, name="site_id", dtype=object)
    return pd.DataFrame(table, columns=list(SITE_COLUMNS)).set_index(index)


def _whole(found: Floats) -> pd.Series:
    return pd.Series(found).astype("Int64")


def _spread(found: npt.NDArray[np.generic], ranked: npt.NDArray[np.bool_]) -> Floats:
    spread = np.full(ranked.size, np.nan)
    spread[ranked] = found
    return spread


def _criteria_table(
    theme_id: str,
    ids: list[str],
    raw: Mapping[str, pd.Series],
    units: Mapping[str, str],
    scored: Floats,
    weights: Floats,
    contributions: Floats,
    qualities: Texts,
    sources: Texts,
) -> pd.DataFrame:
    names, known = list(raw), ~np.isnan(scored)
    # Built as (sites, criteria) arrays and read row by row: one site's criteria together.
    value = np.empty(scored.shape, dtype=object)
    quality, source = np.empty_like(value), np.empty_like(value)
    for column, (name, found) in enumerate(raw.items()):
        value[:, column] = found.tolist()
        quality[:, column] = _texts("qualities", qualities, name, ids)
        source[:, column] = _texts("sources", sources, name, ids)
    value[~known] = None
    table = {
        "theme": theme_id,
        "site_id": np.repeat(np.array(ids, dtype=object), len(names)),
        "criterion": names * len(ids),
        "value": pd.Series(value.ravel(), dtype="object"),
        "unit": [units[name] for name in names] * len(ids),
        "value_score": scored.ravel(),
        "weight": np.tile(weights, len(ids)),
        "contribution": contributions.ravel(),
        "quality": np.where(known, quality, "unknown").ravel(),
        "source": source.ravel(),
    }
    return pd.DataFrame(table)


def _texts(what: str, given: Texts, name: str, ids: list[str]) -> list[str]:
    if name not in given:
        raise DataError(f"{what} lack the criterion {name!r}")
    if isinstance(given, pd.DataFrame):
        _check_index(given, ids, what)
        return [str(text) for text in given[name].reindex(ids).fillna("")]
    return [str(given[name])] * len(ids)
