"""Results as tables: CSV for scripts and spreadsheets, GeoParquet, and one GeoPackage."""

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from geo.errors import OutputError
from geo.publish.content import Content, NewLinksView, ScenarioView, ThemeView
from geo.publish.mapstyles import layer_style, routes_style, sites_style
from geo.publish.projects import project_tables
from geo.publish.qml import VectorStyle, document
from geo.publish.supplycurve import IN_MONEY, supply_rows
from geo.publish.surroundings import drawn_layers

__all__ = [
    "cell",
    "fixed_date",
    "plain_tables",
    "scenario_table",
    "table_name",
    "write_capacity_csv",
    "write_closures_csv",
    "write_criteria_csv",
    "write_exclusions_csv",
    "write_flows_csv",
    "write_freight_csv",
    "write_geopackage",
    "write_new_links_csv",
    "write_portfolio_csv",
    "write_power_csv",
    "write_projects_csv",
    "write_robustness_csv",
    "write_routes_csv",
    "write_scenarios_csv",
    "write_sites_csv",
    "write_sites_parquet",
    "write_styles",
    "write_supply_csv",
]

SITE_COLUMNS = (
    "theme", "rank", "site_id", "name", "lon", "lat", "status", "excluded_by", "score",
    "score_low", "score_high", "rank_best", "rank_worst", "confidence", "known_criteria",
    "of_criteria", "warnings",
)  # fmt: skip
CRITERIA_COLUMNS = (
    "theme", "site_id", "criterion", "value", "unit", "value_score", "weight", "contribution",
    "quality", "source",
)  # fmt: skip
ROUTE_COLUMNS = (
    "site_id", "destination", "country", "leg", "mode", "from", "to", "km", "usd_per_t_low",
    "usd_per_t", "usd_per_t_high", "hours", "source", "alternative", "tariff_km", "kg_co2e_per_t",
)  # fmt: skip
FREIGHT_COLUMNS = (
    "theme", "site_id", "country", "product", "usd_per_t_low", "usd_per_t", "usd_per_t_high",
    "usd_per_t_p05", "usd_per_t_p50", "usd_per_t_p95", "usd_per_dry_t", "usd_per_payable_t",
    "share_of_value_percent", "reference_usd_per_t", "netback_reference_usd_per_t",
    "premium_usd_per_t", "premium_percent", "kg_co2e_per_t", "hours_known", "borders", "ports",
    "unreachable",
)  # fmt: skip
CLOSURE_COLUMNS = (
    "theme", "site_id", "country", "closed", "kind", "title", "usd_per_t", "change_usd_per_t",
    "reachable",
)  # fmt: skip
CAPACITY_COLUMNS = (
    "theme", "site_id", "country", "node_id", "output_t", "throughput_t", "share", "year",
    "source",
)  # fmt: skip

POWER_COLUMNS = ("load", "theme", "site_id", "name", "usd_per_mwh", "usd_per_mwh_low",
                 "usd_per_mwh_high")  # fmt: skip

PORTFOLIO_COLUMNS = (
    "theme", "site_id", "name", "rank", "score", "chosen", "plain_best", "cost", "links", "says",
)  # fmt: skip
SCENARIO_COLUMNS = (
    "theme", "scenario", "site_id", "name", "status", "rank", "rank_change", "score",
    "score_change", "scenario_title",
)  # fmt: skip
EXCLUSION_COLUMNS = (
    "theme", "rule", "title", "effect", "alone_km2", "in_order_km2", "only_km2", "alone_sites",
    "in_order_sites", "only_sites", "source",
)  # fmt: skip
ROBUSTNESS_COLUMNS = ("theme", "site_id", "figure", "name", "value", "low", "high")

_STAMP = "2026-01-01T00:00:00.000Z"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def write_sites_csv(content: Content, path: Path) -> None:
    """Write every site of every theme, one row each, themes in recipe order.

    Parameters
    ----------
    content : Content
    path : Path
    """
    _write_csv(_sites(content).drop(columns="geometry"), path)


def write_criteria_csv(content: Content, path: Path) -> None:
    """Write every criterion of every site, one row each.

    Parameters
    ----------
    content : Content
    path : Path
    """
    frames = [theme.criteria_table.assign(theme=theme.id) for theme in content.themes]
    _write_csv(_joined(frames, CRITERIA_COLUMNS), path)


def write_routes_csv(content: Content, path: Path) -> None:
    """Write every leg of every site's ways to each destination, one row each.

    The cheapest way of each has the number 1 in the column ``alternative``; further ways
    follow after all of these. A site that has no way has one row with the mode
    ``unreachable``, whose source names the missing piece.

    Parameters
    ----------
    content : Content
    path : Path
    """
    legs = [_without_shape(content.routes), _without_shape(content.trade.alternatives)]
    _write_csv(_joined([*legs, _unreachable(content)], ROUTE_COLUMNS), path)


def _without_shape(legs: gpd.GeoDataFrame) -> pd.DataFrame:
    return pd.DataFrame(legs.drop(columns=["geometry", "theme"], errors="ignore"))


def _unreachable(content: Content) -> pd.DataFrame:
    """A row for each site and country without a way."""
    freight = content.trade.freight
    if freight.empty:
        return freight
    shut = freight[freight["unreachable"] != ""]
    told = shut[["site_id", "country"]].assign(source=shut["unreachable"], mode="unreachable")
    return told.assign(leg=1, alternative=1)


def write_freight_csv(content: Content, path: Path) -> None:
    """Write freight by site and country in all bases, with its spread and the premium.

    Parameters
    ----------
    content : Content
    path : Path
    """
    _write_csv(_joined([content.trade.freight], FREIGHT_COLUMNS), path)


def write_closures_csv(content: Content, path: Path) -> None:
    """Write what freight is if a border, a port or a line closes, where it changes.

    Parameters
    ----------
    content : Content
    path : Path
    """
    _write_csv(_joined([content.trade.closures], CLOSURE_COLUMNS), path)


def write_capacity_csv(content: Content, path: Path) -> None:
    """Write what share of known throughputs the planned outputs of sites would take.

    Parameters
    ----------
    content : Content
    path : Path
    """
    _write_csv(_joined([content.trade.capacity], CAPACITY_COLUMNS), path)


def write_scenarios_csv(content: Content, path: Path) -> None:
    """Write every site under every scenario, one row each; upward changes are positive.

    Parameters
    ----------
    content : Content
    path : Path
    """
    frames = [
        view.table.assign(theme=theme.id, scenario=view.id, scenario_title=view.title)
        for theme in content.themes
        for view in theme.scenarios
    ]
    _write_csv(_joined(frames, SCENARIO_COLUMNS), path)


def write_new_links_csv(view: NewLinksView, folder: Path) -> None:
    """Write ``new_links.csv``, a row a line, and ``new_link_savings.csv``, a row a site and market.

    Parameters
    ----------
    view : NewLinksView
    folder : Path
    """
    links = pd.DataFrame(view.links.drop(columns=view.links.geometry.name))
    _write_csv(links, folder / "new_links.csv")
    _write_csv(view.savings, folder / "new_link_savings.csv")


def write_flows_csv(flows: gpd.GeoDataFrame, path: Path) -> None:
    """Write the tonnes over each link, a row a link, product and market.

    Parameters
    ----------
    flows : GeoDataFrame
        Of `geo.transport.flows.link_flows`.
    path : Path
    """
    _write_csv(pd.DataFrame(flows.drop(columns=flows.geometry.name)), path)


def write_exclusions_csv(content: Content, path: Path) -> None:
    """Write what each rule takes: alone, in order, and only by it, as area and sites.

    Parameters
    ----------
    content : Content
    path : Path
    """
    rows = [
        {
            "theme": theme.id,
            "rule": rule.id,
            "title": rule.title,
            "effect": rule.effect,
            "alone_km2": rule.area_km2,
            "in_order_km2": rule.in_order_km2,
            "only_km2": rule.only_km2,
            "alone_sites": rule.sites,
            "in_order_sites": rule.in_order_sites,
            "only_sites": rule.only_sites,
            "source": rule.source,
        }
        for theme in content.themes
        for rule in theme.exclusions
    ]
    _write_csv(_joined([pd.DataFrame(rows)], EXCLUSION_COLUMNS), path)


def write_portfolio_csv(content: Content, path: Path) -> None:
    """Write the sites that together are best beside the plain best, by theme.

    Parameters
    ----------
    content : Content
    path : Path
    """
    frames = [
        theme.portfolio.assign(theme=theme.id)
        for theme in content.themes
        if not theme.portfolio.empty
    ]
    _write_csv(_joined(frames, PORTFOLIO_COLUMNS), path)


def write_supply_csv(content: Content, path: Path) -> None:
    """Write what the land could carry by its cost, one row a step of a curve.

    Parameters
    ----------
    content : Content
    path : Path
    """
    _write_csv(supply_rows(content), path)


def write_power_csv(content: Content, path: Path) -> None:
    """Write the cheapest mix of power for each load at the sites that are shown.

    Parameters
    ----------
    content : Content
    path : Path
    """
    frames = [
        view.table.assign(load=view.id).rename(columns=IN_MONEY)
        for view in content.loads
        if len(view.table)
    ]
    _write_csv(_joined(frames, POWER_COLUMNS), path)


def write_projects_csv(content: Content, folder: Path) -> None:
    """Write ``projects.csv``, ``projects_tornado.csv``, ``projects_terms.csv``, if asked for.

    Parameters
    ----------
    content : Content
    folder : Path
    """
    for name, table in project_tables(content).items():
        _write_csv(table, folder / f"{name}.csv")


def write_robustness_csv(content: Content, path: Path) -> None:
    """Write how firm the ranks are, one row a figure, see `geo.scoring.firmness`.

    Parameters
    ----------
    content : Content
    path : Path
    """
    _write_csv(_joined([theme.firmness for theme in content.themes], ROBUSTNESS_COLUMNS), path)


def write_sites_parquet(content: Content, path: Path) -> None:
    """Write the rows of ``sites.csv`` with their points as GeoParquet.

    Parameters
    ----------
    content : Content
    path : Path
    """
    _sites(content).to_parquet(path, index=False, compression="zstd", schema_version="1.0.0")


def write_geopackage(content: Content, path: Path) -> None:
    """Write sites, routes and every layer of the map into one GeoPackage with styles inside.

    Tables are ``sites_<theme>``, ``sites_<theme>_<scenario>``, ``routes`` and the layers' ids,
    with ``-`` as ``_``; ``closures`` has no shapes and joins by the site; the styles stand in
    ``layer_styles``, where QGIS looks when a layer is added by hand. Land is cut to the
    surroundings of the study.

    Parameters
    ----------
    content : Content
    path : Path
        Must not exist yet.

    Raises
    ------
    OutputError
        If two layers would have the same table, or a table does not hold what was written.
    """
    styles: dict[str, VectorStyle] = {}
    with fixed_date():
        for theme in content.themes:
            name = f"sites_{theme.id}"
            frame = _sites(content, theme.id).drop(columns="theme")
            _write_layer(path, name, frame, theme.title, styles)
            styles[name] = sites_style(theme)
            for other in theme.scenarios:
                name, title = scenario_table(theme, other), f"{theme.title}: {other.title}"
                _write_layer(path, name, _placed(theme, other), title, styles)
                styles[name] = sites_style(theme)
        routes = _named(content.routes)
        _write_layer(path, "routes", routes, "Routes", styles)
        styles["routes"] = routes_style(content.themes)
        if len(content.trade.alternatives):
            further = _named(content.trade.alternatives)
            _write_layer(path, "routes_further", further, "Further routes", styles)
            styles["routes_further"] = routes_style(content.themes)
        for view in drawn_layers(content):
            name = table_name(view.id)
            _write_layer(path, name, view.frame, view.title, styles, view.attribution)
            styles[name] = layer_style(view)
        closed = _joined([content.trade.closures], CLOSURE_COLUMNS)
        if len(closed):
            pyogrio.write_dataframe(closed, path, layer="closures", driver="GPKG", append=True)
        write_styles(path, styles)


def plain_tables(content: Content) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the tables of results by name: sites by theme and scenario, routes, criteria.

    Parameters
    ----------
    content : Content

    Yields
    ------
    name : str
    frame : DataFrame
        With one type a column; sites and routes with their shapes (EPSG:4326).
    """
    for theme in content.themes:
        yield f"sites_{theme.id}", _sites(content, theme.id).drop(columns="theme")
        for other in theme.scenarios:
            yield scenario_table(theme, other), _typed_frame(_placed(theme, other))
    yield "routes", _typed_frame(_named(content.routes))
    criteria = [theme.criteria_table.assign(theme=theme.id) for theme in content.themes]
    yield "criteria", _joined(criteria, CRITERIA_COLUMNS)


def _typed_frame(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    columns = {column: _typed(frame[column]) for column in _attributes(frame)}
    return gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=4326)


def table_name(identifier: str) -> str:
    """Name of a layer's table: the id with ``-`` as ``_``.

    Examples
    --------
    >>> table_name("towns-mongolia")
    'towns_mongolia'
    """
    return identifier.replace("-", "_")


def scenario_table(theme: ThemeView, view: ScenarioView) -> str:
    """Name of the table of a theme's sites under a scenario."""
    return f"sites_{theme.id}_{view.id}"


def cell(value: object) -> str:
    """One cell of a CSV file.

    Numbers have a point and at most ten digits; unknown is empty; a text that a spreadsheet
    would run as a formula begins with an apostrophe.

    Parameters
    ----------
    value : object

    Returns
    -------
    str

    Examples
    --------
    >>> cell(0.1 + 0.2), cell(3.0), cell(None), cell("=1+1"), cell("-5"), cell(True)
    ('0.3', '3', '', "'=1+1", '-5', 'true')
    """
    if _unknown(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return _number(float(value))
    return _guarded(_text(value))


def _guarded(text: str) -> str:
    clean = text.replace("\x00", "\ufffd")
    if clean.startswith(_FORMULA) and not _NUMBER.fullmatch(clean):
        return f"'{clean}"
    return clean


def _number(value: float) -> str:
    if math.isinf(value):
        raise OutputError("a table holds an infinite number: find where it comes from")
    # Ten digits: the last bits of a sum differ from machine to machine.
    text = repr(float(f"{value:.10g}"))
    return "0" if text == "-0.0" else text.removesuffix(".0")


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    names = [str(name) for name in frame.columns]
    columns = [_cells(str(name), frame[name]) for name in frame.columns]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(zip(*columns, strict=True))


def _cells(name: str, values: "pd.Series[Any]") -> list[str]:
    if name in ("lon", "lat"):
        return [f"{value:.6f}" for value in values]
    if values.dtype == np.float64:
        return ["" if math.isnan(value) else _number(value) for value in values.tolist()]
    # Most texts of a table stand in it many times.
    guarded = cache(_guarded)
    return [guarded(value) if type(value) is str else cell(value) for value in values]


def _sites(content: Content, only: str | None = None) -> gpd.GeoDataFrame:
    frames = [
        _named(theme.sites).assign(theme=theme.id)
        for theme in content.themes
        if only in (None, theme.id)
    ]
    return gpd.GeoDataFrame(_joined(frames, SITE_COLUMNS), geometry="geometry", crs=4326)


def _placed(theme: ThemeView, view: ScenarioView) -> gpd.GeoDataFrame:
    """Sites of a theme under a scenario, with their points."""
    points = _named(theme.sites).set_index("site_id").geometry.reindex(view.table["site_id"])
    return gpd.GeoDataFrame(view.table, geometry=points.to_numpy(), crs=4326)


def _named(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    name = frame.geometry.name
    return frame if name == "geometry" else frame.rename_geometry("geometry")


def _joined(frames: Sequence[pd.DataFrame], first: Sequence[str]) -> pd.DataFrame:
    """Stack frames under the same columns: `first`, then others as they come, geometry last."""
    others = dict.fromkeys(name for frame in frames for name in frame.columns if name not in first)
    has_geometry = others.pop("geometry", "no") is None
    columns = {name: _typed(_stacked(frames, name)) for name in (*first, *others)}
    if has_geometry:
        shapes = [shape for frame in frames for shape in frame["geometry"]]
        columns["geometry"] = gpd.GeoSeries(shapes, crs=4326)
    return pd.DataFrame(columns)


def _stacked(frames: Sequence[pd.DataFrame], name: str) -> "pd.Series[Any]":
    """A column of several frames, one after the other; None where a frame has none."""
    columns = [frame.get(name) for frame in frames]
    kinds = {None if one is None else one.dtype for one in columns}
    if len(kinds) == 1 and None not in kinds:
        return pd.concat([one for one in columns if one is not None], ignore_index=True)
    values: list[object] = []
    for frame, one in zip(frames, columns, strict=True):
        values += [None] * len(frame) if one is None else one.tolist()
    return pd.Series(values, dtype=object)


def _typed(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give a column one type that every format knows: boolean, whole, number or text."""
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    if kind == "f" and column.notna().any():
        return column.astype(np.float64).reset_index(drop=True)
    if kind in ("i", "u", "b") and len(column):
        return column.astype("boolean" if kind == "b" else "Int64").reset_index(drop=True)
    if isinstance(column.dtype, pd.StringDtype):
        return column.astype(object).where(column.notna(), None).reset_index(drop=True)
    values = column.tolist()
    if kind == "O" and all(value is None or type(value) is str for value in values):
        return pd.Series(values, dtype=object)
    return _mixed(values)


def _mixed(values: list[object]) -> "pd.Series[Any]":
    """A column of the type that fits all of some values."""
    known = [value for value in values if not _unknown(value)]
    empty = [None if _unknown(value) else value for value in values]
    if known and all(isinstance(value, bool | np.bool_) for value in known):
        return pd.Series(empty, dtype="boolean")
    if known and all(isinstance(value, int | np.integer) for value in known):
        return pd.Series(empty, dtype="Int64")
    if known and all(isinstance(value, int | float | np.number) for value in known):
        return pd.Series([np.nan if value is None else value for value in empty], dtype=np.float64)
    texts = [None if value is None else _text(value) for value in empty]
    return pd.Series(texts, dtype=object)


def _unknown(value: object) -> bool:
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def _text(value: object) -> str:
    if isinstance(value, list | tuple | np.ndarray):
        return ";".join(str(part) for part in value)
    return value.isoformat() if isinstance(value, date) else str(value)


@contextmanager
def fixed_date() -> Iterator[None]:
    """Let GeoPackages carry a fixed date, so that equal content gives equal bytes."""
    # No sync after each table: the finished folder is synced as a whole.
    options = {"OGR_CURRENT_DATE": _STAMP, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))


def _write_layer(
    path: Path,
    name: str,
    frame: gpd.GeoDataFrame,
    title: str,
    taken: Mapping[str, VectorStyle],
    said: str = "",
) -> None:
    if name in taken:
        raise OutputError(f"two layers would be written as {name!r}: give one another id")
    plain = _typed_frame(frame).rename(
        columns={column: f"{column}_" for column in frame.columns if column in _RESERVED}
    )
    geometry_type = _make_uniform(plain)
    pyogrio.write_dataframe(
        plain,
        path,
        layer=name,
        driver="GPKG",
        geometry_type=geometry_type,
        append=path.exists(),
        dataset_options=None if path.exists() else {"VERSION": "1.3"},
        layer_options={"IDENTIFIER": title, "DESCRIPTION": said, "GEOMETRY_NAME": "geom"},
    )
    written = pyogrio.read_info(path, layer=name)["features"]
    if written != len(frame):
        raise OutputError(f"{path.name}: {name} holds {written} of {len(frame)} rows: disk full?")


_RESERVED = ("fid", "geom")


def _attributes(frame: gpd.GeoDataFrame) -> list[str]:
    return [name for name in frame.columns if name != frame.geometry.name]


def _make_uniform(frame: gpd.GeoDataFrame) -> str:
    """Give every feature the highest dimension's type, as layers of a GIS have one; say which."""
    if frame.empty:
        return "Unknown"
    shapes = np.asarray(frame.geometry.to_numpy(), dtype=object)
    dimension = int(max(shapely.get_dimensions(shapes), default=0))
    if dimension == 0 and (shapely.get_type_id(shapes) == 0).all():
        return "Point"
    parts, owner = shapely.get_parts(_unfolded(shapes), return_index=True)
    kept = shapely.get_dimensions(parts) == dimension
    collect = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[dimension]
    whole = collect(parts[kept], indices=owner[kept], out=np.full(len(shapes), None, dtype=object))
    frame[frame.geometry.name] = gpd.GeoSeries(whole, index=frame.index, crs=frame.crs)
    return ("MultiPoint", "MultiLineString", "MultiPolygon")[dimension]


def _unfolded(shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]") -> object:
    """Split collections, so that the multi-geometries inside them come apart too."""
    folded = shapely.get_type_id(shapes) == 7
    if folded.any():
        shapes = shapes.copy()
        for number in np.flatnonzero(folded):
            inner = shapely.get_parts(shapely.get_parts(shapes[number]))
            shapes[number] = shapely.geometrycollections(inner)
    return shapes


def write_styles(path: Path, styles: Mapping[str, VectorStyle]) -> None:
    """Put default styles into a GeoPackage, where QGIS looks for them.

    Parameters
    ----------
    path : Path
        A GeoPackage without ``layer_styles``.
    styles : mapping of str to VectorStyle
        By table.
    """
    rows = [
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": name,
            "f_geometry_column": "geom",
            "styleName": "lodemap",
            "styleQML": document(style.renderer, style.labeling),
            "styleSLD": "",
            "useAsDefault": True,
            "description": "Style of Lodemap's map",
            "owner": "",
            "ui": None,
            "update_time": pd.Timestamp(_STAMP),
        }
        for name, style in styles.items()
    ]
    pyogrio.write_dataframe(
        pd.DataFrame(rows), path, layer="layer_styles", driver="GPKG", append=True,
        layer_options={"FID": "id"},
    )  # fmt: skip
