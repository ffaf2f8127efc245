"""Supply curves and loads of a study, and what a recipe may not say about their money."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from odc.geo.geobox import GeoBox
from shipped_recipe import RECIPE, shipped

import geo
from geo.energy.economics import capital_recovery_factor
from geo.errors import RecipeError
from geo.grid import cell_areas
from geo.publish.supplycurve import loads_of, supplies_of, supply_svg
from geo.recipe import load_recipe
from geo.study.power import power_cost
from geo.study.scored import score_theme
from geo.study.workbench import Workbench


def part_of_the_recipe(folder: Path, *changes: tuple[str, str], theme: str = "rare earths") -> Path:
    """The embedded recipe with one theme and power, and with some of its text changed."""
    text = shipped(theme, "power")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "part.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_curve_carries_all_land_that_the_rules_leave(coarse):
    grid: GeoBox = coarse.content.grid
    areas = np.broadcast_to(cell_areas(grid), tuple(grid.shape))
    for view in coarse.content.supply:
        left = areas[coarse.surfaces[f"{view.theme}-excluded"].to_numpy() == 0].sum()
        assert view.eligible_km2 == pytest.approx(left)
        known = view.table["capacity_mw"].sum() / view.density
        assert known == pytest.approx(view.eligible_km2 - view.unknown_km2)
        assert view.table["cost"].is_monotonic_increasing
        assert view.table["cumulative_gw"].iloc[-1] == pytest.approx(
            view.table["capacity_mw"].sum() / 1000
        )
    solar, wind = coarse.content.supply
    assert solar.unknown_km2 < 0.01 * solar.eligible_km2
    assert wind.unknown_km2 > 0.5 * wind.eligible_km2


def test_a_step_of_the_curve_costs_what_the_surface_and_its_line_say(coarse):
    view = coarse.content.supply[1]
    surface = coarse.surfaces["copper-power"].to_numpy()
    cheapest = np.nanmin(surface)
    # With nothing to pay for the line the curve would begin near the cheapest cell.
    line = 120_000 * capital_recovery_factor(0.083, 25) / (50 * 8760 * 0.35)
    assert cheapest - 1 <= view.table["cost"].iloc[0] <= cheapest + 30 * line + 5


def test_the_spacing_of_turbines_stands_beside_the_density_or_for_it(coarse, tmp_path):
    solar, wind = coarse.content.supply
    assert wind.density == 5
    assert "V126/3450 placed 8 by 4 rotor diameters apart: 6.8 MW/km²" in wind.source
    assert "placed" not in solar.source
    path = part_of_the_recipe(
        tmp_path,
        ('theme = "solar" ', 'theme = "rare-earths" '),
        ('theme = "wind"\ndensity = "5 MW/km2"', 'theme = "rare-earths"'),
        ('themes = ["copper", "fluorspar", "rare-earths"]', "themes = []"),
    )
    view = geo.Study.from_toml(path, cell_size=80_000).run().content.supply[1]
    assert view.density == pytest.approx(3.45 / (8 * 0.126 * 4 * 0.126))
    known = view.eligible_km2 - view.unknown_km2
    assert view.table["capacity_mw"].sum() == pytest.approx(known * view.density)


def test_files_and_page_hold_the_curve_and_the_mixes(coarse, coarse_folder):
    table = pd.read_csv(coarse_folder / "supply_curve.csv")
    assert list(table)[:4] == ["technology", "theme", "province", "load_km_to"]
    assert set(table["technology"]) == {"solar", "wind"}
    assert table["province"].nunique() > 15
    assert "USD/MWh, real, money of 2024" in (coarse_folder / "supply_curve.svg").read_text()
    power = pd.read_csv(coarse_folder / "power.csv")
    assert len(power) == 9
    (mine,), (solar, _) = loads_of(coarse.content), supplies_of(coarse.content)
    assert len(mine["sites"]) == 9
    gigawatts = [x for x, _ in solar["curve"]]
    assert gigawatts == sorted(gigawatts)
    for key in ("province", "load_km_to"):
        parts = sum(row[1] for row in solar["groups"][key])
        assert parts == pytest.approx(gigawatts[-1], rel=1e-4)


def test_a_mix_beats_diesel_alone_and_says_what_it_is_made_of(coarse):
    power = coarse.power
    assert (power["usd_per_mwh"] < 300).all()
    assert (power["usd_per_mwh_low"] <= power["usd_per_mwh"]).all()
    assert (power["usd_per_mwh"] <= power["usd_per_mwh_high"]).all()
    assert power["met"].to_numpy() == pytest.approx(1, abs=1e-4)
    used = power[["solar_share", "wind_share", "diesel_share"]].sum(axis=1)
    assert (used >= 1 - 1e-6).all()
    assert power["co2_t_mwh"].to_numpy() == pytest.approx(0.7 * power["diesel_share"], rel=1e-3)
    erdenet = power.set_index("site_id").loc["erdenet"]
    assert np.isnan(erdenet["wind_mw"])
    with_wind = power[power["wind_mw"].notna()]
    assert with_wind["usd_per_mwh"].max() < erdenet["usd_per_mwh"]


def test_the_cost_of_serving_a_load_is_a_criterion(tmp_path):
    path = part_of_the_recipe(
        tmp_path,
        (
            'measure = "power-cost"\ntechnology = "cheapest"',
            'measure = "supply-cost"\nload = "mine"',
        ),
        ("seeds = 3", "seeds = 1"),
        ('themes = ["copper", "fluorspar", "rare-earths"]', 'themes = ["rare-earths"]'),
        ('theme = "solar" ', 'theme = "rare-earths" '),
        ('theme = "wind"', 'theme = "rare-earths"'),
        ('density = "5 MW/km2"', 'density = "5 MW/km2"\nmin_area = "2000 km2"'),
    )
    result = geo.Study.from_toml(path, cell_size=40_000).run(cache=tmp_path / "cache")
    rows = result.criteria[result.criteria["criterion"] == "power"].set_index("site_id")
    shown = result.power.set_index("site_id")["usd_per_mwh"]
    assert rows["value"].notna().all()
    assert rows.loc[shown.index, "value"].to_numpy(float) == pytest.approx(shown.to_numpy())
    whole, large = result.content.supply
    assert large.eligible_km2 <= whole.eligible_km2
    again = geo.Study.from_toml(path, cell_size=40_000).run(cache=tmp_path / "cache")
    pd.testing.assert_frame_equal(again.power, result.power)


def solar_cost(path: Path) -> np.ndarray:
    study = geo.Study.from_toml(path, cell_size=60_000)
    bench = Workbench(study.recipe, study.catalogue)
    return power_cost(bench, "solar").central.to_numpy()


def test_a_country_has_its_own_rate_and_construction_costs_interest(tmp_path):
    money = 'years = "25 year"\ncurrency_year = 2024\nsource = "IRENA 2024 world mean 760'
    plain = solar_cost(part_of_the_recipe(tmp_path))
    cheap = solar_cost(part_of_the_recipe(tmp_path, ('central = "8.3 %"', 'central = "6 %"')))
    own = solar_cost(
        part_of_the_recipe(tmp_path, (money, 'country_rate = { MN = "6 %" }\n' + money))
    )
    study = geo.Study.from_toml(RECIPE, cell_size=60_000)
    inside = Workbench(study.recipe, study.catalogue).inside.to_numpy().astype(bool)
    assert own[inside] == pytest.approx(cheap[inside], rel=1e-6, nan_ok=True)
    slow = 'construction = [0.5, 0.5]\ndegradation = "0.5 %"\n'
    slower = solar_cost(part_of_the_recipe(tmp_path, (money, slow + money)))
    assert np.nanmin(slower - plain) > 0


def test_a_setback_may_be_told_in_tip_heights(tmp_path):
    rule = ('id = "water-zone"', 'id = "water-zone"\ntip_heights = 1.1')
    path = part_of_the_recipe(tmp_path, rule, ('buffer = "200 m"\n', ""))
    study = geo.Study.from_toml(path, cell_size=60_000)
    bench = Workbench(study.recipe, study.catalogue)
    rules = {found.id: found for found in score_theme(bench, study.recipe.themes[0]).rules}
    assert rules["water-zone"].buffer_m == pytest.approx(1.1 * (100 + 126 / 2))
    both = part_of_the_recipe(tmp_path, rule)
    with pytest.raises(RecipeError, match="buffer and tip_heights are both given"):
        load_recipe(both)


def test_a_picture_without_anything_known_is_still_a_picture(coarse):
    from dataclasses import replace

    wind = coarse.content.supply[1]
    nothing = replace(wind, table=wind.table.iloc[:0], unknown_km2=wind.eligible_km2)
    assert "wind: 0 of" in supply_svg((nothing,))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('real_rate = { low = "5 %", central = "8.3 %"', "real_rate = { low = 5, central = 8.3",
         r":\d+: real_rate must lie between 0 % and 100 % a year, found 500 %: did you mean '5 %'"),
        ("real_rate = { low", 'nominal_rate = "9 %"\nreal_rate = { low',
         "real_rate and nominal_rate are both given"),
        ('real_rate = { low = "5 %", central = "8.3 %", high = "10.2 %" }', "",
         "needs real_rate or nominal_rate: say which"),
        ('capital = { low = "1160 USD/kW"', 'capital = { low = "-1160 USD/kW"',
         "capital must be zero or more, found -1160"),
        ('price = "300 USD/MWh"', 'price = "-300 USD/MWh"', "price must be zero or more"),
        ('round_trip = "86 %"', "round_trip = 86", "above 0 % and up to 100 %, found 8600 %"),
        ('density = "50 MW/km2"', 'density = "0 MW/km2"', "density must be more than zero"),
        ('density = "50 MW/km2"\n', "", "needs a density, or the spacing of its turbines"),
        ('density = "50 MW/km2"', "spacing = { along = 8, across = 4 }",
         "spacing is that of turbines: give a solar curve a density"),
        ("along = 8,", "along = 0,", "along must be more than zero"),
        ('load_classes = ["30 km", "100 km", "200 km"]', 'load_classes = ["30 km", "10 km"]',
         "load_classes must rise"),
        ('mean = "20 MW"', 'mean = "20 MW"\nday = [1, 2]', "day must be 24 numbers"),
        ('years = "25 year"\ncurrency_year = 2024\nsource = "IRENA 2024 world mean 1,160',
         'years = "25 year"\ncurrency_year = 2020\nsource = "IRENA 2024 world mean 1,160',
         "currency_year is 2024 for solar and 2020 for wind"),
        ('real_rate = "8.3 %"\nsource = "flat', 'nominal_rate = "11 %"\nsource = "flat',
         "rate of load 'mine' is nominal, that of plants real"),
        ("currency_year = 2024", "currency_year = 2024\nconstruction = [0.5, 0.4]",
         "construction must sum to 1 over the years, found 0.9"),
        ("currency_year = 2024", 'currency_year = 2024\ncountry_rate = { Mongolia = "9 %" }',
         "'Mongolia' is no ISO 3166 code"),
    ],
)  # fmt: skip
def test_money_that_cannot_be_right_is_refused_with_its_line(tmp_path, old, new, message):
    path = part_of_the_recipe(tmp_path, (old, new))
    with pytest.raises(RecipeError, match=message) as error:
        load_recipe(path)
    assert re.search(r"part\.toml:\d+: ", str(error.value))
