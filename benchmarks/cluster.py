"""Run the main study on a Dask cluster of this machine and tell what a part costs.

    python -m benchmarks.cluster [--cell-size 1000] [--workers 2]

Of every part: time on the worker, bytes read from and written to the shared scratch folder,
and bytes that go through the scheduler. Work that cannot be cut, the accumulated costs, is
told apart.
"""

import argparse
import os
import pickle
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from distributed import LocalCluster

from geo.compute import cluster
from geo.study import Study
from geo.study.find import find_recipe


class Measured(cluster.Cluster):
    """A cluster that keeps account of its parts."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.parts: list[tuple[float, ...]] = []
        self.alones: list[tuple[float, ...]] = []
        LOG.append(self)

    def each(self, work: Callable[..., Any], parts: Any) -> list[Any]:
        """Do the work on every part, and keep what it took."""
        found = super().each(partial(measured, work), parts)
        for part, (result, *cost) in zip(parts, found, strict=True):
            sent = len(pickle.dumps(part)) + len(pickle.dumps(result))
            self.parts.append((part.shape[0] * part.shape[1], *cost, sent))
        return [result for result, *_ in found]

    def alone(self, work: Callable[[], Any]) -> Any:
        """Do work that cannot be cut, and keep what it took."""
        result, *cost = super().alone(partial(measured, work))
        self.alones.append(tuple(cost))
        return result


LOG: list[Measured] = []


def measured(work: Callable[..., Any], *call: Any) -> tuple[Any, float, float, float]:
    """Result, processor time [s], and bytes read and written, on the worker."""
    before, start = counters(), time.process_time()
    result = work(*call)
    return (
        result,
        time.process_time() - start,
        *(b - a for a, b in zip(before, counters(), strict=True)),
    )


def counters() -> tuple[int, int]:
    """Bytes that this process has read and written."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["rchar"]), int(lines["wchar"])


def main() -> None:
    """Run and tell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cell-size", type=float, default=1000.0)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    cluster.Cluster = Measured  # type: ignore[misc]
    study = Study.from_toml(find_recipe("mongolia"), cell_size=args.cell_size)
    with (
        tempfile.TemporaryDirectory() as scratch,
        LocalCluster(
            n_workers=args.workers, threads_per_worker=1, dashboard_address=None, memory_limit="2GB"
        ) as local,
        local.get_client() as client,
    ):
        start = time.perf_counter()
        result = study.run(client=client, scratch=scratch)
        whole = time.perf_counter() - start
        kept = sum(path.stat().st_size for path in Path(scratch).rglob("*.raw"))
        tell(LOG[0], int(result.content.grid.shape[0] * result.content.grid.shape[1]), kept, whole)


def tell(engine: Measured, cells: int, kept: int, whole: float) -> None:
    """Print totals for each million cells of the grid, and what a part takes."""
    million = cells / 1e6
    names = ("processor [s]", "read [MB]", "written [MB]")
    print(f"{million:.1f} million cells, {os.cpu_count()} processors, {whole:.1f} s in all")
    print(f"{len(engine.parts)} parts, {len(engine.alones)} works that cannot be cut")
    for place, name in enumerate(names):
        scale = 1.0 if place == 0 else 1e6
        parts = sum(p[1 + place] for p in engine.parts) / scale
        alone = sum(a[place] for a in engine.alones) / scale
        print(
            f"{name:16} parts {parts / million:8.2f} and uncut {alone / million:8.2f} for each "
            f"million cells; {parts / len(engine.parts):8.3f} for a part"
        )
    print(f"through the scheduler: {sum(p[4] for p in engine.parts) / len(engine.parts):.0f} bytes")
    print(f"kept in the scratch folder: {kept / cells:.0f} bytes a cell")


if __name__ == "__main__":
    main()
