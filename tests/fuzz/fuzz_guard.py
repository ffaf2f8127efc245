"""What a reader may not do: raise what is no error of ours, write, start programs, ask a server."""

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
        self.allowed: Path | None = None
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
        elif event in _FORBIDDEN and not self._may(arguments[0]):
            self.seen.append(f"{event} {arguments!r:.200}")

    def _may(self, path: object) -> bool:
        if isinstance(path, int):
            return True
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        place = Path(os.fsdecode(path)).absolute()
        if self.allowed is None or ".." in place.parts:
            return str(place) == os.devnull
        return str(place) == os.devnull or place.is_relative_to(self.allowed)

    def watch(self, read: Callable[[], None], folder: Path, allowed: Path | None) -> str | None:
        """Read once; say what was wrong, None when nothing was."""
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
        return wrong


def _tree(folder: Path, allowed: Path | None) -> list[tuple[str, int, int]]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not (allowed is not None and path.is_relative_to(allowed)):
            stat = path.stat()
            found.append((str(path), stat.st_size, stat.st_mtime_ns))
    return found
