"""Surfaces kept between runs: found again when nothing changed, and never out of date."""

import filecmp
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner
from odc.geo.geobox import GeoBox
from small_world import raster, small_world

import geo
from geo.cli import main
from geo.compute.engine import Engine
from geo.criteria.proximity import distance_to_nearest
from geo.errors import LodemapWarning
from geo.grid import as_dataarray
from geo.study import power, scored, stages, trade, workbench
from geo.study.stages import StageCache

GRID = GeoBox.from_bbox((0, 0, 4000, 3000), "EPSG:3857", resolution=1000)


@pytest.fixture
def world(tmp_path):
    return small_world(tmp_path / "world")


@pytest.fixture
def measured(monkeypatch):
    """Counts how often a distance is measured."""
    calls = []

    def counting(*given, **options):
        calls.append(given)
        return distance_to_nearest(*given, **options)

    monkeypatch.setattr(workbench, "distance_to_nearest", counting)
    return calls


def run(recipe, cache, **options):
    return geo.Study.from_toml(recipe, **options).run(cache=cache)


def entries(cache):
    return sorted(cache.glob("*.stage"))


def assert_same_files(one, other):
    names = sorted(path.name for path in one.iterdir())
    assert sorted(path.name for path in other.iterdir()) == names
    assert filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


def test_a_changed_weight_measures_no_distance_again(world, tmp_path, measured):
    cache = tmp_path / "cache"
    before = run(world, cache)
    assert len(measured) == 1
    world.write_text(world.read_text("utf-8").replace("weight = 2", "weight = 5"), "utf-8")
    after = run(world, cache)
    assert len(measured) == 1
    assert after.sites["score"].tolist() != before.sites["score"].tolist()


def test_files_are_the_same_bytes_without_a_cache_with_an_empty_one_and_with_a_full_one(
    world, tmp_path
):
    cache = tmp_path / "cache"
    plain = run(world, None).write(tmp_path / "plain")
    assert_same_files(plain, run(world, cache).write(tmp_path / "cold"))
    made = entries(cache)
    assert made
    assert_same_files(plain, run(world, cache).write(tmp_path / "warm"))
    assert entries(cache) == made
    # Enough for a process that has run many tests before, whose own memory counts.
    streamed = geo.Study.from_toml(world).run(cache=cache, memory="64GB")
    assert_same_files(plain, streamed.write(tmp_path / "streamed"))


def test_a_changed_weight_drives_costs_and_excludes_nothing_again(tmp_path, monkeypatch):
    recipe = Path(__file__).parents[2] / "maps" / "mongolia.toml"
    calls = []

    def counting(module, name):
        made = getattr(module, name)

        def counted(*given, **options):
            calls.append(name)
            return made(*given, **options)

        monkeypatch.setattr(module, name, counted)

    counting(trade, "cost_with_links")
    counting(trade, "accumulated_cost")
    counting(trade, "truck_friction")
    counting(power, "lcoe_surface")
    counting(scored, "exclusion_bits")

    def built(cache, change):
        study = geo.Study.from_toml(recipe, cell_size=25_000)
        study.recipe = replace(study.recipe, themes=tuple(map(change, study.recipe.themes)))
        calls.clear()
        return study.run(cache=cache).content

    def heavier(theme):
        first, *others = theme.criteria
        first = replace(first, weight=tuple(3 * weight for weight in first.weight))
        return replace(theme, criteria=(first, *others))

    built(tmp_path, lambda theme: theme)
    assert len(set(calls)) == 5
    again = built(tmp_path, heavier)
    assert calls == []
    plain = built(None, heavier)
    assert len(set(calls)) == 5
    assert list(again.surfaces) == list(plain.surfaces)
    for name, surface in plain.surfaces.items():
        xr.testing.assert_identical(again.surfaces[name], surface)
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.routes.drop(columns="geometry")),
        pd.DataFrame(plain.routes.drop(columns="geometry")),
    )


def test_what_was_found_in_a_layer_is_told_again(world, tmp_path):
    heights = np.linspace(0, 1800, 40 * 50).reshape(40, 50)
    heights[0, :4] = -32768
    raster(world.parent / "layers", "ground", heights, valid_range=[0, 2000])
    folders = []
    for name in ("cold", "warm"):
        with pytest.warns(LodemapWarning, match="4 of 2,000 values lie outside"):
            found = run(world, tmp_path / "cache")
        assert [one.code for one in found.content.findings] == ["outside-range"]
        folders.append(found.write(tmp_path / name))
    assert_same_files(*folders)


def test_other_bytes_other_cells_other_filters_and_other_code_are_other_stages(
    world, tmp_path, measured, monkeypatch
):
    cache = tmp_path / "cache"
    run(world, cache)
    run(world, cache, cell_size=10_000.0)
    assert len(measured) == 2
    tracks = world.parent / "layers" / "tracks.toml"
    tracks.write_text(tracks.read_text("utf-8").replace("made up", "made anew"), "utf-8")
    run(world, cache)
    assert len(measured) == 3
    text = world.read_text("utf-8")
    filtered = text.replace('"distance"', '"distance"\nwhere = { name = "track" }')
    world.write_text(filtered, "utf-8")
    run(world, cache)
    assert len(measured) == 4
    monkeypatch.setattr(workbench, "code_of", lambda module: f"newer {module}")
    run(world, cache)
    assert len(measured) == 5
    run(world, cache)
    assert len(measured) == 5


def test_the_code_of_a_stage_is_that_of_all_modules_that_it_uses(monkeypatch):
    before = stages.code_of("geo.criteria.proximity")
    assert stages.code_of("geo.criteria.proximity") == before
    read = Path.read_bytes

    def edited(path):
        return read(path) + (b"\n# edited\n" if path.name == "segments.py" else b"")

    monkeypatch.setattr(Path, "read_bytes", edited)
    assert stages.code_of("geo.criteria.proximity") != before
    monkeypatch.setattr(Path, "read_bytes", read)
    monkeypatch.setattr(stages, "version", lambda name: "0")
    assert stages.code_of("geo.criteria.proximity") != before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:40],
        lambda data: data[: len(data) // 2] + b"\x55" + data[len(data) // 2 + 1 :],
        lambda data: data + b"more",
        lambda data: b"something else entirely",
        lambda data: data[:16] + b"\xff" * 8 + data[24:],
    ],
)
def test_a_spoilt_entry_is_no_entry_and_is_made_anew(world, tmp_path, measured, spoil):
    cache = tmp_path / "cache"
    before = run(world, cache)
    for path in entries(cache):
        path.write_bytes(spoil(path.read_bytes()))
    after = run(world, cache)
    assert len(measured) == 2
    assert after.sites["score"].tolist() == before.sites["score"].tolist()
    run(world, cache)
    assert len(measured) == 2


def surface(value):
    values = np.full(tuple(GRID.shape), value, dtype=np.float32)
    return {"m": as_dataarray(values, GRID, name="distance", unit="m", long_name="Distance")}


def test_an_entry_gives_back_what_was_stored(tmp_path):
    cache = StageCache(tmp_path)
    made = surface(3.5) | {"n": surface(2)["m"].astype(np.uint8)}
    made["n"].attrs["flag_masks"] = np.array([1, 2], np.uint16)
    cache.store("a" * 64, made, {})
    found = cache.find("a" * 64).surfaces(Engine(), GRID)
    assert list(found) == ["m", "n"]
    for key, one in made.items():
        assert found[key].identical(one)
        assert found[key].dtype == one.dtype
    assert found["n"].attrs["flag_masks"].dtype == np.uint16
    assert cache.find("b" * 64) is None


def test_what_plain_data_cannot_say_is_not_kept(tmp_path):
    made = surface(1.0)
    made["m"].attrs["flags"] = (1, 2)
    StageCache(tmp_path).store("a" * 64, made, {})
    assert StageCache(tmp_path).find("a" * 64) is None


def test_the_folder_stays_within_its_bound_and_the_longest_unused_goes_first(tmp_path):
    StageCache(tmp_path).store("0" * 64, surface(0), {})
    size = entries(tmp_path)[0].stat().st_size
    cache = StageCache(tmp_path, limit=3 * size + 2)
    for number in (1, 2):
        cache.store(str(number) * 64, surface(number), {})
    now = time.time()
    for number, path in enumerate(entries(tmp_path)):
        os.utime(path, (now - 100 + number, now - 100 + number))
    # The first is used again: the second has now waited longest.
    assert cache.find("0" * 64) is not None
    cache.store("3" * 64, surface(3), {})
    assert [path.name[0] for path in entries(tmp_path)] == ["0", "2", "3"]
    small = StageCache(tmp_path, limit=10)
    small.store("4" * 64, surface(4), {})
    assert entries(tmp_path) == []


def test_many_writers_and_readers_of_one_key_see_whole_entries(tmp_path):
    def work(number):
        cache = StageCache(tmp_path, limit=5_000)
        cache.store("a" * 64, surface(7.0), {})
        cache.store(f"{number:064d}", surface(number), {})
        entry = cache.find("a" * 64)
        return entry is None or (entry.surfaces(Engine(), GRID)["m"].values == 7.0).all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))
    assert not list(tmp_path.glob("*.part"))


def test_a_full_disk_or_a_file_in_its_place_only_means_that_nothing_is_kept(world, tmp_path):
    expected = run(world, None).sites["score"].tolist()
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert run(world, blocked).sites["score"].tolist() == expected
    cache = tmp_path / "full"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        StageCache(cache).store("a" * 64, surface(1.0) | {"b": surface(2.0)["m"].astype(float)}, {})
        big = as_dataarray(
            np.zeros(tuple(GRID.shape)), GRID, name="b" * 2_000, unit="m", long_name="b"
        )
        StageCache(cache).store("b" * 64, {"m": big}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name[0] for path in cache.iterdir()] == ["a"]


def test_what_a_killed_run_left_half_written_goes_after_a_day(tmp_path):
    old, young = tmp_path / "old.part", tmp_path / "young.part"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    StageCache(tmp_path).store("a" * 64, surface(1.0), {})
    assert not old.exists()
    assert young.exists()


def test_the_command_keeps_surfaces_where_it_is_told_to(world, tmp_path, monkeypatch):
    monkeypatch.setenv("LODEMAP_CACHE", str(tmp_path / "home"))

    def build(*options):
        out = str(tmp_path / "out")
        found = CliRunner().invoke(main, ["build", str(world), "--out", out, "--quiet", *options])
        assert found.exit_code == 0, found.output

    build("--no-cache")
    assert not (tmp_path / "home").exists()
    build()
    assert entries(tmp_path / "home" / "stages")
    build("--cache", str(tmp_path / "other"))
    assert entries(tmp_path / "other")
