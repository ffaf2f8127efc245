"""SMAA of two or three criteria without draws: the admissible weights cut into pieces.

Two alternatives change places on a straight line of weights. Cut along all such lines, the
admissible weights (a stretch for two criteria, a polygon for three) fall into pieces within
which the ranks do not change; the share of a piece is its length or area.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt

from geo.compute.ranks import rank_rows
from geo.errors import DataError
from geo.scoring.smaa import Smaa
from geo.scoring.weight_space import Bounded, Ordinal, Simplex, WeightSpace, weight_space

__all__ = ["smaa_exact"]

Floats = npt.NDArray[np.float64]

_MOST_PIECES = 200_000
_SMALL = 1e-12


def smaa_exact(values: npt.ArrayLike, *, weights: object = None) -> Smaa:
    """Give SMAA's indices exactly, for values that are certain.

    Parameters
    ----------
    values : (alternatives, criteria) array_like
        In [0, 1], larger is better; two or three criteria.
    weights : None, pairs of limits or weight space, optional
        Simplex, Bounded or Ordinal, as of `geo.scoring.smaa.smaa`.

    Returns
    -------
    Smaa
        With ``draws`` 0. `confidence` is 1 where the alternative is first with its central
        weights, else 0; alternatives with equal values share their ranks.

    Raises
    ------
    DataError
        If there are more than three criteria, a value is unknown or not in [0, 1], the
        weights are of another kind or leave no room, or the alternatives are so many that
        the weights fall into more than 200,000 pieces.

    Examples
    --------
    >>> found = smaa_exact([[1.0, 0.0], [0.0, 1.0], [0.4, 0.4]])
    >>> found.rank_acceptability.round(9)
    array([[0.5, 0.1, 0.4],
           [0.5, 0.1, 0.4],
           [0. , 0.8, 0.2]])
    >>> found.central_weights
    array([[0.75, 0.25],
           [0.25, 0.75],
           [ nan,  nan]])
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] not in (2, 3) or not ((table >= 0) & (table <= 1)).all():
        raise DataError(
            f"exact indices need values in [0, 1] of two or three criteria, found the shape "
            f"{table.shape}: use smaa for more criteria, for doubt and for unknowns"
        )
    pieces = [_whole(weight_space(weights, table.shape[1]), table.shape[1])]
    for one, other in combinations(range(len(table)), 2):
        pieces = [part for piece in pieces for part in _cut(piece, table[one] - table[other])]
        if len(pieces) > _MOST_PIECES:
            raise DataError(f"{len(table)} alternatives cut the weights into too many pieces")
    size = np.array([_size(piece) for piece in pieces])
    if not size.sum() > 0:
        raise DataError("the weights leave no room: widen the limits")
    middle = np.array([_middle(piece) for piece in pieces])
    return _indices(table, size / size.sum(), middle)


def _whole(space: WeightSpace, criteria: int) -> Floats:
    """Corners of the admissible weights, in order round a polygon."""
    corners = np.eye(criteria)
    if isinstance(space, Ordinal):
        order = list(space.order)
        corners = np.zeros((criteria, criteria))
        for most in range(criteria):
            corners[most, order[: most + 1]] = 1 / (most + 1)
        return corners
    if isinstance(space, Bounded):
        for criterion in range(criteria):
            row = np.eye(criteria)[criterion]
            # Weights add up to 1: a limit is a line through the origin, too.
            corners = _above(corners, row - space.low[criterion])
            corners = _above(corners, space.high[criterion] - row)
        return corners
    if isinstance(space, Simplex):
        return corners
    raise DataError("exact indices need all weights, limits or an order: use smaa for other laws")


def _cut(piece: Floats, normal: Floats) -> list[Floats]:
    """Both parts of a piece, on either side of the weights that `normal` makes zero."""
    side = piece @ normal
    if (side >= -_SMALL).all() or (side <= _SMALL).all():
        return [piece]
    return [_above(piece, normal), _above(piece, -normal)]


def _above(piece: Floats, normal: Floats) -> Floats:
    """Part of a convex piece in which `normal` is not negative (Sutherland and Hodgman)."""
    side = piece @ normal
    # A corner that lies on the line but for rounding lies on it.
    side[np.abs(side) <= _SMALL] = 0.0
    sign = np.sign(side)
    kept = []
    count = len(piece)
    # A stretch has two ends and no way back from the second to the first.
    ways = count if piece.shape[1] == 3 else count - 1
    for at in range(count):
        if side[at] >= 0:
            kept.append(piece[at])
        after = (at + 1) % count
        if at < ways and sign[at] * sign[after] < 0:
            share = side[at] / (side[at] - side[after])
            kept.append(piece[at] + share * (piece[after] - piece[at]))
    return np.array(kept).reshape(-1, piece.shape[1])


def _size(piece: Floats) -> float:
    if piece.shape[1] == 2:
        return float(abs(piece[-1, 0] - piece[0, 0])) if len(piece) > 1 else 0.0
    return float(_triangles(piece)[0].sum())


def _triangles(piece: Floats) -> tuple[Floats, Floats]:
    """Areas, in the plane of the first two weights, and middles of a fan of triangles."""
    if len(piece) < 3:
        return np.zeros(1), piece[:1] if len(piece) else np.full((1, piece.shape[1]), np.nan)
    first, second = piece[1:-1] - piece[0], piece[2:] - piece[0]
    area = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    return area, (piece[0] + piece[1:-1] + piece[2:]) / 3


def _middle(piece: Floats) -> Floats:
    if piece.shape[1] == 2:
        return np.asarray(piece.mean(axis=0))
    area, middle = _triangles(piece)
    if not area.sum() > 0:
        return np.asarray(piece.mean(axis=0))
    return np.asarray((area[:, None] * middle).sum(axis=0) / area.sum())


def _indices(table: Floats, share: Floats, middle: Floats) -> Smaa:
    scores = _rounded(middle @ table.T)
    place = np.empty((2, *scores.shape), dtype=np.int32)
    rank_rows(scores, place[0], place[1])
    alternatives = len(table)
    acceptable = np.zeros((alternatives, alternatives))
    for piece, (ranks, tied) in enumerate(zip(*place, strict=True)):
        for one in range(alternatives):
            acceptable[one, ranks[one] : ranks[one] + tied[one]] += share[piece] / tied[one]
    first = np.where(place[0] == 0, share[:, None] / place[1], 0.0)
    backed = first.sum(axis=0)
    central = np.full(table.shape, np.nan)
    central[backed > 0] = (first.T @ middle)[backed > 0] / backed[backed > 0, None]
    wins = np.tensordot(share, scores[:, :, None] > scores[:, None, :], axes=1)
    best = _rounded(central @ table.T)
    own = best[np.arange(alternatives), np.arange(alternatives)]
    return Smaa(
        rank_acceptability=np.minimum(acceptable, 1.0),
        central_weights=central,
        confidence=np.where(backed > 0, (own >= best.max(axis=1)).astype(float), np.nan),
        pairwise=0.5 * (1 + wins - wins.T),
        expected_rank=acceptable @ np.arange(1, alternatives + 1),
        band_acceptability=np.zeros((alternatives, 0)),
        band_starts=np.empty(0, dtype=np.int64),
        draws=0,
    )


def _rounded(scores: Floats) -> Floats:
    """Equal scores by different sums are equal."""
    return np.ascontiguousarray(scores.round(12))
