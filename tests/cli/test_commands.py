import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from geo.cli import main
from geo.study.find import embedded_recipes

RECIPE = embedded_recipes()["mongolia"]


def run(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(main, list(arguments))
    assert "Traceback" not in found.output
    return found.exit_code, found.stdout, found.stderr


def test_every_command_says_what_it_does():
    for words in ([], ["build"], ["check"], ["explain"], ["layers"], ["layers", "list"]):
        code, out, _ = run(*words, "--help")
        assert code == 0
        assert "Usage" in out


def test_check_of_a_good_recipe_is_silent_about_problems():
    code, out, _ = run("check", "mongolia")
    assert code == 0
    assert "no problem" in out


def test_check_names_every_problem_with_its_line(tmp_path):
    text = RECIPE.read_text("utf-8")
    text = text.replace('cell_size = "1 km"', 'cell_size = "1 kg"')
    text = text.replace('region = "boundary-mongolia"', 'region = "boundary-mongolai"')
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    code, out, err = run("check", str(path))
    assert code == 2
    assert out == ""
    assert len(re.findall(r"^bad\.toml:\d+: ", err, re.MULTILINE)) == 2
    code, out, _ = run("check", str(path), "--json")
    assert code == 2
    assert len(json.loads(out)["problems"]) == 2


def test_unknown_recipe_layer_and_option_end_with_code_2():
    for words in (
        ["build", "atlantis"],
        ["check", "atlantis"],
        ["layers", "show", "atlantis"],
        ["build", "mongolia", "--cell-size", "2 kg"],
        ["build", "mongolia", "--seed", "-1"],
        ["frobnicate"],
    ):
        code, _, err = run(*words)
        assert code == 2, words
        assert err.strip()


def test_layers_are_listed_and_shown():
    code, out, _ = run("layers", "list", "--json")
    assert code == 0
    assert {"deposits-mongolia", "railways", "relief"} <= {row["id"] for row in json.loads(out)}
    code, out, _ = run("layers", "show", "deposits-mongolia")
    assert code == 0
    assert "licence" in out
    assert "deposits-mongolia" in run("layers", "list")[1]


def test_embedded_layers_pass_their_own_check():
    code, out, _ = run("layers", "check")
    assert code == 0, out
    assert " 0 findings" in out


def test_build_writes_a_folder_and_ends_with_the_map(tmp_path):
    out_dir = tmp_path / "out"
    code, out, err = run("build", "mongolia", "--out", str(out_dir), "--cell-size", "20 km")
    assert code == 0, err
    assert out.strip().splitlines()[-1] == str(out_dir / "index.html")
    assert (out_dir / "index.html").is_file()
    assert re.search(r"^\[1/\d+\] ", err)
    code, out, _ = run("explain", str(out_dir), "--site", "oyu-tolgoi")
    assert code == 0
    assert "Oyu Tolgoi" in out
    code, out, _ = run("explain", str(out_dir), "--site", "oyu-tolgoi", "--json")
    assert json.loads(out)[0]["site_id"] == "oyu-tolgoi"
    code, _, err = run("explain", str(out_dir), "--site", "oyu-tolgio")
    assert code == 2
    assert "oyu-tolgoi" in err


def test_python_m_geo_is_the_same_command():
    found = subprocess.run(
        [sys.executable, "-m", "geo", "check", str(RECIPE)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert found.returncode == 0
    assert "no problem" in found.stdout


def test_importing_the_package_pulls_in_nothing_heavy():
    code = (
        "import sys, geo; heavy = {'numpy', 'pandas', 'geopandas', 'rasterio', 'folium', 'numba',"
        " 'pvlib', 'xarray', 'scipy', 'pyproj', 'shapely', 'pyogrio'} & set(sys.modules);"
        " assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_exported_names_exist():
    import geo

    assert all(hasattr(geo, name) for name in geo.__all__)
    assert set(dir(geo)) == set(geo.__all__)
    with pytest.raises(AttributeError):
        geo.nothing  # noqa: B018


def test_unexpected_errors_are_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(sys.modules["geo.cli.main"], "find_recipe", lambda _: 1 / 0)
    code, _, err = run("check", "mongolia")
    assert code == 1
    assert "unexpected ZeroDivisionError" in err


def test_a_reader_that_goes_ends_the_command_quietly():
    command = [sys.executable, "-m", "geo", "layers", "list", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.close()
        assert child.stderr is not None
        said = child.stderr.read().decode()
    assert "unexpected" not in said
    assert "Traceback" not in said


def test_languages_tell_what_is_untranslated():
    code, out, _ = run("languages")
    assert code == 0
    assert "en: whole" in out
    assert run("languages", "en") == (0, "", "")
    code, out, _ = run("languages", "ko", "--recipe", "mongolia")
    assert code == 0
    assert "Distance to a river" not in out
    assert out.splitlines() == [line for line in out.splitlines() if "mongolia.toml: ko: " in line]
    code, _, err = run("languages", "tlh")
    assert (code, "'tlh'" in err) == (1, True)
