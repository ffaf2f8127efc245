"""What is fuzzed: good files to start from, and how each is read."""

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from pyproj import CRS
from rasterio.transform import from_origin
from shapely.geometry import LineString, MultiPolygon, Point, box

from geo.catalogue import load_record, read_raster, read_table, read_vector
from geo.catalogue.archives import layers_inside, members, unpack
from geo.catalogue.record_text import record_text
from geo.catalogue.records import Catalogue, embedded_folders
from geo.recipe import load_recipe
from geo.study.find import embedded_recipes


@dataclass(frozen=True)
class Target:
    """A reader: how its files are called, good ones, words of its format, and how it reads."""

    suffix: str
    seeds: Callable[[], Sequence[bytes]]
    tokens: tuple[bytes, ...]
    read: Callable[[Path, Path], None]
    writes: bool = False


def _record(path: Path, kind: str, **said: object) -> Path:
    fields = {
        "id": path.stem, "title": "T", "kind": kind, "path": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "licence": "CC0-1.0",
        "attribution": "nobody", "source": "made up", "retrieved": "2026-01-31",
        "quality": "compiled", "limits": "none", **said,
    }  # fmt: skip
    toml = path.with_suffix(".toml")
    toml.write_text(record_text(fields), "utf-8")
    return toml


def _vector(path: Path, _: Path) -> None:
    layer = "layer" if path.suffix == ".gpkg" else None
    record = load_record(_record(path, "vector", crs="EPSG:4326", layer=layer))
    filtered = path.suffix in (".gpkg", ".geojson") and path.stat().st_size % 2
    read_vector(record, where={"n": {"min": -1e300}} if filtered else None)


def _raster(path: Path, _: Path) -> None:
    read_raster(load_record(_record(path, "raster", crs="EPSG:4326", unit="m")))


def _table(path: Path, _: Path) -> None:
    columns = {"kt": {"unit": "kt", "description": "Tonnage"}}
    read_table(load_record(_record(path, "table", columns=columns)))


def _toml(path: Path, _: Path) -> None:
    load_record(path)


def _recipe(path: Path, _: Path) -> None:
    load_recipe(path, layers=_catalogue())


@cache
def _catalogue() -> Catalogue:
    return Catalogue.open()


def _zip(path: Path, out: Path) -> None:
    for name in layers_inside(path, members(path)):
        unpack(path, name, out, stem="thing")


def _frames() -> list[gpd.GeoDataFrame]:
    said = {"n": [1, 2, 3], "name": ["a", "ä日", None], "d": pd.to_datetime(["2020-01-01"] * 3)}
    hole = box(0, 0, 3, 3).difference(box(1, 1, 2, 2))
    shapes = [
        [Point(100, 45), Point(101, 46), Point(102, 47)],
        [LineString([(0, 0), (1, 1)]), LineString([(2, 2), (3, 1), (4, 4)]), None],
        [hole, MultiPolygon([box(5, 5, 6, 6), box(7, 7, 8, 8)]), box(9, 9, 10, 10)],
        [Point(1, 2, 3), Point(4, 5, 6), Point(7, 8, 9)],
    ]
    return [gpd.GeoDataFrame(said, geometry=one, crs=4326) for one in shapes]


def _written(suffix: str, driver: str, **options: object) -> list[bytes]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, frame in enumerate(_frames()):
            path = Path(folder) / f"mines{number}{suffix}"
            if driver != "GPKG":
                # Not every format can leave a shape out; GeoPackage shows how one is met.
                frame = frame[frame.geometry.notna()]
            frame.to_file(path, driver=driver, **options)
            found.append(path.read_bytes())
    return found


def _shapefiles() -> list[bytes]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, frame in enumerate(_frames()[:3]):
            place = Path(folder) / str(number)
            place.mkdir()
            # Without lines that have no shape: they are no fault, and not of interest here.
            frame[frame.geometry.notna()].to_file(place / "mines.shp", encoding="UTF-8")
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                for path in sorted(place.iterdir()):
                    archive.writestr(path.name, path.read_bytes())
            found.append(stream.getvalue())
    return found


def _parquet() -> list[bytes]:
    found = []
    for frame in _frames():
        for how in ("snappy", None):
            stream = io.BytesIO()
            frame.to_parquet(stream, compression=how, index=False)
            found.append(stream.getvalue())
    return found


def _gpx() -> list[bytes]:
    return [
        b'<?xml version="1.0"?>\n<gpx version="1.1" creator="x" '
        b'xmlns="http://www.topografix.com/GPX/1/1">\n<wpt lat="45" lon="100"><ele>3</ele>'
        b'<name>a</name></wpt>\n<wpt lat="46" lon="101"><name>b</name></wpt>\n</gpx>\n'
    ]


def _xlsx() -> list[bytes]:
    found = []
    frame = pd.DataFrame({"name": ["a", "b"], "kt": [1.5, None], "lon": [1.0, 2.0]})
    stream = io.BytesIO()
    frame.to_excel(stream, index=False)
    # Stored, not compressed, so that what is spoilt is the content.
    with zipfile.ZipFile(stream) as source:
        for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w", how) as archive:
                for name in source.namelist():
                    archive.writestr(name, source.read(name))
            found.append(target.getvalue())
    return found


def _netcdf() -> list[bytes]:
    import xarray as xr

    found = []
    heights = xr.DataArray(
        np.arange(12.0).reshape(3, 4),
        dims=("lat", "lon"),
        coords={"lat": [50.0, 49.0, 48.0], "lon": [100.0, 101.0, 102.0, 103.0]},
        name="height",
        attrs={"units": "m", "grid_mapping": "crs"},
    )
    heights.lat.attrs = {"units": "degrees_north", "standard_name": "latitude"}
    heights.lon.attrs = {"units": "degrees_east", "standard_name": "longitude"}
    dataset = heights.to_dataset()
    dataset["crs"] = ((), 0, {"grid_mapping_name": "latitude_longitude"})
    with tempfile.TemporaryDirectory() as folder:
        for kind in (np.float64, np.int16):
            path = Path(folder) / f"{kind.__name__}.nc"
            dataset.to_netcdf(path, engine="h5netcdf", encoding={"height": {"dtype": kind}})
            found.append(path.read_bytes())
    return found


def _ascii_grid(path: Path, _: Path) -> None:
    path.with_suffix(".prj").write_text(CRS.from_epsg(4326).to_wkt("WKT1_ESRI"), "utf-8")
    try:
        _raster(path, _)
    finally:
        path.with_suffix(".prj").unlink()


def _asc() -> list[bytes]:
    head = b"ncols 4\nnrows 3\nxllcorner 100\nyllcorner 45\ncellsize 0.5\nNODATA_value -9999\n"
    return [head + b"1 2 3 4\n5 6 7 8\n9 10 -9999 12\n", head + b"1.5 2e1 3 4 5 6 7 8 9 1 1 1\n"]


def _geojson() -> list[bytes]:
    return _written(".geojson", "GeoJSON")


def _gpkg() -> list[bytes]:
    return _written(".gpkg", "GPKG", layer="layer")


def _geotiff() -> list[bytes]:
    found = []
    for kind, options in (
        ("float32", {"compress": "deflate", "tiled": True, "blockxsize": 16, "blockysize": 16}),
        ("int16", {"nodata": -32768, "compress": "lzw"}),
        ("uint8", {"count": 3, "interleave": "pixel"}),
        ("float64", {"bigtiff": "yes", "predictor": 3, "compress": "zstd"}),
    ):
        with rasterio.MemoryFile() as memory:
            profile = {"count": 1, "nodata": None, **options}
            with memory.open(
                driver="GTiff", height=24, width=20, dtype=kind, crs="EPSG:4326",
                transform=from_origin(100, 50, 0.5, 0.5), **profile,
            ) as target:  # fmt: skip
                values = np.arange(24 * 20).reshape(24, 20) % 120
                target.write(np.stack([values.astype(kind)] * profile["count"]))
            found.append(memory.read())
    return found


def _csv() -> list[bytes]:
    return [
        b'name,kt,when\nMine A,1.5,2020-01-01\n"Mine, B",2e3,\nMine C,,2021-12-31\n',
        b'\xef\xbb\xbfname,kt\r\n\xc3\xa4,007\r\n"a""b",-1\r\n',
        b"lon,lat,kt\n100.5,45.25,3\n101,46,4\n",
    ]


def _tomls() -> list[bytes]:
    paths = [path for folder in embedded_folders() for path in sorted(folder.glob("m*/*.toml"))]
    return [path.read_bytes().replace(f'"{path.stem}"'.encode(), b'"case"', 1) for path in paths]


def _recipes() -> list[bytes]:
    return [path.read_bytes() for path in embedded_recipes().values()]


def _zips() -> list[bytes]:
    found = []
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", how) as archive:
            archive.writestr("deep/mines.csv", b"a,b\n1,2\n" * 50)
            for ending in (".shp", ".shx", ".dbf", ".prj"):
                archive.writestr(f"deep/mines{ending}", ending.encode() * 40)
        found.append(stream.getvalue())
    return found


_JSON = (
    b'"type"', b'"Feature"', b'"FeatureCollection"', b'"coordinates"', b'"geometry"', b'"crs"',
    b'"GeometryCollection"', b'"MultiPolygon"', b'"properties"', b'"urn:ogc:def:crs:EPSG::3857"',
)  # fmt: skip
_TOML = (
    b"kind", b"path", b'"raster"', b'"vector"', b"[columns]", b"[[theme]]", b"[study]", b"weight",
    b"value = ", b"{ linear = [] }", b"2026-13-45", b"= inf", b"= [1, 2", b'"""', b"valid_range",
    b'"m"', b'"USD/t"', b'"EPSG:99999"', b"where = { a = 1 }", b"{ low = 1, central = 0 }",
)  # fmt: skip
_SQL = (
    b"CREATE VIEW", b"CREATE TRIGGER", b"SELECT load_extension('x')", b"gpkg_contents", b"geom",
    b"ATTACH DATABASE", b"GP\x00\x01", b"POINT", b"gpkg_geometry_columns", b"RTREE",
)  # fmt: skip
_TIFF = (
    b"II*\x00", b"MM\x00*", b"\x00\x01\x03\x00", b"\x01\x01\x04\x00", b"\x53\x01", b"\xaf\x87",
    b"\x80\x84", b"\x0e\x83", b"<GDALMetadata>", b"\x01\xa4",
)  # fmt: skip
_ZIP = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"../x.csv", b".shp", b".csv")

_XML = (
    b"<!DOCTYPE x>", b"&lt;", b"</", b"<coordinates>", b"xlink:href", b"srsName", b"<![CDATA[",
    b"<NetworkLink>", b"<gml:pos>", b"&#0;", b"urn:ogc:def:crs:EPSG::4326",
)  # fmt: skip

TARGETS: dict[str, Target] = {
    "geojson": Target(".geojson", _geojson, _JSON, _vector),
    "csv": Target(".csv", _csv, (b",", b";", b"\t", b'"', b"\n", b"1.234,5"), _table),
    "gpkg": Target(".gpkg", _gpkg, _SQL, _vector),
    "geotiff": Target(".tif", _geotiff, _TIFF, _raster),
    "record": Target(".toml", _tomls, _TOML, _toml),
    "recipe": Target(".toml", _recipes, _TOML, _recipe),
    "zip": Target(".zip", _zips, _ZIP, _zip, writes=True),
    "shapefile": Target(".zip", _shapefiles, (*_ZIP, b"\x00\x00\x27\x0a", b"GEOGCS["), _vector),
    "flatgeobuf": Target(".fgb", partial(_written, ".fgb", "FlatGeobuf"), (b"fgb\x03",), _vector),
    "parquet": Target(".parquet", _parquet, (b"PAR1", b'"encoding"', b"WKB", b"geo"), _vector),
    "kml": Target(".kml", partial(_written, ".kml", "KML"), _XML, _vector),
    "gml": Target(".gml", partial(_written, ".gml", "GML", FORMAT="GML3.2"), _XML, _vector),
    "gpx": Target(".gpx", _gpx, (*_XML, b"<wpt", b"<trk>"), _vector),
    "xlsx": Target(".xlsx", _xlsx, (*_ZIP, *_XML, b"<c r=", b"<row"), _table),
    "netcdf": Target(".nc", _netcdf, (b"\x89HDF", b"_FillValue", b"scale_factor"), _raster),
    "asciigrid": Target(".asc", _asc, (b"ncols", b"cellsize", b"NODATA_value"), _ascii_grid),
}
