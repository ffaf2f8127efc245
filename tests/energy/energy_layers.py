"""Small made-up rasters with answers worked out by hand, and the real layers."""

import os
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from geo.catalogue import Catalogue, read_raster, read_table, read_vector

#: Data for checks that is not part of the repository.
SHARED = Path(
    os.environ.get("LODEMAP_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")
)


def raster(
    values: npt.ArrayLike, lon: npt.ArrayLike, lat: npt.ArrayLike, *, months: bool = False
) -> xr.DataArray:
    """A raster of the given values (broadcast) at cell centres."""
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    shape = (12, len(y), len(x)) if months else (len(y), len(x))
    dims = ("band", "y", "x") if months else ("y", "x")
    return xr.DataArray(
        np.broadcast_to(np.asarray(values, dtype=float), shape).copy(),
        dims=dims,
        coords={"y": y, "x": x},
    )


def flat_world(index: float = 0.8, height: float = 1200.0) -> dict[str, xr.DataArray]:
    """Radiation that is one share of the clear sky everywhere, on level land."""
    from geo.energy.sun import clear_sky_ghi, sun_position

    lon, lat = np.arange(93.0, 112.0, 3.0), np.arange(54.0, 38.0, -3.0)
    turbidity = np.full((12, len(lat)), 2.5)
    clear = clear_sky_ghi(sun_position(lat), np.full(len(lat), height), turbidity)
    daily = index * clear.sum(axis=2).T[:, :, None] / 1000
    fine_lon, fine_lat = np.arange(91.25, 114.0, 0.5), np.arange(55.75, 37.0, -0.5)
    return {
        "ghi": raster(daily, lon, lat, months=True),
        "turbidity": raster(2.5, fine_lon, fine_lat, months=True),
        "relief": raster(height, fine_lon, fine_lat),
        "temperature": raster(0.0, fine_lon, fine_lat, months=True),
    }


def atlas_points(lon: npt.ArrayLike, lat: npt.ArrayLike, value: npt.ArrayLike) -> gpd.GeoDataFrame:
    """Annual atlas values at points."""
    frame = pd.DataFrame(
        {
            "quantity": "GHI",
            "unit": "kWh/m2/yr",
            "kind": "atlas",
            "confidence": "medium",
            "value": np.asarray(value, dtype=float),
        }
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs=4326)


@lru_cache(maxsize=1)
def real() -> dict[str, object]:
    """The embedded layers of the energy room."""
    layers = Catalogue.open()
    names = {"ghi": "solar-ghi", "turbidity": "turbidity"}
    names |= {"relief": "relief", "temperature": "temperature"}
    found: dict[str, object] = {key: read_raster(layers[name]) for key, name in names.items()}
    found["points"] = read_vector(layers["solar-points"])
    found["yields"] = read_vector(layers["energy-yields"])
    found["stations"] = read_vector(layers["wind-points"])
    found["turbines"] = read_table(layers["wind-turbines"])
    found["boundary"] = read_vector(layers["boundary-mongolia"])
    return found
