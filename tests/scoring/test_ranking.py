import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from geo.errors import DataError
from geo.scoring.ranking import rank_scores, weighted_sum

unit = st.floats(0, 1)
matrices = arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 5)), elements=unit)


def weights_for(matrix, seed):
    return np.random.default_rng(seed).random(matrix.shape[1]) + 0.01


def test_hand_value():
    found = weighted_sum([[0.5, 1.0, 0.0], [1.0, 0.0, 0.2]], [0.5, 0.3, 0.2])
    assert found.score.tolist() == pytest.approx([0.55, 0.54])
    assert found.rank.tolist() == [1, 2]


def test_matrix_is_taken_without_scaling():
    assert weighted_sum([[100.0, 2.0]], [0.5, 0.5]).score.tolist() == [51]


def test_an_unknown_stays_unknown_and_takes_no_rank():
    found = weighted_sum([[1.0, np.nan], [0.2, 0.2], [0.4, 0.4]], [0.5, 0.5])
    assert np.isnan(found.score[0])
    assert np.isnan(found.rank[0])
    assert found.rank[1:].tolist() == [2, 1]


def test_an_unknown_of_weight_zero_is_still_unknown():
    assert np.isnan(weighted_sum([[1.0, np.nan]], [1, 0]).score[0])


def test_a_criterion_to_be_small_counts_against():
    found = weighted_sum([[3.0, 1.0], [3.0, 2.0]], [0.5, 0.5], ["max", "min"])
    assert found.score.tolist() == [1.0, 0.5]


def test_ties_share_the_better_rank_and_leave_the_next_one_out():
    assert rank_scores([0.5, 0.9, 0.5, 0.1]).tolist() == [2, 1, 2, 4]


def test_each_row_is_ranked_by_itself():
    assert rank_scores([[0.1, 0.2], [0.9, 0.3]]).tolist() == [[2, 1], [1, 2]]


@settings(deadline=None)
@given(matrices, st.integers(0, 99))
def test_equals_the_matrix_product(matrix, seed):
    weights = weights_for(matrix, seed)
    found = weighted_sum(matrix, weights)
    np.testing.assert_allclose(found.score, matrix @ weights / weights.sum(), atol=1e-12)


@settings(deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 9)),
              elements=st.sampled_from([0.0, -0.0, 0.25, 0.5, 1.0, np.nan])))  # fmt: skip
def test_ranks_equal_those_of_scipy(scores):
    found = rank_scores(scores)
    expected = rankdata(-scores, method="min", axis=1, nan_policy="omit")
    np.testing.assert_array_equal(found, expected)


@settings(deadline=None)
@given(matrices, st.integers(0, 99), st.floats(1e-3, 1e3))
def test_scale_of_weights_does_not_matter(matrix, seed, factor):
    weights = weights_for(matrix, seed)
    np.testing.assert_allclose(
        weighted_sum(matrix, weights).score, weighted_sum(matrix, factor * weights).score
    )


@settings(deadline=None)
@given(matrices, st.integers(0, 99))
def test_permuting_alternatives_permutes_the_result(matrix, seed):
    order = np.random.default_rng(seed).permutation(len(matrix))
    weights = weights_for(matrix, seed)
    before, after = weighted_sum(matrix, weights), weighted_sum(matrix[order], weights)
    np.testing.assert_array_equal(after.score, before.score[order])
    np.testing.assert_array_equal(after.rank, before.rank[order])


@settings(deadline=None)
@given(matrices, st.integers(0, 99), unit)
def test_raising_a_value_never_lowers_the_score_or_worsens_the_rank(matrix, seed, raised):
    weights = weights_for(matrix, seed)
    row, column = seed % matrix.shape[0], seed % matrix.shape[1]
    better = matrix.copy()
    better[row, column] = max(better[row, column], raised)
    before, after = weighted_sum(matrix, weights), weighted_sum(better, weights)
    assert after.score[row] >= before.score[row]
    assert after.rank[row] <= before.rank[row]


def test_agrees_with_pymcdm_on_random_matrices():
    methods = pytest.importorskip("pymcdm.methods")
    peer = methods.WSM(normalization_function=lambda column, cost: column)
    for seed in range(20):
        random = np.random.default_rng(seed)
        matrix, weights = random.random((12, 6)), random.dirichlet(np.ones(6))
        expected = peer(matrix, weights, np.ones(6))
        np.testing.assert_allclose(weighted_sum(matrix, weights).score, expected, atol=1e-9)


def test_example_published_with_pymcdm():
    # Its weights add up to 2, ours are scaled to 1; it divides columns by their sums first.
    matrix = np.array(
        [[96, 83, 75, 7], [63, 5, 56, 9], [72, 30, 32, 48], [11, 4, 27, 9], [77, 21, 17, 11]]
    )
    values = np.column_stack([matrix[:, :2], 1 / matrix[:, 2:]])
    found = weighted_sum(values / values.sum(axis=0), [8 / 13, 5 / 13, 6 / 13, 7 / 13])
    published = [0.609, 0.313, 0.334, 0.265, 0.479]
    np.testing.assert_allclose(2 * found.score, published, atol=5e-4)
    assert found.rank.tolist() == [1, 4, 3, 5, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, 2.0]], [1.0]), "1 weights for 2 criteria"),
        (([1.0, 2.0], [0.5, 0.5]), "two"),
        (([["good", 1.0]], [0.5, 0.5]), "must hold numbers"),
        (([[1.0, 2.0]], [0.5, 0.5], ["max"]), "1 objectives for 2"),
        (([[1.0, 2.0]], [0.5, 0.5], ["max", "least"]), "'least' is neither"),
        (([[1.0, 2.0]], [0.0, 0.0]), "add up to zero"),
        (([[1.0, 2.0]], [1.5, -0.5]), "zero or more"),
    ],
)
def test_input_that_cannot_be_scored_is_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        weighted_sum(*arguments)


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(DataError, match="must be numbers"):
        rank_scores(["a"])
