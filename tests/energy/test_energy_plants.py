"""Plants that exist: the table of the docs, from the embedded layers."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.energy import validation
from geo.energy.validation import Prediction, plants_table, summary, to_markdown

DOCS = Path(__file__).resolve().parents[2] / "docs" / "plants.md"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    yields, solar, wind = validation._from_layers("V90/2000", {}, 80.0)
    return plants_table(yields, {"solar": solar, "wind": wind})


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


def test_the_command_writes_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, predict = row(), Prediction(0.21, 0.18, 0.24)

    class Model:
        @staticmethod
        def attributes() -> dict[str, float]:
            return {"range_km": 100.0}

    class Wind:
        model = Model()

    asked: list[object] = []

    def layers(*arguments: object) -> tuple[object, object, object]:
        asked.extend(arguments)
        return rows, lambda plant: predict, Wind()

    monkeypatch.setattr(validation, "_from_layers", layers)
    assert validation._main(["--own", "A=T/100", "--hub-height", "90"]) == 0
    assert asked == ["V90/2000", {"A": "T/100"}, 90.0]
    printed = capsys.readouterr().out
    assert "| A | X | solar | 10 | AC | design | 2020 | 0.2 | 0.21 |" in printed
    assert "range_km: 100" in printed


def test_markdown_escapes_bars_and_leaves_unknown_cells_empty() -> None:
    text = to_markdown(pd.DataFrame({"a_b": ["x|y"], "n": [np.nan], "t": [True]}))
    assert text.splitlines() == ["| a b | n | t |", "|---|---|---|", "| x\\|y |  | yes |"]
