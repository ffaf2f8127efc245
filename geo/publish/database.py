"""Results in PostGIS: all tables of a study in one transaction, whole or not at all.

A table that has the same columns as before keeps its grants and the views upon it, and only its
rows are exchanged; another is made anew. Whoever reads meanwhile sees the rows of before, never
half of the new ones. Tables that Lodemap did not write are left alone.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, LiteralString

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.catalogue.postgis import connected
from geo.errors import LodemapError, OutputError
from geo.publish.content import Content
from geo.publish.tables import plain_tables

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

__all__ = ["write_postgis"]

_MARK = "Lodemap result"
_SRID = 4326
_LONGEST = 63
"""Longest name that PostgreSQL keeps whole [bytes]."""


def write_postgis(
    content: Content,
    schema: str,
    *,
    provenance: Mapping[str, Any] | None = None,
    service: str | None = None,
) -> list[str]:
    """Write a study's tables into a schema of a PostGIS database.

    The tables are ``sites_<theme>``, ``sites_<theme>_<scenario>``, ``routes``, ``criteria`` and
    ``provenance`` (one row, JSON). Shapes are in EPSG:4326 with a spatial index. Earlier tables
    of the same names are replaced when Lodemap wrote them.

    Parameters
    ----------
    content : Content
    schema : str
        Made if it is missing.
    provenance : mapping, optional
        What made the numbers.
    service : str, optional
        Section of ``pg_service.conf``; the environment counts otherwise.

    Returns
    -------
    list of str
        Names of the tables.

    Raises
    ------
    OutputError
        If the database cannot be reached or refuses, or a table of that name is not Lodemap's.
        Nothing has changed then.
    """
    place = f"postgis:{schema}"
    if not schema or "\x00" in schema or len(schema.encode()) > _LONGEST:
        raise OutputError(f"{schema!r} is no name of a schema: choose another with --postgis")
    tables = dict(_tables(content))
    try:
        with connected(place, service, read_only=False) as connection:
            _write_all(connection, schema, tables, provenance or {})
    except OutputError:
        raise
    except LodemapError as error:
        raise OutputError(str(error), code=error.code, fix=error.fix) from None
    return [*tables, "provenance"]


def _tables(content: Content) -> Iterator[tuple[str, pd.DataFrame]]:
    taken: set[str] = {"provenance"}
    for name, frame in plain_tables(content):
        if len(name.encode()) > _LONGEST:
            raise OutputError(f"the table {name!r} has too long a name: shorten the theme's id")
        if name in taken:
            raise OutputError(f"two tables would be called {name!r}: give one another id")
        taken.add(name)
        yield name, frame.rename(columns={"geom": "geom_"})


def _write_all(
    connection: "psycopg.Connection",
    schema: str,
    tables: Mapping[str, pd.DataFrame],
    provenance: Mapping[str, Any],
) -> None:
    from psycopg import sql

    # Two studies that write into one schema take turns.
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (schema,))
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
    said = pd.DataFrame({"provenance": [json.dumps(provenance, ensure_ascii=False)]})
    everything = {**tables, "provenance": said}
    for name in everything:
        _refuse_foreign(connection, schema, name)
    for name, frame in everything.items():
        _fill(connection, schema, name, frame)


def _refuse_foreign(connection: "psycopg.Connection", schema: str, name: str) -> None:
    row = connection.execute(
        "SELECT c.relkind, obj_description(c.oid, 'pg_class') FROM pg_class AS c "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s",
        (schema, name),
    ).fetchone()
    if row is not None and row != ("r", _MARK):
        raise OutputError(
            f"postgis:{schema}.{name}: is there already and Lodemap did not write it: "
            "choose another schema with --postgis"
        )


def _fill(connection: "psycopg.Connection", schema: str, name: str, frame: pd.DataFrame) -> None:
    from psycopg import sql

    table = sql.Identifier(schema, name)
    shapes = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    wanted = {
        "geom" if column == shapes else str(column): _kind(frame)
        if column == shapes
        else _type(frame[column])
        for column in frame.columns
    }
    if _present(connection, table.as_string(connection)) == wanted:
        connection.execute(sql.SQL("DELETE FROM {}").format(table))
    else:
        _create(connection, table, wanted)
    values = [_values(frame[column], shape=column == shapes) for column in frame.columns]
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
        for row in zip(*values, strict=True):
            copy.write_row(row)


def _present(connection: "psycopg.Connection", table: str) -> dict[str, str]:
    """Columns of a table with their types; none when there is no such table."""
    return dict(
        connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (table,),
        ).fetchall()
    )


def _create(
    connection: "psycopg.Connection", table: "sql.Identifier", columns: Mapping[str, LiteralString]
) -> None:
    from psycopg import sql

    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    said = [
        # The types are this module's own words.
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in columns.items()
    ]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(said)))
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(_MARK)))
    if "geom" in columns:
        connection.execute(sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(table))


def _type(column: "pd.Series[Any]") -> str:
    if column.name == "provenance":
        return "jsonb"
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_integer_dtype(column):
        return "bigint"
    return "double precision" if pd.api.types.is_float_dtype(column) else "text"


def _kind(frame: gpd.GeoDataFrame) -> str:
    """Type of the shapes: the narrowest, so that a GIS lists the table under one kind."""
    kinds = {kind for kind in frame.geometry.geom_type if kind is not None}
    one = kinds.pop() if len(kinds) == 1 else "Geometry"
    return f"geometry({one}{'Z' if frame.geometry.has_z.any() else ''},{_SRID})"


def _values(column: "pd.Series[Any]", *, shape: bool) -> list[object]:
    if shape:
        shapes = shapely.set_srid(np.asarray(column.to_numpy(), dtype=object), _SRID)
        return list(shapely.to_wkb(shapes, hex=True, include_srid=True))
    # Unknown is NULL; what PostgreSQL cannot hold in a text is shown as such.
    known = column.astype(object).where(column.notna(), None).tolist()
    return [one.replace("\x00", "\ufffd") if isinstance(one, str) else one for one in known]
