"""A recipe run from layers to outputs: the one place that knows the whole order."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geo.study.result import Result
    from geo.study.run import Study

__all__ = ["Result", "Study"]

_LATE = {"Result": "geo.study.result", "Study": "geo.study.run"}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
