"""Classes of continuous evidence: by share of area, by natural breaks, by fractal area.

Thresholds are found on known values and applied with `classes_of`; unknown stays unknown.
"""

import numpy as np
import numpy.typing as npt

from geo.errors import DataError

__all__ = ["classes_of", "concentration_area", "natural_breaks", "quantile_breaks"]

Floats = npt.NDArray[np.float64]

_MOST_DISTINCT = 2000
"""Distinct values that natural breaks are sought among; more are thinned to quantiles."""


def quantile_breaks(values: npt.ArrayLike, count: int) -> Floats:
    """Thresholds that part the values into classes of about as many cells each.

    Parameters
    ----------
    values : (...) array_like
        NaN is unknown and takes no part.
    count : int
        Number of classes, at least two.

    Returns
    -------
    (at most count - 1,) array
        Rising; fewer than asked for where many values are equal.

    Raises
    ------
    DataError
        If there are fewer than two distinct values, or `count` is less than two.

    Examples
    --------
    >>> quantile_breaks([1, 2, 3, 4, 5, 6, 7, 8], 4).tolist()
    [2.75, 4.5, 6.25]
    """
    known = _distinct(values, count)
    breaks = np.unique(np.quantile(known, np.arange(1, count) / count))
    return np.asarray(breaks[breaks < known.max()], dtype=np.float64)


def natural_breaks(values: npt.ArrayLike, count: int) -> Floats:
    """Thresholds with the least squared deviation within classes (Fisher 1958, Jenks 1977).

    Parameters
    ----------
    values : (...) array_like
        NaN is unknown. Among more than 2,000 distinct values the breaks are sought on 2,000
        quantiles.
    count : int
        Number of classes, at least two.

    Returns
    -------
    (count - 1,) array
        Rising: the largest value of each class but the last.

    Raises
    ------
    DataError
        If there are fewer distinct values than classes, or `count` is less than two.

    References
    ----------
    Fisher, W. D. (1958). On grouping for maximum homogeneity. Journal of the American
    Statistical Association 53(284), 789-798. https://doi.org/10.1080/01621459.1958.10501479

    Examples
    --------
    >>> natural_breaks([1, 2, 2, 10, 11, 50], 3).tolist()
    [2.0, 11.0]
    """
    known = _distinct(values, count)
    names, weight = np.unique(known, return_counts=True)
    if names.size > _MOST_DISTINCT:
        sampled = np.quantile(known, np.linspace(0, 1, _MOST_DISTINCT), method="nearest")
        names, weight = np.unique(sampled, return_counts=True)
    if names.size < count:
        raise DataError(f"{names.size} distinct values cannot be parted into {count} classes")
    ends = _optimal_ends(names, weight.astype(np.float64), count)
    return np.asarray(names[ends], dtype=np.float64)


def _optimal_ends(names: Floats, weight: Floats, count: int) -> list[int]:
    """Last member of each class but the last, by dynamic programming over prefix sums."""
    shifted = names - names.mean()
    total = np.r_[0.0, np.cumsum(weight)]
    first = np.r_[0.0, np.cumsum(weight * shifted)]
    second = np.r_[0.0, np.cumsum(weight * shifted**2)]

    def within(begin: npt.NDArray[np.intp], end: int) -> Floats:
        mass = total[end] - total[begin]
        spread = second[end] - second[begin] - (first[end] - first[begin]) ** 2 / mass
        return np.asarray(spread, dtype=np.float64)

    size = names.size
    best = np.array([np.inf, *(within(np.array([0]), end)[0] for end in range(1, size + 1))])
    came = np.zeros((count, size + 1), dtype=np.intp)
    for group in range(1, count):
        following = np.full(size + 1, np.inf)
        for end in range(group + 1, size + 1):
            begin = np.arange(group, end)
            cost = best[begin] + within(begin, end)
            chosen = int(np.argmin(cost))
            following[end], came[group, end] = cost[chosen], begin[chosen]
        best = following
    ends, end = [], size
    for group in range(count - 1, 0, -1):
        end = int(came[group, end])
        ends.append(end - 1)
    return ends[::-1]


def concentration_area(values: npt.ArrayLike, count: int = 2) -> Floats:
    """Thresholds where the area above a concentration changes its power law.

    The area with at least a concentration falls as a power of it; background and anomaly have
    powers of their own, and the break between the straight lines of the log-log plot parts
    them.

    Parameters
    ----------
    values : (...) array_like
        Concentrations; NaN is unknown, zero and below lie under every threshold.
    count : int, optional
        Number of straight lines, 2 or 3.

    Returns
    -------
    (count - 1,) array
        Rising thresholds.

    Raises
    ------
    DataError
        If `count` is not 2 or 3, or fewer than 10 distinct positive values are known.

    References
    ----------
    Cheng, Q., Agterberg, F. P., Ballantyne, S. B. (1994). The separation of geochemical
    anomalies from background by fractal methods. Journal of Geochemical Exploration 51(2),
    109-130. https://doi.org/10.1016/0375-6742(94)90013-2

    Examples
    --------
    >>> area = np.r_[np.linspace(1, 10, 400) ** -1.0, np.linspace(1, 10, 400) ** -4.0 / 10]
    >>> concentration_area(area).shape
    (1,)
    """
    if count not in (2, 3):
        raise DataError(f"{count} straight lines: take 2 or 3")
    known = np.asarray(values, dtype=np.float64)
    known = np.sort(known[np.isfinite(known) & (known > 0)])[::-1]
    steps, last = np.unique(known[::-1], return_index=True)
    if steps.size < 10:
        raise DataError(f"{steps.size} distinct positive values are known: 10 are needed")
    x = np.log(steps)
    y = np.log((known.size - last) / known.size)
    # Even steps of the logarithm, so that the crowded background does not rule the fit.
    even = np.linspace(x[0], x[-1], 120)
    height = np.interp(even, x, y)
    corners = _broken_line(even, height, count)
    return np.asarray(np.exp(even[corners]), dtype=np.float64)


def _broken_line(x: Floats, y: Floats, count: int) -> list[int]:
    """Corners of the continuous broken line that lies closest, among all of the points."""
    margin = 5
    places = range(margin, x.size - margin)
    if count == 2:
        return [min(places, key=lambda one: _misfit(x, y, [one]))]
    pairs = ((a, b) for a in places for b in range(a + margin, x.size - margin))
    return list(min(pairs, key=lambda pair: _misfit(x, y, list(pair))))


def _misfit(x: Floats, y: Floats, corners: list[int]) -> float:
    basis = np.stack(
        [np.ones_like(x), x, *(np.maximum(x - x[corner], 0.0) for corner in corners)], axis=1
    )
    solved = np.linalg.lstsq(basis, y, rcond=None)[0]
    return float(((y - basis @ solved) ** 2).sum())


def classes_of(values: npt.ArrayLike, breaks: npt.ArrayLike) -> Floats:
    """Number of the class of each value.

    Parameters
    ----------
    values : (...) array_like
    breaks : (classes - 1,) array_like
        Rising thresholds; a value at a threshold belongs to the class below it.

    Returns
    -------
    (...) array
        From 1; NaN where unknown.

    Raises
    ------
    DataError
        If the breaks do not rise.

    Examples
    --------
    >>> classes_of([0.5, 2, 3, float("nan")], [2, 2.5]).tolist()
    [1.0, 1.0, 3.0, nan]
    """
    limits = np.asarray(breaks, dtype=np.float64)
    if limits.ndim != 1 or not (np.diff(limits) > 0).all():
        raise DataError(f"the breaks {limits.tolist()} do not rise")
    found = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(found), np.nan, np.searchsorted(limits, found, side="left") + 1.0)


def _distinct(values: npt.ArrayLike, count: int) -> Floats:
    if count < 2:
        raise DataError(f"{count} classes: two at least")
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size == 0 or known.min() == known.max():
        raise DataError("fewer than two distinct values are known: nothing can be classified")
    return known
