"""Counts of cells and deposits, and the weights that they stand for."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import DataError

__all__ = ["MOST_TABLED", "as_cells", "as_numbers", "class_weights", "enough", "tally"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST_TABLED = 1 << 20
"""Different numbers up to which each has a place in a table, which needs no sorting."""
_RUN = 1 << 21


def tally(numbers: npt.NDArray[np.integer], holds: Bools) -> tuple[Ints, Ints, Ints]:
    """Count cells, and cells with a deposit, by number.

    Parameters
    ----------
    numbers : (...) array of int
        At least one.
    holds : (...) array of bool

    Returns
    -------
    numbers, cells, with_deposit : (n,) arrays
        The numbers that occur, rising.

    Examples
    --------
    >>> [part.tolist() for part in tally(np.array([7, 5, 7]), np.array([True, False, False]))]
    [[5, 7], [1, 2], [0, 1]]
    """
    low, high = int(numbers.min()), int(numbers.max())
    if high - low < MOST_TABLED:
        flat, held_flat = numbers.ravel(), holds.ravel()
        cells, held = (np.zeros(high - low + 1, dtype=np.int64) for _ in range(2))
        # Short runs: a count widens its numbers, and a country of them is no small thing.
        for first in range(0, flat.size, _RUN):
            place = flat[first : first + _RUN].astype(np.int64) - low
            cells += np.bincount(place, minlength=cells.size)
            held += np.bincount(place[held_flat[first : first + _RUN]], minlength=cells.size)
        names = np.flatnonzero(cells)
        return names + low, cells[names], held[names]
    several, inverse = np.unique(numbers.astype(np.int64), return_inverse=True)
    inverse = inverse.reshape(numbers.shape)
    held = np.bincount(inverse[holds], minlength=several.size)
    return several, np.bincount(inverse.ravel(), minlength=several.size), held


def class_weights(
    n: npt.NDArray[Any], deposits: npt.NDArray[Any], total: float, found: int
) -> pd.DataFrame:
    """Weights of patterns from their counts.

    Parameters
    ----------
    n, deposits : (patterns,) arrays
        Cells of each pattern, or its area in unit cells, and how many of them hold a deposit.
    total, found : float, int
        Known cells in all, and how many of them hold a deposit.

    Returns
    -------
    DataFrame
        A row a pattern, with the columns of `weights_of_evidence` from ``w_plus`` on.

    Examples
    --------
    >>> class_weights(np.array([20]), np.array([6]), 100, 10)[["w_plus", "w_minus"]].round(2)
       w_plus  w_minus
    0    1.35    -0.75
    """
    counts = np.stack([deposits, found - deposits, n - deposits, total - n - found + deposits])
    # Areas are sums of fractions, whose order of adding tells in the last digit.
    whole = n >= total * (1 - 1e-12)
    corrected = (counts == 0).any(axis=0) & ~whole
    share = n / total
    spread = np.where(corrected, np.stack([share, 1 - share, share, 1 - share]), 0.0)
    inside, outside, barren, rest = counts + spread
    with np.errstate(divide="ignore", invalid="ignore"):
        w_plus = np.log(inside / (inside + outside)) - np.log(barren / (barren + rest))
        w_minus = np.log(outside / (inside + outside)) - np.log(rest / (barren + rest))
        s_plus = np.sqrt(1 / inside + 1 / barren)
        s_minus = np.sqrt(1 / outside + 1 / rest)
    w_minus, s_minus = np.where(whole, np.nan, w_minus), np.where(whole, np.nan, s_minus)
    deviation = np.hypot(s_plus, s_minus)
    return pd.DataFrame(
        {
            "w_plus": w_plus,
            "s_w_plus": s_plus,
            "w_minus": w_minus,
            "s_w_minus": s_minus,
            "contrast": w_plus - w_minus,
            "s_contrast": deviation,
            "studentised": (w_plus - w_minus) / deviation,
            "corrected": corrected,
        }
    )


def as_numbers(values: npt.ArrayLike, what: str) -> npt.NDArray[np.floating]:
    """Numbers, NaN where unknown; `what` names them in an error. Floats are taken as they are."""
    given = np.asarray(values)
    if given.dtype in (np.float32, np.float64):
        return given
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{what} must hold numbers, NaN where unknown") from None


def as_cells(deposits: npt.ArrayLike, shape: tuple[int, ...]) -> Bools:
    """Cells that hold a deposit, of the shape of the evidence."""
    found = np.asarray(deposits)
    if found.shape != shape:
        raise DataError(
            f"deposits have the shape {found.shape}, the evidence {shape}: put both on one grid"
        )
    if found.dtype != np.bool_ and not np.isin(found, (0, 1)).all():
        raise DataError("deposits must be True or False a cell: a cell holds a deposit or not")
    return found.astype(bool)


def enough(found: int, cells: float) -> int:
    """Count of cells with a deposit; refuses when there are too few or too many."""
    if found == 0:
        raise DataError("no known cell holds a deposit: check the points' CRS and the area")
    if found == 1:
        raise DataError(
            "all deposits lie in one cell, at least two are needed: take smaller cells or more "
            "deposits"
        )
    if found == cells:
        raise DataError("every known cell holds a deposit: take smaller cells")
    return found
