from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geo.errors import DataError, EmptyLayerError, UnitError
from geo.minerals.deposits import (
    grade_ratio,
    list_share,
    precision_note,
    prepare,
    slug,
    value_spread,
)


def deposits(*rows):
    columns = ["site_id", "name", "commodity", "part_of"]
    frame = pd.DataFrame(rows, columns=columns)
    points = gpd.points_from_xy(np.linspace(100, 110, len(frame)), [45.0] * len(frame))
    return gpd.GeoDataFrame(frame, geometry=points, crs=4326)


TOLGOI = deposits(
    ("oyu-tolgoi", "Oyu Tolgoi", "copper", None),
    ("heruga", "Heruga", "copper", "oyu-tolgoi"),
    ("heruga-north", "Heruga North", "copper", "heruga"),
    ("erdenet", "Erdenet", "copper", ""),
    ("khotgor", "Khotgor", "rare-earths", None),
)


def within(frame):
    return dict(zip(frame["site_id"], frame["counted_within"], strict=True))


def test_a_part_is_counted_within_its_nearest_parent():
    assert within(prepare(TOLGOI, "Copper")) == {
        "erdenet": "", "heruga": "Oyu Tolgoi", "heruga-north": "Heruga", "oyu-tolgoi": "",
    }  # fmt: skip


def test_rows_are_selected_and_in_the_order_of_their_ids():
    found = prepare(TOLGOI, "Rare earths")
    assert found["site_id"].tolist() == ["khotgor"]
    assert prepare(TOLGOI)["site_id"].is_monotonic_increasing
    assert "counted_within" not in TOLGOI
    assert found.crs == TOLGOI.crs


def test_a_part_without_its_parent_stands_for_itself():
    alone = TOLGOI[TOLGOI["site_id"] != "oyu-tolgoi"]
    assert within(prepare(alone))["heruga"] == ""


def test_a_part_of_another_commodity_stands_for_itself():
    other = deposits(("field", "Field", "coal", None), ("vein", "Vein", "gold", "field"))
    assert within(prepare(other, "gold")) == {"vein": ""}
    assert within(prepare(other)) == {"field": "", "vein": "Field"}


def test_a_grandparent_counts_when_the_parent_is_of_another_commodity():
    chain = deposits(
        ("a", "A", "gold", None), ("b", "B", "coal", "a"), ("c", "C", "gold", "b")
    )  # fmt: skip
    assert within(prepare(chain, "gold")) == {"a": "", "c": "A"}


def test_records_without_parents_need_no_column_for_them():
    assert within(prepare(TOLGOI.drop(columns="part_of")))["heruga"] == ""


def test_a_ring_among_records_that_are_not_selected_is_refused_too():
    ring = deposits(("a", "A", "tin", "b"), ("b", "B", "coal", "c"), ("c", "C", "coal", "b"))
    with pytest.raises(DataError, match="'a' lies within itself: correct part_of of 'b'"):
        prepare(ring, "tin")


@pytest.mark.parametrize(
    ("frame", "commodity", "error", "message"),
    [
        (TOLGOI, "coper", EmptyLayerError, "did you mean 'copper'"),
        (TOLGOI, "tin", EmptyLayerError, "no deposit has the commodity 'tin'"),
        (TOLGOI.drop(columns="name"), None, DataError, "no column 'name'"),
        (TOLGOI.drop(columns="commodity"), "tin", DataError, "no column 'commodity'"),
        (deposits(*[("a", "A", "tin", None)] * 2), None, DataError, "'a' stands twice"),
        (deposits(("a", "A", "tin", "a")), None, DataError, "lies within itself"),
        (
            deposits(("a", "A", "tin", "b"), ("b", "B", "tin", "c"), ("c", "C", "tin", "b")),
            None, DataError, "lies within itself",
        ),
    ],
)  # fmt: skip
def test_records_that_cannot_be_used_are_refused(frame, commodity, error, message):
    with pytest.raises(error, match=message):
        prepare(frame, commodity)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Rare earths", "rare-earths"), (" REE/Y ", "ree-y"), ("copper", "copper")],
)
def test_slugs(text, expected):
    assert slug(text) == expected


def ores(*rows):
    return pd.DataFrame(rows, columns=["grade", "grade_unit"], index=list("abcdef")[: len(rows)])


def test_grade_is_held_against_the_median_of_its_substance():
    found = grade_ratio(
        ores((0.67, "% Cu"), (4500, "g/t cu"), (30, "% CaF2"), (np.nan, None)), 0.45, "% Cu"
    )
    assert found.tolist() == pytest.approx([0.67 / 0.45, 1, np.nan, np.nan], nan_ok=True)
    assert found.index.tolist() == list("abcd")


@pytest.mark.parametrize(
    ("frame", "median", "error", "message"),
    [
        (ores((0.67, None)), 0.45, UnitError, "'a' has no unit"),
        (ores((0.67, "% Cu")), 0.0, DataError, "not positive"),
        (ores((0.67, "% Cu")), np.nan, DataError, "not positive"),
        (ores((670.0, "% Cu")), 0.45, DataError, "whole ore"),
        (ores((0.67, "% Cu"))[["grade"]], 0.45, DataError, "no column 'grade_unit'"),
    ],
)
def test_grades_that_cannot_be_compared_are_refused(frame, median, error, message):
    with pytest.raises(error, match=message):
        grade_ratio(frame, median, "% Cu")


FOUR = ("KR_critical33", "JP_rare_metal34", "US_list", "EU_critical")
TOP = ("KR_strategic10", "EU_strategic")


def lists(**listed):
    """Rows for one commodity a keyword, in the order of FOUR and TOP."""
    rows = [
        (name, commodity.replace("_", " "), flag)
        for commodity, flags in listed.items()
        for name, flag in zip((*FOUR, *TOP), flags, strict=True)
    ]
    return pd.DataFrame(rows, columns=["list", "commodity", "listed"])


LISTS = lists(
    Copper=(1, 0, 1, 1, 0, 1), Fluorspar=(0, 1, 1, 1, 0, 0), Rare_earths=(1, 1, 1, 1, 1, 1),
    Gold=(0, 0, 0, 0, 0, 0), Zeolite=(0, 0, np.nan, 0, 0, 0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("commodity", "expected"),
    [
        ("copper", (1 + 0 + 1 + 1.25) / 4),
        ("fluorspar", 3 / 4),
        ("rare-earths", 1),
        ("gold", 0),
        ("zeolite", np.nan),
    ],
)
def test_share_of_four_lists(commodity, expected):
    found = list_share(LISTS, commodity, lists=FOUR, strategic=TOP)
    assert found == pytest.approx(expected, nan_ok=True)


def test_strategic_counts_even_where_the_plain_list_is_silent():
    silent = lists(Tin=(np.nan, 0, 0, 0, 1, 0))
    assert list_share(silent, "tin", lists=FOUR, strategic=TOP) == pytest.approx(1.25 / 4)


def test_a_missing_row_is_unknown_not_unlisted():
    table = LISTS.drop(LISTS.index[[1]])
    assert np.isnan(list_share(table, "copper", lists=FOUR))
    assert list_share(table, "copper", lists=("US_list",)) == 1


@pytest.mark.parametrize(
    ("table", "commodity", "changed", "message"),
    [
        (LISTS, "coper", {}, "did you mean 'copper'"),
        (LISTS, "copper", {"lists": ("US_lst",)}, "did you mean 'US_list'"),
        (LISTS, "copper", {"lists": ()}, "no list is named"),
        (LISTS, "copper", {"lists": FOUR[1:], "strategic": TOP}, "belongs to none"),
        (pd.concat([LISTS, LISTS]), "copper", {}, "twice"),
        (LISTS.drop(columns="listed"), "copper", {}, "no column 'listed'"),
    ],
)
def test_lists_that_cannot_be_counted_are_refused(table, commodity, changed, message):
    with pytest.raises(DataError, match=message):
        list_share(table, commodity, **{"lists": FOUR, "strategic": (), **changed})


def surface(values):
    return xr.DataArray(np.asarray(values, dtype=float), dims=("y", "x"))


def test_spread_is_over_the_disc_and_not_over_the_square():
    values = np.zeros((5, 5))
    values[1, 1], values[2, 0] = 9, -5
    low, high = value_spread(surface(values), [2], [2], 1000.0, (1000.0, 1000.0))
    assert (low[0], high[0]) == (0, 0)
    low, high = value_spread(surface(values), [2], [2], 1415.0, (1000.0, 1000.0))
    assert (low[0], high[0]) == (0, 9)
    low, high = value_spread(surface(values), [2], [2], 2000.0, (1000.0, 1000.0))
    assert (low[0], high[0]) == (-5, 9)


def test_cells_need_not_be_square():
    values = np.arange(25.0).reshape(5, 5)
    low, high = value_spread(surface(values), [2], [2], 1000.0, (500.0, 2000.0))
    assert (low[0], high[0]) == (2, 22)
    low, high = value_spread(surface(values), [2], [2], 1000.0, (2000.0, 500.0))
    assert (low[0], high[0]) == (10, 14)


def test_edges_cut_the_disc_and_unknown_cells_are_passed_over():
    values = np.array([[np.nan, 2.0, 3.0], [4.0, np.nan, 6.0]])
    low, high = value_spread(surface(values), [0, 1], [0, 2], [1000.0, 0.0], (1000.0, 1000.0))
    assert low.tolist() == [2, 6]
    assert high.tolist() == [4, 6]


def test_without_precision_or_known_cell_there_is_no_range():
    values = np.array([[np.nan, 2.0]])
    low, high = value_spread(surface(values), [0, 0], [1, 0], [np.nan, 0.0], (1000.0, 1000.0))
    assert np.isnan(low).all()
    assert np.isnan(high).all()


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (6, 7), elements=st.floats(0, 9) | st.just(np.nan)),
    st.integers(0, 5), st.integers(0, 6), st.floats(0, 9000),
    st.sampled_from([(700.0, 1100.0), (3000.0, 900.0)]),
)  # fmt: skip
def test_spread_equals_a_search_of_all_cells(values, row, column, radius, size):
    down, right = np.mgrid[:6, :7]
    near = np.hypot((down - row) * size[0], (right - column) * size[1]) <= radius
    low, high = value_spread(surface(values), [row], [column], radius, size)
    known = values[near & ~np.isnan(values)]
    expected = (known.min(), known.max()) if known.size else (np.nan, np.nan)
    np.testing.assert_array_equal((low[0], high[0]), expected)
    here = values[row, column]
    assert np.isnan(here) or low[0] <= here <= high[0]


@pytest.mark.parametrize(
    ("row", "column", "radius", "message"),
    [(5, 0, 1.0, "outside"), (0, -1, 1.0, "outside"), (0, 0, -1.0, "-1 m"), (0, 0, np.inf, "inf")],
)
def test_points_that_cannot_be_searched_are_refused(row, column, radius, message):
    with pytest.raises(DataError, match=message):
        value_spread(surface(np.zeros((5, 5))), [row], [column], radius, (1.0, 1.0))


def test_a_note_is_written_only_where_the_value_changes():
    assert precision_note("Slope", 2.0, 2.0001, "%", 8.0) == ""
    assert precision_note("Slope", np.nan, np.nan, "%", 8.0) == ""
    assert precision_note("Lists", 0.2, 0.4, "", 8.0) == (
        "Lists: 0.2 to 0.4 within the 8 km to which the point is known."
    )


LAYERS = Path(__file__).parents[2] / "layers"


def test_heruga_is_counted_within_oyu_tolgoi_in_the_embedded_layer():
    found = prepare(
        gpd.read_file(LAYERS / "mongolia" / "deposits-mongolia.gpkg", layer="deposits_mongolia"),
        "copper",
    )
    counted = within(found)
    assert counted["heruga"] == "Oyu Tolgoi"
    assert counted["oyu-tolgoi"] == counted["erdenet"] == ""
    ratio = grade_ratio(found.set_index("site_id"), 0.45, "% Cu")
    assert ratio["oyu-tolgoi"] == pytest.approx(0.67 / 0.45)
    assert ratio.isna().sum() > 100


def test_fluorspar_stands_on_three_of_the_four_embedded_lists():
    table = pd.read_csv(LAYERS / "northeast-asia" / "critical-lists.csv")
    # On the Japanese, US and EU lists, not on the Korean one, and on no strategic list.
    assert list_share(table, "fluorspar", lists=FOUR, strategic=TOP) == 0.75
    assert list_share(table, "rare-earths", lists=FOUR, strategic=TOP) == 1
