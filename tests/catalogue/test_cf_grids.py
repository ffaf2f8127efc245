"""NetCDF and Zarr grids mean what the CF conventions say that they mean."""

import tracemalloc
import warnings

import numpy as np
import pytest
import xarray as xr
from layer_files import write_record
from raster_faults import curvilinear, grid, projected, timed

from geo.catalogue import load_record, read_raster
from geo.errors import CrsError, EmptyLayerError, LayerError, LodemapWarning


@pytest.fixture(params=["nc", "classic", "zarr"])
def save(request, tmp_path):
    """Write a dataset in one of the three forms, with its record."""

    def write(dataset: xr.Dataset, encoding: dict | None = None, **changes):
        path = tmp_path / f"a-grid.{'zarr' if request.param == 'zarr' else 'nc'}"
        plain = {name: {"_FillValue": None} for name in dataset.variables} | (encoding or {})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if request.param == "zarr":
                dataset.to_zarr(path, encoding=encoding or {})
            else:
                engine = "scipy" if request.param == "classic" else "h5netcdf"
                dataset.to_netcdf(path, engine=engine, encoding=plain)
        return load_record(write_record(path, "raster", **changes))

    return write


def test_rows_are_north_up_whatever_way_they_are_stored(save):
    south_first = grid(lat=np.arange(40.0, 50.0))
    found = read_raster(save(south_first))
    np.testing.assert_array_equal(found, south_first["tas"].to_numpy()[::-1])
    np.testing.assert_allclose(found["y"], np.arange(49.0, 39.0, -1))
    np.testing.assert_allclose(found["x"], np.arange(100.0, 112.0))


def test_longitudes_from_zero_to_360_become_west_and_east(save):
    whole = grid(lat=[60.0, 0.0, -60.0], lon=np.arange(0.0, 360.0, 30.0))
    found = read_raster(save(whole))
    np.testing.assert_allclose(found["x"], np.arange(-180.0, 180.0, 30.0))
    np.testing.assert_array_equal(found, np.roll(whole["tas"].to_numpy(), 6, axis=1))


def test_columns_before_rows_are_turned(save):
    found = read_raster(save(grid().transpose("lon", "lat")))
    np.testing.assert_array_equal(found, grid()["tas"])


def test_scale_offset_and_fill_are_applied_once(save):
    values = np.array([[1.5, np.nan], [2.5, 3.5]], dtype=np.float32)
    packed = {"dtype": "int16", "scale_factor": 0.5, "add_offset": 1.0, "_FillValue": np.int16(-9)}
    found = read_raster(save(grid(values, lat=[1.0, 0.0], lon=[10.0, 11.0]), {"tas": packed}))
    np.testing.assert_array_equal(found, values)


def test_missing_value_and_valid_range_make_cells_unknown(save):
    attrs = {"missing_value": np.float32(-5), "valid_range": np.array([0, 100], np.float32)}
    values = np.array([[-5, 50], [101, 100]], dtype=np.float32)
    found = read_raster(save(grid(values, lat=[1.0, 0.0], lon=[10.0, 11.0], attrs=attrs)))
    np.testing.assert_array_equal(found, [[np.nan, 50], [np.nan, 100]])


def test_steps_of_time_are_bands_named_by_their_dates(save):
    record = save(timed(), unit="mm")
    every = read_raster(record)
    assert list(every["band"].to_numpy()) == ["2020-01-01", "2020-02-01", "2020-03-01"]
    np.testing.assert_array_equal(read_raster(record, band="2020-02-01"), timed()["tas"][1])
    part = read_raster(record, band=3, window=(slice(2, 4), slice(1, 9)))
    np.testing.assert_array_equal(part, timed()["tas"][2, 2:4, 1:9])


def test_hours_and_levels_are_in_the_names(save):
    cube = timed("hours since 2020-01-01")
    cube["time"] = ("time", [0.0, 6.0, 12.0], {"units": "hours since 2020-01-01"})
    high = cube["tas"].expand_dims(level=[850.0, 500.0])
    found = cube.assign(tas=high.assign_attrs(units="mm"))
    record = save(found, unit="mm")
    names = list(read_raster(record)["band"].to_numpy())
    assert names[:2] == ["850 2020-01-01T00:00", "850 2020-01-01T06:00"]
    assert len(names) == 6


def test_a_grid_mapping_gives_the_system_and_kilometres_become_metres(save):
    found = read_raster(save(projected(), crs="EPSG:32648"))
    np.testing.assert_allclose(found["x"], 500_000 + 1000 * np.arange(6))
    np.testing.assert_allclose(found["y"], 5_300_000 - 1000 * np.arange(5))
    np.testing.assert_array_equal(found, np.arange(30.0).reshape(5, 6))


def test_another_system_than_the_grid_mapping_is_refused(save):
    with pytest.raises(CrsError, match=r"has .*zone 48N.*, its record says EPSG:32647"):
        read_raster(save(projected(), crs="EPSG:32647"))


def test_degrees_without_a_datum_take_the_record_but_no_metres(save):
    record = save(grid(), crs="EPSG:4258")
    assert read_raster(record).shape == (10, 12)
    with pytest.raises(CrsError, match="its record says EPSG:32648"):
        read_raster(load_record(write_record(record.path, "raster", crs="EPSG:32648")))


def test_the_unit_must_be_the_recorded_one(save):
    kelvin = grid(attrs={"units": "K"})
    with pytest.raises(LayerError, match="states the unit 'K', its record says 'degC'"):
        read_raster(save(kelvin, unit="degC"))


def test_the_same_unit_in_other_words_is_the_same(save):
    assert read_raster(save(grid(attrs={"units": "W m-2"}), unit="W/m2")).shape == (10, 12)


def test_an_unknown_unit_is_warned_of(save):
    with pytest.warns(LodemapWarning, match="states the unit 'furlongz'"):
        read_raster(save(grid(attrs={"units": "furlongz"})))


def test_one_of_two_variables_is_named_in_the_record(save):
    both = grid(pr=(("lat", "lon"), np.full((10, 12), 7.0, np.float32)))
    record = save(both, variable="pr")
    assert float(read_raster(record).mean()) == 7
    with pytest.raises(
        LayerError, match=r"holds 2 variables, (tas, pr|pr, tas), and none is named"
    ):
        read_raster(load_record(write_record(record.path, "raster")))


def test_what_is_not_even_is_refused(save):
    with pytest.raises(LayerError, match="two-dimensional coordinates: regrid"):
        read_raster(save(curvilinear()))


@pytest.mark.filterwarnings("ignore:.*lacks 1 of 1 chunks")
def test_a_grid_without_a_value_is_refused(save):
    with pytest.raises(EmptyLayerError):
        read_raster(save(grid(np.full((10, 12), np.nan, np.float32))))


def test_a_changed_chunk_of_a_store_is_noticed(tmp_path):
    pytest.importorskip("zarr")
    path = tmp_path / "a-grid.zarr"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grid().to_zarr(path)
    record = load_record(write_record(path, "raster"))
    read_raster(record)
    chunk = next(one for one in sorted(path.rglob("*")) if one.is_file() and "tas" in str(one)
                 and "json" not in one.name)  # fmt: skip
    chunk.write_bytes(b"\0" + chunk.read_bytes())
    with pytest.raises(LayerError, match="bytes differ"):
        read_raster(record)


def test_a_small_part_of_a_long_series_is_read_alone(tmp_path, monkeypatch):
    cube = np.zeros((40, 300, 400), dtype=np.float32)
    found = grid(lat=np.linspace(50, 20.1, 300), lon=np.linspace(80, 119.9, 400))
    found["tas"] = (("time", "lat", "lon"), cube)
    found["time"] = ("time", np.arange(40.0), {"units": "days since 2020-01-01"})
    path = tmp_path / "long.nc"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chunks = {"chunksizes": (1, 50, 50), "_FillValue": None}
        found.to_netcdf(path, engine="h5netcdf", encoding={"tas": chunks})
    record = load_record(write_record(path, "raster"))
    read_raster(record, band=1, window=(slice(0, 5), slice(0, 5)))
    tracemalloc.start()
    read_raster(record, band=20, bbox=(90, 30, 91, 31))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < cube.nbytes / 20


def test_a_file_that_the_library_never_ends_with_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "endless.nc"
    grid().to_netcdf(path, engine="h5netcdf")
    script = tmp_path / "trial.py"
    script.write_text("import time\ntime.sleep(60)\n", "utf-8")
    monkeypatch.setattr("geo.catalogue.hdf5trial.__file__", str(script))
    monkeypatch.setattr("geo.catalogue.hdf5trial._SECONDS", 0.5)
    with pytest.raises(LayerError, match="does not come to an end"):
        read_raster(load_record(write_record(path, "raster")))


def test_a_file_that_kills_the_library_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "deadly.nc"
    grid().to_netcdf(path, engine="h5netcdf")
    script = tmp_path / "trial.py"
    script.write_text("import os\nos.abort()\n", "utf-8")
    monkeypatch.setattr("geo.catalogue.hdf5trial.__file__", str(script))
    with pytest.raises(LayerError, match="or dies of it"):
        read_raster(load_record(write_record(path, "raster")))
