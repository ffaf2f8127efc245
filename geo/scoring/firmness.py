"""How firm the ranks of a theme are, as one long table.

A row is one figure about one site, or about the theme where the site is empty:

``rank_acceptability``
    Share of the draws in which the site takes the rank `name`.
``expected_rank``
    Mean rank over the draws.
``central_weight``
    Mean weight of the criterion `name` over the draws in which the site is first.
``confidence_factor``
    Share of draws in which the site is first with its central weights.
``wins_against``
    Share of the draws in which the site is ahead of the site `name`.
``stable_weight``
    Of the first site: the weight of the criterion `name`, and between which weights (`low`,
    `high`) it stays first, the others in proportion.
``rank_by_method``
    Rank by the method `name`, unknown criteria at their worst.
``kendall``, ``ws``
    Agreement of the theme's own ranks with those of the method `name`, from -1 and 0 to 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.scoring.agreement import kendall_tau, ws_coefficient
from geo.scoring.combination import METHODS, Combination
from geo.scoring.draws import ValueRange, draw_scores
from geo.scoring.ranks import rank_scores
from geo.scoring.smaa import acceptability
from geo.scoring.stability import stable_weights

__all__ = ["FIRMNESS_COLUMNS", "Drawn", "firmness_table"]

Floats = npt.NDArray[np.float64]

FIRMNESS_COLUMNS = ("theme", "site_id", "figure", "name", "value", "low", "high")
_PAIRS = 10
"""Best sites that are compared two by two."""
_CONFIDENT = 5
"""Sites, by how often they are first, whose confidence factor is drawn."""
_DRAWS = 1000
_OPTIONS = {"owa": {"alpha": 2.0}}

Row = tuple[str, str, str, float, float, float]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Draws of a theme: `scores` (draws, sites), `weights` (draws, criteria), and their making."""

    sites: Sequence[str]
    criteria: Sequence[str]
    values: Floats
    scores: Floats
    weights: Floats
    seed: tuple[int | str, ...]
    ranges: Mapping[str, ValueRange]
    pessimism: float


def firmness_table(
    theme: str, drawn: Drawn, own: Floats, weights: Floats, method: Combination, *, top: int
) -> pd.DataFrame:
    """Everything that says how firm the ranks of a theme are.

    Parameters
    ----------
    theme : str
    drawn : Drawn
        Of the ranked sites.
    own : (sites,) array
        The score of each of them.
    weights : (criteria,) array
        Adding up to 1.
    method : Combination
    top : int
        Ranks told apart.

    Returns
    -------
    DataFrame
        With the columns `FIRMNESS_COLUMNS`, see the head of this module.
    """
    if len(drawn.sites) == 0:
        return pd.DataFrame(columns=list(FIRMNESS_COLUMNS))
    rows: list[Row] = [*_drawn_rows(drawn, own, method, top), *_method_rows(drawn, own, weights)]
    if method.method == "weighted-sum":
        rows += _stable_rows(drawn, own, weights)
    table = pd.DataFrame(rows, columns=list(FIRMNESS_COLUMNS[1:]))
    table.insert(0, "theme", theme)
    return table


def _row(site: str, figure: str, name: str, value: float) -> Row:
    return site, figure, name, float(value), np.nan, np.nan


def _drawn_rows(drawn: Drawn, own: Floats, method: Combination, top: int) -> list[Row]:
    count = len(drawn.sites)
    told = min(top, count)
    found = acceptability(drawn.scores, drawn.weights, ranks=told)
    first = found.rank_acceptability[:, 0]
    expected = rank_scores(drawn.scores).mean(axis=0)
    rows = []
    for at, site in enumerate(drawn.sites):
        shares = found.rank_acceptability[at]
        rows += [
            _row(site, "rank_acceptability", str(rank + 1), share)
            for rank, share in enumerate(shares)
            if share > 0
        ]
        rows.append(_row(site, "expected_rank", "", expected[at]))
        if first[at] > 0:
            rows += [
                _row(site, "central_weight", name, weight)
                for name, weight in zip(drawn.criteria, found.central_weights[at], strict=True)
            ]
    likely = np.argsort(-first, kind="stable")[:_CONFIDENT]
    rows += [
        _row(drawn.sites[at], "confidence_factor", "", _confidence(drawn, at, central, method))
        for at, central in ((int(at), found.central_weights[at]) for at in likely)
        if first[at] > 0
    ]
    best = np.argsort(-own, kind="stable")[:_PAIRS].tolist()
    for one in best:
        for other in best:
            if one != other:
                ahead = drawn.scores[:, one] - drawn.scores[:, other]
                share = (ahead > 0).mean() + (ahead == 0).mean() / 2
                rows.append(_row(drawn.sites[one], "wins_against", drawn.sites[other], share))
    return rows


def _confidence(drawn: Drawn, at: int, central: Floats, method: Combination) -> float:
    """Share of draws in which a site is first when everybody takes its central weights."""
    draws = min(_DRAWS, len(drawn.scores))
    scores = draw_scores(
        drawn.values,
        np.tile(central, (draws, 1)),
        sites=drawn.sites,
        criteria=drawn.criteria,
        seed=drawn.seed,
        ranges=drawn.ranges,
        pessimism=drawn.pessimism,
        combination=method,
    )
    return float((scores[:, at] >= scores.max(axis=1)).mean())


def _stable_rows(drawn: Drawn, own: Floats, weights: Floats) -> list[Row]:
    if len(drawn.sites) < 2:
        return []
    first = int(np.argmax(own))
    return [
        (drawn.sites[first], "stable_weight", drawn.criteria[s.criterion], s.weight, s.low, s.high)
        for s in stable_weights(drawn.values, weights, first)
    ]


def _method_rows(drawn: Drawn, own: Floats, weights: Floats) -> list[Row]:
    low = np.nan_to_num(drawn.values, nan=0.0)
    mine = rank_scores(own)
    rows: list[Row] = []
    for name, about in METHODS.items():
        if about.chooses or not about.weighted or len(drawn.sites) < 2:
            continue
        scores = Combination(name, _OPTIONS.get(name, {})).scores(low, weights)
        ranks = rank_scores(scores, tolerance=1e-12)
        rows += [
            _row(site, "rank_by_method", name, rank)
            for site, rank in zip(drawn.sites, ranks, strict=True)
        ]
        rows.append(_row("", "kendall", name, kendall_tau(mine, ranks)))
        rows.append(_row("", "ws", name, ws_coefficient(mine, ranks)))
    return rows
