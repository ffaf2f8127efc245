"""What share of a border's or a line's known throughput a mine's output would take."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo.errors import DataError

__all__ = ["T_PER_TEU", "annual_tonnes", "capacity_shares"]

T_PER_TEU = 20.0
"""Load of a twenty-foot container [t]: the basis of CAREC's corridor figures. Assumption."""

_UNITS: Mapping[str, float] = {"t/yr": 1.0, "kt/yr": 1e3, "Mt/yr": 1e6, "TEU/yr": T_PER_TEU}


def annual_tonnes(value: float, unit: str) -> float:
    """Throughput in tonnes a year.

    Parameters
    ----------
    value : float
    unit : {"t/yr", "kt/yr", "Mt/yr", "TEU/yr"}
        Containers count `T_PER_TEU` each.

    Raises
    ------
    DataError
        If the unit is unknown or the value is not positive.

    Examples
    --------
    >>> annual_tonnes(1.5, "Mt/yr"), annual_tonnes(1000, "TEU/yr")
    (1500000.0, 20000.0)
    """
    if unit not in _UNITS:
        raise DataError(f"throughput in {unit!r} is unknown: write one of {', '.join(_UNITS)}")
    if not value > 0:
        raise DataError(f"a throughput of {value} {unit} is not positive: give a number above 0")
    return value * _UNITS[unit]


def capacity_shares(
    output: "pd.Series[float]", passes: Mapping[str, list[str]], throughput: pd.DataFrame
) -> pd.DataFrame:
    """Share of the known throughput of each place that each site's output would take.

    Parameters
    ----------
    output : Series
        Wet tonnes of product a year by site id; NaN is unknown.
    passes : mapping of str to list of str
        Places (node ids) that each site's way passes.
    throughput : DataFrame
        ``node_id, value, unit, year, source``: every reading is kept.

    Returns
    -------
    DataFrame
        ``site_id, node_id, output_t, throughput_t, share, year, source``: a row for each
        reading of each place on the way of each site whose output is known. A share is of
        what passed or could pass then, not of what is free.

    Raises
    ------
    DataError
        If a unit is unknown or a throughput is not positive.

    Examples
    --------
    >>> readings = pd.DataFrame([{"node_id": "y", "value": 2.0, "unit": "Mt/yr", "year": 2023,
    ...                           "source": "survey"}])
    >>> capacity_shares(pd.Series({"a": 5e5}), {"a": ["y"]}, readings)["share"].item()
    0.25
    """
    columns = ["site_id", "node_id", "output_t", "throughput_t", "share", "year", "source"]
    known = [
        (str(row["node_id"]), annual_tonnes(float(row["value"]), str(row["unit"])), row)
        for row in throughput.to_dict("records")
    ]
    rows = [
        (str(site), place, float(tonnes), total, float(tonnes) / total, row["year"], row["source"])
        for site, tonnes in output.items()
        if np.isfinite(tonnes)
        for place, total, row in known
        if place in passes.get(str(site), [])
    ]
    return pd.DataFrame(rows, columns=columns)
