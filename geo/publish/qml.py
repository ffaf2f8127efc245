"""Pieces of QGIS's style language: symbols, renderers and labels as XML elements.

Every text goes in as an attribute or a text node, never as markup. What QGIS would evaluate
(expressions) is written here and never holds a text from a layer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from geo.publish.tokens import LIGHT

__all__ = [
    "QGIS_VERSION",
    "Label",
    "Rule",
    "VectorStyle",
    "colour",
    "document",
    "fill",
    "labels",
    "line",
    "marker",
    "mix",
    "number_in_marker",
    "plain",
    "rules",
    "single",
    "symbol",
    "to_mm",
]

QGIS_VERSION = "3.22.16-Białowieża"
"""The version whose format is written; later ones read it."""


@dataclass(frozen=True)
class VectorStyle:
    """Renderer and labels of a vector layer."""

    renderer: ET.Element
    labeling: ET.Element | None = None


@dataclass(frozen=True)
class Rule:
    """One class of a rule-based renderer.

    `filter` is an expression, empty for all; `largest_scale` the scale denominator below which
    the class is drawn (None for always).
    """

    filter: str
    label: str
    symbol: ET.Element
    largest_scale: float | None = None


@dataclass(frozen=True)
class Label:
    """One class of labels, beside points or, `on_area`, inside polygons.

    `text` is an expression; `largest_scale` the scale denominator below which the labels show
    (None for always); `size` in points; `distance` from the point [mm].
    """

    text: str
    filter: str
    size: float
    colour: str
    bold: bool = False
    largest_scale: float | None = None
    distance: float = 1.0
    priority: int = 5
    on_area: bool = False


def plain(text: str) -> str:
    r"""Text without the signs that XML cannot hold.

    Examples
    --------
    >>> plain("bell\x07 & <b>")
    'bell & <b>'
    """
    return "".join(sign for sign in text if _in_xml(ord(sign)))


def _in_xml(code: int) -> bool:
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or (
        0x10000 <= code <= 0x10FFFF
    )  # fmt: skip


def to_mm(pixels: float) -> float:
    """Length on paper of CSS pixels (96 to the inch) [mm]."""
    return round(pixels * 25.4 / 96.0, 3)


def colour(token: str, alpha: float = 1.0) -> str:
    """Write ``#rrggbb`` as QGIS does.

    Examples
    --------
    >>> colour("#ff8000", 0.5)
    '255,128,0,128'
    """
    parts = [int(token[i : i + 2], 16) for i in (1, 3, 5)]
    return ",".join(str(part) for part in (*parts, round(255 * alpha)))


def mix(one: str, other: str, share: float) -> str:
    """Mix two colours.

    Examples
    --------
    >>> mix("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _options(parent: ET.Element, values: Mapping[str, object]) -> None:
    table = ET.SubElement(parent, "Option", type="Map")
    for name, value in values.items():
        ET.SubElement(table, "Option", type="QString", name=name, value=plain(str(value)))


def _data_defined(parent: ET.Element, expressions: Mapping[str, str], tag: str) -> None:
    table = ET.SubElement(ET.SubElement(parent, tag), "Option", type="Map")
    ET.SubElement(table, "Option", type="QString", name="name", value="")
    properties = ET.SubElement(table, "Option", type="Map", name="properties")
    for name, expression in expressions.items():
        entry = ET.SubElement(properties, "Option", type="Map", name=name)
        ET.SubElement(entry, "Option", type="bool", name="active", value="true")
        ET.SubElement(entry, "Option", type="QString", name="expression", value=expression)
        ET.SubElement(entry, "Option", type="int", name="type", value="3")
    ET.SubElement(table, "Option", type="QString", name="type", value="collection")


def _symbol_layer(kind: str, values: Mapping[str, object], level: int = 0) -> ET.Element:
    layer = ET.Element(
        "layer", {"class": kind, "enabled": "1", "pass": str(level), "locked": "0"}
    )  # fmt: skip
    _options(layer, values)
    return layer


def symbol(kind: str, *layers: ET.Element, alpha: float = 1.0) -> ET.Element:
    """Stack symbol layers; `kind` is ``marker``, ``line`` or ``fill``."""
    made = ET.Element(
        "symbol", type=kind, name="0", alpha=f"{alpha:g}", clip_to_extent="1", force_rhr="0"
    )
    made.extend(layers)
    return made


def marker(
    shape: str,
    size: float,
    inside: str,
    outline: str,
    *,
    width: float = 0.2,
    size_by: str | None = None,
) -> ET.Element:
    """Make a marker of one shape (``circle``, ``diamond``, ``cross2``, …); lengths in mm.

    `size_by` is an expression that takes the place of `size`.
    """
    layer = _symbol_layer(
        "SimpleMarker",
        {
            "name": shape,
            "color": colour(inside),
            "outline_color": colour(outline),
            "outline_style": "solid",
            "outline_width": f"{width:g}",
            "outline_width_unit": "MM",
            "size": f"{size:g}",
            "size_unit": "MM",
            "joinstyle": "round",
        },
    )
    if size_by is not None:
        _data_defined(layer, {"size": size_by}, "data_defined_properties")
    return layer


def number_in_marker(expression: str, size: float, ink: str) -> ET.Element:
    """Write the value of an expression in the middle of a marker."""
    layer = _symbol_layer(
        "FontMarker",
        {
            "chr": "",
            "font": "Sans Serif",
            "font_style": "Bold",
            "color": colour(ink),
            "outline_width": "0",
            "size": f"{size:g}",
            "size_unit": "MM",
            "horizontal_anchor_point": "1",
            "vertical_anchor_point": "1",
        },
    )
    _data_defined(layer, {"char": expression}, "data_defined_properties")
    return layer


def line(
    ink: str,
    width: float,
    *,
    dash: Sequence[float] = (),
    alpha: float = 1.0,
    level: int = 0,
    cap: str = "round",
) -> ET.Element:
    """Make a line; `dash` holds lengths of strokes and gaps [mm]."""
    return _symbol_layer(
        "SimpleLine",
        {
            "line_color": colour(ink, alpha),
            "line_style": "solid",
            "line_width": f"{width:g}",
            "line_width_unit": "MM",
            "capstyle": cap,
            "joinstyle": "round",
            "use_custom_dash": "1" if dash else "0",
            "customdash": ";".join(f"{part:g}" for part in dash) or "5;2",
            "customdash_unit": "MM",
        },
        level,
    )


def fill(
    inside: str | None,
    outline: str | None,
    *,
    width: float = 0.2,
    alpha: float = 1.0,
    hatched: bool = False,
) -> ET.Element:
    """Make a fill; None leaves the inside or the outline out."""
    style = "b_diagonal" if hatched else "solid"
    return _symbol_layer(
        "SimpleFill",
        {
            "color": colour(inside or "#000000", alpha if inside else 0.0),
            "style": style if inside else "no",
            "outline_color": colour(outline or "#000000"),
            "outline_style": "solid" if outline else "no",
            "outline_width": f"{width:g}",
            "outline_width_unit": "MM",
            "joinstyle": "round",
        },
    )


def _renderer(kind: str, symbols: Sequence[ET.Element], **more: str) -> ET.Element:
    made = ET.Element(
        "renderer-v2",
        {"type": kind, "forceraster": "0", "enableorderby": "0", "symbollevels": "0",
         "referencescale": "-1", **more},
    )  # fmt: skip
    store = ET.SubElement(made, "symbols")
    for number, one in enumerate(symbols):
        one.set("name", str(number))
        store.append(one)
    return made


def single(one: ET.Element) -> ET.Element:
    """Draw every feature alike."""
    return _renderer("singleSymbol", [one])


def rules(
    classes: Sequence[Rule], *, key: str, order_by: str | None = None, levels: bool = False
) -> ET.Element:
    """Draw features by rules.

    Parameters
    ----------
    classes : sequence of Rule
    key : str
        Makes the rules' ids stable.
    order_by : str, optional
        Expression; features are drawn by it, falling.
    levels : bool, optional
        Draw the first pass of all symbols before the second, so that casings lie under lines.
    """
    made = _renderer(
        "RuleRenderer",
        [rule.symbol for rule in classes],
        enableorderby="1" if order_by else "0",
        symbollevels="1" if levels else "0",
    )
    table = ET.Element("rules", key=f"{{{key}-rules}}")
    for number, rule in enumerate(classes):
        made_rule = ET.SubElement(
            table,
            "rule",
            filter=rule.filter,
            label=plain(rule.label),
            symbol=str(number),
            key=f"{{{key}-{number}}}",
        )
        _limit_scale(made_rule, rule.largest_scale)
    made.insert(0, table)
    if order_by:
        order = ET.SubElement(made, "orderby")
        clause = ET.SubElement(order, "orderByClause", asc="0", nullsFirst="1")
        clause.text = order_by
    return made


def labels(classes: Sequence[Label], *, key: str) -> ET.Element:
    """Label points by rules, each label beside its point with a halo."""
    made = ET.Element("labeling", type="rule-based")
    table = ET.SubElement(made, "rules", key=f"{{{key}-labels}}")
    for number, label in enumerate(classes):
        rule = ET.SubElement(
            table, "rule", filter=label.filter, key=f"{{{key}-label-{number}}}",
            description=plain(label.filter),
        )  # fmt: skip
        _limit_scale(rule, label.largest_scale)
        rule.append(_label_settings(label))
    return made


def _limit_scale(rule: ET.Element, largest: float | None) -> None:
    if largest is not None:
        # Whole numbers only: QGIS takes "4e+06" for zero.
        rule.set("scalemaxdenom", str(round(largest)))
        rule.set("scalemindenom", "1")


def _label_settings(label: Label) -> ET.Element:
    settings = ET.Element("settings", calloutType="simple")
    style = ET.SubElement(
        settings,
        "text-style",
        fieldName=label.text,
        isExpression="1",
        fontFamily="Sans Serif",
        namedStyle="Bold" if label.bold else "Regular",
        fontWeight="75" if label.bold else "50",
        fontSize=f"{label.size:g}",
        fontSizeUnit="Point",
        textColor=colour(label.colour),
        textOpacity="1",
        allowHtml="0",
        multilineHeight="1",
    )
    ET.SubElement(
        style,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.7",
        bufferSizeUnits="MM",
        bufferColor=colour(LIGHT["halo"]),
        bufferOpacity="0.9",
        bufferNoFill="1",
        bufferJoinStyle="128",
    )
    ET.SubElement(settings, "text-format", wrapChar="", multilineAlign="3")
    ET.SubElement(
        settings,
        "placement",
        placement="4" if label.on_area else "6",
        predefinedPositionOrder="R,L,TR,BR,TL,BL,TSR,BSR",
        dist=f"{label.distance:g}",
        distUnits="MM",
        offsetType="1",
        priority=str(label.priority),
    )
    ET.SubElement(
        settings, "rendering", drawLabels="1", displayAll="0", obstacle="1", obstacleFactor="1",
        obstacleType="1", scaleVisibility="0", upsidedownLabels="0",
    )  # fmt: skip
    return settings


def document(*parts: ET.Element | None) -> str:
    """Wrap styles as a ``.qml`` document.

    Parameters
    ----------
    *parts : Element or None
        A renderer and perhaps labels, or a raster's pipe.

    Returns
    -------
    str
    """
    root = ET.Element("qgis", version=QGIS_VERSION, styleCategories="Symbology|Labeling")
    root.set(
        "labelsEnabled", "1" if any(p is not None and p.tag == "labeling" for p in parts) else "0"
    )
    root.extend(part for part in parts if part is not None)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"
