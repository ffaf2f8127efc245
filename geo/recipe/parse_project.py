"""A plant whose worth a recipe asks for: its price, its debt, its way to the grid."""

import math

from geo.recipe.parse_money import rate_of
from geo.recipe.parse_ways import way_of
from geo.recipe.reader import Table
from geo.recipe.schema import DebtSpec, ProjectSpec

__all__ = ["project_of"]


def project_of(table: Table) -> ProjectSpec:
    """Read a plant that is to be appraised."""
    return ProjectSpec(
        id=table.slug("id"),
        title=table.text("title"),
        technology=table.choice("technology", ("solar", "wind")),
        capacity=table.positive("capacity", "MW"),
        themes=table.texts("themes"),
        top=table.whole("top", 3, least=1),
        price=_price(table, "price"),
        target=_price(table, "target"),
        debt=_debt(table),
        connection=way_of(table, "connection"),
        source=table.text("source"),
        line=table.line,
    )


def _price(table: Table, key: str) -> float | None:
    return table.positive(key, "USD/MWh") if key in table.data else None


def _debt(parent: Table) -> DebtSpec | None:
    table = parent.child("debt")
    if table is None:
        return None
    basis, rate = rate_of(table)
    share = table.quantity("share", "")
    if not 0 < share <= 1:
        table.report("share", f"share must lie above 0 % and up to 100 %, found {100 * share:g} %")
    years = table.positive("years", "year")
    spec = DebtSpec(share, rate[1], 1 if math.isnan(years) else round(years), basis)
    table.done()
    return spec
