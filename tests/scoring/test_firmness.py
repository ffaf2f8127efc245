"""How firm the ranks of a theme are, and what knowing an unknown would be worth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import DataError
from geo.scoring.combination import Combination
from geo.scoring.information import value_of_information
from geo.scoring.sites import score_sites
from geo.scoring.weighting import WeightRange

IDS = ["a", "b", "c", "d"]
VALUES = {"grade": [0.9, 0.6, 0.2, 0.5], "freight": [0.2, 0.6, 0.9, np.nan]}


def scored(**changed):
    plain = {"grade": "", "freight": ""}
    wide = WeightRange(1.0, 0.0, 1.0)
    options = {
        "draws": 2000,
        "top": 2,
        "ranges": {"grade": wide, "freight": wide},
        **changed,
    }
    return score_sites(
        "tin", IDS, pd.DataFrame(VALUES, index=IDS), None, None, plain,
        {"grade": lambda v: v, "freight": lambda v: v}, options.pop("ranges"), (),
        pd.Series("ranked", IDS), plain, plain, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def firm():
    return scored().firmness


def figure(table, name):
    return table[table["figure"] == name]


def test_acceptabilities_of_a_rank_add_up_to_one(firm):
    shares = figure(firm, "rank_acceptability").groupby("name")["value"].sum()
    assert shares.to_dict() == pytest.approx({"1": 1.0, "2": 1.0})


def test_central_weights_are_those_of_the_backers(firm):
    rows = figure(firm, "central_weight").set_index(["site_id", "name"])["value"]
    # Who wants grade backs a, who wants low freight backs c.
    assert rows["a", "grade"] > 0.5 > rows["a", "freight"]
    assert rows["c", "freight"] > 0.5
    totals = rows.groupby("site_id").sum()
    assert totals.to_numpy() == pytest.approx(np.ones(len(totals)))


def test_winning_and_losing_against_a_site_add_up_to_one(firm):
    wins = figure(firm, "wins_against").set_index(["site_id", "name"])["value"]
    for one, other in wins.index:
        assert wins[one, other] + wins[other, one] == pytest.approx(1.0)
    # With its freight unknown d is behind b unless freight is far above 0.6.
    assert wins["b", "d"] > 0.5


def test_expected_ranks_lie_between_first_and_last_and_average_their_middle(firm):
    ranks = figure(firm, "expected_rank")["value"]
    assert ranks.between(1, 4).all()
    assert ranks.mean() == pytest.approx(2.5, abs=0.01)


def test_confidence_is_a_share_and_sure_where_nothing_but_weights_is_in_doubt(firm):
    rows = figure(firm, "confidence_factor").set_index("site_id")["value"]
    assert rows.between(0, 1).all()
    # With grade heavy a is first whatever the freight of d may be.
    assert rows["a"] > 0.9


def test_the_first_site_bears_the_weights_of_the_hand_calculation(firm):
    rows = figure(firm, "stable_weight").set_index("name")
    assert set(rows["site_id"]) == {"b"}
    # b against a: 0.6 >= 0.9 w + 0.2 (1 - w), w <= 4/7; against c: w >= 3/7.
    assert rows.loc["grade", ["low", "high"]].tolist() == pytest.approx([3 / 7, 4 / 7])


def test_every_method_ranks_every_site_and_agrees_with_itself(firm):
    rows = figure(firm, "rank_by_method")
    assert set(rows["site_id"]) == set(IDS)
    own = figure(firm, "kendall").set_index("name")["value"]
    assert own["weighted-sum"] == pytest.approx(1.0)
    assert own.between(-1, 1).all()
    assert figure(firm, "ws").set_index("name")["value"]["weighted-sum"] == pytest.approx(1.0)


def test_other_methods_have_no_exact_interval_of_weights():
    found = scored(combination=Combination("weighted-product"), draws=200).firmness
    assert figure(found, "stable_weight").empty
    assert not figure(found, "rank_acceptability").empty


def test_few_draws_say_nothing_of_firmness():
    found = scored(draws=50)
    assert found.firmness.empty
    assert found.criteria["rank_if_known"].isna().all()


def test_the_same_seed_gives_the_same_bytes(firm):
    pd.testing.assert_frame_equal(firm, scored().firmness)


def test_only_unknowns_have_a_value_of_information():
    rows = scored().criteria.set_index(["site_id", "criterion"])
    known = rows["value_score"].notna()
    assert rows.loc[known, "rank_if_known"].isna().all()
    told = rows.loc[("d", "freight")]
    assert told["rank_if_known"] > 0.3
    assert 0 < told["range_if_known"] < 1


def test_an_unknown_that_decides_everything_leaves_no_range_once_known():
    u = np.random.default_rng(1).random(5000)
    rank = np.where(u > 0.5, 1.0, 3.0)
    found = value_of_information(u, rank, u)
    # The range shrinks from nine tenths to the tenth of a group, less its ends.
    assert found.score == pytest.approx(0.9 - 0.09, abs=0.01)
    assert found.rank == pytest.approx(1.0, abs=0.05)


def test_an_unknown_that_decides_nothing_is_worth_nothing():
    stream = np.random.default_rng(2)
    u, score = stream.random(20_000), stream.random(20_000)
    found = value_of_information(score, np.round(score * 10), u)
    assert found.rank < 0.15
    assert found.score < 0.02


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_information_is_never_negative_nor_more_than_there_is(seed, share):
    stream = np.random.default_rng(seed)
    u = stream.random(400)
    score = share * u + (1 - share) * stream.random(400)
    rank = np.argsort(np.argsort(-score)) + 1.0
    found = value_of_information(score, rank, u)
    low, high = np.quantile(score, [0.05, 0.95])
    assert 0 <= found.score <= high - low
    assert 0 <= found.rank <= np.abs(rank - rank.mean()).mean() + 1e-9


def test_draws_of_different_length_are_refused():
    with pytest.raises(DataError, match="give one a draw"):
        value_of_information([0.1], [1.0, 2.0], [0.5])
