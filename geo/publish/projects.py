"""Appraised plants as rows of tables and as plain data for the web map."""

from typing import Any, Final

import pandas as pd

from geo.publish.content import Content, ProjectView
from geo.publish.safetext import number, plain
from geo.publish.supplycurve import IN_MONEY

__all__ = ["project_tables", "projects_of"]

Json = dict[str, Any]

_NAMED: Final = ("project", "theme", "site_id", "name")
_COLUMNS: Final = {
    "projects": (
        "technology", "capacity_mw", "capacity_factor", "capacity_factor_low",
        "capacity_factor_high", "flat_km", "ways_usd", "capital_usd", "usd_per_mwh",
        "usd_per_mwh_low", "usd_per_mwh_high", "price_usd_per_mwh", "npv_usd", "irr", "equity_irr",
        "payback_years", "discounted_payback_years", "dscr_min", "dscr_mean", "basis",
        "currency_year",
    ),
    "projects_tornado": (
        "factor", "low", "high", "usd_per_mwh_low", "usd_per_mwh_high", "swing_usd_per_mwh",
    ),
    "projects_terms": ("target_usd_per_mwh", "term", "unit", "now", "needed"),
}  # fmt: skip
_UNITS: Final = IN_MONEY | {
    "npv": "npv_usd", "payback": "payback_years",
    "discounted_payback": "discounted_payback_years", "swing": "swing_usd_per_mwh",
}  # fmt: skip


def project_tables(content: Content) -> dict[str, pd.DataFrame]:
    """Rows of ``projects.csv``, ``projects_tornado.csv`` and ``projects_terms.csv``.

    Parameters
    ----------
    content : Content

    Returns
    -------
    dict of str to DataFrame
        By the file's name without its ending; empty without projects.
    """
    if not content.projects:
        return {}
    frames: dict[str, list[pd.DataFrame]] = {name: [] for name in _COLUMNS}
    for view in content.projects:
        told: dict[str, Any] = {
                "project": view.id, "technology": view.technology, "basis": view.basis,
                "capacity_mw": view.capacity_mw, "currency_year": view.currency_year,
                "price_usd_per_mwh": view.price, "target_usd_per_mwh": view.target}  # fmt: skip
        for name, table in zip(_COLUMNS, (view.table, view.tornado, view.terms), strict=True):
            if len(table):
                frames[name].append(table.assign(**told).rename(columns=_UNITS))
    return {
        name: pd.concat(some, ignore_index=True)[[*_NAMED, *_COLUMNS[name]]]
        if some
        else pd.DataFrame(columns=[*_NAMED, *_COLUMNS[name]])
        for name, some in frames.items()
    }


def projects_of(content: Content) -> list[Json]:
    """Appraised plants for the page's script.

    Each has ``id``, ``title``, ``technology``, ``mw``, ``price`` and ``target`` [USD/MWh, None
    where not given], ``basis``, ``year`` (of the money), ``source`` and ``sites``: ``theme``,
    ``site_id``, ``cost`` (low, central, high) [USD/MWh], ``npv`` [USD], ``irr``, ``equity_irr``
    [shares], ``payback`` [years], ``dscr_min``, ``capital_usd``, ``tornado`` (rows of factor,
    low, high, cost at each) and ``terms`` (rows of term, now, needed); None is unknown.
    """
    return [_project(view) for view in content.projects]


def _project(view: ProjectView) -> Json:
    sites = [
        {name: plain(row[name]) for name in ("theme", "site_id")}
        | {"cost": [number(row[end], 4) for end in ("cost_low", "cost", "cost_high")]}
        | {
            name: number(row[name], 4)
            for name in ("npv", "irr", "equity_irr", "payback", "dscr_min", "capital_usd")
        }
        | {
            "tornado": _rows(view.tornado, row, ("factor", "low", "high", "cost_low", "cost_high")),
            "terms": _rows(view.terms, row, ("term", "now", "needed")),
        }
        for row in view.table.to_dict("records")
    ]
    return {
        "id": plain(view.id),
        "title": plain(view.title),
        "technology": plain(view.technology),
        "mw": number(view.capacity_mw, 5),
        "price": number(view.price, 5),
        "target": number(view.target, 5),
        "basis": plain(view.basis),
        "year": view.currency_year,
        "source": plain(view.source),
        "sites": sites,
    }


def _rows(table: pd.DataFrame, site: Any, columns: tuple[str, ...]) -> list[list[Any]]:
    """Rows of a site: a word and its numbers."""
    if table.empty:
        return []
    own = table[(table["theme"] == site["theme"]) & (table["site_id"] == site["site_id"])]
    return [
        [plain(row[columns[0]]), *(number(row[name], 4) for name in columns[1:])]
        for row in own.to_dict("records")
    ]
