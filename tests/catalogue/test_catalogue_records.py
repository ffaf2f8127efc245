"""Records: every fault at once, no path out of the folder, no other bytes."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from layer_files import write_record
from small_world import small_world

from geo.catalogue import Catalogue, check, embedded_folders, load_record, verify
from geo.catalogue.files import driver_of, inside_folder, outside_allowed
from geo.cli import main
from geo.errors import LayerError


def table(
    folder: Path, name: str = "some-table", text: str = "a,b\n1,2\n", **changes: object
) -> Path:
    path = folder / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return write_record(path, "table", **changes)


def test_a_record_holds_what_its_file_says(tmp_path):
    record = load_record(table(tmp_path, columns={"a": "km"}, valid_range=[0, 5]))
    assert record.id == "some-table"
    assert record.path == (tmp_path / "some-table.csv").resolve()
    assert record.retrieved == date(2026, 1, 31)
    assert record.valid_range == (0.0, 5.0)
    assert record.columns["a"].unit == "km"
    assert record.crs is None


def test_a_geopackage_layer_is_named_after_the_id(tmp_path):
    toml = write_record(tmp_path / "some-points.gpkg", "vector", sha256="0" * 64)
    assert load_record(toml).layer == "some_points"


def test_all_faults_of_a_record_come_together(tmp_path):
    toml = table(
        tmp_path,
        sha256="12",
        quality="good",
        retrieved="yesterday",
        licence=None,
        valid_range=[5, 1],
        nodata="none",
        bands=["a", "a"],
        lisence_url="x",
        columns={"a": "furlongz"},
    )
    with pytest.raises(LayerError) as caught:
        load_record(toml)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{toml}: ") for line in lines)
    keys = [line.removeprefix(f"{toml}: ").split()[0] for line in lines]
    assert sorted(keys) == sorted(
        ["sha256", "quality", "retrieved", "licence", "valid_range", "nodata", "bands",
         "lisence_url", "columns.a.unit"]
    )  # fmt: skip
    assert "did you mean 'licence_url'?" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "other"}, "id is 'other', the file is named 'some-table.toml'"),
        ({"id": "Some_Table"}, "small letters"),
        ({"title": 3}, "title is 3, required is a text"),
        ({"crs": "EPSG:4326"}, "crs has no meaning for a table"),
        ({"kind": "vector", "crs": None}, "crs is missing"),
        ({"kind": "vector", "crs": "WGS 84"}, "an authority and a code"),
        ({"kind": "raster", "unit": None}, "unit is missing"),
        ({"kind": "raster", "unit": 3}, "unit is 3, required is a unit"),
        ({"kind": "raster"}, "required is a file ending in .tif"),
        ({"retrieved": None}, "retrieved is missing: write a date"),
        ({"bands": "a"}, "required is a list of names"),
        ({"path": None}, "path is missing"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, changes, said):
    toml = table(tmp_path, **changes)
    with pytest.raises(LayerError) as caught:
        load_record(toml)
    assert said in str(caught.value)


def test_columns_must_be_a_table_of_units_and_descriptions(tmp_path):
    toml = table(tmp_path)
    toml.write_text(toml.read_text() + "[columns.a]\nunit = 'm'\nrange = 3\n")
    with pytest.raises(LayerError, match=r"columns\.a holds more than description"):
        load_record(toml)
    toml = table(tmp_path)
    toml.write_text(toml.read_text() + "columns = 3\n")
    with pytest.raises(LayerError, match="columns is no table"):
        load_record(toml)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.csv",
        "/etc/passwd",
        "https://example.org/a.csv",
        "www.example.org/a.csv",
        "/vsicurl/https://example.org/a.csv",
        "/VSIZIP/a.zip/a.csv",
        "GPKG:a.csv",
        "a.zip!a.csv",
        "a.csv?x=1",
        "..\\a.csv",
        "a\nb.csv",
    ],
)
def test_a_path_never_leads_out_of_the_folder(tmp_path, path):
    with pytest.raises(LayerError, match="path is"):
        load_record(table(tmp_path, path=path))


def test_a_link_never_leads_out_of_the_folder(tmp_path):
    folder = tmp_path / "layers"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(LayerError, match="leaves the record's folder"):
        inside_folder("link.csv", folder)


def test_files_outside_count_when_the_user_says_so(tmp_path):
    recipe = small_world(tmp_path / "world")
    layers = recipe.parent / "layers"
    (layers / "mines.gpkg").rename(tmp_path / "mines.gpkg")
    record = layers / "mines.toml"
    text = record.read_text("utf-8").replace('"mines.gpkg"', '"../../mines.gpkg"')
    record.write_text(text, "utf-8")
    call = ["layers", "show", "mines", "--recipe", str(recipe)]
    found = CliRunner().invoke(main, call)
    assert found.exit_code == 2
    assert "leaves the record's folder" in found.stderr
    assert "lodemap --allow-outside" in found.stderr
    found = CliRunner().invoke(main, ["--allow-outside", *call])
    assert found.exit_code == 0, found.stderr
    assert str(tmp_path / "mines.gpkg") in found.stdout
    out = tmp_path / "out"
    found = CliRunner().invoke(main, ["--allow-outside", "build", str(recipe), "--out", str(out)])
    assert found.exit_code == 0, found.stderr
    # One call is one call.
    assert CliRunner().invoke(main, call).exit_code == 2


@pytest.mark.parametrize(
    "path", ["https://example.org/a.csv", "/vsicurl/a.csv", "GPKG:a.csv", "a.zip!a.csv"]
)
def test_addresses_stay_refused_even_then(tmp_path, path):
    with outside_allowed(), pytest.raises(LayerError, match="path is"):
        load_record(table(tmp_path, path=path))


def test_a_plain_sub_folder_is_allowed(tmp_path):
    assert inside_folder("deep/a.csv", tmp_path) == tmp_path.resolve() / "deep" / "a.csv"


@pytest.mark.parametrize("text", ["a = [", "a = 1\na = 2"])
def test_what_is_no_toml_is_said_to_be_none(tmp_path, text):
    toml = tmp_path / "x.toml"
    toml.write_text(text)
    with pytest.raises(LayerError, match=r"x\.toml: is no TOML"):
        load_record(toml)


def test_a_folder_is_no_record(tmp_path):
    with pytest.raises(LayerError, match="cannot be read"):
        load_record(tmp_path)


def test_one_changed_byte_is_found(tmp_path):
    record = load_record(table(tmp_path))
    verify(record)
    data = bytearray(record.path.read_bytes())
    data[3] ^= 1
    record.path.write_bytes(bytes(data))
    with pytest.raises(LayerError) as caught:
        verify(record)
    assert "its bytes differ from the record" in str(caught.value)
    assert "restore it or run `make layers`" in str(caught.value)
    assert str(record.path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    record = load_record(table(tmp_path))
    record.path.unlink()
    with pytest.raises(LayerError, match=r"some-table\.csv: the file of layer .* is missing"):
        verify(record)


def test_a_file_is_hashed_once(tmp_path, monkeypatch):
    record = load_record(table(tmp_path))
    calls = []
    digest = record.sha256
    monkeypatch.setattr(
        "geo.catalogue.records.sha256_of", lambda path: calls.append(path) or digest
    )
    verify(record)
    verify(record)
    assert calls == [record.path]


def test_a_catalogue_is_sorted_and_knows_what_is_near(tmp_path):
    region = tmp_path / "somewhere"
    region.mkdir()
    for name in ("towns-here", "rivers-here"):
        table(region, name)
    catalogue = Catalogue.open(tmp_path)
    assert catalogue.ids() == tuple(catalogue) == ("rivers-here", "towns-here")
    assert len(catalogue) == 2
    assert catalogue["towns-here"].id == "towns-here"
    assert "towns-here" in catalogue
    with pytest.raises(LayerError) as caught:
        catalogue["town-here"]
    assert "'town-here'" in str(caught.value)
    assert "towns-here" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_faulty_record_does_not_hide_the_others(tmp_path):
    table(tmp_path, "good")
    table(tmp_path, "bad", licence=None)
    catalogue = Catalogue.open(tmp_path)
    assert catalogue.ids() == ("good",)
    assert "bad" in catalogue
    with pytest.raises(LayerError, match="licence is missing"):
        catalogue["bad"]
    assert [(f.id, f.level) for f in check(catalogue)] == [("bad", "error")]
    assert check(catalogue, "good") == []


def test_two_records_of_one_id_are_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        table(tmp_path / name, "same")
    with pytest.raises(LayerError, match="'same' has two records"):
        Catalogue.open(tmp_path)


def test_scripts_beside_the_layers_are_no_records(tmp_path):
    table(tmp_path, "good")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "__init__.py").touch()
    (tmp_path / "build" / "packages.toml").write_text("a = 1")
    assert Catalogue.open(tmp_path).ids() == ("good",)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(LayerError, match="no such folder"):
        Catalogue.open(tmp_path / "nowhere")


def test_the_layers_of_the_package_are_found():
    for folder in embedded_folders():
        assert folder.name == "layers"
    assert set(Catalogue.open().folders) == set(embedded_folders())


def test_records_need_no_gdal():
    heavy = "{'rasterio', 'pyogrio', 'pandas'}"
    code = f"import sys, geo.catalogue; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.gpkg", b"<OGRVRTDataSource/>", "first bytes"),
        ("a.tif", b"<VRTDataset/>", "first bytes"),
        ("a.tif", b"", "has 0 bytes"),
        ("a.vrt", b"<VRTDataset/>", "cannot read '.vrt' files"),
        ("a.geojson", b"version https", "first bytes"),
    ],
)
def test_the_bytes_must_be_what_the_ending_says(tmp_path, name, data, said):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(LayerError, match=said):
        driver_of(path)


def test_a_file_that_is_not_there_has_no_driver(tmp_path):
    with pytest.raises(LayerError, match="cannot be read"):
        driver_of(tmp_path / "a.tif")


def test_names_of_the_package_are_all_there():
    import geo.catalogue as package

    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing
