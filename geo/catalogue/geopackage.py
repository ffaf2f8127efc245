"""Checking a GeoPackage through SQLite before GDAL opens it.

Its own counts are not believed, views and foreign virtual tables are refused (they compute
whatever they like), and damage that GDAL reads past is found. Rules: OGC 12-128r18.
"""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geo.catalogue.findings import note, refuse

__all__ = ["GeoPackage", "look", "unreadable"]

MARKS = (0x47504B47, 0x47503130, 0x47503131)
"""Application ids of a GeoPackage: ``GPKG``, and ``GP10`` and ``GP11`` of the first versions."""

_CHECKED_WHOLE = 64_000_000
_STEPS = 50_000_000
# Rows that are looked at of each layer beside the one that is read.
_MOST_BESIDE = 200_000
# Rows of a large layer that are sought in its spatial index.
_SOUGHT = 500
# What stands beside a database while changes to it wait, and how it begins.
_PENDING = {
    "-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"),
    "-journal": (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",),
}
# Columns of whole numbers and the largest that they hold (OGC 12-128r18, table 1).
_WHOLE = {
    "BOOLEAN": 1, "TINYINT": 127, "SMALLINT": 2**15 - 1, "MEDIUMINT": 2**31 - 1,
    "INT": 2**63 - 1, "INTEGER": 2**63 - 1,
}  # fmt: skip
# QGIS keeps styles in a table that is no layer.
_BESIDE = frozenset({"layer_styles"})


@dataclass(frozen=True)
class GeoPackage:
    """What a look found: the layers, the chosen one and its geometry column and system.

    `count` is counted, not stated, and None where only a region is wanted. `declared` is the
    geometry type that the file promises, with its Z and M: 0 prohibited, 1 mandatory, 2 optional.
    """

    layers: tuple[str, ...]
    layer: str
    geometry: str | None
    srs: int | None
    count: int | None
    declared: tuple[str, int, int] | None
    index: bool = True
    """Whether the spatial index may be leant on."""


# What was found in files of a known digest, in the life of a process.
_looked: dict[tuple[str, str | None, bool], GeoPackage] = {}


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    steps = [_STEPS // 1000]

    def tick() -> int:
        steps[0] -= 1
        return int(steps[0] < 0)

    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
            database.set_progress_handler(tick, 1000)
            yield database
    # The bytes of a broken schema can be no UTF-8 even in SQLite's own words about them.
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if "interrupted" in str(error):
            what = "makes the database compute without end"
            raise refuse(path, "view-refused", what, "store its tables as they are") from None
        what = f"is a damaged GeoPackage ({error})"
        raise refuse(path, "file-damaged", what, "restore it") from None


def look(
    path: Path,
    layer: str | None,
    *,
    survey: bool,
    sound: str | None = None,
    region: bool = False,
) -> GeoPackage:
    """Check a GeoPackage and find a layer in it.

    Parameters
    ----------
    path : Path
    layer : str, optional
        Name of the table; the only one, or with a warning the first one, when missing.
    survey : bool
        Also report breaches of the standard that do not change what is read.
    sound : str, optional
        Digest of the file, if the same bytes were found undamaged before.
    region : bool, optional
        Only a region will be read: do not count the rows of a large file.

    Returns
    -------
    GeoPackage

    Raises
    ------
    LayerError
        If the file is damaged, is no GeoPackage, has no such table, or its tables are views.
    """
    _require_settled(path)
    if sound is not None and not survey and (sound, layer, region) in _looked:
        return _looked[sound, layer, region]
    _whole(path)
    with _opened(path) as database:
        master = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        _refuse_tricks(path, database, master)
        if sound is None:
            _integrity(path, database)
        contents = _contents(path, database)
        chosen = _chosen(path, master, contents, layer, survey=survey)
        column = _geometry_column(database, chosen)
        count = None if region and _is_large(path) else _count(database, chosen)
        found = GeoPackage(
            tuple(name for name, kind, _ in contents if kind in ("features", "attributes")),
            chosen,
            column[0] if column else None,
            column[2] if column else next((s for n, _, s in contents if n == chosen), None),
            count,
            (column[1], column[3], column[4]) if column else None,
        )
        if sound is None and (survey or not _is_large(path)):
            _require_types(path, database, chosen)
        if region:
            agrees = _index_agrees(database, master, found, sample=_is_large(path))
            found = replace(found, index=agrees is not False)
        if survey:
            _survey(path, database, master, found)
            if layer is None:
                _others(path, database, found)
    if sound is not None and count is not None:
        _looked[sound, layer, region] = found
    return found


def _is_large(path: Path) -> bool:
    return path.stat().st_size > _CHECKED_WHOLE


def _count(database: sqlite3.Connection, layer: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {_quoted(layer)}").fetchone()[0])  # noqa: S608 - quoted


def unreadable(path: Path, found: GeoPackage) -> list[int]:
    """Rows whose geometry is stored but cannot be read, by rowid, at most 20.

    Parameters
    ----------
    path : Path
    found : GeoPackage

    Returns
    -------
    list of int
    """
    if found.geometry is None:
        return []
    with _opened(path) as database:
        return _broken(database, found.layer, found.geometry)


def _broken(database: sqlite3.Connection, layer: str, geometry: str, most: int = -1) -> list[int]:
    import shapely

    table, column = _quoted(layer), _quoted(geometry)
    sql = f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL LIMIT ?"  # noqa: S608 - quoted
    bad: list[int] = []
    for row, blob in database.execute(sql, (most,)):
        if not isinstance(blob, bytes) or not _readable(blob, shapely):
            bad.append(int(row))
        if len(bad) >= 20:
            break
    return bad


def _readable(blob: bytes, shapely: Any) -> bool:
    if blob[:2] != b"GP":
        # SpatiaLite's own form, which GDAL reads.
        return len(blob) > 40 and blob[0] == 0 and blob[-1] == 0xFE
    size = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}.get(blob[3] >> 1 & 7, -1)
    body = blob[8 + size :]
    if size < 0 or len(body) < 5:
        return False
    if body[1 if body[0] else 4] in (8, 9, 10, 11, 12, 13, 14):
        return True
    return bool(shapely.from_wkb(body, on_invalid="ignore") is not None)


def _whole(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(100)
    if len(head) < 100:
        raise refuse(path, "file-truncated", "is cut off in its header", "restore it")
    size = int.from_bytes(head[16:18], "big")
    page = 65536 if size == 1 else size
    pages = int.from_bytes(head[28:32], "big")
    valid = head[24:28] == head[92:96]
    if valid and pages * page > path.stat().st_size:
        what = f"has {path.stat().st_size:,} bytes, its header says {pages * page:,}"
        raise refuse(path, "file-truncated", f"{what}: it is cut off", "restore it")


def _require_settled(path: Path) -> None:
    """Refuse a database with changes beside it: reading it would write them into the file."""
    for ending, marks in _PENDING.items():
        beside = path.with_name(path.name + ending)
        if not beside.is_file():
            continue
        with beside.open("rb") as stream:
            head = stream.read(33)
        if len(head) > 32 and head.startswith(marks):
            what = f"has changes in {beside.name} that are not yet in the file itself"
            fix = "close the program that edits it, or save it anew"
            raise refuse(path, "changes-pending", what, fix)


def _require_types(path: Path, database: sqlite3.Connection, layer: str) -> None:
    """Refuse cells that are not of their column's type: GDAL makes 0 or "" of them."""
    columns = database.execute(f"PRAGMA table_info({_quoted(layer)})").fetchall()
    keys = [name for _, name, *_, key in columns if key]
    wrong = {
        str(name): test
        for _, name, declared, *_ in columns
        # The one key of whole numbers is the number of its row, which is nothing else.
        if not (keys == [name] and str(declared).upper() == "INTEGER")
        and (test := _mistyped(_quoted(name), str(declared or "").upper()))
    }
    if not wrong:
        return
    any_wrong = " OR ".join(wrong.values())
    sql = f"SELECT 1 FROM {_quoted(layer)} WHERE {any_wrong} LIMIT 1"  # noqa: S608 - quoted
    if database.execute(sql).fetchone() is None:
        return
    counts = ", ".join(f"total({test})" for test in wrong.values())
    found = database.execute(f"SELECT {counts} FROM {_quoted(layer)}").fetchone()  # noqa: S608 - quoted
    for (name, test), count in zip(wrong.items(), found, strict=True):
        if count:
            sql = f"SELECT {_quoted(name)} FROM {_quoted(layer)} WHERE {test} LIMIT 1"  # noqa: S608 - quoted
            first = database.execute(sql).fetchone()[0]
            declared = next(row[2] for row in columns if row[1] == name)
            what = (
                f"{int(count)} cells of column {name!r}, such as {str(first)[:30]!r}, are not of "
                f"its type {declared}"
            )
            raise refuse(path, "cell-mistyped", what, "correct the cells, or the column's type")


def _mistyped(column: str, declared: str) -> str | None:
    """Condition on the cells of a column that are of another type than declared.

    SQLite sorts numbers before texts and texts before bytes, which tells them apart in a third
    of the time that asking for each cell's type takes.
    """
    kind = declared.partition("(")[0].strip()
    if kind in _WHOLE:
        limit = _WHOLE[kind]
        return (
            f"({column} NOT BETWEEN {-limit - 1} AND {limit} "
            f"OR {column} <> CAST({column} AS INTEGER))"
        )
    if kind in ("DOUBLE", "FLOAT", "REAL"):
        return f"{column} >= ''"
    return f"{column} >= x''" if kind == "TEXT" else None


def _refuse_tricks(
    path: Path, database: sqlite3.Connection, master: Sequence[tuple[str, str, str]]
) -> None:
    views = {name for kind, name, _ in master if kind == "view"}
    for kind, name, sql in master:
        said = " ".join((sql or "").split()).lower()
        if kind == "table" and said.startswith("create virtual table"):
            module = said.partition(" using ")[2]
            if not module.startswith(("rtree", "fts3", "fts4", "fts5")):
                what = f"{name!r} is a virtual table of {module[:30]!r}, which may read other files"
                raise refuse(path, "view-refused", what, "store its rows as a plain table")
        if kind == "view" and name.lower().startswith(("rtree_", "gpkg_")):
            what = f"{name!r} is a view in the place of a table of the standard"
            raise refuse(path, "view-refused", what, "write the file anew")
    known = [row[1] for row in master]
    if "gpkg_contents" in known:
        for (name,) in database.execute("SELECT table_name FROM gpkg_contents"):
            if name in views:
                what = f"{name!r} is a view, which may compute anything"
                raise refuse(path, "view-refused", what, "store its rows as a table")


def _integrity(path: Path, database: sqlite3.Connection) -> None:
    if _is_large(path):
        return
    said = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
    if said != ["ok"]:
        what = f"is a damaged GeoPackage ({said[0][:90]})"
        raise refuse(path, "file-damaged", what, "restore it")


def _contents(path: Path, database: sqlite3.Connection) -> list[tuple[str, str, int | None]]:
    try:
        sql = "SELECT table_name, data_type, srs_id FROM gpkg_contents"
        rows = database.execute(sql).fetchall()
    except sqlite3.OperationalError:
        what = "is an SQLite database without gpkg_contents, and so no GeoPackage"
        raise refuse(path, "content-wrong", what, "export its tables as a GeoPackage") from None
    return [(str(name), str(kind), srs) for name, kind, srs in rows if name not in _BESIDE]


def _chosen(
    path: Path,
    master: Sequence[tuple[str, str, str]],
    contents: Sequence[tuple[str, str, int | None]],
    layer: str | None,
    *,
    survey: bool,
) -> str:
    kinds = {name: kind for kind, name, _ in master}
    names = [name for name, kind, _ in contents if kind in ("features", "attributes")]
    features = [name for name, kind, _ in contents if kind == "features"]
    known = ", ".join(names[:8]) or "none"
    if layer is not None:
        if kinds.get(layer) == "view":
            what = f"{layer!r} is a view, which may compute anything"
            raise refuse(path, "view-refused", what, "store it as a table")
        if kinds.get(layer) != "table" or layer not in names:
            what = f"has no table {layer!r}, it has {known}"
            raise refuse(path, "layer-missing", what, "name one of them")
        return layer
    if not features:
        what = f"holds no layer of features (it has {known})"
        raise refuse(path, "layer-missing", what, "take a file with features")
    if len(names) > 1:
        what = f"holds {len(names)} layers ({known})"
        if not survey:
            raise refuse(path, "layers-several", what, "name one: layer = …")
        note(
            path, "warning", "layers-several", f"{what}, of which {features[0]!r} was read",
            "name one", count=len(names),
        )  # fmt: skip
    if kinds.get(features[0]) != "table":
        what = f"says that it holds {features[0]!r} and does not"
        raise refuse(path, "layer-missing", what, "restore it")
    return features[0]


def _geometry_column(
    database: sqlite3.Connection, layer: str
) -> tuple[str, str, int, int, int] | None:
    sql = (
        "SELECT column_name, geometry_type_name, srs_id, z, m "
        "FROM gpkg_geometry_columns WHERE table_name = ?"
    )
    found = database.execute(sql, (layer,)).fetchone()
    return None if found is None else (str(found[0]), str(found[1]).upper(), *found[2:5])


def _survey(
    path: Path,
    database: sqlite3.Connection,
    master: Sequence[tuple[str, str, str]],
    found: GeoPackage,
) -> None:
    mark = database.execute("PRAGMA application_id").fetchone()[0]
    if mark not in MARKS:
        what = f"is not marked as a GeoPackage (application_id is {mark})"
        note(path, "warning", "mark-missing", what, "write it anew")
    views = [name for kind, name, _ in master if kind == "view"]
    if views:
        what = f"holds the views {', '.join(views[:3])}, which are not read"
        note(path, "warning", "views-present", what, "store them as tables", count=len(views))
    table = _quoted(found.layer)
    info = database.execute(f"PRAGMA table_info({table})").fetchall()
    if not any(row[5] for row in info):
        what = f"table {found.layer!r} has no primary key"
        note(path, "warning", "key-missing", what, "give it one, so that rows keep their ids")
    _survey_index(path, database, master, found)
    _survey_counts(path, database, found)
    try:
        broken = len(database.execute("PRAGMA foreign_key_check").fetchmany(1000))
    except sqlite3.OperationalError:
        broken = 1
    if broken:
        what = f"{broken} rows refer to rows that are not there"
        note(path, "warning", "reference-broken", what, "complete the tables", count=broken)


def _others(path: Path, database: sqlite3.Connection, found: GeoPackage) -> None:
    """Refuse a file of which a layer that is not read is damaged."""
    for name in found.layers:
        column = _geometry_column(database, name)
        if name == found.layer or column is None:
            continue
        if bad := _broken(database, name, column[0], _MOST_BESIDE):
            what = f"the geometry of row {bad[0]} of its layer {name!r} cannot be read"
            raise refuse(path, "geometry-broken", what, "restore it, or delete the row")


def _survey_index(
    path: Path,
    database: sqlite3.Connection,
    master: Sequence[tuple[str, str, str]],
    found: GeoPackage,
) -> None:
    if found.geometry is None:
        return
    if found.geometry != found.geometry.lower():
        what = f"the geometry column {found.geometry!r} is not in small letters"
        note(path, "warning", "name-mixed-case", what, "rename it: some programs miss it")
    if _index_agrees(database, master, found) is False:
        what = f"the spatial index of {found.layer!r} is broken or not registered"
        note(
            path, "warning", "index-broken", what, "make it anew: a read by region would miss rows"
        )


def _index_agrees(
    database: sqlite3.Connection,
    master: Sequence[tuple[str, str, str]],
    found: GeoPackage,
    *,
    sample: bool = False,
) -> bool | None:
    """Whether the spatial index is one, is registered and has every row; None without one.

    With `sample` only some rows are sought in it, the last one among them.
    """
    name = f"rtree_{found.layer}_{found.geometry}"
    sql = next((sql for _, known, sql in master if known.lower() == name.lower()), None)
    if found.geometry is None or sql is None:
        return None
    virtual = " using rtree" in " ".join(sql.lower().split())
    listed = (
        database.execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'gpkg_extensions'"
        ).fetchone()[0]
        and database.execute(
            "SELECT count(*) FROM gpkg_extensions "
            "WHERE table_name = ? AND extension_name = 'gpkg_rtree_index'",
            (found.layer,),
        ).fetchone()[0]
    )
    if not (virtual and listed):
        return False
    rows = _some_rows(database, name, found) if sample else _all_rows(database, name, found)
    return (sample or _is_whole_rtree(database, name)) and all(
        _covers(box, blob) for blob, *box in rows
    )


def _is_whole_rtree(database: sqlite3.Connection, name: str) -> bool:
    return bool(database.execute("SELECT rtreecheck(?)", (name,)).fetchone()[0] == "ok")


def _indexed(name: str, found: GeoPackage) -> str:
    """Query of geometries beside their boxes in the index."""
    return (
        f"SELECT t.{_quoted(str(found.geometry))}, r.minx, r.maxx, r.miny, r.maxy "  # noqa: S608 - quoted
        f"FROM {_quoted(found.layer)} t LEFT JOIN {_quoted(name)} r ON r.id = t.rowid"
    )


def _all_rows(
    database: sqlite3.Connection, name: str, found: GeoPackage
) -> Iterator[tuple[Any, ...]]:
    yield from database.execute(f"{_indexed(name, found)} LIMIT {_MOST_BESIDE}")


def _some_rows(
    database: sqlite3.Connection, name: str, found: GeoPackage
) -> Iterator[tuple[Any, ...]]:
    """Rows at even steps of their numbers: each is found without reading those between."""
    table = _quoted(found.layer)
    first, last = database.execute(
        f"SELECT (SELECT min(rowid) FROM {table}), (SELECT max(rowid) FROM {table})"  # noqa: S608 - quoted
    ).fetchone()
    if first is None:
        return
    steps = min(_SOUGHT, last - first + 1)
    sql = f"{_indexed(name, found)} WHERE t.rowid >= ? ORDER BY t.rowid LIMIT 1"
    for step in range(1, steps + 1):
        # In whole numbers, so that the last one is exact.
        yield from database.execute(sql, (first + (last - first) * step // steps,))


def _covers(box: Sequence[float | None], blob: object) -> bool:
    """Whether a row's box in the index holds its geometry; true where there is none to hold."""
    import shapely

    if not isinstance(blob, bytes) or blob[:2] != b"GP" or blob[3] & 0x10:
        return True
    size = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}.get(blob[3] >> 1 & 7, 0)
    try:
        west, south, east, north = shapely.bounds(shapely.from_wkb(blob[8 + size :]))
    except (shapely.errors.GEOSException, NotImplementedError):
        return True
    if not west <= east:
        return True
    left, right, low, high = (math.nan if side is None else side for side in box)
    return bool(left <= west and east <= right and low <= south and north <= high)


def _survey_counts(path: Path, database: sqlite3.Connection, found: GeoPackage) -> None:
    sql = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?"
    try:
        stated = database.execute(sql, (found.layer,)).fetchone()
    except sqlite3.OperationalError:
        return
    if stated is not None and stated[0] == 0 and found.count:
        what = f"says that it has no features and has {found.count}"
        note(path, "warning", "count-wrong", what, "write it anew: other programs may show none")
    if found.geometry is None:
        return
    column, table = _quoted(found.geometry), _quoted(found.layer)
    sql = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1"  # noqa: S608 - quoted
    first = database.execute(sql).fetchone()
    if (
        first is not None
        and isinstance(first[0], bytes)
        and first[0][:2] != b"GP"
        and (len(first[0]) > 40 and first[0][0] == 0 and first[0][-1] == 0xFE)
    ):
        what = "its geometries are stored in SpatiaLite's form"
        note(path, "warning", "geometry-spatialite", what, "write it anew as a GeoPackage")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
