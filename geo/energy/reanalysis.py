"""Sun and wind out of hourly ERA5 files, as the Climate Data Store gives them.

Files are read some hours at a time, so a country's years need little memory. What is
made of them are means by month or over all hours: time zones and the end of an hour have
no part in them.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from geo.catalogue.archives import members, unpack
from geo.catalogue.cf import cf_dataset
from geo.energy.wind import weibull_shape
from geo.errors import DataError

__all__ = ["era5_radiation", "era5_wind"]

Array = npt.NDArray[np.float64]

_BLOCK = 4_000_000
_LEAST_KNOWN = 0.9
#: Of one hour's mean or sum, to kWh/m2.
_RADIATION = {
    "ssrd": {"J m**-2": 1 / 3.6e6, "J m-2": 1 / 3.6e6},
    "avg_sdswrf": {"W m**-2": 1e-3, "W m-2": 1e-3},
    "msdwswrf": {"W m**-2": 1e-3, "W m-2": 1e-3},
}
_ARCHIVE, _NETCDF = b"PK\x03\x04", (".nc", ".nc4")
_SPEED = ("m s**-1", "m s-1", "m/s")


def era5_radiation(path: Path) -> xr.DataArray:
    """Monthly radiation on the horizontal out of an hourly ERA5 file.

    Parameters
    ----------
    path : Path
        NetCDF, or the ZIP archive of such files that the store gives where means and instants
        were asked for together, with ``ssrd`` [J/m2 in the hour that ends at the stamp],
        ``avg_sdswrf`` or ``msdwswrf`` [W/m2] on ``latitude`` and ``longitude``, by
        ``valid_time`` or ``time``.

    Returns
    -------
    (12, rows, columns) DataArray [kWh/m2/day]
        Means over all years of the file; NaN where over a tenth of a month is unknown. Takes
        the place of the coarse radiation in :func:`geo.energy.solar.solar_resource`.

    Raises
    ------
    DataError
        If a variable, its unit or a month is missing, or the steps are not hours.
    """
    with _opened(path, _RADIATION) as dataset:
        series = _Hours.of(path, dataset, [name for name in _RADIATION if name in dataset][:1])
        if not series.names:
            raise DataError(
                f"{path.name}: holds {series.said}, not ssrd: download 'Surface solar radiation "
                "downwards', hourly"
            )
        unit = str(dataset[series.names[0]].attrs.get("units", ""))
        known_units = _RADIATION[series.names[0]]
        if unit not in known_units:
            raise DataError(
                f"{path.name}: {series.names[0]} has the unit {unit!r}: "
                f"give it in {next(iter(known_units))}"
            )
        total, count = series.empty(12), series.empty(12)
        for months, (values,) in series.blocks():
            known = np.isfinite(values)
            for month in np.unique(months):
                at = months == month
                total[month] += np.where(known[at], values[at], 0).sum(axis=0)
                count[month] += known[at].sum(axis=0)
        enough = count >= _LEAST_KNOWN * series.hours_of_month()[:, None, None]
        daily = np.where(enough, total / np.maximum(count, 1), np.nan)
    return series.raster(daily * 24 * known_units[unit], "ghi", "kWh/m2/day")


def era5_wind(path: Path, height: float = 100.0) -> xr.Dataset:
    """Mean speed and Weibull shape out of an hourly ERA5 file.

    Parameters
    ----------
    path : Path
        NetCDF, or an archive as of :func:`era5_radiation`, with the components ``u100`` and
        ``v100`` (or ``u10`` and ``v10``) [m/s].
    height : float [m]
        100 or 10.

    Returns
    -------
    Dataset (y, x)
        ``speed`` [m/s] and ``shape``, from the mean and the standard deviation of the hours'
        speeds; NaN where over a tenth of them is unknown.

    Raises
    ------
    DataError
        If a component or a month is missing, or the file holds monthly means: a mean of
        directions says nothing of the speed.
    """
    pair = [f"u{height:g}", f"v{height:g}"]
    with _opened(path, pair) as dataset:
        series = _Hours.of(path, dataset, pair)
        absent = [name for name in pair if name not in dataset]
        if absent:
            raise DataError(
                f"{path.name}: holds {series.said}, not {' and '.join(absent)}: download both "
                f"components of the wind at {height:g} m, hourly"
            )
        for name in pair:
            unit = str(dataset[name].attrs.get("units", "m s**-1"))
            if unit not in _SPEED:
                raise DataError(f"{path.name}: {name} has the unit {unit!r}: give it in m s**-1")
        count, total, square = (series.empty(1)[0] for _ in range(3))
        for _, (east, north) in series.blocks():
            speed = np.hypot(east, north)
            known = np.isfinite(speed)
            speed = np.where(known, speed, 0)
            count += known.sum(axis=0)
            total += speed.sum(axis=0)
            square += (speed**2).sum(axis=0)
    enough = count >= _LEAST_KNOWN * len(series.stamps)
    mean = np.where(enough, total / np.maximum(count, 1), np.nan)
    spread = np.sqrt(np.maximum(square / np.maximum(count, 1) - mean**2, 0))
    return xr.Dataset(
        {
            "speed": series.raster(mean, "speed", "m/s"),
            "shape": series.raster(weibull_shape(mean, spread), "shape", "1"),
        }
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4)


@contextmanager
def _opened(path: Path, wanted: Collection[str]) -> Iterator[xr.Dataset]:
    """A file; of an archive the member that holds one of the wanted variables, else its last."""
    if path.is_dir() or _head(path) != _ARCHIVE:
        with cf_dataset(path) as dataset:
            yield dataset
        return
    names = [one.filename for one in members(path) if one.filename.lower().endswith(_NETCDF)]
    if not names:
        raise DataError(f"{path.name}: is an archive without a NetCDF file: name the file itself")
    with TemporaryDirectory(prefix="lodemap-") as folder:
        for number, name in enumerate(names, 1):
            inner = Path(folder) / str(number)
            inner.mkdir()
            with cf_dataset(unpack(path, name, inner)) as dataset:
                if number == len(names) or any(one in dataset for one in wanted):
                    yield dataset
                    return


class _Hours:
    """Hours of some variables on a grid in longitude and latitude."""

    def __init__(self, path: Path, dataset: xr.Dataset, names: list[str], time: str) -> None:
        self.dataset, self.names, self.time = dataset, names, time
        self.said = ", ".join(sorted(str(one) for one in dataset.data_vars)[:8]) or "nothing"
        self.stamps = pd.DatetimeIndex(dataset[time].to_numpy())
        east = dataset["longitude"].to_numpy().astype(np.float64)
        self.x = np.where(east > 180, east - 360, east)
        self.y = dataset["latitude"].to_numpy().astype(np.float64)
        _check_stamps(path, self.stamps)
        if (np.diff(self.x) <= 0).any():
            raise DataError(
                f"{path.name}: its columns cross the date line: cut it into two files there"
            )

    @classmethod
    def of(cls, path: Path, dataset: xr.Dataset, names: list[str]) -> "_Hours":
        time = next((one for one in ("valid_time", "time") if one in dataset.dims), "")
        if not time or not {"latitude", "longitude"} <= set(map(str, dataset.dims)):
            raise DataError(
                f"{path.name}: has the dimensions {', '.join(map(str, dataset.dims))}: give ERA5 "
                "with valid_time (or time), latitude and longitude"
            )
        return cls(path, dataset, names, time)

    def empty(self, layers: int) -> Array:
        return np.zeros((layers, len(self.y), len(self.x)))

    def hours_of_month(self) -> Array:
        return np.bincount(self.stamps.month - 1, minlength=12).astype(np.float64)

    def blocks(self) -> Iterator[tuple[npt.NDArray[np.intp], list[Array]]]:
        """Months, from 0, and values (hours, rows, columns) of all variables, in turn."""
        size = max(_BLOCK // (len(self.y) * len(self.x)), 24)
        months = np.asarray(self.stamps.month - 1)
        for start in range(0, len(self.stamps), size):
            hours = slice(start, start + size)
            yield months[hours], [self._values(name, hours) for name in self.names]

    def _values(self, name: str, hours: slice) -> Array:
        part = self.dataset[name].isel({self.time: hours})
        # The last months come from another stream of the same data: one of both is known.
        others = set(map(str, part.dims)) - {self.time, "latitude", "longitude"}
        part = part.max(sorted(others)) if others else part
        ordered = part.transpose(self.time, "latitude", "longitude")
        return ordered.to_numpy().astype(np.float64)

    def raster(self, values: Array, name: str, unit: str) -> xr.DataArray:
        dims = ("band", "y", "x")[-values.ndim :]
        return xr.DataArray(
            values, dims=dims, coords={"y": self.y, "x": self.x}, name=name, attrs={"units": unit}
        )


def _check_stamps(path: Path, stamps: pd.DatetimeIndex) -> None:
    step = np.diff(stamps.to_numpy()) / np.timedelta64(1, "h")
    if len(step) and np.median(step) > 24:
        raise DataError(
            f"{path.name}: holds means by month: give hours, out of which both the wind's speed "
            "and the cloud of the days can be told"
        )
    if len(step) and (step <= 0).any():
        raise DataError(f"{path.name}: its stamps do not rise: sort it and drop what stands twice")
    if len(step) == 0 or (np.median(step) != 1):
        raise DataError(f"{path.name}: its steps are not hours: download every hour of the day")
    absent = sorted(set(range(1, 13)) - set(stamps.month))
    if absent:
        raise DataError(
            f"{path.name}: has no hour of the months {', '.join(map(str, absent))}: "
            "give whole years"
        )
