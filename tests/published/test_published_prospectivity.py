"""Published figures on log-ratios and weights of evidence."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.features import rasterize

from geo.minerals.evidence import alr, clr, ilr, plr
from geo.minerals.generalise import generalise
from geo.minerals.prospectivity import (
    conditional_independence,
    success_rate,
    weights_of_counts,
    weights_of_evidence,
)

PEER = Path(__file__).parents[3] / "shared" / "data" / "peer" / "eis_wofe"


def test_eis_toolkit_isometric_log_ratios():
    """Single balances of the toolkit's tests, to its two digits."""
    found = ilr([[80, 15, 5], [75, 18, 7]])
    assert found == pytest.approx(np.array([[1.18, 1.58], [1.01, 1.35]]), abs=1e-2)


def test_eis_toolkit_pivot_log_ratios():
    found = plr([[65, 12, 18, 5], [63, 16, 15, 6]])
    assert found == pytest.approx(np.array([[1.60, 0.19, 0.91], [1.49, 0.43, 0.65]]), abs=1e-2)
    assert plr([80, 15, 5]) == pytest.approx([1.82, 0.78], abs=1e-2)


def test_eis_toolkit_additive_and_centred_log_ratios():
    parts = np.array([65, 12, 18, 5])
    assert alr(parts) == pytest.approx(np.log(parts[:-1] / 5))
    assert clr(parts) == pytest.approx(np.log(parts / np.exp(np.log(parts).mean())))


@pytest.mark.skipif(not PEER.is_dir(), reason="the peer's sample raster is not at hand")
def test_eis_toolkit_sample_of_weights_of_evidence():
    """781 known cells with 16 deposits in 8 classes.

    The expected weights are worked out from the counts; the toolkit gives the same where no
    count is zero. A class without deposits has weights of zero there, and here is corrected.
    """
    with rasterio.open(PEER / "wofe_evidence_raster.tif") as source:
        evidence = source.read(1)
        nodata, shape, transform = source.nodata, source.shape, source.transform
    points = gpd.read_file(PEER / "wofe_deposits.shp")
    deposits = rasterize(
        [(point, 1) for point in points.geometry], out_shape=shape, transform=transform
    )
    table = weights_of_evidence(evidence, deposits, nodata=nodata).set_index("class")
    assert table["n"].sum() == 781
    assert table["deposits"].sum() == 16
    assert table.index.tolist() == [1, 2, 3, 5, 6, 8, 10, 13]
    assert table.index[table["corrected"]].tolist() == [2, 6, 8, 13]
    assert table["w_plus"][1] == pytest.approx(np.log((9 / 16) / (266 / 765)))
    assert table["w_minus"][3] == pytest.approx(np.log((11 / 16) / (374 / 765)))
    assert table["studentised"][10] == pytest.approx(
        np.log((1 * 764) / (1 * 15)) / np.sqrt(1 + 1 + 1 / 15 + 1 / 764)
    )


@pytest.mark.skipif(not PEER.is_dir(), reason="the peer's sample raster is not at hand")
def test_eis_toolkit_base_metrics():
    """Area and deposits above the values at two deposits, in the toolkit's small raster."""
    with rasterio.open(PEER.parent / "eis_idw" / "small_raster.tif") as source:
        values = source.read(1)
        places = [source.index(384829.33, y) for y in (6671310.87, 6671308.70)]
    deposits = np.zeros(values.shape, dtype=bool)
    deposits[tuple(np.transpose(places))] = True
    table = success_rate(values, deposits)
    found = table[table["threshold"].astype(np.float32).isin(np.float32([9.67, 9.55, 2.503]))]
    assert found["area_share"].tolist() == [0.00038819875776397513, 0.0015527950310559005, 1]
    assert found["deposit_share"].tolist() == [0.5, 1, 1]


# Geoscience Australia's Cloncurry example of iron oxide copper-gold deposits: 258 of them on
# 31,311.33 unit cells of 1 km2. Weights tables beside its scripts (Ford, MPM-WofE, TESTDATA at
# 3ac847f), after ArcSDM: area of the favourable class, its deposits, W+, s(W+), W-, s(W-), C,
# s(C), C / s(C). Their areas are rounded to 0.01 km2.
CLONCURRY = {
    "within 5 km of breccia": (
        *(16236.52, 206, 0.436128227601915, 0.0701195403597716),
        *(-0.875579530060502, 0.138914846843618),
        *(1.31170775766242, 0.155608754939597, 8.4295241496636),
    ),
    "within 2 km of a fault": (
        *(15526.06, 195, 0.425865186688256, 0.0720654715528206),
        *(-0.729196988135981, 0.126240326045262),
        *(1.15506217482424, 0.145361797285754, 7.94611924447799),
    ),
    "dense faults": (
        *(12385.13, 187, 0.612572419636479, 0.0736856387755134),
        *(-0.791362396794525, 0.118901399527403),
        *(1.403934816431, 0.139882508453811, 10.0365287407938),
    ),
    "host units": (
        *(1307.42, 40, 1.33464258007767, 0.160589552693209),
        *(-0.126793936032072, 0.0679759434225853),
        *(1.46143651610974, 0.174383867712571, 8.38057175402577),
    ),
}
PRINTED = (
    *("w_plus", "s_w_plus", "w_minus", "s_w_minus"),
    *("contrast", "s_contrast", "studentised"),
)
AREA, DEPOSITS = 31311.33, 258


@pytest.mark.parametrize("layer", CLONCURRY)
def test_geoscience_australia_weights_of_binary_layers(layer):
    area, deposits, *printed = CLONCURRY[layer]
    table = weights_of_counts([1, 2], [area, AREA - area], [deposits, DEPOSITS - deposits])
    assert table.loc[0, list(PRINTED)].tolist() == pytest.approx(printed, rel=1e-9)
    assert table["contrast"][1] == pytest.approx(-printed[4], rel=1e-9)


# Density of faults in ten natural classes, cumulated from the densest: class, its own area,
# deposits up to it, W+, W-, C / s(C).
FAULTS = [
    (10, 1464.66, 5, -0.886019155369624, 0.0285754657025182, -2.02162224817601),
    (9, 2275.65, 22, -0.339480346541272, 0.0384096051004122, -1.69001992309642),
    (8, 2471.23, 62, 0.193503566856249, -0.0541588774086961, 1.69164857973539),
    (7, 3203.05, 135, 0.560203877735014, -0.385773837084196, 7.55184586810667),
    (6, 2970.54, 187, 0.612572419636479, -0.791362396794525, 10.0365287407938),
    (5, 4241.77, 211, 0.436354220208396, -0.950687880880738, 8.57815590465082),
    (4, 4920.49, 238, 0.295869317113512, -1.39816681567492, 7.26637749327954),
    (3, 5851.25, 258, 0.130792747171432, -3.49127593388469, 3.59647303829488),
    (2, 1737.01, 258, 0.0687592372252149, -2.90418999741612, 2.95164677854791),
    (1, 2175.68, 258, -0.00381270913046867, 4.79050174306312, -3.36982880077661),
]


def test_geoscience_australia_cumulative_weights_of_fault_density():
    """Rows that hold all deposits, or all cells, are patched there and corrected here."""
    classes, area, cumulated, *_ = np.array(FAULTS)[::-1].T
    deposits = -np.diff(np.append(cumulated, 0))
    table = weights_of_counts(classes, area, deposits, method="descending")
    printed = np.array(FAULTS)
    assert table["class"].tolist() == list(range(10, 0, -1))
    assert table["n"].to_numpy()[-1] == pytest.approx(AREA)
    for name, column in (("w_plus", 3), ("w_minus", 4), ("studentised", 5)):
        assert table[name][:7].to_numpy() == pytest.approx(printed[:7, column], rel=1e-6)
    assert table["corrected"].tolist() == [False] * 7 + [True, True, False]
    # The example takes class 6 and above by hand, because the largest contrast is a patched row.
    cut = generalise(table, "max-studentised")
    assert cut.loc[cut["part"] == 2, "class"].min() == 6


parts = st.integers(1, 9)


@given(st.tuples(parts, parts, parts, parts), st.tuples(*[st.integers(10, 60)] * 4))
def test_agterberg_and_cheng_predict_all_deposits_under_independence(held, barren):
    """Their theorem: layers independent given the deposits, and given none, predict T = n."""
    layers, deposits = [[], []], []
    for (a, b, c, d), holds in ((held, True), (barren, False)):
        for first, second, count in ((1, 1, a * c), (1, 0, a * d), (0, 1, b * c), (0, 0, b * d)):
            layers[0] += [first] * count
            layers[1] += [second] * count
            deposits += [holds] * count
    found = conditional_independence(layers, deposits)
    assert found.predicted == pytest.approx(found.observed, rel=1e-9)
    assert found.p == pytest.approx(0.5, abs=1e-6)
