"""The first sites of themes, for which a recipe asks for more."""

from collections.abc import Iterator, Sequence

import geopandas as gpd

from geo.errors import RecipeError
from geo.publish.content import ThemeView
from geo.recipe import LoadSpec, ProjectSpec
from geo.recipe.reader import closest
from geo.study.workbench import Workbench

__all__ = ["leaders_of"]


def leaders_of(
    bench: Workbench, spec: LoadSpec | ProjectSpec, themes: Sequence[ThemeView]
) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
    """Give the first ranked sites of each theme that a load or a project names.

    Parameters
    ----------
    bench : Workbench
    spec : LoadSpec or ProjectSpec
    themes : sequence of ThemeView

    Yields
    ------
    theme : str
    sites : GeoDataFrame
        At most as many as asked for, in the order of their ranks.

    Raises
    ------
    RecipeError
        If a theme is named that is not there.
    """
    by_id = {theme.id: theme for theme in themes}
    strays = [name for name in spec.themes if name not in by_id]
    if strays:
        place = f"{bench.recipe.path.name}:{spec.line}"
        said = f"there is no theme {strays[0]!r}{closest(strays[0], by_id)}"
        raise RecipeError([f"{place}: {said}"])
    for name in spec.themes:
        sites = by_id[name].sites
        yield name, sites[sites["status"] == "ranked"].sort_values("rank").head(spec.top)
