"""What goes into an overlay, checked once for every way of combining it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compute.breakpoints import Breakpoints
from geo.compute.curves import Codes, Curve, Steps
from geo.errors import DataError

__all__ = ["Form", "Inputs", "Overlay", "checked_inputs", "empty_overlay"]

Form = Breakpoints | Curve | Steps | Codes
"""A value function in the form that the compiled code takes."""


class Overlay(NamedTuple):
    """Weighted sum with its bound for unknowns.

    Parameters
    ----------
    score : (rows, columns) float32 array
        Sum of the known contributions: what holds if every unknown scored 0. NaN where
        excluded, where a required criterion is unknown, or where nothing is known.
    score_high : (rows, columns) float32 array
        The same if every unknown scored 1. NaN where `score` is.
    known : (rows, columns) uint8 array
        How many criteria are known.
    """

    score: npt.NDArray[np.float32]
    score_high: npt.NDArray[np.float32]
    known: npt.NDArray[np.uint8]


class Inputs(NamedTuple):
    """Criteria and exclusions of an overlay, cell after cell.

    Parameters
    ----------
    shape : tuple of int
        Of the raster.
    layers : list of (cells,) float arrays
    required : (criteria,) bool array
        Criteria without which a cell gets no score.
    blocked : (cells,) uint16 array
        Exclusion bits; empty where there are none.
    """

    shape: tuple[int, ...]
    layers: list[npt.NDArray[np.floating]]
    required: npt.NDArray[np.bool_]
    blocked: npt.NDArray[np.uint16]


def checked_inputs(
    criteria: Sequence[npt.ArrayLike],
    functions: Sequence[Form],
    weights: Sequence[float],
    excluded: npt.ArrayLike | None,
    exclude_mask: int,
    required: Sequence[bool] | None,
) -> Inputs:
    """Bring what an overlay is given into the form that compiled code takes, or refuse it.

    Parameters
    ----------
    criteria, functions, weights, excluded, exclude_mask, required
        As of `geo.compute.kernels.weighted_overlay`.

    Returns
    -------
    Inputs

    Raises
    ------
    DataError
        If the numbers of criteria, functions and weights differ, the weights do not sum
        to 1, or shapes differ.

    Examples
    --------
    >>> line = Breakpoints(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    >>> found = checked_inputs([[[1, 2]]], [line], [1.0], [[True, False]], 1, None)
    >>> found.shape, found.layers[0].tolist(), found.blocked.tolist()
    ((1, 2), [1.0, 2.0], [1, 0])
    """
    layers, shape = _contiguous(criteria)
    _check_parts(len(layers), functions, weights, required)
    needed = np.zeros(len(layers), dtype=np.bool_) if required is None else np.array(required)
    blocked = _closed_cells(excluded, exclude_mask, shape)
    return Inputs(shape, [layer.reshape(-1) for layer in layers], needed, blocked)


def empty_overlay(shape: tuple[int, ...]) -> Overlay:
    """Room for the result of an overlay, not yet filled.

    Examples
    --------
    >>> empty_overlay((2, 3)).known.shape
    (2, 3)
    """
    score, high = (np.empty(shape, dtype=np.float32) for _ in range(2))
    return Overlay(score, high, np.empty(shape, dtype=np.uint8))


def _contiguous(
    criteria: Sequence[npt.ArrayLike],
) -> tuple[list[npt.NDArray[np.floating]], tuple[int, ...]]:
    # In line and aligned: the compiled code reads them from their addresses.
    layers = [np.require(layer, requirements=["C", "A"]) for layer in criteria]
    if not layers:
        raise DataError("there is no criterion: give at least one")
    if len(layers) > 255:
        raise DataError(f"{len(layers)} criteria are more than the 255 that can be counted")
    for n, layer in enumerate(layers):
        if layer.shape != layers[0].shape:
            raise DataError(
                f"criterion {n} has shape {layer.shape}, criterion 0 has {layers[0].shape}: "
                "bring all to one grid"
            )
        if layer.dtype not in (np.float32, np.float64):
            # Whole numbers of up to 16 bits are exact in float32.
            layers[n] = layer.astype(np.result_type(layer, np.float32))
    return layers, layers[0].shape


def _check_parts(
    count: int,
    functions: Sequence[Form],
    weights: Sequence[float],
    required: Sequence[bool] | None,
) -> None:
    found = (len(functions), len(weights), count if required is None else len(required))
    if found != (count, count, count):
        raise DataError(
            f"{count} criteria have {found[0]} value functions, {found[1]} weights and "
            f"{found[2]} required flags: give one of each for every criterion"
        )
    total = float(np.sum(weights))
    if not (abs(total - 1.0) < 1e-6 and min(weights) >= 0):
        raise DataError(
            f"weights {list(weights)} sum to {total:.6g}: required are weights of 0 or more "
            "that sum to 1, divide them by their sum"
        )


def _closed_cells(
    excluded: npt.ArrayLike | None, mask: int, shape: tuple[int, ...]
) -> npt.NDArray[np.uint16]:
    """Exclusion bits as one flat array, empty where there are none."""
    if not 0 <= mask <= 0xFFFF:
        raise DataError(f"exclude_mask is {mask}, required are 16 bits: 0 to 65535")
    if excluded is None:
        return np.empty(0, dtype=np.uint16)
    bits = np.ascontiguousarray(excluded)
    if bits.shape != shape:
        raise DataError(f"excluded has shape {bits.shape}, the criteria {shape}")
    if bits.dtype.kind not in "bu" or bits.dtype.itemsize > 2:
        raise DataError(
            f"excluded has type {bits.dtype}, required is bool, uint8 or uint16: "
            "convert it with .astype('uint16')"
        )
    return bits.astype(np.uint16, copy=False).reshape(-1)
