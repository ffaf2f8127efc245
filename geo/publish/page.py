"""One HTML file from a Folium map: every script and style inside, allowed by its hash.

Folium renders the map's parts; each link to a script or style is replaced by the bytes of a
vendored file, and an address that is left over is an error. The data goes in afterwards, packed
into letters that mean nothing to a parser, so that no text of a layer ever passes through a
template.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import folium
from branca.element import CssLink, JavascriptLink

from geo.errors import OutputError
from geo.publish.application import bare, script
from geo.publish.packed import packed
from geo.publish.safetext import as_html, as_json
from geo.publish.tokens import DARK, LIGHT, SIZES
from geo.publish.vendored import asset

__all__ = ["build_page"]

_MAPPED: Final[Mapping[str, str]] = MappingProxyType(
    {"leaflet.js": "vendor/leaflet.js", "leaflet.css": "vendor/leaflet.css"}
)
_BLOCK: Final = re.compile(r"<(script|style)(\s[^>]*)?>(.*?)</\1>", re.DOTALL)
_VIEWPORT: Final = re.compile(r'<meta name="viewport".*?/>', re.DOTALL)
_ADDRESS: Final = re.compile(r"""(?:https?:)?//[a-z0-9-]+\.[a-z0-9.-]+[^\s"')<]*""", re.IGNORECASE)
_CSS_PICTURE: Final = re.compile(r"url\((?!data:)[^)]*\)")


def build_page(
    figure_map: folium.Map, data: Mapping[str, Any], *, title: str, still: str, language: str = "en"
) -> str:
    """Join a Folium map, its data and the application into one self-contained page.

    Parameters
    ----------
    figure_map : folium.Map
        With constant names and geometry only.
    data : mapping
        What the script reads; text may be anything.
    title : str
        The document's title.
    still : str
        HTML shown without JavaScript, its text already escaped.
    language : str
        Of the page, as in ``lang``.

    Returns
    -------
    str
        The page.

    Raises
    ------
    OutputError
        If a part of the map needs an address on the network.
    """
    root: Any = figure_map.get_root()
    root.render()
    styles, scripts, rest = _head_parts(root)
    body = root.html.render()
    code = root.script.render()
    for text in (*rest, body, code):
        _refuse_addresses(text)
    # The planes are packed one by one, so that a browser unpacks only what is looked at.
    planes = data.get("planes")
    rest_of = {name: part for name, part in data.items() if name != "planes"}
    early = 'document.documentElement.className="js";'
    style_blocks = [*styles, _tokens(), asset("app.css")]
    script_blocks = [early, bare(asset("inflate.js")), *scripts, code, script()]
    policy = _policy(script_blocks, style_blocks)
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{as_html(title)}</title>",
        '<link rel="icon" href="data:,">',
        *(f"<style>{text}</style>" for text in style_blocks),
        f"<script>{early}</script>",
    ]
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="{as_html(language)}">',
        "<head>",
        *head,
        "</head>",
        "<body>",
        f"<noscript>{still}</noscript>",
        '<div id="app"></div>',
        body.strip(),
        _block("data", packed(as_json(rest_of))),
        _block("planes", planes),
        *(f"<script>{text}</script>" for text in script_blocks[1:]),
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _block(name: str, data: object) -> str:
    return f'<script type="application/json" id="lodemap-{name}">{as_json(data)}</script>'


def _head_parts(root: Any) -> tuple[list[str], list[str], list[str]]:
    """Styles, scripts and what else the map puts into its head."""
    styles: list[str] = []
    scripts: list[str] = []
    rest: list[str] = []
    for child in root.header._children.values():
        if isinstance(child, JavascriptLink | CssLink):
            target = styles if isinstance(child, CssLink) else scripts
            target.append(_vendored(child.url))
            continue
        text = _VIEWPORT.sub("", child.render())
        for kind, attributes, inner in _BLOCK.findall(text):
            if attributes.strip():
                raise OutputError(
                    f"the map's head has a {kind} with{attributes}: give its text instead"
                )
            (styles if kind == "style" else scripts).append(inner)
            rest.append(inner)
        rest.append(_BLOCK.sub("", text))
    return styles, scripts, rest


def _vendored(url: str) -> str:
    name = _MAPPED.get(url.rsplit("/", 1)[-1].split("?")[0])
    if name is None:
        raise OutputError(
            f"the map needs {url}, which is not part of the package: leave that object out"
        )
    # Parsers turn CR LF into LF before they hash.
    text = asset(name).replace("\r\n", "\n")
    # Leaflet's own pictures belong to controls and icons that this page does not use.
    return _CSS_PICTURE.sub("none", text) if name.endswith(".css") else text


def _refuse_addresses(text: str) -> None:
    found = _ADDRESS.search(text)
    if found:
        raise OutputError(f"the map would call {found.group()[:120]}: a map must hold all it shows")


def _tokens() -> str:
    """Custom properties of both colour schemes, so that no colour stands twice."""
    light = "".join(f"--{name}:{value};" for name, value in LIGHT.items())
    dark = "".join(f"--{name}:{value};" for name, value in DARK.items())
    width = f"--panel-width:{SIZES['panel-width']:g}px;"
    return (
        f":root{{{light}{width}color-scheme:light}}"
        "@media (prefers-color-scheme:dark){:root:not([data-scheme=light])"
        f"{{{dark}color-scheme:dark}}}}:root[data-scheme=dark]{{{dark}color-scheme:dark}}"
    )


def _policy(scripts: list[str], styles: list[str]) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            "script-src " + " ".join(map(_hash, scripts)),
            "style-src " + " ".join(map(_hash, styles)),
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
