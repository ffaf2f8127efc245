"""Explaining a site from a folder of results, or from tables at hand."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from geo.errors import DataError, LayerError
from geo.recipe.reader import closest
from geo.scoring.combination import METHODS
from geo.scoring.explain import Explanation, explain
from geo.scoring.unknowns import UNKNOWN

__all__ = ["explain_folder", "explain_tables"]


def explain_folder(folder: Path, site: str, theme: str | None = None) -> list[Explanation]:
    """Explain a site from ``sites.csv`` and ``criteria.csv`` of a folder.

    Parameters
    ----------
    folder : Path
        As written by a build.
    site : str
        Its `site_id`.
    theme : str, optional
        Only this theme.

    Returns
    -------
    list of Explanation
        One a theme that holds the site.

    Raises
    ------
    LayerError
        If the folder lacks a table.
    DataError
        If no theme holds the site.
    """
    made = _made(folder)
    tables = {
        name: _table(folder / f"{name}.csv") if (folder / f"{name}.csv").is_file() else None
        for name in ("robustness", "scenarios")
    }
    return explain_tables(
        _table(folder / "sites.csv"), _table(folder / "criteria.csv"), site, theme, made, **tables
    )


def explain_tables(
    sites: pd.DataFrame,
    criteria: pd.DataFrame,
    site: str,
    theme: str | None,
    made: Mapping[str, Any],
    *,
    robustness: pd.DataFrame | None = None,
    scenarios: pd.DataFrame | None = None,
) -> list[Explanation]:
    """Explain a site of tables, as :func:`explain_folder` does of a folder.

    Parameters
    ----------
    sites, criteria : pandas.DataFrame
        As in ``sites.csv`` and ``criteria.csv``.
    site, theme
        As of :func:`explain_folder`.
    made : mapping
        As in ``provenance.json``; without it the method stays unsaid.
    robustness, scenarios : pandas.DataFrame, optional
        As in their files.

    Returns
    -------
    list of Explanation
        One a theme that holds the site.

    Raises
    ------
    DataError
        If no theme holds the site.
    """
    rows = sites[sites["site_id"] == site]
    if theme is not None:
        rows = rows[rows["theme"] == theme]
    if rows.empty:
        where = f"theme {theme!r}" if theme is not None else "any theme"
        hint = closest(site, set(sites["site_id"].astype(str)))
        raise DataError(f"there is no site {site!r} in {where}{hint}")
    return [
        explain(
            row,
            _of(criteria, row["theme"]),
            _of(sites, row["theme"]),
            firmness=None if robustness is None else _of(robustness, row["theme"]),
            scenarios=None if scenarios is None else _of(scenarios, row["theme"]),
            method=_method(made, str(row["theme"])),
        )
        for _, row in rows.iterrows()
    ]


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise LayerError(f"{path}: there is no such table: build the recipe first")
    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"name": object})


def _made(folder: Path) -> Mapping[str, Any]:
    """What is written of the run; an explanation does without where it is missing."""
    try:
        made = json.loads((folder / "provenance.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}


def _of(table: pd.DataFrame, theme: Any) -> pd.DataFrame:
    return table[table["theme"] == theme] if "theme" in table else table


def _method(made: Mapping[str, Any], theme: str) -> str:
    """Say how the theme's score is made, from what is written of the run."""
    themes: list[dict[str, Any]] = made.get("themes", [])
    spec = next((t for t in themes if t.get("id") == theme), {})
    chosen = spec.get("method", {})
    about = METHODS.get(chosen.get("name", ""))
    if about is None:
        return ""
    unknown = UNKNOWN.get(chosen.get("unknown", ""), "")
    count = len(spec.get("criteria", ()))
    # "Weighted sum" is a word, "TOPSIS" a name.
    title = about.title.lower() if about.title[1].islower() else about.title
    return f"It is made of {count} criteria by {title}; {unknown}."
