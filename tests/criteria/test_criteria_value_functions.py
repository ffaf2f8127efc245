import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.compute.kernels import weighted_overlay
from geo.criteria.value_functions import Lookup, Piecewise, Threshold
from geo.errors import DataError, UnitError

RAIL = Piecewise([(0, 1), (25, 0.9), (75, 0.6), (150, 0.3), (300, 0)], unit="km")


def test_scores_by_hand():
    np.testing.assert_allclose(RAIL(np.array([-5, 0, 12.5, 225, 1e9])), [1, 1, 0.95, 0.15, 0])


def test_a_text_carries_its_own_unit():
    assert Piecewise([("500 m", 1.0), ("2 km", 0.0)], unit="km")(np.array([1.25]))[0] == 0.5


def test_a_logarithm_counts_powers_of_ten():
    size = Piecewise([(10, 0.0), (1000, 1.0)], unit="kt", log=True)
    np.testing.assert_allclose(size(np.array([100, 0, 1e5])), [0.5, 0, 1])
    assert size.to_dict()["kind"] == "log"


@pytest.mark.parametrize("function", [RAIL, Threshold(3), Lookup({"a": 0.5})])
def test_unknown_stays_unknown_and_the_kind_of_container_too(function):
    series = function(pd.Series([np.nan, 1.0], index=["x", "y"], name="v"))
    assert isinstance(series, pd.Series)
    assert np.isnan(series["x"])
    assert series.name == "v"
    array = function(xr.DataArray([np.nan, 1.0], dims="x", attrs={"units": "km"}))
    assert isinstance(array, xr.DataArray)
    assert np.isnan(array[0])
    assert array.attrs["units"] == "1"


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=20))
def test_the_surface_and_the_table_give_the_same_score(values):
    array = np.array([values])
    surface = weighted_overlay([array], [RAIL.breakpoints()], [1.0]).score
    np.testing.assert_allclose(surface, RAIL(array), rtol=1e-6, atol=1e-7)


@settings(max_examples=80, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_farther_is_never_better_when_the_points_fall(one, other):
    near, far = sorted((one, other))
    scores = RAIL(np.array([near, far]))
    assert scores[0] >= scores[1]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(0, 1), (160, 0)], ("160 km", "0 km")),
        ([(0, 1), (10, 1), (50, 0), (90, 0)], ("50 km", "10 km")),
        ([(5, 0), (6, 0.3), (9, 1)], ("5 km", "9 km")),
        ([(0, 0), (10, 1), (100, 0)], ("0 km", "10 km")),
    ],
)
def test_the_domain_is_the_swing_that_a_weight_stands_for(points, expected):
    assert Piecewise(points, unit="km").domain() == expected


def test_a_threshold_steps_at_its_limit_on_either_side():
    below = Threshold("15 %", unit="%")
    assert below(np.array([14.9, 15, np.nextafter(15, 16), 99])).tolist() == [1, 1, 0, 0]
    above = Threshold(0, better="above")
    assert above(np.array([-1e-9, 0, 1e-9])).tolist() == [0, 1, 1]
    assert below.domain() == ("above 15 %", "below 15 %")
    assert above.domain() == ("below 0", "above 0")


def test_a_lookup_scores_texts_and_knows_its_ends():
    stage = Lookup({"occurrence": 0.1, "exploration": 0.35, "producing": 1.0})
    assert stage(["producing", "occurrence"]).tolist() == [1.0, 0.1]
    assert stage.domain() == ("occurrence", "producing")
    with pytest.raises(DataError, match="serves sites only"):
        stage.form()


def test_functions_can_be_written_as_data_and_as_calls():
    for function in (RAIL, Threshold(3, unit="m"), Lookup({"a": 0.5})):
        assert set(json.loads(json.dumps(function.to_dict()))) == {"kind", "points", "unit"}
    assert RAIL.to_dict()["points"][1] == [25.0, 0.9]
    again = eval(repr(RAIL))
    assert again.to_dict() == RAIL.to_dict()
    assert repr(Lookup({"a": 1})) == "Lookup({'a': 1.0})"


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Piecewise([(1, 1)]), DataError, "has 1 points, required are two"),
        (lambda: Piecewise([(1, 1), (1, 0)]), DataError, "that rise"),
        (lambda: Piecewise([(2, 1), (1, 0)]), DataError, "that rise"),
        (lambda: Piecewise([(1, 1), (np.inf, 0)]), DataError, "finite"),
        (lambda: Piecewise([(1, 1), (2, 1.1)]), DataError, "0 to 1"),
        (lambda: Piecewise([(1, np.nan), (2, 1)]), DataError, "0 to 1"),
        (lambda: Piecewise([(0, 1), (2, 1)], log=True), DataError, "above 0"),
        (lambda: Piecewise([1, 2]), DataError, "write \\(value, score\\)"),
        (lambda: Piecewise([(None, 1), (2, 1)]), DataError, "is no point"),
        (lambda: Piecewise([("1 kg", 1), (2, 1)], unit="m"), UnitError, "kg"),
        (lambda: Piecewise([(1, 1), (2, 1)], unit="zorkmid"), UnitError, "unit"),
        (lambda: Threshold(1, better="left"), DataError, "'below' or 'above'"),
        (lambda: Lookup({}), DataError, "no entry"),
        (lambda: Lookup({"a": 2}), DataError, "'a' scores 2"),
    ],
)
def test_refuses_and_says_what_to_do(make, error, says):
    with pytest.raises(error, match=says):
        make()
