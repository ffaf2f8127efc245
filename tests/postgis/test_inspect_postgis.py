"""A table in PostGIS is inspected like a file, without a record and without a credential."""

import json

import psycopg
import pytest
from click.testing import CliRunner

from geo.cli import main


@pytest.fixture(autouse=True)
def environment(own_database, monkeypatch, tmp_path) -> dict[str, str]:
    for name, value in own_database.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LODEMAP_CACHE", str(tmp_path / "cache"))
    with psycopg.connect() as connection:
        connection.execute("DROP SCHEMA IF EXISTS seen CASCADE")
        connection.execute("CREATE SCHEMA seen")
        connection.execute("CREATE TABLE seen.towns (name text, geom geometry(Point, 4326))")
        connection.execute(
            "INSERT INTO seen.towns VALUES ('a', 'SRID=4326;POINT(100 45)'), "
            "('b', 'SRID=4326;POINT(101 46)')"
        )
        connection.execute("CREATE TABLE seen.nowhere (name text, geom geometry(Point))")
        connection.execute("INSERT INTO seen.nowhere VALUES ('a', 'POINT(1 2)')")
    return own_database


def inspect(place: str) -> tuple[int, dict]:
    found = CliRunner().invoke(main, ["layers", "inspect", place, "--json"])
    return found.exit_code, json.loads(found.stdout)


def test_a_table_is_described(environment):
    code, found = inspect("postgis:seen.towns")
    assert code == 0, found
    assert found["file"] == "postgis:seen.towns"
    assert found["summary"]["crs"] == "EPSG:4326"
    assert found["summary"]["count"] == 2
    assert environment["PGPASSWORD"] not in json.dumps(found)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("postgis:seen.nothing", "layer-missing"),
        ("postgis:", "layer-missing"),
        ("postgis:seen.towns; DROP TABLE seen.towns", "layer-missing"),
        ("postgis:seen.nowhere", "crs-missing"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(place, code):
    status, found = inspect(place)
    assert status == 2
    assert found["findings"][0]["code"] == code
    with psycopg.connect() as connection:
        assert connection.execute("SELECT count(*) FROM seen.towns").fetchone() == (2,)


def test_a_server_that_is_not_there_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PGHOST", str(tmp_path))
    status, found = inspect("postgis:seen.towns")
    assert status == 2
    assert found["findings"][0]["code"] != "unreadable"
