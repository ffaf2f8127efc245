"""On which line of a TOML file a key stands.

The standard parser forgets places, so the text is walked once more, only to learn where each
table begins and each key is set.
"""

import re

__all__ = ["key_lines"]

_TABLE = re.compile(r"^\s*\[\s*([A-Za-z0-9_.\"' -]+?)\s*\]\s*(#.*)?$")
_ARRAY = re.compile(r"^\s*\[\[\s*([A-Za-z0-9_.\"' -]+?)\s*\]\]\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\"'-]+(?:\s*\.\s*[A-Za-z0-9_\"'-]+)*)\s*=")


def key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    r"""Line of every table and key.

    Parameters
    ----------
    text : str
        A TOML document.

    Returns
    -------
    dict
        Path such as ``("theme", 0, "criterion", 2, "weight")`` to its line, counted from 1.

    Examples
    --------
    >>> key_lines('[grid]\ncell_size = "1 km"')[("grid", "cell_size")]
    2
    """
    lines: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    quoted = False
    for number, line in enumerate(text.splitlines(), start=1):
        opened = quoted
        quoted ^= line.count('"""') % 2 == 1
        if opened:
            continue
        if found := _ARRAY.match(line):
            path = _place(_parts(found[1]), counts)
            counts[path] = counts.get(path, -1) + 1
            table = (*path, counts[path])
            lines[table] = number
        elif found := _TABLE.match(line):
            table = _place(_parts(found[1]), counts)
            lines[table] = number
        elif found := _KEY.match(line):
            for depth in range(1, len(_parts(found[1])) + 1):
                lines.setdefault((*table, *_parts(found[1])[:depth]), number)
    return lines


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _place(
    parts: tuple[str, ...], counts: dict[tuple[str | int, ...], int]
) -> tuple[str | int, ...]:
    """Put the index of the open element behind every array of tables on the way."""
    path: tuple[str | int, ...] = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if path in counts and position < len(parts) - 1:
            path = (*path, counts[path])
    return path
