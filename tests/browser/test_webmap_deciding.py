"""Deciding in the web map: other weights, limits, comparison, undo, and what leaves the page."""

import csv
import dataclasses
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browser_pages import DESKTOP, Visit, scored_theme, summed
from pyproj import Geod

from geo.publish.content import Content, PresetView, ScenarioView, ThemeView
from geo.publish.payload import payload
from geo.publish.planes import function_of, unpack
from geo.publish.webmap import folium_map, render
from geo.scoring.combination import Combination
from geo.scoring.unknowns import score_places

pytestmark = pytest.mark.browser

METHODS: list[tuple[str, str, dict[str, object]]] = [
    ("weighted-sum", "lower", {}),
    ("weighted-sum", "middle", {}),
    ("weighted-sum", "reweight", {}),
    ("weighted-sum", "refuse", {}),
    ("weighted-sum", "interval", {}),
    ("weighted-product", "lower", {}),
    ("weighted-product", "middle", {}),
    ("weighted-product", "reweight", {}),
    ("owa", "lower", {"alpha": 2.5}),
    ("owa", "middle", {"alpha": math.inf}),
    ("owa", "reweight", {"alpha": 0.4}),
    ("owa", "lower", {"order_weights": [0.1, 0.2, 0.3, 0.3, 0.1]}),
]


def scenario(theme: ThemeView) -> ScenarioView:
    """The last criterion at its best everywhere, scored again."""
    table = theme.criteria_table.copy()
    last = theme.criteria[-1].id
    table.loc[table["criterion"] == last, "value_score"] = 1.0
    table.loc[table["criterion"] == last, "value"] = 0.0
    wide = matrix(table, theme)
    found = score_places(wide, [c.weight for c in theme.criteria])
    before = theme.sites.set_index("site_id")
    sites = pd.DataFrame(
        {
            "site_id": theme.sites["site_id"],
            "status": "ranked",
            "rank": found.rank,
            "rank_change": before["rank"].to_numpy(dtype=float) - found.rank,
            "score": found.score,
            "score_change": found.score - before["score"].to_numpy(),
        }
    )
    return ScenarioView("road", "A new road", "made for tests", sites, table)


def matrix(table: pd.DataFrame, theme: ThemeView) -> np.ndarray:
    wide = table.pivot_table("value_score", "site_id", "criterion", dropna=False, sort=False)
    return wide.loc[list(theme.sites["site_id"]), [c.id for c in theme.criteria]].to_numpy()


@pytest.fixture(scope="module")
def study(content: Content) -> Content:
    like = content.themes[0]
    themes = [
        scored_theme(like, f"t{n}", method, unknown, seed=n, **options)
        for n, (method, unknown, options) in enumerate(METHODS)
    ]
    themes[0] = dataclasses.replace(
        themes[0],
        scenarios=(scenario(themes[0]),),
        presets=(PresetView("Cost first", {f"c{k}": 5.0 - k for k in range(5)}),),
    )
    # The sample's own surfaces, re-weighted by the page.
    surfaced = summed(content).themes[1]
    return dataclasses.replace(
        content, themes=(*themes, surfaced), routes=content.routes.iloc[:0], findings=()
    )


@pytest.fixture(scope="module")
def seen(
    chromium: Any, study: Content, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    path = tmp_path_factory.mktemp("deciding") / "index.html"
    path.write_bytes(render(study).encode())
    found = Visit(chromium, path, DESKTOP | {"accept_downloads": True})
    yield found
    found.is_quiet(path)
    found.page.context.close()


@pytest.fixture
def page(seen: Visit) -> Any:
    """The page at its first view."""
    seen.page.evaluate("history.replaceState(null, '', '#'); location.hash = '#theme=t0'")
    seen.page.reload()
    seen.page.wait_for_selector(".row")
    return seen.page


def scores_of(page: Any, theme: str, weights: list[float]) -> dict[str, dict[str, float]]:
    asked = f"window.lodemap.ranking({json.dumps(theme)}, {json.dumps(weights)})"
    return {row["id"]: row for row in page.evaluate(asked)}


def table_of(page: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.evaluate("lodemap.csv()"))))


@pytest.mark.parametrize("number", range(len(METHODS)), ids=[f"{m}-{u}" for m, u, _ in METHODS])
def test_every_local_method_ranks_as_python_does(seen: Visit, study: Content, number: int) -> None:
    method, unknown, options = METHODS[number]
    theme = study.themes[number]
    wide, draw = matrix(theme.criteria_table, theme), np.random.default_rng(number)
    for _ in range(50):
        weights = draw.random(5) * (draw.random(5) > 0.1)
        if not weights.any():
            continue
        combination = Combination(method, options)
        wanted = score_places(wide, combination.shares(weights), combination, unknown=unknown)
        found = scores_of(seen.page, theme.id, weights.tolist())
        for site, score, rank in zip(
            theme.sites["site_id"], wanted.score, wanted.rank, strict=True
        ):
            if math.isnan(score):
                assert site not in found
                continue
            assert found[site]["score"] == pytest.approx(score, abs=1e-6)
            assert found[site]["rank"] == rank


def test_ties_share_the_better_rank(seen: Visit, study: Content) -> None:
    theme = study.themes[0]
    lacking = np.isnan(matrix(theme.criteria_table, theme)).sum(axis=0)
    weights = [float(k == lacking.argmax()) for k in range(5)]
    found = scores_of(seen.page, "t0", weights)
    zeros = [row["rank"] for row in found.values() if row["score"] == 0]
    assert len(zeros) > 1
    assert set(zeros) == {len(found) - len(zeros) + 1}


def test_contributions_of_a_changed_product_add_up_to_its_score(page: Any, study: Content) -> None:
    page.evaluate("location.hash = '#theme=t5&w.t5=c0:0.4,c1:0.3,c2:0.1,c3:0.1,c4:0.1'")
    page.wait_for_function("document.querySelector('.count').textContent.includes('your weights')")
    theme = study.themes[5]
    wide = matrix(theme.criteria_table, theme)
    weights, product = np.array([0.4, 0.3, 0.1, 0.1, 0.1]), Combination("weighted-product")
    wanted = product.contributions(np.nan_to_num(wide), weights)
    rows = {
        row["site_id"]: row for row in csv.DictReader(io.StringIO(page.evaluate("lodemap.csv()")))
    }
    for site, parts in zip(theme.sites["site_id"], wanted, strict=True):
        if rows[site]["status"] != "ranked":
            continue
        found = [float(rows[site][f"c{k}_contribution"]) for k in range(5)]
        assert found == pytest.approx(parts, abs=1e-9)
        assert sum(found) == pytest.approx(float(rows[site]["score"]), abs=1e-9)


def test_a_slider_keeps_locked_weights_and_undo_goes_back(page: Any) -> None:
    def outputs() -> list[float]:
        return [float(text) for text in page.locator(".wrow output").all_inner_texts()]

    before, rows = outputs(), page.locator(".row").all_inner_texts()
    page.locator(".lock").nth(1).click()
    assert page.locator(".lock").nth(1).get_attribute("aria-pressed") == "true"
    assert page.locator(".wrow input[type=range]").nth(1).is_disabled()
    page.locator("#weight-0").fill("0.6")
    page.wait_for_timeout(60)
    after = outputs()
    assert after[0] == pytest.approx(0.6, abs=0.006)
    assert after[1] == before[1]
    assert sum(after) == pytest.approx(1.0, abs=0.03)
    rest = [after[k] / before[k] for k in (2, 3, 4)]
    assert max(rest) - min(rest) < 0.25
    assert page.locator(".row").all_inner_texts() != rows
    page.keyboard.press("Control+z")
    assert outputs() == before
    assert page.locator(".row").all_inner_texts() == rows
    page.get_by_role("button", name="Redo").click()
    assert outputs() == after
    page.get_by_role("button", name="Reset").click()
    assert outputs() == before


def test_the_swing_stands_beside_the_slider_and_is_heard(page: Any) -> None:
    assert page.locator(".wrow .swing").first.inner_text() == "1000 km → 0 km"
    said = page.locator("#weight-0").get_attribute("aria-valuetext")
    assert "0 at 1000 km, 1 at 0 km" in said


def test_presets_of_the_recipe_are_offered(page: Any, study: Content) -> None:
    page.locator("#preset").select_option(label="Cost first")
    shares = [float(text) for text in page.locator(".wrow output").all_inner_texts()]
    assert shares == pytest.approx([5 / 15, 4 / 15, 3 / 15, 2 / 15, 1 / 15], abs=0.006)
    page.locator("#preset").select_option(label="All alike")
    assert page.locator(".wrow output").all_inner_texts() == ["0.20"] * 5
    page.locator("#preset").select_option(label="As in the recipe")
    assert "range of draws" in page.locator(".count").inner_text()


def test_a_scenario_re_ranks_with_the_reader_s_own_weights(page: Any, study: Content) -> None:
    page.locator("#scenario").select_option("road")
    theme = study.themes[0]
    rows = table_of(page)
    wanted = dict(
        zip(theme.scenarios[0].table["site_id"], theme.scenarios[0].table["score"], strict=True)
    )
    assert {r["site_id"]: float(r["score"]) for r in rows} == pytest.approx(wanted, abs=1e-6)
    page.locator("#preset").select_option(label="All alike")
    wide = matrix(theme.scenarios[0].criteria, theme)
    alike = score_places(wide, np.full(5, 0.2)).score
    rows = table_of(page)
    assert {r["site_id"]: float(r["score"]) for r in rows} == pytest.approx(
        dict(zip(theme.sites["site_id"], alike, strict=True)), abs=1e-6
    )
    assert "other conditions" in page.locator(".count").inner_text()


def test_a_limit_leaves_sites_out_and_says_how_many(page: Any, study: Content) -> None:
    theme = study.themes[0]
    values = theme.criteria_table[theme.criteria_table["criterion"] == "c1"]
    ranked = set(theme.sites.loc[theme.sites["status"] == "ranked", "site_id"])
    of = values.set_index("site_id")["value"]
    page.locator("#filter-add").select_option(label="Criterion 1")
    assert page.evaluate("document.activeElement.type") in ("number", "checkbox")
    page.get_by_label("Criterion 1, at most [km]").fill("300")
    page.keyboard.press("Tab")
    kept = {s for s in ranked if not of[s] > 300}
    assert page.locator(".row").count() == len(kept)
    page.get_by_label("keep unknown").uncheck()
    known = {s for s in ranked if of[s] <= 300}
    assert page.locator(".row").count() == len(known)
    assert f"{len(known)} shown of {len(ranked)} ranked" in page.locator(".count").inner_text()
    page.get_by_role("button", name="Remove the limit on Criterion 1").click()
    assert page.locator(".row").count() == len(ranked)


def test_search_finds_by_name(page: Any) -> None:
    page.locator("#find").fill("site 17 ")
    assert page.locator(".row .who b").all_inner_texts() == ["Site 17 of t0"]
    page.locator("#find").fill("")
    assert page.locator(".row").count() > 5


def test_sites_side_by_side_and_why_one_is_above(page: Any, study: Content) -> None:
    first = page.locator(".row .who b").nth(0).inner_text()
    second = page.locator(".row .who b").nth(1).inner_text()
    for k in range(4):
        page.locator(".pick").nth(k).check()
    page.locator(".pick").nth(4).click()
    assert not page.locator(".pick").nth(4).is_checked()
    assert "No more than 4 sites" in page.locator(".notice").inner_text()
    for k in (3, 2):
        page.locator(".pick").nth(k).uncheck()
    page.click("#tab-compare")
    said = page.locator("#body").inner_text()
    assert f"Why is {first} above {second}?" in said
    parts = [float(x.replace("−", "-")) for x in page.locator(".diff .num").all_inner_texts()]
    lead = float(page.locator(".above p").first.inner_text().split("leads by ")[1].split(":")[0])
    assert sum(parts) == pytest.approx(lead, abs=0.006)
    assert page.locator(".compare th[scope=col]").count() == 2


def test_the_share_at_which_two_sites_change_places_is_right(page: Any, study: Content) -> None:
    page.locator(".pick").nth(0).check()
    page.locator(".pick").nth(1).check()
    page.click("#tab-compare")
    text = page.locator(".above p.small").inner_text()
    claims = text.split(" if ")[1].rstrip(".").split("; ")
    theme = study.themes[0]
    ids = [theme.sites.sort_values("rank")["site_id"].iloc[k] for k in (0, 1)]
    shares = np.array([c.weight for c in theme.criteria])
    for claim in claims:
        k = int(claim.split("Criterion ")[1].split()[0])
        at = float(claim.split(" than ")[1].split()[0])
        step = 0.012 if "more than" in claim else -0.012
        for share, first in ((at - step, ids[0]), (at + step, ids[1])):
            others = shares * (1 - share) / (1 - shares[k])
            others[k] = share
            found = scores_of(page, "t0", others.tolist())
            other = ids[1] if first == ids[0] else ids[0]
            assert found[first]["score"] > found[other]["score"]


def test_the_view_travels_in_the_address_and_in_a_file(page: Any) -> None:
    page.locator("#preset").select_option(label="All alike")
    page.locator("#filter-add").select_option(label="Criterion 2")
    page.get_by_label("Criterion 2, at most [km]").fill("700")
    page.keyboard.press("Tab")
    page.locator(".row").first.click()
    page.wait_for_timeout(400)
    address, rows, file = page.url, page.evaluate("lodemap.csv()"), page.evaluate("lodemap.view()")
    assert "w.t0=c0%3A" in address or "w.t0=c0:" in address
    page.evaluate("location.hash = '#theme=t1'")
    page.wait_for_function("!location.hash.includes('w.t0')")
    assert page.evaluate("lodemap.csv()") != rows
    page.evaluate(f"location.hash = {json.dumps(address.split('#')[1])}")
    page.wait_for_function(f"lodemap.csv() === {json.dumps(rows)}")
    assert page.locator("#tab-site").get_attribute("aria-selected") == "true"
    page.evaluate("location.hash = '#theme=t1'")
    page.wait_for_timeout(100)
    assert page.evaluate(f"lodemap.open({json.dumps(file)})") is None
    assert page.evaluate("lodemap.csv()") == rows
    for bad in ("{", "[]", '{"kind": "lodemap view"}'):
        assert "no saved view" in page.evaluate(f"lodemap.open({json.dumps(bad)})")


def test_a_hostile_address_changes_nothing(page: Any) -> None:
    for text in (
        "theme=<script>alert(1)</script>&site=%00&tab=x&w.t0=c0:-1,c1:NaN",
        "theme=t0&w.t0=c0:1e999,zz:3&l.t0=c9:1&f.t0=c0:a:b:c&at=1,2,x&compare=__proto__,%ff",
        "w.__proto__=c0:1&theme=__proto__&scenario=constructor",
    ):
        page.evaluate(f"location.hash = {json.dumps('#' + text)}")
        page.wait_for_timeout(60)
        assert page.locator(".row").count() > 5
        assert "range of draws" in page.locator(".count").inner_text()


def test_the_table_and_the_sites_leave_the_page_whole(page: Any, study: Content) -> None:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
        page.get_by_role("button", name="Table as ranked here").click()
    text = Path(waiting.value.path()).read_text("utf-8")
    assert waiting.value.suggested_filename == "sample.t0.csv"
    rows = list(csv.DictReader(io.StringIO(text)))
    theme = study.themes[0]
    assert len(rows) == len(theme.sites)
    by_id = theme.sites.set_index("site_id")
    for row in rows:
        assert float(row["score"]) == pytest.approx(by_id.loc[row["site_id"], "score"], abs=1e-6)
        assert int(row["rank"]) == by_id.loc[row["site_id"], "rank"]
        parts = [float(row[f"c{k}_contribution"] or 0) for k in range(5)]
        assert sum(parts) == pytest.approx(float(row["score"]), abs=1e-6)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
        page.get_by_role("button", name="Sites as ranked here").click()
    found = json.loads(Path(waiting.value.path()).read_text("utf-8"))
    assert len(found["features"]) == len(rows)
    first = found["features"][0]
    assert first["properties"]["rank"] == 1
    assert first["geometry"]["coordinates"] == pytest.approx(
        [by_id.loc[first["id"], "lon"], by_id.loc[first["id"], "lat"]], abs=1e-6
    )


def test_the_map_leaves_as_a_picture_and_as_a_printed_page(page: Any) -> None:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
        page.get_by_role("button", name="Map as a picture").click()
    data = Path(waiting.value.path()).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 2 * (1440 - 372 - 12 - 8)
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf[:5] == b"%PDF-"
    assert len(re.findall(rb"/Type /Page\b(?!s)", pdf)) == 1


def test_distances_are_those_of_the_ellipsoid(page: Any) -> None:
    geod = Geod(ellps="WGS84")
    pairs = [((106.9, 47.9), (129.0, 35.1)), ((0, 0), (0.001, 0)), ((179.5, -16), (-179.5, -17)),
             ((20, 80), (-150, 85)), ((5, 5), (5, 5))]  # fmt: skip
    for (x, y), (u, v) in pairs:
        asked = f"lodemap.geodesic(L.latLng({y}, {x}), L.latLng({v}, {u}))"
        assert page.evaluate(asked) == pytest.approx(geod.inv(x, y, u, v)[2], abs=0.001)


def test_a_click_tells_the_place_and_a_measure_its_length(page: Any) -> None:
    page.mouse.click(900, 300)
    assert "° N, " in page.locator(".probe").inner_text()
    page.get_by_role("button", name="Measure", exact=True).click()
    page.mouse.click(800, 300)
    page.mouse.click(1000, 300)
    assert " km along the ellipsoid" in page.locator(".ruler").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".ruler").count() == 0


def test_the_surface_is_recoloured_as_python_would(page: Any, study: Content) -> None:
    page.locator(".chip").last.click()
    assert page.locator(".leaflet-surface-pane img").count() == 1
    page.locator("#weight-0").fill("0.1")
    page.wait_for_selector(".leaflet-surface-pane canvas")
    page.wait_for_timeout(300)
    theme = study.themes[-1]
    said = payload(study, folium_map(study).extent)
    planes, places = said["planes"], said["themes"][-1]["surface"]["planes"]
    pixels = page.evaluate(
        "(() => { const c = document.querySelector('.leaflet-surface-pane canvas');"
        " return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; })()"
    )
    shown = np.array(pixels, dtype=np.uint8).reshape(planes["height"], planes["width"], 4)
    mask = unpack(planes["packed"][places["mask"]], planes["width"])
    values = [unpack(planes["packed"][n], planes["width"]) for _, n in places["criteria"]]
    weights = np.array([0.1, 0.9])[[k for k, _ in places["criteria"]]]
    score = sum(
        w * np.where(v == 255, 0.0, v / planes["levels"])
        for w, v in zip(weights, values, strict=True)
    )
    known = np.any([v != 255 for v in values], axis=0)
    surface = said["themes"][-1]["surface"]
    step = np.digitize(score, surface["breaks"][1:-1])
    colours = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in surface["colours"]])
    scored = (mask == 1) & known
    agree = (shown[..., :3] == colours[step]).all(axis=-1)[scored]
    assert scored.sum() > 200
    assert agree.mean() > 0.99
    assert (shown[mask == 0][:, 3] == 0).all()
    assert (shown[mask == 2][:, :3] == [0xB8, 0xB4, 0xAD]).mean() > 0.98
    assert theme.method.name == "weighted-sum"


def test_planes_hold_the_value_scores_of_the_cells(study: Content) -> None:
    said = payload(study, folium_map(study).extent)
    planes, places = said["planes"], said["themes"][-1]["surface"]["planes"]
    theme = study.themes[-1]
    for place, number in places["criteria"]:
        criterion = theme.criteria[place]
        cells = study.surfaces[f"{theme.id}-{criterion.id}"].to_numpy().astype(float)
        score = function_of(criterion.shape)(cells[np.isfinite(cells)])
        plane = unpack(planes["packed"][number], planes["width"])
        found = plane[plane != 255] / planes["levels"]
        assert found.min() >= score.min() - 0.003
        assert found.max() <= score.max() + 0.003
        assert found.mean() == pytest.approx(score.mean(), abs=0.03)


def test_another_surface_and_the_map_of_gaps_can_be_shown(page: Any) -> None:
    page.locator(".chip").last.click()
    page.locator("#surface").select_option(index=1)
    page.wait_for_selector(".leaflet-surface-pane canvas")
    assert " " in page.locator(".marks.ends").inner_text()
    page.click("#tab-gaps")
    page.get_by_role("button", name="Show on the map where we know little").click()
    assert "all of 2" in page.locator("#legend").inner_text()
    page.get_by_role("button", name="Take the map of gaps away").click()
    assert page.locator(".leaflet-surface-pane").locator("canvas, img").count() == 0
