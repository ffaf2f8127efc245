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
import scipy

from geo.errors import DataError
from geo.minerals.conditions import Conditions, Fitted
from geo.minerals.counting import as_cells, as_numbers, class_weights, enough, tally

__all__ = [
    "ConditionalIndependence",
    "Posterior",
    "conditional_independence",
    "posterior_probability",
    "success_rate",
    "weights_of_counts",
    "weights_of_evidence",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_METHODS = ("unique", "ascending", "descending")


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
    holds = as_cells(deposits, known.shape)
    holds = holds.ravel() if known.all() else holds[known]
    names, n, with_deposit = tally(classes, holds)
    if names.size < 2:
        raise DataError(
            f"the evidence has the single class {names[0]:g}: at least two are needed to tell "
            "cells apart"
        )
    return weights_of_counts(names, n, with_deposit, method=method)


def weights_of_counts(
    classes: npt.ArrayLike,
    n: npt.ArrayLike,
    deposits: npt.ArrayLike,
    *,
    method: str = "unique",
) -> pd.DataFrame:
    """Weights of the classes of one evidence layer, from counts gathered elsewhere.

    Parameters
    ----------
    classes : (n,) array_like
        Rising.
    n, deposits : (n,) array_like
        Cells of each class, or its area in unit cells, which need not be whole; and how many
        of them hold a deposit.
    method : {"unique", "ascending", "descending"}, optional

    Returns
    -------
    DataFrame
        As :func:`weights_of_evidence`.

    Raises
    ------
    DataError
        If the method is unknown, or fewer than two cells, or all, hold a deposit.

    Examples
    --------
    >>> weights_of_counts([1, 2], [4, 6], [2, 1])["w_plus"].round(3).tolist()
    [0.847, -0.762]
    """
    if method not in _METHODS:
        raise DataError(f"there is no method {method!r}: take one of {', '.join(_METHODS)}")
    names, cells, held = np.asarray(classes), np.asarray(n), np.asarray(deposits)
    total, found = float(cells.sum()), enough(int(held.sum()), float(cells.sum()))
    if method != "unique":
        order = np.arange(names.size) if method == "ascending" else np.arange(names.size)[::-1]
        names, cells, held = names[order], np.cumsum(cells[order]), np.cumsum(held[order])
    table = pd.DataFrame({"class": names, "n": cells, "deposits": held})
    return table.join(class_weights(cells, held, total, found))


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
    fitted = _fitted(layers, deposits)
    probability, of_weights, of_missing = fitted.on(layers)
    return Posterior(
        probability,
        np.hypot(of_weights, of_missing),
        of_weights,
        of_missing,
        fitted.prior,
        fitted.weights,
    )


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
    fitted = _fitted(layers, deposits)
    predicted = float((fitted.cells * fitted.probability).sum())
    deviation = float(np.sqrt(((fitted.cells * fitted.deviation_of_weights) ** 2).sum()))
    observed = int(fitted.deposits.sum())
    z = (predicted - observed) / deviation
    return ConditionalIndependence(
        observed, predicted, deviation, observed / predicted, z, float(scipy.stats.norm.sf(z))
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
    values = as_numbers(probability, "the probability")
    holds = as_cells(deposits, values.shape)
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


def _fitted(layers: Sequence[npt.ArrayLike], deposits: npt.ArrayLike) -> Fitted:
    counted = Conditions(len(layers))
    counted.add(layers, deposits)
    return counted.fit()


def _classes(
    evidence: npt.ArrayLike, nodata: float | None
) -> tuple[Bools, npt.NDArray[np.integer]]:
    given = np.asarray(evidence)
    if given.dtype.kind not in "iu":
        given = as_numbers(given, "the evidence")
    known: Bools = ~np.isnan(given) if given.dtype.kind == "f" else np.ones(given.shape, bool)
    if nodata is not None:
        known &= given != nodata
    if not known.any():
        raise DataError("the evidence is unknown in every cell")
    # Most evidence is known everywhere, and a copy of a country is no small thing.
    found = given.ravel() if known.all() else given[known]
    if found.dtype.kind != "f":
        return known, found
    with np.errstate(invalid="ignore"):
        classes = found.astype(np.int64)
    odd = classes != found
    if odd.any():
        raise DataError(
            f"the evidence holds {found[odd][0]:g}, required are whole numbers: classify it first"
        )
    return known, classes
