"""`lodemap explain` on a whole run: sentences, data and pictures."""

import json
import xml.etree.ElementTree as ET
from io import BytesIO

import pytest
from click.testing import CliRunner
from PIL import Image
from small_world import small_world, with_scenarios

import geo
from geo.cli import main
from geo.errors import DataError, OutputError
from geo.publish.explained import draw_png, draw_svg, write_picture
from geo.study.explained import explain_folder

MORE = """
[[theme]]
id = "near"
title = "Near the track"

[theme.sites]
layer = "mines"

[[theme.criterion]]
id = "road"
title = "Road"
measure = "distance"
layer = "tracks"
value = { linear = [["0 km", 1.0], ["200 km", 0.0]] }
weight = 1
source = "made up"

[[theme.exclusion]]
id = "wide"
title = "Near the track"
layer = "tracks"
buffer = "20 km"
source = "made up"

[[scenario]]
id = "road"
title = "Only the road counts"
[scenario.weights.tin]
size = 0
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    recipe = small_world(tmp_path_factory.mktemp("world"))
    return geo.Study.from_toml(with_scenarios(recipe, MORE)).run()


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    return result.write(tmp_path_factory.mktemp("out") / "run")


def test_sentences_tell_value_swing_weight_method_rival_and_conditions(result):
    text = str(result.explain("small", "tin"))
    assert "A score runs from 0, the worst, to 1" in text
    assert "made of 2 criteria by weighted sum; an unknown counts as its worst case." in text
    assert (
        "Size: 2 kt scores 0.20, where 0 kt is worst and 10 kt best; it adds 0.133 of at most "
        "0.667." in text
    )
    assert "The next better site is Untold (rank 2)" in text
    assert "The 6 methods that were tried rank it" in text
    assert "Its rank under other conditions: Only the road counts, 3." in text


def test_the_two_sites_are_level_with_the_weight_that_is_named(result):
    found = result.explain("small", "tin").data
    rows = result.criteria.query("theme == 'tin'").pivot_table(
        index="site_id", columns="criterion", values="value_score"
    )
    rows = rows.reindex(["small", found["nearest_better"]["site_id"]]).fillna(0.0)
    assert len(found["overtakes"]) == 2
    for entry in found["overtakes"]:
        name, at = entry["criterion"], entry["at"]
        other = next(c for c in rows.columns if c != name)
        scores = at * rows[name] + (1 - at) * rows[other]
        assert scores.iloc[0] == pytest.approx(scores.iloc[1])


def test_what_knowing_an_unknown_is_expected_to_change_is_told(result):
    found = result.explain("untold", "tin")
    (told,) = found.data["information"]
    assert told["criterion"] == "size"
    # Two thirds of the score hang on the size, and a little of the rank.
    assert 0 < told["rank"] < 1
    assert told["range"] > 0.1
    assert "knowing it is expected to move the mean rank by" in str(found)


def test_an_excluded_site_is_told_what_would_have_to_change(result):
    text = str(result.explain("big", "near"))
    assert "excluded: Near the track" in text
    assert "To qualify, this would have to change: Near the track: track lies" in text
    assert "20,000 m are required" in text


def test_folder_and_result_say_the_same(result, folder):
    for site in ("big", "small", "untold"):
        (written,) = explain_folder(folder, site, "tin")
        assert written.lines == result.explain(site, "tin").lines
        json.dumps(written.data, allow_nan=False)


def test_a_site_of_several_themes_needs_one_named(result):
    with pytest.raises(DataError, match="is in the themes tin, near: name one"):
        result.explain("big")
    with pytest.raises(DataError, match="there is no site 'bigg' in any theme: did you mean 'big'"):
        result.explain("bigg")


def test_the_picture_shows_every_criterion_and_its_share(result):
    data = result.explain("small", "tin").data
    root = ET.fromstring(draw_svg(data, "#123456"))
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Small", "Size", "Road"} <= set(texts)
    boxes = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    filled = [float(b.get("width")) for b in boxes if b.get("fill") == "#123456"]
    # The mark of the score, then what each criterion adds, on the scale of its weight.
    parts = [part["contribution"] for part in data["parts"]]
    widest = max(part["weight"] for part in data["parts"])
    assert filled[1:] == pytest.approx([290 * part / widest for part in parts], abs=0.06)


def test_text_of_a_layer_stays_text_in_the_picture(result):
    data = dict(result.explain("small", "tin").data, name="<script>alert('1')</script>&")
    root = ET.fromstring(draw_svg(data))
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_svg_and_png_are_the_same_from_run_to_run_and_of_one_size(result, tmp_path):
    data = result.explain("untold", "tin").data
    for name in ("a.svg", "a.png"):
        write_picture(data, tmp_path / name)
    assert (tmp_path / "a.svg").read_text("utf-8") == draw_svg(data)
    assert (tmp_path / "a.png").read_bytes() == draw_png(data)
    image = Image.open(BytesIO(draw_png(data)))
    root = ET.fromstring(draw_svg(data))
    assert image.size == (2 * int(root.get("width")), 2 * int(root.get("height")))
    assert len(image.getcolors(1 << 20)) > 10


def test_the_command_writes_a_picture_beside_the_words(folder, tmp_path):
    path = tmp_path / "why.svg"
    call = ["explain", str(folder), "--site", "big"]
    said = CliRunner().invoke(main, [*call, "--theme", "tin", "--picture", str(path)])
    assert said.exit_code == 0, said.output
    assert path.read_text("utf-8").startswith("<svg")
    several = CliRunner().invoke(main, [*call, "--picture", str(path)])
    assert several.exit_code == 2
    assert "name one with --theme" in several.output


def test_pictures_that_cannot_be_are_refused(result, tmp_path):
    data = result.explain("big", "tin").data
    with pytest.raises(OutputError, match=r"ends in \.svg or \.png"):
        write_picture(data, tmp_path / "why.jpg")
    with pytest.raises(OutputError, match="cannot be written"):
        write_picture(data, tmp_path / "missing" / "why.svg")
    assert not list(tmp_path.iterdir())
