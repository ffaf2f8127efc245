"""The score of every cell of a grid, from the same declaration as the score of a site."""

from collections.abc import Collection, Mapping
from typing import Protocol

import xarray as xr

from geo.compute.kernels import Breakpoints, weighted_overlay
from geo.errors import DataError
from geo.scoring.fuzzy import fuzzy_and, fuzzy_gamma, fuzzy_or, fuzzy_product, fuzzy_sum
from geo.scoring.weighting import normalise

__all__ = [
    "BreakpointFunction",
    "fuzzy_and",
    "fuzzy_gamma",
    "fuzzy_or",
    "fuzzy_product",
    "fuzzy_sum",
    "weighted_sum_surface",
]


class BreakpointFunction(Protocol):
    """A value function that is straight, or straight in the logarithm, between points."""

    def breakpoints(self) -> Breakpoints:
        """Points of the function."""


def weighted_sum_surface(
    criteria: Mapping[str, xr.DataArray],
    value_functions: Mapping[str, BreakpointFunction],
    weights: Mapping[str, float],
    *,
    excluded: xr.DataArray | None = None,
    exclude_mask: int | None = None,
    required: Collection[str] = (),
) -> xr.Dataset:
    """Score every cell by the weighted sum of its criteria, in one pass.

    A cell's score is the sum of its known contributions, as a site's is: an unknown counts
    nothing, its worst case.

    Parameters
    ----------
    criteria : mapping of str to (rows, columns) DataArray
        Criterion values on one grid, in the unit of their value function; NaN is unknown.
    value_functions : mapping of str to BreakpointFunction
        By criterion.
    weights : mapping of str to float
        By criterion; scaled to add up to 1.
    excluded : (rows, columns) DataArray of bool or unsigned integer, optional
        Reason bits; 0 is not excluded.
    exclude_mask : int, optional
        Which bits exclude; the others only warn. Taken from the attribute `exclude_mask` of
        `excluded` when missing, else all bits exclude.
    required : collection of str, optional
        Criteria without which a cell has no score.

    Returns
    -------
    Dataset
        ``score`` (float32), ``score_high``, the same with every unknown at its best, and
        ``known``, the number of known criteria. The first two are NaN where a cell is
        excluded, a required criterion is unknown or nothing is known; `excluded` tells the
        first case from the others.

    Raises
    ------
    DataError
        If there is no criterion, the mappings name different ones, or grids differ.
    """
    names = list(criteria)
    if not names:
        raise DataError("there is no criterion: give at least one")
    for what, given in (("value_functions", set(value_functions)), ("weights", set(weights))):
        if given != set(names):
            odd = sorted(given ^ set(names))[0]
            raise DataError(f"{what} and criteria disagree about {odd!r}: give one of each")
    stray = sorted(set(required) - set(names))
    if stray:
        raise DataError(f"required: {stray[0]!r} is no criterion")
    like = criteria[names[0]]
    for name, layer in [*criteria.items(), *([] if excluded is None else [("excluded", excluded)])]:
        _check_grid(like, layer, name)
    found = weighted_overlay(
        [criteria[name].to_numpy() for name in names],
        [value_functions[name].breakpoints() for name in names],
        normalise([weights[name] for name in names]).tolist(),
        excluded=None if excluded is None else excluded.to_numpy(),
        exclude_mask=_mask(excluded, exclude_mask),
        required=[name in set(required) for name in names],
    )
    titles = {
        "score": "Score, unknown criteria at their worst",
        "score_high": "Score, unknown criteria at their best",
        "known": "Number of known criteria",
    }
    return xr.Dataset(
        {
            name: xr.DataArray(
                values,
                dims=like.dims,
                coords=like.coords,
                attrs={"long_name": titles[name], "units": "1", "grid_mapping": "spatial_ref"},
            )
            for name, values in found._asdict().items()
        }
    )


def _check_grid(like: xr.DataArray, layer: xr.DataArray, name: str) -> None:
    if layer.dims != ("y", "x") or layer.shape != like.shape:
        raise DataError(
            f"{name!r} has the dimensions {dict(layer.sizes)}, required are "
            f"{dict(like.sizes)}: bring it to the grid with to_grid"
        )
    for axis in ("y", "x"):
        if axis in like.coords and axis in layer.coords and not like[axis].equals(layer[axis]):
            raise DataError(f"{name!r} lies on another grid: bring it there with to_grid")


def _mask(excluded: xr.DataArray | None, exclude_mask: int | None) -> int:
    if exclude_mask is not None:
        return exclude_mask
    return 0xFFFF if excluded is None else int(excluded.attrs.get("exclude_mask", 0xFFFF))
