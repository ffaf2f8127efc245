"""The best-worst method, against the numbers of its papers.

Where the numbers were seen: the transport mode in the tests of JMcDM (three digits, the fourth
is ours), the table of the consistency index and the car in public research notes that quote
Rezaei (2015, 2016) table by table.
"""

import numpy as np
import pytest

from geo.scoring.bestworst import CONSISTENCY_INDEX
from geo.scoring.weighting import best_worst


def test_rezaei_2015_transport_mode():
    # https://doi.org/10.1016/j.omega.2014.11.009: load flexibility, accessibility, cost
    found = best_worst([8, 2, 1], [1, 5, 8], model="nonlinear")
    np.testing.assert_allclose(found.weights, [0.071, 0.339, 0.590], atol=6e-4)
    assert found.deviation == pytest.approx(0.26, abs=5e-3)
    assert found.consistency_ratio == pytest.approx(0.058, abs=5e-4)


def test_rezaei_2015_table_of_the_consistency_index():
    # The table is the smaller root of an equation of the paper, to two digits.
    for a, tabled in enumerate(CONSISTENCY_INDEX, start=1):
        root = (1 + 2 * a - np.sqrt((1 + 2 * a) ** 2 - 4 * (a * a - a))) / 2
        assert tabled == pytest.approx(root, abs=6e-3)


def test_rezaei_2015_values_of_the_consistency_index():
    tabled = (0.00, 0.44, 1.00, 1.63, 2.30, 3.00, 3.73, 4.47, 5.23)
    assert tabled == CONSISTENCY_INDEX


# https://doi.org/10.1016/j.omega.2015.12.001: a car by quality, price, comfort, safety, style


def test_rezaei_2016_car_with_consistent_judgements():
    # Table 2: a_Bj a_jW = a_BW for every criterion, so both models give the same weights.
    for model in ("linear", "nonlinear"):
        found = best_worst([2, 1, 4, 2, 8], [4, 8, 2, 4, 1], model=model)
        published = [0.2105, 0.4211, 0.1053, 0.2105, 0.0526]
        np.testing.assert_allclose(found.weights, published, atol=5e-5)
        assert found.consistency_ratio == pytest.approx(0, abs=1e-9)


def test_rezaei_2016_car_with_one_judgement_off_in_the_linear_model():
    # Table 3 and section 4
    found = best_worst([2, 1, 4, 3, 8], [4, 8, 2, 3, 1])
    published = [0.2295, 0.4481, 0.1148, 0.1530, 0.0546]
    np.testing.assert_allclose(found.weights, published, atol=5e-5)
    assert found.deviation == pytest.approx(0.0109, abs=5e-5)


def test_rezaei_2016_car_with_one_judgement_off_in_the_nonlinear_model():
    # Table 3 and section 3: the weights are not unique, the paper gives their ranges.
    found = best_worst([2, 1, 4, 3, 8], [4, 8, 2, 3, 1], model="nonlinear")
    assert found.deviation == pytest.approx(0.1459, abs=5e-5)
    np.testing.assert_allclose(found.low, [0.2145, 0.4461, 0.1085, 0.1563, 0.0548], atol=6e-5)
    np.testing.assert_allclose(found.high, [0.2289, 0.4571, 0.1176, 0.1602, 0.0561], atol=6e-5)


def test_rezaei_2016_car_with_judgements_far_off():
    # Table 4: the paper gives the deviation of the nonlinear model, 1.
    found = best_worst([2, 1, 4, 3, 8], [4, 8, 4, 2, 1], model="nonlinear")
    assert found.deviation == pytest.approx(1, abs=1e-9)
