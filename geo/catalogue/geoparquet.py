"""Reading GeoParquet, after its footer was bounded and its ``geo`` metadata checked.

Versions 0.1.0 to 1.1, geometries as WKB or in the native encodings
(https://geoparquet.org/releases/v1.1.0/).
"""

import json
import struct
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.catalogue.findings import note, refuse
from geo.errors import CrsError

__all__ = ["GeoParquet", "look"]

_FAULTS = (
    pa.ArrowException, shapely.errors.GEOSException, CRSError, ValueError, OSError, KeyError,
    TypeError,
)  # fmt: skip
_LARGEST_FOOTER = 64_000_000
_LARGEST_PLAIN = 8_000_000_000


@dataclass(frozen=True)
class GeoParquet:
    """What the footer says. `crs` is None where the file states that it is unknown."""

    path: Path
    geometry: str
    crs: CRS | None
    columns: Mapping[str, str]
    geometry_types: tuple[str, ...]
    count: int
    covered: bool

    def read(self, columns: Sequence[str] | None, box: Sequence[float] | None) -> gpd.GeoDataFrame:
        """Read rows; where the file has boxes of its own, only those of a region."""
        wanted = None if columns is None else [*dict.fromkeys(columns), self.geometry]
        region = tuple(box) if box is not None and self.covered else None
        try:
            with warnings.catch_warnings():
                # Of spherical edges the look has told.
                warnings.filterwarnings("ignore", "The geo metadata indicate")
                frame = gpd.read_parquet(self.path, columns=wanted, bbox=region)
        except _FAULTS as error:
            what = f"cannot be read ({_short(error)})"
            raise refuse(self.path, "file-damaged", what, "restore it") from None
        frame = frame.rename_geometry("geometry") if self.geometry != "geometry" else frame
        if box is not None:
            frame = frame.cx[box[0] : box[2], box[1] : box[3]]
        return frame.reset_index(drop=True)


def look(path: Path) -> GeoParquet:
    """Check the footer and the ``geo`` metadata of a Parquet file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    GeoParquet

    Raises
    ------
    LayerError
        If the file is cut off or damaged, unpacks to too much, or is no GeoParquet.
    CrsError
        If its system cannot be understood.
    """
    _whole(path)
    try:
        with pq.ParquetFile(path) as file:
            meta, schema = file.metadata, file.schema_arrow
            plain = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
            said = (meta.metadata or {}).get(b"geo")
    except (pa.ArrowException, OSError, ValueError) as error:
        what = f"cannot be read ({_short(error)})"
        raise refuse(path, "file-damaged", what, "restore it") from None
    if plain > _LARGEST_PLAIN:
        what = f"unpacks to {plain:,} bytes, at most {_LARGEST_PLAIN:,} are read"
        raise refuse(path, "file-too-large", what, "split it")
    geo = _metadata(path, said)
    primary = geo.get("primary_column")
    entry = (geo.get("columns") or {}).get(primary)
    if primary not in schema.names or not isinstance(entry, Mapping):
        what = f"its primary geometry column {primary!r} does not exist, it has {schema.names}"
        raise refuse(path, "geometry-column-missing", what, "correct its geo metadata")
    _tell_edges(path, entry.get("edges", "planar"))
    return GeoParquet(
        path,
        str(primary),
        _crs(path, entry),
        {name: str(schema.field(name).type) for name in schema.names if name != primary},
        tuple(str(one) for one in entry.get("geometry_types") or entry.get("geometry_type") or ()),
        int(meta.num_rows),
        "bbox" in (entry.get("covering") or {}),
    )


def _whole(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(size - 8, 0))
        tail = stream.read(8)
    if size < 12 or tail[4:] not in (b"PAR1", b"PARE"):
        raise refuse(path, "file-truncated", "is cut off: its footer is missing", "restore it")
    footer = struct.unpack("<I", tail[:4])[0]
    if footer > min(_LARGEST_FOOTER, size - 12):
        what = f"its footer claims {footer:,} bytes of a file of {size:,}"
        raise refuse(path, "header-broken", what, "restore it")


def _metadata(path: Path, said: bytes | None) -> Mapping[str, Any]:
    if said is None:
        what = "has no geo metadata: it is Parquet, not GeoParquet"
        raise refuse(path, "content-wrong", what, "write it with GeoDataFrame.to_parquet")
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise refuse(path, "content-wrong", "its geo metadata are no JSON object", "write it anew")
    return found


def _tell_edges(path: Path, said: object) -> None:
    if said == "spherical":
        what = "its edges are arcs of great circles, and are read as straight lines of degrees"
        fix = "densify them, or write planar edges"
        note(path, "warning", "edges-spherical", what, fix)
    elif said != "planar":
        what = f"its edges are {str(said)[:30]!r}, required is 'planar' or 'spherical'"
        raise refuse(path, "header-broken", what, "correct its geo metadata")


def _crs(path: Path, entry: Mapping[str, Any]) -> CRS | None:
    # A missing member is the standard's default; null says that the system is unknown.
    said = entry.get("crs", "OGC:CRS84")
    if said is None:
        return None
    try:
        return CRS.from_user_input(said)
    except CRSError as error:
        what = f"its CRS cannot be understood ({_short(error)})"
        fix = "write a known one into it"
        raise refuse(path, "crs-unknown", what, fix, error=CrsError) from None


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__
