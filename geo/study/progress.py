"""Telling how far a run has come, without knowing who listens."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from geo.compute.budget import return_freed_memory

__all__ = ["Listener", "Progress", "silent"]

Listener = Callable[[str, int, int], None]
"""Called with the name of a stage, how many stages are done and how many there are."""


_OFTEN = 5.0
"""Least time between two words about one stage [s]."""


def silent(stage: str, done: int, total: int) -> None:
    """Listen to nothing."""


@dataclass
class Progress:
    """Counts the stages of one run and tells a listener when each begins."""

    total: int
    listener: Listener = silent
    done: int = field(default=0, init=False)
    _name: str = field(default="", init=False)
    _told: float = field(default=0.0, init=False)

    def within(self, done: int, total: int) -> None:
        """Tell, now and then, how much of the work at hand is done."""
        now = time.monotonic()
        if total > 1 and now - self._told >= _OFTEN:
            self._told = now
            self.listener(f"{self._name} ({done} of {total} parts)", self.done, self.total)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announce a stage, and count it once it has ended without an error.

        What it leaves free is returned to the system: the next one needs other things.
        """
        self._name, self._told = name, time.monotonic()
        self.listener(name, self.done, self.total)
        yield
        return_freed_memory()
        self.done += 1
        if self.done == self.total:
            self.listener("done", self.done, self.total)
