import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod
from shapely.geometry import Polygon, box

from geo.crs import distortion, equal_area, require_projected, require_same
from geo.errors import CrsError, DataError, EmptyLayerError, GridError, UnitError
from geo.grid import as_dataarray, cell_of, cell_size, centres, coordinates, inside, make_grid
from geo.units import check, magnitude, split

HILLS = gpd.GeoDataFrame(geometry=[box(100, 45, 104, 48)], crs=4326)


def test_grid_covers_the_region_and_stands_on_whole_cells():
    grid = make_grid(HILLS, 5000)
    west, south, east, north = HILLS.segmentize(0.1).to_crs(str(grid.crs)).total_bounds
    bounds = grid.boundingbox
    assert bounds.left <= west
    assert bounds.right >= east
    assert bounds.bottom <= south
    assert bounds.top >= north
    assert bounds.left % 5000 == 0
    assert cell_size(grid) == (5000.0, 5000.0)


def test_first_row_is_the_northernmost():
    x, y = centres(make_grid(HILLS, 5000))
    assert (np.diff(x) == 5000).all()
    assert (np.diff(y) == -5000).all()


def test_area_of_the_region_is_kept():
    grid = make_grid(HILLS, 1000)
    cells = inside(grid, HILLS).sum() * 1e6
    true = abs(Geod(ellps="WGS84").geometry_area_perimeter(HILLS.segmentize(0.01).geometry[0])[0])
    # The region's northern and southern edges are parallels cut at steps of 0.25 degrees.
    assert cells == pytest.approx(true, rel=2e-3)


@given(st.floats(-90e3, 90e3), st.floats(-90e3, 90e3))
def test_a_point_lies_in_the_cell_whose_centre_is_at_most_half_a_cell_away(x, y):
    grid = GeoBox.from_bbox((-100e3, -100e3, 100e3, 100e3), "EPSG:3857", resolution=4000)
    rows, columns = cell_of(grid, x, y)
    xs, ys = centres(grid)
    # A point on the edge between two cells may fall to either side by the rounding of its place.
    assert abs(xs[columns[0]] - x) <= 2000 + 1e-6
    assert abs(ys[rows[0]] - y) <= 2000 + 1e-6


@pytest.mark.parametrize("point", [(1e9, 0.0), (0.0, float("nan")), (100e3, 0.0)])
def test_refuses_points_outside(point):
    grid = GeoBox.from_bbox((-100e3, -100e3, 100e3, 100e3), "EPSG:3857", resolution=4000)
    with pytest.raises(GridError, match="outside the grid"):
        cell_of(grid, *point)


def test_a_grid_may_be_larger_than_any_memory():
    rows, columns = make_grid(HILLS, 2).shape
    assert rows * columns > 400_000_000


def test_refusals_say_what_to_do():
    empty = gpd.GeoDataFrame(geometry=[Polygon()], crs=4326)
    with pytest.raises(EmptyLayerError, match="polygons"):
        make_grid(empty, 1000)
    with pytest.raises(EmptyLayerError, match="polygons"):
        inside(make_grid(HILLS, 5000), empty)
    with pytest.raises(GridError, match="not positive"):
        make_grid(HILLS, 0)
    with pytest.raises(GridError, match="larger cells"):
        make_grid(HILLS, 0.01)
    with pytest.raises(GridError, match="no CRS"):
        make_grid(HILLS.set_crs(None, allow_override=True), 1000)
    with pytest.raises(CrsError, match="geographic"):
        make_grid(HILLS, 1000, CRS.from_epsg(4326))
    with pytest.raises(DataError, match="shape"):
        as_dataarray(np.zeros((2, 2)), make_grid(HILLS, 5000), name="a", unit="m", long_name="a")


def test_arrays_carry_cf_coordinates_that_others_can_read():
    grid = make_grid(HILLS, 5000)
    array = as_dataarray(np.zeros(grid.shape), grid, name="a", unit="m", long_name="height")
    assert array.attrs["units"] == "m"
    assert array.attrs["grid_mapping"] == "spatial_ref"
    assert CRS.from_wkt(coordinates(grid)["spatial_ref"].attrs["spatial_ref"]) == CRS(str(grid.crs))


@given(st.floats(-60, 50), st.floats(1, 20), st.floats(-170, 150))
def test_equal_area_systems_keep_areas_everywhere(south, height, west):
    bounds = (west, south, west + 15, min(south + height, 84))
    crs = equal_area(bounds)
    lon, lat = west + 3, (bounds[1] + bounds[3]) / 2
    cell = gpd.GeoSeries([box(lon, lat, lon + 0.01, lat + 0.01)], crs=4326)
    geodesic = abs(Geod(ellps="WGS84").geometry_area_perimeter(cell[0])[0])
    assert cell.to_crs(crs).area[0] == pytest.approx(geodesic, rel=1e-4)


def test_distortion_over_a_country_is_below_one_percent():
    bounds = (87.7, 41.6, 119.9, 52.1)
    assert 0 < distortion(equal_area(bounds), bounds).worst_percent < 1


def test_systems_are_never_guessed():
    with pytest.raises(CrsError, match="no CRS"):
        require_projected(None, "the layer")
    with pytest.raises(CrsError, match="no CRS"):
        require_same(None, CRS(3857), "the layer")
    with pytest.raises(CrsError, match="to_crs"):
        require_same(CRS(4326), CRS(3857), "the layer")
    with pytest.raises(CrsError, match="degrees"):
        equal_area((5000.0, 0.0, 6000.0, 800.0))


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [("2 km", "m", 2000.0), ("0.2 USD/t/km", "USD/t/m", 2e-4), ("8 %", "", 0.08), ("3", "", 3.0),
     ("50 USD/MWh", "USD/kWh", 0.05), ("-5 degC", "degC", -5.0)],
)  # fmt: skip
def test_quantities_are_converted(text, unit, expected):
    assert magnitude(text, unit) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["2 kg", "two km", "", "2 parsnips", "km 2", "2 km; import os"])
def test_quantities_that_are_none_are_refused(text):
    with pytest.raises(UnitError):
        magnitude(text, "m")


def test_units_are_checked():
    assert check("USD/t") == "USD/t"
    assert split("4 h") == (4.0, "h")
    with pytest.raises(UnitError, match="unknown unit"):
        check("furlongz")
