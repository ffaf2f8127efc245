import geopandas as gpd
import numpy as np
import pytest
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer
from shapely import Point

from geo.errors import CrsError, DataError, EmptyLayerError, GridError
from geo.grid import as_dataarray, cell_of
from geo.scoring.places import find_places, nearest_towns, place_id

# UTM 48 N around 105 E, 45 N.
GRID = GeoBox.from_bbox((450_000, 4_950_000, 550_000, 5_000_000), "EPSG:32648", resolution=1000)


def towns(*rows, crs=4326):
    names, lon, lat = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"name": names}, geometry=gpd.points_from_xy(lon, lat), crs=crs)


def surface(*peaks):
    values = np.full(GRID.shape, 0.1)
    values[:, 0] = np.nan
    for row, column, value in peaks:
        values[row, column] = value
    return as_dataarray(values, GRID, name="score", unit="1", long_name="Score")


def test_best_places_keep_their_distance():
    found = find_places(
        surface((10, 10, 0.9), (10, 14, 0.8), (30, 60, 0.7)),
        theme_id="wind", count=2, spacing=5000,
    )  # fmt: skip
    assert found[["row", "col"]].to_numpy().tolist() == [[10, 10], [30, 60]]


def test_a_place_lies_at_the_centre_of_its_cell():
    found = find_places(surface((10, 10, 0.9)), theme_id="wind", count=1, spacing=5000).iloc[0]
    assert (found["x"], found["y"]) == (460_500, 4_989_500)
    row, column = cell_of(GRID, found["x"], found["y"])
    assert (row[0], column[0]) == (10, 10)
    lon, lat = Transformer.from_crs(32648, 4326, always_xy=True).transform(460_500, 4_989_500)
    assert (found["lon"], found["lat"]) == pytest.approx((lon, lat))
    assert found.geometry.coords[0] == (found["lon"], found["lat"])


def test_ids_stay_when_other_places_change():
    one = find_places(surface((10, 10, 0.9)), theme_id="wind", count=1, spacing=5000)
    two = find_places(surface((30, 60, 1.0), (10, 10, 0.9)), theme_id="wind", count=2, spacing=5000)
    assert two["site_id"].iloc[1] == one["site_id"].iloc[0] == "wind-104-498e-45-058n"
    assert two.crs.to_epsg() == 4326


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (106.9, 47.9, "t-106-900e-47-900n"),
        (-70.25, -23.5, "t-70-250w-23-500s"),
        (0.0, 0.0, "t-0-000e-0-000n"),
        (-0.0006, 0.0004, "t-0-001w-0-000n"),
    ],
)
def test_ids_handle_every_quarter_of_the_world(lon, lat, expected):
    assert place_id("t", lon, lat) == expected


@pytest.mark.parametrize(
    ("azimuth", "point"),
    [(0, "N"), (22, "N"), (23, "NE"), (90, "E"), (135, "SE"), (180, "S"), (-135, "SW"),
     (-90, "W"), (-45, "NW"), (-22, "N")],
)  # fmt: skip
def test_bearing_is_seen_from_the_town(azimuth, point):
    lon, lat, _ = Geod(ellps="WGS84").fwd(105, 45, azimuth, 14_000)
    found = nearest_towns([lon], [lat], towns(("Here", 105, 45)))
    assert found["town_bearing"].tolist() == [point]
    assert found["town_km"].tolist() == pytest.approx([14])


def test_nearest_is_by_metres_not_by_degrees():
    # At 60 N a degree of longitude is half a degree of latitude.
    found = nearest_towns([10], [60], towns(("East", 11.5, 60), ("North", 10, 61)))
    assert found["town"].tolist() == ["East"]


def test_each_point_finds_its_own_town():
    known = towns(("South", 100, 40), ("North", 100, 50), ("East", 120, 45))
    found = nearest_towns([100.1, 119, 100, 101], [49, 44, 41, 52], known)
    assert found["town"].tolist() == ["North", "East", "South", "North"]
    assert found["town_bearing"].tolist() == ["S", "SW", "N", "N"]


def test_nearest_town_may_lie_across_the_date_line():
    found = nearest_towns([179.9], [0], towns(("Far", 170, 0), ("Near", -179.9, 0)))
    assert found["town"].tolist() == ["Near"]
    assert found["town_bearing"].tolist() == ["W"]


def test_places_are_named_by_their_nearest_town():
    score = surface((10, 10, 0.9), (30, 60, 0.8))
    here = find_places(score, theme_id="wind", count=2, spacing=5000)
    lon, lat, _ = Geod(ellps="WGS84").fwd(here["lon"][0], here["lat"][0], 180, 14_000)
    known = towns(("Sainshand", lon, lat), ("Exact", here["lon"][1], here["lat"][1]))
    found = find_places(score, theme_id="wind", count=2, spacing=5000, towns=known)
    assert found["name"].tolist() == ["14 km N of Sainshand", "Exact"]
    assert found["town"].tolist() == ["Sainshand", "Exact"]


def test_places_without_towns_are_named_by_their_coordinates():
    found = find_places(surface((10, 10, 0.9)), theme_id="wind", count=1, spacing=5000)
    assert found["name"].tolist() == ["45.06 °N, 104.50 °E"]


def test_towns_in_another_reference_system_are_moved():
    known = towns(("Here", 104.5, 45.06)).to_crs(3857)
    assert nearest_towns([104.5], [45.06], known)["town_km"][0] == pytest.approx(0, abs=1e-6)


def test_only_places_inside_count():
    inside = np.zeros(GRID.shape, dtype=bool)
    inside[30:, :] = True
    found = find_places(
        surface((10, 10, 0.9), (40, 5, 0.2)), theme_id="t", count=1, spacing=5000, inside=inside
    )
    assert found["row"].tolist() == [40]


def test_a_surface_without_a_score_has_no_place():
    empty = surface() * np.nan
    found = find_places(empty, theme_id="t", count=3, spacing=5000, towns=towns(("Here", 1, 2)))
    assert len(found) == 0
    assert "town_km" in found


GOOD = {"theme_id": "t", "count": 1, "spacing": 5000}


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"count": 0}, DataError, "more than zero"),
        ({"spacing": 0}, DataError, "more than zero"),
        ({"spacing": np.nan}, DataError, "more than zero"),
        ({"inside": np.ones((2, 2), dtype=bool)}, DataError, "inside has the shape"),
        ({"score": surface().drop_vars("spatial_ref")}, CrsError, "no CRS"),
        ({"score": surface().drop_vars("x")}, GridError, "no coordinate 'x'"),
        ({"score": surface()[:1]}, GridError, "regular grid"),
        ({"towns": towns(("A", 1, 2), crs=None)}, CrsError, "no CRS"),
        ({"towns": towns(("A", 1, 2))[["geometry"]]}, DataError, "no column 'name'"),
        ({"towns": towns((None, 1, 2))}, EmptyLayerError, "no usable point"),
    ],
)
def test_what_cannot_be_searched_is_refused(changed, error, message):
    call = {**GOOD, **changed}
    score = call.pop("score", surface((10, 10, 0.9)))
    with pytest.raises(error, match=message):
        find_places(score, **call)


def test_a_surface_in_degrees_is_refused():
    grid = GeoBox.from_bbox((100, 40, 110, 50), "EPSG:4326", resolution=1)
    score = as_dataarray(np.ones(grid.shape), grid, name="s", unit="1", long_name="Score")
    with pytest.raises(CrsError, match="geographic"):
        find_places(score, **GOOD)


def test_places_too_close_to_tell_apart_are_refused():
    grid = GeoBox.from_bbox((500_000, 4_950_000, 500_050, 4_950_050), "EPSG:32648", resolution=10)
    score = as_dataarray(np.ones(grid.shape), grid, name="s", unit="1", long_name="Score")
    with pytest.raises(GridError, match="share an id"):
        find_places(score, theme_id="t", count=9, spacing=10)


def test_missing_points_among_the_towns_are_passed_over():
    known = gpd.GeoDataFrame(
        {"name": ["Lost", "Here"]}, geometry=[None, Point(104.5, 45.06)], crs=4326
    )
    assert nearest_towns([104.5], [45.06], known)["town"].tolist() == ["Here"]
