"""A network of every line of a layer: each vertex a place, each piece between two a link.

The network of a fact table knows stations and borders; this one knows where lines run. It
serves where no table of links is at hand, and shows how large a network may be.
"""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy
import shapely
from pyproj import CRS

from geo.errors import CrsError, NetworkError
from geo.transport.tables import geodesic_km

__all__ = ["tables_of_lines"]

_DECIMALS = 6
_RADIUS_KM = 6371.0


def tables_of_lines(
    rail: gpd.GeoDataFrame | None,
    road: gpd.GeoDataFrame | None,
    gauges: Mapping[str, int],
    *,
    spacing: float | None = None,
    join_km: float = 2.0,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Places and links of layers of railways and roads.

    Parameters
    ----------
    rail, road : GeoDataFrame or None
        LineStrings in EPSG:4326 with the column ``country`` (ISO 3166, two letters) and, if
        there is one, ``surface`` of a road.
    gauges : mapping of str to int
        Track gauge by country [mm].
    spacing : float, optional
        Longest piece [degrees]; longer ones are divided.
    join_km : float
        A place on a railway is joined by road to the nearest place on a road within this
        distance [km].

    Returns
    -------
    nodes : GeoDataFrame
        In EPSG:4326, as for `geo.transport.network.Network.from_tables`.
    links : DataFrame
        Pieces with their geodesic lengths as tariff distances, all operating.

    Raises
    ------
    CrsError
        If a layer is not in EPSG:4326.
    NetworkError
        If a layer has no column ``country``, there is no line at all, or a country with
        railways has no gauge.

    Examples
    --------
    >>> lines = gpd.GeoDataFrame(
    ...     {"country": ["AA"]}, geometry=[shapely.LineString([(0, 0), (1, 0)])], crs=4326
    ... )
    >>> nodes, links = tables_of_lines(lines, None, {"AA": 1435}, spacing=0.5)
    >>> links["tariff_km"].round(1).tolist()
    [55.7, 55.7]
    """
    parts = {mode: lines for mode, lines in (("rail", rail), ("road", road)) if lines is not None}
    made = {mode: _pieces(mode, lines, spacing) for mode, lines in parts.items()}
    if not any(len(piece.links) for piece in made.values()):
        raise NetworkError("the layers hold no line: give at least one")
    lacking = set() if rail is None else set(made["rail"].nodes["country"]) - set(gauges)
    if lacking:
        raise NetworkError(f"no gauge is given for {', '.join(sorted(lacking))}: add it")
    nodes = pd.concat([piece.nodes for piece in made.values()], ignore_index=True)
    links = [piece.links for piece in made.values()]
    if len(made) == 2:
        links.append(_joints(made["rail"].nodes, made["road"].nodes, join_km))
    table = pd.concat(links, ignore_index=True)
    on_rail = nodes["type"] == "rail"
    nodes["gauge_mm"] = nodes["country"].map(gauges).where(on_rail).map("{:.0f}".format, "ignore")
    by_start = nodes.set_index("node_id")["gauge_mm"].reindex(table["from"]).to_numpy()
    table["gauge_mm"] = pd.Series(by_start).where(table["mode"] == "rail")
    points = gpd.points_from_xy(nodes.pop("lon"), nodes.pop("lat"))
    return gpd.GeoDataFrame(nodes, geometry=points, crs=4326), table


class _Lines:
    """Places and links of one mode."""

    def __init__(self, nodes: pd.DataFrame, links: pd.DataFrame) -> None:
        self.nodes = nodes
        self.links = links


def _pieces(mode: str, lines: gpd.GeoDataFrame, spacing: float | None) -> _Lines:
    if lines.crs is None or CRS.from_user_input(lines.crs) != CRS.from_epsg(4326):
        raise CrsError(f"the {mode} lines are not in EPSG:4326: reproject with lines.to_crs(4326)")
    if "country" not in lines:
        raise NetworkError(f"the {mode} lines have no column country: add the ISO 3166 code")
    shapes = shapely.force_2d(lines.geometry.to_numpy())
    usable = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    shapes = shapes[usable]
    if spacing is not None:
        shapes = shapely.segmentize(shapes, spacing)
    single, line = shapely.get_parts(shapes, return_index=True)
    coordinates, owner = shapely.get_coordinates(single, return_index=True)
    points, vertex = np.unique(coordinates.round(_DECIMALS), axis=0, return_inverse=True)
    vertex = vertex.ravel()
    row = usable[line[owner]]
    country = lines["country"].fillna("").to_numpy(dtype=object)
    # A place on several lines has the country of the first.
    first = np.unique(vertex, return_index=True)[1]
    nodes = pd.DataFrame(
        {
            "node_id": _names(mode, len(points)),
            "name": "",
            "type": mode,
            "country": country[row[first]],
            "lon": points[:, 0],
            "lat": points[:, 1],
        }
    )
    joined = owner[1:] == owner[:-1]
    ends = np.sort(np.column_stack([vertex[:-1], vertex[1:]])[joined], axis=1)
    apart = ends[:, 0] != ends[:, 1]
    # Places are numbered, so that a pair is one number: much faster than rows.
    codes = ends[apart, 0].astype(np.int64) * len(points) + ends[apart, 1]
    codes, which = np.unique(codes, return_index=True)
    ends = np.column_stack([codes // len(points), codes % len(points)])
    links = _links(nodes, ends, mode, geodesic_km(points[ends[:, 0]], points[ends[:, 1]]))
    if "surface" in lines:
        surface = lines["surface"].to_numpy(dtype=object)
        links["surface"] = surface[row[:-1][joined][apart][which]]
    return _Lines(nodes, links)


def _names(mode: str, count: int) -> npt.NDArray[np.object_]:
    return np.array([f"{mode}-{n}" for n in range(count)], dtype=object)


def _links(
    nodes: pd.DataFrame, ends: npt.NDArray[np.int64], mode: str, km: npt.NDArray[np.float64]
) -> pd.DataFrame:
    names = nodes["node_id"].to_numpy()
    return pd.DataFrame(
        {
            "from": names[ends[:, 0]],
            "to": names[ends[:, 1]],
            "mode": mode,
            "tariff_km": km,
            "status": "operating",
        }
    )


def _joints(rail: pd.DataFrame, road: pd.DataFrame, reach: float) -> pd.DataFrame:
    """Short roads from places on railways to the nearest place on a road."""
    found, nearest = scipy.spatial.cKDTree(_on_sphere(road)).query(
        _on_sphere(rail), distance_upper_bound=2 * np.sin(reach / _RADIUS_KM / 2)
    )
    near = np.isfinite(np.asarray(found))
    a, b = rail[near], road.iloc[np.asarray(nearest)[near]]
    places = ["lon", "lat"]
    km = geodesic_km(a[places].to_numpy(), b[places].to_numpy())
    told = {"from": a["node_id"].to_numpy(), "to": b["node_id"].to_numpy(), "mode": "road"}
    # Places on both layers lie at no distance: a link has some length.
    return pd.DataFrame({**told, "tariff_km": np.maximum(km, 0.01), "status": "operating"})


def _on_sphere(nodes: pd.DataFrame) -> npt.NDArray[np.float64]:
    lon, lat = np.radians(nodes["lon"].to_numpy()), np.radians(nodes["lat"].to_numpy())
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
