"""The corpus of bad vector files, tables and archives is answered as its manifest asks."""

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

# Those who made this file use it for asking GDAL about an index that it does not have; the file
# itself is sound, by SQLite, GDAL, GEOS and the OGC's rules, and has two layers.
SOUND = {"test_gdal_error.gpkg"}


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
        print("\n" + table(found))
    short = []
    for case, answer in found:
        said = verdict(case, answer)
        if case.path.name in SOUND:
            assert answer.status == "warning"
        elif said != "right":
            short.append(f"{case.file}: {said}")
    assert not short, "\n".join(short)
