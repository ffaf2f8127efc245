"""Methods beside scikit-criteria, pymcdm and pyDecision on random matrices.

Where a peer differs on purpose or by mistake, the test says how and shows both answers.
"""

import numpy as np
import pytest

from geo.scoring.ranking import electre, promethee, topsis, vikor, weighted_product, weighted_sum
from geo.scoring.weighting import (
    ahp,
    best_worst,
    critic,
    entropy,
    merec,
    rank_order_centroid,
    rank_sum,
    reciprocal,
    standard_deviation,
)

SEEDS = range(20)
CLOSE = 1e-9


def problem(seed, alternatives=9, criteria=5):
    random = np.random.default_rng(seed)
    matrix = random.uniform(1, 100, (alternatives, criteria))
    weights = random.dirichlet(np.ones(criteria))
    signs = random.choice([-1, 1], criteria)
    return matrix, weights, signs, ["max" if s > 0 else "min" for s in signs]


@pytest.mark.parametrize("seed", SEEDS)
def test_topsis_equals_pymcdm_for_each_normalisation(seed):
    methods = pytest.importorskip("pymcdm.methods")
    peers = pytest.importorskip("pymcdm.normalizations")
    matrix, weights, signs, senses = problem(seed)
    for name, function in {
        "vector": peers.vector_normalization,
        "minmax": peers.minmax_normalization,
        "sum": peers.sum_normalization,
        "max": peers.max_normalization,
        "log": peers.logarithmic_normalization,
    }.items():
        expected = methods.TOPSIS(normalization_function=function)(matrix, weights, signs)
        found = topsis(matrix, weights, senses, normalise=name)
        np.testing.assert_allclose(found.score, expected, atol=CLOSE, err_msg=name)


@pytest.mark.parametrize("seed", SEEDS)
def test_vikor_equals_pymcdm(seed):
    methods = pytest.importorskip("pymcdm.methods")
    matrix, weights, signs, senses = problem(seed)
    for v in (0.0, 0.5, 1.0):
        expected = methods.VIKOR(v=v)(matrix, weights, signs)
        np.testing.assert_allclose(vikor(matrix, weights, senses, v=v).Q, expected, atol=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_weighted_product_keeps_the_ratios_of_pymcdm(seed):
    # pymcdm divides columns by their sums first (reciprocals where to be small), which
    # multiplies every score by one number.
    methods = pytest.importorskip("pymcdm.methods")
    matrix, weights, signs, senses = problem(seed)
    expected = methods.WPM()(matrix, weights, signs)
    found = weighted_product(matrix, weights, senses).score
    np.testing.assert_allclose(found / found[0], expected / expected[0], rtol=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_objective_weights_equal_pymcdm(seed):
    peers = pytest.importorskip("pymcdm.weights")
    matrix, _, signs, senses = problem(seed)
    np.testing.assert_allclose(entropy(matrix).weights, peers.entropy_weights(matrix), atol=CLOSE)
    np.testing.assert_allclose(
        merec(matrix, senses).weights, peers.merec_weights(matrix, signs), atol=CLOSE
    )
    # pymcdm's CRITIC knows no senses: it agrees where all are to be large.
    np.testing.assert_allclose(critic(matrix).weights, peers.critic_weights(matrix), atol=CLOSE)
    # pymcdm takes the deviation of the raw columns, in which the largest unit wins; scaled by
    # their range first, as Diakoulaki and others (1995) do, the two agree.
    scaled = (matrix - matrix.min(axis=0)) / np.ptp(matrix, axis=0)
    np.testing.assert_allclose(
        standard_deviation(matrix, senses).weights,
        peers.standard_deviation_weights(scaled),
        atol=CLOSE,
    )


def test_entropy_takes_a_zero_where_pymcdm_refuses():
    # The limit of p log p at 0 is 0.
    peers = pytest.importorskip("pymcdm.weights")
    matrix = np.array([[0.0, 1.0], [5.0, 2.0], [5.0, 9.0]])
    nearly = np.array([[1e-12, 1.0], [5.0, 2.0], [5.0, 9.0]])
    np.testing.assert_allclose(entropy(matrix).weights, peers.entropy_weights(nearly), rtol=CLOSE)
    with pytest.raises(ValueError, match="positive"):
        peers.entropy_weights(matrix)


@pytest.fixture(scope="module")
def decisions():
    return pytest.importorskip(
        "pyDecision.algorithm", reason="pyDecision is no dependency: pip install lodemap[peers]"
    )


def decision_matrix(matrix, weights, signs):
    skcriteria = pytest.importorskip("skcriteria")
    return skcriteria.mkdm(matrix, signs.tolist(), weights=weights)


@pytest.mark.parametrize("seed", SEEDS)
def test_topsis_equals_scikit_criteria(seed):
    # scikit-criteria leaves scaling and turning to the caller: ours are given to it.
    peer = pytest.importorskip("skcriteria.agg.topsis").TOPSIS()
    scalers = pytest.importorskip("skcriteria.preprocessing.scalers")
    matrix, weights, _, _ = problem(seed)
    ones = np.ones(matrix.shape[1], dtype=int)
    scaled = scalers.VectorScaler(target="matrix").transform(decision_matrix(matrix, weights, ones))
    expected = peer.evaluate(scaled).e_.similarity
    np.testing.assert_allclose(topsis(matrix, weights).score, expected, atol=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_vikor_equals_scikit_criteria(seed):
    peer = pytest.importorskip("skcriteria.agg.vikor").VIKOR(use_compromise_set=False)
    matrix, weights, signs, senses = problem(seed)
    expected = peer.evaluate(decision_matrix(matrix, weights, signs)).e_
    found = vikor(matrix, weights, senses)
    for ours, theirs in ((found.S, "s_k"), (found.R, "r_k"), (found.Q, "q_k")):
        np.testing.assert_allclose(ours, getattr(expected, theirs), atol=CLOSE)
    assert set(found.compromise) == set(np.asarray(expected.compromise_set).tolist())
    assert found.acceptable_advantage == expected.acceptable_advantage
    assert found.acceptable_stability == expected.acceptable_stability


@pytest.mark.parametrize("seed", SEEDS)
def test_electre_equals_scikit_criteria_but_for_the_diagonal_and_the_kernel(seed):
    # Their diagonal is NaN, ours what the formula gives: 1 and 0. Their kernel holds what
    # nothing outranks; Roy's also what only those outside the kernel outrank.
    peer = pytest.importorskip("skcriteria.agg.electre")
    matrix, weights, signs, senses = problem(seed)
    found = electre(matrix, weights, senses)
    off = ~np.eye(len(matrix), dtype=bool)
    np.testing.assert_allclose(
        found.concordance[off], peer.concordance(matrix, signs, weights)[off], atol=CLOSE
    )
    np.testing.assert_allclose(
        found.discordance[off], peer.discordance(matrix, signs)[off], atol=CLOSE
    )
    free = np.flatnonzero(~found.outranks.any(axis=0))
    assert set(free) <= set(found.kernel)


@pytest.mark.parametrize("seed", SEEDS)
def test_critic_equals_scikit_criteria(seed):
    critic_weights = pytest.importorskip("skcriteria.preprocessing.weighters").critic_weights
    matrix, _, signs, senses = problem(seed)
    expected = critic_weights(matrix, signs, correlation="pearson", scale=True)
    np.testing.assert_allclose(critic(matrix, senses).weights, expected, atol=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_entropy_equals_scikit_criteria(seed):
    entropy_weights = pytest.importorskip("skcriteria.preprocessing.weighters").entropy_weights
    matrix, _, _, _ = problem(seed)
    np.testing.assert_allclose(entropy(matrix).weights, entropy_weights(matrix), atol=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_promethee_equals_pymcdm(seed):
    methods = pytest.importorskip("pymcdm.methods")
    matrix, weights, signs, senses = problem(seed)
    q, p = np.full(5, 10.0), np.full(5, 40.0)
    for ours, theirs in {
        "usual": "usual",
        "u-shape": "ushape",
        "v-shape": "vshape",
        "level": "level",
        "v-shape-indifference": "vshape_2",
    }.items():
        expected = methods.PROMETHEE_II(theirs, p=p, q=q)(matrix, weights, signs)
        found = promethee(matrix, weights, senses, preference=ours, q=10.0, p=40.0)
        np.testing.assert_allclose(found.net_flow, expected, atol=CLOSE, err_msg=ours)


@pytest.mark.parametrize("seed", SEEDS)
def test_promethee_equals_pydecision(decisions, seed):
    matrix, weights, signs, senses = problem(seed)
    kinds = ["usual", "u-shape", "v-shape", "level", "v-shape-indifference", "gaussian"]
    theirs = ["t1", "t2", "t3", "t4", "t5", "t6"]
    for n, kind in enumerate(kinds):
        flows = decisions.promethee_ii(
            matrix * signs, weights, [10.0] * 5, [20.0] * 5, [40.0] * 5, [theirs[n]] * 5,
            sort=False, verbose=False,
        )  # fmt: skip
        found = promethee(matrix, weights, senses, preference=kind, q=10.0, p=40.0, s=20.0)
        np.testing.assert_allclose(found.net_flow, flows[:, 1], atol=CLOSE, err_msg=kind)


@pytest.mark.parametrize("seed", SEEDS)
def test_topsis_electre_and_critic_equal_pydecision(decisions, seed):
    matrix, weights, signs, senses = problem(seed)
    expected = decisions.topsis_method(matrix, weights, senses, graph=False, verbose=False)
    np.testing.assert_allclose(topsis(matrix, weights, senses).score, expected, atol=CLOSE)
    found = electre(matrix, weights, senses, concordance_level=0.75, discordance_level=0.5)
    concordance, discordance, dominance, _, _ = decisions.electre_i(
        matrix * signs, weights, graph=False, c_hat=0.75, d_hat=0.5
    )
    np.testing.assert_allclose(found.concordance, concordance, atol=CLOSE)
    np.testing.assert_allclose(found.discordance, discordance, atol=CLOSE)
    np.testing.assert_array_equal(found.outranks, dominance == 1)
    # pyDecision adds 1e-10 to every range, which shows in the tenth digit.
    np.testing.assert_allclose(
        critic(matrix, senses).weights, decisions.critic_method(matrix, senses), atol=CLOSE
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_merec_and_vikor_beside_pydecision(decisions, seed):
    # pyDecision adds 1e-9 to every value of MEREC, which shows in the ninth digit.
    matrix, weights, _, senses = problem(seed)
    np.testing.assert_allclose(
        merec(matrix, senses).weights, decisions.merec_method(matrix, senses), atol=1e-8
    )
    s, r, q, _ = decisions.vikor_method(matrix, weights, senses, graph=False, verbose=False)
    found = vikor(matrix, weights, senses)
    for ours, theirs in ((found.S, s), (found.R, r), (found.Q, q)):
        np.testing.assert_allclose(ours, theirs[np.argsort(theirs[:, 0]), 1], atol=CLOSE)


def test_the_compromise_of_vikor_differs_from_pydecision_where_neither_condition_holds(decisions):
    # pyDecision then gives all alternatives; Opricovic and Tzeng give those that are near.
    for seed in range(2000):
        matrix = np.random.default_rng(seed).integers(1, 9, (6, 3)).astype(float)
        found = vikor(matrix, np.ones(3))
        if not (found.acceptable_advantage or found.acceptable_stability):
            break
    third = np.full(3, 1 / 3)
    _, _, _, solution = decisions.vikor_method(
        matrix, third, ["max"] * 3, graph=False, verbose=False
    )
    assert (found.acceptable_advantage, found.acceptable_stability) == (False, False)
    assert len(solution) == 6
    assert len(found.compromise) < 6


@pytest.mark.parametrize("count", range(2, 9))
def test_weights_from_an_order_equal_pydecision(decisions, count):
    names = [f"g{n}" for n in range(1, count + 1)]
    for ours, theirs in (
        (rank_order_centroid, decisions.roc_method),
        (rank_sum, decisions.rsw_method),
        (reciprocal, decisions.rrw_method),
    ):
        np.testing.assert_allclose(ours(count).weights, theirs(names), atol=CLOSE)


def reciprocal_matrix(seed, count=5):
    random = np.random.default_rng(seed)
    importance = random.uniform(1, 9, count)
    matrix = importance[:, None] / importance
    noise = np.exp(np.triu(random.normal(0, 0.15, (count, count)), 1))
    return matrix * noise / noise.T


@pytest.mark.parametrize("seed", SEEDS)
def test_ahp_equals_pydecision(decisions, seed):
    matrix = reciprocal_matrix(seed)
    for ours, theirs in (("eigenvector", "max_eigen"), ("geometric-mean", "geometric")):
        weights, ratio = decisions.ahp_method(matrix, wd=theirs)
        found = ahp(matrix, ours)
        np.testing.assert_allclose(found.weights, weights, atol=CLOSE)
        assert found.consistency_ratio == pytest.approx(ratio, abs=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_ahp_with_the_index_of_tummala_and_ling_equals_pymcdm(seed):
    subjective = pytest.importorskip("pymcdm.weights.subjective")
    # pymcdm takes whole judgements of 1 to 9 and their reciprocals only.
    whole = np.clip(np.round(np.triu(reciprocal_matrix(seed), 1)), 1, 9)
    matrix = np.triu(whole, 1) + np.eye(5) + np.tril(1 / whole.T, -1)
    peer = subjective.AHP(matrix=matrix)
    found = ahp(matrix, random_index="tummala-ling")
    np.testing.assert_allclose(found.weights, peer(), atol=CLOSE)
    assert found.consistency_ratio == pytest.approx(peer.get_cr(), abs=CLOSE)


@pytest.mark.filterwarnings("ignore:delta_grad:UserWarning")
def test_best_worst_deviates_no_more_than_pydecision_which_stops_early(decisions):
    # pyDecision minimises a penalty from one random start: its weights deviate more than
    # the linear programme's.
    down, up = np.array([2, 1, 4, 3, 8]), np.array([4, 8, 2, 3, 1])
    theirs = decisions.bw_method(down, up, verbose=False)
    found = best_worst(down, up)

    def deviation(weights):
        return max(
            np.abs(weights[1] - down * weights).max(), np.abs(weights - up * weights[4]).max()
        )

    assert deviation(found.weights) == pytest.approx(found.deviation, abs=1e-9)
    assert deviation(theirs) > found.deviation + 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_weighted_sum_equals_scikit_criteria(seed):
    simple = pytest.importorskip("skcriteria.agg.simple")
    matrix, weights, _, _ = problem(seed)
    peer = simple.WeightedSumModel().evaluate(
        decision_matrix(matrix, weights, np.ones(5, dtype=int))
    )
    np.testing.assert_allclose(weighted_sum(matrix, weights).score, peer.e_.score, rtol=CLOSE)
