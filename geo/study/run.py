"""Running a recipe."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from geo.catalogue.postgis import WithDatabase
from geo.catalogue.records import Catalogue
from geo.compute.budget import (
    check_space,
    give_back_freed_memory,
    memory_bytes,
    resident,
    share_out,
)
from geo.compute.engine import Engine, Stream
from geo.compute.scratch import Scratch
from geo.errors import DataError
from geo.publish.content import ScenarioView
from geo.recipe import Recipe, ScenarioSpec, load_recipe
from geo.study.assemble import assemble
from geo.study.find import catalogue_for
from geo.study.named import check_names
from geo.study.progress import Listener, Progress, silent
from geo.study.result import Result
from geo.study.scenarios import scenario_views
from geo.study.stages import StageCache
from geo.study.themes import ThemeRun
from geo.study.workbench import Workbench

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Study"]


class Study:
    """A checked recipe with the layers it names.

    Parameters
    ----------
    recipe : Recipe
    catalogue : Catalogue

    Examples
    --------
    >>> import geo
    >>> study = geo.Study.from_toml("maps/mongolia.toml", cell_size=20_000)
    >>> study.recipe.themes[0].id
    'copper'
    """

    def __init__(self, recipe: Recipe, catalogue: Catalogue) -> None:
        self.recipe = recipe
        self.catalogue = catalogue

    @classmethod
    def from_toml(
        cls,
        path: Path | str,
        *,
        cell_size: float | None = None,
        seed: int | None = None,
    ) -> "Study":
        """Read and check a recipe.

        Parameters
        ----------
        path : Path or str
            A TOML file.
        cell_size : float, optional
            Side of a cell in place of the recipe's [m].
        seed : int, optional
            Seed of the draws in place of the recipe's.

        Returns
        -------
        Study

        Raises
        ------
        RecipeError
            With every problem of the recipe, each behind its line.
        LayerError
            If a record is broken.
        """
        file = Path(path)
        catalogue = WithDatabase(catalogue_for(file))
        recipe = load_recipe(file, layers=catalogue)
        check_names(recipe, catalogue)
        if cell_size is not None:
            if not cell_size > 0:
                raise DataError(f"cell size {cell_size} m is not positive")
            recipe = replace(recipe, cell_size=float(cell_size))
        if seed is not None:
            recipe = replace(recipe, draws=replace(recipe.draws, seed=seed))
        return cls(recipe, catalogue)

    def run(
        self,
        *,
        memory: str | int | None = None,
        scratch: Path | str | None = None,
        cache: Path | str | None = None,
        client: "Client | None" = None,
        listen: Listener = silent,
    ) -> Result:
        """Compute every surface, site, score and route.

        Parameters
        ----------
        memory : str or int, optional
            Most memory that this process may take, such as ``"1GB"``; in bytes for a number.
            Surfaces are then made part by part and kept in files, with the same numbers.
            Without it they are kept in memory.
        scratch : Path or str, optional
            Where those files are kept as long as the result is used; the system's folder
            for temporary files when missing.
        cache : Path or str, optional
            Folder in which surfaces are kept between runs, at most 10 GB of them. A surface
            is taken from there if the layers, the parameters, the grid and the code that
            made it are the same; the results are the same bytes. Nothing is kept without it, or
            on a cluster.
        client : distributed.Client, optional
            Of a Dask cluster whose workers make the parts, see
            :func:`geo.compute.cluster.connect`. `scratch` must then lie on storage that all
            workers share, and `memory` is what each of them may take.
        listen : callable, optional
            Told of each stage as it begins: its name, how many are done and how many there
            are.

        Returns
        -------
        Result

        Raises
        ------
        LodemapError
            If a layer, the network or the recipe cannot be used; the message names it.
        """
        bench = Workbench(self.recipe, self.catalogue)
        # Filling a cache here would bring every surface of a cluster to this machine.
        bench.cache = None if cache is None or client is not None else StageCache(Path(cache))
        bench.engine = _engine(bench, memory, scratch, client)
        freight = sum(theme.freight is not None for theme in self.recipe.themes)
        steps = len(self.recipe.themes) + freight + len(self.recipe.scenarios) + 2
        progress = Progress(steps, listen)
        bench.engine.tell = progress.within
        with progress.stage("layers and grid"):
            bench.prepare()
        themes = [ThemeRun(bench, spec, n) for n, spec in enumerate(self.recipe.themes)]
        for theme in themes:
            if theme.spec.freight is not None:
                with progress.stage(f"freight: {theme.spec.title}"):
                    theme.freight()
        for theme in themes:
            with progress.stage(f"scores: {theme.spec.title}"):
                _ = theme.outcome
        scenarios = [self._under(bench, themes, spec, progress) for spec in self.recipe.scenarios]
        with progress.stage("routes and tables"):
            content = assemble(bench, themes, scenarios)
        return Result(content, self.recipe)

    @staticmethod
    def _under(
        bench: Workbench, themes: list[ThemeRun], spec: ScenarioSpec, progress: Progress
    ) -> dict[str, ScenarioView]:
        with progress.stage(f"scenario: {spec.title}"):
            return scenario_views(bench, themes, spec)


def _engine(
    bench: Workbench,
    memory: str | int | None,
    scratch: Path | str | None,
    client: "Client | None",
) -> Engine:
    cells = int(bench.grid.shape[0]) * int(bench.grid.shape[1])
    surfaces = max((len(theme.criteria) for theme in bench.recipe.themes), default=0)
    if memory is None and client is None:
        check_space(cells, surfaces, None)
        return Engine()
    budget = None if memory is None else memory_bytes(memory)
    columns = int(bench.grid.shape[1])
    give_back_freed_memory()
    folder = Scratch(scratch)
    check_space(cells, surfaces, folder.path)
    if client is not None:
        from geo.compute.cluster import Cluster

        return Cluster(client, folder, columns, budget)
    part, room = share_out(cast(int, budget), columns, resident())
    return Stream(folder, part, room, budget=budget)
