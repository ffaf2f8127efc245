"""Filters of rows, parsed here and applied to columns: nothing of them ever reaches SQL."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.catalogue.findings import refuse
from geo.errors import EmptyLayerError

__all__ = ["kept"]


def kept(
    path: Path, identifier: str, frame: pd.DataFrame, where: Mapping[str, object] | None
) -> npt.NDArray[np.bool_]:
    """Tell which rows a filter keeps.

    Parameters
    ----------
    path, identifier
        For messages.
    frame : DataFrame
        With the columns that the filter names.
    where : mapping, optional
        ``{column: value}``, ``{column: [values]}`` or ``{column: {"min": 1, "max": 5}}`` (both
        ends count, either may be missing). All must hold; an unknown value never matches.

    Returns
    -------
    (n,) bool array

    Raises
    ------
    LayerError
        If a filter has another form, or bounds a column that is no number.
    EmptyLayerError
        If no row is left.
    """
    keep = np.ones(len(frame), dtype=bool)
    if not where:
        return keep
    for column, wanted in where.items():
        keep &= _matches(path, frame[column], wanted)
    if not keep.any():
        said = ", ".join(f"{column} = {wanted!r}" for column, wanted in where.items())
        what = f"no row of layer {identifier!r} has {said}"
        raise refuse(path, "filter-empty", what, "correct the filter", error=EmptyLayerError)
    return keep


def _matches(path: Path, values: "pd.Series[Any]", wanted: object) -> npt.NDArray[np.bool_]:
    if not isinstance(wanted, Mapping):
        listed = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        return np.asarray(values.isin(list(listed)) & values.notna(), dtype=bool)
    if set(wanted) - {"min", "max"} or not wanted:
        what = f"the filter on {values.name!r} is {dict(wanted)!r}, required are min, max or both"
        raise refuse(path, "filter-broken", what, "correct the filter")
    if not pd.api.types.is_numeric_dtype(values):
        what = f"column {values.name!r} is no number"
        raise refuse(path, "filter-broken", what, "filter it by values")
    lowest, highest = wanted.get("min", -np.inf), wanted.get("max", np.inf)
    return np.asarray(values.between(lowest, highest), dtype=bool)
