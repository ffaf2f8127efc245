"""Methods that compare alternatives in pairs: PROMETHEE and ELECTRE I."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from geo.errors import DataError
from geo.scoring.ideal import complete_rows, spread
from geo.scoring.ranks import Ranking, check_matrix, check_weights, rank_scores, signs

__all__ = ["PREFERENCES", "Electre", "Promethee", "electre", "preference_index", "promethee"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Limit = float | Sequence[float | None] | None

_ROUNDING = 1e-12
_PAIRS = 1 << 21
"""Pairs compared at a time, which bounds the memory."""

PREFERENCES = {
    "usual": "",
    "u-shape": "q",
    "v-shape": "p",
    "level": "qp",
    "v-shape-indifference": "qp",
    "gaussian": "s",
}
"""The six preference functions and the thresholds that each needs."""


@dataclass(frozen=True, eq=False)
class Promethee(Ranking):
    """Flows of PROMETHEE: how much each alternative is preferred and the others to it.

    `positive_flow`, `negative_flow` and `net_flow` are (alternatives,), in [0, 1], [0, 1] and
    [-1, 1]; `score` is the net flow, `rank` the complete order of PROMETHEE II.
    `criterion_flows` is (alternatives, criteria): its weighted sum is the net flow.
    """

    positive_flow: Floats
    negative_flow: Floats
    net_flow: Floats
    criterion_flows: Floats

    def outranks(self) -> Flags:
        """Say which alternative (row) is preferred to which (column) in PROMETHEE I.

        Returns
        -------
        (alternatives, alternatives) array of bool
            Where one flow says so and the other does not object.
        """
        more, less = self._differences()
        return np.asarray(
            (more >= -_ROUNDING) & (less >= -_ROUNDING) & ((more > _ROUNDING) | (less > _ROUNDING))
        )

    def indifferent(self) -> Flags:
        """Say which alternatives have equal flows, each with itself included.

        Returns
        -------
        (alternatives, alternatives) array of bool
        """
        more, less = self._differences()
        return np.asarray((np.abs(more) <= _ROUNDING) & (np.abs(less) <= _ROUNDING))

    def incomparable(self) -> Flags:
        """Say which pairs PROMETHEE I leaves open, as the two flows contradict each other.

        Returns
        -------
        (alternatives, alternatives) array of bool
            Also where a flow is unknown.
        """
        ahead = self.outranks()
        return np.asarray(~(ahead | ahead.T | self.indifferent()))

    def _differences(self) -> tuple[Floats, Floats]:
        more = self.positive_flow[:, None] - self.positive_flow
        return more, self.negative_flow - self.negative_flow[:, None]


@dataclass(frozen=True, eq=False)
class Electre(Ranking):
    """Concordance, discordance and kernel of ELECTRE I.

    `concordance`, `discordance` and `outranks` are (alternatives, alternatives), of the row
    over the column. `kernel` holds the rows that no member of the kernel outranks: the choice.
    ELECTRE I gives no order beyond that, so `score` is 1 in the kernel and 0 outside, and
    `rank` follows from it.
    """

    concordance: Floats
    discordance: Floats
    outranks: Flags
    kernel: tuple[int, ...]


def promethee(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike,
    objectives: Sequence[str] | None = None,
    *,
    preference: str | Sequence[str] = "usual",
    q: Limit = None,
    p: Limit = None,
    s: Limit = None,
) -> Promethee:
    r"""Rank alternatives by how much each is preferred to the others: PROMETHEE I and II.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown; an alternative with an unknown is compared with none.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing.
    preference : str or sequence of str
        Preference function, one for all or one for each criterion: ``"usual"`` (any
        difference), ``"u-shape"`` (any above `q`), ``"v-shape"`` (in proportion up to `p`),
        ``"level"`` (half between `q` and `p`), ``"v-shape-indifference"`` (in proportion from
        `q` to `p`), ``"gaussian"`` (:math:`1 - e^{-d^2 / 2 s^2}`).
    q, p, s : float or sequence of float, optional
        Indifference, preference and Gaussian threshold in the unit of the criterion, one for
        all or one for each (None where not needed).

    Returns
    -------
    Promethee

    Raises
    ------
    DataError
        If shapes disagree, a weight is not usable, a preference function is unknown, or a
        threshold is missing, negative or out of order.

    Notes
    -----
    Flows are means over the other alternatives, as in the books since 1994; the paper of 1986
    gives sums, which are :math:`m - 1` times as large and rank alike.

    References
    ----------
    Brans, J.-P., Vincke, P., Mareschal, B. (1986). How to select and how to rank projects: the
    PROMETHEE method. European Journal of Operational Research 24(2), 228-238.
    https://doi.org/10.1016/0377-2217(86)90044-5
    Brans, J.-P., Mareschal, B. (2005). PROMETHEE methods. In: Multiple criteria decision
    analysis: state of the art surveys, 163-186. https://doi.org/10.1007/0-387-23081-5_5

    Examples
    --------
    >>> found = promethee([[4, 3, 2], [3, 2, 4], [5, 1, 3]], [0.5, 0.3, 0.2])
    >>> found.net_flow.round(2).tolist(), found.rank.tolist()
    ([0.1, -0.3, 0.2], [2.0, 3.0, 1.0])
    """
    values = check_matrix(matrix)
    criteria = values.shape[1]
    scaled = check_weights(weights, criteria)
    sense = signs(objectives, criteria)
    functions = _functions(criteria, preference, q, p, s)
    known = complete_rows(values)
    compared = values[known] * sense
    others = max(1, len(compared) - 1)
    plus, minus = np.empty(compared.shape), np.empty(compared.shape)
    for column, function in enumerate(functions):
        plus[:, column] = function.sums(compared[:, column]) / others
        minus[:, column] = function.sums(-compared[:, column]) / others
    single = plus - minus
    positive, negative = plus @ scaled, minus @ scaled
    net = spread(single @ scaled, known)
    flows = np.full(values.shape, np.nan)
    flows[known] = single
    return Promethee(
        net,
        rank_scores(net, tolerance=_ROUNDING),
        spread(positive, known),
        spread(negative, known),
        net,
        flows,
    )


def preference_index(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike,
    objectives: Sequence[str] | None = None,
    *,
    preference: str | Sequence[str] = "usual",
    q: Limit = None,
    p: Limit = None,
    s: Limit = None,
) -> Floats:
    """Weighted preference of each alternative over each other.

    Parameters
    ----------
    matrix, weights, objectives, preference, q, p, s
        As for `promethee`.

    Returns
    -------
    (alternatives, alternatives) array
        Of the row over the column, in [0, 1]; NaN where either has an unknown.

    Raises
    ------
    DataError
        As for `promethee`.

    References
    ----------
    Brans, J.-P., Vincke, P., Mareschal, B. (1986). How to select and how to rank projects: the
    PROMETHEE method. European Journal of Operational Research 24(2), 228-238.
    https://doi.org/10.1016/0377-2217(86)90044-5

    Examples
    --------
    >>> preference_index([[4, 3], [3, 5]], [0.75, 0.25]).tolist()
    [[0.0, 0.75], [0.25, 0.0]]
    """
    values = check_matrix(matrix)
    criteria = values.shape[1]
    scaled = check_weights(weights, criteria)
    compared = values * signs(objectives, criteria)
    whole = np.zeros((len(values), len(values)))
    for column, function in enumerate(_functions(criteria, preference, q, p, s)):
        values_here = compared[:, column]
        ahead = values_here[:, None] - values_here
        whole += scaled[column] * function.pairs(ahead, _tiny(values_here))
    unknown = np.isnan(values).any(axis=1)
    whole[unknown] = np.nan
    whole[:, unknown] = np.nan
    return whole


def electre(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike,
    objectives: Sequence[str] | None = None,
    *,
    concordance_level: float = 0.65,
    discordance_level: float = 0.35,
) -> Electre:
    """Choose the alternatives that nothing chosen outranks: ELECTRE I.

    Parameters
    ----------
    matrix : (alternatives, criteria) array_like
        NaN is unknown; an alternative with an unknown is compared with none.
    weights : (criteria,) array_like
        Zero or more; scaled to add up to 1.
    objectives : sequence of {"max", "min"}, optional
        Sense of each criterion, ``"max"`` when missing.
    concordance_level, discordance_level : float
        One alternative outranks another where the concordance is at least the one and the
        discordance at most the other; both in [0, 1].

    Returns
    -------
    Electre

    Raises
    ------
    DataError
        If shapes disagree, or a weight or a level is not usable.

    Notes
    -----
    The concordance of a over b is the weight of the criteria in which a is at least as good,
    ties included. The discordance is the largest difference by which b is better, over the
    largest range that any criterion has: columns are compared as given, so bring them to one
    scale first. Alternatives that outrank one another in a circle count as one in the kernel.

    References
    ----------
    Roy, B. (1968). Classement et choix en présence de points de vue multiples (la méthode
    ELECTRE). RIRO 2(8), 57-75. https://doi.org/10.1051/ro/196802V100571

    Examples
    --------
    >>> found = electre([[0.9, 0.5], [0.8, 0.6], [0.1, 0.4]], [0.7, 0.3])
    >>> found.concordance.tolist()
    [[1.0, 0.7, 1.0], [0.3, 1.0, 1.0], [0.0, 0.0, 1.0]]
    >>> found.kernel, found.rank.tolist()
    ((0,), [1.0, 2.0, 2.0])
    """
    values = check_matrix(matrix)
    criteria = values.shape[1]
    scaled = check_weights(weights, criteria)
    sense = signs(objectives, criteria)
    for name, level in (("concordance", concordance_level), ("discordance", discordance_level)):
        if not 0 <= level <= 1:
            raise DataError(f"{name}_level is {level}, required is a number from 0 to 1")
    known = complete_rows(values)
    concordance, discordance = _agreements(values[known] * sense, scaled)
    outranks = (concordance >= concordance_level - _ROUNDING) & (
        discordance <= discordance_level + _ROUNDING
    )
    np.fill_diagonal(outranks, val=False)
    chosen = _kernel(outranks)
    score = spread(chosen.astype(np.float64), known)
    kernel = tuple(np.flatnonzero(known)[chosen].tolist())
    if not known.all():
        concordance, discordance = (
            _spread_pairs(v, known, np.nan) for v in (concordance, discordance)
        )
        outranks = _spread_pairs(outranks, known, False).astype(np.bool_)
    return Electre(score, rank_scores(score), concordance, discordance, outranks, kernel)


@dataclass(frozen=True)
class _Preference:
    """A preference function with its thresholds; a step or a slope between `q` and `p`."""

    name: str
    q: float
    p: float
    s: float

    def pairs(self, ahead: Floats, tiny: float) -> Floats:
        """Preference by how far one is ahead; `tiny` is what rounding can be."""
        if self.name == "gaussian":
            return np.where(ahead > tiny, -np.expm1(-0.5 * (ahead / self.s) ** 2), 0.0)
        if self.name == "level":
            return 0.5 * (ahead > self.q + tiny) + 0.5 * (ahead > self.p + tiny)
        beyond = ahead > self.q + tiny
        if self.p == self.q:
            return beyond.astype(np.float64)
        return np.where(beyond, np.clip((ahead - self.q) / (self.p - self.q), 0.0, 1.0), 0.0)

    def sums(self, column: Floats) -> Floats:
        """Preference of each value over all others, added up.

        Sorted values and their running sums answer all but the Gaussian without comparing
        every pair.
        """
        tiny = _tiny(column)
        if self.name == "gaussian":
            blocks = [
                self.pairs(column[rows, None] - column, tiny) for rows in _blocks(len(column))
            ]
            return np.concatenate([block.sum(axis=1) for block in blocks])
        # Values about their mean, which the running sums would lose digits to.
        middle = column - column.mean()
        ordered = np.sort(middle)
        over_q = np.searchsorted(ordered, middle - self.q - tiny, side="left")
        if self.p == self.q:
            return np.asarray(over_q, dtype=np.float64)
        if self.name == "level":
            over_p = np.searchsorted(ordered, middle - self.p - tiny, side="left")
            return np.asarray(0.5 * (over_q + over_p), dtype=np.float64)
        over_p = np.minimum(np.searchsorted(ordered, middle - self.p, side="right"), over_q)
        running = np.concatenate([[0.0], np.cumsum(ordered)])
        between = (over_q - over_p) * (middle - self.q) - (running[over_q] - running[over_p])
        return np.asarray(over_p + np.maximum(between, 0.0) / (self.p - self.q))


def _functions(
    criteria: int, preference: str | Sequence[str], q: Limit, p: Limit, s: Limit
) -> list[_Preference]:
    names = [preference] * criteria if isinstance(preference, str) else list(preference)
    if len(names) != criteria:
        raise DataError(
            f"{len(names)} preference functions for {criteria} criteria: give one for all or one "
            "each"
        )
    limits = {
        name: _limits(criteria, name, given) for name, given in zip("qps", (q, p, s), strict=True)
    }
    made = []
    for column, name in enumerate(names):
        if name not in PREFERENCES:
            raise DataError(f"preference {name!r} is unknown, use one of {', '.join(PREFERENCES)}")
        here = {key: limits[key][column] for key in PREFERENCES[name]}
        made.append(_function(name, column, here))
    return made


def _limits(criteria: int, name: str, given: Limit) -> list[float | None]:
    if given is None or isinstance(given, int | float | np.number):
        return [given] * criteria
    if len(given) != criteria:
        raise DataError(
            f"{len(given)} thresholds {name} for {criteria} criteria: give one for all or one each"
        )
    return list(given)


def _function(name: str, column: int, limits: dict[str, float | None]) -> _Preference:
    found: dict[str, float] = {}
    for key, value in limits.items():
        lowest = "zero or more" if key == "q" else "above zero"
        if value is None:
            raise DataError(f"criterion {column}: preference {name!r} needs the threshold {key}")
        if not (np.isfinite(value) and (value > 0 or (key == "q" and value == 0))):
            raise DataError(f"criterion {column}: {key} is {value}, required is {lowest}")
        found[key] = float(value)
    q = found.get("q", 0.0)
    # Without a threshold p the step at q is all there is.
    p = found.get("p", q)
    if q > p:
        raise DataError(f"criterion {column}: q is {q:g} and p {p:g}, required is q of at most p")
    return _Preference(name, q, p, found.get("s", 1.0))


def _tiny(column: Floats) -> float:
    """What rounding can make of a difference: one equal to a threshold is not beyond it."""
    return _ROUNDING * float(np.nanmax(np.abs(column), initial=0.0))


def _blocks(count: int) -> list[slice]:
    height = max(1, _PAIRS // count)
    return [slice(first, first + height) for first in range(0, count, height)]


def _agreements(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    count = len(values)
    concordance, discordance = np.zeros((count, count)), np.zeros((count, count))
    for column, weight in enumerate(weights):
        behind = values[:, column] - values[:, column, None]
        concordance += weight * (behind <= 0)
        np.maximum(discordance, behind, out=discordance)
    widest = float(np.ptp(values, axis=0).max())
    return concordance, discordance / widest if widest > 0 else discordance


def _spread_pairs(found: npt.NDArray[np.generic], known: Flags, missing: float) -> Floats:
    whole = np.full((known.size, known.size), float(missing))
    whole[np.ix_(known, known)] = found
    return whole


def _kernel(outranks: Flags) -> Flags:
    """Members of the kernel, alternatives of one circle taken together."""
    count, circle = scipy.sparse.csgraph.connected_components(
        outranks, directed=True, connection="strong"
    )
    between = np.zeros((count, count), dtype=np.bool_)
    rows, columns = np.nonzero(outranks)
    between[circle[rows], circle[columns]] = True
    np.fill_diagonal(between, val=False)
    chosen = np.zeros(count, dtype=np.bool_)
    left = np.ones(count, dtype=np.bool_)
    while left.any():
        free = left & ~between[left].any(axis=0)
        chosen |= free
        left &= ~(free | between[free].any(axis=0))
    return np.asarray(chosen[circle], dtype=np.bool_)
