"""The page of the shipped recipe ranks as Python does, and does little for it."""

import csv
import io
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browser_pages import DESKTOP, Visit
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.publish.packed import packed
from geo.scoring.combination import Combination
from geo.scoring.unknowns import score_places

pytestmark = pytest.mark.browser

AT_FIRST = """addEventListener('DOMContentLoaded', () => {
  window.atFirst = [document.querySelectorAll('.row').length,
    document.querySelectorAll('#weight-0').length, document.querySelectorAll('.site-mark').length];
})"""


@pytest.fixture(scope="module")
def real(chromium: Any, coarse_folder: Path) -> Any:
    path = coarse_folder / "index.html"
    context = chromium.new_context(**DESKTOP)
    context.set_offline(True)
    page = context.new_page()
    page.add_init_script(AT_FIRST)
    page.goto(path.as_uri())
    page.wait_for_selector(".row")
    yield page
    context.close()


def test_fifty_sets_of_weights_rank_every_theme_as_python_does(
    real: Any, coarse_folder: Path
) -> None:
    criteria = pd.read_csv(coarse_folder / "criteria.csv")
    sites = pd.read_csv(coarse_folder / "sites.csv")
    told = real.evaluate(
        "lodemap.data.themes.map((t) => [t.id, t.live, t.method.name, t.method.options,"
        " t.method.unknown, t.criteria.map((c) => c.id)])"
    )
    assert len(told) == 6
    draw = np.random.default_rng(2026)
    for theme, live, method, options, unknown, names in told:
        assert live
        ranked = sites[(sites["theme"] == theme) & (sites["status"] == "ranked")]["site_id"]
        own = criteria[criteria["theme"] == theme]
        table = own.pivot_table("value_score", "site_id", "criterion", dropna=False)
        known = table.loc[list(ranked), names].to_numpy()
        combination = Combination(method, options)
        for _ in range(50):
            weights = draw.dirichlet(np.ones(len(names)))
            wanted = score_places(known, combination.shares(weights), combination, unknown=unknown)
            rows = real.evaluate(
                "([t, w]) => lodemap.ranking(t, w).map((r) => [r.id, r.score, r.rank])",
                [theme, weights.tolist()],
            )
            found = {site: (score, rank) for site, score, rank in rows}
            assert set(found) == set(ranked)
            scores = np.array([found[site][0] for site in ranked])
            assert np.abs(scores - wanted.score).max() < 1e-6
            # Values in the tables have nine digits: what is closer than that may change places.
            order = np.argsort(-wanted.score)
            apart = np.diff(-wanted.score[order]) > 1e-7
            places = np.array([found[site][1] for site in ranked])[order]
            assert (np.diff(places)[apart] > 0).all()


def test_the_list_stands_before_anything_else_is_waited_for(real: Any) -> None:
    """No timer, no picture and no plane of a surface lies before the first list."""
    rows, sliders, marks = real.evaluate("atFirst")
    assert rows >= 10
    assert sliders == 1
    assert marks >= 1
    assert real.evaluate("performance.getEntriesByType('resource').length") == 0


def test_a_moved_slider_touches_only_what_can_be_seen(real: Any) -> None:
    real.evaluate("location.hash = '#theme=copper'")
    real.wait_for_function("document.querySelectorAll('.row').length === 40")
    seen, made = real.evaluate("""async () => {
      const list = document.querySelector('#body ol'), slider = document.querySelector('#weight-0');
      const items = new Set(list.children), touched = new Set();
      const watch = new MutationObserver((all) => all.forEach((m) => {
        const item = m.target.closest && m.target.closest('ol > li');
        if (item) { touched.add(item); }
      }));
      watch.observe(list, {subtree: true, attributes: true, childList: true});
      slider.value = '0.5';
      slider.dispatchEvent(new Event('input', {bubbles: true}));
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      const now = touched.size;
      watch.disconnect();
      return [now, [...list.children].filter((item) => !items.has(item)).length];
    }""")
    fit = real.evaluate("""document.querySelector('#body').clientHeight
      / document.querySelector('#body ol > li').offsetHeight""")
    # Rows in view and one beyond each edge, and those that came into the first forty.
    assert 1 <= seen - made <= fit + 5
    rows = csv.DictReader(io.StringIO(real.evaluate("lodemap.csv()")))
    best = next(iter(sorted(rows, key=lambda row: int(row["rank"] or 999))))
    real.wait_for_timeout(400)
    said = real.locator(".row").first.get_attribute("aria-label")
    assert said is not None
    assert best["name"] in said


@settings(max_examples=60, deadline=None)
@given(
    raw=st.one_of(
        st.binary(max_size=3000),
        st.lists(st.sampled_from([b"a", b"ab" * 40, b"\x00" * 300, b"ore "]), max_size=60).map(
            b"".join
        ),
    ),
    level=st.integers(0, 9),
    strategy=st.sampled_from([zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY]),
)
def test_the_page_unpacks_every_kind_of_stream(
    real: Any, raw: bytes, level: int, strategy: int
) -> None:
    maker = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    text = b64encode(maker.compress(raw) + maker.flush()).decode()
    for one in (text, packed(raw)):
        assert bytes(real.evaluate("(t) => Array.from(lodemapInflate(t))", one)) == raw


def test_the_real_page_keeps_its_limit_and_says_nothing(chromium: Any, coarse_folder: Path) -> None:
    path = coarse_folder / "index.html"
    assert path.stat().st_size < 2_000_000
    seen = Visit(chromium, path, DESKTOP)
    for chip in seen.page.locator(".chip").all():
        chip.click()
        seen.page.locator("#weight-0").fill("0.4")
        seen.page.wait_for_timeout(80)
    seen.is_quiet(path)
    seen.page.context.close()
