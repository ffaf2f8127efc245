"""The embedded rasters lie where they should, hold what they should, and are what was built."""

import hashlib
import tomllib
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pvlib
import pytest
import rasterio
from scipy.ndimage import map_coordinates

LAYERS = Path(__file__).parents[1] / "layers" / "northeast-asia"
CHECKS = Path(__file__).parents[2] / "shared" / "data"
RASTERS = ("relief", "solar-ghi", "temperature", "turbidity")
BOX = (85.0, 30.0, 146.0, 54.0)
ULAANBAATAR = (106.9177, 47.9184)
BEIJING = (116.40, 39.90)
MID_MONTH = np.array([15, 46, 74, 105, 135, 166, 196, 227, 258, 288, 319, 349])
"""Day of the year in the middle of each month."""


@cache
def record(name: str) -> dict:
    return tomllib.loads((LAYERS / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def grid(name: str) -> tuple[np.ndarray, rasterio.Affine]:
    with rasterio.open(LAYERS / f"{name}.tif") as raster:
        return raster.read().astype("float64"), raster.transform


def at(name: str, lon: float, lat: float) -> np.ndarray:
    """Values of the cell that holds a point, one a band."""
    values, transform = grid(name)
    column, row = ~transform * (lon, lat)
    return values[:, int(row), int(column)]


def smooth(name: str, lon: np.ndarray, lat: np.ndarray, shift: tuple[float, float] = (0, 0)):
    """First band between the centres of cells, read with a shift of columns and rows."""
    values, transform = grid(name)
    column, row = ~transform * (lon, lat)
    return map_coordinates(values[0], [row - 0.5 + shift[1], column - 0.5 + shift[0]], order=1)


def peer(name: str) -> tuple[np.ndarray, rasterio.Affine]:
    path = CHECKS / name
    if not path.exists():
        pytest.skip(f"the check data {name} are not here")
    with rasterio.open(path) as raster:
        return raster.read().astype("float64"), raster.transform


# ---------------------------------------------------------------- files and records


@pytest.mark.parametrize("name", RASTERS)
def test_the_file_is_the_one_that_the_record_was_written_for(name: str) -> None:
    found = hashlib.sha256((LAYERS / record(name)["path"]).read_bytes()).hexdigest()
    assert found == record(name)["sha256"]


@pytest.mark.parametrize("name", RASTERS)
def test_file_and_record_agree_on_crs_bands_unit_and_nodata(name: str) -> None:
    told = record(name)
    with rasterio.open(LAYERS / told["path"]) as raster:
        assert raster.crs.to_epsg() == 4326
        assert list(raster.descriptions) == told["bands"]
        assert set(raster.units) == {told["unit"]}
        assert np.isnan(raster.nodata)
        assert np.isnan(told["nodata"])
        assert raster.compression == rasterio.enums.Compression.deflate
        assert raster.tags()["AREA_OR_POINT"] == "Area"


@pytest.mark.parametrize("name", RASTERS)
def test_values_stay_in_the_valid_range_of_the_record(name: str) -> None:
    values, _ = grid(name)
    low, high = record(name)["valid_range"]
    assert low <= np.nanmin(values)
    assert np.nanmax(values) <= high


@pytest.mark.parametrize(
    ("name", "cell", "bands"),
    [
        ("relief", 1 / 12, 1),
        ("solar-ghi", 3, 12),
        ("temperature", 0.75, 12),
        ("turbidity", 0.25, 12),
    ],
)
def test_north_is_up_and_whole_cells_cover_the_box(name: str, cell: float, bands: int) -> None:
    values, transform = grid(name)
    assert (transform.a, transform.e) == pytest.approx((cell, -cell))
    assert (transform.b, transform.d) == (0, 0)
    assert len(values) == bands
    east, south = transform * (values.shape[2], values.shape[1])
    assert BOX[0] - cell < transform.c <= BOX[0]
    assert BOX[1] - cell < south <= BOX[1]
    assert BOX[2] <= east < BOX[2] + cell
    assert BOX[3] <= transform.f < BOX[3] + cell


def test_all_rasters_together_stay_under_one_megabyte() -> None:
    assert sum((LAYERS / f"{name}.tif").stat().st_size for name in RASTERS) < 1e6


# ---------------------------------------------------------------- relief


@pytest.mark.parametrize(
    ("place", "lon", "lat", "low", "high"),
    [
        ("Ulaanbaatar, city 1,300 m among hills", *ULAANBAATAR, 1280, 1500),
        ("Beijing, 44 m", *BEIJING, 30, 70),
        ("Turpan depression, -154 m at its deepest", 89.25, 42.65, -154, -80),
        ("Lake Baikal, 456 m", 108.0, 53.4, 440, 470),
        ("Khövsgöl Nuur, 1,645 m", 100.5, 51.1, 1635, 1660),
        ("Fuji, 3,776 m at the top", 138.7274, 35.3606, 1500, 3776),
        ("Sea of Japan", 135.0, 40.0, 0, 0),
        ("Yellow Sea", 123.0, 36.0, 0, 0),
    ],
)
def test_relief_is_right_at_known_places(place, lon, lat, low, high) -> None:
    assert low <= at("relief", lon, lat)[0] <= high, place


def test_heights_of_weather_stations_fit_best_where_the_grid_lies() -> None:
    stations = gpd.read_file(LAYERS / "wind-points.gpkg", layer="wind_points").dropna(
        subset=["elevation_m"]
    )
    stations = stations.cx[BOX[0] + 1 : BOX[2] - 1, BOX[1] + 1 : BOX[3] - 1]
    stations = stations[stations.elevation_m > 50].drop_duplicates("geometry")
    lon, lat = stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy()
    assert len(stations) > 400

    def misfit(*shift: float) -> float:
        return float(np.median(np.abs(smooth("relief", lon, lat, shift) - stations.elevation_m)))

    here = misfit(0, 0)
    assert here < 45
    for shift in [(0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5), (1, 0), (-1, 0), (0, 1), (0, -1)]:
        assert misfit(*shift) > here + 4, f"the relief lies {shift} cells off"


def test_relief_equals_an_independent_cut_of_the_same_source() -> None:
    other, transform = peer("dem_itu_p1511_nea_5arcmin.tif")
    values, mine = grid("relief")
    assert transform.almost_equals(mine, precision=1e-6)
    np.testing.assert_array_equal(values, other)


# ---------------------------------------------------------------- sun


def test_sun_equals_an_independent_expectation_of_the_same_distributions() -> None:
    other, transform = peer("solar_ghi_merra2_3deg_nea.tif")
    values, mine = grid("solar-ghi")
    assert transform.almost_equals(mine, precision=1e-6)
    np.testing.assert_allclose(values, other[:12], atol=1e-4)


def test_sun_stays_below_the_top_of_the_atmosphere_and_follows_the_season() -> None:
    values, transform = grid("solar-ghi")
    for row in range(values.shape[1]):
        lat = np.radians(transform.f + (row + 0.5) * transform.e)
        declination = pvlib.solarposition.declination_spencer71(MID_MONTH)
        half_day = np.arccos(np.clip(-np.tan(lat) * np.tan(declination), -1, 1))
        height = half_day * np.sin(lat) * np.sin(declination)
        height += np.cos(lat) * np.cos(declination) * np.sin(half_day)
        top = 24 / np.pi / 1000 * pvlib.irradiance.get_extra_radiation(MID_MONTH) * height
        share = values[:, row] / np.asarray(top)[:, None]
        assert np.nanmin(share) > 0.15
        assert np.nanmax(share) < 0.85
    mean = np.nanmean(values, axis=(1, 2))
    assert mean.argmin() in (0, 11)
    assert mean.argmax() in (4, 5, 6)


def test_sun_is_unknown_over_open_sea_only() -> None:
    values, _ = grid("solar-ghi")
    unknown = np.isnan(values)
    assert (unknown.all(axis=0) == unknown.any(axis=0)).all()
    assert not np.isnan(at("solar-ghi", *ULAANBAATAR)).any()


def test_sun_runs_high_as_the_record_says() -> None:
    points = gpd.read_file(LAYERS / "solar-points.gpkg", layer="solar_points")
    atlas = points[points.source.str.contains("Global Solar Atlas") & (points.quantity == "GHI")]
    atlas = atlas.cx[88:120, 42:52]
    month = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    year = np.array([at("solar-ghi", p.x, p.y) @ month for p in atlas.geometry])
    excess = year / atlas["value"].to_numpy() - 1
    assert len(atlas) > 80
    assert 0.03 < np.mean(excess) < 0.13


# ---------------------------------------------------------------- turbidity


@pytest.mark.parametrize(
    ("lon", "lat"), [ULAANBAATAR, BEIJING, (104.425, 43.571), (87.6, 43.8), (127.0, 37.5)]
)
def test_turbidity_is_near_what_pvlib_looks_up(lon: float, lat: float) -> None:
    times = pd.date_range("2021-01-01", periods=12, freq="MS", tz="UTC")
    own = pvlib.clearsky.lookup_linke_turbidity(times, lat, lon, interp_turbidity=False)
    # A quarter degree against 5 minutes: near a mountain the difference is real.
    np.testing.assert_allclose(at("turbidity", lon, lat), own.to_numpy(), atol=0.25)


def test_turbidity_is_the_rounded_mean_of_nine_finer_cells() -> None:
    fine, transform = peer("linke_turbidity_mongolia_5arcmin.tif")
    values, mine = grid("turbidity")
    column, row = ~mine * (transform.c, transform.f)
    rows, columns = fine.shape[1] // 3, fine.shape[2] // 3
    cut = values[:, round(row) : round(row) + rows, round(column) : round(column) + columns]
    mean = fine.reshape(12, rows, 3, columns, 3).mean(axis=(2, 4))
    assert np.abs(cut - mean).max() <= 0.025 + 1e-6


# ---------------------------------------------------------------- temperature


@pytest.mark.parametrize(
    ("place", "lon", "lat", "january", "july"),
    [
        # Published climate normals in round numbers; the model's cell is some 80 km wide.
        ("Ulaanbaatar", *ULAANBAATAR, -22, 17),
        ("Beijing", *BEIJING, -3, 27),
        ("Tokyo", 139.75, 35.69, 5, 26),
        ("Harbin", 126.57, 45.93, -18, 23),
    ],
)
def test_temperature_is_right_at_known_places(place, lon, lat, january, july) -> None:
    found = at("temperature", lon, lat)
    assert found[0] == pytest.approx(january, abs=4), place
    assert found[6] == pytest.approx(july, abs=4), place


def test_temperature_equals_an_independent_cut_of_the_same_source() -> None:
    other, transform = peer("temperature_itu_p1510_nea.tif")
    values, mine = grid("temperature")
    column, row = ~transform * (mine.c, mine.f)
    assert (column, row) == pytest.approx((0, 1))
    np.testing.assert_allclose(values, other[:12, 1:, :], atol=1e-4)


def test_january_is_colder_in_the_north_and_july_is_warmer_everywhere() -> None:
    values, _ = grid("temperature")
    assert (values[6] > values[0]).all()
    assert values[0, 0].mean() < values[0, -1].mean() - 15
