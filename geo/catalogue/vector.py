"""Reading vector layers and tables, checked at the door.

Bytes, driver, reference system, counts and geometries are checked against the record before a
frame leaves this module. Filters are parsed here and applied to columns; nothing that a recipe
says ever reaches SQL.
"""

import csv
import re
import warnings
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.catalogue.files import LARGEST_FILE, SAFE_OPTIONS, driver_of, geopackage_rows
from geo.catalogue.records import Record, verify
from geo.errors import CrsError, EmptyLayerError, LayerError, LodemapWarning

__all__ = ["read_table", "read_vector"]

# What pyogrio raises on damaged files, beside its own two errors.
_FAULTS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    shapely.errors.GEOSException,
    IndexError,
    ValueError,
    OSError,
)
_MOST_ROWS = 20_000_000
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+([.,'\s]\d+)+")
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")

pyogrio.set_gdal_config_options(dict(SAFE_OPTIONS))


def read_vector(
    record: Record,
    *,
    where: Mapping[str, object] | None = None,
    crs: CRS | str | None = None,
    columns: Sequence[str] | None = None,
) -> gpd.GeoDataFrame:
    """Read a vector layer that is what its record says.

    Parameters
    ----------
    record : Record
        Of kind ``"vector"``.
    where : mapping, optional
        Rows to keep: ``{column: value}``, ``{column: [values]}`` or
        ``{column: {"min": 1, "max": 5}}`` (both ends count, either may be missing). All must
        hold; an unknown value never matches.
    crs : CRS or str, optional
        System to reproject to; the file's own when missing.
    columns : sequence of str, optional
        Columns to keep beside the geometry; all when missing.

    Returns
    -------
    GeoDataFrame
        In file order. Missing and empty geometries are dropped and invalid ones repaired, each
        with a LodemapWarning that counts them.

    Raises
    ------
    LayerError
        If the file is missing, changed, damaged, another kind of file, has coordinates outside
        its system, or lacks a named column.
    CrsError
        If it has no CRS or another one than recorded.
    EmptyLayerError
        If no feature is left.
    """
    _require_kind(record, "vector")
    if record.database is not None:
        from geo.catalogue.postgis import at_hand

        record = at_hand(record)
    verify(record)
    _bound_rows(record)
    _require_crs(record)
    wanted = None if columns is None else list(dict.fromkeys([*columns, *(where or {})]))
    _require_columns(record, _names(record), wanted or list(where or {}))
    frame = _usable(record, _read(record, wanted))
    _require_on_earth(record, frame)
    kept = frame[_kept(record, frame, where)].reset_index(drop=True)
    chosen = _valid(record, kept)
    if columns is not None:
        chosen = chosen[[*columns, chosen.geometry.name]]
    return chosen if crs is None else chosen.to_crs(crs)


def read_table(record: Record, *, where: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Read a CSV table that is what its record says.

    Cells are read as text first. A column becomes numbers when every filled cell is one (with a
    point) and none has a leading zero. Where the record gives a column a unit, a cell such as
    ``1,5`` is refused. Empty is unknown: NaN among numbers, None among texts.

    Parameters
    ----------
    record : Record
        Of kind ``"table"``.
    where : mapping, optional
        As in `read_vector`.

    Returns
    -------
    DataFrame
        In file order.

    Raises
    ------
    LayerError
        If the file is missing, changed, no UTF-8, ragged, or a column with a unit has
        decimal commas.
    EmptyLayerError
        If no row is left.
    """
    _require_kind(record, "table")
    verify(record)
    rows = _cells(record)
    names = [name.strip() for name in rows[0]]
    if len(set(names)) < len(names) or not all(names):
        raise LayerError(f"{record.path}: its header repeats or lacks a name: {names}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(names):
            raise LayerError(
                f"{record.path}: row {number} has {len(row)} cells, the header has {len(names)}"
            )
    cells = list(zip(*rows[1:], strict=True)) or [()] * len(names)
    frame = pd.DataFrame(
        {name: _column(record, name, column) for name, column in zip(names, cells, strict=True)}
    )
    if frame.empty:
        raise EmptyLayerError(f"{record.path}: table {record.id!r} has no rows")
    return frame[_kept(record, frame, where)].reset_index(drop=True)


def _require_kind(record: Record, kind: str) -> None:
    if record.kind != kind:
        raise LayerError(
            f"{record.path}: layer {record.id!r} is a {record.kind}, required a {kind}"
        )


def _bound_rows(record: Record) -> None:
    driver = driver_of(record.path)
    if driver == "GPKG" and record.layer is not None:
        count = geopackage_rows(record.path, record.layer)
    else:
        count = int(_info(record)["features"])
    if count == 0:
        raise EmptyLayerError(f"{record.path}: layer {record.layer or record.id!r} is empty")
    if count > _MOST_ROWS:
        raise LayerError(f"{record.path}: has {count:,} features, at most {_MOST_ROWS:,} are read")


def _info(record: Record) -> dict[str, Any]:
    with warnings.catch_warnings():
        # What GDAL remarks here it remarks again when the features are read.
        warnings.simplefilter("ignore")
        try:
            found: dict[str, Any] = pyogrio.read_info(record.path, layer=record.layer)
        except NotImplementedError as error:
            raise LayerError(
                f"{record.path}: cannot be read ({error}): turn its curves into straight lines"
            ) from None
        except _FAULTS as error:
            raise LayerError(f"{record.path}: cannot be read ({error}): restore it") from None
    return found


def _names(record: Record) -> list[str]:
    return [str(name) for name in np.asarray(_info(record)["fields"])]


def _require_crs(record: Record) -> None:
    found = _info(record)["crs"]
    if not found:
        raise CrsError(
            f"{record.path}: layer {record.id!r} has no CRS, its record says {record.crs}: "
            "write the CRS into the file"
        )
    try:
        same = CRS.from_user_input(found).equals(
            CRS.from_user_input(record.crs), ignore_axis_order=True
        )
    except CRSError as error:
        raise CrsError(f"{record.path}: its CRS cannot be understood ({error})") from None
    if not same:
        raise CrsError(
            f"{record.path}: has {CRS.from_user_input(found).name}, its record says {record.crs}: "
            "correct the one that is wrong"
        )


def _require_columns(record: Record, present: Sequence[str], asked: Sequence[str]) -> None:
    if missing := [name for name in asked if name not in present]:
        raise LayerError(
            f"{record.path}: layer {record.id!r} has no column {', '.join(map(repr, missing))}, "
            f"it has {', '.join(present)}"
        )


def _read(record: Record, columns: Sequence[str] | None) -> gpd.GeoDataFrame:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            # Arrow streams the rows, so that a false count in the header allocates nothing.
            frame = pyogrio.read_dataframe(
                record.path, layer=record.layer, columns=columns, use_arrow=True
            )
        except NotImplementedError as error:
            raise LayerError(
                f"{record.path}: cannot be read ({error}): turn its curves into straight lines"
            ) from None
        except _FAULTS as error:
            raise LayerError(f"{record.path}: cannot be read ({error}): restore it") from None
    for note in dict.fromkeys(str(one.message) for one in caught):
        _warn(record, note)
    return frame


def _usable(record: Record, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    lost = frame.geometry.isna() | frame.geometry.is_empty
    if lost.all():
        raise EmptyLayerError(f"{record.path}: no feature of layer {record.id!r} has a geometry")
    if lost.any():
        _warn(record, f"{int(lost.sum())} of {len(frame)} features have no geometry: left out")
    return frame[~lost].reset_index(drop=True)


def _require_on_earth(record: Record, frame: gpd.GeoDataFrame) -> None:
    west, south, east, north = frame.total_bounds
    if not np.isfinite([west, south, east, north]).all() or not _finite(frame):
        raise LayerError(f"{record.path}: has coordinates that are no numbers: restore it")
    if frame.crs.is_geographic and not (
        -360 <= west <= east <= 360 and -90.000001 <= south <= north <= 90.000001
    ):
        raise LayerError(
            f"{record.path}: coordinates reach from ({west:.4g}, {south:.4g}) to ({east:.4g}, "
            f"{north:.4g}), outside longitude and latitude: swap the axes or correct the CRS"
        )


def _finite(frame: gpd.GeoDataFrame) -> bool:
    return bool(np.isfinite(shapely.get_coordinates(frame.geometry.to_numpy())).all())


def _valid(record: Record, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    bad = ~frame.geometry.is_valid
    if not bad.any():
        return frame
    mended = frame.geometry.copy()
    mended[bad] = shapely.make_valid(frame.geometry[bad].to_numpy())
    _warn(record, f"{int(bad.sum())} of {len(frame)} geometries were invalid: repaired")
    return frame.set_geometry(mended)


def _kept(
    record: Record, frame: pd.DataFrame, where: Mapping[str, object] | None
) -> npt.NDArray[np.bool_]:
    keep = np.ones(len(frame), dtype=bool)
    if not where:
        return keep
    _require_columns(record, [str(name) for name in frame.columns], list(where))
    for column, wanted in where.items():
        keep &= _matches(record, frame[column], wanted)
    if not keep.any():
        said = ", ".join(f"{column} = {wanted!r}" for column, wanted in where.items())
        raise EmptyLayerError(f"{record.path}: no row of layer {record.id!r} has {said}")
    return keep


def _matches(record: Record, values: "pd.Series[Any]", wanted: object) -> npt.NDArray[np.bool_]:
    if not isinstance(wanted, Mapping):
        listed = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        return values.isin(list(listed)).to_numpy()
    if set(wanted) - {"min", "max"} or not wanted:
        raise LayerError(
            f"{record.path}: the filter on {values.name!r} is {dict(wanted)!r}, "
            "required are min, max or both"
        )
    if not pd.api.types.is_numeric_dtype(values):
        raise LayerError(f"{record.path}: column {values.name!r} is no number: filter it by values")
    lowest, highest = wanted.get("min", -np.inf), wanted.get("max", np.inf)
    return values.between(lowest, highest).to_numpy()


def _cells(record: Record) -> list[list[str]]:
    if not 0 < record.path.stat().st_size <= LARGEST_FILE:
        raise LayerError(f"{record.path}: is empty or too large to be a table")
    try:
        text = record.path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError:
        raise LayerError(f"{record.path}: is not UTF-8: save it again as UTF-8") from None
    except csv.Error as error:
        raise LayerError(f"{record.path}: is no table ({error}): restore it") from None
    if len(rows[0]) == 1 and ";" in rows[0][0]:
        raise LayerError(f"{record.path}: is parted by semicolons: save it with commas")
    return rows


def _column(record: Record, name: str, cells: Sequence[str]) -> object:
    filled = [cell for cell in cells if cell]
    has_unit = name in record.columns and record.columns[name].unit != ""
    if filled and all(_WHOLE.fullmatch(cell) for cell in filled) and len(filled) == len(cells):
        return np.array(cells, dtype=np.int64)
    if _numeric(filled, must=has_unit) or (has_unit and not filled):
        return np.array([float(cell) if cell else np.nan for cell in cells])
    odd = [cell for cell in filled if has_unit and _COMMA.fullmatch(cell)]
    if odd:
        raise LayerError(
            f"{record.path}: column {name!r} holds {odd[0]!r}, required is a number with a point "
            "and without separators: correct the cell"
        )
    return pd.Series([cell or None for cell in cells], dtype=object)


def _numeric(filled: Sequence[str], *, must: bool) -> bool:
    if not filled or not all(_NUMBER.fullmatch(cell) for cell in filled):
        return False
    # 007 and +976 are codes, unless a unit says that they are amounts.
    return must or not any(re.match(r"\+|-?0\d", cell) for cell in filled)


def _warn(record: Record, what: str) -> None:
    warnings.warn(f"{record.path}: {what}", LodemapWarning, stacklevel=4)
