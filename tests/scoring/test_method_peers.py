"""Methods beside scikit-criteria, pymcdm and pyDecision on random matrices.

Where a peer differs on purpose or by mistake, the test says how and shows both answers.
"""

import numpy as np
import pytest

from geo.scoring.ranking import topsis, vikor, weighted_product
from geo.scoring.weighting import critic, entropy, merec, standard_deviation

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
