"""Weights of a theme by a method: from judgements, from an order, or from the data."""

import csv
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import DataError, LayerError, LodemapWarning
from geo.recipe.reader import Table, closest
from geo.recipe.schema import CriterionSpec, WeightingSpec
from geo.scoring import weighting
from geo.scoring.bestworst import BestWorstWeights
from geo.scoring.pairwise import PairwiseWeights
from geo.scoring.weights import Weights

__all__ = ["DATA_METHODS", "WEIGHTING", "weighted_criteria"]

DATA_METHODS = {
    "entropy": "entropy of the values",
    "standard-deviation": "standard deviation of the values",
    "critic": "CRITIC: spread and conflict of the values",
    "merec": "MEREC: effect of leaving each criterion out",
}
"""Weights that are read off the data and state no preference."""

WEIGHTING = {
    "ahp": ("matrix", "pairs", "files", "prioritisation", "random_index"),
    "best-worst": ("best_to_others", "others_to_worst", "model"),
    "rank-order-centroid": ("order",),
    "rank-sum": ("order",),
    "reciprocal": ("order",),
    "swing": ("points", "file"),
    **dict.fromkeys(DATA_METHODS, ()),
}
"""Every method with its keys."""

Found = tuple[tuple[CriterionSpec, ...], WeightingSpec]


def weighted_criteria(theme: Table, criteria: tuple[CriterionSpec, ...]) -> Found:
    """Criteria with the weights that ``[theme.weights]`` gives, and how they came about."""
    table = theme.child("weights")
    if table is None:
        return criteria, WeightingSpec("stated", "weights as stated in the recipe")
    for criterion in criteria:
        if not np.isnan(criterion.weight[1]):
            theme.document.problems.append(
                (
                    criterion.line,
                    f"criterion {criterion.id!r} states a weight, and the theme takes its "
                    "weights by a method: leave one of the two out",
                )
            )
    method = table.choice("method", WEIGHTING)
    if method not in WEIGHTING:
        return criteria, WeightingSpec("stated", "")
    found = _by_method(table, method, criteria)
    table.done()
    return found


def _by_method(table: Table, method: str, criteria: tuple[CriterionSpec, ...]) -> Found:
    for key in table.data:
        if key != "method" and key not in WEIGHTING[method]:
            table.take(key)
            hint = f": it takes {', '.join(WEIGHTING[method])}" if WEIGHTING[method] else ""
            table.report(key, f"weights by {method!r} know no {key!r}{hint}")
    if method in DATA_METHODS:
        equal = tuple(replace(c, weight=(np.nan, 1.0, np.nan)) for c in criteria)
        says = f"weights by {DATA_METHODS[method]}: read off the data, not a preference"
        return equal, WeightingSpec(method, says, preference=False, line=table.line)
    names = [criterion.id for criterion in criteria]
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LodemapWarning)
            found = _READERS[method](table, names, method)
    except (DataError, LayerError) as error:
        table.document.report(table.path, f"weights by {method!r}: {error}")
        return criteria, WeightingSpec(method, "", line=table.line)
    if found is None:
        return criteria, WeightingSpec(method, "", line=table.line)
    said = tuple(str(entry.message) for entry in caught)
    table.document.notes += [(table.line, text) for text in said]
    low, high = _limits(found)
    weighed = tuple(
        replace(c, weight=(float(low[k]), float(found.weights[k]), float(high[k])))
        for k, c in enumerate(criteria)
    )
    return weighed, WeightingSpec(method, _said(found), warnings=said, line=table.line)


def _limits(found: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Range of each weight where the method knows one: of the experts, or of equal solutions."""
    if isinstance(found, PairwiseWeights) and found.experts:
        rows = np.stack([expert.weights for expert in found.experts])
        return np.fmin(rows.min(axis=0), found.weights), np.fmax(rows.max(axis=0), found.weights)
    blank = np.full(found.weights.size, np.nan)
    return blank, blank


def _said(found: Weights) -> str:
    said = f"weights by {found.method}"
    if isinstance(found, PairwiseWeights):
        if found.experts:
            said += f" of {len(found.experts)} experts, consensus {found.consensus:.2f}"
        said += f"; consistency ratio {found.consistency_ratio:.3f} (accepted up to 0.10)"
    if isinstance(found, BestWorstWeights):
        said += f"; consistency ratio {found.consistency_ratio:.3f} (0 is consistent)"
    return said


# ------------------------------------------------------------------ readers, one a method


def _ahp(table: Table, names: Sequence[str], _method: str) -> Weights | None:
    given = [key for key in ("matrix", "pairs", "files") if key in table.data]
    options = {
        "method": table.text("prioritisation", "eigenvector"),
        "random_index": table.text("random_index", "saaty"),
    }
    if len(given) != 1:
        raise DataError("it needs one of matrix, pairs or files")
    if given == ["files"]:
        stack = [_expert(table, file, names) for file in table.texts("files")]
        judgements = stack[0] if len(stack) == 1 else np.stack(stack)
    elif given == ["pairs"]:
        judgements = _pairs(table.take("pairs"), names)
    else:
        rows = table.take("matrix")
        judgements = _numbers([[_number(cell) for cell in _list(row)] for row in _list(rows)])
    if judgements.shape[-1] != len(names):
        raise DataError(
            f"{judgements.shape[-1]} rows of judgements for {len(names)} criteria: give one each, "
            "in the order of the criteria"
        )
    return weighting.ahp(judgements, names=names, **options)


def _expert(table: Table, file: str, names: Sequence[str]) -> np.ndarray:
    found = weighting.read_judgements(table.document.folder / file)
    _same(found.names, names, file)
    order = [found.names.index(name) for name in names]
    return found.matrix[np.ix_(order, order)]


def _pairs(given: Any, names: Sequence[str]) -> np.ndarray:
    matrix = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for item in _list(given):
        one, other, times = _triple(item)
        a, b = _index(one, names), _index(other, names)
        matrix[a, b], matrix[b, a] = times, 1.0 / times
    missing = np.argwhere(np.triu(np.isnan(matrix)))
    if missing.size:
        a, b = missing[0]
        raise DataError(f"{names[a]!r} over {names[b]!r} is not judged: add the pair")
    return matrix


def _triple(item: Any) -> tuple[str, str, float]:
    if not isinstance(item, list) or len(item) != 3:
        raise DataError(f"a pair is [criterion, criterion, times], found {item!r}")
    times = _number(item[2])
    if not times > 0:
        raise DataError(f"a judgement must be more than zero, found {item[2]!r}")
    return str(item[0]), str(item[1]), times


def _best_worst(table: Table, names: Sequence[str], _method: str) -> Weights | None:
    rows = [_by_name(table, key, names) for key in ("best_to_others", "others_to_worst")]
    return weighting.best_worst(rows[0], rows[1], model=table.text("model", "linear"))


def _ordered(table: Table, names: Sequence[str], method: str) -> Weights | None:
    ranks = np.full(len(names), np.nan)
    place = 1
    for entry in _list(table.take("order")):
        tied = entry if isinstance(entry, list) else [entry]
        for name in tied:
            ranks[_index(str(name), names)] = place
        place += len(tied)
    if np.isnan(ranks).any():
        raise DataError(f"the order lacks {names[int(np.argmax(np.isnan(ranks)))]!r}")
    by_order = {
        "rank-order-centroid": weighting.rank_order_centroid,
        "rank-sum": weighting.rank_sum,
        "reciprocal": weighting.reciprocal,
    }
    return by_order[method](ranks)


def _swing(table: Table, names: Sequence[str], _method: str) -> Weights | None:
    if ("file" in table.data) == ("points" in table.data):
        raise DataError("it needs points or a file, one of them")
    if "file" in table.data:
        return weighting.swing(_points_of(table.document.folder / table.text("file"), names))
    return weighting.swing(_by_name(table, "points", names))


def _points_of(path: Path, names: Sequence[str]) -> np.ndarray:
    try:
        rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise LayerError(f"{path.name}: cannot be read: {error}") from None
    if not rows or not {"criterion", "points"} <= set(rows[0]):
        raise DataError(f"{path.name}: required are the columns criterion and points")
    found = {str(row["criterion"]).strip(): _number(row["points"]) for row in rows}
    _same(list(found), names, path.name)
    return _numbers([found[name] for name in names])


_READERS = {
    "ahp": _ahp,
    "best-worst": _best_worst,
    "rank-order-centroid": _ordered,
    "rank-sum": _ordered,
    "reciprocal": _ordered,
    "swing": _swing,
}


def _by_name(table: Table, key: str, names: Sequence[str]) -> np.ndarray:
    found = table.take(key)
    if not isinstance(found, Mapping):
        raise DataError(f"{key} must be a table of criteria and numbers, found {found!r}")
    _same(list(found), names, key)
    return _numbers([_number(found[name]) for name in names])


def _same(found: Sequence[str], names: Sequence[str], where: str) -> None:
    for name in found:
        if name not in names:
            raise DataError(f"{where}: {name!r} is no criterion{closest(name, names)}")
    for name in names:
        if name not in found:
            raise DataError(f"{where}: the criterion {name!r} is missing")


def _index(name: str, names: Sequence[str]) -> int:
    if name not in names:
        raise DataError(f"{name!r} is no criterion{closest(name, names)}")
    return names.index(name)


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise DataError(f"a list is needed, found {given!r}")
    return given


def _number(given: Any) -> float:
    """Read a number, or a text such as 1/3."""
    try:
        return float(Fraction(given.strip())) if isinstance(given, str) else float(given)
    except (TypeError, ValueError, ZeroDivisionError):
        raise DataError(f"a number such as 3 or '1/3' is needed, found {given!r}") from None


def _numbers(given: Any) -> np.ndarray:
    try:
        return np.asarray(given, dtype=np.float64)
    except ValueError:
        raise DataError("the rows of the matrix have different lengths") from None
