"""Rasters that others made to do harm: each gets what it deserves, in bounded time and memory.

The files lie in a folder that the repository does not carry. Every file is looked at in a child
process with an alarm, so that a crash or a hang is a failure of that file alone.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from geo.catalogue.raster import open_raster
from geo.catalogue.rastervalues import known_values

_PLACES = [parent / "shared" for parent in Path(__file__).resolve().parents]
SHARED = Path(
    os.environ.get("LODEMAP_SHARED", next((p for p in _PLACES if p.is_dir()), _PLACES[0]))
)
CORPUS = SHARED / "corpus"
SECONDS = 10
MEGABYTES = 1024

ROWS = (
    [
        row
        for row in csv.DictReader((CORPUS / "manifest.csv").read_text("utf-8").splitlines())
        if row["kind"] == "raster"
    ]
    if (CORPUS / "manifest.csv").is_file()
    else []
)

pytestmark = pytest.mark.skipif(not ROWS, reason="the folder of bad files is not here")

STATUS = {
    "error": {"refused"},
    "warn": {"warning"},
    "repair": {"repaired"},
    "read": {"ok", "warning"},
}

CHILD = """
import json, signal, sys
from pathlib import Path
from geo.catalogue.inspection import inspect_file
for line in sys.stdin:
    signal.alarm(int(sys.argv[1]))
    found = inspect_file(line.strip()).to_dict()
    signal.alarm(0)
    # The process's own peak: what getrusage says comes with the process that began it.
    status = Path("/proc/self/status").read_text()
    found["peak"] = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps(found), flush=True)
"""


def looked_at(names: list[str]) -> dict[str, dict]:
    """Findings by file; a file that killed its process has none."""
    found: dict[str, dict] = {}
    left = list(names)
    while left:
        paths = "".join(f"{CORPUS / name}\n" for name in left)
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(SECONDS)], input=paths, text=True,
            capture_output=True, timeout=SECONDS * len(left) + 60,
        )  # fmt: skip
        lines = [json.loads(line) for line in child.stdout.splitlines()]
        found |= dict(zip(left, lines, strict=False))
        left = left[len(lines) + 1 :]
    return found


@pytest.fixture(scope="module")
def findings() -> dict[str, dict]:
    return looked_at([row["file"] for row in ROWS])


def test_no_file_crashes_hangs_or_eats_the_memory(findings):
    assert set(findings) == {row["file"] for row in ROWS}
    assert max(found["peak"] for found in findings.values()) < MEGABYTES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_file_gets_what_it_deserves(row, findings):
    found = findings[row["file"]]
    assert found["status"] in STATUS[row["must"]], found["findings"]
    for one in found["findings"]:
        assert Path(row["file"]).name in one["message"]
        assert "\n" not in one["message"]
        assert one["code"] not in ("", "unreadable")
        assert one["fix"]


def values(name: str) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    with open_raster(CORPUS / name) as raster:
        rows, columns = raster.shape
        band = raster.bands[0]
        stored = raster.read(0, (slice(0, rows), slice(0, columns)))
        return known_values(*stored, band, band.nodata), raster.bounds


@pytest.mark.filterwarnings("ignore::geo.errors.LodemapWarning")
def test_files_that_are_right_are_read_right():
    found, _ = values("made/raster/nodata_declared_9999.tif")
    assert np.nanmin(found) >= 0
    assert np.isnan(found).any()
    found, _ = values("made/raster/nan_undeclared.tif")
    assert np.isnan(found).sum() == 100
    assert np.isfinite(np.nanmean(found))
    found, bounds = values("made/raster/south_up.tif")
    # Stored from the south: its first row is the last that is read.
    np.testing.assert_allclose(found[-1], np.arange(20) * 0.25)
    assert bounds == (600_000, 5_309_400, 600_600, 5_310_000)
    _, bounds = values("made/raster/pixel_is_point.tif")
    assert bounds[0] == pytest.approx(600_000, abs=1e-6)
    found, bounds = values("made/netcdf/south_first.nc")
    assert found[0, 0] >= 72
    assert bounds == (-195, -105, 165, 105)
    found, _ = values("fetched/rasterio_rasterio/float_nan.tif")
    assert np.isnan(found).sum() == 1
    found, _ = values("fetched/rasterio_rasterio/byte.tif")
    assert (found.min(), found.max(), found.size) == (74, 255, 400)
    found, _ = values("fetched/rasterio_rasterio/test_esri_wkt.tif")
    assert sorted(found.ravel().tolist()) == [1, 2, 3, 4]
    found, _ = values("fetched/cogeotiff_rio-cogeo/cog_no_offest.tif")
    assert found.shape == (512, 512)
    found, _ = values("fetched/cogeotiff_rio-cogeo/image_51px.tif")
    assert found.min() >= 9
