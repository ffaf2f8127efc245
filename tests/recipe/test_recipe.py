from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import RecipeError
from geo.recipe import load_recipe
from geo.recipe.lines import key_lines
from geo.study.find import embedded_recipes

SMALL = """
[study]
title = "Two hills"
region = "region"

[grid]
cell_size = "2 km"

[[theme]]
id = "sun"
title = "Sun"

[theme.sites]
best = 3
spacing = "10 km"

[[theme.criterion]]
id = "road"
title = "Road"
measure = "distance"
layer = "roads"
value = { linear = [["0 km", 1.0], ["5000 m", 0.0]] }
weight = { low = 0.1, central = 0.3, high = 0.5 }
source = "judgement"

[[theme.exclusion]]
id = "water"
title = "Water"
layer = "lakes"
buffer = "0.2 km"
source = "law"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "small.toml"
    path.write_text(text, "utf-8")
    return path


def problems(folder: Path, text: str, **options: object) -> tuple[str, ...]:
    with pytest.raises(RecipeError) as raised:
        load_recipe(write(folder, text), **options)  # type: ignore[arg-type]
    return raised.value.problems


def test_quantities_arrive_in_metres_and_in_the_units_of_the_measure(tmp_path):
    recipe = load_recipe(write(tmp_path, SMALL))
    theme = recipe.themes[0]
    assert recipe.cell_size == 2000.0
    assert theme.sites.spacing == 10_000.0
    assert theme.sites.kind == "places"
    assert theme.criteria[0].value.points == ((0.0, 1.0), (5.0, 0.0))
    assert theme.criteria[0].weight == (0.1, 0.3, 0.5)
    assert theme.exclusions[0].buffer == 200.0
    assert theme.exclusions[0].effect == "exclude"


def test_layer_ids_name_every_layer_once(tmp_path):
    assert load_recipe(write(tmp_path, SMALL)).layer_ids() == ("lakes", "region", "roads")


def test_eight_faults_give_eight_lines_with_their_places(tmp_path):
    text = (
        SMALL.replace('cell_size = "2 km"', "cell_size = 2000")
        .replace('region = "region"', 'region = "regoin"')
        .replace("best = 3", "best = 0")
        .replace('spacing = "10 km"', 'spacing = "10 kg"')
        .replace('measure = "distance"', 'measure = "distanc"')
        .replace("low = 0.1", "low = 0.4")
        .replace('buffer = "0.2 km"', 'bufer = "0.2 km"')
        .replace('layer = "lakes"', 'layer = "lake"')
    )
    found = problems(tmp_path, text, layers={"region", "roads", "lakes"})
    lines = [int(problem.split(":")[1]) for problem in found]
    assert all(problem.startswith("small.toml:") for problem in found)
    for line, needle in [
        (4, "region"),
        (7, "needs a unit"),
        (14, "best"),
        (15, "kg"),
        (20, "did you mean 'distance'"),
        (23, "rise from low to high"),
        (29, "did you mean 'lakes'"),
        (30, "bufer"),
    ]:
        assert any(
            at == line and needle in problem for at, problem in zip(lines, found, strict=True)
        ), (line, needle, found)
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('[["0 km", 1.0], ["5000 m", 0.0]]', '[["5 km", 1.0], ["1 km", 0.0]]', "must rise"),
        ('[["0 km", 1.0], ["5000 m", 0.0]]', '[["0 km", 1.5], ["5 km", 0.0]]', "[0, 1]"),
        ('[["0 km", 1.0], ["5000 m", 0.0]]', '[["0 km", 1.0]]', "two or more points"),
        ('[["0 km", 1.0], ["5000 m", 0.0]]', '[["0 h", 1.0], ["5 km", 0.0]]', "has the unit"),
        ("weight = { low = 0.1, central = 0.3, high = 0.5 }", "weight = 0", "add up to zero"),
        ("weight = { low = 0.1, central = 0.3, high = 0.5 }", "weight = -1", "zero or more"),
        ("weight = { low = 0.1, central = 0.3, high = 0.5 }", "weight = nan", "finite"),
        ('title = "Road"', "title = 3", "must be text"),
        ('source = "judgement"', "", "needs the key 'source'"),
        ('id = "sun"', 'id = "sun & moon"', "letters and digits"),
        ('measure = "distance"', 'measure = "wind-speed"', "needs [energy]"),
        ('cell_size = "2 km"', 'cell_size = "0 km"', "more than zero"),
        ("best = 3", 'best = 3\nlayer = "sites"', "not both"),
        ('buffer = "0.2 km"', 'buffer = "-1 km"', "zero or more"),
        ('buffer = "0.2 km"', 'effect = "drop"', "unknown"),
        ("[[theme.criterion]]", "[theme.criterion]", "array of tables"),
        ("linear =", "lookup =", "needs linear or log"),
    ],
)
def test_refuses_and_says_what_to_do(tmp_path, old, new, message):
    assert old in SMALL
    assert any(message in problem for problem in problems(tmp_path, SMALL.replace(old, new)))


def test_a_theme_or_criterion_may_not_stand_twice(tmp_path):
    criterion = SMALL[SMALL.index("[[theme.criterion]]") : SMALL.index("[[theme.exclusion]]")]
    assert any("stands twice" in p for p in problems(tmp_path, SMALL + criterion))


def test_broken_toml_names_its_line(tmp_path):
    (found,) = problems(tmp_path, "[study]\ntitle = \n")
    assert found.startswith("small.toml:2: not valid TOML")


def test_missing_file_and_foreign_bytes_are_one_sentence(tmp_path):
    with pytest.raises(RecipeError, match="no such recipe"):
        load_recipe(tmp_path / "none.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b'[study]\ntitle = "\xe9"\n')
    with pytest.raises(RecipeError, match="not UTF-8"):
        load_recipe(path)


def test_every_embedded_recipe_is_valid():
    for path in embedded_recipes().values():
        assert load_recipe(path).themes


def test_every_criterion_of_the_embedded_recipes_names_its_source():
    for path in embedded_recipes().values():
        for theme in load_recipe(path).themes:
            assert all(criterion.source for criterion in theme.criteria)
            assert all(rule.source for rule in theme.exclusions)


@given(st.integers(0, 5), st.integers(0, 5))
def test_lines_are_counted_through_arrays_of_tables(blanks, themes):
    text = "\n" * blanks + "".join('[[theme]]\nid = "x"\n' for _ in range(themes))
    lines = key_lines(text)
    for index in range(themes):
        assert lines[("theme", index, "id")] == blanks + 2 * index + 2


def test_text_in_triple_quotes_is_no_key():
    assert key_lines('a = """\nb = 1\n"""\nc = 2') == {("a",): 1, ("c",): 4}
