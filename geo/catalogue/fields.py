"""Reading the fields of a layer's record, collecting every fault instead of the first."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path

from geo.catalogue.encodings import codec_of
from geo.catalogue.files import inside_folder
from geo.errors import LayerError, UnitError
from geo.units import check as check_unit
from geo.units import magnitude

__all__ = ["RecordReader"]

_OF_COLUMN = {"unit", "description", "from", "from_unit"}

_NO_DAY = date.min


class RecordReader:
    """Typed access to a record's TOML table.

    Every method returns a usable value and notes a fault instead of raising; `finish` raises
    all of them together.

    Parameters
    ----------
    toml : Path
        The record's file, for messages.
    table : mapping
        Its content.
    """

    def __init__(self, toml: Path, table: Mapping[str, object]) -> None:
        self._toml = toml
        self._table = table
        self._problems: list[str] = []

    def problem(self, key: str, what: str) -> None:
        """Note a fault of a key."""
        self._problems.append(f"{self._toml}: {key} {what}")

    def finish(self) -> None:
        """Raise a LayerError with one line a fault, if there are any."""
        if self._problems:
            raise LayerError("\n".join(self._problems))

    def unknown_keys(self, known: Sequence[str]) -> None:
        """Note keys that a record does not have."""
        for key in self._table:
            if key not in known:
                close = get_close_matches(key, known, n=1)
                hint = f": did you mean {close[0]!r}?" if close else ""
                self.problem(key, f"is no key of a record{hint}")

    def optional(self, key: str) -> str | None:
        """Text of a key that may be missing."""
        if key not in self._table:
            return None
        return self.text(key)

    def text(self, key: str) -> str:
        """Text of a required key."""
        found = self._table.get(key)
        if found is None:
            self.problem(key, "is missing")
        elif not isinstance(found, str) or not found.strip():
            self.problem(key, f"is {found!r}, required is a text")
        else:
            return found
        return ""

    def pattern(self, key: str, regex: str, required: str) -> str:
        """Text of a required key in a given form."""
        found = self.text(key)
        if found and not re.fullmatch(regex, found):
            self.problem(key, f"is {found!r}, required are {required}")
            return ""
        return found

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """Text of a required key that is one of a few."""
        found = self.text(key)
        if found and found not in allowed:
            self.problem(key, f"is {found!r}, required is one of {', '.join(allowed)}")
        return found

    def day(self, key: str) -> date:
        """Date of a required key."""
        found = self._table.get(key)
        if isinstance(found, date) and not isinstance(found, datetime):
            return found
        try:
            return date.fromisoformat(str(found))
        except ValueError:
            said = "is missing" if found is None else f"is {found!r}"
            self.problem(key, f"{said}: write a date such as 2026-01-31")
            return _NO_DAY

    def number(self, key: str) -> float | None:
        """Return the number of a key that may be missing; ``nan`` is one."""
        found = self._table.get(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float):
            self.problem(key, f"is {found!r}, required is a number")
            return None
        return float(found)

    def interval(self, key: str) -> tuple[float, float] | None:
        """Two rising numbers of a key that may be missing."""
        found = self._table.get(key)
        if found is None:
            return None
        if (
            isinstance(found, list)
            and len(found) == 2
            and all(isinstance(v, int | float) and math.isfinite(v) for v in found)
            and found[0] < found[1]
        ):
            return float(found[0]), float(found[1])
        self.problem(key, f"is {found!r}, required are two rising numbers such as [0, 100]")
        return None

    def names(self, key: str) -> tuple[str, ...]:
        """List of different names of a key that may be missing."""
        found = self._table.get(key, [])
        if not isinstance(found, list) or not all(isinstance(v, str) and v for v in found):
            self.problem(key, f"is {found!r}, required is a list of names")
            return ()
        if len(set(found)) < len(found):
            self.problem(key, "names a band twice")
        return tuple(found)

    def unit(self, key: str, *, required: bool) -> str | None:
        """Return the unit of a key; an empty text is a plain number."""
        if key not in self._table:
            if required:
                self.problem(key, "is missing: write one such as m, or an empty text for none")
            return None
        return self._checked_unit(key, self._table[key])

    def _checked_unit(self, key: str, found: object) -> str:
        try:
            if isinstance(found, str):
                return check_unit(found)
            self.problem(key, f"is {found!r}, required is a unit such as m")
        except UnitError as error:
            self.problem(key, f"has an {error}")
        return ""

    def crs(self, key: str, *, required: bool, allowed: bool) -> str | None:
        """Return the name of a reference system, such as ``EPSG:4326``."""
        if key not in self._table:
            if required:
                self.problem(key, "is missing: write one such as EPSG:4326")
            return None
        found = self.pattern(key, r"[A-Za-z]+:\d+", "an authority and a code, such as EPSG:4326")
        if not allowed:
            self.problem(key, "has no meaning for a table: take it out")
        return found or None

    def one_of(self, key: str, allowed: Sequence[str]) -> str | None:
        """Text of a key that may be missing and is one of a few."""
        return None if key not in self._table else self.choice(key, allowed) or None

    def encoding(self, key: str) -> str | None:
        """Name of an encoding, of a key that may be missing."""
        found = self.optional(key)
        if found and codec_of(found) is None:
            self.problem(key, f"is {found!r}, required is an encoding such as UTF-8 or CP1251")
        return found

    def where(self, key: str) -> dict[str, object]:
        """Filter of rows, by column, of a key that may be missing."""
        found = self._table.get(key, {})
        if not isinstance(found, dict):
            self.problem(key, 'is no table of filters: write where = { column = "value" }')
            return {}
        for name, wanted in found.items():
            if isinstance(wanted, dict) and (set(wanted) - {"min", "max"} or not wanted):
                self.problem(f"{key}.{name}", f"is {wanted!r}, required are min, max or both")
        return dict(found)

    def columns(self, key: str) -> dict[str, tuple[str, str, str | None, str | None]]:
        """Unit, description, name and unit in the file of each described column."""
        found = self._table.get(key, {})
        if not isinstance(found, dict):
            self.problem(key, "is no table of columns: write [columns.<name>]")
            return {}
        said: dict[str, tuple[str, str, str | None, str | None]] = {}
        for name, entry in found.items():
            place = f"{key}.{name}"
            if not isinstance(entry, dict) or set(entry) - _OF_COLUMN:
                self.problem(place, f"holds more than {', '.join(sorted(_OF_COLUMN))}")
                continue
            unit = self._checked_unit(f"{place}.unit", entry.get("unit", ""))
            other = None
            if "from_unit" in entry:
                other = self._checked_unit(f"{place}.from_unit", entry["from_unit"])
                self._require_change(f"{place}.from_unit", other, unit)
            source = str(entry["from"]) if "from" in entry else None
            said[name] = (unit, str(entry.get("description", "")), source, other)
        return said

    def _require_change(self, key: str, found: str, unit: str) -> None:
        try:
            magnitude(f"1 {found}", unit)
        except UnitError as error:
            self.problem(key, f"cannot become the unit: {error}")

    def file(self, key: str, folder: Path, suffixes: Sequence[str]) -> Path:
        """Path of the layer's file, beside or below its record."""
        found = self.text(key)
        if not found:
            return folder
        try:
            path = inside_folder(found, folder)
        except LayerError as error:
            self.problem(key, str(error))
            return folder
        if suffixes and path.suffix.lower() not in suffixes:
            self.problem(key, f"is {found!r}, required is a file ending in {', '.join(suffixes)}")
        return path
