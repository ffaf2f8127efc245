"""Law of every way of the shipped study: it is one line, as long as its legs together."""

from itertools import pairwise

import numpy as np
import pytest
from pyproj import Geod
from shapely import LineString

GEOD = Geod(ellps="WGS84")
KEYS = ["site_id", "country", "alternative"]


@pytest.fixture(scope="module", params=["cheapest", "further"])
def ways(coarse, request):
    """The legs of every way in order, those of a theme apart."""
    content = coarse.content
    legs = content.routes if request.param == "cheapest" else content.trade.alternatives
    keys = [*KEYS, *(["theme"] if "theme" in legs else [])]
    found = [group.sort_values("leg") for _, group in legs.groupby(keys)]
    assert len(found) > 100
    return found


def test_the_legs_of_a_way_join_end_to_end(ways, coarse):
    start = coarse.sites.drop_duplicates("site_id").set_index("site_id").geometry
    for way in ways:
        assert way["leg"].tolist() == list(range(1, len(way) + 1))
        ends = [(shape.coords[0], shape.coords[-1]) for shape in way.geometry]
        origin = start[way["site_id"].iloc[0]]
        assert ends[0][0] == pytest.approx((origin.x, origin.y), abs=1e-9)
        for (_, here), (there, _) in pairwise(ends):
            assert there == pytest.approx(here, abs=1e-9)


def test_all_ways_to_a_destination_end_at_one_place(ways):
    ends = {}
    for way in ways:
        name, last = way["destination"].iloc[0], way.geometry.iloc[-1].coords[-1]
        assert ends.setdefault(name, last) == last
    assert len(set(ends.values())) == len(ends) > 2


def test_the_line_of_a_way_is_as_long_as_its_legs(ways):
    for way in ways:
        own = [abs(GEOD.geometry_length(shape)) / 1000 for shape in way.geometry]
        np.testing.assert_allclose(way["km"], own, rtol=1e-9, atol=1e-9)
        whole = LineString([place for shape in way.geometry for place in shape.coords])
        assert way["km"].sum() == pytest.approx(abs(GEOD.geometry_length(whole)) / 1000)
        assert (way.loc[way["mode"].isin(["rail", "road", "sea"]), "km"] > 0).all()
