"""The same recipe on a Dask cluster of processes: the same bytes, whatever dies on the way."""

import filecmp
import gc
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import geo
from geo.cli import main
from geo.compute.cluster import Cluster, connect
from geo.compute.scratch import Scratch
from geo.errors import DataError, OutputError
from geo.study.find import embedded_recipes

pytestmark = [
    pytest.mark.slow,
    # Dask's own: sockets and loops that it leaves to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:distributed"),
]
ROOT = Path(geo.__file__).parents[1]


class Processes:
    """A scheduler and some workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        port = self.address.rsplit(":", 1)[1]
        self.start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")

    def start(self, *call: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + call[0], *call[1:]],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.started.append(process)
        return process

    def worker(self, *more: str) -> subprocess.Popen[bytes]:
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "2GB"]
        return self.start("worker", self.address, *options, *more)

    def stop(self) -> None:
        for process in reversed(self.started):
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    found = Processes(tmp_path)
    yield found
    found.stop()


def test_four_workers_one_killed_give_the_same_bytes(
    coarse, coarse_folder, processes, tmp_path, monkeypatch
):
    workers = [processes.worker() for _ in range(4)]
    monkeypatch.setattr("geo.compute.cluster.share_out", lambda *_: (3_000, 40_000_000))
    told = []
    killed = threading.Event()

    def listen(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if stage.startswith("scores: Copper") and not killed.is_set():
            killed.set()
            # In the middle of the parts of this stage.
            threading.Timer(0.5, lambda: os.kill(workers[0].pid, signal.SIGKILL)).start()

    with connect(processes.address, patience=60) as client:
        client.wait_for_workers(4, timeout=60)
        study = geo.Study.from_toml(embedded_recipes()["mongolia"], cell_size=10_000)
        found = study.run(client=client, scratch=tmp_path, listen=listen)
        assert len(client.scheduler_info()["workers"]) == 3
    assert workers[0].wait() == -signal.SIGKILL
    folder = found.write(tmp_path / "map")
    names = sorted(path.name for path in coarse_folder.iterdir())
    assert sorted(path.name for path in folder.iterdir()) == names
    assert filecmp.cmpfiles(folder, coarse_folder, names, shallow=False) == (names, [], [])
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][0] == "done"
    scratch = list(tmp_path.glob("lodemap-scratch-*"))
    assert len(scratch) == 1
    del found
    gc.collect()
    assert not scratch[0].exists()


def test_a_worker_with_another_version_is_one_sentence(processes, tmp_path):
    other = tmp_path / "other_version.py"
    other.write_text(
        textwrap.dedent("""
        from geo import provenance

        provenance.package_version = lambda: "0.0.9"
        """)
    )
    processes.worker("--preload", str(other))
    with connect(processes.address, patience=60) as client:
        client.wait_for_workers(1, timeout=60)
        with pytest.raises(DataError, match=r"has lodemap 0\.0\.9, here is") as caught:
            Cluster(client, Scratch(tmp_path), 100)
    assert "\n" not in str(caught.value)


def test_a_cluster_without_workers_does_not_hang(processes, tmp_path):
    said = pytest.raises(OutputError, match="has had no worker for 1 s")
    with connect(processes.address, patience=60) as client, said:
        Cluster(client, Scratch(tmp_path), 100, patience=1)


def test_a_full_scratch_disk_on_a_worker_is_one_sentence(processes, tmp_path):
    limit = tmp_path / "limit.py"
    limit.write_text(
        textwrap.dedent("""
        import resource, signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
        """)
    )
    processes.worker("--preload", str(limit))
    out = tmp_path / "map"
    with connect(processes.address, patience=60) as client:
        client.wait_for_workers(1, timeout=60)
        study = geo.Study.from_toml(embedded_recipes()["mongolia"], cell_size=20_000)
        with pytest.raises(OutputError, match="scratch folder cannot be written") as caught:
            study.run(client=client, scratch=tmp_path).write(out)
    assert "\n" not in str(caught.value)
    assert not out.exists()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "not an address"])
def test_a_scheduler_that_does_not_answer_is_one_sentence(address, tmp_path, monkeypatch):
    monkeypatch.setattr("geo.compute.cluster._PATIENCE", 1.0)
    out = tmp_path / "map"
    call = ["build", "mongolia", "--scheduler", address, "--quiet", "--out", str(out)]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 2
    assert "no Dask scheduler answers there" in result.output
    assert result.output.count("\n") == 1
    assert not out.exists()
