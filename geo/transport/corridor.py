"""Where a new line would run: the cheapest alignment over the terrain, and its corridor.

The cost of a metre of line in each cell comes from a stated unit cost, lengthened where the
ground is steeper than the line may be, dearer on difficult ground, and with a lump for each river.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio.features
import shapely
import shapely.geometry
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from geo.compute import kernels
from geo.criteria.rasters import grid_of
from geo.criteria.shapes import mark, usable
from geo.errors import DataError
from geo.grid import as_dataarray, cell_of, cell_size, centres

__all__ = ["Alignment", "Ground", "UnitCost", "align", "bands", "grade_note", "ground_surface"]

Triple = tuple[float, float, float]
Floats = npt.NDArray[np.float64]

_KM = 1000.0
_SHARES = (0.02, 0.05, 0.10)


@dataclass(frozen=True)
class UnitCost:
    """What a line costs to build, each (low, central, high).

    Attributes
    ----------
    per_km : (low, central, high)
        On level, dry ground [USD/km].
    per_river : (low, central, high)
        For each river crossed [USD].
    grade : float
        Ruling grade, the steepest that the line may be [1]: 0.012 is 1.2 %.
    """

    per_km: Triple
    per_river: Triple
    grade: float

    def __post_init__(self) -> None:
        for what, triple in (("per kilometre", self.per_km), ("per river", self.per_river)):
            if not 0 <= triple[0] <= triple[1] <= triple[2] < np.inf:
                raise DataError(
                    f"the cost {what} {triple} does not rise from low to high: "
                    "give finite numbers, 0 <= low <= central <= high"
                )
        if not (self.per_km[1] > 0 and 0 < self.grade < 1):
            raise DataError(
                f"a kilometre costs {self.per_km[1]} USD and the ruling grade is {self.grade}: "
                "give a cost above 0 and a grade between 0 and 1, such as 0.012"
            )


@dataclass(frozen=True, eq=False)
class Ground:
    """Country on which building is dearer, cheaper or forbidden.

    Attributes
    ----------
    features : GeoDataFrame
        Polygons count by the cell's centre, lines and points by every cell they touch.
    factor : float or None
        Times the cost of other ground: above 1 for settlements and protected land, below
        1 along existing works. None is forbidden.
    """

    features: gpd.GeoDataFrame
    factor: float | None


@dataclass(frozen=True, eq=False)
class Alignment:
    """The cheapest line between two places, and what other lines would cost more.

    Attributes
    ----------
    cells : (n, 2) array of int
        Rows and columns from the start to the end.
    line : LineString
        From place to place, EPSG:4326.
    map_km : float
        Length as drawn over the cells [km].
    built_km : float
        With the turns that keep the ruling grade [km].
    rivers : int
        Rivers crossed.
    usd : (low, central, high)
        Capital cost [USD].
    steep_km : float
        Length as drawn where the ground is steeper than the ruling grade [km].
    excess : (rows, columns) DataArray [USD]
        What the cheapest line through each cell costs more, central; 0 on the alignment,
        NaN where none can pass.
    """

    cells: npt.NDArray[np.intp]
    line: shapely.LineString
    map_km: float
    built_km: float
    rivers: int
    usd: Triple
    steep_km: float
    excess: xr.DataArray


def ground_surface(
    grid: GeoBox,
    cost: UnitCost,
    *,
    slope: xr.DataArray | None = None,
    rivers: gpd.GeoDataFrame | None = None,
    grounds: Sequence[Ground] = (),
) -> xr.Dataset:
    """What building a line costs in each cell.

    Parameters
    ----------
    grid : GeoBox
        In a projected CRS.
    cost : UnitCost
    slope : (rows, columns) DataArray, optional
        Steepness [%]; unknown counts as level. Where it exceeds the ruling grade the line is
        as many times longer as the one exceeds the other: to climb h at grade g takes h/g.
        Across a slope a line need not climb, so this is an upper bound.
    rivers : GeoDataFrame, optional
        Lines.
    grounds : sequence of Ground
        Where several meet their factors are multiplied.

    Returns
    -------
    Dataset
        ``usd_per_m`` [USD/m], central, NaN where no line may run; ``lengthening``, metres
        of line for a metre of map; ``factor`` of the ground; ``river`` (bool).

    Raises
    ------
    DataError
        If a factor is not positive or the slope is not on the grid.
    CrsError, EmptyLayerError
        If a layer has no CRS or no usable geometry.

    Examples
    --------
    >>> grid = GeoBox.from_bbox((0, 0, 3000, 1000), "EPSG:3857", resolution=1000)
    >>> cost = UnitCost((1e6, 2e6, 4e6), (0, 0, 0), 0.01)
    >>> steep = xr.DataArray([[0.0, 3.0, 0.5]], dims=("y", "x"))
    >>> ground_surface(grid, cost, slope=steep)["usd_per_m"].values
    array([[2000., 6000., 2000.]])
    """
    shape = tuple(grid.shape)
    lengthening = np.ones(shape)
    if slope is not None:
        if slope.shape != shape:
            raise DataError(
                f"the slope has shape {slope.shape}, the grid {shape}: bring it there with "
                "geo.catalogue.raster.to_grid"
            )
        steep = np.nan_to_num(slope.to_numpy().astype(np.float64)) / 100.0
        lengthening = np.maximum(1.0, steep / cost.grade)
    factor = np.ones(shape)
    for ground in grounds:
        if ground.factor is not None and not 0 < ground.factor < np.inf:
            raise DataError(f"the factor of a ground is {ground.factor}: give a number above 0")
        here = _covered(ground.features, grid)
        factor[here] *= np.nan if ground.factor is None else ground.factor
    wet = np.zeros(shape, bool) if rivers is None else _covered(rivers, grid)
    usd = cost.per_km[1] / _KM * lengthening * factor + wet * cost.per_river[1] / _across(grid)
    made = {
        "usd_per_m": (usd, "USD/m", "Cost of a metre of map"),
        "lengthening": (lengthening, "1", "Metres of line for a metre of map"),
        "factor": (factor, "1", "Factor of the ground"),
        "river": (wet, "1", "River"),
    }
    return xr.Dataset(
        {
            name: as_dataarray(values, grid, name=name, unit=unit, long_name=title)
            for name, (values, unit, title) in made.items()
        }
    )


def _covered(features: gpd.GeoDataFrame, grid: GeoBox) -> npt.NDArray[np.bool_]:
    local = features if features.crs is None else features.to_crs(str(grid.crs))
    return mark(usable(local, grid, "a layer of the ground"), grid, touched=False)


def _across(grid: GeoBox) -> float:
    """Length over which a river's lump is spread: a step across a cell [m]."""
    height, width = cell_size(grid)
    return (height + width) / 2


def align(
    grid: GeoBox,
    ground: xr.Dataset,
    cost: UnitCost,
    start: tuple[float, float],
    end: tuple[float, float],
) -> Alignment:
    """Cheapest line between two places, and what the cheapest one through each cell costs more.

    Parameters
    ----------
    grid : GeoBox
    ground : Dataset
        As of `ground_surface`, for the same cost.
    cost : UnitCost
    start, end : (lon, lat)
        [degrees]

    Returns
    -------
    Alignment

    Raises
    ------
    DataError
        If a place lies where no line may run, both lie in one cell, or no way joins them.
    GridError
        If a place lies outside the grid.

    Notes
    -----
    The corridor is the sum of the accumulated costs from both ends, less that of the
    cheapest line: every line that leaves the alignment by a cell costs at least that
    cell's excess more.
    """
    friction = ground["usd_per_m"].to_numpy()
    cells = [_cell(grid, place) for place in (start, end)]
    if cells[0] == cells[1]:
        raise DataError("both ends of the line lie in one cell: choose smaller cells")
    from_start = _cost_from(friction, cells[0], grid)
    to_end = _cost_from(friction, cells[1], grid)
    if not np.isfinite(from_start.cost[cells[1]]):
        raise DataError(
            f"no line can join {_told(start)} and {_told(end)}: forbidden ground lies between "
            "them or at one of them; give it a factor instead, or other ends"
        )
    path = kernels.trace_back(from_start.backlink, cells[1])[::-1]
    whole = float(from_start.cost[cells[1]])
    # Two sums over the same steps in another order differ by rounding.
    excess = np.maximum(from_start.cost + to_end.cost - whole, 0.0)
    excess[path[:, 0], path[:, 1]] = 0.0
    surface = as_dataarray(excess, grid, name="excess", unit="USD", long_name="Cost above")
    return _measured(grid, ground, cost, path, _line(grid, path, start, end), surface)


def _cell(grid: GeoBox, place: tuple[float, float]) -> tuple[int, int]:
    x, y = Transformer.from_crs(4326, str(grid.crs), always_xy=True).transform(*place)
    rows, columns = cell_of(grid, np.array([x]), np.array([y]))
    return int(rows[0]), int(columns[0])


def _told(place: tuple[float, float]) -> str:
    return f"{place[0]:.3f} E, {place[1]:.3f} N"


def _cost_from(friction: Floats, cell: tuple[int, int], grid: GeoBox) -> kernels.CostAllocation:
    source = np.zeros(friction.shape, bool)
    source[cell] = True
    return kernels.accumulated_cost_allocation(friction, source, cell_size(grid))


def _line(
    grid: GeoBox, path: npt.NDArray[np.intp], start: tuple[float, float], end: tuple[float, float]
) -> shapely.LineString:
    x, y = centres(grid)
    inner = path[1:-1]
    back = Transformer.from_crs(str(grid.crs), 4326, always_xy=True)
    lon, lat = back.transform(x[inner[:, 1]], y[inner[:, 0]])
    return shapely.LineString([start, *zip(lon, lat, strict=True), end])


def _measured(
    grid: GeoBox,
    ground: xr.Dataset,
    cost: UnitCost,
    path: npt.NDArray[np.intp],
    line: shapely.LineString,
    excess: xr.DataArray,
) -> Alignment:
    """Lengths, rivers and capital of a path, each step half in either cell."""
    height, width = cell_size(grid)
    moves = np.diff(path, axis=0)
    steps = np.hypot(moves[:, 0] * height, moves[:, 1] * width)
    share = (np.r_[steps, 0.0] + np.r_[0.0, steps]) / 2
    at = {str(name): ground[name].to_numpy()[path[:, 0], path[:, 1]] for name in ground}
    level_km = float((share * at["lengthening"] * at["factor"]).sum()) / _KM
    bridges = float((share * at["river"]).sum()) / _across(grid)
    low, central, high = (
        km * level_km + river * bridges
        for km, river in zip(cost.per_km, cost.per_river, strict=True)
    )
    return Alignment(
        cells=path,
        line=line,
        map_km=float(steps.sum()) / _KM,
        built_km=float((share * at["lengthening"]).sum()) / _KM,
        rivers=int((np.diff(np.r_[0, at["river"].astype(np.int8)]) == 1).sum()),
        usd=(low, central, high),
        steep_km=float(share[at["lengthening"] > 1].sum()) / _KM,
        excess=excess,
    )


def bands(found: Alignment, shares: Sequence[float] = _SHARES) -> gpd.GeoDataFrame:
    """Corridors in which a line costs little more than the cheapest.

    Parameters
    ----------
    found : Alignment
    shares : sequence of float
        Shares of the cheapest line's cost, rising [1].

    Returns
    -------
    GeoDataFrame in EPSG:4326
        ``share`` and ``usd``, how much more a line inside may cost [USD]; one row a share,
        the widest first. Each band holds the narrower ones.

    Raises
    ------
    DataError
        If the shares are not positive.
    """
    if not all(share > 0 for share in shares):
        raise DataError(f"the shares {tuple(shares)} are not all above 0: give some such as 0.05")
    box = grid_of(found.excess)
    rows = []
    for share in sorted(shares, reverse=True):
        usd = share * found.usd[1]
        inside = (found.excess.to_numpy() <= usd).astype(np.uint8)
        parts = rasterio.features.shapes(inside, mask=inside == 1, transform=box.affine)
        area = shapely.union_all([shapely.geometry.shape(shape) for shape, _ in parts])
        rows.append({"share": share, "usd": usd, "geometry": area})
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=str(box.crs))
    return frame.to_crs(4326)


def grade_note(
    resolution: float, grade: float, earthwork: float = 20.0, *, called: str = "the relief"
) -> str:
    """Say if a relief is too coarse to judge a ruling grade; empty where it will do.

    Parameters
    ----------
    resolution : float
        Side of the relief's own cells, before any resampling [m].
    grade : float
        Ruling grade [1].
    earthwork : float
        Depth of cuts and height of fills that are built without ado [m]. Assumption: 20 m.
    called : str
        What to call the relief.

    Returns
    -------
    str

    Notes
    -----
    Between two heights of the relief the ground may rise and fall unseen. A line makes up
    for what its earthworks can; it can climb resolution times grade. Where that climb is more
    than the earthworks, slopes between the heights decide, and the relief does not show them.

    Examples
    --------
    >>> grade_note(90.0, 0.012)
    ''
    >>> print(grade_note(9000.0, 0.012).split(", more")[0])
    the relief has a height each 9000 m, in which a line at 1.2 % climbs 108 m
    """
    climb = resolution * grade
    if climb <= earthwork:
        return ""
    return (
        f"{called} has a height each {resolution:.0f} m, in which a line at {100 * grade:g} % "
        f"climbs {climb:.0f} m, more than earthworks of {earthwork:g} m: it is too coarse to judge "
        "the grade"
    )
