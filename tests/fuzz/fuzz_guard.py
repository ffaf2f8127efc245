"""What a reader may not do: raise what is no error of ours, write, start programs, ask a server."""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from geo.catalogue import hdf5trial
from geo.errors import LodemapError

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = (
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty",
    "subprocess.Popen", "socket.connect", "socket.getaddrinfo", "socket.bind", "shutil.rmtree",
    "shutil.move", "shutil.copyfile", "ftplib.connect", "urllib.Request", "webbrowser.open",
)  # fmt: skip


class Guard:
    """Watches one reading; hooks cannot be taken off, so one guard serves a whole process."""

    def __init__(self) -> None:
        self.allowed: tuple[Path, ...] = ()
        self.seen: list[str] = []
        self.armed = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES and not self._may(path):
                self.seen.append(f"wrote {path!r}")
        elif event == "subprocess.Popen" and _is_trial(arguments):
            return
        elif event in _FORBIDDEN and not self._may(_whole(arguments)):
            self.seen.append(f"{event} {arguments!r:.200}")

    def _may(self, path: object) -> bool:
        if isinstance(path, int):
            return True
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        place = Path(os.fsdecode(path)).absolute()
        inside = any(place.is_relative_to(folder) for folder in self.allowed)
        return str(place) == os.devnull or (inside and ".." not in place.parts)

    def watch(self, read: Callable[[], None], folder: Path, *allowed: Path) -> str | None:
        """Read once; say what was wrong, None when nothing was.

        A reader may write below `allowed`. Whatever else lies in `folder` must be as before, and
        the folder for scratch files, `folder` / ``scratch``, empty.
        """
        before = _tree(folder, allowed)
        self.allowed, self.seen, self.armed = allowed, [], True
        wrong: str | None = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read()
            except LodemapError as error:
                if not str(error).strip():
                    wrong = f"{type(error).__name__} without a word"
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
                wrong = f"{type(error).__name__}: {error!s:.300}"
            finally:
                self.armed = False
        if self.seen:
            wrong = "; ".join(self.seen)
        elif wrong is None and _tree(folder, allowed) != before:
            wrong = f"left {sorted(set(_tree(folder, allowed)) ^ set(before))} behind"
        elif wrong is None and (left := sorted((folder / "scratch").glob("*"))):
            wrong = f"left {left} behind"
        return wrong


def _is_trial(arguments: tuple[Any, ...]) -> bool:
    """Whether a program is the one that tries HDF5 files, which crash its library, beforehand."""
    said = [str(one) for one in arguments[1]]
    return said[:1] == [sys.executable] and said[1:3] == ["-P", hdf5trial.__file__]


def _whole(arguments: tuple[Any, ...]) -> object:
    """Path of an event, also where it is given relative to an open folder."""
    path, place = arguments[0] if arguments else None, arguments[-1]
    if isinstance(path, str) and not path.startswith("/") and isinstance(place, int) and place >= 0:
        return str(Path(f"/proc/self/fd/{place}").readlink() / path)
    return path


def _tree(folder: Path, allowed: Sequence[Path]) -> list[tuple[str, int, int]]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(path.is_relative_to(one) for one in allowed):
            stat = path.stat()
            found.append((str(path), stat.st_size, stat.st_mtime_ns))
    return found
