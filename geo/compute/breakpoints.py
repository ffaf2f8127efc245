"""Value functions of points with straight lines between, for many cells at once.

Every stretch between two points adds its own rise, clipped to the stretch, so a steep step
costs no precision elsewhere, and no cell takes a branch: the processor works on several at a
time. Where values, points and weights are exact enough in float32, all is reckoned in it.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.compute.curves import Write
from geo.errors import DataError

__all__ = [
    "Breakpoints",
    "Weighted",
    "fits_float32",
    "piecewise",
    "take_logs",
    "weighted",
]

_ROUNDING = 3e-7
"""Most that points rounded to float32 may change a value score."""


class Breakpoints(NamedTuple):
    """A value function as points with straight lines between, flat outside.

    Parameters
    ----------
    x : (n,) float64 array
        Rising criterion values, at least two.
    score : (n,) float64 array
        Score of each, in [0, 1].
    log : bool
        Straight in log10 of the criterion value; all x are then positive, and values
        of 0 or less count as below the first point.
    """

    x: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    log: bool = False


class Weighted(NamedTuple):
    """A weighted value function as the compiled code takes it.

    Parameters
    ----------
    stretches : (stretches, 3) array
        Start, end and weighted slope of each stretch between two points.
    numbers : (2,) array
        Weighted score at the start of the first stretch, and what an unknown adds to what is
        missing.
    """

    stretches: npt.NDArray[np.floating]
    numbers: npt.NDArray[np.floating]


def piecewise(values: npt.ArrayLike, function: Breakpoints) -> npt.NDArray[np.float64]:
    """Apply one value function.

    Parameters
    ----------
    values : array_like of float
        Of any shape; NaN is unknown.
    function : Breakpoints

    Returns
    -------
    float64 array of the same shape
        In [0, 1], NaN where unknown: the numbers that `weighted_overlay` weighs.

    Examples
    --------
    >>> piecewise([10.0, 100.0, 1e9], Breakpoints(np.array([1.0, 1e4]), np.array([0.0, 1.0]), True))
    array([0.25, 0.5 , 1.  ])
    """
    x, scores = _checked(function)
    given = np.asarray(values, dtype=np.float64)
    if function.log:
        with np.errstate(divide="ignore", invalid="ignore"):
            given = np.where(given <= 0, -np.inf, np.log10(given))
    return np.clip(np.interp(given, x, scores), 0.0, 1.0)


def line_writer(function: Breakpoints) -> Write:
    """Make the function that writes the scores of a block, those of `piecewise` to the last bit.

    Parameters
    ----------
    function : Breakpoints

    Returns
    -------
    callable
        ``write(values, out)``; it releases the GIL.

    Raises
    ------
    DataError
        If the function is not usable.

    Examples
    --------
    >>> out = np.empty(1)
    >>> line_writer(Breakpoints(np.array([0.0, 8.0]), np.array([0.0, 1.0])))(np.array([4.0]), out)
    >>> out.tolist()
    [0.5]
    """
    x, scores = _checked(function)
    log = function.log
    return lambda values, out: apply_line(values, x, scores, log, out)


def fits_float32(function: Breakpoints) -> bool:
    """Whether value scores of float32 values stay exact to a few parts in ten million in float32.

    Examples
    --------
    >>> fits_float32(Breakpoints(np.array([0.0, 5e4]), np.array([1.0, 0.0])))
    True
    >>> fits_float32(Breakpoints(np.array([1e9, 1e9 + 100]), np.array([1.0, 0.0])))
    False
    """
    x, scores = _checked(function)
    stretches = _stretches(x, scores, np.float32)
    if not np.isfinite(stretches).all():
        return False
    low, high, slope = stretches.T
    # What moving a point changes; between two neighbouring numbers there is nothing to change.
    inside = np.nextafter(low, np.float32(np.inf)) < high
    moved = np.abs(low - x[:-1]) + np.abs(high - x[1:])
    return bool((np.abs(slope) * moved * inside).max() <= _ROUNDING)


def weighted(
    function: Breakpoints, weight: float, lost: float, real: type[np.floating]
) -> Weighted:
    """Bring a value function into the form that an overlay takes.

    Parameters
    ----------
    function : Breakpoints
        If it is of logarithms, the values it is used on are logarithms too.
    weight : float
    lost : float
        What an unknown adds to what is missing.
    real : numpy type
        float32 or float64: all is reckoned in it.

    Returns
    -------
    Weighted

    Raises
    ------
    DataError
        If the function is not usable.

    Examples
    --------
    >>> fall = Breakpoints(np.array([0.0, 8.0]), np.array([1.0, 0.0]))
    >>> found = weighted(fall, 0.5, 0.5, np.float64)
    >>> found.stretches.tolist(), found.numbers.tolist()
    ([[0.0, 8.0, -0.0625]], [0.5, 0.5])
    """
    x, scores = _checked(function)
    stretches = _stretches(x, scores, real)
    stretches[:, 2] *= real(weight)
    return Weighted(stretches, np.array([weight * scores[0], lost], dtype=real))


def _checked(
    function: Breakpoints,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Points, in log10 where asked, and scores."""
    x = np.asarray(function.x, dtype=np.float64)
    scores = np.asarray(function.score, dtype=np.float64)
    rising = x.ndim == 1 and bool(np.isfinite(x).all() and (np.diff(x) > 0).all())
    if not rising or x.shape != scores.shape or x.size < 2:
        raise DataError(
            f"breakpoints have x = {x.tolist()} and {scores.size} scores: required are two or "
            "more finite, rising x with one score each"
        )
    if function.log:
        if x[0] <= 0:
            raise DataError(f"the first breakpoint is {x[0]}: a log scale needs x above 0")
        x = np.log10(x)
    if not np.isfinite(_stretches(x, scores, np.float64)).all():
        raise DataError(f"the breakpoints {x.tolist()} lie too close together: move them apart")
    return x, scores


def _stretches(
    x: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], real: type[np.floating]
) -> npt.NDArray[Any]:
    """Start, end and slope of every stretch between two points."""
    up, down = real(np.inf), real(-np.inf)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        points = x.astype(real)
        low, high = points[:-1], points[1:]
        below = np.where(low > x[:-1], np.nextafter(low, down), low)
        above = np.where(high < x[1:], np.nextafter(high, up), high)
        # A step with no number of this type inside it ends exactly on those beside it.
        step = np.nextafter(below, up) >= above
        low, high = np.where(step, below, low), np.where(step, above, high)
        slope = (np.diff(scores) / (high.astype(np.float64) - low)).astype(real)
    return np.column_stack([low, high, slope])


@njit(cache=True, nogil=True)
def apply_line(
    values: npt.NDArray[np.floating],
    x: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float64],
    log: bool,
    out: npt.NDArray[np.floating],
) -> None:
    """Write the scores of `values`, exact at every point, NaN where they are."""
    last = x.size - 1
    for i in range(values.size):
        at = float(values[i])
        if log:
            at = float(np.log10(at)) if at > 0.0 else (-np.inf if at == at else at)
        if at != at:
            out[i] = np.nan
        elif at <= x[0]:
            out[i] = scores[0]
        elif at >= x[last]:
            out[i] = scores[last]
        else:
            k = 0
            while at >= x[k + 1]:
                k += 1
            slope = (scores[k + 1] - scores[k]) / (x[k + 1] - x[k])
            score = slope * (at - x[k]) + scores[k]
            score = score if score > 0.0 else 0.0
            out[i] = score if score < 1.0 else 1.0


@njit(cache=True, nogil=True)
def take_logs(values: npt.NDArray[np.floating], out: npt.NDArray[np.floating]) -> None:
    """Write log10 of `values`, -infinity for those of 0 or less."""
    for i in range(values.size):
        x = np.float64(values[i])
        out[i] = np.log10(x) if x > 0.0 else (-np.inf if x == x else np.nan)
