"""The web map in Debian's Chromium, with the network cut off."""

import dataclasses
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browser_pages import DESKTOP, PHONE, Visit, summed

from geo.publish.basemap import decode, extent_of, shapes
from geo.publish.content import Content
from geo.publish.webmap import render

pytestmark = pytest.mark.browser

FITS = "((b) => b.scrollWidth <= b.clientWidth + 1)(document.getElementById('body'))"
NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}}",
    "${7*7}",
    "{% raw %}",
    "</script><script>alert(2)</script>",
    "abc\u202edef",
    "A" * 10_000,
    "nul\x00nul",
    "__proto__",
    "constructor",
]


@pytest.fixture(scope="module")
def study(content: Content) -> Content:
    return summed(content)


@pytest.fixture(scope="module")
def file(study: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "index.html"
    path.write_bytes(render(study).encode())
    return path


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_asks_for_nothing_and_says_nothing(
    visit: Callable[..., Visit], file: Path, options: dict[str, Any]
) -> None:
    seen = visit(file, options)
    page = seen.page
    for number in range(page.locator(".chip").count()):
        page.locator(".chip").nth(number).click()
        for tab in ("ranking", "site", "gaps", "sources"):
            page.click(f"#tab-{tab}")
    page.click("#tab-ranking")
    page.locator(".row").first.click()
    page.wait_for_timeout(100)
    seen.is_quiet(file)


def test_the_theme_switch_changes_list_markers_surface_and_legend(
    visit: Callable[..., Visit], file: Path
) -> None:
    page = visit(file, DESKTOP).page
    before = page.locator(".row").all_inner_texts()
    assert page.locator(".leaflet-surface-pane img").count() == 0
    legend = page.locator("#legend").inner_text()
    page.locator(".chip").nth(1).click()
    assert page.locator(".chip").nth(1).get_attribute("aria-checked") == "true"
    after = page.locator(".row").all_inner_texts()
    assert before != after
    assert len(after) == 2
    assert page.locator(".site-mark").count() == 2
    assert page.locator(".leaflet-surface-pane img").count() == 1
    assert page.locator("#legend").inner_text() != legend
    assert "excluded" in page.locator("#legend").inner_text()
    page.uncheck("#surface-on")
    assert page.locator(".leaflet-surface-pane img").count() == 0


def test_a_site_opens_with_its_figures_and_reasons(
    visit: Callable[..., Visit], study: Content, file: Path
) -> None:
    page = visit(file, DESKTOP).page
    page.get_by_role("button", name="Great Hill").first.click()
    card = page.locator("#body").inner_text()
    assert "6,000 Mt" in card
    assert "measured + indicated · 2024" in card
    assert "96 USD/t" in card
    assert "70–130 USD/t" in card
    assert "per wet tonne, mine gate to port" in card
    assert "48 USD/MWh" in card
    assert "Why it ranks" in card
    assert "Where the money goes: to Korea port" in card
    total = page.locator(".why tr.sum td").nth(1).inner_text()
    theme = study.themes[0]
    score = theme.sites.set_index("site_id").loc["great-hill", "score"]
    assert float(total) == pytest.approx(score, abs=5e-4)
    parts = [
        float(t.split("\n")[0]) for t in page.locator(".why tr:not(.sum) td.r").all_inner_texts()
    ]
    assert sum(parts) == pytest.approx(score, abs=2e-3)
    assert "$" not in card


def test_an_excluded_site_tells_its_rule(visit: Callable[..., Visit], file: Path) -> None:
    page = visit(file, DESKTOP).page
    page.get_by_text("Excluded by a rule (1)").click()
    assert "Protected area" in page.locator(".out").first.inner_text()
    page.locator(".out button").first.click()
    assert "excluded" in page.locator(".card-head").inner_text()


def test_routes_are_drawn_to_every_country_at_first_view(
    visit: Callable[..., Visit], file: Path
) -> None:
    page = visit(file, DESKTOP).page
    styles = page.evaluate(
        "[...document.querySelectorAll('.leaflet-routes-pane path')]"
        ".map((p) => p.getAttribute('stroke-dasharray'))"
    )
    assert "9 6" in styles
    assert "0.5 6" in styles
    assert page.locator(".port-mark").count() == 3
    boxes = [page.locator(".port-mark").nth(k).bounding_box() for k in range(3)]
    panel = page.locator("#panel").bounding_box()
    for box in boxes:
        assert panel["x"] + panel["width"] < box["x"] < 1440 - box["width"]
        assert 0 < box["y"] < 900


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_sites_and_ports_stand_in_the_free_part(
    visit: Callable[..., Visit], file: Path, options: dict[str, Any]
) -> None:
    page = visit(file, options).page
    panel = page.locator("#panel").bounding_box()
    for name in (".site-mark", ".port-mark"):
        for mark in page.locator(name).all():
            box = mark.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            assert 0 < x < options["viewport"]["width"]
            assert 0 < y < options["viewport"]["height"]
            covered = (
                panel["x"] < x < panel["x"] + panel["width"]
                and panel["y"] < y < panel["y"] + panel["height"]
            )
            assert not covered


def test_legend_scale_and_attribution_are_visible(visit: Callable[..., Visit], file: Path) -> None:
    for options in (DESKTOP, PHONE):
        page = visit(file, options).page
        assert page.locator("#legend").is_visible()
        legend = page.locator("#legend").inner_text()
        assert "rail" in legend
        assert " km" in legend
        assert page.locator("#credit").is_visible()
        assert "The maker of boundary-sample" in page.locator("#credit").inner_text()
        assert "Lodemap 0.0.0, recipe abababab" in page.locator("#credit").inner_text()


def test_the_phone_page_is_no_wider_than_the_phone(visit: Callable[..., Visit], file: Path) -> None:
    page = visit(file, PHONE).page
    for tab in ("ranking", "site", "gaps", "sources"):
        page.click(f"#tab-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate("document.getElementById('body').scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "15px"


def test_lines_decode_in_the_page_as_in_python(
    visit: Callable[..., Visit], study: Content, file: Path
) -> None:
    page = visit(file, DESKTOP).page
    codes = [s.codes for s in shapes(study, extent_of(study))]
    for code, parts in zip(codes, page.evaluate("c => c.map(lodemapDecode)", codes), strict=True):
        for mine, theirs in zip(decode(code), parts, strict=True):
            assert np.abs(mine[:, ::-1] - np.array(theirs)).max() < 1e-9


def test_labels_do_not_collide(visit: Callable[..., Visit], file: Path) -> None:
    page = visit(file, DESKTOP).page
    boxes = [label.bounding_box() for label in page.locator(".label").all()]
    assert len(boxes) > 3
    for k, a in enumerate(boxes):
        for b in boxes[:k]:
            apart = (
                a["x"] + a["width"] <= b["x"] + 1
                or b["x"] + b["width"] <= a["x"] + 1
                or a["y"] + a["height"] <= b["y"] + 3
                or b["y"] + b["height"] <= a["y"] + 3
            )
            assert apart, (a, b)


def test_reranking_in_the_page_equals_the_weighted_sum(
    visit: Callable[..., Visit], study: Content, file: Path
) -> None:
    page = visit(file, DESKTOP).page
    draw = random.Random(7)
    for theme in study.themes:
        table = theme.criteria_table
        ranked = set(theme.sites.loc[theme.sites["status"] == "ranked", "site_id"])
        for _ in range(25):
            weights = [draw.random() for _ in theme.criteria]
            share = dict(zip((c.id for c in theme.criteria), weights, strict=True))
            total = sum(weights)
            wanted = {
                site: sum(
                    share[c] / total * v
                    for c, v in zip(rows["criterion"], rows["value_score"], strict=True)
                    if v == v
                )
                for site, rows in table.groupby("site_id")
                if site in ranked
            }
            found = page.evaluate(
                f"window.lodemap.ranking({json.dumps(theme.id)}, {json.dumps(weights)})"
            )
            assert {r["id"]: r["score"] for r in found} == pytest.approx(wanted, abs=1e-6)
            assert [r["score"] for r in found] == sorted(wanted.values(), reverse=True) or [
                r["score"] for r in found
            ] == pytest.approx(sorted(wanted.values(), reverse=True), abs=1e-6)
        own = page.evaluate(f"window.lodemap.ranking({json.dumps(theme.id)})")
        recipe = theme.sites.set_index("site_id")["score"].dropna().to_dict()
        assert {r["id"]: r["score"] for r in own} == pytest.approx(recipe, abs=1e-6)


def test_a_slider_reranks_and_reset_restores(visit: Callable[..., Visit], file: Path) -> None:
    seen = visit(file, DESKTOP)
    page = seen.page
    before = page.locator(".row").all_inner_texts()
    page.locator(".wrow input").first.focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    page.wait_for_timeout(80)
    assert page.locator(".row").all_inner_texts() != before
    assert "your weights" in page.locator(".count").inner_text()
    assert page.locator(".whisker").count() == 0
    page.get_by_role("button", name="Reset").click()
    assert page.locator(".row").all_inner_texts() == before
    seen.is_quiet(file)


def test_the_keyboard_reaches_themes_tabs_rows_and_map(
    visit: Callable[..., Visit], file: Path
) -> None:
    page = visit(file, DESKTOP).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "radio"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("ArrowRight")
    assert page.locator(".chip").nth(1).get_attribute("aria-checked") == "true"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "tab-ranking"
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className").startswith("row"):
            break
    assert page.evaluate("document.activeElement.className").startswith("row")
    page.keyboard.press("Enter")
    assert page.locator("#tab-site").get_attribute("aria-selected") == "true"


def hostile(study: Content) -> Content:
    """A study whose every text is hostile: a site for each of `NASTY`, which is also its id."""
    theme = study.themes[0]
    first = theme.sites.iloc[[0] * len(NASTY)].reset_index(drop=True)
    first["site_id"] = NASTY
    first["rank"] = range(1, len(NASTY) + 1)
    first["lon"] = [104.0 + 0.4 * k for k in range(len(NASTY))]
    for column in ("name", "province", "note", "deposit_type", "warnings", "power_source"):
        first[column] = NASTY
    rows = theme.criteria_table[theme.criteria_table["site_id"] == theme.sites["site_id"].iloc[0]]
    table = pd.concat([rows.assign(site_id=n, source=n, quality=n, unit=n) for n in NASTY])
    short = " ".join(n for n in NASTY if len(n) < 100)
    routes = pd.concat(
        [
            study.routes[study.routes["site_id"] == "great-hill"].assign(
                **{"site_id": n, "from": n, "to": n, "mode": n, "destination": n}
            )
            for n in NASTY
        ]
    )
    changed = dataclasses.replace(
        theme,
        title=short,
        score_label=short,
        score_note=short,
        omitted=tuple((n, n) for n in NASTY),
        exclusions=tuple(dataclasses.replace(e, title=short) for e in theme.exclusions),
        criteria=tuple(
            dataclasses.replace(c, title=n, note=n, unit=n, best=n, worst=n)
            for c, n in zip(theme.criteria, (NASTY[1], NASTY[7], NASTY[5]), strict=True)
        ),
        sites=first,
        criteria_table=table,
    )
    return dataclasses.replace(
        study,
        title=short,
        subtitle=NASTY[7],
        disclaimer=short,
        notes=tuple(NASTY),
        routes=routes,
        themes=(changed, study.themes[1]),
    )


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_hostile_text_shows_as_text(
    visit: Callable[..., Visit], study: Content, tmp_path: Path, options: dict[str, Any]
) -> None:
    path = tmp_path / "nasty.html"
    path.write_bytes(render(hostile(study)).encode())
    seen = visit(path, options)
    page = seen.page
    assert "{{7*7}} ${7*7} {% raw %} </script>" in page.locator("h1").text_content()
    for number, nasty in enumerate(NASTY):
        shown = nasty.replace("\x00", "\ufffd")
        assert page.locator(".row .who b").nth(number).text_content() == shown
        page.evaluate(f"document.querySelectorAll('.row')[{number}].click()")
        assert page.locator(".card-head h2").text_content() == shown
        assert page.evaluate(FITS)
        page.click("#tab-ranking")
    for tab in ("gaps", "sources", "ranking"):
        page.click(f"#tab-{tab}")
        assert page.evaluate(FITS)
    width = options["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    seen.is_quiet(path)


def test_without_scripts_the_map_and_the_tables_are_there(chromium: Any, file: Path) -> None:
    context = chromium.new_context(java_script_enabled=False, **DESKTOP)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator(".still svg").is_visible()
    assert page.locator(".still table").count() == 2
    assert "Great Hill" in page.locator(".still table").first.inner_text()
    assert not page.locator("#map_lodemap").is_visible()
    context.close()


def test_the_dark_scheme_has_its_own_tokens(visit: Callable[..., Visit], file: Path) -> None:
    seen = visit(file, DESKTOP | {"color_scheme": "dark"})
    assert seen.page.evaluate(
        "getComputedStyle(document.getElementById('panel')).backgroundColor"
    ) == ("rgb(35, 37, 39)")
    seen.is_quiet(file)


def test_a_study_with_nothing_ranked_says_so(
    visit: Callable[..., Visit], study: Content, tmp_path: Path
) -> None:
    theme = study.themes[0]
    sites = theme.sites.assign(status="excluded", excluded_by="protected")
    sites["rank"] = None
    empty = dataclasses.replace(
        theme, sites=sites.iloc[:0], criteria_table=theme.criteria_table.iloc[:0]
    )
    alone = dataclasses.replace(
        study, themes=(dataclasses.replace(theme, sites=sites), empty), routes=study.routes.iloc[:0]
    )
    path = tmp_path / "none.html"
    path.write_bytes(render(alone).encode())
    seen = visit(path, DESKTOP)
    assert "No site is ranked" in seen.page.locator("#body").inner_text()
    assert "Excluded by a rule (5)" in seen.page.locator("#body").inner_text()
    seen.page.locator(".chip").nth(1).click()
    assert "No site is ranked" in seen.page.locator("#body").inner_text()
    seen.is_quiet(path)


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_real_map_is_quiet_and_shows_ranked_sites_and_ways_to_both_countries(
    visit: Callable[..., Visit], coarse_folder: Path, options: dict[str, Any]
) -> None:
    path = coarse_folder / "index.html"
    opened = visit(path, options)
    page = opened.page
    assert page.locator(".chip").count() == 6
    assert "Oyu Tolgoi" in page.locator("#body").inner_text()
    assert "OpenStreetMap" in page.locator("#credit").inner_text()
    assert "not a technical report" in page.locator("#panel header").inner_text()
    assert page.locator(".port-mark").count() >= 3
    for chip in page.locator(".chip").all():
        chip.click()
        assert page.locator(".row").count() > 0
    page.locator(".chip").first.click()
    page.get_by_role("button", name="Oyu Tolgoi").first.click()
    card = page.locator("#body").inner_text()
    for needle in ("USD/t", "Republic of Korea", "Japan", "USD/MWh", "Why it ranks", "±2 km"):
        assert needle in card
    opened.is_quiet(path)
