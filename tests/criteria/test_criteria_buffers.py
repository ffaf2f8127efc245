from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import CRS, Geod, Transformer

from geo.criteria.buffers import within
from geo.criteria.exclusion import (
    ExclusionRule,
    exclusion_bits,
    raster_margin,
    rule_holds,
    share_by_zone,
    tally,
    tally_waterfall,
    waterfall,
)
from geo.criteria.land import distance_classes, large_patches
from geo.errors import CrsError, DataError, GridError
from geo.grid import as_dataarray, cell_areas, centres


def raster(values, grid, name="r"):
    return as_dataarray(np.asarray(values), grid, name=name, unit="1", long_name=name)


def frame(*shapes, crs):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


@pytest.mark.parametrize(
    ("crs", "x", "y"), [("EPSG:3857", 11_900_000, 6_100_000), ("EPSG:3035", 4.3e6, 4.9e6)]
)
def test_a_buffer_is_a_true_distance_whatever_the_crs(crs, x, y):
    grid = GeoBox.from_bbox((x, y, x + 20_000, y + 20_000), crs, resolution=500)
    mine = shapely.Point(x + 9_900, y + 10_300)
    found = rule_holds(ExclusionRule("m", "M", geometry=frame(mine, crs=crs), buffer_m=4000), grid)
    east, north = np.meshgrid(*centres(grid))
    to_degrees = Transformer.from_crs(crs, CRS(crs).geodetic_crs, always_xy=True)
    lon, lat = to_degrees.transform(east, north)
    at = to_degrees.transform(np.full(lon.shape, mine.x), np.full(lon.shape, mine.y))
    true = np.asarray(Geod(ellps="WGS84").inv(lon, lat, *at)[2]) <= 4000
    plane = np.hypot(east - mine.x, north - mine.y) <= 4000
    np.testing.assert_array_equal(found, true)
    if crs == "EPSG:3857":
        assert true.sum() > 1.8 * plane.sum()


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        ((-150, 250), (2, 0)),
        ((650, 250), (2, 4)),
        ((250, 650), (0, 2)),
        ((250, -150), (4, 2)),
        ((-120, -120), (4, 0)),
    ],
)
def test_features_reach_in_from_every_side(place, cell):
    grid = GeoBox.from_bbox((4e6, 3e6, 4e6 + 500, 3e6 + 500), "EPSG:3035", resolution=100)
    point = shapely.Point(4e6 + place[0], 3e6 + place[1])
    found = rule_holds(ExclusionRule("p", "P", geometry=frame(point, crs=3035), buffer_m=250), grid)
    assert found[cell]
    assert not found[4 - cell[0], 4 - cell[1]]


def test_a_raster_buffer_reaches_from_the_edge_of_the_cells():
    grid = GeoBox.from_bbox((4e6, 3e6, 4e6 + 700, 3e6 + 100), "EPSG:3035", resolution=100)
    towns = raster([[0.0, 0, 0, 1, 0, 0, np.nan]], grid)

    def reach(buffer, **options):
        rule = ExclusionRule("t", "T", raster=towns, buffer_m=buffer, **options)
        return rule_holds(rule, grid)[0].astype(int).tolist()

    assert reach(49) == [0, 0, 0, 1, 0, 0, 0]
    assert reach(51) == [0, 0, 1, 1, 1, 0, 0]
    assert reach(149) == [0, 0, 1, 1, 1, 0, 0]
    assert reach(151) == [0, 1, 1, 1, 1, 1, 0]
    # A cell whose own value is unknown still lies near the town; turned round it never counts.
    assert reach(260) == [1, 1, 1, 1, 1, 1, 1]
    assert reach(51, invert=True) == [1, 1, 0, 0, 0, 1, 0]


def test_classes_and_intervals_hold_with_their_ends():
    grid = GeoBox.from_bbox((0, 0, 600, 100), "EPSG:3035", resolution=100)
    cover = raster([[1.0, 4, 5, 7, 12, np.nan]], grid)

    def held(values, **options):
        rule = ExclusionRule("c", "C", raster=cover, values=values, **options)
        return rule_holds(rule, grid)[0].astype(int).tolist()

    assert held([12]) == [0, 0, 0, 0, 1, 0]
    assert held([(4, 7)]) == [0, 1, 1, 1, 0, 0]
    assert held([(None, 4), 12]) == [1, 1, 0, 0, 1, 0]
    assert held([(5, None)]) == [0, 0, 1, 1, 1, 0]
    assert held([(5, None)], invert=True) == [1, 1, 0, 0, 0, 0]
    assert held([12], below=4) == [1, 0, 0, 0, 1, 0]


def test_a_rule_turned_round_holds_beyond_the_buffer():
    grid = GeoBox.from_bbox((4e6, 3e6, 4e6 + 400, 3e6 + 100), "EPSG:3035", resolution=100)
    road = frame(shapely.LineString([(4e6, 3e6), (4e6, 3e6 + 100)]), crs=3035)
    rule = ExclusionRule("far", "Far from a road", geometry=road, buffer_m=200, invert=True)
    assert rule_holds(rule, grid).tolist() == [[False, False, True, True]]


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0, 2500),
    st.tuples(st.integers(0, 10), st.integers(1, 6)),
    st.tuples(st.integers(0, 12), st.integers(1, 8)),
    st.sampled_from(["EPSG:3857", "EPSG:3035"]),
)
def test_bits_of_a_block_are_those_of_the_whole(seed, buffer, down, across, crs):
    chance = np.random.default_rng(seed)
    x, y = (1_000_000, 6_500_000) if crs == "EPSG:3857" else (4.2e6, 3.1e6)
    # The raster reaches farther than the grid.
    wide = GeoBox.from_bbox((x, y, x + 15_000, y + 12_000), crs, resolution=500)
    grid = wide[4:20, 5:25]
    ends = chance.uniform((x, y), (x + 15_000, y + 12_000), (4, 2))
    shapes = [
        shapely.Point(ends[0]),
        shapely.LineString(ends[1:3]),
        shapely.box(*ends[3], *ends[0]),
    ]
    cover = raster(chance.integers(0, 12, tuple(wide.shape)).astype(float), wide)
    rules = [
        ExclusionRule("f", "F", geometry=frame(*shapes, crs=crs), buffer_m=buffer),
        ExclusionRule("r", "R", raster=cover, values=[3], buffer_m=buffer),
        ExclusionRule("v", "V", raster=cover, above=9, invert=True),
    ]
    whole = exclusion_bits(rules, grid).to_numpy()
    rows, columns = slice(down[0], down[0] + down[1]), slice(across[0], across[0] + across[1])
    block = grid[rows, columns]
    np.testing.assert_array_equal(exclusion_bits(rules, block).to_numpy(), whole[rows, columns])
    # A raster cut to the block and its margin gives the same.
    step = int(np.ceil(raster_margin(rules) / 500)) + 1
    own = (
        slice(max(0, 4 + rows.start - step), min(24, 4 + rows.stop + step)),
        slice(max(0, 5 + columns.start - step), min(30, 5 + columns.stop + step)),
    )
    cut = raster(cover.to_numpy()[own], wide[own])
    near = [rules[0], ExclusionRule("r", "R", raster=cut, values=[3], buffer_m=buffer)]
    np.testing.assert_array_equal(
        exclusion_bits(near, block).to_numpy(), whole[rows, columns] & 0b11
    )


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_the_waterfall_adds_up_and_tallies_of_blocks_add_up(seed, count):
    chance = np.random.default_rng(seed)
    grid = GeoBox.from_bbox((4e6, 3e6, 4e6 + 800, 3e6 + 600), "EPSG:3035", resolution=100)
    rules = [
        ExclusionRule(f"r{n}", "R", raster=raster(chance.integers(0, 2, (6, 8)), grid))
        for n in range(count)
    ]
    bits, inside = exclusion_bits(rules, grid), chance.random((6, 8)) < 0.8
    rows, columns = chance.integers(0, 6, 5), chance.integers(0, 8, 5)
    found = waterfall(bits, rules, inside, 0.01, sites=(rows, columns))
    total = inside.sum() * 0.01
    assert found["in_order_km2"].sum() + found["left_km2"].iloc[-1] == pytest.approx(total)
    assert (found["left_km2"].diff().iloc[1:] <= 1e-12).all()
    # What lifting a rule alone would bring back.
    for n, rule in enumerate(rules):
        others = [r for r in rules if r is not rule]
        without = (exclusion_bits(others, grid).to_numpy() == 0) & inside
        back = without.sum() * 0.01 - found["left_km2"].iloc[-1]
        assert found["only_km2"].iloc[n] == pytest.approx(back)
    assert found["in_order_sites"].sum() + found["left_sites"].iloc[-1] == 5
    halves = sum(
        tally(bits[part], rules, inside[part], 0.01) for part in (slice(0, 2), slice(2, 6))
    )
    again = tally_waterfall(halves, rules)
    np.testing.assert_allclose(again.iloc[:, 1:], found[again.columns].iloc[:, 1:], atol=1e-12)


def test_areas_of_cells_are_those_of_the_ellipsoid():
    grid = GeoBox.from_bbox((0, 6e6, 1e6, 8e6), "EPSG:3857", resolution=100_000)
    areas = cell_areas(grid)
    box = grid[3, 4].boundingbox
    to_degrees = Transformer.from_crs(3857, 4326, always_xy=True)
    ring = shapely.segmentize(shapely.box(*box), 1000).exterior
    lon, lat = to_degrees.transform(*ring.coords.xy)
    true = abs(Geod(ellps="WGS84").polygon_area_perimeter(lon, lat)[0]) / 1e6
    assert areas[3, 4] == pytest.approx(true, rel=2e-3)
    assert areas[0, 0] < areas[-1, 0]


def test_patches_by_hand():
    land = [[1, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]]
    assert large_patches(land, 2, 1.0).astype(int).tolist() == [
        [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0],
    ]  # fmt: skip
    assert large_patches(land, 4, 1.0, corners=True).astype(int).tolist() == [
        [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1],
    ]  # fmt: skip
    areas = np.ones((3, 4))
    areas[2, 0] = 5
    assert large_patches(land, 4, areas).sum() == 1


def test_a_zone_without_a_cell_has_no_share():
    found = share_by_zone([[True, False]], [[0, -1]], ["a", "b"], 2.0)
    assert found["available_km2"].tolist() == [2.0, 0.0]
    assert np.isnan(found["share"].iloc[1])


GRID = GeoBox.from_bbox((4e6, 3e6, 4e6 + 300, 3e6 + 100), "EPSG:3035", resolution=100)
PRIOR = raster([[0.0, 1.0, 9.0]], GRID)


def test_classes_without_a_number_are_unknown_and_untouched_is_far():
    found = distance_classes(PRIOR, {0: 50.0, 1: "untouched", 9: "noData"})
    assert found.values.tolist()[0][:2] == [50.0, np.inf]
    assert np.isnan(found.values[0, 2])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: distance_classes(PRIOR, {0: 50}), "holds class 1, which is not among"),
        (lambda: distance_classes(PRIOR, "50 m"), "required is a JSON object"),
        (lambda: large_patches([[1]], -1, 1.0), "smallest area is -1"),
        (lambda: share_by_zone([[1]], [[3]], ["a"], 1.0), "zone 3 has no name"),
        (lambda: share_by_zone([[1]], [[0, 0]], ["a"], 1.0), "the zones"),
        (
            lambda: ExclusionRule("x", "X", raster=PRIOR, values=[(5, 2)]),
            r"interval \[5, 2\]: write the low end first",
        ),
        (
            lambda: ExclusionRule("x", "X", geometry=frame(shapely.Point(0, 0), crs=3035), above=1),
            "limits or values, which need a raster",
        ),
        (
            lambda: rule_holds(ExclusionRule("x", "X", raster=PRIOR), GRID.pad(1)),
            "does not cover it with the same cells",
        ),
        (
            lambda: rule_holds(
                ExclusionRule("x", "X", raster=PRIOR),
                GeoBox.from_bbox((4e6 + 50, 3e6, 4e6 + 350, 3e6 + 100), 3035, resolution=100),
            ),
            "does not cover it with the same cells",
        ),
    ],
)
def test_refuses_what_does_not_fit(call, says):
    with pytest.raises(DataError, match=says):
        call()


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1))
def test_eligible_area_falls_with_each_rule(seed):
    from geo.energy.eligibility import eligible_land

    chance = np.random.default_rng(seed)
    crs = ("EPSG:3035", "EPSG:3857")[seed % 2]
    x, y = ((4e6, 3e6), (1e6, 6.5e6))[seed % 2]
    grid = GeoBox.from_bbox((x, y, x + 800, y + 600), crs, resolution=100)
    region = frame(shapely.box(x, y, x + 800, y + 450), crs=crs)
    rules = []
    for n in range(4):
        if chance.random() < 0.5:
            values = raster(chance.integers(0, 5, (6, 8)), grid)
            buffer = float(chance.choice([0, 120]))
            rule = ExclusionRule(f"r{n}", "R", raster=values, values=[0], buffer_m=buffer)
        else:
            place = shapely.Point(x + chance.uniform(0, 800), y + chance.uniform(0, 600))
            buffer = float(chance.uniform(0, 200))
            rule = ExclusionRule(f"r{n}", "R", geometry=frame(place, crs=crs), buffer_m=buffer)
        rules.append(rule)
    lands = [eligible_land(rules[:n], grid, region=region) for n in range(5)]
    assert lands[0].share == pytest.approx(1)
    for fewer, more in pairwise(lands):
        assert more.share <= fewer.share + 1e-12
        assert not (more.available.to_numpy() & ~fewer.available.to_numpy()).any()
    found = lands[-1].waterfall
    total = found["in_order_km2"].sum() + found["left_km2"].iloc[-1]
    np.testing.assert_allclose(lands[0].area_km2, total)
    np.testing.assert_allclose(lands[-1].area_km2, found["left_km2"].iloc[-1])
    areas = cell_areas(grid)
    np.testing.assert_allclose(lands[-1].area_km2, areas[lands[-1].available.to_numpy()].sum())


def test_eligible_land_drops_small_patches_last_and_refuses_what_is_no_region():
    from geo.energy.eligibility import eligible_land

    rule = ExclusionRule("middle", "Middle", raster=raster([[0, 1, 0]], GRID))
    land = eligible_land([rule], GRID, min_area_km2=0.02)
    assert land.share == 0
    assert land.waterfall["rule"].tolist() == ["middle", "minimum area"]
    assert land.waterfall["left_km2"].round(9).tolist() == [0.02, 0.0]
    west = frame(shapely.box(4e6, 3e6, 4e6 + 190, 3e6 + 100), crs=3035).to_crs(4326)
    assert eligible_land([rule], GRID, region=west).share == pytest.approx(0.5)
    warn = ExclusionRule("w", "W", raster=raster([[1, 1, 1]], GRID), effect="warn")
    assert eligible_land([warn], GRID).share == 1
    assert eligible_land([], GRID).share == 1
    with pytest.raises(GridError, match="no cell's centre"):
        eligible_land([rule], GRID, region=frame(shapely.box(0, 0, 9, 9), crs=3035))
    degrees = GeoBox.from_bbox((6, 50, 7, 51), "EPSG:4326", resolution=0.1)
    with pytest.raises(CrsError, match="projected"):
        eligible_land([], degrees)


def test_within_no_metres_lie_the_cells_whose_centre_a_piece_meets():
    grid = GeoBox.from_bbox((6e5, 5e6, 603_000, 5_002_000), "EPSG:32648", resolution=1000)
    found = within([[0, 0, 3000, 3000], [2100, 0, 2100, 900]], grid, 0.0)
    assert found.tolist() == [[True, False, False], [False, True, False]]
