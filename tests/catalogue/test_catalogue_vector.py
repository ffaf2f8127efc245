"""Vector layers and tables are what their records say, or one sentence says why not."""

import sqlite3
import warnings

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from layer_files import write_record
from shapely.geometry import Point, Polygon

from geo.catalogue import Catalogue, check, geopackage, load_record, read_table, read_vector
from geo.errors import CrsError, EmptyLayerError, LayerError, LodemapWarning


def test_a_layer_comes_back_as_it_was_written(make_vector, three_points):
    frame = read_vector(make_vector(three_points))
    assert list(frame["name"]) == ["a", "b", "c"]
    assert frame.crs == three_points.crs
    assert frame.geometry.iloc[1] == Point(101, 46)
    assert np.isnan(frame["kt"].iloc[2])


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ({"name": "b"}, ["b"]),
        ({"name": ["c", "a"]}, ["a", "c"]),
        ({"kt": {"min": 1}}, ["a", "b"]),
        ({"kt": {"min": 1.5}}, ["b"]),
        ({"kt": {"max": 5, "min": 1}}, ["a", "b"]),
        ({"kt": {"max": 4}}, ["a"]),
        ({"kt": 5}, ["b"]),
        ({"kind": "x", "kt": {"max": 9}}, ["a"]),
    ],
)
def test_a_filter_keeps_what_it_names(make_vector, three_points, where, names):
    frame = read_vector(make_vector(three_points), where=where)
    assert list(frame["name"]) == names
    assert list(frame.index) == list(range(len(names)))


def test_only_the_asked_columns_come_back(make_vector, three_points):
    frame = read_vector(make_vector(three_points), where={"kind": "y"}, columns=["name"])
    assert list(frame.columns) == ["name", "geometry"]
    assert list(frame["name"]) == ["b"]


def test_a_layer_is_reprojected_on_demand(make_vector, three_points):
    frame = read_vector(make_vector(three_points), crs="EPSG:32648")
    assert frame.crs.to_epsg() == 32648
    assert frame.geometry.x.iloc[0] < frame.geometry.x.iloc[1]


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"where": {"colour": 1}}, LayerError, "no column 'colour', it has name, kt, kind"),
        ({"columns": ["colour"]}, LayerError, "no column 'colour'"),
        ({"where": {"name": "z"}}, EmptyLayerError, "has name = 'z'"),
        ({"where": {"name": {"min": 1}}}, LayerError, "is no number: filter it by values"),
        ({"where": {"kt": {"above": 1}}}, LayerError, "required are min, max or both"),
        ({"where": {"kt": {}}}, LayerError, "required are min, max or both"),
        ({"where": {"name": "' OR 1=1 --"}}, EmptyLayerError, "no row"),
    ],
)
def test_a_filter_that_cannot_serve_says_why(make_vector, three_points, arguments, error, said):
    record = make_vector(three_points)
    with pytest.raises(error) as caught:
        read_vector(record, **arguments)
    assert said in str(caught.value)
    assert str(record.path) in str(caught.value)


def test_a_layer_without_crs_is_refused(make_vector, three_points):
    with pytest.warns(UserWarning, match="crs"):
        record = make_vector(three_points.set_crs(None, allow_override=True))
    with pytest.raises(CrsError, match=r"some-points\.gpkg: layer 'some-points' has no CRS"):
        read_vector(record)


def test_another_crs_than_recorded_is_refused(make_vector, three_points):
    record = make_vector(three_points.to_crs(32648))
    with pytest.raises(CrsError, match=r"has WGS 84 / UTM zone 48N, its record says EPSG:4326"):
        read_vector(record)


def test_an_empty_layer_is_refused(make_vector, three_points):
    with pytest.raises(EmptyLayerError, match=r"some-points\.gpkg: layer 'some_points' is empty"):
        read_vector(make_vector(three_points.iloc[:0]))


def test_a_layer_of_empty_geometries_is_refused(make_vector, three_points):
    with pytest.raises(EmptyLayerError, match="no feature"):
        read_vector(make_vector(three_points.set_geometry([None, None, Point()], crs=4326)))


def test_missing_geometries_are_left_out_and_counted(make_vector, three_points):
    record = make_vector(three_points.set_geometry([Point(1, 1), None, Point(2, 2)], crs=4326))
    with pytest.warns(LodemapWarning, match="1 of 3 features have no geometry"):
        frame = read_vector(record)
    assert list(frame["name"]) == ["a", "c"]


def test_a_bow_tie_is_repaired_and_counted(make_vector):
    bow = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    square = Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])
    record = make_vector(gpd.GeoDataFrame({"n": [1, 2]}, geometry=[bow, square], crs=4326))
    with pytest.warns(LodemapWarning, match="1 of 2 geometries were invalid: repaired"):
        frame = read_vector(record)
    assert frame.geometry.is_valid.all()
    assert [shape.area for shape in frame.geometry] == [2.0, 1.0]


def test_metres_under_degrees_are_refused(make_vector):
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[Point(500000, 5300000)], crs=4326)
    with pytest.raises(
        LayerError,
        match=r"outside longitude and latitude .*: correct the CRS: they look like metres",
    ):
        read_vector(make_vector(frame))


def test_swapped_axes_are_refused(make_vector):
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[Point(47.9, 106.9)], crs=4326)
    with pytest.raises(LayerError, match="swap the axes"):
        read_vector(make_vector(frame))


def test_infinite_coordinates_are_refused(make_vector):
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[Point(1, 1), Point(np.inf, 1)], crs=4326)
    with pytest.raises(LayerError, match="no numbers"):
        read_vector(make_vector(frame))


def test_one_flipped_byte_is_refused(make_vector, three_points):
    record = make_vector(three_points)
    data = bytearray(record.path.read_bytes())
    data[-100] ^= 4
    record.path.write_bytes(bytes(data))
    with pytest.raises(LayerError, match="its bytes differ from the record"):
        read_vector(record)


def test_another_kind_of_file_is_refused(tmp_path):
    path = tmp_path / "some-points.gpkg"
    path.write_text(
        "<OGRVRTDataSource><SrcDataSource>/vsicurl/x</SrcDataSource></OGRVRTDataSource>"
    )
    record = load_record(write_record(path, "vector"))
    with pytest.raises(LayerError, match="first bytes are not those of a GPKG"):
        read_vector(record)


def test_a_missing_layer_in_a_geopackage_is_named(make_vector, three_points):
    record = make_vector(three_points, layer="other")
    with pytest.raises(LayerError, match="has no table 'other', it has some_points"):
        read_vector(record)


def test_a_view_in_a_geopackage_is_refused(make_vector, three_points):
    record = make_vector(three_points)
    with sqlite3.connect(record.path) as database:
        database.execute("CREATE VIEW tricky AS SELECT * FROM some_points")
    record = load_record(write_record(record.path, "vector", layer="tricky"))
    with pytest.raises(LayerError, match="'tricky' is a view"):
        read_vector(record)


def test_a_false_count_in_the_header_is_not_believed(make_vector, three_points):
    record = make_vector(three_points)
    with sqlite3.connect(record.path) as database:
        database.execute("UPDATE gpkg_ogr_contents SET feature_count = 2000000000")
    record = load_record(write_record(record.path, "vector"))
    assert len(read_vector(record)) == 3


def test_too_many_features_are_refused_before_reading(make_vector, three_points, monkeypatch):
    monkeypatch.setattr("geo.catalogue.source.MOST_ROWS", 2)
    with pytest.raises(LayerError, match="has 3 features, at most 2"):
        read_vector(make_vector(three_points))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            NotImplementedError("curves"),
            r"some-points\.gpkg: cannot be read \(curves\): restore it",
        ),
        (IndexError("axis 0"), r"some-points\.gpkg: cannot be read \(axis 0\): restore it"),
    ],
)
@pytest.mark.parametrize("step", ["read_arrow"])
def test_whatever_the_library_raises_names_the_file(
    make_vector, three_points, monkeypatch, error, said, step
):
    record = make_vector(three_points)

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(f"geo.catalogue.source.pyogrio.raw.{step}", fail)
    with pytest.raises(LayerError, match=said):
        read_vector(record)


def test_what_gdal_remarks_is_said_once_with_the_file(make_vector, three_points, monkeypatch):
    record = make_vector(three_points)
    real = pyogrio.raw.read_arrow

    def remark(*arguments, **options):
        for _ in range(3):
            warnings.warn("odd dimension", RuntimeWarning, stacklevel=2)
        return real(*arguments, **options)

    monkeypatch.setattr("geo.catalogue.source.pyogrio.raw.read_arrow", remark)
    with pytest.warns(LodemapWarning, match=r"some-points\.gpkg: odd dimension") as caught:
        read_vector(record)
    assert len(caught) == 1


def test_half_a_geopackage_is_refused(make_vector, three_points):
    record = make_vector(three_points)
    record.path.write_bytes(record.path.read_bytes()[:20000])
    record = load_record(write_record(record.path, "vector"))
    with pytest.raises(LayerError, match=r"some-points\.gpkg"):
        read_vector(record)


@pytest.mark.parametrize(
    ("ending", "driver"), [("fgb", "FlatGeobuf"), ("geojson", "GeoJSON"), ("shp", "ESRI Shapefile")]
)
def test_other_formats_are_read_alike(tmp_path, three_points, ending, driver):
    path = tmp_path / f"some-points.{ending}"
    pyogrio.write_dataframe(three_points, path, driver=driver)
    frame = read_vector(load_record(write_record(path, "vector")))
    assert sorted(frame["name"]) == ["a", "b", "c"]


def test_an_empty_geojson_is_refused(tmp_path):
    path = tmp_path / "some-points.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(EmptyLayerError):
        read_vector(load_record(write_record(path, "vector")))


def test_broken_geojson_is_refused(tmp_path):
    path = tmp_path / "some-points.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [')
    with pytest.raises(LayerError, match="ends in the middle"):
        read_vector(load_record(write_record(path, "vector")))


def test_a_vector_reader_takes_no_table(tmp_path):
    path = tmp_path / "some-table.csv"
    path.write_text("a\n1\n")
    record = load_record(write_record(path, "table"))
    with pytest.raises(LayerError, match="is a table, required a vector"):
        read_vector(record)


def make_table(folder, text, **changes):
    path = folder / "some-table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_record(write_record(path, "table", **changes))


def test_cells_become_numbers_only_where_all_are(tmp_path):
    text = "name,n,x,code,mixed,empty\nУлаан,1,1.5,007,1,\n東京,2,,08,b,\n"
    frame = read_table(make_table(tmp_path, text))
    assert list(frame["name"]) == ["Улаан", "東京"]
    assert frame["n"].dtype == np.int64
    assert frame["x"].tolist()[0] == 1.5
    assert np.isnan(frame["x"].tolist()[1])
    assert list(frame["code"]) == ["007", "08"]
    assert list(frame["mixed"]) == ["1", "b"]
    assert list(frame["empty"]) == [None, None]


def test_a_column_with_a_unit_is_a_number(tmp_path):
    frame = read_table(make_table(tmp_path, "a,b\n007,\n+8,\n", columns={"a": "km", "b": "km"}))
    assert frame["a"].tolist() == [7.0, 8.0]
    assert frame["b"].isna().all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a,b\n"1,5",2\n', "column 'a' holds '1,5', required is a number with a point"),
        ("a,b\n1\n", "row 2 has 1 cells, the header has 2"),
        ("a,a\n1,2\n", "repeats or lacks a name"),
        ("a,\n1,2\n", "repeats or lacks a name"),
        ("a,b\n", "has no rows"),
        ("", "has 0 bytes"),
        ('a,b\n"1"x,2\n', "is no table"),
        ("a,b\nÖ,1\n".encode("latin-1"), "is not UTF-8"),
    ],
)
def test_a_bad_table_is_refused(tmp_path, text, said):
    record = make_table(tmp_path, text, columns={"a": "km"})
    with pytest.raises(LayerError) as caught:
        read_table(record)
    assert said in str(caught.value)
    assert str(record.path) in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    assert list(read_table(make_table(tmp_path, "\ufeffa,b\n1,2\n")).columns) == ["a", "b"]


def test_tables_are_filtered_like_layers(tmp_path):
    record = make_table(tmp_path, "a,b\n1,x\n2,y\n3,z\n")
    assert list(read_table(record, where={"a": {"min": 2}})["b"]) == ["y", "z"]
    with pytest.raises(EmptyLayerError):
        read_table(record, where={"b": "w"})


def test_a_check_reads_every_layer(make_vector, tmp_path):
    bow = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    make_vector(
        gpd.GeoDataFrame({"n": [1]}, geometry=[bow], crs=4326), columns={"n": "", "gone": ""}
    )
    make_table(tmp_path, "a,b\n1\n")
    found = check(Catalogue.open(tmp_path))
    assert [(f.id, f.level) for f in found] == [
        ("some-points", "repair"),
        ("some-points", "warning"),
        ("some-table", "error"),
    ]
    assert "gone" in found[1].message


@pytest.mark.parametrize("checked_whole", [64_000_000, 0])
def test_a_stale_index_hides_no_row_of_a_region(
    make_vector, three_points, checked_whole, monkeypatch
):
    monkeypatch.setattr(geopackage, "_CHECKED_WHOLE", checked_whole)
    record = make_vector(three_points)
    with sqlite3.connect(record.path) as database:
        database.execute("DELETE FROM rtree_some_points_geom WHERE id = 2")
    changed = load_record(write_record(record.path, "vector"))
    box = (100.5, 45.5, 102.5, 47.5)
    with pytest.warns(LodemapWarning, match="index of 'some_points' is broken"):
        assert list(read_vector(changed, bbox=box)["name"]) == ["b", "c"]


@pytest.mark.parametrize(
    "change", ["DELETE FROM {} WHERE id = 3", "UPDATE {} SET minx = 1, maxx = 2"]
)
def test_rows_written_after_the_index_of_a_large_file_are_noticed(
    make_vector, three_points, change, monkeypatch
):
    """Of a large file only some rows are sought in the index: its last one always is."""
    path = make_vector(three_points).path
    monkeypatch.setattr(geopackage, "_CHECKED_WHOLE", 0)
    monkeypatch.setattr(geopackage, "_SOUGHT", 1)
    assert geopackage.look(path, None, survey=False, sound="0", region=True).index
    with sqlite3.connect(path) as database:
        database.execute(change.format("rtree_some_points_geom"))
    assert not geopackage.look(path, None, survey=False, sound="1", region=True).index
