"""Plants that exist: the table of the docs, from the embedded layers."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.energy import validation
from geo.energy.fleet import FleetOutput, fleet_output, fleet_table
from geo.energy.validation import Prediction, plants_table, summary, to_markdown
from geo.errors import DataError, EmptyLayerError

DOCS = Path(__file__).resolve().parents[2] / "docs" / "plants.md"


OWN = {
    "Salkhit wind farm": "MM92/2050",
    "Tsetsii wind farm": "V90/2000",
    "Sainshand wind farm": "V100/1800",
}


@pytest.fixture(scope="module")
def layers() -> validation._Layers:
    return validation._Layers.read("V90/2000", OWN, 80.0)


@pytest.fixture(scope="module")
def table(layers: validation._Layers) -> pd.DataFrame:
    return plants_table(layers.published, {"solar": layers.solar(), "wind": layers.wind()})


def row(**changes: object) -> pd.DataFrame:
    base: dict[str, object] = {
        "name": ["A"],
        "country": "X",
        "lon": 1.0,
        "lat": 2.0,
        "technology": "solar",
        "capacity_mw": 10.0,
        "capacity_basis": "ac",
        "capacity_factor": 0.2,
        "kind": "design",
        "year": "2020",
    }
    return pd.DataFrame(base | changes)


def test_a_row_tells_error_and_whether_it_lies_inside() -> None:
    predict = {"solar": lambda plant: Prediction(0.22, 0.19, 0.25)}
    found = plants_table(row(), predict).iloc[0]
    assert found["error_percent"] == 10.0
    assert found["inside"] is True or found["inside"] == np.True_
    outside = plants_table(row(capacity_factor=0.26), predict).iloc[0]
    assert not outside["inside"]


def test_plants_without_point_model_or_yield_are_told_not_guessed() -> None:
    rows = pd.concat(
        [row(lon=np.nan), row(technology="csp"), row(capacity_factor=np.nan), row()],
        ignore_index=True,
    )
    found = plants_table(rows, {"solar": lambda plant: Prediction(note="outside")})
    assert found["note"].tolist() == ["no point", "not modelled", "outside"]
    assert found["ours"].isna().all()
    assert found["inside"].isna().all()
    counted = summary(found).set_index("technology")
    assert counted.loc["solar", "published"] == 2
    assert counted.loc["solar", "predicted"] == 0


def test_every_published_yield_of_the_layers_stands_in_the_table(table: pd.DataFrame) -> None:
    assert len(table) >= 55
    assert set(table["technology"]) >= {"solar", "wind", "csp"}
    assert table["kind"].isin(["actual", "design", "estimate"]).all()


def test_four_in_five_solar_plants_lie_inside_their_interval(table: pd.DataFrame) -> None:
    solar = summary(table).set_index("technology").loc["solar"]
    assert solar["predicted"] >= 18
    assert solar["inside"] / solar["predicted"] >= 0.8
    assert abs(solar["mean_error_percent"]) < 10
    known = table[(table["technology"] == "solar") & table["ours"].notna()]
    width = (known["high"] - known["low"]) / known["ours"]
    # Not bought with wide intervals: at most a fifth up and down.
    assert width.max() < 0.42


def test_a_farm_with_no_other_point_in_range_stays_unknown(table: pd.DataFrame) -> None:
    wind = table[table["technology"] == "wind"]
    alone = wind[wind["note"].str.contains("no other point")]
    assert len(alone) > 0
    assert alone["ours"].isna().all()
    predicted = wind[wind["ours"].notna()]
    assert predicted["inside"].mean() >= 0.7


def test_the_page_of_the_docs_lists_every_plant(table: pd.DataFrame) -> None:
    page = DOCS.read_text(encoding="utf-8")
    for name in table["plant"].unique():
        assert str(name) in page
    assert "python -m geo.energy.validation" in page
    assert not re.search(r"\bnan\b", page)


FLEET = "All Mongolian wind farms (Salkhit, Tsetsii, Sainshand)"


def test_seven_years_of_the_national_fleet_lie_within_the_sum_of_its_farms(
    layers: validation._Layers,
) -> None:
    found = layers.fleet()
    given = layers.published[layers.published["name"] == FLEET]
    compared = fleet_table(found, given)
    assert len(compared) == 7
    assert compared["inside_all"].all()
    # An 80 % interval of one year misses one in five.
    assert compared["inside"].sum() >= 5
    assert abs(found.central / given["yield_gwh_yr"].mean() - 1) < 0.08
    low, high = found.interval()
    assert (high - low) / found.central < 0.36


def test_many_years_need_a_wider_interval_than_one_and_less_doubt_a_narrower() -> None:
    fleet = FleetOutput(500.0, 40.0, 30.0)
    one = fleet.interval()
    assert one[1] - 500 == pytest.approx(1.28155 * 50, rel=1e-3)
    assert fleet.interval(5)[1] > one[1]
    assert FleetOutput(500.0, 20.0, 30.0).interval(5)[1] < fleet.interval(5)[1]
    draws = np.random.default_rng(1)
    years = 40 * draws.standard_normal((20_000, 1)) + 30 * draws.standard_normal((20_000, 7))
    low, high = fleet.interval(7)
    share = ((years > low - 500) & (years < high - 500)).all(axis=1).mean()
    assert share == pytest.approx(0.8, abs=0.01)


def test_a_fleet_without_farms_or_wind_is_refused(layers: validation._Layers) -> None:
    model = layers.wind().model
    fields = layers.rasters["relief"], layers.rasters["temperature"]
    none = pd.DataFrame({"name": [], "lon": [], "lat": [], "capacity_mw": []})
    with pytest.raises(EmptyLayerError, match="no farm"):
        fleet_output(model, none, layers.own, *fields)
    far = pd.DataFrame({"name": ["Salkhit wind farm"], "lon": [130.0], "lat": [52.0],
                        "capacity_mw": [50.0]})  # fmt: skip
    with pytest.raises(EmptyLayerError, match="wind at Salkhit wind farm is unknown"):
        fleet_output(model, far, layers.own, *fields)


def test_the_command_writes_the_table(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    layers: validation._Layers,
) -> None:
    asked: list[object] = []

    def read(*arguments: object) -> validation._Layers:
        asked.extend(arguments)
        return layers

    monkeypatch.setattr(validation._Layers, "read", read)
    own = [part for plant, machine in OWN.items() for part in ("--own", f"{plant}={machine}")]
    assert validation._main([*own, "--fleet", FLEET]) == 0
    assert asked == ["V90/2000", OWN, 80.0]
    printed = capsys.readouterr().out
    assert "| Darkhan solar | Mongolia | solar | 10 | DC | estimate | 2016 |" in printed
    assert "Sum of the farms:" in printed
    assert "range_km: 191.685;" in printed
    page = DOCS.read_text(encoding="utf-8")
    for line in printed.splitlines():
        assert line in page
    with pytest.raises(DataError, match="no yearly output of 'X'"):
        validation._main(["--fleet", "X"])


def test_markdown_escapes_bars_and_leaves_unknown_cells_empty() -> None:
    text = to_markdown(pd.DataFrame({"a_b": ["x|y"], "n": [np.nan], "t": [True]}))
    assert text.splitlines() == ["| a b | n | t |", "|---|---|---|", "| x\\|y |  | yes |"]
