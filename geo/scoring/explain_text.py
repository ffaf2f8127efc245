"""An explanation in sentences that can be read aloud."""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["lines_of"]

_LARGE = 10_000


def lines_of(data: Mapping[str, Any]) -> list[str]:
    """Say an explanation so that it can be read aloud.

    Parameters
    ----------
    data : mapping
        Of :class:`geo.scoring.explain.Explanation`.

    Returns
    -------
    list of str
    """
    lines = [_standing_line(data), *_method_lines(data)]
    lines += _qualify_lines(data)
    lines += [_part_line(part) for part in data["parts"]]
    lines += _range_lines(data)
    lines += _firm_lines(data)
    lines += _better_lines(data["nearest_better"], data["overtakes"])
    lines += _unknown_lines(data["unknowns"], data["information"])
    lines += _first_lines(data["first_while"])
    lines += _scenario_lines(data["scenarios"])
    return [*lines, *_source_lines(data["sources"])]


def _method_lines(data: Mapping[str, Any]) -> list[str]:
    if not data["method"]:
        return []
    return [
        f"A score runs from 0, the worst, to 1, the best that the study tells apart. "
        f"{data['method']}"
    ]


def _qualify_lines(data: Mapping[str, Any]) -> list[str]:
    if not data["to_qualify"]:
        return []
    return [f"To qualify, this would have to change: {data['to_qualify']}."]


def _firm_lines(data: Mapping[str, Any]) -> list[str]:
    if data["status"] != "ranked" or not data["firm"]:
        return []
    ranks = data["firm"]["rank_by_method"]
    lines = []
    first = data["firm"]["rank_acceptability"].get("1", 0.0)
    if first > 0:
        lines.append(f"It is first in {_percent(first)} of the draws.")
    if ranks:
        low, high = min(ranks.values()), max(ranks.values())
        lines.append(
            f"The {len(ranks)} methods that were tried rank it "
            + (f"{low}, all of them." if low == high else f"from {low} to {high}.")
        )
    return [" ".join(lines)] if lines else []


def _percent(share: float) -> str:
    if 0 < share < 0.01:
        return "less than 1 %"
    return "more than 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def _scenario_lines(scenarios: list[dict[str, Any]]) -> list[str]:
    if not scenarios:
        return []
    said = [
        f"{entry['title']}, {'not ranked' if entry['rank'] is None else entry['rank']}"
        for entry in scenarios
    ]
    return [f"Its rank under other conditions: {'; '.join(said)}."]


def _standing_line(data: Mapping[str, Any]) -> str:
    if data["status"] == "ranked":
        return f"{data['name']}: rank {data['rank']} of {data['of']}, score {data['score']:.3f}."
    if data["status"] == "excluded":
        why = f": {data['excluded_by']}" if data["excluded_by"] else ""
        return f"{data['name']}: excluded{why}. It has no score and no rank."
    return f"{data['name']}: unknown. Too little is known of it for a score or a rank."


def _part_line(part: Mapping[str, Any]) -> str:
    title = str(part["title"])
    if part["value_score"] is None:
        if part["contribution"] is None:
            return f"{title}: not known, counted as nothing of at most {part['weight']:.3f}."
        return (
            f"{title}: not known, counted as {part['contribution']:+.3f} of {part['weight']:.3f}."
        )
    measured = f"{_value(part['value'])} {part['unit'] or ''}".strip()
    scores = f"{measured} scores {part['value_score']:.2f}"
    if part["swing"]:
        worst, _, best = str(part["swing"]).partition(" to ")
        scores += f", where {_readable(worst)} is worst and {_readable(best)} best"
    if part["contribution"] is None:
        return f"{title}: {scores}."
    return f"{title}: {scores}; it adds {part['contribution']:.3f} of at most {part['weight']:.3f}."


def _readable(limit: str) -> str:
    """A limit with its thousands set apart, as the values are."""
    return re.sub(r"\d{5,}", lambda digits: f"{int(digits[0]):,}", limit)


def _value(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    # Four figures say enough; large numbers are written out, never with an exponent.
    return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:,.4g}"


def _range_lines(data: Mapping[str, Any]) -> list[str]:
    if data["score_low"] is None:
        return []
    score = _span(f"{data['score_low']:.3f}", f"{data['score_high']:.3f}")
    rank = _span(str(data["rank_best"]), str(data["rank_worst"]))
    return [
        f"With weights and values drawn within their ranges, the score is {score} and the rank "
        f"{rank} in nine of ten draws; it is among the top sites in "
        f"{_percent(data['confidence'])} of them. "
        f"Known for {data['known_criteria']} of {data['of_criteria']} criteria."
    ]


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _better_lines(better: Mapping[str, Any] | None, overtakes: list[dict[str, Any]]) -> list[str]:
    if better is None:
        return []
    gap = better["by_criterion"][better["deciding"]]
    doubt = ", because it is not known here" if better["unknown_here"] else ""
    lines = [
        f"The next better site is {better['name']} (rank {better['rank']}), ahead by "
        f"{better['ahead']:.3f}; {better['title']} decides: {gap:+.3f}{doubt}."
    ]
    if overtakes:
        first = overtakes[0]
        lines.append(
            f"The two would be level if {first['title']} weighed {first['at']:.3f} instead of "
            f"{first['weight']:.3f}, the others in proportion."
        )
    return lines


def _unknown_lines(unknowns: list[dict[str, Any]], information: list[dict[str, Any]]) -> list[str]:
    if not unknowns:
        return []
    told = information[0] if information else None
    first = next((u for u in unknowns if told and u["criterion"] == told["criterion"]), unknowns[0])
    if "score_at_best" not in first:
        return [f"{first['title']} would matter most if it were known."]
    line = (
        f"{first['title']} would matter most if it were known: at its best the score would be "
        f"{first['score_at_best']:.3f} and the rank {first['rank_at_best']}"
    )
    if told is None:
        return [f"{line}."]
    return [
        f"{line}; over the draws, knowing it is expected to move the mean rank by "
        f"{told['rank']:.1f} and to narrow the range of the score by {told['range']:.3f}."
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
