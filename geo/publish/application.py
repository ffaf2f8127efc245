"""The page's own script: small modules by duty, joined in their order into one."""

import re
from functools import cache
from typing import Final

from geo.publish.vendored import asset

__all__ = ["MODULES", "bare", "script"]

_COMMENT: Final = re.compile(r"^[ ]*(?:/\*.*?\*/|//[^\n]*)$", re.DOTALL | re.MULTILINE)

MODULES: Final = (
    "text", "dom", "colour", "state", "ranking", "ways", "panel", "table", "weights", "filters",
    "card", "blocks", "power", "project", "trade", "supply", "links", "compare", "gaps",
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
    body = "".join(bare(asset(f"app/{name}.js")) for name in MODULES)
    return f'(function () {{\n"use strict";\n{body}}})();\n'


def bare(code: str) -> str:
    r"""Code without the comments and the indentation that only its authors need.

    Examples
    --------
    >>> bare("/* why */\n  let a = 1;\n")
    'let a = 1;\n'
    """
    lines = _COMMENT.sub("", code).splitlines()
    return "".join(f"{line.strip()}\n" for line in lines if line.strip())
