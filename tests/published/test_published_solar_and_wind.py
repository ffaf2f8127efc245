"""Published results of sun and wind: windpowerlib, pvlib, and textbooks' closed forms."""

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.energy.pv import Plane, PvSystem, Sky, output, plane_of
from geo.energy.wind import (
    capacity_factor,
    density_corrected,
    hub_height_speed,
    power_density,
    weibull_scale,
)

SHARED = Path(
    os.environ.get("LODEMAP_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")
)
WEATHER = SHARED / "peer" / "windpowerlib" / "weather.csv"


# windpowerlib 0.2, its test_wind_speed.py, test_power_output.py and modelchain example.


def test_windpowerlib_logarithmic_profile() -> None:
    expected = [7.74136523, 10.0637748]
    speeds = pd.Series([5.0, 6.5])
    for roughness in (0.15, pd.Series([0.15, 0.15]), np.array([0.15, 0.15])):
        found = hub_height_speed(speeds, 10, 100, roughness=roughness)
        np.testing.assert_allclose(found, expected, rtol=1e-8)
    np.testing.assert_allclose(hub_height_speed([5.0, 6.5], 10, 100, roughness=0.15), expected)


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (1 / math.log(100 / 0.15), [7.12462437, 9.26201168]),
        (1 / 7, [6.9474774, 9.03172]),
        (0.2, [7.92446596, 10.30180575]),
    ],
)
def test_windpowerlib_hellman(exponent: float, expected: list[float]) -> None:
    found = hub_height_speed(pd.Series([5.0, 6.5]), 10, 100, exponent=exponent)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_windpowerlib_power_curve_with_density_correction() -> None:
    speeds = np.array([2.0, 5.5, 7.0])
    plain = np.interp(speeds, [4, 5, 6], [300, 400, 500], left=0, right=0)
    np.testing.assert_allclose(plain, [0, 450, 0])
    # Below 7.5 m/s their exponent is the third of IEC 61400-12-1.
    standard = density_corrected(speeds, 1.3)
    dense = np.interp(standard, [4, 5, 6], [300, 400, 500], left=0, right=0)
    np.testing.assert_allclose(dense, [0, 461.00290572, 0], rtol=1e-9)


@pytest.mark.skipif(not WEATHER.is_file(), reason="windpowerlib's weather is not here")
def test_windpowerlib_year_of_the_modelchain_example() -> None:
    # The example's own turbine: 3 MW at 105 m, wind from 80 m by the logarithmic law.
    import warnings

    from windpowerlib import ModelChain, WindTurbine

    weather = pd.read_csv(WEATHER, index_col=0, header=[0, 1])
    weather.columns = pd.MultiIndex.from_tuples(
        [(name, int(height)) for name, height in weather.columns], names=["variable_name", "height"]
    )
    weather = weather.astype(float)
    curve = pd.DataFrame(
        {"wind_speed": [0.0, 3.0, 5.0, 10.0, 15.0, 25.0],
         "value": np.array([0.0, 26.0, 180.0, 1500.0, 3000.0, 3000.0]) * 1000}
    )  # fmt: skip
    turbine = WindTurbine(hub_height=105, nominal_power=3e6, power_curve=curve)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chain = ModelChain(turbine, wind_speed_model="logarithmic").run_model(weather)
    theirs = chain.power_output.to_numpy() / 3e6
    speed = weather["wind_speed"][80].to_numpy()
    ours = hub_height_speed(speed, 80, 105, roughness=weather["roughness_length"][0].to_numpy())
    share = np.interp(ours, curve["wind_speed"], curve["value"] / 3e6, left=0, right=0)
    np.testing.assert_allclose(share, theirs, atol=1e-9)
    # The same year through its Weibull distribution: by the mean and the spread alone.
    k = (ours.std() / ours.mean()) ** -1.086
    ours_k = capacity_factor(
        ours.mean(), k, pd.DataFrame({"speed": curve["wind_speed"], "share": curve["value"] / 3e6})
    )
    assert ours_k == pytest.approx(theirs.mean(), abs=0.01)


# Closed forms and textbooks.


def test_rayleigh_power_density_by_the_closed_form() -> None:
    # The mean cube of a Rayleigh distribution is 6 / pi times the cube of its mean: 6 m/s at
    # 10 m, led up to 50 m with the exponent 1/7.
    speed = hub_height_speed(6.0, 10, 50, exponent=1 / 7)
    assert speed == pytest.approx(6.0 * 5 ** (1 / 7), rel=1e-12)
    assert power_density(speed, 2.0, 1.225) == pytest.approx(
        6 / math.pi * 0.5 * 1.225 * speed**3, rel=1e-9
    )


def test_rayleigh_scale_is_two_over_the_root_of_pi() -> None:
    assert weibull_scale(1.0, 2.0) == pytest.approx(2 / math.sqrt(math.pi), rel=1e-12)
    assert weibull_scale(7.0, 1.0) == pytest.approx(7.0)


ATLAS_SPEEDS = {
    10: [(4.4, 100), (5.1, 150), (5.6, 200), (6.0, 250), (6.4, 300), (7.0, 400), (9.4, 1000)],
    50: [(5.6, 200), (6.4, 300), (7.0, 400), (7.5, 500), (8.0, 600), (8.8, 800), (11.9, 2000)],
}
"""Wind power classes of the Battelle atlas (Elliott and others 1987, table 1-1), by height.

Mean speeds are those of a Rayleigh distribution at sea level that have the density; seen in two
pages that quote the table.
"""


@pytest.mark.parametrize("height", ATLAS_SPEEDS)
def test_wind_power_classes_of_the_american_atlas(height: int) -> None:
    for mean, density in ATLAS_SPEEDS[height]:
        assert power_density(mean, 2.0, 1.225) == pytest.approx(density, rel=0.04)


def test_the_american_atlas_goes_up_by_the_seventh_root() -> None:
    # Its note a: from 10 m to 50 m with the exponent 1/7, which doubles the density.
    for (low, _), (high, _) in zip(ATLAS_SPEEDS[10], ATLAS_SPEEDS[50], strict=True):
        assert hub_height_speed(low, 10, 50, exponent=1 / 7) == pytest.approx(high, abs=0.1)


@pytest.mark.parametrize("mean", [5.0, 6.5, 8.0, 10.0])
def test_rayleigh_capacity_factor_of_a_linear_ramp_and_a_flat_top(mean: float) -> None:
    # Integral by parts: sqrt(pi)/2 c (erf(r) - erf(i)) / (r - i) less the tail past cut-out.
    low, rated, stop = 3.0, 13.0, 25.0
    c = 2 * mean / math.sqrt(math.pi)
    ramp = math.sqrt(math.pi) / 2 * c * (math.erf(rated / c) - math.erf(low / c)) / (rated - low)
    expected = ramp - math.exp(-((stop / c) ** 2))
    curve = pd.DataFrame({"speed": [low, rated, stop], "share": [0.0, 1.0, 1.0]})
    assert capacity_factor(mean, 2.0, curve) == pytest.approx(expected, rel=1e-12)
    stepped = pd.DataFrame(
        {"speed": [0.0, low, rated, stop, stop], "share": [0.0, 0.0, 1.0, 1.0, 0.0]}
    )
    assert capacity_factor(mean, 2.0, stepped) == pytest.approx(expected, rel=1e-12)


# pvlib: the pieces that the chain is made of, on its own functions' answers.


def test_pvlib_erbs() -> None:
    from pvlib import irradiance

    extra = float(irradiance.get_extra_radiation(180))
    zenith = np.array([[10.0, 10.0]])
    sky = Sky.split(np.array([[50.0, 1000.0]]), zenith, 180 + 0 * zenith, np.array([extra]))
    theirs = irradiance.erbs(np.array([50.0, 1000.0]), zenith[0], 180)
    np.testing.assert_allclose(sky.dni[0], theirs["dni"], rtol=1e-6)
    np.testing.assert_allclose(sky.dhi[0], theirs["dhi"], rtol=1e-6)


def test_pvlib_pvwatts_and_faiman() -> None:
    # PVWatts at rated input gives rated output; half the light on cells at 25 degC gives the
    # published inverter curve, 0.9637 nominal (Dobos 2014, eq. 10 and 11).
    bare = PvSystem(temperature_coefficient=0, soiling=0, shading=0, dc_losses=0,
                    inverter_loss=0.0363, ac_losses=0, unavailability=0, dc_ac_ratio=1)  # fmt: skip
    light = np.array([[500.0, 1200.0]])
    found = output(Plane(light, light), np.array([[25.0, 25.0]]), bare)
    zeta = 0.5 * 0.9637
    expected = (-0.0162 * zeta - 0.0059 / zeta + 0.9858) * 0.5
    assert found[0, 0] == pytest.approx(expected, rel=1e-9)
    assert found[0, 1] == pytest.approx(1.0, rel=1e-12)
    from pvlib import inverter

    watts = np.array([[0.0, 3.0, 40.0, 250.0, 900.0, 1100.0]])
    theirs = inverter.pvwatts(watts / 1000, 1 / 0.9637, 0.9637)
    ours = output(Plane(watts, watts), 25 + 0 * watts, bare)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_pvlib_total_irradiance_on_a_tracker_and_on_a_rack() -> None:
    from pvlib import irradiance, tracking

    zenith, azimuth = np.array([[30.0, 50.0, 75.0]]), np.array([[170.0, 240.0, 280.0]])
    extra = np.array([1367.0])
    sky = Sky.split(np.array([[800.0, 500.0, 120.0]]), zenith, azimuth, extra)
    turned = tracking.singleaxis(zenith[0], azimuth[0], 0, 180, 60, True, 0.4)
    for system, tilt, facing in (
        (PvSystem(mounting="tracking"), turned["surface_tilt"], turned["surface_azimuth"]),
        (PvSystem(), 35.0, 180.0),
    ):
        theirs = irradiance.get_total_irradiance(
            tilt, facing, zenith[0], azimuth[0], sky.dni[0], sky.ghi[0], sky.dhi[0],
            dni_extra=1367.0, albedo=0.2, model="haydavies",
        )["poa_global"]  # fmt: skip
        ours = plane_of(sky, np.array([45.0]), 35.0, system)
        np.testing.assert_allclose(ours.total[0], theirs, rtol=1e-9)
