"""Commands and their options."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geo.catalogue.files import outside_allowed
from geo.cli.compare import diff
from geo.cli.deposits import deposits
from geo.cli.explaining import explain
from geo.cli.faults import Commands
from geo.cli.layers import layers
from geo.cli.listen import listener
from geo.cli.network import network
from geo.cli.reporting import languages, report
from geo.errors import DataError, RecipeError, UnitError
from geo.study.find import find_recipe

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lodemap", prog_name="lodemap")
@click.option("--allow-outside", is_flag=True, help="Let records name files outside their folders.")
@click.pass_context
def main(context: click.Context, allow_outside: bool) -> None:
    """Map and score deposits, clean power and the way to market."""
    if allow_outside:
        context.with_resource(outside_allowed())


main.add_command(deposits)
main.add_command(diff)
main.add_command(explain)
main.add_command(network)
main.add_command(languages)
main.add_command(report)


def _metres(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    from geo.units import magnitude

    try:
        found = magnitude(text, "m")
    except UnitError as error:
        raise click.BadParameter(str(error)) from None
    if not found > 0:
        raise click.BadParameter(f"{text!r} is not more than zero")
    return found


def _memory(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    from geo.compute.budget import memory_bytes

    try:
        return memory_bytes(text)
    except DataError as error:
        raise click.BadParameter(str(error)) from None


@contextmanager
def _cluster(scheduler: str | None) -> Iterator["Client | None"]:
    if scheduler is None:
        yield None
        return
    from geo.compute.cluster import connect

    with connect(scheduler) as client:
        yield client


def _say(message: str) -> None:
    click.echo(message)


@main.command()
@click.argument("recipe")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write (maps/RECIPE).")
@click.option("--cell-size", callback=_metres, help="Side of a cell, such as '500 m'.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the draws.")
@click.option("--postgis", metavar="SCHEMA", help="Write the tables into PostGIS too.")
@click.option("--memory", callback=_memory, help="Most memory to take, such as '2GB'.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Folder for files meanwhile.")
@click.option(
    "--cache", type=click.Path(path_type=Path), help="Folder of surfaces kept between runs."
)
@click.option("--no-cache", is_flag=True, help="Compute everything anew and keep nothing.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask cluster to compute on (tcp://…).")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def build(
    recipe: str,
    out: Path | None,
    cell_size: float | None,
    seed: int | None,
    postgis: str | None,
    memory: int | None,
    scratch: Path | None,
    cache: Path | None,
    no_cache: bool,
    scheduler: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run RECIPE (a file, or the name of one that ships) and write its maps and tables."""
    from geo.catalogue.fetch.cache import default_cache
    from geo.study import Study

    path = find_recipe(recipe)
    study = Study.from_toml(path, cell_size=cell_size, seed=seed)
    folder = Path("maps") / study.recipe.id if out is None else out
    with listener(quiet=quiet) as listen, _cluster(scheduler) as client:
        kept = None if no_cache else cache or default_cache() / "stages"
        result = study.run(memory=memory, scratch=scratch, cache=kept, client=client, listen=listen)
        result.write(folder, listen=listen)
    if postgis is not None:
        result.write_postgis(postgis)
    if as_json:
        _say(json.dumps(result.summary(folder), ensure_ascii=False, indent=2))
    elif not quiet:
        _say(str(folder / "index.html"))


@main.command()
@click.argument("recipe")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def check(recipe: str, as_json: bool) -> None:
    """Check RECIPE and name every problem with its line."""
    from geo.study import Study

    path = find_recipe(recipe)
    problems: tuple[str, ...] = ()
    try:
        Study.from_toml(path)
    except RecipeError as error:
        if not as_json:
            raise
        problems = error.problems
    if as_json:
        _say(json.dumps({"recipe": str(path), "problems": list(problems)}, ensure_ascii=False))
        raise SystemExit(2 if problems else 0)
    _say(f"{path}: no problem found")


main.add_command(layers)
