"""How a theme joins its criteria, and what it does about unknown ones."""

from typing import Any

import numpy as np

from geo.errors import DataError
from geo.recipe.reader import Table, closest
from geo.recipe.schema import CombineSpec
from geo.scoring.combination import METHODS, Combination
from geo.scoring.unknowns import UNKNOWN

__all__ = ["check_options", "combine_of"]


def combine_of(table: Table, unknown: str) -> CombineSpec:
    """Read ``combine`` and ``unknown`` of a theme; `unknown` is the recipe's own choice."""
    found = table.take("combine", "weighted-sum")
    options: dict[str, Any] = {}
    if isinstance(found, dict):
        child = Table(table.document, found, (*table.path, "combine"))
        method = _method(child, "method", child.take("method", "weighted-sum"))
        options = {key: value for key, value in found.items() if key != "method"}
    else:
        method = _method(table, "combine", found)
    spec = CombineSpec(method, options, table.choice("unknown", UNKNOWN, unknown))
    _check(table, spec)
    return spec


def _method(table: Table, key: str, found: Any) -> str:
    if isinstance(found, str) and found in METHODS:
        return found
    hint = closest(str(found), METHODS)
    if not hint:
        hint = f": choose one of {', '.join(METHODS)}"
    table.report(key, f"there is no method {found!r}{hint}")
    return "weighted-sum"


def _check(table: Table, spec: CombineSpec) -> None:
    about = METHODS[spec.method]
    for name, value in spec.options.items():
        if name not in about.options:
            hint = closest(name, about.options)
            table.report("combine", f"method {spec.method!r} has no option {name!r}{hint}")
        elif not _fits(about.options[name], value):
            kind = about.options[name]
            table.report("combine", f"option {name!r} must be a {kind}, found {value!r}")
    if spec.unknown == "reweight" and not about.local:
        table.report(
            "unknown",
            f"{about.title} compares sites with one another, each by all criteria: take another "
            "choice than 'reweight'",
        )


def check_options(table: Table, spec: CombineSpec, criteria: int) -> None:
    """Let the method say what is wrong with its options now, not after an hour of work."""
    if criteria == 0 or any(
        "method" in said or "option" in said for _, said in table.document.problems
    ):
        return
    trial = np.linspace([0.2] * criteria, [0.8] * criteria, 3)
    try:
        Combination(spec.method, dict(spec.options)).scores(trial, np.ones(criteria))
    except DataError as error:
        table.report("combine", f"{spec.method}: {error}")


def _fits(kind: str, value: Any) -> bool:
    if kind == "numbers":
        return isinstance(value, list) and all(_fits("number", item) for item in value)
    if kind == "text":
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)
