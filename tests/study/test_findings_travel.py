"""What was repaired or doubtful in a layer is told wherever the study's result is."""

import json

import numpy as np
import pytest
from page_data import data_of
from small_world import raster, small_world

import geo
from geo.errors import LodemapWarning


def test_a_repair_reaches_the_map_and_the_provenance(tmp_path):
    recipe = small_world(tmp_path)
    heights = np.linspace(0, 1800, 40 * 50).reshape(40, 50)
    heights[0, :4] = -32768
    raster(recipe.parent / "layers", "ground", heights, valid_range=[0, 2000])
    with pytest.warns(LodemapWarning, match="4 of 2,000 values lie outside 0 to 2000 m"):
        result = geo.Study.from_toml(recipe).run()
    folder = result.write(tmp_path / "out")
    (said,) = [
        layer["findings"]
        for layer in json.loads((folder / "provenance.json").read_text("utf-8"))["layers"]
        if layer["id"] == "ground"
    ]
    (finding,) = said
    assert (finding["level"], finding["code"], finding["count"]) == ("repair", "outside-range", 4)
    assert finding["message"].startswith("ground.tif: 4 of 2,000 values")
    told = data_of((folder / "index.html").read_text("utf-8"))["findings"]
    assert "ground.tif: 4 of 2,000 values lie outside 0 to 2000 m" in str(told)
    for file in (folder / "provenance.json", folder / "index.html"):
        assert str(tmp_path) not in file.read_text("utf-8")


def test_sound_layers_have_no_findings(tmp_path):
    result = geo.Study.from_toml(small_world(tmp_path)).run()
    assert result.content.findings == ()
    page = result.write(tmp_path / "out").joinpath("index.html").read_text("utf-8")
    assert data_of(page)["findings"] == []
