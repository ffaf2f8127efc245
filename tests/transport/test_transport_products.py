"""Mass balance of a product: wet, dry, payable, value."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.errors import DataError
from geo.transport.products import (
    Product,
    per_dry_tonne,
    per_payable_tonne,
    read_products,
    share_of_value,
    value_per_wet_tonne,
)

COPPER = Product("copper", "Copper concentrate", 2000.0, 0.08, 0.965, 0.265, "bulk")
ROW = {
    "product": "copper",
    "commodity": "copper",
    "title": "Copper concentrate",
    "price_usd_t": "2000",
    "price_basis": "assumption",
    "moisture": 0.08,
    "payable": 0.965,
    "product_grade": "25-28 % Cu",
    "form": "bulk",
    "source": "recall",
    "confidence": "low",
}


def test_a_wet_tonne_carries_less_than_a_dry_one():
    assert per_dry_tonne(92.0, COPPER) == pytest.approx(100.0)
    assert value_per_wet_tonne(COPPER) == pytest.approx(1840.0)
    assert share_of_value(92.0, COPPER) == pytest.approx(0.05)


def test_payable_content_of_a_concentrate():
    assert per_payable_tonne(92.0, COPPER) == pytest.approx(100.0 / (0.265 * 0.965))


def test_the_bases_work_on_columns_and_keep_the_unknown():
    costs = pd.Series([92.0, np.nan])
    assert per_dry_tonne(costs, COPPER).tolist()[0] == pytest.approx(100.0)
    assert per_dry_tonne(costs, COPPER).isna().tolist() == [False, True]
    unknown = Product("x", "X", np.nan, 0.0, np.nan, np.nan, "bulk")
    assert np.isnan(per_payable_tonne(10.0, unknown))
    assert np.isnan(share_of_value(10.0, unknown))


def test_nothing_payable_has_no_cost_per_payable_tonne():
    waste = Product("w", "W", 1.0, 0.0, 0.0, 0.5, "bulk")
    assert np.isnan(per_payable_tonne(10.0, waste))


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (0.265, 0.265),
        ("25-28 % Cu", 0.265),
        ("97 % CaF2", 0.97),
        ("0.97", 0.97),
        ("", np.nan),
        ("26.5 % Cu (middle of 25 to 28 %)", 0.265),
        ("75 to 90 % CaF2", 0.825),
        ("raw coal", np.nan),
    ],
)
def test_shares_are_read_as_numbers_or_percent(text, share):
    found = read_products(pd.DataFrame([{**ROW, "product_grade": text}]))["copper"]
    assert found.grade == pytest.approx(share, nan_ok=True)
    assert found.price_usd_t == 2000.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"moisture": 8}, "moisture 8"),
        ({"moisture": 1.0}, "moisture 1.0"),
        ({"payable": "most"}, "payable 'most'"),
        ({"price_usd_t": "dear"}, "price_usd_t 'dear'"),
        ({"price_usd_t": -1}, "price -1"),
        ({"form": "pipe"}, "form 'pipe'"),
    ],
)
def test_a_product_that_cannot_be_is_refused(change, message):
    with pytest.raises(DataError, match=message):
        read_products(pd.DataFrame([{**ROW, **change}]))


def test_a_product_table_is_checked_as_a_whole():
    with pytest.raises(DataError, match="listed twice: copper"):
        read_products(pd.DataFrame([ROW, ROW]))
    with pytest.raises(DataError, match="lacks the columns moisture, form"):
        read_products(pd.DataFrame([ROW]).drop(columns=["moisture", "form"]))


def test_the_embedded_products_can_be_read():
    path = Path(__file__).parents[2] / "layers" / "northeast-asia" / "products.csv"
    products = read_products(pd.read_csv(path))
    assert 0.2 < products["copper-concentrate"].grade < 0.35
    assert np.isnan(products["coal-raw"].grade)
    assert all(p.form in ("bulk", "container") for p in products.values())
