"""Robustness as papers and other packages state it.

Where the numbers were seen: the central weights in the tests of R's smaa, the centroid of
ordered weights in public code that quotes it, 0.8542 of Sałabun and Urbaniak in the tests of
pyrepo-mcda. The corners of the simplex, the other similarities and the indices of Ishigami's
function are worked out from the definitions.
"""

import numpy as np
import pytest

from geo.scoring.robustness import Ordinal, smaa, smaa_exact, sobol_indices, ws_coefficient


def test_smaa_package_for_r_has_no_central_weights_for_one_never_first():
    # R package smaa (van Valkenhoef), tests/nacw.R.
    values = np.stack([np.ones((1000, 3)), np.zeros((1000, 3))], axis=1)
    weights = [1 / 3] * 3
    found = smaa(values, weights=weights, draws=1000)
    np.testing.assert_allclose(found.central_weights[0], 1 / 3)
    assert np.isnan(found.central_weights[1]).all()
    # First in a single draw.
    values[0] = [[0, 0, 0], [1, 1, 1]]
    found = smaa(values, weights=weights, draws=1000)
    np.testing.assert_allclose(found.central_weights, 1 / 3)
    np.testing.assert_allclose(found.rank_acceptability, [[0.999, 0.001], [0.001, 0.999]])


@pytest.mark.parametrize("criteria", [2, 3])
def test_barron_barrett_1996_rank_order_centroid_is_the_mean_of_ordered_weights(criteria):
    # Barron and Barrett (1996), Management Science 42(11), https://doi.org/10.1287/mnsc.42.11.1515:
    # the mean of all weights in a stated order is (1/n) sum of 1/k from the rank on. It is the
    # central weight of an alternative that is always first.
    values = [[1.0] * criteria, [0.0] * criteria]
    found = smaa_exact(values, weights=Ordinal(tuple(range(criteria))))
    centroid = [
        sum(1 / k for k in range(rank, criteria + 1)) / criteria for rank in range(1, criteria + 1)
    ]
    np.testing.assert_allclose(found.central_weights[0], centroid)


def test_lahdelma_salminen_2001_corner_alternatives_share_the_simplex():
    # Each of three alternatives is best in one criterion and worst in the others: by symmetry
    # each has a third of the weights, and its central weights are the centroid of the part of
    # the triangle next to its corner, (11, 3.5, 3.5) / 18 (corner, two halves of sides, centre).
    found = smaa_exact(np.eye(3))
    np.testing.assert_allclose(found.rank_acceptability, 1 / 3)
    np.testing.assert_allclose(found.central_weights[0], [11 / 18, 3.5 / 18, 3.5 / 18])
    drawn = smaa(np.eye(3), draws=40_000)
    np.testing.assert_allclose(drawn.central_weights, found.central_weights, atol=0.01)


@pytest.mark.parametrize(
    ("reference", "other", "similarity"),
    [
        # Sałabun and Urbaniak (2020), https://doi.org/10.1007/978-3-030-50417-5_47
        ([1, 2, 3, 4, 5], [1, 3, 2, 4, 5], 0.8542),
        # By their formula: swaps at the top weigh more than at the foot.
        ([1, 2, 3, 4, 5], [2, 1, 3, 4, 5], 0.7917),
        ([1, 2, 3, 4, 5], [1, 2, 3, 5, 4], 0.9714),
    ],
)
def test_salabun_urbaniak_2020_similarity(reference, other, similarity):
    assert ws_coefficient(reference, other) == pytest.approx(similarity, abs=5e-5)


def test_pymcdm_gives_the_same_similarity():
    from pymcdm.correlations import ws

    chance = np.random.default_rng(3)
    for _ in range(50):
        one, other = (chance.permutation(9) + 1.0 for _ in range(2))
        assert ws_coefficient(one, other) == pytest.approx(ws(one, other), abs=1e-12)


def _ishigami(x, a=7.0, b=0.1):
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_ishigami_homma_1990_indices():
    # Ishigami and Homma (1990), https://doi.org/10.1109/ISUMA.1990.151285; indices by the closed
    # form for a = 7, b = 0.1 (Saltelli et al. 2008, Global sensitivity analysis, p. 179):
    # first order 0.3139, 0.4424, 0 and total 0.5576, 0.4424, 0.2437.
    inputs = dict.fromkeys(("x1", "x2", "x3"), (-np.pi, np.pi))
    found = sobol_indices(_ishigami, inputs, samples=32_768, seed=1)
    np.testing.assert_allclose(found.indices["first"], [0.3139, 0.4424, 0.0], atol=0.01)
    np.testing.assert_allclose(found.indices["total"], [0.5576, 0.4424, 0.2437], atol=0.01)
    variance = 7**2 / 8 + 0.1 * np.pi**4 / 5 + 0.01 * np.pi**8 / 18 + 0.5
    assert found.deviation**2 == pytest.approx(variance, rel=0.01)


def test_salib_gives_the_same_indices():
    # Another sampler of the same estimators: alike within their errors.
    salib = pytest.importorskip("SALib", reason="SALib is a test dependency")
    assert salib
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    names = ["x1", "x2", "x3"]
    problem = {"num_vars": 3, "names": names, "bounds": [[-np.pi, np.pi]] * 3}
    runs = sampling.sample(problem, 4096, calc_second_order=False, seed=2)
    peer = analysis.analyze(problem, _ishigami(runs), calc_second_order=False, seed=2)
    found = sobol_indices(_ishigami, dict.fromkeys(names, (-np.pi, np.pi)), samples=4096, seed=2)
    np.testing.assert_allclose(found.indices["first"], peer["S1"], atol=0.03)
    np.testing.assert_allclose(found.indices["total"], peer["ST"], atol=0.03)
