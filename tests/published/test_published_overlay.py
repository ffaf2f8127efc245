"""Weighted sum and product, ordered averages and fuzzy operators, against published numbers."""

import numpy as np
import pytest

from geo.scoring.overlay import fuzzy_and, fuzzy_gamma, fuzzy_or, fuzzy_product, fuzzy_sum
from geo.scoring.ranking import order_weights_of, owa, weighted_product, weighted_sum

ALTERNATIVES = [[25.0, 20, 15, 30], [10, 30, 20, 30], [30, 10, 30, 10]]
WEIGHTS = [0.20, 0.15, 0.40, 0.25]


def test_weighted_sum_triantaphyllou_2000_three_alternatives():
    # Multi-criteria decision making methods: a comparative study, section 2.2.1.
    # https://doi.org/10.1007/978-1-4757-3157-6
    found = weighted_sum(ALTERNATIVES, WEIGHTS)
    np.testing.assert_allclose(found.score, [21.5, 22.0, 22.0], atol=1e-9)


def test_weighted_product_triantaphyllou_2000_ratios_of_three_alternatives():
    # The same book, section 2.2.2: A1 over A2, A1 over A3, A2 over A3
    score = weighted_product(ALTERNATIVES, WEIGHTS).score
    ratios = [score[0] / score[1], score[0] / score[2], score[1] / score[2]]
    np.testing.assert_allclose(ratios, [1.007, 1.067, 1.059], atol=1e-3)


def test_ordered_average_yager_1988_four_values():
    # https://doi.org/10.1109/21.87068
    found = owa([[0.7, 1.0, 0.3, 0.6]], order_weights=[0.4, 0.3, 0.2, 0.1])
    assert found.score[0] == pytest.approx(0.76)


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
