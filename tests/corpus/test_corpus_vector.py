"""The corpus of bad vector files, tables and archives is answered as its manifest asks."""

import sqlite3
from contextlib import closing

import pyogrio
import pytest
from corpus_table import cases, corpus_folder, run, table, verdict

CODE = """
from geo.catalogue.findings import gathered
from geo.catalogue.vector import look
frame = None
with gathered(path.name) as found:
    frame = look(path)[1]
right = None
if check and frame is not None:
    names = {"g": frame, "t": frame}
    right = bool(eval(check, names))
say(found, right)
"""

# The one line of the manifest that is not followed, and why; `test_the_one_exception_is_sound`
# holds the file to it. In PDOK's own tests (`test_with_gdal_error`, `test_without_gdal_error`) it
# is the sound file of which an index is asked for that it does not have.
SOUND = {
    "fetched/PDOK_geopackage-validator/test_gdal_error.gpkg": (
        "sound: PDOK's error is that its test asks for an index `rtree_table_geom`, which no table "
        "of the file has"
    ),
}


@pytest.mark.slow
@pytest.mark.skipif(corpus_folder() is None, reason="the corpus of bad files is not here")
def test_every_bad_vector_file_is_answered(capsys):
    wanted = [
        case
        for case in cases("vector", "table", "archive")
        if case.path.suffix not in (".tif", ".tiff")
    ]
    found = list(run(CODE, wanted))
    with capsys.disabled():
        print("\n" + table(found, SOUND))
    short = [
        f"{case.file}: {said}"
        for case, answer in found
        if case.file not in SOUND and (said := verdict(case, answer)) != "right"
    ]
    assert not short, "\n".join(short)
    excused = [(case.must, answer.status) for case, answer in found if case.file in SOUND]
    assert excused == [("error", "warning")] * len(SOUND)


@pytest.mark.skipif(corpus_folder() is None, reason="the corpus of bad files is not here")
def test_the_one_exception_is_sound():
    (file,) = SOUND
    path = corpus_folder() / file
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
        indexes = [name for name in names if name.startswith("rtree_") and name.endswith("_geom")]
        assert "rtree_table_geom" not in names
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert [database.execute("SELECT rtreecheck(?)", (one,)).fetchone() for one in indexes] == (
            [("ok",)] * 2
        )
    for layer, _ in pyogrio.list_layers(path):
        frame = pyogrio.read_dataframe(path, layer=layer)
        assert len(frame)
        assert frame.geometry.is_valid.all()
