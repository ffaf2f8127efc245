"""Peak resident memory of a whole build, stage by stage, beside its budget.

    python -m benchmarks.memory [--recipe mongolia] [--cell 1000 500] [--memory 1GB]

The command ``lodemap build --memory`` runs as a user runs it, nothing kept from earlier runs, and
writes every output. All its processes are watched: fifty times a second the resident memory of
each is added up, and between two looks the system's own high-water mark of the build's process
counts, set back at each stage. Ends with 1 where a build took more than its budget.

`--cold` compiles every kernel too, which takes memory of its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from geo.compute.budget import memory_bytes

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "from geo.cli import main; main()"
EVERY = 0.02


@dataclass
class Stage:
    """What one stage of a build took."""

    name: str
    peak: int = 0
    own: int = 0
    begin: float = field(default_factory=time.perf_counter)
    end: float = 0.0


class Watch:
    """Follows a process and all that it starts."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.stages = [Stage("start")]
        self.over = False
        self._lock = threading.Lock()

    def enter(self, name: str) -> None:
        """Begin a stage: the high-water mark so far is the last one's."""
        with self._lock:
            if name == self.stages[-1].name:
                return
            self._mark()
            self.stages[-1].end = time.perf_counter()
            self.stages.append(Stage(name))
            Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def run(self) -> None:
        """Look until the process has ended."""
        while not self.over:
            with self._lock:
                self._look()
            time.sleep(EVERY)

    def _look(self) -> None:
        try:
            own = self.process.memory_info().rss
            others = [child.memory_info().rss for child in self.process.children(recursive=True)]
        except psutil.Error:
            return
        stage = self.stages[-1]
        stage.peak = max(stage.peak, own + sum(others))
        self._mark()

    def _mark(self) -> None:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return
        # A process that has ended and is not yet buried has no memory.
        if "VmHWM:" in status:
            mark = 1024 * int(status.split("VmHWM:")[1].split()[0])
            stage = self.stages[-1]
            stage.peak = max(stage.peak, mark)


def build(recipe: str, cell: float, memory: str, folder: Path, *, cold: bool) -> list[Stage]:
    """Run the command and give its stages."""
    given = ["build", recipe, "--cell-size", f"{cell:g} m", "--memory", memory, "--no-cache"]
    given += ["--out", str(folder / "map"), "--scratch", str(folder)]
    environment = dict(os.environ)
    if cold:
        environment["NUMBA_CACHE_DIR"] = str(folder / "kernels")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", COMMAND, *given],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    watch = Watch(process.pid)
    watcher = threading.Thread(target=watch.run)
    watcher.start()
    said = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if line.startswith("["):
            watch.enter(line.partition("] ")[2].partition(" (")[0].strip())
    watch.over = True
    watcher.join()
    watch.stages[-1].end = time.perf_counter()
    if process.wait():
        raise SystemExit("".join(said[-5:]))
    return watch.stages


def tell(stages: list[Stage], budget: int, *, all_stages: bool) -> int:
    """Print a line a stage, the largest last; give the peak."""
    peak = max(stage.peak for stage in stages)
    for stage in stages:
        if all_stages or stage.peak == peak:
            share = stage.peak / budget
            print(f"  {stage.name:44}{stage.end - stage.begin:8.1f} s{stage.peak / 1e6:8.0f} MB"
                  f"{share:7.0%}")  # fmt: skip
    return peak


def main() -> None:
    """Build at each size and print what each stage took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="mongolia")
    parser.add_argument("--cell", type=float, nargs="+", default=[1000.0])
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--cold", action="store_true", help="compile every kernel too")
    parser.add_argument("--brief", action="store_true", help="only the stage with the peak")
    given = parser.parse_args()
    budget = memory_bytes(given.memory)
    kept = True
    for cell in given.cell:
        with tempfile.TemporaryDirectory() as folder:
            stages = build(given.recipe, cell, given.memory, Path(folder), cold=given.cold)
        print(f"{given.recipe} at {cell:g} m within {given.memory}")
        peak = tell(stages, budget, all_stages=not given.brief)
        seconds = stages[-1].end - stages[0].begin
        print(f"  {'peak of all':44}{seconds:8.1f} s{peak / 1e6:8.0f} MB{peak / budget:7.0%}")
        kept = kept and peak <= budget
    raise SystemExit(not kept)


if __name__ == "__main__":
    main()
