"""Weights of criteria: stated, judged in pairs, ranked, or read off the data.

`normalise`, `WeightRange`, `draw_weights`
    Stated weights, the ranges they may lie in, and seeded draws from those ranges.
`rank_order_centroid`, `rank_sum`, `reciprocal`, `swing`
    From an order, or from points for the swing of each criterion.
`entropy`, `standard_deviation`, `critic`, `merec`
    From the spread of the data alone. They are not preferences: they say which criteria tell
    the alternatives apart, not which of them matter.
"""

from geo.scoring.objective import critic, entropy, merec, standard_deviation
from geo.scoring.rankorder import rank_order_centroid, rank_sum, reciprocal, swing
from geo.scoring.weights import WeightRange, Weights, draw_weights, generator, normalise

__all__ = [
    "WeightRange",
    "Weights",
    "critic",
    "draw_weights",
    "entropy",
    "generator",
    "merec",
    "normalise",
    "rank_order_centroid",
    "rank_sum",
    "reciprocal",
    "standard_deviation",
    "swing",
]
