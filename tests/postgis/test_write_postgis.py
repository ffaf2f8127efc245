"""Results in PostGIS: whole or as before, and never over what is not ours."""

import json
import threading
import time
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest

from geo.errors import OutputError
from geo.publish import database
from geo.publish.content import Content
from geo.publish.database import write_postgis
from geo.publish.tables import write_geopackage


@pytest.fixture(autouse=True)
def environment(own_database, monkeypatch) -> None:
    for name, value in own_database.items():
        monkeypatch.setenv(name, value)
    with psycopg.connect() as connection:
        connection.execute('DROP SCHEMA IF EXISTS "Our results" CASCADE')


SCHEMA = "Our results"


def rows(statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect() as connection:
        return connection.execute(statement).fetchall()


def test_the_tables_hold_what_the_geopackage_holds(content, tmp_path):
    names = write_postgis(content, SCHEMA, provenance={"title": "ä"})
    write_geopackage(content, tmp_path / "lodemap.gpkg")
    sites = [f"sites_{theme.id}" for theme in content.themes]
    assert names[: len(sites)] == sites or set(sites) <= set(names)
    assert names[-3:] == ["routes", "criteria", "provenance"]
    for name in sites:
        expected = gpd.read_file(tmp_path / "lodemap.gpkg", layer=name)
        shown = ", ".join(f'"{c}"' for c in expected.columns if c != "geometry")
        found = rows(f'SELECT {shown}, ST_X(geom), ST_Y(geom) FROM "{SCHEMA}"."{name}"')
        assert len(found) == len(expected)
        for row, (_, other) in zip(found, expected.iterrows(), strict=True):
            assert row[-2:] == (other.geometry.x, other.geometry.y)
            for value, wanted in zip(row, other.drop("geometry"), strict=False):
                if value is None:
                    assert pd.isna(wanted)
                else:
                    assert value == wanted
    assert rows(f'SELECT provenance FROM "{SCHEMA}".provenance') == [({"title": "ä"},)]


def test_unknown_is_null_and_never_zero(content):
    write_postgis(content, SCHEMA)
    theme = content.themes[0]
    name = next(c for c in theme.sites.columns if theme.sites[c].isna().any())
    lacking = int(theme.sites[name].isna().sum())
    count = f'SELECT count(*) FROM "{SCHEMA}"."sites_{theme.id}" WHERE "{name}" IS NULL'
    assert rows(count) == [(lacking,)]


def test_shapes_have_kind_system_and_index(content):
    write_postgis(content, SCHEMA)
    theme = content.themes[0].id
    assert rows(
        "SELECT type, srid FROM geometry_columns WHERE f_table_schema = 'Our results' "
        f"AND f_table_name = 'sites_{theme}'"
    ) == [("POINT", 4326)]
    (index,) = rows(
        "SELECT count(*) FROM pg_indexes WHERE schemaname = 'Our results' "
        f"AND tablename = 'sites_{theme}' AND indexdef LIKE '%gist%'"
    )
    assert index == (1,)


def test_writing_again_replaces_and_leaves_nothing_beside(content):
    names = write_postgis(content, SCHEMA)
    assert write_postgis(content, SCHEMA) == names
    found = rows("SELECT tablename FROM pg_tables WHERE schemaname = 'Our results' ORDER BY 1")
    assert [row[0] for row in found] == sorted(names)


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE TABLE "Our results".routes (n int)',
        'CREATE VIEW "Our results".routes AS SELECT 1 AS n',
    ],
)
def test_what_others_made_stays(content, statement):
    with psycopg.connect() as connection:
        connection.execute('CREATE SCHEMA "Our results"')
        connection.execute(statement)
    with pytest.raises(OutputError, match=r"postgis:Our results.routes: .* choose another schema"):
        write_postgis(content, SCHEMA)
    assert rows("SELECT count(*) FROM pg_class WHERE relname LIKE 'sites_%'") == [(0,)]


def test_a_failure_leaves_the_earlier_tables(content, monkeypatch):
    write_postgis(content, SCHEMA, provenance={"run": 1})
    theme = content.themes[0]
    before = rows(f'SELECT * FROM "{SCHEMA}"."sites_{theme.id}"')

    def break_off(*_: object) -> None:
        raise OutputError("the power went")

    real = database._fill
    calls: list[object] = []

    def fill(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            break_off()
        real(*arguments)

    monkeypatch.setattr(database, "_fill", fill)
    with pytest.raises(OutputError, match="the power went"):
        write_postgis(content, SCHEMA, provenance={"run": 2})
    assert rows(f'SELECT * FROM "{SCHEMA}"."sites_{theme.id}"') == before
    assert rows(f'SELECT provenance FROM "{SCHEMA}".provenance') == [({"run": 1},)]
    assert rows("SELECT count(*) FROM pg_class WHERE relname LIKE '%__new'") == [(0,)]


def test_a_reader_sees_the_old_tables_or_the_new_ones(content):
    """Two results in turn, and readers all the while: never a mixture, never less."""
    theme = content.themes[0]
    half = replace(theme, sites=theme.sites.iloc[: len(theme.sites) // 2])
    small = replace(content, themes=(half, *content.themes[1:]))
    counts = {1: len(theme.sites), 2: len(half.sites)}
    assert counts[1] != counts[2]
    write_postgis(content, SCHEMA, provenance={"run": 1})
    seen: set[tuple[object, ...]] = set()
    stop = threading.Event()

    def read() -> None:
        with psycopg.connect() as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not stop.is_set():
                with connection.transaction():
                    (row,) = connection.execute(
                        "SELECT provenance->'run', (SELECT count(*) FROM "
                        f'"{SCHEMA}"."sites_{theme.id}") FROM "{SCHEMA}".provenance'
                    ).fetchall()
                seen.add(row)
                time.sleep(0.001)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for run in (1, 2, 1, 2, 1, 2):
            write_postgis(small if run == 2 else content, SCHEMA, provenance={"run": run})
    finally:
        stop.set()
        reader.join()
    assert rows(f'SELECT count(*) FROM "{SCHEMA}"."sites_{theme.id}"') == [(counts[2],)]
    assert seen <= set(counts.items())
    assert len(seen) == 2


def test_grants_and_views_outlive_a_new_result(content):
    write_postgis(content, SCHEMA)
    theme = content.themes[0].id
    with psycopg.connect() as connection:
        connection.execute(f'CREATE VIEW "Our results".best AS SELECT * FROM "{SCHEMA}".routes')
        connection.execute(f'GRANT SELECT ON "{SCHEMA}"."sites_{theme}" TO PUBLIC')
    write_postgis(content, SCHEMA)
    assert rows('SELECT count(*) FROM "Our results".best') == [(len(content.routes),)]
    (granted,) = rows(f"SELECT relacl::text FROM pg_class WHERE relname = 'sites_{theme}'")
    assert "=r/" in granted[0]


def test_other_columns_make_a_new_table(content):
    write_postgis(content, SCHEMA)
    theme = content.themes[0]
    more = replace(theme, sites=theme.sites.assign(more=1.5))
    write_postgis(replace(content, themes=(more, *content.themes[1:])), SCHEMA)
    assert rows(f'SELECT DISTINCT more FROM "{SCHEMA}"."sites_{theme.id}"') == [(1.5,)]


def test_two_writers_take_turns(content):
    faults: list[Exception] = []

    def write(run: int) -> None:
        try:
            write_postgis(content, SCHEMA, provenance={"run": run})
        except OutputError as error:
            faults.append(error)

    writers = [threading.Thread(target=write, args=(run,)) for run in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert not faults
    assert rows(f'SELECT count(*) FROM "{SCHEMA}".provenance') == [(1,)]


@pytest.mark.parametrize("schema", ["", "x" * 64, "a\x00b"])
def test_a_name_that_is_none(content, schema):
    with pytest.raises(OutputError, match="is no name of a schema"):
        write_postgis(content, schema)


def test_a_server_that_cannot_be_reached(content, monkeypatch):
    monkeypatch.setenv("PGHOST", "/nowhere")
    with pytest.raises(OutputError, match="postgis:a: no server can be reached"):
        write_postgis(content, "a")


def test_a_user_who_may_not_write(content, monkeypatch, own_database):
    with psycopg.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    monkeypatch.setenv("PGUSER", "guest")
    monkeypatch.setenv("PGPASSWORD", "guest")
    with pytest.raises(OutputError, match="the database says: permission denied for database"):
        write_postgis(content, SCHEMA)


def test_texts_are_only_texts(content):
    theme = content.themes[0]
    nasty = "'; DROP TABLE x; --\t\\N\n\x00%s"
    sites = theme.sites.assign(name=nasty, **{'odd"; --': np.arange(len(theme.sites))})
    changed: Content = replace(content, themes=(replace(theme, sites=sites),))
    write_postgis(changed, SCHEMA)
    found = rows(f'SELECT DISTINCT name FROM "{SCHEMA}"."sites_{theme.id}"')
    assert found == [(nasty.replace("\x00", "\ufffd"),)]
    assert json.dumps(found)
