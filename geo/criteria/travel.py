"""Cost of travelling overland from every cell to the nearest source, and the way there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from geo.compute import kernels, outofcore
from geo.compute.engine import Engine, Room, Task
from geo.compute.links import links_of_rows
from geo.compute.parts import Part, strips
from geo.criteria.rasters import grid_of, like
from geo.criteria.shapes import mark, number_cells, parts, usable
from geo.errors import DataError
from geo.grid import as_dataarray, cell_size

__all__ = [
    "accumulated_cost",
    "accumulated_cost_allocation",
    "cost_with_links",
    "friction_surface",
    "route",
]

Sources: TypeAlias = gpd.GeoDataFrame | xr.DataArray | npt.NDArray[np.generic]


def friction_surface(
    grid: GeoBox,
    *,
    base: float | xr.DataArray,
    roads: gpd.GeoDataFrame | None = None,
    road_value: float | str | None = None,
    barriers: gpd.GeoDataFrame | xr.DataArray | None = None,
    slope: xr.DataArray | None = None,
) -> xr.DataArray:
    """Cost of a metre of way in each cell.

    Parameters
    ----------
    grid : GeoBox
        In a projected CRS.
    base : float or (rows, columns) DataArray
        Cost off the roads [per metre]; NaN is a barrier.
    roads : GeoDataFrame, optional
        Lines in any CRS. Every cell that one touches takes its value, even on a
        barrier: a road across a lake is a bridge.
    road_value : float or str, optional
        Cost on roads [per metre], or the column that holds it; where several roads
        touch a cell the cheapest counts.
    barriers : GeoDataFrame or (rows, columns) DataArray, optional
        Polygons (by cell centre) or lines (every cell touched), in any CRS, that cannot
        be crossed; or a raster that is true or above 0 where they are.
    slope : (rows, columns) DataArray, optional
        Steepness [%]. It lengthens the way by sqrt(1 + (slope / 100)^2), the length
        along the slope of a metre on the map, on and off the roads; unknown slope
        counts as level.

    Returns
    -------
    (rows, columns) float32 DataArray
        In the unit of `base`; NaN is a barrier.

    Raises
    ------
    CrsError
        If a layer has no CRS, or the grid's is geographic.
    EmptyLayerError
        If a layer has no usable geometry.
    DataError
        If a cost is negative, roads have no value, or a raster is not on the grid.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 2000), "EPSG:3857", resolution=1000)
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 500), (3000, 500)])], crs=3857)
    >>> friction_surface(grid, base=4.0, roads=road, road_value=1.0).values
    array([[4., 4., 4.],
           [1., 1., 1.]], dtype=float32)
    """
    friction = _base(base, grid)
    if barriers is not None:
        friction[_closed(barriers, grid)] = np.nan
    if roads is not None:
        friction = np.where(*_on_roads(roads, road_value, grid), friction)
    if slope is not None:
        steep = np.nan_to_num(_on(grid, slope, "the slope")) / np.float32(100)
        friction *= np.sqrt(1 + steep * steep)
    unit = base.attrs.get("units", "") if isinstance(base, xr.DataArray) else ""
    return as_dataarray(
        friction.astype(np.float32, copy=False),
        grid,
        name="friction",
        unit=unit,
        long_name="Cost of a metre of way",
    )


def accumulated_cost(
    friction: xr.DataArray,
    sources: Sources,
    *,
    max_cost: float | None = None,
    engine: Engine | None = None,
) -> xr.DataArray:
    """Cost of the cheapest way from each cell to a source.

    Parameters
    ----------
    friction : (rows, columns) DataArray
        Cost of a metre on a projected grid, see `friction_surface`; NaN is a barrier.
    sources : GeoDataFrame or (rows, columns) array
        Features in the friction's CRS: every cell that one touches is a source. Or a
        boolean raster, or one of start costs with NaN where there is no source.
        Sources on barriers or outside the grid start nothing.
    max_cost : float, optional
        Cells that cost more get NaN.
    engine : Engine, optional
        Where the surface is computed and kept; in memory when missing.

    Returns
    -------
    (rows, columns) float32 DataArray
        In the friction's unit times metres; NaN on barriers and where no source reaches.

    Raises
    ------
    CrsError
        If the CRSs differ or the grid's is geographic.
    EmptyLayerError
        If the layer of sources has no usable geometry.
    DataError
        If friction is negative or every source lies on a barrier or outside the grid.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> station = gpd.GeoDataFrame(geometry=[shapely.Point(500, 500)], crs=3857)
    >>> accumulated_cost(friction_surface(grid, base=0.5), station).values
    array([[   0.,  500., 1000.]], dtype=float32)
    """
    grid = grid_of(friction)
    chosen = engine or Engine()
    starts = _starts(sources, friction, grid, chosen)
    opened = partial(_settled, friction, starts, max_cost)
    unit = _cost_unit(friction)

    def told(room: Room | None) -> AbstractContextManager[Task]:
        return _each_part(opened(room), lambda part, cost: _cost_of(part, cost, unit))

    return chosen.settle(grid, told)["cost"]


def cost_with_links(
    friction: xr.DataArray,
    sources: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]],
    engine: Engine,
) -> dict[str, xr.DataArray]:
    """Accumulated cost from a few cells, and the step that each cell came by.

    Parameters
    ----------
    friction : (rows, columns) DataArray
        As of `accumulated_cost`.
    sources : (rows, columns, costs) of (n,) arrays
        Cells at which the cost starts, and with what.
    engine : Engine

    Returns
    -------
    dict
        ``cost`` (float64), NaN where no source reaches, and ``backlink`` (int8) as of
        `accumulated_cost_allocation`.

    Raises
    ------
    DataError
        If friction or a start cost is negative.
    """
    grid = grid_of(friction)
    unit = _cost_unit(friction)

    def start(part: Part) -> npt.NDArray[np.float64]:
        values = np.full(part.shape, np.nan)
        rows, columns, costs = sources
        here = (rows >= part.first) & (rows < part.last)
        values[rows[here] - part.first, columns[here]] = costs[here]
        return values

    def told(room: Room | None) -> AbstractContextManager[Task]:
        rows = _settled(friction, start, None, room, dtype=np.float64)
        return _each_part(rows, lambda part, cost: _wrapped(part, cost, unit))

    cost = engine.settle(grid, told)["cost"]

    def task(part: Part) -> dict[str, xr.DataArray]:
        wide = part.wider(1)
        reached = wide.of(cost).to_numpy()
        links = links_of_rows(
            wide.of(friction).to_numpy().astype(np.float64),
            reached,
            reached == start(wide),
            cell_size(grid),
            slice(part.first - wide.first, part.last - wide.first),
            whole=part.is_whole,
        )
        title = "Step towards the source"
        return {"l": as_dataarray(links, part.grid, name="backlink", unit="1", long_name=title)}

    return {"cost": cost, "backlink": engine.compute(grid, task)["l"]}


Starts = Callable[[Part], npt.NDArray[np.generic]]
CostRows = Callable[[Part], npt.NDArray[np.float64]]


@contextmanager
def _settled(
    friction: xr.DataArray,
    starts: Starts,
    max_cost: float | None,
    room: Room | None,
    *,
    dtype: npt.DTypeLike | None = None,
) -> Iterator[CostRows]:
    """Settle the costs of a whole grid, and tell those of its parts."""
    grid = grid_of(friction)
    sides = cell_size(grid)

    def of(part: Part) -> npt.NDArray[np.generic]:
        found = part.of(friction).to_numpy()
        return found if dtype is None else found.astype(dtype)

    if room is None:
        whole = Part(grid, 0, int(grid.shape[0]))
        cost = kernels.accumulated_cost(of(whole), starts(whole), sides, max_cost=max_cost)
        yield lambda part: cost[part.first : part.last]
        return
    with outofcore.accumulated_cost(
        lambda first, last: of(Part(grid, first, last)),
        lambda first, last: starts(Part(grid, first, last)),
        (int(grid.shape[0]), int(grid.shape[1])),
        sides,
        memory=room.memory,
        scratch=room.folder,
        max_cost=max_cost,
    ) as rows:
        yield lambda part: rows.read(part.first, part.last)


@contextmanager
def _each_part(
    rows: AbstractContextManager[CostRows],
    wrap: Callable[[Part, npt.NDArray[np.float64]], xr.DataArray],
) -> Iterator[Task]:
    with rows as cost:
        yield lambda part: {"cost": wrap(part, cost(part))}


def _cost_of(part: Part, cost: npt.NDArray[np.float64], unit: str) -> xr.DataArray:
    return _wrapped(part, cost.astype(np.float32), unit)


def _wrapped(part: Part, cost: npt.NDArray[np.floating], unit: str) -> xr.DataArray:
    title = "Cost of the cheapest way to a source"
    return as_dataarray(cost, part.grid, name="cost", unit=unit, long_name=title)


def accumulated_cost_allocation(
    friction: xr.DataArray, sources: Sources, *, max_cost: float | None = None
) -> xr.Dataset:
    """Accumulated cost with the source of each cell and the way to it.

    Parameters
    ----------
    friction, sources, max_cost
        As of `accumulated_cost`.

    Returns
    -------
    Dataset
        ``cost`` as of `accumulated_cost`; ``allocation`` (int32), for features the
        number of the row of `sources`, for a raster the number of the source cell in
        row-major order, -1 where none reaches; ``backlink`` (int8), see
        `geo.compute.kernels.CostAllocation`, for `route`. Where features share a cell
        it counts for the first of them.

    Raises
    ------
    CrsError, EmptyLayerError, DataError
        As `accumulated_cost`.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> ends = gpd.GeoDataFrame(geometry=gpd.points_from_xy([2500, 500], [500, 500]), crs=3857)
    >>> found = accumulated_cost_allocation(friction_surface(grid, base=1.0), ends)
    >>> found.allocation.values
    array([[1, 0, 0]], dtype=int32)
    """
    grid = grid_of(friction)
    surface = friction.to_numpy()
    starts = _starts(sources, friction, grid, Engine())(Part(grid, 0, int(grid.shape[0])))
    found = kernels.accumulated_cost_allocation(surface, starts, cell_size(grid), max_cost=max_cost)
    allocation = found.allocation
    if isinstance(sources, gpd.GeoDataFrame):
        owners = _owners(sources, grid)[starts]
        allocation = np.where(allocation >= 0, owners[allocation], np.int32(-1))
    return xr.Dataset(
        {
            "cost": like(
                friction,
                found.cost.astype(np.float32),
                name="cost",
                unit=_cost_unit(friction),
                long_name="Cost of the cheapest way to a source",
            ),
            "allocation": like(
                friction,
                allocation,
                name="allocation",
                unit="1",
                long_name="Nearest source by cost",
            ),
            "backlink": like(
                friction,
                found.backlink,
                name="backlink",
                unit="1",
                long_name="Step towards the source",
            ),
        }
    )


def route(backlink: xr.DataArray, cell: tuple[int, int]) -> shapely.LineString | shapely.Point:
    """Way from a cell to its source.

    Parameters
    ----------
    backlink : (rows, columns) DataArray
        Of `accumulated_cost_allocation`.
    cell : (row, column)

    Returns
    -------
    LineString
        Through cell centres, from the cell to the source, in the grid's CRS [m]; a Point
        where the cell is itself a source.

    Raises
    ------
    DataError
        If no source reaches the cell, or it lies outside the grid.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from odc.geo.geobox import GeoBox
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> station = gpd.GeoDataFrame(geometry=[shapely.Point(500, 500)], crs=3857)
    >>> found = accumulated_cost_allocation(friction_surface(grid, base=1.0), station)
    >>> route(found.backlink, (0, 2)).wkt
    'LINESTRING (2500 500, 1500 500, 500 500)'
    """
    cells = kernels.trace_back(backlink.to_numpy(), cell)
    points = np.column_stack([backlink["x"].values[cells[:, 1]], backlink["y"].values[cells[:, 0]]])
    return shapely.Point(points[0]) if len(points) == 1 else shapely.LineString(points)


def _on(grid: GeoBox, raster: xr.DataArray, what: str) -> npt.NDArray[np.generic]:
    values = np.asarray(raster.to_numpy())
    if values.shape != tuple(grid.shape):
        raise DataError(
            f"{what} has shape {values.shape}, the grid {tuple(grid.shape)}: "
            "bring it there with geo.catalogue.raster.to_grid"
        )
    return values


def _base(base: float | xr.DataArray, grid: GeoBox) -> npt.NDArray[np.float32]:
    if isinstance(base, xr.DataArray):
        friction = _on(grid, base, "the base").astype(np.float32)
    else:
        friction = np.full(tuple(grid.shape), base, dtype=np.float32)
    if np.fmin.reduce(friction, axis=None) < 0:
        raise DataError(f"the base cost {np.nanmin(friction)} is negative, required is 0 or more")
    return friction


def _closed(barriers: gpd.GeoDataFrame | xr.DataArray, grid: GeoBox) -> npt.NDArray[np.bool_]:
    if isinstance(barriers, xr.DataArray):
        return np.asarray(_on(grid, barriers, "the raster of barriers").astype(np.float32) > 0)
    return mark(usable(_to(barriers, grid), grid, "the layer of barriers"), grid, touched=False)


def _to(features: gpd.GeoDataFrame, grid: GeoBox) -> gpd.GeoDataFrame:
    return features if features.crs is None else features.to_crs(str(grid.crs))


def _on_roads(
    roads: gpd.GeoDataFrame, value: float | str | None, grid: GeoBox
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
    """Cells with a road, and the cheapest road of each."""
    if value is None or (isinstance(value, str) and value not in roads):
        raise DataError(
            f"road_value is {value!r}: give the cost of a metre of road, or the column with it"
        )
    costs = np.full(len(roads), value, np.float64) if not isinstance(value, str) else roads[value]
    costs = np.asarray(costs, dtype=np.float64)
    if not (costs >= 0).all():
        raise DataError(f"the cost of a road is {costs.min()}, required is 0 or more for each")
    shapes, rows = parts(_to(roads, grid), grid, "the layer of roads")
    # The last one written stays: write the cheapest last.
    order = np.argsort(-costs[rows], kind="stable")
    painted = number_cells(shapes[order], rows[order].astype(np.int32), grid, touched=True)
    on_road = painted >= 0
    return on_road, costs.astype(np.float32)[np.where(on_road, painted, 0)]


def _starts(sources: Sources, friction: xr.DataArray, grid: GeoBox, engine: Engine) -> Starts:
    """Sources on any part of the grid; raises where none of them is on a passable cell."""
    given = sources
    if isinstance(sources, gpd.GeoDataFrame):
        shapes = usable(sources, grid, "the layer of sources")
        given = engine.compute(grid, lambda part: {"starts": _marked(shapes, part.grid)})["starts"]
    if given.shape != friction.shape:
        raise DataError(
            f"sources have shape {given.shape}, friction {friction.shape}: bring both to one grid"
        )
    for rows in strips(friction.shape):
        some = np.asarray(given[rows])
        some = some if some.dtype == np.bool_ else ~np.isnan(some)
        if (some & np.isfinite(friction[rows].to_numpy())).any():
            return lambda part: np.asarray(given[part.first : part.last])
    raise DataError(
        "no source lies on a passable cell of the grid: all are on barriers (NaN friction) or "
        "outside, move them or open the barriers"
    )


def _marked(shapes: npt.NDArray[np.object_], grid: GeoBox) -> xr.DataArray:
    touched = mark(shapes, grid, touched=True)
    return as_dataarray(touched, grid, name="starts", unit="1", long_name="Sources")


def _owners(sources: gpd.GeoDataFrame, grid: GeoBox) -> npt.NDArray[np.int32]:
    """Row of the first feature that touches each cell, -1 where none does."""
    shapes, rows = parts(sources, grid, "the layer of sources")
    # The last one written stays: write the first feature last.
    return number_cells(shapes[::-1], rows[::-1].astype(np.int32), grid, touched=True)


def _cost_unit(friction: xr.DataArray) -> str:
    unit = str(friction.attrs.get("units", ""))
    return unit.removesuffix("/m") if unit.endswith("/m") else f"{unit} m".strip()
