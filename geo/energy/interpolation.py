"""Interpolation of sparse points and coarse grids that knows what it does not know.

Kriging works on great-circle distance, so nothing is measured in degrees. Its
covariance is chosen by leave-one-out, and the same leave-one-out gives the error that
the results state.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import DataError

__all__ = [
    "Covariance",
    "CrossValidation",
    "bilinear",
    "fit_covariance",
    "great_circle",
    "krige",
    "leave_one_out",
    "nearest_distance",
    "nearest_other",
]

Array = npt.NDArray[np.float64]

EARTH_RADIUS_KM = 6371.0088
_BLOCK = 65_536
_RIDGE = 1e-10


@dataclass(frozen=True)
class Covariance:
    """Exponential covariance ``sill * exp(-distance / length_km)`` and a nugget.

    Parameters
    ----------
    sill : float
        Variance of the part that is correlated in space.
    length_km : float
        Distance at which the correlation has fallen to 1/e [km].
    nugget : float
        Variance between places however close.

    Examples
    --------
    >>> import numpy as np
    >>> Covariance(0.04, 100.0, 0.01).between(np.array([0.0, 100.0])).round(4)
    array([0.04 , 0.0147])
    """

    sill: float
    length_km: float
    nugget: float = 0.0

    def between(self, distance: Array) -> Array:
        """Covariance of the correlated part at a distance [km]."""
        return self.sill * np.exp(-distance / self.length_km)


@dataclass(frozen=True)
class CrossValidation:
    """What leave-one-out found.

    Parameters
    ----------
    predicted : (n,) array
        Each point as the others predict it.
    variance : (n,) array
        Variance of a new measurement at the point: of the interpolation, the nugget and
        the point's own error together.
    error : (n,) array
        Predicted less measured.
    """

    predicted: Array
    variance: Array
    error: Array

    @property
    def rmse(self) -> float:
        """Root of the mean squared error."""
        return float(np.sqrt(np.mean(self.error**2)))

    @property
    def bias(self) -> float:
        """Mean error."""
        return float(np.mean(self.error))

    def coverage(self, z: float) -> float:
        """Share of the errors within `z` stated standard deviations."""
        return float(np.mean(np.abs(self.error) <= z * np.sqrt(self.variance)))


def great_circle(
    lon: npt.ArrayLike, lat: npt.ArrayLike, to_lon: npt.ArrayLike, to_lat: npt.ArrayLike
) -> Array:
    """Distance on the sphere between every point of one set and every one of another.

    Parameters
    ----------
    lon, lat : (n,) array_like [degrees]
    to_lon, to_lat : (m,) array_like [degrees]

    Returns
    -------
    (n, m) array [km]
        On a sphere of 6371.0088 km; within 0.6 % of the ellipsoid.

    Examples
    --------
    >>> great_circle([0.0], [0.0], [1.0], [0.0]).round(2)
    array([[111.2]])
    """
    chord2 = 2 - 2 * _unit_vectors(lon, lat) @ _unit_vectors(to_lon, to_lat).T
    half_chord = np.sqrt(np.clip(chord2, 0, 4)) / 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(half_chord))


def nearest_distance(
    lon: npt.ArrayLike, lat: npt.ArrayLike, to_lon: npt.ArrayLike, to_lat: npt.ArrayLike
) -> Array:
    """Distance from every place of one set to the nearest of another.

    Parameters
    ----------
    lon, lat : (n,) array_like [degrees]
    to_lon, to_lat : (m,) array_like [degrees]

    Returns
    -------
    (n,) array [km]
        Infinite if the other set is empty.

    Examples
    --------
    >>> nearest_distance([0.0], [0.0], [1.0, -2.0], [0.0, 0.0]).round(1)
    array([111.2])
    """
    goals = _unit_vectors(to_lon, to_lat)
    here = _unit_vectors(lon, lat)
    nearest = np.full(len(here), np.inf)
    for start in range(0, len(here) if len(goals) else 0, _BLOCK):
        block = slice(start, start + _BLOCK)
        chord2 = np.clip(2 - 2 * (here[block] @ goals.T).max(axis=1), 0, 4)
        nearest[block] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(chord2) / 2)
    return nearest


def nearest_other(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Array:
    """Distance from each point to the nearest of the others.

    Parameters
    ----------
    lon, lat : (n,) array_like [degrees]

    Returns
    -------
    (n,) array [km]
        Infinite for a single point.

    Examples
    --------
    >>> nearest_other([0.0, 1.0, 5.0], [0.0, 0.0, 0.0]).round(0)
    array([111., 111., 445.])
    """
    distance = great_circle(lon, lat, lon, lat)
    np.fill_diagonal(distance, np.inf)
    return np.asarray(distance.min(axis=1))


def krige(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    values: npt.ArrayLike,
    to_lon: npt.ArrayLike,
    to_lat: npt.ArrayLike,
    covariance: Covariance,
    *,
    noise: npt.ArrayLike = 0.0,
) -> tuple[Array, Array]:
    """Ordinary kriging with a measurement error of its own at every point.

    Parameters
    ----------
    lon, lat, values : (n,) array_like
        Points [degrees] and what was measured there.
    to_lon, to_lat : (m,) array_like [degrees]
        Where to predict.
    covariance : Covariance
    noise : float or (n,) array_like
        Variance of the measurements' own error.

    Returns
    -------
    mean : (m,) array
    variance : (m,) array
        Of the value at a new place: with the nugget, without any measurement error.

    Raises
    ------
    DataError
        If there is no point, or a value is not finite.

    References
    ----------
    Cressie (1993), Statistics for Spatial Data, section 3.2, doi:10.1002/9781119115151.

    Examples
    --------
    Far from all points the mean comes back, with the whole variance and the mean's own:

    >>> mean, variance = krige([0.0, 90.0], [0.0, 0.0], [1.0, 3.0], [-100.0], [0.0],
    ...                        Covariance(1.0, 50.0))
    >>> mean.round(3), variance.round(3)
    (array([2.]), array([1.5]))
    """
    inverse, measured = _system(lon, lat, values, covariance, noise)
    row_sum = inverse.sum(axis=1)
    total = row_sum.sum()
    centre = float(row_sum @ measured / total)
    residual = inverse @ (measured - centre)
    points = _unit_vectors(lon, lat)
    goals = _unit_vectors(to_lon, to_lat)
    mean, variance = np.empty(len(goals)), np.empty(len(goals))
    for start in range(0, len(goals), _BLOCK):
        block = slice(start, start + _BLOCK)
        chord2 = np.clip(2 - 2 * goals[block] @ points.T, 0, 4)
        cross = covariance.between(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(chord2) / 2))
        mean[block] = centre + cross @ residual
        explained = np.einsum("ij,ij->i", cross @ inverse, cross)
        unbiased = (1 - cross @ row_sum) ** 2 / total
        variance[block] = covariance.sill - explained + unbiased
    return mean, np.maximum(variance, 0) + covariance.nugget


def leave_one_out(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    values: npt.ArrayLike,
    covariance: Covariance,
    *,
    noise: npt.ArrayLike = 0.0,
) -> CrossValidation:
    """Predict every point from the others, in closed form.

    Parameters
    ----------
    lon, lat, values, covariance, noise
        As in :func:`krige`; at least three points.

    Returns
    -------
    CrossValidation

    Raises
    ------
    DataError
        If there are fewer than three points, or a value is not finite.

    References
    ----------
    Dubrule (1983), Cross validation of kriging in a unique neighborhood,
    doi:10.1007/BF01033232.

    Examples
    --------
    >>> found = leave_one_out([0, 1, 2], [0, 0, 0], [1.0, 1.0, 1.0], Covariance(1.0, 100.0))
    >>> bool(abs(found.error).max() < 1e-9)
    True
    """
    inverse, measured = _system(lon, lat, values, covariance, noise)
    if len(measured) < 3:
        raise DataError(f"{len(measured)} points: leaving one out needs at least three")
    row_sum = inverse.sum(axis=1)
    projected = inverse - np.outer(row_sum, row_sum) / row_sum.sum()
    variance = 1 / np.diag(projected)
    error = -(projected @ measured) * variance
    return CrossValidation(measured + error, variance, error)


def fit_covariance(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    noise: npt.ArrayLike = 0.0,
    lengths_km: tuple[float, ...] = (25, 50, 100, 150, 200, 300, 400, 600, 800, 1200),
    nugget_shares: tuple[float, ...] = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 0.99),
) -> Covariance:
    """Choose the covariance under which leave-one-out finds the points most likely.

    Parameters
    ----------
    lon, lat, values, noise
        As in :func:`krige`; at least three points.
    lengths_km, nugget_shares : tuple of float
        Lengths [km] and shares of the variance in the nugget to try. A coarse grid is
        enough: with few points the likelihood is flat.

    Returns
    -------
    Covariance
        Sum of sill and nugget between a quarter of and four times the points' variance.

    Raises
    ------
    DataError
        If there are fewer than three points, or a value is not finite.

    References
    ----------
    Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, eq. 5.11.

    Examples
    --------
    >>> import numpy as np
    >>> lon = np.linspace(90, 110, 40)
    >>> fit_covariance(lon, 0 * lon + 45, np.sin(lon / 3)).length_km >= 300
    True
    """
    measured = np.asarray(values, dtype=np.float64)
    if len(measured) < 3:
        raise DataError(f"{len(measured)} points: a covariance needs at least three")
    total = max(float(np.var(measured, ddof=1)), 1e-12)
    best, least = Covariance(total, lengths_km[0]), np.inf
    for length, share, scale in itertools.product(
        lengths_km, nugget_shares, np.geomspace(0.25, 4, 9)
    ):
        tried = Covariance((1 - share) * total * scale, length, share * total * scale)
        found = leave_one_out(lon, lat, measured, tried, noise=noise)
        surprise = float(np.sum(np.log(found.variance) + found.error**2 / found.variance))
        if surprise < least - 1e-9:
            best, least = tried, surprise
    return best


def bilinear(
    values: Array, x: npt.ArrayLike, y: npt.ArrayLike, to_x: npt.ArrayLike, to_y: npt.ArrayLike
) -> Array:
    """Interpolate cell values linearly between the cells' centres.

    Parameters
    ----------
    values : (..., rows, columns) array
        NaN is unknown: such a corner is left out and the others share its weight.
    x, y : (columns,) and (rows,) array_like
        Evenly spaced centres, rising or falling.
    to_x, to_y : (m,) array_like
        Where to interpolate. Up to half a cell outside the outermost centres the edge's
        value holds; beyond it the result is unknown.

    Returns
    -------
    (..., m) array
        NaN where all corners with a weight are unknown.

    Raises
    ------
    DataError
        If there are not at least two rows and two columns.

    Examples
    --------
    >>> import numpy as np
    >>> bilinear(np.array([[0.0, 1.0], [2.0, 3.0]]), [0, 1], [1, 0], [0.5, 0.25, 9], [0.5, 0, 0])
    array([1.5 , 2.25, nan])
    """
    grid = np.asarray(values, dtype=np.float64)
    rows, row_share, row_known = _position(np.asarray(y, np.float64), np.asarray(to_y, np.float64))
    cols, col_share, col_known = _position(np.asarray(x, np.float64), np.asarray(to_x, np.float64))
    total = np.zeros(grid.shape[:-2] + rows.shape)
    weight = np.zeros_like(total)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        corner = grid[..., rows + down, cols + right]
        share = np.abs(1 - down - row_share) * np.abs(1 - right - col_share)
        known = ~np.isnan(corner)
        total += np.where(known, corner, 0) * share
        weight += known * share
    good = (weight > 1e-9) & row_known & col_known
    return np.where(good, total / np.where(good, weight, 1), np.nan)


def _position(
    centres: Array, goals: Array
) -> tuple[npt.NDArray[np.intp], Array, npt.NDArray[np.bool_]]:
    if len(centres) < 2:
        raise DataError("a grid of one row or column cannot be interpolated: give two or more")
    step = (centres[-1] - centres[0]) / (len(centres) - 1)
    place = (goals - centres[0]) / step
    known = (place >= -0.5 - 1e-9) & (place <= len(centres) - 0.5 + 1e-9)
    inside = np.clip(np.where(known, place, 0), 0, len(centres) - 1)
    first = np.minimum(np.floor(inside).astype(np.intp), len(centres) - 2)
    return first, np.asarray(inside - first, dtype=np.float64), known


def _system(
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    values: npt.ArrayLike,
    covariance: Covariance,
    noise: npt.ArrayLike,
) -> tuple[Array, Array]:
    measured = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if measured.size == 0:
        raise DataError("no points to interpolate from: give a layer with at least one")
    if not np.isfinite(measured).all():
        raise DataError("a point to interpolate from has no finite value: leave it out first")
    matrix = covariance.between(great_circle(lon, lat, lon, lat))
    own = covariance.nugget + np.asarray(noise, dtype=np.float64)
    # The ridge keeps two points at one place solvable.
    ridge = _RIDGE * (covariance.sill + covariance.nugget) + 1e-15
    matrix[np.diag_indices_from(matrix)] += own + ridge
    return np.asarray(np.linalg.inv(matrix)), measured


def _unit_vectors(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Array:
    east = np.radians(np.atleast_1d(np.asarray(lon, dtype=np.float64)))
    north = np.radians(np.atleast_1d(np.asarray(lat, dtype=np.float64)))
    flat = np.cos(north)
    return np.stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)], axis=-1)
