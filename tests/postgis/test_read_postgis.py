"""Layers in PostGIS come out as the same layer in a file does, or with one clear sentence."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
from click.testing import CliRunner
from own_postgres import load_table
from psycopg import sql
from small_world import small_world

import geo
from geo.catalogue import Catalogue, Record, load_record, read_vector
from geo.catalogue.postgis import at_hand
from geo.catalogue.record_text import record_text
from geo.cli import main
from geo.errors import CrsError, EmptyLayerError, LayerError, LodemapError, LodemapWarning

Run = Callable[..., None]
Layer = Callable[..., Record]


@pytest.fixture(autouse=True)
def environment(own_database, monkeypatch, tmp_path) -> dict[str, str]:
    for name, value in own_database.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LODEMAP_CACHE", str(tmp_path / "cache"))
    with psycopg.connect() as connection:
        connection.execute("DROP SCHEMA IF EXISTS work CASCADE")
        connection.execute("CREATE SCHEMA work")
    return own_database


@pytest.fixture
def run() -> Run:
    def run(*statements: str) -> None:
        with psycopg.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    return run


@pytest.fixture
def layer(tmp_path) -> Layer:
    def make(name: str = "some-mines", **said: object) -> Record:
        postgis = said.pop("postgis", {"table": "work.mines"})
        fields = {
            "id": name, "title": "Mines", "kind": "vector", "crs": "EPSG:4326",
            "licence": "CC0-1.0", "attribution": "nobody", "source": "made up",
            "retrieved": "2026-01-31", "quality": "compiled", "limits": "none", **said,
            "postgis": postgis,
        }  # fmt: skip
        toml = tmp_path / f"{name}.toml"
        toml.write_text(record_text(fields), "utf-8")
        return load_record(toml)

    return make


MINES = (
    "CREATE TABLE work.mines (code text PRIMARY KEY, kt numeric, n int, ok boolean, "
    "opened date, seen timestamptz, geom geometry(Point, 4326))",
    "INSERT INTO work.mines VALUES "
    "('b', 2.5, 7, true, '1999-12-31', '2020-01-01 08:00+08', 'SRID=4326;POINT(101 46)'), "
    "('a', NULL, NULL, NULL, NULL, NULL, 'SRID=4326;POINT(100 45)'), "
    "('日本 ''x''', 1e-7, -3, false, '2024-02-29', NULL, 'SRID=4326;POINT(102 47)')",
)


def test_every_type_comes_over_and_the_key_gives_the_order(run, layer):
    run(*MINES)
    frame = read_vector(layer())
    assert frame["code"].tolist() == ["a", "b", "日本 'x'"]
    assert frame["kt"].isna().tolist() == [True, False, False]
    assert frame["kt"].tolist()[1:] == [2.5, 1e-7]
    assert frame["n"].isna().tolist() == [True, False, False]
    assert frame["n"].tolist()[1:] == [7, -3]
    assert [None if pd.isna(one) else bool(one) for one in frame["ok"]] == [None, True, False]
    assert [str(one)[:10] for one in frame["opened"][1:]] == ["1999-12-31", "2024-02-29"]
    assert pd.Timestamp(frame["seen"][1]) == pd.Timestamp("2020-01-01T00:00:00Z")
    assert frame.geometry.x.tolist() == [100, 101, 102]
    assert frame.crs.equals("EPSG:4326")


def test_the_same_rows_give_the_same_bytes(run, layer, tmp_path):
    run(*MINES)
    first = at_hand(layer(), tmp_path / "one")
    run("UPDATE work.mines SET n = n")
    second = at_hand(layer(), tmp_path / "two")
    assert first.sha256 == second.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()
    run("UPDATE work.mines SET n = 8 WHERE code = 'b'")
    assert at_hand(layer(), tmp_path / "two").sha256 != first.sha256


def test_a_table_without_a_key_has_an_order_all_the_same(run, layer, tmp_path):
    run("CREATE TABLE work.mines (a int, geom geometry(Point, 4326))")
    points = [(3, "POINT(1 1)"), (1, "POINT(2 2)"), (1, "POINT(1 2)")]
    found = []
    for order in (points, points[::-1]):
        run("TRUNCATE work.mines")
        run(*(f"INSERT INTO work.mines VALUES ({a}, 'SRID=4326;{p}')" for a, p in order))
        found.append(at_hand(layer(), tmp_path).sha256)
    assert found[0] == found[1]


def test_a_query_of_the_record_is_read(run, layer):
    run(*MINES)
    query = "SELECT code, kt * 2 AS twice, geom FROM work.mines WHERE code LIKE 'b%' -- 100 %s"
    frame = read_vector(layer(postgis={"query": query}))
    assert frame["code"].tolist() == ["b"]
    assert frame["twice"].tolist() == [5.0]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1; DROP TABLE work.mines",
        "SELECT code, geom FROM work.mines) AS x; DROP TABLE work.mines; --",
        "DELETE FROM work.mines RETURNING *",
        "WITH gone AS (DELETE FROM work.mines RETURNING *) SELECT * FROM gone",
        "SELECT code, geom, set_config('transaction_read_only', 'off', true) FROM work.mines",
        "SELECT code, geom, nextval('work.counter') FROM work.mines",
        "INSERT INTO work.mines VALUES ('z')",
        "COPY work.mines TO PROGRAM 'true'",
        "COMMIT",
    ],
)
def test_a_query_can_change_nothing(run, layer, query):
    run(*MINES, "CREATE SEQUENCE work.counter")
    with pytest.raises(LayerError, match="postgis:query: "):
        read_vector(layer(postgis={"query": query}))
    with psycopg.connect() as connection:
        assert connection.execute("SELECT count(*) FROM work.mines").fetchone() == (3,)
        assert connection.execute("SELECT is_called FROM work.counter").fetchone() == (False,)


NASTY = ['semi;colon"; DROP TABLE work.mines; --', "per%cent %s {0}", "ünï cödé", "select", "a.b"]


def test_names_are_only_names(layer, tmp_path):
    with psycopg.connect() as connection:
        columns = sql.SQL(", ").join(sql.SQL("{} int").format(sql.Identifier(n)) for n in NASTY)
        connection.execute(
            sql.SQL("CREATE TABLE work.{} ({}, geom geometry(Point, 4326))").format(
                sql.Identifier("Mixed; Case"), columns
            )
        )
        connection.execute(
            sql.SQL("INSERT INTO work.{} VALUES (1, 2, 3, 4, 5, ST_SetSRID(ST_Point(1, 2), 4326))")
            .format(sql.Identifier("Mixed; Case"))
        )  # fmt: skip
    frame = read_vector(layer(postgis={"table": "work.Mixed; Case"}))
    assert frame.drop(columns=frame.geometry.name).iloc[0].to_dict() == dict(
        zip(NASTY, range(1, 6), strict=True)
    )


@pytest.mark.parametrize(
    ("where", "codes"),
    [
        ({"code": "b"}, ["b"]),
        ({"code": ["a", "b", "'; DROP TABLE work.mines; --"]}, ["a", "b"]),
        ({"kt": {"min": 1}}, ["b"]),
        ({"kt": {"max": 1}}, ["日本 'x'"]),
        ({"n": {"min": -3, "max": 7}, "ok": True}, ["b"]),
    ],
)
def test_the_filter_of_a_record_goes_to_the_database(run, layer, where, codes):
    run(*MINES)
    record = layer(where=where)
    assert read_vector(record)["code"].tolist() == codes
    # Filtered there already, not only afterwards.
    assert len(gpd.read_file(at_hand(record).path)) == len(codes)


def test_a_filter_that_does_not_fit_its_column(run, layer):
    run(*MINES)
    with pytest.raises(LayerError, match="has no column 'tin', it has code, kt, n, ok"):
        read_vector(layer(where={"tin": 1}))
    with pytest.raises(LayerError, match="the database says: invalid input"):
        read_vector(layer(where={"n": "seven"}))


def test_the_small_study_is_the_same_from_a_database(run, layer, tmp_path, monkeypatch):
    recipe = small_world(tmp_path / "world")
    from_files = geo.Study.from_toml(recipe).run().sites
    layers = recipe.parent / "layers"
    for name in ("mines", "tracks", "hills"):
        frame = gpd.read_file(layers / f"{name}.gpkg")
        load_table(frame, name)
        record = layers / f"{name}.toml"
        text = re.sub(r"(?m)^(path|sha256|layer) = .*\n", "", record.read_text("utf-8"))
        record.write_text(f'{text}\n[postgis]\ntable = "work.{name}"\n', "utf-8")
        (layers / f"{name}.gpkg").unlink()
    study = geo.Study.from_toml(recipe)
    from_database = study.run().sites
    pd.testing.assert_frame_equal(from_files, from_database.drop(columns="place"))
    said = {one.id: one.sha256 for one in study.run().content.records}
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in said.values())


# ---------------------------------------------------------------- refusals


def test_geometries_pass_the_same_door_as_those_of_files(run, layer):
    run(
        "CREATE TABLE work.mines (n int PRIMARY KEY, geom geometry)",
        "INSERT INTO work.mines VALUES (1, 'SRID=4326;POLYGON((0 0, 2 2, 2 0, 0 2, 0 0))'), "
        "(2, 'SRID=4326;POLYGON((0 0, 1 0, 1 1, 0 0))'), (3, NULL)",
    )
    with pytest.warns(LodemapWarning) as caught:
        frame = read_vector(layer())
    said = " ".join(str(one.message) for one in caught)
    assert frame.geometry.is_valid.all()
    assert "some-mines.gpkg" in said


@pytest.mark.parametrize(
    ("statements", "said", "kind"),
    [
        (["CREATE TABLE work.mines (n int)"], "has the geometry columns none", LayerError),
        (
            ["CREATE TABLE work.mines (a geometry, b geometry)"],
            "has the geometry columns a, b, required is one",
            LayerError,
        ),
        (["CREATE TABLE work.other (n int)"], 'relation "work.mines" does not exist', LayerError),
        (["CREATE TABLE work.mines (geom geometry)"], "has no row", EmptyLayerError),
        (
            ["CREATE TABLE work.mines (geom geometry)",
             "INSERT INTO work.mines VALUES ('POINT(1 2)')"],
            "the shapes have no CRS, their record says EPSG:4326",
            CrsError,
        ),
        (
            ["CREATE TABLE work.mines (geom geometry)",
             "INSERT INTO work.mines VALUES ('SRID=4326;POINT(1 2)'), ('SRID=3857;POINT(1 2)')"],
            "2 or more SRIDs (3857, 4326)",
            CrsError,
        ),
        (
            ["CREATE TABLE work.mines (geom geometry)",
             "INSERT INTO work.mines VALUES ('SRID=32648;POINT(1 2)')"],
            "has WGS 84 / UTM zone 48N, its record says EPSG:4326",
            CrsError,
        ),
        (
            ["CREATE TABLE work.mines (geom geometry)",
             "INSERT INTO work.mines VALUES ('SRID=4326;POINT(500 2)')"],
            "longitude",
            LodemapError,
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_a_sentence(run, layer, statements, said, kind):
    run(*statements)
    with pytest.raises(kind) as caught:
        read_vector(layer())
    assert said in str(caught.value)
    assert str(caught.value).startswith(("postgis:work.mines: ", os.environ["LODEMAP_CACHE"]))


def test_one_of_two_geometry_columns_is_named(run, layer):
    run(
        "CREATE TABLE work.mines (a geometry, b geometry)",
        "INSERT INTO work.mines VALUES ('SRID=4326;POINT(1 2)', 'SRID=4326;POINT(3 4)')",
    )
    record = layer(postgis={"table": "work.mines", "geometry": "b"})
    assert read_vector(record).geometry.x.tolist() == [3]


def test_geography_counts_as_shapes(run, layer):
    run(
        "CREATE TABLE work.mines (spot geography(Point))",
        "INSERT INTO work.mines VALUES ('POINT(106.9 47.9)')",
    )
    assert read_vector(layer()).geometry.y.tolist() == [47.9]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"postgis": {"table": "a", "password": "word"}}, "postgis.password is no key"),
        ({"postgis": {"table": "a", "host": "x"}}, "environment, ~/.pgpass or pg_service.conf"),
        ({"postgis": {"table": "a", "query": "SELECT 1"}}, "a table or a query, one of them"),
        ({"postgis": {"geometry": "a"}}, "a table or a query, one of them"),
        ({"postgis": {"table": "a.b.c"}}, "required is a name or schema.name"),
        ({"postgis": {"table": 'a"b'}}, "required is a name or schema.name"),
        ({"postgis": {"table": 3}}, "required is a text"),
        ({"postgis": {"table": "a", "service": "x host=evil"}}, "section of pg_service.conf"),
        ({"postgis": "a"}, "is no table"),
        ({"path": "a.gpkg"}, "path has no meaning"),
        ({"sha256": "0" * 64}, "sha256 has no meaning"),
        ({"kind": "table", "crs": None}, "a layer in PostGIS is a vector"),
    ],
)
def test_faults_of_a_record(layer, changes, said):
    with pytest.raises(LayerError) as caught:
        layer(**changes)
    assert said in str(caught.value)


# ---------------------------------------------------------------- credentials


SECRETS = ("surveyor", "hunter2-top-secret")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PGPASSWORD": "hunter2-top-secret"}, "refuses the log-in"),
        ({"PGHOST": "/nowhere/hunter2-top-secret"}, "no server can be reached"),
        ({"PGDATABASE": "hunter2-top-secret"}, "no such database or user"),
        ({"PGSERVICE": "hunter2-top-secret"}, "pg_service.conf has no such service"),
        ({"PGPASSWORD": None}, "asks for a password and none is at hand"),
        ({"PGPORT": "hunter2-top-secret"}, "no server can be reached"),
    ],
)
def test_no_credential_gets_into_an_error(layer, monkeypatch, tmp_path, changes, said):
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(LayerError) as caught:
        at_hand(layer())
    assert said in str(caught.value)
    assert str(caught.value).endswith("PGUSER or PGSERVICE, and ~/.pgpass")
    found = subprocess.run(
        [sys.executable, "-c", "import sys; from geo.catalogue import load_record, read_vector; "
         "read_vector(load_record(sys.argv[1]))", str(tmp_path / "some-mines.toml")],
        capture_output=True, text=True, env={**os.environ, "LODEMAP_TRACEBACK": "1"},
    )  # fmt: skip
    assert found.returncode != 0
    for text in (str(caught.value), found.stdout + found.stderr):
        assert not [secret for secret in SECRETS if secret in text]


def test_a_password_file_and_a_service_are_enough(run, layer, monkeypatch, tmp_path, environment):
    run(*MINES)
    secret = environment["PGPASSWORD"]
    (tmp_path / "pass").write_text(f"*:*:*:*:{secret}\n")
    (tmp_path / "pass").chmod(0o600)
    (tmp_path / "services").write_text(
        f"[team]\nhost={environment['PGHOST']}\nuser=surveyor\ndbname=geology\n"
    )
    for name in environment:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pass"))
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    record = layer(postgis={"table": "work.mines", "service": "team"})
    assert len(read_vector(record)) == 3


def test_no_credential_gets_into_what_a_build_writes(run, layer, tmp_path, environment):
    recipe = small_world(tmp_path / "world")
    layers = recipe.parent / "layers"
    load_table(gpd.read_file(layers / "mines.gpkg"), "mines")
    record = layers / "mines.toml"
    text = re.sub(r"(?m)^(path|sha256|layer) = .*\n", "", record.read_text("utf-8"))
    record.write_text(f'{text}\n[postgis]\ntable = "work.mines"\n', "utf-8")
    (layers / "mines.gpkg").unlink()
    out = tmp_path / "out"
    found = CliRunner().invoke(
        main, ["build", str(recipe), "--out", str(out), "--postgis", "work", "--json"]
    )
    assert found.exit_code == 0, found.output
    secrets = [environment["PGPASSWORD"], environment["PGUSER"], environment["PGHOST"]]
    texts = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    texts.append(found.output.encode())
    with psycopg.connect() as connection:
        row = connection.execute("SELECT provenance::text FROM work.provenance").fetchone()
        texts.append(row[0].encode())
    for secret in secrets:
        assert not [text for text in texts if secret.encode() in text]


def test_listing_layers_asks_no_database(layer, monkeypatch, tmp_path):
    layer()
    monkeypatch.setenv("PGHOST", "/nowhere")
    assert Catalogue.open(tmp_path)["some-mines"].path == Path("postgis:work.mines")


def test_without_the_driver_the_extra_is_named(layer, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LayerError, match=r"pip install 'lodemap\[postgis\]'"):
        at_hand(layer())
