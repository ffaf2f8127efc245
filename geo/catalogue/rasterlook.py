"""Looking through the values of a raster: statistics, a small picture, and what is doubtful.

A raster of up to some ten million cells is looked at whole, a larger one in strips that are
spread over it.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.catalogue.findings import note, refuse
from geo.catalogue.openraster import Band, OpenRaster, Window
from geo.catalogue.rasterdrivers import stale_overviews
from geo.catalogue.rastervalues import (
    Outside,
    Values,
    judge_outside,
    known_values,
    note_undeclared,
    undeclared,
)
from geo.catalogue.tiffheader import TiffHeader, corrupt_blocks
from geo.errors import EmptyLayerError

__all__ = ["BandLook", "Look", "look_through"]

_BUDGET = 48_000_000
_CHUNK = 4_000_000
_KEPT = 2_000_000
_SIDE = 256
_STRIPS = 96
_COSTS = ("cost", "costs", "friction", "impedance", "tariff", "price", "prices", "resistance")
# Units, what values in them are like, and what others may have been meant.
_LIKELY: Mapping[str, tuple[float, float, tuple[tuple[float, float, str], ...]]] = {
    "degC": (-95, 65, ((180, 335, "K"), (-950, 650, "tenths of °C"))),
    "K": (170, 340, ((-95, 65, "°C"),)),
    "m": (-12_000, 9_000, ((-39_000, 29_100, "ft"), (-120_000, 90_000, "decimetres"))),
    "%": (-0.01, 100.01, ((-10, 1_000.1, "tenths of a percent"),)),
    "kWh/m2/day": (0, 14, ((300, 4_000, "kWh/m²/year"), (14, 140, "tenths of kWh/m²/day"))),
    "kWh/m2/year": (200, 4_000, ((0, 14, "kWh/m²/day"),)),
    "W/m2": (-200, 1_500, ((1_500, 50_000_000, "J/m²"),)),
    "m/s": (-110, 110, ((-1_100, 1_100, "tenths of m/s"),)),
    "degrees": (-360, 360, ()),
}
_ALIKE = {"celsius": "degC", "°C": "degC", "kelvin": "K", "metre": "m", "meter": "m",
          "metres": "m", "meters": "m", "percent": "%", "W m-2": "W/m2", "W/m²": "W/m2",
          "m s-1": "m/s", "kWh m-2 day-1": "kWh/m2/day", "kWh/m²/day": "kWh/m2/day",
          "kWh/(m2 day)": "kWh/m2/day", "kWh/m²/year": "kWh/m2/year"}  # fmt: skip


@dataclass(frozen=True)
class BandLook:
    """Statistics of one band, of its known values [the band's unit]."""

    name: str
    known: int
    unknown: int
    minimum: float
    maximum: float
    mean: float
    deviation: float
    percentiles: tuple[float, float, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain data; percentiles are the 2nd, the 50th and the 98th."""
        low, middle, high = self.percentiles
        numbers = {
            "min": self.minimum, "max": self.maximum, "mean": self.mean, "std": self.deviation,
            "p2": low, "median": middle, "p98": high,
        }  # fmt: skip
        rounded = {key: float(f"{value:.7g}") for key, value in numbers.items()}
        return {"band": self.name, "known": self.known, "unknown": self.unknown, **rounded}


@dataclass(frozen=True)
class Look:
    """What was seen of a raster: `preview` is a thinned copy of the first band, NaN unknown."""

    bands: tuple[BandLook, ...]
    preview: npt.NDArray[np.float32]
    sampled: bool


def look_through(
    raster: OpenRaster,
    *,
    title: str = "",
    unit: str | None = None,
    nodata: float | None = None,
    valid_range: tuple[float, float] | None = None,
) -> Look:
    """Read a raster strip by strip and remark what is doubtful about its values.

    Parameters
    ----------
    raster : OpenRaster
    title : str, optional
        What it is called, for hints beside its own name.
    unit : str, optional
        Its unit, where the file states none.
    nodata : float, optional
        Stored value that means unknown, where the file declares none.
    valid_range : (float, float), optional
        What a value can be, where a record says so.

    Returns
    -------
    Look

    Raises
    ------
    LayerError
        If a block is damaged, or the values cannot be measurements.
    EmptyLayerError
        If no value is known.
    """
    header = raster.facts.get("tiff")
    if isinstance(header, TiffHeader):
        _check_blocks(raster, header)
    bounds = valid_range or (-math.inf, math.inf)
    seen, preview, sampled = _read(raster, nodata, bounds)
    if not any(one.known for one in seen):
        raise refuse(
            raster.path,
            "all-unknown",
            "every cell is unknown",
            "restore it, or correct its nodata value",
            error=EmptyLayerError,
        )
    for band, one in zip(raster.bands, seen, strict=False):
        judge_outside(raster.path, unit, bounds, one.outside)
        _check_values(raster, band, one, odd=valid_range is None)
    words = f"{raster.path.stem} {title} {raster.facts.get('long_name', '')}"
    _check_meaning(raster, seen, words, unit)
    if raster.facts.get("overviews") and (differ := stale_overviews(raster.path)):
        note(
            raster.path,
            "warning",
            "overviews-differ",
            f"has overviews of which {differ:.0%} of the cells do not follow from its values",
            "build them again, for example with gdaladdo",
        )
    return Look(tuple(one.look() for one in seen if one.known), preview, sampled)


def _check_blocks(raster: OpenRaster, header: TiffHeader) -> None:
    wrong = corrupt_blocks(raster.path, header)
    if wrong:
        raise refuse(
            raster.path,
            "corrupt-block",
            f"{wrong} of {len(header.directories[0].counts)} compressed blocks are corrupt",
            "restore it from its source",
        )


class _Seen:
    """Running statistics of a band, with a bounded sample of its values."""

    def __init__(self, name: str, cells: int, bounds: tuple[float, float]) -> None:
        self.name = name
        self.known = self.unknown = 0
        self.outside = Outside()
        self._bounds = bounds
        self.low, self.high = math.inf, -math.inf
        self._sum = self._squares = 0.0
        self._step = max(1, math.ceil(cells / _KEPT))
        self._kept: list[Values] = []

    def add(self, values: Values) -> None:
        flat = values.ravel()
        finite = flat[np.isfinite(flat)]
        self.outside = self.outside.plus(flat, self._bounds)
        self.unknown += int(flat.size - finite.size)
        self.known += int(finite.size)
        if finite.size == 0:
            return
        self.low = min(self.low, float(finite.min()))
        self.high = max(self.high, float(finite.max()))
        wide = finite.astype(np.float64)
        with np.errstate(over="ignore"):
            self._sum += float(wide.sum())
            self._squares += float(np.square(wide).sum())
        # A copy: a view would keep all that was read.
        self._kept.append(finite[:: self._step].copy())

    @property
    def sample(self) -> Values:
        kept: Values = np.concatenate([*self._kept, np.array([self.low, self.high])])
        return kept

    def look(self) -> BandLook:
        mean = self._sum / self.known
        spread = math.sqrt(max(0.0, self._squares / self.known - mean * mean))
        low, middle, high = (float(one) for one in np.percentile(self.sample, [2, 50, 98]))
        return BandLook(
            self.name, self.known, self.unknown, self.low, self.high, mean, spread,
            (low, middle, high),
        )  # fmt: skip


def _read(
    raster: OpenRaster, nodata: float | None, bounds: tuple[float, float]
) -> tuple[list[_Seen], npt.NDArray[np.float32], bool]:
    rows, columns = raster.shape
    bands = raster.bands[: max(1, _BUDGET // (rows * columns))]
    sampled = raster.cells > _BUDGET
    shrink = max(1.0, max(raster.shape) / _SIDE)
    shape = max(1, round(rows / shrink)), max(1, round(columns / shrink))
    preview = np.full(shape, np.nan, dtype=np.float32)
    across = ((np.arange(shape[1]) + 0.5) * columns / shape[1]).astype(np.intp)
    down = ((np.arange(shape[0]) + 0.5) * rows / shape[0]).astype(np.intp)
    seen = [_Seen(band.name, min(rows * columns, _BUDGET), bounds) for band in bands]
    for place, band in enumerate(bands):
        said = band.nodata or (() if nodata is None else (nodata,))
        for window in _windows(raster):
            values = known_values(*raster.read(place, window), band, said)
            seen[place].add(values)
            if place == 0:
                _thin(preview, values, window, down, across)
    return seen, preview, sampled


def _windows(raster: OpenRaster) -> Iterator[Window]:
    """Parts of a raster that are read one after the other: all, or strips spread over it."""
    rows, columns = raster.shape
    wide = min(columns, _CHUNK)
    high = max(1, _CHUNK // wide)
    if rows * columns <= _BUDGET:
        starts: Sequence[int] = range(0, rows, high)
    else:
        high = max(1, min(high, raster.block_rows, _BUDGET // (_STRIPS * columns)))
        last = max(0, rows - high)
        starts = sorted({round(one) for one in np.linspace(0, last, min(_STRIPS, rows))})
    for top in starts:
        for left in range(0, columns, wide):
            yield slice(top, min(top + high, rows)), slice(left, min(left + wide, columns))


def _thin(
    preview: npt.NDArray[np.float32],
    values: Values,
    window: Window,
    down: npt.NDArray[np.intp],
    across: npt.NDArray[np.intp],
) -> None:
    """Fill the small picture's cells whose middle lies nearest to a part that was read."""
    rows, columns = window
    inner = (across >= columns.start) & (across < columns.stop)
    here = (down >= rows.start) & (down < rows.stop)
    if not here.any():
        # Strips are sparser than the picture's rows: each fills the row that it is nearest to.
        here[int(np.argmin(np.abs(down - rows.start)))] = True
    at = np.clip(down[here] - rows.start, 0, values.shape[0] - 1)
    with np.errstate(over="ignore"):
        part = values[np.ix_(at, across[inner] - columns.start)].astype(np.float32)
    preview[np.ix_(here, inner)] = np.where(np.isfinite(part), part, np.nan)


def _check_values(raster: OpenRaster, band: Band, one: _Seen, *, odd: bool) -> None:
    if one.known == 0:
        note(
            raster.path,
            "warning",
            "band-unknown",
            f"every cell of band {band.name} is unknown",
            "leave the band out, or restore it",
        )
        return
    if one.low == one.high and one.known > 1:
        note(
            raster.path,
            "warning",
            "constant",
            f"all {one.known:,} known values of band {band.name} are {one.low:g}",
            "check that it is whole",
        )
    sample = one.sample
    absurd = np.unique(sample[np.abs(sample) > 1e15])
    if absurd.size > 8:
        raise refuse(
            raster.path,
            "garbage",
            f"holds {absurd.size} different values beyond ±1e15 in band {band.name}, which no "
            "measurement has",
            "restore it from its source, or declare its true type",
        )
    if not odd:
        return
    found = undeclared(sample)
    if found is not None:
        note_undeclared(raster.path, band.name, _counted(found, one))
    elif band.dtype.kind == "f":
        _check_repeated(raster, band, one, sample[:-2])


def _counted(found: tuple[float, int], one: _Seen) -> tuple[float, int]:
    """Scale the count in a sample up to the band; the two extremes were added to the sample."""
    sample = one.sample
    share = max(found[1] - 1, 1) / max(sample.size - 2, 1)
    exact = one.known <= _KEPT
    return found[0], max(1, found[1] - 1 if exact else round(share * one.known))


def _check_repeated(raster: OpenRaster, band: Band, one: _Seen, sample: Values) -> None:
    if one.low == one.high or sample.size < 24:
        return
    for extreme, name in ((one.low, "lowest"), (one.high, "highest")):
        share = float(np.count_nonzero(sample == extreme)) / sample.size
        if share > 0.5:
            count = round(share * one.known)
            note(
                raster.path,
                "warning",
                "repeated-extreme",
                f"{count:,} of {one.known:,} known values of band {band.name} are exactly "
                f"{extreme:g}, the {name}: they may stand for unknown",
                "declare it as nodata if it does",
                count=count,
            )


def _check_meaning(raster: OpenRaster, seen: Sequence[_Seen], words: str, unit: str | None) -> None:
    lowest = min(one.low for one in seen if one.known)
    said = set(re.split(r"[^a-z]+", words.lower()))
    if lowest < 0 and said & set(_COSTS):
        count = sum(int(np.count_nonzero(one.sample[:-2] < 0)) for one in seen if one.known)
        raise refuse(
            raster.path,
            "negative-cost",
            f"is called a cost and holds {count:,} negative values, the lowest {lowest:g}: a cost "
            "must be above zero",
            "correct them, or declare them as nodata",
        )
    for band, one in zip(raster.bands, seen, strict=False):
        stated = band.unit if band.unit is not None else unit
        if stated is not None and one.known:
            _check_unit(raster, band, stated, one.sample)


def _check_unit(raster: OpenRaster, band: Band, stated: str, sample: Values) -> None:
    likely = _LIKELY.get(_ALIKE.get(stated, stated))
    if likely is None:
        return
    low, high = (float(one) for one in np.percentile(sample, [5, 95]))
    if likely[0] <= low and high <= likely[1]:
        return
    meant = next((name for a, b, name in likely[2] if a <= low and high <= b), None)
    guess = f", they look like {meant}" if meant else ""
    note(
        raster.path,
        "warning",
        "unit-doubtful",
        f"states the unit {stated!r} for band {band.name}, most of whose values lie from {low:.4g} "
        f"to {high:.4g}{guess}",
        "correct the unit or the values",
    )
