import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.compute import kernels, lanes, overlay
from geo.compute.breakpoints import fits_float32
from geo.compute.kernels import Breakpoints
from geo.errors import DataError

finite = st.floats(-1e6, 1e6, width=32)
values = arrays(np.float32, (3, 5), elements=finite | st.just(np.nan))


@st.composite
def functions(draw):
    count = draw(st.integers(2, 6))
    x = draw(st.lists(st.floats(-1e5, 1e5), min_size=count, max_size=count, unique=True))
    x = np.unique(np.round(x, 3))
    if len(x) < 2:
        x = np.array([x[0], x[0] + 1])
    score = draw(st.lists(st.floats(0, 1), min_size=len(x), max_size=len(x)))
    return Breakpoints(x, np.array(score))


RISE = Breakpoints(np.array([0.0, 10.0]), np.array([0.0, 1.0]))
FALL = Breakpoints(np.array([0.0, 100.0]), np.array([1.0, 0.0]))


@settings(max_examples=150, deadline=None)
@given(values, functions())
def test_a_value_function_is_numpys_interpolation(given_values, function):
    exact = given_values.astype(np.float64)
    expected = np.where(np.isnan(exact), np.nan, np.interp(exact, function.x, function.score))
    np.testing.assert_allclose(kernels.piecewise(given_values, function), expected, atol=1e-12)


def test_flat_outside_the_points_and_exact_at_them():
    found = kernels.piecewise([-1e30, 0, 2.5, 10, np.inf, -np.inf, np.nan], RISE)
    assert found[:-1].tolist() == [0, 0, 0.25, 1, 1, 0]
    assert np.isnan(found[-1])


def test_a_logarithm_halves_the_score_at_the_geometric_mean():
    function = Breakpoints(np.array([10.0, 1e6]), np.array([0.0, 1.0]), True)
    found = kernels.piecewise([10**3.5, 5.0, 0.0, -3.0, 1e9, np.nan], function)
    np.testing.assert_allclose(found, [0.5, 0, 0, 0, 1, np.nan], atol=1e-15)


def test_a_steep_step_costs_no_precision_elsewhere():
    x = np.array([0.0, 1e-300, 1e6])
    function = Breakpoints(x, np.array([0.0, 0.5, 1.0]))
    assert kernels.piecewise([0.0, 5e5], function).tolist() == [0.0, 0.75]


def test_unknown_counts_nothing_in_the_score_and_all_in_the_bound():
    result = kernels.weighted_overlay(
        [np.array([[5.0, np.nan, 5.0, np.nan]]), np.array([[50.0, 50.0, np.nan, np.nan]])],
        [RISE, FALL],
        [0.6, 0.4],
    )
    np.testing.assert_allclose(result.score, [[0.5, 0.2, 0.3, np.nan]], rtol=1e-7)
    np.testing.assert_allclose(result.score_high, [[0.5, 0.8, 0.7, np.nan]], rtol=1e-6)
    assert result.known.tolist() == [[2, 1, 1, 0]]
    assert result.score.dtype == result.score_high.dtype == np.float32
    assert result.known.dtype == np.uint8


def test_excluded_has_no_score_and_a_warning_bit_keeps_it():
    bits = np.array([[0, 1, 2, 3]], dtype=np.uint16)
    result = kernels.weighted_overlay(
        [np.full((1, 4), 5.0)], [RISE], [1.0], excluded=bits, exclude_mask=0b01
    )
    np.testing.assert_array_equal(result.score, [[0.5, np.nan, 0.5, np.nan]])
    np.testing.assert_array_equal(np.isnan(result.score_high), np.isnan(result.score))
    everything = kernels.weighted_overlay([np.full((1, 4), 5.0)], [RISE], [1.0], excluded=bits)
    assert np.isnan(everything.score).tolist() == [[False, True, True, True]]


def test_without_a_required_criterion_there_is_no_score():
    layers = [np.array([[5.0, np.nan]]), np.array([[50.0, 50.0]])]
    result = kernels.weighted_overlay(layers, [RISE, FALL], [0.5, 0.5], required=[True, False])
    np.testing.assert_array_equal(result.score, [[0.5, np.nan]])
    assert result.known.tolist() == [[2, 1]]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(values, functions(), st.floats(0.01, 1)), min_size=1, max_size=4),
    arrays(np.bool_, (3, 5)),
)
def test_equals_the_formula_written_out_in_numpy(parts, closed):
    layers, curves, weights = (list(part) for part in zip(*parts, strict=True))
    weights = (np.array(weights) / np.sum(weights)).tolist()
    scores = np.array([kernels.piecewise(v, f) for v, f in zip(layers, curves, strict=True)])
    known = ~np.isnan(scores)
    shares = np.array(weights)[:, None, None]
    low = (shares * np.where(known, scores, 0)).sum(axis=0)
    high = (shares * np.where(known, scores, 1)).sum(axis=0)
    shown = ~closed & known.any(axis=0)
    result = kernels.weighted_overlay(layers, curves, weights, excluded=closed)
    np.testing.assert_allclose(result.score, np.where(shown, low, np.nan), atol=1e-6)
    np.testing.assert_allclose(result.score_high, np.where(shown, high, np.nan), atol=1e-6)
    np.testing.assert_array_equal(result.known, known.sum(axis=0))
    assert np.nanmin(result.score, initial=0) >= 0
    assert np.nanmax(result.score_high, initial=0) <= 1 + 1e-6


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_blocks_of_any_size_give_the_same_bits(monkeypatch, kind):
    layer = np.random.default_rng(0).random((13, 17), dtype=np.float32) * 20
    layer[::4, ::3] = np.nan
    steps = Breakpoints(np.arange(0.0, 21.0, 2.5), np.linspace(0.1, 0.9, 9) ** 2)
    forms = [RISE, Breakpoints(np.array([1.0, 9.0]), np.arange(2.0), True), steps]
    forms += [kernels.Curve("near", 4.0, 2.0)]
    layers = [layer, layer.T.reshape(layer.shape).astype(kind), layer + 1, layer + 2]

    def found():
        return kernels.weighted_overlay(layers, forms, [0.25] * 4, excluded=layer > 15)

    whole = found()
    monkeypatch.setattr(overlay, "_TASK", 75)
    monkeypatch.setattr(overlay, "_CACHE", 33)
    for one, other in zip(whole, found(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_raster_of_any_number_of_cells_is_scored_to_its_end(kind):
    rng = np.random.default_rng(2)
    for size in [0, 1, *range(lanes.WIDTH - 1, 2 * lanes.WIDTH + 2)]:
        layers = rng.uniform(-5, 120, (2, 1, size)).astype(kind)
        layers[rng.random(layers.shape) < 0.3] = np.nan
        bits = rng.integers(0, 4, (1, size)).astype(np.uint8)
        scores = np.array(
            [np.interp(v, f.x, f.score) for v, f in zip(layers, (RISE, FALL), strict=True)]
        )
        known = ~np.isnan(scores)
        expected = np.where(known, scores, 0).mean(axis=0)
        expected[(bits & 2 > 0) | ~known.any(axis=0)] = np.nan
        found = kernels.weighted_overlay(
            layers, [RISE, FALL], [0.5, 0.5], excluded=bits, exclude_mask=2
        )
        np.testing.assert_allclose(found.score, expected, atol=2e-7)
        np.testing.assert_array_equal(found.known, known.sum(axis=0))


def test_whole_numbers_are_taken_as_criteria():
    found = kernels.weighted_overlay([np.array([[5]])], [RISE], [1.0])
    assert found.score.tolist() == [[0.5]]


@settings(max_examples=80, deadline=None)
@given(values, functions())
def test_float32_and_float64_give_the_same_scores_to_a_millionth(layer, function):
    single = kernels.weighted_overlay([layer], [function], [1.0])
    double = kernels.weighted_overlay([layer.astype(np.float64)], [function], [1.0])
    for one, other in zip(single, double, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_many_criteria_of_float32_add_up_to_a_millionth():
    rng = np.random.default_rng(4)
    layers = list(rng.random((32, 1, 500), dtype=np.float32) * 10)
    weights = rng.random(32)
    weights /= weights.sum()
    found = kernels.weighted_overlay(layers, [RISE] * 32, weights).score
    expected = np.tensordot(weights, np.array(layers, np.float64) / 10, axes=1)
    np.testing.assert_allclose(found, expected, atol=5e-7)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_step_between_two_neighbouring_numbers_is_exact_at_its_limit(kind):
    step = Breakpoints(np.array([15.0, np.nextafter(15.0, 16)]), np.array([1.0, 0.0]))
    assert fits_float32(step)
    limit = kind(15)
    layer = np.array([[0, np.nextafter(limit, kind(0)), limit, np.nextafter(limit, kind(16)), 1e9]])
    found = kernels.weighted_overlay([layer.astype(kind)], [step], [1.0])
    assert found.score.tolist() == [[1, 1, 1, 0, 0]]


def test_points_too_fine_for_float32_are_reckoned_in_float64():
    x = 1e6 + np.array([0.0, 1.0, 2.0])
    fine = Breakpoints(x, np.array([0.0, 0.7, 1.0]))
    assert not fits_float32(Breakpoints(x + 0.01, fine.score))
    layer = np.array([[1e6 + 0.5, 1e6 + 1.25, 2e6]], dtype=np.float32)
    expected = np.interp(layer, x + 0.01, fine.score)
    found = kernels.weighted_overlay([layer], [Breakpoints(x + 0.01, fine.score)], [1.0])
    np.testing.assert_allclose(found.score, expected, atol=1e-6)


def test_nothing_and_everything_are_exactly_0_and_1():
    x = np.array([0.0, 10.0, 60.0])
    function = Breakpoints(x, np.array([1.0, 0.8, 0.0]))
    layer = np.array([[0.0, 60.0]])
    for kind in (np.float32, np.float64):
        shares = [0.1] * 10
        found = kernels.weighted_overlay([layer.astype(kind)] * 10, [function] * 10, shares)
        assert found.score.tolist() == found.score_high.tolist() == [[1.0, 0.0]]


def test_layers_of_any_kind_and_place_in_memory_are_read_right():
    plain = np.array([[1, 5, 9]])
    packed = np.zeros(1 + plain.size * 4, dtype=np.uint8)[1:].view(np.float32).reshape(1, 3)
    packed[:] = plain
    strided = np.repeat(plain.astype(np.float32), 2, axis=1)[:, ::2]
    kinds = [plain.astype(kind) for kind in ("u1", "i4", "f2", ">f4", ">f8", "f8")]
    for layer in [*kinds, packed, strided]:
        found = kernels.weighted_overlay([layer, plain.astype("f4")], [RISE, RISE], [0.5, 0.5])
        np.testing.assert_allclose(found.score, plain / 10, rtol=1e-6)


@settings(max_examples=80, deadline=None)
@given(values, functions())
def test_a_method_sees_the_very_value_scores_of_a_site(layer, function):
    found = kernels.combined_overlay([layer], [function], [1.0], "fuzzy-and").score
    expected = kernels.piecewise(layer, function).astype(np.float32)
    np.testing.assert_array_equal(found, expected)


ONE = np.ones((1, 2))


@pytest.mark.parametrize(
    ("criteria", "curves", "weights", "options", "says"),
    [
        ([], [], [], {}, "no criterion"),
        ([ONE], [RISE], [0.9], {}, "sum to 0.9"),
        ([ONE, ONE], [RISE, RISE], [1.5, -0.5], {}, "0 or more"),
        ([ONE], [RISE, RISE], [1.0], {}, "2 value functions"),
        ([ONE, np.ones((2, 2))], [RISE, RISE], [0.5, 0.5], {}, "criterion 1 has shape"),
        ([ONE], [RISE], [1.0], {"required": []}, "0 required flags"),
        ([ONE], [RISE], [1.0], {"excluded": np.ones((2, 2), bool)}, "excluded has shape"),
        ([ONE], [RISE], [1.0], {"excluded": ONE}, "excluded has type float64"),
        ([ONE], [RISE], [1.0], {"exclude_mask": 1 << 16}, "16 bits"),
        ([ONE], [Breakpoints(np.array([1.0, 1.0]), np.ones(2))], [1.0], {}, "rising x"),
        ([ONE], [Breakpoints(np.array([1.0, np.inf]), np.ones(2))], [1.0], {}, "finite"),
        ([ONE], [Breakpoints(np.array([0.0, 1.0]), np.ones(2), True)], [1.0], {}, "log scale"),
        ([ONE], [Breakpoints(np.array([0.0, 5e-324]), np.arange(2.0))], [1.0], {}, "too close"),
        ([ONE] * 256, [RISE] * 256, [1 / 256] * 256, {}, "255"),
    ],
)
def test_refuses_and_says_what_to_do(criteria, curves, weights, options, says):
    with pytest.raises(DataError, match=says):
        kernels.weighted_overlay(criteria, curves, weights, **options)
