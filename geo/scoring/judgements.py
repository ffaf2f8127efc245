"""Judgements in pairs from a table that experts fill in a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geo.errors import DataError, LayerError

__all__ = ["Judgements", "read_judgements"]

Floats = npt.NDArray[np.float64]

_LARGEST_FILE = 1_000_000
"""Bytes; a table of judgements has a few hundred."""


@dataclass(frozen=True, eq=False)
class Judgements:
    """A table of judgements: `names` of the criteria and the `matrix` (criteria, criteria)."""

    names: tuple[str, ...]
    matrix: Floats


def read_judgements(path: str | Path) -> Judgements:
    r"""Read a table of judgements.

    Parameters
    ----------
    path : str or Path
        CSV in UTF-8 with comma, semicolon or tab: the criteria in the first row and, in the
        same order, in the first column. A cell says how many times as important the row's
        criterion is as the column's: ``3``, ``1/3``, ``0.33`` or, with semicolons, ``0,33``.
        Of a pair one cell is enough, the other may be empty; so may the diagonal.

    Returns
    -------
    Judgements
        With every empty cell filled by its reciprocal; ready for `ahp`.

    Raises
    ------
    LayerError
        If the file cannot be read.
    DataError
        If it is no such table: with the file and the line.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "expert.csv"
    ...     _ = path.write_text(",grade,freight\ngrade,1,3\nfreight,,1\n")
    ...     found = read_judgements(path)
    >>> found.names, found.matrix.round(3).tolist()
    (('grade', 'freight'), [[1.0, 3.0], [0.333, 1.0]])
    """
    file = Path(path)
    rows = _rows(file)
    names = tuple(cell.strip() for cell in rows[0][1][1:])
    _check_names(file, names)
    if len(rows) - 1 != len(names):
        raise DataError(
            f"{file.name}: {len(rows) - 1} rows for {len(names)} criteria: write one row for each"
        )
    matrix = np.full((len(names), len(names)), np.nan)
    for at, (line, cells) in enumerate(rows[1:]):
        where = f"{file.name}:{line}"
        if cells[0].strip() != names[at]:
            raise DataError(
                f"{where}: the row is {cells[0].strip()!r}, required is {names[at]!r}: keep the "
                "order of the first row"
            )
        if len(cells) > len(names) + 1:
            raise DataError(f"{where}: {len(cells) - 1} judgements for {len(names)} criteria")
        for column, cell in enumerate(cells[1:]):
            if cell.strip():
                matrix[at, column] = _judgement(cell, f"{where}: {names[at]} over {names[column]}")
    return Judgements(names, _filled(matrix, names, file.name))


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise DataError(f"{file.name}: too large for a table of judgements")
        text = file.read_text("utf-8-sig")
    except OSError as fault:
        raise LayerError(f"{file}: {fault.strerror}: name a file that can be read") from None
    except UnicodeDecodeError:
        raise DataError(f"{file.name}: not UTF-8: save it as CSV UTF-8") from None
    first = text.splitlines()[0] if text.strip() else ""
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    if len(rows) < 2 or len(rows[0][1]) < 2:
        raise DataError(
            f"{file.name}: no table of judgements: write the criteria in the first row and column"
        )
    return rows


def _check_names(file: Path, names: Sequence[str]) -> None:
    for name in names:
        if not name:
            raise DataError(
                f"{file.name}:1: a criterion has no name: write one, or drop the column"
            )
        if names.count(name) > 1:
            raise DataError(f"{file.name}:1: {name!r} stands twice: name each criterion once")


def _judgement(cell: str, where: str) -> float:
    text = cell.strip().replace(",", ".")
    try:
        value = float(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise DataError(f"{where} is {cell.strip()!r}: write a number such as 3 or 1/3") from None
    if not value > 0:
        raise DataError(f"{where} is {cell.strip()!r}: required is a number above zero")
    return value


def _filled(matrix: Floats, names: Sequence[str], file: str) -> Floats:
    for at in range(len(names)):
        if np.isnan(matrix[at, at]):
            matrix[at, at] = 1.0
    missing = np.isnan(matrix)
    both = np.argwhere(np.triu(missing & missing.T))
    if both.size:
        row, column = both[0]
        raise DataError(
            f"{file}: {names[row]} over {names[column]} is not judged: fill one of the two cells"
        )
    return np.where(missing, 1.0 / np.where(missing.T, 1.0, matrix.T), matrix)
