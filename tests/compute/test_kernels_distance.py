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


@settings(max_examples=150, deadline=None)
@given(masks.filter(np.any))
def test_of_all_targets_at_one_distance_the_leftmost_then_the_upper_is_given(mask):
    found = kernels.nearest(mask, (1, 1))
    targets = [(column, row) for row, column in np.argwhere(mask)]
    for (i, j), column in np.ndenumerate(found.column):
        best = min(targets, key=lambda at: ((at[1] - i) ** 2 + (at[0] - j) ** 2, at))
        assert (column, found.row[i, j]) == best


def lines(seed):
    """Some straight lines, of which a few leave the raster, and a few cells."""
    rng = np.random.default_rng(seed)
    mask = rng.random((60, 80)) < 0.001 * (seed % 3)
    for _ in range(rng.integers(1, 4)):
        start, way = rng.uniform(0, 60, 2), rng.uniform(-60, 60, 2)
        at = np.rint(start + np.outer(np.linspace(0, 1, 120), way)).astype(int)
        mask[tuple(at[((at >= 0) & (at < mask.shape)).all(axis=1)].T)] = True
    return mask


@pytest.mark.parametrize("cell_size", [(1.0, 1.0), (500.0, 350.7), (0.3, 7.0), (30.0, 1.1)])
def test_blocks_and_threads_of_any_number_give_the_same_bits(monkeypatch, cell_size):
    from scipy.ndimage import distance_transform_edt

    from geo.compute import blocks, distance

    monkeypatch.setattr(distance, "_LEAST_ROWS", 1)
    for seed in range(6):
        mask = lines(seed)
        whole = kernels.nearest(mask, cell_size)
        expected = distance_transform_edt(~mask, sampling=cell_size)
        np.testing.assert_allclose(whole.distance, expected, rtol=1e-14)
        for rows, count in ((1, 1), (7, 2), (33, 3)):
            monkeypatch.setattr(distance, "_BLOCK", rows * mask.shape[1])
            monkeypatch.setattr(blocks, "threads", lambda count=count: count)
            for one, other in zip(whole, kernels.nearest(mask, cell_size), strict=True):
                np.testing.assert_array_equal(one, other)
        monkeypatch.setattr(distance, "_BLOCK", mask.size)


@settings(max_examples=150, deadline=None)
@given(arrays(np.bool_, st.tuples(st.integers(2, 12), st.integers(3, 12))), sides, st.data())
def test_columns_left_out_of_a_block_are_nearest_to_no_cell(mask, cell_size, data):
    from geo.compute.distance import undominated

    first = data.draw(st.integers(0, len(mask) - 1))
    last = data.draw(st.integers(first + 1, len(mask)))
    row, column = kernels.nearest(mask, cell_size)[1:]
    rows = np.arange(first, last)[:, None]
    # Nearest target of every column on its own, as the block's rows see it.
    away = np.abs(np.arange(len(mask)) - rows[:, :, None])
    away = np.where(mask.T[None], away, 10**6)
    near = np.where(mask.any(axis=0), away.argmin(axis=2), -1).astype(np.int32)
    live = np.empty(mask.shape[1], dtype=np.int32)
    count = undominated(near, first, cell_size[0] / cell_size[1], live)
    assert set(column[first:last][row[first:last] >= 0]) <= set(live[:count].tolist())
    assert (np.diff(live[:count]) > 0).all()


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
