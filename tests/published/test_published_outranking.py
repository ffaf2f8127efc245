"""PROMETHEE and ELECTRE, against the numbers of papers.

Where the numbers were seen: the hydroelectric stations, table of preferences included, in two
public test suites and a course's solutions; Cebrián and Porcar and Barba-Romero and Pomerol in
the tests of scikit-criteria; Zhao, Peng and Li in those of pymcdm; Papathanasiou and Ploskas
and both papers of Ziemba in those of pyrepo-mcda; the eight alternatives in those of JMcDM.
"""

import numpy as np
import pytest

from geo.scoring.normalisation import total
from geo.scoring.ranking import electre, preference_index, promethee

STATIONS = [
    [80, 90, 6, 5.4, 8, 5],
    [65, 58, 2, 9.7, 1, 1],
    [83, 60, 4, 7.2, 4, 7],
    [40, 80, 10, 7.5, 7, 10],
    [52, 72, 6, 2.0, 3, 8],
    [94, 96, 7, 3.6, 5, 6],
]
"""Six sites of a hydroelectric station: manpower, power, cost, upkeep, villages, security."""
STATION_SENSES = ["min", "max", "min", "min", "min", "max"]
STATION_LIMITS = {
    "preference": ["u-shape", "v-shape", "v-shape-indifference", "level", "usual", "gaussian"],
    "q": [10, None, 0.5, 1, None, None],
    "p": [None, 30, 5, 6, None, None],
    "s": [None, None, None, None, None, 5],
}

FACTORIES = np.array(
    [
        [6, 5, 28, 5, 5],
        [4, 2, 25, 10, 9],
        [5, 7, 35, 9, 6],
        [6, 1, 27, 6, 7],
        [6, 8, 30, 7, 9],
        [5, 6, 26, 4, 8],
    ],
    dtype=float,
)
FACTORY_WEIGHTS = [0.25, 0.25, 0.1, 0.2, 0.2]
FACTORY_SENSES = ["max", "max", "min", "max", "max"]


def test_preference_index_brans_vincke_mareschal_1986_hydroelectric_stations():
    # https://doi.org/10.1016/0377-2217(86)90044-5, section 3
    published = [
        [0.000, 0.296, 0.250, 0.268, 0.100, 0.185],
        [0.462, 0.000, 0.389, 0.333, 0.296, 0.500],
        [0.236, 0.180, 0.000, 0.333, 0.056, 0.429],
        [0.399, 0.505, 0.305, 0.000, 0.223, 0.212],
        [0.444, 0.515, 0.487, 0.380, 0.000, 0.448],
        [0.286, 0.399, 0.250, 0.432, 0.133, 0.000],
    ]
    found = preference_index(STATIONS, np.ones(6), STATION_SENSES, **STATION_LIMITS)
    np.testing.assert_allclose(found, published, atol=1.5e-3)


def test_flows_brans_vincke_mareschal_1986_hydroelectric_stations():
    # The paper sums over the five others where the books since take the mean.
    found = promethee(STATIONS, np.ones(6), STATION_SENSES, **STATION_LIMITS)
    np.testing.assert_allclose(
        5 * found.positive_flow, [1.099, 1.980, 1.234, 1.644, 2.274, 1.500], atol=2.5e-3
    )
    np.testing.assert_allclose(
        5 * found.negative_flow, [1.827, 1.895, 1.681, 1.746, 0.808, 1.774], atol=2.5e-3
    )
    np.testing.assert_allclose(
        5 * found.net_flow, [-0.728, 0.085, -0.447, -0.102, 1.466, -0.274], atol=2.5e-3
    )
    assert found.rank.tolist() == [6, 2, 5, 3, 1, 4]


def test_partial_order_brans_vincke_mareschal_1986_hydroelectric_stations():
    # The fifth site is ahead of all, the second comparable with the fifth alone.
    found = promethee(STATIONS, np.ones(6), STATION_SENSES, **STATION_LIMITS)
    ahead = found.outranks()
    assert ahead[4].tolist() == [True, True, True, True, False, True]
    assert not ahead[:, 4].any()
    assert found.incomparable()[1].tolist() == [True, False, True, True, False, True]
    assert np.argwhere(ahead[:4, :]).tolist() == [[2, 0], [3, 0], [3, 5]]


def test_concordance_cebrian_porcar_2009_business_location():
    # Revista de Métodos Cuantitativos para la Economía y la Empresa 7, 31-56
    published = [
        [1.00, 0.50, 0.35, 0.50, 0.35, 0.45],
        [0.50, 1.00, 0.50, 0.75, 0.50, 0.50],
        [0.65, 0.50, 1.00, 0.45, 0.20, 0.70],
        [0.75, 0.25, 0.55, 1.00, 0.35, 0.45],
        [0.90, 0.70, 0.80, 0.90, 1.00, 0.90],
        [0.55, 0.50, 0.55, 0.55, 0.10, 1.00],
    ]
    shares = FACTORIES / FACTORIES.sum(axis=0)
    found = electre(shares, FACTORY_WEIGHTS, FACTORY_SENSES)
    np.testing.assert_allclose(found.concordance, published, atol=1e-9)


def test_discordance_cebrian_porcar_2009_business_location():
    published = [
        [0.0000, 0.5052, 0.4042, 0.1883, 0.4286, 0.2825],
        [0.4286, 0.0000, 0.7143, 0.2589, 0.8571, 0.5714],
        [0.1696, 0.2825, 0.0000, 0.1938, 0.2825, 0.2180],
        [0.5714, 0.4042, 0.8571, 0.0000, 1.0000, 0.7143],
        [0.0485, 0.3031, 0.2021, 0.0727, 0.0000, 0.0969],
        [0.1295, 0.6063, 0.5052, 0.2021, 0.3031, 0.0000],
    ]
    shares = total(FACTORIES)
    found = electre(shares, FACTORY_WEIGHTS, FACTORY_SENSES)
    np.testing.assert_allclose(found.discordance, published, atol=1e-4)


def test_kernel_cebrian_porcar_2009_business_location():
    found = electre(total(FACTORIES), FACTORY_WEIGHTS, FACTORY_SENSES)
    assert found.kernel == (4,)


def test_kernel_grows_as_the_levels_harden_barba_romero_pomerol_1997():
    # Decisiones multicriterio, p. 216: the same six sites with stated levels
    levels = [
        (0.5, 0.5), (0.6, 0.4), (0.7, 0.3), (0.8, 0.2), (0.89, 0.1), (0.89, 0.08), (0.89, 0.05),
        (0.94, 0.05), (1, 0),
    ]  # fmt: skip
    matrix = [
        [0.188, 0.172, 0.168, 0.122, 0.114],
        [0.125, 0.069, 0.188, 0.244, 0.205],
        [0.156, 0.241, 0.134, 0.220, 0.136],
        [0.188, 0.034, 0.174, 0.146, 0.159],
        [0.188, 0.276, 0.156, 0.171, 0.205],
        [0.156, 0.207, 0.180, 0.098, 0.182],
    ]
    sizes = [
        len(
            electre(total(matrix), FACTORY_WEIGHTS, concordance_level=c, discordance_level=d).kernel
        )
        for c, d in levels
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_net_flow_zhao_peng_li_2013_emergency_response():
    # Procedia Computer Science 17, 181-188: the usual criterion
    found = promethee([[4, 3, 2], [3, 2, 4], [5, 1, 3]], [0.5, 0.3, 0.2])
    assert found.net_flow.tolist() == pytest.approx([0.1, -0.3, 0.2])


def test_net_flow_papathanasiou_ploskas_2018_six_sites():
    # https://doi.org/10.1007/978-3-319-91648-4_3: linear with indifference, q = 1 and p = 2
    matrix = [[8, 7, 2, 1], [5, 3, 7, 5], [7, 5, 6, 4], [9, 9, 7, 3], [11, 10, 3, 7], [6, 9, 5, 4]]
    weights = [0.4, 0.3, 0.1, 0.2]
    found = promethee(matrix, weights, preference="v-shape-indifference", q=1, p=2)
    np.testing.assert_allclose(found.net_flow, [-0.26, -0.52, -0.22, 0.36, 0.7, -0.06], atol=1e-9)


def test_net_flow_ziemba_2019_heating_with_indifference():
    # https://doi.org/10.3390/su11061555: twelve criteria, q and p for each
    rows = [
        [38723, 34913, 25596, 34842, 22570, 39773, 19500, 34525, 16486],
        [33207, 32085, 2123, 32095, 1445, 17485, 868, 16958, 958],
        [0, 0.2, 5, 0.2, 0.2, 0.2, 99, 99, 99],
        [3375, 3127, 3547, 3115, 3090, 4135, 3160, 4295, 3653],
        [11.36, 12.78, 12.78, 12.86, 12.86, 17, 12.86, 17, 12.86],
        [-320.9, -148.4, -148.4, -9.9, -9.9, 0, -9.9, 0, -9.9],
        [203.7, 463, 356.2, 552.5, 295, 383, 264, 352, 264],
        [0, 11.7, 44.8, 11.7, 95.9, 95.9, 116.8, 116.8, 164.9],
        [0, 4.9, 10.7, 5.4, 11.2, 11.2, 11.2, 11.2, 11.2],
        [1, 1, 1, 3.5, 4, 4, 4, 4, 4],
        [21.5, 47.9, 27.7, 39.7, 1.5, 22.7, 2.7, 23.9, 1],
        [0, 3.7, 4.5, 10.3, 11.5, 11.5, 11.3, 11.3, 11.4],
    ]
    found = promethee(
        np.transpose(rows),
        [0.3333, 0.1667, 0.1667, 0.3333, 0.25, 0.75, 1, 1, 0.4, 0.20, 0.40, 1],
        ["min", "min", "max", "min", "max", "max", "min", "max", "max", "min", "min", "max"],
        preference="v-shape-indifference",
        q=[420, 1000, 10, 40, 1, 7, 50, 20, 1, 1, 4.6, 1],
        p=[2100, 5000, 50, 200, 5, 20, 100, 80, 4, 2, 23, 3],
    )
    published = [-0.4143, -0.5056, -0.2317, -0.2892, 0.3313, 0.0619, 0.4296, 0.1626, 0.4554]
    np.testing.assert_allclose(found.net_flow, published, atol=5e-5)


def test_net_flow_ziemba_2017_offshore_wind_farms_without_indifference():
    # https://doi.org/10.3390/en10111755
    rows = [
        [16347, 14219, 8160, 8160],
        [9, 8.5, 9, 8.5],
        [73.8, 55, 64.8, 62.5],
        [36.7, 36, 28.5, 29.5],
        [1.5, 2, 2, 1.5],
        [3730, 3240, 1860, 1860],
        [2, 1, 2, 1],
        [1, 1, 2, 3],
        [38.8, 33.1, 45.8, 27.3],
        [4, 2, 4, 3],
        [1720524, 1496512, 858830, 858830],
        [40012, 34803, 19973, 19973],
    ]
    found = promethee(
        np.transpose(rows),
        [20, 5, 5, 1.67, 1.67, 11.67, 11.67, 5, 5, 16.67, 8.33, 8.33],
        ["min"] * 5 + ["max", "min", "min", "max", "min", "max", "max"],
        preference="v-shape",
        p=[7280, 4, 13.4, 7.4, 3, 1662, 3, 3, 13.8, 3, 766240, 17820],
    )
    np.testing.assert_allclose(found.net_flow, [-0.0445, 0.1884, -0.0954, -0.0485], atol=5e-5)


def test_net_flow_of_the_tests_of_jmcdm_has_the_other_sign():
    # They call the four criteria to be large, but the row that is best in each of them
    # but one, the second, has their lowest flow: the flows are those of small is better.
    matrix = [
        [42, 35, 43, 51], [89, 72, 92, 85], [14, 85, 17, 40], [57, 60, 45, 80],
        [48, 32, 43, 40], [71, 45, 60, 85], [69, 40, 72, 55], [64, 35, 70, 60],
    ]  # fmt: skip
    found = promethee(
        matrix,
        [0.25, 0.35, 0.22, 0.18],
        ["min"] * 4,
        preference=["v-shape-indifference", "v-shape"] + ["v-shape-indifference"] * 2,
        q=[49, None, 45, 30],
        p=[100, 98, 95, 80],
    )
    theirs = [0.07, -0.15, -0.06, -0.05, 0.10, 0.0, 0.03, 0.06]
    np.testing.assert_allclose(found.net_flow, theirs, atol=5e-3)
