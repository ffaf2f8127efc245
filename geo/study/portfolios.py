"""The sites of a theme that together are best, as its recipe asks."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import DataError, RecipeError
from geo.recipe.reader import closest
from geo.recipe.schema import PortfolioSpec
from geo.scoring.portfolio import Portfolio, choose_sites

__all__ = ["portfolio_table"]

Floats = npt.NDArray[np.float64]


def portfolio_table(spec: PortfolioSpec, sites: gpd.GeoDataFrame, recipe: Path) -> pd.DataFrame:
    """Choose sites and set them beside the plain best.

    Parameters
    ----------
    spec : PortfolioSpec
    sites : GeoDataFrame
        Rows of ``sites.csv`` of the theme. Only ranked sites with a known cost are chosen.
    recipe : Path
        For the place of an error.

    Returns
    -------
    DataFrame
        One row for each site that is chosen or among the plain best, by score: ``site_id``,
        ``name``, ``rank``, ``score``, ``chosen``, ``plain_best``, ``cost`` and ``links``; before
        them one without a site, with the total score and cost and a sentence in ``says``.

    Raises
    ------
    RecipeError
        If a column is not there or holds no numbers, or no set of sites keeps all limits.
    """
    place = f"{recipe.name}:{spec.line}: [theme.portfolio]"
    for key in ("cost", "group", "link"):
        column = getattr(spec, key)
        if column is not None and column not in sites:
            raise RecipeError(
                [f"{place}: {key}: the sites have no column {column!r}{closest(column, sites)}"]
            )
    costs = _costs(spec, sites, place)
    scores = sites["score"].to_numpy(np.float64, na_value=np.nan)
    scores = np.where((sites["status"] == "ranked") & np.isfinite(costs), scores, np.nan)
    links = _links(spec, sites)
    try:
        found = choose_sites(
            scores,
            count=spec.count,
            costs=np.nan_to_num(costs),
            budget=spec.budget,
            links=links,
            link_costs=spec.link_costs,
            places=sites[["lon", "lat"]].to_numpy(np.float64),
            spacing=spec.spacing,
            groups=None if spec.group is None else sites[spec.group].fillna("").tolist(),
            limits=spec.limits,
        )
    except DataError as error:
        raise RecipeError([f"{place}: {error}"]) from None
    return _table(found, sites, scores, costs, links)


def _costs(spec: PortfolioSpec, sites: gpd.GeoDataFrame, place: str) -> Floats:
    if spec.cost is None:
        return np.zeros(len(sites))
    numbers = pd.to_numeric(sites[spec.cost], errors="coerce")
    found = np.asarray(numbers, dtype=np.float64)
    strays = sites[spec.cost].notna().to_numpy() & np.isnan(found)
    if strays.any():
        text = sites[spec.cost].to_numpy()[strays][0]
        raise RecipeError(
            [f"{place}: cost: column {spec.cost!r} holds {text!r}, which is no number"]
        )
    if (found < 0).any():
        raise RecipeError([f"{place}: cost: column {spec.cost!r} holds a cost below zero"])
    return found


def _links(spec: PortfolioSpec, sites: gpd.GeoDataFrame) -> list[list[str]]:
    if spec.link is None:
        return [[] for _ in range(len(sites))]
    texts = sites[spec.link].fillna("").astype(str)
    return [[name.strip() for name in text.split(";") if name.strip()] for text in texts]


def _table(
    found: Portfolio,
    sites: gpd.GeoDataFrame,
    scores: Floats,
    costs: Floats,
    links: list[list[str]],
) -> pd.DataFrame:
    rows = sorted({*found.chosen, *found.top}, key=lambda row: (-scores[row], row))
    table = sites.iloc[rows][["site_id", "name", "rank", "score"]].copy()
    table["chosen"] = [row in found.chosen for row in rows]
    table["plain_best"] = [row in found.top for row in rows]
    table["cost"] = costs[rows]
    table["links"] = ["; ".join(links[row]) for row in rows]
    table["says"] = ""
    together = {
        "site_id": "",
        "name": "together",
        "score": found.score,
        "cost": found.cost,
        "links": "; ".join(str(name) for name in found.links),
        "says": _says(found),
    }
    head = pd.DataFrame([together], columns=table.columns)
    body = pd.DataFrame(table).astype(object)
    return pd.concat([head.astype(object), body], ignore_index=True)


def _says(found: Portfolio) -> str:
    """Say what was chosen, how sure it is the best, and what the plain best would break."""
    proof = "proven to be the best" if found.gap == 0 else f"within {found.gap:.1%} of the best"
    text = f"{len(found.chosen)} sites with a total score of {found.score:.3f}, {proof}"
    if set(found.top) == set(found.chosen):
        return f"{text}; they are the plain best, too."
    breaks = "; ".join(found.top_breaks)
    return f"{text}. The plain best would have {found.top_score:.3f}, but: {breaks}."
