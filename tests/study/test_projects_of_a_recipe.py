"""Plants of a recipe: what they are worth, what moves their cost, what a target would take."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import geo
from geo.energy.economics import lcoe
from geo.errors import RecipeError
from geo.publish.projects import projects_of
from geo.publish.report import report
from geo.recipe import load_recipe
from geo.study.access import flat_km, ways_of
from geo.study.find import embedded_recipes
from geo.study.workbench import Workbench

RECIPE = embedded_recipes()["mongolia"]


def part(folder: Path, *changes: tuple[str, str]) -> Path:
    """The embedded recipe with rare earths alone, power and plants, some of its text changed."""
    head, *parts = re.split(r"(?m)^# -{20,} ", RECIPE.read_text("utf-8"))
    kept = ("rare earths", "power", "plants")
    text = head + "".join("# " + one for one in parts if one.startswith(kept))
    usual = (
        ('theme = "solar" ', 'theme = "rare-earths" '),
        ('theme = "wind"', 'theme = "rare-earths"'),
        ('themes = ["copper", "fluorspar", "rare-earths"]', "themes = []"),
        ('themes = ["solar"]', 'themes = ["rare-earths"]'),
        ('themes = ["wind"]', 'themes = ["rare-earths"]'),
    )
    for old, new in (*usual, *changes):
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "part.toml"
    path.write_text(text, "utf-8")
    return path


def test_worth_and_cost_by_hand(coarse):
    table = coarse.projects["projects"].set_index(["project", "theme"])
    assert len(table) == 6
    for project, fixed, capital in (("solar-50", 14.0, 900.0), ("wind-50", 40.0, 1400.0)):
        row = table.loc[project].iloc[0]
        energy = row["capacity_factor"] * 50 * 8760
        assert row["capital_usd"] == pytest.approx(capital * 50_000 + row["ways_usd"])
        annuity = 0.083 / (1 - 1.083**-25)
        cost = (row["capital_usd"] * annuity + fixed * 50_000) / energy
        assert row["usd_per_mwh"] == pytest.approx(cost, rel=1e-9)
        assert row["npv_usd"] == pytest.approx((70 - cost) * energy / annuity, rel=1e-9)
        earned = 70 * energy - fixed * 50_000
        flows = earned / (1 + row["irr"]) ** np.arange(1, 26)
        assert flows.sum() == pytest.approx(row["capital_usd"], rel=1e-6)
        assert row["payback_years"] == pytest.approx(row["capital_usd"] / earned)
        due = 0.7 * row["capital_usd"] * 0.05 / (1 - 1.05**-15)
        assert row["dscr_min"] == pytest.approx(earned / due, rel=1e-9)
        assert row["equity_irr"] > row["irr"] > 0.083
        assert row["usd_per_mwh_low"] < row["usd_per_mwh"] < row["usd_per_mwh_high"]


def test_the_tornado_moves_one_assumption_and_the_terms_reach_the_target(coarse):
    tables = coarse.projects
    rows = tables["projects"].set_index(["project", "site_id"])
    for (project, site), some in tables["projects_tornado"].groupby(["project", "site_id"]):
        assert some["swing_usd_per_mwh"].is_monotonic_decreasing
        # The fixed cost has no range, so it has no bar.
        assert set(some["factor"]) == {"capital", "rate", "capacity_factor"}
        central = rows.loc[(project, site), "usd_per_mwh"]
        ends = np.sort(some[["usd_per_mwh_low", "usd_per_mwh_high"]].to_numpy(), axis=1)
        assert (ends[:, 0] < central).all()
        assert (central < ends[:, 1]).all()
    fixed = {"solar-50": 14.0, "wind-50": 40.0}
    for (project, site), some in tables["projects_terms"].groupby(["project", "site_id"]):
        need = some.set_index("term")["needed"]
        row = rows.loc[(project, site)]
        now = {"capital": row["capital_usd"], "energy": row["capacity_factor"] * 438_000,
               "rate": 0.083}  # fmt: skip
        changed = {
            "capital": need["capital"] * 50_000,
            "energy": need["capacity_factor"] * 438_000,
            "rate": need["rate"],
        }
        for name, value in changed.items():
            at = now | {name: value}
            cost = lcoe(at["capital"], at["energy"], fixed_operating_cost=fixed[project] * 50_000,
                        variable_operating_cost=0.0, rate=at["rate"], years=25)  # fmt: skip
            assert cost == pytest.approx(40, rel=1e-6)
        granted = now["capital"] * (1 - need["grant"])
        assert granted == pytest.approx(changed["capital"], rel=1e-6)
        assert np.isnan(need["years"])  # no life reaches it at this rate


def test_files_page_and_report_tell_the_same(coarse, coarse_folder):
    for name, table in coarse.projects.items():
        found = pd.read_csv(coarse_folder / f"{name}.csv")
        assert list(found) == list(table)
        assert len(found) == len(table)
    solar, wind = projects_of(coarse.content)
    assert (solar["mw"], solar["price"], solar["target"], solar["basis"]) == (50, 70, 40, "real")
    first = coarse.projects["projects"].iloc[0]
    assert solar["sites"][0]["cost"][1] == pytest.approx(first["usd_per_mwh"], rel=1e-3)
    assert [row[0] for row in wind["sites"][0]["terms"]] == [
        "rate", "capital", "capacity_factor", "grant", "years",
    ]  # fmt: skip
    page = report(coarse.content)
    assert page.count("<h3>Whether it pays: Solar plant of 50 MW</h3>") == 3
    assert page.count("<h3>Whether it pays: Wind farm of 50 MW</h3>") == 3
    assert "Alone, for 40 USD/MWh" in page
    assert f'<td class="figure">{first["npv_usd"] / 1e6:.0f}</td>' in page
    assert "no value reaches it" in page


def test_where_the_wind_is_unknown_a_plant_has_no_worth(tmp_path):
    path = part(tmp_path, ("top = 3\nprice", "top = 50\nprice"))
    result = geo.Study.from_toml(path, cell_size=40_000).run()
    rows = result.projects["projects"]
    solar, wind = (rows[rows["project"] == name] for name in ("solar-50", "wind-50"))
    assert solar["usd_per_mwh"].notna().all()
    unknown = wind["capacity_factor"].isna()
    assert unknown.any()
    assert not unknown.all()
    worth = ["usd_per_mwh", "usd_per_mwh_high", "npv_usd", "irr", "dscr_min"]
    assert wind.loc[unknown, worth].isna().all(axis=None)
    assert wind.loc[~unknown, worth].notna().all(axis=None)
    swings = result.projects["projects_tornado"]
    told = set(swings.loc[swings["project"] == "wind-50", "site_id"])
    assert told == set(wind.loc[~unknown, "site_id"])


def test_a_road_makes_every_step_of_the_curve_dearer_and_steep_ground_every_way(tmp_path):
    text = RECIPE.read_text("utf-8")
    road = re.search(r"(?s)\[energy.road\].*?(?=\[energy.terrain\])", text)
    ground = re.search(r"(?s)\[energy.terrain\].*?(?=\n# -)", text)
    assert road is not None
    assert ground is not None
    mean = {}
    for name, changes in {"line": [(road[0], "")], "road": []}.items():
        path = part(tmp_path, (ground[0], ""), *changes)
        curve = geo.Study.from_toml(path, cell_size=80_000).run().content.supply[0].table
        mean[name] = np.average(curve["cost"], weights=curve["energy_gwh"])
    # 200,000 USD a kilometre, yearly 9.6 % of it, over what 50 MW send, at some tens of km.
    assert mean["line"] + 2 < mean["road"] < mean["line"] + 40
    flat, steep = (
        lengths(part(tmp_path, change))
        for change in ((ground[0], ""), ('[["2 %", 1.0], ["8 %", 1.4]]', '[["0.5 %", 1.0]]'))
    )
    assert len(flat) == 2  # the line and the road
    for plain, dear in zip(flat, steep, strict=True):
        # Never less; on some ground 1.75 times as much.
        assert (dear >= plain).all()
        np.testing.assert_allclose(np.unique(np.round(dear / plain, 6)), [1.0, 1.75])


def lengths(path: Path) -> list[np.ndarray]:
    """Ways of the first supply curve from every cell, as kilometres of flat ground."""
    study = geo.Study.from_toml(path, cell_size=80_000)
    bench = Workbench(study.recipe, study.catalogue)
    assert study.recipe.energy is not None
    ways = ways_of(bench, study.recipe.energy.supply[0].connection)
    return flat_km(bench, ways, lambda surface: surface.to_numpy().astype(np.float64))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('price = "70 USD/MWh"', 'price = "-70 USD/MWh"'), "price must be more than zero"),
        (('target = "40 USD/MWh"', 'target = "40"'), "target"),
        (('share = "70 %"', "share = 70"), "share must lie above 0 % and up to 100 %"),
        (('real_rate = "5 %"\nyears', 'nominal_rate = "5 %"\nyears'),
         "the rate of the debt of project 'solar-50' is nominal, that of plants real"),
        (('real_rate = "5 %"\nyears', "real_rate = 5\nyears"), "did you mean '5 %'"),
        (('years = "15 year"\n\n[[energy.project]]', 'years = "30 year"\n\n[[energy.project]]'),
         "the debt of project 'solar-50' runs 30 years, the plant 25"),
        (('id = "wind-50"', 'id = "solar-50"'), "project 'solar-50' stands twice"),
        (('technology = "wind"\ncapacity', 'technology = "wnd"\ncapacity'), "did you mean 'wind'"),
        (('[["2 %", 1.0], ["8 %", 1.4]]', '[["8 %", 1.4], ["2 %", 1.0]]'), "rising slopes"),
        (('[["2 %", 1.0], ["8 %", 1.4]]', '"2 %"'), "steps must be pairs"),
        (('per_km = "200000 USD/km"', 'per_km = "200000 USD/km"\nfixed = "-1 USD"'),
         "fixed must be zero or more"),
        (('capacity = "50 MW"', 'capacity = "0 MW"'), "capacity must be more than zero"),
    ],
)  # fmt: skip
def test_money_that_cannot_be_is_refused_with_its_line(tmp_path, change, message):
    with pytest.raises(RecipeError) as error:
        load_recipe(part(tmp_path, change))
    assert re.search(r"part.toml:\d+: .*" + re.escape(message), str(error.value))


def test_a_project_of_a_theme_that_is_not_there_is_refused(tmp_path):
    path = part(tmp_path, ("top = 3\nprice", "top = 3\nprice"))
    path.write_text(path.read_text("utf-8").replace('["rare-earths"]\ntop', '["rare-earth"]\ntop'))
    with pytest.raises(RecipeError, match=r"there is no theme 'rare-earth': did you mean"):
        geo.Study.from_toml(path, cell_size=100_000).run()
