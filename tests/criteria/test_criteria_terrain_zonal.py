import geopandas as gpd
import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox

from geo.criteria import terrain
from geo.criteria.zonal import STATISTICS, zonal_statistic
from geo.errors import CrsError, DataError, EmptyLayerError
from geo.grid import as_dataarray

CRS = "EPSG:32648"
GRID = GeoBox.from_bbox((0, 0, 400, 300), CRS, resolution=100)


def raster(values, grid=GRID):
    values = np.asarray(values, dtype=np.float64)
    return as_dataarray(values, grid, name="rain", unit="mm", long_name="Rain")


def frame(*shapes, crs=CRS):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def test_slope_and_aspect_know_the_sides_of_a_cell():
    grid = GeoBox.from_bbox((0, 0, 300, 600), CRS, shape=(3, 3))
    rows, columns = np.indices((3, 3))
    eastward = as_dataarray(columns * 10.0, grid, name="h", unit="m", long_name="h")
    northward = as_dataarray(rows * -10.0, grid, name="h", unit="m", long_name="h")
    assert float(terrain.slope(eastward)[1, 1]) == pytest.approx(10)
    assert float(terrain.slope(northward)[1, 1]) == pytest.approx(5)
    assert float(terrain.aspect(northward)[1, 1]) == pytest.approx(180)
    assert terrain.slope(eastward).attrs["units"] == "%"
    assert terrain.aspect(eastward).attrs["units"] == "degree"
    assert terrain.slope(eastward).coords["spatial_ref"].attrs["spatial_ref"]


def test_refuses_a_slope_in_degrees():
    grid = GeoBox.from_bbox((100, 40, 103, 43), "EPSG:4326", resolution=1)
    height = as_dataarray(np.ones((3, 3)), grid, name="h", unit="m", long_name="h")
    with pytest.raises(CrsError, match="geographic"):
        terrain.slope(height)


VALUES = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    ("statistic", "expected"),
    # The zone holds cells 0, 1, 4 and 5 whole and half of 2 and 6.
    [
        ("mean", (0 + 1 + 4 + 5 + 0.5 * (2 + 6)) / 5),
        ("sum", 0 + 1 + 4 + 5 + 0.5 * (2 + 6)),
        ("min", 0),
        ("max", 6),
        ("cells", 5),
    ],
)
def test_a_statistic_weighs_cells_by_their_share_of_the_zone(statistic, expected):
    zone = shapely.box(0, 100, 250, 300)
    found = zonal_statistic(frame(zone), raster(VALUES), statistic, GRID)
    np.testing.assert_allclose(found.values[:2, :2], expected, rtol=1e-6)
    assert np.isnan(found.values[2]).all()
    assert np.isnan(found.values[:, 3]).all()


def test_every_statistic_named_is_known_to_exactextract():
    zone = frame(shapely.box(0, 0, 400, 300))
    for statistic in STATISTICS:
        assert np.isfinite(zonal_statistic(zone, raster(VALUES), statistic, GRID)).all()


def test_of_overlapping_zones_the_first_row_wins():
    zones = frame(shapely.box(0, 0, 200, 300), None, shapely.box(100, 0, 400, 300))
    found = zonal_statistic(zones, raster(VALUES), "mean", GRID).values
    assert found[0].tolist() == [4.5, 4.5, 6.0, 6.0]


def test_unknown_cells_are_left_out_and_a_zone_without_any_is_unknown():
    values = VALUES.copy()
    values[:, 0] = np.nan
    values[0, 1] = np.nan
    zones = frame(shapely.box(0, 0, 100, 300), shapely.box(100, 0, 200, 300))
    found = zonal_statistic(zones, raster(values), "mean", GRID).values
    assert np.isnan(found[:, 0]).all()
    assert (found[:, 1] == 7).all()


def test_the_raster_may_have_other_cells_than_the_grid():
    fine = GeoBox.from_bbox((-100, -100, 500, 400), CRS, resolution=50)
    columns = np.indices(fine.shape)[1]
    found = zonal_statistic(
        frame(shapely.box(0, 0, 400, 300)), raster(columns * 50.0 - 75, fine), "mean", GRID
    )
    np.testing.assert_allclose(found.values, 200)


@pytest.mark.parametrize(
    ("zones", "statistic", "error", "says"),
    [
        (frame(shapely.box(0, 0, 1, 1)), "variance", DataError, "'variance' is unknown, use one"),
        (frame(shapely.box(0, 0, 1, 1), crs=4326), "mean", CrsError, "layer of zones"),
        (frame(None), "mean", EmptyLayerError, "layer of zones"),
    ],
)
def test_refuses_and_says_what_to_do(zones, statistic, error, says):
    with pytest.raises(error, match=says):
        zonal_statistic(zones, raster(VALUES), statistic, GRID)


def test_refuses_a_raster_in_another_system():
    elsewhere = GeoBox.from_bbox((0, 0, 400, 300), "EPSG:32647", resolution=100)
    with pytest.raises(CrsError, match="raster"):
        zonal_statistic(frame(shapely.box(0, 0, 400, 300)), raster(VALUES, elsewhere), "mean", GRID)
