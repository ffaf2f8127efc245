"""Railways and trunk roads of OpenStreetMap, as the graphs of scgraph-data hold them.

The package ships each network as a Python module: a list of rounded junctions and, for every
junction, its neighbours with their distance. The text is read as data. Between junctions the
lines are straight, so a road through empty country may be one edge of hundreds of kilometres.
"""

import heapq
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Geod
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from layers.build.common import pypi_file

__all__ = [
    "GEOD",
    "Graph",
    "bend",
    "countries_of",
    "densify",
    "joined",
    "merge_lines",
    "prune",
    "read_graph",
    "straight_km",
    "thin",
    "ways",
    "within",
]

GEOD = Geod(ellps="WGS84")
_RADIUS_KM = 6371.0
_STUB_COST = 3.0
"""Times that a kilometre between a place and the line counts: keeps stubs short."""
_LAND_COST = 30.0
"""The same for a kilometre over what is to be avoided: ships go round a peninsula."""
_CANDIDATES = 60

Array = npt.NDArray[Any]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Graph:
    """Undirected network: ``points`` (n, 2) lon and lat [degrees], ``edges`` (m, 2) indices."""

    points: Array
    edges: Array

    @property
    def km(self) -> Array:
        """Geodesic length of every edge [km]."""
        a, b = self.points[self.edges[:, 0]], self.points[self.edges[:, 1]]
        return np.asarray(GEOD.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2]) / 1000

    @property
    def lines(self) -> Array:
        """Every edge as a line of two points."""
        return shapely.linestrings(self.points[self.edges])

    def keep(self, chosen: Array | slice) -> "Graph":
        """Graph with the chosen edges only, and the points that they use."""
        used, index = np.unique(self.edges[chosen], return_inverse=True)
        return Graph(self.points[used], index.reshape(-1, 2))


def read_graph(module: str) -> Graph:
    """Network of the whole world in one module of scgraph-data.

    Parameters
    ----------
    module : {"world_railways", "world_highways"}

    Returns
    -------
    Graph
    """
    text = pypi_file("scgraph-data", f"scgraph_data/{module}.py").decode("ascii")
    parts = dict(
        line.split("=", 1) for line in text.splitlines() if line[:6] in ("graph=", "nodes=")
    )
    neighbours = re.findall(r"\{([^}]*)\}", parts["graph"])
    counts = [row.count(":") for row in neighbours]
    tail = np.repeat(np.arange(len(neighbours)), counts)
    head = np.array(re.findall(r"(\d+):", parts["graph"]), dtype=np.int64)
    edges = np.column_stack([tail, head])[tail < head]  # stored twice, and loops
    points = np.array(json.loads(parts["nodes"]), dtype=np.float64)[:, ::-1]
    if len(points) != len(neighbours) or edges.max() >= len(points):
        raise ValueError(f"scgraph-data: {module} names points that it does not hold")
    return Graph(points, edges)


def joined(one: Graph, other: Graph) -> Graph:
    """Graph of the edges of two; points of both at the same place become one."""
    points, index = np.unique(
        np.concatenate([one.points, other.points]), axis=0, return_inverse=True
    )
    edges = np.concatenate([one.edges, other.edges + len(one.points)])
    return Graph(points, index.ravel()[edges]).keep(slice(None))


def within(graph: Graph, box: Box) -> Graph:
    """Edges whose two ends lie in a box: west, south, east, north [degrees]."""
    west, south, east, north = box
    lon, lat = graph.points.T
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return graph.keep(inside[graph.edges].all(axis=1))


def countries_of(graph: Graph, countries: gpd.GeoDataFrame) -> Array:
    """ISO code of the country in which the middle of each edge lies, "" at sea."""
    middle = graph.points[graph.edges].mean(axis=1)
    found = np.full(len(middle), "", dtype=object)
    for code, shape in zip(countries["iso_a2"], countries.geometry, strict=True):
        shapely.prepare(shape)
        found[shapely.contains_xy(shape, middle)] = code
    return found


# ---------------------------------------------------------------- bending long edges


def _beside(line: Array, place: Array) -> tuple[float, float]:
    """Distance [km] of a place from an edge, and how much longer the way by the place is."""
    (ax, ay), (bx, by), (px, py) = line[0], line[1], place
    legs = GEOD.inv([ax, px, ax], [ay, py, ay], [px, bx, bx], [py, by, by])[2]
    stretch = (legs[0] + legs[1]) / max(legs[2], 1.0)
    scale = np.cos(np.radians(py))
    flat = shapely.linestrings([(ax * scale, ay), (bx * scale, by)])
    offset = shapely.distance(flat, shapely.points(px * scale, py)) * 111.2
    return float(offset), float(stretch)


def bend(
    graph: Graph, places: Array, *, longer_than: float, offset_km: float, stretch: float
) -> Graph:
    """Lead long straight edges through the known places that lie beside them.

    Parameters
    ----------
    graph : Graph
    places : (n, 2) array
        Lon and lat of stations or towns that the line is known to pass [degrees].
    longer_than : float
        Shorter edges stay as they are [km].
    offset_km : float
        Greatest distance between place and edge [km].
    stretch : float
        Greatest length by way of the place, as a multiple of the straight edge.

    Returns
    -------
    Graph
    """
    points, edges = list(map(tuple, graph.points)), []
    first = len(points)
    points += list(map(tuple, places))
    for (a, b), km in zip(graph.edges.tolist(), graph.km, strict=True):
        stops = []
        if km > longer_than:
            line = graph.points[[a, b]]
            for number, place in enumerate(places):
                away, longer = _beside(line, place)
                if away <= offset_km and longer <= stretch:
                    stops.append((GEOD.inv(*line[0], *place)[2], first + number))
        chain = [a, *(number for _, number in sorted(stops)), b]
        edges += pairwise(chain)
    bent = Graph(np.array(points), np.array(edges))
    return bent.keep(np.ones(len(edges), dtype=bool))


# ---------------------------------------------------------------- the way of one link


def densify(graph: Graph, step_km: float) -> Graph:
    """Add points along edges longer than a step, so that a place can join between junctions."""
    counts = np.maximum(np.ceil(graph.km / step_km).astype(int), 1)
    new_points, new_edges, size = [graph.points], [graph.edges[counts == 1]], len(graph.points)
    for (a, b), count in zip(graph.edges[counts > 1], counts[counts > 1], strict=True):
        shares = np.arange(1, count)[:, None] / count
        new_points.append(graph.points[a] * (1 - shares) + graph.points[b] * shares)
        chain = np.array([a, *range(size, size + count - 1), b])
        new_edges.append(np.column_stack([chain[:-1], chain[1:]]))
        size += count - 1
    return Graph(np.concatenate(new_points), np.concatenate(new_edges))


def _on_sphere(points: Array) -> Array:
    lon, lat = np.radians(points).T
    return _RADIUS_KM * np.column_stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    )


def _stub_costs(from_points: Array, to_points: Array, km: Array, avoid: Any) -> Array:
    """Cost of the straight pieces between places and lines."""
    if avoid is None:
        return km * _STUB_COST
    stubs = shapely.linestrings(np.stack([from_points, to_points], axis=1))
    # A place on the line itself has a stub of length 0, which is over nothing.
    over = shapely.length(shapely.intersection(stubs, avoid)) / np.maximum(
        shapely.length(stubs), 1e-12
    )
    return km * (_STUB_COST + _LAND_COST * over)


def _with_places(
    graph: Graph, places: Array, reach_km: float, avoid: Any
) -> tuple[csr_array, Array]:
    """Matrix of lengths, with every place as one more point, joined to the lines near it."""
    tree = cKDTree(_on_sphere(graph.points))
    away, near = tree.query(_on_sphere(places), k=_CANDIDATES, distance_upper_bound=reach_km)
    place, column = np.nonzero(np.isfinite(away))
    near, away = near[place, column], away[place, column]
    size = len(graph.points) + len(places)
    stubs = np.column_stack([near, len(graph.points) + place])
    costs = _stub_costs(places[place], graph.points[near], away, avoid)
    edges = np.concatenate([graph.edges, stubs])
    # A length of 0 would be no edge at all in a sparse matrix.
    weights = np.maximum(np.concatenate([graph.km, costs]), 1e-6)
    return csr_array((weights, edges.T), shape=(size, size)), np.concatenate([graph.points, places])


def ways(
    graph: Graph,
    nodes: Mapping[str, tuple[float, float]],
    pairs: Array,
    reach_km: float,
    *,
    limit_km: float = np.inf,
    avoid: Any = None,
) -> list[shapely.LineString | None]:
    """Shortest line along a network between pairs of places.

    Parameters
    ----------
    graph : Graph
    nodes : mapping
        Lon and lat of each place [degrees].
    pairs : (n, 2) array of str
        Places to join.
    reach_km : float
        Greatest distance between a place and the line that serves it [km].
    limit_km : float, optional
        Ways longer than it are not sought [km].
    avoid : Geometry, optional
        Region that the pieces between places and lines had better not cross.

    Returns
    -------
    list
        A line from place to place, or None where the network joins them not.
    """
    names = sorted({name for pair in pairs for name in pair})
    places = np.array([nodes[name] for name in names])
    if avoid is not None:
        shapely.prepare(avoid)
    matrix, points = _with_places(graph, places, reach_km, avoid)
    first, limit = len(graph.points), limit_km + 2 * reach_km * _STUB_COST
    found = []
    for start, end in pairs:
        a, b = first + names.index(start), first + names.index(end)
        lengths, before = dijkstra(
            matrix, directed=False, indices=a, return_predecessors=True, limit=limit
        )
        if not np.isfinite(lengths[b]):
            found.append(None)
            continue
        chain = [b]
        while chain[-1] != a:
            chain.append(int(before[chain[-1]]))
        line = shapely.LineString(points[chain[::-1]])
        found.append(shapely.remove_repeated_points(line))
    return found


# ---------------------------------------------------------------- fewer and longer lines


def _snapped(graph: Graph, fine: Array, steps: tuple[float, float]) -> Graph:
    """Round points to a step: the first one where `fine`, the second elsewhere."""
    step = np.where(fine, *steps)[:, None]
    points, index = np.unique(
        np.round(np.round(graph.points / step) * step, 6), axis=0, return_inverse=True
    )
    edges = np.sort(index.ravel()[graph.edges], axis=1)
    return Graph(points, np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0))


def _reachable(near: dict[int, dict[int, float]], start: int, end: int, limit: float) -> bool:
    """Whether the network so far joins two points within a length."""
    best, queue = {start: 0.0}, [(0.0, start)]
    while queue:
        length, here = heapq.heappop(queue)
        if here == end:
            return True
        if length > best[here]:
            continue
        for there, km in near.get(here, {}).items():
            total = length + km
            if total <= limit and total < best.get(there, np.inf):
                best[there] = total
                heapq.heappush(queue, (total, there))
    return False


def thin(graph: Graph, fine: Array, *, steps: tuple[float, float], detour: float) -> Graph:
    """Leave out the lines that the rest of the network makes needless at a small scale.

    A greedy spanner: edges are taken from short to long, and one is dropped where those taken
    so far already join its ends by no more than `detour` times its length.

    Parameters
    ----------
    graph : Graph
    fine : (n,) bool array
        Points that are rounded to the first step; the others to the second.
    steps : tuple of float
        Rounding [degrees].
    detour : float

    Returns
    -------
    Graph

    References
    ----------
    Althöfer, I. et al. (1993). On sparse spanners of weighted graphs. Discrete &
    Computational Geometry 9, 81-100. https://doi.org/10.1007/BF02189308
    """
    snapped = _snapped(graph, fine, steps)
    near: dict[int, dict[int, float]] = {}
    kept = np.zeros(len(snapped.edges), dtype=bool)
    lengths = snapped.km
    for number in np.argsort(lengths, kind="stable"):
        (a, b), km = snapped.edges[number].tolist(), float(lengths[number])
        if not _reachable(near, a, b, detour * km):
            near.setdefault(a, {})[b] = near.setdefault(b, {})[a] = km
            kept[number] = True
    return snapped.keep(kept)


def prune(graph: Graph, shorter_km: float, spare: shapely.Geometry) -> Graph:
    """Cut dead ends that are shorter than a length, with what their cutting lays bare.

    Parameters
    ----------
    graph : Graph
    shorter_km : float
        Edges of dead ends below it are cut [km].
    spare : Polygon
        Region in which nothing is cut.

    Returns
    -------
    Graph
    """
    spared = shapely.intersects(graph.lines, spare)
    while True:
        ends = np.bincount(graph.edges.ravel(), minlength=len(graph.points))[graph.edges]
        dead = (ends == 1).any(axis=1) & (graph.km < shorter_km) & ~spared
        if not dead.any():
            return graph
        graph, spared = graph.keep(~dead), spared[~dead]


def straight_km(lines: Array) -> Array:
    """Longest straight piece of every line [km]: how far it may stray from the truth."""
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    a, b = coordinates[:-1], coordinates[1:]
    km = np.asarray(GEOD.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2]) / 1000
    longest = pd.Series(km[owner[:-1] == owner[1:]]).groupby(owner[:-1][owner[:-1] == owner[1:]])
    return np.asarray(longest.max().reindex(range(len(lines))))


def merge_lines(graph: Graph, country: Array, tolerance: Mapping[str, float]) -> gpd.GeoDataFrame:
    """Join edges between junctions, country by country, and simplify them.

    Parameters
    ----------
    graph : Graph
    country : (m,) array of str
        Of every edge.
    tolerance : mapping
        Simplification by country [degrees]; the key "" serves the others.

    Returns
    -------
    GeoDataFrame
        ``country`` and the lines, EPSG:4326.
    """
    names, shapes = [], []
    for name in sorted(set(country)):
        merged = shapely.line_merge(shapely.MultiLineString(list(graph.lines[country == name])))
        parts = shapely.get_parts(merged)
        parts = shapely.simplify(parts, tolerance.get(name, tolerance[""]))
        shapes.append(shapely.normalize(parts))
        names += [name or None] * len(parts)
    frame = gpd.GeoDataFrame({"country": names}, geometry=np.concatenate(shapes), crs="EPSG:4326")
    return frame[shapely.length(frame.geometry.to_numpy()) > 0].reset_index(drop=True)
