"""The same ground in every raster format gives the same values, and masks hide what they hide."""

import numpy as np
import pytest
import rasterio
from layer_files import write_record
from raster_faults import GROUND, UTM, ascii_grid, masked, tiff

from geo.catalogue import load_record, read_raster


def read(path, **changes):
    return read_raster(load_record(write_record(path, "raster", crs="EPSG:32648", **changes)))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("ground.tif", tiff()),
        ("big.tif", tiff(BIGTIFF="YES")),
        ("other-end.tif", tiff(ENDIANNESS="BIG")),
        ("packed.tif", tiff(compress="lzw", predictor=3, tiled=True, blockxsize=16, blockysize=16)),
        ("ground.img", tiff(driver="HFA")),
    ],
)
def test_values_and_places_are_the_same(name, make, tmp_path):
    make(tmp_path / name)
    found = read(tmp_path / name)
    np.testing.assert_array_equal(found, GROUND)
    np.testing.assert_allclose(found["x"], 600_015 + 30 * np.arange(20))
    np.testing.assert_allclose(found["y"], 5_309_985 - 30 * np.arange(20))


def test_an_internal_mask_hides_cells(tmp_path):
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        tiff(after=masked)(tmp_path / "hidden.tif")
    np.testing.assert_array_equal(
        read(tmp_path / "hidden.tif"), np.where(GROUND > 400, GROUND, np.nan)
    )


def test_an_alpha_band_hides_cells_and_is_no_band(tmp_path):
    grey = GROUND.astype(np.uint8)
    alpha = np.where(GROUND > 400, 255, 0).astype(np.uint8)
    tiff(np.stack([grey, alpha]), ALPHA="YES")(tmp_path / "clear.tif")
    found = read(tmp_path / "clear.tif")
    assert found.dims == ("y", "x")
    np.testing.assert_array_equal(found, np.where(GROUND > 400, grey, np.nan))


def test_late_decimals_of_an_ascii_grid_are_kept(tmp_path):
    ascii_grid("1 2 3\n4 -9999 6.75\n")(tmp_path / "late.asc")
    found = read(tmp_path / "late.asc")
    np.testing.assert_array_equal(found, [[1, 2, 3], [4, np.nan, 6.75]])
    np.testing.assert_allclose(found["y"], [5_300_045, 5_300_015])


def test_pixel_is_point_is_not_moved_twice(tmp_path):
    tiff(after=lambda target: target.update_tags(AREA_OR_POINT="Point"))(tmp_path / "point.tif")
    assert float(read(tmp_path / "point.tif")["x"][0]) == UTM.c + 15
