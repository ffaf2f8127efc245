import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.compute import segments
from geo.compute.segments import distance_to_segments, touched_by
from geo.errors import DataError

coordinate = st.floats(-6, 16).map(lambda v: round(v, 2))
bundles = st.lists(
    st.tuples(coordinate, coordinate, coordinate, coordinate), min_size=1, max_size=8
)
sides = st.sampled_from([(1.0, 1.0), (1.0, 0.6), (0.5, 1.0)])


def centres(shape, cell_size):
    rows, columns = np.indices(shape)
    return (columns + 0.5) * cell_size[1], (rows + 0.5) * cell_size[0]


def by_shapely(ends, shape, cell_size):
    lines = [
        shapely.Point(e[:2]) if tuple(e[:2]) == tuple(e[2:]) else shapely.LineString([e[:2], e[2:]])
        for e in np.asarray(ends)
    ]
    x, y = centres(shape, cell_size)
    points = shapely.points(x, y)
    return np.min([shapely.distance(points, line) for line in lines], axis=0)


@settings(max_examples=100, deadline=None)
@given(bundles, sides)
def test_is_the_distance_to_the_geometry_wherever_it_lies(ends, cell_size):
    expected = by_shapely(ends, (9, 10), cell_size)
    found = distance_to_segments(ends, (9, 10), cell_size)
    # Never too near; too far by a small part of a cell at most.
    assert (found >= expected * (1 - 1e-6) - 1e-6).all()
    assert (found - expected).max() <= 0.05 * max(cell_size)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=12), sides)
def test_is_the_distance_to_the_nearest_point(points, cell_size):
    ends = np.hstack([points, points])
    found = distance_to_segments(ends, (9, 10), cell_size)
    expected = by_shapely(ends, (9, 10), cell_size)
    assert (found >= expected * (1 - 1e-6) - 1e-6).all()
    assert (found - expected).max() <= 0.05 * max(cell_size)


def test_does_not_depend_on_the_cell_size():
    ends = [[1.0, 2.0, 7.5, 3.25], [4.0, 9.0, 4.0, 9.0]]
    coarse = distance_to_segments(ends, (5, 5), (2.0, 2.0))
    # The middle cell of each 3 x 3 of the fine raster has the centre of the coarse cell.
    fine = distance_to_segments(ends, (15, 15), (2.0 / 3, 2.0 / 3))[1::3, 1::3]
    np.testing.assert_allclose(coarse, fine, rtol=1e-5)


@pytest.mark.parametrize(
    "ends",
    [[[50.0, -400.0, 90.0, -30.0]], [[-1e7, 5.0, -1e7, 5.0]], [[-50.0, -50.0, 900.0, -50.0]]],
)
def test_a_feature_wholly_outside_counts(ends):
    found = distance_to_segments(ends, (12, 11), (1.0, 1.0))
    np.testing.assert_allclose(found, by_shapely(ends, (12, 11), (1.0, 1.0)), rtol=1e-6)


def test_of_features_far_out_on_every_side_each_cell_finds_its_own():
    around = np.array([[-60.0, 4], [90, -40], [75, 9], [5, 88], [-50, 70], [2000, 2000]])
    ends = np.hstack([around, around])
    for order in (slice(None), slice(None, None, -1)):
        found = distance_to_segments(ends[order], (12, 11), (1.0, 1.0))
        np.testing.assert_allclose(found, by_shapely(ends, (12, 11), (1.0, 1.0)), rtol=1e-6)


@pytest.mark.parametrize("corner", [(0.0, 0.0), (11.0, 0.0), (0.0, 12.0), (11.0, 12.0)])
def test_a_feature_on_the_very_edge_counts(corner):
    ends = [[*corner, *corner], [500.0, 500.0, 600.0, 600.0]]
    for order in (ends, ends[:1], ends[::-1]):
        found = distance_to_segments(order, (12, 11), (1.0, 1.0))
        np.testing.assert_allclose(found, by_shapely(order, (12, 11), (1.0, 1.0)), rtol=1e-6)


def test_many_segments_in_one_cell_are_all_considered():
    rng = np.random.default_rng(4)
    walk = np.cumsum(rng.normal(0, 0.15, (600, 2)), axis=0) + 10
    ends = np.hstack([walk[:-1], walk[1:]])
    found = distance_to_segments(ends, (20, 20), (1.0, 1.0))
    expected = by_shapely(ends, (20, 20), (1.0, 1.0))
    assert (found - expected).max() <= 0.05
    assert np.mean(found - expected > 1e-5) < 0.01


def test_strips_blocks_and_threads_do_not_change_the_answer(monkeypatch):
    rng = np.random.default_rng(8)
    ends = rng.uniform(-5, 30, (40, 4))
    expected = by_shapely(ends, (25, 25), (1.0, 1.0))
    for count in (1, 3):
        monkeypatch.setattr(segments, "threads", lambda count=count: count)
        found = distance_to_segments(ends, (25, 25), (1.0, 1.0))
        monkeypatch.setattr(segments, "_STRIP", 3)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "ends", [np.empty((0, 4)), [[0.0, 1.0]], [[0.0, 0.0, np.nan, 1.0]], [[0.0, 0.0, np.inf, 1.0]]]
)
def test_refuses_what_is_no_segment(ends):
    with pytest.raises(DataError, match="four finite numbers"):
        distance_to_segments(ends, (2, 2), (1, 1))


@settings(max_examples=100, deadline=None)
@given(bundles)
def test_every_cell_that_a_segment_crosses_is_touched(ends):
    found = touched_by(ends, np.zeros(len(ends)), (9, 10), (1.0, 1.0)) >= 0
    lines = shapely.MultiLineString([[e[:2], e[2:]] for e in ends])
    for i in range(9):
        for j in range(10):
            inner = shapely.box(j + 0.01, i + 0.01, j + 0.99, i + 0.99)
            outer = shapely.box(j - 0.01, i - 0.01, j + 1.01, i + 1.01)
            if lines.intersects(inner):
                assert found[i, j]
            if not lines.intersects(outer):
                assert not found[i, j]


def test_the_last_segment_stays_and_beyond_the_raster_none_is_written():
    ends = [[0.5, 0.5, 2.5, 0.5], [1.5, 0.5, 1.5, 0.5], [-9.0, 0.5, -8.0, 0.5], [0.5, 99, 1.5, 99]]
    assert touched_by(ends, [4, 7, 8, 9], (1, 3), (1.0, 1.0)).tolist() == [[4, 7, 4]]
