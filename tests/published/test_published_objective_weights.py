"""Weights read off the data, against the numbers of papers.

Where the numbers were seen: in the tests of scikit-criteria (Diakoulaki), of pymcdm (Elsayed,
Jahan, Keshavarz-Ghorabaee), of pyrepo-mcda and crispyn (Xu, Zavadskas and Podvezko, Ersoy, Lee
and Chang, Tuş and Aytaç Adalı), of JMcDM, and, for Mukhametzyanov, in public research notes
that quote his tables.
"""

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


def test_critic_tus_aytac_adali_2019_attendance_software():
    # https://doi.org/10.1007/s12597-019-00371-6: the first criterion, a cost, is scaled as if it
    # were to be large; as a cost it correlates the other way.
    matrix = [
        [5000, 3, 3, 4, 3, 2],
        [680, 5, 3, 2, 2, 1],
        [2000, 3, 2, 3, 4, 3],
        [600, 4, 3, 1, 2, 2],
        [800, 2, 4, 3, 3, 4],
    ]
    published = [0.157, 0.249, 0.168, 0.121, 0.154, 0.151]
    np.testing.assert_allclose(critic(matrix, ["max"] * 6).weights, published, atol=6e-4)


def test_critic_worked_example_of_the_tests_of_jmcdm():
    # One criterion is to be small, values are below zero.
    matrix = [
        [12.9918, 0.7264, -1.1009, 1.598139592],
        [4.1201, 5.8824, 3.4483, 1.021563567],
        [4.1039, 0.0000, -0.5076, 0.984469444],
    ]
    found = critic(matrix, ["max", "max", "min", "max"])
    published = [0.16883925, 0.418444976, 0.249124763, 0.163591012]
    np.testing.assert_allclose(found.weights, published, atol=2e-6)


ENTROPIES = {
    # International Journal of Engineering Trends and Technology 46(2), 60-66
    "elsayed-2017": (
        [
            [7, 312, 1891, 6613, 163],
            [72, 88, 728, 941804, 1078],
            [10, 252, 2594, 3466, 117471],
            [10, 145, 980, 2371, 86329],
            [65, 54, 350, 501, 29897],
            [29, 48, 380, 912, 34051],
            [7, 476, 3300, 78470, 2212],
            [70, 87, 650, 733, 819000],
            [4, 86, 591, 3015, 103],
            [12, 79, 579, 3240, 96098],
            [21, 45, 261, 1253, 453],
            [1, 72, 530, 4333, 0.104800],
        ],
        [0.104991, 0.069124, 0.071373, 0.449937, 0.304575],
        5e-7,
    ),
    # https://doi.org/10.1016/S0377-2217(03)00146-2
    "xu-2004": (
        [[30, 30, 38, 29], [19, 54, 86, 29], [19, 15, 85, 28.9], [68, 70, 60, 29]],
        [0.4630, 0.3992, 0.1378, 0.0000],
        5e-5,
    ),
    # https://doi.org/10.1142/S0219622016500036
    "zavadskas-podvezko-2016": (
        [[3.0, 100, 10, 7], [2.5, 80, 8, 5], [1.8, 50, 20, 11], [2.2, 70, 12, 9]],
        [0.1146, 0.1981, 0.4185, 0.2689],
        5e-5,
    ),
    # https://doi.org/10.17270/J.LOG.2021.603
    "ersoy-2021": (
        [
            [256, 8, 41, 1.6, 1.77, 7347.16],
            [256, 8, 32, 1.0, 1.8, 6919.99],
            [256, 8, 53, 1.6, 1.9, 8400],
            [256, 8, 41, 1.0, 1.75, 6808.9],
            [512, 8, 35, 1.6, 1.7, 8479.99],
            [256, 4, 35, 1.6, 1.7, 7499.99],
        ],
        [0.405, 0.221, 0.134, 0.199, 0.007, 0.034],
        5e-4,
    ),
    # https://doi.org/10.1016/j.rser.2018.05.007: five ways to make power in Taiwan
    "lee-chang-2018": (
        [
            [4550, 30, 6.74, 20, 15, 5, 85, 150, 0.87, 4.76],
            [3005, 60.86, 2.4, 35, 27, 4, 26, 200, 0.17, 4.51],
            [2040, 14.85, 1.7, 90, 25, 5, 26, 500, 0.27, 4.19],
            [3370, 99.4, 3.25, 25.3, 54, 3, 45, 222, 0.21, 3.78],
            [3920, 112.6, 4.93, 11.4, 71.7, 2, 50, 100, 0.25, 4.11],
        ],
        [0.026, 0.154, 0.089, 0.199, 0.115, 0.04, 0.08, 0.123, 0.172, 0.002],
        5e-4,
    ),
}


@pytest.mark.parametrize("source", ENTROPIES)
def test_entropy_of_papers(source):
    matrix, published, close = ENTROPIES[source]
    np.testing.assert_allclose(entropy(matrix).weights, published, atol=close)


@pytest.mark.parametrize(
    ("matrix", "published"),
    [
        (
            [
                [71, 4500, 150, 1056, 478], [85, 5800, 145, 2680, 564],
                [76, 5600, 135, 1230, 620], [74, 4200, 160, 1480, 448],
                [82, 6200, 183, 1350, 615], [81, 6000, 178, 2065, 580],
                [80, 5900, 160, 1650, 610], [85, 6500, 140, 1650, 667],
            ],
            [0.210, 0.203, 0.207, 0.183, 0.196],
        ),
        (
            [
                [83, 5322, 170, 1682, 500], [84, 6021, 155, 2140, 513],
                [76, 4219, 155, 1613, 454], [73, 6154, 157, 2047, 582],
                [78, 5453, 173, 2136, 598], [82, 6030, 174, 1238, 587],
                [80, 4344, 172, 1365, 507], [77, 6114, 158, 1585, 592],
            ],
            [0.175, 0.206, 0.231, 0.195, 0.192],
        ),
    ],
    ids=["first", "second"],
)  # fmt: skip
def test_standard_deviation_mukhametzyanov_2021(matrix, published):
    # https://doi.org/10.31181/dmame210402076i, tables 1 and 2
    found = standard_deviation(matrix, ["max", "min", "max", "max", "min"])
    np.testing.assert_allclose(found.weights, published, atol=5e-4)


def test_standard_deviation_jahan_edwards_2013_materials():
    # Materials & Design 49, 1000-1008: columns that lie on [0, 1] already
    matrix = [
        [0, 0, 0],
        [0.39, 0.3, 0.77],
        [0.17, 0.36, 0.8],
        [0.35, 0.29, 0.93],
        [0.3, 0.4, 0.94],
        [0.84, 0.71, 1],
        [1, 1, 0.99],
    ]
    found = standard_deviation(matrix, ["max"] * 3)
    np.testing.assert_allclose(found.weights, [0.35, 0.31, 0.34], atol=5e-3)


def test_standard_deviation_salabun_2020_is_of_the_raw_columns():
    # https://doi.org/10.3390/sym12091549 has 0.217, 0.294, 0.488: the spread of the columns as
    # they are, in which the largest unit wins. Ours is of columns on their own range.
    matrix = np.array(
        [
            [0.619, 0.449, 0.447],
            [0.862, 0.466, 0.006],
            [0.458, 0.698, 0.771],
            [0.777, 0.631, 0.491],
            [0.567, 0.992, 0.968],
        ]
    )
    found = standard_deviation(matrix).weights * np.ptp(matrix, axis=0)
    np.testing.assert_allclose(found / found.sum(), [0.217, 0.294, 0.488], atol=6e-4)


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
