"""What of a study its surfaces and the values at its sites are made of: part of their keys."""

from dataclasses import replace

import geopandas as gpd

from geo.recipe import Recipe, ThemeSpec
from geo.study.workbench import Workbench

__all__ = ["by_id", "ground_key", "ground_of", "placed"]


def ground_of(recipe: Recipe) -> tuple[object, ...]:
    """What of a recipe every surface may depend on: all but its themes, draws and texts."""
    return (
        recipe.region,
        recipe.region_where,
        recipe.base,
        recipe.lists,
        recipe.transport,
        # Ports of all themes are places of the one network.
        sorted({place for place, _ in recipe.destinations()}),
        None if recipe.energy is None else recipe.energy.ground,
        # A learnt model draws the cells that it learns from.
        (recipe.prospectivity, recipe.draws.seed if recipe.prospectivity else None),
    )


def ground_key(bench: Workbench, module: str, theme: ThemeSpec, *told: object) -> str | None:
    """Hash of what is told of a theme and of the ground that all themes share."""
    layers = replace(bench.recipe, themes=(theme,)).layer_ids()
    return bench.key(module, layers, (ground_of(bench.recipe), told))


def by_id(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Sites in the order of their ids: what is made of them does not hang on their ranks."""
    return sites.sort_values("site_id", ignore_index=True)


def placed(theme: ThemeSpec, sites: gpd.GeoDataFrame) -> tuple[object, ...]:
    """Where a theme's sites lie, and how they are called."""
    named = [sites[column].astype(str).tolist() for column in ("site_id", "name")]
    return (theme.sites, str(sites.crs), named, sites.geometry.to_wkb().tolist())
