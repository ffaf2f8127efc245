"""Measurements of one place out of a table: a wind mast or a radiation station."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.energy.hours import DAYS_OF_MONTH
from geo.energy.wind import hub_height_speed, weibull_shape
from geo.errors import DataError, LodemapWarning

__all__ = ["Mast", "monthly_radiation", "read_mast", "stamps_of"]

Array = npt.NDArray[np.float64]

_LEAST_MONTH = 0.5
_FASTEST = 75.0
_BRIGHTEST = 1700.0
#: Standard deviations of the logarithm: instruments and mounting; one year's wind about the
#: long mean (as `fleet.YEAR_TO_YEAR`); the exponent, measured and assumed.
_INSTRUMENT = 0.02
_YEAR = 0.06
_MEASURED_EXPONENT = 0.03
_ASSUMED_EXPONENT = 0.05


@dataclass(frozen=True)
class Mast:
    """Wind of one place, as a mast measured it.

    Parameters
    ----------
    lon, lat : float [degrees]
    height : float [m]
        Of the highest anemometer.
    speed : float [m/s]
        Mean at that height, every calendar month weighing as much as it has days.
    shape : float
        Of its Weibull distribution.
    exponent : float
        Of the power law between the two highest anemometers; 1/7 where there is one.
    exponent_measured : bool
    years : float
        Time of known values.
    """

    lon: float
    lat: float
    height: float
    speed: float
    shape: float
    exponent: float
    exponent_measured: bool
    years: float

    def at(self, hub_height: float) -> tuple[float, float]:
        """Mean speed at a height and the standard deviation of its logarithm.

        Parameters
        ----------
        hub_height : float [m]

        Returns
        -------
        speed : float [m/s]
        log_sd : float
            Of instruments, of as few years as there are, and of the way in height.
        """
        speed = hub_height_speed(self.speed, self.height, hub_height, exponent=self.exponent)
        doubt = _MEASURED_EXPONENT if self.exponent_measured else _ASSUMED_EXPONENT
        climb = abs(math.log(hub_height / self.height)) * doubt
        year = _YEAR / math.sqrt(max(self.years, 0.25))
        return float(speed), math.sqrt(_INSTRUMENT**2 + year**2 + climb**2)


def read_mast(
    table: pd.DataFrame, speeds: Mapping[str, float], *, lon: float, lat: float, time: str = "time"
) -> Mast:
    """Read a mast's series of mean speeds.

    Parameters
    ----------
    table : DataFrame
        A row a time step of at most an hour, in any order.
    speeds : mapping of str to float
        Column of mean speeds [m/s] and the height of its anemometer [m].
    lon, lat : float [degrees]
    time : str
        Column of the stamps; whether they begin or end a step has no part in a mean.

    Returns
    -------
    Mast

    Raises
    ------
    DataError
        If a column is missing, stamps cannot be understood or stand twice, or less than half
        of any calendar month is known.

    Warns
    -----
    LodemapWarning
        If values that no wind has (below 0, above 75 m/s) are taken as unknown.

    Examples
    --------
    >>> stamps = pd.date_range("2021-01-01", "2021-12-31 23:00", freq="h")
    >>> table = pd.DataFrame({"time": stamps, "v80": 7.0 + np.tile([-2.0, 2.0], 4380)})
    >>> mast = read_mast(table, {"v80": 80.0}, lon=107.0, lat=43.0)
    >>> round(mast.speed, 2), mast.height, round(mast.at(100.0)[0], 2)
    (7.0, 80.0, 7.23)
    """
    if not speeds:
        raise DataError("no column of speeds is named: give each with its height")
    stamps, step = stamps_of(table, time)
    heights = sorted(((float(height), column) for column, height in speeds.items()), reverse=True)
    means, shapes = [], []
    for _, column in heights:
        values = _column(table, column, 0.0, _FASTEST, "m/s")
        means.append(float(_by_month(values, stamps, step, column) @ DAYS_OF_MONTH / 365))
        known = values[np.isfinite(values)]
        shapes.append(float(weibull_shape(known.mean(), known.std())))
    exponent, measured = _exponent([height for height, _ in heights], means)
    return Mast(
        lon, lat, heights[0][0], means[0], shapes[0], exponent, measured,
        float(np.isfinite(_column(table, heights[0][1], 0.0, _FASTEST, "")).sum() * step / 8766),
    )  # fmt: skip


def monthly_radiation(table: pd.DataFrame, column: str, *, time: str = "time") -> Array:
    """Read a station's series of global horizontal radiation.

    Parameters
    ----------
    table : DataFrame
        A row a time step of at most an hour, nights included.
    column : str
        Mean radiation of the step [W/m2].
    time : str

    Returns
    -------
    (12,) array [kWh/m2/day]

    Raises
    ------
    DataError
        As :func:`read_mast`.

    Warns
    -----
    LodemapWarning
        If values that no sky gives (below -20, above 1,700 W/m2) are taken as unknown; small
        negative ones of the night count as 0.

    Examples
    --------
    >>> stamps = pd.date_range("2021-01-01", "2021-12-31 23:00", freq="h")
    >>> table = pd.DataFrame({"time": stamps, "ghi": 200.0})
    >>> monthly_radiation(table, "ghi").round(2)[:2]
    array([4.8, 4.8])
    """
    stamps, step = stamps_of(table, time)
    values = np.maximum(_column(table, column, -20.0, _BRIGHTEST, "W/m2"), 0.0)
    return _by_month(values, stamps, step, column) * 24 / 1000


def stamps_of(table: pd.DataFrame, time: str) -> tuple[pd.DatetimeIndex, float]:
    """Stamps of a series and its step.

    Parameters
    ----------
    table : DataFrame
    time : str
        Column of the stamps, with or without a time zone.

    Returns
    -------
    stamps : DatetimeIndex
    step : float [h]

    Raises
    ------
    DataError
        If the column is missing, holds no dates, a stamp stands twice, or the step is over
        an hour.
    """
    if time not in table:
        named = ", ".join(map(str, table.columns[:8]))
        raise DataError(f"the series has no column {time!r}: name its stamps; it has {named}")
    try:
        stamps = pd.DatetimeIndex(
            pd.to_datetime(table[time], format="ISO8601", utc=_zoned(table[time]))
        )
    except (ValueError, TypeError):
        raise DataError(
            f"the column {time!r} holds no dates: write them as 2021-01-31 23:00"
        ) from None
    twice = stamps[stamps.duplicated()]
    if len(twice):
        raise DataError(
            f"{twice[0]:%Y-%m-%d %H:%M} stands twice: is it a clock with summer time, or are two "
            "files joined? give standard time and every step once"
        )
    gaps = np.diff(np.sort(stamps.to_numpy())) / np.timedelta64(1, "h")
    step = float(np.median(gaps)) if len(gaps) else math.nan
    if not step <= 1:
        raise DataError(f"the series has a step of {step:g} hours: give one of an hour or less")
    return stamps, step


def _zoned(stamps: "pd.Series[str]") -> bool:
    """Whether stamps carry an offset; those of mixed ones must be brought together."""
    first = str(stamps.iloc[0]) if len(stamps) else ""
    return first.endswith("Z") or "+" in first[10:] or "-" in first[11:]


def _column(table: pd.DataFrame, column: str, low: float, high: float, unit: str) -> Array:
    if column not in table:
        named = ", ".join(map(str, table.columns[:8]))
        raise DataError(f"the series has no column {column!r}: name one of {named}")
    try:
        values = table[column].to_numpy(dtype=np.float64)
    except (ValueError, TypeError):
        raise DataError(f"the column {column!r} holds no numbers: leave its units out") from None
    wild = (values < low) | (values > high)
    if wild.mean() > 0.5:
        raise DataError(
            f"over half of {column!r} is outside {low:g} to {high:g} {unit}: is it in {unit}?"
        )
    if wild.any() and unit:
        warnings.warn(
            f"{column}: {int(wild.sum())} values outside {low:g} to {high:g} {unit} are taken as "
            "unknown",
            LodemapWarning,
            stacklevel=3,
        )
    return np.where(wild, np.nan, values)


def _by_month(values: Array, stamps: pd.DatetimeIndex, step: float, column: str) -> Array:
    """Mean of every calendar month, of what is known."""
    series = pd.DataFrame({"value": values, "month": np.asarray(stamps.month)}).dropna()
    known = series.groupby("month")["value"].agg(["mean", "size"]).reindex(range(1, 13))
    poor = known["size"].fillna(0) * step < _LEAST_MONTH * DAYS_OF_MONTH * 24
    if poor.any():
        named = ", ".join(str(month) for month in known.index[poor])
        raise DataError(
            f"less than half of the months {named} is known in {column!r}: give a whole year, "
            "for seasons differ"
        )
    return known["mean"].to_numpy(dtype=np.float64)


def _exponent(heights: list[float], means: list[float]) -> tuple[float, bool]:
    if len(heights) < 2 or heights[0] < 1.2 * heights[1] or min(means[:2]) <= 0:
        return 1 / 7, False
    found = math.log(means[0] / means[1]) / math.log(heights[0] / heights[1])
    return min(max(found, -0.1), 0.6), True
