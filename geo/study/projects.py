"""Whether plants of a study pay, at the first sites of themes.

Worth, returns and debt cover at a price, what moves the cost, and what would have to change
for a target.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.energy.economics import HOURS_PER_YEAR, CostRange
from geo.energy.finance import (
    Project,
    appraise,
    construction_finance_factor,
    project_lcoe,
    terms_for_price,
    tornado,
)
from geo.grid import at_cells
from geo.publish.content import ProjectView, ThemeView
from geo.recipe import CostSpec, EnergySpec, ProjectSpec
from geo.study.access import flat_km, told_of, ways_of
from geo.study.ground import ground_of
from geo.study.leaders import leaders_of
from geo.study.power import country_cells, solar_surfaces, wind_surfaces
from geo.study.workbench import Workbench

__all__ = ["project_views"]

Floats = npt.NDArray[np.float64]

_KW = 1000.0
_FACTORS = ("capital", "fixed", "rate", "capacity_factor")
_WORTH = ("npv", "irr", "equity_irr", "payback", "discounted_payback", "dscr_min", "dscr_mean")


class _Place(NamedTuple):
    """What a plant at a site depends on: its yield, its rate, what its ways cost [USD]."""

    factor: tuple[float, float, float]
    rate: tuple[float, float, float]
    ways: float
    flat_km: tuple[float, ...]


def project_views(bench: Workbench, themes: Sequence[ThemeView]) -> tuple[ProjectView, ...]:
    """The plants that the recipe asks to appraise.

    Parameters
    ----------
    bench : Workbench
    themes : sequence of ThemeView

    Returns
    -------
    tuple of ProjectView
        Empty where the recipe asks for none.

    Raises
    ------
    RecipeError
        If a project names a theme that is not there.
    """
    energy = bench.recipe.energy
    return () if energy is None else tuple(_view(bench, one, themes) for one in energy.projects)


def _view(bench: Workbench, spec: ProjectSpec, themes: Sequence[ThemeView]) -> ProjectView:
    sites, recipe = _sites(bench, spec, themes), bench.recipe
    named = [sites[column].astype(str).tolist() for column in ("theme", "site_id", "name")]
    told = (spec, recipe.energy, ground_of(recipe), named, sites.geometry.to_wkb().tolist())
    key = bench.key(__name__, recipe.layer_ids(), told)
    return bench.once(key, lambda: _made(bench, spec, sites))


def _made(bench: Workbench, spec: ProjectSpec, sites: Any) -> ProjectView:
    money, ways = _money(bench, spec), ways_of(bench, spec.connection)
    places = _places(bench, spec, sites)
    rows, swings, terms = [], [], []
    for site, place in zip(sites.to_dict("records"), places, strict=True):
        named = {key: site[key] for key in ("theme", "site_id", "name")}
        rows.append(named | _row(spec, money, place))
        if np.isfinite([*place.factor, place.ways]).all() and place.factor[1] > 0:
            swings.append(_tornado(spec, money, place).assign(**named))
            terms.append(_terms(spec, money, place).assign(**named))
    return ProjectView(
        id=spec.id,
        title=spec.title,
        technology=spec.technology,
        capacity_mw=spec.capacity,
        price=spec.price,
        target=spec.target,
        basis=money.basis,
        currency_year=money.currency_year,
        source="; ".join([spec.source, money.source, *told_of(bench, ways)]),
        table=pd.DataFrame(rows),
        tornado=pd.concat(swings, ignore_index=True) if swings else pd.DataFrame(),
        terms=pd.concat(terms, ignore_index=True) if terms else pd.DataFrame(),
    )


def _sites(bench: Workbench, spec: ProjectSpec, themes: Sequence[ThemeView]) -> Any:
    """First ranked sites of the project's themes."""
    frames = [ranked.assign(theme=name) for name, ranked in leaders_of(bench, spec, themes)]
    return pd.concat(frames, ignore_index=True)


def _money(bench: Workbench, spec: ProjectSpec) -> CostSpec:
    energy = cast(EnergySpec, bench.recipe.energy)
    return energy.solar.cost if spec.technology == "solar" else energy.wind.cost


def _places(bench: Workbench, spec: ProjectSpec, sites: Any) -> list[_Place]:
    if not len(sites):
        return []
    cells = bench.cells(sites)

    def take(surface: Any) -> Floats:
        return np.asarray(at_cells(surface, *cells), dtype=np.float64)

    made = solar_surfaces(bench) if spec.technology == "solar" else wind_surfaces(bench)
    factors = np.stack([take(one) for one in (made.factor.low, made.factor.central,
                                              made.factor.high)], axis=1)  # fmt: skip
    money, ways = _money(bench, spec), ways_of(bench, spec.connection)
    rates = np.tile(np.array(money.rate), (len(sites), 1))
    for code, own in money.countries.items():
        rates[take(country_cells(bench, code, money)) > 0] = own
    lengths = flat_km(bench, ways, take)
    paid = np.zeros(len(sites))
    for way, far in zip(ways, lengths, strict=True):
        paid = paid + way.fixed + way.per_km * far
    return [
        _Place(_three(factors[n]), _three(rates[n]), float(paid[n]),
               tuple(float(far[n]) for far in lengths))
        for n in range(len(sites))
    ]  # fmt: skip


def _three(values: Floats) -> tuple[float, float, float]:
    low, central, high = (float(value) for value in values)
    return low, central, high


def _project(spec: ProjectSpec, money: CostSpec, ways: float, at: Mapping[str, float]) -> Project:
    """The plant with its assumptions as they are told: capital and fixed cost a kW."""
    interest = 1.0
    if money.construction:
        interest = construction_finance_factor(money.construction, at["rate"])
    debt = spec.debt
    return Project(
        capital_cost=at["capital"] * interest * spec.capacity * _KW + ways,
        annual_energy=at["capacity_factor"] * spec.capacity * HOURS_PER_YEAR,
        fixed_operating_cost=at["fixed"] * spec.capacity * _KW,
        variable_operating_cost=0.0,
        rate=at["rate"],
        years=round(money.years),
        degradation=money.degradation,
        debt_share=0.0 if debt is None else debt.share,
        debt_rate=0.0 if debt is None else debt.rate,
        debt_years=0 if debt is None else debt.years,
    )


def _cases(money: CostSpec, place: _Place) -> dict[str, tuple[float, float, float]]:
    values = (money.capital, money.fixed, place.rate, place.factor)
    return dict(zip(_FACTORS, values, strict=True))


def _row(spec: ProjectSpec, money: CostSpec, place: _Place) -> dict[str, object]:
    """Yield, capital, cost with its ends, and what the plant is worth at the price."""
    cases = _cases(money, place)
    shown = dict(zip(("low", "central", "high"), place.factor, strict=True))
    found: dict[str, object] = {
        "capacity_factor": shown["central"],
        "capacity_factor_low": shown["low"],
        "capacity_factor_high": shown["high"],
        "ways_usd": place.ways,
        "flat_km": sum(place.flat_km),
    }
    names = ("capital_usd", "cost", "cost_low", "cost_high", *_WORTH)
    if not np.isfinite([*place.factor, place.ways]).all():
        return found | dict.fromkeys(names, np.nan)
    # The cheap end joins the high yield with the low costs, and the other way round.
    order = {"cost_low": (0, 2), "cost": (1, 1), "cost_high": (2, 0)}
    for name, (cost, gain) in order.items():
        at = {key: three[cost] for key, three in cases.items()}
        at["capacity_factor"] = place.factor[gain]
        found[name] = project_lcoe(_project(spec, money, place.ways, at))
    central = _project(spec, money, place.ways, {key: three[1] for key, three in cases.items()})
    found["capital_usd"] = central.capital_cost
    if spec.price is None:
        return found | dict.fromkeys(_WORTH, np.nan)
    worth = appraise(central, spec.price)
    return found | {name: getattr(worth, name) for name in _WORTH}


def _tornado(spec: ProjectSpec, money: CostSpec, place: _Place) -> pd.DataFrame:
    """What each assumption that has a range does to the cost by itself."""
    cases = _cases(money, place)
    ranges = {name: CostRange(*three) for name, three in cases.items()}

    def cost(at: Mapping[str, float]) -> float:
        return project_lcoe(_project(spec, money, place.ways, at))

    table = tornado(cost, ranges)
    return table[table["low"] < table["high"]].rename(columns={"name": "factor"})


def _terms(spec: ProjectSpec, money: CostSpec, place: _Place) -> pd.DataFrame:
    """What each term by itself would have to be for the target, per kW and as a yield."""
    if spec.target is None:
        return pd.DataFrame()
    central = {key: three[1] for key, three in _cases(money, place).items()}
    table = terms_for_price(_project(spec, money, place.ways, central), spec.target)
    kilowatts = spec.capacity * _KW
    scale = {"capital_cost": kilowatts, "annual_energy": spec.capacity * HOURS_PER_YEAR}
    names = {"capital_cost": "capital", "annual_energy": "capacity_factor"}
    units = {"rate": "1/year", "capital_cost": "USD/kW", "annual_energy": "1", "grant": "1",
             "years": "year"}  # fmt: skip
    divisor = table["term"].map(scale).fillna(1.0)
    return pd.DataFrame(
        {
            "term": table["term"].replace(names),
            "unit": table["term"].map(units),
            "now": table["now"] / divisor,
            "needed": table["needed"] / divisor,
        }
    )
