"""Layers of a PostgreSQL database with PostGIS, taken over as files.

What a study needs of a table is read in one read-only transaction and written as a GeoPackage
into the cache, under the digest of its content. From there on it is a file like any other: the
same checks, the same digest in the provenance, the same results.

Connections are libpq's: ``PGHOST``, ``PGDATABASE``, ``PGUSER``, ``PGPASSWORD``, ``PGSERVICE``,
``~/.pgpass`` and ``pg_service.conf`` count. Nothing of them gets into a message.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.catalogue.database import Database
from geo.catalogue.fetch.cache import default_cache
from geo.catalogue.findings import refuse
from geo.catalogue.records import Catalogue, Record
from geo.errors import CrsError, EmptyLayerError, LodemapError, OutputError
from geo.provenance import sha256_of

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa
    from psycopg import sql

__all__ = ["WithDatabase", "at_hand", "connected"]

_CHUNK = 20_000
_MOST_ROWS = 20_000_000
_TIMEOUT_MS = 600_000
_INSTALL = "pip install 'lodemap[postgis]'"
# PostgreSQL's numbers of its own types never change.
_BOOLEAN, _WHOLE, _REAL = (16,), (20, 21, 23), (700, 701, 1700)
_DATE, _TIME, _TIME_ZONE = 1082, 1114, 1184


class WithDatabase(Catalogue):
    """A catalogue whose layers in PostGIS come as files, each read once when it is first asked for.

    Parameters
    ----------
    catalogue : Catalogue
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.__dict__.update(catalogue.__dict__)
        self._taken: dict[str, Record] = {}

    def __getitem__(self, identifier: str) -> Record:
        """Record of a layer, of a file in any case."""
        if identifier not in self._taken:
            self._taken[identifier] = at_hand(super().__getitem__(identifier))
        return self._taken[identifier]


def at_hand(record: Record, cache: Path | None = None) -> Record:
    """Record of a file with the content of a layer, also when that lies in PostGIS.

    Parameters
    ----------
    record : Record
        Returned as it is when its layer is a file.
    cache : Path, optional
        Folder for what is taken over; the shared cache when missing.

    Returns
    -------
    Record
        With the path and the digest of a GeoPackage.

    Raises
    ------
    LayerError
        If the database cannot be reached or refuses, or there is no such table or column.
    CrsError
        If the shapes have no reference system, several, or another one than recorded.
    EmptyLayerError
        If there is no row.
    OutputError
        If the cache cannot be written.
    """
    if record.database is None:
        return record
    root = (cache or default_cache()) / "postgis"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".taking-", dir=root) as work:
            path = Path(work) / f"{record.id}.gpkg"
            table = record.id.replace("-", "_")
            _take(record, record.database, path, table)
            digest = sha256_of(path)
            target = root / digest[:24] / path.name
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
    except OSError as error:
        raise OutputError(
            f"{root}: cannot be written ({error.strerror or error}): make room there, or choose "
            "another cache with LODEMAP_CACHE"
        ) from None
    return replace(record, path=target, sha256=digest, layer=table, database=None)


@contextmanager
def connected(
    place: str, service: str | None, *, read_only: bool
) -> Iterator["psycopg.Connection"]:
    """Open one transaction that is committed when the block ends well, else rolled back.

    Parameters
    ----------
    place : str
        What messages call it.
    service : str or None
        Section of ``pg_service.conf``.
    read_only : bool

    Yields
    ------
    psycopg.Connection

    Raises
    ------
    LayerError
        For whatever the database says, without host, user or password.
    """
    psycopg = _driver(place)
    try:
        connection = psycopg.connect(
            "" if service is None else f"service={service}",
            connect_timeout=15,
            application_name="lodemap",
        )
    except psycopg.Error as error:
        raise _unreachable(place, str(error)) from None
    with connection:
        connection.read_only = read_only
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL statement_timeout = {_TIMEOUT_MS}")
                connection.execute("SET LOCAL extra_float_digits = 3")
                yield connection
        except psycopg.Error as error:
            raise _said(place, error) from None


def _driver(place: str) -> Any:
    try:
        import psycopg
    except ImportError:
        raise refuse(place, "postgis-extra", "reading PostGIS needs psycopg", _INSTALL) from None
    return psycopg


def _unreachable(place: str, said: str) -> LodemapError:
    # The driver's own words name host and user.
    reasons = {
        "authentication failed": "the server refuses the log-in",
        "no password": "the server asks for a password and none is at hand",
        "does not exist": "there is no such database or user",
        "definition of service": "pg_service.conf has no such service",
        "timeout": "the server does not answer",
    }
    what = next(
        (text for sign, text in reasons.items() if sign in said), "no server can be reached"
    )
    fix = "try psql, and set PGHOST, PGDATABASE, PGUSER or PGSERVICE, and ~/.pgpass"
    return refuse(place, "postgis-connection", what, fix)


def _said(place: str, error: "psycopg.Error") -> LodemapError:
    from psycopg import DataError

    if primary := error.diag.message_primary:
        what = f"the database says: {primary}"
    elif isinstance(error, DataError):
        what = f"a value cannot be read ({error})"
    else:
        what = "the connection to the database broke"
    return refuse(place, "postgis-error", what, "correct the record, or ask who runs the database")


@dataclass(frozen=True)
class _Column:
    name: str
    type: int


def _take(record: Record, database: Database, path: Path, table: str) -> None:
    place = database.place
    with connected(place, database.service, read_only=True) as connection:
        columns, geometry = _columns(connection, place, database)
        _require_crs(connection, record, database, geometry)
        where, values = _filter(record, place, columns)
        statement = _statement(connection, database, columns, geometry, where)
        with connection.cursor(name="lodemap") as cursor:
            cursor.itersize = _CHUNK
            cursor.execute(statement, values)
            count = _write(record, place, cursor, columns, path, table)
    if count == 0:
        raise refuse(
            place,
            "empty",
            f"layer {record.id!r} has no row",
            "correct where",
            error=EmptyLayerError,
        )


def _columns(
    connection: "psycopg.Connection", place: str, database: Database
) -> tuple[list[_Column], str]:
    from psycopg import sql

    head = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(_source(database)), ())
    found = [_Column(column.name, column.type_code) for column in head.description or ()]
    types = connection.execute(
        "SELECT oid FROM pg_type WHERE typname IN ('geometry', 'geography')"
    ).fetchall()
    shapes = [column.name for column in found if (column.type,) in types]
    geometry = database.geometry or (shapes[0] if len(shapes) == 1 else None)
    if geometry not in shapes:
        raise refuse(
            place,
            "geometry-column",
            f"has the geometry columns {', '.join(shapes) or 'none'}, required is "
            f"{'one' if database.geometry is None else repr(database.geometry)}",
            "name it under [postgis] as geometry",
        )
    return [column for column in found if column.name not in shapes], str(geometry)


def _name(*parts: str) -> "sql.SQL":
    """Quoted name for a statement with parameters, where a percent sign stands twice."""
    from psycopg import sql

    return sql.SQL(sql.Identifier(*parts).as_string(None).replace("%", "%%"))


def _source(database: Database) -> "sql.Composable":
    from psycopg import sql

    if database.table is not None:
        return _name(*database.table.split("."))
    # One statement only: with parameters PostgreSQL takes no second one, and a bracket that
    # closes early leaves one that does not parse. The transaction is read-only besides.
    return sql.SQL("({}\n) AS asked").format(sql.SQL((database.query or "").replace("%", "%%")))


def _require_crs(
    connection: "psycopg.Connection", record: Record, database: Database, geometry: str
) -> None:
    from psycopg import sql

    asked = sql.SQL(
        "SELECT DISTINCT ST_SRID({shape}::geometry) FROM {source} WHERE {shape} IS NOT NULL LIMIT 3"
    ).format(shape=_name(geometry), source=_source(database))
    found = [row[0] for row in connection.execute(asked, ())]
    if not found:
        return
    if found == [0]:
        raise refuse(
            database.place,
            "crs-missing",
            f"the shapes have no CRS, their record says {record.crs}",
            "set it with UpdateGeometrySRID",
            error=CrsError,
        )
    if len(found) > 1:
        raise refuse(
            database.place,
            "crs-mixed",
            f"the shapes have {len(found)} or more SRIDs ({', '.join(map(str, sorted(found)))})",
            "bring them to one with ST_Transform",
            error=CrsError,
        )
    _require_same(connection, record, database.place, found[0])


def _require_same(
    connection: "psycopg.Connection", record: Record, place: str, number: int
) -> None:
    row = connection.execute(
        "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = %s", (number,)
    ).fetchone()
    try:
        named = row and row[0] and row[1]
        found = CRS.from_user_input(f"{row[0]}:{row[1]}" if row and named else row and row[2])
        if found.equals(CRS.from_user_input(record.crs), ignore_axis_order=True):
            return
        said = found.name
    except CRSError:
        said = f"SRID {number}, which nobody knows"
    raise refuse(
        place,
        "crs-differs",
        f"has {said}, its record says {record.crs}",
        "correct the one that is wrong",
        error=CrsError,
    )


def _filter(
    record: Record, place: str, columns: Sequence[_Column]
) -> tuple["sql.Composable", list[object]]:
    """Condition of the record's filter: names as identifiers, values as parameters."""
    from psycopg import sql

    parts: list[sql.Composable] = [sql.SQL("TRUE")]
    values: list[object] = []
    for name, wanted in record.where.items():
        source = record.columns[name].source if name in record.columns else None
        column = source or name
        if column not in {one.name for one in columns}:
            raise refuse(
                place,
                "column-missing",
                f"has no column {column!r}, it has {', '.join(c.name for c in columns)}",
                "correct where",
            )
        for sign, value in _conditions(place, column, wanted):
            parts.append(sql.SQL(f"{{}} {sign}").format(_name(column)))
            values.append(value)
    return sql.SQL(" AND ").join(parts), values


def _conditions(place: str, column: str, wanted: object) -> list[tuple[LiteralString, object]]:
    if isinstance(wanted, Mapping):
        if set(wanted) - {"min", "max"} or not wanted:
            what = f"the filter on {column!r} is {dict(wanted)!r}, required are min, max or both"
            raise refuse(place, "filter-broken", what, "correct the filter")
        signs: dict[str, LiteralString] = {"min": ">= %s", "max": "<= %s"}
        return [(signs[key], value) for key, value in wanted.items()]
    listed = list(wanted) if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
    return [("= ANY(%s)", listed)]


def _statement(
    connection: "psycopg.Connection",
    database: Database,
    columns: Sequence[_Column],
    geometry: str,
    where: "sql.Composable",
) -> "sql.Composed":
    from psycopg import sql

    chosen = [_selected(column) for column in columns]
    shape = sql.SQL("ST_AsBinary({}::geometry, 'NDR')").format(_name(geometry))
    order = _key(connection, database) or [
        *(sql.SQL("{}::text").format(_name(column.name)) for column in columns),
        shape,
    ]
    return sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {}").format(
        sql.SQL(", ").join([*chosen, shape]), _source(database), where, sql.SQL(", ").join(order)
    )


def _selected(column: _Column) -> "sql.Composable":
    from psycopg import sql

    name = _name(column.name)
    if column.type in (*_BOOLEAN, *_WHOLE, _DATE, _TIME, _TIME_ZONE):
        return name
    return sql.SQL("{}::float8" if column.type in _REAL else "{}::text").format(name)


def _key(connection: "psycopg.Connection", database: Database) -> "list[sql.Composable]":
    """Primary key of a table, the order that its rows come in."""
    from psycopg import sql

    if database.table is None:
        return []
    rows = connection.execute(
        "SELECT a.attname FROM pg_index AS i "
        "JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) ON true "
        "JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
        "WHERE i.indrelid = to_regclass(%s) AND i.indisprimary ORDER BY k.place",
        (sql.Identifier(*database.table.split(".")).as_string(connection),),
    )
    return [_name(row[0]) for row in rows]


def _write(
    record: Record,
    place: str,
    cursor: "psycopg.ServerCursor[Any]",
    columns: Sequence[_Column],
    path: Path,
    table: str,
) -> int:
    import pyarrow as pa
    import pyogrio

    kinds = [*(_arrow(column) for column in columns), pa.binary()]
    names = [*(column.name for column in columns), "lodemap_geometry"]
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    count = 0
    options = {"OGR_CURRENT_DATE": "2026-01-01T00:00:00.000Z"}
    pyogrio.set_gdal_config_options(options)
    try:
        while rows := cursor.fetchmany(_CHUNK):
            count += len(rows)
            if count > _MOST_ROWS:
                raise refuse(
                    place,
                    "too-many-rows",
                    f"has more than {_MOST_ROWS:,} rows",
                    "narrow it with where",
                )
            pyogrio.write_arrow(
                _table(rows, schema),
                path,
                layer=table,
                driver="GPKG",
                geometry_name="lodemap_geometry",
                geometry_type="Unknown",
                crs=record.crs,
                append=path.exists(),
                dataset_options=None if path.exists() else {"VERSION": "1.3"},
                layer_options={"FID": "lodemap_fid", "GEOMETRY_NAME": "lodemap_geom"},
            )
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))
    return count


def _arrow(column: _Column) -> "pa.DataType":
    import pyarrow as pa

    kinds: dict[int, pa.DataType] = {
        **dict.fromkeys(_BOOLEAN, pa.bool_()),
        **dict.fromkeys(_WHOLE, pa.int64()),
        **dict.fromkeys(_REAL, pa.float64()),
        _DATE: pa.date32(),
        _TIME: pa.timestamp("ms"),
        _TIME_ZONE: pa.timestamp("ms", tz="UTC"),
    }
    return kinds.get(column.type, pa.string())


def _table(rows: Sequence[Sequence[Any]], schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa

    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(column, type=kind) for column, kind in zip(columns, schema.types, strict=True)
    ]
    return pa.table(arrays, schema=schema)
