"""Value functions that are no straight lines: fuzzy memberships, classes and tables of codes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.errors import DataError

__all__ = ["CURVES", "Codes", "Curve", "Steps", "score_curve", "writer"]

Floats = npt.NDArray[np.float64]
Write = Callable[[npt.NDArray[np.floating], npt.NDArray[np.floating]], None]

CURVES = ("sigmoid", "gaussian", "near", "large", "small", "ms-large", "ms-small")
"""Kinds of curve; the place of each is its number in the compiled code."""

_SIGMOID, _GAUSSIAN, _NEAR, _LARGE, _SMALL, _MS_LARGE, _MS_SMALL = range(len(CURVES))


class Curve(NamedTuple):
    r"""A smooth value function of two numbers.

    ===========  ==========================================  ===========================
    kind         score of x                                  numbers
    ===========  ==========================================  ===========================
    sigmoid      :math:`1 / (1 + e^{-b (x - a)})`            midpoint, slope
    gaussian     :math:`e^{-b (x - a)^2}`                    midpoint, spread
    near         :math:`1 / (1 + b (x - a)^2)`               midpoint, spread
    large        :math:`1 / (1 + (x / a)^{-b})`, 0 to 0      midpoint, spread
    small        :math:`1 / (1 + (x / a)^b)`, 1 to 0         midpoint, spread
    ms-large     :math:`1 - b / (x - a + b)` above a, else 0  start, width
    ms-small     :math:`b / (x - a + b)` above a, else 1     start, width
    ===========  ==========================================  ===========================

    Parameters
    ----------
    kind : str
        One of `CURVES`.
    a, b : float
        Finite.
    """

    kind: str
    a: float
    b: float


class Steps(NamedTuple):
    """One score for each class between breaks.

    Parameters
    ----------
    breaks : (n,) float64 array
        Rising; a value on a break belongs to the class above it.
    score : (n + 1,) float64 array
        Score of each class, from the lowest, in [0, 1].
    """

    breaks: Floats
    score: Floats


class Codes(NamedTuple):
    """One score for each of a few numbers, such as classes of land cover.

    Parameters
    ----------
    codes : (n,) float64 array
        Rising.
    score : (n,) float64 array
        Score of each, in [0, 1]; any other value is unknown.
    """

    codes: Floats
    score: Floats


def score_curve(values: npt.ArrayLike, form: Curve | Steps | Codes) -> Floats:
    """Apply one value function.

    Parameters
    ----------
    values : array_like of float
        Of any shape; NaN is unknown.
    form : Curve, Steps or Codes

    Returns
    -------
    float64 array of the same shape
        In [0, 1], NaN where unknown.

    Raises
    ------
    DataError
        If the kind of the curve is unknown or a number is not finite.

    References
    ----------
    Tsoukalas, L. H., Uhrig, R. E. (1997). Fuzzy and neural approaches in engineering, section
    2.3. Wiley: the functions large, small and near. The functions of mean and standard
    deviation are those of ArcGIS, Fuzzy Membership.

    Examples
    --------
    >>> score_curve([0.0, 10.0, 20.0], Curve("large", 10.0, 5.0)).round(3).tolist()
    [0.0, 0.5, 0.97]
    >>> score_curve([5.0, 10.0], Steps(np.array([10.0]), np.array([0.2, 1.0]))).tolist()
    [0.2, 1.0]
    """
    given = np.asarray(values, dtype=np.float64)
    out = np.empty(given.size)
    writer(form)(np.ascontiguousarray(given.reshape(-1)), out)
    return out.reshape(given.shape)


def writer(form: Curve | Steps | Codes) -> Write:
    """Make the function that writes the scores of a block.

    Parameters
    ----------
    form : Curve, Steps or Codes

    Returns
    -------
    callable
        ``write(values, out)``; it releases the GIL.

    Raises
    ------
    DataError
        If the kind of the curve is unknown or a number is not finite.

    Examples
    --------
    >>> out = np.empty(1)
    >>> writer(Curve("near", 5.0, 1.0))(np.array([6.0]), out)
    >>> out.tolist()
    [0.5]
    """
    if isinstance(form, Curve):
        if form.kind not in CURVES:
            raise DataError(f"the curve {form.kind!r} is none of {', '.join(CURVES)}")
        if not np.isfinite([form.a, form.b]).all():
            raise DataError(f"the curve {form.kind!r} needs finite numbers, not {form.a}, {form.b}")
        kind, a, b = CURVES.index(form.kind), float(form.a), float(form.b)
        return lambda values, out: apply_curve(values, kind, a, b, out)
    if isinstance(form, Steps):
        breaks, score = _floats(form.breaks), _floats(form.score)
        return lambda values, out: apply_steps(values, breaks, score, out)
    codes, score = _floats(form.codes), _floats(form.score)
    return lambda values, out: apply_codes(values, codes, score, out)


def _floats(values: npt.ArrayLike) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float64)


@njit(cache=True, nogil=True)
def apply_curve(
    values: npt.NDArray[np.floating], kind: int, a: float, b: float, out: npt.NDArray[np.floating]
) -> None:
    """Write the scores of a curve, NaN where the value is."""
    for i in range(values.size):
        x = np.float64(values[i])
        score = np.nan
        if x == x:
            if kind == _SIGMOID:
                score = 1.0 / (1.0 + np.exp(-b * (x - a)))
            elif kind == _GAUSSIAN:
                score = np.exp(-b * (x - a) * (x - a))
            elif kind == _NEAR:
                score = 1.0 / (1.0 + b * (x - a) * (x - a))
            elif kind == _LARGE:
                score = 1.0 / (1.0 + (x / a) ** (-b)) if x > 0.0 else 0.0
            elif kind == _SMALL:
                score = 1.0 / (1.0 + (x / a) ** b) if x > 0.0 else 1.0
            elif kind == _MS_LARGE:
                score = 1.0 - b / (x - a + b) if x > a else 0.0
            else:
                score = b / (x - a + b) if x > a else 1.0
        out[i] = score


@njit(cache=True, nogil=True)
def apply_steps(
    values: npt.NDArray[np.floating],
    breaks: Floats,
    scores: Floats,
    out: npt.NDArray[np.floating],
) -> None:
    """Write the score of the class that each value falls in, NaN where the value is."""
    for i in range(values.size):
        x = np.float64(values[i])
        out[i] = scores[np.searchsorted(breaks, x, side="right")] if x == x else np.nan


@njit(cache=True, nogil=True)
def apply_codes(
    values: npt.NDArray[np.floating],
    codes: Floats,
    scores: Floats,
    out: npt.NDArray[np.floating],
) -> None:
    """Write the score of each code, NaN where the value is no code."""
    for i in range(values.size):
        x = np.float64(values[i])
        at = np.searchsorted(codes, x)
        out[i] = scores[at] if at < codes.size and codes[at] == x else np.nan
