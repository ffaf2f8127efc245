"""Where and in how many pieces the surfaces of a study are computed.

The code that makes surfaces hands over functions of a `Part` and gets DataArrays back. It
does not know whether they were made in one piece in memory, or part by part into files that
are read only where somebody looks.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning

from geo.compute.blocks import threads
from geo.compute.budget import resident, return_freed_memory
from geo.compute.parts import Part, parts_of
from geo.compute.scratch import Scratch
from geo.compute.stored import Stored
from geo.grid import coordinates

__all__ = ["Engine", "Opened", "Room", "Stream", "Task"]

T = TypeVar("T")

_PART_CELLS = 1 << 19
# Bytes that a stage takes beside its parts, and the least share of theirs that parts are given.
_BESIDE = 100_000_000
_LEAST_SHARE = 0.2

Task = Callable[[Part], Mapping[str, xr.DataArray]]
"""Makes one surface or several on a part."""


class Room(NamedTuple):
    """What work on a whole grid may take: bytes of memory, and a folder for its files."""

    memory: int
    folder: Path


Opened = Callable[[Room | None], AbstractContextManager[Task]]
"""Works on a whole grid, and opens what tells of its parts."""


def _untold(_done: int, _total: int) -> None:
    """Tell nobody."""


class Engine:
    """Computes every surface in memory, in a few parts at a time where it is large."""

    tell: Callable[[int, int], None] = staticmethod(_untold)
    """Told how many parts of the work at hand are done, and how many there are."""

    def compute(self, grid: GeoBox, task: Task) -> dict[str, xr.DataArray]:
        """Make surfaces of a whole grid.

        Parameters
        ----------
        grid : GeoBox
        task : callable
            Given a `Part`, returns its surfaces by name, each on the part's grid. It must not
            depend on what other parts came to, and may be asked for several at a time.

        Returns
        -------
        dict of str to (rows, columns) DataArray
            With the names and attributes that the task gave.

        Examples
        --------
        >>> from geo.grid import as_dataarray, centres
        >>> grid = GeoBox.from_bbox((0, 0, 2000, 3000), "EPSG:3857", resolution=1000)
        >>> def north(part):
        ...     rows = np.repeat(centres(part.grid)[1][:, None], 2, axis=1)
        ...     return {"y": as_dataarray(rows, part.grid, name="y", unit="m", long_name="y")}
        >>> Engine().compute(grid, north)["y"][:, 0].values
        array([2500., 1500.,  500.])
        """
        height, width = (int(side) for side in grid.shape)
        parts = parts_of(grid, max(1, _PART_CELLS // width))
        if len(parts) < 2:
            return dict(task(Part(grid, 0, height)))
        made: dict[str, xr.DataArray] = {}
        lock = Lock()

        def keep(part: Part) -> None:
            found = task(part)
            with lock:
                for key, one in found.items():
                    if key not in made:
                        made[key] = _empty(grid, one)
            for key, one in found.items():
                made[key].values[part.first : part.last] = one.to_numpy()

        with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=threads()) as pool:
            # rasterio hides its own warning, in a way that other threads undo.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # The list consumes the results, so an error in a thread is raised here.
            list(pool.map(keep, parts))
        return made

    def settle(self, grid: GeoBox, opened: Opened) -> dict[str, xr.DataArray]:
        """Make surfaces of which every cell may depend on every other.

        Parameters
        ----------
        grid : GeoBox
        opened : callable
            Given the room that there is, or None where there is no limit, works out what it
            must and opens a context in which its task gives the surfaces of a part.

        Returns
        -------
        dict of str to (rows, columns) DataArray
        """
        with opened(None) as task:
            return self.compute(grid, task)


def _empty(grid: GeoBox, like: xr.DataArray) -> xr.DataArray:
    """A surface of the whole grid, named and described as one of a part."""
    return xr.DataArray(
        np.empty(tuple(grid.shape), dtype=like.dtype),
        dims=("y", "x"),
        coords=coordinates(grid),
        name=like.name,
        attrs=dict(like.attrs),
    )


class _Made(NamedTuple):
    """What a surface made on a part is, without its values."""

    dtype: str
    name: Any
    attrs: dict[str, Any]


class Stream(Engine):
    """Computes surfaces part by part into files, a few parts at a time.

    Parameters
    ----------
    scratch : Scratch
    cells : int
        Cells that all parts in work at one time may have together.
    memory : int
        Bytes that work on a whole grid may take.
    workers : int, optional
        Parts in work at one time; as many as there are processors when missing.
    budget : int, optional
        Bytes that the process may take in all. Where it has come to hold so much by itself that
        parts and work on a whole grid would go beyond that, they are made smaller.
    """

    def __init__(
        self,
        scratch: Scratch,
        cells: int,
        memory: int,
        workers: int | None = None,
        budget: int | None = None,
    ) -> None:
        self.scratch = scratch
        self.cells = cells
        self.memory = memory
        self.workers = workers or threads()
        self.budget = budget

    def rows(self, grid: GeoBox) -> int:
        """Rows of a part."""
        return max(1, int(self._share() * self.cells) // (self.workers * int(grid.shape[1])))

    def _share(self) -> float:
        """Share of what parts may take that the budget leaves now."""
        if self.budget is None:
            return 1.0
        left = self.budget - resident() - _BESIDE
        return min(1.0, max(_LEAST_SHARE, left / self.memory))

    def compute(self, grid: GeoBox, task: Task) -> dict[str, xr.DataArray]:
        """Make surfaces of a whole grid: see `Engine.compute`.

        Raises
        ------
        OutputError
            If the scratch folder is full.
        """
        stem = self.scratch.stem()
        made = self.each(partial(_store, task, stem), parts_of(grid, self.rows(grid)))
        return_freed_memory()
        return self._surfaces(grid, stem, made[0])

    def settle(self, grid: GeoBox, opened: Opened) -> dict[str, xr.DataArray]:
        """Make surfaces of which every cell may depend on every other: see `Engine.settle`."""
        stem = self.scratch.stem()
        room = Room(int(self._share() * self.memory), self.scratch.path)
        parts = parts_of(grid, self.rows(grid))
        made = self.alone(partial(_settle, opened, room, stem, parts, self.workers))
        return_freed_memory()
        return self._surfaces(grid, stem, made)

    def alone(self, work: Callable[[], T]) -> T:
        """Do a work that cannot be cut into parts."""
        return work()

    def _surfaces(
        self, grid: GeoBox, stem: Path, made: dict[str, _Made]
    ) -> dict[str, xr.DataArray]:
        shape = (int(grid.shape[0]), int(grid.shape[1]))
        return {
            key: Stored(_file(stem, key), shape, what.dtype, self.scratch).dataarray(
                grid, name=what.name, attrs=what.attrs
            )
            for key, what in made.items()
        }

    def each(self, work: Callable[[Part], T], parts: Sequence[Part]) -> list[T]:
        """Do the same work on every part; what it returns must be small."""
        with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=self.workers) as pool:
            # rasterio hides its own warning, in a way that other threads undo.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            results = []
            for result in pool.map(work, parts):
                results.append(result)
                self.tell(len(results), len(parts))
            return results


def _file(stem: Path, key: str) -> Path:
    return stem.with_name(f"{stem.name}-{key}.raw")


def _settle(
    opened: Opened, room: Room, stem: Path, parts: Sequence[Part], workers: int
) -> dict[str, _Made]:
    with opened(room) as task, ThreadPoolExecutor(max_workers=workers) as pool:
        made = list(pool.map(partial(_store, task, stem), parts))
    return made[0]


def _store(task: Task, stem: Path, part: Part) -> dict[str, _Made]:
    shape = (int(part.whole.shape[0]), int(part.whole.shape[1]))
    made = {}
    for key, surface in task(part).items():
        dtype = np.dtype(surface.dtype).name
        Stored(_file(stem, key), shape, dtype).write(part.first, surface.to_numpy())
        made[key] = _Made(dtype, surface.name, dict(surface.attrs))
    return made
