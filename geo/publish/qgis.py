"""A QGIS project (``.qgz``) of a study, written without QGIS.

A ``.qgz`` is a zip of one XML document. Data sources are relative, so that the folder can be
moved; renderers stand in the project, because QGIS takes those of a GeoPackage only for layers
that are added by hand.
"""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer

from geo.publish.content import Content, LayerView, ScenarioView, ThemeView
from geo.publish.mapstyles import layer_style, outline_style, routes_style, sites_style
from geo.publish.qml import QGIS_VERSION, VectorStyle, plain
from geo.publish.rasterstyles import raster_style
from geo.publish.surfaces import Surface, listed, made_of
from geo.publish.surroundings import drawn_layers, extent
from geo.publish.tables import scenario_table, table_name
from geo.publish.tokens import LIGHT

__all__ = ["write_project"]

_WKB = ("Point", "MultiLineString", "MultiPolygon")
_GEOMETRY = ("Point", "Line", "Polygon")

# From the top of the picture to its ground; the layer tree is ordered by theme instead.
_ORDER = (
    "sites", "towns", "ports", "crossings", "power", "deposits", "routes", "new-links", "flows",
    "corridors", "outline", "provinces",
    "rail", "roads", "sea", "protected", "rivers", "water", "other", "relief", "excluded", "score",
    "score-high", "criterion", "month", "region", "countries", "land",
)  # fmt: skip
_OFF = ("flows", "corridors", "protected", "deposits", "power", "other", "provinces")


@dataclass(frozen=True)
class _Layer:
    """A map layer with its node in the tree; `role` fixes its place in the picture."""

    id: str
    name: str
    role: str
    element: ET.Element
    source: str
    provider: str
    shown: bool
    unfolded: bool = False


@dataclass(frozen=True)
class _Group:
    name: str
    layers: tuple[_Layer, ...]
    shown: bool
    unfolded: bool


def write_project(content: Content, path: Path, gpkg: str = "lodemap.gpkg") -> None:
    """Write a QGIS project over the GeoPackage and the rasters of a result.

    Groups: one a theme (sites, score, exclusions, criteria), routes, and the base map. The
    first theme is shown; the first view holds the region and the routes.

    Parameters
    ----------
    content : Content
    path : Path
        The ``.qgz``, in the folder that holds `gpkg` and the rasters.
    gpkg : str, optional
        Name of the GeoPackage.
    """
    groups = _groups(content, gpkg)
    root = _project(content, groups)
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    entry = zipfile.ZipInfo(f"{path.stem}.qgs", date_time=(2026, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, text, compresslevel=9)


def _groups(content: Content, gpkg: str) -> tuple[_Group, ...]:
    surfaces = listed(content)
    themes = [
        _theme_group(content, theme, [s for s in surfaces if s.theme is theme], gpkg, number == 0)
        for number, theme in enumerate(content.themes)
    ]
    routes = _vector("routes", "Routes by mode", "routes", "routes", gpkg, content.routes, 1,
                     routes_style(content.themes), unfolded=True)  # fmt: skip
    relief = [_raster(content, s, shown=True) for s in surfaces if s.role == "relief"]
    months = tuple(_raster(content, s, shown=False) for s in surfaces if s.role == "month")
    base = [layer for view in drawn_layers(content) for layer in _base_layers(view, gpkg)]
    base = sorted([*base, *relief], key=lambda layer: _ORDER.index(layer.role))
    return (
        *themes,
        *([_Group("Solar yield by month", months, shown=False, unfolded=False)] if months else []),
        _Group("Routes", (routes,), shown=True, unfolded=True),
        _Group("Base map", tuple(base), shown=True, unfolded=False),
    )


def _theme_group(
    content: Content, theme: ThemeView, surfaces: Sequence[Surface], gpkg: str, shown: bool
) -> _Group:
    table = f"sites_{theme.id}"
    sites = _vector(table, f"{theme.title}: sites", "sites", table, gpkg, theme.sites, 0,
                    sites_style(theme), unfolded=True)  # fmt: skip
    visible = ("score", "excluded")
    rasters = [_raster(content, surface, shown=surface.role in visible) for surface in surfaces]
    others = [_scenario(theme, view, gpkg) for view in theme.scenarios]
    return _Group(theme.title, (sites, *others, *rasters), shown=shown, unfolded=shown)


def _scenario(theme: ThemeView, view: ScenarioView, gpkg: str) -> _Layer:
    table = scenario_table(theme, view)
    return _vector(table, f"{theme.title}: {view.title}", "sites", table, gpkg, theme.sites, 0,
                   sites_style(theme), shown=False)  # fmt: skip


def _base_layers(view: LayerView, gpkg: str) -> list[_Layer]:
    table = table_name(view.id)
    shapes = view.frame.geometry.to_numpy()
    dimension = int(max(shapely.get_dimensions(shapes), default=0))
    role = view.role if view.role in _ORDER else "other"
    made = [
        _vector(table, view.title, role, table, gpkg, view.frame, dimension, layer_style(view),
                shown=role not in _OFF, about=view)
    ]  # fmt: skip
    if role == "region":
        made.append(
            _vector(f"{table}_outline", f"{view.title}: outline", "outline", table, gpkg,
                    view.frame, dimension, outline_style(), about=view)
        )  # fmt: skip
    return made


def _identifier(name: str) -> str:
    # Stable, made of \w only and longer than ten signs, as QGIS wants.
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9]', '_', name)}_{digest}"


def _vector(
    name: str,
    title: str,
    role: str,
    table: str,
    gpkg: str,
    frame: object,
    dimension: int,
    style: VectorStyle,
    *,
    shown: bool = True,
    unfolded: bool = False,
    about: LayerView | None = None,
) -> _Layer:
    source = f"./{gpkg}|layername={table}"
    identifier = _identifier(name)
    element = ET.Element(
        "maplayer", type="vector", geometry=_GEOMETRY[dimension], wkbType=_WKB[dimension],
        labelsEnabled="1" if style.labeling is not None else "0", hasScaleBasedVisibilityFlag="0",
        simplifyDrawingHints="1", simplifyDrawingTol="1", simplifyLocal="1", autoRefreshEnabled="0",
        refreshOnNotifyEnabled="0", readOnly="0", styleCategories="AllStyleCategories",
    )  # fmt: skip
    _extent(element, "extent", frame.total_bounds)  # type: ignore[attr-defined]
    _head(element, identifier, source, title, "EPSG:4326")
    _metadata(element, title, about)
    _child(element, "provider", "ogr").set("encoding", "UTF-8")
    element.append(style.renderer)
    if style.labeling is not None:
        element.append(style.labeling)
    _child(element, "blendMode", "0")
    _child(element, "featureBlendMode", "0")
    _child(element, "layerOpacity", "1")
    return _Layer(identifier, title, role, element, source, "ogr", shown, unfolded)


def _raster(content: Content, surface: Surface, *, shown: bool) -> _Layer:
    source = f"./{surface.name}.tif"
    identifier = _identifier(f"raster {surface.name}")
    element = ET.Element(
        "maplayer", type="raster", hasScaleBasedVisibilityFlag="0", autoRefreshEnabled="0",
        refreshOnNotifyEnabled="0", styleCategories="AllStyleCategories",
    )  # fmt: skip
    _extent(element, "extent", np.array(content.grid.boundingbox))
    _head(element, identifier, source, surface.title, str(content.grid.crs))
    _metadata(element, surface.title, None, surface.note)
    _child(element, "provider", "gdal")
    pipe, blend = _style(content, surface)
    element.append(pipe)
    element.append(blend)
    return _Layer(identifier, surface.title, surface.role, element, source, "gdal", shown)


def _style(content: Content, surface: Surface) -> tuple[ET.Element, ET.Element]:
    told = made_of(content, surface)

    def make() -> tuple[ET.Element, ET.Element]:
        return raster_style(surface, content.surfaces[surface.name])

    return make() if told is None else content.once(__name__, told, make)


def _head(element: ET.Element, identifier: str, source: str, title: str, crs: str) -> None:
    _child(element, "id", identifier)
    _child(element, "datasource", source)
    _child(element, "keywordList")
    _child(element, "layername", title)
    _child(element, "srs").append(_spatial_reference(crs))


def _metadata(element: ET.Element, title: str, about: LayerView | None, abstract: str = "") -> None:
    said = _child(element, "resourceMetadata")
    _child(said, "type", "dataset")
    _child(said, "title", title)
    if about is not None:
        abstract = f"Quality: {about.quality}. Limits: {about.limits}"
        _child(said, "rights", about.attribution)
        _child(said, "license", about.licence)
    _child(said, "abstract", abstract)


def _child(parent: ET.Element, tag: str, text: str = "", kind: str | None = None) -> ET.Element:
    made = ET.SubElement(parent, tag) if kind is None else ET.SubElement(parent, tag, type=kind)
    made.text = plain(text) or None
    return made


def _extent(parent: ET.Element, tag: str, bounds: Iterable[float]) -> None:
    box = _child(parent, tag)
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True):
        _child(box, name, repr(float(value)))


def _spatial_reference(text: str) -> ET.Element:
    made = ET.Element("spatialrefsys")
    for tag, said in _of_crs(text).items():
        _child(made, tag, said)
    return made


@cache
def _of_crs(text: str) -> dict[str, str]:
    """What QGIS writes of a reference system."""
    crs = CRS.from_user_input(text)
    authority = crs.to_authority()
    return {
        "wkt": crs.to_wkt("WKT2_2019"),
        "srsid": "0",
        "srid": authority[1] if authority else "0",
        "authid": ":".join(authority) if authority else "",
        "description": _crs_name(crs),
        "geographicflag": "true" if crs.is_geographic else "false",
    }


def _crs_name(crs: CRS) -> str:
    if crs.name != "unknown" or crs.coordinate_operation is None:
        return crs.name
    return f"{crs.coordinate_operation.method_name} of the study"


def _project(content: Content, groups: Sequence[_Group]) -> ET.Element:
    crs = str(content.grid.crs)
    root = ET.Element("qgis", projectname=plain(content.title), version=QGIS_VERSION)
    _child(root, "homePath").set("path", "")
    _child(root, "title", content.title)
    _child(root, "projectCrs").append(_spatial_reference(crs))
    root.append(_tree(groups))
    layers = [layer for group in groups for layer in group.layers]
    view = _first_view(content)
    canvas = ET.SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    _child(canvas, "units", "meters")
    _extent(canvas, "extent", view)
    _child(canvas, "destinationsrs").append(_spatial_reference(crs))
    store = _child(root, "projectlayers")
    store.extend(layer.element for layer in layers)
    order = _child(root, "layerorder")
    for layer in _drawn(layers):
        ET.SubElement(order, "layer", id=layer.id)
    root.append(_properties())
    said = _child(root, "projectMetadata")
    _child(said, "title", content.title)
    _child(said, "abstract", "\n".join((content.subtitle, content.disclaimer, *content.notes)))
    settings = _child(root, "ProjectViewSettings")
    default = ET.SubElement(settings, "DefaultViewExtent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), view, strict=True):
        default.set(name, repr(float(value)))
    default.append(_spatial_reference(crs))
    return root


def _drawn(layers: Sequence[_Layer]) -> list[_Layer]:
    return sorted(layers, key=lambda layer: _ORDER.index(layer.role))


def _tree(groups: Sequence[_Group]) -> ET.Element:
    root = ET.Element("layer-tree-group")
    for group in groups:
        node = ET.SubElement(
            root, "layer-tree-group", name=plain(group.name),
            checked=_checked(group.shown), expanded="1" if group.unfolded else "0",
        )  # fmt: skip
        criteria = [layer for layer in group.layers if layer.role == "criterion"]
        for layer in group.layers:
            if layer.role != "criterion":
                _leaf(node, layer)
        if criteria:
            folded = ET.SubElement(
                node, "layer-tree-group", name="Criteria", checked="Qt::Checked", expanded="0"
            )
            for layer in criteria:
                _leaf(folded, layer)
    layers = [layer for group in groups for layer in group.layers]
    order = ET.SubElement(root, "custom-order", enabled="1")
    for layer in _drawn(layers):
        _child(order, "item", layer.id)
    return root


def _leaf(parent: ET.Element, layer: _Layer) -> None:
    ET.SubElement(
        parent, "layer-tree-layer", id=layer.id, name=plain(layer.name), source=layer.source,
        providerKey=layer.provider, checked=_checked(layer.shown),
        expanded="1" if layer.unfolded else "0",
    )  # fmt: skip


def _checked(shown: bool) -> str:
    return "Qt::Checked" if shown else "Qt::Unchecked"


def _properties() -> ET.Element:
    made = ET.Element("properties")
    gui = _child(made, "Gui")
    # The ground of the picture is the sea: land is drawn over it.
    for name, start in (("Red", 1), ("Green", 3), ("Blue", 5)):
        part = int(LIGHT["water"][start : start + 2], 16)
        _child(gui, f"CanvasColor{name}Part", str(part), "int")
    _child(_child(made, "Measure"), "Ellipsoid", "EPSG:7030", "QString")
    measurement = _child(made, "Measurement")
    _child(measurement, "DistanceUnits", "kilometers", "QString")
    _child(measurement, "AreaUnits", "km2", "QString")
    _child(_child(made, "Paths"), "Absolute", "false", "bool")
    _child(_child(made, "SpatialRefSys"), "ProjectionsEnabled", "1", "int")
    return made


def _first_view(content: Content) -> list[float]:
    """Extent of the region and the routes in the grid's system, with a margin."""
    west, south, east, north = _projected(content.grid, extent(content))
    margin = 0.03 * max(east - west, north - south)
    return [west - margin, south - margin, east + margin, north + margin]


def _projected(
    grid: GeoBox, bounds: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    change = Transformer.from_crs("EPSG:4326", CRS.from_user_input(str(grid.crs)), always_xy=True)
    return change.transform_bounds(*bounds, densify_pts=21)
