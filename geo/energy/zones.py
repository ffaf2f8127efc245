"""Eligible land as zones with a capacity and a cost, and the supply curve that they add up to."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import ndimage

from geo.energy.economics import HOURS_PER_YEAR
from geo.errors import DataError

__all__ = ["land_zones", "number_zones", "supply_curve", "zone_totals"]

Numbers = npt.NDArray[np.int64]


def number_zones(
    available: npt.ArrayLike,
    divisions: npt.ArrayLike | None = None,
    *,
    corners: bool = False,
) -> Numbers:
    """Number the contiguous patches of available land, apart in each division.

    Parameters
    ----------
    available : (rows, columns) array_like of bool
    divisions : (rows, columns) array_like of int, optional
        A province's number, say; a patch ends at the border of another.
    corners : bool
        Whether cells that share a corner only are one patch.

    Returns
    -------
    (rows, columns) array of int
        0 on land that is not available, zones from 1 on without a gap: they partition it.

    Examples
    --------
    >>> number_zones([[True, True, False, True]], [[1, 2, 2, 2]])
    array([[1, 2, 0, 3]])
    """
    open_ = np.asarray(available, dtype=np.bool_)
    structure = np.ones((3, 3)) if corners else None
    found = np.zeros(open_.shape, dtype=np.int64)
    if divisions is None:
        return np.asarray(ndimage.label(open_, structure=structure)[0], dtype=np.int64)
    places = np.asarray(divisions)
    last = 0
    for place in np.unique(places[open_]):
        patches, count = ndimage.label(open_ & (places == place), structure=structure)
        found = np.where(patches > 0, patches + last, found)
        last += count
    return found


def zone_totals(
    zones: Numbers,
    capacity_factor: npt.ArrayLike,
    cost: npt.ArrayLike,
    cell_area_km2: npt.ArrayLike,
    density: float,
) -> pd.DataFrame:
    """Area, capacity, energy and cost of every zone.

    Parameters
    ----------
    zones : (rows, columns) array of int
        Of `number_zones`; or any other numbering, such as provinces, with 0 outside.
    capacity_factor : (rows, columns) array_like
        NaN is unknown.
    cost : (rows, columns) array_like [money/MWh]
        NaN is unknown.
    cell_area_km2 : float or (rows, columns) array_like [km²]
    density : float [MW/km²]
        Capacity that a square kilometre carries.

    Returns
    -------
    DataFrame
        One row a zone: ``zone``, ``area_km2``, ``unknown_km2`` (of it, without yield or cost),
        ``capacity_mw`` and ``energy_gwh`` [a year] of the known land, and ``cost``, the mean by
        energy; NaN where nothing is known. Its sums are those of the cells.

    Raises
    ------
    DataError
        If the density is not above 0.

    Examples
    --------
    >>> zone_totals(np.array([[1, 1, 0]]), [[0.4, 0.2, 0.3]], [[30.0, 60.0, 1.0]], 2.0, 5.0
    ...             ).round(2).values.tolist()
    [[1.0, 4.0, 0.0, 20.0, 52.56, 40.0]]
    """
    if not (np.isfinite(density) and density > 0):
        raise DataError(f"the density is {density:g} MW/km²: give a number above 0")
    held = zones > 0
    where = zones[held]
    area = np.broadcast_to(np.asarray(cell_area_km2, dtype=np.float64), zones.shape)[held]
    factor = np.asarray(capacity_factor, dtype=np.float64)[held]
    price = np.asarray(cost, dtype=np.float64)[held]
    known = np.isfinite(factor) & np.isfinite(price)
    count = int(zones.max(initial=0)) + 1

    def total(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.bincount(where, weights=values, minlength=count)[1:].astype(np.float64)

    capacity = np.where(known, area * density, 0.0)
    energy = capacity * np.where(known, factor, 0.0) * (HOURS_PER_YEAR / 1000)
    spent, sums = total(energy * np.where(known, price, 0.0)), total(energy)
    table = pd.DataFrame(
        {
            "zone": np.arange(1, count),
            "area_km2": total(area),
            "unknown_km2": total(np.where(known, 0.0, area)),
            "capacity_mw": total(capacity),
            "energy_gwh": sums,
            "cost": np.divide(spent, sums, out=np.full(count - 1, np.nan), where=sums > 0),
        }
    )
    return table[table["area_km2"] > 0].reset_index(drop=True)


def land_zones(
    available: xr.DataArray,
    capacity_factor: xr.DataArray,
    cost: xr.DataArray,
    cell_area_km2: npt.ArrayLike,
    density: float,
    *,
    divisions: npt.ArrayLike | None = None,
    min_area_km2: float = 0.0,
) -> tuple[Numbers, pd.DataFrame]:
    """Contiguous zones of eligible land with what each could carry and cost.

    Parameters
    ----------
    available : (rows, columns) DataArray of bool
    capacity_factor, cost : (rows, columns) DataArray
    cell_area_km2, density, divisions
        As of `zone_totals` and `number_zones`.
    min_area_km2 : float [km²]
        Smaller zones are dropped; a border cuts a zone in two before its size is asked.

    Returns
    -------
    zones : (rows, columns) array of int
        0 outside, numbered again from 1 without a gap.
    table : DataFrame
        As of `zone_totals`.

    Examples
    --------
    >>> land = xr.DataArray([[True, True, False, True]])
    >>> ones = xr.ones_like(land, dtype=float)
    >>> zones, table = land_zones(land, 0.3 * ones, 40 * ones, 1.0, 5.0, min_area_km2=2)
    >>> zones.tolist(), table["capacity_mw"].tolist()
    ([[1, 1, 0, 0]], [10.0])
    """
    if not min_area_km2 >= 0:
        raise DataError(f"the smallest area is {min_area_km2:g} km²: give 0 or more")
    zones = number_zones(available.values, divisions)
    area = np.broadcast_to(np.asarray(cell_area_km2, dtype=np.float64), zones.shape)
    sizes = np.bincount(zones.ravel(), weights=area.ravel())
    # A sum of cells may miss a round number by its last bit.
    keep = sizes >= min_area_km2 * (1 - 1e-9)
    keep[0] = False
    numbers = np.where(keep, np.cumsum(keep), 0)
    zones = numbers[zones]
    return zones, zone_totals(zones, capacity_factor.values, cost.values, area, density)


def supply_curve(table: pd.DataFrame, *, by: Sequence[str] = ()) -> pd.DataFrame:
    """Order parts of a supply by their cost and add them up.

    Parameters
    ----------
    table : DataFrame
        With ``capacity_mw``, ``energy_gwh`` and ``cost``; rows of unknown cost are left out.
    by : sequence of str
        Columns whose groups have a curve of their own, such as ``technology``; ties in the cost
        are broken by what the other columns say.

    Returns
    -------
    DataFrame
        The rows by rising cost within each group, with ``cumulative_gw`` and
        ``cumulative_twh``: what is to be had at this cost or less.

    Examples
    --------
    >>> parts = pd.DataFrame({"capacity_mw": [500.0, 1500.0], "energy_gwh": [1.0, 2.0],
    ...                       "cost": [60.0, 40.0]})
    >>> supply_curve(parts)[["cost", "cumulative_gw"]].values.tolist()
    [[40.0, 1.5], [60.0, 2.0]]
    """
    known = table[table["cost"].notna() & (table["capacity_mw"] > 0)]
    others = [name for name in table.columns if name not in ("cost", *by)]
    curve = known.sort_values([*by, "cost", *others], kind="stable").reset_index(drop=True)
    groups = curve.groupby(list(by), sort=False) if by else curve
    return curve.assign(
        cumulative_gw=groups["capacity_mw"].cumsum() / 1000,
        cumulative_twh=groups["energy_gwh"].cumsum() / 1000,
    )
