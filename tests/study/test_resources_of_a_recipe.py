"""One line of a recipe puts an atlas, a reanalysis or a mast in the place of coarse layers."""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from atlas_files import atlas_tiff, era5_now, hours, mast_csv
from pyproj import Transformer
from small_world import record, small_world

import geo
from geo.catalogue import Catalogue, embedded_folders
from geo.errors import LodemapError
from geo.recipe import load_recipe
from geo.study.months import monthly_yields, season
from geo.study.power import power_cost, power_notes, solar_surfaces, wind_surfaces
from geo.study.workbench import Workbench

ENERGY = """
[energy]
relief = "relief"
temperature = "temperature"

[energy.solar]
radiation = "solar-ghi"
points = "solar-points"
turbidity = "turbidity"
#SOLAR
[energy.solar.cost]
capital = "900 USD/kW"
fixed = "14 USD/kW/year"
real_rate = "8 %"
currency_year = 2024
years = "25 year"
source = "made up"

[energy.wind]
points = "energy-yields"
stations = "wind-points"
turbines = "wind-turbines"
turbine = "V126/3450"
hub_height = "100 m"
#WIND
[energy.wind.cost]
capital = "1400 USD/kW"
fixed = "40 USD/kW/year"
real_rate = "8 %"
currency_year = 2024
years = "25 year"
source = "made up"
"""
WEST, EAST, SOUTH, NORTH = 99.5, 104.5, 44.5, 48.5
LON, LAT = np.arange(99.0, 105.25, 0.25), np.arange(49.0, 43.75, -0.25)
STAMPS = hours()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world with an energy table, and sources in their own layouts."""
    folder = tmp_path_factory.mktemp("world")
    small_world(folder)
    layers = folder / "layers"
    x = WEST + 0.01 * (np.arange(500) + 0.5)
    y = NORTH - 0.01 * (np.arange(400) + 0.5)
    ghi = 1700 - 40 * (y[:, None] - 46) + 15 * np.sin(8 * x[None, :])
    ghi[:, x > 103.5] = np.nan
    atlas_tiff(layers / "GHI.tif", ghi, WEST, NORTH, 0.01)
    record(layers, "gsa", "GHI.tif", kind="raster", unit="kWh/m2")
    atlas_tiff(layers / "daily.tif", ghi / 365.25, WEST, NORTH, 0.01)
    record(layers, "gsa-day", "daily.tif", kind="raster", unit="kWh/m2")
    record(layers, "gsa-told", "daily.tif", kind="raster", unit="kWh/m2/day")
    speed = 7 + 0.5 * np.cos(5 * x[None, :]) + 0 * y[:, None]
    speed[y < 45.5] = np.nan
    atlas_tiff(layers / "MNG_wind-speed_100m.tif", speed, WEST, NORTH, 0.01)
    record(layers, "gwa", "MNG_wind-speed_100m.tif", kind="raster", unit="m/s")

    hour = STAMPS.hour.to_numpy()
    sun = np.where((hour >= 1) & (hour <= 10), 480.0 * 3600, 0)
    cells = np.ones((len(LAT), len(LON)))
    turn = np.random.default_rng(1).uniform(0, 6.28, len(STAMPS))
    size = 8 * np.random.default_rng(2).weibull(2, len(STAMPS))
    fields = {
        "ssrd": sun[:, None, None] * cells,
        "u100": (size * np.cos(turn))[:, None, None] * cells,
        "v100": (size * np.sin(turn))[:, None, None] * cells,
    }
    units = {"ssrd": "J m**-2", "u100": "m s**-1", "v100": "m s**-1"}
    era5_now(layers / "era5.nc", STAMPS, LON, LAT, fields, units)
    record(layers, "era5", "era5.nc", kind="raster", unit="m/s", variable="u100")

    wind = 8.8 * np.random.default_rng(4).weibull(2.2, len(STAMPS))
    light = np.where((hour >= 8) & (hour < 18), 480.0, 0.0)
    mast_csv(layers / "mast.csv", STAMPS, {"ws80": wind, "ws40": wind * 0.5**0.18, "ghi": light})
    record(layers, "mast", "mast.csv", kind="table", crs=None)
    return folder


def bench(world: Path, solar: str = "", wind: str = "") -> Workbench:
    text = (world / "hills.toml").read_text("utf-8") + ENERGY
    path = world / "energy.toml"
    path.write_text(text.replace("#SOLAR", solar).replace("#WIND", wind), "utf-8")
    recipe = load_recipe(path)
    return Workbench(recipe, Catalogue.open(*embedded_folders(), world / "layers"))


@pytest.fixture(scope="module")
def coarse(world: Path) -> Workbench:
    return bench(world)


def lonlat_of(surface: xr.DataArray, at: Workbench) -> tuple[np.ndarray, np.ndarray]:
    there = Transformer.from_crs(str(at.grid.crs), 4326, always_xy=True)
    return there.transform(*np.meshgrid(surface["x"], surface["y"]))


def test_a_solar_atlas_sets_the_radiation_of_every_cell(world: Path, coarse: Workbench) -> None:
    found = bench(world, solar='resource = "gsa"')
    sun = solar_surfaces(found)
    lon, lat = lonlat_of(sun.radiation.central, found)
    stated = 1700 - 40 * (lat - 46) + 15 * np.sin(8 * lon)
    known = np.isfinite(sun.radiation.central.to_numpy())
    inside = (lon > 99.6) & (lon < 103.4) & (lat > 44.6) & (lat < 48.4)
    assert known[inside].all()
    assert not known[lon > 103.6].any()
    np.testing.assert_allclose(sun.radiation.central.to_numpy()[inside], stated[inside], rtol=0.01)
    before = solar_surfaces(coarse)
    ratio = (sun.factor.central / before.factor.central).to_numpy()[inside]
    light = (sun.radiation.central / before.radiation.central).to_numpy()[inside]
    # A clearer sky is more direct: the tilted plane gains more than the horizontal.
    np.testing.assert_allclose(ratio, light**1.28, rtol=0.02)
    width = (sun.radiation.high / sun.radiation.central - 1).to_numpy()[inside]
    np.testing.assert_allclose(width, 1.2816 * 0.047, rtol=1e-3)
    assert (width < (before.radiation.high / before.radiation.central - 1).to_numpy()[inside]).all()


def test_an_atlas_of_days_is_taken_only_where_its_record_says_so(world: Path) -> None:
    with pytest.raises(LodemapError, match=r"daily.tif: runs from .* means of a day"):
        solar_surfaces(bench(world, solar='resource = "gsa-day"'))
    told = solar_surfaces(bench(world, solar='resource = "gsa-told"')).radiation.central
    plain = solar_surfaces(bench(world, solar='resource = "gsa"')).radiation.central
    np.testing.assert_allclose(told, plain, rtol=1e-4)


def test_a_reanalysis_takes_the_place_of_the_coarse_radiation(world: Path) -> None:
    # The same 4.8 kWh a day in all months; the places of the atlas correct its level.
    found = solar_surfaces(bench(world, solar='resource = { layer = "era5" }'))
    values = found.radiation.central.to_numpy()
    assert np.isfinite(values).all()
    assert 1300 < values.mean() < 1900


def test_a_station_stands_for_its_place(world: Path, coarse: Workbench) -> None:
    line = 'resource = { layer = "mast", lon = 101.75, lat = 46.25, radiation = "ghi" }'
    found = bench(world, solar=line)
    after, before = solar_surfaces(found).radiation, solar_surfaces(coarse).radiation
    lon, lat = lonlat_of(after.central, found)
    near = np.hypot((lon - 101.75) * 0.7, lat - 46.25) < 0.15
    moved = (after.central / before.central).to_numpy()[near]
    towards = 4.8 * 365 / before.central.to_numpy()[near]
    assert (np.sign(moved - 1) == np.sign(towards - 1)).all()
    assert (np.abs(moved - 1) > 0.3 * np.abs(towards - 1)).all()


def test_a_wind_atlas_fills_what_was_unknown(world: Path, coarse: Workbench) -> None:
    assert np.isnan(wind_surfaces(coarse).speed.central.to_numpy()).any()
    found = bench(world, wind='resource = { layer = "gwa", height = "100 m", error = "8 %" }')
    wind = wind_surfaces(found)
    lon, lat = lonlat_of(wind.speed.central, found)
    inside = (lon > 99.6) & (lon < 104.4) & (lat > 45.6) & (lat < 48.4)
    speed = wind.speed.central.to_numpy()
    np.testing.assert_allclose(speed[inside], (7 + 0.5 * np.cos(5 * lon))[inside], rtol=0.01)
    assert np.isnan(speed[lat < 45.4]).all()
    np.testing.assert_allclose(
        (wind.speed.high / wind.speed.central).to_numpy()[inside], 1 + 1.2816 * 0.08, rtol=1e-3
    )
    assert np.isfinite(wind.factor.central.to_numpy()[inside]).all()
    assert np.isfinite(power_cost(found, "cheapest").central.to_numpy()[inside]).all()


def test_a_reanalysis_gives_wind_with_a_shape_of_its_own(world: Path) -> None:
    wind = wind_surfaces(bench(world, wind='resource = "era5"'))
    speed = wind.speed.central.to_numpy()
    np.testing.assert_allclose(speed, 8 * 0.8862, rtol=0.02)
    np.testing.assert_allclose((wind.speed.high / wind.speed.central), 1 + 1.2816 * 0.15, rtol=1e-3)


def test_a_mast_makes_its_surroundings_known(world: Path, coarse: Workbench) -> None:
    line = (
        'resource = { layer = "mast", lon = 100.6, lat = 47.4, '
        'speeds = { ws80 = "80 m", ws40 = "40 m" } }'
    )
    found = bench(world, wind=line)
    before, after = (wind_surfaces(one).speed.central.to_numpy() for one in (coarse, found))
    lon, lat = lonlat_of(wind_surfaces(found).speed.central, found)
    near = np.hypot((lon - 100.6) * 0.7, lat - 47.4) < 0.1
    assert np.isnan(before[near]).all()
    expected = 8.8 * 0.8856 * (100 / 80) ** 0.18
    np.testing.assert_allclose(after[near], expected, rtol=0.06)


def test_the_whole_study_runs_with_one_line_more(world: Path, tmp_path: Path) -> None:
    bench(world, wind='resource = { layer = "gwa", height = "100 m" }')
    text = (world / "energy.toml").read_text("utf-8")
    height = 'measure = "value"\nlayer = "ground"\nunit = "m"\n'
    assert height in text
    text = text.replace(height, 'measure = "wind-speed"\n').replace(
        '[["0 m", 0.0], ["2000 m", 1.0]]', '[["5 m/s", 0.0], ["9 m/s", 1.0]]'
    )
    recipe = world / "wind.toml"
    recipe.write_text(text, "utf-8")
    result = geo.Study.from_toml(recipe).run()
    folder = result.write(tmp_path / "out")
    assert "gwa" in (folder / "provenance.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("solar", "wind", "message"),
    [
        ("", 'resource = "gwa"', r"resource 'gwa' does not say its height: write \{ layer"),
        ("", 'resource = "mast"', "is a table: write .* speeds"),
        ('resource = "mast"', "", "is a table: write .* radiation"),
        ('resource = { layer = "gsa", eror = "5 %" }', "", "does not know the key 'eror'"),
        ('resource = { layer = "gsa", error = "500 %" }', "", "between 0 % and 100 %"),
        ("", 'resource = { layer = "mast", lon = 500, lat = 3 }', "must be degrees, found 500"),
        ("", "resource = 3", "resource must be a layer or a table, found 3"),
        ("", 'resource = { layer = "gwa", height = "0 m" }', "more than zero"),
        ('resource = "nowhere"', "", "nowhere"),
    ],
)
def test_a_line_that_does_not_say_enough_is_refused(
    world: Path, solar: str, wind: str, message: str
) -> None:
    def surfaces() -> object:
        found = bench(world, solar, wind)
        return solar_surfaces(found) if solar else wind_surfaces(found)

    with pytest.raises(LodemapError, match=message):
        surfaces()


def test_the_page_says_how_far_sun_and_wind_were_checked(world: Path, coarse: Workbench) -> None:
    sun, wind = power_notes(coarse)
    assert re.fullmatch(
        r"Radiation of the year rests on \d+ points\. Each .* error of [\d.]+ % .* "
        r"[78]\d % lie within the stated 80 % interval\.", sun
    )  # fmt: skip
    assert "Wind at 100 m rests on 13 points" in wind
    assert "Fewer than 20 points are too few to prove that interval." in wind
    assert "Farther than 192 km from every point the wind is unknown." in wind
    solar = 'resource = "gsa"'
    line = 'resource = { layer = "gwa", height = "100 m" }'
    assert power_notes(bench(world, solar, line)) == (
        "Radiation of the year comes from the layer gsa, with an error of 4.7 % as stated by the "
        "recipe or by default.",
        "Wind at 100 m comes from the layer gwa, with an error of 10 % as stated by the recipe "
        "or by default.",
    )


def test_a_season_of_the_sun_is_a_part_of_its_year(world: Path, coarse: Workbench) -> None:
    year = solar_surfaces(coarse)
    half = season(coarse, "radiation", (4, 5, 6, 7, 8, 9)).central.to_numpy()
    rest = season(coarse, "radiation", (1, 2, 3, 10, 11, 12)).central.to_numpy()
    whole = year.radiation.central.to_numpy()
    np.testing.assert_allclose(half + rest, whole, rtol=1e-5)
    assert (half > 1.5 * rest).all()
    winter = season(coarse, "factor", (12, 1))
    assert (winter.low <= winter.central).all()
    assert (winter.central <= winter.high).all()
    assert monthly_yields(coarse) == {}
    asked = bench(world, solar="monthly = true")
    monthly = monthly_yields(asked)
    assert list(monthly) == [f"solar-yield-{month:02d}" for month in range(1, 13)]
    days = [31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    mean = sum(d * monthly[n].to_numpy() for d, n in zip(days, monthly, strict=True)) / 365.25
    known = np.isfinite(mean)
    assert known.any()
    assert not known.all()  # unknown outside the region
    np.testing.assert_allclose(mean[known], 100 * year.factor.central.to_numpy()[known], rtol=1e-4)


def test_months_and_their_rasters_by_a_recipe(world: Path, tmp_path: Path) -> None:
    text = (world / "hills.toml").read_text("utf-8") + ENERGY.replace("#SOLAR", "monthly = true")
    winter = """
[[theme.criterion]]
id = "winter"
title = "Radiation of the winter"
measure = "solar-radiation"
months = [10, 11, 12, 1, 2, 3]
value = { linear = [["0 kWh/m2", 0.0], ["800 kWh/m2", 1.0]] }
weight = 0.2
source = "made up"
"""
    path = world / "winter.toml"
    path.write_text(text.replace("\n[energy]\n", winter + "\n[energy]\n", 1), "utf-8")
    folder = geo.Study.from_toml(path, cell_size=10_000).run().write(tmp_path / "out")
    with rasterio.open(folder / "solar-yield-06.tif") as june:
        assert june.tags()["long_name"] == "Solar yield in June"
        bright = june.read(1)
    with rasterio.open(folder / "solar-yield-12.tif") as december:
        dark = december.read(1)
    assert np.nanmean(bright) > 1.2 * np.nanmean(dark)
    with zipfile.ZipFile(folder / "winter.qgz") as project:
        assert "Solar yield by month" in project.read("winter.qgs").decode()
    item = json.loads((folder / "item.json").read_text("utf-8"))
    assert any("solar-yield-06.tif" in asset["href"] for asset in item["assets"].values())
    theme = next(folder.glob("*-winter.tif"))
    with rasterio.open(theme) as season_:
        values = season_.read(1)
    assert 300 < np.nanmean(values) < 800
    path.write_text(path.read_text("utf-8").replace("[10, 11,", "[13, 11,"), "utf-8")
    with pytest.raises(LodemapError, match=r"winter.toml:\d+: months must be some of the numbers"):
        load_recipe(path)
