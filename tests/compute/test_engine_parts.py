"""Surfaces in memory are made in parts side by side, and come out as in one piece."""

import threading

import numpy as np
import pytest
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.compute import engine as module
from geo.compute.engine import Engine
from geo.errors import DataError
from geo.grid import as_dataarray, centres

GRID = GeoBox.from_bbox((0, 0, 7000, 11_000), "EPSG:3857", resolution=1000)


def surfaces(part):
    x, y = centres(part.grid)
    values = np.hypot(*np.meshgrid(x, y))
    far = as_dataarray(values, part.grid, name="far", unit="m", long_name="Far")
    return {"far": far, "near": (far < 5000).astype(np.uint8).rename("near")}


@pytest.mark.parametrize("cells", [1, 7, 20, 76, 77, 1000])
def test_parts_make_what_one_piece_makes(monkeypatch, cells):
    whole = Engine().compute(GRID, surfaces)
    monkeypatch.setattr(module, "_PART_CELLS", cells)
    parts = Engine().compute(GRID, surfaces)
    assert list(parts) == list(whole)
    for name, one in whole.items():
        xr.testing.assert_identical(parts[name], one)
        assert parts[name].dtype == one.dtype


def test_parts_run_side_by_side(monkeypatch):
    monkeypatch.setattr(module, "_PART_CELLS", 7)
    monkeypatch.setattr(module, "threads", lambda: 2)
    met = threading.Barrier(2, timeout=60)

    def task(part):
        if part.first < 2:
            met.wait()
        return surfaces(part)

    assert Engine().compute(GRID, task)["far"].shape == (11, 7)


def test_an_error_in_a_part_is_raised(monkeypatch):
    monkeypatch.setattr(module, "_PART_CELLS", 7)

    def task(part):
        if part.first == 5:
            raise DataError("row 5 is bad: mend it")
        return surfaces(part)

    with pytest.raises(DataError, match="row 5 is bad"):
        Engine().compute(GRID, task)
