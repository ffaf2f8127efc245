"""Measures that the embedded recipe does not use, on the embedded layers."""

import numpy as np
import pytest
from shipped_recipe import shipped

import geo

THEME = """
[[theme]]
id = "probe"
title = "Probe"

[theme.sites]
best = 4
spacing = "100 km"

[theme.freight]
product = "copper-concentrate"
destinations = { KR = ["busan"], JP = ["niigata"] }
"""
CRITERION = """
[[theme.criterion]]
id = "{id}"
title = "{id}"
measure = "{measure}"
{extra}
value = {{ linear = {points} }}
weight = 1
source = "test"
"""
MEASURES = {
    "mines": (
        "density",
        'layer = "deposits-mongolia"\nradius = "100 km"\nunit = "1/km2"',
        '[["0 1/km2", 0.0], ["0.002 1/km2", 1.0]]',
    ),
    "junctions": (
        "crossing-distance",
        'layer = "railways"',
        '[["0 km", 1.0], ["300 km", 0.0]]',
    ),
    "sun": ("solar-yield", "", '[["0 %", 0.0], ["30 %", 1.0]]'),
    "air": ("wind-yield", "", '[["0 %", 0.0], ["60 %", 1.0]]'),
    "freight": ("freight-cost", 'to = ["KR"]', '[["0 USD/t", 1.0], ["300 USD/t", 0.0]]'),
    "province": (
        "zonal",
        'zones = "provinces-mongolia"\nlayer = "relief"\nstatistic = "mean"\nunit = "m"',
        '[["0 m", 0.0], ["3000 m", 1.0]]',
    ),
    "january": (
        "value",
        'layer = "temperature"\nband = "m01"\nunit = "degC"',
        '[["-40 degC", 0.0], ["0 degC", 1.0]]',
    ),
}


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    path = tmp_path_factory.mktemp("probe") / "probe.toml"
    parts = [
        CRITERION.format(id=name, measure=measure, extra=extra, points=points)
        for name, (measure, extra, points) in MEASURES.items()
    ]
    path.write_text(shipped() + THEME + "".join(parts), "utf-8")
    return geo.Study.from_toml(path, cell_size=20_000, seed=3).run()


def test_yields_are_shares_of_the_rating(probe):
    sun = probe.surfaces["probe-sun"].to_numpy()
    air = probe.surfaces["probe-air"].to_numpy()
    assert 12 < np.nanmin(sun) < np.nanmax(sun) < 30
    assert 15 < np.nanmin(air) < np.nanmax(air) < 60
    assert np.isnan(air).sum() > np.isnan(sun).sum()


def test_freight_in_money_is_that_of_the_named_country(probe):
    cost = probe.surfaces["probe-freight"]
    rows = probe.criteria[probe.criteria["criterion"] == "freight"].set_index("site_id")
    sites = probe.sites.set_index("site_id")
    own = sites["freight_KR"].to_numpy(float)
    assert rows.loc[sites.index, "value"].to_numpy(float) == pytest.approx(own, rel=1e-6)
    assert cost.attrs["units"] == "USD/t"


def test_a_zone_has_one_value_that_lies_among_its_cells(probe):
    mean = probe.surfaces["probe-province"].to_numpy()
    known = mean[np.isfinite(mean)]
    assert 15 <= len(np.unique(np.round(known, 3))) <= 22
    assert 600 < known.min() < known.max() < 3000


def test_a_band_may_be_named(probe):
    cold = probe.surfaces["probe-january"].to_numpy()
    assert -35 < np.nanmean(cold) < -10


def test_a_result_explains_its_sites_by_the_titles_of_the_criteria(probe):
    site = probe.sites.iloc[0]["site_id"]
    (found,) = probe.explanations(site, "probe")
    assert any("province" in line for line in found.lines)
    assert found.data["site_id"] == site


def test_a_summary_names_the_first_site(probe, tmp_path):
    said = probe.summary(tmp_path)
    assert said["themes"][0]["first"] == probe.sites.iloc[0]["site_id"]


def test_density_and_crossings_are_on_every_cell(probe):
    mines, junctions = (probe.surfaces[f"probe-{name}"] for name in ("mines", "junctions"))
    inside = np.isfinite(mines)
    assert (np.isfinite(junctions) == inside).all()
    assert mines.attrs["units"] == "1/km2"
    assert float(mines.min()) == 0.0
    # Cells of 400 km2; part of the density of 287 deposits lies beyond the border.
    assert 230 < float(mines.sum()) * 400 < 287
    assert float(junctions.min()) < 20
