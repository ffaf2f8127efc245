"""The command that explains a site."""

import json
from pathlib import Path

import click

from geo.cli.listen import listener
from geo.study.find import find_recipe

__all__ = ["explain"]


@click.command()
@click.argument("where")
@click.option("--site", required=True, help="Id of the site, as in sites.csv.")
@click.option("--theme", help="Only this theme.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a picture too: .svg, or .png with Pillow.",
)
def explain(where: str, site: str, theme: str | None, as_json: bool, picture: Path | None) -> None:
    """Say why a site ranks where it does. WHERE is a recipe or a folder that `build` wrote."""
    from geo.study.explained import explain_folder

    folder = Path(where)
    if folder.is_dir():
        found = explain_folder(folder, site, theme)
    else:
        from geo.study import Study

        with listener(quiet=as_json) as listen:
            result = Study.from_toml(find_recipe(where)).run(listen=listen)
        found = result.explanations(site, theme)
    if picture is not None:
        from geo.publish.explained import write_picture

        if len(found) > 1:
            themes = ", ".join(str(item.data["theme"]) for item in found)
            raise click.UsageError(f"the site is in the themes {themes}: name one with --theme")
        write_picture(found[0].data, picture)
    if as_json:
        click.echo(json.dumps([item.data for item in found], ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join(str(item) for item in found))
