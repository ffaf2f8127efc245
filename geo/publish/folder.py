"""Writing a folder of results so that it is whole or not there at all.

Everything is written into a hidden sibling, synced to the disk and then exchanged with the old
folder in one step. A run that is killed leaves the old result untouched; its leftovers are swept
by the next run.
"""

import ctypes
import fcntl
import json
import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from geo.errors import OutputError

__all__ = ["whole_folder", "write_whole"]

_PROVENANCE = "provenance.json"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
# What programs leave beside files that they only read.
_TRACES = re.compile(r".*\.aux\.xml|.*\.gpkg-(wal|shm|journal)|.*~|\.DS_Store|Thumbs\.db")


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the target's place when the block ends well.

    Parameters
    ----------
    target : Path
        Folder of the results. It may be missing, empty, or hold an earlier result: one with a
        ``provenance.json`` whose ``outputs`` name every file in it.

    Yields
    ------
    Path
        Where to write. The block must leave a ``provenance.json`` there.

    Raises
    ------
    OutputError
        If the target holds anything that Lodemap did not write, another run is writing it, the
        disk is full or refuses, or a file came out empty. The earlier result stays as it was,
        also when the block raises.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "result"
    >>> with whole_folder(target) as work:
    ...     _ = (work / "provenance.json").write_text("{}")
    >>> [path.name for path in target.iterdir()]
    ['provenance.json']
    """
    place = Path(os.path.abspath(target))  # noqa: PTH100 - resolve() would follow a link
    if place.is_symlink():
        place = place.resolve()
    _refuse_foreign(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _owned(place):
            _sweep(place)
            work = place.with_name(f".{place.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
            work.mkdir()
            try:
                yield work
                _verify(work)
                _sync(work)
                _refuse_foreign(place)
                _take_place(work, place)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"{place} cannot be written ({error.strerror or error}): "
            "an earlier result there is untouched"
        ) from error


def write_whole(target: Path, made: bytes) -> Path:
    """Write a single file, whole or not at all.

    Parameters
    ----------
    target : Path
    made : bytes

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(made)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"{target} cannot be written: {error.strerror}") from error
    return target


def _refuse_foreign(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is a file: choose another folder with --out")
    if not target.exists() or not any(target.iterdir()):
        return
    strange = _strangers(target)
    if strange:
        raise OutputError(
            f"{target} holds files that Lodemap did not write ({', '.join(strange[:3])}"
            f"{', …' if len(strange) > 3 else ''}): move them away or choose another folder "
            "with --out"
        )


def _strangers(target: Path) -> list[str]:
    present = sorted(path.name for path in target.iterdir())
    if _PROVENANCE not in present:
        return present
    try:
        said = json.loads((target / _PROVENANCE).read_text("utf-8"))
        written = {_PROVENANCE, *said.get("outputs", ())}
    except (ValueError, AttributeError, TypeError):
        return present
    return [name for name in present if name not in written and not _TRACES.fullmatch(name)]


@contextmanager
def _owned(target: Path) -> Iterator[None]:
    """Hold the target's lock; the kernel lets go of it when its owner dies, however it dies."""
    lock = target.with_name(f".{target.name}.lock")
    stream = _locked(lock, target)
    try:
        stream.truncate(0)
        stream.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        stream.flush()
        yield
    finally:
        # Removed while still held: whoever opened it meanwhile sees that it is gone.
        lock.unlink(missing_ok=True)
        stream.close()


def _locked(lock: Path, target: Path) -> IO[str]:
    while True:
        stream = lock.open("a+", encoding="utf-8")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            owner = _owner(stream.read())
            stream.close()
            raise OutputError(
                f"another run ({owner}) is writing {target}: wait for it or choose another "
                "folder with --out"
            ) from None
        with suppress(FileNotFoundError):
            # The last owner may have removed the file between our opening and locking it.
            if lock.stat().st_ino == os.fstat(stream.fileno()).st_ino:
                return stream
        stream.close()


def _owner(text: str) -> str:
    try:
        said = json.loads(text)
        return f"pid {said['pid']} on {said['host']}"
    except (ValueError, KeyError, TypeError):
        return "pid unknown"


def _sweep(target: Path) -> None:
    """Remove what dead runs left; the lock is held, so every leftover is a dead run's."""
    mine = re.compile(re.escape(f".{target.name}.") + r"\d+-[0-9a-f]{8}\.(part|old)")
    left = [path for path in target.parent.iterdir() if mine.fullmatch(path.name)]
    old = [path for path in left if path.suffix == ".old"]
    if old and not target.exists():
        # Killed between two renames: the earlier result goes back to its place.
        old[0].rename(target)
        left.remove(old[0])
    for path in left:
        shutil.rmtree(path, ignore_errors=True)


def _verify(work: Path) -> None:
    if not (work / _PROVENANCE).is_file():
        raise OutputError(f"the result has no {_PROVENANCE}: it is not whole")
    for path in sorted(work.rglob("*")):
        if path.is_file() and path.stat().st_size == 0:
            raise OutputError(f"{path.name} came out empty: is the disk full?")


def _sync(work: Path) -> None:
    for path in [*work.rglob("*"), work]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _take_place(work: Path, target: Path) -> None:
    if not target.exists():
        work.rename(target)
    elif not _exchange(work, target):
        old = work.with_suffix(".old")
        target.rename(old)
        try:
            work.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where the system cannot."""
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if swap is None:
        return False
    here = ctypes.c_int(_AT_FDCWD)
    done = swap(here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE))
    return bool(done == 0)
