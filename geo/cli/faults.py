"""One clear line for every fault, and the exit code that goes with it."""

import os
import sys
import traceback
import warnings
from typing import Any

import click

from geo.errors import LodemapError, LodemapWarning, OutputError

__all__ = ["FAILED", "WRONG", "Commands"]

FAILED = 1
"""Exit code when a run could not be finished."""
WRONG = 2
"""Exit code when the input or the call is wrong."""


class Commands(click.Group):
    """A group of commands that ends in one line per fault, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print the project's errors as lines and set the exit code."""
        if ctx.parent is not None:
            return super().invoke(ctx)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", LodemapWarning)
            warnings.showwarning = _show
            try:
                return super().invoke(ctx)
            except LodemapError as error:
                click.echo(str(error), err=True)
                ctx.exit(FAILED if isinstance(error, OutputError) else WRONG)
            except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
                # Click ends a command quietly whose reader has gone, such as `head`.
                raise
            except Exception as error:  # noqa: BLE001 - the last door before the user
                _unexpected(error)
                ctx.exit(FAILED)


def _show(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"note: {message}", err=True)


def _unexpected(error: Exception) -> None:
    """Say in a line what nobody foresaw; the whole story only on request."""
    click.echo(
        f"unexpected {type(error).__name__}: {error} "
        "(set LODEMAP_TRACEBACK=1 for the whole story, and please report it)",
        err=True,
    )
    if os.environ.get("LODEMAP_TRACEBACK"):
        traceback.print_exc(file=sys.stderr)
