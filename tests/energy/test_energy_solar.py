"""Sun, days and photovoltaic yield."""

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from energy_layers import SHARED, atlas_points, flat_world, raster, real
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pvlib import clearsky, irradiance, location

from geo.energy.hours import MONTH_OF_HOUR
from geo.energy.interpolation import bilinear
from geo.energy.pv import PvSystem
from geo.energy.solar import (
    monthly_surface,
    node_yield,
    optimal_tilt,
    radiation_course,
    solar_resource,
    yield_at,
)
from geo.energy.solar import yield_surface as solar_surface
from geo.energy.sun import DAYS_IN_MONTH, clear_sky_ghi, day_classes, sun_position
from geo.energy.typical_year import typical_year
from geo.errors import DataError, EmptyLayerError

BOUNDS = (99.0, 45.0, 102.0, 48.0)
FIVE = atlas_points([98, 100, 102, 104, 101], [44, 46, 48, 46, 50], [1600, 1600, 1550, 1600, 1500])


@pytest.fixture(scope="module")
def resource() -> xr.Dataset:
    return solar_resource(**flat_world(), points=FIVE, bounds=BOUNDS)


def test_average_days_reproduce_the_clear_sky_year_of_pvlib() -> None:
    place = location.Location(47.9, 106.9, "Etc/GMT-7", 1300)
    times = pd.date_range("2021-01-01", "2021-12-31 23:45", freq="15min", tz="Etc/GMT-7")
    sun = place.get_solarposition(times)
    pressure_mass = place.get_airmass(times, sun)["airmass_absolute"]
    extra = irradiance.get_extra_radiation(times.day_of_year.to_numpy())
    theirs = clearsky.ineichen(sun["apparent_zenith"], pressure_mass, 2.5, 1300, extra)["ghi"]
    ours = clear_sky_ghi(sun_position([47.9]), np.array([1300.0]), np.full((12, 1), 2.5))
    monthly = theirs.groupby(times.month).sum() / 4000
    by_average_day = ours[0].sum(axis=1) / 1000 * DAYS_IN_MONTH
    assert by_average_day.sum() == pytest.approx(monthly.sum(), rel=0.01)
    np.testing.assert_allclose(by_average_day, monthly, rtol=0.04)


@settings(deadline=None)
@given(st.floats(0.12, 0.98), st.integers(1, 9))
def test_day_classes_rise_between_dark_and_clear_and_keep_the_mean(mean: float, n: int) -> None:
    found = day_classes(mean, n)
    assert found.shape == (n,)
    assert found.mean() == pytest.approx(mean, abs=1e-5)
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0.07 - 1e-9
    assert found.max() <= 1 + 1e-9


def test_day_classes_are_the_means_of_the_truncated_exponential() -> None:
    # For the slope 5 on [0.07, 1], by the quantiles of its distribution.
    share = (np.arange(1_000_000) + 0.5) / 1_000_000
    days = 0.07 + 0.93 * np.log1p(share * np.expm1(5.0)) / 5.0
    np.testing.assert_allclose(
        day_classes(days.mean(), 5), days.reshape(5, -1).mean(axis=1), atol=1e-5
    )


def test_unknown_months_have_unknown_days() -> None:
    assert np.isnan(day_classes([0.5, np.nan])[1]).all()


def test_without_correction_the_index_and_the_clear_sky_give_the_source_back() -> None:
    world = flat_world(0.8)
    clear = clear_sky_ghi(sun_position([46.25]), np.array([1200.0]), np.full((12, 1), 2.5))
    year = 0.8 * (clear[0].sum(axis=1) / 1000 * DAYS_IN_MONTH).sum()
    everywhere = atlas_points([98, 100, 102], [46, 46.2, 46.4], [year] * 3)
    found = solar_resource(**world, points=everywhere, bounds=BOUNDS)
    at = found.sel(lat=46.25, lon=100.25)
    assert at["ghi_annual"].item() == pytest.approx(year, rel=1e-3)
    assert at["correction"].item() == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(at["clear_sky_index"], 0.8, atol=2e-3)


def test_the_correction_pulls_towards_the_atlas_and_its_error_grows_away_from_it(
    resource: xr.Dataset,
) -> None:
    at = resource.sel(lat=46.25, lon=100.25)
    assert at["ghi_annual"].item() == pytest.approx(1600, rel=0.02)
    lower = FIVE.assign(value=0.85 * FIVE["value"])
    pulled = solar_resource(**flat_world(), points=lower, bounds=BOUNDS).sel(lat=46.25, lon=100.25)
    assert pulled["ghi_annual"].item() == pytest.approx(0.85 * 1600, rel=0.02)
    far = solar_resource(**flat_world(), points=FIVE, bounds=(108, 40, 110, 42))
    assert float(far["ghi_sd"].min()) > at["ghi_sd"].item()
    assert at["ghi_sd"].item() >= resource.attrs["atlas_sd"]


def test_points_of_one_atlas_cell_count_once_and_a_held_out_place_not_at_all() -> None:
    twice = pd.concat([FIVE, atlas_points([98.1], [44.1], [9 * 1600 / 8])], ignore_index=True)
    found = solar_resource(**flat_world(), points=twice, bounds=BOUNDS)
    assert found.attrs["loo_points"] == 5
    held = solar_resource(**flat_world(), points=FIVE, bounds=BOUNDS, hold_out=(100, 46, 50))
    assert held.attrs["loo_points"] == 4


def test_higher_land_gets_more_sun_from_the_same_index() -> None:
    world = flat_world()
    world["relief"] = world["relief"].copy()
    world["relief"].loc[{"x": slice(100.5, 103)}] += 1500.0
    found = solar_resource(**world, points=FIVE, bounds=BOUNDS)
    clear = (found["ghi"] / found["clear_sky_index"]).sel(lat=46.25)
    assert (clear.sel(lon=101.75) > 1.02 * clear.sel(lon=99.25)).all()


def test_radiation_never_exceeds_the_clear_sky_even_where_the_atlas_asks_for_it() -> None:
    bright = FIVE.assign(value=2600.0)
    found = solar_resource(**flat_world(0.95), points=bright, bounds=BOUNDS)
    assert float(found["clear_sky_index"].max()) <= 0.985
    system = PvSystem()
    cloudy = node_yield(found, system)["capacity_factor_ac"]
    clear = found.copy()
    clear["clear_sky_index"] = xr.full_like(found["clear_sky_index"], 0.985)
    assert (cloudy <= node_yield(clear, system)["capacity_factor_ac"] + 1e-9).all()


def test_capacity_factor_follows_from_radiation_and_the_performance_ratio(
    resource: xr.Dataset,
) -> None:
    found = node_yield(resource, PvSystem())
    product = found["poa_annual"] * found["performance_ratio"] / 8766 * 1.1
    np.testing.assert_allclose(found["capacity_factor_ac"], product)
    assert ((found["performance_ratio"] > 0.78) & (found["performance_ratio"] < 0.88)).all()
    assert ((found["capacity_factor_ac"] > 0) & (found["capacity_factor_ac"] < 1)).all()


def test_split_and_transposition_agree_with_pvlib_hour_by_hour(resource: xr.Dataset) -> None:
    from geo.energy.solar import _Days

    one = resource.sel(lat=[46.25], lon=[100.25]).stack(node=("lat", "lon"))  # noqa: PD013
    days = _Days.of(np.array([46.25]), one, 5)
    plane, sky = days.plane(35.0, PvSystem()), days.sky
    zenith = np.broadcast_to(sky.zenith, sky.ghi.shape)
    azimuth = np.broadcast_to(sky.azimuth, sky.ghi.shape)
    day = np.broadcast_to(
        np.array([17, 47, 75, 105, 135, 162, 198, 228, 258, 288, 318, 344])[None, :, None, None],
        sky.ghi.shape,
    ).ravel()
    split = irradiance.erbs(sky.ghi.ravel(), zenith.ravel(), day)
    np.testing.assert_allclose(sky.dni.ravel(), split["dni"], rtol=1e-3, atol=0.5)
    theirs = irradiance.get_total_irradiance(
        35.0,
        180.0,
        zenith.ravel(),
        azimuth.ravel(),
        split["dni"],
        sky.ghi.ravel(),
        split["dhi"],
        dni_extra=irradiance.get_extra_radiation(day),
        albedo=0.2,
        model="haydavies",
    )["poa_global"]
    np.testing.assert_allclose(plane.total.ravel(), theirs, rtol=2e-3, atol=0.5)


def test_without_reflection_heat_and_losses_the_plane_is_the_yield(resource: xr.Dataset) -> None:
    bare = PvSystem(
        temperature_coefficient=0,
        soiling=0,
        shading=0,
        dc_losses=0,
        inverter_loss=0,
        ac_losses=0,
        unavailability=0,
        dc_ac_ratio=0.5,
    )
    found = node_yield(resource, bare)
    # What is left is reflection off the glass: 2 to 4 %.
    assert ((found["performance_ratio"] > 0.95) & (found["performance_ratio"] < 0.985)).all()


@pytest.mark.parametrize(
    "name", ["soiling", "shading", "dc_losses", "inverter_loss", "ac_losses", "unavailability"]
)
def test_more_losses_give_less(resource: xr.Dataset, name: str) -> None:
    less = node_yield(resource, PvSystem(tilt=40, **{name: 0.2}))["capacity_factor_ac"]
    assert (less < node_yield(resource, PvSystem(tilt=40))["capacity_factor_ac"]).all()


def test_warmth_costs_yield_and_a_small_inverter_clips(resource: xr.Dataset) -> None:
    base = node_yield(resource, PvSystem(tilt=40))
    warm = node_yield(resource.assign(temperature=resource["temperature"] + 20), PvSystem(tilt=40))
    ratio = warm["capacity_factor_ac"] / base["capacity_factor_ac"]
    np.testing.assert_allclose(ratio, 1 - 20 * 0.0035, atol=0.01)
    swing = node_yield(resource, PvSystem(tilt=40, diurnal_range=20))
    # The sun shines on the warm half of the day.
    assert (swing["capacity_factor_ac"] < 0.995 * base["capacity_factor_ac"]).all()
    small = node_yield(resource, PvSystem(tilt=40, dc_ac_ratio=1.8))
    assert (small["capacity_factor_ac"] > base["capacity_factor_ac"]).all()
    assert (small["capacity_factor_dc"] < 0.99 * base["capacity_factor_dc"]).all()


def test_the_best_tilt_beats_its_neighbours_and_faces_the_equator(resource: xr.Dataset) -> None:
    best = float(optimal_tilt(resource, PvSystem()).mean())
    assert 33 < best < 48
    gained = [
        float(node_yield(resource, PvSystem(tilt=t))["poa_annual"].mean())
        for t in (best - 8, best, best + 8)
    ]
    assert gained[1] > max(gained[0], gained[2])
    north = node_yield(resource, PvSystem(tilt=best, azimuth=0.0))["poa_annual"].mean()
    assert north < 0.7 * gained[1]


def test_the_surface_lies_on_the_grid_between_the_nodes(resource: xr.Dataset) -> None:
    grid = GeoBox.from_bbox((0, 0, 100_000, 60_000), "EPSG:32647", resolution=10_000)
    shifted = GeoBox.from_bbox((490_000, 5_040_000, 590_000, 5_100_000), "EPSG:32647",
                               resolution=10_000)  # fmt: skip
    found = solar_surface(resource, shifted, PvSystem())
    assert found["capacity_factor_ac"].dims == ("y", "x")
    assert found["capacity_factor_ac"].dtype == np.float32
    assert found["ghi_annual"].attrs["units"] == "kWh/m2/yr"
    at = yield_at(resource, [99.06], [45.82], PvSystem())
    centre = found["capacity_factor_ac"].sel(x=505_000, y=5_075_000, method="nearest").item()
    assert centre == pytest.approx(at["capacity_factor_ac"].item(), rel=0.01)
    relative = (found["capacity_factor_sd"] / found["capacity_factor_ac"]).to_numpy()
    assert ((relative > 0.06) & (relative < 0.12)).all()
    outside = solar_surface(resource, grid, PvSystem())
    assert np.isnan(outside["capacity_factor_ac"]).all()


def test_twelve_months_give_the_year_back_and_follow_the_hours(resource: xr.Dataset) -> None:
    grid = GeoBox.from_bbox((99.5, 45.5, 101.5, 47.5), "EPSG:4326", resolution=0.5)
    system = PvSystem(tilt=40.0)
    nodes = node_yield(resource, system)
    year = solar_surface(resource, grid, system, nodes=nodes)
    yields = monthly_surface(year["capacity_factor_ac"], nodes["month_over_year"], grid)
    assert yields.sizes["month"] == 12
    weights = DAYS_IN_MONTH / DAYS_IN_MONTH.sum()
    np.testing.assert_allclose(
        np.tensordot(weights, yields, axes=1), year["capacity_factor_ac"], rtol=1e-5
    )
    # The same months out of the hours of a typical year, which a cell centre has of its own.
    x, y = float(yields["x"][1]), float(yields["y"][2])
    hours = typical_year(resource, [x], [y], system)["capacity_factor_ac"].to_numpy()[:, 0]
    by_hours = [hours[month == MONTH_OF_HOUR].mean() for month in range(12)]
    np.testing.assert_allclose(yields[:, 2, 1], by_hours, rtol=0.05)
    light = monthly_surface(year["ghi_annual"] / 365.25, radiation_course(resource), grid)
    at = yield_at(resource, [x], [y], system)["ghi_annual"].to_numpy()[0]
    assert float(light[:, 2, 1].to_numpy() @ DAYS_IN_MONTH) == pytest.approx(at, rel=1e-4)
    assert float(light[5, 2, 1]) > 2 * float(light[11, 2, 1])
    one = monthly_surface(year["capacity_factor_ac"], nodes["month_over_year"], grid, months=[7])
    np.testing.assert_array_equal(one[0], yields[6])


@pytest.mark.parametrize("months", [[0], [13, 1], []])
def test_months_that_no_year_has_are_refused(resource: xr.Dataset, months: list[int]) -> None:
    grid = GeoBox.from_bbox((99.5, 45.5, 101.5, 47.5), "EPSG:4326", resolution=1.0)
    year = solar_surface(resource, grid, PvSystem(tilt=40.0))["ghi_annual"]
    with pytest.raises(DataError, match="give some of 1 to 12"):
        monthly_surface(year, radiation_course(resource), grid, months=months)
    with pytest.raises(DataError, match="bring it to the grid"):
        monthly_surface(year[:1], radiation_course(resource), grid)


def test_unknown_radiation_stays_unknown() -> None:
    world = flat_world()
    world["ghi"] = world["ghi"].where(world["ghi"]["x"] < 103)
    found = solar_resource(**world, points=FIVE, bounds=(99, 45, 108, 48))
    assert np.isfinite(found["ghi_annual"].sel(lon=99.75)).all()
    assert np.isnan(found["ghi_annual"].sel(lon=107.25)).all()
    system = PvSystem(tilt=40)
    assert np.isnan(node_yield(found, system)["capacity_factor_ac"].sel(lon=107.25)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ghi": 365.0}, r"ghi runs from .* not from 0 to 12 kWh/m2/day"),
        ({"turbidity": 0.05}, "turbidity runs from"),
        ({"temperature": 280.0}, "temperature runs from 280"),
    ],
)
def test_a_layer_in_another_unit_is_found_by_its_range(
    change: dict[str, float], message: str
) -> None:
    world = flat_world()
    for name, factor in change.items():
        world[name] = world[name] * factor if name != "temperature" else world[name] + factor
    with pytest.raises(DataError, match=message):
        solar_resource(**world, points=FIVE, bounds=BOUNDS)


def test_solar_refuses_and_says_what_to_do() -> None:
    world = flat_world()
    with pytest.raises(DataError, match="give 12 months"):
        solar_resource(**(world | {"ghi": world["ghi"][:6]}), points=FIVE, bounds=BOUNDS)
    with pytest.raises(DataError, match="was the day meant"):
        solar_resource(**world, points=FIVE.assign(value=4.4), bounds=BOUNDS)
    with pytest.raises(DataError, match="are empty"):
        solar_resource(**world, points=FIVE, bounds=(102, 45, 99, 48))
    with pytest.raises(EmptyLayerError, match="give three"):
        solar_resource(**world, points=FIVE.iloc[:2], bounds=BOUNDS)
    with pytest.raises(DataError, match="66 degrees"):
        sun_position([70.0])
    with pytest.raises(DataError, match="at least 1"):
        day_classes(0.5, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"soiling": 3.5}, r"soiling is 3.5: .* did you mean 0.035\?"),
        ({"dc_ac_ratio": 0}, "dc_ac_ratio is 0"),
        ({"temperature_coefficient": -0.35}, "such as -0.0035"),
        ({"tilt": 120}, "from 0 to 90"),
    ],
)
def test_a_system_that_cannot_be_is_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        PvSystem(**change)  # type: ignore[arg-type]


def test_low_confidence_and_other_quantities_are_not_used() -> None:
    mixed = pd.concat(
        [
            FIVE,
            atlas_points([99.0], [47.0], [900.0]).assign(confidence="low"),
            atlas_points([99.0], [47.0], [900.0]).assign(kind="station"),
            atlas_points([99.0], [47.0], [900.0]).assign(quantity="DNI"),
        ],
        ignore_index=True,
    )
    assert solar_resource(**flat_world(), points=mixed, bounds=BOUNDS).attrs["loo_points"] == 5


def test_coarse_rasters_of_one_value_are_read_as_that_value() -> None:
    found = solar_resource(
        **(flat_world() | {"relief": raster(1200.0, [80.0, 125.0], [60.0, 30.0])}),
        points=FIVE,
        bounds=BOUNDS,
    )
    np.testing.assert_allclose(found["height"], 1200.0)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the half-degree check grid is not here")
def test_annual_sun_in_mongolia_is_within_2_percent_bias_and_6_percent_rmse() -> None:
    layers = real()
    names = ("ghi", "points", "turbidity", "relief", "temperature")
    found = solar_resource(*(layers[name] for name in names), (87.7, 41.5, 120.0, 52.2))
    grid = pd.read_csv(SHARED / "wind_solar_grid_05deg.csv")
    land = layers["boundary"].geometry.union_all()
    inside = grid[shapely.contains_xy(land, grid["lon"], grid["lat"])]
    ours = bilinear(
        found["ghi_annual"].to_numpy(), found["lon"].to_numpy(), found["lat"].to_numpy(),
        inside["lon"], inside["lat"],
    )  # fmt: skip
    error = ours / inside["ghi_gsa_kwh_m2_yr"].to_numpy() - 1
    assert len(error) > 650
    assert abs(error.mean()) < 0.02
    assert np.sqrt((error**2).mean()) < 0.06
    assert found.attrs["loo_rmse_percent"] < 5
    assert 0.7 <= found.attrs["loo_coverage_80"] <= 0.95
