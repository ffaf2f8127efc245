"""The part of a file that has arrived, kept so that a broken transfer can go on from there.

What is trusted after a crash is only what a checkpoint vouches for: its length and its SHA-256,
written after the bytes were synced.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from geo.errors import OutputError

__all__ = ["Partial", "write_json"]

_EVERY = 16_000_000
_BLOCK = 1 << 20


class Partial:
    """Bytes of one address that have arrived.

    Parameters
    ----------
    path : Path
        Where they are kept; ``<path>.json`` beside it is the checkpoint.
    address : str
        Where they come from: a checkpoint of another address does not count.
    """

    def __init__(self, path: Path, address: str) -> None:
        self.path = path
        self.state = path.with_name(f"{path.name}.json")
        self.size = 0
        self.etag: str | None = None
        self.modified: str | None = None
        self.resumed = False
        self._address = address
        self._digest = hashlib.sha256()
        self._saved = 0
        self._stream: IO[bytes] | None = None
        self._restore()

    @property
    def validator(self) -> str | None:
        """What ``If-Range`` can say about the bytes here; None when nothing vouches for them."""
        return self.etag or self.modified

    @property
    def sha256(self) -> str:
        """Digest of the bytes here."""
        return self._digest.hexdigest()

    def begin(self, etag: str | None, modified: str | None) -> None:
        """Throw away what is here and note the validators of the bytes to come."""
        self.clear()
        # A weak tag promises equal meaning, not equal bytes.
        self.etag = None if etag is None or etag.startswith("W/") else etag
        self.modified = modified
        self.write(b"")

    def clear(self) -> None:
        """Throw away what is here."""
        self.close()
        self.path.unlink(missing_ok=True)
        self.state.unlink(missing_ok=True)
        self.size = self._saved = 0
        self.etag = self.modified = None
        self.resumed = False
        self._digest = hashlib.sha256()

    def write(self, block: bytes) -> None:
        """Append bytes; raises OutputError when the disk refuses them."""
        try:
            if self._stream is None:
                self._stream = self.path.open("ab")
            self._stream.write(block)
            self.size += len(block)
            self._digest.update(block)
            if self.size - self._saved >= _EVERY:
                self.save()
        except OSError as error:
            raise self._full(error) from None

    def save(self) -> None:
        """Sync the bytes and vouch for them."""
        try:
            if self._stream is None:
                return
            self._stream.flush()
            os.fsync(self._stream.fileno())
            if self.validator is not None:
                said = {
                    "address": self._address,
                    "etag": self.etag,
                    "modified": self.modified,
                    "size": self.size,
                    "sha256": self.sha256,
                }
                write_json(self.state, said)
            self._saved = self.size
        except OSError as error:
            raise self._full(error) from None

    def tail(self, count: int) -> bytes:
        """Return the last bytes here."""
        if self._stream is not None:
            self._stream.flush()
        with self.path.open("rb") as stream:
            stream.seek(self.size - count)
            return stream.read(count)

    def close(self) -> None:
        """Let go of the file."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()
            self._stream = None

    def _full(self, error: OSError) -> OutputError:
        with suppress(OSError):
            self.close()
        return OutputError(
            f"{self.path.parent}: cannot be written ({error.strerror or error}): make room there, "
            "or choose another cache with --cache",
            code="cache-unwritable",
            fix="make room, or choose another cache with --cache",
        )

    def _restore(self) -> None:
        said = self._checkpoint()
        try:
            size = int(said["size"])
            if said["address"] != self._address or size <= 0:
                raise ValueError
            with self.path.open("r+b") as stream:
                left = size
                while left and (block := stream.read(min(left, _BLOCK))):
                    self._digest.update(block)
                    left -= len(block)
                if left or self.sha256 != said["sha256"]:
                    raise ValueError
                stream.truncate(size)
            self.size = self._saved = size
            self.etag, self.modified = said["etag"], said["modified"]
            self.resumed = True
        except (KeyError, TypeError, ValueError, OSError):
            self.clear()

    def _checkpoint(self) -> dict[str, Any]:
        try:
            said = json.loads(self.state.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}


def write_json(path: Path, said: dict[str, Any]) -> None:
    """Write a small JSON file that is whole or as it was."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as stream:
        json.dump(said, stream, ensure_ascii=False, indent=2, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
