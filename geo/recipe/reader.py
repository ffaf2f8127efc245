"""Reading tables of a TOML document while collecting every problem with its line."""

import difflib
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from geo.errors import LodemapWarning, RecipeError, UnitError
from geo.recipe.lines import key_lines
from geo.units import magnitude

__all__ = ["Document", "Table"]

Path = tuple[str | int, ...]
_MISSING: Any = object()
_FEW = 16
"""Longest list that a message spells out."""


class Document:
    """A recipe's text, the lines of its keys and the problems found so far."""

    def __init__(
        self, name: str, text: str, data: dict[str, Any], folder: FilePath = FilePath()
    ) -> None:
        self.name = name
        self.folder = folder
        self.data = data
        self.problems: list[tuple[int, str]] = []
        self.notes: list[tuple[int, str]] = []
        self._lines = key_lines(text)

    def line(self, path: Path) -> int:
        """Line of a key, or of the nearest table around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def report(self, path: Path, message: str) -> None:
        """Keep a problem for the end."""
        self.problems.append((self.line(path), message))

    def unique(self, named: Sequence[tuple[str, int]], what: str) -> None:
        """Keep a problem for each name that stands twice, at the line of the second."""
        seen: set[str] = set()
        for name, line in named:
            if name in seen:
                self.problems.append((line, f"{what} {name!r} stands twice: rename one"))
            seen.add(name)

    def finish(self) -> None:
        """Raise all problems, in the order of their lines; without one, warn of what is noted.

        Raises
        ------
        RecipeError
            If there is any.

        Warns
        -----
        LodemapWarning
            Once for each note, behind its line.
        """
        if self.problems:
            found = sorted(set(self.problems))
            raise RecipeError([f"{self.name}:{line}: {message}" for line, message in found])
        for line, message in sorted(set(self.notes)):
            warnings.warn(f"{self.name}:{line}: {message}", LodemapWarning, stacklevel=2)


class Table:
    """One table of the document; every key that is read is ticked off."""

    def __init__(self, document: Document, data: Mapping[str, Any], path: Path) -> None:
        self.document = document
        self.data = data
        self.path = path
        self._read: set[str] = set()

    @property
    def line(self) -> int:
        """Line on which the table begins."""
        return self.document.line(self.path)

    @property
    def place(self) -> str:
        """Name of the table for messages."""
        return ".".join(str(part) for part in self.path if not isinstance(part, int)) or "recipe"

    def report(self, key: str, message: str) -> None:
        """Keep a problem with one of the table's keys."""
        self.document.report((*self.path, key), message)

    def take(self, key: str, default: Any = _MISSING) -> Any:
        """Value of a key as TOML gave it; a missing one without default is a problem."""
        self._read.add(key)
        if key in self.data:
            return self.data[key]
        if default is _MISSING:
            self.document.report(self.path, f"[{self.place}] needs the key {key!r}")
            return None
        return default

    def text(self, key: str, default: Any = _MISSING) -> str:
        """A text; an empty one when it is missing or no text."""
        found = self.take(key, default)
        if isinstance(found, str) or found is None:
            return found or ""
        self.report(key, f"{key} must be text, found {found!r}")
        return ""

    def whole(self, key: str, default: Any = _MISSING, *, least: int = 0) -> int:
        """A whole number of at least `least`."""
        found = self.take(key, default)
        if isinstance(found, int) and not isinstance(found, bool) and found >= least:
            return found
        if found is not None:
            self.report(key, f"{key} must be a whole number of {least} or more, found {found!r}")
        return least

    def flag(self, key: str, default: bool) -> bool:
        """A yes or no."""
        found = self.take(key, default)
        if not isinstance(found, bool):
            self.report(key, f"{key} must be true or false, found {found!r}")
            return default
        return found

    def texts(self, key: str, default: Any = _MISSING) -> tuple[str, ...]:
        """A list of texts; a single text is a list of one."""
        found = self.take(key, default)
        if isinstance(found, str):
            return (found,)
        if isinstance(found, Sequence) and all(isinstance(item, str) for item in found):
            return tuple(found)
        if found is not None:
            self.report(key, f"{key} must be a list of texts, found {found!r}")
        return ()

    def quantity(self, key: str, unit: str, default: Any = _MISSING) -> float:
        """A quantity as text with a unit, in `unit`; NaN when it cannot be read."""
        found = self.take(key, default)
        return float("nan") if found is None else self.convert(key, found, unit)

    def convert(self, key: str, found: Any, unit: str) -> float:
        """Convert one value of a key; plain numbers serve only where no unit is asked."""
        if isinstance(found, bool) or not isinstance(found, int | float | str):
            self.report(key, f"{key} must be a quantity such as '2 {unit}', found {found!r}")
            return float("nan")
        if not isinstance(found, str) and unit:
            self.report(key, f"{key} needs a unit: write '{found} {unit}', not {found}")
            return float("nan")
        try:
            return float(found) if not isinstance(found, str) else magnitude(found, unit)
        except UnitError as error:
            self.report(key, f"{key}: {error}")
            return float("nan")

    def positive(self, key: str, unit: str, default: Any = _MISSING) -> float:
        """A quantity above zero."""
        found = self.quantity(key, unit, default)
        if found <= 0:
            self.report(key, f"{key} must be more than zero, found {found:g} {unit}")
        return found

    def slug(self, key: str) -> str:
        """An id: letters and digits joined by hyphens."""
        found = self.text(key)
        if found and not all(part.isalnum() and part.isascii() for part in found.split("-")):
            self.report(key, f"{key} {found!r} must be letters and digits joined by hyphens")
        return found

    def triple(self, key: str, unit: str) -> tuple[float, float, float]:
        """A range as (low, central, high): one quantity, or a table of the three."""
        found = self.take(key)
        if isinstance(found, Mapping):
            if set(found) != {"low", "central", "high"}:
                self.report(key, f"{key} needs exactly low, central and high")
                return (float("nan"),) * 3
            low, central, high = (
                self.convert(key, found[k], unit) for k in ("low", "central", "high")
            )
        elif found is None:
            return (float("nan"),) * 3
        else:
            low = central = high = self.convert(key, found, unit)
        if low > central or central > high:
            self.report(key, f"{key} must rise from low to high, found {low}, {central}, {high}")
        return low, central, high

    def where(self, key: str = "where") -> dict[str, object]:
        """A filter: columns with the values wanted."""
        found = self.take(key, {})
        if isinstance(found, Mapping):
            return dict(found)
        self.report(key, f"{key} must be a table of columns and values, found {found!r}")
        return {}

    def child(self, key: str, *, required: bool = False) -> "Table | None":
        """The table under a key."""
        found = self.take(key, _MISSING if required else None)
        if found is None:
            return None
        if not isinstance(found, Mapping):
            self.report(key, f"{key} must be a table, found {found!r}")
            return None
        return Table(self.document, found, (*self.path, key))

    def children(self, key: str) -> list["Table"]:
        """The tables of an array of tables."""
        found = self.take(key, [])
        if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
            self.report(key, f"{key} must be an array of tables: write [[{self.place}.{key}]]")
            return []
        return [
            Table(self.document, item, (*self.path, key, index)) for index, item in enumerate(found)
        ]

    def choice(self, key: str, allowed: Collection[str], default: Any = _MISSING) -> str:
        """A text out of a closed list."""
        found = self.text(key, default)
        if found and found not in allowed:
            self.report(key, f"{key} {found!r} is unknown{closest(found, allowed)}")
        return found

    def done(self) -> None:
        """Report the keys that nobody asked for."""
        for key in self.data:
            if key not in self._read:
                hint = closest(key, self._read)
                self.report(key, f"[{self.place}] does not know the key {key!r}{hint}")

    def each(self, key: str, convert: Callable[["Table"], Any]) -> tuple[Any, ...]:
        """Convert every table of an array of tables, then check its keys."""
        results = []
        for table in self.children(key):
            results.append(convert(table))
            table.done()
        return tuple(results)


def closest(found: str, allowed: Collection[str]) -> str:
    """Say what was probably meant, as the end of a sentence."""
    near = difflib.get_close_matches(found, sorted(allowed), n=1)
    if near:
        return f": did you mean {near[0]!r}?"
    if not 0 < len(allowed) <= _FEW:
        return ""
    return f": choose one of {', '.join(sorted(allowed))}"
