"""What is carried: products with their moisture, payable content and price.

Freight is reckoned per wet tonne, the tonne that is weighed and carried. The functions
here turn it into the other bases that buyers and bankers use.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from geo.errors import DataError

__all__ = [
    "Product",
    "netback",
    "per_dry_tonne",
    "per_payable_tonne",
    "premium",
    "read_products",
    "share_of_value",
    "value_per_wet_tonne",
    "wet_tonnes",
]

T = TypeVar("T", float, "pd.Series[float]", xr.DataArray)

_FORMS = ("bulk", "container")
_AMOUNTS = ("ore", "content", "dry", "wet")
_COLUMNS = ("product", "price_usd_t", "moisture", "payable", "product_grade", "form")
_SHARE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(?:(?:-|–|to)\s*(\d+(?:\.\d+)?)\s*)?(%?)")


@dataclass(frozen=True)
class Product:
    """A product as it leaves the mine gate.

    Attributes
    ----------
    id, title : str
    price_usd_t : float
        Price of a dry tonne [USD/t]; NaN is unknown.
    moisture : float
        Water as a share of the wet tonne [0-1); NaN is unknown.
    payable : float
        Share of the content that the buyer pays for [0-1]; NaN is unknown.
    grade : float
        Content of the dry product [0-1]; NaN is unknown.
    form : {"bulk", "container"}
    price_basis, source, confidence : str
    recovery : float
        Share of the ore's content that ends up in the product [0-1]; NaN is unknown.
    """

    id: str
    title: str
    price_usd_t: float
    moisture: float
    payable: float
    grade: float
    form: str
    price_basis: str = ""
    source: str = ""
    confidence: str = ""
    recovery: float = float("nan")

    def __post_init__(self) -> None:
        shares = {
            "moisture": self.moisture,
            "payable": self.payable,
            "grade": self.grade,
            "recovery": self.recovery,
        }
        for name, share in shares.items():
            if not (np.isnan(share) or 0 <= share <= 1) or (name == "moisture" and share >= 1):
                raise DataError(
                    f"product {self.id} has {name} {share}: give a share between 0 and 1"
                )
        if not (np.isnan(self.price_usd_t) or self.price_usd_t > 0):
            raise DataError(
                f"product {self.id} has the price {self.price_usd_t} USD/t: "
                "give a positive price or leave it empty"
            )
        if self.form not in _FORMS:
            raise DataError(
                f"product {self.id} has the form {self.form!r}: write one of {', '.join(_FORMS)}"
            )


def read_products(table: pd.DataFrame) -> Mapping[str, Product]:
    """Read the products of a table.

    Parameters
    ----------
    table : DataFrame
        Columns ``product, title, price_usd_t, price_basis, moisture, payable,
        product_grade, form, source, confidence``. Shares as numbers (0.26) or as text
        with a percent sign ("26 % Cu", "25-28 % Cu": the middle). Empty is unknown, and
        so is a grade that does not begin with a number ("raw coal").

    Returns
    -------
    mapping of str to Product
        In the table's order.

    Raises
    ------
    DataError
        If a column is missing, an id comes twice or a share cannot be read.
    """
    missing = [column for column in _COLUMNS if column not in table.columns]
    if missing:
        raise DataError(f"the product table lacks the columns {', '.join(missing)}: add them")
    names = [str(name) for name in table["product"]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"products listed twice: {', '.join(twice)}: keep one row each")
    products = (_product(row) for row in table.to_dict("records"))
    return MappingProxyType({product.id: product for product in products})


def _product(row: Mapping[Hashable, object]) -> Product:
    name = str(row["product"])
    text = {str(key): "" if _empty(value) else str(value) for key, value in row.items()}
    return Product(
        id=name,
        title=text.get("title") or name,
        price_usd_t=_number(name, "price_usd_t", row["price_usd_t"]),
        moisture=_share(name, "moisture", row["moisture"]),
        payable=_share(name, "payable", row["payable"]),
        grade=_share(name, "product_grade", row["product_grade"], remark=True),
        form=text["form"],
        price_basis=text.get("price_basis", ""),
        source=text.get("source", ""),
        confidence=text.get("confidence", ""),
        recovery=_share(name, "recovery", row.get("recovery")),
    )


def _empty(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and np.isnan(value))


def _number(product: str, column: str, value: object) -> float:
    if _empty(value):
        return float("nan")
    try:
        return float(str(value))
    except ValueError:
        raise DataError(
            f"product {product} has {column} {value!r}: write a number or leave it empty"
        ) from None


def _share(product: str, column: str, value: object, *, remark: bool = False) -> float:
    if _empty(value):
        return float("nan")
    found = _SHARE.match(str(value))
    if found is None:
        if remark:
            return float("nan")
        raise DataError(
            f"product {product} has {column} {value!r}: write a share such as 0.26 or '26 %'"
        )
    first, last, percent = found.groups()
    middle = (float(first) + float(last or first)) / 2
    return middle / 100 if percent else middle


def per_dry_tonne(cost: T, product: Product) -> T:
    """Freight per dry tonne of product.

    Parameters
    ----------
    cost : float or Series
        Per wet tonne [USD/t].
    product : Product

    Returns
    -------
    float or Series
        [USD/t], NaN where the moisture is unknown.

    Examples
    --------
    >>> wet = Product("c", "C", 2000.0, 0.08, 0.965, 0.25, "bulk")
    >>> round(per_dry_tonne(92.0, wet), 9)
    100.0
    """
    return cost / (1.0 - product.moisture)


def per_payable_tonne(cost: T, product: Product) -> T:
    """Freight per tonne of the content that the buyer pays for.

    Parameters
    ----------
    cost : float or Series
        Per wet tonne of product [USD/t].
    product : Product

    Returns
    -------
    float or Series
        [USD/t of payable content], NaN where moisture, grade or payability is unknown
        or nothing is payable.

    Examples
    --------
    >>> wet = Product("c", "C", 2000.0, 0.08, 0.96, 0.25, "bulk")
    >>> round(per_payable_tonne(92.0, wet), 3)
    416.667
    """
    content = product.grade * product.payable
    return per_dry_tonne(cost, product) / (content if content > 0 else float("nan"))


def wet_tonnes(amount: float, product: Product, *, of: str, ore_grade: float = np.nan) -> float:
    """Wet tonnes of product that an amount of ore, content or dry product makes.

    Parameters
    ----------
    amount : float
        [t]
    product : Product
    of : {"ore", "content", "dry", "wet"}
        What the amount is of; content is what the product is sold for, such as copper.
    ore_grade : float
        Content of the ore [0-1], for an amount of ore.

    Returns
    -------
    float
        [t]; NaN where grade, recovery or moisture is needed and unknown.

    Raises
    ------
    DataError
        If `of` is unknown, or the amount or the ore's grade is negative.

    Notes
    -----
    Dry product = ore x ore grade x recovery / product grade; wet = dry / (1 - moisture).
    Wills, B. A. and Finch, J. (2016). Wills' Mineral Processing Technology, 8th edition,
    chapter 3. https://doi.org/10.1016/C2010-0-65478-2

    Examples
    --------
    >>> made = Product("c", "C", 2000.0, 0.08, 0.96, 0.25, "bulk", recovery=0.9)
    >>> round(wet_tonnes(1_000_000, made, of="ore", ore_grade=0.005))
    19565
    >>> round(wet_tonnes(4_500, made, of="content"))
    19565
    """
    if of not in _AMOUNTS:
        raise DataError(f"an amount of {of!r} is unknown: write one of {', '.join(_AMOUNTS)}")
    if amount < 0 or ore_grade < 0:
        raise DataError(f"{amount} t at a grade of {ore_grade} is negative: give 0 or more")
    if of == "wet":
        return amount
    dry = {
        "ore": ore_grade * product.recovery / product.grade,
        "content": 1.0 / product.grade,
        "dry": 1.0,
    }
    return amount * dry[of] / (1.0 - product.moisture)


def netback(price: T, freight: T) -> T:
    """What is left at the mine gate of a price at the market [USD per wet tonne].

    Treatment and refining, losses and taxes are not taken off.
    """
    return price - freight


def premium(freight: T, reference: T) -> T:
    """Above the price at a reference market, what a farther buyer must pay [USD per wet tonne].

    With it the mine gate nets the same from both: the price there plus the premium, less
    `freight`, equals the price there less `reference`. Negative where the farther market is
    cheaper to reach.

    Parameters
    ----------
    freight : float or Series
        To the buyer [USD per wet tonne].
    reference : float or Series
        To the reference market.

    Examples
    --------
    >>> premium(72.0, 30.0)
    42.0
    """
    return freight - reference


def value_per_wet_tonne(product: Product) -> float:
    """Price of a wet tonne [USD/t]; NaN where price or moisture is unknown."""
    return product.price_usd_t * (1.0 - product.moisture)


def share_of_value(cost: T, product: Product) -> T:
    """Freight as a share of the value carried.

    Parameters
    ----------
    cost : float or Series
        Per wet tonne [USD/t].
    product : Product

    Returns
    -------
    float or Series
        0.1 is a tenth of the product's value; NaN where the value is unknown.
    """
    return cost / value_per_wet_tonne(product)
