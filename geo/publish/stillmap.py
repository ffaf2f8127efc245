"""What the page shows where no script runs: a still map and the ranked tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from geo.publish.basemap import Extent, Shape, decode
from geo.publish.content import Content, ThemeView
from geo.publish.payload import countries_of, sites_of
from geo.publish.safetext import as_html, known, number, plain
from geo.publish.tokens import LIGHT, ROUTES, SIZES

__all__ = ["StillMap", "mode_kind", "still_page", "still_svg"]

_WIDTH = 960
_ROWS = 10
_NAME = 80
_STYLE = {
    "land": (LIGHT["land"], "none", 0.0),
    "region": (LIGHT["land-focus"], "none", 0.0),
    "border": ("none", LIGHT["boundary"], 0.6),
    "water": (LIGHT["water"], "none", 0.0),
    "rail": ("none", LIGHT["network"], 0.4),
    "outline": ("none", LIGHT["outline"], 1.4),
}


def still_page(content: Content, shapes: Sequence[Shape], extent: Extent) -> str:
    """HTML for readers without JavaScript, all text escaped.

    Parameters
    ----------
    content : Content
    shapes : sequence of Shape
        The map's base.
    extent : Extent

    Returns
    -------
    str
        Without scripts, styles or addresses.
    """
    parts = [
        '<main class="still">',
        f"<h1><bdi>{as_html(content.title)}</bdi></h1>",
        f"<p><bdi>{as_html(content.subtitle)}</bdi></p>",
        f"<p><strong><bdi>{as_html(content.disclaimer)}</bdi></strong></p>",
    ]
    if content.themes:
        first = content.themes[0]
        parts.append(still_svg(content, first, shapes, extent))
        parts.append(f"<p>The map shows the first sites for <bdi>{as_html(first.title)}</bdi>.</p>")
    parts += [_table(theme, countries_of(content)) for theme in content.themes]
    parts.append("<p>" + " · ".join(_credits(content)) + "</p>")
    parts.append("</main>")
    return "".join(parts)


def _credits(content: Content) -> list[str]:
    texts = dict.fromkeys(plain(layer.attribution) for layer in content.layers)
    made = f"made with Lodemap {content.version}, recipe {content.recipe_sha256[:12]}"
    return [f"<bdi>{as_html(text)}</bdi>" for text in (*texts, made) if text]


def _table(theme: ThemeView, countries: dict[str, str]) -> str:
    sites = sites_of(theme)
    ranked = sites[sites["status"] == "ranked"].head(_ROWS)
    head = f"<h2><bdi>{as_html(theme.title)}</bdi></h2>"
    if ranked.empty:
        return head + "<p>No site is ranked.</p>"
    codes = [c for c in sorted(countries) if f"freight_{c}" in ranked.columns]
    titles = ["Rank", "Site", "Province", "Score", "Range"]
    titles += [f"Freight to {countries[c]}, USD/t" for c in codes]
    rows = []
    for row in ranked.to_dict("records"):
        cells = [
            _short(row["rank"], 4),
            plain(row["name"])[:_NAME],
            plain(row.get("province"))[:_NAME],
            _fixed(row["score"]),
            f"{_fixed(row.get('score_low'))}–{_fixed(row.get('score_high'))}",
        ]
        cells += [_known(row[f"freight_{c}"]) for c in codes]
        rows.append("<tr>" + "".join(f"<td><bdi>{as_html(c)}</bdi></td>" for c in cells) + "</tr>")
    header = "".join(f"<th><bdi>{as_html(t)}</bdi></th>" for t in titles)
    return f"{head}<table><thead><tr>{header}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _short(value: object, digits: int) -> str:
    found = number(value, digits)
    return "unknown" if found is None else f"{found:g}"


def _known(value: object) -> str:
    found = known(value)
    return "unknown" if found is None else f"{found:g}"


def _fixed(value: object) -> str:
    found = number(value)
    return "unknown" if found is None else f"{found:.2f}"


class StillMap:
    """A map of a study in EPSG:3857 as SVG, drawn once and shown often.

    Parameters
    ----------
    shapes : sequence of Shape
        The map's base.
    extent : Extent
    """

    def __init__(self, shapes: Sequence[Shape], extent: Extent) -> None:
        self._shapes = shapes
        self._extent = extent
        self._project = Transformer.from_crs(4326, 3857, always_xy=True)
        west, south, east, north = extent.core
        margin = 0.04 * (east - west)
        self._x0, y0 = self._project.transform(west - margin, max(south - margin, -80))
        x1, self._y1 = self._project.transform(east + margin, min(north + margin, 80))
        self._scale = _WIDTH / (x1 - self._x0)
        self.height = round((self._y1 - y0) * self._scale)

    @property
    def frame(self) -> str:
        """The ``viewBox`` of an element that shows it."""
        return f"0 0 {_WIDTH} {self.height}"

    def place(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Longitudes and latitudes in the units of the frame."""
        x, y = self._project.transform(points[:, 0], points[:, 1])
        east = (np.asarray(x) - self._x0) * self._scale
        return np.column_stack([east, (self._y1 - np.asarray(y)) * self._scale])

    def base(self) -> str:
        """Land, water, borders and the region."""
        parts = [f'<rect width="{_WIDTH}" height="{self.height}" fill="{LIGHT["water"]}"/>']
        for shape in self._shapes:
            if shape.role not in _STYLE:
                continue
            fill, stroke, width = _STYLE[shape.role]
            path = _path([self.place(p) for p in decode(shape.codes)], self.height, shape.area)
            if path:
                parts.append(
                    f'<path d="{path}" fill="{fill}" fill-rule="evenodd" stroke="{stroke}" '
                    f'stroke-width="{width}" stroke-opacity="{shape.fade}"/>'
                )
        return "".join(parts)

    def kept_base(self, content: Content) -> str:
        """The base of a study's own shapes, from a run before if it is the same."""
        return content.once(__name__, ("base", self._extent), self.base)

    def routes(self, legs: gpd.GeoDataFrame) -> str:
        """Lines of legs, by mode."""
        parts = []
        for mode, shape in zip(legs.get("mode", []), legs.geometry, strict=True):
            lines = [self.place(shapely.get_coordinates(part)) for part in shapely.get_parts(shape)]
            path = _path([line for line in lines if len(line) > 1], self.height, area=False)
            if path:
                parts.append(_route(path, mode_kind(mode)))
        return "".join(parts)

    def marker(self, row: Mapping[str, Any], accent: str) -> str:
        """A site with its rank in it."""
        x, y = self.place(np.array([[row["lon"], row["lat"]]], dtype=float))[0]
        return (
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{SIZES["site-radius"]:g}" '
            f'fill="{as_html(accent)}" stroke="{LIGHT["halo"]}"/>'
            f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" font-size="11" '
            f'fill="#ffffff">{as_html(_short(row["rank"], 4))}</text>'
        )


def still_svg(content: Content, theme: ThemeView, shapes: Sequence[Shape], extent: Extent) -> str:
    """A still map of the first sites of one theme in EPSG:3857.

    Parameters
    ----------
    content : Content
    theme : ThemeView
    shapes : sequence of Shape
    extent : Extent

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    drawn = StillMap(shapes, extent)
    sites = sites_of(theme)
    ranked = sites[sites["status"] == "ranked"].head(_ROWS)
    first = content.routes[content.routes["site_id"].isin(ranked["site_id"].head(1))]
    markers = [drawn.marker(row, theme.accent) for row in reversed(ranked.to_dict("records"))]
    return (
        f'<svg viewBox="{drawn.frame}" width="{_WIDTH}" role="img" aria-label="Still map">'
        f"{drawn.kept_base(content)}{drawn.routes(first)}{''.join(markers)}</svg>"
    )


def mode_kind(mode: object) -> str:
    """Whether a leg is drawn as ``sea``, ``rail`` or ``truck``.

    Examples
    --------
    >>> mode_kind("rail 1520"), mode_kind("sea"), mode_kind("truck")
    ('rail', 'sea', 'truck')
    """
    text = plain(mode).lower()
    return next((kind for kind in ("sea", "rail") if kind in text), "truck")


def _route(path: str, kind: str) -> str:
    dash = {"sea": ' stroke-dasharray="9 6"', "truck": ' stroke-dasharray="1 5"'}.get(kind, "")
    return (
        f'<path d="{path}" fill="none" stroke="{ROUTES[kind]}" stroke-width="2.5" '
        f'stroke-linecap="round"{dash}/>'
    )


def _path(lines: Sequence[npt.NDArray[np.float64]], height: int, area: bool) -> str:
    out = []
    for line in lines:
        low, high = line.min(axis=0), line.max(axis=0)
        outside = high[0] < 0 or low[0] > _WIDTH or high[1] < 0 or low[1] > height
        if outside or (area and max(high - low) < 1.5):
            continue
        # Far outside the frame a point's exact place cannot be seen.
        cells = np.round(np.clip(line, -2000, 4000)).astype(int)
        kept = cells[np.concatenate([[True], np.any(np.diff(cells, axis=0) != 0, axis=1)])]
        steps = np.diff(kept, axis=0)
        text = f"M{kept[0][0]} {kept[0][1]}"
        if len(steps):
            text += "l" + " ".join(f"{x} {y}" for x, y in steps.tolist())
        out.append(text + ("z" if area else ""))
    return "".join(out)
