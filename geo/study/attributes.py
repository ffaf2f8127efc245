"""Criteria that only a site's own record can answer: size, grade, stage and lists."""

from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import EmptyLayerError, LayerError
from geo.minerals.deposits import grade_ratio, list_share, prepare
from geo.recipe import CriterionSpec, ThemeSpec
from geo.recipe.reader import closest
from geo.study.loads import load_columns, load_named
from geo.study.workbench import Workbench

__all__ = ["attribute_of", "deposits_of"]


def deposits_of(bench: Workbench, theme: ThemeSpec) -> gpd.GeoDataFrame:
    """Sites of a theme that stand as rows of a layer, by site id.

    Parameters
    ----------
    bench : Workbench
    theme : ThemeSpec

    Returns
    -------
    GeoDataFrame
        EPSG:4326, with `lon` and `lat`; `counted_within` names the parent that a part
        is counted with.

    Raises
    ------
    EmptyLayerError
        If the filter leaves no site.
    LayerError
        If the layer has no ids.
    """
    layer = str(theme.sites.layer)
    file = bench.catalogue[layer].path.name
    found = bench.features(layer, theme.sites.where)
    if found.empty:
        raise EmptyLayerError(f"{file}: no site is left for theme {theme.id!r}: change its filter")
    for column in ("site_id", "name"):
        if column not in found:
            raise LayerError(f"{file}: sites need a column {column!r}")
    sites = prepare(found.to_crs(4326))
    sites["lon"], sites["lat"] = sites.geometry.x, sites.geometry.y
    return cast(
        gpd.GeoDataFrame, sites.set_index("site_id", drop=False).rename_axis(None).sort_index()
    )


def attribute_of(bench: Workbench, criterion: CriterionSpec, sites: gpd.GeoDataFrame) -> pd.Series:
    """Values of a criterion that reads the sites' own columns.

    Parameters
    ----------
    bench : Workbench
    criterion : CriterionSpec
        With a measure that is not spatial.
    sites : GeoDataFrame

    Returns
    -------
    Series
        By site id; NaN or None is unknown.
    """
    arguments = criterion.measure.arguments
    name = criterion.measure.name
    if name == "list-share":
        share = list_share(
            bench.table(str(bench.recipe.lists)),
            str(arguments["commodity"]),
            lists=cast(tuple[str, ...], arguments["lists"]),
            strategic=cast(tuple[str, ...], arguments.get("strategic", ())),
        )
        return pd.Series(share, sites.index, dtype=np.float64)
    if name == "supply-cost":
        load = load_named(bench, str(arguments["load"]), criterion.line)
        return load_columns(bench, load, sites).get("cost", pd.Series(np.nan, sites.index))
    if name == "grade-ratio":
        return grade_ratio(sites, cast(float, arguments["median"]), str(arguments["grade_unit"]))
    column = str(arguments["column"])
    if column not in sites:
        raise LayerError(
            f"criterion {criterion.id!r}: the sites have no column {column!r}"
            f"{closest(column, [str(c) for c in sites.columns])}"
        )
    if name == "class":
        return pd.Series(sites[column].astype(object).where(sites[column].notna(), None))
    return pd.Series(sites[column].astype(np.float64))
