"""Running compiled kernels over blocks of rows with threads.

The kernels release the GIL and every block writes only its own rows, so the result
is the same for any number of threads.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager

__all__ = ["each", "row_blocks", "thread_pool", "threads"]


def threads() -> int:
    """Processors that this process may use.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> threads() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def row_blocks(shape: tuple[int, ...], cells: int) -> list[tuple[int, int]]:
    """Cut rows into blocks of about `cells` cells.

    Parameters
    ----------
    shape : (rows, columns)
        Of the raster.
    cells : int
        Cells wanted in a block; a block has at least one row.

    Returns
    -------
    list of (first, last)
        Half-open ranges of rows, from the top.

    Examples
    --------
    >>> row_blocks((5, 10), 20)
    [(0, 2), (2, 4), (4, 5)]
    """
    rows, columns = shape
    height = max(1, cells // max(1, columns))
    return [(first, min(rows, first + height)) for first in range(0, rows, height)]


@contextmanager
def thread_pool() -> Iterator[ThreadPoolExecutor]:
    """Open a pool with one thread for each processor of this process."""
    with ThreadPoolExecutor(max_workers=threads()) as pool:
        yield pool


def each(task: Callable[[int, int], None], blocks: Sequence[tuple[int, int]]) -> None:
    """Run ``task(first, last)`` for every block, on all processors.

    Parameters
    ----------
    task : callable
        Must release the GIL to gain anything, and write only what belongs to its block.
    blocks : sequence of (first, last)

    Examples
    --------
    >>> done = []
    >>> each(lambda first, last: done.append(last - first), [(0, 2), (2, 3)])
    >>> sorted(done)
    [1, 2]
    """
    if len(blocks) < 2:
        for first, last in blocks:
            task(first, last)
        return
    left = iter(blocks)

    def work() -> None:
        for first, last in left:
            task(first, last)

    with thread_pool() as pool:
        # A future for every block would cost more than a small block.
        shares = [pool.submit(work) for _ in range(threads())]
        try:
            wait(shares, return_when=FIRST_EXCEPTION)
        finally:
            # After an error in one thread nothing is left to do for the others.
            deque(left, maxlen=0)
        for share in shares:
            share.result()
