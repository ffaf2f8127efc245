"""Raster files that people bring, each with one thing wrong: how to make it and what must be said.

`CASES` is a table of (name, maker, level, code). A maker gets the path to write. The level is
that of the gravest finding, None where the file must be read without a remark.
"""

import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

Maker = Callable[[Path], None]

UTM = from_origin(600_000, 5_310_000, 30, 30)
DEGREES = from_origin(100, 50, 0.5, 0.5)
GROUND = (np.arange(400, dtype=np.float32).reshape(20, 20) * 3 + 700) / 2


class Case(NamedTuple):
    name: str
    make: Maker
    level: str | None
    code: str = ""


def tiff(
    values=GROUND, *, crs="EPSG:32648", transform=UTM, nodata=None, after=None, driver="GTiff",
    **options,
) -> Maker:  # fmt: skip
    cube = values if values.ndim == 3 else values[None]

    def make(path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with rasterio.open(
                path, "w", driver=driver, count=len(cube), height=cube.shape[1],
                width=cube.shape[2], dtype=cube.dtype, crs=crs, transform=transform,
                nodata=nodata, **options,
            ) as target:  # fmt: skip
                target.write(cube)
                if after:
                    after(target)

    return make


def text(content: str) -> Maker:
    return lambda path: path.write_text(content, "utf-8")


def data(content: bytes) -> Maker:
    return lambda path: path.write_bytes(content)


def with_values(count: int, value: float, kind=np.float32) -> np.ndarray:
    """The ground with some cells replaced."""
    values = GROUND.astype(kind)
    values.ravel()[:count] = value
    return values


def changed(maker: Maker, change: Callable[[bytearray], bytes | bytearray]) -> Maker:
    """A file with other bytes."""

    def make(path: Path) -> None:
        maker(path)
        path.write_bytes(change(bytearray(path.read_bytes())))

    return make


def beside(maker: Maker, ending: str, content: str) -> Maker:
    def make(path: Path) -> None:
        maker(path)
        path.with_name(path.name + ending).write_text(content, "utf-8")

    return make


def entry(raw: bytearray, tag: int) -> int:
    """Place of a tag's entry in the first directory of a little-endian TIFF."""
    start = struct.unpack("<I", raw[4:8])[0]
    count = struct.unpack("<H", raw[start : start + 2])[0]
    places = [start + 2 + 12 * number for number in range(count)]
    return next(at for at in places if struct.unpack("<H", raw[at : at + 2])[0] == tag)


def set_tag(tag: int, kind: int, count: int, value: int) -> Callable[[bytearray], bytearray]:
    def change(raw: bytearray) -> bytearray:
        at = entry(raw, tag)
        raw[at : at + 12] = struct.pack("<HHII", tag, kind, count, value)
        return raw

    return change


def looped(raw: bytearray) -> bytearray:
    start = struct.unpack("<I", raw[4:8])[0]
    count = struct.unpack("<H", raw[start : start + 2])[0]
    raw[start + 2 + 12 * count :][:4] = raw[4:8]
    at = start + 2 + 12 * count
    raw[at : at + 4] = raw[4:8]
    return raw


def flipped(raw: bytearray) -> bytearray:
    """Turn over some bits in the middle of the last block."""
    for at in range(len(raw) - 60, len(raw) - 40):
        raw[at] ^= 0x55
    return raw


def bomb(width: int, height: int) -> bytes:
    """A TIFF of a few bytes that says it is enormous."""
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, 20),
    ]
    packed = zlib.compress(b"\0" * 64)[:20].ljust(20, b"\0")
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 28) + packed + body + b"\0\0\0\0"


def stale(path: Path) -> None:
    big = np.random.default_rng(3).random((256, 256), dtype=np.float32)
    tiff(big, tiled=True, blockxsize=64, blockysize=64)(path)
    with rasterio.open(path, "r+") as target:
        target.build_overviews([2, 4])
    with rasterio.open(path, "r+") as target:
        target.write(big + 50, 1)


def fresh(path: Path) -> None:
    big = np.random.default_rng(3).random((256, 256), dtype=np.float32)
    tiff(big, tiled=True, blockxsize=64, blockysize=64)(path)
    with rasterio.open(path, "r+") as target:
        target.build_overviews([2, 4], rasterio.enums.Resampling.cubic)


def two_pages(path: Path) -> None:
    tiff(GROUND)(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(
            path, "w", driver="GTiff", count=1, height=20, width=20, dtype="float32",
            crs="EPSG:32648", transform=UTM, APPEND_SUBDATASET="YES",
        ) as target:  # fmt: skip
            target.write(GROUND, 1)


def painted(target) -> None:
    target.write_colormap(1, {0: (0, 0, 0, 255), 1: (255, 0, 0, 255)})
    target.colorinterp = [ColorInterp.palette]


def scaled(target) -> None:
    target.scales, target.offsets = (0.1,), (-5.0,)


def unscaled(target) -> None:
    target.scales = (0.0,)


def masked(target) -> None:
    target.write_mask(np.where(GROUND > 400, 255, 0).astype(np.uint8))


def in_feet(target) -> None:
    target.units = ("K",)


def controlled(target) -> None:
    corners = [(0, 0), (0, 20), (20, 0), (20, 20)]
    target.gcps = (
        [GroundControlPoint(row, col, 100 + col, 50 - row) for row, col in corners],
        "EPSG:4326",
    )


def grid(values=None, *, lat=None, lon=None, name="tas", attrs=None, **more) -> xr.Dataset:
    """A dataset on latitudes and longitudes."""
    lat = np.arange(50, 40, -1.0) if lat is None else np.asarray(lat)
    lon = np.arange(100, 112, 1.0) if lon is None else np.asarray(lon)
    if values is None:
        values = np.arange(lat.size * lon.size, dtype=np.float32).reshape(lat.size, lon.size)
    found = xr.Dataset({name: (("lat", "lon"), values, attrs or {})})
    found["lat"] = ("lat", lat, {"units": "degrees_north", "standard_name": "latitude"})
    found["lon"] = ("lon", lon, {"units": "degrees_east", "standard_name": "longitude"})
    for key, value in more.items():
        found[key] = value
    return found


def netcdf(dataset: xr.Dataset, engine: str = "h5netcdf", **encoding) -> Maker:
    def make(path: Path) -> None:
        plain = {name: {"_FillValue": None} for name in dataset.variables}
        plain |= encoding
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset.to_netcdf(path, engine=engine, encoding=plain)

    return make


def zarr(dataset: xr.Dataset) -> Maker:
    def make(path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset.to_zarr(path, consolidated=True)

    return make


def chunk_lost(path: Path) -> None:
    zarr(grid().chunk({"lat": 5, "lon": 6}))(path)
    chunks = [one for one in path.rglob("*") if one.is_file() and one.name[0] in "01"]
    next(one for one in sorted(chunks) if "tas" in one.parts).unlink()


def timed(units: str = "days since 2020-01-01", calendar: str = "standard") -> xr.Dataset:
    cube = np.arange(3 * 10 * 12, dtype=np.float32).reshape(3, 10, 12)
    found = grid()
    found["tas"] = (("time", "lat", "lon"), cube, {"units": "mm"})
    found["time"] = ("time", [0.0, 31.0, 60.0], {"units": units, "calendar": calendar})
    return found


def curvilinear() -> xr.Dataset:
    y, x = np.mgrid[0:4, 0:5]
    found = xr.Dataset({"tas": (("j", "i"), np.zeros((4, 5)), {"coordinates": "lat lon"})})
    found["lat"] = (("j", "i"), 40 + y + 0.1 * x, {"units": "degrees_north"})
    found["lon"] = (("j", "i"), 100 + x + 0.1 * y, {"units": "degrees_east"})
    return found


def projected() -> xr.Dataset:
    from pyproj import CRS

    found = xr.Dataset(
        {"h": (("y", "x"), np.arange(30.0).reshape(5, 6), {"grid_mapping": "crs", "units": "m"})}
    )
    found["y"] = ("y", 5300.0 - np.arange(5), {"units": "km", "axis": "Y"})
    found["x"] = ("x", 500.0 + np.arange(6), {"units": "km", "axis": "X"})
    found["crs"] = ((), 0, CRS.from_epsg(32648).to_cf())
    return found


def external(path: Path) -> None:
    with h5py.File(path.with_name("other.h5"), "w") as other:
        other["values"] = np.zeros((3, 3))
    with h5py.File(path, "w") as file:
        file["here"] = h5py.ExternalLink("other.h5", "/values")


def virtual(path: Path) -> None:
    layout = h5py.VirtualLayout(shape=(3, 3), dtype="f8")
    layout[:] = h5py.VirtualSource("other.h5", "values", shape=(3, 3))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("here", layout)


def swollen(path: Path) -> None:
    """A NetCDF file of some kilobytes that says it holds 80 GB."""
    with h5py.File(path, "w") as file:
        for name, units in (("lat", b"degrees_north"), ("lon", b"degrees_east")):
            file[name] = np.linspace(0, 50, 100_000)
            file[name].attrs["units"] = units
            file[name].make_scale(name)
        one = file.create_dataset("h", (100_000, 100_000), "f8", chunks=(500, 500))
        one.dims[0].attach_scale(file["lat"])
        one.dims[1].attach_scale(file["lon"])


def ascii_grid(
    rows: str = "1 2 3\n4 5 6\n", *, head: str = "ncols 3\nnrows 2\n", place: str | None = None,
    prj: str | None = "EPSG:32648",
) -> Maker:  # fmt: skip
    placed = "xllcorner 600000\nyllcorner 5300000\ncellsize 30\n" if place is None else place

    def make(path: Path) -> None:
        path.write_text(head + placed + "NODATA_value -9999\n" + rows, "ascii")
        if prj is not None:
            wkt = rasterio.crs.CRS.from_user_input(prj).to_wkt(version="WKT1_ESRI")
            path.with_suffix(".prj").write_text(wkt, "ascii")

    return make


LOCAL = 'LOCAL_CS["WGS 84 / UTM zone 48N",UNIT["metre",1]]'
SINE = np.sin(np.arange(400, dtype=np.float32)).reshape(20, 20)

CASES = [
    # Read as they are.
    Case("plain.tif", tiff(), None),
    Case("plain.tiff", tiff(), None),
    Case("big.tif", tiff(BIGTIFF="YES"), None),
    Case("big-endian.tif", tiff(ENDIANNESS="BIG"), None),
    Case(
        "tiled-deflate.tif",
        tiff(tiled=True, blockxsize=16, blockysize=16, compress="deflate"),
        None,
    ),
    Case("lzw-predictor.tif", tiff(compress="lzw", predictor=3), None),
    Case("zstd.tif", tiff(compress="zstd"), None),
    Case("packbits.tif", tiff(GROUND.astype(np.int16), compress="packbits"), None),
    Case("bands-apart.tif", tiff(np.stack([GROUND, GROUND + 1]), interleave="band"), None),
    Case("one-bit.tif", tiff((GROUND > 500).astype(np.uint8), NBITS=1), None),
    Case("declared-nodata.tif", tiff(with_values(40, -9999), nodata=-9999), None),
    Case("declared-nan.tif", tiff(with_values(40, np.nan), nodata=np.nan), None),
    Case("undeclared-nan.tif", tiff(with_values(40, np.nan)), None),
    Case("south-up.tif", tiff(transform=from_origin(600_000, 5_309_400, 30, -30)), None),
    Case("mirrored.tif", tiff(transform=Affine(-30, 0, 600_600, 0, -30, 5_310_000)), None),
    Case("point.tif", tiff(after=lambda target: target.update_tags(AREA_OR_POINT="Point")), None),
    Case("scaled.tif", tiff(GROUND.astype(np.int16), after=scaled), None),
    Case("internal-mask.tif", tiff(after=masked, GDAL_TIFF_INTERNAL_MASK="YES"), None),
    Case(
        "from-0-to-360.tif",
        tiff(GROUND, crs="EPSG:4326", transform=from_origin(0, 90, 18, 9)),
        None,
    ),
    Case(
        "pole-centres.tif",
        tiff(GROUND[:19], crs="EPSG:4326", transform=from_origin(-180, 95, 18, 10)),
        None,
    ),
    Case("fresh-overviews.tif", fresh, None),
    Case("plain.img", tiff(driver="HFA"), None),
    Case("plain.asc", ascii_grid(), None),
    Case(
        "centre.asc", ascii_grid(place="xllcenter 600015\nyllcenter 5300015\ncellsize 30\n"), None
    ),
    Case("late-decimals.asc", ascii_grid("1 2 3\n4 5 6.75\n"), None),
    Case("plain.nc", netcdf(grid()), None),
    Case("classic.nc", netcdf(grid(), engine="scipy"), None),
    Case("south-first.nc", netcdf(grid(lat=np.arange(40, 50, 1.0))), None),
    Case(
        "from-zero.nc",
        netcdf(grid(lat=np.arange(-75, 90, 15.0), lon=np.arange(0, 360, 30.0))),
        None,
    ),
    Case(
        "packed.nc",
        netcdf(grid(), tas={"dtype": "int16", "scale_factor": 0.01, "_FillValue": -32768}),
        None,
    ),
    Case("dates.nc", netcdf(timed()), None),
    Case("projected.nc", netcdf(projected()), None),
    Case("plain.zarr", zarr(grid()), None),
    # Warned of.
    Case(
        "nodata-beyond-type.tif",
        changed(
            tiff(GROUND.astype(np.uint8), nodata=255), lambda raw: raw.replace(b"255\0", b"-99\0")
        ),
        "warning",
        "nodata-outside-type",
    ),
    Case("undeclared-9999.tif", tiff(with_values(40, -9999)), "warning", "nodata-undeclared"),
    Case(
        "undeclared-32768.tif",
        tiff(with_values(40, -32768, np.int16)),
        "warning",
        "nodata-undeclared",
    ),
    Case(
        "undeclared-lowest.tif",
        tiff(with_values(40, np.finfo(np.float32).min)),
        "warning",
        "nodata-undeclared",
    ),
    Case("undeclared-1e20.tif", tiff(with_values(40, 1e20)), "warning", "nodata-undeclared"),
    Case(
        "undeclared-255.tif",
        tiff(
            with_values(40, 255, np.float32) % 256 // 4
            + (np.arange(400).reshape(20, 20) < 40) * 192
        ),
        "warning",
        "nodata-undeclared",
    ),
    Case("mostly-zero.tif", tiff(with_values(300, 0)), "warning", "repeated-extreme"),
    Case(
        "feet.tif",
        tiff(crs="EPSG:2263", transform=from_origin(980_000, 200_000, 30, 30)),
        "warning",
        "crs-unit",
    ),
    Case("constant.tif", tiff(np.full((20, 20), 5, np.float32)), "warning", "constant"),
    Case(
        "picture-colours.tif",
        tiff((np.stack([GROUND] * 3) % 251).astype(np.uint8), photometric="RGB"),
        "warning",
        "picture",
    ),
    Case("chunk-lost.zarr", chunk_lost, "warning", "chunks-missing"),
    Case("one-cell.tif", tiff(GROUND[:1, :1]), "warning", "too-small"),
    Case(
        "oblong.tif",
        tiff(transform=from_origin(600_000, 5_310_000, 30, 60)),
        "warning",
        "not-square",
    ),
    Case(
        "half-a-cell.tif",
        tiff(transform=from_origin(600_015, 5_310_015, 30, 30)),
        "warning",
        "half-cell",
    ),
    Case(
        "rotated.tif",
        tiff(transform=Affine(25, 10, 600_000, 10, -25, 5_310_000)),
        "warning",
        "rotated",
    ),
    Case(
        "antimeridian.tif",
        tiff(crs="EPSG:4326", transform=from_origin(175, 50, 0.5, 0.5)),
        "warning",
        "antimeridian",
    ),
    Case("far-away.tif", tiff(crs="EPSG:2326", transform=UTM), "warning", "outside-area"),
    Case("image-only.tif", tiff(crs=None, transform=Affine.identity()), "warning", "no-place"),
    Case("stale-overviews.tif", stale, "warning", "overviews-differ"),
    Case("two-pages.tif", two_pages, "warning", "many-pages"),
    Case("sidecar.tif", beside(tiff(), ".aux.xml", "<PAMDataset/>"), "warning", "sidecar-ignored"),
    Case("kelvin.tif", tiff(SINE * 20, after=in_feet), "warning", "unit-doubtful"),
    Case(
        "one-band-empty.tif", tiff(np.stack([GROUND, GROUND * np.nan])), "warning", "band-unknown"
    ),
    Case(
        "undeclared-1e20.nc",
        netcdf(grid(with_values(40, 1e20)[:10, :12])),
        "warning",
        "nodata-undeclared",
    ),
    Case(
        "per-year.nc",
        netcdf(grid(attrs={"units": "kWh/m2/day"}, values=np.full((10, 12), 1500.0))),
        "warning",
        "unit-doubtful",
    ),
    Case("odd-dates.nc", netcdf(timed("days since the flood")), "warning", "dates-unreadable"),
    # Mended, with a count.
    Case("infinite.tif", tiff(with_values(3, np.inf)), "repair", "outside-range"),
    # Refused.
    Case("no-crs.tif", tiff(crs=None), "error", "crs-missing"),
    Case("no-crs-degrees.tif", tiff(crs=None, transform=DEGREES), "error", "crs-missing"),
    Case("no-transform.tif", tiff(transform=Affine.identity()), "error", "no-georeference"),
    Case("crs-by-name.tif", tiff(crs=LOCAL), "error", "crs-unfit"),
    Case("geocentric.tif", tiff(crs="EPSG:4978"), "error", "crs-unfit"),
    Case(
        "swapped.tif",
        tiff(crs="EPSG:4326", transform=from_origin(47, 107, 0.01, 0.01)),
        "error",
        "crs-implausible",
    ),
    Case(
        "swapped-metres.tif",
        tiff(transform=from_origin(53_100_000, 600_000, 30, 30)),
        "error",
        "crs-implausible",
    ),
    Case("metres-as-degrees.tif", tiff(crs="EPSG:4326"), "error", "crs-implausible"),
    Case("degrees-as-metres.tif", tiff(transform=DEGREES), "error", "crs-implausible"),
    Case("gcps-only.tif", tiff(crs=None, transform=None, after=controlled), "error", "gcps-only"),
    Case("all-unknown.tif", tiff(np.full((9, 9), -1, np.int16), nodata=-1), "error", "all-unknown"),
    Case("all-nan.tif", tiff(np.full((9, 9), np.nan, np.float32)), "error", "all-unknown"),
    Case("complex.tif", tiff(GROUND.astype(np.complex64)), "error", "complex"),
    Case("complex-wide.tif", tiff(GROUND.astype(np.complex128)), "error", "complex"),
    Case("palette.tif", tiff((GROUND > 500).astype(np.uint8), after=painted), "error", "palette"),
    Case("zero-scale.tif", tiff(GROUND.astype(np.int16), after=unscaled), "error", "scale-invalid"),
    Case("many-infinite.tif", tiff(with_values(200, np.inf)), "error", "outside-range"),
    Case("garbage.tif", tiff((SINE * 1e30).astype(np.float32)), "error", "garbage"),
    Case("travel-cost.tif", tiff(with_values(30, -5)), "error", "negative-cost"),
    Case("cut.tif", changed(tiff(), lambda raw: raw[:-300]), "error", "truncated"),
    Case("head-only.tif", changed(tiff(), lambda raw: raw[:8]), "error", "truncated"),
    Case("loop.tif", changed(tiff(), looped), "error", "tiff-loop"),
    Case("bits-turned.tif", changed(tiff(compress="deflate"), flipped), "error", "corrupt-block"),
    Case("bomb.tif", data(bomb(2**31 - 1, 2**31 - 1)), "error"),
    Case("bomb-smaller.tif", data(bomb(200_000, 200_000)), "error"),
    Case("too-wide.tif", data(bomb(2**32 - 1, 4)), "error", "tiff-damaged"),
    Case("no-rows.tif", changed(tiff(), set_tag(257, 3, 1, 0)), "error", "tiff-damaged"),
    Case("no-strip-rows.tif", changed(tiff(), set_tag(278, 3, 1, 0)), "error", "tiff-damaged"),
    Case("bits-of-a-float.tif", changed(tiff(), set_tag(256, 11, 1, 20)), "error", "tiff-damaged"),
    Case("many-widths.tif", changed(tiff(), set_tag(256, 3, 9, 8)), "error"),
    Case("offsets-beyond.tif", changed(tiff(), set_tag(273, 4, 1, 2**31)), "error", "truncated"),
    Case("many-offsets.tif", changed(tiff(), set_tag(273, 4, 2**30, 8)), "error"),
    Case("two-gigabytes.tif", changed(tiff(), set_tag(257, 4, 1, 2**30)), "error"),
    Case("empty.tif", data(b""), "error", "empty"),
    Case("zeros.tif", data(b"\0" * 512), "error", "disguised"),
    Case(
        "pointer.tif",
        text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        "error",
        "disguised",
    ),
    Case("page.tif", text("<!DOCTYPE html><html>Not found</html>"), "error", "disguised"),
    Case("picture.tif", data(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 90), "error", "disguised"),
    Case("drawing.tif", data(b"\x89PNG\r\n\x1a\n" + b"\0" * 90), "error", "disguised"),
    Case(
        "leads-away.tif",
        text('<VRTDataset rasterXSize="1" rasterYSize="1"/>'),
        "error",
        "indirection",
    ),
    Case(
        "leads-away.vrt",
        text('<VRTDataset rasterXSize="1" rasterYSize="1"/>'),
        "error",
        "indirection",
    ),
    Case("service.wms", text("<GDAL_WMS/>"), "error", "indirection"),
    Case("really-tiff.nc", tiff(), "error", "disguised"),
    Case("really-tiff.img", tiff(), "error", "disguised"),
    Case("no-prj.asc", ascii_grid(prj=None), "error", "crs-missing"),
    Case("commas.asc", ascii_grid("1,5 2,5 3,5\n4,5 5,5 6,5\n"), "error", "decimal-comma"),
    Case("too-few.asc", ascii_grid("1 2 3\n4 5\n"), "error"),
    Case("huge.asc", ascii_grid(head="ncols 900000\nnrows 900000\n"), "error", "truncated"),
    Case("no-rows.asc", ascii_grid(head="ncols 3\nnrows -2\n"), "error", "damaged"),
    Case("word.asc", ascii_grid("1 2 abc\n4 5 6\n"), "error", "cell-no-number"),
    Case(
        "steps-negative.asc",
        ascii_grid(place="xllcorner 600000\nyllcorner 5300000\ncellsize -30\n"),
        "error",
        "damaged",
    ),
    Case(
        "steps-in-words.asc",
        ascii_grid(place="xllcorner 600000\nyllcorner 5300000\ncellsize 30m\n"),
        "error",
        "damaged",
    ),
    Case(
        "corner-in-words.asc",
        ascii_grid(place="xllcorner here\nyllcorner 5300000\ncellsize 30\n"),
        "error",
        "damaged",
    ),
    Case("dash.asc", ascii_grid("1 - 3\n4 5 6\n"), "error", "cell-no-number"),
    Case("two-points.asc", ascii_grid("1 1.5.2 3\n4 5 6\n"), "error", "cell-no-number"),
    Case("sign-behind.asc", ascii_grid("1 5- 3\n4 5 6\n"), "error", "cell-no-number"),
    Case("exponents.asc", ascii_grid("1e-3 -2.5E+2 3.\n.5 +5 nan\n"), None),
    Case(
        "scale-in-words.nc",
        netcdf(grid(np.arange(120, dtype=np.int16).reshape(10, 12), attrs={"scale_factor": "ten"})),
        "error",
        "scale-invalid",
    ),
    Case("words.asc", text("the rain in Spain stays mainly in the plain\n"), "error", "disguised"),
    Case(
        "two-variables.nc",
        netcdf(grid(pr=(("lat", "lon"), np.zeros((10, 12))))),
        "error",
        "variable-missing",
    ),
    Case("no-grid.nc", netcdf(xr.Dataset({"a": ("n", [1.0, 2.0])})), "error", "no-band"),
    Case("curvilinear.nc", netcdf(curvilinear()), "error", "curvilinear"),
    Case(
        "gaussian.nc",
        netcdf(grid(lat=[50, 49, 47.5, 46, 45, 44, 43, 42, 41, 39.0])),
        "error",
        "irregular-grid",
    ),
    Case("swapped.nc", netcdf(grid(lat=np.arange(112, 102, -1.0))), "error", "crs-implausible"),
    Case("one-row.nc", netcdf(grid(lat=[50.0])), "error", "too-small"),
    Case("cut.nc", changed(netcdf(grid()), lambda raw: raw[: len(raw) // 2]), "error", "damaged"),
    Case("all-unknown.nc", netcdf(grid(np.full((10, 12), np.nan))), "error", "all-unknown"),
    Case(
        "metres.nc",
        netcdf(
            xr.Dataset(
                {"h": (("y", "x"), GROUND)},
                {"y": np.arange(20.0) * 30 + 5e6, "x": np.arange(20.0) * 30 + 5e5},
            )
        ),
        "error",
        "crs-missing",
    ),
    Case("external.h5", external, "error", "indirection"),
    Case("virtual.h5", virtual, "error", "indirection"),
    Case("swollen.nc", swollen, "error", "bomb"),
    Case("not-a-store.zarr", lambda path: path.mkdir(), "error", "disguised"),
]
