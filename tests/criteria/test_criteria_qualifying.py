from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer

from geo.criteria.exclusion import ExclusionRule, rule_holds
from geo.criteria.qualifying import changes_needed
from geo.errors import DataError
from geo.grid import as_dataarray

X, Y = 4_300_000, 3_200_000
GRID = GeoBox.from_bbox((X, Y, X + 1000, Y + 400), "EPSG:3035", resolution=100)


def layer(*shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=3035)


def raster(values, unit="%"):
    return as_dataarray(np.asarray(values, dtype=float), GRID, name="r", unit=unit, long_name="r")


def at(x, y):
    return shapely.Point(X + x, Y + y)


def test_a_feature_too_near_by_hand():
    towns = layer(at(50, 350), at(950, 350), name=["West", "East"])
    rule = ExclusionRule("town", "Town", geometry=towns, buffer_m=500)
    found = changes_needed([rule], GRID, [0, 0], [3, 8])
    assert found["site"].tolist() == [0, 1]
    assert found["feature"].tolist() == ["West", "East"]
    np.testing.assert_allclose(found["found"], [300, 100], rtol=1e-3)
    np.testing.assert_allclose(found["change"], [200, 400], rtol=1e-3)
    assert found["text"].iloc[0] == (
        "Town: West lies 300 m away, 500 m are required, short by 200 m"
    )


def test_inside_an_area_the_way_out_counts():
    park = layer(shapely.box(X, Y, X + 400, Y + 400), name=["Gobi"])
    rule = ExclusionRule("park", "Park", geometry=park, buffer_m=100)
    found = changes_needed([rule], GRID, [2], [1]).iloc[0]
    assert found["found"] == pytest.approx(-150, rel=1e-3)
    assert found["change"] == pytest.approx(250, rel=1e-3)
    assert found["text"].startswith("Park: Gobi holds the site, which would have to lie 250 m")


def test_distances_are_those_of_the_ground():
    grid = GeoBox.from_bbox((0, 8_400_000, 10_000, 8_401_000), "EPSG:3857", resolution=1000)
    mine = gpd.GeoDataFrame(geometry=[shapely.Point(500, 8_400_500)], crs=3857)
    rule = ExclusionRule("mine", "Mine", geometry=mine, buffer_m=3000)
    found = changes_needed([rule], grid, [0], [4]).iloc[0]
    to_degrees = Transformer.from_crs(3857, 4326, always_xy=True)
    ends = [to_degrees.transform(x, 8_400_500) for x in (500, 4500)]
    assert found["found"] == pytest.approx(Geod(ellps="WGS84").inv(*ends[0], *ends[1])[2])
    assert found["feature"] == ""


def test_values_by_hand():
    slope = raster(np.full((4, 10), 12.5))
    cover = raster(np.full((4, 10), 12), unit="1")
    rules = [
        ExclusionRule("steep", "Too steep", raster=slope, above=10),
        ExclusionRule("flat", "Too flat", raster=slope, below=20, values=[(15, 30)]),
        ExclusionRule("crop", "Cropland", raster=cover, values=[12]),
        ExclusionRule("any", "Marked", raster=cover),
        ExclusionRule("only", "Not in the belt", raster=slope, values=[(20, 30)], invert=True),
        ExclusionRule("fine", "Fine", raster=slope, above=50),
        ExclusionRule("warn", "Warned", raster=slope, above=12, effect="warn"),
    ]
    found = changes_needed(rules, GRID, [0], [0])
    assert found["text"].tolist() == [
        "Too steep: the site has 12.5 %, the limit is 10 %, off by 2.5 %",
        "Too flat: the site has 12.5 %, the limit is 30 %, off by 17.5 %",
        "Cropland: the site has 12",
        "Marked: the site has 12",
        "Not in the belt: the site has 12.5 %, the limit is 20 %, off by 7.5 %",
        "Warned: the site has 12.5 %, the limit is 12 %, off by 0.5 %",
    ]
    assert found["effect"].tolist() == ["exclude"] * 5 + ["warn"]


def test_a_raster_too_near_and_a_touched_cell():
    towns = np.zeros((4, 10))
    towns[0, 0] = 1
    rules = [
        ExclusionRule("town", "Built up", raster=raster(towns), buffer_m=400),
        ExclusionRule(
            "road", "Road", geometry=layer(shapely.LineString([at(310, 0), at(310, 400)]))
        ),
        ExclusionRule(
            "far", "Far from the grid", geometry=layer(at(50, 350)), buffer_m=200, invert=True
        ),
    ]
    found = changes_needed(rules, GRID, [0], [3])
    np.testing.assert_allclose(found["found"], [250, 40, 300], rtol=1e-3)
    np.testing.assert_allclose(found["change"], [150, np.nan, 100], rtol=1e-3)
    assert found["text"].iloc[1] == "Road: the nearest feature touches the site's cell"
    assert "at most 200 m are allowed, too far by 100 m" in found["text"].iloc[2]
    own = changes_needed(rules[:1], GRID, [0], [0]).iloc[0]
    assert own["text"] == "Built up: the site has 1 %"


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(1, 600), st.booleans())
def test_the_change_is_enough_and_no_less_is(seed, buffer, invert):
    chance = np.random.default_rng(seed)
    points = layer(*(at(*chance.uniform((0, 0), (1000, 400))) for _ in range(3)))
    rule = ExclusionRule("p", "P", geometry=points, buffer_m=buffer, invert=invert)
    row, column = int(chance.integers(4)), int(chance.integers(10))
    found = changes_needed([rule], GRID, [row], [column])
    assert len(found) == rule_holds(rule, GRID)[row, column]
    if len(found):
        change = found["change"].iloc[0] * (1 if invert else -1)
        for extra, holds in ((0.01, False), (-0.01, True)):
            moved = buffer + change + (extra if invert else -extra)
            if moved > 0:
                again = rule_holds(replace(rule, buffer_m=moved), GRID)
                assert again[row, column] == holds


@given(st.floats(-5, 5), st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), max_size=3))
def test_a_value_moved_past_the_limit_is_free(value, pairs):
    spans = [tuple(sorted(pair)) for pair in pairs] + [(-1.0, 1.0)]
    rule = ExclusionRule("v", "V", raster=raster(np.full((4, 10), value)), values=spans)
    found = changes_needed([rule], GRID, [0], [0])
    if len(found) and not np.isnan(found["change"].iloc[0]):
        required = found["required"].iloc[0]
        moved = required + np.sign(required - value or 1e-3) * 1e-3
        other = required - 1e-3
        free = [
            not rule_holds(replace(rule, raster=raster(np.full((4, 10), v))), GRID)[0, 0]
            for v in (moved, other)
        ]
        assert any(free)


@pytest.mark.parametrize(
    ("rows", "columns", "says"),
    [([0], [0, 1], "1 rows and 2 columns"), ([0, 9], [0, 0], "site 1 lies outside")],
)
def test_refuses_places_that_are_none(rows, columns, says):
    with pytest.raises(DataError, match=says):
        changes_needed([], GRID, rows, columns)


def test_no_rule_no_change():
    assert len(changes_needed([], GRID, [0], [0])) == 0
