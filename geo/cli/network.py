"""The command that looks through a recipe's transport network."""

import json

import click

from geo.study.find import find_recipe

__all__ = ["network"]


@click.command()
@click.argument("recipe")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def network(recipe: str, as_json: bool) -> None:
    """Look through the transport network of RECIPE for what is odd.

    Tells of parts that nothing joins, gauges that meet without a yard, links charged for less
    than the straight line, drawn or published otherwise than charged, and assumed roads.
    Nodes and links that leave no network at all are errors.
    """
    from geo.study import Study
    from geo.study.trade import network_of
    from geo.study.workbench import Workbench
    from geo.transport.odd import oddities

    study = Study.from_toml(find_recipe(recipe))
    made = network_of(Workbench(study.recipe, study.catalogue))
    found = oddities(made.nodes, made.links)
    if as_json:
        counts = {"places": len(made.nodes), "links": len(made.links)}
        click.echo(json.dumps(counts | {"findings": found.to_dict("records")}, indent=1))
        return
    for says in found["says"]:
        click.echo(str(says))
    click.echo(f"{len(made.nodes)} places, {len(made.links)} links, {len(found)} findings")
