"""The command that compares two runs."""

import json
from pathlib import Path

import click

from geo.cli.listen import listener
from geo.study.find import find_recipe

__all__ = ["diff"]


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def diff(before: str, after: str, as_json: bool) -> None:
    """Say which ranks moved from BEFORE to AFTER, by how much and through what.

    Each is a folder that `build` wrote, or a recipe, which is then run.
    """
    from geo.study.compare import Run, compare, run_of_folder, run_of_result
    from geo.study.compare_text import sentences

    def run(where: str) -> Run:
        if Path(where).is_dir():
            return run_of_folder(Path(where))
        from geo.study import Study

        study = Study.from_toml(find_recipe(where))
        with listener(quiet=as_json) as listen:
            return run_of_result(study.run(listen=listen), where)

    found = compare(run(before), run(after))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(sentences(found)))
