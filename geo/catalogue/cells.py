"""Reading CSV, TSV and Excel sheets as cells of text, before any of it is believed.

Separators, encodings and quotes are settled here; what the texts mean is settled in
`geo.catalogue.columns`.
"""

import csv
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from geo.catalogue.archives import members
from geo.catalogue.encodings import codec_of, guess
from geo.catalogue.findings import note, refuse
from geo.catalogue.formats import bounded_bytes
from geo.errors import LodemapError

__all__ = ["Cells", "read_cells"]

# Signs of no width and turns of direction.
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LOOKED_SHEET = 200_000_000
_MOST_CELLS = 200_000_000
_MOST_COLUMNS = 10_000
# What openpyxl raises on damaged workbooks.
_WORKBOOK_FAULTS = (
    KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError, RuntimeError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, SyntaxError, OverflowError, MemoryError,
)  # fmt: skip
_SEPARATORS = (",", ";", "\t", "|")
_TOTALS = re.compile(
    r"(grand |sub)?totals?|sum|итого|всего|нийт|дүн|合計|総計|합계|총계|gesamt|summe", re.IGNORECASE
)


@dataclass(frozen=True)
class Cells:
    """A table as text: names of its columns, rows of cells, and how they were parted.

    `numbers` are the lines of the rows in the file; `separator` is empty for a workbook.
    """

    names: tuple[str, ...]
    rows: list[list[str]]
    numbers: list[int]
    separator: str
    sheets: tuple[str, ...] = ()


def read_cells(
    path: Path,
    *,
    encoding: str | None = None,
    separator: str | None = None,
    sheet: str | None = None,
    survey: bool = False,
) -> Cells:
    """Read a table's cells as text.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.txt`` or ``.xlsx``.
    encoding, separator, sheet : str, optional
        As a record states them; told from the file when missing.
    survey : bool, optional
        Take the first of several sheets, with a warning, instead of refusing.

    Returns
    -------
    Cells

    Raises
    ------
    LayerError
        If the text is in another encoding, holds NUL, a quote is left open, rows differ in
        length, names are missing or repeated, or the workbook cannot be read.
    """
    if path.suffix.lower() == ".xlsx":
        found = _workbook(path, sheet, survey=survey)
    else:
        found = _text(path, encoding, separator)
    return _judged(path, found)


def _text(path: Path, encoding: str | None, separator: str | None) -> Cells:
    text = _decoded(path, bounded_bytes(path), encoding)
    first, _, rest = text.partition("\n")
    skipped = 0
    if len(first.strip()) == 5 and first.lower().startswith("sep="):
        # Excel's own line, which is no row.
        separator, text, skipped = separator or first[4], rest, 1
    separator = separator or _separator(path, text)
    rows: list[list[str]] = []
    numbers: list[int] = []
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line, cells = 0, 0
    try:
        for row in reader:
            cells += len(row)
            if cells > _MOST_CELLS:
                what = f"has more than {_MOST_CELLS:,} cells"
                raise refuse(path, "file-too-large", what, "convert it to GeoParquet")
            if "".join(row).strip():
                rows.append(row)
                numbers.append(line + 1 + skipped)
            line = reader.line_num
    except csv.Error as error:
        raise _broken(path, error, line + 1 + skipped) from None
    return Cells(tuple(rows[0]) if rows else (), rows[1:], numbers[1:], separator)


def _broken(path: Path, error: csv.Error, line: int) -> LodemapError:
    if "unexpected end" in str(error):
        what = f"is no table: a quote opened at line {line} is never closed and swallows rows"
        return refuse(path, "quote-open", what, "close it")
    if "field larger" in str(error):
        what = f"is no table: the cell at line {line} is too long"
        return refuse(path, "cell-too-long", what, "check its quotes")
    return refuse(path, "table-broken", f"is no table at line {line} ({error})", "restore it")


def _decoded(path: Path, data: bytes, encoding: str | None) -> str:
    if not data.strip():
        raise refuse(path, "file-empty", "is empty", "restore it")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf-16"
    elif encoding is not None:
        codec = codec_of(encoding) or "utf-8"
    elif b"\x00" in data:
        codec = _wide(path, data)
    else:
        codec = "utf-8-sig"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        said = "UTF-8" if codec == "utf-8-sig" else codec.upper()
        odd = [part for part in data.splitlines() if not part.isascii()]
        what = f"is not {said} (line {line}), it looks like {guess(odd).upper()}"
        fix = "save it again as UTF-8, or state its encoding in the record"
        raise refuse(path, "encoding-wrong", what, fix) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        what = f"holds NUL bytes (line {line}): it is binary data or damaged"
        raise refuse(path, "text-nul", what, "export it again")
    return text.removeprefix("\ufeff")


def _wide(path: Path, data: bytes) -> str:
    head = data[: 4096 - len(data) % 2]
    zeros = [head[i::2].count(0) * 2 for i in (0, 1)]
    for i, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        if zeros[i] > 0.6 * len(head) and zeros[1 - i] == 0:
            return codec
    line = data.count(b"\n", 0, data.index(b"\x00")) + 1
    what = f"holds NUL bytes (line {line}): it is binary data or damaged"
    raise refuse(path, "text-nul", what, "export it again")


def _separator(path: Path, text: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    head = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", head)
    counts = [bare.count(sign) for sign in _SEPARATORS]
    best = max(range(len(_SEPARATORS)), key=lambda i: (counts[i], -i))
    return _SEPARATORS[best] if counts[best] else ","


def _workbook(path: Path, sheet: str | None, *, survey: bool) -> Cells:
    import openpyxl

    data = bounded_bytes(path)
    with _reading(path):
        merged = _judge_workbook(path)
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
    name = _sheet(path, book.sheetnames, sheet, survey=survey)
    page = book[name]
    if not hasattr(page, "reset_dimensions"):
        what = f"its sheet {name!r} is a chart"
        raise refuse(path, "sheet-missing", what, "name a sheet of cells")
    with _reading(path):
        # The size that a sheet states is not believed.
        page.reset_dimensions()
        rows = list(_rows(path, page))
    if merged:
        what = f"has {merged} merged cells, of which only the first is read"
        note(path, "warning", "cells-merged", what, "part them and fill each", count=merged)
    _tell_formulas(path, data, name, rows)
    filled = [(number, row) for number, row in rows if any(row)]
    width = max((len(row) for _, row in filled), default=0)
    padded = [row + [""] * (width - len(row)) for _, row in filled]
    names = tuple(padded[0]) if padded else ()
    return Cells(names, padded[1:], [n for n, _ in filled[1:]], "", tuple(book.sheetnames))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say in a sentence what openpyxl cannot read, and nothing of what it cannot keep."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except _WORKBOOK_FAULTS as error:
            what = f"is no workbook that can be read ({type(error).__name__}: {str(error)[:80]})"
            raise refuse(path, "file-damaged", what, "save it anew as .xlsx or .csv") from None


def _judge_workbook(path: Path) -> int:
    """Refuse what may do harm in a workbook; gives how many ranges of cells it merges."""
    merged = 0
    for one in members(path):
        if not one.filename.lower().endswith((".xml", ".rels")):
            continue
        with zipfile.ZipFile(path) as archive, archive.open(one) as stream:
            head = stream.read(2048).lower()
            if b"<!doctype" in head or b"<!entity" in head:
                what = "has a DOCTYPE or entities inside, which may do harm"
                raise refuse(path, "xml-doctype", what, "save it anew")
            if one.filename.startswith("xl/worksheets/") and one.file_size < _LOOKED_SHEET:
                merged += (head + stream.read().lower()).count(b"<mergecell ")
    return merged


def _sheet(path: Path, names: Sequence[str], sheet: str | None, *, survey: bool) -> str:
    known = ", ".join(names)
    if sheet is not None:
        if sheet not in names:
            what = f"has no sheet {sheet!r}, it has {known}"
            raise refuse(path, "sheet-missing", what, "name one of them")
        return sheet
    if len(names) > 1:
        what = f"holds {len(names)} sheets ({known})"
        if not survey:
            raise refuse(path, "sheets-several", what, "name one in the record: sheet = …")
        what = f"{what}, of which {names[0]!r} was read"
        note(path, "warning", "sheets-several", what, "name one in the record", count=len(names))
    return names[0]


def _rows(path: Path, page: Any) -> Iterator[tuple[int, list[str]]]:
    cells = 0
    for number, row in enumerate(page.iter_rows(values_only=True), start=1):
        found = [_said(cell) for cell in row]
        while found and not found[-1]:
            found.pop()
        cells += len(row)
        if cells > _MOST_CELLS or len(found) > _MOST_COLUMNS:
            what = f"has more than {_MOST_CELLS:,} cells or {_MOST_COLUMNS:,} columns"
            raise refuse(path, "file-too-large", what, "convert it to GeoParquet")
        yield number, found


def _said(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return repr(cell) if isinstance(cell, float) else str(cell)


def _tell_formulas(
    path: Path, data: bytes, sheet: str, rows: Sequence[tuple[int, list[str]]]
) -> None:
    import openpyxl

    if len(data) > 5_000_000:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        page = openpyxl.load_workbook(BytesIO(data), read_only=True)[sheet]
        page.reset_dimensions()
        known = dict(rows)
        empty = 0
        for number, row in enumerate(page.iter_rows(values_only=True), start=1):
            have = known.get(number, [])
            for i, cell in enumerate(row):
                is_formula = isinstance(cell, str) and cell.startswith("=")
                empty += is_formula and (i >= len(have) or not have[i])
    if empty:
        what = f"{empty} formulas have no stored result and are read as unknown"
        note(path, "warning", "formula-empty", what, "open and save it in Excel", count=empty)


def _judged(path: Path, found: Cells) -> Cells:
    names = [" ".join(name.split()) for name in found.names]
    if hidden := [name for name in names if _HIDDEN.search(name)]:
        what = f"the name of column {_HIDDEN.sub('', hidden[0])!r} holds signs that nobody sees"
        note(path, "warning", "header-invisible", what, "write it anew", count=len(hidden))
    rows, numbers = found.rows, found.numbers
    if not names:
        raise refuse(path, "file-empty", "is empty", "restore it")
    if (
        len(names) > 1
        and not names[-1]
        and all(len(row) == len(names) and not row[-1].strip() for row in rows)
    ):
        # Every line ends in a separator.
        names, rows = names[:-1], [row[:-1] for row in rows]
    if len(set(names)) < len(names) or not all(names):
        what = f"its header repeats or lacks a name: {names[:12]}"
        raise refuse(path, "header-broken", what, "give every column a name of its own")
    if all(re.fullmatch(r"[-+]?[\d.,]+", name) for name in names):
        what = f"its first row {names[:5]} holds numbers, required are names of columns"
        raise refuse(path, "header-missing", what, "add a row of names")
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != len(names):
            what = f"row {number} has {len(row)} cells, the header has {len(names)}"
            raise refuse(path, "row-ragged", what, "correct the row, or quote what it holds")
    rows, numbers = _without_repeats(path, names, rows, numbers)
    if rows and _are_units(rows):
        what = f"row {numbers[0]} ({', '.join(filter(None, rows[0]))[:40]!r}) holds units: left out"
        note(path, "warning", "row-units", what, "state the units in the record")
        rows, numbers = rows[1:], numbers[1:]
    if rows and (label := _total(rows[-1])):
        what = f"row {numbers[-1]} ({label!r}) is a sum and no record: left out"
        note(path, "warning", "row-total", what, "take it out of the file")
        rows, numbers = rows[:-1], numbers[:-1]
    return Cells(tuple(names), rows, numbers, found.separator, found.sheets)


def _without_repeats(
    path: Path, names: Sequence[str], rows: list[list[str]], numbers: list[int]
) -> tuple[list[list[str]], list[int]]:
    """Leave out rows that are the header once more, as joined files have."""
    again = {n for n, row in enumerate(rows) if row[0].strip() == names[0] and _same(row, names)}
    if len(names) == 1 or not again:
        return rows, numbers
    what = f"{len(again)} rows (first row {numbers[min(again)]}) repeat the header: left out"
    note(path, "warning", "row-header", what, "take them out of the file", count=len(again))
    kept = [n for n in range(len(rows)) if n not in again]
    return [rows[n] for n in kept], [numbers[n] for n in kept]


def _same(row: Sequence[str], names: Sequence[str]) -> bool:
    return [" ".join(cell.split()) for cell in row] == list(names)


def _are_units(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names units of columns whose other cells are numbers."""
    first = [cell.strip() for cell in rows[0]]
    if len(rows) < 2 or not any(first) or any(map(_is_number, first)):
        return False
    for place, cell in enumerate(first):
        others = [row[place].strip() for row in rows[1:] if row[place].strip()]
        if cell and not (_is_unit(cell) and others and all(map(_is_number, others))):
            return False
    return True


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?", cell) is not None


def _is_unit(cell: str) -> bool:
    from geo.errors import UnitError
    from geo.units import check

    try:
        check(cell.strip("()[] "))
    except UnitError:
        return False
    return True


def _total(row: Sequence[str]) -> str | None:
    filled = [cell.strip() for cell in row if cell.strip()]
    if len(filled) < len(row) and filled and _TOTALS.fullmatch(filled[0].rstrip(":. ")):
        return filled[0]
    return None
