"""Bytes kept between runs, in one folder that is bounded in size and shared by processes.

An entry is named by all that it depends on, so that it is never out of date. It is written
beside its place and then renamed, and carries a checksum: it is whole, or it is no entry.
What was used longest ago goes first.
"""

import hashlib
import os
import pickle
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from geo.compute.canonical import canonical

__all__ = ["Checksum", "Kept", "Kin"]

T = TypeVar("T")

_LIMIT = 10_000_000_000
_MAGIC = b"lodemap kept 2\n"
_CHUNK = 1 << 20
# Of what cannot be written as bytes or read from them.
_UNKNOWN = (pickle.PickleError, AttributeError, EOFError, ImportError, TypeError, ValueError)
# Half-written files of processes that were killed go after a day.
_STALE = 86_400.0


class Checksum:
    """Length and CRC-32 of bytes that come piece by piece: tells a spoilt file from a whole one.

    Examples
    --------
    >>> one, other = Checksum(), Checksum()
    >>> one.update(b"ab"), other.update(b"a"), other.update(b"b")
    (None, None, None)
    >>> one.digest() == other.digest() != Checksum().digest()
    True
    """

    size = 12

    def __init__(self) -> None:
        self._length = 0
        self._crc = 0

    def update(self, data: Any) -> None:
        """Add more bytes."""
        self._length += memoryview(data).nbytes
        self._crc = zlib.crc32(data, self._crc)

    def digest(self) -> bytes:
        """Bytes of `size` that other bytes hardly have."""
        return struct.pack("<QI", self._length, self._crc)


class Kept:
    """Entries in one folder.

    Parameters
    ----------
    folder : Path
        Made when it is needed, for its owner alone. What is kept there is run as a program's
        own memory would be: a folder of another user is not read.
    limit : int, optional
        Most bytes that all entries may take together.

    Examples
    --------
    >>> kept = Kept(Path(tempfile.mkdtemp()) / "kept")
    >>> kept.put("a" * 64, lambda put: put(b"some bytes"))
    >>> kept.read("a" * 64), kept.read("b" * 64)
    (b'some bytes', None)
    """

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def path(self, key: str) -> Path:
        """Where the entry of a key lies, if there is one."""
        return self.folder / f"{key}.stage"

    def write(self, key: str, magic: bytes, fill: Callable[[Callable[[Any], None]], None]) -> None:
        """Keep the bytes that `fill` hands over piece by piece, if the folder lets us.

        Without them the next run only takes longer.
        """
        checksum = Checksum()
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(suffix=".part", dir=self.folder)
            part = Path(name)
            try:
                with os.fdopen(handle, "wb") as stream:

                    def put(data: Any) -> None:
                        checksum.update(data)
                        stream.write(data)

                    put(magic)
                    fill(put)
                    stream.write(checksum.digest())
                part.replace(self.path(key))
            finally:
                part.unlink(missing_ok=True)
            self._trim()

    def put(self, key: str, fill: Callable[[Callable[[Any], None]], None]) -> None:
        """Keep bytes, which `take` and `read` give back."""
        self.write(key, _MAGIC, fill)

    def take(self, key: str, give: Callable[[bytes], object]) -> bool:
        """Hand over the bytes of an entry piece by piece; say whether it was a whole one."""
        path = self.path(key)
        try:
            if self.folder.stat().st_uid != os.getuid():
                return False
            whole = _taken(path, give)
            if whole:
                os.utime(path)
            else:
                path.unlink(missing_ok=True)
        except OSError:
            return False
        return whole

    def read(self, key: str) -> bytes | None:
        """The bytes of an entry, or None where there is no whole one."""
        found = bytearray()
        return bytes(found) if self.take(key, found.extend) else None

    def recall(self, key: str) -> Any | None:
        """The value that `remember` kept, or None."""
        found = self.read(key)
        if found is None:
            return None
        with suppress(*_UNKNOWN):
            return pickle.loads(found)  # noqa: S301 - the folder is written by its owner alone
        return None

    def remember(self, key: str, value: object) -> None:
        """Keep a value, if it can be written as bytes."""
        with suppress(*_UNKNOWN):
            data = pickle.dumps(value)
            self.put(key, lambda put: put(data))

    def _trim(self) -> None:
        """Remove what was used longest ago until the rest fits, and what was left half-written."""
        entries = []
        for one in os.scandir(self.folder):
            with suppress(FileNotFoundError):
                about = one.stat()
                if one.name.endswith(".stage"):
                    entries.append((about.st_mtime_ns, one.path, about.st_size))
                elif one.name.endswith(".part") and about.st_mtime < time.time() - _STALE:
                    Path(one.path).unlink(missing_ok=True)
        total = sum(size for _, _, size in entries)
        for _, path, size in sorted(entries):
            if total <= self.limit:
                return
            Path(path).unlink(missing_ok=True)
            total -= size


def _taken(path: Path, give: Callable[[bytes], object]) -> bool:
    checksum = Checksum()
    left = path.stat().st_size - checksum.size
    with path.open("rb") as stream:
        start = stream.read(len(_MAGIC))
        left -= len(start)
        if start != _MAGIC or left < 0:
            return False
        checksum.update(start)
        while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
            checksum.update(chunk)
            give(chunk)
            left -= len(chunk)
        return left == 0 and stream.read() == checksum.digest()


@dataclass(frozen=True)
class Kin:
    """What a result may take over from runs before it: a folder, and what its surfaces are of.

    Parameters
    ----------
    folder : Kept
    code : callable
        Hash of a module's code, given its name.
    surfaces : mapping of str to str
        Of each surface, by name, the hash of all that it was made from.
    ground : str
        Hash of region, grid and all layers.
    themes : mapping of str to str
        Of each theme, by id, the hash of all that it shows, scenarios with it.
    """

    folder: Kept
    code: Callable[[str], str]
    surfaces: Mapping[str, str]
    ground: str
    themes: Mapping[str, str] = field(default_factory=dict)

    def key(self, module: str, *told: object) -> str:
        """Name of what a module makes of what is told."""
        text = canonical((module, self.code(module), told))
        return hashlib.sha256(text.encode()).hexdigest()

    def once(self, module: str, told: object, make: Callable[[], T]) -> T:
        """What `make` gives, from the folder if it was made of the same before."""
        key = self.key(module, told)
        found = self.folder.recall(key)
        if found is not None:
            return cast(T, found)
        made = make()
        self.folder.remember(key, made)
        return made

    def files(
        self, module: str, told: object, paths: tuple[Path, ...], make: Callable[[], None]
    ) -> None:
        """Let `make` write files, or copy them from the folder if it wrote the same before."""
        keys = [self.key(module, told, path.name) for path in paths]
        if all(self._copied(key, path) for key, path in zip(keys, paths, strict=True)):
            return
        for path in paths:
            path.unlink(missing_ok=True)
        make()
        for key, path in zip(keys, paths, strict=True):
            self.folder.put(key, partial(_pieces, path))

    def _copied(self, key: str, path: Path) -> bool:
        if not self.folder.path(key).exists():
            return False
        with path.open("wb") as stream:
            return self.folder.take(key, stream.write)


def _pieces(path: Path, put: Callable[[Any], None]) -> None:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            put(chunk)
