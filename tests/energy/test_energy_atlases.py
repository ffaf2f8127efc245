"""Atlases, reanalyses and masts in their own layouts, and series of any clock."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from atlas_files import era5_now, era5_then, hours
from odc.geo.geobox import GeoBox

from geo.energy.atlas import atlas_points, atlas_speed, check_speed, check_year
from geo.energy.hours import HOURS
from geo.energy.mast import monthly_radiation, read_mast
from geo.energy.reanalysis import era5_radiation, era5_wind
from geo.energy.series import year_of_hours
from geo.energy.wind import Turbine, weibull_scale
from geo.energy.wind_points import with_mast
from geo.energy.windfield import net_yield
from geo.errors import DataError, EmptyLayerError, LodemapError, LodemapWarning

LON, LAT = np.array([100.0, 100.25, 100.5]), np.array([46.25, 46.0])
WIND = {"u100": "m s**-1", "v100": "m s**-1"}
WRITERS = (era5_now, era5_then)


def wind_fields(stamps: pd.DatetimeIndex, mean: float = 7.0, k: float = 2.1) -> dict:
    share = (np.random.default_rng(1).permutation(len(stamps)) + 0.5) / len(stamps)
    speed = weibull_scale(mean, k) * (-np.log1p(-share)) ** (1 / k)
    turn = np.linspace(0, 40, len(stamps))
    cells = np.linspace(0.9, 1.1, 6).reshape(2, 3)
    return {
        "u100": (speed * np.cos(turn))[:, None, None] * cells,
        "v100": (speed * np.sin(turn))[:, None, None] * cells,
    }


@pytest.mark.parametrize("write", WRITERS)
def test_wind_of_an_era5_file_is_the_mean_of_speeds_not_of_components(
    tmp_path: Path, write: object
) -> None:
    stamps = hours()
    path = write(tmp_path / "era5.nc", stamps, LON, LAT, wind_fields(stamps), WIND)  # type: ignore[operator]
    found = era5_wind(path)
    cells = np.linspace(0.9, 1.1, 6).reshape(2, 3)
    np.testing.assert_allclose(found["speed"], 7.0 * cells, rtol=2e-3)
    np.testing.assert_allclose(found["shape"], 2.1, rtol=0.03)
    np.testing.assert_allclose(found["y"], LAT)
    np.testing.assert_allclose(found["x"], LON)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("year", [2020, 2021])
def test_radiation_of_an_era5_file_is_a_monthly_mean_of_days(
    tmp_path: Path, write: object, year: int
) -> None:
    stamps = hours(year)
    month = stamps.month.to_numpy()
    # Joules of the hour that ends at the stamp: 8 hours of light a day, more in June.
    lit = (stamps.hour.to_numpy() >= 1) & (stamps.hour.to_numpy() <= 8)
    watts = np.where(lit, 300.0 + 20 * np.minimum(month, 13 - month), 0.0)
    fields = {"ssrd": (watts * 3600)[:, None, None] * np.ones((2, 3))}
    path = write(tmp_path / "era5.nc", stamps, LON, LAT, fields, {"ssrd": "J m**-2"})  # type: ignore[operator]
    found = era5_radiation(path)
    assert found.shape == (12, 2, 3)
    expected = 8 * (300 + 20 * np.minimum(np.arange(1, 13), 13 - np.arange(1, 13))) / 1000
    np.testing.assert_allclose(found[:, 0, 0], expected, rtol=1e-3)


def test_the_last_months_come_from_two_releases_and_every_hour_counts_once(tmp_path: Path) -> None:
    stamps = hours()
    values = np.full((len(stamps), 2, 2, 3), np.nan)
    final = stamps.month.to_numpy() <= 9
    values[final, 0], values[~final, 1] = 3.6e5, 7.2e5
    path = era5_then(tmp_path / "e.nc", stamps, LON, LAT, {"ssrd": values}, {"ssrd": "J m**-2"})
    found = era5_radiation(path)
    np.testing.assert_allclose(found[:9], 2.4, rtol=1e-3)
    np.testing.assert_allclose(found[9:], 4.8, rtol=1e-3)


def test_an_archive_of_the_store_is_read_by_the_file_that_is_wanted(tmp_path: Path) -> None:
    stamps = hours()
    light = {"ssrd": np.full((len(stamps), 2, 3), 3.6e5)}
    sun = era5_now(tmp_path / "accum.nc", stamps, LON, LAT, light, {"ssrd": "J m**-2"})
    air = era5_now(tmp_path / "instant.nc", stamps, LON, LAT, wind_fields(stamps), WIND)
    packed = tmp_path / "download.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(sun, "data_stream-oper_stepType-accum.nc")
        archive.write(air, "data_stream-oper_stepType-instant.nc")
    np.testing.assert_allclose(era5_radiation(packed), 2.4, rtol=1e-6)
    np.testing.assert_array_equal(era5_wind(packed)["speed"], era5_wind(air)["speed"])
    # The store's download keeps the ending that one asked for.
    named = packed.rename(tmp_path / "download.nc")
    np.testing.assert_allclose(era5_radiation(named), 2.4, rtol=1e-6)
    with pytest.raises(DataError, match=r"download.nc: holds .*, not u10 and v10"):
        era5_wind(named, 10.0)
    with zipfile.ZipFile(tmp_path / "texts.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    with pytest.raises(DataError, match="is an archive without a NetCDF file"):
        era5_radiation(tmp_path / "texts.zip")


def test_unknown_hours_of_a_cell_make_its_month_unknown_and_no_other(tmp_path: Path) -> None:
    stamps = hours()
    values = np.full((len(stamps), 2, 3), 3.6e5)
    values[:200, 0, 1] = np.nan
    values[:20, 1, 2] = np.nan
    path = era5_now(tmp_path / "e.nc", stamps, LON, LAT, {"ssrd": values}, {"ssrd": "J m**-2"})
    found = era5_radiation(path)
    assert np.isnan(found[0, 0, 1])
    assert int(np.isnan(found).sum()) == 1
    np.testing.assert_allclose(found[0, 1, 2], 2.4)


def test_longitudes_beyond_180_are_west(tmp_path: Path) -> None:
    stamps = hours()
    path = era5_now(tmp_path / "e.nc", stamps, LON + 160, LAT, wind_fields(stamps), WIND)
    np.testing.assert_allclose(era5_wind(path)["x"], LON - 200)


def test_era5_files_that_do_not_serve_are_refused(tmp_path: Path) -> None:
    def written(name: str, stamps: pd.DatetimeIndex, fields: dict, units: dict) -> Path:
        return era5_now(tmp_path / f"{name}.nc", stamps, LON, LAT, fields, units)

    half = hours(months=6)
    stamps = hours()
    three = stamps[::3]
    months = pd.date_range("2021-01-01", periods=12, freq="MS")
    wind = wind_fields(stamps)
    cases = [
        (written("half", half, wind_fields(half), WIND), "months 7, 8, 9, 10, 11, 12"),
        (written("three", three, wind_fields(three), WIND), "every hour of the day"),
        (written("months", months, wind_fields(months), WIND), "means by month"),
        (written("east", stamps, {"u100": wind["u100"]}, WIND), "not v100: download both"),
        (written("knots", stamps, wind, {"u100": "knots", "v100": "knots"}), "unit 'knots'"),
    ]
    for path, message in cases:
        with pytest.raises(DataError, match=message):
            era5_wind(path)
    with pytest.raises(DataError, match="holds u100, v100, not ssrd"):
        era5_radiation(written("wind", stamps, wind, WIND))
    no_file = tmp_path / "text.nc"
    no_file.write_text("no grid")
    with pytest.raises(LodemapError, match="NetCDF"):
        era5_wind(no_file)


def mast_table(step: str = "10min", year: int = 2021) -> pd.DataFrame:
    stamps = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:50", freq=step)
    season = 1 + 0.2 * np.cos(2 * np.pi * stamps.day_of_year.to_numpy() / 365)
    draws = np.random.default_rng(3).weibull(2.2, len(stamps))
    speed = weibull_scale(7.5, 2.2) * draws * season
    return pd.DataFrame({"time": stamps.strftime("%Y-%m-%d %H:%M"), "v80": speed,
                         "v40": speed * 0.5**0.2})  # fmt: skip


def test_a_mast_gives_speed_shape_and_its_own_exponent() -> None:
    mast = read_mast(mast_table(), {"v40": 40.0, "v80": 80.0}, lon=107.0, lat=43.0)
    assert mast.height == 80
    assert mast.speed == pytest.approx(7.5, rel=0.01)
    assert 1.9 < mast.shape < 2.2
    assert mast.exponent == pytest.approx(0.2, abs=1e-3)
    assert mast.years == pytest.approx(1.0, abs=0.01)
    speed, sd = mast.at(120.0)
    assert speed == pytest.approx(mast.speed * 1.5**0.2)
    assert sd == pytest.approx(np.sqrt(0.02**2 + 0.06**2 + (0.03 * np.log(1.5)) ** 2), rel=0.01)
    alone = read_mast(mast_table("h"), {"v80": 80.0}, lon=107.0, lat=43.0)
    assert alone.exponent == 1 / 7
    assert alone.at(120.0)[1] > sd


def test_a_season_that_failed_more_does_not_weigh_less() -> None:
    table = mast_table("h")
    whole = read_mast(table, {"v80": 80.0}, lon=107.0, lat=43.0).speed
    winter = pd.to_datetime(table["time"]).dt.month.isin([1, 2, 12])
    fewer = table[~(winter & (np.arange(len(table)) % 5 < 2))]
    kept = read_mast(fewer, {"v80": 80.0}, lon=107.0, lat=43.0).speed
    assert kept == pytest.approx(whole, rel=0.01)
    assert fewer["v80"].mean() < 0.99 * whole


def test_values_that_no_wind_has_are_counted_and_left_out() -> None:
    table = mast_table("h")
    table.loc[5:24, "v80"] = 9999
    with pytest.warns(LodemapWarning, match="v80: 20 values outside 0 to 75 m/s"):
        mast = read_mast(table, {"v80": 80.0}, lon=107.0, lat=43.0)
    assert mast.speed == pytest.approx(7.5, rel=0.02)


def test_a_radiation_station_gives_monthly_days() -> None:
    stamps = pd.date_range("2020-01-01", "2020-12-31 23:45", freq="15min", tz="Etc/GMT-8")
    values = np.where((stamps.hour >= 9) & (stamps.hour < 17), 400.0, -2.0)
    table = pd.DataFrame({"t": stamps.strftime("%Y-%m-%dT%H:%M:%S+08:00"), "ghi": values})
    np.testing.assert_allclose(monthly_radiation(table, "ghi", time="t"), 3.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": "when"}, "no column 'when': name its stamps; it has time, v80"),
        ({"speeds": {"v90": 90.0}}, "no column 'v90'"),
        ({"speeds": {}}, "no column of speeds"),
    ],
)
def test_a_mast_that_is_misnamed_is_refused(change: dict, message: str) -> None:
    call = {"speeds": {"v80": 80.0}, "time": "time"} | change
    with pytest.raises(DataError, match=message):
        read_mast(mast_table("h"), call.pop("speeds"), lon=107.0, lat=43.0, **call)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.assign(time="31.01.2021"), "holds no dates: write them as"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "2021-01-01 00:00 stands twice"),
        (lambda t: t.iloc[::24], "step of 24 hours"),
        (lambda t: t.iloc[:5000], "less than half of the months 8, 9, 10, 11, 12"),
        (lambda t: t.assign(v80="7,5 m/s"), "holds no numbers"),
        (lambda t: t.assign(v80=t["v80"] * 100), "over half of 'v80' is outside"),
    ],
)
def test_a_mast_that_does_not_serve_is_refused(spoil: object, message: str) -> None:
    table = spoil(mast_table("h"))  # type: ignore[operator]
    with pytest.raises(DataError, match=message):
        read_mast(table, {"v80": 80.0}, lon=107.0, lat=43.0)


def year_at(zone: str | None, year: int = 2021, start: str = "00:00") -> pd.Series:
    stamps = pd.date_range(f"{year}-01-01 {start}", periods=HOURS, freq="h", tz=zone)
    return pd.Series(np.arange(HOURS, dtype=float), index=stamps)


def test_hours_of_another_zone_are_turned_round() -> None:
    same = year_of_hours(year_at("Etc/GMT-8"), utc_offset=8)
    np.testing.assert_array_equal(same, np.arange(HOURS))
    np.testing.assert_array_equal(year_of_hours(year_at(None), utc_offset=8), same)
    turned = year_of_hours(year_at("UTC"), utc_offset=8)
    np.testing.assert_array_equal(turned, np.roll(same, 8))


def test_stamps_at_the_middle_or_the_end_are_brought_to_the_beginning() -> None:
    plain = np.arange(HOURS)
    middle = year_of_hours(year_at("UTC", start="00:30"), utc_offset=0, stamp="middle")
    np.testing.assert_array_equal(middle, plain)
    end = year_of_hours(year_at("UTC", start="01:00"), utc_offset=0, stamp="end")
    np.testing.assert_array_equal(end, plain)
    with pytest.raises(DataError, match="stamp='middle'"):
        year_of_hours(year_at("UTC", start="00:30"), utc_offset=0)
    # A clock that is half an hour off is another thing.
    india = year_of_hours(year_at("UTC", start="18:30"), utc_offset=5.5)
    assert india[24] == 0


def test_a_leap_day_is_left_out_and_told() -> None:
    stamps = pd.date_range("2020-01-01", periods=8784, freq="h")
    with pytest.warns(LodemapWarning, match="leap day is left out: 24 steps"):
        found = year_of_hours(pd.Series(np.arange(8784.0), stamps), utc_offset=8)
    assert found[59 * 24 - 1] == 59 * 24 - 1
    assert found[59 * 24] == 60 * 24


def test_parts_of_hours_are_averaged_and_an_unknown_part_makes_the_hour_unknown() -> None:
    stamps = pd.date_range("2021-01-01", periods=HOURS * 6, freq="10min")
    values = np.arange(HOURS * 6, dtype=float)
    values[7] = np.nan
    found = year_of_hours(pd.Series(values, stamps), utc_offset=8)
    assert found[0] == 2.5
    assert np.isnan(found[1])
    assert int(np.isnan(found).sum()) == 1


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (pd.Series([1.0, 2.0]), "no stamps"),
        (year_at("UTC").iloc[:4000], "give one whole year"),
        (year_at("UTC").drop(year_at("UTC").index[100:103]), "not 1 hours later"),
        (year_at("UTC").iloc[::2], "step of 2 hours"),
    ],
)
def test_series_that_are_no_year_are_refused(series: pd.Series, message: str) -> None:
    with pytest.raises(DataError, match=message):
        year_of_hours(series, utc_offset=8)


def test_summer_time_is_found_out() -> None:
    clock = year_at("Europe/Berlin")
    clock.index = clock.index.tz_localize(None)
    with pytest.raises(DataError, match=r"2021-03-28 01:00 .* summer time"):
        year_of_hours(clock, utc_offset=1)
    with pytest.raises(DataError, match="utc_offset is 480"):
        year_of_hours(year_at("UTC"), utc_offset=480)


def test_an_atlas_in_another_unit_is_found_by_its_range() -> None:
    with pytest.raises(DataError, match=r"GHI.tif: runs from 3.5 to 5, .* means of a day"):
        check_year(xr.DataArray([[3.5, 5.0, np.nan]]), "GHI.tif")
    with pytest.raises(DataError, match="yearly totals of the horizontal"):
        check_year(xr.DataArray([[130.0, 150.0]]), "GHI.tif")
    with pytest.raises(DataError, match="not the power density"):
        check_speed(xr.DataArray([[200.0, 450.0]]), "MNG_power-density_100m.tif")
    with pytest.raises(EmptyLayerError, match="every cell is unknown"):
        check_year(xr.DataArray([[np.nan]]), "GHI.tif")
    check_year(xr.DataArray([[1400.0, 1800.0]]), "GHI.tif")
    raster = xr.DataArray(
        np.full((4, 4), np.nan), dims=("y", "x"),
        coords={"y": [47.0, 46, 45, 44], "x": [100.0, 101, 102, 103]},
    )  # fmt: skip
    with pytest.raises(EmptyLayerError, match="knows nothing in the region"):
        atlas_points(raster, (100, 44, 103, 47))


def test_height_adds_its_error_to_an_atlas_of_wind() -> None:
    grid = GeoBox.from_bbox((0, 0, 2000, 1000), "EPSG:32647", resolution=1000)
    speed = xr.DataArray(np.array([[7.0, np.nan]]), dims=("y", "x"))
    same = atlas_speed(speed, grid, 100.0, 100.0, relative_sd=0.1)
    np.testing.assert_allclose(same["speed"].to_numpy()[0, 0], 7.0)
    np.testing.assert_allclose(same["speed_sd"].to_numpy()[0, 0], 0.7, rtol=1e-6)
    up = atlas_speed(speed, grid, 100.0, 150.0, relative_sd=0.1)
    assert up["speed"].to_numpy()[0, 0] == pytest.approx(7 * 1.5 ** (1 / 7), rel=1e-6)
    relative = (up["speed_sd"] / up["speed"]).to_numpy()[0]
    assert relative[0] == pytest.approx(np.hypot(0.1, 0.05 * np.log(1.5)), rel=1e-6)
    assert np.isnan(relative[1])


def test_places_with_shapes_of_their_own_are_yielded_by_them() -> None:
    curve = pd.DataFrame({"speed": [3.0, 12.0, 25.0], "share": [0.0, 1.0, 1.0]})
    machine = Turbine("ramp", curve, 100.0)
    call = ([7.0, 7.0, 7.0], [0.1] * 3, [1000.0] * 3, np.full((12, 3), 5.0), machine)
    value, low, high = net_yield(*call, shape=[1.6, 2.2, np.nan])
    plain, _, _ = net_yield(*call)
    assert value[1] == pytest.approx(plain[1], rel=1e-9)
    assert value[0] != pytest.approx(plain[0], rel=0.005)
    assert np.isnan(value[2])
    assert low[0] < value[0] < high[0]


def test_a_mast_stands_for_the_points_beside_it() -> None:
    import geopandas as gpd

    points = gpd.GeoDataFrame(
        {"name": ["a", "b"], "speed": [6.0, 8.0], "height": 100.0, "log_sd": 0.1,
         "basis": "design", "rows": 1},
        geometry=gpd.points_from_xy([107.0, 109.0], [43.0, 43.0]), crs=4326,
    )  # fmt: skip
    mast = read_mast(mast_table("h"), {"v80": 80.0}, lon=107.02, lat=43.01)
    found = with_mast(points, mast, 100.0, name="m")
    assert found["name"].tolist() == ["b", "m"]
    own = found.set_index("name").loc["m"]
    assert own["speed"] == pytest.approx(mast.at(100.0)[0])
    assert own["log_sd"] < 0.08
    assert with_mast(points, mast, 100.0, name="m", log_sd=0.02)["log_sd"].min() == 0.02
