"""Hourly series of any year, zone and stamp, as the hours of a typical year."""

import warnings
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.energy.hours import HOURS
from geo.errors import DataError, LodemapWarning

__all__ = ["year_of_hours"]

Stamp = Literal["begin", "middle", "end"]


def year_of_hours(
    values: pd.Series, *, utc_offset: float, stamp: Stamp = "begin"
) -> npt.NDArray[np.float64]:
    """Bring a measured or modelled year to the hours that typical years have.

    Parameters
    ----------
    values : Series
        One whole year in steps of an hour or of a part of one, by its stamps. Stamps without
        a time zone are in standard time at `utc_offset`.
    utc_offset : float [h]
        Of the clock of the result from UTC, in [-12, 14].
    stamp : {"begin", "middle", "end"}
        What of its step a stamp marks.

    Returns
    -------
    (8760,) array
        Means of the hours from the first of January on, each by its beginning; NaN where a
        part of the hour is unknown. A year that begins in another month is turned round.

    Raises
    ------
    DataError
        If stamps are no dates, stand twice (a clock with summer time), leave a gap, are at
        half hours that `stamp` and `utc_offset` do not explain, or make no whole year.

    Warns
    -----
    LodemapWarning
        If a leap day is left out.

    Examples
    --------
    >>> stamps = pd.date_range("2020-01-01 00:30", periods=8784, freq="h", tz="UTC")
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     year = year_of_hours(pd.Series(stamps.hour, stamps), utc_offset=8, stamp="middle")
    >>> year.shape, year[8]
    ((8760,), np.float64(0.0))
    """
    stamps, step = _stamps(values, utc_offset)
    begin = stamps - {"begin": 0.0, "middle": 0.5, "end": 1.0}[stamp] * step
    if (begin.minute % max(int(step / pd.Timedelta("1min")), 1) != 0).any() or begin.second.any():
        raise DataError(
            f"the first stamp is {stamps[0]:%Y-%m-%d %H:%M} at an offset of {utc_offset:g} hours, "
            f"which begins no step: are stamps middles (stamp='middle'), or is the clock half an "
            "hour off (utc_offset=5.5)?"
        )
    found = values.to_numpy(dtype=np.float64)
    leap = (begin.month == 2) & (begin.day == 29)
    if leap.any():
        found, begin = found[~leap], begin[~leap]
        warnings.warn(
            f"the leap day is left out: {int(leap.sum())} steps", LodemapWarning, stacklevel=2
        )
    whole = len(found) * step == pd.Timedelta(hours=HOURS)
    hours = pd.DataFrame({"value": found, "unknown": np.isnan(found)})
    by_hour = hours.groupby(begin.strftime("%m-%d %H")).mean().sort_index()
    if not whole or len(by_hour) != HOURS:
        raise DataError(
            f"{len(found)} steps of {step / pd.Timedelta('1h'):g} hours fill {len(by_hour)} "
            f"different hours: give one whole year, {HOURS} hours without the leap day"
        )
    mean = by_hour["value"].to_numpy(dtype=np.float64)
    return np.asarray(np.where(by_hour["unknown"].to_numpy() > 0, np.nan, mean))


def _stamps(values: pd.Series, utc_offset: float) -> tuple[pd.DatetimeIndex, pd.Timedelta]:
    """Stamps on the clock of the result, and their step."""
    stamps = values.index
    if not isinstance(stamps, pd.DatetimeIndex) or len(stamps) < 2:
        raise DataError("the series has no stamps: give it an index of dates and times")
    if not -12 <= utc_offset <= 14:
        raise DataError(f"utc_offset is {utc_offset}: give the hours from UTC, -12 to 14")
    if stamps.tz is not None:
        stamps = stamps.tz_convert("UTC").tz_localize(None) + pd.Timedelta(hours=utc_offset)
    gaps = np.diff(stamps.to_numpy())
    step = pd.Timedelta(np.median(gaps))
    odd = np.flatnonzero(gaps != step.to_timedelta64())
    if odd.size:
        raise DataError(
            f"behind {stamps[odd[0]]:%Y-%m-%d %H:%M} the next stamp is "
            f"{stamps[odd[0] + 1]:%Y-%m-%d %H:%M}, not {step / pd.Timedelta('1h'):g} hours later: "
            "is it a clock with summer time? give standard time, with a zone, without gaps"
        )
    if not pd.Timedelta(0) < step <= pd.Timedelta("1h") or pd.Timedelta("1h") % step:
        raise DataError(
            f"the series has a step of {step / pd.Timedelta('1h'):g} hours: give hours, or a part "
            "that an hour holds whole"
        )
    return stamps, step
