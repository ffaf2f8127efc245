"""Looking at a table in PostGIS that has no record yet."""

import re
from datetime import date
from pathlib import Path

from geo.catalogue.database import Database
from geo.catalogue.findings import refuse
from geo.catalogue.postgis import at_hand, connected
from geo.catalogue.records import Record
from geo.errors import CrsError

__all__ = ["taken_over"]


def taken_over(table: str) -> Path:
    """Take a table over as a GeoPackage in its own reference system.

    Parameters
    ----------
    table : str
        ``name`` or ``schema.name``.

    Returns
    -------
    Path
        The GeoPackage, in the cache.

    Raises
    ------
    LayerError
        If there is no such table, or the database cannot be reached.
    CrsError
        If its shapes have no reference system with a code.
    """
    database = Database(table=table)
    if not re.fullmatch(r"[^\x00.\"]{1,63}(\.[^\x00.\"]{1,63})?", table):
        raise refuse(
            database.place, "layer-missing", "names no table", "write postgis:schema.table"
        )
    name = table.split(".")[-1]
    identifier = "-".join(re.findall(r"[a-z0-9]+", name.lower())) or "table"
    return at_hand(
        Record(
            id=identifier,
            title=name,
            kind="vector",
            path=Path(database.place),
            toml=Path(f"{identifier}.toml"),
            sha256="",
            licence="",
            attribution="",
            source="",
            retrieved=date.min,
            quality="",
            limits="",
            crs=_crs(database, table),
            database=database,
        )
    ).path


def _crs(database: Database, table: str) -> str:
    schema, _, name = table.rpartition(".")
    with connected(database.place, None, read_only=True) as connection:
        rows = connection.execute(
            "SELECT auth_name, auth_srid FROM geometry_columns "
            "LEFT JOIN spatial_ref_sys USING (srid) "
            "WHERE f_table_name = %s AND f_table_schema = coalesce(nullif(%s, ''), "
            "current_schema())",
            (name, schema),
        ).fetchall()
    if not rows:
        raise refuse(
            database.place,
            "layer-missing",
            "is no table with shapes that this user may read",
            "check the name, and write its schema before it",
        )
    if rows[0][0] is None:
        raise refuse(
            database.place,
            "crs-missing",
            "states no CRS for its shapes, which is never guessed",
            "set it with UpdateGeometrySRID",
            error=CrsError,
        )
    return f"{rows[0][0]}:{rows[0][1]}"
