"""Where a theme may not go, or should be warned: reason bits, and the area each costs.

Excluded is not unknown and not a low score: every rule sets its own bit, so that a map
can say why, and a table can say how much land each rule takes alone and in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.criteria.proximity import distance_to_nearest
from geo.criteria.shapes import mark, usable
from geo.errors import DataError
from geo.grid import as_dataarray

__all__ = [
    "ExclusionRule",
    "exclude_mask",
    "exclusion_bits",
    "features_at",
    "sites_flags",
    "waterfall",
]

_MOST_RULES = 16


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
        Distance round the features that counts too [m]. With 0 a cell counts when its
        centre lies inside a polygon, or when a line or point touches it.
    raster : (rows, columns) DataArray, optional
        On the grid; NaN is unknown and never counts. Without limits a cell counts where
        it is not 0.
    above, below : float, optional
        A cell counts where the raster is above the one or below the other.
    effect : {"exclude", "warn"}
    source : str
        Where the rule is from.

    Raises
    ------
    DataError
        If it has not exactly one of `geometry` and `raster`, the buffer is negative, or
        the effect or id is not as above.
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
        bits[_holds(rule, grid)] |= np.uint16(1 << number)
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


def waterfall(
    bits: xr.DataArray,
    rules: Sequence[ExclusionRule],
    inside: npt.NDArray[np.bool_],
    cell_area_km2: float,
) -> pd.DataFrame:
    """Area that each excluding rule takes.

    Parameters
    ----------
    bits : (rows, columns) DataArray
        Of `exclusion_bits`.
    rules : sequence of ExclusionRule
        The same rules in the same order.
    inside : (rows, columns) array of bool
        Cells of the region.
    cell_area_km2 : float
        Area of a cell [km²].

    Returns
    -------
    DataFrame
        One row for each rule that excludes: ``rule``, ``alone_km2`` (all that it
        covers), ``in_order_km2`` (what it takes of what the rules before it left) and
        ``only_km2`` (what no other excluding rule covers) [km²].

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
      rule  alone_km2  in_order_km2  only_km2
    0    w        2.0           2.0       1.0
    1    l        2.0           1.0       1.0
    """
    word = bits.to_numpy()
    if inside.shape != word.shape:
        raise DataError(f"inside has shape {inside.shape}, the bits {word.shape}")
    # Every question is about combinations of bits: count each combination once.
    counts = np.bincount(word[inside] & exclude_mask(rules), minlength=1)
    combination = np.arange(len(counts))
    rows, before = [], 0
    for number, rule in enumerate(rules):
        if rule.effect != "exclude":
            continue
        bit = 1 << number
        mine = (combination & bit) > 0
        areas = (mine, mine & ((combination & before) == 0), combination == bit)
        rows.append((rule.id, *(float(counts[which].sum() * cell_area_km2) for which in areas)))
        before |= bit
    return pd.DataFrame(rows, columns=["rule", "alone_km2", "in_order_km2", "only_km2"])


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
    words = bits.to_numpy()[rows, columns]
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


def _holds(rule: ExclusionRule, grid: GeoBox) -> npt.NDArray[np.bool_]:
    if rule.geometry is None:
        return _raster_holds(rule, grid)
    shapes = usable(rule.geometry, grid, f"the layer of rule {rule.id!r}")
    if rule.buffer_m == 0:
        return mark(shapes, grid, touched=False)
    distance = distance_to_nearest(rule.geometry, grid)
    return np.asarray(distance.to_numpy() <= rule.buffer_m)


def _raster_holds(rule: ExclusionRule, grid: GeoBox) -> npt.NDArray[np.bool_]:
    # A rule without features has a raster: its constructor sees to that.
    values = np.asarray(cast(xr.DataArray, rule.raster).to_numpy())
    if values.shape != tuple(grid.shape):
        raise DataError(
            f"the raster of rule {rule.id!r} has shape {values.shape}, the grid "
            f"{tuple(grid.shape)}: bring it there with geo.catalogue.raster.to_grid"
        )
    if rule.above is None and rule.below is None:
        return np.asarray((values != 0) & (values == values))
    holds = np.zeros(values.shape, dtype=np.bool_)
    # Comparisons with NaN are false: an unknown value excludes nothing.
    if rule.above is not None:
        holds |= values > rule.above
    if rule.below is not None:
        holds |= values < rule.below
    return holds
