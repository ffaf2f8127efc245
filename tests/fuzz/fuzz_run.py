"""Fuzz the readers: ``python tests/fuzz/fuzz_run.py --minutes 10 geojson csv``.

Says for each target how many files were read in how many minutes and what was found; ends with 1
when anything was. A finding's file stays in the folder that is named, and the same seed makes it
again.
"""

import argparse
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGETS = (
    "geojson", "csv", "gpkg", "geotiff", "record", "recipe", "zip", "shapefile", "flatgeobuf",
    "parquet", "kml", "gml", "gpx", "xlsx", "netcdf", "asciigrid",
)  # fmt: skip
HANG = 10.0
"""Longest time of the processor for one file [s]; the first also loads the libraries."""
_PATIENCE = 6
"""How many times that may pass on the clock, for a process that waits or gets no turn."""
_LOADING = 120.0


@dataclass
class Outcome:
    """What came of one target."""

    target: str
    executions: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)


def fuzz(
    target: str, folder: Path, *, seed: str = "1", minutes: float = 10.0, most: int = 10**9
) -> Outcome:
    """Read spoilt files of a target until the time or the number is reached."""
    found = Outcome(target)
    begin = time.monotonic()
    following = 0
    while following < most and time.monotonic() - begin < minutes * 60:
        following = _child(found, folder, seed, following, most, begin + minutes * 60)
    found.seconds = time.monotonic() - begin
    return found


def _child(found: Outcome, folder: Path, seed: str, first: int, most: int, ends: float) -> int:
    """Run one process; give the number that the next one begins with."""
    arguments = [found.target, seed, str(first), str(most), str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-B", str(HERE / "fuzz_child.py"), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    assert process.stdout is not None
    at, fresh = first - 1, True
    try:
        while True:
            if not _answers(process, _LOADING if fresh else HANG):
                found.findings.append(f"{found.target} {seed}:{at}: hangs")
                return at + 1
            line = process.stdout.readline()
            if not line:
                break
            said = json.loads(line)
            if "wrong" in said:
                found.findings.append(f"{found.target} {seed}:{said['at']}: {said['wrong']}")
                continue
            fresh = said["at"] < first + 8
            at = said["at"]
            found.executions += 1
            if time.monotonic() > ends:
                return most
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if process.returncode != 0 and at < most:
        found.findings.append(f"{found.target} {seed}:{at}: dies with {process.returncode}")
    return at + 1


def _answers(process: "subprocess.Popen[bytes]", limit: float) -> bool:
    """Wait for a line; False when the process worked for `limit` seconds, or far too long."""
    begin = _worked(process.pid)
    for _ in range(_PATIENCE):
        ready, _, _ = select.select([process.stdout], [], [], limit)
        if ready:
            return True
        if _worked(process.pid) - begin > 0.9 * limit:
            return False
    return False


def _worked(pid: int) -> float:
    """Time that a process has had on the processor [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz the named targets, or all."""
    parser = argparse.ArgumentParser(description="Fuzz the readers.")
    parser.add_argument("targets", nargs="*", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("--executions", type=int, default=10**9, help="at most, for each target")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--folder", type=Path, help="where files of findings stay")
    said = parser.parse_args(arguments)
    folder = said.folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    status = 0
    for target in said.targets or TARGETS:
        place = folder / target
        place.mkdir(parents=True, exist_ok=True)
        outcome = fuzz(target, place, seed=said.seed, minutes=said.minutes, most=said.executions)
        _say(
            f"{target:<8} {outcome.executions:>9,} files in {outcome.seconds / 60:.1f} min, "
            f"{len(outcome.findings)} findings"
        )
        for finding in outcome.findings:
            _say(f"  {finding}")
            status = 1
    if status:
        _say(f"the files are in {folder}")
    return status


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
