"""Parts of the embedded recipe, named by the headings that stand between its parts."""

import re

from geo.study.find import embedded_recipes

RECIPE = embedded_recipes()["mongolia"]


def shipped(*parts: str) -> str:
    """The region, its network and its energy, with the named parts alone after them.

    A part is named by how its heading begins: ``"copper"``, ``"rare earths"``, ``"power"``.
    """
    head, *found = re.split(r"(?m)^# -{20,} ", RECIPE.read_text("utf-8"))
    unknown = [name for name in parts if not any(one.startswith(name) for one in found)]
    assert not unknown, f"{RECIPE.name} has no part called {', '.join(unknown)}"
    return head + "".join("# " + one for one in found if one.startswith(parts))
