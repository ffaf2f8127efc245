"""Every error that Lodemap raises on purpose.

::

    LodemapError
    ├── LayerError          a layer file or its record cannot be used
    │   └── EmptyLayerError     nothing usable is left in it
    ├── CrsError            coordinate systems are missing or differ
    ├── GridError           a grid cannot be made, or a point lies outside it
    ├── UnitError           a text is not a quantity, or has the wrong unit
    ├── DataError           numbers or arguments outside what a function can take
    ├── NetworkError        a transport network cannot answer
    ├── RecipeError         a recipe says something that cannot be run
    └── OutputError         a result cannot be written

A message says what was found, what was required, and the call or edit that mends it.
"""

from collections.abc import Sequence

__all__ = [
    "CrsError",
    "DataError",
    "EmptyLayerError",
    "GridError",
    "LayerError",
    "LodemapError",
    "LodemapWarning",
    "NetworkError",
    "OutputError",
    "RecipeError",
    "UnitError",
]


class LodemapError(Exception):
    """Base of every error that Lodemap raises on purpose.

    Parameters
    ----------
    message : str
        What was found, what was required, and what mends it.
    code : str, optional
        Short fixed name of the fault, for programs.
    fix : str, optional
        The mend alone.
    """

    def __init__(self, message: str, *, code: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.fix = fix


class LayerError(LodemapError):
    """A layer file or its record cannot be used."""


class EmptyLayerError(LayerError):
    """A layer holds nothing that could be used."""


class CrsError(LodemapError):
    """A coordinate reference system is missing, unfit or differs."""


class GridError(LodemapError):
    """A grid cannot be made, or a point lies outside it."""


class UnitError(LodemapError):
    """A text is not a quantity, or its unit cannot become the required one."""


class DataError(LodemapError):
    """Numbers or arguments outside what a function can take."""


class NetworkError(LodemapError):
    """A transport network is broken, or holds no way between two places."""


class OutputError(LodemapError):
    """A result cannot be written whole."""


class RecipeError(LodemapError):
    """A recipe says something that cannot be run.

    Parameters
    ----------
    problems : sequence of str
        One sentence a problem, each beginning with the place (``file:line: …``).
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class LodemapWarning(UserWarning):
    """A layer was repaired, or a result is weaker than it looks."""
