"""How a study is shown: sets of weights on offer, and whose map it is."""

import re
from collections.abc import Collection
from pathlib import Path

from geo.recipe.reader import Table, closest
from geo.recipe.schema import HouseSpec, PresetSpec

__all__ = ["house_of", "preset_of", "words_of"]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LARGEST_LOGO = 100_000


def preset_of(table: Table, criteria: Collection[str]) -> PresetSpec:
    """Read one of a theme's ``[[theme.preset]]``."""
    weights = table.child("weights", required=True)
    found = {} if weights is None else {name: weights.quantity(name, "") for name in weights.data}
    for name, number in found.items():
        if weights is not None and name not in criteria:
            weights.report(name, f"there is no criterion {name!r}{closest(name, criteria)}")
        elif weights is not None and not number >= 0:
            weights.report(name, f"a weight must be zero or more, found {number:g}")
    return PresetSpec(table.text("title"), found)


def words_of(study: Table, languages: Collection[str]) -> dict[str, dict[str, str]]:
    """Read ``[study.words.mn]`` and its like: the study's own words in its other languages."""
    table = study.child("words")
    if table is None:
        return {}
    found = {}
    for code in table.data:
        if code not in languages:
            near = closest(code, languages)
            table.report(code, f"{code!r} is no language of the study{near}: add it to languages")
        own = table.child(code)
        if own is not None:
            found[code] = {word: own.text(word) for word in own.data}
            own.done()
    table.done()
    return found


def house_of(study: Table, folder: Path) -> HouseSpec:
    """Read ``[study.house]``, if there is one; the logo stands beside the recipe."""
    table = study.child("house")
    if table is None:
        return HouseSpec()
    name, logo = table.text("name"), table.text("logo", "")
    accents = table.texts("accents", [])
    for accent in accents:
        if not _COLOUR.fullmatch(accent):
            table.report("accents", f"a colour is written such as '#b5652b', found {accent!r}")
    path = folder / logo if logo else None
    if path is not None:
        _check_logo(table, path)
    table.done()
    return HouseSpec(name, path, accents)


def _check_logo(table: Table, path: Path) -> None:
    if path.suffix.lower() not in (".png", ".svg"):
        table.report("logo", f"a logo is a .png or .svg file, found {path.name!r}")
    elif not path.is_file():
        table.report("logo", f"there is no file {path.name!r} beside the recipe")
    elif path.stat().st_size > _LARGEST_LOGO:
        table.report("logo", f"{path.name!r} has {path.stat().st_size} bytes, 100,000 is the most")
