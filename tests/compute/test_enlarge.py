"""Enlarging coarse rasters: by hand, by exact places, by GDAL, by laws."""

import shutil
import subprocess

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject

from geo.compute.enlarge import enlarged

DEGREES = "EPSG:4326"
METRES = "EPSG:32648"
GRID = GeoBox.from_bbox((250_000, 5_000_000, 650_000, 5_400_000), METRES, resolution=2000)


def raster(shape=(20, 26), cell=0.5, corner=(100.0, 50.0)):
    return GeoBox(shape, Affine(cell, 0, corner[0], 0, -cell, corner[1]), DEGREES)


def places(source, grid):
    """Column and row of the source [cells from the outer corner] of every cell."""
    x, y = np.meshgrid(np.arange(grid.shape[1]) + 0.5, np.arange(grid.shape[0]) + 0.5)
    x, y = grid.affine @ (x, y)
    over = Transformer.from_crs(str(grid.crs), str(source.crs), always_xy=True)
    return ~source.affine @ tuple(np.asarray(found) for found in over.transform(x, y))


def exact(values, source, grid):
    """The definition, cell by cell, with the exact place of each."""
    u, v = places(source, grid)
    out = np.full(u.shape, np.nan)
    rows, columns = values.shape
    for i, j in np.ndindex(*u.shape):
        x, y = u[i, j], v[i, j]
        if not (0 <= x < columns and 0 <= y < rows) or np.isnan(values[int(y), int(x)]):
            continue
        found, weights = 0.0, 0.0
        for row in (np.floor(y - 0.5), np.floor(y - 0.5) + 1):
            for column in (np.floor(x - 0.5), np.floor(x - 0.5) + 1):
                if not (0 <= row < rows and 0 <= column < columns):
                    continue
                value = values[int(row), int(column)]
                weight = (1 - abs(y - 0.5 - row)) * (1 - abs(x - 0.5 - column))
                if not np.isnan(value):
                    found, weights = found + weight * value, weights + weight
        out[i, j] = found / weights
    return out


def with_holes(seed, shape=(20, 26)):
    values = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    values[values > 1.2] = np.nan
    return values


def same_but_for_edges(found, expected, source, grid, within):
    """Equal but for rounding of places where what is known ends or begins."""
    u, v = places(source, grid)
    near = np.minimum(abs(u - np.round(u)), abs(v - np.round(v))) < 0.01
    half = np.minimum(abs(u - 0.5 - np.round(u - 0.5)), abs(v - 0.5 - np.round(v - 0.5))) < 0.01
    clear = ~(near | half)
    assert clear.mean() > 0.8
    np.testing.assert_allclose(found[clear], expected[clear], rtol=0, atol=within)


@pytest.mark.parametrize("seed", range(3))
def test_every_cell_is_what_the_definition_says(seed):
    values, source = with_holes(seed), raster()
    grid = GeoBox.from_bbox(GRID.boundingbox, METRES, resolution=5000)
    found = enlarged(values, source, grid)
    # A hundredth of a cell, twice the greatest difference of neighbours.
    within = 0.01 * 2 * (np.nanmax(values) - np.nanmin(values))
    same_but_for_edges(found, exact(values, source, grid), source, grid, within)


@pytest.mark.parametrize("seed", range(3))
def test_gdal_weighs_the_known_cells_alike(seed):
    values, source = with_holes(seed), raster()
    grid = GeoBox.from_bbox((99, 39, 114, 51), DEGREES, resolution=0.07)
    theirs = np.full(grid.shape, np.nan, dtype=np.float32)
    reproject(
        values,
        theirs,
        src_transform=source.affine,
        src_crs=DEGREES,
        dst_transform=grid.affine,
        dst_crs=DEGREES,
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=Resampling.bilinear,
    )
    found = enlarged(values, source, grid)
    same_but_for_edges(found, theirs, source, grid, 1e-5)


@pytest.mark.skipif(shutil.which("gdalwarp") is None, reason="GDAL's tools are not installed")
def test_gdal_without_approximation_finds_the_same_in_metres(tmp_path):
    values, source = with_holes(4), raster()
    form = {"driver": "GTiff", "count": 1, "dtype": "float32", "nodata": np.nan}
    with rasterio.open(
        tmp_path / "a.tif", "w", width=26, height=20, crs=DEGREES, transform=source.affine, **form
    ) as file:
        file.write(values, 1)
    box = [str(edge) for edge in GRID.boundingbox.bbox]
    command = ["gdalwarp", "-q", "-et", "0", "-r", "bilinear", "-t_srs", METRES, "-te", *box]
    command += ["-tr", "2000", "2000", str(tmp_path / "a.tif"), str(tmp_path / "b.tif")]
    subprocess.run(command, check=True)
    with rasterio.open(tmp_path / "b.tif") as file:
        theirs = file.read(1)
    found = enlarged(values, source, GRID)
    within = 0.01 * 2 * (np.nanmax(values) - np.nanmin(values))
    same_but_for_edges(found, theirs, source, GRID, within)


def test_a_constant_stays_one():
    found = enlarged(np.full((20, 26), 7.25, dtype=np.float32), raster(), GRID)
    assert (found == np.float32(7.25)).all()


@settings(max_examples=25, deadline=None)
@given(st.floats(-100, 100), st.floats(-10, 10), st.floats(-10, 10))
def test_a_field_linear_in_degrees_is_met_where_the_cells_lie(base, east, north):
    source = raster()
    column, row = np.meshgrid(np.arange(26) + 0.5, np.arange(20) + 0.5)
    values = (base + east * column + north * row).astype(np.float32)
    u, v = places(source, GRID)
    found = enlarged(values, source, GRID)
    inner = (u > 0.5) & (u < 25.5) & (v > 0.5) & (v < 19.5)
    expected = base + east * u + north * v
    within = 0.01 * (abs(east) + abs(north)) + 1e-4
    np.testing.assert_allclose(found[inner], expected[inner], rtol=0, atol=within)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 199), st.integers(1, 200), st.integers(0, 199), st.integers(1, 200))
def test_a_part_is_a_part_of_the_whole_to_the_last_bit(top, rows, left, columns):
    values, source = with_holes(5), raster()
    whole = enlarged(values, source, GRID)
    cut = (slice(top, min(200, top + rows)), slice(left, min(200, left + columns)))
    part = enlarged(values, source, GRID[cut], whole=GRID)
    assert part.tobytes() == np.ascontiguousarray(whole[cut]).tobytes()


def test_bands_are_enlarged_each_for_itself():
    values, source = np.stack([with_holes(1), with_holes(2)]), raster()
    found = enlarged(values, source, GRID)
    np.testing.assert_array_equal(found[1], enlarged(values[1], source, GRID))


def test_outside_the_raster_nothing_is_known():
    source = raster((2, 2), 1.0, (105.0, 47.0))
    u, v = places(source, GRID)
    found = enlarged(np.ones((2, 2), dtype=np.float32), source, GRID)
    clear = (abs(u - np.round(u)) > 0.01) & (abs(v - np.round(v)) > 0.01)
    within = (u >= 0) & (u < 2) & (v >= 0) & (v < 2)
    np.testing.assert_array_equal(~np.isnan(found[clear]), within[clear])


@pytest.mark.parametrize("west", [-180.0, 0.0])
def test_degrees_go_on_round_the_earth(west):
    # Values tell the longitude's sine, which does not jump where the longitude does.
    longitude = west + np.arange(720) * 0.5 + 0.25
    values = np.tile(np.sin(np.radians(longitude)), (60, 1)).astype(np.float32)
    source = raster((60, 720), 0.5, (west, 70.0))
    grid = GeoBox.from_bbox((3e5, 6e6, 9e5, 6.6e6), "EPSG:32660", resolution=5000)
    x, y = np.meshgrid(*(np.asarray(grid.coordinates[axis].values) for axis in ("x", "y")))
    lon, _ = Transformer.from_crs(grid.crs, DEGREES, always_xy=True).transform(x, y)
    assert lon.min() < -179
    assert lon.max() > 179
    np.testing.assert_allclose(
        enlarged(values, source, grid), np.sin(np.radians(lon)), rtol=0, atol=0.005
    )


@pytest.mark.parametrize(
    "grid",
    [
        GeoBox.from_bbox((250_000, 5_000_000, 650_000, 5_400_000), METRES, resolution=80_000),
        GeoBox.from_bbox((-500_000, -500_000, 500_000, 500_000), "EPSG:3413", resolution=5000),
        GeoBox((9, 9), Affine(1000, 100, 3e5, -100, -1000, 5.2e6), METRES),
    ],
    ids=["larger cells", "round the pole", "aslant"],
)
def test_another_way_is_left_to_others(grid):
    assert enlarged(np.ones((20, 26), dtype=np.float32), raster(), grid) is None


def test_a_grid_that_is_no_part_of_the_whole_is_left_to_others():
    values, source = np.ones((20, 26), dtype=np.float32), raster()
    assert enlarged(values, source, GRID, whole=GRID[:50, :]) is None
