"""What all themes of a study share: the grid, and each layer read and computed only once."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeVar, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import CRS

from geo.catalogue.findings import LEVELS, Finding, overheard
from geo.catalogue.raster import read_raster, to_grid
from geo.catalogue.records import Catalogue, Record, verify
from geo.catalogue.vector import read_table, read_vector
from geo.compute.engine import Engine, Task
from geo.compute.parts import Part, strips
from geo.criteria.proximity import distance_to_nearest
from geo.criteria.terrain import slope
from geo.errors import EmptyLayerError, LayerError
from geo.grid import as_dataarray, cell_of, inside, make_grid
from geo.recipe import Recipe

__all__ = ["Cells", "Workbench"]

T = TypeVar("T")

Cells = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Rows and columns of sites on the grid."""


class Workbench:
    """Layers and shared surfaces of one run, each made at its first use.

    Parameters
    ----------
    recipe : Recipe
    catalogue : Catalogue
        Where the recipe's layers are found.
    engine : Engine, optional
        Where surfaces are computed and kept; in memory when missing.
    """

    def __init__(self, recipe: Recipe, catalogue: Catalogue, engine: Engine | None = None) -> None:
        self.recipe = recipe
        self.catalogue = catalogue
        self.engine = engine or Engine()
        self._kept: dict[object, Any] = {}
        self._findings: list[Finding] = []

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was repaired or warned of in the layers read so far, by layer."""
        order = {level: place for place, level in enumerate(LEVELS)}
        keyed = sorted(self._findings, key=lambda one: (one.id, order[one.level], one.message))
        return tuple(keyed)

    def _read(self, layer: str, read: Callable[[Record], T]) -> T:
        with overheard(layer, self._findings):
            return read(self.catalogue[layer])

    def keep(self, key: object, make: Callable[[], T]) -> T:
        """Return what was made for a key, making it when it is asked for first."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast(T, self._kept[key])

    def under(self, recipe: Recipe) -> "Workbench":
        """A bench for the same study under other conditions; it shares all that was made.

        Parameters
        ----------
        recipe : Recipe
            With the same region, grid and layers.

        Returns
        -------
        Workbench
        """
        other = Workbench(recipe, self.catalogue)
        other.__dict__.update({**self.__dict__, "recipe": recipe})
        return other

    @cached_property
    def region(self) -> gpd.GeoDataFrame:
        """The study's region, in its layer's CRS."""
        return self.features(self.recipe.region, self.recipe.region_where)

    @cached_property
    def grid(self) -> GeoBox:
        """The one grid."""
        crs = None if self.recipe.crs is None else CRS.from_user_input(self.recipe.crs)
        return make_grid(self.region, self.recipe.cell_size, crs)

    def compute(self, task: Task) -> dict[str, xr.DataArray]:
        """Make surfaces of the whole grid by a function of its parts."""
        return self.engine.compute(self.grid, task)

    @cached_property
    def inside(self) -> xr.DataArray:
        """Cells whose centre lies in the region."""
        return self.cover(self.region, "inside", "Cells of the region")

    def cover(self, features: gpd.GeoDataFrame, name: str, title: str) -> xr.DataArray:
        """Cells whose centre lies in polygons."""

        def task(part: Part) -> dict[str, xr.DataArray]:
            within = inside(part.grid, features)
            return {name: as_dataarray(within, part.grid, name=name, unit="1", long_name=title)}

        return self.compute(task)[name]

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """Records of every layer that the recipe names."""
        return tuple(self.catalogue[layer] for layer in self.recipe.layer_ids())

    def prepare(self) -> None:
        """Read the region and check the bytes of every layer before anything is computed."""
        for record in self.records:
            verify(record)
        if not any(self.inside[rows].to_numpy().any() for rows in strips(self.inside.shape)):
            raise EmptyLayerError(
                f"{self.catalogue[self.recipe.region].path.name}: no cell of "
                f"{self.recipe.cell_size:g} m has its centre in the region: choose smaller cells"
            )

    def features(self, layer: str, where: Mapping[str, object] | None = None) -> gpd.GeoDataFrame:
        """Features of a vector layer in its own CRS."""
        return self.keep(
            ("features", layer, repr(where or None)),
            lambda: self._read(layer, lambda record: read_vector(record, where=where or None)),
        )

    def on_grid(self, layer: str, where: Mapping[str, object] | None = None) -> gpd.GeoDataFrame:
        """Features of a vector layer in the grid's CRS, without missing geometries."""
        found = self.features(layer, where)
        usable = found[~(found.geometry.isna() | found.geometry.is_empty)]
        if usable.empty:
            raise EmptyLayerError(
                f"{self.catalogue[layer].path.name}: no feature is left with {dict(where or {})}: "
                "change the recipe's filter"
            )
        return usable.to_crs(str(self.grid.crs))

    def table(self, layer: str) -> pd.DataFrame:
        """Rows of a table."""
        return self.keep(("table", layer), lambda: self._read(layer, read_table))

    def native(self, layer: str, band: str | None = None) -> xr.DataArray:
        """A raster on its own grid."""
        return self.keep(
            ("native", layer, band),
            lambda: self._read(layer, lambda record: read_raster(record, band=band)),
        )

    def raster(self, layer: str, band: str | None = None, *, classes: bool = False) -> xr.DataArray:
        """A raster warped onto the grid; the mean of its bands when none is named.

        With `classes` every cell has the value of the nearest cell of the layer.
        """
        key = ("raster", layer, band, "classes") if classes else ("raster", layer, band)
        return self.keep(key, lambda: self._warp(layer, band, "nearest" if classes else "bilinear"))

    def _warp(self, layer: str, band: str | None, resampling: str) -> xr.DataArray:
        found = self.native(layer, band)
        if "band" in found.dims:
            found = found.mean("band", skipna=False, keep_attrs=True)

        def task(part: Part) -> dict[str, xr.DataArray]:
            warped = to_grid(found, part.grid, whole=part.whole, resampling=resampling)
            return {"value": warped}

        return self.compute(task)["value"]

    def slope(self, layer: str) -> xr.DataArray:
        """Slope of a height layer on the grid [%]."""
        height = self.raster(layer)

        def task(part: Part) -> dict[str, xr.DataArray]:
            wide = part.wider(1)
            return {"slope": part.cut(slope(wide.of(height)), wide)}

        return self.keep(("slope", layer), lambda: self.compute(task)["slope"])

    def distance(self, layer: str, where: Mapping[str, object] | None = None) -> xr.DataArray:
        """Distance from every cell to the nearest feature of a layer [m]."""
        return self.keep(
            ("distance", layer, repr(where or None)),
            lambda: self._distance(self.on_grid(layer, where)),
        )

    def _distance(self, features: gpd.GeoDataFrame) -> xr.DataArray:
        return self.compute(lambda part: {"m": distance_to_nearest(features, part.grid)})["m"]

    def expect_unit(self, layer: str, unit: str) -> None:
        """Refuse a raster layer whose unit is not the one that the recipe states.

        Raises
        ------
        LayerError
            Naming the record and both units.
        """
        record = self.catalogue[layer]
        if record.unit != unit:
            raise LayerError(
                f"{record.toml.name}: the layer's unit is {record.unit!r}, the recipe expects "
                f"{unit!r}: state the layer's own unit in the recipe"
            )

    def points(self, sites: gpd.GeoDataFrame) -> gpd.GeoSeries:
        """Points of sites in the grid's CRS."""
        return sites.geometry.to_crs(str(self.grid.crs))

    def cells(self, sites: gpd.GeoDataFrame) -> Cells:
        """Row and column of each site; raises GridError where one lies outside the grid."""
        points = self.points(sites)
        return cell_of(self.grid, points.x.to_numpy(), points.y.to_numpy())

    def masked(self, task: Task) -> dict[str, xr.DataArray]:
        """Make surfaces of the whole grid, unknown outside the region, as float32."""
        within = self.inside

        def clipped(part: Part) -> dict[str, xr.DataArray]:
            here = part.of(within).to_numpy()
            return {
                key: found.copy(
                    data=np.where(here, found.values, np.float32("nan")).astype(np.float32)
                )
                for key, found in task(part).items()
            }

        return self.compute(clipped)
