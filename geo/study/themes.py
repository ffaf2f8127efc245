"""One theme of a run: scored when something asks for more than a run before it kept."""

from dataclasses import dataclass
from functools import cached_property, partial

import geopandas as gpd
import xarray as xr

from geo.compute.later import Face, later
from geo.publish.content import ThemeView
from geo.recipe import ScenarioSpec, ThemeSpec
from geo.study.ground import ground_key
from geo.study.measures import surface_of
from geo.study.scored import ScoredTheme, score_theme
from geo.study.show import shown_surfaces, theme_view
from geo.study.trade import routes_of
from geo.study.workbench import Workbench

__all__ = ["ThemeRun"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What outputs need of a theme; of its surfaces, what they are without their values."""

    view: ThemeView
    routes: gpd.GeoDataFrame | None
    faces: dict[str, Face]


class ThemeRun:
    """A theme from its recipe to what outputs show of it.

    Parameters
    ----------
    bench : Workbench
    spec : ThemeSpec
    place : int
        Of the theme in the recipe, from 0.
    """

    def __init__(self, bench: Workbench, spec: ThemeSpec, place: int) -> None:
        self.bench = bench
        self.spec = spec
        self.place = place
        self.key = self._key("theme")
        self._outcome: Outcome | None = bench.recall(self.key)

    @property
    def known(self) -> bool:
        """Whether a run before this one kept all that outputs need."""
        return self._outcome is not None

    def freight(self) -> None:
        """Make the theme's criteria of freight, unless all is known."""
        if not self.known:
            for criterion in self.spec.criteria:
                if criterion.measure.name.startswith("freight"):
                    surface_of(self.bench, self.spec, criterion)

    @property
    def outcome(self) -> Outcome:
        """What outputs need, made if it must be."""
        if self._outcome is None:
            self._outcome = self.bench.remember(self.key, self._made)
        return self._outcome

    @cached_property
    def scored(self) -> ScoredTheme:
        """The theme with everything that its scores were made of."""
        return score_theme(self.bench, self.spec)

    def surfaces(self) -> dict[str, xr.DataArray]:
        """Surfaces to show, by the names of their files; made when they are read."""
        if "scored" in self.__dict__:
            return self._shown
        return {
            name: later(self.bench.grid, face, partial(self._one, name))
            for name, face in self.outcome.faces.items()
        }

    def _one(self, name: str) -> xr.DataArray:
        return self._shown[name]

    def surface_keys(self) -> dict[str, str | None]:
        """Of each surface to show, the hash of all that it was made from."""
        spec, name = self.spec, self.spec.id
        rules = self._ground("bits", spec.exclusions)
        keys = {f"{name}-excluded": rules, f"{name}-warned": rules}
        keys |= {f"{name}-score": self.key, f"{name}-score-high": self.key}
        for one in spec.criteria:
            keys[f"{name}-{one.id}"] = self._ground(one.measure, one.unit, spec.freight)
        return keys

    def scenario_key(self, scenario: ScenarioSpec) -> str | None:
        """Hash of all that the theme's sites under a scenario depend on."""
        return self._key(scenario)

    @cached_property
    def _shown(self) -> dict[str, xr.DataArray]:
        return shown_surfaces(self.bench, self.scored)

    def _made(self) -> Outcome:
        view = theme_view(self.bench, self.scored, self.place)
        routes = None
        if self.spec.freight is not None:
            routes = routes_of(self.bench, self.scored.spec, self.scored.sites)
        return Outcome(view, routes, {name: Face.of(one) for name, one in self._shown.items()})

    def _key(self, more: object) -> str | None:
        """Hash of the theme and of what more is told."""
        colours = self.bench.recipe.house.accents
        return self._ground(self.spec, self.place, colours, self.bench.recipe.draws, more)

    def _ground(self, *told: object) -> str | None:
        """Hash of what is told and of the ground that all themes share."""
        return ground_key(self.bench, __name__, self.spec, *told)
