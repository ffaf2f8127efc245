"""Sun of a study by month: radiation and yield of a season, and a raster for each month."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from geo.compute.parts import Part
from geo.energy.solar import monthly_surface, radiation_course
from geo.energy.sun import DAYS_IN_MONTH
from geo.publish.surfaces import month_name
from geo.study.power import Range, solar_nodes, solar_source, solar_surfaces
from geo.study.workbench import Workbench

__all__ = ["monthly_yields", "season"]

_MONTHS = tuple(range(1, 13))


def season(bench: Workbench, what: Literal["radiation", "factor"], months: Sequence[int]) -> Range:
    """Sun of some months: the sum of their radiation [kWh/m2], or their mean yield [share].

    Parameters
    ----------
    bench : Workbench
    what : {"radiation", "factor"}
    months : sequence of int
        1 to 12.

    Returns
    -------
    Range
        Of the year's relative width: the error of a single month is not known apart.
    """
    yearly = solar_surfaces(bench)
    annual = yearly.radiation if what == "radiation" else yearly.factor
    course = (
        radiation_course(solar_source(bench))
        if what == "radiation"
        else solar_nodes(bench)["month_over_year"]
    )
    days = DAYS_IN_MONTH[np.asarray(months) - 1]
    weights = days / (DAYS_IN_MONTH.sum() if what == "radiation" else days.sum())

    def task(part: Part) -> dict[str, xr.DataArray]:
        found = {}
        for case, surface in annual.named().items():
            here = part.of(surface)
            each = monthly_surface(here, course, part.grid, months=months, whole=part.whole)
            summed = np.tensordot(weights, each.to_numpy(), axes=1)
            found[case] = here.copy(data=summed.astype(np.float32))
        return found

    return Range.of(bench.compute(task))


def monthly_yields(bench: Workbench) -> dict[str, xr.DataArray]:
    """Solar yield of each month [%] by the name of its raster; empty unless the recipe asks.

    Parameters
    ----------
    bench : Workbench

    Returns
    -------
    dict of str to DataArray
        NaN where unknown and outside the region.
    """
    energy = bench.recipe.energy
    if energy is None or not energy.solar.monthly:
        return {}
    annual, course = solar_surfaces(bench).factor.central, solar_nodes(bench)["month_over_year"]

    def task(part: Part) -> dict[str, xr.DataArray]:
        here = part.of(annual)
        each = monthly_surface(here, course, part.grid, whole=part.whole)
        return {
            month_name(month): here.copy(data=100 * values)
            for month, values in zip(_MONTHS, each.to_numpy(), strict=True)
        }

    return bench.masked(task)
