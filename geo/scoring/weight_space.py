"""Sets of weights that are admissible, and seeded draws spread evenly over them.

Every draw adds up to 1. Where nothing is known of the weights all of them are admissible: the
whole simplex (Lahdelma and Salminen 2001). Knowledge cuts it down: limits of each weight, or
the order of their importance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.weighting import WeightRange, draw_weights, normalise

__all__ = [
    "Bounded",
    "Dirichlet",
    "Fixed",
    "Ordinal",
    "Scaled",
    "Simplex",
    "WeightSpace",
    "weight_space",
]

Floats = npt.NDArray[np.float64]

_TRIES = 200
_SWEEPS = 40


class WeightSpace(Protocol):
    """Anything that can draw weights."""

    @property
    def criteria(self) -> int | None:
        """Number of criteria, None if any number will do."""

    def draw(self, draws: int, criteria: int, chance: np.random.Generator) -> Floats:
        """Draw a (draws, criteria) array of rows that add up to 1."""


@dataclass(frozen=True)
class Simplex:
    """All weights that add up to 1, each as likely as any other."""

    criteria: int | None = None

    def draw(self, draws: int, criteria: int, chance: np.random.Generator) -> Floats:
        """Draw a (draws, criteria) array of rows that add up to 1."""
        return chance.dirichlet(np.ones(criteria), draws)


@dataclass(frozen=True)
class Dirichlet:
    """Weights round a centre: Dirichlet's law with the parameters `alpha`, above 0 each.

    The mean weight is alpha over its sum; the larger the sum, the narrower.
    """

    alpha: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no parameter."""
        found = np.asarray(self.alpha, dtype=np.float64)
        if found.ndim != 1 or found.size == 0 or not (np.isfinite(found) & (found > 0)).all():
            raise DataError(f"alpha is {self.alpha}, required is a number above 0 a criterion")

    @property
    def criteria(self) -> int:
        """Number of criteria."""
        return len(self.alpha)

    def draw(self, draws: int, criteria: int, chance: np.random.Generator) -> Floats:
        """Draw a (draws, criteria) array of rows that add up to 1."""
        return chance.dirichlet(np.asarray(self.alpha, float), draws).reshape(draws, criteria)


@dataclass(frozen=True)
class Fixed:
    """One set of weights, scaled to add up to 1."""

    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be weights."""
        normalise(self.weights)

    @property
    def criteria(self) -> int:
        """Number of criteria."""
        return len(self.weights)

    def draw(self, draws: int, criteria: int, chance: np.random.Generator) -> Floats:
        """Draw a (draws, criteria) array of rows that add up to 1."""
        del chance  # nothing is drawn
        return np.broadcast_to(normalise(self.weights), (draws, criteria)).copy()


@dataclass(frozen=True)
class Scaled:
    """Each weight uniform in its range, then all scaled to add up to 1, as in a recipe.

    Scaled weights may leave their ranges and are not spread evenly over the simplex; their
    ratios keep within the ratios of the limits. `Bounded` keeps the limits.
    """

    ranges: tuple[WeightRange, ...]

    @property
    def criteria(self) -> int:
        """Number of criteria."""
        return len(self.ranges)

    def draw(self, draws: int, criteria: int, chance: np.random.Generator) -> Floats:
        """Draw a (draws, criteria) array of rows that add up to 1."""
        named = {str(n): given for n, given in enumerate(self.ranges)}
        return draw_weights(named, draws, int(chance.integers(2**62))).reshape(draws, criteria)


@dataclass(frozen=True)
class Bounded:
    """Weights that add up to 1 and keep within limits, each as likely as any other.

    Parameters
    ----------
    low, high : (criteria,) tuple of float
        In [0, 1]; the lows must not add up to more than 1, nor the highs to less.

    Examples
    --------
    >>> space = Bounded((0.1, 0.0, 0.0), (0.2, 1.0, 0.5))
    >>> drawn = space.draw(1000, 3, np.random.default_rng(1))
    >>> bool((drawn[:, 0] >= 0.1).all() and (drawn[:, 0] <= 0.2).all())
    True
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse limits that leave no weights."""
        low, high = np.asarray(self.low, float), np.asarray(self.high, float)
        if low.shape != high.shape or low.ndim != 1 or low.size == 0:
            raise DataError(f"{low.size} lower and {high.size} upper limits: give one each")
        if not ((low >= 0) & (low <= high) & (high <= 1)).all():
            at = int(np.flatnonzero(~((low >= 0) & (low <= high) & (high <= 1)))[0])
            raise DataError(
                f"weight {at} lies in [{low[at]:g}, {high[at]:g}]: limits rise and lie in [0, 1]"
            )
        if low.sum() > 1 + 1e-12 or high.sum() < 1 - 1e-12:
            raise DataError(
                f"the limits add up to {low.sum():g} and {high.sum():g}: no weights between them "
                "add up to 1; lower the lows or raise the highs"
            )

    @property
    def criteria(self) -> int:
        """Number of criteria."""
        return len(self.low)

    def draw(self, draws: int, criteria: int, chance: np.random.Generator) -> Floats:
        """Draw a (draws, criteria) array of rows that add up to 1.

        Points of the simplex above the lower limits are drawn and those above an upper limit
        thrown away; where hardly any would be left, every draw walks about the set instead,
        moving weight between two criteria at a time, until it has forgotten its start.
        """
        low, high = np.asarray(self.low, float), np.asarray(self.high, float)
        kept: list[Floats] = []
        for tries in range(_TRIES):
            found = low + max(0.0, 1 - low.sum()) * chance.dirichlet(np.ones(criteria), draws)
            kept.append(found[(found <= high).all(axis=1)])
            have = sum(map(len, kept))
            if have >= draws:
                return np.concatenate(kept)[:draws]
            if tries == 1 and have * _TRIES < 2 * draws:
                break
        return _walk(low, high, draws, chance)


def _walk(low: Floats, high: Floats, draws: int, chance: np.random.Generator) -> Floats:
    span = high - low
    spare = 1 - low.sum()
    start = low + span * (spare / span.sum() if span.sum() > 0 else 0.0)
    at = np.tile(start, (draws, 1))
    if low.size < 2:
        return at
    every = np.arange(draws)
    for _ in range(_SWEEPS * low.size):
        first = chance.integers(low.size, size=draws)
        second = (first + 1 + chance.integers(low.size - 1, size=draws)) % low.size
        both = at[every, first] + at[every, second]
        least = np.maximum(low[first], both - high[second])
        most = np.minimum(high[first], both - low[second])
        at[every, first] = least + (most - least) * chance.random(draws)
        at[every, second] = both - at[every, first]
    return np.clip(at, low, high)


@dataclass(frozen=True)
class Ordinal:
    """Weights of which only the order is known.

    Parameters
    ----------
    order : tuple of int
        Every criterion once, the most important first; its weight is at least the next one's.

    Examples
    --------
    >>> drawn = Ordinal((1, 0)).draw(1000, 2, np.random.default_rng(1))
    >>> bool((drawn[:, 1] >= drawn[:, 0]).all()), bool(0.73 < drawn[:, 1].mean() < 0.77)
    (True, True)
    """

    order: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what is no order."""
        if sorted(self.order) != list(range(len(self.order))) or not self.order:
            raise DataError(
                f"the order is {self.order}, required is every criterion once, from 0, "
                "the most important first"
            )

    @property
    def criteria(self) -> int:
        """Number of criteria."""
        return len(self.order)

    def draw(self, draws: int, criteria: int, chance: np.random.Generator) -> Floats:
        """Draw a (draws, criteria) array of rows that add up to 1."""
        found = np.empty((draws, criteria))
        falling = -np.sort(-chance.dirichlet(np.ones(criteria), draws), axis=1)
        found[:, list(self.order)] = falling
        return found


def weight_space(weights: object, criteria: int) -> WeightSpace:
    """Make a weight space of what a caller gives.

    Parameters
    ----------
    weights : WeightSpace, None or array_like
        None is the whole simplex; a number a criterion is one set of weights; a pair a
        criterion, or a WeightRange, is its limits. A mapping has one of these by criterion,
        in the order of the columns.
    criteria : int

    Returns
    -------
    WeightSpace

    Raises
    ------
    DataError
        If it is none of these, or for another number of criteria.

    Examples
    --------
    >>> weight_space([(0.2, 0.4), (0.6, 0.8)], 2)
    Bounded(low=(0.2, 0.6), high=(0.4, 0.8))
    """
    space = _space(weights)
    if space.criteria is not None and space.criteria != criteria:
        raise DataError(f"weights of {space.criteria} criteria for {criteria} criteria")
    return space


def _space(weights: object) -> WeightSpace:
    if weights is None:
        return Simplex()
    if hasattr(weights, "draw"):
        return weights  # type: ignore[return-value] # a protocol, known by its method
    if isinstance(weights, Mapping):
        return _space(list(weights.values()))
    if isinstance(weights, Sequence) and all(isinstance(w, WeightRange) for w in weights):
        return Scaled(tuple(weights))
    try:
        found = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"weights {weights!r} are no numbers, pairs of limits or space") from None
    if found.ndim == 1:
        return Fixed(tuple(found.tolist()))
    if found.ndim == 2 and found.shape[1] == 2:
        return Bounded(tuple(found[:, 0].tolist()), tuple(found[:, 1].tolist()))
    raise DataError(
        f"weights have the shape {found.shape}: give a number a criterion, or a pair of limits"
    )
