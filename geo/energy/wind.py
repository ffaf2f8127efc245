"""Wind at hub height, the power in it, and what a real turbine makes of it.

Scalars and arrays go in and the same come out; NaN is unknown and stays so.

References
----------
`docs/methods/energy.md` holds the formulas, their sources and their limits.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from geo.energy.shares import check_share
from geo.errors import DataError

__all__ = [
    "COLD_SPREAD",
    "STANDARD_DENSITY",
    "Turbine",
    "WindLosses",
    "air_density",
    "capacity_factor",
    "cold_share",
    "density_corrected",
    "hub_height_speed",
    "mean_speed_of",
    "power_density",
    "weibull_scale",
    "weibull_shape",
]

Numbers = Any
Array = npt.NDArray[np.float64]

#: Air density that power curves are given for [kg/m3].
STANDARD_DENSITY = 1.225
#: Standard deviation of the hours' temperatures of one month about its mean [K].
COLD_SPREAD = 7.0

_GAS_CONSTANT = 287.05
_FASTEST_MEAN = 40.0
#: Makers' own curves waver by this much of rated power on the way up.
_UNEVEN = 0.003
_DRAWN_TO = 18.0


def hub_height_speed(
    speed: Numbers,
    height: Numbers,
    hub_height: Numbers,
    *,
    exponent: Numbers | None = None,
    roughness: Numbers | None = None,
) -> Numbers:
    """Bring a wind speed from one height to another.

    Parameters
    ----------
    speed : float or array [m/s]
    height : float or array [m]
        At which the speed holds, above ground.
    hub_height : float or array [m]
    exponent : float or array, optional
        Of the power law; 1/7 for open land in neutral air.
    roughness : float or array, optional [m]
        Roughness length for the logarithmic law, in place of the exponent.

    Returns
    -------
    float or array [m/s]
        ``speed * (hub_height / height)**exponent``, or
        ``speed * log(hub_height / roughness) / log(height / roughness)``.

    Raises
    ------
    DataError
        If not exactly one of exponent and roughness is given, a height is not above 0
        (or above the roughness), or a speed is negative.

    References
    ----------
    Manwell, McGowan and Rogers (2009), Wind Energy Explained, section 2.3.3.

    Examples
    --------
    >>> round(hub_height_speed(5.0, 10.0, 80.0, exponent=1 / 7), 2)
    6.73
    >>> round(hub_height_speed(5.0, 10.0, 80.0, roughness=0.15), 2)
    7.48
    """
    if (exponent is None) == (roughness is None):
        raise DataError("give one of exponent and roughness, not both and not neither")
    speed, height, hub_height = (_numbers(one) for one in (speed, height, hub_height))
    if np.any(np.asarray(height) <= 0) or np.any(np.asarray(hub_height) <= 0):
        raise DataError("a height is not above 0 m: give heights above ground")
    _check_speed(speed)
    if exponent is not None:
        return _plain(speed * (hub_height / height) ** _numbers(exponent))
    rough = np.asarray(roughness, dtype=np.float64)
    if np.any(rough <= 0) or np.any(height <= rough) or np.any(hub_height <= rough):
        raise DataError(
            f"the roughness length is {np.max(rough):g} m: give one above 0 and below the heights"
        )
    return _plain(speed * (np.log(hub_height / rough) / np.log(height / rough)))


def weibull_scale(mean_speed: Numbers, k: Numbers) -> Numbers:
    """Scale of the Weibull distribution with a mean.

    Parameters
    ----------
    mean_speed : float or array [m/s]
    k : float or array
        Shape; 2 is the Rayleigh distribution.

    Returns
    -------
    float or array [m/s]
        ``mean_speed / gamma(1 + 1/k)``.

    Raises
    ------
    DataError
        If the shape is not in [0.5, 10] or a speed is negative.

    Examples
    --------
    >>> round(weibull_scale(8.0, 2.0), 4)
    9.027
    """
    mean_speed, k = _numbers(mean_speed), _numbers(k)
    _check_shape(k)
    _check_speed(mean_speed)
    return _plain(mean_speed / special.gamma(1 + 1 / k))


def weibull_shape(mean_speed: Numbers, spread: Numbers) -> Numbers:
    """Shape of the Weibull distribution with a mean and a standard deviation.

    Parameters
    ----------
    mean_speed, spread : float or array [m/s]

    Returns
    -------
    float or array
        ``(spread / mean_speed)**-1.086``, within [0.5, 10]; NaN without a mean or spread.

    References
    ----------
    Justus and others (1978), doi:10.1175/1520-0450(1978)017<0350:MFEWSF>2.0.CO;2.

    Examples
    --------
    A Rayleigh distribution spreads by 0.523 of its mean:

    >>> round(weibull_shape(8.0, 8.0 * 0.5227), 2)
    2.02
    """
    mean, sd = np.asarray(mean_speed, np.float64), np.asarray(spread, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where((mean > 0) & (sd > 0), (sd / mean) ** -1.086, np.nan)
    return _plain(np.clip(found, 0.5, 10))


def power_density(mean_speed: Numbers, k: Numbers, density: Numbers) -> Numbers:
    """Mean power of the wind through an upright square metre.

    Parameters
    ----------
    mean_speed : float or array [m/s]
    k : float or array
        Weibull shape.
    density : float or array [kg/m3]

    Returns
    -------
    float or array [W/m2]
        ``density / 2 * scale**3 * gamma(1 + 3/k)``.

    Raises
    ------
    DataError
        If the shape, a speed or a density is out of range.

    Examples
    --------
    For the Rayleigh distribution the cube's mean is 6/pi of the mean's cube:

    >>> round(power_density(8.0, 2.0, 1.225), 2)
    598.93
    """
    k, density = _numbers(k), _numbers(density)
    _check_density(density)
    scale = weibull_scale(mean_speed, k)
    return _plain(density / 2 * scale**3 * special.gamma(1 + 3 / k))


def air_density(height: Numbers, temperature: Numbers) -> Numbers:
    """Density of dry air in the standard atmosphere's pressure.

    Parameters
    ----------
    height : float or array [m]
        Above the sea.
    temperature : float or array [degC]

    Returns
    -------
    float or array [kg/m3]

    References
    ----------
    ISO 2533:1975, Standard Atmosphere.

    Examples
    --------
    >>> round(air_density(0.0, 15.0), 3), round(air_density(1300.0, 2.0), 3)
    (1.225, 1.097)
    """
    height, temperature = _numbers(height), _numbers(temperature)
    pressure = 101_325 * (1 - 2.25577e-5 * height) ** 5.25588
    return pressure / (_GAS_CONSTANT * (temperature + 273.15))


def density_corrected(speed: Numbers, density: Numbers) -> Numbers:
    """Speed at standard density that gives a pitch-controlled turbine the same power.

    Parameters
    ----------
    speed : float or array [m/s]
    density : float or array [kg/m3]

    Returns
    -------
    float or array [m/s]
        ``speed * (density / 1.225)**(1/3)``.

    Raises
    ------
    DataError
        If a density is not in [0.3, 2].

    References
    ----------
    IEC 61400-12-1:2017, section 9.1.5 (normalisation of the wind speed).

    Examples
    --------
    >>> round(density_corrected(8.0, 1.08), 3)
    7.671
    """
    speed, density = _numbers(speed), _numbers(density)
    _check_density(density)
    return speed * (density / STANDARD_DENSITY) ** (1 / 3)


def capacity_factor(
    mean_speed: Numbers,
    k: Numbers,
    power_curve: pd.DataFrame,
    *,
    density: Numbers = STANDARD_DENSITY,
) -> Numbers:
    """Mean power of a turbine over its rated power, before losses.

    Parameters
    ----------
    mean_speed : float or array [m/s]
        At hub height.
    k : float or array
        Weibull shape.
    power_curve : DataFrame
        Columns ``speed`` [m/s], rising, and ``share`` of rated power in [0, 1], at
        standard density; linear between its points and zero outside. A speed that stands
        twice is a step, as at cut-out.
    density : float or array [kg/m3]
        The speed is corrected by its cube root.

    Returns
    -------
    float or array
        In [0, 1].

    Raises
    ------
    DataError
        If the curve is no power curve, or an argument is out of range.

    Notes
    -----
    Exact: each linear piece is integrated in closed form against the Weibull
    distribution, by parts, with the incomplete gamma function.

    Examples
    --------
    A turbine that runs at rated power between 4 and 25 m/s, in Rayleigh wind of 8 m/s:

    >>> curve = pd.DataFrame({"speed": [4.0, 25.0], "share": [1.0, 1.0]})
    >>> round(capacity_factor(8.0, 2.0, curve), 6)
    0.821...
    """
    speeds, shares = _checked_curve(power_curve)
    mean = density_corrected(mean_speed, density)
    scale, shape = np.broadcast_arrays(weibull_scale(mean, k), np.asarray(k, dtype=np.float64))
    wide, shape = scale.astype(np.float64)[..., None], shape[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        reduced = np.where(wide > 0, (speeds / wide) ** shape, np.inf)
    reduced = np.where(np.isnan(wide), np.nan, np.where(speeds > 0, reduced, 0.0))
    beyond = np.exp(-reduced)
    lasted = wide * special.gamma(1 + 1 / shape) * special.gammainc(1 / shape, reduced)
    rise, width = np.diff(shares), np.diff(speeds)
    step = width == 0
    slope = np.where(step, 0.0, rise / np.where(step, 1.0, width))
    total = np.sum(slope * np.diff(lasted, axis=-1) + step * rise * beyond[..., 1:], axis=-1)
    total = total + shares[0] * beyond[..., 0] - shares[-1] * beyond[..., -1]
    result = np.clip(total, 0, 1)
    return _plain(result)


def mean_speed_of(
    capacity: Numbers,
    k: float,
    power_curve: pd.DataFrame,
    *,
    density: float = STANDARD_DENSITY,
) -> Numbers:
    """Mean speed at which a turbine reaches a capacity factor: the inverse.

    Parameters
    ----------
    capacity : float or array
        Before losses; NaN gives NaN.
    k, power_curve, density
        As in :func:`capacity_factor`.

    Returns
    -------
    float or array [m/s]
        On the rising side; NaN where no mean speed gives so much.

    Examples
    --------
    >>> curve = pd.DataFrame({"speed": [3.0, 12.0, 25.0], "share": [0.0, 1.0, 1.0]})
    >>> round(mean_speed_of(capacity_factor(7.5, 2.0, curve), 2.0, curve), 3)
    7.5
    """
    speeds = np.linspace(0.5, 15, 1451)
    reached = np.asarray(capacity_factor(speeds, k, power_curve, density=density))
    top = int(np.argmax(reached)) + 1
    if not math.isfinite(density):
        return np.full(np.shape(capacity), np.nan)[()]
    found = np.interp(capacity, reached[:top], speeds[:top], left=np.nan, right=np.nan)
    return _plain(found)


def cold_share(
    temperature: Numbers, *, limit: float = -30.0, spread: float = COLD_SPREAD, axis: int = 0
) -> Numbers:
    """Share of the year in which a turbine stands still for the cold.

    Parameters
    ----------
    temperature : (12, ...) array [degC]
        Monthly means.
    limit : float [degC]
        Below which the turbine stops; -30 for common cold-climate versions.
    spread : float [K]
        Standard deviation of the hours of one month about its mean, taken as normal.
    axis : int
        Of the months.

    Returns
    -------
    float or array
        In [0, 1]. Wind and cold are taken as independent; the coldest hours are calm in
        basins, so this is on the safe side.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(cold_share(np.array([-22.0] + [5.0] * 11))), 4)
    0.0106
    """
    months = np.asarray(temperature, dtype=np.float64)
    return special.ndtr((limit - months) / spread).mean(axis=axis)


@dataclass(frozen=True)
class WindLosses:
    """What a farm loses between the turbines' curves and the meter.

    Parameters
    ----------
    wake : float
        Shares lost, one after the other.
    availability : float
        Time that turbines and grid stand still.
    electrical : float
        Cables and transformer.
    curtailment : float
        Ordered by the grid; 0 says what the site could give.
    other : float
        Icing, dirt, turbulence, controls.
    sd : float
        Relative standard deviation of all of them together, with the power curve's.

    Raises
    ------
    DataError
        If a share is outside [0, 1).

    Examples
    --------
    >>> round(WindLosses().retained, 3)
    0.84
    """

    wake: float = 0.08
    availability: float = 0.04
    electrical: float = 0.025
    curtailment: float = 0.0
    other: float = 0.025
    sd: float = 0.07

    def __post_init__(self) -> None:
        for name in ("wake", "availability", "electrical", "curtailment", "other"):
            check_share(getattr(self, name), name, below_one=True)

    @property
    def retained(self) -> float:
        """Share left after all losses but the cold."""
        lost = (self.wake, self.availability, self.electrical, self.curtailment, self.other)
        return math.prod(1 - share for share in lost)


@dataclass(frozen=True)
class Turbine:
    """A real turbine: its power curve and where that is from.

    Parameters
    ----------
    name : str
    curve : DataFrame
        Columns ``speed`` [m/s] and ``share``.
    hub_height : float [m]
    shape : float
        Weibull shape to use with it.
    cold_limit : float [degC]
    source : str
    """

    name: str
    curve: pd.DataFrame
    hub_height: float
    shape: float = 2.2
    cold_limit: float = -30.0
    source: str = ""

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        name: str,
        *,
        hub_height: float | None = None,
        shape: float = 2.2,
        cut_out: float = 25.0,
    ) -> "Turbine":
        """Take one turbine from a table of power curves.

        Parameters
        ----------
        table : DataFrame
            Columns ``turbine``, ``rated_kw``, ``speed_ms``, ``power_kw``, and where known
            ``hub_m`` and ``source``; one row a point of a curve.
        name : str
            As in the column ``turbine``.
        hub_height : float, optional [m]
            The table's when missing.
        shape : float
            Weibull shape.
        cut_out : float [m/s]
            A curve that ends below 18 m/s at rated power is continued flat up to
            it: no turbine stops so early, only the drawing does.

        Returns
        -------
        Turbine

        Raises
        ------
        DataError
            If the table has no such turbine, the hub height is unknown, or the curve
            exceeds the rated power by over 2 % (a little is usual and cut off).

        Examples
        --------
        >>> rows = {"turbine": "T", "rated_kw": 100, "speed_ms": [3.0, 12.0, 25.0],
        ...         "power_kw": [0.0, 100.0, 100.0], "hub_m": 80.0, "source": "brochure"}
        >>> Turbine.from_table(pd.DataFrame(rows), "T").curve["share"].tolist()
        [0.0, 1.0, 1.0]
        """
        rows = table[table["turbine"] == name].sort_values("speed_ms", kind="stable")
        if rows.empty:
            known = ", ".join(sorted(map(str, table["turbine"].unique())))
            raise DataError(f"there is no turbine {name!r}: choose one of {known}")
        share = rows["power_kw"].to_numpy(dtype=np.float64) / rows["rated_kw"].to_numpy()
        if share.max() > 1.02:
            raise DataError(f"the curve of {name} reaches {share.max():.0%} of its rated power")
        speed, share = rows["speed_ms"].to_numpy(dtype=np.float64), np.minimum(share, 1)
        if speed[-1] < _DRAWN_TO and share[-1] > 0.95:
            speed, share = np.append(speed, cut_out), np.append(share, share[-1])
        curve = pd.DataFrame({"speed": speed, "share": share})
        _checked_curve(curve)
        hub = hub_height if hub_height is not None else _first(rows, "hub_m")
        if hub is None:
            raise DataError(f"the hub height of {name} is unknown: give hub_height")
        return cls(name, curve, float(hub), shape=shape, source=str(_first(rows, "source") or ""))


def _first(rows: pd.DataFrame, column: str) -> Any:
    if column not in rows or rows[column].isna().all():
        return None
    return rows[column].dropna().iloc[0]


def _checked_curve(curve: pd.DataFrame) -> tuple[Array, Array]:
    """Speeds and shares of a power curve, once it is known to be one."""
    missing = {"speed", "share"} - set(curve.columns)
    if missing:
        raise DataError(f"the power curve has no column {sorted(missing)}: give speed and share")
    speed = curve["speed"].to_numpy(dtype=np.float64)
    share = curve["share"].to_numpy(dtype=np.float64)
    if len(speed) < 2 or not (np.isfinite(speed).all() and np.isfinite(share).all()):
        raise DataError("the power curve needs at least two points, all of them numbers")
    width = np.diff(speed)
    if (width < 0).any() or (width[1:] + width[:-1] == 0).any() or speed[0] < 0:
        raise DataError("the power curve's speeds do not rise from 0 on: sort and unite them")
    if share.min() < 0 or share.max() > 1:
        raise DataError(
            f"the power curve runs from {share.min():g} to {share.max():g}: "
            "give shares of rated power from 0 to 1"
        )
    rising = share[: int(np.argmax(share)) + 1]
    falls = np.flatnonzero(np.diff(rising) < -_UNEVEN)
    if falls.size:
        raise DataError(
            f"the power curve falls before rated power, at {speed[falls[0] + 1]:g} m/s: mend it"
        )
    return speed, share


def _numbers(value: Numbers) -> Numbers:
    """Lists become arrays; numbers, arrays and columns of a frame stay what they are."""
    return np.asarray(value, dtype=np.float64) if isinstance(value, list | tuple) else value


def _plain(value: Numbers) -> Numbers:
    """Scalars in, scalars out."""
    return float(value) if np.ndim(value) == 0 else value


def _check_speed(speed: Numbers) -> None:
    speeds = np.asarray(speed, dtype=np.float64)
    if np.any(speeds < 0) or np.any(speeds > _FASTEST_MEAN):
        raise DataError(f"a wind speed is outside 0 to {_FASTEST_MEAN:g} m/s: is it in m/s?")


def _check_shape(k: Numbers) -> None:
    shapes = np.asarray(k, dtype=np.float64)
    outside = (shapes < 0.5) | (shapes > 10)
    if outside.any():
        raise DataError(
            f"the Weibull shape is {shapes[outside].flat[0]:g}: give one from 0.5 to 10, "
            "about 2 for wind"
        )


def _check_density(density: Numbers) -> None:
    densities = np.asarray(density, dtype=np.float64)
    if np.any(densities < 0.3) or np.any(densities > 2):
        raise DataError("an air density is outside 0.3 to 2 kg/m3: is it in kg/m3?")
