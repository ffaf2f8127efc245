"""Reads spoilt files one after another and says, a line each, which one it is at and what is wrong.

Runs in a process of its own, so that a crash or a hang of a library is a finding and no end.
"""

import json
import resource
import shutil
import sys
import tempfile
from pathlib import Path

from fuzz_guard import Guard
from fuzz_mutate import mutated
from fuzz_targets import TARGETS

from geo.errors import LodemapError

MEMORY = 3_000_000_000


def main() -> None:
    """Arguments: target, seed, first number, number after the last, folder."""
    name, seed, first, last, folder = sys.argv[1:]
    target = TARGETS[name]
    seeds = target.seeds()
    guard = Guard()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    for number in range(int(first), int(last)):
        # The first ones are the seeds themselves, which also loads every library.
        good = number < len(seeds)
        data = seeds[number] if good else mutated(seeds, target.tokens, f"{name}:{seed}:{number}")
        case = Path(folder) / f"{number:08d}"
        shutil.rmtree(case, ignore_errors=True)
        case.mkdir()
        path = case / f"case{target.suffix}"
        path.write_bytes(data)
        (case / "out").mkdir()
        # Scratch files are a reader's own affair, as long as none is left.
        (case / "scratch").mkdir()
        tempfile.tempdir = str(case / "scratch")
        _say({"at": number})
        wrong = _read(guard, name, path, case, good=good)
        if wrong is not None:
            _say({"at": number, "wrong": wrong})
        else:
            shutil.rmtree(case)


def _say(said: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _read(guard: Guard, name: str, path: Path, case: Path, *, good: bool) -> str | None:
    target = TARGETS[name]

    def read() -> None:
        try:
            target.read(path, case / "out")
        except LodemapError as error:
            if good:
                raise RuntimeError(f"refuses a good file: {error}") from None
            raise

    # The record that a reader needs is ours; most readers may write nothing.
    mine = (
        [case / "out"] if target.writes else [path.with_suffix(".toml"), path.with_suffix(".prj")]
    )
    return guard.watch(read, case, *mine, case / "scratch")


if __name__ == "__main__":
    main()
