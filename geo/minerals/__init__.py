"""Mineral deposits: what is in a record, how large it is, and what may be scored.

Each module is usable alone, on plain arrays and frames:

`sizes`
    Contained metal from tonnage and grade, and its logarithmic index.
`deposits`
    Deposit records made ready for scoring: parents and children, grade against a median,
    critical-mineral lists, the precision of a point.
`vocabulary`
    The words in which records agree: kinds of deposit, stages, categories of a quantity.
`resources`
    Statements of what is in the ground: several a deposit, never added, one to show.
`registers`, `licences`
    Public registers and licence registers as people download them, in one schema.
`gradetonnage`
    A deposit among its kind: log-normal laws, percentiles, simulated metal.
`linking`
    One deposit in several registers: names, distance, commodity.
`review`
    The table in which a person judges pairs, kept to by every rerun.
`evidence`
    Log-ratios of compositions.
`classify`
    Classes of continuous evidence: quantiles, natural breaks, concentration-area.
`prospectivity`
    Weights of evidence: classes, posterior probability, conditional independence.
`patterns`
    Answers of a model on the cells of a raster, each pattern of evidence asked once.
`generalise`
    From many classes to a few whose weights can be trusted.
`learning`
    Logistic regression, forests and boosting, with the area in which they may be trusted.
`validation`
    Spatial folds, area under the curve with its interval, Boyce's index.

No function gives a value in money, and none adds quantities of different categories.
"""
