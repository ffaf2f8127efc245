"""Weights read off the data, against the numbers of papers."""

import numpy as np
import pytest

from geo.scoring.weighting import critic, entropy, merec, standard_deviation

DIAKOULAKI = [
    [61.0, 1.08, 4.33],
    [20.7, 0.26, 4.34],
    [16.3, 1.98, 2.53],
    [9.0, 3.29, 1.65],
    [5.4, 2.77, 2.33],
    [4.0, 4.12, 1.21],
    [-6.1, 3.52, 2.10],
    [-34.6, 3.31, 0.98],
]
"""Eight pharmaceutical firms by profitability, market share and productivity."""


def test_critic_diakoulaki_1995_firms():
    # https://doi.org/10.1016/0305-0548(94)00059-H
    found = critic(DIAKOULAKI, ["max", "max", "max"])
    np.testing.assert_allclose(found.weights, [0.20222554, 0.48090173, 0.31687273], atol=1e-8)


def test_merec_keshavarz_ghorabaee_2021_example():
    # https://doi.org/10.3390/sym13040525, section 3
    matrix = [
        [450, 8000, 54, 145],
        [10, 9100, 2, 160],
        [100, 8200, 31, 153],
        [220, 9300, 1, 162],
        [5, 8400, 23, 158],
    ]
    found = merec(matrix, ["max", "max", "min", "min"])
    np.testing.assert_allclose(found.weights, [0.5752, 0.0141, 0.4016, 0.0091], atol=5e-5)


@pytest.mark.parametrize("method", [critic, entropy, merec, standard_deviation])
def test_they_are_not_preferences(method):
    found = method([[1.0, 4.0], [2.0, 1.0], [3.0, 2.0]])
    assert found.preference is False
    assert found.weights.sum() == pytest.approx(1)
