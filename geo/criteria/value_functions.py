"""Value functions: from a criterion's own unit to a score between 0 and 1.

Each is a plain function of values and of numbers in the values' unit. Scores are in [0, 1] and
NaN where a value is unknown; arrays, Series and DataArrays give their own kind back.

`Piecewise`, `Threshold`, `Membership`, `Classes` and `Lookup` are the same as declarations
with a unit. A declaration serves the surface and the table of sites: the surface takes its
`form`, the table calls it, and both use the same compiled formula.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from geo.compute.kernels import Breakpoints
from geo.compute.kernels import piecewise as score_points
from geo.criteria.kinds import map_values
from geo.criteria.memberships import MEMBERSHIPS, Classes, Membership
from geo.criteria.points import Lookup, Piecewise, Threshold
from geo.errors import DataError

__all__ = [
    "MEMBERSHIPS",
    "Classes",
    "Lookup",
    "Membership",
    "Piecewise",
    "Threshold",
    "ValueFunction",
    "classes",
    "gaussian",
    "large",
    "linear",
    "lookup",
    "ms_large",
    "ms_small",
    "near",
    "piecewise",
    "sigmoid",
    "small",
]

ValueFunction = Piecewise | Membership | Classes | Lookup
"""A declared value function."""


def piecewise(values: Any, points: Sequence[tuple[float, float]], *, log: bool = False) -> Any:
    """Straight lines between points, flat outside.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown.
    points : sequence of (x, score)
        Two or more, x rising, scores in [0, 1].
    log : bool
        Straight in log10 of x, which is then above 0.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If there are fewer than two points, x does not rise, or a score lies outside [0, 1].

    Examples
    --------
    >>> piecewise([5.0, 50.0], [(0, 1.0), (10, 0.8), (60, 0.0)]).round(2).tolist()
    [0.9, 0.16]
    """
    return Piecewise(points, log=log)(values)


def linear(values: Any, worst: float, best: float) -> Any:
    """From 0 at the worst value to 1 at the best, flat outside.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown.
    worst, best : float
        Values that score 0 and 1; either may be the larger.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If the two are equal or not finite.

    Examples
    --------
    >>> linear([40.0, 100.0, 200.0], worst=160, best=40).tolist()
    [1.0, 0.5, 0.0]
    """
    if not np.isfinite([worst, best]).all() or worst == best:
        raise DataError(f"worst is {worst} and best {best}: required are two different numbers")
    x, score = ([worst, best], [0.0, 1.0]) if worst < best else ([best, worst], [1.0, 0.0])
    line = Breakpoints(np.array(x, dtype=np.float64), np.array(score))
    return map_values(values, lambda given: score_points(given, line))


def sigmoid(values: Any, midpoint: float, slope: float) -> Any:
    r"""S-shaped, :math:`1 / (1 + e^{-slope (x - midpoint)})`.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown.
    midpoint : float
        Value that scores 0.5.
    slope : float
        Steepness per unit of the values; below 0 the scores fall.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If a number is not finite, or the slope is 0.

    Examples
    --------
    >>> sigmoid([0.0, 10.0], midpoint=0, slope=0.5).round(3).tolist()
    [0.5, 0.993]
    """
    return Membership("sigmoid", midpoint=midpoint, slope=slope)(values)


def gaussian(values: Any, midpoint: float, spread: float) -> Any:
    r"""Best at a value, falling on both sides like a bell: :math:`e^{-spread (x - midpoint)^2}`.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown.
    midpoint : float
        Value that scores 1.
    spread : float
        Above 0, per squared unit of the values; the larger, the narrower the bell.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If a number is not finite, or the spread is not above 0.

    References
    ----------
    Esri. How Fuzzy Membership works, ArcGIS Pro, Spatial Analyst.

    Examples
    --------
    >>> gaussian([5.0, 7.0], midpoint=5, spread=0.1).round(3).tolist()
    [1.0, 0.67]
    """
    return Membership("gaussian", midpoint=midpoint, spread=spread)(values)


def near(values: Any, midpoint: float, spread: float) -> Any:
    r"""Best at a value, falling on both sides: :math:`1 / (1 + spread (x - midpoint)^2)`.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown.
    midpoint : float
        Value that scores 1.
    spread : float
        Above 0, per squared unit of the values; the larger, the narrower.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If a number is not finite, or the spread is not above 0.

    References
    ----------
    Esri. How Fuzzy Membership works, ArcGIS Pro, Spatial Analyst.

    Examples
    --------
    >>> near([5.0, 7.0], midpoint=5, spread=0.1).round(3).tolist()
    [1.0, 0.714]
    """
    return Membership("near", midpoint=midpoint, spread=spread)(values)


def large(values: Any, midpoint: float, spread: float) -> Any:
    r"""The larger the better: :math:`1 / (1 + (x / midpoint)^{-spread})`.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown; 0 and less score 0.
    midpoint : float
        Value that scores 0.5, above 0.
    spread : float
        Above 0; the larger, the steeper.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If a number is not finite and above 0.

    References
    ----------
    Tsoukalas, L. H., Uhrig, R. E. (1997). Fuzzy and neural approaches in engineering. Wiley.

    Examples
    --------
    >>> large([50.0, 100.0, 200.0], midpoint=100, spread=2).tolist()
    [0.2, 0.5, 0.8]
    """
    return Membership("large", midpoint=midpoint, spread=spread)(values)


def small(values: Any, midpoint: float, spread: float) -> Any:
    r"""The smaller the better: :math:`1 / (1 + (x / midpoint)^{spread})`.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown; 0 and less score 1.
    midpoint : float
        Value that scores 0.5, above 0.
    spread : float
        Above 0; the larger, the steeper.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If a number is not finite and above 0.

    References
    ----------
    Tsoukalas, L. H., Uhrig, R. E. (1997). Fuzzy and neural approaches in engineering. Wiley.

    Examples
    --------
    >>> small([50.0, 100.0, 200.0], midpoint=100, spread=2).tolist()
    [0.8, 0.5, 0.2]
    """
    return Membership("small", midpoint=midpoint, spread=spread)(values)


def ms_large(
    values: Any,
    mean_multiplier: float = 1.0,
    std_multiplier: float = 1.0,
    *,
    mean: float | None = None,
    std: float | None = None,
) -> Any:
    r"""Large beside the mean: :math:`1 - b s / (x - a m + b s)` above :math:`a m`, else 0.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown.
    mean_multiplier, std_multiplier : float
        a and b, above 0.
    mean, std : float, optional
        m and s; those of the known values (over all of them, not a sample) when missing.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If a multiplier or the standard deviation is not above 0, or nothing is known.

    References
    ----------
    Esri. How Fuzzy Membership works, ArcGIS Pro, Spatial Analyst.

    Examples
    --------
    >>> ms_large([1.0, 2.0, 4.0], mean=2, std=1).round(3).tolist()
    [0.0, 0.0, 0.667]
    """
    return _by_mean("ms-large", values, mean_multiplier, std_multiplier, mean, std)


def ms_small(
    values: Any,
    mean_multiplier: float = 1.0,
    std_multiplier: float = 1.0,
    *,
    mean: float | None = None,
    std: float | None = None,
) -> Any:
    r"""Small beside the mean: :math:`b s / (x - a m + b s)` above :math:`a m`, else 1.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown.
    mean_multiplier, std_multiplier : float
        a and b, above 0.
    mean, std : float, optional
        m and s; those of the known values (over all of them, not a sample) when missing.

    Returns
    -------
    array, Series or DataArray
        Scores in [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If a multiplier or the standard deviation is not above 0, or nothing is known.

    References
    ----------
    Esri. How Fuzzy Membership works, ArcGIS Pro, Spatial Analyst.

    Examples
    --------
    >>> ms_small([1.0, 2.0, 4.0], mean=2, std=1).round(3).tolist()
    [1.0, 1.0, 0.333]
    """
    return _by_mean("ms-small", values, mean_multiplier, std_multiplier, mean, std)


def classes(values: Any, breaks: Sequence[float], scores: Sequence[float]) -> Any:
    """One score for each class of values between breaks.

    Parameters
    ----------
    values : array_like, Series or DataArray
        NaN is unknown.
    breaks : sequence of float
        Rising; a value on a break belongs to the class above it.
    scores : sequence of float
        One more than breaks, from the lowest class on, each in [0, 1].

    Returns
    -------
    array, Series or DataArray
        Scores, NaN where unknown.

    Raises
    ------
    DataError
        If breaks do not rise, their number does not fit, or a score lies outside [0, 1].

    Examples
    --------
    >>> classes([2.0, 5.0, 40.0], breaks=[5, 15], scores=[1.0, 0.4, 0.0]).tolist()
    [1.0, 0.4, 0.0]
    """
    return Classes(breaks, scores)(values)


def lookup(values: Any, table: Mapping[Any, float]) -> Any:
    """Score of each of a few texts or codes.

    Parameters
    ----------
    values : array_like, Series or DataArray
        Texts, or numbers such as classes of land cover.
    table : mapping of str or float to float
        At least one, each with a score in [0, 1].

    Returns
    -------
    array, Series or DataArray
        Scores, NaN where a value is not in the table.

    Raises
    ------
    DataError
        If the table is empty or a score lies outside [0, 1].

    Examples
    --------
    >>> lookup([30.0, 50.0, 99.0], {30: 1.0, 50: 0.0}).tolist()
    [1.0, 0.0, nan]
    """
    return Lookup(table)(values)


def _by_mean(
    kind: str,
    values: Any,
    mean_multiplier: float,
    std_multiplier: float,
    mean: float | None,
    std: float | None,
) -> Any:
    given = np.asarray(values, dtype=np.float64)
    known = given[~np.isnan(given)]
    if known.size == 0 and (mean is None or std is None):
        raise DataError("nothing is known, so there is no mean: state mean and std")
    numbers = {
        "mean": float(known.mean()) if mean is None else mean,
        "std": float(known.std()) if std is None else std,
        "mean_multiplier": mean_multiplier,
        "std_multiplier": std_multiplier,
    }
    return Membership(kind, "", **numbers)(values)
