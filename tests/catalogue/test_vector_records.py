"""What a record can say of vector layers and tables: names, units, filters, columns of places."""

import sqlite3

import geopandas as gpd
import numpy as np
import pytest
import shapely
from bad_vectors import points, written
from hypothesis import given
from hypothesis import strategies as st
from layer_files import write_record
from shapely.geometry import Point

from geo.catalogue import Catalogue, load_record, read_table, read_vector
from geo.catalogue.findings import gathered
from geo.catalogue.geometries import near_duplicates, repair
from geo.catalogue.vector import describe
from geo.errors import LayerError


def with_lines(toml, *lines):
    toml.write_text(toml.read_text("utf-8") + "\n".join(lines) + "\n", "utf-8")
    return load_record(toml)


def csv(folder, text, sort="table", **said):
    path = folder / "some-table.csv"
    path.write_text(text, "utf-8")
    return write_record(path, sort, **said)


def test_columns_get_the_records_names_and_units(tmp_path):
    toml = csv(tmp_path, "ID,DEPTH_FT,T_F\n1,100,32\n2,,212\n")
    record = with_lines(
        toml,
        '[columns.depth]\nunit = "m"\nfrom = "DEPTH_FT"\nfrom_unit = "ft"',
        '[columns.heat]\nunit = "degC"\nfrom = "T_F"\nfrom_unit = "degF"',
    )
    frame = read_table(record)
    assert list(frame.columns) == ["ID", "depth", "heat"]
    assert frame["depth"].iloc[0] == pytest.approx(30.48)
    assert np.isnan(frame["depth"].iloc[1])
    assert frame["heat"].tolist() == pytest.approx([0.0, 100.0])
    assert read_table(record, where={"depth": {"min": 30}})["ID"].tolist() == [1]


def test_a_unit_that_cannot_become_another_is_refused(tmp_path):
    toml = csv(tmp_path, "a\n1\n")
    with pytest.raises(LayerError, match=r"columns\.a\.from_unit cannot become the unit"):
        with_lines(toml, '[columns.a]\nunit = "m"\nfrom_unit = "kg"')


def test_a_records_filter_holds_with_the_callers(tmp_path):
    record = with_lines(csv(tmp_path, "id,kind,v\n1,x,1\n2,x,5\n3,y,9\n"), '[where]\nkind = "x"')
    assert read_table(record)["id"].tolist() == [1, 2]
    assert read_table(record, where={"v": {"min": 2}})["id"].tolist() == [2]


def test_a_layer_from_a_table_of_coordinates(tmp_path):
    text = "name,E,N\na,643000,5309000\nb,650000,5310000\nc,,\n"
    record = load_record(csv(tmp_path, text, "vector", crs="EPSG:32648", x="E", y="N"))
    with gathered("a") as found:
        frame = read_vector(record, where={"name": ["a", "c"]})
    assert frame.crs.to_epsg() == 32648
    assert [(p.x, p.y) for p in frame.geometry] == [(643000, 5309000)]
    assert [one.code for one in found] == ["geometry-missing"]


def test_a_layer_from_a_table_of_wkt(tmp_path):
    text = 'name,shape\na,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\nb,POINT (1 2)\n'
    frame = read_vector(load_record(csv(tmp_path, text, "vector", wkt="shape")))
    assert frame.geometry.iloc[1] == Point(1, 2)
    assert list(frame.columns) == ["name", "geometry"]


@pytest.mark.parametrize(
    ("text", "said", "needle"),
    [
        ("name,E,N\na,47.9,106.9\n", {"x": "E", "y": "N"}, "swap the axes"),
        ("name,E,N\na,643000,5309000\n", {"x": "E", "y": "N"}, "look like metres"),
        ("name,E,N\na,47°,106°\n", {"x": "E", "y": "N"}, "required are decimal numbers"),
        ("name,E,N\na,1,2\n", {"x": "E", "y": "M"}, "has no column 'M'"),
        ("name,E,N\na,1,2\n", {"x": "E"}, "or wkt, must name the columns"),
        ("name,w\na,POINT 1 2\n", {"wkt": "w"}, "which is no WKT"),
        ("name,w\na,POINT (1 2)\n", {"wkt": "v"}, "has no column 'v'"),
    ],
)
def test_a_table_without_usable_places_is_refused(tmp_path, text, said, needle):
    toml = csv(tmp_path, text, "vector", **said)
    with pytest.raises(LayerError) as caught:
        read_vector(load_record(toml))
    assert needle in str(caught.value)


def test_the_record_settles_what_the_file_leaves_open(tmp_path):
    ambiguous = "id;v\n1;1,234\n2;5,678\n"
    comma = load_record(csv(tmp_path, ambiguous, decimal=","))
    assert read_table(comma)["v"].tolist() == [1.234, 5.678]
    point = load_record(csv(tmp_path, ambiguous, decimal="."))
    assert read_table(point)["v"].tolist() == [1234, 5678]
    path = tmp_path / "some-table.csv"
    path.write_bytes("id,name\n1,Улаан\n".encode("cp1251"))
    record = load_record(write_record(path, "table", encoding="CP1251"))
    assert read_table(record)["name"].tolist() == ["Улаан"]


def test_a_key_must_tell_rows_apart(tmp_path):
    text = "site,v\na,1\na,2\n"
    assert len(read_table(load_record(csv(tmp_path, text)))) == 2
    with pytest.raises(LayerError, match="repeat a value of 'site'"):
        read_table(load_record(csv(tmp_path, text, key="site")))
    with pytest.raises(LayerError, match="names as the key"):
        read_table(load_record(csv(tmp_path, text, key="id")))


@pytest.mark.parametrize(
    ("said", "needle"),
    [
        ({"encoding": "klingon"}, "required is an encoding"),
        ({"decimal": ";"}, "decimal is ';'"),
        ({"separator": "x"}, "separator is 'x'"),
        ({"x": "a", "y": "b"}, "only for a vector layer from a table"),
    ],
)
def test_a_wrong_word_in_a_record_is_named(tmp_path, said, needle):
    with pytest.raises(LayerError) as caught:
        load_record(csv(tmp_path, "a\n1\n", **said))
    assert needle in str(caught.value)


GRID = gpd.GeoDataFrame(
    {"n": range(900)},
    geometry=shapely.points(*(a.ravel() for a in np.meshgrid(np.arange(30), np.arange(30)))),
    crs="EPSG:4326",
)


@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".fgb", ".parquet", ".geojson", ".kml"])
@pytest.mark.parametrize("box", [(2.5, 3.5, 6.5, 8.5), (0, 0, 0, 0), (10, 10, 40, 12)])
def test_a_box_gives_what_lies_in_it(tmp_path, ending, box):
    from geo.catalogue.write import write_vector

    path = tmp_path / f"some-points{ending}"
    with gathered("a"):
        write_vector(GRID, path)
    layer = {"layer": "some-points"} if ending == ".gpkg" else {}
    record = load_record(write_record(path, "vector", **layer))
    frame = read_vector(record, bbox=box)
    wanted = GRID[GRID.intersects(shapely.box(*box))]
    assert sorted(frame["n"].astype(int)) == sorted(wanted["n"])
    frame = read_vector(record, bbox=(200000, 0, 600000, 500000), crs="EPSG:32631")
    assert len(frame)
    assert frame.crs.to_epsg() == 32631


def test_a_box_reads_a_small_part_of_a_geopackage(tmp_path):
    path = written("some-points.gpkg", GRID, layer="some_points", driver="GPKG")(tmp_path)
    with sqlite3.connect(path) as database:
        # Rows outside the box are made unreadable: they must not be looked at.
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'some_points'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE some_points SET geom = x'00' WHERE n > 600")
    record = load_record(write_record(path, "vector"))
    assert read_vector(record, bbox=(0, 0, 3, 3))["n"].max() <= 600
    with pytest.raises(LayerError, match="cannot be read"):
        read_vector(record)


def test_a_box_the_wrong_way_round_is_refused(tmp_path):
    path = written("some-points.gpkg", points(), layer="some_points", driver="GPKG")(tmp_path)
    record = load_record(write_record(path, "vector"))
    with pytest.raises(LayerError, match="is not west, south, east, north"):
        read_vector(record, bbox=(5, 0, 1, 1))


def test_a_description_states_what_the_file_states(tmp_path):
    path = written("a.gpkg", points(), layer="some", driver="GPKG")(tmp_path)
    found = describe(path)
    assert (found.kind, found.driver, found.crs, found.layer) == (
        "vector", "GPKG", "EPSG:4326", "some",
    )  # fmt: skip
    assert dict(found.columns) == {"name": "object", "kt": "float64"}
    assert found.count == 3
    assert found.bounds == pytest.approx(tuple(points().total_bounds))
    table = tmp_path / "t.csv"
    table.write_text("id,depth (m),lon,lat\n1,2.5,100,45\n")
    found = describe(table)
    assert (found.kind, found.count) == ("table", 1)
    assert dict(found.unit_hints) == {"depth (m)": "m"}
    assert found.bounds == (100, 45, 100, 45)


def test_a_repair_changes_only_what_is_invalid():
    bow = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    good = shapely.box(0, 0, 1, 1)
    found = repair([good, None, bow, Point(1, 1)])
    assert found.count == 1
    assert found.ids.tolist() == [2]
    assert "elf-intersection" in found.reasons[0]
    assert found.geometries[0] is good
    assert found.geometries[1] is None
    assert found.geometries[2].area == 2.0


def test_what_has_no_numbers_is_lost_and_said():
    found = repair([Point(float("nan"), 1), shapely.LinearRing([(0, 0), (1, 1), (1, 0), (0, 1)])])
    assert (found.count, found.ids.tolist(), found.lost.tolist()) == (1, [0, 1], [0])
    assert found.geometries[0] is None
    assert found.geometries[1].geom_type == "LineString"


def test_near_sites_are_found_across_sources():
    a = gpd.GeoDataFrame(
        {"name": ["Erdenet", "x"]}, geometry=[Point(104, 49), Point(1, 1)], crs=4326
    )
    b = gpd.GeoDataFrame({"name": ["ERDENET "]}, geometry=[Point(104.005, 49)], crs=4326)
    found = near_duplicates(a, b.to_crs(32648))
    assert found[["first_source", "first_row", "second_source", "second_row"]].values.tolist() == [
        [0, 0, 1, 0]
    ]
    # 0.005 degrees of longitude at 49 degrees north.
    assert found["distance"].iloc[0] == pytest.approx(366, abs=1)
    assert near_duplicates(a, b, within=300).empty


def test_inspect_stays_a_function_once_its_module_was_imported():
    import geo.catalogue.inspection
    from geo.catalogue import inspect

    assert inspect is geo.catalogue.inspection.inspect
    assert isinstance(inspect(Catalogue.open()["ports"]), list)


@given(
    st.lists(
        st.one_of(
            st.none(), st.integers(-(10**18) + 1, 10**18 - 1), st.decimals(-9999, 9999, places=3)
        ),
        min_size=1,
    ).filter(lambda numbers: any(n is not None for n in numbers))
)
def test_numbers_of_a_table_are_those_of_its_texts(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp("numbers")
    texts = ["" if number is None else str(number) for number in numbers]
    (folder / "t.csv").write_text("k,v\n" + "".join(f"x,{text}\n" for text in texts))
    found = read_table(load_record(write_record(folder / "t.csv", "table")))["v"]
    whole = all(isinstance(number, int) for number in numbers)
    assert found.dtype == (np.int64 if whole else np.float64)
    wanted = [
        np.nan if number is None else float(text)
        for number, text in zip(numbers, texts, strict=True)
    ]
    np.testing.assert_array_equal(found, numbers if whole else wanted)


@pytest.mark.parametrize("cell", ["007", "1 2", "+01", '"1\n2"', "1-2"])
def test_codes_that_look_like_numbers_stay_texts(tmp_path, cell):
    (tmp_path / "t.csv").write_text(f"k,v\nx,5\ny,{cell}\n")
    found = read_table(load_record(write_record(tmp_path / "t.csv", "table")))["v"]
    assert found.tolist() == ["5", cell.strip('"')]
