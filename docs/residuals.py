"""Draw the yearly sun of the embedded layers less that of a half-degree atlas grid.

    python -m docs.residuals GRID.csv

The grid has the columns ``lon``, ``lat`` and ``ghi_gsa_kwh_m2_yr`` (Global Solar Atlas by
cells of half a degree). It serves only to check, does not come with Lodemap and is used in
no surface.
"""

import argparse
from pathlib import Path

import click
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from PIL import Image, ImageDraw

from geo.catalogue import Catalogue, read_raster, read_vector
from geo.energy.interpolation import bilinear
from geo.energy.solar import solar_resource

PICTURE = Path(__file__).resolve().parent / "gallery" / "mongolia-sun-residuals.png"
CELL = 14
EDGE = 8.0
BOUNDS = (87.7, 41.5, 120.0, 52.2)
BLUE, WHITE, RED = (33, 102, 172), (247, 247, 247), (178, 24, 43)


def residuals(grid: pd.DataFrame, land: gpd.GeoDataFrame) -> pd.DataFrame:
    """Ours over the atlas, less 1 [%], of the cells whose centre lies in the country."""
    at = Catalogue.open()
    resource = solar_resource(
        read_raster(at["solar-ghi"]), read_vector(at["solar-points"]), read_raster(at["turbidity"]),
        read_raster(at["relief"]), read_raster(at["temperature"]), BOUNDS,
    )  # fmt: skip
    within = shapely.contains_xy(land.geometry.union_all(), grid["lon"], grid["lat"])
    inside = grid[within].reset_index(drop=True)
    ours = bilinear(
        resource["ghi_annual"].to_numpy(), resource["lon"].to_numpy(), resource["lat"].to_numpy(),
        inside["lon"], inside["lat"],
    )  # fmt: skip
    return inside.assign(percent=100 * (ours / inside["ghi_gsa_kwh_m2_yr"] - 1))


def draw(found: pd.DataFrame, land: gpd.GeoDataFrame) -> Image.Image:
    """A map of half-degree cells, blue where ours is lower, red where it is higher."""
    west, north = found["lon"].min() - 0.5, found["lat"].max() + 0.5
    width = int((found["lon"].max() + 0.5 - west) * 2 * CELL)
    height = int((north - found["lat"].min() + 0.5) * 2 * CELL)
    picture = Image.new("RGB", (width, height + 3 * CELL), "white")
    pen = ImageDraw.Draw(picture)

    def place(lon: float, lat: float) -> tuple[float, float]:
        return (lon - west) * 2 * CELL, (north - lat) * 2 * CELL

    for lon, lat, percent in found[["lon", "lat", "percent"]].to_numpy():
        left, top = place(lon - 0.25, lat + 0.25)
        pen.rectangle((left, top, left + CELL - 1, top + CELL - 1), fill=shade(percent))
    for ring in shapely.get_parts(land.geometry.union_all().boundary.simplify(0.02)):
        pen.line([place(*point) for point in ring.coords], fill=(60, 60, 60), width=1)
    for step, percent in enumerate(np.linspace(-EDGE, EDGE, 9)):
        left, top = CELL + step * 5 * CELL, height + CELL // 2
        pen.rectangle((left, top, left + CELL, top + CELL), fill=shade(percent), outline="gray")
        pen.text((left + CELL + 4, top + 1), f"{percent:+.0f} %", fill="black")
    return picture


def shade(percent: float) -> tuple[int, int, int]:
    """Colour of a difference."""
    share = min(abs(percent) / EDGE, 1.0)
    end: npt.NDArray[np.int_] = np.array(RED if percent > 0 else BLUE)
    mixed = np.array(WHITE) + share * (end - np.array(WHITE))
    return int(mixed[0]), int(mixed[1]), int(mixed[2])


def main() -> None:
    """Draw the picture and tell its numbers."""
    parser = argparse.ArgumentParser(prog="python -m docs.residuals")
    parser.add_argument("grid", type=Path)
    asked = parser.parse_args()
    if not asked.grid.is_file():
        raise SystemExit(f"{asked.grid}: no such file: the check grid does not come with Lodemap")
    land = read_vector(Catalogue.open()["boundary-mongolia"])
    found = residuals(pd.read_csv(asked.grid), land)
    draw(found, land).save(PICTURE, optimize=True)
    off = found["percent"]
    click.echo(
        f"{len(off)} cells: bias {off.mean():+.2f} %, root mean square "
        f"{np.sqrt((off**2).mean()):.2f} %, largest {off.abs().max():.1f} %"
    )


if __name__ == "__main__":
    main()
