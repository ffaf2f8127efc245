import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from geo.compute.kernels import Breakpoints, weighted_overlay
from geo.criteria.exclusion import (
    ExclusionRule,
    exclude_mask,
    exclusion_bits,
    features_at,
    sites_flags,
    waterfall,
)
from geo.errors import CrsError, DataError, EmptyLayerError
from geo.grid import as_dataarray

CRS = "EPSG:32648"
GRID = GeoBox.from_bbox((0, 0, 500, 300), CRS, resolution=100)


def frame(*shapes, crs=CRS, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def raster(values, grid=GRID):
    return as_dataarray(np.asarray(values), grid, name="r", unit="%", long_name="r")


PARK = frame(shapely.box(0, 0, 240, 300))
LAKE = frame(shapely.box(100, 0, 300, 300))
RULES = (
    ExclusionRule("park", "National park", geometry=PARK),
    ExclusionRule("near", "Near a lake", geometry=LAKE, buffer_m=60, effect="warn"),
    ExclusionRule("lake", "Lake", geometry=LAKE),
)


def test_the_nth_rule_sets_the_nth_bit():
    bits = exclusion_bits(RULES, GRID)
    # Centres at 50, 150, ...: the park holds two columns, the lake two, 60 m more is four.
    assert bits.values[0].tolist() == [0b011, 0b111, 0b110, 0b010, 0b000]
    assert bits.dtype == np.uint16
    assert bits.attrs["flag_masks"].tolist() == [1, 2, 4]
    assert bits.attrs["flag_meanings"] == "park near lake"
    assert bits.attrs["exclude_mask"] == exclude_mask(RULES) == 0b101


def test_without_a_buffer_lines_and_points_close_the_cells_they_touch():
    rule = ExclusionRule(
        "x", "X", geometry=frame(shapely.Point(10, 10), shapely.LineString([(0, 290), (290, 290)]))
    )
    bits = exclusion_bits([rule], GRID).values
    assert bits.tolist() == [[1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]


def test_a_buffer_is_a_distance_in_metres_from_the_geometry():
    rule = ExclusionRule("x", "X", geometry=frame(shapely.Point(250, 150)), buffer_m=100)
    assert exclusion_bits([rule], GRID).values.tolist() == [
        [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0],
    ]  # fmt: skip


def test_an_unknown_value_excludes_nothing_and_a_limit_is_not_beyond_itself():
    values = np.full((3, 5), 10.0)
    values[0, :4] = [np.nan, 15.0, 15.1, 2.0]
    rules = [
        ExclusionRule("steep", "Steep", raster=raster(values), above=15.0),
        ExclusionRule("flat", "Flat", raster=raster(values), below=10.0),
        ExclusionRule("band", "Band", raster=raster(values), above=15.0, below=10.0),
        ExclusionRule("any", "Any", raster=raster(np.isnan(values))),
        ExclusionRule("some", "Some", raster=raster(values)),
    ]
    bits = exclusion_bits(rules, GRID).values
    assert bits[0].tolist() == [0b01000, 0b10000, 0b10101, 0b10110, 0b10000]


def test_no_rule_leaves_every_cell_open():
    bits = exclusion_bits([], GRID)
    assert (bits.values == 0).all()
    assert len(waterfall(bits, [], np.ones((3, 5), dtype=bool), 1.0)) == 0


def test_the_overlay_closes_what_the_mask_says_and_not_what_only_warns():
    bits = exclusion_bits(RULES, GRID)
    function = Breakpoints(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    result = weighted_overlay(
        [np.ones((3, 5))], [function], [1.0], excluded=bits, exclude_mask=bits.attrs["exclude_mask"]
    )
    assert np.isnan(result.score[0]).tolist() == [True, True, True, False, False]


def test_the_waterfall_by_hand():
    inside = np.ones((3, 5), dtype=bool)
    inside[2] = False
    found = waterfall(exclusion_bits(RULES, GRID), RULES, inside, 0.01)
    assert found["rule"].tolist() == ["park", "lake"]
    np.testing.assert_allclose(found["alone_km2"], [0.04, 0.04])
    np.testing.assert_allclose(found["in_order_km2"], [0.04, 0.02])
    np.testing.assert_allclose(found["only_km2"], [0.02, 0.02])


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(50, 300)), min_size=1, max_size=5),
    st.integers(0, 31),
)
def test_the_areas_in_order_add_up_to_all_that_is_excluded(spans, warns):
    rules = [
        ExclusionRule(
            f"r{n}",
            f"R{n}",
            geometry=frame(shapely.box(left, 0, left + width, 300)),
            effect="warn" if warns >> n & 1 else "exclude",
        )
        for n, (left, width) in enumerate(spans)
    ]
    bits = exclusion_bits(rules, GRID)
    closed = (bits.values & bits.attrs["exclude_mask"]) > 0
    found = waterfall(bits, rules, np.ones((3, 5), dtype=bool), 1.0)
    assert found["in_order_km2"].sum() == closed.sum()
    assert (found["only_km2"] <= found["in_order_km2"]).all()
    assert (found["in_order_km2"] <= found["alone_km2"]).all()


def test_sites_are_told_which_rules_exclude_and_which_warn():
    excluded, warned = sites_flags(
        exclusion_bits(RULES, GRID), RULES, np.array([0, 1, 2]), np.array([1, 3, 4])
    )
    assert excluded == [("National park", "Lake"), (), ()]
    assert warned == [("Near a lake",), ("Near a lake",), ()]


def test_features_are_named_nearest_first_each_once():
    parks = frame(
        shapely.box(0, 0, 100, 100),
        shapely.box(150, 0, 300, 100),
        shapely.box(150, 0, 160, 10),
        shapely.box(90, 0, 100, 10),
        name=["Gobi", "Altai", "Altai", None],
    )
    rule = ExclusionRule("p", "P", geometry=parks, buffer_m=60)
    points = gpd.GeoSeries.from_xy([140, 400, 210, 365], [50, 50, 50, 50], crs=CRS)
    assert features_at(rule, points) == ["Altai; Gobi", "", "Altai", ""]
    assert features_at(rule, points, reach_m=10)[3] == "Altai"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"id": "two words"}, "without blanks"),
        ({"id": ""}, "without blanks"),
        ({}, "either features or a raster"),
        ({"geometry": PARK, "raster": raster(np.ones((3, 5)))}, "one of them"),
        ({"geometry": PARK, "effect": "forbid"}, "'exclude' or 'warn'"),
        ({"geometry": PARK, "buffer_m": -1}, "buffer of -1 m"),
        ({"geometry": PARK, "buffer_m": np.nan}, "buffer of nan m"),
    ],
)
def test_refuses_what_is_no_rule(options, says):
    with pytest.raises(DataError, match=says):
        ExclusionRule(**{"id": "x", "title": "X", **options})


@pytest.mark.parametrize(
    ("rules", "error", "says"),
    [
        ([RULES[0], RULES[0]], DataError, "two rules have the id 'park'"),
        (
            [ExclusionRule(f"r{n}", "R", geometry=PARK) for n in range(17)],
            DataError,
            "17 rules are more than the 16",
        ),
        ([ExclusionRule("x", "X", geometry=PARK.to_crs(4326))], CrsError, "rule 'x'"),
        ([ExclusionRule("x", "X", geometry=frame(None))], EmptyLayerError, "rule 'x'"),
        (
            [ExclusionRule("x", "X", raster=raster(np.ones((2, 5)), GRID[:2]))],
            DataError,
            "raster of rule 'x' has shape",
        ),
    ],
)
def test_refuses_rules_that_do_not_fit(rules, error, says):
    with pytest.raises(error, match=says):
        exclusion_bits(rules, GRID)


def test_refuses_to_name_features_without_names_and_areas_of_another_shape():
    with pytest.raises(DataError, match="no features with a column 'name'"):
        features_at(RULES[0], gpd.GeoSeries.from_xy([0], [0], crs=CRS))
    with pytest.raises(DataError, match="no features"):
        features_at(
            ExclusionRule("x", "X", raster=raster(np.ones((3, 5)))), gpd.GeoSeries([], crs=CRS)
        )
    with pytest.raises(DataError, match="inside has shape"):
        waterfall(exclusion_bits(RULES, GRID), RULES, np.ones((2, 5), dtype=bool), 1.0)
