"""Reading the corpus of bad files, each in a child process of its own, and judging what was said.

The corpus does not come with the project; it is looked for where ``LODEMAP_SHARED`` says, or in
a folder ``shared`` beside the checkout or beside one of its parents.
"""

import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

SECONDS = 10
"""Time of the processor that one file may take [s]."""

_PATIENCE = 120
MEMORY = 1_000_000_000
"""Resident memory that one file may take [bytes]."""

_ADDRESSES = 8_000_000_000
_SAID = "SAID "


@dataclass(frozen=True)
class Case:
    """One line of the manifest."""

    file: str
    kind: str
    wrong: str
    must: str
    detail: str
    check: str
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / self.file


@dataclass(frozen=True)
class Answer:
    """What was said of a file: ``refused``, ``repaired``, ``warning``, ``ok``, or that the child
    crashed or hung. `right` is the manifest's own check, None where it has none."""

    status: str
    findings: tuple[dict[str, object], ...]
    right: bool | None
    seconds: float
    peak: int
    text: str = ""

    def levels(self) -> set[object]:
        return {finding["level"] for finding in self.findings}


def corpus_folder() -> Path | None:
    """Folder of the corpus, or None when it is absent."""
    here = Path(__file__).resolve().parent.parent
    places = [Path(os.environ["LODEMAP_SHARED"])] if "LODEMAP_SHARED" in os.environ else []
    places += [parent / "shared" for parent in here.parents]
    return next((p / "corpus" for p in places if (p / "corpus" / "manifest.csv").is_file()), None)


def cases(*kinds: str) -> list[Case]:
    """Lines of the manifest of some kinds; none when the corpus is absent."""
    folder = corpus_folder()
    if folder is None:
        return []
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [
        Case(r["file"], r["kind"], r["wrong"], r["must"], r["must_detail"], r["check"], folder)
        for r in rows
        if r["kind"] in kinds
    ]


def run(code: str, found: Sequence[Case]) -> Iterator[tuple[Case, Answer]]:
    """Run a snippet on each file.

    `code` is Python that sees ``path`` and ``check``, and calls ``say(findings, right)``.
    """
    with ThreadPoolExecutor(2) as pool:
        yield from zip(found, pool.map(lambda case: _answer(code, case), found), strict=True)


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    # Of the processor, not of the clock: a busy machine is no hanging reader.
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))


def _answer(code: str, case: Case) -> Answer:
    start = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PRELUDE + code, str(case.path), case.check],
            capture_output=True, text=True, timeout=_PATIENCE, preexec_fn=_limits, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Answer("hung", (), None, _PATIENCE, 0)
    seconds = time.monotonic() - start
    line = next((x for x in done.stdout.splitlines() if x.startswith(_SAID)), None)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Answer("hung", (), None, seconds, 0)
    if done.returncode != 0 or line is None:
        return Answer("crashed", (), None, seconds, 0, done.stderr[-600:])
    said = json.loads(line.removeprefix(_SAID))
    return Answer(
        said["status"], tuple(said["findings"]), said["right"], seconds, said["peak"] * 1024
    )


_PRELUDE = """
import json, sys
from pathlib import Path
path, check = Path(sys.argv[1]), sys.argv[2]
def say(findings, right=None):
    from geo.catalogue.findings import worst
    # The process's own peak: what getrusage says comes with the process that began it.
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    print("SAID " + json.dumps({"status": worst(findings), "right": right, "peak": peak,
          "findings": [one.to_dict() for one in findings]}))
"""


def verdict(case: Case, answer: Answer) -> str:
    """``right``, or in what the answer falls short of the manifest."""
    if answer.status in ("crashed", "hung"):
        return answer.status
    if answer.peak > MEMORY:
        return "too much memory"
    if answer.right is False:
        return "wrong value"
    wanted = {
        "error": {"refused"}, "repair": {"repaired"}, "warn": {"warning", "repaired"},
        "read": {"ok", "warning", "repaired"},
    }[case.must]  # fmt: skip
    if answer.status not in wanted:
        return "silent" if answer.status == "ok" else f"not {case.must}"
    return _told(case, answer)


def _told(case: Case, answer: Answer) -> str:
    for finding in answer.findings:
        message = str(finding["message"])
        if case.path.name not in message:
            return "names no file"
        if "\n" in message or "Traceback" in message:
            return "no sentence"
        if finding["level"] == "error" and not (finding["code"] and finding["fix"]):
            return "no code or mend"
        if finding["level"] == "repair" and str(finding["count"]) not in message:
            return "no count"
    return "right"


def table(
    found: Sequence[tuple[Case, Answer]], excused: Mapping[str, str] = MappingProxyType({})
) -> str:
    """One line a file, for people; of one that is `excused` also why."""
    lines = []
    for case, answer in found:
        said = next((str(f["message"]) for f in reversed(answer.findings)), answer.text)
        lines.append(
            f"{verdict(case, answer):16} {case.must:6} {answer.status:9} {answer.seconds:4.1f} s "
            f"{answer.peak // 1_000_000:5} MB  {case.file}: {said.splitlines()[-1] if said else ''}"
        )
        if case.file in excused:
            lines[-1] += f" [EXCUSED, {excused[case.file]}]"
    return "\n".join(lines)
