import json

import numpy as np
import pandas as pd
import pytest

from geo.errors import DataError
from geo.scoring.explain import explain
from geo.scoring.sites import score_sites
from geo.scoring.weighting import WeightRange

TITLES = {"size": "Contained metal", "freight": "Freight to port", "stage": "Stage"}
STAGES = {"producing": 1.0, "occurrence": 0.1}


def study(rows, status="ranked"):
    """Tables of a theme as they are published: weights 0.5, 0.3, 0.2."""
    values = pd.DataFrame(
        rows, columns=["size", "freight", "stage"], index=list("abcd")[: len(rows)]
    )
    functions = {
        "size": lambda v: np.clip(v / 100, 0, 1),
        "freight": lambda v: np.clip(1 - v / 100, 0, 1),
        "stage": lambda v: np.array([STAGES.get(x, np.nan) for x in v]),
    }
    found = score_sites(
        "copper", list(values.index), values, None, None,
        {"size": "kt", "freight": "USD/t", "stage": ""}, functions,
        {n: WeightRange(w, w, w) for n, w in zip(functions, (0.5, 0.3, 0.2), strict=True)},
        (), pd.Series(status, values.index), dict.fromkeys(functions, "compiled"),
        {"size": "Survey 2015", "freight": "Tariff 2020", "stage": "Survey 2015"}, draws=200,
    )  # fmt: skip
    sites = found.sites.reset_index()
    sites.insert(1, "name", sites["site_id"].str.upper() + " mine")
    return sites, found.criteria


ROWS = [
    [90.0, 20.0, "producing"],
    [60.0, 30.0, "producing"],
    [60.0, 80.0, "producing"],
    [np.nan, 10.0, "occurrence"],
]


def explained(site, rows=ROWS, **changed):
    sites, criteria = study(rows, **changed)
    row = sites[sites["site_id"] == site].iloc[0]
    return explain(row, criteria, sites, titles=TITLES)


def test_parts_add_up_to_the_score_and_come_with_the_largest_first():
    data = explained("b").data
    assert sum(part["contribution"] for part in data["parts"]) == pytest.approx(data["score"])
    assert [part["criterion"] for part in data["parts"]] == ["size", "freight", "stage"]
    assert data["parts"][0]["lacks"] == pytest.approx(0.2)
    assert data["rank"] == 2
    assert data["of"] == 4


def test_the_next_better_site_and_what_decides_between_the_two():
    better = explained("c").data["nearest_better"]
    assert better["site_id"] == "b"
    assert better["deciding"] == "freight"
    assert better["ahead"] == pytest.approx(0.15)
    assert sum(better["by_criterion"].values()) == pytest.approx(better["ahead"])
    lines = explained("c").lines
    expected = "The next better site is B mine (rank 2), ahead by 0.150; Freight to port decides"
    assert any(line.startswith(f"{expected}: +0.150.") for line in lines)


def test_an_unknown_may_be_what_decides_and_it_is_said():
    found = explained("d")
    assert found.data["nearest_better"]["deciding"] == "size"
    assert any(line.endswith("+0.300, because it is not known here.") for line in found.lines)


def test_the_unknown_that_would_matter_most_is_told_with_what_it_could_bring():
    found = explained("d")
    assert found.data["unknowns"] == [
        {"criterion": "size", "title": "Contained metal", "weight": pytest.approx(0.5),
         "score_at_best": pytest.approx(0.79), "rank_at_best": 2},
    ]  # fmt: skip
    text = str(found)
    assert "Contained metal: not known, counted as nothing of at most 0.500." in text
    assert "would matter most if it were known: at its best the score would be 0.790" in text
    assert "Known for 2 of 3 criteria." in text


def test_several_unknowns_stand_with_the_heaviest_first():
    found = explained("d", [*ROWS[:3], [np.nan, np.nan, "occurrence"]])
    assert [u["criterion"] for u in found.data["unknowns"]] == ["size", "freight"]


def test_the_first_site_stays_first_between_two_weights():
    found = explained("a", [[90.0, 60.0, "producing"], [60.0, 20.0, "producing"]])
    assert found.data["nearest_better"] is None
    freight, size = found.data["first_while"]
    # Ahead by 0.3 of size, behind by 0.4 of freight; size has 5/7 of what freight leaves,
    # freight 3/5 of what size leaves.
    assert (freight["criterion"], size["criterion"]) == ("freight", "size")
    assert (freight["low"], freight["high"]) == pytest.approx((0, 1.5 / 4.3))
    assert (size["low"], size["high"]) == pytest.approx((0.24 / 0.54, 1))
    assert "It stays first as long as Freight to port weighs 0.00 to 0.35 (now 0.30)" in str(found)


def test_a_site_that_no_weight_can_dethrone_needs_no_interval():
    assert explained("a", ROWS[:3]).data["first_while"] == []


def test_sources_are_told_once_with_their_criteria():
    assert explained("b").lines[-1] == (
        "Sources: Survey 2015 (Contained metal, compiled; Stage, compiled); "
        "Tariff 2020 (Freight to port, compiled)."
    )


def test_an_excluded_site_says_why_and_claims_no_rank():
    sites, criteria = study(ROWS, status=["excluded", "ranked", "ranked", "unknown"])
    sites["excluded_by"] = ["Strictly protected areas", None, None, None]
    found = explain(sites.iloc[0], criteria, sites, titles=TITLES)
    assert found.lines[0] == (
        "A mine: excluded: Strictly protected areas. It has no score and no rank."
    )
    assert found.data["score"] is None
    assert found.data["nearest_better"] is None
    assert found.data["parts"][0]["contribution"] == pytest.approx(0.45)
    unknown = explain(sites.iloc[3], criteria, sites, titles=TITLES)
    assert unknown.lines[0].startswith("D mine: unknown.")
    assert "Contained metal would matter most if it were known." in unknown.lines
    assert explain(sites.iloc[1], criteria, sites).data["of"] == 2


def test_ranges_are_told_as_one_number_where_nothing_is_in_doubt():
    line = next(text for text in explained("a", ROWS[:3]).lines if "draws" in text)
    assert line == (
        "With weights and values drawn within their ranges, the score is 0.890 and the rank 1 in "
        "nine of ten draws; it is among the top sites in 100 % of them. "
        "Known for 3 of 3 criteria."
    )
    assert " to 0.7" in str(explained("d"))


def test_text_values_and_plain_numbers_are_said_as_they_are():
    text = str(explained("a"))
    assert "Stage: producing scores 1.00; it adds 0.200 of at most 0.200." in text
    assert "Freight to port: 20 USD/t scores 0.80; it adds 0.240 of at most 0.300." in text


def test_data_is_json():
    for site in "abcd":
        json.dumps(explained(site).data, allow_nan=False)


def test_tables_read_back_from_csv_say_the_same(tmp_path):
    sites, criteria = study(ROWS, status=["ranked", "excluded", "ranked", "ranked"])
    before = explain(sites.iloc[3], criteria, sites, titles=TITLES)
    for name, frame in (("sites", sites), ("criteria", criteria)):
        frame.to_csv(tmp_path / name, index=False)
    again, rows = (pd.read_csv(tmp_path / name) for name in ("sites", "criteria"))
    after = explain(again.iloc[3], rows, again, titles=TITLES)
    assert after.lines == before.lines
    assert "rank 3 of 3" in after.lines[0]


def test_a_theme_of_one_criterion_has_no_weight_to_move():
    sites, criteria = study(ROWS)
    criteria = criteria[criteria["criterion"] == "stage"].assign(weight=1.0)
    assert explain(sites.iloc[0], criteria, sites).data["first_while"] == []


def test_a_site_without_criteria_is_refused():
    sites, criteria = study(ROWS)
    with pytest.raises(DataError, match="site 'a' has no criteria"):
        explain(sites.iloc[0], criteria[criteria["site_id"] != "a"], sites)
