"""Telling how far a run has come, without knowing who listens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Listener", "Progress", "silent"]

Listener = Callable[[str, int, int], None]
"""Called with the name of a stage, how many stages are done and how many there are."""


def silent(stage: str, done: int, total: int) -> None:
    """Listen to nothing."""


@dataclass
class Progress:
    """Counts the stages of one run and tells a listener when each begins."""

    total: int
    listener: Listener = silent
    done: int = field(default=0, init=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announce a stage, and count it once it has ended without an error."""
        self.listener(name, self.done, self.total)
        yield
        self.done += 1
        if self.done == self.total:
            self.listener("done", self.done, self.total)
