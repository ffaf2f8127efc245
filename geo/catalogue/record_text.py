"""A layer's record as TOML text."""

import json
import math
from collections.abc import Mapping
from datetime import date

__all__ = ["record_text"]


def record_text(fields: Mapping[str, object]) -> str:
    """Write a record's fields as TOML.

    Parameters
    ----------
    fields : mapping
        Texts, numbers, dates, lists of them, and tables of such fields; None is left out.

    Returns
    -------
    str
        Plain fields in their order, then the tables.

    Examples
    --------
    >>> print(record_text({"id": "dem", "columns": {"h": {"unit": "m"}}, "nodata": -1.0}))
    id = "dem"
    nodata = -1.0
    <BLANKLINE>
    [columns.h]
    unit = "m"
    <BLANKLINE>
    """
    said = {name: value for name, value in fields.items() if value is not None}
    lines = [
        f"{_key(name)} = {_value(value)}"
        for name, value in said.items()
        if not isinstance(value, Mapping)
    ]
    for name, table in said.items():
        if isinstance(table, Mapping):
            lines += _table(_key(name), table)
    return "\n".join(lines) + "\n"


def _table(path: str, table: Mapping[str, object]) -> list[str]:
    plain = [
        f"{_key(name)} = {_value(value)}"
        for name, value in table.items()
        if not isinstance(value, Mapping)
    ]
    lines = ["", f"[{path}]", *plain] if plain else []
    for name, value in table.items():
        if isinstance(value, Mapping):
            lines += _table(f"{path}.{_key(name)}", value)
    return lines


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _text(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return _text(str(value))


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but TOML wants DEL escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
