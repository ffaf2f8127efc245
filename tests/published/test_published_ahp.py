"""The analytic hierarchy process, against the numbers of papers and books.

Where the numbers were seen: the house of Saaty (1990), matrices, table 3 and table 4, in two
public test suites that quote them; the drinks and the cities in the tests of AHPy; the best
job in research notes on Saaty (2008); the six offers of Papathanasiou and Ploskas in the tests
of pyrepo-mcda; the leader in a copy of the worked example and in AHPy's documents; the index of
Tummala and Ling in pymcdm. Nations and cities of Saaty (1977) are quoted without the paper at
hand: matrix, weights and eigenvalue bear one another out.
"""

import warnings
from fractions import Fraction

import numpy as np
import pytest

from geo.errors import LodemapWarning
from geo.scoring.weighting import ahp


def table(*rows):
    return np.array([[float(Fraction(cell)) for cell in row.split()] for row in rows])


def quietly(judgements, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LodemapWarning)
        return ahp(judgements, **arguments)


def check(judgements, weights, lambda_max=None, index=None, ratio=None, atol=1.1e-3):
    found = quietly(judgements)
    np.testing.assert_allclose(found.weights, weights, atol=atol)
    for value, published, digits in (
        (found.lambda_max, lambda_max, 1e-2),
        (found.consistency_index, index, 2e-3),
        (found.consistency_ratio, ratio, 2e-3),
    ):
        if published is not None:
            assert value == pytest.approx(published, abs=digits)


RANGE = range(1, 16)

HOUSE = table(
    "1 5 3 7 6 6 1/3 1/4",
    "1/5 1 1/3 5 3 3 1/5 1/7",
    "1/3 3 1 6 3 4 6 1/5",
    "1/7 1/5 1/6 1 1/3 1/4 1/7 1/8",
    "1/6 1/3 1/3 3 1 1/2 1/5 1/6",
    "1/6 1/3 1/4 4 2 1 1/5 1/6",
    "3 5 1/6 7 5 5 1 1/2",
    "4 7 5 8 6 6 2 1",
)
"""Size, transport, neighbourhood, age, yard, facilities, condition and financing of a house."""

HOUSES = {
    "size": table("1 6 8", "1/6 1 4", "1/8 1/4 1"),
    "transport": table("1 7 1/5", "1/7 1 1/8", "5 8 1"),
    "neighbourhood": table("1 8 6", "1/8 1 1/4", "1/6 4 1"),
    "age": table("1 1 1", "1 1 1", "1 1 1"),
    "yard": table("1 5 4", "1/5 1 1/3", "1/4 3 1"),
    "facilities": table("1 8 6", "1/8 1 1/5", "1/6 5 1"),
    "condition": table("1 1/2 1/2", "2 1 1", "2 1 1"),
    "financing": table("1 1/7 1/5", "7 1 3", "5 1/3 1"),
}
"""Three houses under each criterion."""


def test_saaty_1977_wealth_of_nations():
    # https://doi.org/10.1016/0022-2496(77)90033-5: USA, USSR, China, France, UK, Japan, Germany
    nations = table(
        "1 4 9 6 6 5 5",
        "1/4 1 7 5 5 3 4",
        "1/9 1/7 1 1/5 1/5 1/7 1/5",
        "1/6 1/5 5 1 1 1/3 1/3",
        "1/6 1/5 5 1 1 1/3 1/3",
        "1/5 1/3 7 3 3 1 2",
        "1/5 1/4 5 3 3 1/2 1",
    )
    check(nations, [0.427, 0.230, 0.021, 0.052, 0.052, 0.123, 0.094], 7.61, 0.10)


def test_saaty_1977_distances_from_philadelphia():
    # The same paper: Cairo, Tokyo, Chicago, San Francisco, London, Montreal
    cities = table(
        "1 1/3 8 3 3 7",
        "3 1 9 3 3 9",
        "1/8 1/9 1 1/6 1/5 2",
        "1/3 1/3 6 1 1/3 6",
        "1/3 1/3 5 3 1 6",
        "1/7 1/9 1/2 1/6 1/6 1",
    )
    check(cities, [0.262, 0.397, 0.033, 0.116, 0.164, 0.027], 6.45, 0.09)


def test_saaty_1990_buying_a_house():
    # https://doi.org/10.1016/0377-2217(90)90057-I
    weights = [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333]
    check(HOUSE, weights, 9.669, 0.238, 0.169)


@pytest.mark.parametrize(
    ("criterion", "weights", "lambda_max", "index", "ratio"),
    [
        ("size", [0.754, 0.181, 0.065], 3.136, 0.068, 0.117),
        ("transport", [0.233, 0.055, 0.713], 3.247, 0.124, 0.213),
        ("neighbourhood", [0.754, 0.065, 0.181], 3.136, 0.068, 0.117),
        ("age", [0.333, 0.333, 0.333], 3.000, 0.000, 0.000),
        ("yard", [0.674, 0.101, 0.226], 3.086, 0.043, 0.074),
        ("facilities", [0.747, 0.060, 0.193], 3.197, 0.099, 0.170),
        ("condition", [0.200, 0.400, 0.400], 3.000, 0.000, 0.000),
        ("financing", [0.072, 0.650, 0.278], 3.065, 0.032, 0.056),
    ],
)
def test_saaty_1990_three_houses_under_each_criterion(criterion, weights, lambda_max, index, ratio):
    check(HOUSES[criterion], weights, lambda_max, index, ratio)


def test_saaty_1990_the_house_to_buy():
    by_criterion = np.column_stack([quietly(one).weights for one in HOUSES.values()])
    found = by_criterion @ quietly(HOUSE).weights
    np.testing.assert_allclose(found, [0.396, 0.341, 0.263], atol=1.5e-3)


def test_saaty_2008_drinks_in_the_united_states():
    # https://doi.org/10.1504/IJSSCI.2008.017590: coffee, wine, tea, beer, sodas, milk, water.
    # The paper's table 2 has tea over wine as 2 and wine over tea as 1/3; with 3 every
    # published weight and the ratio come out.
    drinks = table(
        "1 9 5 2 1 1 1/2",
        "1/9 1 1/3 1/9 1/9 1/9 1/9",
        "1/5 3 1 1/3 1/4 1/3 1/9",
        "1/2 9 3 1 1/2 1 1/3",
        "1 9 4 2 1 2 1/2",
        "1 9 3 1 1/2 1 1/3",
        "2 9 9 3 2 3 1",
    )
    check(drinks, [0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327], None, None, 0.022)


def test_saaty_2008_criteria_of_the_best_job():
    # The same paper, table 3: flexibility, opportunities, security, reputation, salary
    job = table(
        "1 1/4 1/6 1/4 1/8",
        "4 1 1/3 3 1/7",
        "6 3 1 4 1/2",
        "4 1/3 1/4 1 1/7",
        "8 7 2 7 1",
    )
    # Eigenvalue, index, ratio and geometric means as the research notes recompute them.
    check(job, [0.036, 0.122, 0.262, 0.075, 0.506], 5.3263, 0.0816, 0.0728, atol=5e-4)
    means = quietly(job, method="geometric-mean").weights
    np.testing.assert_allclose(means, [0.0351, 0.1185, 0.2715, 0.0721, 0.5027], atol=5e-5)


def test_saaty_2005_the_best_city_to_live_in():
    # Theory and applications of the analytic network process: Bethesda, Boston, Pittsburgh and
    # Santa Fe by culture, family, housing, jobs and transport
    criteria = table(
        "1 1/5 3 1/2 5", "5 1 7 1 7", "1/3 1/7 1 1/4 3", "2 1 4 1 7", "1/5 1/7 1/3 1/7 1"
    )
    cities = [
        table("1 1/2 1 1/2", "2 1 5/2 1", "1 2/5 1 2/5", "2 1 5/2 1"),
        table("1 2 1/3 4", "1/2 1 1/8 2", "3 8 1 9", "1/4 1/2 1/9 1"),
        table("1 5 1/2 5/2", "1/5 1 1/9 1/4", "2 9 1 7", "2/5 4 1/7 1"),
        table("1 1/2 3 4", "2 1 6 8", "1/3 1/6 1 1", "1/4 1/8 1 1"),
        table("1 3/2 1/2 4", "2/3 1 2/7 5/2", "2 7/2 1 9", "1/4 2/5 1/9 1"),
    ]
    found = np.column_stack([quietly(one).weights for one in cities]) @ quietly(criteria).weights
    np.testing.assert_allclose(found, [0.229, 0.275, 0.385, 0.111], atol=6e-4)


def test_worked_example_of_the_choice_of_a_leader():
    # Experience, education, charisma, age, and three candidates under each
    criteria = table("1 4 3 7", "1/4 1 1/3 3", "1/3 3 1 5", "1/7 1/3 1/5 1")
    check(criteria, [0.547, 0.127, 0.270, 0.056])
    candidates = [
        table("1 1/4 4", "4 1 9", "1/4 1/9 1"),
        table("1 3 1/5", "1/3 1 1/7", "5 7 1"),
        table("1 5 9", "1/5 1 4", "1/9 1/4 1"),
        table("1 1/3 5", "3 1 9", "1/5 1/9 1"),
    ]
    found = np.column_stack([quietly(one).weights for one in candidates])
    found = found @ quietly(criteria).weights
    np.testing.assert_allclose(found, [0.358, 0.493, 0.149], atol=1.1e-3)


def test_papathanasiou_ploskas_2018_six_offers():
    # https://doi.org/10.1007/978-3-319-91648-4_5
    criteria = table("1 1 5 3", "1 1 5 3", "1/5 1/5 1 1/3", "1/3 1/3 3 1")
    offers = [
        table(
            "1 5 1 1 1/3 3", "1/5 1 1/3 1/5 1/7 1", "1 3 1 1/3 1/5 1",
            "1 5 3 1 1/3 3", "3 7 5 3 1 7", "1/3 1 1 1/3 1/7 1",
        ),
        table(
            "1 7 3 1/3 1/3 1/3", "1/7 1 1/3 1/7 1/9 1/7", "1/3 3 1 1/5 1/5 1/5",
            "3 7 5 1 1 1", "3 9 5 1 1 1", "3 7 5 1 1 1",
        ),
        table(
            "1 1/9 1/7 1/9 1 1/5", "9 1 1 1 5 3", "7 1 1 1 5 1",
            "9 1 1 1 7 3", "1 1/5 1/5 1/7 1 1/3", "5 1/3 1 1/3 3 1",
        ),
        table(
            "1 1/5 1/5 1/3 1/7 1/5", "5 1 1 3 1/3 1", "5 1 1 1 1/3 1",
            "3 1/3 1 1 1/7 1", "7 3 3 7 1 5", "5 1 1 1 1/5 1",
        ),
    ]  # fmt: skip
    found = np.column_stack([quietly(one).weights for one in offers])
    found = found @ quietly(criteria).weights
    np.testing.assert_allclose(found, [0.117, 0.071, 0.095, 0.212, 0.350, 0.155], atol=6e-4)


def test_crawford_williams_1985_geometric_mean_equals_the_eigenvector_of_three():
    # https://doi.org/10.1016/0022-2496(85)90002-1: the two agree for any three criteria.
    for judgements in HOUSES.values():
        means = quietly(judgements, method="geometric-mean")
        np.testing.assert_allclose(means.weights, quietly(judgements).weights, atol=1e-9)


def test_random_index_of_tummala_and_ling_1998():
    # https://doi.org/10.1023/A:1004953014736, as pymcdm tables it
    ratio = quietly(HOUSE, random_index="tummala-ling").consistency_ratio
    assert ratio == pytest.approx(quietly(HOUSE).consistency_index / 1.3952)


def test_random_index_of_tummala_and_ling_1998_for_every_number_of_criteria():
    peer = pytest.importorskip("pymcdm.weights.subjective").AHP
    ours = [quietly(np.ones((n, n)), random_index="tummala-ling").random_index for n in RANGE]
    assert ours == peer.RI_M
