"""Stochastic multicriteria acceptability analysis (SMAA-2): how sure each rank is.

Where weights are not agreed and values not certain, the question is turned round: for which
share of the admissible weights and likely values does an alternative take each rank, and what
are the weights of those who would choose it?
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from geo.compute.ranks import RankTally, tally_ranks, weighted_rows
from geo.errors import DataError
from geo.scoring.distributions import (
    Distribution,
    Normal,
    Triangular,
    Uniform,
    normal,
    triangular,
)
from geo.scoring.weight_space import weight_space

__all__ = ["Smaa", "acceptability", "smaa"]

Floats = npt.NDArray[np.float64]
Rows = Callable[[int, int, Floats], None]

_ALL_RANKS = 1000
_FIRST_RANKS = 20
_PAIRS = 200
_TOLERANCE = 1e-9
_MOST_WORK = 10_000_000_000


def _uniform(share: Floats, low: Floats, high: Floats) -> Floats:
    return np.asarray(low + (high - low) * share)


# Laws whose parameters may be arrays.
_VECTORS: dict[type, Callable[..., Floats]] = {
    Normal: normal,
    Triangular: triangular,
    Uniform: _uniform,
}


@dataclass(frozen=True, eq=False)
class Smaa:
    """What the draws say of each alternative.

    Parameters
    ----------
    rank_acceptability : (alternatives, ranks) array
        Share of the draws in which the alternative takes the rank. Alternatives that tie for
        several ranks have an equal part of each, so that rows (where all ranks are told
        apart) and columns add up to 1.
    central_weights : (alternatives, criteria) array
        Mean weights of the draws in which the alternative is first, the weights of a typical
        backer; NaN for one that is never first.
    confidence : (alternatives,) array
        Share of the draws of the values in which the alternative is first with its central
        weights; NaN for one that is never first. Taken from fewer draws, at least 100, where
        alternatives are many and their values are drawn.
    pairwise : (alternatives, alternatives) array or None
        Share of the draws in which the first (row) has a better score than the second
        (column), a tie counting half; the diagonal is 0.5. None where there are too many
        alternatives for it.
    expected_rank : (alternatives,) array
        Mean rank; NaN where only the first ranks were looked for.
    band_acceptability : (alternatives, bands) array
        As `rank_acceptability`, for bands of later ranks; without columns if there are none.
    band_starts : (bands,) array of int
        First rank of each band, counted from 1.
    draws : int
    """

    rank_acceptability: Floats
    central_weights: Floats
    confidence: Floats
    pairwise: Floats | None
    expected_rank: Floats
    band_acceptability: Floats
    band_starts: npt.NDArray[np.int64]
    draws: int

    def top(self, count: int) -> Floats:
        """Share of the draws in which each alternative is among the first `count`.

        Raises
        ------
        DataError
            If so many ranks were not told apart.
        """
        told = self.rank_acceptability.shape[1]
        if not 1 <= count <= told:
            raise DataError(f"top {count}: {told} ranks are told apart, call again with ranks=")
        return np.asarray(self.rank_acceptability[:, :count].sum(axis=1))

    def holistic(self, meta_weights: str | npt.ArrayLike = "centroid") -> Floats:
        """Holistic acceptability: ranks weighed and added up, the first counting 1.

        Parameters
        ----------
        meta_weights : {"centroid", "inverse", "linear"} or (ranks,) array_like
            Worth of each rank, falling.

        Returns
        -------
        (alternatives,) array
            In [0, 1] for the named ones.

        Raises
        ------
        DataError
            If not all ranks are told apart, or the weights do not fit.

        References
        ----------
        Lahdelma, R., Salminen, P. (2001), section 3.4, as of `smaa`.
        """
        ranks = self.rank_acceptability.shape[1]
        if ranks != len(self.rank_acceptability):
            raise DataError(
                f"{ranks} of {len(self.rank_acceptability)} ranks are told apart: "
                "holistic acceptability needs all, call again with ranks="
            )
        return np.asarray(self.rank_acceptability @ _meta_weights(meta_weights, ranks))


def smaa(
    values: npt.ArrayLike | Sequence[Sequence[float | Distribution]],
    *,
    weights: object = None,
    draws: int = 10_000,
    seed: int = 0,
    ranks: int | None = None,
    bands: Sequence[int] | None = None,
    correlation: npt.ArrayLike | None = None,
    common: Sequence[int] = (),
) -> Smaa:
    """Rank acceptability, central weights, confidence and pairwise winning index.

    The score is the weighted sum of the values.

    Parameters
    ----------
    values : (alternatives, criteria) array_like, or nested sequence with distributions
        On [0, 1], larger is better, such as the outputs of value functions. NaN is unknown
        and drawn anywhere in [0, 1]. An entry may be a distribution of
        `geo.scoring.distributions`. An array of (draws, alternatives, criteria) holds draws
        made elsewhere, with whatever dependence they have.
    weights : None, array_like or weight space, optional
        All weights that add up to 1 when missing; a number a criterion for one set; a pair
        (low, high) a criterion for limits; or a space of `geo.scoring.weight_space`: Simplex,
        Bounded, Ordinal, Dirichlet, Scaled.
    draws : int
    seed : int
        The same seed gives the same result, for any number of threads.
    ranks : int, optional
        How many of the first ranks are told apart: all for up to 1,000 alternatives, else 20.
    bands : sequence of int, optional
        First ranks, counted from 1, of bands in which later ranks are counted too, such as
        ``(21, 51, 101)``; the first must follow `ranks`. Takes several times as long.
    correlation : (criteria, criteria) array_like, optional
        Correlation of the criteria within an alternative (of the normal scores of their
        quantiles, a Gaussian copula); none when missing.
    common : sequence of int
        Criteria whose doubt has one cause: every alternative takes the same quantile.

    Returns
    -------
    Smaa

    Raises
    ------
    DataError
        If the values do not lie on [0, 1], shapes disagree, or draws, ranks, weights or
        the correlation are not usable.

    Notes
    -----
    With p the true acceptability the standard error is sqrt(p (1 - p) / draws), 0.005 at most
    for 10,000 draws. Draws of a normal law may leave [0, 1]; give it limits to prevent that.

    References
    ----------
    Lahdelma, R., Salminen, P. (2001). SMAA-2: stochastic multicriteria acceptability analysis
    for group decision making. Operations Research 49(3), 444-454.
    https://doi.org/10.1287/opre.49.3.444.11220
    Leskinen, P., Viitanen, J., Kangas, A., Kangas, J. (2006). Alternatives to incorporate
    uncertainty and risk attitude in multicriteria evaluation of forest plans. Forest Science
    52(3), 304-312 (pairwise winning index).

    Examples
    --------
    The first is best for who gives the first criterion more than half.

    >>> found = smaa([[1.0, 0.0], [0.0, 1.0], [0.4, 0.4]], seed=1)
    >>> found.rank_acceptability.round(1)
    array([[0.5, 0.1, 0.4],
           [0.5, 0.1, 0.4],
           [0. , 0.8, 0.2]])
    >>> found.central_weights.round(1)
    array([[0.7, 0.3],
           [0.3, 0.7],
           [nan, nan]])
    """
    if draws < 1:
        raise DataError(f"{draws} draws: at least one is needed")
    drawn = _values(values, draws, seed, correlation, common)
    space = weight_space(weights, drawn.criteria)
    shares = space.draw(draws, drawn.criteria, _stream(seed, 0))
    told, later = _ranks(drawn.alternatives, ranks, bands)

    def rows(first: int, last: int, out: Floats) -> None:
        drawn.scores(first, last, shares[first:last], out)

    tally = tally_ranks(rows, shares, drawn.alternatives, ranks=told, bands=later)
    central = _central(tally)
    return _result(
        tally,
        central,
        _confidence(drawn, central, draws),
        _pairwise(rows, drawn.alternatives, draws),
        told,
        later,
        draws,
    )


def acceptability(
    scores: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    ranks: int | None = None,
    bands: Sequence[int] | None = None,
) -> Smaa:
    """Read SMAA's indices off scores that were drawn already.

    Parameters
    ----------
    scores : (draws, alternatives) array_like
        Of `geo.scoring.draws.draw_scores` or of any method; larger is better, without NaN.
    weights : (draws, criteria) array_like
        The weights of each draw.
    ranks, bands
        As of `smaa`.

    Returns
    -------
    Smaa
        `confidence` is NaN: it needs the values.

    Raises
    ------
    DataError
        If shapes disagree or a score is NaN.

    Examples
    --------
    >>> found = acceptability([[0.9, 0.1], [0.2, 0.4]], [[0.8, 0.2], [0.3, 0.7]])
    >>> found.rank_acceptability.tolist(), found.central_weights.tolist()
    ([[0.5, 0.5], [0.5, 0.5]], [[0.8, 0.2], [0.3, 0.7]])
    """
    found = np.asarray(scores, dtype=np.float64)
    shares = np.ascontiguousarray(weights, dtype=np.float64)
    if found.ndim != 2 or 0 in found.shape or np.isnan(found).any():
        raise DataError(
            f"scores of shape {found.shape}: required are one or more draws by alternatives, "
            "without NaN"
        )
    if shares.ndim != 2 or len(shares) != len(found):
        raise DataError(f"weights of shape {shares.shape} for {len(found)} draws: give a row each")

    def rows(first: int, last: int, out: Floats) -> None:
        out[:] = found[first:last]

    alternatives = found.shape[1]
    told, later = _ranks(alternatives, ranks, bands)
    tally = tally_ranks(rows, shares, alternatives, ranks=told, bands=later)
    unknown = np.full(alternatives, np.nan)
    pairs = _pairwise(rows, alternatives, len(found))
    return _result(tally, _central(tally), unknown, pairs, told, later, len(found))


@dataclass(frozen=True, eq=False)
class _Values:
    """Values of which some are drawn: what is known, and what is written over it."""

    alternatives: int
    criteria: int
    known: Floats
    """(criteria, alternatives)"""
    doubt: Callable[[int], tuple[npt.NDArray[np.intp], Floats]] | None
    """Of a draw: places in `known`, flat, and the values there."""

    def of_draw(self, draw: int) -> Floats:
        if self.doubt is None:
            return self.known
        values = self.known.copy()
        place, drawn = self.doubt(draw)
        values.ravel()[place] = drawn
        return values

    def scores(self, first: int, last: int, weights: Floats, out: Floats) -> None:
        if self.doubt is None:
            weighted_rows(self.known, weights, out)
            return
        for n, draw in enumerate(range(first, last)):
            weighted_rows(self.of_draw(draw), weights[n : n + 1], out[n : n + 1])


def _values(
    values: object,
    draws: int,
    seed: int,
    correlation: npt.ArrayLike | None,
    common: Sequence[int],
) -> _Values:
    cells = np.asarray(values) if not _has_laws(values) else np.array(values, dtype=object)
    if cells.ndim == 3 and cells.dtype != object:
        return _given_draws(cells, draws)
    if cells.ndim != 2 or 0 in cells.shape:
        raise DataError(
            f"the values have the shape {cells.shape}, required are (alternatives, criteria)"
        )
    known = np.zeros((cells.shape[1], cells.shape[0]))
    laws: dict[int, Distribution] = {}
    for place, cell in enumerate(cells.T.ravel().tolist()):
        if hasattr(cell, "quantile"):
            laws[place] = cell
        else:
            known.ravel()[place] = _number(cell)
    unknown = np.isnan(known)
    # Unknown is anything from worst to best.
    laws |= dict.fromkeys(np.flatnonzero(unknown).tolist(), Uniform(0.0, 1.0))
    _check_scale(known[~unknown])
    doubt = _sampler(laws, known.shape, seed, _factor(correlation, len(known)), common)
    return _Values(known.shape[1], known.shape[0], known, doubt)


def _has_laws(values: object) -> bool:
    if isinstance(values, np.ndarray):
        return bool(values.dtype == object)
    return isinstance(values, Sequence) and any(
        hasattr(cell, "quantile") for row in values if isinstance(row, Sequence) for cell in row
    )


def _number(cell: object) -> float:
    try:
        return float("nan") if cell is None else float(cell)  # type: ignore[arg-type] # tried
    except (TypeError, ValueError):
        raise DataError(
            f"the values hold {cell!r}: required are numbers or distributions"
        ) from None


def _check_scale(known: Floats) -> None:
    wrong = known[~((known >= -_TOLERANCE) & (known <= 1 + _TOLERANCE))]
    if wrong.size:
        raise DataError(
            f"the values hold {wrong[0]:g}, required are numbers in [0, 1], larger is better: "
            "apply the value functions first"
        )


def _given_draws(cells: npt.NDArray[np.generic], draws: int) -> _Values:
    found = cells.astype(np.float64)
    if len(found) != draws:
        raise DataError(f"the values hold {len(found)} draws, {draws} are asked for: set draws=")
    if np.isnan(found).any():
        raise DataError("drawn values hold NaN: draw the unknown ones too")
    every = np.arange(found[0].size)
    return _Values(
        found.shape[1],
        found.shape[2],
        np.zeros(found.shape[:0:-1]),
        lambda draw: (every, found[draw].T.ravel()),
    )


def _sampler(
    laws: Mapping[int, Distribution],
    shape: tuple[int, int],
    seed: int,
    factor: Floats | None,
    common: Sequence[int],
) -> Callable[[int], tuple[npt.NDArray[np.intp], Floats]] | None:
    if not laws:
        return None
    if any(not 0 <= criterion < shape[0] for criterion in common):
        raise DataError(f"common criteria {list(common)}: there are {shape[0]}, counted from 0")
    groups = _together(laws)
    places = np.concatenate([where for where, _ in groups])
    shared = list(common)

    def doubt(draw: int) -> tuple[npt.NDArray[np.intp], Floats]:
        chance = _stream(seed, 1 + draw)
        if factor is None:
            share = chance.random(shape)
        else:
            share = ndtr(factor @ chance.standard_normal(shape))
        share[shared] = share[shared, :1]
        flat = share.ravel()
        drawn = [quantile(flat[where]) for where, quantile in groups]
        return places, np.concatenate(drawn)

    return doubt


_Group = tuple[npt.NDArray[np.intp], Callable[[Floats], Floats]]


def _together(laws: Mapping[int, Distribution]) -> list[_Group]:
    """Places of laws of one kind, which are asked for their values in one call."""
    kinds: dict[object, list[tuple[int, Distribution]]] = {}
    for place, law in sorted(laws.items()):
        kinds.setdefault(type(law) if type(law) in _VECTORS else id(law), []).append((place, law))
    groups: list[_Group] = []
    for kind, members in kinds.items():
        where = np.array([place for place, _ in members], dtype=np.intp)
        first = members[0][1]
        if kind in _VECTORS:
            numbers = np.array([astuple(law) for _, law in members]).T  # type: ignore[call-overload] # all of `_VECTORS` are dataclasses
            groups.append((where, partial(_at, _VECTORS[type(first)], numbers)))
        else:
            groups.append((where, first.quantile))
    return groups


def _at(law: Callable[..., Floats], numbers: Floats, share: Floats) -> Floats:
    return law(share, *numbers)


def _factor(correlation: npt.ArrayLike | None, criteria: int) -> Floats | None:
    if correlation is None:
        return None
    found = np.asarray(correlation, dtype=np.float64)
    if found.shape != (criteria, criteria) or not np.allclose(found, found.T):
        raise DataError(
            f"the correlation has the shape {found.shape}, required is a symmetric matrix of "
            f"{criteria} criteria"
        )
    values, vectors = np.linalg.eigh(found)
    if not np.allclose(np.diag(found), 1) or values.min() < -1e-9:
        raise DataError("the correlation is none: its diagonal is 1 and no eigenvalue below 0")
    return np.asarray(vectors * np.sqrt(np.clip(values, 0, None)))


def _stream(seed: int, number: int) -> np.random.Generator:
    """Make the stream of one draw, by counter: it does not matter who asks, or when."""
    if seed < 0:
        raise DataError(f"seed {seed} is negative: take zero or more")
    # The counter's last word numbers the stream; each may give 2**194 numbers.
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, number]))


def _ranks(
    alternatives: int, ranks: int | None, bands: Sequence[int] | None
) -> tuple[int, npt.NDArray[np.int64] | None]:
    """How many first ranks are told apart, and where bands begin, counted from 0."""
    if ranks is None:
        few = alternatives <= _ALL_RANKS
        told = alternatives if few else min(alternatives, _FIRST_RANKS)
        told = told if few or not bands else bands[0] - 1
    else:
        told = min(ranks, alternatives)
    if told < 1:
        raise DataError(f"{told} ranks: at least one must be told apart")
    if told == alternatives:
        return told, np.empty(0, dtype=np.int64)
    if not bands:
        return told, None
    starts = np.asarray(bands, dtype=np.int64) - 1
    if starts[0] != told or (np.diff(starts) <= 0).any():
        raise DataError(f"bands begin at {list(bands)}: they must rise from {told + 1}")
    return told, starts


def _central(tally: RankTally) -> Floats:
    first = tally.counts[:, :1]
    central = np.full(tally.weights.shape, np.nan)
    return np.asarray(np.divide(tally.weights, first, out=central, where=first > 0))


def _confidence(drawn: _Values, central: Floats, draws: int) -> Floats:
    """Share of draws of the values in which each is first with its central weights."""
    found = np.full(drawn.alternatives, np.nan)
    backed = np.flatnonzero(~np.isnan(central[:, 0]))
    wins = np.zeros(backed.size)
    # Every backer against every rival in every draw: where that is too much, in fewer draws.
    work = backed.size * drawn.known.size
    times = min(draws, max(100, _MOST_WORK // work)) if drawn.doubt is not None else 1
    step = max(1, (1 << 20) // drawn.alternatives)
    for draw in range(times):
        values = drawn.of_draw(draw)
        for start in range(0, backed.size, step):
            part = slice(start, start + step)
            scores = np.empty((backed[part].size, drawn.alternatives))
            weighted_rows(values, np.ascontiguousarray(central[backed[part]]), scores)
            own = scores[np.arange(len(scores)), backed[part]]
            # A mean of weights is not a number to the last bit: what differs less is a tie.
            wins[part] += own >= scores.max(axis=1) - _TOLERANCE
    found[backed] = wins / times
    return found


def _pairwise(rows: Rows, alternatives: int, draws: int) -> Floats | None:
    if alternatives > _PAIRS:
        return None
    wins = np.zeros((alternatives, alternatives))
    step = max(1, (1 << 20) // alternatives**2)
    for start in range(0, draws, step):
        scores = np.empty((min(draws, start + step) - start, alternatives))
        rows(start, start + len(scores), scores)
        wins += (scores[:, :, None] > scores[:, None, :]).sum(axis=0)
    share = wins / draws
    return np.asarray(0.5 * (1 + share - share.T))


def _meta_weights(given: str | npt.ArrayLike, ranks: int) -> Floats:
    place = np.arange(1, ranks + 1)
    if isinstance(given, str):
        if given not in ("centroid", "inverse", "linear"):
            raise DataError(f"meta weights {given!r} are none of centroid, inverse, linear")
        if ranks == 1:
            return np.ones(1)
        if given == "inverse":
            return np.asarray(1.0 / place)
        if given == "linear":
            return np.linspace(1.0, 0.0, ranks)
        tail: Floats = np.append(np.cumsum((1.0 / place[:-1])[::-1])[::-1], 0.0)
        return np.asarray(tail / tail[0])
    found = np.asarray(given, dtype=np.float64)
    if found.shape != (ranks,) or (np.diff(found) > 0).any():
        raise DataError(f"{found.size} meta weights for {ranks} ranks: give one each, falling")
    return found


def _result(
    tally: RankTally,
    central: Floats,
    confidence: Floats,
    pairwise: Floats | None,
    told: int,
    later: npt.NDArray[np.int64] | None,
    draws: int,
) -> Smaa:
    share = tally.counts / draws
    starts = np.empty(0, dtype=np.int64) if later is None else later + 1
    return Smaa(
        rank_acceptability=share[:, :told],
        central_weights=central,
        confidence=confidence,
        pairwise=pairwise,
        expected_rank=tally.rank_sum / draws,
        band_acceptability=share[:, told:],
        band_starts=starts,
        draws=draws,
    )
