"""What a study shows of the power for its loads: the mixes at the first sites of themes."""

from collections.abc import Sequence

import pandas as pd

from geo.publish.content import LoadView, ThemeView
from geo.recipe import LoadSpec
from geo.study.leaders import leaders_of
from geo.study.loads import load_columns
from geo.study.workbench import Workbench

__all__ = ["load_views"]


def load_views(bench: Workbench, themes: Sequence[ThemeView]) -> tuple[LoadView, ...]:
    """The mixes that the recipe asks to show.

    Parameters
    ----------
    bench : Workbench
    themes : sequence of ThemeView

    Returns
    -------
    tuple of LoadView

    Raises
    ------
    RecipeError
        If a load names a theme that is not there.
    """
    energy = bench.recipe.energy
    return () if energy is None else tuple(_view(bench, load, themes) for load in energy.loads)


def _view(bench: Workbench, load: LoadSpec, themes: Sequence[ThemeView]) -> LoadView:
    frames = []
    for name, sites in leaders_of(bench, load, themes):
        if len(sites):
            named = sites[["site_id", "name"]].assign(theme=name)
            frames.append(pd.concat([named, load_columns(bench, load, sites)], axis=1))
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return LoadView(
        id=load.id,
        title=load.title,
        mean_mw=load.mean,
        seeds=load.seeds,
        backup=tuple(source.title for source in load.sources),
        basis=load.basis,
        source=_told(load),
        table=table,
    )


def _told(load: LoadSpec) -> str:
    said = [load.source] if load.storage is None else [load.source, load.storage.source]
    return "; ".join([*said, *(source.source for source in load.sources)])
