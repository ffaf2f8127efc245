"""Criteria to scores, scores to ranks, and how sure a rank is.

Each module is usable alone, on plain arrays and frames:

`weighting`
    Weights, their ranges and seeded draws from them.
`ranking`
    A matrix and weights to scores and ranks.
`overlay`
    The score of every cell of a grid.
`places`
    The best places of a score surface, some distance apart, with names.
`robustness`
    How sure a rank is: rank acceptability (SMAA) by draws or exactly, draws of a study, how
    far a weight may move, what a result hangs on, how far rankings agree.
`portfolio`
    Sites that together are best, within a budget, a spacing and other limits.
`combination`, `unknowns`, `surface`
    One declaration of a method for sites and cells, and what stands for an unknown.
`firmness`, `information`
    How firm ranks are, and what knowing an unknown would be worth.
`difference`
    How far each criterion carried a score from one run to another.
`sites`
    The score table and the criteria table of a theme.
`explain`
    Why a site stands where it stands, in sentences.
"""
