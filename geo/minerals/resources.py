"""Statements of what is in the ground: several a deposit, never added to one another.

A statement is one quantity of one category by one source in one year. A measured and an
inferred quantity are not of one kind, a reserve is a part of a resource, a later statement
replaces an earlier one and a parent's holds its children's: so no function here adds
quantities, and :func:`headline` *chooses* the statement to show.
"""

import numpy as np
import pandas as pd

from geo.errors import DataError, UnitError
from geo.minerals.sizes import contained_kt, grade_fraction
from geo.minerals.vocabulary import CATEGORIES, category, tidy

__all__ = ["COLUMNS", "doubts", "headline", "statements"]

COLUMNS = (
    "site_id",
    "commodity",
    "quantity_mt",
    "grade",
    "grade_unit",
    "contained_kt",
    "category",
    "code",
    "year",
    "cut_off",
    "source",
)
"""Columns of a table of statements; quantity [Mt], contained metal or mineral [kt]."""

# Mean of the upper continental crust [mass share], Rudnick and Gao (2003), Treatise on
# Geochemistry 3.01, table 3, doi:10.1016/B0-08-043751-6/03016-4. Ore is richer than rock.
_CRUST = {
    "cu": 28e-6,
    "zn": 67e-6,
    "pb": 17e-6,
    "mo": 1.1e-6,
    "au": 1.5e-9,
    "ag": 53e-9,
    "sn": 2.1e-6,
    "ni": 47e-6,
    "u": 2.7e-6,
    "li": 24e-6,
    "v": 97e-6,
    "be": 2.1e-6,
    "nb": 12e-6,
    "ta": 0.9e-6,
}
# Mass share of the metal in its richest usual ore mineral, by formula: chalcocite, sphalerite,
# galena, molybdenite, cassiterite, pentlandite, magnetite.
_RICHEST = {
    "cu": 0.799,
    "zn": 0.671,
    "pb": 0.866,
    "mo": 0.600,
    "sn": 0.788,
    "ni": 0.344,
    "fe": 0.724,
}


def statements(deposits: pd.DataFrame) -> pd.DataFrame:
    """Take the statement that a table with one row a deposit holds.

    Parameters
    ----------
    deposits : DataFrame
        With site_id and resource_mt; commodity, grade, grade_unit, contained_kt, category,
        code, year, cut_off and source where there are such columns.

    Returns
    -------
    DataFrame
        With :data:`COLUMNS`, a row for each deposit that states a quantity or a grade.
        Contained metal is tonnage times grade where both are known, else what the table says.

    Raises
    ------
    DataError
        If a column is missing, or a quantity is negative.
    UnitError
        If a grade has no unit, or one that is no share of mass.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"site_id": ["a", "b"], "resource_mt": [10.0, None],
    ...     "grade": [0.5, None], "grade_unit": ["% Cu", None], "category": ["Inferred", None]})
    >>> statements(table)[["site_id", "category", "contained_kt"]].values.tolist()
    [['a', 'inferred', 50.0]]
    """
    for column in ("site_id", "resource_mt"):
        if column not in deposits.columns:
            raise DataError(f"the deposits have no column {column!r}, which a statement needs")
    table = pd.DataFrame(deposits.drop(columns="geometry", errors="ignore"))
    table = table.rename(columns={"resource_mt": "quantity_mt"}).reindex(columns=list(COLUMNS))
    said = table[["quantity_mt", "grade", "contained_kt"]].notna().any(axis=1)
    table = table[said].reset_index(drop=True)
    table["category"] = [category(text) for text in table["category"]]
    table["contained_kt"] = [_contained(row) for _, row in table.iterrows()]
    return table


def headline(table: pd.DataFrame) -> pd.DataFrame:
    """Choose one statement for each deposit and commodity.

    The latest year decides, as a later statement replaces an earlier one; within it the
    surest category, then the larger quantity. Statements without a year come last.

    Parameters
    ----------
    table : DataFrame
        With :data:`COLUMNS`.

    Returns
    -------
    DataFrame
        One row a deposit and commodity, by site_id, with the column `others` added: how many
        statements stand beside the one shown.

    Raises
    ------
    DataError
        If a category is none of :data:`geo.minerals.vocabulary.CATEGORIES`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"site_id": "a", "commodity": "copper", "year": [2010, 2015, 2015],
    ...     "category": ["proven reserve", "inferred", "indicated"], "quantity_mt": [9, 80, 60]})
    >>> headline(table)[["category", "year", "quantity_mt", "others"]].values.tolist()
    [['indicated', 2015, 60, 2]]
    """
    unknown = sorted(set(table["category"]) - set(CATEGORIES))
    if unknown:
        raise DataError(
            f"category {unknown[0]!r} is not one of: {', '.join(CATEGORIES)}. "
            "geo.minerals.vocabulary.category reads other spellings"
        )
    keys = pd.DataFrame(
        {
            "year": -pd.to_numeric(table["year"]).fillna(-np.inf),
            "rank": table["category"].map(CATEGORIES.index),
            "quantity": -pd.to_numeric(table["quantity_mt"]).fillna(-np.inf),
        }
    )
    by = table.assign(**{f"_{name}": keys[name] for name in keys})
    by = by.sort_values(["site_id", "commodity", *(f"_{name}" for name in keys)], kind="stable")
    groups = by.groupby(["site_id", "commodity"], sort=False, dropna=False)
    by["others"] = groups["site_id"].transform("size") - 1
    chosen = groups.head(1).drop(columns=[f"_{name}" for name in keys])
    return chosen.reset_index(drop=True)


def doubts(table: pd.DataFrame) -> pd.Series:
    """Tell what looks wrong about each statement, in words.

    A grade below the mean of the Earth's crust is no ore, and one above the richest ore
    mineral's no rock: most often a unit was mistaken (ppm for per cent, or the other way).

    Parameters
    ----------
    table : DataFrame
        With :data:`COLUMNS`.

    Returns
    -------
    Series
        A sentence each, empty where nothing is doubted, by the index of `table`.

    Raises
    ------
    UnitError, DataError
        As :func:`geo.minerals.sizes.grade_fraction`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"grade": [0.6, 0.6, 85.0], "grade_unit": ["% Cu", "ppm Cu", "% Cu"]})
    >>> doubts(table).str[:33].tolist()
    ['', '0.6 ppm Cu is less than common ro', '85 % Cu is more than the richest ']
    """
    rows = zip(table["grade"], table["grade_unit"], strict=True)
    return pd.Series([_doubt(grade, unit) for grade, unit in rows], table.index, dtype=object)


def _contained(row: pd.Series) -> float:
    given = [tidy(row[name]) for name in ("quantity_mt", "grade", "contained_kt")]
    quantity, grade, stated = (float(text) if text else np.nan for text in given)
    if quantity < 0:
        raise DataError(f"deposit {row['site_id']!r}: a quantity of {quantity:g} Mt is negative")
    if np.isnan(quantity) or np.isnan(grade):
        return stated
    unit = tidy(row["grade_unit"])
    if not unit:
        raise UnitError(
            f"deposit {row['site_id']!r}: grade {grade:g} has no unit: write one such as '% Cu'"
        )
    return contained_kt(quantity, grade, unit)


def _doubt(grade: object, unit: object) -> str:
    number, unit_text = tidy(grade), tidy(unit)
    if not (number and unit_text):
        return ""
    said = f"{float(number):g} {unit_text}"
    found = grade_fraction(float(number), unit_text)
    substance = found.substance.casefold()
    if found.fraction < _CRUST.get(substance, 0.0):
        return f"{said} is less than common rock holds: was per cent meant, or a larger unit?"
    if found.fraction > _RICHEST.get(substance, 1.0):
        return f"{said} is more than the richest ore mineral holds: was ppm or g/t meant?"
    return ""
