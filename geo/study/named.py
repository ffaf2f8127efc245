"""Names in a recipe that only the layers can vouch for: places, links and products."""

from collections.abc import Collection, Iterator

from geo.catalogue.records import Catalogue
from geo.catalogue.vector import read_table, read_vector
from geo.errors import RecipeError
from geo.recipe import Recipe, ScenarioSpec, TransportSpec
from geo.recipe.reader import closest

__all__ = ["check_names"]


def check_names(recipe: Recipe, catalogue: Catalogue) -> None:
    """Refuse scenarios that name a place, link or product which is not there.

    Parameters
    ----------
    recipe : Recipe
    catalogue : Catalogue

    Raises
    ------
    RecipeError
        Naming each with its line and what was probably meant.
    """
    transport = recipe.transport
    if transport is None or not any(map(_names_something, recipe.scenarios)):
        return
    nodes = set(read_vector(catalogue[transport.nodes])["node_id"].astype(str))
    products = set(read_table(catalogue[transport.products])["product"].astype(str))
    links = _links(catalogue, transport)
    problems = [
        f"{recipe.path.name}:{scenario.lines.get(key, scenario.line)}: {said}"
        for scenario in recipe.scenarios
        for key, said in _strays(scenario, nodes, products, links)
    ]
    if problems:
        raise RecipeError(problems)


def _names_something(scenario: ScenarioSpec) -> bool:
    return bool(scenario.price_factors or scenario.open_links or scenario.closed)


def _links(catalogue: Catalogue, transport: TransportSpec) -> set[frozenset[str]]:
    table = read_table(catalogue[transport.links])
    ends = zip(table["from"].astype(str), table["to"].astype(str), strict=True)
    return {frozenset(pair) for pair in ends}


def _strays(
    scenario: ScenarioSpec,
    nodes: Collection[str],
    products: Collection[str],
    links: Collection[frozenset[str]],
) -> Iterator[tuple[str, str]]:
    for name in scenario.price_factors:
        if name not in products:
            yield "prices", f"there is no product {name!r}{closest(name, products)}"
    for name in scenario.closed:
        if name not in nodes:
            yield "closed", f"there is no place {name!r}{closest(name, nodes)}"
    for one, other in scenario.open_links:
        if frozenset((one, other)) not in links:
            yield "open_links", f"there is no link {one!r} to {other!r}{_near(one, other, links)}"


def _near(one: str, other: str, links: Collection[frozenset[str]]) -> str:
    """Say which link was probably meant: one that shares an end, else the closest name."""
    written = {" to ".join(sorted(pair)): pair for pair in links}
    shared = {text for text, pair in written.items() if {one, other} & pair}
    return closest(" to ".join(sorted((one, other))), shared or set(written))
