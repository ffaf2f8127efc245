import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from geo.errors import DataError, LayerError, LodemapWarning
from geo.scoring.weighting import (
    ahp,
    best_worst,
    consensus,
    group_judgements,
    overlapping,
    read_judgements,
    weight_table,
)

LAWS = settings(max_examples=500)
importances = st.lists(st.floats(0.05, 20), min_size=2, max_size=8)
grades = st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
THREE = [[1, 3, 5], [1 / 3, 1, 2], [1 / 5, 1 / 2, 1]]


@st.composite
def judgements(draw, least=3, most=7):
    count = draw(st.integers(least, most))
    matrix = np.ones((count, count))
    for row in range(count):
        for column in range(row + 1, count):
            value = draw(grades)
            value = 1 / value if draw(st.booleans()) else value
            matrix[row, column], matrix[column, row] = value, 1 / value
    return matrix


def quiet(matrix, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LodemapWarning)
        return ahp(matrix, **arguments)


@LAWS
@given(importances, st.sampled_from(["eigenvector", "geometric-mean"]))
def test_consistent_judgements_give_back_the_importances(found, method):
    importance = np.array(found)
    result = ahp(importance[:, None] / importance, method)
    np.testing.assert_allclose(result.weights, importance / importance.sum(), rtol=1e-7)
    assert result.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert result.revisions == ()


@LAWS
@given(judgements(), st.sampled_from(["eigenvector", "geometric-mean"]), st.randoms())
def test_order_of_the_criteria_does_not_matter(matrix, method, random):
    order = list(range(len(matrix)))
    random.shuffle(order)
    before = quiet(matrix, method=method)
    after = quiet(matrix[np.ix_(order, order)], method=method)
    np.testing.assert_allclose(after.weights, before.weights[order], rtol=1e-7)
    assert after.consistency_ratio == pytest.approx(before.consistency_ratio, abs=1e-7)


@LAWS
@given(judgements())
def test_lambda_max_is_never_below_the_number_of_criteria(matrix):
    assert quiet(matrix).lambda_max >= len(matrix) - 1e-9


@LAWS
@given(judgements())
def test_a_group_of_equals_judges_as_each_of_them(matrix):
    alone, together = quiet(matrix), quiet([matrix, matrix, matrix])
    np.testing.assert_allclose(together.weights, alone.weights, rtol=1e-9)
    assert together.consensus == pytest.approx(1)
    assert len(together.experts) == 3


@LAWS
@given(st.lists(importances.filter(lambda w: len(w) == 4), min_size=1, max_size=6))
def test_consensus_lies_between_none_and_complete(rows):
    assert 0 <= consensus(np.array(rows)) <= 1


def test_experts_that_contradict_each_other_meet_in_the_middle():
    found = ahp([[[1, 4], [1 / 4, 1]], [[1, 1 / 4], [4, 1]]])
    assert found.weights.tolist() == pytest.approx([0.5, 0.5])
    assert found.consensus < 0.6


def test_influence_tilts_the_group():
    experts = [[[1, 9], [1 / 9, 1]], [[1, 1], [1, 1]]]
    assert group_judgements(experts, [1, 1])[0, 1] == pytest.approx(3)
    assert group_judgements(experts, [0, 1])[0, 1] == pytest.approx(1)


def test_a_judgement_that_breaks_the_others_is_named_with_its_mend():
    # Consistent but for one turned judgement: 0 over 3 should be 8.
    importance = np.array([8.0, 4.0, 2.0, 1.0])
    matrix = importance[:, None] / importance
    matrix[0, 3], matrix[3, 0] = 1 / 8, 8.0
    with pytest.warns(LodemapWarning, match=r"'slope' over 'grade' is 8, 1/8 would fit"):
        found = ahp(matrix, names=["grade", "road", "rail", "slope"])
    worst = found.revisions[0]
    assert (worst.row, worst.column) == (3, 0)
    assert worst.given == 8
    assert worst.fitting == pytest.approx(1 / 8)
    assert worst.consistency_ratio == pytest.approx(0, abs=1e-9)


def test_mending_as_told_gives_the_ratio_that_was_promised():
    matrix = np.array(
        [[1, 5, 6, 7], [1 / 5, 1, 4, 6], [1 / 6, 1 / 4, 1, 4], [1 / 7, 1 / 6, 1 / 4, 1]]
    )
    for told in quiet(matrix).revisions:
        mended = matrix.copy()
        mended[told.row, told.column], mended[told.column, told.row] = (
            told.fitting,
            1 / told.fitting,
        )
        after = quiet(mended)
        assert after.consistency_ratio == pytest.approx(told.consistency_ratio)
        # The mend is what the weights that it leads to say themselves.
        ratio = after.weights[told.row] / after.weights[told.column]
        assert ratio == pytest.approx(told.fitting)


def test_two_criteria_cannot_contradict_each_other():
    assert ahp([[1, 9], [1 / 9, 1]]).consistency_ratio == 0


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 3], [3, 1]], "'a' over 'b' is 3 and 'b' over 'a' is 3: required are reciprocals"),
        ([[1, 3], [0.5, 1]], "write 1/3 for the second"),
        ([[1, 0], [0, 1]], "'a' over 'b' is 0: required is a number above zero"),
        ([[1, -3], [-1 / 3, 1]], "is -3"),
        ([[1, np.nan], [1, 1]], "is nan"),
        ([[2, 3], [1 / 3, 1]], "'a' over itself is 2"),
        ([[1, 3]], "square"),
        ([["x", 1], [1, 1]], "must be numbers"),
        ([THREE], "2 names for 3"),
    ],
)
def test_judgements_that_are_no_judgements_are_refused(matrix, message):
    with pytest.raises(DataError, match=message):
        ahp(matrix, names=["a", "b"])


def test_an_expert_at_fault_is_numbered():
    with pytest.raises(DataError, match="expert 1: '0' over '1' is 3"):
        ahp([[[1, 3], [1 / 3, 1]], [[1, 3], [3, 1]]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "mean"}, "'eigenvector' or 'geometric-mean'"),
        ({"random_index": "own"}, "saaty or tummala-ling"),
        ({"influence": [1, 1]}, None),
    ],
)
def test_unknown_arguments_are_refused(arguments, message):
    if message is None:
        with pytest.raises(DataError, match="2 influences for 1 experts"):
            ahp([THREE], **arguments)
    else:
        with pytest.raises(DataError, match=message):
            ahp(THREE, **arguments)


def test_more_criteria_than_the_table_has_are_refused():
    with pytest.raises(DataError, match="group them"):
        ahp(np.ones((16, 16)))


def test_rounded_reciprocals_are_taken():
    found = ahp([[1, 3, 9], [0.33, 1, 3], [0.11, 0.33, 1]])
    np.testing.assert_allclose(found.weights, np.array([9, 3, 1]) / 13, atol=2e-3)


@st.composite
def two_rows(draw):
    count = draw(st.integers(2, 6))
    most = draw(st.integers(2, 9))
    down = [1.0, *(float(draw(st.integers(2, most))) for _ in range(count - 2)), float(most)]
    up = [float(most), *(float(draw(st.integers(2, most))) for _ in range(count - 2)), 1.0]
    return np.array(down), np.array(up)


@LAWS
@given(two_rows())
def test_no_weights_deviate_less_than_those_of_the_nonlinear_model(rows):
    down, up = rows
    found = best_worst(down, up, model="nonlinear")
    assert found.weights.sum() == pytest.approx(1)
    # The middle of the ranges keeps the deviation: the ranges are those of a box of ratios.
    ratio = found.weights / found.weights[-1]
    worst = max(np.abs(ratio[0] / ratio - down).max(), np.abs(ratio - up).max())
    assert found.deviation <= worst + 1e-7
    for weights in (found.low, found.high):
        assert (weights >= 0).all()
        assert (weights <= 1).all()
    assert (found.low <= found.high + 1e-12).all()


@settings(max_examples=100)
@given(two_rows(), st.integers(0, 99))
def test_deviation_and_ranges_of_the_nonlinear_model_are_those_of_a_linear_programme(rows, pick):
    down, up = rows
    found = best_worst(down, up, model="nonlinear")
    count = down.size

    def solve(deviation, aim):
        limits = []
        for j in range(count):
            for sign in (1, -1):
                first = np.zeros(count)
                first[0] += sign
                first[j] += -sign * down[j] - deviation
                second = np.zeros(count)
                second[j] += sign
                second[-1] += -sign * up[j] - deviation
                limits += [first] * (j != 0) + [second] * (j != count - 1)
        return linprog(aim, np.array(limits), np.zeros(len(limits)), np.ones((1, count)), [1.0])

    nothing = np.zeros(count)
    assert solve(found.deviation + 1e-4, nothing).status == 0
    assert found.deviation < 1e-3 or solve(found.deviation - 1e-3, nothing).status != 0
    weight = np.eye(count)[pick % count]
    for aim, end in ((weight, found.low), (-weight, found.high)):
        reached = solve(found.deviation + 1e-6, aim)
        assert abs(reached.fun) == pytest.approx(end[pick % count], abs=1e-4)


@pytest.mark.parametrize(
    ("down", "up", "message"),
    [
        ([1, 2], [2, 1, 1], "2 judgements of the best and 3 of the worst"),
        ([2, 3], [3, 1], "best_to_others has no 1"),
        ([1, 3], [3, 2], "others_to_worst has no 1"),
        ([1, 3], [4, 1], "3 in best_to_others and 4 in others_to_worst"),
        ([1, 0.5], [2, 1], "from 1 on"),
        ([1, "much"], [2, 1], "must be numbers"),
        ([1, np.nan], [2, 1], "from 1 on"),
    ],
)
def test_best_worst_judgements_that_do_not_fit_are_refused(down, up, message):
    with pytest.raises(DataError, match=message):
        best_worst(down, up)


def write(folder, text):
    path = folder / "expert.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_filled_by_an_expert(tmp_path):
    text = ";grade;freight;power\ngrade;1;3;5\nfreight;;1;1,5\npower;;;\n"
    found = read_judgements(write(tmp_path, text))
    assert found.names == ("grade", "freight", "power")
    np.testing.assert_allclose(found.matrix, [[1, 3, 5], [1 / 3, 1, 1.5], [1 / 5, 1 / 1.5, 1]])
    assert ahp(found.matrix, names=found.names).consistency_ratio < 0.1


def test_either_cell_of_a_pair_will_do(tmp_path):
    found = read_judgements(write(tmp_path, ",a,b\na,,\nb,1/4,\n"))
    assert found.matrix.tolist() == [[1, 4], [0.25, 1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no table of judgements"),
        (",a,b\na,1,much\nb,,1\n", "expert.csv:2: a over b is 'much': write a number"),
        (",a,b\na,1,1/0\nb,,1\n", "write a number such as 3 or 1/3"),
        (",a,b\na,1,0\nb,,1\n", "required is a number above zero"),
        (",a,b\na,1,\nb,,1\n", "a over b is not judged: fill one of the two cells"),
        (",a,b\na,1,3\n", "1 rows for 2 criteria"),
        (",a,b\nb,1,3\na,,1\n", "the row is 'b', required is 'a'"),
        (",a,a\na,1,3\na,,1\n", "'a' stands twice"),
        (",a,\na,1,3\n,,1\n", "a criterion has no name"),
        (",a,b\na,1,3,4\nb,,1\n", "3 judgements for 2 criteria"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_judgements(write(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LayerError, match=r"none\.csv"):
        read_judgements(tmp_path / "none.csv")


def test_criteria_that_say_the_same_are_flagged_in_either_direction():
    values = [[1.0, -1.0, 5.0], [2.0, -2.2, 1.0], [3.0, -2.9, 4.0], [np.nan, 9.0, 2.0]]
    found = overlapping(values, ["freight", "closeness", "grade"], threshold=0.9)
    assert [(o.first, o.second, o.known) for o in found] == [("freight", "closeness", 3)]
    assert found[0].correlation < -0.98


def test_a_criterion_of_one_value_overlaps_with_none():
    assert overlapping([[1.0, 2.0], [1.0, 3.0], [1.0, 4.0]], ["a", "b"]) == []


def test_the_swing_stands_beside_the_weight():
    found = weight_table([[40, 1.0], [160, np.nan], [70, 3.0]], [3, 1], ["freight", "grade"])
    assert found["weight"].tolist() == [0.75, 0.25]
    assert found["swing"].tolist() == [120, 2]
    assert found["known"].tolist() == [3, 2]
