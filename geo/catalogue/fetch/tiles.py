"""Tiles of whole degrees: which ones a region needs, and one raster from all of them."""

import math
from collections.abc import Sequence
from pathlib import Path

from geo.catalogue.files import SAFE_OPTIONS
from geo.errors import DataError, LayerError

__all__ = ["Bounds", "corners", "join", "tile_names"]

Bounds = tuple[float, float, float, float]
"""West, south, east, north [degrees]."""

_MOST_TILES = 2_000


def corners(bounds: Bounds, degrees: int) -> list[tuple[int, int]]:
    """South-western corners of the tiles that bounds touch.

    Parameters
    ----------
    bounds : (west, south, east, north)
        [degrees].
    degrees : int
        Side of a tile [degrees].

    Returns
    -------
    list of (latitude, longitude)
        From south to north, then from west to east.

    Raises
    ------
    DataError
        If the bounds are no box on the globe, or take too many tiles.

    Examples
    --------
    >>> corners((106.5, 47.2, 107.1, 47.9), 1)
    [(47, 106), (47, 107)]
    """
    west, south, east, north = bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise DataError(
            f"the bounds {bounds} are no box: write west, south, east and north in degrees, "
            "and one box on each side of the antimeridian"
        )
    rows = range(math.floor(south / degrees) * degrees, math.ceil(north), degrees)
    columns = range(math.floor(west / degrees) * degrees, math.ceil(east), degrees)
    if len(rows) * len(columns) > _MOST_TILES:
        raise DataError(
            f"the bounds take {len(rows) * len(columns):,} tiles, at most {_MOST_TILES:,} are "
            "fetched at once: take a smaller region or coarser tiles"
        )
    return [(latitude, longitude) for latitude in rows for longitude in columns]


def tile_names(latitude: int, longitude: int) -> dict[str, str]:
    """Names of a tile's corner in an address.

    Examples
    --------
    >>> tile_names(-7, 106)
    {'lat': 'S07', 'lon': 'E106'}
    """
    return {
        "lat": f"{'N' if latitude >= 0 else 'S'}{abs(latitude):02d}",
        "lon": f"{'E' if longitude >= 0 else 'W'}{abs(longitude):03d}",
    }


def join(paths: Sequence[Path], bounds: Bounds, target: Path) -> None:
    """Join tiles into one GeoTIFF that covers the bounds, block by block.

    Tiles of different cell sizes are resampled bilinearly to the finest; where there is no tile
    the result is unknown (NaN).

    Parameters
    ----------
    paths : sequence of Path
        GeoTIFFs of one reference system.
    bounds : (west, south, east, north)
    target : Path

    Raises
    ------
    LayerError
        If a tile cannot be read.
    """
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.merge import merge
    from rasterio.warp import Resampling

    try:
        with rasterio.Env(**SAFE_OPTIONS):
            sizes = []
            for path in paths:
                with rasterio.open(path, driver="GTiff") as source:
                    sizes.append(source.res)
            merge(
                list(paths),
                bounds=bounds,
                res=(min(size[0] for size in sizes), min(size[1] for size in sizes)),
                nodata=math.nan,
                dtype="float32",
                resampling=Resampling.bilinear,
                target_aligned_pixels=False,
                mem_limit=256,
                dst_path=target,
                dst_kwds={
                    "driver": "GTiff", "tiled": True, "blockxsize": 512, "blockysize": 512,
                    "compress": "deflate", "predictor": 3, "bigtiff": "if_safer",
                },
            )  # fmt: skip
    except (RasterioError, OSError) as error:
        raise LayerError(
            f"{target.stem}: its tiles cannot be joined ({error}): fetch again"
        ) from None
