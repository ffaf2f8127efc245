import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.compute.kernels import weighted_overlay
from geo.criteria import value_functions as vf
from geo.errors import DataError, UnitError

LAWS = settings(max_examples=500)
X = np.array([-5.0, 0.0, 1.0, 5.0, 20.0, 1e15, np.inf, np.nan])
positive = st.floats(0.1, 50)
numbers = st.floats(-1e3, 1e3)


def close(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_large_and_small_by_hand():
    close(vf.large(X, 5, 2), [0, 0, 1 / 26, 0.5, 16 / 17, 1, 1, np.nan])
    close(vf.small(X, 5, 2), [1, 1, 25 / 26, 0.5, 1 / 17, 0, 0, np.nan])


def test_near_and_gaussian_by_hand():
    close(vf.near(X, 5, 0.1), [1 / 11, 1 / 3.5, 1 / 2.6, 1, 1 / 23.5, 0, 0, np.nan])
    far = np.exp(-0.1 * np.array([100, 25, 16, 0, 225]))
    close(vf.gaussian(X, 5, 0.1), [*far, 0, 0, np.nan])


def test_ms_large_and_small_by_hand():
    # Above 0.5 x 4 = 2 with a width of 2 x 3 = 6.
    close(vf.ms_large(X, 0.5, 2, mean=4, std=3), [0, 0, 0, 3 / 9, 18 / 24, 1, 1, np.nan])
    close(vf.ms_small(X, 0.5, 2, mean=4, std=3), [1, 1, 1, 6 / 9, 6 / 24, 0, 0, np.nan])


def test_ms_takes_mean_and_deviation_of_what_is_known():
    values = np.array([2.0, 4.0, np.nan, 9.0])
    mean, std = values[[0, 1, 3]].mean(), values[[0, 1, 3]].std()
    np.testing.assert_array_equal(
        vf.ms_large(values, 0.7, 1.2), vf.ms_large(values, 0.7, 1.2, mean=mean, std=std)
    )


@pytest.mark.compiled
def test_sigmoid_by_hand():
    close(vf.sigmoid([1.0, 3.0, 5.0, -1e4], 3, 0.5), [1 / (1 + np.e), 0.5, np.e / (1 + np.e), 0])
    close(vf.sigmoid([1.0, 5.0], 3, -0.5), [np.e / (1 + np.e), 1 / (1 + np.e)])


def test_linear_rises_and_falls():
    close(vf.linear([0.0, 5.0, 20.0, np.nan], 0, 10), [0, 0.5, 1, np.nan])
    close(vf.linear([0.0, 5.0, 20.0], worst=10, best=0), [1, 0.5, 0])


def test_a_value_on_a_break_belongs_to_the_class_above():
    close(
        vf.classes([4.999, 5.0, 14.9, 15.0, np.nan], [5, 15], [1, 0.5, 0]), [1, 0.5, 0.5, 0, np.nan]
    )


def test_a_code_that_is_not_in_the_table_is_unknown():
    close(
        vf.lookup(np.array([10.0, 20.0, 15.0, np.nan]), {10: 0.2, 20: 1}), [0.2, 1, np.nan, np.nan]
    )
    assert vf.lookup(pd.Series(["a", "b"]), {"a": 0.5}).tolist()[0] == 0.5


def test_piecewise_by_name():
    close(vf.piecewise([5.0, 35.0], [(0, 1), (10, 0.8), (60, 0)]), [0.9, 0.4])


@LAWS
@given(positive, positive, st.lists(st.floats(0.01, 1e4), min_size=2, max_size=20))
def test_large_rises_small_falls_and_together_they_make_one(midpoint, spread, found):
    x = np.sort(found)
    large, small = vf.large(x, midpoint, spread), vf.small(x, midpoint, spread)
    assert (np.diff(large) >= -1e-15).all()
    assert (np.diff(small) <= 1e-15).all()
    np.testing.assert_allclose(large + small, 1, atol=1e-12)


@LAWS
@given(numbers, positive, numbers)
def test_humps_are_symmetric_and_best_in_the_middle(midpoint, spread, away):
    for function in (vf.near, vf.gaussian):
        left, middle, right = function(
            [midpoint - away, midpoint, midpoint + away], midpoint, spread
        )
        assert middle == 1
        assert left == pytest.approx(right, rel=1e-6, abs=1e-12)
        assert left <= 1


@LAWS
@given(st.sampled_from(sorted(vf.MEMBERSHIPS)), positive, positive,
       st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=1, max_size=9))  # fmt: skip
@pytest.mark.compiled
def test_scores_stay_between_zero_and_one_and_unknown_stays_unknown(kind, a, b, found):
    first, second = vf.MEMBERSHIPS[kind]
    scores = vf.Membership(kind, **{first: a, second: b})(np.array(found))
    assert (np.isnan(scores) == np.isnan(found)).all()
    known = scores[~np.isnan(scores)]
    assert ((known >= 0) & (known <= 1)).all()


@pytest.mark.parametrize(
    "function",
    [
        vf.Membership("near", midpoint=10, spread=0.2),
        vf.Classes([5], [0.1, 0.9]),
        vf.Lookup({"10": 0.5, "20": 1.0}),
    ],
)
def test_the_surface_uses_the_same_formula(function):
    values = np.array([[10.0, 20.0, np.nan, 7.0]], dtype=np.float32)
    found = weighted_overlay([values], [function.form()], [1.0])
    np.testing.assert_allclose(found.score, function(values), rtol=1e-6)
    assert found.known.tolist() == [[int(x) for x in ~np.isnan(function(values)[0])]]


def test_rasters_and_columns_keep_their_kind():
    raster = xr.DataArray(np.array([[5.0]]), dims=("y", "x"), attrs={"units": "km"})
    found = vf.near(raster, 5, 1)
    assert isinstance(found, xr.DataArray)
    assert found.attrs["units"] == "1"
    assert vf.large(pd.Series([5.0], index=["a"]), 5, 1)["a"] == 0.5


def test_declarations_take_units_and_say_what_they_are():
    near = vf.Membership("near", unit="km", midpoint="2000 m", spread=0.5)
    assert near(np.array([2.0]))[0] == 1
    assert eval(repr(near), {"Membership": vf.Membership}).to_dict() == near.to_dict()
    assert near.to_dict()["kind"] == "near"
    steps = vf.Classes(["5 %", 15], [1, 0.5, 0], unit="%")
    assert eval(repr(steps), {"Classes": vf.Classes}).to_dict() == steps.to_dict()
    assert steps.domain() == ("15 % and above", "below 5 %")


@pytest.mark.parametrize("kind", sorted(vf.MEMBERSHIPS))
def test_the_domain_goes_from_poor_to_good(kind):
    first, second = vf.MEMBERSHIPS[kind]
    function = vf.Membership(kind, unit="km", **{first: 10, second: 2})
    worst, best = (float(text.split()[0]) for text in function.domain())
    if kind in ("near", "gaussian"):
        worst += best
    poor, good = function(np.array([worst, best]))
    assert poor <= 0.06
    assert good >= 0.94


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vf.large([1.0], 0, 2), "midpoint is 0, required is above 0"),
        (lambda: vf.small([1.0], 5, -1), "spread is -1"),
        (lambda: vf.near([1.0], np.nan, 1), "required is a finite number"),
        (lambda: vf.sigmoid([1.0], 0, 0), "slope is 0"),
        (lambda: vf.linear([1.0], 3, 3), "two different numbers"),
        (lambda: vf.ms_large([np.nan]), "nothing is known"),
        (lambda: vf.ms_large([2.0, 2.0]), "std is 0"),
        (lambda: vf.classes([1.0], [5, 3], [0, 1, 1]), "that rise"),
        (lambda: vf.classes([1.0], [5], [0, 1, 1]), "1 breaks make 2 classes, found 3"),
        (lambda: vf.classes([1.0], [5], [0, 2]), "0 to 1 for each"),
        (lambda: vf.classes([1.0], ["x"], [0, 1]), "'x'"),
        (lambda: vf.piecewise([1.0], [(5, 0), (3, 1)]), "that rise"),
        (lambda: vf.piecewise([1.0], [(5, 0), (5, 1)]), "that rise"),
        (lambda: vf.lookup([1.0], {}), "no entry"),
        (lambda: vf.Membership("hump"), "'hump' is none of"),
        (lambda: vf.Membership("near", midpoint=1), "spread is missing"),
        (lambda: vf.Membership("near", midpoint=1, spread=1, slope=2), "has no 'slope'"),
    ],
)  # fmt: skip
def test_functions_that_make_no_sense_are_refused(call, message):
    with pytest.raises((DataError, UnitError), match=message):
        call()
