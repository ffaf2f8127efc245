"""Files in the layouts in which atlases, reanalyses and masts are given out."""

from pathlib import Path

import h5netcdf
import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
from rasterio.transform import from_origin
from scipy.io import netcdf_file

#: Of the Global Solar and the Global Wind Atlas: 9 arc-seconds.
CELL = 0.0025
Array = npt.NDArray[np.float64]


def atlas_tiff(path: Path, values: Array, west: float, north: float, cell: float = CELL) -> Path:
    """A GeoTIFF as both atlases give them: float32, WGS 84, unknown is NaN."""
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype="float32", crs="EPSG:4326", transform=from_origin(west, north, cell, cell),
        nodata=np.nan, compress="lzw", tiled=True,
    ) as target:  # fmt: skip
        target.write(values.astype(np.float32), 1)
    return path


def hours(year: int = 2021, months: int = 12) -> pd.DatetimeIndex:
    """Every hour of a year, or of its first months."""
    end = f"{year}-12-31 23:00" if months == 12 else pd.Timestamp(year, months + 1, 1)
    found = pd.date_range(f"{year}-01-01", end, freq="h")
    return found if months == 12 else found[:-1]


def era5_now(
    path: Path, stamps: pd.DatetimeIndex, lon: Array, lat: Array, fields: dict[str, Array],
    units: dict[str, str],
) -> Path:  # fmt: skip
    """NetCDF-4 of the Climate Data Store since 2024: valid_time, number and expver beside it."""
    with h5netcdf.File(path, "w") as file:
        file.attrs["Conventions"] = "CF-1.7"
        file.attrs["institution"] = "European Centre for Medium-Range Weather Forecasts"
        file.dimensions = {"valid_time": len(stamps), "latitude": len(lat), "longitude": len(lon)}
        seconds = (stamps - pd.Timestamp(0)) // pd.Timedelta("1s")
        time = file.create_variable("valid_time", ("valid_time",), np.int64)
        time[...] = seconds.to_numpy()
        time.attrs.update(
            {"long_name": "time", "standard_name": "time", "calendar": "proleptic_gregorian",
             "units": "seconds since 1970-01-01"}
        )  # fmt: skip
        for name, values, unit in (("latitude", lat, "north"), ("longitude", lon, "east")):
            axis = file.create_variable(name, (name,), np.float64)
            axis[...] = values
            axis.attrs.update({"units": f"degrees_{unit}", "standard_name": name})
        number = file.create_variable("number", (), np.int64)
        number[...] = 0
        version = file.create_variable("expver", ("valid_time",), h5py.string_dtype())
        version[...] = np.array(["0001"] * len(stamps), dtype=object)
        for name, values in fields.items():
            one = file.create_variable(
                name, ("valid_time", "latitude", "longitude"), np.float32,
                chunks=(min(720, len(stamps)), len(lat), len(lon)), compression="gzip",
                fillvalue=np.float32("nan"),
            )  # fmt: skip
            one[...] = values.astype(np.float32)
            one.attrs.update(
                {"GRIB_missingValue": 3.4028234663852886e38, "GRIB_stepType": "accum",
                 "units": units[name], "standard_name": "unknown",
                 "coordinates": "number valid_time latitude longitude expver"}
            )  # fmt: skip
    return path


def era5_then(
    path: Path, stamps: pd.DatetimeIndex, lon: Array, lat: Array, fields: dict[str, Array],
    units: dict[str, str],
) -> Path:  # fmt: skip
    """NetCDF-3 of the Climate Data Store before 2024: packed whole numbers, hours since 1900.

    Fields of (time, 2, latitude, longitude) are of its last months: final and first release,
    1 and 5, of which every hour has one.
    """
    dims = ("time", "latitude", "longitude")
    with netcdf_file(path, "w", version=2) as file:
        for name, size in (("longitude", len(lon)), ("latitude", len(lat)), ("time", len(stamps))):
            file.createDimension(name, size)
        if next(iter(fields.values())).ndim == 4:
            file.createDimension("expver", 2)
            file.createVariable("expver", "i4", ("expver",))[:] = np.array([1, 5])
            dims = ("time", "expver", "latitude", "longitude")
        for name, values, unit in (("longitude", lon, "east"), ("latitude", lat, "north")):
            axis = file.createVariable(name, "f4", (name,))
            axis[:] = values
            axis.units = f"degrees_{unit}"
        time = file.createVariable("time", "i4", ("time",))
        time[:] = ((stamps - pd.Timestamp("1900-01-01")) // pd.Timedelta("1h")).to_numpy()
        time.units, time.calendar = "hours since 1900-01-01 00:00:00.0", "gregorian"
        for name, values in fields.items():
            low, high = float(np.nanmin(values)), float(np.nanmax(values))
            scale = (high - low) / 65533 or 1.0
            offset = low + 32766 * scale
            packed = np.where(np.isnan(values), -32767, np.rint((values - offset) / scale))
            one = file.createVariable(name, "i2", dims)
            one[:] = packed.astype(np.int16)
            one.scale_factor, one.add_offset = scale, offset
            one._FillValue = one.missing_value = np.int16(-32767)
            one.units = units[name]
    return path


def mast_csv(path: Path, stamps: pd.DatetimeIndex, columns: dict[str, Array]) -> Path:
    """A mast's file: ISO stamps, a column an instrument, 9999 where one failed."""
    table = pd.DataFrame({"time": stamps.strftime("%Y-%m-%d %H:%M:%S"), **columns})
    table.fillna(9999).round(3).to_csv(path, index=False)
    return path
