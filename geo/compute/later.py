"""Surfaces that are made only when something reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from xarray.backends import BackendArray
from xarray.core import indexing

from geo.grid import coordinates

__all__ = ["Face", "later"]


class Face(NamedTuple):
    """What a surface is, without its values."""

    dtype: str
    name: Any
    attrs: dict[str, Any]

    @classmethod
    def of(cls, surface: xr.DataArray) -> "Face":
        """Face of a surface."""
        return cls(surface.dtype.str, surface.name, dict(surface.attrs))


def later(grid: GeoBox, face: Face, make: Callable[[], xr.DataArray]) -> xr.DataArray:
    """A surface whose values are made when they are first read.

    Parameters
    ----------
    grid : GeoBox
    face : Face
        What `make` will give.
    make : callable

    Returns
    -------
    (rows, columns) DataArray

    Examples
    --------
    >>> from geo.grid import as_dataarray
    >>> grid = GeoBox.from_bbox((0, 0, 2000, 1000), "EPSG:3857", resolution=1000)
    >>> made = as_dataarray(np.ones((1, 2)), grid, name="a", unit="m", long_name="A")
    >>> found = later(grid, Face.of(made), lambda: made)
    >>> found.attrs["units"], found.values.tolist()
    ('m', [[1.0, 1.0]])
    """
    shape = (int(grid.shape[0]), int(grid.shape[1]))
    lazy = indexing.LazilyIndexedArray(_Later(make, shape, np.dtype(face.dtype)))
    return xr.DataArray(
        lazy, dims=("y", "x"), coords=coordinates(grid), name=face.name, attrs=dict(face.attrs)
    )


@dataclass(eq=False)
class _Later(BackendArray):
    make: Callable[[], xr.DataArray]
    shape: tuple[int, int]
    dtype: np.dtype[Any]

    @cached_property
    def made(self) -> xr.DataArray:
        return self.make()

    def __getitem__(self, key: indexing.ExplicitIndexer) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, lambda told: self.made[told].to_numpy()
        )
        return found
