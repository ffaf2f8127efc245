"""Looking at a file or a layer as a study would read it, and saying what is doubtful."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.catalogue import vector
from geo.catalogue.description import Description
from geo.catalogue.findings import Finding, gathered, refuse, worst
from geo.catalogue.openraster import OpenRaster
from geo.catalogue.raster import description_of, open_raster
from geo.catalogue.rasterfiles import RASTER_SUFFIXES
from geo.catalogue.rasterlook import Look, look_through
from geo.catalogue.records import Catalogue, Record, verify
from geo.catalogue.sniff import what_is
from geo.catalogue.vector import read_table, read_vector
from geo.errors import LodemapError

__all__ = ["Inspection", "check", "examine", "inspect", "inspect_file", "inspections"]

_INDIRECT = (".vrt", ".wms", ".gti", ".mrf")
_MOST_SHAPES = 20_000


@dataclass(frozen=True)
class Inspection:
    """What was found out about one file or layer.

    `file` is its path as it was given, `name` its id or its file's name. `summary` holds what it
    is, `preview` a thinned copy of a raster's first band (NaN unknown), `shapes` some of a
    vector layer's geometries. `record` is set where a record says what it should be.
    """

    file: str
    name: str
    findings: tuple[Finding, ...]
    summary: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    description: Description | None = None
    preview: npt.NDArray[np.float32] | None = None
    shapes: gpd.GeoSeries | None = None
    record: Record | None = None

    @property
    def status(self) -> str:
        """Status by the gravest finding: ``ok``, ``warning``, ``repaired`` or ``refused``."""
        return worst(self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``--json`` prints it."""
        return {
            "file": self.file,
            "status": self.status,
            "findings": [finding.to_dict() for finding in self.findings],
            "summary": _strict(dict(self.summary)),
        }


def inspect_file(path: Path | str, *, part: str | None = None) -> Inspection:
    """Tell what a file is and what is doubtful about it, without any record.

    Parameters
    ----------
    path : Path or str
        A file, or ``postgis:`` with a table or ``schema.table``.
    part : str, optional
        Which of several: variable of a NetCDF, HDF5 or Zarr file, layer of a GeoPackage, sheet
        of a workbook, member of an archive.

    Returns
    -------
    Inspection
        Whatever the file does: what cannot be read is a finding too.

    Examples
    --------
    >>> inspect_file("nowhere.tif").findings[0].message
    'nowhere.tif: there is no such file: check the path'
    """
    file = Path(path)
    seen: dict[str, Any] = {}
    with _guarded(file.name, file) as found:
        text = str(path)
        if text.startswith("postgis:"):
            # The driver of PostgreSQL is an extra.
            from geo.catalogue.postgislook import taken_over

            file = taken_over(text.removeprefix("postgis:"))
        _require_no_address(text)
        _require_file(file)
        if file.suffix.lower() in (*RASTER_SUFFIXES, *_INDIRECT):
            with open_raster(file, variable=part) as raster:
                seen |= _seen(raster, look_through(raster))
        else:
            description, frame = vector.look(file, layer=part)
            seen["description"], seen["summary"] = description, description.to_dict()
            seen["shapes"] = _shapes(frame)
    return Inspection(str(path), file.name, _once(found), **seen)


def examine(record: Record) -> Inspection:
    """Look at a layer in the light of its record.

    Parameters
    ----------
    record : Record

    Returns
    -------
    Inspection
        Warnings and repairs first, then at most one error.
    """
    seen: dict[str, Any] = {}
    with _guarded(record.id, record.path) as found:
        if record.kind == "raster":
            verify(record)
            with open_raster(record.path, variable=record.variable, record=record) as raster:
                look = look_through(
                    raster,
                    title=f"{record.id} {record.title}",
                    unit=record.unit,
                    nodata=record.nodata,
                    valid_range=record.valid_range,
                )
                seen |= _seen(raster, look)
        else:
            frame = read_table(record) if record.kind == "table" else read_vector(record)
            seen["summary"], seen["shapes"] = _table_summary(record, frame), _shapes(frame)
    names = seen.get("summary", {}).get("columns")
    if names is not None and (gone := [c for c in record.columns if c not in names]):
        text = f"{record.toml}: describes columns that the file lacks: {', '.join(gone)}"
        found.append(Finding(record.id, "warning", text, "column-missing", count=len(gone)))
    return Inspection(str(record.path), record.id, _once(found), record=record, **seen)


def check(catalogue: Catalogue, *ids: str) -> list[Finding]:
    """Read layers as a study would and report what is wrong.

    Parameters
    ----------
    catalogue : Catalogue
    *ids : str
        Layers to check; all when none is named.

    Returns
    -------
    list of Finding
        Sorted by id; empty when all is well.
    """
    return [finding for one in inspections(catalogue, *ids) for finding in one.findings]


def inspections(catalogue: Catalogue, *ids: str) -> Iterator[Inspection]:
    """Examine layers one after the other.

    Parameters
    ----------
    catalogue : Catalogue
    *ids : str
        Layers to examine; all when none is named.

    Yields
    ------
    Inspection
        Sorted by id; a record that cannot be loaded gives one too.
    """
    for identifier in ids or sorted([*catalogue.ids(), *catalogue.faulty()]):
        record: Record | None = None
        with gathered(identifier) as found:
            record = catalogue[identifier]
        faulty = Inspection(identifier, identifier, tuple(found))
        yield faulty if record is None else examine(record)


def inspect(record: Record) -> list[Finding]:
    """Read a layer and report what is wrong with it.

    Parameters
    ----------
    record : Record

    Returns
    -------
    list of Finding
        Warnings first, then at most one error; empty when all is well.
    """
    return list(examine(record).findings)


@contextmanager
def _guarded(identifier: str, path: Path) -> Iterator[list[Finding]]:
    """Gather findings; what no reader foresaw becomes a refusal that names the file."""
    with gathered(identifier) as found:
        try:
            yield found
        except LodemapError:
            raise
        except (Exception, MemoryError, RecursionError) as error:
            said = " ".join(str(error).split())[:160]
            raise refuse(
                path,
                "unreadable",
                f"cannot be read ({type(error).__name__}{': ' + said if said else ''})",
                "restore it from its source",
            ) from error


def _require_no_address(text: str) -> None:
    """Refuse what GDAL would take for a place on the network or inside another file."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://|www\.", text):
        raise refuse(
            text,
            "address",
            "is an address, required is a file: nothing is opened over the network",
            "fetch it first, with `lodemap layers fetch` where a record names it",
        )
    if re.match(r"/vsi[a-z]", text.lower()) or "\x00" in text:
        raise refuse(
            text, "address", "is a notation of GDAL's, required is a file", "give a plain path"
        )


def _require_file(path: Path) -> None:
    if not path.exists():
        raise refuse(path, "missing", "there is no such file", "check the path")
    if path.is_dir() and path.suffix.lower() != ".zarr":
        raise refuse(path, "missing", "is a folder, required is a file", "name a file in it")
    if not (path.is_file() or path.is_dir()):
        raise refuse(path, "missing", "is a device or a pipe, required is a file", "name a file")
    if path.is_file() and path.stat().st_size == 0:
        raise refuse(path, "empty", f"is {what_is(path)}", "restore it from its source")


def _seen(raster: OpenRaster, look: Look) -> dict[str, Any]:
    description = description_of(raster)
    summary = description.to_dict()
    summary["statistics"] = [band.to_dict() for band in look.bands]
    summary["sampled"] = look.sampled
    if raster.turned:
        summary["turned"] = list(raster.turned)
    if raster.facts.get("pixel_is_point"):
        summary["registration"] = "point: cells lie round the stored places"
    return {"description": description, "summary": summary, "preview": look.preview}


def _shapes(frame: pd.DataFrame) -> gpd.GeoSeries | None:
    """Geometries for a small picture: not more than it can show."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        return None
    step = max(1, len(frame) // _MOST_SHAPES)
    return frame.geometry.iloc[::step]


def _once(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings without those that two passes over the file both made."""
    return tuple({(one.code, one.message): one for one in findings}.values())


def _table_summary(record: Record, frame: pd.DataFrame) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "kind": record.kind,
        "count": len(frame),
        "columns": {str(name): str(kind) for name, kind in frame.dtypes.items()},
    }
    if isinstance(frame, gpd.GeoDataFrame) and not frame.empty:
        summary["crs"] = record.crs
        summary["bounds"] = [float(edge) for edge in frame.total_bounds]
    return summary


_PLAIN: Mapping[type, Callable[[Any], Any]] = MappingProxyType(
    {
        dict: lambda value: {str(key): _strict(inner) for key, inner in value.items()},
        list: lambda value: [_strict(inner) for inner in value],
        tuple: lambda value: [_strict(inner) for inner in value],
        float: lambda value: value if math.isfinite(value) else str(value),
    }
)


def _strict(value: Any) -> Any:
    """Plain data without the numbers that JSON does not have."""
    return _PLAIN.get(type(value), lambda same: same)(value)
