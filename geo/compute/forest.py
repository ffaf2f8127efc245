"""Mean of many decision trees at many places.

One tree after another is walked by a short run of places: a tree then stays in the fastest
memory while it is needed, where walking all trees for each place would fetch every one anew.
Six places step down together, so that the processor has another one at hand while it waits for
what a step needs.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["Trees", "mean_of_trees"]

Floats = npt.NDArray[np.float64]

_ABREAST = 6
_RUN = 348 * _ABREAST
"""Places, a multiple of six, whose evidence fits beside a tree into the cache."""


class Trees(NamedTuple):
    """Decision trees laid out one after another, children next to each other.

    `roots` holds where each tree begins; of each node `column` is what it looks at,
    `threshold` up to which it goes to `left` and beyond which to the node after it; a leaf leads to
    itself, its threshold being infinite, and `value` is what it says.
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


def mean_of_trees(places: npt.NDArray[Any], trees: Trees) -> Floats:
    """Mean of what the trees say at each place.

    Parameters
    ----------
    places : (places, columns) array
        Compared in 32 bits, as scikit-learn does.
    trees : Trees

    Returns
    -------
    (places,) array
        To the last digit what adding the trees up in their order gives; NaN where a column is
        NaN.

    Examples
    --------
    >>> stump = Trees(np.array([0]), np.array([0, 0, 0]), np.float32([0.5, np.inf, np.inf]),
    ...               np.array([1, 1, 2]), np.array([0.4, 0.1, 0.9]))
    >>> mean_of_trees(np.float32([[0.2], [0.7]]), stump).tolist()
    [0.1, 0.9]
    """
    rows = len(places)
    padded = np.zeros((-(-rows // _ABREAST) * _ABREAST, places.shape[1]), dtype=np.float32)
    padded[:rows] = places
    out = np.zeros(len(padded))
    _walk(padded, *trees, out)
    return out[:rows]


@njit(cache=True, nogil=True)
def _walk(places, roots, column, threshold, left, value, out):  # type: ignore[no-untyped-def]
    for first in range(0, len(places), _RUN):
        last = min(first + _RUN, len(places))
        for root in roots:
            for p in range(first, last, _ABREAST):
                a = b = c = d = e = f = root
                moved = 1
                while moved:
                    a0, b0, c0, d0, e0, f0 = a, b, c, d, e, f
                    a = left[a0] + (places[p, column[a0]] > threshold[a0])
                    b = left[b0] + (places[p + 1, column[b0]] > threshold[b0])
                    c = left[c0] + (places[p + 2, column[c0]] > threshold[c0])
                    d = left[d0] + (places[p + 3, column[d0]] > threshold[d0])
                    e = left[e0] + (places[p + 4, column[e0]] > threshold[e0])
                    f = left[f0] + (places[p + 5, column[f0]] > threshold[f0])
                    moved = (a ^ a0) | (b ^ b0) | (c ^ c0) | (d ^ d0) | (e ^ e0) | (f ^ f0)
                out[p] += value[a]
                out[p + 1] += value[b]
                out[p + 2] += value[c]
                out[p + 3] += value[d]
                out[p + 4] += value[e]
                out[p + 5] += value[f]
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
    threshold[leaf] = np.inf
    column = np.where(leaf, 0, tree.feature[order]).astype(np.int64)
    return column, threshold, left, tree.value[order][:, 0, -1]
