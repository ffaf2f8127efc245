import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.compute import kernels
from geo.criteria import travel
from geo.errors import CrsError, DataError, EmptyLayerError
from geo.grid import as_dataarray

CRS = "EPSG:32648"
GRID = GeoBox.from_bbox((0, 0, 500, 300), CRS, resolution=100)


def frame(*shapes, crs=CRS, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def raster(values, grid=GRID, unit="USD/t/m"):
    return as_dataarray(np.asarray(values), grid, name="f", unit=unit, long_name="f")


def test_roads_win_over_barriers_and_barriers_over_the_base():
    lake = frame(shapely.box(200, 0, 300, 300))
    bridge = frame(shapely.LineString([(0, 150), (500, 150)]))
    found = travel.friction_surface(
        GRID, base=4.0, roads=bridge, road_value=1.0, barriers=lake
    ).values
    expected = np.full((3, 5), 4.0)
    expected[:, 2] = np.nan
    expected[1] = 1.0
    np.testing.assert_array_equal(found, expected)


def test_the_cheapest_of_several_roads_in_a_cell_counts():
    rows = [(0, 3.0), (0, 1.0), (0, 2.0)]
    line = shapely.LineString([(0, 50), (500, 50)])
    roads = frame(*(line for _ in rows), cost=[cost for _, cost in rows])
    found = travel.friction_surface(GRID, base=9.0, roads=roads, road_value="cost").values
    assert (found[2] == 1.0).all()
    assert (found[:2] == 9.0).all()


def test_layers_in_other_systems_are_brought_to_the_grid():
    road = frame(shapely.LineString([(0, 150), (500, 150)]))
    plain = travel.friction_surface(GRID, base=2.0, roads=road, road_value=1.0)
    moved = travel.friction_surface(GRID, base=2.0, roads=road.to_crs(4326), road_value=1.0)
    np.testing.assert_array_equal(plain, moved)


def test_slope_lengthens_the_way_and_unknown_slope_does_not():
    steep = np.zeros((3, 5), dtype=np.float32)
    steep[0, 0] = 75
    steep[1, 1] = np.nan
    found = travel.friction_surface(GRID, base=2.0, slope=raster(steep)).values
    assert found[0, 0] == pytest.approx(2.5)
    assert (np.delete(found.ravel(), 0) == 2).all()


def test_a_raster_can_be_base_and_barrier():
    base = raster(np.full((3, 5), 2.0), unit="h/m")
    closed = raster(np.eye(3, 5) > 0)
    found = travel.friction_surface(GRID, base=base, barriers=closed)
    assert np.isnan(found.values).sum() == 3
    assert found.attrs["units"] == "h/m"


def test_cost_on_layers_is_the_kernel_on_their_arrays():
    values = np.random.default_rng(0).uniform(0.1, 2, (3, 5)).astype(np.float32)
    source = np.zeros((3, 5), dtype=bool)
    source[2, 0] = True
    found = travel.accumulated_cost(raster(values), frame(shapely.Point(50, 50)))
    expected = kernels.accumulated_cost(values, source, (100, 100)).astype(np.float32)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(travel.accumulated_cost(raster(values), source), expected)
    assert found.attrs["units"] == "USD/t"


def test_beyond_the_largest_cost_is_unknown():
    found = travel.accumulated_cost(
        travel.friction_surface(GRID, base=1.0), frame(shapely.Point(50, 50)), max_cost=150
    )
    assert np.isfinite(found.values).sum() == 4


def test_sources_on_barriers_start_nothing_while_others_serve():
    values = np.ones((3, 5))
    values[:, 0] = np.nan
    both = frame(shapely.Point(50, 50), shapely.Point(450, 50))
    found = travel.accumulated_cost_allocation(raster(values), both)
    assert set(np.unique(found.allocation)) == {-1, 1}


def test_the_allocation_is_the_row_of_the_source():
    ends = frame(None, shapely.Point(450, 150), shapely.MultiPoint([(50, 50), (50, 250)]))
    found = travel.accumulated_cost_allocation(travel.friction_surface(GRID, base=1.0), ends)
    assert found.allocation.values[:, 0].tolist() == [2, 2, 2]
    assert found.allocation.values[:, 4].tolist() == [1, 1, 1]
    assert found.allocation.dtype == np.int32
    assert found.backlink.dtype == np.int8


def test_of_features_in_one_cell_the_first_counts_and_areas_serve():
    ends = frame(shapely.box(10, 10, 90, 90), shapely.Point(50, 50).buffer(20))
    found = travel.accumulated_cost_allocation(travel.friction_surface(GRID, base=1.0), ends)
    assert (found.allocation.values == 0).all()


def test_raster_sources_are_numbered_in_row_major_order():
    start = np.full((3, 5), np.nan)
    start[0, 4] = 0.0
    start[2, 0] = 50.0
    found = travel.accumulated_cost_allocation(travel.friction_surface(GRID, base=1.0), start)
    assert found.allocation.values[0, 4] == 0
    assert found.allocation.values[2, 0] == 1


def test_the_route_runs_through_cell_centres_to_the_source():
    values = np.ones((3, 5))
    values[:2, 2] = np.nan
    found = travel.accumulated_cost_allocation(raster(values), frame(shapely.Point(50, 250)))
    way = travel.route(found.backlink, (0, 4))
    assert way.coords[0] == (450, 250)
    assert way.coords[-1] == (50, 250)
    # Two slanting steps down, two up; barriers are not cut.
    assert way.length == pytest.approx(4 * np.hypot(100, 100))
    assert float(found.cost[0, 4]) == pytest.approx(way.length)
    assert travel.route(found.backlink, (0, 0)) == shapely.Point(50, 250)


def test_refuses_sources_that_are_all_on_barriers_or_outside():
    closed = raster(np.full((3, 5), np.nan))
    with pytest.raises(DataError, match="no source lies on a passable cell"):
        travel.accumulated_cost(closed, frame(shapely.Point(50, 50)))
    open_ = travel.friction_surface(GRID, base=1.0)
    with pytest.raises(DataError, match="no source lies on a passable cell"):
        travel.accumulated_cost(open_, frame(shapely.Point(1e6, 50)))


ROAD = frame(shapely.LineString([(0, 150), (500, 150)]), cost=[-1.0])


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"base": -1.0}, DataError, "base cost -1.0 is negative"),
        ({"base": raster(np.ones((1, 5)), GRID[:1])}, DataError, "base has shape"),
        ({"base": 1.0, "roads": ROAD}, DataError, "road_value is None"),
        ({"base": 1.0, "roads": ROAD, "road_value": "toll"}, DataError, "'toll'"),
        ({"base": 1.0, "roads": ROAD, "road_value": "cost"}, DataError, "cost of a road is -1"),
        ({"base": 1.0, "roads": frame(), "road_value": 1.0}, EmptyLayerError, "layer of roads"),
        ({"base": 1.0, "barriers": frame(None)}, EmptyLayerError, "layer of barriers"),
        (
            {"base": 1.0, "barriers": frame(shapely.Point(0, 0), crs=None)},
            CrsError,
            "layer of barriers has no CRS",
        ),
    ],
)
def test_refuses_a_surface_that_cannot_be(options, error, says):
    with pytest.raises(error, match=says):
        travel.friction_surface(GRID, **options)


def test_refuses_sources_in_another_system_and_friction_without_one():
    friction = travel.friction_surface(GRID, base=1.0)
    with pytest.raises(CrsError, match="reproject"):
        travel.accumulated_cost(friction, frame(shapely.Point(107, 47), crs=4326))
    bare = xr.DataArray(np.ones((3, 5)), dims=("y", "x"))
    with pytest.raises((CrsError, DataError)):
        travel.accumulated_cost(bare, np.ones((3, 5), dtype=bool))


def test_refuses_a_stack_of_bands_and_a_slice_that_lost_its_place():
    friction = travel.friction_surface(GRID, base=1.0)
    with pytest.raises(DataError, match="bring both to one grid"):
        travel.accumulated_cost(friction, np.ones((1, 5), dtype=bool))
    with pytest.raises(DataError, match="choose one band"):
        travel.accumulated_cost(friction.expand_dims("band"), np.ones((3, 5), dtype=bool))
    with pytest.raises(DataError, match="cut out of a larger one"):
        travel.accumulated_cost(friction[1:], np.ones((2, 5), dtype=bool))
