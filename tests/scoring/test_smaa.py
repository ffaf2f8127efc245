import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.stats import truncnorm

from geo.compute import blocks
from geo.errors import DataError
from geo.scoring.ranking import rank_scores
from geo.scoring.robustness import (
    Bounded,
    Dirichlet,
    Empirical,
    Fixed,
    Normal,
    Ordinal,
    Scaled,
    Simplex,
    Triangular,
    Uniform,
    acceptability,
    smaa,
    smaa_exact,
)
from geo.scoring.weight_space import weight_space
from geo.scoring.weighting import WeightRange

SEEDS = st.integers(0, 2**32 - 1)
# Half of a normal law, cut off at two and a half deviations.
HALF = truncnorm(0, 2.5, loc=0.5, scale=0.2)
STEPS = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


def table(alternatives, criteria, elements=STEPS):
    row = st.lists(elements, min_size=criteria, max_size=criteria)
    return st.lists(row, min_size=alternatives[0], max_size=alternatives[1]).map(np.array)


def test_ranks_by_hand():
    # Weights of the first criterion: above 0.5 the first is best; below 0.4 it is last.
    found = smaa([[1.0, 0.0], [0.0, 1.0], [0.4, 0.4]], draws=50_000, seed=3)
    expected = [[0.5, 0.1, 0.4], [0.5, 0.1, 0.4], [0.0, 0.8, 0.2]]
    np.testing.assert_allclose(found.rank_acceptability, expected, atol=0.01)
    np.testing.assert_allclose(found.central_weights[:2], [[0.75, 0.25], [0.25, 0.75]], atol=0.01)
    assert np.isnan(found.central_weights[2]).all()
    assert found.confidence[:2].tolist() == [1.0, 1.0]
    assert np.isnan(found.confidence[2])
    np.testing.assert_allclose(found.pairwise[0], [0.5, 0.5, 0.6], atol=0.01)
    np.testing.assert_allclose(found.expected_rank, [1.9, 1.9, 2.2], atol=0.02)
    np.testing.assert_allclose(found.top(2), [0.6, 0.6, 0.8], atol=0.01)


def test_ties_have_an_equal_part_of_the_ranks_they_share():
    found = smaa([[0.5, 0.5], [0.9, 0.9], [0.5, 0.5], [0.1, 0.1]], draws=100)
    assert found.rank_acceptability.tolist() == [
        [0, 0.5, 0.5, 0], [1, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 1],
    ]  # fmt: skip
    assert found.pairwise[0, 2] == 0.5
    same = smaa([[0.3, 0.3]] * 4, draws=10, ranks=2)
    np.testing.assert_allclose(same.rank_acceptability, 0.25)
    np.testing.assert_allclose(same.central_weights.sum(axis=1), 1)


@settings(max_examples=500)
@given(table((2, 7), 3), SEEDS)
def test_rows_and_columns_add_up_to_one(values, seed):
    found = smaa(values, draws=50, seed=seed)
    np.testing.assert_allclose(found.rank_acceptability.sum(axis=0), 1)
    np.testing.assert_allclose(found.rank_acceptability.sum(axis=1), 1)
    np.testing.assert_allclose(found.pairwise + found.pairwise.T, 1)
    backed = found.rank_acceptability[:, 0] > 0
    np.testing.assert_allclose(found.central_weights[backed].sum(axis=1), 1)
    assert np.isnan(found.central_weights[~backed]).all()


@settings(max_examples=500)
@given(table((2, 5), 3, st.floats(0, 1)), SEEDS, st.sampled_from(["all", "limits", "order"]))
@example(np.array([[0.0, 0.0, 0.5], [1.0, 5e-324, 0.0]]), 0, "all")
def test_exact_areas_lie_within_the_error_of_the_draws(values, seed, kind):
    weights = {
        "all": Simplex(),
        "limits": Bounded((0.1, 0.0, 0.2), (0.6, 0.5, 0.7)),
        "order": Ordinal((1, 2, 0)),
    }[kind]
    # Values that differ by less than a float can tell are tied in one and not in the other.
    apart = np.abs(values[:, None] - values[None]).max(axis=2)
    assume((apart[~np.eye(len(values), dtype=bool)] > 1e-6).all())
    draws = 2000
    exact = smaa_exact(values, weights=weights)
    drawn = smaa(values, weights=weights, draws=draws, seed=seed)
    share = exact.rank_acceptability
    np.testing.assert_allclose(share.sum(axis=0), 1, atol=1e-9)
    np.testing.assert_allclose(share.sum(axis=1), 1, atol=1e-9)
    # Five standard errors, and one draw for what is rarer than a draw.
    error = 5 * np.sqrt(share * (1 - share) / draws) + 5 / draws
    assert (np.abs(drawn.rank_acceptability - share) <= error).all()
    error = 5 * np.sqrt(0.25 / draws)
    assert (np.abs(drawn.pairwise - exact.pairwise) <= error).all()
    often = share[:, 0] > 0.1
    np.testing.assert_allclose(
        drawn.central_weights[often], exact.central_weights[often], atol=0.15
    )


@settings(max_examples=200)
@given(table((1, 6), 2, st.floats(0, 1)))
def test_two_criteria_by_counting_fine_steps(values):
    exact = smaa_exact(values)
    steps = (np.arange(4000) + 0.5) / 4000
    scores = steps[:, None] * values[:, 0] + (1 - steps)[:, None] * values[:, 1]
    apart = np.abs(values[:, None] - values[None]).max(axis=2)
    assume((apart[~np.eye(len(values), dtype=bool)] > 1e-6).all())
    ranks = rank_scores(scores)
    counted = np.stack([(ranks == rank + 1).mean(axis=0) for rank in range(len(values))], axis=1)
    np.testing.assert_allclose(exact.rank_acceptability, counted, atol=0.003)


@settings(max_examples=100)
@given(table((2, 6), 4), SEEDS)
def test_an_unknown_lies_between_its_worst_and_its_best_case(values, seed):
    gap = np.array(values, dtype=float)
    gap[0, 1] = np.nan
    worst, best = gap.copy(), gap.copy()
    worst[0, 1], best[0, 1] = 0, 1
    unknown, low, high = (
        smaa(v, draws=200, seed=seed, weights=Fixed((4, 3, 2, 1))) for v in (gap, worst, best)
    )
    assert low.expected_rank[0] >= unknown.expected_rank[0] - 1e-9
    assert high.expected_rank[0] <= unknown.expected_rank[0] + 1e-9


@settings(max_examples=500)
@given(table((2, 5), 3), st.lists(st.floats(0, 1), min_size=2, max_size=2), SEEDS)
def test_an_unknowns_interval_contains_every_filling(values, filling, seed):
    weights = np.random.default_rng(seed).dirichlet([1, 1, 1])

    def standing(*unknown):
        filled = values.copy()
        filled[0, :2] = unknown
        found = smaa(filled, weights=weights, draws=1)
        return found.expected_rank[0], filled[0] @ weights

    worst, best, some = standing(0, 0), standing(1, 1), standing(*filling)
    assert worst[1] - 1e-12 <= some[1] <= best[1] + 1e-12
    # Scores that are equal but for rounding tie, or not: half a rank each way.
    assert best[0] - 0.5 * len(values) <= some[0] <= worst[0] + 0.5 * len(values)
    if len(np.unique((values @ weights).round(9))) == len(values):
        assert best[0] <= some[0] <= worst[0] or worst[1] == best[1]


def test_first_ranks_and_bands_agree_with_all_ranks():
    chance = np.random.default_rng(5)
    # Classes: many ties, some across the last rank that is told apart.
    values = chance.integers(0, 4, (60, 3)) / 3
    whole = smaa(values, draws=300, seed=2)
    few = smaa(values, draws=300, seed=2, ranks=7)
    banded = smaa(values, draws=300, seed=2, ranks=7, bands=[8, 20, 41])
    np.testing.assert_allclose(few.rank_acceptability, whole.rank_acceptability[:, :7])
    np.testing.assert_allclose(banded.rank_acceptability, whole.rank_acceptability[:, :7])
    starts = np.add.reduceat(whole.rank_acceptability, [7, 19, 40], axis=1)
    np.testing.assert_allclose(banded.band_acceptability, starts)
    assert banded.band_starts.tolist() == [8, 20, 41]
    np.testing.assert_allclose(few.central_weights, whole.central_weights)
    np.testing.assert_allclose(banded.expected_rank, whole.expected_rank)
    assert np.isnan(few.expected_rank).all()


def test_many_alternatives_have_their_first_ranks():
    values = np.random.default_rng(1).random((1500, 4))
    found = smaa(values, draws=40)
    assert found.rank_acceptability.shape == (1500, 20)
    np.testing.assert_allclose(found.rank_acceptability.sum(axis=0), 1)
    assert found.pairwise is None
    whole = smaa(values, draws=40, ranks=1500)
    np.testing.assert_allclose(whole.rank_acceptability[:, :20], found.rank_acceptability)


@pytest.mark.compiled
def test_the_number_of_threads_does_not_matter(monkeypatch):
    values = [[Normal(0.5, 0.1), 0.4, None], [0.6, Uniform(0.1, 0.9), 0.2], [0.3, 0.5, 0.9]] * 30
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr(blocks, "threads", lambda count=count: count)
        got = smaa(values, draws=500, seed=9)
        found.append((got.rank_acceptability, got.central_weights, got.confidence, got.pairwise))
    for other in found[1:]:
        for one, again in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, again)


def test_more_draws_begin_with_the_same_values():
    # One weight set, one law: the first draws are those of the shorter run.
    values = [[Uniform(0.0, 1.0)], [0.5]]
    short, long = (smaa(values, draws=draws, weights=[1.0]) for draws in (100, 200))
    assert abs(short.rank_acceptability[0, 0] - long.rank_acceptability[0, 0]) < 0.1


@pytest.mark.parametrize(
    ("law", "mean", "deviation"),
    [
        (Normal(0.4, 0.1), 0.4, 0.1),
        (Normal(0.5, 0.2, 0.5, 1.0), HALF.mean(), HALF.std()),
        (Uniform(0.2, 0.8), 0.5, 0.6 / np.sqrt(12)),
        (Triangular(0.0, 0.3, 0.9), 0.4, np.sqrt((0.09 + 0.81 - 0.27) / 18)),
        (Empirical([0.2, 0.2, 0.8]), 0.4, np.sqrt(0.08)),
    ],
)
def test_laws_have_their_means(law, mean, deviation):
    share = (np.arange(100_000) + 0.5) / 100_000
    drawn = law.quantile(share)
    assert (np.diff(drawn) >= 0).all()
    assert drawn.mean() == pytest.approx(mean, abs=2e-3)
    assert drawn.std() == pytest.approx(deviation, abs=5e-3)


@pytest.mark.compiled
def test_correlated_doubts_do_not_cancel():
    # Two alternatives alike; what is drawn for one is drawn for both where the cause is one.
    law = Normal(0.5, 0.1)
    apart = smaa([[law, law], [0.45, 0.45]], weights=[1, 1], draws=20_000)
    together = smaa(
        [[law, law], [0.45, 0.45]], weights=[1, 1], draws=20_000, correlation=[[1, 1], [1, 1]]
    )
    # P(z > -0.5 sqrt 2) and P(z > -0.5).
    assert apart.rank_acceptability[0, 0] == pytest.approx(0.7602, abs=0.012)
    assert together.rank_acceptability[0, 0] == pytest.approx(0.6915, abs=0.012)
    one = smaa([[law], [Normal(0.45, 0.1)]], draws=200, common=[0])
    assert one.rank_acceptability[0, 0] == 1


def test_draws_made_elsewhere_are_taken_as_they_are():
    chance = np.random.default_rng(2)
    cube = chance.random((50, 4, 3))
    weights = Fixed((0.2, 0.3, 0.5))
    found = smaa(cube, weights=weights, draws=50)
    ranks = rank_scores(cube @ np.array([0.2, 0.3, 0.5]))
    np.testing.assert_allclose(found.rank_acceptability[:, 0], (ranks == 1).mean(axis=0))
    scores = cube @ np.array([0.2, 0.3, 0.5])
    read = acceptability(scores, np.tile([0.2, 0.3, 0.5], (50, 1)))
    np.testing.assert_allclose(read.rank_acceptability, found.rank_acceptability)
    np.testing.assert_allclose(read.pairwise, found.pairwise)


def test_confidence_is_the_share_of_values_that_make_it_first():
    found = smaa([[Normal(0.5, 0.1)], [0.5]], draws=10_000, seed=4)
    np.testing.assert_allclose(found.confidence, 0.5, atol=0.02)


@pytest.mark.parametrize(
    ("space", "mean"),
    [
        (Simplex(), [1 / 3, 1 / 3, 1 / 3]),
        (Dirichlet((5.0, 3.0, 2.0)), [0.5, 0.3, 0.2]),
        (Fixed((2.0, 1.0, 1.0)), [0.5, 0.25, 0.25]),
        # The rank order centroid.
        (Ordinal((2, 0, 1)), [5 / 18, 2 / 18, 11 / 18]),
        # Tight limits, so that nothing is left of what is drawn and thrown away.
        (Bounded((0.5, 0.3, 0.0), (0.502, 0.302, 1.0)), [0.501, 0.301, 0.198]),
    ],
)
def test_weights_have_their_means(space, mean):
    drawn = space.draw(20_000, 3, np.random.default_rng(7))
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    assert (drawn >= 0).all()
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.006)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8), SEEDS)
def test_limits_are_kept(pairs, seed):
    low, high = np.array([sorted(pair) for pair in pairs]).T
    assume(low.sum() <= 1 <= high.sum())
    drawn = Bounded(tuple(low), tuple(high)).draw(100, len(low), np.random.default_rng(seed))
    assert (drawn >= low - 1e-9).all()
    assert (drawn <= high + 1e-9).all()
    np.testing.assert_allclose(drawn.sum(axis=1), 1)


def test_walking_and_throwing_away_draw_the_same_law(monkeypatch):
    from geo.scoring import weight_space as module

    space = Bounded((0.0, 0.1, 0.0, 0.0), (0.5, 0.6, 0.3, 1.0))
    thrown = space.draw(20_000, 4, np.random.default_rng(1))
    monkeypatch.setattr(module, "_TRIES", 0)
    walked = space.draw(20_000, 4, np.random.default_rng(2))
    for share in (0.1, 0.5, 0.9):
        np.testing.assert_allclose(
            np.quantile(walked, share, axis=0), np.quantile(thrown, share, axis=0), atol=0.01
        )


def test_what_stands_for_weights():
    assert weight_space(None, 3) == Simplex()
    assert weight_space([3, 1], 2) == Fixed((3.0, 1.0))
    assert weight_space([[0.1, 0.4], [0.6, 0.9]], 2) == Bounded((0.1, 0.6), (0.4, 0.9))
    ranges = [WeightRange(0.5, 0.4, 0.6), WeightRange(0.5, 0.5, 0.5)]
    assert weight_space(ranges, 2) == Scaled(tuple(ranges))
    drawn = weight_space(ranges, 2).draw(100, 2, np.random.default_rng(1))
    assert weight_space({"grade": 3, "freight": 1}, 2) == Fixed((3.0, 1.0))
    ratio = drawn[:, 0] / drawn[:, 1]
    assert (ratio >= 0.8 - 1e-9).all()
    assert (ratio <= 1.2 + 1e-9).all()


def test_holistic_acceptability_by_hand():
    found = smaa_exact([[1.0, 0.0], [0.0, 1.0], [0.4, 0.4]])
    # Worth of the ranks: centroid 1, 1/3, 0; linear 1, 1/2, 0; inverse 1, 1/2, 1/3.
    np.testing.assert_allclose(found.holistic(), [0.5 + 0.1 / 3, 0.5 + 0.1 / 3, 0.8 / 3])
    np.testing.assert_allclose(found.holistic("linear"), [0.55, 0.55, 0.4])
    np.testing.assert_allclose(found.holistic("inverse"), [0.55 + 0.4 / 3] * 2 + [0.4 + 0.2 / 3])
    np.testing.assert_allclose(found.holistic([1, 0, 0]), [0.5, 0.5, 0])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: smaa([[0.2, 3.0]]), "hold 3, required are numbers in"),
        (lambda: smaa([[0.2, "a"]]), "hold 'a', required|required are numbers"),
        (lambda: smaa([0.2, 0.3]), r"shape \(2,\)"),
        (lambda: smaa(np.zeros((0, 2))), r"shape \(0, 2\)"),
        (lambda: smaa([[0.1]], draws=0), "0 draws"),
        (lambda: smaa([[0.1]], seed=-1), "seed -1 is negative"),
        (lambda: smaa([[0.1]], ranks=0), "at least one must be told apart"),
        (lambda: smaa([[0.1]] * 9, ranks=2, bands=[5]), "they must rise from 3"),
        (lambda: smaa([[0.1, 0.2]], weights=[1, 2, 3]), "weights of 3 criteria for 2"),
        (lambda: smaa([[0.1, 0.2]], weights=[1, -2]), "finite and zero or more"),
        (lambda: smaa([[0.1, 0.2]], weights=[0, 0]), "add up to zero"),
        (lambda: smaa([[0.1, 0.2]], weights=[np.nan, 1]), "finite and zero or more"),
        (lambda: smaa([[0.1, 0.2]], weights="many"), "no numbers, pairs"),
        (lambda: smaa([[0.1, 0.2]], weights=np.ones((2, 3))), r"shape \(2, 3\)"),
        (lambda: smaa([[0.1, 0.2]], weights=[(0.1, 0.2), (0.1, 0.2)]), "no weights between them"),
        (lambda: smaa([[0.1, 0.2]], weights=[(0.3, 0.2), (0.1, 1)]), r"weight 0 lies in \[0.3"),
        (lambda: smaa([[None, 0.2]], correlation=[[1, 2], [2, 1]]), "no eigenvalue below 0"),
        (lambda: smaa([[None, 0.2]], correlation=[[1]]), "symmetric matrix of 2"),
        (lambda: smaa([[None, 0.2]], common=[2]), "counted from 0"),
        (lambda: smaa(np.zeros((5, 2, 2))), "5 draws, 10000 are asked"),
        (lambda: smaa(np.full((5, 2, 2), np.nan), draws=5), "drawn values hold NaN"),
        (lambda: acceptability([[np.nan]], [[1.0]]), "without NaN"),
        (lambda: acceptability([[0.1]], [[1.0], [1.0]]), "give a row each"),
        (lambda: smaa([[0.1]] * 9, ranks=2).holistic(), "needs all"),
        (lambda: smaa([[0.1]] * 9, ranks=2).top(3), "2 ranks are told apart"),
        (lambda: smaa([[0.1]] * 3, draws=1).holistic("best"), "none of centroid"),
        (lambda: smaa([[0.1]] * 3, draws=1).holistic([0, 1, 1]), "falling"),
        (lambda: smaa_exact([[0.1] * 4]), "two or three criteria"),
        (lambda: smaa_exact([[0.1, 0.2]], weights=Dirichlet((1, 1))), "use smaa for other laws"),
        (lambda: smaa_exact([[0.1, 0.2]], weights=[(0.4, 0.4), (0.6, 0.6)]), "leave no room"),
        (lambda: Ordinal((0, 0)), "every criterion once"),
        (lambda: Dirichlet((0.0, 1.0)), "above 0"),
        (lambda: Normal(0.5, -1), "deviation must be 0 or more"),
        (lambda: Uniform(1, 0), "limits must rise"),
        (lambda: Triangular(0, 2, 1), "must rise"),
        (lambda: Empirical([]), "one observed value or more"),
    ],
)
def test_refuses_and_says_what_to_do(call, says):
    with pytest.raises(DataError, match=says):
        call()
