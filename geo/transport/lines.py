"""Where a link really runs: the way along a layer of railways or roads between two places.

Used for drawing and for `geometry_km`; money goes by the tariff distance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import scipy
import shapely
from pyproj import CRS
from shapely import LineString

from geo.errors import CrsError
from geo.transport.tables import GEOD

__all__ = ["Drawn", "LineNetwork", "Place", "SeaLanes", "chain", "on_sphere", "straight"]

Place = tuple[float, float]

_RADIUS_KM = 6371.0
_STEP_DEGREES = 0.05
_DECIMALS = 6


@dataclass(frozen=True)
class Drawn:
    """A line in EPSG:4326, its length [km], and whether it is only a straight one."""

    line: LineString
    km: float
    straight: bool


def straight(start: Place, end: Place) -> Drawn:
    """Join two places by a straight line.

    Examples
    --------
    >>> round(straight((0.0, 0.0), (0.0, 1.0)).km, 1)
    110.6
    """
    return Drawn(LineString([start, end]), GEOD.inv(*start, *end)[2] / 1000.0, True)


class LineNetwork:
    """Least way along a layer of lines that share their vertices.

    Parameters
    ----------
    lines : GeoDataFrame
        LineStrings in EPSG:4326.
    snap_km : float
        Greatest distance from a place to the line that serves it [km]. Assumption: many
        places of a fact table are known to some 15 km only.
    detour : float
        A way longer than this many times the tariff distance is not the link's own.
        Assumption.
    off_line : float
        Times that a kilometre off the lines counts when ways are compared. Assumption:
        it keeps stubs short.
    candidates : int
        Vertices near each place that are tried.

    Raises
    ------
    CrsError
        If the lines are not in EPSG:4326.
    """

    def __init__(
        self,
        lines: gpd.GeoDataFrame,
        *,
        snap_km: float = 25.0,
        detour: float = 1.35,
        off_line: float = 3.0,
        candidates: int = 6,
    ) -> None:
        if lines.crs is None or CRS.from_user_input(lines.crs) != CRS.from_epsg(4326):
            raise CrsError("the lines are not in EPSG:4326: reproject with lines.to_crs(4326)")
        self.snap_km = snap_km
        self.detour = detour
        self.off_line = off_line
        self.candidates = candidates
        self._points, self._graph = _graph(lines)
        self._tree = scipy.spatial.cKDTree(on_sphere(self._points)) if len(self._points) else None

    def way(self, start: Place, end: Place, tariff_km: float) -> Drawn:
        """Way between two places, straight where the lines join them not or by a long detour.

        Parameters
        ----------
        start, end : (lon, lat)
            [degrees]
        tariff_km : float
            Length that the link is charged for [km].

        Returns
        -------
        Drawn
        """
        heads, near_head = self._near(start)
        tails, near_tail = self._near(end)
        if not (len(heads) and len(tails)):
            return straight(start, end)
        limit = self.detour * tariff_km
        lengths, before = scipy.sparse.csgraph.dijkstra(
            self._graph, directed=False, indices=heads, return_predecessors=True, limit=limit
        )
        stubs = self.off_line * (near_head[:, None] + near_tail[None, :])
        total = lengths[:, tails] + stubs
        i, j = np.unravel_index(int(np.argmin(total)), total.shape)
        if not np.isfinite(total[i, j]):
            return straight(start, end)
        inner = self._points[chain(before[i], int(tails[j]))]
        drawn = _line([start, *map(tuple, inner), end])
        return drawn if drawn.km <= limit else straight(start, end)

    def _near(self, place: Place) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        if self._tree is None:
            return np.empty(0, np.intp), np.empty(0)
        chord = 2 * np.sin(self.snap_km / _RADIUS_KM / 2)
        found, near = self._tree.query(
            on_sphere(np.array([place])),
            k=range(1, self.candidates + 1),
            distance_upper_bound=chord,
        )
        distance, index = np.asarray(found)[0], np.asarray(near)[0].astype(np.intp)
        within = np.isfinite(distance)
        return index[within], 2 * np.arcsin(distance[within] / 2) * _RADIUS_KM


class SeaLanes:
    """Lanes by the pair of ports that they join.

    Parameters
    ----------
    lanes : GeoDataFrame
        LineStrings in EPSG:4326 with the columns ``from`` and ``to``.
    """

    def __init__(self, lanes: gpd.GeoDataFrame) -> None:
        self._lanes: Mapping[tuple[str, str], LineString] = {
            (str(a), str(b)): shapely.force_2d(line)
            for a, b, line in zip(lanes["from"], lanes["to"], lanes.geometry, strict=True)
        }

    def lane(self, start_id: str, end_id: str, start: Place, end: Place) -> Drawn:
        """Lane between two ports, straight where the layer has none."""
        if (start_id, end_id) in self._lanes:
            inner = list(self._lanes[start_id, end_id].coords)
        elif (end_id, start_id) in self._lanes:
            inner = list(self._lanes[end_id, start_id].coords)[::-1]
        else:
            return straight(start, end)
        return _line([start, *inner, end])


def chain(before: npt.NDArray[np.int32], end: int) -> list[int]:
    """Vertices from where a search began to `end`, both included."""
    vertices = [end]
    while before[vertices[-1]] >= 0:
        vertices.append(int(before[vertices[-1]]))
    return vertices[::-1]


def _graph(lines: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.float64], "scipy.sparse.csr_array"]:
    # Extra vertices let a place join a long straight line between its ends.
    shapes = shapely.segmentize(shapely.force_2d(lines.geometry.to_numpy()), _STEP_DEGREES)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    coordinates, owner = shapely.get_coordinates(shapely.get_parts(shapes), return_index=True)
    points, vertex = np.unique(coordinates.round(_DECIMALS), axis=0, return_inverse=True)
    vertex = vertex.ravel()
    joined = owner[1:] == owner[:-1]
    tail, head = vertex[:-1][joined], vertex[1:][joined]
    moved = tail != head
    tail, head = np.minimum(tail, head)[moved], np.maximum(tail, head)[moved]
    edges = np.unique(np.column_stack([tail, head]), axis=0)
    a, b = points[edges[:, 0]], points[edges[:, 1]]
    km = np.asarray(GEOD.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2]) / 1000.0
    size = len(points)
    return points, scipy.sparse.csr_array((km, (edges[:, 0], edges[:, 1])), shape=(size, size))


def on_sphere(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Points of lon and lat [degrees] on the unit sphere."""
    lon, lat = np.radians(points).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _line(places: list[Place]) -> Drawn:
    kept = [places[0], *(b for a, b in pairwise(places) if a != b)]
    line = LineString(kept if len(kept) > 1 else [places[0], places[-1]])
    return Drawn(line, abs(GEOD.geometry_length(line)) / 1000.0, False)
