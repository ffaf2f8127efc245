"""A recipe's choice of method, weights and unknowns, from the file to sites and cells."""

import numpy as np
import pytest
from small_world import small_world

import geo
from geo.errors import LodemapWarning, RecipeError
from geo.scoring.combination import METHODS, Combination

LOCAL = {
    "weighted-sum": "'weighted-sum'",
    "weighted-product": "'weighted-product'",
    "owa": "{ method = 'owa', alpha = 2.0 }",
    "fuzzy-and": "'fuzzy-and'",
    "fuzzy-or": "'fuzzy-or'",
    "fuzzy-product": "'fuzzy-product'",
    "fuzzy-sum": "'fuzzy-sum'",
    "fuzzy-gamma": "{ method = 'fuzzy-gamma', gamma = 0.8 }",
}
SECOND = """
[[theme.criterion]]
id = "near"
title = "Near the road"
measure = "distance"
layer = "tracks"
value = { linear = [["0 km", 0.9], ["200 km", 0.1]] }
weight = 0.5
source = "made up"

[[theme.exclusion]]
id = "road"
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return small_world(tmp_path_factory.mktemp("world"))


def changed(world, *edits):
    """Write the small world's recipe with some texts replaced; give its path."""
    text = world.read_text("utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    path = world.with_name("changed.toml")
    path.write_text(text, "utf-8")
    return path


def places(world, combine, unknown="lower"):
    """The theme of heights with two criteria that every cell has."""
    title = 'id = "height"\ntitle = "Height"\n'
    head = f'{title}combine = {combine}\nunknown = "{unknown}"\n\n[theme.sites]'
    edits = [
        ('id = "height"\ntitle = "Height"\n\n[theme.sites]', head),
        ('\n[[theme.exclusion]]\nid = "road"\n', SECOND),
    ]
    path = changed(world, *edits)
    method = combine.split("'")[1]
    if not METHODS[method].weighted:
        text = path.read_text("utf-8")
        first, second = text.split('id = "height"\ntitle = "Height"\ncombine')
        second = second.replace("weight = 1\n", "").replace("weight = 0.5\n", "")
        path.write_text(first + 'id = "height"\ntitle = "Height"\ncombine' + second, "utf-8")
    return path


@pytest.mark.parametrize("method", LOCAL)
def test_cell_and_site_agree_for_every_local_method(world, method):
    result = geo.Study.from_toml(places(world, LOCAL[method])).run()
    sites = result.sites.query("theme == 'height'")
    surface = result.surfaces["height-score"]
    points = sites.to_crs(str(result.content.grid.crs)).geometry
    for point, score in zip(points, sites["score"], strict=True):
        cell = surface.sel(x=point.x, y=point.y, method="nearest")
        assert float(cell) == pytest.approx(score, abs=1e-6)
    assert (sites["score"].diff().dropna() <= 1e-12).all()


@pytest.mark.parametrize("method", LOCAL)
def test_contributions_add_up_to_the_score(world, method):
    result = geo.Study.from_toml(places(world, LOCAL[method])).run()
    sites = result.sites.query("theme == 'height'").set_index("site_id")["score"]
    rows = result.criteria.query("theme == 'height'")
    total = rows.groupby("site_id")["contribution"].sum()
    assert total.reindex(sites.index).to_numpy() == pytest.approx(sites.to_numpy(), abs=1e-9)


def test_a_method_that_compares_sites_leaves_the_surface_a_weighted_sum_and_says_so(world):
    with pytest.warns(LodemapWarning, match="TOPSIS ranks sites only"):
        study = geo.Study.from_toml(places(world, "'topsis'"))
    result = study.run()
    plain = geo.Study.from_toml(places(world, "'weighted-sum'")).run()
    np.testing.assert_array_equal(
        result.surfaces["height-score"].values, plain.surfaces["height-score"].values
    )
    view = result.content.themes[1]
    assert "the surface is the weighted sum" in view.score_note
    assert view.method.title == "TOPSIS"
    rows = result.criteria.query("theme == 'height'")
    values = rows.pivot_table(
        index="site_id", columns="criterion", values="value_score", sort=False
    )
    expected = Combination("topsis").scores(values.to_numpy(), [2 / 3, 1 / 3])
    scores = result.sites.query("theme == 'height'").set_index("site_id")["score"]
    assert scores.reindex(values.index).to_numpy() == pytest.approx(expected, abs=1e-9)


UNTOLD = {"lower": 1 / 3, "middle": 2 / 3, "interval": 1 / 3, "reweight": 1.0}


@pytest.mark.parametrize(("unknown", "share"), UNTOLD.items())
def test_the_choice_for_unknowns_decides_the_score_of_a_site_with_one(world, unknown, share):
    path = changed(world, ('title = "Three hills"', f'title = "T"\nunknown = "{unknown}"'))
    result = geo.Study.from_toml(path).run()
    site = result.sites.query("site_id == 'untold'").iloc[0]
    rows = result.criteria.query("site_id == 'untold'").set_index("criterion")
    road = rows.loc["road", "value_score"]
    # Size, with twice the weight, is not known.
    expected = road / 3 + (1 / 3 if unknown == "middle" else 0)
    assert site["score"] == pytest.approx(road if unknown == "reweight" else expected)
    assert site["score_worst"] == pytest.approx(road / 3)
    assert site["score_best"] == pytest.approx(road / 3 + 2 / 3)
    assert result.content.themes[0].method.unknown == unknown


def test_refuse_leaves_a_site_with_an_unknown_without_a_rank(world):
    path = changed(world, ('title = "Three hills"', 'title = "T"\nunknown = "refuse"'))
    site = geo.Study.from_toml(path).run().sites.query("site_id == 'untold'").iloc[0]
    assert site["status"] == "unknown"
    assert np.isnan(site["score"])


AHP = """
[theme.weights]
method = "ahp"
pairs = [["size", "road", 4]]

[theme.sites]
layer = "mines"
"""
SITES = '\n[theme.sites]\nlayer = "mines"\n'


def unweighted(world, weights):
    return changed(
        world,
        (SITES, f"\n{weights}{SITES}"),
        ("weight = 2\n", ""),
        ('["100 km", 0.0]] }\nweight = 1\n', '["100 km", 0.0]] }\n'),
    )


BY_METHOD = {
    'method = "ahp"\npairs = [["size", "road", 4]]': [0.8, 0.2],
    'method = "ahp"\nmatrix = [[1, 4], ["1/4", 1]]': [0.8, 0.2],
    'method = "best-worst"\nbest_to_others = { size = 1, road = 3 }\n'
    "others_to_worst = { size = 3, road = 1 }": [0.75, 0.25],
    'method = "rank-order-centroid"\norder = ["size", "road"]': [0.75, 0.25],
    'method = "rank-sum"\norder = ["road", "size"]': [1 / 3, 2 / 3],
    'method = "reciprocal"\norder = [["road", "size"]]': [0.5, 0.5],
    'method = "swing"\npoints = { size = 100, road = 25 }': [0.8, 0.2],
}


@pytest.mark.parametrize(("text", "expected"), BY_METHOD.items())
def test_weights_by_a_method_are_the_hand_calculations(world, text, expected):
    recipe = geo.Study.from_toml(unweighted(world, f"[theme.weights]\n{text}\n")).recipe
    weights = [c.weight[1] for c in recipe.themes[0].criteria]
    assert weights == pytest.approx(expected)
    assert recipe.themes[0].weighting.says.startswith("weights by ")


def test_experts_fill_tables_and_their_spread_is_the_range_of_the_weights(world):
    folder = world.parent
    (folder / "a.csv").write_text(",road,size\nroad,1,1/2\nsize,,1\n", "utf-8")
    (folder / "b.csv").write_text(";size;road\nsize;1;8\nroad;;1\n", "utf-8")
    text = '[theme.weights]\nmethod = "ahp"\nfiles = ["a.csv", "b.csv"]\n'
    theme = geo.Study.from_toml(unweighted(world, text)).recipe.themes[0]
    assert theme.criteria[0].weight == pytest.approx((2 / 3, 0.8, 8 / 9))
    assert "2 experts, consensus 0." in theme.weighting.says
    (folder / "points.csv").write_text("criterion,points\nsize,30\nroad,10\n", "utf-8")
    swung = geo.Study.from_toml(
        unweighted(world, '[theme.weights]\nmethod = "swing"\nfile = "points.csv"\n')
    )
    assert swung.recipe.themes[0].criteria[0].weight[1] == pytest.approx(0.75)


def test_weights_read_off_the_data_say_that_they_are_no_preference(world):
    path = unweighted(world, '[theme.weights]\nmethod = "standard-deviation"\n')
    result = geo.Study.from_toml(path).run()
    rows = result.criteria.query("theme == 'tin'")
    found = rows.groupby("criterion")["weight"].first()
    # Of two sites scaled to 0 and 1 every criterion has the same deviation.
    assert found.tolist() == pytest.approx([0.5, 0.5])
    assert "not a preference, from 2 sites" in result.content.themes[0].method.weights


THREE = """
[[theme.criterion]]
id = "third"
title = "Third"
measure = "attribute"
column = "tin"
unit = "kt"
value = { linear = [["0 kt", 0.0], ["10 kt", 1.0]] }
source = "made up"

[[theme]]
id = "height"
"""


def test_judgements_that_contradict_each_other_warn_and_the_map_says_so(world):
    text = (
        '[theme.weights]\nmethod = "ahp"\n'
        'pairs = [["size", "road", 9], ["road", "third", 9], ["third", "size", 9]]\n'
    )
    path = unweighted(world, text)
    path.write_text(path.read_text("utf-8").replace('\n[[theme]]\nid = "height"\n', THREE), "utf-8")
    with pytest.warns(LodemapWarning, match=r"changed.toml:\d+: .*consistency ratio"):
        study = geo.Study.from_toml(path)
    assert study.recipe.themes[0].weighting.warnings
    view = study.run().content.themes[0]
    assert any("consistency" in caution for caution in view.method.cautions)


REFUSED = [
    ("", "", "weight = 2\n", "weight = -2\n", "weight must be finite and zero or more"),
    ("", "", "weight = 2\n", "weight = nan\n", "weight must be finite and zero or more"),
    ("", "", "weight = 2\n", "", "criterion 'size' needs a weight, or the theme [theme.weights]"),
    ("", 'combine = "topsi"', "", "", "there is no method 'topsi': did you mean 'topsis'?"),
    ("", 'combine = "electre"\nunknown = "reweight"', "", "", "another choice than 'reweight'"),
    ("", 'combine = { method = "electre", concordance_level = 2 }', "", "", "_level is 2"),
    ("", 'combine = { method = "owa", alpa = 1 }', "", "", "option 'alpa': did you mean"),
    ("", 'combine = { method = "owa", alpha = -1 }', "", "", "alpha is -1"),
    ("", 'combine = { method = "owa", alpha = "x" }', "", "", "option 'alpha' must be a number"),
    ("", 'combine = { method = "fuzzy-gamma", gamma = 2 }', "weight", "note_", "gamma"),
    ("", 'combine = "fuzzy-and"', "", "", "Fuzzy AND takes no weights: leave the weight out"),
    ("", 'unknown = "lowest"', "", "", "unknown 'lowest' is unknown: did you mean 'lower'?"),
    ("", 'combine = "vikor"\nunknown = "reweight"', "", "", "take another choice than 'reweight'"),
    ('method = "ahp"\npairs = [["size", "road", 4]]', "", "", "", "states a weight, and the theme"),
]  # fmt: skip


@pytest.mark.parametrize(("weights", "choice", "old", "new", "said"), REFUSED)
def test_choices_that_cannot_be_are_refused_with_their_line(world, weights, choice, old, new, said):
    lines = f"[theme.weights]\n{weights}\n" if weights else ""
    edits = [(SITES, f"\n{choice}\n{lines}{SITES}")]
    if old:
        edits.append((old, new))
    with pytest.raises(RecipeError) as raised:
        geo.Study.from_toml(changed(world, *edits))
    found = [problem for problem in raised.value.problems if said in problem]
    assert found, raised.value.problems
    assert found[0].startswith("changed.toml:")


BAD_WEIGHTS = [
    ('method = "ahp"\nmatrix = [[1, 4], [4, 1]]', "reciprocal"),
    ('method = "ahp"\nmatrix = [[1, 4, 2], [0.25, 1, 1], [0.5, 1, 1]]', "3 rows of judg"),
    ('method = "ahp"\nmatrix = [[1, 4], [1]]', "different lengths"),
    ('method = "ahp"', "one of matrix, pairs or files"),
    ('method = "ahp"\npairs = [["size", "rode", 4]]', "'rode' is no criterion: did"),
    ('method = "ahp"\npairs = [["size", "size", 1]]', "'size' over 'road' is not judged"),
    ('method = "ahp"\npairs = [["size", "road", 0]]', "must be more than zero"),
    ('method = "ahp"\nfiles = ["nobody.csv"]', "nobody.csv"),
    ('method = "swing"\npoints = { size = 0, road = 0 }', "add up to zero"),
    ('method = "swing"\npoints = { size = nan, road = 1 }', "finite"),
    ('method = "swing"\npoints = { size = 1 }', "the criterion 'road' is missing"),
    ('method = "rank-sum"\norder = ["size"]', "the order lacks 'road'"),
    ('method = "best-worst"\nbest_to_others = { size = 1, road = 3 }', "others_to_worst"),
    ('method = "anp"', "method 'anp' is unknown"),
    ('method = "ahp"\npoints = { size = 1 }', "weights by 'ahp' know no 'points'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD_WEIGHTS)
def test_judgements_that_cannot_be_are_refused_with_their_line(world, text, said):
    path = unweighted(world, f"[theme.weights]\n{text}\n")
    with pytest.raises(RecipeError) as raised:
        geo.Study.from_toml(path)
    line = path.read_text("utf-8").split("\n").index("[theme.weights]") + 1
    found = [problem for problem in raised.value.problems if said in problem]
    assert found, raised.value.problems
    number = int(found[0].split(":")[1])
    assert line <= number <= line + 3


def test_data_weights_of_criteria_that_tell_nothing_are_refused_with_their_line(world):
    path = unweighted(world, '[theme.weights]\nmethod = "critic"\n')
    text = path.read_text("utf-8").replace(
        '[["0 kt", 0.0], ["10 kt", 1.0]]', '[["0 kt", 1.0], ["10 kt", 1.0]]'
    )
    path.write_text(text, "utf-8")
    with pytest.raises(RecipeError, match=r"changed.toml:\d+: weights by 'critic' of theme 'tin'"):
        geo.Study.from_toml(path).run()


CURVES = {
    'sigmoid = { midpoint = "1000 m", slope = 0.004 }': lambda x: (
        1 / (1 + np.exp(-0.004 * (x - 1000)))
    ),
    'large = { midpoint = "1 km", spread = 4 }': lambda x: 1 / (1 + (x / 1000) ** -4),
    'near = { midpoint = "900 m", spread = 0.00001 }': lambda x: 1 / (1 + 1e-5 * (x - 900) ** 2),
    'classes = { breaks = ["600 m", "1.2 km"], scores = [0.1, 0.5, 0.9] }': lambda x: np.select(
        [x < 600, x < 1200], [0.1, 0.5], 0.9
    ),
}


@pytest.mark.parametrize("text", CURVES)
def test_value_functions_by_name_serve_cells_and_sites_alike(world, text):
    path = changed(world, ('linear = [["0 m", 0.0], ["2000 m", 1.0]]', text))
    result = geo.Study.from_toml(path).run()
    height = result.surfaces["height-height"].values
    score = result.surfaces["height-score"].values
    known = ~np.isnan(score)
    np.testing.assert_allclose(score[known], CURVES[text](height[known]), atol=2e-6)
    rows = result.criteria.query("theme == 'height'")
    expected = CURVES[text](rows["value"].to_numpy(dtype=float))
    assert rows["value_score"].to_numpy(dtype=float) == pytest.approx(expected, abs=1e-6)


BAD_CURVES = [
    ('sigmoid = { midpoint = "1000 m" }', "slope is missing"),
    ('sigmoid = { midpoint = 1000, slope = 1 }', "midpoint needs a unit"),
    ('large = { midpoint = "1 km", spread = -1 }', "spread"),
    ('near = { midpoint = "1 km", spread = 1, width = 1 }', "has no 'width'"),
    ('classes = { breaks = ["9 m", "5 m"], scores = [0.0, 0.5, 1.0] }', "rise"),
    ('classes = { breaks = ["5 m"], scores = [0.0, 0.5, 1.0] }', "3"),
    ('classes = { breaks = ["5 m"] }', "needs the key 'scores'"),
    ("gauss = { midpoint = 1 }", "value needs linear or log (or classes, sigmoid"),
    ('linear = [["9 m", 1.0], ["5 m", 0.0]]', "the points of linear must rise"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD_CURVES)
def test_value_functions_that_cannot_be_are_refused_with_their_line(world, text, said):
    path = changed(world, ('linear = [["0 m", 0.0], ["2000 m", 1.0]]', text))
    with pytest.raises(RecipeError) as raised:
        geo.Study.from_toml(path)
    number = 1 + next(
        n for n, line in enumerate(path.read_text("utf-8").split("\n")) if text in line
    )
    found = [problem for problem in raised.value.problems if said in problem]
    assert found, raised.value.problems
    assert found[0].startswith(f"changed.toml:{number}: ")
