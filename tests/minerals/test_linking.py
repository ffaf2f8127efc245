"""Linking: measured on the two tables behind the embedded deposits, and on mutated names."""

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CrsError, DataError
from geo.minerals.deposits import link
from geo.minerals.linking import name_key, name_similarity

FACTS = Path(__file__).parents[2] / "layers" / "build" / "facts"

_TO_CYRILLIC = dict(
    zip(
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "j",
            "z",
            "i",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "h",
            "y",
        ],
        [
            "а",
            "б",
            "в",
            "г",
            "д",
            "е",
            "ж",
            "з",
            "и",
            "к",
            "л",
            "м",
            "н",
            "о",
            "п",
            "р",
            "с",
            "т",
            "у",
            "ф",
            "х",
            "й",
        ],
        strict=True,
    )
)


def tables() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    left = pd.read_csv(FACTS / "deposits.csv").dropna(subset=["lon", "lat"])
    right = pd.read_csv(FACTS / "deposits_usgs.csv")
    left = left.rename(columns={"coord_precision_km": "precision_km"})
    right = right.rename(columns={"coord_spread_km": "precision_km"})
    made = [
        gpd.GeoDataFrame(
            table.rename(columns={"primary_commodity": "commodity"}),
            geometry=gpd.points_from_xy(table["lon"], table["lat"], crs=4326),
        )
        for table in (left, right)
    ]
    return made[0].set_index("name", drop=False), made[1]


def rates(found: pd.DataFrame, true: set[tuple[object, object]]) -> tuple[float, float]:
    got = set(found.loc[found["same"], ["left", "right"]].itertuples(index=False, name=None))
    return len(got & true) / len(got), len(got & true) / len(true)


def test_the_two_tables_are_linked_as_people_linked_them():
    left, right = tables()
    true = {
        (name, row) for row, name in right["in_deposits_csv"].dropna().items() if name in left.index
    }
    found = link(left, right)
    precision, recall = rates(found, true)
    assert len(true) >= 50
    assert precision >= 0.95
    assert recall >= 0.90
    linked = found[found["same"]]
    assert (linked["beyond_precision"] == (linked["distance_km"] > linked["allowed_km"])).all()


def mutate(name: str, generator: np.random.Generator) -> str:
    """Write a name as another register might."""
    plain = re.sub(r"\s*\(.*?\)", "", name)
    ways = [
        lambda text: text.replace("kh", "h").replace("Kh", "H"),
        lambda text: text.replace("ts", "c").replace("Ts", "C"),
        lambda text: re.sub(r"([aeiou])\1", r"\1", text),
        lambda text: text.replace(" ", "-"),
        lambda text: text.replace("ö", "o").replace("ü", "u").replace("Ö", "O"),
        lambda text: text.replace("u", "o"),
        lambda text: text + " deposit",
        lambda text: re.sub(r" (uul|gol|tolgoi|ovoo)$", "", text, flags=re.IGNORECASE),
        lambda text: "".join(_TO_CYRILLIC.get(letter, letter) for letter in text.lower()),
    ]
    for way in generator.choice(len(ways), size=2, replace=False):
        plain = ways[way](plain)
    return plain


def test_mutated_names_are_found_again():
    generator = np.random.default_rng(3)
    left, right = tables()
    places = pd.concat([left[["name", "geometry"]], right[["name", "geometry"]]])
    places = places.drop_duplicates("name").iloc[:300].reset_index(drop=True)
    assert len(places) >= 290
    here = gpd.GeoDataFrame(places, crs=4326)
    there = here.copy()
    there["name"] = [mutate(name, generator) for name in here["name"]]
    step = generator.uniform(-0.03, 0.03, (2, len(here)))
    there["geometry"] = gpd.points_from_xy(here.geometry.x + step[0], here.geometry.y + step[1])
    there = there.set_crs(4326, allow_override=True)
    # The table holds a few deposits twice under two names at one point: either is right.
    precision, recall = rates(link(here, there), {(row, row) for row in here.index})
    assert precision >= 0.95
    assert recall >= 0.90


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Мушгай худаг", "Mushgai Khudag"),
        ("Bor-Öndör", "Bor Undur mine"),
        ("Khubsugul", "Hubsugul deposit"),
        ("Цагаан суварга", "Tsagaan Suvarga"),
        ("Zuun Tsagaan Del", "Зуун цагаан дэл"),
    ],
)
def test_spellings_of_one_sound_have_one_key(one, other):
    assert name_key(one) == name_key(other)


def test_names_that_differ_by_a_number_are_two_places():
    assert name_similarity(["Altai 2"], ["Altai 3"]) == 0
    assert name_similarity(["Altai 2"], ["Altai"]) > 0.8


@given(st.text(max_size=20), st.text(max_size=20))
def test_likeness_does_not_depend_on_the_side(one, other):
    assert name_similarity([one], [other]) == name_similarity([other], [one])
    assert 0 <= name_similarity([one], [other]) <= 1


def points(names: list[str], xs: list[float], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": names, **columns}, geometry=gpd.points_from_xy(xs, [45.0] * len(xs), crs=4326)
    )


def test_of_two_places_of_one_name_the_nearer_is_linked():
    found = link(points(["Ulaan"], [100.0]), points(["Ulaan", "Ulaan"], [100.2, 100.01]))
    assert found.loc[found["same"], "right"].tolist() == [1]
    assert len(found) == 2


def test_a_link_beyond_the_precision_says_so():
    left = points(["Ulaan Tolgoi"], [100.0], precision_km=[1.0])
    right = points(["Ulaan Tolgoi"], [100.08], precision_km=[1.0])
    row = link(left, right).iloc[0]
    assert row["same"]
    assert row["beyond_precision"]
    assert row["distance_km"] == pytest.approx(6.3, abs=0.1)
    assert row["allowed_km"] == 2


def test_other_commodities_count_against_a_pair():
    left = points(["Ulaan"], [100.0], commodity=["Copper"])
    same = link(left, points(["Ulaan"], [100.0], commodity=["copper"])).iloc[0]
    other = link(left, points(["Ulaan"], [100.0], commodity=["Coal"])).iloc[0]
    unknown = link(left, points(["Ulaan"], [100.0], commodity=[None])).iloc[0]
    assert same["commodity_agrees"] is True
    assert other["commodity_agrees"] is False
    assert unknown["commodity_agrees"] is None
    assert same["score"] == unknown["score"] > other["score"]


def test_decisions_of_a_person_overrule_the_score():
    left, right = points(["Ulaan"], [100.0]), points(["Ulaan", "Khar"], [100.0, 100.0])
    decisions = pd.DataFrame({"left": [0, 0], "right": [0, 1], "same": [False, True]})
    found = link(left, right, decisions=decisions)
    assert found.loc[found["same"], "right"].tolist() == [1]
    assert found["decided"].all()


@pytest.mark.parametrize(
    ("left", "right", "error", "said"),
    [
        (points(["a"], [1.0]).set_crs(None, allow_override=True), points(["a"], [1.0]), CrsError,
         "left table has no CRS"),
        (points(["a"], [1.0]), points(["a"], [1.0]).to_crs(3857), CrsError, "reproject with"),
        (points(["a"], [1.0]).rename(columns={"name": "title"}), points(["a"], [1.0]), DataError,
         "none of the columns name, other_names"),
        (points(["a", "b"], [1.0, 2.0]).set_index(pd.Index([0, 0])), points(["a"], [1.0]),
         DataError, "repeats the label 0"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(left, right, error, said):
    with pytest.raises(error, match=said):
        link(left, right)
