"""The shipped map built with nothing kept and no kernel compiled, and then again.

    python -m benchmarks.first_use [--cell 1000] [--rounds 3]

Two works, each beside the script that does the same the usual way. The job of surfaces:
`benchmarks.usual` and `benchmarks.ours`. The whole study: `benchmarks.usual_study`, which makes
the same kinds of products from the same recipe (what it leaves out it says itself), and the
command ``lodemap build mongolia``. Ours runs with empty folders, so that every kernel is
compiled; then with the kernels compiled and nothing else kept; the command also with what its
first run kept, and once more after a weight was changed. Every run is a process of its own, one
after another. Processor time is told too, for machines that others use.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from geo.study.find import find_recipe

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "from geo.cli import main; main()"
JOB = ("usual script", "ours, first use", "ours, again")
STUDY = (
    "usual script",
    "lodemap build, first use",
    "lodemap build, kernels compiled",
    "lodemap build, again",
    "lodemap build, weight changed",
)
Times = tuple[float, float]


def seconds(arguments: list[str], folder: Path) -> Times:
    """Run Python in a process of its own, its caches in a folder; by the clock and worked."""
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(folder / "kernels"),
        "LODEMAP_CACHE": str(folder / "kept"),
    }
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        check=True,
        capture_output=True,
        env=environment,
        cwd=ROOT,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, worked


def script(side: str, cell: float, folder: Path) -> Times:
    """Run one of the scripts in this folder."""
    out = str(folder / f"{side}.tif")
    return seconds(["-m", f"benchmarks.{side}", "--cell-size", f"{cell:g}", "--out", out], folder)


def build(recipe: str, cell: float, folder: Path, *more: str) -> Times:
    """Run the command."""
    given = [recipe, "--cell-size", f"{cell:g} m", "--out", str(folder / "map"), "--quiet", *more]
    return seconds(["-c", COMMAND, "build", *given], folder)


def job(cell: float, folder: Path) -> list[Times]:
    """Times of the surfaces' job, in the order of `JOB`."""
    return [script(side, cell, folder) for side in ("usual", "ours", "ours")]


def study(cell: float, folder: Path) -> list[Times]:
    """Times of the whole study, in the order of `STUDY`."""
    changed = folder / "mongolia.toml"
    text = find_recipe("mongolia").read_text("utf-8")
    changed.write_text(
        re.sub(r"^weight = 0\.22$", "weight = 0.3", text, count=1, flags=re.M), "utf-8"
    )
    return [
        script("usual_study", cell, folder),
        build("mongolia", cell, folder),
        build("mongolia", cell, folder, "--no-cache"),
        build("mongolia", cell, folder),
        build(str(changed), cell, folder),
    ]


def tell(title: str, names: Sequence[str], rounds: Sequence[Sequence[Times]]) -> None:
    """Print medians over the rounds, and how many times the usual script's time they are."""
    print(f"\n{title + ', medians of ' + str(len(rounds)):40}{'seconds':>9}{'to usual':>10}"
          f"{'processor':>11}{'to usual':>10}")  # fmt: skip
    middle = [
        [median(one[n][kind] for one in rounds) for kind in (0, 1)] for n in range(len(names))
    ]
    for name, (clock, worked) in zip(names, middle, strict=True):
        print(f"{name:40}{clock:9.1f}{clock / middle[0][0]:10.2f}"
              f"{worked:11.1f}{worked / middle[0][1]:10.2f}")  # fmt: skip


def main() -> None:
    """Run both works."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", type=float, default=1000.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("job", "study"), help="one of the two works")
    given = parser.parse_args()
    works = {"job": (job, JOB), "study": (study, STUDY)}
    for title, (work, names) in works.items():
        if given.only not in (None, title):
            continue
        rounds = []
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory() as folder:
                rounds.append(work(given.cell, Path(folder)))
        tell(f"{title} at {given.cell:g} m", names, rounds)


if __name__ == "__main__":
    main()
