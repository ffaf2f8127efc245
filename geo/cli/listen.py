"""Progress on standard error: a bar with the time left on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from geo.study.progress import Listener, silent

__all__ = ["listener"]


@contextmanager
def listener(*, quiet: bool) -> Iterator[Listener]:
    """Give something that shows stages as they begin.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _bar() as listen:
            yield listen
    else:
        yield _line


def _line(stage: str, done: int, total: int) -> None:
    click.echo(f"[{min(done + 1, total)}/{total}] {stage}", err=True)


@contextmanager
def _bar() -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)

        def listen(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total)

        yield listen
