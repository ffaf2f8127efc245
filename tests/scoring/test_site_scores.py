import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.criteria.value_functions import Lookup, Piecewise
from geo.errors import DataError
from geo.scoring.sites import CRITERIA_COLUMNS, SITE_COLUMNS, score_sites
from geo.scoring.weighting import WeightRange

STAGES = {"occurrence": 0.1, "producing": 1.0}


def rise(values):
    return np.interp(values, [0, 100], [0, 1]) + 0 * values


def stage(values):
    return np.array([STAGES.get(v, np.nan) for v in values])


def score(values, *, theme="copper", status=None, lows=None, highs=None, spread=0.25, **changed):
    """Score a frame of values; every argument of the call can be changed."""
    names = list(values.columns)
    call = {
        "site_ids": list(values.index),
        "lows": lows,
        "highs": highs,
        "units": dict.fromkeys(names, "%"),
        "value_functions": {n: stage if n == "stage" else rise for n in names},
        "ranges": {
            n: WeightRange(i + 1, (i + 1) * (1 - spread), (i + 1) * (1 + spread))
            for i, n in enumerate(names)
        },
        "required": (),
        "status_in": pd.Series(status or "ranked", values.index),
        "qualities": dict.fromkeys(names, "compiled"),
        "sources": dict.fromkeys(names, "register"),
        "draws": 200,
        **changed,
    }
    return score_sites(theme, values=values, **call)


def frame(rows, ids=None):
    rows = np.asarray(rows, dtype=float)
    names = [f"c{i}" for i in range(rows.shape[1])]
    return pd.DataFrame(rows, index=ids or [f"s{i}" for i in range(len(rows))], columns=names)


numbers = st.floats(0, 100) | st.just(np.nan)
tables = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=numbers)
known_tables = arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.floats(0, 100)
)


def test_two_sites_by_hand():
    found = score(frame([[80, 20], [40, np.nan]]))
    # Weights 1/3 and 2/3.
    assert found.sites["score"].tolist() == pytest.approx([0.4, 0.4 / 3])
    assert found.sites["rank"].tolist() == [1, 2]
    assert found.sites["known_criteria"].tolist() == [2, 1]
    assert found.sites["of_criteria"].tolist() == [2, 2]
    assert found.criteria["contribution"].tolist() == pytest.approx(
        [0.8 / 3, 0.4 / 3, 0.4 / 3, np.nan], nan_ok=True
    )
    assert found.criteria["weight"].tolist() == pytest.approx([1 / 3, 2 / 3] * 2)


def test_tables_have_the_published_columns_in_their_order():
    found = score(frame([[80, 20]]))
    assert tuple(found.sites.columns) == SITE_COLUMNS
    assert tuple(found.criteria.columns) == CRITERIA_COLUMNS
    assert found.sites.index.name == "site_id"
    assert found.criteria["theme"].tolist() == ["copper", "copper"]
    assert found.criteria["unit"].tolist() == ["%", "%"]
    assert found.criteria["source"].tolist() == ["register", "register"]


def test_an_unknown_has_no_value_and_no_contribution_and_says_so():
    row = score(frame([[80, np.nan]])).criteria.iloc[1]
    assert row["value"] is None
    assert np.isnan(row["value_score"])
    assert np.isnan(row["contribution"])
    assert row["weight"] == pytest.approx(2 / 3)
    assert row["quality"] == "unknown"


def test_an_unknown_does_not_let_a_site_outrank_a_known_one():
    found = score(frame([[90, np.nan], [90, 1]]))
    assert found.sites["rank"].tolist() == [2, 1]


def test_score_lies_at_the_worst_case_and_the_ranges_between_worst_and_best():
    found = score(frame([[90, np.nan]]), spread=0, draws=4000).sites.iloc[0]
    assert found["score"] == pytest.approx(0.3)
    assert found["score_low"] == pytest.approx(0.3 + 0.05 * 2 / 3, abs=0.02)
    assert found["score_high"] == pytest.approx(0.3 + 0.95 * 2 / 3, abs=0.02)


def test_classes_are_scored_by_lookup_and_a_class_without_score_is_unknown():
    values = frame([[80], [40], [20]])
    values["stage"] = ["producing", None, "rumoured"]
    found = score(values)
    rows = found.criteria[found.criteria["criterion"] == "stage"]
    assert rows["value"].tolist() == ["producing", None, None]
    assert rows["quality"].tolist() == ["compiled", "unknown", "unknown"]
    assert found.sites["known_criteria"].tolist() == [2, 1, 1]


def test_value_functions_of_the_house_serve_numbers_and_classes():
    values = frame([[10], [1000], [np.nan]])
    values["stage"] = ["producing", None, "rumoured"]
    functions = {
        "c0": Piecewise([("1 kt", 0), ("10000 kt", 1)], "kt", log=True),
        "stage": Lookup(STAGES),
    }
    found = score(values, value_functions=functions)
    assert found.criteria["value_score"].tolist() == pytest.approx(
        [0.25, 1, 0.75, np.nan, np.nan, np.nan], nan_ok=True
    )
    with pytest.raises(DataError, match="'c0' needs numbers, found 'large'"):
        score(values.assign(c0="large"), value_functions=functions)


def test_numbers_in_a_column_of_objects_are_numbers():
    values = frame([[80, 20], [40, 10]]).astype(object)
    values.iloc[1, 1] = None
    assert score(values).sites["score"].tolist() == pytest.approx([0.4, 0.4 / 3])


def test_excluded_sites_keep_their_criteria_but_do_not_compete():
    found = score(frame([[90, 90], [10, 10], [5, 5]]), status=["excluded", "ranked", "ranked"])
    assert found.sites["status"].tolist() == ["excluded", "ranked", "ranked"]
    assert found.sites["rank"].tolist() == [pd.NA, 1, 2]
    assert found.sites["rank_worst"].iloc[1] == 1
    empty = ["score", "score_low", "score_high", "rank_best", "rank_worst", "confidence"]
    assert found.sites.loc["s0", empty].isna().all()
    assert found.criteria["contribution"].notna().all()
    assert found.sites.loc["s0", "known_criteria"] == 2


@pytest.mark.parametrize(
    ("row", "required", "expected"),
    [
        ([50, np.nan], (), "ranked"),
        ([50, np.nan], ("c0",), "ranked"),
        ([50, np.nan], ("c1",), "unknown"),
        ([np.nan, np.nan], (), "unknown"),
    ],
)
def test_a_site_is_unknown_without_a_required_or_any_criterion(row, required, expected):
    assert score(frame([row, [1, 1]]), required=required).sites["status"].iloc[0] == expected


def test_excluded_stays_excluded_when_nothing_is_known():
    found = score(frame([[np.nan], [1]]), status=["excluded", "unknown"])
    assert found.sites["status"].tolist() == ["excluded", "unknown"]
    assert found.sites["rank"].isna().all()


@settings(max_examples=25, deadline=None)
@given(tables)
def test_contributions_add_up_to_the_score(rows):
    found = score(frame(rows), draws=3)
    sums = found.criteria.groupby("site_id")["contribution"].sum()
    ranked = found.sites[found.sites["status"] == "ranked"]
    np.testing.assert_allclose(sums[ranked.index], ranked["score"], atol=1e-12)
    weights = found.criteria.groupby("site_id")["weight"].sum()
    np.testing.assert_allclose(weights, 1)


@settings(max_examples=25, deadline=None)
@given(known_tables)
def test_without_doubt_the_range_is_the_score_itself(rows):
    found = score(frame(rows), spread=0, draws=5).sites
    assert (found["score_low"] == found["score"]).all()
    assert (found["score_high"] == found["score"]).all()
    assert (found["rank_best"] == found["rank"]).all()
    assert (found["rank_worst"] == found["rank"]).all()


@settings(max_examples=20, deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_permuting_sites_permutes_the_result(rows, random):
    values = frame(rows)
    order = list(values.index)
    random.shuffle(order)
    before, after = score(values, draws=20), score(values.loc[order], draws=20)
    pd.testing.assert_frame_equal(after.sites, before.sites.loc[order])


@settings(max_examples=20, deadline=None)
@given(tables, st.integers(0, 99), st.floats(0, 100))
def test_raising_a_known_value_never_worsens_a_site(rows, pick, raised):
    row, column = pick % rows.shape[0], pick % rows.shape[1]
    better = rows.copy()
    better[row, column] = np.fmax(rows[row, column], raised) if pick else rows[row, column]
    if np.isnan(rows[row, column]):
        better[row, column] = np.nan
    before, after = (score(frame(r), draws=20).sites.iloc[row] for r in (rows, better))
    if before["status"] == "ranked":
        for larger in ("score", "score_low", "score_high", "confidence"):
            assert after[larger] >= before[larger]
        for smaller in ("rank", "rank_best", "rank_worst"):
            assert after[smaller] <= before[smaller]


@settings(max_examples=20, deadline=None)
@given(tables, st.integers(0, 99), st.floats(0, 100))
def test_the_score_holds_whatever_an_unknown_turns_out_to_be(rows, pick, filling):
    row = pick % rows.shape[0]
    filled = rows.copy()
    filled[row] = np.where(np.isnan(rows[row]), filling, rows[row])
    before, after = (score(frame(r), draws=1).sites.iloc[row] for r in (rows, filled))
    if before["status"] == "ranked":
        unknown = np.isnan(rows[row]) * (np.arange(rows.shape[1]) + 1.0)
        widest = unknown.sum() / np.arange(1, rows.shape[1] + 1).sum()
        assert before["score"] <= after["score"] + 1e-12 <= before["score"] + widest + 2e-12


def test_removing_a_site_leaves_the_scores_of_the_others():
    values = frame([[90, np.nan], [np.nan, 40], [30, 20]])
    columns = ["score", "score_low", "score_high"]
    whole, fewer = score(values).sites, score(values.drop("s0")).sites
    pd.testing.assert_frame_equal(fewer[columns], whole.loc[["s1", "s2"], columns])


def test_each_theme_has_its_own_draws():
    values = frame([[90, np.nan]])
    assert score(values).sites["score_low"].iloc[0] == score(values).sites["score_low"].iloc[0]
    assert (
        score(values, theme="gold").sites["score_low"].iloc[0]
        != score(values).sites["score_low"].iloc[0]
    )
    assert (
        score(values, seed=2).sites["score_low"].iloc[0] != score(values).sites["score_low"].iloc[0]
    )


def test_limits_of_a_value_widen_the_range_of_the_score():
    values = frame([[50.0], [20.0]])
    lows, highs = frame([[40.0], [np.nan]]), frame([[60.0], [np.nan]])
    found = score(values, lows=lows, highs=highs, spread=0, draws=4000).sites
    # Triangular over [0.4, 0.6]: 5 % lie below 0.4 + 0.1 * sqrt(0.1).
    assert found["score_low"].tolist() == pytest.approx([0.4 + 0.1 * 0.1**0.5, 0.2], abs=0.004)
    assert found["score_high"].tolist() == pytest.approx([0.6 - 0.1 * 0.1**0.5, 0.2], abs=0.004)


def test_a_common_cause_cannot_turn_two_alike_sites_round():
    values, lows, highs = frame([[50.0], [49.0]]), frame([[40.0], [39.0]]), frame([[60.0], [59.0]])
    call = {"lows": lows, "highs": highs, "spread": 0, "top": 1}
    assert score(values, **call).sites["confidence"].tolist() == [1, 0]
    assert score(values, **call, common=()).sites["confidence"].between(0.2, 0.8).all()


def test_limits_of_excluded_sites_do_not_shift_those_of_the_others():
    values, lows, highs = frame([[90.0], [50.0]]), frame([[80.0], [40.0]]), frame([[99.0], [60.0]])
    found = score(values, lows=lows, highs=highs, status=["excluded", "ranked"], spread=0).sites
    assert 0.4 < found["score_low"].iloc[1] < 0.45
    assert 0.55 < found["score_high"].iloc[1] < 0.6


def test_criteria_may_be_named_in_any_order():
    values = frame([[90, np.nan, 20], [30, 60, 70]])
    ranges = {"c2": WeightRange(5, 4, 6), "c0": WeightRange(1, 1, 1), "c1": WeightRange(2, 0, 3)}
    first = score(values, ranges=ranges)
    other = score(values[["c2", "c1", "c0"]], ranges=dict(sorted(ranges.items())))
    pd.testing.assert_frame_equal(first.sites, other.sites)


def test_qualities_may_differ_from_site_to_site():
    values = frame([[50.0], [20.0]])
    qualities = pd.DataFrame({"c0": ["screening", "surveyed"]}, index=["s1", "s0"])
    assert score(values, qualities=qualities).criteria["quality"].tolist() == [
        "surveyed",
        "screening",
    ]


def test_a_theme_without_a_ranked_site_has_empty_ranges():
    found = score(frame([[50.0]]), status=["excluded"]).sites
    assert found[["rank", "score", "rank_best", "confidence"]].isna().all(axis=None)


GOOD = frame([[50.0, 40.0]])
CLASSES = GOOD.assign(stage="producing")


def refuse(values):
    raise DataError("no such thing")


@pytest.mark.parametrize(
    ("values", "changed", "message"),
    [
        (GOOD, {"site_ids": ["s0", "s0"]}, "'s0' stands twice"),
        (GOOD, {"site_ids": ["s0", "s9"]}, "site 's9' is missing"),
        (pd.concat([GOOD, GOOD]), {"site_ids": ["s0"]}, "'s0' stands twice"),
        (GOOD, {"value_functions": {"c0": rise}}, "'c1' is no criterion"),
        (GOOD, {"value_functions": {}}, "no criterion"),
        (GOOD[["c0"]], {"value_functions": {"c0": rise, "c1": rise}}, "values lack .* 'c1'"),
        (GOOD, {"ranges": {"c0": WeightRange(1, 1, 1)}}, "ranges lack .* 'c1'"),
        (GOOD, {"units": {"c0": "", "c1": "", "c3": ""}}, "units: 'c3' is no criterion"),
        (GOOD, {"required": ["c11"]}, "did you mean 'c1'"),
        (GOOD, {"qualities": {"c0": ""}}, "qualities lack"),
        (GOOD, {"status_in": pd.Series("fine", ["s0"])}, "status 'fine' is none of"),
        (GOOD, {"status_in": pd.Series("ranked", ["s1"])}, "status: site 's0' is missing"),
        (GOOD, {"draws": 0}, "at least one"),
        (GOOD, {"top": 0}, "one or more"),
        (GOOD, {"seed": -3}, "negative"),
        (GOOD, {"lows": GOOD}, "together"),
        (GOOD, {"lows": GOOD + 1, "highs": GOOD + 2}, "does not lie in"),
        (GOOD, {"lows": GOOD - 1, "highs": GOOD - 2}, "does not lie in"),
        (GOOD.astype(object).replace(40.0, "forty"), {}, "needs numbers, found 'forty'"),
        (GOOD.astype(str), {"value_functions": {"c0": rise, "c1": rise}}, "needs numbers"),
        (GOOD.replace(40.0, np.inf), {}, "infinite"),
        (GOOD, {"value_functions": {"c0": rise, "c1": lambda v: v}}, "one score in"),
        (GOOD, {"value_functions": {"c0": rise, "c1": lambda v: v[:0]}}, "one score in"),
        (GOOD, {"value_functions": {"c0": rise, "c1": refuse}}, "'c1': no such thing"),
        (GOOD.assign(c1=pd.Timestamp("2020-01-01")), {}, "neither numbers nor text"),
        (CLASSES, {"lows": CLASSES, "highs": CLASSES}, "has limits, which need numbers"),
    ],
)
def test_calls_that_cannot_be_scored_are_refused(values, changed, message):
    with pytest.raises(DataError, match=message):
        score(values, **changed)
