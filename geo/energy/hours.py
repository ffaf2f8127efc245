"""The hours of a typical year: 365 days that stand for any."""

import numpy as np
import numpy.typing as npt

__all__ = ["DAYS_OF_MONTH", "HOURS", "MONTH_OF_DAY", "MONTH_OF_HOUR", "hours_of_year"]

HOURS = 8760
DAYS_OF_MONTH = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
#: Month, from 0, of each day and of each hour.
MONTH_OF_DAY = np.repeat(np.arange(12), DAYS_OF_MONTH)
MONTH_OF_HOUR = np.repeat(MONTH_OF_DAY, 24)


def hours_of_year() -> npt.NDArray[np.datetime64]:
    """Stamps of a year of 8,760 hours, each the beginning of its hour.

    Returns
    -------
    (8760,) array of datetime64
        Of 2001, a year without a leap day that stands for any.

    Examples
    --------
    >>> str(hours_of_year()[-1])[:16]
    '2001-12-31T23:00'
    """
    start = np.datetime64("2001-01-01T00", "ns")
    return np.asarray(start + np.arange(HOURS) * np.timedelta64(1, "h"))
