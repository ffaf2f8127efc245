"""Rasters kept on disk by rows, for work that memory does not hold.

Plain reads and writes, not mapped memory: what is read counts once against the budget and
is gone when the array is, and a full disk is an error instead of a dead process.
"""

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.errors import OutputError

__all__ = ["Scratch", "StoredRows"]


class StoredRows:
    """A raster in a file, read and written by whole rows.

    Parameters
    ----------
    path : Path
        File to make.
    shape : (rows, columns)
    dtype : numpy dtype
    """

    def __init__(self, path: Path, shape: tuple[int, int], dtype: npt.DTypeLike) -> None:
        self.path = path
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._row = shape[1] * self.dtype.itemsize
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)

    def write(self, first: int, rows: npt.NDArray[np.generic]) -> None:
        """Write rows from row `first` on.

        Raises
        ------
        OutputError
            If the folder is full or cannot be written.
        """
        data = np.ascontiguousarray(rows, dtype=self.dtype).data.cast("B")
        place, done = first * self._row, 0
        try:
            while done < len(data):
                done += os.pwrite(self._file, data[done:], place + done)
        except OSError as error:
            needed = self.shape[0] * self._row / 1e6
            raise OutputError(
                f"{self.path.parent.parent}: the scratch folder took {done / 1e6:.0f} MB and then "
                f"no more ({error.strerror}), {needed:.0f} MB are needed for one raster: free "
                "space there or name another folder"
            ) from None

    def read(self, first: int, last: int) -> npt.NDArray[Any]:
        """Rows ``first`` to ``last`` as a new array."""
        out = np.empty((last - first, self.shape[1]), dtype=self.dtype)
        data = out.data.cast("B")
        place, done = first * self._row, 0
        while done < len(data):
            count = os.preadv(self._file, [data[done:]], place + done)
            if count == 0:
                raise OutputError(f"{self.path}: the scratch file is shorter than what was written")
            done += count
        return out

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Scratch:
    """A folder of its own for stored rasters; leaving the context removes it.

    Parameters
    ----------
    folder : path, optional
        Where to make it; the system's folder for temporary files by default.

    Raises
    ------
    OutputError
        If no folder can be made there.

    Examples
    --------
    >>> with Scratch() as scratch:
    ...     rows = scratch.rows((4, 3), np.int16)
    ...     rows.write(2, np.array([[1, 2, 3]]))
    ...     rows.read(2, 3)
    array([[1, 2, 3]], dtype=int16)
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="lodemap-", dir=folder))
        except OSError as error:
            raise OutputError(
                f"{folder}: no scratch folder can be made there ({error.strerror}): "
                "name a folder that exists and can be written"
            ) from None
        self._stored: list[StoredRows] = []

    def rows(self, shape: tuple[int, int], dtype: npt.DTypeLike) -> StoredRows:
        """Make an empty stored raster."""
        stored = StoredRows(self.folder / f"{len(self._stored)}.rows", shape, dtype)
        self._stored.append(stored)
        return stored

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        while self._stored:
            self._stored.pop().close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Scratch":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
