"""The web map for everyone: axe-core, the keyboard alone, large text, small screens."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from browser_pages import DESKTOP, PHONE, Visit, scored_theme, summed

from geo.publish.content import Content
from geo.publish.webmap import render

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = """async () => (await axe.run(document)).violations.map(
    (v) => [v.id, v.nodes.map((n) => n.html.slice(0, 200))])"""
TABS = ("ranking", "site", "compare", "gaps", "sources")
# Text that is cut although nothing says so by an ellipsis, and text that lies over other text.
CUT = """() => {
  const shown = (n) => { const b = n.getBoundingClientRect(), s = getComputedStyle(n);
    return b.width > 0 && b.height > 0 && s.visibility !== 'hidden'
      && !n.closest('.sr,.labels,.bar,.legs'); };
  const found = [];
  for (const n of document.querySelectorAll('#panel *, #legend *, #tools *')) {
    const own = [...n.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own || !shown(n)) continue;
    const s = getComputedStyle(n);
    if (s.overflowX === 'hidden' && s.textOverflow !== 'ellipsis' && s.webkitLineClamp === 'none'
        && n.scrollWidth > n.clientWidth + 1) found.push('cut: ' + n.textContent.slice(0, 60));
    const b = n.getBoundingClientRect();
    const box = n.closest('#panel, #legend, #tools').getBoundingClientRect();
    if ((b.right > box.right + 1 || b.left < box.left - 1) && !n.closest('.chips,.wide'))
      found.push('out of its box: ' + n.textContent.slice(0, 60));
  }
  return found;
}"""
EVIDENCE = [
    {"id": "near", "title": "Near a fault", "w_plus": 1.349, "w_minus": -0.75, "contrast": 2.099},
    {"id": "slope", "title": "Slope", "left_out": "tells nothing"},
]
OVER = """() => {
  const lines = [];
  const walk = document.createTreeWalker(document.getElementById('panel'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, parent = node.parentElement;
    if (!node.textContent.trim() || parent.closest('.sr,option,select,.notice,.legs')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const r of range.getClientRects()) {
      const box = parent.closest('#body, .foot');
      const clip = box ? box.getBoundingClientRect() : r;
      if (r.width < 2 || r.bottom > clip.bottom || r.top < clip.top) continue;
      lines.push([r, node.textContent.slice(0, 40), parent]);
    }
  }
  const found = [];
  for (let i = 0; i < lines.length; i += 1) for (let j = 0; j < i; j += 1) {
    const [a, x, p] = lines[i], [b, y, q] = lines[j];
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && tall > 4 && p !== q && getComputedStyle(p).overflow !== 'hidden'
        && getComputedStyle(q).overflow !== 'hidden') found.push(x + ' / ' + y);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def path(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = summed(content)
    more = scored_theme(study.themes[0], "many", sites=40, criteria=9)
    themes = (*study.themes, more)
    short = {"title": "What to test", "notes": ("A note.",)}
    found = tmp_path_factory.mktemp("access") / "index.html"
    found.write_bytes(render(dataclasses.replace(study, themes=themes, **short)).encode())
    return found


def open_tab(page: Any, tab: str) -> None:
    if tab == "site":
        page.click("#tab-ranking")
        page.locator(".row").first.click()
    elif tab == "compare":
        page.click("#tab-ranking")
        for k in (0, 1):
            page.locator(".pick").nth(k).check()
        page.click("#tab-compare")
    else:
        page.click(f"#tab-{tab}")


@pytest.fixture(scope="module", params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["desktop", "phone"])
def page(request: pytest.FixtureRequest, chromium: Any, path: Path, scheme: str) -> Iterator[Any]:
    options = {"desktop": DESKTOP, "phone": PHONE}[request.param]
    seen = Visit(chromium, path, options | {"color_scheme": scheme})
    client = seen.page.context.new_cdp_session(seen.page)
    # Past the page's policy, which lets no script in.
    client.send("Runtime.evaluate", {"expression": AXE})
    yield seen.page
    seen.is_quiet(path)
    seen.page.context.close()


@pytest.mark.parametrize("tab", TABS)
def test_axe_finds_nothing(page: Any, tab: str) -> None:
    for chip in (0, 1) if tab == "ranking" else (0,):
        page.locator(".chip").nth(chip).click()
        open_tab(page, tab)
        page.wait_for_timeout(60)
        assert page.evaluate(RUN) == []


def test_no_text_is_cut_or_lies_over_another(page: Any) -> None:
    page.locator(".chip").nth(2).click()
    for tab in TABS:
        open_tab(page, tab)
        assert page.evaluate(CUT) == [], tab
        assert page.evaluate(OVER) == [], tab
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_at_twice_the_size_nothing_is_lost(chromium: Any, path: Path) -> None:
    # A window of 1440 by 900 at 200 % has 720 by 450 pixels of its own.
    seen = Visit(
        chromium, path, {"viewport": {"width": 720, "height": 450}, "device_scale_factor": 2}
    )
    page = seen.page
    for tab in TABS:
        open_tab(page, tab)
        assert page.evaluate(CUT) == [], tab
        assert page.evaluate(OVER) == [], tab
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
        assert page.locator("#body").bounding_box()["height"] > 60
    page.context.close()


@pytest.fixture(scope="module")
def spoken(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page in four languages, with a word of the study's own."""
    study = summed(content)
    labels = {"ko": {study.themes[0].title: "구리"}}
    more = scored_theme(study.themes[0], "many", sites=40, criteria=9)
    found = tmp_path_factory.mktemp("spoken") / "index.html"
    told = dataclasses.replace(
        study,
        title="What to test",
        notes=("A note.",),
        themes=(*study.themes, more),
        languages=("en", "mn", "ja", "ko"),
        models=({"id": "m", "title": "Likely", "evidence": EVIDENCE},),
        labels=labels,
    )
    found.write_bytes(render(told).encode())
    return found


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["mn", "ja", "ko"])
def test_in_every_language_nothing_is_cut(
    chromium: Any, spoken: Path, language: str, size: str
) -> None:
    page = spoken_page(chromium, spoken, language, {"desktop": DESKTOP, "phone": PHONE}[size])
    page.locator(".chip").nth(2).click()
    for tab in TABS:
        open_tab(page, tab)
        assert page.evaluate(CUT) == [], tab
        assert page.evaluate(OVER) == [], tab
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_axe_finds_nothing_in_another_language(chromium: Any, spoken: Path) -> None:
    page = spoken_page(chromium, spoken, "ko", DESKTOP)
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert page.locator(".chip").first.inner_text() == "구리"
    client = page.context.new_cdp_session(page)
    client.send("Runtime.evaluate", {"expression": AXE})
    for tab in ("ranking", "site"):
        open_tab(page, tab)
        page.wait_for_timeout(60)
        assert page.evaluate(RUN) == []
    page.context.close()


def test_a_model_tells_the_weights_of_its_evidence(chromium: Any, spoken: Path) -> None:
    page = spoken_page(chromium, spoken, "en", DESKTOP)
    page.click("#tab-sources")
    table = page.locator("#body table.legtable")
    assert table.locator("tr").all_inner_texts() == [
        "Evidence\tW+\tW−\tContrast",
        "Near a fault\t1.35\t−0.75\t2.10",
    ]
    assert "left out: tells nothing" in page.locator("#body").inner_text()
    page.context.close()


def spoken_page(chromium: Any, path: Path, language: str, options: dict[str, Any]) -> Any:
    page = Visit(chromium, path, options).page
    page.goto(f"{path.as_uri()}#language={language}")
    page.reload()
    page.wait_for_selector(".site-mark, .count, .pad", state="attached")
    return page


def tab_to(page: Any, wanted: str, most: int = 60) -> None:
    """Press Tab until what `wanted` matches has the focus, and can be seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", wanted):
            style = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(style) != "none"
            return
    raise AssertionError(f"the keyboard does not reach {wanted}")


def test_the_keyboard_alone_switches_weighs_compares_and_takes_away(
    chromium: Any, path: Path
) -> None:
    seen = Visit(chromium, path, DESKTOP | {"accept_downloads": True})
    page = seen.page
    tab_to(page, ".chip")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".chip").nth(2).get_attribute("aria-checked") == "true"
    before = page.locator(".row").all_inner_texts()
    for _ in range(2):
        tab_to(page, ".pick")
        page.keyboard.press("Space")
    tab_to(page, "#weight-0", 120)
    for _ in range(3):
        page.keyboard.press("PageUp")
    page.wait_for_timeout(250)
    assert page.locator(".row").all_inner_texts() != before
    assert page.locator("[aria-live]").inner_text().startswith("First: ")
    tab_to(page, ".lock")
    page.keyboard.press("Space")
    assert page.locator(".lock[aria-pressed=true]").count() == 1
    tab_to(page, "#tools .tool-group:nth-child(2) > .tool", 120)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename.endswith(".csv")
    page.locator("#tab-ranking").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".compare th[scope=col]").count() == 2
    seen.is_quiet(path)
    page.context.close()


def test_what_moves_does_not_where_motion_is_unwelcome(chromium: Any, path: Path) -> None:
    seen = Visit(chromium, path, DESKTOP | {"reduced_motion": "reduce"})
    page = seen.page
    page.locator("#preset").select_option("equal")
    assert page.evaluate("document.getAnimations().length") == 0
    page.context.close()
