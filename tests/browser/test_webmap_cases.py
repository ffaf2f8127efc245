"""The web map where studies are odd: very many sites, none, one, many themes, the date line."""

import dataclasses
import http.server
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from browser_pages import DESKTOP, PHONE, Visit, scored_theme, summed
from pyproj import Transformer
from shapely.geometry import LineString, MultiPolygon, box

from geo.catalogue.findings import Finding
from geo.grid import as_dataarray, coordinates, inside, make_grid
from geo.publish.basemap import decode, extent_of, shapes
from geo.publish.content import Content, ThemeView
from geo.publish.webmap import folium_map, render

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def study(content: Content) -> Content:
    found = summed(content)
    return dataclasses.replace(found, routes=found.routes.iloc[:0], title="Cases", notes=())


Made = Callable[..., Visit]


@pytest.fixture
def shown(visit: Made, study: Content, tmp_path: Path) -> Made:
    """Open a page with other themes or other content."""

    def go(options: dict[str, Any] = DESKTOP, **changes: Any) -> Visit:
        path = tmp_path / "index.html"
        path.write_bytes(render(dataclasses.replace(study, **changes)).encode())
        seen = visit(path, options)
        seen.page.wait_for_timeout(150)
        seen.is_quiet(path)
        return seen

    return go


def many(study: Content, **said: Any) -> ThemeView:
    return scored_theme(study.themes[0], "many", **said)


def test_five_thousand_sites_can_be_ranked_searched_and_weighed(
    shown: Made, study: Content
) -> None:
    page = shown(themes=(many(study, sites=5000, criteria=8),)).page
    assert page.locator(".row").count() == 40
    ranked = int((many(study, sites=5000, criteria=8).sites["status"] == "ranked").sum())
    assert f"{ranked:,} ranked of 5,000 sites" in page.locator(".count").inner_text()
    page.get_by_role("button", name="more", exact=False).last.click()
    assert page.locator(".row").count() == 240
    page.locator("#find").fill("Site 4321 ")
    assert page.locator(".row").count() == 1
    page.locator("#find").fill("")
    before = page.locator(".row").all_inner_texts()
    page.locator("#weight-0").fill("0.7")
    page.wait_for_timeout(400)
    assert page.locator(".row").all_inner_texts() != before


def test_twelve_themes_leave_room_for_the_list(shown: Made, study: Content) -> None:
    themes = tuple(
        dataclasses.replace(many(study, sites=6, seed=n), id=f"t{n}", title=f"Theme number {n}")
        for n in range(12)
    )
    for options in (DESKTOP, PHONE):
        page = shown(options, themes=themes).page
        assert page.locator(".chip").count() == 12
        assert page.locator("#body").bounding_box()["height"] > 120
        page.locator(".chip").last.click()
        assert page.locator(".chip").last.get_attribute("aria-checked") == "true"


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_one_site_is_a_whole_study(shown: Made, study: Content, options: dict[str, Any]) -> None:
    theme = study.themes[0]
    one = dataclasses.replace(
        theme,
        sites=theme.sites.iloc[:1],
        criteria_table=theme.criteria_table[theme.criteria_table["site_id"] == "great-hill"],
    )
    page = shown(options, themes=(one,)).page
    assert page.locator(".row").count() == 1
    page.locator(".row").click()
    assert "Great Hill" in page.locator("#body").inner_text()
    page.click("#tab-compare")
    assert "Choose two to four sites" in page.locator("#body").inner_text()


def test_no_surface_no_ranked_site_and_an_empty_theme_are_said(shown: Made, study: Content) -> None:
    theme = study.themes[0]
    out = theme.sites.assign(status="excluded", excluded_by="protected", rank=None)
    themes = (
        dataclasses.replace(theme, sites=out),
        dataclasses.replace(
            theme, id="empty", sites=theme.sites.iloc[:0], criteria_table=theme.criteria_table[:0]
        ),
    )
    page = shown(themes=themes, surfaces=study.surfaces[[]], layers=study.layers[:1]).page
    for number in (0, 1):
        page.locator(".chip").nth(number).click()
        assert "No site is ranked" in page.locator("#body").inner_text()
        assert page.locator("#surface-on").count() == 0
        for tab in ("site", "compare", "gaps", "sources", "ranking"):
            page.click(f"#tab-{tab}")
            assert page.locator("#body").inner_text().strip()
    assert "Excluded by a rule" not in page.locator("#body").inner_text()


def test_a_study_without_themes_says_so(shown: Made) -> None:
    assert "This study has no theme." in shown(themes=()).page.locator("#app").inner_text()


def beyond_the_date_line(study: Content) -> Content:
    """Islands on both sides of 180 degrees, with a way between them."""
    region = gpd.GeoDataFrame(
        {"name": ["Islands"], "iso_a2": ["XX"]},
        geometry=[MultiPolygon([box(177, -19, 180, -16), box(-180, -18.5, -178, -16)])],
        crs=4326,
    )
    grid = make_grid(region, 20_000.0)
    within = inside(grid, region)
    across = np.indices(within.shape)[1]
    rising = np.where(within, across / within.shape[1], np.nan).astype(np.float32)
    kept = study.themes[1]
    surfaces = {
        name: as_dataarray(values, grid, name=name, unit="", long_name=name)
        for name, values in (("solar-score", rising), ("solar-yield", 2500 * rising))
    }
    sites = kept.sites.assign(lon=[178.2, -178.6], lat=[-17.5, -17.0])
    sites = sites.set_geometry(gpd.points_from_xy(sites["lon"], sites["lat"]), crs=4326)
    leg = study.themes[1].sites["site_id"].iloc[0]
    routes = gpd.GeoDataFrame(
        {
            "site_id": [leg], "destination": ["port"], "country": ["XX"], "leg": [1],
            "mode": ["sea"], "from": ["A"], "to": ["B"], "km": [350.0], "usd_per_t_low": [1.0],
            "usd_per_t": [2.0], "usd_per_t_high": [3.0], "hours": [9.0], "source": ["a test"],
        },
        geometry=[LineString([(178.2, -17.5), (179.9, -17.2)])],
        crs=4326,
    )  # fmt: skip
    layers = tuple(
        dataclasses.replace(layer, frame=region) for layer in study.layers if layer.role == "region"
    )
    return dataclasses.replace(
        study,
        themes=(dataclasses.replace(kept, sites=sites),),
        region=region,
        grid=grid,
        surfaces=xr.Dataset(surfaces, coords=coordinates(grid)),
        layers=layers,
        routes=routes,
    )


def test_a_region_across_the_date_line_is_one_region(
    visit: Made, study: Content, tmp_path: Path
) -> None:
    path = tmp_path / "islands.html"
    path.write_bytes(render(beyond_the_date_line(study)).encode())
    seen = visit(path, DESKTOP)
    page = seen.page
    marks = page.locator(".site-mark")
    assert marks.count() == 2
    boxes = [marks.nth(k).bounding_box() for k in range(2)]
    ranks = [int(marks.nth(k).inner_text()) for k in range(2)]
    place = dict(zip(ranks, boxes, strict=True))
    panel = page.locator("#panel").bounding_box()
    for b in boxes:
        assert panel["x"] + panel["width"] < b["x"] < 1440
        assert 0 < b["y"] < 900
    # Some 340 km apart, the second to the east, on a map of some 500 km.
    sites = beyond_the_date_line(study).themes[0].sites.sort_values("rank")
    west = 1 if sites["lon"].iloc[0] > 0 else 2
    assert 150 < place[3 - west]["x"] - place[west]["x"] < 900
    surface = page.locator(".leaflet-surface-pane img").bounding_box()
    assert surface["width"] < 1600
    seen.is_quiet(path)


def test_known_places_lie_within_a_cell_of_where_they_belong(
    visit: Made, study: Content, tmp_path: Path
) -> None:
    """Ten cells of a surface, marked one by one, beside Leaflet's own place for their centre."""
    theme = study.themes[1]
    name = f"{theme.id}-score"
    rows, columns = np.nonzero(inside(study.grid, study.region))
    picked = np.linspace(0, len(rows) - 1, 10).astype(int)
    values = np.full(study.grid.shape, 0.1, dtype=np.float32)
    values[rows[picked], columns[picked]] = 0.9
    surfaces = study.surfaces.copy()
    surfaces[name] = surfaces[name].copy(data=values)
    surfaces = surfaces.drop_vars(f"{theme.id}-excluded")
    changed = dataclasses.replace(study, surfaces=surfaces, themes=(theme,))
    path = tmp_path / "points.html"
    path.write_bytes(render(changed).encode())
    page = visit(path, DESKTOP).page
    back = Transformer.from_crs(str(study.grid.crs), 4326, always_xy=True)
    x, y = study.grid.affine * (columns[picked] + 0.5, rows[picked] + 0.5)
    lon, lat = back.transform(x, y)
    ask = """async (places) => {
      const node = document.querySelector('.leaflet-surface-pane img');
      const c = document.createElement('canvas');
      await node.decode();
      c.width = node.naturalWidth; c.height = node.naturalHeight;
      c.getContext('2d').drawImage(node, 0, 0);
      const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      const box = node.getBoundingClientRect();
      return places.map(([lat, lng]) => {
        const p = map_lodemap.latLngToContainerPoint([lat, lng]);
        const i = Math.floor((p.x - box.left) / box.width * c.width);
        const j = Math.floor((p.y - box.top) / box.height * c.height), k = 4 * (j * c.width + i);
        return [data[k], data[k + 1], data[k + 2], box.width / c.width];
      });
    }"""
    found = page.evaluate(ask, [[b, a] for a, b in zip(lon, lat, strict=True)])
    others = page.evaluate(ask, [[b, a + 0.6] for a, b in zip(lon, lat, strict=True)])
    colours = {tuple(f[:3]) for f in found}
    assert len(colours) == 1
    assert colours.isdisjoint({tuple(o[:3]) for o in others})


def test_the_base_map_lies_where_pyproj_puts_it(shown: Made, study: Content) -> None:
    """Ten corners of the region's outline and ten sites, by the page and by pyproj's EPSG:3857."""
    page = shown().page
    outline = next(s for s in shapes(study, extent_of(study)) if s.role == "outline")
    ring = decode(outline.codes)[0]
    picked = ring[np.linspace(0, len(ring) - 1, 10).astype(int)]
    sites = study.themes[0].sites[["lon", "lat"]].to_numpy()[:10]
    lon, lat = np.vstack([picked, sites]).T
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    ask = """(places) => {
      const zoom = map_lodemap.getZoom(), size = 256 * Math.pow(2, zoom) / (2 * Math.PI * 6378137);
      const first = map_lodemap.containerPointToLatLng([0, 0]);
      const at = L.CRS.EPSG3857.project(first);
      return places.map(([lat, lng]) => {
        const p = map_lodemap.latLngToContainerPoint([lat, lng]);
        return [at.x + p.x / size, at.y - p.y / size, 1 / size];
      });
    }"""
    found = np.array(page.evaluate(ask, np.column_stack([lat, lon]).tolist()))
    metres = np.hypot(found[:, 0] - x, found[:, 1] - y)
    # Leaflet counts in whole pixels where it places things.
    assert metres.max() < 1.01 * found[0, 2]
    drawn = page.evaluate(
        "map_lodemap.lodemapShapes.filter((s) => s.lodemap.role === 'outline')"
        ".flatMap((s) => s.getLatLngs()[0].map((p) => [p.lng, p.lat]))"
    )
    gap = shapely.LinearRing(drawn).distance(shapely.points(picked))
    assert gap.max() < 1e-9
    # The outline itself against the layer it was made of, in cells of the study's grid.
    to_grid = Transformer.from_crs(4326, study.grid.crs.to_epsg() or str(study.grid.crs),
                                   always_xy=True)  # fmt: skip
    region = shapely.union_all(study.region.to_crs(4326).geometry.values)
    border = shapely.transform(
        region.boundary, lambda c: np.column_stack(to_grid.transform(c[:, 0], c[:, 1]))
    )
    corners = shapely.points(np.column_stack(to_grid.transform(picked[:, 0], picked[:, 1])))
    assert shapely.distance(border, corners).max() < study.grid.resolution.x


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()


def test_a_web_server_and_a_file_give_the_same_page(
    chromium: Any, study: Content, tmp_path: Path, server: str
) -> None:
    path = tmp_path / "index.html"
    path.write_bytes(render(study).encode())
    texts, tables = [], []
    for address in (path.as_uri(), f"{server}/index.html"):
        context = chromium.new_context(**DESKTOP)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda m, said=said: said.append(m.text))
        page.on("pageerror", lambda e, said=said: said.append(str(e)))
        page.goto(address)
        page.wait_for_selector(".row")
        page.locator(".chip").nth(1).click()
        page.wait_for_timeout(200)
        texts.append(page.locator("#panel").inner_text())
        tables.append(page.evaluate("lodemap.csv()"))
        assert said == []
        context.close()
    assert texts[0] == texts[1]
    assert tables[0] == tables[1]


def test_the_page_works_inside_a_notebook_s_frame(
    chromium: Any, study: Content, tmp_path: Path
) -> None:
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><body>{folium_map(study)._repr_html_()}</body>", "utf-8")
    context = chromium.new_context(**DESKTOP)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(path.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator(".row").first.click()
    assert "Great Hill" in frame.locator("#body").inner_text()
    page.wait_for_timeout(400)
    assert said == []
    context.close()


def test_what_the_page_says_is_json_again(shown: Made, study: Content) -> None:
    page = shown().page
    assert json.loads(page.evaluate("lodemap.geojson()"))["type"] == "FeatureCollection"


def test_the_blocks_of_a_card_are_drawn_from_their_data(shown: Made, study: Content) -> None:
    page = shown().page
    power = {
        "theme": "copper", "site_id": "great-hill", "cost": 71.0, "cost_low": 66.0,
        "cost_high": 78.0, "met": 0.999, "curtailed": 0.08, "solar_mw": 180.0, "wind_mw": 240.0,
        "storage_mw": 60.0, "storage_mwh": 300.0, "diesel_mw": 45.0, "solar_share": 0.34,
        "wind_share": 0.55, "diesel_share": 0.12, "co2_t_mwh": 0.09,
    }  # fmt: skip
    load = {
        "id": "mine", "title": "A <b>mine</b>", "mean_mw": 100, "seeds": 5, "backup": ["Diesel"],
        "basis": "real 2024", "source": "a test", "sites": [power],
    }  # fmt: skip
    curve = [[1.0, 30.0], [4.0, 42.5], [10.0, 61.0]]
    supply = {
        "theme": "solar", "technology": "solar", "basis": "real", "currency_year": 2024,
        "density": 30, "eligible_km2": 900, "unknown_km2": 20, "curve": curve, "source": "a test",
        "groups": {"province": [["North", 6.0, 11.0, 40.0]]},
    }  # fmt: skip
    way = {
        "range": [80.0, 96.0, 120.0], "dry": 104.0, "payable": None, "share": 4.2, "near": 60.0,
        "premium": 36.0, "premiumShare": 1.7, "kg": 88.0, "borders": "gate 93 %", "ports": "",
        "closed": [[0, "border", None], [1, "port", 12.5]], "missing": "",
    }  # fmt: skip
    trade = {
        "reference": "Border", "words": ["Gate", "Port A"], "further": {},
        "sites": {"copper": {"great-hill": {"KR": way}}},
    }  # fmt: skip
    line = [[104.0, 46.0], [106.0, 45.0]]
    links = {
        "says": ["One line would do."], "corridors": [["x", 0.9, [[line * 2]]]], "savings": [],
        "links": [{
            "id": "x", "title": "A new line", "gauge": "", "from": "A", "to": "B", "note": "",
            "grade": "", "chosen": True, "line": line, "builtKm": 210.0, "usdLow": 4e8,
            "usd": 5e8, "usdHigh": 7e8, "sites": 3, "savedUsd": 2.1e7, "even": 1.2e6,
        }],
    }  # fmt: skip
    row = ["A", "B", "rail", "copper", "KR", 1e6, 1, 0, 0]
    flows = {"rows": [row, [*row[:5], None, 0, 1, 0]], "lines": [line]}
    page.evaluate(
        "(d) => Object.assign(lodemap.data, d)",
        {"loads": [load], "supply": [supply], "trade": trade, "newLinks": links, "flows": flows},
    )
    page.get_by_role("button", name="Great Hill").first.click()
    card = page.locator("#body").inner_text()
    for needle in ("Power for A <b>mine</b>, 100 MW", "71 USD/MWh (66–78)", "60 MW, 300 MWh",
                   "Diesel", "45 MW", "What closes it, each alone:", "border · no way is left",
                   "port · +13 USD/t", "88 kg CO₂e/t", "96 USD/t (80–120)"):  # fmt: skip
        assert needle in card, needle
    page.locator(".chip").nth(1).click()
    page.locator("#new-links summary").click()
    said = page.locator("#new-links").inner_text()
    assert "400–700 million USD to build, 210 km" in said
    assert "pays from 1.2 Mt a year" in said
    page.get_by_role("button", name="Draw it").click()
    page.get_by_role("button", name="Draw how much goes where").click()
    drawn = (
        "document.querySelectorAll('.leaflet-routes-pane path[stroke-dasharray=\"3 5\"]').length"
    )
    assert page.evaluate(drawn) == 1
    page.locator("#supply summary").click()
    chart = page.locator("#supply svg.chart")
    assert chart.get_attribute("aria-label") == "Up to 10 GW at 30 to 61 USD/MWh"
    path = chart.locator("path").first.get_attribute("d")
    assert path.count("L") == 2 * len(curve)


VECTORS = (
    "<script>CALL</script>", "<img src=x onerror=CALL>", "<svg onload=CALL>", "<svg/onload=CALL//",
    "<iframe srcdoc='<script>CALL</script>'>", "<a href=javascript:CALL>x</a>",
    "<details open ontoggle=CALL>", "<body onload=CALL>", "<style>@import'//x.example'</style>",
    "<math><mi//xlink:href='data:x,<script>CALL</script>'>", "<input autofocus onfocus=CALL>",
    "<object data='data:text/html,<script>CALL</script>'>", "<meta http-equiv=refresh content=0>",
    "{{constructor.constructor('CALL')()}}", "{% for x in y %}CALL{% endfor %}", "${CALL}",
    "#{CALL}", "<%= CALL %>", "[[CALL]]", "`+CALL+`",
)  # fmt: skip
WRAPS = (
    "{}", "\"'>{}", "</script>{}", "</title></style>{}", "-->{}", "\u202e{}\u202c", "\x00{}\x1f",
    "*/{}/*", "\\u003c{}", "');{}//",
)  # fmt: skip


def test_payloads_in_every_field_of_every_layer_and_record_run_nowhere(
    shown: Made, study: Content
) -> None:
    """Attributes, titles, makers, licences, limits, sources, findings and ways of the study."""
    texts = [
        wrap.format(vector.replace("CALL", "window.ran=1")) for vector in VECTORS for wrap in WRAPS
    ]
    texts.append("x" * 10_000)
    draw = itertools.cycle(texts)

    def spoilt(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        words = [
            c for c in frame.columns
            if c not in (frame.geometry.name, "mode", "status", "country", "site_id", "iso_a2")
            and (frame[c].dtype == object or str(frame[c].dtype).startswith("str"))
        ]  # fmt: skip
        return frame.assign(**{c: [next(draw) for _ in range(len(frame))] for c in words})

    layers = tuple(
        dataclasses.replace(
            layer,
            frame=spoilt(layer.frame),
            **{k: next(draw) for k in ("title", "attribution", "licence", "quality", "limits")},
        )
        for layer in study.layers
    )
    records = tuple(
        dataclasses.replace(
            record,
            **{
                k: next(draw)
                for k in ("title", "licence", "attribution", "source", "quality", "limits")
            },
        )
        for record in study.records
    )
    findings = tuple(Finding("relief", "warning", text) for text in texts[:40])
    way = LineString([(103.0, 47.0), (106.0, 47.5)])
    legs = gpd.GeoDataFrame(
        {
            "site_id": study.themes[0].sites["site_id"].iloc[0], "country": "KR",
            "destination": next(draw), "leg": range(1, 9), "mode": "rail",
            "from": texts[:8], "to": texts[1:9], "km": 10.0, "usd_per_t_low": 1.0,
            "usd_per_t": 2.0, "usd_per_t_high": 3.0, "hours": 1.0, "source": texts[9:17],
        },
        geometry=[way] * 8, crs=4326,
    )  # fmt: skip
    seen = shown(layers=layers, records=records, findings=findings, routes=legs)
    page = seen.page
    page.locator(".row").first.click()
    for tab in ("site", "gaps", "sources", "compare", "ranking"):
        page.click(f"#tab-{tab}")
        page.evaluate(
            "document.querySelectorAll('#body details').forEach((d) => { d.open = true; })"
        )
        page.wait_for_timeout(60)
    page.locator("#credit").click()
    page.click("#tab-sources")
    said = page.locator("#body").inner_text()
    assert said.count("window.ran=1") >= 4
    assert page.evaluate("window.ran") is None
    # The two links of the map are the buttons of Leaflet's zoom.
    odd = (
        ":is(#panel, #legend, #foot, #map_lodemap) "
        ":is(script, iframe, object, meta, style, a:not(.leaflet-control a))"
    )
    assert page.locator(odd).count() == 0
    assert page.evaluate("document.querySelectorAll('[onerror],[onload],[ontoggle]').length") == 0
    assert page.evaluate("window.violations") == []


def test_two_hundred_payloads_in_every_field_run_nowhere(shown: Made, study: Content) -> None:
    texts = [
        wrap.format(vector.replace("CALL", "window.ran=1")) for vector in VECTORS for wrap in WRAPS
    ]
    assert len(set(texts)) == 200
    theme = many(study, sites=200, criteria=2)
    sites = theme.sites.assign(
        name=texts, province=texts, note=texts, warnings=texts, operator=texts
    )
    table = theme.criteria_table.assign(source=np.repeat(texts, 2), quality=np.repeat(texts, 2))
    changed = dataclasses.replace(
        theme,
        title=texts[0],
        sites=sites,
        criteria_table=table,
        criteria=tuple(
            dataclasses.replace(c, title=texts[k], note=texts[k + 9], source=texts[k + 20])
            for k, c in enumerate(theme.criteria)
        ),
    )
    page = shown(themes=(changed,), notes=tuple(texts), subtitle=texts[30]).page
    page.locator(".more").click()
    shown_names = set(page.locator(".row .who b").all_text_contents())
    ranked = sites.loc[sites["status"] == "ranked", "name"]
    assert shown_names == {t.replace("\x00", "\ufffd").replace("\x1f", "\ufffd") for t in ranked}
    for k in range(0, len(shown_names), 12):
        page.evaluate(f"document.querySelectorAll('.row')[{k}].click()")
        page.click("#tab-ranking")
    for tab in ("gaps", "sources", "compare", "ranking"):
        page.click(f"#tab-{tab}")
    page.mouse.click(900, 300)
    assert "window.ran" in page.evaluate("lodemap.csv()")
    assert page.evaluate("window.ran") is None
    odd = "#panel :is(script, img, iframe, object, svg[onload], a, meta, style)"
    assert page.locator(odd).count() == 0
    assert page.evaluate("window.violations") == []
