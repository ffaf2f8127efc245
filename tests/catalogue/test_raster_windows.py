"""A part of a raster holds what the whole holds there, and costs what the part costs."""

import tracemalloc

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from layer_files import write_record
from odc.geo.geobox import GeoBox
from rasterio.transform import from_origin

from geo.catalogue import load_record, read_raster, to_grid
from geo.catalogue.raster import read_block
from geo.errors import EmptyLayerError, LodemapWarning


def write(path, values, *, transform, crs="EPSG:4326", nodata=None, tiled=True, **changes):
    cube = values if values.ndim == 3 else values[None]
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 16} if tiled else {}
    with rasterio.open(
        path, "w", driver="GTiff", count=len(cube), height=cube.shape[1], width=cube.shape[2],
        dtype=cube.dtype, crs=crs, transform=transform, nodata=nodata, compress="deflate", **tiles,
    ) as target:  # fmt: skip
        target.write(cube)
    return load_record(write_record(path, "raster", **changes))


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("windows")
    values = np.arange(70 * 90, dtype=np.int32).reshape(70, 90)
    north, south = from_origin(100, 50, 0.5, 0.5), from_origin(100, 15, 0.5, -0.5)
    both = np.stack([values, -values])
    made = {
        "north-up": write(folder / "north-up.tif", values, transform=north, nodata=77),
        "south-up": write(folder / "south-up.tif", values, transform=south, nodata=77),
        "bands": write(folder / "bands.tif", both, transform=north, tiled=False),
        "round": write(folder / "round.tif", values[:40], transform=from_origin(0, 80, 4, 4)),
    }
    return {name: (record, read_raster(record)) for name, record in made.items()}


@given(st.data())
@pytest.mark.parametrize("name", ["north-up", "south-up", "bands", "round"])
def test_any_window_equals_the_whole(layers, name, data):
    record, whole = layers[name]
    rows, columns = whole.shape[-2:]
    top = data.draw(st.integers(0, rows - 1))
    bottom = data.draw(st.integers(top + 1, rows))
    left = data.draw(st.integers(0, columns - 1))
    right = data.draw(st.integers(left + 1, columns))
    part = read_raster(record, window=(slice(top, bottom), slice(left, right)))
    expected = whole[..., top:bottom, left:right]
    np.testing.assert_array_equal(part, expected)
    np.testing.assert_allclose(part["x"], expected["x"], atol=1e-9)
    np.testing.assert_allclose(part["y"], expected["y"], atol=1e-9)


def test_a_box_takes_every_cell_that_it_touches(layers):
    record, whole = layers["north-up"]
    part = read_raster(record, bbox=(101.0, 47.9, 102.25, 49.0))
    np.testing.assert_allclose(part["x"], [101.25, 101.75, 102.25])
    np.testing.assert_allclose(part["y"], [48.75, 48.25, 47.75])
    np.testing.assert_array_equal(part, whole.sel(x=part["x"], y=part["y"]))


def test_a_box_beside_the_layer_is_refused(layers):
    with pytest.raises(EmptyLayerError, match="no cell in the part"):
        read_raster(layers["north-up"][0], bbox=(10, 10, 11, 11))


def test_longitudes_from_zero_are_moved_without_changing_a_value(layers):
    _, whole = layers["round"]
    assert float(whole["x"][0]) == -178
    stored = np.arange(40 * 90).reshape(40, 90)
    np.testing.assert_array_equal(whole, np.roll(stored, 45, axis=1))


GRIDS = [
    GeoBox.from_bbox((4e5, 3.6e6, 1.2e6, 5.2e6), "EPSG:32648", resolution=20_000),
    GeoBox.from_bbox((4e5, 3.6e6, 1.2e6, 5.2e6), "EPSG:32648", resolution=150_000),
]


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "cubic"])
@pytest.mark.parametrize("grid", GRIDS, ids=["finer", "coarser"])
def test_a_block_equals_the_warped_whole(layers, grid, resampling):
    record, whole = layers["north-up"]
    expected = to_grid(whole, grid, resampling=resampling)
    assert int((~np.isnan(expected)).sum()) > 10
    found = read_block(record, grid, resampling=resampling)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=0.05)


def test_a_block_across_the_180th_meridian_has_both_sides(layers):
    record, whole = layers["round"]
    grid = GeoBox.from_bbox((-6e5, -6e5, 6e5, 6e5), "+proj=laea +lat_0=60 +lon_0=180",
                            resolution=100_000)  # fmt: skip
    assert not np.isnan(read_block(record, grid)).any()
    east = read_block(record, grid, resampling="nearest")
    assert float(east[6, 10]) == float(whole.sel(x=-174, y=59.5, method="nearest"))


def test_a_block_where_the_layer_is_not_is_unknown(layers):
    grid = GeoBox.from_bbox((0, 0, 10, 10), "EPSG:4326", resolution=1)
    assert np.isnan(read_block(layers["north-up"][0], grid)).all()
    assert read_block(layers["bands"][0], grid).dims == ("band", "y", "x")


def test_a_part_is_refused_only_where_the_whole_is(tmp_path):
    values = np.full((64, 64), 5, dtype=np.int16)
    values[0, :8] = -9999
    record = write(tmp_path / "few.tif", values, transform=from_origin(100, 50, 0.1, 0.1),
                   valid_range=[0, 9])  # fmt: skip
    with pytest.warns(LodemapWarning, match="8 of 4,096 values"):
        read_raster(record)
    with pytest.warns(LodemapWarning, match="8 of 64 values"):
        part = read_raster(record, window=(slice(0, 8), slice(0, 8)))
    assert int(np.isnan(part).sum()) == 8


def test_a_small_part_of_a_large_layer_costs_little(tmp_path):
    path = tmp_path / "large.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=20_000, width=20_000, dtype="float32",
        crs="EPSG:32648", transform=from_origin(5e5, 5e6, 30, 30), tiled=True, sparse_ok=True,
        compress="deflate", nodata=-9999,
    ) as target:  # fmt: skip
        noise = np.random.default_rng(1).random((2048, 2048), dtype=np.float32)
        target.write(noise, 1, window=((10_240, 12_288), (10_240, 12_288)))
    record = load_record(write_record(path, "raster", crs="EPSG:32648"))
    tracemalloc.start()
    part = read_raster(record, window=(slice(10_240, 10_340), slice(10_240, 10_340)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(part, noise[:100, :100])
    assert peak < 20_000_000
