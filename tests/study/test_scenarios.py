"""Named scenarios: the same sites under other prices, networks, weights and thresholds."""

import numpy as np
import pandas as pd
import pytest
from shipped_recipe import shipped
from small_world import small_world, with_scenarios

import geo
from geo.errors import RecipeError

SCENARIOS = """
[[scenario]]
id = "road-only"
title = "Only the road counts"

[scenario.weights.tin]
size = 0
road = 1

[[scenario]]
id = "short-roads"
title = "Roads matter over a shorter way"

[scenario.values.tin.road]
linear = [["0 km", 1.0], ["20 km", 0.0]]

[[scenario]]
id = "wide-road"
title = "Farther from the road"

[scenario.rules.height.road]
buffer = "128 km"
"""
MONGOLIA = """
[[scenario]]
id = "copper-down"
title = "Copper 30 % lower"
prices = { copper-concentrate = 0.7 }

[[scenario]]
id = "post-shut"
title = "Zamyn-Uud closed"
closed = ["zamynuud"]

[[scenario]]
id = "rail-built"
title = "Planned railways built"
open_links = [["nariinsukhait", "shiveekhuren"], ["ceke", "shiveekhuren"]]

[[scenario]]
id = "one-port"
title = "From Qinhuangdao over international crossings"
use_ports = ["qinhuangdao"]
allow_crossings = ["international"]
gauges = ["1520 mm", 1435]

[[scenario]]
id = "nothing-planned"
title = "The same again"
avoid_countries = ["RU", "KP"]
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return small_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def result(world):
    return geo.Study.from_toml(with_scenarios(world, SCENARIOS)).run()


@pytest.fixture(scope="module")
def mongolia(tmp_path_factory):
    path = tmp_path_factory.mktemp("mongolia") / "copper.toml"
    path.write_text(shipped("copper") + MONGOLIA, "utf-8")
    return path


@pytest.fixture(scope="module")
def copper(mongolia):
    return geo.Study.from_toml(mongolia, cell_size=20_000).run()


def chosen(result, theme, scenario):
    found = result.scenarios
    rows = found[(found["theme"] == theme) & (found["scenario"] == scenario)]
    return rows.set_index("site_id")


def test_with_all_weight_on_the_road_the_score_is_the_roads_value_score(result):
    rows = chosen(result, "tin", "road-only")
    table = result.criteria.query("theme == 'tin' and criterion == 'road'")
    expected = table.set_index("site_id")["value_score"]
    pd.testing.assert_series_equal(
        rows["score"].astype(float), expected.reindex(rows.index), check_names=False
    )


def test_a_changed_threshold_gives_the_score_of_the_hand_calculation(result):
    rows = chosen(result, "tin", "short-roads")
    table = result.criteria.query("theme == 'tin'").pivot_table(
        index="site_id", columns="criterion", values="value", aggfunc="first"
    )
    road = np.clip(1 - table["road"].astype(float) / 20, 0, 1)
    size = (table["size"].astype(float) / 10).fillna(0.0)
    expected = (2 * size + road) / 3
    assert rows["score"].to_dict() == pytest.approx(expected.to_dict())


def test_a_wider_rule_excludes_sites_and_leaves_no_rank(result):
    base = result.sites.query("theme == 'height'")
    assert (base["status"] == "ranked").all()
    rows = chosen(result, "height", "wide-road")
    assert (rows["status"] == "excluded").any()
    assert rows.loc[rows["status"] == "excluded", ["rank", "score"]].isna().all(axis=None)


def test_changes_are_this_study_against_the_scenario(result):
    base = result.sites.set_index(["theme", "site_id"])
    rows = result.scenarios.set_index(["theme", "site_id"])
    before = base["score"].reindex(rows.index).astype(float)
    assert (rows["score"] - before).to_numpy() == pytest.approx(
        rows["score_change"].to_numpy(), nan_ok=True
    )
    step = base["rank"].reindex(rows.index).astype("Float64") - rows["rank"].astype("Float64")
    assert step.equals(rows["rank_change"].astype("Float64"))


def test_a_theme_that_a_scenario_leaves_alone_stays_as_it_is(result):
    for theme, scenario in (("height", "road-only"), ("tin", "wide-road")):
        rows = chosen(result, theme, scenario)
        assert (rows["rank_change"].dropna() == 0).all()
        assert (rows["score_change"].dropna() == 0).all()


def test_a_lower_price_makes_freight_weigh_more_but_moves_little_of_its_cost(copper):
    rows = chosen(copper, "copper", "copper-down")
    assert (rows["score_change"].dropna() <= 1e-12).all()
    assert rows["score_change"].min() < -0.005
    # Waiting is paid as interest on the cargo's value, so a lower price saves a little.
    assert rows["freight_KR_change"].dropna().between(-2, 0).all()


def test_a_closed_border_never_makes_freight_cheaper_and_a_built_railway_never_dearer(copper):
    shut = chosen(copper, "copper", "post-shut")["freight_KR_change"].dropna()
    assert (shut >= -1e-9).all()
    assert (shut > 1).any()
    built = chosen(copper, "copper", "rail-built")["freight_KR_change"].dropna()
    assert (built <= 1e-9).all()
    assert (built < -1).any()


def test_limits_on_ports_and_crossings_never_make_freight_cheaper(copper):
    limited = chosen(copper, "copper", "one-port")["freight_KR_change"]
    assert limited.notna().any()
    assert (limited.dropna() >= -1e-9).all()
    assert (limited.dropna() > 1).any()


LIMITS = [
    ('closed = ["zamynuld"]', "there is no place 'zamynuld': did you mean 'zamynuud'?"),
    ('use_ports = ["zamynuud"]', "no sea lane leads to a port 'zamynuud'"),
    ("gauges = [1067]", "there is no railway of 1067 mm"),
    ('allow_crossings = ["none"]', "the class of crossing 'none' is unknown: choose one of"),
]


@pytest.mark.parametrize(("line", "said"), LIMITS)
def test_a_limit_of_the_study_itself_is_refused_with_its_line(mongolia, tmp_path, line, said):
    text = mongolia.read_text("utf-8")
    after = 'avoid_countries = ["RU", "KP"]\n'
    assert text.count(after) == 2
    path = tmp_path / "copper.toml"
    path.write_text(text.replace(after, f"{after}{line}\n", 1), "utf-8")
    with pytest.raises(RecipeError) as raised:
        geo.Study.from_toml(path)
    number = text[: text.index(after)].count("\n") + 2
    found = [problem for problem in raised.value.problems if said in problem]
    assert found, raised.value.problems
    assert found[0].startswith(f"copper.toml:{number}: "), found


def test_the_same_conditions_give_the_same_numbers(copper):
    rows = chosen(copper, "copper", "nothing-planned")
    assert (rows["score_change"].dropna() == 0).all()
    assert (rows["freight_KR_change"].dropna() == 0).all()


def test_scenarios_are_written_for_tables_and_gis(result, tmp_path):
    import pyogrio

    folder = result.write(tmp_path / "out")
    rows = pd.read_csv(folder / "scenarios.csv")
    assert set(rows["scenario"]) == {"road-only", "short-roads", "wide-road"}
    assert len(rows) == 3 * len(result.sites)
    layers = {name for name, _ in pyogrio.list_layers(folder / "lodemap.gpkg")}
    assert {"sites_tin_road-only", "sites_height_wide-road"} <= layers
    found = pyogrio.read_dataframe(folder / "lodemap.gpkg", layer="sites_tin_road-only")
    assert len(found) == 3
    assert not found.geometry.isna().any()


REFUSED = [
    ('prices = { copper-concentrat = 0.7 }', "no product 'copper-concentrat': did you mean"),
    ('prices = { copper-concentrate = 0 }', "the factor of a price must be more than zero"),
    ('closed = ["zamynuld"]', "there is no place 'zamynuld': did you mean 'zamynuud'?"),
    ('use_ports = ["daliann"]', "no sea lane leads to a port 'daliann': did you mean 'dalian'?"),
    ('use_ports = []', "use_ports names nothing, so that no freight could go"),
    ('gauges = [1000]', "there is no railway of 1000 mm: choose one of 1435, 1520"),
    ('gauges = ["1435 kg"]', "gauges: '1435 kg' has the unit 'kg'"),
    (
        'allow_crossings = ["internatinal"]',
        "the class of crossing 'internatinal' is unknown: did you mean 'international'?",
    ),
    (
        'open_links = [["nariinsukhait", "shivekhuren"]]',
        "there is no link 'nariinsukhait' to 'shivekhuren': did you mean "
        "'nariinsukhait to shiveekhuren'?",
    ),
    ('open_links = ["nariinsukhait"]', "open_links must be pairs of places"),
    ("note = 'nothing else'", "scenario 's' changes nothing"),
    ("colour = 1", "[scenario] does not know the key 'colour'"),
    ("weights.coper = { freight = 1 }", "there is no theme 'coper': did you mean 'copper'?"),
    ("weights.copper = { fright = 1 }", "theme 'copper' has no 'fright': did you mean 'freight'?"),
    ("weights.copper = { freight = -1 }", "weight must be finite and zero or more"),
    (
        'values.copper.freight = { linear = [["9 %", 1.0], ["5 %", 0.0]] }',
        "the points of linear must rise",
    ),
    ('rules.copper.water-zone = { buffer = "-1 km" }', "buffer must be zero or more"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), REFUSED)
def test_a_scenario_that_cannot_be_is_refused_with_its_line(mongolia, tmp_path, line, said):
    text = mongolia.read_text("utf-8").removesuffix(MONGOLIA)
    path = tmp_path / "copper.toml"
    path.write_text(f'{text}\n[[scenario]]\nid = "s"\ntitle = "S"\n{line}\n', "utf-8")
    with pytest.raises(RecipeError) as raised:
        geo.Study.from_toml(path)
    number = text.count("\n") + (2 if "changes nothing" in said else 5)
    found = [problem for problem in raised.value.problems if said in problem]
    assert found, raised.value.problems
    assert found[0].startswith(f"copper.toml:{number}: "), found


def test_scenario_weights_that_add_up_to_zero_are_refused(world):
    text = SCENARIOS.replace("road = 1\n", "road = 0\n")
    with pytest.raises(RecipeError, match="weights of 'tin' add up to zero"):
        geo.Study.from_toml(with_scenarios(world, text))


def test_a_changed_weight_makes_no_surface_again(world, monkeypatch):
    from geo.study import measures

    made = []
    for name, maker in measures.SURFACES.items():

        def counted(*given, name=name, maker=maker):
            made.append(name)
            return maker(*given)

        monkeypatch.setitem(measures.SURFACES, name, counted)
    geo.Study.from_toml(world).run()
    alone = sorted(made)
    made.clear()
    found = geo.Study.from_toml(with_scenarios(world, SCENARIOS)).run()
    assert len(found.content.themes[0].scenarios) == 3
    assert sorted(made) == alone


def test_scenarios_come_out_byte_for_byte_the_same(world, tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        geo.Study.from_toml(with_scenarios(world, SCENARIOS)).run().write(folder)
    one, two = folders
    for name in ("scenarios.csv", "robustness.csv", "exclusions.csv", "criteria.csv", "sites.csv",
                 "lodemap.gpkg", "index.html", "provenance.json"):  # fmt: skip
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
