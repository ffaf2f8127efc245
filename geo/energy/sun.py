"""Sun, clear sky and kinds of days of an average year, for many places at once.

A year is twelve average days, one a month, in local solar time: 24 hours, each taken at
its middle. Longitude and clock time do not enter. The cloud of a month is a small set
of day classes whose mean is the month's, so that clear and cloudy days stay apart.
"""

import numpy as np
import numpy.typing as npt

from geo.errors import DataError

__all__ = [
    "DAYS_IN_MONTH",
    "DAY_OF_YEAR",
    "SunPosition",
    "clear_sky_ghi",
    "clear_sky_hours",
    "day_classes",
    "diurnal_swing",
    "sun_position",
]

Array = npt.NDArray[np.float64]

#: Day of each month whose extraterrestrial radiation is nearest to the month's mean
#: (Klein 1977, doi:10.1016/0038-092X(77)90001-9).
DAY_OF_YEAR = np.array([17, 47, 75, 105, 135, 162, 198, 228, 258, 288, 318, 344])
DAYS_IN_MONTH = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])

#: Least share of the clear-sky day that reaches the ground on the darkest days: a
#: clearness of 0.05 (Bendt and others 1981) over a clear day's of about 0.75.
DARKEST_DAY = 0.07
#: Monthly means nearer to the clear sky than this leave no room for a distribution.
BRIGHTEST_MONTH = 0.985

_HOUR_ANGLE = (np.arange(24) - 11.5) * 15.0


class SunPosition:
    """Where the sun stands, for places x 12 months x 24 hours.

    Parameters
    ----------
    latitude : (n,) array [degrees]

    Attributes
    ----------
    zenith, azimuth : (n, 12, 24) array [degrees]
        Azimuth from north over east.
    extraterrestrial : (12, 1) array [W/m2]
        On a plane that faces the sun.
    """

    def __init__(self, latitude: Array) -> None:
        # pvlib takes a while to import, here as below.
        from pvlib import irradiance, solarposition

        declination = solarposition.declination_spencer71(DAY_OF_YEAR)[None, :, None]
        phi = np.radians(latitude)[:, None, None]
        angle = np.radians(_HOUR_ANGLE)[None, None, :]
        zenith = solarposition.solar_zenith_analytical(phi, angle, declination)
        self.zenith: Array = np.degrees(zenith)
        self.azimuth: Array = np.degrees(
            solarposition.solar_azimuth_analytical(phi, angle, declination, zenith)
        )
        self.extraterrestrial: Array = np.asarray(irradiance.get_extra_radiation(DAY_OF_YEAR))[
            :, None
        ]


def sun_position(latitude: npt.ArrayLike) -> SunPosition:
    """Sun of the average day of each month.

    Parameters
    ----------
    latitude : (n,) array_like [degrees]
        Within 66 degrees of the equator: beyond, an average day does not stand for its
        month.

    Returns
    -------
    SunPosition

    Raises
    ------
    DataError
        If a latitude is beyond 66 degrees or no number.

    Examples
    --------
    At the equator the sun of March stands near the zenith about noon:

    >>> bool(sun_position([0.0]).zenith[0, 2, 11] < 10)
    True
    """
    places = np.atleast_1d(np.asarray(latitude, dtype=np.float64))
    if not (np.abs(places) <= 66).all():
        raise DataError("a latitude is beyond 66 degrees: average days hold between the circles")
    return SunPosition(places)


def clear_sky_ghi(sun: SunPosition, height: Array, turbidity: Array) -> Array:
    """Global radiation of a cloudless sky, after Ineichen and Perez.

    Parameters
    ----------
    sun : SunPosition
        Of n places.
    height : (n,) array [m]
    turbidity : (12, n) array
        Linke turbidity at air mass 2, by month.

    Returns
    -------
    (n, 12, 24) array [W/m2]
        NaN where height or turbidity is unknown.

    References
    ----------
    Ineichen and Perez (2002), doi:10.1016/S0038-092X(02)00045-2, as in pvlib.

    Examples
    --------
    >>> import numpy as np
    >>> sun = sun_position([47.9])
    >>> ghi = clear_sky_ghi(sun, np.array([1300.0]), np.full((12, 1), 2.5))
    >>> bool(900 < ghi[0, 5].max() < 1000), bool(300 < ghi[0, 11].max() < 450)
    (True, True)
    """
    return clear_sky_hours(
        sun.zenith, sun.extraterrestrial[None], height[:, None, None], turbidity.T[:, :, None]
    )


def clear_sky_hours(
    zenith: Array, extraterrestrial: Array, height: Array, turbidity: Array
) -> Array:
    """Global radiation of a cloudless sky at positions of the sun.

    Parameters
    ----------
    zenith : array [degrees]
    extraterrestrial : array [W/m2]
    height : array [m]
    turbidity : array
        Linke turbidity at air mass 2. All broadcast.

    Returns
    -------
    array [W/m2]
        0 at night; NaN where height or turbidity is unknown.

    References
    ----------
    As :func:`clear_sky_ghi`.
    """
    from pvlib import atmosphere, clearsky

    with np.errstate(divide="ignore", invalid="ignore"):
        mass = atmosphere.get_absolute_airmass(
            atmosphere.get_relative_airmass(zenith), atmosphere.alt2pres(height)
        )
        sky = clearsky.ineichen(
            zenith, mass, turbidity, altitude=height, dni_extra=extraterrestrial
        )
    ghi = np.where(zenith < 90, np.nan_to_num(sky["ghi"]), 0.0)
    return np.asarray(np.where(np.isnan(turbidity + height), np.nan, ghi), dtype=np.float64)


def day_classes(mean_index: npt.ArrayLike, count: int = 5) -> Array:
    """Split a month into equally frequent kinds of days whose mean is the month's.

    The daily clear-sky index is taken to follow the truncated exponential distribution
    that Bendt and others found for the daily clearness, between the darkest day and the
    clear sky; each class is the mean of its share of the days.

    Parameters
    ----------
    mean_index : array_like
        Monthly mean radiation over that of the clear sky. Values outside
        [0.1, 0.985] are taken as these limits.
    count : int
        Number of classes, at least 1.

    Returns
    -------
    (..., count) array
        From the darkest to the clearest class, in [0.07, 1]; NaN stays NaN.

    Raises
    ------
    DataError
        If `count` is below 1.

    Notes
    -----
    Departs from the paper in the upper limit, which is the place's own clear sky and
    not a function of the mean, and in that the exponent is solved for, so the mean is
    met exactly.

    References
    ----------
    Bendt, Collares-Pereira and Rabl (1981), doi:10.1016/0038-092X(81)90014-1.

    Examples
    --------
    >>> classes = day_classes(0.8)
    >>> classes.round(3)
    array([0.495, 0.747, 0.855, 0.925, 0.978])
    >>> round(float(classes.mean()), 5)
    0.8
    """
    if count < 1:
        raise DataError(f"{count} day classes: give at least 1")
    mean = np.clip(np.asarray(mean_index, dtype=np.float64), 0.1, BRIGHTEST_MONTH)
    span = 1 - DARKEST_DAY
    slope = _slope_of_mean((mean - DARKEST_DAY) / span)[..., None]
    part = _partial_mean(np.linspace(0, 1, count + 1), slope)
    return np.asarray(DARKEST_DAY + span * np.diff(part, axis=-1) * count)


def diurnal_swing(hour: npt.ArrayLike, span: float) -> Array:
    """Air temperature over the day's mean.

    Parameters
    ----------
    hour : array_like [h]
        Solar time.
    span : float [K]
        Warmest less coldest hour; the warmest is 15 h.

    Returns
    -------
    array [K]

    Examples
    --------
    >>> diurnal_swing([3.0, 9.0, 15.0], 12.0).round(6) + 0.0
    array([-6.,  0.,  6.])
    """
    turn = 2 * np.pi * (np.asarray(hour, dtype=np.float64) - 15) / 24
    return np.asarray(span / 2 * np.cos(turn))


def _slope_of_mean(mean: Array) -> Array:
    """Solve ``1 / (1 - exp(-a)) - 1 / a = mean`` for a, by bisection."""
    low, high = np.full(mean.shape, -200.0), np.full(mean.shape, 200.0)
    for _ in range(60):
        middle = (low + high) / 2
        below = _mean_of_slope(middle) < mean
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(np.isnan(mean), np.nan, (low + high) / 2)


def _mean_of_slope(slope: Array) -> Array:
    safe = np.where(np.abs(slope) < 1e-4, 1.0, slope)
    mean = 1 / -np.expm1(-safe) - 1 / safe
    return np.asarray(np.where(np.abs(slope) < 1e-4, 0.5 + slope / 12, mean))


def _partial_mean(share: Array, slope: Array) -> Array:
    """Integrate the quantile function of the truncated exponential from 0 to `share`."""
    safe = np.where(np.abs(slope) < 1e-4, 1e-4, slope)
    # Written from the upper end, where a steep density piles up, to keep the digits.
    base = np.exp(-np.abs(safe))
    rest = np.where(safe > 0, share, 1 - share)
    inner = base + rest * (1 - base)
    integral = (inner * np.log(inner) - inner - base * np.log(base) + base) / (1 - base)
    area = rest + integral / np.abs(safe)
    whole = 1 + (-1 - base * np.log(base) + base) / (1 - base) / np.abs(safe)
    return np.asarray(np.where(safe > 0, area, share - (whole - area)))
