"""Kriging, leave-one-out and bilinear reading against independent ways."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geo.energy.interpolation import (
    Covariance,
    bilinear,
    fit_covariance,
    great_circle,
    krige,
    leave_one_out,
    nearest_distance,
    nearest_other,
)
from geo.errors import DataError

RANDOM = np.random.default_rng(7)
LON = RANDOM.uniform(90, 118, 30)
LAT = RANDOM.uniform(42, 52, 30)
VALUES = np.sin(LON / 4) + LAT / 30
NOISE = RANDOM.uniform(0.001, 0.02, 30)
COVARIANCE = Covariance(0.4, 350.0, 0.02)


def test_great_circle_is_near_the_ellipsoid() -> None:
    _, _, metres = Geod(ellps="WGS84").inv(106.9, 47.9, 111.9, 43.7)
    assert great_circle([106.9], [47.9], [111.9], [43.7])[0, 0] == pytest.approx(
        metres / 1000, rel=0.006
    )


def test_without_nugget_and_noise_kriging_gives_the_points_back() -> None:
    mean, variance = krige(LON, LAT, VALUES, LON, LAT, Covariance(0.4, 350.0))
    np.testing.assert_allclose(mean, VALUES, atol=1e-6)
    np.testing.assert_allclose(variance, 0, atol=1e-6)


def test_leave_one_out_in_closed_form_equals_leaving_each_one_out() -> None:
    found = leave_one_out(LON, LAT, VALUES, COVARIANCE, noise=NOISE)
    for i in range(len(LON)):
        rest = np.arange(len(LON)) != i
        mean, variance = krige(
            LON[rest],
            LAT[rest],
            VALUES[rest],
            LON[[i]],
            LAT[[i]],
            COVARIANCE,
            noise=NOISE[rest],
        )
        assert found.predicted[i] == pytest.approx(mean[0], abs=1e-7)
        assert found.variance[i] == pytest.approx(variance[0] + NOISE[i], rel=1e-5)
    np.testing.assert_allclose(found.error, found.predicted - VALUES, atol=1e-12)


def test_the_variance_grows_away_from_a_point_to_more_than_the_sill() -> None:
    _, variance = krige(
        [100.0, 101.0], [45.0, 45.0], [1.0, 2.0], np.linspace(100, 160, 13), np.full(13, 45.0),
        Covariance(1.0, 200.0),
    )  # fmt: skip
    assert (np.diff(variance) > -1e-12).all()
    assert 1.0 < variance[-1] < 2.0


def test_a_noisy_point_weighs_less() -> None:
    mean, _ = krige(
        [99.0, 101.0], [45.0, 45.0], [0.0, 1.0], [100.0], [45.0], Covariance(1.0, 300.0),
        noise=[0.0, 5.0],
    )  # fmt: skip
    assert mean[0] < 0.25


def test_a_covariance_is_found_again_and_its_intervals_hold() -> None:
    random = np.random.default_rng(3)
    lon, lat = random.uniform(90, 118, 80), random.uniform(42, 52, 80)
    truth = Covariance(1.0, 300.0, 0.05)
    matrix = truth.between(great_circle(lon, lat, lon, lat)) + 0.05 * np.eye(80)
    field = np.linalg.cholesky(matrix) @ random.standard_normal(80)
    found = fit_covariance(
        lon, lat, field, lengths_km=(30, 100, 300, 900, 3000), nugget_shares=(0.0, 0.05, 0.3, 0.9)
    )
    assert found.length_km in (300, 900)
    check = leave_one_out(lon, lat, field, found)
    assert 0.7 < check.coverage(1.2816) < 0.9
    assert check.rmse < 0.9 * field.std()


def test_nearest_distances() -> None:
    assert nearest_other([0.0, 1.0, 5.0], [0.0, 0.0, 0.0]) == pytest.approx(
        [111.195, 111.195, 444.78], rel=1e-4
    )
    assert np.isinf(nearest_distance([0.0], [0.0], [], [])).all()


@settings(max_examples=30, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-5, 5))
def test_bilinear_reproduces_every_plane(a: float, b: float, c: float) -> None:
    x, y = np.array([90.0, 93.0, 96.0]), np.array([51.0, 48.0, 45.0, 42.0])
    plane = a * x[None, :] + b * y[:, None] + c
    goal_x, goal_y = np.array([90.0, 91.2, 95.9]), np.array([42.0, 50.1, 44.4])
    np.testing.assert_allclose(
        bilinear(plane, x, y, goal_x, goal_y), a * goal_x + b * goal_y + c, atol=1e-9
    )


def test_bilinear_leaves_unknown_corners_out_and_stops_half_a_cell_outside() -> None:
    values = np.array([[1.0, np.nan], [3.0, 5.0]])
    found = bilinear(values, [0, 1], [1, 0], [0.5, 1.0, 1.4, 1.6, 0.0], [0.5, 1.0, 0.0, 0.0, -0.6])
    np.testing.assert_allclose(found, [3.0, np.nan, 5.0, np.nan, np.nan])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: krige([], [], [], [0], [0], COVARIANCE), "no points"),
        (lambda: krige([0], [0], [np.nan], [0], [0], COVARIANCE), "no finite value"),
        (lambda: leave_one_out([0, 1], [0, 0], [1, 2], COVARIANCE), "at least three"),
        (lambda: fit_covariance([0, 1], [0, 0], [1, 2]), "at least three"),
        (lambda: bilinear(np.ones((1, 3)), [0, 1, 2], [0], [0], [0]), "two or more"),
    ],
)
def test_interpolation_refuses_and_says_what_to_do(call: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()  # type: ignore[operator]
