"""How sure a rank is: seeded draws over weights, values and unknowns, and what they give.

Three things are in doubt at once. A weight lies in a range. A value may lie in a range of its
own (a tariff, a point known to 8 km). An unknown may turn out anywhere from worst to best.
Each draw settles all three; the ranges and the confidence of a site are read off the draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from geo.compute.ranks import rank_rows
from geo.errors import DataError
from geo.scoring.combination import Combination
from geo.scoring.distributions import triangular
from geo.scoring.weighting import generator

__all__ = [
    "RankRanges",
    "ValueFunction",
    "ValueRange",
    "draw_scores",
    "rank_ranges",
    "unknown_draws",
]

Floats = npt.NDArray[np.float64]

_BLOCK = 1 << 20


class ValueFunction(Protocol):
    """Anything that turns values into value scores in [0, 1] and keeps NaN."""

    def __call__(self, values: Any, /) -> Any:
        """Score values."""


@dataclass(frozen=True, eq=False)
class ValueRange:
    """Values of one criterion that are known within limits.

    `low`, `central` and `high` are (sites,) in the criterion's unit, NaN where a site has no
    range. With `common` every site takes the same quantile in a draw, as when one tariff or
    one capital cost is in doubt for all; without it each site takes its own, as when each
    site's point is.
    """

    low: Floats
    central: Floats
    high: Floats
    function: ValueFunction
    common: bool = True


@dataclass(frozen=True, eq=False)
class RankRanges:
    """What the draws say of each site, all (sites,).

    `score_low` and `score_high` are the 5 % and 95 % quantiles of the score, `rank_best` and
    `rank_worst` those of the rank, `confidence` is the share of draws in the top ranks.
    """

    score_low: Floats
    score_high: Floats
    rank_best: npt.NDArray[np.int64]
    rank_worst: npt.NDArray[np.int64]
    confidence: Floats


def draw_scores(
    value_scores: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    sites: Sequence[str],
    criteria: Sequence[str],
    seed: int | Sequence[int | str],
    ranges: Mapping[str, ValueRange] | None = None,
    pessimism: float = 1.0,
    combination: Combination | None = None,
) -> Floats:
    """Score every site in every draw.

    An unknown takes a value score anywhere in [0, 1], independent for each site and
    criterion, with the distribution Beta(1, `pessimism`). A value with a range takes a
    triangular one, which the value function then scores. The numbers of a site depend on its
    id, not on its place in the table or on which other sites there are.

    Parameters
    ----------
    value_scores : (sites, criteria) array_like
        Outputs of the value functions, NaN where unknown.
    weights : (draws, criteria) array_like
        Rows that add up to 1, as from :func:`geo.scoring.weighting.draw_weights`.
    sites, criteria : sequence of str
        Ids, which key the random streams.
    seed : int, or sequence of int and str
        Key of all streams.
    ranges : mapping of str to ValueRange, optional
        By criterion. A range of a site whose value is unknown is not used.
    pessimism : float
        1 draws unknowns uniformly; the larger, the likelier the worst. An unknown is then on
        average ``1 / (1 + pessimism)``.
    combination : Combination, optional
        How the criteria of a draw become one score; the weighted sum when missing.

    Returns
    -------
    (draws, sites) array
        Score of each site in each draw, in [0, 1].

    Raises
    ------
    DataError
        If shapes disagree, a range names a criterion that is not there, or `pessimism` is
        below 1.

    Examples
    --------
    >>> known = [[1.0, 0.0], [0.5, float("nan")]]
    >>> drawn = draw_scores(known, [[0.5, 0.5]] * 1000, sites=["a", "b"],
    ...                     criteria=["grade", "freight"], seed=1)
    >>> [round(float(v), 1) for v in (*np.ptp(drawn, axis=0), *drawn.mean(axis=0))]
    [0.0, 0.5, 0.5, 0.5]
    """
    central = np.asarray(value_scores, dtype=np.float64)
    shares = np.asarray(weights, dtype=np.float64)
    spreads = dict(ranges or {})
    _check_shapes(central, shares, sites, criteria, spreads)
    if not 1 <= pessimism < np.inf:
        raise DataError(f"pessimism is {pessimism}, required is 1 (uniform) or more")
    method = combination or Combination()
    sums = method.method == "weighted-sum"
    scores = np.zeros((len(shares), len(sites)))
    step = max(1, _BLOCK // (len(shares) * (1 if sums else len(criteria))))
    if not method.about.local:
        step = max(1, len(sites))
    for start in range(0, len(sites), step):
        block = slice(start, start + step)
        drawn = []
        for column, name in enumerate(criteria):
            part = np.tile(central[block, column], (len(shares), 1))
            _fill_unknown(part, sites[block], name, seed, pessimism)
            if name in spreads:
                _fill_ranges(part, central[block, column], spreads[name], block, name, sites, seed)
            if sums:
                # Added criterion by criterion, in the order of the central score.
                scores[:, block] += shares[:, column, None] * part
            else:
                drawn.append(part)
        if not sums:
            scores[:, block] = _combined(np.stack(drawn, axis=-1), shares, method)
    return scores


def _combined(values: Floats, shares: Floats, method: Combination) -> Floats:
    """Score draws one by one, each with its own weights."""
    return np.stack([method.scores(given, w) for given, w in zip(values, shares, strict=True)])


def _check_shapes(
    central: Floats,
    shares: Floats,
    sites: Sequence[str],
    criteria: Sequence[str],
    spreads: Mapping[str, ValueRange],
) -> None:
    if central.shape != (len(sites), len(criteria)):
        raise DataError(
            f"the value scores have shape {central.shape}, "
            f"required is {len(sites)} sites by {len(criteria)} criteria"
        )
    if shares.ndim != 2 or shares.shape[1] != len(criteria) or len(shares) == 0:
        raise DataError(
            f"the weights have shape {shares.shape}, "
            f"required are one or more draws by {len(criteria)} criteria"
        )
    stray = sorted(set(spreads) - set(criteria))
    if stray:
        raise DataError(f"a value range names {stray[0]!r}, which is no criterion: drop it")


def _fill_unknown(
    part: Floats,
    sites: Sequence[str],
    name: str,
    seed: int | Sequence[int | str],
    pessimism: float,
) -> None:
    for index in np.flatnonzero(np.isnan(part[0])).tolist():
        part[:, index] = unknown_draws(len(part), sites[index], name, seed, pessimism)


def unknown_draws(
    draws: int, site: str, criterion: str, seed: int | Sequence[int | str], pessimism: float
) -> Floats:
    """Value scores that an unknown takes in the draws of :func:`draw_scores`.

    Parameters
    ----------
    draws : int
    site, criterion : str
        Ids, which key the stream.
    seed, pessimism
        As there.

    Returns
    -------
    (draws,) array
        In [0, 1], by Beta(1, `pessimism`).

    Examples
    --------
    >>> drawn = unknown_draws(10_000, "a", "grade", 1, 4.0)
    >>> round(float(drawn.mean()), 2)
    0.2
    """
    stream = generator(seed, "unknown", site, criterion)
    # Inverse of the distribution function of Beta(1, pessimism).
    return np.asarray(1 - (1 - stream.random(draws)) ** (1 / pessimism))


def _fill_ranges(
    part: Floats,
    central: Floats,
    spread: ValueRange,
    block: slice,
    name: str,
    sites: Sequence[str],
    seed: int | Sequence[int | str],
) -> None:
    low, mode, high = spread.low[block], spread.central[block], spread.high[block]
    # NaN compares false: a missing limit or an unknown value has no range.
    wide = np.flatnonzero((high > low) & ~np.isnan(central) & ~np.isnan(mode))
    if wide.size == 0:
        return
    if spread.common:
        quantile = generator(seed, "value", name).random(len(part))[:, None]
    else:
        streams = [generator(seed, "value", sites[block.start + i], name) for i in wide.tolist()]
        quantile = np.column_stack([stream.random(len(part)) for stream in streams])
    drawn = triangular(quantile, low[wide], mode[wide], high[wide])
    part[:, wide] = np.asarray(spread.function(drawn.ravel())).reshape(drawn.shape)


def rank_ranges(scores: npt.ArrayLike, *, top: int = 5) -> RankRanges:
    """Summarise draws by their 5 % and 95 % quantiles.

    Extremes grow with the number of draws, quantiles do not. A quantile of the score
    interpolates between neighbouring draws (Hyndman and Fan 1996, type 7). A quantile of the
    rank is a rank that was drawn: the smallest that at least 5 % (95 %) of the draws do not
    exceed (type 1).

    Parameters
    ----------
    scores : (draws, sites) array_like
        Without NaN.
    top : int
        Ranks up to this one count as top.

    Returns
    -------
    RankRanges

    Raises
    ------
    DataError
        If there is no draw, a score is NaN, or `top` is less than one.

    References
    ----------
    Hyndman, R. J., Fan, Y. (1996). Sample quantiles in statistical packages. The American
    Statistician 50(4), 361-365. https://doi.org/10.1080/00031305.1996.10473566

    Examples
    --------
    >>> found = rank_ranges([[0.9, 0.1], [0.8, 0.2], [0.3, 0.4], [0.7, 0.5]], top=1)
    >>> found.rank_best.tolist(), found.rank_worst.tolist(), found.confidence.tolist()
    ([1, 1], [2, 2], [0.75, 0.25])
    """
    drawn = np.asarray(scores, dtype=np.float64)
    if drawn.ndim != 2 or len(drawn) == 0 or np.isnan(drawn).any():
        raise DataError(
            f"scores of shape {drawn.shape}: required are one or more draws by sites, without NaN"
        )
    if top < 1:
        raise DataError(f"top {top}: it must be one or more")
    if drawn.shape[1] == 0:
        none, whole = np.empty(0), np.empty(0, dtype=np.int64)
        return RankRanges(none, none, whole, whole, none)
    place = np.empty((2, *drawn.shape), dtype=np.int32)
    rank_rows(np.ascontiguousarray(drawn), place[0], place[1])
    ranks = place[0] + 1
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    best, worst = np.quantile(ranks, [0.05, 0.95], axis=0, method="inverted_cdf")
    return RankRanges(
        low, high, best.astype(np.int64), worst.astype(np.int64), (ranks <= top).mean(axis=0)
    )
