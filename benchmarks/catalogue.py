"""Reading the embedded catalogue through our door beside plain reads of the same files.

Plain is what pyogrio, pandas and rasterio do when asked for the same values, without a check
of bytes, systems, ranges or geometries. The sides alternate, layer by layer, in one
process. ``first`` is what a new process does: each file is hashed and compared with its record,
and a layer whose digest is on the list of those looked through is not looked through again.
``unknown`` is the same of files that no list names, ``again`` a layer that the process has read
before. Time is that of the processor, so that other work
on the machine counts for neither side, and Python's cyclic garbage is collected between rounds
(none is collected while `timeit` measures, either): one collection costs more than a layer and
hits whoever comes next. Run ``python -m benchmarks.catalogue``.
"""

import gc
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence

import pandas as pd
import pyogrio
import rasterio

from geo.catalogue import (
    Catalogue,
    Record,
    read_raster,
    read_table,
    read_vector,
    records,
    soundness,
)


def _plain(record: Record) -> object:
    if record.kind == "vector":
        return pyogrio.read_dataframe(record.path, layer=record.layer, use_arrow=True)
    if record.kind == "table":
        return pd.read_csv(record.path)
    with rasterio.open(record.path) as source:
        return source.read(masked=True)


def _first(record: Record) -> object:
    # A digest is kept for the life of a process.
    records._verified.clear()
    return _again(record)


def _unknown(record: Record) -> object:
    with soundness.forgetting():
        return _first(record)


def _again(record: Record) -> object:
    read: dict[str, Callable[[Record], object]] = {
        "vector": read_vector,
        "table": read_table,
        "raster": read_raster,
    }
    return read[record.kind](record)


def _seconds(read: Callable[[Record], object], record: Record) -> float:
    start = time.process_time()
    read(record)
    return time.process_time() - start


SIDES = (("plain", _plain), ("first", _first), ("unknown", _unknown), ("again", _again))


def measure(layers: Sequence[Record], rounds: int) -> dict[str, list[list[float]]]:
    """Seconds of each round by kind of layer, for each of `SIDES`."""
    found: dict[str, list[list[float]]] = {"whole": []}
    for _ in range(rounds + 1):
        gc.collect()
        totals: dict[str, list[float]] = {}
        for record in layers:
            spent = [_seconds(read, record) for _, read in SIDES]
            for kind in (record.kind, "whole"):
                sums = totals.setdefault(kind, [0.0] * len(SIDES))
                totals[kind] = [a + b for a, b in zip(sums, spent, strict=True)]
        for kind, sums in totals.items():
            found.setdefault(kind, []).append(sums)
    # The first round warms the libraries.
    return {kind: series[1:] for kind, series in found.items()}


def main() -> None:
    """Measure and print one line a kind, and the whole."""
    warnings.simplefilter("ignore")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    catalogue = Catalogue.open()
    gc.disable()
    found = measure([catalogue[name] for name in catalogue], rounds)
    for kind, series in sorted(found.items()):
        plain, *ours = (statistics.median(side) for side in zip(*series, strict=True))
        said = "   ".join(
            f"{name} {seconds * 1000:7.1f} ms, ratio {seconds / plain:.2f}"
            for (name, _), seconds in zip(SIDES[1:], ours, strict=True)
        )
        print(f"{kind:7} plain {plain * 1000:7.1f} ms   {said}")


if __name__ == "__main__":
    main()
