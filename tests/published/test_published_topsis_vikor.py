"""TOPSIS and VIKOR, against the numbers of papers and books.

Where the numbers were seen: the fighter aircraft with every step of the book in two public
test suites; Tzeng and Huang and both papers of Opricovic and Tzeng in the tests of
scikit-criteria; Yang and Wu in those of pymcdm; Ersoy and Papathanasiou and Ploskas in those of
pyrepo-mcda; the three examples of peers in those of scikit-criteria and JMcDM.
"""

import numpy as np
import pytest

from geo.scoring.ranking import topsis, vikor

FIGHTERS = np.array(
    [
        [2.0, 1500, 20000, 5.5, 5, 9],
        [2.5, 2700, 18000, 6.5, 3, 5],
        [1.8, 2000, 21000, 4.5, 7, 7],
        [2.2, 1800, 20000, 5.0, 5, 5],
    ]
)
"""Speed, range, payload, cost, reliability and manoeuvrability of four fighter aircraft."""
FIGHTER_WEIGHTS = [0.2, 0.1, 0.1, 0.1, 0.2, 0.3]
FIGHTER_SENSES = ["max", "max", "max", "min", "max", "max"]

DAMS = [
    [4184.3, 2914.0, 407.2, 251.0, 195, 244, 15, 2.41],
    [5211.9, 3630.0, 501.7, 308.3, 282, 346, 21, 1.41],
    [5021.3, 3920.5, 504.0, 278.6, 12, 56, 3, 4.42],
    [5566.1, 3957.9, 559.5, 335.3, 167, 268, 16, 3.36],
    [5060.5, 3293.5, 514.1, 284.2, 69, 90, 7, 4.04],
    [4317.9, 2925.9, 432.8, 239.3, 12, 55, 3, 4.36],
]
"""Six hydropower schemes: profit, costs, energy, peak energy, homes, area, villages, grade."""
DAM_SENSES = ["max", "min", "max", "max", "min", "min", "min", "max"]


def test_topsis_hwang_yoon_1981_fighter_aircraft():
    # https://doi.org/10.1007/978-3-642-48318-9, section 3.4
    found = topsis(FIGHTERS, FIGHTER_WEIGHTS, FIGHTER_SENSES)
    np.testing.assert_allclose(found.score, [0.643, 0.268, 0.613, 0.312], atol=1e-3)
    assert found.rank.tolist() == [1, 4, 2, 3]


def test_topsis_distances_hwang_yoon_1981_fighter_aircraft():
    # The book rounds the weighted values to four digits before it takes distances.
    found = topsis(FIGHTERS, FIGHTER_WEIGHTS, FIGHTER_SENSES)
    np.testing.assert_allclose(found.to_ideal, [0.0545, 0.1197, 0.0580, 0.1009], atol=2e-4)
    np.testing.assert_allclose(found.to_anti_ideal, [0.0983, 0.0439, 0.0920, 0.0458], atol=2e-4)


def test_topsis_ersoy_2021_equipment():
    # https://doi.org/10.17270/J.LOG.2021.603
    matrix = [
        [256, 8, 41, 1.6, 1.77, 7347.16],
        [256, 8, 32, 1.0, 1.8, 6919.99],
        [256, 8, 53, 1.6, 1.9, 8400],
        [256, 8, 41, 1.0, 1.75, 6808.9],
        [512, 8, 35, 1.6, 1.7, 8479.99],
        [256, 4, 35, 1.6, 1.7, 7499.99],
    ]
    weights = [0.405, 0.221, 0.134, 0.199, 0.007, 0.034]
    found = topsis(matrix, weights, ["max"] * 4 + ["min"] * 2)
    published = [0.308, 0.254, 0.327, 0.263, 0.857, 0.192]
    np.testing.assert_allclose(found.score, published, atol=1e-3)


def test_topsis_opricovic_tzeng_2004_mountain_climbing_with_linear_normalisation():
    climbs = [[1, 3000], [2, 3750], [5, 4500]]
    found = topsis(climbs, [0.5, 0.5], ["min", "max"], normalise="minmax")
    np.testing.assert_allclose(found.score, [0.500, 0.617, 0.500], atol=5e-4)


def test_topsis_examples_of_peers():
    # JMcDM with weights that do not add up to one, scikit-criteria without normalisation
    found = topsis([[9, 7, 6, 7], [8, 7, 9, 6], [7, 8, 6, 6]], [4, 2, 6, 8])
    np.testing.assert_allclose(found.score, [0.3876870, 0.6503238, 0.0834767], atol=1e-7)
    found = topsis([[1, 0, 3], [0, 5, 6]], [1, 1, 1], normalise="none")
    np.testing.assert_allclose(found.score, [0.14639248, 0.85360752], atol=1e-8)


def test_vikor_papathanasiou_ploskas_2018_six_sites():
    # Multiple criteria decision aid, Springer, chapter 2, with v = 0.625
    matrix = [[8, 7, 2, 1], [5, 3, 7, 5], [7, 5, 6, 4], [9, 9, 7, 3], [11, 10, 3, 7], [6, 9, 5, 4]]
    found = vikor(matrix, [0.4, 0.3, 0.1, 0.2], v=0.625)
    np.testing.assert_allclose(found.Q, [0.640, 1, 0.693, 0.271, 0, 0.694], atol=5e-4)
    assert found.rank.tolist() == [3, 6, 4, 2, 1, 5]
    assert found.compromise == (4,)


def test_vikor_yang_wu_2020_rank_reversal():
    # IEEE Access 8, 21261-21271
    matrix = [[78, 56, 34, 6], [4, 45, 3, 97], [18, 2, 50, 63], [9, 14, 11, 92], [85, 9, 100, 29]]
    found = vikor(matrix, [0.25] * 4)
    np.testing.assert_allclose(found.Q, [0.5679, 0.7667, 1, 0.7493, 0], atol=5e-5)


def test_vikor_compromise_of_alternatives_that_tie():
    # An example of scikit-criteria: stable, but without advantage.
    found = vikor([[4, 4, 4], [7, 6, 8], [8, 8, 6], [6, 8, 8]], [0.3, 0.4, 0.3])
    np.testing.assert_allclose(found.S, [1.0, 0.275, 0.15, 0.15], atol=1e-9)
    np.testing.assert_allclose(found.R, [0.4, 0.2, 0.15, 0.15], atol=1e-9)
    np.testing.assert_allclose(found.Q, [1.0, 0.17352941, 0.0, 0.0], atol=1e-8)
    assert set(found.compromise) == {1, 2, 3}
    assert (found.acceptable_advantage, found.acceptable_stability) == (False, True)


def test_vikor_compromise_of_two_where_the_first_has_advantage_but_is_not_stable():
    # An example of scikit-criteria: first by Q, but by neither S nor R.
    matrix = [
        [1, 101, 1, 101, 1],
        [101, 1, 101, 1, 101],
        [1, 1, 1, 1, 101],
        [11, 11, 11, 16, 61],
        [56, 56, 56, 56, 56],
    ]
    found = vikor(matrix, [0.2] * 5, ["min"] * 5)
    np.testing.assert_allclose(found.S, [0.4, 0.6, 0.2, 0.21, 0.55], atol=1e-9)
    np.testing.assert_allclose(found.R, [0.2, 0.2, 0.2, 0.12, 0.11], atol=1e-9)
    np.testing.assert_allclose(found.Q, [0.75, 1, 0.5, 0.068, 0.4375], atol=5e-4)
    assert found.compromise == (3, 4)
    assert (found.acceptable_advantage, found.acceptable_stability) == (True, False)


def test_topsis_tzeng_huang_2011_example():
    # Multiple attribute decision making: methods and applications, CRC Press, chapter 5.
    # https://doi.org/10.1201/b11032
    found = topsis([[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]], [0.3, 0.4, 0.3])
    np.testing.assert_allclose(found.score, [0.5037, 0.6581, 0.7482, 0.3340], atol=1e-4)


def test_vikor_tzeng_huang_2011_example():
    # The same book, chapter 6.
    found = vikor([[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]], [0.3, 0.4, 0.3])
    np.testing.assert_allclose(found.S, [0.6, 0.3, 0.15, 0.65], atol=1e-9)
    np.testing.assert_allclose(found.R, [0.3, 0.2, 0.15, 0.4], atol=1e-9)
    np.testing.assert_allclose(found.Q, [0.75, 0.25, 0, 1], atol=1e-9)
    assert found.compromise == (2, 1)


@pytest.mark.parametrize("turned", [False, True])
def test_vikor_opricovic_tzeng_2004_mountain_climbing(turned):
    # https://doi.org/10.1016/S0377-2217(03)00020-1, section 5: the units do not matter.
    climbs = np.array([[1.0, 3000.0], [2.0, 3750.0], [5.0, 4500.0]])
    if turned:
        climbs = np.column_stack([climbs[:, 0] + 5, climbs[:, 1] / 1000 - 1])
    found = vikor(climbs, [0.5, 0.5], ["min", "max"])
    np.testing.assert_allclose(found.S, [0.5, 0.375, 0.5], atol=1e-12)
    np.testing.assert_allclose(found.R, [0.5, 0.25, 0.5], atol=1e-12)
    np.testing.assert_allclose(found.Q, [1, 0, 1], atol=1e-12)
    assert found.rank.tolist() == [2, 1, 2]
    assert found.compromise == (1,)


def test_topsis_opricovic_tzeng_2004_depends_on_the_units():
    # The same example: with vector normalisation the scores depend on where altitude and risk
    # are counted from, with linear normalisation they do not.
    climbs = np.array([[1.0, 3000.0], [2.0, 3750.0], [5.0, 4500.0]])
    turned = np.column_stack([climbs[:, 0] + 5, climbs[:, 1] / 1000 - 1])
    vector, linear = (
        [topsis(c, [0.5, 0.5], ["min", "max"], normalise=n) for c in (climbs, turned)]
        for n in ("vector", "minmax")
    )
    assert vector[0].rank[0] == 1
    assert vector[1].rank[0] != 1
    np.testing.assert_allclose(linear[0].score, linear[1].score, atol=1e-12)


@pytest.mark.parametrize(
    ("weights", "s", "r", "q", "compromise"),
    [
        (
            [1, 1, 1, 1, 1, 1, 1, 1],
            [0.692, 0.700, 0.290, 0.423, 0.280, 0.346],
            [0.125, 0.125, 0.121, 0.125, 0.067, 0.125],
            [0.991, 1.000, 0.473, 0.670, 0.000, 0.578],
            {4},
        ),
        (
            [2, 2, 2, 2, 1, 1, 1, 1],
            [0.701, 0.600, 0.386, 0.365, 0.317, 0.459],
            [0.167, 0.114, 0.161, 0.167, 0.089, 0.167],
            [1.000, 0.533, 0.552, 0.563, 0.000, 0.686],
            {4},
        ),
        (
            [1, 1, 1, 1, 2, 2, 2, 2],
            [0.683, 0.800, 0.193, 0.480, 0.243, 0.232],
            [0.113, 0.167, 0.080, 0.122, 0.044, 0.083],
            [0.684, 1.000, 0.147, 0.554, 0.041, 0.191],
            {4, 2, 5},
        ),
        (
            [1, 1, 1, 1, 3.2, 3.2, 3.2, 3.2],
            [0.678, 0.857, 0.138, 0.513, 0.222, 0.167],
            [0.129, 0.190, 0.057, 0.139, 0.042, 0.060],
            [0.668, 1.000, 0.051, 0.588, 0.058, 0.078],
            {2, 4, 5},
        ),
    ],
    ids=["equal", "economic", "social", "strongly-social"],
)
def test_vikor_opricovic_tzeng_2007_hydropower(weights, s, r, q, compromise):
    # https://doi.org/10.1016/j.ejor.2006.01.020, section 5
    found = vikor(DAMS, weights, DAM_SENSES)
    np.testing.assert_allclose(found.S, s, atol=1e-3)
    np.testing.assert_allclose(found.R, r, atol=1e-3)
    np.testing.assert_allclose(found.Q, q, atol=1e-3)
    assert set(found.compromise) == compromise
