import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import DataError
from geo.scoring.weighting import WeightRange, draw_weights, generator, normalise

weights = st.lists(st.floats(0, 1e6), min_size=1, max_size=8).filter(lambda w: max(w) > 1e-3)
ranges = st.lists(
    st.tuples(*[st.floats(0.001, 10)] * 3).map(lambda t: WeightRange(*np.sort(t)[[1, 0, 2]])),
    min_size=1,
    max_size=6,
).map(lambda found: {f"c{i}": r for i, r in enumerate(found)})


def test_weights_are_divided_by_their_sum():
    assert normalise([2, 3, 5]).tolist() == pytest.approx([0.2, 0.3, 0.5], abs=1e-15)


@settings(deadline=None)
@given(weights, st.floats(1e-3, 1e3))
def test_scale_of_weights_does_not_matter(found, factor):
    np.testing.assert_allclose(
        normalise(np.array(found) * factor), normalise(found), rtol=1e-12, atol=1e-12
    )


@settings(deadline=None)
@given(weights)
def test_normalised_weights_add_up_to_one_and_keep_their_order(found):
    scaled = normalise(found)
    assert scaled.sum() == pytest.approx(1)
    assert (np.argsort(scaled, kind="stable") == np.argsort(found, kind="stable")).all()


def test_weights_near_the_largest_float_do_not_overflow():
    assert normalise([1.7e308, 1.7e308]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("given_weights", "message"),
    [
        ([0, 0], "add up to zero"),
        ([1, -0.1], "zero or more"),
        ([1, np.nan], "finite"),
        ([1, np.inf], "finite"),
        ([], "list of numbers"),
        ([[1, 2]], "shape"),
        (["heavy"], "must be numbers"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(given_weights, message):
    with pytest.raises(DataError, match=message):
        normalise(given_weights)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((0.3, 0.4, 0.2), "rising order"),
        ((0.5, 0.2, 0.4), "does not lie in its range"),
        ((0.1, -0.1, 0.2), "zero or more"),
        ((np.nan, 0.1, 0.2), "finite"),
        ((0.1, 0.1, np.inf), "finite"),
    ],
)
def test_a_range_must_hold_its_central_weight(numbers, message):
    with pytest.raises(DataError, match=message):
        WeightRange(*numbers)


@settings(deadline=None)
@given(ranges, st.integers(0, 2**40))
def test_every_draw_adds_up_to_one_and_repeats(found, seed):
    drawn = draw_weights(found, 20, seed)
    assert drawn.shape == (20, len(found))
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    np.testing.assert_array_equal(drawn, draw_weights(found, 20, seed))


def test_two_weights_keep_the_ratio_that_their_ranges_allow():
    found = {"a": WeightRange(2, 1, 3), "b": WeightRange(1, 1, 1)}
    drawn = draw_weights(found, 5000, seed=3)
    ratio = drawn[:, 0] / drawn[:, 1]
    assert 1 <= ratio.min() < 1.01
    assert 2.99 < ratio.max() <= 3
    # Uniform: mean (1 + 3) / 2, standard deviation 2 / sqrt(12), no peak at the central weight.
    assert ratio.mean() == pytest.approx(2, abs=0.03)
    assert ratio.std() == pytest.approx(2 / np.sqrt(12), abs=0.02)


def test_weights_without_ranges_are_the_central_ones_in_every_draw():
    central = [0.22, 0.08, 0.1, 0.12, 0.16, 0.08, 0.1, 0.06, 0.08]
    found = {f"c{i}": WeightRange(w, w, w) for i, w in enumerate(central)}
    assert (draw_weights(found, 7, seed=1) == normalise(central)).all()


def test_a_criterion_more_leaves_the_ratios_of_the_others():
    two = {"a": WeightRange(2, 1, 3), "b": WeightRange(2, 1, 3)}
    three = {"new": WeightRange(5, 0, 9), **two}
    before, after = draw_weights(two, 50, 7), draw_weights(three, 50, 7)
    np.testing.assert_allclose(after[:, 1] / after[:, 2], before[:, 0] / before[:, 1])


def test_weights_are_drawn_independently_of_one_another():
    found = {"a": WeightRange(2, 1, 3), "b": WeightRange(2, 1, 3), "c": WeightRange(1, 1, 1)}
    drawn = draw_weights(found, 4000, seed=3)
    raw = drawn[:, :2] / drawn[:, 2:]
    assert abs(np.corrcoef(raw.T)[0, 1]) < 0.05


def test_more_draws_begin_with_the_same_ones():
    found = {"a": WeightRange(2, 1, 3), "b": WeightRange(2, 1, 3)}
    np.testing.assert_array_equal(draw_weights(found, 50, 7)[:20], draw_weights(found, 20, 7))


def test_a_range_from_zero_never_makes_all_weights_zero():
    drawn = draw_weights({"a": WeightRange(0.5, 0, 1)}, 100, seed=2)
    assert (drawn == 1).all()


def test_seeds_and_keys_give_different_streams():
    streams = [generator(1, "a"), generator(1, "b"), generator(2, "a"), generator((1, "a"), "a")]
    assert len({stream.random() for stream in streams}) == 4


def test_streams_are_the_same_on_every_machine():
    # Written down once, from BLAKE2b of "site": a change here changes every published range.
    sequence = np.random.SeedSequence([1, 0xEF30F51E1B2038DC])
    expected = np.random.Generator(np.random.PCG64(sequence)).random()
    assert generator(1, "site").random() == expected == 0.16045415065526802


@pytest.mark.parametrize(
    ("found", "draws", "seed", "message"),
    [
        ({"a": WeightRange(1, 1, 1)}, 0, 1, "at least one"),
        ({}, 10, 1, "no criterion"),
        ({"a": WeightRange(0, 0, 0)}, 10, 1, "no criterion has a weight"),
        ({"a": WeightRange(1, 1, 1)}, 10, -1, "negative"),
    ],
)
def test_draws_that_cannot_be_made_are_refused(found, draws, seed, message):
    with pytest.raises(DataError, match=message):
        draw_weights(found, draws, seed)
