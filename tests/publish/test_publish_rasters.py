"""Surfaces become valid Cloud-Optimized GeoTIFFs that say what they hold."""

import dataclasses
import zlib
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rio_cogeo import cog_validate

from geo.errors import OutputError
from geo.grid import inside
from geo.publish import raster as module
from geo.publish.raster import write_cogs
from geo.publish.rasterstyles import nice_edges, raster_style
from geo.publish.surfaces import listed


@pytest.fixture(scope="module")
def folder(content, tmp_path_factory):
    made = tmp_path_factory.mktemp("cogs")
    write_cogs(content, made)
    return made


def test_every_surface_has_a_raster_and_a_style(content, folder):
    expected = {str(name) for name in content.surfaces.data_vars}
    assert {path.stem for path in folder.glob("*.tif")} == expected
    assert {path.stem for path in folder.glob("*.qml")} == expected
    assert {path.suffix for path in folder.iterdir()} == {".tif", ".qml"}


def test_every_raster_is_a_valid_cog(folder):
    for path in folder.glob("*.tif"):
        valid, errors, _ = cog_validate(path, quiet=True)
        assert valid, (path, errors)


def test_values_come_back_with_grid_unit_and_name(content, folder):
    with rasterio.open(folder / "copper-rail.tif") as found:
        np.testing.assert_array_equal(found.read(1), content.surfaces["copper-rail"])
        assert found.transform == content.grid.affine
        assert found.crs == rasterio.crs.CRS.from_user_input(str(content.grid.crs))
        assert np.isnan(found.nodata)
        assert found.units == ("km",)
        assert found.descriptions[0].startswith("Distance to rail")
        assert found.tags()["units"] == "km"
        assert found.tags()["source"] == f"Lodemap {content.version}"


def test_exclusion_bits_tell_allowed_from_outside(content, folder):
    with rasterio.open(folder / "copper-excluded.tif") as found:
        bits = found.read(1)
        assert found.nodata == 65535
        assert found.tags()["flag_masks"] == "1 2"
        assert found.tags()["flag_meanings"] == "protected steep"
    within = inside(content.grid, content.region)
    assert (bits[~within] == 65535).all()
    assert set(np.unique(bits[within])) == {0, 1, 2, 3}


def test_the_relief_ends_at_the_border(content, folder):
    within = inside(content.grid, content.region)
    with rasterio.open(folder / "relief.tif") as found:
        np.testing.assert_array_equal(~np.isnan(found.read(1)), within)


def test_two_writings_are_equal_byte_for_byte(content, folder, tmp_path):
    for path in write_cogs(content, tmp_path):
        for name in (path.name, path.with_suffix(".qml").name):
            assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_large_rasters_have_overviews_without_new_reasons(content, tmp_path):
    grid = content.grid.zoom_to(1400)
    bits = np.random.default_rng(1).choice([1, 4], size=tuple(grid.shape)).astype(np.uint16)
    within = np.ones(bits.shape, dtype=bool)
    import xarray as xr

    large = dataclasses.replace(
        content, grid=grid, surfaces=xr.Dataset({"copper-excluded": (("y", "x"), bits)})
    )
    (surface,) = listed(large)
    path, _ = module._write(large, surface, within, tmp_path)
    with rasterio.open(path) as found:
        factor = found.overviews(1)[0]
        small = found.read(1, out_shape=(bits.shape[0] // factor, bits.shape[1] // factor))
    assert set(np.unique(small)) == {1, 4}


@pytest.mark.parametrize("kept", [4, 600, -300])
def test_a_short_file_is_noticed(folder, tmp_path, kept):
    path = tmp_path / "copper-rail.tif"
    path.write_bytes((folder / "copper-rail.tif").read_bytes()[:kept])
    with pytest.raises(OutputError, match=r"copper-rail\.tif came out .* is the disk full"):
        module._checked(path, 0)


def test_other_values_are_noticed(content, folder):
    path = folder / "copper-rail.tif"
    values = content.surfaces["copper-rail"].to_numpy().copy()
    module._checked(path, zlib.crc32(values))
    values[~np.isnan(values)] += 1
    with pytest.raises(OutputError, match="other values"):
        module._checked(path, zlib.crc32(values))


def test_a_reason_stands_behind_every_combination_of_bits(content):
    surface = next(s for s in listed(content) if s.name == "copper-excluded")
    bits = np.array([[0, 1, 2, 3, 65535]], dtype=np.uint16)
    pipe, _ = raster_style(surface, bits)
    entries = {e.get("value"): e for e in pipe.iter("paletteEntry")}
    assert set(entries) == {"0", "1", "2", "3"}
    assert entries["0"].get("alpha") == "0"
    assert entries["1"].get("label").startswith("Excluded: Protected area")
    assert entries["2"].get("label") == "Warned: Steep land"
    assert "; Warned: Steep land" in entries["3"].get("label")
    assert entries["2"].get("alpha") != entries["3"].get("alpha")


def test_steps_carry_the_unit(content):
    surface = next(s for s in listed(content) if s.name == "copper-rail")
    pipe, _ = raster_style(surface, content.surfaces["copper-rail"].to_numpy())
    items = list(pipe.iter("item"))
    assert all(item.get("label").endswith(" km") for item in items)
    assert items[-1].get("value") == "inf"
    ET.fromstring(ET.tostring(pipe))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_edges_rise_in_even_steps_around_the_values(values):
    known = np.array(values)
    edges = np.array(nice_edges(known))
    steps = np.diff(edges)
    assert 1 <= len(steps) <= 9
    assert (steps > 0).all()
    low, high = np.quantile(known, [0.02, 0.98])
    assert edges[0] <= low + 1e-9 * max(1, abs(low))
    assert edges[-1] >= high - 1e-9 * max(1, abs(high))
