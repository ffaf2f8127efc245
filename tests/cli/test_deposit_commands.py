"""Registers into records, and the review that a person and a rerun share."""

import pandas as pd
import pytest
from click.testing import CliRunner

from geo.catalogue.vector import look
from geo.cli import main
from geo.errors import DataError, LayerError
from geo.minerals.review import read_decisions, review

MRDS = """\
dep_id,url,site_name,latitude,longitude,country,state,commod1,commod2,commod3,dep_type,dev_stat
1,u,Oyu Tolgoi,43.0,106.86,Mongolia,,"Copper, Gold",,,Porphyry Cu-Au,Producer
2,u,Nowhere,,,Mongolia,,Fluorine,,,,Occurrence
3,u,Tsagaan Suvrag,43.9,108.3,Mongolia,,Copper,,,,Unknown
4,u,=1+1,47.0,100.0,Mongolia,,Tin,,,,Unknown
"""


def run(*arguments: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert "Traceback" not in found.output
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture
def register(tmp_path):
    (tmp_path / "mrds.csv").write_text(MRDS, "utf-8")
    code, out, _ = run(
        "deposits",
        "read",
        tmp_path / "mrds.csv",
        "--register",
        "usgs-mrds",
        "--out",
        tmp_path / "mrds.gpkg",
    )
    assert code == 0
    assert "3 deposits, 0 statements of quantity, 1 without a place" in out
    return tmp_path / "mrds.gpkg"


def test_linking_again_keeps_to_what_a_person_decided(register, tmp_path):
    paper = tmp_path / "review.csv"
    code, out, err = run("deposits", "link", "deposits-mongolia", register, "--review", paper)
    assert (code, "2 links" in out, "cannot hold" in err) == (0, True, False)
    pairs = pd.read_csv(paper, keep_default_na=False)
    assert pairs["same"].tolist()[:2] == ["yes", "yes"]
    assert set(pairs["left"]) >= {"oyu-tolgoi", "tsagaan-suvarga"}

    pairs.loc[pairs["left"] == "oyu-tolgoi", "decision"] = "no"
    pairs.to_csv(paper, index=False)
    first = run("deposits", "link", "deposits-mongolia", register, "--review", paper)
    written = paper.read_bytes()
    assert run("deposits", "link", "deposits-mongolia", register, "--review", paper) == first
    assert paper.read_bytes() == written
    again = pd.read_csv(paper, keep_default_na=False).set_index("left")
    assert again.loc["oyu-tolgoi", ["same", "decision"]].tolist() == ["no", "no"]
    assert again.loc["tsagaan-suvarga", ["same", "decision"]].tolist() == ["yes", ""]


def test_faults_are_one_line(register, tmp_path):
    paper = tmp_path / "review.csv"
    code, _, err = run(
        "deposits",
        "read",
        tmp_path / "mrds.csv",
        "--register",
        "mrds",
        "--out",
        tmp_path / "x.gpkg",
    )
    assert (code, "there are usgs-mrds" in err, (tmp_path / "x.gpkg").exists()) == (2, True, False)
    code, _, err = run("deposits", "link", "nowhere", register, "--review", paper)
    assert (code, "no layer 'nowhere'" in err) == (2, True)
    code, _, err = run("deposits", "link", register, register, "--review", tmp_path / "review.gpkg")
    assert (code, "a review is a CSV" in err) == (2, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("left,right\na,b\n", "no column 'decision'"),
        ("left,right,decision\na,b,maybe\n", "row 2: decision 'maybe'"),
        ("left,right,decision\na,b,yes\na,b,NO\n", "a and b stand twice"),
        ("", "cannot be read"),
    ],
)
def test_a_review_that_cannot_be_followed_is_refused(tmp_path, text, words):
    (tmp_path / "review.csv").write_text(text, "utf-8")
    with pytest.raises(LayerError, match=words):
        read_decisions(tmp_path / "review.csv")


def test_a_decision_on_a_record_that_is_gone_is_refused(register):
    table = look(register)[1]
    decisions = pd.DataFrame({"left": ["usgs-mrds-1"], "right": ["gone"], "decision": ["yes"]})
    with pytest.raises(DataError, match="'gone', which is not in the right table"):
        review(table, table, decisions)
