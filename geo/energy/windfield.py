"""Wind from points: speed at hub height and yield on a grid, unknown where no point speaks.

The plain functions and the turbines are in :mod:`geo.energy.wind`, the points in
:mod:`geo.energy.wind_points`.

References
----------
`docs/methods/energy.md` holds the formulas, their sources and their limits.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.energy.fields import lonlat, points_of, raster_at
from geo.energy.interpolation import (
    Covariance,
    fit_covariance,
    great_circle,
    krige,
    leave_one_out,
    nearest_distance,
    nearest_other,
)
from geo.energy.wind import (
    Turbine,
    WindLosses,
    air_density,
    capacity_factor,
    cold_share,
    density_corrected,
)
from geo.errors import DataError, EmptyLayerError
from geo.grid import as_dataarray

__all__ = ["SpeedModel", "net_yield", "speed_surface", "yield_surface"]

Array = npt.NDArray[np.float64]

Z80 = 1.2815515655446004

_BLOCK = 65_536
_FEWEST = 4
_LARGEST_ERROR = 0.15
_LEAST_COVERAGE = 0.7


@dataclass(frozen=True)
class SpeedModel:
    """Kriging of the logarithm of hub-height speed, and how far it is to be believed.

    Parameters
    ----------
    lon, lat : (n,) array [degrees]
    log_speed, noise : (n,) array
        Logarithm of the speed at `height` and the variance of its own error.
    height : float [m]
    covariance : Covariance
    range_km : float [km]
        Farther from every point the speed is unknown.
    terrain_sd : float
        Standard deviation of the logarithm between a chosen site and the land around.
    checked : int
        Points that leave-one-out has checked; its results are the four that follow.
    rmse, bias : float
        Of the logarithm.
    coverage : float
        Share within the stated 80 % interval.
    mean_rmse : float
        Of the plain mean of the other points, to compare with `rmse`.
    """

    lon: Array
    lat: Array
    log_speed: Array
    noise: Array
    height: float
    covariance: Covariance
    range_km: float
    terrain_sd: float
    checked: int
    rmse: float
    bias: float
    coverage: float
    mean_rmse: float

    @classmethod
    def fit(
        cls,
        points: gpd.GeoDataFrame,
        *,
        covariance: Covariance | None = None,
        longest_km: float = 200.0,
        terrain_sd: float = 0.10,
    ) -> "SpeedModel":
        """Choose covariance and range by leaving points out.

        Parameters
        ----------
        points : GeoDataFrame
            As :func:`~geo.energy.wind_points.high_points` gives them; at least three.
        covariance : Covariance, optional
            Chosen by leave-one-out when missing.
        longest_km : float [km]
            The range never exceeds it: farms stand on chosen sites, and that one of them
            predicts another says little of the land between.
        terrain_sd : float
            See the class.

        Returns
        -------
        SpeedModel

        Raises
        ------
        EmptyLayerError
            If there are fewer than three points.
        DataError
            If the points are of different heights.

        Notes
        -----
        The range is the largest spacing, up to `longest_km`, at which at least four
        points have another within it and leaving them out one by one gives a root mean
        square error of the logarithm of at most 0.15 and at least 70 % within the 80 %
        interval; 0 where none does, so that wind is unknown everywhere.
        """
        missing = {"speed", "height", "log_sd"} - set(points.columns)
        if missing:
            raise DataError(f"the points have no column {sorted(missing)}: use high_points")
        if len(points) < 3:
            raise EmptyLayerError(f"{len(points)} hub-height points: three are needed to check one")
        heights = points["height"].unique()
        if len(heights) > 1:
            raise DataError(f"points at {sorted(heights)} m: bring them to one height first")
        lon, lat = points_of(points)
        value = np.log(points["speed"].to_numpy(dtype=np.float64))
        noise = points["log_sd"].to_numpy(dtype=np.float64) ** 2
        chosen = covariance or fit_covariance(lon, lat, value, noise=noise)
        found = leave_one_out(lon, lat, value, chosen, noise=noise)
        spacing = nearest_other(lon, lat)
        supported = _range(spacing, found.error, found.variance, longest_km)
        others = (value.sum() - value) / (len(value) - 1)
        return cls(
            lon, lat, value, noise, float(heights[0]), chosen, supported, terrain_sd,
            len(value), found.rmse, found.bias, found.coverage(Z80),
            float(np.sqrt(np.mean((others - value) ** 2))),
        )  # fmt: skip

    def at(
        self, lon: npt.ArrayLike, lat: npt.ArrayLike, *, hold_out_km: float | None = None
    ) -> tuple[Array, Array]:
        """Logarithm of the speed and its standard deviation at places.

        Parameters
        ----------
        lon, lat : (m,) array_like [degrees]
        hold_out_km : float, optional [km]
            Points nearer than this to a single place are not used for it.

        Returns
        -------
        log_speed, sd : (m,) array
            NaN beyond the range from every point that is used.

        Raises
        ------
        DataError
            If points are held out for more than one place at once.
        """
        goal_lon = np.atleast_1d(np.asarray(lon, dtype=np.float64))
        goal_lat = np.atleast_1d(np.asarray(lat, dtype=np.float64))
        used = np.ones(len(self.lon), dtype=bool)
        if hold_out_km is not None:
            if len(goal_lon) != 1:
                raise DataError("points are held out for one place at a time")
            used = great_circle(self.lon, self.lat, goal_lon, goal_lat)[:, 0] > hold_out_km
        mean, sd = np.full(len(goal_lon), np.nan), np.full(len(goal_lon), np.nan)
        if not used.any():
            return mean, sd
        near = nearest_distance(goal_lon, goal_lat, self.lon[used], self.lat[used])
        known = near <= self.range_km
        if known.any():
            mean[known], variance = krige(
                self.lon[used], self.lat[used], self.log_speed[used],
                goal_lon[known], goal_lat[known], self.covariance, noise=self.noise[used],
            )  # fmt: skip
            sd[known] = np.sqrt(variance + self.terrain_sd**2)
        return mean, sd

    def attributes(self) -> dict[str, float | int]:
        """What the model states of itself, for the attributes of a result."""
        return {
            "hub_height_m": self.height,
            "points": self.checked,
            "range_km": self.range_km,
            "terrain_sd": self.terrain_sd,
            "correlation_length_km": float(self.covariance.length_km),
            "loo_rmse_log": self.rmse,
            "loo_bias_log": self.bias,
            "loo_coverage_80": self.coverage,
            "loo_rmse_log_of_plain_mean": self.mean_rmse,
        }


def speed_surface(
    points: gpd.GeoDataFrame,
    grid: GeoBox,
    hub_height: float,
    *,
    model: SpeedModel | None = None,
    whole: GeoBox | None = None,
) -> xr.Dataset:
    """Mean wind speed at hub height, where a point lies within the supported range.

    Parameters
    ----------
    points : GeoDataFrame
        As :func:`~geo.energy.wind_points.high_points` gives them, at `hub_height`.
    grid : GeoBox
    hub_height : float [m]
    model : SpeedModel, optional
        Fitted to the points when missing.
    whole : GeoBox, optional
        The grid of which `grid` is some rows.

    Returns
    -------
    Dataset (y, x) of float32
        ``speed`` and ``speed_sd`` [m/s]; NaN beyond the range. Attributes give the range
        and what leave-one-out found, and beside it the error of the plain mean of the
        points: where that is no larger, the points carry no pattern, only a level.

    Raises
    ------
    DataError
        If the points are at another height.
    EmptyLayerError
        If there are fewer than three points.

    Notes
    -----
    The points are sites that somebody chose for their wind. The surface says what such a
    site gives, not what the average land around it does.
    """
    fitted = model or SpeedModel.fit(points)
    if fitted.height != hub_height:
        raise DataError(
            f"the points are at {fitted.height:g} m, the hub at {hub_height:g} m: "
            "make them with high_points(..., hub_height=...)"
        )
    lon, lat = lonlat(grid, whole)
    log_speed, sd = fitted.at(lon.ravel(), lat.ravel())
    speed = np.exp(log_speed).reshape(lon.shape)
    fields = {"speed": speed, "speed_sd": speed * sd.reshape(lon.shape)}
    titles = {
        "speed": f"Mean wind speed at {hub_height:g} m",
        "speed_sd": "Standard deviation of the mean wind speed",
    }
    result = xr.Dataset(
        {
            name: as_dataarray(
                values.astype(np.float32), grid, name=name, unit="m/s", long_name=titles[name]
            )
            for name, values in fields.items()
        }
    )
    result.attrs = fitted.attributes()
    result["speed"].attrs.update(
        loo_points=fitted.checked,
        loo_rmse_percent=100 * fitted.rmse,
        loo_coverage_80=fitted.coverage,
        range_km=fitted.range_km,
        hub_height_m=fitted.height,
    )
    return result


def net_yield(
    speed: npt.ArrayLike,
    relative_sd: npt.ArrayLike,
    height: npt.ArrayLike,
    temperature: npt.ArrayLike,
    turbine: Turbine,
    losses: WindLosses | None = None,
    *,
    shape: npt.ArrayLike | None = None,
) -> tuple[Array, Array, Array]:
    """Net capacity factor of a turbine with its 80 % interval.

    Parameters
    ----------
    speed : (n,) array_like [m/s]
        At hub height; NaN is unknown.
    relative_sd : (n,) array_like
        Standard deviation of the speed over the speed.
    height : (n,) array_like [m]
        Of the ground above the sea.
    temperature : (12, n) array_like [degC]
        Monthly means.
    turbine : Turbine
    losses : WindLosses, optional
    shape : (n,) array_like, optional
        Weibull shape of each place, taken to the nearest twentieth; the turbine's when
        missing.

    Returns
    -------
    capacity_factor, low, high : (n,) array
        The median of the year's net yield (P50) and the yields that are reached with 90 %
        (P90) and with 10 % (P10). In [0, 1]; NaN where the speed, height or temperature is
        unknown. The errors of speed and losses are taken as independent. Gross is
        :func:`~geo.energy.wind.capacity_factor` at the place's density.

    Examples
    --------
    >>> import pandas as pd
    >>> curve = pd.DataFrame({"speed": [3.0, 12.0, 25.0], "share": [0.0, 1.0, 1.0]})
    >>> machine = Turbine("ramp", curve, 100.0)
    >>> found = net_yield([7.5], [0.1], [1000.0], np.full((12, 1), 0.0), machine)
    >>> [round(float(value[0]), 2) for value in found]
    [0.39, 0.32, 0.47]
    """
    lost = losses or WindLosses()
    months = np.asarray(temperature, dtype=np.float64)
    density = air_density(np.asarray(height, dtype=np.float64) + turbine.hub_height, months.mean(0))
    retained = lost.retained * (1 - cold_share(months, limit=turbine.cold_limit))
    standard = density_corrected(np.asarray(speed, dtype=np.float64), density)
    spread = np.exp(Z80 * np.asarray(relative_sd, dtype=np.float64))
    shapes = turbine.shape if shape is None else np.round(np.asarray(shape) * 20) / 20
    kinds = np.broadcast_to(shapes, standard.shape)
    # One table of the curve serves all places of a shape.
    steps = np.linspace(0, 30, 3001)
    tables = {
        kind: np.asarray(capacity_factor(steps, kind, turbine.curve))
        for kind in np.unique(kinds[np.isfinite(kinds)])
    }

    def net(values: Array) -> Array:
        gross = np.full(values.shape, np.nan)
        for kind, table in tables.items():
            at = kinds == kind
            gross[at] = np.interp(np.minimum(values[at], 30), steps, table)
        return np.asarray(gross * retained)

    central = net(standard)
    of_losses = central * Z80 * lost.sd
    low = central - np.hypot(central - net(standard / spread), of_losses)
    high = central + np.hypot(net(standard * spread) - central, of_losses)
    return central, np.clip(low, 0, 1), np.clip(high, 0, 1)


def yield_surface(
    speed: xr.Dataset,
    grid: GeoBox,
    turbine: Turbine,
    relief: xr.DataArray,
    temperature: xr.DataArray,
    *,
    losses: WindLosses | None = None,
    whole: GeoBox | None = None,
) -> xr.Dataset:
    """Net capacity factor of a turbine on a study's grid.

    Parameters
    ----------
    speed : Dataset
        As :func:`speed_surface` or :func:`geo.energy.atlas.atlas_speed` gives it, at the
        turbine's hub height; with its own ``shape`` where it has one.
    grid : GeoBox
    turbine : Turbine
    relief : (rows, columns) DataArray [m]
        In longitude and latitude.
    temperature : (12, rows, columns) DataArray [degC]
        In longitude and latitude.
    losses : WindLosses, optional
    whole : GeoBox, optional
        The grid of which `grid` is some rows.

    Returns
    -------
    Dataset (y, x) of float32
        ``capacity_factor`` and its 80 % interval ``low`` and ``high``; NaN where the speed
        is unknown.

    Raises
    ------
    DataError
        If the speed is of another height than the turbine's hub.
    """
    stated = speed.attrs.get("hub_height_m", turbine.hub_height)
    if stated != turbine.hub_height:
        raise DataError(
            f"the speed is at {stated:g} m, the hub of {turbine.name} at "
            f"{turbine.hub_height:g} m: make the points for that hub height"
        )
    values = speed["speed"].to_numpy().astype(np.float64)
    known = np.isfinite(values)
    fields = {name: np.full(values.shape, np.nan) for name in ("capacity_factor", "low", "high")}
    lon, lat = (axis[known] for axis in lonlat(grid, whole))
    mean, sd = values[known], speed["speed_sd"].to_numpy().astype(np.float64)[known]
    shapes = speed["shape"].to_numpy().astype(np.float64)[known] if "shape" in speed else None
    found = np.full((3, len(mean)), np.nan)
    for start in range(0, len(mean), _BLOCK):
        cells = slice(start, start + _BLOCK)
        found[:, cells] = net_yield(
            mean[cells], sd[cells] / mean[cells], raster_at(relief, lon[cells], lat[cells]),
            raster_at(temperature, lon[cells], lat[cells]), turbine, losses,
            shape=None if shapes is None else shapes[cells],
        )  # fmt: skip
    for field, result in zip(fields.values(), found, strict=True):
        field[known] = result
    titles = {
        "capacity_factor": f"Wind capacity factor, net, {turbine.name}",
        "low": "Lower end of the 80 % interval of the wind capacity factor",
        "high": "Upper end of the 80 % interval of the wind capacity factor",
    }
    surface = xr.Dataset(
        {
            name: as_dataarray(
                layer.astype(np.float32), grid, name=name, unit="1", long_name=titles[name]
            )
            for name, layer in fields.items()
        }
    )
    surface.attrs = dict(speed.attrs) | {"turbine": turbine.name}
    return surface


def _range(spacing: Array, error: Array, variance: Array, longest_km: float) -> float:
    inside = np.abs(error) <= Z80 * np.sqrt(variance)
    for candidate in sorted(spacing[spacing <= longest_km], reverse=True):
        checked = spacing <= candidate
        if checked.sum() < _FEWEST:
            break
        rmse = float(np.sqrt(np.mean(error[checked] ** 2)))
        if rmse <= _LARGEST_ERROR and inside[checked].mean() >= _LEAST_COVERAGE:
            return float(candidate)
    return 0.0
