"""The shipped map built with nothing kept and no kernel compiled, and then again.

    python -m benchmarks.first_use [--cell 1000] [--rounds 3]

Each round runs, one after another and each in a process of its own: the usual script
(`benchmarks.usual`), our side of the same job (`benchmarks.ours`) with an empty and a filled
kernel cache, and the command ``lodemap build mongolia`` with empty folders, once more with what
that left, and once more after a weight was changed. The command does far more than the job:
six themes, freight, power, scenarios, draws, tables, rasters, the QGIS project and the map.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from geo.study.find import find_recipe

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "from geo.cli import main; main()"
SIDES = {
    "usual script": "the job",
    "ours, first use": "the job",
    "ours, again": "the job",
    "lodemap build, first use": "the whole build",
    "lodemap build, again": "the whole build",
    "lodemap build, weight changed": "the whole build",
}


def seconds(arguments: list[str], folder: Path) -> float:
    """Run Python in a process of its own, its caches in a folder."""
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(folder / "kernels"),
        "LODEMAP_CACHE": str(folder / "kept"),
    }
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        check=True,
        capture_output=True,
        env=environment,
        cwd=ROOT,
    )
    return time.perf_counter() - start


def job(side: str, cell: float, folder: Path) -> float:
    """Run one side of the surfaces' job."""
    out = str(folder / f"{side}.tif")
    return seconds(["-m", f"benchmarks.{side}", "--cell-size", f"{cell:g}", "--out", out], folder)


def build(recipe: str, cell: float, folder: Path) -> float:
    """Run the command."""
    given = [recipe, "--cell-size", f"{cell:g} m", "--out", str(folder / "map"), "--quiet"]
    return seconds(["-c", COMMAND, "build", *given], folder)


def once(cell: float, folder: Path) -> list[float]:
    """Seconds of every side, in the order of `SIDES`."""
    changed = folder / "mongolia.toml"
    text = find_recipe("mongolia").read_text("utf-8")
    changed.write_text(
        re.sub(r"^weight = 0\.22$", "weight = 0.3", text, count=1, flags=re.M), "utf-8"
    )
    times = [job("usual", cell, folder), job("ours", cell, folder), job("ours", cell, folder)]
    for name in ("kernels", "kept"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return times + [
        build(recipe, cell, folder) for recipe in ("mongolia", "mongolia", str(changed))
    ]


def main() -> None:
    """Print medians over the rounds, and ratios to the usual script and to the first build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", type=float, default=1000.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rounds = []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(once(given.cell, Path(folder)))
    middle = [median(column) for column in zip(*rounds, strict=True)]
    print(f"seconds at {given.cell:g} m, medians of {given.rounds}")
    print(f"{'':32}{'seconds':>9}{'to usual':>10}{'to first build':>16}")
    for (side, what), found in zip(SIDES.items(), middle, strict=True):
        first = f"{found / middle[3]:16.3f}" if what == "the whole build" else ""
        print(f"{side:32}{found:9.1f}{found / middle[0]:10.2f}{first}")


if __name__ == "__main__":
    main()
