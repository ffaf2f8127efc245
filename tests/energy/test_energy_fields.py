"""Readings at points, against pyproj and hand values."""

import numpy as np
import pytest
from energy_layers import raster
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from geo.energy.fields import lonlat, points_of, raster_at, raster_mean
from geo.errors import DataError
from geo.grid import centres


@pytest.mark.parametrize("cell", [1_000, 7_000, 40_000])
def test_longitude_and_latitude_are_those_of_pyproj_within_twenty_metres(cell: int) -> None:
    albers = "+proj=aea +lat_1=43 +lat_2=50 +lat_0=46 +lon_0=104 +datum=WGS84 +units=m"
    grid = GeoBox.from_bbox((-280_000, -210_000, 280_000, 210_000), albers, resolution=cell)
    lon, lat = lonlat(grid)
    theirs = Transformer.from_crs(albers, 4326, always_xy=True).transform(
        *np.meshgrid(*centres(grid))
    )
    np.testing.assert_allclose(lon, theirs[0], atol=2e-4)
    np.testing.assert_allclose(lat, theirs[1], atol=2e-4)


def test_a_grid_over_a_pole_keeps_its_longitudes() -> None:
    polar = GeoBox.from_bbox((-400_000, -100_000, 400_000, 100_000), "EPSG:3576", resolution=5_000)
    lon, _ = lonlat(polar)
    theirs = Transformer.from_crs(3576, 4326, always_xy=True).transform(
        *np.meshgrid(*centres(polar))
    )
    np.testing.assert_allclose(lon, theirs[0])


def test_the_mean_of_a_square_is_of_the_cells_whose_centres_it_holds() -> None:
    values = np.arange(16.0).reshape(4, 4)
    values[0, 0] = np.nan
    layer = raster(values, [0, 1, 2, 3], [3, 2, 1, 0])
    found = raster_mean(layer, np.array([0.5, 1.5, 2.0, 50.0]), np.array([2.5, 1.5, 1.0, 1.0]), 2.0)
    np.testing.assert_allclose(found, [(1 + 4 + 5) / 3, 7.5, np.mean([9, 10, 13, 14]), np.nan])


def test_a_square_between_coarse_cells_takes_the_value_at_its_middle() -> None:
    layer = raster([[0.0, 10.0], [0.0, 10.0]], [0, 10], [10, 0])
    assert raster_mean(layer, np.array([4.0]), np.array([5.0]), 0.5)[0] == pytest.approx(4.0)


def test_a_raster_is_read_by_month() -> None:
    layer = raster(np.arange(12.0)[:, None, None], [0, 1], [1, 0], months=True)
    assert raster_at(layer, [0.5], [0.5])[:, 0].tolist() == list(range(12))
    with pytest.raises(DataError, match="give it x and y"):
        raster_at(layer.drop_vars("x"), [0.5], [0.5])


def test_points_come_back_in_degrees_from_any_system() -> None:
    import geopandas as gpd

    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([105.0], [46.0]), crs=4326)
    lon, lat = points_of(points.to_crs(32648))
    assert (lon[0], lat[0]) == (pytest.approx(105.0), pytest.approx(46.0))
