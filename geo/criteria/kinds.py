"""One formula for arrays, columns of a table and rasters."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

__all__ = ["map_values"]


def map_values(
    values: Any, function: Callable[[npt.NDArray[np.generic]], npt.NDArray[np.float64]]
) -> Any:
    """Apply a function of arrays to whatever holds the values.

    Parameters
    ----------
    values : array_like, Series or DataArray
    function : callable
        Of an array, giving scores of the same shape.

    Returns
    -------
    array, Series or DataArray
        Of the same kind, index and coordinates.

    Examples
    --------
    >>> map_values(pd.Series([1.0], index=["a"]), lambda given: given / 2)
    a    0.5
    dtype: float64
    """
    if isinstance(values, xr.DataArray):
        described = {k: v for k, v in values.attrs.items() if k == "grid_mapping"}
        scored = function(values.to_numpy())
        return values.copy(data=scored).assign_attrs(described | {"units": "1"})
    if isinstance(values, pd.Series):
        return pd.Series(function(values.to_numpy()), index=values.index, name=values.name)
    return function(np.asarray(values))
