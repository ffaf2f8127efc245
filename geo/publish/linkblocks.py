"""New links and flows as plain data for the page."""

from typing import Any

import geopandas as gpd
import shapely

from geo.publish.content import NewLinksView
from geo.publish.safetext import number, plain

__all__ = ["flows_block", "new_links_block"]

Json = dict[str, Any]

_TOLERANCE = 0.005
_DECIMALS = 4
_NUMBERS = {
    "mapKm": "map_km",
    "builtKm": "built_km",
    "tariffKm": "tariff_km",
    "steepKm": "steep_km",
    "rivers": "rivers",
    "usdLow": "capital_usd_low",
    "usd": "capital_usd",
    "usdHigh": "capital_usd_high",
    "yearlyUsd": "annuity_usd",
    "sites": "sites_gaining",
    "sitesUnknown": "gaining_of_unknown_output",
    "bestSaving": "best_saving_usd_per_t",
    "savedUsd": "usd_per_year",
    "evenLow": "break_even_tonnes_low",
    "even": "break_even_tonnes",
    "evenHigh": "break_even_tonnes_high",
}


def new_links_block(view: NewLinksView | None) -> Json | None:
    """Lines that could be built, their corridors, and what they save; None without any.

    Parameters
    ----------
    view : NewLinksView or None

    Returns
    -------
    dict or None
        ``says`` (sentences); ``links``, each with ``id, title, mode, gauge, from, to, note, grade``
        (what the relief cannot tell), ``chosen`` (in the best set; null without a budget),
        ``line`` ([lon, lat] points), lengths [km], money [USD, USD/yr], ``even`` [t/yr],
        ``bestSite`` and ``bestSaving`` [USD/t]; ``corridors`` as [link, share, polygons of rings
        of lon and lat]; ``savings`` as [link, site, country, USD/t saved, USD/yr or null].
    """
    if view is None:
        return None
    links = [
        {
            "id": plain(row["link"]),
            **{key: plain(row[key]) for key in ("title", "mode", "from", "to", "note")},
            "gauge": number(row["gauge_mm"]),
            "grade": plain(row["grade_note"]),
            "chosen": row["in_best_set"] if isinstance(row["in_best_set"], bool) else None,
            "bestSite": plain(row["best_site"]),
            "line": _points(row["geometry"]),
            **{key: number(row[column], 5) for key, column in _NUMBERS.items()},
        }
        for row in view.links.astype(object).to_dict("records")
    ]
    corridors = [
        [plain(row["link"]), number(row["share"]), _rings(row["geometry"])]
        for row in view.corridors.astype(object).to_dict("records")
    ]
    columns = ["link", "site_id", "market", "saving_usd_per_t", "usd_per_year"]
    savings = [
        [*(plain(text) for text in row[:3]), number(row[3], 5), number(row[4], 5)]
        for row in view.savings[columns].astype(object).to_numpy()
    ]
    says = [plain(text) for text in view.says]
    return {"says": says, "links": links, "corridors": corridors, "savings": savings}


def flows_block(flows: gpd.GeoDataFrame | None) -> Json | None:
    """Tonnes over links when sites ship together; None where no output is known.

    Parameters
    ----------
    flows : GeoDataFrame or None
        Of `geo.transport.flows.link_flows`.

    Returns
    -------
    dict or None
        ``rows`` as [from, to, mode, product, country, tonnes a year or null, sites of known
        output, sites of unknown output, number of the line]; ``lines`` as [lon, lat] points.
    """
    if flows is None:
        return None
    lines: dict[str, int] = {}
    shapes: list[list[list[float]]] = []
    rows: list[list[Any]] = []
    for row in flows.astype(object).to_dict("records"):
        key = f"{row['mode']} {row['from']} {row['to']}"
        if key not in lines:
            lines[key] = len(shapes)
            shapes.append(_points(row["geometry"]))
        texts = [plain(row[k]) for k in ("from", "to", "mode", "product", "market")]
        numbers = [number(row[k]) for k in ("tonnes_per_year", "sites", "sites_unknown")]
        rows.append([*texts, *numbers, lines[key]])
    return {"rows": rows, "lines": shapes}


def _points(line: Any) -> list[list[float]]:
    thin = shapely.simplify(line, _TOLERANCE)
    return [[float(v) for v in place] for place in shapely.get_coordinates(thin).round(_DECIMALS)]


def _rings(area: Any) -> list[list[list[list[float]]]]:
    thin = shapely.simplify(area, 2 * _TOLERANCE)
    return [
        [_points(ring) for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(thin)
        if part.geom_type == "Polygon"
    ]
