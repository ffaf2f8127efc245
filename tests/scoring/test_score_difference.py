"""The change of a score, split by criterion into the value's part and the weight's part."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import DataError
from geo.scoring.difference import score_difference

SHARE = st.floats(0, 1)


def rows(values, weights):
    total = sum(weights) or 1.0
    return pd.DataFrame(
        {
            "site_id": "a",
            "criterion": [f"c{n}" for n in range(len(values))],
            "value": values,
            "value_score": values,
            "weight": [w / total for w in weights],
            "contribution": [v * (w / total) for v, w in zip(values, weights, strict=True)],
        }
    )


def test_hand_value_of_a_value_and_a_weight_that_change_together():
    found = score_difference(rows([0.5, 1.0], [1, 1]), rows([1.0, 1.0], [3, 1])).set_index(
        "criterion"
    )
    # First: weight 0.5 to 0.75, value 0.5 to 1: 0.625 * 0.5 and 0.75 * 0.25.
    assert found.loc["c0", ["by_value", "by_weight"]].tolist() == [0.3125, 0.1875]
    assert found.loc["c1", ["by_value", "by_weight"]].tolist() == [0.0, -0.25]


@given(st.lists(st.tuples(SHARE, SHARE, SHARE, SHARE), min_size=1, max_size=6))
def test_parts_add_up_to_the_change_of_the_score(drawn):
    one = rows([d[0] for d in drawn], [d[1] for d in drawn])
    two = rows([d[2] for d in drawn], [d[3] for d in drawn])
    found = score_difference(one, two)
    change = two["contribution"].sum() - one["contribution"].sum()
    assert found["total"].sum() == pytest.approx(change, abs=1e-12)
    assert (found["by_value"] + found["by_weight"]).sum() == pytest.approx(change, abs=1e-12)


@given(st.lists(st.tuples(SHARE, SHARE, SHARE), min_size=1, max_size=6))
def test_the_way_back_is_the_way_there_with_the_sign_turned(drawn):
    one = rows([d[0] for d in drawn], [d[2] for d in drawn])
    two = rows([d[1] for d in drawn], [d[2] for d in drawn])
    there, back = score_difference(one, two), score_difference(two, one)
    assert there["by_value"].to_numpy() == pytest.approx(-back["by_value"].to_numpy(), abs=1e-15)
    assert (there["by_weight"] == 0).all()


def test_an_unknown_counts_nothing_and_becoming_known_is_the_values_part():
    one = rows([np.nan], [1.0])
    found = score_difference(one, rows([0.4], [1.0])).iloc[0]
    assert found["by_value"] == pytest.approx(0.4)
    assert np.isnan(found["score_before"])


def test_a_criterion_that_is_new_comes_in_by_its_weight():
    found = score_difference(rows([1.0], [1.0]), rows([1.0, 0.5], [1.0, 1.0])).set_index(
        "criterion"
    )
    assert found["total"].sum() == pytest.approx(-0.25)
    assert found.loc["c1", "total"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.drop(columns="weight"), "lack the column 'weight'"),
        (lambda f: pd.concat([f, f]), "hold 'c0' of site 'a' twice"),
    ],
)
def test_refuses_tables_that_are_not_criteria(change, said):
    good = rows([0.5], [1.0])
    with pytest.raises(DataError, match=said):
        score_difference(change(good), good)
