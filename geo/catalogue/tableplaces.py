"""What the columns of a table say about places, when no record tells which columns those are."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.catalogue.columns import LATITUDES, LONGITUDES
from geo.catalogue.findings import note
from geo.catalogue.geometries import tell_null_island

__all__ = ["coordinates", "tell_places", "wkt_shapes"]

_SHAPES = frozenset({"wkt", "geometry", "geom", "the_geom", "shape"})


def coordinates(frame: pd.DataFrame) -> npt.NDArray[np.float64] | None:
    """Longitudes and latitudes of a table by the names of its columns.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    (n, 2) array or None
        In degrees, NaN unknown; None where no pair of columns of numbers is named so.

    Examples
    --------
    >>> coordinates(pd.DataFrame({"Lon": [106.9], "Lat": [47.9]})).tolist()
    [[106.9, 47.9]]
    >>> coordinates(pd.DataFrame({"Lon": [106.9]})) is None
    True
    """
    found = []
    for names in (LONGITUDES, LATITUDES):
        name = next((n for n in frame if str(n).lower() in names), None)
        if name is None or frame[name].dtype == object:
            return None
        found.append(frame[name].to_numpy(dtype=float))
    return np.column_stack(found)


def wkt_shapes(values: "pd.Series[Any]") -> tuple[npt.NDArray[np.object_], npt.NDArray[np.intp]]:
    """Geometries of a column of WKT, and the positions of texts that are none.

    Parameters
    ----------
    values : (n,) Series
        Texts; missing ones are unknown.

    Returns
    -------
    shapes : (n,) array of geometries
        None where there is no text or no WKT.
    wrong : (k,) int array

    Examples
    --------
    >>> wkt_shapes(pd.Series(["POINT (100 45)", None, "POINT (100 45"]))[1].tolist()
    [2]
    """
    texts = np.array([None if pd.isna(text) else str(text) for text in values], dtype=object)
    shapes = shapely.from_wkt(texts, on_invalid="ignore")
    asked = np.array([text is not None for text in texts], dtype=bool)
    return shapes, np.flatnonzero(asked & shapely.is_missing(shapes))


def tell_places(path: Path, frame: pd.DataFrame) -> None:
    """Tell of points at longitude 0, latitude 0 and of geometries that are no WKT.

    Parameters
    ----------
    path : Path
        For messages.
    frame : DataFrame
    """
    pairs = coordinates(frame)
    if pairs is not None:
        tell_null_island(path, shapely.points(pairs[~np.isnan(pairs).any(axis=1)]))
    for name in frame:
        if str(name).lower() not in _SHAPES or frame[name].dtype != object:
            continue
        wrong = wkt_shapes(frame[name])[1]
        if len(wrong):
            said = str(frame[name].iloc[wrong[0]])[:40]
            what = (
                f"{len(wrong)} cells of column {name!r} are no WKT, "
                f"the first in row {wrong[0] + 1}: {said!r}"
            )
            note(path, "warning", "wkt-broken", what, "correct them", count=len(wrong))
