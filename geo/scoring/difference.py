"""How far each criterion carried a site's score from one run to another.

With w the weight of a criterion and r its contribution for each unit of weight (for a
weighted sum the value-function output), a contribution is w * r, and its change splits into

    w2 r2 - w1 r1  =  (w1 + w2) / 2 * (r2 - r1)  +  (r1 + r2) / 2 * (w2 - w1)

the part that the value made and the part that the weight made. The split treats both runs
alike (it is the Shapley value of the two causes) and leaves nothing over. What contributions
do not explain of a score, for a method whose contributions do not add up, is the remainder.
"""

import numpy as np
import pandas as pd

from geo.errors import DataError

__all__ = ["DIFFERENCE_COLUMNS", "score_difference"]

DIFFERENCE_COLUMNS = (
    "site_id",
    "criterion",
    "value_before",
    "value_after",
    "score_before",
    "score_after",
    "by_value",
    "by_weight",
    "total",
)

_ROUNDING = 1e-9


def score_difference(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Split the change of every contribution into its value's part and its weight's part.

    Parameters
    ----------
    before, after : DataFrame
        Rows of ``criteria.csv`` of one theme: site_id, criterion, value, value_score, weight
        and contribution. A criterion that one run lacks had or has no weight there.

    Returns
    -------
    DataFrame
        One row for each site of both and each criterion of either, with the columns
        `DIFFERENCE_COLUMNS`: the values and value scores of both runs (NaN where unknown),
        and the parts of the score's change, which add up to the change of the contribution.

    Raises
    ------
    DataError
        If a column is missing or a site has a criterion twice.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. In Contributions to the theory of games
    II, 307-317. https://doi.org/10.1515/9781400881970-018

    Examples
    --------
    >>> rows = {"site_id": ["a"], "criterion": ["grade"], "value": [8.0]}
    >>> one = pd.DataFrame(rows | {"value_score": 0.8, "weight": 0.5, "contribution": 0.4})
    >>> two = pd.DataFrame(rows | {"value_score": 0.6, "weight": 0.7, "contribution": 0.42})
    >>> found = score_difference(one, two)
    >>> found[["by_value", "by_weight", "total"]].round(3).values.tolist()
    [[-0.12, 0.14, 0.02]]
    """
    one, two = _keyed(before, "before"), _keyed(after, "after")
    both = set(one.index.get_level_values(0)) & set(two.index.get_level_values(0))
    union = one.index.union(two.index, sort=False)
    keys = union[union.get_level_values(0).isin(both)]
    one, two = one.reindex(keys), two.reindex(keys)
    w1, r1 = _parts(one)
    w2, r2 = _parts(two)
    by_value = (w1 + w2) / 2 * (r2 - r1)
    by_weight = (r1 + r2) / 2 * (w2 - w1)
    table = {
        "site_id": keys.get_level_values(0),
        "criterion": keys.get_level_values(1),
        "value_before": one["value"].to_numpy(),
        "value_after": two["value"].to_numpy(),
        "score_before": one["value_score"].to_numpy(dtype=np.float64),
        "score_after": two["value_score"].to_numpy(dtype=np.float64),
        "by_value": by_value,
        "by_weight": by_weight,
        "total": by_value + by_weight,
    }
    return pd.DataFrame(table, columns=list(DIFFERENCE_COLUMNS))


_NEEDED = ("site_id", "criterion", "value", "value_score", "weight", "contribution")


def _keyed(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    missing = [name for name in _NEEDED if name not in rows]
    if missing:
        raise DataError(f"the criteria {what} lack the column {missing[0]!r}")
    keyed = rows.set_index(["site_id", "criterion"])[list(_NEEDED[2:])]
    if not keyed.index.is_unique:
        site, criterion = keyed.index[keyed.index.duplicated()][0]
        raise DataError(f"the criteria {what} hold {criterion!r} of site {site!r} twice")
    return keyed


def _parts(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Weight, and contribution for each unit of weight; an unknown contributes nothing."""
    weight = rows["weight"].fillna(0.0).to_numpy(dtype=np.float64)
    contribution = rows["contribution"].fillna(0.0).to_numpy(dtype=np.float64)
    value = rows["value_score"].fillna(0.0).to_numpy(dtype=np.float64)
    # Where it is a weighted sum the value score itself: a table's rounding is no change.
    other = np.abs(contribution - weight * value) > _ROUNDING
    rate = np.divide(contribution, weight, out=value.copy(), where=other & (weight > 0))
    return weight, rate
