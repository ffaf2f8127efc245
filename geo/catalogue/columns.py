"""What the cells of a table mean: numbers, unknowns and texts, and what is doubtful about them.

Nothing is turned into a number that could be read in two ways: ``1,234`` is refused where
neither the file nor its record says what the comma is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.catalogue.cells import Cells
from geo.catalogue.findings import note, refuse

__all__ = ["LATITUDES", "LONGITUDES", "frame_of", "unit_hint"]

LONGITUDES = frozenset(
    {"lon", "lng", "long", "longitude", "долгота", "уртраг", "经度", "経度", "경도"}
)
"""Names of a column of longitudes, in small letters."""

LATITUDES = frozenset({"lat", "latitude", "широта", "өргөрөг", "纬度", "緯度", "위도"})
"""Names of a column of latitudes, in small letters."""

_KEYS = frozenset({"id", "fid", "uid", "uuid", "gid", "objectid", "ogc_fid"})

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SEPARATED = re.compile(r"[+-]?\d+([.,'’\s]\d+)+")
_NUMERIC = frozenset("+-.,0123456789")
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
# A line that is neither empty nor a number in its plainest form.
_NOT_PLAIN = re.compile(r"^(?!(?:-?(?:0|[1-9]\d*)(?:\.\d+)?)?$)", re.MULTILINE | re.ASCII)
_LONGEST_WHOLE = 18
# What no number needs and codes have: a plus, a leading zero, more digits than a float keeps.
_CODE = re.compile(rf"\+|-?0\d|-?\d{{{_LONGEST_WHOLE + 1},}}$")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_THREE = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_GROUPED_POINT = re.compile(r"[+-]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,}|(['’\s]\d{3})+(\.\d+)?)")
_GROUPED_COMMA = re.compile(r"[+-]?\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,}|(['’\s]\d{3})+(,\d+)?)")
_UNKNOWN = frozenset(
    {"na", "n/a", "nan", "null", "none", "-", "--", "?", "нет", "мэдэгдэхгүй", "不明", "unknown"}
)
_MINUS = ("\u2212", "\u2013", "\ufe63", "\uff0d")
_EXCEL_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#####"}
)
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_EXCEL_DATE = re.compile(rf"^(?:\d{{1,2}}-(?:{_MONTHS})|(?:{_MONTHS})-\d{{2}})$", re.MULTILINE)
_EXCEL_DIGITS = re.compile(r"^\d\.\d{2,5}E\+(?:1\d|2\d|09)$", re.MULTILINE)
_SLASHED = re.compile(r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})$", re.MULTILINE)
_ISO_DAY = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$", re.MULTILINE)
_DOUBTS = (
    (
        "-",
        _EXCEL_DATE,
        "excel-date",
        "look like codes that a spreadsheet turned into dates",
        "restore them from the source",
    ),
    (
        "\ufffd",
        re.compile(".*\ufffd.*"),
        "text-lost",
        "have lost signs",
        "export it again as UTF-8",
    ),
)
_HINT = re.compile(r"[(\[]\s*([^()\[\]]{1,20}?)\s*[)\]]\s*$")


@dataclass(frozen=True)
class _Reader:
    path: Path
    decimal: str
    units: frozenset[str]


def unit_hint(name: str) -> str | None:
    """Unit that a column's name states in brackets at its end.

    Examples
    --------
    >>> unit_hint("depth (m)"), unit_hint("Cu [%]"), unit_hint("name"), unit_hint("when (local)")
    ('m', '%', None, None)
    """
    from geo.errors import UnitError
    from geo.units import check

    said = _HINT.search(name)
    if said is None:
        return None
    try:
        return check(said[1])
    except UnitError:
        return None


def frame_of(
    path: Path,
    cells: Cells,
    *,
    decimal: str | None = None,
    units: Sequence[str] = (),
    key: str | None = None,
) -> pd.DataFrame:
    """Turn cells into numbers, unknowns and texts.

    A column becomes numbers when every filled cell is one and none has a leading zero (which
    codes have). Empty is unknown: NaN among numbers, None among texts.

    Parameters
    ----------
    path : Path
        For messages.
    cells : Cells
    decimal : {".", ","}, optional
        The decimal sign, where a record states it.
    units : sequence of str, optional
        Columns that must be numbers, because the record gives them a unit.
    key : str, optional
        Column whose values must differ; one named ``id`` or the like when missing.

    Returns
    -------
    DataFrame
        In file order.

    Raises
    ------
    LayerError
        If a comma could be read in two ways, a column with a unit is no number, a key repeats,
        or longitudes and latitudes lie outside the Earth.
    """
    columns = list(zip(*cells.rows, strict=True)) or [()] * len(cells.names)
    stripped = [list(map(str.strip, column)) for column in columns]
    by_name = dict(zip(cells.names, stripped, strict=True))
    reader = _Reader(path, decimal or _decimal(path, cells, by_name), frozenset(units))
    stated = decimal is not None
    built = {name: _column(reader, name, column, stated=stated) for name, column in by_name.items()}
    for name, values in built.items():
        if values.dtype == object:
            _tell_texts(path, name, by_name[name])
        elif _is_date(name):
            _tell_serials(path, name, values.astype(float))
    index = pd.RangeIndex(len(cells.rows))
    frame = pd.DataFrame(
        {
            # Texts stay objects, with None for unknown.
            name: pd.Series(values, index, dtype=object) if values.dtype == object else values
            for name, values in built.items()
        },
        index,
    )
    _require_key(path, frame, key)
    _require_degrees(path, frame)
    return frame


def _decimal(path: Path, cells: Cells, columns: Mapping[str, Sequence[str]]) -> str:
    """Decimal sign of a file: a comma only where some cell can mean nothing else."""
    doubtful: tuple[str, str] | None = None
    for name, column in columns.items():
        if "," not in "".join(column):
            continue
        filled = [c for c in column if c and c.lower() not in _UNKNOWN]
        if not filled or not all(_COMMA.fullmatch(c) or _NUMBER.fullmatch(c) for c in filled):
            continue
        commas = [c for c in filled if "," in c]
        clear = [c for c in commas if not _THREE.fullmatch(c)]
        outside = name.lower() in LONGITUDES | LATITUDES
        if (clear or outside) and cells.separator != ",":
            _require_one_sign(path, name, commas, filled)
            return ","
        doubtful = doubtful or (name, (clear or commas)[0])
    if doubtful is not None:
        name, cell = doubtful
        what = (
            f"column {name!r} holds {cell!r}, required is a number with a point and without "
            "separators: the comma may be a decimal sign or part thousands"
        )
        fix = 'correct the cells, or state decimal = "," or decimal = "." in the record'
        raise refuse(path, "decimal-ambiguous", what, fix)
    return "."


def _require_one_sign(path: Path, name: str, commas: Sequence[str], filled: Sequence[str]) -> None:
    """Refuse a column in which some decimals have commas and others points."""
    if points := [cell for cell in filled if "." in cell and "," not in cell]:
        what = (
            f"column {name!r} holds {commas[0]!r} and {points[0]!r}, required is one decimal sign "
            "throughout"
        )
        raise refuse(path, "decimal-ambiguous", what, "correct the cells")


def _column(reader: _Reader, name: str, cells: Sequence[str], *, stated: bool) -> npt.NDArray[Any]:
    found = _plain_numbers(cells)
    return _doubtful(reader, name, cells, stated=stated) if found is None else found


def _plain_numbers(cells: Sequence[str]) -> npt.NDArray[Any] | None:
    """Numbers of a column in which nothing but plain numbers stands, looked at as one text."""
    joined = "\n".join(cells)
    if not joined.strip() or _NOT_PLAIN.search(joined) or joined.count("\n") != len(cells) - 1:
        return None
    if "" in cells:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    if "." not in joined:
        if len(max(cells, key=len).lstrip("-")) > _LONGEST_WHOLE:
            # Numbers so long are codes, whose last digits a float would lose.
            return None
        return np.array(list(map(int, cells)), dtype=np.int64)
    return np.array(list(map(float, cells)))


def _doubtful(
    reader: _Reader, name: str, cells: Sequence[str], *, stated: bool
) -> npt.NDArray[Any]:
    must = name in reader.units
    cells = _without_errors(reader, name, cells)
    cells = _with_plain_minus(reader, name, cells)
    plain, grouped = _plain(reader, cells)
    filled = [cell for cell in plain if cell]
    if must or _mostly_numbers(filled):
        plain = _without_words(reader, name, plain)
        filled = [cell for cell in plain if cell]
    numeric = filled and all(_NUMBER.fullmatch(cell) for cell in filled)
    if numeric and (must or not any(_CODE.match(cell) for cell in filled)):
        if grouped and not stated:
            what = f"{grouped} numbers of column {name!r} part thousands: the parting was taken out"
            note(reader.path, "repair", "number-grouped", what, count=grouped)
        if len(filled) == len(plain) and all(_WHOLE.fullmatch(cell) for cell in filled):
            return np.array(plain, dtype=np.int64)
        return np.array([float(cell) if cell else np.nan for cell in plain])
    if odd := [cell for cell in filled if must and _SEPARATED.fullmatch(cell)]:
        what = (
            f"column {name!r} holds {odd[0]!r}, required is a number with a point and "
            "without separators"
        )
        raise refuse(reader.path, "cell-no-number", what, "correct the cell")
    if must and not filled:
        return np.full(len(plain), np.nan)
    return np.array([cell or None for cell in cells], dtype=object)


def _plain(reader: _Reader, cells: Sequence[str]) -> tuple[list[str], int]:
    """Numbers in one form, where the whole column is of numbers; and how many were parted."""
    pattern = _GROUPED_COMMA if reader.decimal == "," else _GROUPED_POINT
    single = _COMMA if reader.decimal == "," else _THREE
    grouped = 0
    found: list[str] = []
    if not all(cell[0] in _NUMERIC for cell in cells if cell):
        return list(cells), 0
    for cell in cells:
        if pattern.fullmatch(cell):
            grouped += 1
            cell = re.sub(r"['’\s.]" if reader.decimal == "," else r"['’\s,]", "", cell)
            found.append(cell.replace(",", "."))
        elif single.fullmatch(cell):
            found.append(cell.replace(",", "." if reader.decimal == "," else ""))
        else:
            found.append(cell)
    return found, grouped


def _without_errors(reader: _Reader, name: str, cells: Sequence[str]) -> Sequence[str]:
    joined = "\n".join(cells)
    if "E+" in joined and (short := _EXCEL_DIGITS.findall(joined)):
        what = f"{len(short)} numbers of column {name!r} were shortened by a spreadsheet"
        fix = "restore their digits from the source"
        note(reader.path, "warning", "excel-digits", what, fix, count=len(short))
    if "#" not in joined:
        return cells
    lost = sum(cell in _EXCEL_ERRORS for cell in cells)
    if lost:
        what = f"{lost} cells of column {name!r} hold errors of a spreadsheet: read as unknown"
        note(reader.path, "warning", "cell-error", what, "correct the formulas", count=lost)
    return ["" if cell in _EXCEL_ERRORS else cell for cell in cells]


def _with_plain_minus(reader: _Reader, name: str, cells: Sequence[str]) -> Sequence[str]:
    """Numbers whose minus is typographic get a plain one."""
    typed = sum(cell.startswith(_MINUS) for cell in cells)
    if not typed:
        return cells
    plain = [f"-{cell[1:]}" if cell.startswith(_MINUS) else cell for cell in cells]
    filled = [cell for cell in plain if cell and cell.lower() not in _UNKNOWN]
    if not all(_NUMBER.fullmatch(cell) or _COMMA.fullmatch(cell) for cell in filled):
        return cells
    what = f"{typed} numbers of column {name!r} have a typographic minus: read as a plain one"
    note(reader.path, "repair", "minus-typographic", what, count=typed)
    return plain


def _mostly_numbers(filled: Sequence[str]) -> bool:
    """Whether all cells are numbers but for a few that say in words that they are unknown."""
    words = 0
    for cell in filled:
        if not _NUMBER.fullmatch(cell):
            if cell.lower() not in _UNKNOWN:
                return False
            words += 1
    return 0 < words < len(filled)


def _without_words(reader: _Reader, name: str, cells: Sequence[str]) -> list[str]:
    lost = sum(cell.lower() in _UNKNOWN for cell in cells)
    if lost:
        what = f"{lost} cells of column {name!r} say that they are unknown: read as such"
        note(reader.path, "warning", "cell-unknown", what, "leave them empty", count=lost)
    return ["" if cell.lower() in _UNKNOWN else cell for cell in cells]


def _tell_texts(path: Path, name: str, cells: Sequence[str]) -> None:
    """Tell what is doubtful about a column of texts."""
    # Texts repeat: the different ones tell whether there is anything to count.
    different = "\n".join(dict.fromkeys(cells))
    joined = "\n".join(cells)
    for sign, pattern, code, what, fix in _DOUBTS:
        if sign in different and pattern.search(different) and (found := pattern.findall(joined)):
            said = f"{len(found)} cells of column {name!r}, such as {found[0]!r}, {what}"
            note(path, "warning", code, said, fix, count=len(found))
    if _SLASHED.search(different):
        _tell_days_either_way(path, name, joined)
    if _ISO_DAY.search(different):
        _tell_no_days(path, name, joined)
        if odd := _SLASHED.search(different):
            what = f"column {name!r} holds dates in several forms, such as {odd[0]!r}"
            note(path, "warning", "date-mixed", what, "write them as 2026-01-31")


def _tell_days_either_way(path: Path, name: str, joined: str) -> None:
    pairs = _SLASHED.findall(joined)
    cells = sum(1 for line in joined.split("\n") if line)
    if len(pairs) == cells and all(max(int(a), int(b)) <= 12 for a, b, _ in pairs):
        what = f"column {name!r} holds dates such as {'/'.join(pairs[0])!r}: day or month first?"
        note(path, "warning", "date-ambiguous", what, "write them as 2026-01-31")


def _tell_no_days(path: Path, name: str, joined: str) -> None:
    wrong = ["-".join(day) for day in _ISO_DAY.findall(joined) if not _is_day(*map(int, day))]
    if wrong:
        what = f"{len(wrong)} cells of column {name!r}, such as {wrong[0]!r}, are no days"
        note(path, "warning", "date-impossible", what, "correct them", count=len(wrong))


def _tell_serials(path: Path, name: str, values: npt.NDArray[np.float64]) -> None:
    if len(values) and ((values > 20_000) & (values < 80_000)).all():
        what = f"column {name!r} holds a spreadsheet's day numbers, not dates"
        note(path, "warning", "excel-serial", what, "write dates such as 2026-01-31")


def _is_date(name: str) -> bool:
    return bool(re.search(r"\bdate|date\b|дата|огноо", name.lower()))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _require_key(path: Path, frame: pd.DataFrame, key: str | None) -> None:
    names = [key] if key else [n for n in frame.columns if str(n).lower() in _KEYS][:1]
    for name in names:
        if name not in frame.columns:
            what = f"has no column {name!r}, which its record names as the key"
            raise refuse(path, "column-missing", what, "correct the record")
        values = frame[name].dropna()
        again = values[values.duplicated()]
        if len(again):
            what = f"{len(again)} rows repeat a value of {name!r}, such as {str(again.iloc[0])!r}"
            fix = "give every row an id of its own: a join would multiply them"
            raise refuse(path, "key-duplicate", what, fix)


def _require_degrees(path: Path, frame: pd.DataFrame) -> None:
    for names, limit, said in ((LATITUDES, 90.0, "latitude"), (LONGITUDES, 360.0, "longitude")):
        for name in frame.columns:
            if str(name).lower() not in names:
                continue
            if frame[name].dtype == object:
                _tell_degrees_as_text(path, str(name), frame[name])
                continue
            values = frame[name].to_numpy(dtype=float)
            outside = np.abs(values) > limit + 1e-6
            if outside.any():
                what = (
                    f"{said} {values[outside][0]:g} in column {name!r} is out of range "
                    f"(±{limit:g}; {int(outside.sum())} of {len(values)} rows)"
                )
                fix = "swap longitude and latitude, or name the columns after what they hold"
                raise refuse(path, "coordinates-out-of-range", what, fix)


def _tell_degrees_as_text(path: Path, name: str, values: "pd.Series[Any]") -> None:
    if values.notna().any():
        what = f"column {name!r} holds texts such as {str(values.dropna().iloc[0])[:20]!r}"
        fix = "write decimal degrees such as 106.917"
        note(path, "warning", "coordinates-as-text", what, fix)
