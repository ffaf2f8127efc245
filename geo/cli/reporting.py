"""The command that writes a study's printed report."""

from pathlib import Path

import click

from geo.cli.listen import listener
from geo.study.find import find_recipe

__all__ = ["languages", "report"]


@click.command()
@click.argument("recipe")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--language", help="Of the report's own words: en, mn, ja or ko.")
@click.option("--sites", type=click.IntRange(min=0), default=3, help="Pages of sites, each theme.")
@click.option("--pdf", is_flag=True, help="Print to PDF, by a Chromium on this machine.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def report(
    recipe: str, out: Path | None, language: str | None, sites: int, pdf: bool, quiet: bool
) -> None:
    """Write the report of RECIPE: a summary, a page a site, method and sources."""
    from geo.catalogue.fetch.cache import default_cache
    from geo.publish.folder import write_whole
    from geo.publish.pdf import print_pdf
    from geo.study import Study

    study = Study.from_toml(find_recipe(recipe))
    target = out or Path(f"report.{'pdf' if pdf else 'html'}")
    with listener(quiet=quiet) as listen:
        result = study.run(cache=default_cache() / "stages", listen=listen)
    page = result.report(language=language, sites=sites)
    if pdf:
        print_pdf(page, target)
    else:
        write_whole(target, page.encode())
    if not quiet:
        click.echo(str(target))


@click.command()
@click.argument("language", required=False)
@click.option("--recipe", help="A recipe whose own titles are looked at too.")
def languages(language: str | None, recipe: str | None) -> None:
    """List the languages, and how much of each is untranslated; of LANGUAGE every such text."""
    from geo.publish.texts import PARTS, known_languages, missing, texts

    if recipe is not None:
        _titles(recipe, language)
    if language is None:
        for one in known_languages():
            left = sum(len(missing(one, part)) for part in PARTS)
            click.echo(f"{one}: {'whole' if not left else f'{left} texts untranslated'}")
        return
    for part in PARTS:
        for key in missing(language, part):
            click.echo(f"{part}: {key} = {texts('en', part)[key]}")


def _titles(recipe: str, language: str | None) -> None:
    """Tell which titles of a recipe one or all of its languages have no word for."""
    from geo.catalogue import read_table
    from geo.study import Study
    from geo.study.words import untranslated

    study = Study.from_toml(find_recipe(recipe))
    for code in study.recipe.languages if language is None else [language]:
        if code == "en":
            continue
        left = untranslated(study.recipe, lambda name: read_table(study.catalogue[name]), code)
        for title in left:
            click.echo(f"{study.recipe.path.name}: {code}: {title}")
