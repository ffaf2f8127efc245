"""Names in a recipe that only the layers can vouch for: places, links and products."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from geo.catalogue.records import Catalogue
from geo.catalogue.vector import read_table, read_vector
from geo.errors import RecipeError
from geo.recipe import Recipe, ScenarioSpec, TransportSpec
from geo.recipe.reader import closest
from geo.transport.markets import port_ids
from geo.transport.tables import normal_gauges

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
    if _limited(transport):
        problems += _beyond(recipe, transport, catalogue, nodes)
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


def _beyond(
    recipe: Recipe, transport: TransportSpec, catalogue: Catalogue, nodes: set[str]
) -> list[str]:
    """Limits of the recipe's own transport by what no layer has."""
    lines = transport.lines
    return [
        f"{recipe.path.name}:{lines.get(key, 1)}: {said}"
        for key, said in _stray_limits(transport, nodes, _Links.of(catalogue, transport))
    ]


def _of_scenarios(
    recipe: Recipe, transport: TransportSpec, catalogue: Catalogue, nodes: set[str]
) -> list[str]:
    products = set(read_table(catalogue[transport.products])["product"].astype(str))
    links = _Links.of(catalogue, transport)
    return [
        f"{recipe.path.name}:{scenario.lines.get(key, scenario.line)}: {said}"
        for scenario in recipe.scenarios
        for key, said in _strays(scenario, nodes, products, links)
    ]


def _names_something(scenario: ScenarioSpec) -> bool:
    return bool(scenario.price_factors or scenario.open_links or _limited(scenario))


def _limited(spec: TransportSpec | ScenarioSpec) -> bool:
    return bool(spec.closed or spec.gauges or spec.use_ports)


@dataclass(frozen=True)
class _Links:
    """What the layer of links has: pairs of places, ports, and gauges of railways [mm]."""

    pairs: frozenset[frozenset[str]]
    ports: frozenset[str]
    gauges: frozenset[int]

    @classmethod
    def of(cls, catalogue: Catalogue, transport: TransportSpec) -> "_Links":
        table = read_table(catalogue[transport.links])
        ends = table[["from", "to"]].astype(str)
        gauges = (normal_gauges(text) for text in table.loc[table["mode"] == "rail", "gauge_mm"])
        return cls(
            pairs=frozenset(map(frozenset, ends.to_numpy())),
            ports=frozenset(ends[table["mode"] == "sea"].to_numpy().ravel()),
            gauges=frozenset(gauge for own in gauges for gauge in own),
        )


def _strays(
    scenario: ScenarioSpec,
    nodes: Collection[str],
    products: Collection[str],
    links: _Links,
) -> Iterator[tuple[str, str]]:
    for name in scenario.price_factors:
        if name not in products:
            yield "prices", f"there is no product {name!r}{closest(name, products)}"
    yield from _stray_limits(scenario, nodes, links)
    for one, other in scenario.open_links:
        if frozenset((one, other)) not in links.pairs:
            near = _near(one, other, links.pairs)
            yield "open_links", f"there is no link {one!r} to {other!r}{near}"


def _stray_limits(
    spec: TransportSpec | ScenarioSpec, nodes: Collection[str], links: _Links
) -> Iterator[tuple[str, str]]:
    for name in spec.closed:
        if name not in nodes:
            yield "closed", f"there is no place {name!r}{closest(name, nodes)}"
    for name in spec.use_ports or ():
        if name not in links.ports:
            yield "use_ports", f"no sea lane leads to a port {name!r}{closest(name, links.ports)}"
    for gauge in spec.gauges or ():
        if gauge not in links.gauges:
            known = closest(str(gauge), {str(one) for one in links.gauges})
            yield "gauges", f"there is no railway of {gauge} mm{known}"


def _near(one: str, other: str, links: Collection[frozenset[str]]) -> str:
    """Say which link was probably meant: one that shares an end, else the closest name."""
    written = {" to ".join(sorted(pair)): pair for pair in links}
    shared = {text for text, pair in written.items() if {one, other} & pair}
    return closest(" to ".join(sorted((one, other))), shared or set(written))
