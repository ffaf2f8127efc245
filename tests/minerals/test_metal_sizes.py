import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import DataError, UnitError
from geo.minerals.sizes import contained_kt, grade_fraction, metal_kt, size_index

FACTS = Path(__file__).parents[3] / "shared" / "facts" / "deposits.csv"


@pytest.mark.parametrize(
    ("tonnage", "grade", "unit", "expected"),
    [
        (6372, 0.67, "% Cu", 42_692.4),
        (20, 1.5, "g/t Au", 0.03),
        (20, 1.5, "ppm Au", 0.03),
        (5, 35, "% CaF2", 1750),
        (2, 12, "kg/t U", 24),
        (0, 0.5, "% Cu", 0),
    ],
)
def test_contained_metal_is_tonnage_times_grade(tonnage, grade, unit, expected):
    assert contained_kt(tonnage, grade, unit) == pytest.approx(expected)


def test_unknown_tonnage_or_grade_gives_unknown_metal():
    assert np.isnan(contained_kt(np.nan, 0.5, "% Cu"))
    assert np.isnan(contained_kt(10, np.nan, "% Cu"))


def test_oyu_tolgoi_holds_what_its_compilation_states():
    stated, substance = metal_kt("42.9 Mt Cu")
    assert substance == "Cu"
    assert contained_kt(6372, 0.67, "% Cu") == pytest.approx(stated, rel=0.01)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,511.6 kt REO", (1511.6, "REO")),
        ("about 2,247 t Ag", (2.247, "Ag")),
        ("93,291 t U", (93.291, "U")),
        ("1 Moz Au", (0.0311034768, "Au")),
        ("513.7 koz Au", (513.7 * 0.0000311034768, "Au")),
        ("1,000 oz Au", (3.11034768e-5, "Au")),
        ("2,000 lb U3O8", (2000 * 4.5359237e-7, "U3O8")),
        ("333 Mlb Mo", (333 * 0.45359237, "Mo")),
        ("12 kg Pt", (1.2e-5, "Pt")),
        ("7 kt CaF2", (7, "CaF2")),
    ],
)
def test_a_stated_quantity_is_read_with_its_unit(text, expected):
    kilotonnes, substance = metal_kt(text)
    assert kilotonnes == pytest.approx(expected[0])
    assert substance == expected[1]


@pytest.mark.parametrize(
    "text",
    [
        "M+I 333 Mlb Mo and 384 Mlb Cu; inferred 300 Mlb Mo",
        "1.3 Moz probable + 0.5 Moz M+I",
        "0.37 g/t Au in the ETG part",
        "12,34 t Cu",
        "3 ct C",
        "-3 t Cu",
        "Cu",
        "",
    ],
)
def test_a_text_that_is_not_one_quantity_is_refused(text):
    with pytest.raises(UnitError, match=r"is not one quantity|is none of"):
        metal_kt(text)


def test_index_by_hand():
    found = size_index([1, 10, 31.6227766, 1000, 5000], low=10, high=1000)
    np.testing.assert_allclose(found, [0, 0, 0.25, 1, 1], atol=1e-9)


def test_a_known_zero_is_small_and_an_unknown_is_unknown():
    assert size_index([0.0, np.nan], low=1, high=10).tolist() == pytest.approx(
        [0, np.nan], nan_ok=True
    )


@settings(deadline=None)
@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_more_metal_never_lowers_the_index(a, b):
    small, large = sorted((a, b))
    found = size_index([small, large], low=1, high=1e5)
    assert 0 <= found[0] <= found[1] <= 1


@settings(deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(0.01, 100))
def test_per_cent_and_grams_a_tonne_say_the_same(tonnage, grade):
    assert contained_kt(tonnage, grade, "% Cu") == pytest.approx(
        contained_kt(tonnage, grade * 1e4, "g/t Cu")
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grade_fraction(4500, "% Cu"), DataError, "ppm or g/t"),
        (lambda: grade_fraction(-1, "% Cu"), DataError, "between nothing"),
        (lambda: grade_fraction(1, "%"), UnitError, "a unit and a substance"),
        (lambda: grade_fraction(1, "kt Cu"), UnitError, "kt"),
        (lambda: grade_fraction(1, "blobs Cu"), UnitError, "blobs"),
        (lambda: contained_kt(-1, 1, "% Cu"), DataError, "tonnage"),
        (lambda: contained_kt(np.inf, 1, "% Cu"), DataError, "tonnage"),
        (lambda: size_index([1], low=10, high=1), DataError, "rise"),
        (lambda: size_index([1], low=0, high=1), DataError, "positive"),
        (lambda: size_index([-1], low=1, high=2), DataError, "negative"),
    ],
)
def test_impossible_numbers_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.skipif(not FACTS.exists(), reason="the fact tables are not at hand")
def test_every_grade_of_the_fact_table_can_be_read():
    with FACTS.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["grade"]]
    for row in rows:
        assert 0 < grade_fraction(float(row["grade"]), row["grade_unit"]).fraction < 1
    assert len(rows) > 10
