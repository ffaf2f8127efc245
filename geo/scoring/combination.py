"""How value scores become one score, declared once for sites and cells alike.

A combination names a method and its options. Methods that look at one place at a time are
*local*: they serve every cell of a surface too. The others compare the places with one another
and so rank sites only.

What a criterion contributes is defined for each method, so that a score can be explained:

weighted sum
    Weight times value score.
weighted product, ordered average, fuzzy operators
    The criterion's weight less the points that it loses: its Shapley value among all orders
    in which the criteria could fall from their best to what they are. A criterion may cost
    more than its weight; its contribution is then negative.
TOPSIS
    The score, shared out by the squared distances from the worst case.
PROMETHEE II
    Weight times net flow of that criterion alone, on the scale of the score.
VIKOR
    Weight times closeness to the best value of that criterion: the part of the group. They do
    not add up to the score, which also counts the worst single regret.

ELECTRE I
    Weight times the share of the other places that are no better in that criterion. They do
    not add up to the score, which is 1 for a place of the kernel and 0 for any other.

For all but VIKOR and ELECTRE I contributions add up to the score.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.errors import DataError
from geo.scoring.normalisation import NORMALISATIONS
from geo.scoring.overlay import fuzzy_and, fuzzy_gamma, fuzzy_or, fuzzy_product, fuzzy_sum
from geo.scoring.ranking import electre, owa, promethee, topsis, vikor, weighted_product
from geo.scoring.weighting import generator, normalise

__all__ = ["METHODS", "Combination", "Method"]

Floats = npt.NDArray[np.float64]

_EXACT = 4_000_000
"""Evaluations up to which Shapley values take every subset; beyond, a seeded sample of orders."""
_ORDERS = 64
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Method:
    """What a method is: `options` with their kind, and what a reader should know.

    `local` methods look at one place at a time; `weighted` ones use weights; those that
    `adds_up` have contributions that sum to the score; one that `chooses` tells a set of places
    from the others and gives no order beyond that.
    """

    title: str
    local: bool
    weighted: bool
    adds_up: bool
    options: Mapping[str, str]
    says: str
    chooses: bool = False


_FUZZY = "Weights are not used."
METHODS: dict[str, Method] = {
    "weighted-sum": Method(
        "Weighted sum", True, True, True, {},
        "A good criterion makes up for a poor one in proportion to the weights.",
    ),
    "weighted-product": Method(
        "Weighted product", True, True, True, {},
        "Value scores to the power of their weights, multiplied: a single zero makes the score "
        "zero.",
    ),
    "owa": Method(
        "Ordered weighted average", True, True, True,
        {"alpha": "number", "order_weights": "numbers"},
        "Weights go by the order of a site's own value scores: alpha above 1 is cautious, below "
        "1 optimistic.",
    ),
    "fuzzy-and": Method(
        "Fuzzy AND", True, False, True, {}, f"The smallest value score. {_FUZZY}"
    ),
    "fuzzy-or": Method("Fuzzy OR", True, False, True, {}, f"The largest value score. {_FUZZY}"),
    "fuzzy-product": Method(
        "Fuzzy product", True, False, True, {}, f"All value scores multiplied. {_FUZZY}"
    ),
    "fuzzy-sum": Method(
        "Fuzzy sum", True, False, True, {},
        f"One less the product of what each value score lacks. {_FUZZY}",
    ),
    "fuzzy-gamma": Method(
        "Fuzzy gamma", True, False, True, {"gamma": "number"},
        f"Between the fuzzy product (gamma 0) and the fuzzy sum (gamma 1). {_FUZZY}",
    ),
    "topsis": Method(
        "TOPSIS", False, True, True, {"normalise": "text"},
        "Distance from the worst case over the distances from worst and best: it depends on "
        "which sites are compared.",
    ),
    "vikor": Method(
        "VIKOR", False, True, False, {"v": "number"},
        "One less VIKOR's index, between the regret of all criteria and the worst single one: it "
        "depends on which sites are compared.",
    ),
    "promethee": Method(
        "PROMETHEE II", False, True, True,
        {"preference": "text", "q": "number", "p": "number", "s": "number"},
        "Net flow of pairwise preferences, brought to 0 to 1: it depends on which sites are "
        "compared.",
    ),
    "electre": Method(
        "ELECTRE I", False, True, False,
        {"concordance_level": "number", "discordance_level": "number"},
        "A choice, not an order: 1 for a site of the kernel, which no other of it outranks, 0 "
        "for any other site; all of the kernel share rank 1.",
        chooses=True,
    ),
}  # fmt: skip
"""Every method by its name."""

_OPERATORS: dict[str, Callable[[Floats], Floats]] = {
    "fuzzy-and": fuzzy_and,
    "fuzzy-or": fuzzy_or,
    "fuzzy-product": fuzzy_product,
    "fuzzy-sum": fuzzy_sum,
}


@dataclass(frozen=True)
class Combination:
    """A method with its options.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    options : mapping, optional
        Options of the method; those left out take the method's own defaults.

    Raises
    ------
    DataError
        If the method or an option is unknown.

    Examples
    --------
    >>> product = Combination("weighted-product")
    >>> product.scores(np.array([[1.0, 0.25]]), np.array([0.5, 0.5])).tolist()
    [0.5]
    >>> product.contributions(np.array([[1.0, 0.25]]), np.array([0.5, 0.5])).tolist()
    [[0.5, 0.0]]
    """

    method: str = "weighted-sum"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise DataError(f"method {self.method!r} is none of {', '.join(METHODS)}")
        for name in self.options:
            if name not in self.about.options:
                raise DataError(f"method {self.method!r} has no option {name!r}")

    @property
    def about(self) -> Method:
        """What the method is."""
        return METHODS[self.method]

    def shares(self, weights: npt.ArrayLike) -> Floats:
        """Weights scaled to add up to 1; equal ones where the method uses none."""
        given = np.asarray(weights, dtype=np.float64)
        if not self.about.weighted:
            return normalise(np.ones(given.size))
        # Weights that add up to 1 stay as they are, to the last bit.
        ready = (given >= 0).all() and abs(given.sum() - 1.0) < _ROUNDING
        return given if ready else normalise(given)

    def scores(self, values: Floats, weights: npt.ArrayLike) -> Floats:
        """Score places.

        Parameters
        ----------
        values : (places, criteria) array
            Value scores in [0, 1], without NaN. Of a method that is not local these are all
            the places that are compared.
        weights : (criteria,) array_like
            Zero or more.

        Returns
        -------
        (places,) array
            In [0, 1], larger is better.
        """
        if len(values) == 0:
            return np.empty(0)
        return np.clip(self._scores(values, self.shares(weights)), 0.0, 1.0)

    def _scores(self, values: Floats, weights: Floats) -> Floats:
        options = dict(self.options)
        if self.method in _OPERATORS:
            return _OPERATORS[self.method](values)
        if self.method == "fuzzy-gamma":
            return fuzzy_gamma(values, options.get("gamma", 0.9))
        if self.method == "promethee":
            return (1.0 + promethee(values, weights, **options).net_flow) / 2.0
        if self.method == "electre":
            return electre(values, weights, **options).score
        if self.method in ("topsis", "vikor"):
            return self._among(values, weights)
        if self.method == "owa":
            return owa(values, weights, **(options or {"alpha": 1.0})).score
        if self.method == "weighted-product":
            return weighted_product(values, weights).score
        score = np.zeros(len(values))
        # Term by term rather than `@`: the order of a BLAS product differs between machines.
        for column, weight in enumerate(weights):
            score += weight * values[:, column]
        return score

    def _among(self, values: Floats, weights: Floats) -> Floats:
        # A criterion that is alike everywhere sets no place apart, and has no scale.
        telling = _telling(values, weights)
        if not telling.any():
            return np.full(len(values), 0.5 if self.method == "topsis" else 1.0)
        method = topsis if self.method == "topsis" else vikor
        return method(values[:, telling], weights[telling], **dict(self.options)).score

    def contributions(self, values: Floats, weights: npt.ArrayLike) -> Floats:
        """Part of every criterion in every score, see the head of this module.

        Parameters
        ----------
        values, weights
            As in :meth:`scores`.

        Returns
        -------
        (places, criteria) array
        """
        shares = self.shares(weights)
        if len(values) == 0:
            return np.empty(values.shape)
        if self.method == "weighted-sum":
            return shares * values
        if self.method == "promethee":
            return self._flows(values, shares)
        if self.method == "electre":
            return np.asarray(shares * _no_worse(values))
        if self.method == "topsis":
            return self._distances(values, shares)
        if self.method == "vikor":
            low, high = values.min(axis=0), values.max(axis=0)
            wide = high > low
            near = np.where(wide, (values - low) / np.where(wide, high - low, 1.0), 1.0)
            return np.asarray(shares * near)
        return shares + shapley_changes(lambda given: self.scores(given, shares), values)

    def _flows(self, values: Floats, shares: Floats) -> Floats:
        alone = np.empty(values.shape)
        for column in range(values.shape[1]):
            only = np.zeros(values.shape[1])
            only[column] = 1.0
            alone[:, column] = promethee(values, only, **dict(self.options)).net_flow
        return np.asarray(shares * (1.0 + alone) / 2.0)

    def _distances(self, values: Floats, shares: Floats) -> Floats:
        found = np.tile(shares / 2.0, (len(values), 1))
        telling = _telling(values, shares)
        if telling.any():
            found[:] = 0.0
            scale = NORMALISATIONS[self.options.get("normalise", "vector")]
            weighted = scale(values[:, telling], None) * shares[telling]
            squares = (weighted - weighted.min(axis=0)) ** 2
            total = squares.sum(axis=1, keepdims=True)
            share = np.divide(squares, total, out=np.zeros_like(squares), where=total > 0)
            found[:, telling] = self.scores(values, shares)[:, None] * share
        return found


def shapley_changes(score: Callable[[Floats], Floats], values: Floats) -> Floats:
    """Change of each place's score that each criterion makes, from all at 1 to what they are.

    Parameters
    ----------
    score : callable
        (places, criteria) to (places,).
    values : (places, criteria) array
        In [0, 1].

    Returns
    -------
    (places, criteria) array
        Rows add up to the score less the score of the best case.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. In Contributions to the theory of games
    II, 307-317. https://doi.org/10.1515/9781400881970-018
    Castro, J., Gomez, D., Tejada, J. (2009). Polynomial calculation of the Shapley value based
    on sampling. Computers & Operations Research 36(5), 1726-1730 (for the sample of orders).
    https://doi.org/10.1016/j.cor.2008.04.004
    """
    criteria = values.shape[1]
    if len(values) << criteria <= _EXACT:
        return _over_subsets(score, values)
    changes = np.zeros(values.shape)
    stream = generator(0, "shapley")
    for _ in range(_ORDERS):
        given, before = np.ones(values.shape), score(np.ones(values.shape))
        for column in stream.permutation(criteria):
            given[:, column] = values[:, column]
            after = score(given)
            changes[:, column] += after - before
            before = after
    return changes / _ORDERS


def _over_subsets(score: Callable[[Floats], Floats], values: Floats) -> Floats:
    criteria = values.shape[1]
    subsets = np.arange(1 << criteria)
    fallen = (subsets[:, None] >> np.arange(criteria)) & 1 == 1
    table = np.stack([score(np.where(row, values, 1.0)) for row in fallen])
    size = fallen.sum(axis=1)
    orders = [
        factorial(k) * factorial(criteria - k - 1) / factorial(criteria) for k in range(criteria)
    ]
    changes = np.empty(values.shape)
    for column in range(criteria):
        without = subsets[~fallen[:, column]]
        share = np.array([orders[k] for k in size[without]])
        step = table[without | (1 << column)] - table[without]
        changes[:, column] = (share[:, None] * step).sum(axis=0)
    return changes


def _telling(values: Floats, weights: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray((values.max(axis=0) > values.min(axis=0)) & (weights > 0))


def _no_worse(values: Floats) -> Floats:
    """Share of the other places that each place is at least as good as, by criterion."""
    others = max(len(values) - 1, 1)
    return np.column_stack(
        [(np.searchsorted(np.sort(c), c, side="right") - 1) / others for c in values.T]
    )
