"""Answers on the cells of a raster, block by block, each pattern of evidence asked once.

Evidence in a few classes shows few patterns, however many cells there are: what a model says
is then asked of the patterns, and the cells look it up.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.compute.blocks import each, row_blocks
from geo.minerals.counting import MOST_TABLED

__all__ = ["on_cells"]

Floats = npt.NDArray[np.float64]
Answer = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]

_BLOCK = 1 << 17


def on_cells(layers: Sequence[npt.NDArray[Any]], answer: Answer) -> Floats:
    """Put the answers of a function of rows on the cells of layers.

    Parameters
    ----------
    layers : sequence of (...) array
        Of one shape. Whole numbers in few classes are asked by pattern, on one processor;
        other cells in blocks, on all processors.
    answer : callable
        Takes (rows, layers) numbers of the layers' own kind, none of them NaN, and gives a
        number a row, the same in whatever company the row comes.

    Returns
    -------
    (...) array
        NaN where a layer is NaN.

    Examples
    --------
    >>> layers = [np.array([1.0, 2.0, np.nan]), np.array([10.0, 20.0, 30.0])]
    >>> on_cells(layers, lambda rows: rows.sum(axis=1)).tolist()
    [11.0, 22.0, nan]
    """
    flat = [layer.ravel() for layer in layers]
    patterns = _Patterns.of(flat)
    if patterns is not None:
        return patterns.spread(flat, answer).reshape(layers[0].shape)
    out = np.full(flat[0].size, np.nan)

    def fill(first: int, last: int) -> None:
        table = np.stack([one[first:last] for one in flat], axis=1)
        known = ~np.isnan(table).any(axis=1)
        if known.all():
            out[first:last] = answer(table)
        elif known.any():
            out[first:last][known] = answer(table[known])

    each(fill, row_blocks((out.size, 1), _BLOCK))
    return out.reshape(layers[0].shape)


@dataclass(frozen=True)
class _Patterns:
    """Numbering of all patterns between the least and the largest class of each layer."""

    low: tuple[int, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, layers: Sequence[npt.NDArray[Any]]) -> "_Patterns | None":
        """Number them; None where layers are not whole, or patterns no fewer than cells."""
        if not layers[0].size or any(layer.dtype.kind not in "biu" for layer in layers):
            return None
        low = tuple(int(layer.min()) for layer in layers)
        sizes = tuple(int(one.max()) - least + 1 for one, least in zip(layers, low, strict=True))
        few = min(MOST_TABLED, layers[0].size)
        return cls(low, sizes) if math.prod(sizes) <= few else None

    def spread(self, layers: Sequence[npt.NDArray[Any]], answer: Answer) -> Floats:
        """Ask each pattern that occurs once, and put the answers on the cells."""
        blocks = row_blocks((layers[0].size, 1), _BLOCK)
        occurs = np.zeros(math.prod(self.sizes), dtype=bool)
        for first, last in blocks:
            occurs[self._codes(layers, first, last)] = True
        codes = np.flatnonzero(occurs)
        rows = np.stack(np.unravel_index(codes, self.sizes), axis=1) + np.array(self.low)
        answers = np.full(occurs.size, np.nan)
        answers[codes] = answer(rows)
        out = np.empty(layers[0].size)
        for first, last in blocks:
            np.take(answers, self._codes(layers, first, last), out=out[first:last])
        return out

    def _codes(
        self, layers: Sequence[npt.NDArray[Any]], first: int, last: int
    ) -> npt.NDArray[np.int64]:
        code = np.zeros(last - first, dtype=np.int64)
        for layer, low, size in zip(layers, self.low, self.sizes, strict=True):
            code *= size
            code += layer[first:last]
            code -= low
        return code
