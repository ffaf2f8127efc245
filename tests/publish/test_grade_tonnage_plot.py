import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from geo.cli import main
from geo.errors import DataError
from geo.publish.gradetonnage import grade_tonnage_svg

DEPOSITS = pd.DataFrame(
    {
        "name": ["Small", "Rich", "Large", "Untold"],
        "resource_mt": [10.0, 10.0, 1000.0, np.nan],
        "grade": [0.1, 1.0, 0.1, 0.5],
        "grade_unit": "% Cu",
    }
)


def circles(svg):
    return [tuple(map(float, pair)) for pair in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)]


def test_ten_times_the_grade_stands_one_decade_higher_and_on_the_line_of_ten_times_the_metal():
    svg = grade_tonnage_svg(DEPOSITS)
    small, rich, large = circles(svg)
    assert small[0] == rich[0] < large[0]
    assert small[1] == large[1] > rich[1]
    # From 10 kt in one corner to 10 Mt in the other run two lines; Rich lies on the first, which
    # begins at its place, and Large on the second.
    assert re.findall(r">([\d.]+ k?M?t Cu)<", svg) == ["100 kt Cu", "1 Mt Cu"]
    assert f'd="M{rich[0]} {rich[1]}L' in svg
    assert f'L{large[0]} {large[1]}" stroke' in svg
    assert "3 deposits; 1 without a stated tonnage or grade are not drawn" in svg


def test_a_deposit_stands_out_with_its_percentiles():
    svg = grade_tonnage_svg(DEPOSITS, name="Rich")
    # Of the two others one is as large, none as rich; of metal one holds less, one more.
    assert "Rich: above so many of the others: tonnage 25 %, grade 100 %, metal 50 %" in svg
    assert svg.count('r="7"') == 1


def test_grams_and_per_cent_of_one_metal_share_a_scale():
    mixed = DEPOSITS.head(2).assign(grade=[0.1, 1000.0], grade_unit=["% Cu", "g/t Cu"])
    first, second = circles(grade_tonnage_svg(mixed))
    assert first == second


@pytest.mark.parametrize(
    ("table", "name", "said"),
    [
        (DEPOSITS.drop(columns="grade"), None, "lacks grade"),
        (DEPOSITS.tail(2), None, "1 of 2 deposits have a tonnage"),
        (DEPOSITS.assign(grade_unit=["% Cu", "% Zn", "% Cu", "% Cu"]), None, "of Cu, Zn"),
        (DEPOSITS, "Untold", "no deposit 'Untold'"),
    ],
)
def test_refuses_what_cannot_be_drawn(table, name, said):
    with pytest.raises(DataError, match=said):
        grade_tonnage_svg(table, name=name)


def test_names_from_a_table_are_text_and_nothing_else():
    hostile = DEPOSITS.assign(name=["<script>alert(1)</script>", "B", "C", "D"])
    assert "<script" not in grade_tonnage_svg(hostile, name=hostile["name"][0])


def test_the_command_draws_the_embedded_copper_deposits(tmp_path):
    out = tmp_path / "copper.svg"
    options = ["deposits", "plot", "deposits-mongolia", "--commodity", "copper", "--out", str(out)]
    done = CliRunner().invoke(main, options, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    svg = out.read_text("utf-8")
    assert len(circles(svg)) == 9
    assert "not drawn" in svg
    again = CliRunner().invoke(main, [*options, "--name", "Nowhere"])
    assert again.exit_code != 0
    assert "no deposit 'Nowhere'" in again.output
    assert out.read_text("utf-8") == svg
