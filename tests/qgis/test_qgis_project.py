"""Real QGIS opens the project: every layer valid, nothing unresolved, the picture not blank."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from geo.publish.qgis import write_project
from geo.publish.raster import write_cogs
from geo.publish.tables import write_geopackage

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("open_in_qgis.py")

pytestmark = pytest.mark.qgis


def clean_environment(home: Path) -> dict[str, str]:
    """Leave out what would lead QGIS to the virtual environment's GDAL and PROJ."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8",
            "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(home)}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = tmp_path_factory.mktemp("home")
    made.chmod(0o700)
    return made


@pytest.fixture(scope="module")
def qgis(home):
    """Run a command in QGIS's Python and return what it says as JSON."""
    missing = not Path(PYTHON).exists() or (
        subprocess.run(
            [PYTHON, "-c", "import qgis.core"], env=clean_environment(home), capture_output=True
        ).returncode
        != 0
    )
    if missing and os.environ.get("CI") == "true":
        pytest.fail("CI needs QGIS: apt-get install qgis python3-qgis")
    if missing:
        pytest.skip(f"{PYTHON} has no QGIS: apt-get install qgis python3-qgis")

    def run(*arguments: object) -> dict:
        done = subprocess.run(
            [PYTHON, str(SCRIPT), *map(str, arguments)],
            env=clean_environment(home),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="module")
def copy(content, tmp_path_factory):
    """Copy the result before QGIS sees it: it leaves files beside what it opens."""
    made = tmp_path_factory.mktemp("result")
    write_geopackage(content, made / "lodemap.gpkg")
    write_cogs(content, made)
    write_project(content, made / "sample.qgz")
    moved = tmp_path_factory.mktemp("moved") / "elsewhere"
    shutil.copytree(made, moved)
    return moved


@pytest.fixture(scope="module")
def opened(qgis, copy):
    return qgis("project", copy / "sample.qgz", copy / "picture.png")


def test_every_layer_is_valid_and_every_node_resolved(opened, content):
    assert opened["read"] is True
    assert opened["unresolved"] == []
    assert opened["invalid"] == []
    assert opened["without_crs"] == []
    assert opened["count"] == len(content.layers) + 1 + len(content.surfaces) + 3


def test_the_project_has_the_grid_as_its_system(opened, content):
    assert opened["crs_valid"] is True
    assert opened["crs_is_grid"] is True
    assert opened["title"] == content.title


def test_the_first_theme_is_shown_and_the_others_are_not(opened):
    assert "Copper: sites" in opened["visible"]
    assert "Solar & storage: sites" not in opened["visible"]
    assert "Slope" not in opened["visible"]


def test_the_renderers_are_the_ones_that_were_meant(opened):
    assert opened["renderers"]["Copper: sites"] == ["RuleRenderer", 6]
    assert opened["renderers"]["Routes by mode"] == ["RuleRenderer", 4]
    assert opened["renderers"]["Score of copper"][0] == "singlebandpseudocolor"
    assert opened["renderers"]["Excluded areas"][0] == "paletted"
    assert opened["renderers"]["Relief"][0] == "hillshade"


def test_the_picture_shows_land_water_routes_and_sites(opened):
    assert opened["errors"] == []
    assert opened["colours"] > 500
    assert opened["largest_share"] < 0.7


def test_styles_inside_the_geopackage_are_used_by_hand(qgis, copy):
    found = qgis("styles", copy / "lodemap.gpkg", "sites_copper", "routes", "lakes_sample")
    assert found["sites_copper"] == ["RuleRenderer", 6]
    assert found["routes"] == ["RuleRenderer", 4]
    assert found["lakes_sample"][0] == "singleSymbol"


def test_styles_beside_the_rasters_are_used_by_hand(qgis, copy):
    found = qgis("rasters", copy / "copper-score.tif", copy / "copper-excluded.tif")
    assert found == {"copper-score": "singlebandpseudocolor", "copper-excluded": "paletted"}


def test_the_real_project_opens_whole(qgis, coarse_folder, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(coarse_folder, moved)
    found = qgis("project", moved / "mongolia.qgz", tmp_path / "picture.png")
    assert found["read"]
    assert found["invalid"] == []
    assert found["unresolved"] == []
    assert found["errors"] == []
    assert found["count"] > 50
    assert found["largest_share"] < 0.9


def test_the_embedded_layers_open_with_their_own_styles(qgis, tmp_path):
    layers = tmp_path / "layers"
    shutil.copytree(Path(__file__).parents[2] / "layers", layers)
    rail = qgis("styles", layers / "northeast-asia" / "railways.gpkg", "railways")
    assert rail["railways"][0] == "singleSymbol"
    found = qgis("rasters", layers / "northeast-asia" / "solar-ghi.tif")
    assert found["solar-ghi"] == "singlebandpseudocolor"
