"""The quiet base of the web map: layers thinned to what a screen can show.

Lines and areas are simplified, cut to the map's extent, rounded to a grid of 0.001 degrees
and written as short text, so that a page holds a continent's outline in some ten kilobytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from geo.publish.content import Content, LayerView

__all__ = ["QUANTUM", "Extent", "Shape", "decode", "encode", "extent_of", "shapes"]

QUANTUM = 0.001
"""Step of the rounded coordinates [degrees]."""

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES: Mapping[str, int] = MappingProxyType({c: k for k, c in enumerate(_DIGITS)})

_POLE = 84.0
_FADE_REACH = 0.22
_FADES = ((1.0, 1.0), (0.75, 0.8), (0.5, 0.6), (0.3, 0.4), (0.14, 0.22))

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Extent:
    """What the map may show, and the part that its first view is about [degrees]."""

    core: tuple[float, float, float, float]
    full: tuple[float, float, float, float]


@dataclass(frozen=True)
class Shape:
    """Encoded lines (``area`` false) or rings that are drawn in one style.

    `fade` is the share of the style's opacity, for networks that end with their layer.
    """

    role: str
    area: bool
    codes: str
    fade: float = 1.0


def encode(parts: Iterable[Points]) -> str:
    """Write lines as text: differences of rounded coordinates, six bits a character.

    Parameters
    ----------
    parts : iterable of (n, 2) arrays
        Longitude and latitude [degrees].

    Returns
    -------
    str
        Letters, digits, ``-`` and ``_``; parts end with ``.``

    Examples
    --------
    >>> decode(encode([np.array([[106.917, 47.919], [106.92, 47.9]])]))[0].tolist()
    [[106.917, 47.919], [106.92, 47.9]]
    """
    out: list[str] = []
    before = (0, 0)
    for part in parts:
        cells = np.round(part / QUANTUM).astype(np.int64)
        moved = np.any(np.diff(cells, axis=0) != 0, axis=1)
        kept = cells[np.concatenate([[True], moved])]
        if len(kept) < 2:
            continue
        for x, y in kept.tolist():
            out.append(_digits(x - before[0]) + _digits(y - before[1]))
            before = (x, y)
        out.append(".")
    return "".join(out)


def _digits(value: int) -> str:
    rest = value * 2 if value >= 0 else -value * 2 - 1
    text = ""
    while rest > 31:
        text += _DIGITS[32 + rest % 32]
        rest //= 32
    return text + _DIGITS[rest]


def decode(codes: str) -> list[Points]:
    """Read what `encode` wrote.

    Returns
    -------
    list of (n, 2) arrays
        Longitude and latitude [degrees], rounded to `QUANTUM`.
    """
    parts: list[Points] = []
    place = np.zeros(2, dtype=np.int64)
    for text in codes.split(".")[:-1]:
        steps: list[int] = []
        value = shift = 0
        for character in text:
            digit = _VALUES[character]
            value |= (digit & 31) << shift
            shift += 5
            if digit < 32:
                steps.append(-(value + 1) // 2 if value % 2 else value // 2)
                value = shift = 0
        cells = place + np.cumsum(np.array(steps).reshape(-1, 2), axis=0)
        place = cells[-1]
        parts.append(np.round(cells * QUANTUM, 3))
    return parts


def extent_of(content: Content) -> Extent:
    """Extent of a study's map: region and routes, with ample room around them."""
    boxes = [content.region.total_bounds]
    routes = content.routes.geometry
    drawn = routes[~(routes.isna() | routes.is_empty)]
    if not drawn.empty:
        boxes.append(drawn.total_bounds)
    stack = np.array(boxes)
    west, south = (float(v) for v in stack[:, :2].min(axis=0))
    east, north = (float(v) for v in stack[:, 2:].max(axis=0))
    wide = max(east - west, 2.0)
    low, high = _stretched(max(south, -_POLE)), _stretched(min(north, _POLE))
    span = max(wide, high - low)
    # A tall phone shows the core above its sheet: most room is needed below.
    full = (
        max(west - 1.2 * span, -180.0),
        _latitude(low - 1.9 * span),
        min(east + 1.2 * span, 180.0 if east <= 180 else 360.0),
        _latitude(high + 1.2 * span),
    )
    return Extent((west, south, east, north), tuple(round(v, 3) for v in full))  # type: ignore[arg-type]


def _stretched(latitude: float) -> float:
    """Height in a Mercator map [degrees at the equator]."""
    return float(np.degrees(np.arctanh(np.sin(np.radians(latitude)))))


def _latitude(stretched: float) -> float:
    return float(np.clip(np.degrees(np.arcsin(np.tanh(np.radians(stretched)))), -_POLE, _POLE))


def shapes(content: Content, extent: Extent) -> list[Shape]:
    """All that lies still under the data, bottom first.

    Parameters
    ----------
    content : Content
    extent : Extent
        From `extent_of`.

    Returns
    -------
    list of Shape
    """
    window = shapely.box(*extent.full)
    region = shapely.union_all(content.region.to_crs(4326).geometry.values)
    rough = region.simplify(0.03)
    by_role = _by_role(content.layers)
    countries = _coverage(by_role.get("countries", []))
    land = _land(_geometries(by_role.get("land", [])), countries, window)
    out = [
        Shape("land", True, encode(_rings([land]))),
        Shape("region", True, encode(_rings([region.simplify(0.004)]))),
        Shape("border", False, encode(_lines([_shared_borders(countries, rough)]))),
    ]
    for role, tolerance in (("provinces", 0.01), ("rivers", 0.008)):
        lines = [_as_lines(g) for g in _geometries(by_role.get(role, []))]
        merged = _merged(lines, tolerance).intersection(window)
        out += _faded(role, merged, rough, always=role == "provinces")
    out.append(Shape("disputed", False, encode(_lines(_geometries(by_role.get("disputed", []))))))
    for role, tolerance in (("water", 0.006), ("protected", 0.01)):
        areas = [g.simplify(tolerance) for g in _geometries(by_role.get(role, []))]
        out.append(Shape(role, True, encode(_rings([g for g in areas if g.area > 0.004]))))
    for role, tolerance in (("roads", 0.012), ("rail", 0.012)):
        merged = _merged(_geometries(by_role.get(role, [])), tolerance).intersection(window)
        out += _faded(role, merged, rough)
    out.append(Shape("outline", True, encode(_rings([region.simplify(0.004)]))))
    return [shape for shape in out if shape.codes]


def _by_role(layers: Sequence[LayerView]) -> dict[str, list[gpd.GeoDataFrame]]:
    found: dict[str, list[gpd.GeoDataFrame]] = {}
    for layer in layers:
        found.setdefault(layer.role, []).append(layer.frame.to_crs(4326))
    return found


def _geometries(frames: Sequence[gpd.GeoDataFrame]) -> list[BaseGeometry]:
    return [
        shape
        for frame in frames
        for shape in frame.geometry
        if shape is not None and not shape.is_empty
    ]


def _coverage(frames: Sequence[gpd.GeoDataFrame]) -> list[BaseGeometry]:
    # Simplified together, neighbours keep one common border.
    raw = [shapely.make_valid(shape) for shape in _geometries(frames)]
    if not raw:
        return []
    return [shapely.make_valid(g) for g in shapely.coverage_simplify(np.array(raw), 0.02)]


def _land(
    world: Sequence[BaseGeometry], countries: Sequence[BaseGeometry], window: BaseGeometry
) -> BaseGeometry:
    """World land, its coast replaced by the finer one where countries are known."""
    around = [translate(g, turn) for g in world for turn in (-360.0, 0.0, 360.0)]
    coarse = [shapely.make_valid(g).intersection(window) for g in around if g.intersects(window)]
    # A polygon that had to be repaired may leave bare lines behind.
    far = shapely.union_all([_areas(g) for g in coarse])
    if not countries:
        return far.simplify(0.05)
    near = _areas(shapely.union_all(list(countries)).intersection(window))
    fringe = near.simplify(0.1).buffer(1.0, quad_segs=3)
    rest = far.difference(near)
    # What the coarse coast leaves beside the finer one are slivers; land beyond is broad.
    beside = rest.intersection(fringe).buffer(-0.2).buffer(0.22)
    distant = rest.difference(fringe.buffer(-0.01)).simplify(0.06)
    joined = shapely.union_all([near, distant, beside])
    kept = [g for g in shapely.get_parts(joined) if g.area > 0.01]
    return shapely.MultiPolygon(
        [_areas(g.simplify(0.01)) for g in kept if g.geom_type == "Polygon"]
    )


def _areas(shape: BaseGeometry) -> BaseGeometry:
    parts = [g for g in shapely.get_parts(shape) if g.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts)


def _shared_borders(countries: Sequence[BaseGeometry], region: BaseGeometry) -> BaseGeometry:
    edges = [shape.boundary for shape in countries]
    shared = [
        edges[i].intersection(edges[j])
        for i in range(len(edges))
        for j in range(i)
        if edges[i].intersects(edges[j])
    ]
    # The study's own outline is drawn apart, from its own layer.
    return shapely.union_all(shared).difference(region.boundary.buffer(0.1))


def _as_lines(shape: BaseGeometry) -> BaseGeometry:
    return shape.boundary if shape.geom_type.endswith("Polygon") else shape


def _merged(lines: Sequence[BaseGeometry], tolerance: float) -> BaseGeometry:
    joined = shapely.union_all([g for g in lines if not g.is_empty])
    if joined.geom_type == "MultiLineString":
        joined = shapely.line_merge(joined)
    parts = [g for g in shapely.get_parts(joined) if g.length > 4 * tolerance]
    return shapely.MultiLineString(
        [g.simplify(tolerance) for g in parts if g.geom_type == "LineString"]
    )


def _faded(
    role: str, lines: BaseGeometry, region: BaseGeometry, *, always: bool = False
) -> list[Shape]:
    """Split a network into bands so that it thins out before its layer ends."""
    if lines.is_empty:
        return []
    if always:
        return [Shape(role, False, encode(_lines([lines])))]
    west, south, east, north = lines.bounds
    reach = _FADE_REACH * max(min(east - west, north - south), 0.5)
    home = region.buffer(0.1 * reach)
    out = []
    rest = lines
    for fade, inner in _FADES:
        step = inner * reach
        if east - west <= 2 * step or north - south <= 2 * step:
            area = home
        else:
            area = shapely.box(west + step, south + step, east - step, north - step)
        if fade == 1.0:
            area = shapely.union_all([area, home])
        out.append(Shape(role, False, encode(_lines([rest.intersection(area)])), fade))
        rest = rest.difference(area)
    return out


def _rings(shapes_: Iterable[BaseGeometry]) -> list[Points]:
    rings: list[Points] = []
    for shape in shapes_:
        for part in shapely.get_parts(shape):
            if part.geom_type == "Polygon":
                rings += [np.asarray(r.coords)[:, :2] for r in (part.exterior, *part.interiors)]
    return [ring for ring in rings if len(ring) > 3]


def _lines(shapes_: Iterable[BaseGeometry]) -> list[Points]:
    lines: list[Points] = []
    for shape in shapes_:
        flat = shapely.get_parts(shapely.get_parts(shape))
        parts = shapely.get_parts(
            shapely.line_merge(
                shapely.MultiLineString(
                    [g for g in flat if g.geom_type == "LineString" and not g.is_empty]
                )
            )
        )
        lines += [np.asarray(part.coords)[:, :2] for part in parts]
    return lines
