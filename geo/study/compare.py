"""Two runs of a study beside one another: which ranks moved, by how much, and through what."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import DataError, LayerError
from geo.scoring.difference import score_difference
from geo.study.causes import Causes, plain_value
from geo.study.result import Result

__all__ = ["Run", "compare", "run_of_folder", "run_of_result"]

_PROVENANCE = "provenance.json"
_NEEDED = ("region", "themes", "layers", "software", "cell_size_m", "draws", "recipe")
_SMALL = 5e-7
"""Tables hold ten digits: what is smaller than this is rounding."""


@dataclass(frozen=True, eq=False)
class Run:
    """One run: what made it (``provenance.json``), its sites and its criteria."""

    name: str
    made: Mapping[str, Any]
    sites: pd.DataFrame
    criteria: pd.DataFrame


def run_of_folder(folder: Path) -> Run:
    """Read a run from the folder that `build` wrote.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Run

    Raises
    ------
    LayerError
        If the folder holds no run, or one of a version that kept too little.
    """
    try:
        made = json.loads((folder / _PROVENANCE).read_text("utf-8"))
    except FileNotFoundError:
        raise LayerError(
            f"{folder}: there is no {_PROVENANCE}, so this is no folder of results: give one that "
            "`lodemap build` wrote, or a recipe"
        ) from None
    except (OSError, ValueError) as error:
        raise LayerError(f"{folder / _PROVENANCE}: cannot be read: {error}") from None
    missing = [key for key in _NEEDED if key not in made] if isinstance(made, dict) else _NEEDED
    if missing:
        raise LayerError(
            f"{folder / _PROVENANCE}: says nothing of {missing[0]!r}, as an older version wrote "
            "it: build the recipe again"
        )
    return Run(str(folder), made, _table(folder / "sites.csv"), _table(folder / "criteria.csv"))


def run_of_result(result: Result, name: str) -> Run:
    """Take a run from a result at hand."""
    sites = pd.DataFrame(result.sites.drop(columns="geometry"))
    return Run(name, result.provenance, sites, result.criteria)


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise LayerError(f"{path}: there is no such table: build the recipe again")
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def compare(before: Run, after: Run) -> dict[str, Any]:
    """Compare two runs of one region.

    Parameters
    ----------
    before, after : Run

    Returns
    -------
    dict
        Ready for JSON. `changes` lists what differs in layers, software, prices, settings,
        weights and value functions; `themes` holds for each theme the sites whose rank,
        status or score changed, each with the change `by` criterion: the part that the value
        made, the part that the weight made, and what lies behind it (`through`). The parts
        and the `remainder` add up to the change of the score.

    Raises
    ------
    DataError
        If the runs are of different regions, or share no theme.
    """
    _check_regions(before, after)
    themes = _both(
        [t["id"] for t in before.made["themes"]], [t["id"] for t in after.made["themes"]]
    )
    if not themes:
        raise DataError(
            f"{before.name} and {after.name} share no theme: their sites cannot be compared"
        )
    changes = _changes(before.made, after.made)
    return {
        "before": before.name,
        "after": after.name,
        "changes": changes,
        "themes": [_theme(before, after, name, changes) for name in themes],
        "only_before": _only(before.made, after.made),
        "only_after": _only(after.made, before.made),
    }


def _both(one: Sequence[str], two: Sequence[str]) -> list[str]:
    return [name for name in one if name in set(two)]


def _only(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    known = {theme["id"] for theme in two["themes"]}
    return [theme["id"] for theme in one["themes"] if theme["id"] not in known]


def _check_regions(before: Run, after: Run) -> None:
    one, two = before.made["region"], after.made["region"]
    named = [f"{r['layer']} {r['where'] or ''}".strip() for r in (one, two)]
    w1, s1, e1, n1 = one["bounds"]
    w2, s2, e2, n2 = two["bounds"]
    apart = w1 >= e2 or w2 >= e1 or s1 >= n2 or s2 >= n1
    if named[0] != named[1] or apart:
        raise DataError(
            f"{before.name} is of the region {named[0]}, {after.name} of {named[1]}"
            f"{' somewhere else' if named[0] == named[1] else ''}: compare two runs of one region"
        )


def _changes(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "recipe": one["recipe"]["sha256"] != two["recipe"]["sha256"],
        "layers": _differing(_hashes(one), _hashes(two)),
        "software": _differing(one["software"], two["software"]),
        "prices": _differing(_prices(one), _prices(two)),
        "settings": _differing(_settings(one), _settings(two)),
        "weights": _differing(_of_criteria(one, "weight"), _of_criteria(two, "weight")),
        "value_functions": _differing(_of_criteria(one, "value"), _of_criteria(two, "value")),
        "measures": _differing(_of_criteria(one, "measure"), _of_criteria(two, "measure")),
    }


def _differing(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "before": one.get(name), "after": two.get(name)}
        for name in sorted({*one, *two})
        if one.get(name) != two.get(name)
    ]


def _hashes(made: Mapping[str, Any]) -> dict[str, str]:
    return {layer["id"]: layer["sha256"] for layer in made["layers"]}


def _prices(made: Mapping[str, Any]) -> dict[str, float]:
    return {t["product"]: t["price_usd_t"] for t in made["themes"] if t["product"]}


def _settings(made: Mapping[str, Any]) -> dict[str, Any]:
    network = {f"transport.{key}": value for key, value in (made.get("network") or {}).items()}
    draws = {f"draws.{key}": value for key, value in made["draws"].items()}
    rules = {f"{t['id']}.exclusions": t["exclusions"] for t in made["themes"]}
    methods = {f"{t['id']}.method": t.get("method") for t in made["themes"]}
    return {"cell_size_m": made["cell_size_m"], **network, **draws, **rules, **methods}


def _of_criteria(made: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {
        f"{theme['id']}.{criterion['id']}": criterion[key]
        for theme in made["themes"]
        for criterion in theme["criteria"]
    }


def _theme(before: Run, after: Run, theme: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    one, two = (_of_theme(run.sites, theme).set_index("site_id") for run in (before, after))
    shared = [site for site in two.index if site in set(one.index)]
    parts = score_difference(_of_theme(before.criteria, theme), _of_theme(after.criteria, theme))
    by_site = dict(list(parts.groupby("site_id", sort=False)))
    causes = Causes(theme, before.made, after.made, changes)
    found = [
        _site(site, one.loc[site], two.loc[site], by_site.get(site), causes) for site in shared
    ]
    return {
        "theme": theme,
        "title": causes.title,
        "compared": len(shared),
        "sites": [entry for entry in found if entry["changed"]],
        "new": [str(site) for site in two.index if site not in set(one.index)],
        "gone": [str(site) for site in one.index if site not in set(two.index)],
    }


def _of_theme(rows: pd.DataFrame, theme: str) -> pd.DataFrame:
    return rows[rows["theme"] == theme]


def _site(
    site: str,
    one: "pd.Series[Any]",
    two: "pd.Series[Any]",
    parts: pd.DataFrame | None,
    causes: "Causes",
) -> dict[str, Any]:
    ranks = [_whole(row["rank"]) for row in (one, two)]
    scores = [_number(row["score"]) for row in (one, two)]
    change = None if scores[0] is None or scores[1] is None else scores[1] - scores[0]
    by = [] if change is None or parts is None else _by_criterion(parts, causes)
    told = sum(part["total"] for part in by)
    moved = ranks[0] != ranks[1] or one["status"] != two["status"]
    return {
        "site_id": str(site),
        "name": str(two.get("name") or site),
        "status_before": one["status"],
        "status_after": two["status"],
        "rank_before": ranks[0],
        "rank_after": ranks[1],
        "score_before": scores[0],
        "score_after": scores[1],
        "change": change,
        "by": by,
        "remainder": None if change is None else change - told,
        "excluded_by": _text(two.get("excluded_by")),
        "changed": bool(moved or (change is not None and abs(change) > _SMALL)),
    }


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _by_criterion(parts: pd.DataFrame, causes: "Causes") -> list[dict[str, Any]]:
    rows = parts[(parts["by_value"].abs() > 0) | (parts["by_weight"].abs() > 0)]
    found = [
        {
            "criterion": row["criterion"],
            "title": causes.titles[row["criterion"]],
            "value_before": plain_value(row["value_before"]),
            "value_after": plain_value(row["value_after"]),
            "by_value": float(row["by_value"]),
            "by_weight": float(row["by_weight"]),
            "total": float(row["total"]),
            "through": causes.of(row),
        }
        for row in rows.to_dict("records")
    ]
    return sorted(found, key=lambda part: -abs(part["total"]))
