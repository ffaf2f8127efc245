"""`lodemap layers`: list, show, inspect and check the layers at hand, and report on them."""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo.cli.faults import WRONG, Commands
from geo.cli.fetching import export_stac, fetch_layers
from geo.study.find import catalogue_for, find_recipe

if TYPE_CHECKING:
    from geo.catalogue.inspection import Inspection
    from geo.catalogue.records import Record

__all__ = ["layers"]


@click.group(cls=Commands)
def layers() -> None:
    """List, show, fetch, inspect and check layers, and report on them."""


_RECIPE = click.option("--recipe", help="Layers of this recipe instead of the embedded ones.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


def _print_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False))


def _fields(record: "Record") -> dict[str, Any]:
    return {
        "id": record.id,
        "title": record.title,
        "kind": record.kind,
        "path": str(record.path),
        "crs": record.crs,
        "unit": record.unit,
        "quality": record.quality,
        "licence": record.licence,
        "attribution": record.attribution,
        "source": record.source,
        "retrieved": record.retrieved.isoformat(),
        "limits": record.limits,
        "sha256": record.sha256,
    }


@layers.command("list")
@_RECIPE
@_JSON
def list_layers(recipe: str | None, as_json: bool) -> None:
    """List every layer with its kind, quality and title."""
    catalogue = catalogue_for(find_recipe(recipe) if recipe else None)
    records = [catalogue[layer] for layer in catalogue.ids()]
    if as_json:
        _print_json([_fields(record) for record in records])
        return
    width = max((len(record.id) for record in records), default=0)
    for record in records:
        click.echo(f"{record.id:<{width}}  {record.kind:<6}  {record.quality:<9}  {record.title}")


@layers.command("show")
@click.argument("layer")
@_RECIPE
@_JSON
def show_layer(layer: str, recipe: str | None, as_json: bool) -> None:
    """Show the record of LAYER."""
    fields = _fields(catalogue_for(find_recipe(recipe) if recipe else None)[layer])
    if as_json:
        _print_json(fields)
        return
    for name, value in fields.items():
        if value is not None:
            click.echo(f"{name:<12} {value}")


@layers.command("inspect")
@click.argument("file")
@click.option(
    "--part", help="Which of several: a variable, a layer, a sheet, or a member of an archive."
)
@click.option(
    "--thumbnail",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a small picture of the layer to this PNG file.",
)
@click.option(
    "--write-record", is_flag=True, help="Write a draft record beside the file, to be completed."
)
@_JSON
def inspect_layer(
    file: str, part: str | None, thumbnail: Path | None, write_record: bool, as_json: bool
) -> None:
    """Tell what FILE is and what is doubtful about it.

    FILE is a file of any kind, or postgis:NAME. An address is not opened: fetch it first. Exit
    code 2 when it is refused.
    """
    from geo.catalogue.draft import write_draft
    from geo.catalogue.inspection import inspect_file

    _still()
    found = inspect_file(file, part=part)
    if thumbnail is not None and found.status != "refused":
        _write_thumbnail(found, thumbnail)
    if as_json:
        _print_json(found.to_dict())
    else:
        _show(found)
    if write_record and found.description is not None and found.status != "refused":
        click.echo(f"draft written: {write_draft(Path(file), found.description)}", err=True)
    if found.status == "refused":
        raise SystemExit(WRONG)


@layers.command("check")
@_RECIPE
@_JSON
def check_layers(recipe: str | None, as_json: bool) -> None:
    """Read every layer as a study would, and say what is doubtful.

    Exit code 2 when one is refused.
    """
    from geo.catalogue.inspection import inspections

    _still()
    catalogue = catalogue_for(find_recipe(recipe) if recipe else None)
    found = []
    for one in inspections(catalogue):
        click.echo(f"{one.status}: {one.name}", err=True)
        found.append(one)
    if as_json:
        _print_json([one.to_dict() for one in found])
    else:
        for finding in (finding for one in found for finding in one.findings):
            click.echo(f"{finding.level}: {finding.message}")
        count = sum(len(one.findings) for one in found)
        click.echo(f"{len(found)} layers checked, {count} findings")
    if any(one.status == "refused" for one in found):
        raise SystemExit(WRONG)


@layers.command("report")
@_RECIPE
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("layers.html"),
    show_default=True,
    help="The page to write.",
)
def report_layers(recipe: str | None, out: Path) -> None:
    """Write one page with a picture of every layer, its licence, age, coverage and findings."""
    from geo.catalogue.inspection import inspections
    from geo.publish.layerpage import write_layer_page

    _still()
    catalogue = catalogue_for(find_recipe(recipe) if recipe else None)
    found = []
    for one in inspections(catalogue):
        click.echo(f"{one.status}: {one.name}", err=True)
        found.append(one)
    click.echo(str(write_layer_page(found, out)))


layers.add_command(fetch_layers)
layers.add_command(export_stac)


def _still() -> None:
    """Keep what GDAL logs off the screen: the findings say it in sentences."""
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)
    logging.getLogger("pyogrio").setLevel(logging.CRITICAL)


def _write_thumbnail(found: "Inspection", path: Path) -> None:
    from geo.errors import OutputError
    from geo.publish.thumbnail import picture

    png = picture(found)
    if png is None:
        return
    try:
        path.write_bytes(png)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from None


def _show(found: "Inspection") -> None:
    click.echo(f"{found.file}: {found.status}")
    for finding in found.findings:
        click.echo(f"  {finding.level}: {finding.message}")
    for name, value in found.to_dict()["summary"].items():
        if name == "statistics":
            _show_statistics(value)
        elif isinstance(value, dict):
            click.echo(f"  {name:<14} {', '.join(f'{key} ({one})' for key, one in value.items())}")
        elif isinstance(value, list):
            click.echo(f"  {name:<14} {', '.join(str(one) for one in value[:24])}")
        else:
            click.echo(f"  {name:<14} {value}")


def _show_statistics(bands: list[dict[str, Any]]) -> None:
    for band in bands[:24]:
        numbers = "  ".join(f"{key} {value:g}" for key, value in band.items() if key != "band")
        click.echo(f"  band {band['band']:<9} {numbers}")
