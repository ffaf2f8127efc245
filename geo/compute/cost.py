"""Least accumulated cost over a friction surface, and the way it takes.

A step to one of the 8 neighbours costs its length times the mean friction of the two
cells; see `geo.compute.sweeps` for how the costs are found.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.backlinks import link_level_ground, link_to_lower, number_sources
from geo.compute.blocks import each, row_blocks
from geo.compute.distance import check_cell_size
from geo.compute.sweeps import STEP_COLUMN, STEP_ROW, settle, step_lengths, tiles_of
from geo.errors import DataError

__all__ = [
    "CostAllocation",
    "accumulated_cost",
    "accumulated_cost_allocation",
    "least_cost_corridor",
    "least_cost_path",
    "trace_back",
]

_BLOCK = 1 << 19


class CostAllocation(NamedTuple):
    """Accumulated cost with the source it comes from and the way back.

    Parameters
    ----------
    cost : (rows, columns) float64 array
        NaN where no source reaches.
    allocation : (rows, columns) int32 array
        Which source: its number among the source cells in row-major order, from 0;
        -1 where none reaches.
    backlink : (rows, columns) int8 array
        Step towards the source: 0 at a source, 1 to 8 the neighbours clockwise from
        the north (1 north, 3 east, 5 south, 7 west); -1 where no source reaches.
    """

    cost: npt.NDArray[np.float64]
    allocation: npt.NDArray[np.int32]
    backlink: npt.NDArray[np.int8]


def accumulated_cost(
    friction: npt.ArrayLike,
    sources: npt.ArrayLike,
    cell_size: tuple[float, float],
    *,
    max_cost: float | None = None,
) -> npt.NDArray[np.float64]:
    """Cost of the cheapest way from any source to each cell.

    Parameters
    ----------
    friction : (rows, columns) array_like of float
        Cost of a unit of length. NaN and infinity are barriers, 0 is free.
    sources : (rows, columns) array_like
        Boolean: True cells start at cost 0. Float: the cost at which a source starts,
        NaN where there is none. A source on a barrier starts nothing.
    cell_size : (height of a row, width of a column)
        Both positive [m].
    max_cost : float, optional
        Cells that cost more get NaN; the search stops there.

    Returns
    -------
    (rows, columns) float64 array
        In units of friction times length. NaN on barriers and where no source reaches.

    Raises
    ------
    DataError
        If friction or a start cost is negative, shapes differ, or `max_cost` is
        negative or not a number.

    References
    ----------
    Tomlin, D. (2010). Propagating radial waves of travel cost in a grid. International
    Journal of Geographical Information Science 24(9).
    https://doi.org/10.1080/13658811003779152

    Examples
    --------
    A step of 500 m between frictions 1 and 3 costs 500 x 2.

    >>> import numpy as np
    >>> friction = np.array([[1.0, 3.0, np.nan, 1.0]])
    >>> accumulated_cost(friction, np.array([[True, False, False, False]]), (500.0, 500.0))
    array([[   0., 1000.,   nan,   nan]])
    """
    surface, start, sides = _checked(friction, sources, cell_size)
    cost = _settled(surface, start, sides, check_limit(max_cost))
    each(lambda a, b: unreached_to_nan(cost, a, b), row_blocks(cost.shape, _BLOCK))
    return cost


def accumulated_cost_allocation(
    friction: npt.ArrayLike,
    sources: npt.ArrayLike,
    cell_size: tuple[float, float],
    *,
    max_cost: float | None = None,
) -> CostAllocation:
    """Accumulated cost with the source of each cell and its back-link.

    Where several steps are equally cheap, the one to a cell of lower cost comes first,
    and of those the first clockwise from the north.

    Parameters
    ----------
    friction, sources, cell_size, max_cost
        As of `accumulated_cost`.

    Returns
    -------
    CostAllocation
        ``(cost, allocation, backlink)``.

    Raises
    ------
    DataError
        As `accumulated_cost`.

    Examples
    --------
    >>> import numpy as np
    >>> found = accumulated_cost_allocation(
    ...     np.ones((1, 4)), np.array([[True, False, False, True]]), (1.0, 1.0)
    ... )
    >>> found.allocation
    array([[0, 0, 1, 1]], dtype=int32)
    >>> found.backlink
    array([[0, 7, 3, 0]], dtype=int8)
    """
    surface, start, sides = _checked(friction, sources, cell_size)
    cost = _settled(surface, start, sides, check_limit(max_cost))
    given = _given(start)
    at_source = given & (cost < np.inf) & (cost == (0.0 if start.dtype == np.bool_ else start))
    link = np.where(at_source, np.int8(0), np.int8(-1))
    number = np.full(cost.shape, -1, dtype=np.int32)
    number[at_source] = (np.cumsum(given, dtype=np.int32) - 1).reshape(cost.shape)[at_source]
    lengths = step_lengths(*sides)
    blocks = row_blocks(cost.shape, _BLOCK)
    each(lambda a, b: link_to_lower(surface, cost, lengths, link, a, b), blocks)
    waiting = int(np.count_nonzero(link == -2))
    if waiting > 0:
        link_level_ground(surface, cost, lengths, link, np.empty(waiting, dtype=np.int64))
    number_sources(link, number)
    each(lambda a, b: unreached_to_nan(cost, a, b), blocks)
    return CostAllocation(cost, number, link)


def least_cost_path(
    friction: npt.ArrayLike,
    start: tuple[int, int],
    goal: tuple[int, int],
    cell_size: tuple[float, float],
) -> npt.NDArray[np.intp]:
    """Cells of the cheapest way from one cell to another.

    Parameters
    ----------
    friction : (rows, columns) array_like of float
        As of `accumulated_cost`.
    start, goal : (row, column)
        Cells inside the raster, not on barriers.
    cell_size : (height of a row, width of a column)
        Both positive [m].

    Returns
    -------
    (n, 2) array of int
        Rows and columns from `start` to `goal`, both included.

    Raises
    ------
    DataError
        If a cell lies outside or on a barrier, or no way joins the two.

    Examples
    --------
    >>> import numpy as np
    >>> friction = np.array([[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]])
    >>> least_cost_path(friction, (0, 0), (0, 2), (1.0, 1.0))
    array([[0, 0],
           [1, 1],
           [0, 2]])
    """
    surface = check_surface(friction)
    for name, cell in (("start", start), ("goal", goal)):
        _check_cell(name, cell, surface)
    sources = np.zeros(surface.shape, dtype=np.bool_)
    sources[start] = True
    found = accumulated_cost_allocation(surface, sources, cell_size)
    if found.backlink[goal] < 0:
        raise _no_way(start, goal)
    return trace_back(found.backlink, goal)[::-1].copy()


def least_cost_corridor(
    friction: npt.ArrayLike,
    start: tuple[int, int],
    goal: tuple[int, int],
    cell_size: tuple[float, float],
) -> npt.NDArray[np.float64]:
    """Cost of the cheapest way from one cell to another that passes each cell.

    The sum of two accumulated costs. The cells of the cheapest way have the lowest value;
    those of little more make a corridor in which a way is hardly dearer.

    Parameters
    ----------
    friction, start, goal, cell_size
        As of `least_cost_path`.

    Returns
    -------
    (rows, columns) float64 array
        NaN where no way from `start` to `goal` can pass.

    Raises
    ------
    DataError
        As `least_cost_path`.

    Examples
    --------
    >>> import numpy as np
    >>> friction = np.array([[1.0, np.nan, 1.0], [1.0, 1.0, 1.0]])
    >>> least_cost_corridor(friction, (0, 0), (0, 2), (1.0, 1.0)).round(2)
    array([[2.83,  nan, 2.83],
           [3.41, 2.83, 3.41]])
    """
    surface = check_surface(friction)
    costs = []
    for name, cell in (("start", start), ("goal", goal)):
        _check_cell(name, cell, surface)
        sources = np.zeros(surface.shape, dtype=np.bool_)
        sources[cell] = True
        costs.append(accumulated_cost(surface, sources, cell_size))
    if np.isnan(costs[0][goal]):
        raise _no_way(start, goal)
    return costs[0] + costs[1]


def trace_back(backlink: npt.NDArray[np.int8], start: tuple[int, int]) -> npt.NDArray[np.intp]:
    """Cells from `start` along the back-links to its source.

    Parameters
    ----------
    backlink : (rows, columns) int8 array
        Of `accumulated_cost_allocation`.
    start : (row, column)

    Returns
    -------
    (n, 2) array of int
        Rows and columns, `start` first and the source last.

    Raises
    ------
    DataError
        If `start` lies outside, no source reaches it, or the links run in a circle.

    Examples
    --------
    >>> import numpy as np
    >>> trace_back(np.array([[0, 7, 7]], dtype=np.int8), (0, 2))
    array([[0, 2],
           [0, 1],
           [0, 0]])
    """
    links = np.asarray(backlink)
    _check_inside("start", start, links.shape)
    row, column = int(start[0]), int(start[1])
    if links[row, column] < 0:
        raise DataError(
            f"no source reaches cell ({row}, {column}): choose a cell whose back-link is not -1"
        )
    cells = [(row, column)]
    while links[row, column] > 0:
        code = links[row, column]
        row += int(STEP_ROW[code])
        column += int(STEP_COLUMN[code])
        cells.append((row, column))
        if len(cells) > links.size:
            raise DataError(
                "the back-links run in a circle: pass the array that "
                "accumulated_cost_allocation returned, unchanged"
            )
    return np.array(cells, dtype=np.intp)


def check_surface(friction: npt.ArrayLike, top: int = 0) -> npt.NDArray[np.floating]:
    """Friction as a contiguous array of floats; `top` is its first row in the whole raster.

    Raises
    ------
    DataError
        If it is no raster, or negative anywhere.
    """
    surface = np.asarray(friction)
    if surface.dtype not in (np.float32, np.float64):
        surface = surface.astype(np.float64)
    if surface.ndim != 2 or surface.size == 0:
        raise DataError(
            f"friction has shape {surface.shape}, required is a raster of rows and columns"
        )
    if np.fmin.reduce(surface, axis=None) < 0:
        row, column = np.argwhere(surface < 0)[0]
        raise DataError(
            f"friction is negative ({surface[row, column]}) in cell ({top + row}, {column}): "
            "required is a cost of 0 or more, or NaN for a barrier"
        )
    return np.ascontiguousarray(surface)


def check_sources(sources: npt.ArrayLike, shape: tuple[int, ...]) -> npt.NDArray[np.generic]:
    """Sources as booleans or start costs.

    Raises
    ------
    DataError
        If their shape is not that of the friction, or a start cost is negative.
    """
    start = np.ascontiguousarray(sources)
    if start.shape != shape:
        raise DataError(
            f"sources have shape {start.shape}, friction {shape}: bring both to one grid"
        )
    if start.dtype != np.bool_:
        start = start.astype(np.float64)
        if np.fmin.reduce(start, axis=None) < 0:
            raise DataError(
                f"the start cost {np.nanmin(start)} is negative: required is 0 or more, "
                "or NaN where there is no source"
            )
    return start


def _checked(
    friction: npt.ArrayLike, sources: npt.ArrayLike, cell_size: tuple[float, float]
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.generic], tuple[float, float]]:
    surface = check_surface(friction)
    return surface, check_sources(sources, surface.shape), check_cell_size(cell_size)


def check_limit(max_cost: float | None) -> float:
    """Largest cost as a number; infinite when missing, an error when negative."""
    if max_cost is None:
        return float("inf")
    if not max_cost >= 0:
        raise DataError(f"max_cost is {max_cost}, required is a number of 0 or more")
    return float(max_cost)


def _no_way(start: tuple[int, int], goal: tuple[int, int]) -> DataError:
    return DataError(
        f"no way leads from cell {tuple(start)} to cell {tuple(goal)}: "
        "barriers (NaN friction) part them, open a passage or move one of the cells"
    )


def _check_inside(name: str, cell: tuple[int, int], shape: tuple[int, ...]) -> None:
    if len(cell) != 2 or not (0 <= cell[0] < shape[0] and 0 <= cell[1] < shape[1]):
        raise DataError(
            f"{name} {tuple(cell)} lies outside the raster of {shape[0]} rows and "
            f"{shape[1]} columns: give (row, column) counted from 0"
        )


def _check_cell(name: str, cell: tuple[int, int], surface: npt.NDArray[np.floating]) -> None:
    _check_inside(name, cell, surface.shape)
    if not np.isfinite(surface[cell[0], cell[1]]):
        raise DataError(
            f"{name} {tuple(cell)} lies on a barrier (friction NaN): move it to a passable cell"
        )


def _settled(
    friction: npt.NDArray[np.floating],
    start: npt.NDArray[np.generic],
    cell_size: tuple[float, float],
    limit: float,
) -> npt.NDArray[np.float64]:
    """Accumulated cost; infinite where nothing reaches or the limit is passed."""
    cost, begun = begin(friction, start, limit)
    settle(friction, cost, begun, cell_size, limit)
    if limit < np.inf:
        cost[cost > limit] = np.inf
    return cost


def begin(
    friction: npt.NDArray[np.floating], start: npt.NDArray[np.generic], limit: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Start costs, infinite elsewhere, and the tiles that hold one.

    A source on a barrier or above the limit starts nothing.
    """
    cells = np.flatnonzero(_given(start))
    costs = np.zeros(cells.size)
    if start.dtype != np.bool_:
        costs = start.reshape(-1)[cells].astype(np.float64)
    usable = (friction.reshape(-1)[cells] < np.inf) & (costs <= limit)
    cost = np.full(friction.shape, np.inf)
    cost.reshape(-1)[cells[usable]] = costs[usable]
    return cost, tiles_of(cells[usable], cost.shape)


def _given(start: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Cells that hold a source, on a barrier or not."""
    return start.astype(np.bool_, copy=False) if start.dtype == np.bool_ else ~np.isnan(start)


@njit(cache=True, nogil=True)
def unreached_to_nan(cost: npt.NDArray[np.float64], first: int, last: int) -> None:
    """Turn infinite costs into NaN."""
    for i in range(first, last):
        for j in range(cost.shape[1]):
            if cost[i, j] == np.inf:
                cost[i, j] = np.nan
