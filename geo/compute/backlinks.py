"""Back-links: from each cell's accumulated cost to the step that it came by."""

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.sweeps import STEP_COLUMN, STEP_ROW

__all__ = ["first_ring", "level_step", "link_level_ground", "link_to_lower", "number_sources"]


@njit(cache=True, nogil=True)
def link_to_lower(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    link: npt.NDArray[np.int8],
    first: int,
    last: int,
) -> None:
    """Link each reached cell that is no source to the cell of lower cost it came from.

    Cells whose step cost nothing stay at -2 for `link_level_ground`.
    """
    rows, columns = cost.shape
    for i in range(first, last):
        for j in range(columns):
            if link[i, j] == 0 or cost[i, j] == np.inf:
                continue
            link[i, j] = -2
            here = 0.5 * friction[i, j]
            for k in range(1, 9):
                a = i + STEP_ROW[k]
                b = j + STEP_COLUMN[k]
                if 0 <= a < rows and 0 <= b < columns and cost[a, b] < cost[i, j]:
                    reached = cost[a, b] + (0.5 * friction[a, b] + here) * lengths[k]
                    if reached == cost[i, j]:
                        link[i, j] = k
                        break


@njit(cache=True, nogil=True)
def link_level_ground(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    link: npt.NDArray[np.int8],
    queue: npt.NDArray[np.int64],
) -> None:
    """Link the cells reached at no cost, ring by ring from those already linked.

    `queue` has room for all cells that wait.
    """
    rows, columns = cost.shape
    filled = first_ring(friction, cost, lengths, link, queue)
    for n in range(filled):
        link[queue[n] // 9 // columns, queue[n] // 9 % columns] = queue[n] % 9
    n = 0
    while n < filled:
        i = queue[n] // 9 // columns
        j = queue[n] // 9 % columns
        n += 1
        for m in range(1, 9):
            a = i + STEP_ROW[m]
            b = j + STEP_COLUMN[m]
            if 0 <= a < rows and 0 <= b < columns and link[a, b] == -2:
                step = (0.5 * friction[a, b] + 0.5 * friction[i, j]) * lengths[m]
                if cost[a, b] == cost[i, j] and cost[i, j] + step == cost[a, b]:
                    # The opposite of step m leads back.
                    back = (m + 3) % 8 + 1
                    link[a, b] = back
                    queue[filled] = (a * columns + b) * 9 + back
                    filled += 1


@njit(cache=True, nogil=True)
def first_ring(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    link: npt.NDArray[np.int8],
    queue: npt.NDArray[np.int64],
) -> int:
    """Queue the waiting cells beside linked ones, as cell number x 9 + step; count them."""
    filled = 0
    for i in range(cost.shape[0]):
        for j in range(cost.shape[1]):
            if link[i, j] == -2:
                k = level_step(friction, cost, lengths, link, i, j)
                if k > 0:
                    queue[filled] = (i * cost.shape[1] + j) * 9 + k
                    filled += 1
    return filled


@njit(cache=True, nogil=True)
def level_step(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    lengths: npt.NDArray[np.float64],
    link: npt.NDArray[np.int8],
    i: int,
    j: int,
) -> int:
    """First step from a cell to a linked one of the same cost that explains its cost."""
    rows, columns = cost.shape
    for k in range(1, 9):
        a = i + STEP_ROW[k]
        b = j + STEP_COLUMN[k]
        if 0 <= a < rows and 0 <= b < columns and link[a, b] >= 0:
            step = (0.5 * friction[a, b] + 0.5 * friction[i, j]) * lengths[k]
            if cost[a, b] == cost[i, j] and cost[a, b] + step == cost[i, j]:
                return k
    return 0


@njit(cache=True, nogil=True)
def number_sources(link: npt.NDArray[np.int8], number: npt.NDArray[np.int32]) -> None:
    """Give each linked cell the number of the source at the end of its links.

    `number` holds the numbers at the sources and -1 elsewhere.
    """
    rows, columns = link.shape
    for row in range(rows):
        for column in range(columns):
            if link[row, column] < 0 or number[row, column] >= 0:
                continue
            i = row
            j = column
            while number[i, j] < 0:
                k = link[i, j]
                i += STEP_ROW[k]
                j += STEP_COLUMN[k]
            found = number[i, j]
            i = row
            j = column
            while number[i, j] < 0:
                number[i, j] = found
                k = link[i, j]
                i += STEP_ROW[k]
                j += STEP_COLUMN[k]
