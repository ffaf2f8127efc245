"""The web map in Debian's Firefox, whose engine shares nothing with Chromium's."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bidi import FIREFOX, Firefox
from browser_pages import summed

from geo.publish.content import Content
from geo.publish.webmap import render
from geo.scoring.combination import Combination
from geo.scoring.unknowns import score_places

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not Path(FIREFOX).exists(),
        reason=f"{FIREFOX} is missing: apt-get install firefox-esr",
    ),
]
CENTRE = """(() => { const b = document.querySelector(%r).getBoundingClientRect();
  return [b.x + b.width / 2, b.y + b.height / 2]; })()"""


@pytest.fixture(scope="module")
def study(content: Content) -> Content:
    return summed(content)


@pytest.fixture(scope="module")
def path(study: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("firefox") / "index.html"
    found.write_bytes(render(study).encode())
    return found


@pytest.fixture(scope="module")
def firefox(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with Firefox(tmp_path_factory.mktemp("profile")) as found:
        yield found


def click(firefox: Firefox, selector: str) -> None:
    firefox.click(*firefox.run(CENTRE % selector))


def test_firefox_walks_through_the_page(firefox: Firefox, path: Path, study: Content) -> None:
    firefox.size(1440, 900)
    firefox.open(path.as_uri())
    firefox.until("document.querySelector('.row')")
    names = firefox.run("[...document.querySelectorAll('.row .who b')].map((n) => n.textContent)")
    first = study.themes[0].sites.sort_values("rank")["name"]
    assert names[0] == first.iloc[0]
    assert firefox.run("document.querySelectorAll('.site-mark').length") > 0
    drawn = """[...document.querySelectorAll('#map_lodemap canvas')].map((c) => c.getContext('2d')
      .getImageData(0, 0, c.width, c.height).data.filter((v, k) => k % 4 === 3 && v).length)"""
    assert max(firefox.run(drawn)) > 1000

    click(firefox, ".row")
    firefox.until("document.querySelector('#tab-site').getAttribute('aria-selected') === 'true'")
    assert names[0] in firefox.run("document.querySelector('#body').innerText")

    # Another theme, whose surface is painted anew by a slider that the keyboard moves.
    click(firefox, ".chip:nth-child(2)")
    firefox.until("document.querySelector('.leaflet-surface-pane img')")
    before = firefox.run("lodemap.fragment()")
    firefox.run("document.querySelector('#weight-0').focus()")
    firefox.press(*["\ue012"] * 12)
    firefox.until("document.querySelector('.leaflet-surface-pane canvas')")
    assert firefox.run("lodemap.fragment()") != before
    rows = list(csv.DictReader(io.StringIO(firefox.run("lodemap.csv()"))))
    assert {row["site_id"] for row in rows} == set(study.themes[1].sites["site_id"])

    for tab in ("compare", "gaps", "sources", "ranking"):
        click(firefox, f"#tab-{tab}")
        firefox.until(
            f"document.querySelector('#tab-{tab}').getAttribute('aria-selected') === 'true'"
        )
        assert len(firefox.run("document.querySelector('#body').innerText")) > 20

    # A phone's width: nothing is wider than the screen.
    firefox.size(390, 844)
    firefox.open(path.as_uri())
    firefox.until("document.querySelector('.row')")
    assert firefox.run("document.documentElement.scrollWidth") <= 390

    asked = [url for url in firefox.requests() if url.startswith(("http", "ws"))]
    assert asked == []
    assert firefox.complaints() == []


def test_firefox_ranks_as_python_does(firefox: Firefox, path: Path, study: Content) -> None:
    firefox.open(path.as_uri())
    firefox.until("window.lodemap")
    theme = study.themes[0]
    table = theme.criteria_table.pivot_table(
        "value_score", "site_id", "criterion", dropna=False, sort=False
    )
    scored = theme.sites.loc[theme.sites["status"] == "ranked", "site_id"]
    wide = table.loc[list(scored), [c.id for c in theme.criteria]].to_numpy()
    draw = np.random.default_rng(5)
    for _ in range(20):
        weights = draw.random(len(theme.criteria))
        combination = Combination(theme.method.name)
        wanted = score_places(wide, combination.shares(weights), combination).score
        rows = firefox.run(f"lodemap.ranking({theme.id!r}, {weights.tolist()})")
        found = {row["id"]: row["score"] for row in rows}
        for site, score in zip(scored, wanted, strict=True):
            assert found[site] == pytest.approx(score, abs=1e-6)
