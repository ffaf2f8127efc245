"""Plain values and records as one text: the same text for equal values, in any process."""

import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path

import numpy as np

from geo.errors import DataError

__all__ = ["canonical"]

# Where a thing stands in its file is not what it is.
_PLACES = frozenset({"line", "lines", "path", "toml"})


def canonical(value: object) -> str:
    """Write a value as text that tells all of it, but for its place in a file.

    Parameters
    ----------
    value : object
        Numbers, text, dates, arrays, and sequences, sets, mappings and dataclasses of them.

    Returns
    -------
    str

    Raises
    ------
    DataError
        If a part of it is something else.

    Examples
    --------
    >>> canonical({"b": {2, 1}, "a": (1.5, None)})
    "{'a': (1.5, None), 'b': {1, 2}}"
    """
    if isinstance(value, np.generic):
        return repr(value.item())
    if value is None or isinstance(value, str | bytes | bool | int | float | date):
        return repr(value)
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()
        return f"array({value.dtype.str}, {value.shape}, {digest})"
    if is_dataclass(value) and not isinstance(value, type):
        said = {one.name: getattr(value, one.name) for one in fields(value)}
        told = {name: part for name, part in said.items() if name not in _PLACES}
        return f"{type(value).__qualname__}{canonical(told)}"
    return _group(value)


def _group(value: object) -> str:
    if isinstance(value, Mapping):
        parts = sorted(f"{canonical(key)}: {canonical(part)}" for key, part in value.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, AbstractSet):
        return "{" + ", ".join(sorted(map(canonical, value))) + "}"
    if isinstance(value, Sequence):
        return "(" + ", ".join(map(canonical, value)) + ")"
    if isinstance(value, Path):
        return repr(value.as_posix())
    raise DataError(f"{type(value).__name__} cannot be told as plain text: give plain values")
