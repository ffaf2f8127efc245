"""Setbacks, placement and zones: hand values, laws and refusals."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from odc.geo.geobox import GeoBox

from geo.energy.eligibility import eligible_land
from geo.energy.placement import place_items, spacing_density
from geo.energy.setbacks import Machine, setback_distance, setback_rule
from geo.energy.zones import land_zones, number_zones, supply_curve, zone_totals
from geo.errors import DataError
from geo.grid import as_dataarray

GRID = GeoBox.from_bbox((4e6, 3e6, 4e6 + 12e3, 3e6 + 8e3), "EPSG:3035", resolution=500)
MASKS = hnp.arrays(np.bool_, (8, 10))


def land(values: np.ndarray, side: float = 100.0) -> xr.DataArray:
    rows, columns = values.shape
    box = (0, 0, columns * side, rows * side)
    grid = GeoBox.from_bbox(box, "EPSG:3035", resolution=side)
    return as_dataarray(values, grid, name="land", unit="1", long_name="Land")


def line(y: float) -> gpd.GeoDataFrame:
    way = shapely.LineString([(4e6, 3e6 + y), (4e6 + 12e3, 3e6 + y)])
    return gpd.GeoDataFrame(geometry=[way], crs=3035)


def test_each_rule_takes_land_and_a_higher_machine_takes_more() -> None:
    machine, higher = Machine(100.0, 126.0), Machine(160.0, 200.0)
    rules = [
        setback_rule("road", "Road", line(2250), 3, "tip heights", machine),
        setback_rule("rail", "Rail", line(5250), 800, "metres"),
        setback_rule("homes", "Homes", line(6750), 10, "rotor diameters", machine),
    ]
    shares = [eligible_land(rules[:count], GRID).share for count in range(4)]
    assert shares[0] == 1
    assert all(after < before for before, after in pairwise(shares))
    wider = setback_rule("road", "Road", line(2250), 3, "tip heights", higher)
    assert eligible_land([wider], GRID).share < eligible_land(rules[:1], GRID).share


@settings(max_examples=40)
@given(MASKS, hnp.arrays(np.int64, (8, 10), elements=st.integers(1, 3)))
def test_zones_partition_the_land_and_keep_to_their_division(open_, divisions) -> None:
    zones = number_zones(open_, divisions)
    assert ((zones > 0) == open_).all()
    assert set(np.unique(zones[open_])) == set(range(1, int(zones.max(initial=0)) + 1))
    for zone in range(1, int(zones.max(initial=0)) + 1):
        assert len(np.unique(divisions[zones == zone])) == 1


@settings(max_examples=40)
@given(MASKS, st.integers(0, 1000), st.floats(0.5, 60))
def test_the_sum_of_the_zones_is_that_of_the_surface(open_, seed, density) -> None:
    random = np.random.default_rng(seed)
    factor = np.where(random.random(open_.shape) < 0.2, np.nan, random.uniform(0.1, 0.5, (8, 10)))
    cost = random.uniform(20, 90, open_.shape)
    area = random.uniform(0.5, 2, open_.shape)
    _, table = land_zones(land(open_), xr.DataArray(factor), xr.DataArray(cost), area, density)
    known = open_ & ~np.isnan(factor)
    assert table["area_km2"].sum() == pytest.approx(area[open_].sum())
    assert table["unknown_km2"].sum() == pytest.approx(area[open_ & ~known].sum())
    assert table["capacity_mw"].sum() == pytest.approx(density * area[known].sum())
    energy = (factor * area)[known].sum() * density * 8.76
    assert table["energy_gwh"].sum() == pytest.approx(energy)
    spent = (table["cost"] * table["energy_gwh"]).sum()
    assert spent == pytest.approx((factor * area * cost)[known].sum() * density * 8.76)
    curve = supply_curve(table)
    assert curve["cost"].is_monotonic_increasing
    if len(curve):
        assert curve["cumulative_gw"].iloc[-1] == pytest.approx(table["capacity_mw"].sum() / 1000)


def test_small_zones_are_dropped_after_the_border_cut_them() -> None:
    whole = land(np.ones((1, 6), dtype=bool))
    ones = xr.ones_like(whole, dtype=float)
    divisions = np.array([[1, 1, 1, 1, 2, 2]])
    zones, table = land_zones(whole, ones, ones, 1.0, 1.0, divisions=divisions, min_area_km2=3)
    assert zones.tolist() == [[1, 1, 1, 1, 0, 0]]
    assert table["area_km2"].tolist() == [4]


def test_curves_of_groups_are_added_up_apart() -> None:
    table = pd.DataFrame(
        {
            "technology": ["wind", "solar", "wind"],
            "capacity_mw": [1000.0, 2000.0, 3000.0],
            "energy_gwh": [3.0, 4.0, 9.0],
            "cost": [50.0, 45.0, np.nan],
        }
    )
    curve = supply_curve(table, by=["technology"])
    assert curve["cumulative_gw"].tolist() == [2.0, 1.0]


@settings(max_examples=40)
@given(MASKS, st.floats(100, 500), st.floats(100, 500), st.floats(0, 360))
def test_items_keep_their_ellipse_and_none_more_would_fit(open_, along, across, direction) -> None:
    items = place_items(land(open_), along, across, direction=direction)
    x, y = items.geometry.x.to_numpy(), items.geometry.y.to_numpy()
    columns, rows = np.meshgrid(np.arange(10) * 100 + 50.0, 750.0 - np.arange(8) * 100)
    angle = np.radians(direction)

    def near(dx, dy):
        down, aside = (
            dx * np.sin(angle) + dy * np.cos(angle),
            dx * np.cos(angle) - dy * np.sin(angle),
        )
        return (down / along) ** 2 + (aside / across) ** 2 < 1 - 1e-6

    between = near(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(between, False)
    assert not between.any()
    for cell_x, cell_y in zip(columns[open_], rows[open_], strict=True):
        inside = ((cell_x - x) ** 2 + (cell_y - y) ** 2 < 1) | near(cell_x - x, cell_y - y)
        assert inside.any() or _on_the_rim(cell_x - x, cell_y - y, along, across, angle)


def _reach(dx, dy, along, across, angle):
    down = dx * np.sin(angle) + dy * np.cos(angle)
    aside = dx * np.cos(angle) - dy * np.sin(angle)
    return (down / along) ** 2 + (aside / across) ** 2


def _on_the_rim(dx, dy, along, across, angle) -> bool:
    return bool((np.abs(_reach(dx, dy, along, across, angle) - 1) < 1e-5).any())


def test_what_the_spacing_carries_is_what_a_placement_finds_on_open_land() -> None:
    grid = GeoBox.from_bbox((0, 0, 12_600, 12_600), "EPSG:3035", resolution=63)
    land = as_dataarray(np.ones((200, 200), bool), grid, name="a", unit="1", long_name="Land")
    placed = len(place_items(land, 8 * 126, 4 * 126)) * 3.45 / 12.6**2
    rows = spacing_density(3.45, 8 * 126, 4 * 126)
    assert rows == pytest.approx(6.7909, rel=1e-4)
    # Shifted rows carry up to 2 / sqrt(3) as many, and the last of them stand on the edge.
    edge = (1 + 1.008 / 12.6) * (1 + 0.504 / 12.6)
    assert rows <= placed <= rows * 2 / np.sqrt(3) * edge
    with pytest.raises(DataError, match="is no placement"):
        spacing_density(3.45, 0.0, 500.0)


def test_rows_stand_across_the_wind() -> None:
    # West wind: 800 m apart from west to east, 400 m from north to south.
    items = place_items(land(np.ones((9, 17), dtype=bool)), 800, 400, direction=270)
    found = {(round(p.x), round(p.y)) for p in items.geometry}
    assert found == {(x, y) for x in (50, 850, 1650) for y in (850, 450, 50)}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Machine(50, 126), "carries no rotor of 126 m"),
        (lambda: setback_distance(-1, "metres"), "setback is -1"),
        (lambda: setback_distance(3, "feet"), "'feet' are unknown"),
        (lambda: setback_distance(3, "tip heights"), "needs a machine"),
        (lambda: place_items(land(np.ones((2, 2), bool)), 50, 400), "spacing along the wind"),
        (lambda: place_items(land(np.ones((2, 2), bool)), 500, np.nan), "spacing across the wind"),
        (lambda: zone_totals(np.array([[1]]), [[0.3]], [[1.0]], 1.0, 0), "density is 0"),
    ],
)
def test_refuses_and_says_what_to_do(call, message) -> None:
    with pytest.raises(DataError, match=message):
        call()
