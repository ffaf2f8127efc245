"""From a TOML file to a checked recipe."""

import hashlib
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from geo.errors import RecipeError
from geo.recipe.parse_new_links import new_links_of
from geo.recipe.parse_prospectivity import prospectivity_of
from geo.recipe.parse_scenario import scenario_of
from geo.recipe.parse_supply import energy_of, transport_of
from geo.recipe.parse_theme import theme_of
from geo.recipe.parse_view import house_of, words_of
from geo.recipe.reader import Document, Table, closest
from geo.recipe.schema import DrawSpec, Recipe
from geo.scoring.unknowns import UNKNOWN

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
    document = Document(path.name, text, data, path.parent)
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
    new_links = root.child("new_links")
    unknown = study.choice("unknown", UNKNOWN, "lower")
    models = root.each("prospectivity", prospectivity_of)
    parts = {
        "transport": transport,
        "energy": energy,
        "lists": lists,
        "prospectivity": models,
        "unknown": unknown,
    }
    themes = root.each("theme", lambda table: theme_of(table, parts))
    if not themes:
        root.document.report((), "the recipe has no [[theme]]: write at least one")
    network = None if transport is None else transport_of(transport)
    scenarios = root.each("scenario", lambda table: scenario_of(table, themes, network))
    named = ((themes, "theme"), (scenarios, "scenario"), (models, "model"))
    for found, what in named:
        root.document.unique([(item.id, item.line) for item in found], what)
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
        labels=study.text("labels", "") or None,
        words=words_of(study, study.texts("languages", ["en"])),
        disclaimer=study.text("disclaimer", _DISCLAIMER),
        notes=study.texts("notes", []),
        cell_size=grid.positive("cell_size", "m", "1 km"),
        crs=grid.text("crs", "") or None,
        draws=_draws(root),
        base=_base(root),
        lists=lists,
        transport=network,
        energy=None if energy is None else energy_of(energy),
        themes=themes,
        scenarios=scenarios,
        house=house_of(study, path.parent),
        prospectivity=models,
        new_links=None if new_links is None else new_links_of(new_links, themes, network),
    )
    _check_models(root.document, recipe)
    for table in (study, grid, transport, energy, new_links):
        if table is not None:
            table.done()
    return recipe


def _check_models(document: Document, recipe: Recipe) -> None:
    known = [model.id for model in recipe.prospectivity]
    for criterion in (one for theme in recipe.themes for one in theme.criteria):
        model = criterion.measure.arguments.get("model")
        if criterion.measure.name == "prospectivity" and known and model not in known:
            near = closest(str(model), known)
            document.problems.append((criterion.line, f"there is no model {model!r}{near}"))


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
