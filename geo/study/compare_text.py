"""A comparison of two runs in lines of text."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["sentences"]

_MOST = 15
"""Sites of a theme that the text names."""
_SMALL = 5e-7
"""Tables hold ten digits: what is smaller than this is rounding."""


def sentences(found: Mapping[str, Any]) -> list[str]:
    """Say a comparison in lines of text."""
    lines = [f"From {found['before']} to {found['after']}:", *_change_lines(found["changes"])]
    for key, said in (("only_before", "no longer there"), ("only_after", "new")):
        lines += [f"Theme {name}: {said}." for name in found[key]]
    for theme in found["themes"]:
        lines += ["", *_theme_lines(theme)]
    return lines


_SAID = {
    "layers": "layers",
    "software": "versions",
    "prices": "prices",
    "settings": "settings",
    "weights": "weights",
    "value_functions": "value functions",
    "measures": "measures",
}


def _change_lines(changes: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Changed {said}: {'; '.join(_one_change(key, entry) for entry in changes[key])}."
        for key, said in _SAID.items()
        if changes[key]
    ]
    if not lines:
        lines = ["Nothing that was asked about has changed."]
    return lines


def _one_change(key: str, entry: Mapping[str, Any]) -> str:
    name = str(entry["name"])
    if entry["before"] is None or entry["after"] is None:
        return f"{name} {'new' if entry['before'] is None else 'gone'}"
    if key == "layers":
        return f"{name} ({entry['before'][:8]} to {entry['after'][:8]})"
    if key in ("value_functions", "measures"):
        return name
    return f"{name} {_short(entry['before'])} to {_short(entry['after'])}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _theme_lines(theme: Mapping[str, Any]) -> list[str]:
    moved = [s for s in theme["sites"] if s["rank_before"] != s["rank_after"]]
    changed = f"{len(moved)} of {theme['compared']} sites change their rank"
    only = len(theme["sites"]) - len(moved)
    lines = [f"{theme['title']}: {changed}" + (f", {only} only their score." if only else ".")]
    order = sorted(moved or theme["sites"], key=_place)
    lines += [_site_line(site) for site in order[:_MOST]]
    if len(order) > _MOST:
        lines.append(f"  and {len(order) - _MOST} more (--json lists them all).")
    for key, said in (("new", "New"), ("gone", "Gone")):
        if theme[key]:
            lines.append(f"  {said}: {', '.join(theme[key][:_MOST])}.")
    return lines


def _place(site: Mapping[str, Any]) -> tuple[float, str]:
    ranks = [r for r in (site["rank_before"], site["rank_after"]) if r is not None]
    return min(ranks, default=np.inf), site["site_id"]


def _site_line(site: Mapping[str, Any]) -> str:
    name = f"  {site['name']}"
    if site["status_before"] != site["status_after"]:
        why = f" by {site['excluded_by']}" if site["excluded_by"] else ""
        return f"{name}: was {site['status_before']}, is now {site['status_after']}{why}."
    if site["change"] is None:
        return f"{name}: rank {site['rank_before']} to {site['rank_after']}."
    moved = site["rank_before"] != site["rank_after"]
    ranks = f"rank {site['rank_before']} to {site['rank_after']}" if moved else "same rank"
    if abs(site["change"]) <= _SMALL:
        return (
            f"{name}: {ranks}, because others moved; its own score stays {site['score_after']:.3f}."
        )
    parts = [_part(part) for part in site["by"][:3] if abs(part["total"]) > _SMALL]
    return f"{name}: {ranks}, score {site['change']:+.3f}: {'; '.join(parts)}."


def _part(part: Mapping[str, Any]) -> str:
    through = f" ({', '.join(part['through'])})" if part["through"] else ""
    return f"{part['title']} {part['total']:+.3f}{through}"
