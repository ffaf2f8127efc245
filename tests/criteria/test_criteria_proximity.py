from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from geo.criteria.proximity import distance_to_nearest, nearest_feature
from geo.errors import CrsError, DataError, EmptyLayerError
from geo.grid import centres, make_grid

CRS = "EPSG:32648"
LAYERS = Path(__file__).parents[2] / "layers"


def grid_of(width, height, cell=100.0, left=0.0, bottom=0.0):
    return GeoBox.from_bbox((left, bottom, left + width, bottom + height), CRS, resolution=cell)


def frame(*shapes, crs=CRS):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def points_of(grid):
    x, y = centres(grid)
    return shapely.points(*np.meshgrid(x, y))


def test_north_up_rows_run_from_top_to_bottom():
    grid = grid_of(200, 300)
    found = distance_to_nearest(frame(shapely.Point(50, 250)), grid)
    expected = [[0, 100], [100, np.hypot(100, 100)], [200, np.hypot(200, 100)]]
    np.testing.assert_allclose(found.values, expected, rtol=1e-6)
    assert found.dims == ("y", "x")
    assert found.attrs["units"] == "m"
    assert found.dtype == np.float32


def test_distance_is_to_the_geometry_and_not_to_its_cells():
    grid = grid_of(300, 100)
    found = distance_to_nearest(frame(shapely.LineString([(90, -500), (90, 500)])), grid)
    np.testing.assert_allclose(found.values, [[40, 60, 160]], rtol=1e-6)


def test_a_cell_inside_a_polygon_is_at_zero_and_a_hole_is_not_inside():
    area = shapely.box(0, 0, 900, 900).difference(shapely.box(300, 300, 600, 600))
    found = distance_to_nearest(frame(area), grid_of(900, 900)).values
    assert found[0, 0] == 0
    assert found[4, 4] == pytest.approx(150)
    assert found[3, 3] == pytest.approx(50)
    assert (found > 0).sum() == 9


def test_beyond_max_distance_is_nan_not_the_limit():
    found = distance_to_nearest(frame(shapely.Point(50, 50)), grid_of(400, 100), max_distance=200)
    np.testing.assert_array_equal(found.values, [[0, 100, 200, np.nan]])


def test_a_feature_outside_the_grid_counts_however_far():
    grid = grid_of(500, 400)
    far = shapely.Point(-1e6, 2e6)
    found = distance_to_nearest(frame(far), grid).values
    np.testing.assert_allclose(found, shapely.distance(points_of(grid), far), rtol=1e-6)


def test_a_polygon_that_holds_the_whole_grid_is_at_zero():
    found = distance_to_nearest(frame(shapely.box(-1e5, -1e5, 1e5, 1e5)), grid_of(500, 400))
    assert (found.values == 0).all()


def test_missing_and_empty_geometries_are_ignored_and_collections_taken_apart():
    grid = grid_of(500, 400)
    both = shapely.GeometryCollection(
        [shapely.MultiPoint([(10, 20), (450, 300)]), shapely.LineString([(0, 390), (90, 390)])]
    )
    found = distance_to_nearest(frame(None, shapely.Polygon(), both), grid).values
    np.testing.assert_allclose(found, shapely.distance(points_of(grid), both), rtol=1e-5, atol=1e-3)


coordinate = st.integers(-400, 1300)
lines = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6, unique=True)


@settings(max_examples=50, deadline=None)
@given(st.lists(lines.map(shapely.LineString), min_size=1, max_size=4), st.booleans())
def test_equals_the_distance_to_the_union(shapes, as_areas):
    if as_areas:
        shapes = [shape.buffer(35, quad_segs=2) for shape in shapes]
    grid = grid_of(1000, 900)
    found = distance_to_nearest(frame(*shapes), grid).values
    expected = shapely.distance(points_of(grid), shapely.union_all(shapes))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(lines.map(shapely.LineString), lines.map(shapely.LineString))
def test_more_features_never_increase_distance(one, other):
    grid = grid_of(1000, 900)
    alone = distance_to_nearest(frame(one), grid).values
    both = distance_to_nearest(frame(one, other), grid).values
    assert (both <= alone + 1e-3).all()


@pytest.mark.parametrize(
    "layer", ["northeast-asia/railways", "mongolia/rivers-mongolia", "mongolia/provinces-mongolia"]
)
@pytest.mark.compiled
def test_on_real_layers_the_distance_is_shapelys(layer):
    file = LAYERS / f"{layer}.gpkg"
    region = gpd.read_file(
        LAYERS / "mongolia" / "boundary-mongolia.gpkg", layer="boundary_mongolia"
    )
    grid = make_grid(region, 50_000)
    features = gpd.read_file(file, layer=file.stem.replace("-", "_")).to_crs(str(grid.crs))
    if features.geom_type.str.contains("Polygon").any():
        features = features.set_geometry(features.boundary)
    found = distance_to_nearest(features, grid).values.ravel()
    points = points_of(grid).ravel()
    at, expected = features.sindex.nearest(points, return_all=False, return_distance=True)
    np.testing.assert_allclose(found[at[0]], expected, rtol=1e-6, atol=1e-2)


@pytest.mark.compiled
def test_a_window_of_a_grid_has_the_numbers_of_the_whole():
    layer = LAYERS / "northeast-asia" / "railways.gpkg"
    region = gpd.read_file(
        LAYERS / "mongolia" / "boundary-mongolia.gpkg", layer="boundary_mongolia"
    )
    grid = make_grid(region, 20_000)
    railways = gpd.read_file(layer, layer="railways").to_crs(str(grid.crs))
    whole = distance_to_nearest(railways, grid).values
    for rows, columns in ((slice(0, 7), slice(0, 120)), (slice(11, 40), slice(30, 31))):
        window = distance_to_nearest(railways, grid[rows, columns]).values
        np.testing.assert_array_equal(window, whole[rows, columns])


def test_every_cell_knows_its_feature_even_inside_polygons_and_collections():
    grid = grid_of(500, 100)
    pair = shapely.MultiPoint([(450, 50), (5000, 50)])
    found = nearest_feature(frame(None, pair, shapely.box(0, 0, 160, 100)), grid)
    assert found.allocation.values.tolist() == [[2, 2, 2, 1, 1]]
    np.testing.assert_array_equal(
        found.distance, distance_to_nearest(frame(pair, shapely.box(0, 0, 160, 100)), grid)
    )
    near = nearest_feature(frame(pair), grid, max_distance=150)
    assert near.allocation.values.tolist() == [[-1, -1, -1, 0, 0]]
    assert np.isnan(near.distance.values).tolist() == [[True, True, True, False, False]]


@settings(max_examples=40)
@given(st.lists(lines.map(shapely.LineString), min_size=1, max_size=4), st.booleans())
def test_the_allotted_feature_lies_at_the_distance_given(shapes, as_areas):
    if as_areas:
        shapes = [shape.buffer(35, quad_segs=2) for shape in shapes]
    grid = grid_of(1000, 900)
    found = nearest_feature(frame(*shapes), grid)
    away = shapely.distance(points_of(grid), np.array(shapes)[found.allocation.values])
    np.testing.assert_allclose(found.distance, away, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize(
    ("features", "options", "error", "says"),
    [
        (frame(shapely.Point(1, 1), crs=4326), {}, CrsError, "reproject with .to_crs"),
        (frame(shapely.Point(1, 1), crs=None), {}, CrsError, "no CRS"),
        (frame(None, shapely.Point()), {}, EmptyLayerError, "no usable geometry"),
        (frame(), {}, EmptyLayerError, "no usable geometry"),
        (frame(shapely.Point(1, 1)), {"max_distance": -1}, DataError, "max_distance is -1"),
        (frame(shapely.Point(1, 1)), {"max_distance": np.nan}, DataError, "max_distance is nan"),
    ],
)
def test_refuses_and_says_what_to_do(features, options, error, says):
    with pytest.raises(error, match=says):
        distance_to_nearest(features, grid_of(200, 200), **options)


def test_refuses_to_measure_in_degrees():
    grid = GeoBox.from_bbox((100, 40, 102, 42), "EPSG:4326", resolution=1)
    with pytest.raises(CrsError, match="geographic"):
        distance_to_nearest(frame(shapely.Point(101, 41), crs=4326), grid)
