"""A study as layers of somebody's own `folium.Map`: surfaces, ways, and sites with their ranks.

Folium reads text as templates and as HTML. So of every text that enters here nothing is left but
letters, digits and plain punctuation.
"""

import re
from typing import Any, Final

import folium
import numpy as np

from geo.publish.content import Content, ThemeView
from geo.publish.payload import drawn_surfaces, sites_of
from geo.publish.safetext import number, plain
from geo.publish.tokens import LIGHT, ROUTES, SIZES

__all__ = ["add_layers", "harmless"]

_ELSE: Final = re.compile(r"[^\w .,:;()+/·–-]")
_LONGEST: Final = 80


def harmless(text: object) -> str:
    """Text without any character that a template, a script or HTML could read as its own.

    Examples
    --------
    >>> harmless("{{7*7}} <b>Өмнөговь</b> ${x}")
    '7 7 b Өмнөговь /b x'
    """
    return " ".join(_ELSE.sub(" ", plain(text)).split())[:_LONGEST]


def add_layers(content: Content, figure_map: folium.Map) -> folium.Map:
    """Add a study to a map: a group a theme, of which the first is shown.

    Parameters
    ----------
    content : Content
        A finished study.
    figure_map : folium.Map
        Any map of Folium, with whatever it holds already.

    Returns
    -------
    folium.Map
        The same map; add a `folium.LayerControl` to switch between the themes.
    """
    surfaces, _ = drawn_surfaces(content)
    for place, theme in enumerate(content.themes):
        group = folium.FeatureGroup(name=harmless(theme.title), show=place == 0)
        if theme.id in surfaces:
            group.add_child(_picture(surfaces[theme.id]))
        for line in _ways(content, theme):
            group.add_child(line)
        for site in _sites(theme):
            group.add_child(site)
        group.add_to(figure_map)
    return figure_map


def _picture(surface: dict[str, Any]) -> folium.raster_layers.ImageOverlay:
    return folium.raster_layers.ImageOverlay(
        image=surface["image"], bounds=surface["bounds"], opacity=0.75, control=False
    )


def _sites(theme: ThemeView) -> list[folium.CircleMarker]:
    columns = ["name", "lon", "lat", "status", "rank", "score"]
    rows = sites_of(theme)[columns].astype(object).to_numpy()
    return [_site(theme, *row) for row in rows[::-1]]


def _site(theme: ThemeView, *row: Any) -> folium.CircleMarker:
    name, lon, lat, status, rank, score = row
    ranked = status == "ranked"
    said = f"{number(rank)}. {harmless(name)}: {float(score):.2f}" if ranked else harmless(name)
    return folium.CircleMarker(
        [float(lat), float(lon)],
        radius=SIZES["dot-radius"] + (2 if ranked and float(rank) <= 10 else 0),
        color=LIGHT["halo"],
        weight=1,
        fill=True,
        fill_color=theme.accent if ranked else LIGHT["network"],
        fill_opacity=0.9,
        tooltip=said,
    )


def _ways(content: Content, theme: ThemeView) -> list[folium.PolyLine]:
    """The ways of the theme's first site."""
    first = sites_of(theme).head(1)
    if first.empty or first["status"].iloc[0] != "ranked":
        return []
    legs = content.routes[content.routes["site_id"] == first["site_id"].iloc[0]]
    found = []
    polyline: Any = folium.PolyLine
    for mode, shape in zip(legs["mode"], legs.geometry, strict=True):
        if shape is None or shape.is_empty or shape.geom_type == "Point":
            continue
        for part in getattr(shape, "geoms", [shape]):
            line = np.asarray(part.coords)[:, 1::-1].tolist()
            colour = ROUTES.get(plain(mode).split(" ")[0], ROUTES["truck"])
            found.append(polyline(line, color=colour, weight=SIZES["route"]))
    return found
