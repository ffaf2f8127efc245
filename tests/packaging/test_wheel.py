"""The built wheel carries layers and recipes, and works alone in an empty folder, offline."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKED = ("geo", "layers", "maps", "pyproject.toml", "README.md", "LICENSE", "NOTICE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy, with something in maps/ that must not be packed."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKED:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__", "mongolia" if name == "maps" else "")
            shutil.copytree(ROOT / name, source / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, source / name)
    (source / "maps" / "mongolia").mkdir()
    (source / "maps" / "mongolia" / "index.html").write_text("left by a build", "utf-8")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", "dist", "."]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return next((source / "dist").glob("*.whl"))


def test_the_wheel_carries_layers_recipes_and_licences_but_no_output(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    layers = {path.relative_to(ROOT / "layers").as_posix() for path in ROOT.glob("layers/*/*.gpkg")}
    assert {f"geo/_data/layers/{name}" for name in layers} <= set(names)
    assert "geo/_data/layers/sound.txt" in names
    assert "geo/_data/maps/mongolia.toml" in names
    assert "geo/_data/layers/northeast-asia/ODBL-NOTICE.md" in names
    assert "geo/publish/assets/vendor/LICENSE" in names
    assert not [name for name in names if name.endswith((".html", ".tif.aux.xml"))]
    assert not [name for name in names if "layers/build" in name or "tests/" in name]


@pytest.mark.slow
def test_the_wheel_builds_a_map_in_an_empty_folder_without_a_network(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    cut = ["unshare", "-rn"]
    if subprocess.run([*cut, "true"], check=False, capture_output=True).returncode != 0:
        cut = []
    environment = {**os.environ, "PYTHONPATH": str(site)}
    code = "import geo; print(geo.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code], cwd=empty, env=environment, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert str(site) in where.stdout
    subprocess.run(
        [*cut, sys.executable, "-m", "geo", "build", "mongolia", "--cell-size", "20 km"],
        cwd=empty, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    assert (empty / "maps" / "mongolia" / "index.html").is_file()
