"""Small pictures of layers, coloured from low to high like the map's surfaces."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.features import rasterize

from geo.catalogue.inspection import Inspection
from geo.publish.overlay import palette_png
from geo.publish.tokens import LIGHT, RAMP

__all__ = ["features_png", "picture", "raster_png"]

_STEPS = 64
_SIDE = 256


def raster_png(values: npt.NDArray[np.floating]) -> bytes:
    """Draw a raster from its 2nd to its 98th percentile; unknown cells are clear.

    Parameters
    ----------
    values : (rows, columns) array
        NaN is unknown.

    Returns
    -------
    bytes
        A PNG file.

    Examples
    --------
    >>> raster_png(np.array([[1.0, np.nan]]))[1:4]
    b'PNG'
    """
    known = np.isfinite(values)
    index = np.zeros(values.shape, dtype=np.uint8)
    if known.any():
        low, high = (float(edge) for edge in np.percentile(values[known], [2, 98]))
        span = max(high - low, 1e-300)
        place = np.clip((np.where(known, values, low) - low) / span, 0, 1)
        index[known] = (1 + np.rint(place * (_STEPS - 1)))[known].astype(np.uint8)
    return palette_png(_enlarged(index), [(0, 0, 0, 0), *_ramp()])


def picture(found: Inspection) -> bytes | None:
    """Draw what an inspection saw of a layer.

    Parameters
    ----------
    found : Inspection

    Returns
    -------
    bytes or None
        A PNG file; None for a table, or where nothing was seen.
    """
    if found.preview is not None:
        return raster_png(found.preview)
    if found.shapes is not None and not found.shapes.is_empty.all():
        return features_png(found.shapes)
    return None


def features_png(shapes: gpd.GeoSeries) -> bytes:
    """Draw the outlines and areas of features in their own system.

    Parameters
    ----------
    shapes : GeoSeries
        With at least one geometry.

    Returns
    -------
    bytes
        A PNG file.
    """
    west, south, east, north = (float(edge) for edge in shapes.total_bounds)
    # A margin keeps what lies on the edge whole, and gives a single point some ground.
    room = 0.04 * max(east - west, north - south) or 1.0
    west, south, east, north = west - room, south - room, east + room, north + room
    cell = max(east - west, north - south) / _SIDE
    shape = max(1, round((north - south) / cell)), max(1, round((east - west) / cell))
    transform = Affine(cell, 0, west, 0, -cell, north)
    usable = shapes[~(shapes.isna() | shapes.is_empty)]
    areas = usable[usable.geom_type.isin(["Polygon", "MultiPolygon"])]
    thin = usable[~usable.index.isin(areas.index)]
    points = thin.geom_type.isin(["Point", "MultiPoint"])
    lines = [*areas.boundary, *thin[~points], *thin[points].buffer(2.2 * cell)]
    image = np.zeros(shape, dtype=np.uint8)
    for drawn, colour in ((list(areas), 1), (lines, 2)):
        if drawn:
            rasterize(
                ((one, colour) for one in drawn), out=image, transform=transform,
                all_touched=colour == 2,
            )  # fmt: skip
    palette = [(0, 0, 0, 0), (*_rgb(LIGHT["land-focus"]), 255), (*_rgb(LIGHT["focus"]), 255)]
    return palette_png(image, palette)


def _enlarged(index: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Small rasters with cells that can be seen."""
    factor = max(1, _SIDE // max(index.shape))
    return np.kron(index, np.ones((factor, factor), dtype=np.uint8))


def _ramp() -> list[tuple[int, int, int, int]]:
    stops = np.array([_rgb(colour) for colour in RAMP], dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, _STEPS)
    bands = [np.interp(at, np.arange(len(stops)), stops[:, band]) for band in range(3)]
    return [
        (round(float(red)), round(float(green)), round(float(blue)), 255)
        for red, green, blue in zip(*bands, strict=True)
    ]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
