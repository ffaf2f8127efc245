"""Land that may be built on: what a list of exclusion rules leaves of a region."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import CRS

from geo.criteria.exclusion import (
    ExclusionRule,
    exclude_mask,
    exclusion_bits,
    tally,
    tally_waterfall,
)
from geo.criteria.land import large_patches
from geo.crs import require_projected
from geo.errors import GridError
from geo.grid import as_dataarray, cell_areas, inside

__all__ = ["EligibleLand", "eligible_land"]


@dataclass(frozen=True, eq=False)
class EligibleLand:
    """What exclusion rules leave of a region.

    `available` is a (rows, columns) DataArray of bool, false outside the region; `share` is
    the available part of the region's area, 0 to 1; `waterfall` has one row for each rule
    that excludes, as of `geo.criteria.exclusion.waterfall`, and a last one, ``minimum area``,
    where a smallest patch is asked for; `bits` says by which rules each cell is out;
    `area_km2` is the available area [km²].
    """

    available: xr.DataArray
    share: float
    waterfall: pd.DataFrame
    bits: xr.DataArray
    area_km2: float


def eligible_land(
    exclusions: Sequence[ExclusionRule],
    grid: GeoBox,
    *,
    region: gpd.GeoDataFrame | None = None,
    min_area_km2: float = 0.0,
) -> EligibleLand:
    """Land that exclusion rules leave of a region.

    Parameters
    ----------
    exclusions : sequence of ExclusionRule
        At most 16; those that only warn take nothing.
    grid : GeoBox
        In a projected CRS. Areas are those of the ellipsoid, whatever the CRS.
    region : GeoDataFrame, optional
        Polygons, in any CRS; a cell belongs to it when its centre does. The whole grid when
        missing.
    min_area_km2 : float
        Patches of available land smaller than this are dropped [km²].

    Returns
    -------
    EligibleLand

    Raises
    ------
    GridError
        If no cell's centre lies in the region.
    DataError, CrsError, EmptyLayerError
        As of `geo.criteria.exclusion.exclusion_bits`.

    References
    ----------
    Ryberg, D. S., Robinius, M., Stolten, D. (2018). Evaluating land eligibility constraints of
    renewable energy sources in Europe. Energies 11(5), 1246. https://doi.org/10.3390/en11051246

    Examples
    --------
    >>> import shapely
    >>> grid = GeoBox.from_bbox((4e6, 3e6, 4e6 + 4e3, 3e6 + 1e3), "EPSG:3035", resolution=1e3)
    >>> park = gpd.GeoDataFrame(geometry=[shapely.box(4e6, 3e6, 4e6 + 1e3, 3e6 + 1e3)], crs=3035)
    >>> land = eligible_land([ExclusionRule("park", "Park", geometry=park)], grid)
    >>> land.share, land.available.values.tolist()
    (0.75, [[False, True, True, True]])
    """
    require_projected(None if grid.crs is None else CRS(str(grid.crs)), "the grid")
    bits = exclusion_bits(exclusions, grid)
    within = np.ones(bits.shape, dtype=bool) if region is None else inside(grid, region)
    if not within.any():
        raise GridError("no cell's centre lies in the region: take smaller cells or its own grid")
    area = cell_areas(grid)
    areas = tally(bits, exclusions, within, area)
    open_ = within & ((bits.to_numpy() & exclude_mask(exclusions)) == 0)
    found = tally_waterfall(areas, exclusions)
    if min_area_km2 > 0:
        large = large_patches(open_, min_area_km2, area)
        lost = float(area[open_ & ~large].sum())
        left = float(areas[0]) - lost
        # It depends on all rules before it: what it takes alone cannot be said.
        last = pd.DataFrame([["minimum area", np.nan, lost, lost, left]], columns=found.columns)
        found, open_ = pd.concat([found, last], ignore_index=True) if len(found) else last, large
    else:
        left = float(areas[0])
    available = as_dataarray(open_, grid, name="available", unit="1", long_name="Eligible land")
    return EligibleLand(available, left / float(areas.sum()), found, bits, left)
