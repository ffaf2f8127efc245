"""Weights of evidence: where else deposits of a kind may lie, from where they are known.

A unit cell either holds a deposit or not, and its probability is that of the cell: halve the
area of a cell and every probability halves. State the cell with the result.

All tables count cells whose evidence is known. Where one of the four counts behind a weight is
zero its logarithm has no value: one cell with and one without a deposit are then added, each
spread over the pattern and the rest as the area is (the m-estimate, Cestnik 1990), and the row
is marked as corrected. So a class without deposits never speaks for a deposit, and the wide
standard deviation of a small one says how little it tells. (Half a cell added to each count, as
is common elsewhere, turns a small barren class into favourable evidence.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from geo.errors import DataError

__all__ = [
    "ConditionalIndependence",
    "Posterior",
    "class_weights",
    "conditional_independence",
    "posterior_probability",
    "success_rate",
    "weights_of_evidence",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_METHODS = ("unique", "ascending", "descending")
_MOST_LAYERS = 24
_MISSING = 2


def weights_of_evidence(
    evidence: npt.ArrayLike,
    deposits: npt.ArrayLike,
    *,
    method: str = "unique",
    nodata: float | None = None,
) -> pd.DataFrame:
    """Weights of the classes of one evidence layer.

    Parameters
    ----------
    evidence : (...) array_like
        Whole numbers, the class of each cell; NaN and `nodata` are unknown and take no part.
    deposits : (...) array_like of bool
        Cells that hold a deposit, of the shape of `evidence`.
    method : {"unique", "ascending", "descending"}, optional
        Weights of each class alone, or of all classes up to it from the smallest or from the
        largest: for evidence such as distance, where a threshold is sought.
    nodata : float, optional
        A class that means unknown.

    Returns
    -------
    DataFrame
        One row a class, in the order of cumulation: ``class``, ``n`` (cells) and ``deposits``
        (of them with a deposit) of the class or of all up to it, ``w_plus`` and ``w_minus``
        with their standard deviations ``s_w_plus`` and ``s_w_minus``, ``contrast`` (w_plus -
        w_minus), ``s_contrast``, ``studentised`` (contrast / s_contrast), and ``corrected``
        where a count was zero. Where the classes cover every cell, nothing is left to
        contrast: w_plus is 0 and the rest NaN.

    Raises
    ------
    DataError
        If shapes or the method are wrong, evidence is not of whole numbers or of one class
        only, or deposits lie in fewer than two cells, or in all.

    Notes
    -----
    The variances of the weights are the usual asymptotic ones, 1 / deposits + 1 / barren cells
    of the pattern. That of the contrast is exact to first order; those of the single weights
    are on the safe side, for they leave out that a weight compares a part with its whole.

    References
    ----------
    Bonham-Carter, G. F. (1994). Geographic information systems for geoscientists, chapter 9.
    Pergamon. Cestnik, B. (1990). Estimating probabilities: a crucial task in machine
    learning. Proceedings of the 9th European Conference on Artificial Intelligence, 147-149.

    Examples
    --------
    >>> evidence = [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    >>> deposits = [1, 1, 0, 0, 1, 0, 0, 0, 0, 0]
    >>> weights_of_evidence(evidence, deposits)[["class", "n", "deposits", "w_plus"]].round(3)
       class  n  deposits  w_plus
    0      1  4         2   0.847
    1      2  6         1  -0.762
    """
    if method not in _METHODS:
        raise DataError(f"there is no method {method!r}: take one of {', '.join(_METHODS)}")
    known, classes = _classes(evidence, nodata)
    holds = _cells(deposits, known.shape)[known]
    names, place = np.unique(classes, return_inverse=True)
    if names.size < 2:
        raise DataError(
            f"the evidence has the single class {names[0]:g}: at least two are needed to tell "
            "cells apart"
        )
    n = np.bincount(place, minlength=names.size)
    with_deposit = np.bincount(place[holds], minlength=names.size)
    total, found = int(n.sum()), _enough(holds)
    if method != "unique":
        order = np.arange(names.size) if method == "ascending" else np.arange(names.size)[::-1]
        names, n, with_deposit = names[order], np.cumsum(n[order]), np.cumsum(with_deposit[order])
    table = pd.DataFrame({"class": names, "n": n, "deposits": with_deposit})
    return table.join(class_weights(n, with_deposit, total, found))


def class_weights(
    n: npt.NDArray[np.int64], deposits: npt.NDArray[np.int64], total: int, found: int
) -> pd.DataFrame:
    """Weights of patterns from their counts.

    Parameters
    ----------
    n, deposits : (patterns,) arrays of int
        Cells of each pattern, and how many of them hold a deposit.
    total, found : int
        Known cells in all, and how many of them hold a deposit.

    Returns
    -------
    DataFrame
        A row a pattern, with the columns of `weights_of_evidence` from ``w_plus`` on.

    Examples
    --------
    >>> class_weights(np.array([20]), np.array([6]), 100, 10)[["w_plus", "w_minus"]].round(2)
       w_plus  w_minus
    0    1.35    -0.75
    """
    counts = np.stack([deposits, found - deposits, n - deposits, total - n - found + deposits])
    whole = n == total
    corrected = (counts == 0).any(axis=0) & ~whole
    share = n / total
    spread = np.where(corrected, np.stack([share, 1 - share, share, 1 - share]), 0.0)
    inside, outside, barren, rest = counts + spread
    with np.errstate(divide="ignore", invalid="ignore"):
        w_plus = np.log(inside / (inside + outside)) - np.log(barren / (barren + rest))
        w_minus = np.log(outside / (inside + outside)) - np.log(rest / (barren + rest))
        s_plus = np.sqrt(1 / inside + 1 / barren)
        s_minus = np.sqrt(1 / outside + 1 / rest)
    w_minus, s_minus = np.where(whole, np.nan, w_minus), np.where(whole, np.nan, s_minus)
    deviation = np.hypot(s_plus, s_minus)
    return pd.DataFrame(
        {
            "w_plus": w_plus,
            "s_w_plus": s_plus,
            "w_minus": w_minus,
            "s_w_minus": s_minus,
            "contrast": w_plus - w_minus,
            "s_contrast": deviation,
            "studentised": (w_plus - w_minus) / deviation,
            "corrected": corrected,
        }
    )


@dataclass(frozen=True, eq=False)
class Posterior:
    """Probability of a deposit in each cell, from several binary layers.

    `probability` and `standard_deviation` are on the layers' cells, NaN where no layer is
    known; the second holds both the doubt of the weights (`deviation_of_weights`) and that of
    the layers that are missing in the cell (`deviation_of_missing`). `prior` is the share of
    cells with a deposit, `weights` a frame with a row a layer as of `weights_of_evidence`.
    """

    probability: Floats
    standard_deviation: Floats
    deviation_of_weights: Floats
    deviation_of_missing: Floats
    prior: float
    weights: pd.DataFrame


def posterior_probability(layers: Sequence[npt.ArrayLike], deposits: npt.ArrayLike) -> Posterior:
    """Probability that a cell holds a deposit, given the pattern of evidence in it.

    The logit of the prior plus the weight of each layer, present or absent; a layer that is
    unknown in a cell adds no weight there and widens the standard deviation instead. It holds
    only for layers that are independent of each other given the deposits: test it with
    `conditional_independence`.

    Parameters
    ----------
    layers : sequence of (...) array_like
        Binary evidence: 1 or True present, 0 or False absent, NaN unknown.
    deposits : (...) array_like of bool
        Cells that hold a deposit, of the shape of the layers.

    Returns
    -------
    Posterior

    Raises
    ------
    DataError
        If there is no layer or more than 24, shapes differ, a layer is not binary or of one
        class only, or deposits lie in fewer than two cells.

    Notes
    -----
    The variance is (1 / n + sum of the weights' variances) times the squared probability; that
    of missing layers is the mean squared change of the probability over what the layers could
    say, each pattern as likely as its share of the known cells.

    References
    ----------
    Bonham-Carter, G. F., Agterberg, F. P., Wright, D. F. (1989). Weights of evidence modelling:
    a new approach to mapping mineral potential. Geological Survey of Canada Paper 89-9,
    171-183. https://doi.org/10.4095/128059

    Examples
    --------
    >>> found = posterior_probability([[1, 1, 1, 1, 0, 0, 0, 0, 0, 0]],
    ...                               [1, 1, 0, 0, 1, 0, 0, 0, 0, 0])
    >>> found.prior, found.probability[[0, 9]].round(3).tolist()
    (0.3, [0.5, 0.167])
    """
    return _posterior(_Patterns.of(layers, deposits))


@dataclass(frozen=True, eq=False)
class ConditionalIndependence:
    """Whether layers are independent of each other given the deposits.

    `observed` deposits against the `predicted` ones (sum of the probabilities), with its
    `standard_deviation`; `ratio` is observed over predicted: below about 0.85 the layers are
    taken to depend on each other (Bonham-Carter 1994, p. 316). `z` is (predicted - observed) /
    standard deviation and `p` its one-sided probability under independence: small where the
    layers count the same evidence twice.
    """

    observed: int
    predicted: float
    standard_deviation: float
    ratio: float
    z: float
    p: float


def conditional_independence(
    layers: Sequence[npt.ArrayLike], deposits: npt.ArrayLike
) -> ConditionalIndependence:
    """Test layers for conditional independence over their unique conditions.

    Parameters
    ----------
    layers, deposits
        As in `posterior_probability`.

    Returns
    -------
    ConditionalIndependence

    Raises
    ------
    DataError
        As `posterior_probability` does.

    Notes
    -----
    All cells of a unique condition share one probability, so they err together: the variance
    of the predicted number is the sum over conditions of the squared product of cells and
    standard deviation, not a sum over cells.

    References
    ----------
    Agterberg, F. P., Cheng, Q. (2002). Conditional independence test for weights-of-evidence
    modeling. Natural Resources Research 11(4), 249-255. https://doi.org/10.1023/A:1021193827501

    Examples
    --------
    >>> layer = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    >>> deposits = [1, 1, 0, 0, 1, 0, 0, 0, 0, 0]
    >>> round(conditional_independence([layer], deposits).ratio, 6)
    1.0
    >>> round(conditional_independence([layer, layer], deposits).ratio, 3)
    0.906
    """
    patterns = _Patterns.of(layers, deposits)
    _, logit, variance = _logits(patterns)
    probability = expit(logit)
    predicted = float((patterns.cells * probability).sum())
    deviation = float(np.sqrt(((patterns.cells * probability) ** 2 * variance).sum()))
    observed = int(patterns.deposits.sum())
    z = (predicted - observed) / deviation
    return ConditionalIndependence(
        observed, predicted, deviation, observed / predicted, z, float(norm.sf(z))
    )


def success_rate(probability: npt.ArrayLike, deposits: npt.ArrayLike) -> pd.DataFrame:
    """Share of deposits caught by the most favourable share of the area.

    With the deposits that made the model this is a success rate; with others, kept out of it,
    a prediction rate (Chung and Fabbri 2003). Only the second says how well it predicts.

    Parameters
    ----------
    probability : (...) array_like
        Any measure of favourability; NaN is unknown and takes no part.
    deposits : (...) array_like of bool
        Cells that hold a deposit.

    Returns
    -------
    DataFrame
        A row a distinct value from the largest down: ``threshold``, ``area_share`` and
        ``deposit_share`` of the known cells at or above it.

    Raises
    ------
    DataError
        If shapes differ, or no known cell holds a deposit.

    References
    ----------
    Chung, C. F., Fabbri, A. G. (2003). Validation of spatial prediction models for landslide
    hazard mapping. Natural Hazards 30, 451-472.
    https://doi.org/10.1023/B:NHAZ.0000007172.62651.2b

    Examples
    --------
    >>> success_rate([0.9, 0.5, 0.5, 0.1], [1, 0, 1, 0]).values.tolist()
    [[0.9, 0.25, 0.5], [0.5, 0.75, 1.0], [0.1, 1.0, 1.0]]
    """
    values = _numbers(probability, "the probability")
    holds = _cells(deposits, values.shape)
    known = ~np.isnan(values)
    if not holds[known].any():
        raise DataError("no cell with a known probability holds a deposit: nothing can be caught")
    names, place = np.unique(values[known], return_inverse=True)
    cells = np.bincount(place, minlength=names.size)[::-1]
    caught = np.bincount(place[holds[known]], minlength=names.size)[::-1]
    return pd.DataFrame(
        {
            "threshold": names[::-1],
            "area_share": np.cumsum(cells) / cells.sum(),
            "deposit_share": np.cumsum(caught) / caught.sum(),
        }
    )


@dataclass(frozen=True, eq=False)
class _Patterns:
    """Unique conditions: states of the layers (0, 1, 2 unknown), cells and deposits of each.

    `place` is the condition of each cell where a layer is known, in the order of `known`.
    """

    states: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    deposits: npt.NDArray[np.int64]
    known: Bools
    place: npt.NDArray[np.intp]

    @classmethod
    def of(cls, layers: Sequence[npt.ArrayLike], deposits: npt.ArrayLike) -> "_Patterns":
        if not 1 <= len(layers) <= _MOST_LAYERS:
            raise DataError(f"{len(layers)} layers: give between 1 and {_MOST_LAYERS}")
        first = _states(layers[0], 0)
        code = np.zeros(first.shape, dtype=np.int64)
        for number, layer in enumerate(layers):
            states = _states(layer, number)
            if states.shape != first.shape:
                raise DataError(
                    f"layer {number} has the shape {states.shape}, the first {first.shape}: put "
                    "them on one grid"
                )
            code += states.astype(np.int64) * 3**number
        holds = _cells(deposits, code.shape)
        known = code != 3 ** len(layers) - 1
        codes, place = np.unique(code[known], return_inverse=True)
        conditions = codes[:, None] // 3 ** np.arange(len(layers)) % 3
        cells = np.bincount(place, minlength=codes.size)
        held = np.bincount(place[holds[known]], minlength=codes.size)
        _enough(holds[known])
        return cls(conditions, cells, held, known, place)


def _posterior(patterns: _Patterns) -> Posterior:
    weights, logit, variance = _logits(patterns)
    probability = expit(logit)
    of_weights = probability * np.sqrt(variance)
    of_missing = np.sqrt(_missing_variance(patterns, weights, logit))
    prior = patterns.deposits.sum() / patterns.cells.sum()

    def on_cells(values: Floats) -> Floats:
        out = np.full(patterns.known.shape, np.nan)
        out[patterns.known] = values[patterns.place]
        return out

    return Posterior(
        on_cells(probability),
        on_cells(np.hypot(of_weights, of_missing)),
        on_cells(of_weights),
        on_cells(of_missing),
        float(prior),
        weights,
    )


def _logits(patterns: _Patterns) -> tuple[pd.DataFrame, Floats, Floats]:
    """Weights of the layers; posterior logit of each condition and its variance."""
    found = int(patterns.deposits.sum())
    prior = found / int(patterns.cells.sum())
    rows = [_layer_weights(patterns, layer) for layer in range(patterns.states.shape[1])]
    weights = pd.concat(rows, ignore_index=True)
    logit = np.full(len(patterns.cells), np.log(prior / (1 - prior)))
    variance = np.full(len(patterns.cells), 1 / found)
    given = weights[["w_minus", "w_plus", "s_w_minus", "s_w_plus"]].to_numpy(np.float64)
    for state, (absent, present, s_absent, s_present) in zip(patterns.states.T, given, strict=True):
        logit += np.choose(state, [absent, present, 0.0])
        variance += np.choose(state, [s_absent**2, s_present**2, 0.0])
    return weights, logit, variance


def _layer_weights(patterns: _Patterns, layer: int) -> pd.DataFrame:
    state = patterns.states[:, layer]
    known = state != _MISSING
    total, found = int(patterns.cells[known].sum()), int(patterns.deposits[known].sum())
    n = patterns.cells[state == 1].sum(keepdims=True)
    if not 0 < int(n[0]) < total:
        raise DataError(
            f"layer {layer} is {'absent' if n[0] == 0 else 'present'} in every known cell: it "
            "tells nothing, leave it out"
        )
    if not 0 < found < total:
        raise DataError(
            f"layer {layer} is known in {total:,} cells with {found:,} deposits: it needs cells "
            "with and cells without a deposit"
        )
    held = patterns.deposits[state == 1].sum(keepdims=True)
    counts = pd.DataFrame({"layer": [layer], "n": n, "deposits": held, "share": [n[0] / total]})
    return counts.join(class_weights(n, held, total, found))


def _missing_variance(patterns: _Patterns, weights: pd.DataFrame, logit: Floats) -> Floats:
    """Mean squared change of the probability over all that the missing layers could say."""
    share = weights["share"].to_numpy()
    present, absent = weights["w_plus"].to_numpy(), weights["w_minus"].to_numpy()
    out = np.zeros(len(logit))
    for condition in np.flatnonzero((patterns.states == _MISSING).any(axis=1)):
        steps, chances = np.zeros(1), np.ones(1)
        for layer in np.flatnonzero(patterns.states[condition] == _MISSING):
            steps = np.concatenate([steps + present[layer], steps + absent[layer]])
            chances = np.concatenate([chances * share[layer], chances * (1 - share[layer])])
        change = expit(logit[condition] + steps) - expit(logit[condition])
        out[condition] = (chances * change**2).sum()
    return out


def _numbers(values: npt.ArrayLike, what: str) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{what} must hold numbers, NaN where unknown") from None


def _classes(evidence: npt.ArrayLike, nodata: float | None) -> tuple[Bools, npt.NDArray[np.int64]]:
    values = _numbers(evidence, "the evidence")
    known = ~np.isnan(values)
    if nodata is not None:
        known &= values != nodata
    if not known.any():
        raise DataError("the evidence is unknown in every cell")
    found = values[known]
    if (found != np.floor(found)).any() or np.isinf(found).any():
        raise DataError(
            f"the evidence holds {found[found != np.floor(found)][:1].tolist() or 'infinity'}, "
            "required are whole numbers: classify it first"
        )
    return known, found.astype(np.int64)


def _states(layer: npt.ArrayLike, number: int) -> npt.NDArray[np.int8]:
    values = _numbers(layer, f"layer {number}")
    missing = np.isnan(values)
    odd = values[~missing & (values != 0) & (values != 1)]
    if odd.size:
        raise DataError(
            f"layer {number} holds {odd.flat[0]:g}, required are 1 present, 0 absent and NaN "
            "unknown: generalise it to two classes first"
        )
    return np.where(missing, _MISSING, values == 1).astype(np.int8)


def _cells(deposits: npt.ArrayLike, shape: tuple[int, ...]) -> Bools:
    found = np.asarray(deposits)
    if found.shape != shape:
        raise DataError(
            f"deposits have the shape {found.shape}, the evidence {shape}: put both on one grid"
        )
    if found.dtype != np.bool_ and not np.isin(found, (0, 1)).all():
        raise DataError("deposits must be True or False a cell: a cell holds a deposit or not")
    return found.astype(bool)


def _enough(holds: Bools) -> int:
    """Count of cells with a deposit; refuses when there are too few or too many."""
    found = int(holds.sum())
    if found == 0:
        raise DataError("no known cell holds a deposit: check the points' CRS and the area")
    if found == 1:
        raise DataError(
            "all deposits lie in one cell, at least two are needed: take smaller cells or more "
            "deposits"
        )
    if found == holds.size:
        raise DataError("every known cell holds a deposit: take smaller cells")
    return found
