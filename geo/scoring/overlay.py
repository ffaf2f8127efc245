"""The score of every cell of a grid, from the same declaration as the score of a site."""

from collections.abc import Collection, Mapping
from typing import Protocol

import numpy.typing as npt
import xarray as xr

from geo.compute.kernels import Form, Overlay, combined_overlay, weighted_overlay
from geo.errors import DataError
from geo.scoring.fuzzy import fuzzy_and, fuzzy_gamma, fuzzy_or, fuzzy_product, fuzzy_sum
from geo.scoring.weighting import normalise

__all__ = [
    "SurfaceFunction",
    "combine_surface",
    "fuzzy_and",
    "fuzzy_gamma",
    "fuzzy_or",
    "fuzzy_product",
    "fuzzy_sum",
    "weighted_sum_surface",
]


class SurfaceFunction(Protocol):
    """A value function that the compiled code can apply to every cell."""

    def form(self) -> Form:
        """Give the function as the compiled code takes it."""


def weighted_sum_surface(
    criteria: Mapping[str, xr.DataArray],
    value_functions: Mapping[str, SurfaceFunction],
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
    value_functions : mapping of str to SurfaceFunction
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
    return combine_surface(
        criteria,
        value_functions,
        weights,
        "weighted-sum",
        excluded=excluded,
        exclude_mask=exclude_mask,
        required=required,
    )


def combine_surface(
    criteria: Mapping[str, xr.DataArray],
    value_functions: Mapping[str, SurfaceFunction],
    weights: Mapping[str, float],
    method: str = "weighted-sum",
    *,
    alpha: float = 1.0,
    order_weights: npt.ArrayLike | None = None,
    gamma: float = 0.9,
    excluded: xr.DataArray | None = None,
    exclude_mask: int | None = None,
    required: Collection[str] = (),
) -> xr.Dataset:
    """Score every cell by a method that looks at one cell at a time, in one pass.

    Value functions, combination, bounds for unknowns and exclusion are one walk over the
    raster, whatever the method. A site scored by the same method from the same values gets
    the score of its cell.

    Parameters
    ----------
    criteria, value_functions, weights
        As for `weighted_sum_surface`. Fuzzy operators do not use the weights.
    method : str
        ``"weighted-sum"``, ``"weighted-product"``, ``"owa"``, ``"topsis"`` (between the
        declared ideal, 1 in every value score, and 0 in every one), ``"fuzzy-and"``,
        ``"fuzzy-or"``, ``"fuzzy-product"``, ``"fuzzy-sum"`` or ``"fuzzy-gamma"``.
    alpha, order_weights
        Of ``"owa"``, as for `geo.scoring.ranking.owa`; order weights take the place of alpha.
    gamma : float
        Of ``"fuzzy-gamma"``, as for `fuzzy_gamma`.
    excluded, exclude_mask, required
        As for `weighted_sum_surface`.

    Returns
    -------
    Dataset
        As of `weighted_sum_surface`: ``score`` with every unknown at its worst, ``score_high``
        with every unknown at its best, ``known``.

    Raises
    ------
    DataError
        If there is no criterion, the mappings name different ones, grids differ, or the
        method or an option is not as above.

    Examples
    --------
    >>> from odc.geo.geobox import GeoBox
    >>> import numpy as np
    >>> from geo.criteria.value_functions import Piecewise
    >>> from geo.grid import as_dataarray
    >>> grid = GeoBox.from_bbox((0, 0, 2000, 1000), "EPSG:3857", resolution=1000)
    >>> near, high = (
    ...     as_dataarray(np.array([row]), grid, name="n", unit="1", long_name="n")
    ...     for row in ([0.5, 0.5], [0.9, np.nan])
    ... )
    >>> plain = Piecewise([(0, 0), (1, 1)])
    >>> found = combine_surface(
    ...     {"near": near, "high": high}, {"near": plain, "high": plain},
    ...     {"near": 1, "high": 1}, "fuzzy-and",
    ... )
    >>> found["score"].values.tolist(), found["score_high"].values.tolist()
    ([[0.5, 0.0]], [[0.5, 0.5]])
    """
    names = list(criteria)
    _check_names(names, value_functions, weights, required)
    like = criteria[names[0]]
    for name, layer in [*criteria.items(), *([] if excluded is None else [("excluded", excluded)])]:
        _check_grid(like, layer, name)
    layers = [criteria[name].to_numpy() for name in names]
    forms = [value_functions[name].form() for name in names]
    shares = normalise([weights[name] for name in names]).tolist()
    needed = [name in set(required) for name in names]
    bits = None if excluded is None else excluded.to_numpy()
    mask = _mask(excluded, exclude_mask)
    if method == "weighted-sum":
        # Nothing but sums is kept of a cell: quicker than the walk of the other methods.
        found = weighted_overlay(
            layers, forms, shares, excluded=bits, exclude_mask=mask, required=needed
        )
    else:
        found = combined_overlay(
            layers, forms, shares, method, alpha=alpha, order_weights=order_weights, gamma=gamma,
            excluded=bits, exclude_mask=mask, required=needed,
        )  # fmt: skip
    return _dataset(found, like)


def _check_names(
    names: list[str],
    value_functions: Mapping[str, SurfaceFunction],
    weights: Mapping[str, float],
    required: Collection[str],
) -> None:
    if not names:
        raise DataError("there is no criterion: give at least one")
    for what, given in (("value_functions", set(value_functions)), ("weights", set(weights))):
        if given != set(names):
            odd = sorted(given ^ set(names))[0]
            raise DataError(f"{what} and criteria disagree about {odd!r}: give one of each")
    stray = sorted(set(required) - set(names))
    if stray:
        raise DataError(f"required: {stray[0]!r} is no criterion")


def _dataset(found: Overlay, like: xr.DataArray) -> xr.Dataset:
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
