import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geo.errors import DataError
from geo.minerals.conditions import Conditions
from geo.minerals.evidence import alr, clr, ilr, plr
from geo.minerals.prospectivity import (
    conditional_independence,
    posterior_probability,
    success_rate,
    weights_of_evidence,
)

# 100 cells, 10 deposits; class 1 has 20 cells and 6 deposits.
EVIDENCE = np.repeat([1, 2], [20, 80])
DEPOSITS = np.r_[np.repeat([1, 0], [6, 14]), np.repeat([1, 0], [4, 76])].astype(bool)


def test_weights_by_hand():
    first = weights_of_evidence(EVIDENCE, DEPOSITS).iloc[0]
    assert first["w_plus"] == pytest.approx(np.log((6 / 10) / (14 / 90)))
    assert first["w_minus"] == pytest.approx(np.log((4 / 10) / (76 / 90)))
    assert first["s_w_plus"] == pytest.approx(np.sqrt(1 / 6 + 1 / 14))
    assert first["s_w_minus"] == pytest.approx(np.sqrt(1 / 4 + 1 / 76))
    assert first["contrast"] == pytest.approx(np.log(6 * 76 / (14 * 4)))
    assert first["s_contrast"] == pytest.approx(np.sqrt(1 / 6 + 1 / 14 + 1 / 4 + 1 / 76))
    assert first["studentised"] == pytest.approx(first["contrast"] / first["s_contrast"])
    assert not first["corrected"]


def test_two_classes_mirror_each_other():
    table = weights_of_evidence(EVIDENCE, DEPOSITS)
    assert table["w_plus"][0] == pytest.approx(table["w_minus"][1])
    assert table["contrast"][0] == pytest.approx(-table["contrast"][1])


def test_cumulative_weights_count_all_classes_so_far():
    evidence = np.repeat([1, 2, 3], [20, 30, 50])
    up = weights_of_evidence(evidence, DEPOSITS, method="ascending")
    down = weights_of_evidence(evidence, DEPOSITS, method="descending")
    assert up[["class", "n"]].to_numpy().tolist() == [[1, 20], [2, 50], [3, 100]]
    assert down[["class", "n"]].to_numpy().tolist() == [[3, 50], [2, 80], [1, 100]]
    assert up["contrast"][0] == pytest.approx(-down["contrast"][1])


def test_all_classes_together_leave_nothing_to_contrast():
    last = weights_of_evidence(EVIDENCE, DEPOSITS, method="ascending").iloc[-1]
    assert last["w_plus"] == 0
    assert np.isnan([last["w_minus"], last["contrast"], last["studentised"]]).all()


def test_a_class_without_deposits_never_speaks_for_one():
    evidence = np.r_[EVIDENCE, 3, 3]
    deposits = np.r_[DEPOSITS, False, False]
    table = weights_of_evidence(evidence, deposits).set_index("class")
    assert table["corrected"].tolist() == [False, False, True]
    # One deposit more, spread over all cells: 1 of 11 where the area is the same share.
    assert table["w_plus"][3] == pytest.approx(np.log((2 / 102 / 11) / ((2 + 2 / 102) / 93)))
    assert table["w_plus"][3] < 0 < table["s_w_plus"][3]
    assert abs(table["studentised"][3]) < 1


def test_unknown_cells_take_no_part():
    plain = weights_of_evidence(EVIDENCE, DEPOSITS)
    evidence = np.r_[EVIDENCE.astype(float), np.nan, -9.0]
    deposits = np.r_[DEPOSITS, True, True]
    assert weights_of_evidence(evidence, deposits, nodata=-9).equals(plain)


def test_one_layer_gives_the_share_of_its_class():
    found = posterior_probability([EVIDENCE == 1], DEPOSITS)
    assert found.probability[0] == pytest.approx(6 / 20)
    assert found.probability[-1] == pytest.approx(4 / 80)
    spread = 0.3 * np.sqrt(1 / 10 + 1 / 6 + 1 / 14)
    assert found.standard_deviation[0] == pytest.approx(spread)


def test_a_missing_layer_adds_no_weight_and_widens_the_deviation():
    layer = (EVIDENCE == 1).astype(float)
    other = np.tile([1.0, 0.0, 0.0, 0.0], 25)
    other[[0, 1]] = np.nan
    found = posterior_probability([layer, other], DEPOSITS)
    present = float(found.weights["w_plus"][0])
    logit = np.log(found.prior / (1 - found.prior)) + present
    assert found.probability[0] == pytest.approx(1 / (1 + np.exp(-logit)))
    assert found.deviation_of_missing[0] > 0 == found.deviation_of_missing[2]
    assert found.standard_deviation[0] > found.deviation_of_weights[0]
    updated = [
        1 / (1 + np.exp(-(logit + w)))
        for w in (found.weights["w_plus"][1], found.weights["w_minus"][1])
    ]
    share = 24 / 98
    by_hand = share * (updated[0] - found.probability[0]) ** 2
    by_hand += (1 - share) * (updated[1] - found.probability[0]) ** 2
    assert found.deviation_of_missing[0] ** 2 == pytest.approx(by_hand)


def test_a_cell_without_any_known_layer_stays_unknown():
    layer = (EVIDENCE == 1).astype(float)
    layer[50] = np.nan
    found = posterior_probability([layer], DEPOSITS)
    assert np.isnan(found.probability[50])
    assert np.isfinite(np.delete(found.probability, 50)).all()


def test_independent_layers_predict_as_many_deposits_as_there_are():
    first = np.tile([1, 1, 0, 0], 100)
    second = np.tile([1, 0, 1, 0], 100)
    # Among cells with and without a deposit alike, each layer splits the other in halves.
    deposits = np.zeros(400, dtype=bool)
    deposits[:40] = True
    found = conditional_independence([first, second], deposits)
    assert found.ratio == pytest.approx(1)
    assert found.p == pytest.approx(0.5)


def test_a_layer_counted_twice_is_found_out():
    found = conditional_independence([EVIDENCE == 1] * 6, DEPOSITS)
    assert found.ratio < 0.85
    assert found.predicted > found.observed == 10
    once = posterior_probability([EVIDENCE == 1] * 6, DEPOSITS)
    cells, values = np.array([20, 80]), once.probability[[0, -1]]
    spread = np.sqrt(((cells * once.standard_deviation[[0, -1]]) ** 2).sum())
    assert found.predicted == pytest.approx((cells * values).sum())
    assert found.z == pytest.approx((found.predicted - 10) / spread)


def test_the_test_rejects_dependence_and_keeps_independence():
    """Simulated deposits from known weights: levels of the one-sided test at 5 %."""
    generator = np.random.default_rng(5)
    rejected = {"independent": 0, "dependent": 0}
    for _ in range(60):
        deposits = np.zeros(4000, dtype=bool)
        deposits[:150] = True
        chance = np.where(deposits, 0.7, 0.3)
        layers = [generator.random(4000) < chance for _ in range(3)]
        rejected["independent"] += conditional_independence(layers, deposits).p < 0.05
        copied = [layers[0], layers[0] ^ (generator.random(4000) < 0.02), layers[0]]
        rejected["dependent"] += conditional_independence(copied, deposits).p < 0.05
    assert rejected["dependent"] >= 57
    assert rejected["independent"] <= 6


def test_true_contrast_lies_in_its_interval():
    generator = np.random.default_rng(11)
    true = np.log(0.6 / 0.2) - np.log(0.4 / 0.8)
    inside = 0
    for _ in range(300):
        deposits = generator.random(3000) < 0.05
        layer = np.where(generator.random(3000) < np.where(deposits, 0.6, 0.2), 1, 2)
        row = weights_of_evidence(layer, deposits).iloc[0]
        inside += abs(row["contrast"] - true) <= 1.96 * row["s_contrast"]
    assert 0.9 * 300 <= inside <= 0.98 * 300


@given(
    hnp.arrays(np.int64, st.integers(8, 60), elements=st.integers(0, 4)),
    st.randoms(use_true_random=False),
)
def test_order_of_cells_and_names_of_classes_do_not_matter(evidence, random):
    deposits = np.array([random.random() < 0.3 for _ in evidence])
    if np.unique(evidence).size < 2 or not 1 < deposits.sum() < evidence.size:
        return
    order = np.array(random.sample(range(evidence.size), evidence.size))
    plain = weights_of_evidence(evidence, deposits)
    moved = weights_of_evidence(evidence[order] * 7 + 3, deposits[order])
    columns = ["n", "deposits", "w_plus", "s_w_plus", "w_minus", "contrast"]
    assert np.array_equal(plain[columns], moved[columns], equal_nan=True)
    assert np.isfinite(plain[columns].to_numpy(float)).all()
    assert (plain["w_plus"] * plain["w_minus"] <= 1e-12).all()


@given(hnp.arrays(np.float64, st.integers(2, 40), elements=st.sampled_from([0.1, 0.5, 0.9])))
def test_success_rate_rises_to_one(probability):
    deposits = np.arange(probability.size) % 2 == 0
    found = success_rate(probability, deposits)
    assert found["area_share"].iloc[-1] == found["deposit_share"].iloc[-1] == 1
    assert found["threshold"].is_monotonic_decreasing
    assert found["area_share"].is_monotonic_increasing
    assert found["deposit_share"].is_monotonic_increasing


compositions = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(2, 6)),
    elements=st.floats(1e-3, 1e3),
)


@given(compositions, st.floats(1e-3, 1e3))
def test_log_ratios_do_not_see_the_scale(parts, scale):
    for transform in (alr, clr, ilr, plr):
        assert np.allclose(transform(parts), transform(parts * scale), atol=1e-9)


@given(compositions)
def test_isometric_and_pivot_ratios_keep_the_distances_of_centred_ones(parts):
    length = (clr(parts) ** 2).sum(axis=-1)
    assert np.allclose((ilr(parts) ** 2).sum(axis=-1), length)
    assert np.allclose((plr(parts) ** 2).sum(axis=-1), length)
    assert np.allclose(clr(parts).sum(axis=-1), 0, atol=1e-9)


def test_an_unknown_part_makes_what_depends_on_it_unknown():
    parts = [1.0, np.nan, 2.0, 4.0]
    assert np.isnan(clr(parts)).all()
    assert np.isnan(alr(parts)).tolist() == [False, True, False]
    assert np.isnan(ilr(parts)).all()
    assert np.isnan(plr(parts)).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: weights_of_evidence([1, 2, 3], [0, 0, 0]), "no known cell holds a deposit"),
        (lambda: weights_of_evidence([1, 2, 3], [1, 0, 0]), "all deposits lie in one cell"),
        (lambda: weights_of_evidence([1, 2], [1, 1]), "every known cell holds a deposit"),
        (lambda: weights_of_evidence([1, 1, 1], [1, 1, 0]), "single class 1"),
        (lambda: weights_of_evidence([1, 2], [1, 0, 1]), "put both on one grid"),
        (lambda: weights_of_evidence([1.5, 2, 3], [1, 1, 0]), "classify it first"),
        (lambda: weights_of_evidence(["a", "b"], [1, 0]), "must hold numbers"),
        (lambda: weights_of_evidence([1, 2, 3], [1, 2, 0]), "True or False"),
        (lambda: weights_of_evidence([1, 2], [1, 0], method="up"), "unique, ascending"),
        (lambda: weights_of_evidence([np.nan, np.nan], [1, 0]), "unknown in every cell"),
        (lambda: posterior_probability([], [1, 0]), "0 layers"),
        (lambda: posterior_probability([[0, 1, 2]], [1, 1, 0]), "layer 0 holds 2"),
        (lambda: posterior_probability([[0, 1, 1], [1, 0]], [1, 1, 0]), "layer 1 has the shape"),
        (lambda: posterior_probability([[1, 1, 1]], [1, 1, 0]), "layer 0 is present in every"),
        (lambda: success_rate([0.1, np.nan], [0, 1]), "nothing can be caught"),
        (lambda: clr([1, 0, 2]), "zero, negative or not finite"),
        (lambda: alr([1]), "two or more parts"),
        (lambda: ilr(["x", "y"]), "must be numbers"),
    ],
)
def test_refusals_say_what_to_do(call, said):
    with pytest.raises(DataError, match=said):
        call()


@given(st.integers(0, 1000), st.sampled_from([2, 13]))
@settings(max_examples=20)
def test_blocks_count_as_the_whole(seed, layers):
    """Two layers have a table of all conditions, thirteen a sorted list of those that occur."""
    generator = np.random.default_rng(seed)
    deposits = generator.random(600) < 0.1
    deposits[:2] = True
    chosen = generator.choice([0.0, 1.0, np.nan], (layers, 600), p=[0.5, 0.4, 0.1])
    chosen[:, :4] = [0, 1, 0, 1]
    chosen[:, 4:6] = [0, 1]
    whole = posterior_probability(list(chosen), deposits)
    counted = Conditions(layers)
    for block in np.array_split(np.arange(600), 7):
        counted.add(list(chosen[:, block]), deposits[block])
    fitted = counted.fit()
    parts = [fitted.on(list(chosen[:, block]))[0] for block in np.array_split(np.arange(600), 4)]
    np.testing.assert_array_equal(np.concatenate(parts), whole.probability)


def test_masked_cells_are_unknown_cells():
    layers = [np.array([1, 0, np.nan, 0, 1, 0.0]), np.array([0, 1, 1, np.nan, np.nan, 0])]
    masked = [np.ma.array(layer == 1, mask=np.isnan(layer)) for layer in layers]
    deposits = np.array([1, 0, 1, 0, 0, 0])
    plain, other = Conditions(2), Conditions(2)
    plain.add(layers, deposits)
    other.add(masked, deposits)
    np.testing.assert_array_equal(plain.counts, other.counts)
    np.testing.assert_array_equal(plain.fit().on(layers)[0], plain.fit().on(masked)[0])


def test_a_condition_that_was_not_counted_stays_unknown():
    counted = Conditions(13)
    layers = [np.array([1, 0, 1, 0])] * 13
    counted.add(layers, np.array([1, 1, 0, 0]))
    strange = [np.array([number % 2, 1.0]) for number in range(13)]
    assert np.isnan(counted.fit().on(strange)[0]).tolist() == [True, False]
