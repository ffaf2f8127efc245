import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.compute import kernels, peaks, relief
from geo.errors import DataError

surfaces = arrays(
    np.float64,
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    elements=st.sampled_from([0.1, 0.5, 0.5, 0.9, 1.0, np.nan]),
)


def by_sorting(score, spacing, cell_size, count):
    """Independent answer: all cells in order, each kept if far from those kept."""
    order = np.argsort(-score, axis=None, kind="stable")
    kept = []
    for n in order:
        i, j = np.unravel_index(n, score.shape)
        apart = [np.hypot((i - a) * cell_size[0], (j - b) * cell_size[1]) for a, b in kept]
        good = all(d >= spacing * (1 - 1e-12) for d in apart) and (i, j) not in kept
        if not np.isnan(score[i, j]) and good and len(kept) < count:
            kept.append((int(i), int(j)))
    return kept


@settings(max_examples=150, deadline=None)
@given(
    surfaces,
    st.sampled_from([0.0, 1.0, 2.5, 5.0, 100.0]),
    st.tuples(st.sampled_from([1.0, 2.0]), st.sampled_from([1.0, 0.7])),
    st.integers(0, 9),
    st.sampled_from([1, 3, 64]),
)
def test_peaks_are_those_that_sorting_all_cells_gives(score, spacing, cell_size, count, side):
    before, peaks._SIDE = peaks._SIDE, side
    try:
        rows, columns = kernels.peaks(score, spacing, cell_size, count)
    finally:
        peaks._SIDE = before
    found = list(zip(rows.tolist(), columns.tolist(), strict=True))
    assert found == by_sorting(score, spacing, cell_size, count)


def test_of_equal_cells_the_first_in_row_major_order_is_taken():
    rows, columns = kernels.peaks(np.ones((3, 3), dtype=np.float32), 2.0, (1.0, 1.0), 4)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [
        (0, 0), (0, 2), (2, 0), (2, 2),
    ]  # fmt: skip


def test_exactly_the_spacing_apart_is_far_enough_despite_rounding():
    rows, columns = kernels.peaks(np.ones((1, 4)), 0.3, (0.1, 0.1), 5)
    assert columns.tolist() == [0, 3]
    assert rows.tolist() == [0, 0]


def test_whole_numbers_serve_as_scores():
    assert kernels.peaks(np.array([[1, 2]]), 0, (1, 1), 1)[1].tolist() == [1]


@pytest.mark.parametrize(
    ("score", "spacing", "count", "says"),
    [
        (np.ones(3), 1.0, 1, "rows and columns"),
        (np.ones((2, 2)), -1.0, 1, "0 or more"),
        (np.ones((2, 2)), float("nan"), 1, "0 or more"),
        (np.ones((2, 2)), 1.0, -1, "0 or more"),
    ],
)
def test_refuses_peaks_that_cannot_be(score, spacing, count, says):
    with pytest.raises(DataError, match=says):
        kernels.peaks(score, spacing, (1, 1), count)


def plane(east, north, shape=(5, 6), cell_size=(30.0, 20.0)):
    """Heights that rise by `east` and `north` per metre; rows run southwards."""
    rows, columns = np.indices(shape)
    return 500.0 + columns * cell_size[1] * east - rows * cell_size[0] * north


@settings(max_examples=100, deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_a_plane_has_its_own_slope_and_aspect_inside(east, north):
    height = plane(east, north)
    inside = np.s_[1:-1, 1:-1]
    slope = kernels.slope(height, (30.0, 20.0))[inside]
    np.testing.assert_allclose(slope, 100 * np.hypot(east, north), rtol=1e-5, atol=1e-4)
    if np.hypot(east, north) > 1e-3:
        found = np.radians(kernels.aspect(height, (30.0, 20.0))[inside].astype(float))
        steepest = np.hypot(east, north)
        np.testing.assert_allclose(np.sin(found), -east / steepest, atol=1e-5)
        np.testing.assert_allclose(np.cos(found), -north / steepest, atol=1e-5)


@pytest.mark.parametrize(
    ("east", "north", "degrees"), [(0, -1, 0), (-1, 0, 90), (0, 1, 180), (1, 0, 270), (-1, -1, 45)]
)
def test_aspect_is_where_water_runs_clockwise_from_the_north(east, north, degrees):
    assert kernels.aspect(plane(east, north), (30.0, 20.0))[2, 2] == pytest.approx(degrees)


def test_horns_weights_by_hand():
    height = np.array([[1.0, 2.0, 4.0], [3.0, 5.0, 9.0], [7.0, 8.0, 6.0]])
    east = ((4 + 18 + 6) - (1 + 6 + 7)) / (8 * 10.0)
    north = ((1 + 4 + 4) - (7 + 16 + 6)) / (8 * 20.0)
    assert kernels.slope(height, (20.0, 10.0))[1, 1] == pytest.approx(
        100 * np.hypot(east, north), rel=1e-6
    )


def test_level_ground_has_no_aspect_and_unknown_ground_neither_slope():
    height = np.ones((3, 3))
    height[0, 0] = np.nan
    slope = kernels.slope(height, (10, 10))
    assert np.isnan(slope).sum() == 1
    assert np.isnan(slope[0, 0])
    assert slope[1, 1] == 0
    assert np.isnan(kernels.aspect(height, (10, 10))).all()


def test_an_unknown_neighbour_counts_as_level():
    height = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, np.nan], [0.0, 0.0, 0.0]])
    assert kernels.slope(height, (10, 10))[1, 1] == 0
    height[1, 0] = 8.0
    assert kernels.slope(height, (10, 10))[1, 1] == pytest.approx(100 * 16 / 80)


def test_the_edge_repeats_its_own_height():
    height = np.array([[0.0, 10.0]])
    assert kernels.slope(height, (10, 10)).tolist() == [[25.0, 25.0]]


def test_rows_are_the_same_in_blocks_of_any_size(monkeypatch):
    height = np.random.default_rng(0).random((9, 7)) * 100
    whole = kernels.slope(height, (30, 20))
    monkeypatch.setattr(relief, "_BLOCK", 8)
    np.testing.assert_array_equal(kernels.slope(height, (30, 20)), whole)


def test_relief_takes_whole_metres_and_refuses_a_profile():
    assert kernels.slope(np.array([[0, 10]], dtype=np.int16), (10, 10))[0, 0] == 25
    with pytest.raises(DataError, match="rows and columns"):
        kernels.slope(np.ones(4), (1, 1))
