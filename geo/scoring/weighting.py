"""Weights of criteria: stated, judged in pairs, ranked, or read off the data.

`normalise`, `WeightRange`, `draw_weights`
    Stated weights, the ranges they may lie in, and seeded draws from those ranges.
`ahp`, `group_judgements`, `consensus`, `read_judgements`
    From judgements in pairs, of one expert or several.
`best_worst`
    From comparisons with the most and the least important criterion.
`rank_order_centroid`, `rank_sum`, `reciprocal`, `swing`
    From an order, or from points for the swing of each criterion.
`entropy`, `standard_deviation`, `critic`, `merec`
    From the spread of the data alone. They are not preferences: they say which criteria tell
    the alternatives apart, not which of them matter.
`weight_table`, `overlapping`
    What stands beside weights: the swing of each, and criteria that say the same.
"""

from geo.scoring.bestworst import BestWorstWeights, best_worst
from geo.scoring.judgements import Judgements, read_judgements
from geo.scoring.objective import critic, entropy, merec, standard_deviation
from geo.scoring.overlap import Overlap, overlapping, weight_table
from geo.scoring.pairwise import PairwiseWeights, Revision, ahp, consensus, group_judgements
from geo.scoring.rankorder import rank_order_centroid, rank_sum, reciprocal, swing
from geo.scoring.weights import WeightRange, Weights, draw_weights, generator, normalise

__all__ = [
    "BestWorstWeights",
    "Judgements",
    "Overlap",
    "PairwiseWeights",
    "Revision",
    "WeightRange",
    "Weights",
    "ahp",
    "best_worst",
    "consensus",
    "critic",
    "draw_weights",
    "entropy",
    "generator",
    "group_judgements",
    "merec",
    "normalise",
    "overlapping",
    "rank_order_centroid",
    "rank_sum",
    "read_judgements",
    "reciprocal",
    "standard_deviation",
    "swing",
    "weight_table",
]
