"""The score of every cell by any local method, from the same declaration as a site's."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.errors import DataError
from geo.scoring.combination import Combination
from geo.scoring.overlay import SurfaceFunction, combine_surface
from geo.scoring.unknowns import score_cells

__all__ = ["combined_surface"]


class CellFunction(SurfaceFunction, Protocol):
    """A value function that serves the compiled pass and can be called."""

    def __call__(self, values: Any, /) -> Any:
        """Score values; NaN stays NaN."""


_CELLS = 1 << 18
"""Cells scored at a time, which bounds the memory."""


def combined_surface(
    criteria: Mapping[str, xr.DataArray],
    value_functions: Mapping[str, CellFunction],
    weights: Mapping[str, float],
    combination: Combination | None = None,
    *,
    unknown: str = "lower",
    excluded: xr.DataArray | None = None,
    exclude_mask: int | None = None,
    required: Collection[str] = (),
) -> xr.Dataset:
    """Score every cell.

    Parameters
    ----------
    criteria, value_functions, weights, excluded, exclude_mask, required
        As of :func:`geo.scoring.overlay.weighted_sum_surface`.
    combination : Combination, optional
        A local method; the weighted sum when missing.
    unknown : str
        What stands for an unknown, see `geo.scoring.unknowns`.

    Returns
    -------
    Dataset
        ``score``, ``score_high`` and ``known``, as of ``weighted_sum_surface``.

    Raises
    ------
    DataError
        If the method compares places with one another, or as there.

    Examples
    --------
    >>> from geo.criteria.value_functions import Piecewise
    >>> steep = xr.DataArray([[0.0, 10.0]], dims=("y", "x"))
    >>> far = xr.DataArray([[0.0, 5.0]], dims=("y", "x"))
    >>> falling = Piecewise([(0, 1.0), (10, 0.0)])
    >>> found = combined_surface({"slope": steep, "road": far}, {"slope": falling,
    ...     "road": falling}, {"slope": 1.0, "road": 1.0}, Combination("fuzzy-or"))
    >>> found["score"].values.tolist()
    [[1.0, 0.5]]
    """
    method = combination or Combination()
    if not method.about.local:
        raise DataError(f"{method.about.title} ranks sites only: it compares places")
    # One pass of a compiled kernel, whatever the method.
    found = combine_surface(
        criteria,
        value_functions,
        weights,
        method.method,
        excluded=excluded,
        exclude_mask=exclude_mask,
        required=required,
        **dict(method.options),
    )
    if unknown == "middle":
        found["score"] = found["score"].copy(data=(found["score"] + found["score_high"]).data / 2)
    elif unknown in ("refuse", "reweight"):
        partly = np.flatnonzero((found["known"].to_numpy() < len(criteria)).ravel())
        _of_some(found, criteria, value_functions, weights, method, unknown, partly)
    return found


def _of_some(
    found: xr.Dataset,
    criteria: Mapping[str, xr.DataArray],
    value_functions: Mapping[str, CellFunction],
    weights: Mapping[str, float],
    method: Combination,
    unknown: str,
    cells: npt.NDArray[np.intp],
) -> None:
    """Score again the cells of which something is unknown; all others have their score."""
    shares = method.shares([weights[name] for name in criteria])
    score, best = (found[name].to_numpy().ravel().copy() for name in ("score", "score_high"))
    cells = cells[~np.isnan(score[cells])]
    for start in range(0, cells.size, _CELLS):
        block = cells[start : start + _CELLS]
        values = np.column_stack(
            [
                value_functions[name](layer.to_numpy().ravel()[block].astype(np.float64))
                for name, layer in criteria.items()
            ]
        )
        score[block], best[block] = score_cells(values, shares, method, unknown=unknown)
    for name, flat in (("score", score), ("score_high", best)):
        found[name] = found[name].copy(data=flat.reshape(found[name].shape))
