"""The best-worst method, against the numbers of its papers."""

import numpy as np
import pytest

from geo.scoring.bestworst import CONSISTENCY_INDEX
from geo.scoring.weighting import best_worst


def test_rezaei_2015_transport_mode():
    # https://doi.org/10.1016/j.omega.2014.11.009: load flexibility, accessibility, cost
    found = best_worst([8, 2, 1], [1, 5, 8], model="nonlinear")
    np.testing.assert_allclose(found.weights, [0.0714, 0.3387, 0.5899], atol=5e-5)
    assert found.deviation == pytest.approx(0.26, abs=5e-3)
    assert found.consistency_ratio == pytest.approx(0.058, abs=5e-4)


def test_rezaei_2015_table_of_the_consistency_index():
    # The table is the smaller root of an equation of the paper, to two digits.
    for a, tabled in enumerate(CONSISTENCY_INDEX, start=1):
        root = (1 + 2 * a - np.sqrt((1 + 2 * a) ** 2 - 4 * (a * a - a))) / 2
        assert tabled == pytest.approx(root, abs=6e-3)


def test_rezaei_2016_consistent_judgements_give_equal_weights_in_both_models():
    # https://doi.org/10.1016/j.omega.2015.12.001: a_Bj a_jW = a_BW for every criterion
    for model in ("linear", "nonlinear"):
        found = best_worst([2, 1, 2, 4, 8], [4, 8, 4, 2, 1], model=model)
        np.testing.assert_allclose(found.weights, np.array([4, 8, 4, 2, 1]) / 19, atol=1e-9)
        assert found.consistency_ratio == pytest.approx(0, abs=1e-9)
