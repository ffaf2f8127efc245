"""Supply curves of a study: what the land left by a theme's rules could carry, by its cost."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from geo.compute.parts import Part, strips
from geo.criteria.exclusion import exclude_mask
from geo.criteria.land import large_patches
from geo.criteria.shapes import number_cells, parts
from geo.energy.connection import Connection, connection_cost
from geo.energy.economics import HOURS_PER_YEAR, capital_recovery_factor
from geo.energy.placement import spacing_density
from geo.energy.zones import supply_curve
from geo.errors import RecipeError
from geo.grid import cell_areas
from geo.publish.content import SupplyView
from geo.recipe import CostSpec, EnergySpec, SupplySpec
from geo.recipe.reader import closest
from geo.study.access import Take, flat_km, told_of, ways_of
from geo.study.ground import ground_of
from geo.study.power import machine_of, plant_costs, power_cost, solar_surfaces, wind_surfaces
from geo.study.scored import ScoredTheme
from geo.study.themes import ThemeRun
from geo.study.workbench import Workbench

__all__ = ["supply_views"]

Floats = npt.NDArray[np.float64]

# Cells summed at a time: their columns and groups take over a hundred bytes each.
_STRIP = 500_000
_SUMS = ("area_km2", "capacity_mw", "energy_gwh", "spent")


def supply_views(bench: Workbench, themes: Sequence[ThemeRun]) -> tuple[SupplyView, ...]:
    """Supply curves that the recipe asks for.

    Parameters
    ----------
    bench : Workbench
    themes : sequence of ThemeRun
        Whose rules say which land is left.

    Returns
    -------
    tuple of SupplyView
        Empty where the recipe asks for none.

    Raises
    ------
    RecipeError
        If a curve names a theme that is not there.
    """
    energy = bench.recipe.energy
    if energy is None:
        return ()
    by_id = {theme.spec.id: theme for theme in themes}
    return tuple(_view(bench, spec, by_id) for spec in energy.supply)


def _view(bench: Workbench, spec: SupplySpec, themes: Mapping[str, ThemeRun]) -> SupplyView:
    if spec.theme not in themes:
        place = f"{bench.recipe.path.name}:{spec.line}"
        said = f"there is no theme {spec.theme!r}{closest(spec.theme, themes)}"
        raise RecipeError([f"{place}: {said}"])
    theme = themes[spec.theme]
    energy = cast(EnergySpec, bench.recipe.energy)
    told = (ground_of(bench.recipe), theme.spec.exclusions, theme.spec.accent, spec,
            energy.road, energy.terrain)  # fmt: skip
    key = bench.key(__name__, bench.recipe.layer_ids(), told)
    return bench.once(key, lambda: _made(bench, spec, theme.scored))


def _made(bench: Workbench, spec: SupplySpec, theme: ScoredTheme) -> SupplyView:
    cells = pd.concat([_rows(bench, spec, theme, part) for part in _strips(bench)])
    keys = ["province", "load_km_to", "class"]
    summed = cells.groupby(keys, dropna=False, sort=True)[list(_SUMS)].sum().reset_index()
    known = summed["class"] >= 0
    energy = summed["energy_gwh"].to_numpy()
    spent = summed["spent"].to_numpy(dtype=np.float64)
    cost = np.divide(spent, energy, out=np.full(len(summed), np.nan), where=energy > 0)
    table = summed.drop(columns=["class", "spent"]).assign(cost=cost)
    money = _money(bench, spec)
    return SupplyView(
        technology=spec.technology,
        theme=spec.theme,
        accent=theme.spec.accent or "",
        table=supply_curve(table[known]),
        eligible_km2=float(table["area_km2"].sum()),
        unknown_km2=float(table.loc[~known, "area_km2"].sum()),
        density=_density(bench, spec),
        basis=money.basis,
        currency_year=money.currency_year,
        source=_told(bench, spec),
    )


def _told(bench: Workbench, spec: SupplySpec) -> str:
    ways = () if spec.connection is None else ways_of(bench, spec.connection)
    said = [spec.source, *told_of(bench, ways)]
    if spec.spacing is not None:
        along, across = spec.spacing
        machine = cast(EnergySpec, bench.recipe.energy).wind.turbine
        said.insert(1, f"{machine} placed {along:g} by {across:g} rotor diameters apart: "
                    f"{_by_spacing(bench, spec):.2g} MW/km²")  # fmt: skip
    return "; ".join(said)


def _density(bench: Workbench, spec: SupplySpec) -> float:
    """Capacity of a square kilometre [MW]: as stated, or by the spacing of turbines."""
    return _by_spacing(bench, spec) if spec.density is None else spec.density


def _by_spacing(bench: Workbench, spec: SupplySpec) -> float:
    wind = cast(EnergySpec, bench.recipe.energy).wind
    rotor = machine_of(bench, str(spec.line)).rotor_diameter
    curves = bench.table(wind.turbines)
    rated = float(curves.loc[curves["turbine"] == wind.turbine, "rated_kw"].iloc[0]) / 1000
    along, across = (rotor * one for one in cast(tuple[float, float], spec.spacing))
    return spacing_density(rated, along, across)


def _money(bench: Workbench, spec: SupplySpec) -> CostSpec:
    energy = cast(EnergySpec, bench.recipe.energy)
    return energy.solar.cost if spec.technology == "solar" else energy.wind.cost


def _strips(bench: Workbench) -> list[Part]:
    shape = (int(bench.grid.shape[0]), int(bench.grid.shape[1]))
    return [Part(bench.grid, *some.indices(shape[0])[:2]) for some in strips(shape, _STRIP)]


def _rows(bench: Workbench, spec: SupplySpec, theme: ScoredTheme, part: Part) -> pd.DataFrame:
    """Sums of a strip by province, class of distance and class of cost; -1 is unknown."""
    open_ = _open(bench, spec, theme, part)
    factor, cost = (_values(one, part)[open_] for one in _yield_and_cost(bench, spec))
    area = np.broadcast_to(cell_areas(part.grid), open_.shape)[open_]
    far = _distance(bench, spec, part)[open_]
    cost = cost + _ways(bench, spec, lambda surface: _values(surface, part)[open_], factor)
    known = np.isfinite(cost) & np.isfinite(factor)
    capacity = np.where(known, area * _density(bench, spec), 0.0)
    energy = capacity * np.where(known, factor, 0.0) * (HOURS_PER_YEAR / 1000)
    frame = pd.DataFrame(
        {
            "province": _provinces(bench, part)[open_],
            "load_km_to": _upper(far, spec.load_classes),
            "class": np.where(known, np.floor(np.where(known, cost, 0) / spec.step), -1),
            "area_km2": area,
            "capacity_mw": capacity,
            "energy_gwh": energy,
            "spent": energy * np.where(known, cost, 0.0),
        }
    )
    keys = ["province", "load_km_to", "class"]
    return frame.groupby(keys, dropna=False, sort=True)[list(_SUMS)].sum().reset_index()


def _yield_and_cost(bench: Workbench, spec: SupplySpec) -> tuple[xr.DataArray, xr.DataArray]:
    made = solar_surfaces(bench) if spec.technology == "solar" else wind_surfaces(bench)
    return made.factor.central, power_cost(bench, spec.technology).central


def _values(surface: xr.DataArray, part: Part) -> Floats:
    return np.asarray(part.of(surface).to_numpy(), dtype=np.float64)


def _open(
    bench: Workbench, spec: SupplySpec, theme: ScoredTheme, part: Part
) -> npt.NDArray[np.bool_]:
    mask = exclude_mask(theme.rules)

    def left(some: Part) -> npt.NDArray[np.bool_]:
        bits = some.of(theme.bits).to_numpy()
        return np.asarray(some.of(bench.inside).to_numpy().astype(bool) & ((bits & mask) == 0))

    if not spec.min_area:
        return left(part)

    def large() -> npt.NDArray[np.bool_]:
        whole = Part(bench.grid, 0, bench.grid.shape[0])
        return large_patches(left(whole), spec.min_area, cell_areas(bench.grid))

    # A patch may reach across any strip, so its size needs the whole grid at once.
    found = bench.keep(("supply-patches", spec.line), large)
    return np.asarray(found[part.first : part.last])


def _distance(bench: Workbench, spec: SupplySpec, part: Part) -> Floats:
    """Distance to the load [km]."""
    if spec.load is None:
        return np.zeros(tuple(part.grid.shape))
    return _values(bench.distance(spec.load, spec.load_where), part) / 1000


def _ways(bench: Workbench, spec: SupplySpec, take: Take, factor: Floats) -> Floats:
    """What the line and the road add [USD/MWh]; nothing for a curve without a connection."""
    added = np.zeros(factor.shape)
    if spec.connection is None:
        return added
    costs = plant_costs(spec.technology, _money(bench, spec))
    charge = capital_recovery_factor(costs.rate.central, costs.years)
    ways = ways_of(bench, spec.connection)
    for way, far in zip(ways, flat_km(bench, ways, take), strict=True):
        line = Connection(way.per_km, spec.plant, fixed_cost=way.fixed)
        added = added + connection_cost(far, factor, line, charge_rate=charge)
    return added


def _upper(far: Floats, limits: Sequence[float]) -> Floats:
    """Upper limit of the class of each distance [km]; infinite beyond the last."""
    ends = np.array([*(limit / 1000 for limit in limits), np.inf])
    return ends[np.searchsorted(ends, far, side="left")]


def _provinces(bench: Workbench, part: Part) -> npt.NDArray[np.object_]:
    """Name of each cell's province, empty outside all."""
    layers = bench.recipe.base.get("provinces", ())
    names = np.array([""], dtype=object)
    if not layers:
        return np.broadcast_to(names, tuple(part.grid.shape))
    features = bench.on_grid(layers[0])
    names = np.array([*features["name"].astype(str), ""], dtype=object)
    shapes, rows = parts(features, part.grid, layers[0])
    # -1, a cell outside all, takes the last name, which is empty.
    return np.asarray(names[number_cells(shapes, rows, part.grid, touched=False)])
