import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from odc.geo.geobox import GeoBox

from geo.compute import combine
from geo.compute.kernels import combine_scores
from geo.criteria.value_functions import Classes, Lookup, Membership, Piecewise
from geo.errors import DataError
from geo.grid import as_dataarray
from geo.scoring.overlay import (
    combine_surface,
    fuzzy_and,
    fuzzy_gamma,
    fuzzy_or,
    fuzzy_product,
    fuzzy_sum,
)
from geo.scoring.ranking import owa, topsis, weighted_product, weighted_sum

GRID = GeoBox.from_bbox((0, 0, 4000, 3000), "EPSG:32648", resolution=1000)
FUNCTIONS = {
    "near": Piecewise([(0, 1), (10, 0.8), (60, 0)], "km"),
    "grade": Membership("large", unit="%", midpoint=20, spread=3),
    "slope": Classes([5, 15], [1.0, 0.4, 0.05], "%"),
    "cover": Lookup({"10": 0.9, "20": 0.3, "30": 0.0}),
}
WEIGHTS = {"near": 4.0, "grade": 3.0, "slope": 2.0, "cover": 1.0}
SHARES = np.array([0.4, 0.3, 0.2, 0.1])
SITES = {
    "weighted-sum": lambda v: weighted_sum(v, SHARES).score,
    "weighted-product": lambda v: weighted_product(v, SHARES).score,
    "owa": lambda v: owa(v, SHARES, alpha=2.5).score,
    "topsis": lambda v: topsis(v, SHARES, normalise="none", ideal=1.0, anti_ideal=0.0).score,
    "fuzzy-and": fuzzy_and,
    "fuzzy-or": fuzzy_or,
    "fuzzy-product": fuzzy_product,
    "fuzzy-sum": fuzzy_sum,
    "fuzzy-gamma": lambda v: fuzzy_gamma(v, 0.7),
}
OPTIONS = {"alpha": 2.5, "gamma": 0.7}
unit = st.floats(0, 1)
methods = st.sampled_from(combine.METHODS)
values = arrays(np.float64, (3, 3, 4), elements=st.floats(0, 70) | st.just(np.nan))
covers = arrays(np.float64, (3, 4), elements=st.sampled_from([10.0, 20.0, 30.0, 40.0, np.nan]))


def layer(found):
    return as_dataarray(np.asarray(found), GRID, name="l", unit="1", long_name="Layer")


def surface(found, cover, method, **options):
    names = ("near", "grade", "slope")
    given_layers = {n: layer(v) for n, v in zip(names, found, strict=True)}
    given_layers["cover"] = layer(cover)
    return combine_surface(
        given_layers, FUNCTIONS, WEIGHTS, method, **{**OPTIONS, **options}
    ), given_layers


@settings(max_examples=150)
@given(values, covers, methods)
@pytest.mark.compiled
def test_a_site_scores_what_its_cell_scores(found, cover, method):
    result, given_layers = surface(found, cover, method)
    scored = np.column_stack([FUNCTIONS[n](v.values.ravel()) for n, v in given_layers.items()])
    shown = ~np.isnan(scored).all(axis=1)
    for name, filling in (("score", 0.0), ("score_high", 1.0)):
        site = SITES[method](np.where(np.isnan(scored), filling, scored))
        cells = result[name].values.ravel()
        assert (np.isnan(cells) == ~shown).all()
        np.testing.assert_allclose(cells[shown], site[shown], atol=1e-6)
    np.testing.assert_array_equal(result["known"].values.ravel(), (~np.isnan(scored)).sum(axis=1))


@settings(max_examples=300)
@given(
    arrays(np.float64, (6, 4), elements=unit | st.just(np.nan)),
    methods,
    arrays(np.float64, (6, 4), elements=unit),
)
def test_any_filling_of_the_unknown_lies_in_the_interval(scores, method, filling):
    low, high = combine_scores(scores, SHARES, method, **OPTIONS)
    filled = np.where(np.isnan(scores), filling, scores)
    found, same = combine_scores(filled, SHARES, method, **OPTIONS)
    np.testing.assert_array_equal(found, same)
    assert (found >= low - 1e-12).all()
    assert (found <= high + 1e-12).all()


@settings(max_examples=300)
@given(
    arrays(np.float64, (6, 4), elements=unit | st.just(np.nan)),
    arrays(np.float64, (6, 4), elements=unit),
    arrays(np.float64, 4, elements=st.floats(0.01, 1)),
)
def test_order_weights_over_unequal_weights_are_bounded_too(scores, filling, places):
    low, high = combine_scores(scores, SHARES, "owa", order_weights=places)
    filled = np.where(np.isnan(scores), filling, scores)
    found, _ = combine_scores(filled, SHARES, "owa", order_weights=places)
    np.testing.assert_allclose(found, owa(filled, SHARES, order_weights=places).score, atol=1e-12)
    assert (found >= low - 1e-12).all()
    assert (found <= high + 1e-12).all()


def test_excluded_unknown_and_zero_are_three_things():
    near = np.full((3, 4), 5.0)
    near[0, 0], near[0, 1] = np.nan, 60
    bits = np.zeros((3, 4), dtype=np.uint16)
    bits[0, 2], bits[0, 3] = 1, 2
    found = combine_surface(
        {"near": layer(near)}, {"near": FUNCTIONS["near"]}, {"near": 1}, "fuzzy-product",
        excluded=layer(bits), exclude_mask=1, required=["near"],
    )  # fmt: skip
    assert np.isnan(found["score"].values[0]).tolist() == [True, False, True, False]
    assert found["score"].values[0, 1] == 0
    assert found["known"].values[0].tolist() == [0, 1, 1, 1]


@settings(max_examples=30)
@given(values, covers, methods)
@pytest.mark.compiled
def test_blocks_of_any_size_give_the_same(found, cover, method):
    whole, _ = surface(found, cover, method)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combine, "_CACHE", 5)
        patch.setattr(combine, "_TASK", 7)
        cut, _ = surface(found, cover, method)
    for name in whole:
        np.testing.assert_array_equal(whole[name], cut[name])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "vikor"}, "'vikor' is none of weighted-sum"),
        ({"method": "owa", "alpha": -1.0}, "alpha is -1"),
        ({"method": "fuzzy-gamma", "gamma": 1.5}, "gamma is 1.5"),
        ({"method": "owa", "order_weights": [1, 0]}, "for 4 criteria"),
        ({"method": "owa", "order_weights": [0, 0, 0, 0]}, "not all zero"),
    ],
)
def test_a_method_that_does_not_fit_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        surface(np.ones((3, 3, 4)), np.full((3, 4), 10.0), **options)


def test_a_lookup_of_texts_serves_no_surface():
    with pytest.raises(DataError, match="serves sites only"):
        combine_surface(
            {"a": layer(np.ones((3, 4)))}, {"a": Lookup({"x": 1})}, {"a": 1}, "fuzzy-and"
        )
