"""The freight surface and the routes under it agree with each other and with the hand."""

import geopandas as gpd
import numpy as np
import pytest
from freight_cases import LINKS, NODES, ORE, PARTS, network
from odc.geo.geobox import GeoBox
from shapely import LineString

from geo.errors import CrsError, DataError, GridError, NetworkError
from geo.grid import as_dataarray
from geo.transport.freight import freight_surface, onward_cost, truck_friction
from geo.transport.routes import ROUTE_COLUMNS, routes

# a lies at x = 0, y at 89.06 km, z (abroad) at 97.96 km.
GRID = GeoBox.from_bbox((-10_500, -3_500, 109_500, 3_500), "EPSG:3857", resolution=1000, tight=True)
UNPAVED = 0.2 / 1000


# From the yard a truck loads onto the gauge of the country beyond: no gauge change.
FROM_YARD = sum(PARTS) - 5.0 - 6.0


def truck(friction=UNPAVED, paved=None):
    values = np.broadcast_to(np.asarray(friction, dtype=float), GRID.shape).copy()
    array = as_dataarray(values, GRID, name="truck", unit="USD/t/m", long_name="trucking")
    mark = np.zeros(GRID.shape, bool) if paved is None else paved
    return array.assign_coords(paved=(("y", "x"), mark))


def surface(net=None, friction=None, **options):
    options.setdefault("countries", ["AA"])
    return freight_surface(
        net or network(), ["d"], ORE, friction if friction is not None else truck(),
        grid=GRID, **options,
    )  # fmt: skip


def sites(*east, name=True):
    table = {"site_id": [f"s{int(x)}" for x in east]}
    if name:
        table["name"] = [f"Site {int(x)}" for x in east]
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(east, [0.0] * len(east)), crs=3857)


def at(found, x):
    return float(found.cost.sel(x=x, y=0, method="nearest"))


def test_the_best_access_node_serves_not_the_nearest():
    found = surface()
    # 40 km from the mine's station, 49 km from the yard, whence it is 11 USD cheaper.
    assert at(found, 40_000) == pytest.approx(49 * 0.2 + FROM_YARD)
    row = found.allocation.sel(x=40_000, y=0, method="nearest").item()
    assert found.access["node_id"].iloc[row] == "y"


def test_a_cell_costs_no_more_than_trucking_to_any_access_node():
    found, onward = surface(), onward_cost(network(), ["d"], ORE)
    assert float(found.cost.max()) <= onward["usd_per_t"].iloc[0] + 0.2 * 90
    for node, x in (("a", 0), ("y", 89_000)):
        start = onward.set_index("node_id")["usd_per_t"][node]
        assert at(found, x) <= start + 1e-9


def test_foreign_places_serve_only_over_the_network():
    assert "z" not in surface().access["node_id"].tolist()
    assert at(surface(countries=None), 98_000) < at(surface(), 98_000)


def test_a_place_on_a_barrier_serves_from_near_by():
    values = np.full(GRID.shape, UNPAVED)
    values[:, 98:101] = np.nan
    found = surface(friction=truck(values), snap_km=3.0)
    placed = found.access.set_index("node_id").loc["y"]
    assert placed["column"] in (97, 101)
    assert np.isnan(at(found, 89_000))
    with_none = surface(friction=truck(values), snap_km=1.2)
    assert with_none.access["node_id"].tolist() == ["a"]


def test_land_without_a_way_out_is_unknown():
    values = np.full(GRID.shape, UNPAVED)
    values[:, 105] = np.nan
    found = surface(friction=truck(values))
    assert np.isnan(found.cost.values[:, 106:]).all()
    assert (found.allocation.values[:, 106:] == -1).all()


def test_of_two_places_in_a_cell_the_cheaper_serves():
    nodes = {**NODES, "a2": (0.001, 0.0, "AA", "town", "")}
    links = [("a2", "y", "road", "", 200.0, "operating", np.nan), *LINKS]
    found = surface(network(links, nodes))
    assert "a" in found.access["node_id"].tolist()
    assert "a2" not in found.access["node_id"].tolist()


def test_legs_add_up_to_the_surface_and_rise_from_low_to_high():
    paved = np.zeros(GRID.shape, bool)
    paved[:, 60:80] = True
    friction = truck(np.where(paved, 0.1 / 1000, UNPAVED), paved)
    found = surface(friction=friction)
    legs = routes(sites(-9_900, 0, 40_000, 107_000), found, network(), ("d",), ORE)
    for site_id, group in legs.groupby("site_id"):
        assert group["usd_per_t"].sum() == pytest.approx(at(found, float(site_id[1:])), rel=1e-6)
        assert group["leg"].tolist() == list(range(1, len(group) + 1))
    assert (legs["usd_per_t_low"] <= legs["usd_per_t"]).all()
    assert (legs["usd_per_t"] <= legs["usd_per_t_high"]).all()


def test_legs_of_a_site_by_hand():
    legs = routes(sites(40_000), surface(), network(), ("d",), ORE)
    assert legs["mode"].tolist() == [
        "truck", "transfer", "border", "rail", "rail", "port", "sea", "port",
    ]  # fmt: skip
    first = legs.iloc[0]
    assert (first["from"], first["to"], first["tariff_km"]) == ("Site 40000", "Y", 49.0)
    assert first["usd_per_t"] == pytest.approx(9.8)
    assert first["usd_per_t_low"] == pytest.approx(49 * 0.15)
    assert first["usd_per_t_high"] == pytest.approx(49 * 0.30)
    assert first["hours"] == pytest.approx(49 / 50)
    border = legs[legs["mode"] == "border"].iloc[0]
    assert (border["hours"], border["km"]) == (20.0, 0.0)
    abroad = legs[legs["source"].str.startswith("BB railway")].iloc[0]
    assert abroad["usd_per_t"] == pytest.approx(1.5 + 5.4)
    assert np.isnan(legs[legs["mode"] == "port"]["hours"]).all()
    assert set(legs["country"]) == {"CC"}
    assert set(legs["destination"]) == {"d"}


def test_low_and_high_of_a_paved_way_are_those_of_paved_roads():
    paved = np.ones(GRID.shape, bool)
    found = surface(friction=truck(0.1 / 1000, paved))
    first = routes(sites(40_000), found, network(), ("d",), ORE).iloc[0]
    assert first["usd_per_t_low"] == pytest.approx(49 * 0.08)
    assert first["usd_per_t_high"] == pytest.approx(49 * 0.13)


def test_the_line_of_a_route_is_connected_and_begins_at_the_site():
    place = sites(40_300)
    turned = [(b, a, *rest) if a == "z" else (a, b, *rest) for a, b, *rest in LINKS]
    net = network(turned)
    legs = routes(place, surface(net), net, ("d",), ORE)
    lonlat = place.to_crs(4326).geometry.iloc[0]
    ends = [legs.geometry.iloc[0].coords[0]]
    assert ends[0] == pytest.approx((lonlat.x, lonlat.y))
    here = legs.geometry.iloc[0].coords[-1]
    for shape in legs.geometry.iloc[1:]:
        assert shape.coords[0] == pytest.approx(here)
        here = shape.coords[-1]
    assert here == pytest.approx((9.0, 0.0))


def test_columns_are_those_that_other_programs_read():
    legs = routes(sites(40_000, name=False), surface(), network(), ("d",), ORE)
    assert tuple(legs.columns) == (*ROUTE_COLUMNS, "geometry")
    assert legs["from"].iloc[0] == "s40000"
    assert legs.crs == 4326


def test_sites_without_a_way_are_listed():
    values = np.full(GRID.shape, UNPAVED)
    values[:, 105] = np.nan
    found = surface(friction=truck(values))
    legs = routes(sites(40_000, 98_000), found, network(), ("d",), ORE)
    assert legs.attrs["unreachable"] == ["s98000"]
    assert set(legs["site_id"]) == {"s40000"}
    none = routes(sites(98_000), found, network(), ("d",), ORE)
    assert len(none) == 0
    assert tuple(none.columns) == (*ROUTE_COLUMNS, "geometry")


def test_a_site_at_the_station_still_has_its_first_leg():
    first = routes(sites(0), surface(), network(), ("d",), ORE).iloc[0]
    assert (first["mode"], first["tariff_km"], first["usd_per_t"]) == ("truck", 0.0, 0.0)
    assert first["km"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: routes(sites(0), surface(case="high"), network(), ("d",), ORE),
            DataError,
            "case='central'",
        ),
        (lambda: routes(sites(0), surface(), network(), ("e",), ORE), DataError, "destinations"),
        (
            lambda: routes(sites(0).drop(columns="site_id"), surface(), network(), ("d",), ORE),
            DataError,
            "site_id",
        ),
        (
            lambda: routes(
                sites(0).set_crs(None, allow_override=True), surface(), network(), ("d",), ORE
            ),
            CrsError,
            "no CRS",
        ),
        (lambda: routes(sites(200_000), surface(), network(), ("d",), ORE), GridError, "outside"),
        (lambda: surface(friction=truck()[1:]), DataError, "the friction has shape"),
        (lambda: surface(countries=["ZZ"]), NetworkError, "lies on open land"),
        (lambda: surface(network(LINKS[:3])), NetworkError, "no place with a way to d"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_roads_are_paved_and_the_rest_is_not():
    road = gpd.GeoDataFrame(geometry=[LineString([(0, 0), (50_000, 0)])], crs=3857)
    found = truck_friction(GRID, network().tariffs, road.to_crs(4326))
    on = found.sel(x=20_000, y=0, method="nearest")
    off = found.sel(x=20_000, y=3_000, method="nearest")
    assert float(on) == pytest.approx(0.10 / 1000)
    assert bool(on["paved"])
    assert float(off) == pytest.approx(0.20 / 1000)
    assert not bool(off["paved"])
    assert found.attrs["units"] == "USD/t/m"


def test_without_roads_everything_is_unpaved():
    found = truck_friction(GRID, network().tariffs, None, case="high")
    assert np.allclose(found.values, 0.30 / 1000)
    assert not found["paved"].values.any()


def test_a_road_does_not_open_what_lies_outside():
    road = gpd.GeoDataFrame(geometry=[LineString([(-10_000, 0), (108_000, 0)])], crs=3857)
    home = np.ones(GRID.shape, bool)
    home[:, 100:] = False
    found = truck_friction(GRID, network().tariffs, road, inside=home)
    assert np.isnan(found.values[:, 100:]).all()
    assert np.isfinite(found.values[:, :100]).all()
    assert found.attrs["units"] == "USD/t/m"


def test_a_friction_with_roads_serves_the_surface():
    road = gpd.GeoDataFrame(geometry=[LineString([(-10_000, 0), (108_000, 0)])], crs=3857)
    found = surface(friction=truck_friction(GRID, network().tariffs, road))
    assert at(found, 40_000) == pytest.approx(49 * 0.1 + FROM_YARD, rel=1e-5)
    legs = routes(sites(40_000), found, network(), ("d",), ORE)
    assert legs["usd_per_t"].sum() == pytest.approx(at(found, 40_000), rel=1e-6)
