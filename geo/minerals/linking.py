"""One deposit in several registers: which rows of two tables are the same place.

Registers spell one name in many ways (Mushgai Khudag, Mushugai-Khudag, Мушгай худаг) and put
the point where they know it. A pair is judged by its names, by its distance against the
precision of both points, and by what is mined. No pair is linked silently: every candidate is
returned with its figures, and a person's decisions overrule them.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy
from pyproj import Geod

from geo.errors import CrsError, DataError

__all__ = ["link", "name_key", "name_similarity"]

Floats = npt.NDArray[np.float64]

_GEOD = Geod(ellps="WGS84")
_FARTHEST_KM = 100.0
"""No pair farther apart than this beyond both precisions is looked at."""

# The common Latin spellings of Cyrillic; names are compared by sound, so one per letter is enough.
_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмноөпрстуүфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "yo",
            "j",
            "z",
            "i",
            "i",
            "k",
            "l",
            "m",
            "n",
            "o",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "u",
            "f",
            "h",
            "ts",
            "ch",
            "sh",
            "sh",
            "∅",
            "i",
            "∅",
            "e",
            "yu",
            "ya",
        ],
        strict=True,
    )
)
# What sounds alike in transliterations of Mongolian, in the order in which it is replaced.
_SOUNDS = (
    (r"kh", "h"),
    (r"dz|dj|zh", "j"),
    (r"tz|c(?!h)", "ts"),
    (r"ye|yo|iu|yu", "u"),
    (r"ya|ia", "a"),
    (r"w", "v"),
    (r"[yi]", "i"),
    (r"[uo]", "o"),
    (r"b(?=[aou])", "v"),
    (r"(.)\1+", r"\1"),
)
# Words that say what a place is, not which one: dropped where another word is left.
_GENERIC = frozenset(
    [
        "deposit",
        "mine",
        "prospect",
        "occurrence",
        "district",
        "field",
        "project",
        "ore",
        "area",
        "orebody",
        "zone",
        "ordiin",
        "orod",
        "uurhai",
        "iltsi",
        "mestorojdenie",
        "рудник",
    ]
)
_NUMBER = re.compile(r"#?\b(?:no\.? *)?(\d+)\b")


def name_key(name: str) -> str:
    """Reduce a name to its sound: Latin, lower case, one spelling of each sound.

    Parameters
    ----------
    name : str
        In Latin or Cyrillic script.

    Returns
    -------
    str
        Words joined by blanks; empty when no letter is left.

    Examples
    --------
    >>> name_key("Мушгай худаг") == name_key("Mushgai Khudag deposit")
    True
    """
    latin = "".join(_CYRILLIC.get(letter, letter) for letter in name.lower()).replace("∅", "")
    plain = unicodedata.normalize("NFKD", latin)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.findall(r"[a-z]+|\d+", plain)
    kept = [word for word in words if word not in _GENERIC] or words
    sounded = []
    for word in kept:
        for pattern, sound in _SOUNDS:
            word = re.sub(pattern, sound, word)
        sounded.append(word)
    return " ".join(sounded)


def name_similarity(left: Iterable[str], right: Iterable[str]) -> float:
    """Likeness of the closest two of two sets of names.

    Parameters
    ----------
    left, right : iterable of str
        Names of one place each.

    Returns
    -------
    float
        From 0 to 1, 1 for the same sound. Names that differ by a number alone (Altai 2, Altai
        3) are two places and get 0.

    Examples
    --------
    >>> round(name_similarity(["Bor-Undur"], ["Бор-Өндөр", "Bor mine"]), 2)
    1.0
    >>> name_similarity(["Altai 2"], ["Altai 3"])
    0.0
    """
    keys = [[key for name in names if (key := name_key(name))] for names in (left, right)]
    return max((_likeness(a, b) for a in keys[0] for b in keys[1]), default=0.0)


def _likeness(a: str, b: str) -> float:
    from rapidfuzz import fuzz

    numbers = [_NUMBER.findall(key) for key in (a, b)]
    if numbers[0] and numbers[1] and numbers[0] != numbers[1]:
        return 0.0
    joined = fuzz.ratio(a.replace(" ", ""), b.replace(" ", ""))
    return max(joined, fuzz.token_sort_ratio(a, b)) / 100


def link(
    left: gpd.GeoDataFrame,
    right: gpd.GeoDataFrame,
    *,
    names: Sequence[str] = ("name", "other_names"),
    precision: str = "precision_km",
    commodity: str = "commodity",
    default_precision_km: float = 5.0,
    threshold: float = 0.8,
    decisions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find the rows of two tables that are the same deposit.

    Parameters
    ----------
    left, right : GeoDataFrame
        Points in one CRS with unique indices. Of the columns named below those that exist are
        used; `names` must exist in part.
    names : sequence of str, optional
        Columns of names; a cell may hold several, parted by semicolons, commas, slashes or
        parentheses.
    precision : str, optional
        Column of the radius in which the true place lies [km]; `default_precision_km` where it
        is missing or unknown.
    commodity : str, optional
        Column of what is mined.
    default_precision_km : float, optional
    threshold : float, optional
        Score from which a pair is linked.
    decisions : DataFrame, optional
        What a person decided before: columns ``left``, ``right`` (labels) and ``same`` (bool).

    Returns
    -------
    DataFrame
        A row a candidate pair, best first: ``left``, ``right`` (labels), ``score``, ``names``
        (likeness, 0 to 1), ``distance_km``, ``allowed_km`` (both precisions together),
        ``beyond_precision``, ``commodity_agrees`` (None where one is unknown), ``decided``,
        and ``same``: True for a link, False for a pair to be reviewed. A row of one table is
        linked to one row of the other at most.

    Raises
    ------
    CrsError
        If a table has no CRS or the two differ.
    DataError
        If labels repeat, no column of names exists, or `decisions` lack a column.

    Notes
    -----
    The score is the likeness of the names, lowered by distance beyond both precisions (halved
    at each further 20 km or the precision, if that is more) and by a tenth where the
    commodities are known and differ. Pairs are chosen so that the sum of scores is largest
    (Kuhn-Munkres), which settles two places of one name by their distance.

    Examples
    --------
    >>> import geopandas as gpd
    >>> a = gpd.GeoDataFrame({"name": ["Bor-Undur", "Berkh"], "precision_km": [2.0, 2.0]},
    ...     geometry=gpd.points_from_xy([109.44, 111.17], [46.27, 47.77], crs=4326))
    >>> b = gpd.GeoDataFrame({"name": ["Berh", "Bor Ondor"], "precision_km": [1.0, 1.0]},
    ...     geometry=gpd.points_from_xy([111.18, 109.45], [47.77, 46.28], crs=4326))
    >>> found = link(a, b)
    >>> found[found["same"]][["left", "right"]].values.tolist()
    [[1, 0], [0, 1]]
    """
    _require(left, right, names)
    pairs = _candidates(left, right, precision, default_precision_km)
    texts = [[_names(row, names) for _, row in table.iterrows()] for table in (left, right)]
    pairs["names"] = [
        name_similarity(texts[0][a], texts[1][b])
        for a, b in zip(pairs["row"], pairs["column"], strict=True)
    ]
    agreement = _agreement(left, right, pairs, commodity)
    pairs["commodity_agrees"] = pd.Series(agreement, index=pairs.index, dtype=object)
    pairs["score"] = _score(pairs)
    pairs["left"] = left.index.to_numpy()[pairs["row"]]
    pairs["right"] = right.index.to_numpy()[pairs["column"]]
    pairs["decided"] = False
    _decide(pairs, decisions)
    pairs["same"] = _chosen(pairs, (len(left), len(right)), threshold)
    shown = pairs[(pairs["score"] >= threshold / 2) | pairs["decided"]]
    order = shown.sort_values(["same", "score", "distance_km"], ascending=[False, False, True])
    return order[list(_COLUMNS)].reset_index(drop=True)


_COLUMNS = (
    "left", "right", "score", "names", "distance_km", "allowed_km", "beyond_precision",
    "commodity_agrees", "decided", "same",
)  # fmt: skip


def _require(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, names: Sequence[str]) -> None:
    for side, table in (("left", left), ("right", right)):
        if table.crs is None:
            raise CrsError(f"the {side} table has no CRS: set it with {side}.set_crs(...)")
        if table.index.has_duplicates:
            twice = table.index[table.index.duplicated()][0]
            raise DataError(f"the {side} table repeats the label {twice}: labels must be unique")
        if not any(name in table for name in names):
            raise DataError(f"the {side} table has none of the columns {', '.join(names)}")
    if left.crs != right.crs:
        raise CrsError(
            f"the tables have {left.crs} and {right.crs}: reproject with right.to_crs(left.crs)"
        )


def _candidates(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, precision: str, default_km: float
) -> pd.DataFrame:
    """Pairs close enough to be looked at, with their distance."""
    a, b = (table.geometry.to_crs(4326) for table in (left, right))
    rows, columns = (grid.ravel() for grid in np.indices((len(a), len(b))))
    known = (~(a.isna() | a.is_empty)).to_numpy()[rows] & (~(b.isna() | b.is_empty)).to_numpy()[
        columns
    ]
    rows, columns = rows[known], columns[known]
    ax, ay, bx, by = (axis.to_numpy() for axis in (a.x, a.y, b.x, b.y))
    distance = np.asarray(_GEOD.inv(ax[rows], ay[rows], bx[columns], by[columns])[2]) / 1000
    radius = [_radius(table, precision, default_km) for table in (left, right)]
    allowed = radius[0][rows] + radius[1][columns]
    near = distance <= allowed + _FARTHEST_KM
    return pd.DataFrame(
        {
            "row": rows[near],
            "column": columns[near],
            "distance_km": distance[near],
            "allowed_km": allowed[near],
            "beyond_precision": distance[near] > allowed[near],
        }
    )


def _radius(table: gpd.GeoDataFrame, column: str, default_km: float) -> Floats:
    if column not in table:
        return np.full(len(table), default_km)
    found = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
    return np.where(np.isfinite(found), found, default_km)


def _names(row: "pd.Series[Any]", columns: Sequence[str]) -> list[str]:
    cells = [str(row[c]) for c in columns if c in row.index and isinstance(row[c], str)]
    parts = [part.strip() for cell in cells for part in re.split(r"[;,/()]", cell)]
    whole = [re.sub(r"\s*\(.*?\)", "", cells[0])] if cells else []
    return list(dict.fromkeys(part for part in [*whole, *parts] if part))


def _agreement(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, pairs: pd.DataFrame, column: str
) -> list[bool | None]:
    if column not in left or column not in right:
        return [None] * len(pairs)
    a, b = left[column].to_numpy()[pairs["row"]], right[column].to_numpy()[pairs["column"]]
    return [
        None
        if not (isinstance(one, str) and isinstance(other, str))
        else name_key(one) == name_key(other)
        for one, other in zip(a, b, strict=True)
    ]


def _score(pairs: pd.DataFrame) -> Floats:
    beyond = np.maximum(0.0, pairs["distance_km"] - pairs["allowed_km"])
    near = 0.5 ** (beyond / np.maximum(20.0, pairs["allowed_km"]))
    differs = np.array([agrees is False for agrees in pairs["commodity_agrees"]])
    return np.asarray(pairs["names"] * near * np.where(differs, 0.9, 1.0), dtype=np.float64)


def _decide(pairs: pd.DataFrame, decisions: pd.DataFrame | None) -> None:
    """Put a person's decisions in place of the scores."""
    if decisions is None:
        return
    if missing := {"left", "right", "same"} - set(decisions.columns):
        raise DataError(f"the decisions lack the columns {', '.join(sorted(missing))}")
    said = {(a, b): bool(same) for a, b, same in decisions[["left", "right", "same"]].to_numpy()}
    for place, key in enumerate(zip(pairs["left"], pairs["right"], strict=True)):
        if key in said:
            pairs.loc[place, ["score", "decided"]] = [float(said[key]), True]


def _chosen(pairs: pd.DataFrame, shape: tuple[int, int], threshold: float) -> npt.NDArray[np.bool_]:
    scores = np.zeros(shape)
    scores[pairs["row"], pairs["column"]] = np.where(pairs["score"] >= threshold, pairs["score"], 0)
    # Of two equal names the nearer one: a difference too small to outweigh a name.
    scores[pairs["row"], pairs["column"]] -= np.minimum(pairs["distance_km"], 1e3) * 1e-7
    matched = np.zeros(shape, dtype=bool)
    matched[scipy.optimize.linear_sum_assignment(scores, maximize=True)] = True
    linked = matched[pairs["row"], pairs["column"]] & (pairs["score"] >= threshold)
    return np.asarray(linked, dtype=bool)
