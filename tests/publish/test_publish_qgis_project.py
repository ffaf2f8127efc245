"""The QGIS project is complete, relative and harmless; real QGIS opens it in ``tests/qgis``."""

import dataclasses
import re
import zipfile
from xml.etree import ElementTree as ET

import geopandas as gpd
import pytest
import shapely
from sample_content import HOSTILE
from shapely.geometry import LineString, Point, box

from geo.publish import mapstyles
from geo.publish.mapstyles import layer_style, routes_style, sites_style
from geo.publish.qgis import write_project
from geo.publish.qml import colour, document, fill, mix, plain, single, symbol
from geo.publish.surroundings import drawn_layers


def project(content, tmp_path):
    path = tmp_path / f"{content.id}.qgz"
    write_project(content, path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"{content.id}.qgs"]
        return ET.fromstring(archive.read(archive.namelist()[0]))


def test_the_tree_the_order_and_the_layers_name_the_same_ids(content, tmp_path):
    root = project(content, tmp_path)
    layers = [layer.findtext("id") for layer in root.iter("maplayer")]
    assert len(set(layers)) == len(layers)
    assert sorted(node.get("id") for node in root.iter("layer-tree-layer")) == sorted(layers)
    assert sorted(item.text for item in root.iter("item") if item.text) == sorted(layers)
    assert all(re.fullmatch(r"\w{11,}", identifier) for identifier in layers)


def test_groups_are_themes_routes_and_base_map(content, tmp_path):
    tree = project(content, tmp_path).find("layer-tree-group")
    groups = [(g.get("name"), g.get("checked")) for g in tree.findall("layer-tree-group")]
    assert groups == [
        ("Copper", "Qt::Checked"),
        ("Solar & storage", "Qt::Unchecked"),
        ("Routes", "Qt::Checked"),
        ("Base map", "Qt::Checked"),
    ]
    copper = tree.find("layer-tree-group")
    criteria = copper.find("layer-tree-group")
    assert criteria.get("expanded") == "0"
    assert {leaf.get("checked") for leaf in criteria} == {"Qt::Unchecked"}
    assert copper.find("layer-tree-layer").get("name") == "Copper: sites"


def test_sources_are_relative_and_the_renderers_inside(content, tmp_path):
    root = project(content, tmp_path)
    for layer in root.iter("maplayer"):
        assert layer.findtext("datasource").startswith("./")
        has = "renderer-v2" if layer.get("type") == "vector" else "pipe/rasterrenderer"
        assert layer.find(has) is not None
        assert layer.findtext("srs/spatialrefsys/wkt")
    assert root.findtext("properties/Paths/Absolute") == "false"
    assert root.findtext("properties/SpatialRefSys/ProjectionsEnabled") == "1"
    assert "/work" not in ET.tostring(root, encoding="unicode")


def test_the_first_view_holds_the_region_and_the_routes(content, tmp_path):
    view = project(content, tmp_path).find("ProjectViewSettings/DefaultViewExtent")
    west, south, east, north = (float(view.get(k)) for k in ("xmin", "ymin", "xmax", "ymax"))
    for frame in (content.region, content.routes):
        box = frame.to_crs(str(content.grid.crs)).total_bounds
        assert west < box[0] < box[2] < east
        assert south < box[1] < box[3] < north


def test_a_study_without_routes_shows_its_region(content, tmp_path):
    bare = dataclasses.replace(content, routes=content.routes.iloc[:0])
    view = project(bare, tmp_path).find("ProjectViewSettings/DefaultViewExtent")
    assert float(view.get("xmax")) < 1e6


def test_titles_never_become_markup(content, tmp_path):
    root = project(content, tmp_path)
    assert root.findtext("title") == content.title
    titles = {layer.findtext("layername") for layer in root.iter("maplayer")}
    assert any(HOSTILE[3] in title for title in titles)
    assert root.find(".//script") is None


def test_two_writings_are_equal_byte_for_byte(content, tmp_path):
    write_project(content, tmp_path / "a.qgz")
    first = (tmp_path / "a.qgz").read_bytes()
    write_project(content, tmp_path / "a.qgz")
    assert (tmp_path / "a.qgz").read_bytes() == first


def test_ranked_sites_fall_into_classes_that_hold_every_score(content):
    theme = content.themes[0]
    filters = [rule.get("filter") for rule in sites_style(theme).renderer.find("rules")]
    edges = []
    for text in filters[:-2]:
        low, high = re.findall(r'"score" (?:>=|<=|<) ([\d.]+)', text)
        edges.append((float(low), float(high)))
    assert edges[0][1] >= 0.81
    assert edges[-1][0] <= 0.33
    assert [low for low, _ in edges[:-1]] == [high for _, high in edges[1:]]
    assert "unknown" in filters[-2]
    assert "excluded" in filters[-1]


def test_a_theme_without_ranked_sites_has_one_class(content):
    theme = content.themes[0]
    none = dataclasses.replace(theme, sites=theme.sites[theme.sites["status"] != "ranked"])
    assert len(sites_style(none).renderer.find("rules")) == 3


def test_modes_differ_by_dash_and_not_by_colour_alone(content):
    renderer = routes_style(content.themes).renderer
    labels = [rule.get("label").split(",")[0] for rule in renderer.iter("rule")]
    assert labels == ["Truck", "Rail", "Sea", "Ways of other sites"]
    dashes = {}
    for label, one in zip(labels[:3], renderer.iter("symbol"), strict=False):
        above = one.findall("layer")[1]
        said = {o.get("name"): o.get("value") for o in above.iter("Option")}
        dashes[label] = (said["use_custom_dash"], said["customdash"])
    assert dashes["Rail"][0] == "0"
    assert dashes["Truck"][0] == dashes["Sea"][0] == "1"
    assert dashes["Truck"][1] != dashes["Sea"][1]
    assert renderer.get("symbollevels") == "1"


def test_the_ways_of_the_first_sites_stand_out(content):
    first, *_, last = routes_style(content.themes).renderer.iter("rule")
    assert "'great-hill'" in first.get("filter")
    assert "'no-grade'" not in first.get("filter")
    assert last.get("filter") == f"NOT {first.get('filter').split(' AND ')[0]}"


def test_an_id_that_is_no_slug_never_enters_an_expression(content):
    theme = content.themes[0]
    sites = theme.sites.assign(site_id=[f"x') OR (1=1 {n}" for n in range(len(theme.sites))])
    bad = dataclasses.replace(theme, sites=sites)
    first = next(routes_style([bad]).renderer.iter("rule"))
    assert first.get("filter") == "(FALSE) AND \"mode\" = 'truck'"


def test_scales_are_whole_numbers(content):
    styles = [layer_style(view) for view in content.layers] + [sites_style(content.themes[0])]
    parts = [part for style in styles for part in (style.renderer, style.labeling)]
    scales = [
        rule.get("scalemaxdenom")
        for part in parts
        if part is not None
        for rule in part.iter("rule")
        if rule.get("scalemaxdenom")
    ]
    assert scales
    assert all(scale.isdigit() for scale in scales)


def test_land_on_the_other_side_of_the_world_is_cut_away(content):
    world = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[box(-180, -90, 180, 84), box(-80, 0, -60, 9)])
    view = next(view for view in content.layers if view.role == "land")
    other = next(view for view in content.layers if view.role == "countries")
    layers = (dataclasses.replace(view, frame=world.set_crs(4326)), other)
    cut, kept = drawn_layers(dataclasses.replace(content, layers=layers))
    west, south, east, north = cut.frame.total_bounds
    assert len(cut.frame) == 1
    assert (west, east) == (59.0, 179.0)
    assert south < 0 < 84 <= north
    assert shapely.get_num_coordinates(cut.frame.geometry.iloc[0]) > 300
    assert kept is other


def test_ports_and_towns_thin_out_from_afar(content):
    ports = next(view for view in content.layers if view.role == "ports")
    known = dataclasses.replace(ports, frame=ports.frame.assign(role=["export", "port"]))
    near = [rule.get("scalemaxdenom") for rule in layer_style(known).renderer.iter("rule")]
    assert near == [None, "6000000"]
    assert layer_style(ports).renderer.get("type") == "singleSymbol"
    towns = next(view for view in content.layers if view.role == "towns")
    assert len(list(layer_style(towns).renderer.iter("rule"))) == 2


def test_every_role_has_a_style_that_fits_its_geometry(content):
    kinds = {"Point": "marker", "LineString": "line", "Polygon": "fill", "MultiPolygon": "fill"}
    for view in content.layers:
        one = layer_style(view).renderer.find("symbols/symbol")
        assert one.get("type") == kinds[view.frame.geom_type.iloc[0]], view.id


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (Point(0, 0), "marker"),
        (LineString([(0, 0), (1, 1)]), "line"),
        (Point(0, 0).buffer(1), "fill"),
    ],
)  # fmt: skip
def test_a_layer_of_another_shape_than_its_role_is_drawn_plainly(content, shape, kind):
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shape], crs=4326)
    for role in ("rail", "towns", "never heard of"):
        view = dataclasses.replace(content.layers[0], role=role, frame=frame)
        assert layer_style(view).renderer.find("symbols/symbol").get("type") == kind


def test_towns_without_population_are_labelled_alike(content):
    view = next(view for view in content.layers if view.role == "towns")
    bare = dataclasses.replace(view, frame=view.frame.drop(columns="population"))
    assert len(layer_style(bare).labeling.find("rules")) == 1
    assert len(layer_style(view).labeling.find("rules")) == 2
    nameless = dataclasses.replace(view, frame=view.frame.drop(columns="name"))
    assert layer_style(nameless).labeling is None


def test_labels_never_read_text_as_markup(content):
    for style in [layer_style(view) for view in content.layers] + [sites_style(content.themes[0])]:
        if style.labeling is not None:
            texts = list(style.labeling.iter("text-style"))
            assert {text.get("allowHtml") for text in texts} == {"0"}


def test_a_style_is_a_document_that_parses():
    root = ET.fromstring(document(single(symbol("fill", fill("#102030", None)))))
    assert root.get("labelsEnabled") == "0"
    assert root.find("renderer-v2").get("type") == "singleSymbol"


def test_colours_are_written_as_qgis_reads_them():
    assert colour("#0a0b0c") == "10,11,12,255"
    assert mix("#000000", "#ffffff", 0.25) == "#404040"


def test_signs_that_xml_cannot_hold_are_dropped():
    text = "".join(chr(code) for code in range(0x20)) + "\ufffe\ud800é\U0001f30d"
    ET.fromstring(f"<a>{plain(text)}</a>")
    assert plain(text).endswith("é\U0001f30d")


def test_all_colours_stand_in_the_tokens():
    from pathlib import Path

    for name in ("mapstyles", "rasterstyles", "qgis", "qml", "surroundings"):
        source = (Path(mapstyles.__file__).parent / f"{name}.py").read_text()
        code = re.sub(r'"""[\s\S]*?"""', "", source)
        assert set(re.findall(r"#[0-9a-f]{6}", code)) <= {"#000000"}
