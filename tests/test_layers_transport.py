"""The embedded transport layers: nothing of the facts lost, and lines where lines should be."""

import hashlib
import tomllib
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from layers.build import osm

LAYERS = Path(__file__).parents[1] / "layers"
ASIA = LAYERS / "northeast-asia"
VECTORS = (
    "transport-nodes", "railways", "trunk-roads", "border-crossings", "ports", "sea-lanes",
)  # fmt: skip
TABLES = ("transport-links", "transport-factors")
BOX = shapely.box(85, 30, 146, 54)
GEOD = Geod(ellps="WGS84")
FACT = "fact table, straight line"


@cache
def record(name: str) -> dict:
    return tomllib.loads((ASIA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def vector(name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(ASIA / f"{name}.gpkg", layer=name.replace("-", "_"))


def _csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


@cache
def table(name: str) -> pd.DataFrame:
    return _csv(ASIA / f"{name}.csv")


def fact(name: str) -> pd.DataFrame:
    return _csv(LAYERS / "build" / "facts" / f"{name}.csv")


@cache
def places() -> dict[str, shapely.Point]:
    nodes = vector("transport-nodes")
    return dict(zip(nodes.node_id, nodes.geometry, strict=True))


@cache
def country() -> dict[str, str]:
    nodes = vector("transport-nodes")
    return dict(zip(nodes.node_id, nodes.country, strict=True))


def km(*line: shapely.Geometry) -> float:
    return abs(sum(GEOD.geometry_length(part) for part in line)) / 1000


def km_to(lines: gpd.GeoDataFrame, place: shapely.Point) -> float:
    shapes = lines.geometry.to_numpy()
    nearest = shapely.STRtree(shapes).nearest(place)
    return km(shapely.shortest_line(place, shapes[nearest]))


def rail_km(start: str, end: str, column: str = "tariff_km") -> float:
    links = table("transport-links")
    rail = links[(links["mode"] == "rail") & (links.status == "operating")]
    ids = sorted(places())
    ends = [[ids.index(name) for name in rail[side]] for side in ("from", "to")]
    matrix = csr_array((rail[column].to_numpy(), ends), shape=(len(ids), len(ids)))
    return float(dijkstra(matrix, directed=False, indices=ids.index(start))[ids.index(end)])


# ---------------------------------------------------------------- files and records


@pytest.mark.parametrize("name", [*VECTORS, *TABLES])
def test_the_file_is_the_one_that_the_record_was_written_for(name: str) -> None:
    told = record(name)
    found = hashlib.sha256((ASIA / told["path"]).read_bytes()).hexdigest()
    assert (told["id"], found) == (name, told["sha256"])


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_are_valid_in_wgs84_and_their_columns_are_described(name: str) -> None:
    frame = vector(name)
    assert frame.crs.to_epsg() == 4326
    assert frame.geometry.is_valid.all()
    assert not frame.geometry.is_empty.any()
    assert set(frame.geom_type) <= {"Point", "LineString"}
    assert list(record(name)["columns"]) == [c for c in frame.columns if c != "geometry"]


@pytest.mark.parametrize("name", TABLES)
def test_columns_of_tables_are_described(name: str) -> None:
    assert list(record(name)["columns"]) == list(table(name).columns)


def test_all_files_together_stay_under_eight_megabytes() -> None:
    assert sum((ASIA / record(name)["path"]).stat().st_size for name in (*VECTORS, *TABLES)) < 8e6


@pytest.mark.parametrize("name", ["railways", "trunk-roads"])
def test_what_stems_from_openstreetmap_says_so_and_keeps_its_licence(name: str) -> None:
    told = record(name)
    assert told["licence"] == "ODbL 1.0"
    assert "© OpenStreetMap contributors" in told["attribution"]
    notice = (ASIA / "ODBL-NOTICE.md").read_text(encoding="utf-8")
    assert f"`{name}`" in notice
    assert "derived databases" in notice
    assert "© OpenStreetMap contributors" in notice


# ---------------------------------------------------------------- facts kept


def test_no_link_of_the_fact_table_is_lost_or_changed() -> None:
    told = fact("transport_links").rename(columns={"length_km": "tariff_km"})
    kept = table("transport-links")
    at_sea = kept["mode"] == "sea"
    # At sea the lane is charged: the facts' lengths begin at the nearest crossing of lanes.
    own = ["tariff_km", "length_source"]
    pd.testing.assert_frame_equal(kept.loc[~at_sea, told.columns], told[~at_sea])
    others = [column for column in told.columns if column not in own]
    pd.testing.assert_frame_equal(kept.loc[at_sea, others], told.loc[at_sea, others])
    np.testing.assert_array_equal(kept.loc[at_sea, "tariff_km"], kept.loc[at_sea, "geometry_km"])


def test_what_sources_say_of_links_stands_in_columns_and_nothing_is_made_up() -> None:
    told, links = fact("link_readings"), table("transport-links")
    keyed = links.set_index(["from", "to", "mode"])
    for row in told.itertuples():
        cell = str(keyed.loc[(row._1, row.to, row.mode), row.what])
        value = str(row.value)
        assert value in cell.removesuffix(".0").split("; ") or float(cell) == float(value), row
        assert row.source in keyed.loc[(row._1, row.to, row.mode), "reading_source"]
    asked = set(zip(told["from"], told.to, told["mode"], told.what, strict=True))
    for what in ("published_km", "electrified", "surface", "opened", "due"):
        known = keyed.index[keyed[what].notna()]
        assert {(*link, what) for link in known} == {one for one in asked if one[3] == what}
    assert set(links.electrified.dropna()) <= {"yes", "no"}
    assert set(links.surface.dropna()) <= {"paved", "unpaved"}
    assert links.opened[links.index[links["from"] == "sukhbaatar"][0]] == "1949; 1950"


def test_lengths_marked_high_are_published_to_one_per_cent_of_what_is_charged() -> None:
    told = fact("link_readings").query("what == 'published_km' and confidence == 'high'")
    keyed = table("transport-links").set_index(["from", "to", "mode"])
    land = told[told["mode"] != "sea"]
    assert len(land) == 15
    for row in land.itertuples():
        charged = keyed.loc[(row._1, row.to, row.mode), "tariff_km"]
        assert charged == pytest.approx(float(row.value), rel=0.01)


def test_crossings_carry_their_dwell_and_throughput_where_known() -> None:
    crossings = vector("border-crossings").set_index("node_id")
    told = fact("crossing_dwell")
    for mode in ("rail", "road"):
        first = told[told["mode"] == mode].drop_duplicates("node_id").set_index("node_id").hours
        known = crossings[f"{mode}_dwell_h"].dropna()
        assert known.to_dict() == first.to_dict()
    assert set(crossings.index[crossings.dwell_source.notna()]) == set(told.node_id)
    passed = crossings.throughput.dropna()
    assert set(passed.index) == set(fact("border_throughput").node_id)
    assert passed["gashuunsukhait"].count("; ") == 2


def test_no_link_at_sea_is_shorter_than_the_great_circle() -> None:
    sea = table("transport-links").query("mode == 'sea'")
    assert (sea.tariff_km > sea.great_circle_km).all()


def test_no_factor_of_the_fact_table_is_lost_or_changed() -> None:
    pd.testing.assert_frame_equal(table("transport-factors"), fact("transport_factors"))


def test_no_node_of_the_fact_table_is_lost_or_moved() -> None:
    told = fact("transport_nodes").set_index("node_id").sort_index()
    kept = vector("transport-nodes").set_index("node_id").sort_index()
    assert list(kept.index) == list(told.index)
    np.testing.assert_allclose(kept.geometry.x, told.lon, atol=1e-9)
    np.testing.assert_allclose(kept.geometry.y, told.lat, atol=1e-9)
    for column in ("name", "type", "country", "source", "confidence"):
        assert (kept[column] == told[column]).all()


def test_nodes_have_ids_and_places_of_their_own() -> None:
    nodes = vector("transport-nodes")
    assert nodes.node_id.is_unique
    assert nodes.geometry.to_wkt().is_unique


def test_every_link_joins_two_known_nodes_and_has_a_length() -> None:
    links = table("transport-links")
    assert set(links["from"]) | set(links["to"]) <= set(places())
    assert (links["from"] != links["to"]).all()
    assert (links.tariff_km > 0).all()
    assert (links.geometry_km > 0).all()
    assert not links.duplicated(["from", "to", "mode"]).any()


def test_every_node_lies_in_its_country_to_five_kilometres() -> None:
    states = vector("countries-northeast-asia").dissolve("iso_a2").geometry
    for row in vector("transport-nodes").itertuples():
        gap = shapely.shortest_line(row.geometry, states[row.country])
        assert km(gap) < 5, row.node_id


# ---------------------------------------------------------------- lengths


def test_rail_from_ulaanbaatar_to_zamyn_uud_is_709_km() -> None:
    assert rail_km("ulaanbaatar", "zamynuud") == pytest.approx(709, rel=0.01)


def test_rail_from_sukhbaatar_to_erenhot_is_the_trans_mongolian_of_1098_km() -> None:
    # Kilometre posts 5925 to 7023 of the Trans-Mongolian railway.
    assert rail_km("sukhbaatar", "erenhot") == pytest.approx(7023 - 5925, rel=0.01)


def test_lines_are_no_shorter_than_the_great_circle_and_not_far_from_the_published_length() -> None:
    links = table("transport-links")
    ends = [[places()[name] for name in links[side]] for side in ("from", "to")]
    straight = np.array([km(shapely.LineString(pair)) for pair in zip(*ends, strict=True)])
    assert (links.geometry_km >= straight * 0.999 - 0.1).all()
    drawn = links.geometry_source != FACT
    assert (links.geometry_km[drawn] <= links.tariff_km[drawn] * 1.25).all()
    np.testing.assert_allclose(links.geometry_km[~drawn], straight[~drawn], atol=0.06)
    land = links["mode"] != "sea"
    assert (links.geometry_km / links.tariff_km)[land].median() == pytest.approx(0.9, abs=0.06)


def test_trans_siberian_railway_goes_round_china() -> None:
    links = table("transport-links").set_index(["from", "to", "mode"])
    assert links.geometry_km["karymskaya", "ussuriysk", "rail"] == pytest.approx(2885, rel=0.1)


# ---------------------------------------------------------------- railways and roads


def test_railways_pass_the_stations_of_the_main_line() -> None:
    existing = vector("railways").query("status in ['not stated', 'operating']")
    for station in ("ulaanbaatar", "bagakhangai", "choir", "airag", "sainshand", "zamynuud"):
        assert km_to(existing, places()[station]) < 5, station


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("tavantolgoi", "zuunbayan"),
        ("tavantolgoi", "gashuunsukhait"),
        ("zuunbayan", "khangi"),
        ("ereentsav", "choibalsan"),
        ("salkhit_jct", "erdenet"),
    ],
)
def test_lines_that_openstreetmap_lacks_stand_in_rows_of_their_own(start: str, end: str) -> None:
    rows = vector("railways")
    row = rows[(rows["from"] == start) & (rows["to"] == end)]
    assert list(row.source) == [FACT]
    assert list(row.status) == ["operating"]
    drawn = shapely.LineString([places()[start], places()[end]])
    assert shapely.hausdorff_distance(row.geometry.iloc[0], drawn) < 2e-4


@pytest.mark.parametrize(("name", "mode"), [("railways", "rail"), ("trunk-roads", "road")])
def test_every_operating_link_of_mongolia_is_in_the_lines(name: str, mode: str) -> None:
    rows, links = vector(name), table("transport-links")
    at_home = (links["from"].map(country()) == "MN") | (links["to"].map(country()) == "MN")
    links = links[(links["mode"] == mode) & (links.status == "operating") & at_home]
    own = set(zip(rows["from"], rows["to"], strict=True))
    existing = rows[rows.status == "not stated"]
    for link in links.itertuples():
        pair = (link._1, link.to)
        if link.geometry_source == FACT:
            assert pair in own
        else:
            assert max(km_to(existing, places()[end]) for end in pair) < 25, pair


@pytest.mark.parametrize(("name", "mode"), [("railways", "rail"), ("trunk-roads", "road")])
def test_what_is_not_built_yet_can_be_told_from_what_is(name: str, mode: str) -> None:
    rows, links = vector(name), table("transport-links")
    wanted = links[(links["mode"] == mode) & links.status.isin(["planned", "under construction"])]
    unbuilt = rows[rows.status.isin(["planned", "under construction"])]
    assert sorted(zip(unbuilt["from"], unbuilt["to"], unbuilt.status, strict=True)) == sorted(
        zip(wanted["from"], wanted["to"], wanted.status, strict=True)
    )
    assert set(rows.status) <= {"not stated", "operating", "planned", "under construction"}


@pytest.mark.parametrize("name", ["railways", "trunk-roads"])
def test_lengths_are_those_of_the_lines_as_drawn(name: str) -> None:
    rows = vector(name).iloc[::50]
    found = np.array([km(line) for line in rows.geometry])
    np.testing.assert_allclose(found, rows.length_km, rtol=0.01, atol=0.1)
    assert (rows.straight_km <= rows.length_km + 0.1).all()
    own = vector(name).query("source == 'OpenStreetMap'")
    assert own.within(BOX.buffer(0.1)).all()
    assert (own.query("country == 'MN'").straight_km <= 300).all()


@pytest.mark.parametrize(
    ("name", "low", "high"), [("railways", 50_000, 180_000), ("trunk-roads", 200_000, 500_000)]
)
def test_networks_are_of_a_plausible_size_and_hang_together(name, low, high) -> None:
    rows = vector(name)
    assert low < rows.length_km.sum() < high
    mainland = rows[(rows.source == "OpenStreetMap") & rows.country.isin(["CN", "RU", "MN"])]
    ends = shapely.get_point(mainland.geometry, 0), shapely.get_point(mainland.geometry, -1)
    points = np.round(np.concatenate([shapely.get_coordinates(e) for e in ends]), 4)
    _, index = np.unique(points, axis=0, return_inverse=True)
    tail, head = index.ravel().reshape(2, -1)
    matrix = csr_array((np.ones(len(tail)), (tail, head)), shape=(index.max() + 1,) * 2)
    part = connected_components(matrix, directed=False)[1]
    share = mainland.length_km.groupby(part[tail]).sum().max() / mainland.length_km.sum()
    assert share > 0.85


# ---------------------------------------------------------------- sea, ports, crossings


def test_every_sea_link_has_one_lane_from_port_to_port() -> None:
    links = table("transport-links").query("mode == 'sea'")
    lanes = vector("sea-lanes")
    assert sorted(zip(lanes["from"], lanes.to, strict=True)) == sorted(
        zip(links["from"], links.to, strict=True)
    )
    for lane in lanes.itertuples():
        ends = shapely.get_point(lane.geometry, 0), shapely.get_point(lane.geometry, -1)
        for end, port in zip(ends, (lane._1, lane.to), strict=True):
            assert shapely.distance(end, places()[port]) < 1e-5
        assert km(lane.geometry) == pytest.approx(lane.km, abs=0.1)


def test_lanes_are_near_the_lengths_that_searoute_gave() -> None:
    lanes = vector("sea-lanes")
    ratio = lanes.km / lanes.tariff_km
    # The published lengths begin at the nearest crossing of lanes, up to 140 km from the quay.
    assert ratio.median() == pytest.approx(1, abs=0.03)
    # Bends of the network over open water are cut off: by a sixth at most.
    assert ratio.between(0.82, 1.25).all()


def test_lanes_cross_land_at_their_ports_only() -> None:
    states = vector("countries-northeast-asia").geometry
    land = shapely.union_all(states.to_numpy())
    shapely.prepare(land)
    ports = shapely.MultiPoint(
        [p for n, p in places().items() if n in set(vector("ports").node_id)]
    )
    harbours = shapely.buffer(ports, 0.25)
    for lane in vector("sea-lanes").itertuples():
        over = shapely.intersection(lane.geometry, land)
        assert km(over) < 12, (lane._1, lane.to)
        # Islets off Korea and Japan lie under lanes drawn for small scales.
        assert km(shapely.difference(over, harbours)) < 6, (lane._1, lane.to)


def test_ports_have_the_role_that_the_network_gives_them() -> None:
    ports = vector("ports")
    own = ports[ports.node_id.notna()].set_index("node_id")
    links = table("transport-links").query("mode == 'sea'")
    assert set(own.index) == set(links["from"]) | set(links.to)
    assert set(own.index[own.role == "export"]) == set(links["from"])
    assert {"onsan", "saganoseki", "naoshima", "tamano", "toyo", "onahama"} == set(
        own.index[own.role == "smelter"]
    )
    assert {"busan", "niigata"} <= set(own.index[own.role == "destination"])


def test_ports_of_the_index_lie_in_the_box_near_those_of_the_network() -> None:
    ports = vector("ports")
    index = ports[ports.wpi_number.notna()]
    assert len(index) == 241
    assert index.wpi_number.is_unique
    assert index.covered_by(BOX).all()
    assert (index.role == "port").all()
    for name in ("tianjin", "dalian", "busan", "incheon", "niigata", "vladivostok"):
        assert km_to(index, places()[name]) < 35, name


def test_crossings_are_the_border_nodes_and_claim_no_class_without_a_source() -> None:
    crossings = vector("border-crossings").set_index("node_id")
    nodes = fact("transport_nodes")
    assert set(crossings.index) == set(nodes.node_id[nodes["type"].str.contains("BCP")])
    known = crossings["class"] != "unknown"
    assert set(crossings.index[known]) == {"sumber", "arxan"}
    assert set(crossings["class"][known]) == {"seasonal"}
    assert (crossings.class_source.notna() == known).all()
    assert crossings.class_source["sumber"].count("transport_links") == 1


# ---------------------------------------------------------------- the making of the lines


def graph(points: list[tuple[float, float]], edges: list[tuple[int, int]]) -> osm.Graph:
    return osm.Graph(np.array(points, dtype=float), np.array(edges))


def pieces(network: osm.Graph) -> list[tuple[tuple[float, float], ...]]:
    """Edges as pairs of places, west end first."""
    return sorted(
        tuple(sorted(map(tuple, edge))) for edge in network.points[network.edges].tolist()
    )


def test_a_long_edge_is_bent_through_the_place_beside_it_and_a_far_place_is_left_alone() -> None:
    straight = graph([(100, 45), (102, 45)], [(0, 1)])
    places = np.array([(101.0, 45.1), (101.0, 46.0)])
    bent = osm.bend(straight, places, longer_than=25, offset_km=35, stretch=1.06)
    assert pieces(bent) == [((100, 45), (101, 45.1)), ((101, 45.1), (102, 45))]
    assert bent.km.sum() == pytest.approx(158.6, abs=0.6)


def test_two_places_bend_an_edge_in_the_order_in_which_it_passes_them() -> None:
    straight = graph([(100, 45), (103, 45)], [(0, 1)])
    places = np.array([(102.0, 45.05), (101.0, 44.95)])
    bent = osm.bend(straight, places, longer_than=25, offset_km=35, stretch=1.06)
    assert pieces(bent) == [
        ((100, 45), (101, 44.95)),
        ((101, 44.95), (102, 45.05)),
        ((102, 45.05), (103, 45)),
    ]


def test_thinning_drops_the_side_that_two_others_make_needless() -> None:
    flat = graph([(100, 45), (100.1, 45.005), (100.2, 45)], [(0, 1), (1, 2), (0, 2)])
    everywhere = np.ones(3, dtype=bool)
    thin = osm.thin(flat, everywhere, steps=(1e-4, 0.01), detour=1.15)
    assert len(thin.edges) == 2
    kept = osm.thin(flat, everywhere, steps=(1e-4, 0.01), detour=1.0001)
    assert len(kept.edges) == 3


def test_pruning_cuts_short_dead_ends_outside_the_spared_region() -> None:
    star = graph([(100, 45), (101, 45), (100, 45.01), (101, 45.01)], [(0, 1), (0, 2), (1, 3)])
    spare = shapely.box(100.5, 45.005, 102, 46)
    pruned = osm.prune(star, 5, spare)
    assert pruned.points.tolist() == [[100, 45], [101, 45], [101, 45.01]]


def test_a_way_keeps_to_the_lines_and_none_is_invented_where_none_is() -> None:
    corner = graph(
        [(100, 45), (101, 45), (101, 46), (110, 45), (111, 45)], [(0, 1), (1, 2), (3, 4)]
    )
    nodes = {"a": (100.0, 45.02), "b": (101.0, 46.0), "c": (110.0, 45.0)}
    there, nowhere = osm.ways(corner, nodes, np.array([("a", "b"), ("a", "c")]), 25)
    assert list(there.coords) == [(100, 45.02), (100, 45), (101, 45), (101, 46)]
    assert nowhere is None


def test_a_port_is_joined_round_the_land_rather_than_over_it() -> None:
    lanes = graph([(0, 0), (0, 1), (1, 1), (1, 0)], [(0, 1), (1, 2), (2, 3)])
    nodes = {"port": (0.3, 0.5), "far": (0.0, 0.0)}
    dense, pair = osm.densify(lanes, 5), np.array([("far", "port")])
    cape = shapely.box(0.05, 0.2, 0.25, 0.8)
    (over,) = osm.ways(dense, nodes, pair, 150)
    (around,) = osm.ways(dense, nodes, pair, 150, avoid=cape)
    assert km(shapely.intersection(over, cape)) > 20
    assert km(shapely.intersection(around, cape)) == 0
    assert km(around) > 2 * km(over)


def test_lines_are_merged_between_junctions_and_kept_apart_by_country() -> None:
    row = graph([(100, 45), (101, 45), (102, 45.5), (103, 45)], [(0, 1), (1, 2), (2, 3)])
    frame = osm.merge_lines(row, np.array(["MN", "MN", "CN"]), {"": 0.01, "MN": 0.001})
    assert sorted(zip(frame.country, shapely.get_num_coordinates(frame.geometry), strict=True)) == [
        ("CN", 2),
        ("MN", 3),
    ]
    assert osm.straight_km(frame.geometry.to_numpy()) == pytest.approx([96.3, 96.5], abs=0.5)
