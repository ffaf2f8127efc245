"""The job as a competent analyst writes it today: geopandas, rasterio, scipy, scikit-image."""

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.features import geometry_mask, rasterize
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject
from scipy.ndimage import distance_transform_edt
from skimage.graph import MCP_Geometric

from benchmarks.job import (
    BUFFER,
    COST,
    COUNT,
    HEIGHT,
    MONGOLIA,
    NEAR,
    OFF_ROAD,
    ON_ROAD,
    REGION,
    SLOPE,
    SPACING,
    STEEPEST,
    SUN,
    Clock,
    arguments,
)


def albers(bounds):
    """Equal-area system centred on the region."""
    west, south, east, north = bounds
    sixth = (north - south) / 6
    return (
        f"+proj=aea +lat_1={south + sixth:.1f} +lat_2={north - sixth:.1f} "
        f"+lat_0={round((south + north) / 2, 1)} +lon_0={round((west + east) / 2, 1)} "
        "+datum=WGS84 +units=m +no_defs"
    )


def path_of(layer, ending):
    """File of a layer, wherever it lies."""
    for folder in (MONGOLIA, REGION):
        if (folder / f"{layer}{ending}").exists():
            return folder / f"{layer}{ending}"
    raise FileNotFoundError(layer)


def read(layer):
    """Features of an embedded layer."""
    return gpd.read_file(path_of(layer, ".gpkg"), layer=layer.replace("-", "_"))


def warp(layer, shape, transform, crs):
    """Mean of a raster's bands, brought to the grid."""
    with rasterio.open(path_of(layer, ".tif")) as source:
        bands = source.read().astype("float32")
        if source.nodata is not None and not np.isnan(source.nodata):
            bands[bands == source.nodata] = np.nan
        out = np.full(shape, np.nan, dtype="float32")
        reproject(
            bands.mean(axis=0),
            out,
            src_transform=source.transform,
            src_crs=source.crs,
            src_nodata=np.nan,
            dst_transform=transform,
            dst_crs=crs,
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
            num_threads=2,
        )
    return out


def slope_of(height, cell):
    """Slope by Horn's formula [%]."""
    padded = np.pad(height, 1, mode="edge")
    nw, n, ne = padded[:-2, :-2], padded[:-2, 1:-1], padded[:-2, 2:]
    w, e = padded[1:-1, :-2], padded[1:-1, 2:]
    sw, s, se = padded[2:, :-2], padded[2:, 1:-1], padded[2:, 2:]
    east = ((ne + 2 * e + se) - (nw + 2 * w + sw)) / (8 * cell)
    north = ((nw + 2 * n + ne) - (sw + 2 * s + se)) / (8 * cell)
    return (100 * np.hypot(east, north)).astype("float32")


def main():
    """Do the job and report."""
    args = arguments()
    clock = Clock()
    cell = args.cell_size
    with clock.stage("read"):
        region = read("boundary-mongolia")
        crs = albers(region.total_bounds)
        outline = region.segmentize(0.25).to_crs(crs)
        bounds = outline.total_bounds / cell
        left, bottom = np.floor(bounds[:2]) * cell
        right, top = np.ceil(bounds[2:]) * cell
        shape = (round((top - bottom) / cell), round((right - left) / cell))
        transform = from_origin(left, top, cell, cell)
        names = [*NEAR, "protected-areas-mongolia", "lakes-mongolia"]
        layers = {n: read(n).to_crs(crs) for n in names}
    with clock.stage("rasterise"):
        inside = ~geometry_mask(outline.geometry, shape, transform)
        marks = {
            name: rasterize(layer.geometry, shape, transform=transform, all_touched=name in NEAR)
            for name, layer in layers.items()
        }
    with clock.stage("proximity"):
        near = {
            name: distance_transform_edt(marks[name] == 0, sampling=cell).astype("float32")
            for name in NEAR
        }
    with clock.stage("warp"):
        height = warp("relief", shape, transform, crs)
        sun = warp("solar-ghi", shape, transform, crs)
        warmth = warp("temperature", shape, transform, crs)
    with clock.stage("slope"):
        slope = slope_of(height, cell)
    with clock.stage("cost distance"):
        friction = np.where(marks["trunk-roads"] > 0, ON_ROAD, OFF_ROAD)
        friction[(marks["lakes-mongolia"] > 0) | ~inside] = -1
        graph = MCP_Geometric(friction, sampling=(cell, cell))
        starts = np.argwhere((marks["railways"] > 0) & (friction >= 0))
        cost, _ = graph.find_costs(starts)
        cost[~np.isfinite(cost)] = np.nan
    with clock.stage("overlay"):
        score = np.zeros(shape)
        parts = [(near[n], *NEAR[n]) for n in NEAR]
        parts += [(slope, *SLOPE), (height, *HEIGHT), (sun, *SUN), (cost, *COST)]
        for values, x, y, weight in parts:
            scored = np.interp(values, x, y)
            score += weight * np.where(np.isnan(values), 0, scored)
    with clock.stage("exclusion"):
        far = distance_transform_edt(marks["protected-areas-mongolia"] == 0, sampling=cell)
        closed = (far <= BUFFER) | (marks["lakes-mongolia"] > 0) | (slope > STEEPEST)
        score[closed | ~inside | np.isnan(warmth)] = np.nan
    with clock.stage("best places"):
        rows, columns = np.indices(shape, sparse=True)
        left_over = score.copy()
        best = []
        for _ in range(COUNT):
            at = np.unravel_index(np.nanargmax(left_over), shape)
            best.append((left + (at[1] + 0.5) * cell, top - (at[0] + 0.5) * cell, score[at]))
            left_over[np.hypot(rows - at[0], columns - at[1]) * cell < SPACING] = np.nan
    with clock.stage("write"):
        profile = {
            "driver": "GTiff",
            "height": shape[0],
            "width": shape[1],
            "count": 1,
            "dtype": "float32",
            "crs": crs,
            "transform": transform,
            "nodata": np.nan,
            "compress": "deflate",
            "tiled": True,
        }
        with rasterio.open(args.out, "w", **profile) as target:
            target.write(score.astype("float32"), 1)
    clock.report(shape[0] * shape[1], [tuple(float(v) for v in place) for place in best])


if __name__ == "__main__":
    main()
