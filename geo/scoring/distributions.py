"""Laws of values that are in doubt, each as the value at a quantile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from geo.errors import DataError

__all__ = [
    "Distribution",
    "Empirical",
    "Normal",
    "Triangular",
    "Uniform",
    "normal",
    "triangular",
]

Floats = npt.NDArray[np.float64]


class Distribution(Protocol):
    """A law by its quantile function."""

    def quantile(self, share: Floats, /) -> Floats:
        """Value below which a share of the law lies, for shares in (0, 1)."""


@dataclass(frozen=True)
class Normal:
    """Normal law; with `low` and `high` what lies beyond is cut off and the rest scaled up."""

    mean: float
    deviation: float
    low: float = -np.inf
    high: float = np.inf

    def __post_init__(self) -> None:
        """Refuse what is no law."""
        if not (np.isfinite(self.mean) and 0 <= self.deviation < np.inf and self.low < self.high):
            raise DataError(
                f"normal law of mean {self.mean} and deviation {self.deviation} in "
                f"[{self.low}, {self.high}]: the deviation must be 0 or more, the limits rise"
            )

    def quantile(self, share: Floats, /) -> Floats:
        """Value below which a share of the law lies."""
        return normal(share, self.mean, self.deviation, self.low, self.high)


@dataclass(frozen=True)
class Uniform:
    """Every value between two limits alike."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse what is no law."""
        if not (np.isfinite([self.low, self.high]).all() and self.low <= self.high):
            raise DataError(f"uniform law in [{self.low}, {self.high}]: limits must rise")

    def quantile(self, share: Floats, /) -> Floats:
        """Value below which a share of the law lies."""
        return np.asarray(self.low + (self.high - self.low) * share)


@dataclass(frozen=True)
class Triangular:
    """Triangular law between two limits with its peak between them."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        """Refuse what is no law."""
        numbers = (self.low, self.mode, self.high)
        if not (np.isfinite(numbers).all() and self.low <= self.mode <= self.high):
            raise DataError(f"triangular law {numbers}: low, mode and high must rise")

    def quantile(self, share: Floats, /) -> Floats:
        """Value below which a share of the law lies."""
        return triangular(share, self.low, self.mode, self.high)


@dataclass(frozen=True)
class Empirical:
    """Values that were observed, each as likely as another."""

    values: tuple[float, ...]

    def __init__(self, values: Sequence[float]) -> None:
        found = np.sort(np.asarray(values, dtype=np.float64).ravel())
        if found.size == 0 or not np.isfinite(found).all():
            raise DataError("an empirical law needs one observed value or more, without NaN")
        object.__setattr__(self, "values", tuple(found.tolist()))

    def quantile(self, share: Floats, /) -> Floats:
        """Value below which a share of the law lies: one that was observed."""
        found = np.asarray(self.values)
        place = np.minimum((np.asarray(share) * found.size).astype(np.intp), found.size - 1)
        return np.asarray(found[place])


def normal(
    quantile: npt.ArrayLike,
    mean: npt.ArrayLike,
    deviation: npt.ArrayLike,
    low: npt.ArrayLike = -np.inf,
    high: npt.ArrayLike = np.inf,
) -> Floats:
    """Value of a normal distribution, cut off at limits, at a quantile.

    Parameters
    ----------
    quantile : array_like
        In (0, 1).
    mean, deviation, low, high : array_like
        They broadcast against `quantile`. A deviation of 0 gives the mean.

    Returns
    -------
    array
        In [low, high] but for a deviation of 0.

    Examples
    --------
    >>> normal([0.5, 0.5], [1.0, 2.0], [0.1, 0.0]).tolist()
    [1.0, 2.0]
    """
    middle, spread = np.asarray(mean, float), np.asarray(deviation, float)
    wide = np.where(spread > 0, spread, 1.0)
    below, upto = (ndtr((np.asarray(end, float) - middle) / wide) for end in (low, high))
    found = middle + wide * ndtri(below + np.asarray(quantile, float) * (upto - below))
    return np.asarray(np.where(spread > 0, np.clip(found, low, high), middle), dtype=np.float64)


def triangular(
    quantile: npt.ArrayLike, low: npt.ArrayLike, mode: npt.ArrayLike, high: npt.ArrayLike
) -> Floats:
    """Value of a triangular distribution at a quantile.

    Parameters
    ----------
    quantile : array_like
        In [0, 1].
    low, mode, high : array_like
        Limits and peak, rising; they broadcast against `quantile`.

    Returns
    -------
    array
        In [low, high].

    References
    ----------
    Kotz, S., van Dorp, J. R. (2004). Beyond beta, section 1.2.
    https://doi.org/10.1142/5720

    Examples
    --------
    >>> triangular([0.0, 0.5, 1.0], 10.0, 20.0, 30.0).tolist()
    [10.0, 20.0, 30.0]
    """
    q, a, m, b = np.broadcast_arrays(*(np.asarray(v, float) for v in (quantile, low, mode, high)))
    rising = a + np.sqrt(q * (b - a) * (m - a))
    falling = b - np.sqrt((1.0 - q) * (b - a) * (b - m))
    below = q * (b - a) < (m - a)
    return np.asarray(np.clip(np.where(below, rising, falling), a, b), dtype=np.float64)
