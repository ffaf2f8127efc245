"""One page that shows every layer of a catalogue: picture, licence, age, coverage, findings.

The page is a single file without scripts or addresses that load; every text from a layer or its
record is escaped.
"""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from geo.catalogue.inspection import Inspection
from geo.publish.folder import write_whole
from geo.publish.safetext import as_html, number
from geo.publish.thumbnail import picture
from geo.publish.tokens import DARK, LIGHT

__all__ = ["layer_page", "write_layer_page"]

_WORDS = {
    "ok": "in order",
    "warning": "with warnings",
    "repaired": "repaired",
    "refused": "refused",
}
_QUALITY = {
    "surveyed": "surveyed: measured or mapped by an authority",
    "compiled": "compiled: gathered from several sources",
    "screening": "screening: coarse, for a first look",
    "modelled": "modelled: computed, not measured",
}


def write_layer_page(found: Sequence[Inspection], path: Path) -> Path:
    """Write the page of a catalogue's layers.

    Parameters
    ----------
    found : sequence of Inspection
    path : Path
        The HTML file.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    return write_whole(path, layer_page(found).encode())


def layer_page(found: Sequence[Inspection]) -> str:
    """Make the page of a catalogue's layers.

    Parameters
    ----------
    found : sequence of Inspection
        As :func:`geo.catalogue.inspection.inspections` gives them.

    Returns
    -------
    str
        HTML, the same for the same layers.
    """
    order = ("refused", "repaired", "warning", "ok")
    counts = [(status, sum(one.status == status for one in found)) for status in order]
    said = ", ".join(f"{count} {_WORDS[status]}" for status, count in counts if count)
    cards = "".join(_card(one) for one in sorted(found, key=lambda one: order.index(one.status)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<title>Layers</title><style>{_style()}</style></head><body>"
        f"<header><h1>Layers</h1><p>{len(found)} layers: {said or 'none'}</p></header>"
        f"<main>{cards}</main></body></html>\n"
    )


def _card(one: Inspection) -> str:
    record = one.record
    title = record.title if record is not None else one.name
    return (
        f'<article class="{one.status}"><div class="picture">{_picture(one)}</div>'
        f'<div class="text"><h2><bdi>{as_html(title)}</bdi></h2>'
        f'<p class="line"><span class="badge">{_WORDS[one.status]}</span> '
        f"<code><bdi>{as_html(one.name)}</bdi></code></p>"
        f"{_findings(one)}<dl>{_facts(one)}</dl></div></article>"
    )


def _picture(one: Inspection) -> str:
    png = picture(one)
    if png is None:
        return f"<span>{'table' if one.summary.get('kind') == 'table' else 'no picture'}</span>"
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="" src="data:image/png;base64,{data}">'


def _findings(one: Inspection) -> str:
    if not one.findings:
        return ""
    rows = "".join(
        f'<li class="{finding.level}"><b>{finding.level}</b> '
        f"<bdi>{as_html(finding.sentence)}</bdi></li>"
        for finding in one.findings
    )
    return f'<ul class="findings">{rows}</ul>'


def _facts(one: Inspection) -> str:
    facts: list[tuple[str, object]] = []
    if one.record is not None:
        record = one.record
        facts += [
            ("Quality", _QUALITY[record.quality]),
            ("Limits", record.limits),
            ("Licence", record.licence),
            ("Source", record.source),
            ("Retrieved", record.retrieved.isoformat()),
        ]
    unit = one.record.unit if one.record is not None else None
    facts += _coverage(one.summary, unit or "")
    if one.record is not None:
        facts.append(("Credit", one.record.attribution))
    return "".join(
        f"<div><dt>{name}</dt><dd><bdi>{as_html(value)}</bdi></dd></div>" for name, value in facts
    )


def _coverage(summary: Any, unit: str) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = []
    if "crs" in summary:
        facts.append(("System", str(summary["crs"])[:80]))
    if "bounds" in summary:
        west, south, east, north = (number(edge, 5) for edge in summary["bounds"])
        facts.append(("Coverage", f"{west} to {east}, {south} to {north}"))
    if "shape" in summary:
        rows, columns = summary["shape"]
        facts.append(("Cells", f"{rows:,} rows of {columns:,}"))
    elif "count" in summary:
        facts.append(("Rows", f"{summary['count']:,}"))
    for band in summary.get("statistics", [])[:1]:
        total = band["known"] + band["unknown"]
        span = f"{band['min']:g} to {band['max']:g} {unit}".rstrip()
        facts.append(("Values", f"{span}, mean {band['mean']:.4g}"))
        share = f"{band['unknown'] / total:.1%} of the cells" if band["unknown"] else "no cell"
        facts.append(("Unknown", share))
    return facts


def _style() -> str:
    return _CSS.replace("LIGHT", _variables(LIGHT)).replace("DARK", _variables(DARK))


def _variables(tokens: Any) -> str:
    names = ("paper", "panel", "ink", "ink-soft", "rule", "warn", "focus", "water")
    return "".join(f"--{name}:{tokens[name]};" for name in names)


_CSS = """
:root{color-scheme:light dark;LIGHT}
@media(prefers-color-scheme:dark){:root{DARK}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
header{padding:28px clamp(16px,4vw,48px) 6px}
h1{margin:0;font-size:26px;letter-spacing:-.01em}
header p{margin:4px 0 0;color:var(--ink-soft)}
main{padding:16px clamp(16px,4vw,48px) 48px;display:grid;gap:16px;
grid-template-columns:repeat(auto-fill,minmax(min(100%,520px),1fr))}
article{display:grid;grid-template-columns:150px minmax(0,1fr);gap:18px;padding:16px;
background:var(--panel);border:1px solid var(--rule);border-radius:10px;align-items:start}
.picture{display:grid;place-items:center;min-height:110px;border-radius:6px;
background:var(--paper);color:var(--ink-soft);font-size:13px;overflow:hidden}
.picture img{display:block;width:100%;height:auto;max-height:190px;object-fit:contain;
image-rendering:auto}
h2{margin:0;font-size:16px;line-height:1.3}
.line{margin:4px 0 8px;color:var(--ink-soft);overflow-wrap:anywhere}
code{font-size:13px}
.badge{display:inline-block;padding:0 8px;border-radius:9px;font-size:12px;line-height:18px;
border:1px solid currentColor;color:var(--focus);margin-right:6px}
.warning .badge,.repaired .badge,.refused .badge{color:var(--warn)}
.refused .badge{background:var(--warn);color:var(--panel);border-color:var(--warn)}
dl{margin:0;font-size:13.5px}
dl div{display:grid;grid-template-columns:78px minmax(0,1fr);gap:10px;padding:4px 0;
border-top:1px solid var(--rule)}
dt{color:var(--ink-soft)}
dd{margin:0;overflow-wrap:anywhere}
.findings{list-style:none;margin:0 0 10px;padding:0;font-size:13.5px}
.findings li{border-left:3px solid var(--warn);padding:2px 0 2px 10px;margin:6px 0;
overflow-wrap:anywhere}
.findings b{color:var(--warn);font-weight:600}
@media(max-width:560px){article{grid-template-columns:1fr}.picture{min-height:80px}
.picture img{max-height:220px}}
@media print{body{background:none}article{break-inside:avoid}}
"""
