"""Parts of a study's grid: some whole rows, on which a surface can be made by itself.

Whatever makes a surface is a function of a part. Given the whole grid as one part it works
in one piece; given small parts one after another it works within a memory budget; the
numbers are the same, for a part carries its true place on the grid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.errors import DataError
from geo.grid import coordinates

__all__ = ["Part", "parts_of", "strips"]

_STRIP_CELLS = 1 << 21


@dataclass(frozen=True)
class Part:
    """Rows ``first`` to ``last`` (half-open) of a grid.

    Parameters
    ----------
    whole : GeoBox
        The grid that the rows belong to.
    first, last : int

    Examples
    --------
    >>> whole = GeoBox.from_bbox((0, 0, 2000, 3000), "EPSG:3857", resolution=1000)
    >>> part = Part(whole, 1, 2)
    >>> tuple(part.grid.shape), part.grid.boundingbox.top
    ((1, 2), 2000.0)
    >>> wide = part.wider(5)
    >>> wide.first, wide.last
    (0, 3)
    """

    whole: GeoBox
    first: int
    last: int

    @property
    def is_whole(self) -> bool:
        """Whether these are all rows of the grid."""
        return self.first == 0 and self.last == self.whole.shape[0]

    @property
    def grid(self) -> GeoBox:
        """The grid of these rows alone."""
        return self.whole if self.is_whole else self.whole[self.first : self.last, :]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.last - self.first, int(self.whole.shape[1])

    def of(self, surface: xr.DataArray) -> xr.DataArray:
        """A surface of the whole grid on these rows, in memory.

        Raises
        ------
        DataError
            If the surface has another shape than the whole grid.
        """
        if surface.shape != tuple(self.whole.shape):
            raise DataError(
                f"surface {surface.name!r} has shape {surface.shape}, the grid "
                f"{tuple(self.whole.shape)}: bring it to the grid with to_grid"
            )
        if self.is_whole:
            return surface.compute() if not _in_memory(surface) else surface
        return self._wrap(surface[self.first : self.last].to_numpy(), surface)

    def wider(self, rows: int) -> "Part":
        """These rows and so many beyond, as far as the grid reaches: with their halo."""
        return Part(
            self.whole, max(0, self.first - rows), min(self.whole.shape[0], self.last + rows)
        )

    def cut(self, surface: xr.DataArray, wide: "Part") -> xr.DataArray:
        """These rows of a surface that was computed on a wider part."""
        if wide == self:
            return surface
        values = surface.to_numpy()[self.first - wide.first : self.last - wide.first]
        return self._wrap(values, surface)

    def _wrap(self, values: npt.NDArray[Any], like: xr.DataArray) -> xr.DataArray:
        # A slice of a DataArray would keep the place of the surface that it was cut from.
        return xr.DataArray(
            values,
            dims=("y", "x"),
            coords=coordinates(self.grid),
            name=like.name,
            attrs=dict(like.attrs),
        )


def parts_of(grid: GeoBox, rows: int) -> tuple[Part, ...]:
    """Cut a grid into parts of so many rows, from the top.

    Examples
    --------
    >>> whole = GeoBox.from_bbox((0, 0, 2000, 3000), "EPSG:3857", resolution=1000)
    >>> [(part.first, part.last) for part in parts_of(whole, 2)]
    [(0, 2), (2, 3)]
    """
    height = int(grid.shape[0])
    step = max(1, rows)
    return tuple(Part(grid, first, min(height, first + step)) for first in range(0, height, step))


def strips(shape: tuple[int, ...], cells: int = _STRIP_CELLS) -> Iterator[slice]:
    """Slices of rows, each of about two million cells or as told, that make up a raster.

    For reading a surface that memory may not hold: ``surface[rows].to_numpy()`` for each.

    Examples
    --------
    >>> list(strips((3, 2)))
    [slice(0, 3, None)]
    """
    height, width = shape
    step = max(1, cells // max(1, width))
    for first in range(0, height, step):
        yield slice(first, min(height, first + step))


def _in_memory(surface: xr.DataArray) -> bool:
    return isinstance(surface.variable._data, np.ndarray)
