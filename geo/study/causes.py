"""What may lie behind a change from one run to another."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["Causes", "plain_value"]


def plain_value(value: Any) -> Any:
    """Give a value of a table as JSON holds it: None, a number or a text."""
    if value is None or pd.isna(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


class Causes:
    """What may lie behind a change of a criterion: of all that was changed, what it reads."""

    def __init__(
        self,
        theme: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        changes: Mapping[str, Any],
    ) -> None:
        self._theme = theme
        self._changes = changes
        declared = [_declared(made, theme) for made in (before, after)]
        self.title = str(declared[1]["title"])
        self._layers: dict[str, set[str]] = {}
        self._measures: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        for spec in declared:
            for criterion in spec["criteria"]:
                name = criterion["id"]
                self._layers.setdefault(name, set()).update(criterion["layers"])
                self._measures[name] = str(criterion["measure"]["name"])
                self.titles[name] = str(criterion["title"])
        self._product = {spec["product"] for spec in declared}

    def of(self, row: Mapping[Any, Any]) -> list[str]:
        """Causes of a change, the nearest first."""
        name = row["criterion"]
        found = []
        if self._named("weights", name):
            found.append("weight")
        elif row["by_weight"] != 0:
            found.append("weight, as the others of the theme changed")
        if row["by_value"] != 0:
            same = plain_value(row["value_before"]) == plain_value(row["value_after"])
            found += self._curve(name) if same else self._value(name)
        return found

    def _curve(self, name: str) -> list[str]:
        if self._named("value_functions", name):
            return ["value function"]
        return [] if self._named("weights", name) else self._rest()

    def _value(self, name: str) -> list[str]:
        found = ["measure"] if self._named("measures", name) else []
        found += ["value function"] if self._named("value_functions", name) else []
        uses = self._measures[name]
        if uses.startswith("freight"):
            changed = [c["name"] for c in self._changes["prices"]]
            found += [f"price of {p}" for p in changed if p in self._product]
        if uses.startswith("freight") or uses == "travel":
            settings = [c["name"] for c in self._changes["settings"]]
            found += [name for name in settings if name.startswith("transport.")]
        layers = [c["name"] for c in self._changes["layers"]]
        found += [f"layer {layer}" for layer in layers if layer in self._layers[name]]
        if any(c["name"] == "cell_size_m" for c in self._changes["settings"]):
            found.append("cell size")
        return found or self._rest()

    def _rest(self) -> list[str]:
        versions = [f"version of {c['name']}" for c in self._changes["software"]]
        return versions or ["another part of the recipe"]

    def _named(self, kind: str, name: str) -> bool:
        return any(c["name"] == f"{self._theme}.{name}" for c in self._changes[kind])


def _declared(made: Mapping[str, Any], theme: str) -> Mapping[str, Any]:
    return next(spec for spec in made["themes"] if spec["id"] == theme)
