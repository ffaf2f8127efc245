"""`lodemap diff`: what moved between two runs, and through what."""

import json
import shutil

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner
from shapely.geometry import LineString
from shipped_recipe import shipped
from small_world import raster, small_world, vector

import geo
from geo.cli import main
from geo.study.compare import compare, run_of_folder, run_of_result


def build(recipe, folder, **options):
    geo.Study.from_toml(recipe, **options).run().write(folder)
    return run_of_folder(folder)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    root = tmp_path_factory.mktemp("worlds")
    return root, small_world(root / "one")


@pytest.fixture(scope="module")
def before(worlds):
    root, recipe = worlds
    return build(recipe, root / "before")


def changed(worlds, name, change):
    """Run the small world after a change of its recipe's text, or of its layers."""
    root, recipe = worlds
    copy = root / name
    shutil.copytree(recipe.parent, copy)
    change(copy)
    return build(copy / recipe.name, root / f"{name}-out")


def edit(old, new):
    def change(folder):
        recipe = folder / "hills.toml"
        text = recipe.read_text("utf-8")
        assert old in text
        recipe.write_text(text.replace(old, new, 1), "utf-8")

    return change


def site(found, theme, name):
    entry = next(t for t in found["themes"] if t["theme"] == theme)
    return next(s for s in entry["sites"] if s["site_id"] == name)


def adds_up(found):
    scored = [s for t in found["themes"] for s in t["sites"] if s["change"] is not None]
    assert scored
    for entry in scored:
        parts = sum(part["by_value"] + part["by_weight"] for part in entry["by"])
        assert parts + entry["remainder"] == pytest.approx(entry["change"], abs=1e-12)
        assert abs(entry["remainder"]) < 1e-8


def test_a_run_against_itself_has_nothing_to_say(before):
    found = compare(before, before)
    assert all(not theme["sites"] for theme in found["themes"])
    assert not any(found["changes"].values())


def test_a_changed_weight_is_told_as_the_weight_of_its_criterion(worlds, before):
    found = compare(before, changed(worlds, "weight", edit("weight = 2", "weight = 0.1")))
    adds_up(found)
    assert [c["name"] for c in found["changes"]["weights"]] == ["tin.road", "tin.size"]
    big = site(found, "tin", "big")
    assert all(part["by_value"] == 0 for part in big["by"])
    assert all(part["through"] == ["weight"] for part in big["by"])


def test_a_changed_value_function_is_told_as_such(worlds, before):
    found = compare(before, changed(worlds, "curve", edit('"100 km", 0.0', '"50 km", 0.0')))
    adds_up(found)
    parts = site(found, "tin", "small")["by"]
    assert [(p["criterion"], p["through"]) for p in parts] == [("road", ["value function"])]
    assert parts[0]["value_before"] == parts[0]["value_after"]


def test_a_changed_layer_is_told_by_name_where_its_criterion_reads_it(worlds, before):
    def move(folder):
        line = LineString([(100, 45.2), (104, 45.2)])
        frame = gpd.GeoDataFrame({"name": ["track"]}, geometry=[line], crs=4326)
        (folder / "layers" / "tracks.gpkg").unlink()
        vector(folder / "layers", "tracks", frame)

    found = compare(before, changed(worlds, "layer", move))
    adds_up(found)
    assert [c["name"] for c in found["changes"]["layers"]] == ["tracks"]
    parts = site(found, "tin", "big")["by"]
    assert [(p["criterion"], p["through"]) for p in parts] == [("road", ["layer tracks"])]


def test_sites_of_a_surface_that_moved_are_new_and_gone(worlds, before):
    def turn(folder):
        (folder / "layers" / "ground.tif").unlink()
        raster(folder / "layers", "ground", np.linspace(1800, 0, 40 * 50).reshape(40, 50))

    found = compare(before, changed(worlds, "turned", turn))
    theme = next(t for t in found["themes"] if t["theme"] == "height")
    assert theme["new"]
    assert theme["gone"]


def test_a_rule_that_excludes_a_site_is_named(worlds, before):
    rule = """
[[theme.exclusion]]
id = "track"
title = "Near the track"
layer = "tracks"
buffer = "20 km"
source = "made up"

[[theme]]
id = "height"
"""
    found = compare(before, changed(worlds, "rule", edit('\n[[theme]]\nid = "height"\n', rule)))
    entry = site(found, "tin", "big")
    assert (entry["status_before"], entry["status_after"]) == ("ranked", "excluded")
    assert entry["excluded_by"] == "Near the track"
    assert entry["change"] is None


def test_a_changed_price_is_told_of_the_freight_share(tmp_path):
    path = tmp_path / "copper.toml"
    path.write_text(shipped("copper"), "utf-8")
    study = geo.Study.from_toml(path, cell_size=40_000)
    one = run_of_result(study.run(), "one")
    two = run_of_result(study.run(), "two")
    made = json.loads(json.dumps(two.made))
    made["themes"][0]["price_usd_t"] *= 2
    criteria = two.criteria.copy()
    freight = criteria["criterion"] == "freight"
    criteria.loc[freight, "value"] = criteria.loc[freight, "value"].astype(float) / 2
    criteria.loc[freight, "contribution"] += 0.01
    sites = two.sites.assign(score=two.sites["score"] + 0.01)
    found = compare(one, type(two)("two", made, sites, criteria))
    assert [c["name"] for c in found["changes"]["prices"]] == ["copper-concentrate"]
    known = [s for s in found["themes"][0]["sites"] if s["by"]]
    assert known[0]["by"][0]["through"] == ["price of copper-concentrate"]


def test_the_command_speaks_in_sentences_and_in_json(worlds, before):
    changed(worlds, "again", edit("weight = 2", "weight = 0.1"))
    root, _ = worlds
    runner = CliRunner()
    said = runner.invoke(main, ["diff", str(root / "before"), str(root / "again-out")])
    assert said.exit_code == 0
    assert "Changed weights: tin.road 0.3333 to 0.9091" in said.output
    assert "Tin: " in said.output
    data = runner.invoke(main, ["diff", str(root / "before"), str(root / "again-out"), "--json"])
    assert json.loads(data.output)["themes"][0]["theme"] == "tin"


def test_a_recipe_may_stand_for_its_run(worlds, before):
    root, recipe = worlds
    said = CliRunner().invoke(main, ["diff", str(recipe), str(root / "before"), "--json"])
    assert said.exit_code == 0, said.output
    found = json.loads(said.output)
    # A table keeps ten digits.
    assert all(not theme["sites"] for theme in found["themes"])


def test_folders_without_a_run_are_refused(worlds, before, tmp_path):
    root, _ = worlds
    (tmp_path / "empty").mkdir()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "provenance.json").write_text('{"title": "old"}', "utf-8")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "provenance.json").write_text("{", "utf-8")
    for name, said in (
        ("empty", "there is no provenance.json, so this is no folder of results"),
        ("old", "says nothing of 'region', as an older version wrote it"),
        ("broken", "cannot be read"),
    ):
        found = CliRunner().invoke(main, ["diff", str(tmp_path / name), str(root / "before")])
        assert found.exit_code == 2
        assert said in found.output


def test_runs_of_different_regions_are_refused(worlds, before):
    made = dict(before.made, region={"layer": "elsewhere", "where": {}, "bounds": [0, 0, 1, 1]})
    with pytest.raises(geo.LodemapError, match=r"is of the region elsewhere, .* compare two runs"):
        compare(type(before)("other", made, before.sites, before.criteria), before)
    moved = dict(before.made, region={**before.made["region"], "bounds": [0, 0, 1, 1]})
    with pytest.raises(geo.LodemapError, match="somewhere else"):
        compare(before, type(before)("other", moved, before.sites, before.criteria))
