"""What the web map's script reads: the results as plain data, nothing as markup."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.catalogue.records import Record
from geo.publish.basemap import Extent, encode
from geo.publish.content import Content, CriterionView, ScenarioView, ThemeView
from geo.publish.labels import labels_used
from geo.publish.linkblocks import flows_block, new_links_block
from geo.publish.overlay import Frame, mercator_frame, score
from geo.publish.packed import packed
from geo.publish.planes import PLANE_BUDGET, Drawn, planes
from geo.publish.projects import projects_of
from geo.publish.safetext import as_json, number, plain
from geo.publish.supplycurve import loads_of, supplies_of
from geo.publish.texts import LANGUAGE, languages_of, page_texts
from geo.publish.thinned import Thinned
from geo.publish.tokens import DARK, LIGHT, RAMP, ROUTES, SIZES
from geo.publish.tradeblock import trade_block

__all__ = ["PAGE_BUDGET", "SURFACE_BUDGET", "countries_of", "drawn_surfaces", "payload", "sites_of"]

Json = dict[str, Any]

SURFACE_BUDGET: Final = 700_000
"""Characters that all surfaces together may take in the page."""

PAGE_BUDGET: Final = 1_980_000
"""Bytes that a page may take as a whole."""

_PLANES_WANT: Final = 400_000
_NO_ROOM: Final = (
    "The {rank} way of each site to market is left out of this page for its size: the tables "
    "beside it hold it."
)
_WIDTHS: Final = (1100, 900, 700, 520, 380, 260)
_TOWN_ORDER: Final = {"capital": 0, "province centre": 1}
_PLAIN_COLUMNS: Final = (
    "other_names",
    "commodity",
    "other_commodities",
    "deposit_type",
    "grade_unit",
    "contained_basis",
    "category",
    "code",
    "year",
    "operator",
    "source",
    "flags",
    "power_source",
    "technology",
)
_NUMBER_COLUMNS: Final = (
    "resource_mt",
    "grade",
    "contained_kt",
    "precision_km",
    "power_usd_mwh",
    "power_low",
    "power_high",
)
_STAGE_COLUMNS: Final = ("stage", "deposit_status", "development_status")


def payload(content: Content, extent: Extent, *, room: int = PAGE_BUDGET) -> Json:
    """Everything that the page's script needs, as JSON-ready values.

    Parameters
    ----------
    content : Content
    extent : Extent
    room : int
        Characters that the data may take; what can be coarser or left out gives way.

    Returns
    -------
    dict
        Text is unescaped: write it with `geo.publish.safetext.as_json`.
    """
    surfaces, note = drawn_surfaces(content)
    languages = languages_of(content.languages)
    data = {
        "id": plain(content.id),
        "title": plain(content.title),
        "subtitle": plain(content.subtitle),
        "disclaimer": plain(content.disclaimer),
        "version": plain(content.version),
        "recipe": plain(content.recipe_sha256),
        "extent": list(extent.full),
        "core": list(extent.core),
        "region": [number(v, 7) for v in content.region.to_crs(4326).total_bounds],
        "tokens": {
            "light": dict(LIGHT),
            "dark": dict(DARK),
            "routes": dict(ROUTES),
            "sizes": dict(SIZES),
            "ramp": list(RAMP),
        },
        "languages": list(languages),
        "texts": {code: page_texts(code) for code in dict.fromkeys((*languages, LANGUAGE))},
        "labels": {},
        "house": {"name": plain(content.house.name), "logo": content.house.logo},
        "countries": countries_of(content),
        "themes": [
            _kept_theme(content, theme) | {"surface": surfaces.get(theme.id)}
            for theme in content.themes
        ],
        "routes": content.once(
            __name__, ("routes", _digest(content.routes)), lambda: _routes(content.routes)
        ),
        "trade": {**trade_block(content.trade), "further": _further(content)},
        "models": _plain_data(content.models),
        "planes": None,
        "newLinks": new_links_block(content.new_links),
        "flows": flows_block(content.flows),
        "towns": _towns(content),
        "attribution": _attribution(content),
        "layers": [
            {
                k: plain(getattr(layer, k))
                for k in ("title", "attribution", "licence", "quality", "limits")
            }
            for layer in content.layers
        ],
        "records": [_record(record) for record in content.records],
        "findings": _findings(content),
        "supply": supplies_of(content),
        "loads": loads_of(content),
        "projects": projects_of(content),
        "notes": [plain(text) for text in (*content.notes, *note)],
    }
    shown = {name: part for name, part in data.items() if name != "texts"}
    data["labels"] = labels_used(content.labels, languages, shown)
    _fit(content, data, room)
    return data


def _fit(content: Content, data: Json, room: int) -> None:
    """Give what is left of the room to the planes; further ways make way for them."""
    left = room - len(packed(as_json(data)))
    further = data["trade"]["further"]
    for rank in sorted(further, reverse=True):
        if left >= _PLANES_WANT:
            break
        further.pop(rank)
        data["notes"].append(_NO_ROOM.format(rank={"2": "second", "3": "third"}[rank]))
        left = room - len(packed(as_json(data)))
    drawn, own, said = _planes(content, min(PLANE_BUDGET, max(left, 0)))
    by_id = {theme["id"]: theme for theme in data["themes"]}
    for theme, places in own.items():
        by_id[plain(theme)]["surface"]["planes"] = places
    data["planes"] = drawn
    data["notes"] += [plain(text) for text in said]


def countries_of(content: Content) -> dict[str, str]:
    """Names of countries by their two letters, as the layers give them."""
    names: dict[str, str] = {}
    for layer in content.layers:
        if layer.role == "countries" and {"iso_a2", "name"} <= set(layer.frame.columns):
            for code, name in zip(layer.frame["iso_a2"], layer.frame["name"], strict=True):
                names.setdefault(plain(code), plain(name))
    return dict(sorted(names.items()))


def sites_of(theme: ThemeView) -> gpd.GeoDataFrame:
    """Sites of a theme: ranked ones by rank, then excluded, then unknown ones, by score."""
    groups = {"ranked": 0, "excluded": 1, "unknown": 2}
    names = ["status", "rank", "score", "site_id"]
    keys = [
        (groups.get(plain(status), 3), _or(rank, np.inf), -_or(score_, -1.0), plain(site))
        for status, rank, score_, site in theme.sites[names].astype(object).to_numpy()
    ]
    return theme.sites.iloc[sorted(range(len(keys)), key=keys.__getitem__)]


def _or(value: object, missing: float) -> float:
    found = number(value, 15)
    return missing if found is None else float(found)


def _kept_theme(content: Content, theme: ThemeView) -> Json:
    """A theme without its surface, from a run before if all that it shows is the same."""
    key = None if content.kin is None else content.kin.themes.get(theme.id)
    if key is None:
        return _theme(theme)
    return content.once(__name__, ("theme", key), lambda: _theme(theme))


def _theme(theme: ThemeView) -> Json:
    sites = sites_of(theme)
    ids = [plain(v) for v in sites["site_id"]]
    cells, qualities = _cells(theme, ids)
    firm = _firm(theme)
    shown = [
        _site(dict(zip(sites.columns, row, strict=True))) | firm.get(site, {})
        for site, row in zip(ids, sites.to_numpy(object), strict=True)
    ]
    return {
        "id": plain(theme.id),
        "title": plain(theme.title),
        "kind": theme.kind,
        "accent": theme.accent,
        "accentDark": theme.accent_dark,
        "scoreLabel": plain(theme.score_label),
        "scoreNote": plain(theme.score_note),
        "criteria": [_criterion(criterion) for criterion in theme.criteria],
        "omitted": [[plain(title), plain(reason)] for title, reason in theme.omitted],
        "exclusions": [
            {
                "id": plain(rule.id),
                "title": plain(rule.title),
                "effect": plain(rule.effect),
                "source": plain(rule.source),
                "area": number(rule.area_km2, 3),
                "inOrder": number(rule.in_order_km2, 3),
                "only": number(rule.only_km2, 3),
                "sites": number(rule.sites),
                "onlySites": number(rule.only_sites),
            }
            for rule in theme.exclusions
        ],
        "sites": shown,
        "cells": cells,
        "qualities": qualities,
        "adds": (adds := _adds_up(theme)),
        "live": adds and theme.method.live,
        "presets": [
            {
                "title": plain(preset.title),
                "weights": [number(preset.weights[c.id], 12) for c in theme.criteria],
            }
            for preset in theme.presets
        ],
        "method": _method(theme),
        "together": _together(theme),
        "surface": None,
        "scenarios": [
            found for view in theme.scenarios if (found := _scenario(view, theme, shown))
        ],
    }


def _together(theme: ThemeView) -> Json | None:
    """Sites chosen together, and a sentence on the set; None where the recipe asks for none."""
    table = theme.portfolio
    if table.empty:
        return None
    rows = table[table["chosen"].map(lambda chosen: chosen is True)]
    return {
        "chosen": [plain(site) for site in rows["site_id"]],
        "says": plain(table["says"].iloc[0]),
    }


def _firm(theme: ThemeView) -> dict[str, Json]:
    """By site: how often first, its ranks by other methods, and what weights it bears."""
    if theme.firmness.empty:
        return {}
    titles = {criterion.id: plain(criterion.title) for criterion in theme.criteria}
    found: dict[str, Json] = {}
    for row in theme.firmness.to_dict("records"):
        site = found.setdefault(plain(row["site_id"]), {})
        figure, value = row["figure"], number(row["value"], 4)
        if figure == "rank_acceptability" and row["name"] == "1":
            site["first"] = value
        elif figure == "rank_by_method":
            low, high = site.get("methods", [value, value])
            site["methods"] = [min(low, value), max(high, value)]
        elif figure == "stable_weight" and (row["low"] > 0 or row["high"] < 1):
            limits = [number(row[key], 3) for key in ("low", "high")]
            site.setdefault("stable", []).append([titles[row["name"]], value, *limits])
    return found


def _method(theme: ThemeView) -> Json:
    method = theme.method
    return {
        "name": method.name,
        "options": _options(method.options),
        "title": plain(method.title),
        "says": plain(method.says),
        "unknown": method.unknown,
        "unknownSays": plain(method.unknown_says),
        "weights": plain(method.weights),
        "weighted": method.weighted,
        "cautions": [plain(text) for text in method.cautions],
    }


def _options(options: Mapping[str, object]) -> Json:
    """Numbers and lists as they are; infinity, which JSON has not, as text."""
    return {
        name: "Infinity" if value == np.inf else plain(value) if isinstance(value, str) else value
        for name, value in options.items()
    }


def _scenario(view: ScenarioView, theme: ThemeView, sites: list[Json]) -> Json | None:
    """Rank, step, score and freight of each site, in order; None where nothing changes."""
    ids = [site["id"] for site in sites]
    table = view.table.set_index(view.table["site_id"].map(plain)).reindex(ids)
    steps = table.filter(like="_change").astype("float64")
    same = table["status"].map(plain).tolist() == [site["status"] for site in sites]
    if same and not steps.abs().gt(0).any(axis=None):
        return None
    columns = [str(column) for column in table]
    countries = [c.removeprefix("freight_") for c in columns if _is_freight(c)]
    return {
        "id": plain(view.id),
        "title": plain(view.title),
        "note": plain(view.note),
        "status": [plain(v) for v in table["status"]],
        "live": same or not view.criteria.empty,
        "cells": _changed_cells(view, theme, ids),
        "weights": _other_weights(view, theme),
        "rank": [number(v) for v in table["rank"]],
        "step": [number(v) for v in table["rank_change"]],
        "score": [number(v, 9) for v in table["score"]],
        "freight": {c: [number(v, 5) for v in table[f"freight_{c}"]] for c in countries},
    }


def _changed_cells(view: ScenarioView, theme: ThemeView, ids: list[str]) -> Json:
    """Values and value scores of the criteria that the scenario changes, by their place."""
    found: Json = {}
    if view.criteria.empty:
        return found
    for place, criterion in enumerate(theme.criteria):
        before, after = (
            _rows_of(table, criterion.id, ids)["value_score"].to_numpy(dtype=float)
            for table in (theme.criteria_table, view.criteria)
        )
        if not np.array_equal(before, after, equal_nan=True):
            rows = _rows_of(view.criteria, criterion.id, ids)
            found[str(place)] = {
                "value": [_value(v) for v in rows["value"]],
                "score": [number(v, 7) for v in rows["value_score"]],
            }
    return found


def _other_weights(view: ScenarioView, theme: ThemeView) -> list[Any] | None:
    """Weights under the scenario, scaled to 1; None where they are those of the study."""
    if view.criteria.empty or "weight" not in view.criteria:
        return None
    of = view.criteria.drop_duplicates("criterion").set_index("criterion")["weight"]
    own = [number(of.get(criterion.id), 12) for criterion in theme.criteria]
    same = np.allclose(
        [w or 0.0 for w in own], [c.weight for c in theme.criteria], rtol=0, atol=1e-9
    )
    return None if same else own


def _rows_of(table: pd.DataFrame, criterion: str, ids: list[str]) -> pd.DataFrame:
    """One row a site, in order, of one criterion."""
    rows = table[table["criterion"] == criterion].drop_duplicates("site_id")
    return rows.set_index(rows["site_id"].map(plain)).reindex(ids)


def _is_freight(column: str) -> bool:
    return column.startswith("freight_") and len(column) == len("freight_XX")


def _criterion(criterion: CriterionView) -> Json:
    return {
        "id": plain(criterion.id),
        "title": plain(criterion.title),
        "unit": plain(criterion.unit),
        "weight": number(criterion.weight, 12),
        "low": number(criterion.weight_low, 6),
        "high": number(criterion.weight_high, 6),
        "worst": plain(criterion.worst),
        "best": plain(criterion.best),
        "source": plain(criterion.source),
        "note": plain(criterion.note),
        "required": criterion.required,
    }


def _site(row: Mapping[str, Any]) -> Json:
    out: Json = {
        "id": plain(row["site_id"]),
        "name": plain(row["name"]),
        "province": plain(row.get("province")),
        "lon": number(row["lon"], 8),
        "lat": number(row["lat"], 8),
        "status": plain(row["status"]),
        "rank": number(row["rank"]),
        "score": number(row["score"], 9),
        "low": number(row.get("score_low"), 4),
        "high": number(row.get("score_high"), 4),
        "best": number(row.get("rank_best"), 4),
        "worst": number(row.get("rank_worst"), 4),
        "sure": number(row.get("confidence"), 3),
        "floor": number(row.get("score_worst"), 4),
        "ceiling": number(row.get("score_best"), 4),
        "known": number(row.get("known_criteria")),
        "of": number(row.get("of_criteria")),
        "excludedBy": _listed(row.get("excluded_by")),
        "warnings": _listed(row.get("warnings")),
        "note": plain(row.get("note")),
        "toQualify": plain(row.get("to_qualify")),
        "stage": next((plain(row[k]) for k in _STAGE_COLUMNS if plain(row.get(k))), ""),
        "freight": _freight(row),
    }
    out |= {key: plain(row.get(key)) for key in _PLAIN_COLUMNS if plain(row.get(key))}
    out |= {key: value for key in _NUMBER_COLUMNS if (value := number(row.get(key), 5)) is not None}
    if isinstance(row.get("year"), float):
        out["year"] = plain(number(row["year"]))
    return out


def _listed(value: object) -> list[str]:
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(v) for v in value if plain(v)]
    return [part.strip() for part in plain(value).split(";") if part.strip()]


def _freight(row: Mapping[str, Any]) -> dict[str, list[float | int | None]]:
    codes = [key.removeprefix("freight_") for key in row if _is_freight(key)]
    found = {
        code: [number(row.get(f"freight_{code}{end}"), 5) for end in ("_low", "", "_high")]
        for code in codes
    }
    return {code: values for code, values in found.items() if values[1] is not None}


def _cells(theme: ThemeView, ids: list[str]) -> tuple[list[Json], list[str]]:
    """Per criterion: value, value-function output and quality of each site, in order."""
    table = theme.criteria_table
    qualities: list[str] = []
    out: list[Json] = []
    method = theme.method
    summed = method.name == "weighted-sum" and method.unknown in ("lower", "refuse", "interval")
    for criterion in theme.criteria:
        rows = _rows_of(table, criterion.id, ids)
        # A weighted sum's parts are weight times value score: the page makes them itself.
        parts: Json = {} if summed else {"part": [number(v, 9) for v in rows["contribution"]]}
        if "rank_if_known" in rows and rows["rank_if_known"].notna().any():
            parts["ifKnown"] = [plain(v) or None for v in rows["rank_if_known"]]
        marks = [plain(v) for v in rows["quality"]]
        qualities += [mark for mark in dict.fromkeys(marks) if mark not in qualities]
        out.append(
            {
                "value": [_value(v) for v in rows["value"]],
                "score": [number(v, 9) for v in rows["value_score"]],
                "quality": [qualities.index(mark) for mark in marks],
                "weight": number(rows["weight"].dropna().iloc[0], 12)
                if rows["weight"].notna().any()
                else number(criterion.weight, 12),
                **parts,
            }
        )
    return out, qualities


def _value(value: object) -> float | int | str | None:
    short = number(value, 6)
    return short if short is not None else plain(value) or None


def _adds_up(theme: ThemeView) -> bool:
    """Whether the contributions of every site sum to its score, as a weighted sum's do."""
    table = theme.criteria_table
    sums = pd.to_numeric(table["contribution"], errors="coerce").fillna(0.0)
    total = sums.groupby(table["site_id"]).sum()
    scored = theme.sites[theme.sites["status"] == "ranked"]
    scores = pd.to_numeric(scored["score"], errors="coerce").to_numpy(dtype=float)
    mine = total.reindex(scored["site_id"]).to_numpy(dtype=float)
    return bool(len(scores)) and bool(np.allclose(mine, scores, rtol=0, atol=1e-6))


class _Words:
    """Texts by number, each stored once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def __call__(self, text: object) -> int:
        return self._places.setdefault(plain(text), len(self._places))

    def all(self) -> list[str]:
        return list(self._places)


def _digest(frame: gpd.GeoDataFrame) -> str:
    """Hash of a frame's values and shapes."""
    digest = hashlib.sha256(pd.DataFrame(frame.drop(columns=frame.geometry.name)).to_csv().encode())
    for shape in shapely.to_wkb(frame.geometry.to_numpy()):
        digest.update(b"none" if shape is None else shape)
    return digest.hexdigest()


def _plain_data(found: object) -> object:
    """Data whose texts go into the page: names of layers come from files."""
    if isinstance(found, Mapping):
        return {plain(key): _plain_data(item) for key, item in found.items()}
    if isinstance(found, list | tuple):
        return [_plain_data(item) for item in found]
    if isinstance(found, str):
        return plain(found)
    return number(found, 6) if isinstance(found, float) else found


def _routes(routes: gpd.GeoDataFrame) -> Json:
    """Ways by site; texts, legs and lines that several ways share are stored once."""
    words, lines = _Words(), _Words()
    legs: dict[tuple[Any, ...], int] = {}
    ways: dict[str, dict[tuple[str, str], list[int]]] = {}
    geometry = routes.geometry.name
    names = [c for c in routes.columns if c != geometry]
    rows = routes[names].to_dict("records")
    shapes = np.asarray(routes.geometry.array, dtype=object)
    order = sorted(range(len(rows)), key=lambda k: _route_key(rows[k]))
    for k in order:
        row = rows[k]
        leg = _leg(row, _line(shapes[k], lines), words)
        key = (plain(row["country"]), plain(row["destination"]))
        way = ways.setdefault(plain(row["site_id"]), {}).setdefault(key, [])
        way.append(legs.setdefault(leg, len(legs)))
    return {
        "ways": {
            site: [[country, words(to), numbers] for (country, to), numbers in found.items()]
            for site, found in ways.items()
        },
        "legs": [list(leg) for leg in legs],
        "lines": lines.all(),
        "words": words.all(),
    }


def _further(content: Content) -> dict[str, Json]:
    """Further ways by their number, each as `routes`."""
    legs = content.trade.alternatives
    if legs.empty:
        return {}

    def make() -> dict[str, Json]:
        return {str(n): _routes(group) for n, group in legs.groupby("alternative")}

    return content.once(__name__, ("further", _digest(legs)), make)


def _route_key(row: Mapping[str, Any]) -> tuple[str, str, str, float]:
    leg = number(row["leg"])
    return plain(row["site_id"]), plain(row["country"]), plain(row["destination"]), leg or 0


def _leg(row: Mapping[str, Any], place: object, words: _Words) -> tuple[Any, ...]:
    return (
        words(row["mode"]),
        words(row["from"]),
        words(row["to"]),
        number(row["km"], 5),
        *(number(row[f"usd_per_t{end}"], 5) for end in ("_low", "", "_high")),
        words(row.get("source")),
        place,
    )


def _line(shape: Any, lines: _Words) -> int | tuple[Any, ...] | None:
    """Number of a leg's line, the place of a leg without length, or None."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type == "Point":
        return (number(shape.y, 7), number(shape.x, 7))
    merged = shapely.line_merge(shape) if shape.geom_type == "MultiLineString" else shape
    parts = shapely.get_parts(shapely.simplify(merged, 0.008))
    code = encode(shapely.get_coordinates(part) for part in parts)
    return lines(code) if code else None


def _towns(content: Content) -> list[list[Any]]:
    """The largest towns: name, longitude, latitude and people."""
    towns: list[list[Any]] = []
    for layer in content.layers:
        if layer.role == "towns":
            towns += _points(layer.frame.to_crs(4326))
    return sorted(towns, key=lambda town: (town[4], -(town[3] or 0), town[0]))[:60]


def _points(frame: gpd.GeoDataFrame) -> list[list[Any]]:
    blank = pd.Series(np.nan, index=frame.index)
    people, rank = frame.get("population", blank), frame.get("rank", blank)
    return [
        [plain(name), number(p.x, 7), number(p.y, 7), number(count), _TOWN_ORDER.get(place, 2)]
        for name, p, count, place in zip(frame["name"], frame.geometry, people, rank, strict=True)
        if p is not None and not p.is_empty
    ]


def _attribution(content: Content) -> list[str]:
    """Makers of the drawn layers; those whose licence demands the line come first."""
    drawn = [layer for layer in content.layers if len(layer.frame)]
    drawn.sort(key=lambda layer: "odbl" not in plain(layer.licence).lower())
    return [text for text in dict.fromkeys(plain(layer.attribution) for layer in drawn) if text]


def _findings(content: Content) -> list[Json]:
    """Repairs and warnings of layers, under the layers' titles."""
    titles = {record.id: record.title for record in content.records}
    return [
        {
            "title": plain(titles.get(one.id, one.id)),
            "level": plain(one.level),
            "text": plain(one.sentence),
        }
        for one in content.findings
    ]


def _record(record: Record) -> Json:
    keys = (
        "id",
        "title",
        "licence",
        "licence_url",
        "attribution",
        "source",
        "retrieved",
        "quality",
        "limits",
        "sha256",
    )
    found = {key: plain(getattr(record, key, None)) for key in keys}
    return {key: text for key, text in found.items() if text}


def _planes(content: Content, budget: int) -> tuple[Json | None, Json, list[str]]:
    """Planes of the criteria, which no weight changes, from a run before if they are the same."""
    made_of: list[object] = []
    for theme in content.themes:
        shapes = [(one.id, one.shape, one.spatial) for one in theme.criteria]
        rules = [(rule.bit, rule.effect) for rule in theme.exclusions]
        made_of.append((theme.id, f"{theme.id}-score" in content.surfaces, shapes, rules))
    read = [
        name
        for theme in content.themes
        for name in (f"{theme.id}-excluded", *(f"{theme.id}-{one.id}" for one in theme.criteria))
        if name in content.surfaces
    ]
    known = _keys(content)
    made = [(name, known.get(name)) for name in read]
    if any(key is None for _, key in made):
        return planes(content, budget)

    def keep(size: object, draw: Callable[[], Drawn]) -> Drawn:
        return content.once(planes.__module__, (made_of, made, size), draw)

    return planes(content, budget, keep)


def _keys(content: Content) -> dict[str, str]:
    """Of each surface at hand, the hash of what it was made from, where that is known."""
    known = {} if content.kin is None else content.kin.surfaces
    return {str(name): known[str(name)] for name in content.surfaces if name in known}


def drawn_surfaces(content: Content) -> tuple[dict[str, Json], list[str]]:
    """Draw score surfaces at the finest width that keeps them all within the budget.

    Parameters
    ----------
    content : Content

    Returns
    -------
    surfaces : dict
        By theme: ``image`` (a ``data:`` address), ``bounds``, ``breaks`` and ``colours``.
    notes : list of str
        How coarse they are, as a sentence.
    """
    names = [t for t in content.themes if f"{t.id}-score" in content.surfaces]
    if not names:
        return {}, []
    thin = Thinned.of(content)
    within = cache(lambda: thin.inside(content))
    for width in _WIDTHS:
        frame = mercator_frame(content.grid, min(width, 2 * content.grid.shape[1]))
        drawn = {theme.id: _kept_surface(content, theme, thin, within, frame) for theme in names}
        if sum(len(s["image"]) for s in drawn.values()) <= SURFACE_BUDGET:
            break
    south, north = content.region.to_crs(4326).total_bounds[[1, 3]]
    side = frame.pixel * float(np.cos(np.radians((south + north) / 2))) / 1000
    return drawn, [
        f"In this page surfaces are drawn with pixels of about {side:.1f} km; "
        "the GeoTIFF files beside it hold every cell."
    ]


Within = Callable[[], npt.NDArray[np.bool_]]


def _kept_surface(
    content: Content, theme: ThemeView, thin: Thinned, within: Within, frame: Frame
) -> Json:
    """Draw a score surface, or take the picture that a run before drew of the same."""

    def make() -> Json:
        return _surface(content, theme, thin, within(), frame)

    names = [f"{theme.id}-score", f"{theme.id}-excluded"]
    keys = _keys(content)
    if not all(name in keys for name in names):
        return make()
    made_of = [keys[name] for name in names]
    rules = [(rule.bit, rule.effect) for rule in theme.exclusions]
    return content.once(__name__, ("surface", made_of, rules, frame), make)


def _surface(
    content: Content,
    theme: ThemeView,
    thin: Thinned,
    within: npt.NDArray[np.bool_],
    frame: Frame,
) -> Json:
    bits = content.surfaces.get(f"{theme.id}-excluded")
    mask = np.zeros(within.shape, dtype=bool)
    if bits is not None:
        hard = sum(1 << rule.bit for rule in theme.exclusions if rule.effect == "exclude")
        mask = (np.nan_to_num(np.asarray(thin.pick(bits).values)).astype(np.int64) & hard) != 0
    values = thin.pick(content.surfaces[f"{theme.id}-score"])
    overlay, breaks, colours = score(values, mask, within, thin.grid, frame)
    west, south, east, north = overlay.bounds
    unknown = within & ~mask & ~np.isfinite(np.asarray(values.values, dtype=float))
    return {
        "image": overlay.uri,
        "bounds": [[south, west], [north, east]],
        "breaks": breaks,
        "colours": colours,
        "excluded": bool((mask & within).any()),
        "unknown": bool(unknown.any()),
        "method": {
            "name": theme.method.surface,
            "options": _options(theme.method.surface_options),
        },
    }
