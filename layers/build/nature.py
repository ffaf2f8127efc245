"""Rivers, lakes and protected areas."""

import math

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS, Geod

from layers.build import waters
from layers.build.common import Columns, facts, slug, write_vector
from layers.build.terms import COMPILED, CONFIDENCE, GSHHG, SOURCE_NOTE, area_km2, points

__all__ = ["build"]

_MARGIN_KM = 25.0
"""Rivers and lakes run this far beyond the border, so that distances hold beside it."""

LAKE_NAMES = {
    "Uvs Nuur": (92.75, 50.30),
    "Khövsgöl Nuur": (100.48, 51.05),
    "Khar-Us Nuur": (92.40, 48.08),
    "Khyargas Nuur": (93.30, 49.18),
    "Khar Nuur and Dörgön Nuur": (93.20, 48.08),
    "Airag Nuur": (93.45, 48.90),
    "Achit Nuur": (90.57, 49.50),
    "Üüreg Nuur": (91.02, 50.14),
    "Buir Nuur": (117.70, 47.81),
    "Böön Tsagaan Nuur": (99.16, 45.58),
    "Orog Nuur": (100.73, 45.055),
    "Telmen Nuur": (97.32, 48.83),
    "Sangiin Dalai Nuur": (99.098, 49.219),
    "Terkhiin Tsagaan Nuur": (99.72, 48.17),
    "Tolbo Nuur": (90.05, 48.55),
}
"""Names of the larger lakes by a point inside; the source has no names."""


def _local_equal_area(frame: gpd.GeoDataFrame) -> CRS:
    """Lambert azimuthal equal-area system about the middle of a frame."""
    west, south, east, north = frame.total_bounds
    middle = f"+lat_0={(south + north) / 2:.1f} +lon_0={(west + east) / 2:.1f}"
    return CRS.from_proj4(f"+proj=laea {middle} +datum=WGS84 +units=m")


_CORNERS_A_QUARTER = 32


def _with_margin(outline: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Outline and the strip around it, EPSG:4326."""
    area = outline.to_crs(_local_equal_area(outline)).buffer(_MARGIN_KM * 1000)
    return area.simplify(1000).to_crs(4326)


def _bounds(zone: gpd.GeoSeries) -> waters.Bounds:
    west, south, east, north = (float(value) for value in zone.total_bounds)
    # Two degrees more: no lake of the strip then runs out of the bins that are read.
    return west - 2, south - 2, east + 2, north + 2


def _build_rivers(zone: gpd.GeoSeries) -> None:
    frame = waters.rivers(_bounds(zone)).clip(zone, keep_geom_type=True)
    frame = frame.explode(ignore_index=True)
    ellipsoid = Geod(ellps="WGS84")
    frame["length_km"] = frame.geometry.map(ellipsoid.geometry_length).div(1000).round(2)
    frame["name"] = pd.Series([None] * len(frame), dtype="object")
    frame = frame.assign(west=frame.bounds.minx, south=frame.bounds.miny)
    frame = frame.sort_values(["level", "west", "south", "length_km"], ignore_index=True)
    frame.insert(0, "river_id", range(1, len(frame) + 1))
    write_vector(
        frame[["river_id", "name", "level", "river_class", "length_km", "geometry"]],
        "mongolia",
        "rivers-mongolia",
        columns={
            "river_id": "Number of the line in this layer",
            "name": "Name; empty throughout, the source has none",
            "level": "Class number in the source",
            "river_class": "What the class means",
            "length_km": ("km", "Geodesic length of the line"),
        },
        title="Mongolia: rivers",
        quality="compiled",
        limits="From CIA World Data Bank II, about 1:3,000,000, surveyed before 1980: lines are "
        "off by up to some kilometres, minor streams and springs are absent. Too coarse for the "
        f"200 m water protection zone: it screens, it does not clear. Runs {_MARGIN_KM:.0f} km "
        "beyond the border.",
        **GSHHG,
    )


def _lake_name(shape: shapely.Polygon) -> str | None:
    inside = [n for n, (x, y) in LAKE_NAMES.items() if shape.contains(shapely.Point(x, y))]
    return inside[0] if inside else None


def _build_lakes(zone: gpd.GeoSeries) -> None:
    frame = waters.lakes(_bounds(zone))
    frame = frame[frame.intersects(zone.iloc[0])].reset_index(drop=True)
    frame["name"] = frame.geometry.map(_lake_name)
    if missing := set(LAKE_NAMES) - set(frame.name):
        raise SystemExit(f"no lake of the source holds the point of {sorted(missing)}")
    frame["area_km2"] = frame.area_km2.round(2)
    write_vector(
        frame[["gshhg_id", "name", "area_km2", "geometry"]],
        "mongolia",
        "lakes-mongolia",
        columns={
            "gshhg_id": "Number of the polygon in the source",
            "name": "Name, Latin; set here for the larger lakes by position, else empty",
            "area_km2": ("km²", "Area in the source; islands are not taken off"),
        },
        sort_by=["gshhg_id"],
        title="Mongolia: lakes",
        quality="compiled",
        limits="Shores of about 1980 at about 1:3,000,000; salt lakes and pans of the Gobi "
        "shrink and move since, small lakes are absent, islands are not cut out. Names were set "
        f"here from general knowledge. Lakes within {_MARGIN_KM:.0f} km beyond the border are "
        "kept whole.",
        **GSHHG,
    )


def _disc(lon: float, lat: float, area_km2: float) -> shapely.Polygon:
    """Disc of an area [km2] about a point: all its rim is equally far on the ellipsoid."""
    local = CRS.from_proj4(f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m")
    # A polygon of n corners is smaller than its circle: widen it until the areas agree.
    corners = 4 * _CORNERS_A_QUARTER
    shrunk = corners / (2 * math.pi) * math.sin(2 * math.pi / corners)
    radius = math.sqrt(area_km2 * 1e6 / math.pi / shrunk)
    disc = shapely.Point(0, 0).buffer(radius, quad_segs=_CORNERS_A_QUARTER)
    return gpd.GeoSeries([disc], crs=local).to_crs(4326).iloc[0]


def _build_protected(outline: gpd.GeoDataFrame) -> None:
    frame = points(facts("constraints"))
    country = outline.geometry.iloc[0]
    discs = [_disc(r.lon, r.lat, r.area_km2).intersection(country) for r in frame.itertuples()]
    frame = frame.set_geometry(gpd.GeoSeries(discs, crs=4326))
    frame["site_id"] = frame.name.map(slug)
    frame["outline"] = "disc of equal area"
    frame["drawn_km2"] = area_km2(frame).round(0)
    frame = frame.rename(columns={"aimag": "provinces", "lon": "centre_lon", "lat": "centre_lat"})
    told: Columns = {
        "site_id": "Id",
        "name": "Name",
        "kind": "Class under the law on special protected areas",
        "area_km2": ("km²", "Published area"),
        "drawn_km2": ("km²", "Area drawn: the part of the disc that lies in the country"),
        "outline": "How the outline was made",
        "rule": "What the class forbids, in short",
        "provinces": "Provinces that it lies in",
        "centre_lon": ("degree", "Longitude of the published point, WGS 84"),
        "centre_lat": ("degree", "Latitude of the published point, WGS 84"),
        "notes": "Remarks",
        "source": SOURCE_NOTE,
        "confidence": CONFIDENCE,
    }
    write_vector(
        frame[[*told, "geometry"]],
        "mongolia",
        "protected-areas-mongolia",
        columns=told,
        sort_by=["site_id"],
        title="Mongolia: protected areas, as discs of equal area",
        source="Lists of protected areas read from public pages, partly recalled: see each row",
        quality="screening",
        limits="The outlines are NOT official: each is a disc of the published area round a "
        "published or recalled point (rounded to about 10 km), cut to the country. Real outlines "
        "differ by tens of kilometres, and a disc at the border loses what lies beyond it (see "
        f"drawn_km2). {len(frame)} of the larger areas only: many reserves and monuments and "
        "the recent ones are absent. Use it to warn and to screen, never to clear a site.",
        **COMPILED,
    )


def build(outline: gpd.GeoDataFrame) -> None:
    """Write rivers, lakes and protected areas.

    Parameters
    ----------
    outline : GeoDataFrame
        The country, one polygon, EPSG:4326.
    """
    zone = _with_margin(outline)
    _build_rivers(zone)
    _build_lakes(zone)
    _build_protected(outline)
