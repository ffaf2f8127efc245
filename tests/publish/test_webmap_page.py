"""The web map as text: what is in the page, and what can never be in it."""

import base64
import dataclasses
import hashlib
import json
import re
import struct
import zlib

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from page_data import data_of
from pyproj import Transformer

from geo.errors import DataError, OutputError
from geo.grid import centres, inside
from geo.publish import vendored
from geo.publish.basemap import QUANTUM, decode, encode, extent_of, shapes
from geo.publish.content import Content, HouseView
from geo.publish.foliumlayers import add_layers, harmless
from geo.publish.overlay import class_breaks, mercator_frame, palette_png, relief, score
from geo.publish.packed import packed
from geo.publish.page import build_page
from geo.publish.payload import payload, sites_of
from geo.publish.safetext import as_html, as_json, number, plain
from geo.publish.tokens import RAMP
from geo.publish.webmap import folium_map, render

SCRIPT = re.compile(r"<(script|style)([^>]*)>(.*?)</\1>", re.DOTALL)


@pytest.fixture(scope="module")
def page(content: Content) -> str:
    return render(content)


def decoded_png(png: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read a 4- or 8-bit palette PNG without a library: indices and RGBA palette."""
    place, chunks = 8, {}
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0] == zlib.crc32(
            kind + body
        )
        chunks[kind] = body
        place += 12 + length
    columns, rows, depth = struct.unpack(">IIB", chunks[b"IHDR"][:9])
    raw = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(rows, -1)
    assert not raw[:, 0].any(), "filter 0"
    pixels = raw[:, 1:]
    if depth == 4:
        pixels = np.stack([pixels >> 4, pixels & 15], axis=-1).reshape(rows, -1)[:, :columns]
    colours = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    alpha = np.frombuffer(chunks[b"tRNS"], np.uint8)[:, None]
    return pixels, np.concatenate([colours, alpha], axis=1)


# ------------------------------------------------------------------ the page


def test_nothing_in_the_page_is_fetched(page: str) -> None:
    # Elements that fetch: their addresses must be data: or absent. Scripts are read as text.
    markup = SCRIPT.sub("", page)
    fetched = re.findall(r"""(?:src|href|srcset|data|action|poster)\s*=\s*["']([^"']*)""", markup)
    assert fetched == ["data:,"]
    for kind, attributes, text in SCRIPT.findall(page):
        assert "src=" not in attributes
        if kind == "style":
            assert not re.findall(r"url\((?!data:)", text)
            assert "@import" not in text
    assert "<iframe" not in page
    assert "<link rel" in page


def test_every_script_and_style_is_allowed_by_its_hash_and_nothing_else(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "img-src data: blob:" in policy
    for kind, attributes, text in SCRIPT.findall(page):
        if "application/json" in attributes:
            continue
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy.split(f"{kind}-src ")[1].split(";")[0]


def test_no_inline_handler_and_no_style_attribute_is_needed(page: str) -> None:
    markup = SCRIPT.sub("", page)
    assert not re.search(
        r"""\son[a-z]+\s*=\s*["']""",
        re.sub(r"<noscript>.*</noscript>", "", markup, flags=re.DOTALL),
    )
    assert " style=" not in markup


def test_the_same_content_gives_the_same_bytes(content: Content, page: str) -> None:
    assert render(content) == page


def test_the_page_of_a_small_study_is_small(page: str) -> None:
    assert len(page.encode()) < 450_000


def test_hostile_text_is_data_and_never_markup(content: Content, page: str) -> None:
    assert "49" not in data_of(page)["notes"][1]
    assert "<script>alert" not in page
    assert "{{ 7 * 7 }}" not in re.sub(r"<noscript>.*</noscript>", "", page, flags=re.DOTALL)
    names = [site["name"] for site in data_of(page)["themes"][0]["sites"]]
    assert "<script>alert(1)</script>" in names
    assert '=HYPERLINK("https://example.org";"x")' in names


def test_text_with_template_marks_survives_unrendered(content: Content) -> None:
    words = "{{7*7}} {% raw %} {# x #} ${7*7} `a` </script><!-- \u2028 \x00" + "x" * 10_000
    changed = dataclasses.replace(content, title=words, notes=(words,))
    page = render(changed)
    expected = words.replace("\x00", "\ufffd")
    assert data_of(page)["title"] == expected
    assert data_of(page)["notes"][0] == expected
    assert "\x00" not in page


def test_one_disclaimer_and_the_generator_stand_in_the_page_without_scripts(page: str) -> None:
    still = re.search(r"<noscript>(.*)</noscript>", page, re.DOTALL).group(1)
    assert "A sample for tests, no basis for a decision." in still
    assert "made with Lodemap 0.0.0" in still
    assert "recipe abababababab" in still
    assert "<svg" in still
    assert still.count("<table") == 2
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in still


def test_figures_of_the_still_table_are_rounded_to_what_is_known(page: str) -> None:
    still = re.search(r"<noscript>(.*)</noscript>", page, re.DOTALL).group(1)
    first = re.findall(r"<td><bdi>(.*?)</bdi></td>", still)[:5]
    assert first == ["1", "Great Hill", "South", "0.81", "0.72–0.88"]


def test_saving_and_showing_give_the_same_page(content: Content, page: str, tmp_path) -> None:
    figure = folium_map(content)
    assert isinstance(figure, folium.Map)
    figure.save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_bytes() == page.encode()
    assert 'sandbox="allow-scripts"' in figure._repr_html_()


def test_an_object_that_needs_the_network_is_refused(content: Content) -> None:
    figure = folium_map(content)
    folium.TileLayer("OpenStreetMap").add_to(figure)
    with pytest.raises(OutputError, match="would call https://"):
        figure.page()
    other = folium_map(content)
    other.default_js = [*other.default_js, ("x", "https://cdn.example.org/x.js")]
    with pytest.raises(OutputError, match="not part of the package"):
        other.page()


def test_a_folium_object_with_geometry_only_may_be_added(content: Content) -> None:
    figure = folium_map(content)
    folium.PolyLine([[45, 105], [46, 106]]).add_to(figure)
    assert "L.polyline" in figure.page()


def test_a_changed_vendored_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    vendored.asset.cache_clear()
    monkeypatch.setattr(vendored, "VENDORED", {"vendor/leaflet.js": "0" * 64})
    with pytest.raises(OutputError, match="not the published one"):
        vendored.asset("vendor/leaflet.js")
    with pytest.raises(OutputError, match="cannot be read"):
        vendored.asset("nowhere.js")
    vendored.asset.cache_clear()


def test_a_head_part_with_an_address_is_refused(content: Content) -> None:
    figure = folium_map(content)
    figure.get_root().header.add_child(
        folium.Element('<script async src="x.js"></script>'), name="odd"
    )
    with pytest.raises(OutputError, match="give its text instead"):
        build_page(figure, {}, title="t", still="")


# ------------------------------------------------------------------ the data


def test_contributions_in_the_page_are_those_of_the_tables(content: Content, page: str) -> None:
    theme = data_of(page)["themes"][0]
    table = content.themes[0].criteria_table
    assert [site["id"] for site in theme["sites"]][:3] == ["great-hill", "red-ridge", "far-lake"]
    for k, criterion in enumerate(theme["criteria"]):
        for n, site in enumerate(theme["sites"]):
            row = table[(table["criterion"] == criterion["id"]) & (table["site_id"] == site["id"])]
            value = row["value_score"].iloc[0]
            shown = theme["cells"][k]["score"][n]
            assert shown is None if np.isnan(value) else shown == pytest.approx(value, abs=1e-8)


def test_weights_can_be_changed_only_where_contributions_add_up(content: Content) -> None:
    assert payload(content, extent_of(content))["themes"][0]["adds"] is False
    theme = content.themes[0]
    sums = theme.criteria_table.groupby("site_id")["contribution"].sum()
    sites = theme.sites.assign(score=theme.sites["site_id"].map(sums))
    summed = dataclasses.replace(theme, sites=sites)
    changed = dataclasses.replace(content, themes=(summed,))
    assert payload(changed, extent_of(changed))["themes"][0]["adds"] is True


def test_no_dollar_value_in_the_ground_is_in_the_data(page: str) -> None:
    text = json.dumps(data_of(page))
    assert "usd_per_t" not in text
    assert not re.search(r"(?i)in[- ]situ|value in the ground|billion usd", text)


def test_sites_stand_ranked_then_excluded_then_unknown(content: Content) -> None:
    assert list(sites_of(content.themes[0])["status"]) == ["ranked"] * 3 + ["excluded", "unknown"]


def test_legs_that_ways_share_are_stored_once(content: Content, page: str) -> None:
    routes = data_of(page)["routes"]
    assert set(routes["ways"]) == {"great-hill", "red-ridge"}
    korea = next(way for way in routes["ways"]["great-hill"] if way[0] == "KR")
    legs = [routes["legs"][k] for k in korea[2]]
    assert [routes["words"][leg[0]] for leg in legs] == ["truck", "rail", "rail", "sea"]
    assert sum(leg[5] for leg in legs) == pytest.approx(100.0)
    line = decode(routes["lines"][legs[3][8]])[0]
    assert line[0].tolist() == [117.7, 38.9]
    assert line[-1].tolist() == [129.0, 35.1]
    assert len(routes["lines"]) == 6


def test_a_study_without_routes_surfaces_and_towns_still_makes_a_page(content: Content) -> None:
    bare = dataclasses.replace(
        content,
        routes=content.routes.iloc[:0],
        surfaces=content.surfaces[[]],
        layers=tuple(layer for layer in content.layers if layer.role == "region"),
        themes=content.themes[1:],
        records=(),
        notes=(),
    )
    data = data_of(render(bare))
    assert data["themes"][0]["surface"] is None
    assert data["routes"]["ways"] == {}


def test_a_study_without_a_theme_still_makes_a_page(content: Content) -> None:
    assert data_of(render(dataclasses.replace(content, themes=())))["themes"] == []


# ------------------------------------------------------------------ geometry

parts = st.lists(
    st.lists(
        st.tuples(st.integers(-180_000, 360_000), st.integers(-90_000, 90_000)),
        min_size=2,
        max_size=8,
        unique=True,
    ),
    max_size=5,
)


@given(parts)
def test_encoded_lines_come_back_to_the_last_digit(cells: list[list[tuple[int, int]]]) -> None:
    lines = [np.array(part) * QUANTUM for part in cells]
    back = decode(encode(lines))
    assert len(back) == len(lines)
    for line, again in zip(lines, back, strict=True):
        np.testing.assert_allclose(again, line, atol=1e-9)


def test_encoded_text_cannot_open_a_template_or_end_a_script(content: Content) -> None:
    for shape in shapes(content, extent_of(content)):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", shape.codes)


def test_points_of_a_line_that_round_to_one_place_become_one() -> None:
    line = np.array([[1.0, 1.0], [1.0001, 1.0001], [1.1, 1.0]])
    assert decode(encode([line]))[0].tolist() == [[1.0, 1.0], [1.1, 1.0]]
    assert encode([np.array([[1.0, 1.0], [1.0001, 1.0]])]) == ""


def test_the_extent_leaves_room_around_region_and_routes(content: Content) -> None:
    extent = extent_of(content)
    assert extent.core == pytest.approx((99.0, 34.0, 139.0, 49.5))
    west, south, east, north = extent.full
    assert west < 60
    assert east == 180.0
    assert south < -30
    assert 70 < north <= 84.0


def test_the_outline_is_the_region(content: Content) -> None:
    outline = next(s for s in shapes(content, extent_of(content)) if s.role == "outline")
    ring = shapely.Polygon(decode(outline.codes)[0])
    region = content.region.geometry.iloc[0]
    assert ring.symmetric_difference(region).area < 0.01


def test_networks_fade_before_their_layer_ends(content: Content) -> None:
    rail = [s for s in shapes(content, extent_of(content)) if s.role == "rail"]
    assert {s.fade for s in rail} > {1.0, 0.5}
    ends = np.vstack([p for s in rail for p in decode(s.codes)])
    assert ends[:, 0].max() < 117.7 - 0.1


def test_world_land_gives_way_to_finer_countries(content: Content) -> None:
    coarse = gpd.GeoDataFrame(geometry=[shapely.box(99, 44, 140, 60)], crs=4326)
    fine = gpd.GeoDataFrame(
        {"name": ["A"], "iso_a2": ["AA"]}, geometry=[shapely.box(99, 44, 120, 60)], crs=4326
    )
    kept = [layer for layer in content.layers if layer.role not in ("land", "countries")]
    land = dataclasses.replace(content.layers[1], role="land", frame=coarse)
    near = dataclasses.replace(content.layers[2], role="countries", frame=fine)
    changed = dataclasses.replace(content, layers=(*kept, land, near))
    drawn = next(s for s in shapes(changed, extent_of(changed)) if s.role == "land")
    area = shapely.union_all([shapely.Polygon(ring) for ring in decode(drawn.codes)])
    assert area.contains(shapely.Point(100, 50))
    assert area.contains(shapely.Point(135, 50))


# ------------------------------------------------------------------ pictures


def test_an_overlay_lies_where_pyproj_says(content: Content) -> None:
    """Ten cells keep their colour at their place: found through the picture's own bounds."""
    grid = content.grid
    frame = mercator_frame(grid, 400)
    west, south, east, north = frame.bounds
    x, y = centres(grid)
    within = inside(grid, content.region)
    values = content.surfaces["copper-rail"]
    overlay, breaks, colours = score(values, np.zeros_like(within), within, grid, frame)
    index, palette = decoded_png(overlay.png)
    to_lonlat = Transformer.from_crs(str(grid.crs), 4326, always_xy=True)
    mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    (left, top), (right, bottom) = mercator.transform(west, north), mercator.transform(east, south)
    rows, columns = np.nonzero(within & np.isfinite(values.values))
    for k in np.linspace(0, len(rows) - 1, 10).astype(int):
        lon, lat = to_lonlat.transform(x[columns[k]], y[rows[k]])
        mx, my = mercator.transform(lon, lat)
        column = int((mx - left) / (right - left) * index.shape[1])
        row = int((top - my) / (top - bottom) * index.shape[0])
        step = int(np.digitize(values.values[rows[k], columns[k]], breaks[1:-1]))
        assert "#" + bytes(palette[index[row, column]][:3]).hex() == colours[step]


def test_unknown_is_hatched_excluded_is_grey_outside_is_clear(content: Content) -> None:
    grid = content.grid
    within = inside(grid, content.region)
    values = content.surfaces["copper-rail"].copy()
    values[:, 20:] = np.nan
    excluded = np.zeros_like(within)
    excluded[:, :8] = True
    overlay, _, colours = score(values, excluded, within, grid, mercator_frame(grid, 200))
    index, palette = decoded_png(overlay.png)
    steps = len(colours)
    assert set(np.unique(index)) >= {0, steps + 1, steps + 2, steps + 3}
    assert palette[0][3] == 0
    assert index[0, 0] == 0
    row = index[index.shape[0] // 2]
    assert row.max() >= steps + 2


def test_a_surface_without_a_known_cell_has_no_steps(content: Content) -> None:
    grid = content.grid
    within = inside(grid, content.region)
    values = content.surfaces["copper-rail"] * np.nan
    _, breaks, colours = score(
        values, np.zeros_like(within), within, grid, mercator_frame(grid, 50)
    )
    assert breaks == []
    assert colours == []


def test_relief_ends_before_the_grid_does(content: Content) -> None:
    within = inside(content.grid, content.region)
    overlay = relief(
        content.surfaces["relief"], within, content.grid, mercator_frame(content.grid, 120)
    )
    index, palette = decoded_png(overlay.png)
    flat = 7
    assert palette[flat][3] == 0
    for edge in (index[0], index[-1], index[:, 0], index[:, -1]):
        assert np.mean(edge == flat) > 0.9
    assert len(np.unique(index)) > 5


def test_slopes_that_face_the_north_west_are_bright(content: Content) -> None:
    rows, columns = content.grid.shape
    down, across = np.mgrid[0:rows, 0:columns]
    within = np.ones((rows, columns), dtype=bool)
    rising = content.surfaces["relief"].copy(data=(100.0 * (down + across)).astype(np.float32))
    index, _ = decoded_png(
        relief(rising, within, content.grid, mercator_frame(content.grid, 60)).png
    )
    assert index[index.shape[0] // 2, 30] > 7


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_breaks_rise_evenly_and_hold_the_values(values: list[float]) -> None:
    data = np.array(values)
    breaks = class_breaks(data)
    assert 2 <= len(breaks) <= len(RAMP) + 1
    assert np.all(np.diff(breaks) > 0)
    low, high = np.quantile(data, [0.005, 0.995])
    slack = 1e-5 * max(1.0, abs(breaks[0]), abs(breaks[-1]))
    assert breaks[0] <= low + slack
    assert breaks[-1] >= high - slack


def test_a_picture_needs_a_colour_for_every_pixel() -> None:
    with pytest.raises(DataError, match="give each pixel a colour"):
        palette_png(np.full((1, 1), 3, np.uint8), [(0, 0, 0, 255)])


def test_a_picture_of_no_width_is_refused(content: Content) -> None:
    with pytest.raises(DataError, match="at least 1"):
        mercator_frame(content.grid, 0)


@pytest.mark.parametrize("colours", [3, 16, 17, 200])
def test_pictures_come_back_pixel_by_pixel(colours: int) -> None:
    index = np.arange(7 * 5).reshape(5, 7).astype(np.uint8) % colours
    palette = [(k, 255 - k, 7, k) for k in range(colours)]
    back, found = decoded_png(palette_png(index, palette))
    np.testing.assert_array_equal(back, index)
    assert found.tolist() == [list(c) for c in palette]


# ------------------------------------------------------------------ text


@given(st.text())
def test_json_text_comes_back_and_holds_no_risky_character(text: str) -> None:
    written = as_json({"k": plain(text)})
    assert json.loads(written)["k"] == plain(text)
    inner = written.removeprefix('{"k":"').removesuffix('"}')
    assert not set(inner) & set("<>&'`${}%#\u2028\u2029\u202e\"")
    assert not re.search(r"\\[^u]", inner)


def test_numbers_that_json_cannot_hold_are_refused() -> None:
    with pytest.raises(DataError, match="no JSON form"):
        as_json({"x": float("nan")})
    with pytest.raises(DataError, match="no JSON form"):
        as_json({"x": object()})


def test_missing_values_are_empty_text_and_no_number() -> None:
    for missing in (None, np.nan, pd.NA, pd.NaT):
        assert plain(missing) == ""
        assert number(missing) is None
    assert as_html("\"<'&") == "&quot;&lt;&#x27;&amp;"


# ------------------------------------------------------------------ a map of one's own


def test_a_study_joins_a_map_of_one_s_own(content: Content) -> None:
    own = folium.Map(location=[46, 105], tiles=None)
    assert add_layers(content, own) is own
    groups = [c for c in own._children.values() if isinstance(c, folium.FeatureGroup)]
    assert [g.layer_name for g in groups] == [harmless(t.title) for t in content.themes]
    page = own.get_root().render()
    assert page.count("L.circleMarker(") == sum(len(t.sites) for t in content.themes)
    assert page.count("L.imageOverlay(") == 2
    assert "1. Great Hill: 0.81" in page
    said = "".join(re.findall(r"<div>(.*?)</div>", page, re.DOTALL))
    assert "Great Hill" in said
    for needle in ("<script", "49", "{{", "${", "<!--"):
        assert needle not in said


@given(st.text())
def test_harmless_text_holds_nothing_that_runs(text: str) -> None:
    assert not set(harmless(text)) & set("<>&{}%#$`'\"\\=\n\r\x00")
    assert len(harmless(text)) <= 80


def test_a_house_shows_its_logo(content: Content) -> None:
    logo = "data:image/png;base64,iVBORw0KGgo="
    page = render(dataclasses.replace(content, house=HouseView("A house", logo)))
    assert data_of(page)["house"] == {"name": "A house", "logo": logo}


def test_what_has_no_room_gives_way_and_is_told(content: Content) -> None:
    extent = extent_of(content)
    whole = payload(content, extent)
    size = len(packed(as_json(whole | {"planes": None})))
    tight = payload(content, extent, room=size - 10)
    assert tight["planes"] is None
    assert "cannot be re-weighted in this page" in tight["notes"][-1]
    assert all("planes" not in theme["surface"] for theme in tight["themes"])
    assert "Re-weighted surfaces are made of pixels of about" in whole["notes"][-1]
