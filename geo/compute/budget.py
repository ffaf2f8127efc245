"""How much memory a run may take, and what it does with it."""

import ctypes
import os
import re
import resource
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from geo.compute.blocks import threads
from geo.errors import DataError

__all__ = [
    "check_space",
    "give_back_freed_memory",
    "memory_bytes",
    "resident",
    "return_freed_memory",
    "share_out",
]

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", re.IGNORECASE)
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}

CELL_BYTES: Final = 512
"""Bytes that a cell takes while a part that holds it is computed; measured, with room to spare."""
ROOM: Final = 400_000_000
"""Bytes left beside the parts for libraries, layers, networks, ways, scenarios and the writing of
outputs; measured."""
LEAST_ROWS: Final = 16
_RESULT_BYTES: Final = 11
"""Bytes of a cell's score, its bound, how much of it is known, and its exclusions."""


def memory_bytes(amount: str | int) -> int:
    """Bytes that a text such as ``"1GB"`` stands for.

    Parameters
    ----------
    amount : str or int
        A number with kB, MB, GB or TB (powers of 1000), or KiB, MiB, GiB or TiB (powers of
        1024); a plain number is bytes.

    Returns
    -------
    int

    Raises
    ------
    DataError
        If it is no such text, or not more than zero.

    Examples
    --------
    >>> memory_bytes("1.5 GB"), memory_bytes("800MiB"), memory_bytes(500_000_000)
    (1500000000, 838860800, 500000000)
    """
    found = _AMOUNT.fullmatch(str(amount))
    if found is None:
        raise DataError(
            f"memory {amount!r} is no amount of memory: write a number with MB or GB, such as '2GB'"
        )
    number, unit = float(found[1]), (found[2] or "").lower()
    size = int(number * (1024 if unit.endswith("i") else 1000) ** _POWERS[unit.removesuffix("i")])
    if size <= 0:
        raise DataError(f"memory {amount!r} is nothing: write a number above 0, such as '2GB'")
    return size


def resident() -> int:
    """Bytes of memory that this process holds now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        # Where the system does not tell, the most that was ever held is the safe answer.
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def share_out(memory: int, columns: int, held: int) -> tuple[int, int]:
    """Cells of the parts in work, and bytes for work on the whole grid.

    Parameters
    ----------
    memory : int
        The budget [bytes].
    columns : int
        Of the grid: a part has whole rows.
    held : int
        Bytes that the process holds already.

    Returns
    -------
    cells, bytes : int

    Raises
    ------
    DataError
        If the budget does not hold the smallest part.

    Examples
    --------
    >>> share_out(1_000_000_000, 5_000, 300_000_000)
    (585937, 300000000)
    """
    free = memory - held - ROOM
    needed = LEAST_ROWS * columns * CELL_BYTES
    if free < needed:
        least = -(-(held + ROOM + needed) // 10_000_000) * 10
        raise DataError(
            f"memory of {memory / 1e6:.0f} MB is too little for a grid of {columns} columns: the "
            f"least that works is {least} MB, or choose larger cells"
        )
    return free // CELL_BYTES, free


def check_space(cells: int, surfaces: int, folder: Path | None) -> None:
    """Refuse a grid that plainly does not fit, before any of the work is done.

    Parameters
    ----------
    cells : int
        Of the grid.
    surfaces : int
        Criteria of the largest theme: they, the score, its bound and the exclusions are all
        kept at one time.
    folder : Path or None
        Where surfaces are kept; None keeps them in memory.

    Raises
    ------
    DataError
        If the disk or the memory holds less than that; what else a run needs is not counted.

    Examples
    --------
    >>> check_space(1_000_000, 10, None)
    """
    needed = cells * (4 * surfaces + _RESULT_BYTES)
    if folder is None:
        has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        where, mend = "this machine has", "keep them on disk with --memory 2GB"
    else:
        has = shutil.disk_usage(folder).free
        where, mend = f"the disk of {folder} has", "free space or name another disk with --scratch"
    if needed > has:
        raise DataError(
            f"the surfaces of {cells:,} cells take {needed / 1e9:,.0f} GB or more, {where} "
            f"{has / 1e9:,.0f} GB: {mend}, or choose larger cells"
        )


def give_back_freed_memory() -> None:
    """Let the C library return large freed arrays to the system at once, where it can.

    Otherwise it keeps what parts of changing size have left, and a run's memory creeps up. So
    that little is left in many places, threads share as many heaps as there are processors.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        # M_MMAP_THRESHOLD of the GNU C library: setting it also stops its own tuning.
        library.mallopt(-3, 1 << 18)
        # M_ARENA_MAX: eight a processor otherwise.
        library.mallopt(-8, threads())


def return_freed_memory() -> None:
    """Return what is free in the C library's heaps to the system, where it can.

    Small arrays and tables leave holes there, which only this gives back.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
