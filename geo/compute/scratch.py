"""A folder for rasters that memory does not hold, gone when nothing uses it any more.

A file in it stays locked as long as its process lives. A run that was killed leaves its folder
behind; the next one that makes a folder in the same place finds the lock free and removes it.
"""

import fcntl
import os
import shutil
import socket
import tempfile
import time
import weakref
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.compute.stored import Stored
from geo.errors import OutputError

__all__ = ["Scratch"]

_PREFIX = "lodemap-scratch-"
_LOCK = "lock"
# A folder without a lock is being made, or comes from a system that knows no locks.
_DAY = 86_400.0


class Scratch:
    """A folder of one's own for rasters, removed with its last user or when it is closed.

    Parameters
    ----------
    folder : path, optional
        Where to make it; the system's folder for temporary files by default. What killed
        runs left there is removed.

    Raises
    ------
    OutputError
        If no folder can be made there.

    Examples
    --------
    >>> with Scratch() as scratch:
    ...     rows = scratch.stored((2, 3), np.int16)
    ...     rows.write(0, np.array([[1, 2, 3], [4, 5, 6]]))
    ...     rows.read(1, 2)
    array([[4, 5, 6]], dtype=int16)
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        where = Path(tempfile.gettempdir() if folder is None else folder)
        _sweep(where)
        try:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=where))
            lock = _locked(self.path)
        except OSError as error:
            raise OutputError(
                f"{where}: no scratch folder can be made there ({error.strerror}): name one that "
                "exists and can be written with --scratch"
            ) from None
        self._numbers = count()
        self.close = weakref.finalize(self, _remove, self.path, lock)

    def stem(self) -> Path:
        """Beginning of file names that nobody else uses."""
        return self.path / f"{next(self._numbers):04d}"

    def stored(self, shape: tuple[int, int], dtype: npt.DTypeLike) -> Stored:
        """Room for a raster, gone with the folder."""
        return Stored(self.stem().with_suffix(".raw"), shape, np.dtype(dtype).name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _locked(folder: Path) -> int:
    """Lock a folder for this process, and give what holds the lock."""
    new = folder / f"{_LOCK}.new"
    file = os.open(new, os.O_RDWR | os.O_CREAT, 0o600)
    os.write(file, socket.gethostname().encode())
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Only a lock that is held gets the name that others look at.
        new.rename(folder / _LOCK)
    return file


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _sweep(where: Path) -> None:
    """Remove the folders of processes that live no more."""
    for folder in where.glob(f"{_PREFIX}*"):
        # Whatever cannot be read, locked or removed is somebody else's.
        with suppress(OSError):
            _sweep_one(folder)


def _sweep_one(folder: Path) -> None:
    if not (folder / _LOCK).exists():
        if time.time() - folder.stat().st_mtime > _DAY:
            shutil.rmtree(folder)
        return
    file = os.open(folder / _LOCK, os.O_RDWR)
    try:
        # Another machine's lock on a shared disk may not show here.
        if os.read(file, 1024) == socket.gethostname().encode():
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(file)
