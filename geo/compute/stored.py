"""Surfaces kept in files and read by the piece, behind the face of a DataArray."""

import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from xarray.backends import BackendArray
from xarray.core import indexing

from geo.errors import OutputError
from geo.grid import coordinates

__all__ = ["Stored", "stored_behind"]


@dataclass(frozen=True)
class Stored:
    """A raster in a file of raw values, row after row, in the machine's byte order.

    Plain reads and writes, so that a full disk is an error and what is read counts once
    against a memory budget. It can be sent to another process that sees the same folder.

    Parameters
    ----------
    path : Path
    shape : (rows, columns)
    dtype : str
        Name of a NumPy type.
    owner : object
        Kept alive as long as the raster is: whatever removes the file in the end.
    """

    path: Path
    shape: tuple[int, int]
    dtype: str
    owner: object = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave the owner behind: another process must not remove the file."""
        return type(self), (self.path, self.shape, self.dtype)

    @property
    def _row(self) -> int:
        return self.shape[1] * np.dtype(self.dtype).itemsize

    def write(self, first: int, rows: npt.NDArray[Any]) -> None:
        """Write rows from row `first` on; writing them again leaves the same bytes.

        Raises
        ------
        OutputError
            If the disk is full or the folder cannot be written.
        """
        data = np.ascontiguousarray(rows, dtype=self.dtype).data.cast("B")
        done, place = 0, first * self._row
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                while done < len(data):
                    done += os.pwrite(file, data[done:], place + done)
            finally:
                os.close(file)
        except OSError as error:
            raise OutputError(
                f"{self.path.parent}: the scratch folder cannot be written ({error.strerror}), "
                f"{self.shape[0] * self._row / 1e6:.0f} MB are needed for each surface: free "
                "space there or name another folder with --scratch"
            ) from None

    def read(self, first: int, last: int) -> npt.NDArray[Any]:
        """Rows ``first`` to ``last`` as a new array."""
        count = max(0, last - first) * self.shape[1]
        values = np.fromfile(self.path, self.dtype, count, offset=first * self._row)
        if values.size != count:
            raise OutputError(f"{self.path}: the scratch file is shorter than what was written")
        return values.reshape(-1, self.shape[1])

    def pick(self, key: tuple[Any, ...]) -> npt.NDArray[Any]:
        """What NumPy's indexing with `key` gives, reading only the pages that hold it."""
        rows, columns = key
        if isinstance(rows, slice) and columns == slice(None):
            first, last, step = rows.indices(self.shape[0])
            if step == 1:
                return self.read(first, last)
        if isinstance(rows, slice) and isinstance(columns, slice) and rows.step not in (None, 1):
            # Row by row: pages of a mapped file would all count as memory.
            some = [self.read(n, n + 1)[0, columns] for n in range(*rows.indices(self.shape[0]))]
            return np.array(some, self.dtype).reshape(len(some), -1)
        return np.array(self.mapped()[key])

    def mapped(self) -> npt.NDArray[Any]:
        """The whole raster as a read-only array; memory holds only the pages that are read."""
        with self.path.open("rb") as stream:
            size = self.shape[0] * self._row
            pages = mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_READ)
        # Reading one cell shall not bring its neighbours in.
        pages.madvise(mmap.MADV_RANDOM)
        return np.frombuffer(pages, self.dtype).reshape(self.shape)

    def dataarray(
        self, grid: GeoBox, *, name: str | None = None, attrs: Mapping[str, object] | None = None
    ) -> xr.DataArray:
        """The raster as a DataArray that reads only what is indexed."""
        lazy = indexing.LazilyIndexedArray(_Indexed(self))
        return xr.DataArray(
            lazy, dims=("y", "x"), coords=coordinates(grid), name=name, attrs=dict(attrs or {})
        )


class _Indexed(BackendArray):
    """What xarray asks for parts of a stored raster."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.shape = stored.shape
        self.dtype = np.dtype(stored.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.VECTORIZED, self.stored.pick
        )
        return found


def stored_behind(surface: xr.DataArray) -> Stored | None:
    """The stored raster that a whole surface stands for, or None where it is in memory.

    Parameters
    ----------
    surface : DataArray

    Returns
    -------
    Stored or None
    """
    held = surface.variable._data
    while isinstance(held, indexing.CopyOnWriteArray | indexing.MemoryCachedArray):
        held = held.array
    if isinstance(held, indexing.LazilyIndexedArray) and isinstance(held.array, _Indexed):
        stored = held.array.stored
        return stored if surface.shape == stored.shape else None
    return None
