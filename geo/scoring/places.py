"""The best places of a score surface, some distance apart, with ids and names.

An id says where a place is, and nothing else, so that the same place keeps its id when the
recipe changes around it. A name says it to a person: how far from which town, and which way.
"""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from pyproj import CRS, Geod, Transformer

from geo.compute.kernels import peaks
from geo.crs import require_projected
from geo.errors import CrsError, DataError, EmptyLayerError, GridError

__all__ = ["find_places", "nearest_towns", "place_id"]

_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_GEOD = Geod(ellps="WGS84")


def find_places(
    score: xr.DataArray,
    *,
    theme_id: str,
    count: int,
    spacing: float,
    towns: gpd.GeoDataFrame | None = None,
    inside: npt.NDArray[np.bool_] | None = None,
) -> gpd.GeoDataFrame:
    """Find the cells with the highest scores that keep a distance from one another.

    Parameters
    ----------
    score : (rows, columns) DataArray
        On a grid of :func:`geo.grid.make_grid`, NaN where a place is excluded or unknown.
    theme_id : str
        Begins the ids.
    count : int
        Number of places wanted; fewer come back when the surface holds no more.
    spacing : float
        Least distance between two places [m].
    towns : GeoDataFrame, optional
        Points with a column `name`, which name the places. Without it a place is named by
        its longitude and latitude.
    inside : (rows, columns) array of bool, optional
        Where places may lie, such as :func:`geo.grid.inside` of the region.

    Returns
    -------
    GeoDataFrame
        In EPSG:4326, best first: site_id, name, lon, lat [degrees], row, col, x, y [m], and
        with towns also town, town_km [km] and town_bearing (of eight points of the compass,
        from the town).

    Raises
    ------
    GridError
        If the surface is not on a regular grid, or the places lie so close together that
        their ids would not differ.
    CrsError
        If it does not say its projected CRS.
    DataError
        If `count` or `spacing` is not positive, or `inside` has another shape.
    EmptyLayerError
        If `towns` holds no usable point.
    """
    if count < 1 or not spacing > 0:
        raise DataError(f"{count} places {spacing} m apart: both must be more than zero")
    crs = _crs(score)
    x, y = (np.asarray(score[axis].values, dtype=np.float64) for axis in ("x", "y"))
    size = (_step(y), _step(x))
    values = _allowed(score.transpose("y", "x"), inside)
    rows, columns = peaks(values, spacing, size, count)
    east, north = x[columns], y[rows]
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(east, north)
    frame = gpd.GeoDataFrame(
        {
            "site_id": [place_id(theme_id, *at) for at in zip(lon, lat, strict=True)],
            "name": [_degrees(*at) for at in zip(lon, lat, strict=True)],
            "lon": lon,
            "lat": lat,
            "row": rows,
            "col": columns,
            "x": east,
            "y": north,
        },
        geometry=gpd.points_from_xy(lon, lat, crs=4326),
    )
    if not frame["site_id"].is_unique:
        raise GridError(f"places {spacing:g} m apart share an id: choose a wider spacing")
    return frame if towns is None else _named(frame, towns)


def place_id(theme_id: str, lon: float, lat: float) -> str:
    """Id of a place from its theme and its coordinates, to a thousandth of a degree.

    Parameters
    ----------
    theme_id : str
    lon, lat : float
        Longitude and latitude [degrees].

    Returns
    -------
    str
        Letters, digits and hyphens.

    Examples
    --------
    >>> place_id("wind", 110.3512, 44.8)
    'wind-110-351e-44-800n'
    >>> place_id("solar", -70.25, -23.5)
    'solar-70-250w-23-500s'
    """
    east = f"{abs(lon):.3f}{'w' if lon < 0 else 'e'}"
    north = f"{abs(lat):.3f}{'s' if lat < 0 else 'n'}"
    return f"{theme_id}-{east}-{north}".replace(".", "-")


def nearest_towns(lon: npt.ArrayLike, lat: npt.ArrayLike, towns: gpd.GeoDataFrame) -> pd.DataFrame:
    """Nearest town of each point, along the ellipsoid.

    Parameters
    ----------
    lon, lat : (n,) array_like
        Longitude and latitude [degrees].
    towns : GeoDataFrame
        Points with a CRS and a column `name`.

    Returns
    -------
    (n,) DataFrame
        town, town_km [km] and town_bearing: N, NE, … as seen from the town, empty at the
        town itself.

    Raises
    ------
    CrsError
        If the towns have no CRS.
    EmptyLayerError
        If there is no usable point with a name.

    References
    ----------
    Karney, C. F. F. (2013). Algorithms for geodesics. Journal of Geodesy 87, 43-55.
    https://doi.org/10.1007/s00190-012-0578-z

    Examples
    --------
    >>> import geopandas as gpd
    >>> towns = gpd.GeoDataFrame({"name": ["Sainshand"]},
    ...     geometry=gpd.points_from_xy([110.14], [44.89], crs=4326))
    >>> found = nearest_towns([110.27], [44.98], towns)
    >>> found.town[0], round(found.town_km[0]), found.town_bearing[0]
    ('Sainshand', 14, 'NE')
    """
    names, town_lon, town_lat = _points(towns)
    east, north = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (lon, lat))
    shape = (east.size, len(names))
    azimuth, _, length = _GEOD.inv(
        np.tile(town_lon, east.size),
        np.tile(town_lat, east.size),
        np.repeat(east, len(names)),
        np.repeat(north, len(names)),
    )
    distance = np.asarray(length).reshape(shape)
    nearest = np.argmin(distance, axis=1)
    at = np.arange(east.size)
    bearing = np.asarray(azimuth).reshape(shape)[at, nearest]
    return pd.DataFrame(
        {
            "town": [names[i] for i in nearest],
            "town_km": distance[at, nearest] / 1000.0,
            "town_bearing": [
                _COMPASS[int(np.floor(angle / 45.0 + 0.5)) % 8] if far else ""
                for angle, far in zip(bearing, distance[at, nearest] > 0, strict=True)
            ],
        }
    )


def _crs(score: xr.DataArray) -> CRS:
    missing = [axis for axis in ("y", "x") if axis not in score.dims or axis not in score.coords]
    if missing:
        raise GridError(f"the score has no coordinate {missing[0]!r}: make it with as_dataarray")
    reference = score.coords.get("spatial_ref")
    if reference is None or "spatial_ref" not in reference.attrs:
        raise CrsError("the score has no CRS: make it with geo.grid.as_dataarray")
    return require_projected(CRS.from_user_input(reference.attrs["spatial_ref"]), "the score")


def _step(centres: npt.NDArray[np.float64]) -> float:
    steps = np.abs(np.diff(centres))
    if steps.size == 0 or not np.allclose(steps, steps[0], rtol=1e-6):
        raise GridError("the score is not on a regular grid of two or more rows and columns")
    return float(steps[0])


def _allowed(values: xr.DataArray, inside: npt.NDArray[np.bool_] | None) -> xr.DataArray:
    if inside is None:
        return values
    if inside.shape != values.shape:
        raise DataError(f"inside has the shape {inside.shape}, the score {values.shape}")
    return values.where(inside)


def _degrees(lon: float, lat: float) -> str:
    north = f"{abs(lat):.2f} °{'S' if lat < 0 else 'N'}"
    return f"{north}, {abs(lon):.2f} °{'W' if lon < 0 else 'E'}"


def _named(frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    found = nearest_towns(frame["lon"], frame["lat"], towns)
    found.index = frame.index
    frame = frame.join(found)
    frame["name"] = [
        f"{km:.0f} km {way} of {town}" if km >= 0.5 else town
        for town, km, way in zip(found.town, found.town_km, found.town_bearing, strict=True)
    ]
    return frame


def _points(towns: gpd.GeoDataFrame) -> tuple[list[str], npt.ArrayLike, npt.ArrayLike]:
    if towns.crs is None:
        raise CrsError("the towns have no CRS: state it in the layer's record")
    if "name" not in towns.columns:
        raise DataError("the towns have no column 'name', which names the places")
    usable = towns[~(towns.geometry.isna() | towns.geometry.is_empty) & towns["name"].notna()]
    if usable.empty:
        raise EmptyLayerError("the towns hold no usable point with a name: give another layer")
    points = usable.geometry.to_crs(4326)
    return [str(n) for n in usable["name"]], points.x.to_numpy(), points.y.to_numpy()
