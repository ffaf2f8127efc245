"""What people get wrong ends in one clear sentence that names the file, and in no output."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner
from shapely.geometry import Point
from small_world import raster, record, small_world, vector

import geo
from geo.cli import main


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return small_world(tmp_path / "world")


def refused(recipe: Path, *needles: str) -> None:
    """The command says one line with the needles, ends with 2 and writes nothing."""
    out = recipe.parent / "out"
    found = CliRunner().invoke(main, ["build", str(recipe), "--out", str(out), "--quiet"])
    lines = [line for line in found.stderr.splitlines() if not line.startswith("note: ")]
    assert found.exit_code == 2, found.output
    assert "Traceback" not in found.output
    assert len(lines) == 1, lines
    for needle in needles:
        assert needle in lines[0], lines[0]
    assert not out.exists()
    assert not [path for path in recipe.parent.iterdir() if path.name.startswith(".out")]


def test_the_small_world_runs_as_it_is(recipe):
    found = CliRunner().invoke(main, ["build", str(recipe), "--out", str(recipe.parent / "out")])
    assert found.exit_code == 0, found.output
    assert (recipe.parent / "out" / "index.html").is_file()


def test_ranks_and_unknowns_of_the_small_world_follow_by_hand(recipe):
    sites = geo.Study.from_toml(recipe).run().sites
    tin = sites[sites["theme"] == "tin"].set_index("site_id")
    assert tin["rank"].to_dict() == {"big": 1, "untold": 2, "small": 3} or (
        tin["rank"].to_dict() == {"big": 1, "small": 2, "untold": 3}
    )
    assert tin.loc["untold", "known_criteria"] == 1
    assert tin.loc["untold", "score"] <= 1 / 3
    assert tin.loc["big", "score"] == pytest.approx(2 / 3 * 0.9 + 1 / 3, abs=0.05)
    height = sites[sites["theme"] == "height"]
    assert height["status"].eq("ranked").all()
    assert len(height) == 3


def test_another_region_of_the_embedded_layers_runs_too(tmp_path):
    recipe = small_world(tmp_path)
    text = recipe.read_text("utf-8")
    start = text.index('[[theme]]\nid = "height"')
    text = text[:start].replace(
        'region = "hills"',
        'region = "countries-northeast-asia"\nwhere = { iso_a2 = "KR" }',
    )
    text = text[: text.index("[[theme]]")] + text[text.index("[[theme]]") :].replace(
        '[theme.sites]\nlayer = "mines"', '[theme.sites]\nbest = 2\nspacing = "50 km"'
    )
    first, second = text.index('id = "size"'), text.index('id = "road"')
    head = text.rindex("[[theme.criterion]]", 0, first)
    tail = text.rindex("[[theme.criterion]]", 0, second)
    text = text[:head] + text[tail:].replace('"tracks"', '"trunk-roads"')
    recipe.write_text(text, "utf-8")
    result = geo.Study.from_toml(recipe).run()
    assert len(result.sites) == 2
    assert result.sites["lon"].between(125, 130).all()


def test_a_missing_file(recipe):
    (recipe.parent / "layers" / "ground.tif").unlink()
    refused(recipe, "ground.tif")


def test_one_flipped_byte(recipe):
    path = recipe.parent / "layers" / "tracks.gpkg"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(recipe, "tracks.gpkg", "differ")


def test_a_missing_layer(recipe):
    (recipe.parent / "layers" / "tracks.toml").unlink()
    found = CliRunner().invoke(main, ["build", str(recipe)])
    assert found.exit_code == 2
    assert all(line.startswith("hills.toml:") for line in found.stderr.splitlines())
    assert "there is no layer 'tracks'" in found.stderr


def test_an_unknown_unit(recipe):
    layers = recipe.parent / "layers"
    record(layers, "ground", "ground.tif", kind="raster", unit="parsec/fortnite")
    refused(recipe, "ground.toml", "parsec/fortnite")


def test_another_unit_than_the_recipe_expects(recipe):
    record(recipe.parent / "layers", "ground", "ground.tif", kind="raster", unit="km")
    refused(recipe, "ground.toml", "'km'", "'m'")


def test_a_layer_without_crs(recipe):
    layers = recipe.parent / "layers"
    frame = gpd.GeoDataFrame({"name": ["t"]}, geometry=[Point(101, 46)])
    with pytest.warns(UserWarning, match="crs"):
        vector(layers, "tracks", frame)
    refused(recipe, "tracks.gpkg", "CRS")


def test_an_empty_layer(recipe):
    layers = recipe.parent / "layers"
    vector(layers, "tracks", gpd.GeoDataFrame({"name": []}, geometry=[], crs=4326))
    refused(recipe, "tracks.gpkg")


def test_a_filter_that_leaves_nothing(recipe):
    text = recipe.read_text("utf-8").replace(
        'layer = "mines"', 'layer = "mines"\nwhere = { name = "Atlantis" }'
    )
    recipe.write_text(text, "utf-8")
    refused(recipe, "mines.gpkg", "filter")


def test_a_column_that_is_not_there(recipe):
    text = recipe.read_text("utf-8").replace('column = "tin"', 'column = "tinn"')
    recipe.write_text(text, "utf-8")
    refused(recipe, "tinn", "did you mean 'tin'")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('buffer = "6 km"', 'above = "3 m"'),
        ('layer = "tracks"\nbuffer = "6 km"', 'layer = "ground"\nbuffer = "6 km"'),
        ('layer = "tracks"\nbuffer = "6 km"', 'layer = "ground"'),
    ],
)
def test_a_rule_whose_limits_do_not_fit_its_layer(recipe, old, new):
    text = recipe.read_text("utf-8")
    assert text.count(old) == 1
    recipe.write_text(text.replace(old, new), "utf-8")
    refused(recipe, "hills.toml:", "'road'", "above")


def test_a_theme_without_any_criterion_on_the_ground(recipe):
    text = recipe.read_text("utf-8")
    start = text.index('[[theme.criterion]]\nid = "road"')
    end = text.index("[[theme]]", start)
    recipe.write_text(text[:start] + text[end:], "utf-8")
    refused(recipe, "hills.toml:", "'tin'", "every cell")


def test_a_site_outside_the_grid(recipe):
    layers = recipe.parent / "layers"
    frame = gpd.GeoDataFrame(
        {"site_id": ["in", "out"], "name": ["In", "Out"], "tin": [1.0, 1.0]},
        geometry=[Point(101, 46), Point(140, 46)],
        crs=4326,
    )
    vector(layers, "mines", frame)
    refused(recipe, "mines.gpkg", "'out'", "outside")


def test_a_raster_without_a_single_value(recipe):
    raster(recipe.parent / "layers", "ground", np.full((40, 50), np.nan))
    refused(recipe, "ground.tif")


def test_cells_larger_than_the_region(recipe):
    found = CliRunner().invoke(
        main, ["build", str(recipe), "--cell-size", "2000 km", "--out", str(recipe.parent / "o")]
    )
    assert found.exit_code == 2
    assert "smaller cells" in found.stderr


def test_a_folder_with_foreign_files_is_left_alone(recipe):
    out = recipe.parent / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", "utf-8")
    found = CliRunner().invoke(main, ["build", str(recipe), "--out", str(out), "--quiet"])
    assert found.exit_code == 1
    assert "--out" in found.stderr
    assert (out / "thesis.txt").read_text("utf-8") == "years of work"


def test_a_failed_run_leaves_the_old_result_as_it_was(recipe):
    out = recipe.parent / "out"
    runner = CliRunner()
    assert runner.invoke(main, ["build", str(recipe), "--out", str(out)]).exit_code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    (recipe.parent / "layers" / "ground.tif").write_bytes(b"II*\0 nothing")
    assert runner.invoke(main, ["build", str(recipe), "--out", str(out)]).exit_code == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
