"""What is written comes back, or a warning names what the format cannot hold."""

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layer_files import write_record
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from geo.catalogue import load_record, read_vector
from geo.catalogue.findings import LayerWarning
from geo.catalogue.write import WRITTEN, write_vector
from geo.errors import OutputError

FAITHFUL = (".gpkg", ".parquet")
"""Formats that hold everything that the property below makes."""


def written(frame, path):
    """Write and give the codes of what was lost."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write_vector(frame, path)
    return [one.message.finding for one in caught if isinstance(one.message, LayerWarning)]


def back(path, **said):
    record = load_record(write_record(path, "vector", **said))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        return read_vector(record)


def of_table(path):
    return {"wkt": "wkt", "encoding": "utf-8"} if path.suffix in (".csv", ".tsv", ".xlsx") else {}


def layer_of(path):
    return {"layer": "some-points"} if path.suffix == ".gpkg" else {}


@pytest.mark.parametrize("ending", WRITTEN)
def test_plain_points_come_back_from_every_format(tmp_path, three_points, ending):
    path = tmp_path / f"some-points{ending}"
    found = written(three_points, path)
    frame = back(path, **of_table(path), **layer_of(path))
    # KML has an attribute of its own called name, and types its fields as texts.
    names = frame["Name" if ending == ".kml" else "name"]
    assert sorted(names) == ["a", "b", "c"]
    assert frame.crs.to_epsg() == 4326
    assert {(p.x, p.y) for p in frame.geometry} == {(100, 45), (101, 46), (102, 47)}
    assert not [one for one in found if one.code in ("lost-geometry", "lost-null")]
    if ending in FAITHFUL:
        assert not found
        assert list(frame["name"]) == ["a", "b", "c"]
        assert np.isnan(frame["kt"].iloc[2])


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=20
).map(str.strip)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
LON = st.floats(-180, 180, allow_nan=False)
LAT = st.floats(-90, 90, allow_nan=False)
SHAPES = (
    st.builds(Point, LON, LAT),
    st.builds(lambda x, y: LineString([(x, y), (x / 2 + 1, y / 2)]), LON, LAT),
    st.builds(lambda x, y: box(x / 2, y / 2, x / 2 + 1.25, y / 2 + 1.5), LON, LAT),
)


@st.composite
def frames(draw):
    count = draw(st.integers(1, 5))
    kind = draw(st.sampled_from(SHAPES))
    shapes = [draw(kind) for _ in range(count)]
    columns = {
        "text": [draw(st.none() | TEXTS) for _ in range(count)],
        "number": [draw(st.none() | NUMBERS) for _ in range(count)],
        "whole": [draw(st.integers(-(2**31), 2**31 - 1)) for _ in range(count)],
        "a much longer name": [draw(st.booleans()) for _ in range(count)],
    }
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")
    frame["text"] = frame["text"].astype(object)
    frame["number"] = frame["number"].astype(float)
    return frame


@pytest.mark.parametrize("ending", WRITTEN)
@given(frame=frames())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_comes_back_or_is_named(tmp_path, ending, frame):
    path = tmp_path / f"some-points{ending}"
    said = written(frame, path)
    codes = {one.code for one in said}
    text = " ".join(one.message for one in said)
    found = back(path, **of_table(path), **layer_of(path))
    assert len(found) == len(frame)
    if ending in FAITHFUL:
        assert not said
    if "lost-order" not in codes:
        for name in ("text", "number", "whole"):
            if name in found and f"{name!r}" not in text and "lost-column" not in codes:
                assert [_value(v) for v in found[name]] == [_value(v) for v in frame[name]], text
        if not codes & {"lost-digits", "lost-geometry"}:
            assert shapely.equals_exact(
                shapely.normalize(frame.geometry.to_numpy()),
                shapely.normalize(found.geometry.to_numpy()),
                0.0,
            ).all()  # fmt: skip
    if ending in (".shp", ".zip"):
        assert "lost-name" in codes
        assert "a much longer name" in text
        if (frame["text"] == "").any():
            assert "lost-empty-text" in codes


def _value(value):
    if value is None or (np.isscalar(value) and pd.isna(value)):
        return None
    return value if isinstance(value, str) else float(value)


def test_rows_of_a_flatgeobuf_may_change_their_order(tmp_path):
    shapes = [Point(x, y) for x, y in [(170, 80), (-170, -80), (0, 1), (170, -80), (-170, 80)]]
    frame = gpd.GeoDataFrame({"n": range(5)}, geometry=shapes, crs=4326)
    path = tmp_path / "some-points.fgb"
    found = written(frame, path)
    assert [one.code for one in found] == ["lost-order"]
    assert sorted(back(path)["n"]) == list(range(5))


def test_digits_that_geojson_loses_are_named(tmp_path):
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[Point(1 / 3 * 100, 0.1 + 0.2)], crs=4326)
    found = written(frame, tmp_path / "a.geojson")
    shape = back(tmp_path / "a.geojson").geometry.iloc[0]
    assert (shape == frame.geometry.iloc[0]) == (not found)
    assert shape.distance(frame.geometry.iloc[0]) < 1e-12


def test_missing_and_empty_geometries_are_kept_or_named(tmp_path):
    frame = gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=[Point(1, 1), None, Point()], crs=4326)
    for ending in WRITTEN:
        codes = {one.code for one in written(frame, tmp_path / f"a{ending}")}
        assert codes <= {"lost-empty", "lost-order", "lost-type", "lost-geometry"}, ending


def test_heights_parts_and_holes_come_back(tmp_path):
    holed = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    many = MultiPolygon([box(20, 0, 21, 1), box(30, 0, 31, 1)])
    flat = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[holed, many], crs=4326)
    tall = gpd.GeoDataFrame({"n": [1]}, geometry=[Point(1, 2, 3.5)], crs=4326)
    for ending in WRITTEN:
        assert not [f for f in written(flat, tmp_path / f"a{ending}") if "geometr" in f.message]
        codes = {one.code for one in written(tall, tmp_path / f"b{ending}")}
        assert "lost-height" not in codes, ending


def test_a_system_of_its_own_comes_back(tmp_path, three_points):
    frame = three_points.to_crs("EPSG:32648")
    for ending in (".gpkg", ".shp", ".fgb", ".parquet", ".geojson", ".gml"):
        path = tmp_path / f"some-points{ending}"
        assert "lost-crs" not in {one.code for one in written(frame, path)}
        assert back(path, crs="EPSG:32648", **layer_of(path)).crs.to_epsg() == 32648


def test_texts_that_a_spreadsheet_would_run_are_guarded_and_named(tmp_path):
    shapes = [Point(1, 1)] * 2
    frame = gpd.GeoDataFrame({"t": ["=1+1", "plain"]}, geometry=shapes, crs=4326)
    found = written(frame, tmp_path / "a.csv")
    assert [(one.code, one.count) for one in found] == [("lost-value", 1)]
    assert "'=1+1" in (tmp_path / "a.csv").read_text()
    assert not written(frame, tmp_path / "a.xlsx")


def test_the_same_rows_give_the_same_bytes(tmp_path, three_points):
    for ending in (e for e in WRITTEN if e != ".xlsx"):
        first, second = tmp_path / f"a{ending}", tmp_path / "again" / f"a{ending}"
        second.parent.mkdir(exist_ok=True)
        written(three_points, first)
        written(three_points, second)
        assert first.read_bytes() == second.read_bytes(), ending


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        (lambda f: f, "a.xyz", "cannot write '.xyz' files"),
        (lambda f: f.iloc[:0], "a.gpkg", "has no rows"),
        (lambda f: f.set_crs(None, allow_override=True), "a.gpkg", "has no CRS"),
        (lambda f: f.to_crs(32648), "a.kml", "holds only WGS 84"),
        (lambda f: f, "missing/a.gpkg", "cannot be written"),
    ],
)
def test_what_cannot_be_written_says_why(tmp_path, three_points, change, name, said):
    with pytest.raises(OutputError, match=said):
        write_vector(change(three_points), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path, three_points, monkeypatch):
    path = tmp_path / "a.gpkg"
    write_vector(three_points, path)
    before = path.read_bytes()

    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("geo.catalogue.write.pyogrio.write_dataframe", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_vector(three_points, path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.gpkg"]
