"""One door for every vector format: what a file states, and a way to read it.

Each format is checked by a module of its own before GDAL (or Arrow) opens it; what comes back
is the same for all: a `Source`, which holds what the file states and reads rows of a region.
"""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

# GDAL must not even know the drivers that lead elsewhere; it reads this when it first loads.
os.environ.setdefault(
    "OGR_SKIP", "OGR_VRT,GDALG,WFS,OAPIF,CSW,OGCAPI,HTTP,EEDA,PLSCENES,NGW,Elasticsearch,Carto,"
    "AmigoCloud,ADBC",
)  # fmt: skip

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from geopandas.array import GeometryArray

from geo.catalogue import archives, flatgeobuf, geopackage, jsontext, shapefile, xmltext
from geo.catalogue.files import SAFE_OPTIONS
from geo.catalogue.findings import LayerWarning, note, refuse
from geo.catalogue.formats import bounded_bytes, format_of
from geo.catalogue.systems import understood
from geo.errors import CrsError, LodemapError

__all__ = ["MOST_ROWS", "Hints", "Source", "opened"]

MOST_ROWS = 20_000_000
"""Most rows that are read from one layer."""

# What pyogrio raises on damaged files, beside its own errors.
_FAULTS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.FieldError,
    pyogrio.errors.GeometryError,
    pyogrio.errors.CRSError,
    pa.ArrowException,
    shapely.errors.GEOSException,
    IndexError,
    ValueError,
    OSError,
    RuntimeError,
)
_COPIES = "lodemap-"
# KML has no attributes of a layer's own: these of every placemark are mostly empty.
_KML_STYLE = (
    "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility",
    "drawOrder", "icon", "snippet",
)  # fmt: skip

pyogrio.set_gdal_config_options(
    {
        **SAFE_OPTIONS,
        "GML_SKIP_RESOLVE_ELEMS": "ALL",
        "OGR_GEOJSON_MAX_OBJ_SIZE": "500",
        "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
        "OGR_SQLITE_LIST_VIRTUAL_OGR": "NO",
        "SHAPE_RESTORE_SHX": "NO",
    }
)

# Fewer rows than this become columns sooner in one thread than in several.
_FEW = 50_000

_Blobs = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Hints:
    """What a record says about how to read its file."""

    layer: str | None = None
    encoding: str | None = None
    survey: bool = False
    sound: str | None = None
    """Digest of the file, if the same bytes were found sound before."""
    region: bool = False
    """Only a region will be read."""


@dataclass(frozen=True)
class Source:
    """A checked layer that has not been read.

    `path` is the file that a person knows, for messages. `count` is counted or bounded, None
    where only reading tells. `names` gives the attributes' names without reading them. `read`
    takes the columns (all when None) and a box in the layer's own system (everything when
    None) and gives a frame in file order whose CRS is what the file states, or None.
    `contextual` says that the format leaves the system to the context of a file without one.
    """

    path: Path
    driver: str
    read: Callable[[Sequence[str] | None, Sequence[float] | None], gpd.GeoDataFrame]
    names: Callable[[], Mapping[str, str]]
    layers: tuple[str, ...] = ()
    layer: str | None = None
    count: int | None = None
    declared: str | None = None
    stated: Callable[[], Mapping[str, Any]] | None = None
    contextual: bool = False


@contextmanager
def opened(path: Path, hints: Hints) -> Iterator[Source]:
    """Check a vector file and give what it holds; copies made for it vanish at the end.

    Parameters
    ----------
    path : Path
    hints : Hints

    Yields
    ------
    Source

    Raises
    ------
    LayerError, CrsError
        As the format's own checks say.
    """
    with ExitStack() as stack:
        # Most formats need no copy, and so no folder.
        yield _source(
            path, path, hints, lambda: Path(stack.enter_context(TemporaryDirectory(prefix=_COPIES)))
        )


def _source(path: Path, file: Path, hints: Hints, scratch: Callable[[], Path]) -> Source:
    driver = format_of(file)
    if driver == "ZIP":
        return _from_archive(path, hints, scratch)
    if driver == "GPKG":
        return _from_geopackage(path, file, hints)
    if driver == "ESRI Shapefile":
        return _from_shapefile(path, file, hints, scratch)
    if driver == "FlatGeobuf":
        return _from_flatgeobuf(path, file)
    if driver == "Parquet":
        return _from_parquet(path, file)
    if driver in ("KML", "GML", "GPX"):
        return _from_xml(path, bounded_bytes(file), hints)
    if driver in ("GeoJSON", "GeoJSONSeq", "TopoJSON"):
        return _from_json(path, bounded_bytes(file), driver, hints)
    what = f"is a table ({driver}), which has no geometries of its own"
    fix = "name its columns in a record: x and y, or wkt"
    raise refuse(path, "geometry-column-missing", what, fix)


def _from_archive(path: Path, hints: Hints, scratch: Callable[[], Path]) -> Source:
    names = archives.layers_inside(path, archives.members(path))
    inner = hints.layer if hints.layer in names else None
    if inner is None:
        inner = _only(path, names, hints)
    file = archives.unpack(path, inner, scratch())
    known = f"{path} ({inner})"
    with _said_of(file, known):
        found = _source(path, file, Hints(None, hints.encoding, hints.survey), scratch)

    def read(columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        with _said_of(file, known):
            return found.read(columns, box)

    return Source(
        path, found.driver, read, found.names, tuple(names), inner, found.count, found.declared,
        found.stated,
    )  # fmt: skip


@contextmanager
def _said_of(copy: Path, known: str) -> Iterator[None]:
    """Let what is said of a copy name the file that a person knows."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except LodemapError as error:
            said = str(error).replace(str(copy), known)
            raise type(error)(said, code=error.code, fix=error.fix) from None
    for one in caught:
        if isinstance(one.message, LayerWarning):
            finding = one.message.finding
            said = finding.message.replace(str(copy), known)
            warnings.warn(LayerWarning(replace(finding, message=said)), stacklevel=4)


def _only(path: Path, names: Sequence[str], hints: Hints) -> str:
    """Choose the layer when none is named: the only one, or in a survey the first."""
    if len(names) > 1:
        known = ", ".join(names[:8])
        what = f"holds {len(names)} layers ({known})"
        if not hints.survey:
            raise refuse(path, "layers-several", what, "name one in the record: layer = …")
        what = f"{what}, of which {names[0]!r} was read"
        note(path, "warning", "layers-several", what, "name one", count=len(names))
    return names[0]


def _from_geopackage(path: Path, file: Path, hints: Hints) -> Source:
    found = geopackage.look(
        file, hints.layer, survey=hints.survey, sound=hints.sound, region=hints.region
    )
    _bound(path, found.count or 0)
    if found.geometry is None:
        what = f"its table {found.layer!r} has no geometries"
        raise refuse(path, "geometry-column-missing", what, "name a layer of features")
    reader = _Gdal(path, file, "GPKG", found.layer)

    def read(columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        frame = reader.read(columns, box if found.index else None)
        if box is not None and not found.index:
            what = f"the spatial index of {found.layer!r} is broken: the region was found without"
            note(path, "warning", "index-broken", what, "make it anew")
            frame = _within(frame, box)
        if box is None and len(frame) != found.count:
            what = f"has {found.count} rows, of which {len(frame)} could be read"
            raise refuse(path, "file-damaged", what, "restore it")
        if shapely.is_missing(frame.geometry.to_numpy()).any() and (
            bad := geopackage.unreadable(file, found)
        ):
            said = ", ".join(str(row) for row in bad[:5])
            what = f"the geometry of row {said} cannot be read"
            raise refuse(path, "geometry-broken", what, "restore it, or delete the row")
        if hints.survey and found.declared is not None:
            _tell_heights(path, frame, found.declared)
        return frame

    return Source(
        path, "GPKG", read, reader.names, found.layers, found.layer, found.count,
        found.declared[0] if found.declared else None, reader.stated,
    )  # fmt: skip


def _within(frame: gpd.GeoDataFrame, box: Sequence[float]) -> gpd.GeoDataFrame:
    """Rows that reach into a box."""
    return frame[shapely.intersects(frame.geometry.to_numpy(), shapely.box(*box))].reset_index(
        drop=True
    )


def _tell_heights(path: Path, frame: gpd.GeoDataFrame, declared: tuple[str, int, int]) -> None:
    tall = int(shapely.has_z(frame.geometry.to_numpy()).sum())
    if tall and declared[1] == 0:
        what = f"declares geometries without heights and {tall} have them"
        note(path, "warning", "dimensions-differ", what, "write it anew", count=tall)


def _from_shapefile(path: Path, file: Path, hints: Hints, scratch: Callable[[], Path]) -> Source:
    found = shapefile.look(file, scratch, hints.encoding)
    _bound(path, found.count)
    reader = _Gdal(path, found.path, "ESRI Shapefile", None, found.encoding)

    def read(columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        frame = reader.read(columns, box)
        if found.multipatch:
            what = f"{len(frame)} multipatches (surfaces in space) were turned into polygons"
            note(path, "warning", "geometry-multipatch", what, count=len(frame))
        return frame

    return Source(
        path, "ESRI Shapefile", read, reader.names, (file.stem,), file.stem, found.count,
        stated=reader.stated,
    )  # fmt: skip


def _from_flatgeobuf(path: Path, file: Path) -> Source:
    count = flatgeobuf.stated_count(file)
    _bound(path, count)
    reader = _Gdal(path, file, "FlatGeobuf", None)

    def read(columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        frame = reader.read(columns, box)
        if box is None and count and len(frame) != count:
            what = f"states {count} features and holds {len(frame)}: it was cut off"
            raise refuse(path, "file-truncated", what, "restore it")
        return frame

    return Source(
        path, "FlatGeobuf", read, reader.names, (file.stem,), None, count, stated=reader.stated
    )


def _from_parquet(path: Path, file: Path) -> Source:
    from geo.catalogue import geoparquet

    found = geoparquet.look(file)
    crs = understood(path, found.crs)
    _bound(path, found.count)

    def read(columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        frame = found.read(columns, box)
        return frame.set_crs(crs, allow_override=True)

    def stated() -> Mapping[str, Any]:
        return {"crs": crs, "geometry_types": found.geometry_types}

    # Of several types the file promises none.
    kinds = {kind.upper().removeprefix("MULTI").split(" ")[0] for kind in found.geometry_types}
    declared = kinds.pop() if len(kinds) == 1 else None
    return Source(
        path, "Parquet", read, lambda: found.columns, (), None, found.count, declared, stated=stated
    )


def _from_xml(path: Path, data: bytes, hints: Hints) -> Source:
    scanned = xmltext.scan(path, data)
    systems = sorted(scanned.systems)
    named = [understood(path, system) for system in systems]
    if any(one != named[0] for one in named):
        what = f"its geometries are in several systems ({', '.join(systems[:4])})"
        raise refuse(path, "crs-several", what, "write one system to a file", error=CrsError)
    known = _layers(path, data)
    if scanned.driver == "GPX":
        parts = {"wpt": "waypoints", "rte": "routes", "trk": "tracks"}
        known = [parts[part] for part in parts if part in scanned.parts]
        if not known:
            return _nothing(path, scanned.driver)
    if not known:
        return _nothing(path, scanned.driver)
    layer = _named(path, known, hints)
    # Of a layer without a name, GDAL makes up another one each time: only GPX names its own.
    place = layer if scanned.driver == "GPX" else known.index(layer)
    reader = _Gdal(path, data, scanned.driver, place)

    def read(columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        frame = reader.read(columns, box)
        if scanned.driver == "KML" and columns is None:
            bare = [n for n in _KML_STYLE if n in frame and _unset(frame[n])]
            frame = frame.drop(columns=bare)
        return frame

    return Source(
        path, scanned.driver, read, reader.names, tuple(known), layer, stated=reader.stated,
        contextual=scanned.driver == "GML" and not systems,
    )  # fmt: skip


def _unset(values: "pd.Series[Any]") -> bool:
    return bool((values.isna() | values.isin([-1, 0, ""])).all())


def _nothing(path: Path, driver: str) -> Source:
    empty = gpd.GeoDataFrame({"geometry": []}, crs="EPSG:4326")
    return Source(path, driver, lambda *_: empty, dict, count=0)


def _from_json(path: Path, data: bytes, driver: str, hints: Hints) -> Source:
    scanned = jsontext.scan(path, data, driver)
    # The standard's own system (RFC 7946, section 4), unless the old member names another.
    crs = understood(path, scanned.crs or "EPSG:4326")
    layer = _named(path, scanned.names, hints) if scanned.names else None
    if not scanned.names and scanned.count == 0:
        return _nothing(path, scanned.driver)
    reader = _Gdal(path, scanned.data, scanned.driver.removesuffix("Seq"), layer)

    def read(columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        frame = reader.read(columns, box)
        if box is None and not scanned.names and len(frame) != scanned.count:
            what = f"holds {scanned.count} features, of which {len(frame)} could be read"
            raise refuse(path, "file-damaged", what, "restore it")
        return frame.set_crs(crs, allow_override=True)

    def stated() -> Mapping[str, Any]:
        return {**reader.stated(), "crs": crs}

    return Source(
        path, scanned.driver, read, reader.names, scanned.names, layer,
        scanned.count if not scanned.names else None, stated=stated,
    )  # fmt: skip


def _named(path: Path, known: Sequence[str], hints: Hints) -> str:
    if hints.layer is not None:
        if hints.layer not in known:
            what = f"has no layer {hints.layer!r}, it has {', '.join(known[:8])}"
            raise refuse(path, "layer-missing", what, "name one of them")
        return hints.layer
    return _only(path, known, hints)


def _bound(path: Path, count: int) -> None:
    if count > MOST_ROWS:
        what = f"has {count:,} features, at most {MOST_ROWS:,} are read"
        raise refuse(path, "file-too-large", what, "split it")


def _layers(path: Path, data: bytes) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return [str(row[0]) for row in pyogrio.list_layers(data)]
        except _FAULTS as error:
            raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> LodemapError:
    said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return refuse(path, "file-damaged", f"cannot be read ({said})", "restore it")


class _Gdal:
    """A layer that GDAL reads, from a file or from bytes that were scanned."""

    def __init__(
        self,
        path: Path,
        data: Path | bytes,
        driver: str,
        layer: str | int | None,
        encoding: str | None = None,
    ) -> None:
        self._path = path
        self._data = data if isinstance(data, bytes) else str(data)
        self._driver = driver
        self._layer = layer
        self._encoding = encoding

    def stated(self) -> Mapping[str, Any]:
        """System, types and bounds, as `pyogrio.read_info` gives them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found: dict[str, Any] = pyogrio.read_info(
                    self._data, layer=self._layer, encoding=self._encoding, force_total_bounds=True
                )
            except (*_FAULTS, NotImplementedError) as error:
                raise _unreadable(self._path, error) from None
        if found["driver"].removeprefix("LIB") != self._driver:
            what = f"is taken for {found['driver']} by GDAL, not for {self._driver}"
            raise refuse(self._path, "content-wrong", what, "export it again")
        return {
            "crs": understood(self._path, found["crs"]),
            "geometry_types": (found["geometry_type"],) if found["geometry_type"] else (),
            "bounds": found["total_bounds"],
            "columns": dict(zip(found["fields"].tolist(), map(str, found["dtypes"]), strict=True)),
        }

    def names(self) -> Mapping[str, str]:
        """Type of each attribute by its name."""
        columns: Mapping[str, str] = self.stated()["columns"]
        return columns

    def read(self, columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        """Read rows; the geometries of curves become straight lines, with a repair."""
        options = {
            "layer": self._layer,
            "columns": None if columns is None else list(columns),
            "bbox": None if box is None else tuple(box),
            "encoding": self._encoding,
        }
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                frame = self._frame(options)
            except (*_FAULTS, NotImplementedError, UnicodeDecodeError) as error:
                raise _unreadable(self._path, error) from None
        remarks = [one.message for one in caught if not isinstance(one.message, LayerWarning)]
        for said in dict.fromkeys(map(str, remarks)):
            self._remark(said)
        for one in caught:
            if isinstance(one.message, LayerWarning):
                warnings.warn(one.message, stacklevel=4)
        return frame

    def _remark(self, said: str) -> None:
        if "More than one layer" in said:
            return
        code = "gdal-remark"
        if said.startswith("Measured (M)"):
            code, said = "geometry-measured", "measures (M) of its geometries are left out of use"
        elif "not consistent with type in gpkg_geometry_columns" in said:
            code = "geometry-type-differs"
        elif "bad application_id" in said or "too many members" in said:
            # The survey and the scan say the same in a sentence.
            return
        note(self._path, "warning", code, said.splitlines()[0][:300])

    def _frame(self, options: dict[str, Any]) -> gpd.GeoDataFrame:
        # Arrow streams the rows, so that a false count in the header allocates nothing.
        if self._driver == "FlatGeobuf":
            # GDAL's stream of one with missing geometries breaks Arrow's memory.
            frame = pyogrio.read_dataframe(self._data, **options)
            return frame.set_crs(understood(self._path, frame.crs), allow_override=True)
        meta, table = pyogrio.raw.read_arrow(self._data, **options, datetime_as_string=True)
        self._require_text(table)
        name = meta["geometry_name"] or "wkb_geometry"
        dated = any(str(kind).startswith("datetime") for kind in meta["dtypes"])
        if dated or "OFSTJSON" in meta["ogr_subtypes"]:
            # Dates have rules of their own, which pyogrio knows.
            frame = pyogrio.read_dataframe(
                self._data, **options, use_arrow=True, read_geometry=False
            )
        else:
            frame = table.drop_columns([name]).to_pandas(use_threads=table.num_rows > _FEW)
        blobs: _Blobs = table.column(name).to_numpy(zero_copy_only=False)
        shapes = self._shapes(blobs, options)
        if "geometry" in frame:
            # Some formats let an attribute have the geometry's name.
            frame = frame.rename(columns={"geometry": "geometry_1"})
        frame["geometry"] = GeometryArray(shapes, crs=understood(self._path, meta["crs"]))
        return gpd.GeoDataFrame(frame, geometry="geometry")

    def _require_text(self, table: pa.Table) -> None:
        for field in table.schema:
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
                try:
                    table.column(field.name).validate(full=True)
                except pa.ArrowInvalid:
                    what = f"column {field.name!r} holds text that is not UTF-8"
                    raise refuse(self._path, "encoding-wrong", what, "export it anew") from None

    def _shapes(self, blobs: _Blobs, options: dict[str, Any]) -> Any:
        try:
            return shapely.from_wkb(blobs)
        except NotImplementedError:
            return self._straightened(blobs, options)
        except shapely.errors.GEOSException:
            return self._mended(blobs)

    def _straightened(self, blobs: _Blobs, options: dict[str, Any]) -> Any:
        curved = sum(blob is not None and _code(blob) % 1000 in _CURVES for blob in blobs)
        what = f"{curved} curved geometries were turned into straight pieces"
        note(self._path, "repair", "geometry-curved", what, count=curved)
        # Without Arrow, GDAL straightens what it hands over.
        return shapely.from_wkb(pyogrio.raw.read(self._data, **options)[2])

    def _mended(self, blobs: _Blobs) -> Any:
        plain: _Blobs = np.array(
            [None if blob is None else _patches(bytes(blob)) for blob in blobs], dtype=object
        )
        shapes = shapely.from_wkb(plain, on_invalid="fix")
        asked = np.array([blob is not None for blob in plain])
        lost = np.flatnonzero(asked & shapely.is_missing(shapes))
        if len(lost):
            what = f"the geometry of feature {lost[0] + 1} cannot be made ({len(lost)} in all)"
            raise refuse(self._path, "geometry-broken", what, "correct the feature")
        untouched = shapely.from_wkb(plain, on_invalid="ignore")
        closed = int((asked & shapely.is_missing(untouched)).sum())
        if closed:
            what = f"{closed} geometries had rings that were not closed: closed"
            note(self._path, "repair", "ring-unclosed", what, count=closed)
        return shapes


_CURVES = frozenset({8, 9, 10, 11, 12, 13, 14})


def _code(blob: bytes) -> int:
    return int.from_bytes(blob[1:5], "little" if blob[0] else "big") & 0x0FFF


def _patches(blob: bytes) -> bytes:
    """Turn polyhedral surfaces and triangles (types 15 to 17) into polygons."""
    if _code(blob) % 1000 not in (15, 16, 17):
        return blob
    order: Literal["little", "big"] = "little" if blob[0] else "big"
    found = bytearray(blob)

    def recode(at: int) -> int:
        """Recode the geometry at a place, with the parts right inside it; give its kind."""
        code = int.from_bytes(found[at + 1 : at + 5], order)
        kind = (code & 0x0FFF) % 1000
        plain = {15: 6, 16: 6, 17: 3}.get(kind, kind)
        found[at + 1 : at + 5] = (code - kind + plain).to_bytes(4, order)
        return kind

    height = 3 if (_code(blob) // 1000 == 1 or blob[4 if blob[0] else 1] & 0x80) else 2
    if recode(0) == 17:
        return bytes(found)
    at = 9
    for _ in range(int.from_bytes(found[5:9], order)):
        recode(at)
        rings = int.from_bytes(found[at + 5 : at + 9], order)
        at += 9
        for _ in range(rings):
            at += 4 + 8 * height * int.from_bytes(found[at : at + 4], order)
    return bytes(found)
