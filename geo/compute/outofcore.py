"""Distances and travel costs of rasters that memory does not hold.

Each function is told how to read rows, from the top down and every row once, and how many
bytes it may take. It returns a surface of which any rows can be read, as often as wanted,
until it is closed; what it keeps on disk meanwhile goes with it. The numbers are those of
`geo.compute.kernels` to the last bit, whatever the budget::

    with euclidean_distance(read_targets, shape, cell_size, memory=500_000_000) as distance:
        for first, last in distance.blocks:
            write(first, distance.read(first, last))
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from geo.compute.blocks import row_blocks, threads
from geo.compute.cost import begin, check_limit, check_sources, check_surface, unreached_to_nan
from geo.compute.distance import (
    Nearest,
    check_cell_size,
    distance_of_rows,
    nearest_of_rows,
    outermost,
)
from geo.compute.scratch import Scratch
from geo.compute.stored import Stored
from geo.compute.sweeps import settle, tiles_of
from geo.errors import DataError

__all__ = [
    "CostRows",
    "DistanceRows",
    "NearestRows",
    "Read",
    "accumulated_cost",
    "euclidean_distance",
    "nearest",
]

Read = Callable[[int, int], npt.NDArray[np.generic]]
"""``read(first, last)`` gives rows `first` to `last` (half-open) of a raster."""

Block = tuple[int, int]

# Bytes that a cell of the block at hand takes, with what is computed beside it.
_DISTANCE_BYTES, _NEAREST_BYTES, _COST_BYTES = 32, 56, 48
# Bytes that a column takes, and once more for each thread, however low the block is.
_COLUMN_BYTES = 32
# In fewer rows costs would wander between the blocks for ever so long.
_LEAST_COST_ROWS = 8


class _Kept:
    """A surface whose scratch files go when it is closed."""

    def __init__(self, scratch: Scratch, shape: tuple[int, int], blocks: list[Block]) -> None:
        self._scratch = scratch
        self.shape = shape
        self.blocks = blocks

    def close(self) -> None:
        """Remove what is kept on disk; nothing can be read afterwards."""
        self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_rows(self, first: int, last: int) -> None:
        if not 0 <= first < last <= self.shape[0]:
            raise DataError(
                f"rows {first} to {last} are asked for, the surface has {self.shape[0]}: "
                "give a first and a last row, half-open and inside it"
            )


class _Targets(_Kept, ABC):
    """Targets by blocks, each with what lies above and below it in its columns."""

    def __init__(
        self,
        read: Read,
        shape: tuple[int, int],
        cell_size: tuple[float, float],
        blocks: list[Block],
        scratch: Scratch,
    ) -> None:
        super().__init__(scratch, shape, blocks)
        self._sides = check_cell_size(cell_size)
        self._bits = scratch.stored((shape[0], -(-shape[1] // 8)), np.uint8)
        # Two rows for each block: the nearest target rows below and above it.
        self._beside = scratch.stored((2 * len(blocks), shape[1]), np.int32)
        self._held: tuple[int, tuple[npt.NDArray[np.generic], ...]] | None = None
        for number, (first, last) in enumerate(blocks):
            mask = _checked_block(read, first, last, shape[1])
            if mask.dtype != np.bool_:
                raise DataError(
                    f"targets have type {mask.dtype}, required is a boolean raster: "
                    "compare first, for example `raster > 0`"
                )
            edges = np.full((2, shape[1]), -1, dtype=np.int32)
            outermost(mask.astype(np.bool_, copy=False), first, edges[0], edges[1])
            self._beside.write(2 * number, edges)
            self._bits.write(first, np.packbits(mask.astype(np.bool_, copy=False), axis=1))
        self._pass_on(range(1, 2 * len(blocks), 2))
        self._pass_on(range(2 * len(blocks) - 2, -1, -2))

    def _pass_on(self, order: range) -> None:
        """Replace each block's own outermost targets by those of the blocks before it."""
        carried = np.full((1, self.shape[1]), -1, dtype=np.int32)
        for number in order:
            own = self._beside.read(number, number + 1)
            self._beside.write(number, carried)
            carried = np.where(own >= 0, own, carried)

    @abstractmethod
    def _compute(
        self,
        mask: npt.NDArray[np.bool_],
        first: int,
        above: npt.NDArray[np.int32],
        below: npt.NDArray[np.int32],
    ) -> tuple[npt.NDArray[np.generic], ...]:
        """Make what is asked for of a block, knowing the targets above and below it."""

    def _block(self, number: int) -> tuple[npt.NDArray[np.generic], ...]:
        if self._held is not None and self._held[0] == number:
            return self._held[1]
        self._held = None
        first, last = self.blocks[number]
        bits = self._bits.read(first, last)
        mask = np.unpackbits(bits, axis=1, count=self.shape[1]).view(np.bool_)
        below, above = self._beside.read(2 * number, 2 * number + 2)
        made = self._compute(np.ascontiguousarray(mask), first, above, below)
        self._held = (number, made)
        return made

    def _rows(self, first: int, last: int) -> tuple[npt.NDArray[np.generic], ...]:
        self._check_rows(first, last)
        parts = [
            tuple(array[max(0, first - a) : last - a] for array in self._block(number))
            for number, (a, b) in enumerate(self.blocks)
            if a < last and b > first
        ]
        return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


class DistanceRows(_Targets):
    """Distances that are computed when they are read."""

    def _compute(
        self,
        mask: npt.NDArray[np.bool_],
        first: int,
        above: npt.NDArray[np.int32],
        below: npt.NDArray[np.int32],
    ) -> tuple[npt.NDArray[np.generic], ...]:
        return (distance_of_rows(mask, first, above, below, self._sides),)

    def read(self, first: int, last: int) -> npt.NDArray[np.float64]:
        """Distances in rows ``first`` to ``last``, as of `kernels.euclidean_distance`."""
        return self._rows(first, last)[0].astype(np.float64, copy=False)


class NearestRows(_Targets):
    """Nearest targets that are computed when they are read."""

    def _compute(
        self,
        mask: npt.NDArray[np.bool_],
        first: int,
        above: npt.NDArray[np.int32],
        below: npt.NDArray[np.int32],
    ) -> tuple[npt.NDArray[np.generic], ...]:
        return tuple(nearest_of_rows(mask, first, above, below, self._sides))

    def read(self, first: int, last: int) -> Nearest:
        """Distance and nearest target of rows ``first`` to ``last``, as of `kernels.nearest`."""
        distance, row, column = self._rows(first, last)
        return Nearest(
            distance.astype(np.float64, copy=False),
            row.astype(np.int32, copy=False),
            column.astype(np.int32, copy=False),
        )


def euclidean_distance(
    read: Read,
    shape: tuple[int, int],
    cell_size: tuple[float, float],
    *,
    memory: int,
    scratch: Path | str | None = None,
) -> DistanceRows:
    """Distance from each cell's centre to the centre of the nearest target cell.

    Parameters
    ----------
    read : callable
        ``read(first, last)`` gives boolean rows, True where distance is 0.
    shape : (rows, columns)
        Of the whole raster.
    cell_size : (height of a row, width of a column)
        Both positive [m].
    memory : int
        Most bytes to take, beside what `read` takes itself.
    scratch : path, optional
        Folder for temporary files, a bit for each cell; the system's by default.

    Returns
    -------
    DistanceRows
        To read from, and to close.

    Raises
    ------
    DataError
        If the budget holds no block, or what is read is no boolean raster of this shape.
    OutputError
        If the scratch folder is full or cannot be written; nothing is left in it.

    Examples
    --------
    >>> targets = np.eye(4, dtype=bool)
    >>> rows = lambda first, last: targets[first:last]
    >>> with euclidean_distance(rows, (4, 4), (1.0, 1.0), memory=100_000) as distance:
    ...     distance.read(0, 1)
    array([[0.  , 1.  , 1.41, 2.24]])
    """
    blocks = _blocks(shape, memory, _DISTANCE_BYTES, least=1)
    return _opened(lambda kept: DistanceRows(read, shape, cell_size, blocks, kept), scratch)


def nearest(
    read: Read,
    shape: tuple[int, int],
    cell_size: tuple[float, float],
    *,
    memory: int,
    scratch: Path | str | None = None,
) -> NearestRows:
    """Distance to the nearest target cell, and which one it is.

    Parameters
    ----------
    read, shape, cell_size, memory, scratch
        As of `euclidean_distance`.

    Returns
    -------
    NearestRows
        To read from, and to close.

    Raises
    ------
    DataError, OutputError
        As `euclidean_distance`.

    Examples
    --------
    >>> targets = np.eye(3, dtype=bool)
    >>> rows = lambda first, last: targets[first:last]
    >>> with nearest(rows, (3, 3), (1.0, 1.0), memory=100_000) as found:
    ...     found.read(2, 3).row
    array([[1, 1, 2]], dtype=int32)
    """
    blocks = _blocks(shape, memory, _NEAREST_BYTES, least=1)
    return _opened(lambda kept: NearestRows(read, shape, cell_size, blocks, kept), scratch)


class CostRows(_Kept):
    """Accumulated costs, settled and kept on disk."""

    def __init__(
        self,
        read: Read,
        read_sources: Read,
        shape: tuple[int, int],
        cell_size: tuple[float, float],
        limit: float,
        blocks: list[Block],
        scratch: Scratch,
    ) -> None:
        super().__init__(scratch, shape, blocks)
        self._sides = check_cell_size(cell_size)
        self._limit = limit
        self._cost = scratch.stored(shape, np.float64)
        self._awake = [False] * len(blocks)
        self._friction = self._take_in(read, read_sources)
        self._fresh = list(self._awake)
        down = range(len(blocks))
        while any(self._awake):
            for number in (*down, *reversed(down)):
                if self._awake[number]:
                    self._visit(number)

    def _take_in(self, read: Read, read_sources: Read) -> Stored:
        friction: Stored | None = None
        for number, (first, last) in enumerate(self.blocks):
            surface = check_surface(_checked_block(read, first, last, self.shape[1]), first)
            start = check_sources(
                _checked_block(read_sources, first, last, self.shape[1]), surface.shape
            )
            cost, begun = begin(surface, start, self._limit)
            self._awake[number] = bool(begun.any())
            self._cost.write(first, cost)
            if friction is None:
                friction = self._scratch.stored(self.shape, surface.dtype)
            friction.write(first, surface)
        if friction is None:
            raise DataError(f"friction has shape {self.shape}, required are rows and columns")
        return friction

    def _visit(self, number: int) -> None:
        """Settle a block together with one row of each neighbour, and wake those it lowers."""
        first, last = self.blocks[number]
        top, bottom = max(0, first - 1), min(self.shape[0], last + 1)
        friction = self._friction.read(top, bottom)
        cost = self._cost.read(top, bottom)
        if self._fresh[number]:
            spreading = np.flatnonzero(cost < np.inf)
        else:
            # Only what the neighbours wrote since can have changed: two rows at each end.
            rows = np.unique([*range(min(2, len(cost))), *range(max(0, len(cost) - 2), len(cost))])
            spreading = (rows[:, None] * cost.shape[1] + np.arange(cost.shape[1]))[
                cost[rows] < np.inf
            ]
        rims = cost[:2].copy(), cost[-2:].copy()
        self._awake[number] = self._fresh[number] = False
        settle(friction, cost, tiles_of(spreading, cost.shape), self._sides, self._limit)
        self._cost.write(top, cost)
        if number > 0 and (cost[:2] < rims[0]).any():
            self._awake[number - 1] = True
        if number + 1 < len(self.blocks) and (cost[-2:] < rims[1]).any():
            self._awake[number + 1] = True

    def read(self, first: int, last: int) -> npt.NDArray[np.float64]:
        """Costs in rows ``first`` to ``last``, as of `kernels.accumulated_cost`."""
        self._check_rows(first, last)
        cost: npt.NDArray[np.float64] = self._cost.read(first, last)
        if self._limit < np.inf:
            cost[cost > self._limit] = np.inf
        unreached_to_nan(cost, 0, last - first)
        return cost


def accumulated_cost(
    read: Read,
    read_sources: Read,
    shape: tuple[int, int],
    cell_size: tuple[float, float],
    *,
    memory: int,
    scratch: Path | str | None = None,
    max_cost: float | None = None,
) -> CostRows:
    """Cost of the cheapest way from any source to each cell.

    Parameters
    ----------
    read : callable
        ``read(first, last)`` gives rows of friction, the cost of a unit of length: NaN and
        infinity are barriers, 0 is free.
    read_sources : callable
        The same for sources: boolean rows, or start costs with NaN where there is none.
    shape : (rows, columns)
        Of the whole raster.
    cell_size : (height of a row, width of a column)
        Both positive [m].
    memory : int
        Most bytes to take, beside what `read` and `read_sources` take themselves.
    scratch : path, optional
        Folder for temporary files, 12 to 16 bytes for each cell; the system's by default.
    max_cost : float, optional
        Cells that cost more get NaN.

    Returns
    -------
    CostRows
        Settled already; to read from, and to close.

    Raises
    ------
    DataError
        If the budget holds no block, friction or a start cost is negative, or what is read
        has not this shape.
    OutputError
        If the scratch folder is full or cannot be written; nothing is left in it.

    Examples
    --------
    >>> friction = np.ones((20, 3))
    >>> sources = friction.cumsum(axis=0) == 1
    >>> with accumulated_cost(
    ...     lambda first, last: friction[first:last],
    ...     lambda first, last: sources[first:last],
    ...     (20, 3), (1.0, 1.0), memory=100_000,
    ... ) as cost:
    ...     cost.read(18, 20)
    array([[18., 18., 18.],
           [19., 19., 19.]])
    """
    limit = check_limit(max_cost)
    blocks = _blocks(shape, memory, _COST_BYTES, least=_LEAST_COST_ROWS)
    return _opened(
        lambda kept: CostRows(read, read_sources, shape, cell_size, limit, blocks, kept), scratch
    )


Opened = TypeVar("Opened", bound=_Kept)


def _opened(make: Callable[[Scratch], Opened], folder: Path | str | None) -> Opened:
    """Make a surface on a scratch folder that is removed if anything fails."""
    kept = Scratch(folder)
    try:
        return make(kept)
    except BaseException:
        kept.close()
        raise


def _blocks(shape: tuple[int, int], memory: int, cell: int, *, least: int) -> list[Block]:
    """Blocks of rows that fit a budget of bytes."""
    rows, columns = shape
    fixed = columns * _COLUMN_BYTES * (1 + threads())
    height = int(memory - fixed) // max(1, columns * cell)
    if height < min(least, max(1, rows)):
        needed = fixed + columns * cell * min(least, rows)
        raise DataError(
            f"a memory budget of {memory / 1e6:.3g} MB holds no block of this raster of {columns} "
            f"columns: allow {needed / 1e6:.3g} MB or more, or choose larger cells"
        )
    return row_blocks(shape, height * columns) if columns else []


def _checked_block(read: Read, first: int, last: int, columns: int) -> npt.NDArray[np.generic]:
    block = np.ascontiguousarray(read(first, last))
    if block.shape != (last - first, columns):
        raise DataError(
            f"rows {first} to {last} were read with shape {block.shape}, required is "
            f"{(last - first, columns)}: give the rows asked for, in full"
        )
    return block
