"""Why a site stands where it stands, in sentences and as data.

Everything is read from the two tables of a finished study (``sites.csv`` and
``criteria.csv``), so that an explanation cannot say anything but what was published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo.errors import DataError
from geo.scoring.explain_text import lines_of
from geo.scoring.stability import weight_interval

__all__ = ["Explanation", "explain"]

_INFORMATION = ("rank_if_known", "range_if_known")
_STANDING = ("theme", "status", "excluded_by", "score", "score_low", "score_high", "confidence")
_COUNTS = ("rank", "rank_best", "rank_worst", "known_criteria", "of_criteria")


@dataclass(frozen=True)
class Explanation:
    """An explanation as `lines` of text and as `data` that can be written as JSON."""

    lines: tuple[str, ...]
    data: Mapping[str, Any]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def explain(
    site: "pd.Series[Any]",
    criteria: pd.DataFrame,
    neighbours: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    firmness: pd.DataFrame | None = None,
    scenarios: pd.DataFrame | None = None,
    method: str = "",
) -> Explanation:
    """Explain the score of a site: its parts, its rivals, what is not known, its sources.

    Parameters
    ----------
    site : Series
        Row of ``sites.csv``, with site_id, status, score, rank and the ranges; name, theme
        and excluded_by are used where they are there.
    criteria : DataFrame
        The theme's rows of ``criteria.csv``, of this site and of its neighbours.
    neighbours : DataFrame
        The theme's rows of ``sites.csv``; this site may be among them.
    titles : mapping of str to str, optional
        Title of each criterion; its title in `criteria`, else its id, when missing.
    firmness : DataFrame, optional
        The theme's rows of ``robustness.csv``.
    scenarios : DataFrame, optional
        The theme's rows of ``scenarios.csv``.
    method : str, optional
        A sentence on how the score is made.

    Returns
    -------
    Explanation
        `data` holds site_id, name, theme, status, excluded_by, score, rank, of, the ranges,
        `parts` (largest contribution first, each with what it lacks to its weight),
        `nearest_better`, `unknowns` (heaviest first, each with the score and the rank that
        its best case would give), `information` (what knowing each is expected to change),
        `first_while` (for the first site), `overtakes` (weights with which it would be level
        with the next better), `to_qualify`, `firm` (acceptability, other methods), `scenarios`
        and `sources`.

    Raises
    ------
    DataError
        If the site has no row in `criteria`.

    Examples
    --------
    >>> import pandas as pd
    >>> sites = pd.DataFrame({"site_id": ["a", "b"], "status": "ranked", "rank": [1, 2],
    ...     "score": [0.8, 0.5]})
    >>> rows = pd.DataFrame({"site_id": ["a", "b"], "criterion": "grade", "value": [8.0, 5.0],
    ...     "unit": "%", "value_score": [0.8, 0.5], "weight": 1.0, "contribution": [0.8, 0.5],
    ...     "quality": "compiled", "source": "the register"})
    >>> print(explain(sites.iloc[1], rows, sites))
    b: rank 2 of 2, score 0.500.
    grade: 5 % scores 0.50; it adds 0.500 of at most 1.000.
    The next better site is a (rank 1), ahead by 0.300; grade decides: +0.300.
    Sources: the register (grade, compiled).
    """
    site_id = str(site["site_id"])
    own = criteria[criteria["site_id"] == site_id]
    if own.empty:
        raise DataError(f"site {site_id!r} has no criteria: give the theme's rows of criteria.csv")
    named = _names(own, titles)
    ranked = neighbours[neighbours["status"] == "ranked"]
    data: dict[str, Any] = {
        **_standing(site, len(ranked)),
        "parts": _parts(own, named),
        "nearest_better": _nearest_better(site, criteria, ranked, named),
        "unknowns": _unknowns(site, own, ranked, named),
        "information": _information(own, named),
        "first_while": _first_while(site, criteria, ranked, named),
        "overtakes": _overtakes(site, criteria, ranked, named),
        "to_qualify": _plain(site.get("to_qualify")),
        "firm": _firm(site_id, firmness),
        "scenarios": _scenarios(site_id, scenarios),
        "method": method,
        "sources": _sources(own, named),
    }
    return Explanation(tuple(lines_of(data)), data)


def _names(own: pd.DataFrame, titles: Mapping[str, str] | None) -> dict[str, str]:
    found = {str(name): str(name) for name in own["criterion"]}
    if "title" in own:
        found |= {
            str(name): str(title)
            for name, title in zip(own["criterion"], own["title"], strict=True)
            if pd.notna(title)
        }
    return found | {name: title for name, title in (titles or {}).items() if name in found}


def _plain(value: Any) -> Any:
    """Give a number or a text that JSON can hold, None where empty."""
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _number(value: Any) -> Any:
    """Give a number also where a column that holds classes too was read back as text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return _plain(value)


def _whole(value: Any) -> int | None:
    """Give a rank or a count, which a column with empty cells holds as a float."""
    return None if pd.isna(value) else int(value)


def _standing(site: "pd.Series[Any]", of: int) -> dict[str, Any]:
    found = {key: _plain(site.get(key)) for key in _STANDING}
    found |= {key: _whole(site.get(key)) for key in _COUNTS}
    name = _plain(site.get("name")) or str(site["site_id"])
    return {"site_id": str(site["site_id"]), "name": name, **found, "of": of}


def _parts(own: pd.DataFrame, named: Mapping[str, str]) -> list[dict[str, Any]]:
    columns = ("criterion", "value", "unit", "value_score", "weight", "contribution", "quality")
    parts = [
        {key: _plain(value) for key, value in zip(columns, row, strict=True)}
        for row in own[list(columns)].itertuples(index=False)
    ]
    swings = dict(zip(own["criterion"], own.get("swing", pd.Series("", own.index)), strict=True))
    for part in parts:
        unknown = part["value_score"] is None
        part["value"] = None if unknown else _number(part["value"])
        part["title"] = named[part["criterion"]]
        part["swing"] = _plain(swings[part["criterion"]]) or ""
        part["lacks"] = None if part["contribution"] is None else _lack(part)
    return sorted(parts, key=lambda part: -(part["contribution"] or 0.0))


def _lack(part: Mapping[str, Any]) -> float:
    return float(part["weight"] - part["contribution"])


def _nearest_better(
    site: "pd.Series[Any]", criteria: pd.DataFrame, ranked: pd.DataFrame, named: Mapping[str, str]
) -> dict[str, Any] | None:
    if site["status"] != "ranked":
        return None
    better = ranked[ranked["score"] > site["score"]].sort_values(["score", "site_id"])
    if better.empty:
        return None
    rival = better.iloc[0]
    both = criteria.pivot_table(
        index="criterion", columns="site_id", values="contribution", sort=False, dropna=False
    ).reindex(columns=[site["site_id"], rival["site_id"]])
    ahead = (both[rival["site_id"]].fillna(0.0) - both[site["site_id"]].fillna(0.0)).to_dict()
    deciding = max(ahead, key=lambda name: ahead[name])
    return {
        "site_id": rival["site_id"],
        "name": _plain(rival.get("name")) or rival["site_id"],
        "rank": _whole(rival["rank"]),
        "ahead": float(rival["score"] - site["score"]),
        "by_criterion": {str(name): float(value) for name, value in ahead.items()},
        "deciding": str(deciding),
        "title": named.get(str(deciding), str(deciding)),
        "unknown_here": bool(_value_score(criteria, site["site_id"], deciding) is None),
    }


def _value_score(criteria: pd.DataFrame, site: str, criterion: Any) -> float | None:
    rows = criteria[(criteria["site_id"] == site) & (criteria["criterion"] == criterion)]
    score = rows["value_score"].iloc[0]
    return None if pd.isna(score) else float(score)


def _unknowns(
    site: "pd.Series[Any]", own: pd.DataFrame, ranked: pd.DataFrame, named: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Give what each unknown could add: its weight, as a value score swings from 0 to 1."""
    unknown = own[own["value_score"].isna()].sort_values(
        ["weight", "criterion"], ascending=[False, True]
    )
    others = ranked[ranked["site_id"] != site["site_id"]]["score"]
    found = []
    for name, weight in zip(unknown["criterion"], unknown["weight"], strict=True):
        entry: dict[str, Any] = {"criterion": name, "title": named[name], "weight": float(weight)}
        if site["status"] == "ranked":
            entry["score_at_best"] = float(site["score"] + weight)
            entry["rank_at_best"] = 1 + int((others > site["score"] + weight).sum())
        found.append(entry)
    return found


def _information(own: pd.DataFrame, named: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give what knowing each unknown is expected to change over the draws, the most first."""
    if not set(_INFORMATION) <= set(own.columns):
        return []
    told = own[own["rank_if_known"].notna()].sort_values(
        ["rank_if_known", "criterion"], ascending=[False, True]
    )
    return [
        {"criterion": name, "title": named[name], "rank": float(rank), "range": float(width)}
        for name, rank, width in told[["criterion", *_INFORMATION]].itertuples(index=False)
    ]


def _first_while(
    site: "pd.Series[Any]", criteria: pd.DataFrame, ranked: pd.DataFrame, named: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Give the weights between which the first site stays first, the narrowest margin first."""
    if site["status"] != "ranked" or site["rank"] != 1 or len(ranked) < 2:
        return []
    table = criteria.pivot_table(
        index="site_id", columns="criterion", values="value_score", sort=False, dropna=False
    ).reindex(index=list(ranked["site_id"]), columns=list(named))
    weights = criteria.groupby("criterion")["weight"].first().reindex(list(named)).to_numpy(float)
    at = list(ranked["site_id"]).index(site["site_id"])
    found = []
    for column, name in enumerate(named):
        if np.delete(weights, column).sum() == 0:
            continue
        interval = weight_interval(table.to_numpy(float), weights, column, at)
        if interval is not None and interval != (0.0, 1.0):
            low, high = interval
            entry = {"criterion": name, "title": named[name], "weight": float(weights[column])}
            found.append({**entry, "low": low, "high": high})
    return sorted(found, key=lambda e: min(e["weight"] - e["low"], e["high"] - e["weight"]))


def _overtakes(
    site: "pd.Series[Any]", criteria: pd.DataFrame, ranked: pd.DataFrame, named: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Give the weights with which the site would be level with the next better one."""
    better = _nearest_better(site, criteria, ranked, named)
    if better is None:
        return []
    pair = [site["site_id"], better["site_id"]]
    table = criteria.pivot_table(
        index="site_id", columns="criterion", values="value_score", sort=False, dropna=False
    ).reindex(index=pair, columns=list(named))
    weights = criteria.groupby("criterion")["weight"].first().reindex(list(named)).to_numpy(float)
    found = []
    for column, name in enumerate(named):
        if np.delete(weights, column).sum() == 0:
            continue
        interval = weight_interval(table.to_numpy(float), weights, column, 0)
        if interval is not None:
            now = float(weights[column])
            at = interval[0] if now < interval[0] else interval[1]
            found.append({"criterion": name, "title": named[name], "weight": now, "at": at})
    return sorted(found, key=lambda entry: abs(entry["at"] - entry["weight"]))


def _firm(site: str, firmness: pd.DataFrame | None) -> dict[str, Any]:
    if firmness is None or firmness.empty:
        return {}
    own = firmness[firmness["site_id"] == site]
    shares = own[own["figure"] == "rank_acceptability"]
    methods = own[own["figure"] == "rank_by_method"]
    expected = own[own["figure"] == "expected_rank"]["value"]
    return {
        "rank_acceptability": {
            str(rank): float(share)
            for rank, share in zip(shares["name"], shares["value"], strict=True)
        },
        "expected_rank": None if expected.empty else float(expected.iloc[0]),
        "rank_by_method": {
            str(name): int(rank)
            for name, rank in zip(methods["name"], methods["value"], strict=True)
        },
    }


def _scenarios(site: str, scenarios: pd.DataFrame | None) -> list[dict[str, Any]]:
    if scenarios is None or scenarios.empty:
        return []
    rows = scenarios[scenarios["site_id"] == site]
    return [
        {
            "scenario": str(name),
            "title": str(title),
            "rank": _whole(rank),
            "rank_change": _whole(step),
        }
        for name, title, rank, step in zip(
            rows["scenario"],
            rows.get("scenario_title", rows["scenario"]),
            rows["rank"],
            rows["rank_change"],
            strict=True,
        )
    ]


def _sources(own: pd.DataFrame, named: Mapping[str, str]) -> list[dict[str, Any]]:
    known = own[own["value_score"].notna()]
    rows = zip(known["criterion"], known["quality"], known["source"], strict=True)
    return [
        {"criterion": n, "title": named[n], "quality": _plain(q), "source": _plain(s)}
        for n, q, s in rows
    ]
