"""What it would be worth to know an unknown: how far rank and range would move on average."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import DataError

__all__ = ["Information", "value_of_information"]

_GROUPS = 10
_LEAST = 100
"""Fewest draws of which groups can be told apart."""


class Information(NamedTuple):
    """Expected change of the rank, and expected narrowing of the score's 5-95 % range."""

    rank: float
    score: float


def value_of_information(
    score: npt.ArrayLike, rank: npt.ArrayLike, unknown: npt.ArrayLike
) -> Information:
    """What knowing one unknown would change, read off draws that were made without knowing it.

    Draws are put into ten groups by the value that the unknown took. Were it known, only one
    group would be left: its mean rank stands for the rank then, its range for the range then.

    Parameters
    ----------
    score, rank : (draws,) array_like
        Of the site in every draw.
    unknown : (draws,) array_like
        Value score that the unknown took in every draw.

    Returns
    -------
    Information
        `rank`: mean distance of the groups' mean ranks from that of all draws. `score`: width
        of the 5-95 % range less the mean width within groups. NaN with fewer than 100 draws.

    Raises
    ------
    DataError
        If lengths differ.

    References
    ----------
    Strong, M., Oakley, J. E. (2013). An efficient method for computing single-parameter partial
    expected value of perfect information. Medical Decision Making 33(6), 755-766 (grouping of
    draws by the parameter). https://doi.org/10.1177/0272989X12465123

    Examples
    --------
    >>> u = np.linspace(0, 1, 1000)
    >>> found = value_of_information(0.4 + 0.2 * u, np.where(u > 0.5, 1, 2), u)
    >>> round(found.rank, 2), round(found.score, 2)
    (0.5, 0.16)
    """
    s, r, u = (np.asarray(given, dtype=np.float64) for given in (score, rank, unknown))
    if not s.shape == r.shape == u.shape or s.ndim != 1:
        raise DataError(f"scores {s.shape}, ranks {r.shape}, unknown {u.shape}: give one a draw")
    if s.size < _LEAST:
        return Information(np.nan, np.nan)
    groups = np.array_split(np.argsort(u, kind="stable"), _GROUPS)
    moved = [abs(r[group].mean() - r.mean()) for group in groups]
    widths = [_width(s[group]) for group in groups]
    return Information(float(np.mean(moved)), max(0.0, _width(s) - float(np.mean(widths))))


def _width(drawn: npt.NDArray[np.float64]) -> float:
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(high - low)
