"""Lines and roads from a plant to what exists, and the ground that makes them dear."""

from geo.recipe.reader import Table
from geo.recipe.schema import TerrainSpec, WaySpec

__all__ = ["terrain_of", "way_of", "way_to"]


def way_of(parent: Table, key: str) -> WaySpec | None:
    """Read a line or a road to the features of a layer."""
    table = parent.child(key)
    if table is None:
        return None
    spec = way_to(table, table.text("layer"), table.where())
    table.done()
    return spec


def way_to(table: Table, layer: str, where: dict[str, object]) -> WaySpec:
    """Read what a way to the features of a layer costs."""
    spec = WaySpec(
        layer=layer,
        where=where,
        per_km=table.positive("per_km", "USD/km"),
        fixed=table.quantity("fixed", "USD", "0 USD"),
        source=table.text("source", ""),
    )
    if spec.fixed < 0:
        table.report("fixed", f"fixed must be zero or more, found {spec.fixed:g} USD")
    return spec


def terrain_of(parent: Table) -> TerrainSpec | None:
    """Read how much dearer ways are on slopes."""
    table = parent.child("terrain")
    if table is None:
        return None
    spec = TerrainSpec(
        layer=table.text("layer"),
        steps=_steps(table),
        beyond=table.positive("beyond", ""),
        source=table.text("source"),
    )
    table.done()
    return spec


def _steps(table: Table) -> tuple[tuple[float, float], ...]:
    found = table.take("steps")
    pairs = found if isinstance(found, list) else []
    if not pairs or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        table.report("steps", 'steps must be pairs such as ["2 %", 1.0], rising')
        return ()
    steps = [
        (100 * table.convert("steps", slope, ""), table.convert("steps", factor, ""))
        for slope, factor in pairs
    ]
    slopes = [slope for slope, _ in steps]
    if sorted(set(slopes)) != slopes or not all(factor > 0 for _, factor in steps):
        table.report("steps", f"steps must have rising slopes and factors above 0, found {found}")
    return tuple(steps)
