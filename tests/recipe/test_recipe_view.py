"""How a study is shown: sets of weights on offer, and whose map it is."""

from pathlib import Path

import pytest

from geo.errors import RecipeError
from geo.recipe import load_recipe

RECIPE = """
[study]
title = "Hills"
region = "hills"

[study.house]
name = "A house"
logo = "logo.svg"
accents = ["#123456", "#abcdef"]

[[theme]]
id = "tin"
title = "Tin"

[theme.sites]
best = 3

[[theme.criterion]]
id = "road"
title = "Road"
measure = "distance"
layer = "tracks"
value = { linear = [["0 km", 1.0], ["100 km", 0.0]] }
weight = 1
source = "made up"

[[theme.preset]]
title = "By road"
weights = { road = 3 }
"""


def loaded(folder: Path, text: str = RECIPE, logo: str = "<svg/>"):
    (folder / "logo.svg").write_text(logo)
    path = folder / "hills.toml"
    path.write_text(text)
    return load_recipe(path)


def test_presets_and_the_house_are_read(tmp_path):
    recipe = loaded(tmp_path)
    assert recipe.themes[0].presets[0].title == "By road"
    assert dict(recipe.themes[0].presets[0].weights) == {"road": 3.0}
    assert recipe.house.name == "A house"
    assert recipe.house.logo == tmp_path / "logo.svg"
    assert recipe.house.accents == ("#123456", "#abcdef")


WORDS = RECIPE.replace(
    "[[theme]]",
    '[study.words.ko]\n"Road" = "도로"\n"By road" = "도로로"\n\n[[theme]]',
).replace('region = "hills"', 'region = "hills"\nlanguages = ["en", "ko"]')


def test_a_recipe_carries_its_own_words(tmp_path):
    recipe = loaded(tmp_path, WORDS)
    assert recipe.words == {"ko": {"Road": "도로", "By road": "도로로"}}
    assert [t for t in recipe.titles() if t not in recipe.words["ko"]] == ["Hills", "Tin"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("words.ko", "words.kr", "'kr' is no language of the study"),
        ('"도로로"', "3", "By road must be text, found 3"),
        ('[study.words.ko]\n"Road" = ', "[study.words]\nko = ", "ko must be a table"),
    ],
)
def test_words_that_cannot_be_used_are_refused(tmp_path, old, new, message):
    with pytest.raises(RecipeError, match=message):
        loaded(tmp_path, WORDS.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{ road = 3 }", "{ raod = 3 }", r"there is no criterion 'raod': did you mean 'road'\?"),
        ("{ road = 3 }", "{ road = -1 }", "a weight must be zero or more, found -1"),
        ('title = "By road"', 'titel = "By road"', "titel"),
        ('"logo.svg"', '"logo.gif"', "a logo is a .png or .svg file, found 'logo.gif'"),
        ('"logo.svg"', '"other.svg"', "there is no file 'other.svg' beside the recipe"),
        ('"#123456"', '"red"', "a colour is written such as '#b5652b', found 'red'"),
    ],
)
def test_refuses_and_says_what_to_do(tmp_path, old, new, message):
    with pytest.raises(RecipeError, match=message) as caught:
        loaded(tmp_path, RECIPE.replace(old, new))
    assert "hills.toml:" in str(caught.value)


def test_a_logo_is_small(tmp_path):
    with pytest.raises(RecipeError, match=r"100,000 is the most"):
        loaded(tmp_path, logo=" " * 100_001)
