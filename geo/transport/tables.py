"""Checking and normalising the tables of nodes and links before a network is made of them."""

import re
from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS, Geod

from geo.errors import CrsError, NetworkError

__all__ = [
    "GEOD",
    "MODES",
    "STATUSES",
    "check_tables",
    "normal_gauges",
    "normal_links",
    "normal_nodes",
    "normal_status",
]

GEOD = Geod(ellps="WGS84")
MODES = ("rail", "road", "sea")
STATUSES = ("operating", "under construction", "planned", "disused", "restricted", "unknown")

_WORDS = (
    ("sanction", "restricted"),
    ("restrict", "restricted"),
    ("construction", "under construction"),
    ("plan", "planned"),
    ("propos", "planned"),
    ("disused", "disused"),
    ("abandon", "disused"),
    ("closed", "disused"),
    ("operat", "operating"),
    ("open", "operating"),
    ("unknown", "unknown"),
)
_NODE_COLUMNS = ("node_id", "name", "type", "country")
_LINK_COLUMNS = ("from", "to", "mode", "gauge_mm", "tariff_km", "status")
_TEXTS = (
    "notes",
    "length_source",
    "length_confidence",
    "source",
    "confidence",
)
_NARROWEST, _BROADEST = 500, 1700


def normal_status(text: object) -> str | None:
    """One word of `STATUSES` for a status as sources write it.

    Returns
    -------
    str or None
        ``"unknown"`` for an empty text, None for a text that says nothing known.

    Examples
    --------
    >>> normal_status("restricted (sanctions)")
    'restricted'
    >>> normal_status("operating; to be doubled, planned 2028")
    'operating'
    """
    if text is None or text != text or not str(text).strip():
        return "unknown"
    head = re.split(r"[;,(]", str(text))[0].lower()
    return next((status for word, status in _WORDS if word in head), None)


def normal_gauges(text: object) -> tuple[int, ...]:
    """Track gauges [mm] named in a text, broadest first; remarks in brackets do not count.

    Examples
    --------
    >>> normal_gauges("1435/1520 dual")
    (1520, 1435)
    >>> normal_gauges("1520 (1435 link agreed 2025)")
    (1520,)
    >>> normal_gauges("gap")
    ()
    """
    if text is None or text != text:
        return ()
    numbers = re.findall(r"\d{3,4}", re.sub(r"\(.*?\)", "", str(text)))
    gauges = {int(number) for number in numbers if _NARROWEST < int(number) < _BROADEST}
    return tuple(sorted(gauges, reverse=True))


def normal_nodes(nodes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Nodes by id with lon, lat and gauges.

    Raises
    ------
    CrsError
        If the CRS is missing or is not EPSG:4326.
    NetworkError
        If a column is missing.
    """
    _require(nodes, _NODE_COLUMNS, "node table")
    if nodes.crs is None or CRS.from_user_input(nodes.crs) != CRS.from_epsg(4326):
        raise CrsError(
            "the network's nodes are not in EPSG:4326: reproject with nodes.to_crs(4326)"
        )
    gauges = nodes["gauge_mm"] if "gauge_mm" in nodes else pd.Series([None] * len(nodes))
    usable = ~(nodes.geometry.isna() | nodes.geometry.is_empty)
    return pd.DataFrame(
        {
            "name": nodes["name"].astype(str).to_numpy(),
            "type": nodes["type"].fillna("").astype(str).to_numpy(),
            "country": nodes["country"].astype(str).to_numpy(),
            "gauges": [normal_gauges(text) for text in gauges],
            "lon": [p.x if ok else np.nan for p, ok in zip(nodes.geometry, usable, strict=True)],
            "lat": [p.y if ok else np.nan for p, ok in zip(nodes.geometry, usable, strict=True)],
        },
        index=pd.Index(nodes["node_id"].astype(str), name="node_id"),
    )


def normal_links(links: pd.DataFrame) -> pd.DataFrame:
    """Links with one status word, gauges as numbers and numeric lengths.

    Raises
    ------
    NetworkError
        If a column is missing.
    """
    _require(links, _LINK_COLUMNS, "link table")
    rate = next((c for c in ("usd_per_tkm", "cost_usd_per_tkm") if c in links), None)
    table = pd.DataFrame(
        {
            "from": links["from"].astype(str).to_numpy(),
            "to": links["to"].astype(str).to_numpy(),
            "mode": links["mode"].astype(str).to_numpy(),
            "gauges": [normal_gauges(text) for text in links["gauge_mm"]],
            "tariff_km": pd.to_numeric(links["tariff_km"], errors="coerce").to_numpy(np.float64),
            "status": [normal_status(text) for text in links["status"]],
            "status_text": links["status"].fillna("").astype(str).to_numpy(),
        }
    )
    table["usd_per_tkm"] = (
        pd.to_numeric(links[rate], errors="coerce").to_numpy(np.float64) if rate else np.nan
    )
    for column in _TEXTS:
        table[column] = links[column].fillna("").astype(str).to_numpy() if column in links else ""
    return table


def _require(table: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise NetworkError(f"the {what} lacks the columns {', '.join(missing)}: add them")


def check_tables(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    """Faults that leave no network to speak of, one sentence each.

    Parameters
    ----------
    nodes, links : DataFrame
        As `normal_nodes` and `normal_links` return them.
    """
    return [*_node_faults(nodes), *_link_faults(nodes, links)]


def _node_faults(nodes: pd.DataFrame) -> list[str]:
    twice = sorted(set(nodes.index[nodes.index.duplicated()]))
    faults = [f"node {name} comes twice: keep one row" for name in twice]
    placed = nodes["lon"].between(-180, 180) & nodes["lat"].between(-90, 90)
    faults += [
        f"node {name} has no point on the earth: give longitude and latitude"
        for name in nodes.index[~placed]
    ]
    return faults


def _link_faults(nodes: pd.DataFrame, links: pd.DataFrame) -> list[str]:
    faults = []
    seen: set[tuple[object, ...]] = set()
    for link in links.to_dict("records"):
        name = f"link {link['from']}-{link['to']} ({link['mode']})"
        faults += [f"{name} {fault}" for fault in _one_link(link, set(nodes.index))]
        key = (frozenset((link["from"], link["to"])), link["mode"], link["gauges"])
        if key in seen:
            faults.append(f"{name} comes twice: keep one row")
        seen.add(key)
    return faults


def _one_link(link: Mapping[object, object], known: set[str]) -> list[str]:
    faults = []
    unknown = [str(link[end]) for end in ("from", "to") if link[end] not in known]
    if unknown:
        faults.append(f"names the unknown node {' and '.join(unknown)}: add it or mend the id")
    if link["from"] == link["to"]:
        faults.append("joins a place to itself: remove it")
    if link["mode"] not in MODES:
        faults.append(f"has an unknown mode: write one of {', '.join(MODES)}")
    length = float(str(link["tariff_km"]))
    if not 0 < length < np.inf:
        faults.append(f"has the length {length} km: give a length above 0")
    if not isinstance(link["status"], str):
        faults.append(
            f"has the status {link['status_text']!r}: begin it with one of {', '.join(STATUSES)}"
        )
    if link["mode"] == "rail" and link["status"] == "operating" and not link["gauges"]:
        faults.append("is an operating railway without a gauge: give it in mm")
    return faults
