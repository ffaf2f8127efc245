"""Models of prospectivity: declared in a recipe, scored, silent where they know nothing."""

import json

import numpy as np
import pytest
from page_data import data_of
from shipped_recipe import shipped

import geo
from geo.errors import DataError, RecipeError
from geo.recipe import load_recipe
from geo.study.find import catalogue_for

MODEL = """
[[prospectivity]]
id = "copper-model"
title = "Copper prospectivity"
deposits = "deposits-mongolia"
where = { commodity = "copper" }
method = "weights-of-evidence"
block = "150 km"
source = "test"

[[prospectivity.evidence]]
id = "height"
title = "Height"
measure = "value"
layer = "relief"
unit = "m"
breaks = ["1000 m", "1300 m", "1600 m", "2000 m"]
source = "test"

[[prospectivity.evidence]]
id = "railway"
title = "Distance to a railway"
measure = "distance"
layer = "railways"
breaks = ["20 km", "50 km", "100 km", "200 km"]
source = "test"

[[prospectivity.evidence]]
id = "slope"
title = "Slope"
measure = "slope"
layer = "relief"
breaks = ["1 %", "2 %", "4 %"]
favours = "high"
source = "test"

[[theme]]
id = "targets"
title = "Targets"

[theme.sites]
best = 5
spacing = "60 km"

[[theme.criterion]]
id = "likely"
title = "Prospectivity"
measure = "prospectivity"
model = "copper-model"
value = { linear = [["0", 0.0], ["5", 1.0]] }
weight = 1
source = "test"
"""


def write(folder, change=("", "")):
    assert change[0] in MODEL
    path = folder / "targets.toml"
    path.write_text(shipped() + MODEL.replace(*change), "utf-8")
    return path


def run(folder, change=("", "")):
    return geo.Study.from_toml(write(folder, change), cell_size=20_000, seed=3).run()


@pytest.fixture(scope="module")
def weighed(tmp_path_factory):
    return run(tmp_path_factory.mktemp("weighed"))


def test_a_deposit_is_as_likely_as_its_evidence_says(weighed):
    (card,) = weighed.models
    kept = {one["id"]: one for one in card["evidence"] if "left_out" not in one}
    assert "railway" in kept
    assert (
        "studentised contrast"
        in next(one for one in card["evidence"] if one["id"] == "slope")["left_out"]
    )
    ratio = weighed.surfaces["targets-likely"].to_numpy()
    near = kept["railway"]
    # The mean over all cells is one: as many deposits are foretold as there are.
    assert np.nanmean(ratio) == pytest.approx(card["predicted"] / card["observed"], rel=1e-5)
    assert np.isfinite(ratio).sum() == card["cells"]
    share = near["deposits"] / near["cells"] / (card["observed"] / card["cells"])
    assert np.nanmin(ratio) < 1 < share < np.nanmax(ratio)


def test_targets_are_sites_where_deposits_are_likely(weighed):
    likely = weighed.criteria[weighed.criteria["criterion"] == "likely"]
    ratio = weighed.surfaces["targets-likely"].to_numpy()
    assert len(weighed.sites) == 5
    assert float(likely["value"].min()) == pytest.approx(np.nanmax(ratio), rel=1e-6)
    assert 0.4 < weighed.models[0]["skill_at_places_kept_out"]["area"] < 0.8


def test_the_card_is_a_file_and_a_block_of_the_page(weighed, tmp_path):
    weighed.write(tmp_path / "out")
    (card,) = json.loads((tmp_path / "out" / "prospectivity.json").read_text("utf-8"))
    assert card == json.loads(json.dumps(weighed.models[0]))
    told = data_of((tmp_path / "out" / "index.html").read_text("utf-8"))
    assert '"copper-model"' in json.dumps(told, separators=(",", ":"))


def test_strips_give_what_the_whole_gives(weighed, tmp_path, monkeypatch):
    monkeypatch.setattr("geo.compute.parts._STRIP_CELLS", 1000)
    again = run(tmp_path)
    np.testing.assert_array_equal(
        again.surfaces["targets-likely"], weighed.surfaces["targets-likely"]
    )


def test_a_learnt_model_tells_its_gap_to_random_folds(tmp_path):
    pytest.importorskip("sklearn", reason="learning needs scikit-learn")
    found = run(tmp_path, ("weights-of-evidence", "logistic"))
    (card,) = found.models
    ratio = found.surfaces["targets-likely"].to_numpy()
    assert card["skill_by_random_folds"]["area"] != card["skill_at_places_kept_out"]["area"]
    assert card["applicable_up_to"] > 0
    assert np.nanmean(ratio) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ('model = "copper-model"', 'model = "coper-model"'),
            "no model 'coper-model'.*copper-model",
        ),
        (
            ('layer = "railways"', 'layer = "deposits-mongolia"'),
            "made from the deposits themselves",
        ),
        (('breaks = ["20 km", ', 'breaks = ["90 km", '), "breaks must rise"),
        (('breaks = ["1 %", "2 %", "4 %"]\n', ""), "needs breaks"),
        (('measure = "slope"', 'measure = "freight-cost"'), "freight-cost"),
        (("weights-of-evidence", "weights"), "weights-of-evidence"),
    ],
)
def test_a_recipe_that_cannot_be_run_is_refused_with_its_line(tmp_path, change, words):
    path = write(tmp_path, change)
    with pytest.raises(RecipeError, match=words) as caught:
        load_recipe(path, layers=catalogue_for(path))
    assert "targets.toml:" in str(caught.value)


def test_a_model_without_deposits_is_refused(tmp_path):
    change = ('commodity = "copper"', 'name = "Tavan Tolgoi"')
    with pytest.raises(DataError, match=r"model 'copper-model' .line .*deposits"):
        run(tmp_path, change)
