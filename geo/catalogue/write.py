"""Writing vector layers so that they can be read back, and saying what a format cannot hold.

A file is written beside its place, read back through the same door as any layer, compared with
what was meant, and only then moved. Whatever the format could not hold is named in a warning.
"""

import os
import shutil
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import shapely

from geo.catalogue.findings import LayerWarning, note
from geo.catalogue.records import Record
from geo.catalogue.shapefile import PARTS
from geo.catalogue.systems import authority
from geo.catalogue.vector import unchecked
from geo.errors import LodemapError, OutputError

__all__ = ["WRITTEN", "write_vector"]

_DRIVERS: Mapping[str, str] = MappingProxyType(
    {
        ".gpkg": "GPKG",
        ".fgb": "FlatGeobuf",
        ".geojson": "GeoJSON",
        ".geojsonl": "GeoJSONSeq",
        ".ndjson": "GeoJSONSeq",
        ".geojsons": "GeoJSONSeq",
        ".kml": "KML",
        ".gml": "GML",
        ".shp": "ESRI Shapefile",
        ".zip": "ESRI Shapefile",
    }
)
_TABLES = (".csv", ".tsv", ".xlsx")
_ONLY_WGS84 = (".kml", ".geojsonl", ".ndjson", ".geojsons")
_WKT = "wkt"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Files must not tell when they were written: the same rows give the same bytes.
_DAY = "2000-01-01"

WRITTEN = (*_DRIVERS, ".parquet", *_TABLES)
"""Endings of the formats that are written."""

_Shapes = npt.NDArray[np.object_]


def write_vector(frame: gpd.GeoDataFrame, path: Path | str) -> Path:
    """Write a vector layer in the format that its file's ending names.

    Parameters
    ----------
    frame : GeoDataFrame
        With at least one row and a CRS.
    path : Path or str
        One of `WRITTEN`. Tables get the geometry as WKT in a column ``wkt``; a ``.zip`` holds a
        Shapefile.

    Returns
    -------
    Path
        The file, whole. A LayerWarning names each thing that it does not hold as it was:
        shortened names, lost digits, empty texts that became unknown, another order of rows.

    Raises
    ------
    OutputError
        If the ending is unknown, the frame has no rows or no CRS, the format cannot hold it at
        all, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> towns = gpd.GeoDataFrame({"name": ["Өлгий"]}, geometry=[shapely.Point(89.97, 48.97)],
    ...                          crs="EPSG:4326")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_vector(towns, Path(folder) / "towns.gpkg").name
    'towns.gpkg'
    """
    target = Path(path).resolve()
    _require_writable(frame, target)
    plain = frame.reset_index(drop=True)
    if plain.geometry.name != "geometry":
        plain = plain.rename_geometry("geometry")
    folder = _sibling(target)
    try:
        draft = folder / target.name
        _write(plain, draft)
        back = _read(draft, plain)
        _compare(target, plain, back)
        _move(draft, target)
    except (pyogrio.errors.DataSourceError, OSError, ValueError, RuntimeError) as error:
        raise OutputError(f"{target}: cannot be written ({_short(error)})") from None
    except LodemapError as error:
        if isinstance(error, OutputError):
            raise
        said = str(error).replace(str(folder), str(target.parent))
        raise OutputError(
            f"{target}: cannot hold this layer as {target.suffix} ({said}): take another format"
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target


def _require_writable(frame: gpd.GeoDataFrame, target: Path) -> None:
    ending = target.suffix.lower()
    if ending not in WRITTEN:
        raise OutputError(f"{target}: cannot write {ending!r} files: take {', '.join(WRITTEN)}")
    if frame.crs is None:
        raise OutputError(f"{target}: the layer has no CRS: set it with .set_crs(…)")
    if not len(frame):
        raise OutputError(f"{target}: the layer has no rows: write one that has")
    if ending in _ONLY_WGS84 and authority(frame.crs) != "EPSG:4326":
        raise OutputError(f"{target}: {ending} holds only WGS 84: reproject with .to_crs(4326)")
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise OutputError(f"{target}: two columns have one name: rename one")


def _sibling(target: Path) -> Path:
    try:
        return Path(mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror})") from None


def _write(frame: gpd.GeoDataFrame, draft: Path) -> None:
    ending = draft.suffix.lower()
    if ending == ".parquet":
        frame.to_parquet(draft, write_covering_bbox=True)
    elif ending in _TABLES:
        _write_table(frame, draft)
    elif ending == ".zip":
        inner = draft.with_suffix(".shp")
        _write_gdal(frame, inner)
        _pack(inner, draft)
    else:
        _write_gdal(frame, draft)


def _write_gdal(frame: gpd.GeoDataFrame, draft: Path) -> None:
    driver = _DRIVERS[draft.suffix.lower()]
    options: dict[str, Any] = {}
    if driver == "GPKG":
        taken = {str(name).lower() for name in frame.columns}
        options["FID"] = next(n for n in ("fid", "ogc_fid", "row_fid") if n not in taken)
    elif driver == "ESRI Shapefile":
        options |= {"encoding": "UTF-8", "DBF_DATE_LAST_UPDATE": _DAY}
    elif driver == "FlatGeobuf" and frame.geometry.isna().any():
        # Its index has no place for a missing geometry.
        options["SPATIAL_INDEX"] = "NO"
    elif driver == "GeoJSON":
        options |= {"COORDINATE_PRECISION": 15, "RFC7946": "NO", "WRITE_NAME": "NO"}
    elif driver == "GeoJSONSeq":
        options |= {"COORDINATE_PRECISION": 15}
    with warnings.catch_warnings():
        # The comparison with what was meant says it all.
        warnings.simplefilter("ignore")
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{_DAY}T00:00:00.000Z"})
        try:
            pyogrio.write_dataframe(frame, draft, driver=driver, **options)
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_table(frame: gpd.GeoDataFrame, draft: Path) -> None:
    shapes = shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=17, trim=True)
    cells = pd.DataFrame(frame.drop(columns="geometry"))
    cells[_WKT] = shapes
    if draft.suffix.lower() == ".xlsx":
        _write_workbook(cells, draft)
        return
    texts = cells.map(_guarded)
    separator = "\t" if draft.suffix.lower() == ".tsv" else ","
    texts.to_csv(draft, index=False, sep=separator, lineterminator="\n", encoding="utf-8")


def _guarded(cell: object) -> object:
    """Keep a spreadsheet from running a text as a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def _write_workbook(cells: pd.DataFrame, draft: Path) -> None:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("layer")
    page.append([str(name) for name in cells.columns])
    try:
        for row in cells.itertuples(index=False, name=None):
            page.append([_cell(page, value, WriteOnlyCell) for value in row])
        book.save(draft)
    except IllegalCharacterError as error:
        raise OutputError(
            f"{draft.name}: a workbook cannot hold the text {str(error)[:40]!a}: take .gpkg"
        ) from None


def _cell(page: Any, value: Any, make: Callable[..., Any]) -> Any:
    if _unknown(value):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, pd.Timestamp):
        value = value.isoformat()
    cell = make(page, value if isinstance(value, str | int | float | bool) else str(value))
    if isinstance(cell.value, str):
        cell.data_type = "s"
    return cell


def _pack(inner: Path, draft: Path) -> None:
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in _parts(inner):
            archive.writestr(zipfile.ZipInfo(part.name), part.read_bytes(), zipfile.ZIP_DEFLATED)
            part.unlink()


def _parts(shapes: Path) -> list[Path]:
    return [p for ending in reversed(PARTS) if (p := shapes.with_suffix(ending)).exists()]


def _read(draft: Path, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    table = draft.suffix.lower() in _TABLES
    record = Record(
        id="draft", title="", kind="vector", path=draft, toml=draft, sha256="", licence="",
        attribution="", source="", retrieved=date.min, quality="screening", limits="",
        crs=authority(frame.crs), wkt=_WKT if table else None,
        encoding="utf-8" if table else None,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LayerWarning)
        return unchecked(record)


def _compare(target: Path, frame: gpd.GeoDataFrame, back: gpd.GeoDataFrame) -> None:
    if len(back) != len(frame):
        raise OutputError(
            f"{target}: {len(frame)} rows were written and {len(back)} came back: write it anew"
        )
    names = _paired(target, frame, back)
    back = _in_order(target, frame, back, names)
    _compare_shapes(target, frame, back)
    for name, other in names.items():
        _compare_column(target, name, frame[name], back[other])
    if authority(back.crs) != authority(frame.crs):
        _lost(target, "crs", "the reference system differs in name or detail", 1)


def _lost(target: Path, what: str, said: str, count: int) -> None:
    text = f"{target.suffix} cannot hold everything: {said}"
    note(target, "warning", f"lost-{what}", text, "take GeoPackage to keep it", count=count)


def _paired(target: Path, frame: gpd.GeoDataFrame, back: gpd.GeoDataFrame) -> dict[str, str]:
    """Name that each column came back under, in a warning where it is another."""
    ours = [str(name) for name in frame.columns if name != "geometry"]
    theirs = [str(name) for name in back.columns if name != "geometry"]
    known = {name: name for name in ours if name in theirs}
    spare = [name for name in theirs if name not in known.values()]
    renamed: dict[str, str] = {}
    for name in ours:
        if name in known:
            continue
        close = next((s for s in spare if _is_short(s, name)), None)
        if close is not None:
            renamed[name] = close
            spare.remove(close)
    if renamed:
        said = ", ".join(f"{name!r} became {other!r}" for name, other in renamed.items())
        _lost(target, "name", f"names of columns were changed: {said}", len(renamed))
    gone = [name for name in ours if name not in known and name not in renamed]
    if gone:
        _lost(target, "column", f"columns are missing: {', '.join(gone)}", len(gone))
    return known | renamed


def _is_short(short: str, name: str) -> bool:
    stem = short.rstrip("0123456789_").lower()
    return bool(stem) and name.lower().replace(" ", "_").startswith(stem[:8].replace(" ", "_"))


def _in_order(
    target: Path, frame: gpd.GeoDataFrame, back: gpd.GeoDataFrame, names: Mapping[str, str]
) -> gpd.GeoDataFrame:
    ours = _keys(frame, list(names))
    theirs = _keys(back, list(names.values()))
    if ours == theirs or sorted(ours) != sorted(theirs):
        return back
    places: dict[str, list[int]] = {}
    for i, key in enumerate(theirs):
        places.setdefault(key, []).append(i)
    order = [places[key].pop(0) for key in ours]
    moved = sum(i != j for i, j in enumerate(order))
    _lost(target, "order", f"{moved} rows stand in another order", moved)
    return back.iloc[order].reset_index(drop=True)


def _keys(frame: gpd.GeoDataFrame, names: Sequence[str]) -> list[str]:
    shapes = [None if s is None else s.wkb_hex for s in _normal(frame.geometry.to_numpy())]
    columns = [[_plain(value) for value in frame[name]] for name in names]
    return [repr(row) for row in zip(shapes, *columns, strict=True)]


def _normal(shapes: _Shapes) -> _Shapes:
    """One form for what formats do not tell apart: order of rings, a single part of many."""
    found = shapes.copy()
    single = np.isin(shapely.get_type_id(shapes), (4, 5, 6)) & (
        shapely.get_num_geometries(shapes) == 1
    )
    found[single] = shapely.get_geometry(shapes[single], 0)
    found[shapely.is_empty(found)] = None
    normal: _Shapes = shapely.normalize(found)
    return normal


def _compare_shapes(target: Path, frame: gpd.GeoDataFrame, back: gpd.GeoDataFrame) -> None:
    ours, theirs = _normal(frame.geometry.to_numpy()), _normal(back.geometry.to_numpy())
    empty = shapely.is_empty(frame.geometry.to_numpy()) & shapely.is_missing(theirs)
    empty &= shapely.is_missing(back.geometry.to_numpy())
    if empty.any():
        _lost(target, "empty", f"{int(empty.sum())} empty geometries are missing", int(empty.sum()))
    both = ~shapely.is_missing(ours) & ~shapely.is_missing(theirs)
    other = shapely.is_missing(ours) != shapely.is_missing(theirs)
    tall = both & (shapely.has_z(ours) != shapely.has_z(theirs))
    if tall.any():
        _lost(target, "height", f"{int(tall.sum())} geometries changed height", int(tall.sum()))
    same = np.zeros(len(ours), dtype=bool)
    same[both] = shapely.equals_exact(ours[both], theirs[both], 0.0)
    near = np.zeros(len(ours), dtype=bool)
    near[both] = shapely.equals_exact(ours[both], theirs[both], 1e-6)
    rounded = both & near & ~same
    if rounded.any():
        said = f"digits of the coordinates of {int(rounded.sum())} geometries"
        _lost(target, "digits", said, int(rounded.sum()))
    changed = other | (both & ~near)
    if changed.any():
        said = f"{int(changed.sum())} geometries came back otherwise"
        _lost(target, "geometry", said, int(changed.sum()))


def _compare_column(
    target: Path, name: str, ours: "pd.Series[Any]", theirs: "pd.Series[Any]"
) -> None:
    pairs = [(_plain(a), _plain(b)) for a, b in zip(ours, theirs, strict=True)]
    emptied = sum(a == "" and b is None for a, b in pairs)
    if emptied:
        said = f"{emptied} empty texts of column {name!r} became unknown"
        _lost(target, "empty-text", said, emptied)
    left = [(a, b) for a, b in pairs if a != "" or b is not None]
    nulls = sum((a is None) != (b is None) for a, b in left)
    if nulls:
        said = f"{nulls} values of column {name!r} became unknown or known"
        _lost(target, "null", said, nulls)
    known = [(a, b) for a, b in left if a is not None and b is not None]
    kinds = sum(type(a) is not type(b) for a, b in known)
    if kinds:
        a, b = next((a, b) for a, b in known if type(a) is not type(b))
        said = f"{kinds} values of column {name!r} changed their type ({a!r} became {b!r})"
        _lost(target, "type", said[:300], kinds)
    values = [(a, b) for a, b in known if type(a) is type(b) and a != b]
    if values:
        a, b = values[0]
        said = f"{len(values)} values of column {name!r} changed ({a!r} became {b!r})"
        _lost(target, "value", said[:300], len(values))


def _plain(value: Any) -> Any:
    """One type each for texts, numbers, truths and moments; None for unknown."""
    if _unknown(value):
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.number):
        number = float(value)
        # Large whole numbers are more than a float can tell apart.
        return number if number == value else str(value)
    if isinstance(value, pd.Timestamp | date):
        return pd.Timestamp(value)
    return str(value)


def _unknown(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _move(draft: Path, target: Path) -> None:
    if target.suffix.lower() != ".shp":
        _sync(draft)
        draft.replace(target)
        return
    for old in PARTS:
        target.with_suffix(old).unlink(missing_ok=True)
    # The shapes come last: a Shapefile without them is none.
    for part in _parts(draft):
        _sync(part)
        part.replace(target.with_suffix(part.suffix))


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__
