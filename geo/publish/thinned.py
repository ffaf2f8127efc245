"""Every n-th cell of a study's surfaces: as much as a picture on the page can show."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from geo.grid import inside
from geo.publish.content import Content

__all__ = ["Thinned"]

_MOST: Final = 4_000_000


@dataclass(frozen=True)
class Thinned:
    """A grid of every `step`-th cell of another in both directions.

    A picture of a few hundred thousand pixels needs no more than four million cells, whatever
    the grid: what is drawn then costs the same at any cell size, and is the same however the
    surfaces were computed.

    Parameters
    ----------
    whole : GeoBox
    step : int

    Examples
    --------
    >>> whole = GeoBox.from_bbox((0, 0, 9000, 6000), "EPSG:3857", resolution=1000)
    >>> thin = Thinned(whole, 3)
    >>> tuple(thin.grid.shape), tuple(thin.grid.boundingbox.bbox)
    ((2, 3), (0.0, 0.0, 9000.0, 6000.0))
    """

    whole: GeoBox
    step: int

    @classmethod
    def of(cls, content: Content) -> "Thinned":
        """The cells that pictures of a study are drawn from."""
        rows, columns = content.grid.shape
        return cls(content.grid, max(1, math.ceil(math.sqrt(rows * columns / _MOST))))

    @property
    def _first(self) -> int:
        """The cell in the middle of the first `step` cells."""
        return min(self.step // 2, *(side - 1 for side in self.whole.shape))

    @property
    def grid(self) -> GeoBox:
        """The grid that the chosen cells stand for."""
        if self.step == 1:
            return self.whole
        shift = self._first + 0.5 - self.step / 2
        affine = self.whole.affine * Affine.translation(shift, shift) * Affine.scale(self.step)
        rows, columns = (len(range(self._first, side, self.step)) for side in self.whole.shape)
        return GeoBox((rows, columns), affine, self.whole.crs)

    def pick(self, surface: xr.DataArray) -> xr.DataArray:
        """The chosen cells of a surface, in memory."""
        if self.step == 1:
            return surface
        every = slice(self._first, None, self.step)
        return surface[every, every].compute()

    def inside(self, content: Content) -> npt.NDArray[np.bool_]:
        """Which of the chosen cells lie in the region."""
        return inside(self.grid, content.region)
