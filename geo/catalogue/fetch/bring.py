"""From a record of what can be fetched to a layer that a study can read."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from geo.catalogue.archives import members, unpack
from geo.catalogue.fetch.cache import Cache, Pin, default_cache
from geo.catalogue.fetch.contents import FORMATS
from geo.catalogue.fetch.remote import RemoteRecord, chosen, filled, remote_records
from geo.catalogue.fetch.tiles import Bounds, corners, join, tile_names
from geo.catalogue.fetch.transfer import Limits, Tell, Wanted
from geo.catalogue.findings import refuse
from geo.catalogue.record_text import record_text
from geo.catalogue.records import Record, load_record
from geo.errors import DataError, LayerError, OutputError
from geo.provenance import sha256_of

__all__ = ["Fetched", "fetch"]


@dataclass(frozen=True)
class Fetched:
    """A layer that was brought, and how many of its tiles its publisher does not have."""

    record: Record
    missing_tiles: int = 0


def fetch(
    identifier: str,
    folder: Path | str,
    *,
    values: Mapping[str, str] | None = None,
    bounds: Bounds | None = None,
    member: str | None = None,
    records: Mapping[str, RemoteRecord] | None = None,
    cache: Path | str | None = None,
    offline: bool = False,
    refresh: bool = False,
    limits: Limits | None = None,
    tell: Tell | None = None,
) -> Fetched:
    """Bring a layer and write it with its record into a folder.

    Parameters
    ----------
    identifier : str
        Id of a record of what can be fetched.
    folder : Path or str
        Folder of the layer; a recipe names it under ``catalogue``.
    values : mapping of str to str, optional
        What the record's address leaves open, such as ``{"iso3": "MNG"}``.
    bounds : (west, south, east, north), optional
        Region of a tiled layer [degrees].
    member : str, optional
        File in the archive, in place of the record's.
    records : mapping of str to RemoteRecord, optional
        Those that come with Lodemap when missing.
    cache : Path or str, optional
        Folder of fetched files, shared by all processes; `default_cache` when missing.
    offline : bool, optional
        Ask no server: only what is in the cache counts.
    refresh : bool, optional
        Fetch again, and take today's bytes for the right ones.
    limits : Limits, optional
        How long a server may take.
    tell : callable, optional
        Told of progress: name, bytes at hand, bytes in all or None.

    Returns
    -------
    Fetched

    Raises
    ------
    LayerError
        If there is no such record, its licence lets nobody pass it on, a parameter is wrong, the
        server does not send the right file, or the file is not what the record says.
    DataError
        If the bounds are missing, of no use, or no box.
    OutputError
        If the cache or the folder cannot be written.
    """
    record = chosen(records if records is not None else remote_records(), identifier)
    if record.url is None:
        raise refuse(
            record.id,
            "not-free",
            f"its licence ({record.fields['licence']}) does not let it be passed on",
            f"get it yourself from {record.get_from}, and write a record beside it",
        )
    said = filled(record, values or {})
    if (record.tile_degrees is None) != (bounds is None):
        raise DataError(
            f"{record.id} comes in tiles: say which region with --bbox WEST SOUTH EAST NORTH"
            if bounds is None
            else f"{record.id} is one file: leave --bbox out"
        )
    bringer = _Bringer(
        record,
        said,
        Cache(Path(cache or default_cache()), limits),
        offline,
        refresh,
        tell or _silent,
    )
    return bringer.bring(Path(folder), bounds, member)


def _silent(name: str, done: int, total: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class _Bringer:
    record: RemoteRecord
    said: Mapping[str, str]
    cache: Cache
    offline: bool
    refresh: bool
    tell: Tell

    def bring(self, folder: Path, bounds: Bounds | None, member: str | None) -> Fetched:
        name = _name(self.record, self.said, bounds)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=folder) as work:
                target = Path(work) / name
                if bounds is None:
                    pin = self._one(target, member)
                    missing = 0
                else:
                    pin, missing = self._tiles(target, bounds)
                return Fetched(self._settle(folder, Path(work), name, pin), missing)
        except OSError as error:
            raise OutputError(
                f"{folder}: cannot be written ({error.strerror or error}): make room there, or "
                "choose another folder with --out"
            ) from None

    def _obtain(self, name: str, address: str) -> tuple[Path, Pin]:
        record = self.record
        return self.cache.obtain(
            Wanted(name, address, record.hosts, record.max_bytes),
            record.format,
            self.tell,
            sha256=record.sha256,
            offline=self.offline,
            refresh=self.refresh,
        )

    def _one(self, target: Path, member: str | None) -> Pin:
        path, pin = self._obtain(target.name, str(self.record.url).format(**self.said))
        if self.record.format == "zip":
            self._unpacked(path, target, member or self.record.member)
        else:
            shutil.copyfile(path, target.with_name(target.name + FORMATS[self.record.format][0]))
        return pin

    def _unpacked(self, path: Path, target: Path, member: str | None) -> None:
        name = target.name
        found = [one.filename for one in members(path, where=name, most=_MOST_UNPACKED)]
        inner = _member(name, found, self.record, member)
        unpack(path, inner, target.parent, stem=name, where=name)

    def _tiles(self, target: Path, bounds: Bounds) -> tuple[Pin, int]:
        places = corners(bounds, self.record.tile_degrees or 1)
        paths: list[Path] = []
        pins: list[Pin] = []
        for latitude, longitude in places:
            names = tile_names(latitude, longitude)
            try:
                path, pin = self._obtain(
                    f"{self.record.id} {names['lat']}{names['lon']}",
                    str(self.record.url).format(**self.said, **names),
                )
            except LayerError as error:
                # Publishers leave out the tiles that are all sea.
                if error.code != "http-404":
                    raise
                continue
            paths.append(path)
            pins.append(pin)
        if not paths:
            raise LayerError(
                f"{self.record.id}: its publisher has no tile in {bounds}: is the region land?"
            )
        join(paths, bounds, target.with_name(f"{target.name}.tif"))
        return max(pins, key=lambda pin: pin.retrieved), len(places) - len(paths)

    def _settle(self, folder: Path, work: Path, name: str, pin: Pin) -> Record:
        """Move the layer's files to their place, then its record, which makes them count."""
        files = sorted(work.iterdir(), key=lambda path: path.suffix in _MAIN)
        fields = {
            "id": name,
            "kind": self.record.kind,
            "path": files[-1].name,
            **self.record.fields,
            "sha256": sha256_of(files[-1]),
            "retrieved": pin.day,
            "source": f"{self.record.fields['source']}, {self._address()}",
        }
        toml = work / f"{name}.toml"
        toml.write_text(record_text(fields), "utf-8")
        with suppress(FileNotFoundError):
            (folder / toml.name).unlink()
        for path in [*files, toml]:
            _sync(path)
            path.replace(folder / path.name)
        return load_record(folder / toml.name)

    def _address(self) -> str:
        named = {name: f"{{{name}}}" for name in ("lat", "lon")}
        return str(self.record.url).format(**{**named, **self.said})


_MAIN = (".gpkg", ".geojson", ".shp", ".tif", ".csv")
_ENDINGS = {"vector": (".gpkg", ".geojson", ".shp"), "raster": (".tif",), "table": (".csv",)}
# Extracts of whole countries hold many layers, of which one is taken.
_MOST_UNPACKED = 20_000_000_000


def _member(where: str, names: Sequence[str], record: RemoteRecord, member: str | None) -> str:
    """Name of the layer's file in an archive; the only one of its kind when none is named."""
    places = "x" in record.fields or "wkt" in record.fields
    endings = _ENDINGS["table" if places else record.kind]
    of_kind = [name for name in names if PurePosixPath(name).suffix.lower() in endings]
    fitting = [n for n in of_kind if member is None or member in (n, PurePosixPath(n).name)]
    if len(fitting) == 1:
        return fitting[0]
    said = ", ".join(of_kind[:12]) or "none"
    wanted = f"one file for a {record.kind}" if member is None else f"one file {member!r}"
    what = f"the archive holds {len(fitting)}, required is {wanted}; it has {said}"
    raise refuse(where, "archive-member", what, "name one with --member")


def _name(record: RemoteRecord, said: Mapping[str, str], bounds: Bounds | None) -> str:
    parts = [record.id, *said.values()]
    if bounds is not None:
        parts += [_degrees(bounds[0], "ew"), _degrees(bounds[1], "ns")]
        parts += [_degrees(bounds[2], "ew"), _degrees(bounds[3], "ns")]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def _degrees(value: float, signs: str) -> str:
    return f"{signs[value < 0]}{abs(value):g}"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
