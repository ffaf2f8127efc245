"""All kernels under one name: distances, travel costs, overlay, peaks and relief.

``cell_size`` is always (height of a row, width of a column), cells are (row, column),
NaN is unknown or, for friction, a barrier.
"""

from geo.compute.breakpoints import Breakpoints, piecewise
from geo.compute.combine import combine_scores, combined_overlay
from geo.compute.cost import (
    CostAllocation,
    accumulated_cost,
    accumulated_cost_allocation,
    least_cost_corridor,
    least_cost_path,
    trace_back,
)
from geo.compute.curves import Codes, Curve, Steps, score_curve
from geo.compute.distance import Nearest, euclidean_distance, nearest
from geo.compute.inputs import Form, Overlay
from geo.compute.overlay import weighted_overlay
from geo.compute.peaks import peaks
from geo.compute.relief import aspect, slope

__all__ = [
    "Breakpoints",
    "Codes",
    "CostAllocation",
    "Curve",
    "Form",
    "Nearest",
    "Overlay",
    "Steps",
    "accumulated_cost",
    "accumulated_cost_allocation",
    "aspect",
    "combine_scores",
    "combined_overlay",
    "euclidean_distance",
    "least_cost_corridor",
    "least_cost_path",
    "nearest",
    "peaks",
    "piecewise",
    "score_curve",
    "slope",
    "trace_back",
    "weighted_overlay",
]
