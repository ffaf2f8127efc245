"""Money of a recipe's power: costs of plants, supply curves, and loads with what serves them."""

import math

from geo.recipe.parse_ways import way_to
from geo.recipe.reader import Table
from geo.recipe.schema import (
    CostSpec,
    EnergySpec,
    LoadSpec,
    ProjectSpec,
    SourceSpec,
    StorageSpec,
    SupplySpec,
)

__all__ = ["check_money", "costs_of", "load_of", "rate_of", "supply_of"]

Triple = tuple[float, float, float]

_NAN: Triple = (math.nan,) * 3
_FLAT = 1.0


def costs_of(parent: Table) -> CostSpec:
    """Read what a plant costs, and whether that is real or nominal."""
    table = parent.child("cost", required=True)
    if table is None:
        return CostSpec(_NAN, _NAN, _NAN, math.nan, "")
    basis, rate = rate_of(table)
    spec = CostSpec(
        capital=_not_negative(table, "capital", table.triple("capital", "USD/kW")),
        fixed=_not_negative(table, "fixed", table.triple("fixed", "USD/kW/year")),
        rate=rate,
        years=table.positive("years", "year"),
        source=table.text("source"),
        basis=basis,
        currency_year=table.whole("currency_year", least=1900),
        degradation=_share(table, "degradation", (table.quantity("degradation", "", 0.0),) * 3)[0],
        construction=_construction(table),
        countries=_countries(table),
        line=table.line,
    )
    table.done()
    return spec


def rate_of(table: Table) -> tuple[str, Triple]:
    """The rate and its kind: real_rate or nominal_rate, one of them, never guessed."""
    given = [basis for basis in ("real", "nominal") if f"{basis}_rate" in table.data]
    if len(given) == 2:
        table.report("nominal_rate", "real_rate and nominal_rate are both given: leave one out")
        table.take("nominal_rate")
    if not given:
        message = f"[{table.place}] needs real_rate or nominal_rate: say which the rate is"
        table.document.report(table.path, message)
        return "real", _NAN
    key = f"{given[0]}_rate"
    return given[0], _share(table, key, table.triple(key, ""))


def _share(table: Table, key: str, found: Triple) -> Triple:
    """Check a rate: 8 instead of 8 % is asked about."""
    for value in found:
        if not (math.isnan(value) or 0 <= value < 1):
            hint = f": did you mean '{value:g} %'?" if value >= 1 else ""
            table.report(
                key, f"{key} must lie between 0 % and 100 % a year, found {100 * value:g} %{hint}"
            )
            break
    return found


def _not_negative(table: Table, key: str, found: Triple) -> Triple:
    if any(value < 0 for value in found):
        table.report(key, f"{key} must be zero or more, found {min(found):g}")
    return found


def _construction(table: Table) -> tuple[float, ...]:
    found = table.take("construction", [])
    shares = found if isinstance(found, list) else [found]
    numbers = [table.convert("construction", share, "") for share in shares]
    if numbers and not math.isclose(sum(numbers), 1, abs_tol=1e-6):
        table.report(
            "construction", f"construction must sum to 1 over the years, found {sum(numbers):g}"
        )
        return ()
    return tuple(numbers)


def _countries(table: Table) -> dict[str, Triple]:
    child = table.child("country_rate")
    if child is None:
        return {}
    found = {code: _share(child, code, child.triple(code, "")) for code in child.data}
    for code in found:
        if len(code) != 2 or not code.isupper():
            child.report(code, f"{code!r} is no ISO 3166 code of two letters")
    return found


def check_money(table: Table, spec: EnergySpec) -> None:
    """Refuse costs that are real here and nominal there, or of different years."""
    solar, wind = spec.solar.cost, spec.wind.cost
    for what in ("basis", "currency_year"):
        one, other = getattr(solar, what), getattr(wind, what)
        if one != other:
            message = f"{what} is {one} for solar and {other} for wind: use one for both"
            table.document.problems.append((wind.line, message))
    rates = [(f"load {load.id!r}", load.basis, load.line) for load in spec.loads]
    rates += [
        (f"the debt of project {one.id!r}", one.debt.basis, one.line)
        for one in spec.projects
        if one.debt is not None
    ]
    for whose, basis, line in rates:
        if basis != solar.basis:
            message = f"the rate of {whose} is {basis}, that of plants {solar.basis}"
            table.document.problems.append((line, f"{message}: use one for both"))
    for project in spec.projects:
        _check_debt(table, project, solar if project.technology == "solar" else wind)
    table.document.unique([(load.id, load.line) for load in spec.loads], "load")
    table.document.unique([(one.id, one.line) for one in spec.projects], "project")


def _check_debt(table: Table, project: ProjectSpec, cost: CostSpec) -> None:
    if project.debt is not None and project.debt.years > cost.years:
        message = (
            f"the debt of project {project.id!r} runs {project.debt.years} years, the plant "
            f"{cost.years:g}: give a debt within the plant's life"
        )
        table.document.problems.append((project.line, message))


def supply_of(table: Table) -> SupplySpec:
    """Read a supply curve."""
    way = table.child("connection")
    load, where = table.text("load", "") or None, table.where("load_where")
    line = None if way is None else way_to(way, load or "", where)
    spec = SupplySpec(
        technology=table.choice("technology", ("solar", "wind")),
        theme=table.text("theme"),
        density=table.positive("density", "MW/km2") if "density" in table.data else None,
        spacing=_spacing(table),
        step=table.positive("step", "USD/MWh", "1 USD/MWh"),
        min_area=table.quantity("min_area", "km2", "0 km2"),
        load=load,
        load_where=where,
        load_classes=_classes(table),
        connection=line,
        plant=1.0 if way is None else way.positive("plant", "MW"),
        source=table.text("source"),
        line=table.line,
    )
    if spec.density is None and spec.spacing is None:
        table.document.report(
            table.path, f"[{table.place}] needs a density, or the spacing of its turbines"
        )
    if spec.spacing is not None and spec.technology == "solar":
        table.report("spacing", "spacing is that of turbines: give a solar curve a density")
    if spec.min_area < 0:
        table.report("min_area", f"min_area must be zero or more, found {spec.min_area:g} km2")
    if spec.load is None and (spec.load_classes or way is not None):
        table.report("load", "distances need the layer that they are measured to: name it in load")
    if way is not None:
        way.done()
    return spec


def _spacing(parent: Table) -> tuple[float, float] | None:
    """Distances of turbines along and across the wind, in rotor diameters."""
    table = parent.child("spacing")
    if table is None:
        return None
    along, across = (table.positive(key, "") for key in ("along", "across"))
    table.done()
    return along, across


def _classes(table: Table) -> tuple[float, ...]:
    found = table.take("load_classes", [])
    limits = [table.convert("load_classes", one, "m") for one in found]
    if sorted(set(limits)) != limits:
        table.report("load_classes", f"load_classes must rise, found {found}")
    return tuple(limits)


def load_of(table: Table) -> LoadSpec:
    """Read a load with the storage and the sources that may serve it."""
    basis, rate = rate_of(table)
    storage = table.child("storage")
    spec = LoadSpec(
        id=table.slug("id"),
        title=table.text("title"),
        mean=table.positive("mean", "MW"),
        day=_shape(table, "day", 24),
        year=_shape(table, "year", 12),
        themes=table.texts("themes", []),
        top=table.whole("top", 5),
        seeds=table.whole("seeds", 3, least=1),
        rate=rate[1],
        basis=basis,
        storage=None if storage is None else _storage(storage),
        sources=table.each("backup", _source),
        source=table.text("source"),
        line=table.line,
    )
    names = [(source.id, table.line) for source in spec.sources]
    table.document.unique([("solar", 1), ("wind", 1), *names], "backup")
    return spec


def _shape(table: Table, key: str, count: int) -> tuple[float, ...]:
    """Numbers in proportion to the load of each hour or month; the same for all when missing."""
    found = table.take(key, [_FLAT] * count)
    good = isinstance(found, list) and len(found) == count
    if not good or not all(isinstance(v, int | float) and v >= 0 for v in found) or not any(found):
        table.report(key, f"{key} must be {count} numbers of zero or more, not all zero")
        return (_FLAT,) * count
    return tuple(float(value) for value in found)


def _storage(table: Table) -> StorageSpec:
    spec = StorageSpec(
        energy=table.positive("energy", "USD/kWh"),
        power=table.quantity("power", "USD/kW", "0 USD/kW"),
        fixed=table.quantity("fixed", "USD/kW/year", "0 USD/kW/year"),
        years=table.positive("years", "year"),
        round_trip=table.quantity("round_trip", ""),
        source=table.text("source"),
    )
    if not 0 < spec.round_trip <= 1:
        table.report("round_trip", f"round_trip must be above 0 % and up to 100 %, found "
                     f"{100 * spec.round_trip:g} %")  # fmt: skip
    for key in ("power", "fixed"):
        if getattr(spec, key) < 0:
            table.report(key, f"{key} must be zero or more, found {getattr(spec, key):g}")
    table.done()
    return spec


def _source(table: Table) -> SourceSpec:
    spec = SourceSpec(
        id=table.slug("id"),
        title=table.text("title"),
        price=table.quantity("price", "USD/MWh"),
        capital=table.quantity("capital", "USD/kW", "0 USD/kW"),
        years=table.positive("years", "year", "20 year"),
        limit=table.quantity("limit", "MW", "inf MW"),
        co2=table.quantity("co2", "t/MWh"),
        source=table.text("source"),
    )
    for key in ("price", "capital", "limit", "co2"):
        if getattr(spec, key) < 0:
            table.report(key, f"{key} must be zero or more, found {getattr(spec, key):g}")
    return spec
