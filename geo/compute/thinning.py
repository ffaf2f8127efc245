"""Items set out over open cells so that none lies in another's ellipse."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["thin_out"]


@njit(cache=True, nogil=True)
def thin_out(open_: npt.NDArray[np.bool_], near: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Take open cells row by row, each closing those near it.

    Parameters
    ----------
    open_ : (rows, columns) array of bool
        Not changed.
    near : (2 m + 1, 2 n + 1) array of bool
        Cells about a taken one, itself in the middle, that are taken no more.

    Returns
    -------
    (rows, columns) array of bool
        Taken cells: no two near each other, and no open cell left that is near none.
    """
    rows, columns = open_.shape
    high, wide = near.shape[0] // 2, near.shape[1] // 2
    left = open_.copy()
    taken = np.zeros(open_.shape, dtype=np.bool_)
    for row in range(rows):
        for column in range(columns):
            if not left[row, column]:
                continue
            taken[row, column] = True
            for y in range(max(0, row - high), min(rows, row + high + 1)):
                for x in range(max(0, column - wide), min(columns, column + wide + 1)):
                    if near[y - row + high, x - column + wide]:
                        left[y, x] = False
    return taken
