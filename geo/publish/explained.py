"""A picture of an explanation: what each criterion adds, what it lacks, and the range.

The picture is a list of rectangles, lines and texts, written as SVG by hand or as PNG with
Pillow, so that both show the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from geo.errors import OutputError
from geo.publish.folder import write_whole
from geo.publish.safetext import as_html, plain
from geo.publish.tokens import ACCENTS, LIGHT

__all__ = ["draw_png", "draw_svg", "write_picture"]

_WIDTH, _LEFT, _BAR, _RIGHT = 760, 24, 330, 620
_ROW, _TOP = 40, 118
_LONGEST = 44


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True)
class _Text:
    x: float
    y: float
    size: float
    fill: str
    text: str
    anchor: str = "start"
    bold: bool = False


Shape = _Box | _Text


def write_picture(data: Mapping[str, Any], path: Path, *, accent: str = ACCENTS[0]) -> None:
    """Write the picture of an explanation.

    Parameters
    ----------
    data : mapping
        Of :class:`geo.scoring.explain.Explanation`.
    path : Path
        Ending in ``.svg`` or ``.png``; PNG needs Pillow.
    accent : str
        Colour of the theme.

    Raises
    ------
    OutputError
        If the ending is another, Pillow is missing, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in (".svg", ".png"):
        raise OutputError(f"{path}: a picture ends in .svg or .png, found {ending or 'nothing'!r}")
    made = draw_svg(data, accent).encode() if ending == ".svg" else draw_png(data, accent)
    write_whole(path, made)


def draw_svg(data: Mapping[str, Any], accent: str = ACCENTS[0]) -> str:
    """Draw an explanation as SVG.

    Parameters
    ----------
    data, accent
        As of :func:`write_picture`.

    Returns
    -------
    str
        With its text escaped; it calls no address.
    """
    shapes, height = _scene(data, accent)
    title = as_html(f"Why {data['name']} stands where it stands")
    body = "\n".join(map(_as_svg, shapes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-label="{title}" '
        f'font-family="system-ui, sans-serif">\n<title>{title}</title>\n{body}\n</svg>\n'
    )


def _as_svg(shape: Shape) -> str:
    if isinstance(shape, _Box):
        return (
            f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" '
            f'height="{shape.height:.1f}" fill="{shape.fill}"/>'
        )
    weight = ' font-weight="650"' if shape.bold else ""
    return (
        f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" '
        f'fill="{shape.fill}" text-anchor="{shape.anchor}"{weight}>{as_html(shape.text)}</text>'
    )


def draw_png(data: Mapping[str, Any], accent: str = ACCENTS[0]) -> bytes:
    """Draw an explanation as PNG, twice as large for sharp screens.

    Parameters
    ----------
    data, accent
        As of :func:`write_picture`.

    Returns
    -------
    bytes

    Raises
    ------
    OutputError
        If Pillow is missing.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise OutputError(
            "a PNG needs Pillow: install lodemap[picture], or ask for an .svg"
        ) from None
    shapes, height = _scene(data, accent)
    image = Image.new("RGB", (2 * _WIDTH, 2 * height), LIGHT["panel"])
    pen = ImageDraw.Draw(image)
    for shape in shapes:
        if isinstance(shape, _Box):
            right, low = shape.x + max(shape.width, 0.5), shape.y + shape.height
            pen.rectangle((2 * shape.x, 2 * shape.y, 2 * right - 1, 2 * low - 1), fill=shape.fill)
            continue
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
        pen.text(
            (2 * shape.x, 2 * shape.y),
            shape.text,
            fill=shape.fill,
            font=_font(2 * shape.size, shape.bold),
            anchor=anchor,
        )
    stream = BytesIO()
    image.save(stream, format="PNG")
    return stream.getvalue()


def _font(size: float, bold: bool) -> Any:
    from PIL import ImageFont

    for name in ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf", "Arial.ttf"):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _scene(data: Mapping[str, Any], accent: str) -> tuple[list[Shape], int]:
    """Shapes from back to front, and the height that they take."""
    parts = data["parts"]
    most = max([part["weight"] for part in parts] + [abs(p["contribution"] or 0) for p in parts])
    scale = (_RIGHT - _BAR) / (most or 1.0)
    height = _TOP + _ROW * len(parts) + 46
    shapes: list[Shape] = [_Box(0, 0, _WIDTH, height, LIGHT["panel"]), *_head(data, accent)]
    for place, part in enumerate(parts):
        shapes += _part(part, _TOP + _ROW * place, scale, accent)
    foot = height - 18
    said = "Filled: what the criterion adds. Pale: what it lacks to its weight."
    shapes.append(_Text(_LEFT, foot, 12, LIGHT["ink-soft"], said))
    return shapes, height


def _head(data: Mapping[str, Any], accent: str) -> list[Shape]:
    ink, soft = LIGHT["ink"], LIGHT["ink-soft"]
    shapes: list[Shape] = [_Text(_LEFT, 38, 22, ink, _short(data["name"], 46), bold=True)]
    if data["status"] != "ranked":
        why = f"excluded: {data['excluded_by']}" if data["excluded_by"] else str(data["status"])
        return [*shapes, _Text(_LEFT, 62, 14, LIGHT["warn"], _short(why, 90))]
    said = f"rank {data['rank']} of {data['of']} · score {data['score']:.3f}"
    if data["rank_best"] is not None:
        ranks = dict.fromkeys((data["rank_best"], data["rank_worst"]))
        said += f" · rank {' to '.join(map(str, ranks))} in nine of ten draws"
    shapes.append(_Text(_LEFT, 62, 14, soft, said))
    left, width, y = _LEFT, _RIGHT - _LEFT, 80
    shapes.append(_Box(left, y + 3, width, 6, LIGHT["rule"]))
    if data["score_low"] is not None:
        low, high = data["score_low"], data["score_high"]
        shapes.append(_Box(left + width * low, y, width * (high - low), 12, LIGHT["excluded"]))
    shapes.append(_Box(left + width * data["score"] - 2, y - 3, 4, 18, accent))
    shapes += [
        _Text(_RIGHT + 12, y + 11, 12, soft, "score, 0 to 1"),
        _Text(_RIGHT + 12, _TOP - 4, 12, soft, "adds"),
    ]
    return shapes


def _part(part: Mapping[str, Any], y: float, scale: float, accent: str) -> list[Shape]:
    ink, soft = LIGHT["ink"], LIGHT["ink-soft"]
    unknown = part["value_score"] is None
    adds = part["contribution"] or 0.0
    measured = "not known" if unknown else f"{_value(part['value'])} {part['unit'] or ''}".strip()
    if part["swing"]:
        measured += f" ({part['swing']})"
    shapes: list[Shape] = [
        _Text(_LEFT, y + 14, 13, ink, _short(part["title"], _LONGEST)),
        _Text(_LEFT, y + 29, 11.5, soft, _short(measured, 52)),
        _Box(_BAR, y + 6, part["weight"] * scale, 18, LIGHT["rule"]),
    ]
    if adds > 0:
        shapes.append(_Box(_BAR, y + 6, adds * scale, 18, accent))
    elif adds < 0:
        shapes.append(_Box(_BAR, y + 6, -adds * scale, 18, LIGHT["warn"]))
    said = "unknown" if part["contribution"] is None else f"{adds:.3f}"
    text = f"{said} of {part['weight']:.3f}"
    return [*shapes, _Text(_RIGHT + 12, y + 19, 12.5, ink, text)]


def _value(value: Any) -> str:
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and abs(value) < 1e4
        else (f"{value:,.0f}" if isinstance(value, float) else str(value))
    )


def _short(text: object, most: int) -> str:
    found = plain(text)
    return found if len(found) <= most else found[: most - 1] + "…"
