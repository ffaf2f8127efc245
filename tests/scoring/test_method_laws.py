"""What each method promises, for any matrix; and where it promises nothing, an example."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.errors import DataError, LodemapWarning
from geo.scoring.overlay import fuzzy_and, fuzzy_gamma, fuzzy_or, fuzzy_product, fuzzy_sum
from geo.scoring.ranking import (
    electre,
    order_weights_of,
    owa,
    preference_index,
    promethee,
    topsis,
    vikor,
    weighted_product,
    weighted_sum,
)

LAWS = settings(max_examples=500)
CLOSE = {"rtol": 1e-8, "atol": 1e-9}


@st.composite
def problems(draw, least=2):
    rows, columns = draw(st.integers(least, 6)), draw(st.integers(1, 4))
    cell = st.integers(1, 400).map(lambda n: n / 4)
    matrix = np.array([[draw(cell) for _ in range(columns)] for _ in range(rows)])
    weights = np.array([draw(st.integers(1, 9)) for _ in range(columns)], dtype=float)
    senses = [draw(st.sampled_from(["max", "min"])) for _ in range(columns)]
    return matrix, weights, senses


scales = st.lists(st.sampled_from([0.01, 0.5, 3.0, 250.0]), min_size=4, max_size=4)
shifts = st.lists(st.integers(-300, 300), min_size=4, max_size=4)
LIMITS = {"preference": "v-shape-indifference", "q": 5.0, "p": 40.0}


def quietly(method, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LodemapWarning)
        return method(*arguments, **options)


def spread_out(matrix):
    """Every criterion with a range, as min-max scaling and VIKOR need."""
    return bool((np.ptp(matrix, axis=0) > 0).all())


METHODS = {
    "weighted sum": weighted_sum,
    "weighted product": weighted_product,
    "owa": lambda m, w, s: owa(m, w, s, alpha=2.0),
    "topsis": topsis,
    "vikor": lambda m, w, s: quietly(vikor, m, w, s),
    "promethee": lambda m, w, s: promethee(m, w, s, **LIMITS),
    "electre": electre,
}
ALONE = ("weighted sum", "weighted product", "owa")
"""Methods that look at one alternative at a time."""
every = pytest.mark.parametrize("name", METHODS)


@every
@LAWS
@given(problem=problems(), random=st.randoms())
def test_order_of_alternatives_and_criteria_does_not_matter(name, problem, random):
    matrix, weights, senses = problem
    rows, columns = list(range(matrix.shape[0])), list(range(matrix.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    before = METHODS[name](matrix, weights, senses)
    after = METHODS[name](
        matrix[np.ix_(rows, columns)], weights[columns], [senses[c] for c in columns]
    )
    np.testing.assert_allclose(after.score, before.score[rows], **CLOSE)
    np.testing.assert_array_equal(after.rank, before.rank[rows])


@every
@LAWS
@given(problem=problems(), factor=st.sampled_from([0.01, 0.3, 7.0, 1e4]))
def test_scale_of_the_weights_does_not_matter(name, problem, factor):
    matrix, weights, senses = problem
    before, after = (METHODS[name](matrix, w, senses) for w in (weights, factor * weights))
    np.testing.assert_allclose(after.score, before.score, **CLOSE)


@every
@LAWS
@given(problem=problems(), pick=st.integers(0, 99), raised=st.integers(0, 4), by=st.integers(0, 50))
def test_an_alternative_that_another_dominates_is_never_ahead_of_it(
    name, problem, pick, raised, by
):
    matrix, weights, senses = problem
    rows, columns = matrix.shape
    better, worse = pick % rows, (pick + 1) % rows
    matrix[better] = matrix[worse]
    for column in range(min(raised, columns)):
        step = min(by, matrix[worse, column] - 0.25) if senses[column] == "min" else -by
        matrix[better, column] -= step
    found = METHODS[name](matrix, weights, senses)
    assert found.rank[better] <= found.rank[worse]


@every
@LAWS
@given(problem=problems(), pick=st.integers(0, 99))
def test_equal_alternatives_share_a_rank(name, problem, pick):
    matrix, weights, senses = problem
    first, second = pick % len(matrix), (pick + 1) % len(matrix)
    matrix[first] = matrix[second]
    found = METHODS[name](matrix, weights, senses)
    assert found.rank[first] == found.rank[second]


@every
@LAWS
@given(problem=problems(least=3), pick=st.integers(0, 99))
def test_an_unknown_leaves_the_others_as_if_the_alternative_were_not_there(name, problem, pick):
    matrix, weights, senses = problem
    row = pick % len(matrix)
    without = METHODS[name](np.delete(matrix, row, axis=0), weights, senses)
    matrix[row, pick % matrix.shape[1]] = np.nan
    found = METHODS[name](matrix, weights, senses)
    assert np.isnan(found.score[row])
    assert np.isnan(found.rank[row])
    np.testing.assert_allclose(np.delete(found.score, row), without.score, **CLOSE)
    np.testing.assert_array_equal(np.delete(found.rank, row), without.rank)


@pytest.mark.parametrize("name", ["weighted product", "topsis", "vikor"])
@LAWS
@given(problem=problems(), factors=scales)
def test_units_do_not_matter(name, problem, factors):
    matrix, weights, senses = problem
    scaled = matrix * np.array(factors)[: matrix.shape[1]]
    before, after = METHODS[name](matrix, weights, senses), METHODS[name](scaled, weights, senses)
    # The weighted product keeps the ratios of the scores, the others the scores.
    one = before.score[0], after.score[0]
    divisor = one if name == "weighted product" else (1.0, 1.0)
    np.testing.assert_allclose(after.score / divisor[1], before.score / divisor[0], **CLOSE)


@LAWS
@given(problem=problems(), factors=scales, moved=shifts)
def test_neither_units_nor_zero_matter_to_vikor(problem, factors, moved):
    matrix, weights, senses = problem
    count = matrix.shape[1]
    turned = matrix * np.array(factors)[:count] + np.array(moved)[:count]
    before, after = (quietly(vikor, m, weights, senses) for m in (matrix, turned))
    np.testing.assert_allclose(after.S, before.S, **CLOSE)
    np.testing.assert_allclose(after.R, before.R, **CLOSE)
    np.testing.assert_allclose(after.Q, before.Q, rtol=1e-6, atol=1e-6)


@LAWS
@given(problem=problems(), factors=scales, moved=shifts)
def test_neither_units_nor_zero_matter_to_topsis_by_range(problem, factors, moved):
    matrix, weights, senses = problem
    assume(spread_out(matrix))
    count = matrix.shape[1]
    turned = matrix * np.array(factors)[:count] + np.array(moved)[:count]
    before, after = (topsis(m, weights, senses, normalise="minmax") for m in (matrix, turned))
    np.testing.assert_allclose(after.score, before.score, **CLOSE)


@LAWS
@given(problem=problems(), factors=scales, moved=shifts)
def test_neither_units_nor_zero_matter_to_promethee_if_the_thresholds_follow(
    problem, factors, moved
):
    matrix, weights, senses = problem
    count = matrix.shape[1]
    factor = np.array(factors)[:count]
    before = promethee(matrix, weights, senses, **LIMITS)
    after = promethee(
        matrix * factor + np.array(moved)[:count],
        weights,
        senses,
        preference=LIMITS["preference"],
        q=(LIMITS["q"] * factor).tolist(),
        p=(LIMITS["p"] * factor).tolist(),
    )
    np.testing.assert_allclose(after.net_flow, before.net_flow, **CLOSE)


@LAWS
@given(problem=problems(), factor=st.sampled_from([0.01, 3.0, 250.0]), moved=shifts)
def test_a_common_unit_and_any_zero_do_not_matter_to_electre(problem, factor, moved):
    matrix, weights, senses = problem
    turned = factor * (matrix + np.array(moved)[: matrix.shape[1]])
    before, after = (electre(m, weights, senses) for m in (matrix, turned))
    np.testing.assert_allclose(after.concordance, before.concordance, **CLOSE)
    np.testing.assert_allclose(after.discordance, before.discordance, **CLOSE)
    assert after.kernel == before.kernel


@LAWS
@given(problem=problems(), moved=shifts)
def test_the_zero_of_each_criterion_does_not_matter_to_the_weighted_sum(problem, moved):
    matrix, weights, senses = problem
    turned = matrix + np.array(moved)[: matrix.shape[1]]
    before, after = (weighted_sum(m, weights, senses) for m in (matrix, turned))
    np.testing.assert_allclose(
        after.score - after.score[0], before.score - before.score[0], atol=1e-7
    )


@LAWS
@given(problem=problems(), alpha=st.floats(0, 20), moved=st.integers(-50, 50))
def test_a_common_unit_and_zero_do_not_matter_to_the_ordered_average(problem, alpha, moved):
    matrix, weights, _ = problem
    before = owa(matrix, weights, alpha=alpha).score
    after = owa(2.5 * matrix + moved, weights, alpha=alpha).score
    np.testing.assert_allclose(after, 2.5 * before + moved, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", [*ALONE, "topsis", "promethee"])
@LAWS
@given(problem=problems(), pick=st.integers(0, 99), by=st.integers(1, 100))
def test_a_better_value_never_lowers_the_score(name, problem, pick, by):
    matrix, weights, senses = problem
    row, column = pick % matrix.shape[0], pick % matrix.shape[1]
    better = matrix.copy()
    if senses[column] == "max":
        better[row, column] += by
    else:
        better[row, column] /= 1 + by
    before, after = (METHODS[name](m, weights, senses) for m in (matrix, better))
    assert after.score[row] >= before.score[row] - 1e-9


@pytest.mark.parametrize("name", ALONE)
@LAWS
@given(problem=problems(least=3), pick=st.integers(0, 99))
def test_a_further_alternative_leaves_the_scores_of_the_others(name, problem, pick):
    matrix, weights, senses = problem
    row = pick % len(matrix)
    whole = METHODS[name](matrix, weights, senses)
    without = METHODS[name](np.delete(matrix, row, axis=0), weights, senses)
    np.testing.assert_array_equal(np.delete(whole.score, row), without.score)


@pytest.mark.parametrize("name", ["weighted product", "topsis", "vikor", "promethee"])
@LAWS
@given(problem=problems(), value=st.integers(1, 99), weight=st.integers(1, 9))
def test_a_criterion_of_one_value_changes_no_rank(name, problem, value, weight):
    matrix, weights, senses = problem
    wider = np.column_stack([matrix, np.full(len(matrix), float(value))])
    before = METHODS[name](matrix, weights, senses)
    after = METHODS[name](wider, [*weights, weight], [*senses, "max"])
    np.testing.assert_array_equal(after.rank, before.rank)


@LAWS
@given(problem=problems(), alpha=st.floats(0, 50) | st.just(np.inf))
def test_an_ordered_average_lies_between_the_worst_and_the_best(problem, alpha):
    matrix, weights, _ = problem
    for options in ({"alpha": alpha}, {"order_weights": np.arange(1.0, matrix.shape[1] + 1)}):
        found = owa(matrix, weights, **options).score
        assert (found >= matrix.min(axis=1)).all()
        assert (found <= matrix.max(axis=1)).all()


@LAWS
@given(problem=problems(), low=st.floats(0, 10), high=st.floats(0, 10))
def test_a_more_cautious_average_is_never_higher(problem, low, high):
    matrix, weights, _ = problem
    low, high = sorted((low, high))
    hopeful, cautious = (owa(matrix, weights, alpha=a) for a in (low, high))
    assert (hopeful.score >= cautious.score - 1e-9).all()
    if matrix.shape[1] > 1:
        assert hopeful.orness >= cautious.orness - 1e-12


@LAWS
@given(problem=problems())
def test_the_limits_of_the_ordered_average(problem):
    matrix, weights, _ = problem
    np.testing.assert_allclose(owa(matrix, weights, alpha=0).score, matrix.max(axis=1))
    np.testing.assert_allclose(owa(matrix, weights, alpha=np.inf).score, matrix.min(axis=1))
    np.testing.assert_allclose(
        owa(matrix, weights, alpha=1).score, weighted_sum(matrix, weights).score
    )


@LAWS
@given(st.integers(2, 12), st.floats(0, 30))
def test_character_of_order_weights(count, alpha):
    places = order_weights_of(count, alpha)
    found = owa([np.arange(float(count))], alpha=alpha)
    assert places.sum() == pytest.approx(1)
    assert found.orness + found.andness == pytest.approx(1)
    assert -1e-12 <= found.orness <= 1 + 1e-12
    assert -1e-12 <= found.tradeoff <= 1 + 1e-12


memberships = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@LAWS
@given(memberships, st.floats(0, 1))
def test_fuzzy_operators_stand_in_order(found, gamma):
    product, least = fuzzy_product(found), fuzzy_and(found)
    most, total = fuzzy_or(found), fuzzy_sum(found)
    assert product <= least + 1e-12
    assert least <= most
    assert most <= total + 1e-12
    assert product <= fuzzy_gamma(found, gamma) <= total


@LAWS
@given(memberships, st.randoms(), st.floats(0, 1))
def test_order_does_not_matter_to_fuzzy_operators(found, random, gamma):
    turned = list(found)
    random.shuffle(turned)
    for operator in (fuzzy_and, fuzzy_or, fuzzy_product, fuzzy_sum):
        assert operator(turned) == pytest.approx(operator(found), abs=1e-12)
    assert fuzzy_gamma(turned, gamma) == pytest.approx(fuzzy_gamma(found, gamma), abs=1e-7)


@LAWS
@given(memberships, st.integers(0, 9), st.floats(0, 1), st.floats(0, 1))
def test_a_better_membership_never_lowers_a_fuzzy_score(found, pick, raised, gamma):
    better = list(found)
    at = pick % len(found)
    better[at] = max(better[at], raised)
    for operator in (fuzzy_and, fuzzy_or, fuzzy_product, fuzzy_sum):
        assert operator(better) >= operator(found) - 1e-12
    assert fuzzy_gamma(better, gamma) >= fuzzy_gamma(found, gamma) - 1e-9


kinds = st.sampled_from(
    ["usual", "u-shape", "v-shape", "level", "v-shape-indifference", "gaussian"]
)


@LAWS
@given(problem=problems(), data=st.data(), q=st.integers(0, 80), more=st.integers(0, 200))
def test_flows_are_those_of_the_preference_index(problem, data, q, more):
    matrix, weights, senses = problem
    options = {
        "preference": [data.draw(kinds) for _ in senses],
        "q": q / 4,
        "p": (q + more + 1) / 4,
        "s": (more + 1) / 4,
    }
    index = preference_index(matrix, weights, senses, **options)
    found = promethee(matrix, weights, senses, **options)
    others = len(matrix) - 1
    np.testing.assert_allclose(found.positive_flow, index.sum(axis=1) / others, atol=1e-9)
    np.testing.assert_allclose(found.negative_flow, index.sum(axis=0) / others, atol=1e-9)
    assert found.net_flow.sum() == pytest.approx(0, abs=1e-9)
    share = weights / weights.sum()
    np.testing.assert_allclose(found.criterion_flows @ share, found.net_flow, atol=1e-12)
    assert not (found.outranks() & found.outranks().T).any()


@LAWS
@given(problem=problems())
def test_no_member_of_the_kernel_is_outranked_from_outside_and_all_others_are(problem):
    matrix, weights, senses = problem
    found = electre(matrix, weights, senses, concordance_level=0.6, discordance_level=0.4)
    inside = np.zeros(len(matrix), dtype=bool)
    inside[list(found.kernel)] = True
    # Members may outrank one another only in a circle.
    reach = np.linalg.matrix_power(np.eye(len(matrix)) + found.outranks, len(matrix)) > 0
    for row, column in np.argwhere(found.outranks & inside[:, None] & inside):
        assert reach[column, row]
    outside = np.flatnonzero(~inside)
    circle = reach & reach.T
    for column in outside:
        assert (found.outranks[np.ix_(inside, circle[column])]).any()


@LAWS
@given(problem=problems(), v=st.floats(0, 1))
def test_the_compromise_holds_the_first_and_is_no_longer_than_it_must_be(problem, v):
    matrix, weights, senses = problem
    found = quietly(vikor, matrix, weights, senses, v=v)
    assert found.Q[found.compromise[0]] == found.Q.min()
    behind = found.Q[list(found.compromise)] - found.Q.min()
    assert (np.diff(behind) >= 0).all()
    if not found.acceptable_advantage:
        assert (behind < 1 / (len(matrix) - 1)).all()
        assert len(found.compromise) >= 2


def turned(method, three, weights):
    before, after = method(three[:2], weights), method(three, weights)
    return (before.rank[0] < before.rank[1]) != (after.rank[0] < after.rank[1])


def test_a_first_that_leads_neither_by_the_many_nor_by_the_worst_brings_in_the_second():
    # The fourth leads by Q with advantage, but the third by S and the fifth by R.
    costs = np.array(
        [
            [1.0, 101.0, 1.0, 101.0, 1.0],
            [101.0, 1.0, 101.0, 1.0, 101.0],
            [1.0, 1.0, 1.0, 1.0, 101.0],
            [11.0, 11.0, 11.0, 16.0, 61.0],
            [56.0, 56.0, 56.0, 56.0, 56.0],
        ]
    )
    found = vikor(costs, np.ones(5), ["min"] * 5)
    assert (found.acceptable_advantage, found.acceptable_stability) == (True, False)
    assert found.compromise == (3, 4)


def test_topsis_can_turn_the_order_of_two_when_a_third_comes():
    assert turned(topsis, [[3.0, 2.0], [4.0, 1.0], [2.0, 7.0]], [1, 1])


def test_vikor_can_turn_the_order_of_two_when_a_third_comes():
    assert turned(vikor, [[7.0, 4.0], [5.0, 5.0], [8.0, 1.0]], [4, 6])


def test_promethee_can_turn_the_order_of_two_when_others_come():
    weights = [0.4, 0.3, 0.3]
    two = np.array([[3.0, 1.0, 1.0], [1.0, 2.0, 2.0]])
    more = np.vstack([two, [[2.0, 0.0, 0.0], [2.5, 0.5, 0.5]]])
    before, after = (promethee(m, weights) for m in (two, more))
    assert (before.rank[0] < before.rank[1]) != (after.rank[0] < after.rank[1])


def test_the_zero_of_a_criterion_matters_to_topsis_by_vector_and_the_weighted_product():
    matrix = np.array([[1.0, 8.0], [4.0, 3.0]])
    moved = matrix + np.array([0.0, 100.0])
    for method in (topsis, weighted_product):
        before, after = (method(m, [0.5, 0.5]) for m in (matrix, moved))
        assert before.score[0] - before.score[1] != pytest.approx(after.score[0] - after.score[1])
    assert weighted_product(matrix, [1, 1]).rank.tolist() == [2, 1]
    assert weighted_product(matrix + np.array([100.0, 0.0]), [1, 1]).rank.tolist() == [1, 2]


def test_vikor_is_not_always_monotone():
    # The first gets better, which widens the range that all regrets are measured by, and
    # falls from a tie with the third to a place behind it.
    matrix = np.array([[3.0, 8.0], [6.0, 6.0], [4.0, 5.0], [7.0, 4.0]])
    better = matrix.copy()
    better[0, 1] = 14.0
    before, after = vikor(matrix, [6, 4]), vikor(better, [6, 4])
    assert before.rank.tolist() == [3, 1, 3, 2]
    assert after.rank.tolist() == [4, 1, 3, 2]


def test_order_weights_over_unequal_weights_are_not_monotone():
    # As the second value passes the first, the heavy criterion falls to the light place.
    weights, places = [0.9, 0.1], [0.9, 0.1]
    below = owa([[0.5, 0.49]], weights, order_weights=places).score[0]
    above = owa([[0.5, 0.51]], weights, order_weights=places).score[0]
    assert above > below
    low = owa([[0.2, 0.5, 0.49]], [0.1, 0.8, 0.1], order_weights=[0.45, 0.1, 0.45]).score[0]
    high = owa([[0.2, 0.5, 0.51]], [0.1, 0.8, 0.1], order_weights=[0.45, 0.1, 0.45]).score[0]
    assert high < low


def test_ties_share_the_better_rank_whatever_the_rounding():
    found = topsis([[0.1, 0.3], [0.3, 0.1], [0.9, 0.9]], [0.5, 0.5], normalise="none")
    assert found.rank.tolist() == [2, 2, 1]


def test_a_difference_at_a_threshold_is_not_beyond_it_whatever_the_rounding():
    # 0.8 - 0.7 is a little more than 0.1 in binary.
    found = promethee([[0.8], [0.7]], [1], preference="u-shape", q=0.1)
    assert found.net_flow.tolist() == [0, 0]


@pytest.mark.parametrize(
    "method", [weighted_sum, weighted_product, owa, topsis, vikor, promethee, electre]
)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": [1, -1]}, "zero or more"),
        ({"weights": [0, 0]}, "add up to zero"),
        ({"weights": [1, np.nan]}, "finite"),
        ({"weights": [1, 1, 1]}, "3 weights for 2 criteria"),
        ({"objectives": ["max"]}, "1 objectives for 2 criteria"),
        ({"objectives": ["max", "most"]}, "'most' is neither"),
        ({"matrix": [1, 2]}, "1 dimensions, required are two"),
        ({"matrix": [["a", "b"]]}, "must hold numbers"),
        ({"matrix": np.empty((0, 2))}, "one row and column or more"),
        ({"matrix": [[np.inf, 1]]}, "row 0, column 0 of the matrix is infinite"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_every_method(method, changed, message):
    call = {"matrix": [[1.0, 2.0], [3.0, 4.0]], "weights": [1, 1], "objectives": None, **changed}
    extra = {"alpha": 1.0} if method is owa else {}
    with pytest.raises(DataError, match=message):
        method(call["matrix"], call["weights"], call["objectives"], **extra)


TWO = [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weighted_product([[1, -2]], [1, 1]), "row 0, column 1 of the matrix is -2"),
        (lambda: weighted_product([[1, 0]], [1, 1], ["max", "min"]), "above zero, as it is to be"),
        (lambda: owa(TWO, [1, 1]), "either alpha or order_weights"),
        (lambda: owa(TWO, [1, 1], alpha=1, order_weights=[1, 1]), "one of them"),
        (lambda: owa(TWO, [1, 1], alpha=-1), "alpha is -1"),
        (lambda: owa(TWO, [1, 1], alpha=np.nan), "alpha is nan"),
        (lambda: owa(TWO, [1, 1], order_weights=[1]), "1 order weights for 2"),
        (lambda: owa([[1.0, 2.0]], [1, 0], order_weights=[1, 0]), "in row 0 the order weights"),
        (lambda: topsis(TWO, [1, 1], normalise="z"), "normalise is 'z'"),
        (lambda: topsis([[1, 2], [1, 3]], [1, 1], normalise="minmax"), "criterion 0 has one value"),
        (lambda: topsis([[0, 2], [0, 3]], [1, 1]), "criterion 0 is zero throughout"),
        (lambda: topsis([[-1, 2], [1, 3]], [1, 1], normalise="sum"), "is -1: sums of shares"),
        (lambda: topsis(TWO, [1, 1], ideal=[1, 2, 3]), "ideal is"),
        (lambda: topsis([[np.nan, 1]], [1, 1]), "every alternative has an unknown"),
        (lambda: vikor(TWO, [1, 1], v=1.5), "v is 1.5"),
        (lambda: promethee(TWO, [1, 1], preference="hump"), "'hump' is unknown, use one of usual"),
        (lambda: promethee(TWO, [1, 1], preference=["usual"]), "1 preference functions for 2"),
        (lambda: promethee(TWO, [1, 1], preference="v-shape"), "needs the threshold p"),
        (lambda: promethee(TWO, [1, 1], preference="v-shape", p=0), "criterion 0: p is 0"),
        (lambda: promethee(TWO, [1, 1], preference="level", q=3, p=1), "q is 3 and p 1"),
        (lambda: promethee(TWO, [1, 1], preference="u-shape", q=[1]), "1 thresholds q for 2"),
        (lambda: promethee(TWO, [1, 1], preference="gaussian", s=-1), "s is -1"),
        (lambda: electre(TWO, [1, 1], concordance_level=2), "concordance_level is 2"),
        (lambda: fuzzy_and([1.5]), "a membership is 1.5"),
        (lambda: fuzzy_or([-0.5]), "a membership is -0.5"),
        (lambda: fuzzy_sum([]), "no criterion"),
        (lambda: fuzzy_product(["x"]), "must be numbers"),
        (lambda: fuzzy_gamma([0.5], 2), "gamma is 2"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_a_criterion_of_one_value_is_counted_in_a_warning():
    with pytest.warns(LodemapWarning, match=r"1 of 2 criteria \(column 1\) have one value only"):
        found = vikor([[1, 5], [2, 5], [3, 5]], [1, 1])
    assert found.rank.tolist() == [3, 2, 1]
