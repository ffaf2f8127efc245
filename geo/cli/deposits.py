"""`lodemap deposits`: registers into one schema, and one deposit in several registers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geo.cli.faults import Commands
from geo.study.find import catalogue_for

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["deposits"]


@click.group(cls=Commands)
def deposits() -> None:
    """Bring registers of deposits into one schema, link them, and draw them."""


@deposits.command("read")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--register", required=True, help="Whose download it is, such as usgs-mrds.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, in the format that its ending names.",
)
def read_deposits(file: Path, register: str, out: Path) -> None:
    """Bring FILE, a register as people download it, into the schema of deposit records."""
    from geo.catalogue.vector import look
    from geo.catalogue.write import write_vector
    from geo.minerals.registers import read_register

    found = read_register(look(file)[1], register)
    shown = found.deposits.merge(_headlines(found.statements), on="site_id", how="left")
    write_vector(shown, out)
    click.echo(
        f"{out}: {len(shown)} deposits, {len(found.statements)} statements of quantity"
        + (f", {len(found.without_place)} without a place" if len(found.without_place) else "")
    )


@deposits.command("link")
@click.argument("left")
@click.argument("right")
@click.option(
    "--review",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV of the pairs. Write yes or no into its column decision: linking again keeps to it.",
)
def link_deposits(left: str, right: str, review: Path) -> None:
    """Find the deposits that LEFT and RIGHT both hold.

    Both are layer files, or ids of embedded layers, with the columns name and, where there are
    such, site_id, other_names, commodity and precision_km.
    """
    from geo.catalogue.write import write_vector
    from geo.minerals import review as reviews

    if review.suffix.lower() != ".csv":
        raise click.UsageError(f"{review}: a review is a CSV: give it that ending")
    decided = reviews.read_decisions(review) if review.exists() else None
    pairs = reviews.review(_table(left), _table(right), decided)
    if pairs.empty:
        click.echo("no pair is alike: nothing was written")
        return
    write_vector(reviews.as_text(pairs), review)
    open_ = (~pairs["same"] & (pairs["decision"] == "")).sum()
    click.echo(f"{review}: {pairs['same'].sum()} links, {open_} pairs that a person may judge")


@deposits.command("plot")
@click.argument("table")
@click.option("--commodity", help="Draw only these, such as copper.")
@click.option("--name", help="Deposit to stand out, with its percentiles among the others.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="SVG to write.",
)
def plot_deposits(table: str, commodity: str | None, name: str | None, out: Path) -> None:
    """Draw grade against tonnage, with lines of equal metal.

    TABLE is a layer file, or the id of an embedded layer, with the columns name, resource_mt,
    grade and grade_unit. Parts of a deposit are drawn beside it; nothing is added up.
    """
    from geo.minerals.deposits import prepare
    from geo.publish.folder import write_whole
    from geo.publish.gradetonnage import grade_tonnage_svg

    if out.suffix.lower() != ".svg":
        raise click.UsageError(f"{out}: the plot is an SVG: give it that ending")
    found = _table(table)
    chosen = prepare(found, commodity) if commodity else found
    title = f"Grade and tonnage: {commodity}" if commodity else "Grade and tonnage"
    write_whole(out, grade_tonnage_svg(chosen, title=title, name=name).encode())
    click.echo(f"{out}: written")


def _table(where: str) -> "gpd.GeoDataFrame":
    from geo.catalogue import read_vector
    from geo.catalogue.vector import look
    from geo.errors import LayerError

    if not Path(where).exists():
        return read_vector(catalogue_for(None)[where])
    import geopandas as gpd

    frame = look(Path(where))[1]
    if not isinstance(frame, gpd.GeoDataFrame):
        raise LayerError(f"{where} holds no places: give a vector layer, or `deposits read` it")
    return frame


def _headlines(statements: "pd.DataFrame") -> "pd.DataFrame":
    from geo.minerals.resources import headline

    kept = ["site_id", "quantity_mt", "grade", "grade_unit", "contained_kt", "category", "year"]
    first = headline(statements).groupby("site_id", sort=False).head(1)
    return first[kept]
