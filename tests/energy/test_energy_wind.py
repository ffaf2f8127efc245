"""Wind functions: closed forms, a peer, laws and refusals."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from geo.catalogue import Catalogue, read_table
from geo.energy.wind import (
    Turbine,
    WindLosses,
    air_density,
    capacity_factor,
    cold_share,
    density_corrected,
    hub_height_speed,
    mean_speed_of,
    power_density,
    weibull_scale,
)
from geo.errors import DataError

CURVE = pd.DataFrame({"speed": [3.0, 6.0, 11.0, 13.0, 25.0], "share": [0.0, 0.15, 0.9, 1.0, 1.0]})
MEANS = st.floats(0.5, 15)
SHAPES = st.floats(1.2, 4)


def table(**changes: object) -> pd.DataFrame:
    rows: dict[str, object] = {
        "turbine": "T/100",
        "rated_kw": 100.0,
        "speed_ms": [3.0, 12.0, 16.5],
        "power_kw": [0.0, 99.0, 100.5],
        "hub_m": 80.0,
        "source": "brochure",
    }
    return pd.DataFrame(rows | changes)


def test_rayleigh_capacity_factor_of_a_flat_curve_has_a_closed_form() -> None:
    flat = pd.DataFrame({"speed": [4.0, 25.0], "share": [1.0, 1.0]})
    expected = math.exp(-math.pi / 4 * (4 / 8) ** 2) - math.exp(-math.pi / 4 * (25 / 8) ** 2)
    assert capacity_factor(8.0, 2.0, flat) == pytest.approx(expected, rel=1e-12)


def test_a_ramp_without_end_gives_the_mean_speed() -> None:
    ramp = pd.DataFrame({"speed": [0.0, 400.0], "share": [0.0, 1.0]})
    assert capacity_factor(9.0, 1.8, ramp) == pytest.approx(9 / 400, rel=1e-9)


@settings(deadline=None, max_examples=30)
@given(MEANS, SHAPES)
def test_capacity_factor_equals_the_integral_over_the_distribution(mean: float, k: float) -> None:
    wind = stats.weibull_min(k, scale=mean / math.gamma(1 + 1 / k))
    expected = sum(
        integrate.quad(
            lambda v: wind.pdf(v) * np.interp(v, CURVE["speed"], CURVE["share"]), low, high
        )[0]
        for low, high in zip(CURVE["speed"][:-1], CURVE["speed"][1:], strict=True)
    )
    assert capacity_factor(mean, k, CURVE) == pytest.approx(expected, abs=1e-7)


@settings(deadline=None)
@given(MEANS, SHAPES, st.floats(0.8, 1.3))
def test_capacity_factor_is_a_share_and_thin_air_gives_no_more_on_the_rising_side(
    mean: float, k: float, density: float
) -> None:
    found = capacity_factor(mean, k, CURVE, density=density)
    assert 0 <= found <= 1
    if mean < 9 and density < 1.225:
        assert found <= capacity_factor(mean, k, CURVE) + 1e-12


def test_density_acts_through_the_cube_root_of_the_speed() -> None:
    density = 1.225 * 0.9**3
    assert capacity_factor(8.0, 2.0, CURVE, density=density) == pytest.approx(
        capacity_factor(7.2, 2.0, CURVE), rel=1e-12
    )
    assert density_corrected(8.0, density) == pytest.approx(7.2)


def test_arrays_come_back_as_arrays_and_unknown_stays_unknown() -> None:
    found = capacity_factor(np.array([[7.0, np.nan], [0.0, 8.0]]), 2.0, CURVE)
    assert found.shape == (2, 2)
    assert found[0, 0] == capacity_factor(7.0, 2.0, CURVE)
    assert np.isnan(found[0, 1])
    assert found[1, 0] == 0


@settings(deadline=None)
@given(st.floats(3, 10), SHAPES, st.floats(0.9, 1.25))
def test_the_inverse_finds_the_mean_speed_again(mean: float, k: float, density: float) -> None:
    gross = capacity_factor(mean, k, CURVE, density=density)
    assert mean_speed_of(gross, k, CURVE, density=density) == pytest.approx(mean, abs=0.02)


def test_no_speed_is_made_up_for_an_impossible_yield() -> None:
    assert math.isnan(mean_speed_of(0.99, 2.0, CURVE))
    assert math.isnan(mean_speed_of(float("nan"), 2.0, CURVE))
    assert math.isnan(mean_speed_of(0.3, 2.0, CURVE, density=float("nan")))


def test_windpowerlib_gives_the_same_power_for_a_series_of_speeds() -> None:
    power_output = pytest.importorskip("windpowerlib.power_output")
    # The k-quantiles of a Rayleigh wind stand for its series.
    share = (np.arange(200_000) + 0.5) / 200_000
    speeds = pd.Series(weibull_scale(7.5, 2.0) * np.sqrt(-np.log1p(-share)))
    theirs = power_output.power_curve(
        wind_speed=speeds,
        power_curve_wind_speeds=CURVE["speed"],
        power_curve_values=CURVE["share"] * 2e6,
    )
    assert capacity_factor(7.5, 2.0, CURVE) == pytest.approx(theirs.mean() / 2e6, abs=2e-5)


@settings(deadline=None)
@given(MEANS, SHAPES)
def test_power_density_is_half_the_density_times_the_mean_cube(mean: float, k: float) -> None:
    wind = stats.weibull_min(k, scale=weibull_scale(mean, k))
    assert wind.mean() == pytest.approx(mean, rel=1e-9)
    cube = wind.moment(3)
    assert power_density(mean, k, 1.1) == pytest.approx(0.55 * cube, rel=1e-6)


def test_rayleigh_power_density_is_six_over_pi_of_the_mean_cube() -> None:
    assert power_density(8.0, 2.0, 1.225) == pytest.approx(
        0.5 * 1.225 * 512 * 6 / math.pi, rel=1e-12
    )


@settings(deadline=None)
@given(st.floats(1, 12), st.floats(10, 60), st.floats(60, 160), st.floats(0.05, 0.4))
def test_up_and_down_again_is_the_same_speed(
    speed: float, height: float, hub: float, exponent: float
) -> None:
    up = hub_height_speed(speed, height, hub, exponent=exponent)
    assert up >= speed
    assert hub_height_speed(up, hub, height, exponent=exponent) == pytest.approx(speed)
    log_up = hub_height_speed(speed, height, hub, roughness=0.03)
    assert hub_height_speed(log_up, hub, height, roughness=0.03) == pytest.approx(speed)


def test_lists_columns_and_shapes_of_their_own_are_taken() -> None:
    frame = pd.DataFrame({"mean": [6.0, 8.0, np.nan], "k": [1.8, 2.4, 2.0]})
    found = power_density(frame["mean"], frame["k"], [1.1, 1.2, 1.2])
    assert isinstance(found, pd.Series)
    assert found[1] == pytest.approx(power_density(8.0, 2.4, 1.2))
    assert np.isnan(found[2])
    shares = capacity_factor(frame["mean"], frame["k"], CURVE, density=1.1)
    assert shares[0] == pytest.approx(capacity_factor(6.0, 1.8, CURVE, density=1.1), rel=1e-12)
    assert np.isnan(shares[2])
    assert isinstance(capacity_factor(8, 2, CURVE), float)
    assert isinstance(hub_height_speed(6, 10, 80, exponent=0.14), float)
    up = hub_height_speed(6.0, 10.0, np.array([50.0, 80.0]), exponent=0.14)
    assert up.shape == (2,)


def test_a_step_at_cut_out_is_the_end_of_the_curve() -> None:
    ends = pd.DataFrame({"speed": [3.0, 12.0, 25.0], "share": [0.0, 1.0, 1.0]})
    stepped = pd.DataFrame({"speed": [0, 3, 12, 25, 25], "share": [0.0, 0.0, 1.0, 1.0, 0.0]})
    onward = pd.DataFrame(
        {"speed": [0, 3, 12, 25, 25, 40], "share": [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]}
    )
    expected = capacity_factor(9.0, 2.0, ends)
    assert capacity_factor(9.0, 2.0, stepped) == pytest.approx(expected, rel=1e-12)
    assert capacity_factor(9.0, 2.0, onward) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(DataError, match="do not rise"):
        capacity_factor(9.0, 2.0, pd.DataFrame({"speed": [3, 12, 12, 12], "share": [0, 1, 1, 0]}))


def test_every_curve_that_comes_with_lodemap_is_a_power_curve() -> None:
    curves = read_table(Catalogue.open()["wind-turbines"])
    for name in curves["turbine"].unique():
        machine = Turbine.from_table(curves, name, hub_height=100.0)
        assert 0.2 < capacity_factor(7.5, 2.2, machine.curve) < 0.6
        assert machine.source.startswith("http")


def test_standard_atmosphere_has_its_published_densities() -> None:
    # ISO 2533: 15.00 degC and 1.2250 at the sea, 8.50 and 1.1117 at 1000 m, 2.00 and 1.0066
    # at 2000 m.
    for height, temperature, density in (
        (0, 15.0, 1.225),
        (1000, 8.5, 1.1117),
        (2000, 2.0, 1.0066),
    ):
        assert air_density(height, temperature) == pytest.approx(density, abs=2e-4)


def test_cold_stops_a_turbine_half_the_month_whose_mean_is_the_limit() -> None:
    months = np.full((12, 2), 10.0)
    months[0, 0] = -30.0
    np.testing.assert_allclose(cold_share(months), [0.5 / 12, 0], atol=1e-6)


def test_more_losses_leave_less() -> None:
    base = WindLosses()
    for name in ("wake", "availability", "electrical", "curtailment", "other"):
        assert WindLosses(**{name: 0.3}).retained < base.retained
    assert WindLosses(0, 0, 0, 0, 0).retained == 1


def test_a_curve_whose_drawing_ends_early_goes_on_to_cut_out() -> None:
    machine = Turbine.from_table(table(), "T/100")
    assert machine.curve["speed"].tolist() == [3.0, 12.0, 16.5, 25.0]
    assert machine.curve["share"].tolist() == [0.0, 0.99, 1.0, 1.0]
    assert (machine.hub_height, machine.source) == (80.0, "brochure")
    stops = Turbine.from_table(table(speed_ms=[3.0, 12.0, 20.0]), "T/100")
    assert stops.curve["speed"].max() == 20.0


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        ({"speed": [3, 12], "power": [0, 1]}, "no column"),
        ({"speed": [3.0], "share": [0.0]}, "at least two points"),
        ({"speed": [3.0, np.nan], "share": [0.0, 1.0]}, "all of them numbers"),
        ({"speed": [12.0, 3.0], "share": [0.0, 1.0]}, "do not rise"),
        ({"speed": [3.0, 12.0], "share": [0.0, 100.0]}, "shares of rated power"),
        ({"speed": [3.0, 12.0], "share": [-0.1, 1.0]}, "shares of rated power"),
        ({"speed": [3.0, 6.0, 8.0, 12.0], "share": [0, 0.4, 0.3, 1]}, "before rated power, at 8"),
    ],
)
def test_what_is_no_power_curve_is_refused(curve: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        capacity_factor(8.0, 2.0, pd.DataFrame(curve))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: capacity_factor(-1.0, 2.0, CURVE), "outside 0 to 40 m/s"),
        (lambda: capacity_factor(8.0, 0.1, CURVE), "Weibull shape is 0.1"),
        (lambda: capacity_factor(8.0, 2.0, CURVE, density=1225.0), "is it in kg/m3"),
        (lambda: hub_height_speed(5, 10, 80), "one of exponent and roughness"),
        (lambda: hub_height_speed(5, 10, 80, exponent=0.1, roughness=0.1), "one of exponent"),
        (lambda: hub_height_speed(5, 0, 80, exponent=0.1), "not above 0 m"),
        (lambda: hub_height_speed(5, 10, 80, roughness=20.0), "roughness length is 20"),
        (lambda: WindLosses(wake=8), r"wake is 8: .* did you mean 0.08\?"),
        (lambda: Turbine.from_table(table(), "X"), "no turbine 'X': choose one of T/100"),
        (lambda: Turbine.from_table(table(power_kw=[0, 90, 130.0]), "T/100"), "130% of its rated"),
        (lambda: Turbine.from_table(table(hub_m=np.nan), "T/100"), "give hub_height"),
    ],
)
def test_wind_refuses_and_says_what_to_do(call: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()  # type: ignore[operator]
