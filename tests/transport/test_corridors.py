"""Alignments and corridors of new lines."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from skimage.graph import MCP_Geometric

from geo.compute import kernels
from geo.errors import DataError, GridError
from geo.grid import as_dataarray, cell_size, centres
from geo.transport.corridor import Ground, UnitCost, align, bands, grade_note, ground_surface

CRS = "EPSG:32648"
COST = UnitCost((1e6, 2e6, 5e6), (1e6, 4e6, 8e6), 0.01)


def grid(rows=6, columns=9, height=1000.0, width=1000.0):
    east, north = 500_000.0, 5_000_000.0
    box = (east, north, east + columns * width, north + rows * height)
    return GeoBox.from_bbox(box, CRS, shape=(rows, columns))


def frame(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=CRS)


def place(box, row, column):
    x, y = centres(box)
    return Transformer.from_crs(CRS, 4326, always_xy=True).transform(x[column], y[row])


def slope(box, values):
    return as_dataarray(np.asarray(values, float), box, name="s", unit="%", long_name="slope")


def joined(box, start, end, cost=COST, **ground):
    surface = ground_surface(box, cost, **ground)
    return surface, align(box, surface, cost, place(box, *start), place(box, *end))


def test_level_ground_by_hand():
    box = grid()
    _, found = joined(box, (3, 0), (3, 8))
    assert found.cells.tolist() == [[3, c] for c in range(9)]
    assert (found.map_km, found.built_km) == pytest.approx((8.0, 8.0))
    assert found.usd == pytest.approx((8e6, 16e6, 40e6))
    assert (found.rivers, found.steep_km) == (0, 0.0)
    assert found.line.coords[0] == pytest.approx(place(box, 3, 0))


def test_steep_ground_lengthens_the_line_by_grade_over_ruling_grade():
    box = grid(1, 3)
    _, found = joined(box, (0, 0), (0, 2), slope=slope(box, [[0, 3, 0]]))
    # Half a kilometre, then a kilometre at three times the ruling grade, then half a kilometre.
    assert found.built_km == pytest.approx(0.5 + 3.0 + 0.5)
    assert found.usd[1] == pytest.approx(2e6 * 4.0)
    assert found.steep_km == pytest.approx(1.0)


def test_unknown_slope_counts_as_level():
    box = grid(1, 3)
    _, found = joined(box, (0, 0), (0, 2), slope=slope(box, [[0, np.nan, 0]]))
    assert found.built_km == pytest.approx(2.0)


def test_a_river_is_paid_once_where_it_is_crossed():
    box = grid(3, 9)
    x, y = centres(box)
    river = frame(shapely.LineString([(x[4], y[0] + 400), (x[4], y[2] - 400)]))
    _, found = joined(box, (1, 0), (1, 8), rivers=river)
    assert found.rivers == 1
    assert found.usd == pytest.approx((8e6 + 1e6, 16e6 + 4e6, 40e6 + 8e6))


def test_forbidden_ground_is_gone_round_and_dear_ground_avoided():
    box = grid()
    x, y = centres(box)
    wall = frame(shapely.box(x[4] - 400, y[5] - 400, x[4] + 400, y[1] + 400))
    _, free = joined(box, (3, 0), (3, 8))
    _, dear = joined(box, (3, 0), (3, 8), grounds=[Ground(wall, 10.0)])
    _, shut = joined(box, (3, 0), (3, 8), grounds=[Ground(wall, None)])
    assert free.usd[1] < dear.usd[1]
    assert not any((row, 4) in set(map(tuple, shut.cells)) for row in range(1, 6))
    assert np.isnan(shut.excess.to_numpy()[3, 4])


def test_existing_works_attract_the_line():
    box = grid()
    x, y = centres(box)
    track = frame(shapely.LineString([(x[0], y[1]), (x[8], y[1])]))
    _, found = joined(box, (2, 0), (2, 8), grounds=[Ground(track, 0.3)])
    assert (found.cells[2:-2, 0] == 1).all()


def random_ground(box, seed):
    random = np.random.default_rng(seed)
    surface = ground_surface(box, COST, slope=slope(box, random.gamma(1.0, 1.5, box.shape)))
    shut = random.random(box.shape) < 0.1
    shut[0, 0] = shut[-1, -1] = False
    return surface.assign(usd_per_m=surface["usd_per_m"].where(~shut))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([500.0, 1000.0, 2300.0]))
def test_the_cost_is_that_of_scikit_image_on_cells_that_are_not_square(seed, width):
    box = grid(12, 9, 1000.0, width)
    ground = random_ground(box, seed)
    friction = ground["usd_per_m"].to_numpy()
    peer = MCP_Geometric(np.where(np.isnan(friction), -1, friction), sampling=cell_size(box))
    costs, _ = peer.find_costs([(0, 0)], [(11, 8)])
    ends = place(box, 0, 0), place(box, 11, 8)
    if not np.isfinite(costs[11, 8]):
        with pytest.raises(DataError, match="no line can join"):
            align(box, ground, COST, *ends)
        return
    found = align(box, ground, COST, *ends)
    assert found.usd[1] == pytest.approx(costs[11, 8], rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_corridor_is_lowest_on_the_alignment_and_says_what_a_detour_costs(seed):
    box = grid(10, 8, 900.0, 1300.0)
    ground = random_ground(box, seed)
    try:
        found = align(box, ground, COST, place(box, 0, 0), place(box, 9, 7))
    except DataError:
        return
    excess, friction = found.excess.to_numpy(), ground["usd_per_m"].to_numpy()
    summed = kernels.least_cost_corridor(friction, (0, 0), (9, 7), cell_size(box))
    assert np.nanmin(summed) == pytest.approx(found.usd[1], rel=1e-9)
    assert np.nanmin(excess) == 0
    assert (excess[found.cells[:, 0], found.cells[:, 1]] == 0).all()
    by = np.unravel_index(np.nanargmax(excess), excess.shape)
    detour = 0.0
    for end in ((0, 0), (9, 7)):
        cost = MCP_Geometric(np.where(np.isnan(friction), -1, friction), sampling=cell_size(box))
        detour += cost.find_costs([end], [tuple(map(int, by))])[0][by]
    assert found.usd[1] + excess[by] == pytest.approx(detour, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_capital_rises_from_low_to_high_and_bands_hold_each_other(seed):
    box = grid(10, 8)
    try:
        found = align(box, random_ground(box, seed), COST, place(box, 0, 0), place(box, 9, 7))
    except DataError:
        return
    assert found.usd[0] <= found.usd[1] <= found.usd[2]
    wide, middle, narrow = bands(found).to_crs(CRS).geometry
    assert wide.buffer(1).contains(middle)
    assert middle.buffer(1).contains(narrow)
    inner = shapely.LineString(list(found.line.coords)[1:-1])
    inner = gpd.GeoSeries([inner], crs=4326).to_crs(CRS).iloc[0]
    # A step from corner to corner leaves the cells of a band for no length.
    assert narrow.buffer(1).contains(inner)


@pytest.mark.parametrize(
    ("resolution", "grade", "coarse"),
    [(30, 0.012, False), (1600, 0.012, False), (1700, 0.012, True), (9000, 0.001, False)],
)
def test_relief_is_coarse_where_the_line_outclimbs_the_earthworks(resolution, grade, coarse):
    assert bool(grade_note(resolution, grade)) is coarse


def test_bad_input_is_refused_in_a_sentence():
    box = grid()
    ground = ground_surface(box, COST)
    here = place(box, 3, 0)
    with pytest.raises(DataError, match="both ends of the line lie in one cell"):
        align(box, ground, COST, here, here)
    with pytest.raises(GridError):
        align(box, ground, COST, here, (100.0, 10.0))
    with pytest.raises(DataError, match="does not rise from low to high"):
        UnitCost((2.0, 1.0, 3.0), (0, 0, 0), 0.01)
    with pytest.raises(DataError, match="grade between 0 and 1"):
        UnitCost((1.0, 1.0, 1.0), (0, 0, 0), 1.2)
    with pytest.raises(DataError, match="factor of a ground is -1"):
        ground_surface(box, COST, grounds=[Ground(frame(shapely.Point(500_500, 5_000_500)), -1)])
    with pytest.raises(DataError, match="the slope has shape"):
        ground_surface(box, COST, slope=xr.DataArray(np.zeros((2, 2)), dims=("y", "x")))
    with pytest.raises(DataError, match="not all above 0"):
        bands(align(box, ground, COST, here, place(box, 3, 8)), [0.1, 0.0])
