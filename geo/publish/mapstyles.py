"""How sites, routes and the layers of the base map are drawn in QGIS."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from geo.publish.content import LayerView, ThemeView
from geo.publish.qml import (
    Label,
    Rule,
    VectorStyle,
    fill,
    labels,
    line,
    marker,
    mix,
    number_in_marker,
    rules,
    single,
    symbol,
    to_mm,
)
from geo.publish.tokens import LIGHT, ROUTES, SIZES

__all__ = ["layer_style", "outline_style", "routes_style", "sites_style"]

_CLASSES = 4
_NUMBERED = 20
_LABELLED = 12
_BEST = 5


def sites_style(theme: ThemeView) -> VectorStyle:
    """Circles by score with the rank in them; unknown sites hollow, excluded ones crossed out.

    Parameters
    ----------
    theme : ThemeView

    Returns
    -------
    VectorStyle
    """
    classes = [*_ranked_classes(theme), *_unranked_classes()]
    names = [
        Label(
            '"name"', f"\"status\" = 'ranked' AND \"rank\" <= {_LABELLED}", 8.5, LIGHT["ink"],
            bold=True, distance=0.6, priority=9,
        ),
        Label(
            '"name"', f"\"status\" = 'ranked' AND \"rank\" > {_LABELLED}", 8.0, LIGHT["ink"],
            largest_scale=4e6, distance=0.6, priority=7,
        ),
        Label('"name"', "\"status\" <> 'ranked'", 7.5, LIGHT["ink-soft"], largest_scale=2e6),
    ]  # fmt: skip
    renderer = rules(classes, key=f"sites-{theme.id}", order_by='coalesce("rank", 1000000)')
    return VectorStyle(renderer, labels(names, key=f"sites-{theme.id}"))


def _ranked_classes(theme: ThemeView) -> list[Rule]:
    edges = _score_edges(theme)
    count = len(edges) - 1
    found = []
    for number in reversed(range(count)):
        low, high = edges[number], edges[number + 1]
        share = (number + 1) / count
        size = 2 * to_mm(SIZES["site-radius"]) * (0.62 + 0.38 * share)
        upper = "<=" if number == count - 1 else "<"
        # Beyond the first twenty a rank says little: small and without a number.
        circle = marker(
            "circle", size, mix(LIGHT["halo"], theme.accent, 0.35 + 0.65 * share), LIGHT["halo"],
            width=0.3, size_by=f'if("rank" <= {_NUMBERED}, {size:.3g}, {0.42 * size:.3g})',
        )  # fmt: skip
        ink = LIGHT["halo"] if share > 0.5 else LIGHT["ink"]
        shown = f'if("rank" <= {_NUMBERED}, to_string("rank"), \'\')'
        text = number_in_marker(shown, size * 0.52, ink)
        found.append(
            Rule(
                f'"status" = \'ranked\' AND "score" >= {low:g} AND "score" {upper} {high:g}',
                f"Score {low:.2f} – {high:.2f}",
                symbol("marker", circle, text),
            )
        )
    return found


def _score_edges(theme: ThemeView) -> list[float]:
    scores = theme.sites.loc[theme.sites["status"] == "ranked", "score"].dropna()
    if scores.empty:
        return [0.0, 1.0]
    low = math.floor(float(scores.min()) * 20) / 20
    high = math.ceil(float(scores.max()) * 20) / 20
    count = min(_CLASSES, max(1, round((high - low) / 0.05)))
    return [round(float(edge), 4) for edge in np.linspace(low, max(high, low + 0.05), count + 1)]


def _unranked_classes() -> list[Rule]:
    size = 2 * to_mm(SIZES["dot-radius"])
    hollow = marker("circle", size, LIGHT["halo"], LIGHT["unknown"], width=0.4)
    crossed = marker("cross2", 0.8 * size, LIGHT["ink-soft"], LIGHT["ink-soft"], width=0.35)
    return [
        Rule("\"status\" = 'unknown'", "Unknown: too little is known", symbol("marker", hollow)),
        Rule("\"status\" = 'excluded'", "Excluded by a rule", symbol("marker", crossed)),
    ]


def routes_style(themes: Sequence[ThemeView]) -> VectorStyle:
    """Ways of the best sites: rail solid, truck dotted, sea dashed, each on a pale casing.

    The ways of all other sites are thin lines below.

    Parameters
    ----------
    themes : sequence of ThemeView

    Returns
    -------
    VectorStyle
    """
    best = _of_best_sites(themes)
    width, casing = to_mm(SIZES["route"]), to_mm(SIZES["casing"])
    dashes: Mapping[str, tuple[float, ...]] = {"truck": (0.05, 1.4), "sea": (2.6, 1.9)}
    classes = []
    for mode, title in _MODES.items():
        below = line(LIGHT["halo"], casing * 0.8, alpha=0.8, level=1)
        above = line(ROUTES[mode], width * 0.85, dash=dashes.get(mode, ()), level=2)
        filtered = f"{best} AND \"mode\" = '{mode}'"
        classes.append(
            Rule(filtered, f"{title}, first {_BEST} sites", symbol("line", below, above))
        )
    thin = symbol("line", line(LIGHT["network"], 0.2), alpha=0.5)
    classes.append(Rule(f"NOT {best}", "Ways of other sites", thin))
    return VectorStyle(rules(classes, key="routes", levels=True))


_MODES = MappingProxyType({"truck": "Truck", "rail": "Rail", "sea": "Sea"})


def _of_best_sites(themes: Sequence[ThemeView]) -> str:
    """Write the condition that a leg belongs to one of the first sites of any theme."""
    ids = {
        str(site)
        for theme in themes
        for site in theme.sites.loc[theme.sites["rank"] <= _BEST, "site_id"]
    }
    # Ids are slugs: anything else stays out of an expression.
    listed = ", ".join(f"'{site}'" for site in sorted(ids) if re.fullmatch(r"[a-z0-9_-]+", site))
    return f'("site_id" IN ({listed}))' if listed else "(FALSE)"


def layer_style(view: LayerView) -> VectorStyle:
    """Draw a layer of the base map by its role, or plainly by its geometry.

    Parameters
    ----------
    view : LayerView

    Returns
    -------
    VectorStyle
    """
    make = _ROLES.get(view.role)
    if make is None or not _fits(view, make):
        return VectorStyle(single(_plain_symbol(view)))
    columns = set(view.frame.columns)
    return VectorStyle(_renderer(view, make(), columns), _labels(view, columns))


def outline_style() -> VectorStyle:
    """Outline of the study's region, without a fill."""
    width = to_mm(SIZES["outline"])
    return VectorStyle(single(symbol("fill", fill(None, LIGHT["outline"], width=width))))


def _fits(view: LayerView, make: Callable[[], ET.Element]) -> bool:
    return _kind(view) == make().get("type")


def _kind(view: LayerView) -> str:
    dimensions = shapely.get_dimensions(view.frame.geometry.to_numpy())
    return ("marker", "line", "fill")[int(max(dimensions, default=0))]


def _plain_symbol(view: LayerView) -> ET.Element:
    kind = _kind(view)
    if kind == "marker":
        return symbol(kind, _dot(LIGHT["ink-soft"]))
    if kind == "line":
        return symbol(kind, line(LIGHT["network"], 0.25))
    return symbol(kind, fill(LIGHT["land"], LIGHT["boundary"]))


def _dot(ink: str, scale: float = 1.0, shape: str = "circle") -> ET.Element:
    size = round(to_mm(SIZES["dot-radius"]) * scale, 3)
    return marker(shape, size, ink, LIGHT["halo"], width=0.2)


def _region() -> ET.Element:
    return symbol("fill", fill(LIGHT["land-focus"], None))


def _land() -> ET.Element:
    return symbol("fill", fill(LIGHT["land"], LIGHT["water-line"], width=0.15))


def _countries() -> ET.Element:
    return symbol("fill", fill(LIGHT["land"], LIGHT["boundary"], width=0.2))


def _provinces() -> ET.Element:
    return symbol("fill", fill(None, LIGHT["boundary"], width=0.15))


def _water() -> ET.Element:
    return symbol("fill", fill(LIGHT["water"], LIGHT["water-line"], width=0.12))


def _rivers() -> ET.Element:
    return symbol("line", line(LIGHT["water-line"], 0.22))


def _rail() -> ET.Element:
    return symbol("line", line(LIGHT["network"], to_mm(SIZES["network"])), alpha=0.55)


def _roads() -> ET.Element:
    return symbol("line", line(LIGHT["network"], to_mm(SIZES["network"]) * 0.5), alpha=0.28)


def _sea() -> ET.Element:
    dashed = line(LIGHT["water-line"], 0.25, dash=(2.0, 1.6), cap="flat")
    return symbol("line", dashed, alpha=0.6)


def _towns() -> ET.Element:
    return symbol("marker", _dot(LIGHT["town"], 1.3))


def _ports() -> ET.Element:
    return symbol("marker", _dot(ROUTES["sea"], 2.6, "diamond"))


def _crossings() -> ET.Element:
    return symbol("marker", _dot(LIGHT["ink"], 1.5, "square"))


def _protected() -> ET.Element:
    hatch = fill(LIGHT["unknown"], LIGHT["unknown"], width=0.2, alpha=0.7, hatched=True)
    return symbol("fill", hatch)


def _deposits() -> ET.Element:
    return symbol("marker", _dot(LIGHT["unknown"], 1.4))


def _power() -> ET.Element:
    return symbol("marker", _dot(LIGHT["focus"], 1.8, "triangle"))


def _new_links() -> ET.Element:
    casing = line(LIGHT["halo"], to_mm(SIZES["casing"]), alpha=0.85)
    return symbol("line", casing, line(LIGHT["focus"], to_mm(SIZES["route"]), dash=(3.0, 1.2)))


def _corridors() -> ET.Element:
    return symbol("fill", fill(LIGHT["focus"], None, alpha=0.18))


def _flows() -> ET.Element:
    return symbol("line", line(ROUTES["rail"], to_mm(SIZES["route"])), alpha=0.7)


_ROLES: Mapping[str, Callable[[], ET.Element]] = MappingProxyType(
    {
        "region": _region,
        "land": _land,
        "countries": _countries,
        "provinces": _provinces,
        "water": _water,
        "rivers": _rivers,
        "rail": _rail,
        "roads": _roads,
        "sea": _sea,
        "towns": _towns,
        "ports": _ports,
        "crossings": _crossings,
        "protected": _protected,
        "deposits": _deposits,
        "power": _power,
        "new-links": _new_links,
        "corridors": _corridors,
        "flows": _flows,
    }
)


_LARGE_TOWN = 'coalesce("population", 0) >= 50000'
# Without what stands in brackets behind the name.
_SHORT_NAME = "trim(regexp_replace(\"name\", '[(].*$', ''))"
_NETWORK_PORT = "\"role\" <> 'port'"


_MEGATONNES = (0.3, 1.0, 3.0, 10.0)


def _flow_classes() -> list[Rule]:
    """Links by the tonnes a year that pass, wider where more do."""
    width = to_mm(SIZES["route"])
    edges = [0.0, *_MEGATONNES, float("inf")]
    found = []
    for number, (low, high) in enumerate(pairwise(edges)):
        upper = "" if high == float("inf") else f' AND "tonnes_per_year" < {high * 1e6:g}'
        title = f"{low:g} Mt a year and more" if not upper else f"{low:g} - {high:g} Mt a year"
        stroke = line(ROUTES["rail"], width * (0.5 + 0.7 * number))
        said = f'"tonnes_per_year" >= {low * 1e6:g}{upper}'
        found.append(Rule(said, title, symbol("line", stroke, alpha=0.7)))
    unknown = symbol("line", line(LIGHT["unknown"], width * 0.4, dash=(1.0, 1.0)))
    return [*found, Rule('"tonnes_per_year" IS NULL', "Output not known", unknown)]


def _renderer(view: LayerView, one: ET.Element, columns: set[str]) -> ET.Element:
    """Draw what matters at every scale, and the rest from near."""
    if view.role == "flows":
        return rules(_flow_classes(), key=view.id)
    if view.role == "towns" and "population" in columns:
        return rules(
            [
                Rule(_LARGE_TOWN, "50,000 people or more", one),
                Rule(f"NOT ({_LARGE_TOWN})", "Smaller or not known", _towns(), 6e6),
            ],
            key=view.id,
        )
    if view.role == "ports" and "role" in columns:
        small = symbol("marker", _dot(ROUTES["sea"], 1.6, "diamond"))
        return rules(
            [
                Rule(_NETWORK_PORT, "On the freight network", one),
                Rule(f"NOT ({_NETWORK_PORT})", "Other ports", small, 6e6),
            ],
            key=view.id,
        )
    return single(one)


def _labels(view: LayerView, columns: set[str]) -> ET.Element | None:
    make = _LABELS.get(view.role)
    if make is None or "name" not in columns:
        return None
    return labels(make(columns), key=view.id)


def _town_labels(columns: set[str]) -> list[Label]:
    if "population" not in columns:
        return [Label('"name"', "", 7.5, LIGHT["town"], largest_scale=4e6)]
    return [
        Label('"name"', _LARGE_TOWN, 9.0, LIGHT["town"], priority=6),
        Label('"name"', f"NOT ({_LARGE_TOWN})", 7.5, LIGHT["town"], largest_scale=4e6, priority=4),
    ]


def _port_labels(columns: set[str]) -> list[Label]:
    if "role" not in columns:
        return [Label('"name"', "", 8.0, ROUTES["sea"], largest_scale=6e6)]
    return [
        Label(_SHORT_NAME, _NETWORK_PORT, 8.0, ROUTES["sea"], priority=6),
        Label(_SHORT_NAME, f"NOT ({_NETWORK_PORT})", 7.5, ROUTES["sea"], largest_scale=3e6),
    ]


def _country_labels(_: set[str]) -> list[Label]:
    return [Label('"name"', "", 10.0, LIGHT["unknown"], priority=1, on_area=True)]


def _near_labels(_: set[str]) -> list[Label]:
    return [Label('"name"', "", 7.5, LIGHT["ink-soft"], largest_scale=3e6, priority=3)]


_LABELS: Mapping[str, Callable[[set[str]], list[Label]]] = MappingProxyType(
    {
        "towns": _town_labels,
        "ports": _port_labels,
        "countries": _country_labels,
        "crossings": _near_labels,
        "power": _near_labels,
        "deposits": _near_labels,
    }
)
