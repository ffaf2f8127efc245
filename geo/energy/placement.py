"""Where turbines or blocks of modules would stand, by their spacing along and across the wind."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from geo.compute.thinning import thin_out
from geo.criteria.rasters import grid_of
from geo.errors import DataError
from geo.grid import cell_size

__all__ = ["place_items", "spacing_density"]


def spacing_density(rated: float, along: float, across: float) -> float:
    """Capacity that a square kilometre carries when machines stand in straight rows.

    Parameters
    ----------
    rated : float [MW]
        Of one machine.
    along, across : float [m]
        Between two machines, in the wind's direction and across it.

    Returns
    -------
    float [MW/km²]
        ``rated / (along * across)``. Rows that are shifted against one another carry up to
        15 % more, which is what `place_items` finds on open land.

    Raises
    ------
    DataError
        If one of them is not above 0.

    Examples
    --------
    3.45 MW with a rotor of 126 m, 8 by 4 rotors apart:

    >>> round(spacing_density(3.45, 8 * 126, 4 * 126), 2)
    6.79
    """
    if not all(np.isfinite(one) and one > 0 for one in (rated, along, across)):
        raise DataError(
            f"{rated:g} MW every {along:g} by {across:g} m is no placement: give numbers above 0"
        )
    return rated / (along * across / 1e6)


def place_items(
    available: xr.DataArray, along: float, across: float, *, direction: float = 270.0
) -> gpd.GeoDataFrame:
    """Set out items on available land, each in an ellipse that no other enters.

    Parameters
    ----------
    available : (rows, columns) DataArray of bool
        Of `geo.energy.eligibility.eligible_land`; fine cells, for a country take one zone.
    along, across : float [m]
        Smallest distance between two items in the wind's direction and across it: 8 and 4 rotor
        diameters are common. In between, the ellipse of the two holds.
    direction : float [degrees]
        From which the main wind blows, clockwise from north.

    Returns
    -------
    GeoDataFrame
        Points at cell centres in the grid's CRS, in rows from the top. No two are closer than
        the ellipse, and no available cell could take one more.

    Raises
    ------
    DataError
        If a spacing is less than a cell: take smaller cells.

    References
    ----------
    Ryberg, Robinius and Stolten (2018), https://doi.org/10.3390/en11051246, on distributing
    turbines with an elliptical spacing.

    Examples
    --------
    >>> from odc.geo.geobox import GeoBox
    >>> from geo.grid import as_dataarray
    >>> grid = GeoBox.from_bbox((0, 0, 800, 400), "EPSG:3035", resolution=100)
    >>> land = as_dataarray(np.ones((4, 8), bool), grid, name="a", unit="1", long_name="Land")
    >>> len(place_items(land, 400, 200))
    4
    """
    grid = grid_of(available)
    height, width = cell_size(grid)
    for spacing, what in ((along, "along"), (across, "across")):
        if not (np.isfinite(spacing) and spacing >= max(height, width)):
            raise DataError(
                f"the spacing {what} the wind is {spacing:g} m, a cell {max(height, width):g} m: "
                "give at least a cell, or take smaller cells"
            )
    near = _ellipse(along, across, direction, height, width)
    rows, columns = np.nonzero(thin_out(np.asarray(available.values, dtype=np.bool_), near))
    x = grid.affine.c + (columns + 0.5) * grid.affine.a
    y = grid.affine.f + (rows + 0.5) * grid.affine.e
    return gpd.GeoDataFrame(geometry=shapely.points(x, y), crs=str(grid.crs))


def _ellipse(
    along: float, across: float, direction: float, height: float, width: float
) -> npt.NDArray[np.bool_]:
    """Cells about a middle one that are closer than the spacing."""
    reach = max(along, across)
    high, wide = int(np.ceil(reach / height)), int(np.ceil(reach / width))
    north = -np.arange(-high, high + 1)[:, None] * height
    east = np.arange(-wide, wide + 1)[None, :] * width
    angle = np.radians(direction)
    down, aside = (
        east * np.sin(angle) + north * np.cos(angle),
        east * np.cos(angle) - north * np.sin(angle),
    )
    return np.asarray((down / along) ** 2 + (aside / across) ** 2 < 1 - 1e-9)
