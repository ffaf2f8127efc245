"""The tables of a recipe that all themes share: transport and energy."""

import math

from geo.recipe.parse_limits import limits_of
from geo.recipe.parse_money import check_money, costs_of, load_of, supply_of
from geo.recipe.parse_project import project_of
from geo.recipe.parse_resource import resource_of
from geo.recipe.parse_ways import terrain_of, way_of
from geo.recipe.reader import Table
from geo.recipe.schema import (
    EnergySpec,
    ReferenceSpec,
    SolarSpec,
    TransportSpec,
    WindSpec,
)

__all__ = ["energy_of", "transport_of"]


def transport_of(table: Table) -> TransportSpec:
    """Read the transport network of a study."""
    geometry = table.child("geometry", required=True)
    lines = {} if geometry is None else {k: geometry.text(k) for k in ("rail", "road", "sea")}
    if geometry is not None:
        geometry.done()
    return TransportSpec(
        nodes=table.text("nodes"),
        links=table.text("links"),
        factors=table.text("factors"),
        products=table.text("products"),
        crossings=table.text("crossings", "") or None,
        geometry=lines,
        barriers=table.texts("barriers", []),
        avoid_status=table.texts("avoid_status"),
        avoid_countries=table.texts("avoid_countries", []),
        interest=_rate(table, "interest"),
        ports=table.text("ports", "") or None,
        land=table.text("land", "") or None,
        reference=_reference(table),
        throughput=table.text("throughput", "") or None,
        readings=table.text("readings", "") or None,
        closed=table.texts("closed", []),
        usd=_currencies(table),
        lines={key: table.document.line((*table.path, key)) for key in table.data},
        **limits_of(table),
    )


def _currencies(parent: Table) -> dict[str, float]:
    """US dollars for one unit of each currency."""
    table = parent.child("usd")
    return {} if table is None else {code: table.positive(code, "") for code in table.data}


def _reference(parent: Table) -> ReferenceSpec | None:
    table = parent.child("reference")
    if table is None:
        return None
    spec = ReferenceSpec(title=table.text("title"), places=table.texts("places"))
    table.done()
    return spec


def _rate(table: Table, key: str) -> float:
    found = table.quantity(key, "")
    if not 0 <= found < 1:
        table.report(key, f"{key} must lie between 0 % and 100 % a year, found {100 * found:g} %")
    return found


def _system(solar: Table) -> dict[str, float | str]:
    table = solar.child("system")
    if table is None:
        return {}
    mounting = table.choice("mounting", ("fixed", "tracking"), "fixed")
    return {**_read_numbers(table, leave_out="mounting"), "mounting": mounting or "fixed"}


def _numbers(parent: Table, key: str) -> dict[str, float]:
    table = parent.child(key)
    return {} if table is None else _read_numbers(table)


def _read_numbers(table: Table, leave_out: str = "") -> dict[str, float]:
    found = {name: table.quantity(name, "") for name in table.data if name != leave_out}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _texts_by_key(parent: Table, key: str) -> dict[str, str]:
    table = parent.child(key)
    return {} if table is None else {name: table.text(name) for name in table.data}


def energy_of(table: Table) -> EnergySpec:
    """Read the layers and plants of clean power."""
    blank = Table(table.document, {}, table.path)
    solar = table.child("solar", required=True) or blank
    wind = table.child("wind", required=True) or blank
    spec = EnergySpec(
        relief=table.text("relief"),
        temperature=table.text("temperature"),
        solar=SolarSpec(
            radiation=solar.text("radiation"),
            points=solar.text("points"),
            turbidity=solar.text("turbidity"),
            system=_system(solar),
            cost=costs_of(solar),
            resource=resource_of(solar),
            monthly=solar.flag("monthly", default=False),
        ),
        wind=WindSpec(
            points=wind.text("points"),
            stations=wind.text("stations"),
            machines=_texts_by_key(wind, "machines"),
            turbines=wind.text("turbines"),
            turbine=wind.text("turbine"),
            hub_height=wind.positive("hub_height", "m", "100 m"),
            losses=_numbers(wind, "losses"),
            cost=costs_of(wind),
            resource=resource_of(wind),
        ),
        supply=table.each("supply", supply_of),
        loads=table.each("load", load_of),
        road=way_of(table, "road"),
        terrain=terrain_of(table),
        projects=table.each("project", project_of),
    )
    solar.done()
    wind.done()
    check_money(table, spec)
    return spec
