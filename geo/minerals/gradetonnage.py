"""How a deposit's grade and tonnage stand among its kind.

Grades and tonnages of a type of deposit are close to log-normal (Singer 1993). Tables hold the
deposits that were worth describing, so the small end is cut off, and some figures are limits
("over 5 Mt"). Both enter the fit. Never a value in money.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from geo.errors import DataError

__all__ = ["LogNormal", "fit_lognormal", "percentile_among", "simulate_metal"]

Floats = npt.NDArray[np.float64]

_FEWEST = 5


@dataclass(frozen=True)
class LogNormal:
    """A log-normal law: `mean` and `deviation` of the natural logarithm, from `count` values.

    `floor` is the value below which nothing is in the table; 0 where all sizes are.
    """

    mean: float
    deviation: float
    count: int
    floor: float = 0.0

    @property
    def median(self) -> float:
        """Value that half of all deposits, the untabled small ones too, exceed."""
        return float(np.exp(self.mean))

    def percentile(self, value: npt.ArrayLike) -> Floats:
        """Share of the tabled deposits that a value exceeds [%]; NaN stays NaN."""
        found = np.asarray(value, dtype=np.float64)
        with np.errstate(divide="ignore"):
            share = scipy.stats.norm.cdf((np.log(found) - self.mean) / self.deviation)
        below = self._below
        return np.asarray(100 * np.clip((share - below) / (1 - below), 0, 1), dtype=np.float64)

    def quantile(self, percent: npt.ArrayLike) -> Floats:
        """Value that a share of the tabled deposits stays under; the inverse of `percentile`."""
        below = self._below
        share = below + np.asarray(percent, dtype=np.float64) / 100 * (1 - below)
        return np.asarray(
            np.exp(self.mean + self.deviation * scipy.stats.norm.ppf(share)), dtype=np.float64
        )

    @property
    def _below(self) -> float:
        if self.floor == 0:
            return 0.0
        return float(scipy.stats.norm.cdf((np.log(self.floor) - self.mean) / self.deviation))


def fit_lognormal(
    values: npt.ArrayLike, *, at_least: npt.ArrayLike | None = None, floor: float = 0.0
) -> LogNormal:
    """Fit a log-normal law to the deposits of a type by maximum likelihood.

    Parameters
    ----------
    values : (deposits,) array_like
        Grades or tonnages in one unit; NaN is unknown and takes no part.
    at_least : (deposits,) array_like of bool, optional
        Where the value is a lower limit ("over 5 Mt").
    floor : float, optional
        Value under which no deposit entered the table.

    Returns
    -------
    LogNormal

    Raises
    ------
    DataError
        If fewer than five values are known, one is not positive or under the floor, or all
        are alike.

    References
    ----------
    Singer, D. A. (1993). Basic concepts in three-part quantitative assessments of undiscovered
    mineral resources. Nonrenewable Resources 2(2), 69-81. https://doi.org/10.1007/BF02272804

    Examples
    --------
    >>> law = fit_lognormal([10, 30, 100, 300, 1000])
    >>> round(law.median), law.percentile(100.0).round().tolist()
    (98, 51.0)
    """
    found = np.asarray(values, dtype=np.float64)
    known = np.isfinite(found)
    limits = np.zeros(found.shape, bool) if at_least is None else np.asarray(at_least, dtype=bool)
    if limits.shape != found.shape:
        raise DataError(f"{limits.size} limits for {found.size} values: give one each")
    found, limits = found[known], limits[known]
    _require_fit(found, limits, floor)
    logs = np.log(found)
    start = (logs.mean(), np.log(logs.std()))
    cut = np.log(floor) if floor > 0 else -np.inf

    def misfit(parameters: Floats) -> float:
        mean, deviation = parameters[0], np.exp(parameters[1])
        scaled = (logs - mean) / deviation
        exact = scipy.stats.norm.logpdf(scaled[~limits]).sum() - (~limits).sum() * parameters[1]
        above = scipy.stats.norm.logsf(scaled[limits]).sum()
        return float(
            -(exact + above - logs.size * scipy.stats.norm.logsf((cut - mean) / deviation))
        )

    solved = scipy.optimize.minimize(
        misfit, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    return LogNormal(float(solved.x[0]), float(np.exp(solved.x[1])), int(logs.size), floor)


def _require_fit(found: Floats, limits: npt.NDArray[np.bool_], floor: float) -> None:
    if (~limits).sum() < _FEWEST:
        raise DataError(
            f"{int((~limits).sum())} values are known: at least {_FEWEST} of a type are needed"
        )
    if (found <= 0).any() or floor < 0 or (found < floor).any():
        raise DataError(
            f"the smallest value is {found.min():g}, required are values above zero and not under "
            f"the floor of {floor:g}"
        )
    if found[~limits].min() == found[~limits].max():
        raise DataError(f"all values are {found[~limits][0]:g}: no law can be fitted")


def percentile_among(value: float, others: npt.ArrayLike) -> float:
    """Share of known others that a value exceeds, ties half [%].

    Parameters
    ----------
    value : float
    others : (deposits,) array_like
        NaN is unknown and takes no part.

    Returns
    -------
    float
        NaN where the value or all others are unknown.

    Examples
    --------
    >>> percentile_among(0.67, [0.3, 0.4, 0.67, 1.2])
    62.5
    """
    known = np.asarray(others, dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size == 0 or np.isnan(value):
        return float("nan")
    return float(100 * ((known < value).sum() + 0.5 * (known == value).sum()) / known.size)


def simulate_metal(
    tonnage: tuple[float, float],
    grade: tuple[float, float],
    *,
    correlation: float = 0.0,
    draws: int = 10_000,
    seed: int = 0,
) -> Floats:
    """Contained metal of a deposit whose tonnage and grade are stated as ranges.

    Parameters
    ----------
    tonnage, grade : (low, high)
        Stated range, read as the 5 % and 95 % quantiles of a log-normal law; tonnage in any
        unit of mass, grade as a mass share.
    correlation : float, optional
        Of the logarithms; tonnage and grade of many types fall and rise apart.
    draws, seed : int, optional

    Returns
    -------
    (draws,) array
        In the unit of the tonnage; never more than the tonnage itself.

    Raises
    ------
    DataError
        If a range is not positive or falls, a grade exceeds the whole ore, or the correlation
        lies outside -1 to 1.

    Examples
    --------
    >>> metal = simulate_metal((80, 120), (0.004, 0.006))
    >>> np.quantile(metal, [0.05, 0.5, 0.95]).round(2).tolist()
    [0.36, 0.48, 0.64]
    """
    for what, (low, high) in (("tonnage", tonnage), ("grade", grade)):
        if not 0 < low <= high < np.inf:
            raise DataError(f"the {what} reaches from {low:g} to {high:g}: it must be positive")
    if grade[1] > 1:
        raise DataError(f"a grade of {grade[1]:g} is more than the whole ore: give a mass share")
    if not -1 <= correlation <= 1:
        raise DataError(f"a correlation of {correlation:g} lies outside -1 to 1")
    first, other = np.random.default_rng(seed).normal(size=(2, draws))
    second = correlation * first + np.sqrt(1 - correlation**2) * other
    mass, share = _spread(tonnage, first), np.minimum(_spread(grade, second), 1.0)
    return np.asarray(mass * share, dtype=np.float64)


def _spread(limits: tuple[float, float], standard: Floats) -> Floats:
    low, high = np.log(limits)
    deviation = (high - low) / (2 * scipy.stats.norm.ppf(0.95))
    return np.asarray(np.exp((low + high) / 2 + deviation * standard), dtype=np.float64)
