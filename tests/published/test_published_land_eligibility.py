"""Land round Aachen, as the tests of GLAES state it.

Ryberg, Robinius and Stolten (2018), https://doi.org/10.3390/en11051246; the figures are those
of ``glaes/test/test_ExclusionCalculator.py`` for EPSG:3035 and cells of 100 m. GLAES counts a
cell in when its centre is, for the region and for features alike, and so do we.
"""

import os
from pathlib import Path

import geopandas as gpd
import pytest
import rasterio
from odc.geo.geobox import GeoBox
from pyproj import CRS

from geo.criteria.exclusion import ExclusionRule
from geo.criteria.land import distance_classes
from geo.energy.eligibility import eligible_land
from geo.grid import as_dataarray, inside, make_grid

_HERE = Path(__file__).resolve()
_PLACES = [parent / "shared" for parent in _HERE.parents]
SHARED = Path(
    os.environ.get("LODEMAP_SHARED", next((p for p in _PLACES if p.is_dir()), _PLACES[0]))
)
AACHEN = SHARED / "data" / "peer" / "glaes"

pytestmark = pytest.mark.skipif(
    not AACHEN.is_dir(), reason="GLAES's sample data of Aachen is not part of the repository"
)


class Aachen:
    def __init__(self) -> None:
        self.region = gpd.read_file(AACHEN / "aachenShapefile.shp")
        self.grid = make_grid(self.region, 100, CRS(3035))
        self.cover, _ = self._raster("clc-aachen_clipped.tif")
        prior, tags = self._raster("roads_prior_clip.tif")
        self.roads = distance_classes(prior, tags["VALUE_MAP"])
        protected = gpd.read_file(AACHEN / "CDDA_aachenClipped.shp")
        self.protected, self.recent = protected, protected[protected["YEAR"] > 2000]

    @staticmethod
    def _raster(name):
        with rasterio.open(AACHEN / name) as source:
            grid = GeoBox(source.shape, source.transform, "EPSG:3035")
            values = source.read(1).astype("float32")
            return as_dataarray(values, grid, name="r", unit="1", long_name=name), source.tags()

    def percent(self, *rules, **options):
        named = [ExclusionRule(f"r{n}", "R", **rule) for n, rule in enumerate(rules)]
        return 100 * eligible_land(named, self.grid, region=self.region, **options).share


@pytest.fixture(scope="module")
def aachen():
    return Aachen()


def test_glaes_region_mask(aachen):
    assert tuple(aachen.grid.shape) == (509, 304)
    assert inside(aachen.grid, aachen.region).sum() == 70_944


@pytest.mark.parametrize(
    ("values", "percent"),
    [
        ([12], 82.8033),
        ([(5, 12)], 81.16260529),
        ([5, 6, 7, 8, 9, 10, 11, 12], 81.16260529),
        ([(None, 12)], 58.52362442),
        ([(13, None)], 41.47637558),
    ],
)
def test_glaes_exclude_raster_type(aachen, values, percent):
    assert aachen.percent({"raster": aachen.cover, "values": values}) == pytest.approx(
        percent, abs=5e-5
    )


def test_glaes_exclude_vector_type(aachen):
    assert aachen.percent({"geometry": aachen.protected}) == pytest.approx(76.47581482, abs=5e-5)
    assert aachen.percent({"geometry": aachen.recent}) == pytest.approx(86.89811707, abs=5e-5)


def test_glaes_exclude_vector_type_with_a_buffer(aachen):
    # GLAES draws a buffer's arcs with straight lines; measured as distances one cell of 70,944
    # comes in that its polygon leaves out.
    found = aachen.percent({"geometry": aachen.recent, "buffer_m": 400})
    assert found == pytest.approx(77.95021057, abs=1.5 * 100 / 70_944)


def test_glaes_exclude_prior(aachen):
    assert aachen.percent({"raster": aachen.roads, "above": 400}) == pytest.approx(
        24.77587891, abs=5e-5
    )


def test_glaes_multiple_exclusions(aachen):
    found = aachen.percent(
        {"raster": aachen.roads, "values": [(None, 400)]},
        {"geometry": aachen.recent},
        {"raster": aachen.cover, "values": [(None, 12)]},
    )
    assert found == pytest.approx(37.1109619141, abs=5e-5)


def test_glaes_exclude_region_edge(aachen):
    edge = gpd.GeoDataFrame(geometry=aachen.region.to_crs(3035).boundary)
    found = aachen.percent(
        {"raster": aachen.roads, "values": [(None, 400)]}, {"geometry": edge, "buffer_m": 500}
    )
    assert found == pytest.approx(63.68544388, abs=5e-5)


def test_glaes_prune_isolated_areas(aachen):
    found = aachen.percent({"raster": aachen.roads, "values": [(None, 400)]}, min_area_km2=12)
    assert found == pytest.approx(65.41215515, abs=5e-5)


def test_glaes_shrink_availability(aachen):
    rule = ExclusionRule("road", "Road", raster=aachen.roads, values=[(None, 400)])
    land = eligible_land([rule], aachen.grid, region=aachen.region)
    closed = as_dataarray(
        ~land.available.to_numpy(), aachen.grid, name="closed", unit="1", long_name="Closed"
    )
    assert aachen.percent({"raster": closed, "buffer_m": 500}) == pytest.approx(
        41.88655853, abs=5e-5
    )


def test_glaes_exclude_set(aachen):
    roads = gpd.read_file(AACHEN / "aachenRoads.shp").to_crs(3035)
    main = roads[roads["type"].isin(["motorway", "primary", "trunk"])]
    found = aachen.percent(
        {"raster": aachen.cover, "values": [(12, 22)]},
        {"raster": aachen.cover, "values": [(1, 2)], "buffer_m": 1000},
        {"geometry": main, "buffer_m": 200},
    )
    assert found == pytest.approx(15.230323, abs=5e-5)
