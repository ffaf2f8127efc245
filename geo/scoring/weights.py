"""Weights of criteria, the ranges they may lie in, and seeded draws from those ranges.

A weight says what the whole swing of its criterion is worth, from the value that scores 0 to
the one that scores 1. It means nothing without that swing, so show the two together.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError

__all__ = ["WeightRange", "Weights", "draw_weights", "generator", "normalise"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of criteria and where they come from.

    It may stand wherever an array of weights may.

    Parameters
    ----------
    weights : (criteria,) array
        Adding up to 1.
    method : str
        Name of the method that gave them.
    preference : bool
        Whether they state what somebody wants. Weights read off the data do not.
    """

    weights: Floats
    method: str
    preference: bool = True

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Floats:
        """Give the weights alone."""
        return np.array(self.weights, dtype=dtype, copy=copy)


@dataclass(frozen=True)
class WeightRange:
    """A weight and the range in which reasonable people would set it.

    Parameters
    ----------
    central : float
        The weight that the score itself is made with.
    low, high : float
        Smallest and largest weight that the draws may take. Equal to `central` for a weight
        that is not in doubt.

    Raises
    ------
    DataError
        If a number is negative or not finite, or the three do not rise.

    Examples
    --------
    >>> WeightRange(0.3, 0.2, 0.4).swing
    0.2
    """

    central: float
    low: float
    high: float

    def __post_init__(self) -> None:
        numbers = (self.low, self.central, self.high)
        if not all(np.isfinite(numbers)) or self.low < 0:
            raise DataError(
                f"weight {self.central} in [{self.low}, {self.high}]: "
                "all three must be finite and zero or more"
            )
        if not self.low <= self.central <= self.high:
            raise DataError(
                f"weight {self.central} does not lie in its range [{self.low}, {self.high}]: "
                "write low, central and high in rising order"
            )

    @property
    def swing(self) -> float:
        """Width of the range."""
        return self.high - self.low


def normalise(weights: npt.ArrayLike) -> Floats:
    """Scale weights so that they add up to 1.

    Parameters
    ----------
    weights : (criteria,) array_like
        Zero or more each, not all zero.

    Returns
    -------
    (criteria,) array

    Raises
    ------
    DataError
        If there is no weight, one is negative or not finite, or all are zero.

    Examples
    --------
    >>> normalise([1, 1, 2]).tolist()
    [0.25, 0.25, 0.5]
    """
    try:
        found = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"weights must be numbers, found {weights!r}") from None
    if found.ndim != 1 or found.size == 0:
        raise DataError(f"weights must be a list of numbers, found the shape {found.shape}")
    if not np.isfinite(found).all() or (found < 0).any():
        raise DataError(f"weights must be finite and zero or more, found {found.tolist()}")
    # The largest first: weights near the largest float would overflow in the sum.
    largest = found.max()
    if largest == 0:
        raise DataError("the weights add up to zero: raise one of them")
    scaled = found / largest
    return np.asarray(scaled / scaled.sum(), dtype=np.float64)


def draw_weights(
    ranges: Mapping[str, WeightRange], draws: int, seed: int | Sequence[int | str]
) -> Floats:
    """Draw weights from their ranges, each draw scaled to add up to 1.

    Every weight is uniform in [low, high], before scaling: a range states which weights are
    admissible, not how likely each is, and the uniform law adds no belief to that (the
    feasible weight space of SMAA, Lahdelma and Salminen 2001). A triangular law would narrow
    the ranks' ranges by a peak that nobody has stated.

    Each criterion has its own stream of numbers, keyed by its id, so that a criterion more
    or another order leaves the others' unscaled draws as they were.

    Parameters
    ----------
    ranges : mapping of str to WeightRange
        By criterion id.
    draws : int
        Number of draws, at least one.
    seed : int, or sequence of int and str
        Key of the streams; the same key gives the same draws.

    Returns
    -------
    (draws, criteria) array
        Rows add up to 1; columns in the order of `ranges`.

    Raises
    ------
    DataError
        If there is no criterion or no draw, every `high` is zero, or the seed is negative.

    References
    ----------
    Lahdelma, R., Salminen, P. (2001). SMAA-2: stochastic multicriteria acceptability analysis
    for group decision making. Operations Research 49(3), 444-454.
    https://doi.org/10.1287/opre.49.3.444.11220

    Examples
    --------
    >>> ranges = {"grade": WeightRange(0.6, 0.5, 0.7), "freight": WeightRange(0.4, 0.4, 0.4)}
    >>> weights = draw_weights(ranges, 1000, seed=1)
    >>> weights.shape, round(float(weights[:, 0].max()), 2)
    ((1000, 2), 0.64)
    """
    if draws < 1:
        raise DataError(f"{draws} draws: at least one is needed")
    if not ranges or all(r.high == 0 for r in ranges.values()):
        raise DataError("no criterion has a weight above zero: raise one")
    raw = np.empty((draws, len(ranges)))
    for column, (name, given) in enumerate(ranges.items()):
        # In (0, 1], so that a range that begins at zero never makes all weights zero.
        share = 1.0 - generator(seed, "weight", name).random(draws)
        raw[:, column] = np.minimum(given.low + given.swing * share, given.high)
    # Scaled row by row in the same way as `normalise`: without ranges the results are equal.
    raw /= raw.max(axis=1, keepdims=True)
    return np.asarray(raw / raw.sum(axis=1, keepdims=True), dtype=np.float64)


def generator(seed: int | Sequence[int | str], *key: str) -> np.random.Generator:
    """Make the random stream that belongs to a seed and a key.

    Parameters
    ----------
    seed : int, or sequence of int and str
        Zero or more each.
    *key : str
        What the stream is for, such as a theme, a site and a criterion. Texts enter by
        their BLAKE2b digest, so that the stream depends on nothing but the text.

    Returns
    -------
    numpy.random.Generator
        On PCG64, which gives the same numbers on every platform.

    Raises
    ------
    DataError
        If a number of the seed is negative.

    Examples
    --------
    >>> a = generator(1, "site-7").random()
    >>> a == generator(1, "site-7").random(), a == generator(1, "site-8").random()
    (True, False)
    """
    parts = (seed,) if isinstance(seed, int | np.integer) else tuple(seed)
    numbers = [_number(part) for part in (*parts, *key)]
    if min(numbers) < 0:
        raise DataError(f"seed {seed!r} is negative: take zero or more")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(numbers)))


def _number(part: int | str) -> int:
    if isinstance(part, str):
        return int.from_bytes(hashlib.blake2b(part.encode(), digest_size=8).digest(), "little")
    return int(part)
