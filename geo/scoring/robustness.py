"""How sure a rank is: everything about it under one name.

`smaa`
    Rank acceptability, central weights and confidence over admissible weights.
`smaa_exact`
    The same without draws, for two or three criteria.
`draws`
    Seeded draws of a study's weights, values and unknowns, and the ranges that they give.
`stability`
    How far a weight may move before the first place changes hands.
`sensitivity`
    Which input a result hangs on: one at a time, and by Sobol indices.
`agreement`
    How far the rankings of several methods agree.
"""

from geo.scoring.agreement import RankAgreement, kendall_tau, rank_agreement, ws_coefficient
from geo.scoring.distributions import Empirical, Normal, Triangular, Uniform, triangular
from geo.scoring.draws import (
    RankRanges,
    ValueFunction,
    ValueRange,
    draw_scores,
    rank_ranges,
)
from geo.scoring.sensitivity import SobolIndices, one_at_a_time, sobol_indices, weight_tornado
from geo.scoring.smaa import Smaa, acceptability, smaa
from geo.scoring.smaa_exact import smaa_exact
from geo.scoring.stability import StableWeight, stable_weights, weight_interval
from geo.scoring.weight_space import Bounded, Dirichlet, Fixed, Ordinal, Scaled, Simplex

__all__ = [
    "Bounded",
    "Dirichlet",
    "Empirical",
    "Fixed",
    "Normal",
    "Ordinal",
    "RankAgreement",
    "RankRanges",
    "Scaled",
    "Simplex",
    "Smaa",
    "SobolIndices",
    "StableWeight",
    "Triangular",
    "Uniform",
    "ValueFunction",
    "ValueRange",
    "acceptability",
    "draw_scores",
    "kendall_tau",
    "one_at_a_time",
    "rank_agreement",
    "rank_ranges",
    "smaa",
    "smaa_exact",
    "sobol_indices",
    "stable_weights",
    "triangular",
    "weight_interval",
    "weight_tornado",
    "ws_coefficient",
]
