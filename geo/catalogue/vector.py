"""Reading vector layers and tables, checked at the door.

Bytes, driver, reference system, counts and geometries are checked against the record before a
frame leaves this module. Filters are parsed here and applied to columns; nothing that a recipe
says ever reaches SQL.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from geo.catalogue import geometries
from geo.catalogue import where as filters
from geo.catalogue.cells import Cells, read_cells
from geo.catalogue.columns import frame_of, unit_hint
from geo.catalogue.description import Description
from geo.catalogue.findings import LayerWarning, note, refuse
from geo.catalogue.formats import TABLES, format_of
from geo.catalogue.records import Record, verify
from geo.catalogue.soundness import found_sound, is_sound
from geo.catalogue.source import Hints, Source, opened
from geo.catalogue.systems import authority, require_plausible, require_same, understood
from geo.catalogue.tableplaces import coordinates, tell_places, wkt_shapes
from geo.catalogue.texts import tell_texts
from geo.errors import CrsError, EmptyLayerError, LayerError
from geo.units import magnitude

__all__ = ["describe", "look", "read_table", "read_vector", "unchecked"]

# Coordinates of a drawing, such as a unit square, keep within this far of the origin.
_DRAWING = 2.0


def read_vector(
    record: Record,
    *,
    where: Mapping[str, object] | None = None,
    crs: CRS | str | None = None,
    columns: Sequence[str] | None = None,
    bbox: Sequence[float] | None = None,
    survey: bool = False,
) -> gpd.GeoDataFrame:
    """Read a vector layer that is what its record says.

    GeoPackage, Shapefile, FlatGeobuf and GeoParquet are read through their index where they
    have one, so that a small region of a big layer costs what the region costs.

    Parameters
    ----------
    record : Record
        Of kind ``"vector"``.
    where : mapping, optional
        Rows to keep: ``{column: value}``, ``{column: [values]}`` or
        ``{column: {"min": 1, "max": 5}}`` (both ends count, either may be missing). All must
        hold, with those of the record; an unknown value never matches.
    crs : CRS or str, optional
        System to reproject to; the file's own when missing.
    columns : sequence of str, optional
        Columns to keep beside the geometry; all when missing.
    bbox : (west, south, east, north), optional
        Only features that reach into this box, in `crs` when that is given, else in the
        record's system.
    survey : bool, optional
        Also run the checks that matter when one meets a layer for the first time (kinds and
        duplicates of geometries, lines as a network, texts), and let an empty layer or a file
        of several layers pass with a warning.

    Returns
    -------
    GeoDataFrame
        In file order, under the record's names and units. Missing and empty geometries are
        left out and invalid ones repaired, each with a LayerWarning that counts them.

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
    return _vector(record, where=where, crs=crs, columns=columns, bbox=bbox, survey=survey)


def unchecked(record: Record) -> gpd.GeoDataFrame:
    """Read every row of a file as it stands: neither left out, nor mended, nor compared.

    Parameters
    ----------
    record : Record
        Says how to read the file; its digest is not looked at.

    Returns
    -------
    GeoDataFrame
    """
    with _opened(record, survey=True) as source:
        return source.read(None, None)


def _vector(
    record: Record,
    *,
    where: Mapping[str, object] | None = None,
    crs: CRS | str | None = None,
    columns: Sequence[str] | None = None,
    bbox: Sequence[float] | None = None,
    survey: bool = False,
) -> gpd.GeoDataFrame:
    asked = {**record.where, **(where or {})}
    named = None if columns is None else list(dict.fromkeys([*columns, *asked]))
    box = _box(record, bbox, crs)
    known = is_sound(record.sha256, record.layer)
    sound = record.sha256 if known else None
    with _opened(record, survey=survey, sound=sound, region=box is not None) as source:
        if source.count == 0:
            frame = _empty(record, source, survey=survey)
        else:
            frame = source.read(_in_file(record, named), box)
            frame = _under_names(record, source, frame, named, list(asked))
            if frame.empty and box is None:
                frame = _empty(record, source, survey=survey)
    if frame.crs is None and source.contextual:
        frame = _of_context(record, frame)
    if not known or survey:
        checked = _checked(record, frame, survey=survey or box is not None)
        if checked is frame and box is None and not frame.empty:
            found_sound(record.sha256, record.layer)
        frame = checked
    _placed(record, frame, survey=survey, contextual=source.contextual)
    if box is None and not frame.empty:
        geometries.doubts(record.path, frame)
    kept = frame
    if not (frame.empty and survey):
        keep = filters.kept(record.path, record.id, frame, asked)
        kept = frame if keep.all() else frame[keep].reset_index(drop=True)
    _look_twice(record, source, kept, survey=survey)
    if columns is not None:
        kept = kept[[*columns, kept.geometry.name]]
    return kept if crs is None else kept.to_crs(crs)


def read_table(
    record: Record, *, where: Mapping[str, object] | None = None, survey: bool = False
) -> pd.DataFrame:
    """Read a CSV, TSV or Excel table that is what its record says.

    Cells are read as text first. A column becomes numbers when every filled cell is one and
    none has a leading zero. Decimal commas are taken where semicolons part the cells and the
    commas can mean nothing else; a comma that may also part thousands is refused, unless the
    record states the `decimal` sign. Empty is unknown: NaN among numbers, None among texts.

    Parameters
    ----------
    record : Record
        Of kind ``"table"``.
    where : mapping, optional
        As in `read_vector`.
    survey : bool, optional
        Also look for harmful and garbled texts, and let an empty table pass with a warning.

    Returns
    -------
    DataFrame
        In file order.

    Raises
    ------
    LayerError
        If the file is missing, changed, in another encoding, ragged, its key repeats, a column
        with a unit is no number, or latitudes and longitudes lie outside the Earth.
    EmptyLayerError
        If no row is left.
    """
    _require_kind(record, "table")
    verify(record)
    return _rows(record, where=where, survey=survey)


def _rows(
    record: Record,
    *,
    where: Mapping[str, object] | None = None,
    survey: bool = False,
    read: tuple[pd.DataFrame, Cells] | None = None,
) -> pd.DataFrame:
    asked = {**record.where, **(where or {})}
    found = (read or _table(record, survey=survey))[0]
    frame: pd.DataFrame = _under_names(record, None, found, None, list(asked))
    if frame.empty:
        what = f"table {record.id!r} has no rows"
        if not survey:
            raise refuse(record.path, "layer-empty", what, "restore it", error=EmptyLayerError)
        note(record.path, "warning", "layer-empty", what, "check that it is whole")
        return frame
    if survey:
        tell_texts(record.path, frame)
        tell_places(record.path, frame)
    keep = filters.kept(record.path, record.id, frame, asked)
    return frame if keep.all() else frame[keep].reset_index(drop=True)


def look(path: Path | str, *, layer: str | None = None) -> tuple[Description, pd.DataFrame]:
    """Read a vector file or table of which nothing is known yet, with every check.

    Parameters
    ----------
    path : Path or str
    layer : str, optional
        Layer, sheet or archive member; the first one, with a warning, when missing.

    Returns
    -------
    description : Description
    frame : GeoDataFrame or DataFrame
        What a record that says nothing but the file's own system would read.

    Raises
    ------
    LayerError, CrsError
        If the file could not be used as a layer.
    """
    file = Path(path).absolute()
    kind = "table" if format_of(file) in TABLES.values() else "vector"
    draft = Record(
        id=file.stem, title="", kind=kind, path=file, toml=file.with_suffix(".toml"), sha256="",
        licence="", attribution="", source="", retrieved=date.today(), quality="screening",
        limits="", layer=layer, sheet=layer if kind == "table" else None,
    )  # fmt: skip
    if kind == "table":
        read = _table(draft, survey=True)
        return _described_table(layer, *read), _rows(draft, survey=True, read=read)
    frame = _vector(draft, survey=True)
    return describe(file, layer=layer), frame


def describe(path: Path | str, *, layer: str | None = None) -> Description:
    """Tell what a vector file or table states about itself.

    Parameters
    ----------
    path : Path or str
    layer : str, optional
        Layer, sheet or archive member; the first one when missing.

    Returns
    -------
    Description
        Of kind ``"vector"`` or ``"table"``; `crs` is None where the file states none.

    Raises
    ------
    LayerError, CrsError
        If the file cannot be read.
    """
    file = Path(path).absolute()
    with warnings.catch_warnings():
        # Reading says the same again.
        warnings.simplefilter("ignore", LayerWarning)
        if file.suffix.lower() in TABLES and format_of(file) in TABLES.values():
            cells = read_cells(file, sheet=layer, survey=True)
            return _described_table(layer, frame_of(file, cells), cells)
        with opened(file, Hints(layer, survey=True)) as source:
            return _described(source)


def _described(source: Source) -> Description:
    said = source.stated() if source.stated is not None else {}
    columns = dict(source.names())
    bounds = said.get("bounds")
    hints = {name: hint for name in columns if (hint := unit_hint(name))}
    return Description(
        "vector",
        source.driver,
        crs=authority(said.get("crs")),
        layers=source.layers,
        layer=source.layer,
        columns=MappingProxyType(columns),
        geometry_types=tuple(said.get("geometry_types", ())),
        count=source.count,
        bounds=None if bounds is None else _four(bounds),
        unit_hints=MappingProxyType(hints),
    )


def _four(bounds: Sequence[float]) -> tuple[float, float, float, float]:
    west, south, east, north = map(float, bounds)
    return west, south, east, north


def _described_table(sheet: str | None, frame: pd.DataFrame, cells: Cells) -> Description:
    hints = {name: hint for name in cells.names if (hint := unit_hint(name))}
    return Description(
        "table",
        "XLSX" if cells.sheets else "CSV",
        layers=cells.sheets,
        layer=sheet or (cells.sheets[0] if cells.sheets else None),
        columns=MappingProxyType(
            {str(n): "text" if frame[n].dtype == object else str(frame[n].dtype) for n in frame}
        ),
        count=len(frame),
        bounds=_table_bounds(frame),
        unit_hints=MappingProxyType(hints),
    )


def _table_bounds(frame: pd.DataFrame) -> tuple[float, float, float, float] | None:
    pairs = coordinates(frame)
    if pairs is None or np.isnan(pairs).all(axis=0).any():
        return None
    return _four([*np.nanmin(pairs, axis=0), *np.nanmax(pairs, axis=0)])


def _require_kind(record: Record, kind: str) -> None:
    if record.kind != kind:
        what = f"layer {record.id!r} is a {record.kind}, required a {kind}"
        raise refuse(record.path, "kind-differs", what, "correct the record")


@contextmanager
def _opened(
    record: Record, *, survey: bool, sound: str | None = None, region: bool = False
) -> Iterator[Source]:
    if record.x is not None or record.wkt is not None:
        yield _from_table(record, survey=survey)
        return
    hints = Hints(record.layer, record.encoding, survey, sound, region)
    with opened(record.path, hints) as source:
        yield source


def _from_table(record: Record, *, survey: bool) -> Source:
    frame, cells = _table(record, survey=survey)
    shapes = _from_wkt(record, frame) if record.wkt is not None else _from_pair(record, frame)
    used = [record.wkt] if record.wkt is not None else []
    crs = None if record.crs is None else understood(record.path, record.crs)
    # Texts get the type that they have from any other format.
    typed = {name: frame[name].infer_objects() for name in frame if name not in used}
    whole = gpd.GeoDataFrame(typed, geometry=shapes, crs=crs)

    def read(columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        found = whole
        if columns is not None:
            found = found[[n for n in dict.fromkeys(columns) if n in found] + ["geometry"]]
        if box is not None:
            found = found[shapely.intersects(found.geometry.to_numpy(), shapely.box(*box))]
        return found.reset_index(drop=True)

    kinds = {str(name): str(frame[name].dtype) for name in frame}
    return Source(
        record.path, "XLSX" if cells.sheets else "CSV", read, lambda: kinds, count=len(frame)
    )


def _table(record: Record, *, survey: bool) -> tuple[pd.DataFrame, Cells]:
    format_of(record.path)
    cells = read_cells(
        record.path, encoding=record.encoding, separator=record.separator, sheet=record.sheet,
        survey=survey,
    )  # fmt: skip
    united = [c.source or name for name, c in record.columns.items() if c.unit or c.source_unit]
    places = [name for name in (record.x, record.y) if name is not None]
    for name in places:
        _require_columns(record, cells.names, [name])
    frame = frame_of(
        record.path, cells, decimal=record.decimal, units=[*united, *places], key=record.key
    )
    return frame, cells


def _from_pair(record: Record, frame: pd.DataFrame) -> Any:
    for name in (record.x, record.y):
        odd = [v for v in frame[name] if isinstance(v, str)] if frame[name].dtype == object else []
        if odd:
            what = f"column {name!r} holds {odd[0][:30]!r}, required are decimal numbers"
            fix = "write coordinates such as 106.917, not degrees and minutes"
            raise refuse(record.path, "cell-no-number", what, fix)
    x, y = frame[record.x].to_numpy(dtype=float), frame[record.y].to_numpy(dtype=float)
    shapes = shapely.points(x, y)
    shapes[np.isnan(x) | np.isnan(y)] = None
    return shapes


def _from_wkt(record: Record, frame: pd.DataFrame) -> Any:
    name = str(record.wkt)
    _require_columns(record, [str(n) for n in frame.columns], [name])
    shapes, wrong = wkt_shapes(frame[name])
    if len(wrong):
        said = str(frame[name].iloc[wrong[0]])[:40]
        what = f"row {wrong[0] + 1} of column {name!r} holds {said!r}, which is no WKT"
        raise refuse(record.path, "geometry-broken", what, "correct the cell")
    return shapes


def _empty(record: Record, source: Source, *, survey: bool) -> gpd.GeoDataFrame:
    what = f"layer {source.layer or record.layer or record.id!r} is empty"
    if not survey:
        raise refuse(record.path, "layer-empty", what, "restore it", error=EmptyLayerError)
    note(record.path, "warning", "layer-empty", what, "check that it is whole")
    return source.read(None, None)


def _in_file(record: Record, named: Sequence[str] | None) -> list[str] | None:
    if named is None:
        return None
    known = record.columns
    return [(known[n].source if n in known else None) or n for n in named]


def _under_names(
    record: Record,
    source: Source | None,
    frame: Any,
    named: Sequence[str] | None,
    asked: Sequence[str],
) -> Any:
    """Give columns the record's names and units, and require those that are asked for."""
    for name, column in record.columns.items():
        old = column.source or name
        if old not in frame.columns:
            continue
        if column.source_unit is not None:
            frame[old] = _converted(record, frame[old], column.source_unit, column.unit)
        if old != name:
            frame = frame.rename(columns={old: name})
    present = [str(name) for name in frame.columns]
    needed = [*(named or ()), *asked]
    if any(name not in present for name in needed):
        if named is not None and source is not None:
            mapped = {c.source or n: n for n, c in record.columns.items()}
            present = [mapped.get(name, name) for name in source.names()]
        _require_columns(record, [n for n in present if n != "geometry"], needed)
    return frame


def _converted(record: Record, values: "pd.Series[Any]", found: str, unit: str) -> Any:
    if not pd.api.types.is_numeric_dtype(values):
        what = f"column {values.name!r} is no number and cannot become {unit!r}"
        raise refuse(record.path, "cell-no-number", what, "correct its cells")
    # Units with another zero (degrees of temperature) need both ends of a line.
    zero, one = magnitude(f"0 {found}", unit), magnitude(f"1 {found}", unit)
    return values * (one - zero) + zero


def _require_columns(record: Record, present: Sequence[str], asked: Sequence[str]) -> None:
    if missing := [name for name in asked if name not in present]:
        what = f"layer {record.id!r} has no column {', '.join(map(repr, missing))}"
        fix = f"it has {', '.join(present)}"
        raise LayerError(f"{record.path}: {what}, {fix}", code="column-missing", fix=fix)


def _checked(record: Record, frame: gpd.GeoDataFrame, *, survey: bool) -> gpd.GeoDataFrame:
    """Check geometries, after the system that they must have if they have one."""
    if frame.crs is not None and record.crs is not None:
        require_same(record.path, frame.crs, record.crs)
    if frame.empty:
        return frame
    return geometries.checked(record.path, record.id, frame, allow_empty=survey)


def _of_context(record: Record, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give GML without a CRS that of its record: the standard leaves it to the context.

    "If no srsName attribute is given, the CRS shall be specified as part of the larger context
    this geometry element is part of" (ISO 19136:2007, 10.1.3.2).
    """
    what = "its geometries name no CRS, which GML leaves to the context"
    if record.crs is None:
        note(record.path, "warning", "crs-open", what, "state it in the record: crs = …")
        return frame
    note(record.path, "warning", "crs-open", f"{what}: taken from its record, {record.crs}")
    return frame.set_crs(understood(record.path, record.crs))


def _placed(record: Record, frame: gpd.GeoDataFrame, *, survey: bool, contextual: bool) -> None:
    """Check the system that geometries are in."""
    if frame.crs is None:
        if survey and contextual:
            return
        if survey and not frame.empty and _nowhere(frame.total_bounds):
            what = "has no CRS, its coordinates claim no place on the Earth"
            fix = "write its CRS into the file before a study uses it"
            note(record.path, "warning", "no-place", what, fix)
            return
        said = "" if record.crs is None else f", its record says {record.crs}"
        what = f"layer {record.id!r} has no CRS{said}"
        fix = "write the CRS into the file"
        raise refuse(record.path, "crs-missing", what, fix, error=CrsError)
    if not frame.empty:
        require_plausible(record.path, frame.crs, frame.total_bounds)


def _nowhere(bounds: npt.NDArray[np.float64]) -> bool:
    """Whether a box is no larger than a drawing about the origin."""
    west, south, east, north = bounds
    small = bool((np.abs(bounds) <= _DRAWING).all())
    return small and bool(east - west <= _DRAWING and north - south <= _DRAWING)


def _look_twice(record: Record, source: Source, frame: gpd.GeoDataFrame, *, survey: bool) -> None:
    if record.key is not None and record.key in frame and frame[record.key].duplicated().any():
        what = f"rows repeat a value of its key {record.key!r}"
        raise refuse(record.path, "key-duplicate", what, "give every row an id of its own")
    if survey:
        geometries.survey(record.path, frame, source.declared)
        tell_texts(record.path, frame)


def _box(
    record: Record, bbox: Sequence[float] | None, crs: CRS | str | None
) -> tuple[float, float, float, float] | None:
    if bbox is None:
        return None
    west, south, east, north = (float(value) for value in bbox)
    if not (np.isfinite([west, south, east, north]).all() and west <= east and south <= north):
        what = f"the box {tuple(bbox)} is not west, south, east, north"
        raise refuse(record.path, "bbox-broken", what, "give the smaller values first")
    if crs is None or record.crs is None:
        return west, south, east, north
    change = Transformer.from_crs(crs, record.crs, always_xy=True)
    return change.transform_bounds(west, south, east, north, densify_pts=21)
