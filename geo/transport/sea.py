"""Ways over the sea: lanes of a layer, cut short where open water lies between their points.

Layers of sea lanes for small scales bend where they need not. A ship goes straight from one
point of the lanes to another where no land lies near the great circle between them, and
keeps to the lanes in straits and along coasts.
"""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import scipy
import shapely
from pyproj import CRS
from shapely import LineString
from shapely.geometry.base import BaseGeometry

from geo.errors import CrsError, DataError, EmptyLayerError
from geo.transport.lines import Drawn, Place, chain, on_sphere
from geo.transport.tables import GEOD, geodesic_km

__all__ = ["SeaGraph"]

_DECIMALS = 6
_DEGREE_KM = 111.2
_STEP_DEGREES = 0.5
# How many a kilometre counts on the way from a port to the lanes: harbours lie a little inside
# a coarse coast, and ships seek open water.
_OVER_LAND, _NEAR_LAND = 10.0, 3.0
_MARGIN = 1.0
# A longer leg changes course by less than the lanes are coarse.
_LONGEST_KM = 600.0

Points = npt.NDArray[np.float64]
Pairs = npt.NDArray[np.intp]
Box = tuple[float, float, float, float]


class SeaGraph:
    """Shortest ways over the sea between any two ports.

    Parameters
    ----------
    lanes : GeoDataFrame
        LineStrings in EPSG:4326 that share their vertices, not across the 180th meridian.
    land : GeoDataFrame, optional
        Polygons in EPSG:4326. Without it ships keep to the lanes.
    clear_km : float
        Ships leave the lanes only for great circles that stay this far off the land [km],
        give or take a fifth across some 30 degrees of latitude. Assumption: 10 km, which
        reproduces published distances between ports.
    reach_km : float
        Greatest distance from a port to the lanes [km].

    Raises
    ------
    CrsError
        If a layer is not in EPSG:4326.
    EmptyLayerError
        If the layer has no lane.

    Examples
    --------
    >>> lane = LineString([(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)])
    >>> lanes = gpd.GeoDataFrame(geometry=[lane], crs=4326)
    >>> open_water = gpd.GeoDataFrame(geometry=[shapely.box(5, 5, 6, 6)], crs=4326)
    >>> kept = SeaGraph(lanes, reach_km=50).way((0.0, 0.0), (2.0, 0.0)).km
    >>> cut = SeaGraph(lanes, open_water).way((0.0, 0.0), (2.0, 0.0)).km
    >>> round(kept), round(cut)
    (314, 223)
    """

    def __init__(
        self,
        lanes: gpd.GeoDataFrame,
        land: gpd.GeoDataFrame | None = None,
        *,
        clear_km: float = 10.0,
        reach_km: float = 300.0,
    ) -> None:
        for frame, what in ((lanes, "sea lanes"), (land, "land")):
            if frame is not None and (
                frame.crs is None or CRS.from_user_input(frame.crs) != CRS.from_epsg(4326)
            ):
                raise CrsError(f"the {what} are not in EPSG:4326: reproject with .to_crs(4326)")
        self._points, edges = _vertices(lanes)
        if not len(edges):
            raise EmptyLayerError("the layer of sea lanes has no line: give lanes between ports")
        self._reach = reach_km
        self._land: tuple[BaseGeometry, BaseGeometry] | None = None
        if land is not None:
            box = _box(self._points)
            dry = _near(land, box)
            wide = _widened(dry, clear_km)
            for shape in (dry, wide):
                shapely.prepare(shape)
            self._land = dry, wide
            self._points = np.vstack([self._points, _off_shore(dry, clear_km, box)])
            edges = np.vstack([edges, _shortcuts(self._points, wide)])
        size = len(self._points)
        edges = np.unique(np.sort(edges, axis=1), axis=0)
        lengths = geodesic_km(self._points[edges[:, 0]], self._points[edges[:, 1]])
        self._graph = scipy.sparse.csr_array(
            (lengths, (edges[:, 0], edges[:, 1])), shape=(size, size)
        )

    def way(self, start: Place, end: Place) -> Drawn:
        """Shortest way between two ports.

        Parameters
        ----------
        start, end : (lon, lat)
            [degrees]

        Returns
        -------
        Drawn
            From quay to quay; its length is geodesic.

        Raises
        ------
        DataError
            If a port lies farther from the lanes than `reach_km`, or no lanes join the two.
        """
        heads, to_lanes = self._joined(start)
        tails, from_lanes = self._joined(end)
        lengths, before = scipy.sparse.csgraph.dijkstra(
            self._graph, directed=False, indices=heads, return_predecessors=True
        )
        total = to_lanes[:, None] + lengths[:, tails] + from_lanes[None, :]
        i, j = np.unravel_index(int(np.argmin(total)), total.shape)
        if not np.isfinite(total[i, j]):
            raise DataError(
                f"no sea lanes join {_told(start)} and {_told(end)}: add the lanes between them"
            )
        inner = [tuple(p) for p in self._points[chain(before[i], int(tails[j]))].tolist()]
        places = [start, *inner, end]
        kept = [places[0], *(b for a, b in pairwise(places) if a != b)]
        line = LineString(kept if len(kept) > 1 else [start, end])
        return Drawn(line, abs(GEOD.geometry_length(line)) / 1000.0, False)

    def _joined(self, port: Place) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        """Points of the lanes that a port may be joined to, and the length that each counts."""
        here = np.tile(np.asarray(port, dtype=np.float64), (len(self._points), 1))
        away = geodesic_km(here, self._points)
        found = np.flatnonzero(away <= self._reach)
        if not len(found):
            raise DataError(
                f"the port at {_told(port)} lies {away.min():.0f} km from the sea lanes: "
                f"give it a place within {self._reach:g} km of them, or add a lane"
            )
        if self._land is None:
            return found, away[found]
        stubs = shapely.linestrings(np.stack([here[found], self._points[found]], axis=1))
        # A port may be a point of the lanes itself.
        whole = np.maximum(shapely.length(stubs), 1e-12)
        dry, near = (shapely.length(shapely.intersection(stubs, s)) / whole for s in self._land)
        weight = 1.0 + (_NEAR_LAND - 1.0) * near + (_OVER_LAND - _NEAR_LAND) * dry
        return found, away[found] * weight


def _told(place: Place) -> str:
    return f"{place[0]:.2f} E, {place[1]:.2f} N"


def _vertices(lanes: gpd.GeoDataFrame) -> tuple[Points, Pairs]:
    shapes = shapely.force_2d(lanes.geometry.to_numpy())
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    coordinates, owner = shapely.get_coordinates(shapely.get_parts(shapes), return_index=True)
    points, index = np.unique(coordinates.round(_DECIMALS), axis=0, return_inverse=True)
    index = index.ravel()
    edges = np.column_stack([index[:-1], index[1:]])[owner[:-1] == owner[1:]]
    return points, edges[edges[:, 0] != edges[:, 1]].astype(np.intp)


def _box(points: Points) -> Box:
    (west, south), (east, north) = points.min(axis=0) - _MARGIN, points.max(axis=0) + _MARGIN
    return west, south, east, north


def _near(land: gpd.GeoDataFrame, box: Box) -> BaseGeometry:
    """Land round the lanes, as one geometry."""
    shapes = land.geometry.to_numpy()
    shapes = shapely.make_valid(shapes[~shapely.is_missing(shapes)])
    near: BaseGeometry = shapely.union_all(shapely.clip_by_rect(shapes, *box))
    return near


def _widened(land: BaseGeometry, km: float) -> BaseGeometry:
    """Land and the water beside it, at the width that a degree has in the middle."""
    if land.is_empty:
        return land
    _, south, _, north = shapely.bounds(land)
    squeeze = np.array([np.cos(np.radians((south + north) / 2)), 1.0])
    wide = shapely.transform(land, lambda c: c * squeeze).buffer(km / _DEGREE_KM)
    back: BaseGeometry = shapely.transform(wide, lambda c: c / squeeze)
    return back


def _off_shore(land: BaseGeometry, clear_km: float, box: Box) -> Points:
    """Points round capes and islands, a little farther off than ships must stay."""
    slack = 0.5 * clear_km
    outline = shapely.simplify(_widened(land, clear_km + 1.5 * slack), slack / _DEGREE_KM)
    points = np.unique(shapely.get_coordinates(outline).round(_DECIMALS), axis=0)
    west, south, east, north = box
    x, y = points.T
    within = (x > west) & (x < east) & (y > south) & (y < north)
    return np.asarray(points[within], dtype=np.float64)


def _shortcuts(points: Points, wide: BaseGeometry) -> Pairs:
    """Pairs of points whose great circle stays off the land."""
    tail, head = np.triu_indices(len(points), 1)
    short = geodesic_km(points[tail], points[head]) <= _LONGEST_KM
    tail, head = tail[short], head[short]
    clear = ~shapely.intersects(wide, _great_circles(points[tail], points[head]))
    return np.column_stack([tail[clear], head[clear]])


def _great_circles(start: Points, end: Points) -> npt.NDArray[np.object_]:
    """Lines of short pieces along great circles of a sphere."""
    a, b = on_sphere(start), on_sphere(end)
    longest = np.degrees(np.arccos(np.clip((a * b).sum(axis=1), -1.0, 1.0))).max(initial=0.0)
    share = np.linspace(0.0, 1.0, max(2, int(np.ceil(longest / _STEP_DEGREES)) + 1))[:, None]
    # Chords cut at even shares: what matters is the line, not where its points lie.
    between = a[:, None, :] * (1.0 - share) + b[:, None, :] * share
    lon = np.degrees(np.arctan2(between[..., 1], between[..., 0]))
    lat = np.degrees(np.arctan2(between[..., 2], np.hypot(between[..., 0], between[..., 1])))
    return np.asarray(shapely.linestrings(np.stack([lon, lat], axis=-1)))
