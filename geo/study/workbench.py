"""What all themes of a study share: the grid, and each layer read and computed only once."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from math import hypot, isfinite
from typing import Any, TypeVar, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer

from geo.catalogue.findings import LEVELS, Finding, LayerWarning, overheard
from geo.catalogue.raster import is_large, read_block, read_raster, to_grid
from geo.catalogue.records import Catalogue, Record, verify
from geo.catalogue.vector import read_table, read_vector
from geo.compute.engine import Engine, Task
from geo.compute.parts import Part, strips
from geo.criteria.proximity import distance_to_nearest
from geo.criteria.terrain import slope
from geo.errors import EmptyLayerError, LayerError, LodemapError
from geo.grid import as_dataarray, cell_of, inside, make_grid
from geo.recipe import Recipe
from geo.study.stages import StageCache, code_of, stage_key

__all__ = ["Cells", "Workbench"]

T = TypeVar("T")

# Vector files of at least so many bytes are read about the grid only, where they can be.
_LARGE = 64_000_000
_BY_REGION = (".gpkg", ".fgb", ".shp", ".parquet", ".geoparquet")
# How much a large raster is read beyond the grid, for kernels at its edge.
_WIDER = 0.02

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
        self.cache: StageCache | None = None
        # Each with the readings that it came from.
        self._kept: dict[object, tuple[Any, set[str]]] = {}
        self._readings: list[set[str]] = [set()]
        self._heard: dict[str, list[Finding]] = {}
        self._codes: dict[str, str] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was repaired or warned of in the layers read so far, by layer."""
        order = {level: place for place, level in enumerate(LEVELS)}
        found = {one: None for heard in self._heard.values() for one in heard}
        return tuple(sorted(found, key=lambda one: (one.id, order[one.level], one.message)))

    def _layer(self, key: tuple[object, ...], layer: str, read: Callable[[Record], T]) -> T:
        """Read a layer once, and take down what is found out about it."""

        def make() -> T:
            heard = self._heard.setdefault(repr(key), [])
            self._readings[-1].add(repr(key))
            with overheard(layer, heard):
                return read(self.catalogue[layer])

        return self.keep(key, make)

    def keep(self, key: object, make: Callable[[], T]) -> T:
        """Return what was made for a key, making it when it is asked for first."""
        if key not in self._kept:
            self._readings.append(set())
            try:
                made = make()
            finally:
                readings = self._readings.pop()
            self._kept[key] = (made, readings)
        found, readings = self._kept[key]
        self._readings[-1] |= readings
        return cast(T, found)

    def stage(
        self,
        module: str,
        layers: Sequence[str],
        parameters: object,
        make: Callable[[], Mapping[str, xr.DataArray]],
    ) -> dict[str, xr.DataArray]:
        """Surfaces of the whole grid, from the cache if nothing that they depend on changed.

        Parameters
        ----------
        module : str
            Name of the module whose code makes them.
        layers : sequence of str
            Ids of all layers that they are made from, beside the region.
        parameters : object
            What else they are made from, as plain values.
        make : callable
            Makes them.
        """
        key = None if self.cache is None else self.key(module, layers, parameters)
        if self.cache is None or key is None:
            return dict(make())
        entry = self.cache.find(key)
        if entry is not None:
            # Another process may have removed it meanwhile.
            with suppress(OSError, ValueError, LodemapError):
                found = entry.surfaces(self.engine, self.grid)
                self._recall(entry.heard)
                return found
        made, heard = self._listening(lambda: dict(make()))
        self.cache.store(key, made, heard)
        return made

    def key(self, module: str, layers: Iterable[str], parameters: object) -> str | None:
        """Hash of all that a stage depends on, see :func:`geo.study.stages.stage_key`."""
        records = [self.catalogue[layer] for layer in layers]
        return stage_key(module, self.code(module), records, parameters, self.grid)

    def code(self, module: str) -> str:
        """Hash of a module's code and of all of ours that it uses."""
        if module not in self._codes:
            self._codes[module] = code_of(module)
        return self._codes[module]

    def once(self, key: str | None, make: Callable[[], T]) -> T:
        """What was made under a key of all that it depends on, by a run before or now.

        Parameters
        ----------
        key : str or None
            Of `key`; with None it is made and not kept.
        make : callable
            Makes it; pickled it is the same again.
        """
        found: T | None = self.recall(key)
        return self.remember(key, make) if found is None else found

    def recall(self, key: str | None) -> Any | None:
        """Give what `remember` kept under a key, if it is still there."""
        found = None if self.cache is None or key is None else self.cache.recall(key)
        if found is None:
            return None
        made, heard = found
        self._recall(heard)
        return made

    def remember(self, key: str | None, make: Callable[[], T]) -> T:
        """Make something, and keep it for other runs under the key of all it depends on."""
        made, heard = self._listening(make)
        if self.cache is not None and key is not None:
            self.cache.remember(key, (made, heard))
        return made

    def _listening(self, make: Callable[[], T]) -> tuple[T, dict[str, list[Finding]]]:
        """Make something; give it with what was found in the layers that were read for it."""
        self._readings.append(set())
        try:
            made = make()
        finally:
            readings = self._readings.pop()
        self._readings[-1] |= readings
        return made, {one: self._heard[one] for one in sorted(readings)}

    def _recall(self, heard: Mapping[str, list[Finding]]) -> None:
        """Tell again what was found out when the layers of a cached stage were read."""
        self._readings[-1] |= heard.keys()
        for reading, found in heard.items():
            if reading not in self._heard:
                self._heard[reading] = found
                for one in found:
                    warnings.warn(LayerWarning(one), stacklevel=4)

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

        told = (name, self.recipe.region_where)
        return self.stage(__name__, [self.recipe.region], told, lambda: self.compute(task))[name]

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
        return self._layer(
            ("features", layer, repr(where or None)),
            layer,
            lambda record: read_vector(record, where=where or None),
        )

    def on_grid(
        self, layer: str, where: Mapping[str, object] | None = None, *, whole: bool = False
    ) -> gpd.GeoDataFrame:
        """Features of a vector layer in the grid's CRS, without missing geometries.

        Of a large file with an index only those are read that lie on the grid or within its
        diagonal, unless `whole` asks for all: as long as one lies on the grid, none that is
        left out can be the nearest to a cell.
        """
        if not whole and (near := self._near(layer, where)) is not None:
            return near
        found = self.features(layer, where)
        usable = found[~(found.geometry.isna() | found.geometry.is_empty)]
        if usable.empty:
            raise EmptyLayerError(
                f"{self.catalogue[layer].path.name}: no feature is left with {dict(where or {})}: "
                "change the recipe's filter"
            )
        return usable.to_crs(str(self.grid.crs))

    def _near(self, layer: str, where: Mapping[str, object] | None) -> gpd.GeoDataFrame | None:
        """Features of a large layer about the grid; None of a small one, or if none lies on it."""
        record = self.catalogue[layer]
        if record.path.suffix.lower() not in _BY_REGION or record.path.stat().st_size < _LARGE:
            return None
        box = self.grid.boundingbox
        room = hypot(box.right - box.left, box.top - box.bottom)
        wide = (box.left - room, box.bottom - room, box.right + room, box.top + room)

        def read(found: Record) -> gpd.GeoDataFrame:
            try:
                return read_vector(found, where=where or None, bbox=wide, crs=str(self.grid.crs))
            except EmptyLayerError:
                return gpd.GeoDataFrame(geometry=[], crs=str(self.grid.crs))

        near = self._layer(("near", layer, repr(where or None)), layer, read)
        on_it = near.intersects(shapely.box(box.left, box.bottom, box.right, box.top))
        return near if on_it.any() else None

    def table(self, layer: str) -> pd.DataFrame:
        """Rows of a table."""
        return self._layer(("table", layer), layer, read_table)

    def reading(self, layer: str, what: str, read: Callable[[Record], T]) -> T:
        """What a function makes of a layer's file, told by `what`; read only once."""
        return self._layer((what, layer), layer, read)

    def native(self, layer: str, band: str | None = None) -> xr.DataArray:
        """A raster on its own grid; of a large one the part that the study's grid touches."""

        def read(record: Record) -> xr.DataArray:
            box = self._box(record) if is_large(record, band) else None
            return read_raster(record, band=band, bbox=box)

        return self._layer(("native", layer, band), layer, read)

    def _box(self, record: Record) -> tuple[float, float, float, float] | None:
        """The grid's box in a layer's system, a little widened; None across the antimeridian."""
        box = self.grid.boundingbox
        change = Transformer.from_crs(str(self.grid.crs), record.crs, always_xy=True)
        west, south, east, north = change.transform_bounds(*box.bbox, densify_pts=21)
        if not (isfinite(west + south + east + north) and west < east):
            return None
        room_x, room_y = _WIDER * (east - west), _WIDER * (north - south)
        return west - room_x, south - room_y, east + room_x, north + room_y

    def raster(self, layer: str, band: str | None = None, *, classes: bool = False) -> xr.DataArray:
        """A raster warped onto the grid; the mean of its bands when none is named.

        With `classes` every cell has the value of the nearest cell of the layer.
        """
        key = ("raster", layer, band, "classes") if classes else ("raster", layer, band)
        return self.keep(key, lambda: self._warp(layer, band, "nearest" if classes else "bilinear"))

    def _warp(self, layer: str, band: str | None, resampling: str) -> xr.DataArray:
        return self.stage(
            "geo.catalogue.raster",
            [layer],
            ("warp", band, resampling),
            lambda: self._warped(layer, band, resampling),
        )["value"]

    def _warped(self, layer: str, band: str | None, resampling: str) -> dict[str, xr.DataArray]:
        record = self.catalogue[layer]
        if self._layer(("large", layer, band), layer, lambda found: is_large(found, band)):

            def block(part: Part) -> dict[str, xr.DataArray]:
                here = read_block(
                    record, part.grid, band=band, resampling=resampling, whole=part.whole
                )
                return {"value": _mean(here)}

            return self.compute(block)
        found = _mean(self.native(layer, band))

        def task(part: Part) -> dict[str, xr.DataArray]:
            warped = to_grid(found, part.grid, whole=part.whole, resampling=resampling)
            return {"value": warped}

        return self.compute(task)

    def slope(self, layer: str) -> xr.DataArray:
        """Slope of a height layer on the grid [%]."""

        def make() -> dict[str, xr.DataArray]:
            height = self.raster(layer)

            def task(part: Part) -> dict[str, xr.DataArray]:
                wide = part.wider(1)
                return {"slope": part.cut(slope(wide.of(height)), wide)}

            return self.compute(task)

        return self.keep(
            ("slope", layer),
            lambda: self.stage("geo.study.workbench", [layer], "slope", make)["slope"],
        )

    def distance(self, layer: str, where: Mapping[str, object] | None = None) -> xr.DataArray:
        """Distance from every cell to the nearest feature of a layer [m]."""

        def make() -> dict[str, xr.DataArray]:
            features = self.on_grid(layer, where)
            return self.compute(lambda part: {"m": distance_to_nearest(features, part.grid)})

        told = ("distance", repr(where or None))
        return self.keep(
            (*told, layer),
            lambda: self.stage("geo.criteria.proximity", [layer], told, make)["m"],
        )

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


def _mean(raster: xr.DataArray) -> xr.DataArray:
    """Mean of the bands; a raster of one band as it is."""
    return raster.mean("band", skipna=False, keep_attrs=True) if "band" in raster.dims else raster
