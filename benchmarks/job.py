"""What both sides of the benchmark do: layers, measures, weights and limits.

The job is a solar-like screening of Mongolia: seven vector layers and three rasters
become ten criteria, some land is excluded, and the twenty best places are found. The
numbers only have to keep the processor as busy as a real study does.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

LAYERS = Path(__file__).resolve().parent.parent / "layers"
MONGOLIA = LAYERS / "mongolia"
REGION = LAYERS / "northeast-asia"

# Layers whose distance counts, with the breakpoints of its value function [m] and weight.
NEAR = {
    "trunk-roads": ([0, 5e3, 20e3, 50e3], [1.0, 0.9, 0.5, 0.0], 0.10),
    "railways": ([0, 25e3, 75e3, 150e3, 300e3], [1.0, 0.9, 0.6, 0.3, 0.0], 0.10),
    "rivers-mongolia": ([0, 20e3, 60e3, 120e3], [1.0, 0.8, 0.4, 0.1], 0.10),
    "towns-mongolia": ([0, 30e3, 100e3, 200e3], [1.0, 0.8, 0.4, 0.0], 0.10),
    "energy-sites-mongolia": ([0, 30e3, 100e3, 200e3], [1.0, 0.8, 0.4, 0.0], 0.05),
    "border-crossings": ([0, 100e3, 300e3, 600e3], [1.0, 0.7, 0.3, 0.0], 0.05),
}
SLOPE = ([0, 3, 5, 10, 15], [1.0, 1.0, 0.8, 0.3, 0.0], 0.10)
HEIGHT = ([800, 1500, 2200, 3000], [1.0, 0.8, 0.4, 0.0], 0.05)
SUN = ([3.3, 3.8, 4.2, 4.7, 4.9], [0.0, 0.35, 0.7, 0.95, 1.0], 0.20)
COST = ([0, 20, 60, 120], [1.0, 0.8, 0.3, 0.0], 0.15)
# Trucking [USD/t per metre], off the roads and on them.
OFF_ROAD, ON_ROAD = 0.20e-3, 0.08e-3
BUFFER = 2000.0
STEEPEST = 15.0
SPACING, COUNT = 50_000.0, 20


class Clock:
    """Times of named stages [s]."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._lock = Lock()

    @contextmanager
    def stage(self, name: str, side_by_side: int = 1) -> Iterator[None]:
        """Time what is done inside; of work done side by side, its share of the time."""
        start = time.perf_counter()
        yield
        spent = (time.perf_counter() - start) / side_by_side
        with self._lock:
            self.stages[name] = self.stages.get(name, 0.0) + spent

    def report(self, cells: int, best: list[tuple[float, float, float]]) -> None:
        """Print one line of JSON: stages, peak resident memory and what was found."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        found = {
            "stages": self.stages,
            "processor_s": time.process_time(),
            "peak_bytes": peak,
            "cells": cells,
            "best": best,
        }
        print(json.dumps(found))


def arguments() -> argparse.Namespace:
    """Cell size [m] and the file to write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cell-size", type=float, default=1000.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--memory", default="1GB", help="budget of our side")
    return parser.parse_args()
