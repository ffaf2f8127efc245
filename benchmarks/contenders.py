"""What each kernel is held against: the same work by the libraries that people use for it.

Every function takes plain arrays and gives an array. Libraries are imported inside, so that
those that are missing cost only their own line of the table.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

# Debian's GDAL scripts need Debian's own Python.
SYSTEM = {
    key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")
}


def proximity_scipy(targets, cell):
    """Exact Euclidean transform of scipy."""
    from scipy.ndimage import distance_transform_edt

    return distance_transform_edt(~targets, sampling=cell)


def proximity_opencv(targets, cell):
    """Exact Euclidean transform of OpenCV, in float32 and square cells."""
    import cv2

    plain = (~targets).view(np.uint8)
    return cv2.distanceTransform(plain, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * np.float32(cell[0])


def proximity_xrspatial(targets, cell):
    """Proximity of xarray-spatial."""
    import xarray as xr
    from xrspatial import proximity

    return proximity(located(xr, targets.astype(np.float32), cell)).to_numpy()


def proximity_gdal(targets, cell):
    """gdal_proximity.py, its files on a temporary disk; its time is its own process's."""
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name) / "in.tif", Path(name) / "out.tif"
        write_tif(source, targets.astype(np.uint8), cell)
        command = ["/usr/bin/gdal_proximity.py", source, out, "-distunits", "GEO", "-q"]
        start = time.perf_counter()
        subprocess.run(command, check=True, env=SYSTEM, capture_output=True)
        seconds = time.perf_counter() - start
        return read_tif(out), seconds


def cost_scikit_image(friction, sources, cell):
    """MCP_Geometric of scikit-image; it crashes on NaN, so barriers are negative."""
    from skimage.graph import MCP_Geometric

    passable = np.isfinite(friction)
    graph = MCP_Geometric(np.where(passable, friction, -1), sampling=cell)
    cost, _ = graph.find_costs(np.argwhere(sources & passable))
    cost[~np.isfinite(cost)] = np.nan
    return cost


def cost_xrspatial(friction, sources, cell):
    """Cost distance of xarray-spatial."""
    import xarray as xr
    from xrspatial import cost_distance

    marks = located(xr, sources.astype(np.float32), cell)
    return cost_distance(marks, located(xr, friction, cell)).to_numpy()


def cost_grass(friction, sources, cell):
    """r.cost of GRASS GIS; its time is that of the module alone, without import and export."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tif(folder / "friction.tif", friction, cell)
        write_tif(folder / "sources.tif", np.where(sources, 1, np.nan).astype(np.float32), cell)
        script = folder / "run.sh"
        script.write_text(
            f"set -e\ncd {folder}\n"
            "r.in.gdal -o input=friction.tif output=friction --quiet\n"
            "r.in.gdal -o input=sources.tif output=sources --quiet\n"
            "g.region raster=friction --quiet\n"
            "date +%s.%N > start\n"
            "r.cost input=friction output=cost start_raster=sources memory=4000 --quiet\n"
            "date +%s.%N > end\n"
            "r.out.gdal input=cost output=cost.tif type=Float64 nodata=-1 -f --quiet\n"
        )
        command = ["grass", "--tmp-location", "XY", "--exec", "sh", str(script)]
        subprocess.run(command, check=True, env=SYSTEM, capture_output=True)
        seconds = float((folder / "end").read_text()) - float((folder / "start").read_text())
        cost = read_tif(folder / "cost.tif")
    cost[cost < 0] = np.nan
    # GRASS counts in cells, by the mean of both sides.
    return cost * cell[0], seconds


def overlay_numpy(layers, functions, weights, excluded):
    """Weighted overlay as people write it."""
    score = np.zeros(excluded.shape)
    for values, (x, y), weight in zip(layers, functions, weights, strict=True):
        scored = np.interp(values, x, y)
        score += weight * np.where(np.isnan(values), 0, scored)
    score[excluded > 0] = np.nan
    return score


def slope_numpy(height, cell):
    """Slope by Horn's formula [%]."""
    padded = np.pad(height, 1, mode="edge")
    nw, n, ne = padded[:-2, :-2], padded[:-2, 1:-1], padded[:-2, 2:]
    w, e = padded[1:-1, :-2], padded[1:-1, 2:]
    sw, s, se = padded[2:, :-2], padded[2:, 1:-1], padded[2:, 2:]
    east = ((ne + 2 * e + se) - (nw + 2 * w + sw)) / (8 * cell[1])
    north = ((nw + 2 * n + ne) - (sw + 2 * s + se)) / (8 * cell[0])
    return (100 * np.hypot(east, north)).astype("float32")


def peaks_numpy(score, spacing, cell, count):
    """Best cells by striking out what lies near each."""
    rows, columns = np.indices(score.shape, sparse=True)
    left = score.copy()
    found = []
    for _ in range(count):
        at = np.unravel_index(np.nanargmax(left), score.shape)
        found.append(score[at])
        away = np.hypot((rows - at[0]) * cell[0], (columns - at[1]) * cell[1])
        left[away < spacing] = np.nan
    return np.array(found)


def located(xr, values, cell):
    """A DataArray with coordinates, as xarray-spatial wants it."""
    rows, columns = values.shape
    coords = {
        "y": -(np.arange(rows) + 0.5) * cell[0],
        "x": (np.arange(columns) + 0.5) * cell[1],
    }
    return xr.DataArray(values, dims=("y", "x"), coords=coords)


def write_tif(path, values, cell):
    """Write a plain GeoTIFF."""
    import rasterio
    from rasterio.transform import from_origin

    profile = {
        "driver": "GTiff",
        "height": values.shape[0],
        "width": values.shape[1],
        "count": 1,
        "dtype": values.dtype,
        "transform": from_origin(0, values.shape[0] * cell[0], cell[1], cell[0]),
    }
    if values.dtype.kind == "f":
        profile["nodata"] = np.nan
    with rasterio.open(path, "w", **profile) as target:
        target.write(values, 1)


def read_tif(path):
    """Read the first band."""
    import rasterio

    with rasterio.open(path) as source:
        return source.read(1)


def at_hand(name):
    """Whether a library or a program can be used here."""
    programs = {"GDAL": "/usr/bin/gdal_proximity.py", "GRASS": "grass"}
    modules = {"OpenCV": "cv2", "xarray-spatial": "xrspatial", "scikit-image": "skimage"}
    if name in programs:
        return shutil.which(programs[name]) is not None
    if name in modules:
        from importlib.util import find_spec

        return find_spec(modules[name]) is not None
    return True
