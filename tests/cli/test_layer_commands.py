"""`lodemap layers`: what a person and a program get told about a file."""

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from raster_layer_files import write_tiff
from shapely.geometry import Point
from small_world import small_world

from geo.catalogue import load_record, read_raster
from geo.catalogue.inspection import inspect_file
from geo.cli import main
from geo.errors import LayerError

HEIGHTS = np.arange(600, dtype=np.float32).reshape(20, 30) + 500


def run(*arguments: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(main, [str(one) for one in arguments])
    assert "Traceback" not in found.output
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture
def heights(tmp_path: Path) -> Path:
    return write_tiff(tmp_path / "Some Heights.tif", HEIGHTS, nodata=-9999)


def test_a_good_file_is_described_with_statistics(heights):
    code, out, err = run("layers", "inspect", heights, "--json")
    assert code == 0
    assert err == ""
    found = json.loads(out)
    assert list(found) == ["file", "status", "findings", "summary"]
    assert (found["file"], found["status"], found["findings"]) == (str(heights), "ok", [])
    summary = found["summary"]
    assert summary["crs"] == "EPSG:4326"
    assert summary["shape"] == [20, 30]
    (band,) = summary["statistics"]
    assert (band["min"], band["max"], band["known"], band["unknown"]) == (500, 1099, 600, 0)
    assert band["mean"] == pytest.approx(799.5)
    assert band["median"] == pytest.approx(799.5)


def test_the_same_in_words(heights):
    code, out, _ = run("layers", "inspect", heights)
    assert code == 0
    assert out.startswith(f"{heights}: ok\n")
    assert "EPSG:4326" in out
    assert "min 500" in out


def test_a_finding_has_a_level_a_code_a_mend_and_a_count(tmp_path):
    values = HEIGHTS.copy()
    values[0, :7] = -9999
    path = write_tiff(tmp_path / "holes.tif", values)
    code, out, _ = run("layers", "inspect", path, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["status"] == "warning"
    (finding,) = found["findings"]
    assert set(finding) == {"level", "code", "message", "fix", "count"}
    assert (finding["level"], finding["code"], finding["count"]) == (
        "warning",
        "nodata-undeclared",
        7,
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.tif", b"<html>no</html>", "HTML"),
        ("thing.xyz123", b"\x01\x02\x03", "thing.xyz123"),
        ("photo.jpg", b"\xff\xd8\xff\xe0rest", "photo.jpg"),
        ("nothing.tif", b"", "empty"),
        ("noname", b"II*\x00\x08\x00\x00\x00", "noname"),
    ],
)
def test_what_is_no_layer_is_refused_in_a_sentence(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    code, out, _ = run("layers", "inspect", path, "--json")
    assert code == 2
    found = json.loads(out)
    assert found["status"] == "refused"
    (finding,) = found["findings"]
    assert finding["level"] == "error"
    assert said in finding["message"]
    assert finding["fix"]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("https://example.org/relief.tif", "address", "lodemap layers fetch"),
        ("/vsicurl/https://example.org/relief.tif", "address", "file"),
        ("nowhere.tif", "missing", "no such file"),
        (".", "missing", "folder"),
    ],
)
def test_what_is_no_file_is_not_opened(name, code, said):
    status, out, _ = run("layers", "inspect", name, "--json")
    assert status == 2
    (finding,) = json.loads(out)["findings"]
    assert finding["code"] == code, finding
    assert said in finding["message"]


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_a_thumbnail_is_a_small_picture(heights, tmp_path):
    picture = tmp_path / "seen.png"
    assert run("layers", "inspect", heights, "--thumbnail", picture)[0] == 0
    with rasterio.open(picture) as source:
        assert max(source.shape) <= 512
        assert len(np.unique(source.read(1))) > 20


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_a_thumbnail_of_features_shows_them(tmp_path):
    path = tmp_path / "towns.gpkg"
    gpd.GeoDataFrame(geometry=[Point(100, 45), Point(101, 46)], crs=4326).to_file(path)
    picture = tmp_path / "towns.png"
    assert run("layers", "inspect", path, "--thumbnail", picture)[0] == 0
    with rasterio.open(picture) as source:
        assert int((source.read(1) == 2).sum()) > 20


def test_a_draft_record_leaves_open_what_the_file_does_not_say(heights):
    code, _, err = run("layers", "inspect", heights, "--write-record")
    assert code == 0
    draft = heights.with_name("some-heights.toml")
    assert f"draft written: {draft}" in err
    text = draft.read_text("utf-8")
    assert 'crs = "EPSG:4326"' in text
    with pytest.raises(LayerError) as caught:
        load_record(draft)
    for key in ("title", "unit", "licence", "attribution", "source", "retrieved", "quality"):
        assert f"{key} " in str(caught.value), key


def test_a_completed_draft_is_a_record(heights):
    run("layers", "inspect", heights, "--write-record")
    draft = heights.with_name("some-heights.toml")
    answers = {"unit": '"m"', "retrieved": "2026-01-31", "quality": '"surveyed"'}
    lines = [
        f"{key} = {answers.get(key, chr(34) + 'said' + chr(34))}" if "FILL IN" in line else line
        for line in draft.read_text("utf-8").splitlines()
        for key in [line.partition(" ")[0]]
        if not line.startswith("#")
    ]
    draft.write_text("\n".join(lines), "utf-8")
    np.testing.assert_array_equal(read_raster(load_record(draft)), HEIGHTS)


def test_a_draft_never_replaces_a_record(heights):
    assert run("layers", "inspect", heights, "--write-record")[0] == 0
    draft = heights.with_name("some-heights.toml")
    before = draft.read_bytes()
    code, _, err = run("layers", "inspect", heights, "--write-record")
    assert code == 1
    assert "a record stands there already" in err
    assert draft.read_bytes() == before


def test_no_draft_is_written_of_a_file_without_a_crs(tmp_path):
    path = write_tiff(tmp_path / "bare.tif", HEIGHTS, crs=None)
    assert run("layers", "inspect", path, "--write-record")[0] == 2
    assert not path.with_suffix(".toml").exists()


def test_what_no_reader_foresaw_is_a_refusal_too(heights, monkeypatch):
    for error in (MemoryError(), RecursionError("deep"), KeyError("x"), SystemError("gone")):

        def failing(*_, error=error, **__):
            raise error

        monkeypatch.setattr("geo.catalogue.inspection.look_through", failing)
        found = inspect_file(heights)
        assert found.status == "refused"
        assert found.findings[0].code == "unreadable"
        assert heights.name in found.findings[0].message


def test_check_looks_at_every_layer_of_a_recipe(tmp_path):
    recipe = small_world(tmp_path)
    code, out, err = run("layers", "check", "--recipe", recipe, "--json")
    found = json.loads(out)
    assert code == 0
    assert {Path(one["file"]).name for one in found} >= {"ground.tif", "tracks.gpkg"}
    assert all(list(one) == ["file", "status", "findings", "summary"] for one in found)
    assert "ok: ground" in err
    (tmp_path / "layers" / "ground.tif").write_bytes(b"II*\0")
    code, out, _ = run("layers", "check", "--recipe", recipe, "--json")
    assert code == 2
    states = {Path(one["file"]).name: one["status"] for one in json.loads(out)}
    assert states["ground.tif"] == "refused"
    assert states["tracks.gpkg"] == "ok"


def test_check_reports_a_broken_record(tmp_path):
    recipe = small_world(tmp_path)
    (tmp_path / "layers" / "ground.toml").write_text("id = 3\n", "utf-8")
    code, out, _ = run("layers", "check", "--recipe", recipe, "--json")
    assert code == 2
    (broken,) = [one for one in json.loads(out) if one["status"] == "refused"]
    assert "ground.toml" in broken["findings"][0]["message"]


def test_the_report_is_one_page_without_scripts_or_addresses(tmp_path):
    recipe = small_world(tmp_path)
    hostile = tmp_path / "layers" / "ground.toml"
    text = hostile.read_text("utf-8").replace('"Ground"', '"<script>alert(1)</script>"')
    hostile.write_text(text, "utf-8")
    out = tmp_path / "layers.html"
    code, said, _ = run("layers", "report", "--recipe", recipe, "--out", out)
    assert code == 0
    assert said.strip() == str(out)
    page = out.read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "http" not in page.replace("http-equiv", "")
    assert str(tmp_path) not in page
    assert page.count('src="data:image/png') >= 3
    assert run("layers", "report", "--recipe", recipe, "--out", out)[0] == 0
    assert out.read_text("utf-8") == page


def test_the_json_is_all_that_a_pipe_gets(tmp_path):
    path = tmp_path / "cut.tif"
    write_tiff(path, HEIGHTS)
    path.write_bytes(path.read_bytes()[:900])
    done = subprocess.run(
        [sys.executable, "-m", "geo", "layers", "inspect", str(path), "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert json.loads(done.stdout)["status"] == "refused"
    assert "Traceback" not in done.stderr
