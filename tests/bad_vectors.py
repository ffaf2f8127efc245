"""Makers of bad vector files, tables and archives: each writes one file and gives its path.

Nothing here is copied from anywhere: every file is made from a few good points.
"""

import json
import shutil
import sqlite3
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

Maker = Callable[[Path], Path]

PLACES = [(106.917, 47.918), (105.0, 46.0), (100.5, 45.25)]
NAMES = ["Улаанбаатар", "Эрдэнэт", "Khovd"]
KML = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">{}</kml>'
GML = (
    '<f:FeatureCollection xmlns:f="http://example.org/f" '
    'xmlns:gml="http://www.opengis.net/gml/3.2"{}>{}</f:FeatureCollection>'
)
GPX = (
    '<?xml version="1.0"?><gpx version="1.1" creator="t" '
    'xmlns="http://www.topografix.com/GPX/1/1">{}</gpx>'
)
MARK = "<Placemark><name>a</name><Point><coordinates>{}</coordinates></Point></Placemark>"


def points(**changes: Any) -> gpd.GeoDataFrame:
    """Three good points; `changes` are columns, ``geometry`` or ``crs``."""
    shapes = changes.pop("geometry", [Point(*place) for place in PLACES])
    crs = changes.pop("crs", "EPSG:4326")
    columns = {"name": NAMES, "kt": [1.5, 2.5, 3.5], **changes}
    return gpd.GeoDataFrame(
        {key: value[: len(shapes)] for key, value in columns.items()}, geometry=shapes, crs=crs
    )


def text(name: str, content: str | bytes) -> Maker:
    """A file of some text or bytes."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties or {"n": 1}, "geometry": geometry}


def geojson(*geometries: Any, name: str = "a.geojson", **members: Any) -> Maker:
    """A GeoJSON file of some geometries, given as dicts."""
    whole = {
        "type": "FeatureCollection",
        "features": [feature(one, n=i) for i, one in enumerate(geometries)],
        **members,
    }
    return text(name, json.dumps(whole))


def point(*ordinates: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(ordinates)}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def written(name: str, frame: gpd.GeoDataFrame, **options: Any) -> Maker:
    """A file that pyogrio (or Arrow) writes."""

    def make(folder: Path) -> Path:
        path = folder / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if path.suffix == ".parquet":
                frame.to_parquet(path, **options)
            else:
                pyogrio.write_dataframe(frame, path, **options)
        return path

    return make


def patched(maker: Maker, change: Callable[[bytearray], bytes | bytearray]) -> Maker:
    """Another maker's file with its bytes changed."""

    def make(folder: Path) -> Path:
        path = maker(folder)
        path.write_bytes(bytes(change(bytearray(path.read_bytes()))))
        return path

    return make


def cut(maker: Maker, share: float) -> Maker:
    return patched(maker, lambda data: data[: int(len(data) * share)])


def gpkg(*statements: str, frame: gpd.GeoDataFrame | None = None) -> Maker:
    """A GeoPackage after some SQL."""
    good = written("a.gpkg", points() if frame is None else frame, layer="a", driver="GPKG")

    def make(folder: Path) -> Path:
        path = good(folder)
        database = sqlite3.connect(path)
        database.create_function("ST_IsEmpty", 1, lambda _: 0)
        for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            database.create_function(name, 1, lambda _: 0.0)
        for statement in statements:
            database.execute(statement)
        database.commit()
        database.close()
        return path

    return make


def shapefile(
    frame: gpd.GeoDataFrame | None = None,
    *,
    without: tuple[str, ...] = (),
    encoding: str | None = "UTF-8",
    page: str | None = None,
    change: Callable[[Path], None] | None = None,
) -> Maker:
    """A Shapefile without some of its parts, or with one of them changed."""

    def make(folder: Path) -> Path:
        path = folder / "a.shp"
        whole = points() if frame is None else frame
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pyogrio.write_dataframe(whole, path, driver="ESRI Shapefile", encoding=encoding)
        if page is not None:
            path.with_suffix(".cpg").write_text(page)
        for ending in without:
            path.with_suffix(ending).unlink()
        if ".cpg" in without:
            set_byte(path.with_suffix(".dbf"), 29, 0)
        if change is not None:
            change(path)
        return path

    return make


def set_byte(path: Path, at: int, value: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] = value
    path.write_bytes(bytes(data))


def archive(
    *members: tuple[str, bytes], name: str = "a.zip", change: Callable[[Path], None] | None = None
) -> Maker:
    """A zip archive of some members."""

    def make(folder: Path) -> Path:
        path = folder / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
                for inner, data in members:
                    packed.writestr(zipfile.ZipInfo(inner), data, zipfile.ZIP_DEFLATED)
        if change is not None:
            change(path)
        return path

    return make


GOOD_JSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [feature(point(*place), n=i) for i, place in enumerate(PLACES)],
    }
).encode()


def linked(folder: Path) -> Path:
    path = folder / "a.zip"
    entry = zipfile.ZipInfo("a.geojson")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(entry, "/etc/passwd")
    return path


def zipped_shapefile(folder: Path) -> Path:
    inner = folder / "in"
    inner.mkdir()
    shp = shapefile()(inner)
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for part in sorted(shp.parent.iterdir()):
            packed.write(part, f"layers/{part.name}")
    return path


def workbook(*rows: list[Any], sheets: tuple[str, ...] = ("Sheet",)) -> Maker:
    """An Excel workbook whose first sheet has some rows."""

    def make(folder: Path) -> Path:
        book = openpyxl.Workbook()
        first = book.active
        first.title = sheets[0]
        for row in rows:
            first.append(row)
        for name in sheets[1:]:
            book.create_sheet(name).append(["x"])
        path = folder / "a.xlsx"
        book.save(path)
        return path

    return make


def rezipped(maker: Maker, change: Callable[[str, bytes], bytes]) -> Maker:
    """Another maker's zip with its members changed."""

    def make(folder: Path) -> Path:
        path = maker(folder)
        with zipfile.ZipFile(path) as packed:
            members = [(one.filename, packed.read(one)) for one in packed.infolist()]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in members:
                packed.writestr(name, change(name, data))
        return path

    return make


def parquet(change: Callable[[dict[str, Any]], None] | None) -> Maker:
    """A GeoParquet file whose ``geo`` metadata were changed; None takes them out."""

    def make(folder: Path) -> Path:
        import pyarrow.parquet as pq

        path = folder / "a.parquet"
        points().to_parquet(path)
        table = pq.read_table(path)
        metadata = dict(table.schema.metadata)
        if change is None:
            del metadata[b"geo"]
        else:
            geo = json.loads(metadata[b"geo"])
            change(geo)
            metadata[b"geo"] = json.dumps(geo).encode()
        pq.write_table(table.replace_schema_metadata(metadata), path)
        return path

    return make


BOW = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
BLOB_ARC = struct.pack("<BII", 1, 8, 3) + np.array([0, 0, 1, 1, 2, 0], "<f8").tobytes()


def arc(folder: Path) -> Path:
    """A GeoPackage with one circular string."""
    path = gpkg()(folder)
    database = sqlite3.connect(path)
    drop_triggers(database)
    blob = b"GP\x00\x01" + struct.pack("<i", 4326) + BLOB_ARC
    database.execute("UPDATE a SET geom = ? WHERE fid = 1", (blob,))
    database.commit()
    database.close()
    return path


def blob(data: bytes) -> Maker:
    """A GeoPackage whose second geometry is some bytes."""

    def make(folder: Path) -> Path:
        path = gpkg()(folder)
        database = sqlite3.connect(path)
        drop_triggers(database)
        database.execute("UPDATE a SET geom = ? WHERE fid = 2", (data,))
        database.commit()
        database.close()
        return path

    return make


def drop_triggers(database: sqlite3.Connection) -> None:
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in found:
        database.execute(f'DROP TRIGGER "{name}"')


def two_layers(folder: Path) -> Path:
    path = written("a.gpkg", points(), layer="a", driver="GPKG")(folder)
    pyogrio.write_dataframe(points(), path, layer="b", driver="GPKG", append=True)
    return path


def second_layer_broken(folder: Path) -> Path:
    """Two layers, of which a geometry of the second is cut off."""
    path = two_layers(folder)
    database = sqlite3.connect(path)
    drop_triggers(database)
    database.execute("UPDATE b SET geom = substr(geom, 1, 12) WHERE rowid = 2")
    database.commit()
    database.close()
    return path


def deep(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = point(1, 1)
    for _ in range(depth):
        found = {"type": "GeometryCollection", "geometries": [found]}
    return found


def z_points() -> list[Any]:
    return [Point(*place, 1300) for place in PLACES]


def nested_multi() -> MultiPolygon:
    return MultiPolygon([box(0, 0, 2, 2), box(1, 1, 3, 3)])


def crossing() -> gpd.GeoDataFrame:
    lines = [LineString([(100, 45), (102, 47)]), LineString([(100, 47), (102, 45)])]
    return gpd.GeoDataFrame({"n": [1, 2]}, geometry=lines, crs=4326)


def csv_table(*lines: str, name: str = "a.csv", encoding: str = "utf-8") -> Maker:
    return text(name, ("\n".join(lines) + "\n").encode(encoding))


def topology(**changes: Any) -> Maker:
    whole = {
        "type": "Topology",
        "objects": {
            "a": {"type": "GeometryCollection",
                  "geometries": [{"type": "LineString", "arcs": [0], "properties": {"n": 1}}]}
        },
        "arcs": [[[100, 45], [101, 46]]],
        **changes,
    }  # fmt: skip
    return text("a.topojson", json.dumps(whole))


def empty_shapes() -> gpd.GeoDataFrame:
    return points(geometry=[Point(*PLACES[0]), Point(), None])


def is_valid(frame: gpd.GeoDataFrame) -> bool:
    return bool(shapely.is_valid(frame.geometry.to_numpy()).all())


def unsettled(folder: Path) -> Path:
    """A GeoPackage whose last changes wait in a write-ahead log."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    source = gpkg()(elsewhere)
    database = sqlite3.connect(source)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("UPDATE gpkg_contents SET description = 'changed'")
    database.commit()
    for ending in ("", "-wal"):
        shutil.copy(f"{source}{ending}", folder / f"a.gpkg{ending}")
    database.close()
    shutil.rmtree(elsewhere)
    return folder / "a.gpkg"


def merged_cells(folder: Path) -> Path:
    """A workbook in which one cell reaches over two rows."""
    import openpyxl

    path = workbook(["id", "v"], [1, 2], [3, 4])(folder)
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("A2:A3")
    book.save(path)
    return path
