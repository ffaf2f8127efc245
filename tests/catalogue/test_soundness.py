"""A file that was looked through is not looked through again, and any other file is."""

import sqlite3

import pytest
import shapely
from layer_files import write_record
from shapely.geometry import Polygon

from geo.catalogue import Catalogue, geometries, load_record, read_vector, soundness
from geo.catalogue.findings import LayerWarning
from geo.errors import LayerError
from layers.build.sound import looked_through

BOW = Polygon([(100, 45), (102, 47), (102, 45), (100, 47)])


def embedded():
    catalogue = Catalogue.open()
    found = [catalogue[name] for name in catalogue]
    return [one for one in found if soundness.is_sound(one.sha256, one.layer)]


def test_what_the_list_says_of_the_embedded_layers_is_true():
    found = embedded()
    assert len(found) > 10
    for record in found:
        assert looked_through(record), record.id


def test_a_listed_layer_is_not_looked_through_again(monkeypatch):
    record = embedded()[0]
    whole = read_vector(record)
    monkeypatch.setattr(geometries, "checked", lambda *_, **__: pytest.fail("looked again"))
    assert read_vector(record).geom_equals(whole).all()
    with soundness.forgetting(), pytest.raises(pytest.fail.Exception, match="looked again"):
        read_vector(record)


def test_a_changed_file_is_refused_and_with_a_new_record_looked_through(tmp_path):
    record = next(one for one in embedded() if one.id == "boundary-mongolia")
    copy = tmp_path / record.path.name
    copy.write_bytes(record.path.read_bytes())
    toml = write_record(copy, "vector", layer=record.layer, sha256=record.sha256)
    assert len(read_vector(load_record(toml))) == 1
    database = sqlite3.connect(copy)
    database.execute("PRAGMA writable_schema = ON")
    for name in [
        row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    ]:
        database.execute(f'DROP TRIGGER "{name}"')
    column = database.execute("SELECT column_name FROM gpkg_geometry_columns").fetchone()[0]
    head = bytes.fromhex("4750000000000000")[:4] + (4326).to_bytes(4, "big")
    blob = head + shapely.to_wkb(BOW, byte_order=1)
    database.execute(f'UPDATE "{record.layer}" SET "{column}" = ?', (blob,))
    database.commit()
    database.close()
    with pytest.raises(LayerError, match="bytes differ"):
        read_vector(load_record(toml))
    changed = load_record(write_record(copy, "vector", layer=record.layer))
    with pytest.warns(LayerWarning, match="1 of 1 geometries were invalid"):
        read_vector(changed)


def test_a_mended_layer_is_mended_at_every_reading(make_vector, three_points):
    record = make_vector(three_points.iloc[:1].set_geometry([BOW], crs=4326))
    for _ in range(2):
        with pytest.warns(LayerWarning, match="1 of 1 geometries were invalid"):
            read_vector(record)


def test_no_digest_is_never_sound():
    soundness.found_sound("", None)
    assert not soundness.is_sound("", None)
