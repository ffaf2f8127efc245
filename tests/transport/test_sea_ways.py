"""Ways over the sea: straight over open water, along the lanes elsewhere."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo.errors import CrsError, DataError, EmptyLayerError
from geo.transport.sea import SeaGraph

GEOD = Geod(ellps="WGS84")
BEND = shapely.LineString([(0.0, 0.0), (2.0, 2.0), (4.0, 0.0)])
AWAY = shapely.box(20, 20, 21, 21)


def frame(*shapes, crs=4326):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def km(*places):
    return abs(GEOD.geometry_length(shapely.LineString(places))) / 1000


def test_a_bend_over_open_water_is_cut_short():
    way = SeaGraph(frame(BEND), frame(AWAY)).way((0.0, 0.0), (4.0, 0.0))
    assert list(way.line.coords) == [(0.0, 0.0), (4.0, 0.0)]
    assert way.km == pytest.approx(km((0, 0), (4, 0)))


def test_without_land_ships_keep_to_the_lanes():
    way = SeaGraph(frame(BEND)).way((0.0, 0.0), (4.0, 0.0))
    assert way.km == pytest.approx(km((0, 0), (2, 2), (4, 0)))


def test_an_island_is_rounded_and_never_crossed():
    island = shapely.box(1.5, -0.5, 2.5, 0.5)
    graph = SeaGraph(frame(BEND), frame(island))
    way = graph.way((0.0, 0.0), (4.0, 0.0))
    assert not way.line.intersects(island)
    assert km((0, 0), (4, 0)) < way.km < km((0, 0), (2, 2), (4, 0))
    # Ten kilometres off: a straight way past the corner would be shorter.
    assert way.line.distance(island) * 111.2 > 9.0


def test_a_strait_narrower_than_the_clearance_is_passed_on_its_lane_only():
    coast = frame(shapely.box(-1, 0.05, 5, 3), shapely.box(-1, -3, 5, -0.05))
    lane = shapely.LineString([(-2.0, 0.0), (2.0, 0.0), (6.0, 0.0)])
    way = SeaGraph(frame(lane), coast).way((-2.0, 0.0), (6.0, 0.0))
    assert way.km == pytest.approx(km((-2, 0), (6, 0)), rel=1e-6)


def test_a_port_beside_the_lanes_is_joined_to_them():
    way = SeaGraph(frame(BEND), frame(AWAY)).way((0.0, 0.3), (2.0, 2.0))
    assert way.line.coords[0] == (0.0, 0.3)
    assert way.km == pytest.approx(km((0, 0.3), (2, 2)))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0, 2)), min_size=2, max_size=2))
def test_a_way_is_as_long_both_ways_and_not_shorter_than_the_great_circle(ends):
    graph = SeaGraph(frame(BEND), frame(shapely.box(1.5, 0.5, 2.5, 1.0)))
    there, back = graph.way(ends[0], ends[1]), graph.way(ends[1], ends[0])
    assert there.km == pytest.approx(back.km, rel=1e-9, abs=1e-9)
    assert there.km >= GEOD.inv(*ends[0], *ends[1])[2] / 1000 - 1e-6


def test_more_land_never_shortens_a_way():
    lanes = frame(BEND)
    kms = [
        SeaGraph(lanes, frame(AWAY, *islands)).way((0.0, 0.0), (4.0, 0.0)).km
        for islands in ([], [shapely.box(1.8, -0.1, 2.2, 0.1)], [shapely.box(1.5, -1, 2.5, 1)])
    ]
    assert np.all(np.diff(kms) > 0)


@pytest.mark.parametrize(
    ("lanes", "land", "error", "message"),
    [
        (frame(BEND, crs=3857), None, CrsError, "sea lanes are not in EPSG:4326"),
        (frame(BEND), frame(AWAY, crs=3857), CrsError, "land are not in EPSG:4326"),
        (frame(shapely.LineString()), None, EmptyLayerError, "no line"),
    ],
)
def test_layers_that_cannot_serve_are_refused(lanes, land, error, message):
    with pytest.raises(error, match=message):
        SeaGraph(lanes, land)


def test_a_port_far_from_the_lanes_is_refused():
    with pytest.raises(DataError, match=r"the port at 40\.00 E, 0\.00 N lies \d+ km from"):
        SeaGraph(frame(BEND)).way((40.0, 0.0), (0.0, 0.0))


def test_lanes_that_do_not_meet_are_told():
    lanes = frame(BEND, shapely.LineString([(40.0, 0.0), (41.0, 0.0)]))
    with pytest.raises(DataError, match="no sea lanes join"):
        SeaGraph(lanes).way((0.0, 0.0), (40.0, 0.0))
