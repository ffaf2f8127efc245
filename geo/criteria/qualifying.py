"""What would have to change for an excluded site to qualify.

For every rule that excludes it: the feature or value that does, how much is there, how much
is asked for, and how far the two lie apart.
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod, Transformer

from geo.criteria.buffers import outlines, true_distance
from geo.criteria.exclusion import (
    ExclusionRule,
    raster_window,
    rule_holds,
    value_intervals,
    values_hold,
)
from geo.errors import DataError
from geo.grid import cell_size, centres

__all__ = ["changes_needed"]

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

_POLYGON = 3


class _Change(NamedTuple):
    """What holds at a site: the feature, what was found and required, and the least change."""

    feature: str
    found: float
    required: float
    change: float
    unit: str
    text: str


def changes_needed(
    rules: Sequence[ExclusionRule],
    grid: GeoBox,
    rows: npt.ArrayLike,
    columns: npt.ArrayLike,
    *,
    name_column: str = "name",
) -> pd.DataFrame:
    """What would have to change at sites for each rule that holds there to hold no more.

    Parameters
    ----------
    rules : sequence of ExclusionRule
        Those that only warn are told of, too.
    grid : GeoBox
        In a projected CRS.
    rows, columns : (sites,) array_like of int
        Cells of the sites: what sets a cell's bit is measured from its centre.
    name_column : str
        Column of the features with their names, where a layer has it.

    Returns
    -------
    DataFrame
        One row for each site and rule that holds there, by site and then in the rules'
        order: ``site`` (number in the call), ``rule``, ``title``, ``effect``, ``feature`` (name
        of the nearest, else empty), ``found``, ``required``, ``change`` (how far apart they
        are, in ``unit``; NaN where a class or a touched cell leaves no measure) and ``text``. A
        site inside an area is found at a distance below 0: how deep it lies.

    Raises
    ------
    DataError
        If rows and columns differ in number or lie outside the grid, or a raster does not fit.

    Examples
    --------
    >>> grid = GeoBox.from_bbox((4.3e6, 3.2e6, 4.303e6, 3.201e6), "EPSG:3035", resolution=1000)
    >>> road = gpd.GeoDataFrame({"name": ["A1"]},
    ...     geometry=[shapely.LineString([(4.3e6, 3.2e6), (4.3e6, 3.201e6)])], crs=3035)
    >>> rule = ExclusionRule("road", "Main road", geometry=road, buffer_m=2000)
    >>> print(changes_needed([rule], grid, [0, 0], [1, 2])["text"].tolist())
    ['Main road: A1 lies 1,500 m away, 2,000 m are required, short by 500 m']
    """
    down, across = (np.atleast_1d(np.asarray(part, dtype=np.intp)) for part in (rows, columns))
    if down.shape != across.shape or down.ndim != 1:
        raise DataError(f"{down.size} rows and {across.size} columns: give one of each a site")
    inside = (down >= 0) & (down < grid.shape[0]) & (across >= 0) & (across < grid.shape[1])
    if not inside.all():
        raise DataError(f"site {int(np.flatnonzero(~inside)[0])} lies outside the grid")
    found = []
    for order, rule in enumerate(rules):
        at = np.flatnonzero(rule_holds(rule, grid)[down, across])
        if at.size == 0:
            continue
        if rule.geometry is None:
            changes = _raster_changes(rule, grid, down[at], across[at])
        else:
            changes = _feature_changes(rule, grid, down[at], across[at], name_column)
        for site, change in zip(at.tolist(), changes, strict=True):
            found.append((site, order, rule.id, rule.title, rule.effect, *change))
    names = ["site", "order", "rule", "title", "effect", *_Change._fields]
    frame = pd.DataFrame(found, columns=names).sort_values(["site", "order"])
    return frame.drop(columns="order").reset_index(drop=True)


def _feature_changes(
    rule: ExclusionRule, grid: GeoBox, rows: Places, columns: Places, name_column: str
) -> list[_Change]:
    layer = cast(gpd.GeoDataFrame, rule.geometry)
    layer = layer[~(layer.geometry.isna() | layer.geometry.is_empty)]
    shapes = np.asarray(layer.geometry.values, dtype=object)
    texts = layer[name_column].fillna("").astype(str).to_numpy() if name_column in layer else None
    x, y = centres(grid)
    points = shapely.points(x[columns], y[rows])
    nearest = shapely.STRtree(shapes).nearest(points)
    distance = _geodesic(grid, shapely.shortest_line(points, shapes[nearest]))
    depth, within = _depth(grid, points, shapes)
    names = [
        "" if texts is None else texts[which] for which in np.where(within < 0, nearest, within)
    ]
    return [
        _feature_change(rule, name, far - deep)
        for name, far, deep in zip(names, distance, depth, strict=True)
    ]


def _depth(
    grid: GeoBox, points: npt.NDArray[np.object_], shapes: npt.NDArray[np.object_]
) -> tuple[Floats, Places]:
    """How deep each point lies in the area that holds it deepest, and which one; else 0, -1."""
    depth, within = np.zeros(len(points)), np.full(len(points), -1, dtype=np.intp)
    at, which = shapely.STRtree(shapes).query(points, predicate="within")
    lengths = _geodesic(grid, shapely.shortest_line(points[at], shapely.boundary(shapes[which])))
    for point, shape, length in zip(at.tolist(), which.tolist(), lengths, strict=True):
        if within[point] < 0 or length > depth[point]:
            depth[point], within[point] = length, shape
    return depth, within


def _geodesic(grid: GeoBox, lines: npt.NDArray[np.object_]) -> Floats:
    if len(lines) == 0:
        return np.empty(0)
    crs = CRS.from_user_input(str(grid.crs))
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    lon, lat = to_degrees.transform(ends[..., 0], ends[..., 1])
    # A projected CRS always has an ellipsoid.
    geod = cast(Geod, crs.get_geod())
    return np.asarray(geod.inv(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])[2])


def _feature_change(rule: ExclusionRule, name: str, found: float) -> _Change:
    what = f"{rule.title}: {name or 'the nearest feature'}"
    if rule.invert:
        change = found - rule.buffer_m
        text = (
            f"{what} lies {found:,.0f} m away, at most {rule.buffer_m:,.0f} m are allowed, too far "
            f"by {change:,.0f} m"
        )
        return _Change(name, found, rule.buffer_m, change, "m", text)
    if found < 0:
        change = rule.buffer_m - found
        text = f"{what} holds the site, which would have to lie {change:,.0f} m farther out"
        return _Change(name, found, rule.buffer_m, change, "m", text)
    if rule.buffer_m == 0:
        return _Change(name, found, 0.0, np.nan, "m", f"{what} touches the site's cell")
    change = max(0.0, rule.buffer_m - found)
    text = (
        f"{what} lies {found:,.0f} m away, {rule.buffer_m:,.0f} m are required, short by "
        f"{change:,.0f} m"
    )
    return _Change(name, found, rule.buffer_m, change, "m", text)


def _raster_changes(
    rule: ExclusionRule, grid: GeoBox, rows: Places, columns: Places
) -> list[_Change]:
    values, top, left = raster_window(rule, grid)
    unit = "" if rule.raster is None else str(rule.raster.attrs.get("units", ""))
    unit = "" if unit == "1" else unit
    here = np.asarray(values[top + rows, left + columns], dtype=np.float64)
    holds = values_hold(rule, values)
    by_distance = ~holds[top + rows, left + columns] | rule.invert if rule.buffer_m > 0 else None
    if by_distance is None:
        return [_value_change(rule, value, unit) for value in here.tolist()]
    height, width = cell_size(grid)
    distance = np.zeros(len(rows))
    if holds.any():
        offset = np.array([left * width, top * height, left * width, top * height])
        distance = true_distance(outlines(holds, (height, width)) - offset, grid, rows, columns)
    return [
        _feature_change(rule, "", float(far)) if away else _value_change(rule, float(value), unit)
        for far, away, value in zip(distance, by_distance, here, strict=True)
    ]


def _value_change(rule: ExclusionRule, value: float, unit: str) -> _Change:
    """The least change of a value that takes it out of what the rule names, or into it."""
    spans = _spans(rule)
    # From outside any end lets the value in; from inside its own span's ends let it out, and a
    # class has none.
    reach = spans if rule.invert else [s for s in spans if s[0] <= value <= s[1] and s[0] < s[1]]
    ends = [end for span in reach for end in span if np.isfinite(end)]
    said = f"{value:,g} {unit}".strip()
    if not ends:
        return _Change("", value, np.nan, np.nan, unit, f"{rule.title}: the site has {said}")
    required = min(ends, key=lambda end: abs(end - value))
    change = abs(required - value)
    text = (
        f"{rule.title}: the site has {said}, the limit is {required:,g} {unit}".rstrip()
        + f", off by {change:,g} {unit}".rstrip()
    )
    return _Change("", value, required, change, unit, text)


def _spans(rule: ExclusionRule) -> list[tuple[float, float]]:
    """Everything that the rule names, as intervals that do not overlap."""
    spans = value_intervals(rule)
    if rule.above is not None:
        spans.append((rule.above, np.inf))
    if rule.below is not None:
        spans.append((-np.inf, rule.below))
    merged: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged
