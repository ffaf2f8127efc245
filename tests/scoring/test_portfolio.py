from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo.errors import DataError
from geo.scoring.portfolio import choose_sites, pairs_within

GEOD = Geod(ellps="WGS84")


def test_two_that_share_a_link_by_hand():
    found = choose_sites(
        [0.9, 0.8, 0.7],
        count=2,
        budget=100,
        costs=[10, 10, 10],
        links=[["east"], ["west"], ["west"]],
        link_costs={"east": 60, "west": 60},
    )
    assert found.chosen == (1, 2)
    assert found.score == pytest.approx(1.5)
    assert found.cost == 80
    assert found.links == ("west",)
    assert found.gap == 0
    assert found.bound == pytest.approx(1.5)
    assert found.top == (0, 1)
    assert found.top_score == pytest.approx(1.7)
    assert found.top_breaks == ("costs 140, the budget is 100",)


def test_without_limits_the_best_are_the_plain_best():
    found = choose_sites([0.2, np.nan, 0.9, 0.5], count=2)
    assert found.chosen == found.top == (2, 3)
    assert found.top_breaks == ()


def test_the_plain_best_say_what_they_break():
    found = choose_sites(
        [0.9, 0.8, 0.7, 0.1],
        count=2,
        places=[[100, 45], [100.1, 45], [101, 45], [110, 45]],
        spacing=20_000,
        groups=["a", "a", "b", "c"],
        limits={"a": (0, 1), "c": (1, None)},
        required=[2],
    )
    assert found.chosen == (2, 3)
    assert found.top_breaks == (
        "1 pair lies nearer than 20 km",
        "has 2 of a, 0 to 1 are asked for",
        "has 0 of c, 1 or more are asked for",
        "lacks the required site 2",
    )


@settings(max_examples=500)
@given(st.integers(0, 2**32 - 1))
def test_never_worse_than_any_set_that_keeps_the_limits(seed):
    chance = np.random.default_rng(seed)
    sites = int(chance.integers(3, 9))
    scores, costs = chance.random(sites).round(2), chance.integers(0, 20, sites)
    links = [[int(n) for n in chance.choice(4, chance.integers(0, 3), False)] for _ in range(sites)]
    prices = dict(enumerate(chance.integers(1, 30, 4).tolist()))
    places = np.column_stack([100 + chance.random(sites), 45 + chance.random(sites)])
    groups = chance.choice(["a", "b"], sites).tolist()
    count = None if chance.random() < 0.3 else int(chance.integers(1, 4))
    budget, spacing = float(chance.integers(20, 90)), float(chance.integers(0, 60_000))
    limits = {"a": (int(chance.integers(0, 2)), 2)} if "a" in groups else {}

    def fits(rows):
        needed = {name for row in rows for name in links[row]}
        apart = all(
            GEOD.inv(*places[one], *places[other])[2] >= spacing
            for one, other in combinations(rows, 2)
        )
        number = sum(groups[row] == "a" for row in rows)
        least, most = limits.get("a", (0, sites))
        cost = costs[list(rows)].sum() + sum(prices[name] for name in needed)
        right = count is None or len(rows) == count
        return apart and right and cost <= budget and least <= number <= most

    sets = [rows for k in range(sites + 1) for rows in combinations(range(sites), k) if fits(rows)]
    arguments = {
        "count": count, "costs": costs, "budget": budget, "links": links, "link_costs": prices,
        "places": places, "spacing": spacing, "groups": groups, "limits": limits,
    }  # fmt: skip
    if not sets:
        with pytest.raises(DataError, match="no set of sites keeps"):
            choose_sites(scores, **arguments)
        return
    found = choose_sites(scores, **arguments)
    assert fits(found.chosen)
    best = max(scores[list(rows)].sum() for rows in sets)
    assert found.score == pytest.approx(best)
    assert found.bound >= best - 1e-6
    assert found.gap == 0


def test_a_budget_that_is_too_small_names_what_would_do():
    with pytest.raises(DataError) as caught:
        choose_sites([0.9, 0.8, 0.7], count=2, costs=[50, 60, 80], budget=100)
    assert str(caught.value) == (
        "no set of sites keeps the budget of 100 and the count of 2: "
        "a budget of 110, or 1 site would do"
    )
    assert caught.value.code == "infeasible"


def test_only_limits_of_the_conflict_are_named():
    with pytest.raises(DataError) as caught:
        choose_sites(
            [0.9, 0.8, 0.7],
            count=3,
            costs=[1, 1, 1],
            budget=100,
            places=[[100, 45], [100.1, 45], [102, 45]],
            spacing=20_000,
            groups=["a", "b", "b"],
            limits={"b": (0, 3)},
        )
    apart = GEOD.inv(100, 45, 100.1, 45)[2]
    assert str(caught.value) == (
        "no set of sites keeps the spacing of 20 km and the count of 3: "
        f"a spacing of {np.floor(apart) / 1000:g} km, or 2 sites would do"
    )


def test_the_largest_spacing_that_would_do_is_named():
    # On one meridian at 0, 10, 30, 60 and 100 km: three at once lie at most 40 km apart.
    places = [[100, 45 + km / 111.13] for km in (0, 10, 30, 60, 100)]
    with pytest.raises(
        DataError, match=r"a spacing of ([0-9.]+) km, or 2 sites would do"
    ) as caught:
        choose_sites([0.5] * 5, count=3, places=places, spacing=70_000)
    said = float(str(caught.value).split("a spacing of ")[1].split(" km")[0])
    assert said == pytest.approx(40, rel=0.01)
    assert len(choose_sites([0.5] * 5, count=3, places=places, spacing=said * 1000).chosen) == 3
    with pytest.raises(DataError):
        choose_sites([0.5] * 5, count=3, places=places, spacing=said * 1000 + 2)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"count": 4},
            r"no set of sites keeps the count of 4: 3 sites would do",
        ),
        (
            {"count": 3, "groups": list("aab"), "limits": {"a": (0, 1)}},
            "at most 1 of a and the count of 3: 2 of a, or 2 sites would do",
        ),
        (
            {"groups": list("aab"), "limits": {"a": (2, None)}, "costs": [5, 5, 1], "budget": 7},
            "at least 2 of a and the budget of 7: 1 of a, or a budget of 10 would do",
        ),
        (
            {"required": [0], "costs": [9, 1, 1], "budget": 7},
            "the required site 0 and the budget of 7: leaving out site 0, or a budget of 9",
        ),
    ],
)
def test_a_conflict_is_a_sentence(options, says):
    with pytest.raises(DataError, match=says):
        choose_sites([0.9, 0.8, 0.7], **options)


@given(st.integers(0, 2**32 - 1), st.floats(1e3, 1e7))
def test_near_pairs_are_those_by_the_ellipsoid(seed, metres):
    chance = np.random.default_rng(seed)
    places = np.column_stack([chance.uniform(-180, 180, 12), chance.uniform(-90, 90, 12)])
    expected = [
        [one, other]
        for one, other in combinations(range(12), 2)
        if GEOD.inv(*places[one], *places[other])[2] < metres
    ]
    assert pairs_within(places, metres).tolist() == expected


def test_many_sites_are_chosen_within_the_gap():
    chance = np.random.default_rng(4)
    places = np.column_stack([90 + 20 * chance.random(400), 42 + 9 * chance.random(400)])
    found = choose_sites(
        chance.random(400), count=10, costs=chance.random(400), budget=3, places=places,
        spacing=150_000, gap=0.02,
    )  # fmt: skip
    assert len(found.chosen) == 10
    assert found.cost <= 3 + 1e-5
    assert len(pairs_within(places[list(found.chosen)], 150_000)) == 0
    assert 0 <= found.gap <= 0.02
    assert found.score <= found.bound


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"scores": []}, r"shape \(0,\)"),
        ({"scores": [np.inf]}, "infinite"),
        ({"count": 0}, "at least one must be chosen"),
        ({"budget": -1}, "budget is -1"),
        ({"costs": [1]}, "zero or more for each of 2"),
        ({"costs": [1, -1]}, "zero or more for each of 2"),
        ({"links": [["a"]]}, "list of names for each of 2"),
        ({"links": ["ab", "c"]}, "list of names for each of 2"),
        ({"links": [["a"], []]}, "link 'a' has no cost"),
        ({"spacing": 10}, "a spacing needs places"),
        ({"spacing": -1}, "spacing is -1"),
        ({"places": [[1, 2]]}, "longitude and latitude of each of 2"),
        ({"limits": {"a": (0, 1)}}, "limits need groups"),
        ({"groups": ["a"]}, "1 groups for 2"),
        ({"groups": ["a", "b"], "limits": {"c": (0, 1)}}, "'c', a group without a site"),
        ({"groups": ["a", "b"], "limits": {"a": (2, 1)}}, "they rise from 0"),
        ({"required": [5]}, "required site 5"),
        ({"scores": [np.nan, 1], "required": [0]}, "has no score and cannot be chosen"),
    ],
)
def test_refuses_and_says_what_to_do(options, says):
    arguments = {"scores": [0.5, 0.6], **options}
    with pytest.raises(DataError, match=says):
        choose_sites(arguments.pop("scores"), **arguments)
