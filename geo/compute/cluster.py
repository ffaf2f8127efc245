"""Surfaces computed by the workers of a Dask cluster.

The work and every surface go through the scratch folder, which all workers must see; over the
network go a path and two row numbers for each task, and a few words back. So nothing is
gathered on the client, a worker's death loses nothing but the parts it was at, and doing a
part again writes the same bytes.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from geo.compute.budget import share_out
from geo.compute.engine import Stream
from geo.compute.parts import Part
from geo.compute.scratch import Scratch
from geo.errors import DataError, LodemapError, OutputError
from geo.provenance import package_version

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Cluster", "connect"]

T = TypeVar("T")

_WORKER_MEMORY: Final = 1_000_000_000
_WORKER_HOLDS: Final = 450_000_000
"""Bytes that a worker takes for libraries and layers; measured."""
_RETRIES: Final = 5
_POLL: Final = 2.0
_PATIENCE = 10.0


def connect(address: str, *, patience: float | None = None) -> "Client":
    """Open a connection to a scheduler.

    Parameters
    ----------
    address : str
        Such as ``tcp://10.0.0.5:8786``.
    patience : float
        How long to wait for an answer [s]; ten seconds when missing.

    Returns
    -------
    distributed.Client

    Raises
    ------
    DataError
        If Dask is not installed, or no scheduler answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise DataError(
            "a scheduler needs Dask, which is not installed: pip install 'lodemap[cluster]'"
        ) from None
    # Its own log would tell a failed connection a second time, with a traceback.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    patience = _PATIENCE if patience is None else patience
    try:
        return Client(address, timeout=patience, set_as_default=False)
    except (TimeoutError, OSError, ValueError, TypeError):
        raise DataError(
            f"{address}: no Dask scheduler answers there within {patience:g} s: start one with "
            "'dask scheduler', or correct the address (tcp://host:port)"
        ) from None


class Cluster(Stream):
    """Computes surfaces part by part on the workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
    scratch : Scratch
        In a folder that every worker sees under the same path.
    columns : int
        Of the grid.
    memory : int, optional
        Most bytes that a worker may take; what it says itself when missing.
    patience : float
        How long to wait while there is no worker at all [s].

    Raises
    ------
    DataError
        If a worker has another version of Lodemap or does not see the scratch folder, or
        there is none.
    """

    def __init__(
        self,
        client: "Client",
        scratch: Scratch,
        columns: int,
        memory: int | None = None,
        *,
        patience: float = 60.0,
    ) -> None:
        self.client = client
        self.patience = patience
        self._numbers = count()
        workers = self._await_workers()
        _check_workers(client, scratch.path)
        budget = memory or min(w["memory_limit"] or _WORKER_MEMORY for w in workers.values())
        cells, room = share_out(budget, columns, _WORKER_HOLDS)
        super().__init__(scratch, cells, room, max(w["nthreads"] for w in workers.values()))

    def each(self, work: Callable[[Part], T], parts: Sequence[Part]) -> list[T]:
        """Do the same work on every part, each where a worker is free."""
        return self._done(self._sent(work), [(part,) for part in parts])

    def alone(self, work: Callable[[], T]) -> T:
        """Do a work that cannot be cut into parts, on one worker."""
        found: T = self._done(self._sent(work), [()])[0]
        return found

    def _sent(self, work: Callable[..., T]) -> Path:
        """Leave a work where the workers find it, however many of them die."""
        import cloudpickle

        path = self.scratch.path / f"work-{next(self._numbers):04d}.pickle"
        try:
            path.write_bytes(cloudpickle.dumps(work))
        except OSError as error:
            raise OutputError(
                f"{path.parent}: the scratch folder cannot be written ({error.strerror}): free "
                "space there or name another folder with --scratch"
            ) from None
        return path

    def _done(self, path: Path, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        from distributed import wait

        futures = [
            self.client.submit(_do, str(path), *call, pure=False, retries=_RETRIES)
            for call in calls
        ]
        waiting = futures
        while waiting:
            with suppress(TimeoutError), self.client.as_current():
                wait(waiting, timeout=_POLL)
            _raise_failed(futures)
            waiting = [future for future in waiting if future.status != "finished"]
            self.tell(len(calls) - len(waiting), len(calls))
            if waiting:
                self._await_workers()
        return [future.result() for future in futures]

    def _await_workers(self) -> dict[str, Any]:
        """The cluster's workers; waits a while where there is none, and then gives up."""
        until = time.monotonic() + self.patience
        while True:
            if self.client.status != "running":
                raise OutputError(
                    "the Dask scheduler does not answer any more: start it and build again"
                )
            workers: dict[str, Any] = self.client.scheduler_info(n_workers=-1)["workers"]
            if workers:
                return workers
            if time.monotonic() > until:
                raise OutputError(
                    f"the Dask cluster has had no worker for {self.patience:g} s: start some with "
                    "'dask worker ADDRESS'"
                )
            time.sleep(min(_POLL, self.patience))


def _raise_failed(futures: Sequence[Any]) -> None:
    for future in futures:
        if future.status == "error":
            error = future.exception()
            if isinstance(error, LodemapError):
                raise error
            raise OutputError(
                f"a task failed on the Dask cluster ({type(error).__name__}: {error}): look into "
                "the workers' logs"
            )
        if future.status in ("cancelled", "lost"):
            raise OutputError("the Dask scheduler gave up a task: start it and build again")


def _check_workers(client: "Client", folder: Path) -> None:
    ours = package_version()
    answers = client.run(partial(_introduce, str(folder)), on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            raise DataError(
                f"worker {worker} cannot run Lodemap ({answer}): install lodemap {ours} there"
            )
        version, sees = answer
        if version != ours:
            raise DataError(
                f"worker {worker} has lodemap {version}, here is {ours}: install the same version "
                "on all of them"
            )
        if not sees:
            raise DataError(
                f"worker {worker} does not see the scratch folder {folder}: name one on storage "
                "that all workers share with --scratch"
            )


def _introduce(folder: str) -> tuple[str, bool]:
    from geo import provenance

    return provenance.package_version(), Path(folder).is_dir()


def _do(path: str, *call: Any) -> Any:
    return _work_of(path)(*call)


@lru_cache(maxsize=2)
def _work_of(path: str) -> Callable[..., Any]:
    import cloudpickle

    work: Callable[..., Any] = cloudpickle.loads(Path(path).read_bytes())
    return work
