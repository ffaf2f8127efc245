"""What a run takes over from runs before: whole themes, files and pictures, never out of date."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from small_world import small_world

import geo
from geo.compute.canonical import canonical
from geo.compute.kept import Kept
from geo.errors import DataError
from geo.publish import payload, planes, qgis, raster
from geo.study import scored, show, themes


@pytest.fixture
def world(tmp_path):
    return small_world(tmp_path / "world")


@pytest.fixture
def counted(monkeypatch):
    """Names of what was scored, written and drawn."""
    calls = []

    def count(module, name, told):
        made = getattr(module, name)

        def counting(*given):
            calls.append(told(*given))
            return made(*given)

        monkeypatch.setattr(module, name, counting)

    count(themes, "score_theme", lambda _bench, spec: spec.id)
    count(raster, "_write", lambda _content, surface, *_: surface.name)
    count(qgis, "raster_style", lambda surface, _values: f"style of {surface.name}")
    count(scored, "_surfaces_at_sites", lambda _bench, theme, *_: f"values of {theme.id}")
    count(scored, "_flags", lambda _bench, theme, *_: f"flags of {theme.id}")
    count(show, "_taken", lambda _bench, theme: f"areas of {theme.spec.id}")
    count(planes, "_drawn", lambda *_: "planes")
    count(payload, "_theme", lambda theme: f"data of {theme.id}")
    return calls


def build(recipe, cache, out):
    return geo.Study.from_toml(recipe).run(cache=cache).write(out)


def test_an_unchanged_study_scores_writes_and_draws_nothing_again(world, tmp_path, counted):
    build(world, tmp_path / "cache", tmp_path / "one")
    assert counted
    counted.clear()
    build(world, tmp_path / "cache", tmp_path / "two")
    assert counted == []


def test_a_changed_weight_writes_only_the_scores_that_it_changes(world, tmp_path, counted):
    cache = tmp_path / "cache"
    build(world, cache, tmp_path / "one")
    counted.clear()
    world.write_text(world.read_text("utf-8").replace("weight = 2", "weight = 5"), "utf-8")
    again = build(world, cache, tmp_path / "two")
    made = {name.removeprefix("style of ") for name in counted}
    assert made == {"tin", "tin-score", "tin-score-high", "data of tin"}
    plain = build(world, None, tmp_path / "plain")
    for path in sorted(plain.iterdir()):
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_surfaces_of_a_theme_taken_over_can_still_be_read(world, tmp_path, counted):
    cache = tmp_path / "cache"
    first = geo.Study.from_toml(world).run(cache=cache).surfaces
    counted.clear()
    again = geo.Study.from_toml(world).run(cache=cache).surfaces
    assert counted == []
    name = next(iter(again))
    np.testing.assert_array_equal(again[name][3:5, 2].values, first[name].values[3:5, 2])
    assert counted
    for one in first:
        xr.testing.assert_identical(again[one], first[one])


def test_a_spoilt_file_is_written_anew(world, tmp_path):
    cache = tmp_path / "cache"
    one = build(world, cache, tmp_path / "one")
    for entry in cache.glob("*.stage"):
        data = bytearray(entry.read_bytes())
        data[len(data) // 2] ^= 255
        entry.write_bytes(data)
    two = build(world, cache, tmp_path / "two")
    assert sorted(path.name for path in two.iterdir()) == sorted(p.name for p in one.iterdir())
    for path in one.iterdir():
        assert (two / path.name).read_bytes() == path.read_bytes(), path.name


def test_an_output_changed_by_hand_changes_nothing_that_is_kept(world, tmp_path):
    cache = tmp_path / "cache"
    one = build(world, cache, tmp_path / "one")
    raster_file = next(iter(sorted(one.glob("*.tif"))))
    before = raster_file.read_bytes()
    with raster_file.open("r+b") as stream:
        stream.write(b"changed")
    again = build(world, cache, tmp_path / "two")
    assert (again / raster_file.name).read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_another_user_left_is_not_read(tmp_path):
    kept = Kept(tmp_path / "kept")
    kept.remember("a" * 64, {"one": 1})
    assert kept.recall("a" * 64) == {"one": 1}
    os.chown(kept.folder, 65_534, 65_534)
    assert kept.recall("a" * 64) is None


def test_what_cannot_be_written_as_bytes_is_not_kept(tmp_path):
    kept = Kept(tmp_path)
    kept.remember("a" * 64, lambda: None)
    assert kept.recall("a" * 64) is None


@dataclass(frozen=True)
class Rule:
    id: str
    limits: dict[str, float]
    line: int
    path: Path = Path("one")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"x", "y", "z"}, {"z", "y", "x"}),
        ([1, 2.5, None], (1, 2.5, None)),
        (Rule("a", {"b": 1.0}, 3), Rule("a", {"b": 1.0}, 9, Path("two"))),
        (np.float64(0.5), 0.5),
    ],
)
def test_equal_values_are_told_alike_wherever_they_stand(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        ("1", 1),
        (("a", "b"), ("b", "a")),
        (Rule("a", {"b": 1.0}, 3), Rule("a", {"b": 2.0}, 3)),
        (np.array([1.0, 2.0]), np.array([1.0, 3.0])),
        (np.zeros((1, 2)), np.zeros((2, 1))),
        (["a, b"], ["a", "b"]),
    ],
)
def test_different_values_are_told_apart(one, other):
    assert canonical(one) != canonical(other)


def test_what_has_no_plain_text_is_refused():
    with pytest.raises(DataError, match="object cannot be told as plain text"):
        canonical(object())
