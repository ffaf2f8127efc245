"""Open an HDF5 file in a process of its own, where a hang or a crash harms nobody.

A damaged file can send the HDF5 library into an endless loop or into memory that is not its
own. `endures` runs this module as a script first; only a file that it comes through is opened
by the process that asks.
"""

import subprocess
import sys
from functools import lru_cache
from pathlib import Path

__all__ = ["endures"]

_SECONDS = 5
_MEMORY = 4_000_000_000


def endures(path: Path) -> bool:
    """Whether opening an HDF5 file and reading a little of each variable comes to an end.

    A file that is refused in order comes to an end too: whoever opens it then gets the reason.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool
        Kept for the life of the process, under the file's time and size.
    """
    stat = path.stat()
    return _endures(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _endures(path: Path, _time: int, _size: int) -> bool:
    # -P: the folder of this module holds names of the standard library.
    command = [sys.executable, "-P", __file__, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own script
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _try(path: str) -> None:
    import h5netcdf

    with h5netcdf.File(path, "r", phony_dims="access") as file:
        for variable in file.variables.values():
            dict(variable.attrs)
            if variable.dtype.kind in "fiub" and variable.shape and all(variable.shape):
                variable[tuple(slice(0, 2) for _ in variable.shape)]
                variable[tuple(slice(-1, None) for _ in variable.shape)]


def _main(path: str) -> None:
    try:
        import resource
    except ImportError:
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        _try(path)
    except MemoryError:
        sys.exit(1)
    except Exception:  # noqa: BLE001 - any refusal in order is an end
        sys.exit(0)


if __name__ == "__main__":
    _main(sys.argv[1])
