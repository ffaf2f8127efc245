"""Weights from an order of importance, against published tables.

Where the numbers were seen: the centroid of three, four and five in public code that quotes the
table; the others follow from the formula there. Rank sum and reciprocal follow from the
formulas of the GITTA lesson on suitability analysis.
"""

import numpy as np
import pytest

from geo.scoring.weighting import rank_order_centroid, rank_sum, reciprocal


@pytest.mark.parametrize(
    ("count", "published"),
    [
        (2, [0.7500, 0.2500]),
        (3, [0.6111, 0.2778, 0.1111]),
        (4, [0.5208, 0.2708, 0.1458, 0.0625]),
        (5, [0.4567, 0.2567, 0.1567, 0.0900, 0.0400]),
        (6, [0.4083, 0.2417, 0.1583, 0.1028, 0.0611, 0.0278]),
    ],
)
def test_rank_order_centroid_edwards_barron_1994_table(count, published):
    # SMARTS and SMARTER. https://doi.org/10.1006/obhd.1994.1087
    found = rank_order_centroid(count)
    np.testing.assert_allclose(found.weights, published, atol=5e-5)


def test_rank_sum_stillwell_1981_four_attributes():
    # https://doi.org/10.1016/0030-5073(81)90015-5
    np.testing.assert_allclose(rank_sum(4).weights, [0.4, 0.3, 0.2, 0.1], atol=1e-12)


def test_rank_reciprocal_stillwell_1981_four_attributes():
    # https://doi.org/10.1016/0030-5073(81)90015-5
    np.testing.assert_allclose(reciprocal(4).weights, [0.48, 0.24, 0.16, 0.12], atol=1e-12)


def test_ranking_methods_of_five_criteria_in_any_order():
    # By hand: (5 - rank + 1) / 15, and 1 / rank over 137 / 60.
    ranks = [4, 2, 5, 1, 3]
    np.testing.assert_allclose(
        rank_sum(ranks).weights, [0.133, 0.267, 0.067, 0.333, 0.200], atol=5e-4
    )
    np.testing.assert_allclose(
        reciprocal(ranks).weights, [0.109, 0.219, 0.088, 0.438, 0.146], atol=6e-4
    )
