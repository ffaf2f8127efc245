"""Surfaces made in one piece and in parts are the same surfaces."""

import pickle
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from geo.compute.engine import Engine, Stream
from geo.compute.kernels import slope
from geo.compute.parts import Part, parts_of, strips
from geo.compute.scratch import Scratch
from geo.compute.stored import Stored, stored_behind
from geo.errors import DataError, OutputError
from geo.grid import as_dataarray, at_cells, centres


def grid(rows: int, columns: int) -> GeoBox:
    return GeoBox.from_bbox((0, 0, 1000 * columns, 1000 * rows), "EPSG:32648", resolution=1000)


def places(part: Part) -> dict[str, xr.DataArray]:
    """Two surfaces that depend on where a cell lies, and on nothing else."""
    x, y = centres(part.grid)
    hills = np.sin(x / 3e3)[None, :] * np.cos(y / 2e3)[:, None] * 500
    number = (y[:, None] // 1000 * 100 + x[None, :] // 1000).astype(np.int32)
    return {
        "hills": as_dataarray(hills, part.grid, name="h", unit="m", long_name="Hills", own=3),
        "number": as_dataarray(number, part.grid, name="n", unit="1", long_name="Number"),
    }


@given(st.integers(1, 12), st.integers(1, 7), st.integers(1, 60), st.integers(1, 3))
def test_surfaces_in_parts_equal_those_in_one_piece(rows, columns, cells, workers):
    place = grid(rows, columns)
    whole = Engine().compute(place, places)
    stream = Stream(Scratch(), cells, 10**7, workers)
    parts = stream.compute(place, places)
    assert list(parts) == list(whole)
    for name, expected in whole.items():
        found = parts[name]
        assert found.attrs == expected.attrs
        assert (found.name, found.dtype) == (expected.name, expected.dtype)
        xr.testing.assert_identical(found.compute(), expected)


@given(st.integers(1, 9), st.integers(1, 6), st.integers(1, 20))
def test_a_neighbourhood_with_its_halo_does_not_feel_the_cut(rows, columns, cells):
    place = grid(rows, columns)

    def steep(height):
        def task(part):
            wide = part.wider(1)
            found = slope(wide.of(height).to_numpy(), (1000.0, 1000.0))
            return {
                "s": part.cut(
                    as_dataarray(found, wide.grid, name="s", unit="%", long_name="s"), wide
                )
            }

        return task

    whole = Engine().compute(place, steep(Engine().compute(place, places)["hills"]))["s"]
    stream = Stream(Scratch(), cells, 10**7, 1)
    parts = stream.compute(place, steep(stream.compute(place, places)["hills"]))["s"]
    np.testing.assert_array_equal(parts.to_numpy(), whole.to_numpy())


def test_parts_are_smaller_where_the_process_itself_holds_the_budget(monkeypatch):
    place = grid(100, 5)
    held = 500_000_000
    monkeypatch.setattr("geo.compute.engine.resident", lambda: held)

    def rows(budget):
        return Stream(Scratch(), 500, 100_000_000, 1, budget=budget).rows(place)

    assert [rows(held + n * 10**6) for n in (1000, 200, 150, 120, 0, -300)] == (
        [100, 100, 50, 20, 20, 20]
    )
    assert rows(None) == 100
    whole = Engine().compute(place, places)
    parts = Stream(Scratch(), 500, 100_000_000, 2, budget=1).compute(place, places)
    for name, expected in whole.items():
        xr.testing.assert_identical(parts[name].compute(), expected)


def test_a_part_knows_its_place():
    second = parts_of(grid(5, 3), 2)[1]
    assert (second.first, second.last, second.shape) == (2, 4, (2, 3))
    assert second.grid.boundingbox.top == 3000
    assert second.wider(9).is_whole
    whole = Engine().compute(grid(5, 3), places)["number"]
    rows = second.of(whole)
    assert rows.to_numpy()[:, 0].tolist() == [200, 100]
    assert rows["spatial_ref"].attrs["GeoTransform"].split()[3] == "3000.0"


def test_a_part_refuses_a_surface_of_another_grid():
    other = Engine().compute(grid(2, 2), places)["number"]
    with pytest.raises(DataError, match=r"has shape \(2, 2\), the grid \(5, 3\)"):
        Part(grid(5, 3), 0, 1).of(other)


def test_strips_hold_every_row_once():
    rows = [row for some in strips((3_000_000, 2)) for row in range(some.start, some.stop)]
    assert rows == list(range(3_000_000))


def test_a_stored_surface_reads_what_is_asked(tmp_path):
    values = np.arange(35, dtype=np.int16).reshape(7, 5)
    stored = Stored(tmp_path / "a.raw", (7, 5), "int16")
    stored.write(3, values[3:])
    stored.write(0, values[:3])
    surface = stored.dataarray(grid(7, 5), name="a", attrs={"units": "m"})
    assert stored_behind(surface) == stored
    assert stored_behind(surface[1:]) is None
    assert stored_behind(surface.compute()) is None
    np.testing.assert_array_equal(surface.to_numpy(), values)
    np.testing.assert_array_equal(surface[2:4].to_numpy(), values[2:4])
    np.testing.assert_array_equal(surface[::3, 1:4:2].to_numpy(), values[::3, 1:4:2])
    np.testing.assert_array_equal(at_cells(surface, [0, 6], [4, 1]), [4, 31])
    again = pickle.loads(pickle.dumps(surface))
    np.testing.assert_array_equal(again.to_numpy(), values)


def test_the_scratch_folder_goes_with_its_last_surface():
    stream = Stream(Scratch(), 4, 10**7, 1)
    folder = stream.scratch.path
    surface = stream.compute(grid(3, 2), places)["number"]
    del stream
    assert int(surface[0, 1]) == 201
    assert folder.is_dir()
    copy = pickle.loads(pickle.dumps(surface))
    del copy
    assert folder.is_dir()
    del surface
    assert not folder.exists()


def test_a_file_that_may_not_grow_is_one_sentence(tmp_path):
    stored = Stored(tmp_path / "full.raw", (100, 1000), "float64")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match="scratch folder cannot be written") as caught:
            stored.write(0, np.zeros((100, 1000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "\n" not in str(caught.value)
    assert "--scratch" in str(caught.value)


def test_a_scratch_folder_needs_a_place():
    with pytest.raises(OutputError, match="no scratch folder can be made there"):
        Scratch(Path("/nowhere/at/all"))
