"""Rules on rasters as a recipe writes them, on the small made-up region."""

import numpy as np
import pytest
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject
from small_world import raster, small_world

import geo
from geo.errors import RecipeError

CELL = 5000.0
RULE = """
[[theme.exclusion]]
id = "cover"
title = "Towns and water"
layer = "{layer}"
{says}
source = "made up"
"""


@pytest.fixture
def world(tmp_path):
    recipe = small_world(tmp_path / "world")
    classes = np.random.default_rng(4).integers(1, 7, (16, 20)).astype(float)
    raster(recipe.parent / "layers", "cover", classes, unit="1")
    return recipe, classes


def run(recipe, says, layer="cover"):
    """Run with one more rule in the last theme; give its bit and where the region is."""
    changed = recipe.with_name("cover.toml")
    rule = RULE.format(layer=layer, says=says)
    changed.write_text(recipe.read_text("utf-8") + rule, "utf-8")
    bits = geo.Study.from_toml(changed).run().surfaces["height-excluded"]
    inside = bits.to_numpy() != 65_535
    return (bits.to_numpy() & 0b10) > 0, inside, bits


def on_grid(classes, bits):
    """The classes on the study's grid, from the nearest cell, by another way."""
    out = np.zeros(bits.shape)
    x, y = bits["x"].to_numpy(), bits["y"].to_numpy()
    reproject(
        classes, out,
        src_transform=from_origin(99.5, 48.5, 5 / 20, 4 / 16), src_crs="EPSG:4326",
        dst_transform=from_origin(x[0] - CELL / 2, y[0] + CELL / 2, CELL, CELL),
        dst_crs=bits["spatial_ref"].attrs["spatial_ref"],
        resampling=Resampling.nearest, dst_nodata=np.nan,
    )  # fmt: skip
    return out


def test_classes_and_intervals_are_taken_from_the_nearest_cell(world):
    recipe, classes = world
    held, inside, bits = run(recipe, "values = [3, [5, inf]]")
    found = on_grid(classes, bits)
    expected = ((found == 3) | (found >= 5)) & inside
    np.testing.assert_array_equal(held & inside, expected)
    turned, _, _ = run(recipe, "values = [3, [5, inf]]\ninvert = true")
    np.testing.assert_array_equal(turned & inside, inside & ~expected)


def test_a_buffer_reaches_round_a_rasters_cells(world):
    recipe, classes = world
    held, inside, bits = run(recipe, 'values = [6]\nbuffer = "8 km"')
    own = on_grid(classes, bits) == 6
    rows, columns = np.nonzero(own)
    every = np.stack(np.meshgrid(*map(np.arange, bits.shape), indexing="ij"), axis=-1)
    step = np.abs(every[:, :, None] - np.column_stack([rows, columns]))
    away = CELL * np.hypot(*np.maximum(step - 0.5, 0).transpose(3, 0, 1, 2)).min(axis=2)
    away[own] = 0
    # Every cell but those within the distortion of the grid about the limit.
    sure = inside & (np.abs(away - 8000) > 40)
    np.testing.assert_array_equal(held[sure], (away <= 8000)[sure])
    assert (held & inside).sum() > own.sum()


@pytest.mark.parametrize(
    ("says", "layer", "message"),
    [
        ("values = 3", "cover", "must be a list of classes"),
        ("values = [[5, 2]]", "cover", r"a rising pair .* found \[5, 2\]"),
        ('values = ["a"]', "cover", "must be a class such as 12"),
        ("values = [true]", "cover", "must be a class such as 12"),
        ('invert = "yes"', "cover", "invert must be true or false"),
        ('buffer = "1 km"', "cover", "raster layers take 'above', 'below' or 'values'"),
        ("values = [1]", "tracks", "features take 'where'"),
    ],
)
def test_refuses_what_is_no_rule_with_its_line(world, says, layer, message):
    with pytest.raises(RecipeError, match=message) as caught:
        run(world[0], says, layer)
    assert "cover.toml:" in str(caught.value)
