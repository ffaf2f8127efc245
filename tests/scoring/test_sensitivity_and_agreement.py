import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import DataError
from geo.scoring.ranking import rank_scores
from geo.scoring.robustness import (
    Normal,
    kendall_tau,
    one_at_a_time,
    rank_agreement,
    sobol_indices,
    stable_weights,
    weight_tornado,
    ws_coefficient,
)
from geo.scoring.weighting import WeightRange, normalise


def test_stable_weights_by_hand():
    # w + 0.2 (1 - w) is at least 0.8 (1 - w) from w = 0.375 on.
    found = stable_weights([[1.0, 0.2], [0.0, 0.8]], [0.5, 0.5])
    np.testing.assert_allclose([(s.low, s.high) for s in found], [(0.375, 1.0), (0.0, 0.625)])
    assert found[0].margin == pytest.approx(0.125)
    said = found[1].sentence(["transport", "grade"], ["Oyu", "Erdenet"], 0)
    assert said == (
        "Oyu is first as long as grade weighs 0.00 to 0.62 (now 0.50); above, Erdenet is."
    )
    second = stable_weights([[1.0, 0.5], [0.0, 0.4]], [0.5, 0.5], alternative=1)
    assert np.isnan(second[0].low)
    assert "No weight of grade makes B first." in second[1].sentence(["a", "grade"], "AB", 1)
    assert len(stable_weights([[1.0, 0.5], [0.0, 0.4]], [1, 0])) == 1


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 5))
def test_inside_the_interval_first_and_beyond_it_the_rival(seed, alternatives, criteria):
    chance = np.random.default_rng(seed)
    values, weights = chance.random((alternatives, criteria)), normalise(chance.random(criteria))
    first = int(np.argmax(values @ weights))
    for stable in stable_weights(values, weights):
        assert stable.low <= stable.weight <= stable.high
        rest = np.delete(weights, stable.criterion)

        def leader(weight, at=stable.criterion, rest=rest):
            moved = np.insert(rest / rest.sum() * (1 - weight), at, weight)
            return int(np.argmax(values @ moved))

        for share in (0.01, 0.5, 0.99):
            assert leader(stable.low + share * (stable.high - stable.low)) == first
        if stable.rival_low is not None:
            assert leader(stable.low - 1e-9) == stable.rival_low
        if stable.rival_high is not None:
            assert leader(stable.high + 1e-9) == stable.rival_high


def test_agreement_by_hand():
    found = rank_agreement({"sum": [1, 2, 3, np.nan], "mean": [1, 2, 3, 4], "top": [2, 1, 3, 1]})
    assert found.kendall.loc["sum", "mean"] == pytest.approx(1)
    assert found.kendall.loc["sum", "top"] == pytest.approx(1 / 3)
    assert found.ws.loc["sum", "top"] == pytest.approx(1 - (0.5 / 2 + 0.25 / 1))
    assert found.first.tolist() == [2, 1, 0]
    # Ties: three pairs, one tied in the first, so 2 / sqrt(2 * 3).
    assert kendall_tau([1, 1, 3], [1, 2, 3]) == pytest.approx(2 / np.sqrt(6))
    assert np.isnan(kendall_tau([1, 1, 1], [1, 2, 3]))


@given(st.permutations(range(1, 8)), st.permutations(range(1, 8)))
def test_agreement_is_highest_with_itself(one, other):
    assert ws_coefficient(one, one) == 1
    assert kendall_tau(one, one) == pytest.approx(1)
    assert ws_coefficient(one, other) <= 1
    assert kendall_tau(one, other) == pytest.approx(kendall_tau(other, one))


def test_indices_of_a_sum_are_its_shares_of_variance():
    found = sobol_indices(
        lambda x: 3 * x[:, 0] + x[:, 1], {"a": Normal(1, 1), "b": Normal(5, 2)}, samples=4096
    )
    # Variances 9 and 4.
    np.testing.assert_allclose(found.indices["first"], [9 / 13, 4 / 13], atol=0.02)
    np.testing.assert_allclose(found.indices["total"], [9 / 13, 4 / 13], atol=0.02)
    assert (found.indices["first_low"] <= found.indices["first_high"]).all()
    assert found.mean == pytest.approx(8, abs=0.05)
    assert found.deviation == pytest.approx(np.sqrt(13), rel=0.02)
    again = sobol_indices(
        lambda x: 3 * x[:, 0] + x[:, 1], {"a": Normal(1, 1), "b": Normal(5, 2)}, samples=4096
    )
    np.testing.assert_array_equal(found.indices, again.indices)


def test_the_tornado_by_hand():
    found = weight_tornado(
        [[1.0, 0.0, 0.5], [0.4, 0.4, np.nan]],
        [WeightRange(2, 1, 3), WeightRange(1, 0.5, 4), WeightRange(1, 1, 1)],
        0,
        ["grade", "freight", "sun"],
    )
    assert found.index.tolist() == ["freight", "grade", "sun"]
    np.testing.assert_allclose(
        found.loc["grade", ["score_low", "score", "score_high"]].tolist(), [0.5, 0.625, 0.7]
    )
    np.testing.assert_allclose(found.loc["freight", "score_high"], 2.5 / 7)
    assert found.loc["freight", ["rank", "rank_high"]].tolist() == [1, 1]
    assert found.loc["sun", "swing"] == 0


def test_ranks_in_the_tornado_are_those_of_the_moved_weights():
    values = [[1.0, 0.0], [0.0, 1.0]]
    found = weight_tornado(
        values, [WeightRange(2, 0.5, 3), WeightRange(1, 1, 1)], 0, ["grade", "freight"]
    )
    moved = rank_scores(np.array(values) @ normalise([0.5, 1]))
    assert found.loc["grade", "rank_low"] == moved[0] == 2
    assert found.loc["grade", "rank"] == 1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: rank_agreement({}), "no ranking"),
        (lambda: rank_agreement({"a": [1, 2], "b": [1]}), "different lengths"),
        (lambda: ws_coefficient([1, np.nan], [1, 2]), "two are needed"),
        (lambda: ws_coefficient([0, 1], [1, 2]), "ranks count from 1"),
        (lambda: sobol_indices(lambda x: x[:, 0], {}), "no input"),
        (lambda: sobol_indices(lambda x: x[:, 0], {"a": (0, 1)}, samples=100), "power of 2"),
        (lambda: sobol_indices(lambda x: 0 * x[:, 0], {"a": (0, 1)}), "same in every run"),
        (lambda: sobol_indices(lambda x: x, {"a": (0, 1)}), r"shape \(1024, 1\) for 1024 runs"),
        (lambda: sobol_indices(lambda x: x[:, 0], {"a": (1, 0)}), "limits must rise"),
        (lambda: one_at_a_time(lambda x: x[:, 0], {"a": 1}, {"b": (0, 1)}), "no input: a"),
        (lambda: one_at_a_time(lambda x: x[:, 0], {"a": 1}, {"a": (2, 1)}), "low comes first"),
        (lambda: weight_tornado([[1.0]], [], 0, ["a"]), "0 weights and 1 names"),
        (lambda: stable_weights([[1.0]], [1, 2]), "2 weights for value scores"),
    ],
)
def test_refuses_and_says_what_to_do(call, says):
    with pytest.raises(DataError, match=says):
        call()
