"""Items beside results and the exported catalogue are STAC, and say what the files say."""

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pystac
import pytest
import rasterio
from click.testing import CliRunner
from small_world import small_world
from stac_schemas import EXTENSIONS, faults

from geo.catalogue import Catalogue
from geo.cli import main
from geo.errors import LayerError, OutputError
from geo.publish.stac import write_catalogue
from geo.publish.stacitem import licence


@pytest.fixture(scope="module")
def item(coarse_folder: Path) -> dict[str, Any]:
    return json.loads((coarse_folder / "item.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stac") / "out"
    found = CliRunner().invoke(main, ["layers", "stac", "--out", str(out)])
    assert found.exit_code == 0, found.output
    assert found.stdout.strip() == str(out / "catalog.json")
    return out


def test_the_item_of_a_result_is_valid(item):
    assert faults(item) == []
    assert sorted(item["stac_extensions"]) == sorted(EXTENSIONS)


def test_the_item_names_every_file_with_its_digest(item, coarse_folder):
    files = {path.name for path in coarse_folder.iterdir() if path.suffix != ".qml"}
    assert set(item["assets"]) == files - {"item.json"}
    for name, said in item["assets"].items():
        assert said["href"] == f"./{name}"
        if name != "provenance.json":
            data = (coarse_folder / name).read_bytes()
            assert said["file:size"] == len(data)
            assert said["file:checksum"] == "1220" + hashlib.sha256(data).hexdigest()
    provenance = json.loads((coarse_folder / "provenance.json").read_text("utf-8"))
    assert "item.json" in provenance["outputs"]


def test_rasters_of_the_item_are_those_of_the_files(item, coarse_folder):
    rasters = [name for name in item["assets"] if name.endswith(".tif")]
    assert rasters
    for name in rasters:
        said = item["assets"][name]
        with rasterio.open(coarse_folder / name) as source:
            assert said["proj:shape"] == list(source.shape)
            assert said["proj:transform"] == list(source.transform)[:6]
            assert [band["data_type"] for band in said["raster:bands"]] == list(source.dtypes)
            assert said["raster:bands"][0].get("nodata") in ("nan", source.nodata)
    assert item["properties"]["proj:shape"] == item["assets"]["copper-score.tif"]["proj:shape"]


def test_the_table_of_the_item_is_that_of_the_sites(item, coarse_folder):
    sites = gpd.read_parquet(coarse_folder / "sites.parquet")
    assert item["properties"]["table:row_count"] == len(sites)
    names = {column["name"] for column in item["properties"]["table:columns"]}
    assert names - {"theme"} <= set(sites.columns)
    assert {"rank", "site_id", "score", "geometry"} <= names


def test_the_item_knows_place_and_time(item, coarse):
    west, south, east, north = item["bbox"]
    assert (west, south, east, north) == pytest.approx(
        coarse.content.region.to_crs(4326).total_bounds, abs=1e-6
    )
    assert item["properties"]["datetime"] is None
    days = [record.retrieved.isoformat() for record in coarse.content.records]
    assert item["properties"]["start_datetime"] == f"{min(days)}T00:00:00Z"
    assert item["properties"]["end_datetime"] == f"{max(days)}T00:00:00Z"


def test_pystac_reads_the_item(coarse_folder):
    found = pystac.Item.from_file(str(coarse_folder / "item.json"))
    assert found.ext.has("proj")
    assert found.ext.has("raster")
    assert found.ext.has("table")
    assert Path(found.assets["index.html"].get_absolute_href() or "").is_file()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda item: item.pop("id"),
        lambda item: item["properties"].pop("datetime"),
        lambda item: item["properties"].pop("start_datetime"),
        lambda item: item.pop("bbox"),
        lambda item: item["properties"].update({"proj:code": 4326}),
        lambda item: item["properties"].update({"proj:shape": [1.5, 2]}),
        lambda item: item["properties"].update({"proj:epsg": 4326}),
        lambda item: item["properties"].pop("table:columns"),
        lambda item: item["assets"]["index.html"].update({"file:size": -1}),
        lambda item: item["assets"]["index.html"].update({"file:checksum": "12"}),
        lambda item: item["assets"]["copper-score.tif"]["raster:bands"][0].update(nodata="none"),
        lambda item: item["assets"]["copper-score.tif"].update({"raster:bands": []}),
        lambda item: item["assets"]["copper-score.tif"].pop("href"),
    ],
)
def test_the_schemas_find_what_is_wrong(item, spoil: Callable[[dict[str, Any]], object]):
    spoilt = copy.deepcopy(item)
    spoil(spoilt)
    assert faults(spoilt)


def test_the_exported_catalogue_is_valid_and_whole(exported):
    root = json.loads((exported / "catalog.json").read_text("utf-8"))
    assert faults(root) == []
    found = pystac.Catalog.from_file(str(exported / "catalog.json"))
    items = list(found.get_items())
    catalogue = Catalogue.open()
    assert {one.id for one in items} == set(catalogue.ids())
    for one in items:
        said = json.loads((exported / one.id / f"{one.id}.json").read_text("utf-8"))
        assert faults(said) == []
        record = catalogue[one.id]
        copied = exported / one.id / record.path.name
        assert hashlib.sha256(copied.read_bytes()).hexdigest() == record.sha256
        assert said["assets"]["data"]["file:checksum"] == f"1220{record.sha256}"
        assert said["properties"]["description"] == record.limits
        assert one.get_root() is not None
        if record.kind != "table":
            assert said["properties"]["proj:code"] == record.crs
        if record.kind == "raster":
            assert said["assets"]["data"]["raster:bands"][0]["unit"] == record.unit


def test_nothing_in_it_leads_out_of_the_folder(exported):
    for path in exported.rglob("*.json"):
        for value in _hrefs(json.loads(path.read_text("utf-8"))):
            if "://" in value:
                continue
            assert (path.parent / value).resolve().is_relative_to(exported.resolve())
            assert (path.parent / value).is_file()


def _hrefs(said: object) -> list[str]:
    if isinstance(said, dict):
        own = [said["href"]] if isinstance(said.get("href"), str) else []
        return own + [one for value in said.values() for one in _hrefs(value)]
    return [one for value in said for one in _hrefs(value)] if isinstance(said, list) else []


def test_exporting_again_gives_the_same_bytes(tmp_path):
    catalogue = Catalogue.open()
    ids = ("relief", "ports", "prices")
    roots = [write_catalogue(catalogue, tmp_path / name, ids).parent for name in "ab"]
    trees = [
        {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in roots
    ]
    assert trees[0] == trees[1]
    write_catalogue(catalogue, tmp_path / "a", ids[:1])
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "catalog.json", "provenance.json", "relief",
    ]  # fmt: skip


def test_layers_of_a_recipe_are_exported(tmp_path):
    recipe = small_world(tmp_path / "world")
    out = tmp_path / "out"
    found = CliRunner().invoke(
        main, ["layers", "stac", "mines", "ground", "--recipe", str(recipe), "--out", str(out)]
    )
    assert found.exit_code == 0, found.output
    said = json.loads((out / "mines" / "mines.json").read_text("utf-8"))
    assert faults(said) == []
    assert said["bbox"] == [101.0, 46.0, 103.0, 47.0]
    assert said["properties"]["table:row_count"] == 3
    ground = json.loads((out / "ground" / "ground.json").read_text("utf-8"))
    assert ground["bbox"] == pytest.approx([99.5, 44.5, 104.5, 48.5])
    assert ground["assets"]["data"]["raster:bands"] == [
        {"data_type": "float32", "nodata": "nan", "unit": "m"}
    ]


def test_a_broken_layer_exports_nothing(tmp_path):
    recipe = small_world(tmp_path / "world")
    layers = recipe.parent / "layers"
    (layers / "mines.gpkg").unlink()
    with pytest.raises(LayerError, match="mines"):
        write_catalogue(Catalogue.open(layers), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "diary.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"diary\.txt"):
        write_catalogue(Catalogue.open(), tmp_path / "out", ["ports"])
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["diary.txt"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CC BY 4.0", "CC-BY-4.0"),
        ("ODbL 1.0: a database derived from it must be shared alike", "ODbL-1.0"),
        ("BSD-3-Clause (the compilation); single facts are free", "BSD-3-Clause"),
        ("Public domain", "other"),
        ("", "other"),
    ],
)
def test_licences_have_their_spdx_name_or_none(text, name):
    assert licence(text) == name
