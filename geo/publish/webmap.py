"""The map that an investor opens: one HTML file that needs nothing else.

Folium holds the map and its geometry; text and numbers enter afterwards as data (see
`geo.publish.page`), and a script in the page builds the panel, the markers and the labels.
"""

import html
from dataclasses import replace
from typing import Any

import folium
from branca.element import MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template

from geo.dateline import crosses, turned
from geo.publish import basemap
from geo.publish.application import bare
from geo.publish.basemap import Shape, extent_of
from geo.publish.content import Content
from geo.publish.overlay import Overlay, mercator_frame, relief
from geo.publish.packed import packed
from geo.publish.page import build_page
from geo.publish.payload import PAGE_BUDGET, payload
from geo.publish.stillmap import still_page
from geo.publish.thinned import Thinned
from geo.publish.tokens import LIGHT
from geo.publish.vendored import LEAFLET_VERSION, asset

__all__ = ["LodemapMap", "folium_map", "render"]

# What Folium would call; the page holds the same bytes instead.
_CDN = f"https://cdn.jsdelivr.net/npm/leaflet@{LEAFLET_VERSION}/dist"
_RELIEF_WIDTH = 720
_FAINT = frozenset({"rail", "roads", "rivers"})


class LodemapMap(folium.Map):
    """A `folium.Map` of a study that shows and saves itself as one self-contained page.

    Parameters
    ----------
    content : Content
        A finished study.

    Notes
    -----
    Objects of Folium may be added as to any map, as long as they need no further script,
    style or picture from the network.
    """

    def __init__(self, content: Content) -> None:
        content = _in_one_piece(content)
        self.content = content
        self.extent = extent_of(content)
        west, south, east, north = self.extent.core
        super().__init__(
            location=[round((south + north) / 2, 4), round((west + east) / 2, 4)],
            tiles=None,
            zoom_start=4,
            zoom_control=False,
            attribution_control=False,
            zoom_snap=0.25,
            zoom_delta=0.5,
            wheel_px_per_zoom_level=110,
            max_zoom=11,
            font_size="13px",
        )
        self.default_js = [("leaflet", f"{_CDN}/leaflet.js")]
        self.default_css = [("leaflet_css", f"{_CDN}/leaflet.css")]
        self._name, self._id = "map", "lodemap"
        self._drawn = content.once(
            basemap.__name__, ("shapes", self.extent), lambda: basemap.shapes(content, self.extent)
        )
        for place, shape in enumerate(self._drawn):
            self.add_child(_Shapes(shape, place), name=f"shapes_{place}")
        shading = content.once(__name__, "relief", lambda: _relief(content))
        if shading is not None:
            self.add_child(_picture(shading), name="relief")

    @property
    def shapes(self) -> list[Shape]:
        """Lines and areas of the base map."""
        return list(self._drawn)

    def page(self) -> str:
        """The whole page as HTML text."""
        self.get_root()._id = "figure"
        still = still_page(self.content, self._drawn, self.extent)
        empty = build_page(self, {}, title=self.content.title, still=still)
        data = payload(self.content, self.extent, room=PAGE_BUDGET - len(empty.encode("utf-8")))
        return build_page(self, data, title=self.content.title, still=still)

    def save(self, outfile: Any, close_file: bool = True, **_: Any) -> None:
        """Write the page to a path or a binary file."""
        target = outfile if hasattr(outfile, "write") else open(outfile, "wb")  # noqa: PTH123, SIM115
        target.write(self.page().encode("utf-8"))
        if close_file:
            target.close()

    def _repr_html_(self, **_: Any) -> str:
        text = html.escape(self.page(), quote=True)
        return (
            '<iframe title="Lodemap" width="100%" height="720" style="border:0" '
            f'sandbox="allow-scripts" srcdoc="{text}"></iframe>'
        )


def _in_one_piece(content: Content) -> Content:
    """A study across 180 degrees with all longitudes counted eastward."""
    region = content.region.to_crs(4326)
    if not crosses(region):
        return content
    return replace(
        content,
        region=turned(region),
        routes=turned(content.routes),
        layers=tuple(replace(v, frame=turned(v.frame.to_crs(4326))) for v in content.layers),
        themes=tuple(replace(theme, sites=turned(theme.sites)) for theme in content.themes),
    )


class _Shapes(JSCSSMixin, MacroElement):
    """Encoded lines or areas, drawn by the decoder in ``shapes.js``."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        {%- if this.first %}<script>{{ this.decoder }}</script>{% endif -%}
        {% endmacro %}
        {% macro script(this, kwargs) %}
        lodemapShapes({{ this._parent.get_name() }},
          {role: "{{ this.shape.role }}", area: {{ this.shape.area|tojson }},
           fade: {{ this.shape.fade }}, color: "{{ this.color }}",
           faint: {{ this.faint|tojson }}}, "{{ this.codes }}");
        {% endmacro %}
        """
    )

    def __init__(self, shape: Shape, place: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "shapes", f"{place}"
        self.shape = shape
        self.first = place == 0
        self.faint = shape.role in _FAINT
        self.color = LIGHT.get(_COLOURS.get(shape.role, "network"), LIGHT["network"])
        self.codes = packed(shape.codes)
        self.decoder = bare(asset("shapes.js"))


_COLOURS = {
    "land": "veil",
    "region": "land-focus",
    "border": "boundary",
    "disputed": "boundary",
    "provinces": "boundary",
    "rivers": "water-line",
    "water": "water",
    "outline": "outline",
}


def _relief(content: Content) -> Overlay | None:
    if "relief" not in content.surfaces:
        return None
    frame = mercator_frame(content.grid, min(_RELIEF_WIDTH, content.grid.shape[1]))
    thin = Thinned.of(content)
    height = thin.pick(content.surfaces["relief"])
    return relief(height, thin.inside(content), thin.grid, frame)


def _picture(overlay: Overlay) -> folium.raster_layers.ImageOverlay:
    west, south, east, north = overlay.bounds
    picture = folium.raster_layers.ImageOverlay(
        image=overlay.uri,
        bounds=[[south, west], [north, east]],
        pane="relief",
        pixelated=False,
        control=False,
    )
    picture._name, picture._id = "image", "relief"
    return picture


def folium_map(content: Content) -> LodemapMap:
    """Build the Folium map of a study.

    Parameters
    ----------
    content : Content
        A finished study.

    Returns
    -------
    LodemapMap
        A `folium.Map` that shows itself in a notebook.
    """
    return LodemapMap(content)


def render(content: Content) -> str:
    """Write a study as one HTML page.

    Parameters
    ----------
    content : Content
        A finished study.

    Returns
    -------
    str
        The page. It calls no address, and the same content gives the same text.

    Raises
    ------
    OutputError
        If a vendored file was changed, or a part of the map needs the network.
    """
    return folium_map(content).page()
