import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.compute import segments
from geo.compute.segments import distance_to_segments, nearest_segment, touched_by
from geo.errors import DataError

coordinate = st.floats(-6, 16).map(lambda v: round(v, 2))
bundles = st.lists(
    st.tuples(coordinate, coordinate, coordinate, coordinate), min_size=1, max_size=8
)
# Whole multiples of them are exact, so that a window's corner is where the whole has it.
sides = st.sampled_from([(1.0, 1.0), (1.0, 0.625), (0.5, 1.0)])


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
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=12), sides)
def test_is_the_distance_to_the_nearest_point(points, cell_size):
    ends = np.hstack([points, points])
    found = distance_to_segments(ends, (9, 10), cell_size)
    expected = by_shapely(ends, (9, 10), cell_size)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


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
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=60)
@given(bundles, sides, st.integers(1, 9), st.integers(1, 9), st.integers(1, 12))
def test_tiles_and_parts_of_any_size_give_the_same_bits(ends, cell_size, part, side, tile):
    whole = nearest_segment(ends, (9, 10), cell_size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "_PART", part)
        patch.setattr(segments, "_TILE", tile)
        cut = nearest_segment(ends, (9, 10), cell_size)
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=60)
@given(bundles, sides, st.integers(0, 8), st.integers(0, 9))
def test_a_window_has_the_bits_of_the_whole(ends, cell_size, row, column):
    # Corners on multiples of the cells, far from the origin, as grids have them.
    start = np.array([3_000_000 * cell_size[1], -2_000_000 * cell_size[0]])
    ends = np.asarray(ends) + np.tile(start, 2)
    whole = nearest_segment(ends, (9, 10), cell_size, corner=tuple(start))
    there = start + np.array([column * cell_size[1], row * cell_size[0]])
    window = nearest_segment(ends, (9 - row, 10 - column), cell_size, corner=tuple(there))
    for one, other in zip(whole, window, strict=True):
        np.testing.assert_array_equal(one[row:, column:], other)


@settings(max_examples=60)
@given(bundles, sides)
def test_the_number_is_of_the_first_segment_at_the_distance_given(ends, cell_size):
    found = nearest_segment(ends, (9, 10), cell_size)
    alone = np.array([distance_to_segments([one], (9, 10), cell_size) for one in ends])
    np.testing.assert_array_equal(found.distance, alone.min(axis=0))
    picked = np.take_along_axis(alone, found.number[None].astype(int), axis=0)[0]
    np.testing.assert_array_equal(picked, found.distance)
    # float32 may make two distances equal that are not: then either number is right.
    assert (found.number >= alone.argmin(axis=0)).all()


@settings(max_examples=60)
@given(bundles, sides, st.sampled_from([0.0, 0.5, 2.0, 7.3]))
def test_beyond_the_largest_distance_is_unknown_and_below_it_nothing_changes(ends, cell_size, most):
    whole = nearest_segment(ends, (9, 10), cell_size)
    found = nearest_segment(ends, (9, 10), cell_size, max_distance=most)
    near = ~np.isnan(found.distance)
    np.testing.assert_array_equal(found.distance[near], whole.distance[near])
    np.testing.assert_array_equal(found.number[near], whole.number[near])
    assert (whole.distance[near] <= np.float32(most)).all()
    assert (whole.distance[~near] >= np.float32(most)).all()
    assert (found.number[~near] == -1).all()


@settings(max_examples=40)
@given(bundles, sides)
def test_moved_and_mirrored_rasters_have_moved_and_mirrored_distances(ends, cell_size):
    ends = np.asarray(ends)
    plain = distance_to_segments(ends, (9, 10), cell_size)
    far = np.array([1000 * cell_size[1], -500 * cell_size[0]])
    moved = distance_to_segments(ends + np.tile(far, 2), (9, 10), cell_size, corner=tuple(far))
    np.testing.assert_allclose(moved, plain, rtol=1e-5, atol=1e-6)
    mirrored = ends * (-1, 1, -1, 1) + np.array([10 * cell_size[1], 0, 10 * cell_size[1], 0])
    found = distance_to_segments(mirrored, (9, 10), cell_size)
    np.testing.assert_allclose(found[:, ::-1], plain, rtol=1e-5, atol=1e-6)


@settings(max_examples=40)
@given(bundles, sides)
def test_neighbours_differ_by_no_more_than_the_step_between_them(ends, cell_size):
    found = distance_to_segments(ends, (9, 10), cell_size).astype(float)
    assert (np.abs(np.diff(found, axis=0)) <= cell_size[0] * (1 + 1e-5)).all()
    assert (np.abs(np.diff(found, axis=1)) <= cell_size[1] * (1 + 1e-5)).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (0, 5), (530, 520)])
def test_rasters_of_one_row_one_column_none_and_more_than_a_tile(shape):
    ends = np.random.default_rng(3).uniform(-50, 600, (200, 4))
    found = distance_to_segments(ends, shape, (1.0, 1.0))
    assert found.shape == shape
    rows = np.unique(np.linspace(0, shape[0] - 1, min(shape[0], 4)).astype(int))
    for row in rows:
        band = ends - (0, row, 0, row)
        expected = by_shapely(band, (1, shape[1]), (1.0, 1.0))[0]
        np.testing.assert_allclose(found[row], expected, rtol=1e-5, atol=1e-5)


def test_the_lists_grow_when_many_segments_stay_in_question():
    # On a circle round the raster all stay: no part rules one out early.
    turn = np.linspace(0, 2 * np.pi, 3001)
    around = np.column_stack([16 + 400 * np.cos(turn), 16 + 400 * np.sin(turn)])
    ends = np.hstack([around[:-1], around[1:]])
    found = distance_to_segments(ends, (32, 32), (1.0, 1.0))
    expected = by_shapely(ends, (32, 32), (1.0, 1.0))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "ends", [np.empty((0, 4)), [[0.0, 1.0]], [[0.0, 0.0, np.nan, 1.0]], [[0.0, 0.0, np.inf, 1.0]]]
)
def test_refuses_what_is_no_segment(ends):
    with pytest.raises(DataError, match="four finite numbers"):
        distance_to_segments(ends, (2, 2), (1, 1))


@pytest.mark.parametrize("most", [-1.0, float("nan")])
def test_refuses_a_largest_distance_that_is_none(most):
    with pytest.raises(DataError, match="max_distance is"):
        nearest_segment([[0.0, 0.0, 1.0, 1.0]], (2, 2), (1, 1), max_distance=most)


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
