"""The table in which a person judges pairs of records, and which a rerun keeps to.

One CSV goes both ways: every pair that a rule linked or doubted has a row with its figures,
and a person writes yes or no into the column `decision`. Linking again keeps to it.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import DataError, LayerError
from geo.minerals.linking import link

__all__ = ["COLUMNS", "as_text", "read_decisions", "review"]

COLUMNS = (
    "left",
    "right",
    "left_name",
    "right_name",
    "score",
    "names",
    "distance_km",
    "allowed_km",
    "beyond_precision",
    "commodity_agrees",
    "same",
    "decision",
)
"""Columns of a review; `decision` is yes, no, or empty where a person has not judged."""

_ANSWERS = {"yes": True, "no": False}
_WORDS = {True: "yes", False: "no", None: ""}


def review(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, decisions: pd.DataFrame | None = None
) -> gpd.GeoDataFrame:
    """Pairs of records that are, or may be, the same deposit.

    Parameters
    ----------
    left, right : GeoDataFrame
        As :func:`geo.minerals.linking.link` takes them; labelled by site_id where there is
        such a column.
    decisions : DataFrame, optional
        An earlier review, from :func:`read_decisions`.

    Returns
    -------
    GeoDataFrame
        With :data:`COLUMNS` and the line from one point to the other, in EPSG:4326: links
        first, then by falling score. A decided pair keeps its decision, whatever its figures
        have become. Figures are rounded to what a person reads.

    Raises
    ------
    CrsError, DataError
        As `link`; also if a decided pair is of records that are in neither table any more.

    Examples
    --------
    >>> import geopandas as gpd
    >>> a = gpd.GeoDataFrame({"site_id": ["berkh"], "name": ["Berkh"], "precision_km": [2.0]},
    ...     geometry=gpd.points_from_xy([111.17], [47.77], crs=4326))
    >>> b = gpd.GeoDataFrame({"site_id": ["mrds-7"], "name": ["Berh"], "precision_km": [1.0]},
    ...     geometry=gpd.points_from_xy([111.18], [47.77], crs=4326))
    >>> pairs = review(a, b)
    >>> pairs[["left", "right", "same", "decision"]].values.tolist()
    [['berkh', 'mrds-7', True, '']]
    >>> pairs["decision"] = "no"
    >>> review(a, b, pairs)[["same", "decision"]].values.tolist()
    [[False, 'no']]
    """
    sides = [_labelled(left, "left"), _labelled(right, "right")]
    judged = None if decisions is None else _judged(decisions, *sides)
    pairs = link(*sides, decisions=judged)
    for side, table in zip(("left", "right"), sides, strict=True):
        pairs[f"{side}_name"] = table["name"].reindex(pairs[side]).to_numpy()
    said = {} if judged is None else {(a, b): same for a, b, same in judged.to_numpy()}
    keys = zip(pairs["left"], pairs["right"], strict=True)
    pairs["decision"] = [_WORDS[said.get(key)] for key in keys]
    figures = pairs[list(COLUMNS)].round(
        {"score": 3, "names": 3, "distance_km": 2, "allowed_km": 2}
    )
    points = [
        shapely.get_coordinates(table.geometry.to_crs(4326).reindex(pairs[side]).to_numpy())
        for side, table in zip(("left", "right"), sides, strict=True)
    ]
    lines = shapely.linestrings(np.stack(points, axis=1))
    return gpd.GeoDataFrame(figures, geometry=lines, crs=4326)


def read_decisions(path: Path | str) -> pd.DataFrame:
    """Read a review with what a person decided.

    Parameters
    ----------
    path : Path or str
        CSV in UTF-8 with the columns left, right and decision.

    Returns
    -------
    DataFrame
        All as text.

    Raises
    ------
    LayerError
        If the file cannot be read, lacks a column, holds an answer other than yes and no, or
        answers a pair in two ways.
    """
    file = Path(path)
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise LayerError(f"{file.name} cannot be read as a review: {error}") from error
    if missing := [name for name in ("left", "right", "decision") if name not in table]:
        raise LayerError(f"{file.name} has no column {missing[0]!r}: is it a review of deposits?")
    table["decision"] = table["decision"].str.strip().str.casefold()
    wrong = table[~table["decision"].isin([*_ANSWERS, ""])]
    if not wrong.empty:
        raise LayerError(
            f"{file.name}, row {wrong.index[0] + 2}: decision {wrong['decision'].iloc[0]!r} is "
            "neither yes nor no: write one, or leave it empty"
        )
    decided = table[table["decision"] != ""].drop_duplicates(["left", "right", "decision"])
    twice = decided[decided.duplicated(["left", "right"])]
    if not twice.empty:
        pair = " and ".join(twice.iloc[0][["left", "right"]])
        raise LayerError(f"{file.name}: {pair} stand twice with other decisions: keep one row")
    return table


def as_text(pairs: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Write truths as yes and no, and what is not known as nothing, as a table on paper does.

    Examples
    --------
    >>> as_text(gpd.GeoDataFrame({"same": [True], "decision": [""]}))["same"].tolist()
    ['yes']
    """
    said = pairs.copy()
    for name in ("beyond_precision", "commodity_agrees", "same"):
        if name in said:
            said[name] = [_WORDS[None if pd.isna(value) else bool(value)] for value in said[name]]
    texts = said.select_dtypes(["object", "string"]).columns.drop("geometry", errors="ignore")
    said[texts] = said[texts].replace("", None)
    return said


def _labelled(table: gpd.GeoDataFrame, side: str) -> gpd.GeoDataFrame:
    if "name" not in table:
        raise DataError(f"the {side} table has no column 'name'")
    labels = table.get("site_id", table.index)
    return table.set_index(pd.Index([str(label) for label in labels]))


def _judged(
    decisions: pd.DataFrame, left: gpd.GeoDataFrame, right: gpd.GeoDataFrame
) -> pd.DataFrame:
    judged = decisions[decisions["decision"] != ""]
    for side, table in (("left", left), ("right", right)):
        gone = judged[~judged[side].isin(table.index)]
        if not gone.empty:
            raise DataError(
                f"the review decides on {gone[side].iloc[0]!r}, which is not in the {side} table: "
                "take the row out, or give the table that it was made from"
            )
    return judged.assign(same=judged["decision"].map(_ANSWERS))[["left", "right", "same"]]
