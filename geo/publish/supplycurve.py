"""Supply curves as rows, as plain data for the web map, and as a picture."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.publish.content import Content, LoadView, SupplyView
from geo.publish.safetext import as_html, number, plain

__all__ = ["loads_of", "supplies_of", "supply_rows", "supply_svg", "write_supply_svg"]

Json = dict[str, Any]
Floats = npt.NDArray[np.float64]

SUPPLY_COLUMNS: Final = (
    "technology", "theme", "province", "load_km_to", "area_km2", "capacity_mw", "energy_gwh",
    "usd_per_mwh", "cumulative_gw", "cumulative_twh",
)  # fmt: skip
IN_MONEY: Final = {"cost": "usd_per_mwh", "cost_low": "usd_per_mwh_low",
                   "cost_high": "usd_per_mwh_high"}  # fmt: skip
"""Names of costs in files, where the unit cannot stand beside them."""
_STEPS: Final = 120
"""Most steps of a curve that the page carries."""
_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 36, 52
_COLOURS: Final = {"solar": "#b07a00", "wind": "#2f6f9f"}


def supply_rows(content: Content) -> pd.DataFrame:
    """Rows of ``supply_curve.csv``; ``load_km_to`` is missing beyond the last class.

    Parameters
    ----------
    content : Content

    Returns
    -------
    DataFrame
    """
    frames = [
        view.table.assign(technology=view.technology, theme=view.theme) for view in content.supply
    ]
    table = pd.concat(frames, ignore_index=True).rename(columns=IN_MONEY)[list(SUPPLY_COLUMNS)]
    return table.assign(load_km_to=table["load_km_to"].replace(np.inf, np.nan))


def supplies_of(content: Content) -> list[Json]:
    """Supply curves for the page's script.

    Each has ``technology``, ``theme``, ``source``, ``basis``, ``currency_year``, ``density``
    [MW/km²], ``eligible_km2``, ``unknown_km2``, ``curve`` (pairs of cumulative GW and USD/MWh, as
    steps) and ``groups``: for ``province`` and ``load_km_to`` [km] rows of name, GW, TWh a year
    and mean USD/MWh.
    """
    return [_supply(view) for view in content.supply]


def _supply(view: SupplyView) -> Json:
    gigawatts, cost = _steps(view.table, _STEPS)
    return {
        "technology": plain(view.technology),
        "theme": plain(view.theme),
        "source": plain(view.source),
        "basis": plain(view.basis),
        "currency_year": view.currency_year,
        "density": number(view.density, 4),
        "eligible_km2": number(view.eligible_km2, 7),
        "unknown_km2": number(view.unknown_km2, 7),
        "curve": [[number(x, 6), number(y, 4)] for x, y in zip(gigawatts, cost, strict=True)],
        "groups": {key: _group(view.table, key) for key in ("province", "load_km_to")},
    }


def _group(table: pd.DataFrame, key: str) -> list[list[Any]]:
    rows = []
    for name, some in table.groupby(key, sort=True):
        energy = float(some["energy_gwh"].sum())
        mean = float((some["cost"] * some["energy_gwh"]).sum()) / energy
        label = plain(str(name)) if key == "province" else number(name, 4)
        gigawatts = float(some["capacity_mw"].sum()) / 1000
        rows.append([label, number(gigawatts, 5), number(energy / 1000, 5), number(mean, 4)])
    return rows


def _steps(table: pd.DataFrame, most: int) -> tuple[Floats, Floats]:
    """Cumulative GW and cost of a curve, thinned to so many steps of equal height."""
    cost = table["cost"].to_numpy(dtype=np.float64)
    total = table["cumulative_gw"].to_numpy(dtype=np.float64)
    if len(cost) <= most:
        return total, cost
    marks = np.linspace(cost[0], cost[-1], most + 1)[1:]
    last = np.unique(np.searchsorted(cost, marks, side="right") - 1)
    return total[last], cost[last]


def loads_of(content: Content) -> list[Json]:
    """Loads and their mixes for the page's script.

    Each has ``id``, ``title``, ``mean_mw``, ``seeds``, ``backup``, ``basis``, ``source`` and
    ``sites``: rows as of ``power.csv``, sizes in MW and MWh, costs in USD/MWh, shares from 0 to
    1, CO2 in t/MWh; None is unknown.
    """
    return [_load(view) for view in content.loads]


def _load(view: LoadView) -> Json:
    numbers = [name for name in view.table if name not in ("theme", "site_id", "name")]
    sites = [
        {name: plain(row[name]) for name in ("theme", "site_id", "name")}
        | {name: number(row[name], 5) for name in numbers}
        for row in view.table.to_dict("records")
    ]
    return {
        "id": plain(view.id),
        "title": plain(view.title),
        "mean_mw": number(view.mean_mw, 5),
        "seeds": view.seeds,
        "backup": [plain(name) for name in view.backup],
        "basis": plain(view.basis),
        "source": plain(view.source),
        "sites": sites,
    }


def write_supply_svg(content: Content, path: Path) -> None:
    """Write the picture of all supply curves.

    Parameters
    ----------
    content : Content
    path : Path
    """
    path.write_text(supply_svg(content.supply), "utf-8")


def supply_svg(views: tuple[SupplyView, ...]) -> str:
    """Draw supply curves as steps, the axis of capacity logarithmic.

    Parameters
    ----------
    views : tuple of SupplyView

    Returns
    -------
    str
        An ``<svg>`` element; a curve without a known row is named and not drawn.
    """
    drawn = [view for view in views if len(view.table)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'role="img" font-family="system-ui, sans-serif" font-size="13">',
        "<title>Supply curves: cumulative capacity against cost</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
    ]
    if drawn:
        parts += _axes_and_curves(drawn)
    parts += [_legend(view, place) for place, view in enumerate(views)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes_and_curves(views: list[SupplyView]) -> list[str]:
    totals = [float(view.table["cumulative_gw"].iloc[-1]) for view in views]
    firsts = [float(view.table["cumulative_gw"].iloc[0]) for view in views]
    low = np.floor(np.log10(min(firsts)))
    high = max(np.ceil(np.log10(max(totals))), low + 1)
    top = float(np.ceil(max(float(view.table["cost"].max()) for view in views) / 20) * 20)

    def x(value: float) -> float:
        share = (np.log10(value) - low) / (high - low)
        return round(_LEFT + float(share) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(_HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM), 1)

    floor, parts = y(0), []
    for power in range(int(low), int(high) + 1):
        at = x(10.0**power)
        parts.append(f'<path d="M{at} {_TOP}V{floor}" stroke="#e3e6ea"/>')
        parts.append(f'<text x="{at}" y="{floor + 18}" text-anchor="middle">{10.0**power:g}</text>')
    for line in range(0, int(top) + 1, 20):
        parts.append(f'<path d="M{_LEFT} {y(line)}H{_WIDTH - _RIGHT}" stroke="#e3e6ea"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y(line) + 4}" text-anchor="end">{line}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 12}">cumulative GW (logarithmic)</text>')
    money = f"USD/MWh, {views[0].basis}, money of {views[0].currency_year}"
    parts.append(f'<text x="{_LEFT}" y="20">{as_html(money)}</text>')
    for view in views:
        total, cost = _steps(view.table, 4 * _STEPS)
        ways = [f"M{x(float(total[0]))} {y(float(cost[0]))}"]
        ways += [f"V{y(float(c))}H{x(float(g))}" for g, c in zip(total[1:], cost[1:], strict=True)]
        parts.append(
            f'<path d="{"".join(ways)}" fill="none" stroke="{_COLOURS[view.technology]}" '
            'stroke-width="2"/>'
        )
    return parts


def _legend(view: SupplyView, place: int) -> str:
    known = view.eligible_km2 - view.unknown_km2
    said = f"{view.technology}: {known:,.0f} of {view.eligible_km2:,.0f} km² known"
    x, y = _WIDTH - _RIGHT, 20 + 18 * place
    return (
        f'<text x="{x}" y="{y}" text-anchor="end" fill="{_COLOURS[view.technology]}">'
        f"{as_html(said)}</text>"
    )
