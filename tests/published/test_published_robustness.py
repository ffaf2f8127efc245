"""Robustness as papers and other packages state it."""

import numpy as np
import pytest

from geo.scoring.robustness import Ordinal, smaa, smaa_exact


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
