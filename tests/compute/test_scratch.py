"""Scratch folders go with their process, however it ends."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from geo.compute.scratch import Scratch
from geo.errors import OutputError

HOLDS = """
import sys, time
import numpy as np
from geo.compute.scratch import Scratch
scratch = Scratch(sys.argv[1])
scratch.stored((1, 1), np.uint8).write(0, np.ones((1, 1)))
print(scratch.path, flush=True)
time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds a scratch folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.folder = tmp_path / process.stdout.readline().strip().rsplit("/", 1)[1]
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_run_left_is_removed_and_what_a_live_one_holds_stays(tmp_path, other):
    with Scratch(tmp_path) as ours:
        assert other.folder.is_dir()
        assert (other.folder / "0000.raw").read_bytes() == b"\x01"
        other.send_signal(signal.SIGKILL)
        other.wait()
        with Scratch(tmp_path) as second:
            assert not other.folder.exists()
            assert sorted(tmp_path.iterdir()) == sorted([ours.path, second.path])
    assert not list(tmp_path.iterdir())


def test_many_starting_at_once_sweep_what_is_left_and_nothing_else(tmp_path, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: Scratch(tmp_path), range(24)))
    assert not other.folder.exists()
    assert sorted(tmp_path.iterdir()) == sorted(scratch.path for scratch in made)
    for scratch in made:
        scratch.close()
    assert not list(tmp_path.iterdir())


def test_a_folder_held_on_another_machine_stays(tmp_path):
    theirs = tmp_path / "lodemap-scratch-theirs"
    theirs.mkdir()
    (theirs / "lock").write_text("another-machine")
    with Scratch(tmp_path):
        assert theirs.is_dir()


def test_a_folder_without_a_lock_stays_for_a_day(tmp_path):
    theirs = tmp_path / "lodemap-scratch-theirs"
    theirs.mkdir()
    with Scratch(tmp_path):
        assert theirs.is_dir()
    old = time.time() - 90_000
    os.utime(theirs, (old, old))
    with Scratch(tmp_path):
        assert not theirs.exists()


def test_other_folders_and_files_are_left_alone(tmp_path):
    (tmp_path / "lodemap-scratch-note.txt").write_text("a file")
    (tmp_path / "lodemap").mkdir()
    with Scratch(tmp_path) as scratch:
        assert len(list(tmp_path.iterdir())) == 3
        scratch.close()
        scratch.close()
    assert len(list(tmp_path.iterdir())) == 2


def test_rasters_of_one_folder_do_not_meet(tmp_path):
    with Scratch(tmp_path) as scratch:
        one, other = (scratch.stored((2, 2), np.float32) for _ in range(2))
        one.write(0, np.zeros((2, 2)))
        other.write(0, np.ones((2, 2)))
        assert one.read(0, 2).sum() == 0


def test_a_place_that_is_a_file_is_one_sentence(tmp_path):
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(OutputError, match="no scratch folder can be made there") as caught:
        Scratch(place)
    assert "\n" not in str(caught.value)
