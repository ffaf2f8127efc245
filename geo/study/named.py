"""Names in a recipe that only the layers can vouch for: places, links and products."""

from collections.abc import Collection, Iterator

from geo.catalogue.records import Catalogue
from geo.catalogue.vector import read_table, read_vector
from geo.errors import RecipeError
from geo.recipe import Recipe, ScenarioSpec, TransportSpec
from geo.recipe.reader import closest
from geo.transport.markets import port_ids

__all__ = ["check_names"]


def check_names(recipe: Recipe, catalogue: Catalogue) -> None:
    """Refuse destinations and scenarios that name a place, link or product which is not there.

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
    if transport is None:
        return
    nodes = set(read_vector(catalogue[transport.nodes])["node_id"].astype(str))
    problems = [*_lost(recipe, transport, catalogue, nodes)]
    if any(map(_names_something, recipe.scenarios)):
        problems += _of_scenarios(recipe, transport, catalogue, nodes)
    if problems:
        raise RecipeError(problems)


def _lost(
    recipe: Recipe, transport: TransportSpec, catalogue: Catalogue, nodes: set[str]
) -> Iterator[str]:
    """Destinations and measured products that no layer has."""
    known = set(nodes)
    if transport.ports is not None:
        known |= set(port_ids(read_vector(catalogue[transport.ports])))
    beside = "" if transport.ports is None else " or in the layer of ports"
    for place, line in recipe.destinations():
        if place not in known:
            said = f"there is no destination {place!r} among the nodes{beside}"
            yield f"{recipe.path.name}:{line}: {said}{closest(place, known)}"
    measured = [
        (str(criterion.measure.arguments["product"]), criterion.line)
        for theme in recipe.themes
        for criterion in theme.criteria
        if criterion.measure.name == "isocost"
    ]
    if not measured:
        return
    products = set(read_table(catalogue[transport.products])["product"].astype(str))
    for product, line in measured:
        if product not in products:
            said = f"there is no product {product!r}{closest(product, products)}"
            yield f"{recipe.path.name}:{line}: {said}"


def _of_scenarios(
    recipe: Recipe, transport: TransportSpec, catalogue: Catalogue, nodes: set[str]
) -> list[str]:
    products = set(read_table(catalogue[transport.products])["product"].astype(str))
    links = _links(catalogue, transport)
    return [
        f"{recipe.path.name}:{scenario.lines.get(key, scenario.line)}: {said}"
        for scenario in recipe.scenarios
        for key, said in _strays(scenario, nodes, products, links)
    ]


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
