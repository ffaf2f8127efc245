"""From stored values to known ones: nodata, masks, scale, valid range, and what looks odd."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.catalogue.findings import note, refuse
from geo.catalogue.openraster import Band, Hidden, Stored
from geo.catalogue.records import Record

__all__ = [
    "Outside",
    "Values",
    "in_range",
    "judge_outside",
    "known_values",
    "note_undeclared",
    "note_unknown_values",
    "undeclared",
]

Values = npt.NDArray[np.floating[Any]]

_MOST_OUTSIDE = 0.01
_USUAL = (-9999.0, -99999.0, -999999.0, -32768.0, -32767.0, -2147483648.0, -2147483647.0,
          -999.0, -9999.9, -9999.99, -999.25, 1e20, 9.969209968386869e36)  # fmt: skip
"""Values that stand for unknown by habit, and are hardly ever measured."""
_SOMETIMES = (-1.0, -99.0, 99.0, 255.0, 999.0, 9999.0, 32767.0, 65535.0, 99999.0, 999999.0)
"""Values that stand for unknown where they lie far from all others."""
_ABSURD = 1e15


def known_values(stored: Stored, hidden: Hidden, band: Band, nodata: Sequence[float]) -> Values:
    """Turn stored values into numbers, NaN where they are unknown.

    Parameters
    ----------
    stored : (rows, columns) array
    hidden : (rows, columns) array of bool or None
        Cells that a mask hides.
    band : Band
    nodata : sequence of float
        Stored values that mean unknown.

    Returns
    -------
    (rows, columns) array of float
        float32 where it holds every stored value, else float64.
    """
    small = stored.dtype.itemsize <= 2 or stored.dtype == np.float32
    values: Values = stored.astype(np.float32 if small else np.float64)
    for one in nodata:
        values[_equals(stored, one)] = np.nan
    if hidden is not None:
        values[hidden] = np.nan
    if band.valid is not None:
        numbers = np.asarray(stored, dtype=np.float64)
        values[(numbers < band.valid[0]) | (numbers > band.valid[1])] = np.nan
    if (band.scale, band.offset) != (1.0, 0.0):
        values = values * values.dtype.type(band.scale) + values.dtype.type(band.offset)
    return values


def _equals(stored: Stored, nodata: float) -> npt.NDArray[np.bool_]:
    if math.isnan(nodata):
        if np.issubdtype(stored.dtype, np.floating):
            return np.isnan(stored)
        return np.zeros(stored.shape, dtype=bool)
    if np.issubdtype(stored.dtype, np.floating):
        with np.errstate(over="ignore"):
            return np.asarray(stored == stored.dtype.type(nodata))
    return np.asarray(stored == nodata)


def in_range(record: Record, values: Values, *, of: int | None = None) -> Values:
    """Make values outside the record's valid range unknown, or refuse when they are many.

    Parameters
    ----------
    record : Record
    values : array
    of : int, optional
        Cells of the whole layer when `values` is a part: a part is refused only where the whole
        would be.

    Returns
    -------
    array

    Raises
    ------
    LayerError
        If more than 1 % lie outside.
    """
    bounds = record.valid_range or (-math.inf, math.inf)
    found = Outside().plus(values.ravel(), bounds)
    judge_outside(record.path, record.unit, bounds, found, of=of)
    if found.count == 0:
        return values
    mended = values.copy()
    mended[_outside(values, bounds)] = np.nan
    return mended


def _outside(values: Values, bounds: tuple[float, float]) -> npt.NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        found: npt.NDArray[np.bool_] = (
            (values < bounds[0]) | (values > bounds[1]) | np.isinf(values)
        )
    return found


@dataclass(frozen=True)
class Outside:
    """How many values lie outside a range, of how many known, with some of both."""

    count: int = 0
    total: int = 0
    some: tuple[float, ...] = ()
    known: tuple[float, ...] = ()

    def plus(self, values: Values, bounds: tuple[float, float]) -> "Outside":
        """Count further values.

        Parameters
        ----------
        values : (n,) array
            NaN is unknown and counts nowhere.
        bounds : (float, float)
        """
        wrong = _outside(values, bounds)
        known = ~np.isnan(values)
        total, count = int(np.count_nonzero(known)), int(np.count_nonzero(wrong))
        if count == 0:
            return replace(self, total=self.total + total)
        stride = max(1, total // 10_000)
        return Outside(
            self.count + count,
            self.total + total,
            (*self.some, *values[wrong][:10_000].tolist())[:20_000],
            (*self.known, *values[known][::stride].tolist())[:40_000],
        )


def judge_outside(
    path: Path,
    unit: str | None,
    bounds: tuple[float, float],
    found: Outside,
    *,
    of: int | None = None,
) -> None:
    """Refuse or remark values outside a valid range, infinite ones among them.

    Raises
    ------
    LayerError
        If more than 1 % lie outside: of the known values, or of `of` cells.
    """
    if found.count == 0:
        return
    kinds, counts = np.unique(found.some, return_counts=True)
    common = kinds[int(np.argmax(counts))]
    said = (
        f"{found.count:,} of {found.total:,} values lie outside {bounds[0]:g} to {bounds[1]:g} "
        f"{unit or ''}".rstrip()
        + f", most often {common:g}"
    )
    if found.count > _MOST_OUTSIDE * (of or found.total):
        raise refuse(
            path,
            "outside-range",
            said + _factor_hint(np.asarray(found.known), *bounds),
            "declare it as nodata, or correct the unit or the range",
        )
    note(
        path,
        "repair",
        "outside-range",
        said + ": taken as unknown",
        "declare it as nodata, or correct the range",
        count=found.count,
    )


def _factor_hint(known: Values, lo: float, hi: float) -> str:
    """Name the usual slip of the unit that would bring the values into the range."""
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return ""
    low, high = (float(one) for one in np.nanpercentile(known, [5, 95]))
    if lo <= low and high <= hi:
        return ""
    slips = (
        (0.1, 0.0, "ten times too large"),
        (10.0, 0.0, "ten times too small"),
        (0.01, 0.0, "a hundred times too large"),
        (100.0, 0.0, "a hundred times too small, such as a share for a percentage"),
        (0.001, 0.0, "a thousand times too large"),
        (1000.0, 0.0, "a thousand times too small"),
        (1.0, -273.15, "in K where °C is expected"),
        (1.0, 273.15, "in °C where K is expected"),
        (0.3048, 0.0, "in feet where m is expected"),
        (365.25, 0.0, "for a day where a year is expected"),
        (1 / 365.25, 0.0, "for a year where a day is expected"),
    )
    for factor, shift, name in slips:
        if lo <= low * factor + shift and high * factor + shift <= hi:
            return f" (they look {name})" if "times" in name else f" (they look as if {name})"
    return ""


def undeclared(values: Values) -> tuple[float, int] | None:
    """Find a value that looks like an undeclared nodata value: the lowest or the highest.

    Parameters
    ----------
    values : array
        NaN is unknown.

    Returns
    -------
    value : float
    count : int
        How many cells have it; None instead of both where nothing looks so.
    """
    known = values[np.isfinite(values)]
    if known.size < 2:
        return None
    for extreme in (float(known.min()), float(known.max())):
        if _is_one_of(extreme, _USUAL) or abs(extreme) > _ABSURD:
            return extreme, int(np.count_nonzero(known == extreme))
        if _is_one_of(extreme, _SOMETIMES):
            rest = known[known != extreme]
            if rest.size and _far_off(extreme, float(rest.min()), float(rest.max())):
                return extreme, int(known.size - rest.size)
    return None


def _is_one_of(value: float, kinds: Sequence[float]) -> bool:
    return any(math.isclose(value, one, rel_tol=1e-6) for one in kinds)


def _far_off(extreme: float, low: float, high: float) -> bool:
    gap = low - extreme if extreme < low else extreme - high
    return gap > 2 * max(high - low, 1e-12) and gap > 1


def note_unknown_values(record: Record, bands: Sequence[Band], values: Values) -> None:
    """Warn of values that look like an undeclared nodata value.

    Parameters
    ----------
    record : Record
        With a valid range nothing is left to warn of.
    bands : sequence of Band
    values : (bands, rows, columns) array
    """
    if record.valid_range is not None:
        return
    for band, one in zip(bands, values, strict=True):
        note_undeclared(record.path, band.name, undeclared(one))


def note_undeclared(path: Path, band: str, found: tuple[float, int] | None) -> None:
    """Warn of one value that looks like undeclared nodata."""
    if found is None:
        return
    value, count = found
    note(
        path,
        "warning",
        "nodata-undeclared",
        f"{count:,} cells of band {band} hold {value:g}, which looks like an undeclared nodata "
        "value and is taken as a number",
        "declare it with `nodata` in the record",
        count=count,
    )
