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
from geo.scoring.robustness import weight_interval

__all__ = ["Explanation", "explain"]

_LARGE = 10_000

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
        Title of each criterion; its id when missing.

    Returns
    -------
    Explanation
        `data` holds site_id, name, theme, status, excluded_by, score, rank, of, the ranges,
        `parts` (largest contribution first, each with what it lacks to its weight),
        `nearest_better`, `unknowns` (heaviest first, each with the score and the rank that
        its best case would give), `first_while` (for the first site) and `sources`.

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
    grade: 5 % scores 0.50, adds 0.500 of at most 1.000.
    The next better site is a (rank 1), ahead by 0.300; grade decides: +0.300.
    Sources: the register (grade, compiled).
    """
    site_id = str(site["site_id"])
    own = criteria[criteria["site_id"] == site_id]
    if own.empty:
        raise DataError(f"site {site_id!r} has no criteria: give the theme's rows of criteria.csv")
    named = {str(name): (titles or {}).get(str(name), str(name)) for name in own["criterion"]}
    ranked = neighbours[neighbours["status"] == "ranked"]
    data: dict[str, Any] = {
        **_standing(site, len(ranked)),
        "parts": _parts(own, named),
        "nearest_better": _nearest_better(site, criteria, ranked, named),
        "unknowns": _unknowns(site, own, ranked, named),
        "first_while": _first_while(site, criteria, ranked, named),
        "sources": _sources(own, named),
    }
    return Explanation(tuple(_lines(data)), data)


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
    for part in parts:
        part["value"] = None if part["contribution"] is None else _number(part["value"])
        part["title"] = named[part["criterion"]]
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
        "unknown_here": bool(np.isnan(both.loc[deciding, site["site_id"]])),
    }


def _unknowns(
    site: "pd.Series[Any]", own: pd.DataFrame, ranked: pd.DataFrame, named: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Give what each unknown could add: its weight, as a value score swings from 0 to 1."""
    unknown = own[own["contribution"].isna()].sort_values(
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


def _sources(own: pd.DataFrame, named: Mapping[str, str]) -> list[dict[str, Any]]:
    known = own[own["contribution"].notna()]
    rows = zip(known["criterion"], known["quality"], known["source"], strict=True)
    return [
        {"criterion": n, "title": named[n], "quality": _plain(q), "source": _plain(s)}
        for n, q, s in rows
    ]


def _lines(data: Mapping[str, Any]) -> list[str]:
    lines = [_standing_line(data), *(_part_line(part) for part in data["parts"])]
    lines += _range_lines(data)
    lines += _better_lines(data["nearest_better"])
    lines += _unknown_lines(data["unknowns"])
    lines += _first_lines(data["first_while"])
    return [*lines, *_source_lines(data["sources"])]


def _standing_line(data: Mapping[str, Any]) -> str:
    if data["status"] == "ranked":
        return f"{data['name']}: rank {data['rank']} of {data['of']}, score {data['score']:.3f}."
    if data["status"] == "excluded":
        why = f": {data['excluded_by']}" if data["excluded_by"] else ""
        return f"{data['name']}: excluded{why}. It has no score and no rank."
    return f"{data['name']}: unknown. Too little is known of it for a score or a rank."


def _part_line(part: Mapping[str, Any]) -> str:
    if part["contribution"] is None:
        return f"{part['title']}: not known, counted as nothing of at most {part['weight']:.3f}."
    value = part["value"]
    if isinstance(value, float):
        # Four figures say enough; large numbers are written out, never with an exponent.
        value = f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:,.4g}"
    text = str(value)
    measured = f"{text} {part['unit'] or ''}".strip()
    return (
        f"{part['title']}: {measured} scores {part['value_score']:.2f}, "
        f"adds {part['contribution']:.3f} of at most {part['weight']:.3f}."
    )


def _range_lines(data: Mapping[str, Any]) -> list[str]:
    if data["score_low"] is None:
        return []
    score = _span(f"{data['score_low']:.3f}", f"{data['score_high']:.3f}")
    rank = _span(str(data["rank_best"]), str(data["rank_worst"]))
    return [
        f"In nine of ten draws the score is {score} and the rank {rank}; it is among the top "
        f"sites in {100.0 * data['confidence']:.0f} % of all. "
        f"Known for {data['known_criteria']} of {data['of_criteria']} criteria."
    ]


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _better_lines(better: Mapping[str, Any] | None) -> list[str]:
    if better is None:
        return []
    gap = better["by_criterion"][better["deciding"]]
    doubt = ", because it is not known here" if better["unknown_here"] else ""
    return [
        f"The next better site is {better['name']} (rank {better['rank']}), ahead by "
        f"{better['ahead']:.3f}; {better['title']} decides: {gap:+.3f}{doubt}."
    ]


def _unknown_lines(unknowns: list[dict[str, Any]]) -> list[str]:
    if not unknowns:
        return []
    first = unknowns[0]
    if "score_at_best" not in first:
        return [f"{first['title']} would matter most if it were known."]
    return [
        f"{first['title']} would matter most if it were known: at its best the score would be "
        f"{first['score_at_best']:.3f} and the rank {first['rank_at_best']}."
    ]


def _first_lines(first_while: list[dict[str, Any]]) -> list[str]:
    if not first_while:
        return []
    first = first_while[0]
    return [
        f"It stays first as long as {first['title']} weighs {first['low']:.2f} to "
        f"{first['high']:.2f} (now {first['weight']:.2f}), the others in proportion."
    ]


def _source_lines(sources: list[dict[str, Any]]) -> list[str]:
    grouped: dict[str, list[str]] = {}
    for entry in sources:
        quality = f", {entry['quality']}" if entry["quality"] else ""
        text = str(entry["source"] or "not stated")
        grouped.setdefault(text, []).append(f"{entry['title']}{quality}")
    said = [f"{source} ({'; '.join(titles)})" for source, titles in grouped.items()]
    return [f"Sources: {'; '.join(said)}."] if said else []
