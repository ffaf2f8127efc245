"""Sites chosen together as a recipe asks, on the small made-up region."""

import csv

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point
from small_world import small_world, vector

import geo
from geo.errors import RecipeError

#: Best first: tin as a share of 10 kt counts most, all lie by the track.
MINES = {
    "site_id": ["a", "b", "c", "d"],
    "name": ["Alma", "Berg", "Cave", "Dune"],
    "tin": [9.0, 8.0, 7.0, 2.0],
    "capex": [50.0, 60.0, 30.0, np.nan],
    "owner": ["x", "x", "y", "z"],
    "needs": ["line", "line; road", "", ""],
}
POINTS = [Point(101, 46), Point(101.1, 46), Point(103, 46), Point(102, 46)]


@pytest.fixture
def recipe(tmp_path):
    path = small_world(tmp_path / "world")
    frame = gpd.GeoDataFrame(MINES, geometry=POINTS, crs=4326)
    vector(path.parent / "layers", "mines", frame)
    return path


def with_portfolio(recipe, says):
    text = recipe.read_text("utf-8")
    at = text.index("[[theme]]", text.index('id = "tin"'))
    changed = recipe.with_name("together.toml")
    changed.write_text(text[:at] + "[theme.portfolio]\n" + says + "\n\n" + text[at:], "utf-8")
    return geo.Study.from_toml(changed)


def test_a_set_within_the_limits_stands_beside_the_plain_best(recipe, tmp_path):
    result = with_portfolio(recipe, 'count = 2\nspacing = "20 km"').run()
    found = result.portfolios
    assert found["site_id"].tolist() == ["", "a", "b", "c"]
    assert found["chosen"].tolist()[1:] == [True, False, True]
    assert found["plain_best"].tolist()[1:] == [True, True, False]
    scores = result.sites.set_index("site_id")["score"]
    assert found["score"].iloc[0] == pytest.approx(scores["a"] + scores["c"])
    assert "proven to be the best" in found["says"].iloc[0]
    assert "1 pair lies nearer than 20 km" in found["says"].iloc[0]
    folder = result.write(tmp_path / "out")
    with (folder / "portfolio.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["site_id"] for row in rows] == ["", "a", "b", "c"]
    assert {row["theme"] for row in rows} == {"tin"}


def test_links_are_paid_once_and_an_unknown_cost_is_not_chosen(recipe):
    says = 'budget = 150\ncost = "capex"\nlink = "needs"\nlink_costs = { line = 20, road = 20 }'
    found = with_portfolio(recipe, says).run().portfolios
    # 50 + 60 + 20 + 20 is the budget; with c it would be 180.
    assert found.loc[found["chosen"].eq(True), "site_id"].tolist() == ["a", "b"]
    assert found["cost"].iloc[0] == 150
    assert found["links"].iloc[0] == "line; road"


def test_limits_by_group(recipe):
    says = 'count = 2\ngroup = "owner"\nat_most = { x = 1 }\nat_least = { y = 1 }'
    found = with_portfolio(recipe, says).run().portfolios
    assert set(found.loc[found["chosen"].eq(True), "site_id"]) == {"a", "c"}
    assert "has 2 of x, 0 to 1 are asked for" in found["says"].iloc[0]


@pytest.mark.parametrize(
    ("says", "message"),
    [
        (
            'count = 3\nbudget = 100\ncost = "capex"',
            "no set of sites keeps the budget of 100 and the count of 3: "
            "a budget of 140, or 2 sites would do",
        ),
        (
            'count = 1\ngroup = "ownr"',
            "group: the sites have no column 'ownr': did you mean 'owner'",
        ),
        ('count = 1\nbudget = 5\ncost = "owner"', "column 'owner' holds 'x', which is no number"),
        ('spacing = "2 km"', "a portfolio needs a count or a budget"),
        ("count = 0", "count must be a whole number of 1 or more"),
        ("budget = 5", "budget needs the key 'cost'"),
        ("count = 1\nat_most = { x = 1 }", "at_most needs the key 'group'"),
        ('count = 1\nlink = "needs"', "link needs the key 'link_costs'"),
        ('count = 1\nspacing = "-2 km"', "spacing must be zero or more"),
        (
            'count = 1\ngroup = "owner"\nat_most = { x = 1 }\nat_least = { x = 2 }',
            "at_most of 'x' is 1, below its at_least of 2",
        ),
        ("count = 1\nplaces = 3", "does not know the key 'places'"),
    ],
)
def test_refuses_with_the_line_of_the_recipe(recipe, says, message):
    with pytest.raises(RecipeError, match=message) as caught:
        with_portfolio(recipe, says).run()
    assert "together.toml:" in str(caught.value)
