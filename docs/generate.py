"""Write the pages of docs/ that follow from the code and the layers.

Run as ``make docs``. A test holds the pages to what this script would write.
"""

from pathlib import Path

import click

from geo.cli import main as commands
from geo.recipe.measures import MEASURES, Measure

DOCS = Path(__file__).resolve().parent


def recipe_page() -> str:
    """Text of the recipe reference."""
    rows = ["| measure | unit | where | arguments | what |", "|---|---|---|---|---|"]
    rows += [_row(name, measure) for name, measure in MEASURES.items()]
    head = (DOCS / "templates" / "recipe.md").read_text("utf-8")
    return head + "\n".join(rows) + "\n"


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
    for words, command in _walk(commands, ("lodemap",)):
        context = click.Context(command, info_name=" ".join(words))
        parts.append(f"## {' '.join(words)}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _walk(
    command: click.Command, words: tuple[str, ...]
) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(words, command)]
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            found += _walk(command.commands[name], (*words, name))
    return found


PAGES = {"recipe.md": recipe_page, "commands.md": command_page}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
