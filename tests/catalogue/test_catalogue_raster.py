"""Rasters are what their records say, and land on the grid where they belong."""

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_files import write_record
from odc.geo.geobox import GeoBox
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from geo.catalogue import Catalogue, check, load_record, read_raster, to_grid
from geo.catalogue.raster import grid_of
from geo.errors import CrsError, DataError, EmptyLayerError, LayerError, LodemapWarning
from geo.grid import as_dataarray

STEPS = np.arange(12, dtype=np.int16).reshape(3, 4)


def on_grid(values, *, west=100.0, north=50.0, cell=0.5, crs="EPSG:4326"):
    grid = GeoBox(values.shape, from_origin(west, north, cell, cell), crs)
    return as_dataarray(values, grid, name="r", unit="m", long_name="R")


def test_values_units_and_centres_come_with_the_array(make_raster):
    found = read_raster(make_raster(STEPS))
    assert found.dims == ("y", "x")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, STEPS)
    np.testing.assert_allclose(found["x"], [100.25, 100.75, 101.25, 101.75])
    np.testing.assert_allclose(found["y"], [49.75, 49.25, 48.75])
    assert found["y"].attrs["units"] == "degrees_north"
    assert found["x"].attrs["standard_name"] == "longitude"
    assert found.attrs == {"units": "m", "long_name": "A layer", "grid_mapping": "spatial_ref"}
    assert grid_of(found).shape == (3, 4)


@pytest.mark.parametrize(("stored", "recorded"), [(7, None), (None, 7), (7, 7)])
def test_nodata_of_the_file_or_the_record_becomes_unknown(make_raster, stored, recorded):
    found = read_raster(make_raster(STEPS, stored_nodata=stored, nodata=recorded)).to_numpy()
    assert np.isnan(found[1, 3])
    assert np.isnan(found).sum() == 1


def test_nan_is_unknown_in_float_rasters(make_raster):
    values = STEPS.astype(np.float32)
    values[0, 0] = np.nan
    assert np.isnan(read_raster(make_raster(values, stored_nodata=np.nan)).to_numpy()).sum() == 1


def test_a_float_nodata_is_found_in_its_own_precision(make_raster):
    values = STEPS.astype(np.float32)
    values[0, 0] = np.float32(-3.4e38)
    found = read_raster(make_raster(values, stored_nodata=-3.4e38, nodata=-3.4e38)).to_numpy()
    assert np.isnan(found[0, 0])
    assert found[0, 1] == 1


def test_contradicting_nodata_is_refused(make_raster):
    with pytest.raises(LayerError, match="declares nodata 7, its record says 8"):
        read_raster(make_raster(STEPS, stored_nodata=7, nodata=8))


def test_scale_and_offset_are_applied(make_raster):
    def scale(target):
        target.scales, target.offsets = (0.5,), (10.0,)

    found = read_raster(make_raster(STEPS, after=scale, stored_nodata=0)).to_numpy()
    assert np.isnan(found[0, 0])
    assert found[0, 1] == 10.5


def test_bands_are_asked_for_by_name_or_number(make_raster):
    cube = np.stack([STEPS, STEPS + 100])
    record = make_raster(cube, bands=["m01", "m02"])
    every = read_raster(record)
    assert every.dims == ("band", "y", "x")
    assert list(every["band"].to_numpy()) == ["m01", "m02"]
    np.testing.assert_array_equal(read_raster(record, band="m02"), STEPS + 100)
    np.testing.assert_array_equal(read_raster(record, band=1), STEPS)
    for wrong in ("m03", 3, 0):
        with pytest.raises(LayerError, match=f"has no band {wrong!r}, it has m01, m02"):
            read_raster(record, band=wrong)


def test_unnamed_bands_are_numbered(make_raster):
    assert list(read_raster(make_raster(np.stack([STEPS, STEPS])))["band"].to_numpy()) == ["1", "2"]


def test_a_raster_stored_south_up_is_turned_north_up(make_raster):
    flipped = from_origin(100, 48.5, 0.5, -0.5)
    found = read_raster(make_raster(STEPS[::-1].copy(), transform=flipped))
    np.testing.assert_array_equal(found, STEPS)
    np.testing.assert_allclose(found["y"], [49.75, 49.25, 48.75])


def test_a_few_values_out_of_range_become_unknown_with_a_count(make_raster):
    values = np.full((20, 20), 5, dtype=np.int16)
    values[0, :3] = -9999
    record = make_raster(values, valid_range=[0, 9])
    with pytest.warns(
        LodemapWarning, match="3 of 400 values lie outside 0 to 9 m, most often -999"
    ):
        found = read_raster(record)
    assert int(np.isnan(found).sum()) == 3


def test_many_values_out_of_range_are_refused(make_raster):
    values = np.full((20, 20), 5, dtype=np.int16)
    values[0, :5] = -9999
    with pytest.raises(LayerError, match=r"5 of 400 values .* most often -9999: declare it as"):
        read_raster(make_raster(values, valid_range=[0, 9]))


def test_infinite_values_are_never_passed_on(make_raster):
    values = STEPS.astype(np.float32)
    values[0, 0] = np.inf
    with pytest.raises(LayerError, match="1 of 12 values"):
        read_raster(make_raster(values))


def _turned(target):
    target.transform = Affine(0.5, 0.1, 100, 0.1, -0.5, 50)


def _painted(target):
    target.write_colormap(1, {0: (0, 0, 0, 255), 1: (255, 0, 0, 255)})
    target.colorinterp = [ColorInterp.palette]


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"crs": None}, CrsError, "has no CRS, its record says EPSG:4326"),
        ({"crs": "EPSG:32648"}, CrsError, "has WGS 84 / UTM zone 48N, its record says"),
        ({"stored_nodata": 3, "values": np.full((2, 2), 3, np.int16)}, EmptyLayerError, "unknown"),
        ({"after": _painted, "values": STEPS.astype(np.uint8)}, LayerError, "palette"),
        ({"values": STEPS.astype(np.complex64)}, LayerError, "complex"),
        ({"bands": ["a", "b"]}, LayerError, "has 1 bands, its record names 2"),
        ({"transform": from_origin(5e5, 5.3e6, 500, 500)}, LayerError, "outside longitude"),
        ({"transform": from_origin(47, 110, 0.5, 0.5)}, LayerError, "swap the axes"),
    ],
)
def test_a_raster_that_cannot_be_trusted_is_refused(make_raster, arguments, error, said):
    arguments = dict(arguments)
    record = make_raster(arguments.pop("values", STEPS), **arguments)
    with pytest.raises(error) as caught:
        read_raster(record)
    assert said in str(caught.value)
    assert str(record.path) in str(caught.value)


def test_a_rotated_raster_is_turned_north_up_with_a_warning(make_raster):
    record = make_raster(STEPS, after=_turned)
    with pytest.warns(LodemapWarning, match="is rotated: each cell of a north-up grid"):
        found = read_raster(record)
    # The stored centre of row 1, column 2 lies at (100 + 1.25 + 0.15, 50 + 0.25 - 0.75).
    assert float(found.sel(x=101.40, y=49.50, method="nearest")) == STEPS[1, 2]
    assert np.isnan(found[0, 0])


def test_a_raster_without_georeference_is_refused(make_raster):
    with pytest.warns(UserWarning, match="transform"):
        record = make_raster(STEPS, transform=Affine.identity())
    with pytest.raises(LayerError, match="has no georeference"):
        read_raster(record)


def test_an_unknown_unit_is_refused(make_raster):
    with pytest.raises(LayerError, match=r"some-heights\.toml: unit has an unknown unit 'metrez'"):
        make_raster(STEPS, unit="metrez")


def test_too_many_cells_are_refused_before_reading(make_raster, monkeypatch):
    monkeypatch.setattr("geo.catalogue.raster._MOST_CELLS", 11)
    with pytest.raises(LayerError, match="has 12 values, at most 11"):
        read_raster(make_raster(STEPS))


def test_a_disguised_vrt_is_refused(tmp_path):
    path = tmp_path / "some-heights.tif"
    path.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>')
    record = load_record(write_record(path, "raster"))
    with pytest.raises(LayerError, match="first bytes are not those of a GTiff"):
        read_raster(record)


def test_a_truncated_raster_is_refused(make_raster):
    record = make_raster(np.arange(40_000, dtype=np.float32).reshape(200, 200))
    record.path.write_bytes(record.path.read_bytes()[:50_000])
    record = load_record(write_record(record.path, "raster"))
    with pytest.raises(LayerError, match="a block ends at byte"):
        read_raster(record)


def test_one_flipped_byte_is_refused(make_raster):
    record = make_raster(STEPS)
    data = bytearray(record.path.read_bytes())
    data[-1] ^= 1
    record.path.write_bytes(bytes(data))
    with pytest.raises(LayerError, match="its bytes differ from the record"):
        read_raster(record)


def test_a_raster_reader_takes_no_table(tmp_path):
    path = tmp_path / "some-table.csv"
    path.write_text("a\n1\n")
    with pytest.raises(LayerError, match="is a table, required a raster"):
        read_raster(load_record(write_record(path, "table")))


def test_a_check_reads_rasters_too(make_raster, tmp_path):
    make_raster(STEPS, valid_range=[0, 5])
    (finding,) = check(Catalogue.open(tmp_path))
    assert (finding.id, finding.level) == ("some-heights", "error")


def test_the_same_grid_gives_the_same_values():
    source = on_grid(STEPS.astype(np.float32))
    warped = to_grid(source, grid_of(source))
    np.testing.assert_allclose(warped, source, atol=1e-5)
    assert warped.name == "r"
    assert warped.attrs["units"] == "m"
    assert warped.dtype == np.float32


def test_bilinear_between_four_centres_is_their_weighted_mean():
    source = on_grid(np.array([[0, 1], [2, 5]], dtype=np.float32), cell=1.0)
    target = GeoBox((1, 1), from_origin(100.65, 49.35, 0.5, 0.5), "EPSG:4326")
    # Centre at 100.9, 49.1: 0.4 of a cell east and south of the first centre.
    expected = 0.6 * 0.6 * 0 + 0.4 * 0.6 * 1 + 0.6 * 0.4 * 2 + 0.4 * 0.4 * 5
    assert float(to_grid(source, target)[0, 0]) == pytest.approx(expected, abs=1e-5)


def test_the_raster_reaches_to_the_outer_edge_of_its_cells():
    source = on_grid(np.full((4, 4), 7.0, dtype=np.float32), cell=1.0)
    target = GeoBox((60, 60), from_origin(99, 51, 0.1, 0.1), "EPSG:4326")
    known = ~np.isnan(to_grid(source, target).to_numpy())
    expected = np.zeros((60, 60), dtype=bool)
    expected[10:50, 10:50] = True
    np.testing.assert_array_equal(known, expected)


def test_unknown_cells_neither_grow_nor_shrink():
    values = np.full((4, 4), 7.0, dtype=np.float32)
    values[1, 2] = np.nan
    target = GeoBox((40, 40), from_origin(100, 50, 0.1, 0.1), "EPSG:4326")
    unknown = np.isnan(to_grid(on_grid(values, cell=1.0), target).to_numpy())
    expected = np.zeros((40, 40), dtype=bool)
    expected[10:20, 20:30] = True
    np.testing.assert_array_equal(unknown, expected)


def test_warping_to_metres_keeps_places():
    east = np.broadcast_to(np.linspace(100.05, 109.95, 100), (60, 100)).astype(np.float32)
    target = GeoBox.from_bbox((2e5, 5.2e6, 4e5, 5.4e6), "EPSG:32648", resolution=5000)
    warped = to_grid(on_grid(east, cell=0.1), target)
    from pyproj import Transformer

    x, y = np.meshgrid(warped["x"], warped["y"])
    lon, _ = Transformer.from_crs("EPSG:32648", "EPSG:4326", always_xy=True).transform(x, y)
    np.testing.assert_allclose(warped, lon, atol=2e-3)


def test_bands_are_warped_together():
    cube = np.stack([STEPS, STEPS * 2]).astype(np.float32)
    single = on_grid(STEPS.astype(np.float32))
    stack = xr.DataArray(
        cube, dims=("band", "y", "x"), coords={**single.coords, "band": ["a", "b"]}, name="s"
    )
    warped = to_grid(stack, grid_of(single), resampling="nearest")
    np.testing.assert_array_equal(warped, cube)
    assert list(warped["band"].to_numpy()) == ["a", "b"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_bilinear_never_leaves_the_range_of_its_source(seed):
    values = np.random.default_rng(seed).normal(size=(6, 7)).astype(np.float32)
    values[values > 1.2] = np.nan
    target = GeoBox((23, 31), from_origin(99.9, 50.2, 0.13, 0.13), "EPSG:4326")
    warped = to_grid(on_grid(values), target).to_numpy()
    known = warped[~np.isnan(warped)]
    assert known.min() >= np.nanmin(values) - 1e-5
    assert known.max() <= np.nanmax(values) + 1e-5


def test_what_cannot_be_warped_says_why():
    source = on_grid(STEPS.astype(np.float32))
    with pytest.raises(DataError, match="no resampling 'linear'"):
        to_grid(source, grid_of(source), resampling="linear")
    with pytest.raises(CrsError, match="has no CRS"):
        to_grid(source.drop_vars("spatial_ref"), grid_of(source))
    bare = source.assign_coords(spatial_ref=0)
    with pytest.raises(CrsError, match="names no CRS or transform"):
        to_grid(bare, grid_of(source))
