"""Mean of many decision trees at many places.

One tree after another is walked by a short run of places: a tree then stays in the fastest
memory while it is needed, where walking all trees for each place would fetch every one anew.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["Trees", "mean_of_trees"]

Floats = npt.NDArray[np.float64]

_RUN = 2048
"""Places that walk a tree together: their evidence fits beside it into the cache."""


class Trees(NamedTuple):
    """Decision trees laid out one after another, children next to each other.

    `roots` holds where each tree begins; of each node `column` is what it looks at,
    `threshold` up to which it goes to `left` and beyond which to the node after it; a leaf has
    itself for `left`, and `value` is what it says.
    """

    roots: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int64]
    value: Floats

    @classmethod
    def of(cls, trees: Iterable[Any]) -> "Trees":
        """Lay out trees.

        Parameters
        ----------
        trees : iterable
            With the arrays of scikit-learn's ``tree_``: ``children_left``, ``children_right``,
            ``feature``, ``threshold`` and ``value`` (nodes, 1, 2), the share of the second
            class last.

        Returns
        -------
        Trees
        """
        parts, begin = [], 0
        for tree in trees:
            parts.append(_laid_out(tree, begin))
            begin += tree.children_left.size
        sizes = [0, *(part[0].size for part in parts)]
        column, threshold, left, value = (np.concatenate(one) for one in zip(*parts, strict=True))
        return cls(np.cumsum(sizes)[:-1], column, threshold, left, value)


def mean_of_trees(places: npt.NDArray[np.float32], trees: Trees) -> Floats:
    """Mean of what the trees say at each place.

    Parameters
    ----------
    places : (places, columns) array of float32
    trees : Trees

    Returns
    -------
    (places,) array
        To the last digit what adding the trees up in their order gives; NaN where a column is
        NaN.

    Examples
    --------
    >>> stump = Trees(np.array([0]), np.array([0, 0, 0]), np.float32([0.5, 0, 0]),
    ...               np.array([1, 1, 2]), np.array([0.4, 0.1, 0.9]))
    >>> mean_of_trees(np.float32([[0.2], [0.7]]), stump).tolist()
    [0.1, 0.9]
    """
    out = np.zeros(len(places))
    _walk(np.ascontiguousarray(places, dtype=np.float32), *trees, out)
    return out


@njit(cache=True, nogil=True)
def _walk(places, roots, column, threshold, left, value, out):  # type: ignore[no-untyped-def]
    for first in range(0, len(places), _RUN):
        last = min(first + _RUN, len(places))
        for root in roots:
            for place in range(first, last):
                node = root
                child = left[node]
                while child != node:
                    node = child + (places[place, column[node]] > threshold[node])
                    child = left[node]
                out[place] += value[node]
        for place in range(first, last):
            out[place] /= roots.size
            if np.isnan(places[place]).any():
                out[place] = np.nan


def _laid_out(tree: Any, begin: int) -> tuple[npt.NDArray[Any], ...]:
    """Column, threshold, left child and value of each node, breadth first."""
    order, place = [0], 0
    left = np.arange(tree.children_left.size) + begin
    while place < len(order):
        node = order[place]
        if tree.children_left[node] >= 0:
            left[place] = begin + len(order)
            order += [tree.children_left[node], tree.children_right[node]]
        place += 1
    leaf = tree.children_left[order] < 0
    # A value of 32 bits is above the threshold of 64 where it is above the next lower of 32.
    threshold = tree.threshold[order].astype(np.float32)
    down = np.nextafter(threshold, np.float32(-np.inf))
    threshold = np.where(threshold > tree.threshold[order], down, threshold)
    column = np.where(leaf, 0, tree.feature[order]).astype(np.int64)
    return column, threshold, left, tree.value[order][:, 0, -1]
