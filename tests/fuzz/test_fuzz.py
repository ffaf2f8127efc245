"""A short run of the fuzzer over every reader, and proof that it notices what it should."""

import subprocess
import sys
from pathlib import Path

import fuzz_run
import pytest

HERE = Path(__file__).parent
FEW, FEWER = 120, 30
_MAIN = fuzz_run.TARGETS[:7]


def run(*arguments: str, code: str = "") -> "subprocess.CompletedProcess[str]":
    script = [str(HERE / "fuzz_run.py")] if not code else ["-c", code]
    return subprocess.run(
        [sys.executable, "-B", *script, *arguments], capture_output=True, text=True, cwd=HERE
    )


@pytest.mark.parametrize("target", fuzz_run.TARGETS)
def test_no_spoilt_file_gets_past_a_reader(tmp_path, target):
    count = FEW if target in _MAIN else FEWER
    found = run(target, "--executions", str(count), "--folder", str(tmp_path))
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{count} files" in found.stdout
    assert ", 0 findings" in found.stdout


def test_the_same_seed_spoils_the_same_way():
    code = (
        "import sys; from fuzz_mutate import mutated; from hashlib import sha256\n"
        "seeds, key = [b'a' * 99, b'[1, 2]'], f't:{sys.argv[1]}:'\n"
        "found = [mutated(seeds, [b'x'], f'{key}{number}') for number in range(200)]\n"
        "print(len(set(found)), sha256(b'|'.join(found)).hexdigest())"
    )
    one, same, other = (run(seed, code=code).stdout for seed in ("1", "1", "2"))
    assert one == same != other
    assert int(one.split()[0]) > 150


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("raise KeyError('x')", "KeyError"),
        ("raise RecursionError", "RecursionError"),
        ("open(folder.parent / 'other.txt', 'w')", "wrote"),
        ("(folder / 'left.txt').write_text('x')", "wrote"),
        ("import os; os.mkdir(folder / 'more')", "os.mkdir"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo"),
        ("native(folder / 'left.tif')", "behind"),
        ("raise LodemapError('')", "without a word"),
        ("raise LodemapError('a.tif: is broken: mend it')", "None"),
        ("(folder / 'scratch' / 'x').touch()", "behind"),
        ("(folder / 'in.txt').read_text()", "None"),
    ],
)
def test_what_a_reader_may_not_do_is_noticed(tmp_path, deed, said):
    (tmp_path / "case" / "scratch").mkdir(parents=True)
    (tmp_path / "case" / "in.txt").write_text("x")
    code = f"""
import sys
from pathlib import Path
from fuzz_guard import Guard
from geo.errors import LodemapError
import numpy, rasterio, subprocess, socket
from rasterio.transform import from_origin
folder = Path(sys.argv[1])
def native(path):
    # GDAL opens files past the interpreter's hooks.
    with rasterio.open(path, "w", driver="GTiff", height=1, width=1, count=1, dtype="uint8",
                       transform=from_origin(0, 0, 1, 1)):
        pass
def deed():
    {deed}
print(Guard().watch(deed, folder, folder / 'scratch'))
"""
    found = run(str(tmp_path / "case"), code=code)
    assert said in found.stdout, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("time.sleep(99)", "hangs"),
        ("exec('while True: pass')", "hangs"),
        ("os.abort()", "dies with -6"),
    ],
)
def test_a_hang_and_a_crash_are_findings_and_no_end(tmp_path, deed, said):
    child = f"""
import json, os, sys, time
for number in range(int(sys.argv[3]), int(sys.argv[4])):
    print(json.dumps({{"at": number}}), flush=True)
    if number == 2:
        {deed}
"""
    (tmp_path / "fuzz_child.py").write_text(child)
    code = f"""
import fuzz_run
from pathlib import Path
fuzz_run.HERE, fuzz_run.HANG, fuzz_run._LOADING = Path({str(tmp_path)!r}), 1.0, 1.0
found = fuzz_run.fuzz("csv", Path({str(tmp_path)!r}), most=5)
print(found.executions, found.findings)
"""
    found = run(code=code)
    assert found.stdout.startswith("5 ["), found.stdout + found.stderr
    assert f"csv 1:2: {said}" in found.stdout
