"""What stands beside weights: the range each is worth, and which criteria say the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import DataError
from geo.scoring.ranks import check_matrix, check_weights

__all__ = ["Overlap", "overlapping", "weight_table"]

_LEAST = 3
"""Fewest alternatives of which a correlation says anything."""


@dataclass(frozen=True)
class Overlap:
    """Two criteria that rise and fall together, so that what they share is counted twice.

    `correlation` is Pearson's, negative where one falls as the other rises; `known` is the
    number of alternatives in which both are known.
    """

    first: str
    second: str
    correlation: float
    known: int

    def __str__(self) -> str:
        return (
            f"{self.first} and {self.second} overlap (correlation {self.correlation:+.2f} over "
            f"{self.known}): what they share is counted twice"
        )


def overlapping(
    matrix: npt.ArrayLike, names: Sequence[str], threshold: float = 0.8
) -> list[Overlap]:
    """Find criteria that overlap.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Values or value scores; NaN is unknown, and each pair is compared where both are known.
    names : sequence of str
        Of the criteria.
    threshold : float
        Size of the correlation from which on two criteria are named, in [0, 1].

    Returns
    -------
    list of Overlap
        The closest first. Pairs known in fewer than three alternatives, or with a criterion
        of one value there, have no correlation and are left out.

    Raises
    ------
    DataError
        If the names are too many or too few, or the threshold lies outside [0, 1].

    Examples
    --------
    >>> values = [[1.0, 10.0, 5.0], [2.0, 21.0, 1.0], [3.0, 29.0, 4.0]]
    >>> for found in overlapping(values, ["freight", "distance", "grade"]):
    ...     print(found)
    freight and distance overlap (correlation +1.00 over 3): what they share is counted twice
    """
    values = check_matrix(matrix)
    if len(names) != values.shape[1]:
        raise DataError(f"{len(names)} names for {values.shape[1]} criteria: give one each")
    if not 0 <= threshold <= 1:
        raise DataError(f"threshold is {threshold}, required is a number from 0 to 1")
    found = []
    for a in range(len(names)):
        for b in range(a + 1, len(names)):
            pair = values[:, [a, b]]
            pair = pair[~np.isnan(pair).any(axis=1)]
            if len(pair) >= _LEAST and (np.ptp(pair, axis=0) > 0).all():
                between = np.asarray(np.corrcoef(pair, rowvar=False))[0, 1]
                together = float(np.clip(between, -1.0, 1.0))
                if abs(together) >= threshold:
                    found.append(Overlap(str(names[a]), str(names[b]), together, len(pair)))
    return sorted(found, key=lambda overlap: -abs(overlap.correlation))


def weight_table(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike,
    names: Sequence[str],
    units: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Weights with the swing that each stands for.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        Values in the criteria's own units; NaN is unknown.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    names : sequence of str
        Of the criteria.
    units : sequence of str, optional
        Of the criteria.

    Returns
    -------
    DataFrame
        A row a criterion: ``criterion``, ``weight``, ``lowest``, ``highest``, ``swing`` (their
        difference), ``unit`` and ``known``, the number of alternatives in which it is known.

    Raises
    ------
    DataError
        If the numbers of criteria, weights, names and units differ.

    Examples
    --------
    >>> weight_table([[40.0], [160.0]], [1.0], ["freight"], ["USD/t"])
      criterion  weight  lowest  highest  swing   unit  known
    0   freight     1.0    40.0    160.0  120.0  USD/t      2
    """
    values = check_matrix(matrix)
    count = values.shape[1]
    scaled = check_weights(weights, count)
    said = [""] * count if units is None else list(units)
    if (len(names), len(said)) != (count, count):
        raise DataError(
            f"{len(names)} names and {len(said)} units for {count} criteria: give one each"
        )
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    return pd.DataFrame(
        {
            "criterion": [str(name) for name in names],
            "weight": scaled,
            "lowest": low,
            "highest": high,
            "swing": high - low,
            "unit": said,
            "known": (~np.isnan(values)).sum(axis=0),
        }
    )
