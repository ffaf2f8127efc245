"""Simulated deposits over the real relief and rivers: what the methods say of a known truth.

    python docs/simulated_prospectivity.py

writes ``docs/simulated-prospectivity.md`` and its picture. Deposits are drawn from a known
surface over the embedded relief and rivers of Mongolia, so that true weights, true dependence
and true skill are known.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from geo.catalogue import Catalogue, embedded_folders, read_raster, read_vector, to_grid
from geo.criteria.proximity import distance_to_nearest
from geo.criteria.terrain import slope
from geo.grid import inside, make_grid
from geo.minerals.learning import learn
from geo.minerals.prospectivity import conditional_independence, weights_of_evidence
from geo.minerals.validation import area_under_curve, block_folds
from geo.publish.tokens import ACCENTS, LIGHT

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DRAWS = 100
WORLDS = 6


@dataclass(frozen=True)
class Ground:
    """Real evidence on a grid: metres above the sea, slope, metres to a river; cells inside."""

    height: Floats
    slope: Floats
    river: Floats
    inside: Bools


@cache
def ground(cell: float) -> Ground:
    """Read the embedded layers on a grid."""
    catalogue = Catalogue.open(*embedded_folders())
    region = read_vector(catalogue["boundary-mongolia"])
    grid = make_grid(region, cell)
    relief = to_grid(read_raster(catalogue["relief"]), grid)
    rivers = read_vector(catalogue["rivers-mongolia"]).to_crs(str(grid.crs))
    layers = [relief, slope(relief), distance_to_nearest(rivers, grid)]
    arrays = [one.to_numpy().astype(np.float64) for one in layers]
    known = np.all([np.isfinite(one) for one in arrays], axis=0)
    return Ground(*arrays, inside=known & np.asarray(inside(grid, region)))


def coverage(cell: float = 5000, draws: int = DRAWS, deposits: int = 200) -> dict[str, int]:
    """Of how many draws the 95 % interval holds the true weight, by layer and weight."""
    real = ground(cell)
    patterns = {
        "near a river": real.river[real.inside] <= 10_000,
        "steep": real.slope[real.inside] > np.quantile(real.slope[real.inside], 0.85),
    }
    chance = np.exp(1.2 * patterns["near a river"] + 1.5 * patterns["steep"])
    chance *= deposits / chance.sum()
    draw = np.random.default_rng(12)
    held = dict.fromkeys(
        [f"{name}: {what}" for name in patterns for what in ("W+", "W-", "contrast")], 0
    )
    for _ in range(draws):
        drawn = draw.random(chance.size) < chance
        for name, pattern in patterns.items():
            row = weights_of_evidence(np.where(pattern, 1, 2), drawn).iloc[0]
            truth = true_weights(pattern, chance)
            for what, column in (("W+", "w_plus"), ("W-", "w_minus"), ("contrast", "contrast")):
                near = abs(row[column] - truth[what]) <= 1.96 * row[f"s_{column}"]
                held[f"{name}: {what}"] += bool(near)
    return held


def true_weights(pattern: Bools, chance: Floats) -> dict[str, float]:
    """Weights of a pattern under the surface that deposits are drawn from."""
    with_, without = (one[pattern].sum() / one.sum() for one in (chance, 1 - chance))
    plus, minus = np.log(with_ / without), np.log((1 - with_) / (1 - without))
    return {"W+": float(plus), "W-": float(minus), "contrast": float(plus - minus)}


def rejections(cell: float = 5000, draws: int = DRAWS, deposits: int = 200) -> dict[str, int]:
    """Draws in which independence is rejected at 5 %, where it holds and where not."""
    real = ground(cell)
    river = real.river[real.inside] <= 10_000
    # The same rivers with another reach: what two maps of one thing are like.
    wider = real.river[real.inside] <= 12_000
    chance = np.exp(1.5 * river)
    chance *= deposits / chance.sum()
    draw = np.random.default_rng(13)
    found = {"independent": 0, "dependent": 0}
    for _ in range(draws):
        drawn = draw.random(chance.size) < chance
        # Independent of the rivers among deposits and among the rest alike.
        other = draw.random(chance.size) < np.where(drawn, 0.6, 0.25)
        found["independent"] += conditional_independence([river, other], drawn).p < 0.05
        several = [river, wider, river]
        found["dependent"] += conditional_independence(several, drawn).p < 0.05
    return {name: int(count) for name, count in found.items()}


def skills(
    cell: float = 20_000, worlds: int = WORLDS, model: str = "forest", buffer: float = 0.0
) -> Floats:
    """Skill claimed by random folds, by blocks, and the true one, a row a world.

    Deposits lie in clusters that have nothing to do with the evidence; the true skill is that
    on deposits of another world. The buffer is in cells.
    """
    real = ground(cell)
    rows, columns = np.indices(real.inside.shape)
    folds = block_folds(columns.ravel(), rows.ravel(), size=14, folds=5).reshape(rows.shape)
    evidence = {
        "height": np.where(real.inside, real.height, np.nan),
        "slope": real.slope,
        "river": real.river,
    }
    claimed = []
    for world in range(worlds):
        drawn, other = (_clusters(real.inside, 2 * world + one) for one in (0, 1))
        found = learn(
            evidence,
            drawn,
            folds,
            model=model,
            background=1500,
            seed=world,
            places=(columns, rows),
            buffer=buffer,
        )
        truth = area_under_curve(found.probability(list(evidence.values())), other & real.inside)
        claimed.append([found.random_skill.area, found.skill.area, truth.area])
    return np.array(claimed)


def _clusters(inside: Bools, seed: int) -> Bools:
    """Deposits where a smooth hidden field is high."""
    draw = np.random.default_rng(seed)
    field = gaussian_filter(draw.normal(size=inside.shape), 3, mode="wrap")
    return np.asarray(inside & (draw.random(inside.shape) < 0.3 * (field > 1.5 * field.std())))


def page() -> str:
    """Write the page, in Markdown."""
    held = coverage()
    found = rejections()
    ways = [("blocks", 0.0), ("blocks with a buffer of 60 km", 3.0)]
    tables = [skills(model="boosting", buffer=buffer) for _, buffer in ways]
    chart = [
        ("random folds", tables[0][:, 0]),
        *((name, table[:, 1]) for (name, _), table in zip(ways, tables, strict=True)),
        ("true", np.concatenate([table[:, 2] for table in tables])),
    ]
    (Path(__file__).parent / "gallery" / "simulated-prospectivity.svg").write_text(
        _svg(chart), "utf-8"
    )
    weights = "\n".join(f"| {name} | {count} |" for name, count in held.items())
    skill = "\n".join(
        f"| {name} | {values.mean():.2f} ± {values.std(ddof=1) / len(values) ** 0.5:.2f} |"
        for name, values in chart
    )
    return f"""# Simulated deposits over real ground

Deposits drawn from a known surface over the embedded relief and rivers of Mongolia, so that the
truth is known. Written by `python docs/simulated_prospectivity.py`.

## Weights

About 200 deposits a draw on cells of 5 km, likelier within 10 km of a river and on steep
ground. Of {DRAWS} draws the 95 % interval holds the true figure in so many:

| | of {DRAWS} |
|---|---|
{weights}

The interval of the contrast is right. Those of W+ and W- are wide, for their customary variance
leaves out that a pattern is compared with a whole that it is part of.

## Conditional independence

The test of Agterberg and Cheng at 5 %, one-sided, in {DRAWS} draws: a second layer that is
independent of the rivers given the deposits is rejected in {found["independent"]}; two maps of
the same rivers beside the first in {found["dependent"]}. Under independence it rejects less
often than it may: its variance takes the weights for unrelated to the count that they foretell.

## Skill

Deposits in clusters of about 60 km that have nothing to do with height, slope or rivers, on
cells of 20 km; gradient boosting, {WORLDS} worlds, blocks of 280 km. Area under the curve, mean
and standard error; the true one is that on the deposits of another world:

| folds | area |
|---|---|
{skill}

![Skill by folds](gallery/simulated-prospectivity.svg)

Random folds find skill where there is none. Blocks lose most of it, and what comes over their
edges goes with a buffer as wide as the clusters.
"""


def _svg(chart: list[tuple[str, Floats]]) -> str:
    """Draw a bar a way of making folds, from the 0.5 of chance."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 {44 * len(chart) + 40}" '
        'role="img" font-family="system-ui, sans-serif" font-size="13">',
        "<title>Area under the curve by folds; chance is 0.5</title>",
        f'<rect width="100%" height="100%" fill="{LIGHT["panel"]}"/>',
        f'<text x="220" y="20" fill="{LIGHT["ink-soft"]}">0.5, chance</text>',
    ]
    for place, (name, values) in enumerate(chart):
        y, mean = 34 + 44 * place, float(values.mean())
        width = round(max(mean - 0.5, 0) * 1600, 1)
        colour = LIGHT["focus"] if name == "true" else ACCENTS[0]
        parts += [
            f'<text x="210" y="{y + 18}" text-anchor="end" fill="{LIGHT["ink"]}">{name}</text>',
            f'<rect x="220" y="{y}" width="{width}" height="26" fill="{colour}"/>',
            f'<text x="{228 + width}" y="{y + 18}" fill="{LIGHT["ink"]}">{mean:.2f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "simulated-prospectivity.md").write_text(page(), "utf-8")
