"""Mending geometries and finding what is doubtful about them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.catalogue.findings import note, refuse
from geo.errors import EmptyLayerError

__all__ = [
    "Repaired",
    "checked",
    "doubts",
    "near_duplicates",
    "repair",
    "survey",
    "tell_null_island",
]

_Shapes = npt.NDArray[np.object_]
_POLYGONS = (3, 6)
_SIMPLE = (0, 1, 4, 5)
_FAR = 10.0


@dataclass(frozen=True)
class Repaired:
    """Geometries after a repair: all of them, and which were changed.

    `ids` are the positions of the geometries that were invalid; `reasons` says what was wrong
    with each, in GEOS's words. Those at the positions `lost` have coordinates that are no
    numbers: nothing can mend them, and they are missing (None) now.
    """

    geometries: _Shapes
    ids: npt.NDArray[np.intp]
    reasons: tuple[str, ...]
    lost: npt.NDArray[np.intp]

    @property
    def count(self) -> int:
        """How many geometries were mended."""
        return len(self.ids) - len(self.lost)


def repair(geometries: Sequence[Any] | _Shapes) -> Repaired:
    """Make invalid geometries valid and say which were changed.

    Self-intersections, overlapping parts, nested holes and spikes are mended so that every
    part of the plane that lay inside by the even-odd rule still does (GEOS MakeValid, linework
    method); parts that collapse to lines or points are dropped from areas; a ring that
    crosses itself becomes a line. Valid geometries come back as they are, the same objects;
    missing ones stay missing.

    Parameters
    ----------
    geometries : (n,) sequence of geometries or None

    Returns
    -------
    Repaired
        With n geometries, all valid or missing.

    Examples
    --------
    >>> bow = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    >>> mended = repair([shapely.Point(0, 0), bow])
    >>> mended.count, mended.ids.tolist(), mended.geometries[1].area
    (1, [1], 2.0)
    """
    shapes: _Shapes = np.array(geometries, dtype=object)
    ids = np.flatnonzero(~shapely.is_valid(shapes) & ~shapely.is_missing(shapes))
    if not len(ids):
        return Repaired(shapes, ids, (), ids)
    reasons = tuple(str(reason) for reason in shapely.is_valid_reason(shapes[ids]))
    places, owners = shapely.get_coordinates(shapes[ids], include_z=False, return_index=True)
    lost = ids[np.unique(owners[~np.isfinite(places).all(axis=1)])]
    shapes[lost] = None
    left = np.setdiff1d(ids, lost)
    rings = left[shapely.get_type_id(shapes[left]) == 2]
    shapes[rings] = [shapely.LineString(shape.coords) for shape in shapes[rings]]
    areal = left[np.isin(shapely.get_type_id(shapes[left]), _POLYGONS)]
    shapes[left] = shapely.make_valid(shapes[left])
    shapes[areal] = [_areas(shape) for shape in shapes[areal]]
    return Repaired(shapes, ids, reasons, lost)


def _areas(shape: Any) -> Any:
    """Areal part of a mended polygon; what collapsed altogether stays as it is."""
    if shape.geom_type != "GeometryCollection":
        return shape
    parts = [
        part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")
    ]
    if not parts:
        return shape
    return shapely.union_all(parts) if len(parts) > 1 else parts[0]


def checked(
    path: Path, identifier: str, frame: gpd.GeoDataFrame, *, allow_empty: bool
) -> gpd.GeoDataFrame:
    """Leave out features without geometry and mend invalid ones, each with its count.

    A frame in which nothing had to be changed comes back as the same object.

    Raises
    ------
    LayerError
        If a coordinate is no number.
    EmptyLayerError
        If no feature has a geometry and `allow_empty` does not hold.
    """
    shapes: _Shapes = frame.geometry.to_numpy()
    lost = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    places, owners = shapely.get_coordinates(shapes, return_index=True)
    _require_finite(path, places, owners)
    odd = _repeating(shapes, places, owners)
    if lost.any():
        frame = _without(path, identifier, frame, lost, allow_empty=allow_empty)
        shapes, odd = frame.geometry.to_numpy(), odd[~lost]
    if odd.any():
        frame = _lines(path, frame, shapes, odd)
        shapes = frame.geometry.to_numpy()
    elif np.isin(shapely.get_type_id(shapes), _SIMPLE).all():
        # Points and lines of finite coordinates, none twice in a row, cannot be invalid.
        return frame
    mended = repair(shapes)
    if mended.count:
        said = ", ".join(str(i + 1) for i in mended.ids[:5])
        what = (
            f"{mended.count} of {len(frame)} geometries were invalid: repaired "
            f"(features {said}: {mended.reasons[0].split('[')[0].lower()})"
        )
        note(path, "repair", "geometry-invalid", what, count=mended.count)
        frame = _collapsed(path, _with(frame, mended.geometries), shapes)
    return frame


def _with(frame: gpd.GeoDataFrame, shapes: _Shapes) -> gpd.GeoDataFrame:
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _repeating(
    shapes: _Shapes, places: npt.NDArray[np.float64], owners: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Which lines may hold one vertex twice in a row: some do, the others for certain not."""
    found = np.zeros(len(shapes), dtype=bool)
    lines = np.isin(shapely.get_type_id(shapes), (1, 5))
    if lines.any():
        x, y = places[:, 0], places[:, 1]
        twice = (x[1:] == x[:-1]) & (y[1:] == y[:-1]) & (owners[1:] == owners[:-1])
        found[owners[1:][twice]] = True
        found &= lines
    return found


def _lines(
    path: Path, frame: gpd.GeoDataFrame, shapes: _Shapes, odd: npt.NDArray[np.bool_]
) -> gpd.GeoDataFrame:
    lines = np.flatnonzero(odd)
    short = shapely.length(shapes[lines]) == 0
    plain = shapely.remove_repeated_points(shapes[lines], 0.0)
    fewer = shapely.get_num_coordinates(plain) < shapely.get_num_coordinates(shapes[lines])
    fewer &= ~short
    if fewer.any():
        what = f"{int(fewer.sum())} lines repeated a vertex: the repetition was taken out"
        note(path, "repair", "vertex-repeated", what, count=int(fewer.sum()))
        shapes = shapes.copy()
        shapes[lines[fewer]] = plain[fewer]
        frame = _with(frame, shapes)
    if short.any():
        what = f"{int(short.sum())} lines have no length: left out"
        note(path, "warning", "line-zero", what, "correct them", count=int(short.sum()))
        frame = frame.drop(index=frame.index[lines[short]]).reset_index(drop=True)
    return frame


def _collapsed(path: Path, frame: gpd.GeoDataFrame, before: _Shapes) -> gpd.GeoDataFrame:
    areal = np.isin(shapely.get_type_id(before), (3, 6))
    lost = areal & ~np.isin(shapely.get_type_id(frame.geometry.to_numpy()), (3, 6))
    if not lost.any():
        return frame
    what = f"{int(lost.sum())} areas have no extent: left out"
    note(path, "warning", "area-zero", what, "correct them", count=int(lost.sum()))
    return frame[~lost].reset_index(drop=True)


def _without(
    path: Path, identifier: str, frame: gpd.GeoDataFrame,
    lost: npt.NDArray[np.bool_], *, allow_empty: bool,
) -> gpd.GeoDataFrame:  # fmt: skip
    if lost.all() and not allow_empty:
        what = f"no feature of layer {identifier!r} has a geometry"
        raise refuse(path, "layer-empty", what, "restore it", error=EmptyLayerError)
    what = f"{int(lost.sum())} of {len(frame)} features have no geometry: left out"
    note(path, "warning", "geometry-missing", what, "complete them", count=int(lost.sum()))
    return frame[~lost].reset_index(drop=True)


def _require_finite(
    path: Path, places: npt.NDArray[np.float64], owners: npt.NDArray[np.intp]
) -> None:
    if not np.isfinite(places).all():
        wrong = owners[~np.isfinite(places).all(axis=1)]
        what = f"feature {wrong[0] + 1} has coordinates that are no numbers"
        raise refuse(path, "coordinates-not-finite", what, "restore it")


def doubts(path: Path, frame: gpd.GeoDataFrame) -> None:
    """Tell what is doubtful about where geometries lie, at little cost."""
    if frame.crs is not None and frame.crs.is_geographic and not frame.empty:
        shapes: _Shapes = frame.geometry.to_numpy()
        tell_null_island(path, shapes)
        _tell_antimeridian(path, shapes)


def survey(path: Path, frame: gpd.GeoDataFrame, declared: str | None) -> None:
    """Tell what is doubtful about valid geometries: kinds, duplicates, lines as a network.

    Parameters
    ----------
    path : Path
    frame : GeoDataFrame
        With usable geometries in its own system.
    declared : str, optional
        Type of geometry that the file promises.
    """
    if frame.empty:
        return
    shapes: _Shapes = frame.geometry.to_numpy()
    _tell_types(path, shapes, declared)
    _tell_duplicates(path, frame, shapes)
    _tell_near(path, frame, shapes)
    _tell_network(path, shapes)


def _tell_network(path: Path, shapes: _Shapes) -> None:
    """Tell what would break lines when they are used as a network."""
    if not (shapely.get_type_id(shapes) == 1).all() or not 1 < len(shapes) <= 200_000:
        return
    looped = int((shapely.is_closed(shapes) & (shapely.length(shapes) > 0)).sum())
    if looped:
        what = f"{looped} lines end where they begin"
        note(path, "warning", "lines-looped", what, "check them in a network", count=looped)
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="crosses")
    once = first < second
    first, second = first[once], second[once]
    ends = shapely.union(_ends(shapes[first]), _ends(shapes[second]))
    meeting = shapely.intersection(shapes[first], shapes[second])
    apart = int((~shapely.covers(shapely.buffer(ends, 1e-9), meeting)).sum()) if len(first) else 0
    if apart:
        what = f"{apart} pairs of lines cross without a common end (bridge or junction?)"
        fix = "split them where they join: as a network they are not joined"
        note(path, "warning", "lines-crossing", what, fix, count=apart)
    parts = _components(shapes)
    if parts > 1:
        what = f"its lines form {parts} parts that do not meet"
        note(path, "warning", "lines-apart", what, "no way leads from one to another", count=parts)


def _ends(shapes: _Shapes) -> Any:
    return shapely.union(shapely.get_point(shapes, 0), shapely.get_point(shapes, -1))


def _components(shapes: _Shapes) -> int:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.vstack([shapely.get_coordinates(shapely.get_point(shapes, i)) for i in (0, -1)])
    _, number = np.unique(ends, axis=0, return_inverse=True)
    start, stop = number[: len(shapes)], number[len(shapes) :]
    size = int(number.max()) + 1
    graph = coo_array((np.ones(len(start)), (start, stop)), shape=(size, size))
    return int(connected_components(graph, directed=False)[0])


def _tell_types(path: Path, shapes: _Shapes, declared: str | None) -> None:
    kinds = np.unique(shapely.get_type_id(shapes))
    plain = {int(kind) - 3 if kind in (4, 5, 6) else int(kind) for kind in kinds}
    plain = {1 if kind == 2 else kind for kind in plain}
    if len(plain) > 1 or 7 in plain:
        names = ", ".join(sorted({shape.geom_type for shape in shapes[:100_000]}))
        what = f"mixes geometries of different kinds ({names})"
        note(path, "warning", "geometry-mixed", what, "keep one kind to a layer")
    told = (declared or "").upper().split(" ")[0]
    wanted = {"POINT": 0, "LINESTRING": 1, "POLYGON": 3, "MULTIPOINT": 0, "MULTILINESTRING": 1,
              "MULTIPOLYGON": 3, "COMPOUNDCURVE": 1, "CURVEPOLYGON": 3, "MULTISURFACE": 3,
              "MULTICURVE": 1, "CIRCULARSTRING": 1}.get(told)  # fmt: skip
    if wanted is not None and plain - {wanted}:
        what = f"declares geometries of type {told} and holds others"
        note(path, "warning", "geometry-type-differs", what, "write it anew")


def _tell_duplicates(path: Path, frame: gpd.GeoDataFrame, shapes: _Shapes) -> None:
    blobs = pd.Series(shapely.to_wkb(shapes))
    again = blobs.duplicated()
    if not again.any():
        return
    others = pd.DataFrame(frame.drop(columns=frame.geometry.name)).astype(str)
    others["_geometry"] = blobs.to_numpy()
    whole = int(others.duplicated().sum())
    if whole:
        what = f"{whole} features repeat another one wholly"
        note(path, "warning", "feature-duplicate", what, "keep one of each", count=whole)
    left = int(again.sum()) - whole
    if left > 0:
        what = f"{left} features have the geometry of another one"
        note(path, "warning", "geometry-duplicate", what, "check which are meant", count=left)


def near_duplicates(
    *frames: gpd.GeoDataFrame, name: str = "name", within: float = 1000.0
) -> pd.DataFrame:
    """Find sites of the same name that lie close to each other, in one source or in several.

    Parameters
    ----------
    *frames : GeoDataFrame
        Points (or what has a representative point), each with a CRS and the column `name`.
    name : str, optional
        Column of names; case, accents' composition and spaces do not count.
    within : float, optional
        Largest distance, along the ellipsoid [m]: the precision that the sources have.

    Returns
    -------
    DataFrame
        One row a pair: ``name``, ``source`` and ``row`` of each (positions of the frame and in
        it, as ``first_source``, ``first_row``, ``second_source``, ``second_row``) and
        ``distance`` [m]. Sites at exactly the same place count too.

    Examples
    --------
    >>> place = gpd.points_from_xy([106.87], [43.0], crs=4326)
    >>> a = gpd.GeoDataFrame({"name": ["Oyu Tolgoi"]}, geometry=place)
    >>> b = gpd.GeoDataFrame({"name": ["OYU  TOLGOI"]}, geometry=place)
    >>> near_duplicates(a, b)[["name", "second_source", "distance"]].values.tolist()
    [['Oyu Tolgoi', 1, 0.0]]
    """
    from pyproj import Geod

    ends = ("first_source", "first_row", "second_source", "second_row")
    sites = pd.concat(
        [_places(frame, name, number) for number, frame in enumerate(frames)], ignore_index=True
    )
    geod = Geod(ellps="WGS84")
    found: list[tuple[Any, ...]] = []
    named = sites[sites["key"] != ""]
    for _, group in named.groupby("key", sort=True):
        if not 1 < len(group) <= 1000:
            continue
        first, second = np.triu_indices(len(group), 1)
        a, b = group.iloc[first], group.iloc[second]
        _, _, apart = geod.inv(a["lon"], a["lat"], b["lon"], b["lat"])
        found += [
            (a["said"].iloc[i], a["source"].iloc[i], a["row"].iloc[i], b["source"].iloc[i],
             b["row"].iloc[i], float(apart[i]))
            for i in np.flatnonzero(np.asarray(apart) <= within)
        ]  # fmt: skip
    return pd.DataFrame(found, columns=["name", *ends, "distance"])


def _places(frame: gpd.GeoDataFrame, name: str, number: int) -> pd.DataFrame:
    usable = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    points = usable.geometry.representative_point().to_crs(4326)
    said = usable[name].astype(object).where(usable[name].notna(), "").astype(str)
    keys = [" ".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in said]
    return pd.DataFrame(
        {"key": keys, "said": said.to_numpy(), "source": number,
         "row": np.flatnonzero(~(frame.geometry.isna() | frame.geometry.is_empty)),
         "lon": points.x.to_numpy(), "lat": points.y.to_numpy()}
    )  # fmt: skip


def _tell_near(path: Path, frame: gpd.GeoDataFrame, shapes: _Shapes) -> None:
    name = next((n for n in frame.columns if str(n).lower() == "name"), None)
    if name is None or frame.crs is None or not (shapely.get_type_id(shapes) == 0).all():
        return
    pairs = near_duplicates(frame, name=name)
    if len(pairs):
        what = (
            f"{len(pairs)} pairs of sites have one name and lie within 1 km of each other, "
            f"such as {pairs['name'].iloc[0]!r}"
        )
        note(path, "warning", "site-near-duplicate", what, "keep one of each", count=len(pairs))


def tell_null_island(path: Path, shapes: _Shapes) -> None:
    """Tell of points at longitude 0, latitude 0, far from all others."""
    points = shapes[shapely.get_type_id(shapes) == 0]
    places = shapely.get_coordinates(points)
    if len(places) != len(points) or not len(places):
        return
    zero = (places == 0).all(axis=1)
    count = int(zero.sum())
    if not count:
        return
    rest = places[~zero]
    if len(rest) and (np.abs(rest).max(axis=1).min() < _FAR):
        return
    what = f"{count} points lie at longitude 0, latitude 0, far from the rest"
    note(path, "warning", "null-island", what, "find their true places", count=count)


def _tell_antimeridian(path: Path, shapes: _Shapes) -> None:
    boxes = shapely.bounds(shapes)
    wide = (boxes[:, 2] - boxes[:, 0] > 180) & (boxes[:, 2] - boxes[:, 0] < 360)
    if not wide.any():
        return
    jumps = 0
    for shape in shapes[wide]:
        steps = np.abs(np.diff(shapely.get_coordinates(shape)[:, 0]))
        jumps += bool((steps > 180).any()) and len(shapely.get_parts(shape)) == 1
    if jumps:
        what = f"{jumps} geometries seem to cross the antimeridian and reach around the Earth"
        note(path, "warning", "antimeridian", what, "split them at 180 degrees", count=jumps)
