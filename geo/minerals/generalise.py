"""From many classes of evidence to a few whose weights can be trusted.

A class with three deposits has a weight, but hardly a meaning. Cumulative weights are cut in
two at one class; unordered classes whose contrast is not told from zero are pooled.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import DataError
from geo.minerals.counting import class_weights

__all__ = ["RULES", "generalise", "pool", "weights_on_cells"]

Floats = npt.NDArray[np.float64]

RULES = ("max-contrast", "max-contrast-if-feasible", "max-feasible-contrast", "max-studentised")
"""Rules by which cumulative weights choose their cut."""

_NEEDED = ("class", "w_plus", "s_w_plus", "w_minus", "s_w_minus", "contrast", "studentised")


def generalise(
    table: pd.DataFrame,
    rule: str = "max-contrast-if-feasible",
    *,
    threshold: float = 1.0,
    cut: int | None = None,
) -> pd.DataFrame:
    """Cut cumulative weights in two: the classes up to the cut, and the rest.

    Parameters
    ----------
    table : DataFrame
        Of `weights_of_evidence` with the method ascending or descending, in its order.
    rule : str, optional
        ``"max-contrast"``: the largest contrast. ``"max-contrast-if-feasible"``: the same, if
        its studentised contrast reaches `threshold`. ``"max-feasible-contrast"``: the largest
        contrast among the rows whose studentised contrast is above `threshold`.
        ``"max-studentised"``: the largest studentised contrast.
    threshold : float, optional
        Studentised contrast; 1.96 is the 95 % level of a normal test.
    cut : int, optional
        Number of the last row that belongs to the first part, instead of a rule.

    Returns
    -------
    DataFrame
        The table with ``part`` (2 up to the cut, 1 beyond it), ``weight`` and ``s_weight``: W+
        of the cut's row for part 2, its W- for part 1.

    Raises
    ------
    DataError
        If columns are missing, the rule is unknown, no row reaches the threshold, or the cut
        would leave nothing beyond it.

    References
    ----------
    Bonham-Carter, G. F. (1994), section 9.5; Carranza, E. J. M. (2004). Weights of evidence
    modeling of mineral potential. Natural Resources Research 13(3), 173-187.
    https://doi.org/10.1023/B:NARR.0000046919.87758.f5

    Examples
    --------
    >>> from geo.minerals.prospectivity import weights_of_evidence
    >>> near = [1] * 20 + [2] * 30 + [3] * 50
    >>> deposits = [1] * 6 + [0] * 14 + [1] * 2 + [0] * 28 + [1] * 2 + [0] * 48
    >>> found = generalise(weights_of_evidence(near, deposits, method="ascending"))
    >>> found[["class", "part"]].values.tolist()
    [[1, 2], [2, 1], [3, 1]]
    """
    if missing := [column for column in _NEEDED if column not in table]:
        raise DataError(f"the table of weights lacks {', '.join(missing)}")
    place = _cut(table, rule, threshold) if cut is None else cut
    if not 0 <= place < len(table) - 1:
        raise DataError(
            f"the cut falls on row {place} of {len(table)}: it must leave a class beyond it; take "
            "another rule or order of classes"
        )
    row = table.iloc[place]
    first = np.arange(len(table)) <= place
    return table.assign(
        part=np.where(first, 2, 1),
        weight=np.where(first, row["w_plus"], row["w_minus"]),
        s_weight=np.where(first, row["s_w_plus"], row["s_w_minus"]),
    )


def _cut(table: pd.DataFrame, rule: str, threshold: float) -> int:
    if rule not in RULES:
        raise DataError(f"there is no rule {rule!r}: take one of {', '.join(RULES)}")
    contrast = table["contrast"].to_numpy(np.float64)
    studentised = table["studentised"].to_numpy(np.float64)
    wanted = studentised if rule == "max-studentised" else contrast
    if rule == "max-feasible-contrast":
        wanted = np.where(studentised > threshold, contrast, np.nan)
    place = -1 if np.isnan(wanted).all() else int(np.nanargmax(wanted))
    weak = rule == "max-contrast-if-feasible" and studentised[place] < threshold
    if place < 0 or weak:
        largest = np.nanmax(studentised)
        raise DataError(
            f"no cut by {rule!r} reaches a studentised contrast of {threshold:g} (the largest is "
            f"{largest:.2f}): this evidence does not tell deposits apart; lower the threshold or "
            "leave it out"
        )
    return place


def pool(table: pd.DataFrame, *, threshold: float = 1.0) -> pd.DataFrame:
    """Pool the unordered classes whose contrast is not told from zero.

    Parameters
    ----------
    table : DataFrame
        Of `weights_of_evidence` with the method unique.
    threshold : float, optional
        Classes whose studentised contrast lies within it on either side are pooled.

    Returns
    -------
    DataFrame
        The table with ``pooled`` (bool), ``weight`` and ``s_weight``: the class's own W+, or
        that of all pooled classes together.

    Raises
    ------
    DataError
        If columns are missing, or every class would be pooled.

    Examples
    --------
    >>> from geo.minerals.prospectivity import weights_of_evidence
    >>> kinds = [1] * 20 + [2] * 40 + [3] * 40
    >>> deposits = [1] * 6 + [0] * 14 + [1] * 2 + [0] * 38 + [1] * 2 + [0] * 38
    >>> pool(weights_of_evidence(kinds, deposits), threshold=2)["pooled"].tolist()
    [False, True, True]
    """
    if missing := [c for c in (*_NEEDED, "n", "deposits") if c not in table]:
        raise DataError(f"the table of weights lacks {', '.join(missing)}")
    pooled = ~(table["studentised"].abs() >= threshold).to_numpy()
    if pooled.all():
        raise DataError(
            f"no class reaches a studentised contrast of {threshold:g}: this evidence does not "
            "tell deposits apart; lower the threshold or leave it out"
        )
    together = _together(table, pooled)
    return table.assign(
        pooled=pooled,
        weight=np.where(pooled, together["w_plus"], table["w_plus"]),
        s_weight=np.where(pooled, together["s_w_plus"], table["s_w_plus"]),
    )


def _together(table: pd.DataFrame, pooled: npt.NDArray[np.bool_]) -> "pd.Series[float]":
    """Weights of all pooled classes as one."""
    n, deposits = table["n"].to_numpy(), table["deposits"].to_numpy()
    found = class_weights(
        n[pooled].sum(keepdims=True),
        deposits[pooled].sum(keepdims=True),
        int(n.sum()),
        int(deposits.sum()),
    )
    return found.iloc[0]


def weights_on_cells(
    evidence: npt.ArrayLike, table: pd.DataFrame, column: str = "weight"
) -> Floats:
    """Put a column of a table of weights on the cells of its evidence.

    Parameters
    ----------
    evidence : (...) array_like
        Classes, as given to `weights_of_evidence`.
    table : DataFrame
        With the columns ``class`` and `column`.
    column : str, optional

    Returns
    -------
    (...) array
        NaN where the evidence is unknown or of a class that the table lacks.

    Raises
    ------
    DataError
        If the table lacks a column.

    Examples
    --------
    >>> table = pd.DataFrame({"class": [1, 2], "weight": [0.5, -0.2]})
    >>> weights_on_cells([2, 1, 3], table).tolist()
    [-0.2, 0.5, nan]
    """
    if missing := {"class", column} - set(table.columns):
        raise DataError(f"the table of weights lacks {', '.join(sorted(missing))}")
    values = np.asarray(evidence, dtype=np.float64)
    order = table.sort_values("class")
    classes, weights = order["class"].to_numpy(np.float64), order[column].to_numpy(np.float64)
    place = np.clip(np.searchsorted(classes, values), 0, len(classes) - 1)
    return np.where(classes[place] == values, weights[place], np.nan)
