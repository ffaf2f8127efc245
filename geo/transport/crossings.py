"""Border crossings: the class that says whose cargo may pass, and roads between facing posts."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.transport.kinds import CROSSING_CLASSES
from geo.transport.odd import crow_km
from geo.transport.tables import GEOD

__all__ = ["classes_of", "dwell_of", "foreign_classes", "with_assumed"]


def foreign_classes(crossings: pd.DataFrame | None) -> list[str]:
    """Faults of a table of crossings: classes that are none, one sentence each."""
    if crossings is None:
        return []
    found = sorted(set(crossings["class"].fillna("unknown").astype(str)) - set(CROSSING_CLASSES))
    known = ", ".join(CROSSING_CLASSES)
    return [f"crossing class {name!r} is unknown: write one of {known}" for name in found]


def classes_of(links: pd.DataFrame, crossings: pd.DataFrame | None) -> list[str]:
    """Class of each of some links over a border."""
    stated: dict[str, set[str]] = {}
    if crossings is not None:
        for node, told in zip(crossings["node_id"], crossings["class"], strict=True):
            stated.setdefault(str(node), set()).add("unknown" if told != told else str(told))
    told = {node: _agreed(classes) for node, classes in stated.items()}
    return [
        _stricter(told.get(a, "unknown"), told.get(b, "unknown"))
        for a, b in zip(links["from"], links["to"], strict=True)
    ]


def dwell_of(links: pd.DataFrame, crossings: pd.DataFrame | None) -> npt.NDArray[np.float64]:
    """Hours that cargo stands at each of some links over a border; NaN where not known.

    The longer of its two places, where `crossings` knows both in ``rail_dwell_h`` or
    ``road_dwell_h``.
    """
    found = np.full(len(links), np.nan)
    for mode in ("rail", "road"):
        if crossings is None or f"{mode}_dwell_h" not in crossings:
            continue
        told = crossings.dropna(subset=[f"{mode}_dwell_h"]).astype({"node_id": str})
        hours = told.groupby("node_id")[f"{mode}_dwell_h"].first()
        ends = [hours.reindex(links[end]).to_numpy(np.float64) for end in ("from", "to")]
        found = np.where(links["mode"] == mode, np.fmax(*ends), found)
    return found


def _agreed(classes: set[str]) -> str:
    """One class of all readings of a crossing: where they differ it is disputed."""
    return next(iter(classes)) if len(classes) == 1 else "disputed"


def _stricter(one: str, other: str) -> str:
    both = {one, other}
    return next(
        name
        for name in ("bilateral", "seasonal", "disputed", "international", "unknown")
        if name in both
    )


def with_assumed(nodes: pd.DataFrame, links: pd.DataFrame, reach: float) -> pd.DataFrame:
    """Add roads between facing border posts that open links serve on both sides."""
    used = links[links["open"]]
    kept = nodes["type"].str.contains("BCP")
    kept &= nodes.index.isin(used["from"]) | nodes.index.isin(used["to"])
    records = nodes[kept].reset_index().to_dict("records")
    posts = [row for row in records if _post(str(row["type"]))]
    roads = links[links["mode"] == "road"]
    joined = {frozenset(pair) for pair in zip(roads["from"], roads["to"], strict=True)}
    detour = float(np.median(roads["tariff_km"] / crow_km(nodes, roads))) if len(roads) else 1.0
    rows = []
    for one, other in combinations(posts, 2):
        km = GEOD.inv(one["lon"], one["lat"], other["lon"], other["lat"])[2] / 1000.0
        ends = {"from": one["node_id"], "to": other["node_id"]}
        abroad = one["country"] != other["country"]
        if abroad and km <= reach and frozenset(ends.values()) not in joined:
            rows.append({**_ROAD, **ends, "tariff_km": km * detour})
    return pd.concat([links, pd.DataFrame(rows)], ignore_index=True) if rows else links


_ROAD = {
    "mode": "road",
    "gauges": (),
    "status": "operating",
    "status_text": "",
    "usd_per_tkm": np.nan,
    "electrified": "",
    "opened": "",
    "due": "",
    "notes": "",
    "length_source": "straight line times the median detour of the table's roads",
    "length_confidence": "low",
    "source": "assumption: both posts are served, the table has no road between them",
    "confidence": "low",
    "surface": "",
    "geometry_km": np.nan,
    "published_km": np.nan,
    "assumed": True,
    "open": True,
    "shut": "",
}


def _post(kind: str) -> bool:
    """Whether a node is a border post that road vehicles may pass."""
    return "BCP" in kind and ("rail" not in kind or "road" in kind)
