"""The page's own script: small modules by duty, joined in their order into one."""

from functools import cache
from typing import Final

from geo.publish.vendored import asset

__all__ = ["MODULES", "script"]

MODULES: Final = (
    "text", "dom", "colour", "state", "ranking", "ways", "panel", "table", "weights", "filters",
    "card", "blocks", "power", "trade", "supply", "compare", "gaps",
    "sources", "map", "surface", "labels", "legend", "tools", "export", "main",
)  # fmt: skip
"""Files of ``assets/app`` in the order in which they run; they share one scope."""


@cache
def script() -> str:
    """The application as one script that leaves nothing but ``window.lodemap`` behind.

    Returns
    -------
    str

    Raises
    ------
    OutputError
        If a file of the package is missing.
    """
    body = "\n".join(asset(f"app/{name}.js").rstrip() for name in MODULES)
    return f'(function () {{\n"use strict";\n{body}\n}})();\n'
