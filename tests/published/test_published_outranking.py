"""PROMETHEE and ELECTRE, against the numbers of papers."""

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
    levels = [(0.5, 0.5), (0.6, 0.4), (0.7, 0.3), (0.8, 0.2), (0.89, 0.1), (0.94, 0.05), (1, 0)]
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


def test_example_of_the_promethee_documentation_of_pymcdm():
    found = promethee([[4, 3, 2], [3, 2, 4], [5, 1, 3]], [0.5, 0.3, 0.2])
    assert found.net_flow.tolist() == pytest.approx([0.1, -0.3, 0.2])
