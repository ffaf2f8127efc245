"""Layers that lie in a database: what a record says of them.

A record names a table (or holds a query of its author's own) and, at most, a service of
``pg_service.conf``. Host, user and password come from the environment or from libpq's own
files; a record cannot hold them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from geo.catalogue.fields import RecordReader

__all__ = ["Database", "database_of"]

_KEYS = ("table", "query", "geometry", "service")
_NAME = re.compile(r"[^\x00.\"]{1,63}(\.[^\x00.\"]{1,63})?")


@dataclass(frozen=True)
class Database:
    """A table or a query in PostGIS.

    `table` is ``name`` or ``schema.name``; `geometry` the column of the shapes, needed where
    there are several; `service` a section of ``pg_service.conf``.
    """

    table: str | None = None
    query: str | None = None
    geometry: str | None = None
    service: str | None = None

    @property
    def place(self) -> str:
        """What messages call it; no credential is in it.

        Examples
        --------
        >>> Database(table="geology.mines").place
        'postgis:geology.mines'
        """
        return f"postgis:{self.table or 'query'}"


def database_of(reader: RecordReader, table: Mapping[str, object]) -> Database | None:
    """Read ``[postgis]`` of a record; faults are noted with the reader.

    Parameters
    ----------
    reader : RecordReader
    table : mapping
        The whole record.

    Returns
    -------
    Database or None
        None when the layer lies in a file.
    """
    said = table.get("postgis")
    if said is None:
        return None
    if not isinstance(said, dict):
        reader.problem("postgis", 'is no table: write [postgis] and table = "schema.name" below')
        return Database()
    for key in ("path", "sha256", "layer"):
        if key in table:
            reader.problem(key, "has no meaning for a layer in PostGIS: take it out")
    if table.get("kind") != "vector":
        reader.problem("kind", f"is {table.get('kind')!r}, a layer in PostGIS is a vector")
    for key, value in said.items():
        _check(reader, key, value)
    if ("table" in said) == ("query" in said):
        reader.problem("postgis", "needs a table or a query, one of them")
    texts = {key: said[key] for key in _KEYS if isinstance(said.get(key), str)}
    return Database(**texts)


def _check(reader: RecordReader, key: str, value: object) -> None:
    place = f"postgis.{key}"
    if key not in _KEYS:
        hint = ": it belongs into the environment, ~/.pgpass or pg_service.conf"
        reader.problem(place, f"is no key of a layer in PostGIS{hint}")
    elif not isinstance(value, str) or not value.strip():
        reader.problem(place, f"is {value!r}, required is a text")
    elif key == "table" and not _NAME.fullmatch(value):
        reader.problem(place, f"is {value!r}, required is a name or schema.name")
    elif key == "service" and not re.fullmatch(r"[A-Za-z0-9_-]{1,63}", value):
        reader.problem(place, f"is {value!r}, required is a section of pg_service.conf")
