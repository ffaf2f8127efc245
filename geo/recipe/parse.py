"""From a TOML file to a checked recipe."""

import hashlib
import itertools
import math
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from geo.errors import RecipeError, UnitError
from geo.recipe.measures import MEASURES, Argument
from geo.recipe.reader import Document, Table, closest
from geo.recipe.schema import (
    CostSpec,
    CriterionSpec,
    DrawSpec,
    EnergySpec,
    ExclusionSpec,
    FreightSpec,
    MeasureSpec,
    Recipe,
    SiteSpec,
    SolarSpec,
    ThemeSpec,
    TransportSpec,
    ValueSpec,
    WindSpec,
)
from geo.units import check, magnitude

__all__ = ["load_recipe"]

_ROLES = (
    "countries", "land", "provinces", "lakes", "rivers", "railways", "roads", "towns", "ports",
    "crossings", "protected", "power", "sea", "relief", "disputed",
)  # fmt: skip
_DISCLAIMER = "A screening study, not a technical report."


def load_recipe(path: Path, *, layers: Collection[str] | None = None) -> Recipe:
    """Read and check a recipe.

    Parameters
    ----------
    path : Path
        A TOML file.
    layers : collection of str, optional
        Ids of the layers at hand; a recipe that names another one is refused.

    Returns
    -------
    Recipe

    Raises
    ------
    RecipeError
        With every problem found, each behind ``file:line:``.
    """
    path = Path(path)
    text, data = _read(path)
    document = Document(path.name, text, data)
    root = Table(document, data, ())
    recipe = _recipe(root, path, text)
    root.done()
    _check_layers(document, recipe, layers)
    document.finish()
    return recipe


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_bytes().decode("utf-8")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        raise RecipeError([f"{path}: there is no such recipe"]) from None
    except (IsADirectoryError, PermissionError) as error:
        raise RecipeError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise RecipeError([f"{path.name}: is not UTF-8 text (byte {error.start})"]) from None
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at line ")
        line = place.split(",")[0] if place else "1"
        raise RecipeError([f"{path.name}:{line}: not valid TOML: {reason}"]) from None


def _recipe(root: Table, path: Path, text: str) -> Recipe:
    study = root.child("study", required=True) or Table(root.document, {}, ("study",))
    grid = root.child("grid") or Table(root.document, {}, ("grid",))
    lists = root.text("lists", "") or None
    transport = root.child("transport")
    energy = root.child("energy")
    parts = {"transport": transport, "energy": energy, "lists": lists}
    themes = root.each("theme", lambda table: _theme(table, parts))
    if not themes:
        root.document.report((), "the recipe has no [[theme]]: write at least one")
    _unique(root.document, [(theme.id, theme.line) for theme in themes], "theme")
    recipe = Recipe(
        path=path,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        id=path.stem,
        title=study.text("title"),
        subtitle=study.text("subtitle", ""),
        region=study.text("region"),
        region_where=study.where(),
        catalogue=study.texts("catalogue", []),
        languages=study.texts("languages", ["en"]),
        disclaimer=study.text("disclaimer", _DISCLAIMER),
        notes=study.texts("notes", []),
        cell_size=_positive(grid, "cell_size", "m", "1 km"),
        crs=grid.text("crs", "") or None,
        draws=_draws(root),
        base=_base(root),
        lists=lists,
        transport=None if transport is None else _transport(transport),
        energy=None if energy is None else _energy(energy),
        themes=themes,
    )
    for table in (study, grid, transport, energy):
        if table is not None:
            table.done()
    return recipe


def _unique(document: Document, named: list[tuple[str, int]], what: str) -> None:
    seen: set[str] = set()
    for name, line in named:
        if name in seen:
            document.problems.append((line, f"{what} {name!r} stands twice: rename one"))
        seen.add(name)


def _positive(table: Table, key: str, unit: str, default: str) -> float:
    found = table.quantity(key, unit, default)
    if found <= 0:
        table.report(key, f"{key} must be more than zero, found {found:g} {unit}")
    return found


def _draws(root: Table) -> DrawSpec:
    table = root.child("draws")
    if table is None:
        return DrawSpec()
    spec = DrawSpec(
        count=table.whole("count", 2000, least=1),
        seed=table.whole("seed", 1),
        top=table.whole("top", 5, least=1),
        weight_range=table.quantity("weight_range", "", "25 %"),
        pessimism=table.quantity("pessimism", "", 1.0),
    )
    if not spec.pessimism >= 1:
        table.report("pessimism", f"pessimism must be 1 or more, found {spec.pessimism:g}")
    table.done()
    return spec


def _base(root: Table) -> dict[str, tuple[str, ...]]:
    table = root.child("base")
    if table is None:
        return {}
    found = {role: table.texts(role, []) for role in _ROLES}
    table.done()
    return {role: layers for role, layers in found.items() if layers}


def _transport(table: Table) -> TransportSpec:
    geometry = table.child("geometry", required=True)
    lines = {} if geometry is None else {k: geometry.text(k) for k in ("rail", "road", "sea")}
    if geometry is not None:
        geometry.done()
    return TransportSpec(
        nodes=table.text("nodes"),
        links=table.text("links"),
        factors=table.text("factors"),
        products=table.text("products"),
        crossings=table.text("crossings", "") or None,
        geometry=lines,
        barriers=table.texts("barriers", []),
        avoid_status=table.texts("avoid_status"),
        avoid_countries=table.texts("avoid_countries", []),
        interest=_rate(table, "interest"),
    )


def _rate(table: Table, key: str) -> float:
    found = table.quantity(key, "")
    if not 0 <= found < 1:
        table.report(key, f"{key} must lie between 0 % and 100 % a year, found {100 * found:g} %")
    return found


def _costs(parent: Table) -> CostSpec:
    table = parent.child("cost", required=True)
    if table is None:
        nan = (math.nan,) * 3
        return CostSpec(nan, nan, nan, math.nan, "")
    spec = CostSpec(
        capital=table.triple("capital", "USD/kW"),
        fixed=table.triple("fixed", "USD/kW/year"),
        rate=table.triple("real_rate", ""),
        years=table.quantity("years", "year"),
        source=table.text("source"),
    )
    table.done()
    return spec


def _numbers(parent: Table, key: str) -> dict[str, float]:
    table = parent.child(key)
    if table is None:
        return {}
    found = {name: table.quantity(name, "") for name in table.data}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _texts_by_key(parent: Table, key: str) -> dict[str, str]:
    table = parent.child(key)
    return {} if table is None else {name: table.text(name) for name in table.data}


def _energy(table: Table) -> EnergySpec:
    blank = Table(table.document, {}, table.path)
    solar = table.child("solar", required=True) or blank
    wind = table.child("wind", required=True) or blank
    spec = EnergySpec(
        relief=table.text("relief"),
        temperature=table.text("temperature"),
        solar=SolarSpec(
            radiation=solar.text("radiation"),
            points=solar.text("points"),
            turbidity=solar.text("turbidity"),
            system=_numbers(solar, "system"),
            cost=_costs(solar),
        ),
        wind=WindSpec(
            points=wind.text("points"),
            stations=wind.text("stations"),
            machines=_texts_by_key(wind, "machines"),
            turbines=wind.text("turbines"),
            turbine=wind.text("turbine"),
            hub_height=_positive(wind, "hub_height", "m", "100 m"),
            losses=_numbers(wind, "losses"),
            cost=_costs(wind),
        ),
    )
    solar.done()
    wind.done()
    return spec


def _theme(table: Table, parts: Mapping[str, object]) -> ThemeSpec:
    freight = _freight(table)
    criteria = table.each("criterion", lambda t: _criterion(t, parts))
    exclusions = table.each("exclusion", _exclusion)
    if not criteria:
        table.document.report(table.path, f"theme {table.data.get('id')!r} has no criterion")
    for found, what in ((criteria, "criterion"), (exclusions, "exclusion")):
        _unique(table.document, [(item.id, item.line) for item in found], what)
    if len(exclusions) > 16:
        table.document.report(table.path, f"{len(exclusions)} exclusions: 16 is the most")
    if criteria and not any(_is_spatial(criterion) for criterion in criteria):
        message = f"theme {table.data.get('id')!r} needs a criterion that every cell has"
        table.document.report(table.path, f"{message}, such as a distance")
    _check_weights(table, criteria)
    return ThemeSpec(
        id=_slug(table, "id"),
        title=table.text("title"),
        accent=table.text("accent", "") or None,
        sites=_sites(table),
        criteria=criteria,
        exclusions=exclusions,
        omitted=table.each("omitted", lambda t: (t.text("title"), t.text("reason"))),
        freight=freight,
        line=table.line,
    )


def _is_spatial(criterion: CriterionSpec) -> bool:
    # A measure that is unknown has been reported already.
    measure = MEASURES.get(criterion.measure.name)
    return measure is None or measure.spatial


def _slug(table: Table, key: str) -> str:
    found = table.text(key)
    if found and not all(part.isalnum() and part.isascii() for part in found.split("-")):
        table.report(key, f"{key} {found!r} must be letters and digits joined by hyphens")
    return found


def _check_weights(table: Table, criteria: tuple[CriterionSpec, ...]) -> None:
    weights = [criterion.weight[1] for criterion in criteria]
    if criteria and not sum(weights) > 0 and not any(math.isnan(w) for w in weights):
        table.document.report(table.path, "the weights of the theme add up to zero: raise one")


def _freight(table: Table) -> FreightSpec | None:
    child = table.child("freight")
    if child is None:
        return None
    where = child.child("destinations", required=True)
    found = {} if where is None else {country: where.texts(country) for country in where.data}
    for country in found:
        if len(country) != 2 or not country.isupper():
            child.report("destinations", f"{country!r} is no ISO 3166 code of two letters")
    spec = FreightSpec(product=child.text("product"), destinations=found)
    child.done()
    return spec


def _sites(theme: Table) -> SiteSpec:
    table = theme.child("sites", required=True)
    if table is None:
        return SiteSpec(None, {}, 0, 0.0, None)
    if "layer" in table.data and "best" in table.data:
        table.report("best", "sites come from a layer or are the best places, not both")
    if "layer" in table.data:
        spec = SiteSpec(table.text("layer"), table.where(), 0, 0.0, None)
    else:
        spec = SiteSpec(
            None,
            {},
            table.whole("best", least=1),
            _positive(table, "spacing", "m", "25 km"),
            table.text("names", "") or None,
        )
    table.done()
    return spec


def _criterion(table: Table, parts: Mapping[str, object]) -> CriterionSpec:
    name = table.choice("measure", MEASURES)
    measure = MEASURES.get(name)
    unit = table.text("unit") if measure is not None and measure.unit is None else ""
    arguments: dict[str, object] = {}
    if measure is not None:
        unit = unit if measure.unit is None else measure.unit
        arguments = {k: _argument(table, k, a) for k, a in measure.arguments.items()}
        if measure.needs is not None and parts.get(measure.needs) is None:
            table.report("measure", f"measure {name!r} needs [{measure.needs}] in the recipe")
    if unit:
        try:
            check(unit)
        except UnitError as error:
            table.report("unit", str(error))
    return CriterionSpec(
        id=_slug(table, "id"),
        title=table.text("title"),
        measure=MeasureSpec(name, {k: v for k, v in arguments.items() if v is not None}),
        unit=unit,
        value=_value(table, unit, text_values=name == "class"),
        weight=_weight(table),
        source=table.text("source"),
        note=table.text("note", ""),
        required=table.flag("required", default=False),
        line=table.line,
    )


def _argument(table: Table, key: str, argument: Argument) -> object:
    if key not in table.data and not argument.required:
        table.take(key, None)
        return None
    if argument.kind == "where":
        return table.where(key)
    if argument.kind == "texts":
        return table.texts(key)
    if argument.kind == "number":
        return table.quantity(key, argument.unit)
    return table.choice(key, argument.allowed) if argument.allowed else table.text(key)


def _weight(table: Table) -> tuple[float, float, float]:
    found = table.take("weight")
    if isinstance(found, int | float) and not isinstance(found, bool):
        low = central = high = float(found)
        low, high = math.nan, math.nan
    else:
        low, central, high = table.triple("weight", "")
    if central < 0 or low < 0 or not (found is None or math.isfinite(central)):
        table.report("weight", f"weight must be finite and zero or more, found {found!r}")
    return low, central, high


def _value(table: Table, unit: str, *, text_values: bool) -> ValueSpec:
    found = table.child("value", required=True)
    if found is None:
        return ValueSpec("linear", unit)
    kind = next((k for k in ("linear", "log", "lookup") if k in found.data), None)
    if kind is None or text_values != (kind == "lookup"):
        wanted = "lookup" if text_values else "linear or log"
        table.report("value", f"value needs {wanted}, found {', '.join(found.data) or 'nothing'}")
        return ValueSpec("linear", unit)
    if kind == "lookup":
        return ValueSpec("lookup", unit, table=_lookup(found))
    raw = found.take(kind)
    found.done()
    points = _points(found, kind, raw, unit)
    return ValueSpec(kind, unit, points)


def _lookup(found: Table) -> dict[str, float]:
    table = found.child("lookup")
    if table is None:
        return {}
    scores = {name: table.quantity(name, "") for name in table.data}
    for name, score in scores.items():
        if not 0 <= score <= 1:
            table.report(name, f"score of {name!r} must lie in [0, 1], found {score:g}")
    return scores


def _points(table: Table, kind: str, raw: Any, unit: str) -> tuple[tuple[float, float], ...]:
    if not isinstance(raw, list) or len(raw) < 2:
        table.report(kind, f"{kind} needs two or more points such as [['0 km', 1.0], ['50 km', 0]]")
        return ()
    points = [_point(table, kind, item, unit) for item in raw]
    if any(math.isnan(number) for point in points for number in point):
        return ()
    xs = [x for x, _ in points]
    if any(b <= a for a, b in itertools.pairwise(xs)):
        table.report(kind, f"the points of {kind} must rise, found {xs}")
    if any(not 0 <= y <= 1 for _, y in points):
        table.report(kind, f"scores must lie in [0, 1], found {[y for _, y in points]}")
    if kind == "log" and xs[0] <= 0:
        table.report(kind, "points on a log scale must be more than zero")
    return tuple(points)


def _point(table: Table, kind: str, item: Any, unit: str) -> tuple[float, float]:
    if not isinstance(item, list) or len(item) != 2:
        table.report(kind, f"a point is [value, score], found {item!r}")
        return math.nan, math.nan
    return table.convert(kind, item[0], unit), table.convert(kind, item[1], "")


def _exclusion(table: Table) -> ExclusionSpec:
    limits = {key: _limit(table, key) for key in ("above", "below")}
    return ExclusionSpec(
        id=_slug(table, "id"),
        title=table.text("title"),
        layer=table.text("layer"),
        where=table.where(),
        buffer=_buffer(table),
        above=limits["above"],
        below=limits["below"],
        effect=table.choice("effect", ("exclude", "warn"), "exclude"),
        source=table.text("source"),
        line=table.line,
    )


def _limit(table: Table, key: str) -> float | None:
    """A limit for a raster, in the layer's own unit, which is checked when it is read."""
    found = table.take(key, None)
    if found is None:
        return None
    if isinstance(found, str):
        try:
            return magnitude(found, found.strip().partition(" ")[2])
        except UnitError as error:
            table.report(key, f"{key}: {error}")
            return None
    return table.convert(key, found, "")


def _buffer(table: Table) -> float:
    found = table.quantity("buffer", "m", "0 m")
    if found < 0:
        table.report("buffer", f"buffer must be zero or more, found {found:g} m")
    return found


def _check_layers(document: Document, recipe: Recipe, known: Collection[str] | None) -> None:
    if known is None:
        return
    named = _places(document.data, ())
    for layer in recipe.layer_ids():
        if layer and layer not in known:
            places = [path for path, text in named if text == layer] or [()]
            for path in places:
                document.report(path, f"there is no layer {layer!r}{closest(layer, known)}")


def _places(data: Any, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    """Every text of a document with its path."""
    if isinstance(data, str):
        return [(path, data)]
    if isinstance(data, dict):
        return [found for key, item in data.items() for found in _places(item, (*path, key))]
    if isinstance(data, list):
        return [found for i, item in enumerate(data) for found in _places(item, (*path, i))]
    return []
