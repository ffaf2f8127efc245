"""Lodemap: maps and scores of mineral deposits, clean power and the way to market.

>>> import geo
>>> study = geo.Study.from_toml("maps/mongolia.toml")    # doctest: +SKIP
>>> result = study.run()                                 # doctest: +SKIP
>>> result.sites                                         # doctest: +SKIP

Everything heavy is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geo.errors import LodemapError, LodemapWarning

if TYPE_CHECKING:
    from geo.study import Result, Study

__all__ = ["LodemapError", "LodemapWarning", "Result", "Study", "__version__"]

_LATE = {"Result": "geo.study", "Study": "geo.study"}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    if name == "__version__":
        return import_module("geo.provenance").package_version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
