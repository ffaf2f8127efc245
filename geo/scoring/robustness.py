"""How sure a rank is: everything about it under one name.

`smaa`
    Rank acceptability, central weights and confidence over admissible weights.
`smaa_exact`
    The same without draws, for two or three criteria.
`draws`
    Seeded draws of a study's weights, values and unknowns, and the ranges that they give.
`stability`
    How far a weight may move before the first place changes hands.
"""

from geo.scoring.distributions import Empirical, Normal, Triangular, Uniform, triangular
from geo.scoring.draws import (
    RankRanges,
    ValueFunction,
    ValueRange,
    draw_scores,
    rank_ranges,
)
from geo.scoring.smaa import Smaa, acceptability, smaa
from geo.scoring.smaa_exact import smaa_exact
from geo.scoring.stability import weight_interval
from geo.scoring.weight_space import Bounded, Dirichlet, Fixed, Ordinal, Scaled, Simplex

__all__ = [
    "Bounded",
    "Dirichlet",
    "Empirical",
    "Fixed",
    "Normal",
    "Ordinal",
    "RankRanges",
    "Scaled",
    "Simplex",
    "Smaa",
    "Triangular",
    "Uniform",
    "ValueFunction",
    "ValueRange",
    "acceptability",
    "draw_scores",
    "rank_ranges",
    "smaa",
    "smaa_exact",
    "triangular",
    "weight_interval",
]
