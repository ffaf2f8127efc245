"""Finding a recipe by its path or its name, and the layers that belong to it."""

import tomllib
from importlib.resources import files
from pathlib import Path

from geo.catalogue.records import Catalogue, embedded_folders
from geo.errors import RecipeError

__all__ = ["catalogue_for", "embedded_recipes", "find_recipe"]


def embedded_recipes() -> dict[str, Path]:
    """Recipes that ship with the package, by name."""
    installed = Path(str(files("geo"))) / "_data" / "maps"
    checkout = Path(str(files("geo"))).parent / "maps"
    folder = installed if installed.is_dir() else checkout
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def find_recipe(recipe: str) -> Path:
    """Path of a recipe given by path, or by the name of one that ships.

    Raises
    ------
    RecipeError
        If there is neither.
    """
    path = Path(recipe)
    if path.is_file():
        return path
    shipped = embedded_recipes()
    if recipe in shipped:
        return shipped[recipe]
    names = ", ".join(shipped) or "none"
    raise RecipeError([f"{recipe}: there is no such file, and no such recipe ships ({names})"])


def catalogue_for(recipe: Path | None) -> Catalogue:
    """Layers that a recipe may use: its own folders first, else the embedded ones.

    A recipe names its own folders with ``catalogue = ["…"]`` under ``[study]``, relative to
    itself.
    """
    own = _own_folders(recipe) if recipe is not None else ()
    return Catalogue.open(*own, *embedded_folders())


def _own_folders(recipe: Path) -> tuple[Path, ...]:
    try:
        study = tomllib.loads(recipe.read_text("utf-8")).get("study", {})
    except (OSError, ValueError):
        return ()
    named = study.get("catalogue", []) if isinstance(study, dict) else []
    if not isinstance(named, list) or not all(isinstance(item, str) for item in named):
        return ()
    return tuple(recipe.parent / item for item in named)
