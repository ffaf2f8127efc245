"""One declaration of a method for sites and cells: scores, contributions and unknowns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.errors import DataError
from geo.scoring.combination import METHODS, Combination, shapley_changes
from geo.scoring.ranking import promethee, topsis, vikor
from geo.scoring.unknowns import UNKNOWN, score_cells, score_places

LOCAL = [name for name, method in METHODS.items() if method.local]
COMPARING = [name for name, method in METHODS.items() if not method.local]
OPTIONS = {"owa": {"alpha": 2.0}, "fuzzy-gamma": {"gamma": 0.7}}
VALUES = arrays(np.float64, (4, 3), elements=st.integers(0, 20).map(lambda n: n / 20))
WEIGHTS = arrays(np.float64, 3, elements=st.integers(1, 9).map(float))


def method(name):
    return Combination(name, OPTIONS.get(name, {}))


def test_hand_values_of_every_local_method():
    values, weights = np.array([[0.5, 0.8]]), [0.5, 0.5]
    expected = {
        "weighted-sum": 0.65,
        "weighted-product": 0.4**0.5,
        # The larger value has the place weight 0.5 ** 2, the smaller the rest.
        "owa": 0.8 * 0.25 + 0.5 * 0.75,
        "fuzzy-and": 0.5,
        "fuzzy-or": 0.8,
        "fuzzy-product": 0.4,
        "fuzzy-sum": 0.9,
        "fuzzy-gamma": 0.9**0.7 * 0.4**0.3,
    }
    assert set(expected) == set(LOCAL)
    for name, score in expected.items():
        assert method(name).scores(values, weights)[0] == pytest.approx(score)


def test_methods_that_compare_are_the_ranking_functions_on_the_scale_of_a_score():
    values = np.array([[0.1, 0.9, 0.4], [0.5, 0.2, 0.8], [0.9, 0.3, 0.1]])
    weights = np.array([0.5, 0.3, 0.2])
    assert method("topsis").scores(values, weights) == pytest.approx(topsis(values, weights).score)
    assert method("vikor").scores(values, weights) == pytest.approx(1 - vikor(values, weights).Q)
    flow = promethee(values, weights).net_flow
    assert method("promethee").scores(values, weights) == pytest.approx((1 + flow) / 2)


def test_electre_tells_the_kernel_from_the_rest():
    values, weights = np.array([[0.9, 0.5], [0.8, 0.6], [0.1, 0.4]]), np.array([0.7, 0.3])
    chosen = Combination("electre")
    assert chosen.scores(values, weights).tolist() == [1.0, 0.0, 0.0]
    # No better than it are: both others and one other; one other and both; none and none.
    expected = [[0.7, 0.15], [0.35, 0.3], [0.0, 0.0]]
    assert chosen.contributions(values, weights).tolist() == pytest.approx(np.array(expected))
    strict = Combination("electre", {"concordance_level": 0.9, "discordance_level": 0.0})
    assert strict.scores(values, weights).tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name].adds_up])
@given(VALUES, WEIGHTS)
def test_contributions_add_up_to_the_score(name, values, weights):
    chosen = method(name)
    parts = chosen.contributions(values, weights)
    assert parts.sum(axis=1) == pytest.approx(chosen.scores(values, weights), abs=1e-9)


@given(VALUES, WEIGHTS)
def test_a_weighted_sum_contributes_weight_times_value(values, weights):
    shares = weights / weights.sum()
    assert method("weighted-sum").contributions(values, weights) == pytest.approx(shares * values)
    changes = shapley_changes(lambda v: method("weighted-sum").scores(v, weights), values)
    assert shares + changes == pytest.approx(shares * values, abs=1e-12)


def test_sampled_orders_still_add_up():
    values = np.random.default_rng(1).random((3, 24))
    product = method("weighted-product")
    parts = product.contributions(values, np.ones(24))
    assert parts.sum(axis=1) == pytest.approx(product.scores(values, np.ones(24)))


def test_a_zero_costs_a_product_everything_and_the_others_keep_theirs():
    parts = method("weighted-product").contributions(np.array([[0.0, 1.0]]), [0.3, 0.7])
    assert parts[0].tolist() == pytest.approx([-0.7, 0.7])


def test_topsis_shares_its_score_by_the_squared_distances_from_the_worst():
    values = np.array([[1.0, 0.5], [0.0, 0.5], [0.5, 1.0]])
    parts = method("topsis").contributions(values, [0.5, 0.5])
    # The first is worst in the second criterion, which therefore adds nothing.
    assert parts[0, 1] == 0
    assert parts[1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", LOCAL)
@settings(max_examples=200)
@given(VALUES, WEIGHTS, st.data())
def test_the_interval_of_an_unknown_holds_every_filling(name, values, weights, data):
    missing = data.draw(arrays(np.bool_, values.shape))
    missing[missing.all(axis=1)] = False
    filled = method(name).scores(values, weights)
    found = score_places(np.where(missing, np.nan, values), weights, method(name))
    assert (found.worst <= filled + 1e-12).all()
    assert (found.best >= filled - 1e-12).all()


@pytest.mark.parametrize("name", METHODS)
@given(VALUES, WEIGHTS)
def test_where_all_is_known_every_choice_for_unknowns_scores_alike(name, values, weights):
    choices = [u for u in UNKNOWN if METHODS[name].local or u != "reweight"]
    found = [score_places(values, weights, method(name), unknown=u) for u in choices]
    for one in found:
        assert np.array_equal(one.score, found[0].score)
        assert np.array_equal(one.worst, one.best)
        assert np.array_equal(one.rank, found[0].rank)


@given(VALUES, WEIGHTS, arrays(np.bool_, (4, 3)))
def test_no_choice_leaves_the_interval(values, weights, missing):
    given_values = np.where(missing, np.nan, values)
    for name in LOCAL:
        for unknown in ("lower", "middle", "interval"):
            found = score_places(given_values, weights, method(name), unknown=unknown)
            known = ~np.isnan(found.score)
            assert (found.worst[known] <= found.score[known] + 1e-12).all()
            assert (found.score[known] <= found.best[known] + 1e-12).all()
            parts = found.contributions[known].sum(axis=1)
            assert parts == pytest.approx(found.score[known], abs=1e-9)


def test_interval_ranks_count_only_who_is_better_for_certain():
    values = [[0.9, 0.9], [0.2, np.nan], [0.5, 0.5], [0.1, 0.1]]
    found = score_places(values, [0.5, 0.5], unknown="interval")
    # The second lies between 0.1 and 0.6: behind 0.9 for certain, before 0.1 not for certain.
    assert found.rank.tolist() == [1.0, 2.0, 2.0, 3.0]
    assert found.score[1] == pytest.approx(0.1)


def test_reweighting_takes_the_known_criteria_alone():
    found = score_places([[0.6, np.nan, 0.2]], [0.2, 0.5, 0.3], unknown="reweight")
    assert found.score[0] == pytest.approx((0.2 * 0.6 + 0.3 * 0.2) / 0.5)
    assert found.contributions[0].sum() == pytest.approx(found.score[0])
    assert found.contributions[0, 1] == 0
    silent = score_places([[0.6, np.nan]], [0.0, 1.0], unknown="reweight")
    assert silent.score.tolist() == [0.0]


def test_refusing_leaves_no_score_and_cells_follow_sites():
    values = [[0.6, np.nan], [0.6, 0.2], [np.nan, np.nan]]
    found = score_places(values, [0.5, 0.5], unknown="refuse")
    assert np.isnan(found.score).tolist() == [True, False, True]
    score, best = score_cells(values, [0.5, 0.5], unknown="refuse")
    assert np.array_equal(score, found.score, equal_nan=True)
    assert np.array_equal(best, found.best, equal_nan=True)


def test_alike_places_are_scored_by_methods_that_compare():
    values = np.full((3, 2), 0.4)
    for name in COMPARING:
        scores = method(name).scores(values, [0.5, 0.5])
        assert len(set(scores.tolist())) == 1
        assert method(name).contributions(values, [0.5, 0.5]).shape == (3, 2)
        assert method(name).scores(np.empty((0, 2)), [0.5, 0.5]).shape == (0,)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Combination("sum"), "method 'sum' is none of"),
        (lambda: Combination("topsis", {"v": 1}), "has no option 'v'"),
        (lambda: score_places([[1.0]], [1.0], unknown="best"), "unknown is 'best'"),
        (
            lambda: score_places([[1.0]], [1.0], Combination("vikor"), unknown="reweight"),
            "serves local methods only",
        ),
        (lambda: score_cells([[1.0]], [1.0], Combination("topsis")), "ranks sites only"),
        (lambda: score_cells([[1.0]], [1.0], Combination("electre")), "ranks sites only"),
        (lambda: score_places([[1.0, 1.0]], [-1.0, 2.0]), "zero or more"),
        (lambda: score_places([[1.0, 1.0]], [0.0, 0.0]), "add up to zero"),
        (lambda: score_places([[1.0, 1.0]], [np.nan, 1.0]), "finite"),
    ],
)
def test_refuses_and_says_what_is_needed(call, said):
    with pytest.raises(DataError, match=said):
        call()
