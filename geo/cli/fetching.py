"""`lodemap layers fetch` and `stac`: layers from their publishers, and on to other catalogues."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo.study.find import catalogue_for, find_recipe

if TYPE_CHECKING:
    from geo.catalogue.fetch import Fetched, RemoteRecord
    from geo.catalogue.fetch.transfer import Tell

__all__ = ["export_stac", "fetch_layers"]


def _pairs(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name or not value:
            raise click.BadParameter(f"{text!r} is no NAME=VALUE, such as iso3=MNG")
        found[name] = value
    return found


@click.command("fetch")
@click.argument("layer", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("fetched-layers"),
    show_default=True,
    help="Folder of the layers and their records.",
)
@click.option("--set", "values", multiple=True, callback=_pairs, help="NAME=VALUE of an address.")
@click.option("--bbox", type=float, nargs=4, help="WEST SOUTH EAST NORTH of tiles, in degrees.")
@click.option("--member", help="File in the archive, where there are several.")
@click.option(
    "--records",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of records of your own, instead of those that come with Lodemap.",
)
@click.option("--cache", type=click.Path(path_type=Path), help="Folder of fetched files.")
@click.option("--offline", is_flag=True, help="Ask no server: take what is in the cache.")
@click.option("--refresh", is_flag=True, help="Fetch again and trust today's bytes.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print what was fetched as JSON.")
def fetch_layers(
    layer: tuple[str, ...],
    records: Path | None,
    quiet: bool,
    as_json: bool,
    bbox: tuple[float, float, float, float] | None,
    **options: Any,
) -> None:
    """Fetch LAYER… from its publisher; without a name, list what can be fetched."""
    from geo.catalogue.fetch import fetch, remote_records

    known = remote_records(*([records] if records is not None else []))
    if not layer:
        _list(known, as_json=as_json)
        return
    folder = options.pop("out")
    with _teller(quiet=quiet) as tell:
        fetched = [
            fetch(identifier, folder, bounds=bbox, records=known, tell=tell, **options)
            for identifier in layer
        ]
    if as_json:
        rows = [_row(one) for one in fetched]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif not quiet:
        for one in fetched:
            _say(one)


@click.command("stac")
@click.argument("layer", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the catalogue.",
)
@click.option("--recipe", help="Layers of this recipe instead of the embedded ones.")
def export_stac(layer: tuple[str, ...], out: Path, recipe: str | None) -> None:
    """Export LAYER… (all without a name) as a static STAC catalogue with copies of the files."""
    from geo.publish.stac import write_catalogue

    catalogue = catalogue_for(find_recipe(recipe) if recipe else None)
    click.echo(str(write_catalogue(catalogue, out, layer)))


def _list(known: "dict[str, RemoteRecord]", *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "id": record.id,
                "title": record.title,
                "url": record.url,
                "get_from": record.get_from,
                "licence": record.fields["licence"],
                "parameters": {n: p.description for n, p in record.parameters.items()},
                "tiles": record.tile_degrees is not None,
            }
            for record in known.values()
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    width = max((len(identifier) for identifier in known), default=0)
    for record in known.values():
        needs = [f"--set {name}=…" for name in record.parameters]
        needs += ["--bbox W S E N"] if record.tile_degrees is not None else []
        needs += ["not to be fetched: see its record"] if record.url is None else []
        said = f"  ({' '.join(needs)})" if needs else ""
        click.echo(f"{record.id:<{width}}  {record.title}{said}")


def _row(fetched: "Fetched") -> dict[str, Any]:
    record = fetched.record
    return {
        "id": record.id,
        "path": str(record.path),
        "record": str(record.toml),
        "sha256": record.sha256,
        "licence": record.licence,
        "attribution": record.attribution,
        "missing_tiles": fetched.missing_tiles,
    }


def _say(fetched: "Fetched") -> None:
    record = fetched.record
    click.echo(f"{record.path}")
    click.echo(f"  {record.licence}; {record.attribution}", err=True)
    if fetched.missing_tiles:
        click.echo(
            f"note: {fetched.missing_tiles} tiles do not exist (sea): unknown there", err=True
        )


@contextmanager
def _teller(*, quiet: bool) -> Iterator["Tell"]:
    if quiet:
        yield lambda _name, _done, _total: None
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield _lines()


def _lines() -> "Tell":
    shown: set[str] = set()

    def tell(name: str, _done: int, total: int | None) -> None:
        if name not in shown:
            shown.add(name)
            size = "" if total is None else f" ({total:,} bytes)"
            click.echo(f"fetching {name}{size}", err=True)

    return tell


@contextmanager
def _bar() -> Iterator["Tell"]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def tell(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield tell
