"""Write the pages of docs/ that follow from the code and the layers.

Run as ``make docs``. A test holds the pages to what this script would write.
"""

import runpy
from pathlib import Path

import click

from geo.cli import main as commands
from geo.recipe.measures import MEASURES, Measure
from geo.scoring.combination import METHODS
from geo.scoring.unknowns import UNKNOWN

DOCS = Path(__file__).resolve().parent


def recipe_page() -> str:
    """Text of the recipe reference."""
    rows = ["| measure | unit | where | arguments | what |", "|---|---|---|---|---|"]
    rows += [_row(name, measure) for name, measure in MEASURES.items()]
    head = (DOCS / "templates" / "recipe.md").read_text("utf-8")
    head = head.replace("METHODS\n", _methods()).replace("UNKNOWN\n", _unknowns())
    return head + "\n".join(rows) + "\n"


def _methods() -> str:
    rows = ["| method | serves | options | what |", "|---|---|---|---|"]
    for name, method in METHODS.items():
        serves = "cells and sites" if method.local else "sites"
        options = ", ".join(f"`{option}`" for option in method.options)
        rows.append(f"| `{name}` | {serves} | {options} | {method.says} |")
    return "\n".join(rows) + "\n\n"


def _unknowns() -> str:
    rows = ["| `unknown` | what |", "|---|---|"]
    rows += [f"| `{name}` | {says} |" for name, says in UNKNOWN.items()]
    return "\n".join(rows) + "\n\n"


def _row(name: str, measure: Measure) -> str:
    unit = "stated by `unit`" if measure.unit is None else f"`{measure.unit}`" * bool(measure.unit)
    where = "every cell" if measure.spatial else "sites"
    arguments = ", ".join(
        f"`{key}`" + ("" if argument.required else " (optional)")
        for key, argument in measure.arguments.items()
    )
    needs = f" (needs `{measure.needs}`)" if measure.needs else ""
    return f"| `{name}` | {unit} | {where} | {arguments} | {measure.says}{needs} |"


def command_page() -> str:
    """Help of every command."""
    parts = ["# Commands\n"]
    for context in _contexts(commands, "lodemap", None):
        said = context.command.get_help(context)
        parts.append(f"## {context.command_path}\n\n```\n{said}\n```\n")
    return "\n".join(parts)


def _contexts(
    command: click.Command, name: str, parent: click.Context | None
) -> list[click.Context]:
    """Contexts of a command and of all below it, as a call would make them."""
    settings = command.context_settings
    context = click.Context(
        command, parent, name, terminal_width=78, max_content_width=78, **settings
    )
    found = [context]
    if isinstance(command, click.Group):
        for child in sorted(command.commands):
            found += _contexts(command.commands[child], child, context)
    return found


def freight_page() -> str:
    """Published figures of transport beside ours."""
    return str(runpy.run_path(str(DOCS / "freight_published.py"))["page"]())


PAGES = {
    "recipe.md": recipe_page,
    "commands.md": command_page,
    "freight-published.md": freight_page,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
