"""Whether a plant pays: what building costs in interest, cash flows, and the terms for a price.

All money is of one kind, real or nominal, and so are all rates: the functions take them as they
are. Tax enters only where a function says so.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from geo.energy.economics import CostRange, capital_recovery_factor, check_rate, lcoe
from geo.energy.shares import check_share
from geo.errors import DataError

__all__ = [
    "Appraisal",
    "Project",
    "appraise",
    "construction_finance_factor",
    "fixed_charge_rate",
    "internal_rate",
    "net_present_value",
    "project_lcoe",
    "terms_for_price",
    "tornado",
    "weighted_cost_of_capital",
]

Floats = npt.NDArray[np.float64]

_RATES = (-0.99, 10.0)
"""Between these a return is looked for."""


def weighted_cost_of_capital(
    debt_share: float, debt_rate: float, equity_rate: float, *, tax_rate: float = 0.0
) -> float:
    """Cost of capital of debt and equity, after tax.

    Parameters
    ----------
    debt_share : float
        Of the capital, 0 to 1.
    debt_rate, equity_rate : float
        A year, as shares, both real or both nominal.
    tax_rate : float
        Interest is deducted from what is taxed.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If one of them is no share.

    Examples
    --------
    >>> round(weighted_cost_of_capital(0.7, 0.06, 0.12), 4)
    0.078
    """
    check_share(debt_share, "the share of debt")
    check_share(tax_rate, "the tax rate")
    check_rate(debt_rate, "the rate of the debt")
    check_rate(equity_rate, "the rate of the equity")
    return debt_share * debt_rate * (1 - tax_rate) + (1 - debt_share) * equity_rate


def construction_finance_factor(
    spending: Sequence[float], rate: float, *, tax_rate: float = 0.0
) -> float:
    """All-in capital over what the plant would cost overnight, by interest during construction.

    Parameters
    ----------
    spending : sequence of float
        Share of the capital spent in each year before operation, the last year first; sums to 1.
    rate : float
        Of the construction loan, a year.
    tax_rate : float
        Interest is deducted from what is taxed.

    Returns
    -------
    float
        ``sum(share_y * (1 + (1 - tax) * ((1 + rate)**(y + 0.5) - 1)))``.

    Raises
    ------
    DataError
        If the shares do not sum to 1 or a rate is no share.

    References
    ----------
    NREL (2024), Annual Technology Baseline, Equations and Variables: ConFinFactor.
    https://atb.nrel.gov/electricity/2024/equations_&_variables

    Examples
    --------
    Two years, a fifth in the first: 0.8 * 1.08**0.5 + 0.2 * 1.08**1.5.

    >>> round(construction_finance_factor([0.8, 0.2], 0.08), 4)
    1.0559
    """
    shares = np.asarray(spending, dtype=np.float64)
    if not shares.size or shares.min() < 0 or not math.isclose(shares.sum(), 1, abs_tol=1e-6):
        raise DataError(
            f"the spending by year sums to {shares.sum():g}: give shares of 0 or more that sum to 1"
        )
    check_rate(rate, "the rate during construction")
    check_share(tax_rate, "the tax rate")
    grown = (1 + rate) ** (np.arange(shares.size) + 0.5)
    return float(shares @ (1 + (1 - tax_rate) * (grown - 1)))


def fixed_charge_rate(
    rate: float, years: float, *, tax_rate: float = 0.0, depreciation: Sequence[float] = ()
) -> float:
    """Yearly revenue per capital that pays it back, with tax on profit.

    Parameters
    ----------
    rate, years : float
        Cost of capital a year and book life.
    tax_rate : float
    depreciation : sequence of float
        Share of the capital written off in each year; needed where there is a tax.

    Returns
    -------
    float
        ``CRF * (1 - tax * PVD) / (1 - tax)``, PVD being the present value of depreciation.

    Raises
    ------
    DataError
        If a tax has no depreciation, or a rate is no share.

    References
    ----------
    Short, Packey and Holt (1995), NREL/TP-462-5173, section 4; NREL (2024), Annual Technology
    Baseline, ProFinFactor without tax credits.

    Examples
    --------
    >>> fixed_charge_rate(0.07, 20) == capital_recovery_factor(0.07, 20)
    True
    >>> round(fixed_charge_rate(0.07, 20, tax_rate=0.25, depreciation=[0.2] * 5), 4)
    0.1001
    """
    if not check_share(tax_rate, "the tax rate"):
        return capital_recovery_factor(rate, years)
    if tax_rate == 1 or not depreciation:
        raise DataError(
            f"a tax of {tax_rate:g} needs depreciation: give the share written off in each year"
        )
    year = np.arange(1, len(depreciation) + 1)
    present = float(np.asarray(depreciation) @ (1 + rate) ** -year.astype(np.float64))
    return capital_recovery_factor(rate, years) * (1 - tax_rate * present) / (1 - tax_rate)


def net_present_value(rate: float, flows: npt.ArrayLike) -> float:
    """Worth today of yearly flows, the first of them today.

    Parameters
    ----------
    rate : float
        A year, as a share, above -1.
    flows : (years + 1,) array_like [money]

    Returns
    -------
    float [money]

    Examples
    --------
    >>> round(net_present_value(0.1, [-100, 60, 60]), 2)
    4.13
    """
    money = np.asarray(flows, dtype=np.float64)
    return float(money @ (1 + rate) ** -np.arange(money.size, dtype=np.float64))


def internal_rate(flows: npt.ArrayLike) -> float:
    """Rate at which yearly flows are worth nothing.

    Parameters
    ----------
    flows : (years + 1,) array_like [money]
        One change of sign, from spending to earning.

    Returns
    -------
    float
        NaN where the flows never pay back, or their sign changes more than once and the rate
        would not be one number.

    Examples
    --------
    >>> round(internal_rate([-100, 60, 60]), 4)
    0.1307
    """
    money = np.asarray(flows, dtype=np.float64)
    signs = np.sign(money[money != 0])
    if signs.size < 2 or signs[0] > 0 or (np.diff(signs) != 0).sum() != 1:
        return math.nan
    low, high = (net_present_value(rate, money) for rate in _RATES)
    if not low * high < 0:
        return math.nan
    return float(scipy.optimize.brentq(net_present_value, *_RATES, args=(money,), xtol=1e-12))


@dataclass(frozen=True)
class Project:
    """One plant and its terms; all in the same kind of money, real or nominal.

    Parameters
    ----------
    capital_cost : float [money]
        With connection, access and construction interest, paid before the first year.
    annual_energy : float [MWh/year]
        Net energy of the first year.
    fixed_operating_cost : float [money/year]
    variable_operating_cost : float [money/MWh]
    rate : float [1/year]
        Cost of capital, as a share.
    years : int
    degradation : float
        Share of the yield lost each year.
    debt_share, debt_rate, debt_years : float, float, int
        Loan with equal yearly payments; none by default.
    grant : float
        Share of the capital that is given.

    Raises
    ------
    DataError
        If a number cannot be right; a percentage in place of a share is asked about.
    """

    capital_cost: float
    annual_energy: float
    fixed_operating_cost: float
    variable_operating_cost: float
    rate: float
    years: int
    degradation: float = 0.0
    debt_share: float = 0.0
    debt_rate: float = 0.0
    debt_years: int = 0
    grant: float = 0.0

    def __post_init__(self) -> None:
        check_rate(self.rate, "the cost of capital")
        check_rate(self.debt_rate, "the rate of the debt")
        for name in ("degradation", "debt_share", "grant"):
            check_share(getattr(self, name), f"the {name.replace('_', ' ')}")
        for name in ("capital_cost", "annual_energy", "fixed_operating_cost",
                     "variable_operating_cost"):  # fmt: skip
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise DataError(
                    f"the {name.replace('_', ' ')} is {value:g}: give a finite number of 0 or more"
                )
        if self.years < 1 or (self.debt_share > 0 and not 1 <= self.debt_years <= self.years):
            raise DataError(
                f"the life is {self.years} years and the debt runs {self.debt_years}: "
                "give a life of at least 1 and a debt within it"
            )

    @property
    def energy(self) -> Floats:
        """Net energy of each year [MWh]."""
        return np.asarray(
            self.annual_energy * (1 - self.degradation) ** np.arange(self.years), dtype=np.float64
        )

    @property
    def invested(self) -> float:
        """Capital that must be paid for, without the grant."""
        return self.capital_cost * (1 - self.grant)


@dataclass(frozen=True)
class Appraisal:
    """What a project comes to at a price.

    `npv` [money] and `irr` [1/year] of the whole capital, `equity_irr` of the owners'; `payback`
    and `discounted_payback` [years] from the first year of operation, NaN where never;
    `dscr_min` and `dscr_mean` what is earned over what is due on the debt, NaN without one;
    `lcoe` [money/MWh].
    """

    npv: float
    irr: float
    equity_irr: float
    payback: float
    discounted_payback: float
    dscr_min: float
    dscr_mean: float
    lcoe: float


def project_lcoe(project: Project) -> float:
    """Levelised cost of a project [money/MWh].

    Parameters
    ----------
    project : Project

    Returns
    -------
    float
        The price at which its net present value is 0.

    Examples
    --------
    >>> round(project_lcoe(Project(1000.0, 500.0, 50.0, 3.0, rate=0.1, years=10)), 4)
    3.4255
    """
    weight = (1 + project.rate) ** -np.arange(1.0, project.years + 1)
    mean = float(weight @ project.energy) / float(weight.sum())
    return lcoe(
        project.invested,
        mean,
        fixed_operating_cost=project.fixed_operating_cost,
        variable_operating_cost=project.variable_operating_cost,
        rate=project.rate,
        years=project.years,
    )


def appraise(project: Project, price: float) -> Appraisal:
    """What a project is worth at a price of power.

    Parameters
    ----------
    project : Project
    price : float [money/MWh]

    Returns
    -------
    Appraisal

    Raises
    ------
    DataError
        If the price is negative or unknown.

    Examples
    --------
    A plant of 100 that earns 20 a year for 10 years, half of it lent at 5 % for 5 years:

    >>> plant = Project(100.0, 1.0, 0.0, 0.0, rate=0.1, years=10, debt_share=0.5,
    ...                 debt_rate=0.05, debt_years=5)
    >>> found = appraise(plant, 20.0)
    >>> round(found.npv, 2), round(found.irr, 4), found.payback, round(found.dscr_min, 3)
    (22.89, 0.1510, 5.0, 1.732)
    """
    if not (math.isfinite(price) and price >= 0):
        raise DataError(f"the price is {price:g} a MWh: give a finite price of 0 or more")
    earned = (price - project.variable_operating_cost) * project.energy
    earned = earned - project.fixed_operating_cost
    flows = np.concatenate([[-project.invested], earned])
    debt = project.debt_share * project.invested
    due = np.zeros(project.years)
    if debt > 0:
        due[: project.debt_years] = debt * capital_recovery_factor(
            project.debt_rate, project.debt_years
        )
    cover = earned[due > 0] / due[due > 0]
    owners = np.concatenate([[debt - project.invested], earned - due])
    worth = flows * (1 + project.rate) ** -np.arange(flows.size, dtype=np.float64)
    return Appraisal(
        npv=float(worth.sum()),
        irr=internal_rate(flows),
        equity_irr=internal_rate(owners),
        payback=_payback(flows),
        discounted_payback=_payback(worth),
        dscr_min=float(cover.min()) if cover.size else math.nan,
        dscr_mean=float(cover.mean()) if cover.size else math.nan,
        lcoe=project_lcoe(project),
    )


def _payback(flows: Floats) -> float:
    """Years until the sum of the flows is no longer negative, the last one in part."""
    total = np.cumsum(flows)
    paid = np.flatnonzero(total >= 0)
    if not paid.size:
        return math.nan
    year = int(paid[0])
    return 0.0 if year == 0 else year - 1 + float(-total[year - 1] / flows[year])


def terms_for_price(project: Project, price: float) -> pd.DataFrame:
    """What would have to change, one term at a time, for a project to reach a price.

    Parameters
    ----------
    project : Project
    price : float [money/MWh]
        Target of the levelised cost.

    Returns
    -------
    DataFrame
        One row a term (``rate``, ``capital_cost``, ``annual_energy``, ``grant``, ``years``) with
        ``now`` and ``needed``; NaN where no value of this term alone reaches the price: a rate
        below 0, a grant above 1, a life above 60 years. A project that is cheaper already needs
        less: the terms tell what it could bear.

    Examples
    --------
    >>> plant = Project(1400.0, 3.5, 40.0, 0.0, rate=0.083, years=25)
    >>> terms = terms_for_price(plant, 40.0).set_index("term")
    >>> round(float(terms.needed["rate"]), 4), round(terms.needed["capital_cost"])
    (0.0507, 1041)
    """
    if not (math.isfinite(price) and price > 0):
        raise DataError(f"the target price is {price:g} a MWh: give a price above 0")
    # The levelised cost is that of the whole capital: a loan has no part in it.
    project = replace(project, debt_share=0.0, debt_years=0)
    ends = {
        "rate": (0.0, 0.99),
        "capital_cost": (0.0, 100 * max(project.capital_cost, 1e-9)),
        "annual_energy": (1e-3 * project.annual_energy, 1e3 * project.annual_energy),
        "grant": (0.0, 1.0),
    }
    rows = [
        (term, getattr(project, term), _solve(_cost_at(project, term), price, *low_high))
        for term, low_high in ends.items()
    ]
    lives = [project_lcoe(replace(project, years=years)) for years in range(1, 61)]
    enough = [year for year, cost in enumerate(lives, 1) if cost <= price]
    rows.append(("years", float(project.years), float(enough[0]) if enough else math.nan))
    return pd.DataFrame(rows, columns=["term", "now", "needed"])


def _cost_at(project: Project, term: str) -> Callable[[float], float]:
    return lambda value: project_lcoe(replace(project, **{term: value}))  # type: ignore[arg-type]


def _solve(cost: Callable[[float], float], price: float, low: float, high: float) -> float:
    ends = cost(low) - price, cost(high) - price
    if ends[0] * ends[1] > 0 or any(math.isnan(end) for end in ends):
        return math.nan
    return float(
        scipy.optimize.brentq(lambda value: cost(value) - price, low, high, xtol=1e-12, rtol=1e-12)
    )


def tornado(
    cost: Callable[[Mapping[str, float]], float], ranges: Mapping[str, CostRange]
) -> pd.DataFrame:
    """What each assumption does to a cost when only it moves from low to high.

    Parameters
    ----------
    cost : callable
        Of a mapping with one value for each name of `ranges`.
    ranges : mapping of str to CostRange

    Returns
    -------
    DataFrame
        ``name``, ``low``, ``high`` (the assumption), ``cost_low``, ``cost_high`` (the cost at
        each), ``swing`` (their distance); the widest first.

    Examples
    --------
    >>> table = tornado(lambda v: v["capital"] * v["rate"],
    ...                 {"capital": CostRange(900, 1000, 1100), "rate": CostRange(0.05, 0.1, 0.2)})
    >>> table[["name", "cost_low", "cost_high"]].values.tolist()
    [['rate', 50.0, 200.0], ['capital', 90.0, 110.0]]
    """
    central = {name: one.central for name, one in ranges.items()}
    rows = []
    for name, one in ranges.items():
        low, high = (float(cost(central | {name: end})) for end in (one.low, one.high))
        rows.append((name, one.low, one.high, low, high, abs(high - low)))
    columns = ["name", "low", "high", "cost_low", "cost_high", "swing"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["swing", "name"], ascending=[False, True], ignore_index=True)
