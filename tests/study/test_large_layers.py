"""A large layer used through a small region costs what the region costs, and changes nothing."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString
from small_world import raster, small_world, vector

import geo
from geo.catalogue import geopackage, load_record, read_block
from geo.catalogue import raster as rasters
from geo.grid import make_grid
from geo.study import workbench

FAR = 500


@pytest.fixture
def world(tmp_path):
    """The small world with many tracks far away and a raster that reaches far beyond it."""
    recipe = small_world(tmp_path)
    x = np.linspace(-170, 20, FAR)
    # The second lies beside the grid, and is the nearest to cells at its edge.
    lines = [LineString([(100, 46), (104, 46.2)]), LineString([(104.5, 47), (104.5, 48)])]
    lines += list(shapely.linestrings(np.stack([np.stack([x, x + 1]), np.full((2, FAR), 10)]).T))
    tracks = gpd.GeoDataFrame({"name": ["track"] * len(lines)}, geometry=lines, crs=4326)
    (tmp_path / "layers" / "tracks.gpkg").unlink()
    vector(tmp_path / "layers", "tracks", tracks)
    return recipe


def surfaces(recipe):
    return geo.Study.from_toml(recipe).run().surfaces


def test_only_features_about_the_grid_are_read_and_the_surfaces_stay(world, monkeypatch):
    whole = surfaces(world)
    read = {}
    plain = workbench.read_vector

    def counted(record, **options):
        found = plain(record, **options)
        read[record.id] = len(found)
        return found

    monkeypatch.setattr(workbench, "read_vector", counted)
    monkeypatch.setattr(workbench, "_LARGE", 0)
    part = surfaces(world)
    assert read["tracks"] == 2
    assert set(part) == set(whole)
    for name, surface in whole.items():
        np.testing.assert_array_equal(part[name].to_numpy(), surface.to_numpy(), err_msg=name)


def test_where_none_lies_on_the_grid_the_nearest_is_found_among_all(world, monkeypatch):
    layers = world.parent / "layers"
    far = gpd.GeoDataFrame({"name": ["far"]}, geometry=[LineString([(60, 46), (61, 46)])], crs=4326)
    (layers / "tracks.gpkg").unlink()
    vector(layers, "tracks", far)
    whole = surfaces(world)["tin-road"].to_numpy()
    assert np.nanmin(whole) > 2000
    monkeypatch.setattr(workbench, "_LARGE", 0)
    np.testing.assert_array_equal(surfaces(world)["tin-road"].to_numpy(), whole)


def test_a_large_raster_is_read_about_the_grid_only(world, monkeypatch):
    ground = surfaces(world)["height-height"].to_numpy()
    read = []
    plain = rasters._values

    def counted(record, source, place, part):
        found = plain(record, source, place, part)
        read.append(found.size)
        return found

    monkeypatch.setattr(rasters, "_values", counted)
    monkeypatch.setattr(rasters, "_AT_ONCE", 500)
    found = surfaces(world)["height-height"].to_numpy()
    np.testing.assert_array_equal(found, ground)
    # The raster has 2,000 cells; no part of the grid took more than a few rows of them.
    assert len(read) > 3
    assert max(read) <= 1_000


@pytest.mark.parametrize("resampling", ["bilinear", "nearest", "average"])
def test_a_block_in_strips_is_the_block(tmp_path, monkeypatch, resampling):
    values = np.add.outer(np.arange(80.0) ** 1.5, np.arange(100.0))
    raster(tmp_path, "ground", values)
    record = load_record(tmp_path / "ground.toml")
    hills = gpd.GeoDataFrame(geometry=[shapely.box(100, 45, 104, 48)], crs=4326)
    grid = make_grid(hills, 5000, None)
    whole = read_block(record, grid, resampling=resampling)
    monkeypatch.setattr(rasters, "_AT_ONCE", 700)
    strips = read_block(record, grid, resampling=resampling)
    np.testing.assert_array_equal(strips.to_numpy(), whole.to_numpy())
    assert strips.identical(whole)
    assert rasters.is_large(record)


def test_the_rows_of_a_large_file_are_not_counted_for_a_region(world, monkeypatch):
    path = world.parent / "layers" / "tracks.gpkg"
    assert geopackage.look(path, "tracks", survey=False, region=True).count == FAR + 2
    monkeypatch.setattr(geopackage, "_CHECKED_WHOLE", 0)
    assert geopackage.look(path, "tracks", survey=False, region=True).count is None
    assert geopackage.look(path, "tracks", survey=False).count == FAR + 2
