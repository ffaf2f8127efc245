"""The embedded layers make a sound network, and real sites real routes."""

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.grid import inside, make_grid
from geo.transport.freight import freight_surface, truck_friction
from geo.transport.network import Network
from geo.transport.products import read_products
from geo.transport.routes import routes

LAYERS = Path(__file__).parents[2] / "layers"
ASIA = LAYERS / "northeast-asia"
GIANTS = ["oyu-tolgoi", "erdenet"]


def layer(name, folder=ASIA):
    path = folder / f"{name}.gpkg"
    return gpd.read_file(path, layer=path.stem.replace("-", "_"))


def table(name):
    path = ASIA / f"{name}.csv"
    return pd.read_csv(path)


@pytest.fixture(scope="module")
def net():
    return Network.from_tables(
        layer("transport-nodes"),
        table("transport-links"),
        table("transport-factors"),
        crossings=layer("border-crossings"),
        geometry={
            "rail": layer("railways"),
            "road": layer("trunk-roads"),
            "sea": layer("sea-lanes"),
        },
    )


def test_the_published_distance_of_the_trunk_line(net):
    assert net.rail_km("ulaanbaatar", "zamynuud") == pytest.approx(709, rel=0.01)


def test_the_trunk_line_is_drawn_along_the_railway(net):
    way = net.path("ulaanbaatar", "zamynuud", modes=("rail",))
    drawn = [net.draw(link) for link in way.links]
    assert sum(not part.straight for part in drawn) >= len(drawn) - 1
    assert sum(part.km for part in drawn) == pytest.approx(709, rel=0.12)


def test_every_sea_link_is_drawn_along_its_lane(net):
    sea = [link for link in net.open_links if link.mode == "sea"]
    assert sea
    assert not any(net.draw(link.index).straight for link in sea)


@pytest.fixture(scope="module")
def giants(net):
    region = layer("boundary-mongolia", LAYERS / "mongolia")
    deposits = layer("deposits-mongolia", LAYERS / "mongolia")
    grid = make_grid(region, 20_000.0)
    product = read_products(table("products"))["copper-concentrate"]
    roads = layer("trunk-roads")
    truck = truck_friction(grid, net.tariffs, roads, inside=inside(grid, region))
    sites = deposits[deposits["site_id"].isin(GIANTS)]
    assert len(sites) == len(GIANTS)
    found = {}
    for port in ("onsan", "saganoseki"):
        surface = freight_surface(net, [port], product, truck, grid=grid, countries=["MN"])
        found[port] = surface, sites, routes(sites, surface, net, (port,), product)
    return found


@pytest.mark.parametrize("port", ["onsan", "saganoseki"])
def test_freight_of_the_giants_is_of_the_known_order(giants, port):
    _, _, legs = giants[port]
    totals = legs.groupby("site_id")[["usd_per_t_low", "usd_per_t", "usd_per_t_high"]].sum()
    assert totals["usd_per_t"].between(60, 160).all()
    assert (totals["usd_per_t_low"] > 40).all()
    assert (totals["usd_per_t_high"] < 250).all()


@pytest.mark.parametrize("port", ["onsan", "saganoseki"])
def test_legs_of_the_giants_add_up_to_the_surface(giants, port):
    surface, sites, legs = giants[port]
    points = sites.to_crs(str(surface.grid.crs)).set_index("site_id").geometry
    for site_id, total in legs.groupby("site_id")["usd_per_t"].sum().items():
        point = points[site_id]
        cell = surface.cost.sel(x=point.x, y=point.y, method="nearest")
        assert total == pytest.approx(float(cell), rel=1e-6)


def test_no_route_passes_a_port_under_sanctions(giants):
    for _, _, legs in giants.values():
        assert not legs["to"].str.contains("Rajin").any()


def test_routes_are_connected(giants):
    for _, _, legs in giants.values():
        for _, group in legs.groupby("site_id"):
            ends = [(np.array(g.coords[0]), np.array(g.coords[-1])) for g in group.geometry]
            for (_, here), (there, _) in pairwise(ends):
                assert np.allclose(here, there, atol=1e-9)
