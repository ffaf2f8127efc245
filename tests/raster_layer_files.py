"""Writing a small GeoTIFF for a test."""

import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin


def write_tiff(
    path: Path, values: np.ndarray, *, crs: str | None = "EPSG:4326", nodata: float | None = None
) -> Path:
    """Write one band over 100-115 degrees east and 40-50 degrees north."""
    rows, columns = values.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(
            path, "w", driver="GTiff", count=1, height=rows, width=columns, dtype=values.dtype,
            crs=crs, transform=from_origin(100, 50, 15 / columns, 10 / rows), nodata=nodata,
        ) as target:  # fmt: skip
            target.write(values, 1)
    return path
