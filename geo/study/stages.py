"""Surfaces of finished stages, kept between runs.

An entry is named by all that it depends on: the bytes of the layers, the parameters, the grid
and the code of the stage with all of ours that it uses. So nothing is ever out of date, and a
run with other weights finds the distances of the run before. The folder is shared between
processes and bounded in size, what was used longest ago going first. An entry is written
beside its place, then renamed, and it carries its own hash: it is whole, or it is no entry.
"""

import ast
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox

import geo
from geo.catalogue.findings import Finding
from geo.catalogue.records import Record
from geo.compute.engine import Engine
from geo.compute.parts import Part, strips
from geo.grid import as_dataarray

__all__ = ["Entry", "StageCache", "code_of", "stage_key"]

_LIMIT = 10_000_000_000
_MAGIC = b"lodemap stage 1\n"
_CHUNK = 1 << 20
# Half-written files of processes that were killed go after a day.
_STALE = 86_400.0
_LIBRARIES = ("exactextract", "geopandas", "numba", "numpy", "odc-geo", "pvlib", "pyproj",
              "rasterio", "scipy", "shapely", "xarray")  # fmt: skip

Heard = Mapping[str, Sequence[Finding]]
"""What was found out about the layers that were read, by reading."""


def code_of(module: str) -> str:
    """Hash of a module's source and of all of ours that it imports, and of the libraries.

    Parameters
    ----------
    module : str
        Name of a module of this package.

    Returns
    -------
    str

    Examples
    --------
    >>> code_of("geo.errors") == code_of("geo.errors") != code_of("geo.units")
    True
    """
    sources: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _source(name)
        if name not in sources and path is not None:
            sources[name] = path.read_bytes()
            waiting += _imported(sources[name])
    digest = hashlib.sha256("".join(f"{n} {version(n)}\n" for n in _LIBRARIES).encode())
    for name in sorted(sources):
        digest.update(name.encode() + hashlib.sha256(sources[name]).digest())
    return digest.hexdigest()


def _source(module: str) -> Path | None:
    """File of a module of this package; None for what is no module of it."""
    top, *names = module.split(".")
    place = Path(geo.__file__).parent.joinpath(*names)
    files = (place / "__init__.py", place.parent / f"{place.name}.py")
    return next((file for file in files if top == "geo" and file.is_file()), None)


@cache
def _imported(source: bytes) -> tuple[str, ...]:
    """Names of the modules that a module may import."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            # What is imported from a package may be a module itself.
            found += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
    return tuple(found)


def stage_key(
    stage: str, code: str, records: Sequence[Record], parameters: object, grid: GeoBox
) -> str | None:
    """Name of a stage's result: a hash of all that it depends on.

    Parameters
    ----------
    stage : str
    code : str
        Of `code_of`.
    records : sequence of Record
        Of the layers that are read.
    parameters : object
        With a `repr` that tells all of it.
    grid : GeoBox

    Returns
    -------
    str or None
        None where the bytes of a layer are not known.
    """
    if not all(record.sha256 for record in records):
        return None
    # Where a layer lies does not matter, what it says about itself does.
    said = [replace(record, path=Path(), toml=Path()) for record in records]
    place = (tuple(grid.shape), tuple(grid.affine), str(grid.crs))
    told = repr((stage, code, said, parameters, place))
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """A whole entry: where its surfaces lie in the file, and what was found in the layers."""

    path: Path
    start: int
    head: Mapping[str, Any]

    @property
    def heard(self) -> dict[str, list[Finding]]:
        """Findings by reading."""
        told = self.head["heard"]
        return {key: [Finding(**one) for one in found] for key, found in told.items()}

    def surfaces(self, engine: Engine, grid: GeoBox) -> dict[str, xr.DataArray]:
        """Give the surfaces to an engine, which keeps them as if it had computed them.

        Raises
        ------
        OSError, ValueError
            If the file has gone meanwhile.
        """
        return engine.compute(grid, self._part)

    def _part(self, part: Part) -> dict[str, xr.DataArray]:
        rows, columns = part.shape
        made = {}
        for one in self.head["surfaces"]:
            kind = np.dtype(one["dtype"])
            place = self.start + one["offset"] + part.first * columns * kind.itemsize
            values = np.fromfile(self.path, kind, rows * columns, offset=place)
            surface = as_dataarray(
                values.reshape(rows, columns), part.grid, name=one["name"], unit="", long_name=""
            )
            surface.attrs = {key: _value(said) for key, said in one["attrs"].items()}
            made[one["key"]] = surface
        return made


class StageCache:
    """Entries in one folder.

    Parameters
    ----------
    folder : Path
        Made when it is needed.
    limit : int, optional
        Most bytes that all entries may take together.
    """

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def find(self, key: str) -> Entry | None:
        """Return the entry of a key, if there is a whole one; remove one that is not whole."""
        path = self._path(key)
        try:
            entry = _opened(path)
            if entry is None:
                path.unlink(missing_ok=True)
            else:
                os.utime(path)
        except OSError:
            return None
        return entry

    def store(self, key: str, surfaces: Mapping[str, xr.DataArray], heard: Heard) -> None:
        """Keep surfaces, if the folder lets us: without them the next run only takes longer."""
        head = _head(surfaces, heard)
        if head is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(suffix=".part", dir=self.folder)
            part = Path(name)
            try:
                with os.fdopen(handle, "wb") as stream:
                    _write(stream, head, surfaces)
                    stream.flush()
                    os.fsync(stream.fileno())
                part.replace(self._path(key))
            finally:
                part.unlink(missing_ok=True)
            self._trim()
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.stage"

    def _trim(self) -> None:
        """Remove what was used longest ago until the rest fits, and what was left half-written."""
        for part in self.folder.glob("*.part"):
            if part.stat().st_mtime < time.time() - _STALE:
                part.unlink(missing_ok=True)
        entries = sorted((path.stat().st_mtime_ns, path) for path in self.folder.glob("*.stage"))
        sizes = {path: path.stat().st_size for _, path in entries}
        total = sum(sizes.values())
        for _, path in entries:
            if total <= self.limit:
                return
            path.unlink(missing_ok=True)
            total -= sizes[path]


def _plain(value: object) -> object:
    """An attribute as plain data: an array, such as the masks of flags, as a list."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return {"array": value.tolist(), "dtype": value.dtype.str}
    return value


def _value(said: object) -> object:
    """What `_plain` was given."""
    return np.array(said["array"], said["dtype"]) if isinstance(said, dict) else said


def _head(surfaces: Mapping[str, xr.DataArray], heard: Heard) -> dict[str, Any] | None:
    """What an entry says of its surfaces; None if plain data cannot say it."""
    told, offset = [], 0
    for key, surface in surfaces.items():
        one = {"key": key, "name": surface.name, "dtype": surface.dtype.str, "offset": offset}
        told.append(one | {"attrs": {k: _plain(v) for k, v in surface.attrs.items()}})
        offset += surface.size * surface.dtype.itemsize
    head = {
        "surfaces": told,
        "size": offset,
        "heard": {key: [asdict(one) for one in found] for key, found in heard.items()},
    }
    try:
        same = json.loads(json.dumps(head)) == head
    except (TypeError, ValueError):
        return None
    return head if same else None


def _write(stream: BinaryIO, head: Mapping[str, Any], surfaces: Mapping[str, xr.DataArray]) -> None:
    digest = hashlib.sha256()

    def put(data: Any) -> None:
        digest.update(data)
        stream.write(data)

    text = json.dumps(head).encode()
    put(_MAGIC + len(text).to_bytes(8, "little") + text)
    for surface in surfaces.values():
        for rows in strips(surface.shape):
            put(np.ascontiguousarray(surface[rows].to_numpy()).data.cast("B"))
    stream.write(digest.digest())


def _opened(path: Path) -> Entry | None:
    """Read the head of an entry whose hash is right, else None."""
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        start = stream.read(len(_MAGIC) + 8)
        length = int.from_bytes(start[len(_MAGIC) :], "little")
        if not start.startswith(_MAGIC) or length > size:
            return None
        text = stream.read(length)
        digest.update(start + text)
        left = size - len(start) - len(text) - digest.digest_size
        while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
        if left != 0 or stream.read() != digest.digest():
            return None
    return Entry(path, len(start) + length, json.loads(text))
