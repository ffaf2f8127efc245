"""Methods that measure how far an alternative is from an ideal: TOPSIS and VIKOR."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError, LodemapWarning
from geo.scoring.normalisation import NORMALISATIONS
from geo.scoring.ranks import Ranking, check_matrix, check_weights, rank_scores, signs

__all__ = ["Topsis", "Vikor", "topsis", "vikor"]

Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Topsis(Ranking):
    """Closeness to the ideal, and what it is made of.

    `score` is the closeness, in [0, 1]. `to_ideal` and `to_anti_ideal` are (alternatives,)
    distances, `ideal` and `anti_ideal` (criteria,) the weighted normalised values of the two
    points, in which more is better.
    """

    to_ideal: Floats
    to_anti_ideal: Floats
    ideal: Floats
    anti_ideal: Floats


@dataclass(frozen=True, eq=False)
class Vikor(Ranking):
    """Group utility, individual regret and their compromise.

    `S`, `R` and `Q` are (alternatives,), smaller is better, `score` is 1 - `Q`. `compromise`
    holds the rows of the compromise solutions, the best first; `acceptable_advantage` and
    `acceptable_stability` say which of the two conditions the first of them meets.
    """

    S: Floats
    R: Floats
    Q: Floats
    compromise: tuple[int, ...]
    acceptable_advantage: bool
    acceptable_stability: bool


def topsis(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike,
    objectives: Sequence[str] | None = None,
    *,
    normalise: str = "vector",
    ideal: npt.ArrayLike | None = None,
    anti_ideal: npt.ArrayLike | None = None,
) -> Topsis:
    r"""Score alternatives by how close they are to the ideal and how far from its opposite.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown; an alternative with an unknown has no score and does not count in the
        scaling.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing.
    normalise : {"vector", "minmax", "sum", "max", "log", "none"}
        Scaling of the criteria, see `geo.scoring.normalisation`; ``"none"`` takes the values
        as they are, with the sign turned where to be small.
    ideal, anti_ideal : (criteria,) array_like or float, optional
        Declared best and worst point on the scale of the normalised values before weighting,
        in which more is better, instead of the best and worst that there are. With
        ``normalise="none"`` a score then depends on its own alternative alone.

    Returns
    -------
    Topsis
        Where all alternatives are alike both distances are 0 and the closeness is 0.5.

    Raises
    ------
    DataError
        If shapes disagree, a weight is not usable, or a criterion cannot be scaled.

    Notes
    -----
    The closeness is :math:`d^- / (d^+ + d^-)` with Euclidean distances of the weighted scaled
    values to the best and to the worst value of every criterion. It depends on the other
    alternatives, so that one more can turn the order of two, and with ``"vector"`` on the zero
    of the units: temperatures in °C and in K give other scores. ``"minmax"`` does not.

    References
    ----------
    Hwang, C.-L., Yoon, K. (1981). Multiple attribute decision making, section 3.4.
    https://doi.org/10.1007/978-3-642-48318-9

    Examples
    --------
    >>> found = topsis([[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]], [0.3, 0.4, 0.3])
    >>> found.score.round(4).tolist(), found.rank.tolist()
    ([0.5037, 0.6581, 0.7482, 0.334], [3.0, 2.0, 1.0, 4.0])
    """
    values = check_matrix(matrix)
    scaled = check_weights(weights, values.shape[1])
    signs(objectives, values.shape[1])
    known = complete_rows(values)
    weighted = _scaled(values[known], objectives, normalise) * scaled
    best = _point(ideal, weighted.max(axis=0), scaled, "ideal")
    worst = _point(anti_ideal, weighted.min(axis=0), scaled, "anti_ideal")
    to_ideal = spread(np.sqrt(((weighted - best) ** 2).sum(axis=1)), known)
    to_anti_ideal = spread(np.sqrt(((weighted - worst) ** 2).sum(axis=1)), known)
    apart = to_ideal + to_anti_ideal
    alike = apart == 0
    score = np.where(alike, 0.5, to_anti_ideal / np.where(alike, 1.0, apart))
    ranks = rank_scores(score, tolerance=_ROUNDING)
    return Topsis(score, ranks, to_ideal, to_anti_ideal, best, worst)


def vikor(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike,
    objectives: Sequence[str] | None = None,
    *,
    v: float = 0.5,
) -> Vikor:
    r"""Score alternatives by a compromise between the whole and the worst criterion.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown; an alternative with an unknown has no score and does not count in the
        scaling.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing.
    v : float
        Weight of the group utility, in [0, 1]; the individual regret has the rest.

    Returns
    -------
    Vikor

    Raises
    ------
    DataError
        If shapes disagree, a weight is not usable, or `v` lies outside [0, 1].

    Notes
    -----
    With the best value :math:`f^*_j` and the worst :math:`f^-_j` of each criterion,
    :math:`S_i = \sum_j w_j (f^*_j - f_{ij}) / (f^*_j - f^-_j)`, :math:`R_i` is the largest of
    these terms, and :math:`Q_i = v (S_i - S^*)/(S^- - S^*) + (1 - v) (R_i - R^*)/(R^- - R^*)`.
    The first by Q is the solution alone if the second is at least :math:`1 / (m - 1)` behind
    (advantage) and it is also first by S or R (stability). Without stability the first two
    are the compromise, without advantage all that are less than :math:`1 / (m - 1)` behind.

    A criterion with one value only adds nothing, with a warning; where all S or all R are
    equal, their part of Q is 0. Q is not always monotone: a better value of one alternative
    moves the limits that all are measured by.

    References
    ----------
    Opricovic, S., Tzeng, G.-H. (2004). Compromise solution by MCDM methods: a comparative
    analysis of VIKOR and TOPSIS. European Journal of Operational Research 156(2), 445-455.
    https://doi.org/10.1016/S0377-2217(03)00020-1

    Examples
    --------
    >>> found = vikor([[1, 3000], [2, 3750], [5, 4500]], [0.5, 0.5], ["min", "max"])
    >>> found.S.tolist(), found.R.tolist(), found.Q.tolist(), found.compromise
    ([0.5, 0.375, 0.5], [0.5, 0.25, 0.5], [1.0, 0.0, 1.0], (1,))
    """
    values = check_matrix(matrix)
    scaled = check_weights(weights, values.shape[1])
    sense = signs(objectives, values.shape[1])
    if not 0 <= v <= 1:
        raise DataError(f"v is {v}, required is a number from 0 to 1")
    known = complete_rows(values)
    regret = _regret(values[known] * sense, scaled)
    group, worst = regret.sum(axis=1), regret.max(axis=1, initial=0.0)
    index = v * _within(group) + (1.0 - v) * _within(worst)
    found, advantage, stability = _compromise(group, worst, index)
    q = spread(index, known)
    return Vikor(
        1.0 - q,
        rank_scores(-q, tolerance=_ROUNDING),
        spread(group, known),
        spread(worst, known),
        q,
        tuple(np.flatnonzero(known)[found].tolist()),
        advantage,
        stability,
    )


def complete_rows(values: Floats) -> npt.NDArray[np.bool_]:
    """Say which alternatives are known in full, or refuse if none is.

    Parameters
    ----------
    values : (alternatives, criteria) array

    Returns
    -------
    (alternatives,) array of bool

    Raises
    ------
    DataError
        If every alternative has an unknown.

    Examples
    --------
    >>> complete_rows(np.array([[1.0, np.nan], [1.0, 2.0]])).tolist()
    [False, True]
    """
    known = np.asarray(~np.isnan(values).any(axis=1), dtype=np.bool_)
    if not known.any():
        raise DataError(
            "every alternative has an unknown value, and the method compares known ones: leave "
            "out the criteria that are not known"
        )
    return known


def spread(found: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Put results of the known alternatives back in their rows, NaN elsewhere.

    Parameters
    ----------
    found : (known alternatives,) array
    known : (alternatives,) array of bool

    Returns
    -------
    (alternatives,) array

    Examples
    --------
    >>> spread(np.array([7.0]), np.array([False, True])).tolist()
    [nan, 7.0]
    """
    whole = np.full(known.size, np.nan)
    whole[known] = found
    return whole


def _scaled(values: Floats, objectives: Sequence[str] | None, normalise: str) -> Floats:
    if normalise == "none":
        return values * signs(objectives, values.shape[1])
    if normalise not in NORMALISATIONS:
        raise DataError(
            f"normalise is {normalise!r}, required is one of {', '.join(NORMALISATIONS)}, none"
        )
    return NORMALISATIONS[normalise](values, objectives)


def _point(given: npt.ArrayLike | None, found: Floats, weights: Floats, name: str) -> Floats:
    if given is None:
        return found
    point = np.asarray(given, dtype=np.float64)
    if point.shape not in ((), weights.shape) or not np.isfinite(point).all():
        raise DataError(
            f"{name} is {point.tolist()} for {weights.size} criteria: give one number for each"
        )
    return np.asarray(point * weights, dtype=np.float64)


def _regret(values: Floats, weights: Floats) -> Floats:
    best, width = values.max(axis=0), np.ptp(values, axis=0)
    flat = np.flatnonzero(width == 0).tolist()
    if flat and len(values) > 1:
        warnings.warn(
            f"{len(flat)} of {width.size} criteria (column {', '.join(map(str, flat))}) have one "
            "value only: they add nothing",
            LodemapWarning,
            stacklevel=3,
        )
    return np.asarray(weights * (best - values) / np.where(width == 0, 1.0, width))


def _within(values: Floats) -> Floats:
    """Place values between their limits, 0 for the best; equal but for rounding are all best."""
    low, width = values.min(), np.ptp(values)
    return (values - low) / width if width > _ROUNDING else np.zeros_like(values)


def _compromise(group: Floats, worst: Floats, index: Floats) -> tuple[list[int], bool, bool]:
    order = np.argsort(index, kind="stable")
    first = order[0]
    if index.size == 1:
        return [int(first)], True, True
    step = 1.0 / (index.size - 1)
    behind = index[order] - index[first]
    advantage = bool(behind[1] >= step - _ROUNDING)
    stability = bool(
        group[first] <= group.min() + _ROUNDING or worst[first] <= worst.min() + _ROUNDING
    )
    near = 1 if stability else 2
    members = near if advantage else int((behind < step - _ROUNDING).sum())
    return order[:members].tolist(), advantage, stability
