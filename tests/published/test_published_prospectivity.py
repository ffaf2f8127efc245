"""Published figures on log-ratios and weights of evidence."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize

from geo.minerals.evidence import alr, clr, ilr, plr
from geo.minerals.prospectivity import weights_of_evidence

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
