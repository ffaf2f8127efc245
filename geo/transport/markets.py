"""Destinations that the network's tables lack: ports of a layer of ports, joined by sea.

Where a product is wanted is data. A port that no table names is taken from the layer of ports, and
reached over the sea lanes from every port that the tables ship from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

import geopandas as gpd
import pandas as pd

from geo.errors import NetworkError
from geo.transport.sea import SeaGraph

__all__ = ["Markets", "port_ids", "with_ports"]

_GENERIC = re.compile(r"[\s-]+(?:ko|gang|hang|port|harbou?r|wan)$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Markets:
    """Tables of a network with the ports that were asked for."""

    nodes: gpd.GeoDataFrame
    links: pd.DataFrame
    lanes: gpd.GeoDataFrame


def port_ids(ports: gpd.GeoDataFrame) -> "pd.Series[str]":
    """Ids by which the rows of a layer of ports may be asked for.

    Parameters
    ----------
    ports : GeoDataFrame
        With ``name``.

    Returns
    -------
    Series of str
        The name in small letters with hyphens, without a last word that only says port.

    Examples
    --------
    >>> port_ids(gpd.GeoDataFrame({"name": ["Nagoya Ko", "Dar Es Salaam"]})).tolist()
    ['nagoya', 'dar-es-salaam']
    """
    bare = ports["name"].astype(str).map(lambda name: _GENERIC.sub("", name.strip()))
    slug = bare.str.lower().str.replace(r"[^0-9a-z]+", "-", regex=True).str.strip("-")
    return pd.Series(slug, index=ports.index, dtype=object)


def with_ports(
    nodes: gpd.GeoDataFrame,
    links: pd.DataFrame,
    lanes: gpd.GeoDataFrame,
    ports: gpd.GeoDataFrame,
    wanted: Sequence[str],
    *,
    land: gpd.GeoDataFrame | None = None,
) -> Markets:
    """Add ports that are wanted and missing, with a way over the sea from each export port.

    Parameters
    ----------
    nodes, links : GeoDataFrame, DataFrame
        Tables as of `geo.transport.network.Network.from_tables`.
    lanes : GeoDataFrame
        Sea lanes in EPSG:4326; new ones are added with ``from`` and ``to``.
    ports : GeoDataFrame
        Points in EPSG:4326 with ``name`` and ``country`` (ISO 3166, two letters).
    wanted : sequence of str
        Ids, see `port_ids`. Those that are nodes already are left as they are.
    land : GeoDataFrame, optional
        See `geo.transport.sea.SeaGraph`.

    Returns
    -------
    Markets
        Cargo leaves from the ports at which the table's sea links begin; where it has none,
        from every node whose type says port.

    Raises
    ------
    NetworkError
        If the layer has no such port, several of one name, or there is no port to ship from.
    DataError
        If a port lies too far from the lanes or they do not join it.
    """
    missing = [name for name in dict.fromkeys(wanted) if name not in set(nodes["node_id"])]
    if not missing:
        return Markets(nodes, links, lanes)
    rows = [_port(ports, name) for name in missing]
    sources = _exports(nodes, links)
    graph = SeaGraph(lanes, land)
    new_lanes, new_links = [], []
    for name, row in zip(missing, rows, strict=True):
        for start, place in sources.items():
            drawn = graph.way(place, (row.geometry.x, row.geometry.y))
            new_lanes.append({"from": start, "to": name, "geometry": drawn.line})
            new_links.append(
                {
                    "from": start,
                    "to": name,
                    "mode": "sea",
                    "gauge_mm": None,
                    "tariff_km": round(drawn.km, 1),
                    "status": "operating",
                    "length_source": "way over the sea lanes, from quay to quay",
                    "length_confidence": "medium",
                    "source": "port of the layer of ports",
                    "confidence": "medium",
                }
            )
    added = gpd.GeoDataFrame(
        [
            {
                "node_id": name,
                "name": str(row["name"]),
                "type": "sea port",
                "country": str(row["country"]),
                "geometry": row.geometry,
            }
            for name, row in zip(missing, rows, strict=True)
        ],
        crs=4326,
    )
    return Markets(
        nodes=_below(nodes, added),
        links=pd.DataFrame(pd.concat([links, pd.DataFrame(new_links)], ignore_index=True)),
        lanes=_below(lanes, gpd.GeoDataFrame(new_lanes, crs=4326)),
    )


def _below(frame: gpd.GeoDataFrame, more: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    joined = pd.concat([frame, more], ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=4326)


def _port(ports: gpd.GeoDataFrame, name: str) -> "pd.Series[Any]":
    ids = port_ids(ports)
    found = ports[ids == name]
    if "node_id" in found:
        # A row that stands for a node of the network has its place there.
        found = found[found["node_id"].isna()]
    if found.empty:
        near = get_close_matches(name, sorted(set(ids)), n=1)
        hint = f": did you mean {near[0]!r}?" if near else ": add it to either"
        raise NetworkError(f"neither the nodes nor the layer of ports has {name!r}{hint}")
    if len(found) > 1:
        raise NetworkError(
            f"the layer of ports has {len(found)} ports {name!r} "
            f"({', '.join(found['country'].astype(str))}): make the one that is meant a node"
        )
    return cast("pd.Series[Any]", found.iloc[0])


def _exports(nodes: gpd.GeoDataFrame, links: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Ports that cargo leaves from, with their places."""
    starts = set(links.loc[links["mode"] == "sea", "from"])
    told = nodes["type"].fillna("").astype(str).str.contains("port")
    mine = nodes[nodes["node_id"].isin(starts) if starts else told]
    if mine.empty:
        raise NetworkError(
            "the tables have no port to ship from: give a node whose type says port, or a sea link"
        )
    points = zip(mine["node_id"].astype(str), mine.geometry, strict=True)
    return {name: (point.x, point.y) for name, point in points}
