"""Surfaces of finished stages, kept between runs.

An entry is named by all that it depends on: the bytes of the layers, the parameters, the grid
and the code of the stage with all of ours that it uses. So nothing is ever out of date, and a
run with other weights finds the distances of the run before.
"""

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox

import geo
from geo.catalogue.findings import Finding
from geo.catalogue.records import Record
from geo.compute.canonical import canonical
from geo.compute.engine import Engine
from geo.compute.kept import Checksum, Kept
from geo.compute.parts import Part, strips
from geo.grid import as_dataarray

__all__ = ["Entry", "StageCache", "code_of", "stage_key"]

_MAGIC = b"lodemap stage 2\n"
_CHUNK = 1 << 20
_LIBRARIES = ("exactextract", "folium", "geopandas", "numba", "numpy", "odc-geo", "pandas",
              "pvlib", "pyogrio", "pyproj", "rasterio", "scipy", "shapely", "xarray")  # fmt: skip
# Whatever stands in a text by chance only makes the hash depend on more.
_IMPORTS = re.compile(
    rb"^[ \t]*(?:from[ \t]+(geo[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))",
    re.MULTILINE,
)
_NAMES = re.compile(rb"[\w.]+")

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
    files = _modules()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in sources and name in files:
            sources[name] = files[name].read_bytes()
            waiting += _imported(sources[name])
    digest = hashlib.sha256(_made_by(version).encode())
    for name in sorted(sources):
        digest.update(name.encode() + hashlib.sha256(sources[name]).digest())
    return digest.hexdigest()


@cache
def _made_by(tell: Callable[[str], str]) -> str:
    """Versions of Python and of the libraries, each as it is told."""
    return "\n".join([platform.python_version(), *(f"{one} {tell(one)}" for one in _LIBRARIES)])


@cache
def _modules() -> dict[str, Path]:
    """Files of all modules of this package, by name."""
    top = Path(geo.__file__).parent
    found = {}
    for path in top.rglob("*.py"):
        inner = path.relative_to(top.parent).with_suffix("").parts
        found[".".join(inner[:-1] if inner[-1] == "__init__" else inner)] = path
    return found


@cache
def _imported(source: bytes) -> tuple[str, ...]:
    """Names of the modules that a module may import."""
    found: list[str] = []
    for package, named, plain in _IMPORTS.findall(source):
        inner = [name.decode() for name in _NAMES.findall(named or plain)]
        # What is imported from a package may be a module itself.
        prefix = package.decode()
        found += [prefix, *(f"{prefix}.{name}" for name in inner)] if prefix else inner
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
        Plain values, see :func:`geo.compute.canonical.canonical`.
    grid : GeoBox

    Returns
    -------
    str or None
        None where the bytes of a layer are not known.
    """
    if not all(record.sha256 for record in records):
        return None
    # Where a layer lies does not matter, what it says about itself does.
    place = (tuple(grid.shape), tuple(grid.affine), str(grid.crs))
    told = canonical((stage, code, [record.told for record in records], parameters, place))
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


class StageCache(Kept):
    """Entries that are surfaces, in the folder of everything that is kept."""

    def find(self, key: str) -> Entry | None:
        """Return the entry of a key, if there is a whole one; remove one that is not whole."""
        path = self.path(key)
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
        if head is not None:
            self.write(key, _MAGIC, lambda put: _fill(put, head, surfaces))


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


def _fill(
    put: Callable[[Any], None], head: Mapping[str, Any], surfaces: Mapping[str, xr.DataArray]
) -> None:
    text = json.dumps(head).encode()
    put(len(text).to_bytes(8, "little") + text)
    for surface in surfaces.values():
        for rows in strips(surface.shape):
            put(np.ascontiguousarray(surface[rows].to_numpy()).data.cast("B"))


def _opened(path: Path) -> Entry | None:
    """Read the head of an entry whose checksum is right, else None."""
    size = path.stat().st_size
    checksum = Checksum()
    with path.open("rb") as stream:
        start = stream.read(len(_MAGIC) + 8)
        length = int.from_bytes(start[len(_MAGIC) :], "little")
        if not start.startswith(_MAGIC) or length > size:
            return None
        text = stream.read(length)
        checksum.update(start + text)
        left = size - len(start) - len(text) - checksum.size
        while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
            checksum.update(chunk)
            left -= len(chunk)
        if left != 0 or stream.read() != checksum.digest():
            return None
    return Entry(path, len(start) + length, json.loads(text))
