"""How surfaces are drawn in QGIS: few even steps, reasons for exclusion, shaded relief."""

import math
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.compute.parts import strips
from geo.publish.content import ExclusionView
from geo.publish.qml import mix, plain
from geo.publish.surfaces import Surface
from geo.publish.tokens import LIGHT, RAMP

__all__ = ["nice_edges", "raster_style"]

_OUTSIDE = 65535
_STEPS = 7
_SAMPLE = 100_000

Values = npt.NDArray[Any] | xr.DataArray


def raster_style(surface: Surface, values: Values) -> tuple[ET.Element, ET.Element]:
    """Pipe and blend mode of a surface's raster.

    Parameters
    ----------
    surface : Surface
    values : (rows, columns) array or DataArray
        What the file holds, read strip by strip: NaN (or 65535 for exclusion bits) is
        nothing to draw.

    Returns
    -------
    pipe, blend mode : Element
    """
    if surface.role == "excluded" and surface.theme is not None:
        return _pipe(_reasons(surface.theme.exclusions, values)), _blend("0")
    if surface.role == "relief":
        # 6 is "multiply": shade darkens what lies below and keeps its hue.
        return _pipe(_shade()), _blend("6")
    return _pipe(_steps(surface, values)), _blend("0")


def _pipe(renderer: ET.Element) -> ET.Element:
    pipe = ET.Element("pipe")
    provider = ET.SubElement(pipe, "provider")
    ET.SubElement(
        provider, "resampling", enabled="false", maxOversampling="2",
        zoomedInResamplingMethod="nearestNeighbour", zoomedOutResamplingMethod="nearestNeighbour",
    )  # fmt: skip
    pipe.append(renderer)
    ET.SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma="1")
    ET.SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0", colorizeOn="0")
    ET.SubElement(pipe, "rasterresampler", maxOversampling="2")
    return pipe


def _blend(mode: str) -> ET.Element:
    made = ET.Element("blendMode")
    made.text = mode
    return made


def _renderer(kind: str, opacity: float, **more: str) -> ET.Element:
    common = {"band": "1", "alphaBand": "-1", "nodataColor": ""}
    made = ET.Element("rasterrenderer", {"type": kind, "opacity": f"{opacity:g}", **common, **more})
    ET.SubElement(made, "rasterTransparency")
    origin = ET.SubElement(made, "minMaxOrigin")
    for tag, text in (("limits", "None"), ("extent", "WholeRaster"), ("statAccuracy", "Exact")):
        ET.SubElement(origin, tag).text = text
    return made


def _steps(surface: Surface, values: Values) -> ET.Element:
    edges = nice_edges(values)
    low, high = f"{edges[0]:.10g}", f"{edges[-1]:.10g}"
    made = _renderer("singlebandpseudocolor", 0.55, classificationMin=low, classificationMax=high)
    shader = ET.SubElement(
        ET.SubElement(made, "rastershader"), "colorrampshader", colorRampType="DISCRETE",
        classificationMode="1", clip="0", minimumValue=low, maximumValue=high, labelPrecision="4",
    )  # fmt: skip
    count = len(edges) - 1
    unit = f" {surface.unit}" if surface.unit else ""
    for number in range(count):
        last = number == count - 1
        ET.SubElement(
            shader,
            "item",
            # A discrete class reaches up to its value; the last takes everything above.
            value="inf" if last else f"{edges[number + 1]:.10g}",
            label=plain(f"{edges[number]:.6g} – {edges[number + 1]:.6g}{unit}"),
            color=_ramp(number / max(count - 1, 1)),
            alpha="255",
        )
    return made


def _ramp(share: float) -> str:
    place = share * (len(RAMP) - 1)
    left = min(int(place), len(RAMP) - 2)
    return mix(RAMP[left], RAMP[left + 1], place - left)


def nice_edges(values: Values) -> list[float]:
    """Round class edges that hold the middle 96 % of the known values.

    Parameters
    ----------
    values : array
        NaN is unknown.

    Returns
    -------
    list of float
        Two to ten rising numbers, a round step apart.

    Examples
    --------
    >>> nice_edges(np.arange(101.0))
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    >>> nice_edges(np.array([np.nan]))
    [0.0, 1.0]
    """
    some = _evenly(values)
    known = some[np.isfinite(some)]
    if known.size == 0:
        return [0.0, 1.0]
    low, high = (float(v) for v in np.quantile(known, [0.02, 0.98]))
    # One value, give or take rounding, is one class.
    if not high - low > 1e-9 * max(1.0, abs(low), abs(high)):
        return [low, low + 1.0]
    step = _round_up((high - low) / _STEPS)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def _evenly(values: Values) -> npt.NDArray[Any]:
    """Evenly picked values: enough for round steps."""
    if values.ndim < 2:
        return np.asarray(values)[:: max(1, values.size // _SAMPLE)]
    step = max(1, values.size // _SAMPLE)
    picked = []
    for rows in strips(values.shape):
        before = rows.start * values.shape[1]
        # A copy: a view would keep its whole strip, and so all of them, in memory.
        picked.append(np.asarray(values[rows]).ravel()[-before % step :: step].copy())
    return np.concatenate(picked) if picked else np.empty(0)


def _round_up(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(unit * power for unit in (1.0, 2.0, 2.5, 5.0, 10.0) if unit * power >= step)


def _reasons(rules: Sequence[ExclusionView], values: Values) -> ET.Element:
    made = _renderer("paletted", 0.85)
    palette = ET.SubElement(made, "colorPalette")
    counts = np.zeros(_OUTSIDE + 1, dtype=np.int64)
    for rows in strips(values.shape):
        words = np.asarray(values[rows]).ravel().astype(np.uint16)
        counts += np.bincount(words, minlength=_OUTSIDE + 1)
    for bits in np.flatnonzero(counts[:_OUTSIDE]):
        excluding = [r for r in rules if bits >> r.bit & 1 and r.effect == "exclude"]
        warning = [r for r in rules if bits >> r.bit & 1 and r.effect != "exclude"]
        ET.SubElement(
            palette,
            "paletteEntry",
            value=str(bits),
            label=_reason(excluding, warning),
            color=_reason_colour(excluding),
            alpha="255" if excluding else "110" if warning else "0",
        )
    return made


def _reason(excluding: Sequence[ExclusionView], warning: Sequence[ExclusionView]) -> str:
    shown = [f"Excluded: {' + '.join(r.title for r in excluding)}"] if excluding else []
    shown += [f"Warned: {' + '.join(r.title for r in warning)}"] if warning else []
    return plain("; ".join(shown) or "No rule applies")


def _reason_colour(excluding: Sequence[ExclusionView]) -> str:
    if not excluding:
        return LIGHT["rule"]
    return mix(LIGHT["excluded"], LIGHT["ink"], min(0.08 * excluding[0].bit, 0.5))


def _shade() -> ET.Element:
    # Cells of a kilometre are flat beside their width: heights are raised to be seen.
    return _renderer("hillshade", 0.3, azimuth="315", angle="45", zfactor="8", multidirection="1")
