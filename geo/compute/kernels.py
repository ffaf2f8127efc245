"""All kernels under one name: distances, travel costs, overlay, peaks and relief.

``cell_size`` is always (height of a row, width of a column), cells are (row, column),
NaN is unknown or, for friction, a barrier.
"""

from geo.compute.cost import (
    CostAllocation,
    accumulated_cost,
    accumulated_cost_allocation,
    least_cost_path,
    trace_back,
)
from geo.compute.distance import Nearest, euclidean_distance, nearest
from geo.compute.overlay import Breakpoints, Overlay, piecewise, weighted_overlay
from geo.compute.peaks import peaks
from geo.compute.relief import aspect, slope

__all__ = [
    "Breakpoints",
    "CostAllocation",
    "Nearest",
    "Overlay",
    "accumulated_cost",
    "accumulated_cost_allocation",
    "aspect",
    "euclidean_distance",
    "least_cost_path",
    "nearest",
    "peaks",
    "piecewise",
    "slope",
    "trace_back",
    "weighted_overlay",
]
