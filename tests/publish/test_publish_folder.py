"""A folder of results is whole or not there, whoever else runs, dies or wrote into it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from geo.errors import OutputError
from geo.publish import folder as module
from geo.publish.folder import whole_folder


def write(target: Path, text: str, *extra: str) -> None:
    with whole_folder(target) as work:
        (work / "sites.csv").write_text(text)
        for name in extra:
            (work / name).write_text(text)
        outputs = {path.name: "" for path in work.iterdir()}
        (work / "provenance.json").write_text(json.dumps({"outputs": outputs}))


def stop(target: Path, error: type[BaseException] | BaseException) -> None:
    with whole_folder(target) as work:
        (work / "sites.csv").write_text("half")
        raise error


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["exchange", "two renames"])
def target(request, tmp_path, monkeypatch):
    if request.param == "two renames":
        monkeypatch.setattr(module, "_exchange", lambda one, other: False)
    return tmp_path / "maps" / "result"


def test_a_result_takes_the_place_of_the_earlier_one(target):
    write(target, "first", "old.txt")
    write(target, "second")
    assert (target / "sites.csv").read_text() == "second"
    assert names(target) == ["provenance.json", "sites.csv"]
    assert names(target.parent) == ["result"]


def test_an_empty_folder_may_be_there_already(target):
    target.mkdir(parents=True)
    write(target, "first")
    assert (target / "sites.csv").read_text() == "first"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_earlier_result(target, error):
    write(target, "first")
    with pytest.raises(error):
        stop(target, error)
    assert (target / "sites.csv").read_text() == "first"
    assert names(target.parent) == ["result"]


def test_a_full_disk_is_told_in_one_sentence(target):
    write(target, "first")
    with pytest.raises(OutputError, match="No space left on device"):
        stop(target, OSError(28, "No space left on device"))
    assert (target / "sites.csv").read_text() == "first"


def test_files_of_others_are_never_deleted(target):
    target.mkdir(parents=True)
    (target / "thesis.doc").write_text("mine")
    with pytest.raises(OutputError, match=r"did not write \(thesis\.doc\).* with --out"):
        write(target, "first")
    assert (target / "thesis.doc").read_text() == "mine"


def test_a_file_added_to_a_result_is_never_deleted(target):
    write(target, "first")
    (target / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        write(target, "second")
    assert (target / "sites.csv").read_text() == "first"


def test_a_file_added_while_we_write_is_never_deleted(target, monkeypatch):
    write(target, "first")
    real = module._verify

    def meanwhile(work):
        (target / "notes.txt").write_text("mine")
        real(work)

    monkeypatch.setattr(module, "_verify", meanwhile)
    with pytest.raises(OutputError, match=r"notes\.txt"):
        write(target, "second")
    assert (target / "notes.txt").read_text() == "mine"


def test_traces_of_readers_are_no_files_of_others(target):
    write(target, "first")
    for trace in ("score.tif.aux.xml", "lodemap.gpkg-wal", "a.qgz~", ".DS_Store"):
        (target / trace).write_text("x")
    write(target, "second")
    assert names(target) == ["provenance.json", "sites.csv"]


@pytest.mark.parametrize("text", ["no json", "[1]", '{"outputs": 3}'])
def test_a_foreign_provenance_proves_nothing(target, text):
    target.mkdir(parents=True)
    (target / "provenance.json").write_text(text)
    with pytest.raises(OutputError, match="did not write"):
        write(target, "first")


def test_a_file_in_the_place_of_the_folder_is_refused(target):
    target.parent.mkdir(parents=True)
    target.write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        write(target, "first")


def test_a_result_without_provenance_is_not_whole(target):
    with pytest.raises(OutputError, match="not whole"), whole_folder(target):
        pass
    assert not target.exists()


def test_an_empty_file_is_not_whole(target):
    with pytest.raises(OutputError, match=r"sites\.csv came out empty"):
        write(target, "")
    assert not target.exists()


def test_leftovers_of_dead_runs_are_swept(target):
    target.parent.mkdir(parents=True)
    (target.parent / ".result.4242-0123abcd.part").mkdir()
    (target.parent / ".other.4242-0123abcd.part").mkdir()
    write(target, "first")
    assert names(target.parent) == [".other.4242-0123abcd.part", "result"]


def test_a_run_killed_between_two_renames_loses_nothing(target):
    write(target, "first")
    target.rename(target.parent / ".result.4242-0123abcd.old")
    with pytest.raises(RuntimeError):
        stop(target, RuntimeError)
    assert (target / "sites.csv").read_text() == "first"


def test_a_failing_second_rename_brings_the_earlier_result_back(tmp_path, monkeypatch):
    target = tmp_path / "result"
    write(target, "first")
    monkeypatch.setattr(module, "_exchange", lambda one, other: False)
    rename = Path.rename

    def stubborn(self, other):
        if self.suffix == ".part":
            raise OSError(5, "Input/output error")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", stubborn)
    with pytest.raises(OutputError, match="Input/output error"):
        write(target, "second")
    assert (target / "sites.csv").read_text() == "first"


def test_a_second_run_is_told_who_is_writing(target):
    code = f"""
import sys
from pathlib import Path
from geo.publish.folder import whole_folder
with whole_folder(Path({str(target)!r})) as work:
    print("ready", flush=True)
    sys.stdin.read()
    (work / "provenance.json").write_text("{{}}")
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(OutputError, match=rf"another run \(pid {other.pid} on .*is writing"):
            write(target, "first")
        other.kill()
    assert any(name.endswith(".part") for name in names(target.parent))
    write(target, "second")
    assert (target / "sites.csv").read_text() == "second"
    assert names(target.parent) == ["result"]


def test_a_torn_lock_file_is_survived(target):
    target.parent.mkdir(parents=True)
    (target.parent / ".result.lock").write_text("{torn")
    write(target, "first")
    assert names(target.parent) == ["result"]
    assert module._owner("{torn") == "pid unknown"


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    write(tmp_path / "real", "first")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", "second")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "sites.csv").read_text() == "second"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="Permission denied"):
        write(tmp_path / "result", "first")
