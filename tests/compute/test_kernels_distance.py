import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.compute import kernels
from geo.errors import DataError, LodemapError

masks = arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))
sides = st.tuples(st.sampled_from([1.0, 30.0, 500.0]), st.sampled_from([1.0, 75.0, 400.0]))


def brute_force(mask, cell_size):
    rows, columns = np.indices(mask.shape)
    found = np.full(mask.shape, np.nan)
    for i, j in np.argwhere(mask):
        away = np.hypot((rows - i) * cell_size[0], (columns - j) * cell_size[1])
        found = np.fmin(found, away)
    return found


def test_a_row_counts_by_its_height_and_a_column_by_its_width():
    mask = np.zeros((3, 3), dtype=bool)
    mask[0, 0] = True
    expected = [[0, 400, 800], [300, 500, np.hypot(800, 300)], [600, np.hypot(400, 600), 1000]]
    np.testing.assert_allclose(kernels.euclidean_distance(mask, (300, 400)), expected, rtol=1e-15)


@settings(max_examples=150, deadline=None)
@given(masks, sides)
@example(np.arange(40).reshape(1, 40) % 17 == 5, (30.0, 75.0))
@example(np.arange(40).reshape(40, 1) % 17 == 5, (30.0, 75.0))
@example(np.zeros((3, 4), dtype=bool), (30.0, 75.0))
def test_equals_the_distance_to_every_target_tried_one_by_one(mask, cell_size):
    expected = brute_force(mask, cell_size)
    np.testing.assert_allclose(kernels.euclidean_distance(mask, cell_size), expected, rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(masks, sides)
def test_the_nearest_cell_is_a_target_at_the_distance_given(mask, cell_size):
    found = kernels.nearest(mask, cell_size)
    if not mask.any():
        assert np.isnan(found.distance).all()
        assert (found.row == -1).all()
        assert (found.column == -1).all()
        return
    rows, columns = np.indices(mask.shape)
    assert mask[found.row, found.column].all()
    away = np.hypot((rows - found.row) * cell_size[0], (columns - found.column) * cell_size[1])
    np.testing.assert_allclose(found.distance, away, rtol=1e-12)
    np.testing.assert_array_equal(found.distance, kernels.euclidean_distance(mask, cell_size))


@settings(max_examples=50, deadline=None)
@given(masks, sides, st.data())
def test_one_more_target_never_makes_a_distance_longer(mask, cell_size, data):
    before = kernels.euclidean_distance(mask, cell_size)
    mask[data.draw(st.integers(0, len(mask) - 1)), 0] = True
    after = kernels.euclidean_distance(mask, cell_size)
    assert (np.isnan(before) | (after <= before)).all()


@settings(max_examples=50, deadline=None)
@given(masks, sides)
def test_a_mirror_image_has_mirrored_distances(mask, cell_size):
    plain = kernels.euclidean_distance(mask, cell_size)
    mirrored = kernels.euclidean_distance(mask[::-1, ::-1], cell_size)
    np.testing.assert_allclose(mirrored[::-1, ::-1], plain, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(masks, sides, st.integers(0, 4), st.integers(0, 4))
def test_empty_ground_on_any_side_moves_distances_and_changes_none(mask, cell_size, down, along):
    rows, columns = mask.shape
    wide = np.pad(mask, ((down, 2), (along, 1)))
    moved = kernels.euclidean_distance(wide, cell_size)[down : down + rows, along : along + columns]
    np.testing.assert_array_equal(moved, kernels.euclidean_distance(mask, cell_size))


@settings(max_examples=50, deadline=None)
@given(masks, sides)
def test_no_step_changes_a_distance_by_more_than_its_length(mask, cell_size):
    found = kernels.euclidean_distance(mask, cell_size)
    if not mask.any():
        assert np.isnan(found).all()
        return
    rounding = 1e-9 * max(cell_size)
    for axis, length in enumerate(cell_size):
        assert (np.abs(np.diff(found, axis=axis)) <= length + rounding).all()


def test_equals_scipy_on_a_larger_raster():
    from scipy.ndimage import distance_transform_edt

    mask = np.random.default_rng(3).random((70, 90)) < 0.01
    expected = distance_transform_edt(~mask, sampling=(500.0, 350.0))
    np.testing.assert_allclose(kernels.euclidean_distance(mask, (500, 350)), expected, rtol=1e-12)


def test_a_tie_goes_to_the_left_and_in_a_column_to_the_upper_target():
    level = kernels.nearest(np.array([[True, False, True]]), (1, 1))
    assert level.column.tolist() == [[0, 0, 2]]
    upright = kernels.nearest(np.array([[True], [False], [True]]), (1, 1))
    assert upright.row.tolist() == [[0], [0], [2]]


def test_the_number_of_threads_does_not_matter(monkeypatch):
    from geo.compute import blocks, distance

    mask = np.random.default_rng(5).random((40, 60)) < 0.02
    whole = kernels.nearest(mask, (2.0, 3.0))
    monkeypatch.setattr(distance, "_BLOCK", 100)
    monkeypatch.setattr(distance, "_STRIPE", 7)
    for count in (1, 3):
        monkeypatch.setattr(blocks, "threads", lambda count=count: count)
        for one, other in zip(whole, kernels.nearest(mask, (2.0, 3.0)), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("targets", "cell_size", "says"),
    [
        (np.ones((2, 2)), (1, 1), "boolean"),
        (np.ones(3, dtype=bool), (1, 1), "1 dimensions"),
        (np.ones((2, 2), dtype=bool), (0, 1), "two positive numbers"),
        (np.ones((2, 2), dtype=bool), (np.nan, 1), "two positive numbers"),
        (np.ones((2, 2), dtype=bool), (1, 1, 1), "two positive numbers"),
    ],
)
def test_refuses_what_is_no_raster_of_targets(targets, cell_size, says):
    for function in (kernels.euclidean_distance, kernels.nearest):
        with pytest.raises(DataError, match=says) as caught:
            function(targets, cell_size)
        assert isinstance(caught.value, LodemapError)
