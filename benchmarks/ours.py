"""The job by Lodemap's own functions."""

import numpy as np
import rasterio

from benchmarks.job import (
    BUFFER,
    COST,
    COUNT,
    HEIGHT,
    NEAR,
    OFF_ROAD,
    ON_ROAD,
    SLOPE,
    SPACING,
    STEEPEST,
    SUN,
    Clock,
    arguments,
)
from geo.catalogue import Catalogue, embedded_folders, read_raster, read_vector, to_grid
from geo.compute.kernels import Breakpoints, peaks, weighted_overlay
from geo.criteria.exclusion import ExclusionRule, exclusion_bits
from geo.criteria.proximity import distance_to_nearest
from geo.criteria.terrain import slope
from geo.criteria.travel import accumulated_cost, friction_surface
from geo.grid import as_dataarray, cell_size, centres, inside, make_grid


def main() -> None:
    """Do the job and report."""
    args = arguments()
    clock = Clock()
    with clock.stage("read"):
        catalogue = Catalogue.open(*embedded_folders())
        region = read_vector(catalogue["boundary-mongolia"])
        grid = make_grid(region, args.cell_size)
        names = [*NEAR, "protected-areas-mongolia", "lakes-mongolia"]
        layers = {n: read_vector(catalogue[n]).to_crs(str(grid.crs)) for n in names}
    with clock.stage("rasterise"):
        outside = ~inside(grid, region)
        closed = as_dataarray(
            outside | inside(grid, layers["lakes-mongolia"]),
            grid,
            name="closed",
            unit="1",
            long_name="Lakes and foreign land",
        )
        friction = friction_surface(
            grid, base=OFF_ROAD, roads=layers["trunk-roads"], road_value=ON_ROAD, barriers=closed
        )
        friction = friction.where(~outside)
    with clock.stage("proximity"):
        near = {name: distance_to_nearest(layers[name], grid) for name in NEAR}
    with clock.stage("warp"):
        height, sun, warmth = (
            to_grid(_mean(read_raster(catalogue[name])), grid)
            for name in ("relief", "solar-ghi", "temperature")
        )
    with clock.stage("slope"):
        steep = slope(height)
    with clock.stage("cost distance"):
        cost = accumulated_cost(friction, layers["railways"])
    with clock.stage("exclusion"):
        unknown = as_dataarray(
            outside | np.isnan(warmth.values),
            grid,
            name="outside",
            unit="1",
            long_name="Outside the region",
        )
        rules = [
            ExclusionRule(
                "parks",
                "Protected areas",
                geometry=layers["protected-areas-mongolia"],
                buffer_m=BUFFER,
            ),
            ExclusionRule("lakes", "Lakes", geometry=layers["lakes-mongolia"]),
            ExclusionRule("steep", "Steep land", raster=steep, above=STEEPEST),
            ExclusionRule("outside", "Outside the region", raster=unknown),
        ]
        bits = exclusion_bits(rules, grid)
    with clock.stage("overlay"):
        parts = [(near[n], *NEAR[n]) for n in NEAR]
        parts += [(steep, *SLOPE), (height, *HEIGHT), (sun, *SUN), (cost, *COST)]
        result = weighted_overlay(
            [values.to_numpy() for values, _, _, _ in parts],
            [Breakpoints(np.array(x, float), np.array(y)) for _, x, y, _ in parts],
            [weight for _, _, _, weight in parts],
            excluded=bits.to_numpy(),
        )
    with clock.stage("best places"):
        rows, columns = peaks(result.score, SPACING, cell_size(grid), COUNT)
        x, y = centres(grid)
        score = result.score[rows, columns]
        best = np.column_stack([x[columns], y[rows], score]).tolist()
    with clock.stage("write"):
        profile = {
            "driver": "GTiff",
            "height": grid.shape[0],
            "width": grid.shape[1],
            "count": 1,
            "dtype": "float32",
            "crs": str(grid.crs),
            "transform": grid.affine,
            "nodata": np.nan,
            "compress": "deflate",
            "tiled": True,
            "num_threads": 2,
        }
        with rasterio.open(args.out, "w", **profile) as target:
            target.write(result.score, 1)
    clock.report(grid.shape[0] * grid.shape[1], best)


def _mean(raster):  # type: ignore[no-untyped-def]
    """Mean of the bands, where there are several."""
    return raster.mean("band", keep_attrs=True) if "band" in raster.dims else raster


if __name__ == "__main__":
    main()
