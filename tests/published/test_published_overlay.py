"""Weighted sum and product, ordered averages and fuzzy operators, against published numbers.

Where the numbers were seen: the composite of Saaty (1990) in a public test suite; the weighted
products in the tests of scikit-criteria and JMcDM. The fuzzy operators follow from the formulas
of Bonham-Carter as the EIS toolkit has them, the corners of the order weights from Yager's and
Eastman's definitions. The two alternatives of Yager (1996) are quoted without the paper at hand:
inputs and both scores bear one another out.
"""

import numpy as np
import pytest

from geo.scoring.overlay import fuzzy_and, fuzzy_gamma, fuzzy_or, fuzzy_product, fuzzy_sum
from geo.scoring.ranking import order_weights_of, owa, weighted_product, weighted_sum

ALTERNATIVES = [[25.0, 20, 15, 30], [10, 30, 20, 30], [30, 10, 30, 10]]
WEIGHTS = [0.20, 0.15, 0.40, 0.25]


def test_weighted_sum_saaty_1990_three_houses():
    # https://doi.org/10.1016/0377-2217(90)90057-I, table 4: eight criteria
    houses = [
        [0.754, 0.233, 0.754, 0.333, 0.674, 0.747, 0.200, 0.072],
        [0.181, 0.055, 0.065, 0.333, 0.101, 0.060, 0.400, 0.650],
        [0.065, 0.713, 0.181, 0.333, 0.226, 0.193, 0.400, 0.278],
    ]
    weights = [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333]
    found = weighted_sum(houses, weights)
    np.testing.assert_allclose(found.score, [0.396, 0.341, 0.263], atol=1e-3)


def test_weighted_product_of_the_tests_of_scikit_criteria():
    # Theirs is the decimal logarithm, of columns over their sums.
    shares = np.array(ALTERNATIVES) / np.sum(ALTERNATIVES, axis=0)
    found = np.log10(weighted_product(shares, WEIGHTS).score)
    np.testing.assert_allclose(found, [-0.50128589, -0.50448471, -0.52947246], atol=1e-8)


def test_weighted_product_of_the_tests_of_jmcdm():
    # Theirs takes columns over their largest value, where to be small the smallest over each.
    matrix = np.array(
        [
            [3, 12.5, 2, 120, 14, 3],
            [5, 15, 3, 110, 38, 4],
            [3, 13, 2, 120, 19, 3],
            [4, 14, 2, 100, 31, 4],
            [3, 15, 1.5, 125, 40, 4],
        ]
    )
    senses = ["max", "min", "min", "max", "min", "max"]
    weights = np.array([0.221, 0.159, 0.175, 0.127, 0.117, 0.201])
    found = weighted_product(matrix, weights, senses).score
    best = np.where([s == "max" for s in senses], matrix.max(axis=0), matrix.min(axis=0))
    found /= weighted_product([best], weights, senses).score
    published = [0.7975224331331, 0.7532541470585, 0.7647463553356, 0.7873956894791,
                 0.7674278741782]  # fmt: skip
    np.testing.assert_allclose(found, published, rtol=1e-12)


@pytest.mark.parametrize(
    ("places", "orness"),
    [([1, 0, 0, 0], 1.0), ([0, 0, 0, 1], 0.0), ([0.25] * 4, 0.5)],
)
def test_orness_yager_1988(places, orness):
    assert owa([[1.0, 2, 3, 4]], order_weights=places).orness == pytest.approx(orness)


@pytest.mark.parametrize(
    ("places", "andness", "tradeoff"),
    [
        ([0, 0, 1], 1.0, 0.0),
        ([1, 0, 0], 0.0, 0.0),
        ([1, 1, 1], 0.5, 1.0),
        ([0, 1, 0], 0.5, 0.0),
    ],
    ids=["risk-averse", "risk-taking", "weighted-linear", "median"],
)
def test_strategy_space_jiang_eastman_2000(places, andness, tradeoff):
    # https://doi.org/10.1080/136588100240903: corners of the triangle of decision strategies
    found = owa([[1.0, 2, 3]], order_weights=places)
    assert found.andness == pytest.approx(andness)
    assert found.tradeoff == pytest.approx(tradeoff, abs=1e-12)


def test_quantifier_yager_1996_most_of_four():
    # https://doi.org/10.1002/(SICI)1098-111X(199601)11:1<49::AID-INT3>3.0.CO;2-Z: Q(r) = r^2
    places = order_weights_of(4, 2.0)
    np.testing.assert_allclose(places, [1 / 16, 3 / 16, 5 / 16, 7 / 16], atol=1e-12)


def test_quantifier_with_importances_yager_1996_two_alternatives():
    # The same paper, section 6: four criteria of importance 1, 0.6, 0.5, 0.9 under Q(r) = r^2
    x, y = [0.7, 1.0, 0.5, 0.6], [0.6, 0.3, 0.9, 1.0]
    found = owa([x, y], [1.0, 0.6, 0.5, 0.9], alpha=2.0)
    np.testing.assert_allclose(found.score, [0.609, 0.566], atol=1e-3)


def test_fuzzy_product_bonham_carter_1994():
    # Geographic information systems for geoscientists, p. 297
    assert fuzzy_product([0.75, 0.5]) == pytest.approx(0.375)


def test_fuzzy_sum_bonham_carter_1994():
    # p. 298
    assert fuzzy_sum([0.75, 0.5]) == pytest.approx(0.875)


def test_fuzzy_gamma_bonham_carter_1994():
    # p. 298
    assert fuzzy_gamma([0.75, 0.5], 0.7) == pytest.approx(0.679, abs=5e-4)


def test_fuzzy_and_and_or_bonham_carter_1994():
    # p. 296: the smallest and the largest membership
    assert fuzzy_and([0.75, 0.5]) == 0.5
    assert fuzzy_or([0.75, 0.5]) == 0.75
