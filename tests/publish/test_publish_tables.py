"""Tables say the same in every format, survive spreadsheets, and come out byte for byte."""

import csv
import dataclasses
import math
import sqlite3
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sample_content import HOSTILE
from shapely.geometry import GeometryCollection, LineString, MultiPoint, Point, Polygon, box

from geo.errors import OutputError
from geo.publish import tables
from geo.publish.content import TradeView
from geo.publish.tables import (
    cell,
    table_name,
    write_criteria_csv,
    write_geopackage,
    write_routes_csv,
    write_sites_csv,
    write_sites_parquet,
)


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def package(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("package") / "lodemap.gpkg"
    write_geopackage(content, path)
    return path


def test_sites_come_theme_by_theme_in_order_with_their_columns(content, tmp_path):
    write_sites_csv(content, tmp_path / "sites.csv")
    found = rows(tmp_path / "sites.csv")
    assert [row["site_id"] for row in found] == [
        "great-hill", "red-ridge", "far-lake", "inside-park", "no-grade", "solar-01", "solar-02",
    ]  # fmt: skip
    assert tuple(found[0])[:17] == tables.SITE_COLUMNS
    assert "geometry" not in found[0]
    assert found[0]["rank"] == "1"
    assert found[0]["lon"] == "106.850000"
    assert found[0]["score"] == "0.81"
    assert found[0]["freight_KR"] == "96"
    assert (found[3]["rank"], found[3]["score"], found[3]["excluded_by"]) == ("", "", "protected")
    assert found[5]["contained_kt"] == ""


def test_text_that_a_spreadsheet_would_run_is_guarded(content, tmp_path):
    write_sites_csv(content, tmp_path / "sites.csv")
    found = {row["site_id"]: row["name"] for row in rows(tmp_path / "sites.csv")}
    assert found["far-lake"] == f"'{HOSTILE[2]}"
    assert found["red-ridge"] == HOSTILE[0]


def test_criteria_keep_unknown_empty(content, tmp_path):
    write_criteria_csv(content, tmp_path / "criteria.csv")
    found = rows(tmp_path / "criteria.csv")
    assert tuple(found[0]) == tables.CRITERIA_COLUMNS
    unknown = [row for row in found if row["quality"] == "unknown"]
    assert unknown
    assert {(row["value"], row["contribution"]) for row in unknown} == {("", "")}
    weights = [float(r["weight"]) for r in found if r["site_id"] == "great-hill"]
    assert math.isclose(sum(weights), 1.0)


def test_routes_have_one_row_a_leg(content, tmp_path):
    write_routes_csv(content, tmp_path / "routes.csv")
    found = rows(tmp_path / "routes.csv")
    assert tuple(found[0]) == tables.ROUTE_COLUMNS
    assert len(found) == len(content.routes)
    assert found[0]["usd_per_t_high"] == "13.5"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.3333333333"),
        (1234567.0, "1234567"),
        (-0.0, "0"),
        (1e-7, "1e-07"),
        (np.float32(0.5), "0.5"),
        (np.int64(7), "7"),
        (float("nan"), ""),
        (None, ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (True, "true"),
        (np.False_, "false"),
        (pd.Timestamp("2026-01-31").date(), "2026-01-31"),
        (["a", "b"], "a;b"),
        ("=1+1", "'=1+1"),
        ("+976 11", "'+976 11"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("-12.5e3", "-12.5e3"),
        ("+5", "+5"),
        ("- none -", "'- none -"),
        ("a\x00b", "a\ufffdb"),
        ("Ömnögovi", "Ömnögovi"),
    ],
)
def test_a_cell_is_stable_and_harmless(value, text):
    assert cell(value) == text


@given(st.floats(-1e300, 1e300))
def test_a_number_survives_to_ten_digits(value):
    back = float(cell(value))
    assert math.isclose(back, value, rel_tol=6e-10, abs_tol=0.0) or value == back == 0


@given(st.text())
def test_no_text_begins_like_a_formula_unless_it_is_a_number(text):
    found = cell(text)
    if found[:1] in ("=", "+", "-", "@", "\t", "\r"):
        float(found)


def test_infinity_is_never_written():
    with pytest.raises(OutputError, match="infinite"):
        cell(math.inf)


def test_geoparquet_holds_the_rows_of_the_csv(content, tmp_path):
    write_sites_parquet(content, tmp_path / "sites.parquet")
    write_sites_csv(content, tmp_path / "sites.csv")
    found = gpd.read_parquet(tmp_path / "sites.parquet")
    assert list(found["site_id"]) == [row["site_id"] for row in rows(tmp_path / "sites.csv")]
    assert found.crs.to_epsg() == 4326
    assert found["rank"].dtype == "Int64"
    assert found["name"].iloc[2] == HOSTILE[2]
    np.testing.assert_allclose(found.geometry.x, found["lon"])


def test_the_geopackage_has_a_table_for_everything_on_the_map(content, package):
    names = {name for name, _ in pyogrio.list_layers(package)}
    expected = {"sites_copper", "sites_solar", "routes", "layer_styles"}
    assert names == expected | {table_name(view.id) for view in content.layers}
    for view in content.layers:
        info = pyogrio.read_info(package, layer=table_name(view.id))
        assert info["features"] == len(view.frame)
        assert info["crs"] == "EPSG:4326"


def test_the_geopackage_tells_what_closes_a_site_beside_its_points(content, tmp_path):
    columns = ["theme", "site_id", "country", "closed", "kind", "title"]
    closed = pd.DataFrame([["copper", "a", "KR", "y-z", "border", "Y-Z"]] * 2, columns=columns)
    closed["usd_per_t"], closed["change_usd_per_t"] = [90.0, np.nan], [5.0, np.nan]
    closed["reachable"] = [True, False]
    path = tmp_path / "with-closures.gpkg"
    write_geopackage(dataclasses.replace(content, trade=TradeView(closures=closed)), path)
    found = pyogrio.read_dataframe(path, layer="closures")
    assert found["site_id"].tolist() == ["a", "a"]
    assert found["reachable"].tolist() == [True, False]
    assert found["usd_per_t"].isna().tolist() == [False, True]


def test_the_geopackage_keeps_types_and_unknowns(package):
    sites = pyogrio.read_dataframe(package, layer="sites_copper")
    assert sites["name"].iloc[1] == HOSTILE[0]
    assert sites["rank"].tolist()[:3] == [1, 2, 3]
    assert pd.isna(sites["score"].iloc[4])
    assert "theme" not in sites


def test_the_geopackage_is_version_1_3(package):
    with sqlite3.connect(package) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (10300,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        dates = database.execute("SELECT DISTINCT last_change FROM gpkg_contents").fetchall()
    assert dates == [("2026-01-01T00:00:00.000Z",)]


def test_every_layer_has_a_default_style(content, package):
    with sqlite3.connect(package) as database:
        found = database.execute(
            "SELECT f_table_name, styleQML, useAsDefault, f_geometry_column FROM layer_styles"
        ).fetchall()
    assert len(found) == len(content.layers) + len(content.themes) + 1
    for name, style, default, column in found:
        root = ET.fromstring(style)
        assert root.find("renderer-v2") is not None, name
        assert (default, column) == (1, "geom")


def test_two_writings_are_equal_byte_for_byte(content, package, tmp_path):
    write_geopackage(content, tmp_path / "again.gpkg")
    assert (tmp_path / "again.gpkg").read_bytes() == package.read_bytes()
    for write, name in ((write_sites_csv, "s.csv"), (write_sites_parquet, "s.parquet")):
        write(content, tmp_path / name)
        first = (tmp_path / name).read_bytes()
        write(content, tmp_path / name)
        assert (tmp_path / name).read_bytes() == first


def test_two_layers_of_one_table_are_refused(content, tmp_path):
    twice = dataclasses.replace(content, layers=(content.layers[0], content.layers[0]))
    with pytest.raises(OutputError, match="two layers would be written as 'boundary_sample'"):
        write_geopackage(twice, tmp_path / "x.gpkg")


def view_of(content, frame):
    return dataclasses.replace(
        content, layers=(dataclasses.replace(content.layers[0], frame=frame, role="other"),)
    )


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        ([Point(0, 0), Point(1, 1)], "Point"),
        ([Point(0, 0), MultiPoint([(1, 1), (2, 2)])], "MultiPoint"),
        ([LineString([(0, 0), (1, 1)]), Point(1, 1)], "MultiLineString"),
        ([box(0, 0, 1, 1), Polygon()], "MultiPolygon"),
        (
            [GeometryCollection([shapely.multipolygons([box(0, 0, 1, 1)]), Point(3, 3)])],
            "MultiPolygon",
        ),
        ([], "Unknown"),
    ],
)
def test_a_layer_has_one_kind_of_geometry(content, tmp_path, shapes, kind):
    frame = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs=4326)
    write_geopackage(view_of(content, frame), tmp_path / "x.gpkg")
    info = pyogrio.read_info(tmp_path / "x.gpkg", layer="boundary_sample")
    assert info["geometry_type"] == kind
    assert info["features"] == len(shapes)


def test_columns_that_a_geopackage_reserves_are_renamed(content, tmp_path):
    frame = gpd.GeoDataFrame({"fid": [7], "geom": ["x"]}, geometry=[Point(0, 0)], crs=4326)
    write_geopackage(view_of(content, frame), tmp_path / "x.gpkg")
    found = pyogrio.read_dataframe(tmp_path / "x.gpkg", layer="boundary_sample")
    assert found["fid_"].tolist() == [7]
    assert found["geom_"].tolist() == ["x"]


def test_mixed_columns_become_text(content, tmp_path):
    frame = gpd.GeoDataFrame(
        {"a": [1, "x", None], "b": [True, None, False], "c": [["p", "q"], None, None]},
        geometry=[Point(0, 0)] * 3,
        crs=4326,
    )
    write_geopackage(view_of(content, frame), tmp_path / "x.gpkg")
    found = pyogrio.read_dataframe(tmp_path / "x.gpkg", layer="boundary_sample")
    assert found["a"].tolist()[:2] == ["1", "x"]
    assert found["c"].iloc[0] == "p;q"
    assert bool(found["b"].iloc[0]) is True


def test_a_study_without_routes_is_written(content, tmp_path):
    bare = dataclasses.replace(content, routes=content.routes.iloc[:0])
    write_routes_csv(bare, tmp_path / "routes.csv")
    assert rows(tmp_path / "routes.csv") == []
    write_geopackage(bare, tmp_path / "x.gpkg")
    assert pyogrio.read_info(tmp_path / "x.gpkg", layer="routes")["features"] == 0


def test_a_short_table_is_noticed(content, tmp_path, monkeypatch):
    monkeypatch.setattr(tables.pyogrio, "read_info", lambda *a, **k: {"features": 0})
    with pytest.raises(OutputError, match="holds 0 of 5 rows"):
        write_geopackage(content, tmp_path / "x.gpkg")
