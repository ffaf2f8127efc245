"""One layer in every format that can hold it gives the same sites and scores."""

import re
import warnings

import geopandas as gpd
import pandas as pd
import pytest
from own_postgres import load_table
from small_world import record, small_world

import geo
from geo.catalogue.findings import LayerWarning
from geo.catalogue.write import write_vector

OTHERS = (".shp", ".zip", ".fgb", ".parquet", ".geojson", ".geojsonl", ".csv", ".xlsx")


def sites(recipe) -> pd.DataFrame:
    return geo.Study.from_toml(recipe).run().sites.sort_values(["theme", "site_id"])


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return sites(small_world(tmp_path_factory.mktemp("expected")))


@pytest.mark.parametrize("ending", OTHERS)
def test_sites_and_scores_are_those_of_the_geopackage(tmp_path, expected, ending):
    recipe = small_world(tmp_path)
    layers = tmp_path / "layers"
    for name in ("mines", "tracks"):
        frame = gpd.read_file(layers / f"{name}.gpkg")
        (layers / f"{name}.gpkg").unlink()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LayerWarning)
            write_vector(frame, layers / f"{name}{ending}")
        lost = {one.message.finding.code for one in caught}
        assert lost <= {"lost-order"}, lost
        place = {"wkt": "wkt"} if ending in (".csv", ".xlsx") else {}
        record(layers, name, f"{name}{ending}", kind="vector", **place)
    require_same(sites(recipe), expected)


def test_sites_and_scores_from_postgis_are_those_of_the_geopackage(
    tmp_path, expected, own_database, monkeypatch
):
    psycopg = pytest.importorskip("psycopg", reason="the extra lodemap[postgis] is not installed")
    for name, value in own_database.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LODEMAP_CACHE", str(tmp_path / "cache"))
    with psycopg.connect() as connection:
        connection.execute("DROP SCHEMA IF EXISTS work CASCADE")
        connection.execute("CREATE SCHEMA work")
    recipe = small_world(tmp_path)
    layers = tmp_path / "layers"
    for name in ("mines", "tracks"):
        load_table(gpd.read_file(layers / f"{name}.gpkg"), name, key=False)
        (layers / f"{name}.gpkg").unlink()
        toml = layers / f"{name}.toml"
        text = re.sub(r"(?m)^(path|sha256|layer) = .*\n", "", toml.read_text("utf-8"))
        toml.write_text(f'{text}\n[postgis]\ntable = "work.{name}"\n', "utf-8")
    require_same(sites(recipe), expected)


def require_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), expected.reset_index(drop=True), check_exact=True
    )
