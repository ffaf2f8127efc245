"""Hours of a typical year: sun at any point, wind from its distribution."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from energy_layers import atlas_points, flat_world
from hypothesis import given, settings
from hypothesis import strategies as st
from pvlib.location import Location

from geo.energy.hours import DAYS_OF_MONTH, HOURS, MONTH_OF_DAY, MONTH_OF_HOUR, hours_of_year
from geo.energy.pv import PvSystem
from geo.energy.solar import node_yield, solar_resource, yield_at
from geo.energy.typical_year import node_yield_by_hours, typical_year
from geo.energy.wind import Turbine, WindLosses, air_density, capacity_factor, cold_share
from geo.energy.wind_series import turbine_year, weibull_year
from geo.energy.windfield import net_yield
from geo.errors import DataError

LON, LAT = [100.0, 99.4], [46.0, 45.6]
MACHINE = Turbine(
    "ramp", pd.DataFrame({"speed": [3.0, 12.0, 25.0], "share": [0.0, 1.0, 1.0]}), 100.0
)


@pytest.fixture(scope="module")
def resource() -> xr.Dataset:
    five = atlas_points([98, 100, 102, 99, 101], [44, 46, 48, 46.5, 45], [1600.0] * 5)
    return solar_resource(**flat_world(), points=five, bounds=(99, 45, 102, 48))


@pytest.fixture(scope="module")
def year(resource: xr.Dataset) -> xr.Dataset:
    return typical_year(resource, LON, LAT, PvSystem())


def test_a_year_has_8760_hours_from_the_first_of_january() -> None:
    stamps = pd.DatetimeIndex(hours_of_year())
    assert len(stamps) == HOURS
    assert (stamps[0].month, stamps[0].day, stamps[0].hour) == (1, 1, 0)
    assert not ((stamps.month == 2) & (stamps.day == 29)).any()
    np.testing.assert_array_equal(stamps.month - 1, MONTH_OF_HOUR)


def test_months_keep_their_radiation_to_the_digit(year: xr.Dataset, resource: xr.Dataset) -> None:
    monthly = year["ghi"].groupby("time.month").sum().to_numpy() / 1000
    stated = resource["ghi"].interp(lon=LON[0], lat=LAT[0]).to_numpy() * DAYS_OF_MONTH
    np.testing.assert_allclose(monthly[:, 0], stated, rtol=2e-3)


def test_no_hour_exceeds_the_clear_sky_and_days_differ(
    year: xr.Dataset, resource: xr.Dataset
) -> None:
    clear = typical_year(resource.assign(ghi=2 * resource["ghi"]), LON, LAT, PvSystem(tilt=40))
    assert (year["ghi"] <= clear["ghi"] / 0.97 + 1e-9).all()
    daily = year["ghi"].to_numpy()[:, 0].reshape(365, 24).sum(axis=1)
    june = daily[MONTH_OF_DAY == 5]
    assert june.min() < 0.65 * june.mean()
    assert june.max() > 1.15 * june.mean()


def test_the_year_agrees_with_average_days(year: xr.Dataset, resource: xr.Dataset) -> None:
    for system in (PvSystem(), PvSystem(mounting="tracking"), PvSystem(tilt=30, bifaciality=0.7)):
        hours = year if system == PvSystem() else typical_year(resource, LON, LAT, system)
        days = yield_at(resource, LON, LAT, system)
        for name in ("capacity_factor_ac", "capacity_factor_dc"):
            np.testing.assert_allclose(hours[name].mean("time"), days[name], rtol=0.006)


def test_hours_at_every_second_node_agree_with_all_and_with_average_days(
    resource: xr.Dataset,
) -> None:
    system = PvSystem(tilt=40)
    every = node_yield_by_hours(resource, system, every=1)
    second = node_yield_by_hours(resource, system)
    np.testing.assert_allclose(second["capacity_factor_ac"], every["capacity_factor_ac"], rtol=0.01)
    days = node_yield(resource, system)
    for name in ("capacity_factor_ac", "capacity_factor_dc"):
        np.testing.assert_allclose(every[name], days[name], rtol=0.006)
    with pytest.raises(DataError, match="2 for every second one"):
        node_yield_by_hours(resource, system, every=0)


# pvlib asks pandas for the day of the year by its old name.
@pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofyear")
def test_the_sun_stands_where_pvlib_puts_it(resource: xr.Dataset) -> None:
    year = typical_year(resource, [100.5], [46.5], PvSystem(tilt=40), utc_offset=8)
    middle = pd.DatetimeIndex(hours_of_year()) + pd.Timedelta("30min")
    place = Location(46.5, 100.5, "Etc/GMT-8", altitude=1200)
    local = middle.tz_localize("Etc/GMT-8")
    sun = place.get_solarposition(local)
    clear = place.get_clearsky(local, solar_position=sun, linke_turbidity=2.5)["ghi"].to_numpy()
    # Radiation over pvlib's clear sky is one number a day, dawn and dusk apart.
    high = sun["elevation"].to_numpy() > 10
    ratio = np.where(high, year["ghi"].to_numpy()[:, 0] / np.where(high, clear, 1), np.nan)
    days = ratio.reshape(365, 24)
    assert np.nanmax(np.nanmax(days, axis=1) - np.nanmin(days, axis=1)) < 0.05


def test_clock_time_shifts_and_nothing_else(resource: xr.Dataset) -> None:
    system = PvSystem(tilt=40)
    seven = typical_year(resource, [100.0], [46.0], system, utc_offset=7)
    eight = typical_year(resource, [100.0], [46.0], system, utc_offset=8)
    a = seven["ghi"].to_numpy()[:, 0].reshape(365, 24)
    b = eight["ghi"].to_numpy()[:, 0].reshape(365, 24)
    np.testing.assert_allclose(a[:, 4:20], b[:, 5:21], rtol=0.02, atol=3.0)
    assert seven.attrs["utc_offset"] == 7
    assert "begins at the stamp" in seven.attrs["time_convention"]


def test_one_seed_one_year_and_cloud_lasts(resource: xr.Dataset) -> None:
    system = PvSystem(tilt=40)
    first = typical_year(resource, LON, LAT, system, seed=3)
    xr.testing.assert_identical(first, typical_year(resource, LON, LAT, system, seed=3))
    other = typical_year(resource, LON, LAT, system, seed=4)
    assert not np.allclose(first["ghi"], other["ghi"])
    np.testing.assert_allclose(first["ghi"].sum("time"), other["ghi"].sum("time"), rtol=1e-9)

    def lag(correlation: float) -> float:
        found = [
            typical_year(resource, [100.0], [46.0], system, seed=one, day_to_day=correlation)
            for one in range(3)
        ]
        july = np.concatenate(
            [one["ghi"].to_numpy()[:, 0].reshape(365, 24).sum(1)[181:212] for one in found]
        )
        return float(np.corrcoef(july[1:], july[:-1])[0, 1])

    assert lag(0.8) > lag(0.0) + 0.3


def test_unknown_stays_unknown_and_a_tracker_has_no_tilt(resource: xr.Dataset) -> None:
    far = typical_year(resource, [130.0], [46.0], PvSystem())
    assert np.isnan(far["capacity_factor_ac"]).all()
    assert np.isnan(far["tilt"]).all()
    assert np.isnan(typical_year(resource, LON, LAT, PvSystem(mounting="tracking"))["tilt"]).all()


def test_tracking_and_the_rear_side_give_more(resource: xr.Dataset) -> None:
    def mean(system: PvSystem) -> float:
        return float(yield_at(resource, [100.0], [46.0], system)["capacity_factor_dc"].item())

    fixed = mean(PvSystem())
    wide = mean(PvSystem(mounting="tracking", ground_cover=0.2, dc_ac_ratio=1.0))
    assert 1.03 * fixed < wide < 1.35 * fixed
    dense = mean(PvSystem(mounting="tracking", ground_cover=0.6, dc_ac_ratio=1.0))
    assert dense < wide
    # Field results for bifacial gain over grass and gravel: 4 to 12 %.
    assert 1.03 * fixed < mean(PvSystem(bifaciality=0.7)) < 1.13 * fixed
    assert mean(PvSystem(bifaciality=0.7, albedo=0.5)) > mean(PvSystem(albedo=0.5)) * 1.06


def test_the_rear_side_is_what_pvlib_finds_for_the_whole_light() -> None:
    from pvlib.bifacial import infinite_sheds

    from geo.energy.pv import Sky, plane_of

    zenith, azimuth = np.array([[30.0, 60.0]]), np.array([[170.0, 240.0]])
    sky = Sky.split(np.array([[700.0, 300.0]]), zenith, azimuth, np.array([1367.0]))
    system = PvSystem(bifaciality=1.0, rear_losses=0.0)
    both = plane_of(sky, np.array([45.0]), 40.0, system)
    front = plane_of(sky, np.array([45.0]), 40.0, PvSystem())
    theirs = infinite_sheds.get_irradiance_poa(
        140.0, 0.0, zenith.ravel(), azimuth.ravel(), 0.4, 1.5, 5.0,
        sky.ghi.ravel(), sky.dhi.ravel(), sky.dni.ravel(), 0.2,
    )  # fmt: skip
    np.testing.assert_allclose(
        (both.effective - front.effective).ravel(), theirs["poa_global"], rtol=1e-6
    )


@settings(max_examples=15)
@given(
    st.sampled_from(["soiling", "shading", "dc_losses", "inverter_loss", "ac_losses",
                     "unavailability"]),
    st.floats(0.05, 0.6),
)  # fmt: skip
def test_more_losses_less_yield_in_every_hour(name: str, share: float) -> None:
    five = atlas_points([98, 100, 102, 99, 101], [44, 46, 48, 46.5, 45], [1600.0] * 5)
    found = solar_resource(**flat_world(), points=five, bounds=(99, 45, 101, 47))
    base = typical_year(found, [100.0], [46.0], PvSystem(tilt=40))["capacity_factor_ac"]
    less = typical_year(found, [100.0], [46.0], PvSystem(tilt=40, **{name: share}))
    assert (less["capacity_factor_ac"] <= base + 1e-12).all()
    assert less["capacity_factor_ac"].mean() < base.mean()
    assert float(base.min()) >= 0
    assert float(base.max()) <= 1


@settings(max_examples=20)
@given(st.floats(2, 12), st.floats(1.4, 3.5), st.integers(0, 50))
def test_a_year_of_wind_has_its_mean_shape_and_memory(mean: float, k: float, seed: int) -> None:
    year = weibull_year(mean, k, seed=seed)
    assert year.shape == (HOURS,)
    assert year.mean() == pytest.approx(mean, rel=2e-3)
    curve = MACHINE.curve
    power = np.interp(year, curve["speed"], curve["share"], left=0, right=0).mean()
    assert power == pytest.approx(capacity_factor(mean, k, curve), abs=2e-3)
    assert 0.85 < np.corrcoef(year[1:], year[:-1])[0, 1] < 0.97
    np.testing.assert_array_equal(np.sort(year), np.sort(weibull_year(mean, k, seed=seed + 1)))


def test_hours_of_a_turbine_sum_to_its_yearly_yield() -> None:
    months = np.array([-22, -18, -9, 1, 9, 15, 18, 16, 9, 0, -11, -19.0])
    year = turbine_year(weibull_year(7.5, 2.2, seed=2), 1300.0, months, MACHINE)
    net, _, _ = net_yield([7.5], [0.1], [1300.0], months[:, None], MACHINE)
    # Cold air is dense: months apart give a little more than the yearly mean's density.
    assert year.mean() == pytest.approx(net[0], rel=0.02)
    assert year.min() >= 0
    assert year.max() <= 1
    january = MONTH_OF_HOUR == 0
    still = 1 - cold_share(np.full((1, 12), months)[:, :1])[0]
    speeds = np.full(HOURS, 12.5 * (1.225 / air_density(1400.0, -22.0)) ** (1 / 3))
    rated = turbine_year(speeds, 1300.0, months, MACHINE)
    np.testing.assert_allclose(rated[january], WindLosses().retained * still)
    unknown = turbine_year(np.full(HOURS, np.nan), 1300.0, months, MACHINE)
    assert np.isnan(unknown).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weibull_year(7.0, 2.0, seed=0, hour_to_hour=1.0), "correlation from 0"),
        (lambda: turbine_year(np.ones(8784), 0.0, [0.0] * 12, MACHINE), "without a leap day"),
        (lambda: turbine_year(np.ones(8760), 0.0, [0.0] * 13, MACHINE), "12 months"),
        (lambda: PvSystem(mounting="dual"), "give 'fixed' or 'tracking'"),  # type: ignore[arg-type]
        (lambda: PvSystem(mounting="tracking", tilt=30), "no tilt or azimuth of its own"),
        (lambda: PvSystem(ground_cover=1.4), "ground_cover is 1.4"),
        (lambda: PvSystem(bifaciality=70), "about 0.7"),
        (lambda: PvSystem(largest_angle=0), "give 0 to 90"),
    ],
)
def test_hours_refuse_and_say_what_to_do(call: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()  # type: ignore[operator]


def test_a_clock_that_cannot_be_is_refused(resource: xr.Dataset) -> None:
    with pytest.raises(DataError, match="hours of the clock from UTC"):
        typical_year(resource, [100.0], [46.0], PvSystem(), utc_offset=480)
    with pytest.raises(DataError, match="day_to_day is 1"):
        typical_year(resource, [100.0], [46.0], PvSystem(), day_to_day=1.0)
