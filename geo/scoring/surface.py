"""The score of every cell by any local method, from the same declaration as a site's."""

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.compute.kernels import piecewise
from geo.errors import DataError
from geo.scoring.combination import Combination
from geo.scoring.overlay import BreakpointFunction, weighted_sum_surface
from geo.scoring.unknowns import score_cells

__all__ = ["combined_surface"]

_CELLS = 1 << 18
"""Cells scored at a time, which bounds the memory."""


def combined_surface(
    criteria: Mapping[str, xr.DataArray],
    value_functions: Mapping[str, BreakpointFunction],
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
    # One pass of a compiled kernel: checks names and grids, and tells what is known.
    found = weighted_sum_surface(
        criteria,
        value_functions,
        weights,
        excluded=excluded,
        exclude_mask=exclude_mask,
        required=required,
    )
    if method.method == "weighted-sum" and unknown in ("lower", "interval"):
        return found
    if not method.about.local:
        raise DataError(f"{method.about.title} ranks sites only: it compares places")
    names = list(criteria)
    shares = method.shares([weights[name] for name in names])
    scored = np.flatnonzero(~np.isnan(found["score"].to_numpy().ravel()))
    score, best = (np.full(found["score"].size, np.nan, dtype=np.float32) for _ in range(2))
    for start in range(0, scored.size, _CELLS):
        cells = scored[start : start + _CELLS]
        values = _value_scores(criteria, value_functions, cells)
        score[cells], best[cells] = score_cells(values, shares, method, unknown=unknown)
    for name, flat in (("score", score), ("score_high", best)):
        found[name] = found[name].copy(data=flat.reshape(found[name].shape))
    return found


def _value_scores(
    criteria: Mapping[str, xr.DataArray],
    value_functions: Mapping[str, BreakpointFunction],
    cells: npt.NDArray[np.intp],
) -> npt.NDArray[np.float64]:
    return np.column_stack(
        [
            piecewise(
                np.asarray(layer.to_numpy().ravel()[cells], dtype=np.float64),
                value_functions[name].breakpoints(),
            )
            for name, layer in criteria.items()
        ]
    )
