"""Bad, hostile and odd vector files, tables and archives: each refused, mended or told of.

One table: a name, the maker of the file, the status it must get and the code of the finding
that says why. What is read must be right; what is refused leaves nothing read.
"""

import json

import bad_vectors as bad
import geopandas as gpd
import numpy as np
import pytest
from bad_vectors import (
    BOW,
    GML,
    GPX,
    KML,
    MARK,
    NAMES,
    PLACES,
    SQUARE,
    archive,
    csv_table,
    cut,
    geojson,
    gpkg,
    parquet,
    patched,
    point,
    points,
    polygon,
    rezipped,
    shapefile,
    text,
    topology,
    workbook,
    written,
)  # fmt: skip
from shapely.geometry import LineString, Point, Polygon, box

from geo.catalogue.findings import gathered, worst
from geo.catalogue.vector import look

XY = [{"lon": x, "lat": y} for x, y in PLACES]
TALL = [Point(x, y, 1300) for x, y in PLACES]
SWAPPED = [Point(y, x) for x, y in PLACES]
UTM = [Point(643000, 5309000), Point(650000, 5310000), Point(640000, 5300000)]
LINE = {"type": "LineString", "coordinates": [[100, 45], [101, 46]]}
CRS = {"type": "name", "properties": {"name": "EPSG:32648"}}

CASES = [
    # GeoJSON: the text
    ("json-bom", text("a.geojson", b"\xef\xbb\xbf" + bad.GOOD_JSON), "ok", ""),
    ("json-utf16le", text("a.geojson", bad.GOOD_JSON.decode().encode("utf-16")), "refused", "encoding-wrong"),
    ("json-utf16be", text("a.geojson", b"\xfe\xff" + bad.GOOD_JSON.decode().encode("utf-16-be")), "refused", "encoding-wrong"),
    ("json-utf32", text("a.geojson", bad.GOOD_JSON.decode().encode("utf-32")), "refused", "encoding-wrong"),
    ("json-latin1", text("a.geojson", '{"type":"FeatureCollection","features":[],"x":"Ö"}'.encode("latin-1")), "refused", "encoding-wrong"),
    ("json-cp1251", text("a.geojson", json.dumps({"type": "Feature", "properties": {"n": "Улаан"}, "geometry": None}, ensure_ascii=False).encode("cp1251")), "refused", "encoding-wrong"),
    ("json-nul", text("a.geojson", bad.GOOD_JSON.replace(b"1", b"\x00", 1)), "refused", "encoding-wrong"),
    ("json-cut-mid-number", cut(text("a.geojson", bad.GOOD_JSON), 0.6), "refused", "file-truncated"),
    ("json-cut-last-brace", patched(text("a.geojson", bad.GOOD_JSON), lambda d: d[:-1]), "refused", "file-truncated"),
    ("json-cut-to-one-byte", text("a.geojson", b"{"), "refused", "file-truncated"),
    ("json-blank", text("a.geojson", b" \n "), "refused", "disguised"),
    ("json-single-quotes", text("a.geojson", b"{'type': 'FeatureCollection'}"), "refused", "json-broken"),
    ("json-comment", text("a.geojson", bad.GOOD_JSON + b" // the end"), "refused", "json-broken"),
    ("json-nan", text("a.geojson", bad.GOOD_JSON.replace(b"106.917", b"NaN")), "refused", "json-broken"),
    ("json-infinity", text("a.geojson", bad.GOOD_JSON.replace(b"106.917", b"1e999")), "refused", "geometry-broken"),
    ("json-huge-number", text("a.geojson", bad.GOOD_JSON.replace(b"106.917", b"1" * 6000)), "refused", "json-broken"),
    ("json-dup-property", text("a.geojson", bad.GOOD_JSON.replace(b'"n": 1', b'"n": 1, "n": 2')), "refused", "key-duplicate"),
    ("json-dup-coordinates", text("a.geojson", bad.GOOD_JSON.replace(b'"type": "Point",', b'"type": "Point", "coordinates": [0, 0],')), "refused", "key-duplicate"),
    ("json-deep-array", text("a.geojson", b'{"type":"FeatureCollection","features":' + b"[" * 100_000), "refused", "nesting-too-deep"),
    ("json-deep-object", text("a.geojson", b'{"a":' * 5000 + b"1" + b"}" * 5000), "refused", "nesting-too-deep"),
    ("json-deep-collection", geojson(bad.deep(200)), "refused", "nesting-too-deep"),
    ("json-not-geo", text("a.geojson", b'{"name": "package", "version": 1}'), "refused", "json-type-unknown"),
    ("json-esri", text("a.json", b'{"geometryType": "esriGeometryPoint", "features": []}'), "refused", "json-type-unknown"),
    ("json-gdalg", text("a.json", b'{"type": "gdal_streamed_alg", "command_line": "gdal vector read x"}'), "refused", "json-type-unknown"),
    ("json-list", text("a.geojson", b"[1, 2]"), "refused", "disguised"),
    ("json-features-object", text("a.geojson", b'{"type": "FeatureCollection", "features": {}}'), "refused", "json-broken"),
    ("json-feature-lower", text("a.geojson", bad.GOOD_JSON.replace(b'"Feature"', b'"feature"')), "refused", "json-type-unknown"),
    ("json-empty", geojson(), "warning", "layer-empty"),
    ("json-one-feature", text("a.geojson", json.dumps(bad.feature(point(100, 45)))), "ok", ""),
    ("json-bare-geometry", text("a.geojson", json.dumps(point(100, 45))), "ok", ""),
    ("json-crs-linked", geojson(point(100, 45), crs={"type": "link", "properties": {"href": "x"}}), "refused", "crs-unknown"),
    ("json-crs-of-heights", geojson(point(100, 45), crs={"type": "name", "properties": {"name": "EPSG:5773"}}), "refused", "crs-unfit"),
    ("json-crs-named", geojson(point(643000, 5309000), crs=CRS), "ok", ""),
    ("json-crs-says-utm-holds-degrees", geojson(point(106.9, 47.9), crs=CRS), "refused", "crs-implausible"),
    ("json-crs-null", geojson(point(100, 45), crs=None), "refused", "crs-missing"),
    ("json-crs-nameless", geojson(point(100, 45), crs={"type": "name", "properties": {"name": " "}}), "refused", "crs-unknown"),
    ("json-nul-escaped", text("a.geojson", json.dumps(bad.feature(point(1, 1), name="a\x00b"))), "refused", "text-nul"),
    ("json-nul-spelt", text("a.geojson", json.dumps(bad.feature(point(1, 1), name="a\\u0000b"))), "ok", ""),
    # GeoJSON: geometries
    ("json-swapped", geojson(point(47.9, 106.9)), "refused", "axes-swapped"),
    ("json-metres", geojson(point(643000, 5309000)), "refused", "crs-implausible"),
    ("json-lon-400", geojson(point(400, 45)), "refused", "crs-implausible"),
    ("json-null-island", geojson(point(0, 0), point(100, 45)), "warning", "null-island"),
    ("json-antimeridian", geojson(polygon([[179, 1], [-179, 1], [-179, 2], [179, 2], [179, 1]])), "warning", "antimeridian"),
    ("json-antimeridian-line", geojson({"type": "LineString", "coordinates": [[179, 1], [-179, 2]]}), "warning", "antimeridian"),
    ("json-bow-tie", geojson(polygon([[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]])), "repaired", "geometry-invalid"),
    ("json-hole-outside", geojson(polygon(SQUARE, [[9, 9], [10, 9], [10, 10], [9, 9]])), "repaired", "geometry-invalid"),
    ("json-unclosed-ring", geojson(polygon([[0, 0], [4, 0], [4, 4], [0, 4]])), "repaired", "ring-unclosed"),
    ("json-three-point-ring", geojson(polygon([[0, 0], [1, 1], [0, 0]])), "refused", "geometry-broken"),
    ("json-text-ordinate", geojson(point("100", 45)), "refused", "geometry-broken"),
    ("json-null-ordinate", geojson(point(100, None)), "refused", "geometry-broken"),
    ("json-bool-ordinate", geojson(point(True, 45)), "refused", "geometry-broken"),
    ("json-flat-line", geojson({"type": "LineString", "coordinates": [100, 45, 101, 46]}), "refused", "geometry-broken"),
    ("json-unknown-geometry", geojson({"type": "Circle", "coordinates": [1, 2]}), "refused", "geometry-broken"),
    ("json-geometry-text", geojson("POINT (1 2)"), "refused", "geometry-broken"),
    ("json-4d", geojson({"type": "LineString", "coordinates": [[100, 45, 1, 2], [101, 46, 1, 3]]}), "warning", "ordinates-extra"),
    ("json-null-geometry", geojson(None, point(100, 45)), "warning", "geometry-missing"),
    ("json-empty-geometry", geojson(point(), point(100, 45)), "warning", "geometry-missing"),
    ("json-all-null", geojson(None, None), "warning", "geometry-missing"),
    ("json-mixed", geojson(point(100, 45), LINE), "warning", "geometry-mixed"),
    ("json-collection", geojson({"type": "GeometryCollection", "geometries": [point(1, 1), LINE]}), "warning", "geometry-mixed"),
    ("json-same-place", geojson(point(100, 45), point(100, 45)), "warning", "geometry-duplicate"),
    ("json-nested-property", text("a.geojson", json.dumps(bad.feature(point(1, 1), a={"b": [1]}))), "warning", "property-nested"),
    ("json-bidi", text("a.geojson", json.dumps(bad.feature(point(1, 1), name="gold\u202egpj"))), "warning", "text-bidi"),
    ("json-nul-text", text("a.geojson", json.dumps(bad.feature(point(1, 1), name="a\u0007b"))), "warning", "text-control"),
    ("json-mojibake", text("a.geojson", json.dumps(bad.feature(point(1, 1), name="Өлгий".encode().decode("latin-1")))), "warning", "text-garbled"),
    ("json-zero-line", geojson({"type": "LineString", "coordinates": [[1, 1], [1, 1]]}, LINE), "warning", "line-zero"),
    ("json-repeated-vertex", geojson({"type": "LineString", "coordinates": [[1, 1], [1, 1], [2, 2]]}), "repaired", "vertex-repeated"),
    # other JSON
    ("lines-good", text("a.geojsonl", b"\n".join(json.dumps(bad.feature(point(*p))).encode() for p in PLACES)), "ok", ""),
    ("lines-rs", text("a.geojsons", b"".join(b"\x1e" + json.dumps(bad.feature(point(*p), n=i)).encode() + b"\n" for i, p in enumerate(PLACES))), "ok", ""),
    ("lines-cut", cut(text("a.ndjson", b"\n".join(json.dumps(bad.feature(point(*p))).encode() for p in PLACES)), 0.9), "refused", "file-truncated"),
    ("lines-no-feature", text("a.ndjson", b'{"a": 1}\n{"a": 2}\n'), "refused", "json-type-unknown"),
    ("lines-named-geojson", text("a.geojson", b"\n".join(json.dumps(bad.feature(point(*p), n=i)).encode() for i, p in enumerate(PLACES))), "warning", "ending-wrong"),
    ("topology-good", topology(), "ok", ""),
    ("topology-arc-missing", topology(arcs=[]), "refused", "json-broken"),
    ("topology-no-objects", topology(objects={}), "refused", "json-broken"),
    ("topology-arc-text", topology(objects={"a": {"type": "LineString", "arcs": ["x"]}}), "refused", "json-broken"),
    ("topology-loose", topology(objects={"a": point(106.9, 47.9), "b": point(105, 46)}), "ok", ""),
    ("topology-loose-and-not", topology(objects={"a": point(106.9, 47.9), "b": {"type": "GeometryCollection", "geometries": [point(105, 46)]}}), "warning", "layers-several"),
    ("topology-transform-zero", topology(transform={"scale": [0, 1], "translate": [0, 0]}), "refused", "json-broken"),
    ("topology-transform-words", topology(transform={"scale": [1, 1], "translate": ["x", 0]}), "refused", "json-broken"),
    # XML
    ("kml-degrees-as-text", text("a.kml", KML.format(f"<Document>{MARK.format('106d55,47d55')}</Document>")), "refused", "geometry-broken"),
    ("kml-decimal-commas", text("a.kml", KML.format(f"<Document>{MARK.format('6,917,7,918,0')}</Document>")), "refused", "geometry-broken"),
    ("kml-spaces-after-commas", text("a.kml", KML.format(f"<Document>{MARK.format('106.9, 47.9, 0')}</Document>")), "ok", ""),
    ("kml-no-commas", text("a.kml", KML.format(f"<Document>{MARK.format('106.9 47.9')}</Document>")), "refused", "geometry-broken"),
    ("gml-two-systems", text("a.gml", GML.format("", "".join(f'<f:featureMember><f:a gml:id="a.{n}"><f:g><gml:Point srsName="{srs}"><gml:pos>{at}</gml:pos></gml:Point></f:g></f:a></f:featureMember>' for n, srs, at in ((1, "EPSG:4326", "106.9 47.9"), (2, "EPSG:32648", "642000 5300000"))))), "refused", "crs-several"),
    ("gml-words-for-numbers", text("a.gml", GML.format("", '<f:featureMember><f:a gml:id="a.1"><f:g><gml:Point srsName="EPSG:4326"><gml:pos>106.9E 47.9N</gml:pos></gml:Point></f:g></f:a></f:featureMember>')), "refused", "geometry-broken"),
    ("gpx-decimal-commas", text("a.gpx", GPX.format('<wpt lat="47,9" lon="106,9"/>')), "refused", "geometry-broken"),
    ("gpx-no-latitude", text("a.gpx", GPX.format('<wpt lon="106.9"/>')), "refused", "geometry-broken"),
    ("kml-doctype", text("a.kml", '<?xml version="1.0"?><!DOCTYPE kml SYSTEM "http://example.org/x.dtd"><kml/>'), "refused", "xml-doctype"),
    ("kml-xxe", text("a.kml", '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + KML.format("<Document><name>&x;</name></Document>")[38:]), "refused", "xml-doctype"),
    ("kml-network-link", text("a.kml", KML.format("<Document><NetworkLink><Link><href>http://example.org/x.kml</href></Link></NetworkLink></Document>")), "refused", "indirection"),
    ("kml-cut", text("a.kml", KML.format(MARK.format("106.9,47.9"))[:-20]), "refused", "file-truncated"),
    ("kml-crossed-tags", text("a.kml", KML.format("<Document></Placemark></Document>")), "refused", "xml-broken"),
    ("kml-deep", text("a.kml", KML.format("<Folder>" * 300 + "</Folder>" * 300)), "refused", "nesting-too-deep"),
    ("kml-swapped", text("a.kml", KML.format(f"<Document>{MARK.format('47.9,106.9')}</Document>")), "refused", "axes-swapped"),
    ("kml-good", text("a.kml", KML.format(f"<Document>{MARK.format('106.9,47.9')}</Document>")), "ok", ""),
    ("kml-empty", text("a.kml", KML.format("<Document></Document>")), "warning", "layer-empty"),
    ("kml-is-html", text("a.kml", "<!DOCTYPE html><html><body>Log in</body></html>"), "refused", "disguised"),
    ("kml-other-root", text("a.kml", '<?xml version="1.0"?><note>hello</note>'), "refused", "content-wrong"),
    ("kml-unknown-encoding", text("a.kml", '<?xml version="1.0" encoding="klingon"?><kml/>'), "refused", ""),
    ("gml-file-link", text("a.gml", GML.format("", '<f:m xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="file:///etc/passwd"/>')), "refused", "indirection"),
    ("gml-include", text("a.gml", GML.format(' xmlns:xi="http://www.w3.org/2001/XInclude"', '<xi:include href="/etc/passwd"/>')), "refused", "indirection"),
    ("gml-unknown-crs", text("a.gml", GML.format("", '<f:m><f:a gml:id="a.1"><f:g><gml:Point srsName="EPSG:999999"><gml:pos>1 2</gml:pos></gml:Point></f:g></f:a></f:m>')), "refused", "crs-unknown"),
    ("gml-no-crs", text("a.gml", GML.format("", '<f:featureMember><f:a gml:id="a.1"><f:g><gml:Point><gml:pos>1 2</gml:pos></gml:Point></f:g></f:a></f:featureMember>')), "warning", "crs-open"),
    ("gml-no-crs-somewhere", text("a.gml", GML.format("", '<f:featureMember><f:a gml:id="a.1"><f:g><gml:Point><gml:pos>1 47</gml:pos></gml:Point></f:g></f:a></f:featureMember>')), "warning", "crs-open"),
    ("gml-lat-lon", text("a.gml", GML.format("", '<f:featureMember><f:a gml:id="a.1"><f:g><gml:Point srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>47.9 106.9</gml:pos></gml:Point></f:g></f:a></f:featureMember>')), "ok", ""),
    ("gpx-good", text("a.gpx", GPX.format('<wpt lat="47.9" lon="106.9"><name>a</name></wpt>')), "ok", ""),
    ("gpx-lat-out", text("a.gpx", GPX.format('<wpt lat="106.9" lon="47.9"><name>a</name></wpt>')), "refused", "axes-swapped"),
    ("gpx-empty", text("a.gpx", GPX.format("")), "warning", "layer-empty"),
    ("gpx-two-kinds", text("a.gpx", GPX.format('<wpt lat="47.9" lon="106.9"/><trk><trkseg><trkpt lat="1" lon="1"/><trkpt lat="2" lon="2"/></trkseg></trk>')), "warning", "layers-several"),
    # GeoPackage
    ("gpkg-cut", cut(gpkg(), 0.5), "refused", "file-truncated"),
    ("gpkg-header-only", patched(gpkg(), lambda d: d[:50]), "refused", "file-truncated"),
    ("gpkg-page-lost", patched(gpkg(), lambda d: d[:4096] + b"\x00" * 8192 + d[12288:]), "refused", "file-damaged"),
    ("gpkg-false-count", gpkg("UPDATE gpkg_ogr_contents SET feature_count = 2000000000"), "ok", ""),
    ("gpkg-zero-count", gpkg("UPDATE gpkg_ogr_contents SET feature_count = 0"), "warning", "count-wrong"),
    ("gpkg-view", gpkg("CREATE VIEW v AS SELECT * FROM a", "UPDATE gpkg_contents SET table_name = 'v'"), "refused", "view-refused"),
    ("gpkg-endless-view", gpkg("CREATE VIEW v AS WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x FROM t) SELECT x FROM t", "INSERT INTO gpkg_contents (table_name, data_type) VALUES ('v', 'attributes')"), "refused", "view-refused"),
    ("gpkg-view-beside", gpkg("CREATE VIEW w AS SELECT 1"), "warning", "views-present"),
    ("gpkg-index-is-view", gpkg("DROP TABLE rtree_a_geom", "CREATE VIEW rtree_a_geom AS SELECT 1 AS id"), "refused", "view-refused"),
    ("gpkg-contents-is-view", gpkg("ALTER TABLE gpkg_contents RENAME TO c", "CREATE VIEW gpkg_contents AS SELECT * FROM c"), "refused", "view-refused"),
    ("gpkg-index-is-table", gpkg("DROP TABLE rtree_a_geom", "CREATE TABLE rtree_a_geom (id, minx, maxx, miny, maxy)"), "warning", "index-broken"),
    ("gpkg-index-unlisted", gpkg("DELETE FROM gpkg_extensions"), "warning", "index-broken"),
    ("gpkg-no-contents", gpkg("DROP TABLE gpkg_contents"), "refused", "content-wrong"),
    ("gpkg-layer-gone", gpkg("DROP TABLE a"), "refused", ""),
    ("gpkg-unmarked", gpkg("PRAGMA application_id = 7"), "warning", "mark-missing"),
    ("gpkg-two-layers", bad.two_layers, "warning", "layers-several"),
    ("gpkg-second-layer-broken", bad.second_layer_broken, "refused", "geometry-broken"),
    ("gpkg-styled", gpkg("CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, f_table_name TEXT)", "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('layer_styles', 'attributes', 'layer_styles')"), "ok", ""),
    ("gpkg-empty", gpkg(frame=points().iloc[:0]), "warning", "layer-empty"),
    ("gpkg-no-crs", gpkg(frame=points(crs=None)), "refused", "crs-missing"),
    ("gpkg-swapped", gpkg(frame=points(geometry=SWAPPED)), "refused", "axes-swapped"),
    ("gpkg-metres", gpkg(frame=points(geometry=UTM)), "refused", "crs-implausible"),
    ("gpkg-degrees-as-utm", gpkg(frame=points(crs="EPSG:32648")), "refused", "crs-implausible"),
    ("gpkg-northing-first", gpkg(frame=points(geometry=[Point(p.y, p.x) for p in UTM], crs="EPSG:32648")), "refused", "axes-swapped"),
    ("gpkg-wrong-zone-hemisphere", gpkg(frame=points(geometry=[Point(5e7, 5e7)] * 3, crs="EPSG:32648")), "warning", "crs-doubtful"),
    ("gpkg-garbage-blob", bad.blob(b"garbage"), "refused", "geometry-broken"),
    ("gpkg-cut-blob", bad.blob(b"GP\x00\x01" + b"\x00" * 6), "refused", "geometry-broken"),
    ("gpkg-arc", bad.arc, "repaired", "geometry-curved"),
    ("gpkg-bow-tie", gpkg(frame=points(geometry=[BOW, box(0, 0, 1, 1)])), "repaired", "geometry-invalid"),
    ("gpkg-overlapping-parts", gpkg(frame=points(geometry=[bad.nested_multi()])), "repaired", "geometry-invalid"),
    ("gpkg-missing-geometry", gpkg(frame=bad.empty_shapes()), "warning", "geometry-missing"),
    ("gpkg-infinite", gpkg(frame=points(geometry=[Point(float("inf"), 1), Point(1, 1)])), "refused", "coordinates-not-finite"),
    ("gpkg-duplicates", gpkg(frame=points(name=["a"] * 3, kt=[1.0] * 3, geometry=[Point(1, 1)] * 3)), "warning", "feature-duplicate"),
    ("gpkg-near-sites", gpkg(frame=points(name=["Oyu Tolgoi", "OYU TOLGOI", "x"], geometry=[Point(106.87, 43.0), Point(106.871, 43.0), Point(100, 45)])), "warning", "site-near-duplicate"),
    ("gpkg-declared-polygon", gpkg("UPDATE gpkg_geometry_columns SET geometry_type_name = 'POLYGON'"), "warning", "geometry-type-differs"),
    ("gpkg-undeclared-heights", gpkg("UPDATE gpkg_geometry_columns SET z = 0", frame=points(geometry=TALL)), "warning", "dimensions-differ"),
    ("gpkg-heights", gpkg(frame=points(geometry=TALL)), "ok", ""),
    ("gpkg-crossing-lines", gpkg(frame=bad.crossing()), "warning", "lines-crossing"),
    ("gpkg-loop", gpkg(frame=points(geometry=[LineString([(0, 0), (1, 1), (2, 0), (0, 0)]), LineString([(0, 0), (0, 5)])])), "warning", "lines-looped"),
    ("gpkg-lines-apart", gpkg(frame=points(geometry=[LineString([(0, 0), (1, 0)]), LineString([(5, 0), (6, 0)])])), "warning", "lines-apart"),
    ("gpkg-flat-polygon", gpkg(frame=points(geometry=[Polygon([(0, 0), (1, 1), (2, 2), (0, 0)]), box(0, 0, 1, 1)])), "repaired", "area-zero"),
    ("gpkg-is-shapefile", text("a.gpkg", b"\x00\x00\x27\x0a" + b"\x00" * 96), "refused", ""),
    ("gpkg-is-html", text("a.gpkg", b"<html><body>Log in</body></html>"), "refused", "disguised"),
    ("gpkg-is-ogr-vrt", text("a.gpkg", b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>"), "refused", "indirection"),
    ("gpkg-is-lfs", text("a.gpkg", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "refused", "disguised"),
    ("gpkg-is-json", text("a.gpkg", bad.GOOD_JSON), "warning", "ending-wrong"),
    ("gpkg-is-zeros", text("a.gpkg", b"\x00" * 5000), "refused", "disguised"),
    ("gpkg-changes-beside", bad.unsettled, "refused", "changes-pending"),
    ("gpkg-text-as-number", gpkg("UPDATE a SET kt = 'much' WHERE fid = 1"), "refused", "cell-mistyped"),
    ("gpkg-blob-as-number", gpkg("UPDATE a SET kt = x'00ff41' WHERE fid = 1"), "refused", "cell-mistyped"),
    ("gpkg-part-as-whole", gpkg("UPDATE a SET n = 1.5 WHERE fid = 1", frame=points(n=np.array([1, 2, 3], np.int16))), "refused", "cell-mistyped"),
    ("gpkg-text-as-whole", gpkg("UPDATE a SET n = '3x' WHERE fid = 1", frame=points(n=np.array([1, 2, 3], np.int16))), "refused", "cell-mistyped"),
    ("gpkg-blob-as-text", gpkg("UPDATE a SET name = x'00ff41' WHERE fid = 1"), "refused", "cell-mistyped"),
    ("gpkg-number-too-large", gpkg("UPDATE a SET n = 99999999999 WHERE fid = 1", frame=points(n=np.array([1, 2, 3], np.int16))), "refused", "cell-mistyped"),
    ("gpkg-text-not-utf8", gpkg("UPDATE a SET name = CAST(x'd3c2' AS TEXT) WHERE fid = 1"), "refused", "encoding-wrong"),
    ("gpkg-index-empty", gpkg("DELETE FROM rtree_a_geom"), "warning", "index-broken"),
    ("gpkg-index-stale", gpkg("UPDATE rtree_a_geom SET minx = 1, maxx = 2 WHERE id = 1"), "warning", "index-broken"),
    # Shapefile
    ("shp-row-deleted", shapefile(change=lambda p: bad.set_byte(p.with_suffix(".dbf"), int.from_bytes(p.with_suffix(".dbf").read_bytes()[8:10], "little"), 42)), "warning", "row-deleted"),
    ("shp-good", shapefile(), "ok", ""),
    ("shp-cut", cut(shapefile(), 0.8), "refused", "file-truncated"),
    ("shp-too-long", patched(shapefile(), lambda d: d + b"\x00"), "refused", "file-truncated"),
    ("shp-bad-version", patched(shapefile(), lambda d: d[:28] + b"\x01\x00\x00\x00" + d[32:]), "refused", "content-wrong"),
    ("shp-unknown-type", patched(shapefile(), lambda d: d[:32] + b"\x07\x00\x00\x00" + d[36:]), "refused", "content-wrong"),
    ("shp-no-dbf", shapefile(without=(".dbf",)), "warning", "attributes-missing"),
    ("shp-no-shx", shapefile(without=(".shx",)), "repaired", "index-missing"),
    ("shp-no-prj", shapefile(without=(".prj",)), "refused", "crs-missing"),
    ("gpkg-no-crs-unit-square", gpkg(frame=points(geometry=[Point(0, 0), Point(1, 0), Point(1, 1)], crs=None)), "warning", "no-place"),
    ("gpkg-no-crs-just-larger", gpkg(frame=points(geometry=[Point(0, 0), Point(1, 0), Point(1, 2.1)], crs=None)), "refused", "crs-missing"),
    ("gpkg-no-crs-just-wider", gpkg(frame=points(geometry=[Point(-1.1, 0), Point(0, 0), Point(1, 1)], crs=None)), "refused", "crs-missing"),
    ("shp-shx-wild", shapefile(change=lambda p: p.with_suffix(".shx").write_bytes(p.with_suffix(".shx").read_bytes()[:-4] + b"\x7f\x00\x00\x00")), "refused", "index-broken"),
    ("shp-prj-garbage", shapefile(change=lambda p: p.with_suffix(".prj").write_text("hello")), "refused", ""),
    ("shp-prj-local", shapefile(change=lambda p: p.with_suffix(".prj").write_text('LOCAL_CS["mine grid",UNIT["metre",1]]')), "refused", ""),
    ("shp-cp1251-unsaid", shapefile(encoding="CP1251", without=(".cpg",)), "warning", "encoding-guessed"),
    ("shp-cp1251-says-utf8", shapefile(encoding="CP1251", page="UTF-8"), "refused", "encoding-wrong"),
    ("shp-cp1251-said", shapefile(encoding="CP1251", page="1251"), "ok", ""),
    ("shp-latin1-unsaid", shapefile(points(name=["Ñandú", "São", "x"]), encoding="ISO-8859-1", without=(".cpg",)), "warning", "encoding-guessed"),
    ("shp-utf8-unsaid", shapefile(without=(".cpg",)), "warning", "encoding-guessed"),
    ("shp-cpg-unknown", shapefile(points(name=["a", "b", "c"]), page="KLINGON"), "warning", "encoding-unknown"),
    ("shp-dbf-cut", shapefile(change=lambda p: p.with_suffix(".dbf").write_bytes(p.with_suffix(".dbf").read_bytes()[:-60])), "refused", "file-truncated"),
    ("shp-dbf-short", shapefile(change=lambda p: bad.set_byte(p.with_suffix(".dbf"), 4, 2)), "warning", "attributes-missing"),
    ("shp-dbf-long", shapefile(change=lambda p: (bad.set_byte(p.with_suffix(".dbf"), 4, 4), p.with_suffix(".dbf").write_bytes(p.with_suffix(".dbf").read_bytes() + b" " * 300))), "refused", "parts-disagree"),
    ("shp-metres-as-degrees", shapefile(points(geometry=UTM)), "refused", "crs-implausible"),
    # FlatGeobuf
    ("fgb-good", written("a.fgb", points(), driver="FlatGeobuf"), "ok", ""),
    ("fgb-cut", patched(written("a.fgb", points(), driver="FlatGeobuf"), lambda d: d[:-9]), "refused", ""),
    ("fgb-half", cut(written("a.fgb", points(), driver="FlatGeobuf"), 0.5), "refused", ""),
    ("fgb-huge-header", patched(written("a.fgb", points(), driver="FlatGeobuf"), lambda d: d[:8] + b"\xf0\xff\xff\xff" + d[12:]), "refused", "header-broken"),
    ("fgb-header-garbage", patched(written("a.fgb", points(), driver="FlatGeobuf"), lambda d: d[:12] + b"\xff" * 40 + d[52:]), "refused", "header-broken"),
    ("fgb-no-crs", written("a.fgb", points(crs=None), driver="FlatGeobuf"), "refused", "crs-missing"),
    # GeoParquet
    ("parquet-good", parquet(lambda geo: None), "ok", ""),
    ("parquet-no-geo", parquet(None), "refused", "content-wrong"),
    ("parquet-crs-null", parquet(lambda geo: geo["columns"]["geometry"].update(crs=None)), "refused", "crs-missing"),
    ("parquet-crs-default", parquet(lambda geo: geo["columns"]["geometry"].pop("crs")), "ok", ""),
    ("parquet-crs-garbage", parquet(lambda geo: geo["columns"]["geometry"].update(crs={"type": "x"})), "refused", "crs-unknown"),
    ("parquet-primary-gone", parquet(lambda geo: geo.update(primary_column="shape")), "refused", "geometry-column-missing"),
    ("parquet-encoding-unknown", parquet(lambda geo: geo["columns"]["geometry"].update(encoding="runes")), "refused", "file-damaged"),
    ("parquet-cut", cut(parquet(lambda geo: None), 0.7), "refused", "file-truncated"),
    ("parquet-huge-footer", patched(parquet(lambda geo: None), lambda d: d[:-8] + b"\xff\xff\xff\x7fPAR1"), "refused", "header-broken"),
    ("parquet-wkb-garbage", parquet(lambda geo: geo.update(primary_column="name", columns={"name": geo["columns"]["geometry"]})), "refused", "file-damaged"),
    ("parquet-edges-spherical", parquet(lambda geo: geo["columns"]["geometry"].update(edges="spherical")), "warning", "edges-spherical"),
    ("parquet-edges-unknown", parquet(lambda geo: geo["columns"]["geometry"].update(edges="curly")), "refused", "header-broken"),
    ("parquet-types-differ", parquet(lambda geo: geo["columns"]["geometry"].update(geometry_types=["Polygon"])), "warning", "geometry-type-differs"),
    # archives
    ("zip-shapefile", bad.zipped_shapefile, "ok", ""),
    ("zip-json", archive(("a.geojson", bad.GOOD_JSON)), "ok", ""),
    ("zip-bomb", archive(("a.geojson", b" " * 60_000_000)), "refused", "archive-bomb"),
    ("zip-many", archive(*((f"{i}.txt", b"x") for i in range(3000))), "refused", "archive-bomb"),
    ("zip-nameless", patched(archive(("b.txt", b"x"), ("a.geojson", bad.GOOD_JSON)), lambda d: d.replace(b"b.txt", b"\0.txt")), "refused", "archive-path"),
    ("zip-absolute", archive(("/evil.geojson", bad.GOOD_JSON)), "refused", "archive-path"),
    ("zip-dots", archive(("../evil.geojson", bad.GOOD_JSON)), "refused", "archive-path"),
    ("zip-backslash", archive(("..\\evil.geojson", bad.GOOD_JSON)), "refused", "archive-path"),
    ("zip-drive", archive(("C:evil.geojson", bad.GOOD_JSON)), "refused", "archive-path"),
    ("zip-link", bad.linked, "refused", "archive-path"),
    ("zip-nested", archive(("inner.zip", b"PK\x03\x04")), "refused", "archive-nested"),
    ("zip-empty", archive(), "refused", "archive-empty"),
    ("zip-no-layer", archive(("README.txt", b"hello")), "refused", "archive-empty"),
    ("zip-two-layers", archive(("a.geojson", bad.GOOD_JSON), ("b.geojson", bad.GOOD_JSON)), "warning", "layers-several"),
    ("zip-case-clash", archive(("a.geojson", bad.GOOD_JSON), ("A.geojson", bad.GOOD_JSON)), "warning", "archive-case"),
    ("zip-same-name", archive(("a.geojson", bad.GOOD_JSON), ("a.geojson", b"{}")), "refused", "archive-ambiguous"),
    ("zip-cut", cut(archive(("a.geojson", bad.GOOD_JSON)), 0.7), "refused", "file-truncated"),
    ("zip-member-damaged", patched(archive(("a.geojson", bad.GOOD_JSON)), lambda d: d[:60] + bytes([d[60] ^ 255]) + d[61:]), "refused", "archive-broken"),
    ("zip-locked", patched(archive(("a.geojson", bad.GOOD_JSON)), lambda d: d.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")), "refused", "archive-locked"),
    ("zip-bad-inside", archive(("a.geojson", b"{")), "refused", "file-truncated"),
    ("zip-html", text("a.zip", b"<html>404</html>"), "refused", "disguised"),
    ("kmz", archive(("doc.kml", KML.format(f"<Document>{MARK.format('106.9,47.9')}</Document>").encode()), name="a.kmz"), "ok", ""),
    # tables
    ("csv-good", csv_table("id,name,lon,lat", "1,Өлгий,106.9,47.9"), "ok", ""),
    ("csv-semicolons", csv_table("id;lon;lat", "1;106,9;47,918"), "ok", ""),
    ("csv-tabs", csv_table("id\tlon\tlat", "1\t106.9\t47.9", name="a.tsv"), "ok", ""),
    ("csv-pipes", csv_table("id|lon|lat", "1|106.9|47.9"), "ok", ""),
    ("csv-crlf", text("a.csv", b"id,a\r\n1,x\r\n2,y\r\n"), "ok", ""),
    ("csv-bom", text("a.csv", b"\xef\xbb\xbfid,a\n1,x\n"), "ok", ""),
    ("csv-sep-line", text("a.csv", b"sep=;\nid;a\n1;x\n"), "ok", ""),
    ("csv-utf16", csv_table("id\tname", "1\tӨлгий", encoding="utf-16"), "ok", ""),
    ("csv-utf16-no-bom", csv_table("id,name", "1,abcdefgh", encoding="utf-16-le"), "ok", ""),
    ("csv-utf16be", text("a.csv", b"\xfe\xff" + "id,a\n1,x\n".encode("utf-16-be")), "ok", ""),
    ("csv-cp1251", csv_table("id,name", "1,Улаанбаатар", encoding="cp1251"), "refused", "encoding-wrong"),
    ("csv-latin1", csv_table("id,name", "1,Ñandú", encoding="latin-1"), "refused", "encoding-wrong"),
    ("csv-nul", text("a.csv", b"id,a\n1,\x00\x00x\n"), "refused", "text-nul"),
    ("csv-ragged-short", csv_table("id,a,b", "1,2"), "refused", "row-ragged"),
    ("csv-ragged-long", csv_table("id,a", "1,2,3"), "refused", "row-ragged"),
    ("csv-quote-open", csv_table("id,a", '1,"x', "2,y"), "refused", "quote-open"),
    ("csv-quote-inside", csv_table("id,a", '1,"x"y'), "refused", "table-broken"),
    ("csv-header-twice", csv_table("id,a,a", "1,2,3"), "refused", "header-broken"),
    ("csv-header-gap", csv_table("id,,b", "1,2,3"), "refused", "header-broken"),
    ("csv-no-header", csv_table("1,106.9,47.9", "2,105,46"), "refused", "header-missing"),
    ("csv-header-only", csv_table("id,a"), "warning", "layer-empty"),
    ("csv-thousands", csv_table("id,v", '1,"1,234"', '2,"5,678"'), "refused", "decimal-ambiguous"),
    ("csv-thousands-semicolon", csv_table("id;v", "1;1,234", "2;5,678"), "refused", "decimal-ambiguous"),
    ("csv-thousands-clear", csv_table("id,v", '1,"1,234.5"', '2,"5,678.5"'), "repaired", "number-grouped"),
    ("csv-thousands-spaces", csv_table("id,v", "1,12 345", "2,1 000 000"), "repaired", "number-grouped"),
    ("csv-thousands-points", csv_table("id;v;w", "1;1.234,5;0,5", "2;5.678,5;1,5"), "repaired", "number-grouped"),
    ("csv-two-decimal-signs", csv_table("id;v", "1;1,5", "2;2.500"), "refused", "decimal-ambiguous"),
    ("csv-minus-typographic", csv_table("id,v", "1,\u22125.5", "2,3.5"), "repaired", "minus-typographic"),
    ("csv-units-below-names", csv_table("depth,grade,name", "m,%,", "10,2.5,a", "20,3.5,b"), "warning", "row-units"),
    ("csv-header-again", csv_table("id,v", "1,2", "id,v", "3,4"), "warning", "row-header"),
    ("csv-dates-mixed", csv_table("id,day", "1,2020-01-31", "2,31.01.2020"), "warning", "date-mixed"),
    ("csv-name-invisible", csv_table("id,na\u200bme", "1,x"), "warning", "header-invisible"),
    ("csv-lat-out", csv_table("id,lon,lat", "1,47.9,106.9"), "refused", "coordinates-out-of-range"),
    ("csv-lon-metres", csv_table("id,lon,lat", "1,643000,5309000"), "refused", "coordinates-out-of-range"),
    ("csv-lat-named-otherwise", csv_table("id,Longitude,Latitude", "1,47.9,106.9"), "refused", "coordinates-out-of-range"),
    ("csv-degrees-as-text", csv_table("id,lon,lat", "1,106°55,47°55"), "warning", "coordinates-as-text"),
    ("csv-null-island", csv_table("id,lon,lat", "1,0,0", "2,100,45", "3,101,46"), "warning", "null-island"),
    ("csv-near-the-origin", csv_table("id,lon,lat", "1,0,0", "2,0.5,0.5"), "ok", ""),
    ("csv-place-unknown", csv_table("id,lon,lat", "1,,", "2,100,45"), "ok", ""),
    ("csv-wkt", csv_table("id,wkt", '1,"POINT (100 45)"', "2,"), "ok", ""),
    ("csv-wkt-broken", csv_table("id,wkt", '1,"POINT (100 45)"', '2,"POINT (100 45"'), "warning", "wkt-broken"),
    ("csv-geometry-broken", csv_table("id,Geometry", "1,somewhere"), "warning", "wkt-broken"),
    ("csv-total", csv_table("id,v,w", "1,2,3", "Итого,,3"), "warning", "row-total"),
    ("csv-total-semicolon", csv_table("id;v;w", "1;2;3", "Total:;;3"), "warning", "row-total"),
    ("csv-ids-twice", csv_table("ID,v", "7,1", "7,2"), "refused", "key-duplicate"),
    ("csv-excel-errors", csv_table("id,v", "1,2", "2,#REF!"), "warning", "cell-error"),
    ("csv-excel-dates", csv_table("id,code", "1,2-Mar", "2,Sep-01"), "warning", "excel-date"),
    ("csv-excel-digits", csv_table("id,n", "1,1.23457E+11", "2,2"), "warning", "excel-digits"),
    ("csv-excel-serials", csv_table("id,date", "1,43891", "2,43892"), "warning", "excel-serial"),
    ("csv-dates-either-way", csv_table("id,day", "1,03/04/2020", "2,05/06/2020"), "warning", "date-ambiguous"),
    ("csv-dates-impossible", csv_table("id,day", "1,2020-02-30"), "warning", "date-impossible"),
    ("csv-words-for-unknown", csv_table("id,v", "1,2.5", "2,n/a"), "warning", "cell-unknown"),
    ("csv-lost-signs", csv_table("id,name", "1,Улаа\ufffdбаатар"), "warning", "text-lost"),
    ("csv-mojibake", csv_table("id,name", f"1,{'Өлгий'.encode().decode('latin-1')}"), "warning", "text-garbled"),
    ("csv-bidi", csv_table("id,name", "1,gold\u202egpj"), "warning", "text-bidi"),
    ("csv-formula", csv_table("id,name", '1,"=HYPERLINK(""http://x"")"'), "ok", ""),
    ("csv-is-xlsx", text("a.csv", b"PK\x03\x04" + b"\x00" * 60), "refused", "disguised"),
    ("csv-is-html", text("a.csv", b"<html><table><tr><td>1</td></tr></table></html>"), "refused", "disguised"),
    ("csv-is-pdf", text("a.csv", b"%PDF-1.7\n"), "refused", "disguised"),
    ("csv-empty", text("a.csv", b""), "refused", "file-empty"),
    ("xlsx-good", workbook(["id", "lon", "lat"], [1, 106.9, 47.9]), "ok", ""),
    ("xlsx-two-sheets", workbook(["id", "v"], [1, 2], sheets=("a", "b")), "warning", "sheets-several"),
    ("xlsx-merged", bad.merged_cells, "warning", "cells-merged"),
    ("xlsx-lat-out", workbook(["id", "lon", "lat"], [1, 47.9, 106.9]), "refused", "coordinates-out-of-range"),
    ("xlsx-formula", workbook(["id", "v"], [1, "=1+1"]), "warning", "formula-empty"),
    ("xlsx-empty", workbook(), "refused", "file-empty"),
    ("xlsx-cut", cut(workbook(["id"], [1]), 0.6), "refused", ""),
    ("xlsx-doctype", rezipped(workbook(["id"], [1]), lambda n, d: d.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY y "z">]><worksheet') if "sheet1" in n else d), "refused", "xml-doctype"),
    ("xlsx-not-excel", archive(("a.txt", b"x"), name="a.xlsx"), "refused", "file-damaged"),
    # files that are no layers
    ("osm", text("a.pbf", b"\x00\x00\x00\x0d"), "refused", "format-unread"),
    ("old-excel", text("a.xls", b"\xd0\xcf\x11\xe0"), "refused", "format-unread"),
    ("vrt", text("a.vrt", b"<OGRVRTDataSource/>"), "refused", "format-unread"),
    ("gzip", text("a.gz", b"\x1f\x8b"), "refused", "format-unread"),
    ("sqlite", text("a.sqlite", b"SQLite format 3\x00"), "refused", "format-unread"),
    ("unknown", text("a.xyz", b"1 2 3"), "refused", "format-unread"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("maker", "status", "code"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_bad_file_is_answered(tmp_path, maker, status, code):
    path = maker(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    frame = None
    with gathered(path.name) as found:
        frame = look(path)[1]
    messages = [(one.level, one.code, one.message) for one in found]
    assert worst(found) == status, messages
    assert not code or code in {one.code for one in found}, messages
    for one in found:
        assert path.name in one.message
        assert "\n" not in one.message
        assert one.code
        assert one.level != "error" or one.fix
        assert one.level != "repair" or str(one.count) in one.message
    assert sorted(tmp_path.rglob("*")) == before
    if status == "refused":
        assert frame is None
    elif isinstance(frame, gpd.GeoDataFrame):
        assert bad.is_valid(frame)


def test_there_are_enough_of_them():
    assert len({name for name, *_ in CASES}) == len(CASES) >= 110


def test_what_is_read_of_odd_files_is_right(tmp_path):
    for maker in (
        shapefile(encoding="CP1251", without=(".cpg",)), shapefile(encoding="CP1251", page="1251"),
        shapefile(without=(".shx",)), shapefile(change=lambda p: bad.set_byte(p.with_suffix(".dbf"), 4, 2)),
    ):  # fmt: skip
        with gathered("a"):
            frame = look(maker(tmp_path))[1]
        names = frame["name"].tolist()
        assert names[:2] == NAMES[:2]
        assert [(p.x, p.y) for p in frame.geometry] == PLACES
        for part in tmp_path.iterdir():
            part.unlink()


@pytest.mark.parametrize(
    ("maker", "column", "values"),
    [
        (csv_table("id;lon;lat", "1;106,917;47,918", "2;105,0;46,0"), "lon", [106.917, 105.0]),
        (csv_table("id,v", '1,"1,234.5"', '2,"5,678.25"'), "v", [1234.5, 5678.25]),
        (csv_table("id,v", "1,12 345", "2,1 000 000"), "v", [12345, 1000000]),
        (csv_table("id;v;w", "1;1.234,5;0,5", "2;5.678,5;1,5"), "v", [1234.5, 5678.5]),
        (csv_table("id\tname", "1\tӨлгий", encoding="utf-16"), "name", ["Өлгий"]),
        (text("a.csv", b"sep=;\nid;a\n1;x\n"), "a", ["x"]),
        (workbook(["id", "v"], [1, 0.1], [2, 3]), "v", [0.1, 3.0]),
        (csv_table("code,v", "007,1", "08,2"), "code", ["007", "08"]),
        (csv_table("id,v", "1,\u22125.5", "2,3.5"), "v", [-5.5, 3.5]),
        (csv_table("id,v", "1,a", "2,\u2212"), "v", ["a", "\u2212"]),
        (csv_table("depth,grade", "m,%", "10,2.5", "20,3.5"), "grade", [2.5, 3.5]),
        (csv_table("id,v", "1,m", "2,3"), "v", ["m", "3"]),
        (csv_table("id,v", "1,2", "id,v", "3,4"), "v", [2, 4]),
        (
            csv_table("id,code", "1,123456789012345678901234", "2,5"),
            "code",
            ["123456789012345678901234", "5"],
        ),
        (csv_table("id,code", "1,9007199254740993", "2,5"), "code", [9007199254740993, 5]),
    ],
)
def test_cells_mean_what_they_say(tmp_path, maker, column, values):
    with gathered("a"):
        assert look(maker(tmp_path))[1][column].tolist() == values
