"""The job by Lodemap's own functions."""

import numpy as np

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
from geo.compute.budget import give_back_freed_memory, memory_bytes
from geo.compute.engine import Stream
from geo.compute.kernels import Breakpoints, peaks, weighted_overlay
from geo.compute.scratch import Scratch
from geo.compute.stored import stored_behind
from geo.criteria.exclusion import ExclusionRule, exclusion_bits
from geo.criteria.proximity import distance_to_nearest
from geo.criteria.terrain import slope
from geo.criteria.travel import accumulated_cost, friction_surface
from geo.grid import as_dataarray, at_cells, cell_size, centres, inside, make_grid
from geo.publish.cog import write_cog

PART = 4_000_000
WORKERS = 2


def main() -> None:
    """Do the job part by part, within a budget of memory, and report."""
    args = arguments()
    clock = Clock()
    give_back_freed_memory()
    with clock.stage("read"):
        catalogue = Catalogue.open(*embedded_folders())
        region = read_vector(catalogue["boundary-mongolia"])
        grid = make_grid(region, args.cell_size)
        names = [*NEAR, "protected-areas-mongolia", "lakes-mongolia"]
        layers = {n: read_vector(catalogue[n]).to_crs(str(grid.crs)) for n in names}
        rasters = [_mean(read_raster(catalogue[n])) for n in ("relief", "solar-ghi", "temperature")]
    scratch = Scratch(args.out.parent)
    most = (memory_bytes(args.memory) - 500_000_000) // 2
    stream = Stream(scratch, PART, most, workers=WORKERS)

    def friction_of(part):  # type: ignore[no-untyped-def]
        with clock.stage("rasterise", WORKERS):
            outside = ~inside(part.grid, region)
            closed = _mask(outside | inside(part.grid, layers["lakes-mongolia"]), part.grid)
            friction = friction_surface(
                part.grid,
                base=OFF_ROAD,
                roads=layers["trunk-roads"],
                road_value=ON_ROAD,
                barriers=closed,
            ).where(~outside)
            return {"friction": friction, "outside": _mask(outside, part.grid)}

    ground = stream.compute(grid, friction_of)
    with clock.stage("cost distance"):
        cost = accumulated_cost(ground["friction"], layers["railways"], engine=stream)

    def score_of(part):  # type: ignore[no-untyped-def]
        with clock.stage("proximity", WORKERS):
            near = {name: distance_to_nearest(layers[name], part.grid) for name in NEAR}
        with clock.stage("warp", WORKERS):
            wide = part.wider(1)
            tall = to_grid(rasters[0], wide.grid, whole=grid)
            sun, warmth = (to_grid(r, part.grid, whole=grid) for r in rasters[1:])
        with clock.stage("slope", WORKERS):
            steep = part.cut(slope(tall), wide)
            height = part.cut(tall, wide)
        with clock.stage("exclusion", WORKERS):
            outside = part.of(ground["outside"]).to_numpy()
            bits = exclusion_bits(
                _rules(layers, steep, _mask(outside | np.isnan(warmth.values), part.grid)),
                part.grid,
            )
        with clock.stage("overlay", WORKERS):
            parts = [(near[n], *NEAR[n]) for n in NEAR]
            parts += [(steep, *SLOPE), (height, *HEIGHT), (sun, *SUN), (part.of(cost), *COST)]
            result = weighted_overlay(
                [values.to_numpy() for values, _, _, _ in parts],
                [Breakpoints(np.array(x, float), np.array(y)) for _, x, y, _ in parts],
                [weight for _, _, _, weight in parts],
                excluded=bits.to_numpy(),
            )
            found = as_dataarray(result.score, part.grid, name="s", unit="1", long_name="Score")
            return {"score": found}

    score = stream.compute(grid, score_of)["score"]
    with clock.stage("best places"):
        rows, columns = peaks(score, SPACING, cell_size(grid), COUNT)
        x, y = centres(grid)
        best = np.column_stack([x[columns], y[rows], at_cells(score, rows, columns)]).tolist()
    with clock.stage("write"):
        write_cog(stored_behind(score), grid, args.out, nodata=np.nan, threads=2)
    clock.report(grid.shape[0] * grid.shape[1], best)


def _mask(cells, grid):  # type: ignore[no-untyped-def]
    return as_dataarray(cells, grid, name="mask", unit="1", long_name="Cells")


def _rules(layers, steep, unknown):  # type: ignore[no-untyped-def]
    parks = layers["protected-areas-mongolia"]
    return [
        ExclusionRule("parks", "Protected areas", geometry=parks, buffer_m=BUFFER),
        ExclusionRule("lakes", "Lakes", geometry=layers["lakes-mongolia"]),
        ExclusionRule("steep", "Steep land", raster=steep, above=STEEPEST),
        ExclusionRule("outside", "Outside the region", raster=unknown),
    ]


def _mean(raster):  # type: ignore[no-untyped-def]
    """Mean of the bands, where there are several."""
    return raster.mean("band", keep_attrs=True) if "band" in raster.dims else raster


if __name__ == "__main__":
    main()
