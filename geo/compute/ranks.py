"""Weighted sums of many alternatives in many draws, their ranks, and how often each is met.

Work goes in blocks of draws, so that no table of draws by alternatives is ever held. Threads
share the draws of a block, then its alternatives; every sum is made in the order of the
draws, so the result does not depend on the number of threads or the size of a block.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.blocks import each

__all__ = ["RankTally", "rank_rows", "tally_ranks", "weighted_rows"]

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int32]
ScoreRows = Callable[[int, int, Floats], None]

_BLOCK = 1 << 20
_ROWS = 8
_ALTERNATIVES = 1024


class RankTally(NamedTuple):
    """How often alternatives took ranks, summed over draws.

    Alternatives that tie for several ranks have an equal part of each.

    Parameters
    ----------
    counts : (alternatives, columns) array
        One column for each of the first ranks, then one for each band of later ranks.
    weights : (alternatives, criteria) array
        Sum of the weights of the draws in which the alternative was first.
    rank_sum : (alternatives,) array
        Sum of the ranks, counted from 1; NaN where only the first ranks were looked for.
    """

    counts: Floats
    weights: Floats
    rank_sum: Floats


def tally_ranks(
    score_rows: ScoreRows,
    weights: Floats,
    alternatives: int,
    *,
    ranks: int,
    bands: npt.NDArray[np.int64] | None = None,
) -> RankTally:
    """Count the ranks of alternatives over draws.

    Parameters
    ----------
    score_rows : callable
        ``score_rows(first, last, out)`` writes the scores of draws first to last - 1 to
        `out`, (last - first, alternatives); larger is better. It may be called from several
        threads.
    weights : (draws, criteria) array
        Summed for the first of each draw.
    alternatives : int
    ranks : int
        How many of the first ranks are told apart.
    bands : (n,) array of int, optional
        Where the bands of later ranks begin, counted from 0, rising from `ranks`; empty if
        all ranks are told apart. Without bands later ranks are not looked for, which is
        several times as fast.

    Returns
    -------
    RankTally

    Examples
    --------
    >>> scores = np.array([[0.9, 0.1, 0.5], [0.3, 0.3, 0.1]])
    >>> def rows(first, last, out):
    ...     out[:] = scores[first:last]
    >>> tally_ranks(rows, np.ones((2, 1)), 3, ranks=3, bands=np.array([], int)).counts
    array([[1.5, 0.5, 0. ],
           [0.5, 0.5, 1. ],
           [0. , 1. , 1. ]])
    """
    columns = ranks + (0 if bands is None else len(bands))
    counts = np.zeros((alternatives, columns))
    first_weights = np.zeros((alternatives, weights.shape[1]))
    rank_sum = np.full(alternatives, np.nan if bands is None else 0.0)
    step = max(_ROWS, _BLOCK // max(1, alternatives))
    column_of = _column_of(alternatives, ranks, bands)
    for start in range(0, len(weights), step):
        stop = min(len(weights), start + step)
        scores = np.empty((stop - start, alternatives))
        shares = weights[start:stop]
        if bands is None:
            best = np.empty((stop - start, ranks), dtype=np.int32)
            _fill_top(score_rows, start, scores, best)
            count_top(scores, best, shares, counts, first_weights)
        else:
            place = np.empty((2, stop - start, alternatives), dtype=np.int32)
            _fill_ranks(score_rows, start, scores, place)
            _count(place, shares, column_of, counts, first_weights, rank_sum)
    return RankTally(counts, first_weights, rank_sum)


def _fill_top(score_rows: ScoreRows, start: int, scores: Floats, best: Whole) -> None:
    def task(a: int, b: int) -> None:
        score_rows(start + a, start + b, scores[a:b])
        top_rows(scores[a:b], best[a:b])

    each(task, _parts(len(scores), _ROWS))


def _fill_ranks(score_rows: ScoreRows, start: int, scores: Floats, place: Whole) -> None:
    def task(a: int, b: int) -> None:
        score_rows(start + a, start + b, scores[a:b])
        rank_rows(scores[a:b], place[0, a:b], place[1, a:b])

    each(task, _parts(len(scores), _ROWS))


def _count(
    place: Whole,
    weights: Floats,
    column_of: Whole,
    counts: Floats,
    first_weights: Floats,
    rank_sum: Floats,
) -> None:
    def task(a: int, b: int) -> None:
        count_ranks(place[0], place[1], weights, column_of, a, b, counts, first_weights, rank_sum)

    each(task, _parts(place.shape[2], _ALTERNATIVES))


def _parts(count: int, step: int) -> list[tuple[int, int]]:
    return [(a, min(count, a + step)) for a in range(0, count, step)]


def _column_of(
    alternatives: int, ranks: int, bands: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int32]:
    """Column in which each rank, counted from 0, is counted."""
    place = np.arange(alternatives)
    if bands is None:
        return place.astype(np.int32)
    later = ranks + np.searchsorted(bands, place, side="right") - 1
    return np.where(place < ranks, place, later).astype(np.int32)


@njit(cache=True, nogil=True)
def weighted_rows(values: Floats, weights: Floats, out: Floats) -> None:
    """Write the weighted sums of alternatives for every row of weights.

    `values` is (criteria, alternatives). Terms are added one criterion after another, four
    at a time, in an order that is the same on every machine.
    """
    criteria, alternatives = values.shape
    for d in range(weights.shape[0]):
        row = out[d]
        j = 0
        first = True
        while criteria - j >= 4:
            a, b, c, e = weights[d, j], weights[d, j + 1], weights[d, j + 2], weights[d, j + 3]
            va, vb, vc, ve = values[j], values[j + 1], values[j + 2], values[j + 3]
            if first:
                for i in range(alternatives):
                    row[i] = ((a * va[i] + b * vb[i]) + c * vc[i]) + e * ve[i]
            else:
                for i in range(alternatives):
                    row[i] = (((row[i] + a * va[i]) + b * vb[i]) + c * vc[i]) + e * ve[i]
            first = False
            j += 4
        while j < criteria:
            a = weights[d, j]
            va = values[j]
            if first:
                for i in range(alternatives):
                    row[i] = a * va[i]
            else:
                for i in range(alternatives):
                    row[i] += a * va[i]
            first = False
            j += 1


@njit(cache=True, nogil=True)
def top_rows(scores: Floats, best: Whole) -> None:
    """Write the alternatives with the largest scores of each row, largest first."""
    rows, alternatives = scores.shape
    ranks = best.shape[1]
    top = np.empty(ranks)
    for d in range(rows):
        row = scores[d]
        held = 0
        least = -np.inf
        for i in range(alternatives):
            score = row[i]
            if score > least or held < ranks:
                at = min(held, ranks - 1)
                while at > 0 and top[at - 1] < score:
                    top[at] = top[at - 1]
                    best[d, at] = best[d, at - 1]
                    at -= 1
                top[at] = score
                best[d, at] = i
                held = min(held + 1, ranks)
                if held == ranks:
                    least = top[ranks - 1]


@njit(cache=True, nogil=True)
def count_top(
    scores: Floats, best: Whole, weights: Floats, counts: Floats, first_weights: Floats
) -> None:
    """Count the first ranks of each row; ties have an equal part of the ranks they share."""
    rows, ranks = best.shape
    alternatives = scores.shape[1]
    for d in range(rows):
        at = 0
        while at < ranks:
            score = scores[d, best[d, at]]
            end = at + 1
            while end < ranks and scores[d, best[d, end]] == score:
                end += 1
            tied = end - at
            if end == ranks and ranks < alternatives:
                tied = 0
                for i in range(alternatives):
                    tied += scores[d, i] == score
            part = 1.0 / tied
            if tied == end - at:
                for k in range(at, end):
                    _add(best[d, k], at, end, part, weights[d], counts, first_weights)
            else:
                for i in range(alternatives):
                    if scores[d, i] == score:
                        _add(i, at, end, part, weights[d], counts, first_weights)
            at = end


@njit(cache=True, nogil=True)
def _add(
    i: int, at: int, end: int, part: float, weights: Floats, counts: Floats, first: Floats
) -> None:
    for q in range(at, end):
        counts[i, q] += part
    if at == 0:
        for j in range(weights.size):
            first[i, j] += weights[j] * part


@njit(cache=True, nogil=True)
def rank_rows(scores: Floats, place: Whole, tied: Whole) -> None:
    """Write the rank, from 0, of each score of each row, and how many share it.

    Ties share the better rank. Scores fall into as many buckets as there are of them, evenly
    from the largest to the smallest; each bucket, of one score on average, is then sorted.
    """
    rows, n = scores.shape
    start = np.empty(n + 2, dtype=np.int64)
    bucket = np.empty(n, dtype=np.int32)
    order = np.empty(n, dtype=np.int32)
    for d in range(rows):
        row = scores[d]
        low, high = row[0], row[0]
        for i in range(n):
            low = min(low, row[i])
            high = max(high, row[i])
        width = high - low
        scale = (n - 1) / width if width > 0 else 0.0
        for b in range(n + 2):
            start[b] = 0
        for i in range(n):
            # Falling scores, rising buckets.
            bucket[i] = int((high - row[i]) * scale)
            start[bucket[i] + 2] += 1
        for b in range(2, n + 2):
            start[b] += start[b - 1]
        for i in range(n):
            at = bucket[i] + 1
            order[start[at]] = i
            start[at] += 1
        # start[b] is now where bucket b begins.
        for b in range(n):
            first, last = start[b], start[b + 1]
            if last - first > 1:
                _sort_falling(row, order[first:last])
        _write_ranks(row, order, place[d], tied[d])


@njit(cache=True, nogil=True)
def _sort_falling(row: Floats, part: Whole) -> None:
    """Shell sort: of a few it is sorting by insertion, and it is quick to compile."""
    gap = part.size
    while gap > 1:
        gap = max(1, gap * 5 // 11)
        for k in range(gap, part.size):
            i = part[k]
            at = k
            while at >= gap and row[part[at - gap]] < row[i]:
                part[at] = part[at - gap]
                at -= gap
            part[at] = i


@njit(cache=True, nogil=True)
def _write_ranks(row: Floats, order: Whole, place: Whole, tied: Whole) -> None:
    at = 0
    while at < order.size:
        end = at + 1
        while end < order.size and row[order[end]] == row[order[at]]:
            end += 1
        for k in range(at, end):
            place[order[k]] = at
            tied[order[k]] = end - at
        at = end


@njit(cache=True, nogil=True)
def count_ranks(
    place: Whole,
    tied: Whole,
    weights: Floats,
    column_of: Whole,
    first: int,
    last: int,
    counts: Floats,
    first_weights: Floats,
    rank_sum: Floats,
) -> None:
    """Count the ranks of alternatives first to last - 1 over the rows of a block."""
    for d in range(place.shape[0]):
        for i in range(first, last):
            rank, share = place[d, i], tied[d, i]
            rank_sum[i] += rank + 0.5 * (share + 1)
            if share == 1:
                counts[i, column_of[rank]] += 1.0
            else:
                for q in range(rank, rank + share):
                    counts[i, column_of[q]] += 1.0 / share
            if rank == 0:
                for j in range(weights.shape[1]):
                    first_weights[i, j] += weights[d, j] / share
