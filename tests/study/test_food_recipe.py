"""The recipe of food from power: it builds end to end from embedded layers."""

import numpy as np
import pandas as pd
import pytest

import geo
from geo.study.find import embedded_recipes


@pytest.fixture(scope="module")
def food() -> geo.Result:
    return geo.Study.from_toml(embedded_recipes()["mongolia-food"], cell_size=20_000).run()


def test_both_questions_rank_places_and_say_what_is_left_out(food):
    assert [view.id for view in food.content.themes] == ["greenhouse", "pumping"]
    for view in food.content.themes:
        assert (view.sites["status"] == "ranked").sum() >= 5
        assert all(criterion.source for criterion in view.criteria)
    omitted = {title for view in food.content.themes for title, _ in view.omitted}
    assert "Where the cropland is" in omitted
    assert "Groundwater" in omitted


def test_greenhouses_stand_by_heat_and_fields_by_rivers(food):
    rows = food.criteria
    best = food.sites[food.sites["rank"] == 1].set_index("theme")["site_id"]
    heat = rows[(rows["site_id"] == best["greenhouse"]) & (rows["criterion"] == "heat")]
    water = rows[(rows["site_id"] == best["pumping"]) & (rows["criterion"] == "water")]
    surface = food.surfaces["greenhouse-heat"].to_numpy()
    assert heat["value"].astype(float).iloc[0] < np.nanquantile(surface, 0.05)
    assert water["value"].astype(float).iloc[0] < 20


def test_grid_power_is_mixed_with_sun_only_where_that_is_cheaper(food):
    power = food.power
    assert len(power) == 3
    assert (power["usd_per_mwh"] <= 70 + 1e-3).all()
    assert power["co2_t_mwh"].to_numpy() == pytest.approx(1.1 * power["grid_share"], rel=1e-3)


def test_it_is_written_whole(food, tmp_path):
    folder = food.write(tmp_path / "food")
    assert len(pd.read_csv(folder / "power.csv")) == 3
    assert (folder / "index.html").stat().st_size > 100_000
    assert not (folder / "supply_curve.csv").exists()
