import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from odc.geo.geobox import GeoBox

from geo.criteria.value_functions import Lookup, Piecewise
from geo.errors import DataError
from geo.grid import as_dataarray
from geo.scoring.overlay import weighted_sum_surface
from geo.scoring.sites import score_sites
from geo.scoring.weighting import WeightRange

GRID = GeoBox.from_bbox((0, 0, 4000, 3000), "EPSG:32648", resolution=1000)


FUNCTIONS = {
    "near": Piecewise([(0, 1), (10, 0.8), (60, 0)], "km"),
    "high": Piecewise([(800, 0), (3000, 1)], "m"),
}
WEIGHTS = {"near": 3.0, "high": 1.0}


def layer(values, name="layer"):
    return as_dataarray(np.asarray(values), GRID, name=name, unit="km", long_name="Layer")


def layers(near=5.0, high=800.0):
    return {"near": layer(np.full((3, 4), near)), "high": layer(np.full((3, 4), high))}


def test_score_by_hand():
    found = weighted_sum_surface(layers(near=5, high=1900), FUNCTIONS, WEIGHTS)
    # 5 km scores 0.9, 1,900 m 0.5; weights 3/4 and 1/4.
    np.testing.assert_allclose(found["score"], 0.75 * 0.9 + 0.25 * 0.5, rtol=1e-6)
    assert (found["known"] == 2).all()


def test_an_unknown_counts_nothing_and_opens_an_interval():
    found = weighted_sum_surface(layers(high=np.nan), FUNCTIONS, WEIGHTS)
    np.testing.assert_allclose(found["score"], 0.675, rtol=1e-6)
    np.testing.assert_allclose(found["score_high"], 0.925, rtol=1e-6)
    assert (found["known"] == 1).all()


def test_criteria_may_be_named_in_any_order():
    names = {"criteria": layers(), "value_functions": FUNCTIONS, "weights": WEIGHTS}
    turned = {what: dict(reversed(found.items())) for what, found in names.items()}
    straight = weighted_sum_surface(**names)["score"]
    for what in names:
        mixed = weighted_sum_surface(**{**names, what: turned[what]})["score"]
        np.testing.assert_allclose(mixed, straight, rtol=1e-6)


def test_unknown_excluded_and_zero_are_three_things():
    near = np.full((3, 4), 5.0)
    near[0, 0], near[0, 1] = np.nan, 60
    bits = np.zeros((3, 4), dtype=np.uint16)
    bits[0, 2] = 1
    found = weighted_sum_surface(
        {"near": layer(near)}, {"near": FUNCTIONS["near"]}, {"near": 1},
        excluded=layer(bits), required=["near"],
    )  # fmt: skip
    assert np.isnan(found["score"][0, 0])
    assert found["known"][0, 0] == 0
    assert found["score"][0, 1] == 0
    assert np.isnan(found["score"][0, 2])
    assert found["known"][0, 2] == 1


def test_a_cell_without_a_required_criterion_has_no_score():
    found = weighted_sum_surface(layers(high=np.nan), FUNCTIONS, WEIGHTS, required=["high"])
    assert np.isnan(found["score"]).all()
    assert np.isnan(found["score_high"]).all()


@pytest.mark.parametrize(
    ("attribute", "argument", "blocked"),
    [(None, None, [1, 1]), (1, None, [1, 0]), (1, 2, [0, 1]), (None, 0, [0, 0])],
)
def test_only_the_bits_of_the_mask_exclude(attribute, argument, blocked):
    bits = layer(np.zeros((3, 4), dtype=np.uint16))
    bits.values[0, :2] = [1, 2]
    if attribute is not None:
        bits.attrs["exclude_mask"] = attribute
    found = weighted_sum_surface(layers(), FUNCTIONS, WEIGHTS, excluded=bits, exclude_mask=argument)
    assert np.isnan(found["score"].values)[0, :2].astype(int).tolist() == blocked


def test_result_keeps_the_grid_and_says_what_it_is():
    found = weighted_sum_surface(layers(), FUNCTIONS, WEIGHTS)
    assert found["score"].attrs["grid_mapping"] == "spatial_ref"
    assert found["score"].attrs["units"] == "1"
    assert "spatial_ref" in found.coords
    assert found["score"].dtype == np.float32
    xr.testing.assert_equal(found["x"], layers()["near"]["x"])


@settings(max_examples=20, deadline=None)
@given(arrays(np.float64, (2, 3, 4), elements=st.floats(0, 3000) | st.just(np.nan)))
def test_a_site_scores_what_its_cell_scores(values):
    given_layers = {"near": layer(values[0]), "high": layer(values[1])}
    surface = weighted_sum_surface(given_layers, FUNCTIONS, WEIGHTS)
    ids = [f"cell-{i}" for i in range(12)]
    table = pd.DataFrame({k: v.values.ravel() for k, v in given_layers.items()}, index=ids)
    text = dict.fromkeys(FUNCTIONS, "")
    sites = score_sites(
        "wind", ids, table, None, None, text, FUNCTIONS,
        {k: WeightRange(w, w, w) for k, w in WEIGHTS.items()}, (),
        pd.Series("ranked", ids), text, text, draws=1,
    ).sites  # fmt: skip
    np.testing.assert_allclose(surface["score"].values.ravel(), sites["score"], rtol=1e-6)
    np.testing.assert_array_equal(surface["known"].values.ravel(), sites["known_criteria"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"criteria": {}}, "no criterion"),
        ({"weights": {"near": 1}}, "weights and criteria disagree about 'high'"),
        ({"value_functions": {**FUNCTIONS, "z": None}}, "disagree about 'z'"),
        ({"required": ["nera"]}, "required: 'nera'"),
        ({"value_functions": {**FUNCTIONS, "high": Lookup({"a": 1})}}, "serves sites only"),
        ({"weights": {"near": 0, "high": 0}}, "add up to zero"),
        ({"excluded": layers()["near"][:2].astype("uint16")}, "'excluded' has the dimensions"),
        ({"criteria": {**layers(), "high": layers()["high"].T}}, "'high' has the dimensions"),
    ],
)
def test_what_does_not_fit_together_is_refused(changed, message):
    call = {"criteria": layers(), "value_functions": FUNCTIONS, "weights": WEIGHTS, **changed}
    with pytest.raises(DataError, match=message):
        weighted_sum_surface(**call)


def test_a_layer_of_another_grid_is_refused():
    moved = layers()["high"]
    moved = moved.assign_coords(x=moved["x"] + 500)
    with pytest.raises(DataError, match="another grid"):
        weighted_sum_surface({**layers(), "high": moved}, FUNCTIONS, WEIGHTS)
