"""Shortest paths over a sparse graph given as arrays of arcs."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

__all__ = ["chain", "shortest"]


def shortest(
    size: int,
    tails: npt.ArrayLike,
    heads: npt.ArrayLike,
    costs: npt.ArrayLike,
    source: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Distance from one vertex to all, and the vertex before each.

    Parameters
    ----------
    size : int
        Number of vertices.
    tails, heads : (n,) arrays of int
        Ends of the arcs. No two arcs may join the same pair in the same sense: the sparse
        matrix would add them up.
    costs : (n,) array of float
        Not negative; 0 is a free arc.
    source : int

    Returns
    -------
    distance : (size,) float64 array
        Infinite where no arc leads.
    before : (size,) int32 array
        Negative at the source and where no arc leads.

    Examples
    --------
    >>> distance, before = shortest(3, [0, 1], [1, 2], [0.0, 2.5], 0)
    >>> distance
    array([0. , 0. , 2.5])
    >>> chain(before, 2)
    [0, 1, 2]
    """
    ends = (np.asarray(tails, dtype=np.int32), np.asarray(heads, dtype=np.int32))
    matrix = csr_array((np.asarray(costs, dtype=np.float64), ends), shape=(size, size))
    distance, before = dijkstra(matrix, indices=np.array([source]), return_predecessors=True)
    return np.asarray(distance[0], dtype=np.float64), np.asarray(before[0], dtype=np.int32)


def chain(before: npt.NDArray[np.int32], end: int) -> list[int]:
    """Vertices from the source to `end`, both included."""
    vertices = [end]
    while before[vertices[-1]] >= 0:
        vertices.append(int(before[vertices[-1]]))
    return vertices[::-1]
