"""Explaining a site from a folder of results, or from a result at hand."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from geo.errors import DataError, LayerError
from geo.recipe.reader import closest
from geo.scoring.explain import Explanation, explain
from geo.study.result import Result

__all__ = ["explain_folder", "explain_result"]


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
    return _explain(_table(folder / "sites.csv"), _table(folder / "criteria.csv"), site, theme)


def explain_result(result: Result, site: str, theme: str | None = None) -> list[Explanation]:
    """Explain a site of a result, as :func:`explain_folder` does of a folder."""
    sites = pd.DataFrame(result.sites.drop(columns="geometry"))
    titles = {c.id: c.title for view in result.content.themes for c in view.criteria}
    return _explain(sites, result.criteria, site, theme, titles)


def _table(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise LayerError(f"{path}: there is no such table: build the recipe first")
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def _explain(
    sites: pd.DataFrame,
    criteria: pd.DataFrame,
    site: str,
    theme: str | None,
    titles: Mapping[str, str] | None = None,
) -> list[Explanation]:
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
            criteria[criteria["theme"] == row["theme"]],
            sites[sites["theme"] == row["theme"]],
            titles=titles,
        )
        for _, row in rows.iterrows()
    ]
