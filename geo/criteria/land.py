"""What land is left: patches that are large enough, and rasters of distance classes."""

import json
import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import ndimage

from geo.criteria.rasters import like
from geo.errors import DataError

__all__ = ["distance_classes", "large_patches"]


def large_patches(
    available: npt.ArrayLike,
    min_area_km2: float,
    cell_area_km2: float | npt.NDArray[np.floating],
    *,
    corners: bool = False,
) -> npt.NDArray[np.bool_]:
    """Available cells that lie in a contiguous patch of a minimum area.

    A patch may cross any block's edge, so this is for the whole grid.

    Parameters
    ----------
    available : (rows, columns) array_like of bool
    min_area_km2 : float
        Smallest area of a patch [km²].
    cell_area_km2 : float or (rows, columns) array
        Area of a cell [km²].
    corners : bool
        Whether cells that share a corner only are one patch.

    Returns
    -------
    (rows, columns) array of bool

    Raises
    ------
    DataError
        If the area is negative or no number.

    Examples
    --------
    >>> large_patches([[True, True, False, True]], 2.0, 1.0)
    array([[ True,  True, False, False]])
    """
    if not min_area_km2 >= 0:
        raise DataError(f"the smallest area is {min_area_km2} km², required is 0 or more")
    open_ = np.asarray(available, dtype=np.bool_)
    patch, count = ndimage.label(open_, structure=np.ones((3, 3)) if corners else None)
    weights = np.broadcast_to(np.asarray(cell_area_km2, dtype=np.float64), open_.shape)
    area = np.bincount(patch.ravel(), weights=weights.ravel(), minlength=count + 1)
    # A sum of cells may miss a round number by its last bit.
    keep = area >= min_area_km2 * (1 - 1e-9)
    keep[0] = False
    return np.asarray(keep[patch])


def distance_classes(
    raster: xr.DataArray, classes: Mapping[int, float | str] | str
) -> xr.DataArray:
    """Distances of a raster that holds the number of a distance class.

    So are precomputed ("prior") distances to roads or settlements passed on: class 5 is
    "at most 400 m". A rule then takes the distance: ``values=[(None, 400)]``.

    Parameters
    ----------
    raster : (rows, columns) DataArray
        Class numbers; NaN is unknown.
    classes : mapping of int to float or str, or str
        Upper limit of each class [m], also as text such as ``"<=400"``; or such a mapping as
        JSON, as GLAES writes to the tag ``VALUE_MAP``. Text without a number, such as
        ``"noData"``, is unknown; ``"untouched"`` is farther than every class (infinite).

    Returns
    -------
    (rows, columns) float32 DataArray [m]
        Upper limit of the cell's class; NaN where unknown.

    Raises
    ------
    DataError
        If the text is no JSON object, or the raster holds a class that is not listed.

    References
    ----------
    Ryberg, D. S., Robinius, M., Stolten, D. (2018). Evaluating land eligibility constraints of
    renewable energy sources in Europe. Energies 11(5), 1246. https://doi.org/10.3390/en11051246

    Examples
    --------
    >>> from geo.grid import as_dataarray
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 300, 100), "EPSG:3857", resolution=100)
    >>> prior = as_dataarray(np.array([[0, 1, 255]]), grid, name="p", unit="1", long_name="p")
    >>> distance_classes(prior, '{"0": "<=0", "1": "<=400", "255": "noData"}').values
    array([[  0., 400.,  nan]], dtype=float32)
    """
    limits = {key: _limit(text) for key, text in _listed(classes).items()}
    values = np.asarray(raster.to_numpy())
    known = values == values
    found, place = np.unique(values[known], return_inverse=True)
    stray = [value for value in found.tolist() if value not in limits]
    if stray:
        raise DataError(
            f"the raster holds class {stray[0]:g}, which is not among the "
            f"{len(limits)} classes given: list it, or make it unknown"
        )
    out = np.full(values.shape, np.nan, dtype=np.float32)
    out[known] = np.array([limits[value] for value in found.tolist()], dtype=np.float32)[place]
    return like(raster, out, name="distance", unit="m", long_name="Distance, at most")


def _listed(classes: Mapping[int, float | str] | str) -> dict[float, float | str]:
    if not isinstance(classes, str):
        return {float(key): value for key, value in classes.items()}
    try:
        return {float(key): value for key, value in json.loads(classes).items()}
    except (ValueError, AttributeError):
        raise DataError(
            f'the classes are {classes[:40]!r}, required is a JSON object such as {{"1": "<=400"}}'
        ) from None


def _limit(text: float | str) -> float:
    if not isinstance(text, str):
        return float(text)
    if text.strip().lower() == "untouched":
        return float("inf")
    number = re.search(r"\d+(?:\.\d+)?", text)
    return float(number.group()) if number else float("nan")
