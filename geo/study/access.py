"""Lines and roads of a study's plants: how long each is, and how dear the ground makes it."""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.energy.connection import terrain_factor
from geo.recipe import EnergySpec, WaySpec
from geo.study.workbench import Workbench

__all__ = ["flat_km", "told_of", "ways_of"]

Floats = npt.NDArray[np.float64]
Take = Callable[[xr.DataArray], Floats]
"""Takes the values of a surface where they are wanted."""


def ways_of(bench: Workbench, connection: WaySpec | None) -> tuple[WaySpec, ...]:
    """What a plant builds: its own connection, and the recipe's road."""
    road = cast(EnergySpec, bench.recipe.energy).road
    return tuple(way for way in (connection, road) if way is not None)


def told_of(bench: Workbench, ways: Sequence[WaySpec]) -> list[str]:
    """Where the costs of ways and of their ground are from."""
    terrain = cast(EnergySpec, bench.recipe.energy).terrain
    said = [way.source for way in ways if way.source]
    return said + ([terrain.source] if ways and terrain is not None else [])


def flat_km(bench: Workbench, ways: Sequence[WaySpec], take: Take) -> list[Floats]:
    """Length of each way, as kilometres of flat ground that cost as much.

    Parameters
    ----------
    bench : Workbench
    ways : sequence of WaySpec
    take : callable

    Returns
    -------
    list of array [km]
        The straight way times the factor of the ground at the plant; NaN where that is unknown.
    """
    if not ways:
        return []
    factor = _terrain(bench, take)
    return [take(bench.distance(way.layer, way.where)) / 1000 * factor for way in ways]


def _terrain(bench: Workbench, take: Take) -> Floats:
    spec = cast(EnergySpec, bench.recipe.energy).terrain
    if spec is None:
        return np.ones(1)
    slope = xr.DataArray(take(bench.slope(spec.layer)))
    return np.asarray(terrain_factor(slope, spec.steps, beyond=spec.beyond).to_numpy())
