"""Back-links of some rows of an accumulated cost that memory does not hold as a whole."""

import numpy as np
import numpy.typing as npt

from geo.compute.backlinks import link_level_ground, link_to_lower
from geo.compute.sweeps import step_lengths
from geo.errors import DataError

__all__ = ["links_of_rows"]


def links_of_rows(
    friction: npt.NDArray[np.floating],
    cost: npt.NDArray[np.float64],
    sources: npt.NDArray[np.bool_],
    cell_size: tuple[float, float],
    rows: slice,
    *,
    whole: bool,
) -> npt.NDArray[np.int8]:
    """Step from each cell towards its source.

    Parameters
    ----------
    friction, cost : (rows, columns) arrays
        Of the rows wanted and, where the raster has them, one above and one below; the cost
        as of `geo.compute.kernels.accumulated_cost`.
    sources : (rows, columns) array of bool
        Cells at which the cost starts.
    cell_size : (height of a row, width of a column)
    rows : slice
        The rows wanted among those given.
    whole : bool
        Whether these are all rows of the raster.

    Returns
    -------
    (wanted rows, columns) int8 array
        As the back-links of `geo.compute.kernels.CostAllocation`.

    Raises
    ------
    DataError
        If these are not all rows and a cell is reached at no cost: which of its equal
        neighbours leads on is then not told by the rows beside it.

    Examples
    --------
    >>> friction = np.ones((3, 2))
    >>> cost = np.array([[0.0, 1.0], [1.0, 2**0.5], [2.0, 1.0 + 2**0.5]])
    >>> links_of_rows(friction, cost, cost == 0, (1.0, 1.0), slice(1, 3), whole=False)
    array([[1, 8],
           [1, 1]], dtype=int8)
    """
    settled = np.where(np.isnan(cost), np.inf, cost)
    link = np.where(sources, np.int8(0), np.int8(-1))
    lengths = step_lengths(*cell_size)
    link_to_lower(friction, settled, lengths, link, rows.start, rows.stop)
    waiting = int(np.count_nonzero(link[rows] == -2))
    if waiting and not whole:
        raise DataError(
            "a way over ground that costs nothing cannot be traced within a memory budget: give "
            "every passable cell a cost above 0, or run without --memory"
        )
    if waiting:
        link_level_ground(friction, settled, lengths, link, np.empty(waiting, dtype=np.int64))
    return link[rows]
