"""Checking and normalising the tables of nodes and links before a network is made of them."""

import re
from collections.abc import Callable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Geod

from geo.errors import CrsError, NetworkError

__all__ = [
    "GEOD",
    "MODES",
    "STATUSES",
    "check_tables",
    "geodesic_km",
    "normal_gauges",
    "normal_links",
    "normal_nodes",
    "normal_status",
    "normal_surface",
]

GEOD = Geod(ellps="WGS84")


def geodesic_km(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Distance on the ellipsoid between (n, 2) arrays of longitude and latitude [km]."""
    metres = GEOD.inv(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[2]
    return np.asarray(metres, dtype=np.float64) / 1000.0


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
    "electrified",
    "opened",
    "due",
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


def normal_surface(text: object) -> str:
    """``paved``, ``unpaved`` or, where a text says neither, ``""``.

    Examples
    --------
    >>> normal_surface("asphalt"), normal_surface("gravel"), normal_surface(None)
    ('paved', 'unpaved', '')
    """
    said = "" if text is None or text != text else str(text).lower()
    if re.search(r"unpaved|gravel|earth|dirt|track|sand", said):
        return "unpaved"
    return "paved" if re.search(r"paved|asphalt|concrete", said) else ""


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
    shapes = nodes.geometry.to_numpy()
    return pd.DataFrame(
        {
            "name": nodes["name"].astype(str).to_numpy(),
            "type": nodes["type"].fillna("").astype(str).to_numpy(),
            "country": nodes["country"].astype(str).to_numpy(),
            "gauges": _each(gauges, normal_gauges),
            "lon": shapely.get_x(shapes),
            "lat": shapely.get_y(shapes),
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
            "gauges": _each(links["gauge_mm"], normal_gauges),
            "tariff_km": _numbers(links["tariff_km"]),
            "status": _each(links["status"], normal_status),
            "status_text": links["status"].fillna("").astype(str).to_numpy(),
        }
    )
    table["usd_per_tkm"] = _numbers(links[rate]) if rate else np.nan
    for column in ("geometry_km", "published_km"):
        table[column] = _numbers(links[column]) if column in links else np.nan
    table["surface"] = _each(links["surface"], normal_surface) if "surface" in links else ""
    for column in _TEXTS:
        table[column] = _each(links[column], _text) if column in links else ""
    return table


def _text(value: object) -> str:
    """A cell as text, a year without its decimals; empty where unknown."""
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _each(values: pd.Series, read: Callable[[object], object]) -> npt.NDArray[np.object_]:
    """Read every different text once."""
    codes, different = pd.factorize(values.to_numpy(dtype=object), use_na_sentinel=False)
    found = np.empty(len(different), dtype=object)
    for k, text in enumerate(different):
        found[k] = read(text)
    return found[codes]


def _numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    return np.asarray(pd.to_numeric(values, errors="coerce").to_numpy(np.float64))


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
    """Faults of all links; only rows with a fault are looked at one by one."""
    known = links["from"].isin(nodes.index) & links["to"].isin(nodes.index)
    length = links["tariff_km"].to_numpy(np.float64)
    ungauged = (links["mode"] == "rail") & (links["status"] == "operating")
    ungauged &= links["gauges"].map(len) == 0
    told = links["status"].notna()
    sound = known & (links["from"] != links["to"]) & links["mode"].isin(MODES) & told & ~ungauged
    sound &= (length > 0) & (length < np.inf) & ~(links["usd_per_tkm"] < 0)
    again = _again(links)
    faults = []
    for row in np.flatnonzero(~sound.to_numpy() | again):
        link = links.iloc[row].to_dict()
        name = f"link {link['from']}-{link['to']} ({link['mode']})"
        faults += [f"{name} {fault}" for fault in _one_link(link, nodes.index)]
        if again[row]:
            faults.append(f"{name} comes twice: keep one row")
    return faults


def _again(links: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Links that join the same places by the same mode and gauges as one before them."""
    ends = pd.factorize(pd.concat([links["from"], links["to"]]))[0].reshape(2, -1)
    keys = {"low": ends.min(axis=0), "high": ends.max(axis=0)}
    keys |= {name: pd.factorize(links[name])[0] for name in ("mode", "gauges")}
    return np.asarray(pd.DataFrame(keys).duplicated().to_numpy())


def _one_link(link: Mapping[object, object], known: pd.Index) -> list[str]:
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
    if float(str(link["usd_per_tkm"])) < 0:
        faults.append(f"costs {link['usd_per_tkm']} USD/tkm: give a rate of 0 or more")
    if not isinstance(link["status"], str):
        faults.append(
            f"has the status {link['status_text']!r}: begin it with one of {', '.join(STATUSES)}"
        )
    if link["mode"] == "rail" and link["status"] == "operating" and not link["gauges"]:
        faults.append("is an operating railway without a gauge: give it in mm")
    return faults
