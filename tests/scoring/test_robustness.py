import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from geo.errors import DataError
from geo.scoring.robustness import (
    ValueRange,
    draw_scores,
    rank_ranges,
    triangular,
    weight_interval,
)
from geo.scoring.weighting import WeightRange, draw_weights, normalise

unit = st.floats(0, 1)
EQUAL = [[0.5, 0.5]] * 4000


def fall(values):
    return np.interp(values, [0, 100], [1, 0])


def ranged(low, central, high, *, common=True):
    limits = [np.array(v, dtype=float) for v in (low, central, high)]
    return ValueRange(*limits, fall, common)


def test_triangular_quantiles_equal_those_of_scipy():
    q = np.linspace(0, 1, 41)
    for low, mode, high in [(10, 20, 40), (10, 10, 40), (10, 40, 40), (-3, 0, 0.5)]:
        expected = stats.triang.ppf(q, (mode - low) / (high - low), low, high - low)
        np.testing.assert_allclose(triangular(q, low, mode, high), expected, atol=1e-12)


def test_triangular_without_width_is_its_mode():
    assert (triangular(np.linspace(0, 1, 5), 7.0, 7.0, 7.0) == 7).all()


@settings(deadline=None)
@given(unit, st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(sorted))
def test_triangular_values_stay_within_their_limits(q, limits):
    assert limits[0] <= triangular(q, *limits) <= limits[2]


def test_known_values_without_ranges_score_the_same_in_every_draw():
    drawn = draw_scores([[1.0, 0.5], [0.2, 0.4]], EQUAL, sites="ab", criteria="xy", seed=1)
    assert (drawn == [0.75, 0.5 * 0.2 + 0.5 * 0.4]).all()


def test_an_unknown_is_uniform_from_worst_to_best():
    drawn = draw_scores([[np.nan, 0.0]], EQUAL, sites="a", criteria="xy", seed=1)[:, 0]
    assert stats.kstest(drawn / 0.5, "uniform").pvalue > 0.01


@pytest.mark.parametrize("pessimism", [1.0, 2.5, 4.0])
def test_pessimism_makes_an_unknown_poor_more_often_than_good(pessimism):
    drawn = draw_scores(
        [[np.nan]], [[1.0]] * 4000, sites="a", criteria="x", seed=1, pessimism=pessimism
    )[:, 0]
    assert stats.kstest(drawn, "beta", args=(1, pessimism)).pvalue > 0.01
    assert drawn.mean() == pytest.approx(1 / (1 + pessimism), abs=0.02)


def test_more_pessimism_lowers_every_draw_and_leaves_known_values():
    values = [[np.nan, 0.3], [0.7, 0.6]]
    call = {"sites": "ab", "criteria": "xy", "seed": 1}
    even, grim = (draw_scores(values, EQUAL, **call, pessimism=p) for p in (1, 4))
    assert (grim[:, 0] <= even[:, 0]).all()
    assert (grim[:, 1] == even[:, 1]).all()


def test_unknowns_of_sites_and_criteria_are_independent():
    unknown = np.full((2, 2), np.nan)
    alone = [[1.0, 0.0]] * 4000, [[0.0, 1.0]] * 4000
    x, y = (draw_scores(unknown, w, sites="ab", criteria="xy", seed=1) for w in alone)
    together = np.corrcoef(np.column_stack([x, y]).T) - np.eye(4)
    assert np.abs(together).max() < 0.05


def test_a_range_with_a_common_cause_moves_all_sites_together():
    known = fall(np.array([[20.0], [60.0]]))
    given_range = {"freight": ranged([10, 30], [20, 60], [30, 90])}
    drawn = draw_scores(
        known, [[1.0]] * 500, sites="ab", criteria=["freight"], seed=1, ranges=given_range
    )
    # Symmetric about the mode, three times as wide: the second site is the first, stretched.
    np.testing.assert_allclose(drawn[:, 1] - 0.4, 3 * (drawn[:, 0] - 0.8), atol=1e-9)
    assert 0.69 < drawn[:, 0].min() < 0.72
    assert 0.88 < drawn[:, 0].max() < 0.91


def test_a_range_without_a_common_cause_moves_each_site_alone():
    known = fall(np.array([[20.0], [60.0]]))
    given_range = {"freight": ranged([10, 30], [20, 60], [30, 90], common=False)}
    drawn = draw_scores(
        known, [[1.0]] * 4000, sites="ab", criteria=["freight"], seed=1, ranges=given_range
    )
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.05
    assert drawn.mean(axis=0) == pytest.approx([0.8, 0.4], abs=0.01)


def test_sites_without_limits_keep_their_value():
    given_range = {"freight": ranged([10, np.nan], [20, 60], [30, 90])}
    drawn = draw_scores(
        [[0.8], [0.4]], [[1.0]] * 50, sites="ab", criteria=["freight"], seed=1, ranges=given_range
    )
    assert (drawn[:, 1] == 0.4).all()
    assert np.ptp(drawn[:, 0]) > 0


def test_an_unknown_value_ignores_its_range():
    given_range = {"x": ranged([10], [np.nan], [11])}
    drawn = draw_scores(
        [[np.nan]], [[1.0]] * 500, sites="a", criteria="x", seed=1, ranges=given_range
    )
    assert np.ptp(drawn) > 0.9


@pytest.mark.parametrize("common", [True, False])
def test_many_sites_in_blocks_score_as_few(monkeypatch, common):
    random = np.random.default_rng(0)
    raw = random.random((30, 3)) * 100
    raw[random.random(raw.shape) < 0.3] = np.nan
    spread = {"x": ranged(raw[:, 0] - 5, raw[:, 0], raw[:, 0] + 9, common=common)}
    call = {
        "sites": [f"s{i}" for i in range(30)],
        "criteria": "xyz",
        "seed": 4,
        "ranges": spread,
    }
    weights = draw_weights({c: WeightRange(2, 1, 3) for c in "xyz"}, 40, 4)
    whole = draw_scores(fall(raw), weights, **call)
    monkeypatch.setattr("geo.scoring.draws._BLOCK", 300)
    np.testing.assert_array_equal(draw_scores(fall(raw), weights, **call), whole)


def test_scores_interpolate_and_ranks_are_drawn():
    scores = np.column_stack([np.arange(1, 11) / 10, np.full(10, 0.75)])
    found = rank_ranges(scores, top=1)
    assert found.score_low[0] == pytest.approx(0.145)
    assert found.score_high[0] == pytest.approx(0.955)
    # First in three of ten draws (0.8, 0.9, 1.0), second in seven.
    assert (found.rank_best[0], found.rank_worst[0]) == (1, 2)
    assert found.confidence.tolist() == [0.3, 0.7]
    assert found.rank_best.dtype == np.int64


def test_a_rank_seen_in_fewer_than_one_draw_of_twenty_is_no_bound():
    scores = np.zeros((100, 2))
    scores[:, 0] = 1
    scores[:5, 1] = 2
    assert rank_ranges(scores).rank_worst[0] == 1
    scores[:6, 1] = 2
    assert rank_ranges(scores).rank_worst[0] == 2


def test_a_bound_of_the_rank_was_drawn_and_is_not_interpolated():
    scores = np.tile([0.9, 0.5, 0.4], (10, 1))
    scores[0, 0] = 0.1
    # First in nine draws and third in one: never second, nor 2.1.
    assert rank_ranges(scores).rank_worst[0] == 3


@settings(deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(0, 6)), elements=unit),
       st.integers(1, 5))  # fmt: skip
def test_ranges_are_in_order_and_confidence_is_a_share(scores, top):
    found = rank_ranges(scores, top=top)
    count = scores.shape[1]
    assert (found.score_low <= found.score_high).all()
    assert ((found.rank_best >= 1) & (found.rank_worst <= count)).all()
    assert (found.rank_best <= found.rank_worst).all()
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
    assert found.confidence.sum() >= min(top, count) - 1e-9


matrices = arrays(np.float64, st.tuples(st.integers(2, 5), st.integers(2, 4)), elements=unit)


@settings(max_examples=60, deadline=None)
@given(matrices, st.integers(0, 50))
def test_weight_interval_is_where_trying_each_weight_finds_it(values, seed):
    weights = normalise(np.random.default_rng(seed).random(values.shape[1]) + 0.05)
    column = seed % values.shape[1]
    found = weight_interval(values, weights, column, 0)
    others = np.delete(weights, column)
    for tried in np.linspace(0, 1, 21):
        moved = np.insert(others / others.sum() * (1 - tried), column, tried)
        lead = (values @ moved)[0] - (values @ moved)[1:].max()
        if lead > 1e-9:
            assert found is not None
            assert found[0] <= tried <= found[1]
        elif lead < -1e-9:
            assert found is None or not found[0] < tried < found[1]
    if found is not None:
        for end in found:
            moved = np.insert(others / others.sum() * (1 - end), column, end)
            assert (values @ moved)[0] >= (values @ moved).max() - 1e-9


def test_an_alternative_that_is_dominated_is_never_first():
    assert weight_interval([[0.2, 0.2], [0.3, 0.3]], [0.5, 0.5], 0, 0) is None


def test_an_unknown_counts_nothing_for_the_interval():
    assert weight_interval([[1.0, np.nan], [0.0, 0.5]], [0.5, 0.5], 0, 0) == pytest.approx(
        (1 / 3, 1)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw_scores([[1.0]], [[0.5, 0.5]], sites="a", criteria="xy", seed=1), "1 sites"),
        (lambda: draw_scores([[1.0]], [[0.5, 0.5]], sites="a", criteria="x", seed=1), "weights"),
        (lambda: draw_scores([[1.0]], np.empty((0, 1)), sites="a", criteria="x", seed=1), "one or"),
        (
            lambda: draw_scores(
                [[1.0]], [[1.0]], sites="a", criteria="x", seed=1,
                ranges={"z": ranged([1], [1], [1])},
            ),
            "'z', which is no criterion",
        ),
        (
            lambda: draw_scores(
                [[1.0]], [[1.0]], sites="a", criteria="x", seed=1, pessimism=0.5
            ),
            "pessimism is 0.5",
        ),
        (lambda: rank_ranges(np.empty((0, 3))), "one or more draws"),
        (lambda: rank_ranges([[np.nan]]), "without NaN"),
        (lambda: rank_ranges([[0.5]], top=0), "one or more"),
        (lambda: weight_interval([[1.0], [0.0]], [1.0], 0, 0), "no proportions"),
        (lambda: weight_interval([[1.0], [0.0]], [0.5, 0.5], 0, 0), "2 weights"),
    ],
)  # fmt: skip
def test_calls_that_cannot_be_answered_are_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()
