"""Fetched files, kept for every process of this machine's user.

One folder an address: the file, and a pin that says which bytes it has had since it was first
fetched. A lock of the operating system keeps a second process waiting, and falls with the
process that holds it, however that ends.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from geo.catalogue.fetch.contents import FORMATS, require_contents
from geo.catalogue.fetch.partial import Partial, write_json
from geo.catalogue.fetch.transfer import Limits, Tell, Wanted, transfer
from geo.catalogue.findings import refuse
from geo.errors import OutputError
from geo.provenance import sha256_of

__all__ = ["Cache", "Pin", "default_cache"]


@dataclass(frozen=True)
class Pin:
    """Bytes that an address had when it was first fetched, and the day of the last fetch."""

    address: str
    sha256: str
    size: int
    retrieved: str

    @property
    def day(self) -> date:
        """Day of the last fetch."""
        return date.fromisoformat(self.retrieved)


def default_cache() -> Path:
    """Folder of the cache: ``LODEMAP_CACHE``, else the one that the system keeps for caches."""
    if said := os.environ.get("LODEMAP_CACHE"):
        return Path(said)
    from platformdirs import user_cache_path

    return user_cache_path("lodemap", appauthor=False)


class Cache:
    """Fetched files below one folder.

    Parameters
    ----------
    root : Path
    limits : Limits, optional
    """

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        self.root = root
        self.limits = limits or Limits()

    def obtain(
        self,
        wanted: Wanted,
        form: str,
        tell: Tell,
        *,
        sha256: str | None = None,
        offline: bool = False,
        refresh: bool = False,
    ) -> tuple[Path, Pin]:
        """File of an address, fetched when it is not here.

        Parameters
        ----------
        wanted : Wanted
        form : str
            One of `geo.catalogue.fetch.contents.FORMATS`.
        tell : callable
            Told of progress.
        sha256 : str, optional
            Digest that the file must have; that of the first fetch when missing.
        offline : bool, optional
            Ask no server.
        refresh : bool, optional
            Fetch again, and take today's bytes for the right ones.

        Returns
        -------
        path : Path
        pin : Pin

        Raises
        ------
        LayerError
            If it cannot be had, or its bytes are not the right ones. Nothing wrong is left.
        OutputError
            If the cache cannot be written, or another process holds the file too long.
        """
        key = hashlib.sha256(wanted.address.encode()).hexdigest()[:24]
        folder = self.root / "files" / key
        with self._owned(wanted.name, folder):
            path = folder / f"file{FORMATS[form][0]}"
            pin = _pin(folder)
            if pin is not None and not refresh and _holds(path, pin):
                _require_digest(wanted.name, pin.sha256, sha256, known=True)
                return path, pin
            if offline:
                raise refuse(
                    wanted.name,
                    "offline",
                    f"is not in the cache {self.root}",
                    "fetch it once without --offline",
                )
            expected = sha256 or (None if refresh or pin is None else pin.sha256)
            return path, self._fetch(wanted, folder, path, form, expected, sha256 is not None, tell)

    def _fetch(
        self,
        wanted: Wanted,
        folder: Path,
        path: Path,
        form: str,
        expected: str | None,
        known: bool,
        tell: Tell,
    ) -> Pin:
        part = Partial(folder / "part", wanted.address)
        transfer(wanted, part, self.limits, tell)
        if expected is not None and part.sha256 != expected and part.resumed:
            # Put together from two goes: perhaps of two versions. Once more, in one.
            part.clear()
            transfer(wanted, part, self.limits, tell)
        pin = Pin(wanted.address, part.sha256, part.size, datetime.now(UTC).date().isoformat())
        try:
            if expected is None:
                require_contents(wanted.name, part.path, form)
            else:
                _require_digest(wanted.name, pin.sha256, expected, known=known)
            if part.path.stat().st_size != pin.size:
                raise OutputError(f"{folder}: a file came out short: is the disk full?")
        except Exception:
            part.clear()
            raise
        try:
            part.path.replace(path)
            write_json(folder / "pin.json", asdict(pin))
            part.state.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from None
        return pin

    @contextmanager
    def _owned(self, name: str, folder: Path) -> Iterator[None]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(
                folder.with_name(f"{folder.name}.lock"),
                timeout=self.limits.total,
                preserve_lock_file=True,
            )
            lock.acquire()
        except Timeout:
            raise OutputError(
                f"{name}: another process has been fetching it for {self.limits.total:g} s: "
                "wait for it, or choose another cache with --cache"
            ) from None
        except OSError as error:
            raise OutputError(
                f"{self.root}: the cache cannot be written ({error.strerror or error}): "
                "choose another with --cache or LODEMAP_CACHE"
            ) from None
        try:
            yield
        finally:
            lock.release()


def _pin(folder: Path) -> Pin | None:
    try:
        return Pin(**json.loads((folder / "pin.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _holds(path: Path, pin: Pin) -> bool:
    if not path.is_file() or path.stat().st_size != pin.size:
        return False
    return sha256_of(path) == pin.sha256


def _require_digest(name: str, found: str, expected: str | None, *, known: bool) -> None:
    if expected is None or found == expected:
        return
    said = "its record says" if known else "at its first fetch it had"
    raise refuse(
        name,
        "bytes-differ",
        f"the file that came has sha256 {found[:12]}…, {said} {expected[:12]}…",
        "fetch again with --refresh if its publisher has brought out a new one"
        if not known
        else "correct the record if its publisher has brought out a new one",
    )
