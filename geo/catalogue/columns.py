"""What the cells of a table mean: numbers, unknowns and texts, and what is doubtful about them.

Nothing is turned into a number that could be read in two ways: ``1,234`` is refused where
neither the file nor its record says what the comma is.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_THREE = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_GROUPED_POINT = re.compile(r"[+-]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,}|(['’\s]\d{3})+(\.\d+)?)")
_GROUPED_COMMA = re.compile(r"[+-]?\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,}|(['’\s]\d{3})+(,\d+)?)")
_UNKNOWN = frozenset(
    {"na", "n/a", "nan", "null", "none", "-", "--", "?", "нет", "мэдэгдэхгүй", "不明", "unknown"}
)
_EXCEL_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#####"}
)
_EXCEL_DATE = re.compile(
    r"\d{1,2}-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{2}"
)
_EXCEL_DIGITS = re.compile(r"\d\.\d{2,5}E\+(1\d|2\d|09)")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{2}|\d{4})")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
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
    stripped = [[cell.strip() for cell in column] for column in columns]
    by_name = dict(zip(cells.names, stripped, strict=True))
    reader = _Reader(path, decimal or _decimal(path, cells, by_name), frozenset(units))
    stated = decimal is not None
    frame = pd.DataFrame(
        {name: _column(reader, name, column, stated=stated) for name, column in by_name.items()},
        columns=list(cells.names),
    )
    _tell_excel(path, frame)
    _tell_dates(path, frame)
    _require_key(path, frame, key)
    _require_degrees(path, frame)
    return frame


def _decimal(path: Path, cells: Cells, columns: Mapping[str, Sequence[str]]) -> str:
    """Decimal sign of a file: a comma only where some cell can mean nothing else."""
    doubtful: tuple[str, str] | None = None
    for name, column in columns.items():
        filled = [c for c in column if c and c.lower() not in _UNKNOWN]
        if not filled or not all(_COMMA.fullmatch(c) or _NUMBER.fullmatch(c) for c in filled):
            continue
        commas = [c for c in filled if "," in c]
        if not commas:
            continue
        clear = [c for c in commas if not _THREE.fullmatch(c)]
        outside = name.lower() in LONGITUDES | LATITUDES
        if (clear or outside) and cells.separator != ",":
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


def _column(
    reader: _Reader, name: str, cells: Sequence[str], *, stated: bool
) -> "npt.NDArray[Any] | pd.Series[Any]":
    must = name in reader.units
    cells = _without_errors(reader, name, cells)
    plain, grouped = _plain(reader, cells)
    filled = [cell for cell in plain if cell]
    if must or _mostly_numbers(filled):
        plain = _without_words(reader, name, plain)
        filled = [cell for cell in plain if cell]
    numeric = filled and all(_NUMBER.fullmatch(cell) for cell in filled)
    if numeric and (must or not any(re.match(r"\+|-?0\d", cell) for cell in filled)):
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
    return pd.Series([cell or None for cell in cells], dtype=object)


def _plain(reader: _Reader, cells: Sequence[str]) -> tuple[list[str], int]:
    """Numbers in one form, where the whole column is of numbers; and how many were parted."""
    pattern = _GROUPED_COMMA if reader.decimal == "," else _GROUPED_POINT
    single = _COMMA if reader.decimal == "," else _THREE
    grouped = 0
    found: list[str] = []
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


def _without_errors(reader: _Reader, name: str, cells: Sequence[str]) -> list[str]:
    lost = sum(cell in _EXCEL_ERRORS for cell in cells)
    if lost:
        what = f"{lost} cells of column {name!r} hold errors of a spreadsheet: read as unknown"
        note(reader.path, "warning", "cell-error", what, "correct the formulas", count=lost)
    short = sum(1 for cell in cells if _EXCEL_DIGITS.fullmatch(cell))
    if short:
        what = f"{short} numbers of column {name!r} were shortened by a spreadsheet"
        fix = "restore their digits from the source"
        note(reader.path, "warning", "excel-digits", what, fix, count=short)
    return ["" if cell in _EXCEL_ERRORS else cell for cell in cells]


def _mostly_numbers(filled: Sequence[str]) -> bool:
    numbers = sum(1 for cell in filled if _NUMBER.fullmatch(cell))
    words = sum(1 for cell in filled if cell.lower() in _UNKNOWN)
    return numbers > 0 and words > 0 and numbers + words == len(filled)


def _without_words(reader: _Reader, name: str, cells: Sequence[str]) -> list[str]:
    lost = sum(cell.lower() in _UNKNOWN for cell in cells)
    if lost:
        what = f"{lost} cells of column {name!r} say that they are unknown: read as such"
        note(reader.path, "warning", "cell-unknown", what, "leave them empty", count=lost)
    return ["" if cell.lower() in _UNKNOWN else cell for cell in cells]


def _tell(
    path: Path, frame: pd.DataFrame, code: str, odd: Callable[[str], bool], what: str, fix: str
) -> None:
    for name in frame.columns:
        if frame[name].dtype != object:
            continue
        found = [cell for cell in frame[name] if isinstance(cell, str) and odd(cell)]
        if found:
            said = f"{len(found)} cells of column {name!r}, such as {found[0]!r}, {what}"
            note(path, "warning", code, said, fix, count=len(found))


def _tell_excel(path: Path, frame: pd.DataFrame) -> None:
    _tell(
        path, frame, "excel-date", lambda cell: bool(_EXCEL_DATE.fullmatch(cell)),
        "look like codes that a spreadsheet turned into dates", "restore them from the source",
    )  # fmt: skip
    _tell(
        path, frame, "text-lost", lambda cell: "\ufffd" in cell,
        "have lost signs", "export it again as UTF-8",
    )  # fmt: skip
    for name in frame.columns:
        if frame[name].dtype == object or not len(frame):
            continue
        values = frame[name].to_numpy(dtype=float)
        if _is_date(name) and ((values > 20_000) & (values < 80_000)).all():
            what = f"column {name!r} holds a spreadsheet's day numbers, not dates"
            note(path, "warning", "excel-serial", what, "write dates such as 2026-01-31")


def _is_date(name: str) -> bool:
    return bool(re.search(r"\bdate|date\b|дата|огноо", name.lower()))


def _tell_dates(path: Path, frame: pd.DataFrame) -> None:
    for name in frame.columns:
        if frame[name].dtype != object:
            continue
        cells = [cell for cell in frame[name] if isinstance(cell, str)]
        pairs = [m for m in map(_SLASHED.fullmatch, cells) if m]
        if (
            pairs
            and len(pairs) == len(cells)
            and all(int(m[1]) <= 12 and int(m[2]) <= 12 for m in pairs)
        ):
            what = f"column {name!r} holds dates such as {cells[0]!r}: day or month first?"
            note(path, "warning", "date-ambiguous", what, "write them as 2026-01-31")
        days = [m for m in map(_ISO_DAY.fullmatch, cells) if m]
        wrong = [m[0] for m in days if not _is_day(m)]
        if wrong:
            what = f"{len(wrong)} cells of column {name!r}, such as {wrong[0]!r}, are no days"
            note(path, "warning", "date-impossible", what, "correct them", count=len(wrong))


def _is_day(match: "re.Match[str]") -> bool:
    month, day = int(match[2]), int(match[3])
    return 1 <= month <= 12 and 1 <= day <= pd.Period(f"{match[1]}-{month:02d}").days_in_month


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
            if str(name).lower() not in names or frame[name].dtype == object:
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
