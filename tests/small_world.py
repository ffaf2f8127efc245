"""A small made-up region with layers and a recipe of its own, for tests of faults."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import LineString, Point, box

from geo.provenance import sha256_of

RECIPE = """
[study]
title = "Three hills"
region = "hills"
catalogue = ["layers"]

[grid]
cell_size = "5 km"

[draws]
count = 100

[[theme]]
id = "tin"
title = "Tin"

[theme.sites]
layer = "mines"

[[theme.criterion]]
id = "size"
title = "Size"
measure = "attribute"
column = "tin"
unit = "kt"
value = { linear = [["0 kt", 0.0], ["10 kt", 1.0]] }
weight = 2
source = "made up"

[[theme.criterion]]
id = "road"
title = "Road"
measure = "distance"
layer = "tracks"
value = { linear = [["0 km", 1.0], ["100 km", 0.0]] }
weight = 1
source = "made up"

[[theme]]
id = "height"
title = "Height"

[theme.sites]
best = 3
spacing = "40 km"

[[theme.criterion]]
id = "height"
title = "Height"
measure = "value"
layer = "ground"
unit = "m"
value = { linear = [["0 m", 0.0], ["2000 m", 1.0]] }
weight = 1
source = "made up"

[[theme.exclusion]]
id = "road"
title = "Near a road"
layer = "tracks"
buffer = "6 km"
source = "made up"
"""


def record(folder: Path, name: str, file: str, **said: object) -> None:
    """Write a record beside a layer."""
    said = {
        "id": name,
        "title": name.title(),
        "path": file,
        "sha256": sha256_of(folder / file),
        "licence": "CC0-1.0",
        "attribution": "nobody",
        "source": "made up",
        "quality": "screening",
        "limits": "made up",
        "crs": "EPSG:4326",
        **said,
    }
    lines = [f"{key} = {value!r}".replace("'", '"') for key, value in said.items() if value]
    text = "\n".join([*lines, "retrieved = 2026-01-01"])
    (folder / f"{name}.toml").write_text(text, "utf-8")


def vector(folder: Path, name: str, frame: gpd.GeoDataFrame, **said: object) -> None:
    """Write a layer of features with its record."""
    frame.to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG")
    record(folder, name, f"{name}.gpkg", kind="vector", layer=name, **said)


def raster(folder: Path, name: str, values: np.ndarray, **said: object) -> None:
    """Write a raster over the region with its record."""
    transform = from_origin(99.5, 48.5, 5 / values.shape[1], 4 / values.shape[0])
    with rasterio.open(
        folder / f"{name}.tif", "w", driver="GTiff", height=values.shape[0],
        width=values.shape[1], count=1, dtype="float32", crs="EPSG:4326", transform=transform,
        nodata=np.nan,
    ) as target:  # fmt: skip
        target.write(values.astype("float32"), 1)
    record(folder, name, f"{name}.tif", kind="raster", **{"unit": "m", **said})


def small_world(folder: Path) -> Path:
    """Write the region's layers and recipe; give the recipe's path."""
    layers = folder / "layers"
    layers.mkdir(parents=True)
    vector(layers, "hills", gpd.GeoDataFrame(geometry=[box(100, 45, 104, 48)], crs=4326))
    mines = {"site_id": ["big", "small", "untold"], "name": ["Big", "Small", "Untold"]}
    points = [Point(101, 46), Point(102, 47), Point(103, 46)]
    frame = gpd.GeoDataFrame({**mines, "tin": [9.0, 2.0, np.nan]}, geometry=points, crs=4326)
    vector(layers, "mines", frame)
    track = gpd.GeoDataFrame({"name": ["track"]}, geometry=[LineString([(100, 46), (104, 46.2)])])
    vector(layers, "tracks", track.set_crs(4326))
    raster(layers, "ground", np.linspace(0, 1800, 40 * 50).reshape(40, 50))
    recipe = folder / "hills.toml"
    recipe.write_text(RECIPE, "utf-8")
    return recipe


def with_scenarios(recipe: Path, text: str) -> Path:
    """Write a second recipe beside one, with more at its end; give its path."""
    path = recipe.with_name("scenarios.toml")
    path.write_text(recipe.read_text("utf-8") + text, "utf-8")
    return path
