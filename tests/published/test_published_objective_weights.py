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


def test_entropy_hwang_yoon_1981_fighter_aircraft():
    # https://doi.org/10.1007/978-3-642-48318-9, section 2.3.3; the book rounds the entropies to
    # four digits before it takes the weights.
    matrix = [
        [2.0, 1500, 20000, 5.5, 5, 9],
        [2.5, 2700, 18000, 6.5, 3, 5],
        [1.8, 2000, 21000, 4.5, 7, 7],
        [2.2, 1800, 20000, 5.0, 5, 5],
    ]
    found = entropy(matrix)
    published = [0.0649, 0.2055, 0.0133, 0.0829, 0.3570, 0.2764]
    np.testing.assert_allclose(found.weights, published, atol=2e-3)


def test_standard_deviation_worked_example_of_the_tests_of_jmcdm():
    # https://github.com/jbytecode/JMcDM, test/mcdm/testsd.jl: sixteen alternatives
    matrix = [
        [391152, 251165, 2063102, 912, 18784, 0.009, 0.049, 0.196],
        [181681, 118972, 1310114, 525, 12087, 0.009, 0.042, 0.157],
        [156478, 105801, 993245, 708, 12279, 0.01, 0.041, 0.177],
        [57145, 34707, 339417, 210, 3733, 0.013, 0.055, 0.268],
        [34947, 17568, 340159, 77, 2015, 0.014, 0.043, 0.204],
        [32667, 19308, 201372, 48, 1091, 0.008, 0.029, 0.217],
        [28945, 18033, 117762, 48, 886, 0.007, 0.021, 0.178],
        [18893, 13816, 139431, 35, 943, 0.01, 0.035, 0.213],
        [18191, 9088, 47664, 43, 731, 0.01, 0.021, 0.186],
        [12852, 4185, 64770, 3, 376, 0.011, 0.075, 0.285],
        [10878, 7107, 11200, 1, 78, 0.003, 0.033, 0.198],
        [4958, 1730, 4656, 7, 274, 0.017, 0.053, 0.215],
        [3901, 2318, 15598, 17, 357, 0.023, 0.001, 0.155],
        [2742, 1042, 52632, 1, 106, 0.022, 0.1, 0.384],
        [1734, 771, 1894, 1, 33, 0.011, 0.125, 0.709],
        [1677, 568, 1941, 1, 39, 0.011, 0.129, 0.633],
    ]
    senses = ["max", "max", "max", "min", "min", "min", "max", "max"]
    published = [0.116, 0.117, 0.125, 0.137, 0.133, 0.116, 0.125, 0.131]
    found = standard_deviation(matrix, senses)
    np.testing.assert_allclose(found.weights, published, atol=2.5e-3)


@pytest.mark.parametrize("method", [critic, entropy, merec, standard_deviation])
def test_they_are_not_preferences(method):
    found = method([[1.0, 4.0], [2.0, 1.0], [3.0, 2.0]])
    assert found.preference is False
    assert found.weights.sum() == pytest.approx(1)
