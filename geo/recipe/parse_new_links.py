"""New links of a recipe: lines that could be built, on what ground, at what cost."""

from collections.abc import Sequence

from geo.recipe.reader import Table
from geo.recipe.schema import GroundSpec, NewLinkSpec, NewLinksSpec, ThemeSpec, TransportSpec

__all__ = ["new_links_of"]

_MODES = ("rail", "road")


def new_links_of(
    table: Table, themes: Sequence[ThemeSpec], transport: TransportSpec | None
) -> NewLinksSpec:
    """Read ``[new_links]`` of a recipe with these themes and this transport."""
    if transport is None:
        table.document.report(table.path, "new links change the freight, which needs [transport]")
    if not any(theme.freight is not None for theme in themes):
        table.document.report(table.path, "new links are valued by freight: no theme has any")
    spec = NewLinksSpec(
        costs=table.text("costs"),
        relief=table.text("relief", "") or None,
        rivers=table.text("rivers", "") or None,
        grounds=table.each("ground", _ground),
        links=table.each("link", _link),
        cell_size=table.positive("cell_size", "m", "2 km"),
        earthwork=table.positive("earthwork", "m", "20 m"),
        rate=_rate(table),
        years=table.positive("years", "year", "30 year"),
        budget=table.quantity("budget", "USD") if "budget" in table.data else None,
        line=table.line,
    )
    if not spec.links:
        table.document.report(table.path, "[new_links] names no line: write [[new_links.link]]")
    if spec.budget is not None and spec.budget < 0:
        table.report("budget", f"budget must be zero or more, found {spec.budget:g} USD")
    table.document.unique([(link.id, link.line) for link in spec.links], "new link")
    return spec


def _rate(table: Table) -> float:
    found = table.quantity("rate", "", "8 %")
    if not 0 <= found < 1:
        table.report("rate", f"rate must lie between 0 % and 100 % a year, found {100 * found:g} %")
    return found


def _ground(table: Table) -> GroundSpec:
    factor = table.quantity("factor", "") if "factor" in table.data else None
    if factor is not None and factor <= 0:
        table.report("factor", f"factor must be more than zero, found {factor:g}")
    buffer = table.quantity("buffer", "m", "0 m")
    if buffer < 0:
        table.report("buffer", f"buffer must be zero or more, found {buffer:g} m")
    return GroundSpec(
        layer=table.text("layer"),
        where=table.where(),
        buffer=buffer,
        factor=factor,
        source=table.text("source", ""),
    )


def _link(table: Table) -> NewLinkSpec:
    mode = table.choice("mode", _MODES)
    gauge = table.whole("gauge", least=500) if mode == "rail" else 0
    spec = NewLinkSpec(
        id=table.slug("id"),
        title=table.text("title"),
        start=table.text("from"),
        end=table.text("to"),
        mode=mode,
        gauge=gauge,
        build=table.text("build"),
        note=table.text("note", ""),
        line=table.line,
    )
    if spec.start and spec.start == spec.end:
        table.report("to", f"the line begins and ends at {spec.start!r}: give it two ends")
    return spec
