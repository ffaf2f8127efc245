"""The sites of a theme that are to be chosen together."""

from geo.recipe.reader import Table
from geo.recipe.schema import PortfolioSpec

__all__ = ["portfolio_of"]

_NEEDS = (("budget", "cost"), ("at_least", "group"), ("at_most", "group"), ("link", "link_costs"))


def portfolio_of(table: Table) -> PortfolioSpec | None:
    """Read ``[theme.portfolio]``, if there is one."""
    child = table.child("portfolio")
    if child is None:
        return None
    spec = PortfolioSpec(
        count=child.whole("count", least=1) if "count" in child.data else None,
        budget=child.quantity("budget", "") if "budget" in child.data else None,
        spacing=child.quantity("spacing", "m", "0 m"),
        cost=child.text("cost", "") or None,
        group=child.text("group", "") or None,
        limits=_limits(child),
        link=child.text("link", "") or None,
        link_costs=_numbers(child, "link_costs"),
        line=child.line,
    )
    _check(child, spec)
    child.done()
    return spec


def _check(table: Table, spec: PortfolioSpec) -> None:
    if spec.count is None and spec.budget is None:
        table.document.report(table.path, "a portfolio needs a count or a budget")
    for number, key in ((spec.budget, "budget"), (spec.spacing, "spacing")):
        if number is not None and number < 0:
            table.report(key, f"{key} must be zero or more, found {number:g}")
    for key, needed in _NEEDS:
        # Links may be all that costs.
        paid = key == "budget" and spec.link is not None
        if key in table.data and needed not in table.data and not paid:
            table.report(key, f"{key} needs the key {needed!r}")


def _limits(table: Table) -> dict[str, tuple[int, int | None]]:
    least, most = (_numbers(table, key) for key in ("at_least", "at_most"))
    found: dict[str, tuple[int, int | None]] = {}
    for name in {**least, **most}:
        low, high = int(least.get(name, 0)), most.get(name)
        if high is not None and high < low:
            table.report("at_most", f"at_most of {name!r} is {high:g}, below its at_least of {low}")
        found[name] = (low, None if high is None else int(high))
    return found


def _numbers(table: Table, key: str) -> dict[str, float]:
    child = table.child(key)
    if child is None:
        return {}
    found = {name: child.quantity(name, "") for name in child.data}
    for name, number in found.items():
        if number < 0:
            child.report(name, f"{name} must be zero or more, found {number:g}")
    return found
