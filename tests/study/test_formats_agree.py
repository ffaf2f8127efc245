"""One layer in every format that can hold it gives the same sites and scores."""

import warnings

import geopandas as gpd
import pandas as pd
import pytest
from small_world import record, small_world

import geo
from geo.catalogue.findings import LayerWarning
from geo.catalogue.write import write_vector

OTHERS = (".shp", ".zip", ".fgb", ".parquet", ".geojson", ".geojsonl", ".csv", ".xlsx")


def sites(recipe) -> pd.DataFrame:
    return geo.Study.from_toml(recipe).run().sites.sort_values(["theme", "site_id"])


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return sites(small_world(tmp_path_factory.mktemp("expected")))


@pytest.mark.parametrize("ending", OTHERS)
def test_sites_and_scores_are_those_of_the_geopackage(tmp_path, expected, ending):
    recipe = small_world(tmp_path)
    layers = tmp_path / "layers"
    for name in ("mines", "tracks"):
        frame = gpd.read_file(layers / f"{name}.gpkg")
        (layers / f"{name}.gpkg").unlink()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LayerWarning)
            write_vector(frame, layers / f"{name}{ending}")
        lost = {one.message.finding.code for one in caught}
        assert lost <= {"lost-order"}, lost
        place = {"wkt": "wkt"} if ending in (".csv", ".xlsx") else {}
        record(layers, name, f"{name}{ending}", kind="vector", **place)
    found = sites(recipe)
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), expected.reset_index(drop=True), check_exact=True
    )
