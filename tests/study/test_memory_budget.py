"""A run within a memory budget gives what a run in memory gives, and keeps to the budget."""

import filecmp
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from odc.geo.geobox import GeoBox

import geo
from geo.cli import main
from geo.compute.budget import check_space, memory_bytes, share_out
from geo.compute.stored import Stored, stored_behind
from geo.errors import DataError
from geo.publish.rasterstyles import nice_edges
from geo.study.find import embedded_recipes

COARSE = 10_000.0


def streamed(monkeypatch: pytest.MonkeyPatch, cells: int):
    """The main study in parts of so many cells, whatever the budget would allow."""
    monkeypatch.setattr("geo.study.run.share_out", lambda *_: (cells, 40_000_000))
    study = geo.Study.from_toml(embedded_recipes()["mongolia"], cell_size=COARSE)
    return study.run(memory="1GB")


@pytest.mark.parametrize("cells", [1_500, 9_000])
def test_parts_of_any_size_give_the_same_numbers_and_files(
    coarse, coarse_folder, cells, monkeypatch, tmp_path
):
    found = streamed(monkeypatch, cells)
    assert list(found.surfaces) == list(coarse.surfaces)
    for name, surface in coarse.surfaces.items():
        assert stored_behind(found.surfaces[name]) is not None, name
        np.testing.assert_allclose(
            found.surfaces[name].to_numpy(), surface.to_numpy(), rtol=1e-6, atol=0, err_msg=name
        )
        np.testing.assert_equal(found.surfaces[name].attrs, surface.attrs)
    for table in ("sites", "criteria", "routes"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(getattr(found, table)),
            pd.DataFrame(getattr(coarse, table)),
            rtol=1e-6,
            atol=0,
        )
    folder = found.write(tmp_path / "map")
    names = sorted(path.name for path in coarse_folder.iterdir())
    assert sorted(path.name for path in folder.iterdir()) == names
    differ = filecmp.cmpfiles(folder, coarse_folder, names, shallow=False)
    assert differ == (names, [], [])


MEASURE = """
import resource, sys
from pathlib import Path
from geo.cli import main
code = 0
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
# Its own peak: what getrusage says of a process comes with the one that began it.
own = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(1024 * max(own, children))
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak from /proc")
def test_the_whole_build_keeps_to_its_budget(tmp_path):
    """At 1 km the same build takes about 2 GB without a budget."""
    call = [
        "build",
        "mongolia",
        "--memory",
        "1GB",
        "--no-cache",
        "--quiet",
        "--out",
        str(tmp_path / "map"),
    ]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *call, "--scratch", str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(geo.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) <= 1_000_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["map"]


@pytest.mark.parametrize(
    ("text", "size"),
    [("1GB", 10**9), ("800 MB", 8 * 10**8), ("1 GiB", 2**30), ("2g", 2 * 10**9), (5000, 5000)],
)
def test_amounts_of_memory(text, size):
    assert memory_bytes(text) == size


@pytest.mark.parametrize("text", ["lots", "", "-1GB", "1 GBit", "GB", "1,5GB", "nan", "0 MB"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(DataError, match="such as '2GB'"):
        memory_bytes(text)


def test_more_memory_never_makes_smaller_parts():
    shares = [share_out(n * 10**8, 2_000, 3 * 10**8) for n in range(8, 40)]
    assert shares == sorted(shares)


def test_the_least_that_is_named_works():
    with pytest.raises(DataError, match=r"the least that works is (\d+) MB") as caught:
        share_out(300_000_000, 24_000, 290_000_000)
    least = int(str(caught.value).split("works is ")[1].split()[0])
    cells, _ = share_out(least * 10**6, 24_000, 290_000_000)
    assert cells >= 16 * 24_000
    with pytest.raises(DataError):
        share_out((least - 10) * 10**6, 24_000, 290_000_000)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--memory", "lots"], "memory 'lots' is no amount of memory"),
        (["--memory", "80MB"], "80 MB is too little for a grid of 240 columns: the least"),
        (["--memory", "2GB", "--scratch", "/nowhere"], "/nowhere: no scratch folder can be made"),
        (["--cell-size", "10 m"], "GB or more, this machine has"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_one_sentence(options, said, tmp_path):
    out = tmp_path / "map"
    call = ["build", "mongolia", "--cell-size", "10 km", "--quiet", "--out", str(out), *options]
    result = CliRunner().invoke(main, call)
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert "Traceback" not in result.output
    assert not out.exists()


def test_a_disk_that_cannot_hold_the_surfaces_is_told_before_any_work(monkeypatch, tmp_path):
    room = type("Room", (), {"free": 51 * 10**9})()
    monkeypatch.setattr("geo.compute.budget.shutil.disk_usage", lambda _: room)
    check_space(10**9, 10, tmp_path)
    with pytest.raises(DataError, match=r"take 102 GB or more, the disk of .* has 51 GB") as caught:
        check_space(2 * 10**9, 10, tmp_path)
    assert "--scratch" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_round_steps_of_a_stored_surface_hold_one_strip_at_a_time(tmp_path):
    stored = Stored(tmp_path / "a.raw", (4_000, 2_000), "float32")
    stored.write(0, np.random.default_rng(1).normal(size=stored.shape))
    grid = GeoBox.from_bbox((0, 0, 2_000, 4_000), "EPSG:3857", resolution=1)
    surface = stored.dataarray(grid)
    tracemalloc.start()
    try:
        edges = nice_edges(surface)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert edges == nice_edges(surface.to_numpy())
    # Four strips of 8 MB, of which the next is read while the last is still named.
    assert peak < 25_000_000
