"""Where a theme may not go, or should be warned: reason bits, and the area each costs.

Excluded is not unknown and not a low score: every rule sets its own bit, so that a map
can say why, and a table can say how much land each rule takes alone and in order.

Whether a rule holds in a cell depends on the rule's features and raster about that cell and
on nothing else, so the bits of a block of a grid are those of the whole grid there. Features
reach in from outside by themselves; a raster must be given with a margin of its rule's
buffer (`raster_margin`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.compute.parts import strips
from geo.criteria.buffers import outlines, within
from geo.criteria.rasters import grid_of
from geo.criteria.shapes import mark, segments, usable
from geo.errors import DataError
from geo.grid import as_dataarray, at_cells, cell_size

__all__ = [
    "ExclusionRule",
    "exclude_mask",
    "exclusion_bits",
    "features_at",
    "raster_margin",
    "raster_window",
    "rule_holds",
    "share_by_zone",
    "sites_flags",
    "tally",
    "tally_waterfall",
    "value_intervals",
    "values_hold",
    "waterfall",
]

_MOST_RULES = 16
_POLYGON = 3
_ALIGNED = 1e-3

Value = float | tuple[float | None, float | None]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ExclusionRule:
    """One reason for which cells are excluded or carry a warning.

    Parameters
    ----------
    id : str
        Short, without blanks.
    title : str
        What a reader sees.
    geometry : GeoDataFrame, optional
        Features in the grid's CRS. Either this or `raster`.
    buffer_m : float
        Distance that counts too [m], true on the ground, from the cell's centre to the
        features or to the edge of the raster's cells. With 0 a cell counts when its centre
        lies inside a polygon, when a line or point touches it, or when its raster value does.
    raster : (rows, columns) DataArray, optional
        On the grid, or on a larger one with the same cells; NaN is unknown and never counts.
        Without limits and values a cell counts where it is not 0.
    above, below : float, optional
        A cell counts where the raster is above the one or below the other.
    values : sequence of float or (low, high), optional
        A cell counts where the raster has one of these classes, or lies in one of these
        intervals, ends included; None is an open end.
    invert : bool
        The rule holds where it would not: beyond the buffer, outside the classes. An unknown
        raster value still never counts.
    effect : {"exclude", "warn"}
    source : str
        Where the rule is from.

    Raises
    ------
    DataError
        If it has not exactly one of `geometry` and `raster`, limits or values without a
        raster, the buffer is negative, an interval falls, or the effect or id is not as above.
    """

    id: str
    title: str
    geometry: gpd.GeoDataFrame | None = None
    buffer_m: float = 0.0
    raster: xr.DataArray | None = None
    above: float | None = None
    below: float | None = None
    effect: str = "exclude"
    source: str = ""
    values: Sequence[Value] | None = None
    invert: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be a rule."""
        if not self.id or any(letter.isspace() for letter in self.id):
            raise DataError(f"the rule's id is {self.id!r}, required is a text without blanks")
        if (self.geometry is None) == (self.raster is None):
            raise DataError(f"rule {self.id!r} needs either features or a raster, one of them")
        if self.effect not in ("exclude", "warn"):
            raise DataError(
                f"rule {self.id!r} has the effect {self.effect!r}, required is 'exclude' or 'warn'"
            )
        if not (self.buffer_m >= 0 and np.isfinite(self.buffer_m)):
            raise DataError(
                f"rule {self.id!r} has a buffer of {self.buffer_m} m, required is 0 or more"
            )
        limits = (self.above, self.below, self.values)
        if self.raster is None and any(limit is not None for limit in limits):
            raise DataError(f"rule {self.id!r} has limits or values, which need a raster")
        for low, high in value_intervals(self):
            if not low <= high:
                raise DataError(
                    f"rule {self.id!r} has the interval [{low:g}, {high:g}]: "
                    "write the low end first"
                )


def exclusion_bits(rules: Sequence[ExclusionRule], grid: GeoBox) -> xr.DataArray:
    """Reason bits of every cell.

    Parameters
    ----------
    rules : sequence of ExclusionRule
        At most 16, with different ids; the n-th sets bit n, counted from 0.
    grid : GeoBox
        In a projected CRS.

    Returns
    -------
    (rows, columns) uint16 DataArray
        0 where no rule holds. Attributes ``flag_masks`` and ``flag_meanings`` (CF
        conventions), and ``exclude_mask``, the bits of the rules that exclude: the others
        only warn.

    Raises
    ------
    DataError
        If there are too many rules, ids are repeated, or a raster is not on the grid.
    CrsError
        If features are not in the grid's CRS.
    EmptyLayerError
        If a rule's features hold no usable geometry.

    References
    ----------
    CF conventions 1.11, section 3.5, Flags. https://cfconventions.org

    Examples
    --------
    >>> import shapely
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> park = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 1000)], crs=3857)
    >>> rules = [
    ...     ExclusionRule("park", "Park", geometry=park),
    ...     ExclusionRule("near", "Park within 1 km", geometry=park, buffer_m=1000, effect="warn"),
    ... ]
    >>> bits = exclusion_bits(rules, grid)
    >>> bits.values
    array([[3, 2, 0]], dtype=uint16)
    >>> bits.attrs["flag_meanings"], bits.attrs["exclude_mask"]
    ('park near', 1)
    """
    _check_ids(rules)
    bits = np.zeros(tuple(grid.shape), dtype=np.uint16)
    for number, rule in enumerate(rules):
        bits[rule_holds(rule, grid)] |= np.uint16(1 << number)
    return as_dataarray(
        bits,
        grid,
        name="excluded",
        unit="1",
        long_name="Reasons for exclusion or warning",
        flag_masks=np.array([1 << n for n in range(len(rules))], dtype=np.uint16),
        flag_meanings=" ".join(rule.id for rule in rules),
        exclude_mask=exclude_mask(rules),
    )


def exclude_mask(rules: Sequence[ExclusionRule]) -> int:
    """Bits of the rules that exclude, for `geo.compute.kernels.weighted_overlay`.

    Parameters
    ----------
    rules : sequence of ExclusionRule
        In the order given to `exclusion_bits`.

    Returns
    -------
    int
    """
    return sum(1 << n for n, rule in enumerate(rules) if rule.effect == "exclude")


def rule_holds(rule: ExclusionRule, grid: GeoBox) -> Mask:
    """Cells in which one rule holds.

    Parameters
    ----------
    rule : ExclusionRule
    grid : GeoBox
        In a projected CRS.

    Returns
    -------
    (rows, columns) array of bool

    Raises
    ------
    DataError, CrsError, EmptyLayerError
        As of `exclusion_bits`.

    Examples
    --------
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> cover = as_dataarray(np.array([[12, 20, 5]]), grid, name="c", unit="1", long_name="Cover")
    >>> rule_holds(ExclusionRule("crop", "Crops", raster=cover, values=[12, (None, 9)]), grid)
    array([[ True, False,  True]])
    """
    if rule.geometry is None:
        return _raster_holds(rule, grid)
    holds = _features_hold(rule, grid)
    return ~holds if rule.invert else holds


def raster_margin(rules: Sequence[ExclusionRule]) -> float:
    """How far rasters must reach beyond a block for its bits to be those of the whole [m].

    Parameters
    ----------
    rules : sequence of ExclusionRule

    Returns
    -------
    float
        The largest buffer round a raster, with a tenth more for the grid's distortion.

    Examples
    --------
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> towns = as_dataarray(np.ones((1, 3)), grid, name="t", unit="1", long_name="Towns")
    >>> raster_margin([ExclusionRule("town", "Town", raster=towns, buffer_m=1000)])
    1100.0
    """
    return 1.1 * max((r.buffer_m for r in rules if r.raster is not None), default=0.0)


def tally(
    bits: xr.DataArray,
    rules: Sequence[ExclusionRule],
    inside: Mask | xr.DataArray,
    cell_area_km2: float | npt.NDArray[np.floating],
) -> npt.NDArray[np.float64]:
    """Area of every combination of the rules that exclude.

    The tallies of the blocks of a grid add up to the tally of the grid.

    Parameters
    ----------
    bits : (rows, columns) DataArray
        Of `exclusion_bits`.
    rules : sequence of ExclusionRule
        The same rules in the same order.
    inside : (rows, columns) array of bool
        Cells of the region.
    cell_area_km2 : float or (rows, columns) array
        Area of a cell [km²].

    Returns
    -------
    (2**n,) array [km²]
        By the bits of n rules; the first is what is left.

    Raises
    ------
    DataError
        If `inside` has another shape than the bits.
    """
    if inside.shape != bits.shape:
        raise DataError(f"inside has shape {inside.shape}, the bits {bits.shape}")
    one_area = np.ndim(cell_area_km2) == 0
    total = np.zeros(1 << len(rules))
    for some in strips(bits.shape):
        within = np.asarray(inside[some])
        combination = bits[some].to_numpy()[within] & exclude_mask(rules)
        areas = None if one_area else np.asarray(cell_area_km2, dtype=np.float64)[some][within]
        total += np.bincount(combination, weights=areas, minlength=len(total))
    return total * float(cell_area_km2) if one_area else total


def waterfall(
    bits: xr.DataArray,
    rules: Sequence[ExclusionRule],
    inside: Mask | xr.DataArray,
    cell_area_km2: float | npt.NDArray[np.floating],
    *,
    sites: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None = None,
) -> pd.DataFrame:
    """Area, and sites, that each excluding rule takes.

    Parameters
    ----------
    bits : (rows, columns) DataArray
        Of `exclusion_bits`.
    rules : sequence of ExclusionRule
        The same rules in the same order.
    inside : (rows, columns) array of bool
        Cells of the region.
    cell_area_km2 : float or (rows, columns) array
        Area of a cell [km²].
    sites : (rows, columns) of ints, optional
        Cells of the sites, each counted wherever it lies.

    Returns
    -------
    DataFrame
        One row for each rule that excludes: ``rule``, ``alone_km2`` (all that it
        covers), ``in_order_km2`` (what it takes of what the rules before it left),
        ``only_km2`` (what no other excluding rule covers: what lifting it alone would bring
        back) and ``left_km2`` (what is left after it) [km²]; with `sites` also
        ``alone_sites``, ``in_order_sites``, ``only_sites`` and ``left_sites``.

    Raises
    ------
    DataError
        If `inside` has another shape than the bits.

    Examples
    --------
    >>> import shapely
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> west, lake = (
    ...     gpd.GeoDataFrame(geometry=[shapely.box(a, 0, b, 1000)], crs=3857)
    ...     for a, b in ((0, 2000), (1000, 3000))
    ... )
    >>> rules = [ExclusionRule("w", "W", geometry=west), ExclusionRule("l", "L", geometry=lake)]
    >>> waterfall(exclusion_bits(rules, grid), rules, np.ones((1, 3), dtype=bool), 1.0)
      rule  alone_km2  in_order_km2  only_km2  left_km2
    0    w        2.0           2.0       1.0       1.0
    1    l        2.0           1.0       1.0       0.0
    """
    found = tally_waterfall(tally(bits, rules, inside, cell_area_km2), rules)
    if sites is None:
        return found
    words = at_cells(bits, *sites) & exclude_mask(rules)
    counts = tally_waterfall(np.bincount(words, minlength=1 << len(rules)), rules)
    for column in ("alone", "in_order", "only", "left"):
        found[f"{column}_sites"] = counts[f"{column}_km2"].astype(np.int64)
    return found


def tally_waterfall(
    areas: npt.NDArray[np.floating] | npt.NDArray[np.integer], rules: Sequence[ExclusionRule]
) -> pd.DataFrame:
    """Make the waterfall from a tally, such as the sum of the blocks' tallies.

    Parameters
    ----------
    areas : (2**n,) array [km²]
        Of `tally`.
    rules : sequence of n ExclusionRule

    Returns
    -------
    DataFrame
        As of `waterfall`.

    Examples
    --------
    >>> one = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0], [0]), crs=3857)
    >>> tally_waterfall(np.array([3.0, 1.0]), [ExclusionRule("a", "A", geometry=one)])
      rule  alone_km2  in_order_km2  only_km2  left_km2
    0    a        1.0           1.0       1.0       3.0
    """
    # Every question is about combinations of bits: each combination was counted once.
    combination = np.arange(len(areas))
    rows, before = [], 0
    for number, rule in enumerate(rules):
        if rule.effect != "exclude":
            continue
        bit = 1 << number
        mine, free = (combination & bit) > 0, (combination & before) == 0
        parts = (mine, mine & free, combination == bit, free & ~mine)
        rows.append((rule.id, *(float(areas[which].sum()) for which in parts)))
        before |= bit
    columns = ["rule", "alone_km2", "in_order_km2", "only_km2", "left_km2"]
    return pd.DataFrame(rows, columns=columns)


def share_by_zone(
    available: npt.ArrayLike,
    zones: npt.ArrayLike,
    names: Sequence[str],
    cell_area_km2: float | npt.NDArray[np.floating],
) -> pd.DataFrame:
    """How much of each zone is available.

    Parameters
    ----------
    available : (rows, columns) array_like of bool
    zones : (rows, columns) array_like of int
        Number of each cell's zone, counted from 0 in the order of `names`; -1 is none.
    names : sequence of str
    cell_area_km2 : float or (rows, columns) array
        Area of a cell [km²].

    Returns
    -------
    DataFrame
        ``zone``, ``area_km2``, ``available_km2`` and ``share`` (0 to 1, NaN for a zone
        without a cell).

    Examples
    --------
    >>> share_by_zone([[True, False, True]], [[0, 0, 1]], ["north", "south"], 4.0)
        zone  area_km2  available_km2  share
    0  north       8.0            4.0    0.5
    1  south       4.0            4.0    1.0
    """
    open_, zone = np.asarray(available, dtype=np.bool_), np.asarray(zones)
    if open_.shape != zone.shape:
        raise DataError(f"available has shape {open_.shape}, the zones {zone.shape}")
    if zone.max(initial=-1) >= len(names):
        raise DataError(f"zone {zone.max()} has no name: {len(names)} names are given")
    areas = np.broadcast_to(np.asarray(cell_area_km2, dtype=np.float64), zone.shape)
    known = zone >= 0
    area = np.bincount(zone[known], weights=areas[known], minlength=len(names))
    free = known & open_
    left = np.bincount(zone[free], weights=areas[free], minlength=len(names))
    share = np.divide(left, area, out=np.full(len(names), np.nan), where=area > 0)
    return pd.DataFrame(
        {"zone": list(names), "area_km2": area, "available_km2": left, "share": share}
    )


def sites_flags(
    bits: xr.DataArray,
    rules: Sequence[ExclusionRule],
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Titles of the rules that hold at sites.

    Parameters
    ----------
    bits : (rows, columns) DataArray
        Of `exclusion_bits`.
    rules : sequence of ExclusionRule
        The same rules in the same order.
    rows, columns : (n,) arrays of int
        Cells of the sites.

    Returns
    -------
    excluded_by, warnings : lists of n tuples of str
        Titles of the rules that exclude, and of those that warn, in the rules' order.

    Examples
    --------
    >>> import shapely
    >>> grid = GeoBox.from_bbox((0, 0, 2000, 1000), "EPSG:3857", resolution=1000)
    >>> park = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 1000)], crs=3857)
    >>> rules = [ExclusionRule("park", "National park", geometry=park)]
    >>> sites_flags(exclusion_bits(rules, grid), rules, np.array([0, 0]), np.array([0, 1]))
    ([('National park',), ()], [(), ()])
    """
    words = at_cells(bits, rows, columns)
    found = tuple(
        [
            tuple(
                rule.title
                for number, rule in enumerate(rules)
                if rule.effect == effect and int(word) >> number & 1
            )
            for word in words
        ]
        for effect in ("exclude", "warn")
    )
    return found[0], found[1]


def features_at(
    rule: ExclusionRule, points: gpd.GeoSeries, *, column: str = "name", reach_m: float = 0.0
) -> list[str]:
    """Names of a rule's features at points.

    Parameters
    ----------
    rule : ExclusionRule
        With features.
    points : GeoSeries
        (n,) points in the features' CRS.
    column : str
        Column of the features that names them.
    reach_m : float
        Distance beyond the rule's buffer at which a feature still counts [m]; half a
        cell's diagonal finds whatever can have set a site's bit.

    Returns
    -------
    list of n str
        Names joined by ``"; "``, the nearest first, each once; empty where there is none.

    Raises
    ------
    DataError
        If the rule has no features, or they have no such column.

    Examples
    --------
    >>> import shapely
    >>> parks = gpd.GeoDataFrame({"name": ["Gobi"]}, geometry=[shapely.box(0, 0, 9, 9)], crs=3857)
    >>> rule = ExclusionRule("park", "Park", geometry=parks, buffer_m=100)
    >>> features_at(rule, gpd.GeoSeries.from_xy([50, 500], [0, 0], crs=3857))
    ['Gobi', '']
    """
    if rule.geometry is None or column not in rule.geometry:
        raise DataError(f"rule {rule.id!r} has no features with a column {column!r} to name them")
    shapes = np.asarray(rule.geometry.geometry.values, dtype=object)
    places = np.asarray(points.values, dtype=object)
    tree = shapely.STRtree(shapes)
    at, which = tree.query(places, predicate="dwithin", distance=rule.buffer_m + reach_m)
    away = shapely.distance(places[at], shapes[which])
    names: list[dict[str, None]] = [{} for _ in places]
    texts = rule.geometry[column].fillna("").astype(str).to_numpy()
    for k in np.lexsort((which, away, at)):
        if texts[which[k]]:
            # A dict keeps the first of equal names, and the order.
            names[at[k]][texts[which[k]]] = None
    return ["; ".join(found) for found in names]


def _check_ids(rules: Sequence[ExclusionRule]) -> None:
    if len(rules) > _MOST_RULES:
        raise DataError(f"{len(rules)} rules are more than the {_MOST_RULES} bits of a word")
    ids = [rule.id for rule in rules]
    for name in ids:
        if ids.count(name) > 1:
            raise DataError(f"two rules have the id {name!r}: give each its own")


def value_intervals(rule: ExclusionRule) -> list[tuple[float, float]]:
    """Closed intervals of a rule's values; a class is an interval of no width."""
    found = []
    for value in rule.values or ():
        low, high = value if isinstance(value, tuple | list) else (value, value)
        found.append((-np.inf if low is None else low, np.inf if high is None else high))
    return found


def _features_hold(rule: ExclusionRule, grid: GeoBox) -> Mask:
    shapes = usable(cast(gpd.GeoDataFrame, rule.geometry), grid, f"the layer of rule {rule.id!r}")
    if rule.buffer_m == 0:
        return mark(shapes, grid, touched=False)
    near = within(segments(shapes, grid), grid, rule.buffer_m)
    areas = shapes[shapely.get_type_id(shapes) == _POLYGON]
    return near | mark(areas, grid, touched=False) if len(areas) else near


def _raster_holds(rule: ExclusionRule, grid: GeoBox) -> Mask:
    values, top, left = raster_window(rule, grid)
    rows, columns = grid.shape
    own = (slice(top, top + rows), slice(left, left + columns))
    holds = values_hold(rule, values)
    here = holds[own]
    if rule.buffer_m > 0 and holds.any():
        height, width = cell_size(grid)
        offset = np.array([left * width, top * height, left * width, top * height])
        here = here | within(outlines(holds, (height, width)) - offset, grid, rule.buffer_m)
    # Comparisons with NaN are false: an unknown value excludes nothing.
    return ~here & (values[own] == values[own]) if rule.invert else here


def values_hold(rule: ExclusionRule, values: npt.NDArray[Any]) -> Mask:
    """Which values of its raster a rule names, before its buffer and before it is turned."""
    if rule.above is None and rule.below is None and rule.values is None:
        return np.asarray((values != 0) & (values == values))
    holds = np.zeros(values.shape, dtype=np.bool_)
    if rule.above is not None:
        holds |= values > rule.above
    if rule.below is not None:
        holds |= values < rule.below
    for low, high in value_intervals(rule):
        holds |= (values >= low) & (values <= high)
    return holds


def raster_window(rule: ExclusionRule, grid: GeoBox) -> tuple[npt.NDArray[Any], int, int]:
    """Values of the rule's raster on the grid and a margin, and where the grid begins there."""
    # A rule without features has a raster: its constructor sees to that.
    raster = cast(xr.DataArray, rule.raster)
    values = np.asarray(raster.to_numpy())
    if values.shape == tuple(grid.shape) and "spatial_ref" not in raster.coords:
        return values, 0, 0
    top, left = _offset(rule.id, raster, grid)
    rows, columns = grid.shape
    if min(top, left) < 0 or top + rows > values.shape[0] or left + columns > values.shape[1]:
        raise _misfit(rule.id, values.shape, grid)
    height, width = cell_size(grid)
    margin = raster_margin([rule])
    above, before = (
        min(start, int(np.ceil(margin / side)) + 1)
        for start, side in ((top, height), (left, width))
    )
    below, after = int(np.ceil(margin / height)) + 1, int(np.ceil(margin / width)) + 1
    window = values[top - above : top + rows + below, left - before : left + columns + after]
    return window, above, before


def _offset(name: str, raster: xr.DataArray, grid: GeoBox) -> tuple[int, int]:
    """Row and column of a larger raster, with the same cells, at which the grid begins."""
    if raster.ndim != 2 or "spatial_ref" not in raster.coords:
        raise _misfit(name, raster.shape, grid)
    own = grid_of(raster)
    left = (grid.affine.c - own.affine.c) / own.affine.a
    top = (grid.affine.f - own.affine.f) / own.affine.e
    stray = max(abs(left - round(left)), abs(top - round(top)))
    same = np.allclose(cell_size(own), cell_size(grid), rtol=1e-9) and own.crs == grid.crs
    if not same or stray > _ALIGNED:
        raise _misfit(name, raster.shape, grid)
    return round(top), round(left)


def _misfit(name: str, shape: tuple[int, ...], grid: GeoBox) -> DataError:
    return DataError(
        f"the raster of rule {name!r} has shape {shape}, the grid {tuple(grid.shape)}, and does "
        "not cover it with the same cells: bring it there with geo.catalogue.raster.to_grid"
    )
